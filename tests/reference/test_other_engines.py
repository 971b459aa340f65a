"""The same network on NEST and on Brian2: what is translated, and what is refused by name.

What comes out is compared with the compiled engine in tests/cases/other_engines.py.
"""

import sys

import numpy as np
import pytest
from given_arrays import arrays_in, digest, given
from oracles import nest_oracle, nest_plasticity
from tolerances import EXACT, METHOD, NINE_DIGITS, ULP

import spikelearn as sl
from spikelearn.backends.brian2.statements import import_brian2
from spikelearn.errors import DescriptionError, ParameterError, SimulationError
from spikelearn.neurons import MODELS

ENGINES = ["nest", "brian2"]


def small(**neuron):
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(3, sl.SpikeList([5.0, 9.0, 12.0], [0, 1, 2]), name="source")
    cells = net.population(4, sl.LIF(**neuron), name="cells")
    return net, source, cells


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_on_another_engine_says_who_made_it_and_is_the_same_kind_of_run(engine):
    net, source, cells = small(I_e=400.0)
    static = net.connect(source, cells, weight=sl.Normal(100.0, 10.0), delay=sl.Uniform(0.5, 3.0), name="static")
    net.record(cells[1:3], ["spikes", "V_m"], every=0.5)
    run = net.run(30.0, engine=engine)
    assert run.versions[engine][0].isdigit() and run.versions["engine"] in ("NEST", "Brian2")
    assert set(run.spikes(cells).ids) == {1, 2}
    EXACT.check(run.trace(cells, "V_m").times, np.arange(1, 61) / 2)
    assert run.projections["static"].n_synapses == len(run.weights(static)) == 12
    other, source, cells = small(I_e=400.0)
    same = other.connect(source, cells, weight=sl.Normal(100.0, 10.0), delay=sl.Uniform(0.5, 3.0), name="static")
    for ours, theirs in zip(other.run(1.0).synapses(same), run.synapses(static), strict=True):
        EXACT.check(theirs, ours)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_on_another_engine_runs_on_in_pieces_of_any_length(engine):
    def network():
        net, source, cells = small(I_e=np.linspace(300.0, 450.0, 4))
        poisson = net.population(5, sl.Poisson(300.0), name="poisson")
        net.connect(poisson, cells, "exc", weight=sl.Uniform(20.0, 60.0), delay=sl.Uniform(0.1, 2.0))
        net.connect(cells, cells, "inh", weight=-50.0, delay=1.5)
        net.drive(cells, sl.PoissonInput(500.0), weight=20.0)
        net.drive(cells, sl.StepCurrent([0.0, 7.3, 7.5], [0.0, 50.0, -50.0]))
        net.record(cells, ["spikes", "V_m"])
        return net

    net = network()
    pieces = [net.run(duration, engine=engine) for duration in (7.3, 0.1, 0.0, 22.6)]
    assert [round(piece.t_stop, 6) for piece in pieces] == [7.3, 7.4, 7.4, 30.0]
    whole = network().run(30.0)
    joined = {key: np.concatenate([piece.trace_data[key].values for piece in pieces]) for key in whole.trace_data}
    assert len(whole.spikes("cells").times) > 3
    EXACT.check(np.concatenate([piece.spikes("cells").times for piece in pieces]), whole.spikes("cells").times)
    EXACT.check(np.concatenate([piece.trace("cells", "V_m").times for piece in pieces]), np.arange(1, 301) / 10)
    NINE_DIGITS.check(joined["cells", "V_m"], whole.trace("cells", "V_m").values)


DT = 0.05
AMOUNT = {"pA": 60.0, "mV": 1.5, "nS": 1.0, "1": 1.0}


ALIKE = (
    sl.LIFAlpha, sl.LIFDelta, sl.LIFConductance, sl.LIFDoubleExponential, sl.LIFSoftReset, sl.LIFAdaptiveSoftReset,
    sl.LIFAdaptiveThreshold, sl.LIFDendriticSpike, sl.MAT2, sl.GIF, sl.EIF, sl.AdEx, sl.QIF, sl.Izhikevich,
    sl.IzhikevichHalfSteps, sl.HodgkinHuxley, sl.Pyramidal, sl.PyramidalUrbanczik, sl.TaughtPyramidal,
    sl.ThreeCompartment, sl.DendriticSegment, sl.PerfectIntegrator, sl.LeakyReadout,
)  # fmt: skip
"""Slow on Brian2, which is given them as it is given others: those with a closed form, arms, bursts, plateaus, a graded
port, or chance. That Brian2 integrates every model as it is here: tests/cases/own_equations.py."""


