"""Performance goals, and measurements of another simulator on another machine.

GeNN's sources are not to be had here, so it is compared through NEST, which was measured with it there and with
spikelearn here: (NEST / spikelearn) here times (GeNN / NEST) there. Such ratios are labelled indirect.
"""

from __future__ import annotations

from typing import NamedTuple

OTHER_MACHINE = "another machine: 2 cores of an x86-64 server processor with AVX-512, best of 3 runs"

SECONDS_ON_OTHER_MACHINE: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "cuba_4000": {"NEST": (1.30, 0.53), "GeNN": (0.19, None)},
    "cuba_40000": {"NEST": (15.0, 8.6), "GeNN": (1.20, None)},
    "brunel": {"NEST": (24.8, 10.6), "GeNN": (8.4, None)},
    "brunel_stdp": {"NEST": (60.7, 32.1), "GeNN": (13.9, None)},
    "microcircuit_tenth": {"NEST": (8.7, 3.95), "GeNN": (1.81, None)},
    "microcircuit": {"NEST": (None, 177.0), "GeNN": (55.0, None)},
}
"""Wall seconds per biological second on that machine, on one and on two threads. NEST 3.10; GeNN 5.4 on the CPU,
which counts in float32."""

BYTES_ON_OTHER_MACHINE = {"GeNN": (139e6, 287e6)}
"""Memory of whole processes there, for Brunel's network and for the same with STDP."""


class Goal(NamedTuple):
    """factor: speed relative to the best peer; threads: None for both numbers of threads."""

    factor: float
    threads: int | None = None


RATIOS = {
    "cuba_4000": Goal(2.0),
    "cuba_40000": Goal(2.5),
    "brunel": Goal(4.0),
    "brunel_stdp": Goal(5.0),
    "dopamine": Goal(3.0),
    "microcircuit_tenth": Goal(4.0, threads=2),
}
REAL_TIME_FACTOR = 1.0
"""Upper limits for the full microcircuit on two threads: real-time factor, and below memory and building time."""
MICROCIRCUIT_BYTES = 2e9
MICROCIRCUIT_BUILD_S = 6.0
BYTES_PER_SYNAPSE = {"static, one weight": 8.0, "static, own weights": 8.0, "stdp": 24.0, "dopamine": 32.0}
"""At most."""
EVENT_COST_FACTOR = 1.5
"""Largest ratio between the costs of a synaptic event at 300 million and at 1 million synapses, either way."""
START_UP_S = {"cold": 4.0, "warm": 0.9}

REAL_TIME_RECORDS = (
    ("NEST, 128 cores", 0.67),
    ("NEST, 256 cores on two nodes", 0.53),
    ("NEST GPU, RTX 4090", 0.39),
    ("GeNN, RTX 4090", 0.27),
    ("CsNN", 0.25),
    ("neuroAIx, 35 FPGAs", 0.05),
)
"""Published wall seconds per biological second of the full microcircuit."""


def verdict(value: float, goal: float, at_least: bool) -> str:
    """'reached', or the factor by which the goal is missed."""
    if value >= goal if at_least else value <= goal:
        return "reached"
    factor = goal / value if at_least else value / goal
    return f"missed by a factor of {factor:.2f}"
