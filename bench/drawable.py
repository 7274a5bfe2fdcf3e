"""What the analysis can draw; an experiment names the figure that it is about."""

from __future__ import annotations

from typing import Literal, get_args

Figure = Literal[
    "difference_from_random",
    "learning_curves",
    "accuracy_and_time",
    "sequential_and_batch",
    "improvement_by_setting",
    "curves_by_setting",
    "critical_difference",
    "penalty_matrix",
    "p_values",
    "pareto",
    "label_efficiency",
    "queried_classes",
    "overlap",
    "fidelity",
]
FIGURES: tuple[Figure, ...] = get_args(Figure)
