"""Neurons that take up input late and synapses that run statements, against a loop over all of them in plain Python."""

from dataclasses import replace

import late_input
import numpy as np
import pytest
from late_input import (
    DT,
    N,
    at_event,
    each_step,
    network,
    on_post,
    on_pre,
    on_source,
    recorded,
    regularly,
    step,
    summed,
)
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.kernels.random import later_key, normal, stream, uniform
from spikelearn.neurons.regularly import Regularly

STEPS = 200
ROUNDED = ULP(100_000, 10.0)
"""Input of a step is added in another order, exp may differ by a unit in the last place; 200 steps go on with it."""


class Reference:
    """The network of late_input.network, neuron by neuron and synapse by synapse."""

    def __init__(self, delays, spikes):
        self.v, self.g, self.total, self.x = np.linspace(0, 1, N), np.zeros(N), np.zeros(N), np.zeros(N)
        self.refractory, self.P = np.zeros(N), np.exp(-DT / np.linspace(6.0, 10.0, N))
        self.delays, self.given = delays, spikes
        self.synapses = {
            name: {"w": np.linspace(-0.5, 0.8, n), "trace": np.zeros(n), "last": np.zeros(n)}
            for name, n in (("learning", 60), ("from sources", 40))
        }
        self.emitted = {"cells": {}, "sources": {}}
        for s, i in spikes:
            self.emitted["sources"].setdefault(s, []).append(i)
        self.samples = {when: [] for when in ("beginning", "start", "input", "end")}
        self.weights, self.at_spikes, self.spikes = [], [], []

    def of(self, i):
        return self.v[i], self.g[i], self.total[i], self.x[i], self.refractory[i]

    def put(self, i, values):
        self.v[i], self.g[i], self.total[i], self.x[i], self.refractory[i] = values

    def sample(self, when):
        self.samples[when].append(np.array([self.v, self.g, self.total, self.x]))

    def arriving(self, source, k, pre, steps):
        """The synapses at which events arrive in step k: in the order in which the engine takes them."""
        found = []
        for d in sorted(set(steps.tolist())):
            for i in self.emitted[source].get(k - d, ()):
                found += [p for p in range(len(pre)) if pre[p] == i and steps[p] == d]
        return found

    def run(self, n):
        for k in range(1, n + 1):
            self.step(k)

    def step(self, k):
        t = DT * (k - 1)
        self.sample("beginning")
        if (k - 1) % 3 == 0:
            for i in range(2, 7):
                self.put(i, regularly(*self.of(i), t, float(i), self.P[i], 1.0))
        self.sample("start")
        self.weights.append([self.synapses[s][v][[0, 7, 20]] for s in self.synapses for v in ("w", "trace")])
        pre, post, *_ = self.delays["learning"]
        self.total[:] = 0.0
        for p in range(60):
            self.total[post[p]] += summed(self.synapses["learning"]["w"][p], self.v[pre[p]], self.v[post[p]])
        for of in self.synapses.values():
            for p in range(len(of["w"])):
                (of["w"][p],) = each_step(of["w"][p])
        fired = []
        for i in range(N):
            *state, mask = step(*self.of(i), t, float(i), self.P[i], 1.0)
            self.put(i, state)
            fired += [i] if mask else []
        self.emitted["cells"][k] = fired
        self.sample("input")
        self.at_spikes += [(i, self.v[i]) for i in fired]
        self.spikes += [(k, i) for i in fired]
        lost = np.zeros(N)
        for name, source in (("to v", "sources"), ("to g", "cells"), ("between", "cells")):
            pre, post, steps, weight = self.delays[name]
            for p in self.arriving(source, k, pre, steps):
                (self.g if name == "to g" else lost)[post[p]] += weight[p]
        self.learn("learning", "cells", k, t)
        self.learn("from sources", "sources", k, t)
        self.v += np.where(self.refractory <= 0.0, lost, 0.0)
        for i in fired:
            self.put(i, at_event(*self.of(i), t, float(i), self.P[i], 1.0))
        self.sample("end")

    def learn(self, name, source, k, t):
        pre, post, steps, later = self.delays[name]
        s = self.synapses[name]
        for p in self.arriving(source, k, pre, steps):
            j = post[p]
            given = s["w"][p], s["trace"][p], s["last"][p]
            if name == "learning":
                s["w"][p], s["trace"][p], s["last"][p], self.g[j] = on_pre(
                    *given, self.v[pre[p]], self.g[j], t, float(j), 0.05
                )
            else:
                s["trace"][p], s["last"][p], self.v[j] = on_source(*given, self.v[j], self.refractory[j], t)
        for p in self.arriving("cells", k, post, later):
            s["w"][p], s["trace"][p], s["last"][p] = on_post(s["w"][p], s["trace"][p], s["last"][p], self.v[post[p]], t)


