"""The book on paper: all chapters as one page of HTML, which Chromium sets and prints.

The same notebooks, typefaces and mathematics as the web book. A detour over LaTeX would need a second setting
of every table, picture and fold.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nn_book.build import Say
from nn_book.complaints import BookError, Complaint
from nn_book.pages import target
from nn_book.site import call_sphinx, write_source
from nn_book.text import chapter_names, read_chapter

ONLINE = ("index.md", "registry.md", "exercises.md", "api")  # what only a screen has a use for
TITLE = """# From the Neuron to the Optimizer

<p class="subtitle">A neural-network textbook whose exercises name your mistake</p>

<p class="colophon">This is the book on paper. The chapters are notebooks: in the web book and in JupyterLab
every cell runs, the widgets move, and each exercise has three hints, a check and a solution, which are left
out here. Answers to the predictions stand right under them. Text and figures CC BY 4.0, code MIT.</p>

<div class="contents">

{contents}

</div>

```{{toctree}}

{documents}
```
"""
# Everything that loads late is there, and answers are open, when this is done.
READY = """async () => {
    await window.settled;
    for (const img of document.images) img.loading = 'eager';
    const loaded = i => i.complete || new Promise(done => { i.onload = i.onerror = done; });
    await Promise.all([...document.images].map(loaded));
    await document.fonts.ready;
    window.dispatchEvent(new Event('beforeprint'));
}"""


def build_pdf(root: Path, *, out: Path | None = None, say: Say = lambda line: None) -> Path:
    """Print the whole book and return the file.

    Parameters
    ----------
    root
        The repository.
    out
        Where to; _build/book.pdf without.
    say
        Called with a line for each step.

    Raises
    ------
    BookError
        If a notebook is missing, Sphinx has a warning, or there is no Chromium to print with.
    """
    out = out or root / "_build" / "book.pdf"
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        given = "Chromium, or playwright that drives it, is not installed."
        raise BookError([Complaint("book.pdf", 0, given, "Debian: apt-get install chromium; `make test`.")])

    say("gathering pages")
    source, pages = root / "_build" / "pdf-source", root / "_build" / "pdf-pages"
    write_source(root, source, solutions=False, lite=False)
    for name in ONLINE:
        path = source / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    names, gathered = chapter_names(root), ("notation", "formulas", "glossary")
    lines = []
    for name in names:
        title, *sections = [h.title for h in read_chapter(root, name).headings if h.level <= 2]
        links = [f"[{s}](#{target('section', s.split()[0])})" for s in sections]
        lines.append(f"- [**{title}**]({name}.ipynb): {'; '.join(links)}")
    lines += [f"- [**{name.capitalize()}**]({name}.md)" for name in gathered]
    book = TITLE.format(contents="\n".join(lines), documents="\n".join([*names, *gathered]))
    (source / "book.md").write_text(book, "utf-8")
    say("sphinx")
    shutil.rmtree(pages, ignore_errors=True)
    call_sphinx(root, source, pages, "-b", "singlehtml", "-D", "root_doc=book", "-t", "paper")
    say("printing")
    with _served(pages) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_default_timeout(600_000)
        tab.goto(f"{address}/book.html")
        tab.wait_for_function("window.settled")
        tab.evaluate(READY)
        tab.pdf(path=out, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        browser.close()
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return out


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        """Say nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; give its address."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
