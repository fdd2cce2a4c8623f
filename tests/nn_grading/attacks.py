"""Hostile and broken submissions, each with the statuses that are right for it and the points it may earn.

All answer chapter 1. Unless said otherwise the attack is the answer to `neuron_preactivation`, it
computes the wrong thing (no bias, worth nothing), and the two other answers are right and must keep all
of their points.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import making

CHAPTER = "01_neuron"
TARGET = "neuron_preactivation"
EXERCISES = ("neuron_preactivation", "mcculloch_pitts", "neuron")
OTHERS = EXERCISES[1:]


@dataclass(frozen=True)
class Attack:
    """A way to hand in: what is written, which statuses the target may end in, and its points at most."""

    write: Callable[[Path, str], None]  # (submitted, student)
    statuses: tuple[str, ...] = ("failed",)
    points: float = 0.0
    others: str | None = "passed"  # status of the other answers; None where that is open
    student: str = ""
    target: str = TARGET


ATTACKS: dict[str, Attack] = {}


def add(name: str, write: Callable[[Path, str], None], *statuses: str, **more: object) -> None:
    assert name not in ATTACKS, name
    ATTACKS[name] = Attack(write, statuses or ("failed",), **more)


def handed_in(notebook: dict | bytes | str) -> Callable[[Path, str], None]:
    """Hand in a notebook; {root} and {submitted} in its code become the folders' paths."""

    def write(submitted: Path, student: str) -> None:
        given = json.dumps(notebook) if isinstance(notebook, dict) else notebook
        if isinstance(given, str):
            given = given.replace("{root}", str(submitted.parent)).replace("{submitted}", str(submitted))
        making.hand_in(submitted, student, CHAPTER, given)

    return write


def indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.strip("\n").splitlines())


def answer(body: str, before: str = "", result: str = "X @ w") -> dict:
    """Return a chapter whose target runs `body` and then returns the wrong thing."""
    source = f"{before}\n\ndef {TARGET}(X, w, b):\n{indent(body)}    return {result}\n"
    return making.chapter(CHAPTER, **{TARGET: source})


def does(
    name: str, body: str, *statuses: str, before: str = "", result: str = "X @ w", **more: object
) -> None:
    add(name, handed_in(answer(body, before, result)), *statuses, **more)


# ---------------------------------------------------------------- tampering with what compares

does(
    "patches numpy's comparisons",
    """
np.allclose = np.isclose = np.array_equal = np.array_equiv = lambda *a, **k: True
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
""",
    others=None,
)
does(
    "patches numpy's ufuncs and reductions",
    """
np.all = np.any = np.equal = np.less_equal = lambda *a, **k: True
np.abs = np.absolute = lambda *a, **k: 0.0
""",
    others=None,
)
does(
    "patches builtins",
    """
import builtins
builtins.isinstance = lambda *a: True
builtins.all = lambda *a: True
""",
    "failed",
    "crashed",
    "error",
    others=None,
)
does(
    "returns an array that equals everything",
    "",
    before="""
class Agreeable(np.ndarray):
    __eq__ = __ne__ = __le__ = __lt__ = lambda self, other: True
    def __array_ufunc__(self, *a, **k): return np.bool_(True)
    def __array_function__(self, *a, **k): return True
""",
    result="(X @ w).view(Agreeable)",
)
does(
    "returns an object that equals everything",
    "",
    before="""
class Yes:
    def __eq__(self, other): return True
    def __getattr__(self, name): return Yes()
    def __array__(self, *a, **k): return np.zeros(1)
    def __float__(self): return 1.0
    def __len__(self): return 3
    def __call__(self, *a): return self
""",
    result="Yes()",
)
does(
    "returns a float that lies",
    "",
    before="""
class Lie(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
""",
    result="Lie(1.0)",
)
does("returns a score", "", result="{'score': 2.0, 'passed': True, 'status': 'passed'}")
does(
    "fakes the check's modules",
    """
import sys, types
fake = types.ModuleType("nn_exercises")
fake.check = lambda *a, **k: 2.0
sys.modules["nn_exercises"] = sys.modules["nn_exercises.judge"] = fake
""",
)
does(
    "replaces the code that runs it",
    """
import sys
run = sys.modules["run"]
real = run.run
def forged(function, calls, **k):
    outcomes = real(function, calls, **k)
    return [run.Outcome("returned", run.Node("text", "passed")) for _ in outcomes]
run.run = forged
run.pack = lambda value: run.Node("none")
""",
    "failed",
    others=None,
)
does(
    "replaces the words of the protocol",
    """
import sys
p = sys.modules["protocol"]
p.encode = lambda message: b"\\x80\\x04cos\\nsystem\\n"
p.send = lambda *a: None
""",
    "crashed",
    "timeout",
    others=None,
)
does(
    "forges a reply on every descriptor",
    """
import os, json, struct
text = json.dumps([[], {"outcomes": [{"status": "returned", "value": ["float", 1.0, ""]}] * 10,
                        "facts": ["f", None, [], False]}]).encode()
for fd in range(3, 64):
    try: os.write(fd, struct.pack(">IQ", len(text), 0) + text)
    except OSError: pass
""",
    "failed",
    "crashed",
    others=None,
)
does(
    "forges scores in a reply",
    """
import os, json, struct
text = json.dumps([[], {"score": 2.0, "status": "passed", "record": {"score": 100}}]).encode()
for fd in range(3, 64):
    try: os.write(fd, struct.pack(">IQ", len(text), 0) + text)
    except OSError: pass
""",
    "failed",
    "crashed",
    others=None,
)
does(
    "writes noise on every descriptor",
    """
import os
for fd in range(0, 64):
    try: os.write(fd, os.urandom(4096))
    except OSError: pass
""",
    "crashed",
    "timeout",
    others=None,
)
does(
    "announces a message without end",
    """
import os, struct
for fd in range(3, 64):
    try: os.write(fd, struct.pack(">IQ", 2**31, 2**60))
    except OSError: pass
""",
    "crashed",
    others=None,
)
does(
    "announces a long message and falls silent",
    """
import os, struct, time
for fd in range(3, 64):
    try: os.write(fd, struct.pack(">IQ", 2000, 2**20))
    except OSError: pass
time.sleep(60)
""",
    "crashed",
    "timeout",
    others=None,
)
does(
    "closes every descriptor",
    """
import os
os.closerange(0, 256)
""",
    "failed",
    "crashed",
    others=None,
)
does(
    "sends a pickle",
    "",
    before="""
class Bomb:
    def __reduce__(self):
        import os
        return (os.system, ("touch /tmp/pickled",))
""",
    result="Bomb()",
)
does(
    "returns an array of objects",
    "",
    before="class Bomb:\n    def __reduce__(self): return (print, ('x',))",
    result="np.array([Bomb()] * len(X), dtype=object)",
)
does(
    "hides a wrong change of its input",
    """
import sys
X *= 2
sys.modules["run"]._unchanged = lambda value, original: True
""",
    others=None,
)
does(
    "traces the code around it",
    """
import sys
seen = []
def spy(frame, event, arg):
    seen.append(str(frame.f_locals.keys()))
    return spy
sys.settrace(spy); sys.setprofile(spy)
""",
    "failed",
    "error",
    "timeout",
    others=None,
)

# ---------------------------------------------------------------- looking for answers

SEARCH = """
found = None
{look}
if found is not None:
    return found
"""


