"""Exercises of chapter 09, putting it together.

`train_digits` is judged by what its network can do: the weights come back as arrays, and this side runs them
on digits that the answer has not seen. `diagnose_run` reads training histories that are drawn afresh for
every check; each shows one illness clearly.
"""

import numpy as np

from nn_exercises.exercise import Case, Problem, Rng, case, exercise

CHAPTER = "09_putting_it_together"


def _seed(rng: np.random.Generator) -> int:
    """Draw the seed of a generator that an answer receives."""
    return int(rng.integers(2**31))


# ---------------------------------------------------------------------------- train_digits

THIRDS = (0.88, 0.93, 0.96)


@exercise(
    chapter=CHAPTER,
    difficulty="project",
    aim="Train a network of your own on handwritten digits, well enough for digits it has not seen.",
    hints=(
        "Everything you need is written already: `init_layer`, `iterate_minibatches`, `dense_forward`, "
        "`softmax_cross_entropy`, `relu_backward`, `dense_backward`, `adam_step`. Paste them above your "
        "answer and begin with one hidden layer; print the loss of every epoch.",
        "Check the parts in this order: does the loss of one batch fall when you train on that batch alone? "
        "Does the gradient of a tiny network agree with `gradient_check`? Does the loss still fall after "
        "ten epochs?",
        "One hidden layer of 64 ReLU units, He initialization, softmax cross-entropy, Adam with a learning "
        "rate of 0.003 and batches of 32 for 40 epochs reaches about 97.5 % in under a second. Adam keeps "
        "an m and a v for every array, and one t that counts the steps.",
    ),
    time_limit=20.0,
    patience=6.0,
    repeat=False,
    mutants=False,
)
def train_digits(X, y, rng):
    """Train a network with ReLU hidden layers to recognize digits.

    The check leaves out a random fifth of scikit-learn's digits, calls your function on the rest, and runs
    your network on what was left out; three times in all. Every layer but the last is A = relu(A @ W + b),
    the last is A @ W + b, and the largest entry is the answer. A third of the points each for a mean accuracy
    of 88, 93 and 96 %; the three trainings together may take 20 seconds.

    Parameters
    ----------
    X : array (n_samples, 64)
        Pixels of 8 x 8 images, from 0 to 1, in an order that differs from call to call and is the same for
        all images of a call. The network is run on pixels like these: if you scale or shift the inputs,
        build that into the first layer.
    y : integer array (n_samples,)
        Classes 0 to 9. Which class stands for which digit differs from call to call.
    rng : numpy.random.Generator
        For the initial weights and the order of the samples.

    Returns
    -------
    weights : list of arrays (n_in, n_out)
        One for each layer, at least two: the first has 64 rows, the last 10 columns.
    biases : list of arrays (n_out,)
        One for each layer.
    """
    layers = [(X.shape[1], 96), (96, 10)]
    weights = [rng.normal(0.0, np.sqrt(2 / n_in), (n_in, n_out)) for n_in, n_out in layers]
    biases = [np.zeros(n_out) for _, n_out in layers]
    parameters = [*weights, *biases]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    t = 0
    for epoch in range(40):
        lr = 0.003 if epoch < 30 else 0.0005
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            rows = order[start : start + 32]
            inputs = [X[rows]]
            for W, b in zip(weights[:-1], biases[:-1], strict=True):
                inputs.append(np.maximum(inputs[-1] @ W + b, 0))
            Z = inputs[-1] @ weights[-1] + biases[-1]
            dZ = np.exp(Z - Z.max(axis=1, keepdims=True))
            dZ /= dZ.sum(axis=1, keepdims=True)
            dZ[np.arange(len(rows)), y[rows]] -= 1
            dZ /= len(rows)
            dW, db = [], []
            for A, W in zip(reversed(inputs), reversed(weights), strict=True):
                dW.insert(0, A.T @ dZ)
                db.insert(0, dZ.sum(axis=0))
                dZ = (dZ @ W.T) * (A > 0)
            t += 1
            for p, g, (m, v) in zip(parameters, [*dW, *db], moments, strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g**2 - v)
                p -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return weights, biases


def _digits():
    """Return the digits, pixels from 0 to 1, and their labels."""
    from nn_core.data import load_digits

    return load_digits()


def _split(split: int):
    """Return training and test data of a split.

    Its classes are renumbered and its pixels stand in another order, so that no network fits that was trained
    before. A network of dense layers learns the one order as well as the other.
    """
    X, y = _digits()
    rng = np.random.default_rng([split, 9])
    order, classes, pixels = rng.permutation(len(X)), rng.permutation(10), rng.permutation(X.shape[1])
    X, y = X[order][:, pixels], classes[y[order]]
    n = len(X) * 4 // 5
    return X[:n], y[:n], X[n:], y[n:]


