"""What an answer needs: the definitions that it uses, found without running anything.

Cells are parsed, never executed here. Top-level expressions (plots, prints, training runs, magics) bind
no name and so never run. What is left are statements that bind names: `def`, `class`, `import`,
assignments, and compound statements with such things inside. From the answer's own definition the names
it uses lead to the statements that are needed; a cell that is broken costs only the answers that need
it.

A notebook can be read in two ways where a name is bound more than once: the last binding wins (what a student
sees who ran the cells as they worked), or the last one before the exercise's test cell (what "Run All" sees).
`readings` gives both where they differ, and the better one counts.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from nn_grading.plain import is_plain

ALLOWED = frozenset(sys.stdlib_module_names) | {"numpy"}
TRANSPARENT_MAGICS = ("%%time", "%%capture", "%%prun")  # their body is ordinary Python of the notebook
BUILTINS = frozenset(dir(builtins))
MOST_STATEMENTS = 1_000  # in one cell
MOST_IN_ALL = 10_000  # in one notebook: a chapter has some hundred
LONGEST_CHAIN = 300  # names with dots between: for long ones Python's parser takes minutes


@dataclass(frozen=True)
class Statement:
    """One top-level statement: its text and first line, what it binds, and what it uses and when."""

    text: str
    line: int
    binds: frozenset[str]
    uses_now: frozenset[str]  # names looked up while the statement runs
    uses_later: frozenset[str]  # names looked up when the functions it defines are called
    modules: frozenset[str]  # roots of the modules that it imports, anywhere inside
    star: bool  # `from module import *`
    future: bool = False  # `from __future__ import annotations`

    @cached_property
    def uses(self) -> frozenset[str]:
        """All names that it uses, now or later."""
        return self.uses_now | self.uses_later

    @cached_property
    def plain(self) -> bool:
        """Whether it can do nothing but compute."""
        return is_plain(self.text, self.uses)


@dataclass(frozen=True)
class Broken:
    """A cell that Python cannot parse: why, and the names that it seems to define."""

    line: int
    message: str
    text: str
    claims: frozenset[str]


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """A statement and where it stands: the number of its cell, counted from 1 as a reader counts.

    A notebook makes one of each, so that it equals itself alone.
    """

    cell: int
    index: int
    course: bool  # the cell is the course's own, unchanged
    statement: Statement

    @property
    def place(self) -> tuple[int, int]:
        """Its place in notebook order."""
        return self.cell, self.index


@dataclass(frozen=True)
class Reading:
    """One way to read an answer: the pieces to run in order, and the modules that they may not import."""

    pieces: tuple[Piece, ...]
    answer: Piece
    refused: tuple[str, ...]
    flags: int = 0  # for compiling: in a notebook a `__future__` holds for all later cells

    @property
    def plain(self) -> bool:
        """Whether all its pieces can do nothing but compute."""
        return all(piece.statement.plain for piece in self.pieces)


def statements(source: str) -> tuple[Statement, ...] | Broken:
    """Return the binding statements of one cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _statements(source)


def _statements(source: str) -> tuple[Statement, ...] | Broken:
    text = source
    try:
        tree = _parse(text)
    except SyntaxError as first:
        text = without_magics(source)
        if text is None:
            return ()
        try:
            tree = _parse(text)
        except SyntaxError:
            return _broken(source, first)
    if len(tree.body) > MOST_STATEMENTS:
        return _broken(source, SyntaxError(f"its {len(tree.body):,} statements are over {MOST_STATEMENTS:,}"))
    lines = text.split("\n")
    found, end = [], 0
    for node, following in zip(tree.body, [*tree.body[1:], None], strict=False):
        start = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
        alone = start > end and (following is None or following.lineno > node.end_lineno)
        end = node.end_lineno
        if isinstance(node, ast.Expr | ast.Pass | ast.Delete | ast.Assert):
            continue
        try:
            segment = "\n".join(lines[start - 1 : end]) if alone else ast.unparse(node)
            found.append(_statement(node, segment, start))
        except (SyntaxError, RecursionError, ValueError) as error:
            return _broken(source, SyntaxError(str(error)))
    return tuple(statement for statement in found if statement.binds or statement.star)


