"""Any call with any values, good and bad, is a result or a SpikelearnError: never an exception of Python or NumPy.

Constructors, their parameters and the methods of networks and runs are found from the exported lists and signatures;
values are those that fit, mixed with everything that a user may pass by mistake.
"""

import datetime
import functools
import inspect
import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas
import pint
import psutil
import pytest
import quantities
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import spikelearn as sl
from spikelearn import analysis, system, tasks
from spikelearn.connectivity import CONNECTION_RULES
from spikelearn.errors import ExperimentError, SpikelearnError
from spikelearn.neurons import MODELS, RATE_MODELS
from spikelearn.plasticity import RATE_RULES, RULES, SIGNAL_RULES, STEP_RULES
from spikelearn.synapses import GRADED_SYNAPSES, SYNAPSES

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module", autouse=True)
def in_an_empty_folder(tmp_path_factory):
    """Some calls write files, by any name."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("calls"))
    yield
    os.chdir(before)


class Part(NamedTuple):
    """Stands for a part of the network that a call is made on."""

    name: str


class Call(NamedTuple):
    """name: shown. function: called with the parts and the arguments. arguments: name -> what fits."""

    name: str
    function: Any
    arguments: Mapping[str, Any]
    required: frozenset[str] = frozenset()

    @property
    def values(self) -> Any:
        mixed = {name: st.one_of(fits, fits, fits, ANYTHING) for name, fits in self.arguments.items()}
        needed = {name: value for name, value in mixed.items() if name in self.required}
        return st.fixed_dictionaries(needed, optional={k: v for k, v in mixed.items() if k not in needed})


def nothing(step):
    pass


def of_phase(trial, phase):
    pass


class Strange:
    """An object all of whose conversions raise."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")

    def __float__(self):
        raise RuntimeError("no number")

    def __len__(self):
        raise RuntimeError("no length")

    def __iter__(self):
        raise RuntimeError("no iteration")

    def __repr__(self):
        return "Strange()"


ODD: list[Any] = [
    None, True, False, "", "x", "V_m", "spikes", "exc", "\ud800", "a\0b", "$x^{_$", b"x", 0, 1, -1, 1.5, -0.0, 2**40,
    2**63,
    -(2**63), 2**70, 10**400, 1e-320, 1e19, 1e300, -1e300, NAN, INF, -INF, 1j, 1 + 0j, Fraction(1, 3), Decimal("1.5"),
    Decimal("NaN"), np.float32(3), np.int8(3), np.uint64(2**64 - 1), np.True_, np.longdouble("1e400"),
    np.timedelta64(1, "s"),
    np.datetime64("2020-01-01"), datetime.timedelta(seconds=1), pandas.Timedelta("1s"), pandas.Timestamp("2020"),
    [], [1], [1, 2], (1, 2), [1.0, NAN], ["a"], [None], [True], [[1, 2], [3]], [[1, 2], [3, 4]], [[[1]]], {}, {1: 2},
    {"V_m": 1},
    {1, 2}, range(3), slice(2), np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)), np.ones(3), np.arange(3),
    np.array(2.0),
    np.ones((2, 2)), np.ones((1, 1, 1)), np.array([1j]), np.array(["a"]), np.array([None]), np.array([True, False]),
    np.array([1.0, None]), np.ma.array([1.0, 2.0], mask=[0, 1]), np.zeros(2, [("x", float)]), np.ones(3, ">f8"),
    np.ones(3, "f2"), np.arange(6.0)[::2], pandas.Series([1.0, 2.0]), pandas.Series(["1", None]),
    pandas.DataFrame({"x": [1.0]}),
    pint.Quantity(1.0, "s"), pint.Quantity(1.0, "mV"), pint.Quantity([1.0, 2.0], "ms"), 20 * quantities.ms,
    1 * quantities.nS,
    [1, 2] * quantities.s, nothing, of_phase, functools.partial(nothing, 1), print, np.sin, int, object(), Strange(),
    Ellipsis,
    NotImplemented, sl, sl.LIF, sl.LIF(), sl.STDP, sl.STDP(), sl.Poisson(5.0), sl.SpikeList([1.0]), sl.Normal(0, 1),
    sl.Uniform(0, 1), sl.AllToAll(), sl.Phase(1.0), sl.Trials([sl.Phase(1.0)], 1), sl.Timed([1.0], 1.0),
    sl.PoissonInput(5.0),
    sl.StepCurrent([0.0], [1.0]), sl.GaussianProfile(1.0, 1.0), sl.TsodyksMarkram(), sl.NMDA(), sl.Grid((2, 2)),
    sl.Normalisation(1.0, 1.0), Path("x"), Part("cells"), Part("source"), Part("projection"), Part("modulator"),
    Part("view"), Part("one"), Part("run"), Part("other"),
]  # fmt: skip
ANYTHING = st.one_of(
    st.sampled_from(ODD), st.sampled_from(ODD), st.floats(), st.integers(), st.lists(st.floats(), max_size=4),
    st.floats(-10, 10), st.integers(-3, 12), st.text(max_size=3),
)  # fmt: skip

