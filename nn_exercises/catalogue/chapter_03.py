"""Chapter 3, multi-layer perceptrons: layers counted, initialized and built by hand."""

import contextlib
import functools
import itertools

import numpy as np

from nn_exercises.exercise import Problem, Rng, case, exercise


@exercise(
    chapter="03_multilayer_perceptron",
    difficulty="easy",
    aim="Turn class labels into one-hot rows, the form in which a network with one output per class is "
    "compared.",
    hints=(
        "How many columns does the result have if the batch happens to contain no sample of the last class?",
        "Start from zeros of shape (n_samples, n_classes). In row i exactly one entry becomes 1: which "
        "column?",
        "NumPy picks one entry in each row when two index arrays of equal length meet: the row numbers and "
        "the labels. Before that, refuse labels below 0 or at n_classes and above: a negative index would "
        "wrap around in silence.",
    ),
)
def one_hot(y, n_classes):
    """One-hot rows for class labels: row i is 1 in column y[i] and 0 elsewhere.

    Parameters
    ----------
    y : int array (n_samples,)
        Labels from 0 to n_classes - 1, in any order; not every class need occur. It is not changed.
    n_classes : int
        The number of columns.

    Returns
    -------
    Y : float array (n_samples, n_classes)
        Zeros, and a single 1.0 in each row.

    Raises
    ------
    ValueError
        If a label is negative or not below n_classes.
    """
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError("labels from 0 to n_classes - 1 are expected")
    Y = np.zeros((len(y), n_classes))
    Y[np.arange(len(y)), y] = 1.0
    return Y


@one_hot.cases
def _(rng):
    yield case(np.array([2, 0, 1, 2, 0]), 3, note="labels not sorted")
    yield case(rng.permutation(np.array([0, 1, 2, 3, 3, 1, 0])), 4, note="seven labels of four classes")
    yield case(np.append(rng.integers(0, 6, size=8), 5), 6, note="random labels")
    yield case(np.array([1, 3, 0]), 5, note="the top class does not occur")
    yield case(np.array([1, 3, 1, 1]), 4, group="edge", note="classes 0 and 2 do not occur")
    yield case(np.array([3, 0, 2, 2]), 4, group="edge", note="as many samples as classes")
    yield case(np.array([2]), 4, group="shape", note="a single sample")
    yield case(np.array([0, 0, 0]), 1, group="shape", note="one class")
    yield case(np.array([1, 0, 1], dtype=np.int32), 2, group="edge", note="int32 labels")
    yield case(np.array([0, 3, 1]), 3, group="errors", note="a label equal to n_classes", raises=ValueError)
    yield case(np.array([0, 7, 1]), 3, group="errors", note="a label far too large", raises=ValueError)
    yield case(np.array([1, -1, 0]), 3, group="errors", note="a negative label", raises=ValueError)


def _checked(y, n_classes):
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError


def _checked_one_hot(y, n_classes):
    _checked(y, n_classes)
    return np.eye(n_classes)[y]


one_hot.mistake(
    "labels_not_checked",
    "Labels out of range are not refused with a ValueError: -1 wraps around to the last class in silence, "
    "and a label that is too large ends in an IndexError. Check the smallest and the largest label first.",
)(lambda y, n_classes: np.eye(n_classes)[y])

one_hot.mistake(
    "labels_not_checked_rows_of_zeros",
    "A label out of range gives a row of zeros instead of a ValueError. Check the smallest and the largest "
    "label first.",
)(lambda y, n_classes: (y[:, None] == np.arange(n_classes)).astype(float))


@one_hot.mistake(
    "negative_labels_not_checked",
    "A negative label is not refused: as an index, -1 means the last class. Raise ValueError for labels "
    "below 0 too.",
)
def _(y, n_classes):
    if y.max() >= n_classes:
        raise ValueError
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "large_labels_not_checked",
    "Only negative labels are refused with a ValueError. Labels of n_classes and above must be refused as "
    "well.",
)
def _(y, n_classes):
    if y.min() < 0:
        raise ValueError
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "label_equal_to_n_classes_accepted",
    "The range check is one too generous: with n_classes = 3 the labels are 0, 1 and 2, so 3 must raise "
    "ValueError.",
)
def _(y, n_classes):
    if y.min() < 0 or y.max() > n_classes:
        raise ValueError
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "label_equal_to_n_classes_gives_zeros",
    "The range check is one too generous: with n_classes = 3 the labels are 0, 1 and 2, so 3 must raise "
    "ValueError.",
)
def _(y, n_classes):
    if y.min() < 0 or y.max() > n_classes:
        raise ValueError
    return (y[:, None] == np.arange(n_classes)).astype(float)


@one_hot.mistake(
    "top_label_refused",
    "The range check is too strict: n_classes - 1 is a valid label, but you raise ValueError for it.",
)
def _(y, n_classes):
    if y.min() < 0 or y.max() >= n_classes - 1:
        raise ValueError
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "label_0_refused",
    "The range check is too strict: 0 is a valid label, but you raise ValueError for it.",
)
def _(y, n_classes):
    if y.min() <= 0 or y.max() >= n_classes:
        raise ValueError
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "assert_instead_of_valueerror",
    "Labels out of range end in an AssertionError. Raise ValueError instead: an assert is for your own "
    "slips and can be switched off.",
)
def _(y, n_classes):
    assert y.min() >= 0 and y.max() < n_classes
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "indexerror_instead_of_valueerror",
    "Labels out of range raise an IndexError. The exercise asks for a ValueError.",
)
def _(y, n_classes):
    if y.min() < 0 or y.max() >= n_classes:
        raise IndexError
    return np.eye(n_classes)[y]


one_hot.mistake(
    "labels_clipped",
    "Labels out of range are moved to the nearest class. Data with wrong labels must be refused with a "
    "ValueError.",
)(lambda y, n_classes: np.eye(n_classes)[np.clip(y, 0, n_classes - 1)])

one_hot.mistake(
    "labels_wrapped",
    "Labels out of range are wrapped around (modulo n_classes). Refuse them with a ValueError.",
)(lambda y, n_classes: np.eye(n_classes)[y % n_classes])


@one_hot.mistake(
    "number_of_classes_taken_from_the_labels",
    "You take the number of columns from the largest label. A batch need not contain the top class: use "
    "n_classes.",
)
def _(y, n_classes):
    _checked(y, n_classes)
    return np.eye(y.max() + 1)[y]


one_hot.mistake(
    "number_of_classes_taken_from_the_labels_unchecked",
    "You take the number of columns from the largest label, so n_classes is never used. A batch need not "
    "contain the top class, and labels of n_classes and above must raise ValueError.",
)(lambda y, n_classes: np.eye(y.max() + 1)[y])


@one_hot.mistake(
    "number_of_classes_counted_in_the_labels",
    "You count the different labels that occur. Classes may be missing from a batch: use n_classes, and the "
    "label itself as the column.",
)
def _(y, n_classes):
    _checked(y, n_classes)
    classes, codes = np.unique(y, return_inverse=True)
    return np.eye(len(classes))[codes]


one_hot.mistake(
    "columns_by_order_of_appearance",
    "The column is the rank of the label among those that occur. Label c belongs in column c, even if "
    "smaller classes are missing.",
)(lambda y, n_classes: _checked(y, n_classes) or np.eye(n_classes)[np.unique(y, return_inverse=True)[1]])

one_hot.mistake(
    "columns_of_every_label",
    "`Y[:, y] = 1` fills whole columns. One entry in each row is meant: index rows and columns together.",
)(lambda y, n_classes: _checked(y, n_classes) or np.tile(np.isin(np.arange(n_classes), y) * 1.0, (len(y), 1)))


@one_hot.mistake(
    "columns_of_every_label_unchecked",
    "`Y[:, y] = 1` fills whole columns. One entry in each row is meant: index rows and columns together. "
    "Labels out of range must raise ValueError besides.",
)
def _(y, n_classes):
    Y = np.zeros((len(y), n_classes))
    Y[:, y] = 1
    return Y


@one_hot.mistake(
    "as_many_columns_as_labels_occur",
    "You make one column for each different label that occurs, and use the label as its number: where a "
    "class is missing, the index runs out of bounds. Use n_classes.",
)
def _(y, n_classes):
    _checked(y, n_classes)
    return np.eye(len(np.unique(y)))[y]


@one_hot.mistake(
    "ten_classes_assumed",
    "Your result always has 10 columns. n_classes says how many there are.",
)
def _(y, n_classes):
    _checked(y, n_classes)
    return np.eye(10)[y]


@one_hot.mistake(
    "negative_labels_and_n_classes_accepted",
    "Your range check lets two kinds of label through: negative ones, and n_classes itself (labels run from "
    "0 to n_classes - 1). Both must raise ValueError.",
)
def _(y, n_classes):
    if y.max() > n_classes:
        raise ValueError
    return np.eye(n_classes)[y]


@one_hot.mistake(
    "labels_from_1_in_the_check",
    "Your range check expects labels from 1 to n_classes, and refuses 0. Labels run from 0 to n_classes - 1.",
)
def _(y, n_classes):
    if y.min() < 1 or y.max() > n_classes:
        raise ValueError
    return np.eye(n_classes)[y - 1]


one_hot.mistake(
    "rows_and_columns_exchanged",
    "The result has shape (n_classes, n_samples). Rows are samples in this book: transpose it.",
)(lambda y, n_classes: _checked_one_hot(y, n_classes).T)

one_hot.mistake(
    "labels_counted_from_1",
    "Your 1 stands one column too far to the left: you subtract 1 from the labels. They start at 0.",
)(lambda y, n_classes: _checked(y, n_classes) or np.eye(n_classes)[y - 1])

one_hot.mistake(
    "one_column_too_far_right",
    "Your 1 stands one column too far to the right. Label c belongs in column c; labels start at 0.",
)(lambda y, n_classes: _checked(y, n_classes) or np.eye(n_classes)[(y + 1) % n_classes])

one_hot.mistake(
    "one_column_too_many",
    "The result has n_classes + 1 columns. Labels run from 0 to n_classes - 1, so n_classes columns are "
    "enough.",
)(lambda y, n_classes: _checked(y, n_classes) or np.eye(n_classes + 1)[y])

one_hot.mistake(
    "integers",
    "The ones stand in the right places, but as integers. Floats are due: a network computes with them.",
)(lambda y, n_classes: _checked_one_hot(y, n_classes).astype(int))

one_hot.mistake(
    "integers_labels_not_checked",
    "The array holds integers where floats are due, and labels out of range are not refused with a "
    "ValueError.",
)(lambda y, n_classes: np.eye(n_classes, dtype=int)[y])

one_hot.mistake(
    "booleans",
    "You return True and False. Convert them to floats.",
)(lambda y, n_classes: _checked_one_hot(y, n_classes).astype(bool))

one_hot.mistake(
    "booleans_labels_not_checked",
    "You return True and False where floats are due, and a label out of range gives a row of False instead "
    "of a ValueError.",
)(lambda y, n_classes: y[:, None] == np.arange(n_classes))

one_hot.mistake(
    "1_instead_of_0",
    "The entries that are not the label's hold -1 in your version. They are 0.",
)(lambda y, n_classes: 2 * _checked_one_hot(y, n_classes) - 1)

