"""Graded synapses: gates against a fine integration, and the two ways in which they are handed on.

NEST and Brian2 are held against the same synapse and neuron in tests/cases/receptors.py.
"""

import math

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError


def gates_integrated_finely(events, n_gates, n_steps, dt, tau_rise=2.0, tau_decay=100.0, alpha=0.5, pieces=40):
    """s of each gate after each step, by the fourth-order Runge-Kutta method in many pieces. events: (step, gate)."""

    def slope(x, s):
        return -x / tau_rise, -s / tau_decay + alpha * x * (1.0 - s)

    x, s, h = np.zeros(n_gates), np.zeros(n_gates), dt / pieces
    result = np.zeros((n_steps, n_gates))
    for step in range(1, n_steps + 1):
        for _ in range(pieces):
            a = slope(x, s)
            b = slope(x + h / 2 * a[0], s + h / 2 * a[1])
            c = slope(x + h / 2 * b[0], s + h / 2 * b[1])
            d = slope(x + h * c[0], s + h * c[1])
            x, s = (v + h / 6 * (a[k] + 2 * b[k] + 2 * c[k] + d[k]) for k, v in enumerate((x, s)))
        for at, gate in events:
            x[gate] += at == step
        result[step - 1] = s
    return result


@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")  # it compares coarse steps
def test_a_gate_converges_in_sixth_order():
    errors = []
    for dt in (2.0, 1.0, 0.5):
        spikes = [4.0, 12.0, 16.0, 40.0]
        net = sl.Network(dt=dt)
        source, cell = net.population(1, sl.SpikeList(spikes)), net.population(1, sl.LIFNMDA())
        net.connect(source, cell, "nmda", weight=1.0, delay=dt, synapse=sl.NMDA())
        net.record(cell, "g_nmda")
        found = net.run(80.0).trace(cell, "g_nmda").values[:, 0]
        events = [(round(t / dt) + 1, 0) for t in spikes]
        fine = gates_integrated_finely(events, 1, len(found), dt, pieces=round(160 * dt))
        errors.append(np.abs(found - fine[:, 0]).max())
    # three Gauss points are wrong by the sixth derivative of what is integrated, here 0.1, over 2,016,000 in each step
    METHOD(6, 0.5, 1e-6).check(errors[-1], 0.0)
    assert errors[0] / errors[1] > 40 and errors[1] / errors[2] > 40


def network(weight, rule, dt=0.5, autapses_kept=True, views=False, seed=1, delay=1.5, threads=1):
    net = sl.Network(dt=dt, seed=seed, threads=threads)
    first = net.population(4, sl.LIFNMDA(), name="first in the block")
    cells = net.population(9, sl.LIFNMDA(I_e=np.linspace(450.0, 700.0, 9)))
    net.connect(net.population(9, sl.Poisson(100.0)), cells, "exc", sl.OneToOne(), weight=10.0)
    source, target = (cells[2:7], cells[1:9]) if views else (cells, cells)
    added = net.connect(source, target, "nmda", rule, weight=weight, delay=delay, synapse=sl.NMDA(), name="recurrent")
    net.record(cells, ["spikes", "g_nmda", "V_m"])
    net.record(first, "g_nmda")
    return net, cells, first, added


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("views", [False, True])
def test_one_sum_for_all_targets_is_the_sum_over_their_synapses(autapses, views):
    shape = (5, 8) if views else (9, 9)
    runs = []
    for weight in (0.7, np.full(shape, 0.7)):
        net, cells, first, added = network(weight, sl.AllToAll(autapses=autapses), views=views)
        run = net.run(200.0)
        runs.append((run, run.trace(cells, "g_nmda").values, run.trace(cells, "V_m").values, run.synapses(added)))
        assert not run.trace(first, "g_nmda").values.any()
    (one, g_one, V_one, synapses_one), (each, g_each, V_each, synapses_each) = runs
    assert len(one.spikes(cells).times) > 50
    # nine terms, added in another order, and a target's own taken away again
    ULP(100, 10.0).check(g_one, g_each)
    ULP(1_000_000, 100.0).check(V_one, V_each)
    EXACT.check(one.spikes(cells).times, each.spikes(cells).times)
    for name in ("pre", "post", "weight", "delay"):
        EXACT.check(getattr(synapses_one, name), getattr(synapses_each, name))
    assert one.synaptic_events == each.synaptic_events > 0


