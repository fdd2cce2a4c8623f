"""Mutate a reference, one small change at a time.

The audit proves with it that no exercise's cases let a slightly wrong answer pass; the diagnosis recognises
with it a wrong answer that nobody has listed, and says in words what kind of slip it is.
"""

from __future__ import annotations

import ast
import functools
import inspect
import pickle
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nn_exercises.exercise import Exercise

ARITHMETIC = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
}
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
FUNCTIONS = {
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
    "sum": "mean",
    "mean": "sum",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "floor": "ceil",
    "ceil": "floor",
    "log": "log10",
    "log1p": "log",
    "expm1": "exp",
    "exp": "expm1",
    "any": "all",
    "all": "any",
    "tanh": "sin",
    "cos": "sin",
    "sqrt": "square",
    "square": "sqrt",
    "normal": "uniform",
    "permutation": "arange",
    "append": "insert",
    "abs": "negative",
}
COUNTERS = ("t", "epoch", "step", "n_steps", "max_epochs", "T")

# Calls that are not taken away: without them nothing runs, or nothing changes (NumPy's number for Python's).
LEFT_ALONE = (
    "ValueError",
    "TypeError",
    "len",
    "range",
    "zip",
    "enumerate",
    "float",
    "reversed",
    "isinstance",
)

WORDS = {
    "plus_minus": "a plus and a minus are exchanged in one place",
    "times_divide": "a multiplication and a division are exchanged in one place",
    "missing_term": "one term of a sum or difference is missing",
    "missing_factor": "one factor or divisor is missing",
    "missing_power": "a power is missing or has become a product",
    "missing_sign": "a minus sign is missing",
    "comparison": "a comparison is strict where it should not be, or the other way round",
    "opposite_comparison": "a comparison points the wrong way",
    "logic": "an `and` and an `or` are exchanged",
    "constant": "a constant is off by one, or twice or half as large as it should be",
    "default": "the default value of a parameter differs from the one in the signature",
    "axis": "a sum, mean or maximum runs over the wrong axis",
    "keepdims": "a reduced axis is kept, or dropped, where the shapes need the other",
    "transpose": "a transpose is missing",
    "function": "one function is used where its sibling is due (a maximum for a minimum, a sum for a mean …)",
    "missing_function": "one function is not applied where it is due",
    "missing_copy": "an array is changed without having been copied first",
    "missing_step": "one step of the computation is missing",
    "overwritten": "a value is overwritten where it should be accumulated",
    "counter": "a step counter is off by one",
    "condition": "a condition is reversed",
    "branches": "the two branches of a choice are exchanged",
    "order": "the returned values are in another order",
    "slice": "a slice begins or ends one entry off",
    "early_stop": "a loop does not stop where it should, or stops too early",
}


@dataclass(frozen=True)
class Mutant:
    """A changed reference: `text` shows the change to a maintainer, `kind` is the slip in `WORDS`."""

    text: str
    kind: str
    code: Callable


def mutants(exercise: Exercise) -> list[Mutant]:
    """Return all mutants of an exercise's reference (remembered)."""
    return _mutants(exercise.reference)


@functools.lru_cache(maxsize=256)
def _mutants(reference: Callable) -> list[Mutant]:
    try:
        tree = _tree(reference)
    except (OSError, SyntaxError, ValueError):
        return []  # no source at hand
    found: dict[str, Mutant] = {}
    for kind, changed, before, after in _changes(tree):
        text = f"{before}  ->  {after}"
        if before == after or text in found:
            continue
        code = _compiled(changed, reference)
        if code is not None:
            found[text] = Mutant(text, kind, code)
    return list(found.values())