def translated(engine):
    """Models that an engine has, with the variables that it can record."""
    for model in MODELS:
        if engine == "nest" and model.nest is not None:
            yield pytest.param(engine, model, list(model.nest.variables), id=f"{model.name} on {engine}")
        elif engine == "brian2" and model.equations:
            variables = [name for name in model.state if f"d{name}/dt" in model.equations]
            marks = pytest.mark.slow if model in ALIKE else []
            yield pytest.param(engine, model, variables, id=f"{model.name} on {engine}", marks=marks)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("synapse", [sl.TsodyksMarkram, sl.TsodyksUzielMarkram])
def test_synapses_without_facilitation_are_the_same_on_other_engines(synapse, engine):
    def received(engine, **chosen):
        net = sl.Network(dt=0.1, seed=1)
        source = net.population(1, sl.SpikeList([1.0, 5.0, 5.1, 9.0, 20.0]), name="source")
        cells = net.population(1, sl.LIF(), name="cells")
        net.connect(source, cells, weight=100.0, delay=1.0, synapse=synapse(tau_rec=50.0, **chosen))
        net.record(cells, "V_m")
        return net.run(30.0, engine=engine).trace(cells, "V_m").values

    ours = received("compiled", tau_fac=0.0)
    NINE_DIGITS.check(received(engine, tau_fac=0.0), ours)
    assert np.abs(ours - received("compiled", tau_fac=100.0)).max() > 0.01


@pytest.mark.parametrize(("engine", "model", "variables"), [*translated("nest"), *translated("brian2")])
def test_every_model_is_the_same_on_other_engines_below_its_threshold(engine, model, variables):
    def recorded(engine):
        net = sl.Network(dt=DT, seed=1)
        cell = net.population(2, model(**model.properties.quiet), name="cell")
        for k, (port, unit) in enumerate(model.ports.items()):
            if port in model.graded:
                continue
            source = net.population(1, sl.SpikeList([1.0 + 3.0 * k, 8.0 + 3.0 * k]))
            net.connect(source, cell, port, weight=AMOUNT[unit] * (-1.0 if (port[-3:], unit) == ("inh", "pA") else 1.0))
        net.record(cell, ["spikes", *variables])
        return net.run(25.0, engine=engine)

    # Brian2 takes seconds to find a closed form; that it finds it is tested with whole networks
    slow = engine == "brian2" and model.method == "exact"
    ours, theirs = recorded("compiled"), recorded(sl.Brian2(method="rk4") if slow else engine)
    EXACT.check(theirs.spikes("cell").times, ours.spikes("cell").times)
    for name in variables:
        expected = ours.trace("cell", name).values
        # methods of first order at least; what moves at all moves by its own size within a millisecond or more
        METHOD(1, DT, np.ptp(expected) + 1e-9).check(theirs.trace("cell", name).values, expected, name)


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_a_run_on_another_engine_leaves_what_was_given_as_it_was(engine):
    arrays, net = given()
    own = [*arrays_in(net.description())]
    before = digest(arrays.values()), digest(own)
    net.run(10.0, engine=engine)
    assert (digest(arrays.values()), digest(own)) == before


