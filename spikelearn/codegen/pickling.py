"""How models and compiled functions are sent to another process: by name, or in full.

A model of the library, or of any module that another process can import, is pickled by its name and is the same object
afterwards. One that was made from text is pickled as that text, one that is defined in a script or notebook together
with its code (cloudpickle). Loading such a pickle executes code, as loading any pickle can.
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Mapping
from types import FunctionType
from typing import Any, TypeVar

from spikelearn.codegen.functions import made_from

T = TypeVar("T")


class PickledByName:
    """Base of immutable objects that contain functions and are usually found in a module. Copies are the object."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _by_name(self) or (pickle.loads, (_in_full(self),))

    def __copy__(self: T) -> T:
        return self

    def __deepcopy__(self: T, memo: Any) -> T:
        return self

    def contents(self) -> tuple[Any, ...]:
        """The object in full: a callable and the arguments from which it returns an equal object."""
        return _with_contents, (type(self), vars(self))


class HoldsFunctions:
    """Base of an object with functions of a user among its attributes: they are pickled in the same way."""

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: _Function(value) if isinstance(value, FunctionType) else value for name, value in vars(self).items()
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update({n: value.function if isinstance(value, _Function) else value for n, value in state.items()})


class _Function(PickledByName):
    """A plain function, which a pickle restores as the function itself."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        return _by_name(self.function) or (pickle.loads, (_in_full(self.function),))


def _with_contents(kind: type[T], contents: Mapping[str, Any]) -> T:
    made = object.__new__(kind)
    vars(made).update(contents)
    return made


def _by_name(obj: Any) -> tuple[Any, ...] | None:
    """How to import an object from the module of one of its parts, or its package; None if another process cannot."""
    parts = (getattr(part, "py_func", part) for part in (obj, *vars(obj).values()))
    modules = [module for part in parts if isinstance(module := getattr(part, "__module__", None), str)]
    packages = [module.rpartition(".")[0] for module in modules]
    for module in dict.fromkeys((*modules, *packages)):
        if module in sys.modules and _importable(module):
            for name, value in vars(sys.modules[module]).items():
                if value is obj:
                    return _named, (module, name)
    return None


def _importable(module: str) -> bool:
    package = module.partition(".")[0]
    finders = [finder.find_spec for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return package not in ("__main__", "__mp_main__") and any(find(package, None) for find in finders)


def _named(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _in_full(obj: Any) -> bytes:
    """A pickle that contains the code of an object."""
    import cloudpickle

    class InFull(cloudpickle.Pickler):
        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, PickledByName):
                return _by_name(obj) or made_from(obj) or obj.contents()
            return (isinstance(obj, FunctionType) and made_from(obj)) or super().reducer_override(obj)

    stream = io.BytesIO()
    InFull(stream, protocol=5).dump(obj)
    return stream.getvalue()
