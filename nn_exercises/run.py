"""Run an answer, and bring back what happened as plain data.

This is the executing side of a check: it knows the calls to make and nothing about what is right. It needs
NumPy and the standard library alone and imports nothing of this package, so that official grading can load
this very file in an isolated worker. What comes back, a list of `Outcome`, holds numbers, texts and plain
arrays only; comparing and diagnosing happen elsewhere, on that data.
"""

from __future__ import annotations

import builtins
import contextlib
import contextvars
import functools
import io
import linecache
import os
import random
import signal
import sys
import sysconfig
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MAX_DEPTH = 8  # of nested lists, tuples and dicts in a returned value
MAX_ITEMS = 5_000  # entries of lists and iterators, in one returned value
MAX_BYTES = 16_000_000  # of one returned array
MAX_TEXT = 2_000  # characters of a message or of printed text
MAX_ASKED = 200_000  # calls of one callable argument during one call of the answer
STOPPABLE = True  # KeyboardInterrupt is the reader's own Stop button; not so where nobody sits


@dataclass(frozen=True)
class Rng:
    """An argument that is a fresh `numpy.random.Generator`, made from `seed` where the answer runs."""

    seed: int


@dataclass(frozen=True)
class Fn:
    """An argument that is a callable: the trusted side computes `f`, and knows how often it was asked."""

    name: str
    f: Callable

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return `f` of these arguments.

        NumPy's functions get what they compute with and nothing else: `where` would have them return memory
        as it lies there, and with it what the trusted side holds.
        """
        if isinstance(self.f, np.ufunc) and (kwargs or len(args) != self.f.nin):
            raise TypeError(f"{self.name} takes {self.f.nin} argument{'s'[: self.f.nin > 1]} and no options")
        return self.f(*args, **kwargs)


@dataclass(frozen=True)
class Call:
    """One call to make: plain values, arrays, `Rng` and `Fn`, and containers of them."""

    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)


# Nodes and outcomes are values that nobody changes; frozen, they would take three times as long to make, and
# a check makes hundreds.
@dataclass(slots=True)
class Node:
    """A value as plain data.

    `kind` is one of none, bool, int, float, complex, text, scalar (a NumPy scalar, `data` a 0-d array),
    array, list, tuple, iterator (drained), dict (`data` a tuple of pairs), or other (`name` its type).
    `name` is the type's name where it is not the usual one, as for a subclass of ndarray.
    """

    kind: str
    data: Any = None
    name: str = ""


@dataclass(frozen=True)
class Error:
    """An exception of the answer: its type, the built-in types above it, the line of the code."""

    type: str
    kinds: tuple[str, ...]
    message: str
    line: int | None  # in their cell or file
    text: str  # that line's text, "" where the source is not at hand
    inside: bool  # False where the call itself failed, before any line of theirs ran


@dataclass
class Outcome:
    """What one call did.

    `status` is returned, raised, timeout, or skipped (a call after the time was up).
    """

    status: str
    value: Node | None = None
    error: Error | None = None
    after: tuple[Node | None, ...] = ()  # the arguments after the call, None for those unchanged; () if all
    warnings: tuple[tuple[str, str], ...] = ()
    printed: str = ""
    asked: dict[str, int] = field(default_factory=dict)  # calls of each `Fn`
    # The next three are `value` itself, the same object, where they hold the same, bit by bit.
    again: Node | None = None  # the value of a second call with equal arguments, where one was made
    reseeded: Node | None = None  # the value with other seeds in the generators, where that was tried
    later: Node | None = None  # the first value, looked at again after all calls
    drew: tuple[bool, ...] = ()  # for each generator among the arguments, whether the call drew from it


class TimeUp(BaseException):
    """The time limit; not an Exception, so that `except Exception` in an answer does not swallow it."""


# ---------------------------------------------------------------- values to data and back


def pack(value: Any) -> Node:
    """Return `value` as plain data; iterators are drained, what is not data is named only."""
    return _pack(value, 0, [MAX_ITEMS])


def _pack(value: Any, depth: int, left: list[int]) -> Node:
    left[0] -= 1
    kind = type(value)
    if depth > MAX_DEPTH or left[0] < 0:
        return Node("other", name="value with too many entries")
    if kind is np.ndarray:  # what most answers return comes first
        return _packed_array(value)
    if kind is float:
        return Node("float", value)
    if value is None:
        return Node("none")
    if isinstance(value, np.ndarray):
        return _packed_array(np.ndarray.view(value, np.ndarray), str(kind.__name__)[:60])
    if isinstance(value, tuple):
        return Node("tuple", tuple(_pack(v, depth + 1, left) for v in value[: left[0] + 1]))
    if isinstance(value, list):
        return Node("list", tuple(_pack(v, depth + 1, left) for v in value[: left[0] + 1]))
    if isinstance(value, np.generic):
        plain = np.asarray(value)
        if plain.dtype.kind == "U":
            return Node("text", str(value)[:MAX_TEXT])
        if plain.dtype.kind not in "biufc":
            return Node("other", name=f"NumPy scalar {plain.dtype.name[:40]}")
        return Node("scalar", plain)
    if isinstance(value, bool):
        return Node("bool", bool(value))
    if isinstance(value, int):
        return (
            Node("int", int(value)) if int(value).bit_length() < 1024 else Node("other", name="huge integer")
        )
    if isinstance(value, float):
        return Node("float", float(value))
    if isinstance(value, complex):
        return Node("complex", complex(value))
    if isinstance(value, str):
        return Node("text", str(value)[:MAX_TEXT])
    if isinstance(value, range):
        return Node("list", tuple(_pack(v, depth + 1, left) for v in value[: left[0] + 1]), "range")
    if isinstance(value, dict):
        pairs = []
        for k, v in value.items():
            pairs.append((_pack(k, depth + 1, left), _pack(v, depth + 1, left)))
            if left[0] < 0:
                break
        return Node("dict", tuple(pairs))
    if isinstance(value, Iterator):
        items = []
        for item in value:  # packed as each is yielded: a reused buffer shows as it was at that moment
            items.append(_pack(item, depth + 1, left))
            if left[0] < 0:
                break
        return Node("iterator", tuple(items))
    if isinstance(value, types.CoroutineType):
        value.close()  # or Python warns that nobody awaited it
        return Node("other", name="coroutine")
    if callable(value):
        return Node(
            "other", name="function" if isinstance(value, types.FunctionType) else f"{kind.__name__[:60]}"
        )
    return Node("other", name=str(kind.__name__)[:60])


def _packed_array(array: np.ndarray, name: str = "") -> Node:
    if array.nbytes > MAX_BYTES:
        return Node("other", name="very large array")
    if array.dtype.kind not in "biufc":
        return Node("other", name=f"array of dtype {array.dtype.name[:40]}")
    return Node("array", array.copy(), name)


def _as_before(node: Node | None, before: Node) -> Node | None:
    """Return the node of `before` itself where another holds the same, bit by bit."""
    return before if node is not None and _same_bits(node, before) else node


def _same_bits(a: Node, b: Node) -> bool:
    if a.kind != b.kind or a.name != b.name:
        return False
    if a.kind in ("array", "scalar"):
        return _unchanged(a.data, b.data)
    if a.kind in ("tuple", "list", "iterator"):
        return len(a.data) == len(b.data) and all(map(_same_bits, a.data, b.data))
    if a.kind == "dict":
        pairs = zip(a.data, b.data, strict=False)
        return len(a.data) == len(b.data) and all(all(map(_same_bits, p, q)) for p, q in pairs)
    return repr(a.data) == repr(b.data)  # 0.0 and -0.0 are equal and differ


class Drained(list):
    """The items of an iterator that an answer returned."""


def unpack(node: Node) -> Any:
    """Return the value that a `Node` stands for (iterators as `Drained` lists, others as names)."""
    if node.kind in ("tuple", "list", "iterator"):
        items = [unpack(item) for item in node.data]
        return tuple(items) if node.kind == "tuple" else Drained(items) if node.kind == "iterator" else items
    if node.kind == "dict":
        return {_key(k): unpack(v) for k, v in node.data}
    if node.kind == "scalar":
        return node.data[()]
    if node.kind == "array":
        return node.data.copy()
    if node.kind == "other":
        return f"<{node.name}>"
    return node.data


def _key(node: Node) -> Any:
    return node.data if node.kind in ("text", "int", "bool", "float", "none") else repr(node.data)


# ---------------------------------------------------------------- what is given to the answer


Generator = np.random.Generator
UNCHANGING = frozenset({float, int, bool, str, type(None)})


def give(value: Any, asked: dict[str, int] | None = None, reseed: int = 0) -> Any:
    """Return a fresh copy of a call's argument, as the answer gets it."""
    if type(value) in UNCHANGING:
        return value
    if isinstance(value, np.ndarray):
        return value.copy("K")
    asked = {} if asked is None else asked
    if isinstance(value, list):
        return [give(v, asked, reseed) for v in value]
    if isinstance(value, tuple):
        return tuple(give(v, asked, reseed) for v in value)
    if isinstance(value, dict):
        return {k: give(v, asked, reseed) for k, v in value.items()}
    if isinstance(value, Rng):
        return np.random.default_rng([value.seed, reseed] if reseed else value.seed)
    if isinstance(value, Fn):
        return _ask(value, asked)
    return value


