"""Importing torchvision beside a torch that its compiled part was not built for.

PyPI's torchvision is built against CUDA's torch; beside a CPU torch its operators cannot load, and `import torchvision`
fails because nobody declared them (pytorch/vision #9085). Declared without an implementation, they let everything work
that does not call them: models, data sets and transforms.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

UNDECLARED = "operator torchvision::nms does not exist"
SCHEMAS = tuple(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor" for name in ("nms", "qnms"))

_declared: list[torch.library.Library] = []
"""A library's operators are gone as soon as nothing holds it."""


def import_torchvision() -> ModuleType:
    """The module torchvision; its operators are declared only where their absence is what stops the import."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if UNDECLARED not in str(error):
            raise
    _forget()
    _declare()
    return importlib.import_module("torchvision")


def _forget() -> None:
    """Take the modules of the failed import away, so that the next one runs them again."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]


def _declare() -> None:
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    _declared.append(library)
