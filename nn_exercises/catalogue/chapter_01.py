"""Chapter 1, the neuron: from a weighted sum to an activation."""

import itertools

import numpy as np

from nn_exercises.exercise import Fn, case, exercise


@exercise(
    chapter="01_neuron",
    difficulty="easy",
    aim="Compute the pre-activation of one neuron, a weighted sum plus a bias, for every sample at once.",
    hints=(
        "Work out one row with pencil and paper first: how many numbers go in, and how many come out?",
        "Each row of `X` meets the same `w`: multiply feature by feature, add up *along the row*, then add "
        "the bias once.",
        "The matrix product of an array (n_samples, n_features) with a vector (n_features,) is a vector "
        "(n_samples,); what is still missing is one number, the same for every sample.",
    ),
)
def neuron_preactivation(X, w, b):
    """Pre-activation of one neuron, z = w·x + b for each row x of X.

    Parameters
    ----------
    X : array (n_samples, n_features)
        One sample a row; integers or floats. It is not changed.
    w : array (n_features,)
        One weight for each feature. It is not changed.
    b : float
        The bias, added once for each sample.

    Returns
    -------
    z : float array (n_samples,)
        One pre-activation for each sample.
    """
    return X @ w + b


@neuron_preactivation.cases
def _(rng):
    for shape, group, note in [
        ((5, 3), "values", "five samples, three features"),
        ((4, 7), "values", "four samples, seven features"),
        ((3, 3), "values", "as many samples as features"),
        ((6, 1), "shape", "one feature"),
        ((1, 3), "shape", "one sample"),
        ((1, 1), "shape", "one sample with one feature"),
    ]:
        X, w, b = rng.normal(size=shape), rng.normal(size=shape[1]), 0.7 + rng.random()
        if group == "values":  # one sample of each case is on the negative side
            X[0] -= (X[0] @ w + b + rng.uniform(0.5, 1.5)) / (w @ w) * w
        yield case(X, w, b, group=group, note=note)
    yield case(np.array([[0.5, 1.0]]), np.array([0.2, 0.8]), 0.1, note="the numbers of the chapter")
    yield case(rng.integers(-4, 5, size=(5, 3)), rng.normal(size=3), -0.75, group="edge", note="integer X")
    yield case(
        rng.normal(size=(4, 3)).astype(np.float32),
        rng.normal(size=3).astype(np.float32),
        1.25,
        group="edge",
        note="float32 X and w",
    )
    yield case(rng.normal(size=(4, 3)), rng.normal(size=3), -2.0, group="edge", note="a negative bias")


neuron_preactivation.mistake(
    "bias_forgotten",
    "Your z is the weighted sum alone: the bias b never enters. Add it once to every sample's sum.",
)(lambda X, w, b: X @ w)

neuron_preactivation.mistake(
    "bias_subtracted",
    "You subtract b. In this book the bias is added, z = w·x + b (a threshold is what one would subtract).",
)(lambda X, w, b: X @ w - b)

neuron_preactivation.mistake(
    "bias_added_per_feature",
    "The bias enters once for each feature, so n_features times in all. Sum the products first, then add b "
    "once.",
)(lambda X, w, b: (X * w + b).sum(axis=1))

neuron_preactivation.mistake(
    "bias_multiplied",
    "You multiply by b. The bias is a shift of the weighted sum, not a factor of it.",
)(lambda X, w, b: (X @ w) * b)

neuron_preactivation.mistake(
    "inputs_and_bias_added_before_the_weights",
    "The bias is added to the inputs and then weighted with them. Weight the inputs first; the bias has no "
    "weight.",
)(lambda X, w, b: (X + b) @ w)

neuron_preactivation.mistake(
    "bias_added_to_the_weights",
    "You add b to the weights before the product, so it is multiplied by the inputs. It belongs outside the "
    "product.",
)(lambda X, w, b: X @ (w + b))

neuron_preactivation.mistake(
    "products_not_summed",
    "You return the products x_j w_j, one for each feature. A neuron has one z for each sample: sum the "
    "products along the row.",
)(lambda X, w, b: X * w + b)

neuron_preactivation.mistake(
    "summed_over_the_samples",
    "The sum runs down the columns (over the samples). Rows are samples: sum over the features, axis 1.",
)(lambda X, w, b: (X * w).sum(axis=0) + b)

neuron_preactivation.mistake(
    "summed_over_everything",
    "All samples are added into one number. Each row of X needs a z of its own: sum along axis 1 only.",
)(lambda X, w, b: (X * w).sum() + b)

