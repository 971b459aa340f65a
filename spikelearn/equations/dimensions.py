"""Dimensions and the internal units: ms, mV and pA, and those that follow from these three.

mV nS = pA, pA ms = mV pF and so on, so that equations hold for plain numbers without conversion. Metre, mole, kelvin
and candela keep their SI units; the unit of mass follows from the others.
"""

from __future__ import annotations

from typing import Any

from spikelearn.units import dimension_of, power_of_ten

_NAMES = (
    "1", "ms", "mV", "pA", "pF", "nS", "1/ms", "mV/ms", "pA/ms", "nS/ms", "mV/pA", "1/mV", "1/pA", "1/mV/ms", "ms**2",
    "1/ms**2", "mV**2", "pA**2", "pA*ms", "mV*pA",
)  # fmt: skip
_EXPONENTS = {"kg": 24, "s": 3, "A": 12}
"""Powers of ten by which internal numbers are larger than those in SI units: 1 kg m2/s3/A is 1e3 mV."""


def _powers(dimension: Any) -> dict[str, float]:
    """Powers of m, kg, s, A, K, mol, cd."""
    return dict(zip(("m", "kg", "s", "A", "K", "mol", "cd"), map(float, dimension._dims), strict=True))


def per_si(dimension: Any) -> float:
    """The number of coherent units of this dimension per SI unit."""
    powers = _powers(dimension)
    exponent = sum(_EXPONENTS[name] * powers[name] for name in _EXPONENTS)
    return power_of_ten(exponent)


def coherent_value(unit: Any) -> float:
    """One of Brian2's units as an internal number: 1 for mV, 1000 for volt, 0.001 for Hz."""
    powers = _powers(unit.dim)
    exponent = unit.scale + sum(_EXPONENTS[name] * powers[name] for name in _EXPONENTS)
    return power_of_ten(exponent)


def coherent_name(dimension: Any) -> str:
    """The name of the coherent unit of a dimension: 'mV/ms'."""
    wanted = _powers(dimension)
    for name in _NAMES:
        if _powers(dimension_of(name)) == wanted:
            return name
    volts, amps = wanted["kg"], wanted["A"] + wanted["kg"]
    powers = {"mV": volts, "pA": amps, "ms": wanted["s"] + 3 * volts, "metre": wanted["m"] - 2 * volts}
    powers |= {"kelvin": wanted["K"], "mole": wanted["mol"], "candela": wanted["cd"]}
    over = [_factor(name, power) for name, power in powers.items() if power > 0]
    under = [_factor(name, -power) for name, power in powers.items() if power < 0]
    return "/".join(["*".join(over) or "1", *under])


def _factor(name: str, power: float) -> str:
    return name if power == 1 else f"{name}**{power:g}"
