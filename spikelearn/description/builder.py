"""The methods with which users describe a network: they check their arguments and collect the description."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from spikelearn.connectivity import ConnectionRule, Profile
from spikelearn.description.adding import adds
from spikelearn.description.checks import (
    check_drive,
    check_release,
    check_sizes,
    checked_initial,
)
from spikelearn.description.connecting import NetworkFacts, made_projection
from spikelearn.description.distributions import Distribution
from spikelearn.description.drawn_parameters import with_drawn_parameters
from spikelearn.description.environment import World
from spikelearn.description.following import Following, check_nothing_else_sets
from spikelearn.description.homeostasis import Homeostasis, homeostasis
from spikelearn.description.interval import Regular
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Modulator, Population, View, segment, whole
from spikelearn.description.positions import Grid, Positions, UniformPositions, positions_of
from spikelearn.description.projection import Drive, Projection, Release
from spikelearn.description.readout import Feed
from spikelearn.description.recording import (
    Recording,
    by_default,
    check_sampling,
    check_when,
    first_step,
    recording,
    sampling_steps,
    with_recordings,
)
from spikelearn.description.scattered import is_scattered, spread
from spikelearn.description.signal import Signal
from spikelearn.description.signal_builder import MOST
from spikelearn.description.switching import SwitchingBuilder
from spikelearn.description.trials import Callback
from spikelearn.errors import DescriptionError
from spikelearn.neurons import Neuron, NeuronModel
from spikelearn.on_demand import from_above
from spikelearn.plasticity import Normalisation, Plasticity, Rewiring, SynapticScaling
from spikelearn.sources import NoiseCurrent, Poisson, PoissonInput, SpikeList, StepCurrent
from spikelearn.steps import whole_steps
from spikelearn.synapses import Synapse
from spikelearn.timed import Timed
from spikelearn.units import Quantity
from spikelearn.values import flag, one_number, whole_number, word
from spikelearn.values import name as checked_name

if TYPE_CHECKING:
    import os
    from pathlib import Path

_POSITIONS = 1
"""Positions of a population are drawn from a generator seeded with (seed, uid, this)."""


class NetworkBuilder(SwitchingBuilder):
    """Populations, projections, modulators, signals, drives, recordings, callbacks and so on of one network.

    dt: step in ms. seed: the root of all random numbers. precision: "mixed" or "double", see spikelearn.Network.
    Nothing here runs; spikelearn.Network does. origin: what it was read from, if it was (see `sl.from_nir`).
    """

    origin: Any = None

    def __init__(self, dt: Quantity, seed: int, precision: str) -> None:
        self.dt = one_number(dt, "ms", "dt of Network", above=0.0)
        self.seed = whole_number(seed, "seed of Network")
        self.precision = word(precision, ("mixed", "double"), "precision of Network")
        self._populations: dict[str, Population] = {}
        self._projections: dict[str, Projection] = {}
        self._modulators: dict[str, Modulator] = {}
        self._signals: dict[str, Signal] = {}
        self._feeds: list[Feed] = []
        self._worlds: dict[str, World] = {}
        self._drives: list[Drive] = []
        self._releases: list[Release] = []
        self._followings: list[Following] = []
        self._recordings: list[Recording] = []
        self._callbacks: list[Callback] = []
        self._homeostases: list[Homeostasis] = []
        self._counted: list[Projection] = []
        self._off: list[Projection | Drive | Recording] = []
        self._apart: list[Projection] = []
        self._regular: list[Regular] = []
        self._since: dict[Projection, int] = {}
        self._last_uid = 0

    @property
    def populations(self) -> Mapping[str, Population]:
        """All populations by name."""
        return MappingProxyType(self._populations)

    @property
    def projections(self) -> Mapping[str, Projection]:
        """All projections by name."""
        return MappingProxyType(self._projections)

    @property
    def modulators(self) -> Mapping[str, Modulator]:
        """All modulators by name."""
        return MappingProxyType(self._modulators)

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """The callbacks added by `on_step`, in order; their arguments include the arrays that were passed."""
        return tuple(self._callbacks)

    @adds("population")
    def population(
        self,
        size: int,
        model: Neuron | NeuronModel | Poisson | SpikeList,
        name: str | None = None,
        initial: Mapping[str, Quantity | Distribution] | None = None,
        positions: Grid | UniformPositions | Positions | Quantity | None = None,
    ) -> Population:
        """Add `size` neurons of a model with parameters, `LIF(tau_m=20)`, or of a source, `Poisson(rate=20)`.

        Parameters of neurons are numbers, arrays (size,) or distributions, `LIF(tau_m=Normal(10, 1, low=1))`, drawn now
        from the seed of the network: `net.get(population, "tau_m")` returns what was drawn. A value that the model
        does not accept is an error; limits of a distribution, low= and high=, redraw.
        initial: state variable -> number, array (size,) or distribution. positions: Grid, UniformPositions, Positions,
        or an array (size, dimensions) of coordinates in one, two or three dimensions, in the unit of length used by
        profiles (e.g. mm); for rules, weights and delays that depend on distance. Raises DescriptionError or
        ParameterError.
        """
        size = whole_number(size, "size of population" if name is None else f"size of population {name!r}", 1, MOST)
        if isinstance(model, NeuronModel):
            model = model()
        if not isinstance(model, Neuron | Poisson | SpikeList):
            raise DescriptionError(
                f"population {name!r}: expected a neuron model such as LIF() or a source such as Poisson(rate=20), "
                f"got {model!r}"
            )
        kind = model.model.name if isinstance(model, Neuron) else model.name
        name = self._name(name, kind.lower(), {**self._populations, **self._signals})
        uid = self._next_uid()
        model = with_drawn_parameters(model, size, (self.seed, uid), f"population {name!r}")
        check_sizes(name, size, model, self.dt)
        place = positions_of(positions, size, (self.seed, uid, _POSITIONS), f"population {name!r}")
        added = Population(name, size, model, {}, uid, place)
        added = replace(added, initial=checked_initial(added, {} if initial is None else initial))
        self._populations[name] = added
        return added

    @adds("modulator")
    def modulator(self, name: str = "dopamine", tau: Quantity = 200.0) -> Modulator:
        """Add a modulator whose concentration decays with time constant `tau` (ms).

        With tau=math.inf it stays where it is, for one that callbacks set: `modulator.level`.
        """
        checked_name(name, "name of modulator")
        stays = isinstance(tau, float) and tau == math.inf
        tau_n = math.inf if stays else one_number(tau, "ms", f"tau of modulator {name!r}", above=0.0)
        taken = {**self._modulators, **self._populations, **self._signals}
        added = Modulator(self._name(name, name, taken), tau_n, self._next_uid())
        self._modulators[added.name] = added
        return added

    @adds("projection")
    def connect(
        self,
        source: Population | View,
        target: Population | View | Modulator,
        port: str | None = None,
        rule: ConnectionRule | None = None,
        weight: Quantity | Distribution | Profile | str = 1.0,
        delay: Quantity | Distribution | Profile | str | None = None,
        axonal_delay: Quantity | Distribution | Profile | str | None = None,
        dendritic_delay: Quantity | Distribution | Profile | None = None,
        on: str = "spike",
        plasticity: Plasticity | None = None,
        plastic: bool = True,
        learns_from: str | None = None,
        synapse: Synapse | None = None,
        name: str | None = None,
        procedural: bool = False,
        payload: str | None = None,
    ) -> Projection:
        """Connect a population to a port of another, or to a modulator, in which case each event releases `weight`.

        rule: AllToAll() by default. weight: number, array or distribution, in the unit of the port; an array has shape
        (n_source, n_target) for AllToAll and one value per synapse for OneToOne and Pairs; a profile such as
        LinearProfile(200, -50), or a function, gives it as a function of distance; text such as "exp(-abs(i - j)/10.)"
        as one of both neurons, see below. delay: ms, axonal; by default one step, and a multiple of dt except for the
        exact engine. Drawn delays and those from text take the nearest step, as in NEST; they are redrawn below one
        step, or an error if they are from text; delays by distance are at least one step. axonal_delay: takes the place
        of delay where dendritic_delay is given. dendritic_delay: a number; it delays the input and, on their way back
        to the synapse, the post events that a plasticity rule learns from. on: kind of event transmitted. plasticity: a
        rule by which weights change. plastic: False freezes them. learns_from: kind of post event of the rule. synapse:
        short-term plasticity, whose parameters may be distributions, or arrays as those of weights, or a graded
        synapse. If short-term plasticity is combined with a plasticity rule, weight times release arrives, and the rule
        learns from arrivals as it would without release. procedural: synapses are not stored; those of a source are
        regenerated from their random numbers at each of its events (Knight & Nowotny 2021). The network has the same
        pairs, weights and delays, but runs more slowly: see docs/design/engine.md. For AllToAll, OneToOne,
        FixedOutDegree and DistanceOutDegree, with constant weights. Unlike tables of a million synapses or more with
        precision="mixed", procedural synapses do not round differing weights to 4 bytes. payload: a state variable of
        the source; each event carries its value at the end of the step in which the event is emitted, and weight times
        value arrives. weight is then in the unit of the port per unit of the variable. The pre traces of a SignalRule
        grow by the value, or are set to it. Not for other rules and synapse models, which use events without values.

        Text is an expression in the syntax of equations of i and j, the numbers of source and target, counted from 0
        within the two views; N_pre, N_post; where there are positions, of their distance d, x_pre, y_pre, z_pre,
        x_post, y_post, z_post; and of rand() and randn(), drawn for each synapse. Its value is in the unit of the port,
        or in ms, unless it has units. It is parsed, never run by Python.

        Views may be of any neurons: cells[::2], cells[mask], cells[[1, 5, 7]]. If they do not follow one another, the
        rule makes its synapses among them, as if the view were a population of its own, and the projection then is one
        of `Pairs` between the whole populations: its matrices of weights have their shapes.

        Raises DescriptionError, ParameterError or UnitError.

        >>> net = Network()
        >>> cells = net.population(100_000, LIF())
        >>> even = net.connect(cells[:100:2], cells[1:100:2], rule=OneToOne(), weight="20 + 0.1*i")
        >>> len(even)
        50
        >>> net.connect(cells, cells, "exc", FixedOutDegree(1000), weight=Normal(20, 2), procedural=True).procedural
        True
        """
        self._check_ends(source, target)
        name = self._name(name, f"{source.name}->{target.name}", {**self._projections, **self._signals})
        network = NetworkFacts(
            seed=self.seed, dt=self.dt, double=self.precision == "double", modulators=self._modulators.values(),
            counted_by=self._counter(), listed_by=self._lister(),
        )  # fmt: skip
        added = made_projection(
            network, name, self._next_uid(), source, target, port=port, rule=rule, weight=weight, delay=delay,
            axonal_delay=axonal_delay, dendritic_delay=dendritic_delay, on=on, plasticity=plasticity, plastic=plastic,
            learns_from=learns_from, synapse=synapse, procedural=procedural, payload=payload,
        )  # fmt: skip
        self._projections[name] = added
        return added

    def _check_ends(self, source: Any, target: Any) -> None:
        for what, end in (("source", source), ("target", target)):
            if not isinstance(end, Population | View | Modulator) or self._owner(end) is not True:
                raise DescriptionError(f"connect: {what} is not a population of this network: {end!r}")
        if isinstance(source, Modulator):
            raise DescriptionError(f"connect: source must be a population, got the modulator {source.name!r}")

    @adds("drive")
    def drive(
        self,
        target: Population | View,
        source: PoissonInput | StepCurrent | NoiseCurrent | Timed,
        port: str | None = None,
        weight: Quantity | None = None,
    ) -> Drive:
        """Drive every neuron of a population with a PoissonInput (with a weight), StepCurrent or NoiseCurrent.

        Timed values are a current, in pA. Returns the drive, for `switch_off` and `remove`.
        """
        if not isinstance(target, Population | View) or self._owner(target) is not True:
            raise DescriptionError(f"drive: target is not a population of this network: {target!r}")
        population, where = whole(target), f"drive of {target.name!r}"
        if isinstance(source, Timed):
            source = StepCurrent.of(source, where)
        ids = target.ids if isinstance(target, View) and is_scattered(target) else None
        if isinstance(target, View) and ids is not None:
            source, target = spread(source, target, where), population
        first, size = segment(target, where)
        port, number = check_drive(population, size, source, port, weight, self.dt, where)
        added = Drive(source, population, first, size, port, number, self._next_uid(), ids)
        self._drives.append(added)
        return added

    @adds("homeostasis")
    def homeostasis(self, projection: Projection, rule: Normalisation | SynapticScaling | Rewiring) -> None:
        """Apply Normalisation, SynapticScaling or Rewiring to the synapses of a projection, in addition to its rule.

        Each acts at the end of every `every`-th step, after all synapses have learned from that step; several on one
        projection act in the order in which they were added. With a dendritic delay they act on the weights of that
        long ago, as do arrivals. A projection is not regulated in phases of trials in which it is not plastic, nor with
        plastic=False. Raises DescriptionError, ParameterError or UnitError.
        """
        if not isinstance(projection, Projection) or self._owner(projection) is not True:
            raise DescriptionError(f"homeostasis: not a projection of this network: {projection!r}")
        added = homeostasis(projection, rule, self.dt)
        if any(r.projection is projection and type(r.rule) is type(rule) for r in self._homeostases):
            raise DescriptionError(f"projection {projection.name!r} is already regulated by {type(rule).__name__}")
        if projection.plasticity is None or projection.plastic:
            self._homeostases.append(added)

    @adds("release")
    def release(self, modulator: Modulator, times: Quantity, amounts: Quantity = 1.0) -> None:
        """Release amounts (a number or one per time) of a modulator at times in ms."""
        if not isinstance(modulator, Modulator) or self._owner(modulator) is not True:
            raise DescriptionError(f"release: not a modulator of this network: {modulator!r}")
        steps, amount_of_each = check_release(modulator, times, amounts, self.dt)
        self._releases.append(Release(modulator, steps, amount_of_each))

    @adds("recording")
    def record(
        self,
        of: Population | View | Modulator | Projection | Signal,
        variables: str | Sequence[str] | None = None,
        every: Quantity | None = None,
        start: Quantity = 0.0,
        include_start: bool = False,
        at: str | None = None,
        name: str | None = None,
        synapses: slice | Sequence[int] | np.ndarray | None = None,
        when: str = "end",
    ) -> Recording | tuple[Recording, ...]:
        """Record "spikes" (or "events", "bursts", "plateaus") or state variables of a population or a view of it,
        "n" of a modulator, "value" of a signal, or "weight" of a projection (`net.record(ff, "weight", every=100)`);
        if it learns, also the eligibility "c", and the state and traces of its rule, such as "K_plus", just after the
        events of the sample's time; with a dendritic delay post events count when they reach the synapse. The value of
        a signal is that at the end of the step. A projection with short-term plasticity also has the state of its
        synapses, such as "u" and "x". By default "spikes", or what a modulator or a signal has.

        "rate" is the mean rate of the neurons together in Hz, in bins of `every` ms, each stamped at its end; spikes
        are counted while the network runs and need not be recorded. "burst_rate" and the like are of other events.

        every: interval of samples in ms; by default each step, for projections 100 ms; events have none. start: ms;
        nothing is recorded before it. Both are multiples of dt. include_start: whether traces begin with a sample at
        0 ms, the state before the first step, so that a run of n steps has n + 1 samples. at: a kind of event, such as
        "burst"; a state variable is then recorded at these events of each neuron, as it is at the end of the step, and
        `run.snapshots(cells, "V_m", at="burst")` returns it. name: that of the recording, by default "" for the first
        one of a variable, then "2" and so on. synapses: which ones of a projection, a slice, indices or a mask in the
        order of `Network.synapses`, such as `net.synapses(ff).post == 3`; by default all, and memory then is synapses
        times samples. when: "start" takes samples at the start of each step, stamped with it, as Brian2 does;
        "beginning" does so before what a model does regularly; "input" after neurons have fired, before what arrives is
        taken up, for models with late_input.

        Returns the recording, or a tuple of one for each variable of a list; `switch_off` and `remove` take them.
        Several views of a population that are recorded at the same interval and from the same start are one recording.
        A variable may be recorded in several ways: `run.trace(cells, "V_m", recording=...)` then says which one.

        >>> net = Network()
        >>> cells = net.population(100, LIF())
        >>> coarse = net.record(cells, "V_m", every=10)
        >>> fine = net.record(cells[:2], "V_m", name="fine")
        >>> run = net.run(50)
        >>> run.trace(coarse).values.shape, run.trace(cells, "V_m", recording="fine").values.shape
        ((5, 100), (500, 2))
        """
        if self._owner(whole(of) if isinstance(of, View) else of) is not True:
            raise DescriptionError(f"record: not a population, modulator, signal or projection of this network: {of!r}")
        if variables is None:
            variables = by_default(of)
        if name is not None:
            checked_name(name, f"name of recording of {of.name!r}")
        steps, first = sampling_steps(of, every, self.dt), first_step(of, start, self.dt)
        several = isinstance(variables, list | tuple | set | Mapping)
        include_start = flag(include_start, f"include_start of recording {of.name!r}")
        asked = list(variables) if several else [variables]
        added = [recording(of, each, steps, first, at, synapses) for each in asked]
        check_sampling(of, added, every, first, include_start)
        check_when(of, added, word(when, ("end", "start", "beginning", "input"), f"when of recording {of.name!r}"))
        added = [replace(each, include_start=include_start and not (each.events or each.at)) for each in added]
        added = [replace(each, when=when) for each in added]
        self._recordings, found = with_recordings(self._recordings, added, name)
        return tuple(found) if several else found[0]

    @adds("count of events")
    def count_events(self, *projections: Projection) -> None:
        """Count the synaptic events of these projections apart: `run.events_of(projection)` returns them.

        Static projections between the same populations are otherwise delivered together. Counted ones are delivered
        by themselves, which can change the order of sums and with it the last bits of results. Not for the back-ends
        NEST and Brian2.
        """
        for projection in projections:
            if not isinstance(projection, Projection) or self._owner(projection) is not True:
                raise DescriptionError(f"count_events: not a projection of this network: {projection!r}")
            if projection not in self._counted:
                self._counted.append(projection)

    @adds("callback")
    def on_step(self, function: Callable[..., Any], *arguments: Any, every: Quantity | None = None) -> None:
        """Call function(step, *arguments) at the end of every step; it is compiled. See Callback.

        every: ms, a multiple of dt: it is called at the end of steps at multiples of this time only, and
        `population.counts()` among its arguments are events since it was last called.

        An index outside an array ends the run with an error that shows the line, unless the environment variable
        SPIKELEARN_BOUNDS_CHECKS is 0, and so does a number divided by zero; a whole array divided by zero is inf or
        NaN, as in NumPy. A callback that writes to an array given as read-only is refused.
        """
        steps = 1 if every is None else whole_steps(every, self.dt, "every of on_step", least=1)
        added = Callback(function, arguments, steps)
        added.check_takes("step")
        self._check_owned(("callback of every step", owner) for owner in added.owners)
        self._callbacks.append(added)

    def plot(self, ax: Any = None) -> Any:
        """Draw the graph of the network: populations, projections, drives. See spikelearn.plots.network.

        >>> net = Network(dt=0.1)
        >>> cells = net.population(2, LIF(), name="cells")
        >>> net.plot().figure.savefig("network.png")
        """
        return from_above("spikelearn.plots.graph:network")(self, ax=ax)

    def to_sonata(self, folder: str | os.PathLike[str], duration: Quantity | None = None, run: Any = None) -> Path:
        """Write the network to a folder as a simulation of SONATA; returns the path of its simulation_config.json.

        Neurons of models that NEST has as well, with their parameters, initial V_m and positions; synapses with their
        weights of now and delays, as edges; SpikeLists as virtual nodes with their spikes; step currents as current
        clamps; recordings of variables as reports. `sl.from_sonata` is the way back, with the same spikes.
        duration: ms, how long the simulation is. run: a run whose spikes other sources, such as Poisson, are replaced
        by; without a duration it is as long. Raises DescriptionError for what SONATA cannot say, such as plasticity,
        modulators and further models. Files that are there are replaced. Needs h5py.

        >>> net = Network(dt=0.1)
        >>> cells = net.population(2, LIF(I_e=500.0), name="cells")
        >>> net.to_sonata("network", duration=1000).name
        'simulation_config.json'
        """
        return from_above("spikelearn.interop.sonata.writing:write")(self, folder, duration, run)

    def to_nir(self) -> Any:
        """The network as a `nir.NIRGraph`, with its current parameters and weights, for `nir.write(path, graph)`.

        Of a network from `sl.from_nir` it is the graph that was read, with what has changed since. In others, neurons
        of LIFDelta, LIF, CubaLIF, CubaLI, LinearRate and McCullochPitts become nodes, sources Input nodes, a projection
        a Linear, with a Delay if it takes more than a step, I_e the bias of an Affine, and each population that sends
        nothing an Output. NIR has no state: potentials and spikes on their way are left out, as is what sources send.
        What else NIR cannot say is an error that names it: DescriptionError. See docs/interop/nir.md. Needs the extra
        nir.
        """
        return from_above("spikelearn.interop.nir.writing:to_nir")(self)

    def description(self) -> NetworkDescription:
        """The description of everything added, for backends. Raises DescriptionError if there are no populations."""
        if not self._populations:
            raise DescriptionError("this network has no populations")
        targets = (projection.target for projection in self._projections.values())
        released = (release.modulator for release in self._releases)
        check_nothing_else_sets(self._followings, released, targets, self._callbacks)
        return self._everything()

    def _everything(self) -> NetworkDescription:
        """The description, unchecked."""
        return NetworkDescription(
            dt=self.dt,
            seed=self.seed,
            populations=tuple(self._populations.values()),
            projections=tuple(self._projections.values()),
            modulators=tuple(self._modulators.values()),
            drives=tuple(self._drives),
            releases=tuple(self._releases),
            recordings=tuple(self._recordings),
            callbacks=tuple(self._callbacks),
            signals=tuple(self._signals.values()),
            feeds=tuple(self._feeds),
            followings=tuple(self._followings),
            worlds=tuple(self._worlds.values()),
            homeostases=tuple(self._homeostases),
            counted=tuple(self._counted),
            off=tuple(self._off),
            apart=tuple(self._apart),
            since={each: self._since[each] for each in self._projections.values() if each in self._since},
        )

    def _take_back(self, description: NetworkDescription) -> None:
        """Forget what is not in a description that this network had before."""
        self._populations = {each.name: each for each in description.populations}
        self._projections = {each.name: each for each in description.projections}
        self._modulators = {each.name: each for each in description.modulators}
        self._signals = {each.name: each for each in description.signals}
        self._worlds = {each.name: each for each in description.worlds}
        self._feeds, self._drives = list(description.feeds), list(description.drives)
        self._releases, self._followings = list(description.releases), list(description.followings)
        self._recordings, self._callbacks = list(description.recordings), list(description.callbacks)
        self._homeostases, self._counted = list(description.homeostases), list(description.counted)
        self._since = dict(description.since)

    def _parts(self) -> list[dict[str, Any] | list[Any]]:
        """All containers to which something can be added."""
        return [
            self._populations, self._projections, self._modulators, self._drives, self._releases, self._recordings,
            self._callbacks, self._homeostases, self._counted, self._signals, self._feeds, self._followings,
            self._worlds,
        ]  # fmt: skip

    def _counter(self) -> Callable[[Projection], int]:
        """A function that returns the number of synapses of a projection."""
        raise NotImplementedError

    def _lister(self) -> Callable[[Projection], Any]:
        """A function that returns the synapses of a projection, listed."""
        raise NotImplementedError

    def _next_uid(self) -> int:
        self._last_uid += 1
        return self._last_uid

    def _name(self, wanted: str | None, default: str, taken: Iterable[str]) -> str:
        if wanted is not None:
            wanted = checked_name(wanted, f"name of {default!r}")
        else:
            wanted, k = default, 2
            while wanted in taken:
                wanted, k = f"{default}_{k}", k + 1
        if wanted in taken:
            raise DescriptionError(f"the name {wanted!r} is already in use")
        return wanted

    def _owner(self, part: Any) -> bool:
        part = whole(part) if isinstance(part, View) else part
        known: list[Any] = [
            *self._populations.values(), *self._modulators.values(), *self._projections.values(),
            *self._signals.values(),
        ]  # fmt: skip
        return any(part is k for k in known)

    def _check_owned(self, parts: Iterable[tuple[str, Any]]) -> None:
        """Raise DescriptionError, naming where, for objects that do not belong to this network."""
        for where, part in parts:
            if self._owner(part) is not True:
                name = getattr(part, "name", part)
                raise DescriptionError(
                    f"{where}: {name!r} is not a population, projection, modulator or signal of this network"
                )
