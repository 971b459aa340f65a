"""The oracles themselves: they reproduce recorded NEST weights and each other.

That two simulators agree on a model is slow where spikelearn is compared with each of them: tests/cases.
"""

import numpy as np
import pytest
from oracles import brian2_oracle, nest_oracle

EXPONENT_0 = {"mu_plus": 0.0, "mu_minus": 0.0}
EXPONENT_1 = {"mu_plus": 1.0, "mu_minus": 1.0}
STDP_PRE, STDP_POST = (10, 30, 60, 200), (15, 25, 58, 62)
DOPAMINE_PRE, DOPAMINE_POST = (10, 50, 200, 1500), (15, 45, 210, 400)

LIF = {
    "C_m": 200.0, "tau_m": 15.0, "E_L": -65.0, "V_th": -62.0, "V_reset": -66.0, "t_ref": 1.2, "V_m": -65.0,
}  # fmt: skip
LIF_EXP = LIF | {"tau_syn_ex": 3.0, "tau_syn_in": 7.0}


def last_digit(decimals: int) -> float:
    """One in the last of so many decimals: 49.968521808532 below is really 49.96852180853135."""
    return 10.0**-decimals


def random_inputs(scale: float, seed: int):
    random = np.random.default_rng(seed)
    return np.sort(random.integers(5, 1900, 150)) * 0.1, random.normal(0.4 * scale, scale, 150)


@pytest.mark.parametrize(
    ("exponents", "delay", "pre", "post", "weights", "decimals"),
    [
        (EXPONENT_0, 1.0, STDP_PRE, STDP_POST, [50, 49.809065325086, 48.822977287418, 49.944082171168], 12),
        (EXPONENT_0, 5.0, STDP_PRE, STDP_POST, [50, 50.337552908186, 49.961164192632, 52.001528493875], 12),
        (EXPONENT_1, 1.0, STDP_PRE, STDP_POST, [50, 49.894672839799, 49.401242167901, 49.968521808532], 12),
        (EXPONENT_0, 1.0, (10, 200), (9,), [50, 49.9999214056], 10),
    ],
    ids=["additive", "additive, delay 5 ms", "multiplicative", "coincident pair does not interact"],
)
def test_nest_stdp_gives_the_weights_of_the_table(exponents, delay, pre, post, weights, decimals):
    measured = nest_oracle.stdp_weights(
        pre, post, w0=50.0, Wmax=100.0, lambda_=0.01, alpha=1.05, delay=delay, **exponents
    )
    np.testing.assert_allclose(measured, weights, rtol=0, atol=last_digit(decimals))


@pytest.mark.parametrize(
    ("dopamine", "b", "weights", "final_weight"),
    [
        ((100, 300, 301, 800), 0.0, [20, 20, 19.7795916305, 19.8789218857], 19.8792978859),
        ((100, 300, 301, 800), 0.002, [20, 19.9491513732, 19.9018631038, 19.9440723549], 19.9341430477),
        ((), 0.002, [20, 19.9491513732, 20.1222714733, 20.0651504691], 20.0548451618),
    ],
    ids=["dopamine", "dopamine above a baseline", "no dopamine below a baseline"],
)
def test_nest_dopamine_stdp_gives_the_weights_of_the_table(dopamine, b, weights, final_weight):
    measured = nest_oracle.dopamine_stdp(DOPAMINE_PRE, DOPAMINE_POST, dopamine, b=b, T=2000.0)
    np.testing.assert_allclose(measured.weights, weights, rtol=0, atol=last_digit(10))
    assert measured.final_weight == pytest.approx(final_weight, rel=0, abs=last_digit(10))
    assert measured.c == pytest.approx(0.00794278514578, rel=0, abs=last_digit(14))
    if dopamine:
        assert measured.n == pytest.approx(1.48820275924e-5, rel=0, abs=last_digit(16))
    else:
        assert measured.n == 0.0


def test_how_often_dopamine_is_delivered_does_not_matter_where_no_weight_is_clipped():
    protocol = (DOPAMINE_PRE, DOPAMINE_POST, (100, 300, 301, 800))
    once = nest_oracle.dopamine_stdp(*protocol, b=0.002, T=2000.0)
    each_step = nest_oracle.dopamine_stdp(*protocol, b=0.002, T=2000.0, deliver_interval=0.1)
    # 20,000 segments instead of one: their rounding errors add up
    np.testing.assert_allclose(each_step.weights, once.weights, rtol=1e-13)
    assert each_step.final_weight == pytest.approx(once.final_weight, rel=1e-13)


