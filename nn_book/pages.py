"""Chapters as pages of the web book: folded solutions, links for numbers and terms, captions, a run button.

The notebooks in solutions/ stay as they are; what is made here is a copy in MyST Markdown for Sphinx.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from nn_book.notebook import BEGIN, END
from nn_book.prose import BARE, LIST, targets_of
from nn_book.text import NUMBER, Chapter, plain

PREFIX = {"equation": "eq", "figure": "fig", "widget": "widget", "section": "sec"}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}

_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
TAGGED = re.compile(
    r"^([ \t]*)\$\$(?P<body>(?:(?!\$\$).)*?\\tag\{(?P<number>[\d.]+)\}.*?)\$\$[ \t]*$", re.M | re.S
)
_CHAPTER_LINK = re.compile(r"\[([^\]]+)\]\(\.\./(\d\d_\w+)/\2\.ipynb(#[^)]*)?\)")


@dataclass(frozen=True)
class Term:
    """An entry of a chapter's glossary: its names (the first leads), its definition, its chapter."""

    names: tuple[str, ...]
    definition: str
    chapter: str


@dataclass
class Index:
    """What chapters refer to in one another: numbers that exist, and terms that are defined."""

    book: Mapping[str, Chapter]
    targets: dict[str, set[str]] = field(init=False)
    terms: list[Term] = field(init=False)

    def __post_init__(self) -> None:
        """Read the chapters."""
        self.targets = targets_of(self.book)
        self.terms = [term for chapter in self.book.values() for term in terms_of(chapter)]

    def title(self, name: str) -> str:
        """Return a chapter's title without its number."""
        return re.sub(r"^\d+ ", "", self.book[name].headings[0].title)


def terms_of(chapter: Chapter) -> Iterator[Term]:
    """Yield the entries of a chapter's glossary."""
    start = next((h.line for h in chapter.headings if h.title.lower() == "glossary"), None)
    end = next((h.line for h in chapter.headings if start and h.line > start), len(chapter.lines) + 1)
    for i, line in chapter.prose if start else ():
        entry = re.fullmatch(r"- (\*\*.+?\*\*(?:, \*\*.+?\*\*)*): (.+)", line)
        if entry and start < i < end:
            yield Term(tuple(_BOLD.findall(entry[1])), entry[2], chapter.name)


def slug(text: str) -> str:
    """Return a name that can stand in an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def target(word: str, number: str) -> str:
    """Return the anchor of an equation, figure, widget or section."""
    return f"{PREFIX[word]}-{number.replace('.', '-')}"


def mask(text: str) -> str:
    """Return Markdown with all that must not be touched blanked: code, mathematics, links, headings, HTML."""
    for pattern in (
        r"^```.*?^```[ \t]*$",
        r"^\\begin\{equation\*\}.*?^\\end\{equation\*\}",
        r"^\([\w-]+\)=$",
        r"^#+ .*$",
        r"^[ \t]*<[^\n]*$",
    ):
        text = re.sub(
            pattern, _blank, text, flags=re.M | re.S if "```" in pattern or "begin" in pattern else re.M
        )
    text = plain(text)
    for pattern in (r"!?\[[^\]\n]*\]\([^)\n]*\)", r"<[a-zA-Z/][^>\n]*>", r"\{term\}`[^`]*`"):
        text = re.sub(pattern, _blank, text)
    return text


def _blank(match: re.Match) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def edit(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """Return `text` with the spans (start, end) replaced; spans do not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def link_numbers(text: str, targets: Mapping[str, set[str]]) -> str:
    """Return Markdown in which "equation (2.3)", "(2.3)", "Figures 2.1 and 2.2" are links."""
    bare, edits = mask(text), []
    for word in PREFIX:
        for run in re.finditer(rf"\b{word}s?\s{LIST}", bare, re.IGNORECASE):
            numbers = list(re.finditer(rf"\(?({NUMBER})\)?", run[0]))
            for match in numbers:
                if match[1] in targets[word]:
                    start = run.start() + (0 if len(numbers) == 1 else match.start())
                    end = run.start() + match.end()
                    edits.append((start, end, f"[{text[start:end]}](#{target(word, match[1])})"))
            bare = bare[: run.start()] + " " * len(run[0]) + bare[run.end() :]
    for match in BARE.finditer(bare):
        if match[1] in targets["equation"]:
            edits.append((match.start(), match.end(), f"[{match[0]}](#{target('equation', match[1])})"))
    return edit(text, edits)


