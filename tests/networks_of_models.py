"""What the networks of a test are made of and what is run, as lines of text, and whether it is as it was recorded.

A line describes a population, a projection, a drive or another part of a network, or a run, with all that is not the
default; an array is its shape, smallest, mean and largest value. A test file has a set of lines, and each line of a
network that its tests build must be one of them: texts must be equal, numbers to a thousandth.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
FOLDER = Path(__file__).resolve().parent / "looks" / "networks"
RUNS = 4
"""Of each network the first so many runs are described."""
PARTS = (
    "populations", "projections", "modulators", "drives", "releases", "recordings", "callbacks", "homeostases",
    "signals", "feeds", "followings", "worlds",
)  # fmt: skip
LEFT_OUT = {"uid", "counted_by", "listed_by", "rows", "space"}
USUAL = {
    "plastic": True, "autapses": True, "on": "spike", "learns_from": "spike", "dendritic_steps": 0, "source_first": 0,
    "target_first": 0, "first": 0, "every": 1, "start": 0, "unnamed": True, "low": -np.inf, "high": np.inf,
}  # fmt: skip
"""What fields without a default usually are: it is left out, as are None and what is empty."""
MOST_SHOWN = 8


def parts_of(net):
    """A line for each part of a network."""
    described = net._everything()
    lines = [f"Network(dt={shown(described.dt)}, seed={described.seed}, precision={net.precision})"]
    return lines + [expanded(part) for kind in PARTS for part in getattr(described, kind)]


def run_of(duration, trials):
    """A line for a run, with the first of its phases of each kind: those that differ in numbers are of one kind."""
    if trials is None:
        return f"run({shown(duration)})"
    kinds = {}
    for phase in trials.phases:
        kinds.setdefault(NUMBER.sub("#", text := expanded(phase)), text)
    length = sum(float(phase.duration) for phase in trials.phases)
    return f"run({trials.n} of {len(trials.phases)} phases, {length:.5g} ms: {'; '.join(kinds.values())})"


def shown(value):
    """A value as text: parts of a network by their names, arrays by shape, smallest, mean and largest value."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if value is None or isinstance(value, str | bool | np.bool_):
        return str(value)
    if isinstance(value, int | float | np.number):
        return f"{value:.5g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{shown(key)}: {shown(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        if len(value) > MOST_SHOWN and all(isinstance(each, int | float | np.number) for each in value):
            return _array(np.asarray(value))
        return f"({', '.join(map(shown, value[:MOST_SHOWN]))}{', ...' if len(value) > MOST_SHOWN else ''})"
    if inspect.isfunction(function := getattr(value, "py_func", value)):
        return function.__name__
    if isinstance(getattr(value, "name", None), str) and hasattr(value, "uid"):
        return value.name
    return expanded(value)


def expanded(value):
    """A part of a network, or what it holds, with all its fields that are not the default."""
    name = type(value).__name__
    if hasattr(value, "parameters") and hasattr(value.parameters, "_fields"):
        of = getattr(value, "model", None) or getattr(value, "rule", None)
        drawn = {key: getattr(value, key) for key in ("drawn", "timed") if getattr(value, key, None)}
        return f"{name} {getattr(of, 'name', '')}({', '.join(_fields(value.parameters, drawn))})"
    return f"{name}({', '.join(_fields(value, {}))})"


def _fields(value, more):
    if hasattr(value, "_fields"):
        found, defaults = value._asdict(), value._field_defaults
    elif dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        found, defaults = {field.name: getattr(value, field.name) for field in fields}, {}
        defaults = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    else:
        found, defaults = getattr(value, "__dict__", {}), {}
    for name, each in (found | more).items():
        default = (USUAL | defaults).get(name)
        empty = each is None or isinstance(each, Mapping | tuple | list | str) and not each
        if not (name in LEFT_OUT or name.startswith("_") or empty or _equal(each, default)):
            yield f"{name}={shown(each)}"


def _equal(value, default):
    plain = str | int | float | np.number
    return isinstance(value, plain) and isinstance(default, plain) and value == default


def _array(array):
    if array.dtype.kind not in "biuf" or not array.size:
        return f"[{array.shape} {array.dtype.kind}]"
    seen = array[np.isfinite(array)].astype(float)
    numbers = (seen.min(), seen.mean(), seen.max()) if seen.size else ()
    return f"[{array.shape}: {' '.join(f'{each:.5g}' for each in numbers)}]"


class Record:
    """The lines of a test file, found by their text without numbers."""

    def __init__(self, lines=()):
        self.numbers, self.lines = {}, []
        for line in lines:
            self.add(line)

    def __contains__(self, line):
        known = self.numbers.get(NUMBER.sub("#", line))
        if known is None:
            return False
        numbers = np.array([float(each) for each in NUMBER.findall(line)])
        return bool(np.any(np.all(np.isclose(known, numbers, rtol=1e-3, atol=1e-9), axis=1)))

    def add(self, line):
        if line not in self:
            text, numbers = NUMBER.sub("#", line), [float(each) for each in NUMBER.findall(line)]
            self.numbers[text] = np.array([*self.numbers.get(text, np.zeros((0, len(numbers)))), numbers])
            self.lines.append(line)


def path_of(test_file):
    return FOLDER / f"{test_file.stem}.json"


def read(test_file):
    path = path_of(test_file)
    return Record(json.loads(path.read_text(encoding="utf-8")) if path.exists() else ())


def write(test_file, record):
    path = path_of(test_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record.lines, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
