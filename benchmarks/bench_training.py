"""nn_core against the field: training, optimizer steps and inference, every peer in the same run.

    python benchmarks/bench_training.py                  # everything, about a quarter of an hour
    python benchmarks/bench_training.py --rounds 1 --only C D --dry    # a look, nothing written

Each round starts a fresh process for every peer (benchmarks/peers.py says what each does), all of them
alive at once; the workloads go from peer to peer in small portions, so that a change in the machine's mood
meets everybody. What a round measures is the median of its portions; what the table shows is the median
of the rounds, and the ratio is formed in each round. All must reach the same loss. The peers live in an
environment of their own, .venv-bench; one that cannot be installed is left out, with its reason.

Two clocks: processor time (what the process itself used: on a machine that does nothing else it is the
time that passes) and wall time. Targets are judged by the first where one thread works, and by the
second where two do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
HOME = ROOT / ".venv-bench"
PYTHON = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = {"torch": "torch==2.13.0", "jax": "jax", "jaxlib": "jaxlib", "scikit-learn": "scikit-learn",
            "autograd": "autograd", "micrograd": "micrograd", "threadpoolctl": "threadpoolctl"}

TORCH = ["torch", "torch foreach", "torch fused"]
FLUSH = [f"{name}, flush" for name in TORCH]
OTHERS = ["jax step", "jax scan", "scikit-learn", "autograd", "naive"]
BIG, CHUNKS = [784, 256, 128, 10], 3

# what, peers, epochs (or repetitions) a portion, number that the time is divided by, and its unit
WORKLOADS = {
    "A": dict(title="784-256-128-10, ReLU, cross-entropy, Adam, batch 64", what="train", sizes=BIG, batch=64,
              optimizer="adam", loss="softmax", data="pictures", n=6400, peers=TORCH + FLUSH + OTHERS,
              repeat=1, per=100, unit="step"),
    "A, 8 epochs": dict(title="from the first step on, with denormals", what="train",
                        sizes=BIG, batch=64, optimizer="adam", loss="softmax", data="pictures", n=12_800,
                        peers=[*TORCH, *FLUSH], repeat=8, per=1600, unit="step", fresh=True),
    "B": dict(title="the same, batch 1024", what="train", sizes=BIG, batch=1024, optimizer="adam",
              loss="softmax", data="pictures", n=12_288, peers=TORCH + OTHERS, repeat=1, per=12, unit="step"),
    "C": dict(title="2-16-16-1 on moons, Adam, batch 32", what="train", sizes=[2, 16, 16, 1], batch=32,
              optimizer="adam", loss="bce", data="moons", n=1024, peers=TORCH + OTHERS, repeat=10, per=320,
              unit="step"),
    "C, tiny": dict(title="the same on 64 points, hinge loss, plain steps", what="train",
                    sizes=[2, 16, 16, 1], batch=32, optimizer="sgd", loss="hinge", data="signs", n=64,
                    peers=["torch", "micrograd", "naive"], repeat=1, per=2, unit="step"),
    "D": dict(title="64-100-10 on digits, momentum, batch 32", what="train", sizes=[64, 100, 10], batch=32,
              optimizer="momentum", loss="softmax", data="digits", n=1792,
              peers=["torch", "torch foreach", "torch fused", *OTHERS], repeat=5, per=280, unit="step"),
    "E": dict(title="one Adam step on 10 million parameters", what="step", sizes=[], optimizer="adam",
              data="vector", peers=[*TORCH, "naive"], repeat=2, per=2, unit="step"),
    "F": dict(title="inference, 784-1024-1024-10 on 10,000 rows", what="infer", sizes=[784, 1024, 1024, 10],
              batch=64, optimizer="adam", loss="softmax", data="pictures", n=10_000,
              peers=["torch", "jax step", "scikit-learn", "naive", "peak"], repeat=1, per=1, unit="run"),
    "B, two threads": dict(title="B on two threads, wall time", what="train", sizes=BIG, batch=1024,
                           optimizer="adam", loss="softmax", data="pictures", n=12_288,
                           peers=["torch", "torch fused"], repeat=1, per=12, unit="step", threads=2),
}

TARGETS = {
    ("A", "torch fused"): 0.85, ("A", "torch"): 0.65, ("A", "scikit-learn"): 0.35,
    ("A, 8 epochs", "torch"): 0.4,
    ("B", "torch fused"): 0.97, ("B, two threads", "torch fused"): 1.0,
    ("C", "torch fused"): 0.08, ("C", "jax step"): 0.42,
    ("D", "torch fused"): 0.12, ("D", "jax step"): 0.5,
    ("E", "torch"): 0.4, ("E", "torch fused"): 1.9,
    ("F", "torch"): 1.0, ("F", "jax step"): 1.0, ("F", "scikit-learn"): 1.0, ("F", "naive"): 1.0,
}


def environment(threads):
    """Return the environment of a process: so many threads, and no wish about the kind of processor."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith("OPENBLAS_") and key != "PYTHONDONTWRITEBYTECODE"}
    flags = f"--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads={threads}"
    for key in ("OMP", "MKL", "OPENBLAS", "NUMEXPR"):
        env[f"{key}_NUM_THREADS"] = str(threads)
    return env | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}


