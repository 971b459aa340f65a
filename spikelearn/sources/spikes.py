"""Sources that form populations: they emit spikes and take no input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from spikelearn.codegen.source_text import is_identifier
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.sources.rate_function import RateFunction
from spikelearn.timed import Timed
from spikelearn.units import Quantity, plain
from spikelearn.values import whole_numbers


def span(values: np.ndarray) -> str:
    """The number that all values are, or the smallest and the largest, as text."""
    lowest, highest = (f"{found:g}" for found in (np.min(values), np.max(values)))
    return lowest if lowest == highest else f"{lowest} to {highest}"


class Poisson:
    """Poisson neurons: independent spikes, at most one per step.

    rate: Hz; a number, one for each neuron, or Timed; or a function of the time t in ms, either text, an expression of
        t and perhaps i, the number of the neuron, and N, how many there are, or function(t) or function(t, i), which is
        compiled. Text is in the syntax of equations; if it has units, t has, too. The rate of a step is the value in
        its middle; one that is negative or more than a spike per step stops the run.
    values, starts: the rates as (T, n or 1), and the (T,) times in ms from which each row applies. function: of time.

    >>> waves = Poisson("20*(1 + sin(2*pi*5*Hz*t))")
    >>> shifted = Poisson(lambda t, i: 10.0 + 5.0 * math.sin(t / 100.0 + i))
    """

    name = "Poisson"
    kinds = ("spike",)

    function: RateFunction | None = None

    def __init__(self, rate: Quantity | Timed | str | Callable[..., float]) -> None:
        self.function = RateFunction.of(rate, f"rate of {self.name}")
        if self.function is not None:
            self.values, self.starts = np.zeros((1, 1)), np.zeros(1)
        elif isinstance(rate, Timed):
            self.values, self.starts = rate.checked("Hz", f"rate of {self.name}")
        else:
            value = np.asarray(plain(rate, "Hz", f"rate of {self.name}"))
            if value.ndim > 1 or value.size == 0:
                raise DescriptionError(f"rate of {self.name}: expected one or one per neuron, got shape {value.shape}")
            self.values, self.starts = np.atleast_1d(value)[None, :], np.zeros(1)
        if not np.all(np.isfinite(self.values)) or np.any(self.values < 0):
            raise ParameterError(
                f"rate of {self.name}: expected finite rates of at least 0 Hz, got {np.min(self.values):g} Hz"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({span(self.values) if self.function is None else self.function} Hz)"

    @property
    def parameters(self) -> dict[str, Any]:
        if self.function is not None:
            return {"rate": repr(self.function)}
        return {"rate": self.values[0] if self.values.shape[1] > 1 else float(self.values[0, 0])}


class Images(Poisson):
    """Images as spikes: shown one after another, each pixel a Poisson train, with silence in between.

    images: (n_images, n_pixels) or (n_images, height, width), brightness from 0 to 1.
    max_rate: Hz, for a pixel of 1; a number, or one for each pixel.
    on: ms for which an image is shown. off: ms of silence after it. Neither need be a multiple of dt: see Timed.

    >>> net = Network(seed=1)
    >>> retina = net.population(4, Images([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]], on=100.0, off=50.0))
    >>> spikes = net.record(retina)
    >>> bool(np.all(np.isin(net.run(100.0).spikes(retina).ids, [1, 3])))
    True
    """

    def __init__(self, images: Any, max_rate: Quantity = 100.0, on: Any = 100.0, off: Any = 0.0) -> None:
        images = np.asarray(plain(images, "1", "images of Images"))
        if images.ndim < 2 or images.size == 0:
            raise DescriptionError(f"images of Images: expected (n_images, n_pixels), got shape {images.shape}")
        images = images.reshape(len(images), -1)
        if not np.all((images >= 0) & (images <= 1)):
            raise ParameterError(
                f"images of Images: expected brightness from 0 to 1, got {images.min():g} to {images.max():g}"
            )
        shown, blank = plain(on, "ms", "on of Images"), plain(off, "ms", "off of Images")
        if not (isinstance(shown, float) and 0 < shown < np.inf and isinstance(blank, float) and 0 <= blank < np.inf):
            raise ParameterError(f"Images: expected finite times on > 0 and off >= 0 ms, got {on!r} and {off!r}")
        highest = np.asarray(plain(max_rate, "Hz", "max_rate of Images"))
        if highest.shape not in ((), (1,), images.shape[1:]):
            raise DescriptionError(
                f"max_rate of Images: expected one rate or {images.shape[1]}, one per pixel, got shape {highest.shape}"
            )
        super().__init__(Timed(images * highest, shown + blank))
        if blank > 0:
            dark = np.zeros_like(self.values)
            self.values = np.stack([self.values, dark], axis=1).reshape(-1, self.values.shape[1])
            self.starts = np.stack([self.starts, self.starts + shown], axis=1).ravel()


class SpikeList:
    """Neurons that fire at given times.

    times: ms, in any order: multiples of dt, except for the exact engine. ids: index within the population, one for
    each time; 0 if omitted. A spike at 0 ms is emitted before the first step: it is recorded, and arrives after its
    delay. values: what spikes carry, without a unit: one for each time, which is called "value", or several by name,
    {name: (n,)}; `connect(..., payload="value")` delivers weight times value.

    >>> net = Network()
    >>> cue = net.population(2, SpikeList([0.0, 5.0], [0, 1], values=[0.5, -1.5]))
    >>> cells = net.population(1, LIF())
    >>> made = net.connect(cue, cells, weight=100, payload="value")
    """

    name = "SpikeList"
    kinds = ("spike",)

    payloads: Mapping[str, np.ndarray] = MappingProxyType({})

    def __init__(
        self, times: Quantity, ids: Quantity | None = None, values: Quantity | Mapping[str, Quantity] | None = None
    ) -> None:
        self.times = np.atleast_1d(np.asarray(plain(times, "ms", "times of SpikeList")))
        n = 0 if self.times.ndim != 1 else len(self.times)
        self.ids = np.zeros(n, np.int64) if ids is None else whole_numbers(ids, "ids of SpikeList")
        if self.times.ndim != 1 or self.ids.shape != self.times.shape:
            raise DescriptionError(
                f"SpikeList: expected one id for each time, got times of shape {self.times.shape} and "
                f"ids of shape {self.ids.shape}"
            )
        if not np.all(np.isfinite(self.times)) or np.any(self.times < 0):
            wrong = np.flatnonzero(~(np.isfinite(self.times) & (self.times >= 0)))[0]
            raise ParameterError(
                f"times of SpikeList: expected finite times from 0 ms on, got {self.times[wrong]:g} ms at index {wrong}"
            )
        given = values if isinstance(values, Mapping) else {} if values is None else {"value": values}
        self.payloads = {name: self._values(name, each) for name, each in given.items()}

    def _values(self, name: Any, given: Any) -> np.ndarray:
        what = f"values of SpikeList, {name!r}"
        if not is_identifier(name):
            raise DescriptionError(f"{what}: expected names of letters, digits and _")
        values = np.atleast_1d(np.asarray(plain(given, "1", what)))
        if values.shape != self.times.shape:
            raise DescriptionError(f"{what}: expected one for each time, {self.times.shape}, got shape {values.shape}")
        if not np.all(np.isfinite(values)):
            raise ParameterError(f"{what}: expected finite values")
        return values

    def __repr__(self) -> str:
        return f"SpikeList({len(self.times):,} spikes)"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n_spikes": len(self.times)}
