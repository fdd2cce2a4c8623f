"""Every number of the prose has somewhere to stand on.

A number with three digits or more that count, in a sentence of a chapter, is printed by one of the chapter's
cells, stands in its code, or has a row here: the expression that it abbreviates, or the source that says so.
Displayed equations with a number of their own are test_equations.py's.
"""

import json
import re
from functools import cache
from math import ceil, e, exp, floor, log, pi, sqrt, tanh
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())


def sigma(z):
    return (1 + tanh(z / 2)) / 2


out = sigma(0.5 * sigma(1.0) - 0.7 * sigma(0.3) + 0.9 * sigma(-0.3) + 0.05)  # section 6.4
delta = (out - 0.2) * out * (1 - out)
ON_OUR_MACHINE = "a time on one machine, which the text says of it"

ROWS = {  # a number is what the text says; a string is where it is from
    "00": {
        "10,388": "Samuel and Mietchen (2024)",
        "1,203": "Samuel and Mietchen (2024)",
        "879": "Samuel and Mietchen (2024)",
    },
    "01": {"86.1": "Azevedo and others (2009)"},
    "02": {"704": "the name of a computer, IBM 704"},
    "03": {"20,598": 20_601 - 3, "1,023": 1024 - 1, "223": ceil(sqrt(4 * pi**2 / 8 / 0.0001))},
    "04": {"1001": 1001, "1002": 1002, "1,437": 1797 - 360},
    "05": {
        "2.5088": 2.508807,
        "409,600": 200 * 64 * 32,
        "8,192": 32 * 16 * 16,
        "512": 32 * 16,
    },
    "06": {
        "2,257": 4820 / (505_600 / 236_800),
        "0.1978": 1 - sigma(1.4),
        "0.1587": sigma(1.4) * (1 - sigma(1.4)),
        "0.397828": out - 0.2,
        "0.402172": 1 - out,
        "0.240430": out * (1 - out),
        "0.196612": sigma(1.0) * (1 - sigma(1.0)),
        "0.244458": sigma(0.3) * (1 - sigma(0.3)),
        "0.1913": 2 * delta,
        "0.3978": out - 0.2,
        "2.08": 1 / (2 * out * (1 - out)),
        "0.000125": 0.05**3,
        "1,425": "Rumelhart, Hinton and Williams (1986)",
    },
    "07": {
        "1.357143": 19 / 14,
        "10.25": 0.5**2 + 3**2 + 1**2,
        "0.125": 0.5**2 / 2,
        "4.48": exp(1.5),
        "1.253": sqrt(pi / 2),
        "1.25": sqrt(pi / 2),
        "708": -log(2.2250738585072014e-308),
        "255": "the brightest gray of an image file",
        "15.425": -log(2e-7),
    },
    "08": {
        "2,410": 64 * 32 + 32 + 32 * 10 + 10,
        "0.923": 24 / 26,
        "1,310": ON_OUR_MACHINE,
        "0.152": 2 * (1 + 0.9) / 25,
        "1.36": 2 * (1 + 0.9) / (1 + 2 * 0.9),
        "0.0543": 2 * (1 + 0.9) / (1 + 2 * 0.9) / 25,
        "6,513": (1 - 0.9**10) * 100**2,
        "6513": (1 - 0.9**10) * 100**2,
        "125": 25 + 100,
        "32,768": 2**15,
        "0.222": 2 / 9,
        "2.51": sqrt(1.8**2 + 1.75**2),
        "27.41": sqrt(20**2 + 18.75**2),
        "0.697": 1.75 / sqrt(1.8**2 + 1.75**2),
        "0.684": 18.75 / sqrt(20**2 + 18.75**2),
        "128": 2**7,
    },
    "09": {
        "1,438": 1797 - 359,
        "1,437": 1438 - 1,
        "1,797": "the number of scikit-learn's digits",
        "19,210": 64 * 256 + 256 + 256 * 10 + 10,
        "1.05": 0.8 - 0.1 * (-0.7 * 1 - 0.9 * 2),
        "0.294946": "the notes of CS231n",
        "0.245292": "the notes of CS231n",
        "512": "given in the exercise",
        "4096": 64 * 64,
    },
}


def number(text):
    return float(text.replace(",", "").replace("_", ""))


def digits_that_count(text):
    """How many digits are left without zeros at the front and, in a whole number, at the end."""
    text = text.replace(",", "")
    return len(text.replace(".", "").lstrip("0") if "." in text else text.strip("0"))


@cache
def prose_numbers(chapter):
    """The numbers of a chapter's sentences, as they are written."""
    text = (ROOT / "solutions" / chapter / f"{chapter}.md").read_text("utf-8")
    text = text.split("\n### Sources")[0]
    for left_out in (
        r"^---\n.*?\n---\n",  # the file's head
        r"```.*?\n```",  # code
        r"\$\$[^$]*?\\tag\{[^$]*?\$\$",  # numbered equations
        r"\]\([^)]*\)",  # addresses
        r"`[^`\n]*`",
        r"#\d+",  # numbers of reports
        r"(?:[Ss]ection|[Cc]hapter|[Ff]igure)s? \d+(?:\.\d+)?(?:(?:,| and| to| or)+ \d+(?:\.\d+)?)*",
        r"^#+ [^\n]*$",
        r"(?:PyTorch|scikit-learn|Keras|NumPy) \d[\d.]*\d(?: and \d[\d.]*\d)?",  # versions
        r"\(\d+\.\d+\)",  # equations referred to
    ):
        text = re.sub(left_out, " ", text, flags=re.S | re.M)
    text = text.replace("{,}", ",")
    found = re.findall(r"(?<![\w.^{])(\d{1,3}(?:,\d{3})+|\d+\.\d+|\d+)(?![\w}]|\.\d|-[A-Za-z])", text)
    years = {str(year) for year in range(1700, 2030)}
    return {n for n in found if digits_that_count(n) >= 3 and n not in years}


