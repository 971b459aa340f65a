"""What the page of `spikelearn view` draws: pieces of time of recorded and running networks."""

import copy
import threading
import time

import numpy as np
import pytest
from view_messages import recorded_run, small_network, unpacked

import spikelearn as sl
from spikelearn.results.run import PopulationInfo, Run, Spikes
from spikelearn.viewer.frames import Message, Piece, add_events, coded, rows_of
from spikelearn.viewer.live import LiveNetwork
from spikelearn.viewer.recorded import COLUMNS, MANY, RecordedRun


@pytest.fixture(scope="module")
def run():
    return recorded_run()


def many_spikes(n, size=1000):
    rng = np.random.default_rng(1)
    times, ids = np.sort(np.round(rng.random(n) * 1000, 1)), rng.integers(0, size, n).astype(np.int32)
    return Run(dt=0.1, t_start=0.0, t_stop=1000.0, seed=1, populations={"p": PopulationInfo("p", size, "lif", {})},
               projections={}, spike_data={("p", "spike"): Spikes(times, ids)})  # fmt: skip


def test_a_message_is_read_back():
    message = Message({"what": "x"})
    message.add("f", np.array([1.5, 2.5]))
    message.add("b", np.array([1, 2, 3]))
    message.add("u", np.array([7]))
    header, arrays = unpacked(message.packed())
    assert header["what"] == "x"
    assert [a.tolist() for a in arrays] == [[1.5, 2.5], [1, 2, 3], [7]]


def test_codes_of_counts_are_exact_when_small_and_close_when_large():
    counts = np.concatenate([np.arange(3000), [4095, 4096, 10_000, 60_000]])
    codes = coded(counts).astype(float)
    assert (codes[1:] > 0).all()
    read = 2 ** (codes / 16) - 1
    assert len(set(codes[:21])) == 21
    assert np.abs(read[21:] / counts[21:] - 1).max() < 0.045


def test_a_population_has_at_most_so_many_rows():
    assert rows_of(100) == (1, 100)
    assert rows_of(256) == (1, 256)
    assert rows_of(257) == (2, 129)
    group, rows = rows_of(8001)
    assert rows <= 256 and group * rows >= 8001 > group * (rows - 1)


