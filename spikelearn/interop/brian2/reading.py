"""External names in the texts of Brian2 objects, and numbers from SI units to those of equations and back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.equations.brian import import_brian2, quiet
from spikelearn.equations.dimensions import coherent_name, per_si
from spikelearn.equations.python import FUNCTIONS, units
from spikelearn.errors import DescriptionError

_BASE = {
    "mV": "volt", "pA": "amp", "nS": "siemens", "pF": "farad", "ms": "second", "1": "1", "1/ms": "hertz",
    "mV/pA": "ohm",
}  # fmt: skip
_NAMES_OF_BASE = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candela")
PROVIDED = ("t", "dt", "i", "j", "N", "N_pre", "N_post", "rand", "randn", "xi")
"""Names that need no value."""


def described(obj: Any) -> str:
    """What errors call an object: NeuronGroup 'cells'."""
    return f"{obj.__class__.__name__} {obj.name!r}"  # of a proxy, the class of its object


def unit_text(dimension: Any) -> str:
    """A unit of this dimension that equations may end in, without a prefix."""
    name = coherent_name(dimension)
    if name in _BASE:
        return _BASE[name]
    powers = zip(_NAMES_OF_BASE, map(float, dimension._dims), strict=True)
    return "*".join(f"{base}**{power:g}" for base, power in powers if power) or "1"


def from_si(value: Any, dimension: Any) -> Any:
    """Numbers in SI units in those of equations: ms, mV, pA and what follows from them."""
    factor = per_si(dimension)
    array = np.asarray(value, np.float64) * factor
    return float(array) if array.ndim == 0 else array


def to_si(value: Any, dimension: Any, dtype: Any = np.float64) -> Any:
    """The reverse of from_si, as an array of a type."""
    array = np.asarray(value, np.float64) / per_si(dimension)
    return (np.round(array) if np.dtype(dtype).kind in "iub" else array).astype(dtype)


def taken_back(variable: Any, now: np.ndarray) -> np.ndarray | None:
    """What a variable of Brian2 says that its values, now `now` in the units of equations, should be; None if the same.

    Values that were written there, or come from there, are the same, although they are rounded in one way or the other.
    """
    array = array_of(variable)
    same = (array == to_si(now, variable.dim, variable.dtype)) | (np.asarray(from_si(array, variable.dim)) == now)
    return None if np.all(same) else np.where(same, now, from_si(array, variable.dim))


def array_of(variable: Any) -> np.ndarray:
    """The array of a variable of Brian2, in SI units."""
    return np.atleast_1d(np.asarray(variable.get_value()))


@dataclass
class Names:
    """The external names that the texts of one object use: constants, tables of time and functions.

    group: which resolves them. owner: for errors. namespace: of the run. constants: name -> (value in SI units, its
    dimension). tables: name -> TimedArray.
    """

    group: Any
    owner: str
    namespace: Mapping[str, Any]
    constants: dict[str, tuple[float, Any]] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)

    def add(self, names: Iterable[str], what: str) -> None:
        """Look names up, as far as they are not the object's own. what: the text that uses them, for errors."""
        for name in sorted(set(names)):
            if name in PROVIDED or name.startswith("xi_") or name in self.constants or name in self.tables:
                continue
            if name in self.group.variables or name in units() or name in ("pi", "e", "inf", "True", "False"):
                continue
            self._add(name, what)

    def _add(self, name: str, what: str) -> None:
        try:
            with quiet():
                found = self.group._resolve_external(name, run_namespace=self.namespace, user_identifier=False)
        except KeyError:
            raise DescriptionError(
                f"{what} of {self.owner}: {name!r} is defined nowhere: neither in its equations, nor in its namespace, "
                "nor where the network is taken over"
            ) from None
        from brian2.core.functions import Function
        from brian2.input.timedarray import TimedArray

        if isinstance(found, TimedArray):
            self.tables[name] = found
        elif isinstance(found, Function):
            if name not in (*FUNCTIONS, "rand", "randn"):
                raise DescriptionError(
                    f"{what} of {self.owner}: the function {name!r} is not taken over; functions that are: "
                    f"{', '.join(sorted(FUNCTIONS))}, rand, randn, and TimedArray of t"
                )
        else:
            self.constants[name] = constant(found, f"{name!r} in {what} of {self.owner}")


