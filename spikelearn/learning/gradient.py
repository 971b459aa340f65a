"""What a rule learns beside what backpropagation would: the gradient of layered rates, and the angle between updates.

Source: Rumelhart, Hinton & Williams 1986, Nature 323:533; the angle as in Lillicrap et al. 2016, Nat. Commun. 7:13276.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.analysis import angle


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


def update_angles(
    before: Sequence[np.ndarray], after: Sequence[np.ndarray], wanted: Sequence[np.ndarray],
    generator: np.random.Generator,
) -> tuple[float, float]:  # fmt: skip
    """Degrees between a change of weights and the wanted one; and, as a control, with the targets shuffled.

    before, after, wanted: an array for each layer, (sources, targets); all layers are taken together.
    """
    moved = [new - old for new, old in zip(after, before, strict=True)]
    shuffled = [generator.permutation(each, axis=1) for each in moved]
    return angle(moved, wanted), angle(shuffled, wanted)


def parts_with_batches(n: int, batches: int, size: int) -> list[tuple[int, int, bool]]:
    """The n patterns of an epoch in parts, (start, stop, whether it is a batch), with batches evenly among them.

    A batch, of at most `size` patterns, is learned on its own, so that what it changed can be compared; between them
    are the other patterns.

    >>> parts_with_batches(10, 2, 3)
    [(0, 3, True), (3, 5, False), (5, 8, True), (8, 10, False)]
    """
    edges = np.linspace(0, n, batches + 1).astype(int).tolist() if batches else [0, n]
    found = []
    for start, stop in zip(edges, edges[1:], strict=False):
        middle = min(stop, start + size) if batches else start
        found += [(start, middle, True), (middle, stop, False)]
    return [each for each in found if each[1] > each[0]]
