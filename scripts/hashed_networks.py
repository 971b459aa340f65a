"""The networks whose results scripts/hash_networks.py hashes: each part of the package at least once, small and quick.

They use only what the package exports. Names in `cases` never change, nor do the results of the networks they denote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import spikelearn as sl
from scripts.hashed_models import METHODS, own_models, written_models

STRENGTH = {"pA": 400.0, "mV": 4.0, "nS": 20.0, "1": 1.0}
"""Weights, by the unit of the port, that make a neuron fire when several arrive together."""
LIVELY: dict[str, dict[str, Any]] = {
    "DendriticSegment": {"theta": 1.0},
    "TwoSiteRate": {"teaching": 1.0},
    "LIFCargo": {"theta_burst": 1.0, "tau_store": 50.0},
    "LIFInstructed": {"k_active": 50.0, "tau_p": 50.0, "packet": 0.5},
}
"""Parameters of models that would otherwise be nearly silent in 0.1 s."""

BURSTING = sl.BurstPoisson(t_ref=6.0, second_min=3.0, second_max=6.0, tau_rate=50.0)


class Scene(NamedTuple):
    """A network, its duration (ms) or trials, and additional arrays that its callbacks write."""

    net: sl.Network
    runs: float | sl.Trials
    arrays: tuple[np.ndarray, ...] = ()


class Case(NamedTuple):
    """describe: number of threads -> Scene. ways: how it is run in addition to the compiled engine on one thread."""

    describe: Callable[[int], Scene]
    ways: tuple[str, ...]
    engine: Any = "compiled"


THREADS = ("2 threads", "3 threads")
ONE_THREAD = ("stepper", "pieces", "checkpoint")
ALL = (*THREADS, *ONE_THREAD)
WITH_TRIALS = (*THREADS, "stepper")


def exported(*kinds: type) -> list[Any]:
    """Exports of the package of these kinds, by name."""
    return sorted(
        (part for name in sl.__all__ if isinstance(part := getattr(sl, name), kinds)), key=lambda part: part.name
    )


def record_all(net: sl.Network, every: float = 0.5) -> sl.Network:
    """Record all kinds of events and all state of all populations, modulators, and the weights of plastic synapses."""
    for population in net.populations.values():
        net.record(population, [f"{kind}s" for kind in population.kinds])
        if hasattr(population.model, "model"):
            net.record(population, [v for v in population.model.model.state if v not in population.kinds], every=every)
    for modulator in net.modulators.values():
        net.record(modulator, "n", every=every)
    for projection in net.projections.values():
        if projection.plasticity is not None:
            net.record(projection, list(projection.recordable), every=7 * net.dt)
    return net


def neurons(model: Any, parameters: dict[str, Any], threads: int) -> Scene:
    """Neurons driven through all their ports and currents."""
    net = sl.Network(dt=0.1, seed=3, threads=threads)
    cells = net.population(6, model(**parameters), name="cells")
    for k, (port, unit) in enumerate(model.ports.items()):
        source = net.population(10, sl.Poisson(100.0), name=f"to {port}")
        high = STRENGTH.get(unit, 1.0) * (1.0 if k == 0 else 0.2)
        synapse = sl.NMDA() if port in model.graded else None
        net.connect(source, cells, port, weight=sl.Uniform(0.0, high), delay=sl.Uniform(0.5, 6.0), synapse=synapse)
    for port in model.currents:
        net.drive(cells, sl.StepCurrent([20.0, 75.0], [50.0, 250.0]), port)
    return Scene(record_all(net), 120.0)


def spread(model: Any) -> dict[str, Any]:
    """All parameters, different for each neuron."""
    values = {**model.Parameters._field_defaults, **LIVELY.get(model.name, {})}
    varied = {name: value * np.linspace(0.95, 1.05, 6) for name, value in values.items()}
    for name in model.durations:
        up = name in (model.refractory, "t_clamp")
        varied[name] = (np.ceil(10 * varied[name] - 1e-6) if up else np.floor(10 * varied[name] + 0.5)) / 10
    return varied


def neuron_cases() -> Iterator[tuple[str, Case]]:
    currents = {"ampa": sl.ExponentialCurrent(), "gaba_b": sl.AlphaCurrent()}
    conductances = {
        "ampa": sl.ExponentialConductance(E=0),
        "gaba_b": sl.AlphaConductance(E=-95),
        "slow": sl.BetaConductance(E=0),
    }
    others = [
        ("receptors, currents", sl.LIF.with_receptors(**currents), {}),
        ("receptors, conductances", sl.LIFConductance.with_receptors(**conductances), {}),
        ("three arms", sl.multi_threshold(3), {}),
        ("three adaptive arms", sl.multi_threshold(3, adaptive=True), {}),
    ]
    for model in exported(sl.NeuronModel):
        few = {name: LIVELY[name] for name in (model.name,) if name == "DendriticSegment"}.get(model.name, {})
        yield f"neuron {model.name}", Case(lambda n, m=model, p=few: neurons(m, p, n), ALL)
        if model.Parameters._fields:
            yield f"neuron {model.name}, varied", Case(lambda n, m=model: neurons(m, spread(m), n), ("3 threads",))
    for name, model, parameters in others:
        yield f"neuron with {name}", Case(lambda n, m=model, p=parameters: neurons(m, p, n), ALL)


def sources(source: Any, threads: int) -> Scene:
    net = sl.Network(dt=0.1, seed=8, threads=threads)
    population = net.population(6, source, name="source")
    cells = net.population(4, sl.LIF(), name="cells", initial={"V_m": sl.Normal(-65.0, 4.0, low=-70.0, high=-56.0)})
    net.connect(population, cells, weight=sl.Exponential(300.0), delay=1.0)
    return Scene(record_all(net), 100.0)


def drives(drive: Any, weight_of: float | None, threads: int) -> Scene:
    """On a whole population and on a view of another."""
    net = sl.Network(dt=0.1, seed=9, threads=threads)
    starts = {"V_m": sl.Uniform(-70.0, -56.0)}, {"V_m": np.linspace(-70.0, -60.0, 9), "I_syn_exc": sl.LogNormal(3, 1)}
    cells, others = (net.population(n, sl.LIF(), initial=start) for n, start in zip((6, 9), starts, strict=True))
    net.drive(cells, drive, weight=weight_of)
    net.drive(others[2:8], drive, weight=weight_of)
    net.record(others, "V_m", every=0.7, start=20.3)
    net.record(cells[1:4], ["spikes", "V_m"], start=10.0)
    net.record(others)
    return Scene(net, 100.0)


def source_cases() -> Iterator[tuple[str, Case]]:
    generator = np.random.default_rng(1)
    varied = generator.uniform(0.0, 300.0, (5, 6))
    steps, ids = np.nonzero(generator.random((900, 6)) < 0.01)
    for name, source in {
        "Poisson": sl.Poisson(80.0),
        "Poisson, each its own": sl.Poisson(varied[0]),
        "Poisson, timed": sl.Poisson(sl.Timed([20.0, 200.0, 0.0, 90.0], 30.0)),
        "Poisson, timed, each its own": sl.Poisson(sl.Timed(varied, 17.3)),
        "Images": sl.Images(generator.random((3, 2, 3)), max_rate=200.0, on=20.0, off=15.0),
        "SpikeList": sl.SpikeList((steps + 1) * 0.1, ids),
    }.items():
        yield f"source {name}", Case(lambda n, s=source: sources(s, n), ALL)
    for name, drive, weight_of in (
        ("PoissonInput", sl.PoissonInput(1500.0), 100.0),
        ("PoissonInput, several", sl.PoissonInput(300.0, n=4), 120.0),
        ("PoissonInput, each its own", sl.PoissonInput(10 * varied[0]), 100.0),
        ("PoissonInput, timed", sl.PoissonInput(sl.Timed(10 * varied, 12.0)), 100.0),
        ("StepCurrent", sl.StepCurrent([10.0, 60.0], [300.0, 800.0]), None),
        ("StepCurrent, each its own", sl.StepCurrent([5.0, 33.3, 70.0], 5 * varied[:3]), None),
        ("NoiseCurrent", sl.NoiseCurrent(mean=300.0, std=400.0), None),
        ("NoiseCurrent, held", sl.NoiseCurrent(mean=300.0, std=400.0, interval=1.5), None),
        ("NoiseCurrent, uniform", sl.NoiseCurrent(mean=300.0, std=400.0, interval=1.0, distribution="uniform"), None),
        ("NoiseCurrent, coloured", sl.NoiseCurrent(mean=350.0, std=300.0, tau=5.0), None),
    ):
        yield f"drive {name}", Case(lambda n, d=drive, w=weight_of: drives(d, w, n), ALL)


RULES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "STDP": (sl.LIF(), "exc", {"lambda_": 0.1, "mu_plus": 0.0, "mu_minus": 0.4}),
    "PowerLawSTDP": (sl.LIF(), "exc", {"w_0": 10.0, "lambda_": 0.5}),
    "NearestSTDP": (sl.LIF(), "exc", {"lambda_": 0.1, "mu_plus": 0.0}),
    "PreCentredSTDP": (sl.LIF(), "exc", {"lambda_": 0.1, "mu_minus": 0.0}),
    "ReducedSTDP": (sl.LIF(), "exc", {"lambda_": 0.1}),
    "TripletSTDP": (sl.LIF(), "exc", {**sl.TRIPLET_SETS["hippocampus full"], "w_0": 2000.0}),
    "NearestTripletSTDP": (sl.LIF(), "exc", {**sl.TRIPLET_SETS["visual cortex minimal, nearest"], "w_0": 2000.0}),
    "InhibitorySTDP": (sl.LIF(), "exc", {"eta": 20.0}),
    "DopamineSTDP": (sl.LIF(), "exc", {"A_plus": 30.0, "A_minus": 40.0, "tau_c": 3.0, "b": 0.02}),
    "NearestDopamineSTDP": (sl.LIF(), "exc", {"A_plus": 30.0, "A_minus": 40.0, "tau_c": 60.0, "b": 0.02}),
    "DopamineBursts": (sl.Pyramidal(), "basal", {"A_plus": 50.0, "tau_c": 60.0}),
    "StructuralSTDP": (
        sl.LIFDendriticSpike(theta_dAP=30.0, t_ref=2.0), "dendrite",
        {"lambda_minus": 0.02, "W_max": 40.0, "J_max": 90.0},
    ),
    "InverseTagging": (
        sl.LIFInstructed(**LIVELY["LIFInstructed"]), "exc",
        {"eta": 0.05, "tau_up": 20.0, "tau_tag": 50.0, "t_act": 5.0},
    ),
    "Clopath": (sl.AdExClopath(), "exc", {"A_LTD": 4e-3, "A_LTP": 3e-4, "W_max": 4.0}),
    "DendriticClopath": (sl.Pyramidal(), "basal", {"A_LTD": 0.5, "A_LTP": 0.05, "theta_plus": -62.0}),
    "HomeostaticClopath": (
        sl.AdExClopath(), "exc", {"A_LTD": 4e-3, "A_LTP": 3e-4, "tau_u_bar_bar": 50.0, "W_max": 4.0},
    ),
    "PolicyGradient": (sl.SRM0(), "exc", {"eta": 5.0, "tau_c": 20.0, "W_min": -4.0, "W_max": 4.0}),
    "Urbanczik": (sl.PyramidalUrbanczik(), "dend_exc", {"eta": 1.0, "tau_c": 20.0}),
    "Burstprop": (BURSTING, "soma_exc", {"eta": 0.1, "tau_rate": 50.0, "rate_max": 20.0}),
    "PlateauLearning": (sl.PlateauPyramidal(), "basal", {"eta": 2000.0}),
    "CalciumLTP": (sl.TwoSite(), "basal", {"A_plus": 0.3, "A_minus": 0.2, "W_max": 4.0}),
    "DendriticPrediction": (sl.ThreeCompartment(), "basal", {"eta": 0.05, "W_min": -2.0, "W_max": 2.0}),
    "ApicalSilencing": (sl.ThreeCompartment(), "apical", {"eta": 0.05, "W_min": -2.0, "W_max": 2.0}),
    "EProp": (sl.LIFSoftReset(), "soma", {"eta": 0.5, "W_min": -1.0, "W_max": 2.0}),
}  # fmt: skip
"""Rule -> a neuron that it can learn on, the port, and parameters that drive weights to their limits in 120 ms."""
LIKE_OTHERS = (
    "PowerLawSTDP", "PreCentredSTDP", "ReducedSTDP", "NearestTripletSTDP", "InhibitorySTDP", "NearestDopamineSTDP",
    "DendriticClopath", "HomeostaticClopath", "PlateauLearning", "CalciumLTP", "ApicalSilencing",
)  # fmt: skip
"""Rules similar to others, which are not also run in windows, to save half a minute of compilation."""


def learning(name: str, fast: bool, windows: bool, threads: int) -> Scene:
    """Plastic synapses with delays on both sides, from limit to limit, onto neurons that are also driven."""
    model, port, quick = RULES[name]
    rule = getattr(sl, name)
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    dopamine = net.modulator("dopamine", tau=30.0)
    net.release(dopamine, [15.0, 50.0, 90.0], [0.05, -0.02, 0.1])
    net.population(2, model, name="first in the block")
    source, cells = net.population(12, sl.Poisson(80.0), name="source"), net.population(5, model, name="cells")
    given = quick if fast else {}
    plasticity = rule(dopamine, **given) if rule.modulated else rule(**given)
    low, high = plasticity.parameters.W_min, plasticity.parameters.W_max
    high = min(high, low + STRENGTH[model.model.ports[port]]) if not fast else min(high, 1e3)
    limits = np.linspace(low, high, 60).reshape(12, 5)
    dendritic = 0.0 if rule.axonal_only else 1.5
    half = sl.FixedProbability(0.6)
    added = [
        net.connect(source, cells, port, weight=limits, delay=6.0, plasticity=plasticity, name="axonal"),
        net.connect(source, cells, port, half, sl.Uniform(low, high), axonal_delay=sl.Uniform(0.1, 2.0),
                    dendritic_delay=dendritic, plasticity=plasticity, name="dendritic"),
        net.connect(cells, cells, port, half, sl.Uniform(low, high), axonal_delay=0.5, dendritic_delay=dendritic / 3,
                    plasticity=plasticity, name="recurrent"),
        net.connect(cells[1:4], cells[:3], port, weight=0.5 * (low + high), delay=1.0, plasticity=plasticity,
                    name="view"),
    ]  # fmt: skip
    net.connect(source, cells, port, half, sl.Uniform(low, high), plasticity=plasticity, plastic=False, name="frozen")
    strength = 0.1 if "burst" in model.model.kinds else 0.3
    for each, unit in model.model.ports.items():
        if each in ("forward", "target"):  # phases, at whose ends PlateauPyramidal evaluates its averages
            starts = sl.SpikeList([5.0, 40.0, 75.0] if each == "forward" else [22.0, 60.0, 95.0])
            net.connect(net.population(1, starts), cells, each, weight=0.5)
        elif not each.endswith("inh"):
            net.drive(cells, sl.PoissonInput(1500.0), each, weight=strength * STRENGTH[unit])
    if not windows:
        return Scene(record_all(net), 120.0)
    phases = [sl.Phase(25.0), sl.Phase(15.0, plastic=added[:2]), sl.Phase(10.0, plastic=[], reset=[*added, cells])]
    return Scene(record_all(net), sl.Trials(phases, 2))


def rates(threads: int) -> Scene:
    """Cells that exchange rates in every step, upwards and downwards, and learn from them continuously."""
    net = sl.Network(dt=0.1, seed=6, threads=threads)
    low, high = net.population(4, sl.TwoSiteRate(), name="low"), net.population(3, sl.TwoSiteRate(teaching=1.0))
    net.drive(low, sl.NoiseCurrent(std=2.0, tau=5.0), "basal")
    for source, target, port, value, rule in (
        (low, high, "basal", "A", sl.BottomUpProduct(eta=0.01)),
        (high, low, "apical", "D", sl.TopDownProduct(eta=0.01, W_max=1.5)),
    ):
        net.connect(source, target, port, on="rate", payload=value, weight=sl.Uniform(-1.0, 1.0),
                    delay=sl.Uniform(0.2, 3.0), plasticity=rule)  # fmt: skip
    return Scene(record_all(net), 60.0)


def regulated(per: str, threads: int) -> Scene:
    """Homeostasis of plastic synapses, with and without a modulator, and of static ones."""
    net = sl.Network(dt=0.1, seed=5, threads=threads)
    dopamine = net.modulator("dopamine", tau=30.0)
    net.release(dopamine, [15.0, 50.0, 90.0], 0.05)
    source, cells = net.population(15, sl.Poisson(80.0), name="source"), net.population(8, sl.LIF(), name="cells")
    net.drive(cells, sl.PoissonInput(1500.0), weight=100.0)
    rules = (None, sl.STDP(W_max=400.0), sl.DopamineSTDP(dopamine, A_plus=20.0, W_max=400.0), sl.Clopath(W_max=400.0))
    totals = (800.0, np.linspace(500.0, 900.0, 6)) if per == "target" else (400.0, np.linspace(300.0, 900.0, 15))
    for k, rule in enumerate(rules):
        half, delays = sl.FixedProbability(0.6), {"axonal_delay": 0.4, "dendritic_delay": 0.6 * (k % 2)}
        added = net.connect(source, cells[1:7], "exc", half, sl.Uniform(0, 200), plasticity=rule, **delays)
        net.homeostasis(added, sl.Normalisation(totals[k % 2], every=3.1 + k, per=per, subtractive=k in (1, 2)))
        net.homeostasis(added, sl.SynapticScaling(20.0 + k, tau=50.0, beta=0.1, every=11.0))
    return Scene(record_all(net), 120.0)


def rewired(threads: int) -> Scene:
    """Weak synapses that move, of each kind, including permanences, which transmit all or nothing."""
    net = sl.Network(dt=0.1, seed=5, threads=threads)
    dopamine = net.modulator("dopamine", tau=30.0)
    net.release(dopamine, [15.0, 50.0, 90.0], 0.05)
    source = net.population(15, sl.Poisson(80.0), name="source")
    cells = net.population(8, sl.LIF(), name="cells")
    dendrites = net.population(6, sl.LIFDendriticSpike(theta_dAP=20.0), name="dendrites")
    for population in (cells, dendrites):
        net.drive(population, sl.PoissonInput(1500.0), weight=100.0)
    for k, (origin, target, port, rule) in enumerate((
        (source, cells[1:7], "exc", None),
        (cells, cells, "exc", sl.STDP(lambda_=0.05, W_max=400.0)),
        (source, cells[1:7], "exc", sl.NearestSTDP(W_max=400.0)),
        (source, cells, "exc", sl.DopamineSTDP(dopamine, A_plus=20.0, W_max=400.0)),
        (source, dendrites, "dendrite", sl.StructuralSTDP(W_max=400.0, P_theta=70.0, lambda_minus=0.01, J_max=40.0)),
    )):  # fmt: skip
        few, delays = sl.FixedInDegree(5, autapses=False), sl.Uniform(0.1, 3.0)
        added = net.connect(origin, target, port, few, sl.Uniform(0, 200), delay=delays, plasticity=rule)
        net.homeostasis(added, sl.Rewiring(below=60.0, weight=80.0, every=13.0, probability=0.5, multapses=k % 2 == 0))
        net.homeostasis(added, sl.Normalisation(700.0, every=17.0))
    return Scene(record_all(net), 120.0)


def rule_cases() -> Iterator[tuple[str, Case]]:
    for name in RULES:
        threads = () if getattr(sl, name).mean_pre else THREADS
        for fast in (False, True):
            tail = ", fast" if fast else ""
            ways = (*threads, *ONE_THREAD) if fast else threads[1:]
            yield f"rule {name}{tail}", Case(lambda n, name=name, fast=fast: learning(name, fast, False, n), ways)
        if name not in LIKE_OTHERS:
            ways = (*threads, "stepper")
            yield f"rule {name}, in windows", Case(lambda n, name=name: learning(name, True, True, n), ways)
    yield "rules of rates", Case(rates, ALL)
    yield "regulated by target", Case(lambda n: regulated("target", n), ALL)
    yield "regulated by source", Case(lambda n: regulated("source", n), ONE_THREAD)
    yield "rewired", Case(rewired, ONE_THREAD)


def synapses(model: Any, threads: int) -> Scene:
    net = sl.Network(dt=0.1, seed=7, threads=threads)
    source = net.population(12, sl.Poisson(sl.Timed([150.0, 20.0], 40.0)), name="source")
    cells = net.population(5, sl.LIFNMDA(), name="cells")
    port = "nmda" if isinstance(model, sl.GradedSynapse) else "exc"
    half = sl.FixedProbability(0.6)
    net.connect(source, cells, port, half, sl.Uniform(0.0, 20.0), axonal_delay=sl.Uniform(0.1, 4.0), synapse=model())
    net.connect(cells, cells, port, weight=10.0, axonal_delay=0.4, dendritic_delay=1.2, synapse=model())
    net.drive(cells, sl.PoissonInput(2000.0), "exc", weight=4.0)
    return Scene(record_all(net), 120.0)


def kinds(threads: int) -> Scene:
    """Bursts, events, plateaus, instructions and rates, and the values that they carry."""
    net = sl.Network(dt=0.1, seed=11, threads=threads)
    dopamine = net.modulator("dopamine", tau=20.0)
    model_of = {"bursts": sl.Pyramidal(), "chance": BURSTING, "plateaus": sl.LIFDendriticSpike(theta_dAP=20.0),
                "cargo": sl.LIFCargo(**LIVELY["LIFCargo"]), "instructed": sl.LIFInstructed(**LIVELY["LIFInstructed"]),
                "circuit": sl.ThreeCompartment(g_som=0.3), "integrator": sl.PerfectIntegrator()}  # fmt: skip
    cells = {name: net.population(5, model, name=name) for name, model in model_of.items()}
    for name, population in cells.items():
        strength = 0.1 if name in ("bursts", "chance") else 0.4
        for port, unit in population.model.model.ports.items():
            if not port.endswith("inh"):
                net.drive(population, sl.PoissonInput(1200.0), port, weight=strength * STRENGTH[unit])
    sent = sl.FixedProbability(0.7)
    for on in ("spike", "event", "burst", "plateau"):
        net.connect(cells["bursts"], cells["bursts"], "apical", sent, sl.Uniform(0, 50), delay=2.0, on=on)
    for on in ("event", "burst"):
        net.connect(cells["chance"], cells["chance"], "apical_exc", sent, 0.1, delay=sl.Uniform(0.1, 3.0), on=on)
    net.connect(cells["plateaus"], cells["plateaus"], "inh", on="plateau", weight=-50.0, delay=1.0)
    net.connect(cells["cargo"], cells["instructed"], "instruction", on="instruction", payload="cargo", delay=1.0)
    net.connect(cells["instructed"], cells["cargo"], on="instruction", weight=-1.0, delay=1.0)
    net.connect(cells["bursts"], dopamine, on="burst", weight=0.01, delay=1.0)
    net.connect(
        cells["circuit"], cells["circuit"], "basal", on="rate", payload="r", weight=sl.Normal(0, 0.3), delay=0.5
    )
    net.connect(cells["circuit"], cells["integrator"], "exc", on="rate", payload="u", weight=0.2, delay=1.0)
    net.connect(cells["integrator"], cells["circuit"], "basal", sent, on="rate", payload="r", weight=sl.Uniform(-1, 1),
                axonal_delay=0.3, dendritic_delay=0.9,
                plasticity=sl.DendriticPrediction(eta=0.05, W_max=2.0))  # fmt: skip
    net.connect(cells["bursts"], cells["bursts"], "basal", payload="V_d", weight=sl.Uniform(-1, 0), delay=0.7)
    net.connect(cells["chance"], cells["bursts"], "basal", on="event", payload="event_rate", weight=0.5, delay=1.5,
                plasticity=sl.DendriticClopath(A_LTD=1e-3, A_LTP=1e-3, theta_plus=-62.0))  # fmt: skip
    return Scene(record_all(net), 100.0)


def wired(rule: Any, procedural: bool, threads: int) -> Scene:
    """Weights and delays of every kind between two populations, within one, and between parts of it."""
    net = sl.Network(dt=0.1, seed=12, threads=threads)
    generator = np.random.default_rng(3)
    net.population(3, sl.Parrot(), name="others before")
    cells, others = net.population(16, sl.Parrot(), name="cells"), net.population(16, sl.Parrot(), name="others")
    steps, ids = np.nonzero(generator.random((300, 16)) < 0.03)
    listed = net.population(16, sl.SpikeList((steps + 1) * 0.1, ids))
    net.connect(listed, cells, "exc", sl.OneToOne())
    shape = {sl.AllToAll: (9, 9), sl.OneToOne: 9, sl.Pairs: 20}.get(type(rule))
    weights: list[Any] = [2.5, sl.Uniform(-1, 3), sl.Normal(3, 2), sl.Normal(0, 1, low=0.5), sl.LogNormal(0.5, 0.4)]
    weights += [sl.Exponential(2, high=3), *([] if shape is None else [generator.uniform(0.0, 4.0, shape)])]
    delays: list[Any] = [1.5, 0.1, sl.Uniform(0.1, 3), sl.Normal(1, 1), sl.Exponential(0.5), sl.LogNormal(0, 0.5)]
    delays += [] if shape is None else [np.round(generator.uniform(0.1, 4.0, shape), 1)]
    ends = [(cells[2:11], others[:9]), (cells[2:11], cells[2:11]), (cells[2:11], cells[5:14])]
    for k, (weight_of, delay) in enumerate(zip(weights, delays, strict=True)):
        for source, target in ends:
            net.connect(source, target, "ignored", rule, weight_of, axonal_delay=delay, dendritic_delay=0.3 * (k % 2),
                        procedural=procedural)  # fmt: skip
    return Scene(record_all(net), 32.0)


def large(threads: int) -> Scene:
    """A table of more than a million synapses, whose weights take four bytes each."""
    net = sl.Network(dt=0.1, seed=2, threads=threads)
    cells = net.population(1100, sl.LIF(), name="cells", initial={"V_m": sl.Uniform(-70.0, -56.0)})
    net.connect(cells, cells, rule=sl.FixedInDegree(1000), weight=sl.Normal(0.5, 1.0), delay=sl.Uniform(0.5, 2.0))
    net.drive(cells, sl.NoiseCurrent(mean=400.0, std=100.0, tau=3.0))
    net.record(cells)
    return Scene(net, 20.0)


def wiring_cases() -> Iterator[tuple[str, Case]]:
    pairs = np.random.default_rng(5).integers(0, 9, (2, 20))
    rules: list[Any] = [
        sl.AllToAll(), sl.AllToAll(autapses=False), sl.OneToOne(), sl.OneToOne(autapses=False),
        sl.FixedProbability(0.4), sl.FixedProbability(0.4, autapses=False), sl.FixedTotalNumber(40),
        sl.FixedTotalNumber(40, multapses=False), sl.FixedTotalNumber(40, autapses=False),
        sl.FixedTotalNumber(40, autapses=False, multapses=False),
    ]  # fmt: skip
    for degree in (sl.FixedInDegree, sl.FixedOutDegree):
        rules += [degree(6), degree(6, autapses=False), degree(6, multapses=False), degree(6, False, False)]
    for rule in [*rules, sl.Pairs(*pairs)]:
        name = "Pairs" if isinstance(rule, sl.Pairs) else repr(rule)
        yield f"wiring {name}", Case(lambda n, r=rule: wired(r, False, n), (*THREADS, "checkpoint"))
        if isinstance(rule, sl.AllToAll | sl.OneToOne | sl.FixedOutDegree):
            yield f"wiring {name}, procedural", Case(lambda n, r=rule: wired(r, True, n), (*THREADS, "checkpoint"))
    yield "wiring of a million synapses", Case(large, ("2 threads",))


def answer(trial, phase, counts, marks, current, release, seen):
    """The population's most active neuron feeds back to all of it, and releases an amount set by its spike count."""
    best = 0
    for i in range(len(counts)):
        if counts[i] > counts[best]:
            best = i
    seen[trial, phase] = 100 * best + counts[best] + (0.5 if marks[best] else 0.0)
    for i in range(len(current)):
        current[i] = 120.0 * ((i + best) % 3)
    release[0] += 0.01 * counts[best]


