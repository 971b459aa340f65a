"""Any small network of any models: states are finite, weights within limits, and it is one network however it is run.

Stepper or compiled, in one piece or with a pause, through a checkpoint, a pickle or a copy, on two or three threads:
not one bit differs.
"""

import copy
import functools
import pickle
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from read_cells import cell_with
from tolerances import EXACT
from unit.every_model import STRENGTH

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SpikelearnError
from spikelearn.neurons import MODELS
from spikelearn.plasticity import RULES, SIGNAL_RULES, STEP_RULES
from spikelearn.synapses import GRADED_SYNAPSES, SYNAPSES

DT, STEPS = 0.5, 80
CONNECTION_RULES = [
    sl.AllToAll(), sl.AllToAll(autapses=False), sl.FixedProbability(0.4), sl.FixedInDegree(2),
    sl.FixedInDegree(1, multapses=False), sl.FixedOutDegree(3), sl.FixedTotalNumber(5), sl.FixedTotalNumber(0),
]  # fmt: skip

projections = st.fixed_dictionaries(
    {
        "ends": st.tuples(st.integers(0, 3), st.integers(0, 1)),
        "port": st.integers(0, 2),
        "rule": st.sampled_from(CONNECTION_RULES),
        "scale": st.floats(0.3, 1.0),
        "spread": st.booleans(),
        "axonal": st.sampled_from([0.5, 1.0, 3.5]),
        "dendritic": st.sampled_from([0.0, 0.0, 0.5, 2.0]),
        "model": st.sampled_from([None, *RULES, *SIGNAL_RULES, *STEP_RULES, None, *SYNAPSES]),
        "plastic": st.booleans(),
        "rate": st.floats(0.5, 5.0),
        "tau": st.sampled_from([0.6, 7.0, 40.0]),
    }
)
extras = st.fixed_dictionaries(
    {},
    optional={
        "source": st.tuples(st.integers(0, 2), st.integers(1, 3)),
        "target": st.tuples(st.integers(0, 2), st.integers(1, 3)),
        "on": st.integers(0, 5),
        "payload": st.integers(0, 5),
        "procedural": st.just(True),
        "released by": st.just(sl.TsodyksMarkram()),
        "regulated": st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True),
    },
)
"""What a projection may have besides: views of its ends, another kind of event, a payload, no table, homeostasis."""
networks = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**62),
        "models": st.tuples(*[st.sampled_from(MODELS)] * 2),
        "sizes": st.tuples(*[st.integers(1, 5)] * 4),
        "rate": st.floats(100.0, 2000.0),
        "driven": st.floats(2000.0, 4000.0),
        "spikes": st.sets(st.tuples(st.integers(1, STEPS), st.integers(0, 4)), max_size=60),
        "released": st.lists(st.tuples(st.integers(1, STEPS), st.floats(-0.5, 0.5)), max_size=5),
        "projections": st.lists(projections, min_size=2, max_size=5),
    }
)


def learns(model, rule):
    """Whether a neuron model has what a rule reads, and emits what it learns from besides spikes."""
    return set(rule.needs) <= set(model.state) and set(getattr(rule, "learns_also_from", ())) <= set(model.kinds)


def build(given, threads=1):
    net = sl.Network(dt=DT, seed=given["seed"], threads=threads)
    dopamine = net.modulator("dopamine", tau=20.0)
    for step, amount in given["released"]:
        net.release(dopamine, step * DT, amount)
    *n_cells, n_poisson, n_listed = given["sizes"]
    cells = [
        net.population(n, model(**whole_durations(model)), name=f"{model.name} {k}")
        for k, (model, n) in enumerate(zip(given["models"], n_cells, strict=True))
    ]
    for population in cells:
        model = population.model.model
        port = next(port for port in model.ports if port not in model.graded)
        net.drive(population, sl.PoissonInput(given["driven"]), port, weight=0.5 * STRENGTH[model.ports[port]])
    listed = sorted((s, i) for s, i in given["spikes"] if i < n_listed)
    sources = [
        net.population(n_poisson, sl.Poisson(given["rate"]), name="poisson"),
        net.population(n_listed, sl.SpikeList([s * DT for s, _ in listed], [i for _, i in listed]), name="listed"),
    ]
    everyone = [*sources, *cells]
    learning = []
    for k, p in enumerate(given["projections"]):
        source, target = everyone[p["ends"][0]], cells[p["ends"][1]]
        ports = target.model.model.ports
        port = list(ports)[p["port"] % len(ports)]
        strength = STRENGTH[ports[port]]
        graded = port in target.model.model.graded
        suits = p["model"] in (*RULES, *SIGNAL_RULES, *STEP_RULES) and learns(target.model.model, p["model"])
        rule = plasticity(p, dopamine, 2.5 * strength) if suits and not graded else None
        synapse = GRADED_SYNAPSES[0]() if graded else p["model"]() if p["model"] in SYNAPSES else None
        low, high = 0.0, strength if port != "inh" or ports[port] == "nS" else -0.5 * strength
        if rule is not None:
            low, high = rule.parameters.W_min, rule.parameters.W_max
        weight = low + p["scale"] * (high - low)
        connect = functools.partial(
            net.connect, port=port, rule=p["rule"],
            weight=sl.Uniform(min(low, weight), max(low, weight)) if p["spread"] else weight,
            axonal_delay=p["axonal"], dendritic_delay=0.0 if rule and rule.rule.axonal_only else p["dendritic"],
            plasticity=rule, plastic=p["plastic"], learns_from="spike" if rule else None, name=f"projection {k}",
        )  # fmt: skip
        wanted = p.get("extras", {})
        ends = {"source": part_of(source, wanted.get("source")), "target": part_of(target, wanted.get("target"))}
        added = first_accepted(
            lambda connect=connect, ends=ends, named=named: connect(**ends, **named)
            for named in ({"synapse": synapse} | more for more in keywords(wanted, source))
        )
        for rule_number in wanted.get("regulated", ()):
            with suppress(SpikelearnError):
                net.homeostasis(added, regulations(strength)[rule_number])
        if rule is not None:
            learning.append(added)
            net.record(added, "weight", every=5 * DT)
    for callback in given.get("callbacks", ()):
        net.on_step(callback, np.zeros(3), dopamine.release)
    for population in everyone:
        net.record(population)
    for population in cells:
        net.record(population, list(population.model.model.state), every=4 * DT)
    return net, learning


