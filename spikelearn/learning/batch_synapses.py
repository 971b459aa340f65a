"""The synapses of a projection in a batch of trials: what arrives, what goes back, and derivatives by weights."""

from __future__ import annotations

import functools

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.connectivity import AllToAll
from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Call
from spikelearn.kernels import batch
from spikelearn.learning.batch_cells import Cells
from spikelearn.learning.step_adjoint import Outlet
from spikelearn.learning.unrolled import Unrolled
from spikelearn.results.run import Synapses


class Link:
    """A projection between cells.

    weights: (sources, targets) for AllToAll with one delay, which `pairs` says, otherwise one for each synapse. lags:
    delays in steps.
    """

    def __init__(
        self, projection: Projection, synapses: Synapses, source: Cells, target: Cells, what: Unrolled, dt: float
    ) -> None:
        self.projection, self.source, self.target, self.what = projection, source, target, what
        self.lags = np.rint(synapses.delay / dt).astype(np.int64)
        self.pre, self.post = (ids.astype(np.int64) for ids in (synapses.pre, synapses.post))
        shape = projection.source_size, projection.target_size
        complete = isinstance(projection.rule, AllToAll) and len(self.lags) == shape[0] * shape[1]
        self.pairs = complete and len(np.unique(self.lags)) == 1
        self.weights = np.array(synapses.weight, np.float64)
        if self.pairs:
            self.weights = np.zeros(shape)
            self.weights[self.pre - projection.source_first, self.post - projection.target_first] = synapses.weight
            self.weights_back = np.ascontiguousarray(self.weights.T)
            self.spans = _spans(what, int(self.lags[0]))
            self.steady = [False for _ in self.spans]

    @property
    def outlet(self) -> Outlet:
        return self.projection.on, self.projection.payload

    @property
    def sent(self) -> np.ndarray:
        return self.source.sent[self.outlet]

    @property
    def inputs(self) -> np.ndarray:
        return self.target.inputs[self.projection.port]

    @property
    def by_sent(self) -> np.ndarray:
        return self.source.by_sent[self.outlet]

    @property
    def by_inputs(self) -> np.ndarray:
        return self.target.by_inputs[self.projection.port]

    def feeds(self, cells: Cells, port: str) -> bool:
        return self.target is cells and self.projection.port == port

    @property
    def fills_inputs(self) -> bool:
        """Whether its product alone may be what arrives at all targets."""
        return self.pairs and self.projection.target_size == self.target.shape[2]

    @property
    def fills_by_sent(self) -> bool:
        return self.pairs and self.projection.source_size == self.source.shape[2]

    @functools.cached_property
    def _of_sent(self) -> list[np.ndarray]:
        """For each span, what is sent, (steps, trials, sources): views."""
        lag, first, n = int(self.lags[0]), self.projection.source_first, self.projection.source_size
        return [self.sent[begin - lag : end - lag, :, first : first + n] for begin, end in self.spans]

    @functools.cached_property
    def _of_by_sent(self) -> list[np.ndarray]:
        lag, first, n = int(self.lags[0]), self.projection.source_first, self.projection.source_size
        return [self.by_sent[begin - lag : end - lag, :, first : first + n] for begin, end in self.spans]

    @functools.cached_property
    def _of_inputs(self) -> list[np.ndarray]:
        """For each span, what arrives, (steps, trials, targets): views."""
        first, n = self.projection.target_first, self.projection.target_size
        return [self.inputs[begin:end, :, first : first + n] for begin, end in self.spans]

    @functools.cached_property
    def _of_by_inputs(self) -> list[np.ndarray]:
        first, n = self.projection.target_first, self.projection.target_size
        return [self.by_inputs[begin:end, :, first : first + n] for begin, end in self.spans]

    def deliver_all(self, alone: bool) -> None:
        """What arrives in all steps. alone: instead of what there is, for a link that fills."""
        self.steady = [self._is_steady(sent) for sent in self._of_sent]
        for sent, inputs, steady in zip(self._of_sent, self._of_inputs, self.steady, strict=True):
            if not steady and alone:
                np.matmul(_table(sent), self.weights, out=_table(inputs))
                continue
            arriving = sent[0] @ self.weights if steady else sent @ self.weights
            if alone:
                inputs[:] = arriving
            else:
                inputs += arriving

    def _is_steady(self, sent: np.ndarray) -> bool:
        """Whether the same values are sent in all steps, as by an input that is a current; then one product will do."""
        if self.projection.on != "rate" or not np.array_equal(sent[0], sent[-1]):
            return False
        return bool((sent == sent[0]).all())

    def return_all(self, alone: bool) -> None:
        """The derivatives by what was sent in all steps."""
        for by_sent, by_inputs in zip(self._of_by_sent, self._of_by_inputs, strict=True):
            if alone:
                np.matmul(_table(by_inputs), self.weights.T, out=_table(by_sent))
            else:
                by_sent += by_inputs @ self.weights.T

    def by_weights(self, per_trial: bool) -> np.ndarray:
        """The derivatives by the weights, an array like them, of all trials together or with a first axis of trials."""
        if not self.pairs:
            found = np.zeros((self.what.trials, len(self.lags)))
            add = self.add_call(found)
            for step in range(1, self.what.steps + 1):
                add(step)
            return found if per_trial else found.sum(axis=0)
        parts = [
            _products(sent[:1] if steady else sent, by_inputs.sum(axis=0)[None] if steady else by_inputs, per_trial)
            for sent, by_inputs, steady in zip(self._of_sent, self._of_by_inputs, self.steady, strict=True)
        ]
        if not parts:
            return np.zeros((self.what.trials, *self.weights.shape) if per_trial else self.weights.shape)
        return parts[0] if len(parts) == 1 else np.sum(parts, axis=0)

    def deliver_call(self) -> Call:
        """What arrives in one step."""
        kernel = batch.deliver_pairs if self.pairs else batch.deliver_listed
        return self._call(kernel, sent=self.sent, weights=self.weights, inputs=self.inputs)

    def return_call(self) -> Call:
        """The derivatives by what was sent in one step."""
        kernel = batch.return_pairs if self.pairs else batch.return_listed
        weights = {"weights_back": self.weights_back} if self.pairs else {"weights": self.weights}
        return self._call(kernel, by_inputs=self.by_inputs, by_sent=self.by_sent, **weights)

    def add_call(self, by_weights: np.ndarray) -> Call:
        """The derivatives by the weights of listed synapses, (trials, synapses), that are due to one step."""
        return self._call(batch.add_listed, sent=self.sent, by_inputs=self.by_inputs, by_weights=by_weights)

    def _call(self, kernel: object, **arrays: np.ndarray) -> Call:
        name = getattr(kernel, "__name__", "")
        synapses: dict[str, object] = {"lags": self.lags, "pre": self.pre, "post": self.post}
        if self.pairs:
            first_source, first_target = self.projection.source_first, self.projection.target_first
            synapses = {"lag": int(self.lags[0]), "first_source": first_source, "first_target": first_target}
        label = f"{name} of {self.projection.name}"
        return Call(label, kernel_of(kernel), earliest=self.what.earliest, **synapses, **arrays)


def _products(sent: np.ndarray, by_inputs: np.ndarray, per_trial: bool) -> np.ndarray:
    """Of each source and target, summed over steps, and over trials unless `per_trial`."""
    if per_trial:
        return np.matmul(sent.transpose(1, 2, 0), by_inputs.transpose(1, 0, 2))
    return _table(sent).T @ _table(by_inputs)


def _table(values: np.ndarray) -> np.ndarray:
    """Steps and trials as one axis."""
    return values.reshape(-1, values.shape[2])


def _spans(what: Unrolled, lag: int) -> list[tuple[int, int]]:
    """The steps, begin to end - 1, in which something sent `lag` steps before arrives: apart where events are lost."""
    found = []
    edges = [1, *(1 + np.flatnonzero(np.diff(what.earliest[1:])) + 1).tolist(), what.steps + 1]
    for begin, end in zip(edges, edges[1:], strict=False):
        begin = max(begin, int(what.earliest[begin]) + lag)
        if begin < end:
            found.append((begin, end))
    return found
