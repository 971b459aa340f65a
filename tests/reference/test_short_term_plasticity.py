"""What tells the forms of short-term plasticity apart, and how synapses of one projection keep apart.

Each form beside NEST and beside its recurrence: cases.synapses.
"""

import numpy as np
from cases.synapses import TRAIN, amplitudes, random_train
from given_spikes import steps_of
from tolerances import ULP

import spikelearn as sl


def test_the_forms_differ_in_what_the_first_spike_releases():
    forms = (sl.TsodyksMarkram, sl.TsodyksUzielMarkram, sl.Mongillo, sl.ReleaseFirst)
    first = {m: amplitudes(m(U=0.2), np.array([5.0, 9.0]), weight=1.0)[0] for m in forms}
    ULP(10).check(first[sl.TsodyksMarkram], 0.2)
    ULP(10).check(first[sl.TsodyksUzielMarkram], 0.2)
    ULP(10).check(first[sl.ReleaseFirst], 0.2)
    ULP(10).check(first[sl.Mongillo], 0.2 + 0.2 * (1 - 0.2))


def test_each_synapse_of_a_projection_remembers_its_own_source_and_delay():
    """Two sources, three delays: what arrives is what each would deliver alone."""
    model = sl.Mongillo(U=0.3, tau_D=50.0, tau_F=100.0)
    trains = [TRAIN, random_train(4)]
    pairs = sl.Pairs([0, 0, 1, 1, 1], [0, 1, 0, 1, 1])
    weights, delays = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 0.5, 1.0, 1.5])
    net = sl.Network(dt=0.1)
    ids = np.concatenate([np.full(len(train), k) for k, train in enumerate(trains)])
    source = net.population(2, sl.SpikeList(np.concatenate(trains), ids))
    target = net.population(2, sl.Parrot())
    net.connect(source, target, "ignored", pairs, weight=weights, delay=delays, synapse=model)
    net.record(target, "ignored")
    received = net.run(2010.0).trace(target, "ignored").values
    expected = np.zeros_like(received)
    for pre, post, weight, delay in zip(pairs.pre, pairs.post, weights, delays, strict=True):
        alone = amplitudes(model, trains[pre], weight=weight, delay=delay)
        np.add.at(expected[:, post], steps_of(trains[pre] + delay, 0.1) - 1, alone)
    ULP(10).check(received, expected)
