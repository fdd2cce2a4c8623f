"""Checking: everything that is planted into a finished book is found, with its place and its message."""

import json
import re

import pytest
from typer.testing import CliRunner

from nn_book import __main__ as command
from nn_book.check import check, code_references, counts, style
from nn_book.notebook import draft
from nn_book.prose import text_faults
from nn_book.text import chapter_names, read_chapter
from nn_exercises import EXERCISES

NAME = "02_perceptron"
LONG = "A picture of something that is described at sufficient length."


def faults(book):
    """Return the complaints about the text alone, as lines."""
    texts = {name: read_chapter(book.root, name) for name in chapter_names(book.root)}
    return [str(c) for c in text_faults(texts[NAME], texts, book.exercises)]


def found(book, run=False):
    return [str(c) for c in check(book.root, exercises=book.exercises, run=run).complaints]


def test_finished_book_has_no_fault(built):
    assert found(built, run=True) == []


def test_check_changes_nothing(built):
    files = {path: path.read_bytes() for path in built.root.rglob("*") if path.is_file()}
    built.replace("print(w)", "print(w + 1)")
    found(built)
    files[built.text] = built.text.read_bytes()
    assert {path: path.read_bytes() for path in built.root.rglob("*") if path.is_file()} == files


# ------------------------------------------------------------------------------------------------- the text

AGAIN = f'```python fig="2.1" alt="{LONG}"\n1\n```\n\n*Figure 2.1. Again.*\n\n'
UPDATE = """```python exercise="perceptron_update"
def perceptron_update(x, y, w, b, eta=1.0):
    change = eta * (y - int(np.dot(w, x) + b >= 0))
    return w + change * x, b + change
```

"""
# what stands there, what is planted instead, how it is refused; LAST puts it before the last section
LAST = "## 2.2"
TEXT = {
    "equation twice": (LAST, "$$x \\tag{2.1}$$\n\n", "Equation (2.1) stands on line"),
    "equation of another chapter": ("\\tag{2.1}", "\\tag{3.1}", "An equation carries the number '3.1'"),
    "dead equation": ("does equation (2.1)", "does equation (2.4)", "There is no equation 2.4"),
    "dead equation, number alone": ("does equation (2.1)", "does (2.4)", "There is no equation (2.4)"),
    "dead equation in a list": ("does equation (2.1)", "do equations (2.1) and (2.7)", "equation 2.7"),
    "dead equation in a comment": ("w = np.zeros(2)", "w = np.zeros(2)  # (2.8)", "no equation (2.8)"),
    "dead figure": ("Figure 2.1 shows it", "Figure 2.3 shows it", "There is no figure 2.3"),
    "dead figures": ("Figure 2.1 shows it", "Figures 2.1 to 2.4 show it", "There is no figure 2.4"),
    "dead widget": ("Figure 2.1 shows it", "Widget 2.3 shows it", "There is no widget 2.3"),
    "dead section": ("Section 2.1 helps", "Section 2.9 helps", "There is no section 2.9"),
    "figure's number twice": (LAST, AGAIN, 'fig="2.1" comes after fig="2.1"'),
    "widget's number": ('widget="2.1"', 'widget="3.1"', 'Write widget="2.k"'),
    "caption missing": ("*Figure 2.1. A weight that stays.*\n\n", "", "Write *Figure 2.1."),
    "caption of another": ("*Figure 2.1.", "*Figure 2.2.", "Write *Figure 2.1."),
    "image without alt text": (LAST, "![](https://example.org/x.png)\n\n", "alt text '' is too short"),
    "HTML image without alt text": (LAST, '<img src="x.png">\n\n', "alt text '' is too short"),
    "dead link": (LAST, "[on](../03_next/03_next.ipynb)\n\n", "leads nowhere"),
    "dead anchor": (LAST, "[on](#2.7-Nothing)\n\n", "names no heading"),
    "link to the text": (LAST, "[on](02_perceptron.md)\n\n", "students do not get"),
    "level left out": ("### In a terminal", "#### In a terminal", "level 4 stands under one of level 2"),
    "section's number": ("## 2.2 Glossary", "## 2.3 Glossary", "Section 2.3 comes where 2.2 is due"),
    "title": ("# 2 A small chapter", "# A small chapter", "does not open with its title"),
    "second title": (LAST, "# Another\n\n", "A second title"),
    "reader's name read": ("print(w)", "print(step(w))", "uses 'step'"),
    "reader's name set": ("print(w)", "step = 3\nprint(w)", "uses 'step'"),
    "reader's name in a function": ("print(w)", "def f(x):\n    return step(x)\n\n\nprint(w)", "uses 'step'"),
    "second check": ("print(w)", "check(step);", "uses 'step'"),
    "term not bold": ("**error**: the", "**mistake**: the", "'mistake' is not bold"),
    "exercise left out": (UPDATE, "", "'perceptron_update' stands nowhere"),
}


