"""Models: Rosenblatt's perceptron, and the multi-layer perceptron of any depth.

Both speak scikit-learn's language: ``fit``, ``predict``, ``score``. The parameters of an MLP are one flat
vector `theta`, its gradient the flat vector `grad`; the layers hold views of them. So an optimizer is an
equation on one vector, and a gradient check nudges one entry after the other.
"""

from pathlib import Path

import numpy as np

from nn_core import gradcheck, training
from nn_core.activations import ACTIVATIONS, sigmoid, softmax_trusting
from nn_core.checks import (
    a_count,
    a_float_dtype,
    a_generator,
    a_number,
    as_floats,
    as_labels,
    as_matrix,
    lookup,
    same_length,
)
from nn_core.layers import INITIALIZERS, Activation, Linear, PReLU, as_input, view

OUTPUTS = ("identity", "sigmoid", "softmax")
GLOROT = ("identity", "sigmoid", "tanh")  # about as steep on both sides; the others get He's start


class Perceptron:
    r"""Rosenblatt's perceptron: $\hat y = 1$ if $w \cdot x + b \geq 0$, else $0$.

    Starts at zero, sees the samples in the order given, and stops after the first epoch without a mistake.
    Rosenblatt, 1958. scikit-learn's Perceptron shuffles the samples and leaves the step's scale to eta0.

    Parameters
    ----------
    lr : float above 0, eta, the learning rate
    max_epochs : int, when to give up

    Attributes
    ----------
    w_ : array (n_features,)
    b_ : float
    errors_ : list of int, the mistakes of each epoch

    >>> gate = Perceptron().fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> gate.w_, gate.b_, gate.errors_
    (array([2., 1.]), -3.0, [2, 3, 3, 2, 1, 0])
    """

    def __init__(self, lr=1.0, max_epochs=100):
        self.lr = a_number("lr", lr, 0, open_low=True)
        self.max_epochs = a_count("max_epochs", max_epochs)

    def fit(self, X, y):
        """Learn from X (n_samples, n_features) and labels y (n_samples,) of 0 and 1; return self.

        ValueError or TypeError if they do not fit each other, or hold other labels, NaN or infinity.
        """
        X, y = as_matrix("X", X).astype(np.float64), as_labels("y", y, 2)
        same_length("X", X, "y", y)
        self.w_, self.b_, self.errors_ = np.zeros(X.shape[1]), 0.0, []
        for _ in range(self.max_epochs):
            self.errors_.append(sum(self.update(x_i, y_i) for x_i, y_i in zip(X, y, strict=True)))
            if self.errors_[-1] == 0:
                break
        return self

    def update(self, x, y):
        """Apply the learning rule to one sample; return whether it was mistaken."""
        error = int(y) - int(x @ self.w_ + self.b_ >= 0)
        if error:
            self.w_ = self.w_ + self.lr * error * x  # (2.2)
            self.b_ = self.b_ + self.lr * error  # (2.3)
        return error != 0

    def net_input(self, X):
        """Return z = X w + b (n_samples,)."""
        if not hasattr(self, "w_"):
            raise ValueError("this Perceptron has learned nothing yet: call fit(X, y) first")
        return as_matrix("X", X, len(self.w_)) @ self.w_ + self.b_  # (1.1)

    def predict(self, X):
        """Return labels (n_samples,) for X (n_samples, n_features), 1 where z >= 0."""
        return (self.net_input(X) >= 0).astype(np.int64)

    def score(self, X, y):
        """Return the accuracy on X (n_samples, n_features) and labels y (n_samples,), 0 to 1."""
        predicted, y = self.predict(X), as_labels("y", y, 2)
        same_length("X", predicted, "y", y)
        return float(np.mean(predicted == y))


