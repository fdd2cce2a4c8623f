"""The rooms of the house: imports run one way, and nn_core loads NumPy alone."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "nn_core": set(),
    "nn_exercises": {"nn_core"},
    "nn_grading": {"nn_core", "nn_exercises"},
    "nn_book": {"nn_core", "nn_exercises"},
}


def imported(source):
    """Return the packages that a source text imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"{package} holds no Python files"
    for file in files:
        others = imported(file.read_text(encoding="utf-8")) & ALLOWED.keys() - {package}
        assert others <= ALLOWED[package], f"{file.relative_to(ROOT)} imports {others - ALLOWED[package]}"


def test_an_import_inside_a_function_is_seen():
    source = "def f():\n    from nn_grading.pool import Pool\n    import os.path"
    assert imported(source) == {"nn_grading", "os"}


def modules_of(package):
    """Return {module: the modules of its package that it imports}, the __init__ files left out."""
    files = {}
    for file in sorted((ROOT / package).rglob("*.py")):
        if file.stem != "__init__":
            files[".".join(file.relative_to(ROOT).with_suffix("").parts)] = file
    found = {}
    for name, file in files.items():
        named = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        found[name] = named & files.keys()
    return found


def without_imports(graph):
    """Return what is left of {module: its imports} when modules that import nothing left are taken away."""
    while free := {name for name, imports in graph.items() if not imports & graph.keys()}:
        graph = {name: imports for name, imports in graph.items() if name not in free}
    return graph


@pytest.mark.parametrize("package", ALLOWED)
def test_no_circle_of_files(package):
    graph = modules_of(package)
    assert any(graph.values()), "no file imports another: is the graph read?"
    assert sorted(without_imports(graph)) == []


def test_a_circle_is_seen():
    assert without_imports({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}).keys() == {"a", "b", "c"}


def loaded_by(statement):
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_nn_core_loads_numpy_alone():
    modules = loaded_by("import nn_core; assert nn_core.MLP")
    packages = {name.split(".")[0] for name in modules - loaded_by("import numpy")}
    assert packages - sys.stdlib_module_names == {"nn_core"}
