"""The gradient beside slow references: the engine's own trajectory, and central differences of the whole network."""

import dataclasses

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP
from unit.gradient_networks import layered, presented

import spikelearn as sl
from spikelearn.learning.gradient import Differentiable, gradient
from spikelearn.learning.losses import CrossEntropy, SquaredError

STEP = 1e-5
"""Of central differences. Losses are smooth functions of what is changed, with derivatives of order 1 to 100."""


def three_compartments(trials=3, steps=16):
    """Rates in a circle: input to hidden to output and back, hidden to itself; delays of 1 to 4 steps."""
    net = sl.Network(dt=1.0, seed=1, threads=1)
    generator = np.random.default_rng(0)
    shared = {"interval": 1.0, "tau_syn": 3.0}
    source = net.population(4, sl.PerfectIntegrator(interval=1.0), name="input")
    g_A = generator.uniform(0.2, 0.4, 5)
    hidden = net.population(5, sl.ThreeCompartment(g_A=g_A, **shared), name="hidden", initial={"u": 0.3})
    output = net.population(3, sl.ThreeCompartment(g_A=0.0, g_som=0.2, **shared), name="output")
    sent = {"on": "rate", "payload": "r"}
    for (a, b), port, delays in (
        ((source, hidden), "basal", {}),
        ((hidden, output), "basal", {"delay": 2.0}),
        ((output, hidden), "apical", {"axonal_delay": 2.0, "dendritic_delay": 1.0}),
        ((hidden, hidden), "apical", {"delay": 4.0}),
        ((output, hidden), "nudging", {}),
    ):
        low, high = (0.0, 0.3) if port == "nudging" else (-2.0, 2.0)
        weight = generator.uniform(low, high, (a.size, b.size))
        net.connect(a, b, port, weight=weight, name=f"{a.name} {b.name} {port}", **sent, **delays)
    everything = [source, hidden, output]
    X = generator.random((trials, 4))
    phases = [
        sl.Phase(5.0, currents={(source, "exc"): X}, reset=everything, discard_events=True),
        sl.Phase(steps - 5.0, currents={(source, "exc"): X[::-1], (output, "soma"): 0.3}),
    ]
    return net, everything, sl.Trials(phases, n=trials)


def spiking(trials=3, discard=False, plastic=(), **network):
    """LIF neurons of their own parameters with two ports, refractory, with drawn delays and sparse synapses, sources
    and drives; a phase in the middle resets half of them."""
    net = sl.Network(dt=0.5, seed=3, **network)
    given = net.population(3, sl.SpikeList([0.0, 1.0, 1.0, 2.5, 40.0, 40.5], [0, 1, 2, 2, 0, 0]), name="given")
    noise = net.population(20, sl.Poisson(rate=50.0), name="noise")
    thresholds = np.linspace(-57.0, -53.0, 10)
    cells = net.population(
        10, sl.LIF(V_th=thresholds, t_ref=1.0), name="cells", initial={"V_m": sl.Uniform(-60.0, -56.0)}
    )
    others = net.population(6, sl.LIFConductance(), name="others")
    net.connect(given, cells, "exc", weight=200.0, delay=1.5)
    net.connect(
        noise, cells[2:7], "exc", sl.FixedProbability(0.4), weight=sl.Normal(150.0, 30.0), delay=sl.Uniform(0.5, 4.0)
    )
    net.connect(cells, cells, "inh", sl.FixedInDegree(4), weight=sl.Uniform(-200.0, -50.0), delay=2.0)
    net.connect(cells[:5], others[1:], "exc", weight=20.0, plasticity=sl.STDP(W_max=40.0))
    net.connect(
        others, cells, "exc", sl.AllToAll(), weight=sl.Uniform(0.0, 100.0), axonal_delay=1.0, dendritic_delay=1.5
    )
    net.drive(cells, sl.NoiseCurrent(std=100.0, tau=2.0), "exc")
    net.drive(others, sl.PoissonInput(rate=100.0, n=10), "exc", weight=1.0)
    currents = np.random.default_rng(2).uniform(200.0, 500.0, (trials, 10))
    phases = [
        sl.Phase(15.0, rates={noise: 80.0}, currents={(cells, "exc"): currents}, reset=[cells, others],
                 discard_events=trials > 1, plastic=plastic),
        sl.Phase(10.0, rates={noise: 10.0}, reset=[cells], discard_events=discard, plastic=plastic),
    ]  # fmt: skip
    return net, [cells, others], sl.Trials(phases, n=trials)


