"""Pages gathered from all chapters: glossary, formulas, letters, exercises, registries, the landing cards."""

from __future__ import annotations

import html
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence

from nbformat import NotebookNode

from nn_book.pages import TAGGED, Index, Term, link_chapters, link_numbers, slug, target
from nn_book.text import Chapter


def glossary_page(index: Index) -> str:
    """Return the glossary: every term once, with each chapter's definition and a link to where it stands."""
    entries: dict[tuple[str, ...], list[Term]] = {}
    for term in index.terms:
        key = next(
            (k for k in entries if set(map(str.casefold, k)) & set(map(str.casefold, term.names))), term.names
        )
        entries.setdefault(key, []).append(term)
    lines = [
        "# Glossary",
        "",
        "Every term that the book defines, in the words of the chapter that defines it. The chapter's name "
        "leads to the place.",
        "",
        "```{glossary}",
    ]
    for names in sorted(entries, key=lambda k: k[0].casefold()):
        lines += list(names)
        for term in entries[names]:
            place = f"{term.chapter}.html#term-{slug(term.names[0])}"
            where = f'<a class="where" href="{place}">{html.escape(index.title(term.chapter))}</a>'
            definition = link_numbers(link_chapters(term.definition, index.book), index.targets)
            lines += [f"  {definition} {where}", ""]
    return "\n".join([*lines, "```", ""])


def equations_of(chapter: Chapter) -> Iterator[tuple[str, str, str]]:
    """Yield number, TeX without its tag, and section title of each numbered equation."""
    text = "\n".join("" if f else line for line, f in zip(chapter.lines, _fenced(chapter), strict=True))
    for match in TAGGED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        section = [h.title for h in chapter.headings if h.level == 2 and h.line <= line]
        title = re.sub(r"\s*$", "", section[-1] if section else "")
        yield match["number"], re.sub(r"\s*\\tag\{[^}]*\}", "", match["body"]).strip(), title


def _fenced(chapter: Chapter) -> list[bool]:
    inside = {line for fence in chapter.fences for line in range(fence.line, fence.last_line + 1)}
    return [i in inside for i in range(1, len(chapter.lines) + 1)]


def formulas_page(index: Index) -> str:
    """Return all numbered equations, chapter by chapter."""
    lines = ["# Formulas", "", "Every numbered equation; its number leads to where it is explained.", ""]
    for name, chapter in index.book.items():
        found = list(equations_of(chapter))
        if found:
            lines += [f"## {chapter.number} {index.title(name)}", ""]
        section = None
        for number, tex, title in found:
            if title != section:
                lines += [f"**{title}**", ""]
                section = title
            lines += ['<div class="formula">', "", f"[({number})](#{target('equation', number)})", ""]
            lines += ["$$", *tex.split("\n"), "$$", "", "</div>", ""]
    return "\n".join(lines)


def notation_page(index: Index) -> str:
    """Return chapter 0's letters, each with the equations in which it stands, and its conventions."""
    first = next(iter(index.book.values()))
    equations = [equation for chapter in index.book.values() for equation in equations_of(chapter)]
    lines = [
        "# Notation",
        "",
        "The letters of the book, where they stand, and its conventions.",
        "",
        "## Letters",
        "",
    ]
    for row in _table(first, "Letters"):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]
        if set(row) <= set("|-: "):
            lines.append(row + "---|")
        elif lines[-1] == "":
            lines.append(f"{row} in equations |")
        else:
            letters = re.findall(r"\$([^$]+)\$", cells[0])
            where = [n for n, tex, _ in equations if any(_letter(letter).search(tex) for letter in letters)]
            lines.append(f"{row} {_places(where)} |")
    lines += ["", "## Conventions", "", *_table(first, "Conventions"), ""]
    return "\n".join(lines)


def _letter(tex: str) -> re.Pattern:
    r"""Return a pattern that finds a letter in a formula: `w` also in bold, but not in another word."""
    inner = tex.split(" as in ")[0].strip()
    return re.compile(rf"(?<![\\A-Za-z]){re.escape(inner)}(?![A-Za-z])")


