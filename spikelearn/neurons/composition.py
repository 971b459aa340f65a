"""Composition of a membrane and its receptors into one neuron model with one readable step function.

Receptors are exact, over a step or over each half of it. The potential is exact if the membrane is linear and all
receptors are currents; otherwise it is second order, by Heun's method or, if the membrane has a closed form for
constant input, by that form with the input at mid-step.
"""

from __future__ import annotations

import functools
import sys
import textwrap
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np

from spikelearn.codegen.functions import arguments_of, function_from
from spikelearn.codegen.source_text import docstring, identifier
from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.composed_step import ComposedStep, drive_ports, imported, method_of, variables
from spikelearn.neurons.membrane import Membrane
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.neurons.receptors import Receptor, ReceptorModel
from spikelearn.neurons.receptors.model import replaced_words
from spikelearn.parameters import suggest

if TYPE_CHECKING:
    from spikelearn.neurons.model import NeuronModel

_BASE_UNITS = {"pA": "amp", "nS": "siemens", "mV/ms": "volt/second", "1/ms": "hertz"}


def with_receptors(model: NeuronModel, receptors: Mapping[str, Any], name: str) -> NeuronModel:
    """See NeuronModel.with_receptors."""
    membrane = _membrane(model)
    identifier(name, f"name of {model.name}.with_receptors")
    if not receptors:
        raise DescriptionError(f"{name}: expected receptors such as ampa=ExponentialConductance(E=0), got none")
    taken = {receptor: _checked(receptor, given, membrane, name) for receptor, given in receptors.items()}
    models = {given.model for given in taken.values()}
    if len({kind.name for kind in models}) < len(models):
        raise DescriptionError(f"{name}: names of receptor models must differ, got {sorted(k.name for k in models)}")
    return _with_receptors(model, tuple(taken.items()), name)


def _checked(receptor: str, given: Any, membrane: Membrane, name: str) -> Receptor:
    identifier(receptor, f"receptor of {name}")
    if isinstance(given, ReceptorModel):
        given = given()
    if not isinstance(given, Receptor):
        raise DescriptionError(
            f"{name}: expected a receptor such as ExponentialConductance(E=0) for {receptor!r}, got {given!r}"
        )
    known = list(membrane.compartments)
    if given.compartment not in (known if len(known) > 1 else ("", *known)):
        such = f'{given!r}.at("{known[0]}")'
        got = (
            f"{given.compartment!r}{suggest(given.compartment, known)}" if given.compartment else f"none; write {such}"
        )
        raise DescriptionError(f"{name}: receptor {receptor!r} must be at {' or '.join(known)}, got {got}")
    return given


@functools.cache
def _with_receptors(model: NeuronModel, receptors: tuple[tuple[str, Receptor], ...], name: str) -> NeuronModel:
    given = dict(receptors)
    membrane = _membrane(model)
    parameters = _parameters(model, given, name)()
    constants = all_constants(membrane, given, parameters, 0.1)
    _check_names(model, given, name)
    step = ComposedStep(membrane, given, list(constants))
    known = {**step.known, "composed": composed, _name_of(model): model}
    for receptor in given.values():
        known[identifier(receptor.model.name, f"receptor model of {name}")] = receptor.model
    lines, injected = imported(known)
    call = [f"    {r}={receptor!r}," for r, receptor in receptors]
    text = [
        docstring(f"{model.name} with receptors; made by {model.name}.with_receptors. The step can be edited."), "",
        *lines, "", "", step.text(), "",
        f'Model = composed(\n    step, "{name}", {_name_of(model)},{" margin," * step.has_margin}', *call, ")\n",
    ]  # fmt: skip
    return function_from("\n".join(text), "Model", injected)  # type: ignore[return-value]


