"""spikelearn as a back-end of PyNN: its sources, synapses and cells, where no other simulator is needed."""

import doctest
import inspect

import numpy as np
import pytest

pytest.importorskip("pyNN")

from pyNN import errors
from pynn_data import spikes_of, v_of

import spikelearn as sl
import spikelearn.pynn as sim

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def new_simulation():
    sim.setup(timestep=0.1)
    yield
    sim.end()


@pytest.mark.parametrize("of", [sim.Modulator, sim.native_cell_type, sim.native_synapse_type])
def test_the_example_of_a_name_that_only_this_back_end_has_runs(of):
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(of), {}, of.__name__, None, 0)
    assert test.examples and doctest.DocTestRunner().run(test).failed == 0


def test_poisson_sources_have_their_rates_and_may_be_many_a_step():
    slow = sim.Population(100, sim.SpikeSourcePoisson(rate=50.0))
    fast = sim.Population(10, sim.SpikeSourcePoisson(rate=20_000.0, start=100.0, duration=500.0))
    slow.record("spikes"), fast.record("spikes")
    sim.run(1000)
    assert slow.mean_spike_count() == pytest.approx(50, abs=5 * np.sqrt(50 / 100))
    assert fast.mean_spike_count() == pytest.approx(10_000, abs=5 * np.sqrt(10_000 / 10))
    times = np.concatenate(spikes_of(fast))
    assert 100 < times.min() < 100.2 and 599.8 < times.max() <= 600
    counts = np.bincount(np.rint(times / 0.1).astype(int), minlength=10_001)[1001:6001]
    assert counts.var() == pytest.approx(counts.mean(), rel=0.1)
    slow.set(rate=0.0)
    sim.run(100)
    assert not np.any(np.concatenate(spikes_of(slow)) > 1000)


def spaced(mean, deviation, times):
    """Mean and deviation of the intervals of trains of spikes are these, within five standard errors."""
    intervals = np.concatenate([np.diff(each) for each in times])
    assert intervals.mean() == pytest.approx(mean, abs=5 * deviation / np.sqrt(len(intervals)))
    assert intervals.std() == pytest.approx(deviation, rel=5 / np.sqrt(len(intervals)))


def test_refractory_and_gamma_sources():
    refractory = sim.Population(50, sim.SpikeSourcePoissonRefractory(rate=50.0, tau_refrac=8.0))
    gamma = sim.Population(50, sim.SpikeSourceGamma(alpha=4, beta=200.0, start=50.0))
    changing = sim.Population(
        50, sim.SpikeSourceInhGamma(a=[2.5, 4.0], b=[0.008, 0.004], tbins=[0.0, 2000.0], start=10.0, duration=3990.0)
    )
    for each in (refractory, gamma, changing):
        each.record("spikes")
    sim.run(1500)
    sim.run(2500)
    times = spikes_of(refractory)
    assert min(np.diff(each).min() for each in times) > 8.0
    spaced(20.0, 12.0, times)
    times = spikes_of(gamma)
    assert min(each.min() for each in times) > 50
    spaced(20.0, 10.0, times)
    times = spikes_of(changing)
    spaced(20.0, 8 * np.sqrt(2.5), [each[each < 2000] for each in times])
    spaced(16.0, 8.0, [each[each > 2000] for each in times])
    sim.setup()
    again = sim.Population(
        50, sim.SpikeSourceInhGamma(a=[2.5, 4.0], b=[0.008, 0.004], tbins=[0.0, 2000.0], start=10.0, duration=3990.0)
    )
    again.record("spikes")
    sim.run(100)
    assert not np.array_equal(spikes_of(again)[0], times[0][times[0] < 100])
    refractory = sim.Population(1, sim.SpikeSourcePoissonRefractory(rate=200.0, tau_refrac=5.0))
    with pytest.raises(errors.InvalidParameterValueError, match="mean intervals"):
        sim.run(1)
    with pytest.raises(errors.InvalidParameterValueError, match="at least 1"):
        sim.Population(1, sim.SpikeSourceInhGamma(a=[0.5], b=[0.1], tbins=[0.0]))


