"""The peers of bench_training.py: one process each, told by lines of JSON what to do.

    python benchmarks/peers.py "torch fused" 1      # name and number of threads; then commands on stdin

Every peer trains the same network from the same weights on the same batches in the same order (that of
``numpy.random.default_rng(ORDER).permutation``, drawn anew each epoch inside the timed part), in float32,
in the way its own documentation shows, and reports the mean loss of each epoch. A peer that shuffles in its
own way is handed each epoch already in order. Nothing here is tuned against a peer: batches are gathered
by one index (no DataLoader), gradients are set to None, JAX donates its buffers.
"""

import json
import os
import sys
import time

NAME, THREADS = sys.argv[1], int(sys.argv[2])
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
if THREADS <= len(CORES):
    os.sched_setaffinity(0, CORES[-THREADS:])  # before the libraries look how many cores there are

import numpy as np  # noqa: E402 - after the process has been given its cores

ORDER = 7  # seed of the order of the samples


class Peer:
    """What all share: the data of a workload, the order of an epoch."""

    def setup(self, work, data):
        self.work, self.X, self.y, self.theta = work, data["X"], data["y"], data["theta"]
        self.rng = np.random.default_rng(ORDER)
        self.prepare()

    def weights(self):
        """Return the first weights as (W, b) pairs, W of shape (n_in, n_out)."""
        pairs, start = [], 0
        for n_in, n_out in zip(self.work["sizes"], self.work["sizes"][1:], strict=False):
            W = self.theta[start : start + n_in * n_out].reshape(n_in, n_out)
            pairs.append((W.copy(), self.theta[start + n_in * n_out :][:n_out].copy()))
            start += (n_in + 1) * n_out
        return pairs

    def batches(self):
        """Yield the row numbers of each batch of one epoch."""
        order, size = self.rng.permutation(len(self.X)), self.work["batch"]
        for start in range(0, len(order), size):
            yield order[start : start + size]

    def targets(self):
        """Return y as this workload's loss wants it: class numbers, or a float column."""
        return self.y if self.work["loss"] == "softmax" else self.y.astype(np.float32)[:, None]

    def run(self, epochs):
        return [self.epoch() for _ in range(epochs)]

    def setup_step(self, work, data):
        """Make ready for optimizer steps alone, on one long vector."""
        raise NotImplementedError

    def setup_infer(self, work, data):
        """Make ready for predictions."""
        self.setup(work, data)


class Core(Peer):
    """nn_core as a reader uses it: `fit`, `predict`, `step`."""

    def prepare(self):
        import nn_core as nn

        out = {"softmax": "softmax", "bce": "sigmoid", "hinge": "identity"}[self.work["loss"]]
        self.net = nn.MLP(self.work["sizes"], output=out, dtype=np.float32, init="zeros")
        self.net.theta[:] = self.theta
        self.loss = "hinge" if self.work["loss"] == "hinge" else None
        makers = {"adam": lambda: nn.Adam(1e-3), "momentum": lambda: nn.SGD(0.05, momentum=0.9),
                  "sgd": lambda: nn.SGD(0.05)}
        self.optimizer = makers[self.work["optimizer"]]()

    def run(self, epochs):
        return self.net.fit(self.X, self.y, loss=self.loss, optimizer=self.optimizer, epochs=epochs,
                            batch_size=self.work["batch"], rng=self.rng).loss

    def setup_step(self, work, data):
        import nn_core as nn

        self.vector, self.slope, self.optimizer = data["theta"].copy(), data["slope"], nn.Adam(1e-3)

    def step(self):
        self.optimizer.step(self.vector, self.slope)
        return self.vector

    def infer(self):
        return self.net.predict(self.X)