def composed(step: Any, name: str, model: NeuronModel, margin: Any = "", /, **receptors: Receptor) -> NeuronModel:
    """The model whose step function is `step`: the last line of the text of a composed model.

    step takes state, inputs, currents, and the constants of membrane and receptors that it needs. margin: a function of
    the same; by default that of the membrane's own model, if it is text.
    """
    membrane, wanted = _membrane(model), arguments_of(step)
    exact = method_of(membrane, receptors) == "linear"
    arrivals = {r: replaced_words(given.model.arrival, _renamed(r, given)) for r, given in receptors.items()}

    def constants(p: Any, dt: float) -> dict[str, Any]:
        every = all_constants(membrane, receptors, p, dt)
        return {constant: every[constant] for constant in wanted if constant in every}

    return type(model)(
        name,
        _parameters(model, receptors, name),
        constants,
        step,
        state={variable: model.state[variable] for variable in membrane.state} | _state(membrane, receptors),
        ports={r: membrane.units[receptor.model.conductance] for r, receptor in receptors.items()},
        currents=tuple(dict.fromkeys(drive_ports(membrane, receptors).values())),
        initial=model.initial,
        kinds=model.kinds,
        equations=_equations(membrane, receptors),
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        added_to={
            r: variables(r, given)["x"] for r, given in receptors.items() if given.model.arrival == "x += weight"
        },
        arrivals=arrivals,
        method="exact" if exact else "rk4",
        margin=margin or (model.margin if isinstance(model.margin, str) and membrane.spike is not None else ""),
        properties=Properties(order=EXACT if exact else 2),
        check=model.check,
        nest=_nest(membrane, receptors),
    )


def _membrane(model: NeuronModel) -> Membrane:
    if model.membrane is None:
        raise DescriptionError(
            f"{model.name} cannot take receptors: the model does not define its membrane without synapses"
        )
    return model.membrane


def _name_of(model: NeuronModel) -> str:
    """The name of the model in its module."""
    names = vars(sys.modules.get(model.Parameters.__module__, sys))
    return next((name for name, value in names.items() if value is model), "membrane_of")


def all_constants(membrane: Membrane, receptors: Mapping[str, Receptor], p: Any, dt: float) -> dict[str, Any]:
    """All constants that the step of a composed model may take. Those of a receptor end in `_<receptor>`; those for
    half a step begin with `half_`."""
    found: dict[str, Any] = {}
    for r, receptor in receptors.items():
        model, names = receptor.model, variables(r, receptor)
        own = model.Parameters(**{field: getattr(p, f"{field}_{r}") for field in receptor.parameters._fields})
        for prefix, span in (("", dt), ("half_", 0.5 * dt)):
            found |= {f"{prefix}{constant}_{r}": value for constant, value in model.constants(own, span).items()}
        if membrane.time_constant is not None and model.through_leak is not None:
            gains = model.through_leak(own, membrane.time_constant(p), p.C_m, dt)
            found |= {f"P_m_{names[variable]}": gain for variable, gain in gains.items()}
    return found | membrane.constants(p, dt)


def _check_names(model: NeuronModel, receptors: Mapping[str, Receptor], name: str) -> None:
    """Raise DescriptionError if a name of a receptor clashes with another name."""
    membrane = _membrane(model)
    p = _parameters(model, receptors, name)()
    taken = {
        *membrane.state,
        *membrane.constants(p, 0.1),
        *(_flowing_in(membrane, each) for each in membrane.compartments),
    }
    for r, receptor in receptors.items():
        own = {*variables(r, receptor).values(), *all_constants(membrane, {r: receptor}, p, 0.1)}
        own -= set(membrane.constants(p, 0.1))
        own |= {f"{constant}_{r}" for constant in receptor.model.constants(receptor.parameters, 0.1)}
        clash = sorted(taken & own)
        if clash:
            raise DescriptionError(f"{name}: a receptor cannot be called {r!r}: the name {clash[0]} is already in use")
        taken |= own


