"""Plateau learning: hidden cells learn from what feedback changes in their apical plateau potentials.

Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901. Cells fire at random. In a forward phase the network answers; in a
target phase a teacher clamps the output to the right answer. The output is fed back to apical dendrites through random
weights, see `feedback`, and each phase ends with a plateau of strength alpha, that of a cell's mean apical potential.
At the end of the target phase synapses change by

    dw = eta (alpha_target - alpha_forward) k_B phi'(V_forward) x   onto hidden cells,
    dw = eta (r_target - phi(V_forward)) k_D phi'(V_forward) x      onto output cells,

x the mean rate of the source, V_forward the mean potential of the target in the forward phase. See PlateauPyramidal,
TaughtPyramidal and PlateauLearning. Every hidden layer is fed back to by the output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import LearnerWithFeedback
from spikelearn.learning.layers import connect_forward, copy_scores, populations, starting_weights
from spikelearn.learning.locality import Locality
from spikelearn.learning.weight_mirror import COUNTS, MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import PlateauPyramidal, TaughtPyramidal
from spikelearn.plasticity import PlateauLearning
from spikelearn.sources import Poisson

FORWARD, TARGET = range(2)
"""The source of the conductor that begins the averages of a phase."""


def conductor_of(net: Network) -> Population:
    """Two sources that say when averages begin: one in forward phases, one in target phases."""
    return net.population(2, Poisson(rate=0.0), name="conductor")


def conduct(net: Network, conductor: Population, layer: Population) -> None:
    """Let a conductor begin the averages of a layer."""
    net.connect(conductor[:1], layer, port="forward", name=f"forward phase of {layer.name}")
    net.connect(conductor[1:], layer, port="target", name=f"target phase of {layer.name}")


def averaged(
    conductor: Population, source: int, duration: float, average: float, given: Mapping[str, Any],
    begin: Mapping[str, Any] | None = None, end: Mapping[str, Any] | None = None,
) -> list[Phase]:  # fmt: skip
    """A forward or target phase in three: in the second the conductor begins averages, which last to the end.

    source: FORWARD or TARGET. duration: ms, of all. average: ms before the end. given: what is presented, as arguments
    of each Phase. begin, end: further arguments of the first and the last.
    """
    baton = {conductor: np.where(np.arange(2) == source, 1000.0, 0.0)}
    return [
        Phase(duration - average - 2.0, **given, **(begin or {})),
        Phase(1.0, **{**given, "rates": {**given.get("rates", {}), **baton}}),
        Phase(average + 1.0, **given, **(end or {})),
    ]


def teacher_of(y: np.ndarray, classes: int) -> np.ndarray:
    """The teacher's conductances at output cells, (n, classes): up for the right class, y (n,), down for others."""
    return np.where(y[:, None] == np.arange(classes), 1.0, -1.0)


@dataclass(eq=False, repr=False)
class Plateau(LearnerWithFeedback):
    """Plateau learning.

    steps: of each of both phases. average: the last of these, over which is averaged. phi_max: Hz, the largest rate of
    cells; small layers need more spikes than those of the paper, which has 200 Hz. spread: standard deviation of the
    weights from the output to apical dendrites.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, phases=True)
    mirror_mode: ClassVar[MirrorMode] = MirrorMode(40, "", COUNTS, COUNTS, "V_s", slope=0.021)

    learning_rate: float | tuple[float, float] = (40.0, 1.0)
    steps: int = 40
    average: int = 20
    phi_max: float = 1000.0
    spread: float = 1.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        if not 1 <= self.average <= self.steps - 3:
            raise ParameterError(f"average: expected from 1 to {self.steps - 3} steps, got {self.average!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        how = {"phi_max": self.phi_max, "t_average": float(self.average)}
        conductor = conductor_of(net)
        layers = populations(net, sizes, self.encoded, PlateauPyramidal(**how), TaughtPyramidal(**how))
        limits = {"W_min": -LARGEST_WEIGHT, "W_max": LARGEST_WEIGHT, "tau_x": float(self.average)}
        at_hidden, at_output = (PlateauLearning(eta=eta, **limits) for eta in self.rates)
        rules = [*[at_hidden] * (len(sizes) - 2), at_output]
        weights = starting_weights(sizes, self.seed)
        forward = connect_forward(net, layers, self.encoded, weights, rules, port="basal")
        generator = np.random.default_rng([17, self.seed])
        feedback = []
        for k, layer in enumerate(layers[1:-1], 1):
            Y = self.weights_back(generator, weights, k, self.spread)
            feedback.append(net.connect(layers[-1], layer, "apical", weight=Y, name=f"feedback to {layer.name}"))
        for layer in layers[1:]:
            conduct(net, conductor, layer)
        return Circuit(net, layers, forward, feedback, learning=forward, parts={"conductor": conductor})

    @property
    def from_output(self) -> bool:
        return True

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        given: dict[str, Any] = {"plastic": (), **self.encoded.drive(circuit.input, X)}
        conductor, steps, average = circuit.parts["conductor"], float(self.steps), float(self.average)
        fresh = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True}
        read = Callback(copy_scores, (circuit.output.state("V_s_forward"), scores))
        phases = averaged(conductor, FORWARD, steps, average, given, begin=fresh, end={"callback": read})
        if y is None:
            return phases
        teacher = {(circuit.output, "teacher"): teacher_of(y, circuit.output.size)}
        taught = {**given, "currents": {**given.get("currents", {}), **teacher}, "plastic": self.factors(circuit)}
        return [*phases, *averaged(conductor, TARGET, steps, average, taught)]

    @property
    def noisy(self) -> bool:
        return True
