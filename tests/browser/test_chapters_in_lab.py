"""Every chapter as students get it: it runs to its end in JupyterLab, and its widgets come alive."""

import ast
import shutil
from pathlib import Path

import nbformat
import pytest

from . import lab as labs

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*/*.ipynb"))


def shows_widget(source):
    """Say whether a cell's last line is a call of a widget."""
    if "widgets." not in source or source.lstrip().startswith("%"):
        return False
    last = ast.parse(source).body[-1]
    return isinstance(last, ast.Expr) and ast.unparse(last).startswith("widgets.")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_widgets_of_a_chapter(lab, browser, path):
    sources = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    shown = sum(shows_widget(source) for source in sources)
    if not shown:
        pytest.skip(f"{path.stem} shows no widget")
    shutil.copy(path, lab.root / path.name)
    page = browser.new_page(viewport={"width": 1300, "height": 1100})
    page.set_default_timeout(60_000)
    try:
        cells = sum(bool(source.strip()) for source in sources)
        labs.open_and_run(page, lab, path.name, path.stem, cells, timeout=400_000)
        page.wait_for_function(
            "n => document.querySelectorAll('.nn-widget .nn-reading').length >= n", arg=shown, timeout=60_000
        )
        assert page.locator(".nn-widget").count() == shown
        for index in range(shown):
            view = labs.View(page, index)
            assert view.alt and view.numbers()
            slider = next(h for h in view.root.locator(".noUi-handle").all() if h.is_visible())
            forth = float(slider.get_attribute("aria-valuenow")) < float(
                slider.get_attribute("aria-valuemax")
            )
            before = view.text()
            slider.focus()
            page.keyboard.press("ArrowRight" if forth else "ArrowLeft")
            page.wait_for_function(
                "([el, old]) => el.querySelector('.nn-reading').innerText !== old",
                arg=[view.root.element_handle(), before],
            )
    finally:
        page.close()
        lab.forget()
