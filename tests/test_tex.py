"""The formulas themselves, evaluated: TeX in, numbers out.

test_equations.py says each equation in NumPy. Here the chapter's own TeX is read and computed, for every
equation made of arithmetic, sums, cases and known functions: each side of each equals sign must give the
same numbers, and the left side is what nn_core computes. A sign that is wrong on the page is wrong here.
"""

import math
import operator
import re
from functools import partial, reduce
from pathlib import Path

import numpy as np
import pytest

import nn_core as nn

ROOT = Path(__file__).parents[1]
A, L = nn.ACTIVATIONS, nn.LOSSES
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S")
SILENT = {r"\,", r"\;", r"\!", r"\quad", r"\big", r"\Big", r"\mathbf", r"\boldsymbol", r"\displaystyle",
          r"\left", r"\right"}
erf = np.vectorize(math.erf, otypes=[float])
ELEMENTARY = {
    r"\max": lambda *x: reduce(np.maximum, x), r"\min": lambda *x: reduce(np.minimum, x), r"\ln": np.log,
    r"\tanh": np.tanh, r"\cos": np.cos, "sign": np.sign, "erf": erf,
}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", r"\lvert": r"\rvert", r"\lfloor": r"\rfloor"}
COMPARE = {"<": operator.lt, ">": operator.gt, r"\le": operator.le, r"\ge": operator.ge}


