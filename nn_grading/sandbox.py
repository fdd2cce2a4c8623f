"""The sandbox as the trusted process sees it: start it, send a submission's line into it, end it.

On Linux it is bubblewrap: own user, mount, process, network, IPC and host-name namespaces, a read-only
root that holds Python, NumPy and four files of this project, an empty environment, and 16 MB of scratch
in /tmp. A submission that leaves anything behind there costs the whole sandbox: a new one is started for
the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
INSIDE = "/nn"
START_LIMIT = 30.0  # seconds for a worker to become ready
STARTS = 3  # attempts to start a worker that dies without a word
END_LIMIT = 5.0  # seconds for a child to be ended
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")  # what bubblewrap puts into /dev


class SandboxError(Exception):
    """The sandbox cannot be had on this machine, or died; the text says what to do."""


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    from nn_exercises import run

    ours = {name: HERE / name for name in ("worker.py", "protocol.py", "wire.py")}
    return {**ours, "run.py": Path(run.__file__).resolve()}


@lru_cache(maxsize=1)
def _libraries() -> tuple[Path, list[Path]]:
    """Return the folder that NumPy is imported from and what belongs to NumPy in it."""
    site = Path(numpy.__file__).resolve().parent.parent
    return site, [p for p in (site / "numpy", site / "numpy.libs") if p.exists()]


@lru_cache(maxsize=1)
def _bwrap_options() -> str:
    found = shutil.which("bwrap")
    if found is None:
        return ""
    return subprocess.run([found, "--help"], capture_output=True, text=True, check=False, env={}).stdout


def _interpreter() -> tuple[Path, list[Path], list[Path]]:
    """Return Python's own executable, the folders it needs, and the folders of packages to cover."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    base = Path(sys.base_prefix).resolve()
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    if base in (Path("/usr"), Path("/")):
        needed = [python]  # its library lies below /usr/lib, which is there anyway
    else:
        needed = [python, base / "lib"]
    covered = [p for p in (stdlib / "site-packages", stdlib / "dist-packages") if p.is_dir()]
    covered += [p for p in (Path("/usr/lib/python3/dist-packages"),) if p.is_dir()]
    return python, needed, covered


def command(control: int, memory: int) -> list[str]:
    """Return bubblewrap's command line; `control` is the descriptor that the worker reads."""
    return [*_walls(), *_python_words(_interpreter()[0], INSIDE, control, memory, _libraries()[0])]


