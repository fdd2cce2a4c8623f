"""The command line: `python -m nn_book build | check | site | pdf`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nn_book.build import build as build_book
from nn_book.check import check as check_book
from nn_book.complaints import BookError, Complaint

ROOT = Path(__file__).resolve().parent.parent
app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Text to notebooks to chapters to the web."
)


def _end(complaints: list[Complaint]) -> None:
    """Print the complaints and leave with 1 if there are any."""
    for complaint in sorted(set(complaints)):
        typer.echo(str(complaint), err=True)
    if complaints:
        typer.echo(f"{len(set(complaints))} to mend.", err=True)
        raise typer.Exit(1)


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Chapters, e.g. 02_perceptron; else all.")] = None,
) -> None:
    """Bring solutions/*.ipynb and chapters/ up to the texts; what has not changed is left alone."""
    try:
        outcome = build_book(ROOT, [Path(name).name for name in names or ()], say=typer.echo)
    except BookError as error:
        _end(error.complaints)
        return
    if not outcome.written and not outcome.complaints:
        typer.echo("Everything is up to date.")
    _end(outcome.complaints)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Chapters, e.g. 02_perceptron; else all.")] = None,
) -> None:
    """Complain of drift, silent traps, leaks and dead references; no file is changed."""
    report = check_book(ROOT, [Path(name).name for name in names or ()], say=typer.echo)
    _show(report.counts)
    _end(report.complaints)


@app.command()
def site(
    solutions: Annotated[bool, typer.Option(help="Solutions behind folds, or nowhere (for courses).")] = True,
    lite: Annotated[bool, typer.Option(help="The browser edition too.")] = True,
    pyodide: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="A Pyodide runtime that the site brings along; else readers load it from its public CDN.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to; else _build/site.")] = None,
) -> None:
    """Build the web book from the notebooks, with the browser edition under it."""
    from nn_book.site import build_site

    try:
        build_site(ROOT, solutions=solutions, lite=lite, pyodide=pyodide, out=out, say=typer.echo)
    except BookError as error:
        _end(error.complaints)


@app.command()
def pdf(out: Annotated[Path | None, typer.Option(help="Where to; else _build/book.pdf.")] = None) -> None:
    """Print the whole book from the notebooks: no hints, no solutions, answers to predictions open."""
    from nn_book.pdf import build_pdf

    try:
        build_pdf(ROOT, out=out, say=typer.echo)
    except BookError as error:
        _end(error.complaints)


def _show(counts: dict[str, dict[str, int]]) -> None:
    """Print how much each chapter holds."""
    if not counts:
        return
    table = Table("chapter", *next(iter(counts.values())), show_footer=len(counts) > 1, box=None)
    for column, key in zip(table.columns[1:], next(iter(counts.values())), strict=True):
        column.justify = "right"
        column.footer = f"{sum(row[key] for row in counts.values()):,}"
    for name, row in counts.items():
        table.add_row(name, *(f"{value:,}" for value in row.values()))
    Console(width=max(110, Console().width)).print(table)  # a log of fewer columns would cut the words


if __name__ == "__main__":
    app()
