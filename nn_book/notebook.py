"""Text to notebook: jupytext's cells, the exercises filled in from the catalogue, ids that never change.

Everything a reader meets of an exercise except its solution comes from the catalogue: heading, points, aim,
hints, signature and docstring. The text says where it stands and holds the solution's lines.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nn_book.complaints import BookError, Complaint
from nn_book.text import Chapter, Fence, traps

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    # No version: it would change with every Python, and with it every notebook.
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

_MANUAL = re.compile(r"<!-- manual: (\w+) points=(\d+(?:\.\d+)?) -->")
_MANUAL_END = "<!-- end -->"


@dataclass
class Draft:
    """A notebook that has not run yet, and the text's line behind each of its cells."""

    chapter: Chapter
    notebook: NotebookNode
    lines: dict[str, int]
    solutions: dict[str, str] = field(
        default_factory=dict
    )  # exercise or written answer -> what students must not see

    def complain(self, cell: NotebookNode, given: str, write: str) -> Complaint:
        """Return a complaint about the text's line from which `cell` was made."""
        return self.chapter.complain(self.lines.get(cell.id, 0), given, write)


def draft(chapter: Chapter, exercises: Mapping) -> Draft:
    """Return the chapter as a notebook without outputs.

    Parameters
    ----------
    chapter
        The text.
    exercises
        The catalogue: name -> exercise.

    Raises
    ------
    BookError
        If the text holds a trap, or an exercise that does not fit the catalogue.
    """
    complaints = traps(chapter)
    if complaints:
        raise BookError(complaints)
    runs = [fence for fence in chapter.fences if fence.runs]
    read = jupytext.reads(chapter.text, fmt="md")
    _guard(chapter, runs, read)

    fences, builder = iter(runs), _Builder(chapter, exercises)
    for cell in read.cells:
        if cell.cell_type == "code":
            builder.code(next(fences))
        else:
            builder.prose(cell.source)
    if builder.complaints:
        raise BookError(builder.complaints)
    _identify(builder)
    notebook = new_notebook(cells=builder.cells, metadata=nbformat.from_dict(METADATA))
    nbformat.validate(notebook)
    return Draft(
        chapter,
        notebook,
        {cell.id: line for cell, line in zip(notebook.cells, builder.lines, strict=True)},
        builder.solutions,
    )


def _guard(chapter: Chapter, runs: list[Fence], read: NotebookNode) -> None:
    """Refuse a text in which jupytext sees other cells than a Markdown parser sees ```python fences."""
    cells = [cell for cell in read.cells if cell.cell_type != "markdown"]
    for fence, cell in zip(runs, cells, strict=False):
        if (
            cell.cell_type != "code"
            or cell.source.strip() != fence.code.strip()
            or ("incorrectly_encoded_metadata" in cell.metadata)
        ):
            raise BookError(
                [
                    chapter.complain(
                        fence.line,
                        "jupytext reads this fence otherwise than it looks.",
                        f"It sees a {cell.cell_type} cell: {cell.source[:60]!r}. Set the fence "
                        "off by blank lines, at the left margin, with ``` alone at its end.",
                    )
                ]
            )
    if len(runs) != len(cells):
        raise BookError(
            [
                chapter.complain(
                    runs[-1].line if runs else 1,
                    f"{len(runs)} ```python fences stand in the text, but jupytext makes "
                    f"{len(cells)} cells that run.",
                    "Look for a fence that is not closed, or not at the left margin.",
                )
            ]
        )


def _identify(builder: _Builder) -> None:
    """Give each cell its id: by its exercise, else by a hash of what it holds."""
    seen: dict[str, int] = {}
    for cell, name in zip(builder.cells, builder.ids, strict=True):
        base = name or hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[base] = seen.get(base, 0) + 1
        cell["id"] = base if seen[base] == 1 else f"{base}-{seen[base]}"