def test_nest_draws_another_network_with_the_same_statistics_by_its_own_rules_and_sources():
    def rates(engine, seed):
        net = sl.Network(dt=0.1, seed=seed)
        source = net.population(100, sl.Poisson(30.0), name="source")
        cells = net.population(200, sl.LIF(), name="cells")
        net.connect(source, cells, "exc", sl.FixedInDegree(20), weight=sl.Normal(60.0, 10.0, low=0.0), delay=1.0)
        net.connect(cells, cells, "inh", sl.FixedProbability(0.05), weight=-20.0, delay=sl.Uniform(0.5, 2.0))
        net.drive(cells, sl.PoissonInput(2000.0), weight=55.0)
        net.drive(cells, sl.NoiseCurrent(std=50.0))
        net.record(cells)
        run = net.run(300.0, engine=engine)
        assert 1800 < run.projections["cells->cells"].n_synapses < 2200
        assert len(run.weights("source->cells")) == 4000
        return np.bincount(run.spikes(cells).ids, minlength=200) / 0.3

    ours = np.array([rates("compiled", seed).mean() for seed in (1, 2, 3)])
    native = sl.NEST(native_rules=True, native_sources=True)
    theirs = np.array([rates(native, seed).mean() for seed in (1, 2, 3)])
    # three networks each of 200 neurons; from network to network the mean rate varies by about 2 %
    spread = max(ours.std(ddof=1), 0.02 * ours.mean())
    assert abs(ours.mean() - theirs.mean()) < 5 * spread * (2 / 3) ** 0.5


def test_nests_kernel_holds_one_network_and_a_network_that_was_lost_says_so():
    first, _, cells = small()
    first.record(cells)
    first.run(5.0, engine="nest")
    second, *_ = small()
    second.run(5.0, engine="nest")
    with pytest.raises(SimulationError, match="one kernel per process.*Make the network again"):
        first.run(5.0, engine="nest")
    assert second.run(5.0, engine="nest").t_stop == 10.0
    nest_oracle.import_nest().Simulate(1.0)
    with pytest.raises(SimulationError, match="no longer holds this network"):
        second.run(5.0, engine="nest")


def test_a_network_stays_where_it_began():
    net, *_ = small()
    net.run(1.0)
    with pytest.raises(
        DescriptionError,
        match='runs on engine="compiled" .*already run to 1 ms; it cannot change to NEST',
    ):
        net.run(1.0, engine="nest")
    net, *_ = small()
    net.run(1.0, engine="nest")
    for engine in ("compiled", "brian2", sl.NEST(threads=2)):
        with pytest.raises(DescriptionError, match="runs on .*make a new network"):
            net.run(1.0, engine=engine)
    with pytest.raises(DescriptionError, match="already built"):
        net.population(1, sl.LIF())


@pytest.mark.parametrize(("package", "engine"), [("nest-simulator", "nest"), ("brian2", "brian2")])
def test_a_simulator_that_is_not_installed_is_named_with_its_package(package, engine, monkeypatch):
    monkeypatch.setitem(sys.modules, engine, None)
    import_brian2.cache_clear()
    net, *_ = small()
    with pytest.raises(DescriptionError, match=f"pip install {package}"):
        net.run(1.0, engine=engine)


def with_callback(net, source, cells):
    net.on_step(lambda step: None)


def with_normalisation(net, source, cells):
    net.homeostasis(net.connect(source, cells, weight=10.0, name="kept"), sl.Normalisation(100.0, every=1.0))


def with_initial(net, source, cells):
    net.population(2, sl.LIF(), name="held", initial={"refractory": 3.0})


def with_eligibility(net, source, cells):
    rule = sl.DopamineSTDP(net.modulator("dopamine"))
    net.record(net.connect(source, cells, weight=10.0, dendritic_delay=1.0, plasticity=rule), "c")


def with_bursts(net, source, cells):
    pyramidal = net.population(2, sl.Pyramidal(), name="pyramidal")
    net.connect(pyramidal, cells, on="burst", weight=1.0)


def with_axonal_stdp(net, source, cells):
    net.connect(source, cells, weight=10.0, delay=1.5, plasticity=sl.STDP(), name="learns")


def with_two_taus(net, source, cells):
    for k, tau in enumerate((20.0, 30.0)):
        rule = sl.STDP(tau_minus=tau)
        net.connect(source, cells, weight=10.0, dendritic_delay=1.0, plasticity=rule, name=f"learns {k}")


def with_w_min(net, source, cells):
    net.connect(source, cells, weight=10.0, dendritic_delay=1.0, plasticity=sl.STDP(W_min=5.0), name="learns")