one_hot.mistake(
    "label_written_instead_of_1",
    "You write the label itself into its column. The entry is 1, whatever the label.",
)(lambda y, n_classes: _checked_one_hot(y, n_classes) * y[:, None])

one_hot.mistake(
    "zeros_and_ones_exchanged",
    "Every row has a single 0 among ones. It is the other way round: a single 1 among zeros.",
)(lambda y, n_classes: 1 - _checked_one_hot(y, n_classes))

one_hot.mistake(
    "cumulative_rows",
    "You fill the row up to the label. Only the label's own column is 1.",
)(lambda y, n_classes: _checked(y, n_classes) or (np.arange(n_classes) <= y[:, None]) * 1.0)

one_hot.mistake(
    "rows_sorted",
    "The rows come out sorted by label. Row i belongs to sample i: keep the given order.",
)(lambda y, n_classes: _checked_one_hot(np.sort(y), n_classes))

one_hot.mistake(
    "a_list",
    "You return a list of rows. Make it a NumPy array.",
)(lambda y, n_classes: _checked_one_hot(y, n_classes).tolist())

one_hot.mistake(
    "ones_divided_by_the_number_of_classes",
    "The entries are smoothed or scaled. One-hot rows hold exactly 1 and 0.",
)(lambda y, n_classes: _checked_one_hot(y, n_classes) / n_classes)


@one_hot.mistake(
    "labels_sorted_in_place",
    "Your function sorts the caller's labels. It must leave them as they are, and keep their order.",
)
def _(y, n_classes):
    y.sort()
    return _checked_one_hot(y, n_classes)


one_hot.mistake(
    "class_0_never_set",
    "Rows of class 0 stay all zeros: the loop over the classes starts at 1. Labels start at 0.",
)(lambda y, n_classes: _checked(y, n_classes) or _checked_one_hot(y, n_classes) * (np.arange(n_classes) > 0))


@one_hot.mistake(
    "identity_of_the_samples",
    "You pick rows of an identity matrix with as many columns as there are *samples*. It needs n_classes "
    "columns.",
)
def _(y, n_classes):
    y = np.asarray(y)
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError("labels must be from 0 to n_classes - 1")
    return np.eye(len(y))[y]


@one_hot.variant
def _(y, n_classes):
    rows = []
    for label in y:
        if label < 0 or label >= n_classes:
            raise ValueError("label out of range")
        rows.append([1.0 if k == label else 0.0 for k in range(n_classes)])
    return np.array(rows)


@one_hot.variant
def _(y, n_classes):
    if not all(0 <= label < n_classes for label in y):
        raise ValueError("label out of range")
    return np.eye(n_classes, dtype=np.float32)[y]


@one_hot.variant
def _(y, n_classes):
    if np.any((y < 0) | (y > n_classes - 1)):
        raise ValueError(y)
    return (y.reshape(-1, 1) == np.arange(n_classes)).astype(float)


@one_hot.variant
def _(y, n_classes):
    if set(y.tolist()) - set(range(n_classes)):
        raise ValueError(f"labels must lie in 0..{n_classes - 1}")
    Y = np.zeros((y.size, n_classes))
    np.put_along_axis(Y, y.astype(int)[:, None], 1.0, axis=1)
    return Y


@exercise(
    chapter="03_multilayer_perceptron",
    difficulty="easy",
    aim="Count what a network learns: all weights and biases of its fully connected layers.",
    hints=(
        "Draw a 3-2 network: how many arrows are there, and which units have a bias?",
        "Two neighboring layers are joined by n_in times n_out weights. Each unit has one bias, except "
        "those of the input layer.",
        "Walk over the pairs of neighbors (first with second, second with third, …) and add up, for each "
        "pair, the weights and the biases of the layer that the arrows lead *to*.",
    ),
)
def count_parameters(layer_sizes):
    """Count the weights and biases of a fully connected network.

    Parameters
    ----------
    layer_sizes : sequence of int
        A list or tuple of two or more sizes: inputs, hidden layers, outputs. It is not changed.

    Returns
    -------
    n : int
        The number of parameters, weights and biases together; (784, 30, 10) has 23860.
    """
    return sum(n_in * n_out + n_out for n_in, n_out in itertools.pairwise(layer_sizes))


@count_parameters.cases
def _(rng):
    yield case((784, 30, 10), note="Nielsen's network for handwritten digits")
    yield case([2, 16, 16, 1], note="micrograd's network")
    yield case(tuple(int(n) for n in rng.integers(2, 30, size=4)), note="random sizes")
    yield case([int(n) for n in rng.integers(2, 30, size=6)], note="six layers, a list")
    yield case((4, 3), group="edge", note="a single layer of weights")
    yield case([3, 4], group="edge", note="a single layer of weights, more outputs than inputs")
    yield case((1, 1), group="edge", note="one weight and one bias")
    yield case((5, 5, 5), group="edge", note="all layers equally wide")
    yield case([4, 1, 6], group="edge", note="a bottleneck of one unit")


def _pairs(sizes):
    return list(itertools.pairwise(sizes))


count_parameters.mistake(
    "biases_forgotten",
    "You count the weights only. Every unit outside the input layer has a bias too.",
)(lambda layer_sizes: sum(m * n for m, n in _pairs(layer_sizes)))

count_parameters.mistake(
    "biases_of_the_input_layer_counted",
    "You count one bias for every unit, inputs included. The input layer passes the features on: it has "
    "none.",
)(lambda layer_sizes: sum(m * n for m, n in _pairs(layer_sizes)) + sum(layer_sizes))

count_parameters.mistake(
    "biases_of_the_wrong_side",
    "You count a bias for each unit that the arrows *leave*. It belongs to the units they lead to: no bias "
    "for the inputs, one for each output.",
)(lambda layer_sizes: sum(m * n + m for m, n in _pairs(layer_sizes)))

count_parameters.mistake(
    "one_bias_for_each_layer",
    "You count one bias for each layer. Each *unit* of the layer has its own.",
)(lambda layer_sizes: sum(m * n + 1 for m, n in _pairs(layer_sizes)))

count_parameters.mistake(
    "output_biases_forgotten",
    "The output units have biases too; you count those of the hidden layers only.",
)(lambda layer_sizes: sum(m * n for m, n in _pairs(layer_sizes)) + sum(layer_sizes[1:-1]))

count_parameters.mistake(
    "only_the_output_biases",
    "You count the biases of the output layer only. The hidden units have theirs as well.",
)(lambda layer_sizes: sum(m * n for m, n in _pairs(layer_sizes)) + layer_sizes[-1])

count_parameters.mistake(
    "last_layer_left_out",
    "The weights and biases of the last layer are missing: the loop over the pairs stops one too early.",
)(lambda layer_sizes: sum(m * n + n for m, n in _pairs(layer_sizes)[:-1]))

count_parameters.mistake(
    "first_layer_left_out",
    "The weights and biases of the first layer are missing: the loop over the pairs starts one too late.",
)(lambda layer_sizes: sum(m * n + n for m, n in _pairs(layer_sizes)[1:]))

count_parameters.mistake(
    "sizes_added_instead_of_multiplied",
    "Between two layers each unit is joined to each unit: n_in *times* n_out weights, not n_in plus n_out.",
)(lambda layer_sizes: sum(m + n for m, n in _pairs(layer_sizes)))

count_parameters.mistake(
    "sizes_added_biases_added",
    "Between two layers each unit is joined to each unit: n_in *times* n_out weights, not n_in plus n_out.",
)(lambda layer_sizes: sum(m + n + n for m, n in _pairs(layer_sizes)))

count_parameters.mistake(
    "units_counted_not_parameters",
    "You count the units. Asked for are the parameters: the weights between them and their biases.",
)(lambda layer_sizes: sum(layer_sizes))

count_parameters.mistake(
    "only_the_biases",
    "You count the units with a bias. The weights between the layers are missing.",
)(lambda layer_sizes: sum(layer_sizes[1:]))

count_parameters.mistake(
    "all_sizes_multiplied",
    "You multiply all layer sizes. Only *neighboring* layers are joined: one product for each pair, then "
    "the sum.",
)(lambda layer_sizes: int(np.prod(layer_sizes)))

count_parameters.mistake(
    "all_sizes_multiplied_plus_biases",
    "You multiply all layer sizes. Only *neighboring* layers are joined: one product for each pair, then "
    "the sum.",
)(lambda layer_sizes: int(np.prod(layer_sizes)) + sum(layer_sizes[1:]))

count_parameters.mistake(
    "inputs_joined_to_outputs_only",
    "Only the first and the last layer enter. The hidden layers lie between: walk over all neighboring "
    "pairs.",
)(lambda layer_sizes: layer_sizes[0] * layer_sizes[-1] + layer_sizes[-1])

count_parameters.mistake(
    "every_layer_joined_to_every_later_one",
    "You join each layer to *all* later ones. In a multi-layer perceptron only neighbors are joined.",
)(
    lambda layer_sizes: (
        sum(
            layer_sizes[i] * layer_sizes[j]
            for i in range(len(layer_sizes))
            for j in range(i + 1, len(layer_sizes))
        )
        + sum(layer_sizes[1:])
    )
)

count_parameters.mistake(
    "two_hidden_layers_at_most",
    "You name the layers one by one, so only the first two layers of weights are counted. Loop over all "
    "pairs.",
)(lambda layer_sizes: sum(m * n + n for m, n in _pairs(layer_sizes)[:2]))

count_parameters.mistake(
    "one_hidden_layer_assumed",
    "Your formula is that of a network with one hidden layer: three sizes, two layers of weights. Loop over "
    "all neighboring pairs, however many there are.",
)(
    lambda layer_sizes: (
        layer_sizes[0] * layer_sizes[1] + layer_sizes[1] + layer_sizes[1] * layer_sizes[2] + layer_sizes[2]
    )
)

count_parameters.mistake(
    "only_the_last_layer",
    "You overwrite the count at each layer, or return inside the loop: only one layer is counted. Add them "
    "up.",
)(lambda layer_sizes: layer_sizes[-2] * layer_sizes[-1] + layer_sizes[-1])

count_parameters.mistake(
    "returned_in_the_first_round",
    "Only the first layer is counted: the return stands inside the loop. Move it out.",
)(lambda layer_sizes: layer_sizes[0] * layer_sizes[1] + layer_sizes[1])


@count_parameters.mistake(
    "previous_layer_not_moved_on",
    "Every layer is joined to the *inputs*: the size of the previous layer is not moved on in the loop.",
)
def _(layer_sizes):
    return sum(layer_sizes[0] * n + n for n in layer_sizes[1:])


@count_parameters.mistake(
    "inputs_joined_to_themselves",
    "Your loop starts with the input layer as its own previous layer. The first pair is inputs and first "
    "hidden layer.",
)
def _(layer_sizes):
    n = layer_sizes[0]
    return n * n + n + sum(m * n + n for m, n in _pairs(layer_sizes))


@count_parameters.mistake(
    "three_sizes_unpacked",
    "You unpack exactly three sizes. There may be two, or many more: loop over the neighboring pairs.",
)
def _(layer_sizes):
    n_in, n_hidden, n_out = layer_sizes
    return n_in * n_hidden + n_hidden + n_hidden * n_out + n_out