def link_chapters(text: str, names: Mapping[str, object]) -> str:
    """Return Markdown in which links between notebooks lead to pages, or nowhere if the page is missing."""

    def replace(match: re.Match) -> str:
        label, name, anchor = match.groups()
        return f"[{label}]({name}.ipynb{(anchor or '').lower()})" if name in names else label

    return _CHAPTER_LINK.sub(replace, text)


class TermLinks:
    """Links the terms of the glossary from where one chapter first speaks of them.

    A term in bold is where the chapter defines it: an anchor stands there, to which the glossary links back.
    Terms of two and more words are also linked at their first mention in every other chapter.
    """

    def __init__(self, index: Index, chapter: str):
        self.chapter, self.seen = chapter, set()
        self.names = {name.casefold(): name for term in index.terms for name in term.names}
        self.own = {n.casefold() for term in index.terms if term.chapter == chapter for n in term.names}
        long = sorted((name for name in self.names if " " in name or "-" in name), key=len, reverse=True)
        words = "|".join(re.escape(name).replace(r"\ ", r"\s") for name in long)
        self.long = re.compile(rf"(?<![\w-])({words})(s?)(?![\w-])", re.I) if long else None

    def find(self, words: str) -> str | None:
        """Return the key of the term that `words` name, in the singular or the plural."""
        words = " ".join(words.split()).casefold()
        endings = (words, words.removesuffix("s"), words.removesuffix("es"))
        return next((w for w in endings if w in self.names), None)

    def __call__(self, text: str) -> str:
        """Return Markdown with links to the glossary."""
        edits, bare = [], mask(text)
        for match in _BOLD.finditer(bare):
            key = self.find(match[1])
            if key and key in self.own and f"bold {key}" not in self.seen:
                self.seen |= {key, f"bold {key}"}
                anchor = f'<span id="term-{slug(self.names[key])}"></span>'
                edits.append((*match.span(), f"{anchor}**{self._role(key, match[1])}**"))
            bare = bare[: match.start()] + " " * len(match[0]) + bare[match.end() :]
        for match in self.long.finditer(bare) if self.long else ():
            key = self.find(match[1])
            if key not in self.seen and key not in self.own:
                self.seen.add(key)
                edits.append((*match.span(), self._role(key, match[0])))
        return edit(text, edits)

    def _role(self, key: str, words: str) -> str:
        return f"{{term}}`{' '.join(words.split())} <{self.names[key]}>`"


def anchor_equations(text: str) -> str:
    r"""Return Markdown in which each equation with a \tag has an anchor, in a form that MathJax numbers."""

    def replace(match: re.Match) -> str:
        indent, body = match[1], match["body"].strip()
        lines = [
            "",
            f"({target('equation', match['number'])})=",
            "",
            r"\begin{equation*}",
            *(line.strip() for line in body.split("\n")),
            r"\end{equation*}",
            "",
        ]
        return "\n".join(indent + line if line else "" for line in lines)

    return TAGGED.sub(replace, text)


def anchor_sections(text: str) -> str:
    """Return Markdown in which each numbered section has an anchor."""
    found = re.compile(rf"^(#+ ({NUMBER}) )", re.M)
    return found.sub(lambda match: f"({target('section', match[2])})=\n{match[1]}", text)


def run_address(name: str) -> str:
    """Return where the browser edition opens a chapter, from the site's root."""
    return f"lite/lab/index.html?path={name}/{name}.ipynb"


def download_address(name: str, lite: bool) -> str:
    """Return where a chapter's notebook for students stands, from the site's root."""
    return f"lite/files/{name}/{name}.ipynb" if lite else f"notebooks/{name}.ipynb"


