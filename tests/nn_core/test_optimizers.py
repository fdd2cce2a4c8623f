"""Every optimizer: its equation, its path beside PyTorch's, its manners."""

import numpy as np
import pytest

import nn_core as nn
from nn_core import optimizers

MAKE = {name: (lambda cls=cls: cls(lr=0.01)) for name, cls in nn.OPTIMIZERS.items()}
MAKE["momentum"] = lambda: nn.SGD(0.01, momentum=0.9)
MAKE["nesterov"] = lambda: nn.SGD(0.01, momentum=0.9, nesterov=True)
every_optimizer = pytest.mark.parametrize("make", MAKE.values(), ids=list(MAKE))


def rosenbrock_gradient(theta):
    x, y = theta[0], theta[1]
    return np.array([-2 * (1 - x) - 40 * x * (y - x**2), 20 * (y - x**2)])


def walk(opt, theta, gradient, steps):
    path = [theta.copy()]
    for _ in range(steps):
        opt.step(theta, gradient(theta))
        path.append(theta.copy())
    return np.array(path)


PYTORCH = {
    "sgd": (lambda: nn.SGD(0.002), "SGD", {"lr": 0.002}),
    "weight decay": (lambda: nn.SGD(0.002, 0.9, weight_decay=0.1), "SGD",
                     {"lr": 0.002, "momentum": 0.9, "weight_decay": 0.1}),
    "momentum": (lambda: nn.SGD(0.002, 0.9), "SGD", {"lr": 0.002, "momentum": 0.9}),
    "nesterov": (lambda: nn.SGD(0.002, 0.9, nesterov=True), "SGD",
                 {"lr": 0.002, "momentum": 0.9, "nesterov": True}),
    "adagrad": (lambda: nn.AdaGrad(0.1), "Adagrad", {"lr": 0.1, "eps": 1e-8}),
    "rmsprop": (lambda: nn.RMSProp(0.01), "RMSprop", {"lr": 0.01, "alpha": 0.9}),
    "adam": (lambda: nn.Adam(0.05, eps=1e-3), "Adam", {"lr": 0.05, "eps": 1e-3}),
    "adamw": (lambda: nn.AdamW(0.05, 0.8, 0.99, weight_decay=0.1), "AdamW",
              {"lr": 0.05, "betas": (0.8, 0.99), "weight_decay": 0.1}),
}


@pytest.mark.parametrize("name", PYTORCH)
def test_path_of_pytorch(name, torch):
    make, cls, options = PYTORCH[name]
    start = np.array([-1.5, 1.2])
    ours = walk(make(), start.copy(), rosenbrock_gradient, 200)
    w = torch.nn.Parameter(torch.tensor(start))
    opt = getattr(torch.optim, cls)([w], **options)
    theirs = [start]
    for _ in range(200):
        w.grad = torch.tensor(rosenbrock_gradient(w.detach().numpy()))
        opt.step()
        theirs.append(w.detach().numpy().copy())
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_path_with_a_schedule_of_pytorch(torch):
    schedule = nn.CosineAnnealing(0.05, 150, lr_min=0.001)
    ours = walk(nn.Adam(schedule), np.array([-1.5, 1.2]), rosenbrock_gradient, 200)
    w = torch.nn.Parameter(torch.tensor([-1.5, 1.2], dtype=torch.float64))
    opt = torch.optim.Adam([w], lr=1.0)
    lr = torch.optim.lr_scheduler.LambdaLR(opt, schedule)
    for _ in range(200):
        w.grad = torch.tensor(rosenbrock_gradient(w.detach().numpy()))
        opt.step()
        lr.step()
    np.testing.assert_allclose(ours[-1], w.detach().numpy(), rtol=1e-9)


