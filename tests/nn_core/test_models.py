"""The perceptron, and the multi-layer perceptron as an object: forward, backward, predictions, files."""

import copy
import pickle
import zipfile

import numpy as np
import pytest

import nn_core as nn

GATE_INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.mark.parametrize(
    ("y", "w", "b", "errors"),
    [
        ([0, 0, 0, 1], [2, 1], -3, [2, 3, 3, 2, 1, 0]),
        ([0, 1, 1, 1], [1, 1], -1, [2, 2, 1, 0]),
        ([1, 1, 1, 0], [-2, -1], 2, [1, 3, 3, 2, 1, 0]),
    ],
    ids=["AND", "OR", "NAND"],
)
def test_perceptron_learns_the_gates(y, w, b, errors):
    for lr in (1.0, 0.25):  # from zero, a power of two changes the scale and nothing else
        gate = nn.Perceptron(lr=lr).fit(GATE_INPUTS, y)
        assert (gate.w_ / lr).tolist() == w and gate.b_ / lr == b and gate.errors_ == errors
        assert gate.predict(GATE_INPUTS).tolist() == y and gate.score(GATE_INPUTS, y) == 1.0


def test_rounding_at_a_tie_changes_the_path():
    assert len(nn.Perceptron(lr=0.1).fit(GATE_INPUTS, [0, 0, 0, 1]).errors_) == 4


def test_perceptron_never_learns_xor():
    gate = nn.Perceptron(max_epochs=30).fit(GATE_INPUTS, [0, 1, 1, 0])
    assert len(gate.errors_) == 30 and min(gate.errors_) > 0


def test_perceptron_on_iris():
    X, y = nn.data.load_iris()
    X, y = X[:100], y[:100]
    assert sum(nn.Perceptron().fit(X[:, [0, 2]], y).errors_) == 10
    assert sum(nn.Perceptron().fit(X, y).errors_) == 5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Perceptron(lr=0), ValueError, "lr"),
        (lambda: nn.Perceptron(max_epochs=0), ValueError, "max_epochs"),
        (lambda: nn.Perceptron().fit([1, 2], [0, 1]), ValueError, r"X must have shape .*reshape\(1, -1\)"),
        (lambda: nn.Perceptron().fit([[1], [2]], [0]), ValueError, "got 2 and 1"),
        (lambda: nn.Perceptron().fit([[1], [2]], [-1, 1]), ValueError, "y must .*labels 0 to 1, got -1"),
        (lambda: nn.Perceptron().fit([[np.nan], [2]], [0, 1]), ValueError, "X must hold finite .*got nan"),
        (lambda: nn.Perceptron().fit(np.empty((0, 2)), []), ValueError, "X must not be empty"),
        (lambda: nn.Perceptron().predict([[1]]), ValueError, "call fit"),
        (lambda: nn.Perceptron().fit([[1], [2]], [0, 1]).predict([[1, 2]]), ValueError, r"\(n_samples, 1\)"),
    ],
)
def test_perceptron_names_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


OUTPUTS = {  # output kind, loss, targets for 6 samples and 3 outputs
    "values": ("identity", None, lambda rng: rng.normal(size=(6, 3))),
    "outliers": ("identity", "huber", lambda rng: 3 * rng.normal(size=(6, 3))),
    "margins": ("identity", "hinge", lambda rng: rng.choice([-1, 1], (6, 3))),
    "yes or no": ("sigmoid", None, lambda rng: rng.integers(0, 2, (6, 3))),
    "probabilities": ("sigmoid", "bce", lambda rng: rng.integers(0, 2, (6, 3))),
    "squared": ("sigmoid", "mse", lambda rng: rng.integers(0, 2, (6, 3))),
    "classes": ("softmax", None, lambda rng: rng.integers(0, 3, 6)),
    "one-hot": ("softmax", "cross_entropy", lambda rng: np.eye(3)[rng.integers(0, 3, 6)]),
    "squared classes": ("softmax", "mse", lambda rng: rng.integers(0, 3, 6)),
}


def check_gradient(net, X, y, loss=None):
    def loss_and_grad(theta):
        net.theta[:] = theta
        return net.loss_and_gradient(X, y, loss)

    start = net.theta.copy()
    report = nn.gradient_check(loss_and_grad, start)
    net.theta[:] = start
    return report


@pytest.mark.parametrize("task", OUTPUTS)
@pytest.mark.parametrize("hidden", ["tanh", "prelu"])
def test_gradient_of_a_network(task, hidden, rng):
    output, loss, targets = OUTPUTS[task]
    net = nn.MLP([4, 5, 4, 3], hidden=hidden, output=output, rng=rng)
    report = check_gradient(net, rng.normal(size=(6, 4)), targets(rng), loss)
    assert report.passed, report.text


