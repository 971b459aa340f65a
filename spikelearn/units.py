"""Plain numbers inside, quantities at the boundary.

Plain numbers are ms, mV, pA, pF, nS and Hz. A Brian2 quantity is accepted wherever a number with a unit is;
its dimension is checked. Brian2 is never imported here: a caller that passes a quantity has already imported it.
"""

from __future__ import annotations

import ast
import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from spikelearn.errors import UnitError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
else:
    ArrayLike = Any  # numpy.typing is slow to import

Quantity: TypeAlias = ArrayLike
"""What is accepted where a number with a unit is: a plain number in that unit, or an array, or a Brian2 quantity, which
is an array as well."""


@dataclass(frozen=True)
class Unit:
    """A unit of this project: its name in Brian2, and how many of it make up one SI unit."""

    name: str
    per_si: float

    def __repr__(self) -> str:
        return {"1": "number", "port": "weight"}.get(self.name, self.name)

    def __str__(self) -> str:
        return {"1": "no unit", "port": "the unit of the port"}.get(self.name, self.name)

    @property
    def wanted(self) -> str:
        """'in ms', for error messages."""
        return "without a unit" if self.name == "1" else f"in {self}"


UNITS = {
    "ms": Unit("ms", 1e3),
    "mV": Unit("mV", 1e3),
    "pA": Unit("pA", 1e12),
    "pF": Unit("pF", 1e12),
    "nS": Unit("nS", 1e9),
    "Hz": Unit("Hz", 1.0),
    "1": Unit("1", 1.0),
    "port": Unit("port", 1.0),
}

ms = Annotated[float, UNITS["ms"]]
mV = Annotated[float, UNITS["mV"]]
pA = Annotated[float, UNITS["pA"]]
pF = Annotated[float, UNITS["pF"]]
nS = Annotated[float, UNITS["nS"]]
Hz = Annotated[float, UNITS["Hz"]]
number = Annotated[float, UNITS["1"]]
weight = Annotated[float, UNITS["port"]]


_PREFIXES = {"": 0, "T": 12, "G": 9, "M": 6, "k": 3, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
_SYMBOLS = (
    "second", "s", "volt", "V", "amp", "A", "ohm", "siemens", "S", "farad", "F", "hertz", "Hz", "coulomb", "watt",
    "joule", "newton", "pascal", "metre", "meter", "kelvin", "mole", "mol", "gram",
)  # fmt: skip


@functools.cache
def unit_named(name: str) -> Unit:
    """A Unit from its name in Brian2: one of UNITS, or a compound such as "mV/ms", "Mohm" or "mole/metre**3".

    Raises UnitError for a name that is not a unit.
    """
    return UNITS[name] if name in UNITS else Unit(name, power_of_ten(-_exponent(name)))


def unit(name: str) -> Any:
    """The annotation of a parameter whose unit is not predefined here: `R: unit("Mohm") = 100.0`."""
    return Annotated[float, unit_named(name)]


def power_of_ten(exponent: float) -> float:
    """10 to a power, exact for whole exponents."""
    return float(f"1e{exponent:.0f}") if exponent == int(exponent) else 10.0**exponent


def _exponent(name: str) -> float:
    """The power of ten by which the unit differs from its SI unit."""

    def of(node: ast.AST) -> float:
        match node:
            case ast.Name(id=symbol):
                for prefix, exponent in _PREFIXES.items():
                    if symbol.startswith(prefix) and symbol.removeprefix(prefix) in _SYMBOLS:
                        return exponent - 3 if symbol.endswith("gram") else exponent
            case ast.Constant(value=1):
                return 0
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return of(left) + of(right)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return of(left) - of(right)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() | float() as power)):
                return of(left) * power
            case ast.BinOp(
                left=left,
                op=ast.Pow(),
                right=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as p)),
            ):
                return -of(left) * p
        raise UnitError(
            f"{name!r} is not a unit; examples of units are 'ms', 'mV', 'mV/ms', '1/ms', 'Mohm', 'mole/metre**3'"
        )

    try:
        return of(ast.parse(name.strip(), mode="eval").body)
    except SyntaxError:
        raise UnitError(f"{name!r} is not a unit; examples of units are 'ms', 'mV', 'mV/ms', '1/ms', 'Mohm'") from None


def is_quantity(value: Any) -> bool:
    """Whether `value` is a Brian2 quantity."""
    return any(c.__module__.startswith("brian2.units") for c in type(value).__mro__)


def plain(value: Any, unit: str | Unit, what: str) -> float | np.ndarray:
    """A float or float64 array in `unit` from a number, an array or a Brian2 quantity.

    `what` names the value in errors, e.g. "tau_m of LIF". Raises UnitError for a wrong dimension or type.
    The limit of a weight (`unit="port"`) may have any of this project's dimensions, as ports differ.
    """
    unit = unit_named(unit) if isinstance(unit, str) else unit
    if is_quantity(value):
        return _from_quantity(value, unit, what)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        raise UnitError(f"{what}: expected a number {unit.wanted}, got {value!r}")
    if _holds_quantities(value):
        # numpy would convert them to SI units and lose track of the unit.
        value = [plain(each, unit, f"{what}, index {place}") for place, each in enumerate(value)]
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise UnitError(f"{what}: expected a number or array {unit.wanted}, got {value!r}") from None
    return float(array) if array.ndim == 0 else array


def _holds_quantities(value: Any) -> bool:
    """Whether `value` is a sequence with a Brian2 quantity somewhere in it."""
    if "brian2" not in sys.modules or not (isinstance(value, list | tuple) or _is_object_array(value)):
        return False
    return any(is_quantity(each) or _holds_quantities(each) for each in value)


def _is_object_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype == object


def _from_quantity(value: Any, unit: Unit, what: str) -> float | np.ndarray:
    brian2 = sys.modules["brian2"]
    dimension = brian2.get_dimensions(value)
    candidates = [unit] if unit.name != "port" else [each for each in UNITS.values() if each.name != "port"]
    for candidate in candidates:
        expected = dimension_of(candidate.name)
        if dimension is expected or dimension == expected:
            array = np.asarray(value, dtype=np.float64) * candidate.per_si
            return float(array) if array.ndim == 0 else array
    raise UnitError(f"{what}: expected {unit}, got {value!r} (dimension {dimension})")


def dimension_of(name: str) -> Any:
    """Brian2's dimension of a unit; the caller has already imported Brian2."""
    known = {**vars(sys.modules["brian2.units.allunits"]), **vars(sys.modules["brian2.units.stdunits"])}
    value = eval(compile(name, "<unit>", "eval"), {"__builtins__": {}}, known)  # `unit_named` lets only units pass
    return sys.modules["brian2"].get_dimensions(value)