@train_digits.cases
def _(rng):
    for k in range(3):
        seed = _seed(rng)
        X, y, _, _ = _split(seed)
        yield case(X, y, Rng(seed), note=f"split {k + 1} of 3: {len(X)} digits to train on")


def _run(weights, biases, X, hidden=lambda Z: np.maximum(Z, 0)):
    """Run a network and return its answers."""
    A = X
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        A = hidden(A @ W + b)
    return (A @ weights[-1] + biases[-1]).argmax(axis=1)


DIGITS = {
    "not two lists": "Return two things: the list of weights and the list of biases, an array for each "
    "layer.",
    "order exchanged": "You return the biases first. Return the weights, then the biases.",
    "transposed": "Your weights are transposed: each W has shape (n_in, n_out), so the first has 64 rows "
    "and the last 10 columns. Rows are inputs in this book.",
    "layers do not fit": "The shapes of your layers do not fit together: the first W has 64 rows, each "
    "following one as many rows as the one before has columns, the last 10 columns; each b has as many "
    "entries as its W has columns.",
    "no hidden layer": "Your network has no hidden layer: it is softmax regression. At least one layer of "
    "ReLU units is asked for.",
    "not finite": "Your weights hold NaN or infinity: the training has blown up. Take a smaller learning "
    "rate, and subtract each row's maximum before the softmax.",
    "hidden layers are not ReLU": "Your network is good with another activation in its hidden layers (tanh, "
    "sigmoid, or none), but it is run with ReLU. Train it with ReLU hidden layers.",
    "inputs scaled inside": "Your network is good on inputs that you have scaled or shifted, but it is run "
    "on pixels from 0 to 1. Train on X as it comes, or build the scaling into the first layer's W and b.",
    "one answer for all": "Your network gives the same answer for nearly every digit. Weights that start at "
    "0 (or all equal) stay equal, and a learning rate that is too large kills the ReLUs: look at the first "
    "layer.",
    "not trained": "Your network is hardly better than chance, also on the digits that it was trained on: "
    "nothing is learned. Do the arrays that you return change at all? Does the loss fall when you train on "
    "one batch only?",
    "labels shuffled apart": "Your network has learned nothing that holds for new digits. Shuffle X and y "
    "with the same order, and index both with the same rows.",
    "trained too little": "Your network is not done: it errs on the digits that it was given for training, "
    "too. Use all rows, more epochs, a larger learning rate, or Adam instead of plain steps.",
    "overfitted": "Your network knows the digits that it was trained on and errs on new ones: it has "
    "overfitted. Smaller initial weights (He), fewer epochs or units, weight decay, or the best weights of "
    "a validation set help.",
}


def _is_network(value) -> str | None:
    """Return the name of what is wrong with the form of a returned network, or None."""
    if not (isinstance(value, list | tuple) and len(value) == 2):
        return "not two lists"
    if not all(isinstance(part, list | tuple) and len(part) for part in value):
        return "not two lists"
    weights, biases = value
    if not all(isinstance(a, np.ndarray) and a.dtype.kind in "fiu" for a in (*weights, *biases)):
        return "not two lists"
    if all(b.ndim == 2 for b in biases) and all(W.ndim == 1 for W in weights):
        return "order exchanged"
    if len(weights) != len(biases) or not all(W.ndim == 2 for W in weights):
        return "layers do not fit"
    if weights[0].shape[1] == 64 and weights[-1].shape[0] == 10 and weights[0].shape[0] != 64:
        return "transposed"
    widths = [64, *(W.shape[1] for W in weights)]
    if any(W.shape[0] != n for W, n in zip(weights, widths, strict=False)) or widths[-1] != 10:
        return "layers do not fit"
    if any(b.shape not in ((n,), (1, n)) for b, n in zip(biases, widths[1:], strict=True)):
        return "layers do not fit"
    if len(weights) == 1:
        return "no hidden layer"
    return None if all(np.isfinite(a).all() for a in (*weights, *biases)) else "not finite"


def _why(weights, biases, train, test) -> str | None:
    """Return the name of the likeliest reason why a network errs on new digits."""
    (X, y), (X_new, y_new) = train, test

    def right(answers, labels=y_new):
        return float(np.mean(answers == labels))

    score = right(_run(weights, biases, X_new))
    shift, scale = X.mean(axis=0), X.std(axis=0)
    others = {
        "hidden layers are not ReLU": [
            _run(weights, biases, X_new, f)
            for f in (
                np.tanh,
                lambda Z: 0.5 * (1 + np.tanh(Z / 2)),
                lambda Z: Z,
                lambda Z: np.where(Z > 0, Z, 0.1 * Z),
            )
        ],
        "inputs scaled inside": [
            _run(weights, biases, inputs)
            for inputs in (
                16 * X_new,
                X_new / 16,
                X_new - X.mean(),
                (X_new - X.mean()) / X.std(),
                X_new - shift,
                2 * X_new - 1,
                (X_new - shift) / np.where(scale > 0, scale, 1.0),
                (X_new - shift) / (scale + 1e-8),
                X_new - 0.5,
            )
        ],
    }
    for key, answers in others.items():
        best = max(right(a) for a in answers)
        if best > score + 0.04 and best > 0.8:
            return key
    answers = _run(weights, biases, X_new)
    if np.bincount(answers, minlength=10).max() > 0.9 * len(answers):
        return "one answer for all"
    known = right(_run(weights, biases, X), y)
    if known < 0.3:
        return "labels shuffled apart" if known - score > 0.1 else "not trained"
    return "overfitted" if known > 0.92 and known - score > 0.02 else "trained too little"


