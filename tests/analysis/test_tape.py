"""A figure drawn once is in every file what matplotlib alone would have drawn there."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from every_kind import every_kind
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from scipy.ndimage import uniform_filter

from analysis.drawing.kinds import KINDS
from analysis.drawing.studio import RESOLUTION, TRUETYPE
from analysis.drawing.tape import Tape
from analysis.figures import Drawing, drawings, render
from analysis.load import load

NEAR = 4.0  # points: names are measured as the bitmap has them, and columns of a legend stand behind each other
TITLES = [kind.title for kind in KINDS]
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drawing]:
    """A figure of every kind, by its title."""
    sweep = every_kind(tmp_path_factory.mktemp("results") / "every")
    return {drawing.kind.title: drawing for drawing in drawings(load(sweep.root))}


def alone(drawing: Drawing, ending: str) -> bytes:
    """The file that matplotlib writes by itself."""
    packed, figure = io.BytesIO(), drawing.figure
    with matplotlib.rc_context({"svg.fonttype": "none", "pdf.fonttype": TRUETYPE, "pdf.compression": 0}):
        figure.savefig(packed, format=ending, dpi=RESOLUTION, transparent=ending == "svg")
    return packed.getvalue()


@pytest.mark.parametrize("title", TITLES)
def test_every_pixel_of_a_png_is_the_same_but_for_short_texts(
    gallery: dict[str, Drawing], title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.drawing.tape.LONGEST", -1)  # no text is short
    drawing = gallery[title]
    ours, theirs = (imread(io.BytesIO(each))[:, :, :3] for each in (render(drawing, "png"), alone(drawing, "png")))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("title", TITLES)
def test_texts_of_a_png_are_at_most_a_dot_away(gallery: dict[str, Drawing], title: str) -> None:
    drawing = gallery[title]
    ours, theirs = (imread(io.BytesIO(each))[:, :, :3] for each in (render(drawing, "png"), alone(drawing, "png")))
    around = [uniform_filter(each, size=(7, 7, 1)) for each in (ours, theirs)]  # a whole dot away would be a seventh
    np.testing.assert_allclose(*around, atol=1 / 7)


def painted(figure: Figure) -> np.ndarray:
    """What a canvas of matplotlib's shows."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("title", TITLES)
def test_the_texts_of_an_svg_hang_in_the_same_places(gallery: dict[str, Drawing], title: str) -> None:
    drawing = gallery[title]
    ours, theirs = (texts(ElementTree.fromstring(each)) for each in (render(drawing, "svg"), alone(drawing, "svg")))
    assert [each[0] for each in ours] == [each[0] for each in theirs]
    assert [each[1] for each in ours] == [each[1] for each in theirs]
    for (_, _, one), (_, _, other) in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, abs=NEAR)


def texts(root: ElementTree.Element) -> list[tuple[str, str, list[float]]]:
    """What is written, by which end it hangs, and the numbers that place it."""
    return [
        (
            "".join(each.itertext()),
            "".join(re.findall(r"text-anchor: \w+", each.get("style", ""))),
            [float(number) for number in re.findall(r"-?[\d.]+", each.get("transform", ""))],
        )
        for each in root.iter(TEXT)
    ]


@pytest.mark.parametrize("title", TITLES)
def test_the_paths_of_an_svg_are_the_same(gallery: dict[str, Drawing], title: str) -> None:
    drawing = gallery[title]
    ours, theirs = (drawn(ElementTree.fromstring(each)) for each in (render(drawing, "svg"), alone(drawing, "svg")))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, abs=NEAR)


