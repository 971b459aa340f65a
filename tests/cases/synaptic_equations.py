"""Synapse models and plasticity rules from equations beside those that are written by hand, and beside Brian2."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import coincident_trains, one_synapse
from oracles import brian2_oracle
from tolerances import NINE_DIGITS, ULP

import spikelearn as sl
from cases.case import Case
from cases.plasticity import PAIR, TRIPLET, beside_brian2
from cases.synapses import amplitudes, random_train
from spikelearn.parameters import declared_units

RELAXING = "dx/dt = (1 - x)/tau_D : 1 (event-driven)\ndu/dt = (U - u)/tau_F : 1 (event-driven)"
SYNAPSES = {
    "Mongillo": (sl.Mongillo, RELAXING, "u += U*(1 - u); released = u*x; x -= released", {"x": 1.0, "u": "U"}),
    "ReleaseFirst": (sl.ReleaseFirst, RELAXING, "released = u*x; x -= released; u += f*(1 - u)", {"x": 1.0, "u": "U"}),
    "TsodyksMarkram": (
        sl.TsodyksMarkram,
        "dx/dt = (1 - x)/tau_rec : 1 (event-driven)\ndu/dt = -u/tau_fac : 1 (event-driven)",
        "u += U*(1 - u); released = u*x; x -= released",
        {"x": 1.0},
    ),
    "TsodyksUzielMarkram": (
        sl.TsodyksUzielMarkram,
        "dx/dt = z/tau_rec : 1 (event-driven)\ndy/dt = -y/tau_psc : 1 (event-driven)\n"
        "du/dt = -u/tau_fac : 1 (event-driven)\nz = 1 - x - y : 1",
        "u += U*(1 - u); released = u*x; x -= released; y += released",
        {"x": 1.0},
    ),
}
"""Name -> the model by hand, its equations, on_pre and start."""

STDP_OF_BRIAN2 = """
w : 1
dapre/dt = -apre/taupre : 1 (event-driven)
dapost/dt = -apost/taupost : 1 (event-driven)
"""
RULES = {
    "STDP": (sl.STDP, PAIR),
    "NearestSTDP": (sl.NearestSTDP, PAIR | {"lambda_": 0.05}),
    "PowerLawSTDP": (sl.PowerLawSTDP, PAIR | {"alpha": 0.15}),
    "TripletSTDP": (sl.TripletSTDP, TRIPLET),
    "InhibitorySTDP": (sl.InhibitorySTDP, {"eta": 1.5, "alpha": 0.6, "tau": 17.0}),
}

QUICK_RULES = ("STDP",)
"""Powers of the weight. Each rule compiles five kernels; traces that are read before and after they jump are those of
"Counting" below, too."""


def parameters_of(model):
    """The parameters of a model by hand, as from_equations takes them. Weights have no unit in its text."""
    units = declared_units(model.Parameters)
    defaults = model.Parameters._field_defaults
    return {name: (value, "ms") if units[name].name == "ms" else value for name, value in defaults.items()}


@functools.cache
def synapse(name):
    by_hand, equations, on_pre, initial = SYNAPSES[name]
    return sl.SynapseModel.from_equations(
        equations, on_pre=on_pre, parameters=parameters_of(by_hand), initial=initial, name=f"{name} from equations"
    )


@functools.cache
def rule(name):
    by_hand = RULES[name][0]
    return sl.PlasticityRule.from_equations(
        by_hand.equations, on_pre=by_hand.pre_statements, on_post=by_hand.post_statements,
        parameters=parameters_of(by_hand), name=f"{name} from its text",
    )  # fmt: skip


@functools.cache
def stdp_of_brian2():
    """The rule of Brian2's documentation, without the line that delivers."""
    return sl.PlasticityRule.from_equations(
        STDP_OF_BRIAN2,
        on_pre="apre += Apre\nw = clip(w + apost, W_min, W_max)",
        on_post="apost += Apost\nw = clip(w + apre, W_min, W_max)",
        parameters={
            "taupre": (20.0, "ms"), "taupost": (25.0, "ms"), "Apre": 1.0, "Apost": -1.3, "W_min": 0.0, "W_max": 100.0,
        },
        name="STDP of Brian2",
    )  # fmt: skip


@functools.cache
def counting():
    """Each synapse counts its arrivals since the last post event, and only the first three depress."""
    return sl.PlasticityRule.from_equations(
        STDP_OF_BRIAN2 + "n : 1",
        on_pre="n += 1; w = clip(w + apost*int(n <= 3), W_min, W_max)\napre = Apre",
        on_post="w = clip(w + apre/(1 + n), W_min, W_max); n = 0; apost += Apost",
        parameters=stdp_of_brian2().Parameters._field_defaults | {"taupre": (20.0, "ms"), "taupost": (25.0, "ms")},
        name="Counting",
    )


def _rule_beside_the_one_by_hand(name):
    by_hand, values = RULES[name]
    pre, post = coincident_trains(60, -15, 1500, np.random.default_rng(4))
    ours, theirs = (
        one_synapse(pre * 0.1, post * 0.1, lambda modulator, r=r: r(**values), weight=50.0, axonal=1.5, T=150.0).sent
        for r in (rule(name), by_hand)
    )
    assert np.ptp(theirs) > 1.0
    return ours, theirs


