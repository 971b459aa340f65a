"""Functions of a pair of neurons, from text: weights, delays, probabilities and conditions of connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.connectivity.rule import Endpoints, Rows
from spikelearn.errors import DescriptionError
from spikelearn.kernels.space import COORDINATES, packed

_ARGUMENTS = ("source", "target", "numbers", "space", "start", "increment", "counter")
_AXES = "xyz"
_OF_SOURCE = tuple((f"{axis}_pre", f"coordinate(space, source, {k})") for k, axis in enumerate(_AXES))
_OF_TARGET = tuple(
    (f"{axis}_post", f"coordinate(space, int(space[N_SOURCES]) + target, {k})") for k, axis in enumerate(_AXES)
)
_BEFORE = (
    ("i", "float(source)"), ("j", "float(target)"), ("N_pre", "numbers[0]"), ("N_post", "numbers[1]"),
    *_OF_SOURCE, *_OF_TARGET, ("d", "distance(space, source, target)"),
)  # fmt: skip
NAMES = tuple(name for name, _ in _BEFORE)
"""i, j: the number of the source and of the target, counted within the two ends of the projection. x_pre, ..., z_post:
their coordinates. d: their distance. N_pre, N_post: the numbers of sources and of targets."""
_IMPORTS = ("from spikelearn.kernels.space import N_SOURCES, coordinate, distance",)
SIZES = 2
"""The numbers of a function: those of sources and of targets; in the numbers of a rule, the space comes after them."""
_LOOKED_AT = 64
"""Sources and targets at which a rule is looked at before its synapses are made."""


@dataclass(frozen=True, eq=False)
class PairFunction:
    """An expression of i, j and so on between the two ends of one projection. numbers: N_pre, N_post; see `NAMES`."""

    expression: Any
    numbers: np.ndarray
    space: np.ndarray

    @property
    def value(self) -> Callable[..., Any]:
        """function(source, target, numbers, space, start, increment, counter), compiled: its value as a float.

        start, increment, counter: of the random numbers that rand() and randn() draw.
        """
        from spikelearn.equations.scalar_function import function_of

        stream = ("start", "increment", "counter")
        return function_of(self.expression, _ARGUMENTS, _BEFORE, _IMPORTS, stream)

    def at(self, source: int, target: int) -> float:
        """Its value for one pair, in Python, with some random numbers. Raises what the function does."""
        from spikelearn.equations.scalar_function import in_python

        one = np.uint64(1)
        with np.errstate(all="ignore"):
            return float(in_python(self.value)(source, target, self.numbers, self.space, one, one, target))

    def rows(self, values: np.ndarray) -> Rows:
        """Those of a rule that connects pairs with these probabilities. values: as `sample` returns."""
        n_source, n_target = (int(number) for number in self.numbers)
        expected = float(np.mean(values)) * n_source * n_target if len(values) else 0.0
        return Rows(np.concatenate([self.numbers, self.space]), expected=expected, function=self.value)

    def sample(self, what: str, most: int = _LOOKED_AT) -> np.ndarray:
        """Its values for up to `most` sources times targets, evenly spaced. Raises DescriptionError if it has none."""
        n_source, n_target = (int(number) for number in self.numbers)
        found = []
        for i in np.unique(np.linspace(0, n_source - 1, min(n_source, most)).astype(int)).tolist():
            for j in np.unique(np.linspace(0, n_target - 1, min(n_target, most)).astype(int)).tolist():
                try:
                    found.append(self.at(i, j))
                except (ArithmeticError, ValueError) as error:
                    raise DescriptionError(
                        f"{what}: {self.expression.text!r} has no value for i = {i}, j = {j}: {error}"
                    ) from error
        return np.array(found)


def pair_function(text: str, what: str, ends: Endpoints, unit: str = "1", condition: bool = False) -> PairFunction:
    """The function that a text is between two ends. unit: of its values. condition: whether it is one, not a number.

    Raises DescriptionError or UnitError for what is no such expression, and for coordinates that neurons do not have.
    """
    from spikelearn.equations.scalar_function import checked_expression

    expression = checked_expression(text, what, NAMES, unit, condition)
    numbers = np.array([ends.n_source, ends.n_target], float)
    return PairFunction(expression, numbers, _space(expression.names, ends, what))


def _space(names: tuple[str, ...], ends: Endpoints, what: str) -> np.ndarray:
    """The positions that an expression needs, as in kernels/space.py."""
    if "d" in names:
        space = ends.space
    positions = []
    for of, given in (("source", ends.source_positions), ("target", ends.target_positions)):
        wanted = [name for name, _ in (_OF_SOURCE if of == "source" else _OF_TARGET) if name in names]
        dimensions = 0 if given is None else given.shape[1]
        for name in wanted:
            if _AXES.index(name[0]) >= dimensions:
                raise DescriptionError(
                    f"{what}: {name} is a coordinate of the {of}, which has "
                    f"{f'{dimensions} of them' if dimensions else 'no positions'}; they are given by "
                    "net.population(..., positions=...)"
                )
        positions.append(given if wanted else None)
    if "d" in names:
        return space
    known = [each.shape[1] for each in positions if each is not None]
    if not known:
        return np.zeros(COORDINATES)
    width = max(known)
    sides = []
    for given, n in zip(positions, (ends.n_source, ends.n_target), strict=True):
        side = np.zeros((n, width))
        if given is not None:
            side[:, : given.shape[1]] = given
        sides.append(side)
    return packed(sides[0], sides[1], np.zeros(width))
