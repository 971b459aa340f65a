"""Parameters of neurons that are given as distributions: drawn once, when a population is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spikelearn.description.distributions import drawn, sample
from spikelearn.errors import ParameterError
from spikelearn.neurons import Neuron
from spikelearn.parameters import checked, sign

_PARAMETERS = 2
"""Parameters of neurons are drawn from a generator seeded with (seed, uid, this, number of the parameter)."""


def with_drawn_parameters(model: Any, size: int, seed: Sequence[int], where: str) -> Any:
    """A neuron whose parameters are numbers and arrays: distributions are drawn, one value for each of `size` neurons.

    Each parameter has random numbers of its own, so that one more distribution does not change the others. Nothing is
    clipped. Raises ParameterError, with how many values and from which distribution, if the model does not accept them.
    """
    if not isinstance(model, Neuron) or not model.distributions:
        return model
    fields, units = list(model.parameters._fields), model.model.units
    values = {}
    for name, given in model.distributions:
        generator = np.random.default_rng([*seed, _PARAMETERS, fields.index(name)])
        what = f"{name} of {model.model.name}, {where}"
        values[name] = sample(drawn(given, units[name], what), size, generator)
        _check_sign(name, values[name], given, what)
        values[name].flags.writeable = False
    parameters = checked(model.model.Parameters, model.parameters._replace(**values)._asdict(), model.model.name)
    made = replace(model, parameters=parameters, drawn=model.distributions)
    if complaint := model.model.check(made.at_all_times):
        among = ", ".join(f"{name} from {given!r}" for name, given in model.distributions)
        raise ParameterError(f"{where}, with {among}: {model.model.name}: {complaint}")
    return made


def _check_sign(name: str, values: np.ndarray, given: Any, what: str) -> None:
    """Raise ParameterError if values are not above 0, or at least 0, where the parameter must be."""
    positive, not_negative = sign(name)
    if not (positive or not_negative):
        return
    wrong = np.flatnonzero(values <= 0 if positive else values < 0)
    if len(wrong):
        expected = "more than 0" if positive else "at least 0"
        raise ParameterError(
            f"{what}: expected {expected}, but {len(wrong):,} of {len(values):,} values drawn from {given!r} are not, "
            f"such as {values[wrong[0]]:g} of neuron {wrong[0]}; a distribution takes limits, low= and high="
        )