class Formula:
    """A recursive-descent reader of TeX that computes as it reads, with `names` for the letters."""

    def __init__(self, tokens, names):
        self.tokens, self.names = list(tokens), names

    def peek(self):
        return self.tokens[0] if self.tokens else None

    def take(self, expected=None):
        token = self.tokens.pop(0)
        if expected is not None and token != expected:
            raise SyntaxError(f"{expected!r} expected, found {token!r} before {''.join(self.tokens)!r}")
        return token

    def inside(self, opening):
        """The tokens up to the brace that closes `opening`, which has been taken."""
        depth, found = 1, []
        while True:
            token = self.take()
            depth += (token == opening) - (token == CLOSING[opening])
            if depth == 0:
                return found
            found.append(token)

    def value_of(self, tokens, **more):
        formula = Formula(tokens, {**self.names, **more})
        value = formula.sum()
        if formula.tokens:
            raise SyntaxError(f"not understood: {''.join(formula.tokens)!r}")
        return value

    def sum(self):
        value = -self.term() if self.peek() == "-" and self.take() else self.term()
        while self.peek() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self):
        value = self.power()
        while self.peek() not in (None, "+", "-", ",", "|", r"\rvert", ")", "]", r"\rfloor", "&", *COMPARE):
            if self.peek() in (r"\cdot", "/"):
                value = value / self.power() if self.take() == "/" else value * self.power()
            else:
                value = value * self.power()  # letters side by side
        return value

    def power(self):
        base = self.atom()
        if self.peek() == "^":
            self.take()
            base = base ** self.argument()
        return base

    def argument(self):
        """What follows ^ or \\frac: a group in braces, a command, or a single digit or letter."""
        if self.peek() == "{":
            self.take()
            return self.value_of(self.inside("{"))
        if self.peek().isdigit() and len(self.peek()) > 1:
            digits = self.take()
            self.tokens.insert(0, digits[1:])
            return float(digits[0])
        return self.atom()

    def atom(self):
        token = self.take()
        if re.fullmatch(r"\d+(?:\.\d+)?", token):
            return float(token)
        if token == "-":
            return -self.power()
        if token in CLOSING:
            value = self.sum() if token in "|\\lvert" else self.value_of(self.inside(token))
            if token in ("|", r"\lvert"):
                self.take(CLOSING[token])
                return np.abs(value)
            return np.floor(value) if token == r"\lfloor" else value
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            if self.tokens[:2] == ["{", r"\partial"]:
                return self.derivative()
            above = self.argument()
            return above / self.argument()
        if token == r"\sqrt":
            return np.sqrt(self.argument())
        if token == "e" and self.peek() == "^":
            self.take()
            return np.exp(self.argument())
        if token == r"\sum":
            return self.total()
        if token == r"\begin":
            return self.cases()
        return self.name(token)

    def derivative(self):
        r"""\frac{\partial L}{\partial x_i}, which the names know as dL/dx."""
        (_, *above), (_, *below) = (self.argument_tokens() for _ in range(2))
        of, _, _ = self.letter(above)
        by, place, index = self.letter(below)
        value = self.names[f"d{of}/d{by}"]
        return Formula(index, self.names).indexed(by, value) if place else value

    @staticmethod
    def letter(tokens):
        """A letter's name and, behind it, its index."""
        place = tokens.index("_") if "_" in tokens else len(tokens)
        name = "".join(token + " " if token == r"\hat" else token for token in tokens[:place])
        return name, place < len(tokens), tokens[place:]

    def total(self):
        r"""\sum_{i=1}^{n} of a term; without limits, over names["indices"]."""
        self.take("_")
        index = self.inside("{") if self.peek() == "{" and self.take() else [self.take()]
        if "=" in index:
            self.take("^")
            numbers = range(int(self.value_of(index[2:])), int(self.argument()) + 1)
        else:
            numbers = self.names["indices"][index[0]]
        rest, parts = self.tokens, []
        for i in numbers:
            formula = Formula(rest, {**self.names, index[0]: i})
            parts.append(formula.term())
        self.tokens = formula.tokens
        return sum(parts)

    def cases(self):
        for token in "{cases}":
            self.take(token)
        body, values, conditions = [], [], []
        while self.peek() != r"\end":
            body.append(self.take())
        for token in [r"\end", *"{cases}"]:
            self.take(token)
        rows = " ".join(body).split(r"\\")
        for row in (re.sub(r"^\s*\[ 4 p t \]", "", row) for row in rows):
            value, condition = row.split("&")
            values.append(self.value_of(value.split()))
            words = re.sub(r"\\text \{[^}]*\}", "", condition).split()
            sign = next((word for word in words if word in COMPARE), None)
            if sign is None:
                conditions.append(True)
            else:
                left, right = words[: words.index(sign)], words[words.index(sign) + 1 :]
                while right[-1] == ".":
                    right.pop()
                conditions.append(COMPARE[sign](self.value_of(left), self.value_of(right)))
        return np.select(conditions, values)

    def name(self, token):
        """A letter or a word with its primes and indices; a function is applied to what follows it."""
        if token in (r"\operatorname", r"\text"):
            self.take("{")
            token = "".join(self.inside("{"))
        elif token in (r"\hat", r"\tilde"):
            token = f"{token} {''.join(self.argument_tokens())}"
        while self.peek() == "'":
            token += self.take()
        if token == r"\nabla":
            return self.call(self.names[token + self.take("L")])
        known = self.names.get(token, ELEMENTARY.get(token))
        if self.peek() == "_":
            known = self.names.get(token + "_", known)  # n_l beside n
        if callable(known):
            exponent = 1.0
            if self.peek() == "^":
                self.take()
                exponent = self.argument()
            value = self.call(known) ** exponent
        elif self.peek() == "_":
            return self.indexed(token, known)
        elif known is None:
            raise SyntaxError(f"{token!r} has no value")
        else:
            value = known
        return self.indexed(token, value) if self.peek() == "_" else value

    def argument_tokens(self):
        if self.peek() == "{":
            self.take()
            return self.inside("{")
        return [self.take()]

    def call(self, function):
        if self.peek() != "(":
            return function(self.power())
        self.take()
        arguments, part, depth = [], [], 0
        for token in self.inside("("):
            depth += (token in "([{") - (token in ")]}")
            if token == "," and depth == 0:
                arguments.append(self.value_of(part))
                part = []
            else:
                part.append(token)
        return function(*arguments, self.value_of(part))

    def indexed(self, token, value):
        self.take("_")
        index = self.argument_tokens()
        whole = f"{token}_{''.join(index)}"
        if whole in self.names:
            return self.names[whole]
        if all(isinstance(self.names.get(letter), int) for letter in index):
            for letter in index:  # indices side by side, counted from 1; a dict counts as it likes
                place = self.names[letter]
                value = value[place] if isinstance(value, dict) else value[place - 1]
            return value
        return value[int(self.value_of(index))]


def statements(number):
    """The statements of an equation, each as the list of its sides with the signs between them."""
    (path,) = (ROOT / "solutions").glob(f"{int(number.split('.')[0]):02d}_*/*.md")
    displays = re.findall(r"\$\$(.+?)\$\$", path.read_text("utf-8"), re.S)
    (tex,) = (display for display in displays if rf"\tag{{{number}}}" in display)
    tex = re.sub(r"\\tag\{[^}]*\}", "", tex)
    if "cases" not in tex:
        tex = re.sub(r"\\text\{[^}]* [^}]*\}", "", tex)  # words between the statements
    for statement in re.split(r"\\qquad(?![a-zA-Z])", tex):
        tokens = [token for token in TOKEN.findall(statement.strip().rstrip(".,")) if token not in SILENT]
        sides, depth = [[]], 0
        for token in tokens:
            depth += (token == "{") - (token == "}")
            if token in ("=", r"\approx", r"\leftarrow") and depth == 0:
                sides += [token], []
            else:
                sides[-1].append(token)
        yield sides[::2], [sign for (sign,) in sides[1::2]]


