"""Environments: worlds in which a network acts and which it observes, compiled or in Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.functions import function_from
from spikelearn.codegen.modules import compiled
from spikelearn.codegen.pickling import HoldsFunctions
from spikelearn.description.population import Modulator, Reference
from spikelearn.description.signal import Signal
from spikelearn.description.trials import Callback
from spikelearn.errors import DescriptionError
from spikelearn.units import plain


@dataclass(frozen=True, eq=False)
class Environment(HoldsFunctions):
    """A world with a state, made of functions that are compiled: a bandit, a track, a maze.

    state: (n,) float64, as each episode begins.
    act: function(state, n, *action) moves the world on by one step. n counts the steps from 0, so that
        `sl.random_uniform(seed, 0, n)` is another number in each of them; action: the arrays that
        `Network.environment` is given.
    observe: function(state, *observation) writes what the network is shown.
    reward: function(state) -> number. done: function(state) -> whether the episode is over; then the state is as it
        began, and is shown at once. Without it, there is only one episode.
    reset: function(state, n) changes the state with which an episode begins, at random for example.
    """

    state: Any
    act: Callable[..., Any]
    observe: Callable[..., Any] | None = None
    reward: Callable[[np.ndarray], float] | None = None
    done: Callable[[np.ndarray], bool] | None = None
    reset: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        state = np.atleast_1d(np.array(plain(self.state, "1", "state of Environment"), np.float64))
        if state.ndim != 1 or len(state) == 0 or not np.all(np.isfinite(state)):
            raise DescriptionError(f"state of Environment: expected finite numbers, (n,), got shape {state.shape}")
        state.flags.writeable = False
        object.__setattr__(self, "state", state)

    def check(self, observation: Sequence[Any], action: Sequence[Any]) -> None:
        """Raise DescriptionError unless its functions take what they will be given."""
        expected: dict[str, tuple[tuple[str, ...], Sequence[Any]]] = {
            "act": (("state", "n"), action), "observe": (("state",), observation), "reward": (("state",), ()),
            "done": (("state",), ()), "reset": (("state", "n"), ()),
        }  # fmt: skip
        for name, (first, more) in expected.items():
            if (function := getattr(self, name)) is not None:
                Callback(function, tuple(more)).check_takes(*first)
        if self.observe is None and observation:
            raise DescriptionError("environment: expected a function observe that writes the observation, got none")


@dataclass(frozen=True, eq=False)
class PythonEnvironment(HoldsFunctions):
    """An environment that is no compiled code, with the interface of Gymnasium.

    env: an object with `reset(seed=...) -> (observation, info)` and `step(action) -> (observation, reward, terminated,
        truncated, info)`; or the name of an environment of the package gymnasium, such as "CartPole-v1".
    decode: function(*action) -> the action for `env.step`, from the arrays that `Network.environment` is given.
    encode: function(observation, *observed) writes what the network is shown.

    Both functions, and `env`, are called from Python between two steps of the network.
    """

    env: Any
    decode: Callable[..., Any]
    encode: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        env = _gymnasium(self.env) if isinstance(self.env, str) else self.env
        if missing := [name for name in ("reset", "step") if not callable(getattr(env, name, None))]:
            raise DescriptionError(
                f"env of PythonEnvironment: expected reset and step as in Gymnasium, without {missing}"
            )
        object.__setattr__(self, "env", env)
        for name in ("decode", "encode"):
            if not (callable(found := getattr(self, name)) or (found is None and name == "encode")):
                raise DescriptionError(f"{name} of PythonEnvironment: expected a function, got {found!r:.200}")

    def check(self, observation: Sequence[Any], action: Sequence[Any]) -> None:
        """Raise DescriptionError unless its functions take what they will be given."""
        for name, first, more in (("decode", (), action), ("encode", (None,), observation)):
            if (function := getattr(self, name)) is not None:
                try:
                    inspect.signature(function).bind(*first, *more)
                except TypeError as error:
                    raise DescriptionError(f"{name} of PythonEnvironment with {len(more)} arrays: {error}") from None
        if self.encode is None and observation:
            raise DescriptionError("environment: expected a function encode that writes the observation, got none")


def _gymnasium(name: str) -> Any:
    try:
        import gymnasium  # type: ignore[import-not-found,unused-ignore]
    except ModuleNotFoundError as error:
        raise DescriptionError(
            f"environment {name!r}: needs gymnasium, which is not installed: pip install 'spikelearn[gymnasium]'"
        ) from error
    return gymnasium.make(name)


@dataclass(frozen=True, eq=False)
class World:
    """An environment joined to a network. Made by `Network.environment`.

    reward, done: signals with the last reward, and 1 if the last step ended an episode, else 0. state: a signal with
    the state of an Environment; None for one in Python. count: a signal with the number of steps taken, -1 before the
    first episode. every: steps of the network between two of the environment; 0: those at which a phase calls `step`.
    name, environment, observation, action, release: as given to `Network.environment`.
    """

    name: str
    environment: Environment | PythonEnvironment
    every: int
    state: Signal | None
    reward: Signal
    done: Signal
    count: Signal
    observation: tuple[Reference, ...]
    action: tuple[Reference, ...]
    release: Modulator | None = None

    @property
    def step(self) -> Callback:
        """For phases: a callback that takes one step."""
        return self._callback("step", "trial, phase")

    @property
    def restart(self) -> Callback:
        """For phases: a callback that begins a new episode, also if the last one is not over."""
        return self._callback("restart", "trial, phase")

    def of_steps(self) -> list[Callback]:
        """The callbacks of steps of the network that it needs: to begin with, and to take its own steps."""
        taken = [self._callback("step", "now", self.every)] if self.every else []
        return [self._callback("begin", "now"), *taken]

    def _callback(self, what: str, first: str, every: int = 1) -> Callback:
        if not isinstance(self.environment, Environment) or self.state is None:
            raise DescriptionError(f"{what} of environment {self.name!r}: one in Python takes steps at a time `every`")
        given = self.environment
        observation = [f"observed_{k}" for k in range(len(self.observation))]
        action = [f"action_{k}" for k in range(len(self.action))]
        functions = {
            name: compiled(function)
            for name in ("act", "observe", "reward", "done", "reset")
            if (function := getattr(given, name)) is not None
        }
        names = ["state", "rewarded", "ended", "count", "start", *observation]
        arguments: list[Any] = [signal.values for signal in (self.state, self.reward, self.done, self.count)]
        arguments += [given.state, *self.observation]
        if what == "step":
            names += [*action, *(["released"] if self.release is not None else [])]
            arguments += [*self.action, *([self.release.release] if self.release is not None else [])]
        show = f"observe({', '.join(['state', *observation])})" if "observe" in functions else "pass"
        renew = ["for k in range(len(start)):", "    state[k] = start[k]"]
        renew += ["reset(state, int(count[0]))"] if "reset" in functions else []
        taken = [
            f"act({', '.join(['state', 'int(count[0])', *action])})",
            "count[0] += 1.0",
            f"rewarded[0] = {'reward(state)' if 'reward' in functions else '0.0'}",
            *(["released[0] += rewarded[0]"] if self.release is not None else []),
            f"ended[0] = {'1.0 if done(state) else 0.0' if 'done' in functions else '0.0'}",
            "if ended[0] == 1.0:",
            *(f"    {line}" for line in renew),
            show,
        ]
        body = {
            "step": taken,
            "restart": [*renew, show],
            "begin": ["if count[0] < 0.0:", "    count[0] = 0.0", *(f"    {line}" for line in [*renew, show])],
        }[what]
        lines = "\n".join(f"    {line}" for line in body)
        text = f"def {what}({first}, {', '.join(names)}):\n{lines}\n"
        return Callback(function_from(text, what, functions), tuple(arguments), every)
