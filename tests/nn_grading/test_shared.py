"""Plain answers of many submissions in one child: what is plain, what counts, and that nothing stays."""

from __future__ import annotations

import builtins
import dataclasses
import itertools
import json
import math

import making
import numpy as np
import pytest

from nn_grading import course, grade, line, names, plain, pool, results
from nn_grading.sandbox import Sandbox, SandboxError

SECRET = b"a" * 64
HEAD = "import numpy as np\nimport math\nimport itertools\n"


def is_plain(source: str) -> bool:
    """Tell whether the answer `f` of a notebook with this one cell is plain."""
    readings = names.Notebook([(1, HEAD + source, False)]).readings("f", None)
    return bool(readings) and all(reading.plain for reading in readings)


# ---------------------------------------------------------------- what is plain


@pytest.mark.parametrize("exercise", making.EXERCISES.values(), ids=lambda exercise: exercise.name)
def test_the_references_are_plain(exercise):
    cells = [(1, making.IMPORTS, False), (2, making.answer(exercise), False)]
    assert all(reading.plain for reading in names.Notebook(cells).readings(exercise.name, None))


@pytest.mark.parametrize(
    "source",
    [
        "def f(x: np.ndarray, k: float = 1e-3) -> float:\n    '''Say what.'''\n    return np.exp(-x) * k",
        "f = lambda z: 1 / (1 + np.exp(-np.asarray(z, dtype=float)))",
        "def g(x):\n    return x * x\n\ndef f(x):\n    if not isinstance(x, (list, np.ndarray)):\n"
        "        raise TypeError(f'an array is due, not {x!r:>5}')\n    return [g(v) for v in x]",
        "def f(n, *rest, start=0, **more):\n    total = start\n    for i in range(n):\n        total += i\n"
        "    while (total := total - 1) > 3:\n        break\n    return {'total': total, 'rest': [*rest]}",
        "def f(x, rng):\n    rng.shuffle(x)\n    yield from (x, x[::2], np.maximum.reduce(x))",
        "def f(W):\n    W = W.copy()\n    W[W < 0] = 0\n    W -= W.mean(axis=0, keepdims=True)\n"
        "    return np.linalg.norm(W, axis=1), W.T @ W",
        "def f(x):\n    with np.errstate(over='ignore'):\n        out = np.zeros_like(x)\n"
        "        out[1:] = np.exp(x[::-1])[1:]\n    return out",
        "from numpy import exp as e, clip\nfrom math import pi\ndef f(x):\n    return e(x) + clip(x, 0, pi)",
        "def f(x, n):\n    y = np.zeros((n, 3), float) + np.array(x, dtype=np.float64).astype(x.dtype)\n"
        "    return y, np.full(3, 0.5), np.linspace(0, 1, n, False), np.eye(n, dtype='int64')",
        "def f(sizes):\n    return sum(a * b for a, b in itertools.pairwise(sizes)) + math.sqrt(2)",
        "table = {'a': 1}\ndef f(x):\n    def inner(y):\n        return table['a'] + y\n    return inner(x)",
    ],
)
def test_ordinary_numpy_is_plain(source):
    assert is_plain(source)


