"""Look-ahead acquisition: utility × label rule × retraining proxy × batch rule (Mohamadi, Bae and Sutherland, NeurIPS
2022, Algorithm 1), in batch and in the sequential protocol (section 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Literal

from bench.learner import Learner
from bench.numbers import Count
from bench.protocol import Protocol
from bench.selection import top_k
from bench.strategy import Strategy, strategies
from bench.view import View
from strategies.acquisition import Acquisition, Question, acquisitions
from strategies.batch_rules import by_k_dpp, by_k_means_plus_plus, most_likely_targets
from strategies.empirical_ntk import EmpiricalNTK
from strategies.output_change import MLMOC
from strategies.retraining import Retraining

if TYPE_CHECKING:
    import torch

    from strategies.beliefs.belief import Belief

Label = Callable[[int, Question], "torch.Tensor"]

PROXIES = {
    "entk": "entk",
    "infinite": "infinite_ntk",
    "onestep": "one_step",
    "naive": "naive",
    "exact": "exact",
    "laplace": "laplace",
}
PRESETS = {
    f"{acquisition}-{short}": {"acquisition": acquisition, "retrain": proxy}
    for acquisition, (short, proxy) in (
        *product(("mlmoc", "emoc", "eer"), PROXIES.items()),
        *product(("margin", "entropy"), (("entk", "entk"), ("exact", "exact"))),
    )
}


@strategies.register("lookahead", presets=PRESETS)
@dataclass(frozen=True)
class LookAhead(Strategy):
    """Look-ahead: an acquisition function of what a retraining proxy says that the learner would become.

    `batch`: top_k scores (the paper's), greedy by pseudo-labels (the belief is conditioned on each pick's most likely
    label), k_dpp or k_means++ over predicted changes. `reference` is what changes are measured from and `label_from`
    what unknown labels are guessed from: the network's outputs, or the belief's (with a kernel those of the linearised
    network); by default the network's where all are picked at once, the belief's in greedy and sequential selection,
    since there the network is not retrained in between. `probe`: over how many random candidates x the sum runs, by
    default all; the place of one that is picked is taken by the next. A candidate in the probe counts its own change,
    one outside does not: look-aheads with a large own change, those by a kernel above all, favour the probe.
    """

    acquisition: Acquisition = field(default_factory=MLMOC)
    retrain: Retraining = field(default_factory=EmpiricalNTK)
    batch: Literal["top_k", "greedy", "k_dpp", "k_means++"] = "top_k"
    reference: Literal["network", "belief"] | None = None
    label_from: Literal["network", "belief"] | None = None
    probe: Count | None = None

    sequential: ClassVar[bool] = True
    paper: ClassVar[str] = "Mohamadi, Bae and Sutherland, NeurIPS 2022"
    cost: ClassVar[str] = "by a kernel of P parameters: O((n + m)²·P + n³ + m²·(n + k)) time, O((n + m)²) memory"
    needs: ClassVar[str] = "what its proxy needs: a network with squared loss, or for exact a kernel regression"

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        if protocol.mode == "sequential" and self.batch != "top_k":
            return "in the sequential protocol candidates are picked one by one; leave out batch"
        if self.batch in ("k_dpp", "k_means++") and (self.acquisition != MLMOC() or self.reference is not None):
            return f"batch: {self.batch} goes by what most likely labels change; leave out acquisition and reference"
        if self._ignored:
            told = " and ".join(self._ignored)
            name = acquisitions.name_of(type(self.acquisition))
            return f"acquisition: {name} does not depend on {told}, which would change no pick; leave out {told}"
        return self.retrain.refusal(learner)

    @property
    def _ignored(self) -> list[str]:
        """The settings that were given and change no pick; greedy guesses labels whatever the acquisition function."""
        unread = self.acquisition.unread - ({"label_from"} if self.batch == "greedy" else set())
        given = {"reference": self.reference, "label_from": self.label_from, "probe": self.probe}
        return [name for name, value in given.items() if value is not None and name in unread]

    def query(self, view: View, budget: int) -> torch.Tensor:
        import torch

        belief = self.retrain.belief(view)
        order = torch.randperm(len(view), generator=view.generator).to(view.candidates.device)
        asking = _Asking(self, view, order if self.probe else order.sort().values)
        with view.journal.stage("scores"):
            if view.reveal is not None:
                reveal = view.reveal
                return asking.one_by_one(belief, budget, lambda i, question: _one_hot(reveal(i), question))
            if self.batch == "greedy":
                return asking.one_by_one(belief, budget, lambda i, question: most_likely_targets(question)[i])
            return asking.at_once(belief, budget)


@dataclass(frozen=True)
class _Asking:
    """One query: the strategy, what it sees, and the order (m,) in which the sum over x takes candidates."""

    strategy: LookAhead
    view: View
    order: torch.Tensor

    def at_once(self, belief: Belief, budget: int) -> torch.Tensor:
        """The batch from one look ahead."""
        question = self._question(belief, self._everything(), "network")
        if self.strategy.batch == "k_means++":
            return by_k_means_plus_plus(question, budget, self.view.generator)
        if self.strategy.batch == "k_dpp":
            return by_k_dpp(question, budget, self.view.generator)
        scores = self.strategy.acquisition.score(question)  # (m,)
        self.view.journal.score(scores)
        return top_k(scores, budget)

    def one_by_one(self, belief: Belief, budget: int, label: Label) -> torch.Tensor:
        """The best candidate, then the best after that one's label, and so on; a pick leaves the sum over x, where the
        next one in the probe's order takes its place.

        The scores kept beside the rows are those of the first pick.
        """
        import torch

        left, picked = torch.ones(len(self.view), dtype=torch.bool, device=self.order.device), []
        for step in range(budget):
            question = self._question(belief, left.nonzero()[:, 0], "belief", step / budget, 1 / budget)
            scores = self.strategy.acquisition.score(question)
            if step == 0:
                self.view.journal.score(scores)
            best = int(question.positions[top_k(scores, 1)])
            picked.append(best)
            left[best] = False
            if step + 1 < budget:
                belief = belief.condition(best, label(best, question), keep=False)
        return torch.tensor(picked)

    def _question(
        self, belief: Belief, positions: torch.Tensor, default: str, done: float = 0.0, share: float = 1.0
    ) -> Question:
        import torch

        outputs = {"network": self.view.outputs.to(belief.outputs), "belief": belief.outputs}
        at = self.order[torch.isin(self.order, positions)][: self.strategy.probe]  # (p,)
        return Question(
            belief=belief,
            before=outputs[self.strategy.reference or default][at],
            label_outputs=outputs[self.strategy.label_from or default],
            rule=self.view.model.rule,
            positions=positions,
            at=at,
            progress=lambda part: self.view.journal.progress(done + share * part),
        )

    def _everything(self) -> torch.Tensor:
        import torch

        return torch.arange(len(self.view), device=self.order.device)


def _one_hot(label: int, question: Question) -> torch.Tensor:
    import torch

    target = torch.zeros_like(question.belief.outputs[0])  # (k,)
    target[label] = 1
    return target
