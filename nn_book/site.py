"""The web book: notebooks to pages to HTML, with the browser edition under it.

Everything is made below _build: `site-source` holds what Sphinx reads, `site` what it wrote.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from nn_book import gathered, pages
from nn_book.build import (
    Say,
    catalogue,
    drafts_of,
    solution_path,
    sources,
    stored_notebook,
    student_path,
)
from nn_book.complaints import BookError, Complaint
from nn_book.npm import npm_packages
from nn_book.text import chapter_names, read_chapter

PACKAGES = ("nn_core", "nn_exercises")
# Of MathJax's 24 MB: TeX input with all its extensions, and the fonts.
MATHJAX = ("tex-chtml-full.js", "output/chtml/fonts/woff-v2")
TYPEFACES = {
    "source-serif-4": ("index.css", "wght-italic.css"),
    "source-sans-3": ("index.css", "wght-italic.css"),
    "source-code-pro": ("index.css",),
}
ALPHABETS = ("latin", "latin-ext", "greek")
KINDS = {"fig": "Figure", "widget": "Widget"}


def build_site(
    root: Path,
    *,
    solutions: bool = True,
    lite: bool = True,
    pyodide: Path | None = None,
    out: Path | None = None,
    say: Say = lambda line: None,
) -> Path:
    """Build the web book and return its folder.

    Parameters
    ----------
    root
        The repository.
    solutions
        Whether solutions stand behind folds; False leaves them out.
    lite
        Whether to build the browser edition too.
    pyodide
        A folder with a Pyodide runtime that the site brings along; without, readers load it from its CDN.
    out
        Where to; _build/site without.
    say
        Called with a line for each step.

    Raises
    ------
    BookError
        If a notebook is missing, npm is missing, or Sphinx has a warning.
    """
    out = out or root / "_build" / "site"
    source = out.with_name(out.name + "-source")
    say("gathering pages")
    write_source(root, source, solutions=solutions, lite=lite)
    say("sphinx")
    shutil.rmtree(out, ignore_errors=True)
    call_sphinx(root, source, out, "-b", "html")
    _finish(out)
    if lite:
        from nn_book.lite import build_lite

        say("the browser edition")
        build_lite(root, out / "lite", pyodide=pyodide, solutions=solutions, say=say)
    say(f"{out}: {sum(f.stat().st_size for f in out.rglob('*') if f.is_file()) / 1e6:.1f} MB")
    return out


def write_source(root: Path, source: Path, *, solutions: bool = True, lite: bool = True) -> None:
    """Fill the folder that Sphinx reads."""
    names = [name for name in chapter_names(root) if solution_path(root, name).exists()]
    missing = [
        Complaint(f"chapters/{name}/{name}.ipynb", 0, "It is missing.", "Run `make book`.")
        for name in names
        if not student_path(root, name).exists()
    ]
    if missing or not names:
        raise BookError(missing or [Complaint("solutions/", 0, "No chapter is built.", "Run `make book`.")])
    drafts = drafts_of(root, names, catalogue(), behind := [])
    for name, made in drafts.items():
        stored = stored_notebook(root, name)
        if stored is None or sources(stored) != sources(made.notebook):
            place = f"solutions/{name}/{name}.ipynb"
            behind.append(Complaint(place, 0, "The text has changed since.", "Run `make book`."))
    if behind:
        raise BookError(behind)
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(root / "site" / "_static", source / "_static")
    for folder in ("extra/notebooks", "_static/mathjax", "_static/first", "api"):
        (source / folder).mkdir(parents=True)

    index = pages.Index({name: read_chapter(root, name) for name in names})
    notebooks, pictures = {}, {}
    for name in names:
        solved = nbformat.read(solution_path(root, name), as_version=4)
        students = nbformat.read(student_path(root, name), as_version=4)
        first = gathered.thumbnail(solved)
        if first:
            pictures[name] = f"_static/first/{name}.png"
            (source / pictures[name]).write_bytes(first[0])
        notebooks[name] = nbformat.from_dict(solved)
        page = pages.chapter_page(
            name, nbformat.from_dict(solved), students, index, solutions=solutions, lite=lite
        )
        nbformat.write(page, source / f"{name}.ipynb")
        if not lite:  # the browser edition has them already
            shutil.copy(student_path(root, name), source / "extra" / "notebooks")

    landing = (root / "site" / "index.md").read_text("utf-8")
    start = names[0]
    (source / "index.md").write_text(
        landing.replace("{{chapters}}", gathered.chapter_cards(index, notebooks, pictures))
        .replace("{{toctree}}", "\n".join(names))
        .replace("{{first}}", f"{start}.html")
        .replace("{{run}}", pages.run_address(start) if lite else pages.download_address(start, lite))
        .replace("{{run-words}}", "Run it in your browser" if lite else "Download the first notebook"),
        "utf-8",
    )
    (source / "glossary.md").write_text(gathered.glossary_page(index), "utf-8")
    (source / "notation.md").write_text(gathered.notation_page(index), "utf-8")
    (source / "formulas.md").write_text(gathered.formulas_page(index), "utf-8")
    (source / "exercises.md").write_text(gathered.exercises_page(index), "utf-8")
    (source / "registry.md").write_text(gathered.registry_page(), "utf-8")
    for package in PACKAGES:
        _api_pages(package, source / "api")

    modules = npm_packages(root)
    _typefaces(modules / "@fontsource-variable", source / "_static" / "type")
    mathjax = modules / "mathjax" / "es5"
    for part in MATHJAX:
        to = source / "_static" / "mathjax" / part
        to.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (mathjax / part).is_dir() else shutil.copy)(mathjax / part, to)


def _typefaces(modules: Path, to: Path) -> None:
    """Copy the book's typefaces and write the style sheet that names them; a page loads what it shows."""
    to.mkdir()
    sheet = []
    for name, styles in TYPEFACES.items():
        shutil.copy(modules / name / "LICENSE", to / f"{name}-LICENSE.txt")
        for style in styles:
            text = (modules / name / style).read_text("utf-8")
            for alphabet, face in re.findall(
                rf"/\* {name}-([a-z-]+)-wght-\w+ \*/\n(@font-face .*?}})", text, re.S
            ):
                if alphabet in ALPHABETS:
                    file = re.search(r"\./files/([\w.-]+)", face)[1]
                    shutil.copy(modules / name / "files" / file, to)
                    sheet.append(face.replace("./files/", ""))
    (to / "type.css").write_text("\n".join(sheet) + "\n", "utf-8")


