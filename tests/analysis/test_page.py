"""What is given as text shows as text, and a table is one that a screen reader and a script can read."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from urllib.parse import unquote

import pytest

from analysis.table import Cell, Table
from analysis.web import page
from analysis.web.page import page as document
from analysis.web.sorting import SCRIPT

HOSTILE = "<script>alert('1')</script>\"&"
TABLE = Table(
    "numbers",
    "Numbers",
    ("arm", "points\nof all"),
    ((Cell("a"), Cell("1.2 [0.1, 2.3]", 1.234)), (Cell("b"), Cell("–", math.nan)), (Cell("c"), Cell("none"))),
    ("a remark",),
)


@pytest.mark.parametrize(
    "made",
    [
        page.text("p", HOSTILE),
        page.items([HOSTILE]),
        page.link(HOSTILE, HOSTILE),
        page.details(HOSTILE, [], name=HOSTILE),
        page.box("div", [], name=HOSTILE),
        page.download(HOSTILE, HOSTILE),
        page.table(Table(HOSTILE, HOSTILE, (HOSTILE, HOSTILE), ((Cell(HOSTILE), Cell(HOSTILE)),), (HOSTILE,))),
    ],
)
def test_every_text_and_name_is_escaped(made: str) -> None:
    assert "script" in made
    assert "<script" not in made
    assert not re.search(r"=\"[^\"]*['&](?!#x27;|lt;|gt;|quot;|amp;|#)", made)


def test_the_policy_names_the_only_script_by_its_hash() -> None:
    text = document("title", [])
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert script == SCRIPT
    assert f"script-src 'sha256-{digest}';" in text
    assert "default-src 'none'" in text


def test_a_table_has_a_caption_and_scopes_for_its_headings() -> None:
    made = page.table(TABLE)
    assert "<caption>Numbers</caption>" in made
    assert made.count('scope="col"') == 2
    assert made.count('scope="row"') == 3
    assert 'id="table-numbers"' in made


def test_only_a_column_of_numbers_stands_to_the_right_with_its_heading() -> None:
    made = page.table(TABLE)
    assert '<th scope="col">arm</th><th scope="col" class="number">points<br>of all</th>' in made
    assert '<th scope="row">a</th><td class="number" data-value="1.234">1.2 [0.1, 2.3]</td>' in made


def test_a_cell_without_a_number_has_no_value_to_sort_by() -> None:
    made = page.table(TABLE)
    assert '<td class="number">–</td>' in made
    assert '<td class="number">none</td>' in made
    assert "nan" not in made


def test_remarks_stand_under_their_table() -> None:
    assert page.table(TABLE).endswith('<ul class="small">\n<li>a remark</li>\n</ul>\n')


def test_a_table_without_rows_is_not_there() -> None:
    assert page.table(Table("none", "None", ("arm",), ())) == ""


def test_a_file_in_a_link_is_the_file() -> None:
    content = 'label,mean\n"a, b",1.5\n−;#%?&,2\n'
    made = page.download("a.csv", content)
    (link,) = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', made)
    assert unquote(link) == content
    assert 'download="a.csv"' in made
