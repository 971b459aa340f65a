"""One variable recorded in several ways: how runs, files, checkpoints and plots tell them apart."""

import copy

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn import io, plots
from spikelearn.errors import DescriptionError


def network(**how):
    net = sl.Network(dt=0.1, seed=1, **how)
    noise, cells = net.population(50, sl.Poisson(60.0), name="noise"), net.population(8, sl.LIF(), name="cells")
    made = net.connect(noise, cells, weight=sl.Uniform(0.0, 200.0), plasticity=sl.STDP(W_max=400.0), name="made")
    coarse = net.record(cells, "V_m", every=5.0)
    fine = net.record(cells[:2], "V_m", name="fine")
    late = net.record(cells[2:4], ["V_m", "spikes"], every=None, start=20.0, name="late")
    spikes = net.record(cells)
    weights = net.record(made, "weight", every=10.0), net.record(made, "weight", every=15.0)
    return net, cells, coarse, fine, late, spikes, weights


def check(run, cells):
    every_step = sl.Network(dt=0.1, seed=1)
    noise, same = every_step.population(50, sl.Poisson(60.0)), every_step.population(8, sl.LIF(), name="cells")
    every_step.connect(noise, same, weight=sl.Uniform(0.0, 200.0), plasticity=sl.STDP(W_max=400.0))
    every_step.record(same, ["V_m", "spikes"])
    whole = every_step.run(40.0)
    V_m, spikes = whole.trace("cells", "V_m").values, whole.spikes("cells")
    EXACT.check(run.trace(cells, "V_m", recording="V_m").values, V_m[49::50])
    EXACT.check(run.trace(cells, "V_m", recording="fine").values, V_m[:, :2])
    EXACT.check(run.trace(cells, "V_m", "fine").times, whole.trace("cells", "V_m").times)
    EXACT.check(run.trace(cells, "V_m", recording="late").values, V_m[199:, 2:4])
    EXACT.check(run.spikes(cells, recording="spike").times, spikes.times)
    late = np.isin(spikes.ids, (2, 3)) & (spikes.times >= 20.0)
    assert 0 < np.count_nonzero(late) < len(late)
    EXACT.check(run.spikes(cells, "spike", recording="late").times, spikes.times[late])
    EXACT.check(run.trace("made", "weight", recording="weight").times, [10.0, 20.0, 30.0, 40.0])
    EXACT.check(run.trace("made", "weight", recording="2").times, [15.0, 30.0])


@pytest.mark.parametrize("how", [{"threads": 1}, {"threads": 2}, {"engine": "stepper"}])
def test_each_has_its_own_samples(how):
    net, cells, *_ = network(threads=how.get("threads"))
    check(net.run(40.0, engine=how.get("engine")), cells)


def test_files_copies_pieces_and_checkpoints_have_them_all(tmp_path):
    net, cells, *_ = network()
    first = net.run(15.0)
    first.checkpoint(tmp_path / "state")
    other = copy.deepcopy(net)
    check(first.joined(net.run(25.0)), cells)
    check(other.run(25.0, after=first), "cells")
    restored = sl.Network.restore(tmp_path / "state")
    check(restored.run(25.0, after=restored.recorded), "cells")
    net.reset(keep_weights=False)
    with io.RunWriter(tmp_path / "streamed.h5") as sink:
        run = net.run(40.0, sink=sink)
    io.save(run, tmp_path / "saved.h5")
    for name in ("streamed.h5", "saved.h5"):
        check(io.load(tmp_path / name), "cells")


def test_record_returns_what_a_run_is_asked_for_and_one_for_each_variable_of_a_list():
    net, cells, coarse, fine, late, spikes, (tens, fifteens) = network()
    run = net.run(40.0)
    EXACT.check(run.trace(coarse).values, run.trace(cells, "V_m", coarse).values)
    EXACT.check(run.trace(fine).values, run.trace(cells, "V_m", recording=fine).values)
    assert isinstance(late, tuple) and len(late) == 2
    EXACT.check(run.trace(late[0]).values, run.trace(cells, "V_m", "late").values)
    EXACT.check(run.spikes(late[1]).times, run.spikes(cells, recording="late").times)
    EXACT.check(run.spikes(spikes).times, run.spikes(cells, recording="spike").times)
    EXACT.check(run.trace(fifteens).times, [15.0, 30.0])
    assert repr(fine) == "<Recording 'V_m@fine' of 'cells': 2, every 1 step>"
    assert repr(spikes) == "<Recording 'spike' of 'cells': 8>"


def test_without_a_name_the_only_one_that_has_all_neurons_is_meant_else_the_choices_are_named():
    net, cells, *_ = network()
    run = net.run(40.0)
    EXACT.check(run.trace(cells[5:], "V_m").values, run.trace(cells[5:], "V_m", "V_m").values)
    text = "'V_m' of 'cells' was recorded in 3 ways; expected recording= one of 'V_m', 'fine', 'late'"
    for of in (cells, "cells"):
        with pytest.raises(DescriptionError, match=text):
            run.trace(of, "V_m")
    with pytest.raises(DescriptionError, match="'spike' of 'cells' was recorded in 2 ways"):
        run.spikes(cells)
    with pytest.raises(DescriptionError, match="'V_m' of 'cells' was not recorded by a recording 'finer'"):
        run.trace(cells, "V_m", recording="finer")
    with pytest.raises(DescriptionError, match="'V_m@fine' of 'cells' was not recorded from neurons 5; it"):
        run.trace(cells[5:6], "V_m", recording="fine")