@lru_cache(maxsize=1024)
def _remembered(source: str) -> tuple[Statement, ...] | Broken:
    """Return the same for an ordinary cell: they repeat from student to student."""
    return statements(source)


def _ordinary(source: str) -> bool:
    """Tell whether a cell is short, so that a thousand of them may be kept."""
    return len(source) < 10_000 and source.count("\n") + source.count(";") < 100


def _parse(text: str) -> ast.Module:
    if text.count(".") > LONGEST_CHAIN and _longest_chain(text) > LONGEST_CHAIN:
        raise SyntaxError("nested too deeply")
    try:
        return ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nesting without end
        raise SyntaxError(str(error) or "nested too deeply") from None


def _longest_chain(text: str) -> int:
    """Return about how many dots the longest chain of names holds, spaces and line ends in it or not."""
    longest = chain = 0
    before = ""
    for word in re.findall(r"[\w.]+", text):
        dots = word.count(".") if word.strip(".") or word == "." else 0
        chain = chain + dots if word[0] == "." or before[-1:] == "." else dots
        longest, before = max(longest, chain), word
    return longest


def without_magics(source: str) -> str | None:
    """Return the cell without IPython's lines (`%`, `!`, `?`), None if the whole cell is not Python."""
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if not lines[first].startswith(TRANSPARENT_MAGICS):
            return None
        lines[first] = ""
    kept = []
    for line in lines:
        bare = line.strip()
        magic = bare.startswith(("%", "!", "?")) or re.match(r"[\w.]+\s*\?+$", bare)
        magic = magic or re.match(r"[\w, ]+=\s*[%!]", bare)
        kept.append(line[: len(line) - len(line.lstrip())] + "pass" if magic else line)
    return "\n".join(kept)


def _broken(source: str, error: SyntaxError) -> Broken:
    claims = re.findall(
        r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)|^class[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)", source, re.MULTILINE
    )
    names = frozenset(name for groups in claims for name in groups if name)
    return Broken(error.lineno or 1, error.msg or "invalid syntax", (error.text or "").strip()[:200], names)


def _statement(node: ast.stmt, segment: str, line: int) -> Statement:
    table = symtable.symtable(segment, "<cell>", "exec")
    binds, now = set(), set()
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            binds.add(symbol.get_name())
        if symbol.is_referenced():
            now.add(symbol.get_name())
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        now.add(node.target.id)
    later: set[str] = set()
    tables = list(table.get_children())
    while tables:
        inner = tables.pop()
        tables += inner.get_children()
        if isinstance(inner, symtable.Function):  # the usual one: its names are sorted already
            later.update(inner.get_globals())
        else:
            later.update(symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global())
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        now |= later - binds  # a comprehension, a class body, a lambda that is called at once: needed at once
    modules, star, future = set(), False, False
    for inside in ast.walk(node) if "import" in segment else ():
        if isinstance(inside, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in inside.names}
        elif isinstance(inside, ast.ImportFrom):
            modules.add("." if inside.level else inside.module.partition(".")[0])
            star = star or inside.names[0].name == "*"
            future = future or (
                inside.module == "__future__" and "annotations" in [n.name for n in inside.names]
            )
    return Statement(
        segment, line, frozenset(binds), frozenset(now), frozenset(later), frozenset(modules), star, future
    )


