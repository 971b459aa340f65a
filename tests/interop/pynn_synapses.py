"""PyNN's synapse types: short-term plasticity, STDP and stochastic release, beside pyNN.nest and closed forms."""

from __future__ import annotations

import math

import numpy as np
from pynn_case import DT, Script, begin, spikes, trace, train
from pynn_cells import NINE, SAME
from tolerances import STAT, ULP

SHORT_TERM = {
    "depressing": {"U": [0.5, 0.2, 0.9], "tau_rec": [800.0, 100.0, 300.0], "tau_facil": 0.0},
    "facilitating": {"U": [0.04, 0.1, 0.3], "tau_rec": [100.0, 10.0, 300.0], "tau_facil": [1000.0, 200.0, 50.0]},
}


def of_pairs(n_pre, n_post, **columns):
    """(pre, post, one column for each parameter), for FromListConnector: all to all."""
    values = [np.broadcast_to(value, (n_pre, n_post)) for value in columns.values()]
    return [(i, j, *(float(v[i, j]) for v in values)) for i in range(n_pre) for j in range(n_post)]


def short_term(cell, kind, weight, parameters, variable):
    """A source of 25 spikes onto three cells, through synapses with parameters of their own."""

    def run(sim):
        begin(sim)
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=train(7, 25, 2.0, 150.0)))
        cells = sim.Population(3, getattr(sim, cell)(tau_syn_E=2.0, tau_syn_I=6.0, tau_refrac=2.0))
        pairs = of_pairs(1, 3, weight=weight, delay=[0.25, 1.0, 2.5], **parameters)
        connector = sim.FromListConnector(pairs, column_names=["weight", "delay", *parameters])
        synapses = sim.Projection(source, cells, connector, sim.TsodyksMarkramSynapse(), receptor_type=kind)
        cells.record(variable)
        sim.run(180.0)
        found = {variable: trace(cells, variable)}
        for name in parameters:
            found[name] = [value for *_, value in sorted(synapses.get([name], format="list"))]
        sim.end()
        return found

    return run


def short_term_case(name, cell, kind, weight, variable):
    parameters = SHORT_TERM[name]
    what = f"{name}, {kind} synapses of {cell}, 25 spikes"
    return Script(
        "TsodyksMarkramSynapse", what, short_term(cell, kind, weight, parameters, variable),
        {variable: NINE} | dict.fromkeys(parameters, NINE),
    )  # fmt: skip


# STDP

DELAY = 1.0
LOOKS = (205.0, 405.0, 600.0)
"""When weights are read. A synapse of NEST is that of its last pre spike: one comes before, after all post spikes."""


def _but_near(times, *looks):
    return times[np.all([(times < look - 8.0) | (times > look + 2.0) for look in looks], axis=0)]


POST = [_but_near(train(30 + k, 22, 10.0, 570.0, gap=12.0, dt=2 * DT), *LOOKS) for k in range(2)]
PRE = [
    np.sort([*_but_near(train(20 + k, 24, 4.0, 570.0, gap=3.0, dt=2 * DT) + DT, *LOOKS), 203.125, 403.125, 598.125])
    for k in range(3)
]
"""Pre spikes and post spikes never meet, as they lie at odd and even steps."""
FIRED = np.array([(j, t / DT) for j, times in enumerate(POST) for t in times])
AT_ONCE = [np.unique([*PRE[0], *(POST[0][3:9] + DELAY), *(POST[1][5:8] + DELAY)]), *PRE[1:]]
"""Some pre spikes come to the synapse in the same step as a post spike."""


def forced(sim, times):
    """Cells that fire at given times: a current of one step that no other input comes near."""
    cells = sim.Population(len(times), sim.IF_curr_exp(tau_syn_E=0.2, tau_refrac=10.0, v_reset=-65.0, cm=1.0))
    source = sim.Population(len(times), sim.SpikeSourceArray(spike_times=[each - 2 * DT for each in times]))
    sim.Projection(source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=900.0, delay=DT))
    cells.record("spikes")
    return cells


