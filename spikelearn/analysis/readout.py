"""Readout of a layer trained without labels: classes of its neurons, and the answers that they vote for."""

from __future__ import annotations

import numpy as np


def classes_of_neurons(responses: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """The class for which each neuron fired most on average, (neurons,); -1 for those that never fired.

    responses: (n, neurons) spike counts for each of n patterns. labels: (n,) their classes, starting at 0.
    Source: Diehl & Cook 2015.
    """
    means = np.zeros((n_classes, responses.shape[1]))
    for k in np.unique(labels):
        means[k] = responses[labels == k].mean(axis=0)
    return np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)


def votes(responses: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """The class whose neurons fired most on average, for each pattern, (n,); -1 if none did.

    responses: (n, neurons). classes: (neurons,), as `classes_of_neurons` returns them.
    """
    means = [responses[:, classes == k].sum(axis=1) / max(1, np.sum(classes == k)) for k in range(n_classes)]
    table = np.stack(means, axis=1)
    return np.where(table.max(axis=1) > 0, table.argmax(axis=1), -1)


def confusion(answers: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Share of the patterns of each class with each answer, (classes, answers); the rest had none, -1."""
    counts = np.zeros((n_classes, n_classes + 1))
    np.add.at(counts, (labels, answers), 1.0)
    return counts[:, :n_classes] / np.maximum(1.0, counts.sum(axis=1, keepdims=True))
