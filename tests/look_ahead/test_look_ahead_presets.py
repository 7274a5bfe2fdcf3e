"""Look-ahead strategies as a sweep file writes them, and combinations that make no sense."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import torch
from look_ahead_cases import FromRegression, regression

from bench.build import build
from bench.errors import ConfigError
from bench.learner import Learner
from bench.learners.linear import Logistic, Ridge
from bench.learners.network import NetworkLearner
from bench.located import Plain, located
from bench.nets.mlp import MLP
from bench.protocol import Protocol
from bench.recipe import Train
from bench.strategy import Strategy, strategies
from strategies.acquisition import Acquisition
from strategies.empirical_ntk import EmpiricalNTK
from strategies.exact import Exact
from strategies.expected_error import EER
from strategies.infinite_width import InfiniteWidth
from strategies.last_layer_laplace import LastLayerLaplace
from strategies.look_ahead import LookAhead
from strategies.myopic import BeliefEntropy, BeliefMargin
from strategies.output_change import EMOC, MLMOC
from strategies.retrained_by_sgd import Naive, OneGradientStep

ACQUISITIONS = {"mlmoc": MLMOC, "emoc": EMOC, "eer": EER}
PROXIES = {
    "entk": EmpiricalNTK,
    "infinite": InfiniteWidth,
    "onestep": OneGradientStep,
    "naive": Naive,
    "exact": Exact,
    "laplace": LastLayerLaplace,
}
BATCH = Protocol(10, 5, 2)
SEQUENTIAL = replace(BATCH, mode="sequential")
SQUARED = NetworkLearner(MLP(8, 1))
CROSS_ENTROPY = NetworkLearner(MLP(8, 1), Train(loss="cross_entropy"))


def built(value: Plain) -> Strategy:
    return build(Strategy, located(value, "here", "strategy"))


@pytest.mark.parametrize(("acquisition", "proxy"), list(product(ACQUISITIONS, PROXIES)))
def test_a_short_name_says_acquisition_and_proxy(acquisition: str, proxy: str) -> None:
    assert built(f"{acquisition}-{proxy}") == LookAhead(ACQUISITIONS[acquisition](), PROXIES[proxy]())


@pytest.mark.parametrize(
    ("name", "strategy"),
    [
        ("margin-entk", LookAhead(BeliefMargin(), EmpiricalNTK())),
        ("entropy-exact", LookAhead(BeliefEntropy(), Exact())),
    ],
)
def test_the_controls_have_short_names_too(name: str, strategy: LookAhead) -> None:
    assert built(name) == strategy


def test_every_parameter_can_be_written() -> None:
    written: Plain = {
        "name": "lookahead",
        "acquisition": {"name": "mlmoc", "distance": "flips"},
        "retrain": {"name": "entk", "jitter": 1e-3, "kernel": "sum_logits"},
        "batch": "k_means++",
        "reference": "belief",
        "label_from": "network",
        "probe": 100,
    }
    entk = EmpiricalNTK(kernel="sum_logits", jitter=1e-3)
    assert built(written) == LookAhead(MLMOC("flips"), entk, "k_means++", "belief", "network", 100)


def test_the_long_name_alone_is_mlmoc_by_the_empirical_ntk() -> None:
    assert built("lookahead") == built("mlmoc-entk") == LookAhead(MLMOC(), EmpiricalNTK())


def test_a_short_name_takes_what_it_does_not_fix() -> None:
    assert built({"name": "emoc-naive", "probe": 7}) == LookAhead(EMOC(), Naive(), probe=7)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"name": "mlmoc-entk", "retrain": "naive"}, "strategy.retrain: 'mlmoc-entk' fixes this"),
        ({"name": "lookahead", "acquisition": "mlmok", "retrain": "entk"}, "Did you mean 'mlmoc'"),
        ({"name": "lookahead", "acquisition": "mlmoc", "retrain": {"name": "entk", "jiter": 1}}, "jitter"),
        ({"name": "lookahead", "acquisition": "mlmoc", "retrain": {"name": "entk", "jitter": 0}}, "retrain.jitter"),
        ({"name": "mlmoc-entk", "probe": 0}, "strategy.probe"),
        ({"name": "mlmoc-entk", "batch": "kmeans++"}, "strategy.batch"),
    ],
)
def test_a_mistake_is_reported_where_it_stands(written: Plain, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem.replace("+", r"\+")):
        built(written)


@pytest.mark.parametrize(
    ("name", "learner", "reason"),
    [
        ("mlmoc-entk", CROSS_ENTROPY, "assumes squared loss; set learner.train.loss: squared"),
        ("mlmoc-infinite", CROSS_ENTROPY, "assumes squared loss"),
        ("mlmoc-laplace", CROSS_ENTROPY, "assumes squared loss"),
        ("mlmoc-entk", Ridge(), "Use learner: network"),
        ("mlmoc-laplace", Ridge(), "Use learner: network"),
        ("mlmoc-naive", Ridge(), "Use learner: network"),
        ("mlmoc-onestep", Logistic(), "Use learner: network"),
        ("mlmoc-exact", SQUARED, "NetworkLearner is none"),
        ("mlmoc-exact", Logistic(), "Logistic is none"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(name: str, learner: Learner, reason: str) -> None:
    assert reason in (built(name).refusal(learner, BATCH) or "")


@pytest.mark.parametrize(
    ("name", "learner"),
    [
        *((f"mlmoc-{proxy}", SQUARED) for proxy in ("entk", "infinite", "onestep", "naive", "laplace")),
        *((f"mlmoc-{proxy}", CROSS_ENTROPY) for proxy in ("onestep", "naive")),
        ("mlmoc-exact", Ridge()),
    ],
)
@pytest.mark.parametrize("protocol", [BATCH, SEQUENTIAL], ids=["batch", "sequential"])
def test_what_makes_sense_is_not_refused(name: str, learner: Learner, protocol: Protocol) -> None:
    assert built(name).refusal(learner, protocol) is None


@pytest.mark.parametrize("batch", ["k_dpp", "k_means++"])
@pytest.mark.parametrize("ignored", [{"acquisition": "eer"}, {"reference": "network"}])
def test_what_a_batch_rule_would_not_heed_is_refused(batch: str, ignored: dict[str, str]) -> None:
    strategy = built({"name": "lookahead", "batch": batch, **ignored})
    assert "leave out acquisition and reference" in (strategy.refusal(SQUARED, BATCH) or "")


GIVEN: dict[str, Plain] = {"reference": "belief", "label_from": "belief", "probe": 5}
HEEDED = {"mlmoc": GIVEN, "emoc": GIVEN, "eer": {"label_from", "probe"}, "margin": set[str](), "entropy": set[str]()}


@pytest.mark.parametrize("setting", GIVEN)
@pytest.mark.parametrize("name", HEEDED)
@pytest.mark.parametrize("protocol", [BATCH, SEQUENTIAL], ids=["batch", "sequential"])
def test_what_an_acquisition_function_would_not_heed_is_refused(name: str, setting: str, protocol: Protocol) -> None:
    reason = built({"name": f"{name}-entk", setting: GIVEN[setting]}).refusal(SQUARED, protocol)
    refused = f"acquisition: {name} does not depend on {setting}, which would change no pick; leave out {setting}"
    assert reason == (None if setting in HEEDED[name] else refused)


def test_everything_that_is_not_heeded_is_told_at_once() -> None:
    reason = built({"name": "entropy-entk", **GIVEN}).refusal(SQUARED, BATCH)
    assert reason is not None
    assert reason.endswith("leave out reference and label_from and probe")


def test_greedy_selection_heeds_where_labels_are_guessed_from() -> None:
    strategy = built({"name": "margin-entk", "batch": "greedy", "label_from": "network"})
    assert strategy.refusal(SQUARED, BATCH) is None


@pytest.mark.parametrize("acquisition", [EER(), BeliefMargin(), BeliefEntropy()], ids=repr)
def test_what_is_not_heeded_changes_no_score(acquisition: Acquisition) -> None:
    problem, found = regression(), []
    given = {name: value for name, value in GIVEN.items() if name in acquisition.unread}
    for settings in ({}, given):
        view = problem.view()
        LookAhead(acquisition, FromRegression(problem), **settings).query(view, 1)  # type: ignore[arg-type]
        found.append(view.journal.scores)
    assert torch.equal(*found)  # type: ignore[arg-type]


@pytest.mark.parametrize("batch", ["greedy", "k_dpp", "k_means++"])
def test_a_batch_rule_is_refused_where_candidates_are_picked_one_by_one(batch: str) -> None:
    strategy = built({"name": "mlmoc-entk", "batch": batch})
    assert "leave out batch" in (strategy.refusal(SQUARED, SEQUENTIAL) or "")
    assert strategy.refusal(SQUARED, BATCH) is None


def test_look_ahead_may_be_used_in_the_sequential_protocol() -> None:
    assert LookAhead.sequential
    assert strategies.find("mlmoc-entk").cls is LookAhead
