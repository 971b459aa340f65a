"""Mean-field theory of sparse random networks of leaky integrate-and-fire neurons: rates and oscillations.

Each neuron receives white noise whose mean and variance follow from the population rate (Brunel 2000, J. Comput.
Neurosci. 8:183). The response of the rate to small oscillations of that mean and variance is computed by integrating
the Fokker-Planck equation down from threshold (Richardson 2007, Phys. Rev. E 76:021919).

Potentials in mV above rest, times in ms, rates in Hz.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.errors import ParameterError

_STEPS = 400
"""Number of steps of the potential between reset and threshold."""
_TAIL = 6.0
"""Lower limit of the potential, in standard deviations below the mean or the reset, whichever is lower."""
_SILENT = 26.0
"""Threshold above the mean, in standard deviations of the input, beyond which the rate rounds to zero."""


@dataclass(frozen=True)
class SparseNetwork:
    """Brunel's model A. in_exc: number of excitatory inputs of a neuron from the network, and of external ones.

    There are `share` times as many inhibitory inputs, g times as strong. eta: external rate relative to the rate that
    alone brings the mean potential to threshold.
    """

    g: float = 5.0
    eta: float = 2.0
    J: float = 0.1
    in_exc: int = 1000
    share: float = 0.25
    delay: float = 1.5
    tau_m: float = 20.0
    V_th: float = 20.0
    V_reset: float = 10.0
    t_ref: float = 2.0

    def __post_init__(self) -> None:
        if not self.V_reset < self.V_th:
            raise ParameterError(f"V_reset must lie below V_th, got {self.V_reset} and {self.V_th} mV")
        for name in ("eta", "J", "in_exc", "tau_m", "t_ref"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be above zero, got {getattr(self, name)}")

    @property
    def mean_gain(self) -> float:
        """Mean input in mV per unit population rate (spikes per ms)."""
        return self.J * self.in_exc * self.tau_m * (1.0 - self.share * self.g)

    @property
    def variance_gain(self) -> float:
        """Variance of the input in mV^2 per unit population rate (spikes per ms)."""
        return self.J**2 * self.in_exc * self.tau_m * (1.0 + self.share * self.g**2)

    def input_at(self, rate: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Mean (mV) and standard deviation (mV) of the input of a neuron if all fire at `rate` (Hz)."""
        per_ms = np.asarray(rate, dtype=np.float64) * 1e-3
        mean = self.eta * self.V_th + self.mean_gain * per_ms
        return mean, np.sqrt(self.J * self.eta * self.V_th + self.variance_gain * per_ms)


class Oscillation(NamedTuple):
    """The response of a network to its own small oscillations, where they return in phase.

    gain: of one pass through the network, at the frequency (Hz) where it is largest; above 1, oscillations grow.
    """

    gain: float
    frequency: float


def lif_rate(network: SparseNetwork, mean: ArrayLike, std: ArrayLike) -> np.ndarray:
    """Rate (Hz) of neurons under white noise of this mean and standard deviation (mV); arrays of one shape.

    The integral is over the logarithm of u in Eq. 21 of Brunel 2000, where it has no singularity; good to 1e-5.
    """
    mu, sigma = np.asarray(mean, dtype=np.float64)[..., None], np.asarray(std, dtype=np.float64)[..., None]
    u = np.geomspace(1e-7, 60.0, 5000)
    threshold = np.minimum((network.V_th - mu) / sigma, _SILENT)
    reset = np.minimum((network.V_reset - mu) / sigma, threshold)
    integrand = np.exp(u * (2.0 * threshold - u)) - np.exp(u * (2.0 * reset - u))
    return 1e3 / (network.t_ref + network.tau_m * np.trapezoid(integrand, np.log(u), axis=-1))