def push_back(step, potential, fired, current, seen):
    """For every step: each spike causes a current into the next neuron, until the next spike."""
    for i in range(len(fired)):
        if fired[i]:
            seen[i] = step
            current[(i + 1) % len(current)] = -5.0 * (potential[0] - potential[i])


def closed_loop(trials: bool, threads: int) -> Scene:
    """A network with trials, or with a callback in every step, on which everything depends."""
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    dopamine = net.modulator("dopamine", tau=20.0)
    source, cells = net.population(9, sl.Poisson(150.0), name="source"), net.population(7, sl.LIF(), name="cells")
    apical = net.population(5, sl.Pyramidal(), name="pyramidal")
    reward = sl.DopamineSTDP(dopamine, tau_c=30.0, A_plus=20.0, A_minus=5.0, W_max=600.0)
    learned = net.connect(source, cells, weight=sl.Uniform(100.0, 300.0), delay=1.2, plasticity=reward)
    voltage = sl.Clopath(A_LTD=0.5, A_LTP=0.5, theta_plus=-62.0, tau_x=2.0)
    clopath = net.connect(source, cells, weight=50.0, delay=1.5, plasticity=voltage)
    net.connect(cells, apical, "basal", weight=400.0, delay=2.0)
    record_all(net)
    if not trials:
        seen = np.zeros(7)
        net.on_step(push_back, cells.state("V_m"), cells.fired(), cells.current("exc"), seen)
        return Scene(net, 132.0, (seen,))
    seen = np.zeros((6, 3))
    look = sl.Callback(answer, (cells.counts(), cells.fired(), cells.current("exc"), dopamine.release, seen))
    hertz, currents = (
        np.random.default_rng(1).uniform(50.0, 300.0, (6, 9)),
        {(apical, "apical"): np.linspace(0, 900, 5)},
    )
    phases = [
        sl.Phase(13.7, rates={source: hertz}, reset=[cells, learned, clopath], callback=look, plastic=[learned]),
        sl.Phase(8.2, rates={source: 200.0}, currents=currents, callback=look),
        sl.Phase(0.1, releases={dopamine: np.linspace(0.0, 0.05, 6)}, plastic=(), reset=[apical]),
    ]
    return Scene(net, sl.Trials(phases, 6), (seen,))


