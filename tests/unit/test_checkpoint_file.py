"""The file of a checkpoint is whole or not there, whatever happens to its writer; damage is found and said."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from unit import all_parts, checkpoint_writer, every_model

import spikelearn as sl
from spikelearn import atomic_files
from spikelearn.codegen import pickling
from spikelearn.engine import checkpoint
from spikelearn.errors import CheckpointError, DescriptionError

TESTS = Path(__file__).parent.parent
KILLS = 20


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "state"
    run = all_parts.network().run(20.0)
    run.checkpoint(path)
    return path.read_bytes()


def refused(path, contents, message):
    path.write_bytes(contents)
    with pytest.raises(CheckpointError, match=message) as caught:
        sl.Network.restore(path)
    assert str(path) in str(caught.value)


def test_a_truncated_file_is_said_to_be_truncated(written, tmp_path):
    ends = np.linspace(17, len(written) - 1, 40).astype(int)
    for end in [17, 20, 27, 31, 32, 33, 200, *ends]:
        refused(tmp_path / "a", written[:end], "truncated")
    refused(tmp_path / "a", written + b"x", "damaged")
    refused(tmp_path / "a", b"", "not a checkpoint")


def test_one_flipped_bit_anywhere_is_found(written, tmp_path):
    generator = np.random.default_rng(1)
    for place in [*range(0, 48), *generator.integers(0, len(written), 60), len(written) - 1]:
        changed = bytearray(written)
        changed[place] ^= 1 << int(generator.integers(8))
        refused(tmp_path / "a", bytes(changed), "not a checkpoint|format version|truncated|damaged")


def test_what_is_no_checkpoint_is_said_to_be_none(written, tmp_path):
    refused(tmp_path / "a", b"\x89HDF\r\n\x1a\n" + bytes(1000), "not a checkpoint of spikelearn")
    refused(tmp_path / "a", written[:16] + b"\x07" + written[17:], "of format version 7, expected version 3")
    with pytest.raises(CheckpointError, match="cannot be read: .*No such file"):
        sl.Network.restore(tmp_path / "none")
    with pytest.raises(CheckpointError, match="cannot be read: .*directory"):
        sl.Network.restore(tmp_path)


def test_a_network_whose_code_has_changed_since_is_refused_and_the_difference_is_named(tmp_path, monkeypatch):
    write = checkpoint.write

    def as_if(change):
        def changed(path, content, *rest):
            change(content["arrays"])
            write(path, content, *rest)

        monkeypatch.setattr(checkpoint, "write", changed)
        all_parts.network().run(5.0).checkpoint(tmp_path / "a")

    key = next(key for key in all_parts.network().build().arrays() if "advance lif" in key)
    as_if(lambda arrays: arrays.update({key: arrays[key][:-1]}))
    with pytest.raises(CheckpointError, match=r"advance lif, \w+: .* of shape .* now, .* stored"):
        sl.Network.restore(tmp_path / "a")
    as_if(lambda arrays: arrays.pop(key))
    with pytest.raises(CheckpointError, match=r"advance lif, \w+: .* now, no such array stored"):
        sl.Network.restore(tmp_path / "a")
    as_if(lambda arrays: arrays.update(another=np.zeros(1)))
    with pytest.raises(CheckpointError, match="another: no such array now"):
        sl.Network.restore(tmp_path / "a")


def test_other_code_of_the_same_shape_is_warned_of(written, tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(written)
    monkeypatch.setattr(checkpoint, "sources_fingerprint", lambda: "other")
    with pytest.warns(UserWarning, match="written by different code .*numba"):
        assert sl.Network.restore(tmp_path / "a").time == pytest.approx(20.0)


def test_a_module_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(pickling, "_by_name", lambda obj: (pickling._named, ("a_module_of_mine", "Model")))
    all_parts.network().run(1.0).checkpoint(tmp_path / "a")
    with pytest.raises(CheckpointError, match="is missing here: ModuleNotFoundError: .*a_module_of_mine"):
        sl.Network.restore(tmp_path / "a")


def test_what_cannot_be_pickled_is_said_and_nothing_is_written(tmp_path):
    net = sl.Network()
    net.population(1, sl.LIF())
    net.note = threading.Lock()
    with pytest.raises(CheckpointError, match="cannot be pickled"):
        net.run(1.0, checkpoint=tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_a_run_whose_network_has_gone_on_or_is_not_there_makes_no_checkpoint(tmp_path):
    net = all_parts.network()
    run = net.run(5.0)
    net.run(0.0)
    run.checkpoint(tmp_path / "a")
    net.run(0.1)
    with pytest.raises(CheckpointError, match="this run ended at 5 ms and the network has since run on to 5.1 ms"):
        run.checkpoint(tmp_path / "b")
    sl.io.save(run, tmp_path / "run.h5")
    with pytest.raises(CheckpointError, match="a run without its network"):
        sl.io.load(tmp_path / "run.h5").checkpoint(tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_full_disk_leaves_the_checkpoint_before_whole_and_the_run_in_the_error(tmp_path):
    net, path = all_parts.network(), tmp_path / "a"
    net.run(5.0, checkpoint=path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(
            CheckpointError, match="could not be written .*too large.* an existing file is unchanged"
        ) as caught:
            net.run(5.0, checkpoint=path, checkpoint_every=2.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.run.t_stop == pytest.approx(6.0) and net.time == pytest.approx(6.0)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["a"]
    net.run(4.0, checkpoint=path)
    assert sl.Network.restore(path).time == pytest.approx(10.0)


def test_a_place_where_no_file_can_be_is_named_before_anything_is_simulated(tmp_path):
    net = all_parts.network()
    with pytest.raises(DescriptionError, match="checkpoint of run: there is no folder .*none, in which a is to be"):
        net.run(1.0, checkpoint=tmp_path / "none" / "a")
    with pytest.raises(DescriptionError, match="checkpoint of run: expected the path of a file, .* is a folder"):
        net.run(1.0, checkpoint=tmp_path)
    assert net.time == 0.0
    with pytest.raises(CheckpointError, match="none/a: the checkpoint could not be written"):
        net.run(1.0).checkpoint(tmp_path / "none" / "a")


def test_two_writers_of_one_file_do_not_mix(tmp_path):
    run = all_parts.network().run(1.0)
    with atomic_files.replacing(tmp_path / "a"):
        with pytest.raises(CheckpointError, match="another process is writing it now"):
            run.checkpoint(tmp_path / "a")
    run.checkpoint(tmp_path / "a")
    assert sl.Network.restore(tmp_path / "a").time == pytest.approx(1.0)


def test_a_writer_that_is_killed_at_any_instant_leaves_a_whole_checkpoint_from_which_the_next_goes_on(tmp_path):
    path, partial = tmp_path / "state", tmp_path / ".state.partial"
    generator = np.random.default_rng(2)
    command = [sys.executable, "-m", "unit.checkpoint_writer", str(path)]
    environment = os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    times, in_the_middle = [], 0
    with subprocess.Popen(command, env=environment, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        while len(times) < KILLS or (not in_the_middle and len(times) < 10 * KILLS):
            process.stdin.write("\n")
            process.stdin.flush()
            writer, modified = int(process.stdout.readline()), os.stat(path).st_mtime_ns
            while os.stat(path).st_mtime_ns == modified:
                time.sleep(0.001)
            time.sleep(generator.uniform(0.0, 0.02))
            os.kill(writer, signal.SIGKILL)
            while os.path.exists(f"/proc/{writer}"):
                time.sleep(0.001)
            in_the_middle += partial.exists()
            assert set(os.listdir(tmp_path)) <= {path.name, partial.name}
            restored = sl.Network.restore(path)
            assert restored.time == restored.recorded.t_stop
            times.append(restored.time)
        process.stdin.close()
    assert np.all(np.diff([1.0, *times]) > 0) and in_the_middle > 0
    whole = checkpoint_writer.network().run(times[-1])
    restored.run(0.0, after=restored.recorded, checkpoint=path)
    assert os.listdir(tmp_path) == [path.name]
    one, other = every_model.outcome(whole), every_model.outcome(restored.recorded)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
