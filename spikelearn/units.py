"""Plain numbers inside, quantities at the boundary.

Plain numbers are ms, mV, pA, pF, nS and Hz. A Brian2 quantity is accepted wherever a number with a unit is, and so are
quantities of other libraries (foreign_quantities.py); the dimension is checked. Brian2 is never imported here: a caller
that passes a quantity has already imported it.
"""

from __future__ import annotations

import ast
import copy
import functools
import numbers
import reprlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from spikelearn.errors import UnitError
from spikelearn.foreign_quantities import from_times, in_unit, is_foreign

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
else:
    ArrayLike = Any  # numpy.typing is slow to import

Quantity: TypeAlias = ArrayLike
"""What is accepted where a number with a unit is: a plain number in that unit, or an array, or a Brian2 quantity, which
is an array as well."""


@dataclass(frozen=True)
class Unit:
    """A unit of this project: its name in Brian2, and how many of it make up one SI unit.

    in_steps: whether values are whole numbers of steps of dt on a grid.
    """

    name: str
    per_si: float
    in_steps: bool = False

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
duration = Annotated[float, Unit("ms", 1e3, in_steps=True)]
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


_LARGEST_EXPONENT = 100.0


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
        exponent = of(ast.parse(name.strip(), mode="eval").body)
        if abs(exponent) <= _LARGEST_EXPONENT:
            return exponent
        raise UnitError(f"{name!r} is not a unit: it is 10 to the power {exponent:g} of its SI unit")
    except (SyntaxError, ValueError, OverflowError, RecursionError):  # a ValueError is one of characters
        raise UnitError(f"{name!r} is not a unit; examples of units are 'ms', 'mV', 'mV/ms', '1/ms', 'Mohm'") from None


def is_quantity(value: Any) -> bool:
    """Whether `value` is a Brian2 quantity."""
    return any(c.__module__.startswith("brian2.units") for c in type(value).__mro__)


def is_masked(value: Any) -> bool:
    """Whether `value` is a masked array. numpy.ma is not imported for it."""
    return "numpy.ma" in sys.modules and isinstance(value, sys.modules["numpy.ma"].MaskedArray)


def plain(value: Any, unit: str | Unit, what: str) -> float | np.ndarray:
    """A float, or a float64 array of its own, in `unit`, from a real number, a quantity, or an array of either.

    Quantities of Brian2, pint, quantities (Neo), astropy and unyt, and times of numpy and pandas, are converted by
    their own unit. The array is a copy, so that later changes of the one given have no effect, and read-only. `what`
    names the value in errors, e.g. "tau_m of LIF". Raises UnitError for a wrong dimension and for what is not a real
    number: text, None, booleans, complex numbers, masked arrays, arrays of objects.
    The limit of a weight (`unit="port"`) may have any of this project's dimensions, as ports differ.
    """
    if isinstance(value, float) or type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise _no_number(value, unit, what) from None
    unit = unit_named(unit) if isinstance(unit, str) else unit
    try:
        array = _array(value, unit, what)
    except RecursionError:
        raise _no_number(value, unit, what) from None
    if array.ndim == 0:
        return float(array)
    with np.errstate(over="ignore"):
        array = np.array(array, np.float64, order="C")
    array.flags.writeable = False
    return array


def own(value: Any) -> Any:
    """A copy of an array, a list or a quantity whose unit is not known yet, so that later changes have no effect."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes) or hasattr(value, "__array__"):
        try:
            return copy.deepcopy(value)
        except Exception:  # of the object itself, such as an open file
            return value
    return value


def _array(value: Any, unit: Unit, what: str) -> np.ndarray:
    """A real array, perhaps the one given, in `unit`."""
    if is_quantity(value):
        return _from_quantity(value, unit, what)
    if is_foreign(value):
        return _array(in_unit(value, _names(unit), what), unit, what)
    if is_masked(value):
        raise UnitError(f"{what}: expected numbers {unit.wanted}, got a masked array; fill it first: filled(...)")
    if isinstance(value, str | bytes | bytearray | bool | type):
        raise _no_number(value, unit, what)
    try:
        if hasattr(value, "__array__"):
            return _from_array(np.asarray(value), unit, what)
        if isinstance(value, Sequence):
            return _from_sequence(value, unit, what)
        if isinstance(value, numbers.Number) and hasattr(value, "__float__"):
            return np.array(float(value))
    except (UnitError, RecursionError):
        raise
    except Exception:  # of the object itself
        pass
    raise _no_number(value, unit, what)


def _from_array(array: np.ndarray, unit: Unit, what: str) -> np.ndarray:
    if array.dtype.kind in "fiu":
        return array
    if array.dtype.kind in "mM":
        return from_times(array, _names(unit), what)
    if array.dtype.kind == "O" and array.ndim > 0 and all(is_quantity(each) or is_foreign(each) for each in array.flat):
        return _from_sequence(array, unit, what)
    raise UnitError(f"{what}: expected a number or array {unit.wanted}, got an array of {array.dtype}: {array!r:.200}")


def _from_sequence(values: Any, unit: Unit, what: str) -> np.ndarray:
    """An array from a list; what numpy would convert wrongly, such as quantities and booleans, is looked at alone."""
    if set(map(type, values)) <= {float, int, np.float64, np.int64}:
        return np.array(values, np.float64)
    rows = [_array(each, unit, f"{what}, index {place}") for place, each in enumerate(values)]
    if len({row.shape for row in rows}) > 1:
        raise UnitError(f"{what}: expected rows of the same length, got {values!r:.200}")
    return np.array(rows, np.float64)


def _no_number(value: Any, unit: str | Unit, what: str) -> UnitError:
    unit = unit_named(unit) if isinstance(unit, str) else unit
    return UnitError(f"{what}: expected a number or array {unit.wanted}, got {reprlib.repr(value)}")


def _names(unit: Unit) -> tuple[str, ...]:
    """The units that are accepted."""
    return (unit.name,) if unit.name != "port" else tuple(name for name in UNITS if name != "port")


def _from_quantity(value: Any, unit: Unit, what: str) -> np.ndarray:
    brian2 = sys.modules["brian2"]
    dimension = brian2.get_dimensions(value)
    for candidate in map(unit_named, _names(unit)):
        expected = dimension_of(candidate.name)
        if dimension is expected or dimension == expected:
            array = np.asarray(value)
            if array.dtype.kind not in "fiu":
                raise _no_number(value, unit, what)
            return array.astype(np.float64) * candidate.per_si
    raise UnitError(f"{what}: expected {unit}, got {value!r} (dimension {dimension})")


def dimension_of(name: str) -> Any:
    """Brian2's dimension of a unit; the caller has already imported Brian2."""
    known = {**vars(sys.modules["brian2.units.allunits"]), **vars(sys.modules["brian2.units.stdunits"])}
    value = eval(compile(name, "<unit>", "eval"), {"__builtins__": {}}, known)  # `unit_named` lets only units pass
    return sys.modules["brian2"].get_dimensions(value)
