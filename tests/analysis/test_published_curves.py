"""Curves of others: what a file must hold, and how they are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from every_kind import written
from synthetic_results import Sweep

from analysis.comparison import compare
from analysis.drawing.gallery import Drawing, gallery
from analysis.drawing.published import read_published
from analysis.failed import scored_as_chance
from analysis.figures import main
from analysis.groups import groups
from analysis.load import load
from bench.errors import ResultsError

CURVES = "label,labelled,accuracy\nbadge,10,40\nbadge,40,70.5\ncoreset,10,41\n"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "others2020.csv"
    path.write_text(CURVES)
    return path


def drawn(sweep: Sweep, published: Path, kind: str) -> Drawing:
    loaded = load(sweep.root)
    compared = [compare(group) for group in groups(scored_as_chance(loaded))]
    return gallery(loaded, compared, {}, read_published([published]), [kind])[0][0]


def test_every_row_keeps_the_name_of_its_file(published: Path) -> None:
    table = read_published([published, published])
    assert table["source"].unique().tolist() == ["others2020.csv"]
    assert table["accuracy"].tolist() == [40, 70.5, 41] * 2


def test_a_published_curve_is_named_with_its_source_and_drawn_through_its_points(
    two_arms: Sweep, published: Path
) -> None:
    figure = drawn(two_arms, published, "learning_curves").figure
    assert {"badge (others2020.csv)", "coreset (others2020.csv)"} <= set(written(figure))
    lines = [list(zip(*line.get_data(), strict=True)) for line in figure.axes[0].lines]
    assert [(10, 40), (40, 70.5)] in lines


def test_published_accuracies_are_not_drawn_among_differences(two_arms: Sweep, published: Path) -> None:
    assert not any(
        "others2020" in text for text in written(drawn(two_arms, published, "difference_from_random").figure)
    )


def test_published_curves_are_not_in_our_table(two_arms: Sweep, published: Path) -> None:
    assert set(drawn(two_arms, published, "learning_curves").table["label"]) == {"random", "margin"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("label,labels,accuracy\nbadge,1,50\n", "labelled is not among label, labels, accuracy"),
        ("label,labelled,accuracy\nbadge,1,50\nbadge,2,high\n", "accuracy in line 3; got 'high'"),
        ("label,labelled,accuracy\nbadge,,50\n", "labelled in line 2"),
        ("label,labelled,accuracy\nbadge,1,0.5\nbadge,2,0.9\n", "percent"),
        ("label,labelled,accuracy\nbadge,1,150\n", "percent"),
        ("", "wanted a CSV file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(ResultsError, match=r"bad\.csv") as refused:
        read_published([path])
    assert told in str(refused.value)


def test_a_missing_file_is_told_in_one_line(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(two_arms.root), "--published", "no/such.csv"]) == 2
    assert "no/such.csv" in capsys.readouterr().err