@pytest.mark.parametrize(
    "body",
    [
        # what is not there
        *("open('x')", "eval('1')", "exec('1')", "compile('1', '', 'eval')", "__import__('os')", "globals()"),
        *("vars(np)", "dir(np)", "type(x)", "getattr(x, 'T')", "setattr(np, 'exp', f)", "id(x)", "input()"),
        *("object()", "memoryview(x)", "hash(x)", "super()", "breakpoint()", "BaseException", "__builtins__"),
        *("__name__", "__file__", "__annotations__", "__debug__ and __loader__", "classmethod(f)"),
        # attributes
        *("x.__class__", "f.__globals__", "f.__code__", "x.base", "x.data", "x.ctypes", "x.view(int)"),
        *("x.tofile('x')", "x.setflags(write=1)", "x.resize(9)", "'{0.__class__}'.format(x)", "x.dtype.type"),
        *("x.__array_interface__", "f'{x.__class__}'", "f'{1:{x.base}}'", "(y for y in x).gi_frame"),
        *("x.tobytes()", "x.dump('x')", "x.astype(float).base", "np.exp.__class__", "np.add.at(x, 0, 1)"),
        # modules
        *("np.load('x')", "np.save('x', x)", "np.fromfile('x')", "np.ndarray((3,))", "np.lib", "np.random"),
        *(
            "np.random.seed(0)",
            "np.random.normal()",
            "np.random.default_rng()",
            "np.linalg",
            "np.linalg.lapack_lite",
            "np.seterr(all='raise')",
        ),
        *("np.frombuffer(x)", "np.vectorize(f)", "np.testing", "np.ctypeslib", "np.pad(x, 1, mode='empty')"),
        *(
            "np.__dict__",
            "np",
            "[np]",
            "(np, 1)[0].load",
            "math",
            "itertools.count.__self__",
            "math.__loader__",
        ),
        *(
            "np.resize(x, 9)",
            "np.set_printoptions(3)",
            "np.dtype('V8')",
            "np.memmap('x')",
            "np.core",
            "np.e.data",
        ),
        # types, asked for and made
        *(
            "isinstance(np.ndarray((3,)), float)",
            "[np.ndarray]",
            "isinstance(x, [np.ndarray])",
            "(np.ndarray,)",
        ),
        "(lambda t: t((3,)))(np.ndarray)",
        # memory that nobody filled, and options that come from elsewhere
        *("np.ones(4, dtype={'names': x})", "np.ones(4, x)", "x.astype(x)", "x.astype('V8')", "x.astype(*x)"),
        *("[np.array][0](x, x)", "x.astype", "np.asarray(x, dtype=f'V{8}')", "np.zeros_like(x, 'f8,f8')"),
        *("np.full(3, 1, x)", "np.sum(x, dtype=x)", "np.array([x], b'V8')"),
        *("str(b'x', 'utf_7')", "b'x'", "np.empty(3)", "np.empty_like(x)", "np.errstate(all='call', call=f)"),
        *("np.exp(x, where=False)", "np.exp(x, out=x)", "np.exp(x, **{'where': False})", "dict(**x)"),
    ],
)
def test_what_reaches_further_is_not_plain(body):
    assert not is_plain(f"def f(x):\n    return {body}")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    import os\n    return x",
        "def f(x):\n    import numpy as np\n    return x",  # harmless, but nobody needs it
        "import os\ndef f(x):\n    return os",
        "import numpy as n\ndef f(x):\n    return n.load",
        "import numpy.linalg\ndef f(x):\n    return numpy",
        "import math as np\ndef f(x):\n    return np.exp(x)",
        "from numpy import *\ndef f(x):\n    return exp(x) + q",
        "from numpy import array\ndef f(x):\n    return array(x, x)",
        "def f(x, float={'names': 1}):\n    return np.ones(3, float)",
        "from numpy import ndarray\ndef f(x):\n    return ndarray((3,))",
        "from numpy import load as exp\ndef f(x):\n    return exp(x)",
        "from numpy import exp as isinstance\ndef f(x):\n    return isinstance(x)",
        "from math import e as __builtins__\ndef f(x):\n    return __builtins__",
        "from . import x\ndef f(y):\n    return x",
        "class A:\n    pass\n\ndef f(x):\n    return A()",
        "@staticmethod\ndef f(x):\n    return x",
        "async def f(x):\n    return x",
        "def f(x):\n    global g\n    g = x",
        "def f(x):\n    try:\n        return x\n    except Exception as e:\n        return e",
        "def f(x):\n    del x[0]\n    return x",
        "def f(x):\n    x.shape = (3,)\n    return x",
        "def f(x):\n    x[::2] = (v for v in x)",
        "def f(x):\n    x[0, 1:9:2] += 1",
        "def f(x):\n    x[slice(None, None, 2)] = (v for v in x)",
        "def f(x):\n    for x[::2] in x:\n        pass",
        "def f(x):\n    x.flags.writeable = True",
        "def f(x):\n    match x:\n        case int():\n            return x",
        "def f(x, isinstance=lambda a, b: b):\n    return isinstance(0, np.ndarray)((3,))",
        "def isinstance(a, b):\n    return b\n\ndef f(x):\n    return isinstance(0, np.ndarray)((3,))",
        "isinstance = max\ndef f(x):\n    return isinstance(0, np.ndarray)",
        "def f(np):\n    return np.exp(1)",
        "def f(x):\n    for np in x:\n        pass\n    return 1",
        "def f(x):\n    return [math for math in x]",
        "def f(x):\n    def g():\n        open = 1\n        return open\n    return g() and open('x')",
        "if False:\n    eval = 1\ndef f(x):\n    return eval('1')",
        "def f(x, y=open):\n    return y('x')",
        "def f(x: eval('1')):\n    return x",
        "def f(x: [np.ndarray]):\n    return x",
        "def f(x):\n    return ｅval('1')",  # one that Python reads as another
        "a = 1\rimport os\ndef f(x):\n    return a, os",
        "def f(x):\n    return (lambda __class__: __class__)(x)",
        "def f(x):\n    return [" + "x, " * 10_000 + "]",
        "def f(x):\n    return " + "-" * 2_000 + "x",
        "x = 1\ny = [" + "(" * 90 + ")" * 90 + "]\ndef f(z):\n    return __builtins__",
    ],
)
def test_statements_that_are_not_plain(source):
    assert not is_plain(source)


