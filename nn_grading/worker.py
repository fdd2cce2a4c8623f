"""Inside the sandbox: a warmed process that forks a child for a submission; it runs students' functions.

This file, `protocol.py`, `wire.py` and nn_exercises' `run.py` are all that lies in the sandbox beside
Python and NumPy. There is no expected value, no exercise and no other submission here. It is started as

    python worker.py CONTROL_FD MEMORY_MB

The parent reads orders from the control socket and never looks at what a child says: each child talks to the
trusted process over a socket of its own, which came with the order and closes with the child. A child may be
told to serve many submissions (`shared.py` says which); it is one like the others.
"""

from __future__ import annotations

import builtins
import contextlib
import contextvars
import ctypes
import functools
import gc
import json
import linecache
import math
import os
import platform
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
import types
import warnings
from pathlib import Path
from typing import Any

SYSTEM = platform.machine()
MB = 2**20
NOT_ENOUGH_MEMORY = 77  # a child's exit code
AT_ONCE = 2**16  # bytes of replies that may wait for the next ones
SETS = 64  # of calls that are kept: a chapter has a dozen exercises, and each a few sets of cases

# ---------------------------------------------------------------- the filter of system calls

# What an answer that computes with NumPy never needs: new processes, sockets, other processes' memory,
# signals and settings, kernel objects that outlive a process, and the kernel's own machinery. By number,
# since the filter works on numbers; on other machines than these two the namespaces alone must do.
# fmt: off
DENIED = {
    "x86_64": dict(
        fork=57, vfork=58, execve=59, execveat=322, socket=41, ptrace=101, process_vm_readv=310,
        process_vm_writev=311, pidfd_open=434, pidfd_send_signal=424, pidfd_getfd=438, rt_sigqueueinfo=129,
        rt_tgsigqueueinfo=297, tkill=200, shmget=29, msgget=68, semget=64, mq_open=240, add_key=248,
        request_key=249, keyctl=250, mount=165, umount2=166, pivot_root=155, chroot=161, unshare=272,
        setns=308, bpf=321, perf_event_open=298, userfaultfd=323, io_uring_setup=425, io_uring_enter=426,
        io_uring_register=427, memfd_create=319, open_by_handle_at=304, name_to_handle_at=303, kcmp=312,
        setpriority=141, personality=135, quotactl=179, swapon=167, reboot=169, init_module=175,
        finit_module=313, delete_module=176, kexec_load=246, open_tree=428, move_mount=429, fsopen=430,
        fsmount=432, mount_setattr=442, process_madvise=440, migrate_pages=256, move_pages=279,
        ioprio_set=251,
        sched_setscheduler=144, sched_setparam=142, sched_setattr=314, setpgid=109, setsid=112,
    ),
    "aarch64": dict(
        execve=221, execveat=281, socket=198, ptrace=117, process_vm_readv=270, process_vm_writev=271,
        pidfd_open=434, pidfd_send_signal=424, pidfd_getfd=438, rt_sigqueueinfo=138, rt_tgsigqueueinfo=240,
        tkill=130, shmget=194, msgget=186, semget=190, mq_open=180, add_key=217, request_key=218, keyctl=219,
        mount=40, umount2=39, pivot_root=41, chroot=51, unshare=97, setns=268, bpf=280, perf_event_open=241,
        userfaultfd=282, io_uring_setup=425, io_uring_enter=426, io_uring_register=427, memfd_create=279,
        open_by_handle_at=265, name_to_handle_at=264, kcmp=272, setpriority=140, personality=92, quotactl=60,
        swapon=224, reboot=142, init_module=105, finit_module=273, delete_module=106, kexec_load=104,
        open_tree=428, move_mount=429, fsopen=430, fsmount=432, mount_setattr=442, process_madvise=440,
        migrate_pages=238, move_pages=239, ioprio_set=30, sched_setscheduler=119, sched_setparam=118,
        sched_setattr=274, setpgid=154, setsid=157,
    ),
}
# fmt: on
# Allowed towards the process itself only (by the first argument), and clone for threads only.
SELF_ONLY = {
    "x86_64": dict(kill=62, tgkill=234, prlimit64=302, sched_setaffinity=203),
    "aarch64": dict(kill=129, tgkill=131, prlimit64=261, sched_setaffinity=122),
}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = {"x86_64": 435, "aarch64": 435}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE_THREAD = 0x00010000
EPERM, ENOSYS = 1, 38