@pytest.mark.parametrize("tau_fac", [0.0, 50.0], ids=["depression only", "with facilitation"])
def test_nest_tsodyks2_follows_its_recursion_and_releases_U_first(tau_fac):
    pre, U, tau_rec, weight = (10.0, 20.0, 50.0, 300.0), 0.4, 100.0, 3.0
    x, u, amplitudes = 1.0, U, [weight * U]
    for h in np.diff(pre):
        x = 1 + (x - x * u - 1) * np.exp(-h / tau_rec)
        u = U + u * (1 - U) * (np.exp(-h / tau_fac) if tau_fac else 0.0)
        amplitudes.append(weight * x * u)
    parameters = {"U": U, "u": U, "x": 1.0, "tau_rec": tau_rec, "tau_fac": tau_fac}
    measured = nest_oracle.short_term("tsodyks2_synapse", pre, parameters, weight=weight)
    np.testing.assert_allclose(measured, amplitudes, rtol=1e-14)


def test_a_current_that_arrives_moves_the_potential_one_step_later():
    trace = nest_oracle.lif("iaf_psc_exp", [1.0], [5.0], params=LIF_EXP, duration=4.0, resolution=0.5)
    assert list(trace.times[trace.V_m > LIF["E_L"]]) == [2.5, 3.0, 3.5, 4.0]


def test_a_delta_input_moves_the_potential_in_the_step_of_its_arrival():
    trace = nest_oracle.lif("iaf_psc_delta", [1.0], [1.0], params=LIF, duration=4.0, resolution=0.5)
    assert list(trace.times[trace.V_m > LIF["E_L"]]) == [2.0, 2.5, 3.0, 3.5, 4.0]
    assert trace.V_m[3] == LIF["E_L"] + 1.0


@pytest.mark.parametrize("model", ["iaf_psc_exp", "iaf_psc_alpha", "iaf_psc_delta", "iaf_cond_exp"])
def test_spikes_are_at_least_t_ref_and_one_step_apart(model):
    params = {"t_ref": 1.0, "I_e": 1e6}
    trace = nest_oracle.lif(model, [], [], params=params, duration=8.0, resolution=0.5)
    assert list(trace.spike_times) == [0.5, 2.0, 3.5, 5.0, 6.5, 8.0]


def test_brian2_exact_lif_is_nest_iaf_psc_exp():
    times, weights = random_inputs(150.0, seed=1)
    setup = {
        "params": LIF_EXP, "delay": 1.5, "duration": 200.0,
        "current_times": [50.0, 70.3], "current_amplitudes": [60.0, -20.0],
    }  # fmt: skip
    brian2 = brian2_oracle.lif_exp(times, weights, **setup)
    nest = nest_oracle.lif("iaf_psc_exp", times, weights, **setup)
    assert len(nest.spike_times) > 3
    np.testing.assert_allclose(brian2.spike_times, nest.spike_times, rtol=1e-12)
    np.testing.assert_allclose(brian2.recorded["V_m"][1:], nest.V_m, rtol=1e-12)


@pytest.mark.slow
def test_brian2_exact_delta_lif_is_nest_iaf_psc_delta_even_in_what_is_lost_while_refractory():
    times, weights = random_inputs(1.0, seed=1)
    constants = {name: value for name, value in LIF.items() if name not in ("t_ref", "V_m")}
    brian2 = brian2_oracle.integrate(
        "dV_m/dt = (E_L - V_m)/tau_m : volt (unless refractory)",
        parameters={name: value for name, value in constants.items() if name != "C_m"},
        units=brian2_oracle.UNITS,
        initial={"V_m": LIF["V_m"]},
        inputs=[(time + 1.5, "V_m", weight) for time, weight in zip(times, weights, strict=True)],
        threshold="V_m >= V_th",
        reset="V_m = V_reset",
        refractory=LIF["t_ref"],
        method="exact",
        dt=0.1,
        duration=200.0,
        record=["V_m"],
    )
    nest = nest_oracle.lif("iaf_psc_delta", times, weights, params=LIF, delay=1.5, duration=200.0)
    assert len(nest.spike_times) > 3
    np.testing.assert_allclose(brian2.spike_times, nest.spike_times, rtol=1e-12)
    np.testing.assert_allclose(brian2.recorded["V_m"][1:], nest.V_m, rtol=1e-12)


