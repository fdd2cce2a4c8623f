"""Sphinx: the web book. `python -m nn_book site` gathers the pages and calls Sphinx with this file."""

import re
import sys
from os import environ
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "From the Neuron to the Optimizer"
author = "The authors of the neural-network textbook"
copyright = "text and figures CC BY 4.0, code MIT"
language = "en"
root_doc = "index"
exclude_patterns = ["extra"]  # copied as they are

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
nb_execution_mode = "off"  # the notebooks bring their outputs
nb_ipywidgets_js = {}  # stored outputs hold stills, so that no page needs a widget manager
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # the docstrings say types and shapes
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
toc_object_entries = False
# A parameter's type is words in numpydoc ("a name of LOSSES"): not every word is a cross-reference.
suppress_warnings = ["ref.python"]

html_theme = "sphinx_book_theme"
html_title = project
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["type/type.css", "book.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_favicon = "_static/favicon.svg"
html_last_updated_fmt = None  # two builds of the same text agree
mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {
    "startup": {"typeset": False},  # book.js begins when the page is there to be read
    "options": {"enableMenu": False, "menuOptions": {"settings": {"assistiveMml": True}}},
    "chtml": {"displayAlign": "center", "mtextInheritFont": False},
}
html_theme_options = {
    "home_page_in_toc": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "toc_title": "On this page",
    "search_as_you_type": True,
}
repository = environ.get("BOOK_REPOSITORY", "")  # https address; a workflow on a code host knows it
if repository:
    html_theme_options |= {
        "repository_url": repository,
        "use_repository_button": True,
        "use_issues_button": True,
    }


def _equations(app):
    """Return the numbers of the chapters' equations, as their anchors write them."""
    if not hasattr(app, "equations"):
        texts = (path.read_text("utf-8") for path in Path(app.srcdir).glob("*.ipynb"))
        app.equations = {number for text in texts for number in re.findall(r"\(eq-(\d+-\d+)\)=", text)}
    return app.equations


def _escape(text, equations):
    """Turn words of a docstring into reStructuredText.

    `…` is code, $…$ mathematics, (2.3) a link to the equation; |, *, _ are themselves.
    """
    parts = re.split(
        r"(``[^`]+``|`[^`]+`|(?<![\\\w])\$[^$\n]+\$(?!\w)|:\w+:`[^`]+`|\*\*[^*\s][^*]*\*\*|"
        r"(?<![\w*])\*[^*\s][^*]*\*(?![\w*]))",
        text,
    )
    done = ""
    for i, part in enumerate(parts):
        if i % 2 and part.startswith("$"):
            part = f":math:`{part[1:-1]}`"
        elif i % 2 and re.match(r"`[^`]", part):
            part = f"`{part}`"
        elif not i % 2:
            part = re.sub(r"([|*]|(?<=\w)_(?!\w))", r"\\\1", part)
            part = re.sub(
                r"(?<![\w)])\((\d+)\.(\d+)\)(?!\w)",
                lambda m: f":ref:`{m[0]} <eq-{m[1]}-{m[2]}>`" if f"{m[1]}-{m[2]}" in equations else m[0],
                part,
            )
            # inline markup needs a blank or punctuation after it
            part = "\\ " + part if i and re.match(r"[\w(]", part) else part
        done += part
    return done


def _docstring(app, what, name, obj, options, lines):
    """Prepare a docstring for napoleon: ours are numpydoc with mathematics between dollars."""
    example = False
    for i, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if example or re.fullmatch(r"\s*-+\s*", line):
            continue
        head = re.match(r"\s*[\w*.]+(?:, [\w*.]+)*(?: : |$)", line)  # a parameter's names: napoleon's own
        start = head.end() if head else 0
        lines[i] = line[:start] + _escape(line[start:], _equations(app))


def setup(app):
    """Register the hook; 400 comes before napoleon's 500."""
    app.connect("autodoc-process-docstring", _docstring, priority=400)
