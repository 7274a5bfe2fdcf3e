"""Selection by Fisher information (Ash et al., NeurIPS 2021, section 4): the set S that makes tr(M⁻¹ F) smallest, where
M = M₀ + Σ_{x ∈ S} V_x V_xᵀ. By the Woodbury identity adding x lowers the trace by tr(P (I + G)⁻¹), and taking it away
raises it by tr(P (I − G)⁻¹), with G = V_xᵀ M⁻¹ V_x and P = V_xᵀ M⁻¹ F M⁻¹ V_x.

A last layer's V_x is a Kronecker product Q_x ⊗ h_x, so no V is ever stored; and since one step changes M⁻¹ by c columns
only, G and P of all candidates are carried along instead of being formed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

TILE = 512


@dataclass(frozen=True)
class Factors:
    """Fisher information V_x V_xᵀ of m points, V_x = Q_x ⊗ h_x (k·d, c): weights Q (m, k, c), features h (m, d)."""

    weights: torch.Tensor
    features: torch.Tensor

    def at(self, positions: torch.Tensor | list[int]) -> Factors:
        """Those of some of the points."""
        return Factors(self.weights[positions], self.features[positions])

    def tiles(self) -> list[Factors]:
        """The points in tiles."""
        pairs = zip(self.weights.split(TILE), self.features.split(TILE), strict=True)
        return [Factors(*pair) for pair in pairs]

    def columns(self, i: int) -> torch.Tensor:
        """V of one point (k·d, c)."""
        return (self.weights[i][:, None, :] * self.features[i][None, :, None]).flatten(0, 1)

    def total(self) -> torch.Tensor:
        """Σ_x V_x V_xᵀ (k·d, k·d), by blocks of classes in O(m·k²·d²) time."""
        import torch

        k, d = self.weights.shape[1], self.features.shape[1]
        blocks = self.features.new_zeros(k, d, k * d)
        for part in self.tiles():
            pairs = part.weights @ part.weights.mT  # (t, k, k)
            for block, weight in zip(blocks, pairs.unbind(dim=1), strict=True):
                block += part.features.T @ torch.einsum("mk,md->mkd", weight, part.features).flatten(1)
        return blocks.view(k * d, k * d)

    def quadratic(self, matrix: torch.Tensor) -> torch.Tensor:
        """V_xᵀ S V_x of each point (m, c, c) for S (k·d, k·d), in O(m·k²·d²) time."""
        import torch

        k, d = self.weights.shape[1], self.features.shape[1]
        rows = matrix.view(k, d, k * d)

        def of(part: Factors) -> torch.Tensor:
            images = ((part.features @ row).view(-1, k, d) for row in rows)  # each (t, k, d)
            forms = torch.stack([torch.einsum("mkd,md->mk", image, part.features) for image in images], dim=1)
            return part.weights.mT @ forms @ part.weights  # (t, c, c)

        return torch.cat([of(part) for part in self.tiles()])

    def times(self, columns: torch.Tensor) -> torch.Tensor:
        """V_xᵀ A of each point (m, c, r) for A (k·d, r), in O(m·k·d·r) time."""
        import torch

        k, d = self.weights.shape[1], self.features.shape[1]
        by_feature = columns.view(k, d, -1).transpose(0, 1).flatten(1)  # (d, k·r)
        images = ((part.features @ by_feature).view(len(part.features), k, -1) for part in self.tiles())
        return torch.cat([part.weights.mT @ image for part, image in zip(self.tiles(), images, strict=True)])


@dataclass(frozen=True)
class Trace:
    """tr(M⁻¹ F) and what each of m points would make of it: inverse M⁻¹ and target F (k·d, k·d), G and P (m, c, c)."""

    factors: Factors
    inverse: torch.Tensor
    target: torch.Tensor
    g: torch.Tensor
    p: torch.Tensor

    @classmethod
    def start(cls, factors: Factors, initial: torch.Tensor, target: torch.Tensor) -> Trace:
        """With M = `initial`, positive definite, and no point added. Holds four matrices of (k·d)² numbers at once, the
        two that it is given among them; `initial` is written over."""
        import torch

        inverse = torch.cholesky_inverse(torch.linalg.cholesky(initial))
        outer = torch.mm(inverse, target, out=initial) @ inverse
        return cls(factors, inverse, target, factors.quadratic(inverse), factors.quadratic(outer))

    def decrease(self) -> torch.Tensor:
        """By how much the trace falls when each point is added (m,)."""
        return _trace_of_quotient(self.p, _identity(self.g) + self.g)

    def increase(self) -> torch.Tensor:
        """By how much the trace grows when each point, added before, is taken away (m,)."""
        return _trace_of_quotient(self.p, _identity(self.g) - self.g)

    def among(self, positions: list[int]) -> Trace:
        """The same trace, looking at some of the points only."""
        return Trace(self.factors.at(positions), self.inverse, self.target, self.g[positions], self.p[positions])

    def with_point(self, i: int) -> Trace:
        """Point i added."""
        return self._changed(i, sign=1)

    def without_point(self, i: int) -> Trace:
        """Point i, added before, taken away."""
        return self._changed(i, sign=-1)

    def _changed(self, i: int, sign: int) -> Trace:
        """M ± V Vᵀ, whose inverse is M⁻¹ − W B Wᵀ with W = M⁻¹V and B = (±I + Vᵀ M⁻¹ V)⁻¹."""
        import torch

        w = self.inverse @ self.factors.columns(i)  # (k·d, c)
        image = self.target @ w  # (k·d, c)
        b = torch.linalg.inv(sign * _identity(self.g[i]) + self.g[i])  # (c, c)
        first, second = self.factors.times(torch.cat([w, self.inverse @ image], dim=1)).chunk(2, dim=2)  # (m, c, c)
        cross = first @ b @ second.mT  # (m, c, c)
        return Trace(
            self.factors,
            torch.addmm(self.inverse, w @ b, w.T, alpha=-1),
            self.target,
            self.g - first @ b @ first.mT,
            self.p - cross - cross.mT + first @ (b @ (w.T @ image) @ b) @ first.mT,
        )


def forward_backward(trace: Trace, budget: int, oversample: int) -> list[int]:
    """Positions of a batch: `oversample` times the budget (or all points) added greedily, then all but the budget taken
    away greedily. Of equally good points the first is added, and the last one added is taken away."""
    import torch

    picks = list[int]()
    for _ in range(min(oversample * budget, len(trace.g))):
        gain = trace.decrease()  # (m,)
        gain[picks] = -torch.inf
        picks.append(int(gain.argmax()))
        trace = trace.with_point(picks[-1])
    trace = trace.among(picks)
    kept = torch.ones(len(picks), dtype=torch.bool, device=trace.g.device)
    for _ in range(len(picks) - budget):
        loss = trace.increase().where(kept, torch.inf)
        out = int((loss == loss.min()).nonzero()[-1])  # of equals the last one added
        kept[out] = False
        trace = trace.without_point(out)
    return [pick for pick, keep in zip(picks, kept.tolist(), strict=True) if keep]


def _trace_of_quotient(numerator: torch.Tensor, denominator: torch.Tensor) -> torch.Tensor:
    """tr(A B⁻¹) of symmetric matrices (m, c, c): (m,)."""
    import torch

    return torch.linalg.solve(denominator, numerator).diagonal(dim1=1, dim2=2).sum(dim=1)


def _identity(like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)
