"""Every numbered equation of the book, held to NumPy.

A function here stands for one equation. Its docstring is the equation, as the chapter writes it; its body
says the same in NumPy and compares, on random numbers, with nn_core, with a nudge, or by counting. So what
a reader sees and what the library computes are the same thing. When an equation of a chapter changes,
test_the_chapter_writes_it fails until somebody has looked at the body again and copied the new TeX.
"""

import re
from itertools import combinations, pairwise, product
from math import comb, erf
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import nnls

import nn_core as nn
from nn_core.widgets.fits import relu_network_through
from nn_exercises import EXERCISES

EQUATIONS = {}
compared = []  # what the equation at hand has compared: a body that compares nothing is no test


def equation(number):
    """Register the function below as the equation of this number."""

    def register(f):
        assert number not in EQUATIONS, f"({number}) stands here twice"
        EQUATIONS[number] = f
        return f

    return register


def agree(found, expected, rtol=1e-9, atol=1e-12):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)
    compared.append(found)


def holds(statement):
    assert np.all(statement)
    compared.append(statement)


def slope(f, x, **nudge):
    """The gradient of the number f(x) by nudging, for comparisons with a tolerance of 1e-6."""
    return nn.numerical_gradient(f, x, **nudge)


NUDGED = {"rtol": 1e-6, "atol": 1e-8}
ACTIVATIONS, LOSSES = nn.ACTIVATIONS, nn.LOSSES
sigmoid, relu, step, tanh = (ACTIVATIONS[name] for name in ("sigmoid", "relu", "step", "tanh"))
corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])


# Chapter 1: the neuron


def machine(w, b):
    """A perceptron with these weights."""
    unit = nn.Perceptron()
    unit.w_, unit.b_ = np.asarray(w, dtype=float), float(b)
    return unit


def mcculloch_pitts(x, inhibitory, theta):
    """Equation (1.6), in a loop."""
    if any(x_i == 1 and veto for x_i, veto in zip(x, inhibitory, strict=True)):
        return 0
    return int(sum(x_i for x_i, veto in zip(x, inhibitory, strict=True) if not veto) >= theta)


@equation("1.1")
def preactivation(rng):
    r"""z = w_1 x_1 + w_2 x_2 + \dots + w_p x_p + b = \mathbf w \cdot \mathbf x + b."""
    w, x, b = rng.normal(size=5), rng.normal(size=5), rng.normal()
    z = sum(w[i] * x[i] for i in range(5)) + b
    agree(w @ x + b, z)
    agree(machine(w, b).net_input([x]), [z])


@equation("1.2")
def activation_of_a_neuron(rng):
    r"""a = f(z)."""
    z = rng.normal(size=(4, 3))
    for name, f in ACTIVATIONS.items():
        agree(nn.layers.Activation(name).forward(z), [[f(np.array(z_ij)) for z_ij in row] for row in z])


@equation("1.3")
def neuron_by_hand(rng):
    r"""z = 0.2 \cdot 0.5 + 0.8 \cdot 1 + 0.1 = 0.1 + 0.8 + 0.1 = 1.0, \qquad a = \max(0, 1.0) = 1.0."""
    agree(0.2 * 0.5 + 0.8 * 1 + 0.1, 0.1 + 0.8 + 0.1)
    z = machine([0.2, 0.8], 0.1).net_input([[0.5, 1]])
    agree(z, [1.0])
    agree(relu(z), [1.0])


@equation("1.4")
def leaky_cell(rng):
    r"""
    \tau \frac{dV}{dt} = -V + I, \qquad V \ge 1: \text{ spike, then } V = 0 \text{ during }
    t_{\text{ref}}.
    """
    tau, current = 0.02, 1.7
    t = np.linspace(0, 0.05, 11)

    def voltage(t):
        return current * (1 - np.exp(-t / tau))  # the chapter's solution, from V = 0

    dV_dt = (voltage(t + 1e-6) - voltage(t - 1e-6)) / 2e-6
    agree(tau * dV_dt, -voltage(t) + current, **NUDGED)


@equation("1.5")
def firing_rate(rng):
    r"""
    r(I) = \begin{cases} 0 & \text{if } I \le 1 \\[4pt] \dfrac{1}{t_{\text{ref}} + \tau
    \ln\frac{I}{I-1}} & \text{if } I > 1. \end{cases}
    """
    tau, t_ref, dt = 0.02, 0.002, 1e-6
    for current in [0.5, 1.0, 1.5, 3.0]:
        V, t = 0.0, 0.0
        while V < 1 and t < 0.1:  # (1.4), in steps of a microsecond
            V, t = V + dt / tau * (current - V), t + dt
        if current <= 1:
            holds(V < 1)
        else:
            agree(1 / (t_ref + tau * np.log(current / (current - 1))), 1 / (t_ref + t), rtol=1e-3)


@equation("1.6")
def unit_of_1943(rng):
    r"""
    y = \begin{cases} 1 & \text{if no inhibitory input is active and } \displaystyle\sum_{i \text{
    excitatory}} x_i \ge \theta \\ 0 & \text{otherwise.} \end{cases}
    """
    rows = np.array(list(product([0, 1], repeat=3)))
    for inhibitory, theta in product(product([False, True], repeat=3), range(5)):
        expected = [mcculloch_pitts(x, inhibitory, theta) for x in rows]
        agree(EXERCISES["mcculloch_pitts"].reference(rows, np.array(inhibitory), theta), expected)


@equation("1.7")
def threshold_is_minus_the_bias(rng):
    r"""
    \mathbf w \cdot \mathbf x \ge \theta \quad\Longleftrightarrow\quad \mathbf w \cdot \mathbf x + b \ge
    0 \quad\text{with } b = -\theta.
    """
    w, x = rng.integers(-3, 4, size=(2, 500, 3))
    theta = rng.integers(-5, 6, size=500)
    b = -theta
    agree(np.sum(w * x, axis=1) >= theta, np.sum(w * x, axis=1) + b >= 0)


@equation("1.8")
def veto_as_a_weight(rng):
    r"""k > m - \theta."""
    for inhibitory, theta, k in product(product([False, True], repeat=3), range(4), range(5)):
        veto = np.array(inhibitory)
        m = np.sum(~veto)
        unit = machine(np.where(veto, -k, 1), -theta)
        same = all(
            unit.predict([x])[0] == mcculloch_pitts(x, veto, theta) for x in product([0, 1], repeat=3)
        )
        holds(same == bool(k > m - theta or not veto.any()))


@equation("1.9")
def w_is_the_normal(rng):
    r"""\mathbf w \cdot (\mathbf x - \mathbf x') = 0."""
    w, b = rng.normal(size=2), rng.normal()
    along = np.array([-w[1], w[0]])
    x, x_prime = (-b * w / (w @ w) + length * along for length in (0.3, -2.0))
    agree([w @ x + b, w @ x_prime + b], [0, 0])
    agree(w @ (x - x_prime), 0)


@equation("1.10")
def signed_distance(rng):
    r"""d(\mathbf x) = \frac{\mathbf w \cdot \mathbf x + b}{\lVert \mathbf w \rVert}."""
    w, b, x = rng.normal(size=4), rng.normal(), rng.normal(size=4)
    d = (w @ x + b) / np.linalg.norm(w)
    foot = x - d * w / np.linalg.norm(w)  # walk back by d, against w
    agree(w @ foot + b, 0)
    agree(np.linalg.norm(x - foot), abs(d))


@equation("1.11")
def two_distances_are_a_neuron(rng):
    r"""
    \lVert \mathbf x - \boldsymbol\mu_0 \rVert^2 - \lVert \mathbf x - \boldsymbol\mu_1 \rVert^2 = 2\Big(
    \underbrace{(\boldsymbol\mu_1 - \boldsymbol\mu_0)}_{\mathbf w} \cdot\, \mathbf x +
    \underbrace{\tfrac12\big(\lVert \boldsymbol\mu_0 \rVert^2 - \lVert \boldsymbol\mu_1
    \rVert^2\big)}_{b} \Big) \ge 0.
    """
    x, mu_0, mu_1 = rng.normal(size=(50, 3)), rng.normal(size=3), rng.normal(size=3)
    w, b = mu_1 - mu_0, (mu_0 @ mu_0 - mu_1 @ mu_1) / 2
    difference = np.sum((x - mu_0) ** 2, axis=1) - np.sum((x - mu_1) ** 2, axis=1)
    agree(difference, 2 * (x @ w + b))
    agree(machine(w, b).predict(x), difference >= 0)


# Chapter 2: the perceptron


@equation("2.1")
def perceptron_answers(rng):
    r"""
    \hat y = \operatorname{step}(z) = \begin{cases} 1 & \text{if } z \ge 0 \\ 0 & \text{if } z < 0
    \end{cases} \qquad\text{with}\quad z = \mathbf w \cdot \mathbf x + b.
    """
    w, b, X = np.array([2.0, 1.0]), -3.0, np.vstack([corners, rng.normal(size=(20, 2))])
    y_hat = np.array([1 if w @ x + b >= 0 else 0 for x in X])
    agree(machine(w, b).predict(X), y_hat)
    agree(step(X @ w + b), y_hat)
    holds(y_hat[3] == 1)  # z = 0 there


def updates(rng, eta=0.5):
    """Random samples and weights: (x, y - y_hat, w, b, what nn_core makes of w and b)."""
    for _ in range(50):
        w, b, x, y = rng.normal(size=3), rng.normal(), rng.normal(size=3), int(rng.integers(2))
        unit = machine(w, b)
        unit.lr = eta
        unit.update(x, y)
        yield x, y - int(w @ x + b >= 0), w, b, unit


@equation("2.2")
def learning_rule(rng):
    r"""\mathbf w \leftarrow \mathbf w + \eta\,(y - \hat y)\,\mathbf x"""
    for x, error, w, _, unit in updates(rng, eta := 0.5):
        agree(unit.w_, w + eta * error * x)


@equation("2.3")
def learning_rule_of_the_bias(rng):
    r"""b \leftarrow b + \eta\,(y - \hat y)"""
    for _, error, _, b, unit in updates(rng, eta := 0.5):
        agree(unit.b_, b + eta * error)


