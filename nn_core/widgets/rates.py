"""The learning rate over the steps of a run: every registered schedule, and warm-up before it."""

import inspect

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nn_core.checks import a_count, a_function, lookup
from nn_core.plotting.style import BLUE, GRAY, INK, PAPER
from nn_core.schedules import SCHEDULES, Warmup
from nn_core.widgets._base import Interactive, Reading, number
from nn_core.widgets._controls import menu, slider
from nn_core.widgets._picture import Picture
from nn_core.widgets._raster import Label
from nn_core.widgets._registry import formula, of_entry, parameter_sliders, show_only


def defaults_of(cls):
    """Return the defaults of a class's arguments, by name."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def round_up(value):
    """Return the next of …, 0.1, 0.25, 0.5, 1, 2.5, …, the top of an axis that does not jitter.

    >>> [round_up(v) for v in (0.07, 0.1, 0.3)]
    [0.1, 0.1, 0.5]
    """
    decade = 10.0 ** np.floor(np.log10(value))
    return float(min(m * decade for m in (1, 2.5, 5, 10) if m * decade >= value * (1 - 1e-9)))


class ScheduleExplorer(Interactive):
    """A learning rate over the steps of a training run."""

    name = "Schedule explorer"

    def __init__(self, name, steps, own):
        self.steps, self.own = np.arange(steps + 1), own
        picture = Picture(7.6, 3.1)
        ax = picture.figure.subplots()
        ax.set(xlim=(0, steps), ylim=(0, 1.1), xlabel="optimizer step $t$", ylabel=r"learning rate $\eta_t$")
        # the numbers on the axis change with the rate: they move, so that the axes can stay
        marks = (0.0, 0.25, 0.5, 0.75, 1.0)
        ax.set_yticks(marks, ["0.00000"] * len(marks), color=PAPER)
        self.ticks = {mark: Label(ax, -0.042 * steps, mark, va="center", color="#333333") for mark in marks}
        (self.curve,) = ax.plot([], [], color=BLUE, linestyle="-")
        (self.dot,) = ax.plot([], [], "o", color=INK)
        (self.others,) = ax.plot([], [], color=GRAY, linestyle=":", linewidth=1.2)
        picture.moving(self.curve, self.dot, self.others, *self.ticks.values())
        names = [*SCHEDULES, *(["own"] if own else [])]
        controls = {
            "schedule": menu("schedule", names, "own" if own else name),
            "t": slider("step t", steps // 4, 0, steps),
            "warmup": slider("warm-up steps", 0, 0, steps // 2),
            **parameter_sliders(SCHEDULES, defaults_of),
        }
        self.formula = ipywidgets.HTMLMath()
        self.start(picture, controls, extra=[self.formula])

    alt = "The registered schedules over the steps of a run, each from its first rate; one with warm-up."

    def schedule(self, schedule, warmup, values):
        """Build the schedule that the controls describe."""
        if schedule == "own":
            made = self.own
        else:
            params = of_entry(schedule, values)
            if "lr_min" in params:
                params["lr_min"] = min(params["lr_min"], params["lr0"])
            made = SCHEDULES[schedule](**params)
        return Warmup(made, warmup) if warmup else made

    def show(self, schedule, t, warmup, **values):
        """Draw the rate of every step."""
        show_only(self.controls, schedule)
        made = self.schedule(schedule, warmup, values)
        rates = np.array([made(int(k)) for k in self.steps])
        top = round_up(float(np.nanmax(rates, initial=1e-6)))
        for mark, tick in self.ticks.items():
            tick.set_text(number(mark * top))
        self.curve.set_data(self.steps, rates / top)
        self.dot.set_data([t], [rates[t] / top])
        self.others.set_data([t, t, 0], [0, rates[t] / top, rates[t] / top])
        numbers = {"t": t, "rate": rates[t], "first": rates[0], "highest": rates.max(), "last": rates[-1]}
        self.formula.value = "Your own schedule." if schedule == "own" else formula(SCHEDULES[schedule])
        sentence = f"At step {t} the learning rate is {number(rates[t])}."
        if rates[t] < 0.01 * rates.max():
            sentence += (
                " The rate has fallen below a hundredth of its highest: hardly anything is learned now."
            )
        return Reading(sentence, numbers)

    def still(self):
        """Draw every schedule on one pair of axes, and warm-up beside it."""
        figure = Figure(figsize=(8.2, 3.1), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for name, cls in SCHEDULES.items():
            left.plot(self.steps, [cls()(int(k)) for k in self.steps], label=name)
        warm = len(self.steps) // 8
        last = list(SCHEDULES.values())[-1]
        right.plot(
            self.steps, [Warmup(last(), warm)(int(k)) for k in self.steps], label=f"{last.name} + warm-up"
        )
        right.plot(self.steps, [last()(int(k)) for k in self.steps], label=last.name)
        for ax in (left, right):
            ax.set(xlabel="optimizer step $t$", ylim=(0, None))
            ax.legend()
        left.set_ylabel(r"learning rate $\eta_t$")
        return figure


def schedule_explorer(name="cosine", steps=200, own=None):
    """Explore a learning-rate schedule: sliders for each parameter, and linear warm-up before it.

    Parameters
    ----------
    name : str
        What the menu shows first.
    steps : int
        Length of the run.
    own : callable t -> rate, optional
        The reader's own schedule, added to the menu.

    >>> widget = schedule_explorer(own=lambda t: 0.1 if t < 100 else 0.01)
    >>> float(widget.set(t=150).reading.numbers["rate"])
    0.01
    """
    lookup("name", name, SCHEDULES)
    if own is not None:
        a_function("own", own)
    return ScheduleExplorer(name, a_count("steps", steps, 8), own)
