"""Readout of a layer trained without labels: by the votes of its neurons, or by a linear classifier."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikelearn.analysis.arguments import checks_arguments


class Reading(NamedTuple):
    """The result of a readout.

    classes: (neurons,), the class of each neuron. answers: (n,). accuracy: share of correct answers.
    """

    classes: np.ndarray
    answers: np.ndarray
    accuracy: float


@checks_arguments
def classes_of_neurons(responses: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """The class for which each neuron fired most on average, (neurons,); -1 for those that never fired.

    responses: (n, neurons) spike counts for each of n patterns. labels: (n,) their classes, starting at 0.
    Source: Diehl & Cook 2015.

    >>> classes_of_neurons(np.array([[5, 0, 0], [1, 4, 0]]), np.array([0, 1]), n_classes=2)
    array([ 0,  1, -1])
    """
    means = np.zeros((n_classes, responses.shape[1]))
    for k in np.unique(labels):
        means[k] = responses[labels == k].mean(axis=0)
    return np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)


@checks_arguments
def votes(responses: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """The class whose neurons fired most on average, for each pattern, (n,); -1 if none did.

    responses: (n, neurons). classes: (neurons,), as `classes_of_neurons` returns them.

    >>> votes(np.array([[5, 1], [0, 4]]), classes=np.array([0, 1]), n_classes=2)
    array([0, 1])
    """
    means = [responses[:, classes == k].sum(axis=1) / max(1, np.sum(classes == k)) for k in range(n_classes)]
    table = np.stack(means, axis=1)
    return np.where(table.max(axis=1) > 0, table.argmax(axis=1), -1)


@checks_arguments
def read_by_votes(
    learned: np.ndarray, learned_labels: np.ndarray, tested: np.ndarray, test_labels: np.ndarray, n_classes: int
) -> Reading:
    """Classify patterns by the votes of neurons whose classes are determined from the learned patterns.

    learned, tested: (n, neurons) spike counts for each pattern; labels: (n,).

    >>> learned, tested = np.array([[5, 0], [1, 4]]), np.array([[3, 1], [0, 2], [0, 0]])
    >>> read = read_by_votes(learned, np.array([0, 1]), tested, np.array([0, 1, 1]), n_classes=2)
    >>> read.answers, round(read.accuracy, 3)
    (array([ 0,  1, -1]), 0.667)
    """
    classes = classes_of_neurons(learned, learned_labels, n_classes)
    answers = votes(tested, classes, n_classes)
    return Reading(classes, answers, float(np.mean(answers == test_labels)))


@checks_arguments
def course_of_votes(responses: np.ndarray, labels: np.ndarray, n_classes: int, parts: int) -> np.ndarray:
    """(patterns learned, accuracy) after each part of training except the first, (parts - 1, 2).

    Classes of neurons are determined from the previous part. Empty, (0, 2), if there are fewer patterns than parts.
    responses: (n, neurons) spike counts for each pattern during training. labels: (n,).

    >>> responses = np.array([[5, 0], [0, 5], [4, 1], [3, 2], [6, 0], [1, 6]])
    >>> course_of_votes(responses, np.array([0, 1, 0, 1, 0, 1]), n_classes=2, parts=3)
    array([[4. , 0.5],
           [6. , 1. ]])
    """
    if len(labels) < parts:
        return np.zeros((0, 2))
    edges = np.linspace(0, len(labels), parts + 1).astype(int)
    accuracy = [
        read_by_votes(responses[a:b], labels[a:b], responses[b:c], labels[b:c], n_classes).accuracy
        for a, b, c in zip(edges, edges[1:], edges[2:], strict=False)
    ]
    return np.stack([edges[2:], accuracy], axis=1)


@checks_arguments
def linear_accuracy(
    learned: np.ndarray, learned_labels: np.ndarray, tested: np.ndarray, test_labels: np.ndarray
) -> float:
    """Share of correct answers of a linear classifier: scikit-learn's LogisticRegression with its default penalty.

    learned, tested: (n, features). labels: (n,), of two or more classes.
    Raises ModuleNotFoundError without scikit-learn.

    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> linear_accuracy(X, y, np.array([[0.5], [2.5]]), np.array([0, 1]))
    1.0
    """
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(max_iter=2000).fit(learned, learned_labels)
    return float(classifier.score(tested, test_labels))


@checks_arguments
def confusion(answers: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Share of the patterns of each class with each answer, (classes, answers); the rest had none, -1.

    >>> confusion(np.array([0, 1, 1, -1]), np.array([0, 0, 1, 1]), n_classes=2)
    array([[0.5, 0.5],
           [0. , 0.5]])
    """
    counts = np.zeros((n_classes, n_classes + 1))
    np.add.at(counts, (labels, answers), 1.0)
    return counts[:, :n_classes] / np.maximum(1.0, counts.sum(axis=1, keepdims=True))
