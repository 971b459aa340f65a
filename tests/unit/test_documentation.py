"""What `help`, `inspect.signature` and editors show of all that the package exports."""

import compileall
import inspect
import os
import pydoc
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.documented import Documented
from spikelearn.parameters import declared_units, meanings

EXPORTED = {name: getattr(sl, name) for name in sl.__all__}
MODELS = [pytest.param(value, id=name) for name, value in EXPORTED.items() if isinstance(value, Documented)]
MADE_BY_OTHERS = (
    sl.Run,
    sl.Population,
    sl.View,
    sl.Projection,
    sl.Modulator,
    sl.Signal,
    sl.Neuron,
    sl.Plasticity,
    sl.Synapse,
    sl.Receptor,
)
"""Results of calls: users name these classes and do not make them."""
CLASSES = [
    pytest.param(value, id=name)
    for name, value in EXPORTED.items()
    if isinstance(value, type) and not issubclass(value, (Documented, *MADE_BY_OTHERS))
]
CITATION = r"\b(18|19|20)\d\d\b|NEST's \w+|[Ss]pecific to spikelearn"
"""A year of publication, a model of NEST that it follows, or that it comes from here."""


def shown(model):
    return pydoc.render_doc(model, renderer=pydoc.plaintext)


def must_be_given(model):
    """A value for each parameter that has no default."""
    return {name: 0.0 for name in model.Parameters._fields if name not in model.Parameters._field_defaults}


@pytest.mark.parametrize("model", MODELS)
def test_help_shows_every_parameter_with_its_unit_its_default_and_what_it_means(model):
    text, units, meaning = shown(model), declared_units(model.Parameters), meanings(model.Parameters)
    for name in model.Parameters._fields:
        default = "" if name in must_be_given(model) else f", default {model.Parameters._field_defaults[name]:g}"
        assert f"{name} : {units[name]}{default}\n" in text
        assert meaning[name] in text and len(meaning[name]) > 3
    assert must_be_given(model) in ({}, {"E": 0.0})  # a conductance can have no reversal potential by default


@pytest.mark.parametrize("model", MODELS)
def test_help_shows_the_equations_and_where_they_are_published(model):
    text = shown(model)
    assert re.search(CITATION, text), text
    published = "Equations\n" in text or re.search(r"\w'? [+-]?= |->", inspect.getdoc(model))
    assert published or not model.Parameters._fields, text


@pytest.mark.parametrize("model", MODELS)
def test_the_signature_is_that_of_a_call(model):
    found = inspect.signature(model)
    named = {name: p for name, p in found.parameters.items() if p.kind is p.KEYWORD_ONLY}
    defaults, required = model.Parameters._field_defaults, must_be_given(model)
    assert {name: p.default for name, p in named.items()} == {
        **dict.fromkeys(required, inspect.Parameter.empty),
        **defaults,
    }
    assert {name: str(p.annotation) for name, p in named.items()} == {
        name: str(unit) for name, unit in declared_units(model.Parameters).items()
    }
    first = [sl.Network(dt=0.1).modulator("dopamine", tau=200.0)] if "modulator" in found.parameters else []
    bound = found.bind(*first, **required, **defaults)
    assert model(*bound.args, **bound.kwargs).parameters == model(*first, **required).parameters
    with pytest.raises(TypeError, match="unexpected keyword argument 'tau_mm'"):
        found.bind(*first, **required, tau_mm=1.0)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_docstring_of_every_class_says_what_each_argument_is(cls):
    text = inspect.getdoc(cls)
    for name in inspect.signature(cls).parameters:
        assert re.search(rf"(^|[ ,]){name}(, \w+)*: \S", text, re.MULTILINE), f"{name} in:\n{text}"


@pytest.mark.parametrize(
    "kind", [sl.NeuronModel, sl.PlasticityRule, sl.SignalRule, sl.StepRule, sl.SynapseModel, sl.GradedSynapse]
)
def test_the_class_of_a_model_has_its_own_text_and_the_signature_of_its_constructor(kind):
    assert "Calling" in kind.__doc__ or kind is sl.SynapseModel
    assert list(inspect.signature(kind).parameters)[:2] == ["name", "Parameters"]
    assert kind.__doc__.splitlines()[0] in shown(kind)


def test_a_model_that_comes_from_equations_shows_its_text_and_what_was_said_of_its_parameters():
    model = sl.NeuronModel.from_equations(
        "dV_m/dt = (E_L - V_m) / tau_m : volt", threshold="V_m > V_th", reset="V_m = E_L", ports={"exc": "V_m"},
        parameters={"E_L": (-70.0, "mV"), "tau_m": (10.0, "ms", "membrane time constant"), "V_th": (-55.0, "mV")},
        name="Mine",
    )  # fmt: skip
    text = shown(model)
    assert "dV_m/dt = (E_L - V_m) / tau_m : volt" in text and "V_m > V_th" in text
    assert "tau_m : ms, default 10\n" in text and "membrane time constant" in text
    assert str(inspect.signature(model)) == "(*, E_L: mV = -70.0, tau_m: ms = 10.0, V_th: mV = -55.0)"
    assert 'tau_m: Annotated[ms, "membrane time constant"] = 10.0' in model.source


def test_a_parameter_that_must_be_given_has_no_default_in_the_signature():
    found = inspect.signature(sl.ExponentialConductance)
    assert found.parameters["E"].default is inspect.Parameter.empty
    with pytest.raises(TypeError, match="missing a required"):
        found.bind(tau_syn=10.0)


def test_nothing_is_made_before_somebody_asks(monkeypatch):
    asked = []
    monkeypatch.setattr("spikelearn.documented.documentation", lambda of: asked.append(of) or "text")
    model = sl.NeuronModel.from_equations("dx/dt = -x / tau : 1", ports={"exc": "x"}, parameters={"tau": (1.0, "ms")})
    sl.Network(dt=0.1).population(2, model(tau=2.0))
    assert asked == []
    assert model.__doc__ == "text" and asked == [model]


def test_help_is_the_same_where_models_are_installed_without_their_source_text(tmp_path):
    """Meanings stand in the code and are not read from the text of a file."""
    package = shutil.copytree(Path(sl.__file__).parent, tmp_path / "spikelearn")
    for folder in ("neurons", "plasticity", "synapses"):
        assert compileall.compile_dir(package / folder, legacy=True, quiet=1)
        for text in (package / folder).glob("*.py"):
            text.unlink()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    script = "import pydoc, spikelearn as sl; print(pydoc.plain(sl.LIF.__doc__), end='')"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == sl.LIF.__doc__ and "leak reversal potential" in done.stdout


def test_numbers_of_neurons_of_their_own_are_no_part_of_the_signature():
    neuron = sl.LIF(tau_m=np.array([10.0, 20.0]))
    assert inspect.signature(neuron.model) == inspect.signature(sl.LIF)
