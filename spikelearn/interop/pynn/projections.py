"""Projections: PyNN's connectors list their synapses, which become projections of pairs in spikelearn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN import common, errors
from pyNN.space import Space
from pyNN.standardmodels.base import excitatory_receptor_types, inhibitory_receptor_types

from spikelearn.connectivity import Pairs
from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.synapses import StaticSynapse
from spikelearn.interop.pynn.values import alike
from spikelearn.steps import times_of

if TYPE_CHECKING:
    from spikelearn.interop.pynn.building import Built
    from spikelearn.network import Network


_MOST_GROUPS = 1000


class Connection(common.Connection):
    """One synapse of a projection. Its parameters are attributes, which can be set."""

    def __init__(self, parent: Projection, index: int) -> None:
        object.__setattr__(self, "parent", parent)
        object.__setattr__(self, "index", index)

    def __getattr__(self, name: str) -> Any:
        if name not in ("presynaptic_index", "postsynaptic_index") and name not in self.parent.names:
            raise AttributeError(f"a synapse of {self.parent.label!r} has no {name!r}; it has: {self.parent.names}")
        return self.parent.current(name)[self.index].item()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.parent.names:
            raise AttributeError(f"a synapse of {self.parent.label!r} has no {name!r}; it has: {self.parent.names}")
        self.parent.put(name, np.array([self.index]), np.array([float(value)]))

    def as_tuple(self, *names: str) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in names)

    @property
    def presynaptic_cell(self) -> Any:
        return self.parent.pre.all_cells[self.presynaptic_index]

    @property
    def postsynaptic_cell(self) -> Any:
        return self.parent.post.all_cells[self.postsynaptic_index]

    source, target = presynaptic_cell, postsynaptic_cell


@dataclass
class Group:
    """The synapses of a projection between two populations that are one projection in spikelearn, `made`.

    which: their indices among all synapses of the projection. factor: of a weight. tau_syn: ms, of their receptors.
    """

    made: Any
    which: Any
    factor: float
    tau_syn: np.ndarray


class Projection(common.Projection):
    __doc__ = common.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse
    _groups: list[Group]
    _changed: set[str]
    _learned: tuple[int, np.ndarray] | None
    """The weights that have been learned up to a step."""

    def __init__(
        self, presynaptic_population: Any, postsynaptic_population: Any, connector: Any, synapse_type: Any = None,
        source: Any = None, receptor_type: Any = None, space: Any = None, label: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            presynaptic_population, postsynaptic_population, connector, synapse_type, source, receptor_type,
            Space() if space is None else space, label,
        )  # fmt: skip
        if source is not None:
            raise NotImplementedError("source: spikelearn's cells for PyNN have one source of spikes each")
        self._listed: list[tuple[np.ndarray, int, dict[str, Any]]] = []
        self.forget()
        self.names = list(self.synapse_type.get_parameter_names())
        connector.connect(self)
        self._gather()
        self._check_delays(self._values["delay"])
        self._safe = connector.safe and "weight" in getattr(self.synapse_type, "parameter_checks", ())
        self._check_weights(self._values["weight"])
        simulator.state.projections.append(self)

    def _convergent_connect(
        self, presynaptic_indices: Any, postsynaptic_index: int, location_selector: Any = None, **parameters: Any
    ) -> None:
        if location_selector is not None:
            raise NotImplementedError("location_selector: spikelearn's cells for PyNN have no compartments")
        self._listed.append((np.asarray(presynaptic_indices, np.int64), postsynaptic_index, parameters))

    def _gather(self) -> None:
        """Make arrays of what the connector has listed."""
        sizes = np.array([len(pre) for pre, _, _ in self._listed], np.int64)
        nothing = np.zeros(0, np.int64)
        self.pre_index = np.concatenate([*(pre for pre, _, _ in self._listed), nothing])
        self.post_index = np.repeat(np.array([post for _, post, _ in self._listed], np.int64), sizes)
        self._values: dict[str, np.ndarray] = {}
        for name in self.names:
            parts = [each[name] for _, _, each in self._listed]
            if all(map(np.isscalar, parts)):
                self._values[name] = np.repeat(np.array(parts, float), sizes)
            else:
                parts = [np.broadcast_to(each, size) for each, size in zip(parts, sizes, strict=True)]
                self._values[name] = np.concatenate(parts).astype(float)
        self._listed = []

    def delays(self) -> np.ndarray:
        """(n,) ms, as they count: multiples of the time step on the grid."""
        return np.asarray(_on_grid(self._values["delay"]))

    def _check_delays(self, delays: np.ndarray) -> None:
        dt = simulator.state.dt
        wrong = delays[~(np.rint(delays / dt) >= 1.0)]
        if len(wrong):
            raise errors.ConnectionError(
                f"delay of {self.label}: expected at least one time step, {dt:g} ms, got {wrong[0]:g} ms"
            )

    def _check_weights(self, weights: np.ndarray) -> None:
        """The sign that PyNN asks for; of weights that are listed or set, it asks for none itself."""
        excites = self.post.conductance_based or self.receptor_type in excitatory_receptor_types
        if not self._safe or not (excites or self.receptor_type in inhibitory_receptor_types):
            return
        wrong = weights[weights < 0 if excites else weights > 0]
        if len(wrong):
            kind = "conductances" if self.post.conductance_based else f"{self.receptor_type} currents"
            raise errors.ConnectionError(
                f"weights of {self.label}: expected {'positive' if excites else 'negative'} ones for {kind}, "
                f"got {wrong[0]:g} (connectors with safe=False take any)"
            )

    def __len__(self) -> int:
        return len(self.pre_index)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [Connection(self, k) for k in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(f"{self.label} has {len(self)} synapses, not one of index {i}")
        return Connection(self, int(i) % len(self))

    @property
    def connections(self) -> Sequence[Connection]:
        """Its synapses, each with its parameters as attributes."""
        return _Connections(self)

    # What holds now, and what is set

    def current(self, name: str) -> np.ndarray:
        """(n,), the current values of a parameter in PyNN's units; or one of presynaptic_index, postsynaptic_index.

        Delays are those that count, the nearest multiples of the time step.
        """
        if name == "delay":
            return self.delays()
        if name == "presynaptic_index":
            return self.pre_index
        if name == "postsynaptic_index":
            return self.post_index
        if name == "weight" and self.synapse_type.plastic and self._groups:
            if self._learned is None or self._learned[0] != simulator.state.step:
                found = self._values[name].copy()
                for group in self._groups:
                    found[group.which] = self._net.weights(group.made) / group.factor
                self._learned = simulator.state.step, found
            return self._learned[1]
        return self._values[name]

    def put(self, name: str, which: np.ndarray, values: np.ndarray) -> None:
        """Set a parameter of some synapses, from the next run on."""
        if not np.all(np.isfinite(values)):
            raise errors.InvalidParameterValueError(f"{name} of {self.label}: expected finite values, got {values}")
        if name == "delay":
            self._check_delays(values)
        if name == "weight":
            self._check_weights(values)
            self.current(name)[which] = values
        self._values[name][which] = values
        self._changed.add(name)

    def _set_attributes(self, parameter_space: Any) -> None:
        parameter_space.shape = self.shape
        for name, value in parameter_space.items():
            values = value.evaluate(simplify=True)
            if np.ndim(values):
                values = np.broadcast_to(values, self.shape)[self.pre_index, self.post_index]
            values = np.broadcast_to(np.asarray(values, float), len(self))
            given = np.flatnonzero(~np.isnan(values))
            if name not in self.names:
                raise errors.NonExistentParameterError(name, type(self.synapse_type).__name__, self.names)
            self.put(name, given, values[given])

    def _set_initial_value_array(self, variable: str, value: Any) -> None:
        given = np.broadcast_to(np.asarray(value.evaluate(simplify=True), float), len(self))
        rest = self.synapse_type.at_rest(self._values)
        if variable not in rest or not np.allclose(given, rest[variable]):
            known = ", ".join(rest) or "none"
            raise NotImplementedError(
                f"initial values of {variable!r} of {self.label}: synapses of spikelearn begin at rest, and no other "
                f"values can be set; there are: {known}"
            )

    def _get_attributes_as_list(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        return list(zip(*(self.current(name).tolist() for name in names), strict=True))

    def _get_attributes_as_arrays(self, names: Sequence[str], multiple_synapses: str = "sum") -> list[np.ndarray]:
        found = []
        at = (self.pre_index, self.post_index)
        for name in names:
            values = self.current(name)
            made = np.full(self.shape, np.nan)
            if multiple_synapses == "last":
                made[at] = values
            elif multiple_synapses == "first":
                made[self.pre_index[::-1], self.post_index[::-1]] = values[::-1]
            else:
                operation, start = {
                    "sum": (np.add, 0.0), "min": (np.minimum, np.inf), "max": (np.maximum, -np.inf)
                }[multiple_synapses]  # fmt: skip
                made[at] = start
                operation.at(made, at, values)
            found.append(made)
        return found

    # In spikelearn

    def connect(self, built: Built) -> None:
        """Add its synapses to the network: those between two populations with the same shared parameters together."""
        self.forget()
        if not len(self):
            return
        self._net = built.net
        (pre_of, pre), (post_of, post) = (built.located(each) for each in (self.pre, self.post))
        pre_of, pre, post_of, post = (
            pre_of[self.pre_index], pre[self.pre_index], post_of[self.post_index], post[self.post_index]
        )  # fmt: skip
        synapse = self.synapse_type
        back = synapse.dendritic_steps(self)
        member = _groups([pre_of, post_of, back, *(self._values[name] for name in synapse.shared)])
        n_groups = int(member.max()) + 1
        if n_groups > _MOST_GROUPS:
            names = ", ".join(["dendritic delay", *synapse.shared])
            raise NotImplementedError(
                f"{self.label}: {n_groups:,} combinations of populations and of values of {names}; expected "
                f"{_MOST_GROUPS} at most, as each becomes a projection of its own"
            )
        for k in range(n_groups):
            which = slice(None) if n_groups == 1 else np.flatnonzero(member == k)
            source, target = (simulator.state.populations[each[which][0]] for each in (pre_of, post_of))
            port, factor = target.celltype.ports[self.receptor_type]
            if source.counted and not isinstance(synapse, StaticSynapse):
                raise NotImplementedError(
                    f"{self.label}: spikes of {source.label} may be several in one time step, which only static "
                    "synapses transmit; use a shorter time step"
                )
            values = self._of(which)
            factor = synapse.own_factor(factor)
            group = Group(None, which, factor, target.celltype.tau_syn(self.receptor_type, target, post[which]))
            group.made = built.net.connect(
                built.neurons[source], built.neurons[target], port=port, rule=Pairs(pre[which], post[which]),
                weight=synapse.weights(values, factor), **self._delays_of(which, int(back[which][0])),
                plasticity=synapse.plasticity(synapse.rule_parameters(values, factor)),
                synapse=synapse.short_term(synapse.synapse_parameters(values, group.tau_syn)),
                payload="count" if source.counted else None,
            )  # fmt: skip
            self._groups.append(group)

    def forget(self, keep_weights: bool = False) -> None:
        """Part with the network. keep_weights: whether what has been learned is what there is from now on."""
        if keep_weights:
            self._values["weight"] = self.current("weight")
        self._groups, self._changed, self._learned = [], set(), None

    def _of(self, which: Any) -> dict[str, np.ndarray]:
        """All parameters of some synapses, as they were set."""
        return {name: each[which] for name, each in self._values.items()}

    def _delays_of(self, which: Any, back: int) -> dict[str, Any]:
        dt = simulator.state.dt
        delays = _on_grid(alike(self._values["delay"][which]))
        if not back:
            return {"delay": delays}
        return {"axonal_delay": times_of(np.rint(delays / dt) - back, dt), "dendritic_delay": times_of(back, dt)}

    def set_values(self, net: Network) -> None:
        """Let the network have what was set."""
        changed, self._changed = self._changed, set()
        synapse = self.synapse_type
        for group in self._groups if changed else ():
            values = self._of(group.which)
            for name in {*synapse.shared, "dendritic_delay_fraction"} & changed:
                if np.any(values[name] != values[name][0]) or name == "dendritic_delay_fraction":
                    raise NotImplementedError(f"{name} of {self.label}: it cannot be set for some synapses after a run")
            others = synapse.rule_parameters(values, group.factor) if changed - {"weight", "delay"} else {}
            others |= synapse.synapse_parameters(values, group.tau_syn) if changed - {"weight", "delay"} else {}
            if others:
                net.set(group.made, **others)
            if changed & {"weight", "n"}:
                values["weight"] = self.current("weight")[group.which]
                net.set_weights(group.made, synapse.weights(values, group.factor))
            if "delay" in changed:
                if synapse.plastic:
                    raise NotImplementedError(
                        f"delay of {self.label}: that of plastic synapses cannot be set after a run"
                    )
                net.set(group.made, delay=_on_grid(alike(values["delay"])))


def _on_grid(delays: Any) -> Any:
    """Delays in ms as they count."""
    dt = simulator.state.dt
    return delays if simulator.state.exact else times_of(np.maximum(np.rint(delays / dt), 1.0), dt)


def _groups(keys: Sequence[np.ndarray]) -> np.ndarray:
    """(n,), the number of the group of each synapse; those of a group are alike in all keys."""
    member = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        if np.any(key != key[0]):
            _, own = np.unique(key, return_inverse=True)
            _, member = np.unique(member * (int(own.max()) + 1) + own, return_inverse=True)
    return member


class _Connections(Sequence[Connection]):
    def __init__(self, projection: Projection) -> None:
        self._of = projection

    def __len__(self) -> int:
        return len(self._of)

    def __getitem__(self, i: Any) -> Any:
        return self._of[i]

    def __iter__(self) -> Iterator[Connection]:
        return (Connection(self._of, k) for k in range(len(self._of)))