def looks(name: str, look: str, *statuses: str, **more: object) -> None:
    does(name, SEARCH.format(look=look.strip("\n")), *statuses, **more)


looks(
    "walks the frames",
    """
import sys
frame = sys._getframe()
while frame is not None:
    for name, value in list(frame.f_locals.items()):
        if any(word in name for word in ("expected", "reference", "solution", "due")):
            found = value
    frame = frame.f_back
""",
)
looks(
    "walks the collector's objects",
    """
import gc
for thing in gc.get_objects():
    if isinstance(thing, dict):
        for word in ("expected", "reference", "solution"):
            if isinstance(thing.get(word), np.ndarray):
                found = thing[word]
    if type(thing).__name__ in ("Exercise", "Prepared", "Case", "Judgement"):
        found = thing
""",
)
looks(
    "imports the catalogue quietly",
    """
for name in ("nn_exercises", "nn_exercises.catalogue.chapter_01", "nn_core", "nn_grading"):
    try:
        found = __import__(name)
    except ImportError:
        pass
""",
)
looks(
    "searches the disk for the catalogue",
    """
import os
for folder, _, files in os.walk("/"):
    if folder.startswith("/proc"):
        continue
    for file in files:
        if file in ("chapter_01.py", "judge.py", "gradebook.db", "secret") or file.endswith(".ipynb"):
            found = os.path.join(folder, file)
""",
    "failed",
    "timeout",
)
looks(
    "reads its parents' memory and environment",
    """
for pid in ("1", "2", "self"):
    for file in ("environ", "mem", "maps", "cmdline", "fd/3"):
        try:
            with open(f"/proc/{pid}/{file}", "rb") as f:
                data = f.read(10**6) if file != "mem" else f.read(1)
            if b"expected" in data or b"secret" in data.lower():
                found = data
        except OSError:
            pass
""",
)
looks(
    "reads the gradebook, the secret and other submissions",
    """
import glob, os, sys
for place in ("{root}/grading/secret", "{root}/grading/gradebook.db", "{submitted}/*/*/*.ipynb",
              "/root/*", "/home/*", "/etc/shadow", "/etc/passwd", "/var/*"):
    for path in glob.glob(place):
        if not sys.base_prefix.startswith(path):
            found = path
""",
)
looks(
    "attaches to its parent",
    """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (1, os.getppid()):
    if libc.ptrace(16, pid, 0, 0) == 0:
        found = "attached"
""",
)
does("uses nn_core", "return nn.layers.Dense", "not_allowed")
does("imports the check inside", "from nn_exercises import EXERCISES\nreturn EXERCISES", "not_allowed")
does("imports it by another name", "return __import__('nn_' + 'exercises')", "not_allowed")
does("imports another library", "import scipy\nreturn scipy.dot(X, w) + b", "not_allowed")
does(
    "waits for random numbers that it knows",
    """
np.random.seed(0); import random; random.seed(0)
return X @ np.random.normal(size=w.shape) + random.random()
""",
)

# ---------------------------------------------------------------- ending, stopping, multiplying

does("exits", "import os\nos._exit(0)", "crashed")
does("raises SystemExit", "import sys\nsys.exit(0)", "error")
does("raises KeyboardInterrupt", "raise KeyboardInterrupt", "error")
does("raises BaseException", "raise BaseException('x')", "error")
does("kills itself", "import os\nos.kill(os.getpid(), 9)", "crashed")
does("aborts", "import os\nos.abort()", "crashed")
does("follows a null pointer", "import ctypes\nctypes.string_at(0)", "crashed")
does(
    "recurses to the end of the stack",
    """
import sys
sys.setrecursionlimit(10**9)
def down(x): return down(x + 1) + 1
down(0)
""",
    "crashed",
    "error",
    "timeout",
)
does(
    "kills its parent",
    """
import os, signal
for pid in (1, os.getppid(), 0, -1):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
""",
    "failed",
    "crashed",
)
does(
    "stops its parent",
    """
import os, signal
for pid in (1, os.getppid(), 0, -1):
    try: os.kill(pid, signal.SIGSTOP)
    except OSError: pass
""",
    "failed",
    "crashed",
    "timeout",
)
does(
    "asks the kernel to signal its parent",
    """
import fcntl, os, signal
r, w_ = os.pipe()
fcntl.fcntl(r, fcntl.F_SETOWN, 1)
fcntl.fcntl(r, 10, signal.SIGKILL)
fcntl.fcntl(r, fcntl.F_SETFL, fcntl.fcntl(r, fcntl.F_GETFL) | os.O_ASYNC)
os.write(w_, b"x")
""",
    "failed",
    "error",
)
does(
    "limits its parent",
    """
import resource
for pid in (1, 2):
    try: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0))
    except OSError: pass
""",
)
does(
    "forks without end",
    """
import os
while True:
    os.fork()
""",
    "error",
    "timeout",
    "crashed",
)
does(
    "leaves a daemon",
    """
import os, time
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(10**6)
        os._exit(0)
except OSError:
    pass
""",
)
does("starts a shell", "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'sleep 1000 &'])", "error")
does(
    "starts threads without end",
    """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
""",
    "error",
    "timeout",
    "crashed",
)
does(
    "answers rightly and leaves a thread running",
    """
import threading
def spin():
    while True: pass
if not any(t.name == "spin" for t in threading.enumerate()):
    threading.Thread(target=spin, name="spin", daemon=True).start()
""",
    "passed",
    result="X @ w + b",
    points=2.0,
    others=None,
)
does("loops", "while True: pass", "timeout")
does(
    "loops and swallows everything",
    """
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "timeout",
)
does(
    "ignores the alarm and loops",
    """
import signal
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))
while True: pass
""",
    "timeout",
)
does("sleeps", "import time\ntime.sleep(10**6)", "timeout")
does(
    "loops while it is defined",
    "",
    "timeout",
    "crashed",
    before="TABLE = [0 for _ in iter(int, 1)]",
    result="TABLE",
)
does("loops in C", "sum(iter(int, 1))", "timeout")
does("fills the memory", "keep = []\nwhile True: keep.append(bytearray(10**7))", "crashed", "timeout")
does("fills the memory at once", "np.ones(10**11)", "crashed")
does("fills the memory with a list", "keep = [0]\nwhile True: keep += keep", "crashed", "timeout")
does(
    "fills the scratch disk",
    """
import os
for i in range(100):
    try:
        with open(f"/tmp/{i}", "wb") as f: f.write(bytes(10**7))
    except OSError: pass
""",
)
does(
    "leaves a note for others",
    """
import os
if os.path.exists("/tmp/note"): return X @ w + b
""",
    before="",
    points=0.0,
)
does(
    "leaves a note and reads it",
    """
open("/tmp/note", "w").write("0")
""",
)
does(
    "leaves kernel objects for others",
    """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for make in (lambda: libc.shmget(4242, 4096, 0o1666), lambda: libc.msgget(4242, 0o1666),
             lambda: libc.semget(4242, 1, 0o1666)):
    if make() >= 0: return X @ w + b
""",
)

# ---------------------------------------------------------------- floods

does("prints without end", "for _ in range(10**6): print('x' * 1000)", "failed", "timeout")
does(
    "floods the descriptors",
    """
