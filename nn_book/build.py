"""Building: what changed is run again, everything is made in a temporary folder, and moved where it differs.

A solution notebook carries a hash of what it was made from (text, nn_core, the engine and the chapter's
exercises, this builder) and one of its outputs. While both agree, its cells need not run again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nn_book.complaints import BookError, Complaint
from nn_book.execute import execute, outputs_digest
from nn_book.notebook import Draft, draft, dumps
from nn_book.release import release
from nn_book.text import chapter_names, read_chapter, unknown_chapters

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a build did: the files it wrote, and why some chapters were not built."""

    written: list[Path] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)


def catalogue() -> Mapping:
    """Return the catalogue of exercises; imported late, because only building needs it."""
    from nn_exercises import EXERCISES

    return EXERCISES


def build(
    root: Path, names: Sequence[str] = (), exercises: Mapping | None = None, say: Say = lambda line: None
) -> Outcome:
    """Bring solutions/*.ipynb and chapters/ up to their texts.

    Parameters
    ----------
    root
        The repository.
    names
        Chapters, e.g. ["02_perceptron"]; all of them without.
    exercises
        The catalogue; nn_exercises.EXERCISES without.
    say
        Called with a line for each chapter that is run or written.
    """
    unknown, outcome = unknown_chapters(root, names), Outcome()
    if unknown:
        raise BookError(unknown)
    exercises = catalogue() if exercises is None else exercises
    drafts = drafts_of(root, names or chapter_names(root), exercises, outcome.complaints)
    finished: dict[str, str] = {}
    stale = []
    for name, made in drafts.items():
        stored = stored_notebook(root, name)
        if stored is not None and up_to_date(made, stored):
            finished[name] = solution_path(root, name).read_text("utf-8")
        else:
            stale.append(made)
    for made in stale:
        say(f"running {made.chapter.name}")
    outcome.complaints += execute(stale)
    broken = {complaint.path for complaint in outcome.complaints}
    for made in stale:
        if f"solutions/{made.chapter.name}/{made.chapter.name}.md" not in broken:
            stamp(made)
            finished[made.chapter.name] = dumps(made.notebook)

    (root / "_build").mkdir(exist_ok=True)  # beside its destination, so that a move is one step
    with tempfile.TemporaryDirectory(dir=root / "_build", prefix="book-") as folder:
        students = release(finished, root, Path(folder))
        for name, text in finished.items():
            for path, new in ((solution_path(root, name), text), (student_path(root, name), students[name])):
                if not path.exists() or path.read_text("utf-8") != new:
                    _move(new, path, Path(folder) / "moving")
                    outcome.written.append(path)
                    say(f"wrote {path.relative_to(root).as_posix()}")
    return outcome


def drafts_of(
    root: Path, names: Sequence[str], exercises: Mapping, complaints: list[Complaint]
) -> dict[str, Draft]:
    """Return the drafts of the chapters that can be drafted; the others' complaints are appended."""
    drafts = {}
    for name in sorted(set(names)):
        try:
            drafts[name] = draft(read_chapter(root, name), exercises)
        except BookError as error:
            complaints += error.complaints
    return drafts


def solution_path(root: Path, name: str) -> Path:
    """Return where a chapter's solution notebook stands."""
    return root / "solutions" / name / f"{name}.ipynb"


def student_path(root: Path, name: str) -> Path:
    """Return where a chapter's notebook for students stands."""
    return root / "chapters" / name / f"{name}.ipynb"


def stored_notebook(root: Path, name: str) -> NotebookNode | None:
    """Return the solution notebook as it lies there, or None if there is none that can be read."""
    try:
        return nbformat.read(solution_path(root, name), as_version=nbformat.NO_CONVERT)
    except (OSError, ValueError, nbformat.reader.NotJSONError):
        return None


def stamp(made: Draft) -> None:
    """Write into a notebook what it was made from."""
    made.notebook.metadata["book"] = {
        "made_from": inputs_digest(made.chapter.root, made.chapter.name),
        "outputs": outputs_digest(made.notebook),
    }


def up_to_date(made: Draft, stored: NotebookNode) -> bool:
    """Whether a stored notebook has the draft's cells, was made from the same files and kept its outputs."""
    marks = stored.metadata.get("book", {})
    return (
        marks.get("made_from") == inputs_digest(made.chapter.root, made.chapter.name)
        and marks.get("outputs") == outputs_digest(stored)
        and sources(stored) == sources(made.notebook)
    )


def sources(notebook: NotebookNode) -> list[tuple]:
    """Return a notebook's cells without what running adds, and its metadata without the stamp."""
    metadata = {key: value for key, value in notebook.metadata.items() if key != "book"}
    return [metadata, *((cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells)]


def inputs_digest(root: Path, name: str) -> str:
    """Return a hash of everything that shapes a chapter's notebook.

    Comment lines and blank lines of the code do not count: they change no output.
    """
    digest = hashlib.sha256()
    for path in _inputs(root, name):
        content = path.read_bytes().replace(b"\r\n", b"\n")  # as git hands files out on Windows
        if path.suffix == ".py":
            lines = (line.rstrip() for line in content.split(b"\n"))
            content = b"\n".join(line for line in lines if line and not line.lstrip().startswith(b"#"))
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _inputs(root: Path, name: str) -> Iterator[Path]:
    yield root / "solutions" / name / f"{name}.md"
    yield root / "nbgrader_config.py"
    shaping = ("text", "notebook", "execute", "release")
    yield from (root / "nn_book" / f"{module}.py" for module in shaping if (root / "nn_book").exists())
    for package in ("nn_core", "nn_exercises"):
        for path in sorted((root / package).rglob("*")):
            chapter = path.stem.removeprefix("chapter_") if path.parent.name == "catalogue" else name[:2]
            foreign = chapter[:2].isdigit() and chapter[:2] != name[:2]
            if path.is_file() and "__pycache__" not in path.parts and path.stem != "__main__" and not foreign:
                yield path


def _move(text: str, path: Path, through: Path) -> None:
    """Write `text` beside and move it to `path` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    through.write_text(text, "utf-8", newline="\n")
    through.replace(path)