@count_parameters.mistake(
    "sizes_popped",
    "You take the sizes out of the list (`pop`): that changes the caller's list, and a tuple cannot be "
    "changed at all. Walk over the sizes without removing them.",
)
def _(layer_sizes):
    total, previous = 0, layer_sizes.pop(0)
    for n in layer_sizes:
        total, previous = total + previous * n + n, n
    return total


count_parameters.mistake(
    "biases_counted_twice",
    "Each bias is counted twice. One for each unit outside the input layer is right.",
)(lambda layer_sizes: sum(m * n + 2 * n for m, n in _pairs(layer_sizes)))

count_parameters.mistake(
    "each_layer_joined_to_itself",
    "You square each layer's size: that joins a layer to itself. Multiply the sizes of *neighboring* layers.",
)(lambda layer_sizes: sum(n * n + n for n in layer_sizes[1:]))

count_parameters.mistake(
    "a_list_of_counts",
    "You return the count of each layer. Add them up: one number is due.",
)(lambda layer_sizes: [m * n + n for m, n in _pairs(layer_sizes)])

count_parameters.mistake(
    "weights_and_biases_separately",
    "You return weights and biases as two numbers. Add them: one number is due.",
)(lambda layer_sizes: (sum(m * n for m, n in _pairs(layer_sizes)), sum(layer_sizes[1:])))

count_parameters.mistake(
    "a_float",
    "The number is right but it is a float. A count is an integer.",
)(lambda layer_sizes: float(sum(m * n + n for m, n in _pairs(layer_sizes))))


@count_parameters.mistake(
    "caller_s_list_changed",
    "Your function removes the sizes from the caller's list as it goes. Walk over the list without changing "
    "it.",
)
def _(layer_sizes):
    if isinstance(layer_sizes, tuple):
        return sum(m * n + n for m, n in _pairs(layer_sizes))
    total = 0
    while len(layer_sizes) > 1:
        n_in = layer_sizes.pop(0)
        total += n_in * layer_sizes[0] + layer_sizes[0]
    return total


@count_parameters.mistake(
    "lists_only",
    "Your code needs a list: with a tuple it fails. Loop over the sizes by index or with zip, which works "
    "for both.",
)
def _(layer_sizes):
    sizes = layer_sizes.copy()
    return sum(m * n + n for m, n in _pairs(sizes))


count_parameters.mistake(
    "bias_on_both_sides",
    "(n_in + 1)(n_out + 1) counts a bias unit on *both* sides of a layer. Only the inputs of a layer get "
    "one: (n_in + 1) n_out.",
)(lambda layer_sizes: sum((m + 1) * (n + 1) for m, n in _pairs(layer_sizes)))


count_parameters.mistake(
    "one_bias_for_each_layer_and_the_inputs",
    "You count one bias for each layer, the inputs included. Each *unit* outside the input layer has its "
    "own.",
)(lambda layer_sizes: sum(m * n for m, n in _pairs(layer_sizes)) + len(layer_sizes))


count_parameters.mistake(
    "every_other_pair",
    "Your loop takes every other pair (first with second, third with fourth). Each layer is joined to the "
    "next: second with third, too.",
)(lambda layer_sizes: sum(m * n + n for m, n in zip(layer_sizes[::2], layer_sizes[1::2], strict=False)))


@count_parameters.mistake(
    "pairs_wrap_around",
    "Your pairs wrap around: for the first layer, index -1 is the *last* one. The input layer has no weights "
    "before it: begin with the second size.",
)
def _(layer_sizes):
    return sum((layer_sizes[i - 1] + 1) * layer_sizes[i] for i in range(len(layer_sizes)))


@count_parameters.variant
def _(layer_sizes):
    total = 0
    for i in range(1, len(layer_sizes)):
        total += layer_sizes[i - 1] * layer_sizes[i]
        total += layer_sizes[i]
    return total


@count_parameters.variant
def _(layer_sizes):
    sizes = np.array(layer_sizes)
    return ((sizes[:-1] + 1) * sizes[1:]).sum()


count_parameters.variant(
    lambda layer_sizes: int(np.dot(layer_sizes[:-1], layer_sizes[1:])) + sum(layer_sizes) - layer_sizes[0]
)
count_parameters.variant(
    lambda layer_sizes: sum(
        np.zeros((m, n)).size + np.zeros(n).size for m, n in itertools.pairwise(layer_sizes)
    )
)


@exercise(
    chapter="03_multilayer_perceptron",
    difficulty="easy",
    aim="Choose the output layer that a task asks for: how many units, which activation, which loss.",
    hints=(
        "Ask of each task: how many numbers does the network have to give, and what may each of them be?",
        "Probabilities that must sum to 1 and probabilities that are independent of each other need "
        "different activations. A price needs none.",
        "The table in the chapter has the four rows. Two of them need `n_classes`: check that it is there, "
        "and end with a ValueError for any other task.",
    ),
)
def output_layer(task, n_classes=None):
    """Output layer for a task: units, activation and the loss that goes with it.

    Parameters
    ----------
    task : str
        "regression" (one value), "binary" (yes or no), "multiclass" (one class of several)
        or "multilabel" (each class yes or no by itself).
    n_classes : int, optional
        The number of classes; needed for "multiclass" and "multilabel", not used by the other two.

    Returns
    -------
    n_units : int
        The number of output units.
    activation_name : str
        "identity", "sigmoid" or "softmax".
    loss_name : str
        "mse", "bce" or "cross_entropy" (the forms that take logits, "bce_with_logits" and
        "softmax_cross_entropy", are right as well).

    Raises
    ------
    ValueError
        If the task is none of the four, or if n_classes is missing where it is needed.
    """
    if task == "regression":
        return 1, "identity", "mse"
    if task == "binary":
        return 1, "sigmoid", "bce"
    if task not in ("multiclass", "multilabel"):
        raise ValueError(f"task {task!r} given; regression, binary, multiclass or multilabel expected")
    if n_classes is None:
        raise ValueError(f"n_classes is needed for {task}")
    if task == "multiclass":
        return n_classes, "softmax", "cross_entropy"
    return n_classes, "sigmoid", "bce"


_OUTPUT_TABLE = {
    "regression": (1, "identity", "mse"),
    "binary": (1, "sigmoid", "bce"),
    "multiclass": (None, "softmax", "cross_entropy"),
    "multilabel": (None, "sigmoid", "bce"),
}
_LOGITS_NAMES = {"bce": "bce_with_logits", "cross_entropy": "softmax_cross_entropy"}

# One wrong entry of the table each: the row of a task as people write it (None stands for n_classes).
_WRONG_ROWS = {
    "sigmoid_for_multiclass": (
        "multiclass",
        (None, "sigmoid", "cross_entropy"),
        "For one class of several the probabilities must sum to 1. The sigmoid treats each unit by itself: "
        "take softmax.",
    ),
    "sigmoid_and_bce_for_multiclass": (
        "multiclass",
        (None, "sigmoid", "bce"),
        "Sigmoid with binary cross-entropy is the multi-label choice. When exactly one class is right, the "
        "probabilities must sum to 1: softmax with cross-entropy.",
    ),
    "mse_for_multiclass": (
        "multiclass",
        (None, "softmax", "mse"),
        "Squared error saturates with softmax. The loss that matches class probabilities is cross-entropy.",
    ),
    "bce_for_multiclass": (
        "multiclass",
        (None, "softmax", "bce"),
        "Binary cross-entropy judges each unit by itself. Softmax goes with the (categorical) cross-entropy.",
    ),
    "one_unit_for_multiclass": (
        "multiclass",
        (1, "softmax", "cross_entropy"),
        "One softmax unit always says 1. One class of several needs one unit for each class.",
    ),
    "one_unit_too_few_for_multiclass": (
        "multiclass",
        (-1, "softmax", "cross_entropy"),
        "n_classes - 1 units would do in theory, but the network of this book has one unit for each class.",
    ),
    "identity_for_multiclass": (
        "multiclass",
        (None, "identity", "cross_entropy"),
        "Without an activation the outputs are scores, not probabilities. One class of several asks for "
        "softmax.",
    ),
    "softmax_for_multilabel": (
        "multilabel",
        (None, "softmax", "bce"),
        "Softmax makes the classes compete: their probabilities sum to 1. With several labels at once each "
        "unit decides by itself: sigmoid.",
    ),
    "softmax_and_cross_entropy_for_multilabel": (
        "multilabel",
        (None, "softmax", "cross_entropy"),
        "You treat multilabel like multiclass. Several labels may hold at once, so the classes must not "
        "compete: each unit is a yes-or-no question of its own, with sigmoid and binary cross-entropy.",
    ),
    "cross_entropy_for_multilabel": (
        "multilabel",
        (None, "sigmoid", "cross_entropy"),
        "Cross-entropy looks at one right class only. Independent yes-or-no labels take binary "
        "cross-entropy.",
    ),
    "mse_for_multilabel": (
        "multilabel",
        (None, "sigmoid", "mse"),
        "Squared error saturates with the sigmoid. The loss for yes-or-no labels is binary cross-entropy.",
    ),
    "one_unit_for_multilabel": (
        "multilabel",
        (1, "sigmoid", "bce"),
        "Multilabel asks one yes-or-no question for each class, so n_classes units, not one.",
    ),
    "two_softmax_units_for_binary": (
        "binary",
        (2, "softmax", "cross_entropy"),
        "Two softmax units can answer a yes-or-no question too, but one sigmoid unit says the same with "
        "half the weights; it is what this book uses.",
    ),
    "two_units_for_binary": (
        "binary",
        (2, "sigmoid", "bce"),
        "One number is enough for yes or no: the probability of yes. One unit, not two.",
    ),
    "softmax_for_binary": (
        "binary",
        (1, "softmax", "bce"),
        "Softmax over a single unit is always 1. For yes or no take the sigmoid.",
    ),
    "softmax_and_cross_entropy_for_binary": (
        "binary",
        (1, "softmax", "cross_entropy"),
        "Softmax over a single unit is always 1. For yes or no take the sigmoid with binary cross-entropy.",
    ),
    "step_for_binary": (
        "binary",
        (1, "step", "bce"),
        "A step has no slope, so nothing can be learned through it. For yes or no take the sigmoid.",
    ),
    "tanh_for_binary": (
        "binary",
        (1, "tanh", "bce"),
        "tanh runs from -1 to 1, a probability from 0 to 1. For yes or no take the sigmoid.",
    ),
    "mse_for_binary": (
        "binary",
        (1, "sigmoid", "mse"),
        "Squared error saturates with the sigmoid. The loss for yes or no is binary cross-entropy.",
    ),
    "cross_entropy_for_binary": (
        "binary",
        (1, "sigmoid", "cross_entropy"),
        "The categorical cross-entropy needs one unit for each class. One sigmoid unit goes with the binary "
        "one.",
    ),
    "hinge_for_binary": (
        "binary",
        (1, "sigmoid", "hinge"),
        "The hinge loss takes raw scores and labels -1/+1. A sigmoid unit goes with binary cross-entropy.",
    ),
    "sigmoid_for_regression": (
        "regression",
        (1, "sigmoid", "mse"),
        "A sigmoid keeps the output between 0 and 1. A regression must reach any value: no activation, "
        '"identity".',
    ),
    "tanh_for_regression": (
        "regression",
        (1, "tanh", "mse"),
        "tanh keeps the output between -1 and 1. A regression must reach any value: no activation, "
        '"identity".',
    ),
    "relu_for_regression": (
        "regression",
        (1, "relu", "mse"),
        'A ReLU cannot give negative values. A regression must reach any value: no activation, "identity".',
    ),
    "softmax_for_regression": (
        "regression",
        (1, "softmax", "mse"),
        "Softmax over a single unit is always 1. A regression must reach any value: no activation, "
        '"identity".',
    ),
    "another_name_for_identity": (
        "regression",
        (1, "linear", "mse"),
        'The idea is right, but the activation that changes nothing is called "identity" in this book.',
    ),
    "none_for_identity": (
        "regression",
        (1, None, "mse"),
        'The idea is right, but the activation that changes nothing is named "identity" in this book, '
        "not None.",
    ),
    "mae_for_regression": (
        "regression",
        (1, "identity", "mae"),
        'The absolute error can be used, but the loss that this table pairs with the identity is "mse".',
    ),
    "cross_entropy_for_regression": (
        "regression",
        (1, "identity", "cross_entropy"),
        "Cross-entropy compares probabilities. A regression compares values: mean squared error.",
    ),
}


