"""The loops of a StepRule (plasticity/step_rule.py), rendered for each rule from templates/step_rule.py."""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.codegen.template import render

FIRST_DRAW = 1 << 62
"""The counter of a projection's first random number in a step; rewiring has those below."""


def render_step_rule(
    takes: Sequence[str],
    pre: Sequence[tuple[str, str]],
    arriving: Sequence[str],
    state: Sequence[str],
    read: Sequence[str],
    before: Sequence[str],
    draws: Sequence[tuple[str, str]],
    constants: Sequence[str],
    payload: bool,
    modulated: bool,
    state_goes_on: bool,
    in_runs: bool,
    timed: bool,
    spaced: bool,
) -> str:
    """The loops. takes: the arguments of the rule's function. pre: (name, jump) of the traces. draws: (name, "uniform"
    or "normal"). before: variables of the target that are kept for a step. payload: whether events carry values.
    timed: whether the function takes the time. spaced: whether it is evaluated in some steps only."""
    return render(
        "step_rule",
        takes=tuple(takes),
        pre=tuple(name for name, _ in pre),
        added=tuple(name for name, jump in pre if jump == "add"),
        arriving=tuple(arriving),
        state=tuple(state),
        read=tuple(read),
        before=tuple(before),
        draws=tuple((name, kind, str(k)) for k, (name, kind) in enumerate(draws)),
        per_synapse=str(len(draws)),
        constants=tuple(constants),
        payload=payload,
        modulated=modulated,
        state_goes_on=state_goes_on,
        in_runs=in_runs,
        timed=timed,
        spaced=spaced,
    )
