"""What is drawn already is not drawn again, and nothing that is stale is ever shown."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from synthetic_results import Sweep

import analysis
from analysis.drawing import kept
from analysis.drawing.kept import figures
from analysis.figures import drawings, main, render
from analysis.load import load
from analysis.report import main as report

ALL = ("png", "pdf", "svg", "csv")
CURVES = "fig-learning_curves"


def drawn_anew(sweep: Sweep, endings: Sequence[str] = ALL) -> set[str]:
    """Have every figure; returns the stems of those that were drawn for it."""
    return {each.stem for each in figures(sweep.root, drawings(load(sweep.root)), endings) if each.new}


def every_stem(sweep: Sweep) -> set[str]:
    return {drawing.stem for drawing in drawings(load(sweep.root))}


def contents(sweep: Sweep) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (sweep.root / "figures").iterdir()}


@pytest.fixture
def drawn(two_arms: Sweep) -> Sweep:
    """A sweep whose figures are there."""
    assert drawn_anew(two_arms) == every_stem(two_arms)
    return two_arms


def change(sweep: Sweep) -> None:
    """Another accuracy in the last cycle of one run."""
    sweep.run(sweep.experiments["fig"]["arms"][1]["cells"]["0"], 0, [0.5, 0.62, 0.9])


def test_a_second_time_nothing_is_drawn_and_the_files_are_the_same(drawn: Sweep) -> None:
    before = contents(drawn)
    assert drawn_anew(drawn) == set()
    assert contents(drawn) == before
    for each in figures(drawn.root, drawings(load(drawn.root)), ALL):
        assert each.files == {ending: before[f"{each.stem}.{ending}"] for ending in ALL}


def test_what_is_kept_is_what_would_be_drawn(drawn: Sweep) -> None:
    made = drawings(load(drawn.root))
    for drawing, figure in zip(made, figures(drawn.root, made, ("png", "svg")), strict=True):
        assert not figure.new
        assert all(figure.files[ending] == render(drawing, ending) for ending in ("png", "svg"))


def test_a_figure_is_drawn_anew_where_its_data_have_changed(drawn: Sweep) -> None:
    before = contents(drawn)
    change(drawn)
    assert CURVES in drawn_anew(drawn)
    assert contents(drawn)[f"{CURVES}.png"] != before[f"{CURVES}.png"]
    assert drawn_anew(drawn) == set()


def test_the_others_stay(drawn: Sweep) -> None:
    change(drawn)
    assert not {"fig-queried_classes", "fig-overlap"} & drawn_anew(drawn)


def test_a_figure_is_drawn_anew_where_what_stands_around_it_has_changed(drawn: Sweep) -> None:
    drawn.experiment("fig", title="Another title")
    assert drawn_anew(drawn) == every_stem(drawn)


@pytest.mark.parametrize("ending", ALL)
@pytest.mark.parametrize("how", ["gone", "empty", "cut", "another"])
def test_a_file_that_is_missing_or_damaged_is_made_again(drawn: Sweep, ending: str, how: str) -> None:
    path, before = drawn.root / "figures" / f"{CURVES}.{ending}", contents(drawn)
    other = path.with_name(f"fig-overlap.{ending}").read_bytes()
    path.write_bytes({"gone": b"", "empty": b"", "cut": path.read_bytes()[:-1], "another": other}[how])
    if how == "gone":
        path.unlink()
    assert drawn_anew(drawn) == {CURVES}
    assert contents(drawn) == before


@pytest.mark.parametrize("index", ["", "{", "[]", '{"fig-learning_curves": 3}', '{"fig-learning_curves": {}}', None])
def test_without_an_index_that_can_be_read_all_is_drawn(drawn: Sweep, index: str | None) -> None:
    path = drawn.root / "figures" / "index.json"
    path.unlink() if index is None else path.write_text(index)
    assert drawn_anew(drawn) == every_stem(drawn)


def test_other_code_draws_all_anew(drawn: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "code" / "deep"
    copy.mkdir(parents=True)
    for source in Path(analysis.__path__[0]).rglob("*.py"):
        (copy / f"{source.stem}.py").write_bytes(source.read_bytes())
    monkeypatch.setattr(analysis, "__path__", [str(copy.parent)])
    kept._drawn_by.cache_clear()
    assert drawn_anew(drawn) == every_stem(drawn)
    (copy / "lines.py").write_text("# thicker\n")
    kept._drawn_by.cache_clear()
    assert drawn_anew(drawn) == every_stem(drawn)
    assert drawn_anew(drawn) == set()
    kept._drawn_by.cache_clear()


def test_other_settings_of_matplotlib_draw_all_anew(drawn: Sweep) -> None:
    import matplotlib

    kept._drawn_by.cache_clear()
    with matplotlib.rc_context({"font.family": "serif"}):
        assert drawn_anew(drawn) == every_stem(drawn)
    kept._drawn_by.cache_clear()


def test_another_version_of_what_draws_draws_all_anew(drawn: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    kept._drawn_by.cache_clear()
    monkeypatch.setattr(kept, "version", lambda name: "0.1")
    assert drawn_anew(drawn) == every_stem(drawn)
    kept._drawn_by.cache_clear()


def test_letters_of_another_kind_are_another_pdf_and_the_same_svg(
    drawn: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.drawing.studio.FINE", 0)
    assert drawn_anew(drawn, ("svg",)) == set()
    assert drawn_anew(drawn) == every_stem(drawn) - {"fig-difference_from_random"}  # the main figure keeps its own


def test_the_page_shows_what_was_drawn(drawn: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.drawing.studio.WRITERS", {})  # there is nothing to draw with
    assert report([str(drawn.root)]) == 0


def test_a_page_without_figures_keeps_what_it_draws_and_figures_add_the_rest(two_arms: Sweep) -> None:
    report([str(two_arms.root)])
    page = (two_arms.root / "report.html").read_bytes()
    assert {name.rpartition(".")[2] for name in contents(two_arms)} == {"svg", "json"}
    assert drawn_anew(two_arms, ("svg",)) == set()
    assert drawn_anew(two_arms) == every_stem(two_arms)
    report([str(two_arms.root)])
    assert len((two_arms.root / "report.html").read_bytes()) == len(page)


def test_a_page_after_new_data_is_new_and_leaves_the_files_of_figures_together(drawn: Sweep) -> None:
    before = contents(drawn)
    report([str(drawn.root)])
    old = (drawn.root / "report.html").read_text()
    change(drawn)
    report([str(drawn.root)])
    new = (drawn.root / "report.html").read_text()
    assert contents(drawn) == before
    assert old[old.index("<svg") :] != new[new.index("<svg") :]
    shown = next(each for each in figures(drawn.root, drawings(load(drawn.root)), ("svg",)) if each.stem == CURVES)
    assert shown.files["svg"] == render(find(drawn, CURVES), "svg")


def test_a_lost_svg_is_made_again_beside_the_others_of_its_figure(drawn: Sweep) -> None:
    before = contents(drawn)
    (drawn.root / "figures" / f"{CURVES}.svg").unlink()
    report([str(drawn.root)])
    assert contents(drawn) == before


def test_an_svg_that_is_more_than_a_drawing_is_not_shown(drawn: Sweep) -> None:
    path, index = drawn.root / "figures" / f"{CURVES}.svg", drawn.root / "figures" / "index.json"
    path.write_bytes(path.read_bytes().replace(b"</svg>", b"<script>alert(1)</script></svg>"))
    entries = json.loads(index.read_text())
    entries[CURVES]["svg"] = kept._hash(path.read_bytes())
    index.write_text(json.dumps(entries))
    report([str(drawn.root)])
    assert "alert(1)" not in (drawn.root / "report.html").read_text()


def test_curves_of_others_are_part_of_what_is_drawn(drawn: Sweep, tmp_path: Path) -> None:
    published = tmp_path / "theirs.csv"
    published.write_text("label,labelled,accuracy\nmargin,10,50\nmargin,40,80\n")
    before = contents(drawn)
    main([str(drawn.root), "--published", str(published)])
    changed = {name for name, content in contents(drawn).items() if content != before[name]}
    assert f"{CURVES}.png" in changed
    assert "fig-overlap.png" not in changed


def test_the_command_says_what_it_kept(drawn: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    (drawn.root / "figures" / f"{CURVES}.pdf").unlink()
    main([str(drawn.root)])
    told = capsys.readouterr().out
    assert f"wrote {drawn.root / 'figures' / CURVES}.pdf" in told
    assert f"kept {len(every_stem(drawn)) - 1} figures under {drawn.root / 'figures'}" in told


def test_files_that_are_kept_are_not_touched(drawn: Sweep) -> None:
    path = drawn.root / "figures" / f"{CURVES}.png"
    os.utime(path, (1, 1))
    main([str(drawn.root)])
    assert path.stat().st_mtime == 1


def find(sweep: Sweep, stem: str):  # type: ignore[no-untyped-def]
    return next(each for each in drawings(load(sweep.root)) if each.stem == stem)