def test_what_is_listed_exists_and_leaves_no_door():
    """A name that is nowhere is a mistake of typing, or a function that NumPy has given up."""
    assert all(hasattr(builtins, name) for name in plain.BUILTINS)
    assert all(
        hasattr(module, name)
        for module, listed in ((np, plain.NUMPY), (math, plain.MATH), (itertools, plain.ITERTOOLS))
        for name in listed
    )
    assert all(
        hasattr(getattr(np, inner.removeprefix("np.")), name)
        for inner, listed in plain.WITHIN.items()
        for name in listed
    )
    doors = {
        "view",
        "format",
        "format_map",
        "data",
        "base",
        "tofile",
        "ctypes",
        "flags",
        "setflags",
        "resize",
    }
    assert not doors & plain.ATTRIBUTES and not any(name.startswith("_") for name in plain.ATTRIBUTES)
    assert not {"ndarray", "load", "save", "frombuffer", "linalg", "random", "lib", "pad"} & plain.NUMPY


# ---------------------------------------------------------------- one child for many


@pytest.fixture
def grader(sandboxed):
    """A grader whose own-child sandbox and shared one are started when they are needed."""
    found = pool.Grader(pool.Setting(course.load(secret=SECRET)))
    yield found
    found.close()


def job(chapter: str, student: str = "ann", **answers: str | None) -> grade.Job:
    return grade.Job(student, chapter, json.dumps(making.chapter(chapter, **answers)).encode())


def rows(record: grade.Record) -> list[grade.Record]:
    assert not record["faults"]
    return record["exercises"]


def alone(one: grade.Job) -> list[grade.Record]:
    """Return the rows of a submission that is graded in a child of its own alone."""
    with Sandbox() as box:
        return rows(grade.grade(course.load(secret=SECRET), one, box, grade.Limits()))


def test_right_answers_need_no_child_of_their_own(grader):
    for number, chapter in enumerate(("01_neuron", "04_activations", "06_backpropagation") * 2):
        found = rows(grader.grade(job(chapter, f"s{number}")))
        assert {row["status"] for row in found} == {"passed"}
    assert grader.box.process is None and grader.shared.served == 6


