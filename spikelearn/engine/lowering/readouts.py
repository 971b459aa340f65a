"""Lowering of readouts and feeds to Calls, and ridge regression at the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.population import Population
from spikelearn.description.readout import Feed, Readout
from spikelearn.description.readout_learning import DeltaRule, RecursiveLeastSquares, Ridge
from spikelearn.description.signal import Signal
from spikelearn.engine.aligned_arrays import zeros
from spikelearn.engine.lowering.finite import finite_or_stop
from spikelearn.engine.plan import Call, Plan, Program
from spikelearn.kernels import readout as kernels
from spikelearn.kernels import readout_learning

VECTORS = 32
"""Times of least squares, or samples of a regression, that are applied to the matrix at once."""


def signal_arrays(signal: Signal) -> dict[str, np.ndarray]:
    """The arrays of a signal by variable, as they begin."""
    arrays = {"value": signal.initial.copy()}
    if isinstance(signal, Readout):
        arrays |= {"rates": np.zeros(len(signal.neurons)), "weight": signal.initial_weights.copy()}
        if signal.target is not None:
            arrays |= {"target": np.full(signal.size, np.nan), "error": np.full(signal.size, np.nan)}
    return arrays


def readout_calls(readout: Readout, program: Program) -> None:
    """Add the Calls of a readout to those of stage "end"."""
    arrays = program.plans[0].signals[readout]
    label = f"readout {readout.name}"
    program.forgotten += [arrays["rates"], arrays["value"]]
    own = {name: arrays[name] for name in ("rates", "value", "weight")}
    reading = _reading(readout, program.plans[0], own["rates"], label)
    program.end.append(reading)
    if "traces" in reading.written:
        program.forgotten.append(reading.written["traces"])
    program.end.append(
        Call(label, kernel_of(kernels.linear_output), rates=own["rates"], weights=own["weight"], values=own["value"])
    )
    too_fast = "; its eta is too large for such rates" if isinstance(readout.learning, DeltaRule) else ""
    complaint = f"readout {readout.name!r} is infinite or NaN{too_fast}"
    program.end.append(finite_or_stop(f"value of {label}", own["value"], program, complaint))
    if readout.target is None:
        return
    to = {"values": own["value"], "target": arrays["target"], "error": arrays["error"]}
    if isinstance(readout.target, Signal):
        signal = program.plans[0].signals[readout.target]["value"]
        call = Call(f"target of {label}", kernel_of(kernels.target_of_signal), signal=signal, **to)
    else:
        call = Call(f"target of {label}", kernel_of(kernels.target_of_samples), samples=readout.target, **to)
    program.end.append(call)
    if readout.learning is not None and readout.steps is not None:
        when = readout.steps._asdict() | {"rates": own["rates"], "error": arrays["error"]}
        program.end.append(_LEARNING[type(readout.learning)](readout, program, arrays, when, f"learning of {label}"))


def _reading(readout: Readout, plan: Plan, rates: np.ndarray, label: str) -> Call:
    """The Call that brings r up to date."""
    population, how = readout.population, readout.filter
    block = plan.block_of[population]
    if how.variable:
        state = block.state[how.variable][block.span(population)]
        return Call(f"rates of {label}", kernel_of(kernels.read_state), ids=readout.neurons, state=state, rates=rates)
    ring, place = block.rings[how.on], np.full(population.size, -1, np.int64)
    place[readout.neurons] = np.arange(len(readout.neurons))
    times = [how.tau, how.tau_rise] if how.tau_rise > 0 else [how.tau]
    decays, scales = np.exp(-plan.dt / np.array(times)), np.array([1e3, -1e3][: len(times)]) / (how.tau - how.tau_rise)
    return Call(
        f"rates of {label}", kernel_of(kernels.filter_events), rows=ring.all_rows, counts=ring.all_counts,
        first=block.first[population], place=place, decays=decays, scales=scales,
        traces=zeros(len(times) * len(rates)).reshape(len(times), -1), rates=rates,
    )  # fmt: skip


def _delta(readout: Readout, program: Program, arrays: Mapping[str, np.ndarray], when: Any, label: str) -> Call:
    plastic = np.zeros((0, 0), np.uint8) if readout.plastic is None else readout.plastic.astype(np.uint8)
    eta = readout.learning.eta  # type: ignore[union-attr]
    kernel = kernel_of(readout_learning.delta_rule)
    return Call(label, kernel, eta=eta, plastic=plastic, weights=arrays["weight"], **when)


def _least_squares(readout: Readout, program: Program, arrays: Mapping[str, np.ndarray], when: Any, label: str) -> Call:
    n, P0 = len(readout.neurons), readout.learning.P0  # type: ignore[union-attr]
    if readout.plastic is None:
        return Call(
            label, kernel_of(readout_learning.least_squares), P=P0 * np.eye(n),
            vectors=zeros(VECTORS * n).reshape(VECTORS, n),
            factors=np.zeros(VECTORS), used=np.zeros(1, np.int64), gain=zeros(n), weights=arrays["weight"], **when,
        )  # fmt: skip
    listed = [np.flatnonzero(column) for column in readout.plastic.T]
    sizes = np.array([len(neurons) for neurons in listed])
    P = np.concatenate([P0 * np.eye(size).ravel() for size in sizes])
    return Call(
        label, kernel_of(readout_learning.least_squares_each), starts=_starts(sizes), neurons=np.concatenate(listed),
        places=_starts(sizes**2), P=P, own=np.zeros(max(sizes)),
        gain=np.zeros(max(sizes)), weights=arrays["weight"], **when,
    )  # fmt: skip


def _starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _ridge(readout: Readout, program: Program, arrays: Mapping[str, np.ndarray], when: Any, label: str) -> Call:
    n = len(readout.neurons)
    call = Call(
        label, kernel_of(readout_learning.collect_samples), target=arrays["target"],
        samples=zeros(VECTORS * n).reshape(VECTORS, n), signs=np.zeros(VECTORS), used=np.zeros(1, np.int64),
        gram=np.zeros((n, n)), moments=np.zeros((n, readout.size)), **when,
    )  # fmt: skip
    program.at_stop.append(lambda: _regress(readout, call, arrays["weight"]))
    return call


_LEARNING: Mapping[type, Callable[..., Call]] = {
    DeltaRule: _delta, RecursiveLeastSquares: _least_squares, Ridge: _ridge
}  # fmt: skip


def _regress(readout: Readout, call: Call, weights: np.ndarray) -> None:
    """Set the weights to w_0 + (G + 1/P0)^-1 (M - G w_0), with G the sum of r r' and M that of r target'.

    Of a readout of which some weights are constant, each number has the rows and columns of those that learn.
    """
    arrays = call.arrays
    gram, recent = arrays["gram"], arrays["samples"][: arrays["used"][0]]
    lower = np.tril(gram)
    gram = lower + np.tril(lower, -1).T + recent.T @ recent
    if not gram.any():
        return
    start, P0 = readout.initial_weights, readout.learning.P0  # type: ignore[union-attr]
    rest = arrays["moments"] - gram @ start
    penalised = gram + np.eye(len(gram)) / P0
    if readout.plastic is None:
        weights[:] = start + np.linalg.solve(penalised, rest)
        return
    for k, learns in enumerate(readout.plastic.T):
        at = np.flatnonzero(learns)
        weights[at, k] = start[at, k] + np.linalg.solve(penalised[np.ix_(at, at)], rest[at, k])


def feed_calls(feeds: Sequence[Feed], plan: Plan, written: set[tuple[Population, str]]) -> None:
    """Add the Calls that make currents of signals, for the neurons of a share.

    written: populations and ports of which another Call has overwritten the noise in this step, so that these add.
    """
    for feed in feeds:
        block = plan.block_of[feed.population]
        offset, size = plan.share.part(block, block.first[feed.population], feed.population.size)
        if size == 0:
            continue
        key = (feed.population, feed.port)
        current = block.noise.setdefault(key, zeros(feed.population.size))
        own = feed.weights[:, offset : offset + size].T
        neurons, numbers = np.nonzero(own)
        call = Call(
            f"feed {feed.signal.name} into {feed.population.name}.{feed.port}", kernel_of(kernels.feed_current),
            signal=plan.signals[feed.signal]["value"], starts=_starts(np.bincount(neurons, minlength=size)),
            numbers=numbers.astype(np.int64), weights=own[neurons, numbers], first_here=int(key not in written),
            current=current[offset : offset + size],
        )  # fmt: skip
        written.add(key)
        plan.stages["drive"].append(call)
