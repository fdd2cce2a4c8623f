"""Checking: nothing has drifted from the text, nothing leaks, and whatever the prose names exists.

A check changes no file. Sources, metadata and the students' notebooks are compared on every Python; recorded
outputs are run again and compared on the reference Python alone, since messages differ between versions.
"""

from __future__ import annotations

import ast
import io
import re
import symtable
import sys
import tempfile
import textwrap
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nn_book.build import (
    catalogue,
    drafts_of,
    inputs_digest,
    solution_path,
    sources,
    stored_notebook,
    student_path,
)
from nn_book.complaints import BookError, Complaint, relative
from nn_book.execute import IMAGES, WIDGET, execute, outputs_digest
from nn_book.notebook import BEGIN, END, Draft
from nn_book.release import release
from nn_book.text import NUMBER, Chapter, chapter_names, plain, read_chapter

REFERENCE = (3, 11)  # the Python whose outputs are recorded
SHORTEST_ALT = 40  # characters; less than that names a picture and does not describe it
REBUILD = "Run `make book`."

LAST_CHAPTER = 9
# How to write a number that is not this book's, so that nobody takes it for one.
HINTS = {
    "equation": "its equation [2.3]",
    "figure": "its figure [2.3]",
    "widget": "its widget [2.3]",
    "section": "its §2.3",
}

_LIST = rf"\(?{NUMBER}\)?(?:(?:,? and |, | to |[–-])\(?{NUMBER}\)?)*"
_BARE = re.compile(r"(?<![\w)\]])\((\d{1,2}\.\d{1,3})\)")


