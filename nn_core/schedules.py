"""Learning-rate schedules: the learning rate as a function of the step.

A schedule is called with t, the number of optimizer steps made so far (0, 1, 2, …), and returns the rate
of the next one. Every optimizer takes one wherever it takes a number: ``Adam(CosineAnnealing(0.01, 500))``.
"""

import math

from nn_core.checks import a_count, a_number

SCHEDULES = {}


def schedule(name, **ranges):
    """Register the class below; `ranges` are the intervals of its parameters."""

    def register(cls):
        cls.name, cls.ranges = name, ranges
        SCHEDULES[name] = cls
        return cls

    return register


class Schedule:
    """A rate for every step: ``schedule(t) -> lr``, a positive float for t = 0, 1, 2, … (or between)."""

    def __call__(self, t):
        """Return the rate of step t; TypeError or ValueError if t is no number from 0 on."""
        return self.rate(a_number("t", t, 0))

    def rate(self, t):
        """Return the rate of step t, a float that has been looked at."""
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


@schedule("step", lr0=(1e-3, 1.0), drop=(0.1, 0.9), every=(1, 100))
class StepDecay(Schedule):
    r"""Step decay: $\eta_t = \eta_0 \, d^{\lfloor t / s \rfloor}$ with drop d and every s.

    Parameters
    ----------
    lr0 : float above 0, the first rate
    drop : float above 0, at most 1, what the rate is multiplied by
    every : float above 0, steps from one drop to the next

    >>> lr = StepDecay(0.1, drop=0.5, every=10)
    >>> lr(9), lr(10), lr(25)
    (0.1, 0.05, 0.025)
    """

    def __init__(self, lr0=0.1, drop=0.5, every=30):
        self.lr0 = a_number("lr0", lr0, 0, open_low=True)
        self.drop = a_number("drop", drop, 0, 1, open_low=True)
        self.every = a_number("every", every, 0, open_low=True)

    def rate(self, t):
        """Return the rate of step t."""
        return self.lr0 * self.drop ** math.floor(t / self.every)  # (8.12)


@schedule("exponential", lr0=(1e-3, 1.0), k=(0.001, 0.2))
class ExponentialDecay(Schedule):
    r"""Exponential decay: $\eta_t = \eta_0 e^{-k t}$.

    Parameters
    ----------
    lr0 : float above 0, the first rate
    k : float from 0, per step
    """

    def __init__(self, lr0=0.1, k=0.03):
        self.lr0 = a_number("lr0", lr0, 0, open_low=True)
        self.k = a_number("k", k, 0)

    def rate(self, t):
        """Return the rate of step t."""
        return self.lr0 * math.exp(-self.k * t)  # (8.13)


@schedule("inverse_time", lr0=(1e-3, 1.0), k=(0.001, 0.5))
class InverseTimeDecay(Schedule):
    r"""Inverse-time decay: $\eta_t = \eta_0 / (1 + k t)$.

    Parameters
    ----------
    lr0 : float above 0, the first rate
    k : float from 0, per step: after 1/k steps half the rate is left
    """

    def __init__(self, lr0=0.1, k=0.05):
        self.lr0 = a_number("lr0", lr0, 0, open_low=True)
        self.k = a_number("k", k, 0)

    def rate(self, t):
        """Return the rate of step t."""
        return self.lr0 / (1 + self.k * t)  # (8.14)


@schedule("cosine", lr0=(1e-3, 1.0), T=(10, 200), lr_min=(0.0, 0.1))
class CosineAnnealing(Schedule):
    r"""Cosine annealing: $\eta_t = \eta_{min} + \frac12 (\eta_0 - \eta_{min}) (1 + \cos(\pi t / T))$.

    Half a cosine from `lr0` to `lr_min`, and `lr_min` from step T on: it does not rise again. Loshchilov
    and Hutter, 2017, without their restarts.

    Parameters
    ----------
    lr0 : float above 0, the first rate
    T : float above 0, steps
    lr_min : float from 0 to lr0, the last rate
    """

    def __init__(self, lr0=0.1, T=100, lr_min=0.0):
        self.lr0 = a_number("lr0", lr0, 0, open_low=True)
        self.T = a_number("T", T, 0, open_low=True)
        self.lr_min = a_number("lr_min", lr_min, 0, lr0)

    def rate(self, t):
        """Return the rate of step t."""
        share = min(t / self.T, 1)
        return self.lr_min + (self.lr0 - self.lr_min) * (1 + math.cos(math.pi * share)) / 2  # (8.15)


class Warmup(Schedule):
    """A linear rise over the first `steps` steps, then `lr`, a number or another schedule that starts there.

    Parameters
    ----------
    lr : float above 0, or a schedule
    steps : int, 1 or more

    >>> lr = Warmup(0.1, steps=4)
    >>> lr(0), lr(3), lr(100)
    (0.025, 0.1, 0.1)
    """

    def __init__(self, lr, steps):
        self.lr = lr if callable(lr) else a_number("lr", lr, 0, open_low=True)
        self.steps = a_count("steps", steps)

    def rate(self, t):
        """Return the rate of step t."""
        after = max(t - self.steps, 0)
        lr = self.lr(after) if callable(self.lr) else self.lr
        return lr * min((t + 1) / self.steps, 1)