@equation("2.4")
def what_a_correction_does(rng):
    r"""
    z_{\text{new}} = \big(\mathbf w + \eta (y - \hat y)\mathbf x\big)\cdot \mathbf x + b + \eta (y -
    \hat y) = z_{\text{old}} + \eta\,(y - \hat y)\,\big(\lVert \mathbf x\rVert^2 + 1\big).
    """
    for x, error, w, b, unit in updates(rng, eta := 0.5):
        z_new = (w + eta * error * x) @ x + b + eta * error
        agree(z_new, w @ x + b + eta * error * (np.linalg.norm(x) ** 2 + 1))
        agree(unit.net_input([x]), [z_new])


def a_run(eta=0.5):
    """A perceptron's run: its samples' u, gamma and R; theta before, s, x~ and theta after each mistake."""
    X, y = (part[:100] for part in nn.data.load_iris())
    X_tilde, s = np.column_stack([X, np.ones(100)]), 2 * y - 1
    V = s[:, None] * X_tilde
    c, _ = nnls(np.vstack([V.T, np.ones(100)]), np.append(np.zeros(5), 1.0))
    u = V.T @ c / np.linalg.norm(V.T @ c)
    unit, mistakes = machine(np.zeros(4), 0), []
    unit.lr = eta
    for _ in range(20):
        for i in range(100):
            before = np.append(unit.w_, unit.b_)
            if unit.update(X[i], y[i]):
                mistakes.append((before, s[i], X_tilde[i], np.append(unit.w_, unit.b_)))
    return {"u": u, "gamma": np.min(V @ u), "R": np.linalg.norm(V, axis=1).max(), "eta": eta,
            "V": V, "mistakes": mistakes}


@equation("2.5")
def rule_in_augmented_space(rng):
    r"""\boldsymbol\theta \leftarrow \boldsymbol\theta + \eta\, s\, \tilde{\mathbf x}."""
    run = a_run()
    for theta, s, x_tilde, after in run["mistakes"]:
        agree(after, theta + run["eta"] * s * x_tilde)


@equation("2.6")
def what_a_mistake_means(rng):
    r"""s\,(\boldsymbol\theta \cdot \tilde{\mathbf x}) \le 0."""
    for theta, s, x_tilde, _ in a_run()["mistakes"]:
        holds(s * (theta @ x_tilde) <= 0)


@equation("2.7")
def margin(rng):
    r"""s_i\,(\mathbf u \cdot \tilde{\mathbf x}_i) \ge \gamma \quad\text{for every sample } i."""
    run = a_run()
    agree(np.linalg.norm(run["u"]), 1)
    holds(run["gamma"] > 0)
    holds(run["V"] @ run["u"] >= run["gamma"])


@equation("2.8")
def longest_sample(rng):
    r"""\lVert \tilde{\mathbf x}_i \rVert \le R \quad\text{for every sample } i."""
    run = a_run()
    holds(np.linalg.norm(run["V"], axis=1) <= run["R"])


@equation("2.9")
def progress(rng):
    r"""
    \mathbf u \cdot \boldsymbol\theta_k = \mathbf u \cdot \boldsymbol\theta_{k-1} + \eta\, s\,(\mathbf u
    \cdot \tilde{\mathbf x}) \ge \mathbf u \cdot \boldsymbol\theta_{k-1} + \eta\gamma,
    \qquad\text{so}\quad \mathbf u \cdot \boldsymbol\theta_k \ge k\,\eta\,\gamma.
    """
    run = a_run()
    u, eta, gamma = run["u"], run["eta"], run["gamma"]
    for k, (theta, s, x_tilde, after) in enumerate(run["mistakes"], start=1):
        agree(u @ after, u @ theta + eta * s * (u @ x_tilde))
        holds(u @ after >= u @ theta + eta * gamma - 1e-12)
        holds(u @ after >= k * eta * gamma - 1e-12)


@equation("2.10")
def length(rng):
    r"""
    \lVert \boldsymbol\theta_k \rVert^2 = \lVert \boldsymbol\theta_{k-1} \rVert^2 + 2\eta\,
    s\,(\boldsymbol\theta_{k-1} \cdot \tilde{\mathbf x}) + \eta^2 \lVert \tilde{\mathbf x} \rVert^2 \le
    \lVert \boldsymbol\theta_{k-1} \rVert^2 + \eta^2 R^2, \qquad\text{so}\quad \lVert
    \boldsymbol\theta_k \rVert^2 \le k\,\eta^2 R^2.
    """
    run = a_run()
    eta, R = run["eta"], run["R"]
    for k, (theta, s, x_tilde, after) in enumerate(run["mistakes"], start=1):
        middle, last = 2 * eta * s * (theta @ x_tilde), eta**2 * (x_tilde @ x_tilde)
        agree(after @ after, theta @ theta + middle + last)
        holds(after @ after <= theta @ theta + eta**2 * R**2)
        holds(after @ after <= k * eta**2 * R**2)


@equation("2.11")
def novikoffs_bound(rng):
    r"""
    k\,\eta\,\gamma \;\le\; \mathbf u \cdot \boldsymbol\theta_k \;\le\; \lVert \boldsymbol\theta_k
    \rVert \;\le\; \sqrt k\,\eta\,R \qquad\Longrightarrow\qquad k \le \Big(\frac R\gamma\Big)^2.
    """
    run = a_run()
    u, eta, gamma, R = run["u"], run["eta"], run["gamma"], run["R"]
    for k, (_, _, _, theta) in enumerate(run["mistakes"], start=1):
        chain = [k * eta * gamma, u @ theta, np.linalg.norm(theta), np.sqrt(k) * eta * R]
        holds(np.diff(chain) >= -1e-12)
        holds(k <= (R / gamma) ** 2)
    agree(len(run["mistakes"]), 5)


@equation("2.12")
def largest_margin(rng):
    r"""
    \gamma_{\max} = \min_{\mathbf p \,\in\, \operatorname{hull}(\mathbf v_1, \dots, \mathbf v_n)} \lVert
    \mathbf p \rVert, \qquad \mathbf u = \frac{\mathbf p}{\lVert \mathbf p \rVert}.
    """
    V = np.array([-1, -1, -1, 1])[:, None] * np.column_stack([corners, np.ones(4)])  # AND
    c, _ = nnls(np.vstack([V.T, np.ones(4)]), [0, 0, 0, 1])
    p = V.T @ c / c.sum()
    u = p / np.linalg.norm(p)
    agree(np.min(V @ u), np.linalg.norm(p))
    agree(np.linalg.norm(p), 1 / np.sqrt(17))
    hull = rng.dirichlet(np.ones(4) / 2, size=5000) @ V
    holds(np.linalg.norm(hull, axis=1) >= np.linalg.norm(p) - 1e-12)
    others = rng.normal(size=(5000, 3))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    holds(np.min(V @ others.T, axis=0) <= np.linalg.norm(p))


@equation("2.13")
def four_inequalities(rng):
    r"""
    \begin{aligned} (0,0) \mapsto 0: &\quad b < 0 \\ (0,1) \mapsto 1: &\quad w_2 + b \ge 0 \\ (1,0)
    \mapsto 1: &\quad w_1 + b \ge 0 \\ (1,1) \mapsto 0: &\quad w_1 + w_2 + b < 0 \end{aligned}
    """
    for w_1, w_2, b in rng.normal(size=(500, 3)):
        lines = [b < 0, w_2 + b >= 0, w_1 + b >= 0, w_1 + w_2 + b < 0]
        agree(lines, machine([w_1, w_2], b).predict(corners) == [0, 1, 1, 0])
        holds(not all(lines))


def half_squared_error(x, y):
    return lambda w_and_b: (y - (w_and_b[:-1] @ x + w_and_b[-1])) ** 2 / 2


@equation("2.14")
def adalines_rule(rng):
    r"""\mathbf w \leftarrow \mathbf w + \eta\,(y - z)\,\mathbf x, \qquad b \leftarrow b + \eta\,(y - z)."""
    w, b, x, y, eta = rng.normal(size=3), rng.normal(), rng.normal(size=3), 1.0, 0.1
    z = w @ x + b
    theta = np.append(w, b)
    nn.SGD(eta).step(theta, slope(half_squared_error(x, y), theta.copy()))
    agree(np.append(w + eta * (y - z) * x, b + eta * (y - z)), theta, **NUDGED)


@equation("2.15")
def adalines_loss(rng):
    r"""
    L = \tfrac12 (y - z)^2, \qquad \frac{\partial L}{\partial w_j} = (y - z)\cdot\Big(-\frac{\partial
    z}{\partial w_j}\Big) = -(y - z)\,x_j, \qquad \frac{\partial L}{\partial b} = -(y - z).
    """
    w, b, x, y = rng.normal(size=3), rng.normal(), rng.normal(size=3), 1.0
    z = w @ x + b
    dz_dw = slope(lambda w: w @ x + b, w)
    found = slope(half_squared_error(x, y), np.append(w, b))
    agree((y - z) * -dz_dw, found[:3], **NUDGED)
    agree(-(y - z) * x, found[:3], **NUDGED)
    agree(-(y - z), found[3], **NUDGED)


# Chapter 3: multi-layer perceptrons


@equation("3.1")
def xor_by_hand(rng):
    r"""
    h_1 = \operatorname{step}(x_1 - x_2 - \tfrac12), \qquad h_2 = \operatorname{step}(x_2 - x_1 -
    \tfrac12), \qquad \hat y = \operatorname{step}(h_1 + h_2 - \tfrac12).
    """
    x_1, x_2 = corners.T
    h_1, h_2 = step(x_1 - x_2 - 1 / 2), step(x_2 - x_1 - 1 / 2)
    agree(step(h_1 + h_2 - 1 / 2), [0, 1, 1, 0])


@equation("3.2")
def network_with_one_hidden_layer(rng):
    r"""H = f\big(X W^{(1)} + b^{(1)}\big), \qquad \hat Y = g\big(H W^{(2)} + b^{(2)}\big)."""
    net = nn.MLP([3, 4, 2], hidden="tanh", output="sigmoid", rng=rng)
    net.theta = rng.normal(size=net.theta.size)
    X, (first, second) = rng.normal(size=(6, 3)), net.layers
    H = tanh(X @ first.W + first.b)
    agree(net.predict_proba(X), sigmoid(H @ second.W + second.b))


