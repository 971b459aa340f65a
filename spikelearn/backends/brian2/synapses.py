"""Synapses in Brian2: a Synapses for each projection.

As in spikelearn, arrivals act between integration and threshold: before the thresholds of a step, Brian2's lists of
events still hold those of the previous step, so a delay of k steps becomes k - 1 in Brian2. Post events without a
dendritic delay act after the thresholds of their own step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.backends.brian2.graded import graded_synapses
from spikelearn.backends.brian2.neurons import Group, check_port
from spikelearn.backends.brian2.statements import assigned, lines, quantity, renamed, replaced
from spikelearn.backends.presampled import synapses
from spikelearn.backends.unsupported import unsupported
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.equations.brian import import_brian2
from spikelearn.results.run import Synapses

_OWN, _GIVEN = "_syn", "_given"
"""Suffix of a synapse's variables and parameters, to distinguish them from those of its target."""
_RELEASE, _GIVEN_RELEASE = "_release", "_given_release"
"""The same for short-term plasticity, to distinguish them from those of the rule."""
_NEVER = -1e9
"""Time of last activity of a synapse that was never active, in seconds."""


def check_synapses(d: NetworkDescription) -> None:
    """Raise DescriptionError for synapses that Brian2 does not support."""
    for projection in d.projections:
        what = f"projection {projection.name!r}"
        events = projection.source.model.model.events if projection.source.is_neuron else ()
        if projection.on != "spike" and projection.on not in events:
            raise unsupported(
                f"{what} (on={projection.on!r})", "Brian2", "its source has no condition for it in Brian2's syntax"
            )
        if projection.receiver is not None:
            check_port(projection.receiver, projection.port, what)
        synapse = None if projection.synapse is None else projection.synapse.model
        if synapse is not None and not (getattr(synapse, "statements", "") or getattr(synapse, "equations", "")):
            raise unsupported(f"{what} ({synapse.name})", "Brian2", "the synapse has no Brian2 statements")
        if projection.learns and projection.plasticity is not None and projection.plasticity.varying:
            raise unsupported(what, "Brian2", f"{projection.plasticity.varying[0]} of its synapses differs among them")
        if projection.synapse is not None and projection.synapse.varying:
            raise unsupported(what, "Brian2", f"{projection.synapse.varying[0]} of its synapses differs among them")
        if projection.plasticity is None or not (projection.learns or projection.transmits):
            continue
        rule = projection.plasticity.rule
        if not rule.equations:
            raise unsupported(f"{what} ({rule.name})", "Brian2", "the rule has no Brian2 equations")
        if projection.learns_from != "spike" and projection.learns_from not in _events_of(projection.receiver):
            raise unsupported(f"{what} ({rule.name})", "Brian2", f"it learns from {projection.learns_from!r}")
        if projection.learns and projection.plasticity.every:
            raise unsupported(
                f"{what} ({rule.name})", "Brian2", "its weights change at events, not at multiples of a time"
            )
        if projection.plasticity.eligibility_rises:
            raise unsupported(f"{what} ({rule.name})", "Brian2", "its equations have no eligibility with a tau_rise")


def _events_of(target: Population | None) -> tuple[str, ...]:
    return tuple(target.model.model.events) if target is not None else ()


@dataclass(frozen=True)
class Pathway:
    """Statements executed when an event of one side reaches the synapses, after a delay in steps."""

    name: str
    statements: Sequence[str]
    delay: Any
    order: int
    from_target: bool = False
    before_thresholds: bool = False


class Connected:
    """The synapses of a projection in Brian2."""

    def __init__(
        self, projection: Projection, d: NetworkDescription, source: Any, target: Any, group: Group | None
    ) -> None:
        """source, target: Brian2 groups. group: that of the target, unless it is a modulator."""
        b2, self.projection = import_brian2(), projection
        self.start = synapses(d, projection)
        self.modulator = projection.plasticity.modulator if projection.learns and projection.plasticity else None
        self.synapses = None
        if len(self.start.pre) == 0:
            return
        if projection.graded:
            self.synapses = graded_synapses(projection, self.start, source, target, d.dt)
            return
        steps = np.round(self.start.delay / d.dt)
        equations, pathways, namespace = _texts(projection, group, steps, d.dt)
        pre = {p.name: "\n".join(p.statements) for p in pathways if not p.from_target}
        post = {p.name: "\n".join(p.statements) for p in pathways if p.from_target and p.statements}
        kinds = {**dict.fromkeys(pre, projection.on), **dict.fromkeys(post, projection.learns_from)}
        self.synapses = b2.Synapses(
            source, target, equations, on_pre=pre, on_post=post or None, on_event=kinds, dt=d.dt * b2.ms,
            namespace={**namespace, **(group.constants if group is not None else {})},
            **({"method": "rk4"} if "clock-driven" in equations else {}),
        )  # fmt: skip
        self.synapses.connect(i=self.start.pre.astype(int), j=self.start.post.astype(int))
        self.synapses.w_syn = self.start.weight
        if self.modulator is not None:
            # The weight moves between events, where statements do not hold its limits.
            within = f"w_syn = clip(w_syn, W_min{_GIVEN}, W_max{_GIVEN})"
            self.synapses.run_regularly(within, dt=d.dt * b2.ms, when="groups", order=1)
        if projection.synapse is not None:
            for name, value in projection.synapse.model.initial(projection.synapse.parameters).items():
                setattr(self.synapses, name + _RELEASE, value)
            self.synapses.last_arrival = _NEVER * b2.second
        for pathway in pathways:
            if pathway.name in pre or pathway.name in post:
                there = getattr(self.synapses, pathway.name)
                there.order = pathway.order
                there.when = "before_thresholds" if pathway.before_thresholds else "synapses"
                # Before the thresholds, events are those of the previous step.
                there.delay = (pathway.delay - (1.0 if pathway.before_thresholds else 0.0)) * d.dt * b2.ms

    def read(self) -> Synapses:
        """The current synapses."""
        if self.synapses is None or not self.projection.learns or self.projection.plasticity is None:
            return self.start
        limits = self.projection.plasticity.parameters
        weight = np.clip(np.array(self.synapses.w_syn[:], float), limits.W_min, limits.W_max)
        return Synapses(self.start.pre, self.start.post, weight, self.start.delay)

    def see(self, concentration: float) -> None:
        """Set the concentration of the synapses' modulator."""
        if self.synapses is not None:
            self.synapses.variables["n_syn"].get_value()[:] = concentration


