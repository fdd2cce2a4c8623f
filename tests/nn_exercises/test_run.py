"""Running an answer: plain data comes back, and nothing that it does outlives the run."""

import functools
import importlib.util
import random
import signal
import subprocess
import sys
import threading
import time
import warnings

import matplotlib as mpl
import numpy as np
import pytest

from nn_exercises.run import Call, Fn, Node, Rng, code_of, facts_of, pack, run, unpack

mpl.use("agg")


def one(function, *args, **kwargs):
    return run(function, [Call(args, kwargs)])[0]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "none"),
        (True, "bool"),
        (3, "int"),
        (2.5, "float"),
        (1j, "complex"),
        ("a", "text"),
        (np.float32(1), "scalar"),
        (np.bool_(True), "scalar"),
        (np.zeros((2, 3)), "array"),
        (np.array(1.0), "array"),
        ([1, 2], "list"),
        ((1, 2), "tuple"),
        (range(3), "list"),
        ({"a": 1}, "dict"),
        (iter([1, 2]), "iterator"),
        ({1, 2}, "other"),
        (np.array([None]), "other"),
        (print, "other"),
        (object(), "other"),
        (10**400, "other"),
        (np.array(["a"]), "other"),
    ],
)
def test_pack_kinds(value, kind):
    assert pack(value).kind == kind


def test_pack_and_unpack_agree():
    value = ([1, 2.5], {"a": np.arange(3)}, (np.float32(2), None, "x"), np.eye(2))
    back = unpack(pack(value))
    assert isinstance(back, tuple) and back[0] == [1, 2.5] and back[2] == (np.float32(2), None, "x")
    assert np.array_equal(back[1]["a"], np.arange(3)) and np.array_equal(back[3], np.eye(2))


def test_packed_arrays_are_plain_copies():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.matrix([[1.0, 2.0]])
    node = pack(x)
    assert node.name == "matrix" and type(node.data) is np.ndarray
    x[0, 0] = 9
    assert node.data[0, 0] == 1


def test_a_reused_buffer_is_packed_as_it_was_yielded():
    def answer():
        buffer = np.zeros(1)
        for k in range(3):
            buffer[0] = k
            yield buffer

    assert [n.data[0] for n in one(answer).value.data] == [0, 1, 2]


def test_endless_iterators_and_deep_lists_are_cut():
    def forever():
        while True:
            yield 1

    deep = []
    for _ in range(100):
        deep = [deep]
    assert len(one(forever).value.data) < 100_000
    assert "other" in repr(pack(deep))


def test_a_list_that_holds_itself():
    loop = []
    loop.append(loop)
    assert pack(loop).kind == "list"


def test_arguments_are_copies_and_their_state_afterwards_is_told():
    x = np.zeros(3)

    def answer(x):
        x += 1
        return x

    outcome = one(answer, x)
    assert not x.any()
    assert np.array_equal(outcome.after[0].data, np.ones(3))


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.__setitem__(0, -0.0),
        lambda x: setattr(x, "shape", (3, 1)),
        lambda x: setattr(x, "dtype", np.int64),
    ],
    ids=["sign", "shape", "dtype"],
)
def test_the_least_change_of_an_argument_is_told(change):
    outcome = run(lambda y, x: change(x), [Call((1.0,), {"x": np.zeros(3)})])[0]
    assert outcome.status == "returned" and outcome.after[0] is None and outcome.after[1].kind == "array"


def test_memory_layout_reaches_the_answer():
    assert one(lambda x: int(x.flags.f_contiguous), np.asfortranarray(np.eye(3)[:, :2])).value.data == 1