def _parameters(model: NeuronModel, receptors: Mapping[str, Receptor], name: str) -> Any:
    """A NamedTuple with the parameters of the membrane and of the receptors."""
    base: Any = model.Parameters
    units = get_type_hints(base, include_extras=True)
    values = {field: v for field, v in base._field_defaults.items() if field not in _membrane(model).synaptic}
    annotations = {field: units[field] for field in values}
    for r, receptor in receptors.items():
        units = get_type_hints(receptor.model.Parameters, include_extras=True)
        for field, value in receptor.parameters._asdict().items():
            if f"{field}_{r}" in values:
                raise DescriptionError(
                    f"{name}: a receptor cannot be called {r!r}: the name {field}_{r} is already in use"
                )
            values[f"{field}_{r}"], annotations[f"{field}_{r}"] = value, units[field]
    declaration = namedtuple(f"{name}Parameters", list(values), defaults=list(values.values()))  # type: ignore[misc]
    declaration.__annotations__ = annotations
    declaration.__module__ = base.__module__
    return declaration


def _state(membrane: Membrane, receptors: Mapping[str, Receptor]) -> dict[str, str]:
    """The state variables of receptors, and their units."""
    return {
        variable: membrane.units[receptor.model.conductance] + suffix
        for r, receptor in receptors.items()
        for variable, suffix in zip(variables(r, receptor).values(), receptor.model.state.values(), strict=True)
    }


def _flowing_in(membrane: Membrane, compartment: str) -> str:
    """The name in the equations of a compartment's receptor current."""
    return f"I_syn_{compartment}" if len(membrane.compartments) > 1 else "I_syn"


def _renamed(r: str, receptor: Receptor) -> dict[str, str]:
    """Name in a receptor's equations -> name in the neuron's."""
    names = variables(r, receptor)
    names |= {f"d{variable}": f"d{new}" for variable, new in names.items()}
    return names | {parameter: f"{parameter}_{r}" for parameter in receptor.parameters._fields}


def _equations(membrane: Membrane, receptors: Mapping[str, Receptor]) -> str:
    lines = textwrap.dedent(membrane.equations).strip().splitlines()
    for name, compartment in membrane.compartments.items():
        V = compartment.potential if compartment.V is None else compartment.V[1]
        flows = [
            replaced_words(receptor.model.current, _renamed(r, receptor) | {"V": V})
            for r, receptor in receptors.items()
            if receptor.compartment in ("", name)
        ]
        unit = _BASE_UNITS[membrane.units[0]]
        lines.append(f"{_flowing_in(membrane, name)} = {' + '.join(flows) or f'0*{unit}'} : {unit}")
    for r, receptor in receptors.items():
        names = _renamed(r, receptor) | {"unit": _BASE_UNITS[membrane.units[receptor.model.conductance]]}
        lines += [replaced_words(line.strip(), names) for line in receptor.model.equations.strip().splitlines()]
    return "\n".join(lines)


def _nest(membrane: Membrane, receptors: Mapping[str, Receptor]) -> NestNeuron | None:
    """The neuron in NEST, if all receptors are of one kind and it supports any number of them."""
    kinds = {receptor.model for receptor in receptors.values()}
    base = membrane.nest.get(next(iter(kinds)).name) if len(kinds) == 1 else None
    if base is None:
        return None
    [kind] = kinds
    names = list(receptors)

    def more(p: Any, dt: float) -> dict[str, Any]:
        lists = {
            theirs: np.stack(np.broadcast_arrays(*(getattr(p, f"{ours}_{r}") for r in names)), axis=-1)
            for ours, theirs in kind.nest.items()
        }
        return {**base.more(p, dt), **lists}

    return replace(
        base,
        parameters={**base.parameters, **{f"{ours}_{r}": "" for ours in kind.nest for r in names}},
        ports={r: NestPort(receptor=k) for k, r in enumerate(names, 1)},
        currents={names[0]: "I_e"},
        variables={
            **base.variables,
            **{variables(r, receptors[r])["x"]: f"g_{k}" for k, r in enumerate(names, 1) if kind.conductance},
        },
        more=more,
        lists=tuple(kind.nest.values()),
    )