@equation("3.3")
def number_of_parameters(rng):
    r"""P = \sum_{l=1}^{L} \big(n_{l-1} n_l + n_l\big)."""
    for n in ([2, 2, 1], [2, 100, 100, 100, 1], [64, 32, 10]):
        P = sum(n[layer - 1] * n[layer] + n[layer] for layer in range(1, len(n)))
        agree(P, nn.MLP(n, rng=rng).theta.size)


@equation("3.4")
def linear_layers_collapse(rng):
    r"""
    \big(X W^{(1)} + b^{(1)}\big) W^{(2)} + b^{(2)} = X \underbrace{W^{(1)} W^{(2)}}_{W} +
    \underbrace{b^{(1)} W^{(2)} + b^{(2)}}_{b}.
    """
    net = nn.MLP([3, 5, 2], hidden="identity", rng=rng)
    net.theta = rng.normal(size=net.theta.size)
    X, (first, second) = rng.normal(size=(6, 3)), net.layers
    W, b = first.W @ second.W, first.b @ second.W + second.b
    agree((X @ first.W + first.b) @ second.W + second.b, X @ W + b)
    agree(net.predict(X), X @ W + b)


@equation("3.5")
def two_bends(rng):
    r"""\hat y = 2 - 2 \max(0, x - 0) + 2.5 \max(0, x - 1)."""
    x = rng.uniform(-1, 4, 50)
    y_hat = 2 - 2 * np.maximum(0, x - 0) + 2.5 * np.maximum(0, x - 1)
    agree(relu_network_through([0, 1, 3], [2, 0, 1]).predict(x[:, None]), y_hat)


@equation("3.6")
def network_through_points(rng):
    r"""\hat y(x) = y_0 + \sum_{k=0}^{m-1} (s_k - s_{k-1}) \max(0, x - x_k), \qquad s_{-1} = 0."""
    x_k, y_k = np.sort(rng.uniform(0, 5, 7)), rng.normal(size=7)
    s = np.diff(y_k) / np.diff(x_k)
    x = rng.uniform(x_k[0], x_k[-1], 50)
    y_hat = y_k[0] + sum(
        (s[k] - (s[k - 1] if k else 0)) * np.maximum(0, x - x_k[k]) for k in range(len(s))
    )
    agree(y_hat, np.interp(x, x_k, y_k))
    agree(relu_network_through(x_k, y_k).predict(x[:, None]), y_hat)


@equation("3.7")
def error_of_a_polygon(rng):
    r"""\max_x \lvert \hat y(x) - f(x) \rvert \le \frac{h^2}{8} \max_x \lvert f''(x) \rvert."""
    x = np.linspace(0, 1, 5001)
    for f, largest in [(np.exp, np.e), (lambda x: np.sin(9 * x), 81.0), (lambda x: x**2, 2.0)]:
        for m in [4, 10]:
            knots = np.linspace(0, 1, m + 1)
            error = np.abs(np.interp(x, knots, f(knots)) - f(x)).max()
            holds(error <= (1 / m) ** 2 / 8 * largest + 1e-12)
    agree(error, (1 / m) ** 2 / 8 * 2, rtol=1e-3)  # the bound is met by the parabola


@equation("3.8")
def universal_approximation(rng):
    r"""
    \Big\lvert\, c + \sum_{k=1}^{m} v_k\, \varphi(\mathbf w_k \cdot \mathbf x + b_k) - f(\mathbf x)
    \Big\rvert < \varepsilon \qquad\text{for all } \mathbf x \in K.
    """
    x, knots = np.linspace(0, 1, 1001), np.linspace(0, 1, 33)
    net = relu_network_through(knots, np.sin(2 * np.pi * knots))  # a net for this f, and epsilon = 0.005
    (w, b), (v, c) = ((layer.W, layer.b) for layer in net.layers)
    total = c[0] + sum(v[k, 0] * relu(w[0, k] * x + b[k]) for k in range(32))
    agree(net.predict(x[:, None]), total)
    holds(np.abs(total - np.sin(2 * np.pi * x)) < 0.005)


@equation("3.9")
def tent(rng):
    r"""\Lambda(u, v) = \max\big(0,\; 1 - \max(0, u, v) - \max(0, -u, -v)\big)."""
    def tent_at(u, v):
        return max(0, 1 - max(0, u, v) - max(0, -u, -v))

    for u, v in product(range(-3, 4), repeat=2):
        agree(tent_at(u, v), 1 if u == v == 0 else 0)
    for u, v in rng.uniform(-2, 2, size=(200, 2)):  # the lowest of six planes, and not below zero
        agree(tent_at(u, v), max(0, min(1 - u, 1 - v, 1 + u, 1 + v, 1 - u + v, 1 + u - v)))


@equation("3.10")
def regions_of_lines(rng):
    r"""r(n) \le 1 + \sum_{k=1}^{n} k = 1 + n + \frac{n (n - 1)}{2}."""
    for n in [2, 3, 6, 9]:
        w, b = rng.normal(size=(n, 2)), rng.normal(size=n)
        cells = set()
        for i, j in combinations(range(n), 2):  # every region has a corner, where two of the lines cross
            crossing = np.linalg.solve(w[[i, j]], -b[[i, j]])
            signs = w @ crossing + b > 0
            for signs[i], signs[j] in product([False, True], repeat=2):
                cells.add(tuple(signs))
        agree(1 + sum(range(1, n + 1)), 1 + n + n * (n - 1) / 2)
        agree(len(cells), 1 + n + n * (n - 1) / 2)


@equation("3.11")
def tent_map(rng):
    r"""g(x) = 2 \max(0, x) - 4 \max(0, x - \tfrac12)."""
    x = rng.uniform(0, 1, 100)
    agree(2 * np.maximum(0, x) - 4 * np.maximum(0, x - 1 / 2), np.interp(x, [0, 0.5, 1], [0, 1, 0]))


@equation("3.12")
def variance_of_a_sum(rng):
    r"""
    \operatorname{Var}(z) = \sum_{k=1}^{n_{\text{in}}} \operatorname{E}[w_k^2]\, \operatorname{E}[a_k^2]
    = n_{\text{in}} \operatorname{Var}(w)\, \operatorname{E}[a^2],
    """
    n_in, a = 20, rng.normal(1, 2, size=20)
    for draw in (nn.layers.he_normal, nn.layers.glorot_uniform):
        W = draw(n_in, 50_000, rng)
        z = a @ W
        agree(z.var(), np.sum(np.mean(W**2, axis=1) * a**2), rtol=0.03)
        agree(z.var(), n_in * W.var() * np.mean(a**2), rtol=0.03)


@equation("3.13")
def mean_square_through_a_relu_layer(rng):
    r"""
    \frac{\operatorname{E}[a_{\text{out}}^2]}{\operatorname{E}[a_{\text{in}}^2]} = \tfrac12\,
    n_{\text{in}} \operatorname{Var}(w).
    """
    n_in, a_in = 20, np.abs(rng.normal(size=20))
    for draw in (nn.layers.he_normal, nn.layers.glorot_uniform):
        W = draw(n_in, 50_000, rng)
        a_out = relu(a_in @ W)
        agree(np.mean(a_out**2) / np.mean(a_in**2), n_in * W.var() / 2, rtol=0.03)


@equation("3.14")
def he(rng):
    r"""\operatorname{Var}(w) = \frac{2}{n_{\text{in}}} \qquad\text{(He, for ReLU)}."""
    agree(nn.layers.he_normal(300, 400, rng).var(), 2 / 300, rtol=0.02)


@equation("3.15")
def glorot(rng):
    r"""c = \sqrt{\frac{6}{n_{\text{in}} + n_{\text{out}}}} \qquad\text{(Glorot, for tanh)}."""
    W, c = nn.layers.glorot_uniform(300, 400, rng), np.sqrt(6 / (300 + 400))
    holds(np.abs(W) <= c)
    agree(np.abs(W).max(), c, rtol=1e-4)
    agree(W.var(), c**2 / 3, rtol=0.02)


# Chapter 4: activations


@equation("4.1")
def logistic(rng):
    r"""\sigma(z) = \frac{1}{1 + e^{-z}}"""
    z = rng.normal(0, 5, 50)
    agree(sigmoid(z), 1 / (1 + np.exp(-z)))


@equation("4.2")
def slope_of_the_sigmoid(rng):
    r"""
    \sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} =
    \sigma(z)\,\big(1 - \sigma(z)\big)
    """
    z = rng.normal(0, 3, 50)
    s = 1 / (1 + np.exp(-z))
    agree(sigmoid.derivative(z), np.exp(-z) / (1 + np.exp(-z)) ** 2)
    agree(sigmoid.derivative(z), 1 / (1 + np.exp(-z)) * (np.exp(-z) / (1 + np.exp(-z))))
    agree(sigmoid.derivative(z), s * (1 - s))
    agree(sigmoid.derivative(z), slope(lambda z: sigmoid(z).sum(), z), **NUDGED)


@equation("4.3")
def hyperbolic_tangent(rng):
    r"""\tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} = 2\,\sigma(2z) - 1"""
    z = rng.normal(0, 2, 50)
    agree(tanh(z), (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)))
    agree(tanh(z), 2 * sigmoid(2 * z) - 1)


@equation("4.4")
def slope_of_tanh(rng):
    r"""\tanh'(z) = 4 \cdot \frac{1 + t}{2} \cdot \frac{1 - t}{2} = 1 - \tanh^2(z)"""
    z = rng.normal(0, 2, 50)
    t = np.tanh(z)
    agree(tanh.derivative(z), 4 * (1 + t) / 2 * (1 - t) / 2)
    agree(tanh.derivative(z), 1 - t**2)
    agree(tanh.derivative(z), slope(lambda z: tanh(z).sum(), z), **NUDGED)


@equation("4.5")
def rectified_linear_unit(rng):
    r"""
    \operatorname{ReLU}(z) = \max(0, z), \qquad \operatorname{ReLU}'(z) = \begin{cases} 1 & \text{if } z
    > 0 \\ 0 & \text{if } z < 0 \end{cases}
    """
    z = rng.normal(size=50)
    agree(relu(z), [max(0, z_i) for z_i in z])
    agree(relu.derivative(z), [1 if z_i > 0 else 0 for z_i in z])