def constant(found: Any, where: str) -> tuple[float, Any]:
    """The value of a constant in SI units, and its dimension."""
    b2 = import_brian2()
    value = found.get_value_with_unit() if hasattr(found, "get_value_with_unit") else found
    number = np.asarray(value, np.float64)
    if number.size != 1 or not np.isfinite(number).all():
        raise DescriptionError(f"{where}: expected one finite number, got {value!r}")
    return float(number.reshape(())), b2.get_dimensions(value)


def identifiers(text: Any) -> set[str]:
    """The names in an expression or in statements."""
    from brian2.utils.stringtools import get_identifiers

    return set(get_identifiers(re.sub(r"#.*", "", str(text))))


def check_tables(expression: str, names: Names, what: str) -> None:
    """Raise DescriptionError if a TimedArray is read at anything but t, and for two dimensions i."""
    for node in ast.walk(ast.parse(expression.strip(), mode="eval")):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names.tables:
            given = [getattr(each, "id", None) for each in node.args]
            wanted = ["t"] if names.tables[node.func.id].values.ndim == 1 else ["t", "i"]
            if given != wanted:
                raise DescriptionError(
                    f"{what} of {names.owner}: a TimedArray is read at t only, {node.func.id}({', '.join(wanted)}); "
                    f"got {ast.unparse(node)!r}"
                )


def rows_of_table(table: Any, steps: np.ndarray, dt: float) -> np.ndarray:
    """The rows of a TimedArray that Brian2 reads in these steps of dt (s)."""
    return np.minimum((steps * dt / float(table.dt) + 1e-9).astype(np.int64), len(table.values) - 1)


def check_clock(obj: Any, dt: float, what: str = "") -> None:
    """Raise DescriptionError if an object has another time step (s)."""
    own = float(obj.clock.dt_)
    if abs(own - dt) > 1e-9 * dt:
        raise DescriptionError(
            f"{what or described(obj)}: its clock has dt = {own * 1e3:g} ms, that of the network {dt * 1e3:g} ms; all "
            "neurons and synapses of a network have one time step"
        )


def steps_of_clock(obj: Any, dt: float) -> int:
    """The number of steps (s) between two calls of an object with a clock of its own."""
    own = float(obj.clock.dt_)
    steps = round(own / dt)
    if steps < 1 or abs(own - steps * dt) > 1e-6 * dt:
        raise DescriptionError(
            f"{described(obj)}: its clock has dt = {own * 1e3:g} ms; expected a multiple of that of the network, "
            f"{dt * 1e3:g} ms"
        )
    return steps


def check_place(obj: Any, when: str, order: int | None, what: str = "") -> None:
    """Raise DescriptionError if an object is not where Brian2 puts it in a step by default."""
    if obj.when != when or (order is not None and obj.order != order):
        at = f"when={obj.when!r}, order={obj.order}"
        expected = f"when={when!r}" + ("" if order is None else f", order={order}")
        raise DescriptionError(f"{what or described(obj)}: {at} is not taken over; expected {expected}")


def contained(obj: Any) -> Iterator[Any]:
    """The objects inside an object, such as what integrates a group, which a network may list, too.

    Synapses that do something regularly are inside the group of their sources, but are objects of their own.
    """
    for each in obj.contained_objects:
        if type(each).__name__ != "Synapses":
            yield each
            yield from contained(each)


def check_contained(obj: Any, known: Iterable[Any]) -> None:
    """Raise DescriptionError if there is something inside an object but for what is known, and empty subgroups."""
    ids = {id(each) for each in known}
    for each in contained(obj):
        if id(each) not in ids and type(each).__name__ != "Subgroup":
            raise DescriptionError(f"{described(obj)}: {described(each)} in it is not taken over")


def check_active(obj: Any) -> None:
    """Raise DescriptionError if an object, or one inside it, is not active."""
    for each in (obj, *contained(obj)):
        if not each.active:
            raise DescriptionError(f"{described(each)} is not active (active=False), which is not taken over")


def place_of(obj: Any) -> tuple[int, int, str]:
    """By what Brian2 orders objects in the first slots of a step; a later number for all other slots."""
    slots = ("before_start", "start")
    return slots.index(obj.when) if obj.when in slots else len(slots), obj.order, obj.name


def whole_group(group: Any) -> tuple[Any, int, int]:
    """The group of a group or subgroup, and the first and the last + 1 of its neurons there. It may be a weak proxy,
    whose class is that of its object, but which is known by its id only."""
    if group.__class__.__name__ == "Subgroup":
        return group.source, int(group.start), int(group.stop)
    return group, 0, int(group.variables["N"].get_value())