def _ask(fn: Fn, asked: dict[str, int]) -> Callable:
    """Return the callable that an answer gets: `fn.f` on copies, counted."""
    asked.setdefault(fn.name, 0)

    def ask(*args, **kwargs):
        asked[fn.name] += 1
        if asked[fn.name] > MAX_ASKED:
            raise RuntimeError(f"{fn.name} was called more than {MAX_ASKED} times")
        return fn.call(*[_plain(a) for a in args], **{k: _plain(v) for k, v in kwargs.items()})

    ask.__name__ = ask.__qualname__ = fn.name
    ask.__doc__ = fn.f.__doc__
    return ask


def _plain(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray) else value


def _unchanged(value: Any, original: Any) -> bool:
    """Tell whether an argument is what was given, bit by bit; what cannot change is."""
    if type(original) in UNCHANGING:
        return True
    if isinstance(original, np.ndarray):
        return (
            value.shape == original.shape
            and value.dtype == original.dtype
            and value.tobytes() == original.tobytes()
        )
    if isinstance(original, list | tuple):
        return len(value) == len(original) and all(map(_same_entry, value, original))
    if isinstance(original, dict):
        return value.keys() == original.keys() and all(_same_entry(value[k], original[k]) for k in original)
    return True


def _same_entry(value: Any, original: Any) -> bool:
    """Tell the same of an entry, which may have been replaced altogether."""
    if isinstance(original, Fn | Rng):
        return True
    if type(value) is not type(original):
        return False
    if isinstance(original, np.ndarray | list | tuple | dict):
        return _unchanged(value, original)
    return value is original or bool(value == original)


