"""The built site: complete, linked, quiet in the console, alone on the network, legible for everybody."""

import contextlib
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
PAGES = [*GATHERED, *CHAPTERS, *OTHERS, *API]
SETTLED = """async () => {
    await window.settled;
    for (const img of document.images) img.loading = 'eager';
    const loaded = i => i.complete || new Promise(done => { i.onload = i.onerror = done; });
    await Promise.all([...document.images].map(loaded));
}"""
# MathJax hides its glyphs from screen readers, which get MathML: a thousand nodes without news.
AXE = """async (rules) => {
    const options = { resultTypes: ['violations'], ...(rules.length && { runOnly: rules }) };
    const { violations } = await axe.run({ exclude: [['mjx-container > *']] }, options);
    return violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => ({
        id: v.id, times: v.nodes.length,
        first: v.nodes[0].html.slice(0, 200), why: v.nodes[0].failureSummary,
    }));
}"""

# Formulas that begin left of the box in which they can be scrolled.
BEFORE_THE_EDGE = """() => {
    const left = element => element.getBoundingClientRect().left;
    const parts = box => [...box.querySelectorAll('mjx-table, mjx-math')];
    const outside = box => parts(box).some(part => left(part) < left(box) - 1);
    return [...document.querySelectorAll('div.math')].filter(outside).map(box => box.textContent);
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


def test_every_picture_has_words_and_can_be_enlarged(pages):
    for path, page in pages.items():
        for image in page.images:
            assert image.get("alt") is not None, (path, image.get("src", "")[:80])
        if path.name[:2].isdigit():
            shown = [image for image in page.images if image["alt"]]
            large = [image for image in page.images if not image["alt"]]
            assert all(len(image["alt"]) >= 40 for image in shown), path
            assert [(i["src"], i["width"]) for i in shown] == [(i["src"], i["width"]) for i in large] != []


def test_the_site_is_light(site):
    files = [f for f in site.rglob("*") if f.is_file() and "pyodide" not in f.relative_to(site).parts]
    assert sum(f.stat().st_size for f in files) < 40e6


def test_api_pages_come_from_the_docstrings(site):
    text = (site / "api" / "nn_core.activations.html").read_text("utf-8")
    assert 'id="nn_core.activations.sigmoid"' in text and r"\sigma(z)" in text
    assert 'id="nn_core.models.MLP.fit"' in (site / "api" / "nn_core.models.html").read_text("utf-8")
    optimizers = (site / "api" / "nn_core.optimizers.html").read_text("utf-8")
    assert 'href="../08_optimizers.html#eq-8-1"' in optimizers
    registry = (site / "registry.html").read_text("utf-8")
    import nn_core

    for names in (nn_core.ACTIVATIONS, nn_core.LOSSES, nn_core.OPTIMIZERS, nn_core.SCHEDULES):
        assert all(f">{name}</span>" in registry for name in names)


# ------------------------------------------------------------------ in Chromium


class Visit:
    """A page in Chromium, and what went wrong on the way to it."""

    def __init__(self, browser, address, page, **viewport):
        size = viewport or {"width": 1280, "height": 900}
        self.context = browser.new_context(color_scheme="light", viewport=size, reduced_motion="reduce")
        self.tab, self.address, self.wrong = self.context.new_page(), address, []
        self.tab.set_default_timeout(120_000)
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.tab.on("request", self._request)
        self.tab.on("response", self._response)
        self.tab.on("requestfailed", lambda r: self.wrong.append(f"failed: {r.url}"))
        self.tab.goto(f"{address}/{page}", wait_until="load")
        self.tab.wait_for_function("window.settled")
        self.tab.evaluate(SETTLED)

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text}")

    def _request(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"another server: {request.url}")

    def _response(self, response):
        if response.status >= 400:
            self.wrong.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="module", params=PAGES)
def visit(request, chromium, address):
    """Each page once, for all tests that look at it."""
    visit = Visit(chromium, address, request.param)
    yield visit
    visit.context.close()


@pytest.mark.browser
def test_page_loads_in_peace(visit):
    broken = visit.tab.evaluate(
        "[...document.images].filter(i => !i.naturalWidth).map(i => i.src.slice(0, 100))"
    )
    unread = visit.tab.evaluate("[...document.querySelectorAll('mjx-merror')].map(e => e.textContent)")
    assert not visit.wrong and not broken and not unread


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_barrier(theme, visit, npm):
    visit.tab.emulate_media(color_scheme=theme)
    visit.tab.wait_for_function("t => document.documentElement.dataset.theme === t", arg=theme)
    visit.tab.evaluate(
        "for (const fold of document.querySelectorAll('details')) fold.open = true; reachable();"
    )
    if not visit.tab.evaluate("!!window.axe"):
        visit.tab.add_script_tag(path=npm / "axe-core" / "axe.min.js")
    # all rules by day; by night nothing but colours is different
    found = visit.tab.evaluate(AXE, [] if theme == "light" else ["color-contrast", "link-in-text-block"])
    assert not found, json.dumps(found, indent=1)


@pytest.mark.browser
def test_nothing_sticks_out_of_a_phone(visit):
    visit.tab.set_viewport_size({"width": 390, "height": 844})
    wide = visit.tab.evaluate("document.documentElement.scrollWidth")
    visit.tab.evaluate("reachable()")
    out_of_reach = visit.tab.evaluate(BEFORE_THE_EDGE)
    visit.tab.set_viewport_size({"width": 1280, "height": 900})
    assert wide <= 390 and not out_of_reach


@pytest.mark.browser
def test_a_tap_shows_a_figure_large(chromium, address):
    visit = Visit(chromium, address, "02_perceptron.html", width=390, height=844)
    figure, large = visit.tab.locator("#fig-2-2"), visit.tab.locator("#large-fig-2-2")
    assert not large.is_visible()
    figure.locator(".view").click()
    small = figure.locator(".view img").bounding_box()["width"]
    assert large.is_visible() and large.locator("img").bounding_box()["width"] > 2 * small
    sheet = large.locator(".sheet")
    assert sheet.evaluate("e => (e.scrollLeft = 99, e.scrollLeft)") == 99  # the rest can be reached
    visit.tab.keyboard.press("Escape")
    assert not large.is_visible()
    visit.context.close()
    assert not visit.wrong


@pytest.mark.browser
def test_pages_are_light(chromium, address, record_property):
    """What a page asks for before it is loaded is counted; the time it takes is reported."""
    seconds, kilobytes = [], []
    for page in ["index.html", *CHAPTERS]:
        with contextlib.closing(chromium.new_context()) as context:
            tab = context.new_page()
            tab.goto(f"{address}/{page}", wait_until="load")
            entries = tab.evaluate(
                """['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
                    .map(e => [e.transferSize, e.responseEnd, e.loadEventEnd])"""
            )
            loaded = entries[0][2]
            kilobytes.append(sum(size for size, end, _ in entries if end <= loaded) / 1000)
            tab.reload(wait_until="load")
            again = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            seconds.append(min(loaded, again) / 1000)
    record_property(
        "report",
        f"web book: pages load in {', '.join(f'{s:.2f}' for s in sorted(seconds))} s "
        f"(load {os.getloadavg()[0]:.1f}), {max(kilobytes):.0f} kB at most",
    )
    assert max(kilobytes) < 3500


@pytest.mark.browser
def test_search_finds_a_term(chromium, address):
    visit = Visit(chromium, address, "search.html?q=perceptron")
    visit.tab.wait_for_selector("#search-results li a")
    found = visit.tab.query_selector_all("#search-results a")
    assert any("02_perceptron" in (a.get_attribute("href") or "") for a in found)
    visit.context.close()
    assert not visit.wrong


@pytest.mark.browser
def test_paper_shows_answers_and_no_buttons(chromium, address):
    visit = Visit(chromium, address, "02_perceptron.html")
    visit.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    visit.tab.emulate_media(media="print")
    answers = visit.tab.locator("details", has=visit.tab.locator("summary", has_text=re.compile("^Answer$")))
    assert answers.count() > 0 and all(answers.nth(i).is_visible() for i in range(answers.count()))
    assert not visit.tab.locator("details.solution").first.is_visible()
    assert not visit.tab.locator(".run-bar").first.is_visible()
    visit.context.close()
