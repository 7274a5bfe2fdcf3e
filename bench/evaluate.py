"""What is known about a fitted model: its scores on the test set, as columns of a row."""

from __future__ import annotations

import math

import torch

from bench import metrics
from bench.data import Data
from bench.errors import Diverged
from bench.learner import Labelled, Model
from bench.query import Query
from bench.record import Result


def evaluate(
    model: Model, data: Data, labelled: Labelled, bought: Query, mislabelled: int
) -> tuple[Result, torch.Tensor]:
    """The result columns of a row, and the predicted class of every test input (n,)."""
    outputs = model.outputs(data.x_test)  # (n, k)
    if not outputs.isfinite().all():
        raise Diverged("the outputs on the test set are not finite after training; lower schedule.max_lr")
    predicted = outputs.argmax(dim=1)  # (n,)
    p = model.rule(outputs)  # (n, k)
    per_class = metrics.class_accuracy(predicted, data.y_test, data.classes)  # (k,)
    bought_classes = torch.bincount(data.y_pool[bought.ids], minlength=data.classes)  # (k,)
    result = Result(
        labelled=len(labelled),
        accuracy=float((predicted == data.y_test).to(torch.float64).mean()),
        balanced_accuracy=float(per_class.nanmean()),
        class_accuracy=[None if math.isnan(a) else a for a in per_class.tolist()],
        negative_log_likelihood=metrics.negative_log_likelihood(p, data.y_test),
        brier=metrics.brier(p, data.y_test),
        calibration_error=metrics.calibration_error(p, data.y_test),
        residual=model.residual(labelled),
        queried=bought.ids.tolist(),
        queried_classes=bought_classes.tolist(),
        revealed=bought.revealed,
        mislabelled=mislabelled,
        notes=model.notes(),
    )
    return result, predicted
