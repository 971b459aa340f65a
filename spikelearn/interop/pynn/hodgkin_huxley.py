"""HodgkinHuxley in four parts of a step each, for PyNN's steps of 0.1 ms, which other back-ends divide as they need.

Spikes are found at the ends of steps, as in NEST, and input arrives there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons import HodgkinHuxley
from spikelearn.neurons.hodgkin_huxley import hodgkin_huxley_step
from spikelearn.neurons.membrane import refractory_steps

PARTS = 4


@scalar
def _step(  # type: ignore[no-untyped-def]
    V_m, m, h, n, refractory, g_exc, g_inh, in_exc, in_inh, I_exc,
    half_exc, half_inh, dt_C, g_L, g_Na, g_K, E_L, E_Na, E_K, E_exc, E_inh, I_e, V_T, n_ref, dt,
):  # fmt: skip
    V, m, h, n, _, g_exc, g_inh, _ = hodgkin_huxley_step(
        V_m, m, h, n, 1.0, g_exc, g_inh, 0.0, 0.0, I_exc,
        half_exc, half_inh, dt_C, g_L, g_Na, g_K, E_L, E_Na, E_K, E_exc, E_inh, I_e, V_T, n_ref, dt,
    )  # fmt: skip
    V, m, h, n, _, g_exc, g_inh, _ = hodgkin_huxley_step(
        V, m, h, n, 1.0, g_exc, g_inh, 0.0, 0.0, I_exc,
        half_exc, half_inh, dt_C, g_L, g_Na, g_K, E_L, E_Na, E_K, E_exc, E_inh, I_e, V_T, n_ref, dt,
    )  # fmt: skip
    V, m, h, n, _, g_exc, g_inh, _ = hodgkin_huxley_step(
        V, m, h, n, 1.0, g_exc, g_inh, 0.0, 0.0, I_exc,
        half_exc, half_inh, dt_C, g_L, g_Na, g_K, E_L, E_Na, E_K, E_exc, E_inh, I_e, V_T, n_ref, dt,
    )  # fmt: skip
    V, m, h, n, _, g_exc, g_inh, _ = hodgkin_huxley_step(
        V, m, h, n, 1.0, g_exc, g_inh, in_exc, in_inh, I_exc,
        half_exc, half_inh, dt_C, g_L, g_Na, g_K, E_L, E_Na, E_K, E_exc, E_inh, I_e, V_T, n_ref, dt,
    )  # fmt: skip
    silent = refractory > 0.0
    refractory = refractory - 1.0 if silent else refractory
    fired = V >= V_T + 30.0 and V < V_m and not silent
    refractory = n_ref if fired else refractory
    return V, m, h, n, refractory, g_exc, g_inh, np.uint8(fired)


def _constants(p: Any, dt: float) -> dict[str, Any]:
    return {**HodgkinHuxley.constants(p, dt / PARTS), "n_ref": refractory_steps(p.t_ref, dt)}


HodgkinHuxleyParts = replace(
    HodgkinHuxley,
    name="HodgkinHuxleyParts",
    constants=_constants,
    step=_step,
    time_constants=lambda p: {"that of h in a spike, times the parts of a step": 0.25 * PARTS},
)
