"""Optimizers: how a gradient becomes a step.

Every optimizer here is one equation on one vector. ``opt.step(theta, grad)`` changes `theta` in place; the
same object walks a two-dimensional landscape or trains a network, whose parameters are one flat vector.
The learning rate is a number or a schedule of the steps made so far.
"""

import numpy as np

from nn_core.checks import a_number

OPTIMIZERS = {}

BLOCK = 32_768  # elements worked on at once: a block and its memory fit in the cache, about half the time
#                 for one Adam step on 10 million parameters; vectors up to this size are one block
FLUSH_EVERY = 128  # steps between two flushes of denormal numbers, see Optimizer.flush


def optimizer(name, **ranges):
    """Register the class below; `ranges` are the intervals of its hyper-parameters."""

    def register(cls):
        cls.name, cls.ranges = name, ranges
        OPTIMIZERS[name] = cls
        return cls

    return register


class Optimizer:
    """What all optimizers share: the rate `lr`, the count `t` of steps made, the memory, the blocks.

    Parameters
    ----------
    lr : float, the learning rate, or a schedule t -> lr of the steps made so far
    """

    memory = ()  # names of the arrays that live from step to step, zero at the start
    decaying = ()  # those among them that fade by a constant factor

    def __init__(self, lr):
        self.lr = lr if callable(lr) else a_number("lr", lr, 0)
        self.t = 0
        self._first = self._theta = self._grad = None

    @property
    def rate(self):
        """Return the learning rate of the next step."""
        return a_number(f"lr({self.t})", self.lr(self.t), 0) if callable(self.lr) else self.lr

    def step(self, theta, grad):
        """Move `theta` one step against `grad`.

        Parameters
        ----------
        theta : float32 or float64 array of any shape, changed in place
        grad : array of the same shape, left as it is

        Raises
        ------
        TypeError, ValueError
            if the arrays do not fit each other, or are not like those of the first step.
        """
        if theta is not self._theta or grad is not self._grad:  # the arrays of the last step need no look:
            self._look(theta, grad)  # 1 of 20 µs for a step of a small network
        lr = float(self.rate)
        for theta_b, grad_b, *memory_b in self._blocks:
            self.update(theta_b, grad_b, lr, *memory_b)
        self.t += 1
        if self.t % FLUSH_EVERY == 0:
            self.flush()

    def update(self, theta, grad, lr, *memory):
        """Apply the equation to `theta` and `memory`, in place."""
        raise NotImplementedError

    def flush(self):
        """Set to zero what has faded to almost nothing.

        The memory of a weight whose gradient stays zero shrinks forever; below 1e-38 (float32) its
        numbers are denormal, and many processors take longer over those. Nothing else notices.
        """
        for name in self.decaying:
            array = getattr(self, name).reshape(-1)
            small = np.finfo(array.dtype).tiny * 1e8
            for start in range(0, array.size, BLOCK):
                block = array[start : start + BLOCK]
                block[np.abs(block) < small] = 0

    def numbers(self, *values):
        """Return the values as 0-d arrays of theta's dtype.

        An operation on a short vector takes half as long with one of them as with a number of Python, which
        NumPy must make an array of first: 3 of 20 µs for a step of Adam in a small network.
        """
        self._numbers[: len(values)] = values
        return self._views[: len(values)]

    def _look(self, theta, grad):
        """Check arrays that are not those of the last step, and divide them into blocks."""
        arrays = isinstance(theta, np.ndarray) and isinstance(grad, np.ndarray)
        if not arrays or (theta.shape, theta.dtype) != self._first or grad.shape != theta.shape:
            self._start(theta, grad)
        arrays = [theta, grad, *(getattr(self, name) for name in self.memory)]
        if theta.ndim and (theta.size <= BLOCK or not theta.flags.c_contiguous):
            self._blocks = [arrays]
        else:
            flat = [array.reshape(-1) for array in arrays]
            starts = range(0, theta.size, BLOCK)
            self._blocks = [[array[start : start + BLOCK] for array in flat] for start in starts]
        self._theta, self._grad = theta, grad

    def _start(self, theta, grad):
        """Check the arrays of the first step, and make the memory."""
        for name, array in (("theta", theta), ("grad", grad)):
            if not isinstance(array, np.ndarray):
                raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")
        if theta.dtype.type not in (np.float32, np.float64):
            raise TypeError(f"theta is changed in place and must be float32 or float64, got {theta.dtype}")
        if grad.dtype.kind not in "fiub":
            raise TypeError(f"grad must hold real numbers, got dtype {grad.dtype}")
        if grad.shape != theta.shape:
            raise ValueError(f"grad must have the shape of theta, {theta.shape}, got {grad.shape}")
        if theta.size == 0:
            raise ValueError("theta must not be empty")
        if self._first is not None:
            shape, dtype = self._first
            raise ValueError(
                f"theta must keep the shape and dtype of the first step, {shape} {dtype}, "
                f"got {theta.shape} {theta.dtype}; take a new optimizer for other parameters"
            )
        for name in self.memory:
            setattr(self, name, np.zeros_like(theta, order="C"))
        self._numbers = np.empty(8, theta.dtype)
        self._views = [self._numbers[i : i + 1].reshape(()) for i in range(8)]
        self._first = (theta.shape, theta.dtype)

    def __getstate__(self):  # a copy divides its own arrays into blocks, at its first step
        return {**vars(self), "_theta": None, "_grad": None, "_blocks": None}

    def __repr__(self):
        hidden = (*self.memory, "memory", "decaying", "t")
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items()
                          if name not in hidden and not name.startswith("_"))
        return f"{type(self).__name__}({shown})"