positive = st.floats(0.1, 50.0)
number = st.floats(-100.0, 100.0)
steps = st.integers(1, 20).map(lambda k: k * 0.1)
count = st.integers(0, 6)
some = st.lists(st.floats(0.0, 5.0), min_size=3, max_size=3)
flags = st.booleans()
drawn = st.one_of(
    positive, st.builds(sl.Uniform, st.just(1.0), st.just(2.0)), st.builds(sl.Normal, positive, positive),
    st.builds(sl.Exponential, positive), st.builds(sl.LogNormal, st.floats(-1, 1), st.floats(0, 1)),
    st.builds(sl.Normal, number, number, number, number), st.builds(sl.Exponential, number, number),
    st.builds(sl.LogNormal, number, number, number), st.builds(sl.Uniform, number, number),
)  # fmt: skip
populations = st.sampled_from([Part("cells"), Part("source"), Part("view"), Part("one"), Part("placed")])
rules = st.one_of(
    st.just(None), st.builds(sl.FixedInDegree, count), st.builds(sl.FixedOutDegree, count, flags, flags),
    st.builds(sl.FixedProbability, st.floats(0, 1)), st.builds(sl.FixedTotalNumber, count, flags, flags),
    st.builds(sl.AllToAll, flags), st.just(sl.OneToOne()), st.builds(sl.Pairs, st.lists(count), st.lists(count)),
    st.just(sl.DistanceProbability(sl.GaussianProfile(0.9, 1.0))), st.just(sl.DistanceInDegree(2, lambda d: 1.0)),
    st.just(sl.Where("i != j and rand() < 0.5")), st.just(sl.FixedProbability("exp(-abs(i-j))")),
)  # fmt: skip
callbacks = st.one_of(st.none(), st.just(sl.Callback(of_phase)))
phases = st.builds(sl.Phase, steps, callback=callbacks)

