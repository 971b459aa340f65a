"""What users of Brian2 write: time, tables, rand(), i, refractory conditions, summed variables, gap junctions."""

import numpy as np
import pytest
from tolerances import EXACT, STAT, ULP
from unit.time_network import network

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, UnitError

D, P, U = DescriptionError, ParameterError, UnitError


def one(equations, engine="compiled", duration=50.0, size=1, record="v", **given):
    """(trace, times of spikes) of a population of a model from equations with its defaults."""
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(size, sl.NeuronModel.from_equations(equations, **given))
    net.record(cells, ["spikes", record])
    run = net.run(duration, engine=engine)
    return run.trace(cells, record).values, run.spikes(cells)


def test_a_sine_of_time_drives_a_neuron():
    v, _ = one("dv/dt = (sin(2*pi*100*Hz*t) - v)/(10*ms) : 1", method="rk4")
    t, w = np.arange(1, 501) * 0.1, 0.2 * np.pi
    expected = (np.sin(w * t) - 10 * w * np.cos(w * t) + 10 * w * np.exp(-t / 10)) / (1 + (10 * w) ** 2)
    np.testing.assert_allclose(v[:, 0], expected, atol=1e-6)


def test_a_table_of_time_is_a_parameter():
    Model = sl.NeuronModel.from_equations(
        "dv/dt = (I(t)*R - v)/tau : volt", parameters={"I": (0, "nA"), "R": (100, "Mohm"), "tau": (10, "ms")}
    )
    net = sl.Network(dt=0.1)
    cells = net.population(3, Model(I=sl.Timed([0.0, 0.2, 0.0], 20.0)))
    net.record(cells, "v")
    v = net.run(60.0).trace(cells, "v").values
    t = np.arange(1, 201) * 0.1
    assert Model.method == "exact"
    assert np.all(v[:200] == 0.0)
    ULP(10_000, 20.0).check(v[200:400, 1], 20.0 * (1.0 - np.exp(-t / 10.0)))
    ULP(10_000, 20.0).check(v[400:, 2], v[399, 2] * np.exp(-t / 10.0))


def test_a_table_with_one_column_for_each_neuron():
    Model = sl.NeuronModel.from_equations("dv/dt = rate(t, i) : 1", parameters={"rate": (0.0, "Hz")}, method="euler")
    net = sl.Network(dt=1.0)
    cells = net.population(2, Model(rate=sl.Timed([[1000.0, 0.0], [0.0, 2000.0]], 5.0)))
    net.record(cells, "v")
    v = net.run(10.0).trace(cells, "v").values
    EXACT.check(v[-1], [5.0, 10.0])


@pytest.mark.parametrize("model", [sl.LIF, sl.LIFConductance, sl.AdEx, sl.Izhikevich])
def test_timed_as_a_parameter_of_any_model_is_the_current_that_a_drive_gives(model):
    values = np.array([[0.0, 100.0], [600.0, 300.0], [0.0, 900.0]]) / (50.0 if model is sl.Izhikevich else 1.0)
    found = []
    for given in (True, False):
        net = sl.Network(dt=0.1)
        cells = net.population(2, model(I_e=sl.Timed(values, 30.0)) if given else model())
        if not given:
            net.drive(cells, sl.StepCurrent([0.0, 30.0, 60.0], values))
        net.record(cells, ["spikes", "V_m"])
        run = net.run(120.0)
        found.append((run.trace(cells, "V_m").values, run.spikes(cells).times))
    assert len(found[0][1]) > 2
    EXACT.check(found[0][1], found[1][1])
    ULP(1_000_000, 100.0).check(found[0][0], found[1][0])


