"""The state of the one simulation that PyNN knows of: its time, its step, and all objects that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyNN import common

from spikelearn.interop.pynn.building import Built
from spikelearn.steps import times_of, whole_steps

if TYPE_CHECKING:
    from spikelearn.interop.pynn.electrodes import CurrentSource
    from spikelearn.interop.pynn.native import Modulator
    from spikelearn.interop.pynn.populations import Population
    from spikelearn.interop.pynn.projections import Projection

name = "spikelearn"


class ID(int, common.IDMixin):
    """A neuron: its number among all of the simulation, with the methods that PyNN gives to one."""

    parent: Any


class State(common.control.BaseState):
    """What `setup` begins anew. The network is built at the first run and goes on until `reset` or `setup`.

    exact: whether it is to run in continuous time. built: the network as spikelearn has it; None before the first run.
    populations, projections, sources, modulators: all that were made since `setup`, in this order.
    """

    mpi_rank = 0
    num_processes = 1

    def __init__(self) -> None:
        super().__init__()
        self.dt = 0.1
        self.given_min_delay: float | str = "auto"
        self.given_max_delay: float | str = "auto"
        self.seed = 42
        self.options: dict[str, Any] = {}
        self.engine: Any = None
        self.exact = False
        self.clear()

    def clear(self) -> None:
        """Forget all objects; they keep what they have recorded and learned."""
        for projection in getattr(self, "projections", ()):
            projection.forget(keep_weights=True)
        self.recorders: set[Any] = set()
        self.write_on_end: list[Any] = []
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.sources: list[CurrentSource] = []
        self.modulators: list[Modulator] = []
        self.id_counter = 1
        self.segment_counter = -1
        self.built: Built | None = None
        self.reset()

    def reset(self) -> None:
        """Time 0: the network is built anew, with other random numbers, when it runs again."""
        self.built = None
        self.step = 0
        self.t_start = 0
        self.running = False
        self.segment_counter += 1
        self.forget_network()

    def forget_network(self) -> None:
        """Let all parts begin anew in a network that is still to be built."""
        for recorder in self.recorders:
            recorder.forget()
        for source in self.sources:
            source.forget()
        for population in self.populations:
            population.injections.forget()
        for projection in self.projections:
            projection.forget()
        for modulator in self.modulators:
            modulator.forget()

    @property
    def t(self) -> float:
        """The time in ms."""
        return float(times_of(self.step, self.dt))

    def run(self, duration: float) -> None:
        self.run_until(self.t + duration)

    def run_until(self, time: float) -> None:
        """Run to a time in ms, a multiple of dt. Rounded ones would add up: 40 times 0.25 ms would be 8 ms."""
        last = whole_steps(time, self.dt, "time to run to")
        if self.built is None:
            self.built = Built(self)
        self.running = True
        if last > self.step:
            self.step = self.built.run(last)
            if self.step < last:  # ended by Ctrl-C
                raise KeyboardInterrupt
        else:
            self.built.take_up()

    @property
    def default_delay(self) -> float:
        """The delay of synapses that are given none, in ms."""
        return self.dt if self.given_min_delay == "auto" else float(self.given_min_delay)

    @property
    def min_delay(self) -> float:
        """The shortest delay: that of `setup`, or that of the synapses that there are, or one step."""
        if self.given_min_delay != "auto":
            return float(self.given_min_delay)
        return min((each.delays().min() for each in self.projections if len(each)), default=self.dt)

    @property
    def max_delay(self) -> float:
        if self.given_max_delay != "auto":
            return float(self.given_max_delay)
        return max((each.delays().max() for each in self.projections if len(each)), default=self.dt)


state = State()
"""The only one."""
