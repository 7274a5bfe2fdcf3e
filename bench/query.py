"""One query: the candidates of the cycle are laid before the strategy, and its picks are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from bench.cell import Cell
from bench.data import Data
from bench.errors import ContractError, DataError
from bench.journal import Journal
from bench.learner import Labelled, Model
from bench.oracle import Oracle
from bench.protocol import Given, check_ids
from bench.streams import Streams
from bench.view import Embedding, View


@dataclass(frozen=True)
class State:
    """Where a run stands after `cycle`: the labelled ids (n,) and the model fitted on them."""

    cycle: int
    labelled: torch.Tensor
    model: Model


@dataclass(frozen=True)
class Query:
    """What a query led to: ids into the pool (b,) in the order of picking, the candidates' ids (m,) in the order shown,
    and how many labels were revealed on the way."""

    ids: torch.Tensor
    candidates: torch.Tensor
    revealed: int = 0


def initial_query(cell: Cell, data: Data) -> Query:
    """The first labelled set: the same for every strategy of a seed.

    Raises DataError where ids that were given are not in the pool.
    """
    protocol, pool = cell.protocol, len(data.y_pool)
    if isinstance(protocol.initial_set, Given):
        check_ids(protocol, pool)
        return Query(_given(protocol.initial_set), torch.empty(0, dtype=torch.long))
    order = torch.randperm(pool, generator=cell.streams.generator("initial"))
    if protocol.initial_set == "balanced":
        order = order[_round_robin(data.y_pool.cpu()[order], data.classes)]
    return Query(order[: protocol.initial], order[:0])


def query(cell: Cell, data: Data, state: State, journal: Journal, streams: Streams) -> Query:
    """Let the cell's strategy pick, in the cycle after `state`. Raises ContractError where it breaks its laws."""
    candidates, view = view_of(cell, data, state, journal, streams)
    oracle = Oracle(data.y_pool.cpu())
    if cell.protocol.mode == "sequential":
        view = replace(view, reveal=lambda at: oracle.reveal(int(candidates[at])))
    if cell.strategy.sees_labels:
        view = replace(view, true_labels=data.y_pool[candidates])
    positions = checked(cell.strategy.query(view, cell.protocol.budget), len(candidates), cell.protocol.budget)
    ids = candidates[positions]
    unpaid = set(oracle.revealed) - set(ids.tolist())
    if unpaid:
        raise ContractError(f"wanted only labels that are returned to be revealed; ids {sorted(unpaid)} were not")
    return Query(ids, candidates, len(oracle.revealed))


def audit(cell: Cell, data: Data, state: State, journal: Journal, streams: Streams) -> Mapping[str, float]:
    """What the cell's audit measures before the query of the cycle after `state`, on the candidates that it shows."""
    assert cell.audit is not None
    _, view = view_of(cell, data, state, journal, streams)
    return cell.audit.measure(replace(view, generator=streams.generator("audit", view.cycle)))


def view_of(cell: Cell, data: Data, state: State, journal: Journal, streams: Streams) -> tuple[torch.Tensor, View]:
    """The ids of the candidates (m,) of the cycle after `state`, and what may be seen of it without paying."""
    cycle, labelled = state.cycle + 1, state.labelled
    candidates = candidate_ids(cell, data, labelled, streams.generator("candidates", cycle))  # (m,)
    given = None if data.features is None else Embedding(data.features[labelled], data.features[candidates])
    view = View(
        model=state.model,
        labelled=Labelled(data.x_pool[labelled], data.y_pool[labelled], data.classes),
        candidates=data.x_pool[candidates],
        generator=streams.generator("strategy", cycle),
        learner=cell.learner,
        objective=cell.strategy.objective(),
        cycle=cycle,
        given=given,
        journal=journal,
    )
    return candidates, view


def candidate_ids(cell: Cell, data: Data, labelled: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The first m unlabelled ids of the cycle's permutation of the pool, so that arms share as many as they can."""
    order = torch.randperm(len(data.y_pool), generator=generator)
    unlabelled = order[~torch.isin(order, labelled)]
    return unlabelled[: cell.protocol.candidates]


def _given(start: Given) -> torch.Tensor:
    """The ids (n,) that were written down."""
    if start.ids is None:
        raise DataError(f"initial_set: wanted ids; got the file {start.file!r}, which planning reads. Give its ids")
    return torch.tensor(start.ids)


def _round_robin(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """An order (n,) of labels (n,) that takes one of each class, then a second one, as long as there are any."""
    members = torch.nn.functional.one_hot(labels, classes)  # (n, k)
    turn = (members.cumsum(0) * members).sum(1)  # (n,), 1 for the first of its class
    return turn.argsort(stable=True)


def checked(picked: object, candidates: int, budget: int) -> torch.Tensor:
    """The picks as positions (b,), or a ContractError that says which law they break."""
    positions = torch.as_tensor(picked).cpu()
    if positions.ndim != 1 or positions.is_floating_point() or positions.dtype == torch.bool:
        raise ContractError(
            f"query: wanted a list of integer positions; got shape {tuple(positions.shape)} of {positions.dtype}"
        )
    if len(positions) != budget:
        raise ContractError(f"query: wanted {budget} positions; got {len(positions)}")
    if len(positions.unique()) != len(positions):
        raise ContractError(f"query: wanted distinct positions; got {positions.tolist()}")
    if int(positions.min()) < 0 or int(positions.max()) >= candidates:
        raise ContractError(f"query: wanted positions from 0 to {candidates - 1}; got {positions.tolist()}")
    return positions.long()