def test_any_parameter_may_change_in_time():
    """A leak that doubles: the same as a run with one value, continued from its state with the other."""
    net = sl.Network(dt=0.1)
    cells = net.population(1, sl.LIFConductance(g_L=sl.Timed([10.0, 20.0], 20.0), I_e=100.0))
    net.record(cells, "V_m")
    V = net.run(40.0).trace(cells, "V_m").values[:, 0]
    first = sl.Network(dt=0.1)
    one = first.population(1, sl.LIFConductance(g_L=10.0, I_e=100.0))
    first.record(one, "V_m")
    before = first.run(20.0).trace(one, "V_m").values[:, 0]
    second = sl.Network(dt=0.1)
    other = second.population(1, sl.LIFConductance(g_L=20.0, I_e=100.0), initial={"V_m": before[-1]})
    second.record(other, "V_m")
    EXACT.check(V, np.append(before, second.run(20.0).trace(other, "V_m").values[:, 0]))


def test_timed_as_a_current_of_a_drive_is_a_step_current():
    values, found = np.array([0.0, 400.0, 200.0]), []
    for source in (sl.Timed(values, 20.0), sl.StepCurrent([0.0, 20.0, 40.0], values)):
        net = sl.Network(dt=0.1)
        cells = net.population(2, sl.LIF())
        net.drive(cells, source, "exc")
        net.record(cells, "V_m")
        found.append(net.run(60.0).trace(cells, "V_m").values)
    EXACT.check(*found)


@pytest.mark.parametrize("engine", ["compiled", "events", "nest", "brian2"])
def test_every_engine_takes_a_timed_current(engine):
    net = sl.Network(dt=0.1)
    cells = net.population(1, sl.LIF())
    net.drive(cells, sl.Timed([0.0, 400.0, 200.0], 20.0), "exc")
    net.record(cells)
    times = net.run(60.0, engine=engine).spikes(cells).times
    np.testing.assert_allclose(times, net_of_steps(), atol=0.11)


def net_of_steps():
    net = sl.Network(dt=0.1)
    cells = net.population(1, sl.LIF())
    net.drive(cells, sl.StepCurrent([0.0, 20.0, 40.0], [0.0, 400.0, 200.0]))
    net.record(cells)
    return net.run(60.0).spikes(cells).times


def test_in_a_step_in_which_a_timed_current_changes_its_mean_counts():
    net = sl.Network(dt=1.0)
    model = sl.NeuronModel.from_equations("dv/dt = I/(1*pA*ms) : 1", ports={"exc": "v"}, currents={"exc": "I"})
    cells = net.population(1, model)
    net.drive(cells, sl.Timed([1.0, 2.0, 4.0, 0.0], 1.5))
    net.record(cells, "v")
    EXACT.check(net.run(6.0).trace(cells, "v").values[:, 0], [1.0, 2.5, 4.5, 8.5, 10.5, 10.5])


def test_rand_in_a_threshold_makes_neurons_fire_by_chance():
    _, spikes = one("dv/dt = 0/ms : 1", threshold="rand() < 40*Hz*dt", size=1000, duration=250.0)
    STAT(10_000).check(len(spikes.times) / 10_000, 1.0)


def test_randn_in_a_reset_and_each_call_is_another_number():
    v, _ = one("dv/dt = 0/ms : 1", threshold="v == 0", reset="v = rand() + 2; v += 100*randn() - 100*randn()",
               size=2000, duration=0.1)  # fmt: skip
    STAT(2000, 142.0).check(v.mean(), 2.5)
    STAT(2000, 142.0).check(v.std(), np.sqrt(2.0) * 100.0)


def test_the_index_of_a_neuron_in_equations_threshold_and_reset():
    v, spikes = one("dv/dt = (1 + i)/(10*ms) : 1", threshold="v > 1 + i", reset="v = -i/N", size=3, duration=15.0)
    assert sorted(spikes.ids) == [0, 1, 2]
    assert v.min(axis=0) == pytest.approx([0.0, -1 / 3, -2 / 3], abs=0.3)


