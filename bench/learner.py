"""What a learner is: a plugin that is fitted on a labelled set and answers with a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from bench.augment import UNCHANGED, Augment
from bench.data import Precision
from bench.objective import Objective
from bench.probabilities import Probabilities
from bench.registry import Registry
from bench.streams import Streams

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Labelled:
    """Inputs x (n, …) with labels y (n,) out of `classes`."""

    x: torch.Tensor
    y: torch.Tensor
    classes: int

    def __len__(self) -> int:
        return len(self.y)

    @property
    def one_hot(self) -> torch.Tensor:
        """The targets (n, k), in the inputs' precision."""
        import torch

        return torch.nn.functional.one_hot(self.y, self.classes).to(self.x.dtype)


@dataclass(frozen=True)
class Fit:
    """One order to fit: the labelled set, the model of the cycle before (None at first), what to train on, the random
    streams, the cycle they are taken at, and what training does to images."""

    labelled: Labelled
    previous: Model | None
    objective: Objective
    streams: Streams
    cycle: int
    augment: Augment = UNCHANGED


@dataclass(frozen=True)
class KernelRegression:
    """What a model is that is kernel regression with prior mean 0 on one-hot targets: its outputs are exactly
    k(x, X) (k(X, X) + noise·I)⁻¹ Y. `kernel` takes inputs (a, …) and (b, …) to k (a, b) in float64."""

    kernel: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    noise: float


class Model(ABC):
    """A fitted learner. Nothing that is asked of it changes it. `rule` makes probabilities of outputs."""

    classes: int
    rule: Probabilities
    auxiliary: torch.nn.Module | None = None

    @abstractmethod
    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        """What the learner's own loss compares with the targets: (n, k)."""

    @final
    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """Class probabilities (n, k); every row is on the simplex."""
        return self.rule(self.outputs(x))

    @abstractmethod
    def features(self, x: torch.Tensor) -> torch.Tensor:
        """The representation (n, d) that the last linear map sees."""

    @abstractmethod
    def residual(self, labelled: Labelled) -> float:
        """Root mean square of target − output over a labelled set; look-ahead by kernels assumes that it is small."""

    @abstractmethod
    def state(self) -> dict[str, torch.Tensor]:
        """Every tensor that Learner.restore needs, by name."""

    def kernel_regression(self) -> KernelRegression | None:
        """The kernel regression that this model is, or None where it is none."""
        return None

    def notes(self) -> dict[str, float]:
        """Figures about the fit that belong into the row as results, such as the epochs that were trained."""
        return {}


class Learner(ABC):
    """A recipe for models. Implementations are frozen dataclasses; fields are part of the cell's id.

    Laws: fit() draws only from `fit.streams`, so the same order gives the same bits on the same device;
    `restore(fit, model.state())` answers as `model` does.
    """

    revision: ClassVar[int] = 1
    kernel_regression: ClassVar[bool] = False
    """Whether its models are kernel regressions, so that retraining on one more label is exact in closed form."""

    @abstractmethod
    def fit(self, fit: Fit) -> Model:
        """Fit a model. Raises Diverged where the loss is not finite."""

    @abstractmethod
    def restore(self, fit: Fit, state: dict[str, torch.Tensor]) -> Model:
        """The model that had this state after fit(fit)."""

    def refusal(self, precision: Precision) -> str | None:
        """Why it cannot be fitted in a precision, or None; asked before anything runs."""
        return None


learners: Registry[Learner] = Registry("learner", Learner, "lookahead_bench.learners")
