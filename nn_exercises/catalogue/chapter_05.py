"""Chapter 5, forward propagation: one layer, a whole network, and the labels it predicts."""

import itertools

import numpy as np

from nn_exercises.exercise import Fn, case, exercise

# ---------------------------------------------------------------- dense_forward


@exercise(
    chapter="05_forward_propagation",
    difficulty="easy",
    aim="Send a whole batch through one fully connected layer: Z = X W + b.",
    hints=(
        "Write down the three shapes. Which order of X and W makes the inner sizes meet?",
        "X is (n_samples, n_in) and W is (n_in, n_out): their matrix product already has the shape of Z. "
        "Nothing has to be transposed.",
        "After the product, the bias of unit j belongs to *column* j. Adding a vector (n_out,) to a matrix "
        "(n_samples, n_out) does that by broadcasting.",
    ),
)
def dense_forward(X, W, b):
    """Pre-activations of a fully connected layer, Z = X W + b.

    Parameters
    ----------
    X : array (n_samples, n_in)
        One sample a row. It is not changed.
    W : array (n_in, n_out)
        Column j holds the weights of unit j. It is not changed.
    b : array (n_out,)
        One bias for each unit. It is not changed.

    Returns
    -------
    Z : float array (n_samples, n_out)
        Row i, column j: the pre-activation of unit j for sample i.
    """
    return X @ W + b