def test_a_refractory_condition_is_left_when_it_ends():
    given = {"threshold": "v > 0.5", "refractory": "v > 0.5", "method": "euler"}
    v, spikes = one("dv/dt = (1.5*sin(2*pi*50*Hz*t) - v)/(2*ms) : 1", **given, duration=100.0)
    upward = np.count_nonzero((v[:-1, 0] <= 0.5) & (v[1:, 0] > 0.5))
    assert len(spikes.times) == upward == 5


def test_a_refractory_period_that_is_an_expression():
    _, spikes = one("dv/dt = 1/ms : 1 (unless refractory)", threshold="v > 0.95", reset="v = 0",
                    refractory="(1 + i)*ms", size=3, duration=200.0, method="euler")  # fmt: skip
    for i in range(3):
        np.testing.assert_allclose(np.diff(spikes.times[spikes.ids == i]), 1.0 + i + 1.0)


def outcome(net, *runs, engine="compiled"):
    runs = [net.run(duration, engine=engine) for duration in runs or (60.0,)]
    found = []
    for name in ("cells", "others"):
        found += [np.concatenate([run.spikes(name).times for run in runs])]
        found += [np.concatenate([run.spikes(name).ids for run in runs])]
        found += [np.concatenate([run.trace(name, v).values for run in runs]) for v in ("v", "I_gap", "g")]
    assert len(found[0]) > 50
    return found


def same(one, other):
    for found, expected in zip(one, other, strict=True):
        EXACT.check(found, expected)


def test_stepper_and_runs_in_pieces_give_the_same_bits():
    expected = outcome(network())
    same(outcome(network(), engine="stepper"), expected)
    same(outcome(network(), 0.1, 22.2, 7.7, 30.0), expected)


@pytest.mark.parametrize("gaps", [True, False])
@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads, gaps):
    expected = outcome(network(1, gaps))
    same(outcome(network(threads, gaps)), expected)
    same(outcome(network(threads, gaps), 0.1, 22.2, 7.7, 30.0), expected)
    same(outcome(network(threads, gaps), engine="stepper"), expected)


def test_a_checkpoint_continues_bit_for_bit(tmp_path):
    net = network()
    net.run(23.4).checkpoint(tmp_path / "half")
    restored = sl.Network.restore(tmp_path / "half")
    same(outcome(restored, 40.0), outcome(net, 40.0))


@pytest.mark.parametrize("engine", ["events", "nest"])
def test_other_engines_name_what_they_do_not_run(engine):
    with pytest.raises(D, match="population 'cells'"):
        network().run(1.0, engine=engine)


def test_brian2_runs_graded_synapses_and_gap_junctions():
    Model = sl.NeuronModel.from_equations(
        "dv/dt = (1.2 - v + I_gap + g)/(10*ms) : 1\nI_gap : 1\ng : 1", threshold="v > 1", reset="v = 0",
        ports={"gap": "I_gap = weight", "gate": "g = weight"}, method="euler",
    )  # fmt: skip
    Gap = sl.GradedSynapse.from_equations("I_post = w*(v_pre - v_post) : 1 (summed)")
    Gate = sl.GradedSynapse.from_equations(
        "g_post = w*s : 1 (summed)\nds/dt = -s/tau : 1 (clock-driven)", on_pre="s += 0.5*(1 - s)",
        parameters={"tau": (8.0, "ms")}, method="euler",
    )  # fmt: skip
    found = []
    for engine in ("compiled", "brian2"):
        net = sl.Network(dt=0.1, seed=2)
        cells = net.population(6, Model, initial={"v": np.arange(6) / 6})
        net.connect(cells, cells, "gap", sl.FixedProbability(0.5), weight=sl.Uniform(0.0, 0.1), synapse=Gap())
        net.connect(cells, cells, "gate", sl.FixedInDegree(2), weight=-0.2, delay=1.5, synapse=Gate())
        net.record(cells, ["spikes", "v"])
        run = net.run(60.0, engine=engine)
        found.append((run.spikes(cells).times, run.trace(cells, "v").values))
    assert len(found[0][0]) > 10
    EXACT.check(found[1][0], found[0][0])
    ULP(100_000, 1.0).check(found[1][1], found[0][1])


