"""The loops over neurons and over synapses, printed as Python for one model at a time.

Numba compiles loops over a fixed set of arrays best, and each model has its own set: so the loop of each kind is
written once, here, with the model's names put in. The text that comes out is a readable module; `engine.printing`
keeps it on disk. Comments that start with a number are steps of the order in docs/design/engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NEURON_HEADER = """\
from spikelearn.codegen.jit import kernel
from spikelearn.kernels.events import collect
"""

RANDOM_HEADER = """\
from spikelearn.kernels.random import normal, stream, uniform
"""


def names(items: Sequence[str], form: str = "{}") -> str:
    """'a, b, ' from ['a', 'b'], each put through `form`."""
    return "".join(form.format(item) + ", " for item in items)


def render_neurons(
    state: Sequence[str],
    ports: Sequence[str],
    currents: Sequence[str],
    noisy: Sequence[str],
    random: Sequence[str],
    constants: Sequence[str],
    varying: Sequence[str],
    kinds: Mapping[str, int],
    at_event: bool = False,
) -> str:
    """The loop that advances one population, or a share of one that begins with its neuron `first_id`, by one step.

    random: "uniform" or "normal" for each random number that a neuron gets in a step; with any the loop takes
        (seed, key, first_id) too. at_event: they are for `at_event`, called for the neurons that emitted something.
    noisy: the currents that have noise too. varying: the constants that are arrays, one value per neuron.
    kinds: what the step reports itself, each with its bit of the mask.
    """
    inputs = [f"in_{port}" for port in ports]
    drives = [f"I_{current}" for current in currents]
    noises = [f"noise_{current}" for current in noisy]
    arrays = [f"all_{name}" for name in [*state, *inputs, *drives, *noises]]
    fixed = [f"all_{name}" if name in varying else f"the_{name}" for name in constants]
    rings = "".join(f"{kind}_rows, {kind}_counts, " for kind in kinds)
    read = [f"all_{name}[i]" for name in [*state, *inputs]]
    read += [f"all_I_{name}[i] + all_noise_{name}[i]" if name in noisy else f"all_I_{name}[i]" for name in currents]
    drawn = [f"{kind}(start, increment, {len(random)} * (first_id + i) + {k})" for k, kind in enumerate(random)]
    held = [f"all_{name}[i]" if name in varying else f"the_{name}" for name in constants]
    read += held if at_event else drawn + held
    later = []
    if at_event:
        given = ", ".join([*(f"all_{name}[i]" for name in state), *drawn, *held])
        later = [
            "        for i in range(n):",
            "            if emitted[i]:",
            f"                {names(state, 'new_{}')}= at_event({given})",
            *[f"                all_{name}[i] = new_{name}" for name in state],
        ]
    own = "seed, key, first_id, " if random else ""
    lines = [
        NEURON_HEADER + (RANDOM_HEADER if random else ""),
        "@kernel",
        f"def function(step, first, population, emitted, control, {own}{rings}{names(arrays)}{names(fixed)}):",
        *(["    start, increment = stream(seed, key, step)"] if random else []),
        f"    n = len(all_{state[0]})",
        "    n_emitted = 0",
        "    n_wrong = 0",
        "    for i in range(n):",
        f"        {names(state, 'new_{}')}mask = advance({', '.join(read)})",
        *[f"        all_{name}[i] = new_{name}" for name in state],
        *[f"        all_{name}[i] = 0.0" for name in inputs],
        "        emitted[i] = mask",
        "        n_emitted += mask != 0",
        f"        n_wrong += not (new_{state[0]} - new_{state[0]} == 0.0)",
        "    if n_emitted:",
        *later,
        *[f"        collect(step, emitted, first, {bit}, {kind}_rows, {kind}_counts)" for kind, bit in kinds.items()],
        "    if n_wrong and control[1] < 0:",
        "        for i in range(n):",
        f"            if not (all_{state[0]}[i] - all_{state[0]}[i] == 0.0) and control[1] < 0:",
        "                control[0] = 1",
        "                control[1] = population",
        "                control[2] = first + i",
        "                control[3] = step",
    ]
    return "\n".join(lines) + "\n"


def render_dynamic(state: Sequence[str], constants: Sequence[str]) -> str:
    """Delivery through synapses whose release depends on when their source fired before (short-term plasticity).

    All synapses of a slot share one source and one delay, so they share one state.
    """
    arrays = names(state, "all_{}") + names(constants, "the_{}")
    given = names(state, "all_{}[slot]") + "interval, " + names(constants, "the_{}")
    return f"""\
from spikelearn.codegen.jit import kernel
from spikelearn.kernels.events import count_in_row, source_in_row


@kernel
def function(
    step, rows, counts, delays, index, targets, weights, inputs, event_count, last_arrival, dt, {arrays}
):
    depth = counts.shape[1]
    n_delays = len(delays)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for k in range(count_in_row(counts, row)):
            slot = source_in_row(rows, counts, row, k) * n_delays + d
            interval = (step - last_arrival[slot]) * dt
            {names(state, "new_{}")}released = release({given})
            {"; ".join(f"all_{name}[slot] = new_{name}" for name in state)}
            last_arrival[slot] = step
            first = index[slot]
            last = index[slot + 1]
            event_count[0] += last - first
            for p in range(first, last):
                inputs[targets[p]] += weights[p] * released
"""