@equation("4.6")
def leaky_relu(rng):
    r"""
    \operatorname{LeakyReLU}(z) = \begin{cases} z & \text{if } z > 0 \\ \alpha z & \text{if } z \le 0
    \end{cases} \qquad\text{with the derivative 1 or } \alpha.
    """
    z, alpha, f = np.append(rng.normal(size=50), 0), 0.3, ACTIVATIONS["leaky_relu"]
    agree(f(z, alpha=alpha), [z_i if z_i > 0 else alpha * z_i for z_i in z])
    agree(f.derivative(z, alpha=alpha), [1 if z_i > 0 else alpha for z_i in z])


@equation("4.7")
def gradients_of_prelu(rng):
    r"""
    \frac{\partial L}{\partial \alpha_j} = \sum_i \frac{\partial L}{\partial A_{ij}}\,\min(0, Z_{ij}),
    \qquad \frac{\partial L}{\partial Z_{ij}} = \frac{\partial L}{\partial A_{ij}} \cdot \begin{cases} 1
    & \text{if } Z_{ij} > 0 \\ \alpha_j & \text{else} \end{cases}
    """
    Z, dL_dA, alpha = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), rng.uniform(0.1, 0.5, 3)
    layer = nn.layers.PReLU(3)
    layer.alpha = alpha
    A = layer.forward(Z)
    agree(A, np.where(Z > 0, Z, alpha * Z))
    dL_dZ = layer.backward(dL_dA)
    agree(dL_dZ, dL_dA * np.where(Z > 0, 1, alpha))
    agree(layer.dalpha, [sum(dL_dA[i, j] * min(0, Z[i, j]) for i in range(6)) for j in range(3)])
    agree(layer.dalpha, slope(lambda a: np.sum(dL_dA * np.where(Z > 0, Z, a * Z)), alpha), **NUDGED)


@equation("4.8")
def exponential_linear_unit(rng):
    r"""
    \operatorname{ELU}(z) = \begin{cases} z & \text{if } z > 0 \\ \alpha\,(e^{z} - 1) & \text{if } z \le
    0 \end{cases} \qquad \operatorname{ELU}'(z) = \begin{cases} 1 & \text{if } z > 0 \\ \alpha\,e^{z} &
    \text{if } z \le 0 \end{cases}
    """
    z, alpha, f = np.append(rng.normal(0, 3, 50), 0), 1.7, ACTIVATIONS["elu"]
    agree(f(z, alpha=alpha), [z_i if z_i > 0 else alpha * (np.exp(z_i) - 1) for z_i in z])
    agree(f.derivative(z, alpha=alpha), [1 if z_i > 0 else alpha * np.exp(z_i) for z_i in z])


@equation("4.9")
def softmax(rng):
    r"""p_i = \operatorname{softmax}(\mathbf z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}"""
    z = rng.normal(size=5)
    agree(nn.softmax(z), [np.exp(z[i]) / sum(np.exp(z[j]) for j in range(5)) for i in range(5)])


@equation("4.10")
def jacobian_of_softmax(rng):
    r"""
    \frac{\partial p_i}{\partial z_j} = p_i\,\big([i = j] - p_j\big), \qquad J =
    \operatorname{diag}(\mathbf p) - \mathbf p\,\mathbf p^\top
    """
    z = rng.normal(size=4)
    p = nn.softmax(z)
    J = np.array([[p[i] * ((i == j) - p[j]) for j in range(4)] for i in range(4)])
    agree(np.diag(p) - np.outer(p, p), J)
    agree([slope(lambda z, i=i: nn.softmax(z)[i], z) for i in range(4)], J, **NUDGED)
    agree(nn.activations.softmax_backward(np.eye(4), np.tile(p, (4, 1))), J)


@equation("4.11")
def softplus(rng):
    r"""
    \operatorname{softplus}(z) = \ln(1 + e^{z}), \qquad \operatorname{softplus}'(z) = \frac{e^z}{1 +
    e^z} = \sigma(z)
    """
    z, f = rng.normal(0, 3, 50), ACTIVATIONS["softplus"]
    agree(f(z), np.log(1 + np.exp(z)))
    agree(f.derivative(z), np.exp(z) / (1 + np.exp(z)))
    agree(f.derivative(z), sigmoid(z))


@equation("4.12")
def gelu(rng):
    r"""
    \operatorname{GELU}(z) = z\,\Phi(z) = \frac z2 \Big(1 + \operatorname{erf}\frac{z}{\sqrt2}\Big)
    \approx \frac z2 \Big(1 + \tanh\Big(\sqrt{2/\pi}\,\big(z + 0.044715\,z^3\big)\Big)\Big)
    """
    z = rng.normal(0, 2, 50)
    with_tanh = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    agree(ACTIVATIONS["gelu"](z), with_tanh)
    agree([z_i / 2 * (1 + erf(z_i / np.sqrt(2))) for z_i in z], with_tanh, rtol=0, atol=5e-4)


@equation("4.13")
def silu(rng):
    r"""
    \operatorname{SiLU}(z) = z\,\sigma(z), \qquad \operatorname{SiLU}'(z) = \sigma(z) + z\,\sigma'(z) =
    \sigma(z)\,\big(1 + z\,(1 - \sigma(z))\big)
    """
    z, f, s = rng.normal(0, 3, 50), ACTIVATIONS["silu"], sigmoid
    agree(f(z), z * s(z))
    agree(f.derivative(z), s(z) + z * s.derivative(z))
    agree(f.derivative(z), s(z) * (1 + z * (1 - s(z))))
    agree(f.derivative(z), slope(lambda z: f(z).sum(), z), **NUDGED)


@equation("4.14")
def signal_along_a_chain(rng):
    r"""
    \frac{\partial L}{\partial z_1} = \frac{\partial L}{\partial z_n} \cdot \underbrace{w_2\,
    f'(z_1)}_{\text{layer 1 to 2}} \cdot \underbrace{w_3\, f'(z_2)}_{\text{2 to 3}} \cdots
    \underbrace{w_n\, f'(z_{n-1})}_{\text{last}}.
    """
    w, b, z_1 = rng.normal(size=5), rng.normal(size=5), rng.normal()

    def chain(z):
        """All z of a chain of five sigmoid units that starts with this one."""
        z = [z]
        for w_k, b_k in zip(w[1:], b[1:], strict=True):
            z.append(w_k * sigmoid(z[-1]) + b_k)
        return np.array(z)

    z = chain(np.array(z_1))
    dL_dz_n = 2 * z[-1]  # of the loss L = z_n²
    product_of_factors = np.prod(w[1:] * sigmoid.derivative(z[:-1]))
    agree(slope(lambda z_1: chain(z_1[0])[-1] ** 2, [z_1])[0], dL_dz_n * product_of_factors, **NUDGED)


@equation("4.15")
def factor_of_a_wide_layer(rng):
    r"""\text{factor a layer} \approx \sqrt{n\,v}\;\cdot\;\sqrt{\text{mean of } f'(z)^2}."""
    n = 400
    for v in [1 / n, 2 / n]:
        W, Z, delta = rng.normal(0, np.sqrt(v), (n, n)), rng.normal(size=(200, n)), rng.normal(0, 3, (200, n))
        for f in (sigmoid, tanh, relu):
            below = (delta @ W.T) * f.derivative(Z)  # (6.2)
            measured = np.sqrt(np.mean(below**2) / np.mean(delta**2))
            agree(measured, np.sqrt(n * v) * np.sqrt(np.mean(f.derivative(Z) ** 2)), rtol=0.03)


@equation("4.16")
def softmax_backward(rng):
    r"""
    \frac{\partial L}{\partial \mathbf z} = \mathbf p \odot (\mathbf g - \mathbf g \cdot \mathbf p),
    \qquad\text{where } \mathbf g \cdot \mathbf p \text{ is one number a sample, subtracted from every
    entry.}
    """
    z, g = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    p = nn.softmax(z)
    dL_dz = p * (g - np.sum(g * p, axis=1, keepdims=True))
    agree(nn.activations.softmax_backward(g, p), dL_dz)
    agree(slope(lambda z: np.sum(g * nn.softmax(z)), z), dL_dz, **NUDGED)


# Chapter 5: forward propagation


@equation("5.1")
def one_layer(rng):
    r"""Z = X W + b, \qquad z_{ij} = \sum_{k=1}^{n_{\text{in}}} x_{ik}\, w_{kj} + b_j."""
    X, layer = rng.normal(size=(4, 3)), nn.layers.Linear(3, 2, rng)
    layer.b = rng.normal(size=2)
    W, b = layer.W, layer.b
    Z = [[sum(X[i, k] * W[k, j] for k in range(3)) + b[j] for j in range(2)] for i in range(4)]
    agree(X @ W + b, Z)
    agree(layer.forward(X), Z)


def a_network(rng, sizes=(3, 5, 4, 2), **kinds):
    net = nn.MLP(sizes, rng=rng, **kinds)
    net.theta = rng.normal(size=net.theta.size)
    return net


@equation("5.2")
def layer_after_layer(rng):
    r"""A^{(l)} = f^{(l)}\big(Z^{(l)}\big), \qquad Z^{(l)} = A^{(l-1)} W^{(l)} + b^{(l)}."""
    net, A = a_network(rng, hidden="tanh"), rng.normal(size=(6, 3))
    output = net.forward(A)
    for layer, activation in zip(net.layers[:-1], net.activations, strict=True):
        Z = A @ layer.W + layer.b
        A = tanh(Z)
        agree(activation.Z, Z)
        agree(activation.A, A)
    agree(output, A @ net.layers[-1].W + net.layers[-1].b)


@equation("5.3")
def function_inside_a_function(rng):
    r"""
    \hat Y = f^{(L)}\Big( \cdots f^{(2)}\big( f^{(1)}( X W^{(1)} + b^{(1)} )\, W^{(2)} + b^{(2)} \big)
    \cdots \Big).
    """
    net, X = a_network(rng, hidden="relu", output="softmax"), rng.normal(size=(6, 3))
    (W1, b1), (W2, b2), (W3, b3) = ((layer.W, layer.b) for layer in net.layers)
    agree(net.predict_proba(X), nn.softmax(relu(relu(X @ W1 + b1) @ W2 + b2) @ W3 + b3))