def bursting(trials=1):
    """Cells that draw random numbers, and whose bursts and events other cells receive."""
    net = sl.Network(dt=0.5, seed=4)
    bursts = net.population(6, sl.BurstPoisson(), name="bursts")
    noisy = net.population(4, sl.EscapeNoiseLIF(), name="noisy")
    for on, port in (("burst", "apical_exc"), ("event", "soma_exc")):
        net.connect(bursts, bursts, port, weight=0.3, delay=2.0, on=on, name=on)
    net.connect(bursts, noisy, weight=-0.05, payload="w_s", name="payload", on="event")
    net.connect(noisy, bursts, "soma_inh", weight=0.1)
    everything = [bursts, noisy]
    currents = {(bursts, "soma"): 1500.0, (bursts, "apical"): 300.0}
    return (
        net,
        everything,
        sl.Trials([sl.Phase(60.0, currents=currents, reset=everything, discard_events=True)], n=trials),
    )


def trajectories(net, populations, trials):
    """(of all populations by the engine, and in a batch), each a mapping (name, variable) -> (trials, steps, size)."""
    for p in populations:
        net.record(p, list(p.model.model.state), every=net.dt)
    batch = Differentiable(net, trials, surrogate=None).run()
    names = [(p, variable) for p in populations for variable in p.model.model.state]
    found = {(p.name, v): batch[p, v].copy() for p, v in names}
    spikes = {p.name: batch[p, "spike"].sum() for p in populations}
    run = net.run(trials=trials, progress=False)
    expected = {(p.name, v): run.trace(p, v).values.reshape(batch[p, v].shape) for p, v in names}
    return expected, found, spikes


@pytest.mark.parametrize(
    ("make", "given"),
    [(three_compartments, {}), (spiking, {}), (spiking, {"discard": True}), (spiking, {"trials": 1}),
     (spiking, {"threads": 2}), (bursting, {}), (bursting, {"trials": 2})],
)  # fmt: skip
def test_a_batch_of_trials_does_what_the_engine_does_one_trial_after_the_other(make, given):
    net, populations, trials = make(**given)
    expected, found, spikes = trajectories(net, populations, trials)
    for key, values in expected.items():
        ULP(1000, np.abs(values).max()).check(found[key], values, str(key))
    if make is not three_compartments:
        assert all(n > 3 for n in spikes.values()), spikes


def test_a_batch_begins_where_the_network_is():
    """Random numbers go on, and weights are those that were learned."""
    net, (cells, others), trials = spiking(plastic=None)
    for p in (cells, others):
        net.record(p, "V_m", every=net.dt)
    net.run(trials=trials, progress=False)
    batch = Differentiable(net, trials, surrogate=None)
    learned = net.projections["cells->others"]
    found = {p: batch.run()[p, "V_m"].copy() for p in (cells, others)}
    assert np.ptp(batch.weights[learned]) > 0.1
    frozen = sl.Trials([dataclasses.replace(phase, plastic=()) for phase in trials.phases], trials.n)
    again = net.run(trials=frozen, progress=False)
    for p, values in found.items():
        expected = again.trace(p, "V_m").values.reshape(values.shape)
        ULP(1000, np.abs(expected).max()).check(values, expected)


