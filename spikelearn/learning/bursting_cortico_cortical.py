"""Bursting cortico-cortical networks: what a layer above does as usual is cancelled, so bursts tell errors at any time.

Greedy, Zhu, Pemberton, Mellor & Ponte Costa 2022 (NeurIPS 35; arXiv:2206.11769), the form with rates. Cells are those
of `burst_propagation`, ensembles with a rate of events e and a burst probability p. They are fed back to by two paths,

    apical input = sum_k Y_ki b_k - sum_k Q_ki e_k,   p = logistic((1 - e) apical input),   b = p e,

k in the layer above: its bursts by synapses that facilitate, and its events, from cells that inhibit, by synapses that
depress. With Q = P Y, P the burst probability without apical input, these cancel as long as the layer above bursts as
usual, and so does this one. A teacher's current, strength (1 - e)(t - e), has output cells burst more or less, and that
alone is left in the dendrites below. Synapses change by

    dw = eta (b - P e) x,

x the filtered input from the source. In Burstprop (Payeur et al. 2021) P must be measured before the teacher comes;
here it is a constant, and there is one phase, with the teacher in it from the beginning.

Q may be given, or learn to silence dendrites, as long as it is not P Y:

    dQ_ki = eta_Q e_k (p_i - P),

by which they also cancel what errors have in common, if the teacher is there meanwhile.

All this is the paper's, where the teacher's current is half as large, random Y are fixed, too, and Q learns from the
apical input itself. Ours: inputs are low-pass filtered, so nothing is learned in the first steps, before signals have
gone up and down all layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.description.trials import Phase
from spikelearn.learning.burst_propagation import BASELINE, BurstPropagation
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.feedback import Back
from spikelearn.learning.locality import Locality
from spikelearn.learning.products import product_rule
from spikelearn.values import one_number, whole_number


@scalar
def _silencing(weight: float, e: float, p: float, P: float, eta: float, forgetting: float) -> float:
    return weight - eta * (e * (p - P) + forgetting * weight)


Silencing = product_rule("Silencing", _silencing, "e", p="p", P="P")
"""Of inhibition, whose weights are -Q."""


@dataclass(eq=False, repr=False)
class BurstingCorticoCortical(BurstPropagation):
    """Bursting cortico-cortical network.

    steps: of a presentation. settle: steps at its start in which nothing is learned. strength: of the teacher. spread:
    standard deviation of Y. inhibition: Q as a multiple of P Y at first; without inhibition, 0, hidden cells burst more
    or less whatever the teacher says. inhibition_rate: eta_Q, which falls as learning rates do; 0 if Q does not learn.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True)

    learning_rate: float | tuple[float, float] = (2.0, 0.2)
    decay: float = 0.93
    steps: int = 12
    settle: int = 8
    inhibition: float = 1.0
    inhibition_rate: float = 0.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        whole_number(self.settle, "settle", most=whole_number(self.steps, "steps", least=1) - 1)
        for name in ("inhibition", "inhibition_rate"):
            one_number(getattr(self, name), "1", name, least=0.0)
        circuit = super().build(sizes)
        rule = Silencing(eta=self.inhibition_rate) if self.inhibition_rate else None
        paths = zip(circuit.layers[:1:-1], circuit.layers[-2::-1], self.feedback_weights(sizes), strict=False)
        events = [
            circuit.network.connect(
                above, below, "apical", weight=-self.inhibition * BASELINE * Y, on="rate", payload="e", plasticity=rule
            )
            for above, below, Y in paths
        ]  # fmt: skip
        learning = [*circuit.learning, *(events if rule else ())]
        return replace(circuit, feedback=[*circuit.feedback, *events], learning=learning)

    def backs(self, circuit: Circuit, layer: Population) -> Sequence[Back]:
        """Also inhibition, where it does not learn by itself."""
        onto = [each for each in circuit.feedback if each.target is layer]
        share = 0.0 if self.inhibition_rate else -BASELINE * self.inhibition
        return [Back(onto[0]), *([Back(onto[1], share)] if share else [])]

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        if y is None:
            return super().phases(circuit, X, None, scores)
        predict, taught = super().phases(circuit, X, y, scores)
        given: dict[str, Any] = {"rates": taught.rates, "currents": taught.currents}
        return [
            replace(predict, duration=float(self.settle), callback=None, **given),
            replace(taught, duration=float(self.steps - self.settle), callback=predict.callback),
        ]