@pytest.mark.parametrize("hidden", [*nn.ACTIVATIONS, "prelu"])
@pytest.mark.parametrize("sizes", [[3, 2], [3, 4, 2], [2, 3, 3, 3, 1]])
def test_gradient_at_any_depth(hidden, sizes, rng):
    if hidden == "step" and len(sizes) > 2:
        pytest.skip("a step's derivative is 0: its gradient says nothing about a nudge across the jump")
    net = nn.MLP(sizes, hidden=hidden, rng=rng)
    net.theta += 0.3 * rng.normal(size=net.theta.size)  # with b = 0, a dead layer puts the next on a kink
    report = check_gradient(net, rng.normal(size=(5, sizes[0])), rng.normal(size=(5, sizes[-1])))
    assert report.passed, report.text


@pytest.mark.parametrize("task", OUTPUTS)
@pytest.mark.parametrize("hidden", ["relu", "prelu"])
def test_objective_is_the_loss_and_checks_many_points_at_once(task, hidden, rng):
    output, loss, targets = OUTPUTS[task]
    net = nn.MLP([4, 5, 4, 3], hidden=hidden, output=output, rng=rng)
    X, y = rng.normal(size=(6, 4)), targets(rng)
    objective, theta = net.objective(X, y, loss), net.theta.copy()
    thetas = theta + 0.1 * rng.normal(size=(7, theta.size))
    losses = objective.losses(thetas)
    np.testing.assert_array_equal(net.theta, theta)
    np.testing.assert_allclose(losses, [objective(row)[0] for row in thetas], rtol=1e-12)
    one_by_one = nn.gradient_check(lambda theta: objective(theta), theta)
    for objective.at_once in (1, 7, 1000):
        report = nn.gradient_check(objective, theta)
        assert report.passed, report.text
        np.testing.assert_allclose(report.numeric, one_by_one.numeric, rtol=1e-6, atol=1e-9)


def test_a_wrong_backward_is_caught(rng, monkeypatch):
    def without_transpose(self, dZ, out=None):
        self.parameter_gradients(dZ)
        return dZ @ self.W

    monkeypatch.setattr(nn.layers.Linear, "backward", without_transpose)
    net = nn.MLP([3, 3, 3], hidden="tanh", rng=rng)
    X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    assert not check_gradient(net, X, y).passed
    assert not nn.gradient_check(net.objective(X, y), net.theta).passed


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_are_views_in_order(dtype, rng):
    net = nn.MLP([4, 3, 2], rng=rng, dtype=dtype)
    parts = [part.ravel() for layer in net.layers for part in (layer.W, layer.b)]
    np.testing.assert_array_equal(net.theta, np.concatenate(parts))
    net.theta[:] = np.arange(net.theta.size)
    assert net.layers[0].W[1, 0] == 3 and net.layers[1].b.tolist() == [21, 22]
    net.layers[1].b[0] = -1
    assert net.theta[-2] == -1
    assert net.theta.dtype == net.grad.dtype == net.layers[0].W.dtype == dtype
    assert net.grad.shape == net.theta.shape


def test_assignment_writes_into_the_shared_vector(rng):
    net = nn.MLP([2, 2, 1], rng=rng)
    theta = net.theta
    net.layers[0].W = [[1, 2], [3, 4]]
    net.layers[1].b = [5]
    assert net.theta is theta and theta[:4].tolist() == [1, 2, 3, 4] and theta[-1] == 5
    net.theta = net.theta - 1
    assert net.theta is theta and net.layers[0].W.tolist() == [[0, 1], [2, 3]]
    net.grad = np.ones(9)
    net.theta -= net.grad
    assert net.layers[1].b.tolist() == [3] and net.layers[0].dW.tolist() == [[1, 1], [1, 1]]
    for name, value in (("W", np.ones(4)), ("b", [1.0]), ("W", 3)):
        with pytest.raises(ValueError, match=f"{name} must"):
            setattr(net.layers[0], name, value)


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_whole_and_apart(how, rng):
    net = nn.MLP([2, 3, 1], hidden="prelu", rng=rng, dtype=np.float32)
    same = how(net)
    np.testing.assert_array_equal(same.theta, net.theta)
    same.theta[:] = 7
    assert (same.layers[1].W == 7).all() and same.dtype == np.float32 and not (net.theta == 7).any()


def test_forward_is_the_equations(rng):
    net = nn.MLP([4, 3, 2], hidden="tanh", rng=rng)
    X, (one, two) = rng.normal(size=(5, 4)), net.layers
    expected = np.tanh(X @ one.W + one.b) @ two.W + two.b
    np.testing.assert_allclose(net.forward(X), expected, rtol=1e-12)
    np.testing.assert_allclose(net.infer(X, rows=2), expected, rtol=1e-12)


