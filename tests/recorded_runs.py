"""A run with everything that can be recorded, and whether two runs have the same recordings."""

import numpy as np
from tolerances import EXACT

import spikelearn as sl
from spikelearn.results.run import Run


def run_with_everything() -> Run:
    """Spikes of views, bursts, samples at several intervals, values at events, rates, weights, a modulator, trials."""
    net = sl.Network(dt=0.1, seed=4)
    inputs = net.population(20, sl.Poisson(rate=50.0), name="inputs")
    cells = net.population(10, sl.LIF(tau_m=np.linspace(8.0, 12.0, 10)), name="cells")
    pyramidal = net.population(5, sl.Pyramidal(), name="pyramidal")
    dopamine = net.modulator("dopamine", tau=50.0)
    net.release(dopamine, [20.0, 60.0])
    ff = net.connect(inputs, cells, "exc", weight=sl.Uniform(150.0, 350.0), delay=1.5, name="ff")
    net.connect(inputs, pyramidal, "soma", weight=500.0, name="to soma")
    net.connect(inputs, pyramidal, "apical", weight=500.0, name="to apical")
    net.record(inputs[[3, 5, 6, 9]])
    net.record(cells)
    net.record(pyramidal, ["spikes", "bursts"])
    net.record(cells[:3], ["V_m", "I_syn_exc"], every=0.5)
    net.record(cells[1:3], "V_m", every=0.3, name="fine")
    net.record(cells, "V_m", at="spike")
    net.record(cells, "rate", every=10.0)
    net.record(ff, "weight", every=50.0)
    net.record(dopamine, every=1.0)
    return net.run(trials=sl.Trials([sl.Phase(60.0, name="cue"), sl.Phase(40.0)], n=2, labels=["a", "b"]))


def check_same_recordings(one: Run, other: Run) -> None:
    """All spikes and samples equal to the bit, of the same neurons of populations of the same sizes."""
    assert one.spike_data.keys() == other.spike_data.keys() and one.trace_data.keys() == other.trace_data.keys()
    for key, found in other.spike_data.items():
        for mine, theirs in zip(one.spike_data[key], found, strict=True):
            assert mine.dtype == theirs.dtype
            EXACT.check(mine, theirs, str(key))
    for key, trace in other.trace_data.items():
        for mine, theirs in zip(one.trace_data[key][:3], trace[:3], strict=True):
            EXACT.check(mine, theirs, str(key))
        assert one.trace_data[key].unit == trace.unit
    for name in {name for name, _ in other.spike_data}:
        mine, theirs = one.populations[name], other.populations[name]
        assert (mine.size, mine.model) == (theirs.size, theirs.model)
        for label, ids in theirs.recorded.items():
            EXACT.check(mine.recorded[label], ids, label)
