"""JupyterLab in headless Chromium: start it, open a notebook, run it, read its widgets."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}

START = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    return true;
}"""

RUN_ALL = """async (path) => {
    const app = window.jupyterapp;
    const panel = await app.commands.execute('docmanager:open', {path, factory: 'Notebook'});
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    await app.commands.execute('notebook:run-all-cells');
    return true;
}"""


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lab:
    """A JupyterLab server of its own, which knows nothing of the user's settings."""

    def __init__(self, folder, dark=False):
        self.folder, self.port = Path(folder), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = self.folder / "root"
        self.root.mkdir(parents=True)
        settings = dict(SETTINGS)
        if dark:
            settings["@jupyterlab/apputils-extension/themes"] = {"theme": "JupyterLab Dark"}
        for name, value in settings.items():
            path = self.folder / "settings" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(value))
        own = {
            name: str(self.folder / name.lower())
            for name in (
                "HOME",
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR",
            )
        }
        for path in own.values():
            Path(path).mkdir(exist_ok=True)
        env = (
            os.environ
            | own
            | {
                "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            }
        )
        env.pop("PYTEST_CURRENT_TEST", None)
        self.log = (self.folder / "server.log").open("w")
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            f"--port={self.port}",
            "--allow-root",
            "--IdentityProvider.token=",
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.port_retries=0",
            "--LabApp.expose_app_in_browser=True",
        ]
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=self.log)
        self._wait()

    def _wait(self, seconds=240):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended: {(self.folder / 'server.log').read_text()[-2000:]}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/api", timeout=5):
                return
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not answer within {seconds} s")

    def notebook(self, name, cells):
        """Write a notebook of code cells into the server's folder."""
        nb = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(c, id=f"cell-{i}") for i, c in enumerate(cells)]
        )
        nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nb, self.root / name)
        return name

    def forget(self):
        """End all kernels."""
        with urllib.request.urlopen(f"{self.url}/api/sessions") as answer:
            sessions = json.load(answer)
        for one in sessions:
            request = urllib.request.Request(f"{self.url}/api/sessions/{one['id']}", method="DELETE")
            with contextlib.suppress(OSError), urllib.request.urlopen(request):
                pass

    def close(self):
        """Stop the server."""
        with contextlib.suppress(OSError):
            self.forget()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def open_and_run(page, lab, name, workspace, cells, timeout=300_000):
    """Open a notebook in its own workspace, run all of it, wait until every cell has its number."""
    page.goto(f"{lab.url}/lab/workspaces/{workspace}?reset", timeout=timeout)
    page.wait_for_function("window.jupyterapp !== undefined", timeout=timeout)
    page.evaluate(START)
    page.evaluate(RUN_ALL, name)
    page.wait_for_function(
        """n => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]
                 .filter(p => /\\[\\d+\\]/.test(p.textContent)).length >= n""",
        arg=cells,
        timeout=timeout,
    )


def _parsed(text):
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return text
    return values[0] if len(values) == 1 else values


