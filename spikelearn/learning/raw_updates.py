"""What a learner's rule would change in each synapse for each example, measured: no code for any rule.

The examples are presented to a copy of the network with learning rates so small that its weights hardly move, and the
weights are recorded after each presentation. Their differences, divided by that factor, are the updates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase, Trials

if TYPE_CHECKING:
    from spikelearn.learning.learner import Learner

SLOWED = 1e-6
"""What hundreds of presentations change is then far below what a spike depends on, and what one of them changes still
has eight digits."""


def raw_updates(learner: Learner, X: np.ndarray, y: np.ndarray, slowed: float = SLOWED) -> list[np.ndarray]:
    """For each forward projection, (n, sources, targets): what the presentation of each example would change.

    learner: prepared or fitted; it stays as it is. X: (n, features). y: (n,) labels. slowed: factor of learning rates.
    """
    features, places = learner.examples(X, y)
    circuit = learner.build(learner.sizes)
    phases = learner.phases(circuit, features, places, np.zeros((len(features), circuit.output.size)))
    learning = range(len(phases)) if learner.learning_phases is None else learner.learning_phases
    slow = [_slowed(each, circuit.learning, slowed) if k in learning else each for k, each in enumerate(phases)]
    of_trial = float(Trials(phases, n=1).phase_steps(circuit.network.dt).sum()) * circuit.network.dt
    for projection in circuit.forward:
        circuit.network.record(projection, "weight", every=of_trial)
    run = learner.hand_over(circuit).network.run(trials=Trials(slow, n=len(features)), progress=False)
    updates = []
    for projection, before in zip(circuit.forward, learner.coefs_, strict=True):
        recorded, synapses = run.trace(projection, "weight"), run.synapses(projection)
        after = np.zeros((len(features), *before.shape))
        pre, post = synapses.pre - projection.source_first, synapses.post - projection.target_first
        after[:, pre[recorded.ids], post[recorded.ids]] = recorded.values
        updates.append(np.diff(after, axis=0, prepend=before[None]) / slowed)
    return updates


def _slowed(phase: Phase, learning: Sequence[Projection], slowed: float) -> Phase:
    return replace(phase, plastic={each: slowed * np.asarray(phase.factor(each)) for each in learning})