def written_out(name, theta, gradient, steps):
    """Return the path by the equations of chapter 8, one plain line after the other."""
    w, v, s, m, path = theta.copy(), 0 * theta, 0 * theta, 0 * theta, [theta.copy()]
    for t in range(1, steps + 1):
        g = gradient(w)
        if name == "sgd":
            w = w - 0.01 * g
        elif name in ("momentum", "nesterov"):
            v = 0.9 * v + 0.01 * g
            w = w - (v if name == "momentum" else 0.9 * v + 0.01 * g)
        elif name == "adagrad":
            s = s + g**2
            w = w - 0.01 * g / (np.sqrt(s) + 1e-8)
        elif name == "rmsprop":
            s = 0.9 * s + 0.1 * g**2
            w = w - 0.01 * g / (np.sqrt(s) + 1e-8)
        else:  # adam, adamw
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            decay = 0.01 * 0.01 * w if name == "adamw" else 0
            w = w - decay - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(w.copy())
    return np.array(path)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_path_of_the_equations(name):
    start = np.array([-0.5, 0.8])
    path = walk(MAKE[name](), start.copy(), rosenbrock_gradient, 50)
    np.testing.assert_allclose(path, written_out(name, start, rosenbrock_gradient, 50), rtol=1e-10)


def test_two_forms_of_nesterov_agree():
    beta, lr = 0.9, 0.002
    w, v, look_ahead = np.array([-1.5, 1.2]), np.zeros(2), []
    for _ in range(50):
        look_ahead.append(w - beta * v)
        v = beta * v + lr * rosenbrock_gradient(w - beta * v)  # (8.3), which asks for the gradient elsewhere
        w = w - v
    path = walk(nn.SGD(lr, beta, nesterov=True), np.array([-1.5, 1.2]), rosenbrock_gradient, 49)
    np.testing.assert_allclose(path, look_ahead, rtol=1e-10)  # (8.4) walks on the points of look-ahead


@every_optimizer
def test_reaches_the_bottom_of_a_bowl(make):
    opt, theta = make(), np.array([1.0, -2.0, 0.5])
    opt.lr = 0.05 if not isinstance(opt, nn.AdaGrad) else 0.5
    walk(opt, theta, lambda theta: np.array([1.0, 2.0, 5.0]) * theta, 2000)
    assert np.abs(theta).max() < 0.06


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (2, 1, 3)])
def test_any_shape_in_place_and_grad_untouched(make, dtype, shape, rng):
    opt, theta = make(), np.asarray(rng.normal(size=shape), dtype)
    grad = np.asarray(rng.normal(size=shape), dtype)
    same, before, grad_before = theta, theta.copy(), grad.copy()
    for _ in range(3):
        assert opt.step(theta, grad) is None
    assert same is theta and theta.dtype == dtype and theta.shape == shape
    assert (theta != before).all() and opt.t == 3
    np.testing.assert_array_equal(grad, grad_before)
    assert all(getattr(opt, name).dtype == dtype for name in opt.memory)


@every_optimizer
def test_blocks_change_nothing(make, rng):
    size = 2 * optimizers.BLOCK + 17
    theta, grads = rng.normal(size=size), rng.normal(size=(3, size))
    whole, pieces = theta.copy(), theta.copy()
    opt, small = make(), [make() for _ in range(3)]
    for grad in grads:
        opt.step(whole, grad)
        for one, part in zip(small, np.array_split(np.arange(size), 3), strict=True):
            piece = pieces[part]
            one.step(piece, grad[part])
            pieces[part] = piece
    np.testing.assert_array_equal(whole, pieces)


@every_optimizer
def test_transposed_and_strided_arrays(make, rng):
    big = rng.normal(size=(400, 300))
    theta, plain = big.T[::2], big.T[::2].copy()
    opt, other = make(), make()
    for _ in range(2):
        grad = rng.normal(size=theta.shape)
        opt.step(theta, grad)
        other.step(plain, np.asfortranarray(grad))
    np.testing.assert_array_equal(theta, plain)


@every_optimizer
def test_a_schedule_counts_steps_from_zero(make):
    seen = []
    opt = make()
    opt.lr = lambda t: seen.append(t) or 0.1
    walk(opt, np.ones(2), lambda theta: theta, 3)
    assert seen == [0, 1, 2]
    assert make().rate == 0.01


