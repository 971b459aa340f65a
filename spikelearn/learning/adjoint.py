"""A batch of trials of a network, forwards and backwards in time: the adjoint of the models' own steps.

Forwards, each population advances in all trials at once, with the step of its model. Backwards, each neuron's Jacobian
(spikelearn.codegen.derivative) takes the derivatives of a loss one step back. Events are held, but for spikes, where a
surrogate stands for the derivative (Neftci, Mostafa & Zenke 2019). Populations go one after the other, and what arrives
in all steps is one product of matrices; only those that are connected in a circle advance together, step by step.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.backends.compiled import CompiledBackend
from spikelearn.codegen.modules import kernel_of
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Trials
from spikelearn.engine.plan import Call, call_table
from spikelearn.kernels import batch
from spikelearn.learning.batch_cells import Cells, Neurons, Sources
from spikelearn.learning.batch_synapses import Link
from spikelearn.learning.step_adjoint import SPIKES
from spikelearn.learning.surrogates import Surrogate
from spikelearn.learning.unrolled import Unrolled, unrolled

Key = tuple[Population, str]


class Adjoint:
    """All trials of a schedule as one batch. Arrays and compiled code serve for any weights and currents.

    weights: projection -> (sources, targets) for AllToAll, otherwise one for each synapse; currents: (population, port)
    -> (phases, trials, size). Both are to be changed in place between calls.

    by: the projections by whose weights gradients are taken. inputs: populations by whose initial states and currents
    they are taken too, if they can be. surrogate: None holds all spikes. Raises DescriptionError, naming it, for what
    is not supported.
    """

    def __init__(
        self, backend: CompiledBackend, trials: Trials, surrogate: Surrogate | None, by: Sequence[Projection],
        inputs: Collection[Population],
    ) -> None:  # fmt: skip
        d, self.what = backend.description, unrolled(backend, trials)
        self.surrogate, self.by = surrogate, tuple(by)
        projections = [p for p in d.projections if p.receiver is not None]
        self.cells: dict[Population, Cells] = {}
        for p in d.populations:
            if not p.is_neuron:
                self.cells[p] = Sources(p, self.what)
                continue
            block = backend.program.plans[0].block_of[p]
            start = {name: values[block.span(p)] for name, values in block.start.items()}
            sent = [(each.on, each.payload) for each in projections if each.source is p]
            connected = {each.port for each in projections if each.target is p}
            connected |= {port for population, port in self.what.arrivals if population is p}
            self.cells[p] = Neurons(p, self.what, sent, connected, start, d.dt, d.seed, backend.step + 1)
        self.links = []
        for each in projections:
            found = backend.synapses(each)
            synapses = found() if callable(found) else found
            assert each.receiver is not None
            ends = self.cells[each.source], self.cells[each.receiver]
            self.links.append(Link(each, synapses, *ends, self.what, d.dt))
        self.weights = {link.projection: link.weights for link in self.links}
        self.currents = self.what.currents
        self.parts = [_Part(cells, self.links, self.what) for cells in _in_order(self.cells.values(), self.links)]
        self._needed = self._reached(link.target for link in self.links if link.projection in self.by)
        self._differentiated = set(self._needed)
        self._wanted = [self.cells[population] for population in inputs]
        self._differentiated |= {each for each in self._reached(self._wanted) if self._can_be_differentiated(each)}
        self._backward: dict[frozenset[Key], list[_Return]] = {}

    def _reached(self, cells: Iterable[Cells]) -> set[Cells]:
        """Cells, and all that they send to, directly or not."""
        found = set(cells)
        while more := {link.target for link in self.links if link.source in found} - found:
            found |= more
        return found

    def _can_be_differentiated(self, cells: Cells) -> bool:
        if not isinstance(cells, Neurons):
            return False
        sends_spikes = any(link.outlet[0] == "spike" for link in self.links if link.source is cells)
        return self.surrogate is None or not sends_spikes or cells.has_margin

    @property
    def with_inputs(self) -> list[Neurons]:
        """The cells by whose initial states and currents derivatives are taken."""
        return [each for each in self._wanted if isinstance(each, Neurons) and each in self._differentiated]

    def forward(self) -> None:
        """Run all trials. Results are in the arrays of `cells`."""
        for part in self.parts:
            part.run()

    def backward(self, loss: Mapping[Key, np.ndarray]) -> None:
        """Take the derivatives of a loss back through time, to the arrays by_... of `cells`.

        loss: (population, state variable or "spike") -> its derivatives by that, (trials, steps, size).
        """
        watched = frozenset(loss)
        if watched not in self._backward:
            self._backward[watched] = self._prepared(watched)
        spikes = {}
        for (population, name), values in loss.items():
            cells = self.cells[population]
            if name == "spike":
                spikes[cells] = values.swapaxes(0, 1)
            elif isinstance(cells, Neurons) and name in cells.loss:
                cells.loss[name][1:] = values.swapaxes(0, 1)
        for link in self.links:
            if link.pairs:
                np.copyto(link.weights_back, link.weights.T)
        for each in self._backward[watched]:
            each.run(spikes)

    def _prepared(self, watched: Collection[Key]) -> list[_Return]:
        """The way back through the parts that have derivatives, from the last to the first."""
        found = []
        for part in reversed(self.parts):
            cells = [each for each in part.neurons if each in self._differentiated]
            links = [each for each in self.links if each.source in cells and each.target in self._differentiated]
            calls = []
            for each in cells:
                names = {name for population, name in watched if population is each.population}
                used = dict.fromkeys(link.outlet for link in links if link.source is each)
                used |= dict.fromkeys([SPIKES] if "spike" in names else [])
                arriving = [port for port in each.inputs if any(link.feeds(each, port) for link in self.links)]
                free = list(each.currents) if each in self._wanted else []
                variables = sorted(names - {"spike"})
                calls.append(each.backward_call(self.surrogate, tuple(used), variables, arriving, free))
            if cells:
                seen = {each for each in cells if (each.population, "spike") in watched}
                found.append(_Return(cells, links, part, calls, self.what.steps, seen))
        return found


class _Part:
    """Cells that advance together, step by step: those of a circle of links, or one alone."""

    def __init__(self, cells: Sequence[Cells], links: Sequence[Link], what: Unrolled) -> None:
        self.neurons = [each for each in cells if isinstance(each, Neurons)]
        self.arrivals = what.arrivals
        into = [link for link in links if link.target in cells]
        self.at_once = [link for link in into if link.pairs and link.source not in cells]
        in_steps = [link for link in into if link not in self.at_once]
        calls = [link.deliver_call() for link in in_steps] + [each.forward_call() for each in self.neurons]
        self.sweep = _Sweep(batch.sweep_forward, calls, what.steps)
        ends = [(link.target, link.projection.port) for link in into]
        self.alone = [
            link for link in self.at_once
            if link.fills_inputs and ends.count((link.target, link.projection.port)) == 1
            and (link.target.population, link.projection.port) not in what.arrivals
        ]  # fmt: skip
        filled = [(link.target, link.projection.port) for link in self.alone]
        self.cleared = [(each, port) for each in self.neurons for port in each.inputs if (each, port) not in filled]

    def run(self) -> None:
        for cells, port in self.cleared:
            cells.inputs[port][:] = self.arrivals.get((cells.population, port), 0.0)
        for link in self.at_once:
            link.deliver_all(link in self.alone)
        self.sweep.run()


class _Return:
    """The way back through the cells of a part. links: from them, along which derivatives come. seen: those on whose
    spikes the loss depends directly."""

    def __init__(
        self, cells: Sequence[Neurons], links: Sequence[Link], part: _Part, calls: Sequence[Call], steps: int,
        seen: Collection[Cells],
    ) -> None:  # fmt: skip
        self.cells = cells
        self.at_once = [link for link in links if link.pairs and link.target not in part.neurons]
        in_steps = [link.return_call() for link in links if link not in self.at_once]
        self.sweep = _Sweep(batch.sweep_backward, [*in_steps, *calls], steps)
        ends = [(link.source, link.outlet) for link in links]
        ends += [(each, SPIKES) for each in seen]
        self.alone = [
            link for link in self.at_once if link.fills_by_sent and ends.count((link.source, link.outlet)) == 1
        ]

    def run(self, spikes: Mapping[Cells, np.ndarray]) -> None:
        """spikes: cells -> derivatives of the loss by their spikes."""
        filled = [(link.source, link.outlet) for link in self.alone]
        for cells in self.cells:
            cells.begin_backward()
            for outlet, array in cells.by_sent.items():
                if (cells, outlet) not in filled:
                    array[:] = 0.0
        for link in self.at_once:
            link.return_all(link in self.alone)
        for cells in self.cells:
            if cells in spikes:
                cells.by_sent[SPIKES][1:] += spikes[cells]
        self.sweep.run()


class _Sweep:
    """Makes Calls in all steps."""

    def __init__(self, kernel: Any, calls: Sequence[Call], steps: int) -> None:
        self.calls = calls
        addresses, arguments = call_table(calls)
        self._call = Call("sweep", kernel_of(kernel), n_steps=steps, addresses=addresses, arguments=arguments)
        self.run = functools.partial(self._call, 0)
        if self._call.entry is not None:
            self.run = functools.partial(self._call.entry.call, 0, self._call.packed.ctypes.data)


def _in_order(cells: Iterable[Cells], links: Sequence[Link]) -> list[list[Cells]]:
    """Cells in the order in which they can advance, those of a circle of links together."""
    left, after = list(cells), {each: {each} for each in cells}
    for _ in left:
        for link in links:
            for found in after.values():
                if link.source in found:
                    found.add(link.target)
    groups = []
    while left:
        first = next(each for each in left if all(each not in after[o] or o in after[each] for o in left))
        groups.append([each for each in left if each in after[first] and first in after[each]])
        left = [each for each in left if each not in groups[-1]]
    return groups