def compare(run, cells, made, naive):
    found = run.spikes(cells)
    expected = np.array(naive.spikes)
    assert len(expected) > 100
    EXACT.check(np.round(found.times / DT), expected[:, 0])
    EXACT.check(found.ids, expected[:, 1])
    for when, samples in naive.samples.items():
        traces = [run.trace(cells, v, recording=when) for v in ("v", "g", "total", "x")]
        ROUNDED.check(np.array([trace.values for trace in traces]), np.array(samples).transpose(1, 0, 2), when)
        EXACT.check(np.round(traces[0].times / DT), np.arange(STEPS) + (when in ("input", "end")))
    at = run.snapshots(cells, "v", at="spike")
    EXACT.check(at.ids, [i for i, _ in naive.at_spikes])
    ROUNDED.check(at.values, [v for _, v in naive.at_spikes])
    weights = np.array(naive.weights)
    for k, (name, v) in enumerate((n, v) for n in ("learning", "from sources") for v in ("w", "trace")):
        ROUNDED.check(run.trace(made[name], v).values, weights[:, k], f"{v} of {name}")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_every_neuron_and_synapse(seed, engine):
    net, cells, made, spikes, delays = network(seed)
    recorded(net, cells, made)
    run = net.run(STEPS * DT, engine=engine)
    naive = Reference(delays, spikes)
    naive.run(STEPS)
    compare(run, cells, made, naive)


def test_a_delay_that_is_a_step_longer_is_seen():
    """The comparison would notice input that comes a step later than Brian2 has it."""
    net, cells, made, spikes, delays = network(1)
    recorded(net, cells, made)
    run = net.run(STEPS * DT)
    pre, post, steps, weight = delays["to g"]
    naive = Reference(delays | {"to g": (pre, post, steps + 1, weight)}, spikes)
    naive.run(STEPS)
    with pytest.raises(AssertionError):
        compare(run, cells, made, naive)


def bits(run, cells, made):
    traces = [run.trace(cells, v, recording="end").values for v in ("v", "g", "total", "x")]
    return [*traces, *(run.trace(made[n], v).values for n in ("learning", "from sources") for v in ("w", "trace"))]


def test_a_run_in_pieces_and_one_that_goes_on_from_a_checkpoint_are_the_run_in_one(tmp_path):
    net, cells, made, *_ = network(1)
    whole = recorded(net, cells, made).run(100.0)
    net, cells, made, *_ = network(1)
    first = recorded(net, cells, made).run(43.5, checkpoint=tmp_path / "state.ckpt")
    second = net.run(56.5)
    restored = sl.Network.restore(tmp_path / "state.ckpt")
    third = restored.run(56.5)
    for k, all_of_it in enumerate(bits(whole, cells, made)):
        for rest in (second, third):
            names = cells.name, {name: each.name for name, each in made.items()}
            EXACT.check(np.concatenate([bits(first, cells, made)[k], bits(rest, *names)[k]]), all_of_it)


def test_without_delays_of_0_and_statements_it_runs_on_threads_with_the_same_bits():
    def spikes(threads):
        net = sl.Network(dt=DT, seed=3, threads=threads)
        cells = net.population(300, late_input.LATE(), initial={"v": sl.Uniform(0, 1)})
        net.connect(cells, cells, "v", rule=sl.FixedProbability(0.1), weight=0.05, delay=sl.Uniform(0.5, 3.0))
        net.connect(cells, cells, "g", rule=sl.FixedProbability(0.1), weight=-0.02, delay=1.0)
        net.record(cells, ["v"], every=5.0)
        return net.run(100.0).trace(cells, "v").values

    one, two = spikes(1), spikes(2)
    assert np.ptp(one) > 0.5
    EXACT.check(two, one)


