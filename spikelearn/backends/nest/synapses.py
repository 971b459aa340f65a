"""Synapses in NEST: passed one by one with weights and delays, or drawn by NEST's rules of the same names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from spikelearn.backends.nest.neurons import check_sign, is_neuron, mapping_of
from spikelearn.backends.nest.ranks import Ranks
from spikelearn.backends.presampled import synapses
from spikelearn.backends.unsupported import unsupported
from spikelearn.description.distributions import Drawn
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Projection
from spikelearn.kernels import connect
from spikelearn.nest_mapping import NestSynapse
from spikelearn.results.run import Synapses

_FARTHEST = 1e300
_DECAYED = 40.0
"""Number of time constants; exp(-40) is below rounding."""


class NestSynapses:
    """The projections of a network in NEST, each with its own synapse model."""

    def __init__(self, nest: ModuleType, d: NetworkDescription, native_rules: bool, lead: int, ranks: Ranks) -> None:
        self._nest, self._d, self._native, self._lead, self._ranks = nest, d, native_rules, lead, ranks
        for projection in d.projections:
            _check(projection, d)
        self._of_target = _parameters_of_targets(d)
        self._start: dict[Projection, Synapses] = {}
        self._transmitters: dict[Modulator, Any] = {}
        self._shortest: list[int] = []

    def of_target(self, population: Population) -> dict[str, float]:
        """NEST parameters of a neuron that belong to the rules of its incoming synapses."""
        return {name: value for name, (value, _) in self._of_target.get(population, {}).items()}

    @property
    def shortest_delay(self) -> int:
        """The minimum delay of all synapses, in steps; 1 if there are none."""
        return min(self._shortest, default=1)

    def connect(self, nodes: Mapping[Population, Any]) -> None:
        """Make all synapses."""
        for modulator in self._d.modulators:
            self._add_transmitter(modulator)
        targets: dict[Any, Any] = {**nodes, **self._transmitters}
        for number, projection in enumerate(self._d.projections):
            if projection.target not in targets:
                continue
            self._nest.CopyModel(self._base(projection), _name(number), self._common(projection))
            if self._is_native(projection):
                self._connect_by_rule(projection, _name(number), targets)
            else:
                self._connect_one_by_one(projection, _name(number), targets)

    def count(self, projection: Projection) -> int | None:
        """The number of synapses of a projection, if NEST drew them."""
        if not self._is_native(projection):
            return None
        here = int(self._nest.GetDefaults(self._model(projection))["num_connections"])
        return self._ranks.total(here, f"counting the synapses of {projection.name!r}")

    def read(self, projection: Projection, nodes: Mapping[Population, Any]) -> Synapses:
        """The current synapses: in spikelearn's order if spikelearn drew them, else sorted by target and source.

        Synapses of one pair with equal delays are matched by the order of their weights, which rules preserve.
        """
        if not projection.learns and not self._is_native(projection):
            return synapses(self._d, projection)
        pre, post, weight, delay = self._connections(projection, nodes)
        if self._is_native(projection):
            order = np.lexsort((weight, delay, pre, post))
            return Synapses(pre[order], post[order], weight[order], delay[order])
        start = self._start[projection]
        ours = np.lexsort((start.weight, np.round(start.delay / self._d.dt), start.pre, start.post))
        theirs = np.lexsort((weight, np.round(delay / self._d.dt), pre, post))
        weights = np.empty(len(weight))
        weights[ours] = weight[theirs]
        return Synapses(start.pre, start.post, weights, start.delay)

    def _is_native(self, projection: Projection) -> bool:
        return self._native and projection.rule.nest is not None and _drawn_by_nest(projection)

    def _model(self, projection: Projection) -> str:
        return _name(list(self._d.projections).index(projection))

    def _connections(self, projection: Projection, nodes: Mapping[Population, Any]) -> tuple[np.ndarray, ...]:
        what = f"reading the synapses of {projection.name!r}"
        self._ranks.meet(what)
        found = self._nest.GetConnections(synapse_model=self._model(projection))
        kinds = {"source": np.int64, "target": np.int64, "weight": np.float64, "delay": np.float64}
        parts = found.get(list(kinds)) if len(found) else dict.fromkeys(kinds, [])
        here = {name: np.atleast_1d(np.asarray(parts[name], kind)) for name, kind in kinds.items()}
        arrays = self._ranks.gathered(here, what)
        target: Any = projection.target
        source, target = nodes[projection.source], nodes.get(target) or self._transmitters[target]
        return (
            (arrays["source"] - source[0].global_id).astype(np.int32),
            (arrays["target"] - target[0].global_id).astype(np.int32),
            arrays["weight"] / self._scale(projection),
            np.round(arrays["delay"] / self._d.dt) * self._d.dt,
        )

    def _scale(self, projection: Projection) -> float:
        if projection.receiver is None:
            return 1.0
        return mapping_of(projection.receiver).ports[projection.port].scale(self._d.dt)

    def _base(self, projection: Projection) -> str:
        found = _nest_synapse(projection)
        return "static_synapse" if found is None else found.model

    def _common(self, projection: Projection) -> dict[str, Any]:
        """The parameters common to all synapses of a projection."""
        if projection.receiver is None:
            return {}
        result: dict[str, Any] = {}
        receptor = mapping_of(projection.receiver).ports[projection.port].receptor
        if receptor:
            result["receptor_type"] = receptor
        found = _nest_synapse(projection)
        if found is None:
            return result
        parameters = _parameters_of(projection)
        for name, value in found.values(parameters).items():
            theirs = found.parameters.get(name, name)
            if theirs and name not in found.of_target and name not in found.must:
                result[theirs] = value * self._scale(projection) if name in found.weights else value
        if projection.learns and projection.plasticity is not None and projection.plasticity.modulator is not None:
            modulator = projection.plasticity.modulator
            result |= {"tau_n": modulator.tau_n, "volume_transmitter": self._transmitters[modulator]}
        if found.signed and parameters.W_max <= 0:
            result["weight"] = -1.0  # NEST compares the sign of its limit with that of the default weight
        return result | dict(found.more(parameters, self._d.dt))

    def _connect_one_by_one(self, projection: Projection, model: str, nodes: Mapping[Any, Any]) -> None:
        """nodes: of populations and modulators."""
        found = synapses(self._d, projection)
        if len(found.pre) == 0:
            return
        weight = found.weight * self._scale(projection)
        self._check_weights(projection, weight)
        if projection.learns:
            self._start[projection] = found
        self._shortest.append(round(float(found.delay.min()) / self._d.dt))
        source = nodes[projection.source][0].global_id + found.pre.astype(np.int64)
        target = nodes[projection.target][0].global_id + found.post.astype(np.int64)
        synapse = {"synapse_model": model, "weight": weight, "delay": found.delay}
        synapse |= {name: np.full(len(source), value) for name, value in _given_with_each(projection).items()}
        self._nest.Connect(source, target, "one_to_one", synapse)

    def _connect_by_rule(self, projection: Projection, model: str, nodes: Mapping[Any, Any]) -> None:
        """nodes: of populations and modulators."""
        first, first_target = projection.source_first, projection.target_first
        source = nodes[projection.source][first : first + projection.source_size]
        target = nodes[projection.target][first_target : first_target + projection.target_size]
        rule: Any = projection.rule
        how: dict[str, Any] = {"rule": rule.nest.rule, "allow_autapses": bool(rule.autapses)}
        how |= {theirs: getattr(rule, ours) for ours, theirs in rule.nest.numbers.items()}
        if hasattr(rule, "multapses"):
            how["allow_multapses"] = bool(rule.multapses)
        scale, dt = self._scale(projection), self._d.dt
        self._check_weights(projection, np.array(_limits(projection.weight)) * scale)
        back = projection.dendritic_steps * dt
        shortest = max(1, round((_limits(projection.axonal)[0] + back) / dt))
        self._shortest.append(shortest)
        synapse = {
            "synapse_model": model,
            "weight": self._drawn(projection.weight) * scale,
            "delay": self._drawn(projection.axonal) + back,
        } | _given_with_each(projection)
        self._nest.Connect(source, target, how, synapse)

    def _check_weights(self, projection: Projection, weight: np.ndarray) -> None:
        what = f"projection {projection.name!r}"
        modulator: Any = projection.target
        if projection.receiver is None:
            step = 1.0 / modulator.tau_n
            if not np.allclose(weight, step, rtol=1e-9, atol=0.0):
                raise unsupported(
                    what, "NEST",
                    f"a spike adds 1/tau_n to a volume_transmitter, so weights must be {step:g}, got {weight.min():g} "
                    f"to {weight.max():g}",
                )  # fmt: skip
            return
        if projection.learns and projection.plasticity is not None:
            limits, found = projection.plasticity.parameters, _nest_synapse(projection)
            if found is not None and found.signed and limits.W_max <= 0 and np.any(weight == 0):
                raise unsupported(what, "NEST", f"{found.model} with a negative limit starts below 0, got weight 0")
            weight = np.append(weight, np.array([limits.W_min, limits.W_max]) * self._scale(projection))
        check_sign(projection.receiver, projection.port, weight, what)

    def _drawn(self, value: Drawn) -> Any:
        nest, low, high = self._nest, max(value.low, -_FARTHEST), min(value.high, _FARTHEST)
        if value.constant:
            return value.a
        if value.code == connect.UNIFORM:
            return nest.random.uniform(value.a, value.b)
        if value.code == connect.EXPONENTIAL:
            found = nest.random.exponential(value.a)
        elif value.code == connect.NORMAL:
            found = nest.random.normal(value.a, value.b)
        else:
            found = nest.random.lognormal(value.a, value.b)
        limited = value.low > -np.inf or value.high < np.inf
        return nest.math.redraw(found, low, high) if limited else found

    def _add_transmitter(self, modulator: Modulator) -> None:
        """A volume_transmitter, and generators for releases at given times."""
        nest, d = self._nest, self._d
        if not any(
            p.learns and p.plasticity is not None and p.plasticity.modulator is modulator for p in d.projections
        ):
            return
        if math.isinf(modulator.tau_n):
            raise unsupported(f"modulator {modulator.name!r}", "NEST", "its dopamine decays, expected a finite tau")
        transmitter = nest.Create("volume_transmitter", params={"deliver_interval": 1})
        self._transmitters[modulator] = transmitter
        steps = np.concatenate([np.zeros(0, np.int64), *(r.steps for r in d.releases if r.modulator is modulator)])
        amounts = np.concatenate([np.zeros(0), *(r.amounts for r in d.releases if r.modulator is modulator)])
        at, which = np.unique(steps, return_inverse=True)
        spikes = np.bincount(which, amounts * modulator.tau_n, len(at)) if len(at) else np.zeros(0)
        if np.any(spikes < -1e-9) or np.any(np.abs(spikes - np.round(spikes)) > 1e-9 * np.maximum(1.0, spikes)):
            raise unsupported(
                f"release of {modulator.name!r}", "NEST",
                f"dopamine comes in spikes, each of which adds 1/tau_n = {1.0 / modulator.tau_n:g}, so amounts must be "
                "multiples of it",
            )  # fmt: skip
        # One injector more than needed: its delay of one step is then the minimum delay, and the transmitter does not
        # update synapses beyond the spikes that have arrived.
        for k in range(int(np.round(spikes).max(initial=0)) + 1):
            injector = nest.Create("spike_train_injector")
            injector.spike_times = ((at[np.round(spikes) > k] - 1 + self._lead) * d.dt).tolist()
            nest.Connect(injector, transmitter, syn_spec={"delay": d.dt})


def settling_time(d: NetworkDescription) -> float:
    """How long NEST's synapses must stay idle, in ms, until the trace of a spurious initial arrival has decayed."""
    times = [
        float(getattr(_parameters_of(projection), found.settles)) * _DECAYED
        for projection in d.projections
        if (found := _nest_synapse(projection)) is not None and found.settles
    ]
    return max(times, default=0.0)