def stdp(weight_dependence, timing, pre=PRE, kind="excitatory", delay=DELAY, **mechanism):
    """Weights (look, pre, post) of 3 sources to 2 cells that fire when they are made to."""

    def run(sim):
        begin(sim, min_delay=DT, max_delay=5.0)
        sources = sim.Population(3, sim.SpikeSourceArray(spike_times=pre))
        cells = forced(sim, POST)
        rule = sim.STDPMechanism(
            timing_dependence=timing(sim),
            weight_dependence=weight_dependence(sim),
            weight=0.0,
            delay=delay,
            **mechanism,
        )
        pairs = of_pairs(3, 2, weight=START, delay=delay)
        connector = sim.FromListConnector(pairs, column_names=["weight", "delay"])
        synapses = sim.Projection(sources, cells, connector, rule, receptor_type=kind)
        weights = []
        for look in LOOKS:
            sim.run_until(look)
            weights.append(synapses.get("weight", format="array"))
        fired = spikes(cells)
        sim.end()
        return {"weight": weights, "post spikes": fired}

    return run


def pairs_of(A_plus, A_minus):
    return lambda sim: sim.SpikePairRule(tau_plus=15.0, tau_minus=30.0, A_plus=A_plus, A_minus=A_minus)


START = np.array([[0.3, 0.5], [0.6, 0.4], [0.55, 0.45]])
DEPENDENCES = (
    "AdditiveWeightDependence",
    "MultiplicativeWeightDependence",
    "AdditivePotentiationMultiplicativeDepression",
    "GutigWeightDependence",
)
GUTIG = {"mu_plus": 0.4, "mu_minus": 0.7}
WEIGHTS = {"weight": NINE, "post spikes": SAME}


def stdp_case(name, what, A_plus, A_minus, w_max=1.0, **mechanism):
    def dependence(sim):
        return getattr(sim, name)(w_min=0.0, w_max=w_max)

    run = stdp(dependence, pairs_of(A_plus, A_minus), **mechanism)
    return Script(f"STDPMechanism SpikePairRule {name}", what, run, WEIGHTS)


def event_case(what, run, expected, rule="SpikePairRule", dependence="AdditiveWeightDependence"):
    tolerance = {"weight": (ULP(10_000), "ULP(10,000)"), "post spikes": SAME}
    subject = f"STDPMechanism {rule} {dependence}"
    return Script(subject, what, run, tolerance, expected, "event by event")


def event_by_event(on_pre, on_post, limits, dendritic=1.0):
    """Weights (look, pre, post).

    on_pre, on_post: (weight, times since spikes of the other) -> weight. dendritic: the part of the delay that is.
    """
    found = np.empty((len(LOOKS), 3, 2))
    for i, j in np.ndindex(3, 2):
        pre_at = np.round((PRE[i] + DELAY * (1.0 - dendritic)) / DT).astype(int)
        post_at = np.round((POST[j] + DELAY * dendritic) / DT).astype(int)
        events = sorted([(k, False) for k in pre_at] + [(k, True) for k in post_at])
        w, seen = START[i, j], {False: [], True: []}
        for n, (k, is_post) in enumerate(events):
            since = [(k - other) * DT for other in seen[not is_post]]
            w = min(max((on_post if is_post else on_pre)(w, since), limits[0]), limits[1])
            seen[is_post].append(k)
            next_at = events[n + 1][0] * DT if n + 1 < len(events) else np.inf
            for look, t in enumerate(LOOKS):
                if k * DT <= t < next_at:
                    found[look, i, j] = w
    return {"weight": found, "post spikes": FIRED}


def trace_of(since, tau):
    return sum(math.exp(-t / tau) for t in since)


