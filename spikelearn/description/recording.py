"""Recordings of variables of populations, modulators, signals and projections, with their sampling intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikelearn.description.population import Modulator, Population, View, indices, whole
from spikelearn.description.projection import Projection
from spikelearn.description.signal import Signal
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.neurons import Neuron
from spikelearn.parameters import suggest
from spikelearn.steps import whole_steps


@dataclass(frozen=True, eq=False)
class Recording:
    """A recorded variable of an object. variable: a kind of event if `events`, else a variable. every, start: steps.

    include_start: whether there is a sample at 0 ms, before the first step. name: "" for the first recording of a
    variable, unless it was given one. at: a kind of event; the recording is of `sampled`, a state variable, at these
    events of each neuron, and without `sampled` of the mean rate of all `ids` together in bins of `every`. Made by
    `Network.record`.
    """

    of: Any
    variable: str
    events: bool
    ids: np.ndarray
    every: int
    start: int
    unit: str
    include_start: bool = False
    name: str = ""
    unnamed: bool = False
    """Whether its name was made up, so that other views recorded alike join it."""
    at: str = ""
    sampled: str = ""
    when: str = "end"
    """The moment within a step: its "end"; its "start"; its "beginning", before what is done regularly; or after
    neurons have fired, before "input" comes late."""

    def __repr__(self) -> str:
        every = "" if self.events or self.sampled else f", every {self.every} step{'' if self.every == 1 else 's'}"
        return f"<Recording {self.key!r} of {self.of.name!r}: {len(self.ids):,}{every}>"

    @property
    def key(self) -> str:
        """What a Run calls it: the variable or kind of event, and its name if it has one, "V_m@fine"."""
        return f"{self.variable}@{self.name}" if self.name else self.variable

    @property
    def columns(self) -> np.ndarray:
        """The indices of the columns of its trace."""
        return np.zeros(1, np.int64) if self.at else self.ids

    @property
    def is_rate(self) -> bool:
        return bool(self.at) and not self.sampled

    @property
    def first(self) -> int:
        """The first step that may be sampled."""
        return max(0 if self.include_start or self.at_start else 1, self.start)

    @property
    def at_start(self) -> bool:
        """Whether it is sampled at the start of a step, with which samples are stamped."""
        return self.when in ("start", "beginning")


def with_recordings(
    known: Sequence[Recording], new: Iterable[Recording], name: str | None = None
) -> tuple[list[Recording], list[Recording]]:
    """All recordings, and those that the new ones became.

    Without a name, views of one population that are recorded alike are one recording, which grows; another interval or
    start makes another recording, with a number for its name. Raises DescriptionError for what is recorded already.
    """
    found, became = list(known), list[Recording]()
    grown: list[tuple[Recording, np.ndarray]] = []
    for each in new:
        others = [r for r in found if r.of is each.of and (r.variable, r.events) == (each.variable, each.events)]
        where, names = f"recording of {each.of.name!r}", {r.name for r in others}
        if name is not None:
            if name in names:
                raise DescriptionError(f"{where}: there is a recording {name!r} of {each.variable!r} already")
            each = replace(each, name=name)
        else:
            alike = next((r for r in others if r.unnamed and _sampling(r) == _sampling(each)), None)
            if alike is not None and not (each.is_rate and not np.array_equal(each.ids, alike.ids)):
                if np.all(np.isin(each.ids, alike.ids)):
                    raise DescriptionError(
                        f"{where}: {each.variable!r} is already recorded; give it a name to record it twice"
                    )
                grown.append((alike, np.flatnonzero(np.bincount(np.concatenate([alike.ids, each.ids])))))
                became.append(alike)
                continue
            free = (str(k) for k in range(2, len(names) + 3) if str(k) not in names)
            each = replace(each, name=next(free) if "" in names else "", unnamed=True)
        found.append(each)
        became.append(each)
    for recording, ids in grown:
        object.__setattr__(recording, "ids", ids)
    return found, became


def _sampling(recording: Recording) -> tuple[Any, ...]:
    return recording.every, recording.start, recording.include_start, recording.when


def by_default(of: Any) -> str:
    """The variable that is recorded of an object if none is named."""
    return "n" if isinstance(of, Modulator) else "value" if isinstance(of, Signal) else "spikes"


def sampling_steps(of: Any, every: Any, dt: float) -> int:
    """The steps between two samples; every: ms, or None for the default."""
    if every is not None:
        return whole_steps(every, dt, f"every of recording {of.name!r}", least=1)
    return max(1, round(100.0 / dt)) if isinstance(of, Projection) else 1


def first_step(of: Any, start: Any, dt: float) -> int:
    """The first step of a recording; start: ms."""
    return whole_steps(start, dt, f"start of recording {of.name!r}")


def check_sampling(of: Any, recordings: Sequence[Recording], every: Any, start: int, include_start: bool) -> None:
    """Raise ParameterError if an interval or a sample at the start is asked for where there are no samples.

    recordings: of one call. start: steps.
    """
    where, events = f"recording of {of.name!r}", all(each.events or each.sampled for each in recordings)
    for rate in (each for each in recordings if each.is_rate):
        if every is None or start % rate.every:
            raise ParameterError(
                f"{rate.variable} of {where}: expected every=, the width of its bins in ms, such as 10, and a start at "
                "the edge of one"
            )
    if include_start and any(each.at for each in recordings):
        raise ParameterError(f"include_start of {where}: rates and values at events have no sample at 0 ms")
    if events and every is not None:
        raise ParameterError(f"every of {where}: events are recorded when they occur; expected none, got {every!r}")
    if include_start and (events or start > 0):
        why = "events have no samples" if events else f"nothing is recorded before step {start}"
        raise ParameterError(f"include_start of {where}: {why}; expected a variable, recorded from 0 ms on")


def check_when(of: Any, recordings: Sequence[Recording], when: str) -> None:
    """Raise DescriptionError if there is no such moment in a step for what is recorded, by one call."""
    if when == "end":
        return
    model = of.of.model if isinstance(of, Population | View) else None
    late = isinstance(model, Neuron) and model.model.late_input
    states = all(not each.events and not each.is_rate for each in recordings)
    at_start = when in ("start", "beginning")
    of_statements = isinstance(of, Projection) and of.statements is not None and at_start
    if not (states and (of_statements or model is not None and (at_start or late))):
        raise DescriptionError(
            f"when of recording {of.name!r}: got {when!r}; expected 'end', 'start' or 'beginning' for variables of "
            "neurons, or 'input' for those of neurons that take up input after they have fired (late_input)"
        )


def recording(of: Any, variable: Any, every: int, start: int, at: Any = None, synapses: Any = None) -> Recording:
    """The Recording of one variable, or of one kind of event, of a population, view, modulator, signal or projection.

    every, start: steps. at: a kind of event at which a state variable is read; None: every `every` steps. synapses: of
    a projection, None for all. Raises DescriptionError if `of` has no such variable.
    """
    where = f"recording of {of.name!r}"
    if not isinstance(variable, str):
        raise DescriptionError(f"{where}: expected the name of a variable, or a list of names, got {variable!r}")
    if at is not None and isinstance(of, Modulator | Signal | Projection):
        raise DescriptionError(f"{where}: at={at!r}: values at events are those of neurons; expected a population")
    if synapses is not None and not isinstance(of, Projection):
        raise DescriptionError(f"{where}: synapses= chooses those of a projection; expected a projection")
    if isinstance(of, Modulator):
        if variable != "n":
            raise DescriptionError(f"{where}: a modulator has no variable {variable!r}; it has: n")
        return Recording(of, "n", False, np.zeros(1, np.int64), every, start, "")
    if isinstance(of, Signal):
        if variable not in of.recordable:
            raise DescriptionError(
                f"{where}: a signal has no variable {variable!r}; it has: {', '.join(of.recordable)}"
            )
        size, unit = of.recordable[variable]
        return Recording(of, variable, False, np.arange(size), every, start, "" if unit == "1" else unit)
    if isinstance(of, Projection):
        if of.procedural:
            raise DescriptionError(
                f"{where}: its synapses are procedural: they are not stored and do not change; use Run.weights"
            )
        if variable not in of.recordable:
            raise DescriptionError(
                f"{where}: projection has no variable {variable!r}{suggest(variable, of.recordable)}; "
                f"it has: {', '.join(of.recordable)}"
            )
        unit = of.unit if variable == "weight" and of.unit != "1" else ""
        all_of_it = slice(None) if synapses is None else synapses
        ids = np.unique(indices(all_of_it, len(of), f"synapses of {where}"))
        return Recording(of, variable, False, ids, every, start, unit)
    population = whole(of)
    ids = np.arange(population.size) if isinstance(of, Population) else np.unique(of.ids)
    states = population.model.model.state if isinstance(population.model, Neuron) else {}
    if at is not None:
        kind = population.check_kind(at.removesuffix("s") if isinstance(at, str) else at, where)
        population.check_state(variable, f"{where}, at={at!r}")
        unit = "" if states[variable] == "1" else states[variable]
        return Recording(population, f"{variable} at {kind}", False, ids, 1, start, unit, at=kind, sampled=variable)
    counted = "spike" if variable == "rate" else variable.removesuffix("_rate")
    if variable.endswith("rate") and counted in population.kinds and variable not in states:
        return Recording(population, variable, False, ids, every, start, "Hz", at=counted)
    kind = variable.removesuffix("s") if variable != "spikes" else "spike"
    if kind in population.kinds and variable not in states:
        return Recording(population, kind, True, ids, 1, start, "")
    if variable in states:
        unit = states[variable]
        return Recording(population, variable, False, ids, every, start, "" if unit == "1" else unit)
    rates = ("rate" if kind == "spike" else f"{kind}_rate" for kind in population.kinds)
    known = [*(f"{k}s" for k in population.kinds), *states, *rates]
    raise DescriptionError(
        f"{where} ({population.model_name}): no variable {variable!r}{suggest(variable, known)}; "
        f"it has: {', '.join(known)}"
    )
