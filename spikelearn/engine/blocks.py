"""Memory layout: blocks of neurons, the shares of them assigned to threads, and the ends of projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection


@dataclass(frozen=True)
class Share:
    """The work of one thread: it advances a contiguous part of the neurons of each block and delivers their input."""

    index: int = 0
    of: int = 1

    def bounds(self, block: Block) -> tuple[int, int]:
        """The first and the last + 1 neuron of a block."""
        if self.of == 1:
            return 0, block.n
        return block.edges[self.index], block.edges[self.index + 1]

    def part(self, block: Block, first: int, size: int) -> tuple[int, int]:
        """The part in this share of `size` neurons of a block starting at `first`: (offset from `first`, size)."""
        low, high = self.bounds(block)
        begin, end = max(first, low), min(first + size, high)
        return (begin - first, end - begin) if begin < end else (0, 0)


@dataclass
class Ring:
    """Event lists of the last steps: those of this share, rows (depth, n) int32 and counts (depth,) int64, and those of
    all shares, concatenated. values: state variable -> its values at these events, as in rows; see
    engine/lowering/payloads.py. A ring that begins later than another of the same events has counts of its own.
    """

    rows: np.ndarray
    counts: np.ndarray
    all_rows: np.ndarray
    all_counts: np.ndarray
    values: dict[str, np.ndarray] = field(default_factory=dict)
    all_values: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class InputRing:
    """Input to one port of the neurons of a share that arrives in the next steps, see kernels/deliver.py.

    values: (steps, n) float32. arriving: for each table, (steps,), the events in each row. restart: (1,), the step in
    which delivery begins a block anew.
    """

    values: np.ndarray
    arriving: list[np.ndarray] = field(default_factory=list)
    restart: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))

    @property
    def arrays(self) -> list[np.ndarray]:
        """What is 0 if nothing is on its way."""
        return [self.values, *self.arriving]


@dataclass
class Block:
    """All populations of one model, concatenated in the same arrays. Shares have separate `rings` and `ahead` only."""

    key: Any
    populations: list[Population] = field(default_factory=list)
    first: dict[Any, int] = field(default_factory=dict)
    n: int = 0
    state: dict[str, np.ndarray] = field(default_factory=dict)
    start: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    added_to: dict[str, str] = field(default_factory=dict)
    """Port -> the variable to which its input is added after the neurons have advanced: its array is in `inputs`."""
    later: dict[str, np.ndarray] = field(default_factory=dict)
    """Port in `added_to` -> (n,), the input through projections that learn and were connected after the first run."""
    unsent: dict[str, np.ndarray] = field(default_factory=dict)
    """Variable to which graded synapses add what depends on the state of their ends -> (n,), what it was before."""
    currents: dict[str, np.ndarray] = field(default_factory=dict)
    noise: dict[tuple[Population, str], np.ndarray] = field(default_factory=dict)
    rates: dict[Population, np.ndarray] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    ahead: dict[str, InputRing] = field(default_factory=dict)
    edges: tuple[int, ...] = ()
    """The start of each share and the end of the last: see engine/lowering/partition.py."""

    late: bool = False
    """Whether its model takes up input late: see NeuronModel.late_input."""

    def stage(self, port: str) -> str:
        """The stage in which input arrives at a port."""
        return "receive" if port in self.added_to or self.late else "arrive"

    def span(self, population: Population) -> slice:
        first = self.first[population]
        return slice(first, first + population.size)


@dataclass(frozen=True, eq=False)
class Ends:
    """Source and target of a projection in one share.

    source, target: their blocks; a modulator is in no block, and each share has its own copy. first_source,
    first_target: the first neuron of the projection in its block. n_targets: the size of the target's block. low, high:
    the first and the last + 1 of these that belong to the share. ring: the events to deliver. inputs:
    (n_targets,), to which arrivals are added. stage: in which they are. since: events of this step and earlier ones do
    not arrive. learned: the events of the target from which the projection learns, None for a modulator.
    """

    share: Share
    source: Block
    first_source: int
    target: Block | None
    first_target: int
    n_targets: int
    low: int
    high: int
    ring: Ring
    inputs: np.ndarray
    stage: str = "arrive"
    since: int = 0
    learned: Ring | None = None

    @property
    def neurons(self) -> Block:
        """The target's block, for targets that are neurons."""
        assert self.target is not None
        return self.target

    @property
    def counted(self) -> bool:
        """Whether this share counts its synapses: synapses onto a modulator are in every share."""
        return self.target is not None or self.share.index == 0


_NO_INPUT = np.zeros(0)
"""That of projections without a port."""


def ring_name(kind: str, since: int) -> str:
    """The name, among the rings of a block, of that of events of a kind of steps after `since`."""
    return f"{kind} since {since}" if since else kind


def ends_of(
    projection: Projection, block_of: Mapping[Any, Block], modulators: Mapping[Any, Mapping[str, np.ndarray]],
    share: Share, since: int,
) -> Ends:  # fmt: skip
    """The ends of a projection. modulators: the arrays of each."""
    source, target = block_of[projection.source], block_of.get(projection.target)
    first_source = source.first[projection.source] + projection.source_first
    ring = source.rings[ring_name(projection.on, since)]
    if target is None:
        inputs = modulators[projection.target]["pending"]
        return Ends(share, source, first_source, None, 0, 1, 0, 1, ring, inputs, since=since)
    first_target = target.first[projection.target] + projection.target_first
    bounds, port = share.bounds(target), projection.port
    inputs, stage = target.inputs.get(port, _NO_INPUT), target.stage(port)
    if port in target.later and (projection.learns or projection.transmits):
        inputs, stage = target.later[port], "arrive"
    return Ends(
        share, source, first_source, target, first_target, target.n, *bounds, ring, inputs, stage, since,
        target.rings.get(ring_name(projection.learns_from, since)),
    )  # fmt: skip