def install():
    """Make the environment of the peers; return a dict of those that could not be had, with the reason."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
    pip = ["uv", "pip", "install", "--quiet", "--python", str(PYTHON)] if shutil.which("uv") else [
        str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    missing = {}
    for name, wanted in {"numpy": f"numpy=={version('numpy')}", **PACKAGES}.items():
        found = run_python(f"import importlib.metadata as m; print(m.version({name!r}))")
        if found.returncode == 0 and wanted in (name, f"{name}=={found.stdout.strip().split('+')[0]}"):
            continue
        result = subprocess.run([*pip, wanted], capture_output=True, text=True)
        if result.returncode != 0:
            missing[name] = result.stderr.strip().splitlines()[-1][:160]
    return missing


def run_python(code, threads=1):
    """Run a few lines in the environment of the peers, on one core."""
    cores = sorted(os.sched_getaffinity(0))[-threads:] if hasattr(os, "sched_getaffinity") else []
    pin = f"import os; os.sched_setaffinity(0, {cores})\n" if cores else ""
    return subprocess.run([str(PYTHON), "-c", pin + textwrap.dedent(code)], capture_output=True, text=True,
                          env=environment(threads))


class Worker:
    """A process that is one peer."""

    def __init__(self, name, threads=1):
        self.name = name
        self.process = subprocess.Popen(
            [str(PYTHON), str(HERE / "peers.py"), name, str(threads)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(threads))

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}: {self.process.stderr.read()[-2000:]}")
        return json.loads(line)

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()


def pictures(n, rng):
    """Return n pictures (n, 784) and labels: real digits, three times as large, shifted at random."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = rng.integers(0, len(images), n)
    small = (images[chosen] / 16).astype(np.float32).reshape(n, 8, 8)
    X, shift = np.zeros((n, 28, 28), np.float32), rng.integers(0, 5, (n, 2))
    for i in range(n):
        down, right = shift[i]
        X[i, down : down + 24, right : right + 24] = small[i].repeat(3, axis=0).repeat(3, axis=1)
    return X.reshape(n, 784), labels[chosen]


def write_data(folder):
    """Write the data and the first weights of every workload; return the files."""
    from sklearn.datasets import load_digits

    import nn_core as nn

    files = {}
    for name, work in WORKLOADS.items():
        rng, n = np.random.default_rng(1), work.get("n")
        if work["data"] == "pictures":
            X, y = pictures(n, rng)
        elif work["data"] == "digits":
            X, y = load_digits(return_X_y=True)
            X, y = (X[:n] / 16).astype(np.float32), y[:n]
        elif work["data"] != "vector":
            X, y = nn.data.make_moons(n, 0.1, rng)
            X, y = X.astype(np.float32), 2 * y - 1 if work["data"] == "signs" else y
        files[name] = folder / f"{name.replace(' ', '_').replace(',', '')}.npz"
        if work["data"] == "vector":
            theta, slope = (rng.standard_normal(10_000_000, np.float32) for _ in range(2))
            np.savez(files[name], theta=theta, slope=slope)
        else:
            net = nn.MLP(work["sizes"], rng=rng, dtype=np.float32)
            np.savez(files[name], X=X, y=y.astype(np.int64), theta=net.theta)
    return files


