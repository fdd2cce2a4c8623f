"""Training runs: what is recorded, when they stop, what real data says."""

import time

import numpy as np
import pytest

import nn_core as nn


def moons(n=200, seed=0):
    return nn.data.make_moons(n, 0.1, np.random.default_rng(seed))


def network(seed=0, **options):
    options = {"output": "sigmoid", **options}
    return nn.MLP([2, 16, 1], rng=np.random.default_rng(seed), **options)


def test_history_has_one_entry_an_epoch():
    X, y = moons()
    history = network().fit(X, y, epochs=4, validation_data=moons(50, 1), optimizer=nn.Adam(0.01))
    lists = (history.loss, history.score, history.val_loss, history.val_score, history.lr)
    assert [len(entries) for entries in lists] == [4] * 5
    assert history.lr == [0.01] * 4 and history.seconds > 0 and history.diverged is False
    assert history.best_epoch == int(np.argmin(history.val_loss))
    assert all(type(value) is float for entries in lists for value in entries)
    assert repr(history).startswith("History of 4 epochs")


def test_recorded_values_are_those_of_the_parameters():
    X, y = moons()
    net, (X_val, y_val) = network(), moons(50, 1)
    before, _ = net.loss_and_gradient(X, y)
    score = net.score(X, y)
    history = net.fit(X, y, epochs=1, batch_size=None, validation_data=(X_val, y_val))
    assert history.loss == [pytest.approx(before, rel=1e-12)] and history.score == [score]
    assert history.val_loss[0] == pytest.approx(net.loss_and_gradient(X_val, y_val)[0], rel=1e-12)
    assert history.val_score[0] == net.score(X_val, y_val)


@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_figures_of_an_epoch_are_the_same_in_blocks(output, rng):
    net, Z, Y = network(output=output), rng.normal(size=(25, 1)), rng.integers(0, 2, (25, 1)).astype(float)
    loss, order = nn.training.choose_loss(net, None), rng.permutation(25)
    whole = nn.training.of_epoch(net, loss, Z, Y, order)
    assert whole == (loss(Z, Y[order]), nn.training.accuracy_or_r2(loss, net, Z, Y[order]))
    assert nn.training.of_epoch(net, loss, Z, Y, order, rows=7) == pytest.approx(whole, rel=1e-12)