@pytest.mark.parametrize("most", [0, 10_000])
def test_events_are_sent_one_by_one_or_counted(most):
    rng = np.random.default_rng(2)
    times, ids = np.sort(rng.random(5000) * 10 + 5), rng.integers(0, 600, 5000)
    message, piece = Message({}), Piece(5.0, 0.5, 20)
    add_events(message, "k", 600, piece, times, ids, most)
    header, arrays = unpacked(message.packed())
    entry = header["events"]["k"]
    column = np.floor((times - 5) / 0.5).astype(int)
    assert arrays[entry["totals"]].tolist() == np.bincount(column, minlength=20).tolist()
    if most:
        np.testing.assert_allclose(arrays[entry["times"]] + 5, times, atol=1e-5)
        assert arrays[entry["ids"]].tolist() == ids.tolist()
    else:
        expected = np.zeros((entry["rows"], 20), int)
        for c, i in zip(column, ids, strict=True):
            expected[i // entry["group"], c] += 1
        np.testing.assert_array_equal(arrays[entry["counts"]].reshape(expected.shape), coded(expected))


def test_an_event_at_an_edge_is_in_the_column_that_begins_there():
    times = np.arange(1, 1001) * 3 / 10  # as the engine has them
    piece = Piece(0.0, 0.3, 1001)
    assert piece.column_of(times).tolist() == list(range(1, 1001))


def test_tiles_of_every_level_have_every_spike_once():
    run = many_spikes(5 * MANY)
    recorded = RecordedRun(run, "x")
    times = run.spike_data["p", "spike"].times
    for level in (0, 1, 2, 3, 5):
        totals = []
        for index in range(1 << level):
            header, arrays = unpacked(recorded.tile(level, index).packed())
            totals.append(arrays[header["events"]["p/spike"]["totals"]])
        width = 1000 / (COLUMNS << level)
        expected = np.bincount(np.clip(np.floor(times / width + 1e-6), 0, (COLUMNS << level) - 1).astype(int))
        assert np.concatenate(totals).tolist() == expected.tolist()


def test_deep_tiles_have_the_spikes_themselves():
    run = many_spikes(2 * MANY)
    recorded, found = RecordedRun(run, "x"), run.spike_data["p", "spike"]
    header, arrays = unpacked(recorded.tile(7, 3).packed())
    entry = header["events"]["p/spike"]
    there = (found.times >= header["start"]) & (found.times < header["start"] + 1000 / 128)
    assert header["whole"]
    assert arrays[entry["ids"]].tolist() == found.ids[there].tolist()
    np.testing.assert_allclose(arrays[entry["times"]] + header["start"], found.times[there], atol=1e-4)


def test_samples_are_sent_as_they_are_or_as_ranges(run):
    recorded = RecordedRun(run, "x")
    trace = run.trace_data["cells", "V_m"]
    header, arrays = unpacked(recorded.tile(0, 0).packed())
    entry = header["samples"]["cells/V_m"]
    np.testing.assert_allclose(arrays[entry["values"]].reshape(3, -1).T, trace.values, rtol=1e-6)
    message, piece = Message({}), Piece(0.0, 500 / 256, 256)
    long = np.arange(1, 50_001) * 0.01
    from spikelearn.viewer.frames import add_samples

    add_samples(message, "k", piece, long, np.sin(long)[:, None])
    header, arrays = unpacked(message.packed())
    low, high = (arrays[header["samples"]["k"][name]] for name in ("low", "high"))
    for column in (0, 17, 254):
        part = np.sin(long[(long >= column * piece.width) & (long < (column + 1) * piece.width)])
        np.testing.assert_allclose([low[column], high[column]], [part.min(), part.max()], rtol=1e-6)


@pytest.mark.parametrize("tile", [(-1, 0), (0, 1), (3, 8), (3, -1), (41, 0)])
def test_there_are_no_other_tiles(run, tile):
    with pytest.raises(ValueError, match="no tile"):
        RecordedRun(run, "x").tile(*tile)


def test_a_recurrent_network_from_a_file_is_drawn_as_it_was_in_memory(tmp_path):
    net = sl.Network(dt=0.1, seed=1)
    cells, others = (net.population(4, sl.LIF(), name=name) for name in ("cells", "others"))
    for source, target in ((cells, cells), (cells, others), (others, cells), (others, others)):
        net.connect(source, target, weight=1.0)
    net.record(cells)
    run = net.run(1.0)
    sl.io.save(run, tmp_path / "run.h5")
    read = RecordedRun(sl.io.load(tmp_path / "run.h5"), "read").structure()["parts"]
    assert read == RecordedRun(run, "kept").structure()["parts"]
    assert [part["x"] for part in read[:2]] == [0.0, read[1]["x"]] and read[1]["x"] > 0.0


def test_weights_of_a_recorded_run(run):
    from spikelearn.viewer.recorded import recorded_weights

    found, weights = recorded_weights(RecordedRun(run, "x"), "projection:learning"), run.weights("learning")
    assert found["n"] == len(weights) == sum(found["counts"])
    assert (found["low"], found["high"]) == (weights.min(), weights.max())
    matrix = run.synapses("learning").matrix((50, 40))
    np.testing.assert_allclose(np.array(found["matrix"], float), matrix, rtol=1e-3)
    with pytest.raises(ValueError, match="no synapses"):
        recorded_weights(RecordedRun(run, "x"), "projection:other")


@pytest.fixture
def live():
    made = LiveNetwork(small_network(), "small")
    made.start()
    yield made
    made.close()


def stepped(live, duration):
    goal = live.net.time + duration
    live.running.step(duration)
    for _ in range(2000):
        if live.net.time >= goal - 1e-9 and live.running.steps_left <= 0:
            return
        time.sleep(0.005)
    raise AssertionError(f"the network is at {live.net.time}, expected {goal}")


def test_a_network_looked_at_computes_what_it_does_alone(live):
    alone = copy.deepcopy(live.net)
    stepped(live, 60)
    stepped(live, 40.5)
    found = alone.run(live.net.time)
    for name in ("inputs", "cells", "others"):
        expected = found.spikes(name)
        times, ids = live.recordings.history.events((name, "spike@view"), 0.0, 1e9)
        np.testing.assert_array_equal(times, expected.times)
        np.testing.assert_array_equal(ids, expected.ids)
    frame, until = live.frame(0.0, 1.0, 1000.0)
    header, arrays = unpacked(frame.packed())
    assert until == np.floor(live.running.now + 1e-9)
    entry = header["events"]["inputs/spike"]
    assert arrays[entry["totals"]].sum() == (found.spikes("inputs").times < until - 1e-9).sum()


def test_a_paused_network_stays_where_it_is(live):
    stepped(live, 10)
    now = live.net.time
    time.sleep(0.05)
    assert live.net.time == now


def test_values_lesions_cells_and_weights(live):
    stepped(live, 20)
    found = live.running.do(lambda: live.set("population:cells", "tau_m", 12.5))
    assert live.net.get(live.net.populations["cells"], "tau_m") == 12.5
    assert {each["name"]: each["value"] for each in found["values"]}["tau_m"] == 12.5
    live.running.do(lambda: live.switch("projection:onwards", False))
    assert live.net.switched_off == (live.net.projections["onwards"],)
    before = live.net.time
    stepped(live, 100)
    assert not len(live.recordings.history.events(("others", "spike@view"), before + 3, 1e9)[0])
    live.running.do(lambda: live.choose("population:cells", 7))
    assert live.structure()["samples"]["cells/V_m"]["ids"] == [0, 7]
    stepped(live, 20)
    times, values = live.recordings.history.samples(("cells", "V_m@view"), 0.0, 1e9)
    assert values.shape == (40, 2)
    weights = live.running.do(lambda: live.weights("projection:learning"))
    assert weights["n"] == 2000 and sum(weights["counts"]) == 2000
    rule = {each["name"]: each for each in live.parts.values(live.net.projections["learning"])}
    assert (rule["W_max"]["value"], rule["W_max"]["unit"], rule["tau_plus"]["unit"]) == (100.0, "pA", "ms")
    rate = live.running.do(lambda: live.set("drive:0", "rate", 100.0))["values"]
    assert {each["name"]: each["value"] for each in rate}["rate"] == 100.0


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("set", ("population:nobody", "tau_m", 1.0)), ("set", ("population:cells", "__class__", 1.0)),
        ("set", ("population:cells", "tau_m", -1.0)), ("switch", ("population:cells", False)),
        ("choose", ("population:cells", 40)), ("choose", ("population:inputs", 0)), ("weights", ("population:cells",)),
        ("record", (False,)),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_an_error_and_changes_nothing(live, what, arguments):
    before = live.running.do(live.parts.structure)
    with pytest.raises((ValueError, sl.errors.SpikelearnError)):
        live.running.do(lambda: getattr(live, what)(*arguments))
    assert live.running.do(live.parts.structure) == before


def test_a_recording_is_a_run_file(live, tmp_path):
    live.folder = tmp_path
    stepped(live, 10)
    path = live.running.do(lambda: live.record(True))["path"]
    stepped(live, 50)
    with pytest.raises(ValueError, match="stop the recording"):
        live.running.do(lambda: live.choose("population:cells", 3))
    assert live.running.do(lambda: live.record(False))["path"] == path
    run = sl.io.load(path)
    assert (run.t_start, run.t_stop) == (10.0, live.net.time)
    times, _ = live.recordings.history.events(("inputs", "spike@view"), 10.05, 1e9)
    np.testing.assert_array_equal(run.spikes("inputs").times, times)


def test_a_recording_may_begin_in_trials(tmp_path):
    live = LiveNetwork(small_network(), "trials", sl.Trials([sl.Phase(20)], n=50), tmp_path)
    live.start()
    stepped(live, 45)
    path = live.running.do(lambda: live.record(True))["path"]
    begun = live.net.time
    stepped(live, 30)
    live.running.do(lambda: live.record(False))
    with pytest.raises(ValueError, match="within trials"):
        live.running.do(live.restart)
    run = sl.io.load(path)
    assert (run.t_start, run.t_stop) == (begun, live.net.time)
    times, _ = live.recordings.history.events(("inputs", "spike@view"), begun + 0.05, 1e9)
    np.testing.assert_array_equal(run.spikes("inputs").times, times)
    live.close()


def test_the_network_is_the_callers_again_when_the_page_is_closed():
    net = small_network()
    cells = net.record(net.populations["cells"])
    live = LiveNetwork(net, "small")
    live.running.speed, live.running.paused = 1e6, False
    live.start()
    while live.net.time < 20:
        time.sleep(0.005)
    live.close()
    assert list(net.description().recordings) == [cells]
    assert len(net.run(100).spikes("cells").times) > 0
    assert not any(thread.name == "spikelearn view" for thread in threading.enumerate())


def test_restarting_is_beginning_again(live):
    stepped(live, 50)
    times, ids = live.recordings.history.events(("inputs", "spike@view"), 0.0, 1e9)
    assert len(times) > 0 and live.net.time == 50
    live.running.do(live.restart)
    assert live.net.time == 0 and not len(live.recordings.history.events(("inputs", "spike@view"), 0.0, 1e9)[0])
    stepped(live, 50)
    again = live.recordings.history.events(("inputs", "spike@view"), 0.0, 1e9)
    np.testing.assert_array_equal(again, [times, ids])


def test_a_network_begins_to_run_when_it_is_first_seen(live):
    time.sleep(0.03)
    assert live.net.time == 0
    live.running.seen()
    while live.net.time < 5:
        time.sleep(0.005)
    live.running.paused = True
    live.running.seen()
    assert live.running.paused


def test_an_error_of_the_network_is_shown(live):
    def fail():
        def broken(net):
            raise RuntimeError("no more")

        live.net.every(5, broken)

    live.running.do(fail)
    live.running.step(10)
    while not live.running.error:
        time.sleep(0.005)
    assert "no more" in live.state()["error"] and live.running.paused


def test_trials_stop_for_the_page():
    net = small_network()
    trials = sl.Trials([sl.Phase(20), sl.Phase(10)], n=50)
    live = LiveNetwork(net, "trials", trials)
    live.start()
    stepped(live, 45)
    assert 45 <= net.time < 60
    live.running.do(lambda: live.set("population:cells", "tau_m", 12.5))
    live.running.speed, live.running.paused = 1e6, False
    while live.running.now < 1500 - 1e-6:
        time.sleep(0.005)
    while live.running.in_trials:
        time.sleep(0.005)
    assert net.time == 1500
    live.running.do(live.restart)
    stepped(live, 45)
    assert 45 <= net.time < 60
    live.close()
    assert net.get(net.populations["cells"], "tau_m") == 12.5
