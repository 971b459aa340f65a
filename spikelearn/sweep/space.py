"""The search space of a fit: the values that its parameters may take, and their names in Optuna."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn import experiments as ex
from spikelearn.errors import ExperimentError
from spikelearn.sweep.design import Range, Settings, range_of, values_of


@dataclass(frozen=True)
class Space:
    """The search space of a fit.

    fixed: set in every point. ranges: parameter -> Range; whole: those of them that take whole numbers.
    choices: parameter -> label -> value.
    """

    fixed: Mapping[str, Any]
    ranges: Mapping[str, Range]
    whole: frozenset[str]
    choices: Mapping[str, Mapping[str, Any]]

    @property
    def size(self) -> float:
        """The number of points; infinite if a parameter is continuous."""
        count: float = math.prod(len(values) for values in self.choices.values())
        for name, each in self.ranges.items():
            if each.low < each.high:
                count *= each.high - each.low + 1 if name in self.whole else math.inf
        return count

    def distributions(self) -> dict[str, Any]:
        """The space as Optuna distributions."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found: dict[str, Any] = {}
        for name, each in self.ranges.items():
            if name in self.whole:
                found[name] = IntDistribution(int(each.low), int(each.high), log=each.log)
            else:
                found[name] = FloatDistribution(each.low, each.high, log=each.log)
        return found | {name: CategoricalDistribution(list(values)) for name, values in self.choices.items()}

    def settings(self, suggested: Mapping[str, Any]) -> Settings:
        """The settings of the point that Optuna suggests."""
        named: dict[str, Any] = {
            name: int(suggested[name]) if name in self.whole else float(suggested[name]) for name in self.ranges
        }
        named |= {name: values[suggested[name]] for name, values in self.choices.items()}
        return tuple({**self.fixed, **named}.items())

    def suggested(self, settings: Mapping[str, Any]) -> dict[str, Any] | None:
        """The Optuna suggestion for these settings; None if they are not in this space.

        settings: with values of the parameters' types.
        """
        if settings.keys() != {*self.fixed, *self.ranges, *self.choices}:
            return None
        if any(settings[name] != value for name, value in self.fixed.items()):
            return None
        found = {}
        for name, each in self.ranges.items():
            if settings[name] is None or not each.low <= settings[name] <= each.high:
                return None
            found[name] = settings[name]
        for name, values in self.choices.items():
            labels = [label for label, value in values.items() if value == settings[name]]
            if not labels:
                return None
            found[name] = labels[0]
        return found

    def kinds(self) -> Iterator[Settings]:
        """One point for each combination of choices, with numbers at their lowest."""
        low = {name: int(each.low) if name in self.whole else each.low for name, each in self.ranges.items()}
        for labels in itertools.product(*self.choices.values()):
            yield self.settings({**low, **dict(zip(self.choices, labels, strict=True))})


def space_of(
    experiment: ex.Experiment, search: Mapping[str, str | Range | Sequence[Any]], settings: Mapping[str, Any]
) -> Space:
    """The space of a model in which `search` varies and `settings` are fixed.

    search: parameter -> Range or its text ('3:8', '0.5:2:log'), or the values that it may take, or their text ('a,b').
    Raises ExperimentError for unknown parameters and for values of the wrong type.
    """
    if not search:
        raise ExperimentError("a fit needs at least one parameter to search")
    if both := [name for name in search if name in settings]:
        raise ExperimentError(f"{both[0]!r} is both searched and set; give it only once")
    ranges: dict[str, Range] = {}
    choices: dict[str, dict[str, Any]] = {}
    for name, given in search.items():
        if isinstance(given, str):
            given = range_of(given, f"search {name}") if ":" in given else values_of(given, f"search {name}")
        if isinstance(given, Range):
            ranges[name] = _checked(experiment, name, given)
        else:
            values = [ex.converted(experiment, {name: value})[name] for value in given]
            if not values:
                raise ExperimentError(f"search {name}: expected LOW:HIGH or values, got none")
            choices[name] = {str(value): value for value in values}
    whole = frozenset(name for name in ranges if ex.takes_whole_numbers(experiment, name))
    return Space(ex.converted(experiment, settings), ranges, whole, choices)


def _checked(experiment: ex.Experiment, name: str, given: Range) -> Range:
    if not (math.isfinite(given.low) and math.isfinite(given.high) and given.low <= given.high):
        raise ExperimentError(f"search {name}: expected LOW:HIGH with LOW <= HIGH, got {given.low:g}:{given.high:g}")
    if given.log and given.low <= 0:
        raise ExperimentError(f"search {name}: a log range must start above 0, got {given.low:g}")
    for end in (given.low, given.high):
        value = ex.converted(experiment, {name: int(end) if float(end).is_integer() else end})[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ExperimentError(
                f"search {name}: a range needs a numeric parameter, which this is not; expected A,B,..."
            )
    return given
