"""The report is one file that needs nothing else and tells everything."""

from __future__ import annotations

import json
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from synthetic_results import Sweep

from analysis.claims.judged import results
from analysis.comparison import Comparison, compare
from analysis.failed import scored_as_chance
from analysis.figures import drawings
from analysis.groups import groups
from analysis.load import load
from analysis.report import main
from analysis.result_tables import across, over_sweep, tables
from analysis.stream_variance import tables as variance_tables
from analysis.wording import remarks

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
        if tag not in ("meta", "br"):  # elements that have no end
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def made(sweep: Sweep) -> str:
    assert main([str(sweep.root)]) == 0
    return (sweep.root / "report.html").read_text()


def chapter(text: str, name: str) -> str:
    """One section of the page."""
    (found,) = re.findall(rf'<section id="{re.escape(name)}">.*?</section>', text, flags=re.DOTALL)
    return str(found)


def test_a_hostile_label_shows_as_text(two_arms: Sweep) -> None:
    two_arms.experiment("fig", title=HOSTILE)
    badge = two_arms.arm(HOSTILE, lambda seed: [0.5, 0.6], group=HOSTILE)
    fail(two_arms, badge["cells"]["0"], HOSTILE, HOSTILE)
    two_arms.attempt(badge["cells"]["1"], host=HOSTILE, device=HOSTILE)
    two_arms.arm("eer", refused=HOSTILE, cells={}, group=HOSTILE)
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment=HOSTILE)
    text = made(two_arms)
    assert text.count("<script") == 1
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 10
    assert Page(text).tags.count("script") == 1


def test_the_page_is_well_formed_and_no_id_is_given_twice(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="grid", group="a b")
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="grid", group="a/b")
    page = Page(made(two_arms))
    ids = [value for name, value in page.attributes if name == "id"]
    assert page.open == []
    assert len(ids) == len(set(ids))


def test_the_page_needs_nothing_from_outside(two_arms: Sweep) -> None:
    page = Page(made(two_arms))
    links = [value or "" for name, value in page.attributes if name in ("href", "src", "xlink:href")]
    assert links
    assert all(link.startswith(("#", "data:text/csv", "data:image/png")) for link in links)
    assert not {"link", "iframe", "object"} & set(page.tags)
    assert not re.search(r"url\((?!#)|@import", (two_arms.root / "report.html").read_text())


def test_every_reference_inside_the_page_is_answered(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="grid", group="a b")
    text = made(two_arms)
    page = Page(text)
    ids = {value for name, value in page.attributes if name == "id"}
    links = [value or "" for name, value in page.attributes if name in ("href", "xlink:href")]
    wanted = {link[1:] for link in links if link.startswith("#")}
    assert wanted | set(re.findall(r"url\(#([^)]*)\)", text)) <= ids


def test_every_figure_that_can_be_drawn_is_in_the_page_with_its_data(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7 + 0.01 * seed], group="widen=2")
    two_arms.arm("margin", lambda seed: [0.5, 0.6 + 0.01 * seed, 0.8], group="widen=2")
    drawn = [drawing.stem for drawing in drawings(load(two_arms.root))]
    text = made(two_arms)
    assert len(drawn) > 4
    assert Page(text).tags.count("svg") == len(drawn)
    assert all(f'download="{stem}.csv"' in text for stem in drawn)


def test_every_table_of_a_group_is_in_the_page(two_arms: Sweep) -> None:
    text = made(two_arms)
    for group in groups(scored_as_chance(load(two_arms.root))):
        titles = [table.title for table in tables(compare(group))]
        assert titles
        assert all(f"<caption>{escape(title)}</caption>" in text for title in titles)


def test_what_a_reader_must_know_of_a_group_stands_with_it(sweep: Sweep) -> None:
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    (group,) = groups(scored_as_chance(load(sweep.root)))
    said = list(remarks(compare(group)))
    told = chapter(made(sweep), "experiment--fig")
    assert said
    assert all(f"<li>{escape(each)}</li>" in told for each in said)


def test_groups_of_all_experiments_that_share_their_arms_are_compared(two_arms: Sweep) -> None:
    for arm, last in (("random", 0.7), ("margin", 0.8)):
        two_arms.arm(arm, lambda seed, last=last: [0.5, 0.6, last + 0.01 * seed], experiment="again")  # type: ignore[misc]
    titles = [table.title for table in over_sweep(compared(two_arms))]
    told = chapter(made(two_arms), "sweep")
    assert titles
    assert all(f"<caption>{escape(title)}</caption>" in told for title in titles)