def _tree(reference: Callable) -> ast.FunctionDef:
    """Return the reference's own source as a tree, without decorator and docstring."""
    # The function's own lines alone: to parse a whole chapter of the catalogue takes a tenth of a second.
    tree = ast.parse(textwrap.dedent(inspect.getsource(reference.__code__))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise ValueError(f"{reference!r} is not written as a function")
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    return tree


def _compiled(tree: ast.FunctionDef, reference: Callable) -> Callable | None:
    module = ast.fix_missing_locations(ast.Module([tree], []))
    scope = dict(reference.__globals__)
    try:
        exec(compile(module, f"<mutant of {reference.__name__}>", "exec"), scope)
    except (SyntaxError, ValueError):
        return None
    return scope[tree.name]


def _changes(tree: ast.FunctionDef) -> Iterator[tuple[str, ast.FunctionDef, str, str]]:
    """Yield each change: its kind, the changed tree, and the line before and after."""
    nodes = list(_walk(tree))
    frozen = pickle.dumps(tree)  # a copy by pickle takes a fifth of deepcopy's time
    for index, (node, statement) in enumerate(nodes):
        for kind, edit in _edits(node):
            changed = pickle.loads(frozen)
            target, there = list(_walk(changed))[index]
            if edit(target, changed) is False:
                continue
            before = _line(nodes[index][1])
            after = "(deleted)" if kind == "missing_step" and isinstance(node, ast.stmt) else _line(there)
            yield kind, changed, before if statement is not None else "", after


def _walk(tree: ast.FunctionDef) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Yield every node with the statement that it stands in, in a fixed order."""

    def visit(node: ast.AST, statement: ast.stmt) -> Iterator[tuple[ast.AST, ast.stmt]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue  # zip(…, strict=True) only guards
            inner = child if isinstance(child, ast.stmt) else statement
            yield child, inner
            yield from visit(child, inner)

    yield from visit(tree, tree)


def _line(statement: ast.AST) -> str:
    if isinstance(statement, ast.FunctionDef):
        return f"def {statement.name}({ast.unparse(statement.args)})"
    return ast.unparse(statement).split("\n")[0]


def _become(new: Callable[[ast.AST], ast.AST]) -> Callable[[ast.AST, ast.AST], bool]:
    """Return an edit that replaces a node by `new(node)`, wherever it hangs in the tree."""

    def edit(target: ast.AST, tree: ast.AST) -> bool:
        replacement = new(target)
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if value is target:
                    setattr(parent, name, replacement)
                    return True
                if isinstance(value, list) and any(v is target for v in value):
                    value[[v is target for v in value].index(True)] = replacement
                    return True
        return False

    return edit


def _set(**fields: object) -> Callable[[ast.AST, ast.AST], None]:
    def edit(target: ast.AST, tree: ast.AST) -> None:
        for name, value in fields.items():
            setattr(target, name, value)

    return edit


def _edits(node: ast.AST) -> Iterator[tuple[str, Callable]]:
    """Yield the small changes that a node offers."""
    if isinstance(node, ast.BinOp):
        yield from _edits_of_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "missing_sign" if isinstance(node.op, ast.USub) else "condition", _become(lambda n: n.operand)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            kind = (
                "comparison"
                if other in (ast.Lt, ast.LtE, ast.Gt, ast.GtE) and _strictness(type(node.ops[0]), other)
                else "opposite_comparison"
            )
            yield kind, _set(ops=[other()])
    elif isinstance(node, ast.BoolOp):
        yield "logic", _set(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for i in range(len(node.values)):
            yield "condition", _become(lambda n, i=i: n.values[i])
    elif isinstance(node, ast.Constant):
        yield from _edits_of_constant(node)
    elif isinstance(node, ast.keyword):
        yield from _edits_of_keyword(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", _become(lambda n: n.value)
    elif isinstance(node, ast.Call):
        yield from _edits_of_call(node)
    elif isinstance(node, ast.AugAssign):
        swap = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}.get(type(node.op))
        if swap:
            yield "plus_minus" if swap in (ast.Add, ast.Sub) else "times_divide", _set(op=swap())
        yield "overwritten", _become(lambda n: ast.Assign([n.target], n.value))
        yield "missing_step", _become(lambda n: ast.Pass())
    elif isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple):
        yield "missing_step", _become(lambda n: ast.Pass())
    elif isinstance(node, ast.Expr | ast.Raise):
        yield "missing_step", _become(lambda n: ast.Pass())
    elif isinstance(node, ast.Break | ast.Continue):
        yield "early_stop", _become(lambda n: ast.Pass())
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition", lambda n, tree: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        for i in range(len(node.value.elts) - 1):
            yield "order", functools.partial(_swap_returned, i=i)
    elif isinstance(node, ast.Slice):
        if node.lower is not None:
            yield "slice", _set(lower=None)
        if node.upper is not None:
            yield "slice", _set(upper=None)
        if node.step is not None:
            yield "slice", _set(step=None)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in COUNTERS:
        yield "counter", _become(lambda n: ast.BinOp(ast.Name(n.id, ast.Load()), ast.Sub(), ast.Constant(1)))
        yield "counter", _become(lambda n: ast.BinOp(ast.Name(n.id, ast.Load()), ast.Add(), ast.Constant(1)))


def _strictness(a: type, b: type) -> bool:
    return {a, b} in ({ast.Lt, ast.LtE}, {ast.Gt, ast.GtE})


def _swap_returned(node: ast.Return, tree: ast.AST, i: int) -> None:
    elts = node.value.elts
    elts[i], elts[i + 1] = elts[i + 1], elts[i]


def _edits_of_operation(node: ast.BinOp) -> Iterator[tuple[str, Callable]]:
    for other in ARITHMETIC.get(type(node.op), ()):
        kind = (
            "plus_minus"
            if other in (ast.Add, ast.Sub)
            else "missing_power"
            if isinstance(node.op, ast.Pow)
            else "times_divide"
        )
        yield kind, _set(op=other())
    kind = (
        "missing_term"
        if isinstance(node.op, ast.Add | ast.Sub)
        else "missing_power"
        if isinstance(node.op, ast.Pow)
        else "missing_factor"
    )
    yield kind, _become(lambda n: n.left)
    if isinstance(node.op, ast.Add | ast.Mult | ast.MatMult):
        yield kind, _become(lambda n: n.right)
    elif isinstance(node.op, ast.Sub):
        yield kind, _become(lambda n: ast.UnaryOp(ast.USub(), n.right))


def _edits_of_constant(node: ast.Constant) -> Iterator[tuple[str, Callable]]:
    value = node.value
    if isinstance(value, bool):
        yield "keepdims", _set(value=not value)
    elif isinstance(value, int):
        yield "constant", _set(value=value + 1)
        yield "constant", _set(value=value - 1)
    elif isinstance(value, float):
        yield "constant", _set(value=value + 1.0 if value == 0 else value * 2)
        yield "constant", _set(value=value / 2 if value else -1.0)


def _edits_of_keyword(node: ast.keyword) -> Iterator[tuple[str, Callable]]:
    def drop(target: ast.keyword, tree: ast.AST) -> bool:
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and any(k is target for k in call.keywords):
                call.keywords = [k for k in call.keywords if k is not target]
                return True
        return False

    if node.arg in ("axis", "keepdims", "dtype", "initial"):
        yield {"axis": "axis", "keepdims": "keepdims"}.get(node.arg, "missing_function"), drop
    if node.arg == "axis" and isinstance(node.value, ast.Constant | ast.UnaryOp):
        number = ast.literal_eval(node.value)
        if isinstance(number, int):
            yield "axis", _set(value=ast.Constant(1 if number == 0 else 0))


def _edits_of_call(node: ast.Call) -> Iterator[tuple[str, Callable]]:
    name = (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )
    if name in FUNCTIONS and (isinstance(node.func, ast.Attribute)):
        yield "function", lambda n, tree: setattr(n.func, "attr", FUNCTIONS[name])
    if name == "where" and len(node.args) == 3:
        yield "branches", lambda n, tree: n.args.__setitem__(slice(1, 3), [n.args[2], n.args[1]])
    method = isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
    )
    if name == "copy":
        yield "missing_copy", _become(lambda n: n.func.value if method else n.args[0])
    elif method and name in ("sum", "mean", "max", "min", "astype", "reshape", "ravel"):
        yield "missing_function", _become(lambda n: n.func.value)
    elif (
        not method and node.args and name not in LEFT_ALONE and not (name == "asarray" and not node.keywords)
    ):
        yield "missing_copy" if name == "array" else "missing_function", _become(lambda n: n.args[0])
