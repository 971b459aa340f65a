"""What may be added to a network that has run, and what may be set in one: new descriptions of its parts, checked."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from spikelearn.description.checks import (
    check_array,
    check_delays,
    check_drive,
    check_plasticity,
    check_sizes,
    check_synapse,
)
from spikelearn.description.distributions import Distribution, Drawn, drawn, sample
from spikelearn.description.drawn_parameters import with_drawn_parameters
from spikelearn.description.grid import check_durations
from spikelearn.description.population import Modulator, Population, View, whole
from spikelearn.description.projection import Drive, Projection, Release
from spikelearn.description.readout import Readout, filter_of, learning_steps
from spikelearn.description.scattered import spread
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.neurons import Neuron
from spikelearn.parameters import suggest
from spikelearn.plasticity import Plasticity
from spikelearn.sources import CorrelatedPoisson, NoiseCurrent, Poisson, PoissonInput, SpikeList, StepCurrent
from spikelearn.steps import times_of
from spikelearn.synapses import Synapse
from spikelearn.timed import Timed
from spikelearn.units import plain


def check_not_past(added: Any, step: int, dt: float) -> None:
    """Raise DescriptionError if a part that is added after `step` has spikes or releases up to then."""
    if isinstance(added, Release):
        times, what = np.asarray(times_of(added.steps, dt)), f"times of release of {added.modulator.name!r}"
    elif isinstance(added, Population) and isinstance(added.model, SpikeList):
        times, what = added.model.times, f"times of SpikeList of population {added.name!r}"
    else:
        return
    check_future(times, step, dt, what)


def check_future(times: np.ndarray, step: int, dt: float, what: str) -> None:
    """Raise DescriptionError if one of these times, in ms, is not after `step`."""
    past = np.flatnonzero(times < (step + 0.5) * dt)
    if step > 0 and len(past) > 0:
        raise DescriptionError(
            f"{what}: the network has run to {times_of(step, dt):g} ms; expected later times, got "
            f"{times[past[0]]:g} ms at index {past[0]}"
        )


def check_names(given: Iterable[str], known: Collection[str], where: str) -> None:
    """Raise DescriptionError for a name that is not known."""
    for name in given:
        if name not in known:
            raise DescriptionError(
                f"{where}: there is no {name!r}{suggest(name, known)}; it has: {', '.join(known) or 'nothing'}"
            )


def changed_neuron(
    part: Population | View, values: Mapping[str, Any], seed: tuple[int, ...], dt: float, on_grid: bool
) -> Neuron:
    """The neuron of a population with other parameters for these of its cells.

    seed: that of what is drawn from distributions, as of a population that is made. on_grid: whether they run in steps
    of dt.
    """
    population = whole(part)
    neuron: Neuron = population.model
    known: dict[str, Any] = neuron.parameters._asdict() | dict(neuron.timed)
    given = {}
    for k, name in enumerate(neuron.parameters._fields):
        if name not in values:
            continue
        value, unit, what = values[name], neuron.model.units[name], f"{name} of population {population.name!r}"
        if isinstance(part, View):
            if isinstance(value, Distribution):
                value = sample(drawn(value, unit, what), part.size, np.random.default_rng([*seed, k]))
            if isinstance(value, Timed) or isinstance(known[name], Timed):
                raise DescriptionError(f"{what}: it changes in time; expected values of all its neurons at once")
            new = np.asarray(plain(value, unit, what))
            if new.shape not in ((), (part.size,)):
                raise DescriptionError(f"{what}: expected one value or {part.size}, one per neuron, got {new.shape}")
            value = np.array(np.broadcast_to(known[name], population.size), np.float64)
            value[part.ids] = new
        given[name] = value
    made: Neuron = neuron.model(**known | given)
    made = with_drawn_parameters(made, population.size, seed, f"population {population.name!r}")
    still_drawn = [(name, each) for name, each in neuron.drawn if name not in given]
    made = replace(made, drawn=(*still_drawn, *made.drawn))
    check_sizes(population.name, population.size, made, dt)
    if on_grid and not given.keys().isdisjoint(neuron.model.durations):
        check_durations(population.name, made, dt)
    return made


def changed_source(part: Population | View, values: Mapping[str, Any], rates: np.ndarray, dt: float) -> Any:
    """The source of a population with other rates or spike times. rates: (size,), those that it has now."""
    population, model = whole(part), whole(part).model
    where, view = f"population {population.name!r}", isinstance(part, View)
    if isinstance(model, SpikeList):
        if view:
            raise DescriptionError(f"set of {where}: expected times of all its neurons at once, got a view")
        if "times" not in values:
            raise DescriptionError(f"ids of {where}: expected times too")
        made: Any = SpikeList(values["times"], values.get("ids"), values.get("values"))
        if made.payloads.keys() != model.payloads.keys():
            carried = " and ".join(map(repr, model.payloads)) or "no values"
            raise DescriptionError(f"times of {where}: its spikes carry {carried}; expected the same with other times")
    elif type(model) in (Poisson, CorrelatedPoisson):
        rate = values.get("rate", rates)
        if view:
            if model.values.shape[0] > 1 or model.function is not None:
                raise DescriptionError(
                    f"rate of {where}: it changes in time; expected rates of all its neurons at once"
                )
            new = np.asarray(plain(rate, "Hz", f"rate of {where}"))
            if new.shape not in ((), (part.size,)):
                raise DescriptionError(
                    f"rate of {where}: expected one value or {part.size}, one per neuron, got {new.shape}"
                )
            rate = np.array(rates)
            rate[part.ids] = new
        made = Poisson(rate)
        if isinstance(model, CorrelatedPoisson):
            groups = model.n_groups if model.group is None else model.group
            made = CorrelatedPoisson(rate, values.get("correlation", model.correlation), groups)
    else:
        raise DescriptionError(
            f"set of {where}: {type(model).__name__} cannot be changed; expected Poisson or SpikeList"
        )
    check_sizes(population.name, population.size, made, dt)
    return made


def changed_plasticity(projection: Projection, values: Mapping[str, Any]) -> Plasticity:
    """The plasticity of a projection with other parameters of its rule."""
    plasticity = projection.plasticity
    assert plasticity is not None
    first = [] if plasticity.modulator is None else [plasticity.modulator]
    known = plasticity.parameters._asdict() | ({"every": plasticity.every} if plasticity.every else {})
    made: Plasticity = plasticity.rule(*first, **known | values)
    check_synapse(
        None, projection.rule, projection.rows, projection.source_size, projection.target_size, made,
        f"projection {projection.name!r}",
    )  # fmt: skip
    return made


def check_limits(projection: Projection, plasticity: Plasticity, weights: np.ndarray, dt: float) -> None:
    """Raise ParameterError if weights, now or as it was connected, are beyond the limits of its rule."""
    where, limits = f"projection {projection.name!r}", plasticity.parameters
    wrong = np.flatnonzero((weights < limits.W_min) | (weights > limits.W_max))
    if len(wrong):
        raise ParameterError(
            f"weight of {where}: expected {limits.W_min:g} to {limits.W_max:g}, the limits W_min and W_max of "
            f"{plasticity.rule.name}, but {len(wrong):,} are beyond, such as {weights[wrong[0]]:g} at index "
            f"{wrong[0]}; set_weights changes them"
        )
    modulators = [] if plasticity.modulator is None else [plasticity.modulator]
    check_plasticity(
        projection.source, projection.target, projection.port, plasticity, projection.synapse, projection.learns_from,
        projection.weight, projection.dendritic_steps * dt, modulators, where,
    )  # fmt: skip


def changed_synapse(projection: Projection, values: Mapping[str, Any]) -> Synapse:
    """The synapse of a projection with other parameters."""
    synapse = projection.synapse
    assert synapse is not None
    made: Synapse = synapse.model(**synapse.parameters._asdict() | values)
    check_synapse(
        made, projection.rule, projection.rows, projection.source_size, projection.target_size, projection.plasticity,
        f"projection {projection.name!r}",
    )  # fmt: skip
    return made


def statement_values(projection: Projection, values: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of synapses that run statements, (n,) each, and their constants, as numbers."""
    model, n, found = projection.statements, len(projection), dict[str, Any]()
    for name, value in values.items():
        where = f"{name} of {name_of(projection)}"
        numbers = np.asarray(plain(value, model.state.get(name, "1"), where), np.float64)
        expected = ((), (n,)) if name in model.state else ((),)
        if numbers.shape not in expected or not np.all(np.isfinite(numbers)):
            more = f", or one for each of {n} synapses" if name in model.state else ""
            raise ParameterError(f"{where}: expected one finite number{more}, got {reprlib.repr(value)}")
        found[name] = np.broadcast_to(numbers, n).copy() if name in model.state else float(numbers)
    return found


