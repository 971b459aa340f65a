"""Python objects as bytes: one pickle, and its arrays separately as raw memory.

Importable objects are stored by name, so that a model of the library is restored as the same object; those defined in a
script or notebook are stored in full, including their code (cloudpickle).
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import cloudpickle
import numpy as np

from spikelearn.engine.plan import owner


def dump(obj: Any) -> list[pickle.PickleBuffer]:
    """The pickle, then its arrays in order, not copied; `contents` yields their bytes."""
    stream = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    _Pickler(stream, protocol=5, buffer_callback=buffers.append).dump(obj)
    return [pickle.PickleBuffer(stream.getvalue()), *buffers]


def contents(parts: Sequence[pickle.PickleBuffer]) -> Iterator[memoryview]:
    """The bytes of each part in turn. Views are released, as CPython 3.11 crashes on memory views in garbage."""
    for part in parts:
        with part.raw() as view:
            yield view


def load(parts: Sequence[bytearray]) -> Any:
    """The object passed to `dump`. Its arrays use the memory of these buffers."""
    return pickle.loads(parts[0], buffers=parts[1:])


class _Pickler(cloudpickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(getattr(obj, "Parameters", None), type):  # a model of a neuron or a synapse, or a rule
            names = _names(obj, obj.Parameters.__module__)
        elif hasattr(obj, "py_func"):
            names = _names(obj, obj.py_func.__module__)
        else:
            names = None
            if type(obj) is np.ndarray and owner(obj).flags.c_contiguous and not owner(obj).dtype.hasobject:
                return _reduced(obj)
        return super().reducer_override(obj) if names is None else (_named, names)


def _reduced(array: np.ndarray) -> tuple[Any, ...]:
    """An array with its own memory; a view stays a view, so that two views of one array still share it."""
    base = owner(array)
    if base is array:
        writeable: Any = array if array.flags.writeable else array.copy()
        return np.ndarray, (array.shape, array.dtype, pickle.PickleBuffer(writeable))
    offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return np.ndarray, (array.shape, array.dtype, base, offset, array.strides)


def _named(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _names(obj: Any, module: str | None) -> tuple[str, str] | None:
    """(module, name) under which another process can import an object; None if it cannot."""
    if module is None or module not in sys.modules or not _importable(module):
        return None
    return next(((module, name) for name, value in vars(sys.modules[module]).items() if value is obj), None)


def _importable(module: str) -> bool:
    package = module.partition(".")[0]
    finders = [finder.find_spec for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return package not in ("__main__", "__mp_main__") and any(find(package, None) for find in finders)