def _name(number: int) -> str:
    return f"projection_{number}"


def _nest_synapse(projection: Projection) -> NestSynapse | None:
    """NEST's model for the rule or short-term plasticity of a projection; None for static synapses."""
    if projection.learns and projection.plasticity is not None:
        return projection.plasticity.rule.nest
    return getattr(projection.synapse.model, "nest", None) if projection.synapse is not None else None


def _parameters_of(projection: Projection) -> Any:
    owner = projection.plasticity if projection.learns else projection.synapse
    assert owner is not None
    return owner.parameters


def _given_with_each(projection: Projection) -> dict[str, float]:
    found = _nest_synapse(projection)
    if found is None or not found.each:
        return {}
    return {found.parameters.get(found.each, found.each): float(getattr(_parameters_of(projection), found.each))}


def _check(projection: Projection, d: NetworkDescription) -> None:
    what = f"projection {projection.name!r}"
    if projection.on != "spike":
        raise unsupported(f"{what} (on={projection.on!r})", "NEST", "NEST has no events other than spikes")
    receiver = projection.receiver
    if receiver is not None and projection.port not in mapping_of(receiver).ports:
        raise unsupported(what, "NEST", f"{mapping_of(receiver).model} has no equivalent of port {projection.port!r}")
    if projection.synapse is not None or projection.learns or projection.transmits:
        _check_synapse(projection, d, what)


