"""What holds of every neuron model: each joins by being exported.

Each is compared with Brian2 running the equations that it shows in tests/cases/own_equations.py.
"""

import numpy as np
import pytest
from cases.neurons import simulate
from cases.own_equations import constant_current
from scipy.linalg import expm
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.neurons import MODELS
from spikelearn.neurons.hodgkin_huxley import _linoid
from spikelearn.neurons.multiple_thresholds import AMPLITUDES, WIDTHS

DT = 0.05
STEPS = 1000


def is_held_after_a_spike(model):
    """Whether it stands still for t_ref after a spike, and takes a current that makes it fire at once."""
    resets = model.reset or not model.equations
    return {"t_ref", "I_e"} <= set(model.units) and resets and not (model.random or model.normal)


@pytest.mark.parametrize("model", [pytest.param(m, id=m.name) for m in MODELS if is_held_after_a_spike(m)])
def test_spikes_are_the_refractory_period_and_one_step_apart(model):
    _, spikes = simulate(model(t_ref=0.5, I_e=1e6), duration=4.0, dt=0.25)
    EXACT.check(spikes, [1, 4, 7, 10, 13, 16])


def every_model():
    return [pytest.param(model, id=model.name) for model in MODELS]


@pytest.mark.parametrize("model", every_model())
def test_rest_is_a_fixed_point(model):
    net = sl.Network(dt=DT)
    cell = net.population(2, model(**model.properties.quiet))
    net.record(cell, "spikes")
    net.record(cell, list(model.state), every=DT * STEPS)
    run = net.run(DT * 100_000)
    assert len(run.spikes(cell).times) == 0
    for name in model.state:
        before, after = run.trace(cell, name).values[-2:]
        if not np.all(after - before == STEPS):  # else it counts the steps
            ULP(100, 1.0).check(after, before, name)


@pytest.mark.parametrize("model", every_model())
def test_the_compiled_step_is_its_plain_python(model):
    generator = np.random.default_rng(1)
    parameters = model().parameters
    constants = [float(value) for value in model.constants(parameters, DT).values()]
    start = {**dict.fromkeys(model.state, 0.0), **model.initial(parameters)}
    masks = set()
    for spread in np.repeat([10.0, 100.0], 1000):
        state = [float(start[name]) + generator.normal(0.0, spread) for name in model.state]
        if "refractory" in model.state:
            state[list(model.state).index("refractory")] = float(generator.integers(0, 3))
        inputs = generator.normal(0.0, 30.0, len(model.ports) + len(model.currents))
        drawn = [*generator.random(len(model.random)), *generator.normal(size=len(model.normal))]
        functions = [(model.step, [*state, *inputs, *(drawn if model.at_event is None else ()), *constants])]
        if model.at_event is not None:
            functions.append((model.at_event, [*state, *drawn, *constants]))
        for function, arguments in reversed(functions):
            compiled, plain = (each(*map(float, arguments)) for each in (function, function.py_func))
            # exp and pow may come from two libraries, each right to a unit in the last place
            ULP(50, 100.0).check(np.array(compiled, float), np.array(plain, float))
        masks.add(int(plain[-1]) & ~16)  # rates come in every step
    assert 0 in masks and any(mask % 2 for mask in masks)


def random_models():
    return [pytest.param(model, id=model.name) for model in MODELS if model.random]


def spikes_of_two_populations(model, seed, engine="compiled", threads=1):
    net = sl.Network(dt=DT, seed=seed, threads=threads)
    for name in ("one", "other"):
        firing = constant_current(model) or model.properties.firing
        net.record(net.population(9, model(**firing), name=name))
    run = net.run(100.0, engine=engine)
    return [np.stack([run.spikes(name).times, run.spikes(name).ids]) for name in ("one", "other")]


