"""Plain statements: those that can do nothing but compute.

A small part of Python and NumPy, read off the syntax tree: arithmetic, control flow, functions, lists, and
the functions and methods named below. Code of it reaches no module, file, attribute or object but its own
numbers, and leaves nothing behind when it has returned. Whatever is not named here is not plain, however
harmless it may be; it is run all the same, elsewhere.
"""

from __future__ import annotations

import ast
import builtins

import numpy as np

NODES = """
    FunctionDef arguments arg Lambda Return Yield YieldFrom Assign AugAssign AnnAssign NamedExpr Expr Pass
    For While If Break Continue Raise Assert With withitem
    Constant JoinedStr FormattedValue Name Attribute Subscript Slice Starred
    List Tuple Dict Set ListComp SetComp DictComp GeneratorExp comprehension Call keyword IfExp
    BoolOp BinOp UnaryOp Compare
    """.split()
# What holds further nodes; which operator it is makes no difference.
FIELDS = {
    kind: [name for name in kind._fields if name not in ("ctx", "op", "ops")]
    for kind in (getattr(ast, name) for name in NODES)
}
BUILTINS = frozenset(
    """
    abs all any bool complex dict divmod enumerate filter float frozenset int isinstance iter len list map max
    min next pow print range repr reversed round set sorted str sum tuple zip
    ArithmeticError AssertionError Exception IndexError KeyError LookupError NotImplementedError OverflowError
    RuntimeError TypeError ValueError ZeroDivisionError
    """.split()
)
# Of arrays, numbers, lists, dicts, texts and random generators, or of whatever else has them; all they do is
# to compute. Not `format`, which looks up attributes, nor what shows memory as it lies (`view`).
ATTRIBUTES = frozenset(
    """
    T all any argmax argmin argsort astype clip conj copy cumprod cumsum diagonal dot dtype fill flatten imag
    item kind max mean min ndim nonzero prod ravel real reduce repeat reshape round shape size sort squeeze
    std sum swapaxes take tolist trace transpose var
    add append count discard eps extend get index insert items keys lower pop remove reverse setdefault tiny
    update upper values endswith join split startswith strip
    binomial choice integers normal permutation permuted random shuffle standard_normal uniform
    """.split()
)
# Nothing that returns memory as somebody else left it: no `empty`, no `ndarray`, no `pad`.
NUMPY = frozenset(
    """
    all allclose amax amin any append arange argmax argmin argsort around array array_equal array_split
    asarray atleast_1d atleast_2d average bincount bool_ broadcast_arrays broadcast_to clip column_stack
    concatenate copy count_nonzero cross cumprod cumsum diag diagonal diff dot dstack e einsum errstate
    expand_dims eye finfo flatnonzero flip float32 float64 floating full full_like generic hstack
    identity inf inner int32 int64 integer interp isclose isin isscalar linspace logspace max mean median
    meshgrid min moveaxis nan nan_to_num nanmax nanmean nanmin nanstd nansum ndenumerate ndim ndindex
    newaxis nonzero number ones ones_like outer pi prod ptp ravel repeat reshape roll round searchsorted
    shape size sort split squeeze stack std sum swapaxes take take_along_axis tensordot tile trace
    transpose tril triu unique var vdot vstack where zeros zeros_like
    """.split()
) | {name for name, value in vars(np).items() if isinstance(value, np.ufunc)}
MATH = frozenset(
    """
    acos asin atan atan2 ceil comb copysign cos cosh dist e erf erfc exp expm1 fabs factorial floor fmod fsum
    gamma hypot inf isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p log2 nan perm pi pow prod
    radians sin sinh sqrt tan tanh tau trunc
    """.split()
)
ITERTOOLS = frozenset("accumulate chain combinations islice pairwise product repeat zip_longest".split())
# By the names under which they are known here.
MODULES = {"np": NUMPY, "numpy": NUMPY, "math": MATH, "itertools": ITERTOOLS}
WITHIN = {"np.linalg": frozenset({"norm", "det", "inv", "solve"})}
USUAL = {("numpy", "np"), *((name, name) for name in MODULES if name != "np")}  # its name, and that here
LONGEST = 20_000  # characters: looking through a statement takes time too
# Options with which NumPy returns memory that nobody filled, or calls back in the middle of its loops.
REFUSED_OPTIONS = frozenset({"where", "out", "call"})
# What makes arrays of a dtype, by how many arguments stand before that one. A dtype with gaps between its
# fields would show memory that nobody filled, so only the usual ones may be asked for.
TYPED = dict.fromkeys("astype".split(), 0) | dict.fromkeys("array asarray identity".split(), 1)
TYPED |= dict.fromkeys("ones ones_like zeros zeros_like".split(), 1)
TYPED |= dict.fromkeys("full full_like".split(), 2) | dict.fromkeys("arange eye linspace logspace".split(), 3)
DTYPES = frozenset({"bool", "complex", "float", "int"})
NUMPY_DTYPES = frozenset({"bool_", "float32", "float64", "int32", "int64"})
TAKEN = frozenset({*MODULES, *DTYPES, "isinstance"})  # names that stay what they are
REFUSED = frozenset(dir(builtins)) - BUILTINS


