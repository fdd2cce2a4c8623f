"""From text to cells: exercises come from the catalogue, ids never change, and misfits are refused."""

import ast
import inspect

import pytest

from nn_book.complaints import BookError
from nn_book.notebook import describe, docstring, draft, dumps, split_solution
from nn_book.text import read_chapter
from nn_exercises import EXERCISES
from nn_exercises.exercise import exercise

NAME = "02_perceptron"


def cells(book):
    return {cell.id: cell for cell in drafted(book).notebook.cells}


def drafted(book):
    return draft(read_chapter(book.root, NAME), book.exercises)


def refusal(book):
    with pytest.raises(BookError) as caught:
        drafted(book)
    return caught.value.complaints[0]


def test_exercise_comes_from_the_catalogue(book):
    found, entry = cells(book), EXERCISES["step"]
    heading = found["step-text"].source
    assert heading.startswith("### Exercise: `step`\n\n*Easy, 2 points.*")
    assert entry.aim in heading
    assert heading.count("<details>") == 3 and all(hint in heading for hint in entry.hints)
    function = ast.parse(found["step-answer"].source).body[0]
    assert ast.get_docstring(function) == inspect.getdoc(entry.reference)
    assert found["step-answer"].source.endswith(
        "    ### BEGIN SOLUTION\n    # at zero the answer is 1\n    z = np.asarray(z)\n"
        "    return np.where(z >= 0, 1, 0)\n    ### END SOLUTION"
    )
    assert found["step-answer"].metadata.nbgrader.grade_id == "step_answer"
    assert found["step"].source == "check(step)"
    marks = found["step"].metadata.nbgrader
    assert marks.grade and marks.locked and not marks.solution
    assert (marks.grade_id, marks.points) == ("step", 2)


def test_written_answer(book):
    found = cells(book)
    assert found["why-zero-text"].source.startswith("### Written answer: why zero?")
    assert "3 points" in found["why-zero-text"].source
    assert found["why-zero"].source.startswith("<!-- BEGIN SOLUTION -->\nThe first mistake")
    assert found["why-zero"].cell_type == "markdown"
    marks = found["why-zero"].metadata.nbgrader
    assert marks.grade and marks.solution and not marks.locked and marks.points == 3


def test_alt_text_goes_where_the_web_book_looks(book):
    labels = [cell.metadata for cell in drafted(book).notebook.cells if "book" in cell.metadata]
    assert [label["book"] for label in labels] == [{"fig": "2.1"}, {"widget": "2.1"}]
    assert labels[0]["mystnb"]["image"]["alt"].startswith("A flat line at zero")


def test_fence_that_is_shown_stays_text(book):
    assert not any("w + 0 * x" in c.source for c in cells(book).values() if c.cell_type == "code")


def test_same_text_gives_the_same_bytes(book):
    assert dumps(drafted(book).notebook) == dumps(drafted(book).notebook)


def test_ids_of_other_cells_survive_a_change(book):
    before = set(cells(book))
    book.replace("print(w)", "print(w + 1)")
    assert len(before ^ set(cells(book))) == 2


def test_equal_cells_get_ids_of_their_own(book):
    book.append("\n```python\n1 + 1\n```\n\n```python\n1 + 1\n```\n")
    first, second = [cell.id for cell in drafted(book).notebook.cells][-2:]
    assert second == f"{first}-2"


def test_lines_lead_back_to_the_text(book):
    made = drafted(book)
    lines = book.text.read_text("utf-8").split("\n")
    for cell in made.notebook.cells:
        if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata and "Exercise" not in cell.source:
            opening = "<!-- manual" if cell.id == "why-zero-text" else cell.source.split("\n")[0]
            assert lines[made.lines[cell.id] - 1].startswith(opening)


@pytest.mark.parametrize(
    ("old", "new", "given", "write"),
    [
        ("def step(z):", "def step(x):", "def step(x)", "def step(z):"),
        ("def step(z):", "def stepp(z):", "def stepp(z)", "def step(z):"),
        ("eta=1.0", "eta=0.5", "eta=0.5", "eta=1.0"),
        ("    # at zero", '    """Mine."""\n    # at zero', "docstring", "Leave it out"),
        ("def step(z):", "import math\n\n\ndef step(z):", "not one function", "imports"),
        ("    # at zero", "    ### BEGIN SOLUTION\n    # at zero", "markers", "added"),
        ('exercise="step"', 'exercise="stepp"', "no exercise 'stepp'", "perceptron_update, step"),
        ('exercise="perceptron_update"', 'exercise="step"', "second time", "Leave it out"),
        ("<!-- end -->\n", "", "not closed", "<!-- end -->"),
        ("<!-- manual: why_zero points=3 -->", "<!-- manual: why_zero -->", "opens or closes", "points=N"),
        ("<!-- BEGIN SOLUTION -->\n", "", "model answer", "BEGIN SOLUTION"),
        ("manual: why_zero", "manual: step", "'step' is taken", "another"),
    ],
)
def test_misfit_is_refused(book, old, new, given, write):
    book.replace(old, new)
    complaint = refusal(book)
    assert given in complaint.given
    assert write in complaint.write
    assert complaint.line > 1


def test_exercise_of_another_chapter_is_refused(book):
    book.exercises = {**book.exercises, "ready": EXERCISES["ready"]}
    book.append('\n```python exercise="ready"\ndef ready():\n    return 42\n```\n')
    assert "00_start_here" in refusal(book).given


def test_unclosed_fence_is_refused(book):
    book.append("\n```python\nx = 1\n\nText that was meant as prose, and is none.\n")
    assert refusal(book).line == book.line("x = 1") - 1


def test_body_on_the_def_line_is_refused():
    with pytest.raises(ValueError, match="def line"):
        split_solution("def step(z): return z", EXERCISES["step"])


@pytest.mark.parametrize(
    "text", ["One line.", "A formula, $\\theta$.\n\nMore\n    indented.", 'A "quoted" word.', 'A "last word"']
)
def test_docstring_survives(text):
    entry = exercise(chapter=NAME, difficulty="easy", aim="a", hints=("a", "b", "c"))(_with_docstring(text))
    function = ast.parse(f"def f():\n{docstring(entry)}").body[0]
    assert ast.get_docstring(function).rstrip() == text


@pytest.mark.parametrize("text", ['Holds """ in it.'])
def test_docstring_with_triple_quotes_is_refused(text):
    entry = exercise(chapter=NAME, difficulty="easy", aim="a", hints=("a", "b", "c"))(_with_docstring(text))
    with pytest.raises(ValueError, match="triple quotes"):
        docstring(entry)


def _with_docstring(text):
    def f():
        return None

    f.__doc__ = text
    return f


def test_missing_docstring_is_refused():
    entry = exercise(chapter=NAME, difficulty="easy", aim="a", hints=("a", "b", "c"))(_with_docstring(None))
    with pytest.raises(ValueError, match="docstring"):
        docstring(entry)


@pytest.mark.parametrize("entry", EXERCISES.values(), ids=EXERCISES)
def test_every_exercise_can_stand_in_a_chapter(entry):
    code = f"{entry.signature}\n    return None"
    header, body = split_solution(code, entry)
    compile(f"{header}\n{docstring(entry)}\n{body}", entry.name, "exec")
    assert describe(entry).count("<summary>Hint") == 3
