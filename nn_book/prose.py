"""What can be wrong in a chapter's text beyond the traps that a build refuses by itself.

Headings, equations, figures, references, links, alt texts, the glossary, and ordinary cells that use what the
reader has still to write.
"""

from __future__ import annotations

import io
import re
import symtable
import tokenize
from collections.abc import Iterator, Mapping

from nn_book.build import solution_path
from nn_book.complaints import Complaint
from nn_book.text import NUMBER, Chapter

SHORTEST_ALT = 40  # characters; less than that names a picture and does not describe it
LAST_CHAPTER = 9
# How to write a number that is not this book's, so that nobody takes it for one.
HINTS = {
    "equation": "its equation [2.3]",
    "figure": "its figure [2.3]",
    "widget": "its widget [2.3]",
    "section": "its §2.3",
}

LIST = rf"\(?{NUMBER}\)?(?:(?:,? and |, | to |[–-])\(?{NUMBER}\)?)*"
BARE = re.compile(r"(?<![\w)\]])\((\d{1,2}\.\d{1,3})\)")


def text_faults(chapter: Chapter, book: Mapping[str, Chapter], exercises: Mapping) -> Iterator[Complaint]:
    """Yield what is wrong in one chapter's text, beyond the traps that a build refuses by itself."""
    yield from _headings(chapter)
    yield from _equations(chapter)
    yield from _numbered(chapter, "fig", "Figure")
    yield from _numbered(chapter, "widget", "Widget")
    yield from _alt_texts(chapter)
    yield from _references(chapter, book)
    yield from _links(chapter, book)
    yield from _readers_names(chapter, exercises)
    yield from _glossary(chapter)
    standing = {fence.attributes.get("exercise") for fence in chapter.fences if fence.runs}
    for name, entry in exercises.items():
        if entry.chapter == chapter.name and name not in standing:
            yield chapter.complain(
                0, f"The catalogue's exercise {name!r} stands nowhere.", f'Write ```python exercise="{name}".'
            )


def _headings(chapter: Chapter) -> Iterator[Complaint]:
    exercises = [(fence.line, 3) for fence in chapter.fences if fence.runs and "exercise" in fence.attributes]
    levels = sorted([*((heading.line, heading.level) for heading in chapter.headings), *exercises])
    first = chapter.headings[0] if chapter.headings else None
    if first is None or not re.fullmatch(rf"{chapter.number} \S.*", first.title) or levels[0][1] != 1:
        yield chapter.complain(
            first.line if first else 1,
            "The chapter does not open with its title.",
            f"Write `# {chapter.number} …`.",
        )
    above = 0
    for line, level in levels:
        if level > above + 1:
            given = f"A heading of level {level} stands under one of level {above}."
            yield chapter.complain(line, given, f"Write level {above + 1}, or a section heading before it.")
        if level == 1 and above:
            yield chapter.complain(line, "A second title.", "Write ## for a section.")
        above = level
    expected = 1
    for heading in chapter.headings:
        number = re.match(rf"({NUMBER})\s", heading.title)
        if heading.level == 2 and number:
            if number[1] != f"{chapter.number}.{expected}":
                given = f"Section {number[1]} comes where {chapter.number}.{expected} is due."
                yield chapter.complain(heading.line, given, f"Write `## {chapter.number}.{expected} …`.")
            expected += 1


def _equations(chapter: Chapter) -> Iterator[Complaint]:
    seen: dict[str, int] = {}
    for equation in chapter.equations:
        if not re.fullmatch(rf"{chapter.number}\.[1-9]\d*", equation.what):
            given = f"An equation carries the number {equation.what!r}."
            yield chapter.complain(equation.line, given, rf"Write \tag{{{chapter.number}.k}}.")
        elif equation.what in seen:
            given = f"Equation ({equation.what}) stands on line {seen[equation.what]} already."
            yield chapter.complain(equation.line, given, "Give each equation its own number.")
        seen.setdefault(equation.what, equation.line)


def _numbered(chapter: Chapter, key: str, word: str) -> Iterator[Complaint]:
    """Yield faults of the numbers of figures or widgets, and of the caption under each."""
    last = 0
    for fence in chapter.fences:
        if not fence.runs or key not in fence.attributes:
            continue
        given = fence.attributes[key]
        if not re.fullmatch(rf"{chapter.number}\.[1-9]\d*", given):
            yield chapter.complain(
                fence.line, f'The fence says {key}="{given}".', f'Write {key}="{chapter.number}.k".'
            )
            continue
        number = int(given.split(".")[1])
        if number <= last:
            said = f'{key}="{given}" comes after {key}="{chapter.number}.{last}".'
            yield chapter.complain(fence.line, said, "Use each number once, in the order of the text.")
        last = max(last, number)
        caption = next((line for line in chapter.lines[fence.last_line :] if line.strip()), "")
        other = re.match(rf"\*{word} ({NUMBER})", caption)
        if (key == "fig" and not other) or (other and other[1] != given):
            yield chapter.complain(
                fence.line,
                f"The line after {word.lower()} {given} is {caption[:40]!r}.",
                f"Write *{word} {given}. …*",
            )


def _alt_texts(chapter: Chapter) -> Iterator[Complaint]:
    given = [(fence.line, fence.attributes["alt"]) for fence in chapter.fences if "alt" in fence.attributes]
    for line, alt in [*given, *((image.line, image.what) for image in chapter.images)]:
        if len(alt.strip()) < SHORTEST_ALT:
            yield chapter.complain(
                line,
                f"The alt text {alt!r} is too short to stand for the picture.",
                f"Say what it shows, in {SHORTEST_ALT} characters or more.",
            )