def stationary_rate(network: SparseNetwork, highest: float = 499.0) -> float:
    """The lowest self-consistent rate (Hz), reached by an initially silent network. NaN if it is above `highest`.

    Found on a logarithmic grid of rates, refined by bisection.
    """
    rates = np.concatenate([[0.0], np.geomspace(1e-6, highest, 300)])
    rises = lif_rate(network, *network.input_at(rates)) > rates
    if rises.all():
        return float("nan")
    first = int(np.argmin(rises))
    if first == 0:
        return 0.0
    low, high = float(rates[first - 1]), float(rates[first])
    while high - low > 1e-9 * high:
        middle = 0.5 * (low + high)
        if lif_rate(network, *network.input_at(middle)) > middle:
            low = middle
        else:
            high = middle
    return high


def lif_response(network: SparseNetwork, mean: float, std: float, frequencies: ArrayLike) -> np.ndarray:
    """The response of the rate to small oscillations of the input: (2, k) complex, for its mean and its variance.

    In spikes per ms per mV, and per mV^2. frequencies: (k,) Hz.
    """
    omega = 2e-3 * np.pi * np.asarray(frequencies, dtype=np.float64)
    rate = float(lif_rate(network, mean, std)) * 1e-3
    step = (network.V_th - network.V_reset) / _STEPS
    lowest = min(mean, network.V_reset) - _TAIL * std
    scale = 2.0 / std**2
    # Three oscillating densities at once: of a rate alone, of the mean alone and of the variance alone. Their sum must
    # carry no flux below the lowest potential, which determines the rate for a given mean or variance.
    flux = np.zeros((3, omega.size), dtype=np.complex128)
    flux[0] = 1.0
    density = np.zeros_like(flux)
    source = np.zeros((3, 1))
    stationary = 0.0
    for k in range(math.ceil((network.V_th - lowest) / step)):
        if k == _STEPS:
            flux[0] -= np.exp(-1j * omega * network.t_ref)
        drift = network.V_th - (k + 0.5) * step - mean
        exponent = scale * drift * step
        decay, weight = math.exp(exponent), step * scale * _expm1_over(exponent)
        outflow = network.tau_m * rate if k < _STEPS else 0.0
        before, stationary = stationary, stationary * decay + weight * outflow
        middle = 0.5 * (before + stationary)
        source[1] = -middle
        source[2] = -0.5 * scale * (outflow + drift * middle)
        last, density = density, density * decay + weight * (network.tau_m * flux + source)
        flux = flux + 0.5j * step * omega * (last + density)
    return -flux[1:] / flux[0]


def oscillation(network: SparseNetwork, rate: float | None = None, frequencies: ArrayLike | None = None) -> Oscillation:
    """The gain of small oscillations about the stationary rate, where the delay returns them in phase.

    rate: Hz; by default `stationary_rate`. frequencies: Hz, ascending; by default 2 to 1000. The gain is 0 and the
    frequency NaN if none of them returns in phase, if there is no stationary rate, and below 1e-6 Hz.
    """
    rate = stationary_rate(network) if rate is None else rate
    if not rate > 1e-6:
        return Oscillation(0.0, math.nan)
    hertz = np.geomspace(2.0, 1000.0, 200) if frequencies is None else np.asarray(frequencies, dtype=np.float64)
    mean, std = (float(each) for each in network.input_at(rate))
    to_mean, to_variance = lif_response(network, mean, std, hertz)
    turn = np.exp(-2e-3j * np.pi * hertz * network.delay)
    turn = turn * (network.mean_gain * to_mean + network.variance_gain * to_variance)
    return max(_in_phase(turn, hertz), default=Oscillation(0.0, math.nan))


def _in_phase(turn: np.ndarray, hertz: np.ndarray) -> Iterator[Oscillation]:
    """The points at which the imaginary part is 0 and the real part positive, by interpolation."""
    for k in np.flatnonzero(turn.imag[:-1] * turn.imag[1:] < 0):
        share = turn.imag[k] / (turn.imag[k] - turn.imag[k + 1])
        gain = turn.real[k] + share * (turn.real[k + 1] - turn.real[k])
        if gain > 0:
            yield Oscillation(float(gain), float(hertz[k] + share * (hertz[k + 1] - hertz[k])))


def _expm1_over(x: float) -> float:
    return math.expm1(x) / x if x else 1.0
