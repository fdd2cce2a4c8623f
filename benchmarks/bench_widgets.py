"""What a move of each widget costs, in the kernel and until the picture changes, beside `interact`.

    python benchmarks/bench_widgets.py               # in JupyterLab too, where there is a Chromium
    python benchmarks/bench_widgets.py --no-browser  # the kernel alone

Kernel: a control's value is set, the picture drawn and encoded, the message made; medians over all sliders,
and over all options of the menus, each chosen for the first time and again. By the clock, and for sliders
also in processor time, which grows less on a busy machine. `interact`: the activation explorer's picture by a
function that makes a new figure each time, as tutorials do. Page: from the key press on a slider until the
picture is another one, and the same beside a round trip of a widget that does nothing, measured in turn with
it: what JupyterLab itself takes.
"""

import argparse
import contextlib
import io
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console
from rich.table import Table

from nn_core import plotting, widgets
from nn_core.activations import ACTIVATIONS

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- widgets: written by the benchmark -->", "<!-- end of widgets -->"
SLIDERS = (ipywidgets.FloatSlider, ipywidgets.IntSlider, ipywidgets.FloatLogSlider)

BARE = """
import anywidget, traitlets

class Bare(anywidget.AnyWidget):
    _esm = '''export default { render({ model }) {
        window.roundTrip = () => new Promise((done) => {
            const begin = performance.now();
            const back = () => {
                model.off("change:back", back);
                done(performance.now() - begin);
            };
            model.on("change:back", back);
            model.set("out", model.get("out") + 1);
            model.save_changes();
        });
    } }'''
    out, back = traitlets.Int(0).tag(sync=True), traitlets.Int(0).tag(sync=True)

bare = Bare()
bare.observe(lambda change: setattr(bare, "back", change["new"]), "out")
bare
"""

INTERACT = """
import matplotlib.pyplot as plt, numpy as np
from ipywidgets import interact
from nn_core import plotting
from nn_core.activations import ACTIVATIONS

@interact(z=(-10.0, 10.0, 0.05))
def draw(z=1.0):
    grid, f = np.linspace(-6, 6, 721), ACTIVATIONS["sigmoid"]
    fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.3))
    for ax, g in zip(axes, (f, f.derivative)):
        ax.plot(grid, g(grid))
        ax.plot([z], g(np.array([z])), "o")
        ax.set(xlabel="$z$", xlim=(-6, 6))
    plt.show()
"""

REDRAWN = """async (times) => {
    const outputs = [...document.querySelectorAll('.widget-interact')];
    const root = outputs.at(-1), handle = root.querySelector('.noUi-handle'), spent = [];
    for (let i = 0; i < times; i++) {
        const begin = performance.now(), before = root.querySelector('img').src;
        const shown = new Promise((done) => {
            const watcher = new MutationObserver(() => {
                const img = root.querySelector('img');
                if (!img || img.src === before) return;
                watcher.disconnect();
                done(performance.now());
            });
            watcher.observe(root, { childList: true, subtree: true, attributes: true });
        });
        handle.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
        const limit = new Promise((done) => setTimeout(() => done(begin + 5000), 5000));
        spent.push(await Promise.race([shown, limit]) - begin);
        await new Promise((done) => setTimeout(done, 60));
    }
    return spent;
}"""

ROUND_TRIPS = """async (times) => {
    const spent = [];
    for (let i = 0; i < times; i++) {
        spent.push(await window.roundTrip());
        await new Promise((done) => setTimeout(done, 60));
    }
    return spent;
}"""


def path_of(control, moves):
    """Neighboring values of a slider, from its lowest to its highest."""
    ends = np.linspace(control.min, control.max, moves)
    if isinstance(control, ipywidgets.FloatLogSlider):
        return [float(v) for v in control.base**ends]
    return [type(control.value)(v) for v in ends]


def timed(control, value):
    """Milliseconds (clock, processor) of one move."""
    clock, processor = time.perf_counter(), time.process_time()
    control.value = value
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor)


def slider_times(widget, moves=30):
    """Milliseconds (clock, processor) of every move of every visible slider that changes its value."""
    spent = []
    for control in widget.controls.values():
        if not isinstance(control, SLIDERS) or control.layout.display == "none":
            continue
        first = control.value
        spent += [timed(control, value) for value in path_of(control, moves) if value != control.value]
        control.value = first
    return spent


def menu_times(widget):
    """Milliseconds (clock, processor) of choosing each option of each menu: the first time, and again."""
    rounds = [], []
    for control in widget.controls.values():
        if not hasattr(control, "options"):
            continue
        values = [option[1] if isinstance(option, tuple) else option for option in control.options]
        for spent in rounds:
            spent += [timed(control, value) for value in values if value != control.value]
    return rounds


def interact_times(moves=30):
    """Milliseconds of a move of the activation explorer written with a new figure."""
    grid = np.linspace(-6, 6, 721)

    def draw(z=1.0):
        f = ACTIVATIONS["sigmoid"]
        fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.3))
        for ax, g in zip(axes, (f, f.derivative), strict=True):
            ax.plot(grid, g(grid))
            ax.plot([z], g(np.array([z])), "o")
            ax.set(xlabel="$z$", xlim=(-6, 6))
        fig.savefig(io.BytesIO(), format="png", dpi=100)
        plt.close(fig)

    plotting.use_style()
    control = ipywidgets.FloatSlider(min=-10, max=10)
    with contextlib.redirect_stdout(io.StringIO()):
        output = ipywidgets.interactive(draw, z=control)
    spent = []
    for value in path_of(control, moves):
        with contextlib.redirect_stdout(io.StringIO()):  # ipywidgets clears a terminal that is not there
            spent.append(timed(control, value))
    output.close()
    return spent


