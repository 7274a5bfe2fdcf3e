"""The HTML that the report is built from. Every text given here is escaped here; what returns is markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from analysis.stylesheet import STYLE


def page(title: str, body: Iterable[str]) -> str:
    """A whole document that needs nothing from outside: the policy forbids scripts and the network."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    )


def text(tag: str, content: str, role: str = "") -> str:
    """An element that holds a text; `role` is its class in the stylesheet."""
    return f"<{tag}{_class(role)}>{escape(content)}</{tag}>\n"


def box(tag: str, content: Iterable[str], role: str = "", name: str = "") -> str:
    """An element that holds markup; `name` is its anchor."""
    anchor = f' id="{escape(name)}"' if name else ""
    return f"<{tag}{anchor}{_class(role)}>\n{''.join(content)}</{tag}>\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numeric: bool = False) -> str:
    """A table that scrolls inside its box; with `numeric`, all columns but the first are figures."""
    head = "".join(f'<th scope="col">{_lines(heading)}</th>' for heading in headings)
    body = "".join(_row(cells) for cells in rows)
    inside = box("thead", [f"<tr>{head}</tr>"]) + box("tbody", [body])
    scrolling = 'class="scroll" tabindex="0" role="region" aria-label="table"'  # the keyboard scrolls it too
    return f"<div {scrolling}>\n{box('table', [inside], 'numbers' if numeric else '')}</div>\n"


def items(contents: Iterable[str], role: str = "") -> str:
    """A list of texts; nothing where there are none."""
    points = [text("li", content) for content in contents]
    return box("ul", points, role) if points else ""


def link(anchor: str, content: str) -> str:
    """A list item that leads to an anchor of the page."""
    return f'<li><a href="#{escape(anchor)}">{escape(content)}</a></li>\n'


def details(summary: str, content: str) -> str:
    """A text that a reader opens when he wants it, such as a traceback."""
    return f"<details><summary>{escape(summary)}</summary><pre>{escape(content)}</pre></details>\n"


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{_lines(cell)}</td>" for cell in others)}</tr>\n'


def _lines(content: str) -> str:
    return escape(content).replace("\n", "<br>")


def _class(role: str) -> str:
    return f' class="{escape(role)}"' if role else ""