@dense_forward.cases
def _(rng):
    for n, n_in, n_out, group, note in [
        (5, 3, 4, "values", "5 samples, 3 inputs, 4 units"),
        (2, 6, 3, "values", "2 samples, 6 inputs, 3 units"),
        (4, 3, 3, "values", "a square W"),
        (3, 2, 3, "values", "as many samples as units"),
        (3, 3, 3, "values", "everything square"),
        (1, 3, 2, "shape", "one sample"),
        (4, 1, 3, "shape", "one input"),
        (5, 3, 1, "shape", "one unit"),
        (1, 1, 1, "shape", "one sample, one input, one unit"),
    ]:
        X, W, b = rng.normal(size=(n, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out) + 1.5
        yield case(X, W, b, group=group, note=note)
    W, b = rng.normal(size=(3, 2)), np.array([-1.25, 2.5])
    yield case(rng.integers(-3, 4, size=(4, 3)), W, b, group="edge", note="integer X")
    yield case(
        *(a.astype(np.float32) for a in (rng.normal(size=(4, 3)), W, b)), group="edge", note="float32 arrays"
    )


for _key, _message, _answer in [
    (
        "bias_forgotten",
        "Your Z is X W alone: the biases never enter. Add b to every row.",
        lambda X, W, b: X @ W,
    ),
    (
        "bias_subtracted",
        "You subtract b. The bias is added: Z = X W + b.",
        lambda X, W, b: X @ W - b,
    ),
    (
        "W_transposed",
        "You multiply by the transpose of W, as if each *row* of W belonged to a unit (PyTorch stores it "
        "so). In this book W is (n_in, n_out): X W without a transpose. A square W hides the difference.",
        lambda X, W, b: X @ W.T + b,
    ),
    (
        "wrong_order",
        "The product stands the wrong way round: W X instead of X W. Rows of X are samples, so X comes "
        "first.",
        lambda X, W, b: W @ X + b,
    ),
    (
        "Z_transposed",
        "Z comes out as (n_out, n_samples), the form for samples in columns. Rows are samples in this book: "
        "(n_samples, n_out), from X W without any transpose.",
        lambda X, W, b: (X @ W + b).T,
    ),
    (
        "X_transposed",
        "You transpose X. It has its samples in rows already, and its columns meet the rows of W.",
        lambda X, W, b: X.T @ W + b,
    ),
    (
        "one_bias_for_all",
        "All units get the first unit's bias. Each unit has its own: column j gets b[j].",
        lambda X, W, b: X @ W + b[0],
    ),
    (
        "biases_summed",
        "Every unit gets the sum of all biases. Each has its own: column j gets b[j].",
        lambda X, W, b: X @ W + b.sum(),
    ),
    (
        "biases_averaged",
        "Every unit gets the mean of all biases. Each has its own: column j gets b[j].",
        lambda X, W, b: X @ W + b.mean(),
    ),
    (
        "bias_along_the_samples",
        "You add b as a column, one bias for each *sample*. It belongs to the units: one for each column of "
        "Z.",
        lambda X, W, b: X @ W + b[:, None],
    ),
    (
        "bias_along_the_samples_reshaped",
        "You give each *sample* a bias. b belongs to the units: one for each column of Z.",
        lambda X, W, b: X @ W + np.resize(b, len(X))[:, None],
    ),
    (
        "bias_added_per_input",
        "The bias enters once for each input, n_in times in all. Finish the sum over the inputs, then add b "
        "once.",
        lambda X, W, b: X @ W + X.shape[1] * b,
    ),
    (
        "bias_added_twice",
        "The bias enters twice. Once for each unit is right.",
        lambda X, W, b: X @ W + 2 * b,
    ),
    (
        "bias_added_to_W",
        "You add b to the weights before the product, so it is multiplied by the inputs. It is added after "
        "the product.",
        lambda X, W, b: X @ (W + b),
    ),
    (
        "bias_multiplied",
        "You multiply by b. The bias shifts z; it does not scale it.",
        lambda X, W, b: (X @ W) * b,
    ),
    (
        "mean_over_inputs",
        "You divide by the number of inputs. A unit adds the weighted inputs; nothing is averaged.",
        lambda X, W, b: X @ W / X.shape[1] + b,
    ),
    (
        "divided_by_samples",
        "You divide by the number of samples. Samples do not mix in the forward pass.",
        lambda X, W, b: X @ W / len(X) + b,
    ),
    (
        "elementwise",
        "`*` multiplies entry by entry. A layer needs the matrix product, the sum of products over the "
        "inputs: `@`.",
        lambda X, W, b: X * W + b,
    ),
    (
        "W_transposed_first",
        "You write W^T X, the form for samples in columns. Rows are samples in this book: X W, without a "
        "transpose.",
        lambda X, W, b: W.T @ X + b,
    ),
    (
        "sum_overwritten",
        "Only the last input contributes: the sum is overwritten in the loop instead of added to.",
        lambda X, W, b: X[:, -1:] * W[-1] + b,
    ),
    (
        "bias_times_samples",
        "The bias enters once for each sample, n_samples times in all. Once for each unit is right.",
        lambda X, W, b: X @ W + len(X) * b,
    ),
    (
        "rounded",
        "You round Z. Its decimals matter to the activation that follows: leave them.",
        lambda X, W, b: np.round(X @ W + b, 2),
    ),
    (
        "only_first_sample_row",
        "Only the first sample goes through the layer. Every row of X gets a row of Z.",
        lambda X, W, b: X[:1] @ W + b,
    ),
    (
        "product_transposed",
        "You transpose the product. X W has the shape of Z already, (n_samples, n_out).",
        lambda X, W, b: (X @ W).T + b,
    ),
    (
        "bias_added_to_X",
        "You add the bias to the inputs before the product, so it is weighted with them. It is added after "
        "the product.",
        lambda X, W, b: (X + b[0]) @ W,
    ),
    (
        "largest_bias_for_all",
        "All units get the same bias, the largest. Each unit has its own.",
        lambda X, W, b: X @ W + b.max(),
    ),
    (
        "only_first_sample",
        "Only the first sample goes through the layer. Every row of X gets a row of Z.",
        lambda X, W, b: X[0] @ W + b,
    ),
    (
        "first_sample_repeated",
        "Every row of Z belongs to the first sample. Row i must come from row i of X.",
        lambda X, W, b: np.tile(X[0] @ W + b, (len(X), 1)),
    ),
    (
        "only_first_unit",
        "Only the first unit is computed. Z has one column for each unit.",
        lambda X, W, b: X @ W[:, 0] + b[0],
    ),
    (
        "last_input_left_out",
        "The last input is missing from the sums: a loop stops one too early.",
        lambda X, W, b: X[:, :-1] @ W[:-1] + b,
    ),
    (
        "relu_applied",
        "Negative values come back as 0: an activation has been applied. Asked for is Z, before any "
        "activation.",
        lambda X, W, b: np.maximum(X @ W + b, 0),
    ),
    (
        "sigmoid_applied",
        "You return the sigmoid of Z. Asked for is Z, before any activation.",
        lambda X, W, b: 1 / (1 + np.exp(-(X @ W + b))),
    ),
    (
        "tanh_applied",
        "You return tanh of Z. Asked for is Z, before any activation.",
        lambda X, W, b: np.tanh(X @ W + b),
    ),
    (
        "one_row_flattened",
        "With a single sample (or a single unit) an axis gets lost: Z must stay two-dimensional.",
        lambda X, W, b: np.squeeze(X @ W + b),
    ),
    (
        "flattened",
        "Z has lost its second axis. It is a matrix (n_samples, n_out).",
        lambda X, W, b: (X @ W + b).ravel(),
    ),
    (
        "list_of_rows",
        "You return a list of rows. Make it a NumPy array (n_samples, n_out).",
        lambda X, W, b: [x @ W + b for x in X],
    ),
    (
        "bias_in_first_row_only",
        "The bias reaches the first sample only. Add b to every row.",
        lambda X, W, b: X @ W + b * (np.arange(len(X)) == 0)[:, None],
    ),
]:
    dense_forward.mistake(_key, _message)(_answer)


@dense_forward.mistake(
    "integers_cut_off",
    "With integer inputs the decimals of Z are cut off: your result array has the type of X. Make it a "
    "float array.",
)
def _(X, W, b):
    Z = np.zeros((X.shape[0], W.shape[1]), dtype=X.dtype)
    Z[:] = X @ W + b
    return Z


@dense_forward.mistake(
    "bias_changed",
    "Your function changes the caller's b: `b += …` works in place. Write Z = … + b instead.",
)
def _(X, W, b):
    Z = X @ W + b
    b += Z.sum(axis=0).astype(b.dtype)
    return Z


@dense_forward.mistake(
    "weights_changed",
    "Your function changes the caller's W (an operator such as `*=` or `+=` works in place). Make a new "
    "array.",
)
def _(X, W, b):
    Z = X @ W + b
    W += b
    return Z


@dense_forward.mistake(
    "inputs_changed",
    "Your function changes the caller's X (an operator such as `*=` or `-=` works in place). Make a new "
    "array.",
)
def _(X, W, b):
    Z = X @ W + b
    X *= 0
    return Z


@dense_forward.mistake(
    "sum_not_reset",
    "The sum is not set back to 0 for each unit: what unit j - 1 gathered is still in it when unit j "
    "starts. Start it afresh inside the loop.",
)
def _(X, W, b):
    return np.cumsum(X @ W, axis=1) + b


@dense_forward.mistake(
    "last_sample_only",
    "You return the pre-activations of the last sample alone: the loop overwrites what it has computed for "
    "the others. Keep a row for each sample.",
)
def _(X, W, b):
    return X[-1] @ W + b


@dense_forward.variant
def _(X, W, b):
    n, n_out = X.shape[0], W.shape[1]
    Z = np.empty((n, n_out))
    for i in range(n):
        for j in range(n_out):
            total = b[j]
            for k in range(X.shape[1]):
                total = total + X[i, k] * W[k, j]
            Z[i, j] = total
    return Z


dense_forward.variant(lambda X, W, b: np.einsum("ni,io->no", X, W) + b)
dense_forward.variant(lambda X, W, b: (W.T @ X.T + b.reshape(-1, 1)).T)
dense_forward.variant(lambda X, W, b: np.array([x @ W + b for x in X]))
dense_forward.variant(lambda X, W, b: np.hstack([X, np.ones((len(X), 1))]) @ np.vstack([W, b]))
dense_forward.variant(lambda X, W, b: np.dot(X.astype(np.float32), W.astype(np.float32)) + np.float32(b))
dense_forward.variant(lambda X, W, b: (X[:, :, None] * W).sum(axis=1) + b)


# ---------------------------------------------------------------- mlp_forward


def _identity(z):
    return z


def _relu(z):
    return np.maximum(z, 0.0)


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@exercise(
    chapter="05_forward_propagation",
    difficulty="medium",
    aim="Send a batch through a network of any depth, and keep what the backward pass will need.",
    hints=(
        "A network is the same two lines again and again. What does a layer take in, and what does it hand "
        "on?",
        "Keep one array `A` that starts as X. In each layer note the pair (A, Z) *before* A is replaced by "
        "the activation of Z.",
        "Every layer uses `activation` except the last, which uses `output_activation`, also when it is the "
        "only one. The layer's number tells you which one it is.",
    ),
    either=(1,),
)
def mlp_forward(X, weights, biases, activation, output_activation):
    """Forward pass through a fully connected network.

    Layer l computes Z = A_prev W + b; its output is activation(Z), in the last layer output_activation(Z).

    Parameters
    ----------
    X : array (n_samples, n_in)
        One sample a row; the A_prev of the first layer. It is not changed.
    weights : list of arrays (n_in, n_out)
        One matrix for each layer, one layer or more. The list is not changed.
    biases : list of arrays (n_out,)
        One vector for each layer. The list is not changed.
    activation, output_activation : callable
        From an array (n_samples, n_units) to one of the same shape; for the hidden layers and the last layer.

    Returns
    -------
    A_L : float array (n_samples, n_out of the last layer)
        The network's output.
    cache : list of tuples (A_prev, Z)
        For each layer, in order, its input and its pre-activation: what the backward pass needs.
    """
    A, cache = X, []
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        Z = A @ W + b
        cache.append((A, Z))
        A = output_activation(Z) if layer == len(weights) - 1 else activation(Z)
    return A, cache


@mlp_forward.cases
def _(rng):
    tanh, relu, sigmoid = Fn("tanh", np.tanh), Fn("relu", _relu), Fn("sigmoid", _sigmoid)
    identity, softmax = Fn("identity", _identity), Fn("softmax", _softmax)

    def network(*sizes):
        pairs = list(itertools.pairwise(sizes))
        weights = [rng.normal(size=pair) / np.sqrt(pair[0]) for pair in pairs]
        return weights, [rng.uniform(0.2, 0.9, size=n) * rng.choice([-1, 1], size=n) for _, n in pairs]

    for n, sizes, f, g, group, note in [
        (5, (3, 4, 2), tanh, sigmoid, "values", "two layers, 3-4-2, tanh then sigmoid"),
        (4, (2, 5, 3, 4, 1), tanh, identity, "values", "four layers, 2-5-3-4-1, tanh then identity"),
        (4, (3, 3, 3), sigmoid, softmax, "values", "two layers, all of width 3"),
        (6, (2, 6, 2), relu, tanh, "edge", "two layers, ReLU then tanh"),
        (5, (3, 2), tanh, sigmoid, "edge", "a single layer, which is the last"),
        (1, (3, 4, 2), tanh, sigmoid, "shape", "one sample"),
        (4, (1, 3, 1), tanh, identity, "shape", "one input, one output"),
    ]:
        yield case(rng.normal(size=(n, sizes[0])), *network(*sizes), f, g, group=group, note=note)
    X = rng.integers(-2, 3, size=(4, 3))
    yield case(X, *network(3, 2), tanh, sigmoid, group="edge", note="integer X")


def _forward(
    X, weights, biases, activation, output_activation, *,
    layer=lambda A, W, b: A @ W + b,
    out=lambda k, L, Z, f, g: g(Z) if k == L - 1 else f(Z),
    keep=lambda A_prev, Z, A, X: (A_prev, Z),
):  # fmt: skip
    """Run a forward pass with one of its parts replaced, for the wrong answers below."""
    A, cache, L = X, [], len(weights)
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        A_prev = A
        Z = layer(A_prev, W, b)
        A = out(k, L, Z, activation, output_activation)
        cache.append(keep(A_prev, Z, A, X))
    return A, cache


def _with(**parts):
    return lambda X, weights, biases, activation, output_activation: _forward(
        X, weights, biases, activation, output_activation, **parts
    )


def _bias_late(X, weights, biases, activation, output_activation):
    A, cache = X, []
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        Z = A @ W
        cache.append((A, Z))
        A = (output_activation if k == len(weights) - 1 else activation)(Z) + b
    return A, cache


def _then(change):
    return lambda X, weights, biases, activation, output_activation: change(
        *_forward(X, weights, biases, activation, output_activation)
    )


for _key, _message, _answer in [
    (
        "cache_holds_A",
        "Your cache keeps the layer's *output* where Z belongs (or the activation was written into Z's own "
        "array). The backward pass needs the derivative at Z: keep the pre-activation.",
        _with(keep=lambda A_prev, Z, A, X: (A_prev, A)),
    ),
    (
        "cache_holds_output_and_Z",
        "Your cache keeps (A, Z) with the layer's output A. The first of the pair is the layer's *input*: "
        "append before A is replaced.",
        _with(keep=lambda A_prev, Z, A, X: (A, Z)),
    ),
    (
        "cache_pair_Z_A",
        "Your cache keeps (Z, A), pre-activation and output. Due are (A_prev, Z), the layer's input first.",
        _with(keep=lambda A_prev, Z, A, X: (Z, A)),
    ),
    (
        "cache_pair_exchanged",
        "The pairs of your cache are exchanged: (Z, A_prev). The layer's input comes first.",
        _with(keep=lambda A_prev, Z, A, X: (Z, A_prev)),
    ),
    (
        "cache_holds_Z_alone",
        "Your cache keeps Z alone. The weights' gradient needs the layer's input too: pairs (A_prev, Z).",
        _with(keep=lambda A_prev, Z, A, X: Z),
    ),
    (
        "cache_holds_A_alone",
        "Your cache keeps the layer outputs alone. Due are pairs (A_prev, Z), input and pre-activation.",
        _with(keep=lambda A_prev, Z, A, X: A),
    ),
    (
        "cache_holds_three",
        "Your cache keeps three arrays for each layer. Due are pairs (A_prev, Z).",
        _with(keep=lambda A_prev, Z, A, X: (A_prev, Z, A)),
    ),
    (
        "cache_holds_X",
        "Your cache keeps X as every layer's input. Only the first layer's input is X; each other layer's "
        "is the output of the one before.",
        _with(keep=lambda A_prev, Z, A, X: (X, Z)),
    ),
    (
        "cache_of_last_layer_only",
        "Your cache holds the last layer only: it is made anew in each round. Make the empty list before "
        "the loop.",
        _then(lambda A, cache: (A, cache[-1:])),
    ),
    (
        "cache_without_last_layer",
        "The last layer is missing from your cache. The backward pass starts there: append in every layer.",
        _then(lambda A, cache: (A, cache[:-1])),
    ),
    (
        "cache_without_first_layer",
        "The first layer is missing from your cache. Append in every layer.",
        _then(lambda A, cache: (A, cache[1:])),
    ),
    (
        "cache_reversed",
        "Your cache runs from the last layer to the first. It is due in forward order.",
        _then(lambda A, cache: (A, cache[::-1])),
    ),
    (
        "cache_as_two_lists",
        "Your cache is two lists, all inputs and all pre-activations. Due is one list with a pair for each "
        "layer.",
        _then(lambda A, cache: (A, ([a for a, _ in cache], [z for _, z in cache]))),
    ),
    (
        "cache_flat",
        "Your cache is one flat list of arrays. Append the two of each layer as one tuple: (A_prev, Z).",
        _then(lambda A, cache: (A, [array for pair in cache for array in pair])),
    ),
    (
        "cache_as_dictionaries",
        "Your cache holds dictionaries. Due are tuples (A_prev, Z).",
        _with(keep=lambda A_prev, Z, A, X: {"A_prev": A_prev, "Z": Z}),
    ),
    (
        "cache_not_returned",
        "You return the output alone. Return both: the output and the cache.",
        _then(lambda A, cache: A),
    ),
    (
        "cache_with_an_extra_pair",
        "Your cache has one pair too many: it starts with one for the input layer, which computes nothing.",
        _then(lambda A, cache: (A, [(cache[0][0], cache[0][0]), *cache])),
    ),
    (
        "cache_holds_weights",
        "Your cache keeps W besides (A_prev, Z). Due are pairs (A_prev, Z): the weights are at hand anyway.",
        lambda X, weights, biases, activation, output_activation: (
            lambda A, cache: (A, [(*pair, W) for pair, W in zip(cache, weights, strict=True)])
        )(*_forward(X, weights, biases, activation, output_activation)),
    ),
    (
        "cache_as_one_dictionary",
        "Your cache is a dictionary. Due is a list with one pair (A_prev, Z) for each layer, in order.",
        _then(lambda A, cache: (A, dict(enumerate(cache)))),
    ),
    (
        "bias_after_the_activation",
        "The biases are added *after* the activation. They belong to Z: Z = A_prev W + b.",
        _bias_late,
    ),
    (
        "order",
        "You return the cache first. The output comes first, then the cache.",
        _then(lambda A, cache: (cache, A)),
    ),
    (
        "output_activation_everywhere",
        "The output activation is used in every layer. It belongs to the last one; hidden layers use "
        "`activation`.",
        _with(out=lambda k, L, Z, f, g: g(Z)),
    ),
    (
        "activation_everywhere",
        "The last layer uses the hidden activation. It has its own: output_activation.",
        _with(out=lambda k, L, Z, f, g: f(Z)),
    ),
    (
        "both_on_the_last_layer",
        "The last layer gets both activations, one on top of the other. It gets output_activation *instead*.",
        _with(out=lambda k, L, Z, f, g: g(f(Z)) if k == L - 1 else f(Z)),
    ),
    (
        "first_layer_without_activation",
        "The first hidden layer passes its Z on as it is. Every hidden layer uses `activation`, the first "
        "one too.",
        _with(out=lambda k, L, Z, f, g: g(Z) if k == L - 1 else f(Z) if k else Z),
    ),
    (
        "last_layer_without_activation",
        "The last layer's Z is returned as it is. Apply output_activation to it.",
        _with(out=lambda k, L, Z, f, g: Z if k == L - 1 else f(Z)),
    ),
    (
        "hidden_layers_without_activation",
        "Your hidden layers hand on Z itself, so the layers collapse into a single linear one. Apply "
        "`activation`.",
        _with(out=lambda k, L, Z, f, g: g(Z) if k == L - 1 else Z),
    ),
    (
        "no_activation",
        "No activation is applied anywhere, so the layers collapse into a single linear one.",
        _with(out=lambda k, L, Z, f, g: Z),
    ),
    (
        "activations_exchanged",
        "The two activations are exchanged: `activation` is for the hidden layers, output_activation for "
        "the last.",
        _with(out=lambda k, L, Z, f, g: f(Z) if k == L - 1 else g(Z)),
    ),
    (
        "output_activation_on_first_layer",
        "output_activation is used in the *first* layer. It belongs to the last.",
        _with(out=lambda k, L, Z, f, g: g(Z) if k == 0 else f(Z)),
    ),
    (
        "output_activation_one_layer_early",
        "output_activation is used from the last layer but one on. Mind the counting: with L layers "
        "numbered from 0 the last is number L - 1.",
        _with(out=lambda k, L, Z, f, g: g(Z) if k >= L - 2 else f(Z)),
    ),
    (
        "activation_on_first_layer_only",
        "Only the first layer uses `activation`: all later ones get output_activation. Every layer but the "
        "*last* is hidden.",
        _with(out=lambda k, L, Z, f, g: f(Z) if k == 0 else g(Z)),
    ),
    (
        "single_layer_counted_as_hidden",
        "When the network has a single layer you treat it as a hidden one. It is the last: "
        "output_activation.",
        _with(out=lambda k, L, Z, f, g: g(Z) if k == L - 1 and k > 0 else f(Z)),
    ),
    (
        "activation_twice",
        "Hidden layers apply the activation twice. Once to each Z is right.",
        _with(out=lambda k, L, Z, f, g: g(Z) if k == L - 1 else f(f(Z))),
    ),
    (
        "bias_forgotten",
        "The biases never enter: Z = A_prev W + b.",
        _with(layer=lambda A, W, b: A @ W),
    ),
    (
        "bias_subtracted",
        "You subtract the biases. They are added: Z = A_prev W + b.",
        _with(layer=lambda A, W, b: A @ W - b),
    ),
    (
        "one_bias_for_all",
        "All units of a layer get the first unit's bias. Each unit has its own.",
        _with(layer=lambda A, W, b: A @ W + b[0]),
    ),
    (
        "W_transposed",
        "You multiply by the transpose of W. In this book W is (n_in, n_out): A_prev W without a transpose.",
        _with(layer=lambda A, W, b: A @ W.T + b),
    ),
    (
        "wrong_order_of_product",
        "The product stands the wrong way round: W A instead of A W. Rows are samples, so A comes first.",
        _with(layer=lambda A, W, b: W @ A + b),
    ),
    (
        "elementwise",
        "`*` multiplies entry by entry. A layer needs the matrix product: `@`.",
        _with(layer=lambda A, W, b: A * W + b),
    ),
    (
        "output_transposed",
        "The output comes out transposed. Rows are samples.",
        _then(lambda A, cache: (A.T, cache)),
    ),
    (
        "output_flattened",
        "The output has lost its second axis. It is a matrix (n_samples, n_out).",
        _then(lambda A, cache: (A.squeeze(), cache)),
    ),
    (
        "output_rounded",
        "You return decisions. The network's output is due as it is, not rounded.",
        _then(lambda A, cache: (np.round(A), cache)),
    ),
]:
    mlp_forward.mistake(_key, _message)(_answer)


@mlp_forward.mistake(
    "X_in_every_layer",
    "Every layer is fed with X. Only the first is: each other layer takes the output of the one before.",
)
def _(X, weights, biases, activation, output_activation):
    A, cache = X, []
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        Z = X @ W + b
        cache.append((X, Z))
        A = output_activation(Z) if layer == len(weights) - 1 else activation(Z)
    return A, cache


@mlp_forward.mistake(
    "activation_on_X",
    "You apply the activation to X before the first layer. The inputs enter as they are.",
)
def _(X, weights, biases, activation, output_activation):
    return _forward(activation(X), weights, biases, activation, output_activation)


@mlp_forward.mistake(
    "activation_before_the_product",
    "You apply the activation to a layer's *input* (so to X as well) instead of to its Z: A = activation(Z) "
    "comes last.",
)
def _(X, weights, biases, activation, output_activation):
    A, cache = X, []
    for W, b in zip(weights, biases, strict=True):
        Z = activation(A) @ W + b
        cache.append((A, Z))
        A = Z
    return output_activation(A), cache


@mlp_forward.mistake(
    "layers_backwards",
    "You walk through the layers from the last to the first. The forward pass starts with the first.",
)
def _(X, weights, biases, activation, output_activation):
    return _forward(X, weights[::-1], biases[::-1], activation, output_activation)


@mlp_forward.mistake(
    "returned_in_the_loop",
    "You return inside the loop: only the first layer is computed. Move the return out of it.",
)
def _(X, weights, biases, activation, output_activation):
    Z = X @ weights[0] + biases[0]
    A = output_activation(Z) if len(weights) == 1 else activation(Z)
    return A, [(X, Z)]


@mlp_forward.mistake(
    "two_layers_assumed",
    "You write out two layers. The lists may hold any number of them, one included: loop over them.",
)
def _(X, weights, biases, activation, output_activation):
    Z1 = X @ weights[0] + biases[0]
    A1 = activation(Z1)
    Z2 = A1 @ weights[1] + biases[1]
    return output_activation(Z2), [(X, Z1), (A1, Z2)]


@mlp_forward.mistake(
    "last_layer_left_out",
    "The last layer is never computed: the loop stops one too early.",
)
def _(X, weights, biases, activation, output_activation):
    A, cache = X, []
    for W, b in list(zip(weights, biases, strict=True))[:-1]:
        Z = A @ W + b
        cache.append((A, Z))
        A = activation(Z)
    return A, cache


@mlp_forward.mistake(
    "last_layer_only_activated",
    "The last layer's weights are never used: the loop stops one too early, and output_activation is "
    "applied to what the layer before gave.",
)
def _(X, weights, biases, activation, output_activation):
    A, cache = X, []
    for W, b in list(zip(weights, biases, strict=True))[:-1]:
        Z = A @ W + b
        cache.append((A, Z))
        A = activation(Z)
    return output_activation(A), cache


@mlp_forward.mistake(
    "relu_hard_coded",
    "Your hidden layers always use ReLU. The caller chooses: use `activation`.",
)
def _(X, weights, biases, activation, output_activation):
    return _forward(X, weights, biases, _relu, output_activation)


@mlp_forward.mistake(
    "relu_and_sigmoid_hard_coded",
    "You always use ReLU and the sigmoid. The caller chooses: use `activation` and `output_activation`.",
)
def _(X, weights, biases, activation, output_activation):
    return _forward(X, weights, biases, _relu, _sigmoid)


@mlp_forward.mistake(
    "lists_emptied",
    "Your function takes the layers out of the caller's lists (`pop`). Loop over the lists without changing "
    "them.",
)
def _(X, weights, biases, activation, output_activation):
    result = _forward(X, weights, biases, activation, output_activation)
    del weights[:], biases[:]
    return result


@mlp_forward.variant
def _(X, weights, biases, activation, output_activation):
    L = len(weights)
    A, cache = X, []
    for layer in range(L - 1):
        Z = np.dot(A, weights[layer]) + biases[layer]
        cache += [(A, Z)]
        A = activation(Z)
    Z = np.dot(A, weights[-1]) + biases[-1]
    cache += [(A, Z)]
    return output_activation(Z), cache


@mlp_forward.variant
def _(X, weights, biases, activation, output_activation):
    if len(weights) == 1:
        Z = X @ weights[0] + biases[0]
        return output_activation(Z), [(X, Z)]
    Z = X @ weights[0] + biases[0]
    A, cache = mlp_forward.variants[1](activation(Z), weights[1:], biases[1:], activation, output_activation)
    return A, [(X, Z), *cache]


@mlp_forward.variant
def _(X, weights, biases, activation, output_activation):
    activations = [activation] * (len(weights) - 1) + [output_activation]
    inputs, sums = [X], []
    for W, b, f in zip(weights, biases, activations, strict=True):
        sums.append(np.einsum("ni,io->no", inputs[-1], W) + b)
        inputs.append(f(sums[-1]))
    return inputs[-1], tuple(zip(inputs[:-1], sums, strict=True))


@mlp_forward.variant
def _(X, weights, biases, activation, output_activation):
    A, cache = X.astype(np.float32), []
    for k, W in enumerate(weights):
        Z = (A @ W.astype(np.float32) + biases[k]).astype(np.float32)
        cache.append([A, Z])
        A = (activation if k + 1 < len(weights) else output_activation)(Z)
    return A, cache


@mlp_forward.variant
def _(X, weights, biases, activation, output_activation):
    A, cache = X.copy(), []
    for k in range(len(weights)):
        Z = np.array(
            [[sum(a * w for a, w in zip(row, col, strict=True)) for col in weights[k].T] for row in A]
        )
        Z = Z + biases[k]
        cache.append((A.copy(), Z.copy()))
        A = output_activation(Z) if k == len(weights) - 1 else activation(Z)
    return A, cache


# ---------------------------------------------------------------- predict_labels


@exercise(
    chapter="05_forward_propagation",
    difficulty="easy",
    aim="Turn a network's outputs into decisions: the largest of several scores, or a yes from 0.5 on.",
    hints=(
        "How many numbers does the network give for one sample? One number and several call for different "
        "questions.",
        "For several scores ask *where* the largest stands, row by row. For one probability ask whether it "
        "reaches 0.5.",
        'P is "one number for each sample" if it is 1-D or has a single column: flatten that, then compare. '
        "In every case the result is a vector (n_samples,) of integers.",
    ),
)
def predict_labels(P):
    """Labels from a network's outputs.

    With several columns the label is the column of the row's largest score (of equal ones, the first).
    With one number for each sample, 1-D or a single column, it is 1 from 0.5 on, else 0.

    Parameters
    ----------
    P : array (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Scores (not necessarily probabilities) of several classes, or the probability of class 1.
        It is not changed.

    Returns
    -------
    labels : int array (n_samples,)
        One-dimensional in every case.
    """
    if P.ndim == 2 and P.shape[1] > 1:
        return P.argmax(axis=1)
    return (P.ravel() >= 0.5).astype(int)


@predict_labels.cases
def _(rng):
    P = rng.permuted(np.linspace(0.05, 0.9, 24).reshape(6, 4), axis=1)
    yield case(P, note="six samples, four classes")
    scores = rng.permuted(np.arange(15.0).reshape(3, 5) - 7.0, axis=1)
    scores[0, :2] = np.sort(scores[0, :2])  # all of the first row are negative: the first is not its largest
    yield case(scores, note="scores, some negative, of five classes")
    yield case(
        np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.8, 0.1, 0.1]]), note="probabilities"
    )
    yield case(np.array([0.9, 0.2, 0.7, 0.4, 0.05]), note="binary, 1-D")
    yield case(np.array([[0.3], [0.8], [0.6], [0.1]]), note="binary, a column")
    yield case(
        np.array([[0.2, 0.9, 0.1], [0.8, 0.3, 0.4], [0.1, 0.2, 0.6]]), note="as many samples as classes"
    )
    yield case(np.array([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6]]), note="two columns")
    yield case(np.array([[0.4, 0.1], [0.7, 0.9], [0.1, 0.3]]), group="edge", note="scores of two classes")
    yield case(
        np.array([[0.4, 0.4, 0.2], [0.1, 0.45, 0.45], [2.0, 2.0, 2.0]]), group="edge", note="ties: the first"
    )
    yield case(np.array([[0.5, 0.5], [0.2, 0.8]]), group="edge", note="a tie of two classes")
    yield case(np.array([[-3.0, -1.0, -2.0], [-5.5, -6.0, -4.5]]), group="edge", note="negative scores alone")
    yield case(np.array([0.5, 0.49, 0.51]), group="edge", note="exactly 0.5, 1-D")
    yield case(np.array([[0.5], [0.25]]), group="edge", note="exactly 0.5, a column")
    yield case(np.array([0.0, 1.0, 0.5]), group="edge", note="probabilities 0 and 1")
    yield case(np.array([[3, 1, 2], [0, 5, 4]]), group="edge", note="integer scores")
    yield case(
        rng.permuted(np.arange(8.0).reshape(2, 4), axis=1).astype(np.float32), group="edge", note="float32"
    )
    yield case(np.array([[0.1, 0.7, 0.2]]), group="shape", note="one sample, three classes")
    yield case(np.array([[0.7]]), group="shape", note="one sample, a column")
    yield case(np.array([0.2]), group="shape", note="one sample, 1-D")


