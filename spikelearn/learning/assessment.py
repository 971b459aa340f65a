"""How a learner is judged: accuracy with learning off, and the angle between its updates and the gradient.

The angle is that between what the presentation of an example changes in the weights of a projection (`Learner.updates`)
and minus the gradient of the learner's loss by them, of each example alone and of their sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from spikelearn.learning.angles import AngleStatistics, angle_statistics
from spikelearn.learning.examples import Examples
from spikelearn.learning.learner import Learner

PROBED = 256
"""Examples on which angles are measured; the average is over as many."""


@dataclass(frozen=True)
class Checkpoint:
    """After an epoch. samples: presentations so far. angles: of each forward projection, if they were measured."""

    epoch: int
    samples: int
    accuracy: float
    angles: tuple[AngleStatistics, ...] = ()


def assess(
    learner: Learner, examples: Examples, epochs: int, angles_after: Sequence[int] = ()
) -> list[Checkpoint]:  # fmt: skip
    """Train a learner; before the first epoch and after each, its accuracy on the examples for the test.

    angles_after: epochs after which angles are measured, on the first `PROBED` examples for the test. The learner is
    left as it is at the end.
    """
    _compile(learner, examples)
    learner.prepare(examples.X, examples.y)
    course = []
    for epoch in range(epochs + 1):
        if epoch:
            learner.partial_fit(examples.X, examples.y)
        angles = angles_of(learner, examples.X_test[:PROBED], examples.y_test[:PROBED]) if epoch in angles_after else ()
        accuracy = learner.score(examples.X_test, examples.y_test)
        course.append(Checkpoint(epoch, learner.cost_.presentations, accuracy, angles))
    return course


def _compile(learner: Learner, examples: Examples) -> None:
    """Let a copy learn and answer once, so that processor times are without compilation."""
    copy, few = clone(learner), examples.first(len(np.unique(examples.y)), 1)
    copy.partial_fit(few.X, few.y, classes=np.unique(examples.y)).predict(few.X_test)


def angles_of(learner: Learner, X: np.ndarray, y: np.ndarray) -> tuple[AngleStatistics, ...]:
    """Of each forward projection, for these examples; none if the learner has no loss."""
    wanted = learner.gradient(X, y)
    if wanted is None:
        return ()
    return tuple(angle_statistics(*pair) for pair in zip(learner.updates(X, y), [-g for g in wanted], strict=True))


def samples_to(course: Sequence[Checkpoint], accuracy: float) -> float:
    """Presentations until an accuracy was first reached; NaN if it was not."""
    return next((float(each.samples) for each in course if each.accuracy >= accuracy), float("nan"))
