"""Which frequency does a noisy oscillation have?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ExperimentError
from spikelearn.tasks.memory import Sequences

AMPLITUDE = 0.15
"""Of the oscillation, around 0.5."""


@checks_arguments
def frequency_discrimination(
    n: int, seed: int, periods: Sequence[float] = (15.0, 20.0, 27.0, 36.0), elements: int = 100, noise: float = 2.0
) -> Sequences:
    """One input, an oscillation of a random phase in white noise; the label is which of the periods it has.

    Ours, after the tasks of resonate-and-fire cells in Higuchi, Kairat, Bohte & Otte 2024. periods: of each class, in
    elements, from one to the next by about a third by default. noise: its standard deviation, relative to the amplitude
    of the oscillation. Values are around 0.5, and cut off at 0 and 1.

    >>> X, y, elements = frequency_discrimination(100, seed=1)
    >>> X.shape, elements
    ((100, 100), 100)
    """
    of_class = np.asarray(periods, np.float64)
    if len(of_class) < 2 or not np.all((of_class >= 2.0) & (of_class < np.inf)) or elements < 1 or noise < 0.0:
        raise ExperimentError(
            "frequency_discrimination: expected at least two periods of at least 2 elements, at least one element and "
            f"noise of at least 0; got {of_class.tolist()}, {elements}, {noise:g}"
        )
    generator = np.random.default_rng([2024, seed])
    labels = generator.integers(0, len(of_class), n)
    phases = generator.uniform(0.0, 2.0 * np.pi, (n, 1))
    waves = np.sin(2.0 * np.pi * np.arange(elements) / of_class[labels, None] + phases)
    values = 0.5 + AMPLITUDE * (waves + noise * generator.normal(0.0, 1.0, waves.shape))
    return Sequences(np.clip(values, 0.0, 1.0), labels, elements)