neuron_preactivation.mistake(
    "mean_instead_of_sum",
    "You take the mean over the features; a neuron adds the weighted inputs and divides by nothing.",
)(lambda X, w, b: (X * w).mean(axis=1) + b)

neuron_preactivation.mistake(
    "a_column_instead_of_a_vector",
    "The numbers are right, but the shape is (n_samples, 1). z is due as a vector (n_samples,).",
)(lambda X, w, b: (X @ w + b)[:, None])

neuron_preactivation.mistake(
    "X_and_w_the_wrong_way_round",
    "The product w @ X pairs the weights with the samples; it only runs when X is square. Each row of X "
    "must meet w: X stands on the left.",
)(lambda X, w, b: w @ X + b)

neuron_preactivation.mistake(
    "only_the_first_sample",
    "Only the first row of X is used. Return one z for every row.",
)(lambda X, w, b: X[0] @ w + b)

neuron_preactivation.mistake(
    "one_sample_for_all",
    "Every entry of z is the value of the first row. Each sample must use its own row of X.",
)(lambda X, w, b: np.full(len(X), X[0] @ w + b))

neuron_preactivation.mistake(
    "only_the_first_feature",
    "Only the first feature and its weight are used. Every feature contributes x_j w_j to the sum.",
)(lambda X, w, b: X[:, 0] * w[0] + b)

neuron_preactivation.mistake(
    "last_feature_left_out",
    "The last feature is missing from the sum: the loop over the features stops one too early.",
)(lambda X, w, b: X[:, :-1] @ w[:-1] + b)

neuron_preactivation.mistake(
    "bias_added_to_the_first_sample_only",
    "The bias reaches only the first sample. Every sample's sum gets the same b.",
)(lambda X, w, b: X @ w + b * (np.arange(len(X)) == 0))

neuron_preactivation.mistake(
    "weights_not_used",
    "You add up the inputs without their weights. Multiply each feature by its weight before summing.",
)(lambda X, w, b: X.sum(axis=1) + b)

neuron_preactivation.mistake(
    "step_applied",
    "You return the decision (0 or 1). This exercise asks for z itself, before any activation.",
)(lambda X, w, b: (X @ w + b >= 0).astype(float))

neuron_preactivation.mistake(
    "sigmoid_applied",
    "You return the sigmoid of z. This exercise asks for z itself, before any activation.",
)(lambda X, w, b: 1 / (1 + np.exp(-(X @ w + b))))

neuron_preactivation.mistake(
    "relu_applied",
    "Negative values come back as 0, as after a ReLU. This exercise asks for z itself, before any "
    "activation.",
)(lambda X, w, b: np.maximum(X @ w + b, 0))

neuron_preactivation.mistake(
    "tanh_applied",
    "You return tanh of z. This exercise asks for z itself, before any activation.",
)(lambda X, w, b: np.tanh(X @ w + b))

neuron_preactivation.mistake(
    "absolute_value",
    "Your z is never negative: an absolute value has crept in. z may have either sign.",
)(lambda X, w, b: np.abs(X @ w + b))

neuron_preactivation.mistake(
    "absolute_weights",
    "You use the size of the weights without their sign. A negative weight must lower z.",
)(lambda X, w, b: X @ np.abs(w) + b)

neuron_preactivation.mistake(
    "a_list",
    "The numbers are right, but you return a Python list. Turn it into a NumPy array at the end.",
)(lambda X, w, b: [float(x @ w + b) for x in X])


@neuron_preactivation.mistake(
    "integers_cut_off",
    "With integer inputs the decimals of z are cut off: your result array has the type of X. Make it a "
    "float array.",
)
def _(X, w, b):
    z = np.zeros(len(X), dtype=X.dtype)
    for i, x in enumerate(X):
        z[i] = x @ w + b
    return z


@neuron_preactivation.mistake(
    "caller_s_X_changed",
    "Your function changes the X it was given (`X *= …` works in place). Make a new array instead.",
)
def _(X, w, b):
    if np.issubdtype(X.dtype, np.floating):
        X *= w
        return X.sum(axis=1) + b
    return X @ w + b


neuron_preactivation.mistake(
    "rounded",
    "You round z. Its decimals matter to the activation that follows: leave them.",
)(lambda X, w, b: np.round(X @ w + b, 2))

neuron_preactivation.mistake(
    "sum_cut_off",
    "The weighted sum is cut to whole numbers before the bias is added. z is a float: no conversion to int.",
)(lambda X, w, b: (X @ w).astype(int) + b)

neuron_preactivation.mistake(
    "weights_normalized",
    "You divide the weights by their length. That gives the distance from the line, not z: use w as it is.",
)(lambda X, w, b: X @ (w / np.linalg.norm(w)) + b)