def from_equations(method: str, threads: int) -> Scene:
    """A neuron, a synapse and a rule, all from equations."""
    neuron, synapse, rule = written_models(method)
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    source = net.population(10, sl.Poisson(80.0), name="source")
    cells = net.population(7, neuron(tau_syn=np.linspace(1.0, 5.0, 7)), name="cells")
    net.drive(cells, sl.StepCurrent([10.0], [350.0]))
    net.connect(source, cells, weight=400.0, delay=1.0, synapse=synapse())
    net.connect(source, cells, weight=150.0, axonal_delay=1.5, dendritic_delay=0.5, plasticity=rule())
    return Scene(record_all(net), 100.0)


def own(threads: int) -> Scene:
    neuron, rule, signal_rule = own_models()
    net = sl.Network(dt=0.1, seed=14, threads=threads)
    source, cells = net.population(20, sl.Poisson(100.0)), net.population(6, neuron(tau_m=np.linspace(8, 12, 6)))
    net.drive(cells, sl.PoissonInput(1000.0), weight=2.0)
    net.connect(source, cells, weight=sl.Uniform(0, 4), delay=1.0, plasticity=rule(gain=0.2))
    net.connect(source, cells, weight=1.0, delay=sl.Uniform(0.5, 3.0), plasticity=signal_rule(W_min=-1.0))
    return Scene(record_all(net), 80.0)


