"""A figure as SVG inside a page: it takes the page's text colours, so that it reads in light and dark."""

from __future__ import annotations

import re
from html import escape

from analysis.drawing.canvas import ALERT, FAINT, INK, RULE

THEMED = {INK: "var(--ink)", FAINT: "var(--faint)", RULE: "var(--rule)", ALERT: "var(--alert)"}


def inline(svg: str, name: str, description: str) -> str:
    """The <svg> element of a file by matplotlib, with ids of its own (`name` apart) and a description for readers."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r"<!--.*?-->", "", element, flags=re.DOTALL)
    for reference in (r"\bid=\"", r"href=\"#", r"url\(#"):  # in tags only: a label may read like one
        element = re.sub(rf"(<[^<>]*?{reference})", rf"\g<1>{escape(name)}-", element)
    for fixed, themed in THEMED.items():
        element = element.replace(fixed.lower(), themed)
    element = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", element, count=1)
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)
