"""Layers of cells, connected forward, as most learners have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.learning.encoding import Encoding
from spikelearn.learning.losses import CrossEntropy
from spikelearn.learning.weight_mirror import COUNTS, MirrorMode
from spikelearn.network import Network

if TYPE_CHECKING:
    from spikelearn.learning.circuit import Circuit
    from spikelearn.learning.learner import Learner

TAU_M = -1.0 / float(np.log(0.9))
"""ms; potentials decay by a factor of 0.9 in a step of 1 ms."""
GAIN = 4.0
"""Steepness of the probability of an answer as a function of the potential of a readout cell."""
FIRST, LATER = 6.0, 3.0
"""Largest weights at first, times the square root of the number of inputs: from the input, and from other layers."""
LIF_MIRROR = MirrorMode(20, "soma", COUNTS, COUNTS, "V_sum", mean=1.5, size=0.5, above=3.0, slope=0.47)
"""Of LIF cells with a soft reset and a readout: with a current of 1.5 cells fire in every tenth step, with 3 in every
fourth."""


def populations(net: Network, sizes: Sequence[int], encoding: Encoding, hidden: Any, output: Any) -> list[Population]:
    """Input, hidden layers and output. sizes: of all. hidden, output: models of their cells."""
    return named_populations(net, sizes, [encoding.model, *[hidden] * (len(sizes) - 2), output])


def named_populations(net: Network, sizes: Sequence[int], models: Sequence[Any]) -> list[Population]:
    """The same with a model for each layer."""
    names = ["input", *(f"hidden {k}" for k in range(1, len(sizes) - 1)), "output"]
    return [net.population(n, model, name=name) for n, model, name in zip(sizes, models, names, strict=True)]


def starting_weights(sizes: Sequence[int], seed: int) -> list[np.ndarray]:
    """Uniform, and centred, (sources, targets) for each pair of layers."""
    generator = np.random.default_rng([77, seed])
    largest = [FIRST, *[LATER] * (len(sizes) - 2)]
    return [
        generator.uniform(-1.0, 1.0, (below, above)) * each / np.sqrt(below)
        for below, above, each in zip(sizes, sizes[1:], largest, strict=False)
    ]


def weights_among(n: int, recurrence: float, generator: np.random.Generator) -> np.ndarray:
    """Of the n cells of a hidden layer at first, (n, n). recurrence: their size relative to that between layers."""
    return generator.uniform(-1.0, 1.0, (n, n)) * recurrence * LATER / n**0.5


def connect_forward(
    net: Network, layers: Sequence[Population], encoding: Encoding, weights: Sequence[np.ndarray],
    plasticities: Sequence[Any], port: str = "soma", among: Sequence[np.ndarray] = (),
) -> list[Projection]:  # fmt: skip
    """From each layer to the next. Hidden layers send spikes. plasticities: of each projection, or None. among: weights
    within each hidden layer, which do not learn by a plasticity; they follow those onto it."""
    found = []
    for k, (below, above) in enumerate(zip(layers, layers[1:], strict=False)):
        sent: Mapping[str, Any] = encoding.sent if k == 0 else {"on": "spike"}
        found.append(
            net.connect(
                below, above, port, weight=weights[k], plasticity=plasticities[k], name=f"forward {k + 1}", **sent
            )
        )
        if k < len(among):
            found.append(net.connect(above, above, port, weight=among[k], on="spike", name=f"among {k + 1}"))
    return found


def loss_of_errors(learner: Learner, output: Population, y: np.ndarray) -> CrossEntropy:
    """Of each readout cell in each step of the answer: its derivative is the cell's error. y: (n,) from 0 on."""
    of_answer = slice(-learner.steps, None)
    return CrossEntropy(output, "V_m", y, of_answer, of_mean=False, gain=GAIN, logistic=True)


def taught(output: Population, y: np.ndarray) -> dict[tuple[Population, str], Any]:
    """Currents of a phase that tell readout cells the right answers, y: (n,) from 0 on."""
    return {(output, "teacher"): np.eye(output.size)[y], (output, "learning"): 1.0}


def answering(
    learner: Learner, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray,
    plastic: Mapping[Projection, float] | None = None,
) -> Phase:  # fmt: skip
    """The phase in which readout cells answer, and learn if there are labels: their V_sum becomes the scores.

    Everything is as at first when it begins. plastic: projections that learn, and the factor of their learning rates.
    """
    given = learner.encoded.drive(circuit.input, X)
    if y is not None:
        given["currents"] = given.get("currents", {}) | taught(circuit.output, y)
    read = Callback(copy_scores, (circuit.output.state("V_sum"), scores))
    return Phase(
        float(learner.steps),
        reset=[*circuit.layers, *circuit.learning],
        discard_events=True,
        plastic=plastic or {},
        callback=read,
        **given,
    )


def presenting(
    learner: Learner, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray,
    plastic: Mapping[Projection, float] | None = None,
) -> list[Phase]:  # fmt: skip
    """A phase for each element of an example, of which the last is that of `answering`.

    Nothing learns before, but traces and eligibilities go on; what V_sum of the readout grows by in the last one
    becomes the scores.
    """
    *before, last = np.split(X, learner.elements, axis=1)
    answer = answering(learner, circuit, last, y, scores, plastic)
    if not before:
        return [answer]
    phases = [Phase(answer.duration, plastic=(), **learner.encoded.drive(circuit.input, each)) for each in before]
    begin = Callback(subtract_from_scores, (circuit.output.state("V_sum"), scores))
    phases[-1] = replace(phases[-1], callback=begin)
    phases[0] = replace(phases[0], reset=answer.reset, discard_events=True)
    end = Callback(add_to_scores, (circuit.output.state("V_sum"), scores))
    return [*phases, replace(answer, reset=(), discard_events=False, callback=end)]


def last_step_plastic(phase: Phase, plastic: Mapping[Projection, float]) -> list[Phase]:
    """The same phase, in whose last step projections learn, plastic, and at whose end its callback is called."""
    before = replace(phase, duration=cast(float, phase.duration) - 1.0, plastic=(), callback=None)
    return [before, replace(phase, duration=1.0, plastic=plastic, reset=(), discard_events=False)]


def subtract_from_scores(trial: int, phase: int, values: Any, scores: Any) -> None:
    for k in range(len(values)):
        scores[trial, k] = -values[k]


def add_to_scores(trial: int, phase: int, values: Any, scores: Any) -> None:
    for k in range(len(values)):
        scores[trial, k] += values[k]


def copy_scores(trial: int, phase: int, values: Any, scores: Any) -> None:
    for k in range(len(values)):
        scores[trial, k] = values[k]
