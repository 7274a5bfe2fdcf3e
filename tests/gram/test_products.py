"""The products of both libraries, and who is chosen."""

from __future__ import annotations

import pytest
import torch
from jacobian_oracle import noise

from strategies.gram import products

needs_onednn = pytest.mark.skipif(not products.onednn_is_there(), reason="this torch has no oneDNN product")


@pytest.mark.parametrize("onednn", [False, pytest.param(True, marks=needs_onednn)])
def test_both_libraries_compute_the_same(onednn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "onednn_is_faster", lambda: onednn)
    left, right = noise(3, 4, 6).float(), noise(3, 5, 6, seed=2).float()
    torch.testing.assert_close(products.product(left[0], right[0]), left[0] @ right[0].T)
    sums = noise(4, 5).float()
    expected = sums + left[0] @ right[0].T
    products.add_product(sums, left[0], right[0])
    torch.testing.assert_close(sums, expected)
    out = torch.full((3, 4, 5), torch.nan)
    products.write_products(left, right, out)
    torch.testing.assert_close(out, left @ right.mT)


@pytest.mark.parametrize("n", [1, 5, 50])
def test_a_gram_matrix_by_blocks(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "BLOCK", 7)
    rows, kernel = noise(n, 3), torch.zeros(n, n, dtype=torch.float64)
    products.add_gram(kernel, rows)
    products.add_gram(kernel, rows)
    torch.testing.assert_close(products.mirrored(kernel), 2 * rows @ rows.T)


@pytest.mark.parametrize(
    ("vendor", "capability", "there", "chosen"),
    [
        ("AuthenticAMD", "AVX512", True, True),
        ("AuthenticAMD", "AVX512", False, False),
        ("AuthenticAMD", "AVX2", True, False),
        ("GenuineIntel", "AVX512", True, False),
        ("unknown", "AVX512", True, False),
    ],
)
def test_the_choice_follows_the_processor(
    vendor: str, capability: str, there: bool, chosen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_vendor", lambda: vendor)
    monkeypatch.setattr(products, "onednn_is_there", lambda: there)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert products.onednn_is_faster.__wrapped__() is chosen


def test_only_float32_on_the_cpu_goes_to_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "onednn_is_faster", lambda: True)
    assert products.by_onednn(torch.zeros(1))
    assert not products.by_onednn(torch.zeros(1, dtype=torch.float64))
    assert not products.by_onednn(torch.zeros(1, device="meta"))
