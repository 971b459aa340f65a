"""Homeostasis: what holds weights or activity at a set point, whatever rule changes the weights besides.

It is added to a projection by Network.homeostasis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikelearn.units import Quantity


@dataclass(frozen=True)
class Normalisation:
    """The weights onto each target are brought to one sum, again and again (Miller & MacKay 1994).

    What would leave the limits W_min and W_max of a plasticity rule stays at the limit, and the sum then misses
    `total`. Multiplied weights keep their sign: neurons whose sum is less than 1e-9 of `total`, or of the other sign,
    are left alone.

    total: the sum, in the unit of the port; one number, or one for each target (each source).
    every: ms from one time to the next.
    per: "target", or "source" for the weights from each source.
    subtractive: add the same number to all weights of a neuron, where otherwise they are multiplied by the same.
    """

    total: Quantity
    every: Quantity
    per: str = "target"
    subtractive: bool = False

    @property
    def indivisible(self) -> bool:
        """Whether it reads all targets at once, so that they cannot be shared out among threads."""
        return self.per == "source"


@dataclass(frozen=True)
class SynapticScaling:
    """Weights onto each target grow while it fires less than `target_rate`, and shrink while it fires more.

    dw/dt = beta w (target_rate - a), where a is the rate of the target, low-passed; a starts at target_rate
    (van Rossum, Bi & Turrigiano 2000, Eqs. 3 and 4, without their integral term).

    target_rate: Hz; one number, or one for each target.
    tau: ms, time constant of the low-pass filter of the rate.
    beta: strength, in 1/(s Hz).
    every: ms from one change of the weights to the next, each by the exact integral over that time.
    """

    target_rate: Quantity
    tau: Quantity
    beta: Quantity
    every: Quantity

    indivisible: ClassVar[bool] = False
