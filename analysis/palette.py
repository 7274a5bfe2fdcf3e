"""One fixed look per strategy label, the same in every figure of every sweep.

The main colours are of Okabe and Ito 2008, told apart with any common colour blindness; violet, brown and olive are
added to them. All are mid-tones that read on white and on black. Because colours run out before strategies do, a look
is a colour with a marker and a line style.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Style:
    """How one arm is drawn; `marker` and `dashes` in matplotlib's notation."""

    colour: str
    marker: str
    dashes: str = "-"


BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
RED, PINK, GREY = "#D55E00", "#CC79A7", "#808080"
VIOLET, BROWN, OLIVE = "#8C6BD1", "#A0692B", "#8F9A27"
KNOWN = {
    "random": Style(GREY, ""),
    "mlmoc-entk": Style(BLUE, "o"),
    "mlmoc-entk-plain": Style(BLUE, "s", "--"),
    "margin": Style(RED, "s"),
    "entropy": Style(ORANGE, "^"),
    "badge": Style(GREEN, "D"),
    "ll4al": Style(PINK, "v"),
    "coreset": Style(SKY, "P"),
    "least-confidence": Style(BROWN, "<"),
    "bald": Style(VIOLET, "X"),
    "batch-bald": Style(VIOLET, "d", "--"),
    "typiclust": Style(OLIVE, "p"),
    "probcover": Style(OLIVE, "h", "--"),
    "maxherding": Style(BROWN, "*", "--"),
    "uherding": Style(SKY, "d", "--"),
    "bait": Style(PINK, ">", "--"),
    "emoc-entk": Style(VIOLET, "P"),
    "eer-entk": Style(GREEN, "X"),
    "mlmoc-infinite": Style(ORANGE, "D", "--"),
    "mlmoc-onestep": Style(GREEN, "s", "--"),
    "mlmoc-naive": Style(RED, "v", "--"),
    "mlmoc-exact": Style(VIOLET, "o", "--"),
}
SPARE = [
    Style(*look) for look in product((SKY, VIOLET, OLIVE, BROWN, PINK, GREEN, ORANGE, RED, BLUE), "oshv^", (":", "-."))
]


def styles(labels: Iterable[str]) -> dict[str, Style]:
    """A look for every label of one figure, no two the same as long as they last.

    A known label has its own. Others get the spare look that a hash of the label points to; where two labels of one
    figure meet there, the later in alphabetical order takes the next free one.
    """
    chosen: dict[str, Style] = {}
    for label in sorted(labels, key=lambda label: (label not in KNOWN, label)):
        own = KNOWN.get(_key(label))
        wanted = _spare(label) if own is None or own in chosen.values() else [own]
        chosen[label] = next((style for style in wanted if style not in chosen.values()), wanted[0])
    return chosen


def _spare(label: str) -> list[Style]:
    """The spare looks in the order in which a label wants them."""
    first = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8]) % len(SPARE)
    return SPARE[first:] + SPARE[:first]


def _key(label: str) -> str:
    return label.strip().lower().replace("_", "-").replace(" ", "-")
