"""The browser edition: JupyterLite with the students' chapters, in which `import nn_core` simply works.

Pyodide's lock file says which packages an import brings. Ours are added to it, and so is what the widgets and
the kernel need, so that no cell installs anything and no package index is asked. Without a local runtime the
lock names the files of Pyodide's public CDN; with one, everything comes from the site itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from nn_book.build import Say, student_path
from nn_book.complaints import BookError, Complaint
from nn_book.npm import npm_packages
from nn_book.text import chapter_names

# What an import of ours needs there; scikit-learn too, because nn_core.data imports it inside functions.
OURS = {
    "nn_core": ("numpy", "matplotlib", "scikit-learn", "ipywidgets", "anywidget"),
    "nn_exercises": ("nn-core",),
}
# Pure packages that Pyodide's distribution lacks: taken from this environment, as they are installed here.
PURE = {
    "ipywidgets": ("comm", "traitlets", "ipython"),
    "anywidget": ("ipywidgets", "psygnal", "typing-extensions"),
    "psygnal": (),
    "comm": ("traitlets",),
}
ACCELERATED = ("psygnal", "wcwidth")  # these have compiled parts, and do without them
KERNEL = ("ipython", "comm", "jedi", "micropip", "packaging")  # what the kernel itself needs
EXTENSIONS = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
    "jupyterlab_pygments",
)
# threadpoolctl calls what Pyodide is about to rename, and Pyodide's Matplotlib frets when a figure with a
# logarithmic axis is cleared: a reader can do nothing about either.
QUIET = "ignore::RuntimeWarning:threadpoolctl,ignore:Attempt to set non-positive:UserWarning"
OF_THIS_PLACE = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json")
THERE = {"python_version": "3.14", "sys_platform": "emscripten", "platform_system": "Emscripten", "extra": ""}
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}


@dataclass(frozen=True)
class Wheel:
    """A wheel made here: its file and its entry in Pyodide's lock."""

    file: Path
    entry: dict


def build_lite(
    root: Path,
    out: Path,
    *,
    pyodide: Path | None = None,
    solutions: bool = True,
    say: Say = lambda line: None,
) -> None:
    """Build the browser edition.

    Parameters
    ----------
    root
        The repository.
    out
        Where to.
    pyodide
        A folder with a Pyodide runtime: its core, its lock and the wheels of NumPy, Matplotlib, SciPy and
        scikit-learn with what they need. Without it the public CDN is named.
    solutions
        Whether the references that `check` compares with may be read; False seals them.
    say
        Called with a line for each step.
    """
    (root / "_build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / "_build", prefix="lite-") as folder:
        work = Path(folder)
        for name in chapter_names(root):
            if student_path(root, name).exists():
                (work / "files" / name).mkdir(parents=True)
                shutil.copy(student_path(root, name), work / "files" / name)
        # JupyterLite takes a folder static/pyodide for a whole runtime
        static = work / "static" / ("pyodide" if pyodide else "packages")
        static.mkdir(parents=True)
        settings = {
            "loadPyodideOptions": {
                "lockFileURL": f"./static/{static.name}/pyodide-lock.json",
                "env": {"HOME": "/home/pyodide", "PYTHONWARNINGS": QUIET},
            },
            "disablePyPIFallback": True,
        }
        if pyodide:
            local_runtime(root, pyodide, static, solutions=solutions)
        else:
            cdn_lock(root, static, solutions=solutions)
        _configure(work, settings)
        _run(work, out)
    for path in (out / "build").glob("fa-*"):  # 3 MB of icon fonts for browsers too old for Pyodide
        if path.suffix != ".woff2":
            path.unlink()
    say(f"browser edition: Pyodide {'brought along' if pyodide else 'from its public CDN'}")


def _configure(work: Path, settings: dict) -> None:
    config = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "From the Neuron to the Optimizer",
            "exposeAppInBrowser": True,
            "disabledExtensions": ["@jupyterlab/extensionmanager-extension"],
            "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": settings},
        },
    }
    (work / "jupyter-lite.json").write_text(json.dumps(config), "utf-8")
    (work / "overrides.json").write_text(json.dumps(SETTINGS), "utf-8")
    share = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    missing = [name for name in EXTENSIONS if not (share / name).is_dir()]
    if missing:
        raise BookError(
            [Complaint("browser edition", 0, f"Not installed: {', '.join(missing)}.", "`make test`.")]
        )
    build = {
        "LiteBuildConfig": {
            "apps": ["lab"],
            "contents": ["files"],
            "federated_extensions": [str(share / name) for name in EXTENSIONS],
            "ignore_sys_prefix": ["federated_extensions"],
            "no_sourcemaps": True,
        }
    }
    (work / "jupyter_lite_config.json").write_text(json.dumps(build), "utf-8")


def _run(work: Path, out: Path) -> None:
    """Call JupyterLite; one of its steps may fail and it still ends with 0, so its words are read."""
    shutil.rmtree(out, ignore_errors=True)
    nothing = work / "no-settings"
    nothing.mkdir()
    command = [
        sys.executable,
        "-m",
        "jupyterlite_core",
        "build",
        "--lite-dir",
        ".",
        "--output-dir",
        str(out.resolve()),
    ]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(nothing), "JUPYTER_NO_CONFIG_PATH": "1"}
    ran = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    said = ran.stdout + ran.stderr
    failed = re.search(r"\bFAIL|TaskFailed|TaskError|Traceback", said)
    if ran.returncode or failed or not (out / "lab" / "index.html").exists():
        raise BookError([Complaint("browser edition", 0, "JupyterLite failed.", f"It said:\n{said[-4000:]}")])