@neuron_preactivation.mistake(
    "caller_s_X_overwritten",
    "Your function writes the products into the X it was given (and integers lose their decimals in it). "
    "Make a new array instead.",
)
def _(X, w, b):
    X[:] = X * w
    return X.sum(axis=1) + b


@neuron_preactivation.mistake(
    "bias_grows_from_sample_to_sample",
    "The sum is not started afresh for each sample: what the earlier rows left is added to the next. Set it "
    "back to zero at the top of the loop over the samples.",
)
def _(X, w, b):
    return np.cumsum(X @ w) + b


@neuron_preactivation.mistake(
    "bias_cut_off",
    "You cut b to a whole number. It is a float: add it as it is.",
)
def _(X, w, b):
    return X @ w + int(b)


@neuron_preactivation.variant
def _(X, w, b):
    z = np.zeros(X.shape[0])
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            z[i] += X[i, j] * w[j]
        z[i] += b
    return z


neuron_preactivation.variant(lambda X, w, b: np.einsum("ij,j->i", X, w) + b)
neuron_preactivation.variant(lambda X, w, b: (X * w).sum(axis=1) + b)
neuron_preactivation.variant(lambda X, w, b: np.array([np.dot(row, w) + b for row in X]))
neuron_preactivation.variant(lambda X, w, b: (w.reshape(1, -1) @ X.T + b).ravel())
neuron_preactivation.variant(lambda X, w, b: (X.astype(np.float32) @ w.astype(np.float32)) + np.float32(b))
neuron_preactivation.variant(lambda X, w, b: np.c_[X, np.ones(len(X))] @ np.append(w, b))


@exercise(
    chapter="01_neuron",
    difficulty="easy",
    aim="Build the McCulloch–Pitts unit of 1943: excitatory inputs add up, and one active inhibitory input "
    "forbids the unit to fire.",
    hints=(
        "Two questions decide each row: is any inhibitory input active? And do the *other* inputs reach "
        "theta?",
        "The mask `inhibitory` picks columns of X, and `~inhibitory` picks the other ones. "
        'Ask "any?" of the first group and "how many?" of the second, along each row.',
        "A row fires if both hold: no inhibitory input is active, *and* the count of the others is at least "
        "theta (equality fires). Turn the true/false you get into integers.",
    ),
)
def mcculloch_pitts(X, inhibitory, theta):
    """Output of a McCulloch–Pitts unit with absolute inhibition, for every row of X.

    The unit fires (1) if no inhibitory input is active and the sum of the other inputs is at least theta;
    otherwise it is silent (0).

    Parameters
    ----------
    X : int array (n_samples, n_inputs)
        Inputs, 0 or 1. It is not changed.
    inhibitory : bool array (n_inputs,)
        True for the inputs that inhibit. All, some or none of them may be True.
    theta : int or float
        The threshold. With theta = 0 the unit fires unless it is inhibited.

    Returns
    -------
    y : int array (n_samples,)
        1 where the unit fires, 0 where it does not; integers, not booleans.
    """
    vetoed = X[:, inhibitory].any(axis=1)
    excited = X[:, ~inhibitory].sum(axis=1) >= theta
    return (excited & ~vetoed).astype(int)


@mcculloch_pitts.cases
def _(rng):
    def every_row(n, mask, theta, group, note):
        rows = np.array(list(itertools.product([0, 1], repeat=n)))
        return case(rows, np.array(mask, dtype=bool), theta, group=group, note=note)

    for n, mask, theta, note in [
        (2, [0, 0], 2, "AND of two inputs"),
        (2, [0, 0], 1, "OR of two inputs"),
        (2, [0, 1], 1, "x1 and not x2"),
        (3, [0, 0, 1], 1, "the third input inhibits"),
        (3, [0, 0, 1], 2, "the third input inhibits, the sum must equal theta = 2"),
        (3, [1, 0, 1], 1, "two of three inputs inhibit"),
        (3, [0, 0, 0], 2, "two of three"),
    ]:
        yield every_row(n, mask, theta, "values", note)
    mask = rng.permutation([True, True, False, False, False])
    X = rng.integers(0, 2, size=(6, 5))
    X[0], X[1] = ~mask, 1  # one that fires and one that is vetoed, whatever the others do
    yield case(X, mask, int(rng.integers(1, 4)), note="random rows of five inputs")
    for n, mask, theta, note in [
        (3, [0, 0, 0], 1.5, "theta = 1.5"),
        (3, [0, 1, 0], 0, "theta = 0: fires unless inhibited"),
        (2, [1, 1], 0, "every input inhibits, theta = 0"),
        (2, [1, 1], 1, "every input inhibits, theta = 1"),
        (2, [0, 0], 3, "theta out of reach"),
    ]:
        yield every_row(n, mask, theta, "edge", note)
    yield case(np.array([[1, 0, 1]]), np.array([False, True, False]), 2, group="shape", note="one sample")
    yield case(np.array([[1], [0], [1]]), np.array([False]), 1, group="shape", note="one input")
    yield case(np.array([[0], [1]]), np.array([True]), 0, group="shape", note="one input, which inhibits")
    X = np.ones((2, 1200), dtype=int)
    X[1, -1] = 0
    yield case(X, np.arange(1200) == 1199, 3, group="edge", note="one veto against 1199 active inputs")