def _wrong_row(key):
    wrong_task, (units, activation, loss), _ = _WRONG_ROWS[key]

    def answer(task, n_classes=None):
        right = output_layer.reference(task, n_classes)
        if task != wrong_task:
            return right
        n_units = n_classes if units is None else n_classes - 1 if units == -1 else units
        return n_units, activation, loss

    return answer


for _key, (_, _, _message) in _WRONG_ROWS.items():
    output_layer.mistake(_key, _message)(_wrong_row(_key))


_LONG_NAMES = {
    "mean_squared_error": "mse",
    "squared_error": "mse",
    "binary_cross_entropy": "bce",
    "binary_crossentropy": "bce",
    "log_loss": "bce",
    "categorical_cross_entropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "nll": "cross_entropy",
    "linear": "identity",
    "logistic": "sigmoid",
}


def _right_output_layer(value, case):
    """Compare with the table; the losses' logits names are right as well."""
    task, n_classes = case.args[0], case.kwargs.get("n_classes", case.args[1] if len(case.args) > 1 else None)
    expected = output_layer.reference(task, n_classes)
    if not isinstance(value, tuple | list) or len(value) != 3:
        return Problem(
            "not_three_values",
            "Three values are due: the number of units, the activation's name, the loss's name.",
        )
    units, activation, loss = value
    if isinstance(units, str):
        return Problem(
            "wrong_order",
            "The number of units comes first, then the activation's name, then the loss's name.",
        )
    if isinstance(activation, str) and activation in ("mse", "bce", "cross_entropy", *_LOGITS_NAMES.values()):
        return Problem("activation_and_loss_exchanged", "The activation's name comes before the loss's name.")
    if isinstance(units, bool | np.bool_) or not isinstance(units, int | np.integer):
        return Problem("units_not_an_integer", "The number of units must be an integer.")
    if (
        units == expected[0]
        and activation == expected[1]
        and loss in (expected[2], _LOGITS_NAMES.get(expected[2]))
    ):
        return None
    if task in ("regression", "binary") and (units, activation) == (n_classes, expected[1]):
        return Problem(_UNITS_KEY, _UNITS_MESSAGE)
    plain = {logits: name for name, logits in _LOGITS_NAMES.items()}.get(loss, loss)
    for key, (wrong_task, _, message) in _WRONG_ROWS.items():
        if task == wrong_task and _wrong_row(key)(task, n_classes) == (units, activation, plain):
            return Problem(key, message)
    for name, due in zip((activation, loss), expected[1:], strict=True):
        if not isinstance(name, str):
            what = "activation" if due == expected[1] else "loss"
            return Problem("names_due", f"The {what} is due by its name, a text, and not as an object.")
        if name != due and name.lower() == due:
            return Problem("spelling", f"{name!r} is right but for its spelling. Write {due!r}.")
        if name in _LONG_NAMES and _LONG_NAMES[name] == due:
            return Problem("long_name", f"The idea is right, but this book's name for {name!r} is {due!r}.")
    what, got = next(
        (what, got)
        for what, got, due in zip(("number of units", "activation", "loss"), value, expected, strict=True)
        if got != due
    )
    return Problem(
        f"wrong_row_for_{task}", f"For {task!r} the {what} is not {got!r}. Look at the table's row."
    )


@output_layer.cases
def _(rng):
    k = int(rng.integers(3, 12))
    for args, group, note in [
        (("regression",), "values", "regression"),
        (("binary",), "values", "binary"),
        (("multiclass", k), "values", "multiclass"),
        (("multilabel", k + 1), "values", "multilabel"),
        (("multiclass", 2), "edge", "multiclass with two classes"),
        (("binary", 2), "edge", "binary, n_classes given all the same"),
        (("regression", 3), "edge", "regression, n_classes given all the same"),
    ]:
        yield case(*args, group=group, note=note, check=_right_output_layer)
    yield case("multilabel", n_classes=4, group="edge", note="n_classes by name", check=_right_output_layer)
    yield case("multiclass", group="errors", note="multiclass without n_classes", raises=ValueError)
    yield case("multilabel", group="errors", note="multilabel without n_classes", raises=ValueError)
    yield case("ranking", group="errors", note="a task that is not in the table", raises=ValueError)
    yield case("ranking", 3, group="errors", note="another task, n_classes given", raises=ValueError)


_UNITS_KEY = "n_classes_units_for_a_single_question"
_UNITS_MESSAGE = (
    "Regression and binary classification have one output unit, whatever n_classes says: it is not used "
    "there."
)


@output_layer.mistake(_UNITS_KEY, _UNITS_MESSAGE)
def _(task, n_classes=None):
    units, activation, loss = output_layer.reference(task, n_classes)
    return n_classes or units, activation, loss


@output_layer.mistake(
    "n_classes_not_checked",
    "Without n_classes your function returns None as the number of units. Raise ValueError if it is missing "
    "where it is needed.",
)
def _(task, n_classes=None):
    if task not in _OUTPUT_TABLE:
        raise ValueError(task)
    units, activation, loss = _OUTPUT_TABLE[task]
    return (n_classes if units is None else units), activation, loss


@output_layer.mistake(
    "n_classes_demanded_of_every_task",
    "You raise ValueError for regression or binary without n_classes. They do not need it.",
)
def _(task, n_classes=None):
    if n_classes is None:
        raise ValueError("n_classes is needed")
    return output_layer.reference(task, n_classes)


@output_layer.mistake(
    "n_classes_checked_for_multiclass_only",
    "Multilabel needs n_classes too: raise ValueError if it is missing.",
)
def _(task, n_classes=None):
    if task == "multilabel" and n_classes is None:
        return None, "sigmoid", "bce"
    return output_layer.reference(task, n_classes)


@output_layer.mistake(
    "n_classes_checked_for_multilabel_only",
    "Multiclass needs n_classes too: raise ValueError if it is missing.",
)
def _(task, n_classes=None):
    if task == "multiclass" and n_classes is None:
        return None, "softmax", "cross_entropy"
    return output_layer.reference(task, n_classes)


@output_layer.mistake(
    "keyerror_for_another_task",
    "An unknown task ends in a KeyError, which tells the caller nothing. Raise ValueError and name the four "
    "tasks.",
)
def _(task, n_classes=None):
    if task not in _OUTPUT_TABLE:
        raise KeyError(task)
    return output_layer.reference(task, n_classes)


@output_layer.mistake(
    "keyerror_for_another_task_n_classes_not_checked",
    "An unknown task ends in a KeyError, and a missing n_classes goes unnoticed. Both must raise ValueError.",
)
def _(task, n_classes=None):
    units, activation, loss = _OUTPUT_TABLE[task]
    return (n_classes if units is None else units), activation, loss


@output_layer.mistake(
    "another_task_unanswered",
    "An unknown task is not refused: your function returns nothing for it. Raise ValueError.",
)
def _(task, n_classes=None):
    return output_layer.reference(task, n_classes) if task in _OUTPUT_TABLE else None


@output_layer.mistake(
    "nothing_checked",
    "Neither an unknown task nor a missing n_classes is refused. Both must raise ValueError.",
)
def _(task, n_classes=None):
    if task not in _OUTPUT_TABLE:
        return None
    units, activation, loss = _OUTPUT_TABLE[task]
    return (n_classes if units is None else units), activation, loss


@output_layer.mistake(
    "the_last_branch_takes_every_other_task",
    "Any unknown task is treated like multilabel, because the last branch is a bare else. Test for the "
    "name, and raise ValueError otherwise.",
)
def _(task, n_classes=None):
    return output_layer.reference(task if task in _OUTPUT_TABLE else "multilabel", n_classes)


@output_layer.mistake(
    "the_last_branch_takes_every_other_task_n_classes_not_checked",
    "Any unknown task is treated like multilabel (a bare else), and a missing n_classes goes unnoticed. "
    "Both must raise ValueError.",
)
def _(task, n_classes=None):
    units, activation, loss = _OUTPUT_TABLE.get(task, _OUTPUT_TABLE["multilabel"])
    return (n_classes if units is None else units), activation, loss


@output_layer.mistake(
    "activation_and_loss_exchanged",
    "The activation's name comes before the loss's name.",
)
def _(task, n_classes=None):
    units, activation, loss = output_layer.reference(task, n_classes)
    return units, loss, activation


@output_layer.mistake(
    "wrong_order",
    "The number of units comes first, then the activation's name, then the loss's name.",
)
def _(task, n_classes=None):
    units, activation, loss = output_layer.reference(task, n_classes)
    return activation, loss, units


@output_layer.mistake(
    "not_three_values",
    "Three values are due: the number of units, the activation's name, the loss's name.",
)
def _(task, n_classes=None):
    return output_layer.reference(task, n_classes)[:2]


@output_layer.variant
def _(task, n_classes=None):
    table = {
        "regression": (1, "identity", "mse"),
        "binary": (1, "sigmoid", "bce_with_logits"),
        "multiclass": (n_classes, "softmax", "softmax_cross_entropy"),
        "multilabel": (n_classes, "sigmoid", "bce_with_logits"),
    }
    if task not in table or table[task][0] is None:
        raise ValueError("unknown task, or n_classes missing")
    return table[task]


@output_layer.variant
def _(task, n_classes=None):
    match task:
        case "regression":
            return (1, "identity", "mse")
        case "binary":
            return (1, "sigmoid", "bce")
        case "multiclass" if n_classes:
            return (np.int64(n_classes), "softmax", "cross_entropy")
        case "multilabel" if n_classes:
            return (int(n_classes), "sigmoid", "bce")
        case _:
            raise ValueError(task, n_classes)


@output_layer.variant
def _(task, n_classes=None):
    if task in {"multiclass", "multilabel"}:
        if not n_classes:
            raise ValueError("how many classes?")
        n_units = n_classes
    else:
        n_units = 1
    activations = dict(regression="identity", binary="sigmoid", multiclass="softmax", multilabel="sigmoid")
    losses = dict(regression="mse", binary="bce", multiclass="softmax_cross_entropy", multilabel="bce")
    try:
        return n_units, activations[task], losses[task]
    except KeyError:
        raise ValueError(f"unknown task {task}") from None


def _step(z):
    return (z >= 0).astype(int)


_CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
_GATES = {
    (0, 1, 1, 1): (
        "or_instead_of_xor",
        "Your network computes OR: it is right except for (1, 1), where both inputs are on and XOR is 0.",
    ),
    (0, 0, 0, 1): ("and_instead_of_xor", "Your network computes AND. XOR is 1 when exactly one input is on."),
    (1, 1, 1, 0): (
        "nand_instead_of_xor",
        "Your network computes NAND: it is right except for (0, 0), where no input is on and XOR is 0.",
    ),
    (1, 0, 0, 0): ("nor_instead_of_xor", "Your network computes NOR. XOR is 1 when exactly one input is on."),
    (1, 0, 0, 1): (
        "xnor_instead_of_xor",
        "Your network computes the opposite of XOR: it is 1 when the inputs are equal. Exchange the roles "
        "in the output unit.",
    ),
    (0, 0, 0, 0): (
        "always_0",
        "Your network answers 0 to every input. Is the output unit's threshold within reach?",
    ),
    (1, 1, 1, 1): ("always_1", "Your network answers 1 to every input. Remember that z = 0 already fires."),
    (0, 1, 0, 0): (
        "only_one_of_the_two_cases",
        "Your network fires for (0, 1) but not for (1, 0). XOR is symmetric: the two hidden units have to "
        "cover both.",
    ),
    (0, 0, 1, 0): (
        "only_one_of_the_two_cases",
        "Your network fires for (1, 0) but not for (0, 1). XOR is symmetric: the two hidden units have to "
        "cover both.",
    ),
    (0, 1, 0, 1): ("copies_the_second_input", "Your output is the second input. Both inputs must matter."),
    (0, 0, 1, 1): ("copies_the_first_input", "Your output is the first input. Both inputs must matter."),
}
_XOR_TRICKS = {
    "weights_for_relu_units": (
        "Your weights compute XOR with ReLU hidden units and a linear output. Here all three units are "
        "steps: they give 0 or 1, and z = 0 fires.",
        lambda W1, b1, W2, b2: np.round(np.maximum(_CORNERS @ W1 + b1, 0) @ W2 + b2, 9).ravel(),
    ),
    "weights_for_units_that_need_z_0": (
        "Your weights compute XOR with units that fire only for z > 0. In this book z = 0 fires too: move "
        "the biases off the tie, by a half for instance.",
        lambda W1, b1, W2, b2: ((_CORNERS @ W1 + b1 > 0) @ W2 + b2 > 0).ravel().astype(int),
    ),
    "thresholds_instead_of_biases": (
        "Your b holds thresholds: a unit would fire when the sum reaches b. A bias is added, so its sign is "
        "opposite.",
        lambda W1, b1, W2, b2: _step(_step(_CORNERS @ W1 - b1) @ W2 - b2).ravel(),
    ),
    "W1_transposed": (
        "Your W1 is transposed: with rows as samples, column j of W1 holds the weights of hidden unit j.",
        lambda W1, b1, W2, b2: _step(_step(_CORNERS @ W1.T + b1) @ W2 + b2).ravel(),
    ),
}


def _shape_problem(value, names, shapes):
    """Return what is wrong with the form of a tuple of arrays, or None."""
    if not isinstance(value, tuple | list) or len(value) != len(names):
        return Problem(
            "wrong_number_of_values",
            f"{len(names)} arrays are due, in this order: {', '.join(names)}. Return them as one tuple.",
        )
    given = [np.shape(array) for array in value]
    if given != list(shapes) and sorted(given) == sorted(shapes):
        return Problem("order", f"Your arrays stand in another order. Return {', '.join(names)}.")
    for name, array, shape in zip(names, value, shapes, strict=True):
        if not isinstance(array, np.ndarray):
            return Problem(
                "not_an_array", f"{name} must be a NumPy array of shape {shape}, not {type(array).__name__}."
            )
        if array.dtype.kind not in "iuf":
            return Problem("not_numbers", f"{name} must hold numbers; its dtype is {array.dtype}.")
        if array.shape != shape:
            return Problem(f"shape_of_{name}", f"{name} has shape {array.shape}; {shape} is due.")
        if not np.isfinite(array).all():
            return Problem("not_finite", f"{name} holds values that are not finite.")
    return None


def _computes_xor(value, case):
    """Run the network of step units on the four corners of the square."""
    problem = _shape_problem(value, ("W1", "b1", "W2", "b2"), ((2, 2), (2,), (2, 1), (1,)))
    if problem:
        return problem
    W1, b1, W2, b2 = (array.astype(float) for array in value)
    y = tuple(_step(_step(_CORNERS @ W1 + b1) @ W2 + b2).ravel().tolist())
    if y == (0, 1, 1, 0):
        return None
    for key, (message, run) in _XOR_TRICKS.items():
        if tuple(run(W1, b1, W2, b2).tolist()) == (0, 1, 1, 0):
            return Problem(key, message)
    if y in _GATES:
        return Problem(*_GATES[y])
    wrong = [f"({x1}, {x2})" for (x1, x2), answer in zip(_CORNERS, y, strict=True) if answer != (x1 != x2)]
    return Problem("not_xor", f"For {' and '.join(wrong)} your network gives the wrong answer.")


@exercise(
    chapter="03_multilayer_perceptron",
    difficulty="medium",
    aim="Choose, by hand, the weights with which three step units compute XOR: what one perceptron cannot "
    "do.",
    hints=(
        "XOR is true when at least one input is on, but not both. Each half of that sentence is a gate that "
        "you know.",
        "Let one hidden unit be OR and the other AND (or NAND): both are perceptrons from chapter 2. Which "
        "function of those two is XOR?",
        'The output unit has to say "OR, but not AND": a positive weight for the first, a negative one for '
        "the second. Place every bias halfway between the sums that it has to separate: z = 0 fires.",
    ),
)
def xor_network():
    """Weights of a 2-2-1 network of step units that computes XOR.

    The network is h = step(X @ W1 + b1), y = step(h @ W2 + b2), with step(z) = 1 where z >= 0, else 0.
    Any weights that give y = 0, 1, 1, 0 for x = (0, 0), (0, 1), (1, 0), (1, 1) are right.

    Returns
    -------
    W1 : array (2, 2)
        Column j holds the weights of hidden unit j. Integers are fine, here and below.
    b1 : array (2,)
        Biases of the hidden units.
    W2 : array (2, 1)
        Weights of the output unit.
    b2 : array (1,)
        Its bias.
    """
    W1 = np.array([[1, 1], [1, 1]])  # the first unit is OR, the second AND
    b1 = np.array([-1, -2])
    W2 = np.array([[1], [-1]])  # OR, but not AND
    b2 = np.array([-1])
    return W1, b1, W2, b2


for _change, _why in {
    "[[2, 1], [1, 1]]": "the OR unit is on at x1 = 1 already",
    "[[1, 1], [2, 1]]": "the OR unit is on at x2 = 1 already",
}.items():
    xor_network.equivalent(f"W1 = np.array([[1, 1], [1, 1]])  ->  W1 = np.array({_change})", _why)
xor_network.equivalent(
    "W2 = np.array([[1], [-1]])  ->  W2 = np.array([[1], [-2]])", "AND forbids at -1 already"
)


@xor_network.cases
def _(rng):
    yield case(check=_computes_xor, note="the four corners of the unit square")


def _weights(W1, b1, W2, b2):
    return lambda: (np.array(W1), np.array(b1), np.array(W2), np.array(b2))


for _key, (_message, _), _network in zip(
    _XOR_TRICKS,
    _XOR_TRICKS.values(),
    [
        _weights([[1, 1], [1, 1]], [0, -1], [[1], [-2]], [0]),
        _weights([[1, 1], [1, 1]], [0, -1], [[1], [-1]], [0]),
        _weights([[2, 2], [2, 2]], [1, 3], [[2], [-2]], [1]),
        _weights([[2, 2], [-2, -2]], [-1, 3], [[2], [2]], [-3]),
    ],
    strict=True,
):
    xor_network.mistake(_key, _message)(_network)

for _y, _network in {
    (0, 1, 1, 1): _weights([[2, 2], [2, 2]], [-1, -3], [[2], [2]], [-1]),
    (0, 0, 0, 1): _weights([[2, 2], [2, 2]], [-1, -3], [[2], [2]], [-3]),
    (1, 1, 1, 0): _weights([[2, -2], [2, -2]], [-1, 3], [[0], [2]], [-1]),
    (1, 0, 0, 0): _weights([[2, 2], [2, 2]], [-1, -3], [[-2], [-2]], [1]),
    (1, 0, 0, 1): _weights([[2, 2], [2, 2]], [-1, -3], [[-2], [2]], [1]),
    (0, 0, 0, 0): _weights([[2, 2], [2, 2]], [-1, -3], [[2], [-2]], [-3]),
    (1, 1, 1, 1): _weights([[2, 2], [2, 2]], [-1, -3], [[2], [-2]], [1]),
    (0, 1, 0, 0): _weights([[-2, 2], [2, -2]], [-1, -1], [[2], [0]], [-1]),
    (0, 1, 0, 1): _weights([[0, 2], [2, 0]], [-1, -1], [[2], [0]], [-1]),
    (0, 0, 1, 1): _weights([[0, 2], [2, 0]], [-1, -1], [[0], [2]], [-1]),
}.items():
    xor_network.mistake(*_GATES[_y])(_network)

xor_network.mistake(
    "shape_of_W2",
    "W2 needs the shape (2, 1): one row for each hidden unit, one column for the output.",
)(_weights([[2, 2], [2, 2]], [-1, -3], [2, -2], [-1]))

xor_network.mistake(
    "shape_of_b2",
    "b2 needs the shape (1,): an array with one entry, not a bare number.",
)(_weights([[2, 2], [2, 2]], [-1, -3], [[2], [-2]], -1))

xor_network.mistake(
    "not_an_array",
    "The weights must be NumPy arrays: wrap the lists in np.array.",
)(lambda: ([[2, 2], [2, 2]], [-1, -3], [[2], [-2]], [-1]))

xor_network.mistake(
    "wrong_number_of_values",
    "Four arrays are due, in this order: W1, b1, W2, b2. Return them as one tuple.",
)(lambda: (np.array([[2, 2], [2, 2]]), np.array([[2], [-2]])))

xor_network.variant(_weights([[1, -1], [-1, 1]], [-0.5, -0.5], [[1], [1]], [-0.5]))
xor_network.variant(_weights([[2, -2], [2, -2]], [-1, 3], [[2], [2]], [-3]))
xor_network.variant(_weights([[1, 1], [1, 1]], [-2, -1], [[-1], [1]], [-1]))
xor_network.variant(_weights([[20.0, 20.0], [20.0, 20.0]], [-10.0, -30.0], [[20.0], [-20.0]], [-10.0]))