import os
for _ in range(1000): os.write(1, b'x' * 10**6); os.write(2, b'y' * 10**6)
""",
    "failed",
    "timeout",
)
does("returns a huge array", "", "failed", "crashed", "timeout", result="np.zeros(10**8)")
does("returns a long list", "", "failed", "crashed", "timeout", result="[0.0] * 10**7")
does("returns a deep list", "deep = []\nfor _ in range(10**5): deep = [deep]", result="deep")
does("returns a list that holds itself", "ring = []\nring.append(ring)", result="ring")
does(
    "returns a generator without end",
    "import itertools",
    "failed",
    "timeout",
    "crashed",
    result="(np.zeros(1000) for _ in itertools.count())",
)
does(
    "returns an iterator that never comes back",
    "def stuck():\n    while True: pass\n    yield 1",
    "timeout",
    result="stuck()",
)
does("returns a huge integer", "", "failed", "timeout", result="10**(10**6)")
does("returns a dictionary with odd keys", "", result=r"{'\0bytes': 0, (1, 2): {3}, None: float('nan')}")
does("raises half a character", r"raise ModuleNotFoundError('\ud800 \0 \x1b[2J')", "not_allowed")
does("raises an exception with a long text", "raise ValueError('x' * 10**7)", "error")
does(
    "raises an exception that cannot be shown",
    "raise Bad",
    "error",
    before="""
class Bad(Exception):
    def __str__(self): raise Bad
    __repr__ = __str__
""",
)
does(
    "raises a page",
    "raise Bad('<script>alert(1)</script><img src=x onerror=alert(2)>')",
    "error",
    before="""
Bad = type('<script>alert(3)</script>', (Exception,), {})
""",
)
does(
    "warns a page",
    "import warnings\nwarnings.warn('<script>alert(4)</script>')\nprint('<script>alert(5)</script>')",
)
does(
    "names a type like a page", "", before="T = type('</pre><script>alert(6)</script>', (), {})", result="T()"
)
add(
    "asks a callable without end",
    handed_in(
        making.chapter(
            CHAPTER,
            neuron="""
def neuron(X, w, b, activation):
    while True: activation(X @ w)
""",
        )
    ),
    "timeout",
    "error",
    target="neuron",
)
add(
    "asks a callable for too much",
    handed_in(
        making.chapter(
            CHAPTER,
            neuron="""
def neuron(X, w, b, activation):
    activation(np.zeros(10**8)); activation([[[[[[[[[[[[0]]]]]]]]]]]]); activation(print)
    activation(activation)
    return X @ w
""",
        )
    ),
    "error",
    "failed",
    "crashed",
    target="neuron",
)
add(
    "asks a callable that it makes up",
    handed_in(
        making.chapter(
            CHAPTER,
            neuron="""
def neuron(X, w, b, activation):
    import gc, socket, sys
    for line in gc.get_objects():
        if isinstance(line, socket.socket):
            for what in ({"ask": 10**6, "call": -3, "args": [], "kwargs": []}, {"ask": "x"}, {"ask": None}):
                sys.modules["protocol"].send(line, what)
    return X @ w
""",
        )
    ),
    "crashed",
    "failed",
    target="neuron",
    others=None,
)
add(
    "asks a callable with fifteen million numbers",
    handed_in(
        making.chapter(
            CHAPTER,
            neuron="""
def neuron(X, w, b, activation):
    for _ in range(3): activation(np.zeros(15_000_000, np.int8))
    return X @ w
""",
        )
    ),
    "failed",
    "timeout",
    "crashed",
    target="neuron",
)
does(
    "opens sockets",
    """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    try:
        s = socket.socket(family); s.settimeout(1); s.connect(("1.1.1.1", 53)); return X @ w + b
    except OSError: pass
""",
)
does("asks for names on the network", "import socket\nsocket.gethostbyname('example.org')", "error")
does("reads the terminal", "input()", "error")
does(
    "writes outside its scratch",
    """
import os
for place in ("{root}/x", "/x", "/root/x", "/nn/run.py", "/usr/lib/x", "/dev/shm/x",
              os.path.expanduser("~/x")):
    try: open(place, "w").write("x")
    except OSError: pass
""",
)
does(
    "mounts and changes the root",
    """
import ctypes, os
libc = ctypes.CDLL(None)
libc.unshare(0x10000000); libc.mount(b"none", b"/nn", b"tmpfs", 0, 0)
for call in (lambda: os.chroot("/tmp"), lambda: os.setuid(0), lambda: os.nice(-5)):
    try: call()
    except OSError: pass
""",
)
does("breaks NumPy for its other answers", "np.seterr(all='raise'); np.set_printoptions(precision=0)")

# ---------------------------------------------------------------- forged replies

FORGE = """
import gc, os, socket, struct, sys, json
lines = [thing for thing in gc.get_objects() if isinstance(thing, socket.socket) and thing.fileno() > 2]
def say(tree, blobs=()):
    text = ("[" + json.dumps([len(b) for b in blobs]) + "," + tree + "]").encode()
    for line in lines:
        line.sendall(struct.pack(">IQ", len(text), sum(map(len, blobs))) + text + b"".join(blobs))
def say_array(dtype, shape, data):
    array = ["array", [dtype, shape, "C", {chr(0) + "bytes": 0}], ""]
    say(json.dumps({"outcomes": [{"status": "returned", "value": array}] * 10}), [data])
"""


def forges(name: str, body: str, *statuses: str, **more: object) -> None:
    does(name, FORGE + body.strip("\n"), *(statuses or ("crashed", "failed")), others=None, **more)


forges("sends ten million lists", """say('{"outcomes":[' + "[]," * 10**7 + "[]]}")""", "crashed", "timeout")
forges("sends a number without end", """say('{"outcomes":[' + "9" * 10**6 + "]}")""")
forges(
    "sends one array sixty thousand times",
    """
one = json.dumps(["array", ["<f8", [2_000_000], "C", {chr(0) + "bytes": 0}], ""])
value = '["list",[' + ",".join([one] * 60_000) + '],""]'
say('{"outcomes":[{"status":"returned","value":' + value + "}]}", [bytes(16_000_000)])
""",
)
forges("sends a shape that no machine can hold", "say_array('<f8', [2**70, 0], b'')")
forges("sends an empty array of endless length", "say_array('<f8', [2**62, 0], b'')")
forges("sends long doubles that are no numbers", "say_array('<f16', [4], bytes([255]) * 64)")
forges("sends truth values of its own", "say_array('|b1', [64], bytes([7]) * 64)")
forges("says that it raised, and nothing else", """say('{"outcomes":[{"status":"raised"}]}')""")
forges("says that it returned, and nothing else", """say('{"outcomes":[{"status":"returned"}]}')""")
forges("has problems of its own kind", """say('{"problem":{"status":{},"cell":[],"line":1e999}}')""", "error")
forges("asks for the catalogue", """say('{"ask":0,"call":0,"args":[],"kwargs":[["__class__",null]]}')""")
does(
    "hands descriptors over",
    """
import gc, os, socket
for thing in gc.get_objects():
    if isinstance(thing, socket.socket):
        for place in ("/proc/self/mem", "/", "/nn/run.py") * 10:
            socket.send_fds(thing, [b"\\0"], [os.open(place, os.O_RDONLY)])
""",
    "crashed",
    "error",
    "timeout",
    others=None,
)
does(
    "closes its line and computes on",
    """