@train_digits.marks
def _(values, cases: tuple[Case, ...]):
    scores, reasons = [], []
    with np.errstate(all="ignore"):
        for value, c in zip(values, cases, strict=True):
            fault = None if value is None else _is_network(value)
            if value is None or fault:
                scores.append(0.0)
                reasons.append(fault)
                continue
            weights, biases = ([np.asarray(a, dtype=float) for a in part] for part in value)
            X, y, X_new, y_new = _split(c.args[2].seed)
            scores.append(float(np.mean(_run(weights, biases, X_new) == y_new)))
            reasons.append(
                None if scores[-1] >= THIRDS[-1] else _why(weights, biases, (X, y), (X_new, y_new))
            )
    mean = float(np.mean(scores))
    reached = sum(mean >= third for third in THIRDS)
    if reached == len(THIRDS):
        return 1.0, None
    key = next((r for r in (reasons[k] for k in np.argsort(scores)) if r), None)
    if key is None:
        return reached / 3, None
    told = (
        f"Mean accuracy on new digits: {100 * mean:.1f} %; the next third of the points is at "
        f"{100 * THIRDS[reached]:.0f} %. "
    )
    formal = mean == 0.0
    return reached / 3, Problem(key, DIGITS[key] if formal else told + DIGITS[key])


def _train(X, y, rng, *, epochs=3, lr=0.005, hidden="relu", start=1.0, width=32, climb=False):
    """Train quickly and not very well; the wrong answers below go wrong from here."""
    f = {"relu": lambda Z: np.maximum(Z, 0), "tanh": np.tanh}[hidden]
    slope = {"relu": lambda A: A > 0, "tanh": lambda A: 1 - A**2}[hidden]
    W1, W2 = (
        start * rng.normal(0, np.sqrt(2 / 64), (64, width)),
        start * rng.normal(0, np.sqrt(2 / width), (width, 10)),
    )
    P = [W1, np.zeros(width), W2, np.zeros(10)]
    m, v, t = [0.0 * p for p in P], [0.0 * p for p in P], 0
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for k in range(0, len(X), 32):
            rows = order[k : k + 32]
            A = f(X[rows] @ P[0] + P[1])
            Z = A @ P[2] + P[3]
            dZ = np.exp(Z - Z.max(axis=1, keepdims=True))
            dZ = (dZ / dZ.sum(axis=1, keepdims=True) - np.eye(10)[y[rows]]) / len(rows)
            dA = dZ @ P[2].T * slope(A)
            t += 1
            for i, g in enumerate([X[rows].T @ dA, dA.sum(axis=0), A.T @ dZ, dZ.sum(axis=0)]):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.99 * v[i] + 0.01 * g * g
                step = lr * m[i] / (1 - 0.9**t) / (np.sqrt(v[i] / (1 - 0.99**t)) + 1e-8)
                P[i] = P[i] + step if climb else P[i] - step
    return [P[0], P[2]], [P[1], P[3]]


@train_digits.mistake("not two lists", DIGITS["not two lists"])
def _(X, y, rng):
    weights, biases = _train(X, y, rng, epochs=1)
    return weights[0], biases[0], weights[1], biases[1]


@train_digits.mistake("order exchanged", DIGITS["order exchanged"])
def _(X, y, rng):
    weights, biases = _train(X, y, rng, epochs=1)
    return biases, weights


@train_digits.mistake("transposed", DIGITS["transposed"])
def _(X, y, rng):
    weights, biases = _train(X, y, rng, epochs=1)
    return [W.T for W in weights], biases


@train_digits.mistake("layers do not fit", DIGITS["layers do not fit"])
def _(X, y, rng):
    weights, biases = _train(X, y, rng, epochs=1)
    return weights, biases[:1]


@train_digits.mistake("no hidden layer", DIGITS["no hidden layer"])
def _(X, y, rng):
    W, b, one_hot = np.zeros((64, 10)), np.zeros(10), np.eye(10)[y]
    for _ in range(5):
        P = np.exp(X @ W + b)
        P /= P.sum(axis=1, keepdims=True)
        W, b = W - X.T @ (P - one_hot) / len(X), b - (P - one_hot).mean(axis=0)
    return [W], [b]


