"""Each silent trap of Markdown and jupytext, planted: it is refused with its place and with what to write."""

import jupytext
import pytest

from nn_book.text import chapter_names, read_chapter, traps

NAME = "02_perceptron"

# what is planted, in which words it is refused, what the message proposes
TRAPS = {
    "bash fence": ("```bash\nls\n```\n", "'bash'", "```console"),
    "sh fence": ("```sh\nls\n```\n", "'sh'", "```console"),
    "html fence": ("```html\n<b>x</b>\n```\n", "'html'", "```text"),
    "latex fence": ("```latex\nx\n```\n", "'latex'", "```text"),
    "javascript fence": ("```javascript\nx\n```\n", "'javascript'", "```text"),
    "markdown fence": ("```markdown\nx\n```\n", "'markdown'", "```text"),
    "fence without language": ("```\nx\n```\n", "''", "```text"),
    "directive": ("```{note}\nx\n```\n", "'{note}'", "```text"),
    "tilde fence": ("~~~python\nx = 1\n~~~\n", "~~~", "```"),
    "fence in details": ("<details>\n\n```python\nx = 1\n```\n\n</details>\n", "<details>", ".noeval"),
    "fence in a list": ("- a\n\n  ```python\n  x = 1\n  ```\n", "list", ".noeval"),
    "fence in a quotation": ("> ```python\n> x = 1\n> ```\n", "quotation", ".noeval"),
    "unquoted key": ("```python test=step\nx = 1\n```\n", "test=step", 'key="value"'),
    "braces": ("```python {fig: 1}\nx = 1\n```\n", "{fig: 1}", 'key="value"'),
    "backslash in a value": (
        '```python fig="2.9" alt="\\theta"\nx = 1\n```\n',
        "theta",
        "neither quotes nor",
    ),
    "figure without alt text": ('```python fig="2.9"\nx = 1\n```\n', "fig=", 'alt="…"'),
    "widget without alt text": ('```python widget="2.9"\nx = 1\n```\n', "widget=", 'alt="…"'),
    "unknown key": ('```python active="py"\nx = 1\n```\n', "active", 'exercise="…"'),
    "key on a shown fence": ('```text fig="2.9"\nx\n```\n', "text fig", "```text alone"),
    "magic": ("```python\n%matplotlib inline\n```\n", "%matplotlib", "without magics"),
    "shell magic": ("```python\nx = 1\n!ls\n```\n", "!ls", "console"),
    "region": ("<!-- #region -->\n\nx\n\n<!-- #endregion -->\n", "cell marker", "manual"),
    "MyST fence": (":::note\nx\n:::\n", "MyST", "plain Markdown"),
    "MyST role": ("See {eq}`2.1`.\n", "MyST", "plain Markdown"),
}


def complaints(book):
    return traps(read_chapter(book.root, NAME))


def test_sample_has_no_trap(book):
    assert complaints(book) == []


@pytest.mark.parametrize("planted", TRAPS)
def test_trap(book, planted):
    text, given, write = TRAPS[planted]
    first = len(book.text.read_text("utf-8").split("\n")) + 1
    book.append("\n" + text)
    found = complaints(book)
    assert found, "the trap went through"
    assert given in found[0].given
    assert write in found[0].write
    assert first <= found[0].line < first + text.count("\n")
    assert found[0].path == f"solutions/{NAME}/{NAME}.md"


def test_line_of_a_magic(book):
    book.replace("w = np.zeros(2)\n", "w = np.zeros(2)\n%time w\n")
    (complaint,) = complaints(book)
    assert complaint.line == book.line("%time")


def test_two_blank_lines(book):
    book.replace("The numbers:\n", "The numbers:\n\n\nAnd more.\n")
    (complaint,) = complaints(book)
    assert complaint.line == book.line("The numbers:") + 2
    assert "one blank line" in complaint.write


def test_two_blank_lines_in_code_are_fine(book):
    book.replace("w = np.zeros(2)\n", "w = np.zeros(2)\n\n\n")
    assert complaints(book) == []


@pytest.mark.parametrize("old", ["    name: python3\n", "  kernelspec:\n"])
def test_front_matter_without_kernel(book, old):
    book.replace(old, "")
    assert "kernel" in complaints(book)[0].given


def test_no_front_matter(book):
    text = book.text.read_text("utf-8")
    book.text.write_text(text[text.index("# 2 A small") :], "utf-8")
    assert "kernelspec" in complaints(book)[0].write


def test_traps_are_real(book):
    """jupytext does turn these into cells that run, or loses them, without a word."""
    for planted, kind in [("bash fence", "code"), ("fence in details", "code"), ("unknown key", "raw")]:
        cells = jupytext.reads(TRAPS[planted][0], fmt="md").cells
        assert kind in {cell.cell_type for cell in cells}


def test_what_a_chapter_holds(book):
    book.append("\nA [link](../03_x/03_x.ipynb) and ![a picture](x.png), $2.5$ and `(2.7)`.\n")
    chapter = read_chapter(book.root, NAME)
    assert [mention.what for mention in chapter.equations] == ["2.1"]
    assert [mention.what for mention in chapter.links] == ["../03_x/03_x.ipynb", "x.png"]
    assert [mention.what for mention in chapter.images] == ["a picture"]
    assert [heading.level for heading in chapter.headings] == [1, 2, 3, 3, 2]
    assert "2.5" not in chapter.bare_prose[-2][1] and "2.7" not in chapter.bare_prose[-2][1]
    assert chapter.number == 2


def test_words_leave_out_mathematics_and_code(book):
    before = read_chapter(book.root, NAME).words()
    book.append("\nFour words, don't count $a + b$ or `code here`.\n\n```text\nnot these\n```\n")
    assert read_chapter(book.root, NAME).words() == before + 5


def test_chapter_names(book):
    (book.root / "solutions" / "notes.md").write_text("x")
    (book.root / "solutions" / NAME / "draft.md").write_text("x")
    assert chapter_names(book.root) == [NAME]