def test_differences_over_other_test_images_are_there_where_predictions_are(two_arms: Sweep) -> None:
    for arm in two_arms.experiments["fig"]["arms"]:
        for seed, cell in arm["cells"].items():
            arrays = two_arms.folder(cell) / "arrays"
            arrays.mkdir()
            np.savez(arrays / "000.npz", test_labels=np.arange(10) % 2)
            np.savez(arrays / "002.npz", predicted=(np.arange(10) + int(seed) > 4).astype(int))
    assert "Final accuracy minus Random&#x27;s over other test images" in chapter(made(two_arms), "experiment--fig")


def test_groups_of_one_experiment_are_compared_before_they_are_told(two_arms: Sweep) -> None:
    for streams in ("all", "initial"):
        for arm in ("random", "margin"):
            curve = [0.5, 0.6, 0.7 if arm == "random" else 0.8]
            two_arms.arm(
                arm,
                lambda seed, curve=curve: [value + 0.01 * seed for value in curve],  # type: ignore[misc]
                experiment="streams",
                group=f"vary={streams}",
            )
    found = [each for each in compared(two_arms) if each.group.experiment == "streams"]
    titles = [table.title for table in (*across(found), *variance_tables([each.group for each in found]))]
    told = chapter(made(two_arms), "experiment--streams")
    assert len(titles) > 1
    first = told.index('<details id="group--')
    assert all(0 < told.find(f"<caption>{escape(title)}</caption>") < first for title in titles)


def test_an_experiments_own_figure_stands_before_its_tables(two_arms: Sweep) -> None:
    two_arms.experiment("fig", figure="learning_curves")
    told = chapter(made(two_arms), "experiment--fig")
    assert told.index('<figure class="main">') < told.index("<table")
    assert "Learning curves" in told[: told.index("</figure>")]


def test_the_claims_come_before_the_experiments(two_arms: Sweep) -> None:
    text = made(two_arms)
    assert text.index('id="claims"') < text.index('id="experiment--fig"')


def test_a_sweep_without_claims_says_that_all_is_exploratory(two_arms: Sweep) -> None:
    assert "everything on this page is exploratory" in chapter(made(two_arms), "claims")


def test_each_claim_stands_there_in_a_sentence_with_its_verdict(two_arms: Sweep) -> None:
    claim = {"experiment": "fig", "better": "margin", "than": "random", "metric": "aubc", "margin": 0.0}
    declare(two_arms, {"faster": claim})
    (result,) = results(load(two_arms.root))
    told = chapter(made(two_arms), "claims")
    assert f'<li class="{result.verdict}">{escape(result.sentence)}</li>' in told
    assert "<table" in told


def test_the_opening_tells_what_was_compared_where_and_when(two_arms: Sweep) -> None:
    lead = re.findall(r'<p class="lead">(.*?)</p>', made(two_arms))[0]
    assert lead == (
        "Compares random and margin on digits: 1 experiment, 3 seeds planned for each arm. "
        "Run from 2025-01-02 03:04 to 2025-01-02 04:00 UTC on cpu at commit aaaaaaaaaa. All planned runs are in."
    )


def test_the_opening_of_an_unfinished_sweep_says_interim(two_arms: Sweep) -> None:
    badge = two_arms.arm("badge", lambda seed: [0.5])
    two_arms.fail(badge["cells"]["0"])
    lead = re.findall(r'<p class="lead">(.*?)</p>', made(two_arms))[0]
    assert "Interim: 2 planned runs not in yet" in lead
    assert "1 cell failed; what a failed run lacks is scored as chance." in lead


def test_many_arms_are_named_up_to_six_and_counted(two_arms: Sweep) -> None:
    for number in range(6):
        two_arms.arm(f"s{number}", lambda seed: [0.5, 0.6, 0.7])
    assert "Compares random, margin, s0, s1, s2, s3 and 2 more on digits" in made(two_arms)