_INIT_TRANSPOSED = (
    "W_transposed",
    "W has shape (n_out, n_in). Rows belong to the inputs in this book: (n_in, n_out), so that X @ W works.",
)
_INIT_SWAPPED = ("order", "You return the biases first. W comes first, then b.")
_INIT_INPUT_BIASES = (
    "biases_for_the_inputs",
    "b has one entry for each *input*. A bias belongs to a unit: the shape is (n_out,).",
)
_INIT_ONES = ("biases_not_zero", "The biases start at a constant other than 0. They are due as zeros.")
_INIT_BIASES = (
    "biases_random",
    "The biases are drawn at random. They may start at 0: the weights break the symmetry.",
)
_INIT_ZEROS = (
    "weights_zero",
    "All weights are 0. Then all units compute the same and learn the same: draw the weights at random.",
)
_INIT_CONSTANT = (
    "weights_constant",
    "All weights are equal. Then all units compute the same and learn the same: draw one number for *each* "
    "weight.",
)
_INIT_REPEATED = (
    "numbers_repeated",
    "The same random numbers occur again and again in W: whole rows or columns are copies. Draw one number "
    "for each weight, all n_in times n_out.",
)
_INIT_POSITIVE = (
    "weights_positive",
    "No weight is negative. Weights are drawn around 0, with both signs: a normal distribution with mean 0.",
)
_INIT_MEAN = (
    "mean_not_zero",
    "The weights do not have mean 0. Draw them from a normal distribution around 0.",
)
_INIT_UNIFORM = (
    "uniform",
    "The weights are spread evenly between two limits. He *normal* draws from the bell curve.",
)
_INIT_NOT_NORMAL = ("not_normal", "The spread is right, but the weights do not follow a normal distribution.")
_INIT_SCALES = {
    "factor_2_forgotten": (
        "The standard deviation is sqrt(1/n_in): the 2 is missing. He's rule makes up for the half of the "
        "signal that ReLU cuts off, with 2 over n_in.",
        lambda n_in, n_out: np.sqrt(1 / n_in),
    ),
    "glorot": (
        "The standard deviation is Glorot's, sqrt(2/(n_in + n_out)). He's rule counts the inputs only.",
        lambda n_in, n_out: np.sqrt(2 / (n_in + n_out)),
    ),
    "fan_out": (
        "The standard deviation is sqrt(2/n_out). Each unit sums n_in inputs, so n_in belongs under the "
        "root.",
        lambda n_in, n_out: np.sqrt(2 / n_out),
    ),
    "fan_out_factor_2_forgotten": (
        "The standard deviation is sqrt(1/n_out). He's rule has 2 over the number of *inputs*.",
        lambda n_in, n_out: np.sqrt(1 / n_out),
    ),
    "variance_for_deviation": (
        "You scale by 2/n_in. That is the variance; a draw is scaled by the standard deviation, its square "
        "root.",
        lambda n_in, n_out: 2 / n_in,
    ),
    "inverse_without_root": (
        "You scale by 1/n_in. The scale is the standard deviation, the square root of 2/n_in.",
        lambda n_in, n_out: 1 / n_in,
    ),
    "not_scaled": (
        "The weights have standard deviation 1. With many inputs z then grows out of bounds: scale the "
        "draws.",
        lambda n_in, n_out: 1.0,
    ),
    "scaled_up": (
        "You divide by sqrt(2/n_in) where you should multiply: the more inputs, the *smaller* the weights.",
        lambda n_in, n_out: np.sqrt(n_in / 2),
    ),
    "fixed_0.01": (
        "The weights have standard deviation 0.01 whatever the layer's size. He's rule depends on n_in.",
        lambda n_in, n_out: 0.01,
    ),
    "fixed_0.1": (
        "The weights have standard deviation 0.1 whatever the layer's size. He's rule depends on n_in.",
        lambda n_in, n_out: 0.1,
    ),
    "root_of_2_outside": (
        "The standard deviation is 2/sqrt(n_in). The 2 belongs under the root too.",
        lambda n_in, n_out: 2 / np.sqrt(n_in),
    ),
    "root_taken_twice": (
        "The root is taken twice. numpy's `scale` is the standard deviation already: the root of 2/n_in, "
        "once.",
        lambda n_in, n_out: (2 / n_in) ** 0.25,
    ),
    "glorot_without_2": (
        "The standard deviation is sqrt(1/(n_in + n_out)). He's rule is the root of 2 over the inputs alone.",
        lambda n_in, n_out: np.sqrt(1 / (n_in + n_out)),
    ),
    "glorot_6": (
        "You use the root of 6/(n_in + n_out), the limit of Glorot's *uniform* draw. He normal has the "
        "standard deviation sqrt(2/n_in).",
        lambda n_in, n_out: np.sqrt(6 / (n_in + n_out)),
    ),
    "he_limit": (
        "You use the root of 6/n_in, the limit of He's *uniform* draw, as standard deviation. For the "
        "normal draw it is the root of 2/n_in.",
        lambda n_in, n_out: np.sqrt(6 / n_in),
    ),
    "number_of_weights": (
        "You divide by the number of weights, n_in times n_out. Each unit sums n_in inputs: only n_in "
        "counts.",
        lambda n_in, n_out: np.sqrt(2 / (n_in * n_out)),
    ),
}


def _he_normal(value, case):
    """Judge the shape and the distribution of W and b; every draw of a He normal layer passes."""
    n_in, n_out = case.args[:2]
    problem = _shape_problem(value, ("W", "b"), ((n_in, n_out), (n_out,)))
    if problem:
        swapped = isinstance(value, tuple | list) and len(value) == 2 and isinstance(value[0], np.ndarray)
        if swapped and value[0].shape == (n_out, n_in):
            return Problem(*_INIT_TRANSPOSED)
        if swapped and value[0].shape == (n_out,):
            return Problem(*_INIT_SWAPPED)
        if swapped and value[0].shape == (n_in, n_out) and np.shape(value[1]) == (n_in,):
            return Problem(*_INIT_INPUT_BIASES)
        return problem
    W, b = value
    if W.dtype.kind != "f" or b.dtype.kind != "f":
        name = "W" if W.dtype.kind != "f" else "b"
        return Problem(
            "integers", f"{name} is an array of integers; training would cut its updates off. Use floats."
        )
    if b.any():
        return Problem(*(_INIT_ONES if (b == b[0]).all() and n_out > 1 else _INIT_BIASES))
    if W.size > 1 and np.ptp(W) == 0:
        return Problem(*(_INIT_CONSTANT if W.any() else _INIT_ZEROS))
    if W.size < 1000:
        return None
    if len(np.unique(W[0])) < 0.9 * n_out or len(np.unique(W[:, 0])) < 0.9 * n_in:
        return Problem(*_INIT_REPEATED)
    he, n = np.sqrt(2 / n_in), W.size
    std, mean = W.std(), W.mean()
    if abs(mean) > 5 * std / np.sqrt(n):
        return Problem(*(_INIT_POSITIVE if W.min() >= 0 else _INIT_MEAN))
    squares = (W - mean) ** 2
    kurtosis = (squares * squares).mean() / std**4
    if kurtosis < 2.2:
        return Problem(*_INIT_UNIFORM)
    if abs(std / he - 1) > 5 / np.sqrt(2 * n):
        off = {key: abs(std / scale(n_in, n_out) - 1) for key, (_, scale) in _INIT_SCALES.items()}
        nearest = min(off, key=off.get)
        if off[nearest] < 4 / np.sqrt(2 * n):
            return Problem(nearest, _INIT_SCALES[nearest][0])
        return Problem(
            "wrong_spread", f"The weights have standard deviation {std:.3g}; sqrt(2/n_in) = {he:.3g} is due."
        )
    if not 2.6 < kurtosis < 3.6:  # of some thousand normal draws the upper tail is the longer one
        return Problem(*_INIT_NOT_NORMAL)
    return None


@exercise(
    chapter="03_multilayer_perceptron",
    difficulty="medium",
    aim="Start a layer well: weights drawn by He's rule, which keeps the signal's size through ReLU layers.",
    hints=(
        "Which of the two, W or b, has to be random so that the units differ from each other?",
        "A `Generator` draws from the bell curve with mean 0 and standard deviation 1, in any shape you ask "
        "for. Look for its normal or standard_normal method.",
        "Scale the draws so that their *variance* becomes 2/n_in: what do you multiply a number by to "
        "change its standard deviation?",
    ),
)
def init_layer(n_in, n_out, rng):
    """Weights and biases of a new layer, by He's rule for ReLU units.

    The weights are normal with mean 0 and variance 2/n_in; the biases are 0.

    Parameters
    ----------
    n_in : int
        Inputs of the layer.
    n_out : int
        Units of the layer.
    rng : numpy.random.Generator
        The source of all random numbers; equal generators give equal weights.

    Returns
    -------
    W : float array (n_in, n_out)
    b : float array (n_out,)
    """
    return rng.normal(0.0, np.sqrt(2 / n_in), size=(n_in, n_out)), np.zeros(n_out)


@init_layer.cases
def _(rng):
    for n_in, n_out, group, note in [
        (30, 120, "values", "30 inputs, 120 units"),  # at these sizes the known scales lie far apart
        (112, 32, "values", "112 inputs, 32 units"),
        (3, 5, "shape", "3 inputs, 5 units"),
        (4, 4, "shape", "as many units as inputs"),
        (6, 1, "shape", "one unit"),
        (1, 4, "shape", "one input"),
    ]:
        seed = Rng(int(rng.integers(2**31)))
        yield case(n_in, n_out, seed, group=group, note=note, check=_he_normal)


def _normal(scale):
    return lambda n_in, n_out, rng: (rng.standard_normal((n_in, n_out)) * scale(n_in, n_out), np.zeros(n_out))


def _he(n_in, n_out, rng):
    return rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)


init_layer.mistake(
    "own_generator",
    "Your weights do not come from `rng`: you make a generator of your own with a fixed seed, so every "
    "layer of this size starts with the same weights. Draw from the generator that is passed in.",
)(lambda n_in, n_out, rng: (_he(n_in, n_out, np.random.default_rng(0)), np.zeros(n_out)))
init_layer.mistake(
    "global_generator",
    "Your weights come from NumPy's global generator, not from `rng`: two equal generators give different "
    "weights, and nobody can repeat the run. Draw from `rng`.",
)(
    lambda n_in, n_out, rng: (
        np.random.randn(n_in, n_out) * np.sqrt(2 / n_in),  # noqa: NPY002 - the mistake itself
        np.zeros(n_out),
    )
)

for _key, (_message, _scale) in _INIT_SCALES.items():
    init_layer.mistake(_key, _message)(_normal(_scale))