@equation("5.4")
def network_by_hand(rng):
    r"""z^{(2)} = 0.5 \cdot 1.0 - 0.7 \cdot 0.3 + 0.9 \cdot 0 + 0.05 = 0.5 - 0.21 + 0 + 0.05 = 0.34."""
    net = nn.MLP([2, 3, 1], init="zeros")
    net.layers[0].W, net.layers[0].b = [[0.2, -0.4, 0.6], [0.8, 0.3, -0.5]], [0.1, 0.2, -0.1]
    net.layers[1].W, net.layers[1].b = [[0.5], [-0.7], [0.9]], [0.05]
    agree(0.5 * 1.0 - 0.7 * 0.3 + 0.9 * 0 + 0.05, 0.34)
    agree(0.5 - 0.21 + 0 + 0.05, 0.34)
    agree(net.forward([[0.5, 1.0]]), [[0.34]])


@equation("5.5")
def multiplications_of_a_forward_pass(rng):
    r"""\text{multiplications} = n \sum_{l=1}^{L} n_{l-1}\, n_l,"""
    n, sizes = 7, [5, 4, 3, 2]
    counted = sum(1 for n_in, n_out in pairwise(sizes) for _ in product(range(n), range(n_in), range(n_out)))
    agree(n * sum(sizes[layer - 1] * sizes[layer] for layer in range(1, 4)), counted)
    agree(n * sum(layer.W.size for layer in nn.MLP(sizes, rng=rng).layers), counted)


# Chapter 6: backpropagation


@equation("6.1")
def error_term_of_the_output(rng):
    r"""
    \delta^{(\text{out})} = \frac{\partial L}{\partial Z^{(\text{out})}} = \frac{\partial L}{\partial
    A^{(\text{out})}} \odot f'\big(Z^{(\text{out})}\big)
    """
    Z, Y = rng.normal(size=(5, 3)), rng.uniform(size=(5, 3))
    for f, loss in [("identity", "mse"), ("sigmoid", "mse"), ("sigmoid", "bce"), ("tanh", "huber")]:
        f, loss = ACTIVATIONS[f], LOSSES[loss]
        delta = loss.gradient(f(Z), Y) * f.derivative(Z)
        agree(delta, slope(lambda Z, f=f, loss=loss: loss(f(Z), Y), Z), **NUDGED)


def backward_pass(rng):
    """A network with its samples after nn_core's backward pass, and its error terms by (6.1) and (6.2)."""
    net, X, Y = a_network(rng, hidden="tanh"), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    Z_out = net.forward(X)
    delta = [LOSSES["mse"].gradient(Z_out, Y)]
    for layer, activation in zip(net.layers[:0:-1], net.activations[::-1], strict=True):
        delta.insert(0, (delta[0] @ layer.W.T) * tanh.derivative(activation.Z))
    net.backward(delta[-1])
    return net, X, Y, delta


@equation("6.2")
def error_term_of_a_hidden_layer(rng):
    r"""\delta^{(l)} = \big(\delta^{(l+1)}\, W^{(l+1)\top}\big) \odot f'\big(Z^{(l)}\big)"""
    net, _, Y, delta = backward_pass(rng)

    def loss_from(Z, number):
        """The loss, when the hidden layer of this number has the pre-activation Z."""
        for layer in net.layers[number + 1 :]:
            Z = tanh(Z) @ layer.W + layer.b
        return LOSSES["mse"](Z, Y)

    for number, activation in enumerate(net.activations):
        nudged = slope(lambda Z, number=number: loss_from(Z, number), activation.Z)
        agree(delta[number], nudged, **NUDGED)


@equation("6.3")
def gradient_of_the_weights(rng):
    r"""\frac{\partial L}{\partial W^{(l)}} = A^{(l-1)\top}\, \delta^{(l)}"""
    net, X, _, delta = backward_pass(rng)
    A = [X, *(activation.A for activation in net.activations)]
    for layer, A_before, delta_here in zip(net.layers, A, delta, strict=True):
        agree(layer.dW, A_before.T @ delta_here)


@equation("6.4")
def gradient_of_the_biases(rng):
    r"""
    \frac{\partial L}{\partial b^{(l)}} = \sum_{s=1}^n \delta^{(l)}_s \qquad\text{(the sum over the
    rows)}
    """
    net, X, Y, delta = backward_pass(rng)
    for layer, delta_here in zip(net.layers, delta, strict=True):
        agree(layer.db, sum(delta_here[s] for s in range(6)))
    grad, theta = net.grad.copy(), net.theta.copy()

    def loss_of(theta):
        net.theta = theta
        return LOSSES["mse"](net.forward(X), Y)

    agree(grad, slope(loss_of, theta), **NUDGED)  # all that (6.1) to (6.4) make


@equation("6.5")
def central_difference(rng):
    r"""\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h}."""
    x, h, e = rng.normal(size=4), 1e-3, np.eye(4)

    def f(x):
        return np.sin(x).sum() + x[0] * x[1]

    found = [(f(x + h * e[i]) - f(x - h * e[i])) / (2 * h) for i in range(4)]
    agree(nn.numerical_gradient(f, x, h), found)


@equation("6.6")
def relative_error(rng):
    r"""\text{error} = \frac{|g - m|}{\max(|g|,\,|m|)}, \qquad\text{and 0 where both are 0.}"""
    x = rng.normal(size=4)
    report = nn.gradient_check(lambda x: (np.exp(x).sum(), np.exp(x) * [1, 1.01, 0.9, -1]), x)
    g, m = report.analytic, report.numeric
    agree(report.relative_error, np.abs(g - m) / np.maximum(np.abs(g), np.abs(m)))
    agree(nn.gradient_check(lambda x: (0.0, 0 * x), x).relative_error, np.zeros(4))


@equation("6.7")
def truncation(rng):
    r"""
    \frac{f(x+h) - f(x-h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + \dots, \qquad \frac{f(x+h) - f(x)}{h} =
    f'(x) + \frac{h}{2} f''(x) + \dots
    """
    x, h = 0.4, 1e-2
    f, f1, f2, f3 = np.sin(x), np.cos(x), -np.sin(x), -np.cos(x)
    central, forward = (np.sin(x + h) - np.sin(x - h)) / (2 * h), (np.sin(x + h) - f) / h
    holds(abs(central - (f1 + h**2 / 6 * f3)) < h**4)
    holds(abs(forward - (f1 + h / 2 * f2)) < h**2)


@equation("6.8")
def direction(rng):
    r"""
    \frac{L(\boldsymbol\theta + h \mathbf v) - L(\boldsymbol\theta - h \mathbf v)}{2h} \approx \nabla L
    \cdot \mathbf v
    """
    net, X, Y, h = a_network(rng, hidden="tanh"), rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), 1e-5
    theta, v = net.theta.copy(), rng.normal(size=net.theta.size)
    gradient = net.loss_and_gradient(X, Y, "mse")[1].copy()

    def loss_of(theta):
        net.theta = theta
        return net.loss_and_gradient(X, Y, "mse")[0]

    agree((loss_of(theta + h * v) - loss_of(theta - h * v)) / (2 * h), gradient @ v, **NUDGED)


@equation("6.9")
def gradient_descent(rng):
    r"""
    w \leftarrow w - \eta\,\frac{\partial L}{\partial w}, \qquad b \leftarrow b - \eta\,\frac{\partial
    L}{\partial b},
    """
    w_and_b, gradient, eta = rng.normal(size=6), rng.normal(size=6), 0.3
    expected = w_and_b - eta * gradient
    nn.SGD(eta).step(w_and_b, gradient)
    agree(w_and_b, expected)


@equation("6.10")
def promise_of_a_step(rng):
    r"""L(\boldsymbol\theta - \eta \nabla L) \approx L(\boldsymbol\theta) - \eta\,\lVert \nabla L \rVert^2,"""
    net, X, Y = a_network(rng, hidden="tanh"), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    theta = net.theta.copy()
    loss, gradient = net.loss_and_gradient(X, Y, "mse")
    gradient, off = gradient.copy(), []
    for eta in [1e-4, 1e-5]:
        net.theta = theta - eta * gradient
        off.append(net.loss_and_gradient(X, Y, "mse")[0] - (loss - eta * (gradient @ gradient)))
    holds(abs(off[0]) < 0.1 * 1e-4 * (gradient @ gradient))
    agree(off[0] / off[1], 100, rtol=0.1)  # what is missing is of second order


@equation("6.11")
def noise_of_a_batch(rng):
    r"""
    \sqrt{\mathbb E\,\lVert \nabla L_{\text{batch}} - \nabla L \rVert^2} = \frac{S}{\sqrt
    B}\,\sqrt{\frac{n - B}{n - 1}}
    """
    net, n, B = a_network(rng, hidden="tanh"), 6, 2
    X, Y = rng.normal(size=(n, 3)), rng.normal(size=(n, 2))
    single = np.array([net.loss_and_gradient(X[[s]], Y[[s]], "mse")[1].copy() for s in range(n)])
    full = net.loss_and_gradient(X, Y, "mse")[1].copy()
    agree(full, single.mean(axis=0))
    S = np.sqrt(np.mean(np.sum((single - full) ** 2, axis=1)))
    squares = []
    for rows in combinations(range(n), B):  # every batch that there is
        gradient = net.loss_and_gradient(X[list(rows)], Y[list(rows)], "mse")[1]
        squares.append(np.sum((gradient - full) ** 2))
    agree(np.sqrt(np.mean(squares)), S / np.sqrt(B) * np.sqrt((n - B) / (n - 1)))


@equation("6.12")
def momentum_of_1986(rng):
    r"""
    \Delta w(t) = -\varepsilon\,\frac{\partial E}{\partial w} + \alpha\,\Delta w(t-1), \qquad
    \varepsilon = 0.1,\quad \alpha = 0.9.
    """
    epsilon, alpha = 0.1, 0.9
    opt, w, change = nn.SGD(epsilon, momentum=alpha), rng.normal(size=4), np.zeros(4)
    for dE_dw in rng.normal(size=(5, 4)):
        before = w.copy()
        opt.step(w, dE_dw)
        change = -epsilon * dE_dw + alpha * change
        agree(w - before, change)