def with_other_sign(net, source, cells):
    other = net.population(2, sl.LIF(tau_syn_inh=5.0), name="other")
    net.connect(source, other, "exc", weight=-10.0, name="negative")


def with_mongillo(net, source, cells):
    net.connect(source, cells, weight=10.0, synapse=sl.Mongillo(), name="short")


def with_both(net, source, cells):
    how = {"synapse": sl.TsodyksMarkram(), "plasticity": sl.STDP()}
    net.connect(source, cells, weight=10.0, dendritic_delay=1.0, **how, name="both")


def with_nearest(net, source, cells):
    rule = sl.NearestDopamineSTDP(net.modulator("dopamine"))
    net.connect(source, cells, weight=10.0, dendritic_delay=1.0, plasticity=rule, name="learns")


def with_amount(net, source, cells):
    dopamine = net.modulator("dopamine", tau=200.0)
    rule = sl.DopamineSTDP(dopamine)
    net.connect(source, cells, weight=10.0, dendritic_delay=1.0, plasticity=rule)
    net.release(dopamine, 5.0, 0.0123)


def with_means(net, source, cells):
    rule = sl.DopamineBursts(net.modulator("dopamine"))
    net.connect(source, net.population(2, sl.Pyramidal(), name="p"), weight=10.0, plasticity=rule, name="learns")


def with_current_into_state(net, source, cells):
    net.population(2, sl.LIF(), name="held", initial={"I_syn_exc": 3.0})


def with_recorded_parrot(net, source, cells):
    net.record(net.population(2, sl.Parrot(), name="parrot"), "received")


def with_tau_syn_that_is_tau_m(net, source, cells):
    net.population(2, sl.LIF(tau_m=2.0, tau_syn_exc=2.0), name="same")


def with_noise(net, source, cells):
    net.drive(cells, sl.NoiseCurrent(std=1.0, tau=5.0))


NATIVE = sl.NEST(native_sources=True)
REFUSED = [
    ("nest", with_callback, "callback '<lambda>' .* NEST.*compiled"),
    ("brian2", with_callback, "callback '<lambda>' .* Brian2.*compiled"),
    ("nest", with_normalisation, "Normalisation of projection 'kept' cannot run on NEST.*compiled"),
    ("nest", with_initial, "initial refractory of population 'held'"),
    ("brian2", with_initial, "initial refractory of population 'held'"),
    ("nest", with_eligibility, "recording of 'source->cells': 'c'"),
    ("nest", with_bursts, r"population 'pyramidal' \(Pyramidal\) cannot run on NEST"),
    (
        "nest",
        with_axonal_stdp,
        "projection 'learns'.*stdp_synapse treats the whole delay as dendritic",
    ),
    ("nest", with_two_taus, "'learns 1'.*tau_minus belongs to the target neuron.*'learns 0'.*20, not 30"),
    ("nest", with_w_min, "'learns'.*stdp_synapse fixes W_min at 0, got 5"),
    ("nest", with_other_sign, "'negative'.*iaf_psc_exp distinguishes ports by the sign"),
    ("nest", with_mongillo, r"'short' \(Mongillo\) cannot run on NEST"),
    (
        "nest",
        with_both,
        r"'both' \(TsodyksMarkram, STDP\) cannot run on NEST.*both short-term and long-term plasticity",
    ),
    ("nest", with_nearest, r"'learns' \(NearestDopamineSTDP\) cannot run on NEST"),
    ("nest", with_amount, "release of 'dopamine'.*multiples"),
    ("nest", with_current_into_state, "initial I_syn_exc of population 'held'.*can set: V_m"),
    ("nest", with_recorded_parrot, "'received' cannot run on NEST.*parrot_neuron"),
    (NATIVE, with_noise, "NoiseCurrent.*native_sources=True.*Ornstein.*native_sources=False can"),
    ("brian2", with_means, r"'learns' \(DopamineBursts\) cannot run on Brian2"),
    ("brian2", with_tau_syn_that_is_tau_m, r"'same'.*divides by tau_m - tau_syn_exc.*method=.rk4"),
]


