"""nbgrader's settings for a course with this book: solutions/ is the source, chapters/ what students get.

Everything about students (submissions, grades, feedback) lies under grading/, which git ignores.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader puts it here)
root = Path(__file__).resolve().parent
(root / "grading").mkdir(exist_ok=True)

# The kernel that runs a submission starts in its folder; the book's packages must be found from there.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))

# nbgrader calls alembic by its bare name, and so would fail from an environment that is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "nn_textbook"
c.CourseDirectory.db_url = f"sqlite:///{(root / 'grading' / 'gradebook.db').as_posix()}"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "chapters"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
# Files beside a source notebook are copied to students: the chapter's text holds the solutions.
c.CourseDirectory.ignore = [".*", "*.md", "*.pyc", "__pycache__", ".ipynb_checkpoints"]

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Write your answer here.*"
c.OverwriteCells.add_missing_cells = True  # a deleted test cell comes back and scores 0, instead of stopping
c.ExecutePreprocessor.timeout = 120  # seconds a cell
c.Execute.timeout = 120
c.ExportPlugin.to = str(root / "grading" / "export.csv")