def drawn(root: ElementTree.Element) -> list[list[float]]:
    """The coordinates of all that has a colour, in the order in which it is drawn."""
    found = []
    for each in root.iter():
        seen = each.get("style", "")
        if each.tag.endswith(("path", "use")) and seen and 'opacity: 0"' not in seen and not invisible(seen):
            places = " ".join(each.get(name, "") for name in ("d", "x", "y"))
            found.append([float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", places)])
    return found


def invisible(style: str) -> bool:
    return "fill: none" in style and "stroke: " not in style


@pytest.mark.parametrize("title", TITLES)
def test_a_pdf_has_the_same_page_and_the_texts_in_their_places(gallery: dict[str, Drawing], title: str) -> None:
    drawing = gallery[title]
    ours, theirs = render(drawing, "pdf"), alone(drawing, "pdf")
    assert re.findall(rb"/MediaBox \[[^\]]*\]", ours) == re.findall(rb"/MediaBox \[[^\]]*\]", theirs)
    here, there = shown(unpacked(ours)), shown(theirs)
    assert len(here) == len(there) > 0
    assert np.array(here, dtype=float) == pytest.approx(np.array(there, dtype=float), abs=NEAR)


def unpacked(pdf: bytes) -> bytes:
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"\n".join(zlib.decompressobj().decompress(stream) for stream in streams if stream.startswith(b"x"))


def shown(pdf: bytes) -> list[list[bytes]]:
    """How each text is turned and where it stands."""
    return [found.split() for found in re.findall(rb"((?:-?[\d.]+ ){6})cm\s*BT", pdf)]


def test_only_a_page_with_a_background_has_one() -> None:
    figure = Figure(facecolor="#123456")
    figure.add_subplot(facecolor="#654321").plot([0, 1], color="#abcdef")
    tape, packed = Tape(figure, 100), {}
    for background in (True, False):
        packed[background] = io.BytesIO()
        tape.sheet(background).savefig(packed[background], format="svg", transparent=not background)
    colours = {key: set(re.findall(rb"#123456|#654321|#abcdef", each.getvalue())) for key, each in packed.items()}
    assert colours == {True: {b"#123456", b"#654321", b"#abcdef"}, False: {b"#abcdef"}}


def test_a_line_is_cut_off_where_the_axes_end() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([-5, 5], [0, 0], color="#abcdef", linewidth=3)
    axes.set(xlim=(0, 1), ylim=(-1, 1))
    packed = io.BytesIO()
    tape = Tape(figure, 200)
    tape.sheet(background=True).savefig(packed, format="png", dpi=72)
    packed.seek(0)
    left, right = (round(72 * figure.get_size_inches()[0] * end) for end in axes.get_position().intervalx)
    blue = np.abs(imread(packed)[:, :, :3] - np.array([0xAB, 0xCD, 0xEF]) / 255).max(axis=2) < 0.02
    columns = np.flatnonzero(blue.any(axis=0))
    assert abs(columns.min() - left) <= 1
    assert abs(columns.max() - right) <= 1


def test_the_pixels_are_those_of_a_canvas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.drawing.tape.LONGEST", -1)
    figure = Figure(dpi=50)
    figure.add_subplot().set_title("a title of more letters than come again", alpha=0.5)
    np.testing.assert_array_equal(Tape(figure, 50).pixels(), painted(figure))


@pytest.mark.parametrize("text", ["pÅ_,|", " ", "ﬀ ★", "–0.5", "M" * 30])
@pytest.mark.parametrize("size", [5.0, 10.5])
def test_a_short_text_on_a_whole_dot_is_what_a_canvas_shows(text: str, size: float) -> None:
    figure = Figure(figsize=(4, 1), dpi=100)
    figure.text(0.125, 0.5, text, size=size, color="#9A4A00", va="baseline", parse_math=False)
    ours, theirs = Tape(figure, 100).pixels().astype(int), painted(figure)
    assert np.abs(ours - theirs).max() <= 1


def test_a_text_that_runs_out_of_the_figure_is_cut_off() -> None:
    figure = Figure(figsize=(1, 1), dpi=100)
    for place in ((-0.1, 0.5), (0.9, 0.5), (0.5, -0.05), (0.5, 0.95)):
        figure.text(*place, "cut off", va="baseline")
    ours, theirs = Tape(figure, 100).pixels().astype(int), painted(figure)
    assert np.abs(ours - theirs).max() <= 1


def test_a_tape_is_drawn_again_the_same(tmp_path: Path) -> None:
    figure = Figure()
    figure.add_subplot().plot([0, 1], label="a")
    figure.legend()
    tape = Tape(figure, 200)
    with matplotlib.rc_context({"svg.hashsalt": "same"}):
        for name in ("one", "other"):
            tape.sheet(background=True).savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