def softened(function):
    """Let a function of nn_core, which wants arrays, take numbers too."""
    return lambda *x: function(*(np.asarray(value, dtype=float) for value in x))


def activation(name, tex, **params):
    f = A[name]
    greek = {rf"\{letter}": value for letter, value in params.items()}
    f, df = (softened(partial(g, **params)) for g in (f, f.derivative))
    return {tex: f, tex + "'": df, **greek}


def bowl(theta):
    return np.array([1.0, 25.0]) * theta


def fourth_step(opt, *memory, **letters):
    """The letters before the fourth step of an optimizer in a bowl, and those that it leaves."""
    theta, states = np.array([-1.8, 0.8]), []
    for _ in range(4):
        g = bowl(theta)
        kept = {letter: getattr(opt, letter, 0 * theta) + 0 for letter in memory}
        states.append({"g": g, r"\theta": theta.copy(), **kept})
        opt.step(theta, g)
    after = {r"\theta": theta, **{m: getattr(opt, m) for m in memory}}
    return {**states[-1], r"\nablaL": bowl, "t": 4, **{rf"\{k}": v for k, v in letters.items()}}, after


def ahead(state, beta=0.9):
    """nn_core stores the point ahead; (8.3) speaks of the point behind it."""
    return {**state, r"\theta": state[r"\theta"] + beta * state["v"]}


SIGMA = activation("sigmoid", r"\sigma")
z = np.array([-2.5, -0.4, 0.3, 1.7])
y_hat, y = np.array([0.3, -1.2, 2.5, 0.1]), np.array([0.5, -0.2, 0.4, 0.0])
p, labels = np.array([0.2, 0.7, 0.9, 0.4]), np.array([0.0, 1.0, 0.0, 1.0])
signs, scores = np.array([1.0, -1.0, 1.0, -1.0]), np.array([0.3, 0.5, 2.0, -3.0])
Z = np.array([[0.3, -1.0, 2.0], [1.5, 0.2, 0.1], [-0.5, 0.4, -0.6], [0.7, -0.2, 0.9]])
PROBABILITIES, ONE_HOT = nn.softmax(Z), np.eye(3)[[2, 0, 1, 1]]
FOUR = {"indices": {"i": range(1, 5)}, "n": 4, "N": 4}
VALUE_PAIR = {r"\hat y": y_hat, "y": y, "d": y_hat - y, **FOUR}
COIN_PAIR = {r"\hat p": p, "y": labels, **FOUR}
LOGIT_PAIR = {"z": z, "a": A["sigmoid"](z), "y": labels, **FOUR}
PRELU = nn.layers.PReLU(3)
PRELU.forward(Z)
PRELU_BACK = PRELU.backward(PROBABILITIES)
KNOTS, HEIGHTS = np.array([0.0, 1.0, 3.0, 4.0]), np.array([2.0, 0.0, 1.0, -1.0])
SLOPES = np.diff(HEIGHTS) / np.diff(KNOTS)
SIZES = {"n_": {0: 64, 1: 32, 2: 16, 3: 10}, "L": 3}
ADAM = {"beta1": 0.8, "beta2": 0.95, "eps": 0.01}
ADAM_LETTERS = {"eta": 0.1, "beta_1": 0.8, "beta_2": 0.95, "varepsilon": 0.01}
adam, adam_after = fourth_step(nn.Adam(0.1, **ADAM), "m", "v", **ADAM_LETTERS)
M_HAT, V_HAT = adam_after["m"] / (1 - 0.8**4), adam_after["v"] / (1 - 0.95**4)
rosenblatt = nn.Perceptron(lr=0.5)
rosenblatt.w_, rosenblatt.b_ = np.array([0.3, 0.2]), 0.1
rosenblatt.update(np.array([1.0, 2.0]), 0)  # its answer is 1