def together(threads: int) -> Scene:
    """Every part of the engine in one network."""
    net = sl.Network(dt=0.1, seed=1, threads=threads)
    dopamine = net.modulator("dopamine", tau=50.0)
    net.release(dopamine, [20.0, 45.0, 80.0], [0.05, 0.02, 0.05])
    poisson = net.population(20, sl.Poisson(80.0), name="poisson")
    listed = net.population(3, sl.SpikeList([5.0, 30.0, 30.0, 70.0], [0, 1, 2, 0]), name="listed")
    lif = net.population(8, sl.LIF(tau_m=np.linspace(8, 15, 8)), name="lif", initial={"V_m": sl.Uniform(-70, -56)})
    cells = net.population(6, sl.Pyramidal(), name="pyramidal")
    p, clopath = sl.FixedProbability(0.5), {"theta_plus": -62.0, "tau_x": 2.0}
    net.connect(poisson, lif, "exc", p, sl.Normal(250, 50), delay=sl.Uniform(0.1, 3.0))
    net.connect(listed, lif, "exc", weight=150.0, delay=1.0, synapse=sl.TsodyksMarkram())
    net.connect(lif, lif, "inh", sl.FixedInDegree(3, autapses=False), -100.0, delay=1.5)
    net.connect(poisson, lif, "exc", p, 50.0, axonal_delay=0.3, dendritic_delay=1.2, plasticity=sl.STDP(lambda_=0.05))
    net.connect(poisson, cells, "basal", p, sl.Uniform(50, 150), delay=sl.Uniform(0.1, 2.0),
                plasticity=sl.DopamineSTDP(dopamine, tau_c=10.0, b=0.001, A_plus=5.0))  # fmt: skip
    net.connect(poisson, lif, "exc", p, 50.0, axonal_delay=sl.Uniform(0.1, 1.0), dendritic_delay=0.4,
                plasticity=sl.Clopath(A_LTD=0.5, A_LTP=0.5, **clopath))  # fmt: skip
    net.connect(cells, cells, "apical", on="burst", weight=sl.Uniform(0, 50), delay=2.0)
    net.connect(listed, dopamine, weight=0.01, delay=1.0)
    net.connect(listed, cells[:3], "apical", sl.OneToOne(), 500.0, delay=1.0)
    net.connect(poisson, lif, "exc", sl.FixedOutDegree(2), 50.0, delay=sl.Uniform(0.1, 3.0), procedural=True)
    net.connect(lif, lif, "exc", payload="V_m", weight=-0.1, delay=1.0,
                plasticity=sl.Clopath(A_LTD=1e-4, A_LTP=1e-4, W_min=-1.0, W_max=0.0, **clopath))  # fmt: skip
    net.drive(cells, sl.NoiseCurrent(std=200.0, tau=5.0, mean=250.0))
    net.drive(cells, sl.StepCurrent([10.0, 60.0], [300.0, 800.0]), "apical")
    net.drive(lif, sl.PoissonInput(300.0, n=4), weight=40.0)
    return Scene(record_all(net), 120.0)