class _Builder:
    """Collects cells, the line of the text behind each, and the ids that exercises prescribe."""

    def __init__(self, chapter: Chapter, exercises: Mapping):
        self.chapter, self.exercises = chapter, exercises
        self.cells: list[NotebookNode] = []
        self.lines: list[int] = []
        self.ids: list[str | None] = []
        self.solutions: dict[str, str] = {}
        self.complaints: list[Complaint] = []
        self.cursor = chapter.body_starts  # the line up to which the text has been turned into cells

    def add(self, cell: NotebookNode, line: int, name: str | None = None) -> None:
        self.cells.append(cell)
        self.lines.append(line)
        self.ids.append(name)

    def code(self, fence: Fence) -> None:
        self.cursor = fence.last_line
        if "exercise" in fence.attributes:
            self.exercise(fence, fence.attributes["exercise"])
            return
        cell = new_code_cell(fence.code)
        for kind in ("fig", "widget"):
            if kind in fence.attributes:
                cell.metadata["book"] = {kind: fence.attributes[kind]}
                cell.metadata["mystnb"] = {"image": {"alt": fence.attributes["alt"]}}
        self.add(cell, fence.line)

    def prose(self, source: str) -> None:
        """Add a text cell; a region between manual markers in it becomes a question and an answer cell."""
        lines = self.chapter.lines
        while self.cursor < len(lines) and not lines[self.cursor].strip():
            self.cursor += 1
        first = self.cursor + 1
        part: list[str] = []
        part_line = first
        manual: tuple[str, float, int] | None = None
        for line_number, line in enumerate(source.split("\n"), start=first):
            start = _MANUAL.fullmatch(line.strip())
            if start and manual is None:
                self._text(part, part_line)
                manual, part = (start[1], float(start[2]), line_number), []
            elif line.strip() == _MANUAL_END and manual is not None:
                self.manual(*manual, "\n".join(part))
                manual, part, part_line = None, [], line_number + 1
            elif line.strip().startswith("<!-- manual") or line.strip() == _MANUAL_END:
                self.complaints.append(
                    self.chapter.complain(
                        line_number,
                        f"{line.strip()!r} opens or closes no written answer.",
                        "Write <!-- manual: NAME points=N -->, the question, the model answer, <!-- end -->, "
                        "with no ```python fence between.",
                    )
                )
            else:
                part.append(line)
        if manual is not None:
            self.complaints.append(
                self.chapter.complain(
                    manual[2],
                    f"The written answer {manual[0]!r} is not closed before the next cell.",
                    f"Write {_MANUAL_END} after the model answer, before any ```python fence.",
                )
            )
        self._text(part, part_line)
        self.cursor = first + source.count("\n")

    def _text(self, part: list[str], line: int) -> None:
        """Add lines of prose, the first of which stands on `line`, unless they are all blank."""
        full = [i for i, text in enumerate(part) if text.strip()]
        if full:
            self.add(new_markdown_cell("\n".join(part[full[0] : full[-1] + 1])), line + full[0])

    def manual(self, name: str, points: float, line: int, source: str) -> None:
        """Add a question and the cell for its answer, which a person grades."""
        question, _, answer = source.partition(f"<!-- {BEGIN} -->")
        answer, closed, after = answer.partition(f"<!-- {END} -->")
        if not question.strip() or not answer.strip() or not closed or after.strip():
            self.complaints.append(
                self.chapter.complain(
                    line,
                    f"The written answer {name!r} needs a question and a model answer.",
                    f"Write the question, <!-- {BEGIN} -->, model answer and mark scheme, <!-- {END} -->, "
                    f"{_MANUAL_END}.",
                )
            )
            return
        if name in self.exercises or name in self.solutions:
            self.complaints.append(
                self.chapter.complain(line, f"The name {name!r} is taken.", "Choose another.")
            )
        label = f"*Written answer, {_points(points)}, read by a person.*"
        identity = name.replace("_", "-")
        self.add(new_markdown_cell(f"{question.strip()}\n\n{label}"), line, f"{identity}-text")
        cell = new_markdown_cell(f"<!-- {BEGIN} -->\n{answer.strip()}\n<!-- {END} -->")
        cell.metadata["nbgrader"] = _nbgrader(name, grade=True, solution=True, locked=False, points=points)
        self.add(cell, line, identity)
        self.solutions[name] = answer.strip()

    def exercise(self, fence: Fence, name: str) -> None:
        """Add the four parts of an exercise: what is asked, the solution, the test."""
        if name not in self.exercises:
            near = ", ".join(sorted(n for n, e in self.exercises.items() if e.chapter == self.chapter.name))
            self.complaints.append(
                self.chapter.complain(
                    fence.line,
                    f"The catalogue has no exercise {name!r}.",
                    f"It has for this chapter: {near or 'none'}.",
                )
            )
            return
        entry = self.exercises[name]
        if entry.chapter != self.chapter.name or name in self.solutions:
            given = (
                f"The exercise {name!r} stands here a second time."
                if name in self.solutions
                else f"The exercise {name!r} belongs to chapter {entry.chapter!r}."
            )
            self.complaints.append(self.chapter.complain(fence.line, given, "Leave it out here."))
            return
        try:
            header, body = split_solution(fence.code, entry)
        except ValueError as error:
            given, write = error.args
            self.complaints.append(self.chapter.complain(fence.line, given, write))
            return
        identity = name.replace("_", "-")
        self.add(new_markdown_cell(describe(entry)), fence.line, f"{identity}-text")
        answer = new_code_cell(f"{header}\n{docstring(entry)}\n    ### {BEGIN}\n{body}\n    ### {END}")
        answer.metadata["nbgrader"] = _nbgrader(f"{name}_answer", grade=False, solution=True, locked=False)
        self.add(answer, fence.line, f"{identity}-answer")
        test = new_code_cell(f"check({name})")
        test.metadata["nbgrader"] = _nbgrader(
            name, grade=True, solution=False, locked=True, points=entry.points
        )
        self.add(test, fence.line, identity)
        self.solutions[name] = body


