"""Values that events carry (`net.connect(..., carries=)`): where they are kept until their events arrive, and delivery.

A value is what a state variable of the source is at the end of the step in which the event is emitted. Beside a ring of
events lies a ring of values for each variable that some projection carries with events of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Block, Call, Plan
from spikelearn.engine.printing import kernel_of
from spikelearn.kernels import events


def carried_variables(projections: Iterable[Projection], block: Block, kind: str) -> list[str]:
    """The state variables that events of a kind from a block carry, in the order in which they were asked for."""
    own = (p for p in projections if p.carries and p.on == kind and p.source in block.first)
    return list(dict.fromkeys(p.carries for p in own))


def keep_calls(plan: Plan, block: Block) -> None:
    """Add to the plan what writes values beside the events of a block, once all its kinds of event are told."""
    for kind, ring in block.rings.items():
        for variable, values in ring.values.items():
            plan.stages["advance"].append(
                Call(
                    f"keep {variable} of {kind}s",
                    kernel_of(events.keep_values),
                    ring.rows,
                    ring.counts,
                    block.state[variable],
                    values,
                )  # fmt: skip
            )
