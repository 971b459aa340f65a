"""Printed kernels: a model's loop, or any kernel, as a small readable module with an entry that has an address.

A module's file name comes from the hash of its text and of all the sources that it can reach, so it is compiled once
for each model, whatever the parameter values, and never served stale. Files are written whole or not at all.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import inspect
import os
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np

from spikelearn import _jit
from spikelearn.engine.identity import identity

_REACHED = ("kernels", "neurons", "synapses", "plasticity", "sources")
_CALLABLE = """
from spikelearn._jit import cached


@cached
def function(*arguments):
    return kernel(*arguments)
"""
_loading = threading.RLock()
"""Networks may be built in several threads; a module is loaded by one of them."""


@dataclass(frozen=True)
class Kernel:
    """A kernel to call: the text that defines `name`, and functions that the text needs but cannot import."""

    text: str
    name: str = "function"
    injected: Mapping[str, Any] = field(default_factory=dict)


def kernel_of(function: Any) -> Kernel:
    """The Kernel of a compiled function that lives in a module."""
    line, injected = import_line(function, "function")
    return Kernel(line, "function", injected)


def import_line(function: Any, alias: str) -> tuple[str, dict[str, Any]]:
    """Text that imports a function under another name; a function that cannot be imported is injected instead.

    Whatever has to be injected, or lives outside spikelearn, leaves the hash of its source and of all that it reaches
    in the text.
    """
    plain = getattr(function, "py_func", function)
    module, name = plain.__module__ or "a script", plain.__qualname__
    if module.startswith("spikelearn.") and getattr(sys.modules.get(module), name, None) is function:
        return f"from {module} import {name} as {alias}\n", {}
    try:
        source = Path(inspect.getfile(plain)).read_text()
    except (OSError, TypeError):
        source = ""
    source += identity(function)
    mark = hashlib.sha256(source.encode()).hexdigest()[:16]
    return f"# {alias}: {name} of {module}, source {mark}\n", {alias: function}


def load(kernel: Kernel, arguments: Sequence[Any]) -> tuple[Any, Any]:
    """(entry, plain function) of a kernel for arguments of these types."""
    lines, loads, place = [], [], 0
    for argument in arguments:
        text, used = _unpack(argument, place)
        loads.append(text)
        place += used
    lines += [
        "",
        "from numba import carray, float32, float64, int32, int64, uint8, uint16, uint32",
        "",
        "from spikelearn._jit import bits_to_float, entry, pointer",
        "",
        "",
        "@entry",
        "def call(step, address):",
        f"    a = carray(pointer(address), ({max(place, 1)},), int64)",
        f"    {kernel.name}(",
        "        step,",
        *[f"        {text}," for text in loads],
        "    )",
        "",
    ]
    if _jit.JIT_DISABLED:
        module = _load_text(kernel.text, kernel.injected)
        return None, getattr(module, kernel.name)
    module = _load_text(kernel.text + "\n".join(lines), kernel.injected)
    return module.call, getattr(module, kernel.name)


def callable_of(function: Any) -> Any:
    """A kernel that Python calls, compiled and kept on disk under the hash of all that it reaches.

    Numba's own cache would not see a change in the functions that the kernel calls.
    """
    if _jit.JIT_DISABLED:
        return function
    line, injected = import_line(function, "kernel")
    return _load_text(line + _CALLABLE, injected).function


def pack(arguments: Sequence[Any]) -> np.ndarray:
    """Addresses, lengths and values as the entry unpacks them. The caller keeps the arrays alive."""
    packed: list[int] = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            packed.append(argument.ctypes.data)
            packed.extend(argument.shape)
        elif isinstance(argument, float | np.floating):
            packed.append(struct.unpack("q", struct.pack("d", float(argument)))[0])
        else:
            packed.append(int(argument))
    return np.array(packed or [0], np.int64)


def _unpack(argument: Any, place: int) -> tuple[str, int]:
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise TypeError(f"kernel arguments must be contiguous, got strides {argument.strides}")
        shape = ", ".join(f"a[{place + 1 + k}]" for k in range(argument.ndim))
        return f"carray(pointer(a[{place}]), ({shape},), {argument.dtype.name})", 1 + argument.ndim
    if isinstance(argument, float | np.floating):
        return f"bits_to_float(a[{place}])", 1
    return f"a[{place}]", 1


def _load_text(text: str, injected: Mapping[str, Any]) -> ModuleType:
    with _loading:
        return _load_module(text, injected)


def _load_module(text: str, injected: Mapping[str, Any]) -> ModuleType:
    digest = hashlib.sha256((fingerprint() + text).encode()).hexdigest()[:24]
    name = f"spikelearn_printed_{digest}"
    if name in sys.modules and not injected:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    if not path.exists():
        _write_whole(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module).update(injected)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _write_whole(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)


@functools.cache
def cache_folder() -> Path:
    """Where printed modules and their compiled forms are kept: $SPIKELEARN_CACHE, or the user's cache folder."""
    wanted = os.environ.get("SPIKELEARN_CACHE")
    base = Path(wanted) if wanted else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "spikelearn"
    folder = base / "disabled" if _jit.JIT_DISABLED else base
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="spikelearn-"))


@functools.cache
def fingerprint() -> str:
    """A hash of every source that a printed module can reach, and of the versions that compile it."""
    package = Path(_jit.__file__).parent
    sources = [package / "_jit.py"]
    for folder in _REACHED:
        sources += sorted((package / folder).glob("*.py"))
    digest = hashlib.sha256(f"{sys.version_info} {numba.__version__} {np.__version__}".encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def compiled(function: Callable[..., Any]) -> Any:
    """A user's callback, compiled if it is not already."""
    if _jit.JIT_DISABLED or hasattr(function, "py_func"):
        return function
    return _jit.kernel(function)
