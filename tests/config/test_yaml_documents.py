"""Files that are no YAML, that are not a mapping, or that say a thing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_texts import BASE, Reader, base_and, base_with

from bench.errors import ConfigError
from bench.sweep_file import load_sweep
from bench.yaml_tree import parse_yaml


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "null\n"])
def test_an_empty_file_is_named_as_such(reader: Reader, text: str) -> None:
    assert reader.problem(text) == "s.yaml: wanted a mapping of keys; the file is empty"


@pytest.mark.parametrize(("text", "shown"), [("[a, b]", '["a", "b"]'), ("hello", '"hello"'), ("3", "3")])
def test_a_file_that_is_no_mapping_is_refused(reader: Reader, text: str, shown: str) -> None:
    wanted = "wanted a mapping of name, include, defaults, experiments, claims, tune, launch, data, tracking"
    assert reader.problem(text) == f"s.yaml:1: {wanted}; got {shown}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: wanted a readable YAML file; No such file or directory$"):
        load_sweep(tmp_path / "none.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"wanted a readable YAML file; Is a directory$"):
        load_sweep(tmp_path)


def test_bytes_that_are_no_utf8_are_refused_with_their_line(reader: Reader) -> None:
    assert reader.problem(b"name: a\nfoo: \xff\n").startswith("s.yaml:2: wanted a YAML file in UTF-8; ")


def test_a_control_character_is_refused_with_its_line(reader: Reader) -> None:
    assert reader.problem("name: a\nfoo: \x01\n") == "s.yaml:2: not YAML: the character U+0001 is not allowed"


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter(reader: Reader) -> None:
    assert reader.load("\ufeff" + BASE.replace("\n", "\r\n")).name == "small"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("seeds: 2", "seeds: [2", 13),
        ("  seeds: 2", "\tseeds: 2", 12),
        ("  seeds: 2", "   seeds: 2", 12),
        ("seeds: 2", "seeds: a: 2", 12),
        ("seeds: 2", "seeds: *two", 12),
        ("seeds: 2", 'seeds: "2', 16),
    ],
)
def test_a_syntax_error_names_its_line(reader: Reader, old: str, new: str, line: int) -> None:
    assert reader.problem(base_with((old, new))).startswith(f"s.yaml:{line}: not YAML: ")


def test_a_second_document_is_refused(reader: Reader) -> None:
    said = "not YAML: expected a single document in the stream, but found another document"
    assert reader.problem(BASE + "---\na: 1\n") == f"s.yaml:16: {said}"


def test_a_file_that_is_nested_too_deeply_is_refused(reader: Reader) -> None:
    assert reader.problem("[" * 5000 + "]" * 5000).endswith("nested too deeply to be read")


def test_a_key_given_twice_is_refused_with_both_lines(reader: Reader) -> None:
    text = base_with(("  seeds: 2", "  dataset: npz"), ("widen: 1", "widen: 1, widen: 2"))
    assert sorted(reader.problems(text)) == [
        "s.yaml:12: defaults.dataset: key given twice, first on line 3; keep one",
        "s.yaml:6: defaults.learner.net.widen: key given twice, first on line 6; keep one",
    ]


def test_a_key_given_three_times_is_reported_for_each_repetition() -> None:
    with pytest.raises(ConfigError, match="2 problems"):
        parse_yaml("a: 1\na: 2\na: 3\n", "s.yaml")


@pytest.mark.parametrize("key", ["[a, b]", "{a: b}", "? - a\n  "])
def test_a_key_that_is_no_text_is_refused(reader: Reader, key: str) -> None:
    found = reader.problem(base_with(("  seeds: 2", f"  {key}: 2")))
    assert found == "s.yaml:12: defaults: wanted a text as key; got a list or a mapping"


@pytest.mark.parametrize(
    ("tagged", "tag"),
    [
        ("!!python/object:os.system {a: 1}", "!!python/object:os.system"),
        ('!!python/object/apply:os.system ["touch {hacked}"]', "!!python/object/apply:os.system"),
        ("!!python/name:os.system", "!!python/name:os.system"),
        ("!!python/tuple [1, 2]", "!!python/tuple"),
        ("!!set {1, 2}", "!!set"),
        ("!!binary aGVsbG8=", "!!binary"),
        ("!!timestamp 2024-01-01", "!!timestamp"),
        ("!!timestamp soon", "!!timestamp"),
        ("!mine 3", "!mine"),
        ("!mine [3]", "!mine"),
    ],
)
def test_an_explicit_tag_is_refused_and_never_built(reader: Reader, tagged: str, tag: str, tmp_path: Path) -> None:
    hacked = tmp_path / "hacked"
    found = reader.problem(base_with(("seeds: 2", f"seeds: {tagged.replace('{hacked}', str(hacked))}")))
    assert found.startswith(f"s.yaml:12: defaults.seeds: wanted a plain value; got the tag {tag}, which is not allowed")
    assert not hacked.exists()


def test_an_anchor_stands_for_what_it_names(reader: Reader) -> None:
    text = base_with(("protocol: {", "protocol: &usual {"), ("  one:", "  one:\n    protocol: *usual"))
    assert reader.settings(text) == reader.settings(BASE)


def test_a_merge_key_brings_what_is_not_given_itself(reader: Reader) -> None:
    text = base_with(("protocol: {", "protocol: &usual {"), ("  one:", "  one:\n    protocol: {<<: *usual, cycles: 2}"))
    protocol = reader.settings(text).protocol
    assert (protocol.initial, protocol.cycles) == (20, 2)


def test_of_several_merged_mappings_the_first_wins() -> None:
    found = parse_yaml("a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b], z: 4}\n", "s.yaml").plain
    assert isinstance(found, dict)
    assert found["c"] == {"x": 1, "y": 3, "z": 4}


def test_a_mapping_with_a_merge_key_can_be_used_again(reader: Reader) -> None:
    changes = (("protocol: {", "protocol: &usual {"), ("  one:", "  two:\n    protocol: *short\n  one:"))
    first = (
        "experiments:",
        "experiments:\n  zero:\n    strategies: [margin]\n    protocol: &short {<<: *usual, cycles: 2}",
    )
    text = base_with(*changes, first).replace("protocol: *short", "protocol: *short\n    strategies: [random]")
    assert [e.points[0].settings.protocol.cycles for e in reader.load(text).experiments] == [2, 2, 8]


@pytest.mark.parametrize("merged", ["3", "[3]", "text"])
def test_a_merge_key_with_no_mapping_is_refused(reader: Reader, merged: str) -> None:
    found = reader.problem(base_and(f"protocol: {{<<: {merged}, cycles: 2}}"))
    assert found.startswith("s.yaml:16: not YAML: while constructing a mapping, expected a mapping")


@pytest.mark.parametrize("value", ["&self [*self]", "&self {first: *self}"])
def test_a_value_that_holds_itself_is_refused(reader: Reader, value: str) -> None:
    found = reader.problem(base_with(("seeds: 2", f"seeds: {value}")))
    assert found.startswith("s.yaml:12: defaults.seeds")
    assert found.endswith(": wanted a value; an alias makes it hold itself")
