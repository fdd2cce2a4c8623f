"""Building: what runs, what is written, and which outputs are refused."""

import base64
import re

import nbformat
import pytest

from nn_book.build import build, inputs_digest
from nn_book.complaints import BookError

NAME = "02_perceptron"


def read(path):
    return nbformat.read(path, as_version=4)


def outputs(path):
    return {cell.id: cell.outputs for cell in read(path).cells if cell.cell_type == "code"}


def test_solution_notebook_ran(finished):
    notebook = read(finished / "solutions" / NAME / f"{NAME}.ipynb")
    nbformat.validate(notebook)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    scores = {
        cell.id: cell.outputs[0].data
        for cell in notebook.cells
        if cell.get("source", "").startswith("check(")
    }
    assert {name: data["text/plain"] for name, data in scores.items()} == {
        "step": "2",
        "perceptron-update": "2",
    }
    assert all("text/html" in data for data in scores.values())


def test_no_widget_state_and_no_software_tag(finished):
    path = finished / "solutions" / NAME / f"{NAME}.ipynb"
    assert "widget-state" not in path.read_text("utf-8")
    shown = [output.data for out in outputs(path).values() for output in out if "data" in output]
    assert {kind for data in shown for kind in data} == {"text/plain", "text/html", "image/png"}
    pictures = [base64.b64decode(data["image/png"]) for data in shown if "image/png" in data]
    assert len(pictures) == 2 and not any(b"Software" in picture for picture in pictures)


def test_student_notebook(finished):
    path = finished / "chapters" / NAME / f"{NAME}.ipynb"
    notebook = read(path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    cells = {cell.id: cell for cell in notebook.cells}
    assert cells["step-answer"].source.endswith('"""\n    # YOUR CODE HERE\n    raise NotImplementedError')
    assert "In this book step(0) = 1." in cells["step-answer"].source
    assert cells["step"].source == "check(step)"
    assert cells["why-zero"].source == "*Write your answer here.*"
    assert not any(cell.get("outputs") for cell in notebook.cells)
    text = path.read_text("utf-8")
    assert "SOLUTION" not in text and "breaks the tie" not in text and "Mark scheme" not in text


def test_second_build_writes_nothing(built):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (built.solution, built.student)}
    ran = []
    assert build(built.root, exercises=built.exercises, say=ran.append).written == []
    assert ran == []
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before


@pytest.mark.slow
def test_building_afresh_gives_the_same_bytes(built):
    before = built.solution.read_bytes(), built.student.read_bytes()
    built.solution.unlink()
    built.student.unlink()
    assert len(built.build().written) == 2
    assert (built.solution.read_bytes(), built.student.read_bytes()) == before


def test_edited_student_notebook_is_made_again(built):
    before = built.student.read_bytes()
    built.student.write_bytes(before.replace(b"small chapter", b"large chapter"))
    assert built.build().written == [built.student]
    assert built.student.read_bytes() == before


def test_change_of_the_text_is_built(built):
    built.replace("print(w)", "print(w + 1)")
    assert built.build().written == [built.solution, built.student]
    assert [o.text for out in outputs(built.solution).values() for o in out if o.output_type == "stream"] == [
        "[1. 1.]\n"
    ]


def test_digest_follows_what_shapes_the_notebook(book):
    (book.root / "nn_exercises" / "catalogue").mkdir(parents=True)
    files = [book.root / "nn_exercises" / name for name in ("catalogue/chapter_02.py", "run.py")]
    others = [book.root / "nn_exercises" / name for name in ("catalogue/chapter_03.py", "__main__.py")]
    for path in [*files, *others]:
        path.write_text("x = 1\n")
    digests = [inputs_digest(book.root, NAME)]
    for path in files:
        path.write_text("x = 2\n")
        digests.append(inputs_digest(book.root, NAME))
    assert len(set(digests)) == 3
    for path in others:
        path.write_text("x = 2\n")
    files[0].write_text("# why two\n\nx = 2\n")
    assert inputs_digest(book.root, NAME) == digests[-1]


def test_unknown_chapter(book):
    with pytest.raises(BookError, match="There are: 02_perceptron"):
        build(book.root, ["02_perceptrom"], exercises=book.exercises)


# what is planted behind the cell that prints w, and how it is refused
REFUSED = {
    "error": ("1 / 0", "ZeroDivisionError"),
    "warning": ("import warnings\n\nwarnings.warn('mind this')", "mind this"),
    "deprecation in the chapter": ("import warnings\n\nwarnings.warn('old', DeprecationWarning)", "old"),
    "picture without alt text": ("plt.plot([0, 1])\nplt.show()", "without alt text"),
    "widget without still": ("import ipywidgets\n\nipywidgets.IntSlider()", "no picture of its own"),
    "address": ("object()", "address"),
    "HTML image without alt text": ("from IPython.display import HTML\n\nHTML('<img src=x.png>')", "<img>"),
    "two pictures": (None, "2 pictures"),
    "no picture": (None, "0 pictures"),
    "wrong solution": (None, "'step' shows"),
}


@pytest.mark.slow
@pytest.mark.parametrize("planted", REFUSED)
def test_output_is_refused(book, planted):
    code, words = REFUSED[planted]
    marker = "print(w)"
    if code is not None:
        book.append(f"\n```python\n{code}\n```\n")
        marker = code
    elif planted == "two pictures":
        book.replace("ax.plot([0, 0])\nplt.show()", "ax.plot([0, 0])\nplt.show()\nplt.plot([1])\nplt.show()")
        marker = 'fig="2.1"'
    elif planted == "no picture":
        book.replace("ax.plot([0, 0])\nplt.show()", "plt.close(fig)")
        marker = 'fig="2.1"'
    else:
        book.replace("np.where(z >= 0, 1, 0)", "np.where(z > 0, 1, 0)")
        marker = 'exercise="step"'
    outcome = book.build()
    assert outcome.written == [] and not book.solution.exists() and not book.student.exists()
    assert any(words in complaint.given for complaint in outcome.complaints), outcome.complaints
    line = book.line(marker.split("\n")[0])
    assert {complaint.line for complaint in outcome.complaints} <= {line, line - 1}


@pytest.mark.slow
def test_one_broken_chapter_does_not_stop_the_others(book):
    other = book.root / "solutions" / "03_other" / "03_other.md"
    other.parent.mkdir()
    other.write_text(
        book.text.read_text("utf-8").split("# 2 A small")[0] + "# 3 Other\n\n```python\n1 / 0\n```\n"
    )
    outcome = book.build()
    assert outcome.written == [book.solution, book.student]
    assert [complaint.path for complaint in outcome.complaints] == ["solutions/03_other/03_other.md"]


def test_nothing_is_left_in_the_build_folder(finished):
    assert not list((finished / "_build").iterdir())


def test_no_path_of_this_machine_in_the_notebooks(finished):
    for path in finished.glob("*/*/*.ipynb"):
        assert not re.search(r"/(home|root|tmp|Users)/", path.read_text("utf-8"))
