"""Project file, locks and environment file agree, and no set-up command needs a network host by name."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def lock(name: str) -> dict[str, list[Requirement]]:
    """The pins of a lock, by package (several where environment markers fork)."""
    pins: dict[str, list[Requirement]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            pin = Requirement(line)
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


READER, DEV = lock("requirements.txt"), lock("requirements-dev.txt")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_line_is_one_pin_without_host_or_hash(name):
    for pins in lock(name).values():
        for pin in pins:
            assert [s.operator for s in pin.specifier] == ["=="], pin
            assert pin.url is None
    assert not re.search(r"https?:|--index|--find-links|--hash", (ROOT / name).read_text())


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("spec", PROJECT["dependencies"])
def test_lock_satisfies_the_project(spec, python):
    wanted = Requirement(spec)
    version = pinned(READER, wanted.name, python)
    assert version is not None, f"{wanted.name} is in pyproject.toml but not in requirements.txt for {python}"
    assert wanted.specifier.contains(version), f"{spec}, but requirements.txt has {version}"


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_development_lock_satisfies_the_extras(extra):
    for spec in PROJECT["optional-dependencies"][extra]:
        wanted = Requirement(spec)
        for python in PYTHONS:
            version = pinned(DEV, wanted.name, python)
            assert version is not None and wanted.specifier.contains(version), (spec, version)


@pytest.mark.parametrize("python", PYTHONS)
def test_development_lock_extends_the_readers_lock(python):
    for name in READER:
        version = pinned(READER, name, python)
        assert version in (None, pinned(DEV, name, python)), name


def test_conda_environment_installs_the_readers_lock():
    text = (ROOT / "environment.yml").read_text()
    pip_lines = [
        line.strip().removeprefix("- ") for line in text.split("- pip:")[1].splitlines() if line.strip()
    ]
    assert pip_lines == ["-r requirements.txt", "--no-deps -e ."]
    python = re.search(r"python=(3\.\d+)", text)[1]
    assert python in PYTHONS


def test_readme_names_the_same_files_for_pip_and_windows():
    text = (ROOT / "README.md").read_text()
    assert text.count("pip install -r requirements.txt") >= 2  # plain pip, and Windows
    assert text.count("pip install --no-deps -e .") >= 2


def test_old_python_is_refused_with_what_to_do(tmp_path):
    fake = tmp_path / "python3.8"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.10" && exit 0\nexit 1\n')
    fake.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    run = subprocess.run(["make", f"PYTHON={fake}", "test"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0
    assert "needs Python 3.11 to 3.14" in run.stderr and "3.8.10" in run.stderr
    assert "make PYTHON=python3.12" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_work_is_filled_and_never_overwritten(tmp_path):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for name, text in {"01_a/01_a.ipynb": "new", "02_b/02_b.ipynb": "new"}.items():
        path = tmp_path / "chapters" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    mine = tmp_path / "work/01_a/01_a.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text("my answers")
    subprocess.run(["make", "work"], cwd=tmp_path, check=True)
    assert mine.read_text() == "my answers"
    assert (tmp_path / "work/02_b/02_b.ipynb").read_text() == "new"


def pinned(pins: dict[str, list[Requirement]], name: str, python: str) -> str | None:
    """The version that the lock gives `name` on this Python, on Linux."""
    where = {
        "python_version": python,
        "python_full_version": f"{python}.7",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found = [p for p in pins.get(canonicalize_name(name), []) if p.marker is None or p.marker.evaluate(where)]
    assert len(found) < 2, f"{name} is pinned twice for Python {python}: {found}"
    return next(iter(found[0].specifier)).version if found else None
