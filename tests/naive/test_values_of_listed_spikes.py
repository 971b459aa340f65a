"""Lists of spikes that carry values: weight times value arrives; a spike at 0 ms too."""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError

DT = 0.1
TIMES, IDS = np.array([0.0, 5.0, 2.0, 2.0, 7.5, 5.0]), np.array([1, 0, 2, 0, 1, 2])
FIRST, SECOND = np.array([0.5, -1.5, 2.0, 3.0, 0.0, 7.0]), np.arange(6.0)


def delivered(source, payloads, threads=1, engine="compiled", weight=None, n=3):
    net = sl.Network(dt=DT, seed=1, threads=threads)
    other = net.population(2, sl.SpikeList([1.0, 3.0], [0, 1]), name="plain")
    listed = net.population(n, source, name="listed")
    target = net.population(4, sl.Parrot(), name="target")
    net.connect(other, target, "ignored", weight=0.0)
    weight = np.arange(12.0).reshape(3, 4) if weight is None else weight
    for payload in payloads:
        net.connect(listed, target, "ignored", weight=weight, delay=1.0, payload=payload)
    net.record(listed)
    net.record(target, "ignored")
    run = net.run(10.0, engine=engine)
    return run.trace("target", "ignored").values, run


def expected(values):
    found, weight = np.zeros((100, 4)), np.arange(12.0).reshape(3, 4)
    for time, i, value in zip(TIMES, IDS, values, strict=True):
        found[round((time + 1.0) / DT) - 1] += weight[i] * value
    return found


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_weight_times_value_arrives(threads, engine):
    found, run = delivered(sl.SpikeList(TIMES, IDS, FIRST), ["value"], threads, engine)
    ULP(8, 50.0).check(found, expected(FIRST))
    assert run.spikes("listed").times[0] == 0.0 and np.any(found[9])


def test_several_values_by_name():
    source = sl.SpikeList(TIMES, IDS, {"reward": FIRST, "error": SECOND})
    found, _ = delivered(source, ["reward", "error"])
    ULP(8, 100.0).check(found, expected(FIRST + SECOND))


def test_without_payload_they_are_plain_spikes():
    found, _ = delivered(sl.SpikeList(TIMES, IDS, FIRST), [None])
    EXACT.check(found, expected(np.ones(6)))


def test_checkpoints_continue(tmp_path):
    net = sl.Network(dt=DT)
    listed, target = net.population(3, sl.SpikeList(TIMES, IDS, FIRST)), net.population(4, sl.Parrot(), name="target")
    net.connect(listed, target, "ignored", weight=np.arange(12.0).reshape(3, 4), delay=1.0, payload="value")
    net.record(target, "ignored")
    net.run(5.5).checkpoint(tmp_path / "state")
    found = sl.Network.restore(tmp_path / "state").run(4.5).trace("target", "ignored").values
    ULP(8, 50.0).check(found, expected(FIRST)[55:])


def test_a_spike_at_the_start_is_recorded_and_arrives():
    net = sl.Network(dt=DT)
    source, cells = net.population(1, sl.SpikeList([0.0, 3.0]), name="s"), net.population(1, sl.LIF(), name="c")
    net.connect(source, cells, weight=200.0, delay=1.0)
    net.record(source)
    net.record(cells, "V_m")
    run = net.run(10.0)
    EXACT.check(run.spikes("s").times, [0.0, 3.0])
    V_m = run.trace("c", "V_m").values[:, 0]
    EXACT.check(V_m[:10], V_m[0])
    assert V_m[12] > V_m[0]


def test_what_is_wrong_is_named():
    with pytest.raises(DescriptionError, match=r"values of SpikeList, 'value': expected one for each time, \(6,\)"):
        sl.SpikeList(TIMES, IDS, [1.0, 2.0])
    with pytest.raises(ParameterError, match="finite"):
        sl.SpikeList([1.0], values=[np.nan])
    with pytest.raises(DescriptionError, match="names of letters"):
        sl.SpikeList([1.0], values={"a b": [1.0]})
    with pytest.raises(DescriptionError, match="carry no 'valeu'.*did you mean 'value'"):
        delivered(sl.SpikeList(TIMES, IDS, FIRST), ["valeu"])
    with pytest.raises(DescriptionError, match="has no state 'value'"):
        delivered(sl.SpikeList(TIMES, IDS), ["value"])
