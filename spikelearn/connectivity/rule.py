"""Connection rules: data and one scalar function that makes a row of synapses. The loops are in kernels/."""

from __future__ import annotations

import functools
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.codegen.pickling import HoldsFunctions
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.kernels.space import DIMENSIONS, PERIOD, packed
from spikelearn.nest_mapping import NestRule
from spikelearn.units import own, plain
from spikelearn.values import LARGEST, flag, whole_number

ROW_ARGUMENTS = ("row", "n_partners", "own", "numbers", "start", "increment", "seen", "stamp", "scratch", "partners")
RANK_ARGUMENTS = ("row", "partner", "own")
MOST_IN_A_ROW = (1 << 31) - 1


@dataclass(frozen=True)
class Endpoints:
    """The two ends of a projection, as seen by a rule.

    n_source, n_target: numbers of neurons.
    shared: the targets that are also sources, for which there may be autapses; a list if the ends are neurons that do
        not follow one another.
    own: (n_target,) int64, the source that each target is, or -1, if the ends are such neurons; else None.
    seed: of the generator `random`; it depends only on the seed of the network and on the projection.
    where: the projection, for errors.
    source_positions, target_positions: (n, dimensions) coordinates, or None.
    source_period, target_period: (dimensions,) period of space along each axis, or None.
    """

    n_source: int
    n_target: int
    shared: range | list[int]
    seed: tuple[int, ...]
    where: str
    source_positions: np.ndarray | None = None
    target_positions: np.ndarray | None = None
    source_period: np.ndarray | None = None
    target_period: np.ndarray | None = None
    own: np.ndarray | None = None

    @functools.cached_property
    def random(self) -> np.random.Generator:
        """For numbers that a rule draws once. Made when it is first used: importing NumPy's generators takes 3 ms."""
        return np.random.default_rng(self.seed)

    @functools.cached_property
    def space(self) -> np.ndarray:
        """The positions of both ends in one array: see kernels/space.py. Raises DescriptionError if they differ."""
        source, target = self.source_positions, self.target_positions
        if source is None or target is None:
            which = "source has" if target is not None else "target has" if source is not None else "populations have"
            raise DescriptionError(
                f"{self.where}: distances need positions, but the {which} none; expected both made with "
                "net.population(..., positions=...)"
            )
        if source.shape[1] != target.shape[1]:
            raise DescriptionError(
                f"{self.where}: distances need positions of the same number of dimensions, got {source.shape[1]} of "
                f"the source and {target.shape[1]} of the target"
            )
        no_period = np.zeros(source.shape[1])
        period = no_period if self.source_period is None else self.source_period
        other = no_period if self.target_period is None else self.target_period
        if not np.array_equal(period, other):
            raise DescriptionError(
                f"{self.where}: distances need source and target in one space, got periods {_listed(period)} and "
                f"{_listed(other)} (0: not periodic)"
            )
        return packed(source, target, period)

    def distances(self, sources: Any, targets: Any) -> np.ndarray:
        """(sources, targets) distances between neurons with these numbers. Raises DescriptionError, as `space`."""
        period = self.space[PERIOD : PERIOD + int(self.space[DIMENSIONS])]
        assert self.source_positions is not None and self.target_positions is not None
        along = np.abs(self.source_positions[sources][:, None] - self.target_positions[targets][None])
        around = along % np.where(period > 0, period, np.inf)
        along = np.where(period > 0, np.minimum(around, period - around), along)
        return np.sqrt((along**2).sum(axis=2))


@dataclass(frozen=True, eq=False)
class Rows:
    """The data of a rule for one projection.

    numbers: all that its `row` function needs, in one array of numbers.
    degrees: synapses of each row, (rows,), or (1,) if the same for all; None: not known before they are made.
    expected: approximate total number of synapses; needed only without degrees.
    owners: (rows,) int64 or int32, the neuron of each row; None: row i belongs to neuron i.
    width: largest number of synapses in a row; by default the number of partners, or the largest of `degrees`.
    function: a compiled function of scalars passed to `row` as its first argument, if it takes one.
    own: (rows,) int64, the partner that would be an autapse of each row, or -1; None: the numbers of neurons tell it.
    """

    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0))
    degrees: np.ndarray | None = None
    expected: float = 0.0
    owners: np.ndarray | None = None
    width: int | None = None
    function: Any = None
    own: np.ndarray | None = None


