"""A compacted drawing is the same drawing, and says the same."""

from __future__ import annotations

import re

from analysis.drawing.compact import compact

SVG = """<svg viewBox="0 0 460.812345 3" xmlns="http://www.w3.org/2000/svg">
 <g id="a.12345">
  <path d="M 1.234567 -0.5
L 2.999999 4
" style="stroke-width: 0.612345"/>
  <use x="10.987654" y="3" transform="scale(0.015625)"/>
  <text x="1.23456">a d="1.23456" 0.98765  a b</text>
 </g>
</svg>"""


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def test_places_are_cut_by_less_than_a_hundredth() -> None:
    before, after = numbers(SVG), numbers(compact(SVG))
    assert len(before) == len(after)
    assert all(abs(a - b) < 0.01 for a, b in zip(before, after, strict=True))
    assert 'd="M 1.23 -0.5 L 2.99 4 "' in compact(SVG)


def test_texts_names_styles_and_scales_stay_as_they_are() -> None:
    made = compact(SVG)
    kept = ('>a d="1.23456" 0.98765  a b</text>', 'id="a.12345"', "width: 0.612345", "scale(0.015625)", "460.812345")
    assert all(part in made for part in kept)


def test_nothing_is_left_to_compact_the_second_time() -> None:
    assert compact(compact(SVG)) == compact(SVG)
    assert len(compact(SVG)) < len(SVG)