# ---------------------------------------------------------------- running


def run(
    function: Callable,
    calls: Sequence[Call],
    *,
    again: Sequence[int] = (),
    time_limit: float = 10.0,
    patience: float = 1.0,
) -> list[Outcome]:
    """Make all `calls` of `function`, in order, and return one `Outcome` for each.

    Parameters
    ----------
    function
        The answer. Nothing that it does to warnings, printed text, the global random state, NumPy's error
        state and print options, or open figures outlives the run.
    calls
        What to call it with; it gets copies.
    again
        Indices of calls to make a second time after all others, with equal arguments, and, where a generator
        is among them, a third time with another seed. It tells whether the answer keeps state between calls.
    time_limit
        Seconds for everything together.
    patience
        Above 1 the seconds are those that the processor spends on this thread, so that a busy machine does
        not fail an honest answer; by the clock it may take `patience` times as long.
    """
    outcomes: list[Outcome] = []
    kept: dict[int, Any] = {}
    with _framed(time_limit, patience) as frame:
        for i, call in enumerate(calls):
            if frame.alarm.up:
                outcomes.append(Outcome("skipped"))
                continue
            outcome, value = frame.call(function, call)
            outcomes.append(outcome)
            if i in again:
                kept[i] = value
        # What earlier calls returned is looked at again before any call is repeated: a reused array shows.
        later = {i: _seen_again(outcomes[i], kept.get(i)) for i in again}
        for i in again:
            first = outcomes[i]
            if frame.alarm.up or first.status != "returned":
                continue
            second, _ = frame.call(function, calls[i])
            if second.status == "timeout":  # it says nothing of what the function gives, but that it is slow
                outcomes[i] = second
                continue
            again = second.value if second.status == "returned" else Node("other", name="exception")
            first.later, first.again = later[i], _as_before(again, first.value)
            if first.drew:
                other, _ = frame.call(function, calls[i], reseed=1)
                first.reseeded = _as_before(other.value, first.value)
    return outcomes


