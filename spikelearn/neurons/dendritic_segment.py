"""A dendritic segment that detects coincidences: a plateau begins when enough synapses are active together.

Hawkins, J. & Ahmad, S. (2016). Why neurons have thousands of synapses, a theory of sequence memory in neocortex. Front.
Neural Circuits 10:23. The variable `n_active` is the sum of the weights that arrived recently, which decays with
tau_syn: if weights are 1, the number of active synapses. When it reaches theta an NMDA spike begins, which lasts for
t_ref; no other begins before it ends. A segment has no axon: its events, a spike and a plateau in the same step, mark
the start of the NMDA spike and are sent to a cell. A neuron with many segments is a population of segments connected
to it, `net.connect(segments, cells, port, sl.Pairs(...), on="plateau")`.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, number


class DendriticSegmentParameters(NamedTuple):
    theta: Annotated[number, "number of synapses that must be active together"] = 10.0
    tau_syn: Annotated[ms, "time constant with which a synapse ceases to be active"] = 2.0
    t_ref: Annotated[duration, "duration of a plateau, during which no other begins"] = 20.0


def _constants(p: DendriticSegmentParameters, dt: float) -> dict[str, Any]:
    P_syn = np.exp(-dt / np.asarray(p.tau_syn)) + 0.0
    return {"P_syn": P_syn, "theta": p.theta, "n_ref": refractory_steps(p.t_ref, dt)}


@scalar
def dendritic_segment_step(n_active, refractory, in_synapses, P_syn, theta, n_ref):
    n_active = P_syn * n_active + in_synapses
    held = refractory > 0.0
    refractory = refractory - 1.0 if held else refractory
    began = n_active >= theta and not held
    refractory = n_ref if began else refractory
    return n_active, refractory, np.uint8(3) * np.uint8(began)


def _complaint(p: DendriticSegmentParameters) -> str | None:
    if np.any(np.asarray(p.theta) <= 0):
        return f"theta must be more than 0, got {p.theta}"
    return None


DendriticSegment = NeuronModel(
    "DendriticSegment",
    DendriticSegmentParameters,
    _constants,
    dendritic_segment_step,
    state={"n_active": "1", "refractory": "1"},
    ports={"synapses": "1"},
    kinds=("spike", "plateau"),
    initial=lambda p: {},
    equations="dn_active/dt = -n_active / tau_syn : 1",
    threshold="n_active >= theta",
    arrivals={"synapses": "n_active"},
    method="exact",
    check=_complaint,
    margin="n_active - theta",
    properties=Properties(firing={"theta": 1.0}),
    time_constants=lambda p: {},
)