def exact(threads: int) -> Scene:
    """Sources of all kinds, neurons of all models supported by the exact engine, short-term and frozen synapses."""
    net = sl.Network(dt=0.1, seed=1)
    poisson = net.population(10, sl.Poisson(80.0), name="poisson")
    timed = net.population(5, sl.Poisson(sl.Timed([0.0, 400.0, 50.0], 15.0)), name="timed")
    listed = net.population(3, sl.SpikeList([5.03, 30.001, 30.001, 41.7], [0, 1, 2, 0]), name="listed")
    starts = {"V_m": sl.Uniform(-70, -54)}
    lif = net.population(12, sl.LIF(tau_m=np.linspace(8, 15, 12), tau_syn_inh=5.0), name="lif", initial=starts)
    delta, qif = net.population(6, sl.LIFDelta(I_e=400.0), name="delta"), net.population(4, sl.QIF(I_e=200.0))
    parrots, p = net.population(5, sl.Parrot(), name="parrots"), sl.FixedProbability(0.5)
    net.connect(poisson, lif, "exc", p, sl.Normal(250, 50), delay=sl.Uniform(0.1, 3.0))
    net.connect(lif, lif, "inh", sl.FixedInDegree(3, autapses=False), -100.0, delay=1.57)
    net.connect(lif, delta, weight=2.0, axonal_delay=0.33, dendritic_delay=0.7)
    net.connect(delta, qif, weight=1.0)
    net.connect(timed, parrots, rule=sl.OneToOne(), delay=0.5)
    net.connect(listed, lif[:3], "exc", sl.OneToOne(), 900.0)
    for synapse in [each for each in exported(sl.SynapseModel) if not each.random]:
        net.connect(poisson, lif, "exc", p, 100.0, delay=sl.Uniform(0.5, 2.0), synapse=synapse())
    net.connect(poisson, lif, "exc", p, 50.0, delay=1.0, plasticity=sl.STDP(), plastic=False)
    net.drive(lif, sl.PoissonInput(300.0, n=4), weight=40.0)
    net.drive(delta[2:5], sl.PoissonInput(sl.Timed([100.0, 900.0], 20.0)), weight=0.5)
    net.drive(qif, sl.StepCurrent([10.003, 40.0], [[50.0, 80.0, 0.0, 5.0], [100.0, 0.0, 0.0, 200.0]]))
    for population in net.populations.values():
        net.record(population)
    for population in (lif, delta, qif):
        net.record(population, list(population.model.model.state), every=0.3, start=5.0)
    return Scene(net, 60.0)


