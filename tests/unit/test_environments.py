"""Environments: each step beside the same functions called in plain Python, compiled or not, and Gymnasium's."""

import copy
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SimulationError

LAST = 9.0


@pytest.fixture(autouse=True)
def numbers_wrap_around():
    """Without the compiler, random numbers are made by NumPy, which warns of what is meant to overflow."""
    with np.errstate(over="ignore"):
        yield


def pull(state, n, spikes):
    """A bandit: state is the arm, the outcome, and how likely each arm pays."""
    arm = 0 if spikes[0] >= spikes[1] else 1
    state[0] = arm
    state[1] = 1.0 if sl.random_uniform(7, arm, n) < state[2 + arm] else 0.0


def won(state):
    return state[1]


def walk(state, n, left, right):
    """A track from 0 to LAST, on which spikes of two groups move."""
    state[0] = min(max(state[0] + right.sum() - left.sum(), 0.0), LAST)


def at_goal(state):
    return state[0] >= LAST


def goal_reward(state):
    return 1.0 if state[0] >= LAST else -0.01


def begin_anywhere(state, n):
    state[0] = np.floor(3.0 * sl.random_uniform(5, 1, n))


def show_place(state, rates, current):
    for k in range(len(rates)):
        rates[k] = 400.0 if k == int(state[0]) else 20.0
    current[0] = 10.0 * state[0]


TRACK = {
    "state": [0.0],
    "act": walk,
    "observe": show_place,
    "reward": goal_reward,
    "done": at_goal,
    "reset": begin_anywhere,
}


class Track:
    """The same track with the interface of Gymnasium."""

    def __init__(self):
        self.state, self.n, self.seeds = np.zeros(1), 0, []

    def reset(self, seed=None):
        self.seeds.append(seed)
        self.state[:] = 0.0
        begin_anywhere(self.state, self.n)
        return self.state.copy(), {}

    def step(self, action):
        walk(self.state, self.n, *action)
        self.n += 1
        return self.state.copy(), goal_reward(self.state), at_goal(self.state), False, {}


def bandit(threads=1):
    net = sl.Network(dt=1.0, seed=2, threads=threads)
    arms = net.population(2, sl.Poisson(60.0), name="arms")
    dopamine = net.modulator("dopamine", tau=50.0)
    given = sl.Environment(state=[0.0, 0.0, 0.8, 0.2], act=pull, reward=won)
    world = net.environment(given, action=arms.counts(), release=dopamine, name="bandit")
    net.record(arms)
    net.record(dopamine, "n")
    for signal in (world.reward, world.state, world.count):
        net.record(signal, every=100.0)
    return net, world


def on_track(environment, threads=1, record=True):
    net = sl.Network(dt=0.5, seed=2, threads=threads)
    places = net.population(10, sl.Poisson(0.0), name="places")
    cells = net.population(4, sl.LIF(I_e=[430.0, 440.0, 520.0, 560.0]), name="cells")
    net.connect(places, cells, weight=sl.Uniform(0.0, 60.0))
    world = net.environment(
        environment, observation=[places.rates, cells[:1].current("exc")],
        action=(cells[:2].counts(), cells[2:].counts()), every=25.0, name="track",
    )  # fmt: skip
    net.record(places)
    net.record(cells)
    if record:
        for signal in (world.reward, world.done, world.count):
            net.record(signal)
    return net, world


@pytest.mark.parametrize("threads", [1, 2])
def test_one_step_for_each_trial_beside_plain_python(threads):
    net, world = bandit(threads)
    trials = sl.Trials([sl.Phase(60.0, callback=world.step), sl.Phase(40.0)], n=12)
    run = net.run(trials=trials)
    times, ids = run.spikes("arms")
    state, rewards = np.array([0.0, 0.0, 0.8, 0.2]), []
    for n in range(12):
        inside = (times > 100 * n) & (times <= 100 * n + 60)
        pull(state, n, np.bincount(ids[inside], minlength=2))
        rewards.append(state[1])
        EXACT.check(run.trace(world.state, "value").values[n], state)
    EXACT.check(run.trace(world.reward, "value").values[:, 0], rewards)
    EXACT.check(run.trace(world.count, "value").values[:, 0], np.arange(1.0, 13.0))
    assert 0 < sum(rewards) < 12
    rises = np.flatnonzero(np.diff(run.trace("dopamine", "n").values[:, 0]) > 0.5) + 2.0
    EXACT.check(rises, [100.0 * n + 61.0 for n in range(12) if rewards[n]])


