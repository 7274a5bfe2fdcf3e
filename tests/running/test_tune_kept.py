"""The file that tuning keeps: the winner as defaults that any reader of YAML reads alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench.config import Settings
from bench.datasets.digits import Digits
from bench.errors import ConfigError
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner
from bench.located import item
from bench.nets.mlp import MLP
from bench.protocol import Protocol
from bench.recipe import Constant, Train
from bench.tuning.kept import MARK, check_keep, defaults_of, write_kept
from bench.yaml_tree import read_yaml

RIDGE = Settings(Digits(), Ridge(), Protocol(20, 10, 3))
NETWORK = Settings(Digits(), NetworkLearner(MLP(8, 1), Train(schedule=Constant("constant", 0.1))), Protocol(20, 10, 3))
PLAIN = (1e-5, 1e22, 0.1, 10, 0, -3, True, None)
TEXTS = (
    *("on", "off", "null", "1e3", "1_000", "010", "0x1f", "~", "", "1:30", "a: b", "# no", "true", "yes", ".inf"),
    *("<<", "=", "two\nlines", " padded ", "é", "2024-01-01"),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=6,
)


def kept_and_read(tmp_path: Path, value: object) -> tuple[object, object]:
    """A value as yaml's own reader and as this project's finds it in the kept file."""
    file = tmp_path / "kept.yaml"
    write_kept(file, {"learner.penalty": value}, RIDGE, ["why"])  # type: ignore[dict-item]
    ours = item(item(item(read_yaml(file), "defaults"), "learner"), "penalty")
    return yaml.safe_load(file.read_text())["defaults"]["learner"]["penalty"], ours.plain


@pytest.mark.parametrize("value", [*PLAIN, *TEXTS, [1, [2.5]], {"name": "mlp", "width": 3}])
def test_a_value_comes_back_as_it_was(tmp_path: Path, value: object) -> None:
    for found in kept_and_read(tmp_path, value):
        assert (found, type(found)) == (value, type(value))


@given(value=values)
def test_any_value_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    usual = all(c.isprintable() or c in "\n\t" for c in str(value)) and "\\" not in repr(value)
    if usual:  # our reader refuses characters that YAML does not allow
        assert kept_and_read(tmp_path_factory.mktemp("kept"), value) == (value, value)


def test_values_inside_a_plugin_stand_under_its_name() -> None:
    found = defaults_of(
        {
            "learner.train.schedule.lr": 0.1,
            "learner.train.epochs": 3,
            "learner.net.width": 8,
            "dataset.augment.crop": 1,
        },
        NETWORK,
    )
    assert found == {
        "learner": {
            "name": "network",
            "train": {"schedule": {"name": "constant", "lr": 0.1}, "epochs": 3},
            "net": {"name": "mlp", "width": 8},
        },
        "dataset": {"name": "digits", "augment": {"crop": 1}},
    }


def test_a_whole_plugin_is_kept_as_it_was_written() -> None:
    assert defaults_of({"learner": {"name": "ridge", "penalty": 3}}, RIDGE) == {
        "learner": {"name": "ridge", "penalty": 3}
    }


def test_the_comment_stands_above_in_lines_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "kept.yaml"
    write_kept(file, {"learner.penalty": 3}, RIDGE, ["first", "", "a\nb: [", "word " * 60])
    lines = file.read_text().splitlines()
    comment = [line for line in lines if line.startswith("#")]
    assert lines[: len(comment)] == comment
    assert comment[0].startswith(MARK)
    assert comment[2:5] == ["# first", "#", "# a b: ["]
    assert max(map(len, comment)) <= 120
    assert yaml.safe_load(file.read_text()) == {"defaults": {"learner": {"name": "ridge", "penalty": 3}}}


def test_a_file_of_tunings_own_may_be_written_anew(tmp_path: Path) -> None:
    check_keep(tmp_path / "kept.yaml", "s.yaml")
    write_kept(tmp_path / "kept.yaml", {"learner.penalty": 3}, RIDGE, [])
    check_keep(tmp_path / "kept.yaml", "s.yaml")


@pytest.mark.parametrize("text", ["defaults: {}\n", "", "\n" + MARK])
def test_another_file_is_not_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"s\.yaml: tune\.keep: wanted a file of tuning's own, or none yet; .*mine"):
        check_keep(tmp_path / "mine.yaml", "s.yaml")


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tune\.keep: wanted a file that can be written"):
        check_keep(tmp_path, "s.yaml")
