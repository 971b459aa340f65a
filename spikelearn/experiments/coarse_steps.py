"""Networks whose dt is coarse on purpose."""

from __future__ import annotations

import warnings

from spikelearn.errors import CoarseStepWarning
from spikelearn.network import Network


def build_coarsely(net: Network) -> None:
    """Build a network in which a time constant is meant to be within a step, so that no warning is needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoarseStepWarning)
        net.build()
