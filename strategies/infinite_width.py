"""Retraining by the neural tangent kernel of the infinitely wide network: equations (11) and (12) with its kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.learner import Learner
from bench.learners.network import NetworkLearner
from bench.numbers import Positive
from bench.view import View
from strategies.retraining import Retraining, refuse_all_but_squared_loss, retrainings

if TYPE_CHECKING:
    from strategies.beliefs.kernel_belief import KernelBelief


@retrainings.register("infinite_ntk")
@dataclass(frozen=True)
class InfiniteWidth(Retraining):
    """The network's outputs, moved by the analytic kernel of the matching network of infinite width (no BatchNorm).

    `readout`: flatten, or gap for global average pooling, which costs the square of the positions per pair. `jitter` as
    for entk. The kernel does not depend on weights: what one cycle computed serves the next ones of its run.
    """

    readout: Literal["flatten", "gap"] = "flatten"
    jitter: Positive = 1e-4

    def refusal(self, learner: Learner) -> str | None:
        from strategies.infinite_ntk import has_infinite_width

        reason = refuse_all_but_squared_loss(learner)
        if reason is not None:
            return reason
        assert isinstance(learner, NetworkLearner)
        return has_infinite_width(learner.net)

    def belief(self, view: View) -> KernelBelief:
        import torch

        from strategies.beliefs.kernel_belief import kernel_belief, relative_noise
        from strategies.beliefs.solver import by_cholesky
        from strategies.infinite_ntk import remembered_ntk

        assert isinstance(view.learner, NetworkLearner)
        x = torch.cat([view.labelled.x, view.candidates])  # (n + m, …)
        with view.journal.stage("kernel"):
            kernel = remembered_ntk(view.learner.net, self.readout, x, None, view.journal.progress)
        outputs = torch.cat([view.model.outputs(view.labelled.x), view.outputs])  # (n + m, k)
        noise = relative_noise(kernel, len(view.labelled), self.jitter)
        with view.journal.stage("solve"):
            return kernel_belief(kernel, outputs, view.labelled.one_hot, noise, by_cholesky)