def test_all_to_all_with_one_weight_needs_no_memory_for_n_times_n_synapses():
    """4,000,000 synapses: their targets alone would take 8 MB."""
    n = 2000
    net = sl.Network(dt=0.5)
    cells = net.population(n, sl.LIFNMDA())
    added = net.connect(cells, cells, "nmda", sl.AllToAll(autapses=False), weight=0.1, synapse=sl.NMDA())
    plan = net.build().program.plans[0]
    arrays = {
        id(a): a.nbytes
        for call in plan.calls()
        for a in [*call.arguments, *vars(plan.tables[added]).values()]
        if isinstance(a, np.ndarray)
    }
    assert sum(arrays.values()) < 300 * n
    assert net.run(1.0).projections[added.name].n_synapses == n * (n - 1)


@pytest.mark.parametrize("rule", [sl.FixedProbability(0.4), sl.FixedInDegree(3, autapses=False), sl.AllToAll()])
def test_each_synapse_hands_on_the_gate_of_its_source_and_delay(rule):
    """Weights and delays that differ, and two projections that add up, against gates integrated finely."""
    net, cells, _, first = network(sl.Uniform(0.0, 0.5), rule, delay=sl.Uniform(0.5, 4.0))
    second = net.connect(cells, cells, "nmda", sl.AllToAll(), weight=0.2, delay=2.0, synapse=sl.NMDA(tau_decay=50.0))
    run = net.run(40.0)
    times, ids = run.spikes(cells)
    expected = np.zeros((80, 9))
    for projection, tau_decay in ((first, 100.0), (second, 50.0)):
        synapses = run.synapses(projection)
        gates = sorted(
            {(pre, delay) for pre, delay in zip(synapses.pre.tolist(), synapses.delay.tolist(), strict=True)}
        )
        events = [
            (round((t + delay) / 0.5), k)
            for k, (pre, delay) in enumerate(gates)
            for t, i in zip(times, ids, strict=True)
            if i == pre
        ]
        s = gates_integrated_finely(events, len(gates), 80, 0.5, tau_decay=tau_decay)
        for pre, post, weight, delay in zip(*synapses, strict=True):
            expected[:, post] += weight * s[:, gates.index((pre, delay))]
    assert expected.max() > 0.5
    # sixth order of the gates, as above, and nine to eighteen of them
    METHOD(6, 0.5, 2e-6).check(run.trace(cells, "g_nmda").values, expected)


def test_projections_from_parts_of_a_population_share_its_gates():
    """Sums, synapses and views from one population, against one gate for each source that is integrated finely."""
    net = sl.Network(dt=0.5, seed=2)
    cells = net.population(9, sl.LIFNMDA(I_e=np.linspace(450.0, 700.0, 9)), name="cells")
    others = net.population(3, sl.LIFNMDA(), name="others")
    net.connect(net.population(9, sl.Poisson(100.0)), cells, "exc", sl.OneToOne(), weight=10.0)
    parts = cells[2:5], cells[5:9], cells
    made = [
        net.connect(source, target, "nmda", weight=weight, delay=1.0, synapse=sl.NMDA())
        for source, target, weight in (
            (parts[0], parts[0], 0.3), (parts[0], parts[1], 0.1), (parts[1], parts[0], np.full((4, 3), 0.2)),
            (parts[2], others, 0.5),
        )
    ]  # fmt: skip
    made.append(net.connect(cells, others, "nmda", weight=0.1, delay=1.0, synapse=sl.NMDA(tau_decay=50.0)))
    made.append(net.connect(cells, others, "nmda", weight=0.1, delay=2.0, synapse=sl.NMDA()))
    net.count_events(*made)
    for population in (cells, others):
        net.record(population, ["spikes", "g_nmda"])
    labels = [call.label for call in net.build().program.plans[0].calls()]
    assert sum(label.startswith("gates of") for label in labels) == 3
    assert sum(label.startswith("sum of gates of cells") for label in labels) == 4

    run = net.run(60.0)
    times, ids = run.spikes(cells)
    expected = {population: np.zeros((120, population.size)) for population in (cells, others)}
    for projection in made:
        synapses = run.synapses(projection)
        parameters = projection.synapse.parameters._asdict()
        delay = synapses.delay[0]
        events = [(round((t + delay) / 0.5), i) for t, i in zip(times, ids, strict=True)]
        s = gates_integrated_finely(events, 9, 120, 0.5, **parameters)
        for pre, post, weight, _ in zip(*synapses, strict=True):
            expected[projection.target][:, post] += weight * s[:, pre]
        arrived = sum(int(np.sum(synapses.pre == i)) for step, i in events if step <= 120)
        assert run.events_of(projection).delivered == arrived > 0
    assert len(times) > 10 and expected[cells].max() > 0.3 and expected[others].max() > 1.0
    for population in (cells, others):
        METHOD(6, 0.5, 2e-6).check(run.trace(population, "g_nmda").values, expected[population])