# ------------------------------------------------------------------ the lock and its wheels


def local_runtime(root: Path, pyodide: Path, to: Path, *, solutions: bool = True) -> None:
    """Copy into `to` what the book needs of a Pyodide folder, with a lock that names no other file."""
    missing = [name for name in (*CORE, "pyodide-lock.json") if not (pyodide / name).is_file()]
    if missing:
        raise BookError(
            [Complaint(str(pyodide), 0, f"No Pyodide runtime: {', '.join(missing)} missing.", "")]
        )
    lock = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))
    for name in CORE:
        shutil.copy(pyodide / name, to)
    packages = lock["packages"]
    for wheel in our_wheels(root, to, solutions=solutions):
        packages[wheel.entry["name"]] = wheel.entry
    kept: dict[str, dict] = {}
    queue = [*OURS, *KERNEL]
    while queue:
        name = normal(queue.pop())
        if name in kept:
            continue
        entry = packages.get(name)
        if entry is None or not (
            (to / entry["file_name"]).exists() or (pyodide / entry["file_name"]).exists()
        ):
            entry = installed_wheel(name, None, to).entry  # a pure package that the folder lacks
        elif not (to / entry["file_name"]).exists():
            shutil.copy(pyodide / entry["file_name"], to)
        kept[name] = entry
        queue += entry["depends"]
    lock["packages"] = dict(sorted(kept.items()))
    (to / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")


def cdn_lock(root: Path, to: Path, *, solutions: bool = True) -> None:
    """Write into `to` our wheels and a lock in which all other files stand on Pyodide's CDN."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_VERSION

    npm = npm_packages(root) / "pyodide"
    version = json.loads((npm / "package.json").read_text("utf-8"))["version"]
    if version != PYODIDE_VERSION:
        given = f"It pins pyodide {version}, and the kernel of JupyterLite wants {PYODIDE_VERSION}."
        raise BookError([Complaint("site/package.json", 0, given, "Pin that version.")])
    lock = json.loads((npm / "pyodide-lock.json").read_text("utf-8"))
    for entry in lock["packages"].values():
        entry["file_name"] = f"{PYODIDE_CDN_URL}/{entry['file_name']}"
    for wheel in our_wheels(root, to, solutions=solutions):
        lock["packages"][wheel.entry["name"]] = wheel.entry
    (to / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")


def normal(name: str) -> str:
    """Return a package's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def sealed(source: bytes) -> bytes:
    """Return a module that does what `source` does and cannot be read at a glance.

    `check` needs the references wherever it runs, so a course cannot keep them from somebody who unpacks
    them; it can keep them out of sight.
    """
    packed = base64.b85encode(zlib.compress(source, 9)).decode()
    unpack = f"zlib.decompress(base64.b85decode({packed!r}))"
    return f"import base64, zlib\nexec(compile({unpack}, __name__, 'exec'))\n".encode()


def our_wheels(root: Path, to: Path, *, solutions: bool = True) -> list[Wheel]:
    """Write the wheels of the book's own packages and of the pure ones that Pyodide lacks."""
    version = metadata.version("nn-textbook")
    wheels = []
    for package, depends in OURS.items():
        files = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted((root / package).rglob("*"))
            if path.suffix in (".py", ".css", ".js", ".mplstyle")
        }
        if not solutions:
            files |= {path: sealed(text) for path, text in files.items() if "/catalogue/chapter_" in path}
        wheels.append(write_wheel(package, version, files, depends, to))
    return wheels + [installed_wheel(name, depends, to) for name, depends in PURE.items()]


def installed_wheel(name: str, depends: Iterable[str] | None, to: Path) -> Wheel:
    """Write a wheel of a pure package as it is installed here; `depends` overrides its needs."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        given = f"{name} is in neither the runtime nor this environment."
        raise BookError([Complaint("browser edition", 0, given, "Give a fuller runtime.")]) from None
    if depends is None:
        needs = [Requirement(line) for line in distribution.requires or ()]
        depends = [r.name for r in needs if not r.marker or r.marker.evaluate(THERE)]
    files, compiled = {}, []
    for path in distribution.files or ():
        top = path.parts[0]
        if top == ".." or "__pycache__" in path.parts or path.name in OF_THIS_PLACE:
            continue
        if path.suffix in (".so", ".pyd"):
            compiled.append(path)
            continue
        files[path.as_posix()] = path.locate().read_bytes()
    if compiled and name not in ACCELERATED:
        raise BookError(
            [Complaint(name, 0, f"It is not pure Python: {compiled[0]}.", "Give a fuller runtime.")]
        )
    return write_wheel(name, distribution.version, files, depends, to)


def write_wheel(
    name: str, version: str, files: Mapping[str, bytes], depends: Iterable[str], to: Path
) -> Wheel:
    """Write a pure wheel, the same bytes for the same files, and return it with its entry for the lock."""
    stem = f"{re.sub(r'[-.]+', '_', name)}-{version}"
    info = f"{stem}.dist-info"
    record = [f"{path},," for path in files if path != f"{info}/METADATA"]
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    extra = {
        f"{info}/METADATA": files.get(f"{info}/METADATA", about),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: book\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "\n".join([*record, f"{info}/RECORD,,", ""]).encode(),
    }
    file = to / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in (dict(files) | extra).items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 9)
    tops = {path.split("/")[0].removesuffix(".py") for path in files if path.endswith(".py")}
    entry = {
        "name": normal(name),
        "version": version,
        "file_name": file.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(tops),
        "depends": sorted(map(normal, depends)),
        "unvendored_tests": False,
    }
    return Wheel(file, entry)
