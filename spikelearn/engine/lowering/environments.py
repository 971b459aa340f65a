"""Environments in Python: what they do between two steps of the network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from spikelearn.description.environment import PythonEnvironment, World
from spikelearn.engine.lowering.callbacks import counting, resolve
from spikelearn.engine.plan import Interaction, Program
from spikelearn.errors import SimulationError


def interactions(worlds: Sequence[World], program: Program) -> Iterator[Interaction]:
    """The interactions with those environments that are in Python; the others are callbacks."""
    for world in worlds:
        if isinstance(world.environment, PythonEnvironment):
            yield _interaction(world, world.environment, program)


def _interaction(world: World, environment: PythonEnvironment, program: Program) -> Interaction:
    counters: dict[Any, np.ndarray] = {}
    shown = [resolve(reference, program, counters) for reference in world.observation]
    read = [resolve(reference, program, counters) for reference in world.action]
    signals = program.plans[0].signals
    reward, done, count = (signals[signal]["value"] for signal in (world.reward, world.done, world.count))
    for (population, kind), n_events in counters.items():
        for plan in program.plans:
            plan.stages["record"].append(counting(population, kind, n_events, plan, world.name))
        program.forgotten.append(n_events)

    def show(observation: Any) -> None:
        if environment.encode is not None:
            environment.encode(observation, *shown)
        most = 1e3 / program.plans[0].dt
        for reference, array in zip(world.observation, shown, strict=True):
            if reference.what == "rates" and not np.all((array >= 0.0) & (array <= most * (1 + 1e-12))):
                raise SimulationError(f"encode wrote rates outside 0 to {most:g} Hz, or NaN")

    def begin() -> None:
        if count[0] < 0.0:
            count[0] = 0.0
            show(environment.env.reset(seed=program.plans[0].seed)[0])

    def act() -> None:
        observation, gained, terminated, truncated, _ = environment.env.step(environment.decode(*read))
        if world.release is not None and not _is_number(gained):
            raise SimulationError(f"step returned the reward {gained!r:.100}, expected one finite number")
        reward[0], done[0] = gained, bool(terminated or truncated)
        count[0] += 1.0
        if world.release is not None:
            for plan in program.plans:
                plan.modulators[world.release]["pending"][0] += reward[0]
        if done[0]:
            observation = environment.env.reset()[0]
        for n_events in counters.values():
            n_events[:] = 0
        show(observation)

    return Interaction(world.name, world.every, begin, act)


def _is_number(value: Any) -> bool:
    """Whether it is one finite number."""
    try:
        return np.ndim(value) == 0 and math.isfinite(value)
    except TypeError:
        return False
