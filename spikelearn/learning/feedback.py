"""Feedback weights: how those that bring a teaching signal to hidden layers come to be. One option of many rules.

- "fixed": drawn at random, and never changed (Lillicrap et al. 2016, Nat. Commun. 7:13276);
- "tied": those of the forward path, which no synapse could know: the reference;
- "kolen_pollack": drawn at random, and changed as the forward weights are, so that both become alike (Kolen & Pollack
  1994, IEEE ICNN 3:1375).
"""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.errors import ParameterError

FIXED, TIED, KOLEN_POLLACK = "fixed", "tied", "kolen_pollack"


def check_feedback(feedback: str, choices: Sequence[str]) -> None:
    """Raises ParameterError unless `feedback` is one of the `choices` of a rule."""
    if feedback not in choices:
        raise ParameterError(f"feedback: expected one of {', '.join(choices)}, got {feedback!r}")