@functools.lru_cache(maxsize=1)
def _prctl():
    """Return the C library's prctl; looked up once, before children are forked."""
    found = ctypes.CDLL(None).prctl
    found.argtypes = (ctypes.c_int, *[ctypes.c_void_p] * 4)
    return found


def prctl(*words: object) -> int:
    """Call prctl."""
    return _prctl()(*words)


PID = 0x7A7A7A7A  # stands for the child's process id in the program, until that is known


@functools.lru_cache(maxsize=4)
def system_call_filter(machine: str, pid: int = PID) -> bytes | None:
    """Return a seccomp program for a child `pid`, None for a machine whose numbers are not known here."""
    if machine not in DENIED:
        return None
    load, jump_eq, jump_ge, jump_set, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    program: list[tuple[int, int, int, int]] = []

    def refuse(error: int) -> tuple[int, int, int, int]:
        return give, 0, 0, 0x00050000 | error

    program += [(load, 0, 0, 4), (jump_eq, 1, 0, AUDIT[machine]), (give, 0, 0, kill), (load, 0, 0, 0)]
    if machine == "x86_64":
        program += [(jump_ge, 0, 1, 0x40000000), refuse(EPERM)]  # the x32 numbers
    for number in DENIED[machine].values():
        program += [(jump_eq, 0, 1, number), refuse(EPERM)]
    program += [(jump_eq, 0, 1, CLONE3[machine]), refuse(ENOSYS)]  # the C library falls back to clone
    program += [
        (jump_eq, 0, 4, CLONE[machine]),
        (load, 0, 0, 16),
        (jump_set, 1, 0, CLONE_THREAD),
        refuse(EPERM),
        (give, 0, 0, allow),
    ]
    for name, number in SELF_ONLY[machine].items():
        zero = 0 if name in ("kill", "tgkill") else 1  # to kill, 0 means the whole group
        program += [
            (jump_eq, 0, 5, number),
            (load, 0, 0, 16),
            (jump_eq, 2, 0, pid),
            (jump_eq, zero, 0, 0),
            refuse(EPERM),
            (give, 0, 0, allow),
        ]
    program.append((give, 0, 0, allow))
    return b"".join(struct.pack("HBBI", *line) for line in program)


def limit(memory: int, in_sandbox: bool) -> None:
    """Put this child under its limits, for good.

    The parent is under none: where processes or memory are counted otherwise, it could not fork any more.
    """
    import resource

    for name, value in (
        ("RLIMIT_AS", memory * MB),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 16 * MB),
        ("RLIMIT_NOFILE", 64),
        # Processes are counted by user, so a limit would count the operator's own outside a sandbox.
        *([("RLIMIT_NPROC", 64)] if in_sandbox else []),
    ):
        kind = getattr(resource, name, None)
        if kind is not None:
            _, hard = resource.getrlimit(kind)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            try:
                resource.setrlimit(kind, (value, value))
            except (ValueError, OSError):  # macOS refuses some
                pass


class Filter:
    """The filter of system calls, laid out before children are forked: they only put their number in."""

    def __init__(self) -> None:
        if prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS; children inherit it
            raise OSError("no_new_privs is refused")
        program = system_call_filter(SYSTEM) or b""
        mark = struct.pack("I", PID)
        self.places = [i for i in range(0, len(program), 4) if program[i : i + 4] == mark]
        self.program = ctypes.create_string_buffer(program, max(len(program), 1))
        header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(self.program))
        self.header = ctypes.create_string_buffer(header)
        self.address = ctypes.addressof(self.header) if program else None

    def attach(self) -> None:
        """Put this child under the filter, for good."""
        for place in self.places:
            struct.pack_into("I", self.program, place, os.getpid())
        if self.address is not None and prctl(22, 2, self.address, 0, 0):  # PR_SET_SECCOMP
            raise OSError("the filter of system calls is refused")


# ---------------------------------------------------------------- a child: one submission


class Gone(BaseException):
    """The trusted process has closed the line."""


