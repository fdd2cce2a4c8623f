"""A chapter as it is written: its fences, headings, equations and links, and the traps in its Markdown.

jupytext turns the text into a notebook and says nothing when it understands something else than the
author meant: a shell fence becomes a cell that runs, two blank lines cut a paragraph in two, an unquoted
key is lost. So the text is also parsed by markdown-it-py, and what the two could disagree about is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nn_book.complaints import Complaint, relative

CHAPTER_NAME = re.compile(r"\d\d_[a-z0-9_]+")
QUIET_LANGUAGES = ("text", "console", "yaml", "json", "diff")  # shown, never run, and jupytext agrees
ATTRIBUTES = {
    (): "an ordinary cell",
    ("fig", "alt"): "a figure",
    ("widget", "alt"): "a widget",
    ("exercise",): "an exercise's solution",
}
NUMBER = r"\d+\.\d+"
FRONT_MATTER = """---
jupyter:
  jupytext:
    text_representation:
      extension: .md
      format_name: markdown
  kernelspec:
    display_name: Python 3 (ipykernel)
    language: python
    name: python3
---"""

_PYTHON = re.compile(r'python((?:\s+[A-Za-z_]+="[^"\\]*")*)\s*')
_PAIR = re.compile(r'([A-Za-z_]+)="([^"\\]*)"')


@dataclass(frozen=True)
class Fence:
    """A fenced block: where it opens and closes (lines from 1), what stands on its first line, and in it."""

    line: int
    last_line: int
    info: str
    code: str
    nested: (
        bool  # in a list, a quotation or a <details>, where a reader sees text and jupytext may see a cell
    )

    @property
    def runs(self) -> bool:
        """Whether it is meant to become a cell."""
        return self.info.split(" ")[0] == "python" and not self.quiet_python

    @property
    def quiet_python(self) -> bool:
        """Whether it is Python that is shown and not run."""
        return self.info.split() == ["python", ".noeval"]

    @property
    def attributes(self) -> dict[str, str]:
        """The quoted keys on the fence's line."""
        return dict(_PAIR.findall(self.info))


@dataclass(frozen=True)
class Heading:
    """A heading: its level (1 to 6), its text and its line."""

    level: int
    title: str
    line: int


@dataclass(frozen=True)
class Mention:
    """Something that the prose names, and where: an equation's number, a link's target, an alt text."""

    what: str
    line: int


