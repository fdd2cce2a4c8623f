"""What a move of each widget costs, in the kernel and until the picture changes, beside `interact`.

    python benchmarks/bench_widgets.py            # kernel times only
    python benchmarks/bench_widgets.py --browser  # also in JupyterLab, in headless Chromium

Kernel: a slider's value is set, the picture drawn and encoded, the messages made; median and worst over all
sliders of a widget, by the clock, and the processor's time, which does not grow on a busy machine.
`interact`: the same picture by a function that makes a new figure each time, as tutorials do. Page: from the
key press on a slider until the <img> has another source.
"""

import argparse
import contextlib
import io
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

SLIDERS = (ipywidgets.FloatSlider, ipywidgets.IntSlider, ipywidgets.FloatLogSlider)


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


def columns(spent):
    """Median and worst by the clock, median of the processor's time, as texts."""
    clock, processor = zip(*spent, strict=True)
    return [f"{v:.1f}" for v in (statistics.median(clock), max(clock), statistics.median(processor))]


def kernel_times(widget, moves=30):
    """Milliseconds (clock, processor) of every move of every visible slider that changes its value."""
    spent = []
    for control in widget.controls.values():
        if not isinstance(control, SLIDERS) or control.layout.display == "none":
            continue
        first = control.value
        for value in path_of(control, moves):
            if value == control.value:
                continue
            spent.append(timed(control, value))
        control.value = first
    return spent


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
    widget.clock.playing = True
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        widget.clock.value += 1
    rate = widget.frames / (time.perf_counter() - begin)
    widget.close()
    return rate


def page_times():
    """Milliseconds from key to picture, one slider a widget, and the playground's frames a second."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from playwright.sync_api import sync_playwright

    from tests.browser import lab as labs

    spent = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = labs.Lab(folder)
        browser = playwright.chromium.launch(executable_path=labs.CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1300, "height": 1100})
            cells = ["from nn_core import widgets", *(f"widgets.{name}()" for name in widgets.__all__)]
            labs.open_and_run(page, lab, lab.notebook("bench.ipynb", cells), "bench", len(cells))
            count = len(widgets.__all__)
            page.wait_for_function(
                "n => document.querySelectorAll('.nn-widget img[alt]').length >= n", arg=count
            )
            for index, name in enumerate(widgets.__all__):
                view = labs.View(page, index)
                handles = view.root.locator(".noUi-handle:visible")
                best = []
                for handle in handles.all()[:3]:
                    delays = view.delays(handle.get_attribute("aria-label"), times=12)
                    if statistics.median(delays) < 5000:  # 5 s: this slider does not change the picture now
                        best = delays
                        break
                spent[name] = best
            view = labs.View(page, widgets.__all__.index("playground"))
            view.click("Play")
            page.wait_for_timeout(500)
            rate = view.pictures_within(4000) / 4
            view.root.get_by_role("button", name="Pause", exact=True).click()
        finally:
            browser.close()
            lab.close()
    return spent, rate


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", action="store_true", help="also measure in JupyterLab")
    arguments = parser.parse_args()
    page, page_rate = page_times() if arguments.browser else ({}, None)
    table = Table(title="A move of a slider, in milliseconds")
    for column in ("widget", "kernel, median", "worst", "processor, median", "still, once", "page, median"):
        table.add_column(column, justify="left" if column == "widget" else "right")
    for name in widgets.__all__:
        widget = getattr(widgets, name)()
        spent = kernel_times(widget)
        begin = time.perf_counter()
        widget.png()
        still = 1000 * (time.perf_counter() - begin)
        shown = f"{statistics.median(page[name]):.0f}" if page.get(name) else "-"
        table.add_row(name, *columns(spent), f"{still:.0f}", shown)
        widget.close()
    spent = interact_times()
    table.add_section()
    table.add_row("activation_explorer with interact", *columns(spent), "-", "-")
    Console(width=110).print(table)
    print(f"playground: {frame_rate():.0f} frames a second in the kernel", end="")
    print(f", {page_rate:.0f} in the page" if page_rate else "")


if __name__ == "__main__":
    main()