def test_steps_at_times_beside_plain_python():
    net, world = on_track(sl.Environment(**TRACK))
    run = net.run(2000.0)
    times, ids = run.spikes("cells")
    state, rewards, over = np.zeros(1), [], []
    begin_anywhere(state, 0)
    places = [state[0]]
    for n in range(80):
        inside = (times > 25 * n) & (times <= 25 * (n + 1))
        counts = np.bincount(ids[inside], minlength=4)
        walk(state, n, counts[:2], counts[2:])
        rewards.append(goal_reward(state))
        over.append(at_goal(state))
        if over[-1]:
            begin_anywhere(state, n + 1)
        places.append(state[0])
    assert sum(over) > 1 and len(set(places)) > 5
    EXACT.check(run.trace(world.reward, "value").values[49::50, 0], rewards)
    EXACT.check(run.trace(world.done, "value").values[49::50, 0], over)
    spikes, shown = run.spikes("places"), np.zeros(10)
    for n, place in enumerate(places[:-1]):
        inside = (spikes.times > 25 * n + 0.5) & (spikes.times <= 25 * (n + 1))
        shown[int(place) == np.arange(10)] += 1
        if np.sum(inside):
            assert np.bincount(spikes.ids[inside], minlength=10).argmax() == int(place)


def same(one, other):
    for name in ("places", "cells"):
        EXACT.check(one.spikes(name).times, other.spikes(name).times)
        EXACT.check(one.spikes(name).ids, other.spikes(name).ids)


@pytest.mark.parametrize(("threads", "engine"), [(2, "compiled"), (1, "stepper")])
@pytest.mark.parametrize("python", [False, True])
def test_threads_and_the_stepper_give_the_same_bits(threads, engine, python):
    def environment():
        return in_python() if python else sl.Environment(**TRACK)

    one, _ = on_track(environment())
    other, _ = on_track(environment(), threads)
    a, b = one.run(400.0), other.run(400.0, engine=engine)
    same(a, b)
    EXACT.check(a.trace("track reward", "value").values, b.trace("track reward", "value").values)


def encode(observation, rates, current):
    show_place(observation, rates, current)


def in_python(env=None):
    return sl.PythonEnvironment(
        Track() if env is None else env, decode=lambda left, right: (left, right), encode=encode
    )


def test_one_in_python_is_the_compiled_one_from_the_second_step_on():
    """A compiled one shows its first observation at the end of the first step, one in Python before it."""
    net, _ = on_track(sl.Environment(**TRACK))
    python = Track()
    other, world = on_track(in_python(python))
    a, b = net.run(1500.0), other.run(1500.0)
    assert len(a.spikes("cells").times) > 20
    for name in ("places", "cells"):
        first = a.spikes(name).times > 0.5
        later = b.spikes(name).times > 0.5
        EXACT.check(a.spikes(name).times[first], b.spikes(name).times[later])
        EXACT.check(a.spikes(name).ids[first], b.spikes(name).ids[later])
    EXACT.check(a.trace("track reward", "value").values[:-1], b.trace(world.reward, "value").values[1:])
    assert python.n == 60 and python.seeds[0] == 2 and set(python.seeds[1:]) == {None}


@pytest.mark.parametrize("python", [False, True])
def test_runs_in_parts_copies_and_checkpoints_go_on(python, tmp_path):
    def environment():
        return in_python() if python else sl.Environment(**TRACK)

    whole = on_track(environment())[0].run(600.0)
    net, _ = on_track(environment())
    net.run(310.0, checkpoint=tmp_path / "state.ckpt")
    copied, restored = copy.deepcopy(net), sl.Network.restore(tmp_path / "state.ckpt")
    assert restored.environments["track"].reward is restored.signals["track reward"]
    for each in (net, copied, restored):
        rest = each.run(290.0)
        for name in ("places", "cells"):
            later = whole.spikes(name).times > 310.0
            EXACT.check(whole.spikes(name).times[later], rest.spikes(name).times)


def test_reset_begins_anew():
    net, _ = on_track(sl.Environment(**TRACK))
    first = net.run(300.0)
    net.reset()
    same(first, net.run(300.0))


def test_phases_can_begin_a_new_episode():
    net, world = bandit()
    trials = sl.Trials([sl.Phase(50.0, callback=world.step), sl.Phase(50.0, callback=world.restart)], n=3)
    run = net.run(trials=trials)
    EXACT.check(run.trace(world.state, "value").values, np.tile([0.0, 0.0, 0.8, 0.2], (3, 1)))


def test_gymnasium_itself():
    gymnasium = pytest.importorskip("gymnasium")

    def run(env):
        net = sl.Network(dt=1.0, seed=4)
        inputs, actors = net.population(4, sl.Poisson(0.0)), net.population(2, sl.Poisson(100.0))

        def tilt(observation, rates):
            rates[:] = 50.0 + 10.0 * np.tanh(observation)

        world = net.environment(
            sl.PythonEnvironment(env, decode=lambda counts: int(counts[1] > counts[0]), encode=tilt),
            observation=inputs.rates, action=actors.counts(), every=20.0,
        )  # fmt: skip
        net.record(world.done, every=20.0)
        net.record(world.reward, every=20.0, start=20.0)
        net.record(inputs)
        return net.run(2000.0)

    a, b = run("CartPole-v1"), run(gymnasium.make("CartPole-v1"))
    EXACT.check(a.spikes("poisson").times, b.spikes("poisson").times)
    assert a.trace("world done", "value").values.sum() >= 2
    assert np.all(a.trace("world reward", "value").values[1:] == 1.0)


