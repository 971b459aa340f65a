"""Properties of a neuron model beyond its equations, which the common tests check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

EXACT = math.inf
"""The order of a step that is a closed form."""


class Properties(NamedTuple):
    """Properties of a neuron model beyond its equations, which the common tests check.

    order: of accuracy between spikes: the error at a given time scales as dt to this power.
    quiet: parameters with which it is silent and noise-free without input.
    firing: parameters with which it fires by itself, or in response to inputs if it takes no current; empty: a constant
        current of 800 pA (10 mV/ms) is enough.
    not_vectorised: why the loop over its neurons is not vectorised; "" if it is.
    """

    order: float = 1
    quiet: Mapping[str, float] = {}
    firing: Mapping[str, float] = {}
    not_vectorised: str = ""
