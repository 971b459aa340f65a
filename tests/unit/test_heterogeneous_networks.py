"""Networks whose neurons, synapses and inputs differ, as a user writes them: in the words of Brian2 and NEST."""

import numpy as np
from tolerances import EXACT

import spikelearn as sl


def test_positions_and_weights_as_text():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(100, sl.LIF(), name="cells", positions=sl.Grid((10, 10), extent=1.0))
    ring = net.connect(cells, cells, "exc", sl.Where("i != j"), weight="exp(-abs(i-j)/10.)", delay="1.0 + 0.1*abs(i-j)")
    near = net.connect(cells, cells, "inh", sl.FixedProbability("0.3*exp(-d/0.2)"), weight="-20*exp(-d/0.2)")
    synapses = net.run(0.0).synapses(ring)
    assert len(ring) == 9900 and 0 < len(near) < 3000
    np.testing.assert_allclose(synapses.weight, np.exp(-np.abs(synapses.pre - synapses.post) / 10.0), rtol=1e-12)


def test_a_matrix_of_probabilities():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(4, sl.LIF())
    made = net.connect(cells, cells, rule=sl.FixedProbability(np.eye(4)[::-1]))
    pre, post, _, _ = net.run(0.0).synapses(made)
    EXACT.check(pre + post, 3)
    assert len(pre) == 4


def test_strided_masked_and_listed_views():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(10, sl.LIF(tau_m=sl.Normal(10, 1)), name="cells")
    slow = net.get(cells, "tau_m") > 10.0
    net.connect(cells[::2], cells[slow], "exc", weight=10.0)
    net.drive(cells[[1, 5, 7]], sl.StepCurrent(0.0, 600.0))
    net.record(cells[slow], "V_m")
    net.record(cells)
    run = net.run(100.0)
    assert set(run.spikes(cells).ids) == {1, 5, 7} and run.trace(cells, "V_m").values.shape[1] == slow.sum()


def test_a_distribution_as_a_parameter():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(1000, sl.LIF(tau_m=sl.Normal(10, 1), V_th=sl.Uniform(-56, -54)))
    assert abs(net.get(cells, "tau_m").mean() - 10.0) < 0.2
    assert "Normal(10, 1)" in repr(cells.model)


def test_a_spike_at_the_start():
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([0.0, 5.0]), name="source")
    net.record(source)
    EXACT.check(net.run(10.0).spikes(source).times, [0.0, 5.0])


def test_stochastic_release():
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(1, sl.SpikeList([1.0])), net.population(1000, sl.Parrot(), name="cells")
    net.connect(source, cells, "ignored", weight=1.0, delay=1.0, synapse=sl.StochasticRelease(n=4, U=0.25))
    net.record(cells, "ignored")
    released = net.run(3.0).trace(cells, "ignored").values[19]
    assert set(released) <= {0.0, 0.25, 0.5, 0.75, 1.0} and abs(released.mean() - 0.25) < 0.04


def test_gamma_dead_time_and_inhomogeneous_sources():
    net = sl.Network(dt=0.1, seed=1)
    for name, source in (
        ("gamma", sl.GammaProcess(rate=50, order=4)),
        ("dead", sl.PoissonWithDeadTime(rate=50, dead_time=5)),
        ("wave", sl.Poisson("50*(1 + sin(2*pi*t/200))")),
    ):
        net.record(net.population(50, source, name=name))
    run = net.run(2000.0)
    counts = [len(run.spikes(name).times) / 50 / 2.0 for name in ("gamma", "dead", "wave")]
    np.testing.assert_allclose(counts, 50.0, rtol=0.05)
    variations = []
    for name in ("gamma", "dead", "wave"):
        times, ids = run.spikes(name)
        gaps = np.concatenate([np.diff(times[ids == k]) for k in range(50)])
        variations.append(gaps.std() / gaps.mean())
    np.testing.assert_allclose(variations[:2], [0.5, 0.75], rtol=0.07)
    assert variations[2] > 1.0


def test_parameters_of_each_synapse():
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(20, sl.Poisson(50.0)), net.population(5, sl.LIF(I_e=400.0))
    net.connect(source, cells, "exc", weight=50.0, synapse=sl.TsodyksMarkram(U=sl.Uniform(0.1, 0.9)))
    made = net.connect(
        source, cells, "exc", weight=50.0, plasticity=sl.STDP(lambda_=sl.LogNormal(-3.0, 0.5), W_max=100.0)
    )
    assert len(np.unique(net.run(300.0).weights(made))) > 50


def test_values_that_spikes_carry():
    net = sl.Network(dt=0.1)
    cue = net.population(2, sl.SpikeList([0.0, 5.0], [0, 1], values=[0.5, -1.5]), name="cue")
    cells = net.population(1, sl.Parrot(), name="cells")
    net.connect(cue, cells, "ignored", weight=10.0, delay=1.0, payload="value")
    net.record(cells, "ignored")
    found = net.run(7.0).trace(cells, "ignored").values[:, 0]
    EXACT.check(found[[9, 59]], [5.0, -15.0])
