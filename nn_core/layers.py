"""Layers: the parts of a network, each with its way forward and its way back.

A layer keeps what its backward pass will need (the input of a Linear layer, the z of an Activation) and
holds its parameters as views into flat vectors that it shares with the whole network. ``backward`` takes the
gradient at the layer's output, fills the gradients of the parameters and returns the gradient at the input;
it only sums, since the 1/n stands in the loss. The optional ``out`` names an array to write the result into.
"""

from functools import partial
from operator import attrgetter

import numpy as np

from nn_core.activations import ACTIVATIONS
from nn_core.checks import a_count, a_float_dtype, a_generator, as_floats, as_matrix, lookup


def he_normal(n_in, n_out, rng):
    """He's initialization: W normal with variance 2 / n_in, made for ReLU."""
    return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))  # (3.14)


def glorot_uniform(n_in, n_out, rng):
    """Glorot's initialization: W uniform in ±√(6 / (n_in + n_out)), made for tanh."""
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))  # (3.15)


def small_normal(n_in, n_out, rng):
    """Too small for a deep network: W normal with standard deviation 0.01, whatever the width."""
    return rng.normal(0, 0.01, (n_in, n_out))


def large_normal(n_in, n_out, rng):
    """Too large: W normal with standard deviation 1, whatever the width."""
    return rng.normal(0, 1, (n_in, n_out))


def zeros(n_in, n_out, rng):
    """All zero: every unit of a layer computes the same and learns the same, forever."""
    return np.zeros((n_in, n_out))


INITIALIZERS = {f.__name__: f for f in (he_normal, glorot_uniform, small_normal, large_normal, zeros)}


def view(name):
    """Return a property for an array in a shared vector: assigning to it writes there, and breaks no tie.

    ``layer.W = [[1, 2], [3, 4]]`` would otherwise give the layer an array of its own, which no optimizer
    ever reaches. The array itself is ``layer._W``. (Reading takes a third of the time that a descriptor
    written in Python takes: 1 of 20 µs for a step of a small network.)
    """

    def write(layer, value):
        array, value = getattr(layer, "_" + name), np.asarray(value)
        if value.shape != array.shape:
            raise ValueError(f"{name} must have shape {array.shape}, got {value.shape}")
        array[...] = value

    return property(attrgetter("_" + name), write)


class Layer:
    """A step of the network. `names` lists its parameters: ``W`` has its gradient in ``dW``."""

    names = ()

    @property
    def size(self):
        """Return the number of parameters."""
        return sum(getattr(self, name).size for name in self.names)

    def bind(self, theta, grad):
        """Move the parameters into `theta`, their gradients into `grad`, and hold views of both."""
        start = 0
        for name in self.names:
            value = getattr(self, name)
            stop = start + value.size
            theta[start:stop] = value.ravel()
            setattr(self, "_" + name, theta[start:stop].reshape(value.shape))
            setattr(self, "d" + name, grad[start:stop].reshape(value.shape))
            start = stop

    def own(self, dtype, **values):
        """Give a layer that belongs to no network vectors of its own, with these parameters in them."""
        dtype = a_float_dtype("dtype", dtype)
        for name, value in values.items():
            setattr(self, "_" + name, value)
        self.bind(np.empty(self.size, dtype), np.zeros(self.size, dtype))


class Linear(Layer):
    """Every output a weighted sum of every input: $Z = X W + b$.

    Parameters
    ----------
    n_in, n_out : int, number of inputs and of units
    rng : numpy.random.Generator
    init : name in INITIALIZERS, or a function (n_in, n_out, rng) -> W; biases start at zero
    dtype : float32 or float64

    Attributes
    ----------
    W, dW : arrays (n_in, n_out)
    b, db : arrays (n_out,)
    """

    names = ("W", "b")
    W, b = view("W"), view("b")

    def __init__(self, n_in, n_out, rng=None, init="glorot_uniform", dtype=np.float64):
        n_in, n_out = a_count("n_in", n_in), a_count("n_out", n_out)
        draw = init if callable(init) else lookup("init", init, INITIALIZERS)
        W = np.asarray(draw(n_in, n_out, a_generator(rng)))
        if W.shape != (n_in, n_out):
            raise ValueError(f"init must return W of shape {(n_in, n_out)}, got {W.shape}")
        self.own(dtype, W=W, b=np.zeros(n_out))
        self.X, self.ones = None, np.ones(0, dtype)

    def forward(self, X, out=None):
        """Return Z (n_samples, n_out) for X (n_samples, n_in)."""
        self.X = X
        Z = X.dot(self.W, out)
        Z += self.b  # (5.1)
        return Z

    def at(self, X, W, b):
        """Return Z for other parameters than the layer's own, or for stacks of them (m, …)."""
        return X @ W + b

    def backward(self, dZ, out=None):
        """Fill dW and db from dZ (n_samples, n_out); return dX (n_samples, n_in)."""
        self.parameter_gradients(dZ)
        return dZ.dot(self.W.T, out)  # (6.2), its first factor

    def parameter_gradients(self, dZ):
        """Fill dW and db alone: the first layer of a network needs no dX."""
        if len(self.ones) != len(dZ):
            self.ones = np.ones(len(dZ), self.ones.dtype)
        self.X.T.dot(dZ, self.dW)  # (6.3); for small matrices dot takes half the time of matmul
        self.ones.dot(dZ, self.db)  # (6.4), the sum over samples as a product: a third of the time of a sum