def changed_delay(projection: Projection, delay: Any, dt: float) -> Drawn:
    """Other axonal delays of a projection."""
    where, back = f"projection {projection.name!r}", projection.dendritic_steps * dt
    found, _ = check_delays(None, delay, back if back else None, dt, where)
    if found.profile is not None:
        raise DescriptionError(f"delay of {where}: expected numbers or a distribution, not a function of the distance")
    check_array(
        projection.rule, found.values, projection.rows, projection.source_size, projection.target_size,
        f"delay of {where}",
    )  # fmt: skip
    return found


DRIVES: Mapping[type, tuple[str, ...]] = {
    PoissonInput: ("rate", "n"),
    StepCurrent: ("times", "values"),
    NoiseCurrent: ("mean", "std", "tau", "interval"),
}
"""Kind of drive -> what it is made with."""


def given_to(source: Any) -> dict[str, Any]:
    """What a PoissonInput, StepCurrent or NoiseCurrent was made with, as far as it can be read."""
    if isinstance(source, PoissonInput) and source.function is not None:
        return {"rate": source.function.given, "n": source.n}
    if isinstance(source, PoissonInput):
        rate = source.rates[0] if source.rates.shape[1] > 1 else float(source.rates[0, 0])
        return {"rate": rate, "n": source.n}
    if isinstance(source, StepCurrent):
        values = source.values[:, 0] if source.values.shape[1] == 1 else source.values
        return {"times": source.times, "values": values}
    return {name: getattr(source, name) for name in DRIVES[NoiseCurrent]}


