"""Every schedule: its equation, its ends, its arguments."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn_core as nn

every_schedule = pytest.mark.parametrize("cls", nn.SCHEDULES.values(), ids=list(nn.SCHEDULES))


@every_schedule
def test_starts_at_lr0_and_never_rises(cls):
    schedule = cls()
    rates = [schedule(t) for t in range(300)]
    assert rates[0] == schedule.lr0 == 0.1
    assert all(later <= earlier for earlier, later in pairwise(rates))
    assert all(type(rate) is float and rate >= 0 for rate in rates) and rates[-1] < rates[0]


@every_schedule
def test_has_what_menus_and_plots_need(cls):
    assert cls.__doc__.splitlines()[0].count("$") == 2
    assert all(low <= getattr(cls(), name) <= high for name, (low, high) in cls.ranges.items())
    assert repr(cls()).startswith(f"{cls.__name__}(lr0=0.1, ")


@every_schedule
def test_bad_arguments_are_named(cls):
    with pytest.raises(ValueError, match="lr0 must"):
        cls(0)
    with pytest.raises(TypeError, match="lr0 must be a number"):
        cls("0.1")


def test_values():
    step = nn.StepDecay(0.8, 0.5, 10)
    assert [step(t) for t in (0, 9, 10, 19, 20, 35)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.1]
    assert nn.ExponentialDecay(0.5, 0.1)(7) == pytest.approx(0.5 * math.exp(-0.7))
    assert nn.InverseTimeDecay(0.5, 0.25)(4) == 0.25
    cosine = nn.CosineAnnealing(1.0, 100, lr_min=0.2)
    assert [round(cosine(t), 12) for t in (0, 50, 100, 101, 200)] == [1.0, 0.6, 0.2, 0.2, 0.2]


@given(st.integers(0, 10_000), st.floats(1e-4, 10), st.floats(0, 1))
def test_cosine_stays_between_its_ends(t, lr0, share):
    schedule = nn.CosineAnnealing(lr0, 1000, share * lr0)
    assert share * lr0 * (1 - 1e-12) <= schedule(t) <= lr0 * (1 + 1e-12)


def test_warmup_rises_and_then_hands_over():
    warm = nn.Warmup(nn.ExponentialDecay(1.0, 0.5), steps=4)
    assert [warm(t) for t in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert warm(6) == pytest.approx(math.exp(-1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.StepDecay(0.1, 1.5, 10), "drop must lie in"),
        (lambda: nn.StepDecay(0.1, 0.5, 0), "every must"),
        (lambda: nn.ExponentialDecay(0.1, -1), "k must"),
        (lambda: nn.InverseTimeDecay(0.1, -1), "k must"),
        (lambda: nn.CosineAnnealing(0.1, 0), "T must"),
        (lambda: nn.CosineAnnealing(0.1, 10, 0.2), r"lr_min must lie in \[0, 0.1\], got 0.2"),
        (lambda: nn.Warmup(0.1, 0), "steps must be at least 1"),
    ],
)
def test_bad_ranges_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@every_schedule
@pytest.mark.parametrize("t", ["3", None, True, -1, math.nan, math.inf, pytest.param(10**400, id="long")])
def test_a_bad_step_is_named(cls, t):
    error = ValueError if type(t) in (int, float) else TypeError
    for schedule in (cls(), nn.Warmup(cls(), 3)):
        with pytest.raises(error, match="t must"):
            schedule(t)