FITTING: dict[str, Any] = {
    "rate": positive, "times": some.map(sorted), "values": some, "interval": steps, "n": count, "n_classes": count,
    "images": st.just(np.full((2, 3), 0.5)), "max_rate": positive, "on": steps, "off": steps, "mean": number,
    "std": positive,
    "tau": positive, "distribution": st.sampled_from(["normal", "uniform"]), "low": number, "high": number,
    "mu": number,
    "sigma": positive, "k": count, "p": st.floats(0, 1), "autapses": flags, "multapses": flags, "pre": st.lists(count),
    "post": st.lists(count), "profile": st.just(sl.GaussianProfile(0.5, 1.0)), "radius": positive, "peak": number,
    "scale": positive, "height": number, "start": number, "slope": number, "function": st.just(nothing),
    "coordinates": st.just(np.zeros((4, 2))), "period": positive, "shape": st.just((2, 2)), "spacing": positive,
    "extent": positive, "centre": number, "periodic": flags, "duration": steps, "rates": st.just({}),
    "currents": st.just({}), "releases": st.just({}), "reset": st.just([]), "phases": st.lists(phases, max_size=2),
    "arguments": st.just(()), "callback": callbacks, "total": positive, "every": steps, "per": st.just("target"),
    "subtractive": flags, "target_rate": positive, "beta": positive, "below": number, "weight": drawn,
    "probability": st.floats(0, 1), "dt": st.just(0.1), "seed": count, "threads": st.integers(1, 3),
    "size": st.integers(1, 6),
    "model": st.sampled_from([sl.LIF(), sl.Poisson(5.0), sl.LIF]), "name": st.text("abc", min_size=1, max_size=3),
    "initial": st.dictionaries(st.just("V_m"), drawn, max_size=1), "positions": st.sampled_from([None, sl.Grid((2,
    2))]),
    "source": populations, "target": populations, "port": st.sampled_from([None, "exc", "inh"]), "rule": rules,
    "delay": st.one_of(steps, drawn), "axonal_delay": st.one_of(steps, drawn), "dendritic_delay": steps,
    "plastic": flags, "learns_from": st.sampled_from([None, "spike"]), "procedural": flags, "payload": st.none(),
    "plasticity": st.sampled_from([None, sl.STDP(W_max=200.0)]), "synapse": st.sampled_from([None,
    sl.TsodyksMarkram()]),
    "projection": st.just(Part("projection")), "modulator": st.just(Part("modulator")), "amounts": number,
    "of": st.sampled_from([Part(each) for each in ("cells", "source", "view", "projection", "modulator")]),
    "variables": st.sampled_from(["spikes", "V_m", ["spikes", "V_m"], "weight", "n"]), "trials": st.none(),
    "engine": st.sampled_from([None, "compiled"]), "sink": st.none(), "progress": st.sampled_from([False, None]),
    "checkpoint": st.none(), "checkpoint_every": st.none(), "after": st.none(), "population": populations,
    "kind": st.sampled_from(["spike", "spikes", "burst"]), "variable": st.sampled_from(["V_m", "weight"]),
    "later": st.just(Part("other")), "condition": st.sampled_from(["i < j", "d < 1"]), "order": st.integers(1, 9),
    "dead_time": steps, "which": count, "keep_weights": flags,
}  # fmt: skip
FITTING["on_events"] = st.just("spike")


def of_signature(function, name, call=None, also=None):
    """A Call of everything that a function takes. also: arguments for which another value fits."""
    parameters = {
        k: p for k, p in inspect.signature(function).parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and k not in ("self", "cls")
    }  # fmt: skip
    fits = {k: (also or {}).get(k, FITTING.get(k, number)) for k in parameters}
    required = frozenset(k for k, p in parameters.items() if p.default is p.empty)
    return Call(name, call or (lambda parts, /, **given: function(**given)), fits, required)


def of_model(model):
    """A call of a neuron model, rule or synapse with parameters around their defaults."""
    fits = {
        name: st.floats(0.5, 2.0).map(functools.partial(np.multiply, default)).map(float)
        for name, default in model.Parameters._field_defaults.items()
    } | {"no_such_parameter": number}
    modulated = getattr(model, "modulated", False)

    def call(parts, **given):
        return model(parts["modulator"], **given) if modulated else model(**given)

    return Call(model.name, call, fits)


def method(owner, name, also=None):
    """A method of a part of the network."""
    kind = {"net": sl.Network, "run": sl.Run, "cells": sl.Population, "view": sl.View}[owner]
    function = getattr(kind, name)
    fits = {"on": st.just("spike")} if name == "connect" else {}
    return of_signature(
        function, f"{owner}.{name}", lambda parts, **given: getattr(parts[owner], name)(**given), fits | (also or {})
    )


