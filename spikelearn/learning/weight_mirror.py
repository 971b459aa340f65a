"""The weight mirror: feedback weights become like the forward ones from noise alone.

Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019 (NeurIPS 32:974). In mirror mode the cells of a layer send noise a,
those above answer with y, and feedback synapses between them learn

    dV_ji = eta (a_i y_j - decay V_ji),

a and y without their means. As noise is independent from cell to cell, the mean of a_i y_j is W_ij times the mean of
a_i^2, and V becomes proportional to W^T. Each factor is known where it is needed: a is what the target of the synapse
does, y what its source does. Nothing of this is about errors, and forward weights stay.

Here the decay is the square of a_i, so that V becomes as large as W^T if y is as large as what arrives, and eta is
`mirror_rate` by the running mean of a_i^2, a share of V that is learned anew in each phase whatever the size of the
noise; both are ours. There is a phase for each hidden layer at the end of every presentation. The cells are those of
the circuit in their own dynamics: noise is a current into each, constant in a phase. What a cell has sent by its end, a
number of spikes or a rate, is a, and y for spiking hidden cells; y of readouts and graded cells is their potential,
which has no bounds. Where cells are connected among themselves, noise is not independent, and V is further from W^T.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.trials import Callback, Phase
from spikelearn.learning.circuit import Circuit

SHARE = 0.02
"""Of the newest value in a running mean, once there are enough."""
LEAST = 1e-12
"""Of a rate, and distance from 1, of which the potential is taken."""
COUNTS = ""
"""In place of a state variable: the number of spikes in the phase."""


class MirrorMode(NamedTuple):
    """How cells of a kind send noise.

    steps: of a phase. port: of hidden cells, for the current that is noise; "" for cells that fire at random. sent:
    what hidden cells send, a state variable or COUNTS. heard, heard_output: the answer of hidden and output cells.
    mean, size: mean and standard deviation of the noise. above: the current of hidden cells further up, with which they
    respond. slope: of the answer of output cells by what is sent to them, measured once, by which it is divided. held:
    further ports of the cells that send noise, with a current of 1. logistic: 1 if `heard` is a logistic function of
    the potential, which is taken for the answer; else 0.
    """

    steps: int
    port: str
    sent: str
    heard: str
    heard_output: str
    mean: float = 0.0
    size: float = 1.0
    above: float = 0.0
    slope: float = 1.0
    held: tuple[str, ...] = ()
    logistic: float = 0.0


def mirror_phase(
    mode: MirrorMode, circuit: Circuit, reset: Sequence[Any], layer: Population, above: Population, noise: np.ndarray,
    rate: float, factors: np.ndarray, weights: Sequence[Any],
) -> Phase:  # fmt: skip
    """The phase in which a layer sends noise, (trials, cells), to that above.

    weights: arguments of a callback, V times `factors`.
    """
    currents: dict[Any, Any] = {}
    if mode.port:
        further_up = circuit.hidden[[each is layer for each in circuit.hidden].index(True) + 1 :]
        currents = {(each, mode.port): mode.above for each in further_up if mode.above}
        currents[layer, mode.port] = mode.mean + mode.size * noise
    currents |= {(layer, port): 1.0 for port in mode.held}
    sent, heard = _of(layer, mode.sent), _of(above, mode.heard_output if above is circuit.output else mode.heard)
    kept = [np.zeros(n) for n in (1, layer.size, layer.size, above.size, above.size)]
    learn = Callback(mirror, (rate, mode.logistic, *kept, factors / mode.slope, sent, heard, *weights))
    return Phase(float(mode.steps), currents=currents, plastic=(), reset=reset, discard_events=True, callback=learn)


def _of(population: Population, variable: str) -> Any:
    return population.counts() if variable == COUNTS else population.state(variable)


def mirror(
    trial: int, phase: int, rate: float, logistic: float, phases: Any, mean_sent: Any, squares: Any, mean_heard: Any,
    answer: Any, factors: Any, sent: Any, heard: Any, *weights: Any,
) -> None:  # fmt: skip
    """phases: the number of those before. squares: running means of what is sent, less its mean, squared."""
    phases[0] += 1.0
    share = max(1.0 / phases[0], SHARE)
    for j in range(len(heard)):
        answer[j] = heard[j]
        if logistic > 0.0:
            rate_above = min(max(answer[j], LEAST), 1.0 - LEAST)
            answer[j] = np.log(rate_above / (1.0 - rate_above))
        mean_heard[j] += share * (answer[j] - mean_heard[j])
    for i in range(len(sent)):
        mean_sent[i] += share * (sent[i] - mean_sent[i])
        a = sent[i] - mean_sent[i]
        squares[i] += share * (a * a - squares[i])
        if squares[i] > 0.0:
            eta = rate / squares[i]
            for k in range(len(weights)):
                V = weights[k]
                for j in range(len(heard)):
                    V[j, i] += eta * a * (factors[k] * (answer[j] - mean_heard[j]) - a * V[j, i])
