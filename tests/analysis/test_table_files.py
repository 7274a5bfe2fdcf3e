"""A table as CSV, LaTeX and Markdown: nothing lost, nothing that breaks the format."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
import subprocess
from pathlib import Path

from support import needed

from analysis.table import Cell, Table
from analysis.table_files import as_csv, as_latex, as_markdown, latex, markdown, write_tables

NASTY = r"a_b & 100 % $x$ #1 {y} ~ ^ \end | <script> [z] −1 ± 2"
TABLE = Table(
    name="fig--accuracy",
    title="Accuracy · fig",
    headings=("arm", "n", "AUBC\n%"),
    rows=(
        (Cell("random"), Cell("3", 3), Cell("70.1 [69, 71]", 70.123456789, 69.0, 71.5, 3)),
        (Cell(NASTY), Cell("1/3", 1), Cell("60.0 (1 seed)", 60.0, math.nan, math.nan, 1)),
        (Cell('a "quoted", name'), Cell("0/3", 0), Cell("no complete seed", math.nan, math.nan, math.nan, 0)),
    ),
    remarks=(f"Beware of {NASTY}.",),
)


def read(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(table))))


def test_the_csv_has_every_number_in_full_with_its_interval_and_n() -> None:
    first, one_seed, none = read(TABLE)
    assert float(first["AUBC %"]) == 70.123456789
    assert (first["AUBC % low"], first["AUBC % high"], first["AUBC % n"]) == ("69.0", "71.5", "3")
    assert (one_seed["AUBC % low"], one_seed["AUBC % n"]) == ("", "1")
    assert (none["AUBC %"], none["n"]) == ("", "0")


def test_the_csv_keeps_texts_as_they_are() -> None:
    assert [row["arm"] for row in read(TABLE)] == ["random", NASTY, 'a "quoted", name']
    assert list(read(TABLE)[0]) == ["arm", "n", "AUBC %", "AUBC % low", "AUBC % high", "AUBC % n"]


def test_an_interval_that_only_some_cells_have_is_not_lost() -> None:
    rows = ((Cell("a"), Cell("> 40")), (Cell("b"), Cell("20 [10, > 40]", 20.0, 10.0)))
    censored, known = read(Table("x", "x", ("arm", "labels"), rows))
    assert censored == {"arm": "a", "labels": "> 40", "labels low": ""}
    assert known == {"arm": "b", "labels": "20.0", "labels low": "10.0"}


def test_a_table_without_rows_has_its_headings() -> None:
    empty = Table("x", "x", ("a", "b"), ())
    assert as_csv(empty) == "a,b\n"
    assert as_markdown(empty).count("|") == 6
    assert r"\midrule" in as_latex(empty)


def test_every_special_character_is_escaped_in_latex() -> None:
    told = latex(NASTY)
    assert r"a\_b \& 100 \% \$x\$ \#1 \{y\}" in told
    assert r"\textbackslash{}end" in told
    assert "$-$1 $\\pm$ 2" in told
    assert told.isascii()


def test_latex_columns_are_as_many_as_headings_and_numbers_stand_right() -> None:
    told = as_latex(TABLE)
    assert r"\begin{tabular}{lrr}" in told
    body = told[told.index(r"\toprule") : told.index(r"\bottomrule")]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 4
    assert all(len(re.findall(r"(?<!\\)&", row)) == 2 for row in rows)


def test_a_heading_of_two_lines_stays_in_its_row() -> None:
    assert r"AUBC \%" in as_latex(TABLE)
    assert "| AUBC % |" in as_markdown(TABLE)


def test_latex_compiles(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        needed("latex", "pdflatex is not installed")
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{as_latex(TABLE)}\end{{document}}"
    (tmp_path / "table.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_markdown_row_has_its_cells_whatever_they_hold() -> None:
    rows = [line for line in as_markdown(TABLE).splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    assert "<script" not in as_markdown(TABLE)
    assert rows[1] == "| :-- | --: | --: |"


def test_remarks_stand_under_the_table_in_both() -> None:
    assert as_markdown(TABLE).rstrip().splitlines()[-1].startswith("- Beware")
    assert as_latex(TABLE).index("Beware") > as_latex(TABLE).index(r"\end{tabular}")


def test_every_table_is_written_in_three_formats_under_a_safe_name(tmp_path: Path) -> None:
    hostile = Table("../../etc/x y", "x", ("a",), ())
    written = write_tables(tmp_path / "tables", [TABLE, hostile])
    assert len(written) == 6
    assert {path.parent for path in written} == {tmp_path / "tables"}
    assert {path.name for path in written[:3]} == {f"fig--accuracy.{ending}" for ending in ("csv", "tex", "md")}
    assert all(path.is_file() for path in written)


def test_latex_keeps_hyphens_apart_and_knows_greek() -> None:
    assert latex("*λ a--b---c") == r"{*}$\lambda$ a-{}-b-{}-{}-c"


def test_markdown_has_no_formulas_strikes_or_entities() -> None:
    assert markdown("& $y$ ~z~ &lt;b") == r"&amp; \$y\$ \~z\~ &amp;lt;b"
