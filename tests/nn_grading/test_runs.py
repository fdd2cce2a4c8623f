"""Whole runs of the command: what it writes, that nothing is lost, and that it goes on where it was."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import making
import pytest

CHAPTERS = ("01_neuron", "02_perceptron")


@pytest.fixture(scope="module")
def submitted(tmp_path_factory) -> Path:
    """Thirty submissions that mix right, wrong and missing answers, and a few broken ones."""
    place = tmp_path_factory.mktemp("runs") / "submitted"
    for number in range(24):
        making.hand_in(
            place, f"s{number:02d}", CHAPTERS[number % 2], making.mixed(CHAPTERS[number % 2], number)
        )
    slow = "def neuron(X, w, b, activation):\n    import time\n    time.sleep(0.2)\n"
    slow += "    return activation(X @ w + b)"
    for number in range(4):
        making.hand_in(place, f"t{number}", CHAPTERS[0], making.chapter(CHAPTERS[0], neuron=slow))
    gone = "def neuron(X, w, b, activation):\n    import os\n    os._exit(1)"
    making.hand_in(place, "u0", CHAPTERS[0], making.chapter(CHAPTERS[0], neuron=gone))
    making.hand_in(place, "u1", CHAPTERS[0], b"{")
    return place


@pytest.fixture(scope="module")
def undisturbed(submitted, tmp_path_factory, grade_cli) -> Path:
    """What a run leaves that nothing disturbs."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    done = grade_cli(submitted, "--out", out, "--jobs", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def scores(out: Path) -> dict[str, bytes]:
    """Return grades.csv and every result file."""
    found = {"grades.csv": (out / "grades.csv").read_bytes()}
    for path in sorted((out / "results").glob("*/*.json")):
        found[str(path.relative_to(out))] = path.read_bytes()
    return found


def command(submitted: Path, out: Path, *more: object) -> list[str]:
    return [sys.executable, "-m", "nn_grading", "grade", *map(str, (submitted, "--out", out, *more))]


def test_table_and_files(undisturbed):
    with (undisturbed / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["student", "assignment", "exercise", "score", "max_score", "status", "mistake"]
    assert len(rows) == sum(len(making.of_chapter(CHAPTERS[n % 2])) for n in range(24)) + 6 * 3
    by = {(row["student"], row["exercise"]): row["status"] for row in rows}
    assert by["t0", "neuron"] == "passed"  # slow but honest
    assert by["u0", "neuron"] == "crashed" and by["u0", "mcculloch_pitts"] == "passed"
    assert by["u1", "neuron"] == "unreadable"
    assert {row["status"] for row in rows} >= {"passed", "failed", "not_attempted"}
    assert (undisturbed / "report.html").is_file()
    assert len(list(undisturbed.glob("feedback/*/*.html"))) == 30
    for text in (undisturbed / "results").glob("*/*.json"):
        assert "seconds" not in text.read_text()


def test_a_second_run_does_nothing_again(submitted, undisturbed, grade_cli):
    before = scores(undisturbed)
    done = grade_cli(submitted, "--out", undisturbed, "--jobs", 2)
    assert done.returncode == 0 and "0 graded, 30 were done before" in done.stdout
    assert scores(undisturbed) == before


def test_one_process_and_several_agree(submitted, undisturbed, tmp_path, grade_cli):
    done = grade_cli(submitted, "--out", tmp_path / "out", "--jobs", 1)
    assert done.returncode == 0
    assert scores(tmp_path / "out") == scores(undisturbed)


def test_a_worker_of_its_own_for_each(submitted, undisturbed, tmp_path, grade_cli):
    done = grade_cli(submitted, "--out", tmp_path / "out", "--jobs", 2, "--fresh-worker", "--student", "s00")
    assert done.returncode == 0
    ours = scores(tmp_path / "out")
    name = next(name for name in ours if name.startswith("results"))
    assert ours[name] == scores(undisturbed)[name]


def test_a_changed_submission_alone_is_graded_again(submitted, undisturbed, tmp_path, grade_cli):
    copy, out = tmp_path / "submitted", tmp_path / "out"
    shutil.copytree(submitted, copy)
    shutil.copytree(undisturbed, out)
    making.hand_in(copy, "s01", CHAPTERS[1], making.chapter(CHAPTERS[1]))
    done = grade_cli(copy, "--out", out, "--jobs", 1)
    assert "1 graded, 29 were done before" in done.stdout
    assert all(
        r["status"] == "passed"
        for r in json.loads((out / f"results/s01/{CHAPTERS[1]}.json").read_text())["exercises"]
    )


def test_an_erratum_grades_again_what_it_touches(submitted, undisturbed, tmp_path, grade_cli):
    """A result whose exercise has another fingerprint is made again, the others of the file are kept."""
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    path = out / f"results/s00/{CHAPTERS[0]}.json"
    from nn_grading import results

    record = json.loads(path.read_text())
    record["exercises"][1] |= {"fingerprint": "older", "score": 99.0}
    record["exercises"][2]["score"] = 1.25  # untouched by the erratum, so it must stay
    record.pop("digest")
    path.write_text(results.as_json(record))
    done = grade_cli(submitted, "--out", out, "--jobs", 1)
    assert "1 graded, 29 were done before" in done.stdout
    after = json.loads(path.read_text())["exercises"]
    assert after[1]["score"] <= 2.0 and after[2]["score"] == 1.25


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 50, b'{"digest": "no"}'])
def test_a_damaged_result_is_made_again(submitted, undisturbed, tmp_path, grade_cli, damage):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    (out / f"results/s00/{CHAPTERS[0]}.json").write_bytes(damage)
    grade_cli(submitted, "--out", out, "--student", "s00")
    grade_cli(submitted, "--out", out)
    assert scores(out) == scores(undisturbed)


