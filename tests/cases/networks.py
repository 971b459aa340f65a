"""Whole networks of Brette et al. (2007) beside NEST and Brian2, which are given the same synapses and the same kicks.

Rates are in Hz, the CV of intervals is a number. Small differences grow in these networks: once there are any, only
statistics agree.
"""

from __future__ import annotations

import sys

import numpy as np
from tolerances import STAT, Tolerance

import spikelearn as sl
from cases.case import Case
from spikelearn.experiments import load_experiment

MODEL = load_experiment("vogels_abbott_2005")


def _measured(form, engine, seeds, duration):
    """Means over seeds: rate of excitatory and of inhibitory neurons, CV of intervals of excitatory ones."""
    build = sys.modules[MODEL.simulate.__module__].build
    found = []
    for seed in seeds:
        net, exc, inh = build(MODEL.parameters(form=form, duration=duration), seed)
        run = net.run(duration, engine=engine, progress=False)
        rates = [sl.analysis.rate(run.spikes(each), each.size, 0.0, duration) for each in (exc, inh)]
        found.append([*rates, sl.analysis.cv_isi(run.spikes(exc))])
    return np.mean(found, axis=0)


def _cases(form, name, duration, seeds, deviations, slow):
    """deviations: of one run's numbers from seed to seed, as measured over eight seeds. slow: engines of slow cases."""
    for engine, oracle in (("nest", "NEST live"), ("brian2", "Brian2 live")):
        kept: dict[str, tuple[np.ndarray, np.ndarray]] = {}

        def compare(k, engine=engine, kept=kept):
            if not kept:
                kept["both"] = tuple(_measured(form, e, seeds, duration) for e in ("compiled", engine))
            measured, expected = kept["both"]
            return measured[k], expected[k]

        for k, what in enumerate(("rate of excitatory neurons", "rate of inhibitory neurons", "CV of intervals")):
            allowed: Tolerance = STAT(len(seeds), deviations[k] * 2**0.5)
            yield Case(
                name,
                f"{what}, 0 to {duration:g} ms, mean of seeds {', '.join(map(str, seeds))}",
                f"{oracle}, the same network",
                allowed,
                f"STAT({len(seeds)}, {deviations[k]:g} sqrt 2)",
                lambda k=k, compare=compare: compare(k),
                slow=engine in slow,
            )


CASES: tuple[Case, ...] = (
    *_cases("cuba", "CUBA network", 1000.0, (1,), (0.072, 0.012, 0.0063), slow=("brian2",)),
    *_cases("cobahh", "COBAHH network", 500.0, (1, 2), (1.8, 1.2, 0.05), slow=("nest", "brian2")),
)