@pytest.mark.slow
def test_brian2_runge_kutta_conductance_lif_is_nest_iaf_cond_exp_within_its_adaptive_solver():
    times, weights = random_inputs(4.0, seed=1)
    params = {name: value for name, value in LIF_EXP.items() if name != "tau_m"}
    params |= {"g_L": 10.0, "E_ex": 0.0, "E_in": -80.0, "V_th": -55.0}
    brian2 = brian2_oracle.lif_cond_exp(times, weights, params=params, delay=1.5, duration=200.0)
    nest = nest_oracle.lif("iaf_cond_exp", times, weights, params=params, delay=1.5, duration=200.0)
    assert len(nest.spike_times) > 3
    np.testing.assert_allclose(brian2.spike_times, nest.spike_times, rtol=1e-12)
    # NEST allows its solver an error of 1e-3 mV, and takes the whole step at once where that is enough
    np.testing.assert_allclose(brian2.recorded["V_m"][1:], nest.V_m, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_brian2_euler_izhikevich_is_nest_izhikevich():
    brian2 = brian2_oracle.izhikevich([20.0], [10.0], duration=300.0)
    nest = nest_oracle.lif(
        "izhikevich", [], [], params={"V_m": -65.0, "U_m": -13.0}, duration=300.0, record=("U_m",),
        current_times=[20.0], current_amplitudes=[10.0],
    )  # fmt: skip
    assert len(nest.spike_times) > 3
    np.testing.assert_allclose(brian2.spike_times, nest.spike_times, rtol=1e-12)
    # the upstroke of each spike multiplies rounding errors
    np.testing.assert_allclose(brian2.recorded["V_m"][1:], nest.V_m, rtol=0, atol=1e-9)
    np.testing.assert_allclose(brian2.recorded["U_m"][1:], nest.recorded["U_m"], rtol=0, atol=1e-9)


@pytest.mark.slow
def test_adex_spike_times_converge_to_those_of_nest_adaptive_solver():
    params = {
        "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_th": -50.4, "Delta_T": 2.0, "V_peak": 0.0,
        "V_reset": -60.0, "t_ref": 2.0, "tau_w": 144.0, "a": 4.0, "b": 80.5,
        "tau_syn_ex": 5.0, "tau_syn_in": 5.0, "I_e": 800.0,
    }  # fmt: skip
    nest = nest_oracle.lif("aeif_psc_exp", [], [], params=params, duration=40.0, resolution=0.01).spike_times
    coarse, fine = (brian2_oracle.adex([], [], params=params, duration=40.0, dt=dt).spike_times for dt in (0.1, 0.02))
    assert len(nest) == len(coarse) == len(fine) > 1
    # each spike is found at the end of its step, and this adds up from spike to spike
    np.testing.assert_allclose(fine, nest, rtol=0, atol=0.02 * len(fine) + 0.01)
    assert np.abs(fine - nest).max() < np.abs(coarse - nest).max()


def test_an_input_before_integration_is_seen_one_step_later_than_one_after():
    setup = {
        "parameters": {"tau": 10.0}, "units": {"tau": "ms"}, "initial": {"x": 0.0},
        "inputs": [(0.5, "x", 1.0)], "method": "exact", "dt": 0.5, "duration": 1.5, "record": ["x"],
    }  # fmt: skip
    after = brian2_oracle.integrate("dx/dt = -x/tau : 1", **setup)
    before = brian2_oracle.integrate("dx/dt = -x/tau : 1", arrival="before_integration", **setup)
    decay = np.exp(-0.5 / 10.0)
    np.testing.assert_allclose(after.recorded["x"], [0, 1, decay, decay**2], rtol=1e-15)
    np.testing.assert_allclose(before.recorded["x"], [0, 0, decay, decay**2], rtol=1e-15)


def test_a_network_counts_its_synapses_and_repeats_itself_from_its_seed():
    first, again = (nest_oracle.brunel(25, duration=50.0, seed=3) for _ in range(2))
    assert first.number_of_synapses == 125 * (10 + 2)
    np.testing.assert_array_equal(first.spike_times, again.spike_times)
    np.testing.assert_array_equal(first.spike_ids, again.spike_ids)


@pytest.mark.slow
def test_cuba_keeps_itself_active_at_its_published_rates():
    run = nest_oracle.cuba(duration=2000.0)
    assert run.number_of_synapses == 4000 * (64 + 16)
    # within 10 % of 4.50/4.35 Hz; measured 4.31 to 4.46 and 4.37 to 4.39 on three seeds
    assert run.rate_exc == pytest.approx(4.50, rel=0.1)
    assert run.rate_inh == pytest.approx(4.35, rel=0.1)


@pytest.mark.slow
def test_brunel_network_of_12500_neurons_fires_at_its_published_rate():
    run = nest_oracle.brunel(2500, g=5.0, eta=2.0, duration=1000.0)
    assert run.number_of_synapses == 12_500 * 1_250
    assert run.rate_exc == pytest.approx(37.45, rel=0.05)


def test_the_oracles_print_nothing(capfd):
    nest_oracle.stdp_weights([10.0, 20.0], [15.0])
    nest_oracle.lif("iaf_psc_exp", [1.0], [5.0], params=LIF_EXP, duration=4.0)
    brian2_oracle.izhikevich([1.0], [10.0], duration=5.0)
    assert capfd.readouterr() == ("", "")
