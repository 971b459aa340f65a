"""Encodings: how the features of an example, numbers from 0 to 1, drive the input cells of a learner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.errors import ScaleWarning
from spikelearn.neurons.perfect_integrator import PerfectIntegrator
from spikelearn.sources import Poisson
from spikelearn.values import word
from spikelearn.warn import warn


@dataclass(frozen=True)
class Encoding:
    """model: of the input cells. sent: what they send, as arguments of `Network.connect`. drive: (population, features
    (n, inputs)) -> arguments of a Phase that presents them. random: whether spikes are drawn anew in each presentation.
    """

    model: Any
    sent: Mapping[str, Any]
    drive: Callable[[Population, np.ndarray], dict[str, Any]]
    random: bool = False


def _currents(population: Population, features: np.ndarray) -> dict[str, Any]:
    return {"currents": {(population, "exc"): features}}


def _rates(population: Population, features: np.ndarray) -> dict[str, Any]:
    return {"rates": {population: 1000.0 * np.clip(features, 0.0, 1.0)}}


ENCODINGS: Mapping[str, Encoding] = {
    "graded": Encoding(PerfectIntegrator(interval=1.0), {"on": "rate", "payload": "r"}, _currents),
    "regular": Encoding(PerfectIntegrator(interval=1.0), {"on": "spike"}, _currents),
    "poisson": Encoding(Poisson(rate=0.0), {"on": "spike"}, _rates, random=True),
}
"""A feature of 1 is, in every step of 1 ms: "graded" a value of 1, "regular" a spike, "poisson" a spike on average.

Of later examples what is below 0 counts as 0; above 1 values go on, and spikes are as for 1."""


def encoding_of(name: str) -> Encoding:
    """Raises ParameterError for an unknown name."""
    return ENCODINGS[word(name, ENCODINGS, "encoding")]


def warn_of_scales(X: np.ndarray, learner: str) -> None:
    """Warn if half of the features that vary span less than a twentieth of the range of all. X: (n, features)."""
    spans, whole = np.ptp(X, axis=0), float(np.ptp(X))
    varied = spans[spans > 0.0]
    if len(varied) and (share := float(np.median(varied)) / whole) < 0.05:
        text = (
            f"X: half of the features vary by less than {100.0 * share:.2g} % of the range of all, {X.min():g} to "
            f"{X.max():g}, which is mapped to 0 to 1, so that {learner} hardly sees them; scale each feature, with "
            "sklearn.preprocessing.MinMaxScaler"
        )
        warn(text, ScaleWarning)
