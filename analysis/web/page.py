"""The HTML that the report is built from. Every text given here is escaped here; what returns is markup."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from analysis.table import Cell, Table
from analysis.web.sorting import SCRIPT, SCRIPT_HASH
from analysis.web.stylesheet import STYLE

POLICY = (
    f"default-src 'none'; script-src '{SCRIPT_HASH}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def page(title: str, body: Iterable[str]) -> str:
    """A whole document that needs nothing from outside: the policy forbids the network and all scripts but one."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{''.join(body)}</main>\n"
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def text(tag: str, content: str, role: str = "") -> str:
    """An element that holds a text; `role` is its class in the stylesheet."""
    return f"<{tag}{_class(role)}>{escape(content)}</{tag}>\n"


def box(tag: str, content: Iterable[str], role: str = "", name: str = "") -> str:
    """An element that holds markup; `name` is its anchor."""
    identity = f' id="{escape(name)}"' if name else ""
    return f"<{tag}{identity}{_class(role)}>\n{''.join(content)}</{tag}>\n"


def table(of: Table) -> str:
    """A table with its remarks, which scrolls inside its box and can be sorted by a heading; nothing without rows.

    What a cell stands for goes beside its text, for sorting; columns of numbers stand to the right.
    """
    if not of.rows:
        return ""
    roles = [' class="number"' if numeric else "" for numeric in of.numeric]
    head = "".join(f'<th scope="col"{role}>{_lines(name)}</th>' for name, role in zip(of.headings, roles, strict=True))
    body = "".join(_row(row, roles) for row in of.rows)
    inside = [f"<caption>{escape(of.title)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n"]
    return scrolled(of.title, box("table", inside, "sortable", f"table-{of.name}")) + items(of.remarks, "small")


def scrolled(label: str, content: str) -> str:
    """What scrolls inside its box where it is too wide for the page, by keyboard too."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">\n{content}</div>\n'


def written(content: str) -> str:
    """A text as it stands in markup."""
    return escape(content)


def items(contents: Iterable[str], role: str = "") -> str:
    """A list of texts; nothing where there are none."""
    points = [text("li", content) for content in contents]
    return box("ul", points, role) if points else ""


def link(name: str, content: str) -> str:
    """A link to an anchor of the page."""
    return f'<a href="#{escape(name)}">{escape(content)}</a>'


def download(file: str, content: str) -> str:
    """A link that saves a CSV file; the file itself is in the link."""
    inside = f"data:text/csv;charset=utf-8,{quote(content, safe=',')}"
    return f'<a download="{escape(file)}" href="{inside}">{escape(file)}</a>'


def details(summary: str, content: Iterable[str], opened: bool = False, name: str = "") -> str:
    """Markup that a reader opens when he wants it; `name` is its anchor."""
    shown = (f' id="{escape(name)}" class="group"' if name else "") + (" open" if opened else "")
    return f"<details{shown}>\n<summary>{escape(summary)}</summary>\n{''.join(content)}</details>\n"


def _row(row: Iterable[Cell], roles: Iterable[str]) -> str:
    first, *others = (_cell(cell, role) for cell, role in zip(row, roles, strict=True))
    return f'<tr><th scope="row"{first}</th>{"".join(f"<td{other}</td>" for other in others)}</tr>\n'


def _cell(cell: Cell, role: str) -> str:
    """A cell from its attributes on to the end of its text."""
    known = cell.value is not None and math.isfinite(cell.value)
    value = f' data-value="{cell.value:.9g}"' if known else ""
    return f"{role}{value}>{_lines(cell.text)}"


def _lines(content: str) -> str:
    return escape(content).replace("\n", "<br>")


def _class(role: str) -> str:
    return f' class="{escape(role)}"' if role else ""
