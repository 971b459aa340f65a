"""from_brian2: a Network from a user's Brian2 objects, which it keeps in step with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.equations.brian import import_brian2, quiet
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.monitors import Pending
from spikelearn.interop.brian2.objects import Taken, check_new, kind_of, named, take_over
from spikelearn.interop.brian2.reading import contained, place_of
from spikelearn.network import Network
from spikelearn.results.run import Run


class Brian2Network(Network):
    """A Network made by `from_brian2`.

    A run fills the monitors of Brian2, sets the variables of its groups and synapses, and its clock; before it, what
    has been changed there is taken over. All else is as for any Network. A copy, or what is restored from a checkpoint,
    is a network of its own, without Brian2's objects.
    """

    _taken: Taken | None = None
    _stopped = False

    def run(  # type: ignore[override]
        self, duration: Any, *, namespace: Mapping[str, Any] | None = None, sink: Any = None, **options: Any
    ) -> Run:
        """As Network.run, but for trials. namespace: what external names mean from now on; by default what they mean to
        the caller."""
        taken, self._stopped = self._taken, False
        if taken is None:
            return super().run(duration, sink=sink, **options)
        if options.get("trials") is not None:
            raise DescriptionError("run: a network from Brian2 runs for a duration, not for trials")
        if sink is not None and taken.operations:
            raise DescriptionError("run: network operations may stop a run, so it has no sink")
        if namespace is None:
            namespace = import_brian2().core.namespace.get_local_namespace(level=1)
        start, begun = float(taken.network.t_), round(self.time / self.dt)
        end = start + _seconds(duration)
        n_steps = step_at(end, taken.dt) - begun
        if step_at(start, taken.dt) != begun:
            raise DescriptionError(
                f"run: the time of the Brian2 network is {float(taken.network.t_) * 1e3:g} ms, that of this one "
                f"{self.time:g} ms: after restore() or a change of its time, take it over anew"
            )
        with quiet():
            taken.take_later(self, own_objects(taken.network), namespace)
            taken.before_run(self, namespace, n_steps)
        piece = self._piece = _Piece(taken, Pending(sink), begun, begun + n_steps, namespace)
        for each in taken.objects:
            each._network = taken.network.id
        try:
            self._operate(begun)
            run = super().run((piece.end - begun) * self.dt, sink=piece.pending, **options)
            if self._stopped and round(self.time / self.dt) < piece.end:
                self._fill()
                piece.pending = Pending(None)
                run = super().run(self.dt, sink=piece.pending, after=run, **options)
            return run
        finally:
            self._fill()
            if piece.begun == begun + n_steps:  # neither stopped nor interrupted
                taken.network.t_ = end
            self._piece = None

    _piece: Any = None

    def _fill(self) -> None:
        piece = self._piece
        assert piece is not None
        if not piece.pending.begun:  # an operation before the first step has failed
            return
        end = round(self.time / self.dt)
        with quiet():
            piece.taken.after_steps(self, piece.pending, piece.begun)
        piece.begun = end

    def _operate(self, step: int) -> None:
        """Call the network operations that are due at the start of a step."""
        piece = self._piece
        assert piece is not None
        taken = piece.taken
        due = [each for each in taken.operations if step % round(float(each.clock.dt_) / taken.dt) == 0]
        if not due or step >= piece.end:
            return
        if step > piece.begun:
            self._fill()
        everywhere = import_brian2().core.network.Network
        everywhere._globally_stopped = taken.network._stopped = False
        waiting = [each for each in taken.monitors if each.brian.active]
        for each in due:
            for monitor in [m for m in waiting if place_of(m.brian) < place_of(each)]:
                monitor.note(step)
                waiting.remove(monitor)
            each.run()
        self._stopped = bool(everywhere._globally_stopped or taken.network._stopped)
        everywhere._globally_stopped = taken.network._stopped = False
        if self._stopped:  # the step that has begun is the last
            piece.end = step + 1
        with quiet():
            taken.before_run(self, piece.namespace, piece.end - step)

    def _call(self, regular: Any, wall: float) -> bool:
        return super()._call(regular, wall) or self._stopped

    def _described(self) -> dict[str, Any]:
        described = super()._described()
        for name in ("_taken", "_piece", "_stopped"):
            described.pop(name, None)
        described["_regular"] = [each for each in described["_regular"] if each.function != self._between_steps]
        return described

    def _between_steps(self, net: Any) -> None:
        self._operate(round(self.time / self.dt))


class _Piece:
    """A run that goes on: where its recordings are, and up to which step monitors have them."""

    def __init__(self, taken: Taken, pending: Pending, begun: int, end: int, namespace: Mapping[str, Any]) -> None:
        self.taken, self.pending, self.begun, self.end, self.namespace = taken, pending, begun, end, namespace


def from_brian2(
    network: Any = None, *, namespace: Mapping[str, Any] | None = None, seed: int | None = None,
    threads: int | None = None, level: int = 0,
) -> Brian2Network:  # fmt: skip
    """A Network from objects of Brian2: groups, synapses, inputs and monitors.

    network: a brian2.Network; a list of objects; or None, for all that are visible where this is called, as brian2.run
    takes them. namespace: what external names mean; by default what they mean to the caller. seed: of the Network; by
    default a number drawn from NumPy, so that brian2.seed(...) sets it. threads: as for Network. level: how many frames
    above the caller names and objects are looked up.

    A run fills the monitors and sets the variables of Brian2, so that what follows in a script stays as it is:

        net = sl.from_brian2()
        net.run(1*second)
        plot(M.t/ms, M.i, ".k")

    Within a step everything is done in Brian2's order. What cannot be taken over is a DescriptionError that names the
    object and the text at fault. docs/interop/brian2.md says what is.

    >>> import brian2 as b2
    >>> cells = b2.NeuronGroup(2, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    >>> monitor = b2.SpikeMonitor(cells)
    >>> net = from_brian2([cells, monitor])
    >>> run = net.run(50 * b2.ms)
    >>> len(monitor.t)
    8
    """
    b2 = import_brian2()
    if namespace is None:
        namespace = b2.core.namespace.get_local_namespace(level=level + 1)
    if network is None:
        network = b2.Network(b2.collect(level=level + 1))
    elif not isinstance(network, b2.Network):
        for each in network:
            check_new(each, None)
        network = b2.Network(network)
    objects = own_objects(network)
    if not objects:
        raise DescriptionError("from_brian2: there are no objects of Brian2 in this network")
    if float(network.t_) != 0.0:
        raise DescriptionError(
            f"from_brian2: this network has run to {network.t!s} in Brian2; what is on its way between neurons cannot "
            "be taken over, only a network that has not run"
        )
    if list(network.schedule) != ["start", "groups", "thresholds", "synapses", "resets", "end"]:
        raise DescriptionError(f"from_brian2: the schedule {network.schedule} is not taken over, only Brian2's own is")
    for each in objects:
        kind_of(each)
        check_new(each, network.id)
    dt = time_step(objects)
    seed = int(np.random.randint(1 << 31)) if seed is None else seed
    net = Brian2Network(dt=dt * 1e3, seed=seed, threads=threads)
    with quiet():
        net._taken = take_over(net, network, objects, namespace)
    for steps in sorted({round(float(each.clock.dt_) / dt) for each in net._taken.operations}):
        net.every(steps * net.dt, net._between_steps)
    return net


def own_objects(network: Any) -> list[Any]:
    """The objects of a network, without those inside another one, by name."""
    parts = {part.id for each in network.objects for part in contained(each)}
    return sorted((each for each in network.objects if each.id not in parts), key=lambda each: each.name)


def time_step(objects: list[Any]) -> float:
    """The time step (s) of the neurons, which all have in common."""
    groups = [each for each in objects if type(each).__name__ in ("NeuronGroup", "PoissonGroup", "SpikeGeneratorGroup")]
    if not groups:
        raise DescriptionError(f"from_brian2: there are no neurons among {named(objects)}")
    return float(min(groups, key=lambda each: float(each.clock.dt_)).clock.dt_)


def _seconds(duration: Any) -> float:
    return float(duration) if hasattr(duration, "dim") else float(duration) * 1e-3


def step_at(t: float, dt: float) -> int:
    """The number of steps (of dt) before time t (both s), rounded up unless it is a whole number but for rounding."""
    nearest = round(t / dt)
    return nearest if abs(nearest - t / dt) <= 1e-4 else int(np.ceil(t / dt))
