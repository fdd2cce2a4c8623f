"""Widgets without a browser: what they say must be what the mathematics says."""

import base64
import gc
import io
import json
import struct
import subprocess
import sys
import warnings
import weakref
import zlib

import matplotlib

matplotlib.use("agg")

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import nn_core as nn
from nn_core import widgets
from nn_core.landscapes import LANDSCAPES, descend
from nn_core.widgets import _base, _picture, _raster, _registry, depth, fits, geometry, networks, play, races

NAMES = widgets.__all__


@pytest.fixture(params=NAMES)
def widget(request):
    made = getattr(widgets, request.param)()
    yield made
    made.close()


@pytest.fixture
def make():
    made = []

    def build(name, *args, **kwargs):
        made.append(getattr(widgets, name)(*args, **kwargs))
        return made[-1]

    yield build
    for one in made:
        one.close()


def numbers(widget):
    return widget.reading.numbers


def ask(widget):
    """Ask for a frame, as the page does while it plays."""
    widget.screen._handle_custom_msg({"ask": "frame"}, [])


def reachable(control):
    """Values that a control can reach: every option, or both ends and the middle."""
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if isinstance(control, ipywidgets.Checkbox):
        return [True, False]
    if isinstance(control, ipywidgets.FloatLogSlider):
        return [10.0**control.min, 10.0**control.max, 1.0]
    middle = (control.min + control.max) / 2
    return [control.min, control.max, type(control.min)(middle)]


# --- every widget ---


def test_bundle_has_three_faces(widget):
    before, values = widget.screen.png, widget.values
    bundle = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.size[0] > 500 and not image.info.get("Software")
    assert len(bundle["text/plain"]) > 60 and bundle["text/plain"] == widget.alt
    json.dumps(bundle)
    assert base64.b64decode(bundle["image/png"]) == widget.png()  # drawn twice, the same
    assert widget.screen.png == before and widget.values == values


def test_every_control_has_a_label(widget):
    labels = [control.description for control in widget.controls.values()]
    assert all(labels)
    shown = [c.description for c in widget.controls.values() if c.layout.display != "none"]
    assert len(set(shown)) == len(shown)
    for control, _ in widget._buttons:
        assert control.description and control.tooltip


def test_picture_comes_with_words(widget):
    assert widget.screen.alt.startswith(widget.name)
    assert str(widget.reading) in widget.screen.alt
    for name in numbers(widget):
        assert f'data-name="{name}"'.replace("'", "&#x27;") in widget.screen.words
    Image.open(io.BytesIO(widget.screen.png)).verify()


def test_every_value_that_a_control_can_reach_is_safe(widget):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, control in widget.controls.items():
            first = control.value
            for value in reachable(control):
                control.value = value
                assert widget.reading.sentence, (name, value)
            if hasattr(control, "options"):
                first = first if first in reachable(control) else reachable(control)[0]
            control.value = first


def anywhere(control, rng):
    """A value that a reader can give a control, an end of a slider rather often."""
    if hasattr(control, "options"):
        return rng.choice(np.array(reachable(control), dtype=object))
    if isinstance(control, ipywidgets.Checkbox):
        return bool(rng.integers(2))
    share = rng.choice([0.0, 1.0, rng.random()])
    value = control.min + share * (control.max - control.min)
    if isinstance(control, ipywidgets.FloatLogSlider):
        return 10.0**value
    return type(control.value)(round(value) if isinstance(control, ipywidgets.IntSlider) else value)


