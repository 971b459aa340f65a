"""Names of a package that are imported when they are first asked for, so that a process pays for what it uses only.

A package has its export lines, `from spikelearn.neurons.lif import LIF as LIF` or `from ... import *` of another such
package, under `if TYPE_CHECKING:`. Type checkers and editors go by them, and `imported_on_demand` reads the same lines
in the text of the package. No file of the package has a name that it exports: importing it would replace the object.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

_EXPORT = re.compile(r"^ *from (spikelearn[\w.]*) import (?:\*|\(?\s*(\w+) as ([^\W_]\w*))", re.MULTILINE)


def imported_on_demand(
    package: str, **lists: Callable[[Any], bool]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The `__getattr__`, `__dir__` and `__all__` of a package (PEP 562).

    lists: name -> function that tells whether an exported object is in this list, a tuple in the order of the export
    lines, and an attribute as well; once it is called, the package has all that it exports. Modules that a package
    exports (`from spikelearn import plots as plots`) are in `dir`, but not in `__all__`.
    """
    module = sys.modules[package]
    text = module.__spec__.loader.get_data(module.__file__).decode()  # type: ignore[union-attr]
    places: dict[str, tuple[str, str]] = {}
    for place, name, exported in _EXPORT.findall(text):
        names = {exported: name} if name else {each: each for each in import_module(place).__all__}
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
