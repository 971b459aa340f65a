"""The gradient of layered rates, by backpropagation (Rumelhart, Hinton & Williams 1986, Nature 323:533)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def backpropagate(
    inputs: Sequence[np.ndarray], weights: Sequence[np.ndarray], slopes: Sequence[np.ndarray], error: np.ndarray
) -> list[np.ndarray]:
    """Where gradient descent would move the weights of all layers but the last: arrays like `weights[:-1]`.

    The potentials of a layer are inputs @ weights (and a bias), and its rates are the inputs of the layer above.
    inputs: of each layer, (n, sources). weights: of each layer, (sources, targets). slopes: of each layer but the last,
    (n, targets), the derivatives of its rates by its potentials. error: (n, outputs), minus the derivative of the loss
    by the potentials of the last layer.
    """
    found: list[np.ndarray] = []
    for of_layer, above, slope in reversed(list(zip(inputs[:-1], weights[1:], slopes, strict=True))):
        error = error @ above.T * slope
        found.insert(0, of_layer.T @ error)
    return found
