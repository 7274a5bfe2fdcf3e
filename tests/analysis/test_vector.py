"""A figure inside a page: ids of its own, colours of the page, and labels as they are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from synthetic_results import Sweep

from analysis.drawing.canvas import ALERT, FAINT, INK, RULE
from analysis.drawing.heat_map import EMPTY
from analysis.figures import drawings, render
from analysis.load import load
from analysis.web.vector import inline

TRAP = 'id="a" href="#b" url(#c)'


def embedded(sweep: Sweep, name: str = "mine", kind: str = "difference_from_random") -> str:
    drawing = next(each for each in drawings(load(sweep.root)) if each.kind.name == kind)
    return inline(render(drawing, "svg").decode(), name, "what it shows")


def test_every_reference_is_answered_inside_the_figure(two_arms: Sweep) -> None:
    element = embedded(two_arms)
    ids = set(re.findall(r'\sid="([^"]*)"', element))
    wanted = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', element)
    assert wanted
    assert {one or other for one, other in wanted} <= ids


def test_two_figures_of_one_page_share_no_id(two_arms: Sweep) -> None:
    one, other = (set(re.findall(r'\sid="([^"]*)"', embedded(two_arms, name))) for name in ("a", "b"))
    assert one
    assert not one & other


def test_a_label_that_reads_like_a_reference_is_shown_as_it_is(two_arms: Sweep) -> None:
    two_arms.arm(TRAP, lambda seed: [0.5, 0.6, 0.7])
    root = ElementTree.fromstring(embedded(two_arms))
    assert TRAP in {"".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")}


def test_letters_and_rules_take_the_colours_of_the_page(two_arms: Sweep) -> None:
    two_arms.arm("badge", lambda seed: [0.5, 0.6])  # unfinished, so that the figure has a warning
    element = embedded(two_arms)
    assert all(f"var(--{name})" in element for name in ("ink", "faint", "rule", "alert"))
    assert not any(colour.lower() in element for colour in (INK, FAINT, RULE, ALERT))


def test_the_figure_has_no_background_and_a_description(two_arms: Sweep) -> None:
    element = embedded(two_arms)
    assert 'aria-label="what it shows"' in element
    assert 'role="img"' in element
    assert not re.search(r'<g id="mine-patch_1">\s*<path[^>]*fill: #ffffff', element)


def test_cells_without_a_value_are_painted_so_that_their_letters_read_on_a_dark_page(two_arms: Sweep) -> None:
    assert embedded(two_arms, kind="overlap").count(f"fill: {EMPTY.lower()}") == 2  # the diagonal


def test_letters_are_text_that_can_be_searched(two_arms: Sweep) -> None:
    assert ">margin</text>" in embedded(two_arms)
