"""Training: the loop of forward, loss gradient, backward, step, and the record of how it went."""

import contextlib
import functools
import time
import warnings

import numpy as np

from nn_core.activations import softmax_backward
from nn_core.checks import a_count, a_function, a_generator, as_array, lookup, same_length
from nn_core.layers import as_input, shared_arrays
from nn_core.losses import LOSSES, Loss
from nn_core.optimizers import Adam

MATCHING_LOSS = {"identity": "mse", "sigmoid": "bce_with_logits", "softmax": "softmax_cross_entropy"}
SMALL = 2e7  # multiplications for one layer and batch; below, a second BLAS thread costs more than it gives


class History:
    """What happened in each epoch of a training run.

    Attributes
    ----------
    loss, score : lists, on the training data *while it was trained on* (as the batches came, each seen
        by the parameters of its moment)
    val_loss, val_score : lists, on the validation data at the end of the epoch (empty without it)
    lr : list, the learning rate of the epoch's last step
    seconds : float, duration of the whole run
    diverged : bool, whether the run was stopped because the loss or the parameters had blown up
    best_epoch : int or None, the epoch (from 0) of the smallest val_loss
    """

    def __init__(self):
        self.loss, self.val_loss, self.score, self.val_score, self.lr = [], [], [], [], []
        self.seconds = 0.0
        self.diverged = False
        self.best_epoch = None

    def __repr__(self):
        if not self.loss:
            return "History of 0 epochs"
        parts = [f"loss {self.loss[-1]:.4g}", f"score {self.score[-1]:.4g}"]
        if self.val_loss:
            parts += [f"val_loss {self.val_loss[-1]:.4g}", f"val_score {self.val_score[-1]:.4g}"]
        state = ", diverged" if self.diverged else ""
        return f"History of {len(self.loss)} epochs, {self.seconds:.2f} s: {', '.join(parts)}{state}"


def fit(net, X, y, loss=None, optimizer=None, epochs=20, batch_size=32, rng=None, validation_data=None,
        patience=None, callback=None, progress=False):
    """Train `net` on mini-batches, each epoch in a new random order.

    Parameters
    ----------
    X : array (n_samples, n_in)
    y : array, values (n,) or (n, n_out); labels (n,); or one-hot rows
    loss : name in LOSSES, or None for the one that matches the output: mse, bce_with_logits,
        softmax_cross_entropy
    optimizer : object with step(theta, grad), or None for Adam(1e-3)
    epochs : int
    batch_size : int, or None for all samples at once
    rng : numpy.random.Generator for the order of the samples
    validation_data : (X_val, y_val), looked at after every epoch
    patience : int, stop after so many epochs without a new best val_loss; the best parameters are
        put back at the end
    callback : function (net, history, epoch); the run stops if it returns True
    progress : bool, draw a bar

    Returns
    -------
    History

    Warns
    -----
    RuntimeWarning
        if the run diverges; it stops there, and ``history.diverged`` is True
    """
    loss = choose_loss(net, loss)
    optimizer = Adam() if optimizer is None else optimizer
    if not hasattr(optimizer, "step") or isinstance(optimizer, type):
        raise TypeError(f"optimizer must have a method step(theta, grad), Adam() for one; got {optimizer!r}")
    if callback is not None:
        a_function("callback", callback)
    rng = a_generator(rng)
    epochs = a_count("epochs", epochs)
    X, Y = examples(net, loss, "X", X, "y", y)
    n = len(X)
    batch_size = n if batch_size is None else min(a_count("batch_size", batch_size), n)
    if validation_data is not None:
        if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
            raise ValueError(f"validation_data must be a pair (X, y), got {type(validation_data).__name__}")
        X_val, y_val = validation_data
        X_val, Y_val = examples(net, loss, "validation_data[0]", X_val, "validation_data[1]", y_val)
    if patience is not None:
        a_count("patience", patience)
        if validation_data is None:
            raise ValueError("patience needs validation_data: it waits for the validation loss to improve")

    history = History()
    best_theta, best_loss, begin = None, np.inf, time.perf_counter()
    Z = np.empty(Y.shape, net.dtype)  # the outputs of one epoch, in the order of its batches
    lengths = {batch_size, n % batch_size or batch_size}  # that of the last batch may differ
    arrays = {length: shared_arrays(net.sizes, length, net.dtype) for length in lengths}
    gradient = functools.partial(loss_gradient, net, loss)
    if loss.on_logits or net.output == "identity":
        gradient = loss.df
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), blas_threads(net, batch_size):
        for epoch in range(epochs):
            order = rng.permutation(n) if batch_size < n else np.arange(n)
            for start in range(0, n, batch_size):
                stop = min(start + batch_size, n)
                rows, (X_b, Y_b, ahead, back) = order[start:stop], arrays[stop - start]
                X.take(rows, axis=0, out=X_b, mode="clip")  # no bounds check, no new array
                Y.take(rows, axis=0, out=Y_b, mode="clip")
                Z_b = net.run(X_b, [*ahead, Z[start:stop]])
                net.run_back(gradient(Z_b, Y_b), back)
                if stop == n:
                    rate = getattr(optimizer, "rate", None)
                optimizer.step(net.theta, net.grad)

            value, score = of_epoch(net, loss, Z, Y, order)
            history.loss.append(value)
            history.score.append(score)
            history.lr.append(rate)
            history.seconds = time.perf_counter() - begin
            if validation_data is not None:
                Z_val = net.infer(X_val)
                history.val_loss.append(loss_value(net, loss, Z_val, Y_val))
                history.val_score.append(accuracy_or_r2(loss, net, Z_val, Y_val))
                if history.val_loss[-1] < best_loss:
                    best_loss, history.best_epoch = history.val_loss[-1], epoch
                    best_theta = net.theta.copy() if patience is not None else None
            if blown_up(net, history):
                history.diverged = True
                warnings.warn(
                    f"training diverged in epoch {epoch}: the loss is {history.loss[-1]:.4g}, "
                    f"it began at {history.loss[0]:.4g}; try a smaller learning rate",
                    RuntimeWarning,
                    stacklevel=2,
                )
                break
            if progress:
                show_progress(epoch + 1, epochs, history)
            if callback is not None and callback(net, history, epoch):
                break
            if patience is not None and epoch - history.best_epoch >= patience:
                break
    if progress:
        print()
    if best_theta is not None:
        net.theta[:] = best_theta
    history.seconds = time.perf_counter() - begin
    return history


