"""A schedule of trials unrolled in time, for all trials at once: where states begin, what arrives, currents, sources.

Arrays have a row for each step of a trial; row 0 is before the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spikelearn.backends.compiled import CompiledBackend
from spikelearn.backends.presampled import Driven
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population, Reference, View
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.engine.lowering.callbacks import trial_calls
from spikelearn.engine.lowering.network import lower
from spikelearn.engine.plan import Plan
from spikelearn.errors import DescriptionError
from spikelearn.system import total_memory

Driving = dict[tuple[Population, str], np.ndarray]
"""(population, port) -> one row for each step, trial and neuron."""


@dataclass(frozen=True)
class Unrolled:
    """What a schedule prescribes, if it runs now.

    steps: of a trial. trials: their number. rows: population -> (steps + 1,), the row from which each step begins: the
    one before, or 0 after a reset. earliest: (steps + 1,), the first row whose events may still arrive in a step.
    of_phase: (steps + 1,), the phase of each step. currents: (population, port) -> (phases, trials, size) in pA, or
    (steps + 1, trials, size) if it changes within phases. arrivals: (population, port) -> (steps + 1, trials, size),
    from drives. events: source -> (steps + 1, trials, size), 1 for a spike, else 0.
    """

    steps: int
    trials: int
    rows: Mapping[Population, np.ndarray]
    earliest: np.ndarray
    of_phase: np.ndarray
    currents: dict[tuple[Population, str], np.ndarray]
    arrivals: Mapping[tuple[Population, str], np.ndarray]
    events: Mapping[Population, np.ndarray]

    def of_phase_of(self, population: Population) -> np.ndarray:
        """(steps + 1,), the row of the currents of a population in each step."""
        if any(p is population and len(values) > self.steps for (p, _), values in self.currents.items()):
            return np.arange(self.steps + 1)
        return self.of_phase


def unrolled(backend: CompiledBackend, trials: Trials) -> Unrolled:
    """The trials from the current step of a network on. Raises DescriptionError, naming it, for what is no batch."""
    d = backend.description
    check_supported(d)
    neurons = [p for p in d.populations if p.is_neuron]
    for k, phase in enumerate(trials.phases):
        for where, part in phase.references():
            if isinstance(part, View):
                raise DescriptionError(f"gradient: {where} of phase {k}: expected all of {part.name!r}, got a view")
            if not any(part is each for each in (*d.populations, *d.projections, *d.modulators)):
                raise DescriptionError(f"{where} of phase {k}: {part.name!r} is not a part of this network")
        _check_callback(phase.callback, f"phase {k}")
    _check_apart(trials, neurons, backend.step)
    backend.lower_trials(Trials([replace(phase, callback=None) for phase in trials.phases], trials.n))
    lengths = trials.phase_steps(d.dt)
    starts, steps = np.cumsum(lengths) - lengths + 1, int(lengths.sum())
    _check_memory(d, steps, trials.n)
    before = np.maximum(np.arange(steps + 1) - 1, 0)
    rows = {p: before.copy() for p in neurons}
    earliest = np.zeros(steps + 1, np.int64)
    for start, phase in zip(starts, trials.phases, strict=True):
        for p in (p for p in neurons if phase.resets(p)):
            rows[p][start] = 0
        if phase.discards:
            earliest[start:] = start
    of_phase = np.concatenate([[0], np.repeat(np.arange(len(lengths)), lengths)])
    arrivals, noise = _driven(backend, steps, trials.n)
    currents = _currents(d, trials)
    noisy = {population for population, _ in noise}
    currents |= {key: values[of_phase] for key, values in currents.items() if key[0] in noisy}
    currents |= {key: currents.get(key, 0.0) + values for key, values in noise.items()}
    events = _events(backend, trials, steps)
    return Unrolled(steps, trials.n, rows, earliest, of_phase, currents, arrivals, events)


def check_supported(d: NetworkDescription) -> None:
    """Raise DescriptionError, naming the part, if a gradient does not include what a network does."""
    for world in d.worlds:
        raise DescriptionError(f"gradient: environment {world.name!r} is not differentiated")
    for homeostasis in d.homeostases:
        name = type(homeostasis.rule).__name__
        raise DescriptionError(
            f"gradient: {name} of projection {homeostasis.projection.name!r} changes weights during trials"
        )
    for population in d.populations:
        if population.is_neuron and (population.model.timed or population.model.model.reads):
            what = dict(population.model.timed) or population.model.model.reads
            raise DescriptionError(
                f"gradient: {population.model_name} of population {population.name!r} depends on "
                f"{next(iter(what))}, which is not the same in all trials or neurons of a batch"
            )
    for p in d.projections:
        if p.receiver is None:
            continue
        if p.synapse is not None:
            raise DescriptionError(
                f"gradient: synapses of projection {p.name!r} are {p.synapse.model.name}; expected static ones, or "
                "ones that learn"
            )
        if p.transmits:
            assert p.plasticity is not None
            raise DescriptionError(
                f"gradient: projection {p.name!r} does not transmit its weights but what {p.plasticity.rule.name} "
                "makes of them"
            )
        if p.source.is_neuron and p.source.model.model.tells_bursts and p.on in ("event", "burst"):
            raise DescriptionError(
                f"gradient: projection {p.name!r} transmits {p.on}s that {p.source.name!r} tells from intervals "
                "between its spikes, which no reset forgets"
            )
    for feed in d.feeds:
        raise DescriptionError(
            f"gradient: {feed.signal.name!r} is fed into {feed.population.name!r}, which is not supported"
        )
    for callback in d.callbacks:
        _check_callback(callback, "every step")


def _check_memory(d: NetworkDescription, steps: int, trials: int) -> None:
    """Raise DescriptionError if arrays of all populations and steps would be more than the memory of this machine."""
    models = [(p.size, p.model.model if p.is_neuron else None) for p in d.populations]
    arrays = sum(n * (1 if model is None else len(model.state) + 3 * len(model.ports) + 4) for n, model in models)
    needed, there = 8.0 * (steps + 1) * trials * arrays, total_memory()
    if needed > there:
        raise DescriptionError(
            f"gradient: {trials:,} trials of {steps:,} steps need {needed / 1e9:,.0f} GB of memory, more than the "
            f"{there / 1e9:,.0f} GB of this machine; expected fewer trials at once, as their gradients add up"
        )


def _check_callback(callback: Callback | None, where: str) -> None:
    for argument in callback.arguments if callback is not None else ():
        if isinstance(argument, Reference) and argument.what in ("current", "rates", "release", "level"):
            assert callback is not None
            raise DescriptionError(
                f"gradient: callback {callback.name} of {where} may change the {argument.what} of "
                f"{argument.owner.name!r}; only callbacks that read are supported, and they are not called"
            )


def _check_apart(trials: Trials, neurons: list[Population], step: int) -> None:
    """Raise DescriptionError unless trials do not depend on each other, nor on what ran before."""
    if trials.n == 1 and step == 0:
        return
    first = trials.phases[0]
    left = [p.name for p in neurons if not first.resets(p)]
    if left or not first.discards:
        what = f"resets {', '.join(map(repr, left))} too" if left else "has discard_events=True"
        raise DescriptionError(
            f"gradient: trials must not depend on each other: expected a phase 0 that {what}; it must reset all "
            "populations and discard events"
        )


def _currents(d: NetworkDescription, trials: Trials) -> dict[tuple[Population, str], np.ndarray]:
    """Of all ports that a phase names; in phases that do not it is 0."""
    found = {}
    for population, port in dict.fromkeys(key for phase in trials.phases for key in phase.currents):
        found[population, port] = np.empty((len(trials.phases), trials.n, population.size))
        for k, phase in enumerate(trials.phases):
            given, what = phase.currents.get((population, port), 0.0), f"{population.name}.{port}"
            rows = trials.rows(given, population.size, "pA", f"current of phase {k} into {what}")
            found[population, port][k] = rows
    return found


def _driven(backend: CompiledBackend, steps: int, n: int) -> tuple[Driving, Driving]:
    """What drives bring: arrivals at ports and currents, (steps + 1, trials, size) each."""
    d = backend.description
    if not d.drives:
        return {}, {}
    driven = Driven(d, d.drives)
    arrivals = {key: np.zeros((steps + 1, n, key[0].size)) for key in driven.arrivals}
    currents = {key: np.zeros((steps + 1, n, key[0].size)) for key in driven.currents}
    while driven.step < backend.step:
        driven.advance()
    for trial in range(n):
        for step in range(1, steps + 1):
            driven.advance()
            for key, values in arrivals.items():
                values[step, trial] = driven.arriving(*key)
            for key, values in currents.items():
                values[step, trial] = driven.current(*key)
    return arrivals, currents


def _events(backend: CompiledBackend, trials: Trials, steps: int) -> dict[Population, np.ndarray]:
    """The spikes of all sources, generated by their own Calls."""
    d = backend.description
    sources = tuple(p for p in d.populations if not p.is_neuron)
    found = {p: np.zeros((steps + 1, trials.n, p.size)) for p in sources}
    if not sources:
        return found
    nothing = NetworkDescription(d.dt, d.seed, sources, (), (), (), (), (), (), ())
    program = lower(nothing)
    [plan] = program.plans
    if backend.step == 0 and not trials.phases[0].discards:
        _note(plan, found, 0, 0, 0)
    program.step = backend.step
    own = backend.program.plans[0]
    for p in sources:
        if p in plan.block_of[p].rates:
            plan.block_of[p].rates[p][:] = own.block_of[p].rates[p]
    added = trial_calls(Trials([Phase(p.duration, rates=p.rates) for p in trials.phases], trials.n), program)
    calls = list(plan.calls(added))
    for trial in range(trials.n):
        for step in range(1, steps + 1):
            plan.step += 1
            with np.errstate(over="ignore"):
                for call in calls:
                    call(plan.step)
            _note(plan, found, plan.step, trial, step)
    return found


def _note(plan: Plan, found: dict[Population, np.ndarray], step: int, trial: int, row: int) -> None:
    """Note the spikes of a step in the row of a trial."""
    for p, counts in found.items():
        block = plan.block_of[p]
        ring = block.rings["spike"]
        place = step % len(ring.counts)
        ids = ring.rows[place, : ring.counts[place]] - block.first[p]
        counts[row, trial, ids[(ids >= 0) & (ids < p.size)]] = 1.0