def test_results_of_forward_are_fresh_and_backward_only_sums(rng):
    net = nn.MLP([4, 3, 2], rng=rng)
    X, dZ = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
    first = net.forward(X)
    kept, dZ_kept = first.copy(), dZ.copy()
    net.backward(dZ)
    once = net.grad.copy()
    net.forward(np.concatenate([X, X]))
    net.backward(np.concatenate([dZ, dZ]))
    np.testing.assert_allclose(net.grad, 2 * once, rtol=1e-12)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(dZ, dZ_kept)


def test_predict_between_forward_and_backward_changes_nothing(rng):
    net = nn.MLP([4, 3, 2], output="softmax", rng=rng)
    X, dZ = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
    net.forward(X)
    net.backward(dZ)
    once = net.grad.copy()
    net.forward(X)
    net.predict(X + 1)
    net.score(X + 1, np.zeros(5))
    net.backward(dZ)
    np.testing.assert_array_equal(net.grad, once)


def test_start_follows_the_activation():
    def std(**options):
        return nn.MLP([400, 100, 1], rng=np.random.default_rng(0), **options).layers[0].W.std()

    assert std() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert std(hidden="tanh") == pytest.approx((2 / 500) ** 0.5, rel=0.02)
    assert std(init="small_normal") == pytest.approx(0.01, rel=0.02)
    assert std(init=lambda n_in, n_out, rng: np.full((n_in, n_out), 3.0)) == 0