# The values of an equation's letters. Indices count from 1, those of a dict as it says; n_ is n with one.
VALUES = {
    "1.3": {"z": 1.0, "a": 1.0},
    "1.5": {
        "r": lambda current: np.where(current > 1, 1 / (0.002 - 0.02 * np.log1p(-1 / current)), 0),
        "I": np.array([0.5, 1.5, 3.0]), r"\tau": 0.02, r"t_\text{ref}": 0.002,
    },
    "2.2": {"w": np.array([0.3, 0.2]), "x": np.array([1.0, 2.0]), "y": 0, r"\hat y": 1, r"\eta": 0.5},
    "2.3": {"b": 0.1, "y": 0, r"\hat y": 1, r"\eta": 0.5},
    "2.5": {r"\theta": np.array([0.3, 0.2, 0.1]), r"\tilde x": np.array([1.0, 2, 1]), "s": -1, r"\eta": 0.5},
    "3.3": {"P": nn.MLP([64, 32, 16, 10], init="zeros").theta.size, **SIZES},
    "3.5": {r"\hat y": np.interp([0, 0.4, 1, 2, 3], KNOTS, HEIGHTS), "x": np.array([0, 0.4, 1, 2, 3])},
    "3.6": {
        r"\hat y": lambda x: np.interp(x, KNOTS, HEIGHTS), "x": np.linspace(0, 4, 9), "m": 3,
        "x_": dict(enumerate(KNOTS)), "y_": dict(enumerate(HEIGHTS)),
        "s": {-1: 0.0, **dict(enumerate(SLOPES))},
    },
    "3.9": {
        r"\Lambda": lambda u, v: max(0, min(1 - u, 1 - v, 1 + u, 1 + v, 1 - u + v, 1 + u - v)),
        "u": 0.3, "v": -0.2,
    },
    "3.11": {"g": lambda x: np.interp(x, [0, 0.5, 1], [0, 1, 0]), "x": np.linspace(0, 1, 9)},
    "4.1": {**SIGMA, "z": z},
    "4.2": {**SIGMA, "z": z},
    "4.3": {**SIGMA, "z": z},
    "4.4": {**activation("tanh", r"\tanh"), "z": z, "t": np.tanh(z)},
    "4.5": {**activation("relu", "ReLU"), "z": z},
    "4.6": {**activation("leaky_relu", "LeakyReLU", alpha=0.3), "z": z},
    "4.7": {
        r"dL/d\alpha": PRELU.dalpha, "dL/dA": PROBABILITIES, "dL/dZ": PRELU_BACK, "Z": Z, "j": 2,
        r"\alpha": PRELU.alpha, **FOUR,
    },
    "4.8": {**activation("elu", "ELU", alpha=1.7), "z": z},
    "4.9": {"p": nn.softmax(z), "z": z, "softmax": nn.softmax, "K": 4, **FOUR},
    "4.11": {**SIGMA, **activation("softplus", "softplus"), "z": z},
    "4.12": {**activation("gelu", "GELU"), "z": z, r"\Phi": lambda z: (1 + erf(z / 2**0.5)) / 2},
    "4.13": {**SIGMA, **activation("silu", "SiLU"), "z": z},
    "5.4": {"z^{(2)}": 0.34},
    "5.5": {"multiplications": 7 * (64 * 32 + 32 * 16 + 16 * 10), "n": 7, **SIZES},
    "6.6": {
        "error": nn.gradient_check(lambda x: (np.exp(x).sum(), 1.01 * np.exp(x)), z).relative_error,
        "g": 1.01 * np.exp(z), "m": nn.numerical_gradient(lambda x: np.exp(x).sum(), z),
    },
    "6.9": {"w": 0.3, "b": 0.2, "dL/dw": -1.5, "dL/db": 0.7, r"\eta": 0.1},
    "7.1": {"L": L["mse"](y_hat, y), **VALUE_PAIR},
    "7.2": {r"dL/d\hat y": L["mse"].gradient(y_hat, y), **VALUE_PAIR},
    "7.3": {"L": L["mae"](y_hat, y), r"dL/d\hat y": L["mae"].gradient(y_hat, y), **VALUE_PAIR},
    "7.4": {"L": L["huber"](y_hat, y, delta=0.8), r"\delta": 0.8, **VALUE_PAIR},
    "7.5": {"L": L["bce"](p, labels), **COIN_PAIR},
    "7.6": {
        r"\ell": -np.log(np.where(labels == 1, A["sigmoid"](z), A["sigmoid"](-z))),
        "L": L["bce_with_logits"](z, labels), **LOGIT_PAIR,
    },
    "7.7": {
        r"\delta": 4 * L["bce"].gradient(A["sigmoid"](z), labels) * A["sigmoid"].derivative(z),
        "dL/dz": L["bce_with_logits"].gradient(z, labels), **LOGIT_PAIR,
    },
    "7.8": {"L": L["cross_entropy"](PROBABILITIES, ONE_HOT), r"\hat p": PROBABILITIES, "y": ONE_HOT, "n": 4,
            "K": 3},
    "7.9": {
        r"\ell": np.array([-nn.log_softmax(Z)[0, 1]]), "z": Z[0], "k": 2, "K": 3, "n": 1,
        "L": L["softmax_cross_entropy"](Z[:1], [1]), "indices": {"i": [1]},
    },
    "7.10": {"L": L["hinge"](scores, signs), "dL/ds": L["hinge"].gradient(scores, signs), "y": signs,
             "s": scores, **FOUR},
    "7.13": {r"dL/d\hat y": L["huber"].gradient(y_hat, y, delta=0.8), r"\delta": 0.8, **VALUE_PAIR},
    "7.14": {r"dL/d\hat p": L["bce"].gradient(p, labels), **COIN_PAIR},
    "7.15": {
        r"\delta": 4 * L["mse"].gradient(A["sigmoid"](z), labels) * A["sigmoid"].derivative(z), **LOGIT_PAIR,
    },
    "7.16": {**SIGMA, "z": z},
    "7.17": {r"d\ell/dz": 4 * L["softmax_cross_entropy"].gradient(Z, ONE_HOT)[3], r"\hat p": PROBABILITIES[3],
             "y": ONE_HOT[3], "indices": {"i": range(1, 4)}},
    "7.18": {"q": nn.softmax(Z[0]), "p": nn.softmax(Z[1]), "indices": {"k": range(1, 4)}},
    "7.19": {r"\ell": np.where(y > y_hat, 0.8 * (y - y_hat), 0.2 * (y_hat - y)), r"\tau": 0.8, **VALUE_PAIR},
    "8.7": adam,
    "8.8": adam,
    "8.9": {**adam, **adam_after, r"\hat m": M_HAT, r"\hat v": V_HAT},
    "8.10": {**adam, r"\hat m": M_HAT, r"\hat v": V_HAT},
    "8.11": {r"\theta": z, r"\eta": 0.1, r"\lambda": 0.3, "g": 0, r"\nablaL": 0},
    "8.12": {r"\eta_t": nn.StepDecay(0.1, 0.3, 10)(25), r"\eta_0": 0.1, "d": 0.3, "t": 25, "s": 10},
    "8.13": {r"\eta_t": nn.ExponentialDecay(0.1, 0.03)(25), r"\eta_0": 0.1, "k": 0.03, "t": 25},
    "8.14": {r"\eta_t": nn.InverseTimeDecay(0.1, 0.03)(25), r"\eta_0": 0.1, "k": 0.03, "t": 25},
    "8.15": {
        r"\eta_t": nn.CosineAnnealing(0.1, 40, 0.01)(25), r"\eta_0": 0.1, r"\eta_\min": 0.01,
        "t": 25, "T": 40,
    },
    "8.17": {r"\eta^*": 2 / 26, r"\lambda_\min": 1.0, r"\lambda_\max": 25.0, r"\kappa": 25, "alone": 24 / 26},
    "8.18": {
        "V": (0.3 * 1.5) ** 2 / (1 - (1 - 0.3 * 0.8) ** 2), r"\eta": 0.3, r"\sigma": 1.5, r"\lambda": 0.8,
    },
    "8.19": {r"\theta": z, "g": y_hat, r"\eta": 0.3, r"\lambda": 0.2},
    "9.3": {"s": np.sqrt(0.98 * 0.02 / 359), "n": 359, "p": 0.98},
    "9.4": {"q": 0.27, r"\rho": 0.3, "K": 10},
}
# What the arrows of an equation leave in its letters, by nn_core.
AFTER = {
    "2.2": {"w": rosenblatt.w_},
    "2.3": {"b": rosenblatt.b_},
    "2.5": {r"\theta": np.append(rosenblatt.w_, rosenblatt.b_)},
    "6.9": {"w": 0.45, "b": 0.13},
    "8.7": {"m": adam_after["m"]},
    "8.8": {"v": adam_after["v"]},
    "8.10": {r"\theta": adam_after[r"\theta"]},
    "8.11": {r"\theta": (1 - 0.1 * 0.3) * z},
}
MOVES = {
    "8.1": (nn.SGD(0.03), "", {}),
    "8.2": (nn.SGD(0.03, momentum=0.9), "v", {"beta": 0.9}),
    "8.3": (nn.SGD(0.03, momentum=0.9, nesterov=True), "v", {"beta": 0.9}),
    "8.4": (nn.SGD(0.03, momentum=0.9, nesterov=True), "v", {"beta": 0.9}),
    "8.5": (nn.AdaGrad(0.03, eps=0.01), "s", {"varepsilon": 0.01}),
    "8.6": (nn.RMSProp(0.03, rho=0.8, eps=0.01), "s", {"varepsilon": 0.01, "rho": 0.8}),
}
for moved, (opt, memory, letters) in MOVES.items():
    VALUES[moved], AFTER[moved] = fourth_step(opt, *memory, eta=0.03, **letters)