def chapter_page(
    name: str,
    solved: NotebookNode,
    students: NotebookNode,
    index: Index,
    *,
    solutions: bool = True,
    lite: bool = True,
) -> NotebookNode:
    """Return a chapter as the notebook that becomes its page.

    Parameters
    ----------
    name
        The chapter, e.g. "02_perceptron".
    solved, students
        Its executed notebook, and the one that students get.
    index
        What can be linked to.
    solutions
        Whether solutions stand behind a fold; without, they are nowhere.
    lite
        Whether there is a browser edition to link to.
    """
    terms = TermLinks(index, name)
    stubs = {_grade_id(cell): cell.source for cell in students.cells if _grade_id(cell)}

    def prose(text: str) -> str:
        text = anchor_sections(anchor_equations(text))
        text = link_numbers(link_chapters(text, index.book), index.targets)
        body, glossary, rest = text.partition("### Glossary\n")
        return terms(body) + glossary + rest

    cells: list[NotebookNode] = []
    queue = list(solved.cells)
    for i, cell in enumerate(queue):
        grade_id, options = _grade_id(cell), cell.get("metadata", {}).get("nbgrader", {})
        if options and cell.cell_type == "markdown":
            if solutions:
                model = re.sub(rf"<!-- ({BEGIN}|{END}) -->", "", cell.source).strip()
                cells.append(new_markdown_cell(fold("Model answer", prose(model))))
        elif options.get("solution"):
            cells.append(new_markdown_cell(_fence(stubs[grade_id])))
            if solutions:
                card = next((o for o in queue[i + 1].outputs if "text/html" in o.get("data", {})), None)
                cells.append(new_markdown_cell(_solution(cell.source, queue[i + 1].source, card)))
        elif options:
            if not solutions:
                cells.append(new_markdown_cell(_fence(cell.source)))
        elif cell.cell_type == "markdown":
            cells.append(new_markdown_cell(prose(cell.source)))
        elif i == 1 and cell.source.startswith("import ") and "cell above" not in queue[2].source:
            cells.append(new_markdown_cell(fold("Imports", _fence(cell.source), "imports")))
        else:
            following = queue[i + 1] if i + 1 < len(queue) else None
            cells.append(
                _figure(cell, following, lambda text: terms(link_numbers(text, index.targets)), name, lite)
            )
    cells.insert(1, new_markdown_cell(_bar(name, lite)))
    for i, cell in enumerate(cells):
        cell["id"] = f"c{i}"
    return new_notebook(
        cells=cells, metadata={"kernelspec": solved.metadata.kernelspec, "language_info": LANGUAGE}
    )


def _grade_id(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _fence(source: str) -> str:
    return f"```python\n{source}\n```"


def fold(title: str, text: str, kind: str = "solution") -> str:
    """Return Markdown behind a fold."""
    return f'<details class="{kind}"><summary>{title}</summary>\n\n{text}\n\n</details>'


def _solution(source: str, test: str, card: NotebookNode | None) -> str:
    code = "\n".join(
        line for line in source.split("\n") if line.strip() not in (f"### {BEGIN}", f"### {END}")
    )
    shown = re.sub(r"\s*\n\s*", " ", card["data"]["text/html"]) if card else ""
    return fold("Solution", f'{_fence(code)}\n\n{_fence(test)}\n\n<div class="card-of-check">{shown}</div>')


def _figure(
    cell: NotebookNode, following: NotebookNode | None, prose: Callable[[str], str], name: str, lite: bool
) -> NotebookNode:
    """Return a code cell; its picture gets the caption that the next cell opens with, and an anchor."""
    cell = NotebookNode(cell)
    marks = cell.metadata.get("book", {})
    for kind, word in (("fig", "figure"), ("widget", "widget")):
        if kind not in marks:
            continue
        label = f"{word.capitalize()} {marks[kind]}."
        caption = None
        if following is not None and following.cell_type == "markdown":
            opening = rf"\*{re.escape(label)}[ \n](.*?)\*(?:\n\n|\Z)"
            caption = re.match(opening, following.source, re.S)
            if caption:
                following.source = following.source[caption.end() :]
        text = f"**{label}** " + (prose(" ".join(caption[1].split())) if caption else "")
        if kind == "widget":
            text += " A still; " + (
                f'<a href="{run_address(name)}">in the browser edition</a> it moves.'
                if lite
                else "in the notebook it moves."
            )
        cell.metadata["mystnb"] = dict(cell.metadata.get("mystnb", {})) | {
            "figure": {"name": target(word, marks[kind]), "caption": text.strip()}
        }
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                output.data = NotebookNode({"image/png": output.data["image/png"]})
    return cell


def _bar(name: str, lite: bool) -> str:
    """Return the bar under a chapter's title."""
    run = (
        f'<a class="run-button" href="{run_address(name)}">Run this chapter in your browser</a>'
        if lite
        else ""
    )
    where = download_address(name, lite)
    download = f'<a class="plain-button" href="{where}" download>Download the notebook</a>'
    return f'<p class="run-bar">{run}{download}{_binder(name)}</p>'


def _binder(name: str) -> str:
    """Return a button for Binder, if the environment says at which address on GitHub the book stands."""
    repository = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", os.environ.get("BOOK_REPOSITORY", ""))
    if not repository:
        return ""
    path = f"lab/tree/chapters/{name}/{name}.ipynb"
    address = f"https://mybinder.org/v2/gh/{repository[1]}/HEAD?urlpath={path}"
    return f'<a class="plain-button" href="{address}">Open in Binder</a>'
