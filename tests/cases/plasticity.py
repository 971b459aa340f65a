"""Plasticity rules compared with NEST, Brian2, tables of recorded NEST weights and the fits of their papers."""

from __future__ import annotations

import numpy as np
from given_spikes import coincident_trains, one_synapse
from oracles import brian2_oracle, nest_oracle, nest_plasticity
from tolerances import NINE_DIGITS, PRINTED, ULP, Tolerance

import spikelearn as sl
from cases.case import Case
from spikelearn.parameters import declared_units

TABLE = "NEST 3.10, recorded"
FITS = "parameter sets of Pfister & Gerstner 2006"
WITHIN_002 = Tolerance(0.0, 0.002)
"""For the pairing protocols, whose numbers are given to three decimals."""
PAIR = {"tau_plus": 17.0, "tau_minus": 34.0, "lambda_": 0.02, "alpha": 1.05}
TRIPLET = {
    "A2_plus": 0.3, "A3_plus": 0.6, "A2_minus": 0.8, "A3_minus": 0.2, "tau_plus": 17.0, "tau_minus": 34.0,
    "tau_x": 90.0, "tau_y": 120.0,
}  # fmt: skip
BESIDE_NEST = {
    "additive": (sl.STDP, PAIR | {"mu_plus": 0.0, "mu_minus": 0.0, "lambda_": 0.01, "alpha": 0.6}, 0.0),
    "multiplicative": (sl.STDP, PAIR, 0.0),
    "mu 0.4": (sl.STDP, PAIR | {"mu_plus": 0.4, "mu_minus": 0.4}, 0.0),
    "mu 0.4, power law": (sl.PowerLawSTDP, PAIR | {"alpha": 0.15}, 0.0),
    "nearest, symmetric": (sl.NearestSTDP, PAIR | {"lambda_": 0.05}, 1700.0),
    "presynaptic centred": (sl.PreCentredSTDP, PAIR | {"lambda_": 0.05}, 0.0),
    "reduced symmetric": (sl.ReducedSTDP, PAIR | {"lambda_": 0.05}, 1700.0),
    "triplets": (sl.TripletSTDP, TRIPLET, 0.0),
    "inhibitory": (sl.InhibitorySTDP, {"eta": 0.3, "alpha": 6.0, "tau": 17.0}, 0.0),
}
"""how -> (rule, parameters, start). NEST's nearest-neighbour rules take it that a pre spike came at time 0, which is
nothing any more after 50 time constants. Histories of a dendritic delay of 12 ms are just short enough for indices of
one byte; longer ones compile all loops of a rule anew, which STDP does for the others."""


def in_nest(plasticity):
    """(model, its parameters, those of its target neuron), by the names that stand beside the rule."""
    reference = plasticity.rule.nest
    values = reference.values(plasticity.parameters)
    own = {
        name: value for name, value in values.items() if name not in reference.must and name not in reference.of_target
    }
    theirs = {reference.parameters.get(name, name): value for name, value in own.items()}
    theirs = {name: value for name, value in theirs.items() if name} | dict(reference.more(plasticity.parameters, 0.1))
    return reference.model, theirs, {nest: values[name] for name, nest in reference.of_target.items()}


def beside_nest(pre, post, plasticity, *, weight, delay):
    """The weight at each pre spike, here and in NEST."""
    ours = one_synapse(pre, post, lambda modulator: plasticity, weight=weight, dendritic=delay).sent
    model, theirs, target = in_nest(plasticity)
    nest = nest_plasticity.learned(model, pre, post, weight=weight, delay=delay, neuron=target, **theirs)
    return ours, nest.weights