def run_several(calls: Sequence[tuple[Callable, Call]], *, time_limit: float = 10.0) -> list[Outcome]:
    """Make one call each of several functions in one frame, for functions that are to be trusted."""
    with _framed(time_limit) as frame:
        return [frame.call(function, call)[0] for function, call in calls]


def _seen_again(outcome: Outcome, value: Any) -> Node | None:
    if outcome.value is None or outcome.value.kind == "iterator":
        return None
    try:
        return _as_before(pack(value), outcome.value)
    except Exception:
        return None


@contextlib.contextmanager
def _framed(seconds: float, patience: float = 1.0) -> Iterator[_Frame]:
    """Limit the time of an answer's calls, and put everything back after them.

    It is opened once for all of them: for each, it would cost more than most answers take.
    """
    with (
        _alarm(seconds, patience) as alarm,
        _interpreter_kept(),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        yield _Frame(alarm, caught)


class _Frame:
    """What an answer's calls are made in."""

    def __init__(self, alarm: _Alarm, caught: list[warnings.WarningMessage]) -> None:
        self.alarm, self.caught = alarm, caught
        # NumPy's error state and print options lie in the context: each call has its own copy of this one.
        self.context = contextvars.copy_context()
        self.context.run(np.seterr, divide="warn", over="warn", invalid="warn", under="ignore")
        self.out = _Printed()

    def call(self, function: Callable, call: Call, reseed: int = 0) -> tuple[Outcome, Any]:
        """Make one call, and return its outcome and the raw value."""
        asked: dict[str, int] = {}
        args = [give(a, asked, reseed) for a in call.args]
        kwargs = {k: give(v, asked, reseed) for k, v in call.kwargs.items()} if call.kwargs else {}
        given, original = [*args, *kwargs.values()], [*call.args, *call.kwargs.values()]
        generators = [a for a in given if type(a) is Generator]
        before = [g.bit_generator.state for g in generators] if generators else ()
        alarm, caught = self.alarm, self.caught
        sys.stdout = sys.stderr = self.out
        caught.clear()
        value = node = error = None
        status = "returned"
        try:
            try:
                alarm.arm()
                value, node = self.context.copy().run(_called, function, args, kwargs)
            finally:
                alarm.listening = False
        except TimeUp:
            status = "timeout"
        except BaseException as e:  # SystemExit too: an answer never stops a notebook
            if STOPPABLE and isinstance(e, KeyboardInterrupt):
                raise
            if alarm.up:  # the end of the time, turned into something else on its way through the answer
                status = "timeout"
            else:
                status, error = "raised", _described(e, function)
        after: tuple[Node | None, ...] = ()
        if not all(map(_unchanged, given, original)):
            after = tuple(None if _unchanged(a, o) else pack(a) for a, o in zip(given, original, strict=True))
        told = [(w.category.__name__, str(w.message)[:MAX_TEXT]) for w in caught[:8]] if caught else ()
        drew: tuple[bool, ...] = ()
        if generators:
            drew = tuple(g.bit_generator.state != b for g, b in zip(generators, before, strict=True))
        printed = self.out.getvalue()
        if printed:
            self.out = _Printed()
        outcome = Outcome(status, node, error, after, tuple(told), printed, asked, drew=drew)
        return outcome, value


def _called(function: Callable, args: list, kwargs: dict[str, Any]) -> tuple[Any, Node]:
    """Return what an answer returns, raw and packed; a generator of theirs runs only while it is packed."""
    value = function(*args, **kwargs)
    return value, pack(value)


class _Printed(io.StringIO):
    """Printed text, of which a little is kept."""

    def write(self, text: str) -> int:
        if self.tell() < MAX_TEXT:
            super().write(str(text)[:MAX_TEXT])
        return len(text)

    def close(self) -> None:
        """Stay open: what an answer closes is not its own."""


_kept = False  # whether a `state_kept` around this run restores the random numbers in the end


@contextlib.contextmanager
def state_kept() -> Iterator[None]:
    """Leave the global random state as it was, whatever many runs inside do with it.

    Reading NumPy's state takes longer than most answers, so whoever runs many (a check with its diagnosis,
    official grading) does it once, around everything.
    """
    global _kept
    if _kept:
        yield
        return
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002 - kept, not used
    _kept = True
    try:
        yield
    finally:
        _kept = False
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


@functools.cache
def _fixed_state() -> tuple:
    return random.Random(20_16).getstate()


@contextlib.contextmanager
def _interpreter_kept() -> Iterator[None]:
    """Leave the interpreter's global state as it was: random numbers, output, folder, figures."""
    plt = sys.modules.get("matplotlib.pyplot")
    figures = set(plt.get_fignums()) if plt else set()
    limit, out, err = sys.getrecursionlimit(), sys.stdout, sys.stderr
    folder = None
    with contextlib.suppress(OSError):
        folder = os.getcwd()  # noqa: PTH109 - ten times as fast, and this frame is opened often
    try:
        with state_kept():
            # From a fixed state, so that a card is the same on every run even for answers that draw from it.
            np.random.seed(20_16)  # noqa: NPY002 - the global state is what is being guarded
            random.setstate(_fixed_state())
            yield
    finally:
        sys.stdout, sys.stderr = out, err
        sys.setrecursionlimit(limit)
        if folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(folder)
        plt = sys.modules.get("matplotlib.pyplot")
        if plt:
            for number in set(plt.get_fignums()) - figures:
                plt.close(number)


class _Alarm:
    """The time limit: raises `TimeUp` in the answer's code, only while that runs."""

    def __init__(self, seconds: float, patience: float, clock: Callable[[], float]) -> None:
        self.seconds, self.patience, self.clock = seconds, patience, clock
        self.began = time.monotonic()
        self.spent = clock() if patience > 1 else 0.0  # reading it is not free
        self.up = False
        self.listening = False
        self.allowed = 0

    def arm(self) -> None:
        if self.up:
            raise TimeUp
        self.listening = True

    def ring(self, _signal: int = 0, frame: types.FrameType | None = None) -> None:
        if self.patience > 1 and not self.up:
            waited = time.monotonic() - self.began
            if waited < self.seconds * self.patience and self.clock() - self.spent < self.seconds:
                return  # the machine is busy with something else; it rings again
        first, self.up = not self.up, True
        if self.listening and (first or frame is None):
            raise TimeUp
        if self.listening:
            self.insist(frame)

    def insist(self, frame: types.FrameType | None) -> None:
        """Raise `TimeUp` where no `except` swallows it: an endless loop may catch everything again and again.

        The answer is followed instruction by instruction until it stands outside its `try` blocks; with each
        further ring one more of them around it is put up with.
        """
        self.allowed += 1

        def follow(at: types.FrameType, event: str, _argument: Any) -> Any:
            at.f_trace_opcodes = True
            if event == "opcode" and self.listening and _guards(at) < self.allowed:
                raise TimeUp
            return follow

        sys.settrace(follow)
        while frame is not None and frame.f_code.co_filename != __file__:
            frame.f_trace, frame.f_trace_opcodes = follow, True
            frame = frame.f_back


def _guards(frame: types.FrameType | None) -> int:
    """Return how many `try` blocks of an answer an exception would meet on its way out of a frame."""
    from dis import _parse_exception_table

    count = 0
    while frame is not None and frame.f_code.co_filename != __file__:
        entries = _parse_exception_table(frame.f_code)
        count += sum(e.start <= frame.f_lasti < e.end and not e.lasti for e in entries)
        frame = frame.f_back
    return count


@contextlib.contextmanager
def _alarm(seconds: float, patience: float = 1.0) -> Iterator[_Alarm]:
    """Arm the time limit: by signal in a main thread, else from a second thread, else in loops."""
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        alarm = _Alarm(seconds, patience, time.thread_time)
        started = time.monotonic()
        old_handler = signal.signal(signal.SIGALRM, alarm.ring)
        # It rings again: an answer that swallows everything in a loop does not outlive the next ones.
        tracer = sys.gettrace()
        old_left, old_interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.25)
        try:
            yield alarm
        finally:
            alarm.listening = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            if alarm.allowed:
                sys.settrace(tracer)
            signal.signal(signal.SIGALRM, old_handler if old_handler is not None else signal.SIG_DFL)
            if old_left:
                left = max(old_left - (time.monotonic() - started), 1e-3)
                signal.setitimer(signal.ITIMER_REAL, left, old_interval)
        return
    alarm = _Alarm(seconds, patience, time.process_time)  # one thread cannot read another's clock everywhere
    done = threading.Event()
    target = threading.get_ident()

    def watch() -> None:
        import ctypes

        wait = seconds
        while not done.wait(wait):
            try:
                alarm.ring()
            except TimeUp:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(target), ctypes.py_object(TimeUp))
            wait = 0.25

    watched = contextlib.nullcontext()
    try:
        threading.Thread(target=watch, daemon=True).start()
    except RuntimeError:  # a platform without threads: the browser
        watched = _loops_watched(alarm, seconds)
    try:
        with watched:
            yield alarm
    finally:
        alarm.listening = False
        done.set()