def blocks_of_the_page():
    text = (Path(__file__).parents[2] / "docs" / "environments.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.S)


def test_the_network_of_the_page_learns_which_arm_is_better(tmp_path, monkeypatch):
    bandit, _, _ = blocks_of_the_page()
    names = run_page(bandit, tmp_path, monkeypatch, "bandit_of_the_page")
    assert names["arms"][-50:].mean() > 0.9
    untaught = run_page(
        bandit.replace("plasticity=rule", "plasticity=rule, plastic=False"), tmp_path, monkeypatch, "untaught"
    )
    assert untaught["arms"][-50:].mean() < 0.8


def test_the_function_of_the_page_keeps_its_position(tmp_path, monkeypatch):
    _, act, _ = blocks_of_the_page()
    names = run_page(act, tmp_path, monkeypatch, "act_of_the_page")
    assert 0.5 < names["position"] < 1.5


def test_the_other_network_of_the_page_keeps_a_pole_for_some_episodes(tmp_path, monkeypatch):
    pytest.importorskip("gymnasium")
    _, _, pole = blocks_of_the_page()
    names = run_page("import spikelearn as sl\n" + pole, tmp_path, monkeypatch, "pole_of_the_page")
    assert names["run"].trace("world done", "value").values.sum() >= 2


def run_page(text, tmp_path, monkeypatch, name):
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return vars(importlib.import_module(name))


class Unrewarding(Track):
    def __init__(self, reward):
        super().__init__()
        self.reward = reward

    def step(self, action):
        observation, _, *others = super().step(action)
        return observation, self.reward, *others


class Odd(Track):
    def step(self, action):
        raise ZeroDivisionError("no way")


def test_what_an_environment_raises_says_where():
    net, _ = on_track(in_python(Odd()))
    with pytest.raises(SimulationError, match="environment 'track' raised ZeroDivisionError: no way .* at 25 ms"):
        net.run(100.0)
    net, _ = on_track(sl.PythonEnvironment(Track(), decode=lambda a, b: (a, b), encode=lambda o, r, c: r.fill(1e9)))
    with pytest.raises(SimulationError, match="encode wrote rates outside 0 to 2000 Hz"):
        net.run(100.0)

    for reward in (np.nan, np.inf, None, np.zeros(2)):
        net = sl.Network(dt=0.5)
        net.population(1, sl.LIF())
        given = sl.PythonEnvironment(Unrewarding(reward), decode=lambda: (np.zeros(1), np.zeros(1)))
        net.environment(given, every=25.0, release=net.modulator("dopamine", tau=50.0), name="track")
        with pytest.raises(SimulationError, match=r"'track' raised .*step returned the reward .* at 25 ms"):
            net.run(100.0)

    def outside(state, n, left, right):
        state[3] = 1.0

    net, _ = on_track(sl.Environment(**{**TRACK, "act": outside}))
    with pytest.raises(SimulationError, match="raised an exception at 25 ms"):
        net.run(100.0)


def test_bad_environments_are_refused():
    net = sl.Network(dt=1.0)
    source, cells = net.population(2, sl.Poisson(0.0)), net.population(2, sl.LIF())
    other = sl.Network().population(1, sl.LIF())
    good = sl.Environment(state=[0.0], act=lambda state, n, spikes: None)
    python = sl.PythonEnvironment(Track(), decode=lambda counts: 0)
    for given, how, said in (
        (good, {}, r"act|<lambda>.*called with \(state, n\)"),
        (good, {"action": [cells.counts(), cells.counts()]}, r"called with \(state, n, argument 1, argument 2\)"),
        (good, {"action": cells.counts(), "observation": source.rates}, "expected a function observe"),
        (good, {"action": cells}, "action of environment 'world': expected references"),
        (good, {"action": other.counts()}, "is not a population"),
        (good, {"action": cells.counts(), "release": cells}, "release of environment 'world': expected a modulator"),
        (Track(), {}, "expected an Environment or PythonEnvironment"),
        (python, {"action": cells.counts()}, "expected a time `every`"),
        (python, {"every": 10.0}, "decode of PythonEnvironment with 0 arrays"),
        (python, {"action": cells.counts(), "observation": source.rates, "every": 10.0}, "expected a function encode"),
    ):
        with pytest.raises(DescriptionError, match=said):
            net.environment(given, **how)
    with pytest.raises(ParameterError, match="every of environment 'world': expected a multiple of dt"):
        net.environment(good, action=cells.counts(), every=1.5)
    with pytest.raises(DescriptionError, match="expected finite numbers"):
        sl.Environment(state=[np.nan], act=pull)
    with pytest.raises(DescriptionError, match=r"without \['reset', 'step'\]"):
        sl.PythonEnvironment(object(), decode=lambda: 0)
    with pytest.raises(DescriptionError, match="decode of PythonEnvironment: expected a function"):
        sl.PythonEnvironment(Track(), decode=3)
    world = net.environment(python, action=cells.counts(), every=10.0)
    with pytest.raises(DescriptionError, match="step of environment 'world': one in Python takes steps at a time"):
        _ = world.step
    assert not net.signals.keys() - {"world reward", "world done", "world count"}