class Naive(Peer):
    """NumPy as textbooks write it: a new array for every operation, the optimizer array by array."""

    def prepare(self):
        self.layers = [list(pair) for pair in self.weights()]
        self.m = [[np.zeros_like(p) for p in pair] for pair in self.layers]
        self.v = [[np.zeros_like(p) for p in pair] for pair in self.layers]
        self.t = 0
        self.Y = self.targets()
        if self.work["loss"] == "softmax":
            self.Y = np.eye(self.work["sizes"][-1], dtype=np.float32)[self.y]

    def epoch(self):
        total = 0.0
        for rows in self.batches():
            X, Y = self.X[rows], self.Y[rows]
            A = [X]
            for i, (W, b) in enumerate(self.layers):
                Z = A[-1] @ W + b
                A.append(np.maximum(Z, 0) if i < len(self.layers) - 1 else Z)
            loss, D = self.loss(A[-1], Y)
            total += loss * len(rows)
            gradients = []
            for i in range(len(self.layers) - 1, -1, -1):
                gradients.insert(0, (A[i].T @ D, D.sum(axis=0)))
                if i > 0:
                    D = D @ self.layers[i][0].T
                    D[A[i] <= 0] = 0
            self.update(gradients)
        return total / len(self.X)

    def loss(self, Z, Y):
        n = len(Z)
        if self.work["loss"] == "softmax":
            E = np.exp(Z - Z.max(axis=1, keepdims=True))
            P = E / E.sum(axis=1, keepdims=True)
            return float(-np.sum(Y * np.log(P + 1e-30)) / n), (P - Y) / n
        if self.work["loss"] == "bce":
            P = 1 / (1 + np.exp(-Z))
            return float(-np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / n), (P - Y) / n
        return float(np.sum(np.maximum(0, 1 - Y * Z)) / n), np.where(Y * Z < 1, -Y, 0).astype(Z.dtype) / n

    def update(self, gradients):
        self.t += 1
        for parameters, slopes, ms, vs in zip(self.layers, gradients, self.m, self.v, strict=True):
            for k in range(2):
                parameters[k] = self.moved(parameters[k], slopes[k], ms, vs, k)

    def moved(self, w, g, m, v, k):
        if self.work["optimizer"] == "sgd":
            return w - 0.05 * g
        if self.work["optimizer"] == "momentum":
            v[k] = 0.9 * v[k] + 0.05 * g
            return w - v[k]
        m[k] = 0.9 * m[k] + 0.1 * g
        v[k] = 0.999 * v[k] + 0.001 * g**2
        return w - 0.001 * (m[k] / (1 - 0.9**self.t)) / (np.sqrt(v[k] / (1 - 0.999**self.t)) + 1e-8)

    def setup_step(self, work, data):
        self.work, self.vector, self.slope, self.t = work, data["theta"].copy(), data["slope"], 0
        self.ms, self.vs = [np.zeros_like(self.vector)], [np.zeros_like(self.vector)]

    def step(self):
        self.t += 1
        self.vector = self.moved(self.vector, self.slope, self.ms, self.vs, 0)
        return self.vector

    def infer(self):
        A = self.X
        for i, (W, b) in enumerate(self.layers):
            A = A @ W + b
            A = np.maximum(A, 0) if i < len(self.layers) - 1 else A
        return A.argmax(axis=1)


class Torch(Peer):
    """PyTorch: Sequential, the loss on logits, an optimizer of torch.optim."""

    def __init__(self):
        import torch

        self.torch = torch
        torch.set_num_threads(THREADS)
        torch.set_flush_denormal("flush" in NAME)
        self.options = {key: True for key in ("fused", "foreach") if key in NAME}

    def prepare(self):
        torch = self.torch
        parts = []
        for W, b in self.weights():
            linear = torch.nn.Linear(*W.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W.T))
                linear.bias.copy_(torch.from_numpy(b))
            parts += [linear, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*parts[:-1])
        self.loss = {"softmax": torch.nn.functional.cross_entropy,
                     "bce": torch.nn.functional.binary_cross_entropy_with_logits,
                     "hinge": lambda z, y: torch.relu(1 - y * z).mean()}[self.work["loss"]]
        self.inputs = torch.from_numpy(self.X)
        self.labels = torch.from_numpy(self.targets())
        self.optimizer = self.made(self.model.parameters(), self.work["optimizer"])

    def made(self, parameters, kind):
        if kind == "adam":
            return self.torch.optim.Adam(parameters, lr=1e-3, **self.options)
        momentum = 0.9 if kind == "momentum" else 0.0
        return self.torch.optim.SGD(parameters, lr=0.05, momentum=momentum, **self.options)

    def epoch(self):
        total = self.torch.zeros(())
        for rows in self.batches():
            rows = self.torch.from_numpy(rows)
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.model(self.inputs[rows]), self.labels[rows])
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(rows)
        return float(total) / len(self.X)

    def setup_step(self, work, data):
        self.vector = self.torch.nn.Parameter(self.torch.from_numpy(data["theta"].copy()))
        self.vector.grad = self.torch.from_numpy(data["slope"])
        self.optimizer = self.made([self.vector], "adam")

    def step(self):
        self.optimizer.step()
        return self.vector.detach().numpy()

    def infer(self):
        with self.torch.inference_mode():
            return self.model(self.inputs).argmax(dim=1).numpy()