@pytest.mark.parametrize("chapter", ["02_perceptron", "06_backpropagation", "08_optimizers"])
def test_a_submission_gets_the_same_rows_as_alone(grader, chapter):
    for seed in range(4):
        one = grade.Job(f"s{seed}", chapter, json.dumps(making.mixed(chapter, seed, wrong=0.5)).encode())
        assert rows(grader.grade(one)) == alone(one)


HANGING = {
    "loops": "    while True:\n        pass",
    "computes at once": "    return 10 ** 10 ** 10",
    "wants memory": "    return np.ones(10**12)",
    "grows": "    kept = [X]\n    while True:\n        kept += kept",
    "recurses": "    return neuron_preactivation(X, w, b)",
    "gives without end": "    yield from itertools.repeat(X)",
    "prints much": "    for _ in range(500):\n        print('x' * 1000)\n    return X @ w + b",
    "asks the wrong": "    return X(w)",
    "keeps": "    return memory.setdefault(X.size, X @ w + b)\n\nmemory = {}",
}


@pytest.mark.slow
@pytest.mark.parametrize("body", HANGING.values(), ids=HANGING)
def test_a_bad_neighbour_costs_itself_alone(grader, body):
    chapter = "01_neuron"
    bad = job(chapter, neuron_preactivation=f"import itertools\ndef neuron_preactivation(X, w, b):\n{body}")
    grader.setting.limits = grade.Limits(time=2.0)
    before, found, after = (rows(grader.grade(one)) for one in (job(chapter), bad, job(chapter)))
    assert before == after and {row["status"] for row in after} == {"passed"}
    with Sandbox() as box:
        assert found == rows(grade.grade(grader.setting.course, bad, box, grader.setting.limits))
    assert found[0]["status"] != "passed" or "print" in body
    assert [row["status"] for row in found[1:]] == ["passed", "passed"]


def test_what_is_not_right_in_the_shared_child_is_run_again(grader, monkeypatch):
    """Whatever it says there: had it been spoilt, nobody would lose a point."""
    monkeypatch.setattr("nn_grading.shared._is_right", lambda task, reply: False)
    assert {row["status"] for row in rows(grader.grade(job("01_neuron")))} == {"passed"}
    assert grader.box.process is not None


def test_who_is_wrong_at_once_is_left_to_a_child_of_their_own(grader, monkeypatch):
    """What would be run twice is one answer, not all."""
    asked = []
    together = line.Line.together

    def counted(self, tasks, known=False):
        asked.append((known, len(tasks)))
        return together(self, tasks, known)

    monkeypatch.setattr(line.Line, "together", counted)
    found = rows(grader.grade(job("04_activations", sigmoid="def sigmoid(z):\n    return z")))
    assert [row["status"] for row in found] == ["failed", *["passed"] * 8]
    assert asked == [(True, 1), (False, 9)]


def test_nothing_of_a_submission_is_there_for_the_next(grader):
    """No name, and no state of NumPy's that a generator keeps alive."""
    first = "SCALE = 1.0\ndef neuron_preactivation(X, w, b):\n    return (X @ w + b) * SCALE"
    for source, status in ((first, "passed"), (first.partition("\n")[2], "error"), (first, "passed")):
        (row, *_) = rows(grader.grade(job("01_neuron", neuron_preactivation=source)))
        assert row["status"] == status, row
    loud = "def keep():\n    with np.errstate(all='raise'):\n        yield 1\n\nalive = keep()\n"
    loud += "state = next(alive)\n\n\ndef neuron_preactivation(X, w, b):\n    return X @ w + b + 0 * state"
    next_one = (
        "limit = 1 / np.zeros(1)\n\n\ndef neuron_preactivation(X, w, b):\n    return X @ w + b + 0 / limit"
    )
    for source in (loud, next_one):
        assert rows(grader.grade(job("01_neuron", neuron_preactivation=source)))[0]["status"] == "passed"
    assert grader.shared.served == 5


