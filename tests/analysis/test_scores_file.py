"""A file of scores is read whole or refused with the place of the mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.scores.file import read_scores
from bench.errors import ResultsError

GOOD = "dataset,a,b\niris,0.9,0.8\nwine,0.7,0.75\n"


def file_of(folder: Path, text: str) -> Path:
    path = folder / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,  # as some spreadsheets begin a file
        "\ufeff" + GOOD.replace("dataset", '"data, set"'),
        GOOD.replace("\n", "\r\n"),
        "\n" + GOOD.replace(",", " , ") + "\n,,\n",
        GOOD.replace("iris", '"iris"').replace("0.8", "8e-1"),
    ],
)
def test_the_same_table_in_other_spellings_is_the_same(tmp_path: Path, text: str) -> None:
    read = read_scores(file_of(tmp_path, text))
    assert (read.source, read.methods, read.blocks) == ("scores.csv", ("a", "b"), ("iris", "wine"))
    assert read.values.tolist() == [[0.9, 0.8], [0.7, 0.75]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["the file is empty"]),
        ("dataset,a\niris,1\nwine,2\n", ["at least two methods", "got 1"]),
        ("dataset;a;b\niris;1;2\nwine;2;3\n", ["at least two methods", "not separated by commas"]),
        ("dataset,a,b\niris,1,2\n", ["at least two rows", "got 1"]),
        (GOOD.replace("a,b", "a,a"), ["columns 1 and 2", "'a'"]),
        (GOOD.replace("wine", "iris"), ["rows 1 and 2", "'iris'"]),
        (GOOD.replace("a,b", "a,"), ["column 2 has none"]),
        (GOOD.replace("wine", ""), ["row 2 has none"]),
        (GOOD.replace("0.75", ""), ["row 'wine', column 'b'", "there is none"]),
        (GOOD.replace(",0.75", ""), ["row 'wine', column 'b'", "there is none"]),
        (GOOD.replace("0.75", "75 %"), ["row 'wine', column 'b'", "got '75 %'"]),
        (GOOD.replace("0.9", "nan"), ["row 'iris', column 'a'", "got 'nan'"]),
        (GOOD.replace("0.9", "inf"), ["row 'iris', column 'a'", "got 'inf'"]),
        (GOOD.replace("0.75", "0.75,0.6"), ["row 'wine'", "wanted 2 numbers", "got 3"]),
        (GOOD + '"open,1,2', ["cannot be read"]),
    ],
)
def test_a_mistake_is_told_with_its_place_in_one_line(tmp_path: Path, text: str, words: list[str]) -> None:
    path = file_of(tmp_path, text)
    with pytest.raises(ResultsError) as told:
        read_scores(path)
    message = str(told.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert all(word in message for word in words)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="there is no such file"):
        read_scores(tmp_path / "scores.csv")


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_bytes(GOOD.replace("iris", "größe").encode("latin-1"))
    with pytest.raises(ResultsError, match="in UTF-8"):
        read_scores(tmp_path / "scores.csv")
