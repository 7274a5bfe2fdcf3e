"""How a sweep is mirrored to Weights & Biases: the section `tracking` of a sweep file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

WandbName = Annotated[str, Field(pattern=r"^[^/\\#?%:]{1,128}$")]


@dataclass(frozen=True)
class Tracking:
    """Where finished cells are mirrored to; nothing of it can change a result.

    `offline` writes wandb's own files below results/NAME/tracking, with no network and no account; `online` sends them
    to a server; `off` does neither. `entity` is the user or team there, null: your default one.
    """

    mode: Literal["offline", "online", "off"] = "offline"
    project: WandbName = "lookahead-bench"
    entity: WandbName | None = None

    @property
    def here(self) -> Tracking:
        """The same, but off where the environment of this process says LOOKAHEAD_BENCH_TRACKING=off, and otherwise no
        more than wandb's own WANDB_MODE allows: disabled, or offline."""
        said = os.environ.get("WANDB_MODE")
        if os.environ.get("LOOKAHEAD_BENCH_TRACKING") == "off" or said == "disabled":
            return replace(self, mode="off")
        return replace(self, mode="offline") if self.mode == "online" and said in ("offline", "dryrun") else self
