"""What a training step may cost, counted, not timed: operations, new arrays, bytes, looks at arguments."""

import sys
import tracemalloc

import numpy as np
import pytest

import nn_core as nn
from nn_core.layers import shared_arrays


class Counted(np.ndarray):
    """An array that notes each operation on it in `log`: (name, dtype of the result, whether it is new)."""

    log = ()

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        if out is not None:
            options["out"] = tuple(map(plain, out))
        result = getattr(ufunc, method)(*map(plain, inputs), **options)
        return noted(f"{ufunc.__name__}.{method}", result, out and out[0])

    def dot(self, other, out=None):
        return noted("dot", plain(self).dot(plain(other), out if out is None else plain(out)), out)

    def astype(self, dtype, **options):
        return noted("astype", plain(self).astype(dtype, **options), None)

    def copy(self, order="C"):
        return noted("copy", plain(self).copy(order), None)


def plain(array):
    return array.view(np.ndarray) if isinstance(array, Counted) else array


def noted(name, result, out):
    result = np.asarray(result) if out is None else out
    Counted.log.append((name, result.dtype, out is None))
    return result.view(Counted)


def count(sizes, output, batch, optimizer, monkeypatch):
    """Return the log of one step of training, the second one (the first makes the optimizer's memory)."""
    rng = np.random.default_rng(0)
    net = nn.MLP(sizes, output=output, rng=rng, dtype=np.float32)
    for array in ("_theta", "_grad"):
        setattr(net, array, getattr(net, array).view(Counted))
    start = 0
    for layer in net.layers:
        layer.bind(net.theta[start : start + layer.size], net.grad[start : start + layer.size])
        layer.ones = np.ones(batch, np.float32).view(Counted)
        start += layer.size
    X, _, ahead, back = shared_arrays(sizes, batch, np.float32)
    X[...] = rng.normal(size=X.shape)
    Z = np.empty((batch, sizes[-1]), np.float32).view(Counted)
    ahead, back = ([a if a is None else a.view(Counted) for a in arrays] for arrays in (ahead, back))
    Y = np.eye(max(sizes[-1], 2), dtype=np.float32)[rng.integers(0, 2, batch)][:, : sizes[-1]].view(Counted)
    loss = nn.LOSSES["softmax_cross_entropy" if output == "softmax" else "bce_with_logits"]
    for _ in range(2):
        monkeypatch.setattr(Counted, "log", [])
        net.run_back(loss.df(net.run(X.view(Counted), [*ahead, Z]), Y), back)
        optimizer.step(net.theta, net.grad)
    return Counted.log


@pytest.mark.parametrize(
    ("sizes", "output", "batch", "make", "operations", "new_arrays"),
    [
        ([2, 16, 16, 1], "sigmoid", 32, lambda: nn.Adam(), 43, 14),
        ([64, 100, 10], "softmax", 32, lambda: nn.SGD(0.1, momentum=0.9), 25, 8),
        ([784, 256, 128, 10], "softmax", 64, lambda: nn.Adam(), 126, 17),
    ],
    ids=["2-16-16-1", "64-100-10", "784-256-128-10"],
)
def test_operations_and_new_arrays_of_a_step(sizes, output, batch, make, operations, new_arrays, monkeypatch):
    log = count(sizes, output, batch, make(), monkeypatch)
    names = [name for name, _, _ in log]
    layers = len(sizes) - 1
    assert names.count("dot") == 4 * layers - 1  # Z, dW, db each; dX but for the first
    assert len(log) <= operations, f"{len(log)} operations a step: {names}"
    assert sum(new for _, _, new in log) <= new_arrays, [name for name, _, new in log if new]
    assert {dtype for _, dtype, _ in log} <= {np.dtype(np.float32), np.dtype(bool)}, log


def test_the_counter_sees_a_wasteful_step(monkeypatch):
    def with_new_arrays(self, X, out=None):
        self.X = X
        return (X @ self.W + self.b).astype(np.float64)

    usual = count([3, 4, 1], "sigmoid", 8, nn.SGD(0.1), monkeypatch)
    monkeypatch.setattr(nn.layers.Linear, "forward", with_new_arrays)
    monkeypatch.setattr(nn.layers.Linear, "parameter_gradients", lambda self, dZ: None)
    monkeypatch.setattr(nn.layers.Linear, "backward", lambda self, dZ, out=None: dZ @ self.W.T)
    wasteful = count([3, 4, 1], "sigmoid", 8, nn.SGD(0.1), monkeypatch)
    assert sum(new for _, _, new in wasteful) > sum(new for _, _, new in usual)
    assert np.dtype(np.float64) in {dtype for _, dtype, _ in wasteful}


def extra_memory(n, batch_size=64):
    """Return the bytes that an epoch of a 784-256-128-10 network takes beside data and network."""
    rng = np.random.default_rng(0)
    X, y = rng.random((n, 784), np.float32), rng.integers(0, 10, n)
    net = nn.MLP([784, 256, 128, 10], output="softmax", rng=rng, dtype=np.float32)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        net.fit(X, y, epochs=1, batch_size=batch_size, rng=rng)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_extra_memory_of_training():
    extra_memory(64)  # what is imported and kept by the first call is not counted
    small, large = extra_memory(6400), extra_memory(12_800)
    assert small < 4e6 and large < 10e6
    assert (large - small) / 6400 < 128  # bytes a sample: outputs, one-hot targets, the order; 40 + 40 + 16


def test_epochs_look_at_no_arguments():
    X, y = nn.data.make_moons(64, 0.1, np.random.default_rng(0))

    def looks(epochs):
        net, found = nn.MLP([2, 4, 1], output="sigmoid", rng=np.random.default_rng(0)), []

        def note(frame, event, _):
            if event == "call" and frame.f_code.co_filename == nn.losses.as_floats.__code__.co_filename:
                found.append(frame.f_code.co_name)

        usual = sys.getprofile()
        sys.setprofile(note)
        try:
            net.fit(X, y, epochs=epochs, batch_size=16, optimizer=nn.Adam(), rng=np.random.default_rng(0))
        finally:
            sys.setprofile(usual)
        return found

    assert looks(1) and looks(1) == looks(3)


def test_no_denormal_number_stays_in_a_long_run():
    """An input that falls silent: its weights' moments fade for 1,500 steps, to exactly zero."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 3)).astype(np.float32), rng.integers(0, 2, 64)
    net = nn.MLP([3, 8, 1], output="sigmoid", rng=rng, dtype=np.float32)
    opt = nn.Adam(1e-3, beta2=0.9)
    net.fit(X, y, optimizer=opt, epochs=2, batch_size=16, rng=rng)
    X[:, 0] = 0
    net.fit(X, y, optimizer=opt, epochs=375, batch_size=16, rng=rng)
    assert opt.t == 8 + 1500
    for memory in (opt.m, opt.v):
        size = np.abs(memory)
        assert not size[:8].any() and size[8:].any()
        assert not ((size > 0) & (size < np.finfo(np.float32).tiny)).any()
    assert {array.dtype for array in (net.theta, net.grad, opt.m, opt.v)} == {np.dtype(np.float32)}
