"""The tasks on which learners are compared, with splits that are fixed: the same for every learner and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.errors import ParameterError
from spikelearn.tasks import (
    Sequences,
    digits,
    evidence_accumulation,
    frequency_discrimination,
    nested_store_recall,
    spike_lags,
    split,
    store_recall,
    wave_lags,
    xor,
    yin_yang,
)


@dataclass(frozen=True)
class Examples:
    """X, y: to learn from; X_test, y_test: to be judged by. (n, features) and (n,) labels.

    learner: parameters that every learner takes for this task.
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    learner: Mapping[str, Any]

    def first(self, n: int, n_test: int) -> Examples:
        """The first n to learn from, and the first n_test."""
        return replace(
            self, X=self.X[:n], y=self.y[:n], X_test=self.X_test[:n_test], y_test=self.y_test[:n_test]
        )  # fmt: skip


def _xor(validation: bool, mnist: str) -> Examples:
    """Each pattern 50 times an epoch; as there are no others, the test is on these."""
    patterns, labels = xor()
    inputs = patterns.astype(float)
    return Examples(np.tile(inputs, (50, 1)), np.tile(labels, 50), inputs, labels, {"hidden": (10,), "bias": True})


def _yin_yang(validation: bool, mnist: str) -> Examples:
    """5,000 points to learn from, and 1,000 for validation and for the test each (Kriener et al. 2022)."""
    return Examples(*yin_yang(5000, 10), *yin_yang(1000, 11 if validation else 12), {"hidden": (30,), "bias": False})


def _digits(validation: bool, mnist: str) -> Examples:
    """UCI's 8 x 8 digits, 80 to 20; for validation the 80 % are divided again."""
    return Examples(*split(*digits(mnist), validation=validation), {"hidden": (100,), "bias": False})


def _pixels(validation: bool, mnist: str) -> Examples:
    """The same digits as sequences of 64 pixels, one in each step, row by row; 32 hidden cells."""
    return replace(
        _digits(validation, mnist), learner={"hidden": (32,), "bias": True, "elements": 64, "steps": 1}
    )  # fmt: skip


def _frequency(validation: bool, mnist: str) -> Examples:
    """1,000 oscillations to learn from, and 500 for validation and for the test each; 32 hidden cells."""
    learned, judged = (
        frequency_discrimination(n, seed) for n, seed in ((1000, 10), (500, 11 if validation else 12))
    )  # fmt: skip
    learner = {"hidden": (32,), "bias": True, "elements": learned.elements, "steps": 1}
    return Examples(learned.X, learned.y, judged.X, judged.y, learner)


def _wave_lags(validation: bool, mnist: str) -> Examples:
    """1,000 pairs of waves to learn from, and 500 for validation and for the test each; two layers of 20 cells."""
    learned, judged = wave_lags(1000, 10), wave_lags(500, 11 if validation else 12)
    learner = {"hidden": (20, 20), "bias": False, "elements": learned.elements, "steps": 1}
    return Examples(learned.X, learned.y, judged.X, judged.y, learner)


def _lags(validation: bool, mnist: str) -> Examples:
    """500 pairs of spikes to learn from, and 500 for validation and for the test each; six hidden cells."""
    return Examples(
        *spike_lags(500, 10), *spike_lags(500, 11 if validation else 12), {"hidden": (6,), "bias": False}
    )  # fmt: skip


def _mnist(validation: bool, mnist: str) -> Examples:
    if not mnist:
        raise ParameterError("task mnist: expected the folder of the MNIST files")
    return _digits(validation, mnist)


def _of_sequences(task: Callable[[int, int], Sequences], validation: bool) -> Examples:
    """1,000 to learn from, and 500 for validation and for the test each; elements of 20 steps, 50 hidden cells."""
    learned, judged = task(1000, 10), task(500, 11 if validation else 12)
    learner = {"hidden": (50,), "bias": False, "elements": learned.elements, "steps": 20}
    return Examples(learned.X, learned.y, judged.X, judged.y, learner)


TASKS: Mapping[str, Callable[[bool, str], Examples]] = {
    "xor": _xor, "yin_yang": _yin_yang, "digits": lambda validation, mnist: _digits(validation, ""), "mnist": _mnist,
    "evidence_accumulation": lambda validation, mnist: _of_sequences(evidence_accumulation, validation),
    "pixels": lambda validation, mnist: _pixels(validation, ""), "frequency": _frequency, "lags": _lags,
    "wave_lags": _wave_lags,
    "store_recall": lambda validation, mnist: _of_sequences(store_recall, validation),
    "nested_store_recall": lambda validation, mnist: _of_sequences(nested_store_recall, validation),
}  # fmt: skip


def examples_of(task: str, validation: bool = False, mnist: str = "") -> Examples:
    """The examples of a task.

    validation: whether to be judged by examples that are not those of the test: for tuning. mnist: folder of the MNIST
    files. Raises ParameterError for an unknown task.
    """
    if task not in TASKS:
        raise ParameterError(f"task: expected one of {', '.join(TASKS)}, got {task!r}")
    return TASKS[task](validation, mnist)
