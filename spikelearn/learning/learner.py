"""Learner: a spiking network with a rule for assigning credit, with the interface of scikit-learn's classifiers.

A subclass is a description: `build` makes the network, `phases` says what happens in the presentation of one example.
What learners have in common is here, once: epochs, shuffling, the course of learning rates, controls, prediction, cost.
No learner has a loop over time: presentations are trials of the compiled engine.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase, Trials
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK, FROZEN, NONE, SHUFFLED_TEACHER, check_control
from spikelearn.learning.cost import Cost
from spikelearn.learning.divergence import warn_of_divergence
from spikelearn.learning.encoding import Encoding, encoding_of, warn_of_scales
from spikelearn.learning.epochs import fit_anew
from spikelearn.learning.gradient import Loss, gradient
from spikelearn.learning.locality import Locality
from spikelearn.learning.parameter_kinds import check_kinds
from spikelearn.neurons import Neuron
from spikelearn.results.run import Run
from spikelearn.values import one_number, whole_number


@dataclass(eq=False, repr=False)
class Learner(ClassifierMixin, BaseEstimator):
    """Base of all learners.

    hidden: sizes of the hidden layers. epochs: passes over the examples in `fit`. learning_rate: one number, or a pair
    for the hidden layers and for the output. decay: factor of the learning rates from one epoch to the next. steps:
    length of a presentation, in steps of 1 ms. elements: of which an example is the sequence; they are shown one after
    the other, for `steps` each, and the answer is given during the last one. encoding: how features drive input cells,
    see `ENCODINGS`. bias: whether there is also an input cell that is always on. control: "none", or one of `CONTROLS`.
    threads: of the network. seed: of everything that is drawn.

    After fitting: classes_; n_features_in_; circuit_, the network; epoch_, the number of epochs; history_, name -> one
    value for each epoch; cost_, of all presentations that taught.

    Features are numbers from 0 to 1. If those of the first examples are not, all features are mapped by one linear
    function, so that the smallest and the largest number of all become 0 and 1, as suits images. Later examples are
    mapped by the same; what is below 0 then counts as 0, and where spikes stand for it what is above 1 counts as 1.
    Features in different units should each be scaled before, with scikit-learn's MinMaxScaler; ScaleWarning says so
    where it matters. The features of a sequence stand in one row: first all of the first element, then those of the
    next; each element has `features / elements` of them, and as many input cells.

    >>> X, y = sl.tasks.yin_yang(100, seed=1)
    >>> learner = sl.learning.FeedbackAlignment(hidden=(10,), epochs=2).fit(X, y)
    >>> learner.predict(X[:5]).shape
    (5,)
    """

    locality: ClassVar[Locality] = Locality()
    """What a synapse must know."""
    has_feedback: ClassVar[bool] = False
    """Whether something comes back to hidden layers that the control "ablated_feedback" takes away."""
    sequences: ClassVar[bool] = False
    """Whether examples may have more than one element: whether `phases` shows them all."""
    surrogate: ClassVar[Any] = "fast_sigmoid"
    """Stands for the derivative of a spike in `gradient`; see `sl.gradient`."""
    learning_phases: ClassVar[tuple[int, ...] | None] = None
    """Places of the phases of a presentation whose factors are learning rates; None if all are. In others, changes of
    weights are part of the rule and undone."""

    hidden: tuple[int, ...] = (30,)
    epochs: int = 20
    learning_rate: float | tuple[float, float] = 0.01
    decay: float = 0.9
    steps: int = 25
    elements: int = 1
    encoding: str = "graded"
    bias: bool = True
    control: str = NONE
    threads: int = 1
    seed: int = 1

    def build(self, sizes: Sequence[int]) -> Circuit:
        """The network. sizes: of all layers, from the input, of one element, to the output."""
        raise NotImplementedError

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        """The phases of one presentation, for all examples.

        X: (n, elements * inputs). y: (n,) from 0 on, or None if nothing is to be learned. scores: (n, outputs), to
        which a callback writes, in the row of each trial, a number for each class, the largest for the answer.
        """
        raise NotImplementedError

    def presentation(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        """The phases, and what follows them that changes no forward weight but by what these have changed."""
        return self.phases(circuit, X, y, scores)

    def loss(self, circuit: Circuit, y: np.ndarray) -> Loss | None:
        """What the rule is to reduce, of trials of the answering phase, y: (n,) from 0 on; None if it has no loss."""
        return None

    def learn(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """One pass over examples in the given order; returns the scores. X, y: as for `phases`."""
        scores, run, cpu_s = self._present(X, y)
        self.cost_.add(run, self.circuit_, len(X), cpu_s)
        return scores

    def fit(self, X: Any, y: Any) -> Self:
        """Forget everything, then learn from examples X, (n, features), with labels y, (n,), in `epochs` passes."""
        return fit_anew(self, X, y)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """One more pass over examples. classes: all labels, needed by the first call if some of them are not in y.

        Each call counts as an epoch, by which learning rates decay: for parts of a pass, `decay` is to be 1.
        """
        self.prepare(X, y, classes)
        features, places = self.examples(X, y)
        generator = np.random.default_rng([self.seed, self.epoch_])
        order = generator.permutation(len(features))
        taught = generator.permutation(places) if self.control == SHUFFLED_TEACHER else places
        scores = self.learn(features[order], taught[order])
        self.epoch_ += 1
        warn_of_divergence(self.circuit_, type(self).__name__, self.epoch_)
        right = float(np.mean(scores.argmax(axis=1) == places[order]))
        for name, value in (("presentations", self.cost_.presentations), ("online_accuracy", right)):
            self.history_.setdefault(name, []).append(value)
        return self

    def prepare(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Make the network for such examples, unless there is one; nothing is learned. Arguments as for partial_fit."""
        if not hasattr(self, "circuit_"):
            X, y = validate_data(self, X, y, dtype=np.float64)
            labels = _labels(y)
            known = np.unique(labels if classes is None else _labels(classes, "classes"))
            _places(labels, known)
            self._begin(X, known)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ParameterError(f"classes: expected {self.classes_.tolist()}, as at first, got {classes!r:.200}")
        return self

    def examples(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """What input cells are given, (n, elements * inputs), and the places of the labels among the classes, (n,)."""
        check_is_fitted(self)
        X, y = validate_data(self, X, y, dtype=np.float64, reset=False)
        return self._features(X), _places(_labels(y, warn=True), self.classes_)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """The weights of the forward projections, (sources, targets) each, from the input on."""
        check_is_fitted(self)
        return [self.circuit_.weights(projection) for projection in self.circuit_.forward]

    def decision_function(self, X: Any) -> np.ndarray:
        """A number for each class, (n, classes), the largest for the answer; for two classes their difference, (n,)."""
        scores = self.scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> np.ndarray:
        """The labels of the answers, (n,). Nothing is learned.

        Time goes on, so what is learned afterwards is not the same to the bit where learning draws noise or a learner
        resets nothing between examples, as it would be without the answers.
        """
        scores = self.scores(X)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def gradient(self, X: Any, y: Any) -> list[np.ndarray] | None:
        """Of the loss of each example, by the weights of each forward projection, (n, sources, targets); None without.

        It is the surrogate gradient of the network while it answers, from rest: see `spikelearn.learning.gradient`.
        """
        features, places = self.examples(X, y)
        circuit = self.circuit_
        loss = self.loss(circuit, places)
        if loss is None:
            return None
        first, *others = self.phases(circuit, features, None, np.zeros((len(features), circuit.output.size)))
        neurons = [each for each in circuit.network.populations.values() if isinstance(each.model, Neuron)]
        from_rest = replace(first, reset=list(dict.fromkeys([*first.reset, *neurons])), discard_events=True)
        trials = Trials([from_rest, *others], n=len(features))
        found = gradient(circuit.network, loss, trials, self.surrogate, per_trial=True, by=circuit.forward)
        return [found.weights[projection] for projection in circuit.forward]

    def updates(self, X: Any, y: Any) -> list[np.ndarray]:
        """What the presentation of each example would change in the weights of each forward projection, up to a factor;
        (n, sources, targets). See `raw_updates`."""
        from spikelearn.learning.raw_updates import raw_updates

        return raw_updates(self, X, y)

    def factors(self, circuit: Circuit) -> dict[Projection, float]:
        """The projections that learn -> the factor of their learning rates in this epoch."""
        left_out = self.onto_hidden(circuit) if self.control == FROZEN else ()
        return {each: self.decay**self.epoch_ for each in circuit.learning if not any(each is f for f in left_out)}

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        """The projections that do not learn if hidden layers are frozen."""
        return circuit.forward[:-1]

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rates of hidden layers and output at first. Raises ParameterError."""
        given = self.learning_rate
        pair = tuple(given) if isinstance(given, tuple | list) else (given, given)
        if len(pair) != 2 or not all(isinstance(each, Real) and 0.0 <= each < np.inf for each in pair):
            raise ParameterError(
                "learning_rate: expected a number of at least 0, or a pair of them, for the hidden layers and for the "
                f"output, got {given!r}"
            )
        return float(pair[0]), float(pair[1])

    @property
    def encoded(self) -> Encoding:
        return encoding_of(self.encoding)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.noisy
        return tags

    def _begin(self, X: np.ndarray, classes: np.ndarray) -> None:
        """Check the parameters and make the network."""
        check_kinds(self)
        check_control(self.control)
        if self.control == ABLATED_FEEDBACK and not self.has_feedback:
            raise ParameterError(
                f"control: {type(self).__name__} has no feedback weights to ablate, so that nothing would be without "
                "them; expected another control"
            )
        if not isinstance(self.hidden, tuple | list):
            raise ParameterError(f"hidden: expected a tuple of the sizes of hidden layers, got {self.hidden!r}")
        sizes = [whole_number(n, "size of a hidden layer", least=1) for n in self.hidden]
        whole_number(self.steps, "steps", least=1)
        self._check_elements(X.shape[1])
        if len(classes) < 2:
            raise ParameterError(f"y: expected at least two classes, got one class: {classes.tolist()}")
        one_number(self.decay, "1", "decay", above=0.0)
        _ = self.rates
        low, high = float(X.min()), float(X.max())
        if not 0.0 <= low <= high <= 1.0:
            warn_of_scales(X, type(self).__name__)
        self._range_ = (0.0, 1.0) if 0.0 <= low and high <= 1.0 else (low, max(high, np.nextafter(low, np.inf)))
        self.classes_ = classes
        self.epoch_, self.cost_ = 0, Cost()
        self.history_: dict[str, list[float]] = {}
        self.circuit_ = self.build([X.shape[1] // self.elements + bool(self.bias), *sizes, len(classes)])

    def _features(self, X: np.ndarray) -> np.ndarray:
        low, high = self._range_
        features = (X - low) / (high - low)
        if not self.bias:
            return features
        of_elements = features.reshape(len(X), self.elements, -1)
        return np.concatenate([of_elements, np.ones((len(X), self.elements, 1))], axis=2).reshape(len(X), -1)

    def _check_elements(self, features: int) -> None:
        elements = whole_number(self.elements, "elements", least=1)
        if elements > 1 and not self.sequences:
            raise ParameterError(f"elements: {type(self).__name__} does not learn sequences, got {elements} elements")
        if features % elements:
            raise ParameterError(f"elements: expected a number that divides the {features} features, got {elements}")

    def scores(self, X: Any) -> np.ndarray:
        """Those of examples, (n, classes), of which the largest is the answer. Nothing is learned."""
        return self.answer(X)[0]

    def answer(self, X: Any) -> tuple[np.ndarray, Run]:
        """The scores of examples, (n, classes), and the run in which they were presented. Nothing is learned."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        # Noise goes with time: the same examples get the same answers if they are always the first.
        circuit = self.hand_over(self.build(self.sizes)) if self.noisy else None
        scores, run, _ = self._present(self._features(X), None, circuit)
        return scores, run

    def hand_over(self, circuit: Circuit) -> Circuit:
        """Give the present weights of projections that learn, and of feedback, to a new circuit, which is returned."""
        kept = zip(*(dict.fromkeys([*each.learning, *each.feedback]) for each in (self.circuit_, circuit)), strict=True)
        for there, here in kept:
            circuit.network.set_weights(here, self.circuit_.weights(there))
        return circuit

    @property
    def sizes(self) -> list[int]:
        """Of all layers of the network, from the input to the output."""
        return [layer.size for layer in self.circuit_.layers]

    @property
    def noisy(self) -> bool:
        """Whether noise is drawn anew in each presentation."""
        return self.encoded.random

    def _present(
        self, X: np.ndarray, y: np.ndarray | None, circuit: Circuit | None = None
    ) -> tuple[np.ndarray, Run, float]:
        """Scores, the run, and its processor time in s. circuit: instead of the learner's own."""
        circuit = circuit or self.circuit_
        scores = np.zeros((len(X), len(self.classes_)))
        trials = Trials(self.presentation(circuit, X, y, scores), n=len(X))
        begun = time.process_time()
        run = circuit.network.run(trials=trials, progress=False)
        if run.interrupted:
            raise KeyboardInterrupt
        return scores, run, time.process_time() - begun


def _labels(y: Any, what: str = "y", warn: bool = False) -> np.ndarray:
    """Labels, (n,). Raises ParameterError, or what scikit-learn raises where they are not those of classes."""
    try:
        with np.errstate(invalid="ignore"):  # it casts NaN before it refuses it
            check_classification_targets(y)
    except TypeError:
        raise ParameterError(f"{what}: expected labels of one kind, numbers or text, got {y!r:.200}") from None
    return column_or_1d(y, warn=warn)


def _places(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The places of labels among the classes, which are in order, (n,). Raises ParameterError."""
    places = np.searchsorted(classes, labels)
    known = classes[np.minimum(places, len(classes) - 1)] == labels
    if not np.all(known):
        unknown = ", ".join(map(repr, np.unique(labels[~known]).tolist()))
        raise ParameterError(f"y: expected labels among {classes.tolist()}, got also {unknown}")
    return places
