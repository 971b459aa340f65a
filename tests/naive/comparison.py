"""One projection run by the engine and by a reference: given spikes, many of them coincident, and all that is sent."""

import math

import numpy as np
from given_spikes import steps_of
from naive.parrots import parrot_for
from naive.step_by_step import Modulated
from tolerances import ULP

import spikelearn as sl

DT, STEPS, N_PRE, N_POST = 0.5, 400, 5, 4
TOLERANCE = ULP(1_000_000, 100.0)
"""Every one of 400 steps multiplies traces and adds to weights, where the engine takes one exponential and one
difference of integrals that grow to exp(5): a thousand operations, each on numbers a thousand times the weight."""


def coincident_spikes(generator, delays, dendritic):
    """Random trains; many a post spike acts in the very step in which a pre event does, or next to it."""
    pre = {
        (int(s), int(i))
        for s, i in zip(generator.integers(1, STEPS, 120), generator.integers(0, N_PRE, 120), strict=True)
    }
    post = set()
    for step, _ in pre:
        at = step + int(generator.choice(delays)) - 2 * dendritic + int(generator.choice([-1, 0, 0, 0, 1]))
        post.add((at, int(generator.integers(0, N_POST))))
    post |= {
        (int(s), int(j))
        for s, j in zip(generator.integers(2, STEPS, 40), generator.integers(0, N_POST, 40), strict=True)
    }
    return pre, {(s, j) for s, j in post if s >= 2}


def as_list(spikes):
    ordered = sorted(spikes)
    return sl.SpikeList([s * DT for s, _ in ordered], [i for _, i in ordered])


def setting(reference, weights, at=STEPS // 2):
    """What `run` of a reference takes as `plastic`, which also sets weights at the end of a step."""

    def plastic(step):
        if step == at + 1:
            for synapse, weight in zip(reference.synapses, weights, strict=True):
                synapse.weight = weight
        return True

    return plastic


def set_level(step, levels, level):
    if not np.isnan(levels[step]):
        level[0] = levels[step]


def compare(
    rule, reference_class, reference_parameters, dendritic, seed, trials=None, plastic=lambda step: True, tau_n=30.0,
    synapse=None, halfway=None, levels=None,
):  # fmt: skip
    """14 synapses, with multapses and three axonal delays: all that they send, their weights and eligibilities.

    synapse: short-term plasticity; the reference gets it among its parameters. halfway: weights that are set then.
    levels: (STEPS + 1,) the modulator's, which a callback sets at the end of each step unless they are NaN.
    """
    generator = np.random.default_rng(seed)
    pre_ids, post_ids = generator.integers(0, N_PRE, 14), generator.integers(0, N_POST, 14)
    axonal = generator.choice([1, 2, 7], 14)
    weights = generator.uniform(0, 100, 14)
    pre, post = coincident_spikes(generator, axonal + dendritic, dendritic)
    released = {
        int(s): float(a) for s, a in zip(generator.integers(1, STEPS, 25), generator.normal(0.1, 0.1, 25), strict=True)
    }
    net = sl.Network(dt=DT)
    modulator = net.modulator("dopamine", tau=tau_n)
    net.release(modulator, np.array(list(released)) * DT, np.array(list(released.values())))
    source = net.population(N_PRE, as_list(pre))
    learning = rule(modulator)
    target = net.population(N_POST, parrot_for(learning.rule))
    force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    projection = net.connect(
        source, target, "ignored", sl.Pairs(pre_ids, post_ids), weight=weights, axonal_delay=axonal * DT,
        dendritic_delay=dendritic * DT, plasticity=learning, learns_from="spike", synapse=synapse,
    )  # fmt: skip
    net.record(target, ["spikes", "ignored"])
    if levels is not None:
        net.on_step(set_level, levels, modulator.level)
    if halfway is not None:
        first = net.run(STEPS // 2 * DT)
        net.set_weights(projection, halfway)
        run = first.joined(net.run(STEPS // 2 * DT))
    else:
        run = net.run(STEPS * DT) if trials is None else net.run(trials=trials(projection))
    times, ids = run.spikes(target)
    assert set(zip(steps_of(times, DT).tolist(), ids.tolist(), strict=True)) == {(s, j) for s, j in post if s <= STEPS}
    more = {"released": released, "tau_n": tau_n} if issubclass(reference_class, Modulated) else {}
    if levels is not None:
        more["levels"] = {step: level for step, level in enumerate(levels) if not math.isnan(level)}
    synapses = zip(pre_ids.tolist(), post_ids.tolist(), weights.tolist(), (axonal + dendritic).tolist(), strict=True)
    reference = reference_class(synapses, dendritic, DT, **reference_parameters, **more)
    reference.run(pre, post, STEPS, plastic if halfway is None else setting(reference, halfway))
    assert np.ptp(np.concatenate([list(s.sent.values()) for s in reference.synapses if s.sent])) > 1.0
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(N_POST, STEPS), "weights sent")
    return run.weights(projection), reference, net, projection