class Notebook:
    """The binding statements of a notebook, indexed by the names that they bind.

    Parameters
    ----------
    cells : iterable of (number, source, course)
        The code cells that count, in notebook order; `course` marks the course's own, unchanged ones.
    """

    def __init__(self, cells: Iterable[tuple[int, str, bool]]) -> None:
        self.bindings: dict[str, list[Piece]] = {}
        self.stars: list[Piece] = []
        self._resolved: dict[tuple[str, int | None], Piece | None] = {}
        self.flags = 0
        self.broken: list[tuple[int, Broken]] = []
        held = 0
        for number, source, course in cells:
            found = _remembered(source) if _ordinary(source) else statements(source)
            held += 0 if isinstance(found, Broken) else len(found)
            if held > MOST_IN_ALL and not isinstance(found, Broken):
                claims = frozenset(name for statement in found for name in statement.binds)
                found = Broken(1, f"the notebook's statements are over {MOST_IN_ALL:,}", "", claims)
            if isinstance(found, Broken):
                self.broken.append((number, found))
                continue
            for index, statement in enumerate(found):
                piece = Piece(number, index, course, statement)
                for name in statement.binds:
                    self.bindings.setdefault(name, []).append(piece)
                if statement.star:
                    self.stars.append(piece)
                if statement.future:
                    self.flags = annotations.compiler_flag

    def broken_definition(self, name: str) -> tuple[int, Broken] | None:
        """Return the last cell that seems to define `name` but cannot be parsed."""
        return next(((n, cell) for n, cell in reversed(self.broken) if name in cell.claims), None)

    def readings(self, name: str, test_cell: int | None) -> list[Reading]:
        """Return the one or two readings of the answer `name`; none where nothing binds it."""
        found = []
        for limit in (None, test_cell):
            answer = self._resolve(name, limit)
            if answer is not None:
                pieces = tuple(self.needed(answer, limit))
                refused = {m for piece in pieces for m in piece.statement.modules} - ALLOWED
                reading = Reading(pieces, answer, tuple(sorted(refused)), self.flags)
                if reading not in found:
                    found.append(reading)
                if not self._bound_again(name, pieces):
                    break  # the other reading is the same
            if test_cell is None:
                break
        return found

    def _bound_again(self, answer: str, pieces: Iterable[Piece]) -> bool:
        """Tell whether `answer` or a name that is used in `pieces` is bound more than once."""
        used = frozenset([answer]).union(*(piece.statement.uses for piece in pieces))
        return any(len(self.bindings.get(name, ())) > 1 for name in used)

    def _resolve(self, name: str, limit: int | None) -> Piece | None:
        """Return what binds `name`: the student's last, else the course's; or the last before `limit`."""
        if (name, limit) not in self._resolved:
            bound = self.bindings.get(name, ())
            if limit is not None:
                seen = [piece for piece in bound if piece.cell <= limit] or bound[:1]
            else:
                seen = [piece for piece in bound if not piece.course] or bound
            self._resolved[name, limit] = seen[-1] if seen else None
        return self._resolved[name, limit]

    def needed(self, answer: Piece, limit: int | None = None) -> Iterator[Piece]:
        """Yield the pieces that `answer` needs, each after those that it looks up while it runs."""
        order: list[Piece] = []
        done: set[Piece] = set()

        def visit(piece: Piece) -> None:
            if piece in done:
                return
            done.add(piece)
            for needed in self._targets(piece, piece.statement.uses_now, limit):
                visit(needed)
            order.append(piece)
            for needed in self._targets(piece, piece.statement.uses_later, limit):
                visit(needed)

        visit(answer)
        if self.stars and any(p.statement.uses - self.bindings.keys() - BUILTINS for p in done):
            yield from (star for star in self.stars if star not in done)
        yield from order

    def _targets(self, piece: Piece, names: frozenset[str], limit: int | None) -> list[Piece]:
        """Return the pieces that bind `names`, in notebook order, as `piece` sees them."""
        found = set()
        for name in names & self.bindings.keys():
            if name in piece.statement.binds and name in piece.statement.uses_now:
                earlier = [p for p in self.bindings[name] if p.place < piece.place]  # x += 1, f = wrap(f)
                target = earlier[-1] if earlier else None
            else:
                target = self._resolve(name, limit)
            if target is not None:
                found.add(target)
        return sorted(found, key=lambda p: p.place)
