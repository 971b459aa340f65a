"""The Calls of small networks around every model, rule and synapse, and of trials, with nothing compiled."""

import numpy as np
from unit import every_model

import spikelearn as sl
from spikelearn.backends.exact import simulate
from spikelearn.codegen.object_cache import Entry
from spikelearn.engine import plan
from spikelearn.engine.lowering.callbacks import trial_calls


def every_call(monkeypatch) -> list[tuple[str, plan.Call]]:
    """(what it is of, Call)."""
    monkeypatch.setattr(plan, "load", lambda kernel, arguments: (Entry(0, None), None))
    found = []
    for name, describe in every_model.networks().items():
        net = describe()
        program = net.build()
        if hasattr(program, "plans"):
            of = [call for share in program.plans for call in share.calls()] + program.end
        else:
            of = [call for calls in (program.calls, program.releases, program.samples) for call in calls if call]
        found += [(name, call) for call in of]
    found += [("trials", call) for call in _calls_of_trials()]
    return found + [("exact engine", call) for call in _calls_of_the_exact_engine()]


def _calls_of_trials() -> list[plan.Call]:
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
    program = net.build()
    added = trial_calls(sl.Trials(phases, n=2), program)
    return [*program.end, *added.end, *(call for stages in added.stages for calls in stages.values() for call in calls)]


def _calls_of_the_exact_engine() -> list[plan.Call]:
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(4, sl.Poisson(20.0)), net.population(3, sl.LIF(), name="cells")
    net.connect(source, cells, synapse=sl.TsodyksMarkram(), weight=1.0)
    built = net.build("events")
    return [simulate._loop(built), *(call for call in built.releases if call)]
