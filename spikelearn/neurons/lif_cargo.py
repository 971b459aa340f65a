"""Leaky integrate-and-fire neuron that sends cargo when it bursts strongly.

A hypothesis, consistent with Pastuzyn et al. 2018 (Cell 172:275) and Ashley et al. 2018 (Cell 172:262): neurons
release capsids of the protein Arc that carry messenger RNA, and others take them up. The membrane is that of LIFDelta.
A trace of the neuron's own spikes, +1 at each, decays with tau_burst; when a spike takes it to theta_burst or above,
the neuron emits an `instruction` and the trace restarts from 0. The event is meant to carry the state `cargo`: the
whole content of the store. The store refills with tau_store, up to `capacity`; so a long burst sends no more than a
short one, and a burst soon after it sends little.

    tau_burst recent' = -recent, recent += 1 at a spike;   tau_store store' = capacity - store;
    where recent >= theta_burst: cargo = store, store = 0, recent = 0.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import leaky_membrane
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import duration, ms, mV, number, pA, pF


class LIFCargoParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    tau_burst: Annotated[ms, "time constant of the trace of its own spikes"] = 50.0
    theta_burst: Annotated[number, "trace at which bursting is strong"] = 3.0
    capacity: Annotated[number, "cargo in a full store"] = 1.0
    tau_store: Annotated[ms, "time constant with which the store fills"] = 600e3
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFCargoParameters, dt: float) -> dict[str, Any]:
    return {
        "P_burst": np.exp(-dt / np.asarray(p.tau_burst)) + 0.0,
        "theta_burst": p.theta_burst,
        "capacity": p.capacity,
        "P_store": np.exp(-dt / np.asarray(p.tau_store)) + 0.0,
        **leaky_membrane(p, dt),
    }


@scalar
def lif_cargo_step(
    V_m, refractory, recent, store, cargo, in_exc, I_exc,
    P_burst, theta_burst, capacity, P_store, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    """Exact. An instruction and the spike that triggers it occur in the same step."""
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e) + in_exc
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    store = capacity + P_store * (store - capacity)
    recent = P_burst * recent + (1.0 if fired else 0.0)
    strong = fired and recent >= theta_burst
    cargo = store if strong else cargo
    store = 0.0 if strong else store
    recent = 0.0 if strong else recent
    return V, refractory, recent, store, cargo, np.uint8(fired) + np.uint8(32) * np.uint8(strong)


LIFCargo = NeuronModel(
    "LIFCargo",
    LIFCargoParameters,
    _constants,
    lif_cargo_step,
    state={"V_m": "mV", "refractory": "1", "recent": "1", "store": "1", "cargo": "1"},
    ports={"exc": "mV"},
    currents=("exc",),
    initial=lambda p: {"V_m": p.E_L, "store": p.capacity},
    kinds=("spike", "instruction"),
    margin="V_m - V_th",
)