def test_printed_text_warnings_and_errors_are_caught(capsys, recwarn):
    def answer(x):
        print("hello")
        print("oh", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return np.exp(x)

    outcome = one(answer, np.array([1000.0]))
    assert outcome.printed == "hello\noh\n"
    assert [w[0] for w in outcome.warnings] == ["UserWarning", "RuntimeWarning"]
    assert capsys.readouterr() == ("", "") and not recwarn.list


def test_floods_of_output_are_cut():
    def answer():
        for _ in range(10_000):
            print("x" * 100)

    assert len(one(answer).printed) < 5000


def test_an_exception_names_the_answers_own_line(tmp_path):
    file = tmp_path / "answer.py"
    file.write_text("import numpy as np\n\ndef f(x):\n    y = x + 1\n    return np.linalg.inv(y)\n")
    scope = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    error = one(scope["f"], np.zeros((2, 3))).error
    assert (error.type, error.line, error.text, error.inside) == (
        "LinAlgError",
        5,
        "return np.linalg.inv(y)",
        True,
    )
    assert "ValueError" in error.kinds


def test_what_a_call_closes_or_sets_is_as_it_was_for_the_next():
    def answer(x):
        seen = np.geterr()["divide"], np.get_printoptions()["precision"]
        np.seterr(divide="raise")
        np.set_printoptions(precision=1)
        print("heard")
        sys.stdout.close()
        return seen == ("warn", before)

    before = np.get_printoptions()["precision"]
    outcomes = run(answer, [Call((1.0,)), Call((2.0,))])
    assert [(o.status, o.value.data, o.printed) for o in outcomes] == [("returned", True, "heard\n")] * 2


def test_a_failed_call_is_told_from_an_exception_inside():
    assert not one(lambda x, y: x, 1).error.inside
    assert one(lambda x: 1 / x, 0).error.inside


@pytest.mark.parametrize("stop", [SystemExit, RecursionError, MemoryError, GeneratorExit, BaseException])
def test_nothing_but_the_readers_own_stop_escapes(stop):
    def answer():
        raise stop("enough")

    assert one(answer).error.type == stop.__name__


def test_the_readers_own_stop_escapes():
    def answer():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one(answer)


def test_an_exception_whose_text_fails():
    class BadError(Exception):
        def __str__(self):
            raise ValueError

    def answer():
        raise BadError

    assert one(answer).error.message == ""


def test_global_state_is_left_as_it_was():
    import matplotlib.pyplot as plt

    plt.figure()

    def answer(x):
        np.random.seed(0)  # noqa: NPY002 - what answers do
        random.seed(0)
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        warnings.simplefilter("error")
        sys.setrecursionlimit(5000)
        plt.figure()
        plt.plot([1, 2])
        return x

    def state():
        return (
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            random.getstate(),
            np.geterr(),
            np.get_printoptions(),
            list(warnings.filters),
            sys.getrecursionlimit(),
            plt.get_fignums(),
            sys.stdout,
            sys.stderr,
        )

    before = state()
    one(answer, 1.0)
    after = state()
    plt.close("all")
    assert before == after


def test_the_time_limit():
    def answer(x):
        while True:
            x = x + 1

    outcomes = run(answer, [Call((1,)), Call((2,))], time_limit=0.2)
    assert [o.status for o in outcomes] == ["timeout", "skipped"]


def test_the_time_limit_reaches_code_that_swallows_exceptions():
    def answer():
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass

    assert run(answer, [Call(())], time_limit=0.1)[0].status == "timeout"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm on this platform")
def test_the_time_limit_reaches_code_that_swallows_everything():
    def answer():
        try:
            while True:
                try:
                    time.sleep(0.01)
                except BaseException:  # a bare `except:` in a loop, as people write it
                    pass
        finally:
            pass

    tracer = sys.gettrace()
    assert run(answer, [Call(())], time_limit=0.1)[0].status == "timeout"
    assert sys.gettrace() is tracer


def test_the_time_limit_in_another_thread():
    found = []

    def answer():
        while True:
            pass

    thread = threading.Thread(target=lambda: found.extend(run(answer, [Call(())], time_limit=0.2)))
    thread.start()
    thread.join(10)
    assert [o.status for o in found] == ["timeout"]


def _busy(seconds):
    start = time.thread_time()
    while time.thread_time() - start < seconds:
        pass
    return 1.0


def test_a_patient_limit_counts_the_processors_seconds():
    # A sleeping thread costs nothing, as a waiting one on a busy machine; by the clock it takes too long.
    assert run(time.sleep, [Call((0.5,))], time_limit=0.2, patience=20)[0].status == "returned"
    assert run(time.sleep, [Call((0.5,))], time_limit=0.2)[0].status == "timeout"
    assert run(_busy, [Call((30.0,))], time_limit=0.2, patience=100)[0].status == "timeout"


def test_a_patient_limit_ends_by_the_clock_too():
    assert run(time.sleep, [Call((600.0,))], time_limit=0.1, patience=5)[0].status == "timeout"


def test_a_patient_limit_in_another_thread():
    found = []

    def both():
        found.extend(run(_busy, [Call((30.0,))], time_limit=0.2, patience=100))

    thread = threading.Thread(target=both)
    thread.start()
    thread.join(20)
    assert [o.status for o in found] == ["timeout"]


def test_the_working_folder_is_put_back(tmp_path):
    import os
    from pathlib import Path

    before = Path.cwd()
    assert one(os.chdir, tmp_path).status == "returned"
    assert Path.cwd() == before


def test_a_coroutine_is_named_and_closed():
    async def answer():
        return 1.0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert one(answer).value == Node("other", name="coroutine")


def test_a_container_of_the_notebook_that_is_changed_is_memory():
    def answer(x, kept=None):
        CONTAINER["last"] = x
        return x

    def reads(x):
        return CONTAINER.get("last", x)

    assert facts_of(answer).keeps
    assert not facts_of(reads).keeps


CONTAINER: dict = {}


def test_an_earlier_alarm_is_set_again():
    import signal

    rung = []
    old = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        one(lambda: 1)
        time.sleep(0.4)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert rung == [1]


def test_generators_are_fresh_and_watched():
    calls = [Call((Rng(3),)), Call((Rng(3),))]
    a, b = run(lambda rng: rng.normal(size=2), calls, again=[0])
    assert np.array_equal(a.value.data, b.value.data) and a.drew == (True,)
    assert np.array_equal(a.again.data, a.value.data) and not np.array_equal(a.reseeded.data, a.value.data)
    assert one(lambda rng: 1.0, Rng(3)).drew == (False,)


def test_callables_are_asked_with_copies_and_counted():
    def spoil(x):
        x[:] = 9
        return x

    def answer(f, x):
        y = f(x)
        return x, y

    outcome = one(answer, Fn("spoil", spoil), np.zeros(2))
    assert outcome.asked == {"spoil": 1}
    assert not outcome.value.data[0].data.any() and outcome.value.data[1].data.all()


def test_a_second_call_shows_kept_state():
    seen = []

    def answer(x):
        seen.append(1)
        return len(seen)

    outcome = run(answer, [Call((1,)), Call((2,))], again=[0])[0]
    assert (outcome.value.data, outcome.again.data) == (1, 3)


def test_a_reused_array_shows_later():
    buffer = np.zeros(2)

    def answer(x):
        buffer[:] = x
        return buffer

    first, _ = run(answer, [Call((1.0,)), Call((2.0,))], again=[0, 1])
    assert first.value.data[0] == 1 and first.later.data[0] == 2


@pytest.mark.parametrize(
    "value", [np.eye(2), 2.5, float("nan"), np.float32(1), [1, (2.0, None)], {"a": np.ones(2)}, "text", True]
)
def test_a_value_that_stays_the_same_to_the_bit_is_the_same_node(value):
    outcome = run(lambda rng: value, [Call((Rng(3),))], again=[0])[0]
    assert outcome.again is outcome.later is outcome.reseeded is outcome.value


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (0.0, -0.0),
        (1, 1.0),
        (True, 1),
        (np.zeros(2), -np.zeros(2)),
        (np.zeros(2), np.zeros(2, int)),
        (np.zeros((2, 1)), np.zeros((1, 2))),
        (np.float64(0), np.zeros(())),
        ([0.0], [-0.0]),
        ([1], [1, 1]),
        ({"a": 0.0}, {"a": -0.0}),
        ({"a": 0.0}, {"b": 0.0}),
        (range(2), [0, 1]),
    ],
)
def test_the_least_difference_shows_in_a_second_call(first, then):
    values = [first, then]
    outcome = run(lambda: values.pop(0), [Call(())], again=[0])[0]
    assert repr(outcome.value) == repr(pack(first)) and repr(outcome.again) == repr(pack(then))
    assert outcome.again is not outcome.value and outcome.later is outcome.value


