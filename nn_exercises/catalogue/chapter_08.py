"""Exercises of chapter 08, optimizers.

Every optimizer step is a pure function: it takes the parameters and its memory, returns both, and changes
nothing that it was given. Tiny gradients with a large eps show where eps stands, and a memory that is not
zero shows what is stored in it.
"""

import numpy as np

from nn_exercises.exercise import Fn, case, exercise

CHAPTER = "08_optimizers"
SHAPES = [
    ((1,), "one parameter"),
    ((3, 2), "a matrix"),
    ((2, 2, 3), "three axes"),
    ((3, 3), "a square matrix"),
]


# ---------------------------------------------------------------------------- momentum_step


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Let the parameters roll: take one step of gradient descent with momentum.",
    hints=(
        "The velocity remembers: it keeps the share beta of what it was and gains lr times the gradient.",
        "Equation (8.2). The learning rate stands *inside* the velocity, so the parameters move by the new "
        "velocity as it is.",
        "First the new v = beta v + lr g, as a new array. Then the new w is w minus that new v. Return w, "
        "then v.",
    ),
)
def momentum_step(w, g, v, lr, beta=0.9):
    """Take one step of gradient descent with momentum, equation (8.2).

    The learning rate stands inside the velocity: v <- beta v + lr g, then w <- w - v.

    Parameters
    ----------
    w : array of any shape
        Parameters; not changed.
    g : array, shape of w
        Gradient at w; not changed.
    v : array, shape of w
        Velocity so far; not changed.
    lr : float
        Learning rate.
    beta : float
        Share of the velocity that is kept.

    Returns
    -------
    w, v : arrays, shape of w
        The new parameters and the new velocity.
    """
    v = beta * v + lr * g
    return w - v, v


@momentum_step.cases
def _(rng):
    def step(shape, *args, group="values", note="", **kwargs):
        return case(*(rng.normal(size=shape) for _ in "wgv"), *args, group=group, note=note, **kwargs)

    yield step(4, 0.1, note="default beta")
    yield step(5, 0.5, 0.7, note="lr = 0.5, beta = 0.7")
    yield step(3, 2.0, beta=0.5, note="a learning rate of 2")
    for shape, note in SHAPES:
        yield step(shape, 0.1, 0.8, group="shape", note=note)
    w, g, v = rng.normal(size=(3, 4))
    yield case(w, g, np.zeros(4), 0.1, 0.9, group="edge", note="velocity 0, as at the first step")
    yield case(w, np.zeros(4), v, 0.1, 0.9, group="edge", note="gradient 0: the velocity rolls on")
    yield case(w, g, v, 0.1, 0.0, group="edge", note="beta = 0: plain gradient descent")
    yield case(w, g, v, 0.0, 0.6, group="edge", note="lr = 0")
    yield case(w, np.array([2, -1, 0, 3]), v, 0.1, group="edge", note="gradient of integers")
    yield case(*(a.astype(np.float32) for a in (w, g, v)), 0.1, 0.9, group="edge", note="float32")


def _momentum(f):
    """Return a wrong step with the defaults of the right one."""
    return lambda w, g, v, lr, beta=0.9: f(w, g, v, lr, beta)


def _moved(w, v):
    """Return the new parameters and velocity."""
    return w - v, v


momentum_step.mistake(
    "lr outside the velocity",
    "You use PyTorch's form: v = beta v + g and w = w - lr v. In this book's form lr stands inside the "
    "velocity, so v gains lr times g and w moves by v itself.",
)(_momentum(lambda w, g, v, lr, beta: (w - lr * (beta * v + g), beta * v + g)))

momentum_step.mistake(
    "average of gradients",
    "You weight the gradient with 1 - beta, as Adam's first moment does. Momentum adds lr g in full.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, beta * v + (1 - beta) * lr * g)))

momentum_step.mistake(
    "average of gradients, lr outside",
    "You keep an average, beta v + (1 - beta) g, and step by lr times it. Here v = beta v + lr g, and w "
    "moves by v.",
)(_momentum(lambda w, g, v, lr, beta: (w - lr * (beta * v + (1 - beta) * g), beta * v + (1 - beta) * g)))

momentum_step.mistake(
    "lr applied twice",
    "The learning rate enters twice: inside the velocity and once more in the step. w moves by v itself.",
)(_momentum(lambda w, g, v, lr, beta: (w - lr * (beta * v + lr * g), beta * v + lr * g)))

momentum_step.mistake("lr left out", "The learning rate does not occur in your step: v gains lr times g.")(
    _momentum(lambda w, g, v, lr, beta: _moved(w, beta * v + g))
)

momentum_step.mistake("climbing", "You add the velocity to w: the parameters walk uphill. Subtract it.")(
    _momentum(lambda w, g, v, lr, beta: (w + (beta * v + lr * g), beta * v + lr * g))
)

momentum_step.mistake(
    "velocity with the opposite sign",
    "You use v = beta v - lr g with w = w + v. In this book's form the velocity gains *plus* lr g and is "
    "subtracted.",
)(_momentum(lambda w, g, v, lr, beta: (w + (beta * v - lr * g), beta * v - lr * g)))

momentum_step.mistake(
    "gradient subtracted from the velocity",
    "Your velocity loses lr g, and w then subtracts it: the gradient pushes uphill. One of the two signs "
    "must go.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, beta * v - lr * g)))

momentum_step.mistake(
    "old velocity used",
    "w moves by the velocity from *before* this step. Compute the new velocity first, then move by it.",
)(_momentum(lambda w, g, v, lr, beta: (w - v, beta * v + lr * g)))

momentum_step.mistake(
    "old velocity returned",
    "w is right, but the velocity that you return is the old one: the next step would forget this gradient.",
)(_momentum(lambda w, g, v, lr, beta: (w - (beta * v + lr * g), v.copy())))

momentum_step.mistake(
    "no momentum",
    "You take a plain gradient step: the velocity so far has no influence. It is kept with the share beta.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, lr * g)))

momentum_step.mistake(
    "velocity not remembered",
    "w is right with respect to the plain gradient only; the velocity is updated and not used. w moves by "
    "the new v.",
)(_momentum(lambda w, g, v, lr, beta: (w - lr * g, beta * v + lr * g)))

momentum_step.mistake("beta missing", "The old velocity is kept in full: the share beta is missing.")(
    _momentum(lambda w, g, v, lr, beta: _moved(w, v + lr * g))
)

momentum_step.mistake(
    "beta ignored", "Your answer does not depend on beta: it is that of beta = 0.9. Use the argument."
)(_momentum(lambda w, g, v, lr, beta: _moved(w, 0.9 * v + lr * g)))

momentum_step.mistake(
    "beta and 1 - beta exchanged", "The velocity is kept with the share 1 - beta. Its share is beta."
)(_momentum(lambda w, g, v, lr, beta: _moved(w, (1 - beta) * v + lr * g)))

momentum_step.mistake(
    "beta on the gradient",
    "beta weights the gradient too: beta (v + lr g). Only the old velocity is multiplied by beta.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, beta * (v + lr * g))))

momentum_step.mistake(
    "lr on the velocity",
    "lr multiplies the old velocity too: lr (beta v + g). Inside the velocity it stands at the gradient "
    "alone.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, lr * (beta * v + g))))

momentum_step.mistake(
    "lr and beta exchanged",
    "lr and beta have changed places: the velocity is kept with beta, the gradient enters with lr.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, lr * v + beta * g)))

momentum_step.mistake(
    "Nesterov",
    "You look ahead, w - (beta v + lr g) with the new v: that is Nesterov's rearranged step. Plain momentum "
    "moves by v.",
)(_momentum(lambda w, g, v, lr, beta: (w - (beta * (beta * v + lr * g) + lr * g), beta * v + lr * g)))

momentum_step.mistake(
    "gradient added once more",
    "w moves by the new velocity and by lr g besides. The gradient is in the velocity already.",
)(_momentum(lambda w, g, v, lr, beta: (w - (beta * v + lr * g) - lr * g, beta * v + lr * g)))

momentum_step.mistake("order exchanged", "You return the velocity first. Return w, then v.")(
    _momentum(lambda w, g, v, lr, beta: _moved(w, beta * v + lr * g)[::-1])
)

momentum_step.mistake(
    "velocity not returned",
    "You return w alone. The velocity is the optimizer's memory: return it as the second.",
)(_momentum(lambda w, g, v, lr, beta: w - (beta * v + lr * g)))


@momentum_step.mistake(
    "w changed in place",
    "`w -= v` changes your caller's parameters. Compute a new array, and a new velocity too.",
)
def _(w, g, v, lr, beta=0.9):
    v = beta * v + lr * g
    w -= v
    return w, v


@momentum_step.mistake(
    "v changed in place",
    "Your caller's velocity is changed (`v *= …`, `v += …`, `v[:] = …`). Compute a new array.",
)
def _(w, g, v, lr, beta=0.9):
    v *= beta
    v += lr * g
    return w - v, v


momentum_step.mistake(
    "beta at the gradient",
    "beta stands at the gradient and the old velocity is kept in full: v + beta lr g. It is the other way "
    "round, beta v + lr g.",
)(_momentum(lambda w, g, v, lr, beta: _moved(w, v + beta * lr * g)))


momentum_step.mistake(
    "beta in the step too",
    "w moves by beta times the new velocity. It moves by the velocity itself.",
)(_momentum(lambda w, g, v, lr, beta: (w - beta * (beta * v + lr * g), beta * v + lr * g)))


@momentum_step.variant
def _(w, g, v, lr, beta=0.9):
    w, v = w.copy(), v.copy()
    v *= beta
    v += lr * g
    w -= v
    return w, v


@momentum_step.variant
def _(w, g, v, lr, beta=0.9):
    w_new, v_new = np.zeros(w.shape), np.zeros(v.shape)
    for i in np.ndindex(w.shape):
        v_new[i] = lr * g[i] + beta * v[i]
        w_new[i] = w[i] - v_new[i]
    return w_new, v_new


@momentum_step.variant
def _(w, g, v, lr, beta=0.9):
    u = np.add(np.multiply(beta, v, dtype=np.float32), np.float32(lr) * np.asarray(g, dtype=np.float32))
    return np.subtract(w, u).astype(np.float32), u


# ---------------------------------------------------------------------------- nag_step


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Take one step of Nesterov's accelerated gradient: look ahead first, then correct.",
    hints=(
        "The velocity will carry the parameters on in any case. Where will they be, before this step's "
        "gradient counts?",
        "Equation (8.3): the gradient is taken at the look-ahead point w - beta v. `grad` is a function: "
        "call it there.",
        "v_new = beta v + lr grad(w - beta v), and w moves from where it *is* (not from the look-ahead "
        "point) by v_new. Return w, then v; nothing is changed in place.",
    ),
)
def nag_step(w, v, grad, lr, beta=0.9):
    """Take one step of Nesterov's accelerated gradient, equation (8.3).

    v <- beta v + lr grad(w - beta v), then w <- w - v. Mind the order of the arguments: v comes second.

    Parameters
    ----------
    w : array of any shape
        Parameters; not changed.
    v : array, shape of w
        Velocity so far; not changed.
    grad : callable
        `grad(w)` returns the gradient at w, an array of the shape of w.
    lr : float
        Learning rate.
    beta : float
        Share of the velocity that is kept.

    Returns
    -------
    w, v : arrays, shape of w
        The new parameters and the new velocity.
    """
    v = beta * v + lr * grad(w - beta * v)
    return w - v, v


def _bowl(c, shape):
    """Return the gradient of sum(c * w**2) / 2, which refuses arrays of another shape."""

    def grad(w):
        if np.shape(w) != shape:
            raise ValueError(f"grad takes an array of shape {shape}, and not of shape {np.shape(w)}")
        return c * np.asarray(w, dtype=float)

    return Fn("grad of a bowl", grad)


def _wavy(shape):
    """Return the gradient of a loss that is no parabola."""

    def grad(w):
        if np.shape(w) != shape:
            raise ValueError(f"grad takes an array of shape {shape}, and not of shape {np.shape(w)}")
        return np.asarray(w, dtype=float) ** 3 + np.sin(w)

    return Fn("grad of sum(w**4 / 4 - cos(w))", grad)


@nag_step.cases
def _(rng):
    def pair(shape):
        return rng.normal(size=shape), rng.normal(size=shape)

    yield case(*pair(2), _bowl(np.array([1.0, 50.0]), (2,)), 0.02, note="a ravine of condition number 50")
    yield case(*pair(4), _wavy((4,)), 0.1, 0.7, note="no parabola; beta = 0.7")
    for shape, note in SHAPES[:3]:
        yield case(*pair(shape), _wavy(shape), 0.2, beta=0.8, group="shape", note=note)
    w, v = pair(3)
    yield case(w, np.zeros(3), _wavy((3,)), 0.1, group="edge", note="velocity 0, as at the first step")
    yield case(w, v, _wavy((3,)), 0.1, 0.0, group="edge", note="beta = 0: plain gradient descent")
    yield case(w, v, _wavy((3,)), 0.0, 0.6, group="edge", note="lr = 0")
    yield case(
        w.astype(np.float32), v.astype(np.float32), _wavy((3,)), 0.1, 0.9, group="edge", note="float32"
    )


def _nag(f):
    """Return a wrong step with the defaults of the right one."""
    return lambda w, v, grad, lr, beta=0.9: f(w, v, grad, lr, beta)


nag_step.mistake(
    "gradient at w",
    "You take the gradient at w: that is plain momentum. Nesterov takes it at the look-ahead point w - beta "
    "v.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w))))

nag_step.mistake(
    "look-ahead with the wrong sign",
    "Your look-ahead point is w + beta v: it lies behind. In this book's form the velocity is *subtracted* "
    "from w, so the point ahead is w - beta v.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w + beta * v))))

nag_step.mistake(
    "look-ahead without beta",
    "Your look-ahead point is w - v. Only the share beta of the velocity will carry on: w - beta v.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w - v))))

nag_step.mistake(
    "look-ahead with lr",
    "Your look-ahead point is w - lr v (or w - lr beta v). lr is inside the velocity already: w - beta v.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w - lr * v))))

nag_step.mistake(
    "look-ahead with lr and beta",
    "Your look-ahead point is w - lr beta v. lr is inside the velocity already: w - beta v.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w - lr * beta * v))))

nag_step.mistake(
    "moved on from the look-ahead point",
    "You subtract the new velocity from the look-ahead point, so beta v is counted twice. The step starts "
    "at w itself.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            (w - beta * v) - (beta * v + lr * grad(w - beta * v)),
            beta * v + lr * grad(w - beta * v),
        )
    )
)

nag_step.mistake(
    "velocity not used in the step",
    "You move from w by lr times the look-ahead gradient alone. w moves by the whole new velocity.",
)(_nag(lambda w, v, grad, lr, beta: (w - lr * grad(w - beta * v), beta * v + lr * grad(w - beta * v))))

nag_step.mistake(
    "rearranged form",
    "You use the rearranged form, which takes the gradient at w and keeps other variables. Here grad is "
    "called at w - beta v.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            w - (beta * (beta * v + lr * grad(w)) + lr * grad(w)),
            beta * v + lr * grad(w),
        )
    )
)

nag_step.mistake(
    "lr outside the velocity",
    "You keep v = beta v + g and step by lr v, as PyTorch does. Here lr stands inside the velocity, and w "
    "moves by v.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (w - lr * (beta * v + grad(w - beta * v)), beta * v + grad(w - beta * v))
    )
)

nag_step.mistake(
    "look-ahead with beta squared",
    "Your look-ahead point is w - beta² v: the velocity has been multiplied by beta before, and is once "
    "more. Take the look-ahead with the velocity that came in.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w - beta**2 * v))))

nag_step.mistake(
    "mixed with the rearranged form",
    "w moves by beta times the *new* velocity and a gradient at w: that is the rearranged form, for "
    "parameters that are kept at the look-ahead point. Here w moves by the new velocity.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            w - beta * (beta * v + lr * grad(w - beta * v)) - lr * grad(w),
            beta * v + lr * grad(w - beta * v),
        )
    )
)

nag_step.mistake(
    "lr left out", "The learning rate does not occur in your step: v gains lr times the gradient."
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + grad(w - beta * v))))

nag_step.mistake(
    "lr applied twice",
    "The learning rate enters twice: inside the velocity and once more in the step. w moves by v itself.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            w - lr * (beta * v + lr * grad(w - beta * v)),
            beta * v + lr * grad(w - beta * v),
        )
    )
)