def serve(line: socket.socket) -> None:
    """Run exercises as they come over `line`, until it closes.

    Where several lie there, the replies leave together: each time that the other side wakes up costs as much
    as some calls.
    """
    answers: dict[str, object] = {}
    said = bytearray()
    while True:
        if said and (len(said) > AT_ONCE or not select.select([line], [], [], 0)[0]):
            line.sendall(said)
            said.clear()
        try:
            order = protocol.receive(line)
            if "plain" in order:
                forget(answers)
                continue
            calls = None if "facts" in order else calls_of(*protocol.receive_encoded(line))
        except protocol.ClosedError:
            return
        if calls is None:  # asked for only where something is wrong: looking at code takes its time
            replies = [{"facts": wire.dump_facts(run.facts_of(answers[order["facts"]]))}]
        else:
            # In a context of its own: NumPy's error state is what it was, whatever the definitions do.
            apart = contextvars.copy_context()
            replies, answers[order["name"]] = apart.run(run_exercise, order, calls, line)
        try:
            for reply in replies:
                said += protocol.encode(reply)
        except (TypeError, ValueError) as wrong:
            raise SystemExit(f"a reply that is no message: {wrong}") from None
        del order, calls, replies


def forget(answers: dict[str, object]) -> None:
    """Forget the submission before, in a child that runs plain answers of many.

    The calls stay: the next submissions are given the same ones.
    """
    answers.clear()
    compiled.cache_clear()
    linecache.cache.clear()
    gc.collect(1)  # functions and the names around them hold each other


@functools.lru_cache(maxsize=SETS)
def calls_of(text: bytes, rest: bytes) -> dict:
    """Return the message with an exercise's calls, which are ready to be made if none of them has a callable.

    Many submissions are given the same ones; an answer gets copies of their arguments.
    """
    calls = protocol.decode(text, rest)
    with contextlib.suppress(LookupError):  # a callable is made for each submission anew
        calls["calls"] = [load_call(call, no_callable) for call in calls["calls"]]
    return calls


def no_callable(*_: object) -> run.Fn:
    """Refuse to make a callable."""
    raise LookupError


def load_call(message: list, make) -> run.Call:
    """Return the call that a message stands for; `make` makes its callables."""
    args, kwargs = message
    values = tuple([wire.load_value(a, make) for a in args])
    return run.Call(values, {k: wire.load_value(v, make) for k, v in kwargs} if kwargs else {})


def run_exercise(order: dict, calls: dict, line: socket.socket) -> tuple[list[dict], object]:
    """Define what the answer needs, make its calls, and return messages with the outcomes, and the answer."""
    module = types.ModuleType("__main__")  # what `__name__` and `sys.modules` say in a notebook
    sys.modules["__main__"] = module
    scope = module.__dict__
    scope["__builtins__"] = builtins
    started = time.perf_counter()
    problem = define(order["pieces"], scope, order["time_limit"])
    if problem is not None:
        return [{"problem": problem}], None
    answer = scope.get(order["name"])
    if not callable(answer):
        return [{"problem": {"status": "no function"}}], None
    known = {**calls["known"], **order["known"]} if "known" in calls else None
    todo = [
        call if isinstance(call, run.Call) else load_call(call, remote(line, index, known))
        for index, call in enumerate([*calls["calls"], *order["own"]])
    ]
    spent = time.perf_counter() - started
    left = max(order["time_limit"] - spent, 0.01)
    outcomes = run.run(
        answer, todo, again=calls["again"], time_limit=left, patience=order.get("patience", 1.0)
    )
    messages = [wire.dump_outcome(outcome) for outcome in outcomes]
    of_all = len(calls["calls"])
    parts = [messages[:of_all], messages[of_all:]] if order["own"] else [messages]
    return [{"outcomes": part} for part in parts], answer


def define(pieces: list, scope: dict, time_limit: float) -> dict | None:
    """Execute the statements an answer needs; return what went wrong, None if nothing did."""
    cell = line_number = 0
    try:
        with warnings.catch_warnings(), alarm(time_limit):
            warnings.simplefilter("ignore")
            for cell, line_number, text, flags in pieces:
                exec(compiled(cell, line_number, text, flags), scope)
    except run.TimeUp:
        return {"status": "timeout", "cell": cell}
    except BaseException as wrong:
        frames = [f for f in traceback.extract_tb(wrong.__traceback__) if f.filename.startswith("<cell ")]
        return {
            "status": "memory" if isinstance(wrong, MemoryError) else "raised",
            "cell": cell,
            "type": str(type(wrong).__name__)[:80],
            "message": safe_text(wrong),
            "line": frames[-1].lineno if frames else line_number,
            "text": (frames[-1].line or "")[:200] if frames else "",
        }
    return None