def test_experiments_of_several_settings_and_seeds_are_counted(two_arms: Sweep) -> None:
    two_arms.seeds = (0, 1, 2, 3, 4)
    for group in ("widen=1", "widen=2"):
        two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="grid", group=group)
    assert "2 experiments of 3 settings in all, 3 to 5 seeds planned for each arm." in made(two_arms)


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
    told = chapter(made(two_arms), "absences")
    assert all(words in told for words in ("loss is inf", "needs squared loss", "seeds 1, 2: 1 of 3 cycles"))


def test_a_traceback_stands_there_once_with_every_cell_that_ended_in_it(two_arms: Sweep) -> None:
    cells = two_arms.arm("badge", lambda seed: [0.5])["cells"]
    for seed, trace in (("0", "line 1\n  line 2"), ("1", "line 1\n  line 2"), ("2", "another")):
        fail(two_arms, cells[seed], "an error", trace)
    told = chapter(made(two_arms), "absences")
    assert told.count("<pre>line 1\n  line 2</pre>") == 1
    assert f"Traceback of 2 cells: {cells['0']}, {cells['1']}" in told
    assert f"Traceback of cell {cells['2']}" in told


def test_a_failure_without_a_traceback_opens_to_nothing(two_arms: Sweep) -> None:
    fail(two_arms, two_arms.arm("badge", lambda seed: [0.5])["cells"]["0"], "killed", "")
    assert "<details" not in chapter(made(two_arms), "absences")


def test_a_complete_sweep_says_so(two_arms: Sweep) -> None:
    assert "Nothing: every planned run is complete." in made(two_arms)


def test_mixed_provenance_is_flagged_at_the_top(two_arms: Sweep) -> None:
    two_arms.attempt(two_arms.experiments["fig"]["arms"][1]["cells"]["0"], device="A100")
    text = made(two_arms)
    assert text.index("Mixed device: cpu (5 attempts), A100 (1 attempt)") < text.index('id="claims"')


def test_where_the_rows_come_from_is_a_table(two_arms: Sweep) -> None:
    told = chapter(made(two_arms), "provenance")
    assert "node1 (6 attempts)" in told
    assert "2.11.0 (6 attempts)" in told


def test_the_revisions_of_plugins_are_told(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][1]["cells"]["0"]
    (two_arms.folder(cell) / "cell.json").write_text('{"strategy": {"name": "margin", "revision": 3}}')
    assert "strategy margin, revision 3 (1 cell)" in chapter(made(two_arms), "provenance")


def test_the_page_tells_how_to_make_it_again(two_arms: Sweep) -> None:
    told = chapter(made(two_arms), "regenerate")
    assert "python -m bench.sweep sweeps/toy.yaml" in told
    for name in ("stats", "figures", "report"):
        assert f"python -m analysis.{name} {two_arms.root}" in told


def test_the_contents_lead_to_every_section(two_arms: Sweep) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="other")
    text = made(two_arms)
    (navigation,) = re.findall(r"<nav>.*?</nav>", text, flags=re.DOTALL)
    linked = re.findall(r'href="#([^"]*)"', navigation)
    assert linked == [name for name in re.findall(r'<section id="([^"]*)"', text) if name != "claims"]


@pytest.mark.parametrize(("groups_there", "opened"), [(3, True), (4, False)])
def test_the_groups_of_an_experiment_are_open_where_they_are_few(sweep: Sweep, groups_there: int, opened: bool) -> None:
    for width in range(groups_there):
        sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group=f"widen={width}")
    found = re.findall(r'<details id="group--[^>]*>', made(sweep))
    assert len(found) == groups_there
    assert all(each.endswith(" open>") == opened for each in found)


def test_a_sweep_that_has_not_begun_has_a_report(sweep: Sweep) -> None:
    sweep.arm("random")
    text = made(sweep)
    assert "Nothing has run yet." in text
    assert "no complete seed" in text


def test_the_newest_results_are_taken_where_none_are_named(two_arms: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(two_arms.root.parent.parent)
    assert main([]) == 0
    assert Path("results/toy/report.html").is_file()


def compared(sweep: Sweep) -> list[Comparison]:
    return [compare(group) for group in groups(scored_as_chance(load(sweep.root)))]


def declare(sweep: Sweep, claims: dict[str, object]) -> None:
    """Put claims into the plan."""
    path = sweep.root / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"claims": claims}))


def fail(sweep: Sweep, cell: str, message: str, trace: str) -> None:
    """Mark a cell as failed with this traceback."""
    sweep.fail(cell, message=message)
    path = sweep.folder(cell) / "failure.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"trace": trace}))
