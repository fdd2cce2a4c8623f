"""The command line: `python -m nn_exercises list | audit | check answers.py | progress`."""

from __future__ import annotations

import linecache
import sys
import types
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from nn_exercises import EXERCISES, check
from nn_exercises import progress as progress_of
from nn_exercises.audit import audit as audit_exercise

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The graded exercises of the book.",
    pretty_exceptions_enable=False,
)


@app.command(name="list")
def list_exercises() -> None:
    """Show all exercises: chapter, difficulty, points."""
    table = Table("exercise", "chapter", "difficulty")
    table.add_column("points", justify="right")
    for e in EXERCISES.values():
        table.add_row(e.name, e.chapter, e.difficulty, f"{e.points:g}")
    total = sum(e.points for e in EXERCISES.values())
    table.add_row(f"{len(EXERCISES)} exercises", "", "", f"{total:g}", style="bold")
    Console().print(table)


@app.command()
def audit(
    names: Annotated[list[str] | None, typer.Argument(help="Exercises or chapters; all by default.")] = None,
    seed: Annotated[int, typer.Option(help="Draw the cases from another seed than the notebooks'.")] = 2026,
) -> None:
    """Prove the catalogue: right answers pass, each mistake fails with its own name, no mutant survives."""
    chosen = [e for e in EXERCISES.values() if not names or e.name in names or e.chapter in names]
    for name in set(names or ()) - {e.name for e in chosen} - {e.chapter for e in chosen}:
        raise typer.BadParameter(f"no exercise or chapter is named {name}")
    console = Console(width=max(100, Console().width))
    reports = [
        audit_exercise(e, seed)
        for e in track(chosen, "auditing", console=Console(stderr=True), transient=True)
    ]
    table = Table("exercise")
    for column in (
        "mistakes told apart",
        "alike",
        "variants accepted",
        "mutants",
        "killed",
        "equivalent",
        "faults",
    ):
        table.add_column(column, justify="right")
    for r in reports:
        table.add_row(
            r.exercise.name,
            f"{r.told_apart} of {len(r.exercise.mistakes)}",
            str(len(r.alike)),
            f"{r.variants} of {len(r.exercise.variants)}",
            str(r.mutants),
            str(r.killed),
            str(r.equivalent),
            str(len(r.faults)) if r.faults else "-",
        )
    total = [sum(getattr(r, name) for r in reports) for name in ("mutants", "killed", "equivalent")]
    table.add_row(
        f"{len(reports)} exercises",
        f"{sum(r.told_apart for r in reports)} of {sum(len(r.exercise.mistakes) for r in reports)}",
        str(sum(len(r.alike) for r in reports)),
        f"{sum(r.variants for r in reports)} of {sum(len(r.exercise.variants) for r in reports)}",
        *map(str, total),
        str(sum(len(r.faults) for r in reports)),
        style="bold",
    )
    console.print(table)
    for r in reports:
        for pair in r.alike:
            console.print(
                f"{r.exercise.name}: {pair[0]!r} does the same as {pair[1]!r} in every case",
                markup=False,
                soft_wrap=True,
            )
        for fault in r.faults:
            console.print(
                f"{r.exercise.name}: {fault}", style="red", markup=False, highlight=False, soft_wrap=True
            )
    if any(r.faults for r in reports):
        raise typer.Exit(1)


@app.command(name="check")
def check_file(
    file: Annotated[
        Path, typer.Argument(help="A Python file with your functions.", exists=True, dir_okay=False)
    ],
) -> None:
    """Check the answers in a plain Python file, and say in plain text what holds and what does not."""
    source = file.read_text(encoding="utf-8")
    module = types.ModuleType(file.stem)
    module.__file__ = str(file)
    sys.path.insert(0, str(file.resolve().parent))
    try:
        linecache.checkcache(str(file))
        exec(compile(source, str(file), "exec"), module.__dict__)
    except (Exception, SystemExit) as e:
        line = e.lineno if isinstance(e, SyntaxError) else _line_of(e, str(file))
        typer.echo(
            f"{file} stopped in line {line}, before anything could be checked. {type(e).__name__}: {e}"
        )
        raise typer.Exit(1) from None
    found = [name for name in EXERCISES if name in vars(module)]
    if not found:
        typer.echo(f"{file} defines none of the exercises; `python -m nn_exercises list` shows their names.")
        raise typer.Exit(1)
    results = [check(vars(module)[name], name=name) for name in found]
    typer.echo("\n\n".join(r.text() for r in results))
    points, total = sum(r.score for r in results), sum(r.max_score for r in results)
    passed = sum(r.passed for r in results)
    typer.echo(f"\n{passed} of {len(results)} exercises right, {points:g} of {total:g} points")
    if passed < len(results):
        raise typer.Exit(1)


def _line_of(e: BaseException, file: str) -> int | None:
    line, tb = None, e.__traceback__
    while tb is not None:
        line = tb.tb_lineno if tb.tb_frame.f_code.co_filename == file else line
        tb = tb.tb_next
    return line


@app.command()
def progress(
    folder: Annotated[Path, typer.Argument(help="The folder that holds the chapters' folders.")] = Path(
        "work"
    ),
) -> None:
    """Show your points by chapter, as your saved notebooks record them."""
    typer.echo(progress_of(folder).text())


if __name__ == "__main__":
    app(prog_name="python -m nn_exercises")