def difference(batch, loss, array, place, step=STEP):
    """The central difference of a loss by an element of an array that a batch reads."""
    kept, values = array[place], []
    for sign in (1.0, -1.0):
        array[place] = kept + sign * step
        values.append(np.sum(loss(batch.run())[0]))
    array[place] = kept
    return (values[0] - values[1]) / (2.0 * step)


def smooth(net, populations, trials):
    output = populations[-1]
    return SquaredError(output, "u", np.full((trials.n, output.size), 0.7), of_mean=False)


def test_the_gradient_of_rates_in_a_circle_is_that_of_central_differences():
    net, populations, trials = three_compartments()
    loss, batch = smooth(net, populations, trials), Differentiable(net, trials, inputs=True)
    found = batch.gradient(loss)
    checked = 0
    for p, table in found.weights.items():
        for place in ((0, 0), (2, 1)):
            slope = difference(batch, loss, batch.weights[p], place)
            METHOD(2, STEP, 10.0).check(table[place], slope, p.name)
            checked += abs(slope) > 1e-4
    assert checked == 10
    for key, table in found.currents.items():
        assert table.shape == (trials.n, 2, key[0].size)
        for trial, phase in ((0, 0), (2, 1)):
            slope = difference(batch, loss, batch.currents[key], (phase, trial, 1))
            METHOD(2, STEP, 10.0).check(table[trial, phase, 1], slope, key[0].name)


def test_the_gradient_by_initial_states_includes_those_after_a_reset():
    net, populations, trials = three_compartments()
    source, hidden, output = populations
    first, second = trials.phases
    for reset in ([], [hidden]):
        again = sl.Trials([first, sl.Phase(second.duration, currents=second.currents, reset=reset)], trials.n)
        loss, batch = smooth(net, populations, again), Differentiable(net, again, inputs=True)
        found = batch.gradient(loss).initial
        for variable in ("v_B", "v_A"):
            start = batch._adjoint.cells[hidden].state[variable][0]
            slope = difference(batch, loss, start, (1, 2))
            METHOD(2, STEP, 10.0).check(found[hidden, variable][1, 2], slope, variable)
            assert slope != 0.0


def test_events_in_flight_pass_derivatives_on_where_they_are_not_discarded():
    """A reset at the last phase: only what is in flight then, of the delay of three steps, comes from before."""
    net, populations, trials = three_compartments()
    first, second = trials.phases
    source, hidden, output = populations
    found = {}
    for discard in (False, True):
        phases = [first, sl.Phase(11.0, reset=populations, currents={(source, "exc"): 0.2}, discard_events=discard)]
        again = sl.Trials(phases, trials.n)
        loss, batch = smooth(net, populations, again), Differentiable(net, again, inputs=True)
        windowed = SquaredError(output, "u", loss.targets, window=slice(5, None), of_mean=False)
        found[discard] = batch.gradient(windowed).currents[source, "exc"][:, 0]
        slope = difference(batch, windowed, batch.currents[source, "exc"], (0, 1, 1))
        METHOD(2, STEP, 10.0).check(found[discard][1, 1], slope)
    assert found[False].all() and not found[True].any()


