"""An svg out of a results folder goes into a page only where it is nothing but a drawing."""

from __future__ import annotations

import pytest
from synthetic_results import Sweep

from analysis.drawing.plain import is_plain
from analysis.figures import drawings, render
from analysis.load import load

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><g id="a"><path d="M 0 0" style="fill: #fff"/></g>%b</svg>'


def test_what_we_draw_is_plain(two_arms: Sweep) -> None:
    two_arms.arm('onload="x" <script> href="y" url(z)', lambda seed: [0.5, 0.6, 0.7])
    assert all(is_plain(render(drawing, "svg")) for drawing in drawings(load(two_arms.root)))


def test_a_plain_one_is_taken() -> None:
    assert is_plain(SVG % b'<use xlink:href="#a"/><rect clip-path="url(#a)"/><text>a &lt; b</text>')


@pytest.mark.parametrize(
    "inside",
    [
        b"<script>alert(1)</script>",
        b"<SCRIPT>alert(1)</SCRIPT>",
        b'<script src="x"/>',
        b"<style>main { display: none }</style>",
        b'<style type="text/css">@import "http://x";</style>',
        b"<foreignObject><p>believe me</p></foreignObject>",
        b"</svg><p>believe me</p><svg>",
        b'<a href="http://x"><text>x</text></a>',
        b'<image href="http://x"/>',
        b'<g onclick="alert(1)"/>',
        b'<g\nonclick = "alert(1)"/>',
        b'<g/onclick="alert(1)"/>',
        b'<use xlink:href="http://x#a"/>',
        b"<use href=http://x#a />",
        b'<path style="fill: url(http://x#a)"/>',
        b"<path style=\"fill: url('http://x#a')\"/>",
        b"<!-- <svg> --><metadata></metadata><metadata><script/>",
        b"<svg:script>alert(1)</svg:script>",
        b"<?xml-stylesheet href='http://x'?>",
        b"<g id='>'><script/></g>",
        b"<g",
        b'<g id=">" onclick="alert(1)"/>',
    ],
)
def test_anything_else_is_not(inside: bytes) -> None:
    assert not is_plain(SVG % inside)


def test_an_entity_of_its_own_is_not() -> None:
    assert not is_plain(b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG % b"")