nag_step.mistake(
    "average of gradients", "You weight the gradient with 1 - beta. It enters in full, times lr."
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + (1 - beta) * lr * grad(w - beta * v))))

nag_step.mistake(
    "beta missing in the velocity", "The old velocity is kept in full: the share beta is missing."
)(_nag(lambda w, v, grad, lr, beta: _moved(w, v + lr * grad(w - beta * v))))

nag_step.mistake(
    "beta ignored", "Your answer does not depend on beta: it is that of beta = 0.9. Use the argument."
)(_nag(lambda w, v, grad, lr, beta: _moved(w, 0.9 * v + lr * grad(w - 0.9 * v))))

nag_step.mistake("no momentum", "The velocity has no share in your new velocity: beta v is missing.")(
    _nag(lambda w, v, grad, lr, beta: _moved(w, lr * grad(w - beta * v)))
)

nag_step.mistake("climbing", "You add the velocity to w: the parameters walk uphill. Subtract it.")(
    _nag(
        lambda w, v, grad, lr, beta: (
            w + (beta * v + lr * grad(w - beta * v)),
            beta * v + lr * grad(w - beta * v),
        )
    )
)

nag_step.mistake(
    "velocity with the opposite sign",
    "You use the form v = beta v - lr grad(w + beta v), w = w + v. In this book's form the velocity gains "
    "*plus* lr times the gradient and is subtracted.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            w + (beta * v - lr * grad(w + beta * v)),
            beta * v - lr * grad(w + beta * v),
        )
    )
)

nag_step.mistake(
    "gradient subtracted from the velocity",
    "Your velocity loses lr times the gradient, and w then subtracts it: the gradient pushes uphill. One of "
    "the two signs must go.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v - lr * grad(w - beta * v))))

nag_step.mistake(
    "old velocity used",
    "w moves by the velocity from *before* this step. Compute the new velocity first, then move by it.",
)(_nag(lambda w, v, grad, lr, beta: (w - v, beta * v + lr * grad(w - beta * v))))

nag_step.mistake(
    "old velocity returned",
    "w is right, but the velocity that you return is the old one: the next step would forget this gradient.",
)(_nag(lambda w, v, grad, lr, beta: (w - (beta * v + lr * grad(w - beta * v)), v.copy())))

nag_step.mistake(
    "look-ahead point returned",
    "You return the look-ahead point as the new w. It is only where the gradient is taken.",
)(_nag(lambda w, v, grad, lr, beta: (w - beta * v, beta * v + lr * grad(w - beta * v))))

nag_step.mistake(
    "look-ahead after the update",
    "You update the velocity with the gradient at w first and take a second gradient at the point which "
    "that gives. One gradient, at w - beta v, is due.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w - (beta * v + lr * grad(w))))))

nag_step.mistake(
    "gradient at the velocity", "You call grad at v. It takes parameters: the look-ahead point w - beta v."
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(v))))

nag_step.mistake("order exchanged", "You return the velocity first. Return w, then v.")(
    _nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * grad(w - beta * v))[::-1])
)

nag_step.mistake(
    "velocity not returned",
    "You return w alone. The velocity is the optimizer's memory: return it as the second.",
)(_nag(lambda w, v, grad, lr, beta: w - (beta * v + lr * grad(w - beta * v))))

nag_step.mistake(
    "w and v exchanged",
    "You take the arguments in momentum_step's spirit: here v is the second argument. Your w and v have "
    "changed places.",
)(_nag(lambda w, v, grad, lr, beta: _moved(v, beta * w + lr * grad(v - beta * w))))


@nag_step.mistake(
    "w changed in place",
    "`w -= …` changes your caller's parameters, at the look-ahead or at the end. Compute new arrays.",
)
def _(w, v, grad, lr, beta=0.9):
    v = beta * v + lr * grad(w - beta * v)
    w -= v
    return w, v


@nag_step.mistake(
    "v changed in place", "Your caller's velocity is changed (`v *= …`, `v += …`). Compute a new array."
)
def _(w, v, grad, lr, beta=0.9):
    v *= beta
    v += lr * grad(w - v)
    return w - v, v


nag_step.mistake(
    "PyTorch's form",
    "You use PyTorch's form: v = beta v + g with g taken at w, and a step of lr (g + beta v). Here lr stands "
    "inside the velocity, and grad is called at w - beta v.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            w - lr * (grad(w) + beta * (beta * v + grad(w))),
            beta * v + grad(w),
        )
    )
)

nag_step.mistake(
    "lr outside the velocity and in the look-ahead",
    "Your velocity lacks the learning rate, and w moves by lr v. In this book's form v gains lr times the "
    "gradient, and w moves by v itself.",
)(
    _nag(
        lambda w, v, grad, lr, beta: (
            w - lr * (beta * v + grad(w - lr * beta * v)),
            beta * v + grad(w - lr * beta * v),
        )
    )
)


nag_step.mistake(
    "mean of two gradients",
    "You average the gradients at w and at the look-ahead point. Only the look-ahead one is used.",
)(_nag(lambda w, v, grad, lr, beta: _moved(w, beta * v + lr * 0.5 * (grad(w) + grad(w - beta * v)))))


@nag_step.variant
def _(w, v, grad, lr, beta=0.9):
    ahead = w - beta * v
    step = lr * grad(ahead)
    return ahead - step, beta * v + step


@nag_step.variant
def _(w, v, grad, lr, beta=0.9):
    w, v = w.copy(), v.copy()
    v *= beta
    g = grad(w - v)
    v += lr * g
    w -= v
    return w, v


@nag_step.variant
def _(w, v, grad, lr, beta=0.9):
    g = np.asarray(grad(np.subtract(w, beta * v)))
    v_new = np.array([beta * a + lr * b for a, b in zip(v.ravel(), g.ravel(), strict=True)]).reshape(w.shape)
    return (w - v_new).astype(np.float32), v_new.astype(np.float32)


# ---------------------------------------------------------------------------- adagrad_step


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Take one AdaGrad step: a learning rate of its own for every parameter.",
    hints=(
        "The memory s adds up the squared gradients: it only ever grows.",
        "Equation (8.5). Update s first, then divide the gradient by the root of the *new* s, entry by "
        "entry.",
        "s_new = s + g², w_new = w - lr g / (sqrt(s_new) + eps), with eps outside the root and the whole "
        "denominator in parentheses.",
    ),
)
def adagrad_step(w, g, s, lr, eps=1e-8):
    """Take one AdaGrad step, equation (8.5): s <- s + g^2, w <- w - lr g / (sqrt(s) + eps).

    Parameters
    ----------
    w : array of any shape
        Parameters; not changed.
    g : array, shape of w
        Gradient at w; not changed.
    s : array, shape of w
        Sum of the squared gradients so far; not changed.
    lr : float
        Learning rate.
    eps : float
        Added to the root, outside it.

    Returns
    -------
    w, s : arrays, shape of w
        The new parameters and the new sum.
    """
    s = s + g**2
    return w - lr * g / (np.sqrt(s) + eps), s


TINY = {"rtol": 1e-4, "atol": 1e-9}


def _memory_cases(rng, *, rate=()):
    """Yield the cases that adagrad_step and rmsprop_step share; `rate` holds the decay, if there is one."""

    def step(shape, *args, group="values", note="", scale=1.0, **kwargs):
        w, g = rng.normal(size=shape), scale * rng.normal(size=shape)
        return case(w, g, scale**2 * rng.uniform(0.1, 2.0, shape), *args, group=group, note=note, **kwargs)

    yield step(4, 0.1, note="defaults")
    yield step(5, 0.5, *rate, 1e-2, note="lr = 0.5, eps = 0.01")
    yield step(
        4,
        0.1,
        *rate,
        1e-2,
        scale=1e-3,
        note="tiny gradients with eps = 0.01: where eps stands matters",
        **TINY,
    )
    yield step(3, 0.1, *rate, 0.1, scale=1e-2, note="small gradients with eps = 0.1", **TINY)
    for shape, note in SHAPES:
        yield step(shape, 0.1, *rate, group="shape", note=note)
    w, g = rng.normal(size=(2, 4))
    zeros = np.zeros(4)
    yield case(
        w, np.array([1e-8, -2e-8, 3e-8, -1e-8]), zeros, 0.5, note="gradients as small as the default eps"
    )
    yield case(w, g, zeros, 0.1, group="edge", note="memory 0, as at the first step")
    yield case(w, zeros, np.ones(4), 0.1, group="edge", note="gradient 0")
    yield case(w, zeros, zeros, 0.1, group="edge", note="gradient and memory 0: w stays", quiet=True)
    yield case(w, np.array([2, -1, 0, 3]), np.ones(4), 0.1, group="edge", note="gradient of integers")
    yield case(w, 1e4 * g, 1e6 * np.ones(4), 0.1, group="edge", note="huge gradients")
    yield case(
        w.astype(np.float32),
        g.astype(np.float32),
        np.ones(4, dtype=np.float32),
        0.1,
        group="edge",
        note="float32",
    )


@adagrad_step.cases
def _(rng):
    yield from _memory_cases(rng)


def _ada(step=None, memory=None):
    """Return a wrong AdaGrad step: `step(g, s_new, s_old, lr, eps)`, `memory(s, g)`."""

    def answer(w, g, s, lr, eps=1e-8):
        new = s + g**2 if memory is None else memory(s, g)
        move = lr * g / (np.sqrt(new) + eps) if step is None else step(g, new, s, lr, eps)
        return w - move, new

    return answer


adagrad_step.mistake(
    "eps inside the root",
    "You add eps inside the root. Here it stands outside: sqrt(s) + eps. With small gradients the "
    "difference is large.",
)(_ada(lambda g, s, old, lr, eps: lr * g / np.sqrt(s + eps)))

adagrad_step.mistake(
    "eps squared inside the root",
    "You add eps² inside the root. Here eps itself stands outside: sqrt(s) + eps.",
)(_ada(lambda g, s, old, lr, eps: lr * g / np.sqrt(s + eps**2)))

adagrad_step.mistake(
    "eps left out",
    "eps does not occur in your step. It keeps the division defined where s is 0 and damps tiny gradients.",
)(_ada(lambda g, s, old, lr, eps: lr * g / np.sqrt(s)))

adagrad_step.mistake(
    "eps ignored", "Your answer does not depend on eps: it is that of eps = 1e-8. Use the argument."
)(_ada(lambda g, s, old, lr, eps: lr * g / (np.sqrt(s) + 1e-8)))

adagrad_step.mistake(
    "parentheses in the denominator",
    "`/ np.sqrt(s) + eps` divides by the root alone and then adds eps to the step. Put the whole "
    "denominator in parentheses.",
)(_ada(lambda g, s, old, lr, eps: lr * g / np.sqrt(s) + eps))

adagrad_step.mistake(
    "parentheses in the denominator, in one line",
    "`w - lr * g / np.sqrt(s) + eps` divides by the root alone and then adds eps to w. Put the whole "
    "denominator in parentheses.",
)(_ada(lambda g, s, old, lr, eps: lr * g / np.sqrt(s) - eps))

adagrad_step.mistake(
    "the larger of root and eps",
    "You divide by the larger of the root and eps. Here eps is added to the root.",
)(_ada(lambda g, s, old, lr, eps: lr * g / np.maximum(np.sqrt(s), eps)))

adagrad_step.mistake("root missing", "You divide by s itself. The step is divided by its square root.")(
    _ada(lambda g, s, old, lr, eps: lr * g / (s + eps))
)

adagrad_step.mistake(
    "old sum used", "You divide by the root of the *old* sum. Add this gradient's square first, then divide."
)(_ada(lambda g, s, old, lr, eps: lr * g / (np.sqrt(old) + eps)))

adagrad_step.mistake(
    "gradient not squared", "Your sum adds the gradients themselves. It adds their squares."
)(_ada(memory=lambda s, g: s + g))

adagrad_step.mistake(
    "absolute gradients summed", "Your sum adds the absolute values of the gradients. It adds their squares."
)(_ada(memory=lambda s, g: s + np.abs(g)))


@adagrad_step.mistake(
    "sign for gradient",
    "Your step uses the sign of the gradient alone. It is lr times the gradient itself, over the root.",
)
def _(w, g, s, lr, eps=1e-8):
    s = s + g**2
    return w - lr * np.sign(g) / (np.sqrt(s) + eps), s


adagrad_step.mistake(
    "sum not kept", "Your sum forgets the past: it is this gradient's square alone. Add it to s."
)(_ada(memory=lambda s, g: g**2 * 1.0))

adagrad_step.mistake(
    "decaying average",
    "You keep a decaying average, 0.9 s + 0.1 g². That is RMSProp; AdaGrad adds the squares up.",
)(_ada(memory=lambda s, g: 0.9 * s + 0.1 * g**2))