def partly_axonal(dendritic):
    return lambda: event_by_event(
        lambda w, since: w - 0.012 * trace_of(since, 30.0), lambda w, since: w + 0.01 * trace_of(since, 15.0),
        (0.0, 1.0), dendritic,
    )  # fmt: skip


def above_zero_expected():
    """In PyNN's back-ends the change of a weight is A w_max, whatever w_min is."""
    return event_by_event(
        lambda w, since: w - 0.025 * 0.6 * trace_of(since, 30.0),
        lambda w, since: w + 0.01 * 0.6 * trace_of(since, 15.0),
        (0.3, 0.6),
    )  # fmt: skip


def depression_expected():
    return event_by_event(lambda w, since: w - 0.02 * trace_of(since, 30.0), lambda w, since: w, (0.0, 1.0))


def vogels_expected():
    """Vogels et al. 2011: a spike moves the weight by eta times the other's trace; a pre spike costs alpha."""
    eta, rho, tau = 0.008, 3.0, 20.0  # rho in Hz

    return event_by_event(
        lambda w, since: w + eta * (trace_of(since, tau) - 2e-3 * rho * tau),
        lambda w, since: w + eta * trace_of(since, tau),
        (0.0, 1.0),
    )  # fmt: skip


def gutig_expected():
    """pyNN.nest has the exponents 0.5 whatever it is given, so there is none of it to compare with."""
    mu_plus, mu_minus = GUTIG.values()
    return event_by_event(
        lambda w, since: w - 0.012 * w**mu_minus * trace_of(since, 30.0),
        lambda w, since: w + 0.01 * (1.0 - w) ** mu_plus * trace_of(since, 15.0),
        (0.0, 1.0),
    )  # fmt: skip


# Stochastic release

MANY = 2000
RELEASE_TRAIN = np.array([5.0, 17.0, 29.0, 41.0, 60.0, 120.0])


def released(synapse, initial, weight=0.01):
    """What each spike delivers to each of many cells, over the weight: (spikes, cells)."""

    def run(sim):
        begin(sim)
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=RELEASE_TRAIN))
        cells = sim.Population(MANY, sim.IF_cond_exp(tau_syn_E=0.4))
        projection = sim.Projection(source, cells, sim.AllToAllConnector(), synapse(sim), receptor_type="excitatory")
        projection.initialize(**initial)
        cells.record("gsyn_exc")
        sim.run(RELEASE_TRAIN[-1] + 5.0)
        g = trace(cells, "gsyn_exc") / weight
        sim.end()
        return g[np.round((RELEASE_TRAIN + 1.0) / DT).astype(int)]

    return run


def moments(run):
    def measured(sim):
        found = run(sim)
        return {"mean": found.mean(axis=1), "variance": found.var(axis=1)}

    return measured


def stochastic(name, what, synapse, mean, variance, largest=1.0, **initial):
    """Bernoulli or binomial: the mean and the variance over cells at each spike."""
    deviation = largest * 0.5
    return Script(
        name, f"{what}: {MANY:,} synapses, {len(RELEASE_TRAIN)} spikes", moments(released(synapse, initial)),
        {"mean": (STAT(MANY, deviation), f"STAT({MANY:,})"), "variance": (STAT(MANY, deviation**2), f"STAT({MANY:,})")},
        lambda: {"mean": mean, "variance": variance}, "closed form",
    )  # fmt: skip


def release_probabilities(U, tau_rec, tau_facil):
    """Of a site, at each spike of the train; u begins at 0."""
    u, recovered, found, last = 0.0, 1.0, [], None
    for t in RELEASE_TRAIN:
        if last is not None:
            h = t - last
            recovered = 1.0 - (1.0 - recovered * (1.0 - u)) * math.exp(-h / tau_rec)
            u *= math.exp(-h / tau_facil) if tau_facil > 0 else 0.0
        u += U * (1.0 - u)
        found.append(u * recovered)
        last = t
    return np.array(found)