mcculloch_pitts.mistake(
    "strictly_above_theta",
    "Rows whose sum equals theta stay silent: you compare with >. The unit fires when the sum is *at least* "
    "theta.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) > theta) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "equal_to_theta_only",
    "The unit fires only when the sum equals theta exactly; a larger sum must fire too.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) == theta) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "inhibition_ignored",
    "Inhibitory inputs are counted like all the others. They must not add to the sum: an active one "
    "silences the unit.",
)(lambda X, inhibitory, theta: (X.sum(axis=1) >= theta).astype(int))

mcculloch_pitts.mistake(
    "no_veto",
    "Inhibitory inputs are left out of the sum, but an active one does not silence the unit. Any active "
    "inhibitory input must give 0, however large the sum.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].sum(axis=1) >= theta).astype(int))

mcculloch_pitts.mistake(
    "inhibition_subtracts",
    "An active inhibitory input lowers your sum by 1, and enough excitation overrules it. In 1943 "
    "inhibition is absolute: one active inhibitory input is enough for silence.",
)(
    lambda X, inhibitory, theta: (
        X[:, ~inhibitory].sum(axis=1) - X[:, inhibitory].sum(axis=1) >= theta
    ).astype(int)
)

mcculloch_pitts.mistake(
    "sum_set_to_0_instead_of_a_veto",
    "When it is inhibited your unit compares 0 with theta, so it still fires at theta = 0. A veto silences "
    "the unit whatever theta is.",
)(
    lambda X, inhibitory, theta: (
        np.where(X[:, inhibitory].any(axis=1), 0, X[:, ~inhibitory].sum(axis=1)) >= theta
    ).astype(int)
)

mcculloch_pitts.mistake(
    "all_must_inhibit",
    "Your veto needs *every* inhibitory input to be active (and with none it is always on). One active "
    "inhibitory input is enough: ask any, not all.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].all(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "all_must_inhibit_if_there_are_any",
    "Your veto needs *every* inhibitory input to be active. One is enough: ask any, not all.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~(X[:, inhibitory].all(axis=1) & inhibitory.any())
    ).astype(int)
)

mcculloch_pitts.mistake(
    "more_than_one_must_inhibit",
    "Your veto asks for more than one active inhibitory input. One is enough.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & (X[:, inhibitory].sum(axis=1) <= 1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "having_an_inhibitory_input_vetoes",
    "The unit is silent as soon as it *has* an inhibitory input. Only an *active* one (X = 1 there) vetoes.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~np.full(len(X), inhibitory.any())
    ).astype(int)
)

mcculloch_pitts.mistake(
    "one_veto_for_the_whole_batch",
    'An active inhibitory input in one row silences all rows. Ask "any?" row by row, along axis 1.',
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~np.full(len(X), X[:, inhibitory].any())
    ).astype(int)
)

