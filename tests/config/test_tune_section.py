"""The section `tune` of a sweep file, and the trials that it stands for."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_texts import BASE, Reader, base_with

from bench.config import Point, Sweep
from bench.grid import Choice, Grid
from bench.learners.network import NetworkLearner
from bench.located import located
from bench.sweep_file import load_untuned
from bench.tuning.section import Tuning
from bench.tuning.space import drawn

SPACE = "{learner.train.epochs: [3, 4, 5], learner.net.widen: [1, 2]}"
EXPERIMENT = "    vary: [initial]\n    learner: {train: {batch_size: 8}}\n"


def section(**changes: str) -> str:
    keys = {"experiment": "one", "space": SPACE, "keep": "kept.yaml"} | changes
    return f"tune: {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}\n"


def tuning(reader: Reader, text: str, *assignments: str) -> Tuning:
    found = reader.load(text, *assignments).tuning
    assert found is not None
    return found


def epochs_and_width(point: Point) -> tuple[int, int]:
    learner = point.settings.learner
    assert isinstance(learner, NetworkLearner)
    return learner.train.epochs, learner.net.widen  # type: ignore[attr-defined]


def untuned(reader: Reader, text: str) -> Sweep:
    file = reader.folder / "s.yaml"
    file.write_text(text)
    return load_untuned(file)


def test_without_the_section_there_is_nothing_to_tune(reader: Reader) -> None:
    assert reader.load(BASE).tuning is None


def test_every_point_of_the_space_is_a_trial(reader: Reader) -> None:
    found = tuning(reader, BASE + section())
    values = list(itertools.product([3, 4, 5], [1, 2]))
    assert [epochs_and_width(point) for point in found.experiment.points] == values
    assert [tuple(trial.values.values()) for trial in found.trials] == values
    assert [trial.name for trial in found.trials][:2] == ["epochs=3, widen=1", "epochs=3, widen=2"]
    assert [point.group for point in found.experiment.points] == [trial.name for trial in found.trials]


def test_trials_have_the_settings_of_the_experiment(reader: Reader) -> None:
    for point in tuning(reader, BASE + EXPERIMENT + section()).experiment.points:
        assert isinstance(point.settings.learner, NetworkLearner)
        assert point.settings.learner.train.batch_size == 8


def test_random_is_the_only_strategy(reader: Reader) -> None:
    (named,) = tuning(reader, BASE + section()).experiment.strategies
    assert (named.label, type(named.strategy).__name__) == ("random", "Random")


def test_no_stream_of_a_trial_is_held_at_a_seed_of_the_sweep(reader: Reader) -> None:
    found = tuning(reader, BASE + EXPERIMENT + section())
    assert {point.settings.varied for point in found.experiment.points} == {"all"}


def test_trials_pay_for_no_audit(reader: Reader) -> None:
    sweep = reader.load(f"{BASE}    audit: {{name: fidelity, proxies: [entk], against: naive}}\n{section()}")
    assert sweep.experiments[0].points[0].settings.audit is not None
    assert sweep.tuning is not None
    assert {point.settings.audit for point in sweep.tuning.experiment.points} == {None}


def test_seeds_are_three_from_1000_on_unless_somebody_says_so(reader: Reader) -> None:
    def seeds(text: str) -> list[int]:
        return tuning(reader, BASE + text).experiment.points[0].settings.seed_list

    assert seeds(section()) == [1000, 1001, 1002]
    assert seeds(section(seeds="[7, 5]")) == [7, 5]
    assert seeds(section(seeds="{first: 2, count: 2}")) == [2, 3]


def test_an_assignment_to_the_seeds_of_the_sweep_leaves_those_of_tuning(reader: Reader) -> None:
    found = tuning(reader, BASE + section(), "seeds={first: 50, count: 4}")
    assert found.experiment.points[0].settings.seed_list == [1000, 1001, 1002]


@pytest.mark.parametrize(
    ("own", "of_tuning", "told"),
    [
        ("2", "{first: 1, count: 3}", "one has 1"),
        ("[999, 1002]", "{first: 1000, count: 3}", "one has 1002"),
        ("{first: 900, count: 200}", "{first: 1000, count: 5}", "one has 1000, 1001, 1002, …"),
        ("2", "5", "one has 0, 1"),
    ],
)
def test_a_seed_of_the_sweep_is_refused(reader: Reader, own: str, of_tuning: str, told: str) -> None:
    problem = reader.problem(base_with(("seeds: 2", f"seeds: {own}")) + section(seeds=of_tuning))
    assert problem.startswith(f"s.yaml:16: tune.seeds: wanted seeds that no experiment has; {told}. Write {{first: ")


def test_the_seeds_of_every_experiment_count(reader: Reader) -> None:
    text = BASE + "  two: {strategies: [margin], seeds: {first: 1002, count: 50}}\n"
    assert "two has 1002. Write {first: 1052, count: …}" in reader.problem(text + section())


def test_the_seed_of_streams_that_are_held_counts_too(reader: Reader) -> None:
    text = base_with(("seeds: 2", "seeds: [8]"))
    assert tuning(reader, text + section(seeds="[0]")).section.seeds == [0]
    assert "one has 0." in reader.problem(f"{text}    vary: [initial]\n{section(seeds='[0]')}")


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("experiment", "oen", "experiment: no experiment named 'oen'; did you mean 'one'? Known: one"),
        ("space", "{}", "space: wanted at least one key with its list of values; got none"),
        ("space", "3", "space: wanted a mapping; got 3"),
        (
            "space",
            "{learner.penalty: 3}",
            "space.learner.penalty: wanted a list of values, or a mapping from what each is called to it; got 3",
        ),
        ("space", "{learner.penalty: [1, 1]}", "space.learner.penalty: wanted each value once; got [1, 1]"),
        ("space", "{lerner.penalty: [1]}", "space.lerner.penalty: unknown key. Allowed: dataset, learner"),
        ("space", "{learner.train.epochs: [0]}", "space.learner.train.epochs[0]: wanted an integer >= 1; got 0"),
        ("space", "{learner.train.epoch: [3]}", "space.learner.train.epoch[0]: unknown key; did you mean 'epochs'?"),
        ("space", "{protocol.cycles: [3]}", "space: wanted keys of learner, dataset.augment, dataset.normalise"),
        ("space", "{dataset.limit: [300]}", "space: wanted keys of learner, dataset.augment, dataset.normalise"),
        ("space", "{learner.net: [mlp], learner.net.width: [3]}", "space: wanted no key inside another; got"),
        ("metric", "accuracy", "metric: wanted aubc | final_accuracy; got"),
        ("trials", "0", "trials: wanted an integer >= 1 or null; got 0"),
        ("seeds", "[1000, 1000]", "seeds: wanted at least one seed, each once"),
        ("keep", "''", "keep: wanted a text that is not empty"),
        ("kepe", "a.yaml", "kepe: unknown key; did you mean 'keep'?"),
    ],
)
def test_a_mistake_is_reported_at_its_key(reader: Reader, key: str, text: str, problem: str) -> None:
    assert reader.problem(BASE + section(**{key: text})).startswith(f"s.yaml:16: tune.{problem}")


def test_keys_that_must_be_there_are_named(reader: Reader) -> None:
    keys = [problem.split(": ")[1] for problem in reader.problems(f"{BASE}tune: {{}}\n")]
    assert keys == ["tune.experiment", "tune.keep", "tune.space"]


def test_an_experiment_with_a_grid_is_refused(reader: Reader) -> None:
    text = BASE + "    grid: {learner.net.widen: [1, 2]}\n"
    assert "tune.experiment: wanted an experiment without a grid" in reader.problem(text + section())


def test_augmentation_and_normalisation_can_be_tuned(reader: Reader) -> None:
    space = "{dataset.augment.crop: [0, 1], dataset.normalise: [none, standard]}"
    assert len(tuning(reader, BASE + section(space=space)).trials) == 4


def test_thousands_of_points_are_to_be_drawn_from(reader: Reader) -> None:
    many = ", ".join(map(str, range(1, 102)))
    space = f"{{learner.train.epochs: [{many}], learner.net.widen: [{many}]}}"
    assert "wanted at most 10000 points; got 10201. Say in `trials`" in reader.problem(BASE + section(space=space))
    assert len(tuning(reader, BASE + section(space=space, trials="3")).trials) == 3


def test_some_trials_are_points_of_the_space_in_its_order(reader: Reader) -> None:
    whole = tuning(reader, BASE + section()).trials
    some = tuning(reader, BASE + section(trials="4")).trials
    assert len(some) == 4
    assert [trial for trial in whole if trial in some] == list(some)


def test_another_first_seed_draws_other_trials(reader: Reader) -> None:
    space = f"{{learner.train.epochs: [{', '.join(map(str, range(1, 100)))}]}}"

    def trials(first: int, count: int) -> set[str]:
        text = section(space=space, trials="5", seeds=f"{{first: {first}, count: {count}}}")
        return {trial.name for trial in tuning(reader, BASE + text).trials}

    assert trials(1000, 3) == trials(1000, 9) != trials(1001, 3)


@given(st.integers(1, 60), st.integers(1, 70), st.integers(1, 70), st.integers(0, 5))
def test_more_trials_have_the_fewer_in_them(size: int, one: int, other: int, seed: int) -> None:
    fewer, more = (drawn(size, count, seed) for count in sorted((one, other)))
    assert set(fewer) <= set(more) <= set(range(size))
    assert more == sorted(set(more))
    assert len(more) == min(size, max(one, other))


def test_all_points_are_taken_where_no_number_is_given() -> None:
    assert drawn(7, None, 0) == list(range(7))


def test_every_point_is_drawn_equally_often() -> None:
    counts = Counter(number for seed in range(3000) for number in drawn(6, 2, seed))
    assert all(abs(counts[number] - 1000) < 5 * (1000 * 2 / 3) ** 0.5 for number in range(6))  # five deviations


@given(st.lists(st.integers(1, 4), max_size=4))
def test_the_points_of_a_grid_are_the_product_of_its_values(sizes: list[int]) -> None:
    axes = [[Choice(f"k{i}", f"{n}", located(n, "here")) for n in range(size)] for i, size in enumerate(sizes)]
    grid = Grid(tuple(axes))
    wanted = list(itertools.product(*axes))
    assert list(grid) == wanted
    assert len(grid) == len(wanted)


@pytest.mark.parametrize("kept", [None, "defaults: {learner: {name: network, train: {batch_size: 4}}}", "no: [sense"])
def test_tuning_does_not_depend_on_what_was_kept(reader: Reader, kept: str | None) -> None:
    text = BASE + section()
    if kept is not None:
        (reader.folder / "kept.yaml").write_text(kept)
    assert untuned(reader, "include: [kept.yaml]\n" + text).tuning == untuned(reader, text).tuning


def test_tuning_reads_the_other_files_that_are_included(reader: Reader) -> None:
    (reader.folder / "deep").mkdir()
    (reader.folder / "deep/other.yaml").write_text("include: [../kept.yaml]\ndefaults: {precision: float64}\n")
    found = untuned(reader, "include: [deep/other.yaml]\n" + BASE + section()).tuning
    assert found is not None
    assert {point.settings.precision for point in found.experiment.points} == {"float64"}


def test_a_value_that_only_the_kept_file_has_is_not_missed_while_tuning(reader: Reader) -> None:
    text = base_with(("name: onecycle, max_lr: 0.5", "name: constant"))
    space = "{learner.train.schedule.lr: [0.5, 0.25]}"
    sweep = untuned(reader, "include: [kept.yaml]\n" + text + section(space=space))
    assert sweep.tuning is not None
    rates = [point.settings.learner.train.schedule.lr for point in sweep.tuning.experiment.points]  # type: ignore[attr-defined]
    assert rates == [0.5, 0.25]


def test_a_sweep_reads_its_section_without_loading_torch(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(BASE + section())
    code = "import sys, bench.tune; from bench.sweep_file import load_sweep; from pathlib import Path;"
    code += f"load_sweep(Path({str(file)!r})); sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
