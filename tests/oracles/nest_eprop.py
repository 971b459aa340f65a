"""NEST's e-prop models of Bellec et al. 2020, live: a small recurrent network in one trial.

Conventions as in nest_oracle. The time of a trial is counted from the step in which what a source sends first reaches
the recurrent neurons. NEST gathers the course of a trial and changes weights at its end; signals are shifted such that
the error of the readout meets what caused it.
"""

from typing import NamedTuple

import numpy as np

from oracles.nest_oracle import fresh_kernel

STEP = 1.0
SYNAPSE = "eprop_synapse_bsshslm_2020"
ROUND_TRIP = 3
"""Steps from the spike of a recurrent neuron to the learning signal that it gets for it: to the readout, for the sum of
readouts, and back."""


class EProp(NamedTuple):
    spikes: np.ndarray  # (steps, neurons)
    psi: np.ndarray  # (steps, neurons), pseudo-derivative
    learning_signal: np.ndarray  # (steps, neurons), in the step that it is about
    from_inputs: np.ndarray  # (inputs, neurons), change of weights
    among: np.ndarray  # (neurons, neurons), change of weights


def eprop(spikes, W_in, W_among, W_out, B, target, *, adaptive, regular, height, eta, tau_m, tau_out):
    """spikes: (steps, inputs), none in the first step. W_in: (inputs, neurons); W_among; W_out: (neurons, outputs); B:
    (outputs, neurons), feedback. target: (outputs,). adaptive, regular: (number, NEST's parameters) of those two kinds
    of neurons, in this order. height: of the pseudo-derivative. tau_m, tau_out: of them and of the readout, ms."""
    nest = fresh_kernel(STEP)
    steps, n_in = spikes.shape
    nest.set(eprop_learning_window=steps, eprop_update_interval=steps, eprop_reset_neurons_on_update=True)
    of_all = {"C_m": 1.0, "E_L": 0.0, "V_m": 0.0, "V_th": 1.0, "t_ref": 0.0, "tau_m": tau_m, "c_reg": 0.0}
    of_all |= {"surrogate_gradient_function": "piecewise_linear", "surrogate_gradient_height": height}
    of_readout = {"C_m": 1.0, "tau_m": tau_out, "loss": "mean_squared_error"}
    generators, inputs = nest.Create("spike_generator", n_in), nest.Create("parrot_neuron", n_in)
    neurons = nest.Create("eprop_iaf_adapt_bsshslm_2020", adaptive[0], of_all | adaptive[1])
    neurons += nest.Create("eprop_iaf_bsshslm_2020", regular[0], of_all | regular[1])
    readout, teacher = (nest.Create(m, len(target)) for m in ("eprop_readout_bsshslm_2020", "step_rate_generator"))
    readout.set(of_readout)
    generators.set([{"spike_times": 1.0 + np.flatnonzero(each)} for each in spikes.T])
    teacher.set([{"amplitude_times": [1.0], "amplitude_values": [value]} for value in target])
    nest.SetDefaults(
        SYNAPSE, {"optimizer": {"type": "gradient_descent", "eta": eta, "batch_size": 1}, "average_gradient": False}
    )
    learning = {"synapse_model": SYNAPSE, "delay": STEP, "tau_m_readout": tau_out}
    nest.Connect(generators, inputs, "one_to_one", {"delay": STEP})
    nest.Connect(inputs, neurons, "all_to_all", learning | {"weight": W_in.T})
    nest.Connect(neurons, neurons, "all_to_all", learning | {"weight": W_among.T})
    nest.Connect(neurons, readout, "all_to_all", learning | {"weight": W_out.T})
    back = {"synapse_model": "eprop_learning_signal_connection_bsshslm_2020", "delay": STEP, "weight": B.T}
    nest.Connect(readout, neurons, "all_to_all", back)
    nest.Connect(
        teacher, readout, "one_to_one", {"synapse_model": "rate_connection_delayed", "delay": STEP, "receptor_type": 2}
    )
    meter = nest.Create("multimeter", params={"record_from": ["surrogate_gradient", "learning_signal"]})
    nest.Connect(meter, neurons, syn_spec={"delay": STEP})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder, syn_spec={"delay": STEP})
    # A synapse takes up what it has learned when its source spikes after the end of the trial.
    last = nest.Create("spike_generator", params={"spike_times": [steps + 10.0]})
    nest.Connect(last, inputs + neurons, syn_spec={"weight": 1e6, "delay": STEP})
    nest.Simulate(steps + 20.0)

    def of_neurons(name):
        events, found = meter.get("events"), np.zeros((steps + 21, len(neurons)))
        found[np.round(events["times"]).astype(int), events["senders"] - neurons.global_id[0]] = events[name]
        return found

    def change(sources, before):
        found = nest.GetConnections(sources, neurons).get(["source", "target", "weight"])
        after = np.zeros(before.shape)
        places = np.array(found["source"]) - sources.global_id[0], np.array(found["target"]) - neurons.global_id[0]
        after[places] = found["weight"]
        return after - before

    begin = 3  # the first step is at 1 at the generator, 2 at the parrot, 3 at the neurons
    times, senders = (np.asarray(recorder.get("events")[name]) for name in ("times", "senders"))
    fired = np.zeros((steps + 21, len(neurons)))
    fired[np.round(times).astype(int), senders - neurons.global_id[0]] = 1.0
    return EProp(
        fired[begin : begin + steps],
        of_neurons("surrogate_gradient")[begin : begin + steps],
        of_neurons("learning_signal")[begin + ROUND_TRIP : begin + ROUND_TRIP + steps],
        change(inputs, W_in),
        change(neurons, W_among),
    )