class Jax(Peer):
    """JAX: one jitted step a batch ("jax step"), or one jitted scan over an epoch ("jax scan")."""

    def __init__(self):
        import jax
        import jax.numpy as jnp

        self.jax, self.jnp = jax, jnp

    def prepare(self):
        jax, jnp, kind = self.jax, self.jnp, self.work["optimizer"]

        def forward(parameters, X):
            for W, b in parameters[:-1]:
                X = jax.nn.relu(X @ W + b)
            W, b = parameters[-1]
            return X @ W + b

        def loss(parameters, X, y):
            Z = forward(parameters, X)
            if self.work["loss"] == "softmax":
                return -jnp.take_along_axis(jax.nn.log_softmax(Z), y[:, None], axis=1).mean()
            return (jnp.maximum(Z, 0) - y * Z + jnp.log1p(jnp.exp(-jnp.abs(Z)))).mean()

        def step(state, rows, X, y):
            parameters, m, v, t = state
            value, slopes = jax.value_and_grad(loss)(parameters, X[rows], y[rows])
            t = t + 1
            if kind == "adam":
                m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, slopes)
                v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, slopes)
                c, d = 1 - 0.9**t, 1 - 0.999**t
                parameters = jax.tree.map(
                    lambda w, m, v: w - 1e-3 * (m / c) / (jnp.sqrt(v / d) + 1e-8), parameters, m, v)
            else:
                m = jax.tree.map(lambda m, g: 0.9 * m + 0.05 * g, m, slopes)
                parameters = jax.tree.map(lambda w, m: w - m, parameters, m)
            return (parameters, m, v, t), value

        def whole(state, order, X, y):
            state, values = jax.lax.scan(lambda state, rows: step(state, rows, X, y), state, order)
            return state, values.mean()

        parameters = jax.tree.map(jnp.asarray, self.weights())
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self.state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))
        self.inputs, self.labels = jnp.asarray(self.X), jnp.asarray(self.targets())
        self.one, self.all = jax.jit(step, donate_argnums=0), jax.jit(whole, donate_argnums=0)
        self.forward = jax.jit(lambda parameters, X: forward(parameters, X).argmax(axis=1))

    def epoch(self):
        if "scan" in NAME:
            order = np.stack(list(self.batches())).astype(np.int32)
            self.state, value = self.all(self.state, order, self.inputs, self.labels)
            return float(value)
        values = []
        for rows in self.batches():
            self.state, value = self.one(self.state, rows.astype(np.int32), self.inputs, self.labels)
            values.append(value)
        return float(self.jnp.stack(values).mean())

    def infer(self):
        return np.asarray(self.forward(self.state[0], self.inputs))


class ScikitLearn(Peer):
    """scikit-learn's MLPClassifier; `partial_fit` of a shuffled epoch goes through the batches of `fit`."""

    def prepare(self):
        from sklearn.neural_network import MLPClassifier

        kind = self.work["optimizer"]
        self.model = MLPClassifier(
            self.work["sizes"][1:-1], alpha=0, batch_size=self.work["batch"], shuffle=False,
            solver="adam" if kind == "adam" else "sgd", learning_rate_init=1e-3 if kind == "adam" else 0.05,
            momentum=0.0 if kind == "sgd" else 0.9, nesterovs_momentum=False)
        # It has no way to be given weights: let it make its own in a step of no length, and write over them.
        size, rate = self.work["batch"], self.model.learning_rate_init
        self.model.learning_rate_init = 1e-30
        self.model.partial_fit(self.X[:size], self.y[:size], classes=np.unique(self.y))
        del self.model._optimizer
        self.model.learning_rate_init = rate
        for i, (W, b) in enumerate(self.weights()):
            self.model.coefs_[i][...], self.model.intercepts_[i][...] = W, b

    def epoch(self):
        order = np.concatenate(list(self.batches()))
        self.model.partial_fit(self.X[order], self.y[order])
        return float(self.model.loss_)

    def infer(self):
        return self.model.predict(self.X)