init_layer.mistake(*_INIT_TRANSPOSED)(lambda n_in, n_out, rng: (_he(n_in, n_out, rng).T, np.zeros(n_out)))
init_layer.mistake(*_INIT_SWAPPED)(lambda n_in, n_out, rng: (np.zeros(n_out), _he(n_in, n_out, rng)))
init_layer.mistake(*_INIT_ONES)(lambda n_in, n_out, rng: (_he(n_in, n_out, rng), np.ones(n_out)))
init_layer.mistake(*_INIT_BIASES)(lambda n_in, n_out, rng: (_he(n_in, n_out, rng), rng.normal(size=n_out)))
init_layer.mistake(*_INIT_ZEROS)(lambda n_in, n_out, rng: (np.zeros((n_in, n_out)), np.zeros(n_out)))
init_layer.mistake(*_INIT_CONSTANT)(
    lambda n_in, n_out, rng: (np.full((n_in, n_out), rng.normal(0, np.sqrt(2 / n_in))), np.zeros(n_out))
)
init_layer.mistake(*_INIT_REPEATED)(
    lambda n_in, n_out, rng: (
        np.tile(rng.normal(0, np.sqrt(2 / n_in), size=(n_in, 1)), (1, n_out)),
        np.zeros(n_out),
    )
)
init_layer.mistake(*_INIT_POSITIVE)(
    lambda n_in, n_out, rng: (rng.random((n_in, n_out)) * np.sqrt(2 / n_in), np.zeros(n_out))
)
init_layer.mistake(*_INIT_MEAN)(
    lambda n_in, n_out, rng: (np.sqrt(1 / n_in) + _he(n_in, n_out, rng), np.zeros(n_out))
)
init_layer.mistake(*_INIT_UNIFORM)(
    lambda n_in, n_out, rng: (
        rng.uniform(-np.sqrt(6 / n_in), np.sqrt(6 / n_in), size=(n_in, n_out)),
        np.zeros(n_out),
    )
)
init_layer.mistake(*_INIT_NOT_NORMAL)(
    lambda n_in, n_out, rng: (rng.laplace(scale=np.sqrt(1 / n_in), size=(n_in, n_out)), np.zeros(n_out))
)
init_layer.mistake("integers", "b is an array of integers; training would cut its updates off. Use floats.")(
    lambda n_in, n_out, rng: (_he(n_in, n_out, rng), np.zeros(n_out, dtype=int))
)
init_layer.mistake(
    "shape_of_b",
    "b needs the shape (n_out,): a vector with one bias for each unit, not a row or a column of a matrix.",
)(lambda n_in, n_out, rng: (_he(n_in, n_out, rng), np.zeros((1, n_out))))
init_layer.mistake(*_INIT_INPUT_BIASES)(lambda n_in, n_out, rng: (_he(n_in, n_out, rng), np.zeros(n_in)))
init_layer.mistake(
    "wrong_number_of_values", "Two arrays are due, in this order: W, b. Return both, separated by a comma."
)(lambda n_in, n_out, rng: _he(n_in, n_out, rng))
init_layer.variant(lambda n_in, n_out, rng: (_he(n_in, n_out, rng), np.zeros((n_out,))))
init_layer.variant(
    lambda n_in, n_out, rng: (
        np.array([[rng.normal(loc=0, scale=(2 / n_in) ** 0.5) for _ in range(n_out)] for _ in range(n_in)]),
        np.array([0.0] * n_out),
    )
)
init_layer.variant(
    lambda n_in, n_out, rng: (
        rng.standard_normal((n_out, n_in), dtype=np.float32).T * np.float32(np.sqrt(2 / n_in)),
        np.zeros(n_out, dtype=np.float32),
    )
)


@init_layer.variant
def _(n_in, n_out, rng):
    b = 0.0 * rng.normal(size=n_out)
    return rng.normal(size=n_in * n_out).reshape(n_in, n_out) / np.sqrt(n_in / 2), b


def _curve(value, x):
    W1, b1, W2, b2 = (np.asarray(array, dtype=float) for array in value)
    return (np.maximum(x[:, None] @ W1 + b1, 0) @ W2 + b2).ravel()


@functools.lru_cache(maxsize=32)
def _wrong_curves(knots_x, knots_y, x):
    """Return the curves of the known mistakes: the curve tells which one it is, whatever the weights."""
    curves = []
    for mistake in relu_interpolant.mistakes:
        with contextlib.suppress(Exception):  # a mistake in the shapes has no curve
            weights = mistake.code(np.array(knots_x), np.array(knots_y))
            curves.append((mistake.key, mistake.message, _curve(weights, np.array(x))))
    return curves


def _interpolates(value, case):
    """Compare the network's curve with the polygon through the knots, on 200 points and at the knots."""
    knots_x, knots_y = case.args
    m = len(knots_x) - 1
    problem = _shape_problem(value, ("W1", "b1", "W2", "b2"), ((1, m), (m,), (m, 1), (1,)))
    if problem:
        W1 = value[0] if isinstance(value, tuple | list) and len(value) == 4 else None
        if isinstance(W1, np.ndarray) and W1.shape == (1, m + 1):
            return Problem(*_ONE_UNIT_TOO_MANY)
        return problem
    x = np.union1d(np.linspace(knots_x[0], knots_x[-1], 200), knots_x)
    curve, due = _curve(value, x), np.interp(x, knots_x, knots_y)
    tolerance = 1e-4 * max(1.0, np.abs(due).max())
    if np.abs(curve - due).max() <= tolerance:
        return None
    for key, message, wrong in _wrong_curves(tuple(knots_x), tuple(knots_y), tuple(x)):
        if np.abs(wrong - curve).max() <= tolerance:
            return Problem(key, message)
    at_knots = np.isin(x, knots_x)
    if np.abs(curve - due)[at_knots].max() <= tolerance:
        return Problem(
            "right_at_knots_only", "Your curve meets the knots, but it is not straight between them."
        )
    worst = np.abs(curve - due).argmax()
    return Problem(
        "another_curve",
        f"Your network does not follow the polygon: at x = {x[worst]:.4g} it gives {curve[worst]:.4g}, "
        f"where {due[worst]:.4g} is due.",
    )


_ONE_UNIT_TOO_MANY = (
    "one_unit_too_many",
    "You use one hidden unit for each knot. There are m segments between m + 1 knots, and one unit for each "
    "segment is enough: the last knot needs none.",
)


@exercise(
    chapter="03_multilayer_perceptron",
    difficulty="hard",
    aim="Build, without any training, a ReLU network whose graph is the polygon through given points.",
    hints=(
        "Walk along the polygon from the left. What changes at a knot, the height or the slope?",
        "A hidden unit relu(x - x_k) is silent up to knot x_k and adds a slope of 1 from there on. Give "
        "each segment one unit that switches on at the segment's left end.",
        "The output weight of unit k is the *change* of slope at its knot, and for the first unit the first "
        "slope itself. The output bias is the height at which the curve starts.",
    ),
)
def relu_interpolant(knots_x, knots_y):
    """Weights of a one-hidden-layer ReLU network that runs through given points.

    For every x from knots_x[0] to knots_x[m] the network relu(x W1 + b1) W2 + b2 equals the polygon
    through the knots. What it does outside is free, and so are the weights: the curve is compared.

    Parameters
    ----------
    knots_x : array (m + 1,)
        Strictly increasing, two or more, not evenly spaced in general. It is not changed.
    knots_y : array (m + 1,)
        The values there. It is not changed.

    Returns
    -------
    W1 : array (1, m)
        One hidden unit for each of the m segments.
    b1 : array (m,)
    W2 : array (m, 1)
    b2 : array (1,)
    """
    slopes = np.diff(knots_y) / np.diff(knots_x)
    W1 = np.ones((1, len(slopes)))
    b1 = -knots_x[:-1]
    W2 = np.diff(slopes, prepend=0.0)[:, None]
    b2 = np.array([knots_y[0]])
    return W1, b1, W2, b2


@relu_interpolant.cases
def _(rng):
    def knots(m, start):
        return start + np.append(0.0, np.cumsum(rng.uniform(0.3, 1.7, size=m)))

    def heights(m):
        y = rng.uniform(0.6, 2.0, size=m + 1) * rng.choice([-1, 1], size=m + 1)
        y[1] = -rng.uniform(2.2, 2.6)  # the lowest is neither the first nor the last
        y[-2:] = abs(y[-2]), -abs(y[-1])  # and the curve bends to both sides
        return y

    for m, start, note in [
        (4, -1.3, "five knots"),
        (7, 0.8, "eight knots"),
        (3, -4.0, "four knots, left of 0"),
    ]:
        yield case(knots(m, start), heights(m), note=f"{note}, unequal spacing", check=_interpolates)
    yield case(
        np.array([-2.0, -1.5, 1.0, 1.25, 4.0]),
        np.array([1.0, -1.0, 0.5, 2.0, 2.0]),
        note="a flat last segment",
        check=_interpolates,
    )
    yield case(np.linspace(-1, 2, 7), heights(6), group="edge", note="equal spacing", check=_interpolates)
    yield case(
        np.array([0.5, 1.0, 2.5, 3.0]), np.full(4, 1.5), group="edge", note="constant y", check=_interpolates
    )
    yield case(
        np.array([-2, 0, 1, 4]),
        np.array([3, -1, 2, 0]),
        group="edge",
        note="integer knots",
        check=_interpolates,
    )
    yield case(
        np.array([-1.0, 2.0]),
        np.array([0.5, -1.0]),
        group="shape",
        note="two knots, one segment",
        check=_interpolates,
    )
    yield case(
        np.array([1.0, 1.5, 4.0]),
        np.array([2.0, -1.0, 1.0]),
        group="shape",
        note="three knots",
        check=_interpolates,
    )


def _network(W1, b1, W2, b2):
    W1, W2 = np.asarray(W1, dtype=float), np.asarray(W2, dtype=float)
    return W1.reshape(1, -1), np.asarray(b1, dtype=float), W2.reshape(-1, 1), np.array([b2], dtype=float)


def _ones(x):
    return np.ones(len(x) - 1)


def _slopes(x, y):
    return np.diff(y) / np.diff(x)


def _knot_slopes(x, y):
    """Return the mean slopes at the inner knots, as np.gradient has them."""
    h, s = np.diff(x), _slopes(x, y)
    return (h[1:] * s[:-1] + h[:-1] * s[1:]) / (h[1:] + h[:-1])


def _bends(x, y):
    return np.diff(_slopes(x, y), prepend=0.0)


