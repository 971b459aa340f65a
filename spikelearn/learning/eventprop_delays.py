"""EventProp for delays: where spikes travel for how long is learned as weights are.

Mészáros, Knight & Nowotny 2025 (arXiv:2501.07331): the gradient of EventProp by the delay of a synapse is that by the
times at which its spikes arrive, as exact as that by its weight. In the notation of Wunderlich & Pehle 2021, where a
spike of j that arrives at i at t changes the loss by -w_ji lambda_I(t) as t moves on, dL/dd_ji is the sum of that over
the spikes of j. Adam makes steps of both; delays, which are drawn at random, stay at least `DELAY`.

Cells that integrate tell coincidences from other lags, but all their inputs take the same time: with delays a cell
finds spikes that are sent one after the other at the same place at once (Jeffress 1948, J. Comp. Physiol. Psychol.
41:35). See `sl.tasks.spike_lags`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikelearn.learning.eventprop import DELAY, EventProp
from spikelearn.values import one_number


@dataclass(eq=False, repr=False)
class EventPropDelays(EventProp):
    """EventProp whose delays are learned beside the weights.

    delay_rate: learning rate of delays, ms; 0 for those that stay as they were drawn. longest: ms, of delays at first,
    which are drawn between `DELAY` and that.

    delays_ has them, like `coefs_`.
    """

    delay_rate: float = 0.3
    longest: float = 10.0

    def starting_delays(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        one_number(self.delay_rate, "ms", "delay_rate", least=0.0)
        one_number(self.longest, "ms", "longest", least=DELAY)
        generator = np.random.default_rng([79, self.seed])
        return [generator.uniform(DELAY, self.longest, each.shape) for each in weights]

    def delay_rates(self) -> list[float]:
        return [self.delay_rate] * (len(self.hidden) + 1)

    @property
    def delays_(self) -> list[np.ndarray]:
        """The delays of the forward projections, ms, (sources, targets) each, from the input on."""
        return [each.copy() for each in self._delays]
