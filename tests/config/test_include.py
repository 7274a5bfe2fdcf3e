"""What a sweep file includes lies beneath what it says itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_texts import ARMS, BASE, Reader, base_and, base_with

from bench.include import under
from bench.learners.network import NetworkLearner
from bench.located import Plain, located, merged
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet

INCLUDE = "include: [tuned/small.yaml]\n"
TUNE = "tune: {experiment: one, space: {learner.net.widen: [1, 2]}, keep: tuned/small.yaml}\n"
WITHOUT_RATE = base_with((", max_lr: 0.5", ""))
trees = st.recursive(
    st.integers() | st.none(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)


def write(reader: Reader, name: str, text: str) -> None:
    file = reader.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def included(reader: Reader, defaults: str) -> None:
    write(reader, "tuned/small.yaml", f"defaults: {defaults}\n")


def said(reader: Reader, text: str, *assignments: str) -> list[str]:
    """The problems of a text, without the folder of the test."""
    return [problem.replace(f"{reader.folder}/", "") for problem in reader.problems(text, *assignments)]


def net_of(reader: Reader, text: str) -> object:
    learner = reader.settings(text).learner
    assert isinstance(learner, NetworkLearner)
    return learner.net


def ids(reader: Reader, text: str) -> list[str]:
    return list(reader.plan(text).cells())


def test_cells_are_those_of_the_same_values_written_by_hand(reader: Reader) -> None:
    included(reader, "{learner: {name: network, train: {epochs: 7, schedule: {max_lr: 0.25}}}, precision: float64}")
    by_hand = base_with(("max_lr: 0.5", "max_lr: 0.25"), ("loss: squared", "loss: squared\n      epochs: 7"))
    by_hand = by_hand.replace("  seeds: 2", "  seeds: 2\n  precision: float64")
    assert ids(reader, INCLUDE + WITHOUT_RATE) == ids(reader, by_hand)
    assert ids(reader, INCLUDE + WITHOUT_RATE) != ids(reader, BASE)


def test_what_the_file_says_itself_wins(reader: Reader) -> None:
    included(reader, "{learner: {name: network, net: {name: wide_resnet, widen: 9}, train: {epochs: 7}}, seeds: 5}")
    assert net_of(reader, INCLUDE + BASE) == WideResNet(stages=1, widen=1)
    assert reader.settings(INCLUDE + BASE).seeds == 2


def test_what_an_experiment_says_wins_too(reader: Reader) -> None:
    included(reader, "{protocol: {label_noise: 0.1}}")
    assert reader.settings(INCLUDE + BASE).protocol.label_noise == 0.1
    assert reader.settings(INCLUDE + base_and("protocol: {label_noise: 0.2}")).protocol.label_noise == 0.2


def test_a_file_without_defaults_of_its_own_has_the_included_ones(reader: Reader) -> None:
    lines = BASE.splitlines()
    write(reader, "tuned/small.yaml", "\n".join(lines[1:12]))
    assert ids(reader, INCLUDE + "\n".join([lines[0], *lines[12:]])) == ids(reader, BASE)


@pytest.mark.parametrize("named", ["{name: mlp, width: 4}", "mlp"])
def test_parameters_of_another_plugin_are_left_out(reader: Reader, named: str) -> None:
    included(reader, f"{{learner: {{name: network, net: {named}}}}}")
    assert net_of(reader, INCLUDE + BASE) == WideResNet(stages=1, widen=1)


@pytest.mark.parametrize("own", ["mlp", "{name: mlp}", "{name: mlp, layers: 1}"])
def test_parameters_without_a_plugins_name_go_to_the_one_that_the_file_names(reader: Reader, own: str) -> None:
    included(reader, "{learner: {net: {width: 4, layers: 1}}}")
    assert net_of(reader, INCLUDE + base_with(("{name: wide_resnet, stages: 1, widen: 1}", own))) == MLP(4, 1)


def test_files_are_found_from_the_file_that_includes_them(reader: Reader) -> None:
    write(reader, "tuned/small.yaml", "include: [deeper.yaml, ../beside.yaml]\ndefaults: {precision: float64}\n")
    write(reader, "tuned/deeper.yaml", "defaults: {protocol: {label_noise: 0.1}, precision: float32}\n")
    write(reader, "beside.yaml", "defaults: {vary: [initial]}\n")
    settings = reader.settings(INCLUDE + BASE)
    assert (settings.protocol.label_noise, settings.vary, settings.precision) == (0.1, ("initial",), "float64")


def test_files_side_by_side_must_agree(reader: Reader) -> None:
    included(reader, "{seeds: 2,\n  precision: float64}")
    write(reader, "other.yaml", "defaults:\n  seeds: 2\n  precision: float32\n")
    assert said(reader, "include: [tuned/small.yaml, other.yaml]\n" + BASE) == [
        "other.yaml:3: defaults.precision: wanted included files to agree; tuned/small.yaml:2 says "
        '"float64", this one "float32". Keep one of them'
    ]


def test_files_side_by_side_may_say_the_same(reader: Reader) -> None:
    included(reader, "{precision: float64, protocol: {label_noise: 0.1}}")
    write(reader, "other.yaml", "defaults: {precision: float64, vary: [initial]}\n")
    settings = reader.settings("include: [tuned/small.yaml, other.yaml]\n" + BASE)
    assert (settings.precision, settings.vary, settings.protocol.label_noise) == ("float64", ("initial",), 0.1)


def test_a_missing_file_that_tuning_makes_is_named_with_the_command(reader: Reader) -> None:
    (problem,) = said(reader, INCLUDE + WITHOUT_RATE.replace("name: onecycle", "name: constant") + TUNE)
    assert problem == (
        "s.yaml:1: include[0]: wanted the file tuned/small.yaml; there is none. Run `python -m bench.tune s.yaml`, "
        "which writes it, or take it out of include"
    )


def test_another_missing_file_is_to_be_written(reader: Reader) -> None:
    wanted = "wanted the file none.yaml; there is none. Write it, or take it out of include"
    assert said(reader, "include: [none.yaml]\n" + BASE) == [f"s.yaml:1: include[0]: {wanted}"]


def test_a_missing_file_is_reported_where_it_is_included(reader: Reader) -> None:
    write(reader, "tuned/small.yaml", "# nothing\ninclude: [none.yaml]\n")
    assert said(reader, INCLUDE + BASE)[0].startswith("tuned/small.yaml:2: include[0]: wanted the file tuned/none.yaml")


@pytest.mark.parametrize(("file", "chain"), [("../s.yaml", "s.yaml"), ("small.yaml", "tuned/small.yaml")])
def test_a_circle_is_refused(reader: Reader, file: str, chain: str) -> None:
    write(reader, "tuned/small.yaml", f"include: [{file}]\n")
    (problem,) = said(reader, INCLUDE + BASE)
    assert problem.startswith("tuned/small.yaml:1: include[0]: wanted no circle; s.yaml includes tuned/small.yaml")
    assert problem.endswith(f"includes tuned/{file}")


def test_one_file_may_be_included_by_two_others(reader: Reader) -> None:
    for name in ("tuned/small.yaml", "tuned/other.yaml"):
        write(reader, name, "include: [shared.yaml]\n")
    write(reader, "tuned/shared.yaml", "defaults: {precision: float64}\n")
    assert reader.settings("include: [tuned/small.yaml, tuned/other.yaml]\n" + BASE).precision == "float64"


def test_a_mistake_is_reported_in_the_file_that_makes_it(reader: Reader) -> None:
    write(reader, "tuned/small.yaml", "# of\n# somebody\ndefaults:\n  learner:\n    net: {widne: 3}\n")
    (problem,) = said(reader, INCLUDE + BASE)
    assert problem.startswith("tuned/small.yaml:5: defaults.learner.net.widne: unknown key; did you mean 'widen'?")


def test_what_is_missing_is_missing_in_the_file_itself(reader: Reader) -> None:
    included(reader, "{protocol: {label_noise: 0.1}}")
    (problem,) = said(reader, INCLUDE + base_with(("initial: 20, ", "")))
    assert problem == "s.yaml:12: defaults.protocol.initial: missing; wanted an integer >= 1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("seeds: 2", "tuned/small.yaml:1: seeds: unknown key. Allowed: include, defaults"),
        ("experiments: {}", "tuned/small.yaml:1: experiments: unknown key. Allowed: include, defaults"),
        ("[1]", "tuned/small.yaml:1: wanted a mapping of include and defaults; got [1]"),
        ("", "tuned/small.yaml: wanted a mapping of keys; the file is empty"),
        ("a: [", "tuned/small.yaml:1: not YAML: while parsing a flow node, expected the node content"),
    ],
)
def test_a_file_that_is_no_part_of_a_sweep_is_refused(reader: Reader, text: str, problem: str) -> None:
    write(reader, "tuned/small.yaml", text)
    (found,) = said(reader, INCLUDE + BASE)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tuned/small.yaml", 'include: wanted a list of files; got "tuned/small.yaml"'),
        ("{a: b}", 'include: wanted a list of files; got {"a": "b"}'),
        ("[3]", "include[0]: wanted the name of a file; got 3"),
        ("['']", 'include[0]: wanted the name of a file; got ""'),
        ("[tuned]", "wanted a readable YAML file; Is a directory"),
    ],
)
def test_what_is_no_list_of_files_is_refused(reader: Reader, text: str, problem: str) -> None:
    included(reader, "{}")
    (found,) = said(reader, f"include: {text}\n" + BASE)
    assert problem in found


@pytest.mark.parametrize("text", ["", "[]", "null"])
def test_including_nothing_changes_nothing(reader: Reader, text: str) -> None:
    assert ids(reader, f"include: {text}\n" + BASE) == ids(reader, BASE)


def test_an_assignment_takes_the_included_files_out_or_names_others(reader: Reader) -> None:
    write(reader, "other.yaml", "defaults: {precision: float64}\n")
    load = "include: [none.yaml]\n" + BASE
    assert reader.settings(load, "include=null").precision == "float32"
    assert reader.settings(load, "include=[other.yaml]").precision == "float64"
    (problem,) = said(reader, BASE, "include=[none.yaml]")
    assert problem.startswith("--set include=[none.yaml]: include[0]: wanted the file none.yaml")


def test_an_assignment_to_the_files_own_defaults_wins_over_included_ones(reader: Reader) -> None:
    included(reader, "{protocol: {label_noise: 0.1}}")
    assert reader.settings(INCLUDE + BASE, "defaults.protocol.label_noise=0.2").protocol.label_noise == 0.2


def test_strategies_cannot_come_from_an_included_file(reader: Reader) -> None:
    included(reader, f"{{strategies: {ARMS}}}")
    assert said(reader, INCLUDE + BASE)[0].startswith("tuned/small.yaml:1: defaults.strategies: unknown key")


@given(trees, trees)
def test_without_plugins_it_is_merged_as_an_experiment_over_defaults(own: Plain, beneath: Plain) -> None:
    both = under(located({"x": own}, "own"), located({"x": beneath}, "beneath"))
    assert both.plain == merged(located({"x": beneath}, "beneath"), located({"x": own}, "own")).plain


@given(trees)
def test_every_mapping_of_the_file_keeps_its_place(own: Plain) -> None:
    found = under(located({"x": own}, "own"), located({"x": {"a": {"b": 1}}, "y": 2}, "beneath"))
    assert isinstance(found.value, dict)
    assert (found.where, found.value["x"].where, found.value["y"].where) == ("own", "own", "beneath")
