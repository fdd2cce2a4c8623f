"""The parts by themselves: reading, slicing, messages, the sandbox, the table of extra time, the pages."""

from __future__ import annotations

import ast
import dataclasses
import json
import pathlib
import socket
import sys
import threading

import making
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nn_exercises import run
from nn_grading import (
    course,
    feedback,
    grade,
    names,
    notebook,
    page,
    protocol,
    results,
    scripts,
    wire,
    worker,
)
from nn_grading.lateness import read_extra_time

# ---------------------------------------------------------------- slicing


def sources(
    name: str, *cells: str, test_cell: int | None = None, course_cells: tuple[int, ...] = ()
) -> list[str]:
    """Return the text that each reading of `name` runs."""
    book = names.Notebook((i, text, i in course_cells) for i, text in enumerate(cells, 1))
    return ["\n".join(p.statement.text for p in r.pieces) for r in book.readings(name, test_cell)]


def test_only_what_is_used_runs_and_in_an_order_that_works():
    (text,) = sources(
        "f",
        "def f(x): return g(x) + T",
        "T = make()",
        "print('no')",
        "def make(): return C",
        "C = 1\nD = 1 / 0",
        "def g(x): return x",
    )
    scope: dict = {}
    exec(text, scope)
    assert scope["f"](2) == 3
    assert "print" not in text and "D" not in text


def test_the_last_definition_wins_and_run_all_is_the_other_reading():
    last, in_order = sources(
        "f", "def f(): return h()", "def h(): return 1", "check(f)", "def h(): return 2", test_cell=3
    )
    assert "return 2" in last and "return 1" in in_order


def test_a_chain_of_rebinding_is_kept():
    (text,) = sources("f", "def f(): return 1", "f = wrap(f)", "def wrap(g): return lambda: g() + 1", "x = 0")
    scope: dict = {}
    exec(text, scope)
    assert scope["f"]() == 2


def test_students_cells_go_before_the_courses():
    (text,) = sources(
        "f", "def f(): return h()", "def h(): return 'mine'", "def h(): return 'course'", course_cells=(3,)
    )
    assert "mine" in text and "course" not in text


def test_star_imports_serve_names_that_nothing_else_binds():
    (text,) = sources("f", "from numpy import *", "def f(x): return exp(x)")
    assert "import *" in text
    (text,) = sources("f", "from numpy import *", "def f(x): return x")
    assert "import *" not in text


def test_a_future_import_of_annotations_holds_for_the_notebook():
    cells = ["from __future__ import annotations", "def f(x: Unknown): return x"]
    for count, flags in ((2, annotations.compiler_flag), (1, 0)):
        (reading,) = names.Notebook((i, text, False) for i, text in enumerate(cells[-count:])).readings(
            "f", None
        )
        assert reading.flags == flags


def test_local_names_are_not_global_ones():
    (text,) = sources("f", "X = open('/nothing')", "def f(X):\n    y = X\n    return [X for X in y]")
    assert "open" not in text


def test_magics_are_left_out():
    (text,) = sources("f", "%matplotlib inline\n!ls\nC = 2\nC?", "%%time\ndef f(): return C", "%%bash\nC=3")
    scope: dict = {}
    exec(text, scope)
    assert scope["f"]() == 2


@pytest.mark.parametrize(
    "line, refused",
    [
        ("import scipy.special", ["scipy"]),
        ("from torch import nn", ["torch"]),
        ("from . import x", ["."]),
        ("import numpy.linalg", []),
        ("from math import exp", []),
        ("import nn_core as nn", ["nn_core"]),
    ],
)
def test_modules_that_are_not_offered_are_named(line, refused):
    book = names.Notebook([(1, f"def f():\n    {line}\n    return 1", False)])
    (reading,) = book.readings("f", None)
    assert list(reading.refused) == refused


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_sliced(text):
    assert isinstance(names.statements(text), tuple | names.Broken)


# ---------------------------------------------------------------- reading


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "cells",
                        "worksheets",
                        "metadata",
                        "nbgrader",
                        "source",
                        "input",
                        "cell_type",
                        "grade_id",
                        "kernelspec",
                        "name",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_or_refused(document):
    try:
        submission = notebook.read(json.dumps(document).encode())
    except notebook.UnreadableError:
        return
    assert all(isinstance(cell.source, str) and isinstance(cell.grade_id, str) for cell in submission.cells)


# ---------------------------------------------------------------- messages


