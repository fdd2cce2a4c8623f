"""Later deadlines for single students, read from a table."""

from __future__ import annotations

import csv
from pathlib import Path

UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}


def read_extra_time(path: Path) -> dict[tuple[str, str], float]:
    """Return the extra seconds by (student, assignment); an empty assignment means all of them.

    Parameters
    ----------
    path : Path
        A CSV file with a head line: `student`, optionally `assignment`, and one of `hours`, `days`, `minutes`
        and `seconds`.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        columns = [name.strip() for name in table.fieldnames or ()]
        units = [name for name in columns if name in UNITS]
        if "student" not in columns or len(units) != 1:
            given = ", ".join(columns) or "none"
            raise ValueError(f"columns student and one of {', '.join(UNITS)} are expected; given: {given}")
        found = {}
        for number, line in enumerate(table, start=2):
            row = {(name or "").strip(): (value or "").strip() for name, value in line.items() if name}
            try:
                seconds = float(row[units[0]]) * UNITS[units[0]]
            except ValueError:
                raise ValueError(f"line {number}: {row[units[0]]!r} is no number of {units[0]}") from None
            if not 0 <= seconds < 10 * 365 * 86400:
                raise ValueError(f"line {number}: {row[units[0]]} {units[0]} is no extra time")
            found[row["student"], row.get("assignment", "")] = seconds
    return found