def _labels(P, *, several=lambda P: P.argmax(axis=1), one=lambda p: (p >= 0.5).astype(int)):
    """Predict with one of the two questions replaced, for the wrong answers below."""
    return several(P) if P.ndim == 2 and P.shape[1] > 1 else one(P.reshape(-1))


for _key, _message, _answer in [
    (
        "argmax_down_the_columns",
        "You look for the largest entry of each *column*. Rows are samples: search along axis 1.",
        lambda P: _labels(P, several=lambda P: P.argmax(axis=0)),
    ),
    (
        "argmax_of_everything",
        "argmax without an axis searches the whole matrix and gives one number. Search along axis 1, row by "
        "row.",
        lambda P: _labels(P, several=lambda P: P.argmax()),
    ),
    (
        "strict_threshold",
        "A probability of exactly 0.5 becomes 0 in your version: you compare with >, or round (np.round "
        "sends halves to the even neighbor). 0.5 counts as a yes: compare with >=.",
        lambda P: _labels(P, one=lambda p: (p > 0.5).astype(int)),
    ),
    (
        "cut_off",
        "Converting to int cuts decimals off: every probability below 1 becomes 0. Compare with 0.5.",
        lambda P: _labels(P, one=lambda p: p.astype(int)),
    ),
    (
        "argmax_of_one_column",
        "A single column has its largest entry always at place 0, so argmax calls everything class 0. With "
        "one number for each sample compare with 0.5.",
        lambda P: P.argmax(axis=1) if P.ndim == 2 else (P >= 0.5).astype(int),
    ),
    (
        "argmax_only",
        "You take the argmax in every case. With one number for each sample (1-D or a single column) there "
        "is nothing to choose from: compare with 0.5.",
        lambda P: P.argmax(axis=-1),
    ),
    (
        "matrices_only",
        "A 1-D array of probabilities makes your function fail: it has no axis 1. Treat it like a single "
        "column.",
        lambda P: P.argmax(axis=1) if P.shape[1] > 1 else (P[:, 0] >= 0.5).astype(int),
    ),
    (
        "argmax_along_axis_1_only",
        "You take argmax(axis=1) in every case. A 1-D array has no axis 1, and a single column has its "
        "largest entry always at place 0. With one number for each sample compare with 0.5.",
        lambda P: np.argmax(P, axis=1),
    ),
    (
        "argmax_along_axis_0_only",
        "You take argmax(axis=0), the best *sample* of each class. Rows are samples: axis 1 (and with one "
        "number for each sample, compare with 0.5).",
        lambda P: np.argmax(P, axis=0),
    ),
    (
        "argmax_of_everything_only",
        "argmax without an axis searches the whole array and gives one number. Search along axis 1, row by "
        "row (and with one number for each sample, compare with 0.5).",
        lambda P: np.argmax(P),
    ),
    (
        "column_stays_a_column",
        "For a single column you return a column (n_samples, 1). Labels are due as a vector (n_samples,).",
        lambda P: P.argmax(axis=1) if P.ndim == 2 and P.shape[1] > 1 else (P >= 0.5).astype(int),
    ),
    (
        "threshold_for_several_classes",
        "You compare every score with 0.5. With several classes the largest of the row decides, however "
        "small it is.",
        lambda P: (P >= 0.5).astype(int),
    ),
    (
        "last_of_equals",
        "Of equal scores you take the last (as the end of argsort does). The first one counts, as argmax "
        "has it.",
        lambda P: _labels(P, several=lambda P: P.shape[1] - 1 - P[:, ::-1].argmax(axis=1)),
    ),
    (
        "argmin",
        "You look for the smallest score. The largest one decides.",
        lambda P: _labels(P, several=lambda P: P.argmin(axis=1)),
    ),
    (
        "largest_score_not_its_place",
        "You return the largest score itself. Asked for is its *place*, the column number.",
        lambda P: _labels(P, several=lambda P: P.max(axis=1)),
    ),
    (
        "one_hot_floats",
        "You return one-hot rows. Asked for is one integer for each sample.",
        lambda P: _labels(P, several=lambda P: np.eye(P.shape[1])[P.argmax(axis=1)]),
    ),
    (
        "every_score_compared",
        "With several classes you compare every score with 0.5. The largest of the row decides, however "
        "small it is.",
        lambda P: _labels(P, several=lambda P: (P >= 0.5).astype(int)),
    ),
    (
        "kept_dimension_for_several",
        "With several classes your labels form a column (n_samples, 1). A vector (n_samples,) is due.",
        lambda P: _labels(P, several=lambda P: P.argmax(axis=1)[:, None]),
    ),
    (
        "two_columns_flattened",
        "Two columns are two classes, not one: you flatten them and get two labels for each sample. Only a "
        "1-D array or a *single* column is the binary case.",
        lambda P: P.argmax(axis=1) if P.ndim == 2 and P.shape[1] > 2 else (P.ravel() >= 0.5).astype(int),
    ),
    (
        "squeezed",
        "np.squeeze removes *every* axis of length 1, so a single sample loses its row too: the binary "
        "branch is then taken, or argmax finds no axis. Flatten only the single column.",
        lambda P: (lambda p: (p >= 0.5).astype(int) if p.ndim < 2 else p.argmax(axis=1))(P.squeeze()),
    ),
    (
        "single_sample_taken_for_binary",
        "You take a single *row* for the binary case. A single column is.",
        lambda P: (P.ravel() >= 0.5).astype(int) if len(P) == 1 else np.argmax(np.atleast_2d(P), axis=1),
    ),
    (
        "one_hot",
        "You return one-hot rows. Asked for is one integer for each sample.",
        lambda P: _labels(P, several=lambda P: (P == P.max(axis=1, keepdims=True)).astype(int)),
    ),
    (
        "labels_from_1",
        "Your labels start at 1. Columns are counted from 0.",
        lambda P: _labels(P, several=lambda P: P.argmax(axis=1) + 1),
    ),
    (
        "booleans",
        "For one probability you return True and False. Convert them to integers.",
        lambda P: _labels(P, one=lambda p: p >= 0.5),
    ),
    (
        "floats",
        "Your labels are floats. They are class numbers, used as indices: integers are due.",
        lambda P: _labels(P).astype(float),
    ),
    (
        "floats_for_binary",
        "For one probability your labels are floats. Class numbers are integers.",
        lambda P: _labels(P, one=lambda p: (p >= 0.5).astype(float)),
    ),
    (
        "floats_for_several",
        "For several classes your labels are floats. Class numbers are integers.",
        lambda P: _labels(P, several=lambda P: P.argmax(axis=1).astype(float)),
    ),
    (
        "zero_threshold",
        "You compare the probability with 0. That is the threshold for a raw score (a logit); for a "
        "probability it is 0.5.",
        lambda P: _labels(P, one=lambda p: (p >= 0).astype(int)),
    ),
    (
        "threshold_turned_round",
        "Your binary labels are exchanged: 1 from 0.5 on, 0 below.",
        lambda P: _labels(P, one=lambda p: (p < 0.5).astype(int)),
    ),
    (
        "labels_minus_one",
        "A no gives -1 in your version. Binary labels are 0 and 1.",
        lambda P: _labels(P, one=lambda p: np.where(p >= 0.5, 1, -1)),
    ),
    (
        "two_columns_as_binary",
        "With two columns you only look at the second and compare it with 0.5. Scores need not sum to 1, "
        "and a tie goes to the first: take the place of the larger one.",
        lambda P: _labels(
            P, several=lambda P: (P[:, 1] >= 0.5).astype(int) if P.shape[1] == 2 else P.argmax(axis=1)
        ),
    ),
    (
        "three_columns_at_least",
        "With two columns you compare with 0.5 instead of searching for the larger score. Only a 1-D array "
        "or a single column is the binary case.",
        lambda P: P.argmax(axis=1) if P.ndim == 2 and P.shape[1] > 2 else (P >= 0.5).astype(int),
    ),
    (
        "mean_as_threshold",
        "You compare with the mean of the batch. The threshold is 0.5: a sample's label must not depend on "
        "the others.",
        lambda P: _labels(P, one=lambda p: (p >= p.mean()).astype(int)),
    ),
    (
        "dimension_kept",
        "Your labels form a column (n_samples, 1). A vector (n_samples,) is due.",
        lambda P: _labels(P).reshape(-1, 1),
    ),
    (
        "list",
        "You return a list. A NumPy array of integers is due.",
        lambda P: _labels(P).tolist(),
    ),
]:
    predict_labels.mistake(_key, _message)(_answer)


