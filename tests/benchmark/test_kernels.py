"""Speed of the loops that the time of a network goes into, one by one.

    python -m pytest tests/benchmark -n 0 --benchmark-enable

A plain run of the tests calls each once, to keep it working, and measures nothing. Times are of one call: a step.
"""

import itertools

import numpy as np
import pytest

import spikelearn as sl

N = 10_000


def steps_of(net, label, before=lambda plan: None):
    """A function that makes the call of that name for one more step."""
    plan = net.build("compiled").program.plans[0]
    before(plan)
    call = next(call for call in plan.calls() if call.label.startswith(label))
    steps = itertools.count(1)
    return lambda: call(next(steps))


@pytest.mark.parametrize("model", [sl.LIF, sl.LIFDelta, sl.AdEx, sl.Izhikevich], ids=lambda model: model.name)
def test_neurons(benchmark, model):
    """10,000 neurons."""
    net = sl.Network(dt=0.1, threads=1)
    net.population(N, model(), name="cells")
    benchmark(steps_of(net, "advance cells"))


def firing(n):
    """Makes n of the sources fire in every step."""

    def fill(plan):
        for block in plan.blocks.values():
            if block.populations[0].name == "sources":
                ring = block.rings["spike"]
                ring.rows[:, :n] = np.random.default_rng(1).integers(0, block.n, n)
                ring.counts[:] = n

    return fill


@pytest.mark.parametrize("length", [10, 1000])
@pytest.mark.parametrize("kind", ["one weight", "own weights", "STDP", "dopamine STDP"])
def test_delivery(benchmark, kind, length):
    """20,000 synaptic events, from sources with 10 or 1,000 targets each."""
    net = sl.Network(dt=0.1, seed=1, threads=1)
    sources = net.population(2_000 if length < 100 else 200, sl.Poisson(1.0), name="sources")
    cells = net.population(N, sl.LIFDelta(), name="cells")
    weight = 0.1 if kind == "one weight" else sl.Uniform(0.1, 0.2)
    rule = sl.STDP() if kind == "STDP" else None
    if kind == "dopamine STDP":
        rule = sl.DopamineSTDP(net.modulator("dopamine", tau=200.0))
    wired = sl.FixedOutDegree(length)
    net.connect(sources, cells, rule=wired, weight=weight, delay=1.5, plasticity=rule, name="synapses")
    benchmark(steps_of(net, "deliver synapses", firing(20_000 // length)))


@pytest.mark.parametrize("source", [sl.PoissonInput(20_000.0), sl.NoiseCurrent(std=10.0)], ids=["Poisson", "normal"])
def test_noise(benchmark, source):
    """10,000 neurons."""
    net = sl.Network(dt=0.1, seed=1, threads=1)
    cells = net.population(N, sl.LIFDelta(), name="cells")
    drive = {"weight": 0.1} if isinstance(source, sl.PoissonInput) else {}
    net.drive(cells, source, port="exc", **drive)
    benchmark(steps_of(net, "drive cells"))


def test_recording_of_a_variable(benchmark):
    """10,000 neurons; the buffer is emptied at each step."""
    net = sl.Network(dt=0.1, threads=1)
    cells = net.population(N, sl.LIF(), name="cells")
    net.record(cells, "V_m")
    record = steps_of(net, "record V_m")
    [recorder] = net.build().program.plans[0].recorders

    def step():
        recorder.used[0] = 0
        record()

    benchmark(step)


def test_building_a_table(benchmark):
    """A million synapses of a fixed in-degree."""

    def build():
        net = sl.Network(dt=0.1, seed=1, threads=1)
        cells = net.population(N, sl.LIF(), name="cells")
        net.connect(cells, cells, rule=sl.FixedInDegree(100), weight=1.0, delay=1.5)
        return net.build()

    benchmark.pedantic(build, rounds=3, warmup_rounds=1)