VALUES["8.3"], AFTER["8.3"] = ahead(VALUES["8.3"]), ahead(AFTER["8.3"])


def evaluated(tokens, names, i):
    """The value of a side; a free index is i."""
    text = "".join(token + " " if token == r"\hat" else token for token in tokens)
    if text in names:
        return names[text]
    return Formula(tokens, {}).value_of(tokens, **{"i": i, "m": i, **ELEMENTARY, r"\pi": np.pi, **names})


ATOL = {"4.12": 5e-4}  # the tanh form beside the exact one


def check(number, change=lambda sides: sides):
    """Compute an equation: all sides agree; an arrow changes a letter, and the last ones are AFTER's."""
    names, seen = dict(VALUES[number]), 0
    for sides, signs in statements(number):
        sides = change(sides)
        for i in names.get("indices", {}).get("i", [1]):
            with np.errstate(all="ignore"):  # of a case that does not apply
                if r"\leftarrow" in signs:
                    names["".join(sides[0])] = evaluated(sides[1], names, i)
                    break
                right = [evaluated(side, VALUES[number], i) for side in sides if signs or "alone" in names]
                left = right.pop(0) if signs else names.get("alone")
            for found in right:
                np.testing.assert_allclose(found, left, rtol=1e-9, atol=ATOL.get(number, 1e-12))
            seen += len(right)
    for letter, expected in AFTER.get(number, {}).items():
        np.testing.assert_allclose(names[letter], expected, rtol=1e-9, atol=1e-12)
        seen += 1
    assert seen


