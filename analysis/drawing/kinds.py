"""Every kind of figure, in the order in which a subject shows them: a file of this package, and a row here.

A name stands twice where there is a figure for each group and one across groups. The names are those of
bench.drawable.FIGURES, from which an experiment chooses its main figure.
"""

from __future__ import annotations

from analysis.drawing import (
    accuracy_and_time,
    critical_difference,
    curves_by_setting,
    difference_from_random,
    fidelity,
    improvement_by_setting,
    label_efficiency,
    learning_curves,
    overlap,
    p_values,
    pareto,
    penalty_matrix,
    queried_classes,
    sequential_and_batch,
)
from analysis.drawing.kind import Kind

KINDS: tuple[Kind, ...] = (
    difference_from_random.ACROSS,
    difference_from_random.KIND,
    sequential_and_batch.KIND,
    improvement_by_setting.KIND,
    learning_curves.KIND,
    curves_by_setting.KIND,
    accuracy_and_time.KIND,
    label_efficiency.KIND,
    critical_difference.OVER_DATASETS,
    critical_difference.KIND,
    p_values.ACROSS,
    p_values.KIND,
    penalty_matrix.KIND,
    pareto.KIND,
    queried_classes.KIND,
    overlap.KIND,
    fidelity.KIND,
)
