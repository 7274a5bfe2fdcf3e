"""First labelled sets from files: read when a sweep is planned, kept as ids, and written from results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sweep_texts import BASE, Reader, base_with

from bench.cell import cell_from_record
from bench.errors import ConfigError, ResultsError
from bench.index_sets import Choice, labelled_sets, main, read_index_sets, written
from bench.plan import Schedule
from bench.protocol import Given, Protocol

ROOT = Path(__file__).parents[2]
SMALL = base_with(("initial: 20", "initial: 3"))
FROM_FILE = "protocol.initial_set={file: starts.json}"
BY_SEED = {"0": [5, 3, 4], "1": [8, 7, 9], "7": [1, 1, -1]}


def saved(folder: Path, value: object, name: str = "starts.json") -> Path:
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def starts(planned: Schedule) -> dict[int, Any]:
    """The ids of each seed, in the cells of the first arm."""
    sets = {seed: cell.protocol.initial_set for seed, cell in planned.arms[0].cells.items()}
    return {seed: start.ids if isinstance(start, Given) else start for seed, start in sets.items()}


def test_each_seed_starts_from_its_own_ids_in_their_order(reader: Reader) -> None:
    saved(reader.folder, BY_SEED)
    assert starts(reader.plan(SMALL, FROM_FILE)) == {0: (5, 3, 4), 1: (8, 7, 9)}


def test_one_list_is_for_every_seed(reader: Reader) -> None:
    saved(reader.folder, [2, 0, 1])
    assert starts(reader.plan(SMALL, FROM_FILE)) == {0: (2, 0, 1), 1: (2, 0, 1)}


def test_ids_may_stand_in_the_sweep_file_itself(reader: Reader) -> None:
    assert starts(reader.plan(SMALL, "protocol.initial_set={ids: [2, 0, 1]}")) == {0: (2, 0, 1), 1: (2, 0, 1)}


def test_ids_make_the_cell_and_the_path_does_not(reader: Reader) -> None:
    for name, ids in (("a.json", [1, 2, 3]), ("b.json", [1, 2, 3]), ("c.json", [1, 2, 4])):
        saved(reader.folder, ids, name)
    a, b, c, inline = (
        list(reader.plan(SMALL, f"protocol.initial_set={{{start}}}").cells())
        for start in ("file: a.json", "file: b.json", "file: c.json", "ids: [1, 2, 3]")
    )
    assert a == b == inline
    assert not set(a) & {*c, *reader.plan(SMALL).cells()}


def test_a_cell_needs_the_file_no_more(reader: Reader) -> None:
    saved(reader.folder, BY_SEED)
    cell = reader.plan(SMALL, FROM_FILE).arms[0].cells[1]
    record = json.loads(json.dumps(cell.record()))
    assert "starts.json" not in json.dumps(record)
    assert cell_from_record(record) == cell
    assert cell_from_record(record).id == cell.id


def test_a_given_set_replaces_another_kind_by_its_name(reader: Reader) -> None:
    text = SMALL.replace("cycles: 8", "cycles: 8, initial_set: balanced")
    assert starts(reader.plan(text, "protocol.initial_set={name: given, ids: [2, 0, 1]}"))[0] == (2, 0, 1)


def test_a_grid_may_vary_the_first_set(reader: Reader) -> None:
    saved(reader.folder, BY_SEED)
    planned = reader.plan(SMALL + "    grid: {protocol.initial_set: [uniform, balanced, {file: starts.json}]}\n")
    assert len(planned.cells()) == 3 * 2 * 2


def refusal(reader: Reader, *assignments: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        reader.plan(SMALL, *assignments)
    return [str(problem).replace(f"{reader.folder}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"0": [1, 2, 3]}, "starts.json: wanted ids for seed 1; got those of seeds 0. Add it"),
        ({}, "starts.json: wanted ids for seed 0; got those of seeds none. Add it"),
        (BY_SEED | {"1": [1, 2]}, "starts.json: 1: wanted 3 ids, as protocol.initial says; got 2"),
        (BY_SEED | {"1": []}, "starts.json: 1: wanted 3 ids, as protocol.initial says; got 0"),
        (BY_SEED | {"1": [1, 2, 1]}, "starts.json: 1: wanted each id once; got 1 more than once"),
        (BY_SEED | {"1": [1, 2, -3]}, "starts.json: 1: wanted ids, integers from 0 on; got -3"),
        (BY_SEED | {"1": [1, 2, 3.0]}, "starts.json: 1: wanted ids, integers from 0 on; got 3.0"),
        (BY_SEED | {"1": [1, 2, True]}, "starts.json: 1: wanted ids, integers from 0 on; got true"),
        (BY_SEED | {"1": "all"}, 'starts.json: 1: wanted a list of ids; got "all"'),
        (5, "starts.json: wanted JSON: a list of ids, or a mapping from seeds to such lists; got 5"),
        ("[1, 2", "starts.json: wanted JSON: a list of ids, or a mapping from seeds to such lists; got something else"),
        ('{"0": [1, 2, 3], "0": [4, 5, 6]}', "got something else: a seed stands there twice"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_when_the_sweep_is_planned(
    reader: Reader, content: object, said: str
) -> None:
    saved(reader.folder, content)
    assert said in refusal(reader, FROM_FILE)[0]


def test_every_seed_that_does_not_fit_is_reported_once_for_all_arms(reader: Reader) -> None:
    saved(reader.folder, [1, 2])
    assert refusal(reader, FROM_FILE) == ["starts.json: wanted 3 ids, as protocol.initial says; got 2"]
    saved(reader.folder, {"0": [1], "1": [2]})
    assert len(refusal(reader, FROM_FILE)) == 2


def test_a_missing_file_is_named_with_the_places_and_with_other_missing_files(reader: Reader) -> None:
    said = refusal(reader, "protocol.initial_set={file: none.json}", "dataset={name: npz, path: none.npz}")
    assert said == [
        f"{reader.folder / 's.yaml'}: dataset: npz: no file 'none.npz'; looked for none.npz and none.npz".replace(
            f"{reader.folder}/", ""
        ),
        "none.json: initial_set: no file 'none.json'; looked for none.json and none.json",
    ]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("{ids: [1, 2]}", "protocol.initial_set: wanted 3 ids, as protocol.initial says; got 2"),
        ("{ids: [1, 2, 2]}", "protocol.initial_set.ids: wanted each id once; got 2 more than once"),
        (
            "{ids: [1, 2, -2]}",
            "protocol.initial_set.ids: wanted a list, each item an integer >= 0, or null; got [1, 2, -2]",
        ),
        ("{}", "protocol.initial_set: wanted either file or ids; got none"),
        ("{file: a.json, ids: [1, 2, 3]}", "protocol.initial_set: wanted either file or ids; got both"),
        ("random", "protocol.initial_set: wanted uniform | balanced, or a mapping of name (given), file, ids"),
    ],
)
def test_what_the_sweep_file_says_of_the_first_set_is_checked(reader: Reader, start: str, said: str) -> None:
    assert said in reader.problem(SMALL, f"protocol.initial_set={start}")


def results_of(planned: Schedule, folder: Path, *, lost: str = "") -> Path:
    """Rows of cycles 0 to 2 by hand: seed s starts from 3 ids, then each arm goes its own way, 10 ids a cycle."""
    (folder / "plan.json").write_text(json.dumps(planned.record()))
    for number, arm in enumerate(planned.arms):
        for seed, cell in arm.cells.items():
            if cell.id == lost:
                continue
            bought = [[100 * seed + 2, 100 * seed, 100 * seed + 1]]
            bought += [
                list(range(1000 * number + 10 * cycle + 9, 1000 * number + 10 * cycle - 1, -1)) for cycle in (1, 2)
            ]
            rows: list[dict[str, Any]] = [
                {"schema": 1, "cell": cell.id, "cycle": cycle, "result": {"queried": ids}, "measured": {}, "files": {}}
                for cycle, ids in enumerate(bought)
            ]
            place = folder / "cells" / cell.id
            place.mkdir(parents=True)
            (place / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def results(reader: Reader) -> Path:
    """A results folder of two arms and two seeds."""
    return results_of(reader.plan(SMALL), reader.folder)


def test_the_first_sets_of_a_results_folder_start_a_sweep_again(reader: Reader, results: Path) -> None:
    assert main([str(results), "--out", str(reader.folder / "starts.json")]) == 0
    assert starts(reader.plan(SMALL, FROM_FILE)) == {0: (2, 0, 1), 1: (102, 100, 101)}


def test_the_labelled_set_of_an_arm_after_a_cycle_holds_all_that_it_bought_in_order(results: Path) -> None:
    assert labelled_sets(results, Choice(arm="entropy", cycle=1)) == {
        seed: [100 * seed + 2, 100 * seed, 100 * seed + 1, *range(1019, 1009, -1)] for seed in (0, 1)
    }


def test_what_is_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    sets = {10: [3, 1, 2], 2: [4, 5, 6]}
    saved(tmp_path, written(sets), "w.json")
    found = read_index_sets("w.json", tmp_path)
    protocol = Protocol(3, 1, 1)
    assert {s: list(found.resolved(protocol, s).initial_set.ids) for s in sets} == sets  # type: ignore[union-attr,arg-type]
    assert written(sets).splitlines()[1] == '  "2": [4, 5, 6],'


def test_arms_that_differ_are_refused_by_name(results: Path) -> None:
    with pytest.raises(ResultsError, match=r"one labelled set for seed 0 after cycle 1; random and entropy have diff"):
        labelled_sets(results, Choice(cycle=1))


def test_points_of_a_grid_are_told_apart_by_group(reader: Reader) -> None:
    planned = reader.plan(SMALL + "    grid: {learner.net.widen: [1, 2]}\n")
    results = results_of(planned, reader.folder)
    with pytest.raises(ResultsError, match=r"random \[widen=1\] and random \[widen=2\] have different ones"):
        labelled_sets(results, Choice(arm="random", cycle=2))
    assert labelled_sets(results, Choice(arm="random", group="widen=2", cycle=2))[0][-1] == 2020


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(arm="margin"), "--arm: no arm 'margin'. Known: entropy, random"),
        (Choice(["two"]), "--experiment: no experiment 'two'. Known: one"),
        (Choice(group="widen=9"), "--group: no group 'widen=9'. Known: "),
        (Choice(arm="random", cycle=3), "wanted rows of cycle 3; no cell that is meant has come so far"),
    ],
)
def test_what_is_not_there_is_named(results: Path, choice: Choice, said: str) -> None:
    with pytest.raises(ResultsError) as caught:
        labelled_sets(results, choice)
    assert said in str(caught.value)


def test_an_experiment_is_taken_alone(reader: Reader) -> None:
    planned = reader.plan(SMALL + "  two:\n    protocol: {initial: 2, budget: 3}\n    strategies: [random]\n")
    results = results_of(planned, reader.folder)
    (results / "cells" / planned.arms[2].cells[1].id / "rows.jsonl").unlink()
    assert sorted(labelled_sets(results, Choice(["two"]))) == [0]


def test_seeds_without_such_a_row_are_named_and_left_out(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    planned = reader.plan(SMALL)
    results = results_of(planned, reader.folder, lost=planned.arms[0].cells[1].id)
    assert main([str(results), "--arm", "random"]) == 0
    said = capsys.readouterr()
    assert (json.loads(said.out), said.err) == ({"0": [2, 0, 1]}, "without seeds 1: no row of cycle 0 yet\n")


def test_a_folder_without_results_is_an_error_of_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "wanted a results folder with plan.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("out", "said"), [(".", "--out: wanted the name of a file; got the folder ."), ("file/starts.json", "file")]
)
def test_a_file_that_cannot_be_written_is_an_error_of_status_2(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    out: str,
    said: str,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert main([str(results.absolute()), "--out", out]) == 2
    assert said in capsys.readouterr().err


def test_the_command_loads_no_torch(results: Path) -> None:
    code = (
        f"import sys; from bench.index_sets import main; main([{str(results)!r}]);"
        "print([m for m in ('torch', 'jax', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_base_file_still_starts_uniformly(reader: Reader) -> None:
    assert starts(reader.plan(BASE)) == {0: "uniform", 1: "uniform"}