@cache
def numbers_of_cells(chapter):
    """What a chapter's cells print and what stands in their code, with shares also as percentages."""
    folder = ROOT / "solutions" / chapter
    text = re.findall(r"```python.*?\n(.*?)\n```", (folder / f"{chapter}.md").read_text("utf-8"), re.S)
    for cell in json.loads((folder / f"{chapter}.ipynb").read_text("utf-8"))["cells"]:
        text += ["".join(output.get("text", "")) for output in cell.get("outputs", [])]
    found = re.findall(r"(?<![\w.])\d[\d,_]*\.?\d*(?:e[-+]?\d+)?", "\n".join(text))
    values = {number(n.rstrip(",_")) for n in found}
    return values | {100 * value for value in values}


def rounds_to(value, written):
    places = len(written.split(".")[1]) if "." in written else 0
    return abs(value - number(written)) <= 0.5 * 10**-places * (1 + 1e-9)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_number_is_printed_computed_or_from_a_source(chapter):
    rows, cells = ROWS.get(chapter[:2], {}), numbers_of_cells(chapter)
    homeless = {
        written
        for written in prose_numbers(chapter) - set(rows)
        if not any(rounds_to(value, written) for value in cells)
    }
    assert not homeless, (
        f"No cell of {chapter} prints or holds these numbers of its prose: {sorted(homeless)}. "
        "Print them, or give them a row in ROWS of this file."
    )


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_row_is_left_over(chapter):
    assert set(ROWS.get(chapter[:2], {})) <= prose_numbers(chapter)


COMPUTED = [(c, n, v) for c, rows in ROWS.items() for n, v in rows.items() if not isinstance(v, str)]


@pytest.mark.parametrize(("chapter", "written", "value"), COMPUTED, ids=lambda x: str(x)[:9])
def test_computed_numbers(chapter, written, value):
    assert rounds_to(value, written)


# Numbers of one or two digits that a reader would want to check, with the words around them.
SMALL = [
    ("02", "at most $3 \\cdot 17 = 51$ mistakes", 51, 3 / (1 / sqrt(17)) ** 2),
    ("03", "no answer can be more certain than 0.58", 0.58, e / (e + 2)),
    ("03", "20,000 of them", 20_000, 2 * 100 * 100),
    ("03", "a variance of $1/(3 n_{\\text{in}})$, a sixth of (3.14)", 6, 2 / (1 / 3)),
    ("03", "$6^{-10} = 1.7 \\cdot 10^{-8}$", 1.7, 6**-10 * 1e8),
    ("05", "$e^{89}$ is larger than the largest float32", 89, floor(log(3.4028235e38)) + 1),
    ("06", "$h \\approx \\epsilon^{1/3} = 6 \\cdot 10^{-6}$", 6, 2.2e-16 ** (1 / 3) * 1e6),
    ("06", "about $h^2 = 4 \\cdot 10^{-11}$", 4, 2.2e-16 ** (2 / 3) * 1e11),
    ("06", "$\\epsilon^{1/3} = 0.005$", 0.005, 1.2e-7 ** (1 / 3)),
    ("06", "That is 210 multiplications for each", 210, 505_600 / 2410),
    ("07", "caps the loss at 16.1", 16.1, -log(1e-7)),
    ("07", "0.693 for two classes, 2.303 for ten", 2.303, log(10)),
    ("08", "Divide the distance by ten, and 29 steps have gone", 29, log(10) / log(26 / 24)),
    ("08", "$\\ln(6513)/\\ln(1/0.9) = 83$ steps", 83, log(6513) / log(1 / 0.9)),
    ("08", "acts as one of $3 \\cdot 10^{-4}$ outside", 3, sqrt(1e-7) * 1e4),
    ("09", "$\\sqrt{0.98 \\cdot 0.02 / 359} = 0.0074$", 0.0074, sqrt(0.98 * 0.02 / 359)),
    ("09", "$(1 - 3/n)^n \\approx e^{-3} = 0.05$", 0.05, exp(-3)),
    ("09", "Here that is 1.5 %", 1.5, 100 * 3 / 200),
]


@pytest.mark.parametrize(("chapter", "words", "written", "value"), SMALL, ids=[row[1][:30] for row in SMALL])
def test_numbers_in_words(chapter, words, written, value):
    (path,) = (ROOT / "solutions").glob(f"{chapter}_*/*.md")
    assert words in path.read_text("utf-8")
    assert rounds_to(value, str(written))


@pytest.mark.parametrize(
    ("value", "written", "right"), [(0.1587, "0.159", True), (0.1594, "0.159", True), (0.158, "0.159", False)]
)
def test_rounding(value, written, right):
    assert rounds_to(value, written) is right


def test_what_counts():
    assert [digits_that_count(n) for n in ("10,000", "0.0074", "1,203", "0.500", "98.3")] == [1, 2, 4, 3, 3]
