"""Whether settings and strategies fit a dataset, as its facts tell before anything runs; what they do not tell, a run
finds out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from bench.augment import check_augment
from bench.config import Settings
from bench.dataset_facts import Facts, applied
from bench.describe import hints_of
from bench.errors import DataError
from bench.images import check_normalisation, check_size
from bench.net import Net
from bench.protocol import Protocol, check_ids, check_pool
from bench.strategy import Strategy
from bench.subset import check_limit
from bench.view import NO_FEATURES, Space


def misfit(settings: Settings, protocols: Iterable[Protocol], facts: Facts | None) -> str | None:
    """Why nothing can run under these settings, in words, or None.

    `protocols` are those of the seeds, `facts` those of the dataset's files; None: the run finds out.
    """
    refused = settings.learner.refusal(settings.precision)
    if refused is not None or facts is None:
        return refused
    left = applied(facts, settings.dataset)
    try:
        _check_inputs(settings, facts)
        for protocol in protocols:
            check_pool(protocol, left.pool)
            check_ids(protocol, left.pool)
    except DataError as error:
        return str(error)
    nets = (value for _, value in _parts(settings.learner) if isinstance(value, Net))
    return next((refused for net in nets if (refused := net.refusal(left.shape)) is not None), None)


def lacks_features(strategy: Strategy, facts: Facts | None) -> str | None:
    """That a strategy wants the features of a dataset that has none, or None."""
    wanted = any(hint == Space and value == "given" for hint, value in _parts(strategy))
    return NO_FEATURES if wanted and facts is not None and facts.features is False else None


def _check_inputs(settings: Settings, facts: Facts) -> None:
    """What load_data checks, in its order. Raises DataError."""
    dataset = settings.dataset
    check_limit(dataset.limit, facts.pool)
    check_augment(dataset.augment, facts.shape)
    check_size(dataset.size, facts.shape)
    check_normalisation(dataset.normalise, facts.shape)


def _parts(plugin: Any) -> Iterator[tuple[Any, Any]]:
    """The type and the value of every field of a plugin, and of the plugins in it."""
    cls: type = type(plugin)
    for spec in fields(plugin):
        value = getattr(plugin, spec.name)
        yield hints_of(cls)[spec.name], value
        if is_dataclass(value):
            yield from _parts(value)
