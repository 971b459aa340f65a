"""Surrogate derivatives: what stands for the derivative of a spike by the margin, its distance to threshold.

Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51. The margin is in the unit of the potential, e.g. mV:
choose slopes and widths with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.values import one_number


@dataclass(frozen=True)
class Surrogate:
    """A surrogate derivative psi(margin, *shape), compiled. shape: its parameters, by name."""

    function: Callable[..., Any]
    shape: dict[str, float] = field(default_factory=dict)

    def __call__(self, margin: Any) -> Any:
        """Its value at margins, a number or an array."""
        plain = getattr(self.function, "py_func", self.function)
        return np.vectorize(lambda m: float(plain(m, *self.shape.values())), otypes=[float])(margin)


@scalar
def _fast_sigmoid(margin: float, slope: float) -> float:
    x = 1.0 + slope * abs(margin)
    return 1.0 / (x * x)


@scalar
def _boxcar(margin: float, width: float) -> float:
    return 1.0 / width if 2.0 * abs(margin) < width else 0.0


@scalar
def _triangle(margin: float, width: float) -> float:
    return max(0.0, 1.0 - abs(margin) / width) / width


@scalar
def _arctan(margin: float, slope: float) -> float:
    return 1.0 / (1.0 + (slope * margin) * (slope * margin))


def fast_sigmoid(slope: float = 3.0) -> Surrogate:
    """1 / (1 + slope |margin|)^2 (Zenke & Ganguli 2018, Neural Comput. 30:1514). slope: 1 / unit of the margin."""
    return Surrogate(_fast_sigmoid, {"slope": one_number(slope, "1", "slope of fast_sigmoid", above=0.0)})


def boxcar(width: float = 1.0) -> Surrogate:
    """1 / width within width / 2 of the threshold, else 0 (Wu et al. 2018, Front. Neurosci. 12:331)."""
    return Surrogate(_boxcar, {"width": one_number(width, "1", "width of boxcar", above=0.0)})


def triangle(width: float = 1.0) -> Surrogate:
    """max(0, 1 - |margin| / width) / width (Esser et al. 2016, PNAS 113:11441; Bellec et al. 2018)."""
    return Surrogate(_triangle, {"width": one_number(width, "1", "width of triangle", above=0.0)})


def arctan(slope: float = 3.0) -> Surrogate:
    """1 / (1 + (slope margin)^2), the derivative of an arctangent (Fang et al. 2021). slope: 1 / unit of the margin."""
    return Surrogate(_arctan, {"slope": one_number(slope, "1", "slope of arctan", above=0.0)})


NAMED: dict[str, Callable[[], Surrogate]] = {
    "fast_sigmoid": fast_sigmoid, "boxcar": boxcar, "triangle": triangle, "arctan": arctan,
}  # fmt: skip


def surrogate_of(given: Any) -> Surrogate | None:
    """A Surrogate from itself, a name, or a function psi(margin). None, which holds spikes, stays None."""
    if given is None or isinstance(given, Surrogate):
        return given
    if isinstance(given, str) and given in NAMED:
        return NAMED[given]()
    if callable(given):
        if len(arguments_of(given)) != 1:
            raise DescriptionError(f"surrogate: expected a function of the margin, got one of {arguments_of(given)}")
        return Surrogate(scalar(given))
    raise ParameterError(
        f"surrogate: expected one of {', '.join(NAMED)}, a function of the margin, or None to hold spikes; "
        f"got {given!r}"
    )
