"""Names of a package that are imported when they are first asked for, so that a process pays for what it uses only.

A package has its export lines, `from spikelearn.neurons.lif import LIF as LIF` or `from ... import *` of another such
package, under `if TYPE_CHECKING:`. Type checkers and editors go by them, and `imported_on_demand` finds the same lines
in the code of the package, which is there without its text as well. No file of the package has a name that it exports:
importing it would replace the object.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import CodeType
from typing import Any


def imported_on_demand(
    package: str, **lists: Callable[[Any], bool]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The `__getattr__`, `__dir__` and `__all__` of a package (PEP 562).

    lists: name -> function that tells whether an exported object is in this list, a tuple in the order of the export
    lines, and an attribute as well; once it is called, the package has all that it exports. Modules that a package
    exports (`from spikelearn import plots as plots`) are in `dir`, but not in `__all__`.
    """
    module = sys.modules[package]
    places: dict[str, tuple[str, str]] = {}
    for place, name, exported in _imports(module.__spec__.loader.get_code(package)):  # type: ignore[union-attr]
        if place.partition(".")[0] == "spikelearn" and place != __name__ and not exported.startswith("_"):
            names = {each: each for each in import_module(place).__all__} if name == "*" else {exported: name}
            places |= {each: (place, own) for each, own in names.items()}
    exports = [name for name, (place, _) in places.items() if place != package]

    def value(name: str) -> Any:
        if name in lists:
            found: Any = [getattr(module, each) for each in exports]
            found = tuple(each for each in found if lists[name](each))
        elif name in places:
            place, own = places[name]
            found = import_module(f"{place}.{own}") if place == package else getattr(import_module(place), own)
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=module)
        return vars(module).setdefault(name, found)

    return value, lambda: sorted({*vars(module), *places, *lists}), exports


def from_above(place: str) -> Any:
    """An object of a floor above, "module:name", imported when a user asks for it.

    For methods of what users hold, such as `net.plot()`, that only hand themselves on to a function of that floor, so
    that what is below never needs what is above.
    """
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _imports(code: CodeType) -> Iterator[tuple[str, str, str]]:
    """(module, name, exported name) of each `from module import name as exported`; of a star, "*" twice."""
    place = name = ""
    before = None
    for each in dis.get_instructions(code):
        if each.opname == "IMPORT_NAME":
            place = each.argval
            if before == ("*",):
                yield place, "*", "*"
        elif each.opname == "IMPORT_FROM":
            name = each.argval
        elif each.opname == "STORE_NAME" and name:
            yield place, name, each.argval
            name = ""
        before = each.argval