@contextlib.contextmanager
def _loops_watched(alarm: _Alarm, seconds: float) -> Iterator[None]:
    """Let every loop look at the clock as it turns, where nothing else could interrupt it."""
    monitoring, tool = sys.monitoring, 4  # Python 3.12 and later; 4 is none of the numbers given away
    ends, turns = time.monotonic() + seconds, 0

    def turned(*_: object) -> None:
        nonlocal turns
        turns += 1
        if turns % 16 == 0 and time.monotonic() > ends:
            alarm.ring()

    if monitoring.get_tool(tool) is not None:  # somebody's debugger: no limit then
        yield
        return
    monitoring.use_tool_id(tool, "time limit of a check")
    monitoring.register_callback(tool, monitoring.events.JUMP, turned)
    monitoring.set_events(tool, monitoring.events.JUMP)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.JUMP, None)
        monitoring.free_tool_id(tool)


# ---------------------------------------------------------------- the answer's code


def code_of(function: Callable) -> types.CodeType | None:
    """Return the code that runs when `function` is called: through partials, wrappers and instances."""
    for _ in range(20):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            break
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        code = getattr(type(function).__call__, "__code__", None) if callable(function) else None
    return code if isinstance(code, types.CodeType) else None


# Where no line of an answer stands: this folder, and what is installed (maybe reached through a link).
_NOT_THEIRS = (
    f"{Path(__file__).parent}{os.sep}",
    "<frozen",
    *(
        str(path)
        for name in ("stdlib", "purelib", "platlib")
        for path in (Path(sysconfig.get_path(name)), Path(sysconfig.get_path(name)).resolve())
    ),
    str(Path(np.__file__).parent),
)