def test_wire_knows_every_field_of_an_outcome():
    fields = {field.name for field in dataclasses.fields(run.Outcome)}
    assert fields == set(wire.FIELDS)


@given(
    arrays.arrays(
        st.sampled_from(["<f8", "<f4", "<i8", "<i2", "|b1", "<c16", "|u1"]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
@settings(deadline=None)
def test_arrays_travel_unchanged(array):
    for order in "CF":
        message = over_the_line(wire.dump_value(np.asarray(array, order=order), []))
        back = wire.load_value(message)
        assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()


def over_the_line(message):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=protocol.send, args=(ours, message))
        sender.start()
        back = protocol.receive(theirs)
        sender.join()
    return back


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "text", (1, [2.0, None]), {"a": 1, 2: "b"}, 1j, float("inf")]
)
def test_values_travel_unchanged(value):
    assert wire.load_value(over_the_line(wire.dump_value(value, []))) == value


def test_outcomes_travel_unchanged():
    def answer(x, f, rng):
        print("hello")
        np.log(np.zeros(1))
        x[0] = f(x)[0] + rng.normal()
        return (
            x,
            [1, 2.0, None, "t"],
            np.float32(2),
            {"a": 1j},
            (i for i in range(3)),
            np.matrix([1.0]),
            answer,
        )

    calls = [run.Call((np.ones(2), run.Fn("f", np.exp), run.Rng(3))), run.Call((1,))]
    for outcome in run.run(answer, calls, again=[0]):
        back = wire.load_outcome(over_the_line(wire.dump_outcome(outcome)))
        for name in wire.FIELDS:
            assert repr(getattr(back, name)) == repr(getattr(outcome, name)), name


def test_a_value_that_is_the_same_again_travels_once():
    outcome = run.run(lambda x: x + 1, [run.Call((np.ones(2),))], again=[0])[0]
    message = wire.dump_outcome(outcome)
    back = wire.load_outcome(over_the_line(message))
    assert message["again"] == message["later"] == wire.SAME
    assert back.again is back.later is back.value and repr(back) == repr(outcome)
    # Whatever order the other side writes them in.
    back = wire.load_outcome(dict(reversed(message.items())))
    assert repr(back) == repr(outcome)


def test_the_byte_order_of_arrays_travels():
    for name in wire.NUMBERS:
        array = np.arange(3).astype(name)
        back = wire.load_value(over_the_line(wire.dump_value(array, [])))
        assert (back.dtype.str, back.tobytes()) == (name, array.tobytes())


def test_long_doubles_travel_as_doubles():
    for long, usual in ((np.longdouble, np.float64), (np.clongdouble, np.complex128)):
        back = wire.load_value(over_the_line(wire.dump_value(np.ones(2, long), [])))
        assert back.dtype == usual and np.array_equal(back, [1, 1])


SPOIL = """
def spoil(x, several, named, rng, k):
    before = repr((x, several, named, k)), rng.normal()
    x += 1
    several[0] += 1
    several.append(0)
    named["a"] += 1
    named["b"] = k.pop()
    return before
"""


def test_calls_that_are_kept_are_the_same_for_the_next_submission(monkeypatch):
    for name, part in (("protocol", protocol), ("run", run), ("wire", wire)):
        monkeypatch.setattr(worker, name, part, raising=False)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    values = [np.ones(2), [np.ones(2)], {"a": np.ones(2)}, run.Rng(3)]
    calls = {"calls": [[[wire.dump_value(v, []) for v in values], [["k", ["list", 1.0]]]]], "again": [0]}
    order = {"name": "spoil", "pieces": [[0, 1, SPOIL, 0]], "time_limit": 10.0, "own": []}
    kept = [worker.calls_of(*protocol.halves(protocol.encode(calls))) for _ in range(2)]
    assert kept[0] is kept[1]
    first, then = (worker.run_exercise(order, one, None)[0] for one in kept)
    outcome = wire.load_outcome(first[0]["outcomes"][0])
    assert first == then and outcome.status == "returned"
    assert outcome.again is outcome.value and None not in outcome.after[:3]


