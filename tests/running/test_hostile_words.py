"""Whatever a stranger's results folder says comes out as text: on the terminal, in the page, in tables, in paths."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile_folder import cell_of, change, copy, make, planned, readers, results_of, run_here

from bench import drive
from bench.files import sha256, write_json
from bench.record import read_rows

COMMANDS = tuple(readers(Path()))
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m"
MARKUP = "[/red][bold]x[link=here]"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
NAMING = ("stats", "stats as JSON", "compare", "status", "push", "verify", "retry")  # they print what arms are called
FORMULA = '=cmd("x")'
LATEX = r"\input{secret}$\frac{$"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver looks often, so that a sweep of nothing costs no half second."""
    monkeypatch.setattr(drive, "POLL", 0.01)


@pytest.fixture(scope="module")
def believable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("words") / "believable")


@pytest.fixture
def folder(believable: Path, tmp_path: Path) -> Path:
    return copy(believable, tmp_path / "copy")


def say(folder: Path, words: str) -> None:
    """Write words into every text of the folder that is not a key to something else."""
    results = results_of(folder)
    write_json(results / "plan.json", _said_in_plan(planned(folder), words))
    for cell in sorted((results / "cells").iterdir()):
        change(cell / "cell.json", lambda record: record["strategy"].update(name=words))
        change(cell / "attempts.jsonl", lambda attempt: _said_of_environment(attempt["environment"], words))
        change(cell / "rows.jsonl", lambda row: row["result"]["notes"].update({words: 1.0}))
        change(cell / "rows.jsonl", lambda row: row["measured"]["seconds"].update({words: 1.0}))
    failed = cell_of(folder, words + "entropy", seed=1)
    told = dict.fromkeys(("message", "trace", "log", "host", "device"), words)
    change(failed / "failure.json", lambda failure: failure.update(told))
    status = {"cell": cell_of(folder, words + "margin", seed=1).name, "doing": words, "share": 0.5, "pid": 1}
    write_json(results / "launches/20200101-000000-abcdef/slot0/status.json", status | {"time": words})


def _said_in_plan(plan: dict[str, Any], words: str) -> dict[str, Any]:
    plan |= {"source": words, "commit": words}
    for experiment in plan["experiments"].values():
        experiment["title"] = words
        for arm in experiment["arms"]:
            arm |= {"label": words + arm["label"], "dataset": words, "learner": words, "group": words + arm["group"]}
            arm["strategy"] = arm["strategy"] if arm["strategy"] == "random" else words
            arm["parameters"] = {words: words}
        refused = {"label": "refused", "refused": words, "cells": {}}
        experiment["arms"].append({**arm, **refused})
    (claim,) = plan["claims"].values()
    claim |= {"better": words + claim["better"], "than": words + claim["than"], "group": words}
    claim |= {"than_group": words}
    plan["claims"] = {words: claim}
    return plan


