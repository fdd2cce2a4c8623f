"""A submitted notebook, read as data: never executed, never trusted, and forgiven what does not matter."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

LARGEST_FILE = 20 * 2**20
LARGEST_CELL = 200_000
MOST_CODE = 500_000  # characters in all code cells together: a chapter has 50,000
MOST_CELLS = 2_000
MOST_PARTS = 1_000_000  # commas and brackets in the file: as objects each takes many times its place


class UnreadableError(Exception):
    """The file is missing or cannot be read as a notebook; the text says why."""


@dataclass(frozen=True)
class Cell:
    """A cell: its number from 1, its kind, its source, and what nbgrader's metadata say."""

    number: int
    kind: str
    source: str
    grade_id: str = ""
    is_test: bool = False
    is_solution: bool = False
    raw: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Submission:
    """A notebook as data: its cells, and remarks on what was odd about the file."""

    cells: tuple[Cell, ...]
    remarks: tuple[str, ...]


def find(folder: Path, assignment: str) -> tuple[Path, list[str]]:
    """Return the notebook in `folder` and remarks; UnreadableError where there is none or a choice."""
    for place in (folder.parent, folder):
        if place.is_symlink():
            raise UnreadableError(f"{place.name!r} is a link, not a folder")
    expected = folder / f"{assignment}.ipynb"
    try:
        if expected.exists() or expected.is_symlink():
            return expected, []
        others = sorted(
            p for p in folder.iterdir() if p.suffix.lower() == ".ipynb" and not p.name.startswith(".")
        )
    except OSError as error:
        raise UnreadableError(f"the folder cannot be read: {error.strerror}") from None
    if not others:
        raise UnreadableError(f"there is no {assignment}.ipynb")
    if len(others) > 1:
        raise UnreadableError(
            f"there is no {assignment}.ipynb, but {len(others)} other notebooks: which one is meant?"
        )
    return others[0], [f"the file is named {others[0].name!r} instead of '{assignment}.ipynb'"]


def content(path: Path) -> bytes:
    """Return the bytes of a regular file within the size limit; links, pipes and devices are refused."""
    try:
        # O_NONBLOCK: opening a pipe must not wait for a writer; it is refused by its kind below.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise UnreadableError("it is not a regular file")
            if about.st_size > LARGEST_FILE:
                raise UnreadableError(f"its {about.st_size:,} bytes are over the limit of {LARGEST_FILE:,}")
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnreadableError("it is a link, not a file") from None
        raise UnreadableError(f"it cannot be opened: {error.strerror}") from None


def read(data: bytes, remarks: list[str] | tuple[str, ...] = ()) -> Submission:
    """Return the notebook that `data` holds; UnreadableError if it holds none."""
    remarks = list(remarks)
    if len(data) > MOST_PARTS and _parts(data) > MOST_PARTS:
        raise UnreadableError(f"it has more than {MOST_PARTS:,} parts")
    document = _document(data, remarks)
    raw_cells = document.get("cells")
    version = document.get("nbformat")
    if raw_cells is None and isinstance(document.get("worksheets"), list):  # nbformat 1 to 3
        raw_cells = [
            cell
            for sheet in document["worksheets"]
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    if not isinstance(raw_cells, list):
        raise UnreadableError("it has no list of cells")
    if version != 4:
        remarks.append(f"its notebook format is {_short(version)}, not 4")
    if len(raw_cells) > MOST_CELLS:
        raise UnreadableError(f"its {len(raw_cells):,} cells are over the limit of {MOST_CELLS:,}")
    kernel = _language(document)
    if kernel and "python" not in kernel.lower():
        remarks.append(f"its kernel is {_short(kernel)}, not Python")
    cells, code = [], 0
    for number, raw in enumerate(raw_cells, start=1):
        cell = _cell(number, raw, remarks)
        if cell is not None:
            cells.append(cell)
            code += len(cell.source) if cell.kind == "code" else 0
    if code > MOST_CODE:
        raise UnreadableError(f"its {code:,} characters of code are over the limit of {MOST_CODE:,}")
    for grade_id, count in Counter(cell.grade_id for cell in cells if cell.grade_id).items():
        if count > 1:
            remarks.append(f"{count} cells are marked {_short(grade_id)}")
    return Submission(tuple(cells), tuple(remarks))


def _parts(data: bytes) -> int:
    """Return how many commas and opening brackets there are: a file of pictures has a million letters."""
    letters = np.frombuffer(data, np.uint8)
    return sum(int(np.count_nonzero(letters == mark)) for mark in b",[{")


def _document(data: bytes, remarks: list[str]) -> dict[str, Any]:
    if not data or data.isspace():
        raise UnreadableError("it is empty")
    encoding = json.detect_encoding(data)
    if encoding not in ("utf-8", "utf-8-sig"):
        remarks.append(f"its encoding is {encoding}, not UTF-8")
    elif encoding == "utf-8-sig":
        remarks.append("it starts with a byte order mark")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        remarks.append("its encoding is not UTF-8; read as Windows-1252")
    try:
        document = json.loads(text)
    except RecursionError:
        raise UnreadableError("its JSON is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"it is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise UnreadableError(f"its JSON is a {type(document).__name__}, not an object")
    return document


def _cell(number: int, raw: Any, remarks: list[str]) -> Cell | None:
    if not isinstance(raw, dict):
        remarks.append(f"cell {number} is no cell")
        return None
    source = raw.get("source", raw.get("input", ""))
    try:
        source = "".join(source) if isinstance(source, list) else source
    except TypeError:  # not all of them are lines of text
        source = None
    if not isinstance(source, str):
        remarks.append(f"cell {number} has no text")
        return None
    if len(source) > LARGEST_CELL:
        remarks.append(f"cell {number} is left out: its {len(source):,} characters are over {LARGEST_CELL:,}")
        return None
    metadata = raw.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    marks = marks if isinstance(marks, dict) else {}
    grade_id = marks.get("grade_id")
    return Cell(
        number,
        str(raw.get("cell_type")),
        source.replace("\r\n", "\n").replace("\r", "\n") if "\r" in source else source,
        grade_id if isinstance(grade_id, str) else "",
        marks.get("grade") is True and marks.get("solution") is not True,
        marks.get("solution") is True,
        raw,
    )


def _language(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    if not isinstance(spec, dict):
        return ""
    name = spec.get("language") or spec.get("name")
    return name if isinstance(name, str) else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
