"""Values that events carry: for their targets (`net.connect(..., payload=)`), or for the rules of their own synapses.

A value is that of a state variable of a neuron at the end of the step in which it emits an event. Each ring of events
has a ring of values for each variable that a projection transmits with events of this kind, or that a rule reads from
its target at such an event (`PlasticityRule.reads_at_events`).
"""

from __future__ import annotations

from collections.abc import Iterable

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.projection import Projection
from spikelearn.engine.blocks import Block
from spikelearn.engine.plan import Call, Plan
from spikelearn.kernels import events


def payload_variables(projections: Iterable[Projection], block: Block, kind: str) -> list[str]:
    """The state variables whose values are needed at events of a kind from a block, in the order of the projections:
    those transmitted with events, and those that rules read from their target at such an event."""
    found: list[str] = []
    for p in projections:
        if p.payload and p.on == kind and p.source in block.first:
            found.append(p.payload)
        rule = p.plasticity.rule if p.plasticity is not None and (p.learns or p.transmits) else None
        if rule is not None and p.learns_from == kind and p.target in block.first:
            found += rule.reads_at_events
    return list(dict.fromkeys(found))


def keep_calls(plan: Plan, block: Block) -> None:
    """Add the Calls that write the values of a block's events to the plan, after all its kinds of event are written."""
    for kind in block.populations[0].kinds:
        ring = block.rings[kind]
        for variable, values in ring.values.items():
            plan.stages["receive"].append(
                Call(
                    f"keep {variable} of {kind}s",
                    kernel_of(events.keep_values),
                    rows=ring.rows,
                    counts=ring.counts,
                    variable=block.state[variable],
                    values=values,
                )  # fmt: skip
            )
