"""Colours of cells: explained below the matrix, told apart in grey print, and dark letters read on all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from every_kind import written
from matplotlib.colors import to_rgb

from analysis.drawing import p_values, queried_classes
from analysis.drawing.canvas import Caption
from analysis.drawing.heat_map import AROUND, EMPTY, ON_COLOUR, RISING
from analysis.palette import styles

ARMS = ("random", "margin", "badge")
CAPTION = Caption("title", "stamp", {name: name for name in ARMS}, styles(ARMS))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    channels = np.array(to_rgb(colour))  # (3,)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colour", [*RISING, *AROUND, EMPTY])
def test_letters_read_on_every_cell(colour: str) -> None:
    assert (luminance(colour) + 0.05) / (luminance(ON_COLOUR) + 0.05) >= 4.5  # WCAG 2.1, 1.4.3


def test_the_ends_around_a_middle_differ_in_grey_print() -> None:
    low, middle, high = (luminance(colour) for colour in AROUND)
    assert high + 0.2 < low < middle - 0.2


@pytest.mark.parametrize("classes", [10, 100])
def test_the_colours_of_classes_are_explained(classes: int) -> None:
    rows = [(arm, number, 100 / classes, 100 / classes, 0.0, 3) for arm in ARMS for number in range(classes)]
    shown = " ".join(written(queried_classes.draw(pd.DataFrame(rows, columns=queried_classes.COLUMNS), CAPTION)))
    told = " ".join(shown.split())
    assert "Orange: fewer than balanced; blue, the darker end: more." in told


def test_the_shades_of_p_values_are_explained_with_the_levels_at_which_they_change() -> None:
    rows = [(one, other, 1.0, 0.02, 0.04, 4, 1.2e-5) for one in ARMS for other in ARMS if one != other]
    shown = " ".join(written(p_values.draw(pd.DataFrame(rows, columns=p_values.COLUMNS), CAPTION)))
    told = " ".join(shown.split())
    assert "Shade, from light to dark: p ≥ 0.05, < 0.05, < 0.01, < 0.001." in told
    assert "Friedman’s test of all of them: p = 1.2e-05." in told
    darkness = [p_values._darkness(p) for p in (0.05, 0.049, 0.0099, 0.00099)]
    assert darkness == sorted(set(darkness))