def frame_rate(seconds=2.0):
    """Frames a second of the playground at its default size, the page left out."""
    widget = widgets.playground()
    widget.play()
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        widget._tick()
    rate = widget.frames / (time.perf_counter() - begin)
    widget.close()
    return rate


def page_times(rounds=3, moves=8):
    """Milliseconds in the page: {widget or "bare" or "interact": list}, and frame rates of the playground."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from playwright.sync_api import sync_playwright

    from tests.browser import lab as labs

    spent, moved = {name: [] for name in (*widgets.__all__, "bare", "interact")}, {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = labs.Lab(folder)
        browser = playwright.chromium.launch(executable_path=labs.CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1300, "height": 1100})
            page.set_default_timeout(60_000)
            shown = [f"widgets.{name}()" for name in widgets.__all__]
            cells = ["from nn_core import widgets", *shown, BARE, INTERACT]
            labs.open_and_run(page, lab, lab.notebook("bench.ipynb", cells), "bench", len(cells))
            page.wait_for_function(
                "n => document.querySelectorAll('.nn-widget img[alt]').length >= n && window.roundTrip",
                arg=len(shown),
            )
            for _ in range(rounds):
                for index, name in enumerate(widgets.__all__):
                    view = labs.View(page, index)
                    spent["bare"] += page.evaluate(ROUND_TRIPS, 4)
                    if name not in moved:  # the first slider that changes the picture as things are
                        handles = view.root.locator(".noUi-handle:visible").all()
                        labels = [handle.get_attribute("aria-label") for handle in handles]
                        moved[name] = next(x for x in labels if view.delays(x, 1, limit=1500)[0] < 1500)
                    delays = view.delays(moved[name], times=moves, limit=1500)
                    spent[name] += [d for d in delays if d < 1500]  # the rest left the picture as it was
                spent["interact"] += page.evaluate(REDRAWN, 4)
            view = labs.View(page, widgets.__all__.index("playground"))
            view.click("Play")
            page.wait_for_timeout(500)
            rates = [view.pictures_within(2000) / 2 for _ in range(5)]
            view.root.get_by_role("button", name="Pause", exact=True).click()
        finally:
            browser.close()
            lab.close()
    return spent, rates


def chromium():
    """Whether there is a browser."""
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


def median(spent, part=0):
    """Median of one part of (clock, processor) pairs, as a text."""
    return f"{statistics.median(pair[part] for pair in spent):.1f}" if spent else "-"


def rows_of(page):
    """One row a widget, and one of `interact`."""
    rows = []
    bare = statistics.median(page["bare"]) if page.get("bare") else None
    shown = {k: statistics.median(v) for k, v in page.items() if v}
    for name in widgets.__all__:
        widget = getattr(widgets, name)()
        sliders, (first, again) = slider_times(widget), menu_times(widget)
        begin = time.perf_counter()
        widget.png()
        still = f"{1000 * (time.perf_counter() - begin):.0f}"
        in_page = [f"{shown[name]:.0f}", f"{shown[name] / bare:.1f}"] if name in shown else ["-", "-"]
        kernel = [median(sliders), median(sliders, 1), median(first), median(again)]
        rows.append([name, *kernel, *in_page, still])
        widget.close()
    spent = interact_times()
    in_page = ["-", "-"]
    if "interact" in shown:
        in_page = [f"{shown['interact']:.0f}", f"{shown['interact'] / bare:.1f}"]
    rows.append(["activations with interact", median(spent), median(spent, 1), "-", "-", *in_page, "-"])
    return rows


def main():
    """Print one table, and put it into the README beside this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-browser", action="store_true", help="the kernel alone, and nothing is kept")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    page, rates = ({}, []) if arguments.no_browser or not chromium() else page_times()
    columns = ["widget", "slider", "processor", "menu, first", "menu, again", "page", "page / bare", "still"]
    rows = rows_of(page)
    table = Table(title="A move, in milliseconds (medians)")
    for column in columns:
        table.add_column(column, justify="left" if column == "widget" else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)
    lines = [f"Playground: {frame_rate():.0f} frames a second in the kernel."]
    if rates:
        each = ", ".join(f"{rate:g}" for rate in rates)
        lines.append(f"In the page: {statistics.median(rates):g} (median of {each}, each over 2 s).")
        lines.append(f"Round trip of a widget that does nothing: {statistics.median(page['bare']):.0f} ms.")
    lines.append(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load:.1f} at the beginning, "
        f"{os.getloadavg()[0]:.1f} at the end."
    )
    print("\n".join(lines))
    if rates:
        report = ["| " + " | ".join(columns) + " |", "|---" + "|---:" * (len(columns) - 1) + "|"]
        report += ["| " + " | ".join(row) + " |" for row in rows]
        text = README.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        middle = "\n".join([*report, "", *(f"{line}  " for line in lines)]).rstrip()
        README.write_text(f"{before}{BEGIN}\n\n{middle}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
