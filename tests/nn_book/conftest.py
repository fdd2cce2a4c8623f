"""A small book of one chapter, with two exercises of the real catalogue, in a folder of its own."""

import shutil
from pathlib import Path

import pytest

from nn_book.build import build
from nn_book.text import FRONT_MATTER
from nn_exercises import EXERCISES

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "02_perceptron"
BODY = """
# 2 A small chapter

```python
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from nn_exercises import check
```

## 2.1 The rule

The rule adds the **error** to the weights:

$$w \\leftarrow w + \\eta (y - \\hat y) x \\tag{2.1}$$

**Predict.** What does equation (2.1) do to a right answer? Figure 2.1 shows it.

<details><summary>Answer</summary>

Nothing.

```python .noeval
w = w + 0 * x
```

</details>

```python fig="2.1" alt="A flat line at zero: the weight does not move while the answers are right."
fig, ax = plt.subplots()
ax.plot([0, 0])
plt.show()
```

*Figure 2.1. A weight that stays.*

### In a terminal

```console
$ make lab
```

```python widget="2.1" alt="A slider beside the line that it moves; the line turns."
pixel = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
view = {"model_id": "0", "version_major": 2, "version_minor": 0}
still = {"image/png": pixel, "text/plain": "a line", "application/vnd.jupyter.widget-view+json": view}
display(still, raw=True)
```

The numbers:

```python exercise="step"
def step(z):
    # at zero the answer is 1
    z = np.asarray(z)
    return np.where(z >= 0, 1, 0)
```

```python
w = np.zeros(2)
assert w.sum() == 0
print(w)
```

```python exercise="perceptron_update"
def perceptron_update(x, y, w, b, eta=1.0):
    change = eta * (y - int(np.dot(w, x) + b >= 0))
    return w + change * x, b + change
```

<!-- manual: why_zero points=3 -->
### Written answer: why zero?

Why may the weights start at zero here? Section 2.1 helps.

<!-- BEGIN SOLUTION -->
The first mistake breaks the tie.

**Mark scheme.** 3 for a reason.
<!-- END SOLUTION -->
<!-- end -->

## 2.2 Glossary

- **error**: the label minus the answer.
"""


class Book:
    """A book in a folder: its text can be changed, built and checked."""

    def __init__(self, root):
        self.exercises = {name: EXERCISES[name] for name in ("step", "perceptron_update")}
        self.root = root
        self.text = root / "solutions" / NAME / f"{NAME}.md"
        self.solution = self.text.with_suffix(".ipynb")
        self.student = root / "chapters" / NAME / f"{NAME}.ipynb"

    def replace(self, old, new):
        text = self.text.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the sample"
        self.text.write_text(text.replace(old, new), "utf-8")

    def append(self, more):
        self.text.write_text(self.text.read_text("utf-8") + more, "utf-8")

    def line(self, part):
        """Return the number of the line that holds `part`."""
        return next(i for i, line in enumerate(self.text.read_text("utf-8").split("\n"), 1) if part in line)

    def build(self):
        return build(self.root, exercises=self.exercises)


@pytest.fixture
def book(tmp_path):
    """Return the small book, not built."""
    return new_book(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, _find_the_packages):
    """Return the folder of the small book, built once; tests that change it take a copy."""
    made = new_book(tmp_path_factory.mktemp("finished"))
    outcome = made.build()
    assert not outcome.complaints, "\n".join(map(str, outcome.complaints))
    return made.root


@pytest.fixture
def built(finished, tmp_path):
    """Return a copy of the small book as it was built."""
    shutil.copytree(finished, tmp_path / "book")
    return Book(tmp_path / "book")


@pytest.fixture(scope="session", autouse=True)
def _find_the_packages():
    """Let kernels that start in another folder import the book's packages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(REPOSITORY))
        yield


def new_book(root):
    made = Book(root)
    made.text.parent.mkdir(parents=True)
    made.text.write_text(f"{FRONT_MATTER}\n{BODY}", "utf-8")
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return made