def test_a_schedule_that_gives_no_rate_is_named():
    with pytest.raises(TypeError, match=r"lr\(0\) must be a number, got None"):
        nn.SGD(lambda t: None).step(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match=r"lr\(0\) must lie in"):
        nn.Adam(lambda t: -0.1).step(np.ones(2), np.ones(2))


@every_optimizer
def test_numbers_of_numpy_do_not_widen_float32(make, rng):
    opt, theta = make(), rng.normal(size=9).astype(np.float32)
    opt.lr = lambda t: np.where(t < 1, 0.01, 0.1) if t < 2 else np.float64(0.01)
    for _ in range(3):
        opt.step(theta, theta.copy())
    assert theta.dtype == np.float32


@pytest.mark.parametrize("name", [name for name, make in MAKE.items() if make().decaying])
def test_what_fades_is_flushed(name):
    opt, theta = MAKE[name](), np.ones(4, np.float32)
    opt.step(theta, np.ones(4, np.float32))
    for _ in range(2000):
        opt.step(theta, np.zeros(4, np.float32))
    tiny = np.finfo(np.float32).tiny
    for name in opt.decaying:
        array = np.abs(getattr(opt, name))
        assert not ((array > 0) & (array < tiny)).any()


def test_decay_of_adamw_is_decoupled():
    theta = np.array([2.0, -3.0])
    opt = nn.AdamW(0.1, weight_decay=0.5)
    opt.step(theta, np.zeros(2))
    np.testing.assert_allclose(theta, [1.9, -2.85])
    assert not opt.m.any() and not opt.v.any()


def test_adam_keeps_its_moments_uncorrected_and_its_first_step_is_lr():
    theta, opt = np.zeros(2), nn.Adam(0.1)
    opt.step(theta, np.array([5.0, -1e-3]))
    np.testing.assert_allclose(opt.m, [0.5, -1e-4])
    np.testing.assert_allclose(opt.v, [0.025, 1e-9])
    np.testing.assert_allclose(theta, [-0.1, 0.1], rtol=1e-4)


@every_optimizer
def test_bad_arrays_are_named(make):
    for theta, grad, error, message in (
        ([1.0], np.ones(1), TypeError, "theta must be a NumPy array, got list"),
        (np.ones(1), [1.0], TypeError, "grad must be a NumPy array, got list"),
        (np.ones(1, np.int64), np.ones(1), TypeError, "theta .*float32 or float64, got int64"),
        (np.ones(2), np.array(["a", "b"]), TypeError, "grad must hold real numbers, got dtype <U1"),
        (np.ones(3), np.ones((3, 1)), ValueError, r"grad must have the shape of theta, \(3,\), got \(3, 1\)"),
        (np.ones(0), np.ones(0), ValueError, "theta must not be empty"),
    ):
        with pytest.raises(error, match=message):
            make().step(theta, grad)
    opt = make()
    opt.step(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="new optimizer"):
        opt.step(np.ones(4), np.ones(4))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.SGD(-1), ValueError, "lr must lie in"),
        (lambda: nn.SGD("fast"), TypeError, "lr must be a number, got 'fast'"),
        (lambda: nn.SGD(float("nan")), ValueError, "lr"),
        (lambda: nn.SGD(True), TypeError, "lr"),
        (lambda: nn.SGD(0.1, momentum=1), ValueError, r"momentum must lie in \[0, 1\), got 1"),
        (lambda: nn.SGD(0.1, nesterov=True), ValueError, "nesterov=True needs a momentum"),
        (lambda: nn.Adam(beta2=1.0), ValueError, "beta2"),
        (lambda: nn.Adam(eps=0), ValueError, "eps"),
        (lambda: nn.AdamW(weight_decay=-1), ValueError, "weight_decay"),
        (lambda: nn.RMSProp(rho=-0.1), ValueError, "rho"),
    ],
)
def test_bad_settings_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_repr_shows_the_settings():
    assert repr(nn.SGD(0.1, 0.9)) == "SGD(lr=0.1, momentum=0.9, nesterov=False, weight_decay=0.0)"
