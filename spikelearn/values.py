"""Checked values: one number, a whole number, indices, a flag, one of several words, a name.

All raise a SpikelearnError that names `what` was given, says what was expected, and shows what was found.
"""

from __future__ import annotations

import math
import operator
import os
import reprlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.foreign_quantities import is_foreign
from spikelearn.units import Unit, is_masked, is_quantity, plain, unit_named

LARGEST = (1 << 63) - 1


def one_number(
    value: Any, unit: str | Unit, what: str, least: float = -math.inf, above: float = -math.inf, most: float = math.inf
) -> float:
    """A finite float in `unit`, from `least` to `most` and more than `above`. Raises UnitError or ParameterError."""
    number = plain(value, unit, what)
    if not isinstance(number, float):
        raise ParameterError(f"{what}: expected one number, got an array of shape {number.shape}")
    if math.isfinite(number) and least <= number <= most and number > above:
        return number
    unit = unit_named(unit) if isinstance(unit, str) else unit
    in_unit = "" if unit.name in ("1", "port") else f" {unit}"
    lower = f"more than {above:g}" if above > least else f"at least {least:g}" if math.isfinite(least) else ""
    upper = f"at most {most:g}" if math.isfinite(most) else ""
    expected = " and ".join(bound for bound in (lower, upper) if bound)
    expected = f"{expected}{in_unit}" if expected else f"a finite number{in_unit and f' in{in_unit}'}"
    raise ParameterError(f"{what}: expected {expected}, got {value!r:.200}")


def whole_number(value: Any, what: str, least: int = 0, most: int = LARGEST) -> int:
    """An int from `least` to `most`; a float that is a whole number is one. Raises ParameterError."""
    number = None
    if type(value) is np.ndarray and value.ndim == 0:
        value = value[()]
    if isinstance(value, float | np.floating) and math.isfinite(value) and value == int(value):
        number = int(value)
    elif isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64):
        number = operator.index(value)
    if number is None or not least <= number <= most:
        upper = "" if most >= LARGEST and (number is None or number <= most) else f" and at most {most:,}"
        got = f"{number:,}" if number is not None and most < number < LARGEST else reprlib.repr(value)
        raise ParameterError(f"{what}: expected a whole number of at least {least}{upper}, got {got}")
    return number


def whole_numbers(values: Any, what: str) -> np.ndarray:
    """A (n,) int64 array of its own, read-only, of indices or of a shape. Raises DescriptionError.

    Floats are refused even if they are whole, unlike in `whole_number`, which is for counts: as in NumPy, a float is no
    index.
    """
    if is_masked(values) or is_quantity(values) or is_foreign(values):
        found = "a masked array" if is_masked(values) else f"a quantity, {reprlib.repr(values)}"
        raise DescriptionError(f"{what}: expected whole numbers, got {found}")
    try:
        array = np.asarray(values)
    except Exception:  # of the object itself
        array = np.asarray(None)
    numbers = array.dtype.kind in "iu" or array.size == 0
    mixed = isinstance(values, list | tuple) and any(isinstance(each, bool | np.bool_) for each in values)
    if array.ndim > 1 or not numbers or mixed:
        found = reprlib.repr(values) if array.dtype.kind == "O" or mixed else f"{array.dtype} of shape {array.shape}"
        raise DescriptionError(f"{what}: expected a list of whole numbers, got {found}{advice_on_floats(array)}")
    if array.size and array.max() > LARGEST:
        raise DescriptionError(f"{what}: expected whole numbers below 2^63, got {array.max()}")
    array = np.atleast_1d(array).astype(np.int64)
    array.flags.writeable = False
    return array


def advice_on_floats(given: Any) -> str:
    """What a message adds if floats were given as indices."""
    try:
        floats = np.asarray(given).dtype.kind == "f"
    except Exception:  # of the object itself
        return ""
    return "; as in NumPy, a float is no index: convert whole ones, by int(...) or .astype(int)" if floats else ""


def flag(value: Any, what: str) -> bool:
    """True or False. Raises ParameterError for all else, such as "no"."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{what}: expected True or False, got {reprlib.repr(value)}")
    return bool(value)


def word(value: Any, known: Collection[str], what: str) -> str:
    """One of several words. Raises ParameterError."""
    if not isinstance(value, str) or value not in known:
        *most, last = (repr(each) for each in known)
        expected = f"{', '.join(most)} or {last}" if most else last
        raise ParameterError(f"{what}: expected {expected}, got {reprlib.repr(value)}")
    return value


def name(value: Any, what: str) -> str:
    """A name that can be printed and saved. Raises DescriptionError."""
    if not isinstance(value, str):
        raise DescriptionError(f"{what}: expected a name, a str, got {reprlib.repr(value)}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise DescriptionError(f"{what}: expected a name that can be saved as UTF-8, got {value!a:.200}") from None
    if not 1 <= len(value) <= 1000 or any(each < " " or each == "\x7f" for each in value):
        raise DescriptionError(f"{what}: expected a name of 1 to 1,000 characters, none of control, got {value!r:.200}")
    return str(value)


def path(value: Any, what: str) -> Path:
    """The path of a file or folder. Raises DescriptionError."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise DescriptionError(f"{what}: expected a path, a str or os.PathLike, got {value!r:.200}")
    return Path(text)


def path_for_writing(value: Any, what: str) -> Path:
    """The path of a file that will be written, in a folder that is there. Raises DescriptionError."""
    found = path(value, what)
    if found.is_dir():
        raise DescriptionError(f"{what}: expected the path of a file, {found} is a folder")
    if not found.parent.is_dir():
        raise DescriptionError(f"{what}: there is no folder {found.parent}, in which {found.name} is to be written")
    return found
