"""Cells whose spikes, events and bursts are given, and synapses onto them that learn by Burstprop."""

from typing import NamedTuple

import numpy as np

import spikelearn as sl

DT, STEPS, N_PRE, N_POST = 0.5, 3000, 6, 4


class GivenParameters(NamedTuple):
    pass


def _step(arrived, in_spike, in_event, in_burst, in_ignored):
    spike, event, burst = in_spike > 0.0, in_event > 0.0, in_burst > 0.0
    return arrived + in_ignored, np.uint8(spike) + np.uint8(4) * np.uint8(event) + np.uint8(8) * np.uint8(burst)


Given = sl.NeuronModel(
    "Given", GivenParameters, lambda p, dt: {}, _step, state={"arrived": "1"},
    ports={"spike": "1", "event": "1", "burst": "1", "ignored": "1"}, kinds=("spike", "event", "burst"),
    initial=lambda p: {},
)  # fmt: skip
"""A cell that emits what arrives at the ports of those names."""


def scene(seed, rate=25.0):
    """(pre, spikes, events, bursts, synapses); some targets burst much, some never, some hardly spike."""
    generator = np.random.default_rng(seed)
    pre = {
        (int(s), int(i)) for s in range(2, STEPS - 10) for i in range(N_PRE) if generator.random() < rate * DT * 1e-3
    }
    events, bursts, others = set(), set(), set()
    for j, (events_of, chance) in enumerate([(40.0, 0.5), (20.0, 0.0), (60.0, 0.2), (3.0, 1.0)]):
        for s in np.flatnonzero(generator.random(STEPS - 60) < events_of * DT * 1e-3) + 3:
            events.add((int(s), j))
            if generator.random() < chance:
                bursts.add((int(s) + int(generator.integers(10, 30)), j))
    for s, j in zip(generator.integers(3, STEPS - 10, 20), generator.integers(0, N_POST, 20), strict=True):
        others.add((int(s), int(j)))
    pairs = [(i, j) for i in range(N_PRE) for j in range(N_POST)]
    synapses = [(i, j, float(generator.uniform(0.35, 0.65)), 1 + (i + j) % 3) for i, j in pairs]
    return pre, events | bursts | others, events, bursts, synapses


def engine(found, threads=1, **parameters):
    pre, spikes, events, bursts, synapses = found
    net = sl.Network(dt=DT, threads=threads)
    target = net.population(N_POST, Given(), name="post")
    for port, fired in (("spike", spikes), ("event", events), ("burst", bursts)):
        ordered = sorted(fired)
        force = net.population(N_POST, sl.SpikeList([(s - 1) * DT for s, _ in ordered], [j for _, j in ordered]))
        net.connect(force, target, port, sl.OneToOne(), weight=1.0, delay=DT)
    ordered = sorted(pre)
    source = net.population(N_PRE, sl.SpikeList([s * DT for s, _ in ordered], [i for _, i in ordered]))
    ids_pre, ids_post, weights, axonal = (np.array(values) for values in zip(*synapses, strict=True))
    projection = net.connect(
        source, target, "ignored", sl.Pairs(ids_pre, ids_post), weight=weights, axonal_delay=axonal * DT,
        plasticity=sl.Burstprop(**parameters),
    )  # fmt: skip
    net.record(target, ["spikes", "events", "bursts"])
    run = net.run(STEPS * DT)
    for kind, fired in (("spike", spikes), ("event", events), ("burst", bursts)):
        assert len(run.spikes(target, kind).times) == len(fired)
    return run.weights(projection)