def on_others(learns: bool, threads: int) -> Scene:
    """Parts that both NEST and Brian2 run: sources, drives, exactly integrated neurons, and STDP."""
    net = sl.Network(dt=0.1, seed=3)
    poisson, listed = net.population(20, sl.Poisson(200.0)), net.population(3, sl.SpikeList([0.1, 5, 7.3], [0, 1, 2]))
    taus = {"tau_m": np.linspace(8, 15, 20), "t_ref": np.arange(1, 21) / 10, "I_e": 300.0}
    lif = net.population(20, sl.LIF(**taus), name="lif", initial={"V_m": sl.Uniform(-70, -56)})
    net.connect(poisson, lif, "exc", sl.FixedProbability(0.5), sl.Normal(100, 20), delay=sl.Uniform(0.1, 3.0))
    net.connect(listed, lif[5:9], "exc", weight=500.0)
    net.connect(lif, lif, "inh", sl.FixedTotalNumber(40, autapses=False), -50.0, delay=1.0)
    if learns:
        net.connect(poisson, lif, "exc", sl.FixedProbability(0.3), sl.Uniform(10, 50), dendritic_delay=0.3,
                    plasticity=sl.STDP(lambda_=0.05))  # fmt: skip
    else:
        alpha = net.population(5, sl.LIFAlpha(), name="alpha")
        net.connect(poisson, alpha, "exc", weight=250.0, delay=0.5, synapse=sl.TsodyksMarkram())
        net.drive(lif, sl.NoiseCurrent(mean=50.0, std=100.0))
    net.drive(lif, sl.PoissonInput(1000.0), weight=60.0)
    net.record(lif, ["spikes", "V_m", "I_syn_exc"], every=0.5)
    return Scene(net, 50.0)


