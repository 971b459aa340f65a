"""What a network must meet to run in steps of dt: every time in it is a multiple of dt.

The exact engine takes any spike times, delays, refractory periods and times at which currents change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from spikelearn.description.network_description import NetworkDescription
from spikelearn.kernels import connect
from spikelearn.neurons import Neuron
from spikelearn.sources import SpikeList, StepCurrent
from spikelearn.steps import steps_of, written
from spikelearn.units import UNITS, unit_named


def check_grid(d: NetworkDescription) -> None:
    """Raise ParameterError for the first time that is not a multiple of dt, naming both."""
    for population in d.populations:
        if isinstance(population.model, Neuron):
            check_durations(population.name, population.model, d.dt)
        elif isinstance(population.model, SpikeList):
            what = f"times of SpikeList, population {population.name!r}"
            steps_of(population.model.times, d.dt, what, unreachable=True)
    for drive in d.drives:
        if isinstance(drive.source, StepCurrent) and not drive.source.averaged:
            what = f"times of StepCurrent, drive of {drive.target.name!r}"
            steps_of(drive.source.times, d.dt, what, unreachable=True)
    for projection in d.projections:
        if projection.axonal.constant or (projection.axonal.code == connect.ARRAY and not projection.axonal.nearest):
            given = projection.axonal.a if projection.axonal.constant else projection.axonal.array
            steps_of(given, d.dt, f"delay of projection {projection.name!r}")


def coarse_steps(d: NetworkDescription) -> Iterator[str]:
    """A remark for each population for whose time constants dt is coarse."""
    for population in d.populations:
        if not isinstance(population.model, Neuron):
            continue
        limit, name, tau = population.model.model.coarse_from(population.model.at_all_times)
        if d.dt >= limit * (1.0 - 1e-9):
            share = "" if limit == tau else "half of "
            yield (
                f"population {population.name!r} ({population.model_name}): expected dt below {share}its fastest time "
                f"constant, {name} = {written(tau)} ms, got {written(d.dt)} ms; results depend on dt"
            )


def check_durations(name: str, neuron: Neuron, dt: float) -> None:
    """Raise ParameterError if a parameter that is counted in steps of dt (ms) is not a multiple of it."""
    model, values = neuron.model, neuron.parameters._asdict()
    given = {parameter: _ms(values[parameter], model.units[parameter]) for parameter in model.durations}
    if not isinstance(model.refractory, str):
        given["refractory"] = model.refractory
    for parameter, value in given.items():
        steps_of(value, dt, f"{parameter} of {model.name}, population {name!r}")


def _ms(value: Any, unit: str) -> Any:
    """A time in a unit of a model's own, such as second, in ms."""
    return value if unit == "ms" else np.asarray(value) * (UNITS["ms"].per_si / unit_named(unit).per_si)