# Chapter 7: losses


def predictions(rng, N=8):
    return rng.normal(size=N), rng.normal(size=N)


def probabilities(rng, n=8):
    return rng.uniform(0.05, 0.95, n), rng.integers(0, 2, n)


@equation("7.1")
def mean_squared_error(rng):
    r"""L = \frac1N \sum_{i=1}^{N} (\hat y_i - y_i)^2."""
    y_hat, y = predictions(rng)
    agree(LOSSES["mse"](y_hat, y), sum((y_hat[i] - y[i]) ** 2 for i in range(8)) / 8)


@equation("7.2")
def gradient_of_the_squared_error(rng):
    r"""\frac{\partial L}{\partial \hat y_i} = \frac2N\,(\hat y_i - y_i)."""
    y_hat, y = predictions(rng)
    agree(LOSSES["mse"].gradient(y_hat, y), 2 / 8 * (y_hat - y))


@equation("7.3")
def mean_absolute_error(rng):
    r"""
    L = \frac1N \sum_{i=1}^N |\hat y_i - y_i|, \qquad \frac{\partial L}{\partial \hat y_i} = \frac1N
    \operatorname{sign}(\hat y_i - y_i).
    """
    y_hat, y = predictions(rng)
    agree(LOSSES["mae"](y_hat, y), sum(abs(y_hat[i] - y[i]) for i in range(8)) / 8)
    agree(LOSSES["mae"].gradient(y_hat, y), np.sign(y_hat - y) / 8)


@equation("7.4")
def huber(rng):
    r"""
    L = \frac1N \sum_{i=1}^N \begin{cases} \frac12 d_i^2 & \text{if } |d_i| \le \delta \\
    \delta\,\big(|d_i| - \frac12\delta\big) & \text{if } |d_i| > \delta. \end{cases}
    """
    (y_hat, y), delta = predictions(rng), 0.8
    d = y_hat - y
    parts = [d_i**2 / 2 if abs(d_i) <= delta else delta * (abs(d_i) - delta / 2) for d_i in d]
    holds(0 < np.sum(np.abs(d) <= delta) < 8)  # both cases occur
    agree(LOSSES["huber"](y_hat, y, delta=delta), sum(parts) / 8)


@equation("7.5")
def binary_cross_entropy(rng):
    r"""L = -\frac1n \sum_{i=1}^n \Big[\, y_i \ln \hat p_i + (1 - y_i) \ln(1 - \hat p_i) \,\Big]."""
    p, y = probabilities(rng)
    total = sum(y[i] * np.log(p[i]) + (1 - y[i]) * np.log(1 - p[i]) for i in range(8))
    agree(LOSSES["bce"](p, y), -total / 8)


@equation("7.6")
def binary_cross_entropy_of_logits(rng):
    r"""\ell = \max(z, 0) - y z + \ln\!\big(1 + e^{-|z|}\big), \qquad L = \frac1n \sum_i \ell_i."""
    z, y = rng.normal(0, 4, 8), rng.integers(0, 2, 8)
    ell = np.maximum(z, 0) - y * z + np.log(1 + np.exp(-np.abs(z)))
    agree(LOSSES["bce_with_logits"](z, y), sum(ell) / 8)
    agree(LOSSES["bce"](sigmoid(z), y), sum(ell) / 8)


@equation("7.7")
def the_error_term_is_the_error(rng):
    r"""
    \delta = \frac{a - y}{a(1-a)} \cdot a(1 - a) = a - y, \qquad\text{and with the mean over $n$
    samples}\quad \frac{\partial L}{\partial z_i} = \frac{a_i - y_i}{n}.
    """
    z, y = rng.normal(size=8), rng.integers(0, 2, 8)
    a = sigmoid(z)
    agree((a - y) / (a * (1 - a)) * a * (1 - a), a - y)
    agree(LOSSES["bce"].gradient(a, y) * sigmoid.derivative(z), (a - y) / 8)
    agree(LOSSES["bce_with_logits"].gradient(z, y), (a - y) / 8)


@equation("7.8")
def categorical_cross_entropy(rng):
    r"""L = -\frac1n \sum_{i=1}^n \sum_{k=1}^K y_{ik} \ln \hat p_{ik}."""
    P, Y = nn.softmax(rng.normal(size=(6, 4))), np.eye(4)[rng.integers(0, 4, 6)]
    total = sum(Y[i, k] * np.log(P[i, k]) for i in range(6) for k in range(4))
    agree(LOSSES["cross_entropy"](P, Y), -total / 6)


@equation("7.9")
def cross_entropy_of_logits(rng):
    r"""\ell = \ln \sum_{j=1}^K e^{z_j} - z_k, \qquad L = \frac1n \sum_i \ell_i."""
    Z, labels = rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
    ell = [np.log(sum(np.exp(z_j) for z_j in z)) - z[k] for z, k in zip(Z, labels, strict=True)]
    agree(LOSSES["softmax_cross_entropy"](Z, labels), sum(ell) / 6)
    agree(LOSSES["cross_entropy"](nn.softmax(Z), labels), sum(ell) / 6)


@equation("7.10")
def hinge(rng):
    r"""
    L = \frac1n \sum_{i=1}^n \max(0,\; 1 - y_i s_i), \qquad \frac{\partial L}{\partial s_i} =
    \begin{cases} -y_i/n & \text{if } y_i s_i < 1 \\ 0 & \text{otherwise.} \end{cases}
    """
    s, y = np.append(rng.normal(0, 2, 8), 1.0), np.append(rng.choice([-1, 1], 8), 1)
    agree(LOSSES["hinge"](s, y), sum(max(0, 1 - y[i] * s[i]) for i in range(9)) / 9)
    agree(LOSSES["hinge"].gradient(s, y), [-y[i] / 9 if y[i] * s[i] < 1 else 0 for i in range(9)])


@equation("7.11")
def likelihood_and_loss(rng):
    r"""
    \prod_{i=1}^n p(y_i \mid \hat y_i) \;\text{ largest} \quad\Longleftrightarrow\quad L = \frac1n
    \sum_{i=1}^n \ell_i \;\text{ smallest, with}\quad \ell_i = -\ln p(y_i \mid \hat y_i).
    """
    y, guesses = rng.normal(2, 1, 12), np.linspace(-1, 5, 601)
    for p in (
        lambda y, guess: np.exp(-((y - guess) ** 2) / 2) / np.sqrt(2 * np.pi),
        lambda y, guess: np.exp(-abs(y - guess)) / 2,
    ):
        likelihood = [np.prod(p(y, guess)) for guess in guesses]
        L = [np.mean(-np.log(p(y, guess))) for guess in guesses]
        agree(-np.log(likelihood) / 12, L)
        agree(np.argmax(likelihood), np.argmin(L))


@equation("7.12")
def normal_noise(rng):
    r"""
    p(y \mid \hat y) = \frac{1}{\sqrt{2\pi}\,\sigma}\, e^{-(y - \hat y)^2 / 2\sigma^2}
    \qquad\Longrightarrow\qquad \ell = \frac{(\hat y - y)^2}{2\sigma^2} +
    \ln\!\big(\sqrt{2\pi}\,\sigma\big).
    """
    y_hat, sigma, y = 0.7, 1.3, np.linspace(-12, 13, 20_001)
    p = 1 / (np.sqrt(2 * np.pi) * sigma) * np.exp(-((y - y_hat) ** 2) / (2 * sigma**2))
    agree(np.trapezoid(p, y), 1)
    agree(-np.log(p), (y_hat - y) ** 2 / (2 * sigma**2) + np.log(np.sqrt(2 * np.pi) * sigma))


@equation("7.13")
def gradient_of_huber(rng):
    r"""\frac{\partial L}{\partial \hat y_i} = \frac1N \max\!\big(-\delta, \min(\delta, d_i)\big)."""
    (y_hat, y), delta = predictions(rng), 0.8
    agree(LOSSES["huber"].gradient(y_hat, y, delta=delta),
          [max(-delta, min(delta, d_i)) / 8 for d_i in y_hat - y])
    agree(LOSSES["huber"].gradient(y_hat, y, delta=delta),
          slope(lambda y_hat: LOSSES["huber"](y_hat, y, delta=delta), y_hat), **NUDGED)


@equation("7.14")
def gradient_of_the_binary_cross_entropy(rng):
    r"""
    \frac{\partial L}{\partial \hat p_i} = \frac1n \Big[ -\frac{y_i}{\hat p_i} + \frac{1 - y_i}{1 - \hat
    p_i} \Big] = \frac1n\, \frac{\hat p_i - y_i}{\hat p_i (1 - \hat p_i)}.
    """
    p, y = probabilities(rng)
    agree(LOSSES["bce"].gradient(p, y), (-y / p + (1 - y) / (1 - p)) / 8)
    agree(LOSSES["bce"].gradient(p, y), (p - y) / (p * (1 - p)) / 8)


@equation("7.15")
def error_term_of_the_squared_error(rng):
    r"""\delta = 2(a - y) \cdot a(1 - a)."""
    z, y = rng.normal(size=1), np.array([1.0])
    a = sigmoid(z)
    agree(2 * (a - y) * a * (1 - a), slope(lambda z: LOSSES["mse"](sigmoid(z), y), z), **NUDGED)


@equation("7.16")
def logarithms_of_the_sigmoid(rng):
    r"""
    \ln \sigma(z) = \ln \frac1{1 + e^{-z}} = z - \ln(1 + e^{z}), \qquad \ln(1 - \sigma(z)) = \ln
    \frac{1}{1 + e^{z}} = -\ln(1 + e^{z}).
    """
    z = rng.normal(0, 3, 50)
    agree(np.log(sigmoid(z)), np.log(1 / (1 + np.exp(-z))))
    agree(np.log(sigmoid(z)), z - np.log(1 + np.exp(z)))
    agree(np.log(1 - sigmoid(z)), np.log(1 / (1 + np.exp(z))))
    agree(np.log(1 - sigmoid(z)), -np.log(1 + np.exp(z)))


