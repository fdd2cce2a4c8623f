"""Many candidates at a stroke do the same as each of them alone."""

import time

import numpy as np
import pytest

from nn_exercises.compare import alike
from nn_exercises.crowd import Crowd, run_all, run_each
from nn_exercises.run import Call, pack

ROW = np.array([1.0, -2.0, 3.0])
VALUES = [
    ROW,
    ROW + 5e-5,  # within the tolerance
    ROW + 5e-3,
    ROW.astype(np.float32),
    ROW.astype(int),
    ROW > 0,
    ROW + 0j,
    ROW[None],
    ROW[:, None],
    ROW[:0],
    np.array([1.0, np.nan, 3.0]),
    np.array([1.0, np.nan, 3.1]),
    np.array([1.0, np.inf, 3.0]),
    np.array([1e12, 1.0, 0.0]),
    np.array([1e12, 2.0, 0.0]),  # beside a large entry a small one counts less
    ROW.tolist(),
    tuple(ROW),
    [],
    (),
    [[]],
    (ROW, ROW[:2]),
    (ROW, ROW[:2] + 1e-3),
    [ROW, ROW[:2]],
    (ROW.tolist(), ROW[:2]),
    ([ROW, 1.0], 2.0),
    ([ROW, 1], 2),
    (ROW, "word"),
    (ROW, None),
    iter([ROW, ROW]),
    np.array([ROW, ROW]),
    1,
    1.0,
    True,
    np.float64(1.00001),
    np.array(1.0),
    10**400,
    1 + 0j,
    0,
    "word",
    "words",
    None,
    {"a": 1},
    {"a": 2},
    len,
]


def test_a_crowd_finds_what_comparing_one_by_one_finds():
    nodes = [*map(pack, VALUES), None]
    crowd = Crowd(nodes)
    for given in nodes:
        assert crowd.alike(given) == [k for k, n in enumerate(nodes) if alike(n, given, kinds=False)]


@pytest.mark.parametrize("nodes", [[], [None], [pack(())]], ids=["nobody", "no value", "an empty tuple"])
def test_a_crowd_may_be_small(nodes):
    assert Crowd(nodes).alike(pack(1.0)) == []


def test_functions_in_one_frame_do_what_they_do_alone():
    def stops(x):
        raise ValueError(x)

    outcomes = run_all([np.sin, stops, np.cos], Call((0.0,)), limit=1.0)
    assert [o.status for o in outcomes] == ["returned", "raised", "returned"]
    assert [o.value and float(o.value.data) for o in outcomes] == [0.0, None, 1.0]


def test_a_call_that_never_ends_takes_no_time_from_the_others():
    def turns(x):
        while x:
            pass
        return x

    outcomes = run_each(turns, [Call((x,)) for x in (0, 0, 1, 0, 1, 0)], limit=0.2)
    assert [o.status for o in outcomes] == ["returned"] * 2 + ["timeout", "returned"] * 2


def test_calls_that_are_slow_together_are_all_made():
    def slow(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return seconds

    outcomes = run_each(slow, [Call((0.15,))] * 4, limit=0.25)
    assert [o.status for o in outcomes] == ["returned"] * 4
