"""Official grading against the clock: per submission, start-up, memory, two processes, and stock nbgrader.

    python benchmarks/bench_grading.py            # everything; stock nbgrader on 100 takes minutes
    python benchmarks/bench_grading.py --stock 10      # stock nbgrader on 10 of them
    python benchmarks/bench_grading.py --memory 10000  # peak memory at 100 and at 10,000 submissions

Times are wall times of the command, pinned to one core (two for two processes). What one submission
takes is the slope between two sizes of the same batch, so that start-up does not count; the time of the
answers themselves, measured apart in this process, is subtracted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "nn_grading")]

import making  # noqa: E402 - beside the tests, which use it too

from nn_exercises import run  # noqa: E402
from nn_exercises.judge import prepare  # noqa: E402

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def grade(submitted: Path, jobs: int = 1, cores: int = 1) -> tuple[float, int]:
    """Grade into a new folder; return seconds and the peak memory in MB of the run with all its processes."""
    out = Path(tempfile.mkdtemp(prefix="bench_"))
    words = [
        sys.executable,
        "-m",
        "nn_grading",
        "grade",
        str(submitted),
        "--out",
        str(out),
        "--jobs",
        str(jobs),
    ]
    chosen = set(CORES[:cores])
    started = time.perf_counter()
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
        start_new_session=True,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.2)
    seconds = time.perf_counter() - started
    assert process.returncode == 0, words
    shutil.rmtree(out)
    return seconds, peak


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
    """Write `count` submissions of a chapter: right, or wrong everywhere with a known mistake."""
    for number in range(count):
        answers = {}
        for exercise in making.of_chapter(chapter) if kind == "wrong" else ():
            wrong = making.wrong_answers(exercise)
            if wrong:
                answers[exercise.name] = wrong[number % len(wrong)]
        making.hand_in(folder, f"s{number:05d}", chapter, making.chapter(chapter, **answers))
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


def per_submission(
    work: Path, chapter: str, kind: str, small: int = 40, large: int = 140, tries: int = 3
) -> float:
    """Return milliseconds for one submission, start-up and the answers' own time taken out."""
    a = batch(work / f"{chapter}_{kind}_a", chapter, kind, small)
    b = batch(work / f"{chapter}_{kind}_b", chapter, kind, large)
    slopes = [(grade(b)[0] - grade(a)[0]) / (large - small) for _ in range(tries)]
    return (sorted(slopes)[len(slopes) // 2] - own_seconds(chapter)) * 1000


def stock(work: Path, chapter: str, count: int) -> float:
    """Return the seconds that `nbgrader autograde` takes for `count` submissions on one core."""
    course = work / "stock"
    making.hand_in(course / "source", ".", chapter, making.chapter(chapter))
    (course / "source" / chapter).mkdir(parents=True, exist_ok=True)
    batch(course / "submitted", chapter, "right", count)
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(work)}
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
    subprocess.run(["taskset", "-c", str(CORES[0]), *words, "autograde", chapter], **quiet)
    return time.perf_counter() - started


def main() -> None:
    """Measure what the arguments ask for and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapters", nargs="*", default=["04_activations"])
    parser.add_argument(
        "--stock", type=int, default=100, help="submissions for stock nbgrader; 0 leaves it out"
    )
    parser.add_argument("--memory", type=int, default=0, help="submissions of the long run; 0 leaves it out")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    chosen = parser.parse_args()
    figures: dict[str, float] = {}

    def note(label: str, value: float) -> None:
        figures[label] = value
        print(f"{label:75s} {value:10.2f}", flush=True)

    with tempfile.TemporaryDirectory(prefix="bench_") as name:
        work = Path(name)
        empty = batch(work / "one", "00_start_here", "right", 1)
        note("start-up of a run, one submission, s", min(grade(empty)[0] for _ in range(3)))
        for chapter in chosen.chapters:
            count = len(making.of_chapter(chapter))
            for kind in ("right", "wrong"):
                label = f"{chapter} ({count} exercises), {kind}, ms a submission"
                note(label, per_submission(work, chapter, kind))
        chapter = chosen.chapters[0]
        hundred = batch(work / "hundred", chapter, "right", 100)
        note(f"{chapter}, 100 right submissions, one core, s", grade(hundred)[0])
        if len(CORES) > 1:
            two = batch(work / "two", chapter, "right", 400)
            one_core, two_cores = grade(two)[0], grade(two, 2, 2)[0]
            note(f"{chapter}, 400 right submissions, two cores over one, ratio", one_core / two_cores)
        if chosen.stock:
            seconds = stock(work, chapter, chosen.stock)
            ours, _ = grade(batch(work / "same", chapter, "right", chosen.stock))
            note(f"{chapter}, stock nbgrader on {chosen.stock}, s", seconds)
            note(f"{chapter}, stock nbgrader over official, ratio", seconds / ours)
        if chosen.memory:
            few = batch(work / "few", chapter, "wrong", 100)
            note("peak memory at 100 submissions, MB", grade(few)[1])
            many = batch(work / "many", chapter, "wrong", chosen.memory)
            note(f"peak memory at {chosen.memory:,} submissions, MB", grade(many)[1])
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