def wander(widget, moves, rng):
    """Move controls, press buttons, drag and nudge handles, ask for frames, all at random."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for count in range(moves):
            kind, handles = rng.random(), widget.handles()
            if kind < 0.1 and widget._buttons:
                rng.choice(np.array([b for b, _ in widget._buttons], dtype=object)).click()
            elif kind < 0.25 and handles:
                event = {"name": rng.choice([h["name"] for h in handles]), "count": count}
                key = {"key": rng.choice(["ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown"]), "fine": False}
                x, y = rng.uniform(-0.2, 1.2, 2)
                widget.screen.event = event | (key if kind < 0.17 else {"x": float(x), "y": float(y)})
            elif kind < 0.35:
                ask(widget)
            else:
                name = rng.choice(list(widget.controls))
                widget.controls[name].value = anywhere(widget.controls[name], rng)
            assert widget.reading.sentence and widget.screen.alt == f"{widget.name}: {widget.reading}"
            json.dumps(widget.handles(), allow_nan=False)


def test_nothing_that_a_reader_does_breaks_it(widget, rng):
    wander(widget, 60, rng)
    shown = [number for number in numbers(widget).values() if not isinstance(number, str)]
    finite = all(np.all(np.isfinite(np.asarray(number, dtype=float))) for number in shown)
    words = widget.reading.sentence.lower()
    assert finite or any(word in words for word in ("diverge", "overflow", "infinit", "not finite")), words
    Image.open(io.BytesIO(widget.screen.png)).verify()


def test_each_kind_of_control_changes_picture_or_words(widget):
    if "step" in widget.controls:
        widget.set(step=widget.controls["step"].max)
    for name, control in widget.controls.items():
        if control.layout.display == "none":
            continue
        seen = set()
        first = control.value
        if name == "lr" and "mistake" in widget.controls:
            widget._go(3)  # from a zero start the learning rate is seen after a mistake only
        for value in reachable(control):
            control.value = value
            seen.add((widget.screen.png, widget.screen.words))
        control.value = first
        assert len(seen) > 1 or name.startswith("lr "), name  # an optimizer that does not race shows no rate


def test_buttons_work(widget):
    for control, _ in widget._buttons:
        control.click()
        assert widget.reading.sentence


def test_handles_move_by_mouse_and_keys(widget):
    for handle in widget.handles():
        assert handle["label"] and 0 <= handle["x"] <= 1 and 0 <= handle["y"] <= 1
        before = widget.screen.png
        widget.screen.event = {"name": handle["name"], "x": 0.25, "y": 0.35, "count": 1}
        dragged = widget.screen.png
        assert dragged != before
        for count, key in enumerate(("ArrowUp", "ArrowDown", "ArrowDown", "ArrowLeft"), start=2):
            widget.screen.event = {"name": handle["name"], "key": key, "fine": False, "count": count}
        assert widget.screen.png != dragged


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("activation_explorer", {"name": "rleu"}, ValueError, "name must be one of .*did you mean 'relu'"),
        ("activation_explorer", {"own": 3}, TypeError, "own must be a function, got 3"),
        ("loss_explorer", {"name": "msee"}, ValueError, "did you mean 'mse'"),
        ("loss_explorer", {"own": "mse"}, TypeError, "own must be a function"),
        ("schedule_explorer", {"name": "cos"}, ValueError, "did you mean 'cosine'"),
        ("schedule_explorer", {"steps": 0}, ValueError, "steps must be at least 8, got 0"),
        ("gradient_check_curve", {"f": np.exp}, ValueError, "f and derivative belong together"),
        ("neuron", {"activation": "rleu"}, ValueError, "did you mean 'relu'"),
        ("neuron", {"X": [[1, 2, 3]]}, ValueError, r"X must have shape \(n_samples, 2\), got \(1, 3\)"),
        ("neuron", {"X": [[1, 2], [3, 4]], "y": [0]}, ValueError, "X and y .* got 2 and 1"),
        ("neuron", {"w": (1, 2, 3)}, ValueError, r"w must have shape \(2,\), got \(3,\)"),
        ("perceptron_training", {"data": "and"}, ValueError, "data must be one of AND"),
        ("perceptron_training", {"X": [[0, 1], [1, 0]], "y": [0, 2]}, ValueError, "y .* 0 to 1, got 2"),
        ("perceptron_training", {"X": [[0, 1]]}, ValueError, "X and y belong together"),
        ("forward_flow", {"net": 3}, TypeError, "net must be an MLP, got 3"),
        ("backprop_stepper", {"loss": "hinge"}, ValueError, "loss must be one of mse"),
        ("initialisation", {"X": [1, 2]}, ValueError, "X must have shape"),
        ("initialisation", {"width": 0}, ValueError, "width must be at least 1"),
        ("optimizer_race", {"landscape": "bowls"}, ValueError, "did you mean 'bowl'"),
        ("optimizer_race", {"f": 3, "gradient": 4}, TypeError, "f must be a function, got 3"),
        ("outlier_fit", {"x": [1, 1, 1], "y": [1, 2, 3]}, ValueError, "x must hold two different numbers"),
        ("playground", {"data": "moon"}, ValueError, "did you mean 'moons'"),
        ("playground", {"X": np.eye(2), "y": [1, 1]}, ValueError, "y must hold two classes or more"),
        ("universal_approximation", {"target": "sin"}, ValueError, "did you mean 'sine'"),
        ("universal_approximation", {"f": 2}, TypeError, "f must be a function, got 2"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, message):
    with pytest.raises(error, match=message):
        getattr(widgets, name)(**arguments)


def test_unknown_control_is_named():
    widget = widgets.schedule_explorer()
    with pytest.raises(ValueError, match="no control 'T'; there are schedule"):
        widget.set(T=3)
    widget.close()


def test_set_draws_once(make):
    widget, drawn = make("neuron"), []
    original = widget.show
    widget.show = lambda **values: drawn.append(values) or original(**values)
    widget.set(w1=0.5, w2=0.25, b=1.0)
    assert len(drawn) == 1 and drawn[0]["w2"] == 0.25


@pytest.mark.parametrize("name", NAMES)
def test_two_of_a_kind_do_not_disturb_each_other(make, name):
    widget, other = make(name), make(name)
    before = (other.screen.png, other.screen.words, other.values)
    for control in list(widget.controls.values()):
        for value in reachable(control)[:2]:
            control.value = value
    assert (other.screen.png, other.screen.words, other.values) == before


@pytest.mark.parametrize("name", NAMES)
def test_closing_frees(name):
    start = set(ipywidgets.Widget._instances) if hasattr(ipywidgets.Widget, "_instances") else None
    widget = getattr(widgets, name)()
    dead = weakref.ref(widget), weakref.ref(widget.picture.figure)
    control = next(iter(widget.controls.values()))
    widget.close()
    assert control.comm is None and widget.view.comm is None and widget.screen.comm is None
    del widget, control
    gc.collect()
    assert dead[0]() is None and dead[1]() is None
    if start is not None:
        left = {k for k in set(ipywidgets.Widget._instances) - start}
        assert not left


def test_moves_are_small(widget):
    """A slider's move takes a few milliseconds: its work is counted in calls, a new figure's is beyond it."""
    medians = {}
    for name, control in widget.controls.items():
        if not isinstance(control, ipywidgets.FloatSlider | ipywidgets.IntSlider | ipywidgets.FloatLogSlider):
            continue
        path = np.linspace(control.min, control.max, 12)
        if isinstance(control, ipywidgets.FloatLogSlider):
            path = 10**path
        counts = []
        for value in path:
            calls = [0]

            def count(frame, event, argument, calls=calls):
                calls[0] += event in ("call", "c_call")

            sys.setprofile(count)
            try:
                control.value = type(control.value)(value)
            finally:
                sys.setprofile(None)
            counts.append(calls[0])
        medians[name] = np.median(counts)
    assert max(medians.values(), default=0) < 30_000, medians  # a new figure makes 150,000


def test_without_anywidget_the_picture_is_an_img_with_alt():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from nn_core import widgets\n"
        "w = widgets.neuron(); w.set(w1=0.5)\n"
        "print(w.screen.value.startswith('<img alt=\"One neuron'), len(w.screen.value) > 5000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


# --- pictures ---


def test_png_is_lossless():
    rgba = np.random.default_rng(0).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    data = _picture.encode_png(rgba)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), rgba)
    length, kind = struct.unpack(">I4s", data[8:16])
    assert kind == b"IHDR" and zlib.crc32(data[12 : 16 + length]) == struct.unpack(">I", data[29:33])[0]


def test_drawing_over_the_background_equals_drawing_everything(widget):
    fast = widget.picture.draw().copy()
    widget.picture.stale()
    np.testing.assert_array_equal(widget.picture.draw(), fast)


def test_fraction_and_data_are_inverse(make):
    widget = make("neuron")
    at = widget.picture.fraction(widget.plane, 0.7, -1.1)
    np.testing.assert_allclose(widget.picture.data(widget.plane, *at), (0.7, -1.1))


def test_bitmap_fills_its_axes_upside_up():
    picture = _picture.Picture(2, 2)
    ax = picture.figure.add_axes((0.25, 0.25, 0.5, 0.5))
    picture.figure.set_layout_engine("none")
    ax.set_axis_off()
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    image[1, 0] = (255, 0, 0)  # the second row is the upper one
    picture.moving(_raster.Bitmap(ax, image))
    pixels = picture.draw()
    assert tuple(pixels[60, 60, :3]) == (255, 0, 0) and tuple(pixels[140, 60, :3]) == (0, 0, 0)


def test_label_leaves_ink_where_it_stands():
    picture = _picture.Picture(3, 2)
    ax = picture.figure.add_axes((0, 0, 1, 1))
    picture.figure.set_layout_engine("none")
    ax.set_axis_off()
    label = picture.moving(_raster.Label(ax, 0.5, 0.5, "", color="#ff0000"))
    empty = picture.draw().copy()
    label.set_text("z = 0.25\na = 1")
    ink = np.argwhere((picture.draw() != empty).any(axis=-1))
    top, left = ink.min(axis=0)
    bottom, right = ink.max(axis=0)
    assert 100 <= top < bottom < 140 and abs((left + right) / 2 - 150) < 4 and 30 < right - left < 90


def test_marks_stand_where_they_are_told_to():
    picture = _picture.Picture(2, 2)
    ax = picture.figure.add_axes((0, 0, 1, 1))
    picture.figure.set_layout_engine("none")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    marks = picture.moving(_raster.Marks(ax, "s", size=6, face="#ff0000", edge="#ff0000"))
    empty = picture.draw().copy()
    marks.set_data([[0.25, 0.75], [1.0, 0.0]])  # the second one half outside
    pixels = picture.draw()
    assert tuple(pixels[50, 50, :3]) == (255, 0, 0) and tuple(pixels[199, 199, :3]) == (255, 0, 0)
    ink = np.argwhere((pixels != empty).any(axis=-1)[:100, :100])
    np.testing.assert_allclose(ink.mean(axis=0), (50, 50), atol=1)
    assert 7 <= np.ptp(ink[:, 0]) + 1 <= 11


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1 + 0.2, "0.3"), (-0.0, "0"), (float("inf"), "infinite"), (np.array([1, 2.5]), "1, 2.5"), (7, "7"),
     ("diverged", "diverged"), (np.float64("nan"), "not a number"), (True, "yes")],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert _base.number(value) == text


# --- geometry ---


def test_neuron_computes_z_and_a(make):
    widget = make("neuron")
    widget.set(w1=1.5, w2=-2.0, b=0.25, x1=0.5, x2=1.0, activation="tanh")
    z = 1.5 * 0.5 - 2.0 * 1.0 + 0.25
    assert numbers(widget)["z"] == pytest.approx(z) and numbers(widget)["a"] == pytest.approx(np.tanh(z))
    assert numbers(widget)["distance to the line"] == pytest.approx(abs(z) / 2.5)


def test_neuron_line_goes_where_it_is_dragged(make):
    widget = make("neuron")
    widget._move("line", np.array([0.5, -0.5]))
    v = widget.values
    assert v["w1"] * 0.5 - v["w2"] * 0.5 + v["b"] == pytest.approx(0)
    widget._move("w", np.array([1.0, 0.75]))
    v = widget.values
    assert (v["w1"], v["w2"]) == (0.5, 1.25)
    assert v["w1"] * 0.5 - v["w2"] * 0.5 + v["b"] == pytest.approx(0)


def test_neuron_without_weights_says_so(make):
    widget = make("neuron")
    widget.set(w1=0.0, w2=0.0)
    assert "no line" in widget.reading.sentence and numbers(widget)["z"] == widget.values["b"]


def test_neuron_takes_the_readers_samples(make):
    X, y = np.array([[0.0, 1], [1, 0], [3, 3]]), np.array(["a", "b", "b"])
    widget = make("neuron", X, y, w=(1, 0), b=-0.5)
    assert numbers(widget)["samples on the wrong side"] == 0


@pytest.mark.parametrize(
    ("gate", "w", "b", "epochs"), [("AND", (2, 1), -3, 6), ("OR", (1, 1), -1, 4), ("NAND", (-2, -1), 2, 6)]
)
def test_perceptron_training_ends_at_the_known_weights(make, gate, w, b, epochs):
    widget = make("perceptron_training")
    widget.set(data=gate)
    widget._go(10**6)
    assert tuple(numbers(widget)["w"]) == w and numbers(widget)["b"] == b
    assert numbers(widget)["samples on the wrong side"] == 0
    assert f"epoch {epochs} has none" in widget.reading.sentence


def test_perceptron_training_agrees_with_fit():
    X, y = geometry.setosa_and_versicolor()
    mistakes, converged = geometry.mistakes_of(X, y)
    unit = nn.Perceptron().fit(X, y)
    assert converged and len(mistakes) == sum(unit.errors_) == 10
    np.testing.assert_array_equal(mistakes[-1].w, unit.w_)


def test_xor_never_ends(make):
    widget = make("perceptron_training")
    widget.set(data="XOR")
    widget._go(10**6)
    assert "No end in sight" in widget.reading.sentence


# --- functions ---


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_activation_explorer_reads_the_registry(make, name):
    widget = make("activation_explorer", name)
    widget.set(z=-0.7)
    f = nn.ACTIVATIONS[name]
    assert numbers(widget)["f(z)"] == pytest.approx(f(np.array([-0.7]))[0])
    assert numbers(widget)["f'(z)"] == pytest.approx(f.derivative(np.array([-0.7]))[0])
    for parameter, (low, high) in f.ranges.items():
        widget.controls[f"{name}.{parameter}"].value = high
        assert numbers(widget)["f(z)"] == pytest.approx(f(np.array([-0.7]), **{parameter: high})[0])
        assert numbers(widget)[parameter] == high > low


def test_new_activation_and_loss_appear_by_themselves(monkeypatch, make):
    class Fake:
        name, params, ranges = "cube", {"alpha": 1.0}, {"alpha": (0.0, 2.0)}
        __doc__ = "Cube: $f(z) = \\alpha z^3$."

        def __call__(self, z, alpha=1.0):
            return alpha * np.asarray(z) ** 3

        def derivative(self, z, alpha=1.0):
            return 3 * alpha * np.asarray(z) ** 2

    monkeypatch.setitem(nn.ACTIVATIONS, "cube", Fake())
    widget = make("activation_explorer", "cube")
    widget.set(z=2.0, **{"cube.alpha": 0.5})
    assert numbers(widget)["f(z)"] == 4 and "Cube" in widget.reading.sentence
    assert "cube" in widget.alt
    for name in ("neuron", "forward_flow", "initialisation"):
        control = next(c for c in make(name).controls.values() if "cube" in getattr(c, "options", ()))
        assert control.description


def test_own_activation_is_compared_with_its_numerical_derivative(make):
    right = make("activation_explorer", own=(np.sin, np.cos))
    wrong = make("activation_explorer", own=(np.sin, np.sin))
    assert numbers(right)["error of f'"] < 1e-8 < 0.1 < numbers(wrong)["error of f'"]


@pytest.mark.parametrize("name", nn.LOSSES)
def test_loss_explorer_reads_the_registry(make, name):
    widget = make("loss_explorer", name)
    loss, at = nn.LOSSES[name], numbers(widget)["prediction"]
    target = numbers(widget)["target"]
    if loss.kind == "classes":
        row = [[0.0, at]] if loss.on_logits else [[1 - at, at]]
        expected = loss(np.array(row), np.array([int(target)]))
    else:
        expected = loss(np.array([at]), np.array([target]))
    assert numbers(widget)["loss"] == pytest.approx(expected)
    offered = {option[1] for option in widget.controls["target"].options}
    assert offered == {"values": {-1.0, 0.0, 1.0}, "signs": {-1.0, 1.0}}.get(loss.kind, {0.0, 1.0})


def test_new_loss_optimizer_and_schedule_appear_by_themselves(monkeypatch, make):
    class Quartic:
        """Quartic: $L = \\frac1N\\sum s\\,(\\hat y - y)^4$."""

        name, params, ranges = "quartic", {"s": 1.0}, {"s": (0.5, 2.0)}
        kind, on_logits, outputs = "values", False, ("identity", "sigmoid", "softmax")

        def f(self, y_pred, y_true, s=1.0):
            return s * np.mean((np.asarray(y_pred) - y_true) ** 4)

        def df(self, y_pred, y_true, s=1.0):
            return 4 * s * (np.asarray(y_pred) - y_true) ** 3 / np.size(y_true)

        __call__, gradient = f, df

        def targets(self, y, shape, dtype):
            return np.asarray(y, dtype=dtype).reshape(shape)

    class Signs:
        """Sign descent: $w = w - \\eta\\,\\mathrm{sign}(g)$."""

        def __init__(self, lr=0.01):
            self.lr = lr

        def step(self, theta, grad):
            theta -= self.lr * np.sign(grad)

    class Sawtooth:
        """Sawtooth: falls to 0 and begins again."""

        name, ranges = "sawtooth", {"every": (1, 100)}

        def __init__(self, every=10):
            self.every = every

        def __call__(self, t):
            return 1 - t % self.every / self.every

    monkeypatch.setitem(nn.LOSSES, "quartic", Quartic())
    monkeypatch.setitem(nn.OPTIMIZERS, "signs", Signs)
    monkeypatch.setitem(nn.SCHEDULES, "sawtooth", Sawtooth)
    explorer = make("loss_explorer", "quartic").set(target=0.0, prediction=1.0, **{"quartic.s": 2.0})
    assert numbers(explorer)["gradient"] == 4 * 2 * 3**3 and "Quartic" in explorer.reading.sentence
    schedule = make("schedule_explorer", "sawtooth").set(t=5, **{"sawtooth.every": 20})
    assert numbers(schedule)["rate"] == 0.75 and isinstance(schedule.png(), bytes)
    race = make("optimizer_race", landscape="bowl").set(step=1, **{"on signs": True, "lr signs": 0.1})
    walked = np.transpose(race.walks["signs"].get_data())
    np.testing.assert_allclose(walked[1] - walked[0], [0.1, -0.1])
    playground = make("playground").set(loss="quartic", optimizer="signs", lr=0.001)
    playground.one_epoch()
    assert playground.run.losses[1][1] < playground.run.losses[0][1]
    assert "quartic" in [option for option in make("backprop_stepper").controls["loss"].options]


def test_own_loss_is_compared_with_its_numerical_gradient(make):
    def quartic(y_pred, y_true):
        return np.mean((y_pred - y_true) ** 4)

    right = make("loss_explorer", own=(quartic, lambda y_pred, y_true: 4 * (y_pred - y_true) ** 3))
    wrong = make("loss_explorer", own=(quartic, lambda y_pred, y_true: 3 * (y_pred - y_true) ** 3))
    assert numbers(right)["error of the gradient"] < 1e-5 < 1 < numbers(wrong)["error of the gradient"]


def test_still_may_keep_the_end_to_itself(make):
    assert "after mistake 1, 3, 5, 7, 9, 11." in make("perceptron_training").alt
    widget = make("perceptron_training", moments=range(1, 7))
    titles = [ax.get_title(loc="left").split("\n")[0] for ax in widget.still().axes]
    assert titles == [f"mistake {k}" for k in range(1, 7)] and "11" not in widget.alt


@pytest.mark.parametrize("name", nn.SCHEDULES)
def test_schedule_explorer_reads_the_registry(make, name):
    widget = make("schedule_explorer", name)
    widget.set(t=17)
    params = _registry.of_entry(name, widget.values)
    assert numbers(widget)["rate"] == pytest.approx(nn.SCHEDULES[name](**params)(17))
    widget.set(warmup=50)
    assert numbers(widget)["rate"] == pytest.approx(nn.Warmup(nn.SCHEDULES[name](**params), 50)(17))


def test_own_schedule(make):
    widget = make("schedule_explorer", own=lambda t: 1 / (t + 1))
    widget.set(t=3)
    assert numbers(widget)["rate"] == 0.25


def test_v_curve_has_its_valley_where_theory_says(make):
    widget = make("gradient_check_curve")
    assert 1e-7 < numbers(widget)["best h, central"] < 1e-4
    widget.set(h=1e-12)
    assert "rounding" in widget.reading.sentence and numbers(widget)["error, central"] > 1e-7
    widget.set(h=0.1)
    assert "truncation" in widget.reading.sentence
    assert numbers(widget)["error, central"] == pytest.approx(0.1**2 / 6, rel=0.01)
    assert numbers(widget)["error, forward"] == pytest.approx(0.1 / 2, rel=0.05)
    widget.set(function="relu", x=0.0)
    assert "kink" in widget.reading.sentence


# --- fits ---


@pytest.mark.parametrize("width", [1, 2, 7, 30])
def test_relu_network_goes_through_its_points(rng, width):
    x, y = np.sort(rng.random(width + 1)), rng.standard_normal(width + 1)
    net = fits.relu_network_through(x, y)
    np.testing.assert_allclose(net.predict(x[:, None]), y, atol=1e-9)
    between = np.linspace(x[0], x[-1], 50)
    np.testing.assert_allclose(net.predict(between[:, None]), np.interp(between, x, y), atol=1e-9)


def test_error_falls_with_the_square_of_the_width(make):
    widget = make("universal_approximation")
    errors = [widget.set(width=n) and numbers(widget)["largest error"] for n in (20, 40, 80)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1) and errors[1] / errors[2] == pytest.approx(
        4, rel=0.1
    )


def test_a_jump_is_not_promised(make):
    widget = make("universal_approximation", target="jump", width=64)
    assert "not continuous" in widget.reading.sentence


def test_readers_points_are_met(make):
    widget = make("universal_approximation")
    widget.set(target="your points")
    widget.nudged("2", 0, 1)
    x, y = widget.points("your points", 0)
    assert y[2] == pytest.approx(0.2)
    assert np.isclose(np.interp(x[2], *widget.fit.get_data()), 0.2, atol=1e-3)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_lines_are_the_best_ones(rng, loss):
    x = rng.uniform(0, 5, 15)
    y = x + rng.standard_normal(15) * np.where(rng.random(15) < 0.3, 5, 0.3)
    params = {"delta": 0.7} if loss == "huber" else {}
    best = {"mse": fits.mse_line, "mae": fits.mae_line, "huber": lambda x, y: fits.huber_line(x, y, 0.7, 500)}
    slope, intercept = best[loss](x, y)
    lowest = nn.LOSSES[loss](slope * x + intercept, y, **params)
    for ds, di in rng.standard_normal((200, 2)) * 0.05:
        assert nn.LOSSES[loss]((slope + ds) * x + intercept + di, y, **params) >= lowest - 1e-12


def test_outlier_pulls_at_mse_most(make):
    widget = make("outlier_fit")
    slopes = {}
    for y in (0.0, -5.0):
        widget.set(y=y)
        slopes[y] = {k: numbers(widget)[f"slope, {k}"] for k in ("mse", "mae", "huber")}
    moved = {k: abs(slopes[0.0][k] - slopes[-5.0][k]) for k in slopes[0.0]}
    assert moved["mse"] > 0.05 > 0.01 > moved["mae"] and moved["huber"] < 0.01
    assert numbers(widget)["share, mse"] > 0.3 > 0.06 > numbers(widget)["share, mae"]
    widget.set(copies=0)
    assert numbers(widget)["share, mse"] == 0


# --- networks ---


def test_forward_flow_is_the_network(make):
    net = nn.MLP([3, 4, 2], hidden="tanh", output="softmax", rng=np.random.default_rng(5))
    widget = make("forward_flow", net, (0.5, -1.0, 2.0))
    x = np.array([[0.5, -1.0, 2.0]])
    np.testing.assert_allclose(numbers(widget)["z of layer 2"], net.forward(x)[0])
    np.testing.assert_allclose(numbers(widget)["a of layer 2"], net.predict_proba(x)[0])
    widget.set(x1=0.0, hidden="relu")
    hidden = np.maximum(np.array([0, -1.0, 2.0]) @ net.layers[0].W + net.layers[0].b, 0)
    np.testing.assert_allclose(numbers(widget)["a of layer 1"], hidden)
    assert net.hidden == "tanh"


def test_forward_flow_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"up to 6 units.*\[784, 10\]"):
        widgets.forward_flow(nn.MLP([784, 10]))


def test_stepper_gradients_agree_with_numerical_ones():
    net = networks.small_network()
    x, y = np.array([0.3, -0.8]), 1.0
    p = networks.Pass(net, x, y, "bce_with_logits", 0.1)

    def loss(theta):
        twin = networks.copy_of(net)
        twin.theta[:] = theta
        return twin.loss_and_gradient(x[None], np.array([y]), "bce_with_logits")[0]

    numerical = nn.numerical_gradient(loss, net.theta.copy())
    flat = np.concatenate([np.r_[W.ravel(), d] for W, d in zip(p.dW, p.delta, strict=True)])
    np.testing.assert_allclose(flat, numerical, atol=1e-8)
    assert p.loss == pytest.approx(loss(net.theta))
    assert p.after == pytest.approx(loss(net.theta - 0.1 * flat))


def test_stepper_reveals_one_thing_at_a_time(make):
    widget = make("backprop_stepper")
    kinds = []
    for step in range(widget.last + 1):
        widget.set(step=step)
        kinds.append(widget.stage(step)[0])
    assert kinds == [
        "start",
        "forward",
        "forward",
        "loss",
        "delta",
        "gradient",
        "delta",
        "gradient",
        "update",
    ]
    assert numbers(widget)["loss after"] < numbers(widget)["loss before"]
    widget.set(step=4)
    a = widget.net.predict_proba(np.array([[0.5, 1.0]]))[0]
    assert numbers(widget)["delta"][0] == pytest.approx(a - 1)
    widget.set(step=5, y=0.0)
    assert len([e for e in widget.diagram.edges.values() if e.get_visible()]) == 2


def test_initialisation_tells_dying_from_exploding(make):
    widget = make("initialisation")
    widget.set(init="small_normal")
    assert "fades" in widget.reading.sentence and numbers(widget)["std, last layer"] < 1e-5
    widget.set(init="glorot_uniform")
    assert "good start" in widget.reading.sentence
    widget.set(init="large_normal", activation="sigmoid")
    assert "units are saturated" in widget.reading.sentence
    widget.set(init="zeros")
    assert "no signal" in widget.reading.sentence
    widget.set(activation="relu", init="he_normal", gain=10.0)
    assert "grows" in widget.reading.sentence


@pytest.mark.parametrize(
    ("name", "ends"), [("tanh", (-1, 1)), ("sigmoid", (0, 1)), ("relu", None), ("step", (0, 1))]
)
def test_initialisation_still_shows_the_activation_asked_for(make, name, ends):
    widget = make("initialisation", activation=name)
    assert f"a {name} network" in widget.alt
    figure = widget.still()
    first = figure.axes[-6]
    low, high = first.get_xticks()[[0, -1]]
    assert first.get_xlabel().startswith("std") and len(figure.axes) == 18
    assert (low, high) == ends if ends else low == 0 < high


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_explorer_still_varies_what_can_be_varied(make, name):
    widget = make("activation_explorer", name)
    f, panels = nn.ACTIVATIONS[name], [ax for ax in widget.still().axes if ax.lines]
    if not f.params:
        assert len(panels) == len(nn.ACTIVATIONS)
    for ax, (title, params) in zip(panels, widget.samples(), strict=bool(f.params)):
        curve = ax.lines[1]
        np.testing.assert_allclose(curve.get_ydata(), f(curve.get_xdata(), **params))
        assert ax.get_title(loc="left") == title and title in widget.alt


def test_signals_are_those_of_the_network(rng):
    X = rng.standard_normal((20, 5))
    A, spread, flow = depth.signals(X, [4, 4], "tanh", "glorot_uniform", 1.0, np.random.default_rng(2))
    net = nn.MLP([5, 4, 4], hidden="tanh", rng=np.random.default_rng(2), init="glorot_uniform")
    np.testing.assert_allclose(A[-1], np.tanh(net.forward(X)))
    assert spread[0] == pytest.approx(A[0].std()) and flow[-1] == 1


# --- races ---


def test_every_registered_optimizer_races():
    assert set(nn.OPTIMIZERS) <= set(races.racers())


def test_race_walks_the_optimizers_path(make):
    widget = make("optimizer_race")
    widget.set(landscape="bowl", step=12, **{"lr adam": 0.1})
    path = descend(LANDSCAPES["bowl"], nn.Adam(widget.values["lr adam"]), 12)
    assert numbers(widget)["height of adam"] == pytest.approx(LANDSCAPES["bowl"](path[-1]))
    np.testing.assert_allclose(np.transpose(widget.walks["adam"].get_data()), path)


def test_race_explains_divergence(make):
    widget = make("optimizer_race")
    widget.set(landscape="ravine", step=100, **{"lr sgd": 1.0})
    assert numbers(widget)["height of sgd"] == "diverged" and "overshoots" in widget.reading.sentence


def test_race_on_the_readers_landscape(make):
    widget = make("optimizer_race", lambda t: t[0] ** 2 + t[1] ** 2, lambda t: 2 * t, start=(1.0, 0.0))
    widget.set(step=1, **{"lr sgd": 0.1, "on sgd": True})
    lr = widget.values["lr sgd"]
    lowest = widget.lowest["own"]
    assert numbers(widget)["height of sgd"] == pytest.approx((1 - 2 * lr) ** 2 - lowest)


@pytest.mark.parametrize(
    ("control", "values"), [("optimizer", nn.OPTIMIZERS), ("batch", [1, 32]), ("lr", [0.01, 0.1])]
)
def test_what_shapes_the_training_shows_itself_in_training(make, control, values):
    widget, losses = make("playground"), set()
    for value in values:
        widget.reset()
        widget.set(**{control: value})
        widget.one_epoch()
        losses.add(widget.run.losses[-1][1])
    assert len(losses) == len(values)


# --- playground ---


def test_playground_plays_pauses_steps_and_resets(make):
    widget = make("playground")
    play_button, pause, step, reset = (b for b, _ in widget._buttons)
    first = numbers(widget)["training loss"]
    step.click()
    assert numbers(widget)["epoch"] == 1
    play_button.click()
    for _ in range(5):
        ask(widget)
    epochs = numbers(widget)["epoch"]
    assert epochs >= 6 and numbers(widget)["training loss"] < first
    pause.click()
    ask(widget)
    assert numbers(widget)["epoch"] == epochs
    reset.click()
    assert numbers(widget)["epoch"] == 0 and numbers(widget)["training loss"] == first


def test_playground_learns_the_moons():
    X, y = nn.data.make_moons(200, 0.1, np.random.default_rng(0))
    run = play.Run(X, y, (8,), "tanh", "bce_with_logits", "adam", 0.03, 32)
    for _ in range(150):
        run.step()
    assert run.accuracy(run.train) > 0.97 and run.losses[-1][1] < 0.1 * run.losses[0][1]


@pytest.mark.parametrize("loss", nn.LOSSES)
@pytest.mark.parametrize("data", ["two clouds", "three spirals"])
def test_playground_trains_with_every_loss(loss, data):
    X, y = play.DATA[data](120, 0.0, np.random.default_rng(1))
    run = play.Run(X, y, (16,), "tanh", loss, "adam", 0.02, 32)
    for _ in range(40):
        run.step()
    assert not run.diverged and run.losses[-1][1] < run.losses[0][1]
    if data == "two clouds":
        assert run.accuracy(run.train) > 0.95


def test_playground_explains_divergence(make):
    widget = make("playground")
    widget.set(
        optimizer="sgd", activation="relu", loss="mse", lr=10.0, hidden="16, 16", data="circles", batch=1
    )
    widget.run.diverged = True
    widget.refresh()
    assert "Lower the learning rate" in widget.reading.sentence


def test_rate_changes_without_starting_afresh(make):
    widget = make("playground")
    widget._buttons[2][0].click()
    widget.set(lr=0.1)
    assert numbers(widget)["epoch"] == 1 and widget.run.optimizer.lr == widget.values["lr"]
    widget.set(seed=3)
    assert numbers(widget)["epoch"] == 0


def test_playground_takes_the_readers_samples(make):
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 5)
    widget = make("playground", X, np.array(["no", "yes", "yes", "no"] * 5))
    widget._buttons[2][0].click()
    assert numbers(widget)["epoch"] == 1 and widget.run.X.shape == (20, 2)
