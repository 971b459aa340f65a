"""Calls that stop a run where a number that others learn from is infinite or NaN."""

from __future__ import annotations

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.engine.plan import Call, Program
from spikelearn.kernels import modulators


def finite_or_stop(label: str, values: np.ndarray, program: Program, complaint: str) -> Call:
    """The Call that stops the run if any of the values, (n,), is infinite or NaN. complaint: what the error says."""
    raised = np.zeros(1, np.int64)
    call = Call(
        label, kernel_of(modulators.check_finite), values=values, control=program.controls[0], raised=raised
    )  # fmt: skip
    call.raised, call.complaint = raised, complaint
    return call