def test_variables_and_constants_of_synapses_are_set_and_read():
    net, _cells, made, *_ = network(1)
    net.set(made["learning"], w=0.25, eta=0.0)
    assert net.get(made["learning"], "eta") == 0.0
    net.run(20.0)
    EXACT.check(net.get(made["learning"], "w").shape, (60,))
    net.set(made["learning"], w=np.arange(60.0), eta=0.1)
    EXACT.check(net.get(made["learning"], "w"), np.arange(60.0))
    assert net.get(made["learning"], "eta") == 0.1
    with pytest.raises(ParameterError, match="w of projection 'learning'"):
        net.set(made["learning"], w=np.arange(3.0))


def drawing(v, g, total, x, refractory, drawn_0, drawn_1, drawn_2, t, i, P, threshold):
    return drawn_0, drawn_1, total, drawn_2, refractory


def still(v, g, total, x, refractory, t, i, P, threshold):
    return v, g, total, x, refractory, np.uint8(0)


@pytest.mark.parametrize("threads", [1, 2])
def test_random_numbers_at_the_start_of_steps(threads):
    """Of each neuron, and one for all, each with a number of its own in the stream of the population."""
    kinds = ("uniform", "normal for all", "uniform for all")
    regular = (Regularly(regularly, 1, 0, 0), Regularly(drawing, 2, 0, 300, kinds))
    model = replace(late_input.LATE, step=still, at_event=None, regular=regular)
    net = sl.Network(dt=DT, seed=5, threads=threads)
    cells = net.population(300, model())
    net.record(cells, ["v", "g", "x"], every=DT)
    run = net.run(20 * DT)
    v, g, x = (run.trace(cells, name).values for name in ("v", "g", "x"))
    first = 2 << 42
    for n in range(1, 21, 2):
        with np.errstate(over="ignore"):
            start, increment = map(np.uint64, stream(5, later_key(cells.uid), n))
            each = [uniform(start, increment, first + 3 * i) for i in range(300)]
            of_all = normal(start, increment, first - 2), uniform(start, increment, first - 1)
        for k in (n - 1, n):
            EXACT.check(v[k], each)
            EXACT.check(g[k], np.full(300, of_all[0]))
            EXACT.check(x[k], np.full(300, of_all[1]))


def test_parameters_of_such_neurons_are_set_between_runs():
    net, cells, *_ = network(1)
    net.run(20.0)
    net.set(cells, tau=5.0, threshold=100.0)
    net.record(cells)
    assert len(net.run(20.0).spikes(cells).times) == 0


def test_what_is_off_does_nothing():
    net, cells, made, *_ = network(1)
    net.run(10.0)
    net.switch_off(made["learning"], made["from sources"])
    before = net.get(made["learning"], "w")
    net.run(10.0)
    EXACT.check(net.get(made["learning"], "w"), before)
    net.switch_on(made["learning"])
    net.run(10.0)
    assert np.any(net.get(made["learning"], "w") != before)


def test_what_else_cannot_be():
    net, cells, made, *_ = network(1)
    with pytest.raises(DescriptionError, match="takes up input after neurons have fired, as in Brian2"):
        net.connect(cells, cells, "g", plasticity=sl.STDP())
    with pytest.raises(DescriptionError, match="expected a target whose model has late_input, or a source"):
        lif = net.population(2, sl.LIF())
        net.connect(lif, lif, rule=sl.Pairs([0], [1]), synapse=made["from sources"].synapse)
    with pytest.raises(DescriptionError, match="synapses of statements need no port"):
        net.connect(cells, cells, "g", rule=sl.Pairs([0], [1]), synapse=made["learning"].synapse)
    with pytest.raises(DescriptionError, match="Brian2's order of steps cannot run on"):
        network(1)[0].run(10.0, engine="brian2")
    with pytest.raises(DescriptionError, match="the network runs on one thread, threads=1"):
        network(1, threads=2)[0].run(10.0)
    with pytest.raises(DescriptionError, match="when of recording 'lif': got 'input'"):
        net.record(lif, "V_m", when="input")
    with pytest.raises(DescriptionError, match="lost_while of neuron model 'late' names 'v': 'V'"):
        replace(late_input.LATE, lost_while={"v": "V"})
