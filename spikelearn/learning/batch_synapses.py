"""The synapses of a projection in a batch of trials: what arrives, what goes back, and derivatives by weights."""

from __future__ import annotations

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

    def deliver_all(self, alone: bool) -> None:
        """What arrives in all steps. alone: instead of what there is, for a link that fills."""
        lag, of, to = int(self.lags[0]), self._sources, self._targets
        for begin, end in self.spans:
            sent, inputs = _table(self.sent[begin - lag : end - lag])[:, of], _table(self.inputs[begin:end])[:, to]
            if alone:
                np.matmul(sent, self.weights, out=inputs)
            else:
                inputs += sent @ self.weights

    def return_all(self, alone: bool) -> None:
        """The derivatives by what was sent in all steps."""
        lag, of, to = int(self.lags[0]), self._sources, self._targets
        for begin, end in self.spans:
            by_sent = _table(self.by_sent[begin - lag : end - lag])[:, of]
            by_inputs = _table(self.by_inputs[begin:end])[:, to]
            if alone:
                np.matmul(by_inputs, self.weights.T, out=by_sent)
            else:
                by_sent += by_inputs @ self.weights.T

    def by_weights(self, per_trial: bool) -> np.ndarray:
        """The derivatives by the weights, an array like them, of all trials together or with a first axis of trials."""
        trials = self.what.trials
        if not self.pairs:
            found = np.zeros((trials, len(self.lags)))
            add = self.add_call(found)
            for step in range(1, self.what.steps + 1):
                add(step)
            return found if per_trial else found.sum(axis=0)
        found = np.zeros((trials, *self.weights.shape) if per_trial else self.weights.shape)
        lag, of, to = int(self.lags[0]), self._sources, self._targets
        for begin, end in self.spans:
            sent, by_inputs = self.sent[begin - lag : end - lag, :, of], self.by_inputs[begin:end, :, to]
            if per_trial:
                found += np.matmul(sent.transpose(1, 2, 0), by_inputs.transpose(1, 0, 2))
            else:
                found += _table(sent).T @ _table(by_inputs)
        return found

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

    @property
    def _sources(self) -> slice:
        return slice(self.projection.source_first, self.projection.source_first + self.projection.source_size)

    @property
    def _targets(self) -> slice:
        return slice(self.projection.target_first, self.projection.target_first + self.projection.target_size)


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
