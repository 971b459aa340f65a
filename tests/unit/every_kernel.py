"""The kernels of small networks around every model, rule and synapse, and of trials, with hardly any compiled."""

from typing import Any

import numpy as np
from unit import every_model

import spikelearn as sl
from spikelearn.backends.exact import simulate
from spikelearn.codegen.modules import Kernel
from spikelearn.codegen.object_cache import Entry
from spikelearn.engine import plan
from spikelearn.engine.lowering.callbacks import trial_calls


def every_kernel(monkeypatch) -> list[tuple[str, Kernel, tuple[Any, ...]]]:
    """(network, kernel, its arguments) of all Calls. Those that make synapses are compiled: they run in a build."""
    found, made, load = [], [], plan.load

    def noted(kernel: Kernel, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
        made.append((kernel, arguments))
        return (
            load(kernel, arguments)
            if kernel.of.startswith(("Rows of", "Values by distance"))
            else (Entry(0, None), None)
        )

    monkeypatch.setattr(plan, "load", noted)
    networks = every_model.networks() | {"trials": _trials, "exact engine": _exact}
    for name, describe in networks.items():
        net = describe()
        if net is not None:
            net.build()
        found += [(name, *each) for each in made]
        made.clear()
    return found


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


def _exact() -> None:
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(4, sl.Poisson(20.0)), net.population(3, sl.LIF(), name="cells")
    net.connect(source, cells, synapse=sl.TsodyksMarkram(), weight=1.0)
    simulate._loop(net.build("events").plan)