def _described(e: BaseException, function: Callable) -> Error:
    """Return what an exception says; its class is the answer's too, and may itself raise when asked."""
    try:
        return describe_error(e, function)
    except BaseException:
        return Error("an exception that cannot be described", (), "", None, "", True)


def describe_error(e: BaseException, function: Callable) -> Error:
    """Return what an exception of the answer says, with the innermost line of the answer's own file."""
    code = code_of(function)
    theirs = code.co_filename if code else None
    found: tuple[str, int] | None = None
    frame = e.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        own = name == theirs or not (name.startswith(_NOT_THEIRS) or "nn_exercises" in name)
        if own:
            found = (name, frame.tb_lineno)
        frame = frame.tb_next
    if isinstance(e, SyntaxError) and found is None:
        found = (str(e.filename), e.lineno or 0)
    text = linecache.getline(*found).strip()[:200] if found else ""
    kinds = tuple(
        c.__name__
        for c in type(e).__mro__
        if getattr(builtins, c.__name__, None) is c and c not in (object, BaseException, Exception)
    )
    try:
        message = str(e)[:MAX_TEXT]
    except Exception:
        message = ""
    return Error(
        str(type(e).__name__)[:80], kinds, message, found[1] if found else None, text, found is not None
    )


NO_DATA = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, np.ufunc)
MEMORY = ("append", "extend", "update", "setdefault", "add", "insert")  # methods that change a container