class MLP:
    """Multi-layer perceptron: layers of units, each fully connected to the next.

    Parameters
    ----------
    sizes : list of int, the number of inputs, of units in each hidden layer, of outputs
    hidden : name in ACTIVATIONS or "prelu", the activation of the hidden layers
    output : "identity" for values, "sigmoid" for yes-no questions, "softmax" for one class out of several
    rng : numpy.random.Generator for the first weights
    dtype : float32 (half the memory, about twice the speed) or float64
    init : name in INITIALIZERS, a function (n_in, n_out, rng) -> W, or None: He's for ReLU and its
        kin, Glorot's for the others and for the output layer
    hidden_params : dict, hyper-parameters of the hidden activation

    Attributes
    ----------
    theta, grad : flat arrays (n_parameters,), in the order W1, b1, W2, b2, …
    layers : list of Linear, whose W and b are views of theta
    activations : list of what follows each hidden layer

    >>> net = MLP([2, 16, 16, 1], rng=np.random.default_rng(0))
    >>> net.theta.size, net.layers[0].W.shape
    (337, (2, 16))
    """

    theta, grad = view("theta"), view("grad")  # so that net.theta = net.theta - lr * net.grad works

    def __init__(self, sizes, hidden="relu", output="identity", rng=None, dtype=np.float64, init=None,
                 hidden_params=None):
        if not np.iterable(sizes):
            raise TypeError(f"sizes must be a list, the inputs, the units of each layer, …, got {sizes!r}")
        self.sizes = [a_count(f"sizes[{i}]", size) for i, size in enumerate(sizes)]
        if len(self.sizes) < 2:
            raise ValueError(f"sizes must name the inputs and the outputs at least, got {list(sizes)}")
        lookup("hidden", hidden, {**ACTIVATIONS, "prelu": PReLU})
        lookup("output", output, dict.fromkeys(OUTPUTS))
        if not isinstance(hidden_params, (dict, type(None))):
            raise TypeError(f"hidden_params must be a dict, as {{'alpha': 0.1}} is, got {hidden_params!r}")
        self.hidden, self.output, self.hidden_params = hidden, output, dict(hidden_params or {})
        if output == "softmax" and self.sizes[-1] < 2:
            raise ValueError("softmax needs two outputs or more; for one yes-no output there is 'sigmoid'")
        self.dtype = a_float_dtype("dtype", dtype)
        if init is not None and not callable(init):
            lookup("init", init, INITIALIZERS)
        rng = a_generator(rng)
        self.layers, self.activations = [], []
        for i, (n_in, n_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            last = i == len(self.sizes) - 2
            start = init or ("glorot_uniform" if last or hidden in GLOROT else "he_normal")
            self.layers.append(Linear(n_in, n_out, rng, start, self.dtype))
            if not last:
                bent = PReLU(n_out, dtype=self.dtype, **self.hidden_params) if hidden == "prelu" else None
                self.activations.append(bent or Activation(hidden, **self.hidden_params))
        pairs = zip(self.layers, [*self.activations, None], strict=True)
        self.sequence = [layer for pair in pairs for layer in pair if layer is not None]
        self._theta = np.zeros(sum(layer.size for layer in self.sequence), self.dtype)
        self._grad = np.zeros_like(self._theta)
        start = 0
        for layer in self.sequence:
            stop = start + layer.size
            layer.bind(self.theta[start:stop], self.grad[start:stop])
            start = stop
        self.nowhere = [None] * len(self.sequence)

    def forward(self, X):
        """Return the pre-output Z (n_samples, n_out) for X (n_samples, n_in): values or logits."""
        return self.run(as_input("X", X, self.sizes[0], self.dtype), self.nowhere)

    def backward(self, dZ):
        """Fill `grad` from dZ (n_samples, n_out), the loss's gradient at the Z of the last forward."""
        if self.layers[-1].X is None:
            raise ValueError("backward needs a forward pass first: call forward(X)")
        dZ, expected = as_floats("dZ", dZ, finite=True), (len(self.layers[-1].X), self.sizes[-1])
        if dZ.shape != expected:
            raise ValueError(f"dZ must have the shape of the last forward's Z, {expected}, got {dZ.shape}")
        self.run_back(dZ.astype(self.dtype, copy=False), self.nowhere)

    def run(self, A, outs):
        """Send A through all layers; `outs` are arrays to write each layer's output into, or None."""
        for layer, out in zip(self.sequence, outs, strict=True):
            A = layer.forward(A, out)  # (5.3)
        return A

    def run_back(self, dA, outs):
        """Send dA back through all layers; `outs` are arrays for the gradient that each hands on, or None."""
        for layer, out in zip(self.sequence[:0:-1], outs[:0:-1], strict=True):
            dA = layer.backward(dA, out)
        self.layers[0].parameter_gradients(dA)

    def infer(self, X, rows=1024):
        """Return Z for an X that has been looked at, keeping nothing, a block of rows at a time.

        All blocks are written into the same arrays, one a layer. Fewer rows would fit a smaller cache, but
        each product reads all of W; 512 to 2,048 rows are equally fast, 128 a fifth slower.
        """
        Z, rows = np.empty((len(X), self.sizes[-1]), self.dtype), min(rows, len(X))
        blocks = [np.empty((rows, width), self.dtype) for width in self.sizes[1:-1]]
        for start in range(0, len(X), rows):
            A = X[start : start + rows]
            for layer, f, block in zip(self.layers, self.activations, blocks, strict=False):
                A = A.dot(layer.W, block[: len(A)])
                A += layer.b
                f.infer(A, out=A)
            Z_b = A.dot(self.layers[-1].W, Z[start : start + rows])
            Z_b += self.layers[-1].b
        return Z

    def activate(self, Z):
        """Return the outputs A for pre-outputs Z: values or probabilities."""
        return {"identity": np.positive, "sigmoid": sigmoid, "softmax": softmax_trusting}[self.output](Z)

    def loss_and_gradient(self, X, y, loss=None):
        """Return the loss on all of X, and `grad` filled with its gradient."""
        return self.objective(X, y, loss)(self.theta)

    def objective(self, X, y, loss=None):
        """Return the loss on X and y as a function theta -> (loss, gradient), for `gradient_check`."""
        return gradcheck.Objective(self, X, y, loss)

    def predict(self, X):
        """Return values, or labels as integers, for X (n, n_in).

        Their shape is (n,), or (n, n_out) for several values or several yes-no outputs.
        """
        Z = self.infer(as_input("X", X, self.sizes[0], self.dtype))
        if self.output == "softmax":
            return Z.argmax(axis=1)
        A = Z if self.output == "identity" else (Z >= 0).astype(np.int64)
        return A[:, 0] if self.sizes[-1] == 1 else A

    def predict_proba(self, X):
        """Return probabilities: (n, K) of a softmax, (n,) of one sigmoid unit, (n, n_out) of several."""
        if self.output == "identity":
            raise ValueError("output 'identity' gives values, not probabilities: use predict")
        P = self.activate(self.infer(as_input("X", X, self.sizes[0], self.dtype)))
        return P[:, 0] if self.sizes[-1] == 1 else P

    def score(self, X, y):
        """Return the accuracy on X (n, n_in) and y, which is as for `fit`, or R² for output "identity"."""
        loss = training.choose_loss(self, None)
        X, Y = training.examples(self, loss, "X", X, "y", y)
        return training.accuracy_or_r2(loss, self, self.infer(X), Y)

    fit = training.fit

    def save(self, path):
        """Write architecture and parameters to `path`, an .npz file without pickle."""
        import json  # here and in load: importing nn_core stays quick

        with Path(path).open("wb") as file:
            np.savez(file, theta=self.theta, about=np.array(json.dumps(self.about())))

    @classmethod
    def load(cls, path):
        """Return the network that `save` wrote to `path`."""
        import json
        from zipfile import BadZipFile

        try:
            with np.load(path, allow_pickle=False) as file:
                theta, about = file["theta"], json.loads(str(file["about"]))
        except (KeyError, ValueError, TypeError, AttributeError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path} is not a network written by MLP.save: {error}") from None
        return rebuilt(about, theta)

    def about(self):
        """Return the arguments that make this network again, but for its parameters."""
        return {name: getattr(self, name) for name in ("sizes", "hidden", "output", "hidden_params")}

    def __reduce__(self):  # a copy made entry by entry would have layers apart from its theta
        return rebuilt, (self.about(), self.theta.copy())

    def __repr__(self):
        sizes = "-".join(map(str, self.sizes))
        return f"<MLP {sizes}, hidden {self.hidden}, output {self.output}, {self.theta.size} parameters>"


def rebuilt(about, theta):
    """Return the network of these arguments with these parameters."""
    net = MLP(**about, dtype=theta.dtype, init="zeros")
    net.theta = theta
    return net
