"""The events of neurons in the exact engine, replayed, and gone through backwards (templates/event_*.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from spikelearn.codegen.jit import invoke, kernel, scalar
from spikelearn.codegen.template import render

ARRIVAL, CURRENT, RELEASE, SPIKE, END = range(5)
"""What happens to a neuron: input, a current that changes, the end of its refractory period, a spike, the end."""

NODES = (0.5 - math.sqrt(0.15), 0.5, 0.5 + math.sqrt(0.15))
SHARES = (5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0)
"""Gauss-Legendre quadrature over 0 to 1, exact for polynomials of degree 5."""


@scalar
def panels(span, longest):
    """Into how many parts of at most `longest` ms a stretch of time is divided; none if it is empty."""
    return int(math.ceil(span / longest - 1e-9)) if span > 0.0 else 0


@kernel
def sweep_back(step, population, number, addresses, arguments):
    """Make the Call of the population of each event, from the last event to the first."""
    for e in range(len(population) - 1, -1, -1):
        invoke(addresses[population[e]], number[e], arguments[population[e]])


def render_event(
    template: str, state: Sequence[str], ports: Sequence[str], currents: Sequence[str], constants: Sequence[str],
    varying: Sequence[str], derivatives: Mapping[str, Any], maxima: Sequence[str] = (), integrals: Sequence[str] = (),
) -> str:  # fmt: skip
    """One of templates/event_*.py for a model.

    state: of its closed form. varying: the constants that are arrays, one value per neuron. derivatives: function ->
    its partial derivatives, (number of the returned value, argument), of flow, hold, receive, reset and margin, where
    there are such. maxima, integrals: variables.
    """
    place = {name: str(k) for k, name in enumerate(state)} | {"elapsed": "t"}
    partial = {(of, by): f"d_{place[of]}_{place[by]}" for of in state for by in (*state, "elapsed")}
    parts = {name: _named(name, found, state) for name, found in derivatives.items()}
    motions = [(part, partial[of, by]) for part, of, by in parts["flow"]]
    holds = [(part, partial[of, by]) for part, of, by in parts.get("hold", ())]
    moving = {name for _, name in motions + holds}
    slopes = tuple((of, partial[of, "elapsed"]) for of in state if partial[of, "elapsed"] in moving)
    inputs = {f"in_{port}": str(k) for k, port in enumerate(ports)}
    margins = [(part, by) for part, _, by in parts.get("margin", ())]
    motion = tuple(
        (name, of, by) for (of, by), name in partial.items() if by != "elapsed" and name in moving
    )  # fmt: skip
    return render(
        "event_stretch",
        *(("event_motion",) if template != "event_replay" else ()),
        template,
        state=tuple(state),
        ports=tuple(ports),
        currents=tuple(currents),
        constants=tuple(constants),
        fixed=tuple(f"all_{name}" if name in varying else f"the_{name}" for name in constants),
        held=tuple(f"all_{name}[i]" if name in varying else f"the_{name}" for name in constants),
        refractory="hold" in parts,
        has_margin="margin" in parts,
        partials=tuple(partial.values()),
        flow_parts=tuple(part for part, _, _ in parts["flow"]),
        flow_pairs=tuple(motions),
        hold_parts=tuple(part for part, _, _ in parts.get("hold", ())),
        hold_pairs=tuple(holds),
        receive_parts=tuple(part for part, _, _ in parts["receive"]),
        receive_pairs=tuple(each for each in parts["receive"] if each[2] not in inputs),
        input_pairs=tuple((part, of, inputs[by]) for part, of, by in parts["receive"] if by in inputs),
        reset_parts=tuple(part for part, _, _ in parts["reset"]),
        reset_pairs=parts["reset"],
        margin_parts=tuple(part for part, _ in margins),
        margin_pairs=tuple(margins),
        margin_slopes=tuple((*each, dict(slopes)[each[1]]) for each in margins if each[1] in dict(slopes)),
        slopes=slopes,
        motion=motion,
        in_ports=tuple((str(k), port) for k, port in enumerate(ports)),
        in_currents=tuple((str(k), current) for k, current in enumerate(currents)),
        maxima=tuple(maxima),
        integrals=tuple(integrals),
        maxima_slopes=tuple((name, partial[name, "elapsed"]) for name in maxima),
        integrals_slopes=tuple((name, partial[name, "elapsed"]) for name in integrals),
    )


def _named(
    function: str, partials: Sequence[tuple[int, str]], state: Sequence[str]
) -> tuple[tuple[str, str, str], ...]:  # fmt: skip
    """(name, returned variable, argument) of the partial derivatives of a function; a margin returns no variable."""
    returned = [*state] if function != "margin" else [""]
    return tuple((f"{function}_{k}", returned[of], by) for k, (of, by) in enumerate(partials))