WRONG = [
    None,
    7,
    [],
    {},
    {"status": "passed"},
    {"status": "returned", "value": ["array", ["|O8", [1], "C", b"12345678"], ""]},
    {"status": "returned", "value": ["array", ["<f8", [10**9, 10**9], "C", b""], ""]},
    {"status": "returned", "value": ["array", ["<f8", [-1], "C", b""], ""]},
    {"status": "returned", "value": ["array", ["<f8", [2], "C", b"1234"], ""]},
    {"status": "returned", "value": ["pickle", b"x", ""]},
    {"status": "returned", "value": ["int", True, ""]},
    {"status": "returned", "score": 2.0},
    {"status": "returned", "asked": [1]},
    {"status": "returned", "after": 3},
    {"status": "raised", "error": ["E"]},
    {"status": "returned", "value": ["int", 10**400, ""]},
    {"status": "returned", "value": ["array", ["<f8", [True], "C", bytes(8)], ""]},
    {"status": "returned", "value": ["array", ["<f8", [1.0], "C", bytes(8)], ""]},
    {"status": "returned", "value": ["array", ["<f8", 1, "C", bytes(8)], ""]},
    {"status": "returned", "value": ["array", ["<f8", [1] * 33, "C", bytes(8)], ""]},
    {"status": "returned", "value": ["array", ["<f8", [0, 10**9], "C", b""], ""]},
    {"status": "returned", "value": ["array", ["<f8", [1], "C", "no number"], ""]},
    {"status": "returned", "value": ["array", [["<f8"], [1], "C", bytes(8)], ""]},
    {"status": "returned", "value": "same"},
    {"status": "raised", "error": ["E", [], "", None, "", True], "again": "same"},
    {"status": "skipped", "later": "same"},
]


@pytest.mark.parametrize("message", WRONG, ids=map(repr, range(len(WRONG))))
def test_what_is_no_outcome_is_refused(message):
    with pytest.raises(wire.WireError):
        wire.load_outcome(message)


@given(st.binary(max_size=200), st.binary(max_size=50))
@settings(deadline=None)
def test_noise_is_no_message(text, rest):
    try:
        protocol.decode(text, rest)
    except protocol.ProtocolError:
        pass


# ---------------------------------------------------------------- the sandbox


def test_the_sandbox_holds_no_answer_and_offers_no_way_out(box):
    """What an answer sees: four files, no packages but NumPy, no environment, nothing to write but /tmp."""
    source = """
def look():
    import os, sys
    seen = {"nn": sorted(os.listdir("/nn")), "root": sorted(os.listdir("/"))}
    seen["environment"] = sorted(os.environ)
    seen["packages"] = sorted(os.listdir(os.path.dirname(os.path.dirname(sys.modules["numpy"].__file__))))
    seen["pids"] = sorted(int(p) for p in os.listdir("/proc") if p.isdigit())
    seen["interfaces"] = open("/proc/net/dev").read().count(":")
    writable = []
    for folder, folders, _ in os.walk("/"):
        if folder.startswith(("/proc", "/tmp")): folders[:] = []; continue
        if len(folder) < 40 and os.access(folder, os.W_OK):
            try: open(os.path.join(folder, "x"), "w"); writable.append(folder)
            except OSError: pass
    seen["writable"] = writable
    return repr(seen)
"""
    line = box.open()
    protocol.send(line, {"name": "look", "pieces": [[1, 1, source, 0]], "time_limit": 20.0, "own": []})
    protocol.send(line, {"calls": [[[], []]], "again": []})
    (outcome,) = protocol.receive(line)["outcomes"]
    box.finish(line, kill=False)
    seen = ast.literal_eval(wire.load_outcome(outcome).value.data)
    assert seen["nn"] == ["protocol.py", "run.py", "wire.py", "worker.py"]
    assert set(seen["packages"]) <= {"numpy", "numpy.libs"}
    assert seen["pids"][0] == 1 and len(seen["pids"]) == 2
    assert seen["interfaces"] == 1  # loopback, and it is down
    assert seen["writable"] == []
    assert not {"PATH", "USER", "SSH_AUTH_SOCK", "HTTP_PROXY"} & set(seen["environment"])
    for name in ("home", "var", "etc"):
        assert name not in seen["root"] or name == "etc"


