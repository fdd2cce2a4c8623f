"""Solution notebooks to students' notebooks: nbgrader's own generate_assignment, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from nn_book.complaints import BookError, Complaint


def release(notebooks: Mapping[str, str], root: Path, folder: Path) -> dict[str, str]:
    """Return the student's notebook of each chapter.

    Parameters
    ----------
    notebooks
        Chapter name -> text of its solution notebook.
    root
        The repository, for its nbgrader_config.py.
    folder
        An empty folder to work in.
    """
    if not notebooks:
        return {}
    shutil.copy(root / "nbgrader_config.py", folder)
    for name, text in notebooks.items():
        source = folder / "solutions" / name
        source.mkdir(parents=True)
        (source / f"{name}.ipynb").write_text(text, "utf-8")
    nothing = folder / "no-settings"  # neither the user's Jupyter nor the machine's has a say
    nothing.mkdir()
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(nothing),
        "JUPYTER_NO_CONFIG_PATH": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "--assignment=*", "--force", "--no-db"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    made = {name: folder / "chapters" / name / f"{name}.ipynb" for name in notebooks}
    if ran.returncode or not all(path.exists() for path in made.values()):
        raise BookError(
            [Complaint("nbgrader generate_assignment", 0, "It failed.", f"It said:\n{ran.stderr[-3000:]}")]
        )
    return {name: path.read_text("utf-8") for name, path in made.items()}