def test_fit_is_the_loop_of_the_book():
    X, y = moons(70)
    net, same = network(), network()
    net.fit(X, y, optimizer=nn.SGD(0.1, 0.9), epochs=3, batch_size=16, rng=np.random.default_rng(5))
    opt, rng, loss = nn.SGD(0.1, 0.9), np.random.default_rng(5), nn.LOSSES["bce_with_logits"]
    for _ in range(3):
        for X_b, y_b in nn.data.minibatches(X, y, 16, rng):
            Z = same.forward(X_b)
            same.backward(loss.gradient(Z, y_b))
            opt.step(same.theta, same.grad)
    np.testing.assert_allclose(net.theta, same.theta, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("hidden", [*nn.ACTIVATIONS, "prelu"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_activation_trains(hidden, dtype):
    X, y = moons()
    net = network(hidden=hidden, dtype=dtype)
    history = net.fit(X, y, optimizer=nn.Adam(0.02), epochs=15, rng=np.random.default_rng(0))
    assert history.loss[-1] < 0.9 * history.loss[0]
    assert net.theta.dtype == net.grad.dtype == dtype


@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_every_optimizer_trains(name):
    X, y = moons()
    optimizer = nn.OPTIMIZERS[name](lr=0.02)
    history = network().fit(X, y, optimizer=optimizer, epochs=15, rng=np.random.default_rng(0))
    assert history.loss[-1] < 0.9 * history.loss[0]


@pytest.mark.parametrize("name", nn.LOSSES)
def test_every_loss_trains_the_outputs_it_follows(name):
    X, y = moons()
    loss = nn.LOSSES[name]
    for output in loss.outputs:
        n_out = 2 if output == "softmax" else 1
        net = nn.MLP([2, 16, n_out], output=output, rng=np.random.default_rng(0))
        targets = 2 * y - 1 if loss.kind == "signs" else y
        rng = np.random.default_rng(0)
        history = net.fit(X, targets, loss=name, optimizer=nn.Adam(0.02), epochs=15, rng=rng)
        assert history.loss[-1] < 0.9 * history.loss[0]
        assert history.score[-1] > (0.5 if output == "identity" and loss.kind == "values" else 0.85)


def test_targets_may_be_columns():
    X, y = moons()
    thetas = []
    for targets in (y, y[:, None], y.astype(bool), y.astype(np.float32)):
        for output in ("identity", "sigmoid"):
            net = network(output=output)
            net.fit(X, targets, epochs=1, rng=np.random.default_rng(0))
            thetas.append((output, net.theta))
    for output, theta in thetas:
        np.testing.assert_array_equal(theta, next(first for kind, first in thetas if kind == output))


def test_the_callers_arrays_are_left_alone():
    X, y = moons()
    before = X.copy(), y.copy()
    network().fit(X, y, epochs=2)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_equal_seeds_give_equal_runs():
    X, y = moons()
    one, two = network(), network()
    losses = [net.fit(X, y, epochs=3, rng=np.random.default_rng(1)).loss for net in (one, two)]
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(one.theta, two.theta)


def test_schedule_counts_steps():
    X, y = moons(100)
    history = network().fit(X, y, optimizer=nn.SGD(lambda t: 0.1 / (t + 1)), epochs=2, batch_size=25)
    assert history.lr == [0.1 / 4, 0.1 / 8]  # four steps an epoch; the rate of the last one


def test_early_stopping_puts_the_best_back(rng):
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)  # nothing to learn, only to overfit
    X_val, y_val = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    net = network()
    history = net.fit(X, y, optimizer=nn.Adam(0.05), epochs=200, patience=3, validation_data=(X_val, y_val))
    assert len(history.loss) < 200 and history.best_epoch == len(history.loss) - 4
    assert net.loss_and_gradient(X_val, y_val)[0] == pytest.approx(min(history.val_loss), rel=1e-12)


def test_callback_sees_every_epoch_and_may_stop():
    X, y = moons()
    seen = []
    net = network()

    def callback(model, history, epoch):
        assert model is net
        seen.append((epoch, len(history.loss)))
        return epoch == 2

    net.fit(X, y, epochs=10, callback=callback)
    assert seen == [(0, 1), (1, 2), (2, 3)]


def test_progress_is_one_line(capsys):
    X, y = moons()
    network().fit(X, y, epochs=3, progress=True)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "3/3" in out and "#" * 20 in out
    network().fit(X, y, epochs=3)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_said_and_does_not_crash(dtype, rng):
    X = 10 * rng.normal(size=(100, 2))
    y = X @ [1.0, 2.0]
    net = nn.MLP([2, 16, 1], rng=rng, dtype=dtype)
    with pytest.warns(RuntimeWarning, match="training diverged in epoch .*smaller learning rate"):
        history = net.fit(X, y, optimizer=nn.SGD(1.0), epochs=30, validation_data=(X, y), rng=rng)
    assert history.diverged is True and len(history.loss) < 30
    net.predict(X)


def test_divergence_with_early_stopping_keeps_the_best(rng):
    X = rng.normal(size=(64, 2))
    y = X @ [1.0, 2.0]
    net = nn.MLP([2, 1], rng=rng)
    with pytest.warns(RuntimeWarning, match="diverged"):
        history = net.fit(X, y, optimizer=nn.SGD(lambda t: 0.1 if t < 20 else 1e3), epochs=30, patience=20,
                          validation_data=(X, y), rng=rng)
    assert history.diverged and net.score(X, y) > 0.9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"loss": "msee"}, ValueError, "loss must be one of .*did you mean 'mse'"),
        ({"loss": "softmax_cross_entropy"}, ValueError, "output 'softmax'.*'bce_with_logits' matches"),
        ({"optimizer": "adam"}, TypeError, "optimizer must have a method step"),
        ({"optimizer": nn.Adam}, TypeError, r"Adam\(\) for one"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"batch_size": 1.5}, TypeError, "batch_size"),
        ({"rng": 1}, TypeError, "rng must"),
        ({"patience": 3}, ValueError, "patience needs validation_data"),
        ({"patience": 0, "validation_data": ([[1, 2]], [1])}, ValueError, "patience must be at least 1"),
        ({"validation_data": ([[1, 2]],)}, ValueError, "validation_data must be a pair"),
        ({"validation_data": ([[1]], [1])}, ValueError, r"validation_data\[0\] .*\(n_samples, 2\)"),
        ({"validation_data": ([[1, 2]], [3])}, ValueError, r"validation_data\[1\] must hold 0 and 1"),
        ({"callback": 3}, TypeError, "callback must be a function"),
        ({"X": [[np.nan, 1]] * 200}, ValueError, "X must hold finite numbers"),
        ({"X": np.ones((200, 3))}, ValueError, r"X must have shape \(n_samples, 2\), got \(200, 3\)"),
        ({"X": np.ones((199, 2))}, ValueError, "X and y must hold equally many samples, got 199 and 200"),
        ({"y": np.full(200, np.nan)}, ValueError, "y must hold finite numbers"),
        ({"y": np.full(200, 2)}, ValueError, "y must hold 0 and 1"),
        ({"y": np.ones((200, 2))}, ValueError, r"y must have shape \(200, 1\)"),
        ({"y": ["yes"] * 200}, TypeError, "y must hold real numbers"),
        ({"y": [[1]] * 199 + [[1, 2]]}, ValueError, "y must be an array, its rows equally long"),
        ({"y": 1}, ValueError, "y must"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    X, y = moons()
    arguments = {"X": X, "y": y, **options}
    net = network()
    before = net.theta.copy()
    with pytest.raises(error, match=message):
        net.fit(**arguments)
    np.testing.assert_array_equal(net.theta, before)


def test_class_labels_out_of_range_are_named(rng):
    net = nn.MLP([2, 3], output="softmax", rng=rng)
    with pytest.raises(ValueError, match="y must hold class labels 0 to 2, got 3"):
        net.fit(np.ones((4, 2)), [0, 1, 2, 3])


def test_digits(record_property):
    """Ten random splits of real data: mean held-out accuracy of 97.5 % or more, in seconds."""
    X, y = nn.data.load_digits()
    scores, start = [], time.perf_counter()
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X_train, X_test, y_train, y_test = nn.data.train_test_split(X, y, 0.2, rng)
        net = nn.MLP([64, 256, 10], output="softmax", rng=rng, dtype=np.float32)
        net.fit(X_train, y_train, optimizer=nn.Adam(2e-3), epochs=30, rng=rng)
        scores.append(100 * net.score(X_test, y_test))
    spread = f"{np.mean(scores):.2f} % ± {np.std(scores):.2f} ({min(scores):.2f} to {max(scores):.2f})"
    record_property("report", f"digits, 10 splits: {spread}, {time.perf_counter() - start:.1f} s")
    assert np.mean(scores) >= 97.5


def test_moons_and_spirals():
    X, y = moons(300)
    net = network()
    net.fit(X, y, optimizer=nn.Adam(0.02), epochs=60, rng=np.random.default_rng(0))
    assert net.score(*moons(300, 1)) > 0.98
    X, y = nn.data.make_spirals(300, 3, 0.2, np.random.default_rng(0))
    net = nn.MLP([2, 64, 3], output="softmax", rng=np.random.default_rng(0))
    net.fit(X, y, optimizer=nn.Adam(0.02), epochs=100, rng=np.random.default_rng(0))
    assert net.score(X, y) > 0.95