class Activation(Layer):
    """An activation function applied to every entry: $A = f(Z)$. `params` are its hyper-parameters."""

    def __init__(self, name, **params):
        self.function = lookup("activation", name, ACTIVATIONS)
        self.params = self.function.checked(params)
        self.f, self.df = self.function.f, self.function.df
        if self.params:
            self.f, self.df = partial(self.f, **self.params), partial(self.df, **self.params)
        self.Z = self.A = None

    def forward(self, Z, out=None):
        """Return A, of the shape of Z."""
        self.Z = Z
        A = self.A = self.f(Z, out=out)  # (5.2)
        return A

    def infer(self, Z, out=None):
        """Return A, and keep nothing for a backward pass."""
        return self.f(Z, out=out)

    at = infer  # it has no parameters

    def backward(self, dA, out=None):
        """Return dZ = dA f'(Z)."""
        slope = self.df(self.Z)  # (6.2), its second factor; multiplied, six times faster than dA[Z <= 0] = 0
        return np.multiply(dA, slope, out=out, dtype=dA.dtype, casting="same_kind")


class PReLU(Layer):
    r"""ReLU with a learned slope below zero, one per unit: $f(z) = z$ for $z > 0$, else $\alpha z$.

    He, Zhang, Ren and Sun, 2015; they start alpha at 0.25 too.

    Attributes
    ----------
    alpha, dalpha : arrays (n_units,)
    """

    names = ("alpha",)
    alpha = view("alpha")

    def __init__(self, n_units, alpha=0.25, dtype=np.float64):
        n_units, alpha = a_count("n_units", n_units), as_floats("alpha", alpha, finite=True)
        if alpha.shape not in ((), (n_units,)):
            raise ValueError(f"alpha must be one number or have shape ({n_units},), got {alpha.shape}")
        self.own(dtype, alpha=np.full(n_units, alpha))
        self.Z = self.A = None

    def forward(self, Z, out=None):
        """Return A (n_samples, n_units)."""
        self.Z = Z
        self.A = self.infer(Z, out)
        return self.A

    def infer(self, Z, out=None):
        """Return A, and keep nothing for a backward pass."""
        return self.at(Z, self.alpha, out)

    def at(self, Z, alpha, out=None):
        """Return A for another alpha than the layer's own, or for a stack of them (m, 1, n_units)."""
        return np.add(np.maximum(Z, 0), alpha * np.minimum(Z, 0), out=out)

    def backward(self, dA, out=None):
        """Fill dalpha from dA (n_samples, n_units); return dZ."""
        np.sum(dA * np.minimum(self.Z, 0), axis=0, out=self.dalpha)  # (4.7)
        return np.multiply(dA, np.where(self.Z > 0, self.alpha.dtype.type(1), self.alpha), out=out)


def shared_arrays(sizes, n, dtype):
    """Return the arrays that all batches of n samples write into: X, Y, layers' outputs, gradients there.

    A new array for every product would cost more than the product does in a small network. An activation
    writes its gradient over the one that it was given.
    """
    X, Y = np.empty((n, sizes[0]), dtype), np.empty((n, sizes[-1]), dtype)
    ahead, back = [], [None]
    for width in sizes[1:-1]:
        Z, A, gradient = (np.empty((n, width), dtype) for _ in range(3))
        ahead += [Z, A]
        back += [gradient, gradient]
    return X, Y, ahead, back


def as_input(name, X, n_columns, dtype):
    """Return X as a finite contiguous matrix of `dtype` with `n_columns` columns."""
    return np.ascontiguousarray(as_matrix(name, X, n_columns), dtype=dtype)
