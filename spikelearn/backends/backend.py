"""The protocol of backends: what everything that runs a description has in common, and all that Network knows of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from spikelearn.backends.options import Options
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Trials
from spikelearn.engine.simulate import Pause
from spikelearn.errors import DescriptionError
from spikelearn.results.run import Synapses
from spikelearn.results.sink import Sink


@dataclass(frozen=True)
class Choice:
    """An engine by its name in ENGINES, and its options if it has any."""

    engine: str
    options: Options | None = None

    @property
    def name(self) -> str:
        """What error messages call it."""
        return str(self) if self.options is None else type(self.options).__name__

    def __str__(self) -> str:
        return f'engine="{self.engine}"' if self.options is None else str(self.options)


class Backend(ABC):
    """A network as something runs it. Steps are those of the description: step k ends at k dt.

    What is abstract here, every backend has; the rest belongs to what `supports` names: "trials" (lower_trials),
    "checkpoints" (arrays, restore) and "reset" (put_synapses, where synapses change). A class joins by an entry in
    backends.engines.ENGINES.

    description: what it runs. shares: into how many parts it is divided, by which its arrays are laid out.
    """

    supports: ClassVar[frozenset[str]] = frozenset()
    description: NetworkDescription
    shares: int = 1

    @classmethod
    @abstractmethod
    def begin(
        cls, description: NetworkDescription, choice: Choice, threads: int | None = None, shares: int | None = None
    ) -> Backend:
        """The network at time 0. Raises DescriptionError, which names the part, for what it cannot run.

        threads: those that the user asked for, None: none in particular. shares: those of the same network before a
        reset or in the process that wrote a checkpoint, None: any number.
        """

    @property
    @abstractmethod
    def step(self) -> int:
        """The last step that has been run."""

    @abstractmethod
    def advance(
        self, n_steps: int, sink: Sink, progress: bool | None = None, pause: Pause | None = None, trials: Any = None
    ) -> tuple[bool, float]:
        """Run n_steps and hand what is recorded to the sink, on which `begin` has been called.

        Returns whether it was interrupted, and the wall seconds that the steps took. progress: whether to show a bar,
        None: on a terminal. pause: what to do between steps, only for backends with checkpoints. trials: what
        `lower_trials` returned for the schedule that these steps are. Raises SimulationError.
        """

    @abstractmethod
    def synapses(self, projection: Projection) -> Synapses | Callable[[], Synapses]:
        """The synapses of a projection as they are now, or a function that reads them while the network stays so."""

    @abstractmethod
    def count(self, projection: Projection) -> int:
        """How many synapses a projection has."""

    @property
    def synaptic_events(self) -> int:
        """How many events have reached a synapse; 0 where nobody counts them."""
        return 0

    @property
    def versions(self) -> Mapping[str, str]:
        """Name -> version of what runs it, besides spikelearn itself."""
        return {}

    def change_to(self, choice: Choice) -> bool:
        """Go on as another engine or with other options from here; returns whether it can."""
        return False

    def lower_trials(self, trials: Trials) -> Any:
        """What `advance` needs to run a schedule. Raises DescriptionError for what it cannot run."""
        raise self._unsupported("trials")

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that changes while time runs, by name: what a checkpoint keeps besides `step`."""
        raise self._unsupported("checkpoints")

    def restore(self, arrays: Mapping[str, np.ndarray], step: int, path: Path) -> None:
        """Make a network at time 0 what it was at `step`, when `arrays` were its own.

        Raises CheckpointError, which names the file at `path`, if it has other arrays.
        """
        raise self._unsupported("checkpoints")

    def put_synapses(self, projection: Projection, synapses: Synapses) -> None:
        """Give a projection that learns or is regulated, in a network at time 0, the synapses that it had in a run."""
        raise self._unsupported("synapses that change")

    def _unsupported(self, what: str) -> DescriptionError:
        return DescriptionError(f"{type(self).__name__} has no {what}")
