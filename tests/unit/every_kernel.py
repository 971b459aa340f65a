"""The kernels of small networks around every model, rule and synapse, of trials and of gradients, with hardly any
compiled."""

from typing import Any

import late_input
import numpy as np
from unit import every_model

import spikelearn as sl
from spikelearn.backends.exact import simulate
from spikelearn.codegen.modules import Kernel
from spikelearn.codegen.object_cache import Entry
from spikelearn.engine import plan
from spikelearn.engine.lowering.callbacks import trial_calls
from spikelearn.learning.event_cells import EventCells
from spikelearn.learning.gradient import Differentiable


class Nothing(Entry):
    """What does nothing when it is called."""

    def call(self, *arguments: Any) -> None:
        pass


def every_kernel(monkeypatch) -> list[tuple[str, Kernel, tuple[Any, ...]]]:
    """(network, kernel, its arguments) of all Calls. Those that make synapses are compiled: they run in a build."""
    found, made, load = [], [], plan.load

    def noted(kernel: Kernel, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
        made.append((kernel, arguments))
        return (
            load(kernel, arguments)
            if kernel.of.startswith(("Rows of", "Values by distance", "Values from text", "draw"))
            else (Nothing(0, None), None)
        )

    monkeypatch.setattr(plan, "load", noted)
    networks = every_model.networks() | {"trials": _trials, "exact engine": _exact, "gradient": _gradient}
    networks |= {"readouts": _readouts, "recorded release": _recorded_release}
    networks |= {"event gradient": _event_gradient, "late input": _late_input}
    for name, describe in networks.items():
        net = describe()
        if net is not None:
            net.build()
        found += [(name, *each) for each in made]
        made.clear()
    return found


def _late_input() -> sl.Network:
    net, cells, made, *_ = late_input.network()
    return late_input.recorded(net, cells, made)


def _recorded_release() -> sl.Network:
    net = sl.Network(dt=0.5, seed=1)
    source, cells = net.population(2, sl.Poisson(10.0)), net.population(2, sl.LIF())
    for U in (0.2, [[0.1, 0.2], [0.3, 0.4]]):
        made = net.connect(source, cells, synapse=sl.TsodyksMarkram(U=U))
        net.record(made, ["u", "x"], every=1.0)
    net.record(cells, "rate", every=1.0)
    net.record(cells, "V_m", at="spike")
    return net


def _readouts() -> sl.Network:
    net = sl.Network(dt=0.5, seed=1)
    cells = net.population(3, sl.LIF(), name="cells")
    some = np.array([[True, False], [True, True], [False, True]])
    for rule in (sl.DeltaRule(eta=1e-5), sl.RecursiveLeastSquares(), sl.Ridge()):
        z = net.readout(cells, 2, learning=rule, target=np.zeros((5, 2)), plastic=some)
        net.feed(z, cells)
        net.record(z)
    wanted = net.signal("wanted")
    net.readout(cells, variable="V_m", learning=sl.RecursiveLeastSquares(), target=wanted)
    return net


def _trials() -> None:
    net = sl.Network(dt=0.1, seed=1)
    dopamine = net.modulator("dopamine", tau=30.0)
    source, cells = net.population(4, sl.Poisson(20.0)), net.population(3, sl.LIF(), name="cells")
    rules = sl.STDP(W_max=400.0), sl.DopamineSTDP(dopamine, W_max=400.0), sl.Clopath()
    learned = [net.connect(source, cells, plasticity=rule, weight=1.0, name=rule.rule.name) for rule in rules]
    written = np.zeros(3)

    def in_every_step(step, fired, out):
        out[0] = fired[0]

    def at_the_end(trial, phase, counts, release):
        release[0] += counts[0]

    net.on_step(in_every_step, cells.fired("spike"), written)
    callback = sl.Callback(at_the_end, (cells.counts(), dopamine.release))
    phases = [
        sl.Phase(10.0, rates={source: 10.0}, currents={(cells, "exc"): 100.0}, reset=[cells, *learned]),
        sl.Phase(5.0, releases={dopamine: 0.1}, plastic=learned[:1], callback=callback),
    ]
    trial_calls(sl.Trials(phases, n=2), net.build().program)


def _gradient() -> None:
    net = sl.Network(dt=0.5, seed=1)
    cells, noisy = net.population(4, sl.LIF(), name="cells"), net.population(3, sl.BurstPoisson(), name="noisy")
    source = net.population(2, sl.PerfectIntegrator())
    net.connect(source, cells, weight=1.0, on="rate", payload="r")
    net.connect(cells, cells, weight=1.0)
    net.connect(cells, noisy, rule=sl.FixedInDegree(2), weight=1.0)
    net.connect(noisy, cells, "inh", weight=1.0, on="burst", payload="w_s")
    everything = [cells, noisy, source]
    phase = sl.Phase(5.0, currents={(source, "exc"): 1.0}, reset=everything, discard_events=True)
    prepared = Differentiable(net, sl.Trials([phase], n=2), surrogate="boxcar", inputs=True)
    adjoint = prepared._adjoint
    adjoint._prepared({(noisy, "w_s"), (cells, "V_m"), (cells, "spike")})
    listed = next(link for link in adjoint.links if not link.pairs)
    listed.add_call(np.zeros((2, len(listed.lags))))


def _event_gradient() -> None:
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(3, sl.LIF(), name="cells")
    names = ("kind", "neuron", "before", "port", "origin", "spike", "synapse")
    events = {name: np.zeros(1, np.int64) for name in names} | {name: np.zeros(1) for name in ("time", "change")}
    start = {name: np.zeros(3) for name in ("V_m", "I_syn_exc", "I_syn_inh")}
    by = {name: np.zeros(1) for name in ("by_time", "by_weight", "by_delay")}
    cells_of = EventCells(cells, events, start, np.zeros(3), 0.1, by)
    for how, variable in (("maximum", "V_m"), ("integral", "I_syn_exc")):
        cells_of.look_back(how, variable, np.ones(3))
    cells_of.adjoint_call()


def _exact() -> None:
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(4, sl.Poisson(20.0)), net.population(3, sl.LIF(), name="cells")
    net.connect(source, cells, synapse=sl.TsodyksMarkram(), weight=1.0)
    simulate._loop(net.build("events").plan)
