"""What a strategy may see of a cycle: everything but the labels of the pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from bench.errors import DataError
from bench.journal import Journal
from bench.learner import Labelled, Learner, Model
from bench.objective import Objective

if TYPE_CHECKING:
    import torch


Space: TypeAlias = Literal["penultimate", "given"]
"""Where a strategy looks at inputs: a parameter of this type says that it may want the features of a dataset."""
NO_FEATURES = (
    "space: given: wanted a dataset with features of its own; this one has none. Add a feature array to the dataset, "
    "or use space: penultimate"
)


@dataclass(frozen=True)
class Embedding:
    """The labelled set (n, d) and the candidates (m, d) in one feature space."""

    labelled: torch.Tensor
    candidates: torch.Tensor


@dataclass(frozen=True)
class View:
    """One cycle as a strategy sees it. Positions are into `candidates`; n labelled, m candidates, k classes.

    `candidates` (m, …) and `labelled` are inputs under the test transform, on the device. `generator` is a CPU
    generator, and the only source of randomness. `reveal(position)` buys one label at once and is there only in the
    sequential protocol. `true_labels` (m,) is there only for a strategy that declares `sees_labels`: the labels that
    the oracle would give, so that with `label_noise` some are wrong. `learner` and `objective` let a strategy retrain.
    `given` are features that came with the dataset. `journal` takes stage times and scores.
    """

    model: Model
    labelled: Labelled
    candidates: torch.Tensor
    generator: torch.Generator
    learner: Learner
    objective: Objective
    cycle: int = 0
    journal: Journal = field(default_factory=Journal)
    reveal: Callable[[int], int] | None = None
    true_labels: torch.Tensor | None = None
    given: Embedding | None = None

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def classes(self) -> int:
        return self.labelled.classes

    @cached_property
    def outputs(self) -> torch.Tensor:
        """The model's outputs on the candidates (m, k), computed once."""
        return self.model.outputs(self.candidates)

    @cached_property
    def probabilities(self) -> torch.Tensor:
        """The model's class probabilities on the candidates (m, k), computed once."""
        return self.model.rule(self.outputs)

    @cached_property
    def features(self) -> torch.Tensor:
        """The model's features of the candidates (m, d), computed once."""
        return self.model.features(self.candidates)

    def embedding(self, space: Space) -> Embedding:
        """Labelled set and candidates in the model's penultimate features, or in those that came with the dataset.

        Raises DataError where the dataset brought none.
        """
        if space == "penultimate":
            return Embedding(self.model.features(self.labelled.x), self.features)
        if self.given is None:
            raise DataError(NO_FEATURES)
        return self.given
