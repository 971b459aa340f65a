"""Synapses that are made again at each event, against the same synapses in a table, and against one loop over all."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from examples import many_numbers
from given_spikes import steps_of
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from naive.step_by_step import delivered
from tolerances import EXACT, ULP
from unit.all_parts import network as all_parts

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.kernels.connect import draw, draw_row
from spikelearn.kernels.procedural import CHUNK

DT, STEPS = 0.1, 120
RULES = [
    sl.AllToAll(), sl.AllToAll(autapses=False), sl.OneToOne(), sl.OneToOne(autapses=False), sl.FixedOutDegree(0),
    sl.FixedOutDegree(3), sl.FixedOutDegree(CHUNK + 20), sl.FixedOutDegree(CHUNK, autapses=False),
    sl.FixedOutDegree(6, multapses=False), sl.FixedOutDegree(5, autapses=False, multapses=False),
]  # fmt: skip
WEIGHTS = [
    2.5, sl.Uniform(-1.0, 3.0), sl.Normal(3.0, 2.0), sl.Normal(0.0, 1.0, low=0.5), sl.LogNormal(0.5, 0.4),
    sl.Exponential(2.0, high=3.0), "array",
]  # fmt: skip
DELAYS = [0.1, 1.5, sl.Uniform(0.1, 3.0), sl.Normal(1.0, 1.0), sl.Exponential(0.5), sl.Normal(2.0, 1e-3), "array"]


def values_of(value, rule, n_source, n_target, generator):
    """The value, or numbers one by one for a rule that takes them, from 0.1 to 4."""
    if not isinstance(value, str):
        return value
    if isinstance(rule, sl.FixedOutDegree):
        return 1.0
    return 0.1 + 3.9 * generator.random((n_source, n_target) if isinstance(rule, sl.AllToAll) else n_target)


def on_the_grid(delay):
    """Numbers one by one are rounded to steps; anything else is what it was."""
    return np.rint(delay / DT) * DT if isinstance(delay, np.ndarray) else delay


def network(given, procedural, threads=1):
    """Cells among others of their model, which fire at given steps; a projection from some of them to others."""
    generator = np.random.default_rng(given["seed"])
    net = sl.Network(dt=DT, seed=given["seed"], threads=threads)
    net.population(3, sl.Parrot(), name="others before")
    cells = net.population(16, sl.Parrot(), name="cells")
    others = net.population(9, sl.Parrot(), name="others")
    steps, ids = np.nonzero(generator.random((STEPS - 2, cells.size)) < 0.03)
    forced = net.population(cells.size, sl.SpikeList((steps + 1) * DT, ids))
    net.connect(forced, cells, "exc", sl.OneToOne(), delay=DT)
    n = given["size"]
    source = cells[given["source_first"] : given["source_first"] + n]
    target = others if given["feedforward"] else cells
    first = min(given["target_first"], target.size - n)
    target = target[first : first + n]
    projection = net.connect(
        source, target, "ignored", given["rule"], procedural=procedural, dendritic_delay=given["dendritic"],
        weight=values_of(given["weight"], given["rule"], n, n, generator),
        axonal_delay=on_the_grid(values_of(given["delay"], given["rule"], n, n, generator)),
    )  # fmt: skip
    net.record(cells)
    net.record(target.population, "ignored")
    return net, projection


def outcome(projection, runs):
    received = np.concatenate([run.trace(projection.target, "ignored").values for run in runs])
    events = sum(run.synaptic_events for run in runs)
    return received, *runs[-1].synapses(projection), events, runs[-1].projections[projection.name].n_synapses


def whole(given, procedural, threads=1, engine="compiled"):
    net, projection = network(given, procedural, threads)
    return outcome(projection, [net.run(STEPS * DT, engine=engine)])


@many_numbers
@seed(1)
@settings(max_examples=40, deadline=None, database=None)
@given(
    given=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**62),
            "size": st.integers(7, 9),
            "source_first": st.integers(0, 7),
            "target_first": st.integers(0, 7),
            "feedforward": st.booleans(),
            "rule": st.sampled_from(RULES),
            "weight": st.sampled_from(WEIGHTS),
            "delay": st.sampled_from(DELAYS),
            "dendritic": st.sampled_from([0.0, 0.0, 0.3]),
        }
    ),
    pause=st.integers(1, STEPS - 1),
)
def test_what_is_made_at_each_event_is_what_a_table_would_hold(given, pause):
    stored, made = whole(given, False), whole(given, True)
    for one, other in zip(made[1:], stored[1:], strict=True):
        EXACT.check(one, other)
    one_delay = len(np.unique(stored[4])) < 2
    # with one delay the sums are the same ones; with several, up to 300 terms of order 1 add up in another order
    (EXACT if one_delay else ULP(300, 1000.0)).check(made[0], stored[0])
    for threads, engine in ((2, "compiled"), (3, "compiled"), (2, "stepper")):
        for one, other in zip(whole(given, True, threads, engine), made, strict=True):
            EXACT.check(one, other, f"{threads} threads, {engine}")
    net, projection = network(given, True)
    runs = [net.run(pause * DT)]
    with tempfile.TemporaryDirectory() as folder:
        runs[0].checkpoint(Path(folder) / "state")
        net = sl.Network.restore(Path(folder) / "state")
    runs.append(net.run((STEPS - pause) * DT))
    for one, other in zip(outcome(net.projections[projection.name], runs), made, strict=True):
        EXACT.check(one, other, "through a checkpoint")


@pytest.mark.parametrize("delay", [0.7, sl.Uniform(0.1, 2.0)], ids=["one delay", "many delays"])
def test_what_arrives_is_every_spike_through_every_synapse_after_its_delay(delay):
    net = sl.Network(dt=DT, seed=5)
    source = net.population(12, sl.Poisson(300.0))
    target = net.population(10, sl.Parrot())
    projections = [
        net.connect(source, target, "ignored", rule, weight=sl.Normal(1.0, 1.0), delay=delay, procedural=True)
        for rule in (sl.AllToAll(), sl.FixedOutDegree(7))
    ]
    net.record(source)
    net.record(target, "ignored")
    run = net.run(STEPS * DT)
    times, ids = run.spikes(source)
    assert len(times) > 20
    expected = np.zeros((STEPS, target.size))
    for projection in projections:
        pre, post, weight, lag = run.synapses(projection)
        synapses = list(zip(pre, post, weight, steps_of(lag, DT), strict=True))
        expected += delivered(synapses, list(zip(steps_of(times, DT), ids, strict=True)), target.size, STEPS)
    # some fifty terms of order 1
    ULP(100, 100.0).check(run.trace(target, "ignored").values, expected)


def test_events_may_go_to_a_modulator():
    def concentration(procedural, threads):
        net = sl.Network(dt=DT, threads=threads)
        dopamine = net.modulator("dopamine", tau=10.0)
        source = net.population(4, sl.SpikeList([1.0, 2.0, 2.0], [0, 1, 3]))
        net.connect(source, dopamine, weight=0.5, delay=1.0, procedural=procedural)
        net.record(dopamine, "n")
        run = net.run(5.0)
        return *run.trace(dopamine, "n").values.ravel(), run.synaptic_events

    EXACT.check(concentration(True, 1), concentration(False, 1))
    EXACT.check(concentration(True, 2), concentration(False, 1))
    assert concentration(True, 1)[-2] > 0.5


@pytest.mark.parametrize(
    ("code", "a", "b", "low", "high"),
    [(0, 2.0, 0.0, -np.inf, np.inf), (1, -1.0, 3.0, -1.0, 3.0), (2, 1.0, 2.0, -np.inf, np.inf), (2, 1.0, 2.0, 0.5, 1.0),
     (3, 0.3, 0.8, -np.inf, 2.0), (4, 2.0, 0.0, 0.1, np.inf)],
    ids=["constant", "uniform", "normal", "normal within limits", "log-normal", "exponential"],
)  # fmt: skip
def test_values_drawn_many_at_a_time_are_those_drawn_one_by_one(code, a, b, low, high):
    counters = np.arange(2000, dtype=np.int64) * 7919
    start, increment = np.uint64(0x1234567890ABCDEF), np.uint64(0xFEDCBA0987654321)
    result, numbers = np.full(len(counters), np.nan), np.array([a, b, low, high])
    with np.errstate(over="ignore"):
        draw_row(code, numbers, 0, 0, counters, start, increment, counters, len(counters), result)
        expected = [draw(code, numbers, 0, start, increment, counter) for counter in counters]
    EXACT.check(result, expected)
    assert low <= result.min() and result.max() <= high and (code == 0 or len(np.unique(result)) > 1900)


def test_20_million_synapses_take_no_memory():
    net = sl.Network(seed=1)
    source = net.population(20_000, sl.SpikeList([0.1], [7]))
    target = net.population(20_000, sl.Parrot())
    made = net.connect(
        source, target, "ignored", sl.FixedOutDegree(1000), weight=sl.Normal(1.0, 0.1), delay=1.0, procedural=True
    )
    arrays = net.build().program.arrays(built=True)
    # lists of the spikes of 12 steps, and a few numbers for each neuron; a table would have 200 MB
    assert sum(array.nbytes for array in arrays.values()) < 5_000_000
    run = net.run(2.0)
    assert run.synaptic_events == 1000 and run.projections[made.name].n_synapses == 20_000_000


def test_what_is_on_its_way_is_kept_for_the_targets_of_the_projection_only():
    net = sl.Network(dt=0.1)
    source, target = net.population(5, sl.Poisson(10.0)), net.population(400, sl.Parrot())
    net.connect(
        source, target[20:60], "ignored", weight=sl.Normal(1.0, 0.1), delay=sl.Uniform(1.0, 3.0), procedural=True
    )
    shapes = [array.shape for array in net.build().arrays().values()]
    assert (21, 40) in shapes


@pytest.mark.parametrize("engine", ["events", "nest", pytest.param("brian2", marks=pytest.mark.slow)])
def test_other_engines_are_given_the_same_synapses(engine):
    if engine == "nest":
        pytest.importorskip("nest")

    def outcome(engine, procedural):
        net = sl.Network(dt=DT, seed=2)
        source = net.population(8, sl.Poisson(200.0))
        target = net.population(6, sl.LIF())
        made = net.connect(
            source, target, "exc", sl.FixedOutDegree(3), weight=sl.Normal(600.0, 50.0), delay=sl.Uniform(1.0, 2.0),
            procedural=procedural,
        )  # fmt: skip
        net.record(target)
        run = net.run(50.0, engine=engine)
        return *run.spikes(target), *run.synapses(made)[:3]

    found = outcome(engine, True)
    assert len(found[0]) > 5
    for one, other in zip(found, outcome(engine, False), strict=True):
        EXACT.check(one, other)


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (sl.FixedInDegree(2), "FixedInDegree, whose synapses are generated from their targets"),
        (sl.FixedTotalNumber(9), "FixedTotalNumber, whose synapses are generated from their targets"),
        (sl.FixedProbability(0.5), "FixedProbability, whose synapses are generated from their targets"),
        (sl.Pairs([0], [1]), "Pairs; without procedural=True they are stored in a table"),
    ],
)
def test_a_rule_whose_synapses_are_not_made_by_source_is_refused(rule, names):
    net = sl.Network()
    source, target = net.population(4, sl.Poisson(1.0), name="a"), net.population(4, sl.LIF(), name="b")
    with pytest.raises(
        DescriptionError, match=f"'a->b'.*expected AllToAll, DistanceOutDegree, FixedOutDegree or OneToOne, got {names}"
    ):
        net.connect(source, target, "exc", rule, procedural=True)


def test_what_needs_a_weight_of_its_own_in_each_synapse_is_refused():
    net = sl.Network()
    source, target = net.population(4, sl.Poisson(1.0)), net.population(4, sl.LIF())
    for name, needed in (("plasticity", sl.STDP()), ("synapse", sl.TsodyksMarkram())):
        with pytest.raises(DescriptionError, match="'learns'.*procedural synapses .* have no state"):
            net.connect(source, target, "exc", procedural=True, name="learns", **{name: needed})
    made = net.connect(source, target, "exc", procedural=True, name="made")
    with pytest.raises(DescriptionError, match="'made'.*procedural.*Run.weights"):
        net.record(made, "weight")
    with pytest.raises(DescriptionError, match="'made'.*procedural"):
        net.homeostasis(made, sl.Normalisation(1.0, every=10.0))


def test_the_network_of_all_parts_has_procedural_synapses_too():
    assert any(projection.procedural for projection in all_parts().projections.values())