def test_equal_seeds_give_equal_networks():
    one, two, other = (nn.MLP([3, 4, 2], rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.theta, two.theta)
    assert not np.array_equal(one.theta, other.theta)


def test_predictions_by_output(rng):
    X = rng.normal(size=(7, 4))
    values = nn.MLP([4, 2], rng=rng)
    np.testing.assert_allclose(values.predict(X), values.forward(X))
    assert nn.MLP([4, 1], rng=rng).predict(X).shape == (7,)
    with pytest.raises(ValueError, match="probabilities"):
        values.predict_proba(X)
    one, several = nn.MLP([4, 1], output="sigmoid", rng=rng), nn.MLP([4, 3], output="sigmoid", rng=rng)
    assert one.predict(X).shape == one.predict_proba(X).shape == (7,)
    assert several.predict(X).shape == several.predict_proba(X).shape == (7, 3)
    np.testing.assert_array_equal(several.predict(X), several.predict_proba(X) >= 0.5)
    classes = nn.MLP([4, 3], output="softmax", rng=rng)
    np.testing.assert_array_equal(classes.predict(X), classes.predict_proba(X).argmax(axis=1))
    np.testing.assert_allclose(classes.predict_proba(X), nn.softmax(classes.forward(X)), rtol=1e-12)
    assert {net.predict(X).dtype.kind for net in (one, several, classes)} == {"i"}


def test_score_is_that_of_scikit_learn(rng):
    from sklearn.metrics import accuracy_score, r2_score

    X, y = rng.normal(size=(50, 4)), rng.normal(size=50)
    net = nn.MLP([4, 1], rng=rng)
    assert net.score(X, y) == pytest.approx(r2_score(y, net.predict(X)), rel=1e-12)
    assert net.score(X, y) == net.score(X, y[:, None])
    Y = rng.normal(size=(50, 3))
    net = nn.MLP([4, 3], rng=rng)
    assert net.score(X, Y) == pytest.approx(r2_score(Y, net.predict(X)), rel=1e-12)
    labels = rng.integers(0, 3, 50)
    net = nn.MLP([4, 3], output="softmax", rng=rng)
    expected = accuracy_score(labels, net.predict(X))
    assert net.score(X, labels) == net.score(X, np.eye(3)[labels]) == pytest.approx(expected)


def test_extreme_inputs_stay_finite(rng):
    X = np.array([[1e4, -1e4], [-1e4, -1e4]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for hidden in (*nn.ACTIVATIONS, "prelu"):
            for output in ("identity", "sigmoid", "softmax"):
                net = nn.MLP([2, 3, 2], hidden=hidden, output=output, rng=rng, dtype=np.float32)
                loss, grad = net.loss_and_gradient(X, [[1, 0], [0, 1]])
                assert np.isfinite(loss) and np.isfinite(grad).all() and np.isfinite(net.predict(X)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"hidden": "prelu", "output": "softmax"},
                                     {"hidden": "leaky_relu", "hidden_params": {"alpha": 0.3}}])
def test_save_and_load(dtype, options, rng, tmp_path):
    net = nn.MLP([4, 3, 2], rng=rng, dtype=dtype, **options)
    net.theta += 0.1
    net.save(tmp_path / "net.npz")
    same = nn.MLP.load(str(tmp_path / "net.npz"))
    np.testing.assert_array_equal(same.theta, net.theta)
    assert same.dtype == dtype and repr(same) == repr(net)
    X = rng.normal(size=(5, 4))
    np.testing.assert_array_equal(same.forward(X), net.forward(X))
    with zipfile.ZipFile(tmp_path / "net.npz") as file:  # and no entry is a pickle
        for name in file.namelist():
            np.lib.format.read_array(file.open(name), allow_pickle=False)


def test_load_refuses_other_files(tmp_path, rng):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_bytes(b"")
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    np.save(tmp_path / "array.npy", np.ones(3))
    for name in ("text", "empty", "other.npz", "array.npy"):
        with pytest.raises(ValueError, match=r"is not a network written by MLP\.save"):
            nn.MLP.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        nn.MLP.load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.MLP([3]), ValueError, "sizes"),
        (lambda: nn.MLP([3, 0]), ValueError, r"sizes\[1\] must be at least 1, got 0"),
        (lambda: nn.MLP([3, 2.5]), TypeError, r"sizes\[1\]"),
        (lambda: nn.MLP(3), TypeError, "sizes must be a list"),
        (lambda: nn.MLP([3, 2], hidden="rleu"), ValueError, "hidden must be one of .*did you mean 'relu'"),
        (lambda: nn.MLP([3, 2], output="sofmax"), ValueError, "output must be one of identity, sigmoid"),
        (lambda: nn.MLP([3, 1], output="softmax"), ValueError, "two outputs or more"),
        (lambda: nn.MLP([3, 2], dtype=np.float16), ValueError, "dtype must be float32 or float64"),
        (lambda: nn.MLP([3, 2], dtype="wide"), TypeError, "dtype must be float32 or float64, got 'wide'"),
        (lambda: nn.MLP([3, 4, 2], hidden_params=0.1), TypeError, "hidden_params must be a dict"),
        (lambda: nn.MLP([3, 2], init="he"), ValueError, "init must be one of"),
        (lambda: nn.MLP([3, 2], rng=0), TypeError, "rng must"),
        (lambda: nn.MLP([3, 4, 2], hidden_params={"alpha": 1}), TypeError, "relu has no hyper-parameter"),
        (lambda: nn.MLP([3, 2]).forward(np.ones((4, 2))), ValueError, r"X .*\(n_samples, 3\), got \(4, 2\)"),
        (lambda: nn.MLP([3, 2]).forward(np.ones(3)), ValueError, r"X.reshape\(1, -1\)"),
        (lambda: nn.MLP([3, 2]).forward([[1, np.inf, 2]]), ValueError, r"X must hold finite.*index \(0, 1\)"),
        (lambda: nn.MLP([3, 2]).predict(np.empty((0, 3))), ValueError, "X must not be empty"),
        (lambda: nn.MLP([3, 2]).predict([["a", "b", "c"]]), TypeError, "X must hold real numbers"),
        (lambda: nn.MLP([3, 2]).backward(np.ones((4, 2))), ValueError, "forward"),
        (lambda: nn.MLP([3, 2]).score(np.ones((4, 3)), np.ones(4)), ValueError, r"\(4, 2\), .*got \(4,\)"),
        (lambda: nn.MLP([3, 2]).score(np.ones((4, 3)), np.ones((3, 2))), ValueError, "got 4 and 3"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_backward_names_a_wrong_shape(rng):
    net = nn.MLP([3, 2], rng=rng)
    net.forward(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"dZ must have the shape .*\(4, 2\), got \(3, 2\)"):
        net.backward(np.ones((3, 2)))
    with pytest.raises(ValueError, match="dZ must hold finite numbers, got nan at index"):
        net.backward(np.full((4, 2), np.nan))


def test_gradient_as_in_pytorch(torch, rng):
    net = nn.MLP([4, 5, 6, 3], output="softmax", rng=rng)
    X, y = rng.normal(size=(7, 4)), rng.integers(0, 3, 7)
    pieces = [torch.tensor(part, requires_grad=True) for layer in net.layers for part in (layer.W, layer.b)]
    A = torch.tensor(X)
    for i in range(0, 6, 2):
        A = A @ pieces[i] + pieces[i + 1]
        A = torch.relu(A) if i < 4 else A
    value = torch.nn.functional.cross_entropy(A, torch.tensor(y))
    value.backward()
    loss, grad = net.loss_and_gradient(X, y)
    assert loss == pytest.approx(value.item(), rel=1e-9)
    expected = np.concatenate([piece.grad.numpy().ravel() for piece in pieces])
    np.testing.assert_allclose(grad, expected, rtol=1e-9, atol=1e-12)
