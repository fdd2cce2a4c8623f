"""Every layer: forward, backward, parameters as views, first weights."""

import numpy as np
import pytest

import nn_core as nn
from nn_core.layers import Activation, Linear, PReLU


def make_layers(rng):
    bent = PReLU(4)
    bent.alpha[:] = [0.25, -0.5, 0.0, 2.0]
    return {"linear": Linear(4, 3, rng), "square": Linear(4, 4, rng), "prelu": bent,
            **{name: Activation(name) for name in nn.ACTIVATIONS}}


@pytest.mark.parametrize("name", make_layers(np.random.default_rng(0)))
@pytest.mark.parametrize("n", [1, 5])
def test_backward(name, n, rng):
    layer = make_layers(rng)[name]
    X = rng.uniform(0.1, 2, (n, 4)) * rng.choice([-1, 1], (n, 4))
    dA = rng.normal(size=layer.forward(X).shape)
    before = X.copy(), dA.copy()

    def loss(X):
        return (dA * layer.forward(X)).sum()

    layer.forward(X)
    dX = layer.backward(dA)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(dA, before[1])
    gradients = {name: getattr(layer, "d" + name).copy() for name in layer.names}
    np.testing.assert_allclose(dX, nn.numerical_gradient(loss, X), atol=1e-8)
    for parameter, gradient in gradients.items():
        array = getattr(layer, parameter)
        start = array.copy()

        def loss_of_parameter(value, array=array):
            array[...] = value
            return loss(X)

        np.testing.assert_allclose(gradient, nn.numerical_gradient(loss_of_parameter, start), atol=1e-8)


def test_parameters_move_into_shared_vectors(rng):
    layer = Linear(3, 2, rng)
    W, b = layer.W.copy(), layer.b + 1
    layer.b += 1
    theta, grad = np.zeros(8), np.zeros(8)
    layer.bind(theta, grad)
    np.testing.assert_array_equal(theta, [*W.ravel(), *b])
    assert np.shares_memory(layer.W, theta) and np.shares_memory(layer.db, grad) and layer.size == 8


@pytest.mark.parametrize("name", ["linear", "prelu", "relu", "tanh"])
def test_results_are_fresh_unless_out_is_given(name, rng):
    layer = make_layers(rng)[name]
    X = rng.normal(size=(5, 4))
    first = layer.forward(X)
    kept = first.copy()
    layer.forward(2 * X)
    np.testing.assert_array_equal(first, kept)
    assert layer.forward(X, first) is first


SPREAD = {"he_normal": (2 / 400) ** 0.5, "glorot_uniform": (2 / 500) ** 0.5,
          "small_normal": 0.01, "large_normal": 1.0, "zeros": 0.0}


@pytest.mark.parametrize("name", SPREAD)
def test_spread_of_first_weights(name):
    W, std = nn.INITIALIZERS[name](400, 100, np.random.default_rng(0)), SPREAD[name]
    assert W.std() == pytest.approx(std, rel=0.02) and abs(W.mean()) <= 5 * std / W.size**0.5


@pytest.mark.parametrize("name", nn.INITIALIZERS)
def test_first_weights(name):
    W = nn.INITIALIZERS[name](400, 100, np.random.default_rng(0))
    assert W.shape == (400, 100)
    np.testing.assert_array_equal(W, nn.INITIALIZERS[name](400, 100, np.random.default_rng(0)))
    assert not Linear(400, 100, np.random.default_rng(0), name).b.any()


def test_prelu_as_in_pytorch(torch, rng):
    Z, dA = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    layer, theirs = make_layers(rng)["prelu"], torch.nn.PReLU(4).double()
    theirs.weight.data = torch.tensor(layer.alpha.copy())
    t = torch.tensor(Z, requires_grad=True)
    theirs(t).backward(torch.tensor(dA))
    layer.forward(Z)
    np.testing.assert_allclose(layer.backward(dA), t.grad.numpy(), rtol=1e-9)
    np.testing.assert_allclose(layer.dalpha, theirs.weight.grad.numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Linear(0, 2), ValueError, "n_in must be at least 1"),
        (lambda: Linear(2, 2.0), TypeError, "n_out must be a whole number"),
        (lambda: Linear(2, 2, init="he"), ValueError, "init must be one of he_normal"),
        (lambda: Linear(2, 2, init=lambda n_in, n_out, rng: np.ones(3)), ValueError, r"W of shape \(2, 2\)"),
        (lambda: Linear(2, 2, rng=1), TypeError, "rng must"),
        (lambda: Activation("rleu"), ValueError, "did you mean 'relu'"),
        (lambda: Activation("relu", alpha=1), TypeError, "relu has no hyper-parameter 'alpha'"),
        (lambda: PReLU(0), ValueError, "n_units"),
        (lambda: PReLU(3, alpha=[1, 2]), ValueError, r"alpha must be one number or have shape \(3,\)"),
        (lambda: PReLU(3, dtype=int), ValueError, r"dtype must be float32 or float64, got int\d\d"),
        (lambda: Linear(2, 2, dtype="wide"), TypeError, "dtype must be float32 or float64, got 'wide'"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
