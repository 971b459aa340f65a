"""Common parts of distance-dependent rules: the numbers of a profile, a radius and the space they act in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.connectivity.profiles import Profile, profile_of
from spikelearn.connectivity.rule import Endpoints, Rows
from spikelearn.errors import DescriptionError

SPACE = 4
"""The numbers of a distance-dependent rule: the count of its profile's numbers, the radius, two specific to the rule;
then those of the profile, and the space of the projection (kernels/space.py)."""


def checked_profile(rule: Any, where: str) -> Profile:
    """The profile of a rule, after checking it and the radius. Raises DescriptionError."""
    profile = profile_of(rule.profile)
    if profile is None:
        raise DescriptionError(
            f"{where}: profile of {rule.name}: expected a profile such as GaussianProfile(0.5, 0.2) or a function of "
            f"the distance, got {rule.profile!r}"
        )
    if not rule.radius > 0:
        raise DescriptionError(f"{where}: radius of {rule.name}: expected more than 0, got {rule.radius!r}")
    return profile


def rows_by_distance(rule: Any, ends: Endpoints, own: Sequence[float], **known: Any) -> Rows:
    """Rows with up to two numbers specific to the rule, the profile and the space. known: further fields of Rows."""
    profile = checked_profile(rule, ends.where)
    head = np.zeros(SPACE)
    head[:2] = len(profile.numbers), rule.radius
    head[2 : 2 + len(own)] = own
    return Rows(np.concatenate([head, profile.numbers, ends.space]), function=profile.value, **known)
