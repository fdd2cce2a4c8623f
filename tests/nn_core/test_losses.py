"""Every loss in the registry, its gradient, its labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn_core as nn

every_loss = pytest.mark.parametrize("loss", nn.LOSSES.values(), ids=list(nn.LOSSES))


def example(loss, rng, shape=(6, 3)):
    """Return predictions and targets that the loss takes, away from its kinks."""
    if loss.kind == "classes":
        Z = rng.normal(size=shape)
        return (Z if loss.on_logits else nn.softmax(Z)), rng.integers(0, shape[1], shape[0])
    y_pred = rng.normal(size=shape) if loss.on_logits else rng.uniform(0.1, 0.9, shape)
    if loss.kind == "signs":
        return y_pred, rng.choice([-1, 1], shape)
    return y_pred, rng.integers(0, 2, shape) if loss.kind == "binary" else 3 * rng.normal(size=shape)


def settings_of(loss):
    return [{}, *({name: value} for name in loss.ranges for value in loss.ranges[name])]


@every_loss
@pytest.mark.parametrize("shape", [(6, 3), (1, 2), (5, 5)])
def test_gradient(loss, shape, rng):
    y_pred, y_true = example(loss, rng, shape)
    for params in settings_of(loss):
        expected = nn.numerical_gradient(lambda a, params=params: loss(a, y_true, **params), y_pred)
        np.testing.assert_allclose(loss.gradient(y_pred, y_true, **params), expected, rtol=1e-6, atol=1e-9)


def test_a_wrong_gradient_is_caught(rng, monkeypatch):
    loss = nn.LOSSES["mse"]
    monkeypatch.setattr(loss, "df", lambda a, y: 2 * (a - y) / len(a))  # n samples where N elements are meant
    with pytest.raises(AssertionError):
        test_gradient(loss, (6, 3), rng)


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes(loss, dtype):
    y_pred = np.array([[1e4, -1e4], [-1e4, 1e4], [0.0, 0.0], [1e4, 1e4]], dtype)
    if not loss.on_logits and loss.kind in ("binary", "classes"):
        y_pred = np.clip(y_pred, 0, 1)
    for labels in ([0, 0, 0, 1], [1, 0, 1, 0]):
        y_true = np.array(labels) if loss.kind == "classes" else np.column_stack([labels, labels])
        y_true = 2 * y_true - 1 if loss.kind == "signs" else y_true
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            value, gradient = loss(y_pred, y_true), loss.gradient(y_pred, y_true)
        assert type(value) is float and 0 <= value < np.inf
        assert np.isfinite(gradient).all()
        assert gradient.dtype == dtype and gradient.shape == y_pred.shape


@every_loss
def test_arguments_are_left_alone(loss, rng):
    y_pred, y_true = example(loss, rng)
    before = y_pred.copy(), y_true.copy()
    loss(y_pred, y_true)
    loss.gradient(y_pred, y_true)[...] = 7
    np.testing.assert_array_equal(y_pred, before[0])
    np.testing.assert_array_equal(y_true, before[1])


@every_loss
def test_a_mean_over_samples(loss, rng):
    y_pred, y_true = example(loss, rng)
    twice = np.concatenate([y_pred, y_pred]), np.concatenate([y_true, y_true])
    assert loss(*twice) == pytest.approx(loss(y_pred, y_true), rel=1e-12)
    np.testing.assert_allclose(2 * loss.gradient(*twice)[:6], loss.gradient(y_pred, y_true), rtol=1e-12)


@every_loss
def test_column_and_vector_are_the_same(loss, rng):
    if loss.kind == "classes":
        y_pred, y_true = example(loss, rng)
        assert loss(y_pred, y_true[:, None]) == loss(y_pred, y_true) == loss(y_pred, np.eye(3)[y_true])
        return
    y_pred, y_true = example(loss, rng, (6,))
    for a, y in ((y_pred[:, None], y_true), (y_pred, y_true[:, None]), (y_pred[:, None], y_true[:, None])):
        assert loss(a, y) == pytest.approx(loss(y_pred, y_true), rel=1e-14)
        assert loss.gradient(a, y).shape == a.shape


@every_loss
def test_has_what_menus_and_plots_need(loss):
    assert loss.__doc__.splitlines()[0].count("$") >= 2
    assert loss.params.keys() == loss.ranges.keys()


@every_loss
def test_bad_input_is_named(loss, rng):
    y_pred, y_true = example(loss, rng)
    for call in (loss, loss.gradient):
        for bad, error in ((y_pred * np.nan, ValueError), (np.empty((0, 3)), ValueError), ("x", TypeError)):
            with pytest.raises(error, match="y_pred must"):
                call(bad, y_true)
        for bad in (y_true[:-1], np.full(y_true.shape, np.nan), np.ones((3, 6, 2)), 1.0, []):
            with pytest.raises(ValueError, match="y_true must"):
                call(y_pred, bad)
        with pytest.raises(TypeError, match="no hyper-parameter 'gamma'"):
            call(y_pred, y_true, gamma=1)


@pytest.mark.parametrize(
    ("name", "y_pred", "y_true", "message"),
    [
        ("hinge", [0.5, -2.0], [0, 1], "-1 and \\+1 for hinge, got 0"),
        ("bce", [0.5, 0.2], [-1, 1], "0 and 1 for bce, got -1 to 1"),
        ("bce_with_logits", [0.5, 0.2], [1, 2], "0 and 1 for bce_with_logits, got 1 to 2"),
        ("bce", [0.5, 1.2], [0, 1], "probabilities from 0 to 1, got 0.5 to 1.2; .*'bce_with_logits'"),
        ("cross_entropy", [[-1.0, 2.0]], [0], "probabilities .*'softmax_cross_entropy'"),
        ("softmax_cross_entropy", [[1.0, 2.0]], [2], "class labels 0 to 1, got 2"),
        ("softmax_cross_entropy", [[1.0, 2.0]], [-1], "class labels 0 to 1, got -1"),
        ("softmax_cross_entropy", [[1.0, 2.0]], [0.5], "whole numbers.* got 0.5"),
        ("softmax_cross_entropy", [[1.0, 2.0]], [[1.0, 1.0]], "one-hot"),
        ("softmax_cross_entropy", [[1.0]], [0], "two classes or more"),
        ("mse", [[1.0, 2.0]], [1.0, 2.0], "shape \\(1, 2\\), .*got \\(2,\\)"),
        ("mse", [[1.0], [2.0]], [[1.0, 2.0]], "shape \\(2, 1\\), .*got \\(1, 2\\)"),
    ],
)
def test_mixed_up_labels(name, y_pred, y_true, message):
    for call in (nn.LOSSES[name], nn.LOSSES[name].gradient):
        with pytest.raises(ValueError, match=message):
            call(y_pred, y_true)


def test_values_by_hand():
    L = nn.LOSSES
    assert L["mse"]([[1.0, 2.0], [3.0, 5.0]], [[0, 2], [3, 2]]) == 10 / 4
    assert L["mae"]([1.0, -2.0], [0, 0]) == 1.5
    assert L["mae"].gradient([1.0, 0.0, -2.0], [0, 0, 0]).tolist() == [1 / 3, 0, -1 / 3]
    assert L["huber"]([0.5, 3.0], [0, 0]) == (0.125 + 2.5) / 2
    assert L["huber"]([3.0], [0], delta=2) == 2 * (3 - 1)
    assert L["bce"]([0.25, 0.25], [0, 1]) == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)
    assert L["bce_with_logits"]([-1e3, 1e3], [1, 1]) == 500
    assert L["softmax_cross_entropy"](np.zeros((5, 4)), np.zeros(5)) == pytest.approx(np.log(4))
    assert L["cross_entropy"]([[0.0, 1.0]], [1]) == 0
    assert L["hinge"]([1.0, 0.5, -1.0], [1, 1, 1]) == (0 + 0.5 + 2) / 3
    assert L["hinge"].gradient([1.0, 0.5, -1.0], [1, 1, 1]).tolist() == [0, -1 / 3, -1 / 3]


def test_a_certain_error_costs_much_and_not_infinity():
    assert nn.LOSSES["bce"]([0.0], [1]) == pytest.approx(708.4, abs=0.1)
    assert nn.LOSSES["bce"].gradient([0.0], [1])[0] < -1e300
    assert nn.LOSSES["bce"]([0.0, 1.0], [0, 1]) == 0


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=5), st.floats(1e-3, 1e3))
def test_huber_lies_between(d, delta):
    y = np.zeros(len(d))
    huber = nn.LOSSES["huber"](d, y, delta=delta)
    assert huber <= nn.LOSSES["mse"](d, y) / 2 * (1 + 1e-12)
    assert huber <= delta * nn.LOSSES["mae"](d, y) * (1 + 1e-12)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=6))
def test_the_two_forms_agree(z):
    y = np.arange(len(z)) % 2
    a = nn.ACTIVATIONS["sigmoid"](z)
    assert nn.LOSSES["bce_with_logits"](z, y) == pytest.approx(nn.LOSSES["bce"](a, y), rel=1e-3, abs=1e-9)
    Z = np.array([z, z[::-1]])
    two = [0, len(z) - 1]
    exact = nn.LOSSES["softmax_cross_entropy"](Z, two)
    assert exact == pytest.approx(nn.LOSSES["cross_entropy"](nn.softmax(Z), two), rel=1e-9, abs=1e-9)


PYTORCH = {"mse": "mse_loss", "mae": "l1_loss", "huber": "huber_loss", "bce": "binary_cross_entropy",
           "bce_with_logits": "binary_cross_entropy_with_logits", "softmax_cross_entropy": "cross_entropy",
           "cross_entropy": "nll_loss"}


@pytest.mark.parametrize("name", PYTORCH)
def test_as_in_pytorch(name, torch, rng):
    loss = nn.LOSSES[name]
    y_pred, y_true = example(loss, rng, (7,) if loss.kind == "binary" else (7, 3))
    t = torch.tensor(y_pred, requires_grad=True)
    y = torch.tensor(y_true) if loss.kind == "classes" else torch.tensor(y_true, dtype=torch.float64)
    value = getattr(torch.nn.functional, PYTORCH[name])(torch.log(t) if name == "cross_entropy" else t, y)
    value.backward()
    assert loss(y_pred, y_true) == pytest.approx(value.item(), rel=1e-9)
    np.testing.assert_allclose(loss.gradient(y_pred, y_true), t.grad.numpy(), rtol=1e-9, atol=1e-9)