@dataclass
class Chapter:
    """The text of one chapter.

    Parameters
    ----------
    root
        The repository.
    name
        The chapter's folder and file name without ending, e.g. "02_perceptron".
    text
        The whole file.
    """

    root: Path
    name: str
    text: str
    tokens: list[Token] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Parse the body, with the front matter blanked so that lines keep their numbers."""
        lines = self.text.split("\n")
        self.front_matter = ""
        if lines[0] == "---" and "---" in lines[1:]:
            end = lines.index("---", 1)
            self.front_matter = "\n".join(lines[: end + 1])
            lines[: end + 1] = [""] * (end + 1)
        self.lines = lines
        self.body_starts = len(self.front_matter.split("\n")) if self.front_matter else 0
        self.tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(lines))

    @property
    def path(self) -> Path:
        """The Markdown file."""
        return self.root / "solutions" / self.name / f"{self.name}.md"

    @property
    def number(self) -> int:
        """The chapter's number, which opens the numbers of its equations and figures."""
        return int(self.name[:2])

    def complain(self, line: int, given: str, write: str) -> Complaint:
        """Return a complaint about a line of this text."""
        return Complaint(relative(self.path, self.root), line, given, write)

    @cached_property
    def fences(self) -> list[Fence]:
        """Every fenced block, in order."""
        found, folds = [], 0
        for token in self.tokens:
            if token.type == "html_block":
                folds += len(re.findall(r"<details\b", token.content)) - token.content.count("</details>")
            elif token.type == "fence":
                info = token.info.strip() if token.markup[0] == "`" else "~~~" + token.info.strip()
                found.append(
                    Fence(
                        token.map[0] + 1,
                        token.map[1],
                        info,
                        token.content.rstrip("\n"),
                        nested=token.level > 0 or folds > 0,
                    )
                )
        return found

    @cached_property
    def headings(self) -> list[Heading]:
        """Every heading, in order."""
        return [
            Heading(int(token.tag[1]), self.tokens[i + 1].content, token.map[0] + 1)
            for i, token in enumerate(self.tokens)
            if token.type == "heading_open"
        ]

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """The numbered lines outside every fence."""
        fenced = {line for fence in self.fences for line in range(fence.line, fence.last_line + 1)}
        return [(i, line) for i, line in enumerate(self.lines, start=1) if i not in fenced]

    @cached_property
    def bare_prose(self) -> list[tuple[int, str]]:
        """The numbered lines of prose without mathematics, code and HTML comments, which are blanked."""
        text = plain("\n".join(line for _, line in self.prose))
        return [(i, line) for (i, _), line in zip(self.prose, text.split("\n"), strict=True)]

    @cached_property
    def equations(self) -> list[Mention]:
        """The numbers that equations carry."""
        return [
            Mention(number, i) for i, line in self.prose for number in re.findall(r"\\tag\{([^}]*)\}", line)
        ]

    @cached_property
    def links(self) -> list[Mention]:
        """The targets of links and images."""
        return [
            Mention(token.attrGet("href") or token.attrGet("src"), self._line_of(block, token))
            for block, token in self._inline()
            if token.type in ("link_open", "image")
        ]

    @cached_property
    def images(self) -> list[Mention]:
        """The alt texts of images that the prose includes."""
        found = [
            Mention(token.content, self._line_of(block, token))
            for block, token in self._inline()
            if token.type == "image"
        ]
        for i, line in self.prose:
            found += [Mention(_alt(tag), i) for tag in re.findall(r"<img\b[^>]*>", line)]
        return found

    def words(self) -> int:
        """Count the words of the prose; a formula counts as none."""
        return sum(
            len(re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"<[^>]*>", " ", line))) for _, line in self.bare_prose
        )

    def _inline(self) -> Iterator[tuple[Token, Token]]:
        """Yield every inline token with the block that it stands in."""
        for block in self.tokens:
            for token in block.children or ():
                yield block, token

    def _line_of(self, block: Token, token: Token) -> int:
        """Return the line of a link: the first of the block's lines that holds its target."""
        target = token.attrGet("href") or token.attrGet("src") or ""
        first, last = block.map
        return next((i + 1 for i in range(first, last) if target in self.lines[i]), first + 1)


def plain(text: str) -> str:
    """Return Markdown with mathematics, code and HTML comments blanked, line by line as long as before."""
    for pattern in (r"\$\$.*?\$\$", r"(?<!\\)\$[^$\n]+(?:\n[^$\n]+)*?\$", r"`[^`\n]*`", r"<!--.*?-->"):
        text = re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL)
    return text


def _alt(tag: str) -> str:
    """Return the alt text of an HTML image, empty without one."""
    match = re.search(r"""\balt=(?:"([^"]*)"|'([^']*)')""", tag)
    return (match[1] or match[2] or "") if match else ""


def read_chapter(root: Path, name: str) -> Chapter:
    """Return the chapter called `name`, e.g. "02_perceptron"."""
    return Chapter(root, name, (root / "solutions" / name / f"{name}.md").read_text("utf-8"))


def chapter_names(root: Path) -> list[str]:
    """Return the names of all chapters that have a text, in the book's order."""
    return sorted(
        path.stem
        for path in root.glob("solutions/*/*.md")
        if path.stem == path.parent.name and CHAPTER_NAME.fullmatch(path.stem)
    )


def unknown_chapters(root: Path, names: Sequence[str]) -> list[Complaint]:
    """Return a complaint for each name that is no chapter's."""
    known = chapter_names(root)
    return [
        Complaint(
            f"solutions/{name}/{name}.md",
            0,
            f"There is no chapter {name!r}.",
            f"There are: {', '.join(known) or 'none'}.",
        )
        for name in sorted(set(names) - set(known))
    ]


