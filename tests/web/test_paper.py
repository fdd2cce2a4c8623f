"""The book on paper: one file with a page for everything, and an outline that leads there."""

import os
import re

import pytest

from nn_book.complaints import BookError
from nn_book.pdf import build_pdf

from .serving import ROOT


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(
    not os.environ.get("EVERY_CHAPTER"), reason="prints 300 pages: EVERY_CHAPTER=1 pytest tests/web"
)
def test_the_whole_book_is_printed(npm, tmp_path):
    pytest.importorskip("playwright", reason="playwright is not installed")
    file = build_pdf(ROOT, out=tmp_path / "book.pdf").read_bytes()
    assert file.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", file)) > 200
    assert b"/Outlines" in file and b"/StructTreeRoot" in file


def test_without_chromium_it_says_so(monkeypatch):
    monkeypatch.setattr("nn_book.pdf.shutil.which", lambda name: None)
    with pytest.raises(BookError, match="Chromium"):
        build_pdf(ROOT)