@dataclass
class Report:
    """What a check found: complaints, and a row of counts for each chapter."""

    complaints: list[Complaint] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def check(
    root: Path,
    names: Sequence[str] = (),
    exercises: Mapping | None = None,
    run: bool | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Return everything that is wrong with the book.

    Parameters
    ----------
    root
        The repository.
    names
        Chapters, e.g. ["02_perceptron"]; the whole book without.
    exercises
        The catalogue; nn_exercises.EXERCISES without.
    run
        Whether to run the notebooks again and compare their outputs; without, on the reference Python alone.
    say
        Called with a line for each chapter that is run.
    """
    exercises = catalogue() if exercises is None else exercises
    known, report = chapter_names(root), Report()
    book = {name: read_chapter(root, name) for name in known}
    chosen = sorted(set(names) & set(known)) if names else known
    for name in sorted(set(names) - set(known)):
        report.complaints.append(
            Complaint(
                f"solutions/{name}/{name}.md",
                0,
                "There is no such chapter.",
                f"There are: {', '.join(known)}.",
            )
        )
    drafts = drafts_of(root, chosen, exercises, report.complaints)
    for name in chosen:
        report.complaints += text_faults(book[name], book, exercises)
        report.counts[name] = counts(book[name])
    if not names:
        report.complaints += [
            *code_references(root, book),
            *homeless(root, book, exercises),
            *strays(root, known),
        ]
    report.complaints += drift(root, drafts, exercises)
    if sys.version_info[:2] == REFERENCE if run is None else run:
        report.complaints += output_drift(root, drafts, say)
    report.complaints = sorted(set(report.complaints))
    return report


# ------------------------------------------------------------------------------------------------- the text


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
    targets = _targets(book)
    comments = [
        (fence.line + line, text)
        for fence in chapter.fences
        if fence.runs
        for line, text in _comments(fence.code)
    ]
    for line, text in [*chapter.bare_prose, *comments]:
        for word, found in targets.items():
            for run in re.findall(rf"\b{word}s? ({_LIST})", text, re.IGNORECASE):
                for number in re.findall(NUMBER, run):
                    if number not in found and int(number.split(".")[0]) <= LAST_CHAPTER:
                        given = f"There is no {word} {number}."
                        yield chapter.complain(
                            line, given, f"Name one that exists; another work's is {HINTS[word]}."
                        )
        rest = re.sub(rf"\b(?:{'|'.join(targets)})s? {_LIST}", "", text, flags=re.IGNORECASE)
        for number in _BARE.findall(rest):
            if number not in targets["equation"] and not number.startswith("0."):
                yield chapter.complain(
                    line,
                    f"There is no equation ({number}).",
                    "If it is no equation, write the number without parentheses or between dollars.",
                )


def _targets(book: Mapping[str, Chapter]) -> dict[str, set[str]]:
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


def _comments(code: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of Python source, with their lines counted from 1."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        return


# ------------------------------------------------------------------------------------------------ the whole


def code_references(root: Path, book: Mapping[str, Chapter]) -> Iterator[Complaint]:
    """Yield the equations that nn_core's comments and docstrings name and no chapter has."""
    equations = _targets(book)["equation"]
    for path in sorted((root / "nn_core").rglob("*.py")):
        code = path.read_text("utf-8")
        for line, text in [*_comments(code), *_docstrings(code)]:
            for number in _BARE.findall(plain(text)):
                if number not in equations and not number.startswith("0."):
                    yield Complaint(
                        relative(path, root),
                        line,
                        f"There is no equation ({number}).",
                        "Cite one that a chapter has.",
                    )


def _docstrings(code: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of docstrings outside doctests."""
    for node in ast.walk(ast.parse(code)):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            shown = False
            for i, line in enumerate(ast.get_docstring(node, clean=False).split("\n")):
                shown = line.strip().startswith(">>>") or (shown and bool(line.strip()))
                if not shown:
                    yield node.body[0].lineno + i, line


def homeless(root: Path, book: Mapping[str, Chapter], exercises: Mapping) -> Iterator[Complaint]:
    """Yield chapters of the catalogue that have no text."""
    for name in sorted({entry.chapter for entry in exercises.values()} - set(book)):
        yield Complaint(
            f"solutions/{name}/{name}.md", 0, "The catalogue has exercises for this chapter.", "Write it."
        )


def strays(root: Path, known: Iterable[str]) -> Iterator[Complaint]:
    """Yield files that do not belong into solutions/ and chapters/: what stands there reaches students."""
    allowed = {student_path(root, name) for name in known}
    for name in known:
        allowed |= {solution_path(root, name), root / "solutions" / name / f"{name}.md"}
    for folder in ("chapters", "solutions"):
        for path in sorted((root / folder).rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not hidden and path not in allowed:
                yield Complaint(
                    relative(path, root),
                    0,
                    "This file was made from no chapter's text.",
                    "Take it away: a chapter is one .md and the notebooks made from it.",
                )


def drift(root: Path, drafts: Mapping[str, Draft], exercises: Mapping) -> list[Complaint]:
    """Return where stored notebooks differ from what the texts and the code say, without running them."""
    found: list[Complaint] = []
    solved = {}
    for name, made in drafts.items():
        path = relative(solution_path(root, name), root)
        stored = stored_notebook(root, name)
        if stored is None:
            found.append(Complaint(path, 0, "The notebook is missing, or is none.", REBUILD))
            continue
        solved[name] = solution_path(root, name).read_text("utf-8")
        found += _test_cells(path, stored, exercises)
        marks = stored.metadata.get("book", {})
        if sources(stored) != sources(made.notebook):
            cell = _first_difference(made.notebook, stored)
            found.append(
                made.complain(cell, f"{path} was made from another text: cell {cell.id!r}.", REBUILD)
            )
        elif marks.get("made_from") != inputs_digest(root, name):
            found.append(Complaint(path, 0, "Text or code changed since this notebook ran.", REBUILD))
        elif marks.get("outputs") != outputs_digest(stored):
            found.append(Complaint(path, 0, "An output was changed after this notebook ran.", REBUILD))
    try:
        with tempfile.TemporaryDirectory(prefix="nn_book-") as folder:
            released = release(solved, root, Path(folder))
    except BookError as error:
        return found + error.complaints
    for name, text in released.items():
        path = student_path(root, name)
        if not path.is_file():
            found.append(Complaint(relative(path, root), 0, "The student's notebook is missing.", REBUILD))
            continue
        if path.read_bytes() != text.encode():
            found.append(
                Complaint(
                    relative(path, root),
                    0,
                    "It is not what nbgrader makes of the solution notebook.",
                    REBUILD,
                )
            )
        found += leaks(relative(path, root), path.read_text("utf-8"), drafts[name], exercises)
    return found


def _first_difference(made: NotebookNode, stored: NotebookNode) -> NotebookNode:
    pairs = zip(sources(made)[1:], sources(stored)[1:], strict=False)
    index = next((i for i, (ours, theirs) in enumerate(pairs) if ours != theirs), len(stored.cells))
    return made.cells[min(index, len(made.cells) - 1)]


def _test_cells(path: str, notebook: NotebookNode, exercises: Mapping) -> Iterator[Complaint]:
    """Yield test cells that are not exactly `check(NAME)`, have other points, or no solution cell."""
    graded = {
        cell.metadata.nbgrader["grade_id"]: cell
        for cell in notebook.cells
        if "nbgrader" in cell.get("metadata", {})
    }
    for name, cell in graded.items():
        marks = cell.metadata.nbgrader
        if not marks.get("grade") or marks.get("solution"):
            continue
        answer = graded.get(f"{name}_answer")
        if answer is None or not answer.metadata.nbgrader.get("solution"):
            yield Complaint(path, 0, f"The test {name!r} has no solution cell {name}_answer.", REBUILD)
        if cell.source != f"check({name})":
            yield Complaint(
                path, 0, f"The test cell {name!r} holds {cell.source[:60]!r}.", f"It is check({name})."
            )
        points = exercises[name].points if name in exercises else None
        if marks.get("points") != points:
            yield Complaint(
                path,
                0,
                f"The test {name!r} gives {marks.get('points')} points.",
                f"Its maximum is {points}. {REBUILD}",
            )


def leaks(path: str, text: str, made: Draft, exercises: Mapping) -> Iterator[Complaint]:
    """Yield traces of solutions in a student's notebook, and test cells that are not as they must be."""
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # whatever nbformat makes of a broken file
        yield Complaint(path, 0, f"It cannot be read as a notebook ({type(error).__name__}).", REBUILD)
        return
    yield from _test_cells(path, notebook, exercises)
    for marker in (BEGIN, END):
        if marker in text:
            yield Complaint(path, 0, f"It holds {marker!r}.", f"Students must not see solutions. {REBUILD}")
    if any(cell.get("outputs") for cell in notebook.cells):
        yield Complaint(path, 0, "It holds outputs.", f"Students get none. {REBUILD}")
    for name, solution in made.solutions.items():
        wanted = _squeeze(solution)
        own = {f"{name}_answer", name}
        for cell in notebook.cells:
            mine = cell.metadata.get("nbgrader", {}).get("grade_id") in own
            # One line may well stand in the chapter's prose or in nn_core's way of saying it.
            if wanted in _squeeze(cell.source) and (mine or "\n" in wanted):
                yield Complaint(
                    path, 0, f"Cell {cell.id!r} holds the solution of {name!r}.", f"Hide it. {REBUILD}"
                )


def _squeeze(code: str) -> str:
    """Return source without indentation, comments and blank lines."""
    lines = (line.split("#")[0].rstrip() for line in textwrap.dedent(code).split("\n"))
    return "\n".join(line.strip() for line in lines if line.strip())


def output_drift(root: Path, drafts: Mapping[str, Draft], say: Callable[[str], None]) -> list[Complaint]:
    """Run the notebooks again and return where their outputs are no longer those recorded."""
    again = [
        made
        for name, made in drafts.items()
        if (stored := stored_notebook(root, name)) is not None and sources(stored) == sources(made.notebook)
    ]
    found = execute(again, done=lambda made: say(f"ran {made.chapter.name} again"))
    broken = {complaint.path for complaint in found}
    for made in again:
        if relative(made.chapter.path, root) in broken:
            continue
        stored = stored_notebook(root, made.chapter.name)
        for new, old in zip(made.notebook.cells, stored.cells, strict=True):
            if new.cell_type == "code" and _shown(new) != _shown(old):
                then, now = (str(_shown(cell))[:200] for cell in (old, new))
                given = f"The output recorded for this cell is {then}, and now {now}."
                found.append(made.complain(new, given, REBUILD))
    return found


def _shown(cell: NotebookNode) -> list:
    """Return a cell's outputs as they are compared: of pictures only that they are there."""
    shown = []
    for output in cell.outputs:
        if "data" in output:
            data = {
                kind: "" if kind in IMAGES else value for kind, value in output.data.items() if kind != WIDGET
            }
            shown.append((output.output_type, data))
        else:
            shown.append((output.output_type, output.get("name"), output.get("text")))
    return shown


def counts(chapter: Chapter) -> dict[str, int]:
    """Return how much a chapter holds, for the table that a check prints."""
    runs = [fence for fence in chapter.fences if fence.runs]
    trees = []
    for fence in runs:
        try:
            trees.append(ast.parse(fence.code))
        except SyntaxError:
            continue
    return {
        "words": chapter.words(),
        "equations": len(chapter.equations),
        "figures": sum("fig" in fence.attributes for fence in runs),
        "widgets": sum("widget" in fence.attributes for fence in runs),
        "exercises": sum("exercise" in fence.attributes for fence in runs),
        "predictions": sum("**Predict.**" in line for _, line in chapter.prose),
        "assertions": sum(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree)),
    }
