"""Learners that are linear in fixed features, solved to the optimum in float64: ridge and logistic regression."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.batches import batches
from bench.errors import Diverged
from bench.learner import Fit, KernelRegression, Labelled, Learner, Model, learners
from bench.net import Net
from bench.numbers import Natural, Positive
from bench.probabilities import Probabilities, Rule, fitted

if TYPE_CHECKING:
    import torch

    from bench.modules.network import Network


@dataclass(frozen=True, kw_only=True)
class LinearLearner(Learner):
    """A linear map of fixed features: the flattened input, or the penultimate features of `encoder`, a
    network that stays at the initial weights drawn with `encoder_seed`.

    The intercept is the weight of a constant feature 1 and is penalised like the others: the model then is kernel
    regression with φ(x)·φ(x') + 1, whose look-ahead is exact. `penalty` is λ, in units of the summed loss.
    `probabilities` are as those of `network`; the default is simplex for `ridge` and softmax for `logistic`.
    """

    default_rule: ClassVar[Rule]

    penalty: Positive = 1.0
    encoder: Net | None = None
    encoder_seed: Natural = 0
    probabilities: Rule | None = None

    @abstractmethod
    def solve(self, features: torch.Tensor, labelled: Labelled) -> torch.Tensor:
        """The weights (d + 1, k), the constant's last, for features (n, d) in float64. Raises Diverged."""

    def residual_outputs(self, outputs: torch.Tensor) -> torch.Tensor:
        """What is compared with one-hot targets in the residual: the outputs (n, k) themselves by default."""
        return outputs

    def fit(self, fit: Fit) -> LinearModel:
        encoder = self._encoder(fit)
        weights = self.solve(features_of(encoder, fit.labelled.x), fit.labelled)
        return self._model(fit, encoder, weights)

    def restore(self, fit: Fit, state: dict[str, torch.Tensor]) -> LinearModel:
        return self._model(fit, self._encoder(fit), state["weights"])

    def _model(self, fit: Fit, encoder: Network | None, weights: torch.Tensor) -> LinearModel:
        def outputs() -> torch.Tensor:
            return with_constant(features_of(encoder, fit.labelled.x)) @ weights

        rule = fitted(self.probabilities or self.default_rule, outputs, fit.labelled.y)
        return LinearModel(self, encoder, weights, rule)

    def _encoder(self, fit: Fit) -> Network | None:
        if self.encoder is None:
            return None
        if isinstance(fit.previous, LinearModel):
            return fit.previous.encoder
        import torch

        network = self.encoder.build(tuple(fit.labelled.x.shape[1:]), fit.labelled.classes)
        network.initialise(torch.Generator().manual_seed(self.encoder_seed))
        return network.to(fit.labelled.x).eval()


@learners.register("ridge")
@dataclass(frozen=True, kw_only=True)
class Ridge(LinearLearner):
    """Ridge regression on one-hot targets in closed form; its tangent kernel is linear, so its look-ahead is exact.

    Minimises Σ‖y − Wᵀφ(x)‖² + λ‖W‖², by the system of the features or of the samples, whichever is smaller.
    """

    default_rule: ClassVar[Rule] = "simplex"
    kernel_regression: ClassVar[bool] = True

    def solve(self, features: torch.Tensor, labelled: Labelled) -> torch.Tensor:
        import torch

        x, y = with_constant(features), labelled.one_hot.double()  # (n, d + 1), (n, k)
        n, d = x.shape
        if d <= n:
            return torch.linalg.solve(x.T @ x + self.penalty * _eye(d, x), x.T @ y)  # (d + 1, k)
        return x.T @ torch.linalg.solve(x @ x.T + self.penalty * _eye(n, x), y)


@learners.register("logistic")
@dataclass(frozen=True, kw_only=True)
class Logistic(LinearLearner):
    """Multinomial logistic regression, by L-BFGS to convergence.

    Minimises Σ −log softmax(Wᵀφ(x))[y] + ½ λ‖W‖².
    """

    default_rule: ClassVar[Rule] = "softmax"

    def solve(self, features: torch.Tensor, labelled: Labelled) -> torch.Tensor:
        import torch

        x = with_constant(features)
        weights = torch.zeros(x.shape[1], labelled.classes, dtype=x.dtype, device=x.device, requires_grad=True)
        descent = torch.optim.LBFGS(
            [weights], max_iter=1000, tolerance_grad=1e-8, tolerance_change=0, line_search_fn="strong_wolfe"
        )

        def loss() -> torch.Tensor:
            descent.zero_grad()
            error = torch.nn.functional.cross_entropy(x @ weights, labelled.y, reduction="sum")
            value = error + 0.5 * self.penalty * weights.square().sum()
            value.backward()
            return value

        descent.step(loss)
        if not weights.isfinite().all():
            raise Diverged("logistic regression found no finite weights; scale the features or raise penalty")
        return weights.detach()

    def residual_outputs(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs.softmax(dim=1)


class LinearModel(Model):
    """A fitted linear map of features."""

    def __init__(
        self, learner: LinearLearner, encoder: Network | None, weights: torch.Tensor, rule: Probabilities
    ) -> None:
        self.learner = learner
        self.encoder = encoder
        self.weights = weights
        self.rule = rule
        self.classes = weights.shape[1]

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        return with_constant(features_of(self.encoder, x)) @ self.weights

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return features_of(self.encoder, x)

    def residual(self, labelled: Labelled) -> float:
        fitted_values = self.learner.residual_outputs(self.outputs(labelled.x))
        return float((labelled.one_hot - fitted_values).square().mean().sqrt())

    def state(self) -> dict[str, torch.Tensor]:
        return {"weights": self.weights}

    def kernel_regression(self) -> KernelRegression | None:
        """Ridge regression is one with the kernel φ(x)·φ(x') + 1 and noise λ."""
        if not self.learner.kernel_regression:
            return None

        def kernel(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return features_of(self.encoder, a) @ features_of(self.encoder, b).T + 1  # (a, b)

        return KernelRegression(kernel, self.learner.penalty)


def with_constant(features: torch.Tensor) -> torch.Tensor:
    """Features (n, d) with a last one that is 1: (n, d + 1)."""
    import torch

    return torch.nn.functional.pad(features, (0, 1), value=1.0)


def features_of(encoder: Network | None, x: torch.Tensor) -> torch.Tensor:
    """The encoder's features of x (n, …), or x flattened: (n, d) in float64."""
    import torch

    if encoder is None:
        return x.flatten(1).double()
    with torch.no_grad():
        return torch.cat([encoder.parts(part).features for part in batches(x)]).double()


def _eye(size: int, like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.eye(size, dtype=like.dtype, device=like.device)
