"""Neurons with graded response (Hopfield 1984, PNAS 81:3088): circuits of them settle, and tell the changes of a value.

    tau_m V' = -V + input,   r = 1/(1 + exp(-V)).

Values are sent by sigma-delta modulation (O'Connor, Gavves & Welling 2019, AISTATS): a cell emits an event, of kind
`rate`, when its r has moved by more than half a quantum from what it sent, and the event carries the `change`, a whole
number of quanta. What arrives is added up, so that a cell that has settled is silent, and is still heard. With a
quantum of 0, the limit for analog cells, it emits in every step, and the change is that of the step. Connect it with
`on="rate", payload="change"`; a weight is the input for a value of 1.

A teacher nudges a cell, input nudging (teacher - r), or clamps it: r = teacher while the current `clamped` is positive,
as in input cells.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import ms, number


class GradedResponseParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = 1.5
    quantum: Annotated[number, "of changes of r that are sent; 0: in every step, as they are"] = 0.0


def _constants(p: GradedResponseParameters, dt: float) -> dict[str, Any]:
    quantum = np.asarray(p.quantum, float)
    per_quantum = np.divide(1.0, quantum, out=np.zeros_like(quantum), where=quantum > 0.0)
    return {"kappa": np.exp(-dt / np.asarray(p.tau_m)), "quantum": p.quantum, "per_quantum": per_quantum + 0.0}


def _check(p: GradedResponseParameters) -> str | None:
    wrong = np.min(p.quantum) < 0.0
    return f"quantum: expected at least 0, got {p.quantum!r}" if wrong else None


@scalar
def graded_response_step(
    V_m, r, total, sent, change, in_soma, I_teacher, I_nudging, I_clamped, kappa, quantum, per_quantum
):  # fmt: skip
    total = total + in_soma
    V_m = kappa * V_m + (1.0 - kappa) * (total + I_nudging * (I_teacher - r))
    r = 1.0 / (1.0 + exponential(-V_m))
    r = I_teacher if I_clamped > 0.0 else r
    moved = r - sent
    quanta = quantum * math.floor(moved * per_quantum + 0.5)
    change = quanta if quantum > 0.0 else moved
    sent = sent + change
    emits = quantum <= 0.0 or change != 0.0
    return V_m, r, total, sent, change, np.uint8(16) * np.uint8(emits)


GradedResponse = NeuronModel(
    "GradedResponse",
    GradedResponseParameters,
    _constants,
    graded_response_step,
    state=dict.fromkeys(("V_m", "r", "total", "sent", "change"), "1"),
    ports={"soma": "1"},
    currents=("teacher", "nudging", "clamped"),
    initial=lambda p: {"r": 0.5},
    kinds=("rate",),
    check=_check,
    time_constants=lambda p: {},
)