def _api_pages(package: str, folder: Path) -> None:
    """Write a page for each public module of a package, and one that lists them."""
    module = importlib.import_module(package)
    names = [package]
    for info in pkgutil.iter_modules(module.__path__):
        if not info.name.startswith("_") and not (package == "nn_exercises" and info.name == "catalogue"):
            names.append(f"{package}.{info.name}")
    if package == "nn_core":  # in the order of the chapters
        order = [
            "activations",
            "losses",
            "layers",
            "models",
            "training",
            "optimizers",
            "schedules",
            "gradcheck",
        ]
        names.sort(key=lambda n: (n != package, order.index(n[8:]) if n[8:] in order else len(order), n))
    for name in names[1:]:
        options = "   :imported-members:\n" * (name in ("nn_core.plotting", "nn_core.widgets"))
        text = f"{name}\n{'=' * len(name)}\n\n.. automodule:: {name}\n   :members:\n{options}"
        (folder / f"{name}.rst").write_text(text, "utf-8")
    listing = "\n".join(f"   {name}" for name in names[1:])
    head = f"{package}\n{'=' * len(package)}\n\n.. automodule:: {package}\n\n"
    text = f"{head}.. toctree::\n   :maxdepth: 1\n\n{listing}\n"
    (folder / f"{package}.rst").write_text(text, "utf-8")


def enlargeable(out: Path, text: str) -> str:
    """Return a page in which a click or tap on a figure shows it large; the browser alone does it.

    Each picture says its size, so that the page keeps its place while pictures load.
    """

    def replace(match: re.Match) -> str:
        before, kind, number, image, source = match.groups()
        header = (out / source).read_bytes()[:24]  # a PNG tells width and height first
        width, height = (int.from_bytes(header[i : i + 4], "big") for i in (16, 20))
        image = image.replace("<img", f'<img width="{width}" height="{height}"')
        name, large = f"{KINDS[kind]} {number.replace('-', '.')}", f"large-{kind}-{number}"
        return (
            f'{before}<div class="view">{image}<button type="button" class="enlarge" popovertarget="{large}" '
            f'aria-label="Enlarge {name}"></button></div>'
            f'<div class="large" id="{large}" popover role="dialog" aria-label="{name}, enlarged">'
            f'<div class="sheet" tabindex="0"><img loading="lazy" width="{width}" height="{height}" alt="" '
            f'src="{source}"></div><button type="button" autofocus popovertarget="{large}" '
            'popovertargetaction="hide">Close</button></div>'
        )

    figure = r'(<figure [^>]*id="(fig|widget)-([\d-]+)">\s*)(<img(?=[^>]*\bsrc="([^"]*\.png)")[^>]*>)'
    return re.sub(figure, replace, text)


def _finish(out: Path) -> None:
    """Mend the theme's pages: names for its buttons, pictures that load when they come into view."""
    for path in out.rglob("*.html"):
        text = path.read_text("utf-8")
        text = text.replace(
            'title="Search" aria-label="Search"', 'title="Search"'
        )  # it hid the visible words
        text = re.sub(
            r'(<a class="(?:current )?reference internal" href="[^"]*">)([^<]+)(</a><details[^>]*>)<summary>',
            r'\1\2\3<summary aria-label="Pages of \2">',
            text,
        )
        # its icons are a font; the script, 1.5 MB, would draw them once more
        text = re.sub(r'\s*<script defer src="[^"]*scripts/fontawesome\.js[^"]*"></script>', "", text)
        text = re.sub(r"<img(?![^>]*\bloading=)(?=[^>]*\b_images/)", '<img loading="lazy"', text)
        text = enlargeable(path.parent, text)
        path.write_text(text, "utf-8")
    shutil.rmtree(out / "_sources", ignore_errors=True)  # empty
    for path in (*out.rglob("*.map"), out / "_static" / "scripts" / "fontawesome.js"):
        path.unlink()


def call_sphinx(root: Path, source: Path, out: Path, *options: str) -> None:
    """Call Sphinx with a builder and other options; a warning is an error."""
    doctrees = out.with_name(out.name + "-doctrees")
    shutil.rmtree(doctrees, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *options),
        *("-c", str(root / "site"), "-d", str(doctrees)),
        *("-D", f"html_extra_path={source / 'extra'}", "-D", f"html_static_path={source / '_static'}"),
        *(str(source), str(out)),
    ]
    environment = os.environ | {"MPLBACKEND": "Agg"}
    ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = ran.stderr.replace(f"{source}/", "").strip()
        raise BookError([Complaint("site", 0, "Sphinx is not content.", f"It said:\n{said[-6000:]}")])
