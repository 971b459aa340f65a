"""Stochastic spiking neuron whose network samples from a Boltzmann machine (Buesing, Bill, Nessler & Maass 2011, PLoS
Comput. Biol. 7:e1002211, with absolute refractory periods).

A spike sets z = 1 for tau, during which the neuron is refractory, but for the last step of it. In each other step it
fires with probability

    sigma(V - ln(tau/dt)),    V = b + I + sum_j W_j z_j,    sigma(x) = 1/(1 + exp(-x)),

their Eqs. 3 and 4: the logarithm makes up for a spike that lasts tau/dt steps. With symmetric weights and no autapses
the z of a network are distributed as p(z) proportional to exp(sum_i b_i z_i + sum_i<j W_ij z_i z_j), exactly if neurons
are updated one after the other; here they are updated together, so that the difference is of the order of dt/tau.
With tau = dt it is a binary unit that is drawn anew in each step.

Potentials are rectangular: whenever z changes, the neuron emits an event of kind `rate` that can carry the change,
`net.connect(cells, cells, on="rate", payload="change", weight=W)`, and V keeps the sum of what has arrived. While a
current of name `clamp` is positive, z is the current `given`, 0, 1 or between, and the neuron does not fire: the others
then sample from the posterior. Numbers have no unit, and a current of 1 pA is an input of 1.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import duration, number


class SamplingNeuronParameters(NamedTuple):
    tau: Annotated[duration, "for which a spike counts, at least dt"] = 20.0
    b: Annotated[number, "bias: log odds of being on without input"] = 0.0


def _constants(p: SamplingNeuronParameters, dt: float) -> dict[str, Any]:
    n_on = np.maximum(refractory_steps(p.tau, dt), 1.0)
    return {"n_on": n_on, "b": np.asarray(p.b, float) - np.log(n_on)}


@scalar
def sampling_neuron_step(V, z, left, change, in_soma, I_soma, I_clamp, I_given, uniform, n_on, b):
    """left: steps for which z stays 1, this one included; V: the sum of what has arrived, without bias and current."""
    V = V + in_soma
    held = I_clamp > 0.0
    fired = left <= 1.0 and uniform * (1.0 + exponential(-(V + I_soma + b))) < 1.0 and not held
    left = n_on if fired else max(left - 1.0, 0.0)
    left = 0.0 if held else left
    now = 1.0 if left > 0.0 else 0.0
    now = I_given if held else now
    change = now - z
    return V, now, left, change, np.uint8(fired) + np.uint8(16) * np.uint8(change != 0.0)


SamplingNeuron = NeuronModel(
    "SamplingNeuron",
    SamplingNeuronParameters,
    _constants,
    sampling_neuron_step,
    state={"V": "1", "z": "1", "left": "1", "change": "1"},
    ports={"soma": "1"},
    currents=("soma", "clamp", "given"),
    random=("uniform",),
    initial=lambda p: {},
    kinds=("spike", "rate"),
    check=lambda p: None if np.all(np.asarray(p.tau) > 0) else f"tau must be positive, got {p.tau} ms",
    time_constants=lambda p: {},
    properties=Properties(order=EXACT, quiet={"b": -50.0}, firing={"tau": 2.0, "b": 1.0}),
)