def _references(chapter: Chapter, book: Mapping[str, Chapter]) -> Iterator[Complaint]:
    """Yield numbers of equations, figures, widgets and sections that are named and that nobody wrote."""
    targets = targets_of(book)
    remarks = [
        (fence.line + line, text)
        for fence in chapter.fences
        if fence.runs
        for line, text in comments(fence.code)
    ]
    for line, text in [*chapter.bare_prose, *remarks]:
        for word, found in targets.items():
            for run in re.findall(rf"\b{word}s? ({LIST})", text, re.IGNORECASE):
                for number in re.findall(NUMBER, run):
                    if number not in found and int(number.split(".")[0]) <= LAST_CHAPTER:
                        given = f"There is no {word} {number}."
                        yield chapter.complain(
                            line, given, f"Name one that exists; another work's is {HINTS[word]}."
                        )
        rest = re.sub(rf"\b(?:{'|'.join(targets)})s? {LIST}", "", text, flags=re.IGNORECASE)
        for number in BARE.findall(rest):
            if number not in targets["equation"] and not number.startswith("0."):
                yield chapter.complain(
                    line,
                    f"There is no equation ({number}).",
                    "If it is no equation, write the number without parentheses or between dollars.",
                )


def targets_of(book: Mapping[str, Chapter]) -> dict[str, set[str]]:
    """Return the numbers of equations, figures, widgets and sections that exist in the book."""
    chapters = book.values()
    fences = [fence.attributes for chapter in chapters for fence in chapter.fences if fence.runs]
    titles = [heading.title for chapter in chapters for heading in chapter.headings]
    return {
        "equation": {equation.what for chapter in chapters for equation in chapter.equations},
        "figure": {attributes["fig"] for attributes in fences if "fig" in attributes},
        "widget": {attributes["widget"] for attributes in fences if "widget" in attributes},
        "section": {match[1] for title in titles if (match := re.match(rf"({NUMBER})\s", title))},
    }


def _links(chapter: Chapter, book: Mapping[str, Chapter]) -> Iterator[Complaint]:
    for link in chapter.links:
        if re.match(r"[a-z]+:", link.what):
            continue
        target, _, anchor = link.what.partition("#")
        path = (chapter.path.parent / target).resolve()
        other = next(
            (book[name] for name in book if path == solution_path(chapter.root, name).resolve()), None
        )
        other = chapter if not target else other
        if other is None and not path.is_file():
            yield chapter.complain(
                link.line, f"The link {link.what!r} leads nowhere.", "Link to ../NN_topic/NN_topic.ipynb."
            )
        elif other is None and path.is_relative_to(chapter.path.parent):
            yield chapter.complain(
                link.line,
                f"The link {link.what!r} names a file that students do not get.",
                "Link to a chapter.",
            )
        elif anchor and anchor not in {slug for heading in other.headings for slug in _slugs(heading.title)}:
            yield chapter.complain(
                link.line,
                f"The link {link.what!r} names no heading there.",
                "Write the heading with hyphens for spaces.",
            )


def _slugs(title: str) -> tuple[str, str]:
    """Return the anchors of a heading: JupyterLab's and that of code hosts and the web book."""
    return title.replace(" ", "-"), re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _readers_names(chapter: Chapter, exercises: Mapping) -> Iterator[Complaint]:
    """Yield ordinary cells that use a function which the reader has still to write."""
    names = {name for name, entry in exercises.items() if entry.chapter == chapter.name}
    for fence in chapter.fences:
        if not fence.runs or "exercise" in fence.attributes:
            continue
        try:
            used = _globals(symtable.symtable(fence.code, "cell", "exec")) & names
        except SyntaxError:
            continue  # a trap, complained of already
        for name in sorted(used):
            lines = [i for i, line in enumerate(fence.code.split("\n"), 1) if re.search(rf"\b{name}\b", line)]
            yield chapter.complain(
                fence.line + (lines or [0])[0],
                f"The cell uses {name!r}, which the reader writes: unsolved, the chapter would stop here.",
                "Use nn_core, or another name.",
            )


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Return the global names that a cell reads or sets, in any scope."""
    top = table.get_type() == "module"
    names = {symbol.get_name() for symbol in table.get_symbols() if top or symbol.is_global()}
    return names.union(*(_globals(child) for child in table.get_children()))


def _glossary(chapter: Chapter) -> Iterator[Complaint]:
    start = next((heading.line for heading in chapter.headings if "glossary" in heading.title.lower()), None)
    if start is None:
        return
    before = " ".join(line for i, line in chapter.bare_prose if i < start)
    bold = {" ".join(term.split()).casefold() for term in re.findall(r"\*\*([^*]+)\*\*", before)}
    for i, line in chapter.prose:
        term = re.match(r"- \*\*([^*]+)\*\*", line)
        plurals = {term[1].casefold() + ending for ending in ("", "s", "es")} if term else set()
        if i > start and term and not plurals & bold:
            yield chapter.complain(
                i,
                f"The glossary's {term[1]!r} is not bold where the text defines it.",
                "Mark its first use **bold**.",
            )


def comments(code: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of Python source, with their lines counted from 1."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        return