def _nbgrader(
    grade_id: str, *, grade: bool, solution: bool, locked: bool, points: float | None = None
) -> dict:
    """Return nbgrader's metadata of a cell."""
    metadata = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        metadata["points"] = int(points) if points == int(points) else points
    return metadata


def _points(points: float) -> str:
    return f"{points:g} point" + ("" if points == 1 else "s")


def describe(entry) -> str:
    """Return the Markdown over an exercise: heading, difficulty and points, aim, folded hints."""
    parts = [
        f"### Exercise: `{entry.name}`",
        f"*{entry.difficulty.capitalize()}, {_points(entry.points)}.* {entry.aim}",
    ]
    for i, hint in enumerate(entry.hints, start=1):
        parts.append(f"<details><summary>Hint {i}</summary>\n\n{inspect.cleandoc(hint)}\n\n</details>")
    return "\n\n".join(parts)


def docstring(entry) -> str:
    """Return the docstring of an exercise as the indented lines of source that students get."""
    text = inspect.getdoc(entry.reference)
    if not text:
        raise ValueError(
            f"The catalogue's {entry.name!r} has no docstring.", "Give its reference one, with shapes."
        )
    quotes = 'r"""' if "\\" in text else '"""'
    own_line = "\n" if "\n" in text or text.endswith(('"', "\\")) else ""
    source = f'{quotes}{text}{own_line}"""'
    if '"""' in text:
        raise ValueError(
            f"The docstring of the catalogue's {entry.name!r} holds triple quotes.", "Leave them out of it."
        )
    return "\n".join("    " + line if line else "" for line in source.split("\n"))


def split_solution(code: str, entry) -> tuple[str, str]:
    """Return the def lines and the body of a solution, after comparing its signature with the catalogue's.

    Raises
    ------
    ValueError
        With two arguments, what was given and what to write.
    """
    wanted = ast.parse(f"{entry.signature}\n    pass").body[0]
    tree = ast.parse(code).body
    if len(tree) != 1 or not isinstance(tree[0], ast.FunctionDef) or tree[0].decorator_list:
        raise ValueError(
            f"The solution of {entry.name!r} is not one function.",
            f"Write `{entry.signature}` and its body, nothing beside it; "
            "imports stand in the chapter's first cell.",
        )
    function = tree[0]
    if function.name != entry.name or ast.dump(function.args) != ast.dump(wanted.args):
        raise ValueError(
            f"The solution begins `def {function.name}({ast.unparse(function.args)})`.",
            f"The catalogue says `{entry.signature}`.",
        )
    if ast.get_docstring(function) is not None:
        raise ValueError(
            f"The solution of {entry.name!r} has a docstring.", "Leave it out: the catalogue's stands there."
        )
    lines = code.split("\n")
    first = function.body[0].lineno - 1
    if first == function.lineno - 1:
        raise ValueError(
            f"The solution of {entry.name!r} stands on its def line.", "Write its body on lines below."
        )
    while first > 0 and (not lines[first - 1].strip() or lines[first - 1].strip().startswith("#")):
        first -= 1  # comments over the first statement belong to the body
    body = "\n".join(lines[first:]).strip("\n")
    if BEGIN in code or END in code:
        raise ValueError(
            f"The solution of {entry.name!r} holds solution markers.", "Leave them out: they are added."
        )
    return "\n".join(lines[:first]), body


def dumps(notebook: NotebookNode) -> str:
    """Return the notebook as the text of its file, the same for the same cells."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"
