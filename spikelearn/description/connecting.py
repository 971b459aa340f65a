"""The projection that `connect` makes of its arguments, checked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from spikelearn.connectivity import AllToAll, ConnectionRule, Endpoints
from spikelearn.description.checks import (
    check_array,
    check_by_distance,
    check_delays,
    check_late,
    check_payload,
    check_plasticity,
    check_procedural,
    check_sent_at_once,
    check_synapse,
    warn_of_sign,
)
from spikelearn.description.distributions import drawn, from_text
from spikelearn.description.population import Modulator, Population, View, segment, whole
from spikelearn.description.projection import Projection
from spikelearn.description.receiver import receiver_of
from spikelearn.description.scattered import between_whole, is_scattered
from spikelearn.errors import DescriptionError
from spikelearn.plasticity import Plasticity
from spikelearn.synapses import Synapse
from spikelearn.values import flag


@dataclass(frozen=True)
class NetworkFacts:
    """What a projection takes from its network. double, counted_by, listed_by: as in Projection."""

    seed: int
    dt: float
    double: bool
    modulators: Collection[Modulator]
    counted_by: Callable[[Projection], int]
    listed_by: Callable[[Projection], Any]


def made_projection(
    network: NetworkFacts, name: str, uid: int, source: Population | View, target: Population | View | Modulator, *,
    port: str | None, rule: Any, weight: Any, delay: Any, axonal_delay: Any, dendritic_delay: Any, on: str,
    plasticity: Plasticity | None, plastic: bool, learns_from: str | None, synapse: Synapse | None, procedural: bool,
    payload: str | None,
) -> Projection:  # fmt: skip
    """The projection between two parts of a network; arguments as those of `connect`.

    Raises DescriptionError, ParameterError or UnitError.
    """
    where = f"projection {name!r}"
    plastic, procedural = flag(plastic, f"plastic of {where}"), flag(procedural, f"procedural of {where}")
    sender = whole(source)
    sender.check_kind(on, where)
    rule = AllToAll() if rule is None else rule
    if not isinstance(rule, ConnectionRule):
        raise DescriptionError(f"{where}: expected a connection rule such as FixedInDegree(100), got {rule!r}")
    portless = isinstance(synapse, Synapse) and synapse.has_statements
    if is_scattered(source) or is_scattered(target):
        if procedural:
            raise DescriptionError(f"{where}: procedural synapses need contiguous views, e.g. population[10:20]")
        given: dict[str, Any] = {"rule": rule, "weight": weight, "synapse": synapse}
        given |= {"delay": delay, "axonal_delay": axonal_delay}
        whole_target = target if isinstance(target, Modulator) else whole(target)
        to = receiver_of(whole_target, port, where, portless)
        seed, least = (network.seed, uid), 0.0 if dendritic_delay is not None else network.dt
        given = between_whole(source, target, to, given, seed, least, network.listed_by, name)
        rule, weight, synapse = given["rule"], given["weight"], given["synapse"]
        delay, axonal_delay, source, target = given["delay"], given["axonal_delay"], sender, whole_target
    source_first, source_size = segment(source, where)
    receiver = receiver_of(target, port, where, portless)
    ends = Endpoints(
        n_source=source_size,
        n_target=receiver.size,
        shared=receiver.shared(sender, source_first, source_size),
        seed=(network.seed, uid),
        where=where,
        source_positions=source.positions,
        target_positions=receiver.positions,
        source_period=sender.period,
        target_period=receiver.period,
    )
    rows = rule.rows(ends)
    unit = (synapse.unit if isinstance(synapse, Synapse) else "") or receiver.unit
    weight = from_text(weight, unit, f"weight of {where}", ends)
    delay = from_text(delay, "ms", f"delay of {where}", ends)
    axonal_delay = from_text(axonal_delay, "ms", f"axonal_delay of {where}", ends)
    weights = drawn(weight, unit, f"weight of {where}")
    check_array(rule, weights.values, rows, source_size, receiver.size, f"weight of {where}")
    late = check_late(receiver.target, synapse, plasticity, procedural, payload, dendritic_delay, where)
    axonal, dendritic_steps = check_delays(delay, axonal_delay, dendritic_delay, network.dt, where, late)
    check_array(rule, axonal.values, rows, source_size, receiver.size, f"delay of {where}")
    check_synapse(synapse, rule, rows, source_size, receiver.size, plasticity, where)
    for values, what in ((weights, "weight"), (axonal, "delay")):
        check_by_distance(values, ends, f"{what} of {where}")
    learned_kind = check_plasticity(
        sender, receiver.target, receiver.port, plasticity, synapse, learns_from, weights,
        dendritic_steps * network.dt, network.modulators, where,
    )  # fmt: skip
    check_sent_at_once(synapse, (delay, axonal_delay, dendritic_delay), where)
    if weights.function is not None and plasticity is not None:
        weights = replace(weights, low=plasticity.parameters.W_min, high=plasticity.parameters.W_max)
    if procedural:
        check_procedural(rule, plasticity, synapse, where)
    if payload is None:
        warn_of_sign(receiver, weights, where)
    else:
        check_payload(sender, payload, plasticity, synapse, procedural, where)
    by_distance = weights.profile is not None or axonal.profile is not None
    return Projection(
        name=name,
        source=sender,
        source_first=source_first,
        source_size=source_size,
        target=receiver.target,
        target_first=receiver.first,
        target_size=receiver.size,
        port=receiver.port,
        unit=unit,
        on=on,
        rule=rule,
        rows=rows,
        weight=weights,
        axonal=axonal,
        dendritic_steps=dendritic_steps,
        plasticity=plasticity,
        synapse=synapse,
        plastic=plastic,
        learns_from=learned_kind,
        autapses=bool(getattr(rule, "autapses", True)),
        uid=uid,
        procedural=procedural,
        double=network.double,
        payload=payload or "",
        space=ends.space if by_distance else None,
        counted_by=network.counted_by,
        listed_by=network.listed_by,
    )
