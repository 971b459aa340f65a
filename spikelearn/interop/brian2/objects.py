"""All objects of a Brian2 network, read and taken over into a Network, and kept in step with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.description.projection import Drive
from spikelearn.equations.brian import import_brian2
from spikelearn.equations.python import units
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.groups import (
    TakenGroup,
    Usage,
    runners_of,
    take_neurons,
    take_poisson,
    take_spikes,
)
from spikelearn.interop.brian2.links import take_links
from spikelearn.interop.brian2.monitors import Monitor, Pending, take_monitors
from spikelearn.interop.brian2.reading import (
    Names,
    check_active,
    check_clock,
    check_place,
    described,
    from_si,
    identifiers,
    place_of,
    steps_of_clock,
    whole_group,
)
from spikelearn.interop.brian2.synapses import Reader, TakenSynapses
from spikelearn.sources import PoissonInput

_GROUPS = ("NeuronGroup", "PoissonGroup", "SpikeGeneratorGroup")
_MONITORS = ("SpikeMonitor", "EventMonitor", "StateMonitor", "PopulationRateMonitor")
_KNOWN = (*_GROUPS, *_MONITORS, "Synapses", "PoissonInput", "NetworkOperation")


@dataclass
class Taken:
    """The objects of a Brian2 network and what they became. dt: s. intervals: id -> dt of its clock at first, s."""

    network: Any
    objects: list[Any]
    dt: float
    groups: dict[str, TakenGroup] = field(default_factory=dict)
    synapses: dict[str, TakenSynapses] = field(default_factory=dict)
    monitors: list[Monitor] = field(default_factory=list)
    operations: list[Any] = field(default_factory=list)
    inputs: list[tuple[Any, Drive]] = field(default_factory=list)
    intervals: dict[str, float] = field(default_factory=dict)

    def take_later(self, net: Any, objects: list[Any], namespace: Mapping[str, Any]) -> None:
        """Take over monitors that a Brian2 network has got since, and forget those that it has no more.

        Raises DescriptionError for anything else, once the network has run.
        """
        if not objects:
            return
        known, now = {each.id for each in self.objects}, {each.id for each in objects}
        added = [each for each in objects if each.id not in known]
        gone = [each for each in self.objects if each.id not in now]
        for each in (*added, *gone):
            if kind_of(each) not in _MONITORS:
                what = "has been added to the network" if each in added else "has been removed from the network"
                raise DescriptionError(
                    f"{described(each)} {what} after it was taken over; then only monitors may be: take it over anew"
                )
        ids = {each.id for each in gone}
        self.monitors = [each for each in self.monitors if each.brian.id not in ids]
        self.monitors += take_monitors(net, added, self.groups, self.synapses, namespace)
        self.objects = objects

    def before_run(self, net: Any, namespace: Mapping[str, Any], n_steps: int) -> None:
        """Take over what users have changed in Brian2 since the network was made, or since its last step."""
        for each in self.objects:
            if kind_of(each) not in _MONITORS:
                check_active(each)
            now = float(each.clock.dt_)
            if now != self.intervals.setdefault(each.id, now):
                raise DescriptionError(
                    f"{described(each)}: dt of its clock was {self.intervals[each.id] * 1e3:g} ms when it was taken "
                    f"over, and is {now * 1e3:g} ms now: take it over anew"
                )
        for group in self.groups.values():
            group.before_run(net, namespace, n_steps)
        for synapses in self.synapses.values():
            synapses.before_run(net, namespace)
        for brian, drive in self.inputs:
            weight = _weight(brian, namespace)
            if weight != net.get(drive, "weight"):
                net.set(drive, weight=weight)
        for monitor in self.monitors:
            monitor.read(namespace)

    def after_steps(self, net: Any, pending: Pending, begun: int) -> None:
        """Fill monitors with what was recorded since step `begun`, and set the variables of Brian2."""
        spikes, traces = pending.taken()
        end = round(net.time / net.dt)
        for monitor in self.monitors:
            if monitor.brian.active:
                monitor.fill(spikes, traces, range(begun, end))
        for group in self.groups.values():
            group.after_steps(net)
        for synapses in self.synapses.values():
            synapses.after_steps(net)
        self.set_clocks(end)

    def set_clocks(self, step: int) -> None:
        """Set the times of Brian2's clocks to the beginning of a step."""
        for clock in {each.clock for each in self.objects if hasattr(each, "clock")}:
            number = int(np.ceil(step * self.dt / float(clock.dt_) - 1e-6))
            clock.variables["timestep"].set_value(number)
            clock.variables["t"].set_value(number * float(clock.dt_))
        self.network.t_ = step * self.dt