def whole_durations(model):
    """The default durations of a neuron model, such as its refractory period, rounded up to whole steps."""
    defaults = model.Parameters._field_defaults
    return {name: np.ceil(defaults[name] / DT) * DT for name in model.durations}


def part_of(population, view):
    """A view of a population: where it starts, and how long it is, as far as there are neurons."""
    if view is None:
        return population
    start = min(view[0], population.size - 1)
    return population[start : start + view[1]]


def keywords(wanted, source):
    """What connect may be given besides; then less of it, for networks in which that is refused; at last nothing."""
    model = getattr(source.model, "model", None)
    named = {}
    if "on" in wanted and model is not None:
        named["on"] = model.kinds[wanted["on"] % len(model.kinds)]
    if "payload" in wanted and model is not None:
        named["payload"] = list(model.state)[wanted["payload"] % len(model.state)]
    if "procedural" in wanted:
        named["procedural"] = True
    if "released by" in wanted:
        named["synapse"] = wanted["released by"]
    while named:
        yield named
        named = dict(list(named.items())[1:])
    yield {}


def first_accepted(calls):
    """What the first call returns that is not refused; those before it leave nothing behind."""
    refused = None
    for call in calls:
        try:
            return call()
        except SpikelearnError as error:
            refused = error
    raise refused


def regulations(strength):
    return (
        sl.Normalisation(3 * strength, every=7 * DT),
        sl.SynapticScaling(30.0, tau=30.0, beta=0.1, every=5 * DT),
        sl.Rewiring(below=0.2 * strength, weight=0.4 * strength, every=9 * DT, probability=0.5),
    )


def counts(step, seen, release):
    seen[step % 3] += step


def releases(step, seen, release):
    if step % 7 == 0:
        seen[0] += 1.0
        release[0] += 0.01


def plasticity(p, dopamine, W_max):
    """The rule of a projection, fast enough to matter in 40 ms."""
    rule, modulator = p["model"], [dopamine] if p["model"].modulated else []
    rates = {"lambda_": 0.1 * p["rate"], "A_plus": 10.0 * p["rate"]} if rule.modulated or rule is sl.STDP else {}
    rates |= {"A_LTD": 0.05 * p["rate"], "A_LTP": 0.01 * p["rate"], "theta_plus": -60.0}
    rates = {name: value for name, value in rates.items() if name in rule.Parameters._fields}
    taus = {trace.tau: p["tau"] for trace in (*rule.pre, *getattr(rule, "post", ()))} | (
        {"tau_c": p["tau"]} if rule.modulated else {}
    )
    try:
        return rule(*modulator, W_max=W_max, **rates, **taus)
    except ParameterError:  # a rule whose time constants must differ
        return rule(*modulator, W_max=W_max, **rates)


def outcome(net, runs):
    result = {}
    for key in runs[0].spike_data:
        for part in ("times", "ids"):
            result[key, part] = np.concatenate([getattr(run.spike_data[key], part) for run in runs])
    for key in runs[0].trace_data:
        result[key, "values"] = np.concatenate([run.trace_data[key].values for run in runs])
    for k, callback in enumerate(net.callbacks):
        result["callback", k] = callback.arguments[0].copy()
    for name in runs[-1].projections:
        synapses = runs[-1].synapses(name)
        result |= {(name, "weight"): synapses.weight, (name, "post"): synapses.post}
    return result


def in_pieces(given, pause, between, threads=1):
    """What comes out with a pause, in which the network goes through `between`: function(net, run) -> net."""
    net, _ = build(given, threads)
    runs = [net.run(pause * DT)]
    net = between(net, runs[0])
    return outcome(net, [*runs, net.run((STEPS - pause) * DT)])


