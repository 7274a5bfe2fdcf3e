"""The report in a real browser: at a desk's and a phone's width, in light and dark, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser
from synthetic_results import Sweep

from analysis.report import main

HOSTILE = "<script>alert(1)</script>"
WIDTHS = [1280, 390]
TABLE = 'document.querySelector("table.sortable")'
HEADING = f"{TABLE}.tHead.rows[0].cells[1]"

pytestmark = pytest.mark.slow


@pytest.fixture
def tab(chromium: str, tmp_path: Path) -> Iterator[Browser]:
    with browser(chromium, tmp_path / "profile") as opened:
        yield opened


@pytest.fixture
def page(two_arms: Sweep) -> Path:
    """A report on three arms, one of them named to do harm, in an experiment with a group of its own."""
    two_arms.arm(HOSTILE, lambda seed: [0.5, 0.64 + 0.01 * seed, 0.72])
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7 + 0.01 * seed], experiment="other", group=HOSTILE)
    two_arms.arm("margin", lambda seed: [0.5, 0.6 + 0.01 * seed, 0.8], experiment="other", group=HOSTILE)
    return report_of(two_arms)


def report_of(sweep: Sweep) -> Path:
    assert main([str(sweep.root)]) == 0
    return sweep.root / "report.html"


def column(tab: Browser, number: int, what: str = "textContent") -> list[Any]:
    """A column of the page's first table as it stands."""
    found: list[Any] = tab.ask(f"[...{TABLE}.tBodies[0].rows].map((row) => row.cells[{number}].{what})")
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_it_opens_without_a_word_on_the_console(tab: Browser, page: Path, width: int, dark: bool) -> None:
    tab.open(page, width, dark)
    tab.ask('for (const each of document.querySelectorAll("details")) each.open = true')
    assert tab.said == []
    assert tab.ask("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_but_tables_and_figures_in_their_boxes_is_wider_than_the_window(
    tab: Browser, page: Path, width: int
) -> None:
    tab.open(page, width)
    tab.ask('for (const each of document.querySelectorAll("details")) each.open = true')
    wide = (
        '[...document.querySelectorAll("body *")].filter((each) => !each.closest(".scroll") && '
        "each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 200))"
    )
    assert tab.ask(wide) == []


def test_whatever_scrolls_in_its_box_can_be_reached_by_keyboard(tab: Browser, page: Path) -> None:
    tab.open(page, 390)
    tab.ask('for (const each of document.querySelectorAll("details")) each.open = true')
    scrolling = '[...document.querySelectorAll("body *")].filter((each) => each.scrollWidth > each.clientWidth + 1 && '
    scrolling += '["auto", "scroll"].includes(getComputedStyle(each).overflowX))'
    assert tab.ask(f'{scrolling}.filter((each) => each.closest("figure")).length') > 1
    assert tab.ask(f"{scrolling}.filter((each) => each.tabIndex < 0).map((each) => each.outerHTML.slice(0, 200))") == []


def test_every_figure_and_table_has_a_size(tab: Browser, page: Path) -> None:
    tab.open(page, 390)
    tab.ask('for (const each of document.querySelectorAll("details")) each.open = true')
    sizes = '[...document.querySelectorAll("{0}")].map((each) => each.getBoundingClientRect().height)'
    for what, fewest in (("figure svg", 4), ("table", 4)):
        found = tab.ask(sizes.format(what))
        assert len(found) >= fewest
        assert min(found) > 30


def test_a_harmful_name_shows_as_text_and_runs_nowhere(tab: Browser, page: Path) -> None:
    tab.open(page, 1280)
    assert tab.ask("document.scripts.length") == 1
    assert HOSTILE in column(tab, 0)
    assert HOSTILE in tab.ask('document.querySelector("details.group > summary").textContent')
    assert "Page.javascriptDialogOpening" not in tab.events


def test_a_script_that_was_smuggled_in_is_stopped_by_the_policy(tab: Browser, page: Path) -> None:
    text = page.read_text()
    page.write_text(text.replace("</main>", "<script>document.title = 'taken'</script></main>"))
    tab.open(page, 1280)
    assert tab.ask("document.title") != "taken"
    assert any("Content Security Policy" in line for line in tab.said)


def test_a_click_on_a_heading_sorts_by_value_then_back_then_as_it_was(tab: Browser, two_arms: Sweep) -> None:
    for label, last in (("badge", 0.08), ("coreset", 0.9)):
        two_arms.arm(label, lambda seed, last=last: [0.01, 0.02, last + 0.001 * seed])  # type: ignore[misc]
    tab.open(report_of(two_arms), 1280)
    numeric = tab.ask(f'{HEADING}.parentNode.querySelectorAll("th.number").length') > 0
    assert numeric
    at = tab.ask(f'[...{HEADING}.parentNode.cells].findLastIndex((cell) => cell.className === "number")')
    made = column(tab, 0)
    heading = f"{HEADING}.parentNode.cells[{at}]"
    orders = []
    for _ in range(3):
        tab.ask(f"{heading}.scrollIntoView()")
        box = tab.ask(f'{heading}.querySelector("button").getBoundingClientRect().toJSON()')
        tab.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        values = [float(value) for value in column(tab, at, "dataset.value") if value is not None]
        orders.append((tab.ask(f'{heading}.getAttribute("aria-sort")'), values, column(tab, 0)))
    (first, rising, _), (second, falling, _), (third, _, again) = orders
    assert (first, second, third) == ("ascending", "descending", None)
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    assert again == made


def test_rows_without_a_value_stand_last_in_both_orders(tab: Browser, page: Path) -> None:
    tab.open(page, 1280)
    tab.ask(
        f"const cells = [...{TABLE}.tBodies[0].rows].map((row) => row.cells[1]);"
        "cells.forEach((cell, at) => { cell.dataset.value = at; }); delete cells[1].dataset.value; true"
    )
    name = column(tab, 0)[1]
    for _ in range(2):
        tab.ask(f'{HEADING}.querySelector("button").click()')
        assert column(tab, 0)[-1] == name


def test_a_heading_is_reached_and_sorts_by_the_keyboard(tab: Browser, page: Path) -> None:
    tab.open(page, 1280)
    tab.ask(f"{TABLE}.querySelector('th button').focus()")
    tab.press("Enter")
    assert tab.ask(f"{TABLE}.querySelector('th').getAttribute('aria-sort')") == "ascending"
    assert column(tab, 0) == sorted(column(tab, 0), key=str.lower)


def test_the_page_is_whole_without_its_script(tab: Browser, page: Path) -> None:
    text = page.read_text()
    page.with_name("still.html").write_text(text[: text.index("<script>")] + text[text.index("</script>") + 9 :])
    tab.open(page, 1280)
    scripted = tab.ask("document.body.innerText.replace(/\\s+/g, '')")
    tab.open(page.with_name("still.html"), 1280)
    assert tab.ask("document.body.innerText.replace(/\\s+/g, '')") == scripted
    assert tab.ask('document.querySelectorAll("th button").length') == 0


def test_the_figures_take_the_colours_of_the_theme(tab: Browser, page: Path) -> None:
    letters = 'getComputedStyle(document.querySelector("figure svg text")).fill'
    tab.open(page, 1280)
    light = tab.ask(letters)
    tab.open(page, 1280, dark=True)
    assert tab.ask(letters) != light
