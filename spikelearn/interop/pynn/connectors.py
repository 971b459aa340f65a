"""A connector and a generator of random numbers that a back-end may have of its own; all others are PyNN's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pyNN import connectors, random

__all__ = ["NativeRNG", "OneToOneConnector"]


class OneToOneConnector(connectors.OneToOneConnector):
    """Connect cell i in the presynaptic population to cell i in the postsynaptic population for all i.

    PyNN's own fails with NumPy 2.1 and later if the presynaptic population has one cell.
    """

    def connect(self, projection: Any) -> None:
        """Connect-up a Projection."""

        def sources(mask: Any = None) -> Iterator[np.ndarray]:
            columns = np.arange(projection.post.size)
            for j in columns if mask is None else columns[mask]:
                yield np.array([j] if j < projection.pre.size else [], np.int64)

        self._standard_connect(projection, sources)


class NativeRNG(random.NumpyRNG):
    """The random numbers of a back-end's own: here those of NumPy, as spikelearn draws what PyNN asks for in Python."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed=seed)
