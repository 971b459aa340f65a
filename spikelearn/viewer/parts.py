"""What the page shows of a network's parts, and which of their values it may change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.errors import SpikelearnError
from spikelearn.network import Network
from spikelearn.neurons import Neuron
from spikelearn.parameters import declared_units, meanings
from spikelearn.plots.graph import places, sign_of
from spikelearn.sources import NoiseCurrent, PoissonInput, StepCurrent

_OF_DRIVES = {
    "rate": ("Hz", "rate of each input"), "n": ("", "number of inputs"), "weight": ("", "effect of a spike"),
    "mean": ("pA", "mean current"), "std": ("pA", "standard deviation of the current"),
    "tau": ("ms", "time constant of the current"), "interval": ("ms", "time for which a value is held"),
    "values": ("pA", "current"),
}  # fmt: skip


class Parts:
    """The parts of a network by the names that the page has for them, such as "population:cells" or "drive:0"."""

    def __init__(self, net: Network) -> None:
        self.net = net
        described = net.description()
        self.populations = {f"population:{each.name}": each for each in described.populations}
        self.projections = {f"projection:{each.name}": each for each in described.projections}
        self.modulators = {f"modulator:{each.name}": each for each in described.modulators}
        self.drives = {f"drive:{k}": each for k, each in enumerate(described.drives)}
        self._by_name: dict[str, Any] = {**self.populations, **self.projections, **self.modulators, **self.drives}

    def part(self, name: Any) -> Any:
        """The part of this name. Raises ValueError."""
        if not isinstance(name, str) or name not in self._by_name:
            raise ValueError(f"no part {str(name)[:60]!r}")
        return self._by_name[name]

    def structure(self) -> list[dict[str, Any]]:
        """All parts, with their places in a drawing and their values."""
        described = self.net.description()
        links = dict.fromkeys((each.source, each.target) for each in described.projections)
        at = places([*described.populations, *described.modulators], list(links))
        off = self.net.switched_off
        found = []
        for key, part in self._by_name.items():
            entry: dict[str, Any] = {"key": key, "name": getattr(part, "name", ""), "values": list(self.values(part))}
            entry["off"] = any(part is each for each in off)
            if part in at:
                entry["x"], entry["y"] = (float(each) for each in at[part])
            found.append(entry | self._about(part))
        return found

    def values(self, part: Any) -> Iterator[dict[str, Any]]:
        """Name, unit, meaning and number of what can be set of a part; a number is None if it differs or varies."""
        for name, unit, meaning in _settable(part):
            try:
                value = self.net.get(part, name)
            except SpikelearnError:
                continue
            unit = part.unit if unit == "port" else unit
            yield {"name": name, "unit": "" if unit == "1" else unit, "meaning": meaning, **_shown(value)}

    def _about(self, part: Any) -> dict[str, Any]:
        if isinstance(part, Population):
            return {"is": "population", "size": part.size, "model": part.model_name, "kinds": list(part.kinds),
                    "source": not part.is_neuron}  # fmt: skip
        if isinstance(part, Projection):
            return {
                "is": "projection", "source": part.source.name, "target": part.target.name, "port": part.port,
                "on": part.on, "sign": sign_of(part), "text": part.describe(), "learns": part.learns,
                "rule": "" if part.plasticity is None else part.plasticity.rule.name,
                "to": "modulator" if isinstance(part.target, Modulator) else "population",
            }  # fmt: skip
        if isinstance(part, Drive):
            return {"is": "drive", "target": part.target.name, "port": part.port, "text": repr(part)[1:-1]}
        return {"is": "modulator"}


def _settable(part: Any) -> Iterator[tuple[str, str, str]]:
    """Name, unit and meaning."""
    if isinstance(part, Population):
        if isinstance(part.model, Neuron):
            yield from _declared(part.model.model.Parameters)
        elif hasattr(part.model, "starts"):
            yield "rate", "Hz", "rate of each source"
    elif isinstance(part, Projection):
        if part.plasticity is not None:
            yield from _declared(type(part.plasticity.parameters))
        if part.synapse is not None:
            yield from _declared(type(part.synapse.parameters))
    elif isinstance(part, Modulator):
        yield "level", "", "concentration"
        yield "tau", "ms", "time constant of its decay"
    elif isinstance(part, Drive):
        names = {PoissonInput: ("rate", "weight"), NoiseCurrent: ("mean", "std", "tau"), StepCurrent: ("values",)}
        for name in names.get(type(part.source), ()):
            yield name, *_OF_DRIVES[name]


def _declared(declaration: type) -> Iterator[tuple[str, str, str]]:
    units, texts = declared_units(declaration), meanings(declaration)
    for name in declaration._fields:  # type: ignore[attr-defined]
        yield name, units[name].name, texts[name]


def _shown(value: Any) -> dict[str, Any]:
    """A number and whether it differs among the neurons, or None for what changes in time."""
    if isinstance(value, bool | int | float | np.number) and math.isfinite(value):
        return {"value": float(value)}
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return {"value": None, "note": "changes in time"}
    if numbers.size == 0 or not np.isfinite(numbers).all():
        return {"value": None, "note": "not finite"}
    if np.ptp(numbers) == 0:
        return {"value": float(numbers.flat[0])}
    return {"value": None, "note": f"{numbers.min():.4g} to {numbers.max():.4g}"}
