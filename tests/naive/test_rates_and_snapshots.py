"""Rates in bins, values at events, and the state of synapses with short-term plasticity, against slow references."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.io import RunWriter, load


def network(threads=1, seed=2, dt=0.1):
    net = sl.Network(dt=dt, seed=seed, threads=threads)
    inputs = net.population(30, sl.Poisson(rate=80.0), name="inputs")
    cells = net.population(12, sl.Pyramidal(), name="cells")
    net.connect(inputs, cells, "soma", weight=sl.Uniform(50.0, 400.0), delay=0.5)
    net.connect(inputs, cells, "apical", weight=200.0, delay=0.5)
    return net, inputs, cells


def rate_of(spikes, ids, width, t_stop):
    """Hz in (k width, (k + 1) width], by looking at each spike."""
    found = np.zeros(round(t_stop / width))
    for time, neuron in zip(*spikes, strict=True):
        if neuron in ids:
            found[max(0, int(np.ceil(round(time / width, 9))) - 1)] += 1
    return found / (len(ids) * width * 1e-3)


@pytest.mark.parametrize(("threads", "engine"), [(1, "compiled"), (2, "compiled"), (1, "stepper")])
def test_a_rate_is_the_number_of_spikes_in_each_bin(threads, engine):
    net, inputs, cells = network(threads)
    net.record(inputs)
    net.record(cells)
    net.record(inputs, "rate", every=5.0)
    net.record(cells[3:8], "rate", every=20.0)
    net.record(cells, "event_rate", every=50.0)
    net.record(cells, "events")
    run = net.run(300.0, engine=engine)
    rate = run.trace(inputs, "rate")
    assert rate.unit == "Hz" and rate.values.shape == (60, 1)
    EXACT.check(rate.times, np.arange(1, 61) * 5.0)
    ULP(4).check(rate.values[:, 0], rate_of(run.spikes(inputs), range(30), 5.0, 300.0))
    ULP(4).check(run.trace(cells[3:8], "rate").values[:, 0], rate_of(run.spikes(cells), range(3, 8), 20.0, 300.0))
    events = run.spikes(cells, "event")
    ULP(4).check(run.trace(cells, "event_rate").values[:, 0], rate_of(events, range(12), 50.0, 300.0))
    with pytest.raises(DescriptionError, match="of 5 of its neurons together, not of these 2"):
        run.trace(cells[:2], "rate")


def test_spikes_at_0_ms_are_in_the_first_bin():
    net = sl.Network(dt=0.1)
    source = net.population(2, sl.SpikeList([0.0, 1.0, 2.0], [0, 1, 0]), name="source")
    net.record(source, "rate", every=1.0)
    ULP(4).check(net.run(3.0).trace(source, "rate").values[:, 0], [1000.0, 500.0, 0.0])


def test_a_rate_goes_on_where_a_run_stopped_in_the_middle_of_a_bin_and_from_a_checkpoint(tmp_path):
    def values(pieces, checkpoint=False):
        net, inputs, _ = network()
        net.record(inputs, "rate", every=10.0)
        run = None
        for piece in pieces:
            run = net.run(piece, after=run)
            if checkpoint:
                run.checkpoint(tmp_path / "state")
                net = sl.Network.restore(tmp_path / "state")
                run = net.recorded
        return run.trace("inputs", "rate").values

    whole = values([100.0])
    EXACT.check(values([33.3, 12.1, 54.6]), whole)
    EXACT.check(values([33.3, 66.7], checkpoint=True), whole)


def test_a_rate_needs_no_spikes_and_is_in_files(tmp_path):
    net, inputs, cells = network()
    net.record(inputs, "rate", every=10.0)
    net.record(cells, "V_s", at="burst")
    with RunWriter(tmp_path / "run.h5") as sink:
        run = net.run(100.0, sink=sink)
    again = load(tmp_path / "run.h5")
    EXACT.check(again.trace("inputs", "rate").values, run.trace(inputs, "rate").values)
    EXACT.check(again.snapshots("cells", "V_s", at="burst").values, run.snapshots(cells, "V_s", at="burst").values)
    assert ("inputs", "spike") not in run.spike_data


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda net, inputs, cells: net.record(inputs, "rate"), "expected every=, the width of its bins"),
        (lambda net, inputs, cells: net.record(inputs, "rate", every=10.0, start=5.0), "a start at the edge of one"),
        (lambda net, inputs, cells: net.record(inputs, "rate", every=10.0, include_start=True), "no sample at 0 ms"),
        (lambda net, inputs, cells: net.record(inputs, "burst_rate", every=10.0), "no variable 'burst_rate'"),
        (lambda net, inputs, cells: net.record(cells, "V_s", at="burst", every=1.0), "expected none, got 1.0"),
        (lambda net, inputs, cells: net.record(cells, "V_x", at="burst"), "has no .*'V_x'"),
        (lambda net, inputs, cells: net.record(cells, "V_s", at="bust"), "emits no 'bust'.*did you mean 'burst'"),
        (lambda net, inputs, cells: net.record(inputs, "V_m", at="spike"), "'V_m'"),
    ],
)
def test_what_cannot_be_recorded_is_named(call, words):
    with pytest.raises((DescriptionError, ParameterError), match=words):
        call(*network())


@pytest.mark.parametrize(("threads", "engine"), [(1, "compiled"), (2, "compiled"), (1, "stepper")])
def test_a_snapshot_is_what_the_trace_has_at_the_event(threads, engine):
    net, _, cells = network(threads)
    net.record(cells, ["spikes", "bursts", "V_d"])
    net.record(cells, "V_d", at="burst")
    net.record(cells[2:5], "V_s", at="spike")
    run = net.run(400.0, engine=engine)
    found, bursts, trace = run.snapshots(cells, "V_d", at="burst"), run.spikes(cells, "burst"), run.trace(cells, "V_d")
    assert len(bursts.times) > 3 and found.unit == "mV"
    EXACT.check(found.times, bursts.times)
    EXACT.check(found.ids, bursts.ids)
    rows = np.rint(bursts.times / 0.1).astype(int) - 1
    EXACT.check(found.values, trace.values[rows, bursts.ids])
    of_two = run.snapshots(cells[2:5], "V_s")
    EXACT.check(of_two.times, run.spikes(cells[2:5]).times)
    assert list(of_two.to_pandas().columns) == ["time", "neuron", "value"]
    with pytest.raises(DescriptionError, match="'V_s at burst' of 'cells' was not recorded"):
        run.snapshots(cells, "V_s", at="burst")


@pytest.mark.parametrize("engine", ["events", "brian2", "nest"])
def test_other_engines_say_that_they_do_not_record_rates(engine):
    net = sl.Network(dt=0.1)
    cells = net.population(2, sl.LIF(), name="cells")
    net.record(cells, "rate", every=1.0)
    with pytest.raises(DescriptionError, match="'rate'.*compiled"):
        net.run(10.0, engine=engine)


TIMES = np.array([5.0, 12.0, 14.5, 30.0, 31.0, 70.0])
MODELS = {
    "TsodyksMarkram": (sl.TsodyksMarkram(U=0.3, tau_rec=60.0, tau_fac=40.0), ("x", "u")),
    "TsodyksUzielMarkram": (sl.TsodyksUzielMarkram(U=0.3, tau_psc=3.0, tau_rec=60.0, tau_fac=40.0), ("x", "y", "u")),
    "Mongillo": (sl.Mongillo(U=0.2, tau_D=60.0, tau_F=40.0), ("x", "u")),
    "ReleaseFirst": (sl.ReleaseFirst(U=0.2, f=0.3, tau_D=60.0, tau_F=40.0), ("x", "u")),
}


def course(synapse, arrivals, times):
    """The state at each time, by small Euler steps of the differential equations between arrivals."""
    p, name = synapse.parameters, synapse.model.name
    x, y = 1.0, 0.0
    u = 0.0 if name == "TsodyksUzielMarkram" else p.U
    step, found, arrivals = 0.001, [], list(arrivals)
    # In NEST's form u decays to 0, and jumps before a release from where it decayed to; at first it is U.
    rest = {"TsodyksMarkram": 0.0, "TsodyksUzielMarkram": 0.0}.get(name, p.U)
    tau_x, tau_u = (p.tau_rec, p.tau_fac) if hasattr(p, "tau_rec") else (p.tau_D, p.tau_F)
    now, first = 0.0, True
    for time in times:
        while now < time - step / 2:
            z = 1.0 - x - y
            x, y = x + step * z / tau_x, y - (step * y / p.tau_psc if name == "TsodyksUzielMarkram" else 0.0)
            u += step * (rest - u) / tau_u
            now += step
            if arrivals and now >= arrivals[0] - step / 2:
                arrivals.pop(0)
                if name == "TsodyksMarkram":
                    u = p.U if first else u + p.U * (1.0 - u)
                elif name != "ReleaseFirst":
                    u = u + p.U * (1.0 - u)
                released, first = x * u, False
                x -= released
                y += released if name == "TsodyksUzielMarkram" else 0.0
                if name == "ReleaseFirst":
                    u += p.f * (1.0 - u)
        found.append({"x": x, "y": y, "u": u})
    return {key: np.array([each[key] for each in found]) for key in ("x", "y", "u")}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("threads", [1, 2])
def test_u_and_x_are_those_of_their_equations_between_arrivals_too(name, threads):
    synapse, variables = MODELS[name]
    net = sl.Network(dt=0.5, threads=threads)
    source = net.population(2, sl.SpikeList(TIMES, np.zeros(len(TIMES), int)), name="source")
    cells = net.population(3, sl.LIF(), name="cells")
    made = net.connect(source, cells, weight=1.0, delay=1.0, synapse=synapse)
    net.record(made, variables, every=0.5)
    run = net.run(100.0)
    times = run.trace(made, "u").times
    after = course(synapse, TIMES + 1.0, times)
    from_first = times > TIMES[0] + 1.0  # before it TsodyksMarkram counts as having fired long ago
    for variable in variables:
        values = run.trace(made, variable).values
        assert values.shape == (len(times), 6)
        METHOD(1, 0.001).check(values[from_first, 0], after[variable][from_first])
        EXACT.check(values[:, 0], values[:, 2])  # all synapses of a source
        ULP(4).check(values[:, 3], values[0, 3])


def test_u_of_synapses_that_differ_is_that_of_each():
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(2, sl.Poisson(50.0))
    cells = net.population(2, sl.LIF())
    U = np.array([[0.1, 0.2], [0.3, 0.4]])
    made = net.connect(source, cells, weight=1.0, synapse=sl.TsodyksMarkram(U=U))
    alone = [
        net.connect(source, cells, weight=1.0, synapse=sl.TsodyksMarkram(U=each), name=f"U {each}")
        for each in U.T.ravel()
    ]
    net.record(made, "u", every=1.0)
    for each in alone:
        net.record(each, "u", every=1.0)
    run = net.run(200.0)
    for k, each in enumerate(alone):
        EXACT.check(run.trace(made, "u").values[:, k], run.trace(each, "u").values[:, k])


def test_a_synapse_from_equations_records_its_variables():
    Facilitating = sl.SynapseModel.from_equations(
        "du/dt = -u/tau_fac : 1 (event-driven)", on_pre="u += U*(1 - u); released = u",
        parameters={"U": 0.1, "tau_fac": (50.0, "ms")},
    )  # fmt: skip
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([1.0], [0]))
    cells = net.population(1, sl.LIF())
    made = net.connect(source, cells, weight=1.0, delay=1.0, synapse=Facilitating(U=0.2))
    net.record(made, "u", every=10.0)
    u = net.run(60.0).trace(made, "u")
    ULP(8).check(u.values[:, 0], 0.2 * np.exp(-(u.times - 2.0) / 50.0))


def test_a_model_that_does_not_say_how_its_state_goes_on_is_refused():
    net = sl.Network(dt=0.1)
    source, cells = net.population(1, sl.Poisson(1.0)), net.population(1, sl.LIF())
    plain = net.connect(source, cells, weight=1.0)
    with pytest.raises(DescriptionError, match="projection has no variable 'u'; it has: weight"):
        net.record(plain, "u")


def test_u_of_synapses_that_learn_is_that_of_those_that_do_not():
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(2, sl.Poisson(50.0)), net.population(2, sl.LIF(I_e=500.0))
    how = {"weight": 1.0, "delay": 1.0, "synapse": sl.TsodyksMarkram(U=0.2)}
    learning = net.connect(source, cells, plasticity=sl.STDP(), name="learning", **how)
    static = net.connect(source, cells, name="static", **how)
    for each in (learning, static):
        net.record(each, ["u", "x", "weight"], every=1.0)
    run = net.run(200.0)
    assert np.ptp(run.trace(learning, "weight").values) > 0.0
    for variable in ("u", "x"):
        EXACT.check(run.trace(learning, variable).values, run.trace(static, variable).values)


def test_rates_and_snapshots_can_be_recorded_from_the_middle_on_and_switched_off():
    net, inputs, cells = network()
    net.record(inputs, "rate", every=10.0)
    whole = net.run(100.0)
    late = net.record(inputs[:10], "rate", every=20.0, name="late")
    net.record(cells, "V_s", at="spike")
    run = net.run(100.0)
    again, inputs_too, cells_too = network()
    again.record(inputs_too, "rate", every=10.0)
    again.record(inputs_too[:10], "rate", every=20.0, name="late")
    again.record(cells_too, "V_s", at="spike")
    expected = again.run(200.0)
    EXACT.check(np.vstack([whole.trace(inputs, "rate").values, run.trace(inputs, "rate", recording="rate").values]),
                expected.trace(inputs, "rate", recording="rate").values)  # fmt: skip
    EXACT.check(run.trace(late).values, expected.trace(inputs[:10], "rate", recording="late").values[5:])
    both = run.snapshots(cells, "V_s"), expected.snapshots(cells, "V_s")
    EXACT.check(both[0].values, both[1].values[both[1].times > 100.0])
    net.switch_off(late)
    assert len(net.run(40.0).trace(late).times) == 0
    net.switch_on(late)
    assert len(net.run(40.0).trace(late).times) == 2


def test_a_rate_and_a_view_of_it_are_two_recordings():
    net, inputs, _ = network()
    net.record(inputs, "rate", every=10.0)
    net.record(inputs[:5], "rate", every=10.0)
    net.record(inputs)
    run = net.run(50.0)
    for which in (inputs, inputs[:5]):
        found = run.trace(which, "rate", recording="2" if which is not inputs else "rate")
        ULP(4).check(found.values[:, 0], rate_of(run.spikes(inputs), range(len(which)), 10.0, 50.0))
    EXACT.check(run.trace(inputs[:5], "rate").values, run.trace(inputs, "rate", recording="2").values)
    with pytest.raises(DescriptionError, match="already recorded"):
        net.record(inputs, "rate", every=10.0)