def other_cases() -> Iterator[tuple[str, Case]]:
    for model in exported(sl.SynapseModel, sl.GradedSynapse):
        yield f"synapse {model.name}", Case(lambda n, m=model: synapses(m, n), ALL)
    yield "kinds of events", Case(kinds, ALL)
    yield "trials", Case(lambda n: closed_loop(True, n), WITH_TRIALS)
    yield "callback of every step", Case(lambda n: closed_loop(False, n), (*THREADS, "stepper", "pieces"))
    for method in METHODS:
        yield f"equations, {method}", Case(lambda n, m=method: from_equations(m, n), ALL)
    yield "models of a user", Case(own, ALL)
    yield "together", Case(together, (*ALL, "reset"))
    yield "exact engine", Case(exact, ("pieces", "checkpoint", "reset"), "events")
    for model in (sl.LIF, sl.LIFDelta, sl.QIF, sl.Parrot):
        yield f"exact engine, {model.name}", Case(lambda n, m=model: neurons(m, {}, n), ("pieces",), "events")
    for name, package in (("NEST", "nest"), ("Brian2", "brian2")):
        for learns in (False, True):
            tail = "learning" if learns else "static"
            yield f"on {name}, {tail}", Case(lambda n, each=learns: on_others(each, n), (), package)


def cases() -> Iterator[tuple[str, Case]]:
    """(name, case) for all networks."""
    for make in (neuron_cases, source_cases, rule_cases, wiring_cases, other_cases):
        yield from make()
