"""Running a draft: in a kernel whose surroundings are fixed, with outputs that are the same every time.

BLAS runs on one thread, because a sum split over threads rounds differently; hashing of strings and
matplotlib's settings are pinned too, and nobody's own IPython profile takes part.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from nn_book.complaints import BookError, Complaint
from nn_book.notebook import METADATA, Draft

AT_A_TIME = 2  # chapters: one for each core of a small machine
SECONDS_A_CELL = 300
WIDGET = "application/vnd.jupyter.widget-view+json"
IMAGES = ("image/png", "image/svg+xml", "image/jpeg")

PINNED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
PROFILE = """import warnings

c = get_config()
# What the book's own code does that will stop working one day is shown, and so refused.
for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
    warnings.filterwarnings("default", category=category, module="__main__|nn_core|nn_exercises")
c.IPKernelApp.log_level = "ERROR"
c.HistoryManager.enabled = False
# The Software tag of a PNG names matplotlib's version, and would change with it.
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Software": None}}
"""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# What such a cell shows depends on the reader's own files; nbval skips it by the same mark.
_OF_THE_READER = re.compile(r"^# NBVAL_IGNORE_OUTPUT$", re.MULTILINE)


def execute(drafts: Sequence[Draft], done: Callable[[Draft], None] = lambda draft: None) -> list[Complaint]:
    """Run the drafts' notebooks in place, two at a time, and return what is wrong with their outputs."""

    async def run_all() -> list[list[Complaint]]:
        places = asyncio.Semaphore(AT_A_TIME)
        return await asyncio.gather(*(run_one(draft, places) for draft in drafts))

    async def run_one(draft: Draft, places: asyncio.Semaphore) -> list[Complaint]:
        async with places:
            try:
                await _run(draft, profile)
            except BookError as error:
                return error.complaints
        found = list(faults(draft))
        _tidy(draft.notebook)
        done(draft)
        return found

    with tempfile.TemporaryDirectory(prefix="nn_book-") as folder:
        profile = Path(folder)
        (profile / "profile_default").mkdir()
        (profile / "profile_default" / "ipython_kernel_config.py").write_text(PROFILE, "utf-8")
        return [complaint for found in asyncio.run(run_all()) for complaint in found]


class _ThisPython(AsyncKernelManager):
    """Starts the Python that runs the builder, whatever kernels the machine offers under that name."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        command = super().format_kernel_cmd(extra_arguments)
        file = command[command.index("-f") + 1]
        return [sys.executable, "-m", "ipykernel_launcher", "-f", file, *(extra_arguments or [])]


async def _run(draft: Draft, profile: Path) -> None:
    import matplotlib

    environment = {
        **os.environ,
        **PINNED,
        "IPYTHONDIR": str(profile),
        "MATPLOTLIBRC": str(Path(matplotlib.get_data_path()) / "matplotlibrc"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(draft.chapter.root), os.environ.get("PYTHONPATH")])),
    }
    environment.pop("MPLBACKEND", None)  # the kernel's inline backend draws
    client = NotebookClient(
        draft.notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        kernel_manager_class=_ThisPython,
        resources={"metadata": {"path": str(draft.chapter.path.parent)}},
        coalesce_streams=True,
        store_widget_state=False,
        record_timing=False,
    )
    try:
        await client.async_execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        ran = [cell for cell in draft.notebook.cells if cell.cell_type == "code"]
        failed = next((cell for cell in ran if any(o.output_type == "error" for o in cell.outputs)), None)
        failed = failed or next((cell for cell in ran if cell.execution_count is None), ran[-1])
        message = _ANSI.sub("", str(error)).strip().split("\n")
        raise BookError(
            [
                draft.complain(
                    failed,
                    f"The cell failed: {message[-1]}",
                    "\n".join(["Mend it; it said:", *message[-12:]]),
                )
            ]
        ) from None


def _tidy(notebook: NotebookNode) -> None:
    """Drop what changes from run to run or shows nothing in a stored notebook."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code" and _OF_THE_READER.search(cell.source):
            cell.outputs = []
        for output in cell.get("outputs", ()):
            if WIDGET in output.get("data", {}) and len(output.data) > 1:
                del output.data[
                    WIDGET
                ]  # without its state a front end says "model not found"; the still stays


def faults(draft: Draft) -> Iterator[Complaint]:
    """Yield what the recorded outputs of a notebook must not hold, or lack."""
    for cell in draft.notebook.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                yield draft.complain(
                    cell, f"The cell warns: {output.text.strip()[:200]!r}.", "Mend the cause."
                )
            if re.search(r"\bat 0x[0-9A-Fa-f]{6,}", json.dumps(output)):
                yield draft.complain(
                    cell,
                    "The output shows an object's address, another in each run.",
                    "Print what the reader should see instead.",
                )
        yield from _pictures(draft, cell)
        yield from _score(draft, cell)


def _pictures(draft: Draft, cell: NotebookNode) -> Iterator[Complaint]:
    shown = [output.data for output in cell.outputs if "data" in output]
    images = [data for data in shown if any(kind in data for kind in IMAGES)]
    label = cell.metadata.get("book", {})
    if any(WIDGET in data and data not in images for data in shown):
        yield draft.complain(
            cell,
            "The widget has no picture of its own, so that paper and web show nothing.",
            "Show a widget of nn_core.widgets: it carries its still.",
        )
    elif images and not label:
        yield draft.complain(
            cell,
            "The cell shows a picture without alt text.",
            """Write ```python fig="N.k" alt="what it shows" (or widget="N.k").""",
        )
    elif label and len(images) != 1:
        yield draft.complain(
            cell,
            f"The cell of {'figure' if 'fig' in label else 'widget'} "
            f"{next(iter(label.values()))} shows {len(images)} pictures.",
            "Let it show exactly one.",
        )
    for data in shown:
        html = "".join(data.get("text/html", ""))
        if any(not re.search(r"""\balt=["'][^"']""", tag) for tag in re.findall(r"<img\b[^>]*>", html)):
            yield draft.complain(cell, "The output holds an <img> without alt text.", "Give it one.")


def _score(draft: Draft, cell: NotebookNode) -> Iterator[Complaint]:
    """Hold a test cell to its full points as a number.

    nbgrader scores any other text as full marks, and loses a submission with more than full marks.
    """
    graded = cell.metadata.get("nbgrader", {})
    if not graded.get("grade"):
        return
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    given = [result.data.get("text/plain") for result in results]
    if len(cell.outputs) != 1 or given != [f"{graded['points']:g}"] or "text/html" not in results[0].data:
        yield draft.complain(
            cell,
            f"The solution of {graded['grade_id']!r} shows {given} where {graded['points']:g} "
            "is due, beside its card.",
            "Mend the solution or the catalogue's entry: its card says why.",
        )


def outputs_digest(notebook: NotebookNode) -> str:
    """Return a hash of all recorded outputs, so that an edited one is noticed without running anything."""
    outputs = [
        [cell.id, cell.execution_count, cell.outputs] for cell in notebook.cells if cell.cell_type == "code"
    ]
    return hashlib.sha256(json.dumps(outputs, sort_keys=True).encode()).hexdigest()[:16]
