"""Python objects as bytes: one pickle, and its arrays separately as raw memory.

Functions and classes defined in a script or notebook are stored in full, including their code (cloudpickle); for models
see codegen/pickling.py.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import cloudpickle
import numpy as np

from spikelearn.description.shared_array import owner


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
        if type(obj) is np.ndarray and owner(obj).flags.c_contiguous and not owner(obj).dtype.hasobject:
            return _reduced(obj)
        return super().reducer_override(obj)


def _reduced(array: np.ndarray) -> tuple[Any, ...]:
    """An array with its own memory; a view stays a view, so that two views of one array still share it."""
    base = owner(array)
    if base is array:
        writeable: Any = array if array.flags.writeable else array.copy()
        return np.ndarray, (array.shape, array.dtype, pickle.PickleBuffer(writeable))
    offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return np.ndarray, (array.shape, array.dtype, base, offset, array.strides)
