"""The general detectors: each kind of slip, in an exercise that lists no mistakes, gets its name."""

import re

import numpy as np
import pytest

from nn_exercises.checking import check_exercise
from nn_exercises.exercise import Fn, Problem, Rng, case, exercise

HINTS = ("one", "two", "three")


@exercise(chapter="99_toy", difficulty="easy", aim="Scale rows.", hints=HINTS)
def dense(X, W, b, scale=0.5):
    """Return scale times the mean over the samples of X W + b, and the rows themselves.

    Parameters
    ----------
    X : array (n_samples, n_in)
    W : array (n_in, n_out)
    b : array (n_out,)
    scale : float

    Returns
    -------
    m : array (n_out,)
    Z : array (n_samples, n_out)
    """
    Z = X @ W + b
    return scale * Z.sum(axis=0) / len(X), Z


@dense.cases
def _(rng):
    for n, n_in, n_out, note in (
        (4, 3, 2, "four samples"),
        (5, 2, 3, "five samples"),
        (3, 3, 3, "all square"),
    ):
        yield case(
            rng.normal(size=(n, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out), note=note
        )
    yield case(rng.normal(size=(2, 3)), rng.normal(size=(3, 2)), rng.normal(size=2), 2.0, note="scale = 2")
    X, W, b = rng.normal(size=(1, 2)), rng.normal(size=(2, 4)), rng.normal(size=4)
    yield case(X, W, b, group="shape", note="one sample")
    X, W = rng.integers(-3, 4, size=(3, 2)), rng.integers(-3, 4, size=(2, 2))
    yield case(X, W, np.array([1, 2]), group="edge", note="integers")


@exercise(chapter="99_toy", difficulty="easy", aim="Bend.", hints=HINTS)
def bend(z, alpha=2.0):
    """Return z² where z >= 0 and alpha z elsewhere.

    Parameters
    ----------
    z : float or array of any shape
    alpha : float
    """
    return np.where(np.asarray(z) >= 0, np.square(z, dtype=float), alpha * np.asarray(z))


@bend.cases
def _(rng):
    yield case(rng.normal(size=6), note="random")
    yield case(rng.normal(size=5), 0.5, note="alpha = 0.5")
    yield case(rng.normal(size=(3, 2)), group="shape", note="a matrix")
    yield case(1.5, group="shape", note="a number")
    yield case(np.array([-2, 0, 3]), group="edge", note="integers")
    yield case(np.array([-1000.0, 1000.0]), group="stability", note="z = ±1000", quiet=True)


@exercise(chapter="99_toy", difficulty="easy", aim="Count down.", hints=HINTS)
def decay(x, t):
    """Return x / 2**t for t >= 0.

    Parameters
    ----------
    x : array (n,)
    t : int
    """
    if t < 0:
        raise ValueError("t is negative")
    return x / 2.0**t


@decay.cases
def _(rng):
    for t in (1, 2, 5):
        yield case(rng.normal(size=3), t, note=f"t = {t}")
    yield case(np.ones(2), 0, group="edge", note="t = 0")
    yield case(np.ones(2), -1, group="errors", raises=ValueError, note="a negative t")


def named(of, answer, **more):
    """Check an answer and return (key, message); every wrong answer must be refused."""
    result = check_exercise(answer, of)
    assert not result.passed
    assert result.score < result.max_score
    return result.mistake, result.message


DENSE = {
    "sign": lambda X, W, b, scale=0.5: tuple(-v for v in dense.reference(X, W, b, scale)),
    "order": lambda X, W, b, scale=0.5: dense.reference(X, W, b, scale)[::-1],
    "missing_value": lambda X, W, b, scale=0.5: dense.reference(X, W, b, scale)[0],
    "extra_value": lambda X, W, b, scale=0.5: (*dense.reference(X, W, b, scale), 1),
    "list_not_tuple": lambda X, W, b, scale=0.5: list(dense.reference(X, W, b, scale)),
    "no_return": lambda X, W, b, scale=0.5: None,
    "without_b": lambda X, W, b, scale=0.5: dense.reference(X, W, 0 * b, scale),
    "ignores_scale": lambda X, W, b, scale=0.5: dense.reference(X, W, b, 0.5),
    "sign_of_b": lambda X, W, b, scale=0.5: dense.reference(X, W, -b, scale),
    "parameter_order": lambda W, X, b, scale=0.5: dense.reference(X, W, b, scale),
    "signature": lambda X, W: X @ W,
    "reduced_too_far": lambda X, W, b, scale=0.5: (
        scale * np.mean(X @ W + b),
        X @ W + b,
    ),
    "extra_axis": lambda X, W, b, scale=0.5: (scale * (X @ W + b).mean(axis=0, keepdims=True), X @ W + b),
}


@pytest.mark.parametrize("key", DENSE)
def test_dense(key):
    assert named(dense, DENSE[key])[0] == key


def test_default_of_a_parameter():
    key, message = named(dense, lambda X, W, b, scale=0.25: dense.reference(X, W, b, scale))
    assert key == "default" and "0.25" in message and "0.5" in message


def test_factor_is_given_its_meaning():
    def no_mean(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        return m * len(X), Z

    def twice_mean(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        return m / len(X), Z

    def doubled(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        return 2 * m, Z

    for answer, words in (
        (no_mean, "number of samples"),
        (twice_mean, "mean is taken twice"),
        (doubled, "twice"),
    ):
        key, message = named(dense, answer)
        assert key == "factor" and words in message and "`m`" in message


def test_only_the_wrong_output_is_named():
    def answer(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        return m, np.sin(Z) * 7 + Z**3

    assert "`m`" in named(dense, answer)[1] and "`Z`" in named(dense, answer)[1]


def test_transposed_where_only_squares_fit():
    def answer(X, W, b, scale=0.5):
        Z = X @ W.T + b if W.shape[0] == W.shape[1] else X @ W + b
        return scale * Z.mean(axis=0), Z

    assert named(dense, answer)[0] in ("W_transposed", "wrong_square")


def test_wrong_for_non_square_matrices_is_told_with_its_line():
    def answer(X, W, b, scale=0.5):
        Z = X @ W.T + b
        return scale * Z.mean(axis=0), Z

    key, message = named(dense, answer)
    assert key.startswith("exception") and "ValueError" in message


def test_hard_coded_size():
    def answer(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        return m * len(X) / 4, Z

    assert re.search("samples", named(dense, answer)[1])


def test_state_between_calls():
    total = []

    def answer(X, W, b, scale=0.5):
        total.append(1)
        m, Z = dense.reference(X, W, b, scale)
        return m + 1e-3 * (len(total) > 6), Z

    assert named(dense, answer)[0] == "keeps_state"


def test_reused_array():
    kept = {}

    def answer(z, alpha=2.0):
        out = kept.setdefault(np.shape(z), np.zeros(np.shape(z)))
        out[...] = bend.reference(z, alpha)
        return out

    shapes = {np.shape(c.args[0]) for c in bend.make_cases(np.random.default_rng(0))}
    assert len(shapes) == 6  # every shape once: only a repeated call can show it
    check_exercise(answer, bend)

    def always(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        kept.setdefault("m", np.zeros(10))[: len(m)] = m
        return kept["m"][: len(m)], Z

    assert named(dense, always)[0] == "reused_array"


def test_changed_input():
    def answer(X, W, b, scale=0.5):
        m, Z = dense.reference(X, W, b, scale)
        W *= 1.5 if W.dtype.kind == "f" else 2
        return m, Z

    key, message = named(dense, answer)
    assert key == "changes_input" and "`W`" in message


def test_global_variable():
    scope = {"np": np, "X": np.ones((4, 3))}
    exec("def dense(data, W, b, scale=0.5):\n    Z = X @ W + b\n    return scale * Z.mean(axis=0), Z", scope)
    key, message = named(dense, scope["dense"])
    assert "X" in message or key.startswith("exception")


BEND = {
    "integer_dtype": lambda z, alpha=2.0: bend.reference(z, alpha).astype(int),
    "list_not_array": lambda z, alpha=2.0: bend.reference(z, alpha).tolist(),
    "lost_axis": lambda z, alpha=2.0: bend.reference(z, alpha).ravel(),
    "text": lambda z, alpha=2.0: "no",
    "complex": lambda z, alpha=2.0: bend.reference(z, alpha) + 0j,
    "boolean": lambda z, alpha=2.0: bend.reference(z, alpha) > 0,
    "absolute": lambda z, alpha=2.0: np.abs(bend.reference(z, alpha)),
    "wrong_type": lambda z, alpha=2.0: bend.reference,
    "alpha_squared": lambda z, alpha=2.0: bend.reference(z, alpha**2),
    "reversed": lambda z, alpha=2.0: (
        bend.reference(z, alpha)[::-1] if np.ndim(z) else bend.reference(z, alpha)
    ),
    "zeros": lambda z, alpha=2.0: 0.0 * bend.reference(z, alpha),
    "offset": lambda z, alpha=2.0: bend.reference(z, alpha) + 1,
}


@pytest.mark.parametrize("key", BEND)
def test_bend(key):
    assert named(bend, BEND[key])[0] == key


def test_overflow_warning_where_calm_is_due():
    def answer(z, alpha=2.0):
        np.exp(np.abs(np.asarray(z, dtype=float)))
        return bend.reference(z, alpha)

    key, message = named(bend, answer)
    assert key == "overflow_warning" and "overflow" in message


def test_nan_at_extremes():
    def answer(z, alpha=2.0):
        with np.errstate(all="ignore"):
            one = np.exp(np.abs(np.asarray(z, dtype=float)))
            return bend.reference(z, alpha) * (one / one)

    key, message = named(bend, answer)
    assert "NaN" in message and key.startswith("wrong_")


def test_scalars_and_matrices_told_by_condition():
    def no_number(z, alpha=2.0):
        return np.array([bend.reference(v, alpha) for v in z])

    key, message = named(bend, no_number)
    assert "number" in message and key.startswith("exception")


def test_integers_told_by_condition():
    def truncating(z, alpha=2.0):
        out = np.zeros_like(z)
        out[...] = bend.reference(z, alpha) + (0.25 if np.asarray(z).dtype.kind == "f" else 0)
        return out - (0.25 if np.asarray(z).dtype.kind == "f" else 0)

    key, message = named(bend, truncating)
    assert key == "integer_dtype" and "integers" in message


def test_off_by_one_in_a_count():
    assert named(decay, lambda x, t: decay.reference(x, t) * 2)[0] in ("factor", "t_off_by_one")

    def answer(x, t):
        if t < 0:
            raise ValueError
        return x / 2.0 ** max(t - 1, 0)

    assert named(decay, answer)[0] == "t_off_by_one"


def test_missing_and_wrong_errors():
    assert named(decay, lambda x, t: x / 2.0**t)[0] == "no_error"

    def other(x, t):
        if t < 0:
            raise KeyError(t)
        return x / 2.0**t

    def too_strict(x, t):
        if t < 1:
            raise ValueError(t)
        return x / 2.0**t

    assert named(decay, other)[0] == "wrong_error"
    assert named(decay, too_strict)[0] == "refuses_allowed"


def test_a_slip_is_recognised_as_a_mutant():
    def answer(x, t):
        if t < 0:
            raise ValueError
        return x * 2.0**t

    assert named(decay, answer)[0] in ("times_divide", "sign_of_t")


def test_endless_loop():
    @exercise(chapter="99_toy", difficulty="easy", aim="Wait.", hints=HINTS, time_limit=0.2)
    def wait(x):
        """Return x."""
        return x

    @wait.cases
    def _(rng):
        yield case(1.0, note="one")

    def answer(x):
        while True:
            pass

    result = check_exercise(answer, wait)
    assert (result.mistake, result.status) == ("timeout", "timeout") and "0.2 seconds" in result.message


@exercise(chapter="99_toy", difficulty="easy", aim="Draw.", hints=HINTS)
def draw(n, rng):
    """Return n normal numbers, any."""
    return rng.normal(size=n)


@draw.cases
def _(rng):
    def right(value, case):
        if np.shape(value) != (case.args[0],):
            return Problem("length", "There must be n numbers.")
        return None

    yield case(3, Rng(1), check=right, note="three")
    yield case(5, Rng(2), check=right, note="five")


def test_properties_pass_whatever_the_values():
    assert check_exercise(lambda n, rng: rng.uniform(size=n), draw).passed


def test_a_property_names_its_own_problem():
    assert named(draw, lambda n, rng: rng.normal(size=n + 1)) == ("length", "There must be n numbers.")


def test_generators_that_are_not_used():
    assert named(draw, lambda n, rng: np.zeros(n))[0] == "rng_not_used"
    assert named(draw, lambda n, rng: np.random.default_rng(0).normal(size=n))[0] == "rng_not_used"

    def mixed(n, rng):
        return rng.normal(size=n) + np.random.normal()  # noqa: NPY002 - the slip that is meant

    assert named(draw, mixed)[0] == "other_randomness"


def test_a_property_check_that_fails_on_junk_is_no_crash():
    for junk in (None, "x", {"a": 1}, print, [None], float("nan")):
        assert named(draw, lambda n, rng, junk=junk: (rng.normal(), junk)[1])[1]


def test_not_a_number_never_passes_a_property():
    assert not check_exercise(lambda n, rng: rng.normal(size=n) * np.nan, draw).passed


@exercise(chapter="99_toy", difficulty="easy", aim="Slope.", hints=HINTS)
def slope(x, f):
    """Return the gradient of the sum of f(x)², with f the identity.

    Parameters
    ----------
    x : array (n,)
    f : callable
    """
    return 2 * f(x)


@slope.cases
def _(rng):
    yield case(rng.normal(size=3), Fn("identity", lambda x: x), note="three")
    yield case(rng.normal(size=4), Fn("identity", lambda x: x), note="four")


@slope.gradient_of("x")
def _(x, f):
    return float((x**2).sum())


def test_gradients_are_shown_with_evidence():
    result = check_exercise(lambda x, f: 2 * f(x) + np.array([1.0, *[0] * (len(x) - 1)]), slope)
    label, text = result.card.rows[-1]
    assert "x[0]" in label and "central difference" in text and "claims" in text


def test_the_card_never_shows_the_reference():
    for answer in (*DENSE.values(), *BEND.values()):
        for of in (dense, bend):
            assert "np.square(z, dtype" not in check_exercise(answer, of).html()


@exercise(chapter="99_toy", difficulty="easy", aim="Name it.", hints=HINTS)
def name_it(x):
    """Return "over fitting" where x > 0, else "fine"."""
    return "over fitting" if x > 0 else "fine"


@name_it.cases
def _(rng):
    for x in (1.0, 2.0, -1.0, -2.0):
        yield case(x, note=f"x = {x:g}")


def test_words():
    assert named(name_it, lambda x: name_it.reference(x).title())[0] == "spelling"
    message = named(name_it, lambda x: "fine")[1]
    assert "'fine'" in message and "'over fitting' is due" in message


@exercise(chapter="99_toy", difficulty="easy", aim="Two at once.", hints=HINTS)
def both(p, y):
    """Return a loss and its gradient.

    Returns
    -------
    loss : float
    grad : array (n,)
    """
    return np.mean((p - y) ** 2), 2 * (p - y) / len(p)


@both.cases
def _(rng):
    for n in (3, 4, 6):
        yield case(rng.normal(size=n), rng.normal(size=n), note=f"{n} samples")


@both.mistake("absolute", "Your loss is the mean of the absolute errors.")
def _(p, y):
    return np.mean(np.abs(p - y)), 2 * (p - y) / len(p)


def test_a_known_mistake_in_one_part_is_named_though_the_other_is_wrong_too():
    def answer(p, y):
        return np.mean(np.abs(p - y)), np.sin(p) + y**3

    assert named(both, answer)[0] == "absolute"


def test_a_slip_in_one_part():
    def answer(p, y):
        return np.mean((p - y) ** 3), np.sin(p) + y**3

    assert named(both, answer)[0] in ("constant", "missing_power")


def test_wrong_entries_are_told_by_their_arguments():
    def answer(z, alpha=2.0):
        right = bend.reference(z, alpha)
        return np.where(np.asarray(z) < 0, right + np.sin(z), right)

    key, message = named(bend, answer)
    assert key == "wrong_where_z_negative" and "`z` is negative" in message


def _first_row(X, W, b, scale=0.5):
    m, Z = dense.reference(X, W, b, scale)
    return m, Z[:1]


def _first_row_of_zeros(X, W, b, scale=0.5):
    m, Z = dense.reference(X, W, b, scale)
    return m, np.vstack([Z[:1], np.zeros_like(Z[1:])])


@pytest.mark.parametrize("answer", [_first_row, _first_row_of_zeros])
def test_a_return_inside_the_loop(answer):
    key, message = named(dense, answer)
    assert key == "first_only" and "loop" in message


def test_keyword_only_parameters():
    key, message = named(dense, lambda *, X, W, b, scale=0.5: dense.reference(X, W, b, scale))
    assert key == "signature" and "`*`" in message


def test_an_approximation():
    def coarse(z, alpha=2.0):
        exact = np.asarray(bend.reference(z, alpha))
        return exact + 0.003 * np.cos(7 * exact) * np.abs(exact)

    key, message = named(bend, coarse)
    assert key == "approximate" and "%" in message


def test_another_formula_is_no_approximation():
    def other(z, alpha=2.0):
        z = np.asarray(z, dtype=float)
        return np.where(z >= 0, z**2 + 0.7 * np.sin(5 * z) * z, alpha * z)

    assert named(bend, other)[0] != "approximate"


MEMORY: dict = {}


def test_shapes_that_an_earlier_call_left_behind():
    MEMORY.clear()

    def remembers(X, W, b, scale=0.5):
        MEMORY["Z"] = MEMORY.get("Z", 0) + X @ W + b
        return scale * MEMORY["Z"].mean(axis=0), MEMORY["Z"]

    assert named(dense, remembers)[0] == "keeps_state"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda X, W, b, scale: b.__iadd__(X @ W), "on their left"),
        (lambda X, W, b, scale: 2.0 * named, "in parentheses"),
        (lambda X, W, b, scale: X[W + 0.5], "An index holds integers"),
        (lambda X, W, b, scale: range(len(X) / 2), "`//` a whole number"),
        (lambda X, W, b, scale: X.reshape(50, 3), "`x.shape`"),
    ],
)
def test_advice_for_an_exception(body, words):
    assert words in named(dense, lambda X, W, b, scale=0.5: body(X, W, b, scale))[1]


def test_an_argument_that_is_changed_on_the_way():
    def changes(X, W, b, scale=0.5):
        X -= X.mean(axis=0) ** 3 + 0.2 * X
        return dense.reference(X, W, b, scale)

    def changes_floats(X, W, b, scale=0.5):
        return changes(X, W, b, scale) if X.dtype.kind == "f" else dense.reference(X, W, b, scale)

    key, message = named(dense, changes_floats)
    assert key == "changes_input" and "`X`" in message


@exercise(chapter="99_toy", difficulty="easy", aim="Say.", hints=HINTS)
def word(x):
    """Say "low" or "high".

    Parameters
    ----------
    x : float
    """
    return "high" if x > 0 else "low"


@word.cases
def _(rng):
    for k, x in enumerate((1.0, -2.0, 0.4, -0.3, 3.0, -4.0)):
        yield case(x, note=f"case {k}")


@exercise(chapter="99_toy", difficulty="easy", aim="Count.", hints=HINTS)
def seven():
    """Return seven."""
    return 7


@seven.cases
def _(rng):
    yield case(note="called without arguments")


def test_words_that_are_mixed_up():
    key, message = named(word, lambda x: "low" if -1 < x < 5 else word.reference(x))
    assert key == "mixed_up" or key.startswith("wrong_")
    assert "'high'" in message and "'low'" in message


def test_another_value():
    assert named(seven, lambda: 24)[0] == "other_value"
