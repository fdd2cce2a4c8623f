"""The class at a glance: scores, mistakes by name, exercises that tell nothing, what to look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from nn_grading.course import Course
from nn_grading.grade import STATUSES, Record
from nn_grading.page import escape, frame

COLOURS = {
    "passed": "--good",
    "failed": "--part",
    "error": "--bad",
    "timeout": "--late",
    "crashed": "--dead",
    "not_allowed": "--ban",
    "unreadable": "--unread",
    "not_attempted": "--none",
}


@dataclass
class Summary:
    """Counts over all results: its size does not grow with the class, but for the short lists of names."""

    submissions: int = 0
    statuses: Counter = field(default_factory=Counter)
    by_exercise: dict[tuple[str, str], Counter] = field(default_factory=lambda: defaultdict(Counter))
    earned: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    mistakes: Counter = field(default_factory=Counter)
    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    shares: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 10))
    looked_at: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _moments: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(lambda: [0.0] * 6)
    )

    def add(self, record: Record) -> None:
        """Count one result."""
        name = record["assignment"]
        self.submissions += 1
        share = record["score"] / record["max_score"] if record["max_score"] else 0.0
        self.shares[name][min(int(share * 10), 9)] += 1
        for row in record["exercises"]:
            key = (name, row["exercise"])
            self.statuses[row["status"]] += 1
            self.by_exercise[key][row["status"]] += 1
            self.earned[key] += row["score"] / row["max_score"]
            if row["mistake"]:
                self.mistakes[row["exercise"], row["mistake"]] += 1
                self.messages[row["exercise"], row["mistake"]] = row["card"]["message"]
            if (
                row["status"] in ("crashed", "not_allowed", "unreadable")
                and len(self.looked_at[row["status"]]) < 200
            ):
                who = f"{record['student']}/{name}"
                if who not in self.looked_at[row["status"]][-1:]:
                    self.looked_at[row["status"]].append(who)
            self._correlate(key, row["score"] / row["max_score"], record)

    def _correlate(self, key: tuple[str, str], x: float, record: Record) -> None:
        """Add to the sums behind the correlation of an exercise with the rest of its assignment."""
        own = next(row for row in record["exercises"] if row["exercise"] == key[1])
        rest = record["max_score"] - own["max_score"]
        y = (record["score"] - own["score"]) / rest if rest else 0.0
        for i, term in enumerate((1.0, x, y, x * x, y * y, x * y)):
            self._moments[key][i] += term

    def separation(self, key: tuple[str, str]) -> float | None:
        """Return how an exercise goes with the rest of its assignment, -1 to 1; None if nothing varies."""
        n, x, y, xx, yy, xy = self._moments[key]
        if n < 5:
            return None
        spread = (xx / n - (x / n) ** 2) * (yy / n - (y / n) ** 2)
        return None if spread < 1e-9 else (xy / n - x / n * y / n) / spread**0.5

    def need_a_person(self) -> dict[str, list[str]]:
        """Return who must be looked at, by reason."""
        return {reason: names for reason, names in self.looked_at.items() if names}


def page(summary: Summary, course: Course, ran: str, differences: list[str] | None = None) -> str:
    """Return the report on a class."""
    body = [
        "<h1>The class at a glance</h1>",
        f'<p class="soft">{summary.submissions} submissions, {sum(summary.statuses.values())} exercises; '
        f"{escape(ran)}.</p>",
        _statuses(summary),
    ]
    if summary.mistakes:
        body += ["<h2>The most common mistakes</h2>", _mistakes(summary)]
    body.append("<h2>Scores by chapter and exercise</h2>")
    for name, assignment in course.assignments.items():
        if name in summary.shares:
            body += [f"<h3>{escape(name)}</h3>", _shares(summary.shares[name], name)]
            body.append(_exercises(summary, name, [e.name for e in assignment.exercises]))
    body += ["<h2>To be looked at by a person</h2>", _looked_at(summary, differences or [])]
    return frame("The class at a glance", "\n".join(body))


def _statuses(summary: Summary) -> str:
    total = sum(summary.statuses.values()) or 1
    present = [status for status in reversed(STATUSES) if summary.statuses[status]]
    x, bars, keys = 0.0, [], []
    for status in present:
        width = 900 * summary.statuses[status] / total
        bars.append(
            f'<rect x="{x:.1f}" y="0" width="{max(width - 1, 0.5):.1f}" height="26" rx="2" '
            f'style="fill:var({COLOURS[status]})"/>'
        )
        keys.append(
            f'<span style="white-space:nowrap;margin-right:1.2em"><span aria-hidden="true" '
            f'style="color:var({COLOURS[status]})">■</span> {status} {summary.statuses[status]}</span>'
        )
        x += width
    label = ", ".join(f"{summary.statuses[s]} {s}" for s in present) or "nothing was graded"
    return (
        f'<svg viewBox="0 0 900 26" width="900" role="img" aria-label="Statuses of all exercises: {label}">'
        f"{''.join(bars)}</svg><p>{''.join(keys)}</p>"
    )


def _mistakes(summary: Summary) -> str:
    top = summary.mistakes.most_common(15)
    most = top[0][1]
    bars = []
    for (exercise, key), count in top:
        words = key.replace("_", " ") if key.isidentifier() else key
        bars.append(
            f'<li><span class="label"><code>{escape(exercise)}</code>: {escape(words)}</span>'
            '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect width="{100 * count / most:.1f}" height="10" style="fill:var(--bar)"/></svg>'
            f"<span>{count}</span></li>"
        )
    plot = f'<ol class="bars" aria-label="The most common mistakes, with counts">{"".join(bars)}</ol>'
    lines = "".join(
        f'<tr><td><code>{escape(exercise)}</code></td><td>{escape(key)}</td><td class="n">{count}</td>'
        f"<td>{escape(_cut(summary.messages[exercise, key], 220))}</td></tr>"
        for (exercise, key), count in top
    )
    return (
        f'{plot}<details><summary>What the cards said</summary><div class="wide"><table><thead><tr>'
        '<th scope="col">exercise</th><th scope="col">mistake</th><th scope="col" class="n">count</th>'
        f'<th scope="col">message</th></tr></thead><tbody>{lines}</tbody></table></div></details>'
    )


def _shares(counts: list[int], name: str) -> str:
    most, bars = max(counts) or 1, []
    for i, count in enumerate(counts):
        height = 80 * count / most
        bars.append(
            f'<rect x="{i * 60 + 30}" y="{90 - height:.1f}" width="52" height="{height:.1f}" rx="2" '
            'style="fill:var(--bar)"/>'
        )
        if count:
            bars.append(f'<text x="{i * 60 + 56}" y="{86 - height:.1f}" text-anchor="middle">{count}</text>')
        bars.append(
            f'<text x="{i * 60 + 56}" y="108" text-anchor="middle" style="fill:var(--soft)">'
            f"{i * 10}–{i * 10 + 10}</text>"
        )
    label = f"Submissions of {escape(name)} by per cent of the points: " + ", ".join(
        f"{count} from {10 * i} to {10 * i + 10}" for i, count in enumerate(counts) if count
    )
    return (
        '<div class="wide"><svg viewBox="0 -12 660 126" width="660" style="min-width:32rem" role="img" '
        f'aria-label="{label}">{"".join(bars)}</svg></div>'
        '<p class="soft">Submissions by per cent of the points.</p>'
    )


def _exercises(summary: Summary, assignment: str, exercises: list[str]) -> str:
    lines = []
    for name in exercises:
        key = (assignment, name)
        counts = summary.by_exercise[key]
        total = sum(counts.values())
        if not total:
            continue
        x, bars = 0.0, []
        for status in reversed(STATUSES):
            width = 240 * counts[status] / total
            if width:
                bars.append(
                    f'<rect x="{x:.1f}" y="2" width="{width:.1f}" height="14" '
                    f'style="fill:var({COLOURS[status]})"/>'
                )
            x += width
        label = ", ".join(f"{counts[s]} {s}" for s in reversed(STATUSES) if counts[s])
        lines.append(
            f"<tr><td><code>{escape(name)}</code></td>"
            f'<td class="n">{100 * summary.earned[key] / total:.0f} %</td>'
            f'<td><svg viewBox="0 0 240 18" width="240" height="18" role="img" '
            f'aria-label="{label}">{"".join(bars)}'
            f"</svg></td><td>{_separates(summary, key, counts, total)}</td></tr>"
        )
    return (
        '<div class="wide"><table><thead><tr><th scope="col">exercise</th><th scope="col" class="n">mean</th>'
        '<th scope="col">statuses</th><th scope="col">what it tells about the class</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _separates(summary: Summary, key: tuple[str, str], counts: Counter, total: int) -> str:
    if counts["passed"] == total:
        return "everybody has it"
    if not counts["passed"]:
        return "nobody has it"
    r = summary.separation(key)
    if r is None:
        return ""
    word = "separates well" if r >= 0.4 else "separates" if r >= 0.2 else "does not separate"
    return f"{word} (r = {r:.2f})"


def _looked_at(summary: Summary, differences: list[str]) -> str:
    found = {
        **summary.need_a_person(),
        **({"marks that differ from nbgrader's own run": differences} if differences else {}),
    }
    if not found:
        return "<p>Nothing.</p>"
    return "".join(
        f"<h3>{escape(reason)}</h3><ul>"
        + "".join(f"<li>{escape(name)}</li>" for name in names[:200])
        + "</ul>"
        for reason, names in found.items()
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
