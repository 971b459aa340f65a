"""Connection rules: which pairs of neurons a projection connects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect


def _nothing() -> np.ndarray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Rows:
    """A rule as the kernels take it: one row of partners for each target, or for each source if `by_source`."""

    code: int
    by_source: bool
    n_rows: int
    n_partners: int
    degrees: np.ndarray
    probability: float = 0.0
    multapses: bool = True
    pre: np.ndarray = field(default_factory=_nothing)
    post: np.ndarray = field(default_factory=_nothing)

    @property
    def width(self) -> int:
        """At least as many as the partners of any row."""
        return 1 if self.code == connect.EXPLICIT else max(self.n_partners, int(self.degrees.max()))

    @property
    def each_source_alone(self) -> bool:
        """Whether the synapses of one source can be made without those of all others."""
        return self.code in (connect.ALL_TO_ALL, connect.ONE_TO_ONE, connect.OUT_DEGREE)


@dataclass(frozen=True)
class Rule:
    """Base of all connection rules."""

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        """shared: which targets are sources too (autapses are possible for these)."""
        raise NotImplementedError


def _degrees(k: int) -> np.ndarray:
    return np.array([k], np.int64)


@dataclass(frozen=True)
class AllToAll(Rule):
    """Every source to every target."""

    autapses: bool = True

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        return Rows(connect.ALL_TO_ALL, False, n_target, n_source, _degrees(0))


@dataclass(frozen=True)
class OneToOne(Rule):
    """Source i to target i; both have the same size."""

    autapses: bool = True

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        if n_source != n_target:
            raise DescriptionError(
                f"{where}: OneToOne needs populations of one size, got {n_source} sources and {n_target} targets"
            )
        return Rows(connect.ONE_TO_ONE, False, n_target, n_source, _degrees(0))


@dataclass(frozen=True)
class FixedProbability(Rule):
    """Each pair with probability p, independently."""

    p: float
    autapses: bool = True

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        if not 0.0 <= self.p <= 1.0:
            raise DescriptionError(f"{where}: FixedProbability needs 0 <= p <= 1, got {self.p!r}")
        return Rows(connect.PROBABILITY, False, n_target, n_source, _degrees(0), probability=float(self.p))


@dataclass(frozen=True)
class _Degree(Rule):
    k: int
    autapses: bool = True
    multapses: bool = True

    def _checked(self, n: int, shared: range, what: str, where: str) -> None:
        free = n - (1 if shared and not self.autapses else 0)
        if int(self.k) != self.k or self.k < 0:
            raise DescriptionError(f"{where}: {type(self).__name__} needs a whole number of at least 0, got {self.k!r}")
        if (not self.multapses and self.k > free) or (free == 0 and self.k > 0):
            raise DescriptionError(
                f"{where}: {type(self).__name__}({self.k}) needs {self.k} different {what}s, there are {free}"
                + ("" if self.multapses else " (multapses=True would allow several synapses to one)")
            )


@dataclass(frozen=True)
class FixedInDegree(_Degree):
    """k synapses onto every target, from random sources."""

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        self._checked(n_source, shared, "source", where)
        return Rows(
            connect.IN_DEGREE, False, n_target, n_source, _degrees(int(self.k)), multapses=self.multapses
        )  # fmt: skip


@dataclass(frozen=True)
class FixedOutDegree(_Degree):
    """k synapses from every source, to random targets."""

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        self._checked(n_target, shared, "target", where)
        return Rows(
            connect.OUT_DEGREE, True, n_source, n_target, _degrees(int(self.k)), multapses=self.multapses
        )  # fmt: skip


@dataclass(frozen=True)
class FixedTotalNumber(Rule):
    """n synapses in all, between random pairs."""

    n: int
    autapses: bool = True
    multapses: bool = True

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        if int(self.n) != self.n or self.n < 0:
            raise DescriptionError(f"{where}: FixedTotalNumber needs a whole number of at least 0, got {self.n!r}")
        pairs = n_source * n_target - (0 if self.autapses else len(shared))
        if (pairs == 0 and self.n > 0) or (not self.multapses and self.n > pairs):
            raise DescriptionError(
                f"{where}: FixedTotalNumber({self.n}) needs {self.n} different pairs, there are {pairs}"
            )
        places = np.full(n_target, n_source, np.int64)
        if not self.autapses:
            places[shared.start : shared.stop] -= 1
        if self.multapses:
            degrees = generator.multinomial(int(self.n), places / places.sum())
        else:
            degrees = generator.multivariate_hypergeometric(places, int(self.n), method="marginals")
        if n_target == 1:
            degrees = np.array([self.n])
        return Rows(connect.IN_DEGREE, False, n_target, n_source, degrees.astype(np.int64), multapses=self.multapses)


@dataclass(frozen=True)
class Pairs(Rule):
    """Exactly these synapses: source pre[k] to target post[k], in this order."""

    pre: Any
    post: Any
    autapses: bool = True

    def rows(self, n_source: int, n_target: int, shared: range, generator: np.random.Generator, where: str) -> Rows:
        arrays = []
        for name, given, n in (("pre", self.pre, n_source), ("post", self.post, n_target)):
            array = np.atleast_1d(np.asarray(given))
            if array.size == 0:
                array = array.astype(np.int64)
            if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
                raise DescriptionError(
                    f"{where}: {name} of Pairs: expected a list of whole numbers, "
                    f"got {array.dtype} of shape {array.shape}"
                )
            wrong = np.flatnonzero((array < 0) | (array >= n))
            if len(wrong):
                raise DescriptionError(
                    f"{where}: {name} of Pairs: index {array[wrong[0]]} at place {wrong[0]} is out of range 0..{n - 1}"
                )
            arrays.append(array.astype(np.int64))
        if len(arrays[0]) != len(arrays[1]):
            raise DescriptionError(
                f"{where}: Pairs: expected one post for each pre, got {len(arrays[0])} and {len(arrays[1])}"
            )
        return Rows(connect.EXPLICIT, False, len(arrays[0]), n_source, _degrees(1), pre=arrays[0], post=arrays[1])
