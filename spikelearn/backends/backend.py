"""The backend protocol: the interface common to everything that runs a description, and all that Network relies on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.backends.options import Options
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.readout import Readout
from spikelearn.description.recording import Recording
from spikelearn.description.trials import Trials
from spikelearn.engine.simulate import Pause
from spikelearn.errors import DescriptionError
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Synapses, SynapticEvents
from spikelearn.results.sink import Sink

Shares = tuple[tuple[int, ...], ...]
"""For each block of neurons, where the share of each thread begins, and the end of the last."""


@dataclass(frozen=True)
class Choice:
    """An engine: its name in ENGINES and its options, if any."""

    engine: str
    options: Options | None = None

    @property
    def name(self) -> str:
        """Its name in error messages."""
        return str(self) if self.options is None else type(self.options).__name__

    def __str__(self) -> str:
        return f'engine="{self.engine}"' if self.options is None else str(self.options)


class Backend(ABC):
    """A network in the form in which an engine runs it. Steps are those of the description: step k ends at k dt.

    Every backend implements the abstract methods; the others are needed only for what `supports` names: "trials"
    (lower_trials), "checkpoints" (arrays, restore), "reset" (put_synapses, where synapses change), "weights"
    (put_weights), "switches" (can_switch, switch), "changes" (changed and the methods after it), and "Brian2's order of
    steps": neurons whose model has late_input, StatementSynapse (synapse_values, put_synapse_values), and recordings
    before the end of a step. A class is registered by an entry in backends.engines.ENGINES.

    on_grid: whether it runs in steps of dt. any_thread: whether a thread of its own may build it, so that Ctrl-C ends
    building. description: what it runs. shares: how the network, and so the layout of arrays, is divided; None if it is
    not. infos: what its runs say of populations and projections, once there is a run.
    """

    supports: ClassVar[frozenset[str]] = frozenset()
    on_grid: ClassVar[bool] = True
    any_thread: ClassVar[bool] = True
    description: NetworkDescription
    shares: Shares | None = None
    infos: tuple[dict[str, PopulationInfo], dict[str, ProjectionInfo]] | None = None

    @classmethod
    @abstractmethod
    def begin(
        cls, description: NetworkDescription, choice: Choice, threads: int | None = None, shares: Shares | None = None
    ) -> Backend:
        """The network at time 0. Raises DescriptionError, naming the part, if something cannot be run.

        threads: as requested by the user; None: no preference. shares: as for the same network before a reset or in
        the process that wrote a checkpoint; None: in any way.
        """

    @property
    @abstractmethod
    def step(self) -> int:
        """The last step run so far."""

    @abstractmethod
    def advance(
        self, n_steps: int, sink: Sink, progress: bool | None = None, pauses: Sequence[Pause] = (), trials: Any = None
    ) -> tuple[bool, float]:
        """Run n_steps and pass recordings to the sink, on which `begin` has been called.

        Returns whether it was interrupted, and its wall time in seconds. progress: whether to show a
        progress bar; None: only on a terminal. pauses: actions between steps. trials:
        the return value of `lower_trials` for the schedule that these steps run. Raises SimulationError.
        """

    @abstractmethod
    def synapses(self, projection: Projection) -> Synapses | Callable[[], Synapses]:
        """The current synapses of a projection, or a function that reads them, valid until the network advances.

        A function with a method `keep` (results/run.py) is valid after it, if that was called.
        """

    @abstractmethod
    def count(self, projection: Projection) -> int:
        """The number of synapses of a projection."""

    @property
    def synaptic_events(self) -> int:
        """The number of events that have reached a synapse; 0 if they are not counted."""
        return 0

    def events_of(self, projection: Projection) -> SynapticEvents:
        """Those of a counted projection since time 0. Raises DescriptionError if they are not counted."""
        raise self._unsupported("counts of synaptic events by projection")

    @property
    def versions(self) -> Mapping[str, str]:
        """Name -> version of the software that runs it, besides spikelearn itself."""
        return {}

    def change_to(self, choice: Choice) -> bool:
        """Continue as another engine or with other options; returns whether that is possible."""
        return False

    def changed(
        self,
        description: NetworkDescription,
        parts: Sequence[Any] = (),
        located: Mapping[Projection, Any] | None = None,
    ) -> Backend:
        """The same network with something added, or with other parameters, and all the state that it has now.

        It stays what it is itself. parts: projections, which were settled, and drives that have other parameters.
        located: of projections with other delays, what `located` returned before they had them. Raises
        DescriptionError if something cannot be run, or state has no place.
        """
        raise self._unsupported("changes after the first run")

    def settle(self, projection: Projection) -> None:
        """Let its synapses learn from all that has happened so far with the parameters that it has."""
        raise self._unsupported("changes after the first run")

    def located(self, projection: Projection) -> Any:
        """Where its synapses are, for `changed`. Raises DescriptionError if events are on their way."""
        raise self._unsupported("changes after the first run")

    def go_on_with_model(self, population: Population) -> None:
        """Use the parameters that a population has now. Raises DescriptionError, then nothing has changed."""
        raise self._unsupported("changes after the first run")

    def values(self, part: Population | Modulator, variable: str) -> list[np.ndarray]:
        """The arrays with a state variable or the "rate" of a population, or the level of a modulator, all alike.

        They may be written to between two runs.
        """
        raise self._unsupported("state that can be read")

    def synapse_values(self, projection: Projection, name: str) -> Any:
        """Of synapses that run statements: a variable, (n,) in the order of their rule, or a constant."""
        raise self._unsupported("synapses that run statements")

    def put_synapse_values(self, projection: Projection, name: str, values: Any) -> None:
        """Set a variable, (n,), or a constant of synapses that run statements."""
        raise self._unsupported("synapses that run statements")

    def state(self) -> dict[str, dict[str, np.ndarray]] | None:
        """Name of a population of neurons -> variable -> (size,), a copy of its state now; None if it is not known."""
        return None

    def memory(self) -> dict[str, float]:
        """Name of a projection -> bytes that its synapses take; none of those for which it is not known."""
        return {}

    def lower_trials(self, trials: Trials) -> Any:
        """What `advance` needs to run a schedule. Raises DescriptionError if it cannot be run."""
        raise self._unsupported("trials")

    def arrays(self) -> dict[str, np.ndarray]:
        """All state that changes during a run, by name: the contents of a checkpoint besides `step`."""
        raise self._unsupported("checkpoints")

    def restore(self, arrays: Mapping[str, np.ndarray], step: int, where: str) -> None:
        """Restore a network at time 0 to its state at `step`, given by `arrays`.

        where: the file that they come from, for errors. Raises CheckpointError if the arrays do not match.
        """
        raise self._unsupported("checkpoints")

    def put_synapses(self, projection: Projection, synapses: Synapses) -> None:
        """Set the synapses of a plastic or regulated projection, in a network at time 0, to those from a run."""
        raise self._unsupported("synapses that change")

    def has_own_weights(self, projection: Projection) -> bool:
        """Whether each synapse of a projection has a weight of its own, which `put_weights` and callbacks can set."""
        return False

    def put_weights(self, projection: Projection, weights: np.ndarray) -> None:
        """Set the weights of all synapses, (n,) in the order of `synapses`, now; all else stays what it is.

        Raises DescriptionError if synapses of the projection have no weights of their own.
        """
        raise self._unsupported("weights that can be set")

    def can_switch(self, part: Projection | Drive | Recording) -> bool:
        """Whether `switch` can be called for a part now; if not, it can be when the network is built anew."""
        raise self._unsupported("parts that can be switched")

    def switch(self, part: Projection | Drive | Recording, on: bool) -> None:
        """Switch a part off or on, between two steps. Raises DescriptionError, before anything changes."""
        raise self._unsupported("parts that can be switched")

    def readout_weights(self, readout: Readout) -> np.ndarray:
        """(n, size), the weights of a readout, which may be changed between runs."""
        raise self._unsupported("readouts")

    def _unsupported(self, what: str) -> DescriptionError:
        return DescriptionError(f"{type(self).__name__} has no {what}")