@dataclass(frozen=True)
class ConnectionRule(HoldsFunctions):
    """Base of all connection rules: which pairs of neurons a projection connects.

    A rule is a frozen dataclass whose fields are checked by their annotation when it is made: `int` is a whole number,
    `float` a number, `bool` True or False. It has these parts:

    by_source: each row holds the targets of one source; else the sources of one target. Only rules by source, and those
        with a `rank`, can be procedural.
    row: static function(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners), compiled,
        that writes the partners of one row to `partners` and returns their number. Partners are numbered from 0 to
        n_partners - 1. own: the partner that would be an autapse and must be left out, or -1. numbers: see Rows.
        start, increment: the stream of random numbers of this row, from which `random.uniform(start, increment, k)`
        draws number k. seen: (n_partners,) int64 for marks, with no element initially equal to `stamp`. scratch:
        (n_partners,) float64, uninitialised. A rule whose Rows have a `function` takes that first, as `value`.
    rows: method(ends) -> Rows, which also checks the data of the rule against an Endpoints.
    autapses: whether a neuron may be connected to itself; True if the dataclass has no such field.
    rank: static function(row, partner, own), compiled: the number of partners of a row by target before this one. If
        given, `row` with source and target exchanged makes the targets of a source.
    arrays: which arrays of weights and delays it takes: "pairs" (n_source, n_target), "rows" (rows,), "" none.
    every_pair: whether it makes all pairs, except autapses.
    limits: field -> its lowest and highest value.
    example: values of required fields, with which tests make it between two populations of 12 neurons.
    complaint: the cause if `row` returns -1, for errors.
    nest: the rule in NEST, for engine="nest" with NEST's own rules.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Neighbours(ConnectionRule):
    ...     \"""Each source to the k targets that follow it, on a ring.\"""
    ...
    ...     k: int
    ...     by_source = True
    ...
    ...     @staticmethod
    ...     def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
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
    limits: ClassVar[Mapping[str, tuple[float, float]]] = MappingProxyType({})
    example: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    complaint: ClassVar[str] = (
        "made a row with too many partners, with partners out of range, or with a number of partners other than its "
        "degree"
    )
    nest: ClassVar[NestRule | None] = None

    def __init_subclass__(cls) -> None:
        """Check a rule when it is defined, and compile its functions. A class without `row` is a base class."""
        for name, expected in (("row", ROW_ARGUMENTS), ("rank", RANK_ARGUMENTS)):
            function = getattr(cls, name)
            if function is None:
                continue
            given = arguments_of(function)
            if given != expected and (name == "rank" or given != ("value", *expected)):
                raise DescriptionError(
                    f"{name} of connection rule {cls.__name__!r} takes ({', '.join(given)}), "
                    f"expected ({', '.join(expected)})"
                )
            setattr(cls, name, staticmethod(scalar(function)))

    def __post_init__(self) -> None:
        """Check the fields, and keep copies of arrays. Raises ParameterError or UnitError."""
        for each in fields(self):
            given, what = getattr(self, each.name), f"{each.name} of {self.name}"
            object.__setattr__(self, each.name, _checked(given, each.type, what, self.limits.get(each.name)))

    def rows(self, ends: Endpoints) -> Rows:
        """The rows of the rule for a projection with these ends. Raises DescriptionError."""
        raise DescriptionError(f"{ends.where}: connection rule {self.name} has no method `rows`")

    @property
    def procedural(self) -> bool:
        """Whether the synapses of one source can be made without those of the others."""
        return self.by_source or self.rank is not None

    @property
    def name(self) -> str:
        return type(self).__name__


def _checked(given: Any, annotation: Any, what: str, limits: tuple[float, float] | None) -> Any:
    kind = getattr(annotation, "__name__", annotation)
    if kind == "bool":
        return flag(given, what)
    if kind == "int":
        low, high = limits or (-LARGEST, LARGEST)
        return whole_number(given, what, int(low), int(high))
    if kind != "float":
        return own(given)
    low, high = limits or (-np.inf, np.inf)
    number = plain(given, "1", what)
    if not isinstance(number, float) or not low <= number <= high:
        raise ParameterError(f"{what}: expected one number from {low:g} to {high:g}, got {reprlib.repr(given)}")
    return number


def _listed(numbers: np.ndarray) -> str:
    return "(" + ", ".join(f"{number:g}" for number in numbers) + ")"