adagrad_step.mistake(
    "one sum for all parameters",
    "You add the squares of *all* gradients (a norm): every parameter gets the same rate. AdaGrad keeps a "
    "sum for each.",
)(_ada(memory=lambda s, g: s + np.sum(g**2)))

adagrad_step.mistake("climbing", "You add the step to w: the parameters walk uphill. Subtract it.")(
    _ada(lambda g, s, old, lr, eps: -lr * g / (np.sqrt(s) + eps))
)

adagrad_step.mistake("lr left out", "The learning rate does not occur in your step.")(
    _ada(lambda g, s, old, lr, eps: g / (np.sqrt(s) + eps))
)

adagrad_step.mistake(
    "multiplied for divided",
    "You multiply by the root where you should divide: large gradients get *smaller* steps.",
)(_ada(lambda g, s, old, lr, eps: lr * g * (np.sqrt(s) + eps)))

adagrad_step.mistake("plain gradient step", "w takes a plain gradient step: the sum is kept and not used.")(
    _ada(lambda g, s, old, lr, eps: lr * g)
)

adagrad_step.mistake(
    "gradient missing in the step",
    "Your step is lr over the root, without the gradient: lr g / (sqrt(s) + eps).",
)(_ada(lambda g, s, old, lr, eps: lr / (np.sqrt(s) + eps)))

adagrad_step.mistake("old sum returned", "w is right, but the sum that you return is the old one.")(
    lambda w, g, s, lr, eps=1e-8: (adagrad_step.reference(w, g, s, lr, eps)[0], s.copy())
)

adagrad_step.mistake(
    "root returned", "You return the root of the sum. The memory is the sum of squares itself."
)(
    lambda w, g, s, lr, eps=1e-8: (
        adagrad_step.reference(w, g, s, lr, eps)[0],
        np.sqrt(adagrad_step.reference(w, g, s, lr, eps)[1]),
    )
)

adagrad_step.mistake(
    "eps added to the memory",
    "You store eps in the sum (s + g² + eps). eps belongs to the denominator alone.",
)(_ada(memory=lambda s, g: s + g**2 + 1e-2))

adagrad_step.mistake("order exchanged", "You return the sum first. Return w, then s.")(
    lambda w, g, s, lr, eps=1e-8: adagrad_step.reference(w, g, s, lr, eps)[::-1]
)

adagrad_step.mistake(
    "sum not returned", "You return w alone. The sum is the optimizer's memory: return it as the second."
)(lambda w, g, s, lr, eps=1e-8: adagrad_step.reference(w, g, s, lr, eps)[0])


@adagrad_step.mistake("s changed in place", "`s += g**2` changes your caller's array. Compute a new one.")
def _(w, g, s, lr, eps=1e-8):
    s += g**2
    return w - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.mistake("w changed in place", "`w -= …` changes your caller's parameters. Compute a new array.")
def _(w, g, s, lr, eps=1e-8):
    s = s + g**2
    w -= lr * g / (np.sqrt(s) + eps)
    return w, s


adagrad_step.mistake(
    "absolute gradients added",
    "You add the gradient's size, not its square: s + |g|, or the root of |s + g|. It is s + g².",
)(lambda w, g, s, lr, eps=1e-8: (w - lr * g / (np.sqrt(np.abs(s + g)) + eps), s + g))


adagrad_step.mistake(
    "sign of the gradient",
    "You step by lr times the gradient's sign. It is divided by the root of the sum of *all* squares so far.",
)(lambda w, g, s, lr, eps=1e-8: (w - lr * np.sign(g), s + g**2))

adagrad_step.mistake(
    "lr inside the root",
    "You take the root of lr as well. It stands in front: lr g / (sqrt(s) + eps).",
)(lambda w, g, s, lr, eps=1e-8: (w - g * np.sqrt(lr / (s + g**2 + eps)), s + g**2))

adagrad_step.mistake(
    "lr in the sum",
    "You multiply the gradient by lr before you square it. The sum adds up the plain squares.",
)(lambda w, g, s, lr, eps=1e-8: (w - lr * g / (np.sqrt(s + (lr * g) ** 2) + eps), s + (lr * g) ** 2))

adagrad_step.mistake("square counted twice", "You add the square twice. It is s + g².")(
    lambda w, g, s, lr, eps=1e-8: (w - lr * g / (np.sqrt(s + 2 * g**2) + eps), s + 2 * g**2)
)


@adagrad_step.variant
def _(w, g, s, lr, eps=1e-8):
    w, s = w.copy(), s.copy()
    s += g * g
    w -= lr * g / (s**0.5 + eps)
    return w, s


@adagrad_step.variant
def _(w, g, s, lr, eps=1e-8):
    w_new, s_new = np.zeros(w.shape), np.zeros(s.shape)
    for i in np.ndindex(w.shape):
        s_new[i] = s[i] + float(g[i]) ** 2
        w_new[i] = w[i] - lr / (np.sqrt(s_new[i]) + eps) * g[i]
    return w_new, s_new


@adagrad_step.variant
def _(w, g, s, lr, eps=1e-8):
    g = np.asarray(g, dtype=np.float32)
    total = np.add(s, np.square(g)).astype(np.float32)
    rate = np.divide(np.float32(lr), np.sqrt(total) + np.float32(eps))
    return (w - rate * g).astype(np.float32), total


# ---------------------------------------------------------------------------- rmsprop_step


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Take one RMSProp step: like AdaGrad, with a memory that fades.",
    hints=(
        "The memory s is a moving average of the squared gradients: the share rho is kept, the rest is new.",
        "Equation (8.6). The two shares add up to 1, and the step is divided by the root of the *new* s.",
        "s_new = rho s + (1 - rho) g², w_new = w - lr g / (sqrt(s_new) + eps), with eps outside the root "
        "and the whole denominator in parentheses.",
    ),
)
def rmsprop_step(w, g, s, lr, rho=0.9, eps=1e-8):
    """Take one RMSProp step, equation (8.6).

    s <- rho s + (1 - rho) g^2, then w <- w - lr g / (sqrt(s) + eps).

    Parameters
    ----------
    w : array of any shape
        Parameters; not changed.
    g : array, shape of w
        Gradient at w; not changed.
    s : array, shape of w
        Moving average of the squared gradients so far; not changed.
    lr : float
        Learning rate.
    rho : float
        Share of the average that is kept.
    eps : float
        Added to the root, outside it.

    Returns
    -------
    w, s : arrays, shape of w
        The new parameters and the new average.
    """
    s = rho * s + (1 - rho) * g**2
    return w - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.cases
def _(rng):
    yield from _memory_cases(rng, rate=(0.8,))
    w, g = rng.normal(size=(2, 3))
    s = rng.uniform(0.1, 2.0, 3)
    yield case(w, g, s, 0.1, rho=0.5, note="rho = 0.5")
    yield case(w, g, s, 0.1, 0.0, group="edge", note="rho = 0: no memory")
    yield case(w, g, s, 0.1, 1.0, group="edge", note="rho = 1: the memory never changes")
    yield case(w, g, s, 0.1, eps=0.5, note="a large eps by name")


def _rms(step=None, memory=None):
    """Return a wrong RMSProp step: `step(g, s_new, s_old, lr, rho, eps)`, `memory(s, g, rho)`."""

    def answer(w, g, s, lr, rho=0.9, eps=1e-8):
        new = rho * s + (1 - rho) * g**2 if memory is None else memory(s, g, rho)
        move = lr * g / (np.sqrt(new) + eps) if step is None else step(g, new, s, lr, rho, eps)
        return w - move, new

    return answer


