"""Figures show what they are given: their numbers are read back from the artists."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection

import nn_core as nn
from nn_core import plotting
from nn_core.landscapes import LANDSCAPES, descend


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def texts(ax):
    return [t.get_text() for t in ax.texts]


@pytest.mark.parametrize("name", nn.ACTIVATIONS)
def test_activation_curves_draw_f_and_its_derivative(name):
    z = np.linspace(-2, 2, 9)
    ax = plotting.activation_curves(name, z=z)
    curves = {line.get_label(): line for line in ax.lines}
    f = nn.ACTIVATIONS[name]
    np.testing.assert_array_equal(curves["$f(z)$"].get_ydata(), f(z))
    np.testing.assert_array_equal(curves["$f'(z)$"].get_ydata(), f.derivative(z))
    ax.figure.canvas.draw()


@pytest.mark.parametrize("name", nn.LOSSES)
def test_loss_slice_is_the_loss_and_its_slope(name):
    s, value, slope, label = plotting.loss_slice(nn.LOSSES[name])
    inner = slice(5, -5)
    numerical = np.gradient(value, s, edge_order=2)
    smooth = np.abs(np.gradient(numerical, s)) < 50
    keep = smooth[inner] & (np.abs(s[inner] - 1) > 0.02) & (np.abs(np.abs(s[inner]) - 1) > 0.02)
    keep &= np.abs(s[inner]) > 0.02
    np.testing.assert_allclose(slope[inner][keep], numerical[inner][keep], rtol=0.02, atol=0.02)
    assert label


def test_decision_boundary_colors_by_the_answer():
    X, y = np.array([[-1.0, -1], [1, 1], [-1, 1], [1, -1]]), np.array([-1, 1, -1, 1])
    ax = plotting.decision_boundary(lambda grid: np.where(grid[:, 0] >= 0, 1, -1), X, y, resolution=10)
    image = ax.images[0].get_array()
    assert np.all(image[:, 0] == image[0, 0]) and np.all(image[:, -1] == image[0, -1])
    assert not np.allclose(image[0, 0, :3], image[0, -1, :3])


def test_decision_boundary_of_probabilities_is_pale_where_unsure():
    X, y = np.array([[-1.0, 0], [1.0, 1]]), np.array([0, 1])

    def proba(grid):
        p = 1 / (1 + np.exp(-3 * grid[:, 0]))
        return np.column_stack([1 - p, p])

    alpha = plotting.decision_boundary(proba, X, y, resolution=21).images[0].get_array()[0, :, 3]
    assert alpha[10] < 0.01 < 0.3 < alpha[0]


def test_line_lies_where_w_x_plus_b_is_zero_and_its_normal_points_along_w():
    _, ax = plt.subplots()
    ax.set(xlim=(-2, 2), ylim=(-2, 2))
    w, b = np.array([1.0, 2.0]), -0.5
    plotting.line(w, b, ax)
    ends = np.transpose(ax.lines[0].get_data())
    np.testing.assert_allclose(ends @ w + b, 0, atol=1e-12)
    arrow = ax.texts[0]
    along = np.array(arrow.xy) - np.array(arrow.xyann)
    np.testing.assert_allclose(along / np.linalg.norm(along), w / np.linalg.norm(w))


def test_no_line_without_weights():
    _, ax = plt.subplots()
    plotting.line((0, 0), 1.0, ax)
    assert not ax.lines and not ax.texts


def test_xor_plane_shows_two_classes():
    ax = plotting.xor_plane()
    places = [c.get_offsets() for c in ax.collections if isinstance(c, PathCollection)]
    assert [sorted(map(tuple, p)) for p in places] == [[(0, 0), (1, 1)], [(0, 1), (1, 0)]]


def test_training_curves_count_epochs_from_one():
    history = nn.History()
    history.loss, history.val_loss, history.score, history.val_score = (
        [3, 2, 1],
        [4, 3, 5],
        [0, 1, 1],
        [0, 0, 1],
    )
    history.best_epoch = 1
    axes = plotting.training_curves(history)
    assert list(axes[0].lines[0].get_xdata()) == [1, 2, 3]
    assert list(axes[0].lines[1].get_ydata()) == [4, 3, 5]
    assert axes[0].lines[2].get_xdata()[0] == 2


def test_spread_draws_median_and_range():
    ax = plotting.spread([0, 1], [[1, 2], [3, 9], [2, 4]])
    assert list(ax.lines[0].get_ydata()) == [2, 4]
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 1 and band[:, 1].max() == 9


@pytest.mark.parametrize("name", LANDSCAPES)
def test_landscape_gradients(name):
    f, rng = LANDSCAPES[name], np.random.default_rng(3)
    for _ in range(5):
        theta = rng.uniform(-1.5, 1.5, 2)
        np.testing.assert_allclose(f.gradient(theta), nn.numerical_gradient(f, theta), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(f.gradient(f.minimum), 0, atol=1e-12)
    grid = np.stack(np.meshgrid(np.linspace(*f.xlim, 41), np.linspace(*f.ylim, 41))).reshape(2, -1)
    assert f(grid).min() >= f(f.minimum) - 1e-9


def test_descend_ends_where_it_diverges_and_repeats_with_its_seed():
    assert len(descend(LANDSCAPES["ravine"], nn.SGD(1.0), 100)) < 20
    walks = [descend(LANDSCAPES["noisy"], nn.SGD(0.1), 20, rng=np.random.default_rng(1)) for _ in range(2)]
    np.testing.assert_array_equal(*walks)
    assert not np.allclose(walks[0], descend(LANDSCAPES["noisy"], nn.SGD(0.1), 20))


@pytest.mark.parametrize("name", LANDSCAPES)
def test_landscape_is_drawn_with_paths(name):
    f = LANDSCAPES[name]
    path = descend(f, nn.SGD(0.01), 5)
    ax = plotting.landscape(f, {"sgd": path}, xlim=f.xlim, ylim=f.ylim, minimum=f.minimum)
    assert any(np.array_equal(np.transpose(line.get_data()), path) for line in ax.lines)
    ax.figure.canvas.draw()


def test_histograms_share_one_scale_and_survive_nothing_finite():
    axes = plotting.layer_histograms([np.array([[1.0, -3.0]]), np.array([[np.nan, np.inf]])])
    assert axes[0].get_xlabel().startswith("mean -1")
    assert axes[1].get_xlabel() == "no finite value"


def test_confusion_matrix_writes_every_count():
    ax = plotting.confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2])
    assert [int(t) for t in texts(ax)] == [1, 1, 0, 0, 1, 0, 0, 0, 1]


def test_neuron_diagram_computes_its_numbers():
    ax = plotting.neuron_diagram((0.2, 0.8), 0.1, (0.5, 1.0), nn.ACTIVATIONS["relu"])
    assert "1" in texts(ax) and "$a$ = 1" in texts(ax) and "relu" in texts(ax)
    other = plotting.neuron_diagram((0.2, 0.8), -3, (0.5, 1.0), nn.ACTIVATIONS["relu"], biological=False)
    assert "-2.1" in texts(other) and "$a$ = 0" in texts(other)


def test_perceptron_diagram_steps():
    assert "$a$ = 1" in texts(plotting.perceptron_diagram((2, 1), -3, (1, 1)))
    assert "$a$ = 0" in texts(plotting.perceptron_diagram((2, 1), -3, (0, 1)))


def test_network_diagram_follows_the_weights():
    net = nn.MLP([2, 3, 1], rng=np.random.default_rng(0))
    net.layers[0].W[:] = [[1, -2, 3], [-4, 5, -6]]
    ax = plotting.network_diagram(net, weight_labels=True)
    edges = [line for line in ax.lines]
    assert len(edges) == 9 and {"1", "-2", "3", "-4", "5", "-6"} <= set(texts(ax))
    first = {line.get_linestyle() for line in edges[:6]}
    assert first == {"-", "--"}
    widths = [line.get_linewidth() for line in edges[:6]]
    assert np.argmax(widths) == 5 and np.argmin(widths) == 0


def test_network_diagram_leaves_a_gap_in_wide_layers():
    ax = plotting.network_diagram([784, 128, 10])
    assert r"$\vdots$" in texts(ax) and "input\n784 units" in texts(ax) and "$x_{784}$" in texts(ax)


@pytest.mark.parametrize("sizes", [[1, 1], [2, 3, 1], [2, 4, 3, 1]])
def test_flow_diagrams_name_every_layer(sizes):
    forward, back = plotting.forward_flow_diagram(sizes), plotting.error_flow_diagram(sizes)
    for k in range(1, len(sizes)):
        layer = f"{{({k})}}"
        assert any(f"W^{layer}" in t for t in texts(forward))
        assert any(rf"\delta^{layer} =" in t for t in texts(back))
        assert any(f"dW^{layer}" in t for t in texts(back))
    for ax in (forward, back):
        ax.figure.canvas.draw()


def test_graph_diagram_places_operands_before_operations():
    ax = plotting.graph_diagram(
        {"x": "x", "w": "w", "p": "×", "y": "y", "L": "-"},
        [("x", "p"), ("w", "p"), ("p", "L"), ("y", "L")],
        forward={"p": 6.0},
        backward={"L": 1.0},
    )
    place = {t.get_text(): t.get_position() for t in ax.texts}
    assert place["x"][0] < place["×"][0] < place["-"][0]
    assert place["x"][0] < place["y"][0] < place["-"][0]
    assert place["6"][1] > place["×"][1] and place["1"][1] < place["-"][1]


def test_style_is_in_force_and_pictures_have_an_opaque_background():
    assert matplotlib.colors.to_hex(matplotlib.rcParams["figure.facecolor"]) == plotting.PAPER
    styles = matplotlib.rcParams["axes.prop_cycle"].by_key()
    assert len(set(map(str, styles["linestyle"]))) == len(styles["color"])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plotting.activation_curves("rleu"), ValueError, "name .*did you mean 'relu'"),
        (lambda: plotting.loss_curves("msee"), ValueError, "name .*did you mean 'mse'"),
        (lambda: plotting.points(np.ones((3, 2)), [0, 1]), ValueError, "X and y .* got 3 and 2"),
        (lambda: plotting.decision_boundary(len, np.ones((3, 3)), [0, 1, 0]), ValueError, "X must have"),
        (lambda: plotting.line([1, 2, 3], 0), ValueError, r"w must have shape \(2,\), got \(3,\)"),
        (lambda: plotting.landscape(3), TypeError, "f must be a function, got 3"),
        (lambda: plotting.layer_histograms([]), ValueError, "activations must hold"),
        (lambda: plotting.image_grid([]), ValueError, "images must not be empty"),
        (lambda: plotting.confusion_matrix([0, 1], [0]), ValueError, "y_true and y_pred .* got 2 and 1"),
        (lambda: plotting.network_diagram(3), TypeError, "network must be an MLP or a list"),
        (lambda: plotting.network_diagram([2, 0]), ValueError, r"network\[1\] must be at least 1"),
        (lambda: plotting.neuron_diagram((1, 2), 0, (1,)), ValueError, "x must have the shape of w"),
        (lambda: plotting.graph_diagram({"a": "a"}, [("a", "b")]), ValueError, "edges must join .* got 'b'"),
        (lambda: LANDSCAPES["bowl"]([1, 2, 3]), ValueError, r"theta must have shape \(2,\) or \(2, n\)"),
        (lambda: descend(LANDSCAPES["bowl"], nn.SGD(1.0), -1), ValueError, "steps must be at least 0"),
        (lambda: descend(LANDSCAPES["bowl"], nn.SGD(1.0), 1, (1, 2, 3)), ValueError, "start must have shape"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
