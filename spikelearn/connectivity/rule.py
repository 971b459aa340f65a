"""What a connection rule is: data and one scalar function that makes a row of synapses. The loops are in kernels/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestRule

ROW_ARGUMENTS = ("row", "n_partners", "own", "numbers", "start", "increment", "seen", "stamp", "partners")
RANK_ARGUMENTS = ("row", "partner", "own")


@dataclass(frozen=True)
class Endpoints:
    """The two ends of a projection, as a rule sees them.

    n_source, n_target: numbers of neurons.
    shared: the targets that are sources too, for which there may be autapses. random: a generator that depends on the
    seed of the network and on the projection only. where: the projection, for errors.
    """

    n_source: int
    n_target: int
    shared: range
    random: np.random.Generator
    where: str


@dataclass(frozen=True, eq=False)
class Rows:
    """What a rule becomes for one projection.

    numbers: all that its `row` function needs, in one array of float64 or int64.
    degrees: synapses of each row, (rows,), or (1,) if all have as many; None: not known before they are made.
    expected: how many synapses there will be, about; needed only without degrees.
    owners: (rows,) int64, the neuron of each row; None: row i belongs to neuron i.
    width: no row has more synapses; by default as many as there are partners, or the largest of `degrees`.
    """

    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0))
    degrees: np.ndarray | None = None
    expected: float = 0.0
    owners: np.ndarray | None = None
    width: int | None = None


@dataclass(frozen=True)
class ConnectionRule:
    """Base of all connection rules: which pairs of neurons a projection connects.

    A rule is a frozen dataclass with these parts:

    by_source: each row holds the targets of one source; else the sources of one target. Only rules by source, and those
        with a `rank`, can be procedural.
    row: static function(row, n_partners, own, numbers, start, increment, seen, stamp, partners), compiled, that writes
        the partners of one row to `partners` and returns how many there are. Partners are counted from 0 to
        n_partners - 1. own: the partner that would be an autapse and is to be left out, or -1. numbers: see Rows.
        start, increment: the stream of random numbers of this row, from which `random.uniform(start, increment, k)`
        draws number k. seen: (n_partners,) int64 for marks, in which no element is `stamp` at first.
    rows: method(ends) -> Rows, which also checks the data of the rule against an Endpoints.
    autapses: whether a neuron may be connected with itself, True where the dataclass has no such field.
    rank: static function(row, partner, own), compiled: how many partners of a row by target come before this one. It
        says that `row` with source and target exchanged makes the targets of a source.
    arrays: which arrays of weights and delays it takes: "pairs" (n_source, n_target), "rows" (rows,), "" none.
    every_pair: whether it makes all pairs, but for autapses.
    example: values for the fields that need some, with which tests make it between two populations of 12 neurons.
    nest: the rule in NEST, for engine="nest" with rules of NEST's own.

    >>> @dataclass(frozen=True)
    ... class Neighbours(ConnectionRule):
    ...     \"""Each source to the k targets that follow it, on a ring.\"""
    ...
    ...     k: int
    ...     by_source = True
    ...
    ...     @staticmethod
    ...     def row(row, n_partners, own, numbers, start, increment, seen, stamp, partners):
    ...         for i in range(numbers[0]):
    ...             partners[i] = (row + 1 + i) % n_partners
    ...         return numbers[0]
    ...
    ...     def rows(self, ends):
    ...         return Rows(np.array([self.k]), degrees=np.array([self.k]))
    """

    by_source: ClassVar[bool] = False
    arrays: ClassVar[str] = ""
    every_pair: ClassVar[bool] = False
    row: ClassVar[Callable[..., Any] | None] = None
    rank: ClassVar[Callable[..., Any] | None] = None
    example: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    nest: ClassVar[NestRule | None] = None

    def __init_subclass__(cls) -> None:
        """Check a rule when it is defined, and compile its functions. A class without `row` is a base of others."""
        for name, expected in (("row", ROW_ARGUMENTS), ("rank", RANK_ARGUMENTS)):
            function = getattr(cls, name)
            if function is None:
                continue
            given = arguments_of(function)
            if given != expected:
                raise DescriptionError(
                    f"{name} of connection rule {cls.__name__!r} takes ({', '.join(given)}), "
                    f"expected ({', '.join(expected)})"
                )
            setattr(cls, name, staticmethod(scalar(function)))

    def rows(self, ends: Endpoints) -> Rows:
        """What the rule is for a projection with these ends. Raises DescriptionError."""
        raise NotImplementedError

    @property
    def procedural(self) -> bool:
        """Whether the synapses of one source can be made without those of all others."""
        return self.by_source or self.rank is not None

    @property
    def name(self) -> str:
        return type(self).__name__


def whole_number(rule: ConnectionRule, value: Any, where: str) -> int:
    """A parameter of a rule that counts something. Raises DescriptionError."""
    if not isinstance(value, int | float | np.integer | np.floating) or value < 0 or int(value) != value:
        raise DescriptionError(f"{where}: {rule.name} needs a whole number of at least 0, got {value!r}")
    return int(value)
