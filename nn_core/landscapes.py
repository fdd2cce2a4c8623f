r"""Landscapes: functions of two variables on which an optimizer's path can be seen.

Each function stands here with its gradient directly under it, and takes ``theta`` of shape (2,) or (2, n).
``LANDSCAPES`` holds them by name, each with a start, its minimum and a window; a new one is one function,
one gradient and the line above each.
"""

import numpy as np

from nn_core.checks import a_count, as_floats

LANDSCAPES = {}


class Landscape:
    """A function of two variables: ``f(theta)`` and ``f.gradient(theta)``.

    Attributes
    ----------
    name : str
    start : (2,) array, where a race begins
    minimum : (2,) array or None
    xlim, ylim : pairs, the window that is worth looking at
    noise : float, standard deviation of what a noisy gradient adds in each direction
    """

    def __init__(self, f, start, minimum, xlim, ylim, noise=0.0):
        self.f, self.df = f, None
        self.name = f.__name__
        self.start = np.array(start, dtype=float)
        self.minimum = None if minimum is None else np.array(minimum, dtype=float)
        self.xlim, self.ylim, self.noise = xlim, ylim, noise
        self.__doc__ = f.__doc__

    def __call__(self, theta):
        """Return f, a float for theta of shape (2,), n values for (2, n)."""
        return self.f(*coordinates(theta))

    def gradient(self, theta, rng=None):
        """Return the gradient, shaped like theta; noisy where the landscape is and a generator is given."""
        grad = np.stack(np.broadcast_arrays(*self.df(*coordinates(theta)))).astype(float)
        if self.noise and rng is not None:
            grad += self.noise * rng.standard_normal(grad.shape)
        return grad

    def __repr__(self):
        return f"<landscape {self.name}>"


def coordinates(theta):
    """Return theta (2,) or (2, n) as an array of floats, its rows the two coordinates."""
    theta = np.asarray(as_floats("theta", theta), dtype=float)
    if theta.ndim not in (1, 2) or len(theta) != 2:
        raise ValueError(f"theta must have shape (2,) or (2, n), got {theta.shape}")
    return theta


def landscape(start, minimum, xlim=(-2, 2), ylim=(-2, 2), noise=0.0):
    """Register the function below under its name."""

    def register(f):
        LANDSCAPES[f.__name__] = Landscape(f, start, minimum, xlim, ylim, noise)
        return f

    return register


def gradient_of(f):
    """Register the function below as the gradient of the landscape `f`."""

    def register(df):
        LANDSCAPES[f.__name__].df = df
        return df

    return register


@landscape(start=(-1.6, 1.2), minimum=(0, 0))
def bowl(x, y):
    r"""Bowl: $f = \frac12 (x^2 + 2 y^2)$, with eigenvalues 1 and 2."""
    return (x**2 + 2 * y**2) / 2


@gradient_of(bowl)
def bowl_gradient(x, y):
    """Gradient $(x, 2y)$."""
    return x, 2 * y


@landscape(start=(-1.8, 0.8), minimum=(0, 0), ylim=(-1.2, 1.2))
def ravine(x, y):
    r"""Ravine: $f = \frac12 (x^2 + 25 y^2)$, 25 times steeper across than along."""
    return (x**2 + 25 * y**2) / 2


@gradient_of(ravine)
def ravine_gradient(x, y):
    """Gradient $(x, 25y)$."""
    return x, 25 * y


@landscape(start=(-1.6, 0.02), minimum=(0, 1.4142135623730951))
def saddle(x, y):
    r"""Saddle: $f = \frac12 x^2 - \frac12 y^2 + \frac18 y^4$, a pass between minima at $y = \pm\sqrt2$."""
    return x**2 / 2 - y**2 / 2 + y**4 / 8


@gradient_of(saddle)
def saddle_gradient(x, y):
    """Gradient $(x, -y + y^3/2)$."""
    return x, -y + y**3 / 2


@landscape(start=(-1.4, 1.6), minimum=(1, 1), ylim=(-1, 2.5))
def rosenbrock(x, y):
    """Rosenbrock's valley: $f = (1 - x)^2 + 10 (y - x^2)^2$, curved, with a floor that hardly falls.

    Rosenbrock, 1960, has 100 in the place of 10.
    """
    return (1 - x) ** 2 + 10 * (y - x**2) ** 2


@gradient_of(rosenbrock)
def rosenbrock_gradient(x, y):
    r"""Gradient $(-2(1 - x) - 40x(y - x^2),\ 20(y - x^2))$."""
    return -2 * (1 - x) - 40 * x * (y - x**2), 20 * (y - x**2)


@landscape(start=(-1.6, 1.2), minimum=(0, 0), noise=1.0)
def noisy(x, y):
    """Noisy bowl: the bowl, but every gradient is off by a normal error of deviation 1, as a batch's is."""
    return bowl(x, y)


@gradient_of(noisy)
def noisy_gradient(x, y):
    """Gradient of the bowl; the noise is added by whoever passes a generator."""
    return bowl_gradient(x, y)


def descend(f, optimizer, steps, start=None, rng=None):
    """Walk an optimizer over a landscape.

    Parameters
    ----------
    f : Landscape
    optimizer : anything with ``step(theta, grad)``
    steps : int, 0 or more
    start : (2,) array, optional; (2, n) for n walks at once
    rng : numpy.random.Generator, optional
        For a noisy landscape.

    Returns
    -------
    path : (steps + 1, 2) array, or (steps + 1, 2, n)
        Ends early, at the last finite point within 1e6 of the origin, when the walk diverges.

    >>> from nn_core.optimizers import SGD
    >>> descend(LANDSCAPES["bowl"], SGD(lr=1.0), 1, start=(1.0, 1.0))
    array([[ 1.,  1.],
           [ 0., -1.]])
    """
    theta = np.array(as_floats("start", f.start if start is None else start, finite=True), dtype=float)
    if theta.ndim not in (1, 2) or len(theta) != 2:
        raise ValueError(f"start must have shape (2,) or (2, n), got {theta.shape}")
    path = [theta.copy()]
    for _ in range(a_count("steps", steps, 0)):
        optimizer.step(theta, f.gradient(theta, rng))
        if not np.all(np.abs(theta) < 1e6):
            break
        path.append(theta.copy())
    return np.array(path)
