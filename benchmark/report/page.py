"""The HTML around the sections: one file, light and dark, wide and narrow."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Part:
    """A section. Title and text are plain, with `code` in backticks; the body is HTML."""

    title: str
    text: str
    body: str = ""
    failed: str = ""  # what went wrong, where it could not be made


def page(title: str, introduction: str, headline: str, parts: list[Part]) -> str:
    """The whole file. All texts are plain."""
    failed = [part.title for part in parts if part.failed]
    incomplete = f"Not complete, something failed: {', '.join(failed)}." if failed else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{html.escape(title)}</h1>{_paragraph(headline, 'headline')}"
        f"{_paragraph(incomplete, 'failed')}{_paragraph(introduction)}"
        f"{''.join(map(_section, parts))}</main></body></html>\n"
    )


def pairs(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """A small table of plain texts; the first of a row names it. `missed` stands out."""
    lines = (
        [f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>"] if head else []
    )
    for name, *cells in rows:
        values = "".join(map(_cell, cells))
        lines.append(f"<tr><th>{html.escape(name)}</th>{values}</tr>")
    return f'<table class="pairs">{"".join(lines)}</table>'


def _cell(text: str) -> str:
    kind = ' class="missed"' if text == "missed" else ""
    return f"<td{kind}>{html.escape(text)}</td>"


def _section(part: Part) -> str:
    failed = f'<pre class="failed">{html.escape(part.failed)}</pre>' if part.failed else ""
    return (
        f"<section><h2>{html.escape(part.title)}</h2>{_paragraph(part.text)}{failed}{part.body}"
        "</section>"
    )


def _paragraph(text: str, kind: str = "") -> str:
    if not text:
        return ""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return f'<p class="{kind}">{marked}</p>' if kind else f"<p>{marked}</p>"


_STYLE: Final = """
:root { --back: #fff; --card: #f6f7f9; --ink: #1c2230; --faint: #9aa3b2; --real: #2563a8;
  --expected: #d97706; --score: #4b6b8a; --alarm: #c81e3a; --heat: #1d6f5c; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --back: #14171d; --card: #1c2129; --ink: #e4e8ef;
  --faint: #667080; --real: #6cb0f5; --expected: #f3a94b; --score: #9db8d3; --alarm: #ff6b81;
  --heat: #3fb798; --on: #0b1210; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.7rem; margin: 0 0 4px; }
h2 { font-size: 1.15rem; margin: 0 0 4px; }
p { margin: 0 0 10px; max-width: 46rem; }
.headline { font-size: 1.1rem; font-weight: 600; }
.failed { color: var(--alarm); }
pre { white-space: pre-wrap; font-size: 0.8rem; margin: 0 0 10px; max-height: 20em;
  overflow-y: auto; }
section { background: var(--card); border-radius: 10px; padding: 16px; margin-top: 16px; }
svg { display: block; width: 100%; height: auto; }
.narrow, .hint { display: none; }
.legend { font-size: 0.85rem; margin: 0 0 4px; }
.key { margin-right: 14px; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 16px; height: 3px; margin-right: 6px;
  vertical-align: middle; background: var(--c); }
.key.dash::before { height: 0; background: none; border-top: 2px dashed var(--c); }
.key.band::before { height: 12px; background: color-mix(in srgb, var(--c) 22%, transparent); }
.key.bars::before { height: 12px; width: 8px; }
.key.mark::before { height: 5px; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th { font-weight: 500; text-align: left; }
.scroll { overflow-x: auto; }
.hint { font-size: 0.85rem; margin: 0 0 4px; }
.map { width: 100%; max-width: 860px; }
.map thead th { height: 8.6em; vertical-align: bottom; padding: 0; }
.map thead span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap;
  display: block; margin: 0 auto; line-height: 1.2; }
.map tbody th, .map thead th:first-child { white-space: nowrap; padding-right: 8px;
  position: sticky; left: 0; background: var(--card); }
.map td { text-align: center; min-width: 2.9em; padding: 2px 0; border: 1px solid var(--card); }
.cell { background: color-mix(in srgb, var(--heat) var(--r), var(--back)); }
.cell.on { color: var(--on); }
.pairs { margin: 0 0 10px; }
.pairs th, .pairs td { padding: 3px 18px 3px 0; vertical-align: top; text-align: left; }
.columns tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); }
.columns tr { display: flex; }
.columns th { flex: 1; }
.columns td { white-space: nowrap; }
.columns { width: 100%; }
.missed { color: var(--alarm); font-weight: 600; }
dl { font-size: 0.85rem; margin: 10px 0 0; display: grid; column-gap: 18px; row-gap: 3px;
  grid-template-columns: max-content 1fr; max-width: 52rem; }
dt { font-weight: 600; } dd { margin: 0; }
code { font-size: 0.9em; }
@media (max-width: 640px) { .wide { display: none; } .narrow, .hint { display: block; }
  main { padding: 16px 10px 32px; } section { padding: 12px; }
  table { font-size: 0.75rem; } .map tbody th { padding-right: 4px; }
  .pairs th, .pairs td { padding-right: 10px; }
  dl { display: block; } dd { margin: 0 0 6px; } }
"""
