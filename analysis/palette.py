"""One fixed look per strategy label, the same in every figure of every sweep.

The main colours are of Okabe and Ito 2008, told apart with any common colour blindness; violet, brown and olive are
added to them. All are mid-tones that read on white and on black. Because colours run out before strategies do, a look
is a colour with a marker and dashes, and the last two alone tell the usual rivals apart in print without colour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

Dashes = Literal["-", "--", ":", "-."]


@dataclass(frozen=True)
class Style:
    """How one arm is drawn; `marker` and `dashes` in matplotlib's notation, a `hollow` marker is an outline."""

    colour: str
    marker: str
    dashes: Dashes = "-"
    hollow: bool = False


BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
RED, PINK, GREY = "#D55E00", "#CC79A7", "#808080"
VIOLET, BROWN, OLIVE = "#8C6BD1", "#A0692B", "#8F9A27"
BASELINES = {
    "random": Style(GREY, ""),
    "margin": Style(RED, "s"),
    "entropy": Style(ORANGE, "^"),
    "badge": Style(GREEN, "D"),
    "ll4al": Style(PINK, "v"),
    "coreset": Style(SKY, "P"),
    "least-confidence": Style(BROWN, "<"),
    "bald": Style(VIOLET, "X"),
    "batch-bald": Style(VIOLET, "d", ":"),
    "typiclust": Style(OLIVE, "p"),
    "probcover": Style(OLIVE, "h", "--"),
    "maxherding": Style(BROWN, "*", "--"),
    "uherding": Style(SKY, "d", "--"),
    "bait": Style(PINK, ">", "--"),
    "bait-binary": Style(PINK, "<", ":"),
    "expected-gradient-length": Style(GREEN, "^", "--"),
    "cluster-margin": Style(RED, "d"),
    "dropquery": Style(BROWN, "P", "--"),
    "stochastic-batch": Style(OLIVE, "X", "--"),
    "greedy-oracle": Style(GREY, "*", ":"),
}
LOOK_AHEAD = {
    "lookahead": Style(BLUE, "*"),
    "mlmoc-entk": Style(BLUE, "o"),
    "mlmoc-entk-plain": Style(BLUE, "^", ":"),
    "mlmoc-infinite": Style(ORANGE, "D", "--"),
    "mlmoc-onestep": Style(GREEN, "s", "--"),
    "mlmoc-naive": Style(RED, "v", "--"),
    "mlmoc-exact": Style(VIOLET, "o", "--"),
    "mlmoc-laplace": Style(PINK, "h", "--"),
    "emoc-entk": Style(VIOLET, "P", ":"),
    "emoc-infinite": Style(BROWN, "D", ":"),
    "emoc-onestep": Style(OLIVE, "s", ":"),
    "emoc-naive": Style(ORANGE, "v", ":"),
    "emoc-exact": Style(SKY, "o", ":"),
    "emoc-laplace": Style(BLUE, "h", ":"),
    "eer-entk": Style(GREEN, "X"),
    "eer-infinite": Style(PINK, "D"),
    "eer-onestep": Style(SKY, "s"),
    "eer-naive": Style(BROWN, "v"),
    "eer-exact": Style(GREEN, "o"),
    "eer-laplace": Style(ORANGE, "h"),
    "margin-entk": Style(RED, ">", "--"),
    "margin-exact": Style(RED, "p", ":"),
    "entropy-entk": Style(ORANGE, "<", "--"),
    "entropy-exact": Style(ORANGE, "p", ":"),
}
KNOWN = BASELINES | LOOK_AHEAD
SPARE = [
    Style(colour, marker, "-.")
    for colour, marker in product((SKY, VIOLET, OLIVE, BROWN, PINK, GREEN, ORANGE, RED, BLUE), "oshv^DX")
]
RAMP = ("#56B4E9", "#2E8BC0", "#0072B2", "#5B5FA8", "#8C6BD1", "#A84B85", "#D55E00", "#E69F00")
RAMP_MARKERS = "os^Dv<Pp"
OTHERS: tuple[Dashes, ...] = ("--", ":", "-.", "-")
FURTHER = "x+1234|_"  # strokes, which are seen as well where markers are outlined


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


def variants(style: Style, count: int) -> list[Style]:
    """Looks of one arm under `count` settings: its own, then its colour with an outlined marker and other dashes.

    Where dashes run out, markers that no arm has by itself take the place of its own.
    """
    dashes = [each for each in OTHERS if each != style.dashes]
    looks = product((style.marker, *FURTHER), dashes)
    others = [replace(style, marker=marker, dashes=each, hollow=True) for marker, each in looks]
    return [style, *(others[i % len(others)] for i in range(count - 1))]


def ramp(count: int) -> list[Style]:
    """Looks of `count` values of a setting, in order: from sky blue by violet to orange, each with its marker."""
    places = [round(i * (len(RAMP) - 1) / max(count - 1, 1)) for i in range(count)]
    return [Style(RAMP[place], RAMP_MARKERS[i % len(RAMP_MARKERS)]) for i, place in enumerate(places)]


def _spare(label: str) -> list[Style]:
    """The spare looks in the order in which a label wants them."""
    first = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8]) % len(SPARE)
    return SPARE[first:] + SPARE[:first]


def _key(label: str) -> str:
    return label.strip().lower().replace("_", "-").replace(" ", "-")
