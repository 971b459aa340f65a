"""Losses of trajectories for `sl.gradient`: each gives its value in each trial, and its derivatives in each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spikelearn.description.population import Population
from spikelearn.errors import DescriptionError
from spikelearn.values import one_number

Key = tuple[Population, str]
Value = tuple[np.ndarray, Mapping[Key, np.ndarray]]


class OfTrials(Protocol):
    """What a loss reads: the trajectory that `sl.gradient` calls it with."""

    trials: int
    steps: int

    def __getitem__(self, key: Key) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class SquaredError:
    """Half the squared distance of a variable from targets, summed over neurons.

    population, variable: a state variable, or "spike". targets: (trials, size). window: the steps that count, such as
    slice(5, None); all by default. of_mean: whether the mean over these steps is compared, else each step, of which the
    mean is taken.
    """

    population: Population
    variable: str
    targets: np.ndarray
    window: slice | None = None
    of_mean: bool = True

    def __call__(self, trajectory: OfTrials) -> Value:
        values = _windowed(self, trajectory)
        targets = _targets(self.targets, trajectory.trials, self.population.size)
        error = values - targets[:, None]
        return 0.5 * np.mean(np.sum(error * error, axis=2), axis=1), _derivatives(self, trajectory, error)


@dataclass(frozen=True, eq=False)
class CrossEntropy:
    """Minus the logarithm of the probability that a readout gives to the right class of each trial.

    population, variable: of the readout, one neuron for each class; gain times the variable is the logarithm of odds.
    labels: (trials,), from 0 on. window, of_mean: as for SquaredError. logistic: whether each neuron has a probability
    of its own, and what is summed is the cross entropy of each; else those of all classes add up to 1 (softmax).
    """

    population: Population
    variable: str
    labels: np.ndarray
    window: slice | None = None
    of_mean: bool = True
    gain: float = 1.0
    logistic: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", one_number(self.gain, "1", "gain of CrossEntropy"))

    def __call__(self, trajectory: OfTrials) -> Value:
        odds = self.gain * _windowed(self, trajectory)
        right = _one_hot(self.labels, trajectory.trials, self.population.size)[:, None]
        if self.logistic:
            # log(1 + exp(odds)), without an overflow
            each = np.maximum(odds, 0.0) + np.log1p(np.exp(-np.abs(odds))) - right * odds
            losses = np.mean(np.sum(each, axis=2), axis=1)
            probability = 0.5 * (1.0 + np.tanh(0.5 * odds))
        else:
            odds = odds - odds.max(axis=2, keepdims=True)
            power = np.exp(odds)
            total = power.sum(axis=2, keepdims=True)
            losses = np.mean(np.log(total[:, :, 0]) - np.sum(right * odds, axis=2), axis=1)
            probability = power / total
        return losses, _derivatives(self, trajectory, self.gain * (probability - right))


def _window(loss: SquaredError | CrossEntropy) -> slice:
    return slice(None) if loss.window is None else loss.window


def _windowed(loss: SquaredError | CrossEntropy, trajectory: OfTrials) -> np.ndarray:
    """The variable in the steps that count, (trials, steps, size), or its mean, (trials, 1, size)."""
    values = trajectory[loss.population, loss.variable][:, _window(loss)]
    if values.shape[1] == 0:
        raise DescriptionError(f"window of {type(loss).__name__}: none of {trajectory.steps} steps is in {loss.window}")
    return values.mean(axis=1, keepdims=True) if loss.of_mean else values


def _derivatives(
    loss: SquaredError | CrossEntropy, trajectory: OfTrials, by_values: np.ndarray
) -> Mapping[Key, np.ndarray]:
    """by_values: the derivatives by what `_windowed` returned, of the loss of each step."""
    found = np.zeros((trajectory.trials, trajectory.steps, loss.population.size))
    part = found[:, _window(loss)]
    part[:] = by_values / part.shape[1]
    return {(loss.population, loss.variable): found}


def _targets(targets: np.ndarray, trials: int, size: int) -> np.ndarray:
    found = np.asarray(targets, np.float64)
    if found.shape != (trials, size):
        raise DescriptionError(f"targets of SquaredError: expected shape {(trials, size)}, got {found.shape}")
    return found


def _one_hot(labels: np.ndarray, trials: int, size: int) -> np.ndarray:
    """(trials, size), 1 at the label of each trial."""
    found = np.asarray(labels)
    if found.shape != (trials,) or not np.all(np.isin(found, np.arange(size))):
        raise DescriptionError(
            f"labels of CrossEntropy: expected ({trials},) whole numbers from 0 to {size - 1}, got {labels!r:.100}"
        )
    return (np.arange(size) == found[:, None]).astype(np.float64)