def test_the_executing_side_imports_numpy_and_the_standard_library_alone():
    allowed = names.ALLOWED | {"run", "wire", "protocol"}
    for path in (
        "nn_grading/worker.py",
        "nn_grading/wire.py",
        "nn_grading/protocol.py",
        "nn_exercises/run.py",
    ):
        for node in ast.walk(ast.parse((making.ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= allowed, path
            elif isinstance(node, ast.ImportFrom) and (path, node.module) != (
                "nn_grading/wire.py",
                "nn_exercises",
            ):
                assert node.module.partition(".")[0] in allowed, path


# ---------------------------------------------------------------- the course, the table, the pages


def test_seeds_are_the_same_again_differ_and_depend_on_the_secret():
    one, other = course.load(secret=b"a" * 64), course.load(secret=b"b" * 64)
    about = [(f"s{n}", "02_perceptron", "step") for n in range(200)]
    sets, own = zip(*(one.seeds(*words, "") for words in about), strict=True)
    assert len(set(sets)) == course.SETS and len(set(own)) == len(about)
    assert {*sets, *own}.isdisjoint(seed for words in about for seed in other.seeds(*words, ""))
    assert one.seeds(*about[0], "1") == one.seeds(*about[0], "1")
    sets_of_tries, own_of_tries = zip(*(one.seeds(*about[0], str(n)) for n in range(50)), strict=True)
    assert set(sets_of_tries) == set(sets)  # another try may meet another set
    assert len(set(own_of_tries)) == 50  # and has another case of its own


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path):
    first = course.secret_of(tmp_path, tmp_path / "out")
    assert course.secret_of(tmp_path, tmp_path / "out") == first and len(first) >= 32
    assert (tmp_path / "grading" / "secret").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "grading").iterdir()] == ["secret"]


def test_fingerprints_tell_exercises_apart_and_follow_their_helpers(tmp_path):
    found = {course.fingerprint(exercise.name) for exercise in making.EXERCISES.values()}
    assert len(found) == len(making.EXERCISES)
    text = "N = 3\ndef _help(): return N\n@exercise\ndef f(): return _help()\n"
    text += "@f.cases\ndef _(rng): yield 1\ndef g(): pass\n"
    path = tmp_path / "chapter.py"
    path.write_text(text)
    (tmp_path / "edited.py").write_text(text.replace("N = 3", "N = 4").replace("pass", "return 0"))
    before, after = (course._module_book(str(tmp_path / name)) for name in ("chapter.py", "edited.py"))
    assert sorted(course._texts_of(before, "f")) != sorted(course._texts_of(after, "f"))
    assert any("yield 1" in text for text in course._texts_of(before, "f"))


def test_extra_time_is_read(tmp_path):
    path = tmp_path / "extra.csv"
    path.write_text("\ufeffstudent,assignment,hours\nann,,1.5\nbob,02_perceptron,24\n")
    assert read_extra_time(path) == {("ann", ""): 5400.0, ("bob", "02_perceptron"): 86400.0}


@pytest.mark.parametrize(
    "text", ["", "a,b\n", "student,hours,days\nx,1,2\n", "student,hours\nx,many\n", "student,hours\nx,-1\n"]
)
def test_a_table_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "extra.csv").write_text(text)
    with pytest.raises(ValueError):
        read_extra_time(tmp_path / "extra.csv")


def test_text_is_inert_on_a_page():
    assert page.escape('<b>\u202e&\x00"') == "&lt;b&gt;\ufffd&amp;\ufffd&quot;"
    whole = page.frame("</title><script>", "x")
    assert "<script" not in whole and "default-src 'none'" in whole


def test_feedback_shows_no_input_that_was_printed_and_no_live_character(box):
    """What an answer prints would carry hidden inputs out; an exception's text is shown, but cleaned."""
    answers = {
        "neuron_preactivation": "def neuron_preactivation(X, w, b):\n    print('seen', X)\n"
        "    return X @ w + b",
        "neuron": "def neuron(X, w, b, activation):\n    raise ValueError('turn\\u202eed')",
    }
    name = "01_neuron"
    whole = dataclasses.replace(course.load(), secret=b"x" * 32)
    job = grade.Job("ann", name, json.dumps(making.chapter(name, **answers)).encode())
    record = grade.grade(whole, job, box, grade.Limits())
    cards = "".join(feedback.result_of(row).html() for row in record["exercises"])
    assert [row["status"] for row in record["exercises"]] == ["passed", "passed", "error"]
    assert "seen" not in json.dumps(record) and "seen" not in cards
    assert "turn\ufffded" in cards and "\u202e" not in cards


def test_folders_that_cannot_be_read_stop_nothing(tmp_path, monkeypatch):
    name, real = "01_neuron", pathlib.Path.iterdir

    def iterdir(path):
        if path.name == "bob":
            raise PermissionError(13, "Permission denied")
        return real(path)

    for student in ("ann", "bob", "cyd"):
        making.hand_in(tmp_path, student, name, "{}")
    (tmp_path / "a file").write_text("")
    monkeypatch.setattr(pathlib.Path, "iterdir", iterdir)
    places, strange = results.find_submissions(tmp_path, course.load())
    assert [place.student for place in places] == ["ann", "cyd"]
    assert strange == ["bob (Permission denied)"]