@pytest.mark.parametrize("model", random_models())
def test_the_same_seed_gives_random_neurons_the_same_spikes_however_they_are_run_and_another_seed_others(model):
    spikes = spikes_of_two_populations(model, seed=3)
    for how in ({}, {"engine": "stepper"}, {"threads": 2}):
        again = spikes_of_two_populations(model, 3, **how)
        for found, expected in zip(again, spikes, strict=True):
            EXACT.check(found, expected, str(how))
    others = spikes_of_two_populations(model, seed=4)
    assert all(len(found[0]) > 20 for found in spikes)
    assert not np.array_equal(spikes[0], spikes[1]) and not np.array_equal(spikes[0], others[0])


def test_without_a_slope_factor_a_membrane_is_the_leaky_one():
    """Its potential is the exact one to second order, so it crosses the threshold in the same steps."""
    leaky = {"E_L": -65.0, "V_th": -55.0, "V_reset": -68.0, "C_m": 200.0, "t_ref": 1.7}
    for I_e in (150.0, 190.0, 203.0, 400.0, 5000.0):
        _, expected = simulate(sl.LIF(tau_m=10.0, I_e=I_e, **leaky), duration=100.0, dt=0.1)
        for model in (sl.EIF, sl.AdEx):
            more = {"a": 0.0, "b": 0.0} if model is sl.AdEx else {}
            neuron = model(g_L=20.0, Delta_T=0.0, V_peak=0.0, I_e=I_e, **leaky, **more)
            EXACT.check(simulate(neuron, duration=100.0, dt=0.1)[1], expected)


@pytest.mark.parametrize("ratio", [0.9, 0.995, 1.0, 1.0000001, 1.005, 1.1])
def test_alpha_currents_with_nearly_the_time_constant_of_the_membrane_are_exact(ratio):
    """Against the exponential of the matrix of V_m and the two variables of the current."""
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([1.0]), name="source")
    cell = net.population(1, sl.LIFAlpha(tau_m=10.0, tau_syn_exc=10.0 * ratio, V_th=1e6), name="cell")
    net.connect(source, cell, "exc", weight=100.0, delay=0.1)
    net.record(cell, "V_m")
    V_m = net.run(60.0).trace(cell, "V_m").values[10:, 0]
    tau = 10.0 * ratio
    A = np.array([[-1 / 10.0, 1 / 250.0, 0.0], [0.0, -1 / tau, 1.0], [0.0, 0.0, -1 / tau]])
    t = 0.1 * np.arange(len(V_m))
    expected = [(expm(A * each) @ [0.0, 0.0, 100.0 * np.e / tau])[0] for each in t]
    ULP(1_000_000, 10.0).check(V_m + 70.0, expected)


def test_the_back_propagating_spike_of_a_pyramidal_cell_lasts_from_k_start_to_k_stop():
    net = sl.Network(dt=0.1)
    cell = net.population(1, sl.Pyramidal(), name="cell")
    net.drive(cell, sl.StepCurrent([10.0, 11.0], [10_000.0, 0.0]), "soma")
    net.record(cell, ["spikes", "V_d"])
    run = net.run(40.0)
    [spike] = run.spikes(cell).times[:1]
    steps = np.round((run.trace(cell, "V_d").times - spike) / 0.1).astype(int)
    rises = np.diff(run.trace(cell, "V_d").values[:, 0], prepend=-70.0) > 0.5
    assert steps[rises].tolist() == list(range(6, 26))


def test_rates_of_hodgkin_and_huxley_are_right_where_they_are_nearly_0_over_0():
    x = np.array([-0.06, -0.0499, -1e-3, 1e-6, 0.02, 0.0499, 0.06])
    # the series leaves out x^8 / 1,209,600
    ULP(10, 1.0).check([_linoid(each) for each in x], x / np.expm1(x))
    assert _linoid(0.0) == 1.0


def test_spikes_through_successive_arms_are_a_quarter_higher_and_a_third_wider():
    for sizes, share in ((AMPLITUDES, 0.25), (WIDTHS, 0.33)):
        steps = np.diff(sizes) / sizes[:-1]
        assert np.all((share - 0.02 < steps) & (steps < share + 0.05)), steps
