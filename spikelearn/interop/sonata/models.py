"""Point neurons and synapses as SONATA names them: by models of NEST, and NEURON's IntFire1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestPort
from spikelearn.neurons import Izhikevich, LIFDelta, Neuron, NeuronModel
from spikelearn.parameters import suggest


@dataclass(frozen=True)
class PointNeuron:
    """A model template.

    model: ours. names: parameter in files -> ours, and by how much it is multiplied. ports: port -> sign of its weights
    in files (0: either), and by how much they are multiplied. variables: those of reports -> ours. defaults: those of
    the other simulator, in our names, where they are not ours. fixed: what is always so. ignored: parameters in files
    that say nothing of the neuron. delay: ms, where an edge has none; NaN: an error.
    """

    model: NeuronModel
    names: Mapping[str, tuple[str, float]]
    ports: Mapping[str, tuple[int, float]]
    variables: Mapping[str, str]
    defaults: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    delay: float = float("nan")
    has_potential: bool = True

    def parameters(self, given: Mapping[str, np.ndarray], where: str) -> dict[str, Any]:
        """Our parameters from those in files, (n,) each; one number where all are equal."""
        found: dict[str, Any] = dict(self.defaults) | dict(self.fixed)
        for name, values in given.items():
            if name in self.ignored:
                continue
            if name not in self.names:
                raise DescriptionError(
                    f"{where}: parameter {name!r} cannot be taken over{suggest(name, self.names)}; "
                    f"those that can: {', '.join(self.names)}"
                )
            ours, factor = self.names[name]
            scaled = values * factor
            found[ours] = float(scaled[0]) if len(scaled) and np.all(scaled == scaled[0]) else scaled
        return found


_NEST_DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "iaf_psc_alpha": {},
    "iaf_psc_exp": {},
    "iaf_psc_delta": {},
    "mat2_psc_exp": {},
    "izhikevich": {},
    "hh_cond_exp_traub": {},
    "aeif_psc_exp": {"tau_syn_exc": 0.2},
    "iaf_cond_exp": {
        "E_L": -70.0, "V_th": -55.0, "C_m": 250.0, "g_L": 16.6667, "t_ref": 2.0, "E_inh": -85.0, "tau_syn_exc": 0.2,
        "tau_syn_inh": 2.0,
    },
}  # fmt: skip
"""NEST's models that networks may have -> what NEST assumes and our model does not."""


def template(name: Any, where: str) -> PointNeuron:
    """The model that a model_template names. Raises DescriptionError for one that cannot be taken over."""
    if name == "nrn:IntFire1":
        return _int_fire()
    simulator, _, model = str(name).partition(":")
    found = nest_models()
    if simulator != "nest" or model not in found:
        known = ", ".join([*(f"nest:{each}" for each in found), "nrn:IntFire1"])
        raise DescriptionError(
            f"{where}: model_template {name!r} is no point neuron that can be taken over; these can: {known}"
        )
    ours = found[model]
    assert ours.nest is not None
    inverse = {ours.nest.parameters.get(each, each): (each, 1.0) for each in getattr(ours.Parameters, "_fields", ())}
    return PointNeuron(
        ours, inverse, {port: _sign_and_factor(each) for port, each in ours.nest.ports.items()},
        {theirs: each for each, theirs in ours.nest.variables.items()} | {"v": "V_m"}, _NEST_DEFAULTS[model], delay=1.0,
    )  # fmt: skip


def _int_fire() -> PointNeuron:
    """NEURON's IntFire1: tau and refrac are in seconds, as BMTK has them; m is without a unit, here mV.

    NEURON's defaults of them are 10 and 5 ms.
    """
    model: NeuronModel = LIFDelta
    return PointNeuron(
        model, {"tau": ("tau_m", 1e3), "refrac": ("t_ref", 1e3)}, {"exc": (0, 1.0)}, {"m": "V_m"}, ignored=("type",),
        fixed={"E_L": 0.0, "V_reset": 0.0, "V_th": 1.0, "tau_m": 10.0, "t_ref": 5.0}, has_potential=False,
    )  # fmt: skip


def nest_models() -> dict[str, NeuronModel]:
    """NEST's name -> our model, of all that networks in files may have."""
    from spikelearn.neurons import MODELS  # all models, which takes a moment

    found: dict[str, NeuronModel] = {}
    for model in MODELS:
        if model.nest is not None and model.nest.model in _NEST_DEFAULTS and not model.nest.lists:
            found.setdefault(model.nest.model, model)
    return found | {"izhikevich": Izhikevich}


def file_name(neuron: Neuron) -> str | None:
    """The model_template of a neuron, None if it has none."""
    return next((f"nest:{name}" for name, model in nest_models().items() if model is neuron.model), None)


def _sign_and_factor(port: NestPort) -> tuple[int, float]:
    if callable(port.factor):
        raise TypeError("ports whose weights depend on dt are of no model in files")
    return port.sign, 1.0 / port.factor


WEIGHT_FUNCTIONS = (None, "wmax", "default_weight_fnc", "set_syn_weight", "default_weight")
"""Functions of BMTK whose weight is syn_weight, times the number of synapses."""


def check_synapse(what: str, value: Any, where: str) -> None:
    """Raise DescriptionError unless an edge is a static synapse of given weight, by its template or its function."""
    if what == "model_template" and value is not None and str(value).removeprefix("nest:") != "static_synapse":
        raise DescriptionError(f"{where}: model_template {value!r} cannot be taken over, only static_synapse")
    if what == "weight_function" and value not in WEIGHT_FUNCTIONS:
        known = ", ".join(each for each in WEIGHT_FUNCTIONS if each)
        raise DescriptionError(f"{where}: weight_function {value!r} is not known here; these are: {known}")
