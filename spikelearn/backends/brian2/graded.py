"""Graded synapses from equations in Brian2: clock-driven variables, and a summed variable of the target."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.backends.brian2.statements import declared_unit, quantity, replaced
from spikelearn.description.projection import Projection
from spikelearn.equations.brian import import_brian2
from spikelearn.results.run import Synapses


def graded_synapses(projection: Projection, start: Synapses, source: Any, target: Any, dt: float) -> Any:
    """Brian2's Synapses of a projection, with these synapses. Each has what all of one source and delay share here.

    Brian2 sums at the beginning of a step what is summed here at the end of the one before.
    """
    assert projection.synapse is not None and projection.receiver is not None
    b2, model, values = import_brian2(), projection.synapse.model, projection.synapse.parameters._asdict()
    variable = projection.receiver.model.model.set_by(projection.port)
    text = replaced(model.equations, {model.sent: f"{variable}_post"})
    text += "" if model.unit else f"\nw : {declared_unit(projection.unit)}"
    made = b2.Synapses(
        source, target, text, on_pre=model.on_pre or None, on_event=projection.on, dt=dt * b2.ms, method=model.method,
        namespace={name: quantity(value, model.units[name]) for name, value in values.items()},
    )  # fmt: skip
    made.connect(i=start.pre.astype(int), j=start.post.astype(int))
    made.w = quantity(start.weight, projection.unit)
    for name, value in model.initial(projection.synapse.parameters).items():
        made.variables[name].get_value()[:] = float(quantity(value, model.state_units[name]))
    if model.on_pre:
        made.pre.delay = np.round(start.delay / dt) * dt * b2.ms
    return made