def take_over(net: Any, network: Any, objects: list[Any], namespace: Mapping[str, Any]) -> Taken:
    """Read all objects of a Brian2 network, and add what they become to a Network. Raises DescriptionError, naming the
    object, for what cannot be taken over."""
    dt = net.dt * 1e-3
    taken = Taken(network, objects, dt, intervals={each.id: float(each.clock.dt_) for each in objects})
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for each in objects:
        kind = kind_of(each)
        by_kind[kind].append(each)
        if kind not in _MONITORS:
            check_active(each)
    usage: dict[str, Usage] = defaultdict(Usage)
    readers = [Reader(each, namespace, dt) for each in by_kind["Synapses"]]
    present = {each.id for kind in _GROUPS for each in by_kind[kind]}
    for reader in readers:
        for group, _, _ in (reader.source, reader.target):
            if group.id not in present:
                raise DescriptionError(f"{reader.owner}: {group.name!r}, which it connects, is not in the network")
        reader.use(usage)
    _check_sums(readers)
    for each in by_kind["PoissonInput"]:
        usage[whole_group(each.group)[0].id].add_input(each.target_var)
    for group in by_kind["NeuronGroup"]:
        usage[group.id].linked |= set(group._linked_variables)
        for name in group._linked_variables:
            if name not in group.variables:
                raise DescriptionError(f"{described(group)}: the (linked) variable {name!r} is linked to nothing")
            owner = group.variables[name].owner
            usage[owner.id].state.add(group.variables[name].name)
    for group in sorted(by_kind["NeuronGroup"], key=lambda each: each.state_updater.name):
        check_place(group.state_updater, "groups", 0, f"state updater of {described(group)}")
        taken.groups[group.id] = take_neurons(net, group, usage[group.id], namespace, dt)
    for group in by_kind["PoissonGroup"]:
        taken.groups[group.id] = take_poisson(net, group, namespace, dt)
    for group in by_kind["SpikeGeneratorGroup"]:
        taken.groups[group.id] = take_spikes(net, group, dt)
    take_links(net, by_kind["NeuronGroup"], taken.groups, namespace)
    for reader in sorted(readers, key=lambda each: min((p.name for p in each.synapses._pathways), default="")):
        taken.synapses[reader.synapses.id] = reader.take(net, taken.groups)
    for each in by_kind["PoissonInput"]:
        taken.inputs.append((each, _poisson_input(net, each, taken.groups, namespace, dt)))
    monitors = [each for kind in _MONITORS for each in by_kind[kind]]
    taken.monitors = take_monitors(net, monitors, taken.groups, taken.synapses, namespace)
    for each in sorted(by_kind["NetworkOperation"], key=lambda each: (each.order, each.name)):
        check_place(each, "start", None)
        steps_of_clock(each, dt)
        taken.operations.append(each)
    _check_order(taken)
    return taken


def _check_order(taken: Taken) -> None:
    """Raise DescriptionError if in Brian2 operations come after what groups do regularly, at the start of a step."""
    for of in taken.groups.values():
        for runner, _ in runners_of(of.group) if hasattr(of.group, "thresholder") else ():
            for each in taken.operations:
                if place_of(runner) < place_of(each):
                    raise DescriptionError(
                        f"{described(runner)}: Brian2 has it before {described(each)} at the start of a step, by order "
                        "and name, which is not taken over; expected a larger order, or another name"
                    )


def _check_sums(readers: Iterable[Reader]) -> None:
    """Raise DescriptionError if two Synapses sum into one variable of the same neurons."""
    known: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    for reader in readers:
        for _, _, _, into, _ in reader.codes:
            if not into:
                continue
            name, _, end = into.rpartition("_")
            group, first, last = reader.target if end == "post" else reader.source
            for other_first, other_last, owner in known[group.id, name]:
                if first < other_last and other_first < last:
                    raise DescriptionError(
                        f"{reader.owner}: {name!r} of {group.name!r} is a (summed) variable of {owner} already; "
                        "expected one variable for each"
                    )
            known[group.id, name].append((first, last, reader.owner))


def kind_of(obj: Any) -> str:
    """The class of an object among those that are known."""
    for each in type(obj).__mro__:
        if each.__name__ in _KNOWN:
            if each is not type(obj) and each.__name__ in _GROUPS:
                break
            return each.__name__
    raise DescriptionError(
        f"{described(obj)}: objects of this class are not taken over; those are: {', '.join(_KNOWN)}"
    )


def check_new(obj: Any, network: str | None) -> None:
    """Raise DescriptionError if an object has been run in another network than that with this id."""
    if getattr(obj, "_network", None) not in (None, network):
        raise DescriptionError(
            f"{described(obj)} has been run in another network; only objects that have not run are taken over"
        )


def _poisson_input(
    net: Any, brian: Any, groups: Mapping[str, TakenGroup], namespace: Mapping[str, Any], dt: float
) -> Drive:
    check_clock(brian, dt)
    check_place(brian, "synapses", 0)
    group, first, last = whole_group(brian.group)
    if group.id not in groups:
        raise DescriptionError(f"{described(brian)}: its target {group.name!r} is not in the network")
    source = PoissonInput(float(np.asarray(brian.rate)), int(brian.N))
    target = groups[group.id].population[first:last]
    return net.drive(target, source, brian.target_var, weight=_weight(brian, namespace))


def _weight(brian: Any, namespace: Mapping[str, Any]) -> float:
    """The weight of a PoissonInput now, in the unit of its port."""
    b2, given = import_brian2(), brian.weight
    if isinstance(given, str):
        group, where = whole_group(brian.group)[0], f"weight of {described(brian)}"
        known: dict[str, Any] = dict(units())
        names = Names(group, described(brian), namespace)
        for name in identifiers(given) - known.keys():
            if name in group.variables:
                raise DescriptionError(
                    f"{where}: {given!r} is one number only without {name!r}; others are not taken over"
                )
            names.add([name], "weight")
        if names.tables:
            raise DescriptionError(f"{where}: {given!r} changes in time, which is not taken over")
        known |= {name: b2.Quantity(value, dim=dimension) for name, (value, dimension) in names.constants.items()}
        given = eval(given, {"__builtins__": {}}, known)
    return float(from_si(float(given), b2.get_dimensions(given)))


def named(objects: Iterable[Any]) -> str:
    return ", ".join(sorted(described(each) for each in objects))
