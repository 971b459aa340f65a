"""Ctrl-C is obeyed while a network is built and compiled; handlers of a host program are left alone."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import spikelearn as sl
from spikelearn.codegen import modules
from spikelearn.codegen.interruptible import interruptible
from spikelearn.equations.brian import import_brian2
from spikelearn.results.sink import MemorySink

PATIENCE = 2.0


class Interrupted:
    """Context that expects a KeyboardInterrupt within two seconds of a Ctrl-C, which comes when `begun` is set."""

    def __init__(self, begun):
        self.begun, self.sent = begun, 0.0

    def __enter__(self):
        threading.Thread(target=self._press, daemon=True).start()

    def _press(self):
        self.begun.wait(60.0)
        self.sent = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    def __exit__(self, kind, error, traceback):
        assert kind is KeyboardInterrupt
        assert time.perf_counter() - self.sent < PATIENCE
        return True


def waiting_for_five_seconds(begun):
    begun.set()
    end = time.perf_counter() + 5.0
    while time.perf_counter() < end:
        time.sleep(0.05)


def test_work_in_compiled_code_is_left_at_once_and_ends():
    begun = threading.Event()
    with Interrupted(begun):
        interruptible(lambda: waiting_for_five_seconds(begun))
    others = [thread for thread in threading.enumerate() if thread.daemon and thread.name.endswith("(run)")]
    for thread in others:
        thread.join(2.0)
        assert not thread.is_alive()


def test_what_work_returns_or_raises_comes_out():
    assert interruptible(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)


@pytest.mark.parametrize("where", ["compiling", "building"])
def test_ctrl_c_is_obeyed_while_compiling_and_building(where, monkeypatch):
    begun = threading.Event()
    net = sl.Network()
    source = net.population(2, sl.Poisson(10.0), name="source")
    net.connect(source, net.population(2, sl.LIF(), name="cells"), "exc")
    if where == "compiling":
        monkeypatch.setattr(modules, "_entries", {})
        monkeypatch.setattr(modules.object_cache, "read", lambda *arguments: waiting_for_five_seconds(begun))
    else:
        monkeypatch.setattr("spikelearn.backends.compiled.lower", lambda *arguments: waiting_for_five_seconds(begun))
    with Interrupted(begun):
        net.run(10.0)
    monkeypatch.undo()
    assert net.run(10.0).t_stop == 10.0


def slow_sink(act):
    """A sink that calls act(time in ms) after each chunk."""
    sink = MemorySink()
    sink.flush = act
    return sink


def firing():
    net = sl.Network(seed=1)
    net.record(net.population(3, sl.LIF(I_e=800.0), name="cells"))
    return net


def test_a_handler_of_the_host_program_is_left_alone_and_called():
    called, seen = [], []
    before = signal.signal(signal.SIGINT, lambda number, frame: called.append(number))
    try:
        own = signal.getsignal(signal.SIGINT)

        def press(t_now):
            seen.append(signal.getsignal(signal.SIGINT))
            os.kill(os.getpid(), signal.SIGINT)

        run = firing().run(50.0, sink=slow_sink(press))
        assert not run.interrupted
        assert run.t_stop == 50.0
        assert len(called) == len(seen) > 0
        assert all(handler is own for handler in seen)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_ctrl_c_ends_is_kept_although_brian2_was_imported():
    handler = import_brian2()._InterruptHandler(signal.default_int_handler)
    before = signal.signal(signal.SIGINT, handler)
    try:
        run = firing().run(500.0, sink=slow_sink(lambda t_now: os.kill(os.getpid(), signal.SIGINT)))
        assert run.interrupted
        assert 0.0 < run.t_stop < 500.0
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_equations_can_first_be_read_in_any_thread_and_ctrl_c_stays_as_it_was():
    text = """
import concurrent.futures, signal
import spikelearn as sl
before = signal.getsignal(signal.SIGINT)
def model():
    return sl.NeuronModel.from_equations("dV_m/dt = -V_m / (10*ms) : volt", threshold="V_m > 15*mV", reset="", name="A")
with concurrent.futures.ThreadPoolExecutor() as pool:
    print(pool.submit(model).result(), signal.getsignal(signal.SIGINT) is before)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120.0)
    assert done.stderr == ""
    assert done.stdout.endswith("True\n")


def test_a_handler_that_python_does_not_know_loses_no_run(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    monkeypatch.setattr(signal, "signal", lambda *arguments: pytest.fail("a handler was replaced"))
    run = firing().run(50.0)
    assert run.t_stop == 50.0
    assert len(run.spikes("cells").times) > 0


def test_someone_at_a_terminal_is_told_of_a_first_compilation(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    modules._announce.cache_clear()
    modules._announce()
    modules._announce()
    assert capsys.readouterr().err.count("compiling") == 1
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    modules._announce.cache_clear()
    modules._announce()
    assert capsys.readouterr().err == ""
