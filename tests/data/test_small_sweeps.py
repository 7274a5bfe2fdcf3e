"""Each kind of data in a small sweep, with every learner and every strategy that fits them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import needed

from bench.record import read_plan, read_rows
from bench.strategy import strategies
from bench.sweep import main

pytestmark = pytest.mark.slow

PRESETS = ("mlmoc-infinite", "mlmoc-exact", "mlmoc-laplace", "bait-binary")
"""Beside lookahead, which is mlmoc-entk; sweeps/look_ahead.yaml has every combination at its size."""
ROOT = Path(__file__).parents[2]
SWEEP = """
name: small
defaults:
  dataset: {dataset}
  learner: ridge
  protocol: {{initial: {initial}, budget: 10, cycles: 1, candidates: 40}}
  seeds: 1
experiments:
  every:
    grid:
      learner:
        - {{name: network, net: {net}, train: {{epochs: 3, schedule: {{name: onecycle, max_lr: 0.02}}}}}}
        - name: network
          net: {{name: mlp, width: 16, dropout: 0.1}}
          train: {{epochs: 3, loss: cross_entropy, batch_size: 16, schedule: {{name: onecycle, max_lr: 0.02}}}}
        - {{name: gp, net: {{name: mlp}}}}
        - {{name: ridge, penalty: 10}}
        - {{name: logistic}}
    strategies: {strategies}
launch: {{executor: debug}}
"""


def run(folder: Path, dataset: str, net: str, initial: int, without: Sequence[str] = ()) -> None:
    """Run the sweep and see that every arm that is not refused has its rows, better than chance at least once."""
    own = [entry.name for entry in strategies.entries() if not entry.fixed and not entry.name.startswith("sample")]
    fitting = [name for name in (*own, *PRESETS) if name not in without]
    file = folder / "small.yaml"
    file.write_text(SWEEP.format(dataset=dataset, net=net, initial=initial, strategies=json.dumps(fitting)))
    assert main([str(file), "--results", str(folder / "results")]) == 0
    plan = read_plan(folder / "results/small")
    arms = plan["experiments"]["every"]["arms"]
    assert {arm["label"].partition(" [")[0] for arm in arms if arm["refused"] is None} == set(fitting)
    ran = [read_rows(folder / "results/small/cells" / cell) for arm in arms for cell in arm["cells"].values()]
    assert all(len(rows) == 2 for rows in ran)
    classes = len(ran[0][0]["result"]["queried_classes"])
    assert max(rows[-1]["result"]["accuracy"] for rows in ran) > 1.5 / classes


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of real data, as run() and its planning find it."""
    found = Path(os.environ.get("LOOKAHEAD_BENCH_DATA", "nowhere"))
    if not (found / "MNIST").is_dir() or not (found / "cifar").is_dir():
        needed("data", "no real images: LOOKAHEAD_BENCH_DATA names no folder that holds MNIST and cifar")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


def test_mnist_from_its_official_files(data: Path, tmp_path: Path) -> None:
    run(tmp_path, "{name: mnist, size: 7, limit: 500}", "{name: wide_resnet, widen: 1}", 40)


def test_cifar10_from_arrays(data: Path, tmp_path: Path) -> None:
    dataset = "{name: npz, path: cifar/cifar10_6k.npz, size: 8, limit: 500, normalise: cifar10, augment: {flip: true}}"
    run(tmp_path, dataset, "{name: wide_resnet, widen: 1, stages: 2}", 60)


def test_cifar100_from_arrays(data: Path, tmp_path: Path) -> None:
    dataset = "{name: npz, path: cifar/cifar100_3k.npz, size: 8, normalise: cifar10, augment: {flip: true, crop: 1}}"
    run(tmp_path, dataset, "{name: wide_resnet, widen: 1}", 300, without=["bait"])  # refuses so many classes × features


def test_a_table_that_ships_with_scikit_learn(tmp_path: Path) -> None:
    run(tmp_path, "breast_cancer", "{name: mlp, width: 16}", 20)


TEXTS = {
    "weather": "rain falls on the hills|clouds bring rain and wind|sun and wind over hills|snow and rain at night",
    "food": "bread with butter and cheese|cheese soup and bread|butter beans and soup|bread and beans for dinner",
    "games": "the team scored a goal|a goal in the last match|the match ended without goal|team wins the match",
}


def test_texts_by_the_recipe_of_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = re.findall(r"```python\n(.*?)```", (ROOT / "docs/recipes.md").read_text(), re.DOTALL)[1]
    namespace: dict[str, object] = {}
    exec(recipe, namespace)
    texts, labels = [], []
    for label, lines in TEXTS.items():
        for line in lines.split("|"):
            words = line.split()
            for shift in range(len(words)):
                texts.append(" ".join(words[shift:] + words[:shift]))
                labels.append(label)
    write = namespace["texts_to_npz"]
    assert callable(write)
    write(tmp_path / "texts.npz", texts, labels, texts[::3], labels[::3])
    monkeypatch.chdir(tmp_path)
    run(tmp_path, "{name: npz, path: texts.npz}", "{name: mlp, width: 16}", 9)
