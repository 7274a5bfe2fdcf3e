"""The numerics that a cell's results stand for: deterministic algorithms, full precision, a known number of threads,
tensors of float32 on the CPU where nothing else is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def strict(threads: int) -> Iterator[None]:
    """Have torch compute as every cell is computed; at the end its own switches are as they were."""
    import torch

    backends = torch.backends
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to be deterministic
    with ExitStack() as undo:
        undo.callback(torch.set_num_threads, torch.get_num_threads())
        only_warned = torch.is_deterministic_algorithms_warn_only_enabled()
        enabled = torch.are_deterministic_algorithms_enabled()
        undo.callback(torch.use_deterministic_algorithms, enabled, warn_only=only_warned)
        undo.callback(torch.set_default_dtype, torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
        if torch.get_default_device().type != "cpu":
            undo.enter_context(torch.device("cpu"))  # over a device that was set as over `with torch.device`
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        off = (backends.cudnn, "benchmark"), (backends.cudnn, "allow_tf32"), (backends.cuda.matmul, "allow_tf32")
        for part, name in off:
            undo.callback(setattr, part, name, getattr(part, name))
            setattr(part, name, False)  # torch's default, TF32, rounds what convolutions take to 10 bits
        yield
