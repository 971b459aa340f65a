"""Functions of users write to no memory but that of their arrays, and what goes wrong names their line."""

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.codegen import bounds, jit
from spikelearn.engine import simulate
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight

needs_the_compiler = pytest.mark.skipif(jit.JIT_DISABLED, reason="Python checks bounds itself")


def helper(x, i):
    x[i] = 1.0


if not jit.JIT_DISABLED:
    import numba

    helper = numba.njit(helper)


def beyond(step, x):
    x[step] = 1.0


def before(step, x):
    x[-step] = 1.0


def in_two_dimensions(step, x):
    x.reshape(3, 1)[1, step - 2] = 1.0


def by_array(step, x):
    x[np.array([0, step])] = 1.0


def in_a_view(step, x):
    x[1:][step - 1] = 1.0


def in_an_array_of_its_own(step, x):
    y = np.zeros(3)
    y[step] = 1.0


def added_to(step, x):
    x[step] += 1.0


def read(step, x):
    x[0] = x[step]


def by_helper(step, x):
    helper(x, step)


def network(threads=1):
    net = sl.Network(dt=1.0, seed=1, threads=threads)
    return net, net.population(4, sl.LIF(), name="cells")


CASES = [
    beyond, before, in_two_dimensions, by_array, in_a_view, in_an_array_of_its_own, added_to, read, by_helper,
]  # fmt: skip


@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
def test_a_callback_that_leaves_its_array_is_stopped_there_and_its_line_named(function):
    around = np.zeros(64)
    net, _ = network()
    net.on_step(function, around[20:23])
    inside = "helper" if function is by_helper else function.__name__
    with pytest.raises(SimulationError, match=rf"IndexError: .*test_bounds.py, line \d+, in {inside}: ") as caught:
        net.run(6.0)
    assert not around[:20].any() and not around[23:].any()
    assert isinstance(caught.value.__cause__, IndexError) and 2.0 <= caught.value.run.t_stop <= 4.0


@needs_the_compiler
def test_a_callback_on_several_threads_and_one_of_a_trial_are_stopped_too():
    around = np.zeros(64)
    net, _ = network(threads=2)
    net.on_step(beyond, around[20:23])
    with pytest.raises(SimulationError, match=r"test_bounds.py, line \d+, in beyond"):
        net.run(6.0)
    net, _ = network()

    def of_trial(trial, phase, x):
        x[trial + 2] = 1.0

    with pytest.raises(SimulationError, match=r"test_bounds.py, line \d+, in of_trial"):
        net.run(trials=sl.Trials([sl.Phase(2.0, callback=sl.Callback(of_trial, [around[20:23]]))], n=3))
    assert not around[:20].any() and not around[23:].any()


@needs_the_compiler
def test_a_function_that_numba_has_compiled_is_checked_all_the_same():
    around = np.zeros(64)
    net, _ = network()
    net.on_step(numba.njit(beyond), around[20:23])
    with pytest.raises(SimulationError, match=r"test_bounds.py, line \d+, in beyond"):
        net.run(6.0)
    assert not around[23:].any()


@needs_the_compiler
def test_the_one_kind_of_index_that_numba_does_not_check_is_refused():
    def flat(step, x):
        x.flat[step] = 1.0

    net, _ = network()
    with pytest.raises(DescriptionError, match=r"'flat', .*test_bounds.py, line \d+: indices of `flat`"):
        net.on_step(flat, np.zeros(3))
        net.run(1.0)


def test_a_read_only_array_stays_as_it_is():
    x, y = np.zeros(10), np.zeros(1)
    x.flags.writeable = False

    def reads(step, x, y):
        y[0] += x[step] + 1.0

    net, _ = network()
    net.on_step(reads, x, y)
    net.run(3.0)
    assert y[0] == 3.0
    net, _ = network()
    net.on_step(beyond, x)
    with pytest.raises((DescriptionError, SimulationError), match="read-only"):
        net.run(3.0)
    assert not x.any()


@needs_the_compiler
def test_functions_of_model_files_may_do_what_a_users_may_and_are_checked():
    def by_rows(step, x, values):
        x[step - 1] = values

    by_rows.__module__ = "spikelearn.models.by_rows"
    x, values = np.zeros((5, 2)), np.array([1.0, 2.0])
    net, _ = network()
    net.on_step(by_rows, x[:3], values)
    net.run(3.0)
    assert x.tolist() == [[1.0, 2.0]] * 3 + [[0.0, 0.0]] * 2
    with pytest.raises(SimulationError, match="IndexError"):
        net.run(3.0)
    assert not x[3:].any()


class NoParameters(NamedTuple):
    gain: float = 1.0