def _released_in_brian2(name, times):
    """What each spike releases, from Brian2 with the same equations."""
    by_hand, equations, on_pre, initial = SYNAPSES[name]
    b2 = brian2_oracle.import_brian2()
    values = by_hand().parameters._asdict()
    units = declared_units(by_hand.Parameters)
    namespace = {each: value * (b2.ms if units[each].name == "ms" else 1) for each, value in values.items()}
    with brian2_oracle.quiet():
        step = 0.1 * b2.ms
        steps = np.round(times / 0.1).astype(int)
        source = b2.SpikeGeneratorGroup(1, np.zeros(len(steps), int), steps * step, dt=step)
        target = b2.NeuronGroup(1, "v : 1", dt=step)
        synapses = b2.Synapses(
            source, target, equations + "\nreleased : 1", on_pre=on_pre, namespace=namespace, dt=step, method="exact"
        )
        synapses.connect()
        for variable, value in initial.items():
            setattr(synapses, variable, values.get(value, value) if isinstance(value, str) else value)
        monitor = b2.StateMonitor(synapses, "released", record=True, when="end", dt=step)
        b2.Network(source, target, synapses, monitor).run((steps[-1] + 1) * step)
    return np.asarray(monitor.released[0])[steps]


TIMES = random_train(2)

CASES: tuple[Case, ...] = (
    *(
        Case(
            "SynapseModel.from_equations",
            f"amplitudes of 60 random spikes (seed 2), equations of {name}",
            f"{name}, written by hand",
            # some tens of operations in each of 60 releases, which multiply what was rounded before
            ULP(40 * 60),
            "ULP(2400)",
            lambda name=name: (amplitudes(synapse(name)(), TIMES, 1.0), amplitudes(SYNAPSES[name][0](), TIMES, 1.0)),
        )
        for name in SYNAPSES
    ),
    *(
        Case(
            "SynapseModel.from_equations",
            f"amplitudes of 60 random spikes (seed 2), equations of {name}",
            "Brian2 live, the same equations",
            NINE_DIGITS,
            "1e-9 relative",
            lambda name=name: (amplitudes(synapse(name)(), TIMES, 1.0), _released_in_brian2(name, TIMES)),
        )
        for name in ("Mongillo", "TsodyksMarkram")
    ),
    *(
        Case(
            "PlasticityRule.from_equations",
            f"weight at each of 60 pre spikes, {name} from its own text",
            f"{name}, written by hand",
            # some tens of operations in each of 120 events
            ULP(40 * 120, 100.0),
            "ULP(4800)",
            lambda name=name: _rule_beside_the_one_by_hand(name),
            slow=name not in QUICK_RULES,
        )
        for name in RULES
    ),
    *(
        Case(
            "PlasticityRule.from_equations",
            f"weight in each of 1,500 steps, {what}",
            "Brian2 live",
            NINE_DIGITS,
            "1e-9 relative",
            lambda made=made: beside_brian2(made()(), seed=6),
        )
        for what, made in (
            ("STDP as in Brian2's documentation", stdp_of_brian2),
            ("a rule with a variable in each synapse", counting),
        )
    ),
)


def _network():
    """A neuron, a synapse and a rule from equations, with names and units that are not the package's."""
    neuron = sl.NeuronModel.from_equations(
        "dv/dt = (El - v + R*(I + I_0))/tau + g/tau : volt (unless refractory)\ndg/dt = -g*rate : volt\nI_0 : amp",
        threshold="v > vt", reset="v = El", refractory="pause",
        ports={"input": "g += 0.5*weight"}, currents={"input": "I"},
        parameters={
            "El": (-0.07, "volt"), "R": (50.0, "Mohm"), "tau": (15.0, "ms"), "rate": (200.0, "Hz"), "I_0": 0.1 * 1000.0,
            "vt": (-50.0, "mV"), "pause": (0.003, "second"),
        },
        initial={"v": "El"}, name="ExternalRun",
    )  # fmt: skip
    net = sl.Network(dt=0.1, seed=3)
    source = net.population(5, sl.Poisson(40.0), name="source")
    cells = net.population(3, neuron(tau=np.array([12.0, 15.0, 18.0])), name="cells")
    net.connect(source, cells, weight=30.0, delay=1.0, synapse=synapse("TsodyksMarkram")(), name="short term")
    net.connect(source, cells, weight=20.0, delay=1.5, plasticity=stdp_of_brian2()(), name="plastic")
    net.drive(cells, sl.StepCurrent([20.0, 60.0], [350.0, -100.0]))
    net.record(cells, ["spikes", "v", "g"])
    return net


@functools.cache
def _on(engine):
    run = _network().run(100.0, engine=engine)
    assert len(run.spikes("cells").times) > 5 and np.ptp(run.weights("plastic")) > 1.0
    return run


CASES += tuple(
    Case(
        "from_equations",
        f"{what} of 3 neurons with synapses and a rule, all from equations, names and units of a user's own",
        'engine="brian2", live',
        NINE_DIGITS,
        "1e-9 relative",
        lambda of=of: (of(_on("compiled")), of(_on("brian2"))),
    )
    for what, of in (
        ("spikes", lambda run: run.spikes("cells").times),
        ("v", lambda run: run.trace("cells", "v").values),
        ("weights", lambda run: run.weights("plastic")),
    )
)
