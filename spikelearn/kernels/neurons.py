"""The loops over the neurons of one model, and those over synapses with a state: templates/neurons.py, settled.py,
regular.py, short_term.py.

Numba compiles loops over a fixed set of arrays best, and each model has its own set. So each kind of loop is written
once as a template and rendered with the names of the model. Comments that start with a number refer to the order of
steps in docs/design/engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spikelearn.codegen.template import render


def render_neurons(
    state: Sequence[str],
    ports: Sequence[str],
    given: Sequence[str],
    currents: Sequence[str],
    noisy: Sequence[str],
    random: Sequence[str],
    constants: Sequence[str],
    varying: Sequence[str],
    kinds: Mapping[str, int],
    at_event: bool = False,
    ahead: Sequence[str] = (),
    wide: bool = False,
    reads: Sequence[str] = (),
) -> str:
    """The loop that advances one population, or a share of one that begins with its neuron `first_id`, by one step.

    random: "uniform" or "normal" for each random number that a neuron gets in a step; if any, the loop also takes
        (seed, key, first_id). at_event: they are for `at_event`, called for the neurons that emitted something.
    given: the ports whose input is in arrays; nothing arrives at others, or it is added to the state after this loop.
    noisy: the currents that also have noise. varying: the constants that are arrays, one value per neuron.
    kinds: kinds of event reported by the step, each with its bit of the mask. ahead: the ports with a ring of inputs
        that were delivered ahead. wide: whether there are enough neurons for vectors of 512 bits. reads: what the step
        takes among t, i and N; the loop then takes dt, first_id and population_size.
    """
    return render(
        "neurons",
        state=tuple(state),
        membrane=state[0],
        ports=tuple(ports),
        given=tuple(given),
        currents=tuple(currents),
        noisy=tuple(noisy),
        draws=tuple((kind, str(k)) for k, kind in enumerate(random)),
        per_neuron=str(len(random)),
        fixed=tuple(f"all_{name}" if name in varying else f"the_{name}" for name in constants),
        held=tuple(f"all_{name}[i]" if name in varying else f"the_{name}" for name in constants),
        kinds=tuple((kind, str(bit)) for kind, bit in kinds.items()),
        at_event=at_event,
        ahead=tuple(ahead),
        wide=wide,
        reads=tuple(reads),
    )


def render_later(
    template: str,
    state: Sequence[str],
    random: Sequence[str],
    constants: Sequence[str],
    varying: Sequence[str],
    reads: Sequence[str],
    **own: Any,
) -> str:
    """The loop of one population whose input comes late that takes up its input and resets, "settled", or does
    something at the start of steps, "regular"; arguments as for render_neurons. random: also "uniform for all" and so
    on. own: those of "settled"."""
    return render(
        template,
        state=tuple(state),
        draws=tuple(
            (kind.split()[0], str(k), "of_all" if "all" in kind else "of_each") for k, kind in enumerate(random)
        ),
        per_neuron=str(len(random)),
        for_all=any("all" in kind for kind in random),
        fixed=tuple(f"all_{name}" if name in varying else f"the_{name}" for name in constants),
        held_constants=tuple(f"all_{name}[i]" if name in varying else f"the_{name}" for name in constants),
        reads=tuple(reads),
        **own,
    )


def render_short_term(
    state: Sequence[str], constants: Sequence[str], each: bool, varying: Sequence[str] = (), n_random: int = 0
) -> str:
    """Delivery through synapses whose release depends on the source's earlier spikes (short-term plasticity).

    each: whether each synapse has a state of its own, rather than that of its source and delay. varying: the constants
        that each has for itself, too. n_random: the random numbers of each synapse and arrival.
    """
    draws = tuple(("uniform", str(k)) for k in range(n_random))
    held = tuple(f"release_of_{name}[p]" if name in varying else f"release_of_{name}" for name in constants)
    return render(
        "short_term", state=tuple(state), constants=tuple(constants), each=each, held=held,
        draws=draws, per_synapse=str(n_random),
    )  # fmt: skip


def render_release_state(
    state: Sequence[str], constants: Sequence[str], recorded: str, each: bool, varying: Sequence[str] = ()
) -> str:
    """Recording of one of the state variables of such synapses; see templates/release_state.py."""
    held = tuple(f"release_of_{name}[k]" if name in varying else f"release_of_{name}" for name in constants)
    return render(
        "release_state", state=tuple(state), constants=tuple(constants), recorded=recorded, each=each, held=held
    )


def render_batch(
    model: tuple[Sequence[str], Sequence[str], Sequence[str]],
    connected: Sequence[str],
    driven: Sequence[str],
    draws: Sequence[str],
    constants: Sequence[str],
    varying: Sequence[str],
    sent: Sequence[tuple[str, int, str]],
    at_event: bool,
    backward: Mapping[str, tuple[Any, ...]] | None = None,
) -> str:
    """A step of one population in all trials of a batch; see templates/batch_forward.py and batch_backward.py.

    model: its state, ports and currents. connected, driven: ports and currents that are not always 0. draws: the names
    of random numbers. sent: (name, bit of the mask, variable that is carried or "") of each outlet. backward: what the
    adjoint needs besides; None for the step itself.
    """
    state, ports, currents = (tuple(names) for names in model)
    plain = tuple((name, str(bit)) for name, bit, variable in sent if not variable)
    carried = tuple((name, str(bit), variable) for name, bit, variable in sent if variable)
    return render(
        "batch_forward" if backward is None else "batch_backward",
        state=state,
        membrane=state[0],
        ports=ports,
        connected=tuple(connected),
        currents=currents,
        driven=tuple(driven),
        draws=tuple(draws),
        fixed=tuple(f"all_{name}" if name in varying else f"the_{name}" for name in constants),
        held=tuple(f"all_{name}[i]" if name in varying else f"the_{name}" for name in constants),
        plain=tuple(name for name, _ in plain),
        plain_bits=plain,
        carried=tuple(name for name, _, _ in carried),
        carried_bits=carried,
        at_event=at_event,
        **(backward or {}),
    )
