"""The exact engine's part of a neuron model, printed as Python for one model at a time, as in kernels/printed.py.

One function for each model; `what` says what for: a neuron (0, 1, ...) whose clock is due, or one of the codes below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spikelearn.kernels.templates.neurons import names

SETTLE, SAMPLE = -1, -2
"""SETTLE: take in what has arrived now. SAMPLE: write a row of a recording."""

_HEADER = """\
import numpy as np

from spikelearn.codegen.jit import kernel, scalar
from spikelearn.kernels.event_queue import Clocks, set_clock
"""


def render_loop(tables: Sequence[Any], first: Sequence[str], last: Sequence[str]) -> str:
    """The event loop, taking the arrays of its tables, which are NamedTuples, one by one between other arguments.

    A table that is put together here costs nothing; one that is handed over would have its arrays counted in and out
    at every call.
    """
    fields = [[f"{table.__name__.lower()}_{field}" for field in table._fields] for table in tables]
    made = [f"{table.__name__}({', '.join(own)})" for table, own in zip(tables, fields, strict=True)]
    imports = "".join(f"from {table.__module__} import {table.__name__}\n" for table in tables)
    return f"""\
from spikelearn.codegen.jit import kernel
from spikelearn.kernels.event_loop import run_events
{imports}

@kernel
def function(step, {names(first)}{names([name for own in fields for name in own])}{names(last)}):
    run_events(step, {names(first)}{", ".join(made)}, {names(last)})
"""


def render_release(state: Sequence[str], constants: Sequence[str]) -> str:
    """Short-term plasticity: what a run of synapses releases when a spike arrives; its synapses share one state."""
    read, kept = names(state, "all_{}[run]"), "; ".join(f"all_{name}[run] = {name}" for name in state)
    return f"""\
from spikelearn.codegen.jit import kernel


@kernel
def function(run, clock_time, share, last_arrival, {names(state, "all_{}")}{names(constants)}):
    {names(state)}released = release({read}clock_time[0] - last_arrival[run], {names(constants)})
    {kept}
    last_arrival[run] = clock_time[0]
    share[0] = released
"""


def render_population(
    state: Sequence[str],
    ports: Sequence[str],
    currents: Sequence[str],
    constants: Sequence[str],
    varying: Sequence[str],
    held: bool,
    bounded: bool,
) -> str:
    """What happens to the neurons of one population.

    varying: the constants that are arrays, one value per neuron. held: whether there is a refractory period, from a
    spike to `until`. bounded: whether there is a `soonest`, cheaper than `crossing`.

    The text reads `flow`, `receive`, `crossing`, `reset`, and `hold` and `soonest` if there are any. A neuron's state
    is as of `last`. Its clock is never later than its next spike; where `exact`, it is that spike.
    """
    inputs = [f"in_{port}" for port in ports]
    drives = [f"I_{current}" for current in currents]
    fixed = [f"all_{name}" if name in varying else name for name in constants]
    moving, given = ", ".join(state), names([*drives, *constants])
    arrays = [f"all_{name}" for name in [*state, *inputs, *drives]] + [f"change_{name}" for name in currents]
    read = [f"{name} = all_{name}[i]" for name in [*state, *drives, *(n for n in constants if n in varying)]]
    guess = "soonest" if bounded else "crossing"
    rest = [f"    {moving} = hold({moving}, until - since, {given})", "    since = until"] if held else ["    pass"]
    predict = [
        line
        for name, function in (("earliest", guess), ("exactly", "crossing"))
        for line in (
            "",
            "",
            "@scalar",
            f"def {name}({moving}, since, until, {given}):",
            '    """When it fires if nothing arrives'
            + (', or some time before that."""' if name != "exactly" else '."""'),
            "    if until > since:",
            *(f"    {line}" for line in rest),
            f"    return since + {function}({moving}, {given})",
        )
    ]
    move = [
        "since = last[i]",
        "until = all_until[i]",
        *(
            [
                "if until > since:",
                f"    {moving} = hold({moving}, min(until, now) - since, {given})",
                "    since = until",
            ]
            if held
            else []
        ),
        "if now > since:",
        f"    {moving} = flow({moving}, now - since, {given})",
    ]
    t_ref = ["until = now + t_ref[i]"] if held else []
    fire = [
        f"{moving} = reset({moving}, {names(constants)})",
        *t_ref,
        "all_until[i] = until",
        "fired[n_fired[0]] = first + i",
        "n_fired[0] += 1",
    ]
    keep = [*(f"all_{name}[i] = {name}" for name in state), "last[i] = now", "exact[i] = 0"]

    def block(lines: Sequence[str], depth: int) -> list[str]:
        return ["    " * depth + line for line in lines]

    return "\n".join(
        [
            _HEADER,
            *predict,
            "",
            "",
            "@kernel",
            "def function(",
            "    what, clock_time, control, due, heap, place, size, fired, n_fired, population, first,",
            f"    touched, n_touched, marked, last, all_until, exact, t_ref, {names(arrays)}{names(fixed)}",
            "    dt, variable, ids, steps, values, used",
            "):",
            "    now = clock_time[0]",
            "    clocks = Clocks(due, heap, place, size)",
            f"    if what == {SETTLE}:",
            "        for k in range(n_touched[0]):",
            "            i = touched[k]",
            "            marked[i] = 0",
            *block(read, 3),
            *block(move, 3),
            "            held = now <= until",
            f"            {moving} = receive({moving}, {names([f'all_{name}[i]' for name in inputs])}",
            f"                1.0 if held else 0.0, {names(constants)})",
            *block([f"all_{name}[i] = 0.0" for name in inputs], 3),
            *[
                line
                for name in currents
                for line in block(
                    [f"I_{name} += change_{name}[i]", f"change_{name}[i] = 0.0", f"all_I_{name}[i] = I_{name}"], 3
                )
            ],
            f"            if not ({state[0]} - {state[0]} == 0.0) and control[1] < 0:",
            "                control[0] = 1",
            "                control[1] = population",
            "                control[2] = i",
            f"            time = earliest({moving}, now, until, {given})",
            "            if time <= now and not held:",
            *block(fire, 4),
            f"                time = earliest({moving}, now, until, {given})",
            *block(keep, 3),
            "            time = max(time, now + max(now * 2.3e-16, 1e-300))",
            "            if time < due[first + i]:",
            "                set_clock(clocks, first + i, time)",
            "        n_touched[0] = 0",
            "    elif what >= 0:",
            "        i = what",
            *block(read, 2),
            "        if exact[i] == 0:",
            f"            time = earliest({moving}, last[i], all_until[i], {given})",
            "            if time <= now:",
            f"                time = exactly({moving}, last[i], all_until[i], {given})",
            "                exact[i] = 1",
            "            if time > now:",
            "                set_clock(clocks, first + i, time)",
            "                return",
            *block(move, 2),
            *block(fire, 2),
            *block(keep, 2),
            f"        time = earliest({moving}, now, until, {given})",
            "        set_clock(clocks, first + i, max(time, now + max(now * 2.3e-16, 1e-300)))",
            "    else:",
            "        row = used[0]",
            "        steps[row] = control[3]",
            "        for k in range(len(ids)):",
            "            i = ids[k]",
            *block(read, 3),
            *block(move, 3),
            *[
                f"            if variable == {k}:\n                values[row, k] = {name}"
                for k, name in enumerate(state)
            ],
            f"            if variable == {len(state)}:",
            "                values[row, k] = max(0.0, all_until[i] - now) / dt",
            "        used[0] = row + 1",
            "        if row + 1 >= len(steps):",
            "            control[0] = 1",
            "",
        ]
    )
