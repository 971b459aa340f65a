"""One synapse, or a few, whose pre and post spikes are given: parrots repeat them, and show the weight that arrives."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import spikelearn as sl


class Forced(NamedTuple):
    sent: np.ndarray  # the weight that each pre spike sends, in order
    final: float  # read at the end
    c: float  # eligibility at the end, if there is one
    n: float  # concentration of the modulator at the end
    run: sl.Run
    network: sl.Network


def steps_of(times: Any, dt: float) -> np.ndarray:
    return np.round(np.asarray(times, float) / dt).astype(int)


def one_synapse(
    pre: Sequence[float],
    post: Sequence[float],
    plasticity: Callable[[Any], Any],
    *,
    weight: float,
    axonal: float | None = None,
    dendritic: float | None = None,
    released: Sequence[float] = (),
    released_by: tuple[Sequence[float], float] | None = None,
    tau_n: float = 200.0,
    T: float | None = None,
    dt: float = 0.1,
    engine: str = "compiled",
    record_weight: bool = False,
) -> Forced:
    """One plastic synapse. plasticity: given the modulator, the rule. released: when 1/tau_n of it is added.

    released_by: spikes, and their delay, of a neuron that releases as much through a projection.
    T: the end; by default one step after the last pre spike has arrived. Post spikes from two steps on.
    record_weight: in each step, as the trace ("synapse", "weight").
    """
    net = sl.Network(dt=dt)
    modulator = net.modulator("dopamine", tau=tau_n)
    source = net.population(1, sl.SpikeList(np.asarray(pre, float)), name="pre")
    target = net.population(1, sl.Parrot(), name="post")
    force = net.population(1, sl.SpikeList(np.asarray(post, float) - dt), name="force")
    net.connect(force, target, "exc", weight=1.0, delay=dt)
    rule = plasticity(modulator)
    synapse = net.connect(
        source, target, "ignored", weight=weight, axonal_delay=axonal, dendritic_delay=dendritic, plasticity=rule,
        name="synapse",
    )  # fmt: skip
    if len(released):
        net.release(modulator, np.asarray(released, float), 1.0 / tau_n)
    if released_by is not None and len(released_by[0]):
        releasing = net.population(1, sl.SpikeList(np.asarray(released_by[0], float)), name="releasing")
        net.connect(releasing, modulator, weight=1.0 / tau_n, delay=released_by[1], name="releases")
    net.record(target, ["spikes", "ignored"])
    net.record(modulator, "n", every=dt)
    if record_weight:
        net.record(synapse, "weight", every=dt)
    modulated = rule.rule.modulated
    if modulated:
        net.record(synapse, "c", every=dt)
    delay = dt if axonal is None and not dendritic else (axonal or 0.0) + (dendritic or 0.0)
    arrivals = steps_of(np.sort(np.asarray(pre, float)) + delay, dt)
    end = (arrivals[-1] + 1) * dt if T is None else T
    run = net.run(end, engine=engine)
    emitted = steps_of(run.spikes(target).times, dt)
    expected = np.unique(steps_of(post, dt))
    np.testing.assert_array_equal(emitted, expected[expected * dt <= end + dt / 2], "post spikes that were forced")
    sent = run.trace(target, "ignored").values[:, 0]
    return Forced(
        sent[arrivals[arrivals <= len(sent)] - 1],
        float(run.weights(synapse)[0]),
        float(run.trace(synapse, "c").values[-1, 0]) if modulated else 0.0,
        float(run.trace(modulator, "n").values[-1, 0]),
        run,
        net,
    )


def coincident_trains(
    n: int, delay_steps: int, last: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Steps of n pre and about n post spikes; every third post spike acts just when a pre spike does, or next to it."""
    pre = np.sort(generator.choice(np.arange(2 + max(0, delay_steps), last), n, replace=False))
    near = pre[generator.random(n) < 0.5] - delay_steps
    shifts = generator.choice([-1, 0, 0, 0, 1], len(near))
    post = np.concatenate([near + shifts, generator.integers(2, last, n // 2)])
    return pre, np.unique(post[post >= 2])
