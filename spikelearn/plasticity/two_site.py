"""Rules for neurons with two sites of integration (Körding & König 2001; see neurons/two_site.py).

BottomUpProduct: dw = eta D_i A_j in each step, D_i the error of the target, A_j the payload of the source's last event.
TopDownProduct: dw = eta A_i D_k in each step, for synapses that carry D downwards: the same change as that of the
opposite synapse between the two cells, so weights that are equal at the start stay equal. Let weights change in a
single step of a trial, when all values have settled.

CalciumLTP: at each spike of the target the weight increases by A_plus x if the spike triggered a calcium spike, and
decreases by A_minus x otherwise; x is a trace of the source's spikes.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight


class ProductParameters(NamedTuple):
    eta: Annotated[number, "learning rate of a step"] = 0.1
    tau_x: Annotated[ms, "time constant with which a value decays between events"] = 1000.0
    W_min: Annotated[weight, "smallest weight"] = -100.0
    W_max: Annotated[weight, "largest weight"] = 100.0


@scalar
def bottom_up_signal(D, event, eta):
    return eta * D


@scalar
def top_down_signal(A, event, eta):
    return eta * A


def product_rule(name: str, reads: tuple[str, ...], signal: Any) -> SignalRule:
    """A rule of graded cells: a signal of the target times the last value that arrived, in each step."""
    return SignalRule(
        name, ProductParameters, pre=(Trace("x", "tau_x", jump="set"),), reads=reads, signal=signal,
        constants=lambda p, dt: {"eta": p.eta}, learns_from="rate",
    )  # fmt: skip


BottomUpProduct = product_rule("BottomUpProduct", ("D",), bottom_up_signal)
TopDownProduct = product_rule("TopDownProduct", ("A",), top_down_signal)


class CalciumLTPParameters(NamedTuple):
    A_plus: Annotated[weight, "step up, for a trace of 1, at a spike with a calcium spike"] = 0.02
    A_minus: Annotated[weight, "step down at a spike without one"] = 0.01
    tau_x: Annotated[ms, "time constant of the trace of the source"] = 20.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 2.0


@scalar
def calcium_signal(calcium, event, A_plus, A_minus):
    return event * (A_plus if calcium > 0.0 else -A_minus)


CalciumLTP = SignalRule(
    "CalciumLTP",
    CalciumLTPParameters,
    pre=(Trace("x", "tau_x"),),
    reads=("calcium",),
    signal=calcium_signal,
    constants=lambda p, dt: {"A_plus": p.A_plus, "A_minus": p.A_minus},
)
