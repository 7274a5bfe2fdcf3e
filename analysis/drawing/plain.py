"""Whether an svg is nothing but a drawing: results folders travel, and what is in one may go into a page."""

from __future__ import annotations

import re

RULE = b'<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>'  # the one that matplotlib has
DESCRIPTION = re.compile(rb"<metadata>.*?</metadata>", re.DOTALL)
ELEMENTS = frozenset((b"svg", b"defs", b"g", b"path", b"text", b"use", b"clipPath", b"rect"))
PROLOGUE = re.compile(rb"<\?xml [^<>]*\?>\s*<!DOCTYPE svg [^<>\[]*>")
NAME, TAG = re.compile(rb"</?([^\s/>]*)"), re.compile(rb"<[^<>]*>")
OUTWARD = re.compile(rb"""\bon\w+\s*=|href\s*=\s*["']?(?!["']?\#)|url\(\s*(?!\#)|@import""", re.IGNORECASE)


def is_plain(svg: bytes) -> bool:
    """Whether it has elements that draw alone, and points to nothing outside of itself; an empty one is."""
    shown = DESCRIPTION.sub(b"", svg)  # as the page leaves it out
    inside = PROLOGUE.sub(b"", shown.replace(RULE, b" "), count=1)
    between = TAG.sub(b"", inside)
    if b"<" in between or b">" in between or not ELEMENTS.issuperset(NAME.findall(inside)):
        return False
    return not OUTWARD.search(inside) or not any(map(OUTWARD.search, TAG.findall(inside)))  # a label may read like one