for _key, _message, _answer in [
    (
        "slopes_not_changes",
        "Each unit adds the full slope of its segment, but the earlier units go on rising: their slopes "
        "pile up. An output weight is the *change* of slope at its knot.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], _slopes(knots_x, knots_y), knots_y[0]
        ),
    ),
    (
        "start_height_forgotten",
        "Your curve starts at height 0: the output bias is missing. It is the value at the first knot.",
        lambda knots_x, knots_y: _network(_ones(knots_x), -knots_x[:-1], _bends(knots_x, knots_y), 0.0),
    ),
    (
        "spacing_ignored",
        "Your slopes are differences of y alone. Divide by the distance between the knots, which need not "
        "be 1.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], np.diff(np.diff(knots_y), prepend=0.0), knots_y[0]
        ),
    ),
    (
        "equal_spacing_assumed",
        "You divide every difference by the same distance, that of the first two knots. Each segment has a "
        "length of its own.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.diff(np.diff(knots_y) / (knots_x[1] - knots_x[0]), prepend=0.0),
            knots_y[0],
        ),
    ),
    (
        "mean_spacing_assumed",
        "You divide every difference by the mean distance between the knots. Each segment has a length of "
        "its own.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.diff(np.diff(knots_y) / ((knots_x[-1] - knots_x[0]) / (len(knots_x) - 1)), prepend=0.0),
            knots_y[0],
        ),
    ),
    (
        "bias_sign",
        "Your hidden biases have the wrong sign: relu(x + x_k) switches on at -x_k. A unit that is to "
        "switch on at x_k needs the bias -x_k.",
        lambda knots_x, knots_y: _network(_ones(knots_x), knots_x[:-1], _bends(knots_x, knots_y), knots_y[0]),
    ),
    (
        "units_face_left",
        "Your units are active to the *left* of their knots. With a positive W1 and bias -x_k they switch "
        "on to the right.",
        lambda knots_x, knots_y: _network(
            -_ones(knots_x), knots_x[:-1], _bends(knots_x, knots_y), knots_y[0]
        ),
    ),
    (
        "one_knot_late",
        "Each unit switches on at the *right* end of its segment, one knot too late. The first one belongs "
        "to the first knot.",
        lambda knots_x, knots_y: _network(_ones(knots_x), -knots_x[1:], _bends(knots_x, knots_y), knots_y[0]),
    ),
    (
        "hidden_biases_forgotten",
        "All your hidden units switch on at x = 0. Each needs its own knot as the place where it switches "
        "on.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), 0 * knots_x[:-1], _bends(knots_x, knots_y), knots_y[0]
        ),
    ),
    (
        "first_slope_missing",
        "The first segment is flat: the first output weight is 0. It has to be the first slope itself.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.diff(_slopes(knots_x, knots_y), prepend=_slopes(knots_x, knots_y)[0]),
            knots_y[0],
        ),
    ),
    (
        "differences_of_y_as_weights",
        "Your output weights are the differences of y: each unit then adds its slope for ever, and the "
        "distances are missing. Take slopes, and of those the changes.",
        lambda knots_x, knots_y: _network(_ones(knots_x), -knots_x[:-1], np.diff(knots_y), knots_y[0]),
    ),
    (
        "values_as_weights",
        "Your output weights are the heights y. A ReLU unit contributes a slope, not a height: its weight "
        "is the change of slope at its knot.",
        lambda knots_x, knots_y: _network(_ones(knots_x), -knots_x[:-1], knots_y[1:], knots_y[0]),
    ),
    (
        "left_values_as_weights",
        "Your output weights are the heights y. A ReLU unit contributes a slope, not a height: its weight "
        "is the change of slope at its knot.",
        lambda knots_x, knots_y: _network(_ones(knots_x), -knots_x[:-1], knots_y[:-1], knots_y[0]),
    ),
    (
        "slope_upside_down",
        "You divide the distance by the difference of heights. A slope is the change of y over the change "
        "of x.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.diff(np.diff(knots_x) / np.where(np.diff(knots_y) == 0, 1e-9, np.diff(knots_y)), prepend=0.0),
            knots_y[0],
        ),
    ),
    (
        "change_sign",
        "The changes of slope have the wrong sign (old minus new). At each knot add new slope minus old "
        "slope.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.append(_slopes(knots_x, knots_y)[0], -np.diff(_slopes(knots_x, knots_y))),
            knots_y[0],
        ),
    ),
    (
        "all_slopes_turned_round",
        "Your curve is mirrored at its starting height: every slope has the wrong sign.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], -_bends(knots_x, knots_y), knots_y[0]
        ),
    ),
    (
        "first_slope_lost",
        "The changes of slope stand one unit too early and the first slope itself is missing: unit 0 "
        "carries the first slope, unit k the change at knot k.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], np.append(np.diff(_slopes(knots_x, knots_y)), 0.0), knots_y[0]
        ),
    ),
    (
        "last_height_as_start",
        "Your output bias is the height at the *last* knot. The curve starts at the first one.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], _bends(knots_x, knots_y), knots_y[-1]
        ),
    ),
    (
        "mean_height_as_start",
        "Your output bias is the mean of y. The curve starts at the height of the first knot.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], _bends(knots_x, knots_y), np.mean(knots_y)
        ),
    ),
    (
        "first_position_as_start",
        "Your output bias is the first knot's x. It is the *height* there, the first y.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], _bends(knots_x, knots_y), knots_x[0]
        ),
    ),
    (
        "start_height_sign",
        "Your output bias has the wrong sign. It is the height at which the curve starts, added.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], _bends(knots_x, knots_y), -knots_y[0]
        ),
    ),
    (
        "slope_scaled_twice",
        "Both weights carry the slope: it enters twice. With W1 = 1 the output weights carry it alone.",
        lambda knots_x, knots_y: _network(
            np.abs(_bends(knots_x, knots_y)),
            -knots_x[:-1] * np.abs(_bends(knots_x, knots_y)),
            _bends(knots_x, knots_y),
            knots_y[0],
        ),
    ),
    (
        "weight_scaled_bias_not",
        "W1 carries the slope, but b1 is still -x_k: such a unit switches on at -b1/W1, which is not the "
        "knot.",
        lambda knots_x, knots_y: _network(
            _bends(knots_x, knots_y), -knots_x[:-1], _ones(knots_x), knots_y[0]
        ),
    ),
    (
        "negative_weight_inside",
        "You put the change of slope into W1. A negative W1 turns the unit round, so that it is active to "
        "the left; a change of slope downwards needs a negative *output* weight.",
        lambda knots_x, knots_y: _network(
            _bends(knots_x, knots_y), -knots_x[:-1] * _bends(knots_x, knots_y), _ones(knots_x), knots_y[0]
        ),
    ),
    (
        "straight_line",
        "Your curve is the straight line from the first knot to the last. It has to bend at each knot "
        "between.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.append((knots_y[-1] - knots_y[0]) / (knots_x[-1] - knots_x[0]), np.zeros(len(knots_x) - 2)),
            knots_y[0],
        ),
    ),
    (
        "slopes_added",
        "At each knot you add the old and the new slope. The *change* is due: new minus old.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.append(
                _slopes(knots_x, knots_y)[0], _slopes(knots_x, knots_y)[1:] + _slopes(knots_x, knots_y)[:-1]
            ),
            knots_y[0],
        ),
    ),
    (
        "changes_of_changes",
        "Your loop subtracts the previous *output weight* (already a change) instead of the previous slope: "
        "the array is overwritten while it is still needed. Keep the slopes in an array of their own.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            [
                sum((-1) ** (k - j) * _slopes(knots_x, knots_y)[j] for j in range(k + 1))
                for k in range(len(knots_x) - 1)
            ],
            knots_y[0],
        ),
    ),
    (
        "mean_slopes_at_the_knots",
        "You use slopes *at* the knots (np.gradient averages both sides). The polygon has one slope for "
        "each segment: differences of neighbors.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.diff(np.append(_slopes(knots_x, knots_y)[0], _knot_slopes(knots_x, knots_y)), prepend=0.0),
            knots_y[0],
        ),
    ),
    (
        "doubled",
        "Every slope is twice too steep: a factor of 2 is too many in the output weights.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], 2 * _bends(knots_x, knots_y), knots_y[0]
        ),
    ),
    (
        "intercept_as_start",
        "Your output bias is where the first segment would meet x = 0. At the first knot every unit is "
        "still silent: the bias is the height *there*.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            _bends(knots_x, knots_y),
            knots_y[0] - knots_x[0] * _slopes(knots_x, knots_y)[0],
        ),
    ),
    (
        "lowest_height_as_start",
        "Your output bias is the smallest y. The curve starts at the height of the *first* knot.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -knots_x[:-1], _bends(knots_x, knots_y), np.min(knots_y)
        ),
    ),
    (
        "units_numbered_instead_of_placed",
        "Your units switch on at 0, 1, 2, …, their numbers. Each belongs at its knot's x.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x), -np.arange(len(knots_x) - 1.0), _bends(knots_x, knots_y), knots_y[0]
        ),
    ),
    (
        "last_bend_missing",
        "The last segment goes on with the slope of the one before: the last unit's weight is 0.",
        lambda knots_x, knots_y: _network(
            _ones(knots_x),
            -knots_x[:-1],
            np.append(_bends(knots_x, knots_y)[:-1], 0.0),
            knots_y[0],
        ),
    ),
]:
    relu_interpolant.mistake(_key, _message)(_answer)


@relu_interpolant.mistake(*_ONE_UNIT_TOO_MANY)
def _(knots_x, knots_y):
    slopes = np.append(np.diff(knots_y) / np.diff(knots_x), 0.0)
    return (
        np.ones((1, len(knots_x))),
        -np.asarray(knots_x, dtype=float),
        np.diff(slopes, prepend=0.0)[:, None],
        np.array([knots_y[0]], dtype=float),
    )


relu_interpolant.mistake("shape_of_W1", "W1 needs the shape (1, m): one input, m hidden units.")(
    lambda knots_x, knots_y: (
        np.ones((len(knots_x) - 1, 1)),
        -knots_x[:-1],
        _bends(knots_x, knots_y)[:, None],
        np.array([knots_y[0]]),
    )
)
relu_interpolant.mistake(
    "shape_of_W2", "W2 needs the shape (m, 1): one row for each hidden unit, one column for the output."
)(
    lambda knots_x, knots_y: (
        np.ones((1, len(knots_x) - 1)),
        -knots_x[:-1],
        _bends(knots_x, knots_y),
        np.array([knots_y[0]]),
    )
)
relu_interpolant.mistake(
    "shape_of_b2", "b2 needs the shape (1,): an array with one entry, not a bare number."
)(
    lambda knots_x, knots_y: (
        np.ones((1, len(knots_x) - 1)),
        -knots_x[:-1],
        _bends(knots_x, knots_y)[:, None],
        np.asarray(knots_y[0]),
    )
)
relu_interpolant.mistake(
    "wrong_number_of_values", "Four arrays are due, in this order: W1, b1, W2, b2. Return them as one tuple."
)(
    lambda knots_x, knots_y: (
        np.ones((1, len(knots_x) - 1)),
        -knots_x[:-1],
        _bends(knots_x, knots_y)[:, None],
    )
)


@relu_interpolant.mistake(
    "integers_cut_off",
    "With integer knots your slopes lose their decimals: an array made like the knots holds integers. Use "
    "floats.",
)
def _(knots_x, knots_y):
    W2 = np.zeros_like(knots_y[1:])
    W2[:] = _bends(knots_x, knots_y)
    return _network(_ones(knots_x), -knots_x[:-1], W2, knots_y[0])


@relu_interpolant.variant
def _(knots_x, knots_y):
    m = len(knots_x) - 1
    W2, slope = np.zeros((m, 1)), 0.0
    for k in range(m):
        new = (knots_y[k + 1] - knots_y[k]) / (knots_x[k + 1] - knots_x[k])
        W2[k, 0] = new - slope
        slope = new
    return np.ones((1, m)), -1.0 * knots_x[:m], W2, np.array([float(knots_y[0])])


@relu_interpolant.variant
def _(knots_x, knots_y):
    # Units that face left: the curve is built from its right end.
    slopes = np.diff(knots_y) / np.diff(knots_x)
    W2 = -np.append(slopes[:-1] - slopes[1:], slopes[-1])
    return -np.ones((1, len(slopes))), knots_x[1:] * 1.0, W2[:, None], np.array([knots_y[-1] * 1.0])


@relu_interpolant.variant
def _(knots_x, knots_y):
    # Each unit scaled to reach 1 at the end of its segment.
    dx = np.diff(knots_x)
    W1, b1 = 1 / dx[None, :], -knots_x[:-1] / dx
    bends = np.diff(np.diff(knots_y) / dx, prepend=0)
    return W1, b1, (bends * dx)[:, None], knots_y[:1].astype(float)


@relu_interpolant.variant
def _(knots_x, knots_y):
    # The weights from the linear equations that the knots state, in float32.
    H = np.maximum(knots_x[1:, None] - knots_x[None, :-1], 0)
    w = np.linalg.solve(H, knots_y[1:] - knots_y[0])
    m = len(w)
    return (
        np.ones((1, m), np.float32),
        -knots_x[:-1].astype(np.float32),
        w.reshape(m, 1).astype(np.float32),
        np.array([knots_y[0]], np.float32),
    )