def in_one(given, threads=1, engine="compiled"):
    net, _ = build(given, threads)
    return outcome(net, [net.run(STEPS * DT, engine=engine)])


WAYS = {
    "stepper": lambda given, pause: in_one(given, engine="stepper"),
    "pieces": lambda given, pause: in_pieces(given, pause, lambda net, run: net),
    "checkpoint": lambda given, pause: in_pieces(given, pause, lambda net, run: through_a_file(run)),
    "two threads": lambda given, pause: in_one(given, threads=2),
}
MORE_WAYS = {
    "three threads": lambda given, pause: in_one(given, threads=3),
    "pickle": lambda given, pause: in_pieces(given, pause, lambda net, run: pickle.loads(pickle.dumps(net))),
    "copy on two threads": lambda given, pause: in_pieces(given, pause, lambda net, run: copy.deepcopy(net), threads=2),
}


def check(given, pause, ways=WAYS):
    net, learning = build(given)
    whole = outcome(net, [net.run(STEPS * DT)])
    for name, values in whole.items():
        assert np.all(np.isfinite(values)), name
    for projection in learning:
        limits = projection.plasticity.parameters
        recorded = whole[(projection.name, "weight"), "values"]
        for weights in (recorded, whole[projection.name, "weight"]):
            assert np.all((weights >= limits.W_min) & (weights <= limits.W_max)), projection.name
        if not projection.plastic and recorded.size:
            EXACT.check(recorded, np.broadcast_to(recorded[0], recorded.shape), projection.name)
    for how, run in ways.items():
        try:
            other = run(given, pause)
        except DescriptionError as error:
            assert "runs on one thread" in str(error), how
            assert "threads" in how
            continue
        for name, values in whole.items():
            EXACT.check(other[name], values, f"{name} by {how}")


def through_a_file(run):
    with tempfile.TemporaryDirectory() as folder:
        run.checkpoint(Path(folder) / "state")
        return sl.Network.restore(Path(folder) / "state")


OPTIONS = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
LEARNING = (*RULES, *SYNAPSES)
# Each model at least once, and each rule: what is drawn at random leaves some out.
PAIRS = [(MODELS[k % len(MODELS)], LEARNING[k % len(LEARNING)]) for k in range(max(len(MODELS), len(LEARNING)))]
PAIRS += [(next(m for m in MODELS if learns(m, rule)), rule) for rule in SIGNAL_RULES]
PAIRS += [(cell_with(rule.needs), rule) for rule in STEP_RULES]


every_pair = pytest.mark.parametrize(
    ("neuron", "learning"), PAIRS, ids=[f"{neuron.name}, {rule.name}" for neuron, rule in PAIRS]
)


def among_others(given, neuron, learning):
    """A network of what was drawn, of which the first population and projection are of these models."""
    first, *others = given["projections"]
    first = {**first, "ends": (first["ends"][0], 0), "port": 0, "model": learning, "plastic": True}
    return {**given, "models": (neuron, given["models"][1]), "projections": [first, *others]}


@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@every_pair
def test_any_network_is_finite_and_bounded_and_one_however_it_is_run(neuron, learning):
    """Of two models: each other costs seconds of compiling, and is tested in its turn."""

    @seed(PAIRS.index((neuron, learning)))
    @settings(max_examples=3, **OPTIONS)
    @given(given=networks, pause=st.integers(1, STEPS - 1))
    def with_them(given, pause):
        given = among_others({**given, "models": (neuron, neuron)}, neuron, learning)
        alike = [{**p, "model": learning if p["model"] else None} for p in given["projections"]]
        check({**given, "projections": alike}, pause)

    with_them()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@every_pair
def test_so_is_one_with_any_other_models_in_it(neuron, learning):
    @seed(PAIRS.index((neuron, learning)))
    @settings(max_examples=3, **OPTIONS)
    @given(given=networks, pause=st.integers(1, STEPS - 1))
    def with_them(given, pause):
        check(among_others(given, neuron, learning), pause)

    with_them()


larger = st.builds(
    lambda given, more, callbacks: {
        **given,
        "projections": [{**p, "extras": extra} for p, extra in zip(given["projections"], more, strict=False)],
        "callbacks": callbacks,
    },
    networks,
    st.lists(extras, min_size=5, max_size=5),
    st.lists(st.sampled_from([counts, releases]), max_size=2),
)
"""Networks with all that projections may have, and callbacks."""


@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@seed(1)
@settings(max_examples=4, phases=[Phase.generate], **OPTIONS)
@given(given=larger, pause=st.integers(0, STEPS))
def test_so_is_one_with_views_payloads_homeostasis_and_callbacks(given, pause):
    check(given, pause, WAYS | MORE_WAYS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@pytest.mark.parametrize("part", range(20))
def test_so_are_two_thousand_more(part):
    @seed(100 + part)
    @settings(max_examples=100, phases=[Phase.generate], **OPTIONS)
    @given(given=larger, pause=st.integers(0, STEPS))
    def with_them(given, pause):
        check(given, pause, WAYS | MORE_WAYS)

    with_them()
