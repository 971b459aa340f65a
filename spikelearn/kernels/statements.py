"""The loops over synapses that run statements: templates/statements.py."""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.codegen.template import render

AHEAD = 8
"""Listed synapses that are fetched before they are needed, as they lie anywhere."""


def render_action(
    variables: tuple[Sequence[str], Sequence[str], Sequence[str]],
    sets: tuple[Sequence[str], Sequence[str], Sequence[str]],
    places: Sequence[str],
    draws: Sequence[str],
    more: Sequence[str],
    constants: Sequence[tuple[str, int]],
    events: bool,
    listed: bool,
    into: str,
) -> str:
    """The loop of one action. variables, sets: of the synapse, its source and its target. places: all variables of a
    synapse, in the order in which they lie. constants: with their places.

    into: "", or "sum_target", "sum_source" or "copy_target": what becomes of the result.
    """
    _, pre, post = (tuple(names) for names in variables)
    _, pre_set, post_set = (tuple(names) for names in sets)
    own, own_set = (tuple((name, str(list(places).index(name))) for name in names[0]) for names in (variables, sets))
    return render(
        "statements",
        own=own,
        pre=pre,
        post=post,
        width=str(len(places)),
        ahead=str(AHEAD),
        pre_read=tuple(name for name in pre if name not in pre_set),
        post_read=tuple(name for name in post if name not in post_set),
        own_set=own_set,
        pre_set=pre_set,
        post_set=post_set,
        draws=tuple((kind, str(k)) for k, kind in enumerate(draws)),
        per_synapse=str(len(draws)),
        more=tuple(more),
        constants=tuple((name, str(place)) for name, place in constants),
        events=events,
        listed=listed,
        sums=into.startswith("sum"),
        copies=into.startswith("copy"),
        to_target=into.endswith("target"),
    )
