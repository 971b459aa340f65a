"""The method with which users join environments to a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from spikelearn.description.adding import adds
from spikelearn.description.environment import Environment, PythonEnvironment, World
from spikelearn.description.population import Modulator, Reference
from spikelearn.description.signal_builder import SignalBuilder
from spikelearn.errors import DescriptionError
from spikelearn.steps import whole_steps
from spikelearn.units import Quantity
from spikelearn.values import name as checked_name


class EnvironmentBuilder(SignalBuilder):
    """The part of a NetworkBuilder that adds environments."""

    _worlds: dict[str, World]

    @property
    def environments(self) -> Mapping[str, World]:
        """All environments by name, as `environment` returned them."""
        return MappingProxyType(self._worlds)

    @adds("world")
    def environment(
        self,
        environment: Environment | PythonEnvironment,
        observation: Reference | Sequence[Reference] = (),
        action: Reference | Sequence[Reference] = (),
        every: Quantity | None = None,
        release: Modulator | None = None,
        name: str = "world",
    ) -> World:
        """Join an environment to the network.

        observation: references to what it writes, such as `inputs.rates` or `cells.current("exc")`; shown from the
        first step on. action: references to what it reads, such as `left.counts()` or `choice.values`. every: ms
        between two of its steps; None: a step is taken where a phase of trials says so, `Phase(500.0,
        callback=world.step)`. release: a modulator that each step releases as much of as the reward. name: that of the
        environment and, with " reward" and so on, of its signals, which can be recorded: `net.record(world.reward)`.
        `reset` of a network also begins an Environment anew; a fresh phase does not. What a PythonEnvironment does at
        the end of a step is in the signals from the next step on. Raises DescriptionError or ParameterError.

        >>> net = Network(dt=1.0, seed=1)
        >>> arms = net.population(2, Poisson(rate=50))
        >>> def pull(state, n, spikes):
        ...     arm = 0 if spikes[0] > spikes[1] else 1
        ...     state[0] = random_uniform(7, arm, n) < (0.8 if arm == 0 else 0.2)
        >>> bandit = Environment(state=[0.0], act=pull, reward=lambda state: state[0])
        >>> world = net.environment(bandit, action=arms.counts())
        >>> rewards = net.record(world.reward, every=100.0)
        >>> run = net.run(trials=Trials([Phase(100.0, callback=world.step)], n=5))
        >>> run.trace(world.reward, "value").values.shape
        (5, 1)
        """
        checked_name(name, "name of environment")
        where = f"environment {name!r}"
        if not isinstance(environment, Environment | PythonEnvironment):
            raise DescriptionError(f"{where}: expected an Environment or PythonEnvironment, got {environment!r:.200}")
        shown, read = _references(observation, f"observation of {where}"), _references(action, f"action of {where}")
        environment.check(shown, read)
        if release is not None and not isinstance(release, Modulator):
            raise DescriptionError(f"release of {where}: expected a modulator, got {release!r:.200}")
        owners = [reference.owner for reference in (*shown, *read)] + ([] if release is None else [release])
        self._check_owned((where, owner) for owner in owners)
        steps = 0 if every is None else whole_steps(every, self.dt, f"every of {where}", least=1)
        if isinstance(environment, PythonEnvironment) and not steps:
            raise DescriptionError(f"{where}: expected a time `every` at which one in Python takes its steps")
        if any(reference.what == "weights" for reference in (*shown, *read)) and isinstance(
            environment, PythonEnvironment
        ):
            raise DescriptionError(f"{where}: one in Python takes no weights of projections")
        state = None
        if isinstance(environment, Environment):
            state = self.signal(f"{name} state", len(environment.state), initial=environment.state)
        reward, done = self.signal(f"{name} reward"), self.signal(f"{name} done")
        count = self.signal(f"{name} count", initial=-1.0)
        world = World(name, environment, steps, state, reward, done, count, shown, read, release)
        if isinstance(environment, Environment):
            self._callbacks += world.of_steps()
        self._worlds[name] = world
        return world


def _references(given: Any, what: str) -> tuple[Reference, ...]:
    found = (given,) if isinstance(given, Reference) else tuple(given) if isinstance(given, list | tuple) else None
    if found is None or not all(isinstance(each, Reference) for each in found):
        raise DescriptionError(f"{what}: expected references such as population.counts(), got {given!r:.200}")
    return found
