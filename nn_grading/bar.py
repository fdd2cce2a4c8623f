"""The bar that shows in a terminal how far a run is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TextIO

EVERY = 0.2  # seconds between two pictures of the bar


@contextlib.contextmanager
def progress(total: int, out: TextIO) -> Iterator[Callable[[int], None]]:
    """Yield the function to call with how many of `total` are done; without a terminal it does nothing."""
    if not out.isatty():
        yield lambda done: None
        return
    # Imported here: nobody waits for it where no bar is shown.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(file=out), auto_refresh=False) as bar:
        task, shown = bar.add_task("grading", total=total), 0.0

        def show(done: int) -> None:
            nonlocal shown
            if done == total or time.monotonic() - shown > EVERY:
                shown = time.monotonic()
                bar.update(task, completed=done, refresh=True)

        yield show