rmsprop_step.mistake(
    "eps inside the root",
    "You add eps inside the root. Here it stands outside: sqrt(s) + eps. With small gradients the "
    "difference is large.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / np.sqrt(s + eps)))

rmsprop_step.mistake(
    "eps squared inside the root",
    "You add eps² inside the root. Here eps itself stands outside: sqrt(s) + eps.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / np.sqrt(s + eps**2)))

rmsprop_step.mistake(
    "eps left out",
    "eps does not occur in your step. It keeps the division defined where s is 0 and damps tiny gradients.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / np.sqrt(s)))

rmsprop_step.mistake(
    "eps ignored", "Your answer does not depend on eps: it is that of eps = 1e-8. Use the argument."
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / (np.sqrt(s) + 1e-8)))

rmsprop_step.mistake(
    "parentheses in the denominator",
    "`/ np.sqrt(s) + eps` divides by the root alone and then adds eps to the step. Put the whole "
    "denominator in parentheses.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / np.sqrt(s) + eps))

rmsprop_step.mistake(
    "parentheses in the denominator, in one line",
    "`w - lr * g / np.sqrt(s) + eps` divides by the root alone and then adds eps to w. Put the whole "
    "denominator in parentheses.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / np.sqrt(s) - eps))

rmsprop_step.mistake(
    "the larger of root and eps",
    "You divide by the larger of the root and eps. Here eps is added to the root.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / np.maximum(np.sqrt(s), eps)))

rmsprop_step.mistake("root missing", "You divide by s itself. The step is divided by its square root.")(
    _rms(lambda g, s, old, lr, rho, eps: lr * g / (s + eps))
)

rmsprop_step.mistake(
    "old average used",
    "You divide by the root of the *old* average. Take this gradient's square in first, then divide.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / (np.sqrt(old) + eps)))

rmsprop_step.mistake(
    "gradient not squared",
    "Your average takes in the gradient itself. It is an average of squared gradients.",
)(_rms(memory=lambda s, g, rho: rho * s + (1 - rho) * g))

rmsprop_step.mistake(
    "absolute gradients averaged",
    "Your average takes in the absolute gradient. It is an average of squared gradients.",
)(_rms(memory=lambda s, g, rho: rho * s + (1 - rho) * np.abs(g)))

rmsprop_step.mistake(
    "share squared", "You square (1 - rho) g as a whole. Only the gradient is squared: (1 - rho) times g²."
)(_rms(memory=lambda s, g, rho: rho * s + ((1 - rho) * g) ** 2))

rmsprop_step.mistake(
    "AdaGrad",
    "You add the squares up, s + g². That is AdaGrad; RMSProp lets the old ones fade: rho s + (1 - rho) g².",
)(_rms(memory=lambda s, g, rho: s + g**2))

rmsprop_step.mistake(
    "1 - rho missing",
    "You add g² in full, rho s + g². The two shares of an average add up to 1: g² has 1 - rho.",
)(_rms(memory=lambda s, g, rho: rho * s + g**2))

rmsprop_step.mistake(
    "rho missing",
    "You keep s in full, s + (1 - rho) g². The two shares of an average add up to 1: s has rho.",
)(_rms(memory=lambda s, g, rho: s + (1 - rho) * g**2))

rmsprop_step.mistake(
    "shares exchanged", "The shares are exchanged: the old average keeps rho, the new square has 1 - rho."
)(_rms(memory=lambda s, g, rho: (1 - rho) * s + rho * g**2))

rmsprop_step.mistake(
    "rho ignored", "Your answer does not depend on rho: it is that of rho = 0.9. Use the argument."
)(_rms(memory=lambda s, g, rho: 0.9 * s + 0.1 * g**2))

rmsprop_step.mistake(
    "rho ignored, 0.99", "Your answer does not depend on rho: it is that of rho = 0.99. Use the argument."
)(_rms(memory=lambda s, g, rho: 0.99 * s + 0.01 * g**2))

rmsprop_step.mistake(
    "memory forgotten",
    "Your average forgets the past: it is (1 - rho) g² alone. The old average keeps the share rho.",
)(_rms(memory=lambda s, g, rho: (1 - rho) * g**2))

rmsprop_step.mistake(
    "one average for all parameters",
    "You average over *all* parameters, and every one gets the same rate. RMSProp keeps an average for each.",
)(_rms(memory=lambda s, g, rho: rho * s + (1 - rho) * np.mean(g**2)))

rmsprop_step.mistake(
    "one sum for all parameters",
    "You add the squares of *all* gradients up, and every parameter gets the same rate. RMSProp keeps an "
    "average for each.",
)(_rms(memory=lambda s, g, rho: rho * s + (1 - rho) * np.sum(g**2)))

rmsprop_step.mistake(
    "bias correction",
    "You divide the average by 1 - rho before you use it, as Adam does in its first step. RMSProp does not.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g / (np.sqrt(s / (1 - rho)) + eps) if rho < 1 else lr * g))

rmsprop_step.mistake("climbing", "You add the step to w: the parameters walk uphill. Subtract it.")(
    _rms(lambda g, s, old, lr, rho, eps: -lr * g / (np.sqrt(s) + eps))
)

rmsprop_step.mistake("lr left out", "The learning rate does not occur in your step.")(
    _rms(lambda g, s, old, lr, rho, eps: g / (np.sqrt(s) + eps))
)

rmsprop_step.mistake(
    "multiplied for divided",
    "You multiply by the root where you should divide: large gradients get *smaller* steps.",
)(_rms(lambda g, s, old, lr, rho, eps: lr * g * (np.sqrt(s) + eps)))

rmsprop_step.mistake(
    "plain gradient step", "w takes a plain gradient step: the average is kept and not used."
)(_rms(lambda g, s, old, lr, rho, eps: lr * g))

rmsprop_step.mistake(
    "gradient missing in the step",
    "Your step is lr over the root, without the gradient: lr g / (sqrt(s) + eps).",
)(_rms(lambda g, s, old, lr, rho, eps: lr / (np.sqrt(s) + eps)))

rmsprop_step.mistake("old average returned", "w is right, but the average that you return is the old one.")(
    lambda w, g, s, lr, rho=0.9, eps=1e-8: (rmsprop_step.reference(w, g, s, lr, rho, eps)[0], s.copy())
)

rmsprop_step.mistake(
    "root returned", "You return the root of the average. The memory is the average of the squares itself."
)(
    lambda w, g, s, lr, rho=0.9, eps=1e-8: (
        rmsprop_step.reference(w, g, s, lr, rho, eps)[0],
        np.sqrt(rmsprop_step.reference(w, g, s, lr, rho, eps)[1]),
    )
)

rmsprop_step.mistake("order exchanged", "You return the average first. Return w, then s.")(
    lambda w, g, s, lr, rho=0.9, eps=1e-8: rmsprop_step.reference(w, g, s, lr, rho, eps)[::-1]
)

rmsprop_step.mistake(
    "average not returned",
    "You return w alone. The average is the optimizer's memory: return it as the second.",
)(lambda w, g, s, lr, rho=0.9, eps=1e-8: rmsprop_step.reference(w, g, s, lr, rho, eps)[0])


@rmsprop_step.mistake(
    "s changed in place", "Your caller's s is changed (`s *= …`, `s += …`). Compute a new array."
)
def _(w, g, s, lr, rho=0.9, eps=1e-8):
    s *= rho
    s += (1 - rho) * g**2
    return w - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.mistake("w changed in place", "`w -= …` changes your caller's parameters. Compute a new array.")
def _(w, g, s, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * g**2
    w -= lr * g / (np.sqrt(s) + eps)
    return w, s


rmsprop_step.mistake(
    "mean taken off",
    "You take the mean gradient off before squaring (the centered form). Here s averages the plain squares.",
)(
    lambda w, g, s, lr, rho=0.9, eps=1e-8: (
        w - lr * g / (np.sqrt(rho * s + (1 - rho) * (g - np.mean(g)) ** 2) + eps),
        rho * s + (1 - rho) * (g - np.mean(g)) ** 2,
    )
)

rmsprop_step.mistake(
    "square in the step",
    "Your step has g² in the numerator. It is lr g: the sign of the gradient must survive.",
)(
    lambda w, g, s, lr, rho=0.9, eps=1e-8: (
        w - lr * g**2 / (np.sqrt(rho * s + (1 - rho) * g**2) + eps),
        rho * s + (1 - rho) * g**2,
    )
)

rmsprop_step.mistake(
    "step returned",
    "You return the step as the new w. Subtract it from w.",
)(
    lambda w, g, s, lr, rho=0.9, eps=1e-8: (
        lr * g / (np.sqrt(rho * s + (1 - rho) * g**2) + eps),
        rho * s + (1 - rho) * g**2,
    )
)


@rmsprop_step.variant
def _(w, g, s, lr, rho=0.9, eps=1e-8):
    s_new = s + (1 - rho) * (g * g - s)
    return w - (lr / (np.power(s_new, 0.5) + eps)) * g, s_new


@rmsprop_step.variant
def _(w, g, s, lr, rho=0.9, eps=1e-8):
    w_new, s_new = np.empty(w.shape), np.empty(s.shape)
    for i in np.ndindex(w.shape):
        s_new[i] = rho * s[i] + (1 - rho) * float(g[i]) ** 2
        w_new[i] = w[i] - lr * g[i] / (np.sqrt(s_new[i]) + eps)
    return w_new, s_new


@rmsprop_step.variant
def _(w, g, s, lr, rho=0.9, eps=1e-8):
    w, s = w.astype(np.float32), s.astype(np.float32)
    s *= np.float32(rho)
    s += np.float32(1 - rho) * np.square(g, dtype=np.float32)
    w -= np.float32(lr) * np.asarray(g, dtype=np.float32) / (np.sqrt(s) + np.float32(eps))
    return w, s


# ---------------------------------------------------------------------------- adam_step


@exercise(
    chapter=CHAPTER,
    difficulty="hard",
    aim="Take one step of Adam, with both moments and their bias correction.",
    hints=(
        "Two moving averages: m of the gradients, v of their squares. Both start at 0 and are therefore too "
        "small at first; the correction repairs that.",
        "Equations (8.7) to (8.10). After t steps an average that started at 0 holds the share 1 - beta^t "
        "of what it should: t is a *power*, and each moment has its own beta.",
        "m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²; divide m by 1 - beta1^t and v by 1 - "
        "beta2^t, under new names; step by lr m_hat / (sqrt(v_hat) + eps). Return the *uncorrected* m and v.",
    ),
)
def adam_step(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take one step of Adam, equations (8.7) to (8.10): Algorithm 1 of Kingma and Ba (2015).

    Parameters
    ----------
    w : array of any shape
        Parameters; not changed.
    g : array, shape of w
        Gradient at w; not changed.
    m, v : arrays, shape of w
        Moving averages of the gradients and of their squares so far; not changed.
    t : int
        Number of this step, counted from 1.
    lr, beta1, beta2 : float
        Learning rate and the shares of m and v that are kept.
    eps : float
        Added to the root of the corrected v, outside it.

    Returns
    -------
    w, m, v : arrays, shape of w
        The new parameters and the new averages, the averages as they are stored: without bias correction.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _adam_cases(rng, last=()):
    """Yield the cases that adam_step and adamw_step share; `last` holds further arguments."""

    def step(shape, t, *args, group="values", note="", scale=1.0, **kwargs):
        w, g, m = rng.normal(size=shape), scale * rng.normal(size=shape), scale * rng.normal(size=shape)
        v = scale**2 * rng.uniform(0.1, 2.0, shape)
        return case(w, g, m, v, t, *args, group=group, note=note, **kwargs)

    yield step(4, 7, 0.1, note="t = 7, lr = 0.1")
    yield step(4, 1, 0.5, 0.8, 0.95, note="t = 1, beta1 = 0.8, beta2 = 0.95")
    yield step(5, 3, 0.2, 0.6, 0.7, 0.3, *last, note="t = 3 and a large eps")
    yield step(4, 5, 0.5, 0.9, 0.99, 1e-2, *last, scale=1e-3, note="tiny gradients with eps = 0.01", **TINY)
    yield step(
        3, 2, 0.5, 0.7, 0.9, 0.1, *last, scale=1e-2, note="small gradients with eps = 0.1, t = 2", **TINY
    )
    w, g = rng.normal(size=(2, 4))
    zeros = np.zeros(4)
    yield case(
        w,
        np.array([1e-8, -2e-8, 3e-8, -1e-8]),
        zeros,
        zeros,
        1,
        0.5,
        note="gradients as small as the default eps",
    )
    first = 0.1 * rng.choice([-1.0, 1.0], 4) + g
    yield case(
        w, first, zeros, zeros, 1, 0.25, note="the first step, moments 0: it is lr times the sign of g"
    )
    for shape, note in SHAPES:
        yield step(shape, 4, 0.1, 0.8, 0.9, group="shape", note=note)
    m, v = rng.normal(size=4), rng.uniform(0.5, 2.0, 4)
    yield case(w, g, m, v, 3, group="edge", note="all defaults", atol=1e-7)
    yield case(w, zeros, m, v, 10, 0.1, group="edge", note="gradient 0: the moments fade")
    yield case(w, zeros, zeros, zeros, 1, 0.1, group="edge", note="gradient and moments 0", quiet=True)
    yield case(w, g, m, v, 5000, 0.1, group="edge", note="t = 5000: hardly any correction left")
    yield case(w, np.array([2, -1, 0, 3]), m, v, 2, 0.1, group="edge", note="gradient of integers")
    yield case(*(a.astype(np.float32) for a in (w, g, m, v)), 2, 0.1, group="edge", note="float32")
    yield case(w, g, m, v, 3, lr=0.1, beta1=0.0, beta2=0.5, eps=1e-4, group="edge", note="beta1 = 0")
    yield case(w, g, m, v, 3, lr=0.1, beta1=0.5, beta2=0.5, group="edge", note="beta1 = beta2")


@adam_step.cases
def _(rng):
    yield from _adam_cases(rng)


def _adam(update=None, first=None, second=None, give=None, time=None):
    """Return a wrong Adam step.

    `first(m, g, beta1)` and `second(v, g, beta2)` replace the moments, `update(m, v, t, b1, b2, eps, g)` what
    lr is multiplied with, `give(w_new, m, v, m_hat, v_hat)` what is returned, `time(t)` the power.
    """

    def answer(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m = beta1 * m + (1 - beta1) * g if first is None else first(m, g, beta1)
        v = beta2 * v + (1 - beta2) * g**2 if second is None else second(v, g, beta2)
        k = t if time is None else time(t)
        m_hat, v_hat = m / np.float64(1 - beta1**k), v / np.float64(1 - beta2**k)
        move = m_hat / (np.sqrt(v_hat) + eps) if update is None else update(m, v, t, beta1, beta2, eps, g)
        new = w - lr * move
        return (new, m, v) if give is None else give(new, m, v, m_hat, v_hat)

    return answer


ADAM_MISTAKES = [
    (
        "no bias correction",
        "The bias correction is missing: m and v start at 0 and are too small in the first steps. Divide m "
        "by 1 - beta1^t and v by 1 - beta2^t before you use them.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (np.sqrt(v) + eps)),
    ),
    (
        "correction without the power t",
        "Your bias correction divides by 1 - beta, the same in every step. The power t is missing: 1 - "
        "beta^t.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1) / (np.sqrt(v / (1 - b2)) + eps)),
    ),
    (
        "beta times t",
        "Your bias correction has beta times t. It is beta to the *power* t.",
        _adam(
            lambda m, v, t, b1, b2, eps, g: (
                m / np.float64(1 - b1 * t) / (np.sqrt(v / np.float64(1 - b2 * t)) + eps)
            )
        ),
    ),
    (
        "divided by beta to the t",
        "Your bias correction divides by beta^t. What is missing after t steps is that share of 1: divide by "
        "1 - beta^t.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / b1**t / (np.sqrt(v / b2**t) + eps)),
    ),
    (
        "t counted from 0",
        "Your correction uses the power t - 1, as if t started at 0: in the first step it divides by 0. t "
        "is this step's number, counted from 1.",
        _adam(time=lambda t: t - 1),
    ),
    (
        "t one too large",
        "Your correction uses the power t + 1. t is this step's number already, counted from 1.",
        _adam(time=lambda t: t + 1),
    ),
    (
        "only m corrected",
        "You correct m and not v. Both averages start at 0, and both are divided by their 1 - beta^t.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / (np.sqrt(v) + eps)),
    ),
    (
        "only v corrected",
        "You correct v and not m. Both averages start at 0, and both are divided by their 1 - beta^t.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (np.sqrt(v / (1 - b2**t)) + eps)),
    ),
    (
        "corrected moments returned",
        "You return the corrected m and v. What is stored is the uncorrected averages; the correction is "
        "made afresh in every step, under other names.",
        _adam(give=lambda w, m, v, m_hat, v_hat: (w, m_hat, v_hat)),
    ),
    (
        "correction multiplied",
        "You multiply by 1 - beta^t where you should divide: the moments are too small at first, and "
        "dividing makes them larger.",
        _adam(lambda m, v, t, b1, b2, eps, g: m * (1 - b1**t) / (np.sqrt(v * (1 - b2**t)) + eps)),
    ),
    (
        "betas exchanged",
        "beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam()(
            w, g, m, v, t, lr, beta2, beta1, eps
        ),
    ),
    (
        "betas exchanged in the correction",
        "The corrections have changed places: m is divided by 1 - beta1^t, v by 1 - beta2^t.",
        _adam(
            lambda m, v, t, b1, b2, eps, g: m / (1 - b2**t) / (np.sqrt(v / (1 - b1**t)) + eps) if b1 else m
        ),
    ),
    (
        "beta1 in both corrections",
        "You divide v by 1 - beta1^t. v has its own: 1 - beta2^t.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / (np.sqrt(v / (1 - b1**t)) + eps)),
    ),
    (
        "beta2 in both corrections",
        "You divide m by 1 - beta2^t. m has its own: 1 - beta1^t.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b2**t) / (np.sqrt(v / (1 - b2**t)) + eps)),
    ),
    (
        "beta1 in both moments",
        "You use beta1 for v too. The average of the squares has beta2.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam(
            lambda m, v, t, b1, b2, eps, g: m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps),
            second=lambda v, g, b: beta1 * v + (1 - beta1) * g**2,
        )(w, g, m, v, t, lr, beta1, beta2, eps),
    ),
    (
        "beta1 throughout",
        "You use beta1 for v too, in its average and in its correction. v has beta2.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam()(
            w, g, m, v, t, lr, beta1, beta1, eps
        ),
    ),
    (
        "betas exchanged in the moments",
        "In the moments beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam(
            first=lambda m, g, b: beta2 * m + (1 - beta2) * g,
            second=lambda v, g, b: beta1 * v + (1 - beta1) * g**2,
        )(w, g, m, v, t, lr, beta1, beta2, eps),
    ),
    (
        "parentheses in the denominator",
        "`m_hat / np.sqrt(v_hat) + eps` divides by the root alone and then adds eps. Put the whole "
        "denominator in parentheses.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t)) + eps),
    ),
    (
        "the larger of root and eps",
        "You divide by the larger of the root and eps. Here eps is added to the root.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / np.maximum(np.sqrt(v / (1 - b2**t)), eps)),
    ),
    (
        "Nesterov's Adam",
        "You mix the gradient into the corrected m once more: that is NAdam. Adam steps by the corrected m "
        "itself.",
        _adam(
            lambda m, v, t, b1, b2, eps, g: (
                (b1 * m / (1 - b1**t) + (1 - b1) * g / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
            )
        ),
    ),
    (
        "corrected m returned",
        "You return the corrected m. What is stored is the uncorrected average; the correction is made "
        "afresh in every step.",
        _adam(give=lambda w, m, v, m_hat, v_hat: (w, m_hat, v)),
    ),
    (
        "corrected v returned",
        "You return the corrected v. What is stored is the uncorrected average; the correction is made "
        "afresh in every step.",
        _adam(give=lambda w, m, v, m_hat, v_hat: (w, m, v_hat)),
    ),
    (
        "eps inside the root",
        "You add eps inside the root. Here it stands outside: sqrt(v_hat) + eps. With small gradients the "
        "difference is large.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps)),
    ),
    (
        "eps squared inside the root",
        "You add eps² inside the root. Here eps itself stands outside: sqrt(v_hat) + eps.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps**2)),
    ),
    (
        "eps added before the correction",
        "You add eps to the root of the *uncorrected* v and correct afterwards, as TensorFlow does (its "
        "eps-hat). In Algorithm 1 eps is added to the root of the corrected v.",
        _adam(lambda m, v, t, b1, b2, eps, g: np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)),
    ),
    (
        "eps left out",
        "eps does not occur in your step. It keeps the division defined where v is 0 and damps tiny "
        "gradients.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t))),
    ),
    (
        "eps ignored",
        "Your answer does not depend on eps: it is that of eps = 1e-8. Use the argument.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + 1e-8)),
    ),
    (
        "root missing",
        "You divide by v_hat itself. The step is divided by its square root.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / (v / (1 - b2**t) + eps)),
    ),
    (
        "root before the correction",
        "You take the root of v first and divide that by 1 - beta2^t. Correct v first, then take the root.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / (np.sqrt(v) / (1 - b2**t) + eps)),
    ),
    (
        "gradient not squared",
        "v averages the gradients themselves. It is the average of their squares.",
        _adam(second=lambda v, g, b: b * v + (1 - b) * g),
    ),
    (
        "absolute gradients in v",
        "v averages the absolute gradients. It is the average of their squares.",
        _adam(second=lambda v, g, b: b * v + (1 - b) * np.abs(g)),
    ),
    (
        "share squared in v",
        "You square (1 - beta2) g as a whole. Only the gradient is squared: (1 - beta2) times g².",
        _adam(second=lambda v, g, b: b * v + ((1 - b) * g) ** 2),
    ),
    (
        "square of m in v",
        "v averages the square of m. It is the average of the squared *gradients*.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam(
            second=lambda v, g, b: b * v + (1 - b) * (beta1 * m + (1 - beta1) * g) ** 2
        )(w, g, m, v, t, lr, beta1, beta2, eps),
    ),
    (
        "1 - beta1 missing",
        "m takes in the gradient in full, beta1 m + g, as momentum does. In an average the shares add up to "
        "1: g has 1 - beta1.",
        _adam(first=lambda m, g, b: b * m + g),
    ),
    (
        "1 - beta2 missing",
        "v takes in the square in full, beta2 v + g². In an average the shares add up to 1: g² has 1 - "
        "beta2.",
        _adam(second=lambda v, g, b: b * v + g**2),
    ),
    (
        "1 - beta missing in both",
        "m and v take in the new gradient in full. In an average the shares add up to 1: the new part has 1 "
        "- beta.",
        _adam(first=lambda m, g, b: b * m + g, second=lambda v, g, b: b * v + g**2),
    ),
    (
        "shares exchanged",
        "The shares are exchanged in both averages: the old one keeps beta, the new part has 1 - beta.",
        _adam(first=lambda m, g, b: (1 - b) * m + b * g, second=lambda v, g, b: (1 - b) * v + b * g**2),
    ),
    (
        "shares exchanged in m",
        "The shares are exchanged in m: the old average keeps beta1, the gradient has 1 - beta1.",
        _adam(first=lambda m, g, b: (1 - b) * m + b * g),
    ),
    (
        "shares exchanged in v",
        "The shares are exchanged in v: the old average keeps beta2, the square has 1 - beta2.",
        _adam(second=lambda v, g, b: (1 - b) * v + b * g**2),
    ),
    (
        "sum of squares in v",
        "v adds the squares up, v + g², as AdaGrad does. Adam averages them.",
        _adam(second=lambda v, g, b: v + g**2),
    ),
    (
        "v never falls",
        "You keep the larger of the old and the new v: that is AMSGrad. Adam's v may fall again.",
        _adam(second=lambda v, g, b: np.maximum(v, b * v + (1 - b) * g**2)),
    ),
    (
        "roots in the correction of m",
        "You divide m by the root of 1 - beta1^t. The root belongs to v alone.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / np.sqrt(1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)),
    ),
    (
        "mean of the squares in v",
        "v takes in the *mean* square over all parameters. Each parameter has its own: the square of its "
        "gradient.",
        _adam(second=lambda v, g, b: b * v + (1 - b) * np.mean(g**2)),
    ),
    (
        "largest gradient in v",
        "v keeps the largest |g|: that is AdaMax. Adam averages the squares.",
        _adam(
            lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / (v + eps),
            second=lambda v, g, b: np.maximum(b * v, np.abs(g)),
        ),
    ),
    (
        "moments forgotten",
        "Your moments forget the past: the shares beta1 m and beta2 v are missing.",
        _adam(first=lambda m, g, b: (1 - b) * g, second=lambda v, g, b: (1 - b) * g**2),
    ),
    (
        "gradient for m in the step",
        "Your step uses the gradient itself, as RMSProp does. It uses the corrected m.",
        _adam(lambda m, v, t, b1, b2, eps, g: g / (np.sqrt(v / (1 - b2**t)) + eps)),
    ),
    (
        "no division by v",
        "Your step is lr times the corrected m. It is divided by the root of the corrected v, plus eps.",
        _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t)),
    ),
    (
        "climbing",
        "You add the step to w: the parameters walk uphill. Subtract it.",
        _adam(lambda m, v, t, b1, b2, eps, g: -m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)),
    ),
    (
        "lr left out",
        "The learning rate does not occur in your step.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam()(
            w, g, m, v, t, 1.0, beta1, beta2, eps
        ),
    ),
    (
        "lr ignored",
        "Your answer does not depend on lr: it is that of lr = 0.001. Use the argument.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam()(
            w, g, m, v, t, 1e-3, beta1, beta2, eps
        ),
    ),
    (
        "betas ignored",
        "Your answer does not depend on beta1 and beta2: it is that of 0.9 and 0.999. Use the arguments.",
        lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: _adam()(w, g, m, v, t, lr, eps=eps),
    ),
]


