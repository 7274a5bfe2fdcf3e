"""The laws of learners, networks and datasets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from bench.contract.laws import check_record, close, copied, elsewhere, equal, first_fit, law
from bench.data import Data, Dataset, checked
from bench.errors import DataError
from bench.example import CLASSES, example_data
from bench.learner import Labelled, Learner, Model
from bench.modules.network import Network
from bench.net import Net


def check_learner(learner: Learner) -> None:
    """Check Learner's and Model's laws on images of 1×6×6."""
    check_record(learner)
    data = example_data()
    fit = first_fit(data, learner)
    model = learner.fit(fit)
    state = copied(model)
    law(equal(state, copied(elsewhere(lambda: learner.fit(fit)))), f"{learner}: fit() draws from its streams alone")
    _check_model(learner, model, data)
    law(equal(state, copied(model)), f"{learner}: asking a model does not change it")
    again = learner.restore(fit, state)
    law(
        torch.equal(again.outputs(data.x_test), model.outputs(data.x_test)),
        f"{learner}: restore() gives the model back",
    )
    warm = replace(fit, previous=model, cycle=1)
    from_saved = learner.fit(replace(warm, previous=again))
    law(
        equal(copied(learner.fit(warm)), copied(from_saved)),
        f"{learner}: a restored model continues as the original",
    )


def check_net(net: Net) -> None:
    """Check Net's and Network's laws on images of 1×6×6, or on feature vectors where build() refuses those."""
    check_record(net)
    network, x = _built(net)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(torch.nan)
    network.initialise(torch.Generator().manual_seed(0))
    first = {key: value.clone() for key, value in network.state_dict().items()}
    law(all(v.isfinite().all() for v in first.values()), f"{net}: initialise() sets every parameter and buffer")
    elsewhere(lambda: network.initialise(torch.Generator().manual_seed(0)))
    law(equal(first, dict(network.state_dict())), f"{net}: initialise() draws from its generator alone")
    network.eval()
    with torch.no_grad():
        parts = network.parts(x)
        law(parts.logits.shape == (len(x), CLASSES), f"{net}: logits are (b, k)")
        law(parts.features.ndim == 2, f"{net}: features are (b, d)")
        law(len(parts.stages) > 0 and all(len(s) == len(x) for s in parts.stages), f"{net}: every stage is (b, …)")
        law(torch.equal(network(x), parts.logits), f"{net}: forward(x) is parts(x).logits")
        law(close(network.head(parts.features), parts.logits), f"{net}: the logits are head(features)")
        law(close(network(x[:1]), parts.logits[:1]), f"{net}: in eval mode samples do not see each other")


def _built(net: Net) -> tuple[Network, torch.Tensor]:
    """The network, and inputs (n, …) that it takes."""
    images = example_data().x_test
    try:
        return net.build(tuple(images.shape[1:]), CLASSES).to(images.dtype), images
    except DataError:
        vectors = images.flatten(1)  # (n, d)
        return net.build(tuple(vectors.shape[1:]), CLASSES).to(vectors.dtype), vectors


def check_dataset(dataset: Dataset, root: Path = Path(".")) -> None:
    """Check Dataset's laws; its files must be there."""
    check_record(dataset)
    law(dataset.checksum(root) == dataset.checksum(root) != "", f"{dataset}: checksum() is stable and not empty")
    once, twice = checked(dataset.load(root)), dataset.load(root)
    for key in ("x_train", "y_train", "x_test", "y_test"):
        law(np.array_equal(getattr(once, key), getattr(twice, key)), f"{dataset}: load() gives the same {key} again")


def _check_model(learner: Learner, model: Model, data: Data) -> None:
    x, n = data.x_test, len(data.x_test)
    outputs, p, features = model.outputs(x), model.probabilities(x), model.features(x)
    law(outputs.shape == p.shape == (n, CLASSES), f"{learner}: outputs and probabilities are (n, k)")
    law(features.ndim == 2 and len(features) == n, f"{learner}: features are (n, d)")
    law(bool((p >= 0).all()) and close(p.sum(1), torch.ones_like(p[:, 0])), f"{learner}: probabilities are a simplex's")
    law(close(model.outputs(x[:1]), outputs[:1]), f"{learner}: samples do not see each other")
    law(np.isfinite(model.residual(Labelled(x, data.y_test, data.classes))), f"{learner}: the residual is a number")
