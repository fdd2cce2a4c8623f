"""What the site takes from npm, as site/package-lock.json pins it, kept under _build/npm."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
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
    mark = folder / "installed"
    if mark.exists() and mark.read_text("utf-8") == wanted["package-lock.json"]:
        return folder / "node_modules"
    npm = shutil.which("npm")
    if npm is None:
        raise BookError(
            [Complaint("site/package.json", 0, "npm is not installed.", "Install Node.js, which brings npm.")]
        )
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="npm-") as temporary:
        new = Path(temporary) / "npm"  # whoever builds meanwhile sees the old folder or the new one, whole
        new.mkdir()
        for name, text in wanted.items():
            (new / name).write_text(text, "utf-8")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran = subprocess.run(command, cwd=new, capture_output=True, text=True, check=False)
        if ran.returncode:
            said = f"It said:\n{ran.stderr[-2000:]}"
            raise BookError([Complaint("site/package.json", 0, "npm failed.", said)])
        (new / mark.name).write_text(wanted["package-lock.json"], "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder / "node_modules"
