"""The browser edition: chapters run there, widgets move, checks speak; the packages' own tests pass there."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile

import nbformat
import pytest

from nn_book.build import solution_path, student_path
from nn_book.lite import QUIET, cdn_lock, our_wheels
from nn_book.text import chapter_names

from .serving import ROOT

pytestmark = pytest.mark.slow
CHAPTERS = [name for name in chapter_names(ROOT) if student_path(ROOT, name).exists()]

READY = """async () => {
    const app = window.jupyterapp, panel = () => app.shell.currentWidget;
    await app.restored;
    while (!panel()?.context) await new Promise(done => setTimeout(done, 100));
    await panel().context.ready;
    await panel().sessionContext.ready;
    await panel().sessionContext.session.kernel.info;
    window.cells = () => panel().content.widgets.filter(w => w.model.type === 'code');
    window.output = text => {
        const cell = window.cells().findLast(w => w.model.sharedModel.source === text);
        const outputs = cell.model.outputs.toJSON();
        return outputs.map(o => o.text ?? o.evalue ?? [o.data['text/html']].flat().join('') ?? '').join('');
    };
}"""
RUN = """() => {
    window.ended = [performance.now()];
    for (const cell of window.cells())
        cell.model.stateChanged.connect((_, change) => {
            if (change.name === 'executionCount' && change.newValue) window.ended.push(performance.now());
        });
    window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
RAN = """() => window.cells().every(w => w.model.executionCount || !w.model.sharedModel.source.trim())"""
ERRORS = """() => window.cells().flatMap(w => w.model.outputs.toJSON()
    .filter(o => o.output_type === 'error' || o.name === 'stderr')
    .map(o => w.model.sharedModel.source.slice(0, 60) + ' -> ' + JSON.stringify(o).slice(0, 500)))"""
TIMES = "() => window.ended.slice(1).map((t, i) => (t - window.ended[i]) / 1000)"
# Write solutions into the cells for answers; afterwards the checks' points, as the gradebook reads them.
SOLVE = """answers => window.cells().filter(w => {
    const id = w.model.getMetadata('nbgrader')?.grade_id;
    if (id in answers) w.model.sharedModel.setSource(answers[id]);
    return id in answers;
}).length"""
POINTS = """() => window.cells().filter(w => w.model.getMetadata('nbgrader')?.grade).map(w => [
    w.model.getMetadata('nbgrader').grade_id, w.model.getMetadata('nbgrader').points,
    Number(w.model.outputs.toJSON().at(-1)?.data?.['text/plain']),
])"""


@pytest.fixture
def edition(chromium, address, runtime):
    """Open chapters by the button on their page; a request to another server fails the test."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    elsewhere = []
    inside = (address, "data:", "blob:")
    context.on("request", lambda r: None if r.url.startswith(inside) else elsewhere.append(r.url))

    def open_chapter(name):
        tab = context.new_page()
        tab.set_default_timeout(300_000)
        tab.goto(f"{address}/{name}.html")
        tab.click("a.run-button")
        tab.wait_for_function("window.jupyterapp !== undefined")
        tab.evaluate(READY)
        opened = tab.evaluate("window.jupyterapp.shell.currentWidget.context.path")
        assert opened == f"{name}/{name}.ipynb"
        return tab

    yield open_chapter
    context.close()
    assert not elsewhere


def run_all(tab, seconds=400):
    """Run all cells, or those until an error; return how long each took."""
    tab.evaluate(RUN)
    tab.wait_for_function(f"() => ({RAN})() || ({ERRORS})().length", timeout=1000 * seconds)
    assert tab.evaluate(ERRORS) == []
    return tab.evaluate(TIMES)


def answer(tab, cell, source, test):
    """Write an answer into the cell that begins with `cell`, run it and its check; return what that shows."""
    return tab.evaluate(
        """async ([start, source, test]) => {
            const panel = window.jupyterapp.shell.currentWidget, content = panel.content;
            const activate = (which) => {
                const source = w => w.model.type === 'code' ? w.model.sharedModel.source : '';
                const i = content.widgets.findLastIndex(w => which(source(w)));
                if (i < 0) throw new Error('no such cell');
                content.activeCellIndex = i;
                content.deselectAll();
                return content.widgets[i];
            };
            const target = activate(s => s.startsWith(start));
            target.model.sharedModel.setSource(source);
            await window.jupyterapp.commands.execute('notebook:run-cell');
            activate(s => s === test);
            await window.jupyterapp.commands.execute('notebook:run-cell');
            return window.output(test);
        }""",
        [cell, source, test],
    )


@pytest.mark.browser
def test_a_chapter_runs_a_slider_moves_and_the_check_names_the_mistake(edition):
    tab = edition("00_start_here")
    run_all(tab)
    assert "Not attempted" in tab.evaluate("window.output('check(ready)')")
    assert tab.locator(".jp-OutputArea-output img[src^='data:image/png']").count() >= 1

    widget = tab.locator(".nn-widget").first
    widget.scroll_into_view_if_needed()
    picture = widget.locator("img").first
    before = picture.get_attribute("src")
    widget.locator(".noUi-handle").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function(
        "([img, old]) => img.src !== old", arg=[picture.element_handle(), before], timeout=60_000
    )

    wrong = answer(tab, "def ready", "def ready():\n    print(42)", "check(ready)")
    assert "0 of 1" in wrong and "print" in wrong and "return" in wrong
    right = answer(tab, "def ready", "def ready():\n    return 42", "check(ready)")
    assert "right, 1 of 1" in right


@pytest.mark.browser
def test_work_is_kept_and_can_be_downloaded(edition):
    tab = edition("00_start_here")
    answer(tab, "import numpy", "from nn_exercises import check", "check(ready)")
    answer(tab, "def ready", "def ready():\n    return 42  # mine", "check(ready)")
    tab.evaluate("window.jupyterapp.shell.currentWidget.context.save()")
    tab.reload()
    tab.wait_for_function("window.jupyterapp !== undefined")
    tab.evaluate(READY)
    kept = tab.evaluate("window.cells().some(w => w.model.sharedModel.source.includes('# mine'))")
    assert kept
    with tab.expect_download(timeout=60_000) as download:
        tab.evaluate("window.jupyterapp.commands.execute('docmanager:download'); 0")
    notebook = json.loads(download.value.path().read_text("utf-8"))
    cells = {
        c["metadata"].get("nbgrader", {}).get("grade_id"): "".join(c["source"]) for c in notebook["cells"]
    }
    assert "# mine" in cells["ready_answer"] and cells["ready"] == "check(ready)"


@pytest.mark.browser
@pytest.mark.skipif(
    not os.environ.get("EVERY_CHAPTER"), reason="takes many minutes: EVERY_CHAPTER=1 pytest …"
)
@pytest.mark.parametrize("solved", [False, True], ids=["unsolved", "solved"])
@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_runs_to_its_end(name, solved, edition, record_property):
    tab = edition(name)
    if solved:
        answers = {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in nbformat.read(solution_path(ROOT, name), as_version=4).cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
        }
        assert answers and tab.evaluate(SOLVE, answers) == len(answers)
    seconds = run_all(tab, seconds=900)
    points = tab.evaluate(POINTS)
    assert points and all(got == (most if solved else 0) for _, most, got in points), points
    record_property(
        "report",
        f"browser edition: {name}{', solved' * solved}: {len(seconds)} cells in {sum(seconds):.0f} s, "
        f"the longest {max(seconds):.0f} s (load {os.getloadavg()[0]:.1f})",
    )


def test_no_cell_installs_anything():
    for name in CHAPTERS:
        text = student_path(ROOT, name).read_text("utf-8")
        assert "%pip" not in text and "micropip" not in text and "piplite" not in text


def test_without_a_runtime_the_lock_names_the_public_one_and_our_wheels(npm, tmp_path):
    from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL

    cdn_lock(ROOT, tmp_path)
    packages = json.loads((tmp_path / "pyodide-lock.json").read_text("utf-8"))["packages"]
    for name in ("nn-core", "nn-exercises", "ipywidgets", "anywidget", "psygnal", "comm"):
        assert (tmp_path / packages[name]["file_name"]).is_file()
        assert all(need in packages for need in packages[name]["depends"])
    for name in ("numpy", "matplotlib", "scikit-learn", "ipython", "jedi"):
        assert packages[name]["file_name"].startswith(f"{PYODIDE_CDN_URL}/{name.replace('-', '_')}-")


def test_a_course_s_wheel_checks_answers_and_shows_no_reference(tmp_path):
    wheels = {wheel.entry["name"]: wheel.file for wheel in our_wheels(ROOT, tmp_path, solutions=False)}
    with zipfile.ZipFile(wheels["nn-exercises"]) as archive:
        text = "".join(archive.read(n).decode() for n in archive.namelist() if "/chapter_" in n)
    assert "b85decode" in text and "def " not in text and "np." not in text
    code = (
        f"import sys; sys.path[:0] = [{str(wheels['nn-core'])!r}, {str(wheels['nn-exercises'])!r}]\n"
        "import nn_exercises\n"
        "def step(z):\n    return (z > 0) * 1\n"
        "result = nn_exercises.check(step)\n"
        "print(nn_exercises.__file__, result.mistake, len(nn_exercises.EXERCISES))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    file, mistake, count = ran.stdout.split()
    assert file.startswith(str(tmp_path)) and mistake != "None" and int(count) >= 50


# What takes minutes there is apart: the widgets, the audit of all exercises, the training on real digits.
LONG = [
    "tests/nn_core/test_training.py::test_digits",
    "tests/nn_core/test_hot_path.py::test_extra_memory_of_training",
]
WIDGETS, CATALOGUE = "tests/nn_core/test_widgets.py", "tests/nn_exercises/test_catalogue.py"
GATES = {
    "nn_core": ["tests/nn_core", "nn_core", f"--ignore={WIDGETS}", *(f"--deselect={name}" for name in LONG)],
    "nn_exercises": ["tests/nn_exercises", "nn_exercises", f"--ignore={CATALOGUE}"],
    "nn_core, long": [WIDGETS, *LONG],
    "nn_exercises, long": [CATALOGUE],
}


@pytest.mark.parametrize("tests", GATES)
def test_the_packages_own_tests_pass_under_pyodide(tests, site, runtime, record_property):
    if "long" in tests and not os.environ.get("EVERY_CHAPTER"):
        pytest.skip("takes minutes under Pyodide: EVERY_CHAPTER=1 pytest …")
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: Pyodide does not run outside a browser")
    gate = ROOT / "tests" / "web" / "node_gate.mjs"
    folders = [site / "lite" / "static" / "pyodide", ROOT, sysconfig.get_path("purelib"), runtime[1]]
    quiet = [part for rule in QUIET.split(",") for part in ("-W", rule)]
    command = [node, gate, *folders, "-q", "-p", "no:cacheprovider", *quiet, *GATES[tests]]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    count = re.search(r"\d+ passed[^\n]*", ran.stdout)
    record_property("report", f"under Pyodide: {tests}: {count[0]}")
