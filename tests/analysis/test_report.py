"""The report is one file that needs nothing else and tells everything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from synthetic_results import Sweep

from analysis.report import main

HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """The tags, ids and attributes of a page, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def made(sweep: Sweep) -> str:
    assert main([str(sweep.root)]) == 0
    return (sweep.root / "report.html").read_text()


def test_a_hostile_label_shows_as_text(two_arms: Sweep) -> None:
    two_arms.experiment("fig", title=HOSTILE)
    badge = two_arms.arm(HOSTILE, lambda seed: [0.5, 0.6], group=HOSTILE)
    two_arms.fail(badge["cells"]["0"], message=HOSTILE)
    two_arms.attempt(badge["cells"]["1"], host=HOSTILE, device=HOSTILE)
    two_arms.arm("eer", refused=HOSTILE, cells={}, group=HOSTILE)
    text = made(two_arms)
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8
    assert "script" not in Page(text).tags


def test_the_page_is_well_formed_and_no_id_is_given_twice(two_arms: Sweep) -> None:
    page = Page(made(two_arms))
    ids = [value for name, value in page.attributes if name == "id"]
    assert page.open == []
    assert len(ids) == len(set(ids))


def test_the_page_needs_nothing_from_outside(two_arms: Sweep) -> None:
    page = Page(made(two_arms))
    links = [value or "" for name, value in page.attributes if name in ("href", "src", "xlink:href")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert not re.search(r"url\((?!#)|@import", (two_arms.root / "report.html").read_text())


def test_every_reference_inside_the_page_is_answered(two_arms: Sweep) -> None:
    text = made(two_arms)
    page = Page(text)
    ids = {value for name, value in page.attributes if name == "id"}
    wanted = {(value or "")[1:] for name, value in page.attributes if name in ("href", "xlink:href")}
    assert wanted | set(re.findall(r"url\(#([^)]*)\)", text)) <= ids


def test_both_figures_of_each_group_are_in_the_page(two_arms: Sweep) -> None:
    assert Page(made(two_arms)).tags.count("svg") == 2


def test_done_cells_are_counted_once_for_experiments_that_share_them(two_arms: Sweep) -> None:
    cells = two_arms.experiments["fig"]["arms"][0]["cells"]
    two_arms.arm("random", experiment="again", cells=cells)
    badge = two_arms.arm("badge", lambda seed: [0.5, 0.6, 0.7][: seed + 1])
    two_arms.fail(badge["cells"]["1"], cycle=2)
    assert "<dd>7 of 9</dd>" in made(two_arms)


def test_missing_failed_and_refused_are_told(two_arms: Sweep) -> None:
    badge = two_arms.arm("badge", lambda seed: [0.5])
    two_arms.fail(badge["cells"]["0"], message="loss is inf")
    two_arms.arm("eer", refused="needs squared loss", cells={})
    text = made(two_arms)
    assert all(words in text for words in ("loss is inf", "needs squared loss", "seeds 1, 2: 1 of 3 cycles"))


def test_a_complete_sweep_says_so(two_arms: Sweep) -> None:
    assert "Nothing: every planned run is complete." in made(two_arms)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "A100"}, "Mixed device: cpu (5 runs), A100 (1 run)"),
        ({"commit": "b" * 40}, "Mixed commit: aaaaaaaaaa (5 runs), bbbbbbbbbb (1 run)"),
        ({"packages": {"torch": "2.12"}}, "Mixed torch: 2.11.0 (5 runs), 2.12 (1 run)"),
        ({"uncommitted_changes": True}, "1 run was made with uncommitted changes"),
    ],
)
def test_mixed_provenance_is_flagged_in_words(two_arms: Sweep, changes: dict[str, object], words: str) -> None:
    assert words not in made(two_arms)
    two_arms.attempt(two_arms.experiments["fig"]["arms"][1]["cells"]["0"], **changes)
    assert words in made(two_arms)


def test_an_attempt_that_made_no_row_is_no_provenance(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][1]["cells"]["0"]
    with (two_arms.folder(cell) / "attempts.jsonl").open("a") as file:
        file.write('{"attempt": 2, "started": "2025-01-03T00:00:00+00:00", "environment": {"device": "A100"}}\n')
    assert "A100" not in made(two_arms)


def test_the_page_tells_how_to_make_it_again(two_arms: Sweep) -> None:
    assert "python -m bench.sweep sweeps/toy.yaml" in made(two_arms)


def test_a_sweep_that_has_not_begun_has_a_report(sweep: Sweep) -> None:
    sweep.arm("random")
    assert "no complete seed" in made(sweep)


def test_the_newest_results_are_taken_where_none_are_named(two_arms: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(two_arms.root.parent.parent)
    assert main([]) == 0
    assert Path("results/toy/report.html").is_file()
