"""Fitting in passes over the examples, of whatever has scikit-learn's `partial_fit`."""

from __future__ import annotations

from typing import Any, TypeVar

from spikelearn.values import whole_number

Estimator = TypeVar("Estimator", bound=Any)


def fit_anew(estimator: Estimator, *examples: Any) -> Estimator:
    """Forget everything that was fitted, then learn from the examples in `estimator.epochs` passes."""
    for name in [name for name in vars(estimator) if name.endswith("_")]:
        delattr(estimator, name)
    for _ in range(whole_number(estimator.epochs, "epochs", least=1)):
        estimator.partial_fit(*examples)
    return estimator