def of_epoch(net, loss, Z, Y, order, rows=4096):
    """Return loss and score of an epoch's outputs Z, whose targets are Y[order].

    A block of rows at a time: the arrays on the way are larger than all others of training together. Only
    R² is no mean over samples, and takes them all.
    """
    n = len(Z)
    if n <= rows or (net.output == "identity" and loss.kind != "signs"):
        Y = Y[order]
        return loss_value(net, loss, Z, Y), accuracy_or_r2(loss, net, Z, Y)
    sums = np.zeros(2)
    for start in range(0, n, rows):
        Z_b = Z[start : start + rows]
        sums += len(Z_b) * np.array(of_epoch(net, loss, Z_b, Y, order[start : start + rows], rows))
    return tuple((sums / n).tolist())


def loss_value(net, loss, Z, Y):
    """Return the loss of pre-outputs Z."""
    return float(loss.f(Z if loss.on_logits else net.activate(Z), Y))


def loss_gradient(net, loss, Z, Y):
    """Return the loss's gradient at the pre-outputs Z: the delta of (6.1)."""
    if loss.on_logits or net.output == "identity":
        return loss.df(Z, Y)
    A = net.activate(Z)
    dA = loss.df(A, Y)
    return softmax_backward(dA, A) if net.output == "softmax" else dA * A * (1 - A)


def choose_loss(net, loss):
    """Return the Loss object for a name, an object or None, and see that it fits the output of `net`."""
    if not isinstance(loss, Loss):
        loss = lookup("loss", MATCHING_LOSS[net.output] if loss is None else loss, LOSSES)
    if net.output not in loss.outputs:
        raise ValueError(
            f"loss {loss.name!r} goes with output {' or '.join(map(repr, loss.outputs))}, "
            f"but this network has output {net.output!r}, which {MATCHING_LOSS[net.output]!r} matches"
        )
    return loss


def examples(net, loss, name_x, X, name_y, y):
    """Return X and the targets as arrays of the network's dtype, checked."""
    X = as_input(name_x, X, net.sizes[0], net.dtype)
    y = as_array(name_y, y)
    if y.ndim == 0:
        raise ValueError(f"{name_y} must have shape (n_samples,) or (n_samples, n_out), got a single value")
    same_length(name_x, X, name_y, y)
    shape = (len(X), net.sizes[-1])
    if net.output == "softmax" and y.shape != shape:
        return X, LOSSES["cross_entropy"].targets(y, shape, net.dtype, name_y)  # labels do for any loss
    return X, loss.targets(y, shape, net.dtype, name_y)


def accuracy_or_r2(loss, net, Z, Y):
    """Return the share of right decisions, or for values R², from pre-outputs Z and targets Y."""
    if loss.kind == "signs":
        return float(np.mean((Z >= 0) == (Y > 0)))
    if net.output == "softmax":
        return float(np.mean(Z.argmax(axis=1) == Y.argmax(axis=1)))
    if net.output == "sigmoid":
        return float(np.mean((Z >= 0) == (Y >= 0.5)))
    return r2(Z, Y)


def r2(A, Y):
    """Return R² = 1 - (sum of squared errors) / (sum of squares around the mean), averaged over outputs."""
    residual = ((Y - A) ** 2).sum(axis=0)
    total = ((Y - Y.mean(axis=0)) ** 2).sum(axis=0)
    constant = total == 0  # a constant target: 1 if it is met exactly, else 0
    return float(np.mean(np.where(constant, residual == 0, 1 - residual / np.where(constant, 1, total))))


def blown_up(net, history):
    """Return whether the run has diverged: a number is not finite, or the loss 10,000 times its beginning."""
    losses = [history.loss[-1], *history.val_loss[-1:]]
    return not (
        np.isfinite(losses).all()
        and np.isfinite(net.theta).all()
        and history.loss[-1] <= 1e4 * max(history.loss[0], 1e-3)
    )


@contextlib.contextmanager
def blas_threads(net, batch_size):
    """Hold the matrix products of a small network to one thread, if threadpoolctl is installed."""
    products = max(n_in * n_out for n_in, n_out in zip(net.sizes, net.sizes[1:], strict=False)) * batch_size
    if products > SMALL or threads() is None:
        yield
        return
    with threads().limit(limits=1, user_api="blas"):
        yield


@functools.cache  # looking for the libraries takes longer than ten steps of a small network
def threads():
    """Return what holds the libraries' threads, or None without threadpoolctl."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()


def show_progress(epoch, epochs, history):
    """Draw a bar on the current line, over the one before."""
    done = 20 * epoch // epochs
    text = f"\r[{'#' * done}{'.' * (20 - done)}] {epoch}/{epochs}  loss {history.loss[-1]:.4f}"
    text += f"  val_loss {history.val_loss[-1]:.4f}" if history.val_loss else ""
    print(text, end="", flush=True)
