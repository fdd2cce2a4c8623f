"""Every activation in the registry, its derivative, and softmax."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nn_core as nn
from nn_core.activations import Activation, softmax_backward

every_activation = pytest.mark.parametrize("f", nn.ACTIVATIONS.values(), ids=list(nn.ACTIVATIONS))
EXTREMES = [-1e4, -1e3, -100.0, -1.0, -0.0, 0.0, 1.0, 100.0, 1e3, 1e4]
numbers = st.floats(-1e4, 1e4)


def settings_of(f):
    """Return the default hyper-parameters, and the two ends of their ranges."""
    return [{}, *({name: value} for name in f.ranges for value in f.ranges[name])]


def central_difference(f, z, h=1e-5):
    return (f(z + h) - f(z - h)) / (2 * h)


@every_activation
def test_derivative(f, rng):
    z = rng.uniform(0.01, 5, (20, 3)) * rng.choice([-1, 1], (20, 3))  # away from the kink at 0
    for params in settings_of(f):
        expected = central_difference(lambda q, params=params: f(q, **params), z)
        np.testing.assert_allclose(f.derivative(z, **params), expected, rtol=1e-6, atol=1e-9)


def test_a_wrong_derivative_is_caught(rng, monkeypatch):
    monkeypatch.setattr(nn.ACTIVATIONS["tanh"], "df", lambda z: 1 - z**2)  # a common slip: z where a is meant
    with pytest.raises(AssertionError):
        test_derivative(nn.ACTIVATIONS["tanh"], rng)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes(f, dtype):
    z = np.array(EXTREMES, dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for params in settings_of(f):
            for values in (f(z, **params), f.derivative(z, **params)):
                assert np.isfinite(values).all()
                assert values.dtype == dtype and values.shape == z.shape


@every_activation
def test_integers_scalars_and_shapes(f):
    for z in (3, 2.5, [1, -2], np.ones((2, 3, 4), int), np.array([[True]])):
        for value in (f(z), f.derivative(z)):
            assert np.shape(value) == np.shape(z) and np.asarray(value).dtype == np.float64


@every_activation
def test_input_is_left_alone(f, rng):
    z = rng.normal(size=(4, 3))
    before = z.copy()
    f(z)[...] = 7
    f.derivative(z)[...] = 7
    np.testing.assert_array_equal(z, before)


@every_activation
def test_out_is_written(f, rng):
    z, out = rng.normal(size=(4, 3)), np.empty((4, 3))
    assert f.f(z, out) is out
    np.testing.assert_array_equal(out, f(z))


@every_activation
def test_has_what_menus_and_plots_need(f):
    assert isinstance(f, Activation) and f.__doc__.splitlines()[0].count("$") in (2, 4, 6)
    assert f.params.keys() == f.ranges.keys()
    assert all(low <= f.params[name] <= high for name, (low, high) in f.ranges.items())


@every_activation
def test_bad_input_is_named(f):
    for z, error in (([np.nan], ValueError), ([], ValueError), ("one", TypeError), ([1j], TypeError)):
        for call in (f, f.derivative):
            with pytest.raises(error, match="z must"):
                call(z)
    with pytest.raises(TypeError, match=f"{f.name} has no hyper-parameter 'beta'"):
        f(1.0, beta=2)
    with pytest.raises(ValueError, match=r"rows equally long"):
        f([[1.0], [1.0, 2.0]])


def test_values_at_the_kink():
    z = np.array([-0.0, 0.0])
    slopes = {name: f.derivative(z).tolist() for name, f in nn.ACTIVATIONS.items()}
    assert slopes["relu"] == [0, 0] and slopes["step"] == [0, 0] and slopes["leaky_relu"] == [0.01, 0.01]
    assert nn.ACTIVATIONS["elu"].derivative(0.0, alpha=2.0) == 2.0
    assert nn.ACTIVATIONS["step"](z).tolist() == [1, 1]


@given(numbers)
def test_identities(z):
    f = nn.ACTIVATIONS
    assert f["sigmoid"](z) + f["sigmoid"](-z) == pytest.approx(1, abs=1e-15)
    assert f["tanh"](z) == pytest.approx(2 * f["sigmoid"](2 * z) - 1, abs=1e-15)
    assert f["softplus"].derivative(z) == f["sigmoid"](z)
    assert f["relu"](z) - f["relu"](-z) == z
    assert f["leaky_relu"](z, alpha=1) == z


def test_sigmoid_keeps_its_digits_far_out():
    assert nn.ACTIVATIONS["sigmoid"](-40.0) == pytest.approx(np.exp(-40.0), rel=1e-12)
    assert nn.ACTIVATIONS["sigmoid"].derivative(40.0) == pytest.approx(np.exp(-40.0), rel=1e-12)


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3), elements=numbers), st.integers(0, 2), numbers)
def test_softmax(Z, axis, shift):
    axis = axis % Z.ndim
    P = nn.softmax(Z, axis=axis)
    assert P.shape == Z.shape and (P >= 0).all()
    np.testing.assert_allclose(P.sum(axis=axis), 1, rtol=1e-12)
    np.testing.assert_allclose(nn.softmax(Z + shift, axis=axis), P, atol=1e-10)
    np.testing.assert_allclose(np.exp(nn.log_softmax(Z, axis=axis)), P, atol=1e-12)


def test_softmax_of_extremes_and_types():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(nn.softmax([[1e4, -1e4], [-1e4, -1e4]]), [[1, 0], [0.5, 0.5]])
        np.testing.assert_array_equal(nn.log_softmax([1e4, -1e4]), [0, -2e4])
        np.testing.assert_array_equal(nn.softmax([0.0, -np.inf]), [1, 0])  # a masked class
    assert nn.softmax(np.ones((2, 2), np.float32)).dtype == np.float32
    for Z, message in (([np.nan, 1], "NaN"), ([np.inf, 1], "inf"), (3.0, "axes"), ([], "empty")):
        for f in (nn.softmax, nn.log_softmax):
            with pytest.raises(ValueError, match=f"Z must .*{message}"):
                f(Z)
    with pytest.raises(ValueError, match="axis must"):
        nn.softmax([1.0, 2.0], axis=1)
    with pytest.raises(TypeError, match="axis must be a whole number, got None"):
        nn.log_softmax([1.0, 2.0], axis=None)


def test_softmax_backward_is_the_jacobian(rng):
    Z, dP = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    expected = nn.numerical_gradient(lambda Z: (dP * nn.softmax(Z)).sum(), Z)
    np.testing.assert_allclose(softmax_backward(dP, nn.softmax(Z)), expected, atol=1e-9)


PYTORCH = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "leaky_relu": "leaky_relu", "elu": "elu",
           "softplus": "softplus", "silu": "silu", "gelu": "gelu"}


@pytest.mark.parametrize("name", PYTORCH)
def test_as_in_pytorch(name, torch, rng):
    z = np.concatenate([rng.normal(size=200), EXTREMES])
    t = torch.tensor(z, requires_grad=True)
    options = {"approximate": "tanh"} if name == "gelu" else {}
    a = getattr(torch.nn.functional, PYTORCH[name])(t, **options)
    a.sum().backward()
    f = nn.ACTIVATIONS[name]
    np.testing.assert_allclose(f(z), a.detach().numpy(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(f.derivative(z), t.grad.numpy(), rtol=1e-9, atol=1e-9)


def test_softmax_as_in_pytorch(torch, rng):
    Z = 10 * rng.normal(size=(5, 4))
    for axis in (0, 1):
        for name in ("softmax", "log_softmax"):
            expected = getattr(torch, name)(torch.tensor(Z), dim=axis).numpy()
            np.testing.assert_allclose(getattr(nn, name)(Z, axis=axis), expected, rtol=1e-9, atol=1e-9)
