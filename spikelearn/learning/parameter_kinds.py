"""Parameters of estimators whose annotation says what they are: whole numbers and flags."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from spikelearn.errors import ParameterError
from spikelearn.values import flag, whole_number


def check_kinds(estimator: Any) -> None:
    """Raise ParameterError unless parameters that are annotated `int` are, and those annotated `bool`.

    scikit-learn keeps parameters as they were given, so that a whole number is not converted: 20.0 is none.
    """
    for each in fields(estimator):
        value = getattr(estimator, each.name)
        if each.type in ("bool", bool):
            flag(value, each.name)
        elif each.type in ("int", int):
            if isinstance(value, float | np.floating):
                raise ParameterError(f"{each.name}: expected a whole number, an int, got {value!r}")
            whole_number(value, each.name)