@train_digits.mistake("not finite", DIGITS["not finite"])
def _(X, y, rng):
    weights, biases = _train(X, y, rng, epochs=1)
    weights[0] = weights[0] * np.nan
    return weights, biases


@train_digits.mistake("hidden layers are not ReLU", DIGITS["hidden layers are not ReLU"])
def _(X, y, rng):
    return _train(X, y, rng, epochs=12, hidden="tanh", start=2.0)


@train_digits.mistake("inputs scaled inside", DIGITS["inputs scaled inside"])
def _(X, y, rng):
    return _train((X - X.mean()) / X.std(), y, rng, epochs=10, width=64)


@train_digits.mistake("one answer for all", DIGITS["one answer for all"])
def _(X, y, rng):
    return _train(X, y, rng, epochs=1, start=0.0)


@train_digits.mistake("not trained", DIGITS["not trained"])
def _(X, y, rng):
    return _train(X, y, rng, epochs=1, climb=True, lr=0.0)


@train_digits.mistake("trained too little", DIGITS["trained too little"])
def _(X, y, rng):
    return _train(X, y, rng, epochs=1, lr=0.002)


@train_digits.mistake("overfitted", DIGITS["overfitted"])
def _(X, y, rng):
    return _train(X, y, rng, epochs=25, start=12.0, lr=0.02)


@train_digits.variant
def _(X, y, rng):
    return _train(X, y, rng, epochs=40, width=80)


@train_digits.variant
def _(X, y, rng):
    layers = [(64, 64), (64, 32), (32, 10)]
    Ws = [(rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32) for a, b in layers]
    bs = [np.zeros(b, dtype=np.float32) for _, b in layers]
    X = X.astype(np.float32)
    velocities = [np.zeros_like(p) for p in (*Ws, *bs)]
    for epoch in range(60):
        lr = np.float32(0.1 if epoch < 45 else 0.02)
        order = rng.permutation(len(X))
        for k in range(0, len(X), 32):
            rows = order[k : k + 32]
            As = [X[rows]]
            for W, b in zip(Ws[:-1], bs[:-1], strict=True):
                As.append(np.maximum(As[-1] @ W + b, 0))
            Z = As[-1] @ Ws[-1] + bs[-1]
            D = np.exp(Z - Z.max(axis=1, keepdims=True))
            D = (D / D.sum(axis=1, keepdims=True) - np.eye(10, dtype=np.float32)[y[rows]]) / np.float32(
                len(rows)
            )
            grads_W, grads_b = [], []
            for A, W in zip(As[::-1], Ws[::-1], strict=True):
                grads_W.append(A.T @ D)
                grads_b.append(D.sum(axis=0))
                D = (D @ W.T) * (A > 0)
            for p, g, u in zip((*Ws, *bs), (*grads_W[::-1], *grads_b[::-1]), velocities, strict=True):
                u *= np.float32(0.8)
                u += lr * g
                p -= u
    return tuple(Ws), tuple(bs)


@train_digits.variant
def _(X, y, rng):
    shift, scale = X.mean(), X.std()
    weights, biases = _train((X - shift) / scale, y, rng, epochs=30, width=96, lr=0.003)
    weights[0] = weights[0] / scale
    biases[0] = biases[0] - shift * weights[0].sum(axis=0)
    return weights, biases


# ---------------------------------------------------------------------------- diagnose_run


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Read a training history and name what ails the run.",
    hints=(
        "What would you look at first, before any curve? Some signs settle the matter alone: a loss that is "
        "not a number, units that are dead.",
        "Then compare: the last loss with the first (has it risen, has it hardly moved?), and the last "
        "val_loss with the *smallest* val_loss. Every comparison needs a margin: curves are noisy.",
        "One order that works: dead_fraction above one half; a loss that is not finite or higher at the end "
        "than at the start; val_loss well above its minimum (a fifth, say); a loss that has lost less than "
        "a tenth; otherwise fine. `np.isfinite` finds NaN and infinity.",
    ),
)
def diagnose_run(history):
    """Name what is wrong with a training run of a classifier.

    Parameters
    ----------
    history : dict
        `loss`, `val_loss`, `score`, `val_score`: equally long lists, an entry for each epoch (scores from 0
        to 1); `dead_fraction`: a float, the share of ReLU units that are active for no sample. Not changed.

    Returns
    -------
    str
        "dead ReLUs": more than half of the units are dead.
        "lr too large": the loss rises, jumps about above its start, or is no longer a finite number.
        "overfitting": the loss falls on, while val_loss has risen clearly from its lowest point.
        "lr too small": the loss falls steadily, and yet at the end it has hardly fallen.
        "fine": none of these. A little noise, a small gap to val_loss and a few dead units are normal.
    """
    loss, val_loss = np.array(history["loss"]), np.array(history["val_loss"])
    if history["dead_fraction"] > 0.5:
        return "dead ReLUs"
    if not np.isfinite(loss).all() or loss[-1] > loss[0]:
        return "lr too large"
    if val_loss[-1] > 1.2 * val_loss.min():
        return "overfitting"
    if loss[-1] > 0.8 * loss[0]:
        return "lr too small"
    return "fine"


