"""Every value of every file changed into something else: readers say what is wrong in a sentence, or leave it out."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hostile_folder import cell_of, copy, make, planned, readers, results_of, run_here

from bench import drive
from bench.files import write_json
from bench.malformed import first_malformed, told_if_malformed

COMMANDS = ("stats", "compare", "status", "pack", "merge", "retry", "prune")
TRIED = 3  # changes of a file that a test tries, other ones for each file
STRANGE = (None, True, -1, 0, 7, 10**6, 10**18, 10**30, 1e308, -2.5, "", "x", "../../x", "a\x00b", [], {}, [[]], ["x"])
STRANGE += ([None], [-1], [10**30], {"a": 1}, {"0": None}, {"attempt": "x"})
GONE = object()
LONG_AGO = (1e9, 1e9)  # a lease of then holds nobody off
Path_ = tuple[str | int, ...]


@pytest.fixture(scope="module")
def believable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make(tmp_path_factory.mktemp("values") / "believable")
    write_status(folder)
    return folder


def write_status(folder: Path) -> None:
    """Leave a launch and a lease as a worker does that is gone, and an attempt that has not said how it ended."""
    cell = cell_of(folder, "margin", seed=1)
    launch = results_of(folder) / "launches/20200101-000000-abcdef"
    process = {"host": "node1", "namespace": "pid:[1]", "pid": 1, "born": "1"}
    status = {"cell": cell.name, "doing": "cycle 2: fit", "share": 0.5, "time": "2025-01-02T03:04:05+00:00"}
    write_json(launch / "slot0/status.json", status | process)
    write_json(launch / "launch.json", {"executor": "local", "driver": process, "jobs": []})
    write_json(launch / "queue.json", {cell.name: json.loads((cell / "cell.json").read_text())})
    write_json(cell / "lease.0", process)
    os.utime(cell / "lease.0", LONG_AGO)
    environment = {
        "host": "node1",
        "device": "cpu",
        "memory_kills": 0,
        "launch": launch.name,
        "packages": {"torch": "2"},
    }
    begun = {"attempt": 2, "started": "2025-01-02T03:04:05+00:00", "ended": None, "status": None}
    with (cell / "attempts.jsonl").open("a") as file:
        file.write(json.dumps(begun | {"environment": environment}) + "\n")


def places(value: Any, here: Path_ = ()) -> Iterator[Path_]:
    """Where values stand in JSON, the whole first; of a list its first two items."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*here, key))


def put(value: Any, place: Path_, strange: Any) -> Any:
    """The value with something else in a place of it."""
    if not place:
        return {} if strange is GONE else strange
    changed = deepcopy(value)
    at = changed
    for key in place[:-1]:
        at = at[key]
    if strange is GONE:
        del at[place[-1]]
    else:
        at[place[-1]] = strange
    return changed


def mutate(file: Path, chance: random.Random) -> str:
    """Change one value of a file; returns what was changed and into what."""
    lines = file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]
    number = chance.randrange(len(lines))
    known = json.loads(lines[number])
    place, strange = chance.choice(list(places(known))), chance.choice([*STRANGE, GONE])
    lines[number] = json.dumps(put(known, place, strange))
    file.write_text("".join(f"{line}\n" for line in lines))
    os.utime(file, LONG_AGO)
    return f"{'.'.join(map(str, place))} of line {number} is {'gone' if strange is GONE else repr(strange)}"


def files(folder: Path) -> dict[str, Path]:
    done, unfinished = cell_of(folder, "margin"), cell_of(folder, "margin", seed=1)
    failed, launch = cell_of(folder, "entropy", seed=1), results_of(folder) / "launches/20200101-000000-abcdef"
    return {
        "plan.json": results_of(folder) / "plan.json",
        **{f"a finished {name}": done / name for name in ("cell.json", "rows.jsonl", "attempts.jsonl", "done.json")},
        **{f"an unfinished {name}": unfinished / name for name in ("cell.json", "rows.jsonl", "attempts.jsonl")},
        "a lease": unfinished / "lease.0",
        "a failed failure.json": failed / "failure.json",
        "Random's rows": cell_of(folder, "random") / "rows.jsonl",
        **{f"a launch's {name}": launch / name for name in ("slot0/status.json", "launch.json", "queue.json")},
    }


NAMES = (
    *(
        "plan.json",
        "a finished cell.json",
        "a finished rows.jsonl",
        "a finished attempts.jsonl",
        "a finished done.json",
    ),
    *("an unfinished cell.json", "an unfinished rows.jsonl", "an unfinished attempts.jsonl", "a lease"),
    *("a failed failure.json", "Random's rows", "a launch's slot0/status.json", "a launch's launch.json"),
    "a launch's queue.json",
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize("name", NAMES)
def test_any_value_may_be_anything_in(
    believable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, seed: int
) -> None:
    monkeypatch.setattr(drive, "POLL", 0.01)
    chance, stumbled = random.Random(f"{name} {seed}"), {}
    for trial in range(TRIED):
        folder = copy(believable, tmp_path / f"{trial}")
        changed = mutate(files(folder)[name], chance)
        for command in COMMANDS:
            told = _outcome(readers(folder)[command])
            if told not in ("0", "1", "2"):
                stumbled[changed, command] = told
        shutil.rmtree(folder)
    assert not stumbled


def _outcome(command: list[str]) -> str:
    try:
        return str(run_here(command))
    except Exception as error:  # what the test is about: none may come out of a command
        return repr(error)[:200]


@pytest.mark.parametrize(
    ("name", "line", "place", "strange", "said"),
    [
        (
            "rows.jsonl",
            2,
            ("result", "accuracy"),
            "high",
            "line 3: wanted a row as this version writes it; ",
        ),
        (
            "rows.jsonl",
            1,
            ("result", "queried", 0),
            10**18,
            "line 2: wanted ids and counts from 0 to 2147483647",
        ),
        (
            "attempts.jsonl",
            0,
            ("environment",),
            7,
            "line 1: wanted an attempt as this version writes it; ",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_to_do(
    believable: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    line: int,
    place: Path_,
    strange: Any,
    said: str,
) -> None:
    folder = copy(believable, tmp_path / "copy")
    change_value(cell_of(folder, "margin") / name, line, place, strange)
    capsys.readouterr()
    assert run_here(readers(folder)["stats"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Restore the file; a cell whose folder is deleted is run again" in told


def change_value(file: Path, line: int, place: Path_, strange: Any) -> None:
    lines = file.read_text().splitlines()
    lines[line] = json.dumps(put(json.loads(lines[line]), place, strange))
    file.write_text("".join(f"{each}\n" for each in lines))


@pytest.mark.parametrize("cycles", [-1, 10**7])
def test_a_plan_of_more_cycles_than_there_can_be_is_malformed(believable: Path, tmp_path: Path, cycles: int) -> None:
    folder = copy(believable, tmp_path / "copy")
    plan = planned(folder)
    plan["experiments"]["first"]["cycles"] = cycles
    write_json(results_of(folder) / "plan.json", plan)
    assert str(first_malformed(results_of(folder))).endswith(f"first: wanted 0 to 1000000 cycles; got {cycles}")


def test_an_error_of_ours_stays_an_error_where_nothing_is_malformed(believable: Path) -> None:
    assert first_malformed(results_of(believable)) is None
    with pytest.raises(ZeroDivisionError), told_if_malformed(results_of(believable)):
        _ = 1 / 0


def test_an_error_outside_of_results_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), told_if_malformed(tmp_path / "nothing"):
        _ = 1 / 0
