"""The loops over the neurons of one model, and those over synapses with a state: templates/neurons.py, short_term.py.

Numba compiles loops over a fixed set of arrays best, and each model has its own set. So each kind of loop is written
once as a template and rendered with the names of the model. Comments that start with a number refer to the order of
steps in docs/design/engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikelearn.codegen.template import render


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

    random: "uniform" or "normal" for each random number that a neuron gets in a step; if any, the loop also takes
        (seed, key, first_id). at_event: they are for `at_event`, called for the neurons that emitted something.
    noisy: the currents that also have noise. varying: the constants that are arrays, one value per neuron.
    kinds: kinds of event reported by the step, each with its bit of the mask.
    """
    return render(
        "neurons",
        state=tuple(state),
        membrane=state[0],
        ports=tuple(ports),
        currents=tuple(currents),
        noisy=tuple(noisy),
        draws=tuple((kind, str(k)) for k, kind in enumerate(random)),
        per_neuron=str(len(random)),
        fixed=tuple(f"all_{name}" if name in varying else f"the_{name}" for name in constants),
        held=tuple(f"all_{name}[i]" if name in varying else f"the_{name}" for name in constants),
        kinds=tuple((kind, str(bit)) for kind, bit in kinds.items()),
        at_event=at_event,
    )


def render_short_term(state: Sequence[str], constants: Sequence[str]) -> str:
    """Delivery through synapses whose release depends on the source's earlier spikes (short-term plasticity)."""
    return render("short_term", state=tuple(state), constants=tuple(constants))
