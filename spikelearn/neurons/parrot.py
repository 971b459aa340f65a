"""A neuron that repeats its input: it fires once in each step with a positive input through port exc.

The input is the sum of the weights that arrive in a step, so several spikes make one, as in every neuron here, and a
sum of zero or less makes none. NEST's parrot_neuron, also with engine="nest", repeats each of several spikes and
ignores weights; one parrot for each source repeats them here.

Input through port ignored has no effect but can be recorded, so synapses can learn from given spikes while what they
transmit is recorded. After NEST's parrot_neuron. In continuous time `ignored` is the last input.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.closed_form import ClosedForm
from spikelearn.neurons.model import NeuronModel


class ParrotParameters(NamedTuple):
    pass


def _constants(p: ParrotParameters, dt: float) -> dict[str, Any]:
    return {}


@scalar
def parrot_step(received, ignored, in_exc, in_ignored):
    return in_exc, in_ignored, np.uint8(in_exc > 0.0)


@scalar
def _flow(received, ignored, elapsed):
    return received, ignored


@scalar
def _receive(received, ignored, in_exc, in_ignored, held):
    return in_exc, in_ignored


@scalar
def _crossing(received, ignored):
    return 0.0 if received > 0.0 else np.inf


@scalar
def _reset(received, ignored):
    return 0.0, ignored


Parrot = NeuronModel(
    "Parrot",
    ParrotParameters,
    _constants,
    parrot_step,
    state={"received": "1", "ignored": "1"},
    ports={"exc": "1", "ignored": "1"},
    initial=lambda parameters: {},
    equations="""
    received : 1
    ignored : 1
    """,
    threshold="received > 0",
    arrivals={"exc": "received", "ignored": "ignored"},
    each_step="received = 0; ignored = 0",
    nest=NestNeuron(
        "parrot_neuron",
        variables={},
        ports={"exc": NestPort(weightless=True), "ignored": NestPort(1)},
        currents={},
        start={},
        rest=lambda parameters: {},
    ),
    closed_form=ClosedForm(lambda p: {}, _flow, _receive, _crossing, _reset),
)
