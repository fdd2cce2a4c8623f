"""Nobody earns a point by an attack, nobody else loses one, nothing else is touched."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import making
import pytest
from attacks import ATTACKS, CHAPTER, EXERCISES

NEIGHBOURS = 6
NAMES = {name: attack.student or f"a{number:03d}" for number, (name, attack) in enumerate(ATTACKS.items())}


def closed(path: Path) -> Path | None:
    """Return the uppermost folder on the way to a path that only its owner may pass."""
    return next((above for above in reversed(path.parents) if not above.stat().st_mode & 0o001), None)


def as_nobody(tmp: Path) -> tuple[str, ...]:
    """Return the words that run a command as an unprivileged user, though Python or the project may lie
    in a folder that is root's alone: there the command sees nothing but what it needs."""
    needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), making.ROOT.resolve()}
    needed = {path for path in needed if not any(other in path.parents for other in needed)}
    for path in needed:
        if path.stat().st_mode & 0o005 != 0o005:
            pytest.skip(f"{path} is its owner's alone, so nobody else can run the grader from there")
    walls = {path: closed(path) for path in needed}
    script = ["set -e"]
    for wall in sorted({wall for wall in walls.values() if wall}):
        behind = {path: tmp / path.relative_to("/") for path in sorted(needed) if walls[path] == wall}
        script += [f"mkdir -p {keep} && mount --bind {path} {keep}" for path, keep in behind.items()]
        script += [f"mount -t tmpfs -o mode=755 none {wall}"]
        script += [f"mkdir -p {path} && mount --move {keep} {path}" for path, keep in behind.items()]
    become = "setpriv --reuid 65534 --regid 65534 --clear-groups"
    if len(script) == 1:
        return tuple(become.split())
    path = tmp / "as_nobody.sh"
    path.write_text("\n".join([*script, f'exec {become} "$@"', ""]))
    return ("unshare", "--mount", "--propagation", "private", "sh", str(path))


def digest(place: Path, leave_out: Path | None = None) -> str:
    """Return a hash of every name, kind and content below a place."""
    parts = []
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(d for d in folders if Path(folder, d) != leave_out and d != "__pycache__")
        for name in sorted([*files, *folders]):
            path = Path(folder, name)
            about, data = path.lstat(), b""
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    data = file.read(2**26)  # one of them says that it holds a terabyte
            parts.append(f"{path}|{about.st_mode}|{about.st_size}|{hashlib.sha256(data).hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


ADOPT = 36  # PR_SET_CHILD_SUBREAPER: what loses its parent below this process becomes its child


def children() -> set[int]:
    """Return this process's living children: after a run, these are what the run has left behind."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(int(entry.parent.name))
    return found


@pytest.fixture(scope="module", params=["root", "unprivileged"])
def run(request, tmp_path_factory, grade_cli):
    """One run over the whole corpus and honest neighbours, as root and as an unprivileged user."""
    prefix: tuple[str, ...] = ()
    root = tmp_path_factory.mktemp("attacks")
    if request.param == "root":
        if os.geteuid() != 0:
            pytest.skip("not root: the unprivileged run is the one that counts here")
    elif os.geteuid() == 0:
        if not all(map(shutil.which, ("unshare", "setpriv"))):
            pytest.skip("root, and without unshare and setpriv no way to be somebody else")
        prefix = as_nobody(root)
        root = Path(tempfile.mkdtemp(prefix="attacks_"))  # pytest keeps its own folders closed to others
        request.addfinalizer(lambda: shutil.rmtree(root))
        root.chmod(0o755)
        if wall := closed(root):
            pytest.skip(f"temporary folders lie in {wall}, which nobody else may pass")
    submitted, out = root / "submitted", root / "out"
    for name, attack in ATTACKS.items():
        attack.write(submitted, NAMES[name])
    for number in range(NEIGHBOURS):
        making.hand_in(submitted, f"m{number}", CHAPTER, making.chapter(CHAPTER))
    (root / "grading").mkdir()
    (root / "grading" / "gradebook.db").write_bytes(b"not to be touched")
    out.mkdir()
    if prefix:
        os.chown(out, 65534, 65534)
    before, running = digest(root, out), children()
    ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
    done = grade_cli(
        submitted, "--out", out, "--time-limit", 2, "--memory-limit", 512, "--jobs", 2, prefix=prefix
    )
    end = time.monotonic() + 5
    while children() - running and time.monotonic() < end:  # what was killed takes a moment to die
        time.sleep(0.1)
    assert not children() - running, "processes are left"
    ctypes.CDLL(None).prctl(ADOPT, 0, 0, 0, 0)
    assert digest(root, out) == before, "something outside OUT was changed"
    assert (out / "grades.csv").exists(), done.stdout + done.stderr
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    return done, rows, out


def test_the_run_ends_well(run):
    done, rows, _ = run
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(rows) == (len(ATTACKS) + NEIGHBOURS) * len(EXERCISES)
    assert not done.stderr


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(run, name):
    _, rows, out = run
    attack, student = ATTACKS[name], NAMES[name]
    listed = student.encode(errors="backslashreplace").decode()  # not every folder's name is UTF-8
    row = rows[listed, attack.target]
    seen = json.loads((out / "results" / student / f"{CHAPTER}.json").read_text())
    told = next(r["card"] for r in seen["exercises"] if r["exercise"] == attack.target)
    assert float(row["score"]) <= attack.points, told
    assert row["status"] in attack.statuses, told
    if row["status"] == "passed":
        assert float(row["score"]) == float(row["max_score"])
    for other in set(EXERCISES) - {attack.target}:
        row = rows[listed, other]
        assert attack.others is None or row["status"] == attack.others, row
        assert float(row["score"]) == (2.0 if row["status"] == "passed" else 0.0)


def test_neighbours_keep_every_point(run):
    _, rows, _ = run
    for number in range(NEIGHBOURS):
        for exercise in EXERCISES:
            assert rows[f"m{number}", exercise]["status"] == "passed"


def test_pages_hold_no_live_student_text(run):
    _, _, out = run
    for path in [*out.glob("feedback/*/*.html"), out / "report.html"]:
        text = path.read_text(encoding="utf-8")
        assert (
            "<script" not in text
            and "<img" not in text
            and "onerror=alert" not in text.replace("src=x onerror=alert", "")
        ), path
        assert "\u202e" not in text, path


def test_the_corpus_is_large_enough():
    assert len(ATTACKS) >= 60
