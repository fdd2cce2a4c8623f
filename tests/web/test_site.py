"""The built site: complete, linked, quiet in the console, alone on the network, legible for everybody."""

import html.parser
import json
import os
import re
import urllib.parse

import pytest

from nn_book.build import solution_path
from nn_book.text import chapter_names

from .serving import ROOT

pytestmark = pytest.mark.slow
CHAPTERS = [f"{name}.html" for name in chapter_names(ROOT) if solution_path(ROOT, name).exists()]
GATHERED = [
    "index.html",
    "notation.html",
    "formulas.html",
    "glossary.html",
    "exercises.html",
    "registry.html",
]
OTHERS = ["search.html", "genindex.html", "py-modindex.html"]
API = ["api/nn_core.html", "api/nn_core.activations.html", "api/nn_exercises.exercise.html"]
SETTLED = """async () => {
    await window.settled;
    for (const img of document.images) img.loading = 'eager';
    const loaded = i => i.complete || new Promise(done => { i.onload = i.onerror = done; });
    await Promise.all([...document.images].map(loaded));
}"""


class Page(html.parser.HTMLParser):
    """The anchors of a page, and what it refers to."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.refers, self.images = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.refers += [attributes[key] for key in ("href", "src") if attributes.get(key)]
        if tag == "img":
            self.images.append(attributes)


@pytest.fixture(scope="module")
def pages(site):
    files = [path for path in site.rglob("*.html") if "lite" not in path.relative_to(site).parts[:1]]
    files = [path for path in files if "_static" not in path.parts]
    return {path: Page(path.read_text("utf-8")) for path in files}


def test_every_chapter_has_a_page_in_the_contents_and_a_run_button(site):
    landing = (site / "index.html").read_text("utf-8")
    for page in CHAPTERS:
        text = (site / page).read_text("utf-8")
        name = page.removesuffix(".html")
        assert f'href="{page}"' in landing
        assert f'class="run-button" href="lite/lab/index.html?path={name}/{name}.ipynb"' in text
        assert (site / "lite" / "files" / name / f"{name}.ipynb").exists()


def test_every_link_leads_somewhere(site, pages):
    dead = []
    for path, page in pages.items():
        for reference in page.refers:
            parts = urllib.parse.urlsplit(reference)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            to = to / "index.html" if to.is_dir() else to
            anchor = urllib.parse.unquote(parts.fragment)
            if not to.exists() or (anchor and to in pages and anchor not in pages[to].ids):
                dead.append(f"{path.relative_to(site)}: {reference}")
    assert not dead, "\n".join(sorted(set(dead))[:40])


def test_numbers_and_terms_are_links(site, pages):
    for page in CHAPTERS[1:]:
        number = int(page[:2])
        refers = pages[site / page].refers
        for kind in ("eq", "fig", "sec"):
            assert any(f"#{kind}-{number}-" in reference for reference in refers), (page, kind)
        assert sum("glossary.html#term-" in reference for reference in refers) >= 5, page


def test_every_picture_has_words(pages):
    for path, page in pages.items():
        for image in page.images:
            assert image.get("alt") is not None, (path, image.get("src", "")[:80])
            if path.name[:2].isdigit():
                assert len(image["alt"]) >= 40, (path, image)


def test_the_site_is_light(site):
    files = [f for f in site.rglob("*") if f.is_file() and "pyodide" not in f.relative_to(site).parts]
    assert sum(f.stat().st_size for f in files) < 40e6


def test_api_pages_come_from_the_docstrings(site):
    text = (site / "api" / "nn_core.activations.html").read_text("utf-8")
    assert 'id="nn_core.activations.sigmoid"' in text and r"\sigma(z)" in text
    assert 'id="nn_core.models.MLP.fit"' in (site / "api" / "nn_core.models.html").read_text("utf-8")
    registry = (site / "registry.html").read_text("utf-8")
    import nn_core

    for names in (nn_core.ACTIVATIONS, nn_core.LOSSES, nn_core.OPTIMIZERS, nn_core.SCHEDULES):
        assert all(f">{name}</span>" in registry for name in names)


# ------------------------------------------------------------------ in Chromium


def visit(browser, address, page, theme="light", **viewport):
    """Open a page; return it with what was wrong about it."""
    context = browser.new_context(color_scheme=theme, viewport=viewport or {"width": 1280, "height": 900})
    tab, wrong = context.new_page(), []
    tab.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    tab.on("response", lambda r: wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    tab.on("requestfailed", lambda r: wrong.append(f"failed: {r.url}"))

    def elsewhere(request):
        if not request.url.startswith((address, "data:", "blob:")):
            wrong.append(f"another server: {request.url}")

    tab.on("request", elsewhere)
    tab.goto(f"{address}/{page}", wait_until="load")
    tab.wait_for_function("window.settled")
    return tab, wrong


@pytest.mark.browser
@pytest.mark.parametrize("page", [*GATHERED, *CHAPTERS, *OTHERS, *API])
def test_page_loads_in_peace(page, chromium, address):
    tab, wrong = visit(chromium, address, page)
    tab.evaluate(SETTLED)
    broken = tab.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src.slice(0, 100))")
    unread = tab.evaluate("[...document.querySelectorAll('mjx-merror')].map(e => e.textContent)")
    tab.context.close()
    assert not wrong and not broken and not unread


@pytest.mark.browser
def test_pages_load_within_a_second(chromium, address, record_property):
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        pytest.skip("the machine is busy with other work: a time would say nothing about the page")
    seconds = {}
    for page in ["index.html", *CHAPTERS]:
        for _ in range(3):
            tab, _ = visit(chromium, address, page)
            spent = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
            seconds[page] = min(spent, seconds.get(page, spent))
            tab.context.close()
    record_property("report", f"seconds to load a page: {', '.join(f'{s:.2f}' for s in seconds.values())}")
    assert max(seconds.values()) < 1


@pytest.mark.browser
@pytest.mark.parametrize("page", ["index.html", "02_perceptron.html", "notation.html", "formulas.html"])
def test_nothing_sticks_out_of_a_phone(page, chromium, address):
    tab, _ = visit(chromium, address, page, width=390, height=844)
    tab.evaluate(SETTLED)
    wide = tab.evaluate("document.documentElement.scrollWidth")
    tab.context.close()
    assert wide <= 390


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", [*GATHERED, *CHAPTERS, *API[1:]])
def test_no_serious_barrier(page, theme, chromium, address, npm):
    tab, _ = visit(chromium, address, page, theme)
    tab.evaluate(SETTLED)
    tab.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true; reachable();")
    assert tab.evaluate("document.documentElement.dataset.theme") == theme
    tab.add_script_tag(path=npm / "axe-core" / "axe.min.js")
    # MathJax hides its glyphs from screen readers, which get MathML: a thousand nodes without news
    found = tab.evaluate(
        """async () => {
            const options = { resultTypes: ['violations'] };
            const { violations } = await axe.run({ exclude: [['mjx-container > *']] }, options);
            return violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => ({
                id: v.id, times: v.nodes.length,
                first: v.nodes[0].html.slice(0, 200), why: v.nodes[0].failureSummary,
            }));
        }"""
    )
    tab.context.close()
    assert not found, json.dumps(found, indent=1)


@pytest.mark.browser
def test_search_finds_a_term(chromium, address):
    tab, wrong = visit(chromium, address, "search.html?q=perceptron")
    tab.wait_for_selector("#search-results li a", timeout=20_000)
    assert any(
        "02_perceptron" in (a.get_attribute("href") or "")
        for a in tab.query_selector_all("#search-results a")
    )
    tab.context.close()
    assert not wrong


@pytest.mark.browser
def test_paper_shows_answers_and_no_buttons(chromium, address):
    tab, _ = visit(chromium, address, "02_perceptron.html")
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    answers = tab.locator("details", has=tab.locator("summary", has_text=re.compile("^Answer$")))
    assert answers.count() > 0 and all(answers.nth(i).is_visible() for i in range(answers.count()))
    assert not tab.locator("details.solution").first.is_visible()
    assert not tab.locator(".run-bar").first.is_visible()
    tab.context.close()
