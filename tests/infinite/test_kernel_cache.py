"""The cache of a kernel against computing it anew, by a kernel that counts what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from strategies.infinite.kernel_cache import KernelCache
from strategies.infinite.tiles import Array, Rows, TileKernel, computed

SIDE = 3


@dataclass
class Counted:
    """A kernel that is not symmetric in the last bits, as compiled ones are, and counts its tiles."""

    tiles: int = 0
    shapes: set[tuple[tuple[int, ...], ...]] = field(default_factory=set)

    def __call__(self, a: Array, b: Array) -> Array:
        self.tiles += 1
        self.shapes.add((a.shape, b.shape))
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(axis=2)) + 1e-12 * a.sum(axis=1)[:, None]


def inputs(n: int) -> torch.Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(n), dtype=torch.float64)


def rows(x: torch.Tensor) -> Rows:
    return Rows.of(x)


def cache_of(rows_at_most: int = 1000) -> tuple[KernelCache, Counted]:
    counted = Counted()
    return KernelCache(TileKernel(counted, SIDE), 8 * rows_at_most**2 / 2**20), counted


def fresh(x1: torch.Tensor, x2: torch.Tensor) -> Array:
    """Entry by entry, in the order of the digests."""
    a, b, kernel = Rows.of(x1), Rows.of(x2), Counted()
    result = np.empty((len(a), len(b)))
    for i in range(len(a)):
        for j in range(len(b)):
            one, other = a.values[i : i + 1], b.values[j : j + 1]
            pair = (one, other) if a.digests[i] <= b.digests[j] else (other, one)
            result[i, j] = kernel(*pair)[0, 0]
    return result


picks = st.lists(st.integers(0, 11), min_size=1, max_size=8)


@given(st.lists(st.tuples(picks, st.none() | picks), min_size=1, max_size=6), st.sampled_from([4, 7, 9, 100]))
def test_whatever_was_asked_before_the_answer_is_the_same_bits(
    requests: list[tuple[list[int], list[int] | None]], limit: int
) -> None:
    x = inputs(12)
    cache, _ = cache_of(limit)
    for first, second in requests:
        block = cache(rows(x[first]), None if second is None else rows(x[second]))
        assert np.array_equal(block, fresh(x[first], x[first if second is None else second]))
        assert len(cache) <= limit
        assert cache.mib <= 8 * limit**2 / 2**20


@given(picks, st.none() | picks)
def test_without_a_cache_it_is_the_kernel_entry_by_entry(first: list[int], second: list[int] | None) -> None:
    x = inputs(12)
    block = computed(TileKernel(Counted(), SIDE), rows(x[first]), None if second is None else rows(x[second]))
    assert np.array_equal(block, fresh(x[first], x[first if second is None else second]))


def test_known_pairs_cost_nothing() -> None:
    x = inputs(10)
    cache, counted = cache_of()
    cache(rows(x))
    tiles = counted.tiles
    cache(rows(x[[3, 1, 1]]), rows(x[4:]))
    cache(rows(x.flip(0)))
    assert counted.tiles == tiles


def test_a_pair_is_known_in_either_order() -> None:
    x = inputs(8)
    cache, counted = cache_of()
    cache(rows(x[:4]), rows(x[4:]))
    tiles = counted.tiles
    cache(rows(x[4:]), rows(x[:4]))
    assert counted.tiles == tiles


def test_new_inputs_cost_their_own_pairs_alone() -> None:
    x = inputs(30)
    cache, counted = cache_of()
    cache(rows(x[:27]))
    counted.tiles = 0
    cache(rows(x))
    assert counted.tiles <= 2 * 10  # ten tiles beside and below the 27 known, each at most once in either order


def test_one_half_of_a_symmetric_matrix_is_computed() -> None:
    counted = Counted()
    computed(TileKernel(counted, SIDE), rows(inputs(15)))
    assert counted.tiles == 10 + 2 * 5  # above the diagonal once, on it in either order


def test_a_tile_is_computed_in_one_order_where_its_rows_and_columns_do_not_mix() -> None:
    both = rows(inputs(6))
    ordered = both[np.argsort(both.digests)]
    for first, second in ((ordered[:3], ordered[3:]), (ordered[3:], ordered[:3])):
        counted = Counted()
        computed(TileKernel(counted, SIDE), first, second)
        assert counted.tiles == 1


def test_every_tile_has_one_shape() -> None:
    cache, counted = cache_of()
    cache(rows(inputs(7)), rows(inputs(4)))
    assert counted.shapes == {((SIDE, 2), (SIDE, 2))}


def test_equal_inputs_share_a_row() -> None:
    x = inputs(4)
    cache, _ = cache_of()
    cache(rows(torch.cat([x, x, x[:1]])))
    assert len(cache) == 4


def test_equal_bytes_of_another_shape_are_another_input() -> None:
    assert Rows.of(torch.zeros(1, 2, 3)).digests[0] != Rows.of(torch.zeros(1, 3, 2)).digests[0]


def pairs_of_cycles(cache: KernelCache, counted: Counted, x: torch.Tensor, candidates: int) -> list[int]:
    """Tiles of one entry computed in each cycle that asks for 2 + cycle labelled inputs, candidates and 6 test inputs.

    The labelled inputs come first in x, then the test inputs, then candidates that are never asked for again.
    """
    found = []
    for cycle in range(4):
        counted.tiles = 0
        labelled, start = x[: 2 + cycle], 12 + cycle * candidates
        cache(rows(torch.cat([labelled, x[start : start + candidates]])))
        cache(rows(labelled))
        cache(rows(x[6:12]), rows(labelled))
        found.append(counted.tiles)
    return found


def test_test_inputs_stay_where_candidates_that_do_not_return_need_room() -> None:
    counted = Counted()
    cache = KernelCache(TileKernel(counted, side=1), 8 * 15**2 / 2**20)
    cycles = pairs_of_cycles(cache, counted, inputs(30), candidates=4)
    candidates = [4 * (2 + cycle) + 4 * 5 // 2 for cycle in range(4)]  # with the labelled inputs and each other
    labelled = [3, 3, 4, 5]  # of the new ones with themselves and those before
    assert cycles == [a + b + c for a, b, c in zip(candidates, labelled, [6 * 2, 6, 6, 6], strict=True)]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(("first", "second", "third"), "second"), (("first", "first", "second", "third"), "first")],
    ids=["the oldest of equally often", "the rarest"],
)
def test_beyond_the_limit_what_was_asked_for_least_is_forgotten(asked: tuple[str, ...], kept: str) -> None:
    part = dict(zip(("first", "second", "third"), inputs(9).split(3), strict=True))
    cache, counted = cache_of(6)
    for name in asked:
        cache(rows(part[name]))
    assert len(cache) == 6
    counted.tiles = 0
    cache(rows(part[kept]))
    cache(rows(part["third"]))
    assert counted.tiles == 0
    cache(rows(part["first" if kept == "second" else "second"]))
    assert counted.tiles > 0


def test_a_request_beyond_the_limit_leaves_the_cache_alone() -> None:
    x = inputs(9)
    cache, counted = cache_of(4)
    cache(rows(x[:4]))
    cache(rows(x))
    counted.tiles = 0
    cache(rows(x[:4]))
    assert (len(cache), counted.tiles) == (4, 0)


@pytest.mark.parametrize("n", [1, 3, 4])
def test_progress_is_a_share(n: int) -> None:
    shares: list[float] = []
    cache, _ = cache_of()
    cache(rows(inputs(n)), progress=shares.append)
    assert shares[-1] == 1
    assert all(0 < share <= 1 for share in shares)