def _check_synapse(projection: Projection, d: NetworkDescription, what: str) -> None:
    """Check that NEST has the rule or short-term plasticity of a projection, with these parameters."""
    receiver = projection.receiver
    found = _nest_synapse(projection)
    if projection.learns and projection.plasticity is not None and projection.plasticity.varying:
        raise unsupported(what, "NEST", f"{projection.plasticity.varying[0]} of its synapses differs among them")
    if projection.synapse is not None and projection.synapse.varying:
        raise unsupported(what, "NEST", f"{projection.synapse.varying[0]} of its synapses differs among them")
    parts = [projection.synapse.model.name] if projection.synapse is not None else []
    if projection.plasticity is not None and (projection.learns or projection.transmits):
        parts.append(projection.plasticity.rule.name)
    kind = ", ".join(parts)
    if len(parts) > 1:
        raise unsupported(f"{what} ({kind})", "NEST", "no NEST synapse has both short-term and long-term plasticity")
    if found is None:
        raise unsupported(f"{what} ({kind})", "NEST", "NEST has no such synapse")
    if projection.learns and projection.learns_from != "spike":
        raise unsupported(
            f"{what} ({kind})", "NEST", f"its rules learn from spikes, not from {projection.learns_from!r}"
        )
    if projection.learns and projection.plasticity is not None and projection.plasticity.every:
        raise unsupported(f"{what} ({kind})", "NEST", "its weights change at events, not at multiples of a time")
    parameters = _parameters_of(projection)
    complaint = found.check(parameters, d.dt)
    if complaint:
        raise unsupported(f"{what} ({kind})", "NEST", complaint)
    given = found.values(parameters)
    for name, value in found.must.items():
        if given[name] != value:
            raise unsupported(
                f"{what} ({kind})", "NEST", f"{found.model} fixes {name} at {value:g}, got {given[name]:g}"
            )
    if receiver is not None and is_neuron(receiver):
        for name, value in found.taken(receiver.model.parameters).items():
            if not np.allclose(value, getattr(parameters, name), rtol=1e-12, atol=0.0):
                raise unsupported(
                    f"{what} ({kind})", "NEST",
                    f"{found.model} takes {name} from its target, where it is {np.ravel(value)[0]:g}, got "
                    f"{getattr(parameters, name):g}",
                )  # fmt: skip
    if found.dendritic and not (projection.axonal.constant and round(projection.axonal.a / d.dt) == 0):
        raise unsupported(
            f"{what} ({kind})", "NEST",
            f"{found.model} treats the whole delay as dendritic; use dendritic_delay=... instead of delay",
        )  # fmt: skip


