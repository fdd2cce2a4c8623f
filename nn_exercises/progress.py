"""A reader's progress: points by chapter, read from the notebooks that the reader has saved.

Nothing else is remembered: the cards in the notebooks are the record. Grading never looks at it.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Progress:
    """Points reached and possible by chapter, and exercises passed."""

    chapters: tuple[tuple[str, int, int, float, float], ...]  # chapter, passed, exercises, points, of points

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def text(self) -> str:
        """Return the table as plain text."""
        lines = [f"{'chapter':<28}{'passed':>8}{'points':>14}"]
        for chapter, passed, count, points, total in (*self.chapters, self._sum()):
            done = f"{passed} of {count}"
            lines.append(f"{chapter:<28}{done:>8}{f'{points:g} of {total:g}':>14}  {_bar(points / total)}")
        return "\n".join(lines)

    def _sum(self) -> tuple[str, int, int, float, float]:
        columns = list(zip(*self.chapters, strict=True))
        return ("all", *(sum(c) for c in columns[1:])) if columns else ("all", 0, 0, 0.0, 1.0)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(chapter)}</th>'
            f"<td>{passed} of {count}</td><td>{points:g} of {total:g}</td>"
            f'<td style="text-align:left" aria-hidden="true">{_bar(points / total)}</td></tr>'
            for chapter, passed, count, points, total in (*self.chapters, self._sum())
        )
        head = "".join(f'<th scope="col">{h}</th>' for h in ("chapter", "exercises passed", "points", ""))
        body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        table = f"<table><caption>Your progress</caption>{body}</table>"
        return {"text/plain": self.text(), "text/html": table}


def _bar(fraction: float, width: int = 10) -> str:
    full = round(fraction * width)
    return "█" * full + "░" * (width - full)


def progress(folder: str | Path | None = None) -> Progress:
    """Return the points reached by chapter.

    Parameters
    ----------
    folder
        The folder that holds the chapters' folders; by default the one above the current one. Saved notebooks
        count, and what this session has checked since.
    """
    from nn_exercises import EXERCISES
    from nn_exercises.checking import seen

    root = Path(folder) if folder is not None else Path.cwd().parent
    reached: dict[str, float] = {}
    for chapter in sorted({e.chapter for e in EXERCISES.values()}):
        reached |= _read(root / chapter / f"{chapter}.ipynb")
    reached |= {name: result.score for name, result in seen.items()}
    rows = []
    for chapter in dict.fromkeys(e.chapter for e in EXERCISES.values()):
        mine = [e for e in EXERCISES.values() if e.chapter == chapter]
        points = [min(reached.get(e.name, 0.0), e.points) for e in mine]
        passed = sum(p >= e.points for p, e in zip(points, mine, strict=True))
        rows.append((chapter, passed, len(mine), float(sum(points)), float(sum(e.points for e in mine))))
    return Progress(tuple(rows))


def _read(path: Path) -> dict[str, float]:
    """Return the points that a saved notebook shows, by exercise; nothing where it cannot be read."""
    found: dict[str, float] = {}
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
            if cell.get("cell_type") != "code" or not isinstance(name, str):
                continue
            for output in cell.get("outputs", []):
                text = output.get("data", {}).get("text/plain")
                if text is not None and "text/html" in output["data"]:
                    found[name] = float("".join(text))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return found
    return found