def _last_adam_mistakes(adam):
    """Return the mistakes of form: `adam` is a right step, and what it returns or changes is wrong."""

    def in_place(names):
        def answer(w, g, m, v, t, *args, **kwargs):
            new = dict(zip("wmv", adam(w, g, m, v, t, *args, **kwargs), strict=True))
            for name, array in zip("wmv", (w, m, v), strict=True):
                if name in names:
                    array[...] = new[name]
                    new[name] = array
            return new["w"], new["m"], new["v"]

        return answer

    def pick(*order):
        return lambda *args, **kwargs: tuple(adam(*args, **kwargs)[k] for k in order)

    return [
        (
            "order w, v, m",
            "The second and the third of your three values have changed places: return w, m, v.",
            pick(0, 2, 1),
        ),
        (
            "order m, v, w",
            "Your three values stand in another order: return w, then m, then v.",
            pick(1, 2, 0),
        ),
        (
            "moments not returned",
            "You return w alone. m and v are the optimizer's memory: return them as the second and the "
            "third.",
            lambda *args, **kwargs: adam(*args, **kwargs)[0],
        ),
        (
            "old moments returned",
            "w is right, but the m and v that you return are the old ones: the next step would forget this "
            "gradient.",
            lambda w, g, m, v, t, *args, **kwargs: (
                adam(w, g, m, v, t, *args, **kwargs)[0],
                m.copy(),
                v.copy(),
            ),
        ),
        (
            "old moments used",
            "Your step uses the m and v from *before* this gradient. Update both first, then step.",
            None,
        ),
        (
            "w changed in place",
            "`w -= …` changes your caller's parameters. Compute a new array.",
            in_place("w"),
        ),
        (
            "moments changed in place",
            "Your caller's m and v are changed (`m *= …`, `v += …`). Compute new arrays.",
            in_place("mv"),
        ),
    ]


