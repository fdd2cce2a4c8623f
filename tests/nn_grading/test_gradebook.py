"""Scores reach nbgrader's gradebook through its own API, and nbgrader's tools go on working with them."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import making
import pytest

nbgrader_api = pytest.importorskip("nbgrader.api", reason="nbgrader is not installed")

CHAPTER = "01_neuron"


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory):
    """A database as nbgrader makes it; making one takes seconds, copying it none."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        nbgrader_api.Gradebook(f"sqlite:///{path}", "nn_textbook").close()
    return path


@pytest.fixture
def course(tmp_path, sandboxed, monkeypatch, empty_gradebook):
    """A course folder with a released chapter that has a written answer too, and three submissions."""
    from nn_grading import course as courses

    written = making.code("", grade_id="why", solution=True, grade=True, locked=False, points=4)
    written["cell_type"] = "markdown"
    written["source"] = "*Write your answer here.*"
    written.pop("outputs"), written.pop("execution_count")

    def chapter(**answers):
        document = making.chapter(CHAPTER, **answers)
        document["cells"].append(dict(written))
        return document

    stubs = {exercise.name: None for exercise in making.of_chapter(CHAPTER)}
    making.hand_in(tmp_path / "chapters", ".", CHAPTER, chapter(**stubs))
    for name in ("solutions", "grading"):
        (tmp_path / name).mkdir()
    shutil.copy(making.ROOT / "nbgrader_config.py", tmp_path)
    shutil.copy(empty_gradebook, tmp_path / "grading")
    submitted = tmp_path / "grading" / "submitted"
    wrong = making.wrong_answers(making.of_chapter(CHAPTER)[0])[0]
    making.hand_in(submitted, "ann", CHAPTER, chapter())
    making.hand_in(submitted, "bob", CHAPTER, chapter(neuron_preactivation=wrong, neuron=None))
    essay = chapter()
    essay["cells"][-1] = {**written, "source": "Because."}
    making.hand_in(submitted, "cyd", CHAPTER, essay)
    (submitted / "cyd" / CHAPTER / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    real = courses.load
    monkeypatch.setattr(courses, "load", lambda *a, **k: real(tmp_path))
    return tmp_path


def grade(course: Path, **more) -> tuple[int, str]:
    """Grade the course's submissions in this process; return exit code and output."""
    import io

    from nn_grading import batch

    url = f"sqlite:///{course / 'grading' / 'gradebook.db'}"
    request = batch.Request(course / "grading" / "submitted", course / "grading", gradebook=url, jobs=1)
    told = io.StringIO()
    code = batch.run(replace(request, **more), told)
    return code, told.getvalue()


def book(course: Path):
    return nbgrader_api.Gradebook(f"sqlite:///{course / 'grading' / 'gradebook.db'}", "nn_textbook")


def test_scores_and_comments_arrive_once(course):
    for _ in range(2):
        code, told = grade(course)
        assert code == 0, told
        with book(course) as gradebook:
            assert len(gradebook.students) == 3
            ann = gradebook.find_submission_notebook(CHAPTER, CHAPTER, "ann")
            bob = gradebook.find_submission_notebook(CHAPTER, CHAPTER, "bob")
            assert {g.name: g.auto_score for g in ann.grades} == {
                "neuron_preactivation": 2,
                "mcculloch_pitts": 2,
                "neuron": 2,
                "why": 0,
            }
            assert {g.name: g.auto_score for g in bob.grades if g.name != "why"} == {
                "neuron_preactivation": 0,
                "mcculloch_pitts": 2,
                "neuron": 0,
            }
            comments = {c.name: c.auto_comment for c in bob.comments}
            assert comments["neuron_answer"] == "No response."
            assert "bias" in comments["neuron_preactivation_answer"]


def test_a_new_gradebook_is_made(course):
    (course / "grading" / "gradebook.db").unlink()
    code, told = grade(course)
    assert code == 0, told
    with book(course) as gradebook:
        assert gradebook.find_submission_notebook(CHAPTER, CHAPTER, "ann").score == 6


def test_a_written_answer_waits_for_a_person(course):
    grade(course)
    with book(course) as gradebook:
        grades = {g.name: g for g in gradebook.find_submission_notebook(CHAPTER, CHAPTER, "cyd").grades}
        assert grades["why"].needs_manual_grade
        assert not grades["neuron"].needs_manual_grade
        entry = gradebook.find_submission(CHAPTER, "cyd")
        assert entry.timestamp.isoformat().startswith("2026-11-20T10:00")


def test_what_a_person_entered_stays(course):
    grade(course)
    with book(course) as gradebook:
        page = gradebook.find_submission_notebook(CHAPTER, CHAPTER, "bob")
        (mark,) = [g for g in page.grades if g.name == "neuron"]
        mark.manual_score, mark.extra_credit = 1.5, 0.5
        (note,) = [c for c in page.comments if c.name == "neuron_answer"]
        note.manual_comment = "Handed in on paper."
        gradebook.db.commit()
    making.hand_in(course / "grading" / "submitted", "bob", CHAPTER, making.chapter(CHAPTER))
    grade(course)
    with book(course) as gradebook:
        page = gradebook.find_submission_notebook(CHAPTER, CHAPTER, "bob")
        (mark,) = [g for g in page.grades if g.name == "neuron"]
        assert (mark.auto_score, mark.manual_score, mark.score) == (2.0, 1.5, 2.0)
        assert mark.needs_manual_grade  # the automatic score has changed under the person's
        (note,) = [c for c in page.comments if c.name == "neuron_answer"]
        assert note.comment == "Handed in on paper."


def test_marks_that_differ_from_nbgraders_own_run_are_named(course):
    grade(course)
    assert "nothing" in (course / "grading" / "report.html").read_text().lower()
    with book(course) as gradebook:  # as if `nbgrader autograde` had run since
        page = gradebook.find_submission_notebook(CHAPTER, CHAPTER, "bob")
        (mark,) = [g for g in page.grades if g.name == "neuron_preactivation"]
        mark.auto_score = 2.0
        gradebook.db.commit()
    for _ in range(2):
        _, told = grade(course)
        assert "1 marks differ" in told
        assert (
            f"bob/{CHAPTER}/neuron_preactivation: 0 here, 2 there"
            in (course / "grading" / "report.html").read_text()
        )


def test_extra_time_and_penalty(course):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    grade(course)
    with book(course) as gradebook:
        gradebook.update_or_create_assignment(CHAPTER, duedate="2026-11-20 08:00:00 UTC")
    (course / "extra.csv").write_text("student,assignment,hours\ncyd,,3\n")
    grade(course)
    with book(course) as gradebook:
        page = gradebook.find_submission_notebook(CHAPTER, CHAPTER, "cyd")
        assert page.late_submission_penalty == page.score == 6
    grade(course, extra_time=course / "extra.csv")
    with book(course) as gradebook:
        assert not gradebook.find_submission_notebook(CHAPTER, CHAPTER, "cyd").late_submission_penalty


def test_a_locked_gradebook_is_filled_the_next_time(course, monkeypatch):
    code, _ = grade(course)
    expected = (course / "grading" / "grades.csv").read_bytes()
    with book(course) as gradebook:
        gradebook.remove_submission(CHAPTER, "ann")
    lock = sqlite3.connect(course / "grading" / "gradebook.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    code, told = grade(course)
    assert code == 1 and "locked" in told
    lock.execute("ROLLBACK")
    lock.close()
    code, _ = grade(course)
    assert code == 0
    assert (course / "grading" / "grades.csv").read_bytes() == expected
    with book(course) as gradebook:
        assert gradebook.find_submission_notebook(CHAPTER, CHAPTER, "ann").score == 6


def test_half_a_character_in_a_message_stops_nothing(course):
    odd = "def neuron_preactivation(X, w, b):\n    raise ModuleNotFoundError('\\ud800')"
    submitted = course / "grading" / "submitted"
    making.hand_in(submitted, "ann", CHAPTER, making.chapter(CHAPTER, neuron_preactivation=odd))
    code, _ = grade(course)
    assert code == 0
    with book(course) as gradebook:
        assert gradebook.find_submission_notebook(CHAPTER, CHAPTER, "ann").score == 4
        assert gradebook.find_submission_notebook(CHAPTER, CHAPTER, "cyd").score == 6


@pytest.mark.parametrize("url", ["http://[::1", "nosuch://host/gradebook"])
def test_an_address_without_a_database_costs_no_result(course, url):
    code, told = grade(course, gradebook=url)
    assert code == 1 and "The gradebook was not brought up to date" in told
    assert (course / "grading" / "grades.csv").is_file() and (course / "grading" / "report.html").is_file()


@pytest.mark.slow
def test_feedback_and_export_go_on_working(course):
    grade(course)
    making.nbgrader(course, "generate_feedback", CHAPTER, "--force")
    page = (course / "grading" / "feedback" / "bob" / CHAPTER / f"{CHAPTER}.html").read_text()
    assert "Score: 2.0 / 10.0" in " ".join(page.split())
    assert "bias" in page
    making.nbgrader(course, "export", f"--CsvExportPlugin.to={course / 'export.csv'}")
    with (course / "export.csv").open(newline="") as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows == {"ann": 6.0, "bob": 2.0, "cyd": 6.0}


@pytest.mark.slow
@pytest.mark.browser
def test_formgrader_shows_the_scores(course):
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium to drive")
    grade(course)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = course / "home"
    home.mkdir()
    env = {
        **os.environ,
        "PYTHONPATH": str(making.ROOT),
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.token=",
        "--ServerApp.password=",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]
    with (course / "lab.log").open("wb") as log:
        lab = subprocess.Popen(words, cwd=course, env=env, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}/formgrader"
        deadline = time.monotonic() + 240
        while True:
            try:
                urllib.request.urlopen(base, timeout=5).read()
                break
            except OSError:
                assert time.monotonic() < deadline and lab.poll() is None, (course / "lab.log").read_text()[
                    -2000:
                ]
                time.sleep(0.5)
        with sync.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{base}/gradebook/{CHAPTER}/{CHAPTER}")
            page.wait_for_selector("td.score, td[class*=score]", timeout=120_000)
            shown = " ".join(page.inner_text("table").split())
            assert "6 / 10" in shown and "2 / 10" in shown, shown
            page.goto(f"{base}/manage_students")
            page.wait_for_selector("text=ann", timeout=120_000)
            browser.close()
    finally:
        lab.terminate()
        lab.wait(60)
