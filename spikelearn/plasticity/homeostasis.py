"""Homeostasis: keeps weights or activity at a set point, alongside any plasticity rule.

It is added to a projection by Network.homeostasis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikelearn.units import Quantity, own


@dataclass(frozen=True)
class Normalisation:
    """Periodically normalises the sum of the weights onto each target (Miller & MacKay 1994).

    Weights that would exceed the limits W_min and W_max of a plasticity rule stay at the limit, and the sum then
    differs from `total`. Multiplicative scaling keeps signs: neurons whose sum is below 1e-9 of `total`, or of the
    opposite sign, are left unchanged.

    total: the sum, in the unit of the port; one number, or one for each target (each source).
    every: interval between normalisations, ms.
    per: "target", or "source" for the weights from each source.
    subtractive: add a constant to all weights of a neuron instead of multiplying them by a factor.

    >>> net = Network()
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(5, LIF())
    >>> learned = net.connect(inputs, cells, weight=50.0, plasticity=STDP(W_max=100.0))
    >>> net.homeostasis(learned, Normalisation(total=500.0, every=100.0))
    """

    total: Quantity
    every: Quantity
    per: str = "target"
    subtractive: bool = False

    moves_synapses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", own(self.total))

    @property
    def indivisible(self) -> bool:
        """Whether it reads all targets at once, so that they cannot be distributed over threads."""
        return self.per == "source"


@dataclass(frozen=True)
class SynapticScaling:
    """Weights onto each target grow while its rate is below `target_rate`, and shrink while it is above.

    dw/dt = beta w (target_rate - a), where a is the rate of the target, low-passed; a starts at target_rate
    (van Rossum, Bi & Turrigiano 2000, Eqs. 3 and 4, without their integral term).

    target_rate: Hz; one number, or one for each target.
    tau: ms, time constant of the low-pass filter of the rate.
    beta: strength, in 1/(s Hz).
    every: interval between changes of the weights, ms; each is the exact integral over that time.

    >>> net = Network()
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(5, LIF())
    >>> made = net.connect(inputs, cells, weight=50.0)
    >>> net.homeostasis(made, SynapticScaling(target_rate=10.0, tau=1000.0, beta=0.01, every=100.0))
    """

    target_rate: Quantity
    tau: Quantity
    beta: Quantity
    every: Quantity

    indivisible: ClassVar[bool] = False
    moves_synapses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_rate", own(self.target_rate))
