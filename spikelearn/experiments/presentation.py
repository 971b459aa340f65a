"""Patterns that are shown to networks, and the answers that are read from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spikelearn.description.population import Population, Reference
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.experiments.cost import Cost, cost_of
from spikelearn.network import Network
from spikelearn.results.run import Run


class Turns(NamedTuple):
    """Whose turn it is, and what came of those who had theirs; callbacks change it.

    responses: (n, neurons) spikes that each pattern drew when it was last shown. shown: (1,) patterns that are done
    with. repeats: (1,) of the present one. unanswered: (1,) patterns that drew too few spikes to the end.
    """

    responses: np.ndarray
    shown: np.ndarray
    repeats: np.ndarray
    unanswered: np.ndarray

    @staticmethod
    def of(n: int, neurons: int) -> Turns:
        """Before the first of n patterns."""
        return Turns(np.zeros((n, neurons), np.int32), *(np.zeros(1, np.int64) for _ in range(3)))


class Shown(NamedTuple):
    """What patterns drew, and what it took. last: the run in which it ended."""

    turns: Turns
    presentations: int
    last: Run
    cost: Cost

    @property
    def responses(self) -> np.ndarray:
        """Spikes of each neuron at each pattern that is done with, (n, neurons)."""
        return self.turns.responses[: self.turns.shown[0]]


@dataclass(frozen=True)
class Presentation:
    """How patterns are shown as rates: each again and brighter, until it draws enough spikes (Diehl & Cook 2015).

    sources: Poisson sources, one for each element of a pattern. target: the population whose spikes count. rest: ms
    without input before each pattern; show: ms that it is shown. max_rate: Hz for an element of 1. brighter: share of
    the rates that is added each time that a pattern is shown again, as it drew fewer than `min_spikes`; so many times
    at most, `max_repeats`.
    """

    sources: Population
    target: Population
    rest: float
    show: float
    max_rate: float
    brighter: float
    min_spikes: int
    max_repeats: int

    def phases(self, patterns: np.ndarray, order: np.ndarray) -> tuple[list[Phase], Turns]:
        """The phases of a trial, in which a pattern is shown once, and what they fill in.

        patterns: (patterns, elements), from 0 to 1. order: (n,), which of them are shown.
        """
        turns = Turns.of(len(order), self.target.size)
        rates = self.sources.rates
        begin = Callback(
            begin_pattern, (rates, patterns, order, turns.shown, turns.repeats, self.max_rate, self.brighter)
        )
        end = Callback(end_pattern, (rates, self.target.counts(), *turns, self.min_spikes, self.max_repeats))
        return [Phase(self.rest, callback=begin), Phase(self.show, callback=end)], turns

    def run(self, network: Network, patterns: np.ndarray, order: np.ndarray, progress: bool | None = False) -> Shown:
        """Show patterns in an order, each until it has drawn enough spikes; Ctrl-C ends it.

        A schedule has as many trials as there are patterns left; each that had to be shown again leaves one for the
        next schedule. The time of one pattern passes before and the rest after, so that weights, where they are
        normalised at whole multiples of the time of a trial, are so just before each pattern and at the end.
        """
        phases, turns = self.phases(patterns, order)
        run = network.run(self.show, progress=False)
        presentations, cost = 0, cost_of(run)
        while turns.shown[0] < len(order) and not run.interrupted:
            trials = Trials(phases, n=int(len(order) - turns.shown[0]))
            presentations += trials.n
            run = network.run(trials=trials, progress=progress)
            cost += cost_of(run)
        if not run.interrupted:
            run = network.run(self.rest, progress=False)
        return Shown(turns, presentations, run, cost)


def largest_of(values: Reference, n: int) -> tuple[Callback, np.ndarray]:
    """A callback for the end of a phase, and the answers that it fills in, (n,): at which of `values` was the largest.

    values: what a population shows to callbacks, such as `population.state("V_m")`. n: trials.

    >>> net = Network(dt=1.0)
    >>> cells = net.population(3, LIF(I_e=[0.0, 200.0, 100.0]))
    >>> callback, answers = largest_of(cells.state("V_m"), n=2)
    >>> run = net.run(trials=Trials([Phase(5.0, callback=callback)], n=2))
    >>> answers
    array([1, 1])
    """
    answers = np.zeros(n, np.int64)
    return Callback(take_largest, (values, answers)), answers


def take_largest(trial: int, phase: int, values: Any, answers: Any) -> None:
    """The first of the largest values is the answer."""
    best = 0
    for j in range(len(values)):
        if values[j] > values[best]:
            best = j
    answers[trial] = best


def begin_pattern(
    trial: int, phase: int, rates: Any, patterns: Any, order: Any, shown: Any, repeats: Any, max_rate: float,
    brighter: float,
) -> None:  # fmt: skip
    """The pattern whose turn it is, brighter by so much for each time that it has been shown before."""
    for i in range(len(rates)):
        rates[i] = patterns[order[shown[0]], i] * max_rate * (1.0 + brighter * repeats[0])


def end_pattern(
    trial: int, phase: int, rates: Any, counts: Any, responses: Any, shown: Any, repeats: Any, unanswered: Any,
    min_spikes: int, max_repeats: int,
) -> None:  # fmt: skip
    """The next pattern has its turn, unless this one drew too few spikes."""
    spikes = 0
    for j in range(len(counts)):
        responses[shown[0], j] = counts[j]
        spikes += counts[j]
    for i in range(len(rates)):
        rates[i] = 0.0
    if spikes < min_spikes and repeats[0] < max_repeats:
        repeats[0] += 1
        return
    if spikes < min_spikes:
        unanswered[0] += 1
    repeats[0] = 0
    shown[0] += 1
