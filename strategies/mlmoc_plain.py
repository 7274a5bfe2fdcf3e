"""MLMOC by the empirical NTK, written as plainly as the paper's equations: the oracle of every faster form.

Mohamadi, Bae and Sutherland, NeurIPS 2022: the kernel of section 3, the retrained network (11), the score (13).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from bench.learner import Learner
from bench.learners.network import NetworkLearner, NetworkModel
from bench.protocol import Protocol
from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch

CHUNK = 64


@strategies.register("mlmoc-entk-plain")
@dataclass(frozen=True)
class PlainMLMOC(TopScore):
    """Most likely model output change by the empirical NTK, literally equations (11) and (13).

    One dense solve per candidate: O(m·(n³ + n·m·k)) time, and every per-sample gradient in memory, (n + m)·P numbers.
    `jitter` is λ: σ² = λ · mean diagonal of Θ(X, X) is added to the whole diagonal, the candidate's entry included.
    """

    paper: ClassVar[str] = "Mohamadi, Bae and Sutherland, NeurIPS 2022"
    cost: ClassVar[str] = "O(m·(n³ + n·m·k)) time, (n + m)·P numbers of memory: to check others by, on small problems"
    needs: ClassVar[str] = "a network with squared loss"

    jitter: Annotated[float, Field(gt=0)] = 1e-4

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        if not isinstance(learner, NetworkLearner):
            return "the empirical NTK needs learner: network"
        if learner.train.loss != "squared":
            return "the kernel look-ahead assumes squared loss; set learner.train.loss: squared"
        return None

    def score(self, view: View) -> torch.Tensor:
        import torch

        x = torch.cat([view.labelled.x, view.candidates])
        n, m = len(view.labelled), len(view)
        with view.journal.stage("gram"):
            kernel = empirical_ntk(view.model, x)  # (n + m, n + m)
        outputs = view.model.outputs(x).double()  # (n + m, k)
        most_likely = view.outputs.argmax(dim=1)
        targets = torch.cat([view.labelled.one_hot.double(), one_hot_like(most_likely, outputs)])  # (n + m, k)
        noise = self.jitter * kernel.diagonal()[:n].mean()
        scores = torch.empty(m, dtype=torch.float64, device=x.device)
        with view.journal.stage("scores"):
            for i in range(m):
                after = retrained(kernel, outputs, targets, torch.tensor([*range(n), n + i]), noise)  # (n + m, k)
                scores[i] = output_change(outputs[n:], after[n:])
                view.journal.progress((i + 1) / m)
        return scores


def empirical_ntk(model: object, x: torch.Tensor) -> torch.Tensor:
    """Θ(x, x') = ∇f¹(x)·∇f¹(x') of the first logit over all parameters, for x (n, …): (n, n) in float64.

    Gradients are taken in the network's own precision and in eval mode.
    """
    import torch

    assert isinstance(model, NetworkModel)
    parameters = {name: p.detach() for name, p in model.net.named_parameters()}
    buffers = dict(model.net.named_buffers())

    def first_logit(parameters: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(model.net, (parameters, buffers), (one[None],))[0, 0]

    per_sample = torch.func.vmap(torch.func.grad(first_logit), (None, 0), chunk_size=CHUNK)
    jacobian = torch.cat([g.flatten(1).double() for g in per_sample(parameters, x).values()], dim=1)  # (n, P)
    return jacobian @ jacobian.T


def retrained(
    kernel: torch.Tensor, outputs: torch.Tensor, targets: torch.Tensor, train: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """Equation (11): the outputs (N, k) after training to convergence on the points `train` (l,) of the N.

    f⁺(x) = f(x) + Θ(x, X⁺) (Θ(X⁺, X⁺) + σ²I)⁻¹ (Y⁺ − f(X⁺)).
    """
    import torch

    system = kernel[train][:, train] + noise * torch.eye(len(train), dtype=kernel.dtype, device=kernel.device)
    return outputs + kernel[:, train] @ torch.linalg.solve(system, targets[train] - outputs[train])


def output_change(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Equation (13): Σₓ ‖f(x) − f⁺(x)‖₂ over outputs (m, k)."""
    return (before - after).norm(dim=1).sum()


def one_hot_like(classes: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """One-hot rows for classes (m,), in the shape and precision of outputs (·, k)."""
    import torch

    return torch.nn.functional.one_hot(classes, outputs.shape[1]).to(outputs.dtype)