def test_a_gate_closes_and_then_gives_nothing():
    net = sl.Network(dt=0.5)
    source, cell = net.population(1, sl.SpikeList([1.0])), net.population(1, sl.LIFNMDA())
    net.connect(source, cell, "nmda", weight=1.0, synapse=sl.NMDA(tau_decay=5.0))
    net.record(cell, "g_nmda", every=50.0)
    values = net.run(400.0).trace(cell, "g_nmda").values[:, 0]
    assert values[0] > 0.0 and values[2] == pytest.approx(values[1] * math.exp(-10.0)) and values[-1] == 0.0


def test_a_run_in_pieces_is_a_run_in_one():
    whole = network(0.7, sl.AllToAll())[0].run(100.0)
    net, *_ = network(0.7, sl.AllToAll())
    pieces = [net.run(33.5), net.run(66.5)]
    for key, trace in whole.trace_data.items():
        EXACT.check(np.concatenate([piece.trace_data[key].values for piece in pieces]), trace.values)


@pytest.mark.parametrize("weight", [0.7, np.full((5, 8), 0.7)], ids=["one sum", "each synapse"])
def test_any_number_of_threads_gives_the_same_bits(weight):
    one, more = (
        network(weight, sl.AllToAll(autapses=False), views=True, threads=threads)[0].run(100.0) for threads in (1, 3)
    )
    for key, trace in one.trace_data.items():
        EXACT.check(more.trace_data[key].values, trace.values)
    for part in ("pre", "post", "weight", "delay"):
        EXACT.check(getattr(more.synapses("recurrent"), part), getattr(one.synapses("recurrent"), part))
    assert one.synaptic_events == more.synaptic_events > 0


@pytest.mark.parametrize(
    ("port", "how", "said"),
    [
        ("nmda", {}, "port 'nmda' of 'cells' is graded: expected a graded synapse such as synapse=NMDA(), got none"),
        ("nmda", {"plasticity": sl.STDP()}, "is graded: expected a graded synapse"),
        (
            "nmda",
            {"synapse": sl.Mongillo()},
            "is graded: expected a graded synapse such as synapse=NMDA(), got Mongillo",
        ),
        ("exc", {"synapse": sl.NMDA()}, "NMDA needs a graded port; those of 'cells' are nmda; got port 'exc'"),
    ],
)
def test_graded_synapses_and_graded_ports_belong_together(port, how, said):
    net = sl.Network()
    cells = net.population(2, sl.LIFNMDA(), name="cells")
    with pytest.raises(DescriptionError, match=said.replace("(", r"\(").replace(")", r"\)")):
        net.connect(cells, cells, port, weight=1.0, **how)


def test_a_graded_port_takes_no_poisson_input_and_a_modulator_no_graded_synapse():
    net = sl.Network()
    cells = net.population(2, sl.LIFNMDA(), name="cells")
    with pytest.raises(DescriptionError, match="port 'nmda' is graded"):
        net.drive(cells, sl.PoissonInput(10.0), "nmda", weight=1.0)
    with pytest.raises(DescriptionError, match="those of 'dopamine' are none"):
        net.connect(cells, net.modulator("dopamine"), synapse=sl.NMDA())


def test_graded_synapses_check_themselves():
    with pytest.raises(ParameterError, match="alpha, the rate of opening, must be more than 0, got -1"):
        sl.NMDA(alpha=-1.0)
    with pytest.raises(DescriptionError, match="advance of graded synapse 'odd' takes"):
        sl.GradedSynapse("odd", type(sl.NMDA().parameters), lambda p, dt: {}, lambda x, dt: (x, x), state=("x",))
