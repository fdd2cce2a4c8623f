"""What the builder says when it refuses: where, what was given, what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Complaint:
    """One reason why a chapter cannot stay as it is.

    Parameters
    ----------
    path
        The file, relative to the repository where that is possible.
    line
        The line in it, counted from 1; 0 where the whole file is meant.
    given
        What was found there.
    write
        What to write, or which command to run, instead.
    """

    path: str
    line: int
    given: str
    write: str

    def __str__(self) -> str:
        """Return the complaint as one paragraph that an editor can jump from."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.given} {self.write}"


class BookError(Exception):
    """Raised when something cannot be built; carries every complaint, not only the first."""

    def __init__(self, complaints: Iterable[Complaint]):
        self.complaints = sorted(set(complaints))
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


def relative(path: Path, root: Path) -> str:
    """Return `path` as complaints name it: from the repository's root, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