def _places(numbers: Sequence[str], most: int = 4) -> str:
    shown = [f"[({n})](#{target('equation', n)})" for n in numbers[:most]]
    return ", ".join(shown) + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


def _table(chapter: Chapter, title: str) -> list[str]:
    """Return the lines of the table in the section of that title."""
    section = next((h for h in chapter.headings if h.title.endswith(title)), None)
    if section is None:
        return []
    after = chapter.lines[section.line :]
    start = next(i for i, line in enumerate(after) if line.startswith("|"))
    length = next(i for i, line in enumerate([*after[start:], ""]) if not line.startswith("|"))
    return after[start : start + length]


def thumbnail(solved: NotebookNode) -> tuple[bytes, str] | None:
    """Return the chapter's first picture and its alternative text."""
    for cell in solved.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                return b64decode(output.data["image/png"]), cell.metadata["mystnb"]["image"]["alt"]
    return None


def chapter_cards(index: Index, notebooks: Mapping[str, NotebookNode], pictures: Mapping[str, str]) -> str:
    """Return the table of contents as cards, for the landing page."""
    cards = []
    for name, chapter in index.book.items():
        kinds = [cell.metadata.get("book", {}) for cell in notebooks[name].cells]
        counts = {
            "exercise": sum(
                cell.metadata.get("nbgrader", {}).get("grade", False) for cell in notebooks[name].cells
            ),
            "figure": sum("fig" in kind for kind in kinds),
            "widget": sum("widget" in kind for kind in kinds),
        }
        said = ", ".join(f"{n} {word}{'s' * (n != 1)}" for word, n in counts.items() if n)
        picture = f'<img src="{pictures[name]}" alt="" loading="lazy">' if name in pictures else ""
        cards.append(
            f'<a class="chapter-card" href="{name}.html"><span class="picture">{picture}</span>'
            f'<span class="words"><span class="number">{chapter.number}</span> '
            f"<strong>{html.escape(index.title(name))}</strong><small>{said}</small></span></a>"
        )
    return '<div class="chapter-cards">' + "".join(cards) + "</div>"


def registry_page() -> str:
    """Return tables of what can be chosen by name: activations, losses, optimizers, schedules."""
    import nn_core

    lines = ["# nn_core at a glance", "", "What can be chosen by name; each registry is a dictionary.", ""]
    registries = {
        "Activations": ("ACTIVATIONS", nn_core.ACTIVATIONS),
        "Losses": ("LOSSES", nn_core.LOSSES),
        "Optimizers": ("OPTIMIZERS", nn_core.OPTIMIZERS),
        "Schedules": ("SCHEDULES", nn_core.SCHEDULES),
        "Initializers": ("INITIALIZERS", nn_core.INITIALIZERS),
    }
    for title, (variable, registry) in registries.items():
        lines += [
            f"## {title}",
            "",
            f"`nn_core.{variable}`",
            "",
            "| name | what it is | parameters |",
            "|---|---|---|",
        ]
        for name, entry in registry.items():
            first = (entry.__doc__ or "").strip().split("\n")[0]
            first = re.sub(r"\$[^$]*\$", lambda m: m[0].replace("|", r"\vert "), first)
            params = ", ".join(f"{key} = {value:g}" for key, value in getattr(entry, "params", {}).items())
            lines.append(f"| `{name}` | {first} | {params} |")
        lines.append("")
    return "\n".join(lines)


def exercises_page(index: Index) -> str:
    """Return the list of all exercises."""
    from nn_exercises import EXERCISES

    lines = ["# Exercises", "", "Every exercise that a check knows, in the order of the book.", ""]
    for name, chapter in index.book.items():
        own = [entry for entry in EXERCISES.values() if entry.chapter == name]
        if own:
            lines += [
                f"## {chapter.number} {index.title(name)}",
                "",
                "| exercise | aim | difficulty | points |",
            ]
            lines += ["|---|---|---|---|"]
            for entry in own:
                aim = entry.aim.replace("|", r"\|")
                place = f"{name}.ipynb#exercise-{entry.name.replace('_', '-')}"
                lines.append(f"| [`{entry.name}`]({place}) | {aim} | {entry.difficulty} | {entry.points:g} |")
            lines.append("")
    return "\n".join(lines)
