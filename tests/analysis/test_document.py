"""A document's tables, claims and figures are those of the results, and the rest of it is its writer's."""

from __future__ import annotations

from pathlib import Path

import pytest
from claim_cases import claim, only
from synthetic_results import Sweep

from analysis.document import main
from analysis.stats import main as stats
from analysis.table_files import markdown

TEXT = """# Ours

<!-- table fig--accuracy -->
old numbers
<!-- end -->
What we think of it: <!-- a remark -->.
<!-- claims -->
<!-- end -->
<!-- table provenance -->

<!-- end -->

![Curves](pictures/fig-learning_curves.png) ![Ours](pictures/photo.png)
"""


@pytest.fixture
def claimed(two_arms: Sweep) -> Sweep:
    claim(two_arms, better="margin")
    return two_arms


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "OURS.md"
    path.write_text(TEXT)
    return path


def updated(document: Path, sweep: Sweep) -> str:
    assert main([str(sweep.root), str(document)]) == 0
    return document.read_text()


def test_tables_and_claims_are_those_of_the_results(document: Path, claimed: Sweep) -> None:
    stats([str(claimed.root)])
    text = updated(document, claimed)
    tables = (claimed.root / "tables" / f"{name}.md" for name in ("fig--accuracy", "provenance"))
    assert all(f"-->\n{table.read_text()}<!-- end -->" in text for table in tables)
    assert (
        f"<!-- claims -->\n- **{markdown(only(claimed).name)}**: {markdown(only(claimed).sentence)}\n<!-- end -->"
        in text
    )
    assert "old numbers" not in text


def test_a_figure_that_is_no_more_is_told(document: Path, claimed: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    document.write_text(TEXT.replace("fig-learning_curves", "fog-learning_curves"))
    assert main([str(claimed.root), str(document)]) == 2
    assert "no figure 'fog-learning_curves'; there are " in capsys.readouterr().err


def test_sentences_of_claims_are_text_and_no_markup(document: Path, two_arms: Sweep) -> None:
    two_arms.arm("a|b <x> & $y$ ~z~", lambda seed: [0.5, 0.6, 0.7])
    claim(two_arms, better="a|b <x> & $y$ ~z~")
    assert r": a\|b &lt;x> &amp; \$y\$ \~z\~ beats random on digits" in updated(document, two_arms)


@pytest.mark.parametrize("place", ["https://e.org/fig-learning_curves", "/assets/fig-learning_curves"])
def test_pictures_elsewhere_are_left_alone(document: Path, claimed: Sweep, place: str) -> None:
    document.write_text(f"![Theirs]({place}.png)\n")
    assert updated(document, claimed) == f"![Theirs]({place}.png)\n"
    assert not (document.parent / "https:").exists()


def test_lines_end_as_they_did(document: Path, claimed: Sweep) -> None:
    document.write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert main([str(claimed.root), str(document)]) == 0
    made = document.read_bytes()
    assert made.count(b"\n") == made.count(b"\r\n") > TEXT.count("\n")


def test_a_table_that_stands_alone_says_what_is_not_in_yet_and_what_failed_runs_count_as(
    document: Path, two_arms: Sweep
) -> None:
    two_arms.experiment("fig", seeds=[0, 1, 2, 3])
    two_arms.fail(two_arms.arm("badge", lambda seed: [0.5, 0.6, 0.7][: 3 - seed // 2])["cells"]["2"])
    document.write_text("<!-- table fig--accuracy -->\n<!-- end -->\n<!-- table fig--costs -->\n<!-- end -->\n")
    scored, measured, _ = updated(document, two_arms).split("<!-- end -->")
    assert "- Interim: 3 planned runs are not in yet" in scored
    assert "1 failed run is scored as chance" in scored
    assert "- Interim: 3 planned runs are not in yet" in measured
    assert "chance" not in measured


def test_what_is_not_between_marks_is_left_as_it_is(document: Path, claimed: Sweep) -> None:
    parts, own = (text.split("<!-- end -->") for text in (updated(document, claimed), TEXT))
    assert [part.split("-->\n")[0] for part in parts] == [part.split("-->\n")[0] for part in own]
    assert parts[-1] == own[-1]


def test_a_second_time_changes_nothing_until_the_results_do(document: Path, claimed: Sweep) -> None:
    text = updated(document, claimed)
    assert updated(document, claimed) == text
    claimed.arm("entropy", lambda seed: [0.5, 0.61, 0.72 + 0.01 * seed])
    claimed.write()
    assert "entropy" in updated(document, claimed)


def test_figures_are_written_where_the_document_shows_them(document: Path, claimed: Sweep) -> None:
    updated(document, claimed)
    folder = document.parent / "pictures"
    assert [path.name for path in folder.iterdir()] == ["fig-learning_curves.png"]
    drawn = claimed.root / "figures" / "fig-learning_curves.png"
    assert (folder / "fig-learning_curves.png").read_bytes() == drawn.read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fig--accuracy", "fig--acuracy", "no table 'fig--acuracy'; there are claims, fig--accuracy, "),
        ("<!-- end -->\nWhat", "What", "got 3 such marks, 2 of them with an end"),
        ("<!-- claims -->", "<!-- claims please -->", "got 3 such marks, 2 of them with an end"),
        ("<!-- table provenance -->", "<!-- table -->", "got 3 such marks, 2 of them with an end"),
    ],
)
def test_a_mark_that_cannot_be_followed_is_told_and_nothing_is_written(
    document: Path, claimed: Sweep, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    document.write_text(TEXT.replace(old, new, 1))
    assert main([str(claimed.root), str(document)]) == 2
    assert said in capsys.readouterr().err
    assert document.read_text() == TEXT.replace(old, new, 1)
    assert not (document.parent / "pictures").exists()