@pytest.mark.parametrize("number", VALUES)
def test_formula_as_written(number):
    check(number)


@pytest.mark.parametrize("number", sorted(set(VALUES) - {"3.5", "5.4"}))  # these two add a zero
def test_each_sign_matters(number):
    signs = sum(token in "+-" for sides, _ in statements(number) for side in sides for token in side)
    for flipped in range(signs):
        left = iter(range(signs))

        def flip(sides, left=left, flipped=flipped):
            other = {"+": "-", "-": "+"}
            return [[other[t] if t in other and next(left) == flipped else t for t in s] for s in sides]

        with pytest.raises((AssertionError, SyntaxError, IndexError, KeyError)):
            check(number, flip)


def value(tex, **names):
    tokens = [token for token in TOKEN.findall(tex) if token not in SILENT]
    return Formula(tokens, {}).value_of(tokens, **ELEMENTARY, **names)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"1 - 2 \cdot 3", -5), (r"-2^2", -4), (r"\frac12 + \frac{1}{4}", 0.75), (r"2 x (x - 1)", 12),
        (r"x^{-1} \, x", 1), (r"\sqrt{x + 1} / 4", 0.5), (r"\max(1, \min(x, 5)) - |-x|", 0),
        (r"\sum_{k=1}^{3} k^2 + 1", 15), (r"\ln e^{x}", 3), (r"\lfloor 7/2 \rfloor", 3),
        (r"\begin{cases} 1 & \text{if } x > 3 \\ 2 & \text{otherwise} \end{cases}", 2),
    ],
)
def test_the_reader(tex, expected):
    assert value(tex, x=3.0) == pytest.approx(expected)


@pytest.mark.parametrize("tex", [r"\frac{1}{2", r"1 +", r"\alpha", r"(1 + 2"])
def test_what_is_not_understood_is_refused(tex):
    with pytest.raises((SyntaxError, IndexError)):
        value(tex)
