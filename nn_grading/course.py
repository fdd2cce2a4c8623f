"""What the course asks: assignments, their exercises and points, and the chapters as students received them.

Exercises come from the catalogue; their order and the untouched cells from chapters/. The fingerprint of an
exercise covers all of the catalogue that grades it, so that an erratum regrades what it touches and no more.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from nn_exercises import EXERCISES
from nn_exercises.exercise import Exercise
from nn_grading import names, notebook

ROOT = Path(__file__).resolve().parent.parent
SETS = 4  # secret sets of random cases of each exercise; each submission is given one of them


@dataclass(frozen=True)
class Assignment:
    """One chapter's exercises in the chapter's order, and its own cells, read when they are asked for."""

    name: str
    catalogue: tuple[Exercise, ...]  # in the catalogue's order
    path: Path  # of the chapter as students received it

    @cached_property
    def cells(self) -> tuple[notebook.Cell, ...]:
        """The chapter's cells, none if it is not built."""
        return notebook.read(self.path.read_bytes()).cells if self.path.is_file() else ()

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises in the order of their test cells."""
        place = {cell.grade_id: cell.number for cell in self.cells if cell.is_test}
        return tuple(sorted(self.catalogue, key=lambda e: place.get(e.name, len(self.cells))))

    @cached_property
    def own_sources(self) -> frozenset[str]:
        """The texts of the course's code cells, by which an unchanged cell is known."""
        return frozenset(cell.source.strip() for cell in self.cells if cell.kind == "code")

    @cached_property
    def tests(self) -> dict[str, str]:
        """The source of each test cell, by exercise."""
        return {cell.grade_id: cell.source for cell in self.cells if cell.is_test}


@dataclass(frozen=True)
class Course:
    """All assignments, the secret that draws their cases, and the version of what grades them."""

    assignments: dict[str, Assignment]
    secret: bytes = field(repr=False)
    root: Path = ROOT

    def seeds(self, student: str, assignment: str, exercise: str, submitted: str) -> tuple[int, int]:
        """Return the seeds of a submission's cases, the same on a regrade.

        The first is that of one of a few secret sets; the second draws what this submission alone meets. What
        was submitted (its hash) has its part in both, so that what the feedback on one
        try shows is not what the next one meets.
        """
        chosen = self._digest("set", student, assignment, exercise, submitted)
        shared = self._digest("seed", exercise, str(chosen[0] % SETS))
        return int.from_bytes(shared[:6], "big"), int.from_bytes(chosen[1:7], "big")

    def _digest(self, *words: str) -> bytes:
        text = "\0".join(words).encode(errors="surrogateescape")
        return hashlib.blake2b(text, key=self.secret[:64], digest_size=16).digest()


def load(root: Path = ROOT, secret: bytes = b"") -> Course:
    """Return the course: the catalogue's exercises by chapter, in the order of chapters/ if built."""
    chapters: dict[str, list[Exercise]] = {}
    for exercise in EXERCISES.values():
        chapters.setdefault(exercise.chapter, []).append(exercise)
    found = {
        name: Assignment(name, tuple(exercises), root / "chapters" / name / f"{name}.ipynb")
        for name, exercises in sorted(chapters.items())
    }
    return Course(found, secret, root)


def secret_of(root: Path, instead: Path) -> bytes:
    """Return the secret in `root`/grading/secret, made once; in `instead` where that is impossible."""
    for folder in (root / "grading", instead):
        path = folder / "secret"
        try:
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                draft = folder / f"secret.{os.getpid()}"
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(secrets.token_hex(32).encode())
                try:
                    os.link(draft, path)  # the first of several runs wins
                except FileExistsError:
                    pass
                finally:
                    draft.unlink()
            data = path.read_bytes().strip()
            if len(data) >= 32:
                return data
            raise SystemExit(
                f"{path} is damaged: it holds {len(data)} bytes. Delete it to have a new one made."
            )
        except OSError:
            continue
    raise OSError(f"no secret can be kept in {root / 'grading'} or {instead}")


@lru_cache(maxsize=1)
def version() -> str:
    """Return a short hash of everything that grades, the catalogue's chapters aside."""
    packages = [Path(__file__).parent, *(ROOT / name for name in ("nn_exercises", "nn_core"))]
    digest = hashlib.sha256()
    for place in packages:
        for path in sorted(place.glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=256)
def fingerprint(name: str) -> str:
    """Return a hash of one exercise: its entry with all that the entry uses, and `version`."""
    exercise = EXERCISES[name]
    module = inspect.getmodule(inspect.unwrap(exercise.reference))
    book = _module_book(module.__file__)
    about = [version(), name, repr(exercise.points)]
    about += sorted(set(_texts_of(book, name)))
    return hashlib.sha256("\0".join(about).encode()).hexdigest()[:16]


@lru_cache(maxsize=32)
def _module_book(path: str) -> names.Notebook:
    return names.Notebook([(1, Path(path).read_text(encoding="utf-8"), False)])


def _texts_of(book: names.Notebook, name: str) -> Iterator[str]:
    """Yield the statements of a catalogue module that belong to the exercise `name`."""
    for pieces in list(book.bindings.values()):
        for piece in pieces:
            if name in piece.statement.binds or name in piece.statement.uses_now:
                yield from (needed.statement.text for needed in book.needed(piece))


def catalogue_version(assignment: Assignment) -> str:
    """Return the version on feedback pages: of the grader and of the assignment's exercises."""
    parts = "".join(fingerprint(exercise.name) for exercise in assignment.exercises)
    return f"{version()[:6]}-{hashlib.sha256(parts.encode()).hexdigest()[:6]}"
