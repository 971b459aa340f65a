"""What rules that perturb share: the loss of an answer, measured twice, and the signal that says which was better.

An example is presented with a perturbation and, from the same state, with its opposite. Such a pair cancels all that is
even in the perturbation: half the difference of both losses, (E+ - E-)/2, is what the perturbation adds to first order.
It reaches all synapses at once, by a modulator so short that a step later nothing of it is left.

How large such differences are depends on the task, the network and what was learned. What is sent is the difference
divided by its usual size s, a running root mean square, as dopamine cells adapt to the spread of rewards (Tobler,
Fiorillo & Schultz 2005, Science 307:1642). So a learning rate is a change of weight, the same for any loss.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Modulator, Population
from spikelearn.description.trials import Callback
from spikelearn.errors import ParameterError
from spikelearn.learning.layers import GAIN

TAU_RELEASE = 0.02
"""ms; of the modulator: exp(-50) of what was released is left after a step of 1 ms."""
ADAPTATION = 0.02
"""Share of the newest squared difference in their running mean."""


def sigmas(sigma: float | tuple[float, float]) -> tuple[float, float]:
    """Of the perturbations of hidden layers and of the output. Raises ParameterError unless they are positive."""
    pair = tuple(sigma) if isinstance(sigma, tuple | list) else (sigma, sigma)
    if len(pair) != 2 or not all(isinstance(each, Real) and 0.0 < each < math.inf for each in pair):
        raise ParameterError(f"sigma: expected a positive number or a pair of them, got {sigma!r}")
    return float(pair[0]), float(pair[1])


def pair(
    output: Population, better: Modulator, y: np.ndarray, scores: np.ndarray, steps: int, usual: np.ndarray
) -> tuple[Callback, Callback]:
    """Callbacks at the end of both presentations. After the second, -(E+ - E-)/s is released.

    E: -ln of the share of the right class in the softmax of GAIN times the mean potentials of readout cells. y: (n,)
    from 0 on. scores: (n, outputs), becomes the mean of both answers. usual: (1,), s squared, 0 before the first pair.
    """
    difference, labels = np.zeros(1), np.ascontiguousarray(y, np.int64)
    seen = output.state("V_sum"), scores, labels, GAIN / steps, difference
    return Callback(after_plus, seen), Callback(after_minus, (*seen, usual, ADAPTATION, better.release))


@scalar
def cross_entropy(values: Any, label: int, gain: float) -> float:
    """-ln of the share of a label in the softmax of gain times the values."""
    largest = values[0]
    for k in range(1, len(values)):
        largest = max(largest, values[k])
    total = 0.0
    for k in range(len(values)):
        total += math.exp(gain * (values[k] - largest))
    return math.log(total) - gain * (values[label] - largest)


@scalar
def in_usual_units(difference: float, usual: Any, adaptation: float) -> float:
    """A difference divided by its running root mean square, whose square is kept in usual[0]: 0 before the first."""
    square = difference * difference
    usual[0] = square if usual[0] == 0.0 else usual[0] + adaptation * (square - usual[0])
    return difference / math.sqrt(usual[0]) if usual[0] > 0.0 else 0.0


def after_plus(trial: int, phase: int, V_sum: Any, scores: Any, labels: Any, gain: float, difference: Any) -> None:
    for k in range(len(V_sum)):
        scores[trial, k] = 0.5 * V_sum[k]
    difference[0] = cross_entropy(V_sum, labels[trial], gain)


def after_minus(
    trial: int, phase: int, V_sum: Any, scores: Any, labels: Any, gain: float, difference: Any, usual: Any,
    adaptation: float, release: Any,
) -> None:  # fmt: skip
    for k in range(len(V_sum)):
        scores[trial, k] += 0.5 * V_sum[k]
    difference[0] -= cross_entropy(V_sum, labels[trial], gain)
    release[0] -= in_usual_units(difference[0], usual, adaptation)