def leaves(x):
    found = np.zeros(2)
    found[int(x)] = 1.0
    return found[0]


leaves = jit.scalar(leaves)


def wild_step(x, in_exc, gain):
    return x + gain + in_exc + leaves(x), np.uint8(0)


def random_step(x, in_exc, u, gain):
    return x + gain + in_exc + leaves(x + u), np.uint8(0)


def wild_neurons(net, step=wild_step):
    wild = sl.NeuronModel(
        "Wild", NoParameters, lambda p, dt: {"gain": p.gain}, step, {"x": "1"}, {"exc": "1"},
        initial=lambda p: {"x": 0.0}, random=("u",) if step is random_step else (),
    )  # fmt: skip
    net.record(net.population(4, wild(), name="wild"), "x")


class RuleParameters(NamedTuple):
    """pre, post: at which of the events the array is left."""

    tau: ms = 10.0
    pre: number = 0.0
    post: number = 0.0
    W_min: weight = 0.0
    W_max: weight = 1000.0


def at_pre(weight, x, y, pre, post):
    return weight + leaves(10.0 * pre * y)


def at_post(weight, x, y, pre, post):
    return weight + leaves(10.0 * post * x)


def wild_signal(V_m, event):
    return leaves(0.0 if V_m < -60.0 else 5.0)


X, Y = Trace("x", "tau"), Trace("y", "tau")
AtEvents = sl.PlasticityRule(
    "AtEvents", RuleParameters, (X,), (Y,), at_pre, at_post, lambda p, dt: {"pre": p.pre, "post": p.post}
)
WILD = {
    "step": wild_neurons,
    "step with random numbers": lambda net: wild_neurons(net, random_step),
    "at_pre": lambda: AtEvents(pre=1.0),
    "at_post": lambda: AtEvents(post=1.0),
    "signal": sl.SignalRule("Signal", RuleParameters, (X,), ("V_m",), wild_signal, lambda p, dt: {}),
}


def with_wild(name, threads):
    net = sl.Network(dt=1.0, seed=1, threads=threads)
    if name.startswith("step"):
        WILD[name](net)
    else:
        cells = net.population(4, sl.LIF(I_e=1000.0), name="cells")
        source = net.population(4, sl.Poisson(200.0))
        net.connect(source, cells, "exc", weight=5.0, plasticity=WILD[name]())
    return net


@needs_the_compiler
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", WILD)
def test_a_function_of_a_model_that_leaves_an_array_ends_the_run_and_its_line_is_shown(name, threads):
    line = r"raised IndexError: .*test_bounds.py, line \d+, in leaves: found\[int\(x\)\] = 1.0\)"
    with pytest.raises(SimulationError, match=line) as caught:
        with_wild(name, threads).run(100.0)
    assert isinstance(caught.value.__cause__, IndexError)


@needs_the_compiler
def test_a_line_that_would_take_long_to_find_is_not_but_the_function_is_named(monkeypatch):
    monkeypatch.setattr(simulate, "_MOST_VALUES_IN_PYTHON", 0)
    with pytest.raises(SimulationError, match=r"IndexError: .*wild_step \(.*test_bounds.py, line \d+\)") as found:
        with_wild("step", 1).run(6.0)
    assert "in leaves" not in str(found.value)


@dataclass(frozen=True)
class Wild(sl.ConnectionRule):
    """Writes far beyond the room that a row has."""

    by_source = True

    @staticmethod
    def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
        partners[row * 100_000] = 0
        return 1

    def rows(self, ends):
        return sl.Rows(np.zeros(1), degrees=np.array([1]))


@needs_the_compiler
def test_a_connection_rule_that_leaves_its_arrays_is_refused():
    net, cells = network()
    net.connect(cells, cells, "exc", Wild(), weight=1.0)
    with pytest.raises(DescriptionError, match="connection rule Wild raised IndexError"):
        net.run(1.0)


@needs_the_compiler
def test_checks_can_be_turned_off_and_code_without_is_kept_apart():
    script = (
        "import numpy as np, spikelearn as sl\n"
        "def beyond(step, x):\n    x[step] = 1.0\n"
        "around = np.zeros(64)\nnet = sl.Network(dt=1.0, threads=1)\nnet.population(1, sl.LIF())\n"
        "net.on_step(beyond, around[20:23])\n"
        "try:\n    net.run(6.0)\nexcept sl.errors.SimulationError:\n    print('checked')\n"
        "print(int(around[23:].sum()))\n"
    )
    for value, expected in (("1", "checked\n0\n"), ("0", "4\n"), ("1", "checked\n0\n")):
        environment = os.environ | {bounds.VARIABLE: value}
        found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        assert (found.stdout, found.stderr) == (expected, "")
