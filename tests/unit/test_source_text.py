"""No text of a user becomes code, wherever it is put into the source of a model: it is quoted, or refused."""

import ast
import builtins
import itertools
from dataclasses import replace

import pytest

import spikelearn as sl
from spikelearn.codegen.functions import function_from
from spikelearn.codegen.modules import kernel_for, source_of_module
from spikelearn.codegen.source_text import docstring, is_identifier, operand, quoted, remark
from spikelearn.codegen.template import render
from spikelearn.errors import SpikelearnError

CALL = "__import__('builtins').__setattr__('executed', True)"
NASTY = (
    'X""" + str(' + CALL + ') + """',
    'X"; ' + CALL + '; "',
    "X'; " + CALL + "; '",
    f"X\n{CALL}\n",
    f"X\r{CALL}\r#",
    f"X\x0c\n{CALL}",
    f"X\u2028{CALL}",
    f"X\x85{CALL}",
    f"X, {CALL}",
    f"X): pass\n{CALL}\ndef f(",
    f"X = {CALL}",
    f"X: {CALL}",
    f"{CALL}",
    "X()",
    "X\\",
    'X"',
    'X\n"',
    'X\n\\"""',
    "X\0",
    "\ud800",
    "",
    " ",
    "class",
    "None",
    "__debug__",
    "µ",
    "ﬁ",
    "1",
    "a b",
    "a.b",
    "a#b",
    "{X}",
    "%s",
    5,
    None,
    b"X",
    ("X",),
)
EQUATIONS = "dV_m/dt = (E_L - V_m + R*I)/tau_m : volt"
PARAMETERS = {"E_L": (-70.0, "mV"), "R": (0.1, "Gohm"), "tau_m": (10.0, "ms"), "V_th": (-55.0, "mV")}


def neuron(**changed):
    given = {"threshold": "V_m > V_th", "reset": "V_m = E_L", "ports": {"exc": "V_m"}, "currents": {"exc": "I"}}
    return sl.NeuronModel.from_equations(**{"equations": EQUATIONS, **given, "parameters": PARAMETERS, **changed})


def rule(**changed):
    given = {"on_pre": "x += 1; w += A", "on_post": "w -= A * x", "equations": "dx/dt = -x/tau : 1 (event-driven)"}
    limits = {"tau": (20.0, "ms"), "A": 0.1, "W_min": 0.0, "W_max": 10.0}
    return sl.PlasticityRule.from_equations(**{**given, "parameters": limits, **changed})


def synapse(**changed):
    given = {"equations": "dx/dt = (1 - x)/tau : 1 (event-driven)", "on_pre": "released = x; x -= 0.5 * x"}
    return sl.SynapseModel.from_equations(**{**given, "parameters": {"tau": (20.0, "ms")}, **changed})


def composed(name="Cell", receptor="ampa", kind="Kinetics", membrane="Membrane"):
    kinetics = replace(sl.ExponentialCurrent, name=kind)
    return replace(sl.LIF, name=membrane).with_receptors(name=name, **{receptor: kinetics(tau_syn=2.0)})


