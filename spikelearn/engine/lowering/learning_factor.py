"""The factor of what a projection learns, which phases of trials set."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Call
from spikelearn.kernels.learning_factor import keep_factor


def factor_arrays(projection: Projection) -> dict[str, np.ndarray]:
    """learning_factor: that of this step. past_factors: those of the last steps, for as long as the dendrite delays."""
    now = np.full(1, float(projection.plastic))
    steps = projection.dendritic_steps
    return {"learning_factor": now, "past_factors": np.repeat(now, steps + 1) if steps else now}


def keep_calls(projection: Projection, values: dict[str, Any]) -> list[Call]:
    """Calls that keep past factors, if they are needed."""
    if not projection.dendritic_steps:
        return []
    kernel = kernel_of(keep_factor)
    return [Call(f"factor of {projection.name}", kernel, **kernel.choose(values))]