@functools.cache
def compiled(cell: int, line_number: int, text: str, flags: int) -> types.CodeType:
    """Return a statement's code, whose lines tracebacks find; several answers may use the same statement."""
    name = f"<cell {cell}>"
    remember(name, line_number, text)
    return compile("\n" * (line_number - 1) + text, name, "exec", flags, dont_inherit=True)


def remember(name: str, line_number: int, text: str) -> None:
    """Let tracebacks find a statement's text at its line of its cell."""
    lines = list(linecache.cache[name][2]) if name in linecache.cache else []
    added = [line + "\n" for line in text.split("\n")]
    lines += ["\n"] * (line_number - 1 + len(added) - len(lines))
    lines[line_number - 1 : line_number - 1 + len(added)] = added
    linecache.cache[name] = (1, None, lines, name)


@contextlib.contextmanager
def alarm(seconds: float):
    """Raise `run.TimeUp` in the block after `seconds`, and again for code that swallows it."""

    def ring(*_):
        raise run.TimeUp

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), 0.25)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def safe_text(wrong: BaseException) -> str:
    """Return an exception's message; its `__str__` may be a student's."""
    try:
        return str(wrong)[:2000]
    except BaseException:
        return ""


def remote(line: socket.socket, call: int, known: dict[str, Any] | None = None):
    """Return what makes an argument that is a callable: it asks the trusted process for each value.

    Where the values are `known` beforehand, by question, it gives those and asks nobody.
    """

    def make(index: int, name: str, doc: str | None) -> run.Fn:
        def ask(*args, **kwargs):
            args, kwargs = wire.dump_arguments(args, kwargs)
            if known is not None:
                return wire.load_value(known[wire.question(index, args, kwargs)])
            message = {"ask": index, "call": call, "args": args, "kwargs": kwargs}
            # The time limit counts the answer's own time, so the clock stands still while others compute.
            left = signal.setitimer(signal.ITIMER_REAL, 0) if in_main_thread() else None
            try:
                protocol.send(line, message)
                reply = protocol.receive(line)
            except (protocol.ProtocolError, OSError):
                raise Gone from None
            finally:
                if left and left[0]:
                    signal.setitimer(signal.ITIMER_REAL, *left)
            if "raised" in reply:
                kind = getattr(builtins, reply["raised"], ValueError)
                raise kind(reply["message"])
            return wire.load_value(reply["value"])

        ask.__doc__ = doc
        return run.Fn(name, ask)

    return make


def in_main_thread() -> bool:
    """Return whether this is the thread that timers ring in."""
    return threading.current_thread() is threading.main_thread()


# ---------------------------------------------------------------- the parent