def trials(parts, duration, rates, currents, amount, n, **given):
    phase = sl.Phase(
        duration if isinstance(duration, float) and duration < 10 else 1.0, rates={parts["source"]: rates},
        currents={(parts["cells"], "exc"): currents}, releases={parts["modulator"]: amount}, **given,
    )  # fmt: skip
    parts["net"].run(trials=sl.Trials([phase], n if not isinstance(n, int | float) or n < 4 else 2))


BAD_DURATIONS = st.sampled_from([v for v in ODD if not isinstance(v, float | int | Fraction) or not 50 < v < 1e18])
CONSTRUCTORS = [
    *map(of_model, (*MODELS, *RATE_MODELS, *RULES, *SIGNAL_RULES, *RATE_RULES, *STEP_RULES)),
    *map(of_model, (*SYNAPSES, *GRADED_SYNAPSES)),
    *(of_signature(each, each.__name__) for each in CONNECTION_RULES),
    *(
        of_signature(each, each.__name__)
        for each in (
            sl.Poisson, sl.CorrelatedPoisson, sl.GammaProcess, sl.PoissonWithDeadTime,
            sl.SpikeList, sl.Images, sl.Timed, sl.PoissonInput, sl.StepCurrent,
            sl.NoiseCurrent, sl.Uniform, sl.Normal, sl.LogNormal, sl.Exponential, sl.GaussianProfile,
            sl.ExponentialProfile, sl.BoxcarProfile, sl.LinearProfile, sl.FunctionProfile, sl.Positions, sl.Grid,
            sl.UniformPositions, sl.Phase, sl.Trials, sl.Callback, sl.Normalisation, sl.SynapticScaling, sl.Rewiring,
            sl.Network, sl.NEST, sl.Brian2,
        )
    ),
]  # fmt: skip
BUILDING = [
    *(
        method("net", name)
        for name in ("population", "modulator", "connect", "drive", "homeostasis", "release", "record", "connect",
        "reset")
    ),
    Call(
        "net.on_step", lambda parts, function, argument=0: parts["net"].on_step(function, argument),
        {"function": st.just(lambda step, x: None), "argument": number}, frozenset(["function"]),
    ),
    Call("net.drive Poisson", lambda parts, weight, **given: parts["net"].drive(
        parts["cells"], sl.PoissonInput(**given), weight=weight), {"rate": positive, "n": count, "weight": number},
        frozenset(["rate", "weight"])),
    Call("net.population source", lambda parts, size, rate, interval: parts["net"].population(
        size, sl.Poisson(sl.Timed(rate, interval))), {"size": st.just(3), "rate": some, "interval": steps},
        frozenset(["size", "rate", "interval"])),
    Call("net.population of a model", lambda parts, size, initial, **given: parts["net"].population(
        size, sl.LIF(**given), initial=initial), {"size": st.just(3), "initial": st.dictionaries(st.just("V_m"), drawn),
        "tau_m": some, "I_e": number}, frozenset(["size", "initial"])),
    *(
        Call(f"net.connect {rule.__name__}", functools.partial(
            lambda rule, parts, weight, delay, **given: parts["net"].connect(
                parts["placed"], parts["placed"], rule=rule(**given), weight=weight, delay=delay), rule),
            {k: FITTING[k] for k in (each.name for each in fields(rule))} | {"weight": drawn,
            "delay": FITTING["delay"]},
            frozenset(["weight", "delay", *rule.example]))
        for rule in CONNECTION_RULES
    ),
]  # fmt: skip
RUNNING = [
    method("net", "run", {"duration": st.one_of(steps, BAD_DURATIONS)}),
    Call(
        "net.run trials",
        trials,
        {
            "duration": steps,
            "rates": positive,
            "currents": number,
            "amount": number,
            "plastic": st.none(),
            "reset": st.just([]),
            "callback": callbacks,
            "n": st.integers(-1, 2),
        },
        frozenset(["duration", "rates", "currents", "amount", "n"]),
    ),
    *(method("run", name) for name in ("spikes", "trace", "synapses", "weights", "joined")),
    *(method("cells", name) for name in ("counts", "fired", "current", "state", "__getitem__", "__contains__")),
    *(method("view", name) for name in ("__getitem__", "__contains__")),
]
ANALYSING = [
    of_signature(
        getattr(analysis, name), f"analysis.{name}", also={"ids": st.just([0, 1, 0]), "edges": some.map(sorted)}
    )
    for name in analysis.__all__
    if inspect.isfunction(getattr(analysis, name)) and name != "linear_accuracy"  # imports scikit-learn
]
DOING = [of_signature(getattr(tasks, name), f"tasks.{name}") for name in ("xor", "yin_yang", "yin_yang_class")]