@equation("7.17")
def error_term_of_softmax(rng):
    r"""\frac{\partial \ell}{\partial z_m} = \hat p_m - y_m."""
    z, k = rng.normal(size=5), 2
    y, loss = np.eye(5)[k], LOSSES["softmax_cross_entropy"]
    agree(loss.gradient(z[None], [k])[0], nn.softmax(z) - y)
    agree(slope(lambda z: loss(z[None], [k]), z), nn.softmax(z) - y, **NUDGED)


@equation("7.18")
def cross_entropy_is_entropy_and_divergence(rng):
    r"""-\sum_k q_k \ln p_k \;=\; -\sum_k q_k \ln q_k \;+\; \sum_k q_k \ln\frac{q_k}{p_k}."""
    q, p = nn.softmax(rng.normal(size=(2, 5)))
    cross_entropy = LOSSES["cross_entropy"](p[None], q[None])  # of soft labels
    entropy, divergence = -np.sum(q * np.log(q)), np.sum(q * np.log(q / p))
    agree(-sum(q[k] * np.log(p[k]) for k in range(5)), cross_entropy)
    agree(entropy + divergence, cross_entropy)
    holds(divergence > 0)


@equation("7.19")
def pinball(rng):
    r"""\ell = \max\!\big(\tau\,(y - \hat y),\; (\tau - 1)\,(y - \hat y)\big)."""
    y, tau, guesses = rng.normal(size=1001), 0.8, np.linspace(-2, 2, 401)
    means = []
    for y_hat in guesses:
        ell = np.maximum(tau * (y - y_hat), (tau - 1) * (y - y_hat))
        agree(ell, np.where(y > y_hat, tau * (y - y_hat), (1 - tau) * (y_hat - y)))
        means.append(ell.mean())
    agree(guesses[np.argmin(means)], np.quantile(y, tau), atol=0.01)  # what it aims at


# Chapter 8: optimizers


def bowl(theta):
    """The gradient of a bowl with the curvatures 1 and 25."""
    return np.array([1.0, 25.0]) * theta


def walk(opt, steps=20):
    """The points to which an optimizer of nn_core walks in the bowl."""
    theta, points = np.array([-1.8, 0.8]), []
    for _ in range(steps):
        opt.step(theta, bowl(theta))
        points.append(theta.copy())
    return points


@equation("8.1")
def plain_descent(rng):
    r"""\boldsymbol\theta \leftarrow \boldsymbol\theta - \eta\,\nabla L(\boldsymbol\theta)"""
    theta, eta = np.array([-1.8, 0.8]), 0.03
    for found in walk(nn.SGD(eta)):
        theta = theta - eta * bowl(theta)
        agree(found, theta)


@equation("8.2")
def momentum(rng):
    r"""
    \mathbf v \leftarrow \beta\,\mathbf v + \eta\,\nabla L(\boldsymbol\theta), \qquad \boldsymbol\theta
    \leftarrow \boldsymbol\theta - \mathbf v
    """
    theta, v, eta, beta = np.array([-1.8, 0.8]), np.zeros(2), 0.03, 0.9
    for found in walk(nn.SGD(eta, momentum=beta)):
        v = beta * v + eta * bowl(theta)
        theta = theta - v
        agree(found, theta)


@equation("8.3")
def nesterov(rng):
    r"""
    \mathbf v \leftarrow \beta\,\mathbf v + \eta\,\nabla L(\boldsymbol\theta - \beta\mathbf v), \qquad
    \boldsymbol\theta \leftarrow \boldsymbol\theta - \mathbf v
    """
    theta, v, eta, beta = np.array([-1.8, 0.8]), np.zeros(2), 0.03, 0.9
    for found in walk(nn.SGD(eta, momentum=beta, nesterov=True)):
        v = beta * v + eta * bowl(theta - beta * v)
        theta = theta - v
        agree(found, theta - beta * v)  # nn_core stores the point ahead


@equation("8.4")
def nesterov_rearranged(rng):
    r"""
    \mathbf v \leftarrow \beta\,\mathbf v + \eta\,\nabla L(\boldsymbol\theta), \qquad \boldsymbol\theta
    \leftarrow \boldsymbol\theta - \eta\,\nabla L(\boldsymbol\theta) - \beta\,\mathbf v
    """
    theta, v, eta, beta = np.array([-1.8, 0.8]), np.zeros(2), 0.03, 0.9
    for found in walk(nn.SGD(eta, momentum=beta, nesterov=True)):
        gradient = bowl(theta)
        v = beta * v + eta * gradient
        theta = theta - eta * gradient - beta * v
        agree(found, theta)


@equation("8.5")
def adagrad(rng):
    r"""
    \mathbf s \leftarrow \mathbf s + \mathbf g^2, \qquad \boldsymbol\theta \leftarrow \boldsymbol\theta
    - \eta\,\frac{\mathbf g}{\sqrt{\mathbf s} + \varepsilon}, \qquad \mathbf g = \nabla
    L(\boldsymbol\theta)
    """
    theta, s, eta, epsilon = np.array([-1.8, 0.8]), np.zeros(2), 0.3, 0.01
    for found in walk(nn.AdaGrad(eta, eps=epsilon)):
        g = bowl(theta)
        s = s + g**2
        theta = theta - eta * g / (np.sqrt(s) + epsilon)
        agree(found, theta)


@equation("8.6")
def rmsprop(rng):
    r"""
    \mathbf s \leftarrow \rho\,\mathbf s + (1 - \rho)\,\mathbf g^2, \qquad \boldsymbol\theta \leftarrow
    \boldsymbol\theta - \eta\,\frac{\mathbf g}{\sqrt{\mathbf s} + \varepsilon}
    """
    theta, s, eta, rho, epsilon = np.array([-1.8, 0.8]), np.zeros(2), 0.1, 0.8, 0.01
    for found in walk(nn.RMSProp(eta, rho=rho, eps=epsilon)):
        g = bowl(theta)
        s = rho * s + (1 - rho) * g**2
        theta = theta - eta * g / (np.sqrt(s) + epsilon)
        agree(found, theta)


def adam(weight_decay=0.0, eta=0.1, beta_1=0.8, beta_2=0.95, epsilon=0.01, steps=20):
    """Walk by (8.7) to (8.11) and by nn_core; return by step m, v, theta, and the optimizer's own."""
    options = {"beta1": beta_1, "beta2": beta_2, "eps": epsilon}
    decays = {"weight_decay": weight_decay} if weight_decay else {}
    opt = (nn.AdamW if weight_decay else nn.Adam)(eta, **options, **decays)
    theta, m, v, trace = np.array([-1.8, 0.8]), np.zeros(2), np.zeros(2), []
    found = theta.copy()
    for t in range(1, steps + 1):
        opt.step(found, bowl(found))
        g = bowl(theta)
        theta = theta - eta * weight_decay * theta  # (8.11)
        m = beta_1 * m + (1 - beta_1) * g  # (8.7)
        v = beta_2 * v + (1 - beta_2) * g**2  # (8.8)
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)  # (8.9)
        theta = theta - eta * m_hat / (np.sqrt(v_hat) + epsilon)  # (8.10)
        trace.append((m, v, theta, opt.m.copy(), opt.v.copy(), found.copy()))
    return [np.array(part) for part in zip(*trace, strict=True)]


@equation("8.7")
def first_moment(rng):
    r"""\mathbf m \leftarrow \beta_1\,\mathbf m + (1 - \beta_1)\,\mathbf g"""
    m, _, _, found, _, _ = adam()
    agree(found, m)


@equation("8.8")
def second_moment(rng):
    r"""\mathbf v \leftarrow \beta_2\,\mathbf v + (1 - \beta_2)\,\mathbf g^2"""
    _, v, _, _, found, _ = adam()
    agree(found, v)


@equation("8.9")
def bias_correction(rng):
    r"""
    \hat{\mathbf m} = \frac{\mathbf m}{1 - \beta_1^t}, \qquad \hat{\mathbf v} = \frac{\mathbf v}{1 -
    \beta_2^t}
    """
    g, beta_1, beta_2 = np.array([3.0, -0.02]), 0.9, 0.999
    opt, theta = nn.Adam(), np.zeros(2)
    for t in range(1, 6):  # for a constant gradient, the corrected moments are g and g²
        opt.step(theta, g)
        agree(opt.m / (1 - beta_1**t), g)
        agree(opt.v / (1 - beta_2**t), g**2)


@equation("8.10")
def adams_step(rng):
    r"""
    \boldsymbol\theta \leftarrow \boldsymbol\theta - \eta\,\frac{\hat{\mathbf m}}{\sqrt{\hat{\mathbf v}}
    + \varepsilon}
    """
    _, _, theta, _, _, found = adam()
    agree(found, theta)


@equation("8.11")
def decoupled_decay(rng):
    r"""
    \boldsymbol\theta \leftarrow \boldsymbol\theta - \eta\,\lambda\,\boldsymbol\theta, \qquad\text{then
    Adam's step (8.7) to (8.10) with } \mathbf g = \nabla L \text{ alone.}
    """
    _, _, theta, _, _, found = adam(weight_decay=0.3)
    agree(found, theta)
    holds(np.abs(found - adam()[-1])[-1] > 1e-3)  # the decay is not lost in the step


TIMES = [0, 1, 7, 10, 19, 20, 45, 100, 250]