def one_round(number, names, files, missing, log):
    """Run the named workloads once, all peers alive at once; return {workload: {peer: record}}."""
    results = {}
    groups = {}
    for name in names:
        groups.setdefault(WORKLOADS[name].get("threads", 1), []).append(name)
    for threads, group in sorted(groups.items()):
        peers = dict.fromkeys(["nn_core", *(p for name in group for p in WORKLOADS[name]["peers"])])
        workers = {p: Worker(p, threads) for p in peers if p.split()[0].strip(",") not in missing}
        try:
            for worker in list(workers.values()):
                worker.answer()
            for name in group:
                log(f"round {number}: {name}")
                work = WORKLOADS[name]
                present = [p for p in ["nn_core", *work["peers"]] if p in workers]
                results[name] = portions(work, str(files[name]), {p: workers[p] for p in present}, number)
        finally:
            for worker in workers.values():
                worker.close()
    return results


def portions(work, file, workers, number):
    """Warm all workers up, then let them work in turn; return {peer: record}."""
    order = list(workers)
    order = order[number % len(order) :] + order[: number % len(order)]
    sent = {key: value for key, value in work.items() if key not in ("title", "peers", "unit")}
    records = {}
    for peer in order:
        workers[peer].ask(do="setup", work=sent, data=file)
        if not work.get("fresh"):
            first = workers[peer].ask(do="go", repeat=work["repeat"])
            records[peer] = {"losses": first.get("losses"), "wall": [], "cpu": []}
        elif "jax" in peer:
            raise ValueError("a fresh start would count JAX's compilation")
    for k in range(1 if work.get("fresh") else CHUNKS):
        for peer in order[:: 1 if k % 2 == 0 else -1]:
            answer = workers[peer].ask(do="go", repeat=work["repeat"])
            record = records.setdefault(peer, {"losses": answer.get("losses"), "wall": [], "cpu": []})
            record["best"] = answer.get("best")
            for clock in ("wall", "cpu"):
                record[clock].append(answer[clock] / work["per"])
    return records


def same_loss(work, records):
    """Return the largest relative difference of a peer's loss, a mean over all its epochs, from nn_core's.

    Those are the epochs of the warm-up, or the whole run where there is none. Differences of rounding grow
    from step to step; over 1,600 steps the losses of single epochs differ visibly, and their mean hardly.
    """
    wanted, worst = statistics.mean(records["nn_core"]["losses"]), 0.0
    for peer, record in records.items():
        if record["losses"]:
            difference = abs(statistics.mean(record["losses"]) / wanted - 1)
            worst = max(worst, difference)
            if difference > (0.03 if work.get("fresh") else 0.01):
                raise SystemExit(f"{work['title']}: {peer} reached {record['losses']}, "
                                 f"nn_core {records['nn_core']['losses']}")
    return worst


def summary(rounds, name):
    """Return rows (peer, cpu seconds, wall seconds, cpu ratio, wall ratio) of a workload, nn_core first."""
    rows = []
    for peer in rounds[0][name]:
        middle, ours = (
            {clock: [statistics.median(r[name][who][clock]) for r in rounds] for clock in ("cpu", "wall")}
            for who in (peer, "nn_core"))
        ratio = {clock: statistics.median(a / b for a, b in zip(ours[clock], middle[clock], strict=True))
                 for clock in middle}
        rows.append((peer, *(statistics.median(middle[clock]) for clock in ("cpu", "wall")),
                     ratio["cpu"], ratio["wall"]))
    return sorted(rows, key=lambda row: (row[0] != "nn_core", row[1]))


def shown(seconds):
    """Return a time with its unit, three digits."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:#.3g}".rstrip(".") + f" {unit}"


GRADIENT_CHECK = """
    import time
    import numpy as np
    import nn_core as nn
    X, y = nn.data.make_moons(32, 0.1, np.random.default_rng(0))
    net = nn.MLP([2, 16, 1], output="sigmoid", rng=np.random.default_rng(0))
    def loss_and_grad(theta):
        net.theta[:] = theta
        return net.loss_and_gradient(X, y)
    def timed(f):
        runs = []
        for _ in range(30):
            start = time.process_time()
            assert nn.gradient_check(f, net.theta.copy()).passed
            runs.append(time.process_time() - start)
        return 1e3 * np.median(runs)
    print(net.theta.size, timed(net.objective(X, y)), timed(loss_and_grad))