PLACES = {
    "name of a neuron": lambda text: neuron(name=text),
    "port": lambda text: neuron(ports={text: "V_m"}, currents={}, equations=EQUATIONS.replace("R*I", "0*mV")),
    "variable of a port": lambda text: neuron(ports={"exc": text}),
    "current": lambda text: neuron(currents={text: "I"}),
    "its variable": lambda text: neuron(currents={"exc": text}),
    "parameter": lambda text: neuron(parameters={**PARAMETERS, text: 1.0}),
    "meaning": lambda text: neuron(parameters={**PARAMETERS, "tau_m": (10.0, "ms", text)}),
    "unit": lambda text: neuron(parameters={**PARAMETERS, "k": (10.0, text)}),
    "value": lambda text: neuron(parameters={**PARAMETERS, "k": text}),
    "initial": lambda text: neuron(initial={text: 1.0}),
    "initial value": lambda text: neuron(initial={"V_m": text}),
    "equations": lambda text: neuron(equations=f"{EQUATIONS}\n{text} = 1 : 1"),
    "comment": lambda text: neuron(equations=f"{EQUATIONS} # {text}"),
    "declared": lambda text: neuron(equations=f"{EQUATIONS}\n{text} : 1"),
    "right side": lambda text: neuron(equations=EQUATIONS.replace("R*I", f"R*I*{text}")),
    "threshold": lambda text: neuron(threshold=text),
    "reset": lambda text: neuron(reset=text),
    "refractory": lambda text: neuron(refractory=text),
    "method": lambda text: neuron(method=text),
    "name of a rule": lambda text: rule(name=text),
    "event of a rule": lambda text: rule(learns_from=text),
    "statement of a rule": lambda text: rule(on_pre=f"x += 1; w += A\n{text}"),
    "equations of a rule": lambda text: rule(equations=f"dx/dt = -x/tau : 1 (event-driven)\n{text} : 1"),
    "parameter of a rule": lambda text: rule(parameters={text: 1.0, "tau": (20.0, "ms"), "W_min": 0.0, "W_max": 1.0}),
    "name of a synapse": lambda text: synapse(name=text),
    "statement of a synapse": lambda text: synapse(on_pre=f"released = x\n{text}"),
    "name of a composed model": lambda text: composed(name=text),
    "receptor": lambda text: composed(receptor=text),
    "model of a receptor": lambda text: composed(kind=text),
    "model of a membrane": lambda text: composed(membrane=text),
}


@pytest.fixture(autouse=True)
def nothing_is_executed():
    yield
    assert not hasattr(builtins, "executed")


@pytest.mark.parametrize("place", PLACES)
def test_a_text_given_to_a_model_is_quoted_or_refused(place):
    accepted = 0
    for text in NASTY:
        try:
            model = PLACES[place](text)
        except SpikelearnError:
            continue
        except TypeError as error:
            assert "keywords must be strings" in str(error) or "unhashable" in str(error), text
            continue
        accepted += 1
        calls = [node for node in ast.walk(ast.parse(model.source)) if isinstance(node, ast.Call)]
        assert not [call for call in calls if "__" in ast.unparse(call.func)], text
    assert accepted < len(NASTY) or place == "model of a membrane"


@pytest.mark.parametrize("text", [text for text in NASTY if isinstance(text, str)])
def test_names_in_the_head_of_a_module_stay_in_its_comments(text):
    def user(step):
        pass

    user.__qualname__, user.__module__ = text, text
    kernel = kernel_for(text, "def function(step):\n    user(step)\n", {"user": user})
    plain = kernel_for("plain", "def function(step):\n    user(step)\n", {"user": lambda step: None})
    assert ast.dump(ast.parse(source_of_module(kernel, []))) == ast.dump(ast.parse(source_of_module(plain, [])))


@pytest.mark.parametrize("text", [text for text in NASTY if isinstance(text, str)])
def test_what_is_put_into_a_template_is_a_name(text):
    safe = is_identifier(text) or text in ("1", "a.b")
    for values in ({"state": (text,)}, {"state": ("V_m", text)}, {"kinds": ((text, "1"),)}):
        if not safe:
            with pytest.raises(SpikelearnError, match="expected a name of letters, digits and _"):
                render("short_term", constants=(), **values)
    if not safe:
        with pytest.raises(SpikelearnError, match="expected a name"):
            operand(text, "x")


def test_a_quoted_text_is_the_text_and_a_remark_is_one_line():
    texts = [text for text in NASTY if isinstance(text, str)]
    for parts in itertools.product(texts, repeat=2):
        for text in ("".join(parts), "\n".join(parts)):
            assert ast.literal_eval(quoted(text)) == text
            assert ast.literal_eval(docstring(text)) == text.replace("\ud800", r"\ud800")
            assert len(f"# {remark(text)}".splitlines()) == 1
            ast.parse(f"# {remark(text)}\n{ascii(0)}")


def test_what_models_need_is_left_as_it_is():
    assert quoted("mV") == '"mV"' and docstring("A model.") == '"""A model."""' and quoted("a\nb") == '"""a\nb"""'
    for text in ("V_m", "all_V_m[i]", "(s - last) * ms_per_step", "0", "1.0", "-0.5", "1e-05", "τ", "on_pre"):
        assert operand(text, "x") == text
    assert function_from(f"def f():\n    {docstring('τ')}\n", "f", {}).__doc__ == "τ"
