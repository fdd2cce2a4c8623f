"""The frame of the pages: one self-contained HTML file each, light and dark, nothing loaded from anywhere."""

from __future__ import annotations

import html
import unicodedata

STYLE = """
:root { color-scheme: light dark; --ink: #1d2125; --soft: #5b646d; --paper: #fff; --line: #d9dee3;
  --tint: #f4f6f8; --bar: #3b6ea5; --good: #2e7d32; --part: #b26a00; --bad: #be2d2d; --none: #8a939c;
  --late: #7a4fa8; --dead: #5e1f3f; --ban: #9a5b1e; --unread: #4a5058; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ea; --soft: #a5adb5; --paper: #16191c; --line: #394047; --tint: #20252a; --bar: #7fb0e3;
    --good: #6fbf73; --part: #e0a34a; --bad: #ee7f7f; --none: #7d868e;
    --late: #b795e3; --dead: #e08db5; --ban: #c99a64; --unread: #c3c9cf; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.2rem 4rem; max-width: 62rem;
  color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .2rem 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.02rem; margin: 1.6rem 0 .3rem; }
p, ul { margin: .5rem 0; } .soft { color: var(--soft); } small { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: .32rem .7rem .32rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; color: var(--soft); }
td code { white-space: nowrap; } td:last-child { min-width: 9rem; } li { overflow-wrap: anywhere; }
.bars { list-style: none; padding: 0; margin: .5rem 0 .8rem; }
.bars li { display: grid; grid-template-columns: 23rem 1fr 3rem; gap: .1rem .8rem; align-items: center;
  padding: .18rem 0; }
.bars svg { width: 100%; height: 1.05rem; display: block; }
@media (max-width: 44rem) { .bars li { grid-template-columns: 1fr 2.5rem; }
  .bars .label { grid-column: 1 / -1; } }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 13px; }
code { font-size: .92em; } pre { font-size: .9em; overflow-x: auto; }
.total { font-size: 1.25rem; font-weight: 600; } summary { cursor: pointer; }
.skip { position: absolute; left: -99em; } .skip:focus { left: 1em; }
@media print { body { max-width: none; } details { break-inside: avoid; } }
"""


def clean(text: str) -> str:
    """Return text without characters that are invisible or turn its direction."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        c
        if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def escape(text: object) -> str:
    """Return text for HTML: escaped, without characters that are invisible or turn its direction."""
    return html.escape(clean(str(text)))


def frame(title: str, body: str) -> str:
    """Return a whole page; `body` is HTML, `title` text."""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
