"""Official grading against the clock: start-up, a submission, stock nbgrader, two processes, memory.

    python benchmarks/bench_grading.py                 # everything: a quarter of an hour
    python benchmarks/bench_grading.py --chapters 04_activations --stock 10 --memory 1000   # some minutes

Times are wall times of the command, pinned to one core (two for two processes). What one submission takes is
the slope between two sizes of the same batch, run in turns, so that start-up does not count; the answers' own
time, measured apart in this process, is subtracted. Stock nbgrader grades the same submissions in the same
run. What the runs write is kept until the end: a file system without a journal avoids the places of files
that were deleted a moment ago, and looking for others would take longer than grading. The table goes to
README.md beside this file, unless --no-readme is given.
"""

from __future__ import annotations

import argparse
import inspect
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "nn_grading")]

import making  # noqa: E402 - beside the tests, which use it too

from nn_exercises import EXERCISES, run  # noqa: E402
from nn_exercises.exercise import Exercise  # noqa: E402
from nn_exercises.judge import prepare  # noqa: E402

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- grading: written by the benchmark -->", "<!-- end of grading -->"
# Whether modules may keep their byte code is the machine's setting, not what is measured; so both sides may.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SLOW = "09_putting_it_together"  # its answers train for seconds

OWN_WAY = """

def _own_{name}(value):
    if isinstance(value, tuple):
        return tuple([_own_{name}(v) for v in value])
    if isinstance(value, list):
        return [_own_{name}(v) for v in value]
    if value is None or isinstance(value, (bool, str, np.bool_)):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "b":
        return value
    if isinstance(value, int) or isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "iu":
        return value + 1
    return value * (1.01 + 0.003 * {k}) + 0.0007 * {k}


{signature}
    return _own_{name}(_right_{name}({arguments}))
"""
APART = "\n\n\nimport functools\n\n{name} = functools.partial({name})"  # nothing that could share a process


def own_way(exercise: Exercise, k: int) -> str:
    """Return an answer that is wrong in a way of its own, in code as plain as the right one."""
    name = exercise.name
    found = inspect.signature(exercise.reference).parameters.values()
    words = [f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in found]
    right = making.answer(exercise).replace(f"def {name}(", f"def _right_{name}(")
    way = {"name": name, "k": k, "signature": exercise.signature, "arguments": ", ".join(words)}
    return right + OWN_WAY.format(**way)


def grade(submitted: Path, jobs: int = 1, cores: int = 1) -> tuple[float, int]:
    """Grade into a new folder; return seconds and the peak memory in MB of the run with all its processes."""
    out = Path(tempfile.mkdtemp(prefix="out_", dir=submitted.parent))
    words = [sys.executable, "-m", "nn_grading", "grade", submitted, "--out", out, "--jobs", jobs]
    chosen = set(CORES[:cores])
    started = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, words)),
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
        start_new_session=True,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.5)
    seconds = time.perf_counter() - started
    assert process.returncode == 0, words
    return seconds, peak


