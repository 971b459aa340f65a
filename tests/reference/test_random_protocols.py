"""Neurons that are linear between spikes, under any spikes with any delays and any parameters, beside live NEST.

What is searched: coincident inputs, inputs while refractory, time constants next to each other, weights of both signs,
delays from one step to 20 ms. A spike in another step would show at once in V_m.
"""

import numpy as np
import pytest
from cases.neurons import nest_names, on_exc, on_ports, simulate
from cases.stochastic_neurons import nest_gif
from examples import number_of_examples
from given_spikes import steps_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracles import nest_oracle
from tolerances import EXACT, NINE_DIGITS

import spikelearn as sl

DT, DURATION = 0.1, 100.0
taus = st.floats(0.5, 40.0)
protocols = st.fixed_dictionaries(
    {
        "n": st.integers(1, 60),
        "seed": st.integers(0, 2**32 - 1),
        "current": st.floats(-1.0, 2.0),
        "C_m": st.floats(50.0, 500.0),
        "tau_m": taus,
        "E_L": st.floats(-80.0, -60.0),
        "to_threshold": st.floats(0.5, 15.0),
        "to_reset": st.floats(0.1, 20.0),
        "t_ref": st.integers(1, 50),
        "tau_syn_exc": taus,
        "tau_syn_inh": taus,
        "jumps": st.tuples(st.floats(0.0, 10.0), st.floats(0.0, 5.0)),
        "tau_jumps": st.tuples(taus, st.floats(40.0, 500.0)),
    }
)


def membrane(p):
    V_th = p["E_L"] + p["to_threshold"]
    return {
        "C_m": p["C_m"], "tau_m": p["tau_m"], "E_L": p["E_L"], "V_th": V_th, "V_reset": V_th - p["to_reset"],
        "t_ref": p["t_ref"] * DT, "I_e": p["current"] * p["to_threshold"] * p["C_m"] / p["tau_m"],
    }  # fmt: skip


def syn(p):
    return {name: p[name] for name in ("tau_syn_exc", "tau_syn_inh")}


def lif(model, nest_model):
    return lambda p: (model, membrane(p) | syn(p), nest_model, membrane(p) | syn(p), 0)


def delta(p):
    return sl.LIFDelta, membrane(p), "iaf_psc_delta", membrane(p), 0


def mat2(p):
    shared = {name: value for name, value in membrane(p).items() if name not in ("V_th", "V_reset")} | syn(p)
    for k in (1, 2):
        shared |= {f"alpha_{k}": p["jumps"][k - 1], f"tau_{k}": p["tau_jumps"][k - 1]}
    V_th = membrane(p)["V_th"]
    return sl.MAT2, shared | {"V_th": V_th}, "mat2_psc_exp", shared | {"omega": V_th}, 0


def adaptive_threshold(p):
    """NEST's threshold starts to decay one step later: tests/cases/neurons.py."""
    ours = membrane(p) | syn(p)
    for k in (1, 2):
        ours |= {f"alpha_{k}": p["jumps"][k - 1], f"tau_{k}": p["tau_jumps"][k - 1]}
    theirs = gif_of(p) | {"tau_sfa": list(p["tau_jumps"])}
    theirs["q_sfa"] = [jump * np.exp(-DT / tau) for jump, tau in zip(p["jumps"], p["tau_jumps"], strict=True)]
    return sl.LIFAdaptiveThreshold, ours, "gif_psc_exp", theirs, 1


def gif_of(p):
    """The membrane as a GIF's, with a hazard of no width: within 1e-8 mV of the threshold it fires by chance."""
    own = membrane(p) | syn(p)
    V_th, tau_m = own.pop("V_th"), own.pop("tau_m")
    return own | {"g_L": p["C_m"] / tau_m, "V_T_star": V_th, "Delta_V": 1e-9}


def gif(p):
    ours = gif_of(p)
    for k in (1, 2):
        jump, tau = p["jumps"][k - 1], p["tau_jumps"][k - 1]
        ours |= {f"q_sfa_{k}": jump, f"tau_sfa_{k}": tau, f"q_stc_{k}": 20.0 * jump, f"tau_stc_{k}": tau + 1.0}
    return sl.GIF, ours, "gif_psc_exp", nest_gif(ours), 1


REFERENCES = {
    "LIFDelta": delta, "LIF": lif(sl.LIF, "iaf_psc_exp"), "LIFAlpha": lif(sl.LIFAlpha, "iaf_psc_alpha"), "MAT2": mat2,
    "LIFAdaptiveThreshold": adaptive_threshold, "GIF": gif,
}  # fmt: skip


@number_of_examples(15, 40)
@pytest.mark.parametrize("reference", [pytest.param(reference, id=name) for name, reference in REFERENCES.items()])
def test_spikes_and_potential_are_those_of_nest(reference, examples):
    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(p=protocols)
    def with_them(p):
        check(reference, p)

    with_them()


def check(reference, p):
    model, ours, nest_model, theirs, later = reference(p)
    # NEST refuses MAT2 where they are equal
    assume(model is not sl.MAT2 or min(abs(p["tau_m"] - p[name]) for name in syn(p)) > 0.01)
    generator = np.random.default_rng(p["seed"])
    # more inputs than times: many leave together, and many arrive together
    times, delays = generator.integers(1, 40, p["n"]) * DT, generator.integers(1, 201, p["n"])
    # the largest single input goes about as far as the threshold is
    jump = 1.0 if model is sl.LIFDelta else p["C_m"] / min(p["tau_m"], p["tau_syn_exc"])
    weights = generator.uniform(-0.6, 1.0, p["n"]) * p["to_threshold"] * jump
    ports = on_exc if model is sl.LIFDelta else on_ports
    traces, spikes = simulate(model(**ours), ports(times, weights), duration=DURATION, dt=DT, delay=delays * DT)
    nest = nest_oracle.lif(
        nest_model, times, weights, delay=(delays + later) * DT, params=nest_names(theirs) | {"V_m": p["E_L"]},
        duration=DURATION,
    )  # fmt: skip
    V_m = nest.V_m.copy()
    EXACT.check(spikes, steps_of(nest.spike_times, DT))
    if nest_model == "gif_psc_exp":
        V_m[spikes - 1] = ours["V_reset"]  # NEST resets it one step after the spike
    NINE_DIGITS.check(traces["V_m"], V_m)