def test_thinning_in_pieces_is_thinning_at_once_and_has_the_hazard_of_gamma():
    from spikelearn.interop.pynn.thinning import ThinnedGamma, gamma_hazard

    age, a = np.geomspace(1e-3, 50.0, 60), np.full(60, 3.0)
    survival = np.exp(-age / 2) * (1 + age / 2 + (age / 2) ** 2 / 2)
    density = (age / 2) ** 2 * np.exp(-age / 2) / 4
    np.testing.assert_allclose(gamma_hazard(age, a, np.full(60, 2.0)), density / survival, rtol=1e-12)
    given = [np.array([0.0])] * 3, [np.array([3.0])] * 3, [np.array([5.0])] * 3, np.zeros(3), np.full(3, 1e9)
    whole = ThinnedGamma((1,), 3).until(0.0, 500.0, *given)
    made = ThinnedGamma((1,), 3)
    parts = [made.until(t, t + 50.0, *given) for t in np.arange(0, 500.0, 50.0)]
    times, ids = (np.concatenate(each) for each in zip(*parts, strict=True))
    for i in range(3):
        assert np.array_equal(np.sort(times[ids == i]), np.sort(whole[0][whole[1] == i]))


def pair(synapse, times, post_times=(), **cell):
    """A source and a neuron with a synapse of this kind, and a source that makes it fire 1 ms after its spikes."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(times)))
    cells = sim.Population(1, sim.IF_curr_delta(tau_m=1e9, tau_refrac=0.1, **cell))
    made = sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    teacher = sim.Population(1, sim.SpikeSourceArray(spike_times=list(post_times)))
    sim.Projection(teacher, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=1000.0, delay=1.0))
    cells.record(["v", "spikes"])
    return cells, made


def test_depression_and_facilitation_follow_their_equations():
    synapse = sim.TsodyksMarkramSynapse(weight=1.0, delay=1.0, U=0.3, tau_rec=50.0, tau_facil=0.0)
    cells, made = pair(synapse, np.arange(10.0, 60.0, 10.0), v_thresh=100.0)
    sim.run(80)
    v = v_of(cells)[:, 0]
    jumps = np.diff(v)[np.diff(v) > 1e-3]
    left, expected = 1.0, []
    for _ in range(5):
        expected.append(0.3 * left)
        left = 1 - (1 - 0.7 * left) * np.exp(-10 / 50)
    assert jumps == pytest.approx(expected, rel=1e-5)
    made.set(U=0.5)
    assert made.get("U", format="list", with_address=False) == [0.5]
    sim.run(10)


@pytest.mark.parametrize("kind", ["AdditiveWeightDependence", "MultiplicativeWeightDependence",
                                  "AdditivePotentiationMultiplicativeDepression", "GutigWeightDependence"])  # fmt: skip
@pytest.mark.parametrize("fraction", [1.0, 0.0])
def test_pairs_change_weights_by_their_rule(kind, fraction):
    limits = {"w_min": 0.1, "w_max": 2.0}
    timing = sim.SpikePairRule(tau_plus=10.0, tau_minus=15.0, A_plus=0.02, A_minus=0.03)
    synapse = sim.STDPMechanism(
        timing, getattr(sim, kind)(**limits), weight=0.5, delay=2.0, dendritic_delay_fraction=fraction
    )
    cells, made = pair(synapse, [10.0, 30.0], [11.5, 20.0], v_thresh=-50.0)
    sim.run(50)
    posts = spikes_of(cells)[0]
    mu_plus, mu_minus = {"Add": (0, 0), "Mul": (1, 1), "Gut": (0.5, 0.5)}.get(kind[:3], (0, 1))
    if kind.startswith("AdditiveP"):
        mu_plus, mu_minus = 0, 1
    events = sorted([(t + 2 * (1 - fraction), "pre") for t in (10, 30)] + [(t + 2 * fraction, "post") for t in posts])
    w, plus, minus, last = 0.5, 0.0, 0.0, 0.0
    for t, what in events:
        plus, minus, last = plus * np.exp(-(t - last) / 10), minus * np.exp(-(t - last) / 15), t
        if what == "pre":
            w, plus = max(0.1, w - 0.03 * 2 ** (1 - mu_minus) * (w - 0.1) ** mu_minus * minus), plus + 1
        else:
            w, minus = min(2.0, w + 0.02 * 2 ** (1 - mu_plus) * (2 - w) ** mu_plus * plus), minus + 1
    assert w != pytest.approx(0.5, rel=1e-3)
    assert made.get("weight", format="list", with_address=False) == [pytest.approx(w, rel=1e-12)]
    made.set(A_plus=0.0, weight=0.7)
    assert made[0].weight == 0.7 and made[0].A_plus == 0.0
    sim.run(20)
    sim.reset()
    assert made[0].weight == 0.7
    sim.run(50)
    learned = made[0].weight
    sim.setup()
    assert made[0].weight == learned != 0.7


def test_inhibition_learns_to_balance():
    synapse = sim.STDPMechanism(
        sim.Vogels2011Rule(tau=20.0, eta=0.01, rho=3.0), sim.AdditiveWeightDependence(w_max=5.0), weight=1.0, delay=1.0,
        dendritic_delay_fraction=0.0,
    )  # fmt: skip
    cells, made = pair(synapse, [10.0, 30.0], [15.0], v_thresh=-50.0)
    sim.run(50)
    alpha = 2 * 3e-3 * 20
    expected = 1.0 - 2 * 0.01 * alpha + 0.01 * np.exp(-5 / 20) + 0.01 * np.exp(-15 / 20)
    assert made[0].weight == pytest.approx(expected, rel=1e-12)


def test_stochastic_synapses_release_as_often_as_they_should():
    times = np.arange(5.0, 10_000.0, 10.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    cells = sim.Population(3, sim.IF_curr_delta(tau_m=1e12, v_thresh=1e9))
    kinds = (
        sim.SimpleStochasticSynapse(weight=1.0, p=0.3),
        sim.MultiQuantalSynapse(weight=1.0, n=5, U=0.4, tau_rec=1e-3),
        sim.StochasticTsodyksMarkramSynapse(weight=1.0, U=0.4, tau_rec=1e-3),
    )
    for k, kind in enumerate(kinds):
        sim.Projection(source, cells[k : k + 1], sim.AllToAllConnector(), kind)
    cells.record("v", sampling_interval=10.0)
    sim.run(10_000)
    released = np.diff(np.rint(v_of(cells) + 65), axis=0)
    for k, (n, p) in enumerate([(1, 0.3), (5, 0.4), (1, 0.4)]):
        assert set(np.unique(released[:, k])) == set(range(n + 1))
        assert released[:, k].mean() == pytest.approx(n * p, abs=5 * np.sqrt(n * p * (1 - p) / len(times)))


def test_point_neurons_composed_of_receptors():
    composed = sim.PointNeuron(
        sim.AdExp(tau_m=10.0, v_rest=-60.0), AMPA=sim.ExpPSR(tau_syn=5.0, e_syn=0.0), GABAA=sim.AlphaPSR(e_syn=-70.0)
    )
    cells = sim.Population(2, composed, initial_values={"v": -60.0})
    plain = sim.Population(2, sim.EIF_cond_exp_isfa_ista(tau_m=10.0, v_rest=-60.0), initial_values={"v": -60.0})
    cells.record(["v", "w", "AMPA.gsyn", "GABAA.gsyn"]), plain.record(["v", "w"])
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 7.0]))
    synapse = sim.StaticSynapse(weight=0.01, delay=1.0)
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type="AMPA")
    sim.Projection(source, plain, sim.AllToAllConnector(), synapse)
    sim.run(30)
    np.testing.assert_allclose(v_of(cells), v_of(plain), rtol=1e-12)
    cells.set(**{"GABAA.tau_syn": 3.0, "tau_m": 8.0})
    cells[0:1].set(**{"AMPA.e_syn": -5.0})
    assert cells.get("GABAA.tau_syn") == 3.0 and cells.get("AMPA.e_syn").tolist() == [-5.0, 0.0]
    sim.run(10)
    names = {signal.name for signal in cells.get_data().segments[0].analogsignals}
    assert names == {"v", "w", "AMPA.gsyn", "GABAA.gsyn"}
    with pytest.raises(errors.NonExistentParameterError):
        cells.set(**{"NMDA.tau_syn": 3.0})


def test_steps_of_a_hodgkin_huxley_cell_are_divided():
    found = []
    for dt in (0.01, 0.1):
        sim.setup(timestep=dt)
        cells = sim.Population(2, sim.HH_cond_exp(i_offset=[0.2, 0.4]))
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=np.arange(20.0, 150.0, 7.0)))
        sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.02, delay=1.0))
        cells.record("spikes")
        sim.run(150)
        found.append(spikes_of(cells))
    for fine, coarse in zip(*found, strict=True):
        # a spike is found at the end of the step in which the potential begins to fall; undivided, 1 ms is missed
        assert len(fine) > 5 and coarse == pytest.approx(fine, abs=0.2)


def test_models_of_spikelearn_by_their_own_names():
    AdEx, Triplet = sim.native_cell_type("AdEx"), sim.native_synapse_type(sl.TripletSTDP)
    cells = sim.Population(3, AdEx(C_m=[200.0, 250.0, 300.0], a=2.0, I_e=800.0))
    cells.record(["spikes", "V_m", "w"])
    made = sim.Projection(cells, cells, sim.AllToAllConnector(), Triplet(weight=20.0, W_max=50.0, delay=1.0))
    sim.run(100)
    net = sl.Network(dt=0.1)
    same = net.population(3, sl.AdEx(C_m=[200.0, 250.0, 300.0], a=2.0, I_e=800.0))
    pre, post = (np.repeat(np.arange(3), 3)[None, :], np.tile(np.arange(3), 3)[None, :])
    net.connect(
        same, same, "exc", sl.Pairs(post[0], pre[0]), weight=np.full(9, 20.0), delay=1.0,
        plasticity=sl.TripletSTDP(W_max=50.0),
    )  # fmt: skip
    net.record(same, "V_m", include_start=True)
    run = net.run(100)
    signal = cells.get_data().segments[0].filter(name="V_m")[0]
    assert np.array_equal(signal.magnitude, run.trace(same, "V_m").values)
    weights = [weight for _, _, weight in made.get("weight", format="list")]
    assert np.array_equal(weights, net.weights(net.projections[next(iter(net.projections))]))
    assert made.get("tau_plus", format="list")[0][2] == sl.TripletSTDP().parameters.tau_plus
    cells.set(a=3.0)
    sim.run(10)
    with pytest.raises(sl.errors.DescriptionError, match="did you mean 'AdEx'"):
        sim.native_cell_type("AdEX")


def test_a_rule_with_a_modulator_learns_from_its_release():
    weights = []
    for amount in (0.0, 0.2):
        sim.setup(timestep=0.1)
        dopamine = sim.Modulator(tau=50.0)
        Dopamine = sim.native_synapse_type("DopamineSTDP")
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
        reward = sim.Population(1, sim.SpikeSourceArray(spike_times=[15.0]))
        cells = sim.Population(1, sim.native_cell_type(sl.LIF)())
        synapse = Dopamine(modulator=dopamine, weight=50.0, W_max=100.0, delay=1.0)
        made = sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
        teacher = sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=20.0, delay=2.0))
        assert len(teacher) == 1
        dopamine.release([30.0], amount)
        dopamine.released_by(reward, amount)
        sim.run(16)
        assert dopamine.level == pytest.approx(amount * np.exp(-0.9 / 50))
        sim.run(100)
        weights.append(made[0].weight)
    assert weights[0] == 50.0 < weights[1]
    with pytest.raises(sl.errors.DescriptionError, match="expected modulator="):
        Dopamine(weight=1.0)
    with pytest.raises(NotImplementedError, match="ElectricalSynapse"):
        sim.ElectricalSynapse(weight=1.0)


def test_a_neuron_with_a_hazard_adapts_by_its_terms():
    cells = sim.Population(
        3,
        sim.GIF_cond_exp(
            tau_refrac=4.0, v_t_star=-55.0, lambda0=1.0, delta_v=[1e-6, 1e-6, 0.5], tau_eta=(1.0, 10.0, 100.0),
            a_eta=[(0.1, 0.1, 0.1), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)], tau_gamma=(5.0, 50.0),
            a_gamma=[(0.0, 0.0), (5.0, 3.0), (0.0, 0.0)], i_offset=0.6,
        ),
    )  # fmt: skip
    cells.record(["spikes", "i_eta", "v_t", "v"])
    sim.run(400)
    signals = {each.name: each.magnitude for each in cells.get_data().segments[0].analogsignals}
    first, second = (round(train[0] / 0.1) for train in spikes_of(cells)[:2])
    since = np.arange(20) * 0.1
    expected = 0.1 * sum(np.exp(-since / tau) for tau in (1.0, 10.0, 100.0))
    assert signals["i_eta"][first + 1 : first + 21, 0] == pytest.approx(expected)
    expected = -55 + 5 * np.exp(-since / 5) + 3 * np.exp(-since / 50)
    assert signals["v_t"][second + 1 : second + 21, 1] == pytest.approx(expected)
    intervals = [np.diff(train) for train in spikes_of(cells)]
    assert np.diff(intervals[0]).min() >= 0 and np.diff(intervals[1]).min() >= 0
    assert len(np.unique(intervals[2])) > 1
    assert cells.get("tau_gamma").value.tolist() == [5.0, 50.0]
    with pytest.raises(errors.InvalidParameterValueError, match="3 values at most"):
        sim.Population(1, sim.GIF_cond_exp(tau_eta=(1.0, 2.0, 3.0, 4.0)))
