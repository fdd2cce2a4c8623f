"""Submissions for tests and benchmarks, made from the catalogue."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from nn_exercises import EXERCISES
from nn_exercises.exercise import Exercise
from nn_grading import names

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = (
    "import numpy as np\nimport matplotlib.pyplot as plt\nimport nn_core as nn\n"
    "from nn_core import plotting, widgets\nfrom nn_exercises import check"
)


@lru_cache(maxsize=32)
def _module(path: str) -> tuple[dict[int, ast.FunctionDef | ast.Lambda], names.Notebook]:
    """Return a catalogue module's functions by first line, and its other definitions, all undecorated."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    functions, helpers = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            functions.setdefault(node.lineno, node)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            functions[first] = node
            if not node.decorator_list:
                helpers.append(ast.unparse(node))
            node.decorator_list = []
        elif not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            helpers.append(ast.unparse(node))
    return functions, names.Notebook([(i, text, False) for i, text in enumerate(helpers)])


@lru_cache(maxsize=4096)
def _source(path: str, line: int, name: str) -> str:
    functions, helpers = _module(path)
    node = functions[line]
    if isinstance(node, ast.Lambda):
        text = f"def {name}({ast.unparse(node.args)}):\n    return {ast.unparse(node.body)}"
    else:
        if ast.get_docstring(node) and len(node.body) > 1:
            node.body = node.body[1:]
        text = ast.unparse(node).replace(f"def {node.name}(", f"def {name}(", 1)
    own = names.statements(text)[0]
    found: dict[tuple[int, int], str] = {}
    for used in own.uses_now | own.uses_later:
        for reading in helpers.readings(used, None):
            found |= {piece.place: piece.statement.text for piece in reading.pieces}
    return "\n\n\n".join([*(found[place] for place in sorted(found)), text])


def answer(exercise: Exercise, mistake: int | None = None) -> str:
    """Return the source of the reference answer or of a known mistake, with the helpers it uses."""
    code = exercise.reference if mistake is None else exercise.mistakes[mistake].code
    return _source(code.__code__.co_filename, code.__code__.co_firstlineno, exercise.name)


def wrong_answers(exercise: Exercise) -> list[str]:
    """Return the sources of the known mistakes that are written as functions of their own."""
    lines = _module(exercise.reference.__code__.co_filename)[0]
    found = [i for i, m in enumerate(exercise.mistakes) if m.code.__code__.co_firstlineno in lines]
    return [answer(exercise, i) for i in found if not exercise.mistakes[i].code.__closure__]


def stub(exercise: Exercise) -> str:
    """Return the cell as students receive it."""
    return f"{exercise.signature}\n    # YOUR CODE HERE\n    raise NotImplementedError"


def code(source: str, **marks: object) -> dict:
    """Return a code cell, marked for nbgrader where `marks` are given."""
    metadata = {"nbgrader": {"schema_version": 3, "task": False, **marks}} if marks else {}
    return {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": [],
        "execution_count": None,
    }


def prose(source: str) -> dict:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def solution_cell(name: str, source: str) -> dict:
    """Return the solution cell of an exercise."""
    return code(source, grade_id=f"{name}_answer", solution=True, grade=False, locked=False)


def test_cell(exercise: Exercise) -> dict:
    """Return the test cell of an exercise."""
    marks = {"grade_id": exercise.name, "solution": False, "grade": True, "locked": True}
    return code(f"check({exercise.name})", points=exercise.points, **marks)


test_cell.__test__ = False  # not a test of pytest's


def chapter(name: str, exercises: list[Exercise] | None = None, **answers: str | None) -> dict:
    """Return a chapter's notebook: `answers` by exercise, right where none is given, untouched where None."""
    cells = [prose(f"# {name}"), code(IMPORTS)]
    for exercise in exercises or of_chapter(name):
        source = answers.get(exercise.name, "")
        source = stub(exercise) if source is None else source or answer(exercise)
        cells += [prose(f"### {exercise.name}"), solution_cell(exercise.name, source), test_cell(exercise)]
    return document(cells)


def document(cells: list[dict]) -> dict:
    """Return a notebook with these cells."""
    for number, cell in enumerate(cells):
        cell.setdefault("id", f"c{number}")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def of_chapter(name: str) -> list[Exercise]:
    """Return the exercises of a chapter."""
    return [exercise for exercise in EXERCISES.values() if exercise.chapter == name]


def mixed(name: str, seed: int, wrong: float = 0.35, missing: float = 0.15) -> dict:
    """Return a chapter in which some answers are known mistakes and some are missing."""
    draw, answers = random.Random(seed), {}
    for exercise in of_chapter(name):
        luck = draw.random()
        if luck < missing:
            answers[exercise.name] = None
        elif luck < missing + wrong and wrong_answers(exercise):
            answers[exercise.name] = draw.choice(wrong_answers(exercise))
    return chapter(name, **answers)


def hand_in(submitted: Path, student: str, assignment: str, notebook: dict | bytes | str) -> Path:
    """Write a submission in nbgrader's layout and return its file."""
    path = submitted / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(notebook, dict):
        notebook = json.dumps(notebook)
    path.write_bytes(notebook if isinstance(notebook, bytes) else notebook.encode())
    return path


def nbgrader(course: Path, *words: str) -> None:
    """Run stock nbgrader in a course's folder, which is its home too."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(course),
        "MPLBACKEND": "agg",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course,
        env=env,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
