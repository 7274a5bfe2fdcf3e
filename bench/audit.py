"""What an audit is: a plugin that puts questions to the model before a query, beside the strategy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from bench.learner import Learner
from bench.registry import Registry
from bench.view import View


class Audit(ABC):
    """A measurement of the model and candidates of a query. Implementations are frozen dataclasses.

    Laws: nothing that it measures changes a pick or a fit; it draws from view.generator alone, which is its own.
    """

    revision: ClassVar[int] = 1

    @abstractmethod
    def measure(self, view: View) -> Mapping[str, float]:
        """Figures by name, for the notes of the row that the query leads to; none in a cycle that is not audited."""

    def refusal(self, learner: Learner) -> str | None:
        """Why this audit makes no sense for a learner, or None; asked before anything runs."""
        return None


audits: Registry[Audit] = Registry("audit", Audit, "lookahead_bench.audits")