def test_every_letter_of_a_result_counts(undisturbed):
    from nn_grading import results

    text = (undisturbed / f"results/s00/{CHAPTERS[0]}.json").read_text()
    assert results.whole(text)
    for place in range(0, len(text), 41):
        assert results.whole(text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]) is None, place
    assert results.whole(text[:-1]) is None and results.whole(text + "\n") is None


def test_what_changes_before_it_is_graded_is_graded_whole(tmp_path):
    from nn_grading import results

    making.hand_in(tmp_path, "ann", CHAPTERS[0], b"{}")
    place = results.Place("ann", CHAPTERS[0], tmp_path)
    order = results.Order(place, frozenset(["neuron"]), results.job_of(place).key)
    assert order.job().only == {"neuron"}
    making.hand_in(tmp_path, "ann", CHAPTERS[0], b"[]")
    assert order.job().only is None and order.job().data == b"[]"


def test_a_run_that_is_stopped_keeps_what_it_has(submitted, tmp_path, sandboxed, monkeypatch):
    from nn_grading import batch, pool, sandbox

    def stopped(setting, orders, processes):
        for order, _ in zip(orders, range(3), strict=False):
            yield order, None
        raise sandbox.SandboxError("no more")

    monkeypatch.setattr(pool, "run", stopped)
    told = io.StringIO()
    assert batch.run(batch.Request(submitted, tmp_path / "out"), told) == 1
    assert "Stopped: no more" in told.getvalue()
    assert len(list(tmp_path.glob("out/results/*/*.json"))) == 3


def test_a_terminal_sees_how_far_it_is_and_nothing_else_does():
    from nn_grading.bar import progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for out, wanted in ((Terminal(), "3/3"), (io.StringIO(), "")):
        with progress(3, out) as show:
            for done in (1, 2, 3):
                show(done)
        assert wanted in out.getvalue() and bool(out.getvalue()) == bool(wanted)