def beside_brian2(plasticity, seed):
    """The weight at the end of each of 1,500 steps, here and in Brian2 from the rule's own text."""
    rule, parameters = plasticity.rule, plasticity.parameters
    pre, post = coincident_trains(60, -15, 1500, np.random.default_rng(seed))
    assert len(np.intersect1d(pre + 15, post)) >= 10
    ours = one_synapse(
        pre * 0.1, post * 0.1, lambda modulator: plasticity, weight=50.0, axonal=1.5, T=150.0, record_weight=True
    )
    b2 = brian2_oracle.import_brian2()
    units = declared_units(rule.Parameters)
    namespace = {
        name: value * (b2.ms if units[name].name == "ms" else 1) for name, value in parameters._asdict().items()
    }
    with brian2_oracle.quiet():
        step = 0.1 * b2.ms
        emitted = [b2.SpikeGeneratorGroup(1, np.zeros(len(s), int), (s - 1) * step, dt=step) for s in (pre, post)]
        synapses = b2.Synapses(
            *emitted, rule.equations, on_pre=rule.pre_statements, on_post=rule.post_statements,
            delay={"pre": 15 * step}, namespace=namespace, dt=step,
        )  # fmt: skip
        synapses.connect()
        synapses.w = 50.0
        monitor = b2.StateMonitor(synapses, "w", record=True, when="end", dt=step)
        b2.Network(*emitted, synapses, monitor).run(1500 * step)
    weights = ours.run.trace("synapse", "weight").values[:, 0]
    assert np.ptp(weights) > 1.0
    return weights, np.asarray(monitor.w[0])


def relative_change(rule, parameters, pre, post):
    """Of a weight that starts at 1 and has no bound near, after all spikes. Delays on either side cancel."""
    plasticity = rule(**parameters, W_min=-100.0, W_max=100.0)
    end = max(*pre, *post) + 10.0
    ours = one_synapse(pre, post, lambda modulator: plasticity, weight=1.0, axonal=1.0, dendritic=1.0, T=end, dt=1.0)
    return ours.final - 1.0


def pairings(rule, name, shift):
    """60 pairs at 0.1, 10, 20, 40 and 50 Hz; the post spike comes `shift` ms after the pre spike."""
    changes = []
    for rate in (0.1, 10.0, 20.0, 40.0, 50.0):
        pre = 20.0 + np.arange(60) * 1000.0 / rate
        changes.append(relative_change(rule, sl.TRIPLET_SETS[name], pre, pre + shift))
    return changes


def hippocampal_triplets():
    """60 triplets at 1 Hz: pre-post-pre at (5, 5) and (10, 10) ms, then post-pre-post."""
    changes = []
    for order in ("pre-post-pre", "post-pre-post"):
        for gap in (5.0, 10.0):
            middle = 20.0 + np.arange(60) * 1000.0
            outer = np.sort(np.concatenate([middle - gap, middle + gap]))
            pre, post = (outer, middle) if order == "pre-post-pre" else (middle, outer)
            changes.append(relative_change(sl.TripletSTDP, sl.TRIPLET_SETS["hippocampus minimal"], pre, post))
    return changes


def _table(plasticity, pre, post, weight, delay, expected):
    return lambda: (
        one_synapse(pre, post, lambda modulator: plasticity, weight=weight, dendritic=delay).sent[-len(expected) :],
        expected,
    )


def _on_trains(rule, parameters, start, delay):
    def compare():
        trains = coincident_trains(80, round(10 * delay), 2500, np.random.default_rng(round(10 * delay)))
        pre, post = (start + 0.1 * train for train in trains)
        ours, nest = beside_nest(pre, post, rule(**parameters), weight=30.0, delay=delay)
        assert len(np.unique(ours)) > 40, "most weights lie at a limit"
        return ours, nest

    return compare


def beside_nest_with_dopamine(pre, post, dopamine, *, weight, T, delay=1.0, W_max=200.0, tau_n=200.0, **rule):
    """The weights at all pre spikes and at T, here and in NEST; dopamine acts 1 ms after its spikes."""
    ours = one_synapse(
        pre, post, lambda modulator: sl.DopamineSTDP(modulator, W_max=W_max, **rule), weight=weight, dendritic=delay,
        released=np.asarray(dopamine, float) + 1.0, tau_n=tau_n, T=T,
    )  # fmt: skip
    nest = nest_oracle.dopamine_stdp(
        pre, post, dopamine, w0=weight, T=T, delay=delay, Wmax=W_max, tau_n=tau_n, dopamine_delay=1.0, **rule
    )
    return [*ours.sent, ours.final], [*nest.weights, nest.final_weight]