def test_views_that_are_recorded_alike_are_one_recording_that_all_calls_return():
    net = sl.Network()
    cells = net.population(6, sl.LIF(), name="cells")
    one, two = net.record(cells[:2], "V_m"), net.record(cells[4:], "V_m")
    assert one is two and one.ids.tolist() == [0, 1, 4, 5]
    named = net.record(cells[:2], "V_m", name="own")
    third = net.record(cells[2:3], "V_m", every=1.0)
    assert net.record(cells[3:4], "V_m", every=1.0) is third and third.ids.tolist() == [2, 3]
    assert len({id(one), id(named), id(third)}) == 3
    with pytest.raises(DescriptionError, match="there is a recording 'own' of 'V_m' already"):
        net.record(cells, "V_m", name="own")
    with pytest.raises(DescriptionError, match="is already recorded; give it a name"):
        net.record(cells[:1], "V_m")
    run = net.run(1.0)
    assert run.trace(one).values.shape == (10, 4) and run.trace(third).values.shape == (1, 2)


def test_a_recording_with_a_name_is_the_only_one_and_needs_none_to_be_found():
    net = sl.Network()
    cells = net.population(6, sl.LIF(I_e=500.0), name="cells")
    net.record(cells, ["V_m", "spikes"], name="mine")
    run = net.run(30.0)
    assert run.trace(cells, "V_m").values.shape == (300, 6) and len(run.spikes(cells).times) > 0
    assert "cells" in [text.get_text() for text in plots.raster(run).get_yticklabels()] or plots.raster(run)
    plots.voltage(run)


def test_plots_draw_the_one_that_is_chosen():
    net, cells, coarse, fine, late, spikes, weights = network()
    run = net.run(40.0)
    for draw in (plots.voltage, plots.raster):
        with pytest.raises(DescriptionError, match=r"run\.only\(\.\.\.\)"):
            draw(run)
    chosen = run.only(fine, spikes, "2")
    plots.voltage(chosen), plots.raster(chosen), plots.weights(chosen, "made")
    EXACT.check(chosen.trace(cells, "V_m").values, run.trace(fine).values)
    EXACT.check(chosen.spikes(cells).times, run.spikes(spikes).times)
    EXACT.check(run.only("late").spikes(cells[2:4]).times, run.spikes(late[1]).times)
    with pytest.raises(DescriptionError, match="was not recorded from neurons 0"):
        run.only("late").spikes(cells[:1])
    with pytest.raises(DescriptionError, match="only: no recording 'finest' in this run; there are:"):
        run.only("finest")
    with pytest.raises(DescriptionError, match="only: got two recordings of 'V_m' of 'cells', expected one"):
        run.only(fine, coarse)


def test_runs_with_other_recordings_are_not_joined():
    net = sl.Network()
    cells = net.population(6, sl.LIF(), name="cells")
    net.record(cells[:2], "V_m")
    first = net.run(1.0)
    later = net.run(1.0)
    later.trace_data["cells", "V_m"] = later.trace_data["cells", "V_m"]._replace(ids=np.array([0, 2]))
    with pytest.raises(DescriptionError, match="joined: .* V_m of cells has"):
        first.joined(later)


def test_the_exact_engine_records_in_several_ways_too():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(8, sl.LIF(I_e=np.linspace(300.0, 900.0, 8)), name="cells")
    coarse, fine = net.record(cells, "V_m", every=5.0), net.record(cells[:2], "V_m")
    spikes, late = net.record(cells), net.record(cells[4:], start=20.0, name="late")
    run = net.run(60.0, engine="events")
    assert run.trace(coarse).values.shape == (12, 8) and run.trace(fine).values.shape == (600, 2)
    EXACT.check(run.trace(coarse).values[:, :2], run.trace(fine).values[49::50])
    found = run.spikes(spikes)
    keep = (found.ids >= 4) & (found.times >= 20.0)
    assert np.any(keep) and not np.all(keep)
    EXACT.check(run.spikes(late).times, found.times[keep])


@pytest.mark.parametrize("how", [{"threads": 1}, {"threads": 2}, {"engine": "stepper"}])
def test_some_synapses_are_recorded_as_all_of_them_are(how, tmp_path):
    net, *_, (weights, _) = network(threads=how.get("threads"))
    made = weights.of
    onto_three = net.synapses(made).post == 3
    some = net.record(made, ["weight", "K_plus"], every=10.0, synapses=onto_three, name="some")
    few = net.record(made, "weight", every=10.0, synapses=[-1, 5, 2], name="few")
    run = net.run(20.0, engine=how.get("engine")).joined(net.run(20.0))
    io.save(run, tmp_path / "run.h5")
    for each in (run, io.load(tmp_path / "run.h5")):
        whole = each.trace("made", "weight", recording="weight").values
        trace = each.trace("made", "weight", recording="some")
        EXACT.check(trace.values, whole[:, onto_three])
        assert trace.ids.tolist() == np.flatnonzero(onto_three).tolist()
        EXACT.check(each.trace("made", "weight", recording="few").values, whole[:, [2, 5, len(made) - 1]])
    assert run.trace(some[1]).values.shape == (4, 50) and len(few.ids) == 3
    assert not np.array_equal(whole[0], whole[-1])


def test_synapses_that_cannot_be_recorded_are_named():
    net, cells, *_, (weights, _) = network()
    with pytest.raises(DescriptionError, match="synapses of recording of 'made': index 400 is out of range 0..399"):
        net.record(weights.of, "weight", synapses=[400])
    with pytest.raises(DescriptionError, match="synapses of recording of 'made': expected a slice, whole numbers or a"):
        net.record(weights.of, "weight", synapses="first")
    with pytest.raises(DescriptionError, match="recording of 'cells': synapses= chooses those of a projection"):
        net.record(cells, "V_m", synapses=[0])
    with pytest.raises(DescriptionError, match="'made' has no parts: record some of its synapses with net.record"):
        weights.of[:5]
