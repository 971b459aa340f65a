"""Networks whose dt is coarse on purpose."""

from __future__ import annotations

import warnings

from spikelearn.errors import CoarseStepWarning
from spikelearn.network import Network


def build_coarsely(net: Network) -> None:
    """Build a network in which a time constant is meant to be within a step, so that no warning is needed.

    >>> net = Network(dt=10.0)
    >>> cells = net.population(1, LIFDelta(tau_m=5.0, t_ref=0.0))  # half a step, of which net.build() would warn
    >>> build_coarsely(net)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoarseStepWarning)
        net.build()