def test_brian2_runs_time_and_tables():
    """Its exponential Euler is that of here, so that the traces are the same."""
    Model = sl.NeuronModel.from_equations(
        "dv/dt = (sin(2*pi*30*Hz*t) + level(t, i) - v)/(10*ms) : 1 (unless refractory)", threshold="v > 0.6",
        reset="v = 0", refractory="(1 + i)*ms", parameters={"level": 0.0}, method="exponential_euler",
    )  # fmt: skip
    found = []
    for engine in ("compiled", "brian2"):
        net = sl.Network(dt=0.1)
        table = np.random.default_rng(3).uniform(0.0, 1.0, (9, 3))
        cells = net.population(3, Model(level=sl.Timed(table, 7.05)))
        net.record(cells, ["spikes", "v"])
        run = net.run(60.0, engine=engine)
        found.append((run.spikes(cells).times, run.trace(cells, "v").values))
    assert len(found[0][0]) > 5
    EXACT.check(found[1][0], found[0][0])
    ULP(100_000, 1.0).check(found[1][1], found[0][1])


def test_stdp_as_brian2_writes_it_needs_limits_among_the_parameters():
    """Brian2's tutorial without `v_post += w`, which the projection does, and with W_min and W_max."""
    Rule = sl.PlasticityRule.from_equations(
        "dapre/dt = -apre/taupre : 1 (event-driven)\ndapost/dt = -apost/taupost : 1 (event-driven)",
        on_pre="apre += Apre; w = clip(w + apost, 0, W_max)", on_post="apost += Apost; w = clip(w + apre, 0, W_max)",
        parameters={"taupre": (20, "ms"), "taupost": (20, "ms"), "Apre": 0.01, "Apost": -0.0105, "W_min": 0.0,
                    "W_max": 1.0},
    )  # fmt: skip
    net = sl.Network(dt=0.1)
    pre, post = net.population(1, sl.SpikeList([10.0, 40.0])), net.population(1, sl.SpikeList([15.0, 30.0]))
    cell = net.population(1, sl.Parrot())
    net.connect(post, cell, "exc", weight=1.0, delay=0.1)
    learned = net.connect(pre, cell, "ignored", weight=0.5, delay=0.1, plasticity=Rule())
    change = 0.01 * (np.exp(-5 / 20) + np.exp(-20 / 20))
    change -= 0.0105 * (np.exp(-25 / 20) + np.exp(-10 / 20))
    assert net.run(60.0).weights(learned)[0] == pytest.approx(0.5 + change, rel=1e-9)


