"""Views of neurons that do not follow one another, `cells[::2]`, `cells[mask]` or `cells[[1, 5, 7]]`.

A projection between such views is one of `Pairs` between their whole populations: the rule makes its pairs among the
neurons of the views, as if these were populations of their own, and the numbers of neurons are put in their place.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spikelearn.connectivity import ConnectionRule, Endpoints
from spikelearn.description.checks import check_array, check_by_distance
from spikelearn.description.distributions import Drawn, drawn, from_text
from spikelearn.description.population import Modulator, Population, View, whole
from spikelearn.description.projection import Projection
from spikelearn.description.receiver import Receiver
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect
from spikelearn.sources import NoiseCurrent, PoissonInput, StepCurrent
from spikelearn.synapses import Synapse

_DELAYS = ("delay", "axonal_delay")


def is_scattered(neurons: Any) -> bool:
    """Whether it is a view of neurons that do not follow one another."""
    return isinstance(neurons, View) and not neurons.contiguous


def _checked_ids(view: View, where: str) -> np.ndarray:
    """The ids of a view, each of them once. Raises DescriptionError for none, or for one that occurs twice."""
    if len(view.ids) == 0:
        raise DescriptionError(f"{where}: a view of {view.name!r} has no neurons")
    ids, counts = np.unique(view.ids, return_counts=True)
    if len(ids) < len(view.ids):
        raise DescriptionError(
            f"{where}: neuron {ids[np.argmax(counts)]} occurs {counts.max()} times in a view of {view.name!r}, "
            "expected each once"
        )
    return view.ids


def between_whole(
    source: Population | View, target: Population | View | Modulator, receiver: Receiver, given: Mapping[str, Any],
    seed: tuple[int, int], least: float, listed: Callable[[Projection], Any], name: str,
) -> dict[str, Any]:  # fmt: skip
    """The arguments rule, weight, delay, axonal_delay and synapse of `connect` that make the same synapses between
    whole populations.

    given: these arguments between the views. receiver: the whole target. seed: of the network, and the uid of the
    projection. least: the shortest delay that may be drawn, ms. listed: function(projection) -> its Synapses. name: of
    the projection.
    Raises DescriptionError, ParameterError or UnitError.
    """
    from spikelearn.connectivity import Pairs

    where, rule = f"projection {name!r}", given["rule"]
    sources, targets = _ids(source, where), _ids(target, where)
    same = whole(source) is receiver.target
    own = _places(targets, sources) if same else np.full(len(targets), -1)
    ends = Endpoints(
        n_source=len(sources),
        n_target=len(targets),
        shared=np.flatnonzero(own >= 0).tolist(),
        seed=seed,
        where=where,
        source_positions=source.positions,
        target_positions=None if isinstance(target, Modulator) else target.positions,
        source_period=whole(source).period,
        target_period=receiver.period,
        own=own,
    )
    rows = rule.rows(ends)
    if same and not getattr(rule, "autapses", True):
        rows = replace(rows, own=_places(sources, targets) if rule.by_source else own)
    units = {"weight": receiver.unit} | {each: "ms" for each in _DELAYS if given[each] is not None}
    values = {}
    for each, unit in units.items():
        what = f"{each} of {where}"
        values[each] = drawn(from_text(given[each], unit, what, ends), unit, what)
        check_array(rule, values[each].values, rows, len(sources), len(targets), what)
        check_by_distance(values[each], ends, what)
    delay = next((values[each] for each in _DELAYS if each in values), Drawn(connect.CONSTANT, least))
    if delay.low == -np.inf and not delay.constant and delay.values is None:
        delay = replace(delay, low=least if delay.function is None else least * (1.0 - 1e-9))
    by_distance = any(value.profile is not None for value in values.values())
    pairs = listed(
        Projection(
            name=name, source=whole(source), source_first=0, source_size=len(sources), target=receiver.target,
            target_first=0, target_size=len(targets), port=receiver.port, unit=receiver.unit, on="", rule=rule,
            rows=rows, weight=values["weight"], axonal=delay, dendritic_steps=0, plasticity=None, synapse=None,
            plastic=False, learns_from="", autapses=True, uid=seed[1], space=ends.space if by_distance else None,
        )
    )  # fmt: skip
    found = dict(given) | {"rule": Pairs(sources[pairs.pre], targets[pairs.post])}
    for each, value in values.items():
        explicit = np.array(pairs.weight if each == "weight" else pairs.delay, float)
        if value.constant:
            found[each] = value
        elif len(explicit):
            found[each] = Drawn(connect.ARRAY, 0.0, values=explicit, nearest=value.values is None)
        else:
            found[each] = Drawn(connect.CONSTANT, least)
    found["synapse"] = _of_pairs(given["synapse"], rule, rows, pairs)
    return found


def _ids(neurons: Population | View | Modulator, where: str) -> np.ndarray:
    return _checked_ids(neurons, where) if isinstance(neurons, View) else np.arange(neurons.size)


def _places(neurons: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where each neuron is among others, -1 if it is not."""
    order = np.argsort(among)
    place = order[np.minimum(np.searchsorted(among, neurons, sorter=order), len(among) - 1)]
    return np.where(among[place] == neurons, place, -1).astype(np.int64)


def _of_pairs(synapse: Any, rule: ConnectionRule, rows: Any, pairs: Any) -> Any:
    """A synapse whose arrays of parameters are those of listed pairs."""
    if not isinstance(synapse, Synapse):
        return synapse
    values = {name: getattr(synapse.parameters, name) for name in synapse.varying}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    if rule.arrays == "pairs":
        arrays = {name: value[pairs.pre, pairs.post] for name, value in arrays.items()}
    elif rule.arrays == "rows" and rows.owners is None:
        arrays = {name: value[pairs.pre if rule.by_source else pairs.post] for name, value in arrays.items()}
    return replace(synapse, parameters=synapse.parameters._replace(**arrays))


def spread(source: Any, view: View, where: str) -> Any:
    """A drive of the neurons of a view as one of their whole population: 0 for those that are not among them.

    Raises DescriptionError for a number of values other than one or one for each of the neurons.
    """
    if not isinstance(source, PoissonInput | StepCurrent | NoiseCurrent):
        return source
    ids, made = _checked_ids(view, where), copy.copy(source)
    if isinstance(made, NoiseCurrent):
        made.among = ids
        return made
    if getattr(made, "function", None) is not None:
        raise DescriptionError(f"{where}: a rate that is a function of time needs a contiguous view, population[10:20]")
    name = "rates" if isinstance(made, PoissonInput) else "values"
    given = getattr(made, name)
    if given.shape[1] not in (1, len(ids)):
        raise DescriptionError(f"{where}: expected one value or {len(ids)}, one per neuron, got {given.shape[1]}")
    values = np.zeros((len(given), view.population.size))
    values[:, ids] = given
    setattr(made, name, values)
    return made
