"""The command line: `python -m nn_grading grade SUBMITTED --out OUT`."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import click


@click.group(no_args_is_help=True)
def app() -> None:
    """Official grading of the course's notebooks: isolated, complete, fast."""


@app.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Where grades.csv, results/, feedback/ and report.html go.",
)
@click.option("--assignment", help="This assignment only.")
@click.option("--student", help="This student only.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default=True,
    help="Processes on this machine.",
)
@click.option("--scheduler", help="A dask scheduler (tcp://host:8786), or 'local' to start one.")
@click.option("--gradebook", help="nbgrader's database, e.g. sqlite:///grading/gradebook.db.")
@click.option(
    "--time-limit",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    help="Seconds for one exercise of one submission.",
)
@click.option(
    "--memory-limit",
    type=click.IntRange(256, 2**20),
    default=1024,
    show_default=True,
    help="Megabytes for the code of one submission.",
)
@click.option(
    "--extra-time",
    type=click.Path(path_type=Path),
    help="CSV with student, assignment (may be empty), hours: later deadlines.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be graded, and stop.")
@click.option("--fresh-worker", is_flag=True, help="A new sandbox for every submission, for exams.")
@click.option("--unsafe", is_flag=True, help="Without a sandbox: only for code that you would run yourself.")
def grade(**words: object) -> None:
    """Grade submissions in nbgrader's layout; start it again and it goes on where it was.

    SUBMITTED holds <student>/<assignment>/<assignment>.ipynb.
    """
    gc.disable()  # what is imported stays: to look for garbage in it takes a tenth of the time
    from nn_grading import batch

    gc.freeze()
    gc.enable()
    try:
        code = batch.run(batch.Request(**words), sys.stdout)
    except batch.BadRequestError as error:
        click.echo(f"Error: {error}", err=True)
        code = 2
    sys.exit(code)


if __name__ == "__main__":
    app(prog_name="python -m nn_grading")