@dataclass(frozen=True)
class Facts:
    """What can be said about an answer without running it, as plain data."""

    name: str
    parameters: tuple[str, ...] | None  # None where it cannot be told
    globals_read: tuple[str, ...] = ()  # notebook variables (data, not functions) that the code reads
    keeps: bool = False  # it writes a global, or has a mutable default
    defaults: tuple[tuple[str, Node], ...] = ()


def facts_of(function: Callable) -> Facts:
    """Return the `Facts` about an answer: parameter names, and the notebook's data that its code reads."""
    import dis
    import inspect

    try:
        name = str(getattr(function, "__name__", ""))
    except Exception:
        name = ""
    try:
        signature = inspect.signature(function).parameters
        parameters = tuple(signature)
    except (TypeError, ValueError):
        signature, parameters = {}, None
    code = code_of(function)
    scope = getattr(inspect.unwrap(function), "__globals__", {}) if code else {}
    read, keeps, shared = set(), False, False
    writing = {dis.opmap["STORE_GLOBAL"], dis.opmap["DELETE_GLOBAL"]}
    todo = [code] if code else []
    while todo:
        block = todo.pop()
        todo += [c for c in block.co_consts if isinstance(c, types.CodeType)]
        writes = writing & set(block.co_code[::2])
        if not (shared or writes) and all(isinstance(scope.get(n, np), NO_DATA) for n in block.co_names):
            continue  # taking code apart takes longer than running it: only where there is something to find
        for instruction in dis.get_instructions(block):
            if instruction.opname == "LOAD_GLOBAL" and isinstance(
                scope.get(instruction.argval), int | float | np.ndarray | list | tuple
            ):
                read.add(str(instruction.argval))
            if instruction.opname == "LOAD_GLOBAL" and isinstance(
                scope.get(instruction.argval), dict | list | set
            ):
                shared = True
            changing = instruction.opname == "STORE_SUBSCR" or instruction.argval in MEMORY
            keeps = keeps or instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") or (shared and changing)
    defaults = getattr(function, "__defaults__", None) or ()
    keeps = keeps or any(isinstance(d, np.ndarray | list | dict) for d in defaults)
    values = tuple(
        (n, pack(p.default)) for n, p in signature.items() if p.default is not inspect.Parameter.empty
    )
    return Facts(name[:80], parameters, tuple(sorted(read)), keeps, values)
