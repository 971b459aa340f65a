"""Positions of the neurons of a population: on a grid, drawn uniformly, or given explicitly.

Coordinates are plain numbers in any unit of length, as long as profiles use the same unit (in NEST, usually mm).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.units import own, plain
from spikelearn.values import flag, whole_numbers


@dataclass(frozen=True, eq=False)
class Positions:
    """Positions given explicitly.

    coordinates: (n, dimensions) or (n,), one to three per neuron.
    period: the period of space along each axis, one number or one per axis; None: space is not periodic.
    """

    coordinates: Any
    period: Any = None

    def __post_init__(self) -> None:
        _keep_own(self)

    def placed(self, n: int, seed: Sequence[int], where: str) -> Positions:
        """Positions of n neurons: (n, dimensions) float64, and (dimensions,) periods or None; read-only."""
        coordinates = _numbers(self.coordinates, f"positions of {where}")
        coordinates = coordinates[:, None] if coordinates.ndim == 1 else coordinates
        if coordinates.ndim != 2 or coordinates.shape[0] != n or not 1 <= coordinates.shape[1] <= 3:
            raise DescriptionError(
                f"positions of {where}: expected an array of shape ({n}, 1), ({n}, 2) or ({n}, 3), one row per "
                f"neuron, got {np.shape(self.coordinates)}"
            )
        period = None
        if self.period is not None:
            period = _lengths(self.period, coordinates.shape[1], f"period of positions of {where}")
        placed = Positions(coordinates, period)
        for array in (placed.coordinates, placed.period):
            if array is not None:
                array.flags.writeable = False
        return placed


@dataclass(frozen=True)
class Grid:
    """A regular grid; the last axis runs fastest.

    shape: number of points along each axis, e.g. (20, 30).
    spacing: distance between neighbours, one number or one per axis; 1 by default.
    extent: alternative to spacing: the length of each axis (as in NEST, the outer points lie half a spacing inside).
    centre: the centre of the grid.
    periodic: whether space is periodic with the extent, which is shape * spacing.
    """

    shape: Any
    spacing: Any = None
    extent: Any = None
    centre: Any = 0.0
    periodic: bool = False

    def __post_init__(self) -> None:
        _keep_own(self)

    def placed(self, n: int, seed: Sequence[int], where: str) -> Positions:
        what = f"Grid of {where}"
        shape = tuple(whole_numbers(self.shape, f"shape of {what}").tolist())
        if not 1 <= len(shape) <= 3 or min(shape) < 1:
            raise DescriptionError(f"{what}: expected a shape of one to three whole numbers, got {self.shape!r}")
        if math.prod(shape) != n:
            raise DescriptionError(f"{what}: a shape of {shape} has {math.prod(shape)} points, expected {n}")
        flag(self.periodic, f"periodic of {what}")
        if self.spacing is not None and self.extent is not None:
            raise DescriptionError(f"{what}: give spacing or extent, not both")
        if self.extent is not None:
            spacing = _lengths(self.extent, len(shape), f"extent of {what}") / shape
        else:
            spacing = _lengths(1.0 if self.spacing is None else self.spacing, len(shape), f"spacing of {what}")
        centre = _vector(self.centre, len(shape), f"centre of {what}")
        axes = [c + (np.arange(k) - 0.5 * (k - 1)) * step for k, step, c in zip(shape, spacing, centre, strict=True)]
        coordinates = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        return Positions(coordinates, spacing * shape if self.periodic else None).placed(n, seed, where)


@dataclass(frozen=True)
class UniformPositions:
    """Positions drawn uniformly from an interval, rectangle or box; they depend only on the seed and the population.

    extent: the length of each axis, which determines the number of axes: 2.0, (1.0, 1.0) or (1, 1, 0.5).
    centre: the centre of the space.
    periodic: whether space is periodic with the extent.
    """

    extent: Any
    centre: Any = 0.0
    periodic: bool = False

    def __post_init__(self) -> None:
        _keep_own(self)

    def placed(self, n: int, seed: Sequence[int], where: str) -> Positions:
        what = f"UniformPositions of {where}"
        flag(self.periodic, f"periodic of {what}")
        dimensions = np.size(_numbers(self.extent, f"extent of {what}"))
        if not 1 <= dimensions <= 3:
            raise DescriptionError(f"{what}: expected an extent of one to three lengths, got {self.extent!r}")
        extent = _lengths(self.extent, dimensions, f"extent of {what}")
        centre = _vector(self.centre, dimensions, f"centre of {what}")
        coordinates = centre + (np.random.default_rng(seed).random((n, dimensions)) - 0.5) * extent
        return Positions(coordinates, extent if self.periodic else None).placed(n, seed, where)


def positions_of(given: Any, n: int, seed: Sequence[int], where: str) -> Positions | None:
    """Convert the argument of `Network.population(positions=...)`. Raises DescriptionError or ParameterError."""
    if given is None:
        return None
    if not isinstance(given, Positions | Grid | UniformPositions):
        if isinstance(given, str | type):
            raise DescriptionError(
                f"positions of {where}: expected Grid, UniformPositions, Positions or an array, got {given!r}"
            )
        given = Positions(given)
    return given.placed(n, seed, where)


def _keep_own(instance: Any) -> None:
    """Replace arrays and lists by copies."""
    for each in fields(instance):
        object.__setattr__(instance, each.name, own(getattr(instance, each.name)))


def _numbers(value: Any, what: str) -> np.ndarray:
    numbers = np.asarray(plain(value, "1", what))
    if not np.all(np.isfinite(numbers)):
        raise ParameterError(f"{what}: expected finite numbers, got {numbers[~np.isfinite(numbers)][0]:g}")
    return numbers


def _vector(value: Any, dimensions: int, what: str) -> np.ndarray:
    numbers = _numbers(value, what)
    if numbers.shape not in ((), (1,), (dimensions,)):
        raise DescriptionError(f"{what}: expected one number or {dimensions}, one per axis, got {value!r}")
    return np.broadcast_to(numbers, (dimensions,)).copy()


def _lengths(value: Any, dimensions: int, what: str) -> np.ndarray:
    lengths = _vector(value, dimensions, what)
    if not np.all(lengths > 0):
        raise ParameterError(f"{what}: expected more than 0, got {value!r}")
    return lengths