mcculloch_pitts.mistake(
    "mask_turned_round",
    "You treat the inhibitory inputs as excitatory and the others as inhibitory. True in `inhibitory` marks "
    "the inputs that veto.",
)(
    lambda X, inhibitory, theta: (
        (X[:, inhibitory].sum(axis=1) >= theta) & ~X[:, ~inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "counts_the_inhibitory_inputs",
    "The sum that you compare with theta runs over the inhibitory inputs. It belongs to the *other* inputs.",
)(
    lambda X, inhibitory, theta: (
        (X[:, inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "veto_turned_round",
    "Your unit fires only when it *is* inhibited. An active inhibitory input forbids firing.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "or_instead_of_and",
    "Your unit fires if the threshold is reached *or* nothing inhibits it. Both are needed.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) | ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "output_turned_round",
    "0 and 1 are exchanged: 1 means that the unit fires.",
)(
    lambda X, inhibitory, theta: (
        1 - ((X[:, ~inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].any(axis=1)).astype(int)
    )
)

mcculloch_pitts.mistake(
    "below_theta",
    "The comparison with theta is turned round: the unit must fire when the sum is *at least* theta.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) <= theta) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "outputs_1_and_1",
    "A silent unit gives -1 in your version. The outputs of this unit are 0 and 1.",
)(
    lambda X, inhibitory, theta: np.where(
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].any(axis=1), 1, -1
    )
)

mcculloch_pitts.mistake(
    "vetoed_gives_minus_1",
    "A vetoed unit gives -1 in your version. It is silent: 0.",
)(
    lambda X, inhibitory, theta: np.where(
        X[:, inhibitory].any(axis=1), -1, X[:, ~inhibitory].sum(axis=1) >= theta
    )
)

mcculloch_pitts.mistake(
    "veto_fires",
    "An active inhibitory input makes your unit *fire* (an `or` where `and not` is meant). It forbids "
    "firing.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) | X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "either_but_not_both",
    "Your unit fires if exactly one of the two holds: the threshold reached, or inhibited (an exclusive "
    "or). It fires if the threshold is reached *and not* inhibited.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) ^ X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "theta_fixed_at_2",
    "Your threshold is always 2. Compare the sum with the argument theta.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= 2) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "mean_compared",
    "You compare the *mean* of the inputs with theta. It is their sum that must reach theta.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta * max((~inhibitory).sum(), 1)) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "distance_to_theta",
    "You return how far the sum is from theta. The output is a decision: 1 from theta on, else 0.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].sum(axis=1) - theta) * ~X[:, inhibitory].any(axis=1))

mcculloch_pitts.mistake(
    "summed_over_the_rows",
    "You sum over the rows (axis 0), which gives an answer for each *input*. Rows are samples: sum along "
    "axis 1.",
)(lambda X, inhibitory, theta: ((X.sum(axis=0) >= theta) & ~inhibitory).astype(int))

mcculloch_pitts.mistake(
    "floats",
    "The decisions are right, but they are floats. Integers are due.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].any(axis=1)
    ).astype(float)
)

mcculloch_pitts.mistake(
    "booleans",
    "The decisions are right, but they come back as True and False. Convert them to integers.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].any(axis=1))

mcculloch_pitts.mistake(
    "a_list",
    "The decisions are right, but you return a Python list. An integer array is due.",
)(
    lambda X, inhibitory, theta: [
        int(row[~inhibitory].sum() >= theta and not row[inhibitory].any()) for row in X
    ]
)

mcculloch_pitts.mistake(
    "the_sum_not_the_decision",
    "You return the sum of the excitatory inputs. Compare it with theta: the output is 0 or 1.",
)(lambda X, inhibitory, theta: X[:, ~inhibitory].sum(axis=1) * ~X[:, inhibitory].any(axis=1))

mcculloch_pitts.mistake(
    "a_column_instead_of_a_vector",
    "The decisions are right, but the shape is (n_samples, 1). A vector (n_samples,) is due.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)[:, None]
)

mcculloch_pitts.mistake(
    "theta_ignored_every_input_needed",
    "Your unit fires only when *all* the excitatory inputs are active. Compare their sum with theta.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].all(axis=1) & ~X[:, inhibitory].any(axis=1)).astype(int))

mcculloch_pitts.mistake(
    "theta_ignored_one_input_enough",
    "Your unit fires as soon as one excitatory input is active. Compare their sum with theta.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].any(axis=1) & ~X[:, inhibitory].any(axis=1)).astype(int))

mcculloch_pitts.mistake(
    "never_fires_at_rest",
    "A row without any active excitatory input stays silent in your version even at theta = 0. A sum of 0 "
    "reaches a threshold of 0.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= theta)
        & ~X[:, inhibitory].any(axis=1)
        & X[:, ~inhibitory].any(axis=1)
    ).astype(int)
)

mcculloch_pitts.mistake(
    "theta_cut_to_a_whole_number",
    "You cut theta to a whole number: 1.5 must not behave like 1. Compare with theta as it is.",
)(
    lambda X, inhibitory, theta: (
        (X[:, ~inhibitory].sum(axis=1) >= int(theta)) & ~X[:, inhibitory].any(axis=1)
    ).astype(int)
)


@mcculloch_pitts.mistake(
    "caller_s_X_changed",
    "Your function changes the X it was given: it clears the inhibitory columns in place. Work on a copy.",
)
def _(X, inhibitory, theta):
    vetoed = X[:, inhibitory].any(axis=1)
    X[:, inhibitory] = 0
    return ((X.sum(axis=1) >= theta) & ~vetoed).astype(int)


mcculloch_pitts.mistake(
    "last_input_taken_for_inhibitory",
    "You always take the last input for the inhibitory one. The mask `inhibitory` says which inputs "
    "inhibit: all, some or none.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].sum(axis=1) >= theta) * (1 - X[:, -1]))


mcculloch_pitts.mistake(
    "veto_counted",
    "You subtract the *number* of active inhibitory inputs from 1, so that two of them give a negative "
    "output. Ask whether *any* is active.",
)(lambda X, inhibitory, theta: (X[:, ~inhibitory].sum(axis=1) >= theta) * (1 - X[:, inhibitory].sum(axis=1)))


mcculloch_pitts.mistake(
    "inhibition_weighs_much",
    "An inhibitory input has a large negative weight in your version, and enough excitation still overrules "
    "it. A veto is absolute: ask whether any inhibitory input is active.",
)(lambda X, inhibitory, theta: (X @ np.where(inhibitory, -10, 1) >= theta).astype(int))

mcculloch_pitts.mistake(
    "inhibition_weighs_theta",
    "An inhibitory input has the weight -theta in your version, and enough excitation still overrules it. A "
    "veto is absolute: ask whether any inhibitory input is active.",
)(lambda X, inhibitory, theta: (X @ np.where(inhibitory, -theta, 1) >= theta).astype(int))


@mcculloch_pitts.variant
def _(X, inhibitory, theta):
    y = []
    for row in X:
        total, vetoed = 0, False
        for x, inhibits in zip(row, inhibitory, strict=True):
            if inhibits:
                vetoed = vetoed or x == 1
            else:
                total += x
        y.append(1 if total >= theta and not vetoed else 0)
    return np.array(y)


mcculloch_pitts.variant(
    lambda X, inhibitory, theta: np.where(X @ inhibitory.astype(int), 0, X.sum(axis=1) >= theta).astype(int)
)
mcculloch_pitts.variant(
    lambda X, inhibitory, theta: (
        (X @ np.where(inhibitory, -X.shape[1] - 10, 1) >= theta).astype(np.int32)
        * (1 - X[:, inhibitory].max(axis=1, initial=0))
    )
)
mcculloch_pitts.variant(
    lambda X, inhibitory, theta: ((X @ ~inhibitory >= theta) & (X @ inhibitory == 0)).astype(int)
)
mcculloch_pitts.variant(
    lambda X, inhibitory, theta: np.array(
        [0 if (row & inhibitory).any() else int(row.sum() >= theta) for row in X], dtype=np.int64
    )
)


@exercise(
    chapter="01_neuron",
    difficulty="easy",
    aim="Put the pieces together: a neuron computes its pre-activation and hands it to an activation "
    "function.",
    hints=(
        "A neuron works in two stages. You have written the first one already.",
        "`activation` is a function that you can call like any other: decide *what* it must be given.",
        "First all of z, bias included, one number for each sample; then one call of `activation` on that.",
    ),
)
def neuron(X, w, b, activation):
    """Output of one artificial neuron, a = f(w·x + b) for each row x of X.

    Parameters
    ----------
    X : array (n_samples, n_features)
        One sample a row; integers or floats. It is not changed.
    w : array (n_features,)
        Weights.
    b : float
        Bias.
    activation : callable
        The function f. It takes an array (or a number) and works element by element, as np.tanh does.

    Returns
    -------
    a : float array (n_samples,)
        One output for each sample.
    """
    return activation(X @ w + b)


def _identity(z):
    return z


def _square_plus_one(z):
    return z * z + 1.0


@neuron.cases
def _(rng):
    tanh, exp = Fn("tanh", np.tanh), Fn("exp", np.exp)
    identity, square = Fn("identity", _identity), Fn("z² + 1", _square_plus_one)
    for shape, f, group, note in [
        ((5, 3), tanh, "values", "activation tanh"),
        ((4, 3), exp, "values", "activation exp"),
        ((6, 2), identity, "values", "activation z → z"),
        ((3, 3), square, "values", "activation z → z² + 1, as many samples as features"),
        ((1, 4), exp, "shape", "one sample"),
        ((5, 1), tanh, "shape", "one feature"),
    ]:
        X, w = rng.uniform(-1, 1, size=shape), rng.uniform(-1, 1, size=shape[1])
        yield case(X, w, 0.4 + 0.3 * rng.random(), f, group=group, note=note)
    yield case(np.array([[0.5, 1.0]]), np.array([0.2, 0.8]), 0.1, tanh, note="the numbers of the chapter")
    X, w = rng.integers(-2, 3, size=(4, 3)), rng.uniform(-0.5, 0.5, size=3)
    yield case(X, w, -0.25, exp, group="edge", note="integer X")
    yield case(
        rng.normal(size=(4, 2)).astype(np.float32),
        rng.normal(size=2).astype(np.float32),
        0.5,
        tanh,
        group="edge",
        note="float32 X and w",
    )


neuron.mistake(
    "activation_forgotten",
    "You return z itself. The neuron's output is the activation of z.",
)(lambda X, w, b, activation: X @ w + b)

neuron.mistake(
    "bias_after_the_activation",
    "The bias is added to the activation's output. It belongs inside, to z, before the activation is called.",
)(lambda X, w, b, activation: activation(X @ w) + b)

neuron.mistake(
    "activation_on_the_inputs",
    "You apply the activation to the inputs, then weight them. Weight, sum and add the bias first; the "
    "activation comes last.",
)(lambda X, w, b, activation: activation(X) @ w + b)

neuron.mistake(
    "activation_on_each_product",
    "You apply the activation to each product x_j w_j and sum afterwards. It is applied once, to the "
    "finished z.",
)(lambda X, w, b, activation: activation(X * w).sum(axis=1) + b)

neuron.mistake(
    "activation_on_each_product_bias_inside",
    "You apply the activation feature by feature and sum afterwards. It is applied once, to the finished z.",
)(lambda X, w, b, activation: activation(X * w + b).sum(axis=1))

neuron.mistake(
    "bias_forgotten",
    "The bias never enters: you apply the activation to the weighted sum alone.",
)(lambda X, w, b, activation: activation(X @ w))

neuron.mistake(
    "bias_subtracted",
    "You subtract b. In this book the bias is added, z = w·x + b.",
)(lambda X, w, b, activation: activation(X @ w - b))

neuron.mistake(
    "bias_added_per_feature",
    "The bias enters once for each feature, n_features times in all. Sum the products, then add b once.",
)(lambda X, w, b, activation: activation((X * w + b).sum(axis=1)))

neuron.mistake(
    "bias_added_twice",
    "The bias enters twice: inside z and again after the activation. Once, inside, is right.",
)(lambda X, w, b, activation: activation(X @ w + b) + b)

neuron.mistake(
    "activation_twice",
    "The activation is applied to its own output. Call it once, on z.",
)(lambda X, w, b, activation: activation(activation(X @ w + b)))

neuron.mistake(
    "activation_times_z",
    "You multiply z by the activation of z. The output is the activation alone.",
)(lambda X, w, b, activation: (X @ w + b) * activation(X @ w + b))

neuron.mistake(
    "activation_on_the_weights",
    "You apply the activation to the weights. It is applied to z = w·x + b.",
)(lambda X, w, b, activation: X @ activation(w) + b)

neuron.mistake(
    "sigmoid_hard_coded",
    "You always apply the sigmoid. The caller chooses the function: use the argument `activation`.",
)(lambda X, w, b, activation: 1 / (1 + np.exp(-(X @ w + b))))

neuron.mistake(
    "tanh_hard_coded",
    "You always apply tanh. The caller chooses the function: use the argument `activation`.",
)(lambda X, w, b, activation: np.tanh(X @ w + b))

neuron.mistake(
    "step_hard_coded",
    "You always return a 0/1 decision. The caller chooses the function: use the argument `activation`.",
)(lambda X, w, b, activation: (X @ w + b >= 0).astype(float))

neuron.mistake(
    "relu_hard_coded",
    "You always apply ReLU. The caller chooses the function: use the argument `activation`.",
)(lambda X, w, b, activation: np.maximum(X @ w + b, 0))

neuron.mistake(
    "products_not_summed",
    "You return one value for each feature of each sample. Sum the products along the row before the "
    "activation.",
)(lambda X, w, b, activation: activation(X * w + b))

neuron.mistake(
    "summed_over_the_samples",
    "The sum runs down the columns (over the samples). Rows are samples: sum over the features, axis 1.",
)(lambda X, w, b, activation: activation((X * w).sum(axis=0) + b))

neuron.mistake(
    "summed_over_everything",
    "All samples are added into one number. Each row of X needs an output of its own.",
)(lambda X, w, b, activation: activation((X * w).sum() + b))

neuron.mistake(
    "mean_instead_of_sum",
    "You take the mean over the features; a neuron adds the weighted inputs and divides by nothing.",
)(lambda X, w, b, activation: activation((X * w).mean(axis=1) + b))

neuron.mistake(
    "X_and_w_the_wrong_way_round",
    "The product w @ X pairs the weights with the samples; it only runs when X is square. X stands on the "
    "left.",
)(lambda X, w, b, activation: activation(w @ X + b))

neuron.mistake(
    "only_the_first_sample",
    "Only the first row of X is used. Return one output for every row.",
)(lambda X, w, b, activation: activation(X[0] @ w + b))

neuron.mistake(
    "a_column_instead_of_a_vector",
    "The numbers are right, but the shape is (n_samples, 1). A vector (n_samples,) is due.",
)(lambda X, w, b, activation: activation(X @ w + b)[:, None])

neuron.mistake(
    "a_list",
    "The numbers are right, but you return a Python list. A NumPy array is due.",
)(lambda X, w, b, activation: [float(activation(x @ w + b)) for x in X])

neuron.mistake(
    "sign_of_z",
    "You apply the activation to -z: a minus sign is too many.",
)(lambda X, w, b, activation: activation(-(X @ w + b)))

neuron.mistake(
    "z_cut_off",
    "You cut z to whole numbers before the activation. z is a float: no conversion to int.",
)(lambda X, w, b, activation: activation((X @ w + b).astype(int).astype(float)))

neuron.mistake(
    "summed_up",
    "You add the outputs of all samples. Each row of X has an output of its own.",
)(lambda X, w, b, activation: activation(X @ w + b).sum())

neuron.mistake(
    "z_and_a_returned",
    "You return two things, z and a. Only the output a is asked for.",
)(lambda X, w, b, activation: (X @ w + b, activation(X @ w + b)))

neuron.mistake(
    "the_function_returned",
    "You return the function `activation` itself. Call it on z, and return what it gives.",
)(lambda X, w, b, activation: activation)


@neuron.mistake(
    "integers_cut_off",
    "With integer inputs the decimals are cut off: your result array has the type of X. Make it a float "
    "array.",
)
def _(X, w, b, activation):
    a = np.zeros(len(X), dtype=X.dtype)
    for i, x in enumerate(X):
        a[i] = activation(x @ w + b)
    return a


@neuron.mistake(
    "z_cut_off_before_the_activation",
    "With integer inputs z loses its decimals before the activation sees it: its array has the type of X. "
    "Make it a float array.",
)
def _(X, w, b, activation):
    z = np.zeros(len(X), dtype=X.dtype)
    for i, x in enumerate(X):
        z[i] = x @ w + b
    return activation(z.astype(float))


@neuron.mistake(
    "caller_s_X_changed",
    "Your function changes the X it was given (`X *= …` works in place). Make a new array instead.",
)
def _(X, w, b, activation):
    if np.issubdtype(X.dtype, np.floating):
        X *= w
        return activation(X.sum(axis=1) + b)
    return activation(X @ w + b)


neuron.mistake(
    "bias_multiplied",
    "You multiply by b. The bias is added to the weighted sum, inside the activation.",
)(lambda X, w, b, activation: activation(X @ w) * b)


neuron.mistake(
    "bias_multiplied_inside",
    "You multiply the weighted sum by b. The bias is added to it.",
)(lambda X, w, b, activation: activation((X @ w) * b))


neuron.mistake(
    "output_thresholded",
    "You turn the output into a decision, 0 or 1. The activation's value itself is due.",
)(lambda X, w, b, activation: (activation(X @ w + b) >= 0.5).astype(float))


neuron.mistake(
    "bias_added_to_the_weights",
    "You add b to the weights before the product, so it is multiplied by the inputs. It belongs outside the "
    "product.",
)(lambda X, w, b, activation: activation(X @ (w + b)))


@neuron.mistake(
    "sigmoid_besides",
    "You apply a sigmoid of your own to z before the activation is called. The activation is the one that is "
    "passed in, applied to z itself.",
)
def _(X, w, b, activation):
    return activation(1 / (1 + np.exp(-(X @ w + b))))


@neuron.variant
def _(X, w, b, activation):
    a = np.zeros(X.shape[0])
    for i in range(X.shape[0]):
        z = b
        for j in range(X.shape[1]):
            z += X[i, j] * w[j]
        a[i] = activation(z)
    return a


@neuron.variant
def _(X, w, b, activation):
    z = np.einsum("ij,j->i", X, w) + b
    a = activation(z)
    return a


neuron.variant(lambda X, w, b, activation: np.array([activation(np.dot(x, w) + b) for x in X]))
neuron.variant(lambda X, w, b, activation: activation((X * w[None, :]).sum(axis=1) + b))
neuron.variant(lambda X, w, b, activation: activation((X @ w[:, None] + b).reshape(-1)))
neuron.variant(
    lambda X, w, b, activation: activation(X.astype(np.float32) @ w.astype(np.float32) + np.float32(b))
)
