"""What there is to simulate with, as tables: `spikelearn.models()`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from spikelearn.description.overview import aligned
from spikelearn.documented import Documented
from spikelearn.errors import ExperimentError
from spikelearn.experiments.model_file import list_experiments, load_experiment
from spikelearn.experiments.parameters import parameters_table
from spikelearn.parameters import declared_units, meanings, suggest

PACKAGES = ("neurons", "plasticity", "synapses", "sources", "connectivity")
"""Those whose exports are listed."""
OF_YOUR_OWN = "for models of your own"
BASES = frozenset({
    "Neuron", "NeuronModel", "Receptor", "ReceptorModel", "Plasticity", "PlasticityRule", "SignalRule", "StepRule",
    "Trace", "Synapse", "SynapseModel", "GradedSynapse", "ConnectionRule", "Endpoints", "Rows", "Profile",
})  # fmt: skip
"""Exports that are no models: from them models are made."""


class Models(dict[str, dict[str, str]]):
    """Kind -> name -> the first line of what is said of it. Shown as a table for each kind."""

    def __repr__(self) -> str:
        tables = (
            "\n".join([kind, *aligned([(f"  {name}", about) for name, about in found.items()])])
            for kind, found in self.items()
        )
        return "\n\n".join(tables)


class ModelTable(list[Mapping[str, Any]]):
    """The parameters of a model: name, default, unit and meaning of each. Shown as a table."""

    def __init__(self, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(rows)
        self.title = title

    def __repr__(self) -> str:
        head = ("parameter", "default", "unit", "meaning")
        rows = [tuple(_text(row[column]) for column in ("name", "default", "unit", "meaning")) for row in self]
        return "\n".join([self.title, "", *(aligned([head, *rows]) if rows else ["no parameters"])])


def models(name: str | None = None) -> Models | ModelTable:
    """What there is: published networks, neurons, plasticity rules, synapses, sources and connection rules.

    Last are the classes that models of your own are made from.

    name: one of them, of which the parameters are then returned, with units, defaults and meanings: a class such as
    "LIF", a published network such as "brunel_2000", or a path of a model file. What is returned is shown as a table.
    Raises ExperimentError if there is none of this name.

    >>> models("Poisson")[0]["name"]
    'rate'
    """
    if name is None:
        networks = {each.name: each.summary for each in list_experiments()}
        exports = {package: _exports(package) for package in PACKAGES}
        own = {name: about for found in exports.values() for name, about in found.items() if name in BASES}
        listed = {
            package: {name: about for name, about in found.items() if name not in BASES}
            for package, found in exports.items()
        }
        return Models({"networks": networks, **listed, OF_YOUR_OWN: own})
    for package in PACKAGES:
        if name in _exports(package):
            return _of_object(getattr(import_module(f"spikelearn.{package}"), name), name)
    named = [each.name for each in list_experiments()]
    if name not in named and not str(name).endswith(".py"):
        known = [*named, *(each for package in PACKAGES for each in _exports(package))]
        raise ExperimentError(f"models: nothing is called {name!r}{suggest(name, known)}; models() lists what there is")
    experiment = load_experiment(name)
    rows = parameters_table(experiment, experiment.parameters())
    return ModelTable(
        f"{experiment.name}: {experiment.summary}",
        [{"name": row.name, "default": row.default, "unit": row.unit, "meaning": row.doc} for row in rows],
    )


def _exports(package: str) -> dict[str, str]:
    """Name -> the first line of its documentation, of all models and classes that a package exports."""
    module = import_module(f"spikelearn.{package}")
    found = {name: getattr(module, name) for name in module.__all__}
    return {
        name: (inspect.getdoc(value) or "").partition("\n")[0]
        for name, value in found.items()
        if isinstance(value, Documented | type)
    }


def _of_object(value: Any, name: str) -> ModelTable:
    """The parameters of a model, or the arguments of a class."""
    title = f"{name}: {(inspect.getdoc(value) or '').partition(chr(10))[0]}"
    if isinstance(value, Documented):
        declared = value.Parameters
        units, meaning, defaults = declared_units(declared), meanings(declared), declared._field_defaults
        rows = [
            {"name": each, "default": defaults.get(each), "unit": units[each].name, "meaning": meaning[each]}
            for each in declared._fields
        ]
        return ModelTable(title, rows)
    given = inspect.signature(value).parameters.values()
    defaults = {each.name: None if each.default is each.empty else each.default for each in given}
    return ModelTable(title, [{"name": n, "default": d, "unit": "", "meaning": ""} for n, d in defaults.items()])


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
