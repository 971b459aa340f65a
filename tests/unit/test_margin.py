"""The margin of a neuron, its potential minus its threshold before a reset, says in which steps it spikes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.neurons import MODELS
from spikelearn.neurons.margin import CANNOT_SPIKE, margin_function

DT = 0.1
RECEPTORS = {"fast": sl.ExponentialCurrent(), "slow": sl.AlphaConductance(E=0.0)}
COMPOSED = [
    sl.LIF.with_receptors(fast=sl.ExponentialCurrent()),
    *(model.with_receptors(**RECEPTORS) for model in (sl.LIF, sl.AdEx, sl.EIF, sl.QIF)),
    sl.Izhikevich.with_receptors(slow=sl.AlphaConductance(E=0.0)),
]
EQUATIONS = sl.NeuronModel.from_equations(
    """
    dV_m/dt = (E_L - V_m) / tau_m : volt (unless refractory)
    dtheta/dt = -theta / tau_th : volt
    """,
    threshold="V_m > V_th + theta", reset="V_m = E_L; theta += jump", refractory="t_ref", ports={"exc": "V_m"},
    parameters={"E_L": (-70, "mV"), "tau_m": (10, "ms"), "V_th": (-55, "mV"), "t_ref": (2, "ms"), "tau_th": (20, "ms"),
                "jump": (5, "mV")},
)  # fmt: skip
WITH_MARGIN = [*(model for model in MODELS if model.margin), *COMPOSED, EQUATIONS]
JUMPS = {"mV": 4.0, "pA": 300.0, "nS": 10.0, "mV/ms": 10.0, "1/ms": 0.1, "1": 0.4}
"""Standard deviation of what arrives in a step, by the unit of the port."""
SMALLER = {
    "Izhikevich": 0.05, "LIFSoftReset": 5e-3, "LIFAdaptiveSoftReset": 0.02, "Resonator": 1e-3, "McCullochPitts": 2e-3,
    "CubaLIF": 0.1,
}  # fmt: skip
"""Models whose currents are of another size than 200 pA: theirs beside it."""


def steps_of(model, n=2000):
    """(margin, spiked) of n steps of one neuron that is driven at random through all ports."""
    margin = margin_function(model)
    return np.array([(margin(*arguments), spikes(model, arguments)) for arguments in arguments_of(model, n)])


def spikes(model, arguments):
    return bool(model.step(*arguments)[-1] & 1)


def arguments_of(model, n):
    """What the step of a model is called with in n steps of one neuron, driven at random through all ports."""
    size = SMALLER.get(model.name.removesuffix("HalfSteps").removesuffix("Receptors"), 1.0)
    given = {"I_1": 5e3} if model is sl.PerfectIntegrator else {}
    given |= {name: 20.0 * size for name in ("I_e", "I_e_soma", "I_e_apical") if name in model.Parameters._fields}
    parameters = model(**given | model.properties.firing).parameters
    constants = [float(value) for value in model.constants(parameters, DT).values()]
    initial = model.initial(parameters)
    state = [float(initial.get(name, 0.0)) for name in model.state]
    generator = np.random.default_rng(1)
    found = []
    for _ in range(n):
        arrives = generator.random(len(model.ports)) < 0.3
        inputs = arrives * generator.normal(0.2, 1.0, len(model.ports)) * [JUMPS[unit] for unit in model.ports.values()]
        inputs = [abs(x) if unit == "nS" else x for x, unit in zip(inputs, model.ports.values(), strict=True)]
        currents = size * generator.normal(200.0, 200.0, len(model.currents))
        arguments = [*state, *inputs, *currents, *constants]
        found.append(arguments)
        *state, _ = model.step(*arguments)
    return found


@pytest.mark.parametrize("model", WITH_MARGIN, ids=lambda model: model.name)
def test_a_neuron_spikes_in_the_steps_in_which_its_margin_is_not_negative(model):
    margins, spiked = steps_of(model).T
    assert 5 < spiked.sum() < len(spiked) / 2
    np.testing.assert_array_equal(margins >= 0.0, spiked)


@pytest.mark.parametrize("model", WITH_MARGIN, ids=lambda model: model.name)
def test_the_margin_passes_zero_where_an_input_becomes_enough_for_a_spike(model):
    """Whatever the input: a step that spikes is repeated with more and less of it, up to where it does not spike."""
    margin, first = margin_function(model), len(model.state)
    inputs = range(first, first + len(model.ports) + len(model.currents))
    decisive = set()
    for driven in [each for each in arguments_of(model, 2000) if spikes(model, each)][:3]:
        for k in inputs:

            def with_input(value, driven=driven, k=k):
                return [*driven[:k], value, *driven[k + 1 :]]

            amounts = [sign * 10.0**power for power in range(7) for sign in (-1.0, 1.0)]
            without = next((value for value in amounts if not spikes(model, with_input(value))), None)
            if without is None:
                continue
            enough = driven[k]
            for _ in range(60):
                middle = 0.5 * (enough + without)
                enough, without = (middle, without) if spikes(model, with_input(middle)) else (enough, middle)
            step = math.copysign(1e-6, enough - without)
            assert margin(*with_input(without - step)) < 0.0 <= margin(*with_input(enough + step)), k - first
            decisive.add(k)
    assert decisive, "no input of this model decides over a spike"


def test_models_with_a_threshold_have_a_margin():
    without = {model.name for model in MODELS if not model.margin}
    random = {model.name for model in MODELS if model.random or model.normal}
    assert without - random == {"HodgkinHuxley", "AdExClopath", "Parrot", "ThreeCompartment"}


def test_the_margin_of_a_lif_neuron_is_its_free_potential_minus_its_threshold():
    margin = margin_function(sl.LIFDelta)
    constants = sl.LIFDelta.constants(sl.LIFDelta().parameters, DT)
    for V_m, arrives in ((-60.0, 2.0), (-60.0, 30.0)):
        free = -70.0 + (V_m + 70.0) * math.exp(-DT / 10.0) + arrives
        ULP(8, scale=70.0).check(margin(V_m, 0.0, arrives, 0.0, *constants.values()), free + 55.0)


@pytest.mark.parametrize("model", [sl.AdEx, sl.EIF, sl.QIF, sl.LIFAdaptiveThreshold, sl.MAT2, EQUATIONS])
def test_the_margin_of_a_refractory_neuron_does_not_depend_on_anything(model):
    constants = model.constants(model().parameters, DT)
    state = [2.0 if name == "refractory" else -45.0 if name == "V_m" else 1.0 for name in model.state]
    for arrives in (0.0, 1e3):
        inputs = [arrives] * len(model.ports) + [0.0] * len(model.currents)
        assert margin_function(model)(*state, *inputs, *constants.values()) == CANNOT_SPIKE


@pytest.mark.parametrize("model", [sl.AdEx, sl.EIF])
def test_the_margin_grows_through_the_upstroke_and_beyond(model):
    constants = model.constants(model().parameters, DT)
    rest = [0.0] * (len(model.state) - 1 + len(model.ports) + len(model.currents))
    potentials = np.arange(-65.0, model().parameters.V_peak, 0.1)
    margins = [margin_function(model)(V, *rest, *constants.values()) for V in potentials]
    assert margins[0] < 0.0 < margins[-1] and np.all(np.diff(margins) > 0.0)


def step(V_m, kept, in_exc, V_th):
    kept = V_m + in_exc - V_th
    fired = kept >= 0.0
    return 0.0 if fired else V_m + in_exc, kept, np.uint8(fired)


def model_with(margin, **more):
    return replace(sl.Parrot, name="Kept", constants=lambda p, dt: {"V_th": 1.0}, step=step, margin=margin, nest=None,
                   state={"V_m": "1", "kept": "1"}, ports={"exc": "1"}, closed_form=None, **more)  # fmt: skip


def test_a_state_variable_an_expression_and_a_function_are_the_same_margin():
    given = ["kept", "V_m - V_th", lambda V_m, kept, in_exc, V_th: V_m + in_exc - V_th]
    for arrives in (0.25, 0.75, 7.0):
        of = {float(margin_function(model_with(margin))(0.5, 0.0, arrives, 1.0)) for margin in given}
        assert of == {arrives - 0.5}


@pytest.mark.parametrize(
    ("margin", "complaint"),
    [
        ("V_n", "V_n is neither a state variable nor a constant of the step.*'V_m'"),
        ("V_m - Vth", "Vth is neither.*'V_th'"),
        ("V_th - 1", "contains no state variable"),
        ("V_m -", "expected a state variable, an expression.*got 'V_m -'"),
        (3.0, "expected a state variable, an expression.*got 3.0"),
        (lambda V_m, V_th: V_m - V_th, r"margin of neuron model 'Kept' takes \(V_m, V_th\)"),
    ],
)
def test_a_margin_is_checked_when_the_model_is_defined(margin, complaint):
    with pytest.raises(DescriptionError, match=complaint):
        model_with(margin)


def test_asking_for_the_margin_of_a_model_without_one_is_an_error():
    with pytest.raises(DescriptionError, match="'HodgkinHuxley' has no margin"):
        margin_function(sl.HodgkinHuxley)


@pytest.mark.parametrize(
    ("threshold", "has"), [("V_m > V_th", True), ("V_th <= V_m", True), ("V_m > V_th and V_m < 0*mV", False)]
)
def test_equations_with_a_single_comparison_have_a_margin(threshold, has):
    model = sl.NeuronModel.from_equations(
        "dV_m/dt = -V_m / tau_m : volt", threshold=threshold, reset="V_m = 0*mV",
        parameters={"tau_m": (10, "ms"), "V_th": (15, "mV")},
    )  # fmt: skip
    assert bool(model.margin) == has
    if has:
        given = margin_function(model)(20.0, *model.constants(model().parameters, DT).values())
        ULP(4, scale=20.0).check(given, 20.0 * math.exp(-DT / 10.0) - 15.0)