@functools.cache
def finished():
    """Two runs of a network, one after the other, and its parts."""
    net, parts = network()
    net.record(parts["cells"], ["spikes", "V_m"], every=0.5)
    return {**parts, "net": net, "run": net.run(2.0), "other": net.run(1.0)}


def network():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(4, sl.LIF(), name="cells")
    parts = {
        "cells": cells, "view": cells[1:3], "one": cells[2], "source": net.population(3, sl.Poisson(100.0),
        name="source"),
        "modulator": net.modulator("dopamine"), "placed": net.population(4, sl.LIF(), "placed", positions=sl.Grid((2,
        2))),
    }  # fmt: skip
    parts["projection"] = net.connect(parts["source"], cells, "exc", weight=10.0, name="projection")
    return net, parts


def resolved(value, parts):
    if isinstance(value, Part):
        return parts.get(value.name)
    if type(value) in (list, tuple):
        return type(value)(resolved(each, parts) for each in value)
    return value


def with_arguments(group):
    return st.sampled_from(group).flatmap(lambda call: st.tuples(st.just(call), call.values))


def tried(function):
    try:
        function()
    except SpikelearnError as error:
        assert str(error)


@contextmanager
def little_memory():
    """A block in which 1 GB more is all the memory there is: 1e9 neurons are refused, as 1e18 are, and not simulated.

    Not on systems that cannot limit it.
    """
    try:
        system.check_memory_limits()
    except ExperimentError:
        yield
        return
    with system.memory_limit(psutil.Process().memory_info().data + 2**30):
        yield


def make(kind, calls):
    """Make calls on a network that has run, or on one that is open; then build what they described."""
    parts = finished()
    with little_memory():
        _make(parts, kind, calls)


def _make(parts, kind, calls):
    if kind != "running":
        net, own = network()
        parts = {**own, "net": net, "run": parts["run"], "other": parts["other"]}
    for call, given_values in calls:
        arguments = {name: resolved(value, parts) for name, value in given_values.items()}
        tried(lambda call=call, arguments=arguments: call.function(parts, **arguments))
    if kind == "building" and not any(p.learns or p.synapse for p in net.projections.values()):
        tried(net.build)


def programs(kind, group, most=1):
    return st.tuples(st.just(kind), st.lists(with_arguments(group), min_size=1, max_size=most))


ALL = st.one_of(
    programs("making", CONSTRUCTORS), programs("building", BUILDING, 3), programs("building", BUILDING, 2),
    programs("running", RUNNING, 2), programs("making", ANALYSING + DOING),
)  # fmt: skip
HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@seed(1)
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=HEALTH)
@given(ALL)
def test_any_call_is_a_result_or_a_spikelearn_error(program):
    make(*program)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::spikelearn.errors.CoarseStepWarning")
@seed(2)
@settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=HEALTH)
@given(ALL)
def test_ten_thousand_calls_are_results_or_spikelearn_errors(program):
    make(*program)
