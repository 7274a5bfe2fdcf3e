"""Does the approximation approximate: what retraining proxies predict against what retraining really gives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.audit import Audit, audits
from bench.learner import Learner
from bench.numbers import Count
from bench.view import View
from strategies.acquisition import Acquisition, Question
from strategies.output_change import MLMOC
from strategies.retrained_by_sgd import Naive
from strategies.retraining import Retraining, retrainings

if TYPE_CHECKING:
    import torch


@audits.register("fidelity")
@dataclass(frozen=True)
class Fidelity(Audit):
    """Predicted against really retrained outputs f⁺ on the same random `candidates`, each with its most likely label.

    For each of `proxies`, against `against`: `r2` of the change f⁺ − f over all candidates, inputs and classes;
    `r2_excess`, the same after the mean change over candidates is taken off both, since only what differs between
    candidates can rank them; `rank_correlation` (Spearman) of the scores of `acquisition`; `overlap`, the share that
    the best `top` of both have in common; it is left out where there are no more candidates than that. `cycles` are
    those whose queries are audited, by default all.

    Retraining draws its own order of batches: with `against` among the proxies too one sees how far a rerun agrees,
    so far one noisy retraining foretells another; a proxy that foretells their mean may do better.
    """

    proxies: tuple[Retraining, ...]
    candidates: Count = 50
    against: Retraining = field(default_factory=Naive)
    acquisition: Acquisition = field(default_factory=MLMOC)
    top: Count = 10
    cycles: tuple[Count, ...] | None = None

    def __post_init__(self) -> None:
        if not self.proxies:
            raise ValueError("proxies: wanted at least one retraining proxy; got none")

    def refusal(self, learner: Learner) -> str | None:
        if self.top >= self.candidates:
            return (
                f"top: wanted fewer than the {self.candidates} candidates; got {self.top}, and the best {self.top} of "
                "them are the same whatever a proxy says"
            )
        reasons = (proxy.refusal(learner) for proxy in (self.against, *self.proxies))
        return next((reason for reason in reasons if reason is not None), None)

    def measure(self, view: View) -> Mapping[str, float]:
        import torch

        if self.cycles is not None and view.cycle not in self.cycles:
            return {}
        chosen = torch.randperm(len(view), generator=view.generator)[: self.candidates]
        shown = replace(view, candidates=view.candidates[chosen.to(view.candidates.device)])
        with view.journal.stage("against"):
            change, scores = self._looked_ahead(self.against, shown)
        found = {}
        for label, proxy in self._labelled():
            with view.journal.stage(label):
                predicted, predicted_scores = self._looked_ahead(proxy, shown)
            for name, figure in agreement(predicted, change, predicted_scores, scores, self.top).items():
                found[f"fidelity/{label}/{name}"] = figure
        return found

    def _labelled(self) -> Iterator[tuple[str, Retraining]]:
        """Each proxy with its name, numbered where it is there twice."""
        names = [retrainings.name_of(type(proxy)) for proxy in self.proxies]
        for i, (name, proxy) in enumerate(zip(names, self.proxies, strict=True)):
            yield (name if names.count(name) == 1 else f"{name}-{names[: i + 1].count(name)}"), proxy

    def _looked_ahead(self, proxy: Retraining, view: View) -> tuple[torch.Tensor, torch.Tensor]:
        """The changes f⁺ − f (m, m, k) of every candidate at every candidate, and the scores (m,).

        A proxy that retrains does so once for both, where the scores ask for most likely labels.
        """
        import torch

        from strategies.beliefs.belief import Materialised
        from strategies.beliefs.looked_ahead import LookedAhead

        belief, before = proxy.belief(view), view.outputs.double()
        everything = torch.arange(len(view), device=before.device)
        targets = torch.nn.functional.one_hot(before.argmax(dim=1), view.classes).to(before)  # (m, k)
        ahead = belief.ahead(everything, targets, everything)
        after = ahead.outputs()
        if isinstance(ahead, Materialised):
            belief = LookedAhead(belief.outputs, belief, targets, after)
        question = Question(belief, before, before, view.model.rule, everything, everything, view.journal.progress)
        return after - before, self.acquisition.score(question)


def agreement(
    predicted: torch.Tensor, actual: torch.Tensor, predicted_scores: torch.Tensor, scores: torch.Tensor, top: int
) -> dict[str, float]:
    """How well predicted changes (m, m, k) and scores (m,) agree with the actual ones.

    A figure that is not defined is left out: where retraining changes nothing, or all candidates score the same, or
    all are among the best.
    """
    best, predicted_best = (s.argsort(descending=True, stable=True)[:top].tolist() for s in (scores, predicted_scores))
    figures = {
        "r2": r_squared(predicted, actual),
        "r2_excess": r_squared(predicted - predicted.mean(dim=0), actual - actual.mean(dim=0)),
        "rank_correlation": rank_correlation(predicted_scores, scores),
        "overlap": len({*best} & {*predicted_best}) / len(best) if top < len(scores) else math.nan,
    }
    return {name: figure for name, figure in figures.items() if math.isfinite(figure)}


def r_squared(predicted: torch.Tensor, actual: torch.Tensor) -> float:
    """1 − Σ(actual − predicted)² / Σ(actual − mean)²; at most 1, and below 0 where the mean would predict better."""
    return float(1 - (actual - predicted).square().sum() / (actual - actual.mean()).square().sum())


def rank_correlation(x: torch.Tensor, y: torch.Tensor) -> float:
    """Spearman's rank correlation of two vectors (m,); NaN where one of them is constant."""
    from scipy.stats import spearmanr

    constant = any(bool((scores == scores[0]).all()) for scores in (x, y))
    return math.nan if constant else float(spearmanr(x.cpu(), y.cpu()).statistic)
