"""The same network on other simulators, by `network.run(engine=...)`, compared with the compiled engine."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import steps_of
from tolerances import EXACT, METHOD, NINE_DIGITS

import spikelearn as sl
from cases.case import Case
from spikelearn.plasticity import RULES, PlasticityRule
from spikelearn.synapses import SYNAPSES


def mixed(dendritic=0.3, alpha=sl.LIFAlpha):
    """Every source and drive, and neurons that are integrated exactly, with parameters, weights and delays that differ.

    alpha: the model of the population of this name; Brian2 looks for the closed form of LIFAlpha for 20 s.
    No two engines add the inputs of a step in the same order; 80 ms are too short for that to move a spike.
    """
    net = sl.Network(dt=0.1, seed=3)
    poisson = net.population(20, sl.Poisson(200.0), name="poisson")
    timed = net.population(5, sl.Poisson(sl.Timed([20.0, 400.0], 30.0)), name="timed")
    listed = net.population(3, sl.SpikeList([0.1, 0.2, 5.0, 7.3], [0, 1, 2, 0]), name="listed")
    lif = net.population(
        20, sl.LIF(tau_m=np.linspace(8, 15, 20), t_ref=np.arange(1, 21) / 10, I_e=300.0), name="lif",
        initial={"V_m": sl.Uniform(-70, -56)},
    )  # fmt: skip
    alpha = net.population(5, alpha(), name="alpha")
    delta = net.population(8, sl.LIFDelta(), name="delta")
    half = sl.FixedProbability(0.5)
    net.connect(poisson, lif, "exc", half, weight=sl.Normal(100, 20), delay=sl.Uniform(0.1, 3.0), name="drawn")
    net.connect(poisson, delta, "exc", half, weight=3.0, delay=1.0)
    net.connect(timed, alpha, "exc", weight=250.0, delay=0.5)
    net.connect(listed, lif[5:9], "exc", weight=500.0, delay=0.1)
    net.connect(delta, lif, "inh", sl.FixedInDegree(3), weight=-100.0, delay=1.5)
    net.connect(lif, lif, "inh", sl.FixedTotalNumber(40, autapses=False), weight=-50.0, delay=1.0)
    net.connect(
        poisson, lif, "exc", sl.FixedProbability(0.3), weight=sl.Uniform(10, 50), dendritic_delay=dendritic,
        plasticity=sl.STDP(lambda_=0.05), name="learns",
    )  # fmt: skip
    net.drive(lif, sl.PoissonInput(1000.0), weight=60.0)
    net.drive(alpha, sl.PoissonInput(np.linspace(500, 1500, 5)), weight=100.0)
    net.drive(lif[:7], sl.StepCurrent([0.0, 20.0, 40.0], [100.0, -50.0, 200.0]))
    net.drive(delta, sl.NoiseCurrent(mean=100.0, std=300.0))
    net.drive(delta[:4], sl.NoiseCurrent(std=100.0, tau=5.0))
    populations = (poisson, timed, listed, lif, alpha, delta)
    for population in populations:
        net.record(population)
    net.record(lif[3:9], ["V_m", "I_syn_exc"], every=0.5)
    net.record(alpha, "V_m")
    net.record(delta, "V_m", start=20.0)
    return net


def spikes_and_traces(net, durations, engine):
    """(numbers of all spikes, samples of all traces), each in one array, from runs in a row."""
    spikes, traces = [], []
    for duration in durations:
        run = net.run(duration, engine=engine)
        for found in run.spike_data.values():
            spikes += [steps_of(found.times, net.dt), found.ids, [len(found.ids)]]
        for found in run.trace_data.values():
            traces += [found.values.ravel(), found.times]
    return np.concatenate(spikes), np.concatenate(traces)


def beside_compiled(make, durations, engine, part):
    """(measured, expected) of one part of spikes_and_traces."""
    return (
        spikes_and_traces(make(), durations, engine)[part],
        spikes_and_traces(make(), durations, "compiled")[part],
    )


@functools.cache
def mixed_run(engine, alpha=sl.LIFAlpha):
    return spikes_and_traces(mixed(alpha=alpha), (50.0, 30.0), engine)


def one_neuron(model, parameters, inputs, current, dt, record):
    """A function that makes a network of one neuron. inputs: (port, times, weight)."""

    def make():
        net = sl.Network(dt=dt, seed=1)
        cell = net.population(1, model(**parameters), name="cell")
        for port, times, weight in inputs:
            source = net.population(1, sl.SpikeList(times))
            net.connect(source, cell, port, weight=weight, delay=1.0)
        net.drive(cell, sl.StepCurrent(*current))
        net.record(cell, ["spikes", *record])
        return net

    return make


def amplitudes(synapse):
    """A function that makes a network in which what three sources send shows as I_syn_exc of a neuron."""

    def make():
        generator = np.random.default_rng(4)
        times = np.unique(generator.integers(1, 1500, 60)) * 0.1
        net = sl.Network(dt=0.1, seed=2)
        source = net.population(3, sl.SpikeList(times, generator.integers(0, 3, len(times))), name="source")
        cell = net.population(2, sl.LIF(tau_syn_exc=1.0), name="cell")
        weights, delays = sl.Uniform(10.0, 30.0), sl.Uniform(0.1, 2.0)
        net.connect(source, cell, "exc", weight=weights, delay=delays, synapse=synapse)
        net.record(cell, ["spikes", "V_m", "I_syn_exc"])
        return net

    return make


def final_weights(plasticity, engine, axonal=None, dendritic=None, released=()):
    """Weights of 12 synapses after 100 ms of random spikes; each source fires once more when all else is quiet.

    NEST brings a synapse up to date when its source fires, so that all see the same there.
    """
    generator = np.random.default_rng(7)
    net = sl.Network(dt=0.1, seed=5)
    dopamine = net.modulator("dopamine", tau=100.0)
    times = np.unique(generator.integers(2, 1000, 80)) * 0.1
    pre, post = generator.integers(0, 4, len(times)), generator.integers(0, 3, len(times))
    shuffled = generator.permutation(times)
    last = np.arange(4)
    source = net.population(4, sl.SpikeList(np.append(times, 110.0 + last), np.append(pre, last)), name="source")
    force = net.population(3, sl.SpikeList(shuffled, post), name="force")
    target = net.population(3, sl.Parrot(), name="target")
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=0.1)
    learning = net.connect(
        source, target, "ignored", weight=sl.Uniform(20.0, 60.0), axonal_delay=axonal, dendritic_delay=dendritic,
        plasticity=plasticity(dopamine),
    )  # fmt: skip
    if len(released):
        net.release(dopamine, released, 1.0 / 100.0)
    return net.run(120.0, engine=engine).weights(learning)


WHOLE = "spikes of 6 populations with all sources, drives and rules of connection, 80 ms in two runs, seed 3"
EXACT_CASES = [
    Case(
        f"engine={name}",
        what if alpha is sl.LIFAlpha else f"{what}, without LIFAlpha",
        "compiled engine",
        tolerance,
        tolerance_name,
        lambda engine=engine, part=part, alpha=alpha: tuple(
            mixed_run(each, alpha)[part] for each in (engine, "compiled")
        ),
        slow=(engine, alpha) == (sl.Brian2(), sl.LIFAlpha),
    )
    for name, engine, alpha in (
        ("NEST()", sl.NEST(), sl.LIFAlpha),
        ("NEST(threads=2)", sl.NEST(threads=2), sl.LIFAlpha),
        ("Brian2()", sl.Brian2(), sl.LIFAlpha),
        ("Brian2()", sl.Brian2(), sl.LIF),
    )
    for part, what, tolerance, tolerance_name in (
        (0, WHOLE, EXACT, "EXACT"),
        (1, "V_m and I_syn of the same", NINE_DIGITS, "1e-9 relative"),
    )
]

SHORT_TERM = [
    Case(
        f"{synapse.model.name} on {engine}",
        "I_syn and V_m under 3 sources with drawn weights and delays, seed 2",
        "compiled engine",
        NINE_DIGITS,
        "1e-9 relative",
        lambda synapse=synapse, engine=engine: beside_compiled(amplitudes(synapse), (150.0,), engine, 1),
        slow=engine == "brian2" and synapse.model in (sl.ReleaseFirst, sl.TsodyksMarkram),
    )
    for synapse, engine in (
        (sl.TsodyksMarkram(U=0.4, tau_rec=100.0, tau_fac=50.0), "nest"),
        *((model(), "brian2") for model in SYNAPSES if model.statements),
    )
]

INPUTS = np.array([10.0, 12.0, 31.0, 55.5])
NEURONS = [
    Case(
        f"{model.name} on {engine}",
        "V_m (and w, u), with inputs and a stepped current",
        "compiled engine",
        tolerance,
        name,
        lambda args=(model, parameters, inputs, current, dt, record), engine=engine: beside_compiled(
            one_neuron(*args), (80.0,), engine, 1
        ),
        slow=engine == "brian2" and model.name in ("TwoConductances", "AdExTwoConductances"),
    )
    for model, parameters, inputs, current, dt, record, tolerances in (
        # V''' is about g/C (V - E_exc) / tau_syn^2 <= 1 mV/ms^3; below threshold, where errors do not grow
        (
            sl.LIFConductance, {"V_th": 0.0}, [("exc", INPUTS, 4.0), ("inh", INPUTS + 3.0, 2.0)],
            ([30.0, 50.0], [40.0, 0.0]), 0.1, ("V_m",), {"nest": METHOD(2, 0.1), "brian2": METHOD(2, 0.1)},
        ),
        # Heun's method, with I_syn / C_m of about 1 mV/ms
        (
            sl.AdEx, {}, [("exc", INPUTS, 200.0), ("inh", INPUTS + 3.0, -100.0)], ([30.0, 50.0], [150.0, 0.0]), 0.1,
            ("V_m", "w"), {"nest": METHOD(2, 0.1), "brian2": METHOD(2, 0.1)},
        ),
        # the upstroke of each spike multiplies rounding errors, by a thousand or so
        (
            sl.Izhikevich, {}, [("exc", INPUTS, 4.0)], ([20.0], [10.0]), 0.1, ("V_m", "u"),
            {"nest": NINE_DIGITS, "brian2": NINE_DIGITS},
        ),
        (
            sl.IzhikevichHalfSteps, {}, [("exc", INPUTS, 4.0)], ([20.0], [10.0]), 0.5, ("V_m", "u"),
            {"nest": NINE_DIGITS},
        ),
        (
            sl.LIF.with_receptors(a=sl.ExponentialCurrent(), b=sl.ExponentialCurrent(tau_syn=20), name="TwoCurrents"),
            {}, [("a", INPUTS, 200.0), ("b", INPUTS + 3.0, 50.0)], ([30.0, 50.0], [150.0, 0.0]), 0.1,
            ("V_m",), {"nest": NINE_DIGITS, "brian2": NINE_DIGITS},
        ),
        # conductances of 20 nS on 200 pF
        (
            sl.LIFConductance.with_receptors(
                a=sl.BetaConductance(E=0, tau_rise=1, tau_decay=5), b=sl.BetaConductance(E=-90), name="TwoConductances"
            ),
            {"V_th": -40.0}, [("a", INPUTS, 6.0), ("b", INPUTS + 3.0, 5.0)], ([30.0, 50.0], [40.0, 0.0]), 0.1,
            ("V_m", "g_a"), {"nest": METHOD(2, 0.1), "brian2": METHOD(2, 0.1)},
        ),
        (
            sl.AdEx.with_receptors(
                a=sl.AlphaConductance(E=0), b=sl.AlphaConductance(E=-95, tau_syn=30), name="AdExTwoConductances"
            ),
            {}, [("a", INPUTS, 10.0), ("b", INPUTS + 3.0, 5.0)], ([30.0, 50.0], [150.0, 0.0]), 0.1,
            ("V_m", "w", "g_b"), {"nest": METHOD(2, 0.1), "brian2": METHOD(2, 0.1)},
        ),
        (
            sl.Pyramidal.with_receptors(
                a=sl.ExponentialConductance(E=0).at("soma"), b=sl.NMDAConductance().at("apical"),
                c=sl.BetaCurrent().at("apical"), name="PyramidalThreeReceptors"
            ),
            {}, [("a", INPUTS, 10.0), ("b", INPUTS, 10.0), ("c", INPUTS, 50.0)], ([30.0, 50.0], [150.0, 0.0]), 0.1,
            ("V_s", "V_d", "w_d"), {"brian2": METHOD(2, 0.1)},
        ),
    )
    for engine, tolerance in tolerances.items()
    for name in ["METHOD(2, dt)" if tolerance is not NINE_DIGITS else "1e-9 relative"]
]  # fmt: skip

RELEASED = [20.0, 45.3, 45.3, 80.0]
PARAMETERS = {
    "STDP": {"lambda_": 0.05, "mu_plus": 0.4, "mu_minus": 0.4, "tau_minus": 30.0},
    "DopamineSTDP": {"b": 0.01},
}


ALIKE = (
    sl.PowerLawSTDP, sl.NearestSTDP, sl.PreCentredSTDP, sl.ReducedSTDP, sl.TripletSTDP, sl.NearestTripletSTDP,
    sl.InhibitorySTDP, sl.NearestDopamineSTDP,
)  # fmt: skip
"""How an axonal delay is translated does not depend on the rule: STDP and DopamineSTDP show it."""


def _plastic(rule, engine, options, tolerance, name):
    released = {"released": RELEASED} if rule.modulated else {}
    given = PARAMETERS.get(rule.name, {})

    def compare():
        def plasticity(dopamine):
            return rule(dopamine, **given) if rule.modulated else rule(**given)

        return tuple(final_weights(plasticity, which, **options, **released) for which in (engine, "compiled"))

    delay = "axonal delay" if "axonal" in options else "dendritic delay"
    what = f"12 weights after 120 ms of random spikes, {delay}"
    slow = "axonal" in options and rule in ALIKE
    return Case(f"{rule.name} on {engine}", what, "compiled engine", tolerance, name, compare, slow)


SPIKES = [rule for rule in RULES if rule.learns_from == "spike" and isinstance(rule, PlasticityRule)]
# NEST, and Brian2 where traces have closed forms, compute what spikelearn does. What Brian2 integrates step by step,
# with a modulator, is of fourth order between events, but is clipped at the ends of steps: w'' < 1 / ms^2.
PLASTIC = [
    *(_plastic(r, "nest", {"dendritic": 1.5}, NINE_DIGITS, "1e-9 relative") for r in SPIKES if r.nest is not None),
    *(
        _plastic(
            rule, "brian2", options,
            *((METHOD(2, 0.1), "METHOD(2, dt)") if rule.modulated else (NINE_DIGITS, "1e-9 relative")),
        )
        for rule in SPIKES
        if rule.equations
        for options in ({"axonal": 1.5}, {"dendritic": 0.5})
    ),
]  # fmt: skip

CASES: tuple[Case, ...] = (*EXACT_CASES, *SHORT_TERM, *NEURONS, *PLASTIC)