def traps(chapter: Chapter) -> list[Complaint]:
    """Return what jupytext would misunderstand without a word."""
    return [*_front_matter(chapter), *_blank_lines(chapter), *_markers(chapter), *_fences(chapter)]


def _front_matter(chapter: Chapter) -> Iterator[Complaint]:
    has_kernel = re.search(r"^\s*kernelspec:", chapter.front_matter, re.MULTILINE)
    if not has_kernel or not re.search(r"^\s*name: python3\s*$", chapter.front_matter, re.MULTILINE):
        yield chapter.complain(
            1,
            "The front matter names no kernel, and would become a cell of its own.",
            f"Open the file with:\n{FRONT_MATTER}",
        )


def _blank_lines(chapter: Chapter) -> Iterator[Complaint]:
    prose = [(i, line) for i, line in chapter.prose if i > chapter.body_starts]
    for (i, above), (j, below) in pairwise(prose):
        if j == i + 1 and j < len(chapter.lines) and not above.strip() and not below.strip():
            yield chapter.complain(
                j, "Two blank lines in a row cut a text cell in two.", "Leave one blank line."
            )


def _markers(chapter: Chapter) -> Iterator[Complaint]:
    for i, line in chapter.prose:
        if re.match(r"\s*<!-- *#?(end)?(region|md|raw)\b", line):
            yield chapter.complain(
                i,
                f"{line.strip()!r} is a cell marker of jupytext.",
                "Leave it out; for an answer that a person grades write "
                "<!-- manual: NAME points=N --> and <!-- end -->.",
            )
        if line.startswith(":::") or re.search(r"\{[a-z]+(:[a-z]+)?\}`", line):
            yield chapter.complain(
                i,
                f"{line.strip()[:50]!r} is a MyST directive or role; it shows as raw text in JupyterLab.",
                "Write plain Markdown.",
            )


def _fences(chapter: Chapter) -> Iterator[Complaint]:
    for fence in chapter.fences:
        given = f"The fence opens with {fence.info!r}."
        language = fence.info.split(" ")[0]
        if fence.last_line == fence.line or chapter.lines[fence.last_line - 1].strip(" >`~"):
            yield chapter.complain(
                fence.line, "The fence is not closed.", "Write ``` alone on a line after it."
            )
        elif fence.info.startswith("~~~"):
            yield chapter.complain(
                fence.line,
                "A ~~~ fence is not a cell for every tool.",
                "Write ``` instead; for Python that must not run, ```python .noeval.",
            )
        elif language in QUIET_LANGUAGES:
            if fence.info != language:
                yield chapter.complain(
                    fence.line, given, f"Write ```{language} alone: only ```python takes keys."
                )
        elif language != "python":
            yield chapter.complain(
                fence.line,
                given,
                "Some languages become cells that run. Write one of ```python, ```python .noeval, "
                f"{', '.join('```' + name for name in QUIET_LANGUAGES)}.",
            )
        elif fence.quiet_python:
            continue
        elif fence.nested:
            yield chapter.complain(
                fence.line,
                "A ```python fence in a list, a quotation or <details> may become a cell that runs.",
                "Write ```python .noeval there.",
            )
        elif not _PYTHON.fullmatch(fence.info):
            yield chapter.complain(
                fence.line,
                given,
                'Write every key as key="value", with straight double quotes '
                "around it and neither quotes nor backslashes inside; else jupytext drops it.",
            )
        elif tuple(fence.attributes) not in ATTRIBUTES:
            known = "; ".join("```python" + "".join(f' {key}="…"' for key in keys) for keys in ATTRIBUTES)
            yield chapter.complain(fence.line, given, f"Write one of: {known}.")
        else:
            yield from _magics(chapter, fence)


def _magics(chapter: Chapter, fence: Fence) -> Iterator[Complaint]:
    try:
        compile(fence.code, "cell", "exec", dont_inherit=True)
    except SyntaxError as error:
        shown = (error.text or "").strip()
        yield chapter.complain(
            fence.line + (error.lineno or 1),
            f"Not plain Python: {shown!r} ({error.msg}).",
            "Write Python without magics; show shell commands in a ```console fence.",
        )