@pytest.mark.parametrize(
    ("engine", "add", "message"), REFUSED, ids=[f"{add.__name__} on {engine}" for engine, add, _ in REFUSED]
)
def test_what_cannot_be_translated_is_named(engine, add, message):
    net, source, cells = small()
    add(net, source, cells)
    with pytest.raises(DescriptionError, match=message):
        net.run(10.0, engine=engine)


def released_and_learned(plasticity, engine, **delays):
    """V_m, I_syn_exc and final weights of cells under sources whose synapses learn, and are depressed."""
    generator = np.random.default_rng(7)
    times = np.unique(generator.integers(2, 1400, 160)) * 0.1
    net = sl.Network(dt=0.1, seed=2)
    dopamine = net.modulator("dopamine", tau=100.0)
    net.release(dopamine, [40.0, 90.0], 0.1)
    source = net.population(4, sl.SpikeList(times, generator.integers(0, 4, len(times))), name="source")
    cells = net.population(3, sl.LIF(I_e=[350.0, 400.0, 500.0], tau_syn_exc=1.0), name="cells")
    learned = net.connect(
        source, cells, "exc", weight=sl.Uniform(20.0, 60.0), plasticity=plasticity(dopamine),
        synapse=sl.TsodyksMarkram(U=0.4, tau_rec=100.0, tau_fac=50.0), **delays,
    )  # fmt: skip
    net.record(cells, ["spikes", "V_m", "I_syn_exc"])
    run = net.run(150.0, engine=engine)
    assert len(run.spikes(cells).times) > 10 and np.ptp(run.weights(learned)) > 1.0
    return np.concatenate([run.trace(cells, v).values.ravel() for v in ("V_m", "I_syn_exc")] + [run.weights(learned)])


@pytest.mark.parametrize("delays", [{"delay": 1.0}, {"axonal_delay": 0.5, "dendritic_delay": 0.8}], ids=str)
@pytest.mark.parametrize(
    "plasticity",
    [
        lambda dopamine: sl.STDP(lambda_=0.05, W_max=100.0),
        lambda dopamine: sl.DopamineSTDP(dopamine, A_plus=5.0, A_minus=5.0, W_max=100.0),
    ],
    ids=["STDP", "DopamineSTDP"],
)
def test_brian2_learns_and_releases_on_one_projection(plasticity, delays):
    measured, expected = (released_and_learned(plasticity, engine, **delays) for engine in ("brian2", "compiled"))
    NINE_DIGITS.check(measured, expected)


def test_brian2_holds_the_limits_of_a_weight_between_events():
    """The same as here but for the step in which dopamine decays to the baseline: c (b/tau_n) dt^2/2, c below 1."""
    found = []
    for engine in ("compiled", "brian2"):
        net = sl.Network(dt=0.1)
        dopamine = net.modulator("dopamine", tau=50.0)
        net.release(dopamine, 20.0, 2.0)
        source, target = net.population(1, sl.SpikeList([9.0])), net.population(1, sl.Parrot())
        net.connect(net.population(1, sl.SpikeList([14.0])), target, weight=1.0, delay=1.0)
        rule = sl.DopamineSTDP(dopamine, b=0.5, tau_c=200.0, W_max=100.0)
        learned = net.connect(source, target, "ignored", weight=100.0, delay=1.0, plasticity=rule)
        found.append(net.run(150.0, engine=engine).weights(learned))
    METHOD(2, 0.1, 0.5 / 50.0 / 2.0).check(*found)
    assert found[0] < 95.0


@pytest.mark.parametrize("engine", ENGINES)
def test_trials_do_not_run_on_other_engines(engine):
    net, *_ = small()
    with pytest.raises(DescriptionError, match="trials cannot run on"):
        net.run(trials=sl.Trials([sl.Phase(10.0)], 2), engine=engine)


