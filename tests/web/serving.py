"""A local web server for a folder, and the Pyodide runtime that the tests use."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "nn-textbook"
RUNTIME, HYPOTHESIS = CACHE / "pyodide", CACHE / "hypothesis"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".wasm": "application/wasm"}

    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing when the browser leaves before all is sent."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(folder):
    """Serve a folder; gives its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch_runtime():
    """Fetch a Pyodide runtime and a pure Hypothesis, unless they are there; return why not, or nothing."""
    wanted = Path(__file__).with_name("pyodide.txt")
    done = CACHE / "pyodide.txt"
    if not (done.exists() and done.read_text() == wanted.read_text()):
        try:
            _fetch(wanted)
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, StopIteration) as error:
            return f"the Pyodide runtime could not be fetched ({error})"
        done.write_text(wanted.read_text())
    return ""


def _fetch(wanted):
    wheels = CACHE / "wheels"
    for folder in (wheels, RUNTIME, HYPOTHESIS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        subprocess.run([sys.executable, "-m", "venv", CACHE / "pip"], check=True, capture_output=True)
        pip = [CACHE / "pip" / ("Scripts" if os.name == "nt" else "bin") / "python", "-m", "pip"]
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r", wanted, "-d", wheels]
    subprocess.run([*pip, "download", *options], check=True, capture_output=True, timeout=400)
    with zipfile.ZipFile(next(wheels.glob("open_webui-*.whl"))) as archive:
        for member in archive.infolist():
            if "/frontend/pyodide/" in member.filename and not member.is_dir():
                (RUNTIME / Path(member.filename).name).write_bytes(archive.read(member))
    with zipfile.ZipFile(next(wheels.glob("hypothesis-*.whl"))) as archive:
        archive.extractall(HYPOTHESIS)
    shutil.rmtree(wheels)
