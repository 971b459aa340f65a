"""Lowering of modulators that follow signals."""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.following import Following
from spikelearn.description.readout import Readout
from spikelearn.engine.lowering.finite import finite_or_stop
from spikelearn.engine.plan import Call, Program
from spikelearn.kernels import modulators


def following_calls(followings: Sequence[Following], program: Program) -> None:
    """Add the Calls that set the levels of modulators, each share its copy, at the beginning of a step.

    What signals are is checked at the end of the step before, so that nothing learns from what is not a number.
    """
    for plan in program.plans:
        seen = set()
        for following in followings:
            signal, modulator = following.signal, following.modulator
            previous = signal.initial.copy()
            call = Call(
                f"{modulator.name} follows {signal.name}", kernel_of(modulators.follow),
                signal=plan.signals[signal]["value"], weights=following.weights, derivatives=following.derivatives,
                offset=following.offset, dt=plan.dt, previous=previous, first_here=int(modulator not in seen),
                concentration=plan.modulators[modulator]["n"],
            )  # fmt: skip
            plan.stages["begin"].append(call)
            seen.add(modulator)
            if isinstance(signal, Readout):
                program.forgotten.append(previous)
    for signal in dict.fromkeys(following.signal for following in followings):
        values = program.plans[0].signals[signal]["value"]
        complaint = f"signal {signal.name!r}, which a modulator follows, is infinite or NaN"
        program.last.append(finite_or_stop(f"value of {signal.name}", values, program, complaint))
