"""A call that fails leaves nothing behind: the next call gives what it would have given as the first."""

import sys

import numpy as np
import pytest
import sweep_model_file
from unit.test_checkpoint import same

import spikelearn as sl
from spikelearn import sweep
from spikelearn.errors import DescriptionError, ExperimentError, ParameterError, SpikelearnError


class Refused(Exception):
    pass


def network():
    net = sl.Network(seed=3)
    source = net.population(20, sl.Poisson(100.0), name="source")
    cells = net.population(5, sl.LIF(), name="cells", initial={"V_m": sl.Uniform(-70, -56)})
    return net, source, cells


def refused(call, *arguments, **named):
    with pytest.raises(SpikelearnError):
        call(*arguments, **named)


def everything(net, failing):
    """A network with one of each part; before each, a call that fails, if `failing`."""
    source, cells = net.populations["source"], net.populations["cells"]
    dopamine = net.modulator("dopamine")
    wrong = [
        lambda: net.population(4, sl.LIF(), initial={"V": 1.0}),
        lambda: net.population(4, sl.LIF(), positions=[[0.0, np.nan]] * 4),
        lambda: net.modulator("other", tau=-1.0),
        lambda: net.connect(source, cells, "exc", delay=-1.0),
        lambda: net.connect(source, cells, "exc", weight=np.zeros((3, 3))),
        lambda: net.connect(source, cells, "exc", sl.FixedInDegree(21, multapses=False)),
        lambda: net.connect(source, cells, "exc", plasticity=sl.STDP(), learns_from="burst"),
        lambda: net.drive(cells, sl.NoiseCurrent(std=1.0, tau=5.0), "nowhere"),
        lambda: net.record(cells, ["spikes", "V_n"]),
        lambda: net.record(cells, ["V_m", "spikes", "V_m"]),
        lambda: net.release(dopamine, times=[5.0, -1.0]),
        lambda: net.on_step(np.sin, "text"),
    ]
    for call in wrong if failing else ():
        refused(call)
    p = sl.FixedProbability(0.5)
    learning = net.connect(source, cells, "exc", p, weight=sl.Uniform(0, 100), plasticity=sl.STDP(), name="learning")
    for call in wrong if failing else ():
        refused(call)
    net.drive(cells, sl.NoiseCurrent(std=200.0, tau=5.0))
    net.release(dopamine, times=[5.0])
    net.record(cells, ["spikes", "V_m"])
    refused(net.homeostasis, learning, sl.Normalisation(total=np.nan, every=1.0)) if failing else None
    run = net.run(40.0)
    return {"ids": run.spikes(cells).ids, "V_m": run.trace(cells, "V_m").values, "weights": run.weights(learning)}


def test_calls_that_failed_leave_no_trace_in_the_network():
    same(everything(network()[0], failing=True), everything(network()[0], failing=False))


def test_a_name_is_free_after_a_call_that_failed():
    net, source, cells = network()
    refused(net.connect, source, cells, "exc", delay=-1.0, name="forward")
    assert net.connect(source, cells, "exc", name="forward").name == "forward"
    assert list(net.projections) == ["forward"]


class Sink:
    """A sink that refuses its first chunk of events."""

    def __init__(self):
        self.end = self.begin = self.trace = self.flush = lambda *arguments: None
        self.spike_data = self.trace_data = dict

    def spikes(self, name, kind, times, ids):
        raise Refused


@pytest.mark.parametrize("engine", ["compiled", "stepper", "events"])
def test_what_a_sink_refused_is_not_delivered_to_the_next_run(engine):
    net = sl.Network(seed=1)
    cells = net.population(3, sl.LIF(I_e=800.0), name="cells")
    net.record(cells)
    net.record(cells, "V_m", every=1.0)
    with pytest.raises(Refused):
        net.run(100.0, engine=engine, sink=Sink())
    stopped = net.time
    run = net.run(100.0)
    assert run.t_start == stopped
    assert run.spikes(cells).times.min() > stopped
    assert run.trace(cells, "V_m").times.min() > stopped


def test_a_run_is_continued_only_by_one_of_the_same_network():
    net, _, cells = network()
    net.record(cells)
    first = net.run(10.0)
    for change in ({"size": 6}, {"model": sl.LIF(tau_m=11.0)}, {"model": sl.LIFDelta()}):
        other = sl.Network(seed=3)
        other.population(20, sl.Poisson(100.0), name="source")
        here = other.population(change.get("size", 5), change.get("model", sl.LIF()), name="cells")
        other.record(here)
        other.run(10.0)
        before = other.time
        with pytest.raises(DescriptionError, match="runs of two networks: population 'cells' has"):
            other.run(10.0, after=first)
        assert other.time == before
    with pytest.raises(DescriptionError, match="after of run: expected the Run"):
        net.run(10.0, after="x")
    with pytest.raises(ParameterError):
        net.run(-1.0)
    assert net.time == 10.0
    assert net.run(10.0, after=first).t_start == 0.0


@pytest.mark.parametrize("missing", ["pebble", "pyarrow"])
def test_a_sweep_without_its_packages_leaves_no_store(missing, tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(sweep_model_file.TEXT)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ExperimentError, match=rf"sweeps need {missing}, .* pip install 'spikelearn\[sweep\]'"):
        sweep.run(tmp_path / "model.py", tmp_path / "store", grid={"x": [1.0]}, silent=True)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2"], ids=repr)
def test_a_sweep_without_workers_leaves_no_store(workers, tmp_path):
    (tmp_path / "model.py").write_text(sweep_model_file.TEXT)
    with pytest.raises(ParameterError, match="workers: expected a whole number of at least 1, got"):
        sweep.run(tmp_path / "model.py", tmp_path / "store", grid={"x": [1.0]}, workers=workers, silent=True)
    assert not (tmp_path / "store").exists()