FACILITATING = {"U": 0.3, "tau_rec": 30.0, "tau_facil": 60.0}
DEPRESSING = {"U": 0.6, "tau_rec": 40.0, "tau_facil": 0.0}


def stochastic_tsodyks(what, parameters):
    p = release_probabilities(**parameters)
    return stochastic(
        "StochasticTsodyksMarkramSynapse", what,
        lambda sim: sim.StochasticTsodyksMarkramSynapse(weight=0.01, delay=1.0, **parameters), p, p * (1.0 - p),
    )  # fmt: skip


def multiquantal(n, parameters):
    """As in NEST, each site delivers the weight."""
    p = release_probabilities(**parameters)
    return stochastic(
        "MultiQuantalSynapse", f"{n} sites",
        lambda sim: sim.MultiQuantalSynapse(weight=0.01, delay=1.0, n=n, **parameters), n * p, n * p * (1.0 - p),
        n**0.5, a=n, u=parameters["U"],
    )  # fmt: skip


SYNAPSES: tuple[Script, ...] = (
    short_term_case("depressing", "IF_curr_exp", "excitatory", [0.8, 1.0, 0.5], "v"),
    short_term_case("facilitating", "IF_curr_exp", "excitatory", [0.8, 1.0, 0.5], "v"),
    short_term_case("depressing", "IF_curr_exp", "inhibitory", [-0.8, -1.0, -0.5], "v"),
    short_term_case("facilitating", "IF_cond_exp", "inhibitory", [0.01, 0.03, 0.02], "gsyn_inh"),
    *(stdp_case(name, "3 sources, 2 cells, weights at 3 times", 0.01, 0.012) for name in DEPENDENCES),
    stdp_case("AdditiveWeightDependence", "spikes that meet in one step", 0.01, 0.012, pre=AT_ONCE),
    stdp_case("AdditiveWeightDependence", "w_max 0.65, which some reach", 0.06, 0.01, 0.65),
    stdp_case("AdditiveWeightDependence", "depression that wins, to 0", 0.01, 0.025),
    event_case(
        "no potentiation, for which pyNN.nest has no depression either",
        stdp(lambda sim: sim.AdditiveWeightDependence(), pairs_of(0.0, 0.02)), depression_expected,
    ),
    *(
        event_case(
            f"dendritic_delay_fraction {part:g}",
            stdp(lambda sim: sim.AdditiveWeightDependence(), pairs_of(0.01, 0.012), dendritic_delay_fraction=part),
            partly_axonal(part),
        )
        for part in (0.0, 0.25)
    ),
    event_case(
        "exponents 0.4 and 0.7",
        stdp(lambda sim: sim.GutigWeightDependence(**GUTIG), pairs_of(0.01, 0.012)), gutig_expected,
        dependence="GutigWeightDependence",
    ),
    event_case(
        "w_min 0.3 and w_max 0.6",
        stdp(lambda sim: sim.AdditiveWeightDependence(w_min=0.3, w_max=0.6), pairs_of(0.01, 0.025)),
        above_zero_expected,
    ),
    event_case(
        "3 sources, 2 cells",
        stdp(
            lambda sim: sim.AdditiveWeightDependence(),
            lambda sim: sim.Vogels2011Rule(tau=20.0, eta=0.008, rho=3.0),
        ),
        vogels_expected, "Vogels2011Rule",
    ),
    stochastic(
        "SimpleStochasticSynapse", "p 0.3", lambda sim: sim.SimpleStochasticSynapse(weight=0.01, delay=1.0, p=0.3),
        np.full(6, 0.3), np.full(6, 0.21),
    ),
    stochastic_tsodyks("facilitating", FACILITATING),
    stochastic_tsodyks("depressing", DEPRESSING),
    multiquantal(1, FACILITATING),
    multiquantal(5, DEPRESSING),
)  # fmt: skip
