"""`sl.event_gradient`: the exact gradient of a loss on spike times or potentials, by weights, delays, initial states.

EventProp: Wunderlich & Pehle 2021, Sci. Rep. 11:12829, here for any model with a closed form (spikelearn.neurons.
closed_form), by an adjoint over the spikes of engine="events". Unlike the surrogate gradient of `sl.gradient` it is the
derivative of what the network does, but it knows nothing of spikes that would appear or vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.connectivity import AllToAll
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.errors import DescriptionError
from spikelearn.learning.event_adjoint import EventAdjoint
from spikelearn.learning.event_cells import INTEGRAL, MAXIMUM
from spikelearn.network import Network
from spikelearn.parameters import suggest
from spikelearn.results.run import Spikes, Synapses
from spikelearn.steps import times_of, whole_steps
from spikelearn.units import Quantity

Reading = tuple[Population, str] | tuple[Population, str, str]
"""(population, "spike"), its spike times; (population, "maximum" or "integral", variable), one for each neuron."""
Loss = Callable[["SpikeTrains"], tuple[Any, Mapping[Reading, np.ndarray]]]
"""SpikeTrains -> (its value: a number, or an array of which the sum counts; reading -> derivatives of it by that)."""


class SpikeTrains:
    """What the network did, for a loss to read. duration: ms.

    trains[population, "spike"]: (n,) the times of all spikes, in ms, in order of time. trains[population, "maximum",
    "V_m"], trains[population, "integral", "V_m"]: (size,) of each neuron, over the whole duration; an integral is in
    the variable's unit times ms. Maxima are looked for in panels of dt. spikes(population): times and ids.
    """

    def __init__(self, adjoint: EventAdjoint) -> None:
        self.adjoint, self.duration = adjoint, adjoint.duration

    def spikes(self, population: Population) -> Spikes:
        """Times, (n,) ms, and ids, (n,), of its spikes."""
        return Spikes(*map(_read_only, self.adjoint.spikes[self._known(population)]))

    def first(self, population: Population) -> np.ndarray:
        """(size,) the number of the first spike of each neuron among `spikes`, -1 for those without one."""
        found = np.full(self._known(population).size, -1)
        ids = self.adjoint.spikes[population].ids
        found[ids[::-1]] = np.arange(len(ids))[::-1]
        return found

    def __getitem__(self, reading: Reading) -> np.ndarray:
        population, *what = self._checked(reading)
        if what == ["spike"]:
            return self.spikes(population).times
        return _read_only(self.adjoint.watched(population, *what))

    def _checked(self, reading: Any) -> Any:
        expected = '(population, "spike"), (population, "maximum", variable) or (population, "integral", variable)'
        if not (isinstance(reading, tuple) and len(reading) in (2, 3)):
            raise DescriptionError(f"event_gradient: expected {expected}, got {reading!r}")
        population, *what = reading
        self._known(population)
        if what == ["spike"]:
            return reading
        if len(what) != 2 or what[0] not in (MAXIMUM, INTEGRAL):
            raise DescriptionError(f"event_gradient: expected {expected}, got {what!r} of {population.name!r}")
        known = self.adjoint.variables(population)
        if what[1] not in known:
            raise DescriptionError(
                f"event_gradient: population {population.name!r} has no variable {what[1]!r}{suggest(what[1], known)}; "
                f"it has: {', '.join(known)}"
            )
        return reading

    def _known(self, population: Any) -> Population:
        if not isinstance(population, Population) or population not in self.adjoint:
            raise DescriptionError(f"event_gradient: expected a population of this network, got {population!r:.100}")
        return population


@dataclass(frozen=True, eq=False)
class EventGradient:
    """The derivatives of a loss.

    loss: its value, the sum if there are several; losses: as the loss gave it. weights, delays: projection -> an array
    like its synapses, per unit of the weight and per ms: (sources, targets) for AllToAll with one delay, otherwise one
    for each, in the order of `run.synapses`. initial: (population, state variable) -> (size,), by the state at time 0.
    times: population -> (n,), by the time of each spike if it were moved alone; for a source, by its given spikes.
    trains: what the network did.
    """

    loss: float
    losses: np.ndarray
    weights: Mapping[Projection, np.ndarray]
    delays: Mapping[Projection, np.ndarray]
    initial: Mapping[tuple[Population, str], np.ndarray]
    times: Mapping[Population, np.ndarray]
    trains: SpikeTrains


def event_gradient(net: Network, loss: Loss, duration: Quantity) -> EventGradient:
    """The exact gradient of a loss on spike times and potentials, by all weights, delays and initial states.

    net: of neuron models with a closed form and sources, as engine="events" runs it from time 0. It is not run itself.
    loss: called with the SpikeTrains; returns its value and its derivatives, see `Loss`. Ready-made ones are in
    spikelearn.learning.event_losses. duration: ms.

    It is the derivative of what the network does, with the spikes that there are: a spike that would appear or vanish
    is no part of it, so neurons that never fire get no derivatives through their spikes. A time has none where several
    things happen at once, nor where a potential only touches its threshold. Spikes of Poisson neurons are held.

    Raises DescriptionError for what engine="events" does not run (models without a closed form, plasticity,
    modulators), for synapses with a state, random drives, and weights from `set_weights`; SimulationError where a
    spike coincides with something else.

    >>> from spikelearn.learning.event_losses import FirstSpikeCrossEntropy
    >>> from spikelearn.neurons import LIF
    >>> from spikelearn.sources import SpikeList
    >>> net = Network()
    >>> inputs = net.population(3, SpikeList([2.0, 3.1, 5.4], [0, 1, 2]), name="inputs")
    >>> cells = net.population(2, LIF(tau_m=20.0, tau_syn_exc=5.0), name="cells")
    >>> weights = [[900.0, 700.0], [800.0, 900.0], [700.0, 800.0]]
    >>> made = net.connect(inputs, cells, weight=weights, delay=1.0)
    >>> found = event_gradient(net, FirstSpikeCrossEntropy(cells, labels=[0], tau=2.0), 40.0)
    >>> found.weights[made].shape
    (3, 2)
    """
    trains = spike_trains(net, duration)
    adjoint = trains.adjoint
    value, derivatives = loss(trains)
    by = {}
    for reading, given in derivatives.items():
        values, wanted = np.asarray(given, np.float64), trains[reading].shape
        if values.shape != wanted:
            raise DescriptionError(
                f"loss of event_gradient: expected derivatives by {' '.join(reading[1:])} of {reading[0].name!r} of "
                f"shape {wanted}, got {values.shape}"
            )
        by[reading] = values
    adjoint.backward(by)
    losses = np.array(value, np.float64)
    shaped = {p: _arranged(p, synapses) for p, synapses in adjoint.synapses.items()}
    return EventGradient(
        float(losses.sum()),
        losses,
        {p: arrange(adjoint.by_weight(p)) for p, arrange in shaped.items()},
        {p: arrange(adjoint.by_delay(p)) for p, arrange in shaped.items()},
        {(p, name): each for p in adjoint.spikes for name, each in adjoint.by_initial(p).items()},
        {p: adjoint.by_time(p).copy() for p in adjoint.spikes},
        trains,
    )


def spike_trains(net: Network, duration: Quantity) -> SpikeTrains:
    """What a loss reads, without a gradient. Arguments and errors are those of `event_gradient`."""
    if not isinstance(net, Network):
        raise DescriptionError(f"event_gradient: expected a Network, got {net!r:.100}")
    if net.weights_were_set:
        raise DescriptionError(
            "event_gradient: weights that were set with set_weights are not supported; connect with them"
        )
    net.check_all_on("event_gradient")
    n_steps = whole_steps(duration, net.dt, "duration of event_gradient", least=1)
    return SpikeTrains(EventAdjoint(net.description(), n_steps, times_of(n_steps, net.dt)))


def _arranged(projection: Projection, synapses: Synapses) -> Callable[[np.ndarray], np.ndarray]:
    """A function that arranges a number for each synapse like its projection."""
    shape = projection.source_size, projection.target_size
    complete = isinstance(projection.rule, AllToAll) and len(synapses.pre) == shape[0] * shape[1]
    if not complete or len(np.unique(synapses.delay)) > 1:
        return np.copy

    def arrange(values: np.ndarray) -> np.ndarray:
        found = np.zeros(shape)
        found[synapses.pre - projection.source_first, synapses.post - projection.target_first] = values
        return found

    return arrange


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
