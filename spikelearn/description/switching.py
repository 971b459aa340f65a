"""The methods with which users switch parts of a network off and on, and take them away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from spikelearn.description.environment_builder import EnvironmentBuilder
from spikelearn.description.interval import Regular
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.recording import Recording
from spikelearn.errors import DescriptionError
from spikelearn.steps import whole_steps
from spikelearn.units import Quantity


class SwitchingBuilder(EnvironmentBuilder):
    """The part of a NetworkBuilder that switches parts, and calls functions in Python."""

    _projections: dict[str, Projection]
    _drives: list[Drive]
    _recordings: list[Recording]
    _off: list[Any]
    _apart: list[Projection]
    _regular: list[Regular]

    def switch_off(self, *parts: Projection | Drive | Recording) -> None:
        """Switch off projections, drives or recordings, before the first run, between runs, or in functions of `every`.

        A projection that is off is a lesion: no event arrives at its targets, also of those that were in flight, it
        learns nothing, and its weights stay. What is emitted meanwhile and would arrive after it is switched on again
        does arrive. Its synapses see events as before, so that short-term plasticity and traces go on; eligibilities
        are forgotten, with the traces of their rule. A network whose projection is off from the start is the same, bit
        for bit, as one without it. Switched for the first time after a run, a static projection is delivered by itself
        from then on, which can change the last bits of sums, as `count_events` can.
        A drive that is off gives nothing; noise and currents go on unseen, so that they are what they would have been
        when it is switched on again. A recording that is off takes no samples; `Run.trace` has those that were taken.
        All of it is part of checkpoints and copies, and stays after `reset`. The engines "events", "nest" and "brian2"
        run networks with drives and recordings that are off, "events" also with such projections, and cannot switch
        parts once they have run. Raises DescriptionError.

        >>> net = Network()
        >>> cells = net.population(2, LIF())
        >>> current = net.drive(cells, StepCurrent([0.0], [500.0]))
        >>> spikes = net.record(cells)
        >>> net.switch_off(current)
        >>> net.run(50).spikes(cells).times
        array([], dtype=float64)
        >>> net.switch_on(current)
        >>> len(net.run(50).spikes(cells).times)
        6
        """
        self._switch(parts, on=False)

    def switch_on(self, *parts: Projection | Drive | Recording) -> None:
        """Switch on again what `switch_off` has switched off."""
        self._switch(parts, on=True)

    @property
    def switched_off(self) -> tuple[Projection | Drive | Recording, ...]:
        """The parts that are off."""
        return tuple(self._off)

    def check_all_on(self, where: str) -> None:
        """Raise DescriptionError if a projection or a drive is off, for what knows of none."""
        for part in self._off:
            if not isinstance(part, Recording):
                raise DescriptionError(f"{where}: {part!r} is switched off; expected all projections and drives on")

    def remove(self, *parts: Drive | Recording) -> None:
        """Take drives and recordings away, before the first run or between runs. Runs until then keep what they have.

        A projection cannot be removed, since runs and files show its synapses: it is switched off. Raises
        DescriptionError.
        """
        for part in parts:
            if not isinstance(part, Drive | Recording) or not _among(part, [*self._drives, *self._recordings]):
                hint = "; a projection can be switched off" if isinstance(part, Projection) else ""
                raise DescriptionError(f"remove: not a drive or recording of this network: {part!r:.200}{hint}")
        with self._used_alone("remove"):
            self._take_up_changes()
            before = self._drives, self._recordings, self._off
            self._drives = [part for part in self._drives if not _among(part, parts)]
            self._recordings = [part for part in self._recordings if not _among(part, parts)]
            self._off = [part for part in self._off if not _among(part, parts)]
            try:
                self._removed(parts, [part for part in parts if not _among(part, before[2])])
            except BaseException:
                self._drives, self._recordings, self._off = before
                raise

    def every(self, interval: Quantity, function: Callable[[Any], Any]) -> None:
        """Call function(net) between two steps, whenever the time of the network is a multiple of `interval` (ms).

        It is plain Python, not compiled: it may read `net.time`, `net.weights`, `net.get` and `net.spikes`, which has
        the events of the last interval, call `net.set`, `net.set_weights`, `net.switch_off` and `net.switch_on`, and
        keep what it likes. What it changes holds from the next step on. It is called at the end of a run too, but not
        at its beginning, so a run in pieces is the run in one. Functions are called in the order in which they were
        added. In it the network can neither run nor get further parts. An exception ends the run: SimulationError says
        at which time, and has the Run until then as `run`. Functions are in copies and checkpoints of the network,
        without what they have kept. All engines call them. interval: a multiple of dt. Raises DescriptionError or
        ParameterError.

        >>> net = Network(dt=0.1)
        >>> cells = net.population(10, LIF(I_e=400.0))
        >>> spikes = net.record(cells)
        >>> numbers = []
        >>> def count(net):
        ...     numbers.append((net.time, len(net.spikes(cells).times)))
        >>> net.every(25, count)
        >>> run = net.run(100)
        >>> numbers
        [(25.0, 0), (50.0, 10), (75.0, 10), (100.0, 10)]
        """
        with self._used_alone("every"):
            self._regular.append(Regular(function, whole_steps(interval, self.dt, "interval of every", least=1)))

    def _switch(self, parts: Sequence[Any], on: bool) -> None:
        what = "switch_on" if on else "switch_off"
        known = [*self._projections.values(), *self._drives, *self._recordings]
        for part in parts:
            if not _among(part, known):
                raise DescriptionError(
                    f"{what}: expected projections, drives or recordings of this network, got {part!r:.200}"
                )
        changed = [part for part in dict.fromkeys(parts) if _among(part, self._off) is on]
        before = self._apart
        self._apart = before + [p for p in changed if isinstance(p, Projection) and not _among(p, before)]
        try:
            self._switched(changed, on, what)
        except BaseException:
            self._apart = before
            raise
        self._off = [part for part in self._off if not _among(part, changed)] + ([] if on else changed)

    def _used_alone(self, what: str, between_steps: bool = False) -> AbstractContextManager[None]:
        """A block in which no run goes on. Raises DescriptionError if one does.

        between_steps: whether functions of `every` may do this.
        """
        raise NotImplementedError

    def _switched(self, parts: Sequence[Any], on: bool, what: str) -> None:
        """Let what was built know of parts that are off or on from now on. Raises DescriptionError if it cannot be."""
        raise NotImplementedError

    def _take_up_changes(self) -> None:
        """Let what was built know of what has been added."""
        raise NotImplementedError

    def _removed(self, parts: Sequence[Drive | Recording], on: Sequence[Drive | Recording]) -> None:
        """Let what was built know that parts have been taken away. Raises DescriptionError if it cannot be.

        on: those of them that were not switched off.
        """
        raise NotImplementedError


def _among(part: Any, parts: Sequence[Any]) -> bool:
    return any(part is each for each in parts)
