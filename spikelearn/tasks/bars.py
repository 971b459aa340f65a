"""Bars: small pictures with several causes, for generative models."""

from __future__ import annotations

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ParameterError
from spikelearn.values import whole_number

VERTICAL = 2.0 / 3.0
"""Probability that the bars of a picture are vertical."""
BAR = 0.2
"""Probability of each bar of that direction."""


@checks_arguments
def bars(n: int, seed: int, size: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, (n, size * size), row by row, of 0 and 1, and whether their bars are vertical, (n,), 1 or 0.

    The bars of Hinton, Dayan, Frey & Neal 1995 (Science 268:1158): the bars of a picture are vertical with probability
    2/3, otherwise horizontal; each of the `size` bars of that direction is there with probability 0.2.

    >>> pictures, vertical = bars(3, seed=1)
    >>> pictures.shape, vertical.shape
    ((3, 16), (3,))
    """
    n, size = whole_number(n, "n of bars", least=1), whole_number(size, "size of bars", least=1)
    generator = np.random.default_rng([4, seed])
    vertical = generator.random(n) < VERTICAL
    there = generator.random((n, size)) < BAR
    return _drawn(vertical, there), vertical.astype(int)


@checks_arguments
def bars_distribution(size: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """All pictures that `bars` can draw, (k, size * size), and their probabilities, (k,); 30 of size 4.

    >>> pictures, probabilities = bars_distribution()
    >>> pictures.shape, round(float(probabilities.sum()), 12), round(float(probabilities.max()), 4)
    ((30, 16), 1.0, 0.4096)
    """
    if whole_number(size, "size of bars", least=1) > 12:
        raise ParameterError(f"size of bars: expected at most 12, so that all pictures can be listed, got {size}")
    there = np.arange(2**size)[:, None] >> np.arange(size) & 1 == 1
    of_bars = np.prod(np.where(there, BAR, 1.0 - BAR), axis=1)
    each = [_drawn(np.full(len(there), vertical), there) for vertical in (True, False)]
    pictures, which = np.unique(np.concatenate(each), axis=0, return_inverse=True)
    weights = np.concatenate([VERTICAL * of_bars, (1.0 - VERTICAL) * of_bars])
    return pictures, np.bincount(which.ravel(), weights, minlength=len(pictures))


def _drawn(vertical: np.ndarray, there: np.ndarray) -> np.ndarray:
    """vertical: (n,) of bool. there: (n, size), the bars."""
    on = np.where(vertical[:, None, None], there[:, None, :], there[:, :, None])
    size = there.shape[1]
    return np.broadcast_to(on, (len(there), size, size)).reshape(len(there), -1).astype(float)
