"""Laws that every kind of figure keeps, with few arms and with many of long names."""

from __future__ import annotations

import io
import pickle
from itertools import combinations
from pathlib import Path

import pytest
from every_kind import FEW, LONG, every_kind, written
from matplotlib.image import imread

from analysis.drawing.kinds import KINDS
from analysis.figures import Drawing, drawings, render
from analysis.load import load
from bench.drawable import FIGURES

Gallery = dict[str, list[Drawing]]


@pytest.fixture(scope="module", params=[FEW, LONG], ids=["few", "many"])
def gallery(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """The figures of a sweep by the title of their kind."""
    sweep = every_kind(tmp_path_factory.mktemp("results") / "every", request.param)
    found: Gallery = {kind.title: [] for kind in KINDS}
    for drawing in drawings(load(sweep.root)):
        found[drawing.kind.title].append(drawing)
    return found


TITLES = [kind.title for kind in KINDS]


def first(gallery: Gallery, title: str) -> Drawing:
    if not gallery[title]:
        assert "own Random" in title  # twelve arms in two groups are too many lines for one plot
        pytest.skip("too many arms for one plot of all groups")
    return gallery[title][0]


def test_the_kinds_are_those_that_an_experiment_may_name() -> None:
    assert {kind.name for kind in KINDS} == set(FIGURES)


def test_no_two_kinds_have_one_title() -> None:
    assert len(set(TITLES)) == len(TITLES)


@pytest.mark.parametrize("title", TITLES)
def test_no_text_runs_into_another(gallery: Gallery, title: str) -> None:
    boxes = [(text, box) for text, places in written(first(gallery, title).figure).items() for box in places]
    touching = [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2
    ]
    assert touching == []


@pytest.mark.parametrize("title", TITLES)
def test_nothing_is_cut_off_at_the_edge(gallery: Gallery, title: str) -> None:
    picture = imread(io.BytesIO(render(first(gallery, title), "png")))[:, :, :3]
    assert all(edge.min() == 1 for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]))


@pytest.mark.parametrize("title", TITLES)
def test_the_stamp_tells_n_sweep_and_commit(gallery: Gallery, title: str) -> None:
    stamp = " ".join(written(first(gallery, title).figure))
    assert all(part in stamp for part in ("n = ", "sweep every", "commit aaaaaaa"))


@pytest.mark.parametrize("title", TITLES)
def test_every_arm_of_the_table_is_named_in_the_figure(gallery: Gallery, title: str) -> None:
    drawing = first(gallery, title)
    shown = " | ".join(written(drawing.figure))
    column = "label" if "label" in drawing.table else "row"
    if drawing.kind.name == "fidelity":
        column = "proxy"
    assert all(label.split(" with ")[0] in shown for label in drawing.table[column])


@pytest.mark.parametrize("title", TITLES)
def test_a_row_of_the_table_says_how_many_it_was_taken_from(gallery: Gallery, title: str) -> None:
    assert (first(gallery, title).table["n"] >= 1).all()


def test_file_names_are_unique(gallery: Gallery) -> None:
    stems = [drawing.stem for drawn in gallery.values() for drawing in drawn]
    assert len(set(stems)) == len(stems)


def test_every_figure_can_be_drawn_in_another_process(tmp_path: Path) -> None:
    drawing = drawings(load(every_kind(tmp_path / "every", seeds=2).root))[0]
    kind, table = pickle.loads(pickle.dumps((drawing.kind, drawing.table)))
    assert kind == drawing.kind
    assert table.equals(drawing.table)