def is_plain(text: str, uses: frozenset[str]) -> bool:
    """Tell whether a statement is plain; `uses` holds the names that it looks up outside its functions."""
    if uses & REFUSED or len(text) > LONGEST:
        return False
    try:
        body = ast.parse(text).body
        return all(_is_import(node) or _is_plain(node, ()) for node in body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False


def _is_import(node: ast.stmt) -> bool:
    """Tell whether a statement imports a module under its usual name, or plain names from it."""
    if isinstance(node, ast.Import):
        return all((a.name, a.asname or a.name) in USUAL for a in node.names)
    if isinstance(node, ast.ImportFrom):
        names = MODULES.get(node.module, frozenset()) - TYPED.keys() if not node.level else ()
        return all(a.name in names and _is_free(a.asname or a.name) for a in node.names)
    return False


def _is_plain(node: ast.AST, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a node and all below it are plain; `above` are the two around it, the nearest first."""
    kind = type(node)
    may_stand = CHECKS.get(kind)
    if kind not in FIELDS or (may_stand is not None and not may_stand(node, above)):
        return False
    around = (node, *above[:1])
    for name in FIELDS[kind]:
        found = getattr(node, name, None)
        for below in found if type(found) is list else (found,):
            if isinstance(below, ast.AST) and not _is_plain(below, around):
                return False
    return True


def _is_name(node: ast.Name, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a name is one of the statement's own or a module before a dot, which is no value."""
    reads = type(node.ctx) is ast.Load
    if node.id in MODULES:
        return reads and type(above[0]) is ast.Attribute
    return not node.id.startswith("__") if reads else _is_free(node.id)


def _is_constant(node: ast.Constant, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a constant may stand; texts made of bytes import what they are encoded with."""
    return type(node.value) is not bytes


def _is_option(node: ast.keyword, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether an argument with a name may be given."""
    if node.arg is None or node.arg in REFUSED_OPTIONS:
        return False
    return node.arg != "dtype" or _is_dtype(node.value)


def _is_entry(node: ast.Subscript, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether an entry may be looked up, or assigned to.

    What is assigned to every other entry could run code that moves them meanwhile (Python's bug 120384).
    """
    return type(node.ctx) is ast.Load or not any(getattr(part, "step", None) for part in ast.walk(node.slice))


def _is_function(node: ast.FunctionDef, above: tuple[ast.AST, ...]) -> bool:
    return not node.decorator_list and _is_free(node.name)


def _is_argument(node: ast.arg, above: tuple[ast.AST, ...]) -> bool:
    return _is_free(node.arg)


def _is_free(name: str) -> bool:
    """Tell whether a plain statement may give this name to something of its own."""
    return name not in TAKEN and not name.startswith("__")


def _is_looked_up(node: ast.Attribute, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a plain statement may look up this attribute of a module, of a value."""
    module, name = _dotted(node.value), node.attr
    called = type(above[0]) is ast.Call and above[0].func is node
    if type(node.ctx) is not ast.Load or (name in TYPED and not called):
        return False
    if module in ("np", "numpy"):
        if name == "ndarray":  # to ask for the type, never to make one
            return _is_annotation(node, above) or _is_asked_for(node, above)
        return name in NUMPY or (f"np.{name}" in WITHIN and type(above[0]) is ast.Attribute)
    if module in MODULES:
        return name in MODULES[module]
    return name in WITHIN.get(module, ()) if module else name in ATTRIBUTES


def _is_call(node: ast.Call, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a call can ask for no dtype but a usual one, by the arguments that have no name."""
    before = TYPED.get(node.func.attr) if type(node.func) is ast.Attribute else None
    if before is None:
        return True
    starred = any(type(argument) is ast.Starred for argument in node.args)
    return not starred and all(_is_dtype(argument) for argument in node.args[before:])


def _is_dtype(node: ast.AST) -> bool:
    """Tell whether an expression stands for a usual dtype, or for a number, True, False or None."""
    if type(node) is ast.Constant:
        return type(node.value) is not str or node.value in DTYPES | NUMPY_DTYPES
    if type(node) is ast.Attribute:
        return node.attr == "dtype" or (node.attr in NUMPY_DTYPES and _dotted(node.value) in ("np", "numpy"))
    return type(node) is ast.Name and node.id in DTYPES


def _dotted(node: ast.AST) -> str:
    """Return the module that an expression stands for: `np`, `np.linalg`; nothing where it is a value."""
    if type(node) is ast.Name:
        return node.id if node.id in MODULES else ""
    if type(node) is ast.Attribute and f"np.{node.attr}" in WITHIN:
        return f"np.{node.attr}" if _dotted(node.value) in ("np", "numpy") else ""
    return ""


def _is_annotation(node: ast.AST, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a node is an annotation, which nobody can ask for the value of."""
    holder = above[0]
    return getattr(holder, "annotation", None) is node or getattr(holder, "returns", None) is node


def _is_asked_for(node: ast.AST, above: tuple[ast.AST, ...]) -> bool:
    """Tell whether a node is what `isinstance` asks for, alone or in a tuple."""
    if type(above[0]) is ast.Tuple:
        node, above = above[0], above[1:]
    call = above[0] if above else None
    asks = type(call) is ast.Call and type(call.func) is ast.Name and call.func.id == "isinstance"
    return asks and any(node is argument for argument in call.args[1:])


CHECKS = {
    ast.Constant: _is_constant,
    ast.Name: _is_name,
    ast.Attribute: _is_looked_up,
    ast.Call: _is_call,
    ast.keyword: _is_option,
    ast.Subscript: _is_entry,
    ast.FunctionDef: _is_function,
    ast.arg: _is_argument,
}
