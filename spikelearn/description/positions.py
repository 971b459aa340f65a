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
        _coordinates(self.coordinates, None, self.period, "Positions")

    def placed(self, n: int, seed: Sequence[int], where: str) -> Positions:
        """Positions of n neurons: (n, dimensions) float64, and (dimensions,) periods or None; read-only."""
        placed = Positions(*_coordinates(self.coordinates, n, self.period, f"positions of {where}"))
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

    >>> net = Network(seed=1)
    >>> sheet = net.population(6, LIF(), positions=Grid((2, 3)))
    >>> sheet.positions[0].tolist()
    [-0.5, -1.0]
    """

    shape: Any
    spacing: Any = None
    extent: Any = None
    centre: Any = 0.0
    periodic: bool = False

    def __post_init__(self) -> None:
        _keep_own(self)
        shape = tuple(whole_numbers(self.shape, "shape of Grid").tolist())
        if not 1 <= len(shape) <= 3 or min(shape) < 1:
            raise DescriptionError(f"shape of Grid: expected one to three whole numbers above 0, got {self.shape!r}")
        object.__setattr__(self, "shape", shape)
        flag(self.periodic, "periodic of Grid")
        if self.spacing is not None and self.extent is not None:
            raise DescriptionError("Grid: give spacing or extent, not both")
        self._spacing_and_centre()

    def _spacing_and_centre(self) -> tuple[np.ndarray, np.ndarray]:
        if self.extent is not None:
            spacing = _lengths(self.extent, len(self.shape), "extent of Grid") / self.shape
        else:
            spacing = _lengths(1.0 if self.spacing is None else self.spacing, len(self.shape), "spacing of Grid")
        return spacing, _vector(self.centre, len(self.shape), "centre of Grid")

    def placed(self, n: int, seed: Sequence[int], where: str) -> Positions:
        shape, points = self.shape, math.prod(self.shape)
        if points != n:
            raise DescriptionError(f"Grid of {where}: a shape of {shape} has {points} points, expected {n}")
        spacing, centre = self._spacing_and_centre()
        axes = [c + (np.arange(k) - 0.5 * (k - 1)) * step for k, step, c in zip(shape, spacing, centre, strict=True)]
        coordinates = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        return Positions(coordinates, spacing * shape if self.periodic else None).placed(n, seed, where)


@dataclass(frozen=True)
class UniformPositions:
    """Positions drawn uniformly from an interval, rectangle or box; they depend only on the seed and the population.

    extent: the length of each axis, which determines the number of axes: 2.0, (1.0, 1.0) or (1, 1, 0.5).
    centre: the centre of the space.
    periodic: whether space is periodic with the extent.

    >>> net = Network(seed=1)
    >>> sheet = net.population(100, LIF(), positions=UniformPositions((1.0, 1.0)))
    >>> bool(np.all(np.abs(sheet.positions) <= 0.5))
    True
    """

    extent: Any
    centre: Any = 0.0
    periodic: bool = False

    def __post_init__(self) -> None:
        _keep_own(self)
        flag(self.periodic, "periodic of UniformPositions")
        self._extent_and_centre()

    def _extent_and_centre(self) -> tuple[np.ndarray, np.ndarray]:
        what = "extent of UniformPositions"
        dimensions = np.size(_numbers(self.extent, what))
        if not 1 <= dimensions <= 3:
            raise DescriptionError(f"{what}: expected one to three lengths, got {self.extent!r}")
        centre = _vector(self.centre, dimensions, "centre of UniformPositions")
        return _lengths(self.extent, dimensions, what), centre

    def placed(self, n: int, seed: Sequence[int], where: str) -> Positions:
        extent, centre = self._extent_and_centre()
        coordinates = centre + (np.random.default_rng(seed).random((n, len(extent))) - 0.5) * extent
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
        given = Positions(_coordinates(given, n, None, f"positions of {where}")[0])
    return given.placed(n, seed, where)


def _keep_own(instance: Any) -> None:
    """Replace arrays and lists by copies."""
    for each in fields(instance):
        object.__setattr__(instance, each.name, own(getattr(instance, each.name)))


def _coordinates(given: Any, n: int | None, period: Any, what: str) -> tuple[np.ndarray, np.ndarray | None]:
    """(n, dimensions), for any number n of neurons if it is None, and (dimensions,) periods or None."""
    coordinates = _numbers(given, what)
    coordinates = coordinates[:, None] if coordinates.ndim == 1 else coordinates
    if coordinates.ndim != 2 or n not in (None, len(coordinates)) or not 1 <= coordinates.shape[1] <= 3:
        rows = "n" if n is None else n
        raise DescriptionError(
            f"{what}: expected an array of shape ({rows}, 1), ({rows}, 2) or ({rows}, 3), one row per neuron, "
            f"got {np.shape(given)}"
        )
    return coordinates, None if period is None else _lengths(period, coordinates.shape[1], f"period of {what}")


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