class Autograd(Naive):
    """HIPS autograd: the naive forward pass, its derivative made by autograd, the naive update."""

    def prepare(self):
        super().prepare()
        import autograd
        import autograd.numpy as anp

        def loss(layers, X, Y):
            for W, b in layers[:-1]:
                X = anp.maximum(anp.dot(X, W) + b, 0)
            Z = anp.dot(X, layers[-1][0]) + layers[-1][1]
            if self.work["loss"] == "softmax":
                Z = Z - anp.max(Z, axis=1, keepdims=True)
                Z = Z - anp.log(anp.sum(anp.exp(Z), axis=1, keepdims=True))
                return -anp.sum(Y * Z) / len(Y)
            return anp.sum(anp.maximum(Z, 0) - Y * Z + anp.log1p(anp.exp(-anp.abs(Z)))) / len(Y)

        self.slope_of = autograd.value_and_grad(loss)

    def epoch(self):
        total = 0.0
        for rows in self.batches():
            value, gradients = self.slope_of(self.layers, self.X[rows], self.Y[rows])
            total += float(value) * len(rows)
            self.update(gradients)
        return total / len(self.X)


class Micrograd(Peer):
    """micrograd: one Python object a number; it has no logarithm, hence the hinge loss."""

    def prepare(self):
        from micrograd.nn import MLP

        sizes = self.work["sizes"]
        self.model = MLP(sizes[0], sizes[1:])
        for layer, (W, b) in zip(self.model.layers, self.weights(), strict=True):
            for k, neuron in enumerate(layer.neurons):
                neuron.b.data = float(b[k])
                for i, weight in enumerate(neuron.w):
                    weight.data = float(W[i, k])

    def epoch(self):
        total = 0.0
        for rows in self.batches():
            scores = [self.model([float(x) for x in self.X[i]]) for i in rows]
            losses = [(1 + -float(y) * score).relu() for y, score in zip(self.y[rows], scores, strict=True)]
            loss = sum(losses) * (1.0 / len(losses))
            self.model.zero_grad()
            loss.backward()
            for p in self.model.parameters():
                p.data -= 0.05 * p.grad
            total += loss.data * len(rows)
        return total / len(self.X)


class Peak(Peer):
    """No peer: the fastest matrix product that this NumPy and this machine can do."""

    def setup_infer(self, work, data):
        shapes = [(2048, 2048, 2048), (1024, 1024, 1024), (10_000, 784, 1024), (10_000, 1024, 1024)]
        rng = np.random.default_rng(0)
        self.pairs = [(rng.random((n, k), np.float32), rng.random((k, m), np.float32)) for n, k, m in shapes]
        self.outs = [np.empty((len(A), B.shape[1]), np.float32) for A, B in self.pairs]
        self.best = 0.0

    def infer(self):
        for (A, B), out in zip(self.pairs, self.outs, strict=True):
            start = time.process_time()
            np.matmul(A, B, out=out)
            self.best = max(self.best, 2 * A.size * B.shape[1] / (time.process_time() - start))


def made():
    peers = {"nn_core": Core, "naive": Naive, "torch": Torch, "jax": Jax, "scikit-learn": ScikitLearn,
             "autograd": Autograd, "micrograd": Micrograd, "peak": Peak}
    for start, cls in peers.items():
        if NAME.startswith(start):
            return cls()
    raise ValueError(NAME)


def main():
    peer = made()
    print(json.dumps({"ready": NAME}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer = {}
        if order["do"] == "setup":
            work, data = order["work"], np.load(order["data"])
            setups = {"train": peer.setup, "step": peer.setup_step, "infer": peer.setup_infer}
            setups[work["what"]](work, data)
        else:
            wall, cpu = time.perf_counter(), time.process_time()
            if work["what"] == "train":
                answer["losses"] = peer.run(order["repeat"])
            elif work["what"] == "step":
                for _ in range(order["repeat"]):
                    result = peer.step()
            else:
                result = peer.infer()
            answer |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            if work["what"] == "step":
                answer["losses"] = [float(np.abs(result[:1000]).sum())]
            elif NAME == "peak":
                answer["best"] = peer.best
            elif work["what"] == "infer":
                answer["losses"] = [float(np.mean(result))]
        print(json.dumps(answer), flush=True)


main()
