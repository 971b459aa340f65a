"""Monitors of Brian2: what is recorded for them, and how they are filled."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.description import Population, Projection
from spikelearn.equations.python import to_python
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.groups import TakenGroup, runners_of
from spikelearn.interop.brian2.reading import (
    Names,
    array_of,
    check_place,
    described,
    from_si,
    place_of,
    rows_of_table,
    steps_of_clock,
    to_si,
    whole_group,
)
from spikelearn.interop.brian2.scope import Constants, Meaning, scope_of_group, scope_of_synapses
from spikelearn.interop.brian2.synapses import TakenSynapses
from spikelearn.results.sink import MemorySink

_AT_START = ("before_start", "start", "after_start", "before_groups")
_BEFORE_INPUT = ("thresholds", "after_thresholds", "before_synapses")
_AT_END = ("before_end", "end", "after_end", "after_resets")
"""Slots of Brian2 in which variables are what they are at the start of a step, after neurons have fired, or at its end.
"""


class Pending(MemorySink):
    """A sink that hands everything on to another one, and keeps it until monitors are filled. begun: whether a run has
    begun, so that there is something."""

    begun = False

    def __init__(self, sink: Any) -> None:
        super().__init__()
        self._sink = MemorySink() if sink is None else sink

    def begin(self, header: Any) -> None:
        super().begin(header)
        self.begun = True
        self._sink.begin(header)

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        super().spikes(name, kind, times, ids)
        self._sink.spikes(name, kind, times, ids)

    def trace(self, name: str, variable: str, times: np.ndarray, values: np.ndarray) -> None:
        super().trace(name, variable, times, values)
        self._sink.trace(name, variable, times, values)

    def flush(self, t_now: float) -> None:
        self._sink.flush(t_now)

    def end(self, *arguments: Any, **more: Any) -> None:
        self._sink.end(*arguments, **more)

    def spike_data(self) -> Any:
        return self._sink.spike_data()

    def trace_data(self) -> Any:
        return self._sink.trace_data()

    def taken(self) -> tuple[Any, Any]:
        """Spikes and traces since this was last called."""
        found = super().spike_data(), super().trace_data()
        for spikes in self._spikes.values():
            spikes.clear()
        for traces in self._traces.values():
            traces.clear()
        return found


@dataclass
class Monitor:
    """A monitor of Brian2. dt: of the network, ms. first, last: of the neurons among those of their population."""

    brian: Any
    dt: float
    of: str = ""
    first: int = 0
    last: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    """Variable -> the key of its recording."""

    def read(self, namespace: Mapping[str, Any]) -> None:
        """Read what external names mean now."""

    def note(self, step: int) -> None:
        """Note what it samples at the start of this step, if it does."""

    def fill(self, spikes: Mapping[Any, Any], traces: Mapping[Any, Any], steps: range) -> None:
        """Append what was recorded in these steps."""
        raise NotImplementedError

    def _append(self, name: str, values: np.ndarray) -> None:
        variable = self.brian.variables[name]
        before = len(variable.get_value())
        shape = before + len(values) if values.ndim == 1 else (before + len(values), values.shape[1])
        variable.resize(shape)
        variable.get_value()[before:] = values

    def _times(self, steps: np.ndarray) -> np.ndarray:
        """The times in s, as Brian2 computes them from the number of a step."""
        return steps * float(self.brian.clock.dt_ if len(steps) else 0.0)


class SpikesMonitored(Monitor):
    """A SpikeMonitor."""

    @classmethod
    def of_source(cls, net: Any, brian: Any, taken: TakenGroup, first: int, last: int) -> SpikesMonitored:
        made = cls(brian, net.dt, taken.population.name, first, last)
        if getattr(brian, "event", "spike") != "spike":
            raise DescriptionError(f"{described(brian)}: the event {brian.event!r} is not taken over, only spikes are")
        check_place(brian, "thresholds", None)
        for name in sorted(brian.record_variables - {"i", "t"}):
            if name in taken.state:
                recording = net.record(
                    taken.population[first:last], name, at="spike", when="input", name=brian.name
                )  # fmt: skip
                made.keys[name] = recording.key
            elif name not in taken.parameters:
                raise DescriptionError(f"{described(brian)}: {name!r} at spikes is not taken over, only variables are")
        return made

    def fill(self, spikes: Mapping[Any, Any], traces: Mapping[Any, Any], steps: range) -> None:
        found = spikes[self.of, "spike"]
        here = (found.ids >= self.first) & (found.ids < self.last)
        ids = found.ids[here] - self.first
        if "i" in self.brian.record_variables:
            stamps = np.round(found.times[here] / self.dt).astype(np.int64) - 1
            self._append("i", ids)
            self._append("t", self._times(stamps))
        for name in sorted(self.brian.record_variables - {"i", "t"}):
            variable = self.brian.variables[name]
            if name in self.keys:
                values = traces[self.of, self.keys[name]].values[:, 0]
                self._append(name, to_si(values, variable.dim, variable.dtype))
            else:
                self._append(name, array_of(self.brian.source.variables[name])[ids + self.first])
        self.brian.variables["count"].get_value()[:] += np.bincount(ids, minlength=self.last - self.first).astype(
            np.int32
        )
        number = self.brian.variables["N"]
        number.set_value(number.get_value()[0] + len(ids))


class RateMonitored(Monitor):
    """A PopulationRateMonitor."""

    def fill(self, spikes: Mapping[Any, Any], traces: Mapping[Any, Any], steps: range) -> None:
        found = spikes[self.of, "spike"]
        here = (found.ids >= self.first) & (found.ids < self.last)
        stamps = np.round(found.times[here] / self.dt).astype(np.int64) - 1 - steps.start
        counts = np.bincount(stamps, minlength=len(steps))
        self._append("rate", counts / float(self.brian.clock.dt_) / (self.last - self.first))
        self._append("t", self._times(np.arange(steps.start, steps.stop)))
        self.brian.variables["N"].set_value(len(self.brian.variables["t"].get_value()))


@dataclass
class Recorded:
    """A variable of a population or a projection that is recorded for a monitor. ids: those recorded there. columns: of
    the trace, one for each index of the monitor."""

    of: Any
    variable: str
    key: str
    ids: np.ndarray
    columns: np.ndarray


class StateMonitored(Monitor):
    """A StateMonitor. ids: of what it records, in its source. meanings: what each variable is; those of expressions in
    Brian2's syntax with canonical names, and what these mean. traces: canonical name -> Recorded. noted: what was
    sampled in the step that begins, before a network operation."""

    def __init__(
        self, net: Any, brian: Any, groups: Mapping[str, TakenGroup], synapses: TakenSynapses | None, namespace: Any
    ) -> None:
        super().__init__(brian, net.dt)
        self.net, self.groups, self.synapses = net, groups, synapses
        self.moment, self.every = self._moment()
        self.ids = np.asarray(brian.record, np.int64)
        self.traces: dict[str, Recorded] = {}
        self.noted: dict[str, np.ndarray] = {}
        self.expressions: dict[str, tuple[str, dict[str, Meaning]]] = {}
        self.read(namespace)
        for name, (_, used) in self.expressions.items():
            for meaning in used.values():
                if meaning.end in ("own", "pre", "post"):
                    self._record(meaning, f"{name!r} of {described(brian)}")

    def read(self, namespace: Mapping[str, Any]) -> None:
        source, self.constants = self.brian.source, Constants()
        if self.synapses is None:
            group, self.first, self.last = whole_group(source)
            scope = scope_of_group(group, "post", Names(group, described(group), namespace), self.constants, True)
        else:
            scope = scope_of_synapses(source, Names(source, described(source), namespace), self.constants)
        for name in self.brian.record_variables:
            what, used = f"{name!r} of {described(self.brian)}", dict[str, Meaning]()
            tree = scope.in_place(ast.Name(name, ast.Load()), what, used)
            self.expressions[name] = ast.unparse(tree), used

    def _moment(self) -> tuple[str, int]:
        when, every = self.brian.when, steps_of_clock(self.brian, self.dt * 1e-3)
        moment = (
            "start" if when in _AT_START else "input" if when in _BEFORE_INPUT else "end" if when in _AT_END else ""
        )
        if not moment or (every > 1 and moment != "start"):
            own = f", dt={self.brian.clock.dt!s}" if every > 1 else ""
            raise DescriptionError(f"{described(self.brian)}: when={when!r}{own} is not taken over")
        return moment, every

    def _record(self, meaning: Meaning, what: str) -> None:
        """Record what a name means, unless it never changes or is recorded for this monitor already."""
        if meaning.canonical in self.traces or not len(self.ids):
            return
        ids = self._ids_of(meaning)
        if meaning.linked:
            ids = self._linked(meaning, ids, what)
        of, more = self._part(meaning), dict[str, Any]()
        if of is None:
            return
        if isinstance(of, Projection):
            if self.moment != "start":
                raise DescriptionError(f"{what}: when={self.brian.when!r} is not taken over for synapses")
            more = {"synapses": np.unique(ids)}
        part = of if more else of[np.unique(ids)]
        made = self.net.record(
            part,
            meaning.variable.name,
            every=self.every * self.dt,
            when=self._when(meaning.variable.owner),
            name=f"{self.brian.name}_{meaning.end}",
            **more,
        )
        found, columns = np.unique(ids, return_inverse=True)
        self.traces[meaning.canonical] = Recorded(of, meaning.variable.name, made.key, found, columns.reshape(-1))

    def _when(self, owner: Any) -> str:
        """When the engine takes samples: before what a group does regularly, or after it."""
        if self.moment != "start" or not hasattr(owner, "thresholder"):
            return self.moment
        before = {place_of(self.brian) < place_of(runner) for runner, _ in runners_of(owner)}
        if len(before) > 1:
            raise DescriptionError(
                f"{described(self.brian)}: Brian2 has it between two run_regularly of {owner.name!r}, by order and "
                "name, which is not taken over; expected another order or name"
            )
        return "beginning" if before == {True} else "start"

    def _ids_of(self, meaning: Meaning) -> np.ndarray:
        """The neurons or synapses whose variable is recorded."""
        if meaning.end == "own" or self.synapses is None:
            return self.ids + self.first
        return array_of(self.brian.source.variables[f"_synaptic_{meaning.end}"])[self.ids].astype(np.int64)

    def _linked(self, meaning: Meaning, ids: np.ndarray, what: str) -> np.ndarray:
        """The neurons whose variable the linked one of neurons `ids` is."""
        group = whole_group(self.brian.source)[0]
        if self.synapses is not None or meaning.variable.owner.id not in self.groups:
            raise DescriptionError(f"{what}: a (linked) variable of neurons is recorded of these only")
        if self._part(meaning) is None:
            raise DescriptionError(
                f"{what}: a (linked) variable that is a parameter or an expression there is not taken over; record "
                f"{meaning.variable.name!r} of {meaning.variable.owner.name!r}"
            )
        index = group.variables.indices[meaning.name]
        if index in ("_idx", "0"):
            return ids if index == "_idx" else np.zeros_like(ids)
        return array_of(group.variables[index]).astype(np.int64)[ids]

    def _part(self, meaning: Meaning) -> Any:
        """The population or projection that has a variable; None if it does not change."""
        if meaning.end == "own":
            taken = self.synapses
            return taken.projection if taken is not None and meaning.name in taken.state else None
        taken_group = self.groups[meaning.variable.owner.id]
        return taken_group.population if meaning.variable.name in taken_group.state else None

    def note(self, step: int) -> None:
        """Note what it samples in this step now, before a network operation that Brian2 calls after it."""
        if self.moment != "start" or step % self.every != 0:
            return
        for _, used in self.expressions.values():
            for name, meaning in used.items():
                if name in self.traces:
                    of = self.traces[name]
                    size = len(of.of) if isinstance(of.of, Projection) else of.of.size
                    self.noted[name] = np.broadcast_to(self.net.get(of.of, of.variable), size)[of.ids][of.columns]
                elif meaning.end in ("own", "pre", "post"):
                    self.noted[name] = self._fixed(meaning)

    def _fixed(self, meaning: Meaning) -> np.ndarray:
        """What a variable that does not change within a run is now, of all that is recorded."""
        array = array_of(meaning.variable)
        return from_si(
            np.full(len(self.ids), array[0]) if len(array) == 1 else array[self._ids_of(meaning)], meaning.dimension
        )

    def fill(self, spikes: Mapping[Any, Any], traces: Mapping[Any, Any], steps: range) -> None:
        stamps = np.arange(steps.start, steps.stop)
        stamps = stamps[stamps % self.every == 0]
        values = {name: traces[r.of.name, r.key].values[:, r.columns] for name, r in self.traces.items()}
        fixed = {n: m for _, used in self.expressions.values() for n, m in used.items() if n not in values}
        for name, meaning in fixed.items():
            if meaning.end in ("own", "pre", "post"):
                values[name] = np.broadcast_to(self._fixed(meaning), (len(stamps), len(self.ids)))
        values |= {name: np.concatenate([row[None, :], values[name][1:]]) for name, row in self.noted.items()}
        self.noted = {}
        for name, (text, used) in self.expressions.items():
            variable = self.brian.variables[name]
            found = self._evaluate(text, used, values, stamps) if len(self.ids) else np.zeros((len(stamps), 0))
            self._append(name, to_si(found, variable.dim, variable.dtype))
        self._append("t", stamps // self.every * float(self.brian.clock.dt_))
        self.brian.variables["N"].set_value(len(self.brian.variables["t"].get_value()))

    def _evaluate(
        self, text: str, used: Mapping[str, Meaning], values: Mapping[str, np.ndarray], stamps: np.ndarray
    ) -> np.ndarray:
        known: dict[str, Any] = {"np": np, "abs": np.abs}
        for canonical, meaning in used.items():
            if meaning.end == "constant":
                known[canonical] = self.constants.values[canonical]
            elif meaning.end == "more":
                known[canonical] = self._more(meaning.name, stamps)
            elif meaning.end == "table":
                values_now = meaning.variable.values[rows_of_table(meaning.variable, stamps, self.dt * 1e-3)]
                values_now = values_now[:, None] if values_now.ndim == 1 else values_now[:, self.ids + self.first]
                known[canonical] = from_si(values_now, meaning.dimension)
            else:
                known[canonical] = values[canonical]
        found = eval(to_python(text, {name: name for name in used}, "numpy"), known)
        return np.broadcast_to(np.asarray(found, np.float64), (len(stamps), len(self.ids)))

    def _more(self, name: str, stamps: np.ndarray) -> Any:
        if name in ("t", "dt"):
            return (stamps * self.dt)[:, None] if name == "t" else self.dt
        if self.synapses is None:
            return (self.ids + self.first).astype(np.float64)[None, :]
        end = {"i": "pre", "j": "post"}.get(name)
        if end is None:
            return float(array_of(self.brian.source.variables[name])[0])
        return array_of(self.brian.source.variables[f"_synaptic_{end}"])[self.ids].astype(np.float64)[None, :]


def take_monitors(
    net: Any,
    objects: Sequence[Any],
    groups: Mapping[str, TakenGroup],
    synapses: Mapping[str, TakenSynapses],
    namespace: Any,
) -> list[Monitor]:
    """All monitors, with what is recorded for them."""
    found: list[Monitor] = []
    wanted: dict[str, list[np.ndarray]] = {}
    for brian in objects:
        kind = type(brian).__name__
        if kind == "StateMonitor" and type(brian.source).__name__ == "Synapses":
            found.append(StateMonitored(net, brian, groups, synapses[brian.source.id], namespace))
            continue
        group, first, last = whole_group(brian.source)
        if group.id not in groups:
            raise DescriptionError(f"{described(brian)}: its source {group.name!r} is not in the network")
        taken = groups[group.id]
        if kind == "StateMonitor":
            found.append(StateMonitored(net, brian, groups, None, namespace))
            continue
        if kind == "PopulationRateMonitor":
            check_place(brian, "end", 0)
            found.append(RateMonitored(brian, net.dt, taken.population.name, first, last))
        else:
            found.append(SpikesMonitored.of_source(net, brian, taken, first, last))
        wanted.setdefault(group.id, []).append(np.arange(first, last))
    for group_id, ids in wanted.items():
        population: Population = groups[group_id].population
        wanted_ids = np.unique(np.concatenate(ids))
        recorded = [each.ids for each in net._recordings if each.of is population and each.key == "spike"]
        if not recorded or not np.all(np.isin(wanted_ids, recorded[0])):
            net.record(population[wanted_ids], "spikes")
    return found
