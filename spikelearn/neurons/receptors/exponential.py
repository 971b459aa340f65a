"""A current or conductance that jumps by the weight at an arrival and decays exponentially (NEST's iaf_psc_exp)."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import current_propagator, decay
from spikelearn.neurons.receptors.model import ReceptorModel
from spikelearn.units import ms, mV


class ExponentialCurrentParameters(NamedTuple):
    tau_syn: Annotated[ms, "time constant of the decay"] = 2.0


class ExponentialConductanceParameters(NamedTuple):
    E: Annotated[mV, "reversal potential"]
    tau_syn: Annotated[ms, "time constant of the decay"] = 2.0


def _constants(p: Any, dt: float) -> dict[str, Any]:
    return {"P": decay(p.tau_syn, dt)}


@scalar
def exponential_advance(x, P):
    return P * x


@scalar
def exponential_receive(x, arriving):
    return x + arriving


ExponentialCurrent = ReceptorModel(
    "ExponentialCurrent",
    ExponentialCurrentParameters,
    state={"x": ""},
    constants=_constants,
    advance=exponential_advance,
    receive=exponential_receive,
    equations="dx/dt = -x / tau_syn : unit",
    arrival="x += weight",
    through_leak=lambda p, tau_m, C_m, dt: {"x": current_propagator(tau_m, p.tau_syn, C_m, dt)},
    nest={"tau_syn": "tau_syn"},
)

ExponentialConductance = ExponentialCurrent.as_conductance(
    "ExponentialConductance", ExponentialConductanceParameters, nest={"tau_syn": "tau_syn", "E": "E_rev"}
)
