"""Linked variables of Brian2: a variable of one group that is that of another, copied in each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.connectivity import Pairs
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.groups import TakenGroup
from spikelearn.interop.brian2.reading import Names, array_of, described, identifiers
from spikelearn.interop.brian2.scope import Code, Constants, scope_of_group
from spikelearn.synapses.statements import StatementSynapse


def take_links(net: Any, groups: Sequence[Any], taken: Mapping[str, TakenGroup], namespace: Mapping[str, Any]) -> None:
    """Copy linked variables: each is a projection that sets it to that of its source.

    Brian2 reads the variable of the source itself. Integration of the target thus takes what it is after the source was
    integrated, if that is done first, by their names, and else what it was before.
    """
    for group in groups:
        for name in sorted(group._linked_variables):
            _take(net, group, name, taken, namespace)


def _take(net: Any, group: Any, name: str, taken: Mapping[str, TakenGroup], namespace: Mapping[str, Any]) -> None:
    variable, owner = group.variables[name], described(group)
    what = f"the linked variable {name!r} of {owner}"
    source = variable.owner
    if source.id not in taken or not hasattr(source, "user_equations"):
        raise DescriptionError(f"{what}: {source.name!r} is no NeuronGroup of the network")
    first = source.state_updater.name < group.state_updater.name
    texts = [group.event_codes.get("spike", ""), *(() if first else (group.events.get("spike", ""),))]
    if any(name in identifiers(text or "") for text in texts):
        raise DescriptionError(f"{what}: that threshold or reset reads it is not taken over")
    size, index = len(group), group.variables.indices[name]
    pre = np.arange(size) if index == "_idx" else np.zeros(size, np.int64)
    if index not in ("_idx", "0"):
        pre = array_of(group.variables[index]).astype(np.int64)
    constants = Constants()
    scope = scope_of_group(source, "pre", Names(source, described(source), namespace), constants)
    code = Code(scope, what)
    returned = code.in_place_of(variable.name)
    action = code.action("copy" if first else "sum", f"{name} of {group.name}", None, f"{name}_post", returned)
    model = StatementSynapse(f"link of {name}", {}, {}, {n: constants.values[n] for n in action.constants}, (action,))
    net.connect(
        taken[source.id].population, taken[group.id].population, rule=Pairs(pre, np.arange(size)), synapse=model(),
        delay=0.0, name=f"{group.name}.{name}",
    )  # fmt: skip