def _texts(
    projection: Projection, group: Group | None, steps: np.ndarray, dt: float
) -> tuple[str, list[Pathway], Mapping[str, Any]]:
    """Equations, pathways and their constants. steps: (n,) delays from an event to its arrival."""
    if group is None:
        return "w_syn : 1", [Pathway("pre", ["n_post += w_syn"], steps, 1, before_thresholds=True)], {}

    release = _release(projection, dt)

    def arriving(weight: str) -> list[str]:
        """Statements at an arrival in the target, which receives the weight times the release factor."""
        amount = f"({weight}{release.factor} * {projection.unit})"
        return [*release.statements, *lines(replaced(group.arrival(projection.port), {"weight": amount}))]

    if projection.learns and projection.plasticity is not None:
        equations, pathways, namespace = _plastic_texts(projection, steps, arriving)
        return equations + release.equations, pathways, {**namespace, **release.namespace}
    pathway = Pathway("pre", arriving("w_syn"), steps, 1, before_thresholds=True)
    return "w_syn : 1" + release.equations, [pathway], release.namespace


@dataclass(frozen=True)
class _Release:
    """Short-term plasticity: statements that compute, at an arrival, the fraction `released` of the weight."""

    equations: str = ""
    statements: Sequence[str] = ()
    factor: str = ""
    namespace: Mapping[str, Any] = field(default_factory=dict)


def _release(projection: Projection, dt: float) -> _Release:
    if projection.synapse is None:
        return _Release()
    model, values = projection.synapse.model, projection.synapse.parameters._asdict()
    constants = model.constants(projection.synapse.parameters, dt)
    values |= {name: constants[name] for name in values if name in constants}  # a tau_fac of 0 is not divided by
    statements = lines(renamed(renamed(model.statements, model.state, _RELEASE), values, _GIVEN_RELEASE))
    return _Release(
        "".join(f"\n{name}{_RELEASE} : 1" for name in model.state) + "\nlast_arrival : second\n",
        ["interval = t - last_arrival", *statements, "last_arrival = t"],
        " * released",
        {name + _GIVEN_RELEASE: quantity(value, model.units[name]) for name, value in values.items()},
    )


def _plastic_texts(
    projection: Projection, steps: np.ndarray, arriving: Callable[[str], list[str]]
) -> tuple[str, list[Pathway], Mapping[str, Any]]:
    assert projection.plasticity is not None
    rule, modulator = projection.plasticity.rule, projection.plasticity.modulator
    values, own = projection.plasticity.parameters._asdict(), import_brian2().Equations(rule.equations).names
    namespace = {name + _GIVEN: quantity(value, rule.units[name]) for name, value in values.items()}

    def ours(text: str) -> str:
        return renamed(renamed(text, [*own, "n"], _OWN), values, _GIVEN)

    equations = ours(rule.equations)
    if modulator is not None:
        # The concentration decays within a step, too.
        equations += "\ndn_syn/dt = -n_syn / tau_n : 1 (clock-driven)\n"
        namespace["tau_n"] = quantity(modulator.tau_n, "ms")
    pre, post, back = lines(ours(rule.pre_statements)), lines(ours(rule.post_statements)), projection.dendritic_steps
    if not back:
        return equations, [
            Pathway("pre", [*pre, *arriving("w_syn")], steps, 1, before_thresholds=True),
            Pathway("post", post, 0.0, 2, from_target=True),
        ], namespace  # fmt: skip
    # The synapse is in the dendrite: events of both sides meet there, and the current weight travels on to the
    # soma. A post event that meets an arrival sees no trace of it, and leaves none for it (NEST's convention).
    traces = {trace.name + _OWN for trace in rule.post}
    equations += "\nentered : integer\nleft : integer\n" + "".join(f"on_way_{k} : 1\n" for k in range(back))
    enter = [f"on_way_{k} = on_way_{k} + int(entered % {back} == {k}) * (w_syn - on_way_{k})" for k in range(back)]
    leave = " + ".join(f"on_way_{k} * int(left % {back} == {k})" for k in range(back))
    return equations, [
        Pathway("post", [line for line in post if assigned(line) not in traces], float(back), 0, from_target=True),
        Pathway("pre", [*pre, *enter, "entered += 1"], steps - back, 1),
        Pathway("post_after", [line for line in post if assigned(line) in traces], float(back), 2, from_target=True),
        Pathway("arrive", [*arriving(f"({leave})"), "left += 1"], steps, 1, before_thresholds=True),
    ], namespace  # fmt: skip