def changed_drive(drive: Drive, values: Mapping[str, Any], dt: float) -> dict[str, Any]:
    """Attributes of a drive that change."""
    source, where = drive.source, f"drive of {drive.target.name!r}"
    given = {name: value for name, value in values.items() if name != "weight"}
    if given:
        timed = isinstance(source, PoissonInput) and (len(source.rates) > 1 or source.function is not None)
        if timed and "rate" not in given:
            raise DescriptionError(f"n of {where}: its rate changes in time; expected the rate too")
        known = given_to(source)
        if isinstance(source, NoiseCurrent):
            known |= {"distribution": "uniform" if source.uniform else "normal"}
        stays_averaged = isinstance(source, StepCurrent) and source.averaged and "times" not in given
        before, source = source, type(source)(**known | given)
        if isinstance(source, NoiseCurrent):
            source.among = before.among
        elif drive.ids is not None and not {"rate", "values"}.isdisjoint(given):
            source = spread(source, View(drive.target, drive.ids), where)
        if stays_averaged:
            source.averaged = True
    weight = values.get("weight", drive.weight if isinstance(source, PoissonInput) else None)
    _, number = check_drive(drive.target, drive.size, source, drive.port, weight, dt, where)
    return {"source": source, "weight": number}


def learning_names(readout: Readout) -> tuple[str, ...]:
    """Parameters of a readout: of how it learns, and of its filter."""
    learning = () if readout.learning is None else tuple(each.name for each in fields(readout.learning))  # type: ignore[arg-type]
    return learning + (() if readout.filter.variable else ("tau", "tau_rise"))


def changed_readout(readout: Readout, values: Mapping[str, Any], started: bool, dt: float) -> dict[str, Any]:
    """Attributes of a readout that change."""
    where, changed = f"readout {readout.name!r}", dict[str, Any]()
    filtered = {name: values[name] for name in ("tau", "tau_rise") if name in values}
    learned = {name: value for name, value in values.items() if name not in filtered}
    if started and "P0" in learned:
        raise DescriptionError(f"P0 of {where}: it has begun with another; expected it before the first run")
    if filtered:
        before = readout.filter
        known = {"tau": before.tau, "tau_rise": before.tau_rise or None} | filtered
        made = filter_of(readout.population, before.on, known["tau"], known["tau_rise"], None, where)
        if started and bool(made.tau_rise) != bool(before.tau_rise):
            raise DescriptionError(
                f"tau_rise of {where}: a filter that rises has another trace; expected it before the first run"
            )
        changed["filter"] = made
    if learned:
        learning: Any = replace(readout.learning, **learned)  # type: ignore[type-var]
        changed |= {"learning": learning, "steps": learning_steps(learning, dt, where)}
    return changed


def name_of(part: Any) -> str:
    """What messages call a part of a network."""
    if isinstance(part, Drive):
        return f"drive of {part.target.name!r}"
    kinds = {Population: "population", View: "population", Projection: "projection", Modulator: "modulator"}
    return f"{kinds.get(type(part), 'readout')} {part.name!r}"
