"""A small network around each neuron model, plasticity rule and synapse model: they join by being listed.

Run as a script, in a folder of checkpoints, it is the new process that continues each of them.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from read_cells import cell_with
from unit import all_parts, time_network

import spikelearn as sl
from spikelearn.connectivity import CONNECTION_RULES
from spikelearn.errors import DescriptionError, SignWarning
from spikelearn.neurons import MODELS
from spikelearn.plasticity import RULES, SIGNAL_RULES, STEP_RULES
from spikelearn.synapses import GRADED_SYNAPSES, SYNAPSES, GradedSynapse

DT, HALF = 0.1, 60.0
STRENGTH = {"pA": 400.0, "mV": 4.0, "nS": 20.0, "1": 1.0}
"""Weights, by the unit of the port, that make a neuron fire when some arrive together."""


RELEASES, RELEASED, TAU_N = (15.0, 50.0, 90.0), 0.05, 30.0
"""When dopamine is released (ms), how much each time, and the time constant with which it decays (ms)."""


def neurons_of(model):
    """Neurons that are driven through all ports, by spikes that take their time; all that they have is recorded."""
    net = sl.Network(dt=DT, seed=3)
    cells = net.population(6, model(**model.properties.firing), name="cells")
    for k, (port, unit) in enumerate(model.ports.items()):
        source = net.population(10, sl.Poisson(100.0), name=f"to {port}")
        weight = sl.Uniform(0.0, STRENGTH.get(unit, 1.0) * (1.0 if k == 0 else 0.2))
        synapse = GRADED_SYNAPSES[0]() if port in model.graded else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SignWarning)  # all ports get weights of one sign
            net.connect(source, cells, port, weight=weight, delay=sl.Uniform(0.5, 6.0), synapse=synapse)
    for port in model.currents:
        net.drive(cells, sl.StepCurrent([20.0, 75.0], [50.0, 250.0]), port)
    net.record(cells, [f"{kind}s" for kind in model.kinds if kind != "plateau"])
    net.record(cells, list(model.state), every=5 * DT)
    return net


def built_for_events(net):
    net.build("events")
    return net


def synapses_of(rule=None, synapse=None, **how):
    """Synapses onto the first neuron model that can have them; for some rules there is none in the library."""
    refused = None
    for model in [cell_with(rule.needs)] if rule in STEP_RULES else MODELS:
        try:
            return synapses_onto(model, rule, synapse, **how)
        except DescriptionError as error:
            refused = error
    raise refused


def synapses_onto(model, rule, synapse, dendritic=(0.0, 1.5), threads=None):
    """Synapses from Poisson neurons and between the targets, with delays on both sides; weights from limit to limit."""
    net = sl.Network(dt=DT, seed=4, threads=threads)
    dopamine = net.modulator("dopamine", tau=TAU_N)
    net.release(dopamine, RELEASES, RELEASED)
    cells = net.population(5, model, name="cells")
    jumps = [port for port in model.ports if port not in model.graded]
    graded = synapse is not None and isinstance(synapse.model, GradedSynapse)
    port = [*model.graded, jumps[0]][0] if graded else jumps[0]
    high = STRENGTH.get(model.ports[port], 1.0)
    weight, plasticity = sl.Uniform(0.0, 0.5 * high), None
    if rule is not None:
        plasticity = rule(dopamine) if rule.modulated else rule()
        low = plasticity.parameters.W_min if rule not in STEP_RULES else 0.0
        weight = sl.Uniform(low, min(plasticity.parameters.W_max, low + high))
        dendritic = dendritic[:1] if rule.axonal_only else dendritic
    for source in (net.population(12, sl.Poisson(80.0), name="source"), cells):
        for back in dendritic:
            added = net.connect(
                source, cells, port, sl.FixedProbability(0.6), weight=weight, axonal_delay=6.0, dendritic_delay=back,
                synapse=synapse, plasticity=plasticity, name=f"{source.name}, {back:g} ms back",
            )  # fmt: skip
            if rule in STEP_RULES:
                net.record(added, list(rule.variables), every=7 * DT)
            elif rule is not None:
                net.record(added, ["weight", "c"] if rule.has_eligibility else "weight", every=7 * DT)
    strong = STRENGTH.get(model.ports[jumps[0]], 1.0)
    net.connect(net.population(20, sl.Poisson(100.0), name="drive"), cells, jumps[0], weight=strong, delay=1.0)
    if "target" in model.ports:  # a target phase, without which PlateauLearning has nothing to learn from
        net.connect(net.population(1, sl.SpikeList([10.0])), cells, "target", name="target phase")
    if "apical" in model.ports:  # feedback, for rules that learn from it
        net.connect(net.population(20, sl.Poisson(100.0)), cells, "apical", name="feedback")
    net.record(cells)
    return net


def rates(dendritic=(0.0,), threads=None):
    """Cells that say rates to each other in every step, upwards and downwards, and learn from them all the time."""
    net = sl.Network(dt=DT, seed=6, threads=threads)
    low, high = net.population(4, sl.TwoSiteRate(), name="low"), net.population(3, sl.TwoSiteRate(teaching=1.0))
    net.drive(low, sl.NoiseCurrent(std=2.0, tau=5.0), "basal")
    below, above = net.population(4, sl.HelmholtzUnit(), name="below"), net.population(3, sl.HelmholtzUnit())
    for units, state in ((below, "sleep"), (above, "wake")):
        net.drive(units, sl.StepCurrent([0.0], [1.0]), state)
    weight = sl.Uniform(-1.0, 1.0)
    for source, target, port, value, rule in (
        (low, high, "basal", "A", sl.BottomUpProduct(eta=0.01)),
        (high, low, "apical", "D", sl.TopDownProduct(eta=0.01)),
        (below, above, "basal", "z", sl.SleepLearning(eta=0.01)),
        (above, below, "apical", "z", sl.WakeLearning(eta=0.01)),
        (below, above, "basal", "z", sl.ActivityHomeostasis(eta=0.01)),
    ):
        for back in dendritic:
            added = net.connect(
                source, target, port, on="rate", payload=value, weight=weight, axonal_delay=sl.Uniform(0.2, 3.0),
                dendritic_delay=back, plasticity=rule,
            )  # fmt: skip
            net.record(added, "weight", every=7 * DT)
    for source in (low, high, below, above):
        net.record(source, ["rates", "A", "D"] if source in (low, high) else ["rates", "z"])
    return net


def regulated():
    """Homeostasis and rewiring of synapses that learn, with and without a modulator, and of some that do not."""
    net = sl.Network(dt=DT, seed=5)
    dopamine = net.modulator("dopamine", tau=TAU_N)
    net.release(dopamine, RELEASES, RELEASED)
    net.population(2, sl.LIF(), name="first in the block")
    source, cells = net.population(15, sl.Poisson(80.0), name="source"), net.population(8, sl.LIF(), name="cells")
    net.connect(net.population(20, sl.Poisson(100.0), name="drive"), cells, weight=400.0, delay=1.0)
    for rule in (None, sl.STDP(W_max=400.0), sl.NearestSTDP(W_max=400.0), sl.DopamineSTDP(dopamine, W_max=400.0)):
        name = "static" if rule is None else rule.rule.name
        wired = sl.FixedProbability(0.6)
        added = net.connect(source, cells[1:7], "exc", wired, weight=sl.Uniform(0, 200), plasticity=rule, name=name)
        net.homeostasis(added, sl.Normalisation(800.0, every=7.0, subtractive=rule is not None))
        net.homeostasis(added, sl.SynapticScaling(20.0, tau=50.0, beta=0.1, every=11.0))
        net.homeostasis(added, sl.Rewiring(below=60.0, weight=80.0, every=13.0, probability=0.5))
        net.record(added, "weight", every=7 * DT)
    net.record(cells)
    return net


def connected_by(rule):
    """A population connected with itself by a rule, with drawn weights and delays; procedural too if it can be."""
    net = sl.Network(dt=DT, seed=7)
    cells = net.population(12, sl.LIF(), name="cells", positions=sl.UniformPositions((1.0, 1.0), periodic=True))
    net.connect(net.population(30, sl.Poisson(100.0)), cells, weight=300.0, delay=1.0)
    for procedural in (False, True)[: 1 + rule.procedural]:
        net.connect(
            cells, cells, "exc", rule, weight=sl.Uniform(0.0, 200.0), delay=sl.Uniform(0.5, 3.0), procedural=procedural
        )
    net.record(cells)
    return net


def by_distance():
    """Weights and delays that go by distance, by a profile and by a function."""
    net = sl.Network(dt=DT, seed=8)
    source = net.population(20, sl.Poisson(80.0), positions=sl.UniformPositions(1.0))
    cells = net.population(8, sl.LIF(), name="cells", positions=sl.Grid(8, extent=1.0))
    net.connect(source, cells, weight=sl.GaussianProfile(300.0, 0.3), delay=lambda distance: 0.5 + distance)
    net.record(cells)
    return net


def from_text():
    """Connections, weights, delays and rates from text; neurons, synapses and sources that differ."""
    net = sl.Network(dt=DT, seed=9)
    place = sl.UniformPositions(1.0)
    source = net.population(20, sl.Poisson("80 + 20*sin(t/10) + i"), positions=place)
    cells = net.population(8, sl.LIF(tau_m=sl.Normal(10, 2, low=1.0)), name="cells", positions=place)
    near = sl.FixedProbability("exp(-d)")
    net.connect(
        source, cells, "exc", near, weight="200 + 10*rand() + i", delay="1.0 + 0.2*j", synapse=sl.StochasticRelease()
    )
    learns = sl.STDP(lambda_=sl.Uniform(0.01, 0.1), W_max=300.0)
    for given in (sl.GammaProcess(60.0, 3), sl.PoissonWithDeadTime(60.0, 4.0)):
        net.connect(
            net.population(9, given)[::2], cells[[6, 1, 3]], "exc", sl.Where("i > 0"), weight=200.0, plasticity=learns
        )
    net.drive(cells[::3], sl.NoiseCurrent(20.0, 10.0))
    net.record(cells)
    return net


def networks():
    """name -> function that describes a network."""
    found = {f"neuron {model.name}": lambda model=model: neurons_of(model) for model in MODELS}
    rules = (*RULES, *SIGNAL_RULES, *STEP_RULES)
    found |= {f"rule {rule.name}": lambda rule=rule: synapses_of(rule=rule) for rule in rules}
    synapses = (*SYNAPSES, *GRADED_SYNAPSES)
    found |= {f"synapse {model.name}": lambda model=model: synapses_of(synapse=model()) for model in synapses}
    exact = [model for model in MODELS if model.closed_form is not None]
    found |= {f"exact {model.name}": lambda model=model: built_for_events(neurons_of(model)) for model in exact}
    found |= {
        f"connected by {rule.__name__}": lambda rule=rule: connected_by(rule(**rule.example))
        for rule in CONNECTION_RULES
    }
    receptors = {"ampa": sl.ExponentialConductance(E=0), "gaba_b": sl.AlphaConductance(E=-95), "slow": sl.BetaCurrent()}
    found["several receptors"] = lambda: neurons_of(sl.AdEx.with_receptors(**receptors))
    found |= {"regulated": regulated, "rates": rates, "all parts": all_parts.network}
    found |= {"by distance": by_distance, "from text": from_text, "time in models": time_network.network}
    return found | {"all parts on two threads": lambda: all_parts.network(threads=2, shareable=True)}


def outcome(run):
    """name -> array, of all that a run recorded and of the weights at its end."""
    result = {}
    for data in (run.spike_data, run.trace_data):
        for key, found in data.items():
            result |= {
                f"{key} {part}": getattr(found, part) for part in ("times", "ids", "values") if hasattr(found, part)
            }
    return result | {f"weights of {name}": run.weights(name) for name in run.synapse_data}


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.half")):
        net = sl.Network.restore(path)
        net.run(HALF, after=net.recorded).checkpoint(path.with_suffix(".whole"))
    print(np.__version__)
