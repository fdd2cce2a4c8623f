"""The catalogue: one module a chapter, one entry an exercise, in the order in which the book teaches them."""

import importlib
import pkgutil

from nn_exercises.exercise import Exercise


def collect() -> dict[str, Exercise]:
    """Return all exercises of the chapter modules, by name."""
    found: dict[str, Exercise] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("chapter_")):
        for value in vars(importlib.import_module(f"{__name__}.{module}")).values():
            if isinstance(value, Exercise):
                if found.setdefault(value.name, value) is not value:
                    raise ValueError(f"two exercises are named {value.name}")
    return found
