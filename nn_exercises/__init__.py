"""The graded exercises of the book: `check` runs an answer, judges it, and names its mistake.

`EXERCISES` holds every exercise by name; the catalogue has one module a chapter.
"""

from nn_exercises.catalogue import collect
from nn_exercises.checking import check
from nn_exercises.progress import progress
from nn_exercises.result import Result

__all__ = ["EXERCISES", "Result", "check", "progress"]

EXERCISES = collect()
