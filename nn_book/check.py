"""Checking: nothing has drifted from the text, nothing leaks, and whatever the prose names exists.

A check changes no file. Sources, metadata and the students' notebooks are compared on every Python; recorded
outputs are run again and compared on the reference Python alone, since messages differ between versions.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import textwrap
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
from nn_book.notebook import BEGIN, END, Draft, dumps
from nn_book.prose import BARE, comments, targets_of, text_faults
from nn_book.release import release
from nn_book.text import Chapter, chapter_names, plain, read_chapter, unknown_chapters

REFERENCE = (3, 11)  # the Python whose outputs are recorded
REBUILD = "Run `make book`."

# Rules of the code that chapters do not follow, each with its reason.
STYLE_LEFT_OUT = (
    "D",  # the prose around a cell describes its functions
    "I001",  # the first cell's imports stand in an order of their own, the same in each chapter
    "F401",  # that cell imports for the exercises too
    "B905",  # strict= is noise to somebody who learns what zip does
    "N816",  # iris_X keeps the capital of X
)


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
    known, report = chapter_names(root), Report(unknown_chapters(root, names))
    book = {name: read_chapter(root, name) for name in known}
    chosen = sorted(set(names) & set(known)) if names else known
    drafts = drafts_of(root, chosen, exercises, report.complaints)
    for name in chosen:
        report.complaints += text_faults(book[name], book, exercises)
        report.counts[name] = counts(book[name])
    if not names:
        report.complaints += [*code_references(root, book, say), *strays(root, known)]
        waiting = sorted({entry.chapter for entry in exercises.values()} - set(book))
        if waiting:
            say(f"the catalogue has exercises of chapters that are not written yet: {', '.join(waiting)}")
    report.complaints += [*style(root, drafts), *drift(root, drafts, exercises)]
    if sys.version_info[:2] == REFERENCE if run is None else run:
        report.complaints += output_drift(root, drafts, say)
    report.complaints = sorted(set(report.complaints))
    return report


def citations(root: Path) -> Iterator[tuple[Path, int, str]]:
    """Yield the equations that nn_core's comments and docstrings name: file, line, number."""
    for path in sorted((root / "nn_core").rglob("*.py")):
        code = path.read_text("utf-8")
        for line, text in [*comments(code), *_docstrings(code)]:
            yield from ((path, line, number) for number in BARE.findall(plain(text)) if number[:2] != "0.")


def code_references(
    root: Path, book: Mapping[str, Chapter], say: Callable[[str], None] = lambda line: None
) -> Iterator[Complaint]:
    """Yield citations in nn_core that no chapter answers; those of unwritten chapters are only counted."""
    equations = targets_of(book)["equation"]
    written = {chapter.number for chapter in book.values()}
    waiting = []
    for path, line, number in citations(root):
        if int(number.split(".")[0]) not in written:
            waiting.append(number)
        elif number not in equations:
            given = f"There is no equation ({number})."
            yield Complaint(relative(path, root), line, given, "Cite one that a chapter has.")
    if waiting:
        chapters = ", ".join(sorted({number.split(".")[0] for number in waiting}))
        some = f"{len(waiting)} equation" + "s" * (len(waiting) > 1)
        say(f"nn_core cites {some} of chapters that are not written yet: {chapters}")


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
        if path.read_text("utf-8") != text:
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


def style(root: Path, drafts: Mapping[str, Draft]) -> Iterator[Complaint]:
    """Yield what ruff says of the cells."""
    for made in drafts.values():
        name = f"{made.chapter.name}.ipynb"
        ruff = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--output-format=json",
            "--no-cache",
            "--stdin-filename",
            name,
        ]
        ran = subprocess.run(
            [*ruff, "--extend-ignore", ",".join(STYLE_LEFT_OUT), "-"],
            cwd=root,
            input=dumps(made.notebook),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if ran.returncode not in (0, 1):
            yield Complaint("ruff", 0, "It failed.", f"It said:\n{ran.stderr[-1000:]}")
            continue
        for fault in json.loads(ran.stdout):
            cell = made.notebook.cells[fault["cell"] - 1]
            row = fault["location"]["row"]
            line = cell.source.split("\n")[row - 1].strip()
            yield made.complain(
                cell, f"The cell's line {row}, {line[:60]!r}:", f"{fault['message']} ({fault['code']})."
            )


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
