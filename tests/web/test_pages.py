"""What becomes of a chapter's text and cells, without building anything."""

import json
import re

import nbformat
import pytest

from nn_book import gathered, pages
from nn_book.build import solution_path, student_path
from nn_book.notebook import BEGIN, END
from nn_book.site import write_source
from nn_book.text import Chapter, chapter_names, read_chapter

from .serving import ROOT

TARGETS = {"equation": {"2.3", "2.4"}, "figure": {"2.1", "2.2"}, "widget": {"2.1"}, "section": {"2.12"}}
NAMES = [name for name in chapter_names(ROOT) if solution_path(ROOT, name).exists()]


@pytest.fixture(scope="module")
def index():
    return pages.Index({name: read_chapter(ROOT, name) for name in NAMES})


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("By equation (2.3) and (2.4).", "By equation [(2.3)](#eq-2-3) and [(2.4)](#eq-2-4)."),
        ("See (2.4).", "See [(2.4)](#eq-2-4)."),
        ("Figures 2.1 and 2.2 show", "Figures [2.1](#fig-2-1) and [2.2](#fig-2-2) show"),
        ("Widget 2.1, section 2.12", "[Widget 2.1](#widget-2-1), [section 2.12](#sec-2-12)"),
        ("in section\n2.12", "in [section\n2.12](#sec-2-12)"),
    ],
)
def test_numbers_become_links(text, linked):
    assert pages.link_numbers(text, TARGETS) == linked


@pytest.mark.parametrize(
    "text",
    [
        "the pair (9.9) and Figure 7.7",
        "`f(2.3)` and $w = (2.3)$",
        "[equation (2.3)](elsewhere.html)",
        "## Figure 2.1 in a heading",
        "```text\nFigure 2.1 (2.3)\n```",
        "<summary>Figure 2.1</summary>",
    ],
)
def test_what_is_no_reference_stays(text):
    assert pages.link_numbers(text, TARGETS) == text


def test_equations_get_anchors_and_keep_their_numbers():
    text = "before\n\n$$\nz = w \\cdot x \\tag{2.3}\n$$\n\nand $$a = 1$$ stays"
    made = pages.anchor_equations(text)
    assert "(eq-2-3)=\n\n\\begin{equation*}\nz = w \\cdot x \\tag{2.3}\n\\end{equation*}" in made
    assert made.endswith("and $$a = 1$$ stays")


def test_a_term_is_linked_where_it_is_defined_and_once_elsewhere():
    head = "---\n---\n# 2 A\n\nAn **epoch** is a pass; the **learning rate** is small.\n\n### Glossary\n\n"
    first = Chapter(ROOT, "02_a", head + "- **epoch**: a pass.\n- **learning rate**: a factor.\n")
    index = pages.Index({"02_a": first})
    own = pages.TermLinks(index, "02_a")("Two **epochs** and the **learning rate**; one **epoch**.")
    assert own.count('<span id="term-epoch"></span>**{term}`epochs <epoch>`**') == 1
    assert own.endswith("one **epoch**.")
    other = pages.TermLinks(index, "03_b")("An epoch. The learning rate; a learning rate.")
    assert other == "An epoch. The {term}`learning rate <learning rate>`; a learning rate."


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("solutions", [True, False])
def test_solutions_stand_behind_folds_or_nowhere(name, solutions, index):
    solved = nbformat.read(solution_path(ROOT, name), as_version=4)
    students = nbformat.read(student_path(ROOT, name), as_version=4)
    answers = [
        re.search(rf"{BEGIN}(?: -->)?\n(.*)\n.*{END}", cell.source, re.S)[1]
        for cell in solved.cells
        if BEGIN in cell.source
    ]
    checks = sum(cell.source.startswith("check(") for cell in solved.cells if "nbgrader" in cell.metadata)
    page = pages.chapter_page(name, solved, students, index, solutions=solutions)
    text = "\n".join(cell.source for cell in page.cells)
    folds = "\n".join(re.findall(r'<details class="solution">.*?</details>\n?', text, re.S))
    outside = re.sub(r'<details class="solution">.*?</details>', "", text, flags=re.S)
    code = [answer for answer in answers if answer.startswith("    ")]
    assert code and all((answer in folds) == solutions for answer in code)
    ordinary = "\n".join(cell.source for cell in solved.cells if "nbgrader" not in cell.metadata)
    assert [outside.count(answer) for answer in code] == [ordinary.count(answer) for answer in code]
    assert outside.count("raise NotImplementedError") >= checks
    assert BEGIN not in text
    outputs = sum(
        "text/html" in str(cell.get("outputs")) and "Check of" in str(cell.outputs) for cell in page.cells
    )
    assert outputs <= 1  # chapter 0 shows what a card looks like


def test_a_site_for_courses_holds_no_solution_in_any_file(npm, tmp_path):
    write_source(ROOT, tmp_path / "source", solutions=False, lite=False)
    texts = {}
    for path in (tmp_path / "source").rglob("*"):
        if path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            texts[path] = "\n".join(cell.source + json.dumps(cell.get("outputs", [])) for cell in cells)
        elif path.suffix in (".md", ".rst"):
            texts[path] = path.read_text("utf-8")
    assert len(texts) > 2 * len(NAMES)  # pages, and the notebooks to download
    for name in NAMES:
        cells = nbformat.read(solution_path(ROOT, name), as_version=4).cells
        shown = "\n".join(cell.source for cell in cells if "nbgrader" not in cell.metadata)
        for cell in cells:
            answer = re.search(rf"{BEGIN}(?: -->)?\n(.*?)\n[^\n]*{END}", cell.source, re.S)
            if answer and answer[1] not in shown:
                assert not [path.name for path, text in texts.items() if answer[1] in text]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_its_caption_anchor_and_alternative_text(name, index):
    solved = nbformat.read(solution_path(ROOT, name), as_version=4)
    students = nbformat.read(student_path(ROOT, name), as_version=4)
    marks = [cell.metadata.book for cell in solved.cells if "book" in cell.metadata]
    page = pages.chapter_page(name, solved, students, index)
    figures = [cell.metadata.mystnb for cell in page.cells if "figure" in cell.metadata.get("mystnb", {})]
    assert len(figures) == len(marks) > 0
    for mark, figure in zip(marks, figures, strict=True):
        kind, number = next(iter(mark.items()))
        assert figure["figure"]["name"] == f"{kind}-{number.replace('.', '-')}"
        assert number in figure["figure"]["caption"] and len(figure["image"]["alt"]) >= 40
    assert not any(re.match(r"\*Figure \d", cell.source) for cell in page.cells)


def test_the_gathered_pages_hold_what_the_chapters_hold(index):
    glossary = gathered.glossary_page(index)
    assert all(
        re.search(rf"^{re.escape(name)}$", glossary, re.M) for t in index.terms for name in t.names[:1]
    )
    formulas = gathered.formulas_page(index)
    assert set(re.findall(r"\(#eq-([\d-]+)\)", formulas)) == {
        n.replace(".", "-") for n in index.targets["equation"]
    }
    rows = [line for line in gathered.notation_page(index).split("\n") if line.startswith("| $\\eta$")]
    assert len(rows) == 1 and "(#eq-2-2)" in rows[0]
