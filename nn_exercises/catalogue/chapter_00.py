"""Chapter 0, start here: the reader's first check."""

from nn_exercises.exercise import case, exercise


@exercise(
    chapter="00_start_here",
    difficulty="easy",
    points=1.0,
    aim="Make your first check turn green: the proof that Python, NumPy and this book's checks work here.",
    hints=(
        "Replace the line that raises `NotImplementedError` by one line of your own, then run the cell "
        "and the check below it.",
        "A function hands a value back with the word `return`.",
        "The line reads `return`, a space, and the number. `print` would only show it.",
    ),
)
def ready():
    """Return the number 42.

    Returns
    -------
    int
        42.
    """
    return 42


@ready.cases
def _(rng):
    yield case(note="called without arguments")


@ready.mistake("tuple", "A comma after the number makes a tuple of it, (42,). Return the number alone.")
def _():
    return (42,)


@ready.mistake("text", "Your function returns the text '42'. A number is due: leave the quotation marks out.")
def _():
    return "42"


@ready.mistake(
    "float",
    "Your function returns 42.0, a float. An integer is due: write the number without a point.",
)
def _():
    return 42.0


@ready.variant
def _():
    answer = 6 * 7
    return answer


@ready.variant
def _(*, number=42):
    return number


@ready.variant
def _():
    return sum(range(9)) + 6