@equation("8.12")
def step_decay(rng):
    r"""\eta_t = \eta_0\,d^{\lfloor t/s \rfloor}"""
    for t in TIMES:
        agree(nn.StepDecay(0.1, drop=0.3, every=10)(t), 0.1 * 0.3 ** (t // 10))


@equation("8.13")
def exponential_decay(rng):
    r"""\eta_t = \eta_0\,e^{-kt}"""
    for t in TIMES:
        agree(nn.ExponentialDecay(0.1, k=0.03)(t), 0.1 * np.exp(-0.03 * t))


@equation("8.14")
def inverse_time_decay(rng):
    r"""\eta_t = \frac{\eta_0}{1 + kt}"""
    for t in TIMES:
        agree(nn.InverseTimeDecay(0.1, k=0.05)(t), 0.1 / (1 + 0.05 * t))


@equation("8.15")
def cosine_annealing(rng):
    r"""\eta_t = \eta_{\min} + \tfrac12(\eta_0 - \eta_{\min})\Big(1 + \cos\frac{\pi\min(t, T)}{T}\Big)"""
    for t in TIMES:
        eta = 0.01 + (0.1 - 0.01) / 2 * (1 + np.cos(np.pi * min(t, 100) / 100))
        agree(nn.CosineAnnealing(0.1, T=100, lr_min=0.01)(t), eta)


def shrinks(eta):
    """How much one of many steps of gradient descent shrinks the distance in the bowl."""
    points = walk(nn.SGD(eta), steps=300)
    return np.linalg.norm(points[-1]) / np.linalg.norm(points[-2])


@equation("8.16")
def largest_stable_rate(rng):
    r"""\eta < \frac{2}{\lambda_{\max}}."""
    limit = 2 / 25  # the bowl's largest curvature is 25
    holds(shrinks(0.999 * limit) < 1 < shrinks(1.001 * limit))


@equation("8.17")
def best_rate_of_a_bowl(rng):
    r"""
    \eta^* = \frac{2}{\lambda_{\min} + \lambda_{\max}}, \qquad \text{with the factor}\quad \frac{\kappa
    - 1}{\kappa + 1}.
    """
    low, high = 1.0, 25.0
    best, kappa = 2 / (low + high), high / low
    agree(shrinks(best), (kappa - 1) / (kappa + 1))
    holds([shrinks(eta) > shrinks(best) for eta in np.linspace(0.001, 0.08, 40)])


@equation("8.18")
def variance_of_a_noisy_walk(rng):
    r"""V = \frac{\eta\,\sigma^2}{\lambda\,(2 - \eta\lambda)}."""
    eta, sigma, lam = 0.3, 1.5, 0.8
    V = eta * sigma**2 / (lam * (2 - eta * lam))
    agree((1 - eta * lam) ** 2 * V + eta**2 * sigma**2, V)  # a step leaves it as it is
    w, opt = np.zeros(20_000), nn.SGD(eta)
    for _ in range(60):
        opt.step(w, lam * w + sigma * rng.normal(size=w.size))
    agree(w.var(), V, rtol=0.03)


@equation("8.19")
def decay_of_plain_descent(rng):
    r"""
    \boldsymbol\theta - \eta\,(\mathbf g + \lambda\boldsymbol\theta) = (1 -
    \eta\lambda)\,\boldsymbol\theta - \eta\,\mathbf g.
    """
    theta, g, eta, lam = rng.normal(size=5), rng.normal(size=5), 0.3, 0.2
    agree(theta - eta * (g + lam * theta), (1 - eta * lam) * theta - eta * g)
    found = theta.copy()
    nn.SGD(eta, weight_decay=lam).step(found, g)
    agree(found, (1 - eta * lam) * theta - eta * g)


# Chapter 9: putting it together


@equation("9.1")
def the_loop(rng):
    r"""
    Z_t = f(X_{B_t}; \boldsymbol\theta_t), \qquad L_t = L(Z_t, Y_{B_t}), \qquad \mathbf g_t =
    \frac{\partial L_t}{\partial \boldsymbol\theta_t}, \qquad \boldsymbol\theta_{t+1} =
    \operatorname{step}(\boldsymbol\theta_t, \mathbf g_t).
    """
    X, y = rng.normal(size=(40, 3)), rng.integers(0, 4, 40)
    by_fit, by_hand = (nn.MLP([3, 5, 4], output="softmax", rng=np.random.default_rng(1)) for _ in range(2))
    by_fit.fit(X, y, optimizer=nn.Adam(0.01), epochs=2, batch_size=8, rng=np.random.default_rng(2))
    loss, opt, order = LOSSES["softmax_cross_entropy"], nn.Adam(0.01), np.random.default_rng(2)
    for _ in range(2):
        for X_b, y_b in nn.data.minibatches(X, y, 8, order):
            Z = by_hand.forward(X_b)
            by_hand.backward(loss.gradient(Z, y_b))
            opt.step(by_hand.theta, by_hand.grad)
    agree(by_fit.theta, by_hand.theta)


@equation("9.2")
def variance_of_one_answer(rng):
    r"""\operatorname{Var} R_i = \mathbb E[R_i^2] - (\mathbb E[R_i])^2 = p - p^2 = p(1 - p)."""
    p = 0.98
    R, chance = np.array([0.0, 1.0]), np.array([1 - p, p])
    mean = chance @ R
    variance = chance @ (R - mean) ** 2
    agree([chance @ R**2 - mean**2, p - p**2, p * (1 - p)], np.full(3, variance))


@equation("9.3")
def standard_error(rng):
    r"""s = \frac{\sqrt{n\,p\,(1 - p)}}{n} = \sqrt{\frac{p\,(1 - p)}{n}}."""
    n, p = 359, 0.98
    k = np.arange(n + 1)
    chance = np.array([comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)])
    s = np.sqrt(chance @ (k / n - chance @ k / n) ** 2)  # the spread of the share of right answers
    agree([np.sqrt(n * p * (1 - p)) / n, np.sqrt(p * (1 - p) / n)], [s, s])


@equation("9.4")
def share_of_wrong_labels(rng):
    r"""q = \rho\,\Big(1 - \frac1K\Big) \qquad\text{with } K = 10 \text{ classes.}"""
    rho, K = 0.3, 10
    labels = rng.integers(0, K, 200_000)
    redrawn = np.where(rng.random(200_000) < rho, rng.integers(0, K, 200_000), labels)
    agree(np.mean(redrawn != labels), rho * (1 - 1 / K), rtol=0.02)


@equation("9.5")
def loss_of_the_moons(rng):
    r"""
    L = \frac1n \sum_i \max(0,\, 1 - y_i z_i) + \alpha \sum_k \theta_k^2, \qquad \alpha = 10^{-4},
    \qquad \frac{\partial}{\partial\boldsymbol\theta}\,\alpha\sum_k\theta_k^2 =
    2\alpha\boldsymbol\theta.
    """
    net, alpha = a_network(rng, (2, 4, 1), hidden="tanh"), 1e-4
    X, y = rng.normal(size=(7, 2)), rng.choice([-1, 1], 7)
    theta, gradient = net.theta.copy(), net.loss_and_gradient(X, y, "hinge")[1].copy()

    def loss_of(theta):
        net.theta = theta
        z = net.forward(X)[:, 0]
        return sum(max(0, 1 - y[i] * z[i]) for i in range(7)) / 7 + alpha * sum(theta**2)

    agree(slope(lambda theta: alpha * np.sum(theta**2), theta), 2 * alpha * theta, **NUDGED)
    agree(slope(loss_of, theta), gradient + 2 * alpha * theta, **NUDGED)


@equation("9.6")
def attention(rng):
    r"""A = \operatorname{softmax}\!\Big(\frac{Q K^\top}{\sqrt d}\Big)\, V."""
    n, d = 5, 3
    Q, K, V = rng.normal(size=(3, n, d))
    A = nn.softmax(Q @ K.T / np.sqrt(d)) @ V
    for i in range(n):
        weights = np.array([np.exp(Q[i] @ K[j] / np.sqrt(d)) for j in range(n)])
        agree(A[i], sum(weights[j] * V[j] for j in range(n)) / sum(weights))


# What the chapters write


def plain(tex):
    """The TeX of an equation without its number, bold letters, spaces and final punctuation."""
    tex = re.sub(r"\\tag\{[^}]*\}", "", tex)
    tex = re.sub(r"\\(?:qquad|quad|mathbf|boldsymbol)(?![a-zA-Z])|\\[,;!]|\s", "", tex)
    return tex.rstrip(".,")


def written():
    """The plain TeX of every numbered equation of the chapters."""
    found = {}
    for path in sorted((Path(__file__).parents[1] / "solutions").glob("*/*.md")):
        for display in re.findall(r"\$\$(.+?)\$\$", path.read_text("utf-8"), re.S):
            number = re.search(r"\\tag\{([^}]*)\}", display)
            if number:
                found[number[1]] = plain(display)
    return found


WRITTEN = written()


@pytest.mark.parametrize("number", EQUATIONS)
def test_equation(number):
    compared.clear()
    EQUATIONS[number](np.random.default_rng(0))
    assert compared, f"({number}) compares nothing"


@pytest.mark.parametrize("number", EQUATIONS)
def test_the_chapter_writes_it(number):
    assert plain(EQUATIONS[number].__doc__) == WRITTEN.get(number), (
        f"Equation ({number}) has changed in its chapter. See whether the NumPy lines of "
        f"{EQUATIONS[number].__name__} in this file still say what it says, then copy its TeX."
    )


def test_all_equations_are_here():
    assert set(EQUATIONS) == set(WRITTEN)


@pytest.mark.parametrize(
    ("number", "change"),
    [("4.2", ("1 - ", "1 + ")), ("6.3", (r"\top", "")), ("7.4", (r"\delta\,\big(", r"\big(")),
     ("8.9", ("^t", ""))],
)
def test_a_changed_equation_is_noticed(number, change):
    tex = EQUATIONS[number].__doc__
    assert change[0] in tex and plain(tex.replace(*change)) != WRITTEN[number]


def test_spaces_and_punctuation_are_no_change():
    assert plain(r"\mathbf a \, = \quad b,  \tag{1.1}") == plain("a=b.")


@pytest.mark.parametrize(
    ("numbers", "where", "wrong"),
    [
        (["4.2", "4.13", "6.1"], "sigmoid.df", lambda z: sigmoid.f(z)),
        (["7.4"], "huber.f", lambda a, y, *, delta: np.mean(np.abs(a - y))),
        (["7.7", "7.14"], "bce.df", lambda a, y: (a - y) / len(a)),
        (["7.7"], "bce_with_logits.df", lambda z, y: sigmoid(z) - y),
        (["7.10"], "hinge.df", lambda s, y: np.where(y * s < 0, -y, 0) / len(s)),
    ],
)
def test_a_wrong_formula_is_caught(numbers, where, wrong, monkeypatch):
    name, attribute = where.split(".")
    monkeypatch.setattr({**LOSSES, **ACTIVATIONS}[name], attribute, wrong)
    for number in numbers:
        with pytest.raises(AssertionError):
            test_equation(number)