_LIMITS = {
    "if history['dead_fraction'] > 0.5:": {
        "if history['dead_fraction'] >= 0.5:": "no run has exactly one half",
        "if history['dead_fraction'] > 0.25:": "a quarter lies between a few and most, too",
    },
    "if not np.isfinite(loss).all() or loss[-1] > loss[0]:": {
        "if not np.isfinite(loss).all() or loss[-1] >= loss[0]:": "no loss ends exactly where it began",
        "if not np.isfinite(loss).all() or loss[-2] > loss[0]:": "one epoch earlier the loss had risen as "
        "well",
    },
    "if val_loss[-1] > 1.2 * val_loss.min():": {
        "if val_loss[-1] >= 1.2 * val_loss.min():": "no val_loss ends exactly there",
        "if val_loss[-2] > 1.2 * val_loss.min():": "one epoch earlier val_loss had risen as well",
    },
    "if loss[-1] > 0.8 * loss[0]:": {
        "if loss[-1] >= 0.8 * loss[0]:": "no loss ends exactly there",
        "if loss[-2] > 0.8 * loss[0]:": "one epoch earlier the loss had not fallen either",
        "if loss[-1] > 0.4 * loss[0]:": "good runs lose far more than half",
        "if loss[-1] > 0.8 * loss[1]:": "after one epoch a loss that hardly falls has hardly fallen",
    },
}
for _line, _others in _LIMITS.items():
    for _other, _reason in _others.items():
        diagnose_run.equivalent(f"{_line}  ->  {_other}", _reason)
diagnose_run.equivalent(
    "loss, val_loss = (np.array(history['loss']), np.array(history['val_loss']))  ->  loss, val_loss = "
    "(history['loss'], np.array(history['val_loss']))",
    "a list serves as well where only entries are read and np.isfinite takes it",
)


def _history(loss, val_loss, score, val_score, dead):
    """Return a history of plain Python numbers."""
    curves = {"loss": loss, "val_loss": val_loss, "score": score, "val_score": val_score}
    return {**{k: [float(x) for x in v] for k, v in curves.items()}, "dead_fraction": float(dead)}