"""

IMPORT = """
    import time
    import numpy
    start = time.process_time()
    import nn_core
    print(1e3 * (time.process_time() - start))
"""

DIGITS = """
    import time
    import numpy as np
    import nn_core as nn
    X, y = nn.data.load_digits()
    rng = np.random.default_rng(0)
    X_train, X_test, y_train, y_test = nn.data.train_test_split(X, y, 0.2, rng)
    net = nn.MLP([64, 256, 10], output="softmax", rng=rng, dtype=np.float32)
    start, wall = time.process_time(), time.perf_counter()
    history = net.fit(X_train, y_train, optimizer=nn.Adam(2e-3), epochs=100, rng=rng,
                      callback=lambda net, history, epoch: net.score(X_test, y_test) >= 0.98)
    seconds = time.process_time() - start, time.perf_counter() - wall
    print(*seconds, len(history.loss), net.score(X_test, y_test))
"""

MEMORY = """
    import resource, sys, tracemalloc
    import numpy as np
    import nn_core as nn
    n = int({n})
    rng = np.random.default_rng(0)
    X = rng.random((n, 784), np.float32)
    y = rng.integers(0, 10, n)
    net = nn.MLP([784, 256, 128, 10], output="softmax", rng=rng, dtype=np.float32)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    net.fit(X, y, epochs=1, batch_size={batch}, rng=rng)
    print((tracemalloc.get_traced_memory()[1] - before) / 1e6)
