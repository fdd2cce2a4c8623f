"""What the tests of official grading share: a sandbox or the reason to skip, and runs of the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # for `making` and `attacks`


def _why_no_sandbox() -> str:
    from nn_grading.sandbox import Sandbox, SandboxError

    try:
        with Sandbox() as box:
            box.start()
    except SandboxError as error:
        return str(error).splitlines()[0]
    return ""


WHY = _why_no_sandbox()


@pytest.fixture(scope="session")
def sandboxed() -> None:
    """Skip, saying why, where students' code cannot be isolated."""
    if WHY:
        pytest.skip(WHY)


@pytest.fixture
def box(sandboxed):
    """A sandbox for one test."""
    from nn_grading.sandbox import Sandbox

    with Sandbox() as box:
        yield box


def grade_command(*words: object, prefix: tuple[str, ...] = (), **options) -> subprocess.CompletedProcess:
    """Run `python -m nn_grading grade` with these words and return what it did."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **options.pop("env", {})}
    return subprocess.run(
        [*prefix, sys.executable, "-m", "nn_grading", "grade", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=options.pop("cwd", ROOT),
        env=environment,
        check=False,
        timeout=options.pop("timeout", 600),
        **options,
    )


@pytest.fixture(scope="session")
def grade_cli(sandboxed):
    """The command, as a function."""
    return grade_command
