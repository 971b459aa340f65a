"""XOR: the smallest task that needs a hidden layer."""

from __future__ import annotations

import numpy as np


def xor() -> tuple[np.ndarray, np.ndarray]:
    """The four patterns, (4, 2), in the order of binary numbers, and the label of each, (4,); integers 0 and 1.

    >>> patterns, labels = xor()
    >>> patterns.tolist(), labels.tolist()
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    """
    patterns = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    return patterns, patterns[:, 0] ^ patterns[:, 1]