def children(pid: int) -> list[int]:
    """Return the processes below a process."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            direct = [int(word) for word in path.read_text().split()]
        except OSError:
            continue
        found += direct
        for child in direct:
            found += children(child)
    return found


@pytest.mark.slow
def test_killed_twenty_times_at_random(submitted, undisturbed, tmp_path):
    draw, out, killed = random.Random(2026), tmp_path / "out", 0
    for _ in range(20):
        run = subprocess.Popen(
            command(submitted, out, "--jobs", 2),
            cwd=making.ROOT,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(making.ROOT)},
        )
        try:
            run.wait(draw.uniform(0.1, 1.5))
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
        if draw.random() < 0.2:
            shutil.rmtree(out / "results" / "s03", ignore_errors=True)
    assert killed >= 5
    done = subprocess.run(
        command(submitted, out, "--jobs", 2),
        cwd=making.ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(making.ROOT)},
    )
    assert done.returncode == 0, done.stdout
    assert scores(out) == scores(undisturbed)
    assert not list(out.rglob(".*"))  # no half-written file is left


@pytest.mark.slow
def test_workers_killed_while_they_work(submitted, undisturbed, tmp_path):
    draw, out = random.Random(7), tmp_path / "out"
    run = subprocess.Popen(
        command(submitted, out, "--jobs", 2),
        cwd=making.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(making.ROOT)},
    )
    killed = 0
    while run.poll() is None:
        below = children(run.pid)
        if below and killed < 3:
            try:
                os.kill(draw.choice(below), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        time.sleep(0.7)
    assert run.returncode == 0, run.stdout.read()
    run.stdout.close()
    assert killed
    assert scores(out) == scores(undisturbed)


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_costs_nothing(submitted, undisturbed, tmp_path):
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can mount a small disk")
    out = tmp_path / "out"
    out.mkdir()
    inside = command(submitted, out / "disk" / "out", "--jobs", 1)
    quoted = " ".join(f"'{word}'" for word in inside)
    script = (
        f"mkdir {out}/disk && mount -t tmpfs -o size=300k none {out}/disk && {quoted}; code=$?; "
        f"cp -r {out}/disk/out {out}/kept; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        cwd=making.ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(making.ROOT)},
    )
    assert done.returncode == 1 and "No space left" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    done = subprocess.run(
        command(submitted, out / "kept", "--jobs", 2),
        cwd=making.ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(making.ROOT)},
    )
    assert done.returncode == 0
    assert scores(out / "kept") == scores(undisturbed)


def test_a_file_that_could_not_be_read_is_graded_when_it_can(tmp_path, grade_cli):
    path = making.hand_in(tmp_path / "submitted", "ann", CHAPTERS[0], making.chapter(CHAPTERS[0]))
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    grade_cli(tmp_path / "submitted", "--out", tmp_path / "out")
    assert b"unreadable" in (tmp_path / "out" / "grades.csv").read_bytes()
    hidden.rename(path)
    grade_cli(tmp_path / "submitted", "--out", tmp_path / "out")
    assert b"unreadable" not in (tmp_path / "out" / "grades.csv").read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ["no_such_folder", "--out", "out"],
        [".", "--out", "out", "--assignment", "no_such_chapter"],
        [".", "--out", "out", "--student", "nobody"],
        [".", "--out", "out", "--jobs", "0"],
        [".", "--out", "out", "--time-limit", "-1"],
        [".", "--out", "out", "--gradebook", "gradebook.db"],
        [".", "--out", "out", "--extra-time", "nothing.csv"],
        [".", "--out", "./inside"],
        ["."],
    ],
)
def test_bad_arguments_end_with_2(words, tmp_path, grade_cli):
    done = grade_cli(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "out").exists()


def test_a_dry_run_writes_nothing(submitted, tmp_path, grade_cli):
    done = grade_cli(submitted, "--out", tmp_path / "out", "--dry-run")
    assert done.returncode == 0 and "30 submissions" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_assignment_is_named(tmp_path, grade_cli):
    making.hand_in(tmp_path / "submitted", "ann", "1_neuron", making.chapter(CHAPTERS[0]))
    done = grade_cli(tmp_path / "submitted", "--out", tmp_path / "out")
    assert done.returncode == 1 and "ann/1_neuron" in done.stdout


def test_what_is_no_folder_or_has_a_hidden_name_is_not_lost(tmp_path, grade_cli):
    (tmp_path / "submitted" / "ann").mkdir(parents=True)
    (tmp_path / "submitted" / "ann" / CHAPTERS[0]).write_text("a file where a folder is due")
    making.hand_in(tmp_path / "submitted", ".bob", CHAPTERS[0], making.chapter(CHAPTERS[0]))
    done = grade_cli(tmp_path / "submitted", "--out", tmp_path / "out")
    assert done.returncode == 1 and f".bob/{CHAPTERS[0]}" in done.stdout
    table = (tmp_path / "out" / "grades.csv").read_text()
    assert table.count("unreadable") == 3 and "bob" not in table


def test_without_bubblewrap_it_refuses(submitted, tmp_path, grade_cli):
    done = grade_cli(submitted, "--out", tmp_path / "out", env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert "bubblewrap" in done.stdout and "--unsafe" in done.stdout
    assert not (tmp_path / "out" / "grades.csv").exists()


def test_a_dry_run_needs_no_bubblewrap(submitted, tmp_path, grade_cli):
    done = grade_cli(submitted, "--out", tmp_path / "out", "--dry-run", env={"PATH": str(tmp_path)})
    assert done.returncode == 0 and "no sandbox" in done.stdout and not done.stderr


def test_unsafe_says_so_everywhere(submitted, undisturbed, tmp_path, grade_cli):
    out = tmp_path / "out"
    done = grade_cli(
        submitted, "--out", out, "--unsafe", "--assignment", CHAPTERS[0], env={"PATH": str(tmp_path)}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unsafe" in done.stdout
    wanted = [line for line in (undisturbed / "grades.csv").read_text().splitlines() if CHAPTERS[0] in line]
    assert (out / "grades.csv").read_text().splitlines()[1:] == wanted
    assert all(
        json.loads(path.read_text())["ran"].startswith("unsafe") for path in out.glob("results/*/*.json")
    )


@pytest.mark.slow
@pytest.mark.cluster
def test_a_cluster_that_loses_a_worker_gives_the_same(submitted, undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    env = {**os.environ, "PYTHONPATH": str(making.ROOT)}
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(tmp_path / "scheduler.json"),
        ],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as scheduler:
        crew = []
        try:
            deadline = time.monotonic() + 60
            while not (tmp_path / "scheduler.json").exists():
                assert time.monotonic() < deadline and scheduler.poll() is None
                time.sleep(0.2)
            address = json.loads((tmp_path / "scheduler.json").read_text())["address"]
            crew = [
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "distributed.cli.dask_worker",
                        address,
                        "--nthreads",
                        "1",
                        "--no-nanny",
                        "--no-dashboard",
                        "--local-directory",
                        str(tmp_path / f"worker{n}"),
                    ],
                    env=env,
                    cwd=making.ROOT,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for n in range(3)
            ]
            with distributed.Client(address, set_as_default=False) as client:
                client.wait_for_workers(3, timeout=60)
            out = tmp_path / "out"
            run = subprocess.Popen(
                command(submitted, out, "--scheduler", address),
                cwd=making.ROOT,
                env=env,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            while run.poll() is None and len(list(out.glob("results/*/*.json"))) < 5:
                time.sleep(0.05)
            crew[0].kill()
            told, _ = run.communicate(timeout=300)
            assert run.returncode == 0, told
            assert scores(out) == scores(undisturbed)
        finally:
            for worker in crew:
                worker.kill()
                worker.wait()
            scheduler.kill()


def test_names_of_folders_do_not_reach_the_terminal_as_they_are(tmp_path, grade_cli):
    name = "\x1b[31mRED\x1b]0;title\x07"
    making.hand_in(tmp_path / "submitted", name, "01_neuron", b"")
    making.hand_in(tmp_path / "submitted", "ann", name, b"")
    for more in ((), ("--dry-run",)):
        done = grade_cli(tmp_path / "submitted", "--out", tmp_path / "out", *more)
        assert "RED" in done.stdout and not {"\x1b", "\x07"} & set(done.stdout + done.stderr)