class View:
    """One widget in the page: what a reader sees and does."""

    def __init__(self, page, index):
        self.page = page
        self.root = page.locator(".nn-widget").nth(index)
        self.root.scroll_into_view_if_needed()
        self.root.locator("img").first.wait_for()

    @property
    def source(self):
        """The picture's address, another one for every picture."""
        return self.root.locator("img").first.get_attribute("src")

    @property
    def alt(self):
        """The picture's alternative text."""
        return self.root.locator("img").first.get_attribute("alt")

    @property
    def sentence(self):
        """The reading's sentence."""
        return self.root.locator(".nn-reading > div").first.inner_text()

    def numbers(self):
        """All numbers of the reading at one moment, by name; several of one name as a list."""
        texts = self.root.evaluate(
            """el => Object.fromEntries(
                [...el.querySelectorAll('b[data-name]')].map(b => [b.dataset.name, b.innerText])
            )"""
        )
        return {name: _parsed(text) for name, text in texts.items()}

    def number(self, name):
        """One of the reading's numbers, or several as a list."""
        return self.numbers()[name]

    def text(self):
        """All that the reading says."""
        return self.root.locator(".nn-reading").inner_text()

    def act(self, action, timeout=60_000):
        """Do something and wait until the picture has changed."""
        before = self.source
        action()
        self.page.wait_for_function(
            "([el, old]) => el.querySelector('img').src !== old",
            arg=[self.root.element_handle(), before],
            timeout=timeout,
        )

    def control(self, label, kind=""):
        """The ipywidget with a label."""
        name = self.page.locator(f'.widget-label:text-is("{label}")')
        return self.root.locator(f".jupyter-widgets{kind}:visible").filter(has=name).last

    def act_in_words(self, action):
        """Do something that changes the reading alone, and wait until it has."""
        before = self.text()
        action()
        self.page.wait_for_function(
            "([el, old]) => el.querySelector('.nn-reading').innerText !== old",
            arg=[self.root.element_handle(), before],
        )

    def press(self, label, key, times=1, picture=True):
        """Press a key on a slider."""
        act = self.act if picture else self.act_in_words
        handle = self.control(label).locator(".noUi-handle")
        for _ in range(times):
            handle.focus()
            act(lambda: self.page.keyboard.press(key))

    def choose(self, label, option):
        """Choose from a menu."""
        self.act(
            lambda: self.control(label, ".widget-dropdown").locator("select").select_option(label=option)
        )

    def click(self, text):
        """Press a button."""
        self.act(lambda: self.root.get_by_role("button", name=text, exact=True).click())

    def tick(self, label):
        """Tick or untick a box."""
        self.act(lambda: self.root.get_by_label(label, exact=True).click())

    def drag(self, name, dx, dy, steps=8):
        """Drag a handle of the picture by so many pixels."""
        handle = self.root.locator(f'.nn-handle[data-handle="{name}"]')
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.mouse

        def move():
            mouse.move(x, y)
            mouse.down()
            mouse.move(x + dx, y + dy, steps=steps)
            mouse.up()

        self.act(move)
        self.settle()

    def nudge(self, name, key):
        """Press an arrow key on a handle of the picture."""
        self.root.locator(f'.nn-handle[data-handle="{name}"]').focus()
        self.act(lambda: self.page.keyboard.press(key))

    def settle(self, quiet=300):
        """Wait until no new picture has come for so many milliseconds."""
        self.page.evaluate(
            """([el, quiet]) => new Promise((done) => {
                const img = el.querySelector('img');
                let timer = setTimeout(finish, quiet);
                const again = () => { clearTimeout(timer); timer = setTimeout(finish, quiet); };
                const watcher = new MutationObserver(again);
                function finish() { watcher.disconnect(); done(true); }
                watcher.observe(img, { attributes: true, attributeFilter: ['src'] });
            })""",
            [self.root.element_handle(), quiet],
        )

    def pictures_within(self, milliseconds):
        """Count the pictures that come within so many milliseconds."""
        return self.page.evaluate(
            """([el, time]) => new Promise((done) => {
                let count = 0;
                const watcher = new MutationObserver(() => { count += 1; });
                watcher.observe(el.querySelector('img'), { attributes: true, attributeFilter: ['src'] });
                setTimeout(() => { watcher.disconnect(); done(count); }, time);
            })""",
            [self.root.element_handle(), milliseconds],
        )

    def delays(self, label, times=20, limit=5000):
        """Press the right arrow on a slider again and again; return the milliseconds to each new picture.

        No picture within `limit` counts as so many.
        """
        handle = self.control(label).locator(".noUi-handle").element_handle()
        return self.page.evaluate(
            """async ([el, handle, times, limit]) => {
                const img = el.querySelector('img'), spent = [];
                const at = (name) => +handle.getAttribute(`aria-value${name}`);
                const forth = 2 * at('now') < at('min') + at('max');  // away from the nearer end
                for (let i = 0; i < times; i++) {
                    const begin = performance.now();
                    const shown = new Promise((done) => {
                        const watcher = new MutationObserver(() => {
                            watcher.disconnect();
                            done(performance.now());
                        });
                        watcher.observe(img, { attributes: true, attributeFilter: ['src'] });
                    });
                    const key = (i < times / 2) === forth ? 'ArrowRight' : 'ArrowLeft';
                    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
                    handle.dispatchEvent(event);
                    const late = new Promise((done) => setTimeout(() => done(begin + limit), limit));
                    spent.push(await Promise.race([shown, late]) - begin);
                    await new Promise((done) => setTimeout(done, 60));
                }
                return spent;
            }""",
            [self.root.element_handle(), handle, times, limit],
        )