def test_equal_answers_share_a_diagnosis_and_others_do_not(box):
    name = "01_neuron"
    whole = dataclasses.replace(course.load(), secret=b"x" * 32)

    def mistake(source: str) -> str:
        document = making.chapter(name, neuron_preactivation=source)
        job = grade.Job("ann", name, json.dumps(document).encode())
        return grade.grade(whole, job, box, grade.Limits())["exercises"][0]["mistake"]

    head = "def neuron_preactivation(X, w, b):\n    return "
    first = mistake(f"{head}X @ w")
    assert first and mistake(f"{head}(X @ w)") == first != mistake(f"{head}X @ w - b")


def test_long_chains_and_crowds_of_statements_are_not_parsed():
    for source in ("import a" + ".b" * 50_000, "x = a" + "\\\n .b" * 500, "a = 1\n" * 5_000):
        assert isinstance(names.statements(source), names.Broken)
    table = "x = '''" + "0.1 0.2 ... " * 500 + "'''"
    assert not isinstance(names.statements(table), names.Broken)


BY_HEART = """
TABLE = {table}

def sigmoid(z):
    # What the shared cases are due, looked up; and something that is wrong nearly everywhere else.
    z = np.asarray(z, dtype=float)
    return np.array(TABLE.get(z.tobytes().hex(), np.full(z.shape, 0.5))).reshape(z.shape)
"""


def test_who_knows_all_shared_cases_by_heart_is_wrong_on_the_one_of_their_own(box):
    whole = course.load(secret=b"a" * 64)
    name, table = "04_activations", {}
    seeds = {whole.seeds(f"s{n}", name, "sigmoid", "")[0] for n in range(200)}
    for seed in seeds:
        prepared = scripts.script_of("sigmoid", seed).prepared
        for case, due in zip(prepared.cases, prepared.expected, strict=True):
            z = np.asarray(case.args[0], dtype=float)
            table[z.tobytes().hex()] = np.asarray(due.value.data).tolist()
    document = making.chapter(name, sigmoid=BY_HEART.format(table=table))
    for student in ("ann", "bob"):
        job = grade.Job(student, name, json.dumps(document).encode(), only=frozenset(["sigmoid"]))
        (row,) = grade.grade(whole, job, box, grade.Limits())["exercises"]
        assert (row["status"], row["score"]) == ("failed", 0.0), row


def test_a_fault_in_judging_one_answer_costs_that_answer_alone(box, monkeypatch):
    def judged(task, *rest):
        if task.exercise.name == "neuron":
            raise ZeroDivisionError("nobody foresaw it")
        return result(task, *rest)

    result = grade._result
    monkeypatch.setattr(grade, "_result", judged)
    name = "01_neuron"
    job = grade.Job("ann", name, json.dumps(making.chapter(name)).encode())
    record = grade.grade(dataclasses.replace(course.load(), secret=b"x" * 32), job, box, grade.Limits())
    assert [row["status"] for row in record["exercises"]] == ["passed", "passed", "crashed"]
    (fault,) = record["faults"]
    assert "nobody foresaw it" in fault


def numerical_gradient_row(box, body):
    """Return the row of an answer to numerical_gradient, whose function is asked for out here."""
    name = "06_backpropagation"
    source = f"def numerical_gradient(f, x, h=1e-5):\n    {body}"
    document = making.chapter(name, numerical_gradient=source)
    job = grade.Job("ann", name, json.dumps(document).encode(), only=frozenset(["numerical_gradient"]))
    (row,) = grade.grade(course.load(secret=b"a" * 64), job, box, grade.Limits())["exercises"]
    return row


def test_a_huge_question_is_not_computed(box):
    row = numerical_gradient_row(box, "return f(np.zeros(1_000_000))")
    assert row["status"] == "crashed" and "1,048,576 bytes" in row["card"]["message"]


def test_a_question_that_fails_is_shown_at_the_line_that_asked(box):
    row = numerical_gradient_row(box, "return f(x, x, x)")
    assert row["status"] == "error" and "return f(x, x, x)" in json.dumps(row["card"])
    assert "raise kind" not in json.dumps(row["card"])