def test_a_parrot_that_would_repeat_twice_on_nest_stops_the_run():
    net = sl.Network(dt=0.1)
    source = net.population(2, sl.SpikeList([5.0, 5.0], [0, 1]), name="source")
    parrot = net.population(1, sl.Parrot(), name="parrot")
    net.connect(source, parrot, weight=1.0, delay=1.0)
    with pytest.raises(SimulationError, match="'parrot', neuron 0: 2 spikes reached it in the step to 6 ms"):
        net.run(10.0, engine="nest")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sl.NEST(threads=0), "threads of NEST"),
        (lambda: sl.Brian2(codegen="fortran"), "codegen of Brian2"),
        (lambda: sl.Brian2(method=4), "method of Brian2"),
    ],
    ids=["threads", "codegen", "method"],
)
def test_options_are_checked_when_they_are_made(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_another_method_of_integration_can_be_asked_of_brian2():
    def potentials(engine):
        net, source, cells = small(tau_m=5.0, tau_syn_exc=5.0)
        net.connect(source, cells, "exc", weight=100.0, delay=1.0)
        net.record(cells, "V_m")
        return net.run(20.0, engine=engine).trace(cells, "V_m").values

    # derivatives are those of 100 pA on 250 pF over 5 ms: less than 1 mV/ms^5
    METHOD(4, 0.1).check(potentials(sl.Brian2(method="rk4")), potentials("compiled"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_trace_with_its_start_begins_with_the_initial_state_on_another_engine_too(engine):
    runs = {}
    for each in (engine, "compiled"):
        net = sl.Network(dt=0.1, seed=1)
        cells = net.population(3, sl.LIF(I_e=300.0), name="cells", initial={"V_m": sl.Uniform(-70.0, -60.0)})
        made = net.connect(cells, cells, "exc", weight=sl.Uniform(1.0, 2.0), delay=1.0, name="made")
        net.record(cells[1:], "V_m", every=0.5, include_start=True)
        net.record(made, "weight", every=1.0, include_start=True)
        first = net.run(1.0, engine=each)
        runs[each] = first.trace(cells, "V_m"), first.trace(made, "weight")
        EXACT.check(net.run(1.0).trace(cells, "V_m").times, [1.5, 2.0])
    EXACT.check(runs[engine][0].times, [0.0, 0.5, 1.0])
    NINE_DIGITS.check(runs[engine][0].values, runs["compiled"][0].values)
    EXACT.check(runs[engine][1].times, [0.0, 1.0])
    EXACT.check(runs[engine][1].values, runs["compiled"][1].values)


def test_a_network_runs_on_nest_after_nest_was_used_directly_with_its_recorders():
    for _ in range(3):
        nest_plasticity.learned("stdp_synapse", [5.0, 20.0], [10.0], weight=1.0, delay=1.0)
        net, _, cells = small(I_e=400.0)
        net.record(cells, "spikes")
        assert len(net.run(30.0, engine="nest").spikes(cells).times) > 0


def test_inhibition_by_negative_weights_learns_on_nest_as_here():
    def spikes(engine):
        net = sl.Network(dt=0.1)
        source = net.population(1, sl.SpikeList(np.arange(5.0, 190.0, 7.0)))
        cell = net.population(1, sl.LIF(I_e=500.0), name="cell")
        rule = sl.STDP(lambda_=0.5, alpha=0.1, W_min=-400.0, W_max=0.0)
        net.connect(source, cell, "inh", weight=-30.0, dendritic_delay=1.0, plasticity=rule)
        net.record(cell, "spikes")
        return net.run(200.0, engine=engine).spikes(cell).times

    here = spikes("compiled")
    assert len(here) > 3
    ULP(1).check(here, spikes("nest"))


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_values_set_before_the_first_run_are_taken_over_and_later_ones_refused(engine):
    def network():
        net = sl.Network(dt=0.1, seed=1)
        cells, source = net.population(2, sl.LIF()), net.population(1, sl.SpikeList([3.0]))
        made = net.connect(source, cells, weight=100.0, delay=1.0)
        net.record(cells)
        return net, cells, source, made

    times = []
    for each in (engine, "compiled"):
        net, cells, source, made = network()
        net.build(each)
        net.set(cells, I_e=500.0, V_m=-60.0)
        net.set(source, times=[5.0])
        net.set(made, delay=2.0)
        times.append(net.run(50.0).spikes(cells).times)
        if each == engine:
            with pytest.raises(DescriptionError, match="has run on .*cannot be changed"):
                net.set(cells, I_e=0.0)
    EXACT.check(times[0], times[1])
    assert len(times[0]) == 6