def _said_of_environment(environment: dict[str, Any], words: str) -> None:
    environment |= dict.fromkeys(("host", "device", "commit", "processor", "python"), words)
    environment["packages"] = {"torch": words}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_control_character_reaches_the_terminal_by(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    say(folder, ESCAPE)
    capsys.readouterr()
    assert run_here(readers(folder)[name]) in (0, 1, 2)
    said = capsys.readouterr()
    assert not CONTROL.search(said.out + said.err)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_looks_like_markup_is_printed_as_it_is_by(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    say(folder, MARKUP)
    capsys.readouterr()
    refused = name in ("verify", "retry")  # which go on with a sweep, but not with cells of another strategy
    assert run_here(readers(folder)[name]) in ((2,) if refused else (0, 1))
    said = capsys.readouterr()
    assert MARKUP in said.out + said.err or name not in (*NAMING, "verify", "retry")


class Page(HTMLParser):
    """The elements of a page, and what it would run or fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts = 0
        self.active: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.active += [(tag, name, value) for name, value in attributes if _active(tag, name, value or "")]


def _active(tag: str, name: str, value: str) -> bool:
    points = name in ("src", "href", "xlink:href", "action", "data") and not value.startswith(("#", "data:"))
    return name.startswith("on") or points or tag in ("img", "iframe", "object", "embed", "form", "base")


@pytest.mark.slow
def test_the_page_shows_tags_as_text(folder: Path) -> None:
    say(folder, SCRIPT)
    assert run_here(readers(folder)["report"]) == 0
    text = (results_of(folder) / "report.html").read_text()
    page = Page(text)
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 50
    assert page.scripts == 1
    assert not page.active


DRAWINGS = {
    "an element": b"<script>alert(1)</script>",
    "a handler": b'<g onload="alert(1)"></g>',
    "a handler behind a quoted bracket": b'<g a=">" onload="alert(1)"></g>',
    "a description with an element": b"<metadata><script>alert(1)</script></metadata>",
    "an element behind half a description": b'<meta<style type="text/css">*{stroke-linejoin: round; '
    b"stroke-linecap: butt}</style>data><script>alert(1)</script></metadata>",
    "a handler cut in two by a description": b'<g on<metadata></metadata>load="alert(1)"></g>',
    "a handler cut in two by a remark": b'<g on<!-- -->load="alert(1)"></g>',
    "an image from elsewhere": b'<image href="http://example.org/x.png"/>',
    "a link": b'<a href="javascript:alert(1)"><text>x</text></a>',
    "a foreign object": b"<foreignObject><img src='x' onerror='alert(1)'/></foreignObject>",
}


@pytest.fixture(scope="module")
def reported(believable: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after a report: its figures are kept, with the hashes by which they are known again."""
    folder = copy(believable, tmp_path_factory.mktemp("reported") / "copy")
    assert run_here(readers(folder)["report"]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS)
def test_a_kept_figure_brings_nothing_into_the_page_but(reported: Path, tmp_path: Path, drawing: bytes) -> None:
    import hashlib

    folder = copy(reported, tmp_path / "copy")
    figures = results_of(folder) / "figures"
    index = json.loads((figures / "index.json").read_text())
    for stem, entry in index.items():
        file = figures / f"{stem}.svg"
        file.write_bytes(file.read_bytes().replace(b"</svg>", drawing + b"</svg>"))
        entry["svg"] = hashlib.sha256(file.read_bytes()).hexdigest()
    write_json(figures / "index.json", index)
    assert run_here(readers(folder)["report"]) == 0
    page = Page((results_of(folder) / "report.html").read_text())
    assert page.scripts == 1
    assert not page.active


def fields(folder: Path) -> Iterator[str]:
    for file in [*results_of(folder).glob("tables/*.csv"), *results_of(folder).glob("figures/*.csv")]:
        with file.open(newline="") as opened:
            yield from (field for line in csv.reader(opened) for field in line)


@pytest.mark.slow
def test_no_spreadsheet_takes_a_field_for_a_formula(folder: Path) -> None:
    say(folder, FORMULA)
    assert run_here(readers(folder)["stats"]) == 0
    assert run_here(readers(folder)["figures"]) == 0
    found = list(fields(folder))
    assert any(FORMULA in field for field in found)
    assert not [field for field in found if field.startswith(("=", "@"))]


@pytest.mark.slow
def test_tables_and_figures_hold_no_command_of_latex(folder: Path) -> None:
    """Mathematics that matplotlib could not set is a label like any other."""
    say(folder, LATEX)
    assert run_here(readers(folder)["stats"]) == 0
    assert run_here(readers(folder)["figures"]) == 0
    tables = [file.read_text() for file in results_of(folder).glob("tables/*.tex")]
    assert tables
    assert not [text for text in tables if r"\input" in text or r"\frac" in text]


ELSEWHERE = ("../../../outside", "{outside}", "../cells/../../../outside", "..", ".", "", "a/b", "a\x00b", "x" * 300)


@pytest.mark.parametrize("identifier", ELSEWHERE)
@pytest.mark.parametrize("name", [*COMMANDS[:5], "pack", "merge", "push", "workspace", "prune"])
def test_a_plan_leads_nobody_out_of_its_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, identifier: str
) -> None:
    outside = shutil.copytree(cell_of(folder, "margin"), tmp_path / "outside")
    change(outside / "cell.json", lambda record: record.update(password="a secret"))
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    named = identifier.format(outside=outside)
    change(
        results_of(folder) / "plan.json", lambda p: p["experiments"]["first"]["arms"][1]["cells"].update({"0": named})
    )
    capsys.readouterr()
    assert run_here(readers(folder)[name]) == 2
    assert "wanted" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    assert not [path for path in folder.rglob("*") if path.is_file() and b"a secret" in path.read_bytes()]


@pytest.mark.parametrize("sweep", ["../../owned", "/tmp/owned", "..", "a/b", "", "*", "a\x1b[2Jb"])
@pytest.mark.parametrize("name", ["stats", "pack", "merge", "push", "workspace"])
def test_a_sweep_is_not_named_like_a_path(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, sweep: str
) -> None:
    change(results_of(folder) / "plan.json", lambda plan: plan.update(name=sweep))
    capsys.readouterr()
    assert run_here(readers(folder)[name][:3] if name == "pack" else readers(folder)[name]) == 2
    assert "wanted" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"copy"}


def test_merging_writes_nowhere_but_into_its_folder(believable: Path, tmp_path: Path) -> None:
    """A path that stays within a deep folder where it comes from may lead out of a shallow one where it goes to."""
    folder = copy(believable, tmp_path / "a/b/c/copy")
    cell, name = cell_of(folder, "margin"), f"arrays/{'../' * 6}owned"
    (tmp_path / "a/b/c/owned").write_text("a command that starts with the shell")
    change(cell / "rows.jsonl", lambda row: row["files"].update({name: sha256(tmp_path / "a/b/c/owned")}))
    run_here(["bench.archive", "merge", str(results_of(folder)), "--into", str(tmp_path / "into")])
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["arrays/../../../x", "/etc/passwd", "cell.json", "arrays/a\x1b[2Jb.npz", ""])
def test_a_row_that_vouches_for_anything_but_arrays_and_weights_is_damaged(folder: Path, name: str) -> None:
    cell = cell_of(folder, "margin")
    change(cell / "rows.jsonl", lambda row: row["files"].update({name: "0"}), line=1)
    assert [row["cycle"] for row in read_rows(cell)] == [0]
