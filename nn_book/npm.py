"""What the site takes from npm, as site/package-lock.json pins it, kept under _build/npm."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from nn_book.complaints import BookError, Complaint


def npm_packages(root: Path) -> Path:
    """Return the folder node_modules, after installing what is pinned; nothing is asked for a second time.

    Raises
    ------
    BookError
        If npm is missing or fails.
    """
    folder = root / "_build" / "npm"
    wanted = {
        name: (root / "site" / name).read_text("utf-8") for name in ("package.json", "package-lock.json")
    }
    modules, mark = folder / "node_modules", folder / "installed"
    if mark.exists() and mark.read_text("utf-8") == wanted["package-lock.json"] and modules.is_dir():
        return modules
    npm = shutil.which("npm")
    if npm is None:
        raise BookError(
            [Complaint("site/package.json", 0, "npm is not installed.", "Install Node.js, which brings npm.")]
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BookError([Complaint("site/package.json", 0, "npm failed.", f"It said:\n{ran.stderr[-2000:]}")])
    mark.write_text(wanted["package-lock.json"], "utf-8")
    return modules