class _Runs:
    """Training histories of the five kinds, drawn from a generator."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def few_dead(self):
        """Return a harmless share of dead units."""
        return self.rng.uniform(0.02, 0.08)

    def first(self):
        """Return the loss of the first epoch."""
        return self.rng.uniform(1.5, 2.5)

    def noise(self, n, size):
        """Return factors around 1."""
        return 1 + size * self.rng.uniform(-1, 1, n)

    def falling(self, n, end):
        """Return a curve that falls from about 1 to `end`, a few bumps included."""
        curve = end + (1 - end) * np.exp(-np.linspace(0, 5, n))
        bumps = self.rng.choice(np.arange(2, n - 2), max(1, n // 12), replace=False)
        curve[bumps] = 1.06 * curve[bumps - 1]
        return curve * self.noise(n, 0.002)

    def fine(self, n, dead=None, rise=0.0):
        """Return a good run; val_loss ends `rise` above its minimum."""
        first = self.first()
        loss = first * self.falling(n, self.rng.uniform(0.04, 0.08))
        val_loss = 1.12 * loss
        val_loss[-1] = (1 + rise) * val_loss[:-1].min() if rise else val_loss[-1]
        score = 1 - 0.85 * (loss / first)
        return _history(loss, val_loss, score, score - 0.01, self.few_dead() if dead is None else dead)

    def too_small(self, n, dead=None, first=None):
        """Return a run whose loss hardly moves."""
        first = first or self.first()
        loss = first * (1 - self.rng.uniform(0.02, 0.04) * np.linspace(0, 1, n)) * self.noise(n, 0.0004)
        loss[-1] = 0.999 * loss[:-1].min()
        score = 0.1 + 0.08 * np.linspace(0, 1, n) + 0.005 * self.rng.uniform(-1, 1, n)
        return _history(loss, 1.01 * loss, score, score - 0.005, self.few_dead() if dead is None else dead)

    def too_large(self, n, kind):
        """Return a run that climbs, rises after a fall, jumps about, or ends in nan or inf."""
        first, steps = self.first(), np.linspace(0, 1, n)
        if kind == "jumps":
            loss = first * self.rng.uniform(1.3, 4.0, n)
            loss[0], loss[1], loss[-1] = first, 3.0 * first, 2.2 * first
        else:
            loss = first * np.exp(self.rng.uniform(2, 4) * steps) * self.noise(n, 0.02)
            loss[0], loss[1] = first, (1.1 if kind == "climbs" else 0.97) * first
        val_loss = 1.05 * loss
        if kind in ("nan", "inf"):
            bad = n // 2
            loss[bad:], val_loss[bad:] = float(kind), float(kind)
        score = 0.1 + 0.02 * self.rng.uniform(-1, 1, n)
        return _history(loss, val_loss, score, score, self.few_dead())

    def soon_nan(self, n):
        """Return a run that falls well and then ends in nan."""
        run = self.fine(n)
        bad = n - 3
        for key in ("loss", "val_loss"):
            run[key][bad:] = [float("nan")] * 3
        run["score"][bad:] = run["val_score"][bad:] = [0.1] * 3
        return run

    def overfitting(self, n, high=False):
        """Return a run whose val_loss turns; with `high` it ends above its first value."""
        first, steps = self.first(), np.linspace(0, 1, n)
        loss = first * self.falling(n, 0.005)
        turn = self.rng.uniform(0.25, 0.4)
        low = self.rng.uniform(0.3, 0.4)
        down = np.where(steps < turn, 1 - (1 - low) * steps / turn, low)
        end = self.rng.uniform(1.2, 1.5) if high else self.rng.uniform(0.7, 0.85)
        up = np.where(steps > turn, (end - low) * (steps - turn) / (1 - turn), 0.0)
        val_loss = first * (down + up) * self.noise(n, 0.004)
        val_loss[-1] = 0.985 * val_loss[-2]
        score = 1 - 0.85 * (loss / first)
        val_score = np.minimum(score, 0.72 + 0.01 * self.rng.uniform(-1, 1, n))
        return _history(loss, val_loss, score, val_score, self.few_dead())

    def dead(self, n, dead, level=1.0):
        """Return a run that is stuck because the units are dead, at `level` times its first loss."""
        first = self.first()
        loss = first * (level + (1 - level) * np.exp(-np.linspace(0, 20, n))) * self.noise(n, 0.001)
        loss[0] = 1.005 * first
        score = np.full(n, 0.1 + 0.5 * (1 - level)) + 0.005 * self.rng.uniform(-1, 1, n)
        return _history(loss, 1.01 * loss, score, score, dead)


@diagnose_run.cases
def _(rng):
    runs = _Runs(rng)
    yield case(runs.fine(30, dead=rng.uniform(0.12, 0.15)), note="loss and val_loss fall together")
    yield case(runs.too_small(30), note="a loss that falls by a few percent in 30 epochs")
    yield case(runs.too_large(30, "rises"), note="a loss that rises")
    yield case(runs.overfitting(30), note="a val_loss that turns while the loss falls on")
    yield case(runs.dead(30, rng.uniform(0.92, 0.98)), note="a loss that is stuck, and nearly all units dead")
    yield case(runs.fine(16), group="shape", note="16 epochs")
    yield case(runs.too_small(40), group="shape", note="40 epochs")
    yield case(runs.overfitting(20), group="shape", note="20 epochs")
    yield case(
        runs.too_large(12, "climbs"), group="shape", note="12 epochs, a loss that rises in all of them"
    )
    yield case(runs.too_large(16, "nan"), group="edge", note="a loss that becomes nan")
    yield case(runs.too_large(16, "inf"), group="edge", note="a loss that becomes inf")
    yield case(runs.soon_nan(16), group="edge", note="a loss that falls well and is nan in the end")
    yield case(runs.too_large(20, "jumps"), group="edge", note="a loss that jumps about above its start")
    yield case(runs.fine(20, dead=0.15), group="edge", note="a good run with a few dead units")
    yield case(runs.fine(20, rise=0.03), group="edge", note="a val_loss that ends 3 % above its minimum")
    yield case(
        runs.too_small(16, dead=0.14), group="edge", note="a loss that hardly falls, and a few dead units"
    )
    yield case(runs.too_small(16, first=0.55), group="edge", note="a small first loss that hardly falls")
    yield case(
        runs.overfitting(24, high=True), group="edge", note="a val_loss that ends above its first value"
    )
    yield case(runs.dead(16, 1.0), group="edge", note="all units dead")
    yield case(
        runs.dead(16, rng.uniform(0.92, 0.98), 0.6),
        group="edge",
        note="nearly all units dead after a good beginning",
    )


def _reader(
    dead=None, large=None, over=None, small=None, order=("dead", "large", "over", "small"), names=None
):
    """Return a diagnosis of which single tests, their order or their names are replaced.

    Each test takes loss, val_loss and the history.
    """
    tests = {
        "dead": dead or (lambda loss, val, h: h["dead_fraction"] > 0.5),
        "large": large or (lambda loss, val, h: not np.isfinite(loss).all() or loss[-1] > loss[0]),
        "over": over or (lambda loss, val, h: val[-1] > 1.2 * val.min()),
        "small": small or (lambda loss, val, h: loss[-1] > 0.8 * loss[0]),
    }
    said = {
        "dead": "dead ReLUs",
        "large": "lr too large",
        "over": "overfitting",
        "small": "lr too small",
        "fine": "fine",
    }
    said.update(names or {})

    def answer(history):
        loss, val = np.array(history["loss"]), np.array(history["val_loss"])
        with np.errstate(invalid="ignore"):
            return said[next((k for k in order if tests[k](loss, val, history)), "fine")]

    return answer


def _never(loss, val, h):
    return False


diagnose_run.mistake(
    "nan not noticed",
    "A loss that is nan (or inf) goes unnoticed: every comparison with nan is False. Ask `np.isfinite` "
    "first.",
)(_reader(large=lambda loss, val, h: loss[-1] > loss[0]))

diagnose_run.mistake(
    "only the last entry looked at for nan",
    "You look for nan or inf in the first entries only, or not in all: a run may break down at any epoch. "
    "Test the whole list.",
)(_reader(large=lambda loss, val, h: not np.isfinite(loss[: len(loss) // 2 + 1]).all() or loss[-1] > loss[0]))

diagnose_run.mistake(
    "dead_fraction not used",
    "Dead units go unnoticed: you do not use `dead_fraction`. When most units are dead, that is the reason "
    "for whatever the curves show.",
)(_reader(dead=_never))

diagnose_run.mistake(
    "any dead unit",
    "You call a run dead as soon as any unit is. A few dead units are normal: ask whether more than half "
    "are.",
)(_reader(dead=lambda loss, val, h: h["dead_fraction"] > 0))

diagnose_run.mistake(
    "a tenth dead",
    "You call a run dead at a small share of dead units. A few are normal: ask whether more than half are.",
)(_reader(dead=lambda loss, val, h: h["dead_fraction"] > 0.1))

diagnose_run.mistake(
    "only all units dead",
    "You call a run dead only when every unit is. More than half is enough to cripple it.",
)(_reader(dead=lambda loss, val, h: h["dead_fraction"] >= 1))

diagnose_run.mistake(
    "dead only with a stuck loss",
    "You call a run dead only when the loss is stuck from the start. Units also die on the way: "
    "dead_fraction alone decides.",
)(_reader(dead=lambda loss, val, h: h["dead_fraction"] > 0.5 and loss[-1] > 0.8 * loss[0]))

diagnose_run.mistake(
    "stuck loss taken for a small lr",
    'A run with dead units is called "lr too small": you look at the loss first. Ask for dead_fraction '
    "before.",
)(_reader(order=("large", "over", "small", "dead")))

diagnose_run.mistake(
    "gap taken for overfitting",
    "You call every run overfitted in which val_loss is larger than loss. A small gap is normal: what "
    "counts is that val_loss has *risen* from its lowest point.",
)(_reader(over=lambda loss, val, h: val[-1] > loss[-1]))

diagnose_run.mistake(
    "any rise of val_loss",
    "You call a run overfitted as soon as val_loss ends above its minimum by anything. Curves are noisy: "
    "ask for a clear rise, a fifth for example.",
)(_reader(over=lambda loss, val, h: val[-1] > val.min()))

diagnose_run.mistake(
    "last val_loss compared with the first",
    "You compare the last val_loss with the first. An overfitted run usually ends below its start all the "
    "same: compare with the smallest val_loss.",
)(_reader(over=lambda loss, val, h: val[-1] > val[0]))

diagnose_run.mistake(
    "last two val_losses compared",
    "You compare the last val_loss with the one before. One step is noise: compare with the smallest "
    "val_loss, and ask for a margin.",
)(_reader(over=lambda loss, val, h: val[-1] > val[-2]))

diagnose_run.mistake(
    "overfitting not noticed", "Overfitting goes unnoticed: compare the last val_loss with the smallest one."
)(_reader(over=_never))

diagnose_run.mistake(
    "overfitting before a large lr",
    'A run whose loss rises is called "overfitting": its val_loss rises as well. Ask for the rising loss '
    "first; in overfitting the loss itself falls.",
)(_reader(order=("dead", "over", "large", "small")))

diagnose_run.mistake(
    "any rise of the loss",
    "You call the learning rate too large as soon as the loss rises from one epoch to the next. Small bumps "
    "are normal: compare the end with the start.",
)(_reader(large=lambda loss, val, h: not np.isfinite(loss).all() or bool(np.any(np.diff(loss) > 0))))

diagnose_run.mistake(
    "large lr not noticed", "A loss that rises or jumps about goes unnoticed: compare its end with its start."
)(_reader(large=lambda loss, val, h: not np.isfinite(loss).all()))

diagnose_run.mistake(
    "large lr never said",
    'You never return "lr too large". A loss that rises, jumps about or is not finite asks for a smaller '
    "rate.",
)(_reader(large=_never))

diagnose_run.mistake(
    "rise needed in every epoch",
    "You call the learning rate too large only if the loss rises in every epoch. It may jump about: compare "
    "the end with the start.",
)(_reader(large=lambda loss, val, h: not np.isfinite(loss).all() or bool(np.all(np.diff(loss) > 0))))

diagnose_run.mistake(
    "small lr not noticed", "A loss that hardly falls goes unnoticed: compare its end with its start."
)(_reader(small=_never))

diagnose_run.mistake(
    "large and small exchanged",
    '"lr too large" and "lr too small" have changed places. A loss that rises asks for a smaller rate: '
    "the rate is too large.",
)(_reader(names={"large": "lr too small", "small": "lr too large"}))

diagnose_run.mistake(
    "low score taken for a small lr",
    "You call the learning rate too small whenever the score is low. It is low for other reasons too: look "
    "at the loss.",
)(_reader(order=("small", "dead", "large", "over"), small=lambda loss, val, h: h["score"][-1] < 0.7))

diagnose_run.mistake(
    "good runs called too small",
    "You call the learning rate too small in good runs too: your limit for the loss or the score is too "
    "strict. Compare the last loss with the *first*: has it hardly fallen?",
)(_reader(small=lambda loss, val, h: loss[-1] > 0.01 * loss[0]))

diagnose_run.mistake("always fine", 'You always return "fine".')(lambda history: "fine")

diagnose_run.mistake(
    "other words",
    'Your words are not the ones agreed on. Return exactly one of "lr too large", "lr too small", '
    '"overfitting", "dead ReLUs" and "fine": small letters, no full stop.',
)(
    _reader(
        names={
            "large": "Learning rate too large",
            "small": "Learning rate too small",
            "over": "Overfitting",
            "dead": "Dead ReLUs",
            "fine": "Fine",
        }
    )
)

diagnose_run.mistake(
    "dead units spelled otherwise", 'You spell the diagnosis of dead units otherwise. It is "dead ReLUs".'
)(_reader(names={"dead": "dead relus"}))

diagnose_run.mistake("nothing for a good run", 'For a good run you return nothing. Return "fine".')(
    _reader(names={"fine": None})
)

diagnose_run.mistake(
    "all findings in a list",
    "You return a list of findings. Return one text: the finding that explains the others.",
)(lambda history: [diagnose_run.reference(history)])

diagnose_run.mistake(
    "fixed number of epochs",
    "Your function looks at a fixed epoch (such as number 29) instead of the last: runs have different "
    "lengths. The last entry is at index -1.",
)(
    lambda history: diagnose_run.reference(
        {k: v[:30] if isinstance(v, list) else v for k, v in history.items()}
        if len(history["loss"]) >= 30
        else {**history, "loss": [history["loss"][k] for k in range(30)]}
    )
)


@diagnose_run.mistake(
    "history changed",
    "You change the lists of your caller's history (pop, sort, reverse, append). Work on copies.",
)
def _(history):
    said = diagnose_run.reference(history)
    history["val_loss"].sort()
    return said


@diagnose_run.variant
def _(history):
    loss, val_loss = history["loss"], history["val_loss"]
    if history["dead_fraction"] >= 0.6:
        return "dead ReLUs"
    if any(x != x or x in (float("inf"), -float("inf")) for x in loss):
        return "lr too large"
    if max(loss) > 1.5 * loss[0]:
        return "lr too large"
    drop = (loss[0] - loss[-1]) / loss[0]
    if drop < 0.1:
        return "lr too small"
    lowest = min(val_loss)
    if val_loss[-1] / lowest > 1.1 and val_loss.index(lowest) < len(val_loss) - 1:
        return "overfitting"
    return "fine"


@diagnose_run.variant
def _(history):
    if history["dead_fraction"] > 0.9:
        return "dead ReLUs"
    loss = np.nan_to_num(history["loss"], nan=1e9, posinf=1e9)
    if loss[-3:].mean() > 1.2 * loss[0]:
        return "lr too large"
    if history["score"][-1] - history["val_score"][-1] > 0.1:
        return "overfitting"
    return "fine" if history["score"][-1] > 0.5 else "lr too small"


@diagnose_run.variant
def _(history):
    loss, val = (np.asarray(history[k], dtype=np.float64) for k in ("loss", "val_loss"))
    signs = [
        (history["dead_fraction"] > 0.5, "dead ReLUs"),
        (not np.all(np.isfinite(loss)) or loss[-1] >= loss[0], "lr too large"),
        (loss[-1] / loss[0] > 0.9, "lr too small"),
        (val[-1] - val.min() > 0.15 * val.min() and loss[-1] < val[-1] / 2, "overfitting"),
    ]
    return next((name for found, name in signs if found), "fine")