"""

GROWTH = """
    import time
    import numpy as np
    import nn_core as nn
    rng = np.random.default_rng(0)
    def once(run):
        start = time.process_time()
        run()
        return time.process_time() - start
    def train(n=4096, batch=64, width=128, depth=2):
        X, y = rng.random((n, 64), np.float32), rng.integers(0, 10, n)
        net = nn.MLP([64, *[width] * depth, 10], output="softmax", rng=rng, dtype=np.float32)
        optimizer = nn.Adam()
        return lambda: net.fit(X, y, optimizer=optimizer, epochs=1, batch_size=batch, rng=rng)
    def step(size):
        theta, grad, optimizer = rng.random(size, np.float32), rng.random(size, np.float32), nn.Adam()
        return lambda: optimizer.step(theta, grad)
    rows = {
        "samples": ([2048, 4096, 8192, 16384, 32768], lambda v: train(n=v), 1),
        "batch, one step": ([64, 128, 256, 512, 1024, 2048], lambda v: train(n=v, batch=v, width=512), 1),
        "width, one step": ([256, 512, 1024, 2048], lambda v: train(n=256, batch=256, width=v), 1),
        "depth, one step": ([2, 4, 8, 16, 32], lambda v: train(n=64, width=256, depth=v), 1),
        "parameters, one Adam step": ([10**4, 10**5, 10**6, 10**7], step, 1),
    }
    for name, (sizes, make, _) in rows.items():
        runs = [make(size) for size in sizes]
        times = []
        for _ in range(6):
            times.append([once(run) for run in runs])
        seconds = np.median(times[1:], axis=0)
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        print(name, slope, *(f"{s}:{t}" for s, t in zip(sizes, seconds)), sep="|")
"""

THEORY = {  # the exponent of the arithmetic, and why a fit may differ
    "samples": ("1", "each sample is seen once an epoch"),
    "batch, one step": ("1", "less at small batches, where Adam's share does not grow with the batch"),
    "width, one step": ("2", "less where the first and the last layer, which grow linearly, still count"),
    "depth, one step": ("1", "less at few layers, where the first and the last count"),
    "parameters, one Adam step": (
        "1", "less below 10⁵, where the calls cost more than the arithmetic, more beyond the caches"),
}


def figures(rounds):
    """Return the lines about nn_core alone: gradient check, import, digits, memory, growth."""
    def values(code, repeat=1):
        runs = []
        for _ in range(repeat):
            result = run_python(code)
            if result.returncode:
                raise SystemExit(result.stderr)
            runs.append([float(x) for x in result.stdout.split()])
        return np.median(runs, axis=0)

    gradient = values(GRADIENT_CHECK, rounds)
    own = values(IMPORT, max(rounds, 5))
    digits = values(DIGITS, rounds)
    memory = {n: values(MEMORY.format(n=n, batch=64))[0] for n in (6400, 12_800, 60_000)}
    wide = values(MEMORY.format(n=12_800, batch=1024))[0]
    lines = [
        "| nn_core alone | measured | target |", "|---|---|---|",
        f"| (G) gradient check of {gradient[0]:.0f} parameters, 32 samples | {gradient[1]:.2f} ms "
        f"| at most 1 ms |",
        f"| … through a function of one's own instead of `net.objective(X, y)` | {gradient[2]:.2f} ms | |",
        f"| `import nn_core`, over NumPy | {own[0]:.1f} ms | at most 15 ms |",
        f"| digits to 98 % on held-out samples (64-256-10, {digits[2]:.0f} epochs, {100 * digits[3]:.1f} %) "
        f"| {digits[0]:.2f} s | under 2 s |",
        f"| extra memory while training (A), 6,400 samples | {memory[6400]:.1f} MB | at most 10 MB |",
        f"| … 12,800 and 60,000 samples: {(memory[60_000] - memory[12_800]) / 0.0472:.0f} bytes a sample "
        f"| {memory[12_800]:.1f} and {memory[60_000]:.1f} MB | |",
        f"| … batches of 1,024 instead of 64 (12,800 samples) | {wide:.1f} MB | |",
        "", "| time against | sizes | fitted exponent | theory | |", "|---|---|---|---|---|",
    ]
    growth = run_python(GROWTH)
    if growth.returncode:
        raise SystemExit(growth.stderr)
    for line in growth.stdout.splitlines():
        name, slope, *points = line.split("|")
        sizes = [point.split(":")[0] for point in points]
        ends = [shown(float(points[i].split(":")[1])) for i in (0, -1)]
        theory, reason = THEORY[name]
        lines.append(f"| {name} | {int(sizes[0]):,} to {int(sizes[-1]):,} ({ends[0]} to {ends[1]}) "
                     f"| {float(slope):.2f} | {theory} | {reason} |")
    return lines


def about(missing, rounds):
    """Return the machine, the versions, and who is missing."""
    info = run_python("""
        import importlib.metadata as m, numpy, threadpoolctl
        names = ("numpy", "torch", "jax", "scikit-learn", "autograd", "micrograd")
        def one(name):
            try:
                return f"{name} {m.version(name)}"
            except m.PackageNotFoundError:
                return ""
        print(", ".join(filter(None, map(one, names))))
        print("; ".join(f"{p['internal_api']} {p['version']} ({p['architecture']})"
              for p in threadpoolctl.threadpool_info()))
    """).stdout.splitlines()
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    load = f", load average {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    text = [
        f"{time.strftime('%Y-%m-%d')}. {cpu}, {os.cpu_count()} cores{load}; "
        f"Python {platform.python_version()}, {info[0]}. NumPy's BLAS: {info[1]}. "
        f"{rounds} rounds of fresh processes.",
    ]
    text += [f"Left out: {name} ({reason})." for name, reason in missing.items()]
    return [" ".join(text), ""]


def table(rounds, names):
    """Return the lines of the one table, and the largest difference of losses."""
    lines = ["| workload | peer | processor time | wall time | nn_core / peer | by wall time | target |",
             "|---|---|---|---|---|---|---|"]
    differences = {}
    for name in names:
        work, peak = WORKLOADS[name], None
        differences[name] = max(same_loss(work, r[name]) for r in rounds)
        for k, (peer, cpu, wall, ratio, wall_ratio) in enumerate(summary(rounds, name)):
            label = f"**({name})** {work['title']}" if k == 0 else ""
            if peer == "peak":
                peak = statistics.median(r[name]["peak"]["best"] for r in rounds)
                continue
            limit = TARGETS.get((name, peer))
            judged = wall_ratio if work.get("threads", 1) > 1 else ratio
            verdict = "" if limit is None else f"{'met' if judged <= limit else '**missed**'}, {limit:g}"
            ratios = ("", "") if peer == "nn_core" else (f"{ratio:.2f}", f"{wall_ratio:.2f}")
            lines.append(f"| {label} | {peer} | {shown(cpu)} | {shown(wall)} | {ratios[0]} | {ratios[1]} "
                         f"| {verdict} |")
        if peak:
            products = 2 * work["n"] * sum(a * b for a, b in pairwise(work["sizes"]))
            shares = []
            for r in rounds:
                rate = products / statistics.median(r[name]["nn_core"]["cpu"])
                shares.append(rate / r[name]["peak"]["best"])
            share = statistics.median(shares)
            lines.append(f"| | the machine's peak | {peak / 1e9:.0f} GFLOP/s | | {share:.3f} of the peak | "
                         f"| {'met' if share >= 0.93 else '**missed**'}, at least 0.93 |")
    return lines, differences


def report(rounds, names, missing):
    """Return the lines of what has been measured so far."""
    lines, differences = table(rounds, names)
    worst = max(differences, key=differences.get)
    return [*about(missing, len(rounds)), *lines, "",
            "All reach the same loss: the largest relative difference from nn_core's is "
            f"{differences[worst]:.1e}, in ({worst})."]


def draw(rounds, names, path):
    """Draw one panel a workload: processor time of each peer, nn_core in blue."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    shown_names = [name for name in names if name != "C, tiny"]
    rows = -(-len(shown_names) // 2)
    fig = Figure(figsize=(10, 2.3 * rows), layout="constrained")
    axes = fig.subplots(rows, 2, squeeze=False).ravel()
    for ax, name in zip(axes, shown_names, strict=False):
        clock = 2 if WORKLOADS[name].get("threads", 1) > 1 else 1
        entries = [row for row in summary(rounds, name) if row[0] != "peak"][::-1]
        times = [1e3 * row[clock] for row in entries]
        bars = ax.barh([row[0] for row in entries], times,
                       color=["#0072B2" if row[0] == "nn_core" else "#BBBBBB" for row in entries])
        ax.bar_label(bars, [shown(t / 1e3) for t in times], padding=3, fontsize=7)
        ax.set_xscale("log")
        ax.set_xlim(min(times) / 2, max(times) * 4)
        ax.set_title(f"({name}) {WORKLOADS[name]['title']}", fontsize=8)
        ax.tick_params(labelsize=7)
        ax.xaxis.set_minor_formatter(NullFormatter())
    for ax in axes[len(shown_names) :]:
        ax.remove()
    fig.supxlabel("milliseconds a step (F: a run), logarithmic", fontsize=8)
    fig.savefig(path, dpi=110, metadata={"Software": None})


def write(lines, readme, name):
    """Put the lines between the markers of that name."""
    begin, end = f"<!-- {name}: written by the benchmark -->", f"<!-- end of {name} -->"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    readme.write_text(f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{rest.split(end)[1]}", "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=WORKLOADS, help="these workloads alone")
    parser.add_argument("--without-growth", action="store_true")
    parser.add_argument("--raw", help="write every portion's times to this file, as JSON")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    arguments = parser.parse_args()
    names = arguments.only or list(WORKLOADS)
    if len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0, 0]) < 2:
        names = [name for name in names if WORKLOADS[name].get("threads", 1) == 1]

    def log(text):
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    missing = install()
    if "jaxlib" in missing:
        missing.setdefault("jax", missing["jaxlib"])
    with tempfile.TemporaryDirectory() as folder:
        files = write_data(Path(folder))
        alone = [] if arguments.without_growth else ["", *figures(arguments.rounds)]
        rounds = []
        for k in range(arguments.rounds):
            rounds.append(one_round(k, names, files, missing, log))
            if arguments.raw:
                Path(arguments.raw).write_text(json.dumps(rounds))
            lines = report(rounds, names, missing) + alone
            if not arguments.dry:  # after each round, so that a run that is stopped leaves what it has
                draw(rounds, names, HERE / "training.png")
                write(lines, HERE / "README.md", "training")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