def test_sample_has_no_fault(book):
    assert faults(book) == []


@pytest.mark.parametrize("planted", TEXT)
def test_fault_of_the_text(book, planted):
    old, new, words = TEXT[planted]
    book.replace(old, new + LAST if old == LAST else new)
    messages = faults(book)
    assert any(words in message for message in messages), messages
    assert all(re.match(rf"solutions/{NAME}/{NAME}\.md(:\d+)?: ", message) for message in messages)


@pytest.mark.parametrize("kind", ["fig", "widget"])
def test_short_alt_text(book, kind):
    line = book.line(f'{kind}="2.1"')
    text = book.text.read_text("utf-8")
    book.text.write_text(re.sub(rf'({kind}="2.1" alt=)"[^"]*"', r'\1"A line."', text), "utf-8")
    assert faults(book) == [
        f"solutions/{NAME}/{NAME}.md:{line}: The alt text 'A line.' is too short to stand for the picture. "
        "Say what it shows, in 40 characters or more."
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The step (0.5) is small, and so is $(7.5)$ or `f(2.9)`.",
        "Their equation [2.9] and their §2.9 say the same.",
        "[This chapter](#2.1-The-rule), [again](#21-the-rule), [itself](02_perceptron.ipynb).",
        "[Elsewhere](https://example.org/2.9) and [by mail](mailto:a@example.org).",
        "Section 13.2 of their book.",
    ],
)
def test_what_only_looks_like_a_reference(book, text):
    book.replace("## 2.2", f"{text}\n\n## 2.2")
    assert faults(book) == []


@pytest.mark.parametrize(
    "code",
    ["nn.step(w)", "g = lambda step: step + 1", "def g(step):\n    return step\n\n\nprint(w)", '"step"'],
)
def test_what_only_looks_like_the_readers_name(book, code):
    book.replace("print(w)", code)
    assert faults(book) == []


def test_counts(book):
    found = counts(read_chapter(book.root, NAME))
    assert found.pop("words") == 69
    assert found.pop("exercises") == 2
    assert found == dict.fromkeys(["equations", "figures", "widgets", "predictions", "assertions"], 1)


# ------------------------------------------------------------------------------------------------ the whole


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n# as in (2.3)\n", 2),
        ('"""First.\n\nEquation (2.3).\n"""\n', 3),
        ('def f():\n    """The gradient, equation (2.3)."""\n', 2),
    ],
)
def test_dead_equation_in_the_code(book, source, line):
    (book.root / "nn_core").mkdir()
    (book.root / "nn_core" / "losses.py").write_text(source)
    texts = {NAME: read_chapter(book.root, NAME)}
    (complaint,) = code_references(book.root, texts)
    assert str(complaint).startswith(f"nn_core/losses.py:{line}: There is no equation (2.3).")


def test_living_equation_and_numbers_in_the_code(book):
    (book.root / "nn_core").mkdir()
    (book.root / "nn_core" / "losses.py").write_text(
        '"""As (2.1) says.\n\n>>> f(2.3)\n(2.3)\n"""\ny = (2.3)  # $(2.3)$\n'
    )
    assert list(code_references(book.root, {NAME: read_chapter(book.root, NAME)})) == []


