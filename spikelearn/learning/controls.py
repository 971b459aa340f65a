"""Controls: a learner without something that its rule needs. What it still learns is not the rule's doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from spikelearn.errors import ParameterError

if TYPE_CHECKING:
    from spikelearn.learning.learner import Learner

    AnyLearner = TypeVar("AnyLearner", bound=Learner)

NONE = "none"
FROZEN = "frozen"
SHUFFLED_TEACHER = "shuffled_teacher"
ABLATED_FEEDBACK = "ablated_feedback"
CONTROLS = (FROZEN, SHUFFLED_TEACHER, ABLATED_FEEDBACK)
"""Values of a learner's parameter `control` other than "none"."""
LINEAR = "linear"
"""The control without hidden layers: a learner has it by `hidden=()`."""


def check_control(control: str) -> None:
    """Raise ParameterError unless there is such a control."""
    if control not in (NONE, *CONTROLS):
        raise ParameterError(f"control: expected one of {', '.join((NONE, *CONTROLS))}, got {control!r}")


def frozen(learner: AnyLearner) -> AnyLearner:
    """The same learner, not fitted, of which only the output learns: the hidden layers stay as they were drawn.

    >>> X, y = sl.tasks.yin_yang(100, seed=1)
    >>> control = frozen(FeedbackAlignment(hidden=(10,), epochs=2)).fit(X, y)
    """
    return _under(learner, FROZEN)


def shuffled_teacher(learner: AnyLearner) -> AnyLearner:
    """The same learner, not fitted, whose teacher gives the label of another example, drawn anew in each epoch.

    >>> X, y = sl.tasks.yin_yang(100, seed=1)
    >>> control = shuffled_teacher(FeedbackAlignment(hidden=(10,), epochs=2)).fit(X, y)
    """
    return _under(learner, SHUFFLED_TEACHER)


def ablated_feedback(learner: AnyLearner) -> AnyLearner:
    """The same learner, not fitted, whose feedback projections have the weight 0. Fitting one without any is an error.

    >>> learner = ablated_feedback(FeedbackAlignment(hidden=(10,), epochs=2))
    """
    return _under(learner, ABLATED_FEEDBACK)


def linear(learner: AnyLearner) -> AnyLearner:
    """The same learner, not fitted, without hidden layers.

    >>> linear(FeedbackAlignment(hidden=(10,))).hidden
    ()
    """
    from sklearn.base import clone

    return clone(learner).set_params(hidden=())


def _under(learner: AnyLearner, control: str) -> AnyLearner:
    from sklearn.base import clone

    return clone(learner).set_params(control=control)