def main() -> None:
    """Answer orders until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    memory = int(sys.argv[2])
    in_sandbox = os.getpid() == 1
    calls = None
    if sys.platform == "linux":
        prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: no child reads or writes this memory
        calls = Filter()
    kept = contextlib.ExitStack()
    kept.enter_context(run.state_kept())  # once: a child ends after its submission, and its state with it
    warm()
    # What can be set here and inherited is: whatever a child touches, it pays for with a page.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run.MAX_BYTES, run.STOPPABLE = 16 * MB, False
    gc.set_threshold(50_000, 20, 50)  # most submissions end before there is much to collect
    control.sendall(json.dumps({"ready": sys.version.split()[0]}).encode() + b"\n")
    # From here on nothing is complained of; the pipe would be one for all children, and who has its end can
    # open the other.
    os.dup2(1, 2)
    gc.collect()
    gc.freeze()  # forked children would copy every page that the collector touches
    untouched = scratch() if in_sandbox else None
    while True:
        data, lines, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            return
        if not lines:  # an order to end a child that has ended by itself meanwhile
            continue
        pid = os.fork()
        if pid == 0:
            child(control, lines[0], memory, in_sandbox, calls)
        os.close(lines[0])
        status = watch(pid, control)
        if in_sandbox:
            sweep()
        left_behind = "true" if in_sandbox and scratch() != untouched else "false"
        code = os.waitstatus_to_exitcode(status)
        control.sendall(b'{"code":%d,"left_behind":%s}\n' % (code, left_behind.encode()))


def scratch() -> tuple:
    """Return all that a submission could leave in the scratch folder for the next one.

    A time stamp or an attribute of the folder would do for a message; but for its change time, which nobody
    can set, they look like nothing.
    """
    about = os.stat("/tmp")  # noqa: PTH116 - between two submissions every object that is touched costs a page
    return about.st_ctime_ns, about.st_mode, os.listdir("/tmp")  # noqa: PTH208


def child(control: socket.socket, line_fd: int, memory: int, in_sandbox: bool, calls: Filter | None) -> None:
    """Be the child of one submission; never returns."""
    code = 1
    try:
        control.close()
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, line_fd)
        limit(memory, in_sandbox)
        if calls is not None:
            calls.attach()
        serve(line)
        code = 0
    except MemoryError:
        code = NOT_ENOUGH_MEMORY
    except Gone:
        code = 0
    finally:
        os._exit(code)


def watch(pid: int, control: socket.socket) -> int:
    """Wait for the child's end, or end it when told to; return its wait status."""
    ended = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    heard = [control] if ended is None else [control, ended]
    try:
        while True:
            ready = select.select(heard, [], [], None if ended else 0.01)[0]
            if control in ready:
                order = control.recv(1)
                os.kill(pid, signal.SIGKILL)
                if not order:
                    os._exit(0)  # the trusted process is gone, and so is the reason to be here
            if ended is None or ended in ready:
                found, status = os.waitpid(pid, os.WNOHANG)
                if found == pid:
                    return status
    finally:
        if ended is not None:
            os.close(ended)


def sweep() -> None:
    """End and reap whatever is left in this sandbox beside this process."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def warm() -> None:
    """Load what most answers load anyway, so that children find it there."""
    import collections
    import inspect
    import itertools
    import random
    import resource  # noqa: F401
    import typing  # noqa: F401

    import numpy as np

    np.random.default_rng(0).normal(size=3)
    np.linalg.norm(np.ones((2, 2)) @ np.ones((2, 2)))
    np.exp(np.linspace(-1.0, 1.0, 5)).argmax()
    _ = collections, inspect, itertools, math, random
    rehearse()


REHEARSAL = """
def answer(x, y, shift=1.0):
    x = np.asarray(x, dtype=float)
    if x.ndim != 2:
        raise ValueError(f"a matrix is due, not {x.shape}")
    z = np.where(x > 0, x, 0.0) @ y + shift
    return np.exp(z - z.max(axis=-1, keepdims=True)).sum(axis=0), {"mean": float(z.mean())}, [len(z)]
"""


def rehearse(times: int = 12) -> None:
    """Run an answer of our own a few times: Python adapts code that runs often, and children inherit that."""
    import numpy as np

    order = {"name": "answer", "pieces": [[0, 1, "import numpy as np", 0], [0, 2, REHEARSAL, 0]]}
    order |= {"time_limit": 60.0, "own": []}
    x = np.linspace(-1.0, 1.0, 6)
    calls = [[[wire.dump_value(v, []) for v in (x.reshape(3, 2), np.ones((2, k)))], []] for k in (1, 2, 3)]
    calls.append([[wire.dump_value(x, []), None], [["shift", 2.0]]])
    ours, theirs = socket.socketpair()
    main = sys.modules["__main__"]
    with ours, theirs:
        for _ in range(times):
            protocol.send(ours, {"calls": calls, "again": [0, 1]})
            (reply,), _ = run_exercise(order, protocol.receive(theirs), theirs)
            protocol.encode(reply)
    sys.modules["__main__"] = main
    linecache.cache.clear()
    compiled.cache_clear()


if __name__ == "__main__":
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [p for p in sys.path if p and p != here]
    sys.path[:0] = [here, *sys.argv[3:]]
    import protocol
    import run
    import wire

    sys.path.remove(here)
    main()