def _parameters_of_targets(d: NetworkDescription) -> dict[Population, dict[str, tuple[float, str]]]:
    """Population -> NEST parameter -> its value, and the projection that requires it."""
    result: dict[Population, dict[str, tuple[float, str]]] = {}
    for projection in d.projections:
        found, receiver = _nest_synapse(projection), projection.receiver
        if found is None or receiver is None or not is_neuron(receiver):
            continue
        wanted = result.setdefault(receiver, {})
        for ours, theirs in found.of_target.items():
            value = float(getattr(_parameters_of(projection), ours))
            known, owner = wanted.setdefault(theirs, (value, projection.name))
            if known != value:
                raise unsupported(
                    f"projection {projection.name!r}", "NEST",
                    f"{theirs} belongs to the target neuron in NEST, and projection {owner!r} onto "
                    f"{receiver.name!r} has a different {ours}: {known:g}, not {value:g}",
                )  # fmt: skip
    return result


def _drawn_by_nest(projection: Projection) -> bool:
    drawn = projection.weight, projection.axonal
    return all(each.values is None and each.profile is None and each.function is None for each in drawn)


def _limits(value: Drawn) -> tuple[float, float]:
    """The bounds of a distribution."""
    if value.constant:
        return value.a, value.a
    if value.code in (connect.LOG_NORMAL, connect.EXPONENTIAL):
        return max(0.0, value.low), value.high
    return value.low, value.high
