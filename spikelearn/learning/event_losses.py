"""Losses of spike trains for `sl.event_gradient`: of first spike times, and of potentials.

A network may hold copies of itself, one for each trial: a population of trials * classes neurons has those of trial 0
first. Losses have one value for each trial, (trials,).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.errors import DescriptionError
from spikelearn.learning.event_gradient import Reading, SpikeTrains
from spikelearn.values import one_number

Value = tuple[np.ndarray, Mapping[Reading, np.ndarray]]


@dataclass(frozen=True, eq=False)
class FirstSpikeError:
    """Half the squared distance of the first spike of each neuron from a target, in ms^2.

    targets: (size,) ms. Neurons that never fire count as if they fired at the end, without derivatives.
    """

    population: Population
    targets: Any

    def __call__(self, trains: SpikeTrains) -> Value:
        targets = np.asarray(self.targets, np.float64)
        if targets.shape != (self.population.size,):
            raise DescriptionError(
                f"targets of FirstSpikeError: expected shape {(self.population.size,)}, got {targets.shape}"
            )
        error = _first_times(trains, self.population) - targets
        return 0.5 * error**2, _by_first(trains, self.population, error)


@dataclass(frozen=True, eq=False)
class FirstSpikeCrossEntropy:
    """Minus the logarithm of the probability of the right class, where the class that fires first is the answer.

    Probabilities are a softmax of -t / tau over the first spike times t of the classes. labels: (trials,) from 0 on.
    tau: ms. Neurons that never fire count as if they fired at the end, without derivatives (Wunderlich & Pehle 2021,
    Eq. 8, without its second term).
    """

    population: Population
    labels: Any
    tau: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", one_number(self.tau, "ms", "tau of FirstSpikeCrossEntropy"))

    def __call__(self, trains: SpikeTrains) -> Value:
        times = _first_times(trains, self.population)
        losses, by_odds = _cross_entropy(-times / self.tau, self.labels, self.population)
        return losses, _by_first(trains, self.population, -by_odds / self.tau)


@dataclass(frozen=True, eq=False)
class PotentialCrossEntropy:
    """Minus the logarithm of the probability of the right class, a softmax of gain times a reading of each class.

    variable: a state variable, such as "V_m". how: "maximum" or "integral" over the whole time. labels: (trials,).
    """

    population: Population
    variable: str
    labels: Any
    how: str = "maximum"
    gain: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", one_number(self.gain, "1", "gain of PotentialCrossEntropy"))

    def __call__(self, trains: SpikeTrains) -> Value:
        reading = self.population, self.how, self.variable
        losses, by_odds = _cross_entropy(self.gain * trains[reading], self.labels, self.population)
        return losses, {reading: self.gain * by_odds}


def _first_times(trains: SpikeTrains, population: Population) -> np.ndarray:
    """(size,) ms; the end for neurons that never fire."""
    first = trains.first(population)
    return np.append(trains[population, "spike"], trains.duration)[first]


def _by_first(trains: SpikeTrains, population: Population, by_first: np.ndarray) -> Mapping[Reading, np.ndarray]:
    """Derivatives by first spike times, (size,), as those by all spike times."""
    first = trains.first(population)
    found = np.zeros(len(trains[population, "spike"]))
    found[first[first >= 0]] = by_first[first >= 0]
    return {(population, "spike"): found}


def _cross_entropy(odds: np.ndarray, labels: Any, population: Population) -> tuple[np.ndarray, np.ndarray]:
    """(trials,) losses, and their derivatives by the odds, (size,)."""
    found = np.atleast_1d(np.asarray(labels))
    classes = population.size // max(1, found.size)
    if found.ndim != 1 or found.size * classes != population.size or not np.all(np.isin(found, np.arange(classes))):
        raise DescriptionError(
            f"labels: expected (trials,) whole numbers, where {population.name!r} has trials * classes = "
            f"{population.size} neurons, each less than the number of classes, got {labels!r:.100}"
        )
    odds = odds.reshape(len(found), classes)
    odds = odds - odds.max(axis=1, keepdims=True)
    power = np.exp(odds)
    total = power.sum(axis=1)
    right = np.arange(classes) == found[:, None]
    losses = np.log(total) - odds[right]
    return losses, (power / total[:, None] - right).ravel()
