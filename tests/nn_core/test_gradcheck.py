"""The judge of gradients, and the tests of the judge."""

import numpy as np
import pytest

import nn_core as nn


def test_numerical_gradient_of_a_cubic(rng):
    x = rng.normal(size=(3, 4))
    gradient = nn.numerical_gradient(lambda x: (x**3).sum(), x, h=1e-4)
    np.testing.assert_allclose(gradient, 3 * x**2, atol=1e-7)
    assert gradient.dtype == np.float64 and gradient.shape == x.shape


def test_differences_are_central():
    assert nn.numerical_gradient(lambda x: x.item() ** 2, np.array([1.0]), h=0.1)[0] == pytest.approx(2)


@pytest.mark.parametrize("x", [3, [1, 2], np.array([[1, 2]]), np.ones((2, 2), np.float32)])
def test_x_may_be_anything_and_is_left_alone(x):
    before, shapes = np.array(x), set()
    gradient = nn.numerical_gradient(lambda q: shapes.add(q.shape) or float((q**2).sum()), x)
    np.testing.assert_allclose(gradient, 2 * before, atol=1e-8)
    np.testing.assert_array_equal(x, before)
    assert shapes == {before.shape}


def quadratic(theta):
    return 0.5 * float((theta**2 * np.arange(1, theta.size + 1).reshape(theta.shape)).sum())


def quadratic_gradient(theta):
    return theta * np.arange(1, theta.size + 1).reshape(theta.shape)


def test_a_right_gradient_passes(rng):
    theta = rng.normal(size=(3, 2))
    report = nn.gradient_check(lambda t: (quadratic(t), quadratic_gradient(t)), theta)
    assert report.passed and report.max_relative_error < 1e-8
    assert str(report) == report.text and "right" in report.text


@pytest.mark.parametrize("slip", ["factor", "sign", "one entry", "missing", "nan"])
def test_a_wrong_gradient_is_caught(slip, rng):
    def wrong(theta):
        g = quadratic_gradient(theta)
        if slip == "factor":
            g = g * 1.001
        elif slip == "sign":
            g = -g
        elif slip == "one entry":
            g[2] *= 1.01
        elif slip == "missing":
            g[2] = 0
        else:
            g[2] = np.nan
        return quadratic(theta), g

    report = nn.gradient_check(wrong, rng.normal(size=6))
    assert not report.passed and report.max_relative_error > 5e-4
    assert "wrong in" in report.text
    if slip not in ("factor", "sign"):
        assert report.worst_index == 2 and "wrong in 1 of 6" in report.text


def test_small_entries_are_judged_too():
    def wrong(theta):
        return float(theta[0] + 1e-4 * theta[1]), np.array([1.0, 2e-4])

    assert nn.gradient_check(wrong, [1.0, 1.0]).worst_index == 1


def test_rounding_is_not_taken_for_a_mistake():
    flat_there = np.array([np.pi / 2, 0.0])
    assert nn.gradient_check(lambda t: (1e3 + float(np.sin(t).sum()), np.cos(t)), flat_there).passed


def test_a_shared_gradient_array_does_not_mislead(rng):
    net = nn.MLP([3, 4, 2], hidden="tanh", rng=rng)
    X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))

    def loss_and_grad(theta):
        net.theta[:] = theta
        return net.loss_and_gradient(X, y)

    assert nn.gradient_check(loss_and_grad, net.theta).passed


def test_a_single_number_is_checked_too():
    right = nn.gradient_check(lambda t: (t**2, 2 * t), 3.0)
    assert right.passed and right.worst_index == ()
    assert "wrong in 1 of 1" in nn.gradient_check(lambda t: (t**2, t), np.array(3.0)).text


def test_bad_arguments_are_named():
    for h in (0, -1e-5):
        with pytest.raises(ValueError, match="h must"):
            nn.numerical_gradient(np.sum, [1.0], h)
    with pytest.raises(ValueError, match=r"f must return one number, got an array of shape \(2,\)"):
        nn.numerical_gradient(lambda x: x, [1.0, 2.0])
    with pytest.raises(ValueError, match="x must hold finite"):
        nn.numerical_gradient(np.sum, [np.nan])
    with pytest.raises(TypeError, match="f must be a function, got None"):
        nn.numerical_gradient(None, [1.0])
    with pytest.raises(TypeError, match="loss_and_grad must be a function, got 3"):
        nn.gradient_check(3, [1.0])
    with pytest.raises(TypeError, match=r"must return a pair \(loss, gradient\), got float"):
        nn.gradient_check(lambda t: 1.0, [1.0])
    with pytest.raises(ValueError, match=r"gradient of shape \(2,\), got \(3,\)"):
        nn.gradient_check(lambda t: (1.0, np.ones(3)), [1.0, 2.0])
