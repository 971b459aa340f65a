"""Kernels of the exact engine, rendered from templates/exact_neurons.py, release.py and exact_loop.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spikelearn.codegen.template import render

SETTLE, SAMPLE = -1, -2
"""Why a population is called, other than for the clock of a neuron: to apply input that arrived now, or to write a row
of a recording."""


def render_loop(tables: Sequence[Any]) -> str:
    """The event loop, with the arrays of its tables (NamedTuples) as separate arguments."""
    fields = [[f"{table.__name__.lower()}_{field}" for field in table._fields] for table in tables]
    return render(
        "exact_loop",
        imports=tuple((table.__module__, table.__name__) for table in tables),
        fields=tuple(name for own in fields for name in own),
        tables=tuple(f"{table.__name__}({', '.join(own)})" for table, own in zip(tables, fields, strict=True)),
    )


def render_release(state: Sequence[str], constants: Sequence[str]) -> str:
    """Short-term plasticity: what a run of synapses releases when a spike arrives; its synapses share one state."""
    return render("release", state=tuple(state), constants=tuple(constants))


def render_population(
    state: Sequence[str],
    ports: Sequence[str],
    currents: Sequence[str],
    constants: Sequence[str],
    varying: Sequence[str],
    held: bool,
    bounded: bool,
) -> str:
    """The updates of the neurons of one population.

    varying: the constants that are arrays, one value per neuron. held: whether there is a refractory period, from a
    spike to `until`. bounded: whether there is a `soonest`, cheaper than `crossing`.

    The text refers to `flow`, `receive`, `crossing`, `reset`, and to `hold` and `soonest` if they exist.
    """
    return render(
        "exact_neurons",
        state=tuple(state),
        membrane=state[0],
        ports=tuple(ports),
        currents=tuple(currents),
        constants=tuple(constants),
        varying=tuple(name for name in constants if name in varying),
        fixed=tuple(f"all_{name}" if name in varying else name for name in constants),
        variables=tuple((str(k), name) for k, name in enumerate(state)),
        clock_number=str(len(state)),
        refractory=held,
        bounded=bounded,
    )