def test_a_child_that_has_served_many_is_followed_by_another(grader, monkeypatch):
    monkeypatch.setattr("nn_grading.shared.MOST", 2)
    lines = []
    for number in range(5):
        assert {row["status"] for row in rows(grader.grade(job("01_neuron", f"s{number}")))} == {"passed"}
        lines.append(grader.shared.line.socket)
    assert [one is other for one, other in itertools.pairwise(lines)] == [True, False, True, False]


def test_a_child_that_is_killed_costs_nobody_a_point(grader):
    killed = 0
    for number in range(8):
        assert {row["status"] for row in rows(grader.grade(job("01_neuron", f"s{number}")))} == {"passed"}
        process = grader.shared.box.process
        if (
            process is not None
        ):  # else it was found dead, that submission did without, and the next finds another
            process.kill()
            process.wait()
            killed += 1
    assert killed >= 3


def test_one_sandbox_is_enough(grader, monkeypatch):
    def start(*_):
        raise SandboxError("no more processes")

    monkeypatch.setattr(grader.shared.box, "start", start)
    assert {row["status"] for row in rows(grader.grade(job("01_neuron")))} == {"passed"}


def test_what_callables_say_is_known_beforehand(grader, monkeypatch):
    """The reference's questions need no way there and back; other ones do, and are counted as ever."""
    asked = []
    answer = line._answer
    monkeypatch.setattr(line, "_answer", lambda *words: asked.append(words[0]["ask"]) or answer(*words))
    chapter = "06_backpropagation"
    assert {row["status"] for row in rows(grader.grade(job(chapter)))} == {"passed"} and not asked
    other = (
        "def numerical_gradient(f, x, h=1e-5):\n    x = np.array(x, dtype=float)\n    g = np.zeros(x.shape)\n"
    )
    other += "    for i in np.ndindex(x.shape):\n        e = np.zeros(x.shape)\n        e[i] = h * 1.5\n"
    other += "        g[i] = (f(x + e) - f(x - e)) / (3 * h)\n    return g"
    one = job(chapter, numerical_gradient=other)
    assert rows(grader.grade(one)) == alone(one) and asked


def test_an_exam_shares_nothing(sandboxed):
    grader = pool.Grader(dataclasses.replace(pool.Setting(course.load(secret=SECRET)), fresh=True))
    assert grader.shared is None
    assert {row["status"] for row in rows(grader.grade(job("01_neuron")))} == {"passed"}
    grader.close()


def test_time_in_the_shared_child_does_not_count(grader, monkeypatch):
    """An answer that is too slow there has its whole limit in a child of its own."""
    monkeypatch.setattr("nn_grading.line.TOGETHER_SECONDS", 0.2)
    slow = "def neuron_preactivation(X, w, b):\n    for _ in range(10**6):\n        b = b + 0\n"
    one = job("01_neuron", neuron_preactivation=f"{slow}    return X @ w + b")
    assert {row["status"] for row in rows(grader.grade(one))} == {"passed"}


@pytest.mark.parametrize(("ahead", "drawn"), [(60.0, [3, 4, 5, 5, 5]), (0.0, [2, 3, 4, 5, 5])])
def test_who_is_quick_has_the_next_order_at_hand(sandboxed, tmp_path, monkeypatch, ahead, drawn):
    """Results are written while it works; whoever is slow is given one order at a time."""
    monkeypatch.setattr(pool, "AHEAD", ahead)
    whole = course.load(secret=SECRET)
    for number in range(5):
        making.hand_in(tmp_path, f"s{number}", "01_neuron", making.chapter("01_neuron"))
    places, _ = results.find_submissions(tmp_path, whole)
    given = []

    def orders():
        for place in places:
            given.append(place)
            yield results.Order(place, None, "")

    seen = [(order.place, len(given)) for order, _ in pool.run(pool.Setting(whole), orders(), 1)]
    assert [place for place, _ in seen] == places and [count for _, count in seen] == drawn