def seconds_of(submitted: Path) -> float:
    """Return the seconds of a run on one core, without looking at it meanwhile."""
    out = tempfile.mkdtemp(prefix="out_", dir=submitted.parent)
    words = ["taskset", "-c", CORES[-1], sys.executable, "-m", "nn_grading", "grade", submitted, "--out", out]
    started = time.perf_counter()
    env = {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    words = list(map(str, [*words, "--jobs", 1]))
    subprocess.run(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def memory(pid: int) -> int:
    """Return the proportional set size in MB of a process and all below it."""
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
        try:
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                todo += [int(word) for word in children.read_text().split()]
        except OSError:  # it has ended meanwhile
            pass
    return total // 1024


def batch(folder: Path, chapter: str, kind: str, count: int) -> Path:
    """Write `count` submissions of a chapter.

    `kind` is right; apart (right, in code that cannot share a process); known (wrong everywhere, mistakes
    that have names); own (wrong everywhere, each in a way that nobody has foreseen and nobody else has); or
    class (one in ten has known mistakes in a third of it).
    No two notebooks have an answer's cell in common: what is remembered of a cell must not help.
    """
    for number in range(count):
        answers = {}
        for i, exercise in enumerate(making.of_chapter(chapter)):
            wrong = making.wrong_answers(exercise)
            answers[exercise.name] = f"{making.answer(exercise)}\n# {number}"
            if kind == "known" or (kind == "class" and number % 10 == i % 3 == 0):
                if wrong:
                    answers[exercise.name] = f"{wrong[(number + i) % len(wrong)]}\n# {number}"
            elif kind == "own":
                answers[exercise.name] = own_way(exercise, number + 3)
            elif kind == "apart":
                answers[exercise.name] += APART.format(name=exercise.name)
        notebook = making.chapter(chapter, **answers)
        notebook["metadata"]["number"] = number
        making.hand_in(folder, f"s{number:05d}", chapter, notebook)
    return folder


def own_seconds(chapter: str) -> float:
    """Return what the reference answers themselves take, on the calls that grading makes."""
    total = 0.0
    for exercise in making.of_chapter(chapter):
        prepared = prepare(exercise)
        best = 1e9
        for _ in range(5):
            started = time.perf_counter()
            for call in [*prepared.calls, *(prepared.calls[i] for i in prepared.again)]:
                args = tuple(run.give(a) for a in call.args)
                kwargs = {k: run.give(v) for k, v in call.kwargs.items()}
                try:
                    for _ in exercise.reference(*args, **kwargs) or ():
                        break
                except Exception:  # a call that is due to raise
                    pass
            best = min(best, time.perf_counter() - started)
        total += best
    return total


def per_submission(work: Path, chapter: str, kinds: list[str], tries: int) -> dict[str, float]:
    """Return milliseconds for one submission of each kind, start-up and the answers' own time taken out."""
    sizes = {"right": (50, 250), "apart": (50, 150), "known": (20, 80), "own": (20, 80)}
    places = {
        (kind, size): batch(work / f"{chapter}_{kind}_{size}", chapter, kind, size)
        for kind in kinds
        for size in sizes[kind]
    }
    slopes: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(tries):
        for kind in kinds:
            small, large = (seconds_of(places[kind, size]) for size in sizes[kind])
            slopes[kind].append((large - small) / (sizes[kind][1] - sizes[kind][0]))
    own = own_seconds(chapter)
    return {kind: (statistics.median(found) - own) * 1000 for kind, found in slopes.items()}


def stock(work: Path, chapter: str, submitted: Path) -> float:
    """Return the seconds that `nbgrader autograde` takes for the same submissions on one core."""
    course = work / "stock"
    making.hand_in(course / "source", ".", chapter, making.chapter(chapter))
    shutil.copytree(submitted, course / "submitted")
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    env = {**ENVIRONMENT, "PYTHONPATH": str(ROOT), "HOME": str(work), "MPLBACKEND": "agg"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])  # nbgrader calls alembic
    words = [sys.executable, "-m", "nbgrader"]
    quiet = {
        "cwd": course,
        "env": env,
        "check": True,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    subprocess.run([*words, "generate_assignment", chapter, "--force"], **quiet)
    started = time.perf_counter()
    subprocess.run(["taskset", "-c", str(CORES[-1]), *words, "autograde", chapter], **quiet)
    return time.perf_counter() - started


def two_counting() -> float:
    """Return how many times as much two processes count, one on each core, as one alone does: at most 2."""
    words = [sys.executable, "-c", "for _ in range(30_000_000): pass"]

    def seconds(count: int) -> float:
        started = time.perf_counter()
        pinned = [["taskset", "-c", str(core), *words] for core in CORES[:count]]
        for process in [subprocess.Popen(one) for one in pinned]:
            process.wait()
        return time.perf_counter() - started

    return statistics.median(2 * seconds(1) / seconds(2) for _ in range(3))


def main() -> None:
    """Measure what the arguments ask for, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chapters = sorted({e.chapter for e in EXERCISES.values()} - {SLOW, "00_start_here"})
    parser.add_argument("--chapters", nargs="*", default=chapters)
    parser.add_argument("--tries", type=int, default=3, help="slopes of which the median counts")
    parser.add_argument("--stock", type=int, default=100, help="submissions for stock nbgrader, 0: none")
    parser.add_argument("--memory", type=int, default=10_000, help="longest of three long runs, 0: none")
    parser.add_argument("--no-readme", action="store_true", help="print the table only")
    chosen = parser.parse_args()
    rows: list[tuple[str, str, str]] = []

    def note(label: str, value: str, wanted: str = "") -> None:
        rows.append((label, value, wanted))
        print(f"{label:78s} {value:>12s}  {wanted}", flush=True)

    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench_") as name:
        work = Path(name)
        one = batch(work / "one", "00_start_here", "right", 1)
        note("a run of one submission, from command to prompt", f"{_median(seconds_of, one):.2f} s", "2 s")
        kinds = ["right", "apart", "known", "own"]
        found = {c: per_submission(work, c, kinds, chosen.tries) for c in chosen.chapters}
        for kind, label, wanted in (
            ("right", "right", "10 ms"),
            ("apart", "right, in a process of its own", ""),
            ("known", "wrong everywhere, known mistakes", "60 ms"),
            ("own", "wrong everywhere, mistakes of one's own", "60 ms"),
        ):
            for chapter in chosen.chapters:
                exercises = len(making.of_chapter(chapter))
                note(f"{label}: {chapter}, {exercises} exercises", f"{found[chapter][kind]:.1f} ms", wanted)
            mean = statistics.mean(times[kind] for times in found.values())
            note(f"{label}: the mean of these chapters", f"{mean:.1f} ms", wanted)
        chapter = "04_activations"
        if chosen.stock:
            same = batch(work / "same", chapter, "right", chosen.stock)
            before = seconds_of(same)
            seconds = stock(work, chapter, same)
            ours = (before + seconds_of(same)) / 2
            note(f"{chosen.stock} right submissions of {chapter}, one core", f"{ours:.2f} s")
            note("the same ones, stock nbgrader, one core", f"{seconds:.1f} s")
            note("stock over official", f"{seconds / ours:.0f} times", "100 times")
        if len(CORES) > 1:
            many = batch(work / "many", chapter, "right", 600)
            ratios = [grade(many)[0] / grade(many, 2, 2)[0] for _ in range(3)]
            note("600 right submissions, one core over two", f"{statistics.median(ratios):.2f}", "nearly 2")
            note("two processes that only count, one core over two", f"{two_counting():.2f}")
        for count in [n for n in (100, 1_000, 10_000) if n <= chosen.memory]:
            peak = grade(batch(work / f"class_{count}", chapter, "class", count), 2, 2)[1]
            note(f"memory at {count:,} submissions, two processes", f"{peak} MB", "300 MB, flat")
    if not chosen.no_readme:
        publish(rows, load)


def _median(measure, *words: object) -> float:
    return statistics.median(measure(*words) for _ in range(5))


def publish(rows: list[tuple[str, str, str]], load: float) -> None:
    """Put the table between the markers in README.md."""
    machine = f"Python {platform.python_version()}, {platform.machine()}, {len(CORES)} cores"
    lines = [
        f"{machine}, load {load:.1f} when it began. Beyond the answers' own time, on one core.",
        "",
        "| what | measured | wanted |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    middle = "\n".join(lines)
    README.write_text(f"{before}{BEGIN}\n\n{middle}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