def _clipped_dopamine(delay, b):
    def compare():
        generator = np.random.default_rng(round(10 * delay))
        pre, post = coincident_trains(80, round(10 * delay), 2500, generator)
        dopamine = np.concatenate([pre[::5] - 10, post[::5] + round(10 * delay) - 10, generator.integers(2, 2500, 20)])
        dopamine = np.unique(dopamine[dopamine >= 2]) * 0.1
        rule = {"A_plus": 6.0, "A_minus": 6.0, "tau_c": 50.0, "tau_n": 30.0, "b": b}
        found = beside_nest_with_dopamine(
            pre * 0.1, post * 0.1, dopamine, weight=5.0, T=300.0, delay=delay, W_max=10.0, **rule
        )
        assert min(found[0]) < 1e-9 and max(found[0]) > 10 - 1e-9
        return found

    return compare


def _dopamine_table(dopamine, b, expected):
    """Weights at pre spikes and at 2,000 ms, eligibility and concentration, in units of their last printed digit."""
    ours = one_synapse(
        (10, 50, 200, 1500), (15, 45, 210, 400), lambda modulator: sl.DopamineSTDP(modulator, b=b), weight=20.0,
        dendritic=1.0, released=np.asarray(dopamine, float) + 1.0, T=2000.0,
    )  # fmt: skip
    units = np.array([1e-10] * 5 + [1e-14, 1e-16])
    return np.array([*ours.sent, ours.final, ours.c, ours.n]) / units, np.array(expected) / units


_DOPAMINE, _C, _N = (100, 300, 301, 800), 0.00794278514578, 1.48820275924e-5
_DOPAMINE_TABLE = [
    ("dopamine", _DOPAMINE, 0.0, [20, 20, 19.7795916305, 19.8789218857, 19.8792978859, _C, _N]),
    (
        "dopamine above a baseline", _DOPAMINE, 0.002,
        [20, 19.9491513732, 19.9018631038, 19.9440723549, 19.9341430477, _C, _N],
    ),
    (
        "no dopamine below a baseline", (), 0.002,
        [20, 19.9491513732, 20.1222714733, 20.0651504691, 20.0548451618, _C, 0.0],
    ),
]  # fmt: skip
_STDP_TABLE = [
    (0.0, 1.0, (10, 30, 60, 200), (15, 25, 58, 62), [50, 49.809065325086, 48.822977287418, 49.944082171168], 12),
    (0.0, 5.0, (10, 30, 60, 200), (15, 25, 58, 62), [50, 50.337552908186, 49.961164192632, 52.001528493875], 12),
    (1.0, 1.0, (10, 30, 60, 200), (15, 25, 58, 62), [50, 49.894672839799, 49.401242167901, 49.968521808532], 12),
    (0.0, 1.0, (10, 200), (9,), [50, 49.9999214056], 10),
]
_A = {"A2_plus": 0.1, "A3_plus": 0.1, "A2_minus": 0.1, "A3_minus": 0.1}
_TABLES = [
    *(
        (
            sl.STDP(alpha=1.05, mu_plus=mu, mu_minus=mu), f"mu {mu:g}, delay {delay:g} ms, {len(pre)} pre spikes", pre,
            post, 50.0, delay, expected, decimals,
        )
        for mu, delay, pre, post, expected, decimals in _STDP_TABLE
    ),
    (sl.TripletSTDP(**_A), "pre 2, 6; post 4", (2, 6), (4,), 5.0, 1.0, [5.0, 4.8932634289], 10),
    (sl.TripletSTDP(**_A), "pre 2, 6, 8; post 4, last weight", (2, 6, 8), (4,), 5.0, 1.0, [4.62588551588], 11),
    (
        sl.TripletSTDP(**_A), "pre 2, 10, 20; post 4, 7, 15", (2, 10, 20), (4, 7, 15), 5.0, 1.0,
        [5.0, 4.87476465023, 4.58708815007], 11,
    ),
    (
        sl.InhibitorySTDP(eta=0.001, alpha=0.1, W_max=15.0), "pre 2, 6, 40; post 4, 20", (2, 6, 40), (4, 20), 5.0, 1.0,
        [4.9999, 5.0016119374, 5.00293155994], 10,
    ),
]  # fmt: skip
_PAIRINGS = [
    (sl.TripletSTDP, "visual cortex full", 10.0, [0.0, 0.132, 0.247, 0.534, 0.741]),
    (sl.TripletSTDP, "visual cortex full", -10.0, [-0.312, -0.334, -0.352, 0.155, 0.727]),
    (sl.TripletSTDP, "visual cortex minimal", 10.0, [0.0, 0.119, 0.228, 0.532, 0.763]),
    (sl.TripletSTDP, "visual cortex minimal", -10.0, [-0.317, -0.332, -0.342, 0.174, 0.749]),
]