def test_chapters_that_are_not_written_yet(book):
    (book.root / "nn_core").mkdir()
    (book.root / "nn_core" / "losses.py").write_text("# (7.3)\n")
    book.exercises["ready"] = EXERCISES["ready"]
    said = []
    report = check(book.root, exercises=book.exercises, run=False, say=said.append)
    assert {complaint.path for complaint in report.complaints} == {f"solutions/{NAME}/{NAME}.ipynb"}
    assert said == [
        "nn_core cites 1 equation of chapters that are not written yet: 7",
        "the catalogue has exercises of chapters that are not written yet: 00_start_here",
    ]


@pytest.mark.parametrize("place", ["chapters", "solutions"])
def test_stray_file(built, place):
    (built.root / place / NAME / "notes.txt").write_text("x")
    assert found(built) == [
        f"{place}/{NAME}/notes.txt: This file was made from no chapter's text. "
        "Take it away: a chapter is one .md and the notebooks made from it."
    ]


def test_style_of_the_cells(book):
    book.replace("print(w)", "print(w, undefined)")
    made = draft(read_chapter(book.root, NAME), book.exercises)
    messages = [str(complaint) for complaint in style(book.root, {NAME: made})]
    assert [message.split(": ")[0] for message in messages] == [
        f"solutions/{NAME}/{NAME}.md:{book.line('w = np.zeros(2)') - 1}"
    ] * len(messages)
    assert any("(F821)" in message for message in messages)