def test_code_and_facts_of_all_kinds_of_callables():
    def f(x, lr=0.5):
        return x

    class Caller:
        def __call__(self, x):
            return x

    assert code_of(functools.partial(f, lr=1)) is f.__code__
    assert code_of(Caller()) is Caller.__call__.__code__
    assert code_of(np.tanh) is None
    assert facts_of(f).parameters == ("x", "lr") and facts_of(f).defaults == (("lr", Node("float", 0.5)),)
    assert facts_of(print).name == "print"


def test_facts_see_what_an_answer_reads_and_keeps():
    scope = {"np": np, "data": np.zeros(3), "helper": len}
    exec("def f(x):\n    return helper(x) + data.sum() + np.pi", scope)
    exec("def g(x, kept=[]):\n    return x", scope)
    exec("def h(x):\n    global n\n    n = 1", scope)
    assert facts_of(scope["f"]).globals_read == ("data",)
    assert facts_of(scope["g"]).keeps and facts_of(scope["h"]).keeps and not facts_of(scope["f"]).keeps


def test_this_file_runs_alone():
    file = importlib.util.find_spec("nn_exercises.run").origin
    program = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('run', {file!r})\n"
        "run = importlib.util.module_from_spec(spec)\n"
        "sys.modules['run'] = run\n"
        "spec.loader.exec_module(run)\n"
        "print(run.run(abs, [run.Call((-2,))])[0].value.data, any(m.startswith('nn_') for m in "
        "sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False"]
