"""Sources and drives in NEST: generators replay the draws of spikelearn, or NEST's own generators draw."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from spikelearn.backends.nest.neurons import check_sign, mapping_of
from spikelearn.backends.unsupported import unsupported
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive
from spikelearn.sources import CorrelatedPoisson, GammaProcess, NoiseCurrent, Poisson, PoissonInput, PoissonWithDeadTime
from spikelearn.steps import MOST_STEPS, steps_of

_LIKELIEST = 0.05
"""Probability of a spike per step above which NEST's generators, which may fire twice per step, differ visibly."""


def is_native(what: Any) -> bool:
    """Whether NEST has a generator for this drive."""
    return isinstance(what, Poisson | PoissonInput | NoiseCurrent)


def create_source(nest: ModuleType, population: Population, d: NetworkDescription, lead: int, native: bool) -> Any:
    """Nodes that emit the spikes of a population of sources."""
    if not native or not is_native(population.model):
        return nest.Create("spike_train_injector", population.size)
    model = population.model
    if isinstance(model, CorrelatedPoisson | GammaProcess | PoissonWithDeadTime) or model.function is not None:
        what = model.name if model.function is None else f"{model.name} with a function of time"
        raise unsupported(
            f"population {population.name!r} ({what})", "NEST with native_sources=True",
            "its generators of such trains are others", "native_sources=False can",
        )  # fmt: skip
    if model.values.max() * d.dt * 1e-3 > _LIKELIEST:
        raise unsupported(
            f"population {population.name!r} (Poisson)", "NEST with native_sources=True",
            f"its generators may fire twice in a step, which matters above {_LIKELIEST / d.dt * 1e3:g} Hz, got "
            f"{model.values.max():g} Hz", "native_sources=False can",
        )  # fmt: skip
    nodes = nest.Create("parrot_neuron", population.size)
    generators = _poisson(nest, model, model.values, population.size, d.dt, lead)
    rule = "one_to_one" if len(generators) == population.size else "all_to_all"
    nest.Connect(generators, nodes, rule, {"delay": d.dt})
    return nodes


def connect_generators(nest: ModuleType, population: Population, port: str, nodes: Any, dt: float) -> Any:
    """Generators, one per neuron, that replay arrivals at a port."""
    generators = nest.Create("spike_generator", population.size)
    synapse = {"weight": 1.0, "delay": dt, "receptor_type": mapping_of(population).ports[port].receptor}
    nest.Connect(generators, nodes, "one_to_one", synapse)
    return generators


def feed(nodes: Any, times: np.ndarray, ids: np.ndarray, weights: np.ndarray | None = None) -> None:
    """Schedule the node `ids` (n,) to emit at `times` (n,), ms, all not yet emitted."""
    order = np.lexsort((times, ids))
    splits = np.searchsorted(ids[order], np.arange(1, len(nodes)))
    values = [{"spike_times": part} for part in np.split(times[order], splits)]
    if weights is not None:
        for value, part in zip(values, np.split(weights[order], splits), strict=True):
            value["spike_weights"] = part
    nodes.set(values)


def connect_native_drive(
    nest: ModuleType, drive: Drive, nodes: Any, d: NetworkDescription, lead: int, delay: int
) -> None:
    """Connect a NEST generator to neurons, with a delay in steps."""
    targets = nodes[drive.first : drive.first + drive.size]
    some = getattr(drive.source, "among", None) is not None
    if some or getattr(drive.source, "function", None) is not None:
        why = "it drives neurons that do not follow one another" if some else "its rate is a function of time"
        what = f"drive of {drive.target.name!r}"
        raise unsupported(what, "NEST with native_sources=True", why, "native_sources=False can")
    if isinstance(drive.source, PoissonInput):
        where = mapping_of(drive.target).ports[drive.port]
        weight = drive.weight * where.scale(d.dt)
        check_sign(drive.target, drive.port, np.array([weight]), f"drive of {drive.target.name!r}")
        source = drive.source
        generators = _poisson(nest, source, source.rates * source.n, drive.size, d.dt, lead)
        synapse = {"weight": weight, "delay": delay * d.dt, "receptor_type": where.receptor}
    else:
        generators = nest.Create("noise_generator", params=_noise(drive, d.dt, lead))
        synapse = {"delay": d.dt}
    rule = "one_to_one" if len(generators) == drive.size else "all_to_all"
    nest.Connect(generators, targets, rule, synapse)


def _noise(drive: Drive, dt: float, lead: int) -> dict[str, float]:
    source = drive.source
    what = f"drive of {drive.target.name!r} (NoiseCurrent)"
    if source.tau > 0 or source.uniform:
        kind = "an Ornstein-Uhlenbeck process" if source.tau > 0 else "uniform noise"
        raise unsupported(
            what, "NEST with native_sources=True", f"noise_generator makes no {kind}", "native_sources=False can"
        )
    interval = dt if source.interval is None else source.interval
    return {"mean": source.mean, "std": source.std, "dt": interval, "start": lead * dt}


def _poisson(
    nest: ModuleType, source: Poisson | PoissonInput, rates: np.ndarray, size: int, dt: float, lead: int
) -> Any:
    """One generator, or one per neuron, for rates (T, 1 or size) in Hz, which apply from source.starts on."""
    n = size if rates.shape[1] > 1 else 1
    if len(rates) == 1:
        rate = rates[0].tolist() if n > 1 else float(rates[0, 0])
        return nest.Create("poisson_generator", n, {"rate": rate, "start": lead * dt})
    reached = source.starts < MOST_STEPS * dt
    times = (steps_of(source.starts[reached], dt, "times at which rates change, for NEST's generators") + lead + 1) * dt
    rates = rates[reached]
    generators = nest.Create("inhomogeneous_poisson_generator", n)
    generators.set([{"rate_times": times, "rate_values": np.ascontiguousarray(rates[:, k])} for k in range(n)])
    return generators