import gc, socket
for thing in gc.get_objects():
    if isinstance(thing, socket.socket):
        thing.shutdown(socket.SHUT_RDWR)
while True: pass
""",
    "crashed",
    "timeout",
    others=None,
)

# ---------------------------------------------------------------- messages from one submission to the next

RELAY = """
import os
me = str(os.getpid()).encode()
{body}
"""


def relays(name: str, body: str, *statuses: str) -> None:
    """Several students who would pass a message on; who finds another's returns the right thing."""
    for number in range(4):
        does(f"{name} ({number + 1})", RELAY.format(body=body.strip("\n")), *(statuses or ("failed",)))


relays(
    "relays through standard error",
    """
try:
    os.write(2, b"left by " + me + b"\\n")
    with open(os.open("/proc/self/fd/2", os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        seen = pipe.read(60000) or b""
    if any(line and not line.endswith(me) for line in seen.split(b"\\n")):
        return X @ w + b
except OSError:
    pass
""",
)
relays(
    "relays through a time stamp",
    """
stamp = os.stat("/tmp").st_mtime_ns
if 10**15 < stamp < 2 * 10**15 and stamp - 10**15 != int(me):
    return X @ w + b
os.utime("/tmp", ns=(10**15 + int(me), 10**15 + int(me)))
""",
)
relays(
    "relays through an attribute",
    """
try:
    if os.getxattr("/tmp", "user.note") != me:
        return X @ w + b
except OSError:
    pass
try:
    os.setxattr("/tmp", "user.note", me)
except OSError:
    pass
""",
)
relays(
    "relays through a mode",
    """
if os.stat("/tmp").st_mode & 0o7777 == 0o731 and int(me) % 2:
    return X @ w + b
os.chmod("/tmp", 0o731 if int(me) % 2 == 0 else 0o755)
""",
)
relays(
    "relays through a lock",
    """
import fcntl
with open("/nn/run.py", "rb") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return X @ w + b
""",
)

# ---------------------------------------------------------------- the machine below Python

