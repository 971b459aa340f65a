"""Arrays that share memory with others, and still do after they are copied or pickled together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


def owner(array: np.ndarray) -> np.ndarray:
    """The array that an array is a view of, or the array itself."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@dataclass(frozen=True)
class SharedArray:
    """A view of an array as data: the array, and where in it the view is.

    A view that NumPy pickles becomes an array of its own; this one is a view of the copied array.
    """

    owner: np.ndarray
    dtype: np.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    writeable: bool

    @classmethod
    def of(cls, value: Any) -> Any:
        """A value as data if it is a view, else the value itself."""
        if not isinstance(value, np.ndarray):
            return value
        whole = owner(value)
        if whole is value or not (whole.flags.c_contiguous or whole.flags.f_contiguous):
            return value
        offset = value.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        return cls(whole, value.dtype, value.shape, value.strides, offset, value.flags.writeable)

    def array(self) -> np.ndarray:
        """The view."""
        memory = self.owner if self.owner.flags.c_contiguous else self.owner.T
        found: np.ndarray = np.ndarray(self.shape, self.dtype, memory, self.offset, self.strides)
        found.flags.writeable = self.writeable
        return found
