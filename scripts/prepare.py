"""Write spikelearn/prepared.zip: entries of common networks, lowered, which a wheel brings with it.

    python scripts/prepare.py && python -m build --wheel

It compiles them in an empty cache, in about a minute. See spikelearn/codegen/prepared.py.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable

import numpy as np

LEARNERS = ("fa", "bptt", "brainprop", "eprop")
MODELS = ("LIF", "LIFDelta", "LIFAlpha", "LIFConductance", "AdEx", "Izhikevich", "Pyramidal")


def readme() -> None:
    """The first network of README.md."""
    import spikelearn as sl

    net = sl.Network(seed=1)
    dopamine = net.modulator("dopamine", tau=200)
    inputs, cells = net.population(100, sl.Poisson(rate=20)), net.population(50, sl.Pyramidal())
    rule = sl.DopamineSTDP(dopamine, A_plus=0.1, A_minus=0.12)
    some = sl.FixedProbability(0.1, autapses=False)
    forward = net.connect(inputs, cells, port="basal", weight=sl.Uniform(0, 100), delay=1.5, plasticity=rule)
    net.connect(cells, cells, port="apical", on="burst", weight=20, rule=some)
    net.drive(cells, sl.NoiseCurrent(mean=70, std=450, tau=2), port="soma")
    net.release(dopamine, times=[1], amounts=0.05)
    net.record(inputs)
    net.record(cells, ["spikes", "bursts"])
    net.record(cells[:3], ["V_s", "V_d"], every=0.5)
    net.run(2.0).weights(forward)


def balanced(name: str) -> None:
    """Excitatory and inhibitory cells of a model, with external input, and with STDP if it is LIF."""
    import spikelearn as sl

    net = sl.Network(seed=1)
    cells = net.population(20, getattr(sl, name)())
    ports = cells.model.model.ports
    port = next(iter(ports))
    for rule in (sl.FixedInDegree(2), sl.FixedProbability(0.2), sl.AllToAll(), sl.OneToOne()):
        net.connect(cells, cells, port, rule, sl.Normal(1.0, 0.1), delay=1.5)
        net.connect(cells, cells, port, rule, 1.0, delay=1.5)
    if name in ("LIF", "LIFDelta"):
        for learned in (sl.STDP(), sl.TripletSTDP()):
            net.connect(cells, cells, port, weight=1.0, delay=1.5, plasticity=learned)
    net.drive(cells, sl.PoissonInput(n=10, rate=100.0), weight=0.1, port=port)
    net.record(cells)
    net.record(cells, next(iter(cells.model.model.state)))
    run = net.run(2.0)
    for projection in run.synapse_data:
        run.weights(projection)


def learns(rule: str) -> None:
    """A learner that sees a few examples."""
    from spikelearn.learning.rules import learner_for
    from spikelearn.tasks import yin_yang

    X, y = yin_yang(10, 1)
    learner_for(rule, hidden=(30,)).partial_fit(X, y, classes=np.arange(3)).predict(X[:1])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SPIKELEARN_CACHE"] = folder
        from spikelearn.codegen import prepared

        steps: list[Callable[[], None]] = [readme]
        steps += [lambda name=name: balanced(name) for name in MODELS]  # type: ignore[misc]
        steps += [lambda rule=rule: learns(rule) for rule in LEARNERS]  # type: ignore[misc]
        with prepared.noting() as noted:
            for step in steps:
                step()
        prepared.write(noted)
    print(f"{prepared.FILE}: {len(noted)} entries, {prepared.FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