CASES: tuple[Case, ...] = (
    *(
        Case(
            rule.name,
            f"{how}: weight at each of 80 pre spikes of a train with many coincidences, delay {delay:g} ms",
            f"NEST live: {rule.nest.model}",
            NINE_DIGITS,
            "1e-9 relative",
            _on_trains(rule, parameters, start, delay),
        )
        for how, (rule, parameters, start) in BESIDE_NEST.items()
        for delay in (0.1, 20.0 if rule is sl.STDP else 12.0)
    ),
    *(
        Case(
            plasticity.rule.name, what, TABLE, PRINTED(decimals), f"PRINTED({decimals})",
            _table(plasticity, pre, post, weight, delay, expected),
        )  # fmt: skip
        for plasticity, what, pre, post, weight, delay, expected, decimals in _TABLES
    ),
    *(
        Case(
            "DopamineSTDP", f"{what}: weights, eligibility and concentration, in units of their last printed digit",
            TABLE, PRINTED(0), "PRINTED(0)",
            lambda dopamine=dopamine, b=b, expected=expected: _dopamine_table(dopamine, b, expected),
        )  # fmt: skip
        for what, dopamine, b, expected in _DOPAMINE_TABLE
    ),
    *(
        Case(
            "DopamineSTDP",
            f"weights that reach both limits, baseline {b:g}, delay {delay:g} ms: at 80 pre spikes and at the end",
            "NEST live: stdp_dopamine_synapse",
            ULP(4_500_000, 10.0),
            "1e-9 of W_max",
            _clipped_dopamine(delay, b),
        )
        for delay in (0.1, 7.3)
        for b in (0.0, 0.02, -0.01)
    ),
    *(
        Case(
            rule.name,
            f"{name}: change by 60 pairs at 0.1, 10, 20, 40 and 50 Hz, post spike at {shift:+g} ms",
            FITS,
            WITHIN_002,
            "within 0.002",
            lambda rule=rule, name=name, shift=shift, expected=expected: (pairings(rule, name, shift), expected),
        )
        for rule, name, shift, expected in _PAIRINGS
    ),
    Case(
        "TripletSTDP", "hippocampus minimal: change by 60 triplets at 1 Hz, pre-post-pre and post-pre-post", FITS,
        WITHIN_002, "within 0.002", lambda: (hippocampal_triplets(), [0.055, 0.019, 0.333, 0.180]),
    ),
    *(
        Case(
            rule.name,
            f"{how}: its text, weight in each of 1,500 steps, axonal delay 1.5 ms",
            "Brian2 live",
            NINE_DIGITS,
            "1e-9 relative",
            lambda rule=rule, parameters=parameters: beside_brian2(rule(**parameters), seed=6),
        )
        for how, (rule, parameters) in {
            **{how: (rule, parameters) for how, (rule, parameters, _) in BESIDE_NEST.items() if how != "additive"},
            "nearest triplets": (sl.NearestTripletSTDP, TRIPLET),
        }.items()
    ),
)  # fmt: skip
