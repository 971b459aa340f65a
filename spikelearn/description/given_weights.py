"""Weights that a user gives for the synapses that a projection has."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.units import plain


def given_weights(projection: Projection, weights: Any, pre: np.ndarray, post: np.ndarray, what: str) -> np.ndarray:
    """(n,), the weight of each synapse, from as many values or from an array (sources, targets).

    pre, post: (n,), of the synapses, as in Synapses. Raises ParameterError, DescriptionError or UnitError, naming
    `what`, for another shape, for weights that are not finite or beyond the limits of the rule, and for values other
    than 0 and NaN where there is no synapse.
    """
    given = np.asarray(plain(weights, projection.unit, what), np.float64)
    shape = (projection.source_size, projection.target_size)
    i, j = pre - projection.source_first, post - projection.target_first
    if given.shape == shape:
        outside = (given != 0) & ~np.isnan(given)
        outside[i, j] = False
        if outside.any():
            source, target = np.argwhere(outside)[0]
            raise ParameterError(
                f"{what}: expected 0 or NaN where there is no synapse, got {given[source, target]:g} from source "
                f"{source} to target {target}"
            )
        given = given[i, j]
    if given.shape != (len(pre),):
        raise DescriptionError(
            f"{what}: expected ({len(pre)},), one for each synapse, or (sources, targets), {shape}; got shape "
            f"{given.shape}"
        )
    low, high = projection.limits
    wrong = np.flatnonzero(~((low <= given) & (given <= high) & np.isfinite(given)))
    if len(wrong):
        k = wrong[0]
        limits = "finite weights"
        if projection.plasticity is not None:
            limits = f"{low:g} to {high:g}, the limits W_min and W_max of {projection.plasticity.rule.name}"
        raise ParameterError(
            f"{what}: expected {limits}, got {given[k]:g} for synapse {k}, from neuron {pre[k]} to {post[k]}"
        )
    return given
