"""Renewal processes: sources whose intervals are independent, but more regular than those of a Poisson process."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.sources.spikes import Poisson
from spikelearn.timed import Timed
from spikelearn.units import Quantity, plain
from spikelearn.values import one_number

MOST_STAGES = 1000


class PoissonWithDeadTime(Poisson):
    """Poisson neurons that are silent for a dead time after each spike.

    rate: Hz, that of the spikes, with the dead time; a number, one for each neuron, Timed, text or a function of
        time: see Poisson. In each step after the dead time a neuron fires with probability p = 1 / (1/(rate dt) - n),
        where n is the dead time in steps, so that the mean interval is 1/rate. Rates that change are followed at once.
    dead_time: ms, a multiple of dt; 1/rate must be at least one step longer.

    Intervals have a coefficient of variation of sqrt(1 - p) (1 - rate dead_time), which goes to 1 - rate dead_time with
    dt. The process is stationary from the start. See Deger et al. 2012 (J Comput Neurosci 32:443), and NEST's
    ppd_sup_generator. Raises DescriptionError, ParameterError or UnitError.

    >>> net = Network(dt=0.1)
    >>> inputs = net.population(100, PoissonWithDeadTime(rate=40, dead_time=5))
    """

    name = "PoissonWithDeadTime"

    def __init__(self, rate: Quantity | Timed | Any, dead_time: Quantity) -> None:
        super().__init__(rate)
        self.dead_time = one_number(dead_time, "ms", "dead_time of PoissonWithDeadTime", least=0.0)

    @property
    def parameters(self) -> dict[str, Any]:
        return super().parameters | {"dead_time": self.dead_time}


class GammaProcess(Poisson):
    """Neurons whose intervals have a gamma distribution: each is the sum of `order` exponential ones.

    rate: Hz, of the spikes; a number, one for each neuron, Timed, text or a function of time: see Poisson. If it
        changes, time runs as fast as the rate: intervals are gamma in the integral of the rate.
    order: a whole number from 1 to 1,000, for all or one for each neuron. The coefficient of variation of the intervals
        is 1/sqrt(order).

    Times are drawn in continuous time and a spike is emitted in the step in which it falls; a neuron that would fire
    more often than once per step fires in the steps that follow. The process is stationary from the start. Raises
    DescriptionError, ParameterError or UnitError.

    >>> net = Network(dt=0.1)
    >>> inputs = net.population(100, GammaProcess(rate=20, order=4))
    """

    name = "GammaProcess"

    def __init__(self, rate: Quantity | Timed | Any, order: Quantity) -> None:
        super().__init__(rate)
        self.order = np.asarray(plain(order, "1", "order of GammaProcess"))
        if self.order.ndim > 1 or self.order.size == 0:
            raise DescriptionError(
                f"order of GammaProcess: expected one or one per neuron, got shape {self.order.shape}"
            )
        if not np.all((self.order >= 1) & (self.order <= MOST_STAGES) & (self.order == np.floor(self.order))):
            raise ParameterError(
                f"order of GammaProcess: expected whole numbers from 1 to {MOST_STAGES:,}, got {order!r:.200}"
            )

    @property
    def parameters(self) -> dict[str, Any]:
        return super().parameters | {"order": self.order if self.order.ndim else float(self.order)}
