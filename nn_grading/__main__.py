"""The command line: `python -m nn_grading grade SUBMITTED --out OUT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nn_grading import batch

app = typer.Typer(
    help="Official grading of the course's notebooks: isolated, complete, fast.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Official grading of the course's notebooks: isolated, complete, fast."""


@app.command()
def grade(
    submitted: Annotated[Path, typer.Argument(help="SUBMITTED/<student>/<assignment>/<assignment>.ipynb")],
    out: Annotated[Path, typer.Option(help="Where grades.csv, results/, feedback/ and report.html go.")],
    assignment: Annotated[str | None, typer.Option(help="This assignment only.")] = None,
    student: Annotated[str | None, typer.Option(help="This student only.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None, typer.Option(help="A dask scheduler (tcp://host:8786), or 'local' to start one.")
    ] = None,
    gradebook: Annotated[
        str | None, typer.Option(help="nbgrader's database, e.g. sqlite:///grading/gradebook.db.")
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds for one exercise of one submission.")
    ] = 10.0,
    memory_limit: Annotated[
        int, typer.Option(min=256, max=2**20, help="Megabytes for the code of one submission.")
    ] = 1024,
    extra_time: Annotated[
        Path | None, typer.Option(help="CSV with student, assignment (may be empty), hours: later deadlines.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be graded, and stop.")] = False,
    fresh_worker: Annotated[
        bool, typer.Option("--fresh-worker", help="A new sandbox for every submission, for exams.")
    ] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Without a sandbox: only for code that you would run yourself.")
    ] = False,
) -> None:
    """Grade submissions in nbgrader's layout; start it again and it goes on where it was."""
    request = batch.Request(
        submitted,
        out,
        assignment,
        student,
        jobs,
        scheduler,
        gradebook,
        time_limit,
        memory_limit,
        extra_time,
        dry_run,
        fresh_worker,
        unsafe,
    )
    try:
        raise typer.Exit(batch.run(request, Console(stderr=False)))
    except batch.BadRequestError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    sys.exit(app())
