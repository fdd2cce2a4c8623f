"""The instructor's page: its numbers are the catalogue's, and each of its commands runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import making
import pytest

from nn_exercises import EXERCISES

PAGE = (making.ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def test_points_and_counts_are_the_catalogues():
    table = dict(re.findall(r"^\| [\d, ]+ \| (\d\d_\w+) \| .*? \| (\d+ \| \d+) \|$", PAGE, re.MULTILINE))
    chapters = sorted({exercise.chapter for exercise in EXERCISES.values()})
    expected = {
        name: f"{len(making.of_chapter(name))} | {sum(e.points for e in making.of_chapter(name)):g}"
        for name in chapters
    }
    assert table == expected


def test_every_option_of_the_command_is_there_and_every_word_exists(grade_cli):
    options = set(re.findall(r"--[a-z][a-z-]+", grade_cli("--help").stdout)) - {"--help"}
    assert options >= {
        "--out",
        "--assignment",
        "--student",
        "--jobs",
        "--scheduler",
        "--gradebook",
        "--time-limit",
        "--memory-limit",
        "--extra-time",
        "--dry-run",
        "--unsafe",
    }
    for command in COMMANDS:
        if "nn_grading" in command:
            assert set(re.findall(r"--[a-z][a-z-]+", command)) <= options


@pytest.mark.slow
def test_each_command_runs(tmp_path, sandboxed):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed")
    chapter = "02_perceptron"
    for name in ("nn_core", "nn_exercises", "nn_grading", "nn_book"):
        shutil.copytree(making.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(making.ROOT / "nbgrader_config.py", tmp_path)
    for name in ("solutions", "grading"):
        (tmp_path / name).mkdir()
    stubs = {exercise.name: None for exercise in making.of_chapter(chapter)}
    making.hand_in(tmp_path / "chapters", ".", chapter, making.chapter(chapter, **stubs))
    submitted = tmp_path / "grading" / "submitted"
    for number in range(3):
        making.hand_in(submitted, f"s{number}", chapter, making.mixed(chapter, number))
        (submitted / f"s{number}" / chapter / "timestamp.txt").write_text("2027-01-15 10:00:00 UTC")
    (tmp_path / "grading" / "extra.csv").write_text("student,assignment,hours\ns0,02_perceptron,48\ns1,,24\n")
    bin_folder = Path(sys.executable).parent
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    ran = 0
    for command in COMMANDS:
        words = shlex.split(command)
        if words[0] == "make":  # the builder's own tests run it
            continue
        words[0] = {"python": sys.executable}.get(words[0], words[0])
        if words[0] == "nbgrader":
            words[:1] = [sys.executable, "-m", "nbgrader"]
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        ran += 1
    assert ran >= 7
    for path in (
        "grades.csv",
        "report.html",
        "export.csv",
        f"feedback/s0/{chapter}.html",
        f"feedback/s0/{chapter}/{chapter}.html",
        f"autograded/s0/{chapter}/{chapter}.ipynb",
        "secret",
    ):
        assert (tmp_path / "grading" / path).is_file(), path
    assert (tmp_path / "grading" / "secret").stat().st_mode & 0o777 == 0o600