does("stops itself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "timeout", others=None)
does(
    "speaks the old machine's system calls",
    """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes([0x6A, 0x02, 0x58, 0xCD, 0x80, 0xC3]))  # fork, as a 32-bit program would
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
""",
    "crashed",
    "error",
    "failed",
    "timeout",
    others=None,
)
does(
    "calls the kernel by number",
    """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
names = dict(fork=57, vfork=58, execve=59, socket=41, memfd_create=319, userfaultfd=323, bpf=321,
             io_uring_setup=425, clone3=435, unshare=272, setns=308, pidfd_open=434, add_key=248)
for name, number in names.items():
    for flag in (0, 0x40000000):  # and its x32 twin
        if name not in ("fork", "vfork") and libc.syscall(number + flag, 0, 0, 0, 0, 0) >= 0:
            return X @ w + b
if libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) > 0:  # clone into a user namespace of its own
    return X @ w + b
""",
    "failed",
    "crashed",
)
does(
    "writes into the libraries that all share",
    """
with open("/proc/self/maps") as maps:
    places = [int(line.split("-")[0], 16) for line in maps if " r-xp " in line and "umath" in line]
with open("/proc/self/mem", "r+b", buffering=0) as memory:
    for place in places:
        memory.seek(place + 64)
        memory.write(b"\\xcc" * 256)
""",
    "failed",
    "crashed",
    "error",
    others=None,
)
does(
    "lifts its limits",
    """
import resource
for kind in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
    try: resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError): pass
keep = []
while True: keep.append(np.ones(10**6))
""",
    "crashed",
    "timeout",
)
does(
    "exhausts its descriptors",
    "import os\ntry:\n    while True: os.dup(1)\nexcept OSError: pass",
    "failed",
    "crashed",
    others=None,
)
does(
    "fills pipes and sockets",
    """
import os, socket
keep = []
try:
    while True:
        pair = socket.socketpair(); keep.append(pair)
        pair[0].setblocking(False); pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
        while True:
            try: pair[0].send(bytes(65536))
            except BlockingIOError: break
except OSError:
    pass
""",
    "failed",
    "error",
    "crashed",
    "timeout",
    others=None,
)
does(
    "rings its own alarm",
    """
import signal
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
while True: pass
""",
    "timeout",
    "crashed",
)
does(
    "takes the alarm's handler",
    """
import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 0)
import time; time.sleep(3600)
""",
    "timeout",
)
does(
    "hides in a destructor",
    "",
    "failed",
    "timeout",
    "error",
    before="class Sticky:\n    def __del__(self):\n        while True: pass\n",
    result="Sticky()",
    others=None,
)
does(
    "replaces how functions and classes are made",
    """
import builtins
builtins.__build_class__ = None
builtins.compile = builtins.exec = lambda *a, **k: None
""",
    "failed",
    "error",
    others=None,
)
does(
    "answers rightly only the first time",
    "",
    before="LEFT = [1]",
    result="X @ w + b if LEFT and LEFT.pop() else X @ w",
)
does(
    "answers with what it is given",
    "X[...] = 0\nw[...] = 0\nb = 0",
    result="X @ w",
)
# ---------------------------------------------------------------- the machine's own settings and devices

does(
    "changes the kernel's settings",
    """
import glob
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/file-max",
             "/proc/sys/kernel/randomize_va_space", *glob.glob("/sys/kernel/*")):
    try:
        with open(path, "r+b", buffering=0) as file:
            file.write(file.read())
            return X @ w + b
    except OSError:
        pass
""",
)
does(
    "changes the machine's devices",
    """
import os
for name in ("null", "zero", "full", "random", "urandom", "tty", "pts", "pts/ptmx", "shm", "."):
    about = os.stat(f"/dev/{name}")
    for change in (lambda place: os.chmod(place, about.st_mode & 0o7777),
                   lambda place: os.utime(place), lambda place: os.utime(place, ns=(10**15, 10**15)),
                   lambda place: os.chown(place, about.st_uid, about.st_gid)):
        try:
            change(f"/dev/{name}")
            return X @ w + b
        except OSError:
            pass
""",
)
does(
    "volunteers its parent for the end",
    """
for pid in (1, 2, "self"):
    for file, text in (("oom_score_adj", "1000"), ("autogroup", "19"), ("coredump_filter", "0xff"),
                       ("timerslack_ns", "10000000"), ("uid_map", "0 0 1"), ("setgroups", "deny")):
        try:
            with open(f"/proc/{pid}/{file}", "w") as f: f.write(text)
            return X @ w + b
        except OSError:
            pass
""",
)
does(
    "opens new terminals",
    """
import os, fcntl, termios
try:
    keep = [os.openpty() for _ in range(100)]
except OSError:
    pass
for place in ("/dev/tty", "/dev/console", "/dev/pts/ptmx"):
    try:
        fcntl.ioctl(os.open(place, os.O_RDWR), termios.TIOCSTI, b"x")
        return X @ w + b
    except OSError:
        pass
""",
    "failed",
    "error",
    "crashed",
    others=None,
)
does(
    "fills the scratch folder with empty files",
    """
import os
try:
    for i in range(10**7): os.close(os.open(f"/tmp/{i}", os.O_CREAT))
except OSError:
    pass
""",
    "failed",
    "timeout",
)
does(
    "nests folders in its scratch",
    """
import os
try:
    for _ in range(10**5): os.mkdir("d"); os.chdir("d")
except OSError:
    pass
""",
    "failed",
    "timeout",
)
does(
    "looks at memory that is not its own",
    """
far = np.lib.stride_tricks.as_strided(np.zeros(1), shape=(2**40,), strides=(4096,))
total = sum(float(far[i]) for i in range(10**6))
""",
    "crashed",
    "failed",
    "timeout",
    others=None,
)
does(
    "overflows the stack in C",
    """
import sys
sys.setrecursionlimit(10**9)
deep = []
for _ in range(10**6): deep = [deep]
repr(deep)
""",
    "crashed",
    "error",
    "timeout",
    others=None,
)
does(
    "compiles without end",
    """
import re
re.match("(a|aa)+$", "a" * 60 + "b")
""",
    "timeout",
)
does("warns without end", "import warnings\nwhile True: warnings.warn('x' * 10_000)", "timeout", "crashed")
does(
    "moves the end of the time",
    """
import signal, threading, time
threading.Thread(target=lambda: [signal.setitimer(signal.ITIMER_REAL, 100) or time.sleep(0.01)
                                 for _ in iter(int, 1)], daemon=True).start()
while True: pass
""",
    "timeout",
    "error",
    others=None,
)
does(
    "turns the end of the time into an error",
    """
try:
    while True: pass
except BaseException:
    raise ValueError("something else")
""",
    "timeout",
)
does(
    "answers rightly after the time is up",
    """
try:
    while True: pass
except BaseException:
    return X @ w + b
""",
    "timeout",
)

does(
    "does not come back from its second call",
    """
import time
if X.tobytes() + w.tobytes() in SEEN: time.sleep(100)
SEEN.add(X.tobytes() + w.tobytes())
""",
    "timeout",
    before="SEEN = set()",
    result="X @ w + b",
    points=1.99,
)
does(
    "is slow to say what went wrong",
    "raise Slow",
    "timeout",
    before="""
import time
class Slow(Exception):
    def __str__(self):
        time.sleep(0.9)
        return "x"
""",
)
does(
    "answers rightly and leaves a thread behind each time",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
    "passed",
    result="X @ w + b",
    points=2.0,
)
does(
    "answers rightly and does not go",
    """
import os, time
os._exit = lambda code: time.sleep(1000)
""",
    "passed",
    result="X @ w + b",
    points=2.0,
)
does(
    "answers rightly and breaks what others import",
    """
import sys, warnings
class Stopper:
    def find_spec(self, *words): raise SystemExit
sys.meta_path.insert(0, Stopper())
sys.excepthook = sys.unraisablehook = sys.displayhook = lambda *words: 1 / 0
warnings.filterwarnings = None
""",
    "passed",
    result="X @ w + b",
    points=2.0,
)
does(
    "answers rightly and closes what it was given",
    """
import os
os.umask(0); os.chdir("/")
for number in (0, 1, 2):
    try: os.close(number)
    except OSError: pass
""",
    "passed",
    result="X @ w + b",
    points=2.0,
)
does(
    "hooks into everything that Python does",
    """
import sys
def hook(event, words): raise BaseException(event)
sys.addaudithook(hook)
""",
    "crashed",
    "error",
    others=None,
)
does(
    "empties the table of modules",
    "import sys\nsys.modules.clear()",
    "failed",
    "error",
    "crashed",
    others=None,
)
does(
    "has itself ended by a watchdog of its own",
    "import faulthandler\nfaulthandler.dump_traceback_later(0.3, exit=True, file=2)\nwhile True: pass",
    "crashed",
)
does(
    "lets no other thread run",
    """
import sys, threading
def spin():
    while True: pass
sys.setswitchinterval(1000)
threading.Thread(target=spin, daemon=True).start()
""",
    "failed",
    "timeout",
    "crashed",
    others=None,
)
does(
    "keeps the processors busy below Python",
    """
import hashlib, threading, time
def work():
    while True: hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10**6)
for _ in range(40):
    try: threading.Thread(target=work, daemon=True).start()
    except RuntimeError: break
time.sleep(100)
""",
    "timeout",
    "crashed",
)

# ---------------------------------------------------------------- values and functions that lie

does(
    "returns a list that never ends",
    "",
    "failed",
    "timeout",
    "crashed",
    before="""
import itertools
class Endless(list):
    def __getitem__(self, key): return itertools.repeat(0.0)
    def __iter__(self): return itertools.repeat(0.0)
    def __len__(self): return 3
""",
    result="Endless()",
)
does(
    "returns a dictionary that never ends",
    "",
    "failed",
    "timeout",
    "crashed",
    before="""
import itertools
class Endless(dict):
    def items(self): return ((i, [0.0]) for i in itertools.count())
""",
    result="Endless()",
)
does(
    "returns an array that says it is small",
    "",
    "failed",
    "crashed",
    before="""
class Small(np.ndarray):
    nbytes = 8
    shape = (1,)
    dtype = np.dtype(float)
""",
    result="np.zeros(5 * 10**7).view(Small)",
)
does(
    "returns an array without end in no memory",
    "",
    result="np.broadcast_to(1.0, (10**5, 10**5))",
)
does(
    "is an object that lies about itself",
    "",
    "failed",
    "error",
    "timeout",
    "crashed",
    before="""
class Liar:
    def __call__(self, X, w, b): return X @ w
    @property
    def __wrapped__(self): return Liar()
    @property
    def __signature__(self):
        while True: pass
    @property
    def __name__(self): raise SystemExit
    def __eq__(self, other): return True
    __hash__ = None
""",
    result="0\n\nneuron_preactivation = Liar()",
)
does(
    "raises an exception without a class of its own",
    "raise Bad",
    "error",
    before="""
class Meta(type):
    def mro(cls): return type.mro(cls)
    def __getattribute__(cls, name):
        if name in ("__name__", "__mro__"): raise SystemExit(name)
        return type.__getattribute__(cls, name)
class Bad(Exception, metaclass=Meta):
    pass
""",
)
does(
    "chains exceptions without end",
    """
error = None
for _ in range(10**5):
    new = ValueError("x"); new.__cause__ = error; new.__context__ = error; error = new
raise ExceptionGroup("many", [error] * 1000)
""",
    "error",
)
add(
    "asks a callable with names of its own",
    handed_in(
        making.chapter(
            CHAPTER,
            neuron="""
def neuron(X, w, b, activation):
    Z = X @ w
    for more in (dict(out=Z), dict(where=False), dict(dtype="O"), dict(casting="unsafe"), dict(self=1),
                 dict(signature="x" * 2000), {"": 1}, {"\\0bytes": 0}):
        try: activation(Z, **more)
        except Exception: pass
    for odd in (10**300, "x" * 2000, [[0] * 4000] * 2, {1: {2: {3: 4}}}, None, True, 1j, b"bytes"):
        try: activation(odd)
        except Exception: pass
    return Z
""",
        )
    ),
    "failed",
    "error",
    "crashed",
    target="neuron",
)
add(
    "asks a callable for memory as it lies there",
    handed_in(
        making.chapter(
            CHAPTER,
            neuron="""
def neuron(X, w, b, activation):
    for options in (dict(where=False), dict(where=np.zeros(len(X), bool)), dict(out=None, where=False)):
        try:
            activation(np.zeros(len(X)), **options)
            return activation(X @ w + b)  # a point for whoever got it
        except TypeError:
            pass
    return X @ w
""",
        )
    ),
    "failed",
    target="neuron",
)
does(
    "leaves a trap for its next answer",
    """
import sys
worker = sys.modules["worker"] if "worker" in sys.modules else sys.modules.get("run")
wire = sys.modules["wire"]
wire.load_value = lambda *a, **k: 0.0
wire.dump_outcome = lambda outcome: {"status": "returned", "value": ["float", 1.0, ""]}
""",
    "failed",
    "crashed",
    others=None,
)
does(
    "reads ahead on its line",
    """
import gc, socket
for thing in gc.get_objects():
    if isinstance(thing, socket.socket):
        thing.setblocking(False)
        try: found = thing.recv(10**6)
        except OSError: pass
        thing.setblocking(True)
""",
    "failed",
    "crashed",
    "timeout",
    others=None,
)
forges(
    "answers for all the others ahead",
    """
for _ in range(20): say('{"outcomes":[{"status":"returned","value":["float",1.0,""]}]}')
""",
)
forges(
    "says that the time was up", """say('{"outcomes":[' + ",".join(['{"status":"skipped"}'] * 10) + "]}")"""
)

forges(
    "says that all calls were left out",
    """sys.modules["wire"].dump_outcome = lambda outcome: {"status": "skipped"}""",
    "timeout",
)
forges(
    "says that calls were left out after one that raised",
    """
made = []
def dump(outcome):
    made.append(outcome)
    error = ["E", [], "x", 1, "", True]
    return {"status": "raised", "error": error} if len(made) == 1 else {"status": "skipped"}
sys.modules["wire"].dump_outcome = dump
""",
    "timeout",
    "error",
)
forges(
    "says what a call that raised gave again",
    """
made = []
def dump(outcome):
    made.append(outcome)
    numbers = {name: ["float", float(len(made)), ""] for name in ("later", "again")}
    if len(made) % 2:
        return {"status": "raised", "error": ["E", [], "x", 1, "", True], **numbers}
    return {"status": "returned", "value": ["float", 1.0, ""], **numbers}
sys.modules["wire"].dump_outcome = dump
""",
    "failed",
    "crashed",
)

# ---------------------------------------------------------------- what runs in a child with others


def plainly(source: str, right: bool = False) -> dict:
    """Return a chapter whose target is plain code, which one child runs for many submissions."""
    result = "X @ w + b" if right else "X @ w"
    return making.chapter(
        CHAPTER, **{TARGET: f"import numpy as np\nimport itertools\n\n{source}\n    return {result}\n"}
    )


add(
    "fills half of its array",
    handed_in(
        making.chapter(
            CHAPTER,
            mcculloch_pitts="import numpy as np\n\n\ndef mcculloch_pitts(X, inhibitory, theta):\n"
            "    y = np.empty(len(X), dtype=int)\n    y[X[:, inhibitory].any(axis=1)] = 0\n"
            "    y[X[:, ~inhibitory].sum(axis=1) < theta] = 0\n    return y",
        )
    ),
    target="mcculloch_pitts",
)
add(
    "keeps NumPy's errors from the next",
    handed_in(
        plainly(
            """
def hear(kind, flag):
    said.append(kind)
    next(iter([]))

def keep():
    with np.errstate(all='call', call=hear):
        yield []

alive = keep()
said = next(alive)

def neuron_preactivation(X, w, b):
    np.zeros(1) / np.zeros(1)
    said, alive"""
        )
    ),
    "failed",
    "error",
)
add(
    "keeps NumPy loud for the next",
    handed_in(
        plainly(
            """
def keep():
    with np.errstate(all='raise'):
        yield 1

alive = keep()
one = next(alive)

def neuron_preactivation(X, w, b):
    one, alive""",
            right=True,
        )
    ),
    "passed",
    points=2.0,
)
add(
    "moves a list while it is assigned to",  # Python's bug 120384
    handed_in(
        plainly(
            """
def emptied(kept):
    yield from kept
    while kept:
        kept.pop()

def neuron_preactivation(X, w, b):
    kept = list(range(2000))
    kept[slice(None, None, -1)] = emptied(kept)"""
        )
    ),
    "failed",
    "crashed",
    "error",
)
add(
    "enters an iterator again",
    handed_in(
        plainly(
            """
def go():
    held = []

    def again(x):
        if held:
            next(held[0], None)
        if x == 0:
            while held:
                held.pop()
        return [[i, i] for i in range(500)]

    pairs = zip(map(again, iter(list(range(9, -1, -1)))), iter([1, 2, 3]), iter([5]))
    held.append(itertools.chain(pairs))
    next(held[0], None)

def neuron_preactivation(X, w, b):
    for _ in range(20):
        go()"""
        )
    ),
    "failed",
    "crashed",
    "error",
)
DEEP = """
def deep():
    found = iter([1])
    for _ in range(300_000):
        found = map(abs, found)
    return found

"""
add(
    "stacks iterators",
    handed_in(plainly(f"{DEEP}\ndef neuron_preactivation(X, w, b):\n    next(deep())")),
    "crashed",
    "failed",
)
LEFT = f"{DEEP}kept = [deep()]\nkept.append(kept)\n\ndef neuron_preactivation(X, w, b):\n    kept"
add(
    "leaves a stack of iterators behind",
    handed_in(plainly(LEFT, right=True)),
    "passed",
    "crashed",
    points=2.0,
)
add(
    "hoards memory and is right",
    handed_in(
        plainly(
            "hoard = [np.ones(2**20) for _ in range(20)]\nhoard.append(hoard)\n\n"
            "def neuron_preactivation(X, w, b):\n    hoard",
            right=True,
        )
    ),
    "passed",
    points=2.0,
)


# ---------------------------------------------------------------- the notebook


def edited(change: Callable[[list[dict]], list[dict] | None], target: str | None = "") -> dict:
    """Return a right chapter (its target wrong where `target` is None) after `change` of its cells."""
    wrong = f"def {TARGET}(X, w, b):\n    return X @ w"
    document = making.chapter(CHAPTER, **({TARGET: wrong} if target is None else {}))
    document["cells"] = change(document["cells"]) or document["cells"]
    return document


def cell_of(cells: list[dict], grade_id: str) -> dict:
    return next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def without(cells: list[dict], *grade_ids: str) -> list[dict]:
    return [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") not in grade_ids]


add("edits the test cell", handed_in(edited(lambda cells: cell_of(cells, TARGET).update(source="2.0"), None)))
add(
    "raises the points of the test cell",
    handed_in(edited(lambda cells: cell_of(cells, TARGET)["metadata"]["nbgrader"].update(points=1000), None)),
)
add(
    "deletes the test cells",
    handed_in(edited(lambda cells: without(cells, TARGET, *OTHERS))),
    "passed",
    points=2.0,
)
add("doubles the test cells", handed_in(edited(lambda cells: [*cells, cell_of(cells, TARGET)], None)))
add(
    "doubles the solution cell",
    handed_in(edited(lambda cells: [*cells, cell_of(cells, f"{TARGET}_answer")])),
    "passed",
    points=2.0,
)
add(
    "names a test cell after another exercise",
    handed_in(
        edited(lambda cells: cell_of(cells, TARGET)["metadata"]["nbgrader"].update(grade_id="neuron"), None)
    ),
)
add(
    "answers in the test cell",
    handed_in(
        edited(
            lambda cells: cell_of(cells, TARGET).update(source=f"def {TARGET}(X, w, b): return X @ w + b"),
            None,
        )
    ),
)
add(
    "deletes the solution cell",
    handed_in(edited(lambda cells: without(cells, f"{TARGET}_answer"))),
    "not_attempted",
)
add(
    "removes all marks",
    handed_in(edited(lambda cells: [{**c, "metadata": {}} for c in cells])),
    "passed",
    points=2.0,
)
add("turns the cells round", handed_in(edited(lambda cells: cells[::-1])), "passed", points=2.0)
add(
    "adds an input transformer",
    handed_in(
        edited(
            lambda cells: [
                making.code(
                    "ip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: ['2.0'])\n"
                    "ip.events.register('post_run_cell', print)"
                ),
                *cells,
            ],
            None,
        )
    ),
)
add(
    "leaves empty cells",
    handed_in(edited(lambda cells: [making.code(""), making.code("# only a remark"), *cells])),
    "passed",
    points=2.0,
)
add(
    "uses magics",
    handed_in(
        edited(
            lambda cells: [
                making.code("%matplotlib inline\n!rm -rf /tmp/x\n?np\nfiles = !ls\n%time x = 1"),
                making.code("%%bash\nkill -9 $PPID"),
                *cells,
            ]
        )
    ),
    "passed",
    points=2.0,
)
add(
    "has a cell that Python cannot read",
    handed_in(edited(lambda cells: [making.code("def broken(:\n  pass"), *cells])),
    "passed",
    points=2.0,
)
add("hands in a syntax error", handed_in(answer("return (")), "error")
add("nests parentheses without end", handed_in(answer("return " + "(" * 50_000 + ")" * 50_000)), "error")
add("signs a number without end", handed_in(answer("return " + "-" * 100_000 + "1")), "error")
add("chains names without end", handed_in(answer("return X" + ".T" * 50_000)), "error", "crashed", "failed")
add(
    "defines a chain of helpers",
    handed_in(
        answer(
            "",
            before="\n".join(f"def h{i}(): return h{i + 1}()" for i in range(3000)) + "\nh3000 = lambda: 0",
            result="h0()",
        )
    ),
    "error",
)
add("writes a null byte", handed_in(answer("return '\0'")), "error")
add(
    "rebinds the name to a number",
    handed_in(edited(lambda cells: [*cells, making.code(f"{TARGET} = 3")])),
    "passed",
    points=2.0,
)  # as "Run All" sees it
add(
    "redefines NumPy",
    handed_in(edited(lambda cells: [*cells, making.code("np = None")], None)),
    "failed",
    "error",
    others=None,
)
add(
    "overwrites a builtin below",
    handed_in(edited(lambda cells: [*cells, making.code("len = sum = print = None")])),
    "passed",
    points=2.0,
)

add("imports a name without end", handed_in(answer("import " + ".".join("a" * 40_000))), "error")
add("chains names over many lines", handed_in(answer("return (X" + "\\n.T" * 20_000 + ")")), "error")
add("writes ten thousand statements", handed_in(answer("", before="a = 1\n" * 10_000)), "error")
add(
    "writes a megabyte of code",
    handed_in(edited(lambda cells: [*(making.code("a = 1\n" * 15_000) for _ in range(12)), *cells])),
    "unreadable",
    others="unreadable",
)
add(
    "writes a file of small parts",
    handed_in(b'{"cells": [], "metadata": {"x": [' + b"[]," * 4_000_000 + b"[]]}}"),
    "unreadable",
    others="unreadable",
)
add(
    "writes lines without end before an error",
    handed_in(edited(lambda cells: [making.code("\n" * 90_000 + "def f(:"), *cells])),
    "passed",
    points=2.0,
)
add(
    "writes blank lines without end before an error",
    handed_in(edited(lambda cells: [*(making.code("\n" * 190_000 + "x = (") for _ in range(2)), *cells])),
    "passed",
    points=2.0,
)
add(
    "binds the same names again and again",
    handed_in(
        edited(
            lambda cells: [
                *(making.code(("=".join("abcdefghij") + "=1\n") * 900) for _ in range(5)),
                *(
                    making.code("".join(f"u{i}=" + ",".join("abcdefghij") + "\n" for i in range(k, k + 900)))
                    for k in range(0, 4500, 900)
                ),
                making.code("def used(): return " + ",".join(f"u{i}" for i in range(4500))),
                making.code(f"def {TARGET}(X, w, b): return X @ w + b if used else 0"),
                *without(cells, f"{TARGET}_answer"),
            ]
        )
    ),
    "passed",
    points=2.0,
)
add(
    "writes two hundred thousand statements in small cells",
    handed_in(edited(lambda cells: [*(making.code("a=a;" * 60) for _ in range(1900)), *cells], None)),
    "error",
    "failed",
    others=None,
)
add("adds sixty thousand numbers", handed_in(answer("return " + "+".join(["b"] * 60_000))), "error")
add("takes sixty thousand items", handed_in(answer("return X" + "[0]" * 50_000)), "error")
add("calls itself sixty thousand times", handed_in(answer("return X" + "()" * 60_000)), "error", "crashed")
add("writes a text of braces", handed_in(answer("f'" + "{b}" * 20_000 + "'")), "failed")
add("writes half a character", handed_in(answer("'\ud800'")), "error")
add(
    "declares another encoding",
    handed_in(edited(lambda cells: [making.code("# -*- coding: rot13 -*-\nx = 1"), *cells])),
    "passed",
    points=2.0,
)
add(
    "writes its name in wide letters",
    handed_in(
        edited(
            lambda cells: [
                *cells,
                making.code(
                    "def \uff4e\uff45\uff55\uff52\uff4f\uff4e_preactivation(X, w, b):\n    return X @ w"
                ),
            ],
        )
    ),
    "passed",
    points=2.0,
)  # as "Run All" sees it: the right one stands before the test cell
add(
    "answers in a cell of another kind",
    handed_in(
        edited(
            lambda cells: [
                *cells,
                {**making.prose(f"def {TARGET}(X, w, b): return X @ w + b"), "cell_type": "raw"},
                making.prose(f"def {TARGET}(X, w, b): return X @ w + b"),
                making.code(f"%%writefile numpy.py\ndef {TARGET}(X, w, b): return X @ w + b"),
            ],
            None,
        )
    ),
)
add(
    "turns FLUFL on",
    handed_in(edited(lambda cells: [making.code("from __future__ import barry_as_FLUFL"), *cells])),
    "passed",
    points=2.0,
)
add(
    "writes a key twice",
    handed_in(
        '{"cells": 7, "nbformat": NaN, '
        + json.dumps(making.chapter(CHAPTER))[1:-1]
        + ', "metadata": -Infinity}'
    ),
    "passed",
    points=2.0,
)
add(
    "hands in nineteen megabytes of outputs",
    handed_in(
        edited(
            lambda cells: [
                {
                    **making.code("1"),
                    "outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 19_000_000}],
                },
                *cells,
            ]
        )
    ),
    "passed",
    points=2.0,
)
add(
    "writes its cells twice",
    handed_in(json.dumps(making.chapter(CHAPTER))[:-1] + ', "cells": []}'),
    "not_attempted",
    others="not_attempted",
)  # what stands last holds, as everywhere
add("hands in nothing", handed_in(b""), "unreadable", others="unreadable")
add("hands in noise", handed_in(os.urandom(3000)), "unreadable", others="unreadable")
add(
    "hands in half a file",
    handed_in(json.dumps(making.chapter(CHAPTER))[:900]),
    "unreadable",
    others="unreadable",
)
add("hands in a list", handed_in("[]"), "unreadable", others="unreadable")
add("nests JSON without end", handed_in("[" * 200_000 + "]" * 200_000), "unreadable", others="unreadable")
add(
    "writes a number of a million digits",
    handed_in('{"cells": [], "nbformat": ' + "9" * 10**6 + "}"),
    "unreadable",
    others="unreadable",
)
add(
    "hands in a file of 30 MB",
    handed_in(b'{"cells": [' + b" " * (30 * 2**20) + b"]}"),
    "unreadable",
    others="unreadable",
)
add(
    "writes cells that are none",
    handed_in(
        edited(
            lambda cells: [
                7,
                None,
                {"cell_type": "code", "source": 3},
                {"cell_type": [], "source": ["a", 1]},
                *cells,
            ]
        )
    ),
    "passed",
    points=2.0,
)
add(
    "writes odd metadata",
    handed_in(
        edited(
            lambda cells: [
                {**c, "metadata": m}
                for c, m in zip(
                    cells, [None, [], "x", {"nbgrader": []}, {"nbgrader": {"grade_id": {}}}] * 3, strict=False
                )
            ]
        )
    ),
    "passed",
    points=2.0,
)
add("writes UTF-16", handed_in(json.dumps(making.chapter(CHAPTER)).encode("utf-16")), "passed", points=2.0)
add(
    "writes a byte order mark",
    handed_in(b"\xef\xbb\xbf" + json.dumps(making.chapter(CHAPTER)).encode()),
    "passed",
    points=2.0,
)
add(
    "writes Latin-1",
    handed_in(
        json.dumps(edited(lambda cells: [making.prose("für"), *cells]), ensure_ascii=False).encode("latin-1")
    ),
    "passed",
    points=2.0,
)
add(
    "writes Windows lines",
    handed_in(
        json.dumps(edited(lambda cells: [{**c, "source": c["source"].replace("\n", "\r\n")} for c in cells]))
    ),
    "passed",
    points=2.0,
)


def _format3(document: dict) -> dict:
    cells = [
        {
            ("input" if key == "source" and cell["cell_type"] == "code" else key): value
            for key, value in cell.items()
        }
        for cell in document["cells"]
    ]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


add("writes notebook format 3", handed_in(_format3(making.chapter(CHAPTER))), "passed", points=2.0)
add("writes notebook format 9", handed_in({**making.chapter(CHAPTER), "nbformat": 9}), "passed", points=2.0)
add(
    "names another kernel",
    handed_in(
        {
            **making.chapter(CHAPTER),
            "metadata": {
                "kernelspec": {"name": "ir", "language": "R", "display_name": "<script>alert(7)</script>"}
            },
        }
    ),
    "passed",
    points=2.0,
)

# ---------------------------------------------------------------- files and names


def _beside(submitted: Path, student: str) -> None:
    path = making.hand_in(submitted, student, CHAPTER, answer(""))
    for name in ("numpy.py", "run.py", "sitecustomize.py", "nn_exercises.py", "json.py"):
        (path.parent / name).write_text("import os\nos._exit(3)\n")
    (path.parent / "numpy").mkdir()
    (path.parent / "x.pth").write_text("import os; os._exit(3)\n")


def _link_to_file(submitted: Path, student: str) -> None:
    other = making.hand_in(submitted.parent / "elsewhere", student, CHAPTER, making.chapter(CHAPTER))
    (submitted / student / CHAPTER).mkdir(parents=True)
    (submitted / student / CHAPTER / f"{CHAPTER}.ipynb").symlink_to(other)


def _link_to_folder(submitted: Path, student: str) -> None:
    other = making.hand_in(submitted.parent / "elsewhere", student, CHAPTER, making.chapter(CHAPTER))
    (submitted / student).mkdir(parents=True)
    (submitted / student / CHAPTER).symlink_to(other.parent)


def _pipe(submitted: Path, student: str) -> None:
    (submitted / student / CHAPTER).mkdir(parents=True)
    os.mkfifo(submitted / student / CHAPTER / f"{CHAPTER}.ipynb")


def _folder(submitted: Path, student: str) -> None:
    (submitted / student / CHAPTER / f"{CHAPTER}.ipynb").mkdir(parents=True)


def _renamed(submitted: Path, student: str) -> None:
    path = making.hand_in(submitted, student, CHAPTER, making.chapter(CHAPTER))
    path.rename(path.with_name("my answers (2).ipynb"))


def _two(submitted: Path, student: str) -> None:
    _renamed(submitted, student)
    path = making.hand_in(submitted, student, CHAPTER, making.chapter(CHAPTER))
    path.rename(path.with_name("another.ipynb"))


def _empty(submitted: Path, student: str) -> None:
    (submitted / student / CHAPTER).mkdir(parents=True)


def _socket(submitted: Path, student: str) -> None:
    folder = submitted / student / CHAPTER
    folder.mkdir(parents=True)
    here = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as place:  # by a short name: that of a socket must not be long
        place.bind(f"/proc/self/fd/{here}/{CHAPTER}.ipynb")
    os.close(here)


def _endless_file(submitted: Path, student: str) -> None:
    path = making.hand_in(submitted, student, CHAPTER, b"")
    os.truncate(path, 2**40)  # it holds nothing, but says that it is long


def _link_to_a_device(submitted: Path, student: str) -> None:
    (submitted / student / CHAPTER).mkdir(parents=True)
    (submitted / student / CHAPTER / f"{CHAPTER}.ipynb").symlink_to("/dev/zero")


def _ring_of_links(submitted: Path, student: str) -> None:
    folder = submitted / student / CHAPTER
    folder.mkdir(parents=True)
    (folder / f"{CHAPTER}.ipynb").symlink_to(folder / "b.ipynb")
    (folder / "b.ipynb").symlink_to(folder / f"{CHAPTER}.ipynb")


add("hands in a socket", _socket, "unreadable", others="unreadable")
add("hands in a file of a terabyte", _endless_file, "unreadable", others="unreadable")
add("links to a device", _link_to_a_device, "unreadable", others="unreadable")
add("links in a ring", _ring_of_links, "unreadable", others="unreadable")
add("lays modules beside the notebook", _beside)
add("links to another's notebook", _link_to_file, "unreadable", others="unreadable")
add("links to another's folder", _link_to_folder, "unreadable", others="unreadable")
add("hands in a pipe", _pipe, "unreadable", others="unreadable")
add("hands in a folder", _folder, "unreadable", others="unreadable")
add("renames the file", _renamed, "passed", points=2.0)
add("hands in two files", _two, "unreadable", others="unreadable")
add("hands in an empty folder", _empty, "unreadable", others="unreadable")
for _name in (
    "<img src=x onerror=alert(8)>",
    "=1+1",
    'a,b"c',
    "two\nlines",
    "-rf",
    "\u202egakcab",
    "été ö 学生",
    "%2f..%2f..",
    "[red]bold[",
    "x" * 200,
    "\x1b[2J\x1b]0;title\x07",
    os.fsdecode(b"caf\xe9"),
):
    add(f"is named {_name[:20]!r}", handed_in(making.chapter(CHAPTER)), "passed", points=2.0, student=_name)
