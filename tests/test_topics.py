"""The table of topics names sections that exist and say what it promises."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(r"^\| (\d) \| (.+?) \| (\d\.\d+) \| (.+?) \|$", (ROOT / "docs/topics.md").read_text(), re.M)


def section(number):
    """The text of a section, heading included."""
    (path,) = (ROOT / "solutions").glob(f"{int(number.split('.')[0]):02d}_*/*.md")
    text = path.read_text()
    found = re.search(rf"^## {re.escape(number)} .*?(?=^## \d|\Z)", text, re.M | re.S)
    assert found, f"{path.name} has no section {number}"
    return found[0]


def test_all_parts_of_the_outline_are_there():
    assert {row[0] for row in ROWS} == set("12345678")
    assert len(ROWS) > 70


@pytest.mark.parametrize(("topic", "number", "phrase"), [row[1:] for row in ROWS], ids=lambda x: x)
def test_section_teaches_it(topic, number, phrase):
    assert phrase.lower() in section(number).lower(), f"{topic}: {phrase!r} does not stand in {number}"