@lru_cache(maxsize=1)
def _walls() -> tuple[str, ...]:
    """Return bubblewrap's command line up to the program that runs inside."""
    _, needed, covered = _interpreter()
    _, libraries = _libraries()
    words = ["bwrap", "--unshare-all", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox"]
    words += ["--new-session", "--die-with-parent", "--as-pid-1"]
    for place in ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/lib32"):
        if Path(place).is_symlink():
            words += ["--symlink", str(Path(place).readlink()), place]
        elif Path(place).is_dir():
            words += ["--ro-bind", place, place]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    # before the binds: Python or NumPy may themselves lie below /tmp, and must not be covered
    if "--size" in _bwrap_options():
        words += ["--size", str(16 * 2**20), "--tmpfs", "/tmp"]
    else:
        words += ["--dir", "/tmp"]
    for place in needed:
        words += ["--ro-bind", str(place), str(place)]
    for place in covered:
        words += ["--tmpfs", str(place)]
    for place in libraries:
        words += ["--ro-bind", str(place), str(place)]
    for place in covered:
        words += ["--remount-ro", str(place)]
    for name, place in _files().items():
        words += ["--ro-bind", str(place), f"{INSIDE}/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    # Each is a mount of its own and belongs to the machine: where root runs this, the kernel's settings in
    # /proc/sys and the modes of the devices would be the submission's to change.
    for place in ("/proc", *(f"/dev/{name}" for name in DEVICES), "/dev/pts", "/dev", "/"):
        words += ["--remount-ro", place]
    return (*words, "--chdir", "/tmp", "--")


def probe(unsafe: bool = False) -> None:
    """Raise SandboxError, which says what to do, where no sandbox can be had."""
    if sys.platform == "win32":
        raise SandboxError(
            "official grading does not run on Windows itself: use WSL2 or a Linux container "
            "(docs/instructors.md says how)"
        )
    if unsafe:
        return
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxError(_advice("bubblewrap (the program bwrap) is not installed"))
    words = [found, *_walls()[1:], str(_interpreter()[0]), "-I", "-S", "-c", "pass"]
    try:
        done = subprocess.run(
            words,
            env=environment(),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=START_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(_advice("bubblewrap does not come to an end")) from None
    if done.returncode:
        raise SandboxError(_advice(done.stderr.strip()[-500:] or f"bubblewrap ends with {done.returncode}"))


def _python_words(python: Path, folder: str, control: int, memory: int, site: Path) -> list[str]:
    # -S and -s: no site-packages beside NumPy; -B: no byte code; -P: not the script's own folder.
    flags = ["-S", "-s", "-B", "-P", "-X", "utf8"]
    return [str(python), *flags, f"{folder}/worker.py", str(control), str(memory), str(site)]


def environment() -> dict[str, str]:
    """Return the worker's whole environment: one thread, the same hashes every time, little else."""
    names = {
        name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ
    }
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "1",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        **threads,
        **names,
    }


class Sandbox:
    """A running worker. Use it as a context, or `close` it.

    Parameters
    ----------
    memory : int
        Megabytes that one submission may use.
    unsafe : bool
        Run without bubblewrap: limits on memory, time and system calls, but the same files and user.
    """

    def __init__(self, memory: int = 1024, unsafe: bool = False) -> None:
        self.memory = memory
        self.unsafe = unsafe
        self.process: subprocess.Popen | None = None
        self.folder: tempfile.TemporaryDirectory | None = None  # of a worker without bubblewrap
        self.control: socket.socket | None = None
        self._told = b""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker and wait until it is ready; SandboxError says what to do if it does not come."""
        if sys.platform == "win32" or not (self.unsafe or shutil.which("bwrap")):
            probe(self.unsafe)
        for _ in range(STARTS):
            complaint = self._start_once()
            if complaint is None:
                return
            if complaint:  # without a word it was killed from outside: once more
                break
        raise SandboxError(_advice(complaint or "the worker did not start"))

    def _start_once(self) -> str | None:
        """Start the worker; return None if it is ready, else what it complained of."""
        self.close()
        ours, theirs = socket.socketpair()
        fd = theirs.fileno()
        if self.unsafe:
            self.folder = _gathered()
            words = _python_words(
                Path(sys.executable), self.folder.name, fd, self.memory, Path(self.folder.name)
            )
        else:
            words = [shutil.which("bwrap"), *command(fd, self.memory)[1:]]
        with theirs:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[fd],
                env=environment(),
                cwd="/",
                # A group of its own: Ctrl-C in the terminal is for this process to handle.
                start_new_session=True,
            )
        self.control, self._told = ours, b""
        if self._listen(START_LIMIT) is not None:
            return None
        complaint = self._complaint()
        self.close()
        return complaint

    def _complaint(self) -> str:
        process = self.process
        process.kill()
        return process.communicate()[1].decode(errors="replace").strip()[-500:]

    def _listen(self, seconds: float) -> dict | None:
        """Return the next line that the worker's parent says; None when it is gone or silent."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._told:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.control], [], [], left)[0]:
                return None
            try:
                part = self.control.recv(4096)
            except OSError:
                return None
            if not part:
                return None
            self._told += part
        line, _, self._told = self._told.partition(b"\n")
        return json.loads(line)

    def open(self) -> socket.socket:
        """Have a child forked for one submission, and return the line to it."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"+"], [theirs.fileno()])
            except OSError:
                self.start()
                socket.send_fds(self.control, [b"+"], [theirs.fileno()])
        return ours

    def finish(self, line: socket.socket, kill: bool) -> int:
        """Close a submission's line and return its child's exit code (minus the signal); -9 if it was killed.

        Whatever happens in there, after this the next `open` finds a clean worker.
        """
        line.close()
        if kill:
            with contextlib.suppress(OSError):
                self.control.send(b"-")
        ended = self._listen(END_LIMIT)
        if ended is None or ended["left_behind"]:
            self.close()
        return -signal.SIGKILL if ended is None else ended["code"]

    def close(self) -> None:
        """End the worker with everything in it."""
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            # With its parent bubblewrap dies, with bubblewrap the process namespace, with that all in it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process.stderr.close()
        if self.folder is not None:
            self.folder.cleanup()
        self.folder = None
        self.process = self.control = None


def _gathered() -> tempfile.TemporaryDirectory:
    """Return a folder with the worker's files and NumPy side by side, for a run without bubblewrap."""
    folder = tempfile.TemporaryDirectory(prefix="nn_grading_")
    for name, place in _files().items():
        shutil.copy(place, Path(folder.name) / name)
    for place in _libraries()[1]:
        (Path(folder.name) / place.name).symlink_to(place)
    return folder


def _advice(reason: str) -> str:
    return (
        f"No sandbox: {reason}\n"
        "Official grading runs students' code under bubblewrap with user namespaces. Install it (Debian, "
        "Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap). Where user namespaces are denied, "
        "allow them (kernel.unprivileged_userns_clone=1; on Ubuntu 24.04 an AppArmor profile for bwrap) or "
        "grade in a virtual machine; on macOS and Windows, in a Linux virtual machine or WSL2. --unsafe "
        "grades without isolation: only for code that you would run yourself."
    )


def describe(unsafe: bool) -> str:
    """Return in a few words how students' code runs."""
    if unsafe:
        return "unsafe: without isolation"
    found = shutil.which("bwrap")
    if found is None:
        return "no sandbox: bubblewrap is not installed"
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return f"sandbox: {version or 'bubblewrap'}"
