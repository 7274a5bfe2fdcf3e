"""neural-tangents (Novak et al., ICLR 2020) on the jax of today.

Its last release, 0.6.5, asks jax for names that have moved or gone since. They are put where it looks for them: names
are added, none is replaced, so that nobody else who uses jax notices. Its experimental part would import tensorflow,
which nothing here needs, and is left out.
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jax


@cache
def import_neural_tangents() -> ModuleType:
    """The module neural_tangents with its stax, predict and empirical parts; tensorflow is not imported.

    Wants jax 0.8. Raises ImportError where neural-tangents is not installed.
    """
    sys.modules.setdefault("neural_tangents.experimental", ModuleType("neural_tangents.experimental"))
    _put_names_back()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it uses names that the next jax will drop
        try:
            return import_module("neural_tangents")
        except ModuleNotFoundError as error:
            raise ImportError(f"wanted neural-tangents 0.6.5; {error}. Install it: make setup") from error


@cache
def cpu() -> jax.Device:
    """The CPU as jax knows it, with as many threads as torch has now: jax counts them once, when it starts.

    It is kept from AVX-512: with it, XLA's float64 convolution of one channel (jaxlib 0.8.3), which kernels with
    global average pooling consist of, reads beside its input and may end the process. Who starts jax earlier has to
    set XLA_FLAGS=--xla_cpu_max_isa=AVX2 and PJRT_NPROC on their own.
    """
    import jax
    import torch

    wanted = {"PJRT_NPROC": str(torch.get_num_threads())}
    if platform.machine() in ("x86_64", "AMD64"):
        wanted["XLA_FLAGS"] = f"--xla_cpu_max_isa=AVX2 {os.environ.get('XLA_FLAGS', '')}".strip()
    with _environment(wanted):
        return jax.devices("cpu")[0]


def _put_names_back() -> None:
    import jax
    import jax.core
    import jax.extend.core
    from jax._src import source_info_util, util
    from jax.interpreters import ad

    core = {name: getattr(jax.extend.core, name) for name in ("Jaxpr", "JaxprEqn", "Literal", "Primitive", "Var")}
    _add(jax.core, **core, DShapedArray=type("DShapedArray", (), {}))  # shapes that are not known: there are none now
    _add(ad, config=jax.config, source_info_util=source_info_util)
    jax_util = sys.modules.setdefault("jax.util", ModuleType("jax.util"))
    _add(jax_util, safe_map=util.safe_map, safe_zip=util.safe_zip)


def _add(module: ModuleType, **names: object) -> None:
    for name, value in names.items():
        if name not in vars(module):
            setattr(module, name, value)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for a moment, for what is read once by a library that is starting."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