@predict_labels.mistake(
    "caller_array_changed",
    "Your function writes into the array it was given. Make a new array for the labels.",
)
def _(P):
    labels = _labels(P)
    P[...] = np.round(P)
    return labels


@predict_labels.mistake(
    "search_starts_at_0",
    "Your search for the largest score starts from 0, so a row of negative scores has no winner but the "
    "first. Scores may be negative: start from the row's first score (or take np.argmax).",
)
def _(P):
    if P.ndim == 1 or P.shape[1] == 1:
        return (P.ravel() >= 0.5).astype(int)
    return np.where((P > 0).any(axis=1), P.argmax(axis=1), 0)


@predict_labels.variant
def _(P):
    labels = []
    for row in P:
        row = np.atleast_1d(row)
        if row.size == 1:
            labels.append(1 if row[0] >= 0.5 else 0)
            continue
        best = 0
        for k in range(1, row.size):
            if row[k] > row[best]:
                best = k
        labels.append(best)
    return np.array(labels)


predict_labels.variant(
    lambda P: np.argmax(P, axis=1) if P.ndim > 1 and P.shape[-1] != 1 else np.where(P.ravel() >= 0.5, 1, 0)
)
predict_labels.variant(
    lambda P: (
        1 - (P.squeeze(-1) < 0.5)
        if P.shape[1:] == (1,)
        else (P >= 0.5) * 1
        if P.ndim == 1
        else np.array([list(row).index(max(row)) for row in P], dtype=np.int32)
    )
)


@predict_labels.variant
def _(P):
    if P.ndim == 1:
        P = P[:, None]
    if P.shape[1] == 1:
        P = np.hstack([np.full((len(P), 1), np.nextafter(0.5, 0)), P])
    return P.argmax(axis=1)
