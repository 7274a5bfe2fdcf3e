"""A neural network trained by SGD."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.batches import batches
from bench.data import Precision
from bench.errors import ConfigError
from bench.learner import Fit, Labelled, Learner, Model, learners
from bench.net import Net
from bench.nets.wide_resnet import WideResNet
from bench.probabilities import Probabilities, Rule, fitted
from bench.recipe import Train

if TYPE_CHECKING:
    import torch

    from bench.modules.network import Network
    from bench.train import Trained

AUXILIARY = "auxiliary."


@learners.register("network")
@dataclass(frozen=True)
class NetworkLearner(Learner):
    """A network trained by SGD on squared loss or cross-entropy, warm or cold.

    `probabilities`: simplex projects the outputs (the default with squared loss), softmax is the default with
    cross-entropy, softmax_calibrated divides by a temperature fitted on the labelled set first.
    """

    net: Net = field(default_factory=WideResNet)
    train: Train = field(default_factory=Train)
    probabilities: Rule | None = None

    def refusal(self, precision: Precision) -> str | None:
        return self.train.refusal("cuda", precision)  # the device may be another one when the sweep is started

    def fit(self, fit: Fit) -> NetworkModel:
        from bench.train import train

        self._check(fit.labelled.x)
        net = self._warm(fit) if self.train.start == "warm" and fit.previous is not None else self._fresh(fit)
        trained = train(net, self.train, fit)
        return self._model(fit, net, trained)

    def restore(self, fit: Fit, state: dict[str, torch.Tensor]) -> NetworkModel:
        from bench.train import Trained, new_auxiliary

        net = self._built(fit.labelled)
        net.load_state_dict({key: value for key, value in state.items() if not key.startswith(AUXILIARY)})
        auxiliary = new_auxiliary(net, fit)
        if auxiliary is not None:
            size = len(AUXILIARY)
            auxiliary.load_state_dict({k[size:]: v for k, v in state.items() if k.startswith(AUXILIARY)})
        return self._model(fit, net.eval(), Trained(auxiliary, epochs=0))

    def _check(self, x: torch.Tensor) -> None:
        refusal = self.train.refusal(x.device.type, str(x.dtype).removeprefix("torch."))
        if refusal is not None:
            raise ConfigError.of("learner", "train.autocast", refusal)

    def _model(self, fit: Fit, net: Network, trained: Trained) -> NetworkModel:
        rule = self.probabilities or ("simplex" if self.train.loss == "squared" else "softmax")
        probabilities = fitted(rule, lambda: _logits(net, fit.labelled.x), fit.labelled.y)
        return NetworkModel(self, net, trained, probabilities, fit.labelled.classes)

    def _built(self, labelled: Labelled) -> Network:
        return self.net.build(tuple(labelled.x.shape[1:]), labelled.classes).to(labelled.x)

    def _fresh(self, fit: Fit) -> Network:
        net = self.net.build(tuple(fit.labelled.x.shape[1:]), fit.labelled.classes)
        net.initialise(fit.streams.generator("weights", fit.cycle if self.train.start == "cold" else 0))
        return net.to(fit.labelled.x)

    def _warm(self, fit: Fit) -> Network:
        net = self._built(fit.labelled)
        assert isinstance(fit.previous, NetworkModel)
        net.load_state_dict(fit.previous.net.state_dict())
        return net


class NetworkModel(Model):
    """A trained network in eval mode."""

    def __init__(
        self, learner: NetworkLearner, net: Network, trained: Trained, rule: Probabilities, classes: int
    ) -> None:
        self.learner = learner
        self.net = net
        self.auxiliary = trained.auxiliary
        self.epochs = trained.epochs
        self.rule = rule
        self.classes = classes

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        """The logits (n, k)."""
        return _logits(self.net, x)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        with torch.no_grad():
            return torch.cat([self.net.parts(part).features for part in batches(x)])

    def residual(self, labelled: Labelled) -> float:
        """As in Model; the outputs of a network trained with cross-entropy are its softmax."""
        from bench.train import residual

        return residual(self.net, self.learner.train, labelled)

    def state(self) -> dict[str, torch.Tensor]:
        extra = self.auxiliary.state_dict() if self.auxiliary is not None else {}
        return {**self.net.state_dict(), **{f"{AUXILIARY}{key}": value for key, value in extra.items()}}

    def notes(self) -> dict[str, float]:
        return {"epochs": float(self.epochs)}


def _logits(net: Network, x: torch.Tensor) -> torch.Tensor:
    import torch

    with torch.no_grad():
        return torch.cat([net(part) for part in batches(x)])