def test_listed_synapses_have_the_gradient_that_all_pairs_have():
    generator = np.random.default_rng(3)
    X, labels = generator.random((4, 3)), generator.integers(0, 2, 4)
    gradients = []
    for listed in (False, True):
        net = sl.Network(dt=1.0, seed=1)
        source = net.population(3, sl.PerfectIntegrator(interval=1.0))
        hidden = net.population(5, sl.LIF(tau_m=5.0, t_ref=0.0), name="hidden")
        output = net.population(2, sl.ThreeCompartment(), name="output")
        generator = np.random.default_rng(4)
        for k, (a, b) in enumerate(((source, hidden), (hidden, hidden), (hidden, output))):
            weight = generator.uniform(-200.0, 700.0, (a.size, b.size))
            pre, post = np.indices(weight.shape).reshape(2, -1)
            rule, weight = (sl.Pairs(pre, post), weight.ravel()) if listed else (sl.AllToAll(), weight)
            sent = {"on": "rate", "payload": "r"} if k == 0 else {}
            net.connect(
                a, b, rule=rule, weight=weight * (1e-3 if b is output else 1.0), delay=k + 1.0, name=str(k), **sent
            )
        trials = presented([source, hidden, output], X, 15)
        loss = CrossEntropy(output, "u", labels)
        each = [gradient(net, loss, trials, surrogate="arctan", per_trial=per_trial) for per_trial in (True, False)]
        for p in net.projections.values():
            table = each[1].weights[p]
            ULP(1000, np.abs(table).max()).check(each[0].weights[p].sum(axis=0), table)
        gradients.append([each[0].weights[p] for p in net.projections.values()])
    for k, (of_pairs, of_list) in enumerate(zip(*gradients, strict=True)):
        assert of_pairs.any(), k
        ULP(1000, np.abs(of_pairs).max()).check(of_list.reshape(of_pairs.shape), of_pairs)


def test_derivatives_that_pass_no_spike_pass_updates_at_events():
    """Adaptation grows at each event of BurstPoisson, and its potential is reset; events are held."""
    net, (bursts, noisy), trials = bursting()
    loss = SquaredError(bursts, "w_s", np.full((1, bursts.size), -300.0), of_mean=False)
    batch = Differentiable(net, trials, surrogate=None, inputs=True)
    found = batch.gradient(loss)
    kept = batch.run()[bursts, "spike"].copy()
    start = batch._adjoint.cells[bursts].state["w_s"][0]
    slope = difference(batch, loss, start, (0, 1))
    assert np.array_equal(batch.run()[bursts, "spike"], kept) and kept.sum() > 5
    METHOD(2, STEP, 1e4).check(found.initial[bursts, "w_s"][0, 1], slope)  # derivatives of order 1000
    assert abs(slope) > 10.0


def test_spikes_held_have_the_gradient_of_central_differences_and_surrogates_another():
    net, populations, projections = layered((4, 8, 6, 3), recurrent=True, delays=(2.0, 1.0, 4.0))
    X = np.random.default_rng(0).random((5, 4))
    loss = CrossEntropy(populations[-1], "u", np.arange(5) % 3, gain=2.0)
    held = Differentiable(net, presented(populations, X), surrogate=None)
    found = held.gradient(loss)
    for p in projections:
        place = np.unravel_index(np.abs(found.weights[p]).argmax(), found.weights[p].shape)
        slope = difference(held, loss, held.weights[p], place)
        METHOD(2, STEP, 10.0).check(found.weights[p][place], slope)
        assert found.weights[p].any() == (p.target is populations[-1])
    other = gradient(net, loss, presented(populations, X))
    assert all(other.weights[p].any() for p in projections)


def test_a_loss_of_spikes_has_the_surrogate_alone_between_it_and_the_potential():
    net, populations, (first, *_) = layered((4, 8, 3))
    hidden, X = populations[1], np.random.default_rng(0).random((5, 4))
    weight = np.random.default_rng(1).normal(size=(5, 20, 8))
    found = gradient(
        net, lambda t: (np.sum(weight * t[hidden, "spike"], axis=(1, 2)), {(hidden, "spike"): weight}),
        presented(populations, X), surrogate=lambda margin: 2.0,
    )  # fmt: skip
    # With a constant surrogate, each spike counts as twice its potential, whose kernel is (1 - beta) beta^k.
    kernel = 0.1 * 0.9 ** np.arange(20)
    by_arrival = np.zeros((5, 20, 8))
    for step in range(1, 20):
        by_arrival[:, step] = 2.0 * np.einsum("k,bki->bi", kernel[: 20 - step], weight[:, step:])
    ULP(1000, 10.0).check(found.weights[first], np.einsum("bi,btj->ij", X, by_arrival))
    EXACT.check(found.weights[net.projections["up_1"]], 0.0)