@optimizer("sgd", lr=(1e-3, 1.0), momentum=(0.0, 0.99), weight_decay=(0.0, 0.1))
class SGD(Optimizer):
    r"""Gradient descent: $\theta \leftarrow \theta - v$ with $v \leftarrow \beta v + \eta g$.

    Equations (8.1) to (8.4). Without momentum, $\beta = 0$. With ``nesterov=True`` the rearranged form of
    Nesterov's method, which needs the gradient at theta alone. ``weight_decay`` adds $\lambda\theta$ to the
    gradient. PyTorch keeps the learning rate out of v; while the rate is constant, the two are equal.

    Parameters
    ----------
    lr : float or schedule
    momentum : float from 0 to below 1, $\beta$, the share of the velocity that is kept
    nesterov : bool, look ahead along the velocity
    weight_decay : float, $\lambda$

    >>> theta = np.array([1.0, -2.0])
    >>> SGD(lr=0.1).step(theta, 2 * theta)
    >>> theta
    array([ 0.8, -1.6])
    """

    def __init__(self, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
        super().__init__(lr)
        self.momentum = a_number("momentum", momentum, 0, 1, open_high=True)
        self.nesterov = bool(nesterov)
        self.weight_decay = a_number("weight_decay", weight_decay, 0)
        if nesterov and momentum == 0:
            raise ValueError("nesterov=True needs a momentum above 0, got momentum=0")
        self.memory = self.decaying = ("v",) if momentum else ()

    def update(self, theta, grad, lr, v=None):
        """Apply one of (8.1), (8.2), (8.4)."""
        lr, beta = self.numbers(lr, self.momentum)
        g = grad + self.weight_decay * theta if self.weight_decay else grad
        g = np.multiply(g, lr, dtype=theta.dtype)
        if v is None:
            theta -= g  # (8.1)
            return
        v *= beta
        v += g
        if self.nesterov:
            theta -= g
            np.multiply(v, beta, out=g)
            theta -= g  # (8.4)
        else:
            theta -= v  # (8.2)


@optimizer("adagrad", lr=(1e-3, 1.0))
class AdaGrad(Optimizer):
    r"""AdaGrad: $s \leftarrow s + g^2$, $\theta \leftarrow \theta - \eta g / (\sqrt{s} + \epsilon)$.

    Equation (8.5). Duchi, Hazan and Singer, 2011.

    Parameters
    ----------
    lr : float or schedule
    eps : float above 0, beside the root, so that nothing is divided by 0
    """

    memory = ("s",)

    def __init__(self, lr=1e-2, eps=1e-8):
        super().__init__(lr)
        self.eps = a_number("eps", eps, 0, open_low=True)

    def update(self, theta, grad, lr, s):
        """Apply (8.5)."""
        s += grad * grad
        root = np.sqrt(s)
        root += self.eps
        np.divide(grad, root, out=root)
        root *= lr
        theta -= root


@optimizer("rmsprop", lr=(1e-4, 0.1), rho=(0.5, 0.999))
class RMSProp(Optimizer):
    r"""RMSProp: $\theta \leftarrow \theta - \eta g / (\sqrt{s} + \epsilon)$, s a fading mean of squares.

    Equation (8.6), with $s \leftarrow \rho s + (1 - \rho) g^2$. Tieleman and Hinton, 2012, lecture 6.5.

    Parameters
    ----------
    lr : float or schedule
    rho : float from 0 to below 1, the share of the old mean that is kept
    eps : float above 0, beside the root
    """

    memory = decaying = ("s",)

    def __init__(self, lr=1e-2, rho=0.9, eps=1e-8):
        super().__init__(lr)
        self.rho = a_number("rho", rho, 0, 1, open_high=True)
        self.eps = a_number("eps", eps, 0, open_low=True)

    def update(self, theta, grad, lr, s):
        """Apply (8.6)."""
        root = grad * grad
        root *= 1 - self.rho
        s *= self.rho
        s += root
        np.sqrt(s, out=root)
        root += self.eps
        np.divide(grad, root, out=root)
        root *= lr
        theta -= root


@optimizer("adam", lr=(1e-4, 0.1), beta1=(0.0, 0.99), beta2=(0.9, 0.9999))
class Adam(Optimizer):
    r"""Adam: $\theta \leftarrow \theta - \eta \hat m / (\sqrt{\hat v} + \epsilon)$.

    Equations (8.7) to (8.10), Algorithm 1 of Kingma and Ba, 2015. `m` and `v` are stored uncorrected.

    Parameters
    ----------
    lr : float or schedule
    beta1, beta2 : floats from 0 to below 1, the shares of the old means of g and of g² that are kept
    eps : float above 0, beside the root
    """

    memory = decaying = ("m", "v")

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(lr)
        self.beta1 = a_number("beta1", beta1, 0, 1, open_high=True)
        self.beta2 = a_number("beta2", beta2, 0, 1, open_high=True)
        self.eps = a_number("eps", eps, 0, open_low=True)

    def update(self, theta, grad, lr, m, v):
        """Apply (8.7) to (8.10)."""
        t, root = self.t + 1, (1 - self.beta2 ** (self.t + 1)) ** 0.5
        beta1, rest1, beta2, rest2, eps, rate = self.numbers(
            self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2,
            self.eps * root, lr * root / (1 - self.beta1**t))
        work = np.multiply(grad, rest1, dtype=theta.dtype)
        m *= beta1
        m += work  # (8.7) m = β₁ m + (1 - β₁) g
        np.multiply(grad, grad, out=work)
        work *= rest2
        v *= beta2
        v += work  # (8.8) v = β₂ v + (1 - β₂) g²
        np.sqrt(v, out=work)
        work += eps  # √v + ε √(1 - β₂ᵗ), which is √(1 - β₂ᵗ) times the √v̂ + ε of (8.9)
        np.divide(m, work, out=work)
        work *= rate
        theta -= work  # (8.10) θ = θ - η m̂ / (√v̂ + ε), the root in `rate` again


@optimizer("adamw", lr=(1e-4, 0.1), beta1=(0.0, 0.99), beta2=(0.9, 0.9999), weight_decay=(0.0, 0.5))
class AdamW(Adam):
    r"""AdamW: Adam after $\theta \leftarrow \theta - \eta \lambda \theta$, which the moments never see.

    Equation (8.11). Loshchilov and Hutter, 2019, in the form of PyTorch.

    Parameters
    ----------
    lr, beta1, beta2, eps : as for Adam
    weight_decay : float, $\lambda$, the share of theta that is taken away, times lr
    """

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        super().__init__(lr, beta1, beta2, eps)
        self.weight_decay = a_number("weight_decay", weight_decay, 0)

    def update(self, theta, grad, lr, m, v):
        """Shrink, then apply Adam's step."""
        theta *= 1 - lr * self.weight_decay  # (8.11)
        super().update(theta, grad, lr, m, v)
