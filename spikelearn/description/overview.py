"""What a network consists of, as text: `print(net)`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from spikelearn.connectivity import ConnectionRule
from spikelearn.description.distributions import Drawn
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.recording import Recording
from spikelearn.kernels import connect
from spikelearn.sources import PoissonInput

MOST_COUNTED = 10_000_000
"""Pairs of neurons up to which synapses that are drawn are counted for an overview, which takes milliseconds."""
DISTRIBUTIONS = {
    connect.UNIFORM: "Uniform({a:g}, {b:g})", connect.NORMAL: "Normal({a:g}, {b:g})",
    connect.LOG_NORMAL: "LogNormal", connect.EXPONENTIAL: "Exponential({a:g})",
}  # fmt: skip


def overview(net: NetworkDescription, time: float, memory: Mapping[str, float] | None = None) -> str:
    """All parts of a network, one table for each kind.

    time: ms that it has run. memory: name of a projection -> bytes that its synapses take, once they are made.
    """
    lines = [f"network in steps of {net.dt:g} ms, seed {net.seed}, at {time:g} ms"]
    for title, rows in (
        ("population", _populations(net)),
        ("projection", _projections(net, memory or {})),
        ("drive", [("drive", "of", "port", "weight"), *map(_drive, net.drives)]),
        ("modulator", [("modulator", "tau (ms)"), *((each.name, f"{each.tau_n:g}") for each in net.modulators)]),
        ("signal", [("signal", "size", "unit"), *((s.name, f"{s.size:,}", _unit(s.unit)) for s in net.signals)]),
        ("recording", [("recording", "of", "neurons", "every (ms)"), *(_recording(r, net.dt) for r in net.recordings)]),
    ):
        if len(rows) > 1:
            lines += ["", *aligned(rows)]
        elif title in ("population", "recording"):
            lines += ["", f"no {title}s"]
    others = {
        "callbacks": len(net.callbacks), "homeostases": len(net.homeostases), "environments": len(net.worlds),
        "releases": len(net.releases), "feeds": len(net.feeds),
    }  # fmt: skip
    if net.off:
        lines += ["", f"switched off: {', '.join(map(repr, net.off))}"]
    if any(others.values()):
        lines += ["", "; ".join(f"{name}: {number}" for name, number in others.items() if number)]
    return "\n".join(lines)


def short(net: NetworkDescription, time: float) -> str:
    """The same in one line."""
    neurons = sum(each.size for each in net.populations)
    counted = [(neurons, "neuron"), (len(net.populations), "population"), (len(net.projections), "projection")]
    parts = ", ".join(f"{number:,} {name}{'' if number == 1 else 's'}" for number, name in counted)
    return f"<Network: {parts}, dt {net.dt:g} ms, seed {net.seed}, at {time:g} ms>"


def _populations(net: NetworkDescription) -> list[tuple[str, ...]]:
    rows = [(each.name, f"{each.size:,}", _model(each), ", ".join(each.initial)) for each in net.populations]
    return _without_empty_columns([("population", "size", "model", "initial values of"), *rows])


def _model(population: Population) -> str:
    """Its model with the parameters that are not the default."""
    if not population.is_neuron:
        return repr(population.model)
    values, defaults = population.model.parameters, population.model.model.Parameters._field_defaults
    timed, drawn = dict(population.model.timed), dict(population.model.drawn)
    shown = {name: repr(value) for name, value in drawn.items()} | {name: f"{value}" for name, value in timed.items()}
    changed = [
        f"{name}={value:g}" if np.ndim(value) == 0 and name not in shown else f"{name}={shown.get(name, '...')}"
        for name, value in values._asdict().items()
        if np.ndim(value) > 0 or value != defaults.get(name) or name in timed
    ]
    return f"{population.model_name}({', '.join(changed)})"


def _projections(net: NetworkDescription, memory: Mapping[str, float]) -> list[tuple[str, ...]]:
    head = (
        "projection", "from", "to", "port", "on", "synapses", "connected by", "weight", "delay (ms)", "learns by",
        "memory",
    )  # fmt: skip
    rows = [
        (
            each.name, _part(each.source, each.source_first, each.source_size),
            _part(each.target, each.target_first, each.target_size), each.port, each.on, number_of_synapses(each),
            rule_of(each.rule), weight_of(each.weight, each.unit), _delay(each, net.dt), _learning(each),
            _bytes(memory.get(each.name)),
        )
        for each in net.projections
    ]  # fmt: skip
    return _without_empty_columns([head, *rows])


def _bytes(n: float | None) -> str:
    if n is None:
        return ""
    power = min(3, int(math.log(max(n, 1.0), 1024)))
    return f"{n / 1024**power:.3g} {('bytes', 'KiB', 'MiB', 'GiB')[power]}"


def number_of_synapses(projection: Projection) -> str:
    """As text; that of a large projection whose synapses are drawn is not known before the network is built."""
    if projection.rows.degrees is None and projection.source_size * projection.target_size > MOST_COUNTED:
        return "drawn"
    return f"{len(projection):,}"


def rule_of(rule: ConnectionRule) -> str:
    """Its call, without arrays."""
    text = repr(rule).replace(", autapses=True", "").replace("autapses=True", "")
    return text if len(text) <= 50 and "array" not in text else rule.name


def weight_of(weight: Drawn, unit: str) -> str:
    """A number or a distribution, with the unit."""
    if weight.profile is not None:
        text = "by distance"
    elif weight.function is not None:
        text = repr(weight.function.expression.text)
    elif weight.constant:
        text = f"{weight.a:g}"
    elif weight.values is not None:
        text = "given"
    else:
        text = DISTRIBUTIONS.get(weight.code, "drawn").format(a=weight.a, b=weight.b)
    return f"{text} {_unit(unit)}".rstrip()


def _delay(projection: Projection, dt: float) -> str:
    dendritic = f" + {projection.dendritic_steps * dt:g}" if projection.dendritic_steps else ""
    return f"{weight_of(projection.axonal, '')}{dendritic}"


def _learning(projection: Projection) -> str:
    names = [] if projection.synapse is None else [projection.synapse.model.name]
    if projection.plasticity is not None:
        names.append(projection.plasticity.rule.name + ("" if projection.plastic else " (not plastic)"))
    return ", ".join([*names, *(["procedural"] if projection.procedural else [])])


def _drive(drive: Drive) -> tuple[str, ...]:
    return (
        repr(drive.source), _part(drive.target, drive.first, drive.size), drive.port,
        f"{drive.weight:g}" if isinstance(drive.source, PoissonInput) else "",
    )  # fmt: skip


def _recording(recording: Recording, dt: float) -> tuple[str, ...]:
    every = "" if recording.events or recording.sampled else f"{recording.every * dt:g}"
    what = f"{recording.variable}s" if recording.events else recording.variable
    n, size = len(recording.ids), getattr(recording.of, "size", None)
    return what, recording.of.name, f"{n:,}" if n == size or size is None else f"{n:,} of {size:,}", every


def _part(what: object, first: int, size: int) -> str:
    """The name of a population, with the range of a view."""
    name = str(getattr(what, "name", ""))
    whole = not isinstance(what, Population) or size == what.size
    return name if whole else f"{name}[{first}:{first + size}]"


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _without_empty_columns(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    kept = [k for k in range(len(rows[0])) if any(row[k] for row in rows[1:])]
    return [tuple(row[k] for k in kept) for row in rows] if len(rows) > 1 else list(rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table whose columns have one width each, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
