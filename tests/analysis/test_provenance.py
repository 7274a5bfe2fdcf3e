"""What is mixed in a results folder is found, counted and told in words."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from synthetic_results import Sweep

from analysis.load import load
from analysis.provenance import Provenance, attempts, provenance


def told(sweep: Sweep) -> str:
    return "\n".join(provenance(load(sweep.root)).warnings())


def origin(sweep: Sweep) -> Provenance:
    return provenance(load(sweep.root))


def cells_of(sweep: Sweep, arm: int) -> dict[str, str]:
    found: dict[str, str] = sweep.experiments["fig"]["arms"][arm]["cells"]
    return found


def configure(sweep: Sweep, cell: str, record: dict[str, Any]) -> None:
    (sweep.folder(cell) / "cell.json").write_text(json.dumps(record))


def test_nothing_is_told_of_runs_that_were_made_alike(two_arms: Sweep) -> None:
    assert told(two_arms) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "A100"}, "Mixed device: cpu (5 attempts), A100 (1 attempt); times are not comparable"),
        ({"slots": 2}, "Mixed slots: unknown (5 attempts), 2 (1 attempt); times are not comparable"),
        ({"threads": 2}, "Mixed threads: 1 (5 attempts), 2 (1 attempt)"),
        (
            {"tf32": True},
            "Mixed tf32: unknown (5 attempts), True (1 attempt); products were rounded differently",
        ),
        ({"commit": "b" * 40}, "Mixed commit: aaaaaaaaaa (5 attempts), bbbbbbbbbb (1 attempt)"),
        ({"packages": {"torch": "2.12"}}, "Mixed torch: 2.11.0 (5 attempts), 2.12 (1 attempt)"),
        ({"packages": {"torch": "2.11.0", "jax": "0.8"}}, "Mixed jax: unknown (5 attempts), 0.8 (1 attempt)"),
        ({"uncommitted_changes": True}, "1 attempt made with uncommitted changes"),
    ],
)
def test_what_is_mixed_is_flagged_with_its_counts(two_arms: Sweep, changes: dict[str, object], words: str) -> None:
    two_arms.attempt(cells_of(two_arms, 1)["0"], **changes)
    assert words in told(two_arms)


def test_a_seed_whose_runs_differ_in_device_is_counted_as_crossed(two_arms: Sweep) -> None:
    two_arms.attempt(cells_of(two_arms, 1)["0"], device="A100")
    assert origin(two_arms).crossed["device"] == 1
    assert "(within 1 of 3 seeds of a group)" in told(two_arms)


def test_seeds_that_ran_whole_on_one_device_each_are_not_crossed(two_arms: Sweep) -> None:
    for arm in (0, 1):
        two_arms.attempt(cells_of(two_arms, arm)["2"], device="A100")
    assert origin(two_arms).crossed["device"] == 0
    assert "(never within a seed)" in told(two_arms)


def test_groups_on_devices_of_their_own_are_not_crossed(two_arms: Sweep) -> None:
    for cell in two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], group="widen=2")["cells"].values():
        two_arms.attempt(cell, device="A100")
    assert (origin(two_arms).crossed["device"], origin(two_arms).seeds) == (0, 6)


def test_a_cell_that_experiments_share_is_one_run(two_arms: Sweep) -> None:
    two_arms.arm("random", experiment="again", cells=cells_of(two_arms, 0))
    assert origin(two_arms).facts["device"] == {"cpu": 6}


def test_an_attempt_that_made_no_row_is_no_provenance(two_arms: Sweep) -> None:
    cell = cells_of(two_arms, 1)["0"]
    with (two_arms.folder(cell) / "attempts.jsonl").open("a") as file:
        file.write('{"attempt": 2, "started": "2025-01-03T00:00:00+00:00", "environment": {"device": "A100"}}\n')
    assert list(origin(two_arms).facts["device"]) == ["cpu"]


def test_an_attempt_that_never_ended_tells_when_it_began(two_arms: Sweep) -> None:
    cell = cells_of(two_arms, 0)["0"]
    path = two_arms.folder(cell) / "attempts.jsonl"
    path.write_text(path.read_text().splitlines()[0].replace("03:04:05", "01:00:00") + "\n")
    found = attempts(load(two_arms.root)).set_index("cell")
    assert pd.isna(found.loc[cell, "ended"])
    assert origin(two_arms).first == "2025-01-02T01:00:00+00:00"
    assert origin(two_arms).last == "2025-01-02T04:00:00+00:00"


def test_a_folder_without_attempts_has_no_facts(two_arms: Sweep) -> None:
    for path in two_arms.root.glob("cells/*/attempts.jsonl"):
        path.unlink()
    assert origin(two_arms).facts["device"] == {}
    assert (origin(two_arms).first, told(two_arms)) == (None, "")


def test_a_sweep_that_has_not_begun_has_no_provenance(sweep: Sweep) -> None:
    sweep.arm("random")
    assert (origin(sweep).first, origin(sweep).seeds, told(sweep)) == (None, 0, "")


def test_revisions_are_counted_by_plugin_however_deep_it_stands(two_arms: Sweep) -> None:
    proxy = {"name": "entk", "revision": 2, "jitter": 1e-4}
    record = {"strategy": {"name": "lookahead", "revision": 1, "retrain": proxy}, "seed": 0}
    configure(two_arms, cells_of(two_arms, 1)["0"], record)
    assert origin(two_arms).revisions == {"retrain entk": {2: 1}, "strategy lookahead": {1: 1}}


def test_what_has_a_name_but_no_revision_is_no_plugin(two_arms: Sweep) -> None:
    configure(two_arms, cells_of(two_arms, 1)["0"], {"optimizer": {"name": "sgd", "momentum": 0.9}})
    assert origin(two_arms).revisions == {}


def test_mixed_revisions_of_one_plugin_are_flagged(two_arms: Sweep) -> None:
    for seed, revision in (("0", 1), ("1", 2), ("2", 1)):
        configure(two_arms, cells_of(two_arms, 1)[seed], {"strategy": {"name": "margin", "revision": revision}})
    assert "Mixed revisions of strategy margin: 1 (2 cells), 2 (1 cell)" in told(two_arms)


def test_a_damaged_configuration_is_left_out(two_arms: Sweep) -> None:
    (two_arms.folder(cells_of(two_arms, 1)["0"]) / "cell.json").write_text("{")
    assert origin(two_arms).revisions == {}