def _eps_added_to_w(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take an Adam step written as `w - lr * m_hat / np.sqrt(v_hat) + eps`."""
    new, m, v = _adam(lambda m, v, t, b1, b2, eps, g: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t)))(
        w, g, m, v, t, lr, beta1, beta2, eps
    )
    return new + eps, m, v


ADAM_MISTAKES.append(
    (
        "parentheses in the denominator, in one line",
        "`w - lr * m_hat / np.sqrt(v_hat) + eps` divides by the root alone and then adds eps to w. Put the "
        "whole denominator in parentheses.",
        _eps_added_to_w,
    )
)


def _old_moments(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take an Adam step with the moments from before."""
    new, m_old, v_old = w, m, v
    _, m, v = _adam()(w, g, m, v, t, lr, beta1, beta2, eps)
    return new - lr * (m_old / (1 - beta1**t)) / (np.sqrt(v_old / (1 - beta2**t)) + eps), m, v


for _key, _message, _code in [*ADAM_MISTAKES, *_last_adam_mistakes(_adam())]:
    adam_step.mistake(_key, _message)(_code or _old_moments)


@adam_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    scale = np.sqrt(1 - beta2**t)
    return w - lr * scale / (1 - beta1**t) * m / (np.sqrt(v) + eps * scale), m, v


@adam_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    w_new, m_new, v_new = np.zeros(w.shape), np.zeros(w.shape), np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        m_new[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v_new[i] = beta2 * v[i] + (1 - beta2) * float(g[i]) ** 2
        w_new[i] = w[i] - lr * (m_new[i] / (1 - beta1**t)) / (np.sqrt(v_new[i] / (1 - beta2**t)) + eps)
    return w_new, m_new, v_new


@adam_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v = w.copy(), m.copy(), v.copy()
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * np.square(g)
    denominator = np.sqrt(v / (1 - np.power(beta2, t)))
    denominator += eps
    w -= lr / (1 - np.power(beta1, t)) * m / denominator
    return w, m, v


@adam_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    w, g, m, v = (np.asarray(a, dtype=np.float32) for a in (w, g, m, v))
    m = np.float32(beta1) * m + np.float32(1 - beta1) * g
    v = np.float32(beta2) * v + np.float32(1 - beta2) * g * g
    step = (
        np.float32(lr / (1 - beta1**t)) * m / (np.sqrt(v * np.float32(1 / (1 - beta2**t))) + np.float32(eps))
    )
    return w - step, m, v


# ---------------------------------------------------------------------------- adamw_step


@exercise(
    chapter=CHAPTER,
    difficulty="hard",
    aim="Take one step of AdamW: Adam, and a weight decay that the moments never see.",
    hints=(
        "In AdamW two things happen to w, independently of each other: it shrinks a little, and it takes "
        "Adam's step.",
        "Equation (8.11). The shrinking is lr times weight_decay times w. It enters neither g nor m nor v: "
        "that is what *decoupled* means.",
        "Compute Adam's m, v, and step as in `adam_step`, from g alone. The new w is w minus lr "
        "weight_decay w (with the w that came in) minus Adam's step.",
    ),
)
def adamw_step(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    """Take one step of AdamW, equation (8.11): Adam with decoupled weight decay (Loshchilov, Hutter 2019).

    w <- w - lr weight_decay w - Adam's step, both computed from the w and the g that come in.

    Parameters
    ----------
    w : array of any shape
        Parameters; not changed.
    g : array, shape of w
        Gradient of the loss at w, without any decay; not changed.
    m, v : arrays, shape of w
        Moving averages of the gradients and of their squares so far; not changed.
    t : int
        Number of this step, counted from 1.
    lr, beta1, beta2, eps : float
        As in adam_step.
    weight_decay : float
        How strongly w shrinks; it is multiplied by lr.

    Returns
    -------
    w, m, v : arrays, shape of w
        The new parameters and the new averages, the averages as they are stored: without bias correction.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * weight_decay * w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@adamw_step.cases
def _(rng):
    yield from _adam_cases(rng, last=(0.2,))
    w, g, m = rng.normal(size=(3, 4))
    v, zeros = rng.uniform(0.5, 2.0, 4), np.zeros(4)
    yield case(
        w,
        zeros,
        zeros,
        zeros,
        1,
        0.1,
        0.9,
        0.999,
        1e-8,
        0.5,
        note="gradient 0: w shrinks by the factor 1 - lr weight_decay",
    )
    yield case(w, g, m, v, 2, 0.5, weight_decay=0.4, note="lr = 0.5 and weight_decay = 0.4")
    yield case(10 * w, g, m, v, 6, 0.1, weight_decay=0.1, note="large weights: the moments must not see them")
    yield case(w, g, m, v, 2, 0.1, weight_decay=0.0, group="edge", note="weight_decay = 0: plain Adam")
    yield case(zeros, g, m, v, 2, 0.1, weight_decay=0.5, group="edge", note="weights 0: nothing to shrink")


def _adamw(decay=None, adam=None, gradient=None):
    """Return a wrong AdamW step.

    `adam` replaces the Adam step, `gradient(w, g, wd)` what Adam sees, and
    `decay(w, lr, wd, w_adam, v_hat, eps)` the new parameters.
    """

    def answer(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        seen = g if gradient is None else gradient(w, g, weight_decay)
        new, m, v = (adam or _adam())(w, seen, m, v, t, lr, beta1, beta2, eps)
        if decay is None:
            return (new if gradient else new - lr * weight_decay * w), m, v
        return decay(w, lr, weight_decay, new, v / np.float64(1 - beta2**t), eps), m, v

    return answer


adamw_step.mistake(
    "L2 in the gradient",
    "You add weight_decay times w to the gradient: that is Adam with L2, and the decay runs through m and "
    "v. AdamW decouples it: shrink w directly, by lr weight_decay w.",
)(_adamw(gradient=lambda w, g, wd: g + wd * w))

adamw_step.mistake(
    "L2 in the first moment",
    "You add weight_decay times w to the gradient that enters m: the decay runs through the average. AdamW "
    "decouples it: shrink w directly, by lr weight_decay w.",
)(
    lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2: _adam(
        first=lambda m, g, b: b * m + (1 - b) * (g + weight_decay * w)
    )(w, g, m, v, t, lr, beta1, beta2, eps)
)

adamw_step.mistake(
    "L2 in the gradient and decay",
    "The decay enters twice: in the gradient that the moments see, and in w directly. Only the second is "
    "due.",
)(_adamw(decay=lambda w, lr, wd, new, v_hat, eps: new - lr * wd * w, gradient=lambda w, g, wd: g + wd * w))

adamw_step.mistake(
    "decay without lr",
    "You shrink w by weight_decay times w. The learning rate belongs to it: lr weight_decay w.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - wd * w))

adamw_step.mistake(
    "decay left out", "There is no decay in your step: it is plain Adam. Subtract lr weight_decay w as well."
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new))

adamw_step.mistake(
    "decay of the new parameters",
    "You shrink the parameters *after* Adam's step: the step shrinks too. Both start from the w that came "
    "in.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new * (1 - lr * wd)))

adamw_step.mistake("decay added", "Your decay has the wrong sign: w grows. Subtract lr weight_decay w.")(
    _adamw(lambda w, lr, wd, new, v_hat, eps: new + lr * wd * w)
)

adamw_step.mistake(
    "decay divided by the root of v",
    "You add the decay to Adam's numerator, so it is divided by the root of v. It acts on w directly.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - lr * wd * w / (np.sqrt(v_hat) + eps)))

adamw_step.mistake(
    "weight_decay ignored",
    "Your answer does not depend on weight_decay: it is that of 0.01. Use the argument.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - lr * 0.01 * w))

adamw_step.mistake(
    "lr squared in the decay", "The learning rate enters the decay twice. It is lr weight_decay w."
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - lr * lr * wd * w))

adamw_step.mistake("decay halved", "Your decay has a factor 1/2. It is lr weight_decay w.")(
    _adamw(lambda w, lr, wd, new, v_hat, eps: new - 0.5 * lr * wd * w)
)

adamw_step.mistake(
    "decay doubled", "Your decay has a factor 2, as from the derivative of a square. It is lr weight_decay w."
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - 2 * lr * wd * w))

adamw_step.mistake(
    "decay of the gradient",
    "You shrink by lr weight_decay g, the gradient. It is the *weights* that decay: lr weight_decay w.",
)(
    lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2: _adamw(
        lambda w, lr, wd, new, v_hat, eps: new - lr * wd * g
    )(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay)
)

adamw_step.mistake(
    "decay by the size only",
    "You subtract lr weight_decay, or its product with the sign of w: an L1 decay. The decay is in "
    "proportion to w.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - lr * wd * np.sign(w)))

adamw_step.mistake(
    "decay a constant",
    "You subtract lr weight_decay from every parameter. The decay is in proportion to w: lr weight_decay w.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - lr * wd))

adamw_step.mistake(
    "decay of the square",
    "You subtract lr weight_decay w². The decay is in proportion to w: lr weight_decay w.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: new - lr * wd * w**2))

adamw_step.mistake(
    "step scaled by the decay",
    "weight_decay scales Adam's step in your answer. It shrinks w: subtract lr weight_decay w.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: w - (1 + wd) * (w - new)))

adamw_step.mistake(
    "factor 1 - weight_decay",
    "You multiply by 1 - weight_decay (times lr elsewhere, or nowhere). The factor is 1 - lr weight_decay, "
    "on w alone.",
)(_adamw(lambda w, lr, wd, new, v_hat, eps: (1 - wd) * new))

adamw_step.mistake(
    "moments of the decayed weights",
    "Your first moment contains the weights: weight_decay w is added to m. The moments see the gradient "
    "alone.",
)(
    lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2: _adam(
        first=lambda m, g, b: b * m + (1 - b) * g + weight_decay * w
    )(w, g, m, v, t, lr, beta1, beta2, eps)
)


def _with_decay(adam):
    """Turn a wrong Adam step into the same wrong step of AdamW."""

    def answer(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        new, *moments = adam(w, g, m, v, t, lr, beta1, beta2, eps)
        return (new - lr * weight_decay * w, *moments)

    return answer


for _key, _message, _code in ADAM_MISTAKES:
    adamw_step.mistake(_key, _message)(_with_decay(_code))
for _key, _message, _code in _last_adam_mistakes(_adamw()):
    adamw_step.mistake(_key, _message)(_code or _with_decay(_old_moments))


@adamw_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    w, m, v = adam_step.reference(w * (1 - lr * weight_decay), g, m, v, t, lr, beta1, beta2, eps)
    return w, m, v


@adamw_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    new = np.zeros((3, *w.shape))
    for i in np.ndindex(w.shape):
        new[1][i] = beta1 * m[i] + (1 - beta1) * g[i]
        new[2][i] = beta2 * v[i] + (1 - beta2) * float(g[i]) ** 2
        adam = new[1][i] / (1 - beta1**t) / (np.sqrt(new[2][i] / (1 - beta2**t)) + eps)
        new[0][i] = w[i] - lr * (adam + weight_decay * w[i])
    return new[0], new[1], new[2]


@adamw_step.variant
def _(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    w, m, v = w.astype(np.float32), m.astype(np.float32), v.astype(np.float32)
    w *= np.float32(1 - lr * weight_decay)
    m += np.float32(1 - beta1) * (np.asarray(g, np.float32) - m)
    v += np.float32(1 - beta2) * (np.asarray(g, np.float32) ** 2 - v)
    c = np.float32(np.sqrt(1 - beta2**t))
    w -= np.float32(lr / (1 - beta1**t)) * c * m / (np.sqrt(v) + np.float32(eps) * c)
    return w, m, v


# ---------------------------------------------------------------------------- gradient_descent


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Walk downhill with a fixed learning rate and keep the whole path.",
    hints=(
        "The path has one row more than there are steps: where you start belongs to it.",
        "Make an array of floats of shape (n_steps + 1, n) and fill it row by row; every row follows from "
        "the one before, equation (8.1).",
        "Row 0 is w0. In step k the next row is row k minus lr times `grad(row k)`. With n_steps = 0 the "
        "loop does not run, and the one row remains.",
    ),
)
def gradient_descent(grad, w0, lr, n_steps):
    """Return the path of gradient descent, equation (8.1).

    Parameters
    ----------
    grad : callable
        `grad(w)` returns the gradient at w, an array (n,).
    w0 : array (n,)
        The start; it may hold integers. Not changed.
    lr : float
        Learning rate.
    n_steps : int
        Number of steps, 0 or more.

    Returns
    -------
    array (n_steps + 1, n) of floats
        Row 0 is w0, row k the parameters after k steps.
    """
    path = np.tile(np.asarray(w0, dtype=np.float64), (n_steps + 1, 1))
    for k in range(n_steps):
        path[k + 1] = path[k] - lr * grad(path[k])
    return path


@gradient_descent.cases
def _(rng):
    def start(n):
        return rng.uniform(0.3, 1.5, n) * rng.choice([-1.0, 1.0], n)  # where the gradient is not small

    ravine = _bowl(np.array([1.0, 8.0]), (2,))
    yield case(ravine, start(2), 0.1, 3, note="three steps in a ravine")
    yield case(_wavy((3,)), start(3), 0.2, 2, note="no parabola, three parameters")
    yield case(_tilted(), np.array([2.0, -1.0]), 0.2, 2, note="a bowl whose slopes depend on both parameters")
    yield case(ravine, start(2), 0.2, 1, note="a single step")
    yield case(_wavy((1,)), start(1), 0.1, 2, group="shape", note="one parameter")
    yield case(_wavy((2,)), start(2), 0.1, 1, group="shape", note="as many rows as parameters")
    yield case(_wavy((2,)), start(2), 0.1, 0, group="edge", note="n_steps = 0: one row, the start")
    yield case(
        _bowl(np.array([1.0, 3.0]), (2,)), np.array([4, -3]), 0.1, 2, group="edge", note="w0 of integers"
    )
    yield case(ravine, np.zeros(2), 0.1, 1, group="edge", note="start at the minimum")
    yield case(_wavy((2,)), start(2), 0.0, 1, group="edge", note="lr = 0")
    yield case(
        ravine, np.array([1.0, 1.0]), 0.3, 4, group="edge", note="a step that is too large: it diverges"
    )
    yield case(_wavy((2,)), start(2).astype(np.float32), 0.1, 2, group="edge", note="float32")


def _tilted():
    """Return the gradient of a bowl with a mixed term: each slope depends on both parameters."""
    return Fn("grad of w1² + w1 w2 + 3 w2² / 2", lambda w: np.array([2.0 * w[0] + w[1], w[0] + 3.0 * w[1]]))


@gradient_descent.mistake(
    "one parameter after the other",
    "You change the parameters one after the other and take the gradient anew in between. A step moves all "
    "of them at once, along the gradient at the point where it starts.",
)
def _(grad, w0, lr, n_steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(n_steps):
        w = path[-1].copy()
        for i in range(len(w)):
            w[i] -= lr * grad(w)[i]
        path.append(w)
    return np.array(path)


def _walk(step=None, keep=None):
    """Return a wrong descent: `step(w, grad, lr, k, w0)` is the next point, `keep(path)` what is returned."""

    def answer(grad, w0, lr, n_steps):
        w = np.array(w0, dtype=float)
        path = [w]
        for k in range(n_steps):
            w = w - lr * grad(w) if step is None else step(w, grad, lr, k, np.array(w0, dtype=float))
            path.append(w)
        return (keep or np.array)(path)

    return answer


gradient_descent.mistake(
    "start missing", "Your path does not begin with w0: the start belongs to it, as row 0."
)(_walk(keep=lambda path: np.array(path[1:]).reshape(-1, len(path[0]))))

gradient_descent.mistake(
    "one step short",
    "Your path is one row short: the last step is missing. n_steps steps make n_steps + 1 rows.",
)(lambda grad, w0, lr, n_steps: _walk()(grad, w0, lr, max(n_steps - 1, 0)))

gradient_descent.mistake(
    "one step short, n_steps rows",
    "Your path has n_steps rows: the last step is missing. n_steps steps make n_steps + 1 rows.",
)(_walk(keep=lambda path: np.array(path[:-1]).reshape(-1, len(path[0]))))

gradient_descent.mistake("one step too many", "Your path has a row too many: one step more than n_steps.")(
    lambda grad, w0, lr, n_steps: _walk()(grad, w0, lr, n_steps + 1)
)

gradient_descent.mistake(
    "kept before the step",
    "You store each point before you step, so that w0 stands there twice and the last point is missing. "
    "Step first, then store.",
)(_walk(keep=lambda path: np.array([path[0], *path[:-1]])))

gradient_descent.mistake(
    "same array in every row",
    "All rows of your path are the last point: you append the same array again and again and then change it "
    "in place. Append a copy, or compute a new array in each step.",
)(_walk(keep=lambda path: np.array([path[-1]] * len(path))))

gradient_descent.mistake("climbing", "You add the gradient: the path leads uphill. Subtract it.")(
    _walk(lambda w, grad, lr, k, w0: w + lr * grad(w))
)

gradient_descent.mistake("lr left out", "The learning rate does not occur in your step.")(
    _walk(lambda w, grad, lr, k, w0: w - grad(w))
)

gradient_descent.mistake(
    "gradient at the start", "Every step uses the gradient at w0. Take it anew where you are."
)(_walk(lambda w, grad, lr, k, w0: w - lr * grad(w0)))

gradient_descent.mistake(
    "always from the start",
    "Every step starts from w0, so that the path stays at one step's distance. Step on from the last point.",
)(_walk(lambda w, grad, lr, k, w0: w0 - lr * grad(w)))

gradient_descent.mistake(
    "step from the start each time",
    "Every row is one step from w0: you neither move on nor take the gradient anew. Step on from the last "
    "point.",
)(_walk(lambda w, grad, lr, k, w0: w0 - lr * grad(w0)))

gradient_descent.mistake(
    "only the last point",
    "You return the point after the last step. The whole path is due, one row a step and the start.",
)(_walk(keep=lambda path: path[-1]))

gradient_descent.mistake(
    "list instead of array", "You return a list of points. Make it one array: `np.array(path)`."
)(_walk(keep=lambda path: path))

gradient_descent.mistake(
    "transposed", "Your path has a column for each step. Each step is a row: shape (n_steps + 1, n)."
)(_walk(keep=lambda path: np.array(path).T))

gradient_descent.mistake(
    "flattened",
    "Your path is one long row of numbers. Each step has a row of its own: shape (n_steps + 1, n).",
)(_walk(keep=lambda path: np.array(path).ravel()))

gradient_descent.mistake(
    "lr shrinks", "Your learning rate gets smaller from step to step. Here it is fixed."
)(_walk(lambda w, grad, lr, k, w0: w - lr / (k + 1) * grad(w)))

gradient_descent.mistake(
    "normalized gradient",
    "You divide the gradient by its length: every step is lr long. Here steps shrink with the gradient.",
)(_walk(lambda w, grad, lr, k, w0: w - lr * grad(w) / max(np.linalg.norm(grad(w)), 1e-12)))

gradient_descent.mistake(
    "sign of the gradient", "You step by the sign of the gradient. Its size counts too."
)(_walk(lambda w, grad, lr, k, w0: w - lr * np.sign(grad(w))))

gradient_descent.mistake(
    "stops early", "You stop before n_steps when the steps get small. The path always has n_steps + 1 rows."
)(
    lambda grad, w0, lr, n_steps: _walk(
        keep=lambda path: np.array(
            [p for i, p in enumerate(path) if i == 0 or not np.allclose(p, path[i - 1])]
        )
    )(grad, w0, lr, n_steps)
)

gradient_descent.mistake("gradients returned too", "You return more than the path. One array is due.")(
    lambda grad, w0, lr, n_steps: (_walk()(grad, w0, lr, n_steps), n_steps)
)


@gradient_descent.mistake(
    "truncated to integers",
    "With an integer w0 your path holds integers, and every step is cut off. Make it an array of floats.",
)
def _(grad, w0, lr, n_steps):
    path = np.zeros((n_steps + 1, len(w0)), dtype=w0.dtype)
    path[0] = w0
    for k in range(n_steps):
        path[k + 1] = path[k] - lr * grad(path[k])
    return path


@gradient_descent.mistake(
    "w0 changed in place", "`w -= …` on w0 itself changes your caller's array. Start from a copy."
)
def _(grad, w0, lr, n_steps):
    if w0.dtype.kind != "f":
        return _walk()(grad, w0, lr, n_steps)
    path = [w0.copy()]
    for _ in range(n_steps):
        w0 -= lr * grad(w0)
        path.append(w0.copy())
    return np.array(path)


@gradient_descent.mistake(
    "gradients recorded",
    "Your path records the gradients after the start. Record the parameters themselves, after each step.",
)
def _(grad, w0, lr, n_steps):
    w = np.array(w0, dtype=float)
    path = [w]
    for _step in range(n_steps):
        g = np.asarray(grad(w), dtype=float)
        w = w - lr * g
        path.append(g)
    return np.array(path)


@gradient_descent.mistake(
    "steps recorded",
    "Your path records the steps -lr grad. Record the parameters themselves, after each step.",
)
def _(grad, w0, lr, n_steps):
    path = gradient_descent.reference(grad, w0, lr, n_steps)
    return np.concatenate([path[:1], np.diff(path, axis=0)])


@gradient_descent.mistake(
    "stops where it is flat",
    "You stop as soon as the gradient is small. n_steps steps make n_steps + 1 rows, also where nothing "
    "moves any more.",
)
def _(grad, w0, lr, n_steps):
    path = gradient_descent.reference(grad, w0, lr, n_steps)
    flat = [k for k in range(n_steps) if np.linalg.norm(grad(path[k])) < 1e-2]
    return path[: flat[0] + 1] if flat else path


@gradient_descent.mistake(
    "momentum added",
    "You keep a velocity: that is gradient descent with momentum. Here each step is lr times the gradient "
    "alone.",
)
def _(grad, w0, lr, n_steps):
    path, v = [np.array(w0, dtype=float)], 0.0
    for _step in range(n_steps):
        v = 0.9 * v + lr * np.asarray(grad(path[-1]), dtype=float)
        path.append(path[-1] - v)
    return np.array(path)


@gradient_descent.variant
def _(grad, w0, lr, n_steps):
    w = w0.astype(float)
    path = [w.copy()]
    for _ in range(n_steps):
        w -= lr * grad(w)
        path.append(w.copy())
    return np.array(path)


@gradient_descent.variant
def _(grad, w0, lr, n_steps):
    if n_steps == 0:
        return np.asarray(w0, dtype=float).reshape(1, -1)
    before = gradient_descent.reference(grad, w0, lr, n_steps - 1)
    return np.vstack([before, before[-1] - lr * np.asarray(grad(before[-1]))])


@gradient_descent.variant
def _(grad, w0, lr, n_steps):
    points = [tuple(float(a) for a in w0)]
    while len(points) <= n_steps:
        here = np.array(points[-1])
        points.append(tuple(a - lr * d for a, d in zip(here, grad(here), strict=True)))
    return np.array(points)


# ---------------------------------------------------------------------------- cosine_lr


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Anneal the learning rate along half a cosine, and leave it at the bottom.",
    hints=(
        "The cosine of an angle from 0 to π runs from 1 down to -1. Which angle belongs to step t?",
        "Equation (8.15): shift and scale the cosine so that it runs from lr_max to lr_min. After T nothing "
        "rises again.",
        "lr_min + (lr_max - lr_min) (1 + cos(π t / T)) / 2 while t is at most T; lr_min itself after that.",
    ),
)
def cosine_lr(lr_max, t, T, lr_min=0.0):
    """Return the learning rate at step t of cosine annealing, equation (8.15).

    Parameters
    ----------
    lr_max : float
        The rate at t = 0.
    t : int or float
        The step, 0 or later.
    T : int or float
        The step at which lr_min is reached; after it the rate stays there (no restart).
    lr_min : float
        The lowest rate.

    Returns
    -------
    float
        The learning rate.
    """
    progress = min(t / T, 1.0)
    return lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * progress))


@cosine_lr.cases
def _(rng):
    yield case(0.1, 3, 10, note="t = 3 of 10")
    yield case(1.0, 7, 10, 0.25, note="lr_min = 0.25")
    yield case(
        float(rng.uniform(0.5, 2)), int(rng.integers(5, 45)), 50, float(rng.uniform(0.05, 0.2)), note="random"
    )
    yield case(0.8, 5, 20, lr_min=0.2, note="a quarter of the way")
    yield case(0.5, 0, 10, 0.1, group="edge", note="t = 0: lr_max")
    yield case(0.5, 5, 10, 0.1, group="edge", note="t = T/2: halfway between")
    yield case(0.5, 10, 10, 0.1, group="edge", note="t = T: lr_min")
    yield case(0.5, 11, 10, 0.1, group="edge", note="one step after T: still lr_min")
    yield case(0.5, 20, 10, 0.1, group="edge", note="t = 2T: no restart")
    yield case(0.5, 25, 10, group="edge", note="t = 2.5 T, lr_min = 0")
    yield case(1, 4, 10, group="edge", note="an integer lr_max")
    yield case(0.5, 2.5, 10.0, 0.1, group="edge", note="t = 2.5, between two steps")
    yield case(0.5, 1, 1, 0.1, group="edge", note="T = 1")


def _cosine(f):
    """Return a wrong schedule with the defaults of the right one; `f` gets t no later than T."""
    return lambda lr_max, t, T, lr_min=0.0: f(lr_max, min(t, T), T, lr_min)


cosine_lr.mistake(
    "restarts after T", "After T your rate rises again along the cosine. It stays at lr_min: hold t at T."
)(lambda lr_max, t, T, lr_min=0.0: lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * t / T)))

cosine_lr.mistake(
    "warm restarts",
    "Your rate starts anew at lr_max after every T steps (t modulo T). Here it reaches lr_min at T and "
    "stays there.",
)(lambda lr_max, t, T, lr_min=0.0: lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * (t % T) / T)))

cosine_lr.mistake("0 after T", "After T your rate is 0. It stays at lr_min.")(
    lambda lr_max, t, T, lr_min=0.0: (
        0.0 if t > T else lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * t / T))
    )
)

cosine_lr.mistake("lr_max after T", "After T your rate is lr_max. It stays at lr_min.")(
    lambda lr_max, t, T, lr_min=0.0: (
        1.0 * lr_max if t > T else lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * t / T))
    )
)

cosine_lr.mistake("half missing", "The factor 1/2 is missing: 1 + cos runs from 2 to 0.")(
    _cosine(lambda hi, t, T, lo: lo + (hi - lo) * (1 + np.cos(np.pi * t / T)))
)

cosine_lr.mistake(
    "1 + missing", "Your cosine runs from 1 to -1, and the rate falls below lr_min. Add 1 and halve it first."
)(_cosine(lambda hi, t, T, lo: lo + (hi - lo) * np.cos(np.pi * t / T)))

cosine_lr.mistake("1 + missing, halved", "Your cosine runs from 1 to -1. Add 1 before you halve it.")(
    _cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * np.cos(np.pi * t / T))
)

cosine_lr.mistake(
    "span is lr_max",
    "You scale the cosine with lr_max instead of lr_max - lr_min: the rate starts at lr_max + lr_min.",
)(_cosine(lambda hi, t, T, lo: lo + 0.5 * hi * (1 + np.cos(np.pi * t / T))))

cosine_lr.mistake(
    "lr_min not added", "Your rate falls to 0: the span is lr_max - lr_min, but lr_min is not added."
)(_cosine(lambda hi, t, T, lo: 0.5 * (hi - lo) * (1 + np.cos(np.pi * t / T))))

cosine_lr.mistake(
    "lr_min ignored", "Your rate falls to 0 whatever lr_min is. It runs from lr_max down to lr_min."
)(_cosine(lambda hi, t, T, lo: 0.5 * hi * (1 + np.cos(np.pi * t / T))))

cosine_lr.mistake(
    "cut off at lr_min",
    "Your rate falls toward 0 and is cut off at lr_min (a maximum). The cosine itself ends at lr_min.",
)(_cosine(lambda hi, t, T, lo: max(lo, 0.5 * hi * (1 + np.cos(np.pi * t / T)))))

cosine_lr.mistake("rising", "Your rate rises from lr_min to lr_max: 1 - cos. It falls: 1 + cos.")(
    _cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 - np.cos(np.pi * t / T)))
)

cosine_lr.mistake(
    "pi missing", "The angle is t/T without π: the cosine covers less than a third of its way down."
)(_cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.cos(t / T)) if t < T else lo))

cosine_lr.mistake(
    "pi missing, at T too", "The angle is t/T without π: the cosine never gets down to lr_min."
)(_cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.cos(t / T))))

cosine_lr.mistake(
    "whole period",
    "The angle is 2π t/T: the rate is back at lr_max when t = T. Half a period, π t/T, leads down to lr_min.",
)(_cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.cos(2 * np.pi * t / T))))

cosine_lr.mistake(
    "quarter period",
    "You use cos(π t / (2T)), a quarter of a period. Here it is half a period, shifted: (1 + cos(π t / T)) "
    "/ 2.",
)(_cosine(lambda hi, t, T, lo: lo + (hi - lo) * np.cos(np.pi * t / (2 * T))))

cosine_lr.mistake("degrees", "You give the cosine degrees: 180 t/T. NumPy's cosine takes radians.")(
    _cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.cos(180 * t / T)))
)

cosine_lr.mistake("sine for cosine", "You use the sine. The cosine starts at its top, as the rate does.")(
    _cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.sin(np.pi * t / T)))
)

cosine_lr.mistake(
    "whole-number division",
    "`t // T` is 0 until T: the rate stays at lr_max and drops at once. Divide with `/`.",
)(_cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.cos(np.pi * (t // T)))))

cosine_lr.mistake("t and T exchanged", "The angle is π T/t. It is π t/T.")(
    _cosine(lambda hi, t, T, lo: lo + 0.5 * (hi - lo) * (1 + np.cos(np.pi * T / t)))
)

cosine_lr.mistake(
    "one step late", "Your schedule is one step ahead: t + 1 instead of t. t = 0 is the start."
)(
    lambda lr_max, t, T, lr_min=0.0: (
        lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * min((t + 1) / T, 1)))
    )
)

cosine_lr.mistake("T - 1 steps", "Your rate reaches lr_min at T - 1. It is reached at T.")(
    lambda lr_max, t, T, lr_min=0.0: (
        lr_min + 0.5 * (lr_max - lr_min) * (1 + np.cos(np.pi * min(t / max(T - 1, 1e-9), 1)))
    )
)

cosine_lr.mistake("linear", "Your rate falls along a straight line. Here it follows half a cosine.")(
    _cosine(lambda hi, t, T, lo: hi + (lo - hi) * t / T)
)


cosine_lr.mistake(
    "size of the cosine",
    "You take the cosine's size: the rate is back at lr_max when t = T. The shift, 1 + cos, keeps it "
    "positive.",
)(_cosine(lambda hi, t, T, lo: lo + (hi - lo) * np.abs(np.cos(np.pi * t / T))))


@cosine_lr.variant
def _(lr_max, t, T, lr_min=0.0):
    if t >= T:
        return lr_min
    return lr_min + (lr_max - lr_min) * np.cos(np.pi * t / (2 * T)) ** 2


@cosine_lr.variant
def _(lr_max, t, T, lr_min=0.0):
    import math

    share = (1 + math.cos(math.pi * min(t, T) / T)) / 2
    return share * lr_max + (1 - share) * lr_min


@cosine_lr.variant
def _(lr_max, t, T, lr_min=0.0):
    angle = np.clip(np.float32(t) / np.float32(T), 0, 1) * np.float32(np.pi)
    return np.float32((lr_max + lr_min) / 2 + (lr_max - lr_min) / 2 * np.cos(angle))


# ---------------------------------------------------------------------------- step_lr


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Let the learning rate drop by a factor every few epochs.",
    hints=(
        "How many drops have happened when epoch e begins? Write the number down for epochs 0, 9, 10, 19 "
        "and 20.",
        "Equation (8.12): whole-number division counts the drops, and each multiplies the rate by `drop` "
        "once more.",
        "`epoch // every` is the number of drops; the rate is lr0 times drop to that power.",
    ),
)
def step_lr(lr0, epoch, drop=0.5, every=10):
    """Return the learning rate of step decay, equation (8.12): lr0 * drop ** floor(epoch / every).

    Parameters
    ----------
    lr0 : float or int
        The first rate.
    epoch : int
        The epoch, 0, 1, ....
    drop : float
        What the rate is multiplied by at each drop.
    every : int
        Epochs from one drop to the next.

    Returns
    -------
    float
        The learning rate.
    """
    return float(lr0 * drop ** (epoch // every))


@step_lr.cases
def _(rng):
    yield case(0.1, 35, note="epoch 35: three drops")
    yield case(0.8, 11, note="epoch 11: one drop")
    yield case(1.0, 19, 0.3, 4, note="drop = 0.3 every 4 epochs")
    epoch = int(7 * rng.integers(3, 8) + rng.integers(1, 6))  # neither at a drop nor right before one
    yield case(float(rng.uniform(0.5, 2)), epoch, 0.9, 7, note="drop = 0.9 every 7 epochs")
    yield case(0.4, 24, drop=0.1, every=5, note="drop = 0.1 every 5 epochs")
    for epoch, note in [
        (0, "epoch 0: no drop yet"),
        (9, "epoch 9: no drop yet"),
        (10, "epoch 10: the first drop"),
        (20, "epoch 20: the second drop"),
        (1, "epoch 1"),
    ]:
        yield case(0.4, epoch, group="edge", note=note)
    yield case(1, 10, group="edge", note="an integer lr0")
    yield case(1, 0, group="edge", note="an integer lr0 at epoch 0")
    yield case(0.4, 3, 0.5, 1, group="edge", note="a drop in every epoch")
    yield case(0.4, 30, 1.0, 10, group="edge", note="drop = 1: constant")
    yield case(0.4, 200, group="edge", note="epoch 200: twenty drops", rtol=1e-6, atol=0.0)


def _stepwise(f):
    """Return a wrong schedule with the defaults of the right one."""
    return lambda lr0, epoch, drop=0.5, every=10: f(lr0, epoch, drop, every)


step_lr.mistake(
    "drop one epoch early",
    "Your rate drops one epoch too early: at epoch 9 instead of 10. Epochs count from 0, and "
    "floor(epoch/every) needs no correction.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** ((e + 1) // every)))

step_lr.mistake(
    "drop one epoch late",
    "Your rate drops one epoch too late: at epoch 11 instead of 10. Epochs count from 0, and "
    "floor(epoch/every) needs no correction.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** (max(e - 1, 0) // every)))

step_lr.mistake(
    "epoch - 1",
    "You divide epoch - 1: the rate drops one epoch too late, and at epoch 0 it is too large. Epochs count "
    "from 0.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** ((e - 1) // every)))

step_lr.mistake(
    "no steps",
    "Your rate falls a little in every epoch: the floor is missing. The number of drops is a whole number.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** (e / every)))

step_lr.mistake("rounded up", "You round epoch/every up: the first drop comes at epoch 1. Round down.")(
    _stepwise(lambda lr0, e, drop, every: lr0 * drop ** np.ceil(e / every))
)

step_lr.mistake(
    "rounded",
    "You round epoch/every to the nearest whole number: drops come half a period too early. Round down.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** round(e / every)))

step_lr.mistake(
    "multiplied by the number of drops",
    "You multiply by drop *times* the number of drops: at epoch 0 the rate is 0. The number of drops is a "
    "power.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop * (e // every)))

step_lr.mistake(
    "only one drop",
    "Your rate drops once and never again. Each period of `every` epochs brings one more drop.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop if e >= every else lr0 * 1.0))

step_lr.mistake(
    "dropped only in the epoch itself",
    "Your rate is low only in the epochs that `every` divides, and jumps back after. Drops accumulate.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop if e % every == 0 else lr0 * 1.0))

step_lr.mistake(
    "dropped only in the epoch itself, not at 0",
    "Your rate is low only in the epochs that `every` divides, and jumps back after. Drops accumulate.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop if e % every == 0 and e else lr0 * 1.0))

step_lr.mistake(
    "remainder for quotient",
    "You use the remainder `epoch % every`. The number of drops is the quotient, `epoch // every`.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** (e % every)))

step_lr.mistake(
    "a drop in every epoch",
    "Your rate drops in every epoch: `every` is not used. The power is floor(epoch/every).",
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop**e))

step_lr.mistake(
    "every ignored", "Your answer does not depend on `every`: it is that of 10. Use the argument."
)(_stepwise(lambda lr0, e, drop, every: lr0 * drop ** (e // 10)))

step_lr.mistake(
    "drop ignored", "Your answer does not depend on `drop`: it is that of 0.5. Use the argument."
)(_stepwise(lambda lr0, e, drop, every: lr0 * 0.5 ** (e // every)))

step_lr.mistake(
    "drop and every ignored",
    "Your answer depends neither on `drop` nor on `every`: it is that of 0.5 and 10. Use the arguments.",
)(_stepwise(lambda lr0, e, drop, every: lr0 * 0.5 ** (e // 10)))

step_lr.mistake(
    "drop subtracted from 1", "You multiply by 1 - drop at each drop. The rate is multiplied by drop itself."
)(_stepwise(lambda lr0, e, drop, every: lr0 * (1 - drop) ** (e // every)))

step_lr.mistake("divided by drop", "You divide by drop at each step: the rate grows. Multiply.")(
    _stepwise(lambda lr0, e, drop, every: lr0 / drop ** (e // every))
)

step_lr.mistake("drop subtracted", "You subtract drop at each step. The rate is *multiplied* by it.")(
    _stepwise(lambda lr0, e, drop, every: lr0 - drop * (e // every))
)

step_lr.mistake(
    "lr0 in the power",
    "You raise lr0 times drop, together, to the power. Only drop is raised: mind the parentheses.",
)(_stepwise(lambda lr0, e, drop, every: (lr0 * drop) ** (e // every) * 1.0))

step_lr.mistake("lr0 left out", "Your rate does not contain lr0: it starts at 1.")(
    _stepwise(lambda lr0, e, drop, every: drop ** (e // every) * 1.0)
)

step_lr.mistake("exponential", "You use exp(-drop ...). Step decay multiplies by drop at each step.")(
    _stepwise(lambda lr0, e, drop, every: lr0 * np.exp(-drop * (e // every)))
)

step_lr.mistake(
    "truncated to an integer", "With an integer lr0 your rate is cut off to a whole number. Keep it a float."
)(_stepwise(lambda lr0, e, drop, every: type(lr0)(lr0 * drop ** (e // every))))


step_lr.mistake(
    "held at a tenth",
    "Your rate never falls below a tenth of lr0. The formula has no lower end.",
)(_stepwise(lambda lr0, e, drop, every: max(lr0 * drop ** (e // every), 0.1 * lr0)))


@step_lr.variant
def _(lr0, epoch, drop=0.5, every=10):
    lr = float(lr0)
    for e in range(1, epoch + 1):
        if e % every == 0:
            lr *= drop
    return lr


@step_lr.variant
def _(lr0, epoch, drop=0.5, every=10):
    return lr0 * np.power(drop, np.floor(epoch / every))


@step_lr.variant
def _(lr0, epoch, drop=0.5, every=10):
    return np.float32(lr0 * np.exp(np.log(drop) * int(epoch / every)))


@step_lr.variant
def _(lr0, epoch, drop=0.5, every=10):
    return lr0 if epoch < every else drop * step_lr.reference(lr0, epoch - every, drop, every)


# ---------------------------------------------------------------------------- exponential_lr


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Let the learning rate decay exponentially.",
    hints=(
        "At t = 0 the rate is lr0, and in equal times it falls by equal factors.",
        "Equation (8.13): e to a power that is negative and grows in size with t. `np.exp` computes powers "
        "of e.",
        "Multiply lr0 by `np.exp` of minus k times t.",
    ),
)
def exponential_lr(lr0, t, k):
    """Return the learning rate of exponential decay, equation (8.13): lr0 e^(-k t).

    Parameters
    ----------
    lr0 : float or int
        The rate at t = 0.
    t : float or int
        The time, any real number.
    k : float
        How fast the rate decays.

    Returns
    -------
    float
        The learning rate.
    """
    return lr0 * np.exp(-k * t)


def _decay_cases(rng):
    """Yield the cases that exponential_lr and inverse_time_lr share."""
    yield case(0.1, 3, 0.2, note="t = 3, k = 0.2")
    yield case(2.0, 2.5, 0.4, note="t = 2.5, which is no whole number")
    yield case(
        float(rng.uniform(0.5, 2)), float(rng.uniform(1, 5)), float(rng.uniform(0.1, 0.9)), note="random"
    )
    yield case(0.5, 7, 1.5, note="k = 1.5")
    yield case(0.4, 0.25, 0.3, note="t = 0.25")
    yield case(0.5, 0, 0.3, group="edge", note="t = 0: lr0")
    yield case(0.5, 4, 0.0, group="edge", note="k = 0: constant")
    yield case(1, 2, 0.5, group="edge", note="an integer lr0")
    yield case(3, 2, 1, group="edge", note="three integers")
    yield case(1, 0, 1, group="edge", note="three integers, t = 0")
    yield case(0.5, 100, 0.05, group="edge", note="t = 100", rtol=1e-4, atol=0.0)


@exponential_lr.cases
def _(rng):
    yield from _decay_cases(rng)


for _key, _message, _code in [
    (
        "growing",
        "Your rate grows: the minus in the exponent is missing.",
        lambda lr0, t, k: lr0 * np.exp(k * t),
    ),
    (
        "t outside the exponent",
        "Your t stands outside the exponent: exp(-k) times t. The product k t belongs inside.",
        lambda lr0, t, k: lr0 * np.exp(-k) * t,
    ),
    (
        "k as base",
        "You raise k to the power t. The base is e: e^(-k t).",
        lambda lr0, t, k: lr0 * np.float64(k) ** t,
    ),
    (
        "t divided by k",
        "Your exponent is -t/k. It is -k t.",
        lambda lr0, t, k: lr0 * np.exp(-np.float64(t) / k),
    ),
    (
        "k divided by t",
        "Your exponent is -k/t. It is -k t.",
        lambda lr0, t, k: lr0 * np.exp(-np.float64(k) / t),
    ),
    (
        "t cut to a whole number",
        "You cut t (or k t) to a whole number: the rate falls in steps. t is any real number.",
        lambda lr0, t, k: lr0 * np.exp(-k * np.floor(t)),
    ),
    ("base 2", "You take powers of 2. The base is e: `np.exp`.", lambda lr0, t, k: lr0 * 2.0 ** (-k * t)),
    ("base 10", "You take powers of 10. The base is e: `np.exp`.", lambda lr0, t, k: lr0 * 10.0 ** (-k * t)),
    ("lr0 left out", "Your rate does not contain lr0: it starts at 1.", lambda lr0, t, k: np.exp(-k * t)),
    (
        "half-life",
        "You halve the rate in every time k. The decay is e^(-k t).",
        lambda lr0, t, k: lr0 * 0.5 ** (np.float64(t) / k),
    ),
    (
        "exponential subtracted",
        "You subtract the exponential from lr0. It is a factor: lr0 times e^(-k t).",
        lambda lr0, t, k: lr0 - np.exp(k * t),
    ),
    (
        "lr0 in the exponent",
        "lr0 stands in your exponent. It is the factor in front.",
        lambda lr0, t, k: np.exp(-lr0 * k * t),
    ),
    (
        "minus k plus t in the exponent",
        "k and t are added in your exponent. It is their product with a minus sign: -k t.",
        lambda lr0, t, k: lr0 * np.exp(-k + t),
    ),
    (
        "inverse time",
        "You compute lr0 / (1 + k t), another schedule. Here the decay is exponential.",
        lambda lr0, t, k: lr0 / (1 + k * t),
    ),
    (
        "linear",
        "You compute lr0 (1 - k t), only the beginning of the exponential. Use `np.exp`.",
        lambda lr0, t, k: lr0 * (1.0 - k * t),
    ),
    (
        "factor 1 - k a step",
        "You multiply by 1 - k in each step. Close for small k, but the factor is e^(-k).",
        lambda lr0, t, k: lr0 * np.abs(1.0 - k) ** t,
    ),
    (
        "k ignored",
        "Your rate does not depend on k. The exponent is -k t.",
        lambda lr0, t, k: lr0 * np.exp(-1.0 * t),
    ),
    (
        "t ignored",
        "Your rate does not depend on t. The exponent is -k t.",
        lambda lr0, t, k: lr0 * np.exp(-1.0 * k),
    ),
    ("t squared", "Your exponent has t². It is -k t.", lambda lr0, t, k: lr0 * np.exp(-1.0 * k * t**2)),
    (
        "sum in the exponent",
        "Your exponent is -(k + t). It is the product, -k t.",
        lambda lr0, t, k: lr0 * np.exp(-1.0 * (k + t)),
    ),
    ("sign of the rate", "Your rate is negative.", lambda lr0, t, k: -lr0 * np.exp(-1.0 * k * t)),
]:
    exponential_lr.mistake(_key, _message)(_code)


@exponential_lr.variant
def _(lr0, t, k):
    import math

    return lr0 * math.exp(-t * k)


@exponential_lr.variant
def _(lr0, t, k):
    return lr0 / np.exp(k * t)


@exponential_lr.variant
def _(lr0, t, k):
    return np.float32(lr0 * np.power(np.e, -(k * t)))


@exponential_lr.variant
def _(lr0, t, k):
    return lr0 * np.exp(-k) ** t


# ---------------------------------------------------------------------------- inverse_time_lr


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Let the learning rate decay like 1 over the time.",
    hints=(
        "At t = 0 the rate is lr0. When k t = 1, what is left of it?",
        "Equation (8.14): the denominator is 1 at t = 0 and grows by k in each unit of time.",
        "Divide lr0 by the sum of 1 and k t; the sum needs parentheses.",
    ),
)
def inverse_time_lr(lr0, t, k):
    """Return the learning rate of 1/t decay, equation (8.14): lr0 / (1 + k t).

    Parameters
    ----------
    lr0 : float or int
        The rate at t = 0.
    t : float or int
        The time, any real number from 0 on.
    k : float
        How fast the rate decays.

    Returns
    -------
    float
        The learning rate.
    """
    return lr0 / (1 + k * t)


def _divided_again(lr0, t, k):
    """Return the rate where each step divides the rate of the step before."""
    rate = float(lr0)
    for step in range(int(t)):
        rate /= 1 + k * (step + 1)
    return rate


@inverse_time_lr.cases
def _(rng):
    yield from _decay_cases(rng)


for _key, _message, _code in [
    (
        "parentheses",
        "`lr0 / 1 + k * t` divides by 1 and adds k t: the rate grows. Put the denominator in parentheses.",
        lambda lr0, t, k: lr0 / 1 + k * t,
    ),
    (
        "1 missing",
        "Your denominator is k t: at t = 0 you divide by 0. It is 1 + k t.",
        lambda lr0, t, k: np.float64(lr0) / (k * t),
    ),
    (
        "k ignored",
        "Your rate does not depend on k. The denominator is 1 + k t.",
        lambda lr0, t, k: lr0 / (1 + t),
    ),
    (
        "t ignored",
        "Your rate does not depend on t. The denominator is 1 + k t.",
        lambda lr0, t, k: lr0 / (1 + k),
    ),
    (
        "sum for product",
        "Your denominator is 1 + k + t. It is 1 + k times t.",
        lambda lr0, t, k: lr0 / (1 + k + t),
    ),
    (
        "linear",
        "You compute lr0 (1 - k t), a straight line that becomes negative. Divide by 1 + k t.",
        lambda lr0, t, k: lr0 * (1.0 - k * t),
    ),
    (
        "t outside the denominator",
        "`lr0 / (1 + k) * t` multiplies by t. The product k t belongs inside the parentheses.",
        lambda lr0, t, k: lr0 / (1 + k) * t,
    ),
    (
        "the larger of 1 and k t",
        "Your denominator is the larger of 1 and k t. It is their sum, 1 + k t.",
        lambda lr0, t, k: lr0 / max(1, k * t),
    ),
    (
        "1 + t to the power k",
        "Your denominator is (1 + t)^k. k is a factor: 1 + k t.",
        lambda lr0, t, k: lr0 / (1.0 + t) ** k,
    ),
    (
        "divided again at every step",
        "You divide the rate of the step *before*: the divisors pile up. Each rate comes from lr0: "
        "lr0/(1 + k t).",
        _divided_again,
    ),
    (
        "t times 1 + k",
        "Your denominator is (1 + k) t. Only k is multiplied by t: 1 + k t.",
        lambda lr0, t, k: np.float64(lr0) / ((1 + k) * t),
    ),
    (
        "k times 1 + t",
        "Your denominator is k (1 + t). Only t is multiplied by k: 1 + k t.",
        lambda lr0, t, k: np.float64(lr0) / (k * (1 + t)),
    ),
    ("square", "Your denominator is squared. It is 1 + k t.", lambda lr0, t, k: lr0 / (1 + k * t) ** 2),
    (
        "root",
        "You take the root of the denominator. It is 1 + k t.",
        lambda lr0, t, k: lr0 / np.sqrt(1 + k * t),
    ),
    (
        "power t",
        "You divide by (1 + k)^t: that decays exponentially. The denominator is 1 + k t.",
        lambda lr0, t, k: lr0 / (1 + k) ** t,
    ),
    (
        "t cut to a whole number",
        "You cut t to a whole number: the rate falls in steps. t is any real number.",
        lambda lr0, t, k: lr0 / (1 + k * np.floor(t)),
    ),
    (
        "minus in the denominator",
        "Your denominator is 1 - k t: the rate grows, and k t = 1 divides by 0. It is 1 + k t.",
        lambda lr0, t, k: np.float64(lr0) / (1 - k * t),
    ),
    (
        "multiplied",
        "You multiply by 1 + k t: the rate grows. Divide.",
        lambda lr0, t, k: 1.0 * lr0 * (1 + k * t),
    ),
    ("lr0 left out", "Your rate does not contain lr0: it starts at 1.", lambda lr0, t, k: 1 / (1 + k * t)),
    (
        "lr0 in the denominator",
        "lr0 stands in the denominator too. It is 1 + k t.",
        lambda lr0, t, k: lr0 / (1 + lr0 * k * t),
    ),
    (
        "exponential",
        "You compute lr0 e^(-k t), another schedule. Here the rate is divided by 1 + k t.",
        lambda lr0, t, k: lr0 * np.exp(-1.0 * k * t),
    ),
    (
        "t divided by k",
        "Your denominator is 1 + t/k. It is 1 + k t.",
        lambda lr0, t, k: lr0 / (1 + np.float64(t) / k),
    ),
    (
        "k divided by t",
        "Your denominator is 1 + k/t. It is 1 + k t.",
        lambda lr0, t, k: lr0 / (1 + np.float64(k) / t),
    ),
    (
        "whole-number division",
        "`//` cuts the quotient to a whole number. Divide with `/`.",
        lambda lr0, t, k: lr0 // (1 + k * t),
    ),
    (
        "t counted from 1",
        "You use t + 1 (or t - 1) for t. At t = 0 the rate is lr0.",
        lambda lr0, t, k: lr0 / (1 + k * (t + 1)),
    ),
    (
        "negative exponent missing",
        "You raise to the power of +1, or take 1 + k t itself for the rate. Divide lr0 by it.",
        lambda lr0, t, k: 1.0 + k * t,
    ),
]:
    inverse_time_lr.mistake(_key, _message)(_code)


@inverse_time_lr.variant
def _(lr0, t, k):
    return lr0 * (1 + k * t) ** -1.0


@inverse_time_lr.variant
def _(lr0, t, k):
    return np.float32(np.divide(lr0, np.add(1, np.multiply(k, t))))


@inverse_time_lr.variant
def _(lr0, t, k):
    return 1 / (1 / lr0 + k * t / lr0)