def change(path, edit):
    notebook = json.loads(path.read_text("utf-8"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    edit(notebook, cells)
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


def printed(cells):
    return next(cell for cell in cells.values() if cell["source"][-1:] == ["print(w)"])


def source(which, name, text):
    """Return an edit of a cell's source in one of the two notebooks."""
    return which, lambda notebook, cells: cells[name].update(source=text.splitlines(keepends=True))


def points(which):
    return which, lambda notebook, cells: cells["step"]["metadata"]["nbgrader"].update(points=5)


def in_solution(edit):
    return "solution", edit


ANSWER = """def perceptron_update(x, y, w, b, eta=1.0):
  change = eta * (y - int(np.dot(w, x) + b >= 0))  # mine

  return w + change * x, b + change
"""
LINES = "    z = np.asarray(z)\n    return np.where(z >= 0, 1, 0)\n"
MODEL = "The first mistake breaks the tie.\n\n**Mark scheme.** 3 for a reason."
OUTPUT = {"name": "stdout", "output_type": "stream", "text": ["x"]}
# what is done to a finished book: an edit of a notebook, or a word and the notebook it is done to
DRIFT = {
    "text changed": ("change text", "was made from another text"),
    "notebook missing": ("unlink solution", "The notebook is missing"),
    "student's notebook missing": ("unlink student", "The student's notebook is missing"),
    "broken notebook": ("break solution", "The notebook is missing, or is none"),
    "source edited": (source("solution", "step-text", "### Another"), "another text: cell 'step-text'"),
    "metadata edited": (
        in_solution(lambda notebook, cells: cells["step"]["metadata"].update(tags=["x"])),
        "was made from another text: cell 'step'",
    ),
    "kernelspec edited": (
        in_solution(lambda notebook, cells: notebook["metadata"]["kernelspec"].update(name="other")),
        "was made from another text",
    ),
    "output edited": (
        in_solution(lambda notebook, cells: printed(cells)["outputs"][0].update(text=["[9. 9.]\n"])),
        "An output was changed after this notebook ran",
    ),
    "other code": (
        in_solution(lambda notebook, cells: notebook["metadata"]["book"].update(made_from="0")),
        "Text or code changed since this notebook ran",
    ),
    "test cell edited": (
        source("solution", "step", "check(step);"),
        "holds 'check(step);'. It is check(step).",
    ),
    "test without solution": (
        in_solution(lambda notebook, cells: notebook["cells"].remove(cells["step-answer"])),
        "The test 'step' has no solution cell step_answer",
    ),
    "points": (points("solution"), "The test 'step' gives 5 points. Its maximum is 2.0"),
    "student's notebook edited": (source("student", "step-text", "### Another"), "not what nbgrader makes"),
    "student's points": (points("student"), "The test 'step' gives 5 points"),
    "student's test": (source("student", "step", "check(step)\nNone"), "It is check(step)"),
    "solution in the answer cell": (
        source("student", "perceptron-update-answer", ANSWER),
        "holds the solution of 'perceptron_update'",
    ),
    "solution in the prose": (source("student", "step-text", LINES), "holds the solution of 'step'"),
    "model answer": (source("student", "why-zero", MODEL), "holds the solution of 'why_zero'"),
    "solution's marker": (source("student", "why-zero", "BEGIN SOLUTION"), "holds 'BEGIN SOLUTION'"),
    "student's outputs": (
        ("student", lambda notebook, cells: printed(cells)["outputs"].append(OUTPUT)),
        "It holds outputs",
    ),
    "student's notebook broken": ("break student", "cannot be read as a notebook"),
}


@pytest.mark.parametrize("planted", DRIFT)
def test_drift(built, planted, monkeypatch):
    made = {NAME: built.student.read_text("utf-8")}
    monkeypatch.setattr("nn_book.check.release", lambda solved, root, folder: made if solved else {})
    edit, words = DRIFT[planted]
    if isinstance(edit, tuple):
        change(getattr(built, edit[0]), edit[1])
    else:
        verb, which = edit.split()
        path = getattr(built, which)
        if verb == "unlink":
            path.unlink()
        elif verb == "break":
            path.write_text("no notebook", "utf-8")
        else:
            built.replace("print(w)", "print(w + 1)")
    messages = found(built)
    assert any(words in message for message in messages), messages
    assert any("make book" in message for message in messages)


@pytest.mark.slow
def test_outputs_that_no_longer_come_out(built):
    """A notebook whose stamp is whole, while the cell prints something else today."""
    from nn_book.build import inputs_digest, stored_notebook
    from nn_book.execute import outputs_digest

    def edit(notebook, cells):
        printed(cells)["outputs"][0].update(text=["[9. 9.]\n"])

    change(built.solution, edit)
    digest = outputs_digest(stored_notebook(built.root, NAME))
    marks = {"made_from": inputs_digest(built.root, NAME), "outputs": digest}
    change(built.solution, lambda notebook, cells: notebook["metadata"].update(book=marks))
    assert not any("[9. 9.]" in message for message in found(built, run=False))
    messages = [message for message in found(built, run=True) if "[9. 9.]" in message]
    assert len(messages) == 1
    assert messages[0].startswith(f"solutions/{NAME}/{NAME}.md:{built.line('w = np.zeros(2)') - 1}: ")


# -------------------------------------------------------------------------------------------- the command


@pytest.fixture
def run(monkeypatch, built):
    monkeypatch.setattr(command, "ROOT", built.root)
    monkeypatch.setattr("nn_book.build.catalogue", lambda: built.exercises)
    monkeypatch.setattr("nn_book.check.catalogue", lambda: built.exercises)
    return lambda *words: CliRunner().invoke(command.app, list(words))


def test_command_build(run, built):
    result = run("build")
    assert (result.exit_code, result.output) == (0, "Everything is up to date.\n")
    built.append("\n```bash\nls\n```\n")
    result = run("build", NAME)
    assert result.exit_code == 1
    assert (
        f"solutions/{NAME}/{NAME}.md:{built.line('```bash')}: The fence opens with 'bash'." in result.output
    )
    assert "1 to mend." in result.output


@pytest.mark.slow
def test_command_check(run, built):
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "assertions" in result.output and NAME in result.output
    built.student.unlink()
    assert run("check").exit_code == 1