WRONG = {
    "a table at another time": (D, "I is no function; a table of time is read at t", "dv/dt = I(t - 5*ms)/ms : 1"),
    "an unknown table": (D, "J is unknown", "dv/dt = J(t)/ms : 1"),
    "rand in equations": (D, "rand cannot be used: random numbers are available in threshold= and reset=",
                          "dv/dt = rand()/ms : 1"),
    "time without unit": (U, "dv/dt should be in 1/ms, but this is in ms", "dv/dt = t : 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_equations(name):
    error, message, text = WRONG[name]
    with pytest.raises(error, match=message):
        sl.NeuronModel.from_equations(text, parameters={"I": 0.0})


def test_what_is_wrong_is_named_before_anything_runs():
    make = sl.NeuronModel.from_equations
    with pytest.raises(D, match="rand takes no arguments"):
        make("dv/dt = 0/ms : 1", threshold="rand(2) < 1")
    with pytest.raises(U, match="a refractory period should be in ms"):
        make("dv/dt = 0/ms : 1", threshold="v > 1", refractory="2*i")
    with pytest.raises(D, match="not linear|depends on t"):
        make("dv/dt = sin(t/ms)/ms : 1", method="exact")
    with pytest.raises(P, match="t_ref of LIF is a number of steps and cannot change in time"):
        sl.LIF(t_ref=sl.Timed([1.0, 2.0], 10.0))
    with pytest.raises(P, match="tau_m of LIF: expected more than 0 ms, got -1"):
        sl.LIF(tau_m=sl.Timed([10.0, -1.0], 10.0))
    with pytest.raises(P, match="LIF has no parameter 'taum'"):
        sl.LIF(taum=sl.Timed([10.0, 20.0], 10.0))
    net = sl.Network()
    with pytest.raises(D, match="I_e needs one value or 3, one per neuron"):
        net.population(3, sl.LIF(I_e=sl.Timed([[1.0, 2.0]], 10.0)))
    cells = net.population(3, sl.LIF())
    with pytest.raises(D, match="expected one value or 3, one per neuron, got 2"):
        net.drive(cells, sl.Timed([[1.0, 2.0]], 10.0))
    with pytest.raises(P, match="interval of drive of 'lif'"):
        net.drive(cells, sl.Timed([1.0, 2.0], 0.0))


def test_wrong_graded_synapses():
    make = sl.GradedSynapse.from_equations
    with pytest.raises(D, match=r"expected one \(summed\) variable, got 0"):
        make("ds/dt = -s/(5*ms) : 1 (clock-driven)", on_pre="s += 1")
    with pytest.raises(D, match="is not a multiple of w"):
        make("g_post = w + 1 : 1 (summed)")
    with pytest.raises(D, match="u is unknown"):
        make("g_post = w*u : 1 (summed)")
    with pytest.raises(D, match="w is in on_pre already"):
        make("g_post = w*s : 1 (summed)\nds/dt = -s/(5*ms) : 1", on_pre="s += w")
    with pytest.raises(D, match="declare the weight to use it here"):
        make("g_post = s : 1 (summed)\nds/dt = -s/(5*ms) : 1", on_pre="s += w")
    with pytest.raises(D, match=r"\(clock-driven\) is not allowed here.*GradedSynapse.from_equations takes it"):
        sl.SynapseModel.from_equations("dg/dt = -g/(5*ms) : 1 (clock-driven)", on_pre="released = g")
    net = sl.Network()
    model = sl.NeuronModel.from_equations("dv/dt = I_gap/ms : 1\nI_gap : 1", ports={"gap": "I_gap = weight"})
    cells = net.population(3, model, name="cells")
    gap = make("I_gap_post = w*(v_pre - v_post) : 1 (summed)", name="Gap")()
    with pytest.raises(D, match="Gap sends what depends on its ends at the same time; expected no delay"):
        net.connect(cells, cells, "gap", weight=1.0, delay=1.0, synapse=gap)
    with pytest.raises(D, match="Gap reads it of its source.*has no state 'v'"):
        net.connect(net.population(2, sl.Poisson(5.0)), cells, "gap", weight=1.0, synapse=gap)
    with pytest.raises(D, match="is graded: expected a graded synapse"):
        net.connect(cells, cells, "gap", weight=1.0)
    with pytest.raises(D, match="for a port that sets a variable to them"):
        other = make("g_post = w*V_m_post : 1 (summed)")()
        net.connect(cells, net.population(1, sl.LIFNMDA()), "nmda", weight=1.0, synapse=other)


def test_a_run_and_its_file_keep_what_changed_in_time(tmp_path):
    net = sl.Network(dt=0.1)
    values = np.array([[0.0, 100.0], [300.0, 200.0]])
    cells = net.population(2, sl.LIF(I_e=sl.Timed(values, 30.0)), name="cells")
    net.record(cells)
    run = net.run(1.0)
    sl.io.save(run, tmp_path / "run.h5")
    for parameters in (
        run.populations["cells"].parameters,
        sl.io.load(tmp_path / "run.h5").populations["cells"].parameters,
    ):
        EXACT.check(parameters["I_e"], values[0])
        EXACT.check(parameters["I_e_in_time"], values)
        EXACT.check(parameters["I_e_begins"], [0.0, 30.0])
    assert "I_e=Timed(2 x 2 values, every 30.0 ms)" in repr(cells.model)


def test_a_gradient_names_what_differs_between_its_trials():
    from spikelearn.learning.unrolled import check_supported

    for model, what in (
        (sl.LIF(I_e=sl.Timed([0.0, 1.0], 5.0)), "I_e"),
        (network().populations["cells"].model, "level"),
    ):
        net = sl.Network()
        net.population(30, model, name="cells")
        with pytest.raises(D, match=f"of population 'cells' depends on {what}"):
            check_supported(net.description())


def test_random_numbers_of_a_reset_are_drawn_only_for_neurons_that_fire():
    """The same as drawn in every step: a refractory period that is an expression, of 0 ms, makes them be."""
    given = {
        "reset": "v = 0.3*rand() - 0.1*abs(randn()) + 0.01*i*sin(t/ms); u += rand()",
        "size": 20,
        "duration": 100.0,
    }
    text = "dv/dt = (2 - v)/(10*ms) : 1\ndu/dt = -u/(5*ms) : 1"
    rare, spikes = one(text, threshold="v > 1", **given)
    assert sl.NeuronModel.from_equations(text, threshold="v > 1", reset=given["reset"]).at_event is not None
    assert sl.NeuronModel.from_equations(text, threshold="v > 1 and rand() < 1", reset="v = rand()").at_event is None
    always, others = one(text, threshold="v > 1", refractory="0*ms", **given)
    assert len(spikes.times) > 100
    EXACT.check(spikes.times, others.times)
    EXACT.check(rare, always)


def test_a_gate_that_nothing_opens_ends_at_0():
    Gate = sl.GradedSynapse.from_equations(
        "g_post = w*s : 1 (summed)\nds/dt = -s/tau : 1 (clock-driven)", on_pre="s += 1", parameters={"tau": (0.5, "ms")}
    )
    Model = sl.NeuronModel.from_equations("dv/dt = g/ms : 1\ng : 1", ports={"gate": "g = weight"})
    net = sl.Network(dt=0.1)
    cells = net.population(1, Model)
    net.connect(net.population(1, sl.SpikeList([0.1])), cells, "gate", weight=1.0, synapse=Gate())
    net.record(cells, "g")
    g = net.run(400.0).trace(cells, "g").values[:, 0]
    assert g[1] == 1.0
    assert g[-1] == 0.0
    assert g[g > 0.0].min() > 1e-301


def gap_network(v, weight=0.05):
    Model = sl.NeuronModel.from_equations(
        "dv/dt = (1.2 - v + I_gap)/(10*ms) : 1\nI_gap : 1", threshold="v > 1", reset="v = 0",
        ports={"gap": "I_gap = weight"},
    )  # fmt: skip
    net = sl.Network(dt=0.1)
    cells = net.population(5, Model, name="cells", initial={"v": v})
    if weight is not None:
        join(net, cells, weight)
    net.record(cells, ["v", "I_gap"])
    return net


def join(net, cells, weight):
    gap = sl.GradedSynapse.from_equations("I_gap_post = w*(v_pre - v_post) : 1 (summed)")
    return net.connect(cells, cells, "gap", weight=weight, synapse=gap(), name="gap")


def traces(run):
    return np.stack([run.trace("cells", variable).values for variable in ("v", "I_gap")])


@pytest.mark.parametrize("change", ["potentials", "weights", "a projection"])
def test_what_is_set_between_runs_is_seen_by_gap_junctions_in_the_next_step(change):
    """A network that is changed goes on like one that begins from there."""
    v, weights = np.linspace(0.0, 0.9, 5), np.full((5, 5), 0.05)
    net = gap_network(v, None if change == "a projection" else weights)
    now = traces(net.run(3.0))[0, -1]
    if change == "potentials":
        now = v[::-1].copy()
        net.set(net.populations["cells"], v=now)
    elif change == "weights":
        weights = 2.0 * weights
        net.set_weights(net.projections["gap"], weights)
    else:
        join(net, net.populations["cells"], weights)
    EXACT.check(traces(net.run(30.0)), traces(gap_network(now, weights).run(30.0)))


def test_gap_junctions_are_switched_off_and_on():
    """While they are off, neurons are alone; trials then begin without them, too."""
    v, weights = np.linspace(0.0, 0.9, 5), np.full((5, 5), 0.05)
    net = gap_network(v, weights)
    now = traces(net.run(3.0))[0, -1]
    net.switch_off(net.projections["gap"])
    alone = traces(net.run(5.0))
    EXACT.check(alone, traces(gap_network(now, None).run(5.0)))
    fresh = traces(net.run(trials=sl.Trials([sl.Phase(2.0, fresh=True)], n=1)))
    EXACT.check(fresh, traces(gap_network(v, None).run(2.0)))
    net.switch_on(net.projections["gap"])
    fresh = traces(net.run(trials=sl.Trials([sl.Phase(2.0, fresh=True)], n=1)))
    EXACT.check(fresh, traces(gap_network(v, weights).run(2.0)))


@pytest.mark.parametrize("engine", ["events", "nest"])
def test_engines_that_have_no_parameters_in_time_name_the_one(engine):
    net = sl.Network(dt=0.1)
    net.population(2, sl.LIF(I_e=sl.Timed([0.0, 300.0], 30.0)), name="cells")
    with pytest.raises(D, match="population 'cells'.*I_e.*changes in time"):
        net.run(1.0, engine=engine)


def test_a_table_is_no_default():
    with pytest.raises(P, match=r"parameter I of .*: a table of time is given in a call: Model\(I=Timed\(...\)\)"):
        sl.NeuronModel.from_equations("dv/dt = I(t)/ms : 1", parameters={"I": (sl.Timed([1.0], 5.0), "1")})


def test_a_table_that_is_set_during_a_run_is_read_at_the_time_of_the_network():
    found = []
    for later in (False, True):
        net = sl.Network(dt=0.1)
        table = sl.Timed([0.0, 0.0, 600.0, 900.0], 10.0)
        cells = net.population(2, sl.LIF(I_e=0.0 if later else table))
        net.record(cells, ["spikes", "V_m"])
        first = net.run(12.3)
        if later:
            net.set(cells, I_e=table)
            assert net.get(cells, "I_e") == table
        second = net.run(40.0)
        found.append(np.concatenate([run.trace(cells, "V_m").values for run in (first, second)]))
        assert len(second.spikes(cells).times) > 2
    EXACT.check(*found)


def test_weights_in_on_pre_need_linear_equations():
    make = sl.GradedSynapse.from_equations
    text = "dg/dt = {} : 1 (clock-driven)\ng_post = {} : 1 (summed)\nw : 1"
    good = make(text.format("-g/(5*ms)", "2*g"), on_pre="g += w")
    assert "g + 1.0" in good.source and "2 * g" in good.source
    with pytest.raises(D, match="dg/dt is not linear"):
        make(text.format("g*(1 - g)/ms", "g"), on_pre="g += w")
    with pytest.raises(D, match="dg/dt is not linear"):
        make(text.format("(1 - g)/ms", "g"), on_pre="g += w")
    with pytest.raises(D, match=r"expected g \+= w or a multiple of it"):
        make(text.format("-g/ms", "g"), on_pre="g += w*(1 - g)")
    with pytest.raises(D, match="w is in on_pre already"):
        make(text.format("-g/ms", "w*g"), on_pre="g += w")
    with pytest.raises(D, match="expected 0: with w in on_pre"):
        make(text.format("-g/ms", "g"), on_pre="g += w", initial={"g": 1.0})
