"""Generated modules: a model's loop, or any kernel, as a small readable module with an entry that has an address.

The name of a module and of its machine code is the hash of its text and of all sources that it can reach, so it is
compiled once per model, whatever the parameter values, and never stale.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import inspect
import os
import re
import struct
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from spikelearn.codegen import bounds, cache_folder, jit, object_cache, prepared
from spikelearn.codegen.fingerprint import fingerprint
from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.interruptible import interruptible
from spikelearn.codegen.object_cache import Entry
from spikelearn.codegen.reached_sources import COMPILER, all_sources, digest, digest_by, digest_of, is_in_keys
from spikelearn.codegen.reached_text import functions_of, reached_text
from spikelearn.codegen.source_text import remark
from spikelearn.errors import DescriptionError

_ENTRY = '''
from spikelearn.codegen.jit import entry, unpacked

arguments = """
{kinds}
"""
unpacked_call = unpacked({call}, arguments{returns})


@entry
def call(step, address):
    unpacked_call(step, address)
'''
_WRITTEN = ": Written"
_OF_THIS_PROCESS = "and what cannot be compared with that of another process:"
"""In the text of a module that reaches values without a fingerprint: it is not kept on disk."""
_FUNCTIONS_AT_ONCE = 64
"""Kernels that share functions are compiled one soon after the other, and Numba's functions take memory."""
_entries: dict[Any, Entry] = {}
_functions: dict[str, Any] = {}
"""The text that a function reaches -> the function, for the last few."""
_loading = threading.RLock()
"""Networks may be built in several threads; only one of them loads a module."""


@dataclass(frozen=True)
class Kernel:
    """A kernel to call: the text that defines `name`, and functions that the text needs but cannot import.

    of: the model, rule or function that it is made for, named in the first line of its module. It is not part of the
        module's hash: models with the same text share a module. plain: the function, if it is in a module.
    """

    text: str
    of: str
    name: str = "function"
    injected: Mapping[str, Any] = field(default_factory=dict)
    plain: Any = None

    @property
    def parameters(self) -> dict[str, bool]:
        """Argument names in order, without the first, the step -> whether it writes to them."""
        if self.plain is not None:
            return _parameters_of(self.plain)
        return _parameters_in(self.text, self.name)

    def choose(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The subset of named values that are its arguments."""
        return {name: values[name] for name in self.parameters if name in values}

    def functions_of_users(self) -> Iterator[Any]:
        """Functions that the kernel calls and that are not of spikelearn, uncompiled."""
        for function in self.injected.values():
            plain = getattr(function, "py_func", function)
            if bounds.is_of_user(plain) and hasattr(plain, "__code__"):
                yield plain

    @property
    def reached(self) -> str:
        """The part of the text that is compiled for it."""
        return reached_text(self.text, self.name)

    @property
    def header(self) -> str:
        return f"# {remark(self.of)}; all models with this code share this module.\n"


def kernel_of(function: Any) -> Kernel:
    """The Kernel of a compiled function defined in a module."""
    line, injected = import_line(function, "function")
    return Kernel(line, getattr(function, "py_func", function).__qualname__, "function", injected, function)


@functools.cache
def _parameters_of(function: Any) -> dict[str, bool]:
    marked = getattr(function, "py_func", function).__annotations__
    return {name: marked.get(name) in (jit.Written, "Written") for name in arguments_of(function)[1:]}


@functools.cache
def _parameters_in(text: str, name: str) -> dict[str, bool]:
    """The arguments of a function that a text defines."""
    found = re.search(rf"^def {name}\(([^)]*)\):", text, re.MULTILINE)
    assert found is not None
    arguments = [argument.strip() for argument in found[1].split(",")][1:]
    return {each.removesuffix(_WRITTEN): each.endswith(_WRITTEN) for each in arguments if each}


def kernel_for(of: str, text: str, functions: Mapping[str, Any]) -> Kernel:
    """The Kernel of a rendered text. functions: functions of a model, by the names that the text calls, or None."""
    lines = ""
    injected: dict[str, Any] = {}
    for alias, function in functions.items():
        if function is not None:
            line, more = import_line(function, alias)
            lines, injected = lines + line, injected | more
    return Kernel(lines + text, of, "function", injected)


def import_line(function: Any, alias: str) -> tuple[str, dict[str, Any]]:
    """Text that imports a function under another name; a function that cannot be imported is injected instead.

    For functions that are injected the text contains the hash of their source and of all that they reach, so that it
    differs if they do.
    """
    plain = getattr(function, "py_func", function)
    module, name = plain.__module__ or "a script", plain.__qualname__
    if is_in_keys(module) and getattr(sys.modules.get(module), name, None) is function:
        return f"from {module} import {name} as {alias}\n", {}
    place = f"# {alias}: {remark(name)}\n# of {remark(module)}, source {_mark(function)}\n"
    return place, {alias: function}


def _mark(function: Any) -> str:
    try:
        source = Path(inspect.getfile(getattr(function, "py_func", function))).read_bytes()
    except (OSError, TypeError):
        source = b""
    digest, complete = fingerprint(function)
    mark = hashlib.sha256(source + digest.encode()).hexdigest()[:16] + ("" if bounds.CHECKED else ", unchecked")
    return mark if complete else f"{mark} {_OF_THIS_PROCESS} {_name_in_this_process(function)}"


@functools.cache
def _name_in_this_process(function: Any) -> str:
    return os.urandom(8).hex()


def load(kernel: Kernel, arguments: Sequence[Any]) -> tuple[Entry | None, Any]:
    """(entry, None) of a kernel for arguments of these types; without the compiler, (None, plain function)."""
    if jit.JIT_DISABLED:
        return None, getattr(_module(kernel), kernel.name)
    return _load(kernel, arguments), None


@functools.cache
def callable_of(function: Any) -> Any:
    """A kernel that Python calls with arrays and numbers, and that returns a whole number."""
    if jit.JIT_DISABLED:
        return function

    def call(*arguments: Any) -> int:
        result, packed = np.zeros(1, np.int64), pack(arguments)
        _returning(function, arguments).call(result.ctypes.data, packed.ctypes.data)
        return int(result[0])

    return call


def bound(function: Any, arguments: Sequence[Any]) -> Callable[..., int]:
    """A compiled kernel with its arguments, compiled now; it is called with as many whole numbers as replace the first.

    It may run in one thread at a time.
    """
    entry, packed, result = _returning(function, arguments), pack(arguments), np.zeros(1, np.int64)
    addresses = result.ctypes.data, packed.ctypes.data

    def call(*first: int) -> int:
        packed[: len(first)] = first
        entry.call(*addresses)
        return int(result[0])

    call.keeps_alive = arguments  # type: ignore[attr-defined]
    return call


def _returning(function: Any, arguments: Sequence[Any]) -> Entry:
    """The entry through which Python calls a kernel."""
    entries = _entries_for_python(function)
    kinds = tuple((a.dtype, a.ndim) if isinstance(a, np.ndarray) else type(a) for a in arguments)
    if kinds not in entries:
        kernel = kernel_of(function)
        entries[kinds] = _load(kernel, arguments, returns=True)
    return entries[kinds]


@functools.cache
def _entries_for_python(function: Any) -> dict[Any, Entry]:
    return {}


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


def _kind_in_words(argument: Any) -> str:
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise TypeError(f"kernel arguments must be contiguous, got strides {argument.strides}")
        return f"{argument.dtype.name}*{argument.ndim}"
    return "float64" if isinstance(argument, float | np.floating) else "int64"


def plain_function(kernel: Kernel) -> Any:
    """The function of a kernel, of which `raised.in_python` makes one in Python."""
    return getattr(_module(kernel), kernel.name)


def compiled_anew(kernel: Kernel, arguments: Sequence[Any]) -> Any:
    """What `jit.entry` makes of a kernel, for tests that inspect the compiled code."""
    return _module(kernel, _entry(kernel, arguments)).call


def source_of_module(kernel: Kernel, arguments: Sequence[Any]) -> str:
    """The text of the module that is compiled for a kernel and arguments of these types."""
    return kernel.header + kernel.reached + _entry(kernel, arguments)


def _entry(kernel: Kernel, arguments: Sequence[Any], returns: bool = False) -> str:
    """The text after that of a kernel: the entry that unpacks its arguments and calls it."""
    kinds = textwrap.fill(" ".join(_kind_in_words(argument) for argument in arguments), 120)
    return _ENTRY.format(call=kernel.name, kinds=kinds, returns=", returns=True" if returns else "")


def _load(kernel: Kernel, arguments: Sequence[Any], returns: bool = False) -> Entry:
    """An entry, from this process, from disk, or compiled now."""
    known = kernel.text, kernel.name, returns, tuple(_kind(argument) for argument in arguments)
    with _loading:
        if known not in _entries:
            entry = _entry(kernel, arguments, returns)
            text = kernel.reached + entry
            key, path = _key(text), _path(text, ".code")
            _entries[known] = object_cache.read(path, key) or _compile_alone(path, key, kernel, entry)
        return _entries[known]


def _kind(argument: Any) -> Any:
    """A key of everything that the text of an entry depends on: much faster to compute than the text."""
    if isinstance(argument, np.ndarray):
        return argument.dtype.char, argument.ndim, argument.flags.c_contiguous
    return float if isinstance(argument, float | np.floating) else int


def _compile_alone(path: Path | None, key: str, kernel: Kernel, entry: str) -> Entry:
    """An entry compiled now, or loaded if another process compiled it in the meantime."""
    with cache_folder.alone(path):
        return object_cache.read(path, key) or interruptible(
            lambda: _prepared(path, key, kernel, entry) or _compile(path, key, kernel, entry)
        )


def _prepared(path: Path | None, key: str, kernel: Kernel, entry: str) -> Entry | None:
    """An entry that comes with the package as lowered, compiled from there; None if there is none."""
    of_lowered = lowered_key(kernel.reached + entry)
    lowered = prepared.find(of_lowered) if object_cache.is_used() else None
    if lowered is None:
        return None
    prepared.note(of_lowered, lowered)
    return object_cache.keep(path, key, lowered)


def _compile(path: Path | None, key: str, kernel: Kernel, entry: str) -> Entry:
    _announce()
    with _no_collection():
        try:
            compiled_now = _module(kernel, entry).call
        except Exception as error:
            if type(error).__module__.startswith("numba") or isinstance(error, NotImplementedError):
                raise DescriptionError(f"{kernel.of} cannot be compiled: {error}") from error
            raise
        if path is not None:
            prepared.note(lowered_key(kernel.reached + entry), compiled_now)
        made = object_cache.keep(path, key, compiled_now)
        assert made is not None
        return made


@functools.cache
def _announce() -> None:
    """Tell people at a terminal, once, why nothing else happens for some seconds."""
    if sys.stderr.isatty():
        print("spikelearn: compiling; machine code is kept for the next time", file=sys.stderr, flush=True)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Do not look for garbage meanwhile: compilers make so many objects that looking takes a seventh of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _key(text: str) -> str:
    """A hash of all that the machine code of a module depends on."""
    return hashlib.sha256((_compiler_fingerprint() + digest_by(text) + text).encode()).hexdigest()


def lowered_key(text: str) -> str:
    """The same of its code as it is lowered, which is that of all processors of a kind."""
    whole = object_cache.lowering_versions() + _own_sources() + digest_by(text) + text
    return hashlib.sha256(whole.encode()).hexdigest()


def _path(text: str, suffix: str) -> Path | None:
    """The file of a module in the cache, if there is one."""
    folder = None if _OF_THIS_PROCESS in text else _folder()
    return None if folder is None else folder / f"spikelearn_module_{_key(text)[:24]}{suffix}"


def _module(kernel: Kernel, entry: str = "") -> ModuleType:
    """A module with a header. Its file is for reading and tracebacks; the text is what runs.

    Functions of the same text are shared, so those that several kernels call are compiled once.
    """
    reached = kernel.reached
    text = reached + entry
    path = _path(text, ".py")
    known = path is not None and (
        (cache_folder.read(path) or b"").partition(b"\n")[2] == text.encode()
        or cache_folder.write(path, (kernel.header + text).encode())
    )
    module = ModuleType(f"spikelearn_module_{_key(text)[:24]}")
    module.__file__ = str(path) if known else f"<{module.__name__}>"
    if not (jit.JIT_DISABLED or object_cache.is_used()):
        sys.modules[module.__name__] = module  # Numba's own cache finds it by its name
    before = kernel.header + reached
    vars(module).update(kernel.injected)
    exec(compile(before, module.__file__, "exec"), vars(module))
    for name in functions_of(reached):
        setattr(module, name, _shared(reached_text(reached, name), getattr(module, name)))
    exec(compile("\n" * before.count("\n") + entry, module.__file__, "exec"), vars(module))
    return module


def _shared(reached: str, function: Any) -> Any:
    """The function that was made first of all that are made of this text."""
    if reached not in _functions:
        if len(_functions) == _FUNCTIONS_AT_ONCE:
            del _functions[next(iter(_functions))]
        _functions[reached] = function
    return _functions[reached]


@functools.cache
def _folder() -> Path | None:
    """The folder for generated modules and their machine code; without the compiler, one for modules alone."""
    base = cache_folder.location()
    return base / "disabled" if base is not None and jit.JIT_DISABLED else base


@functools.cache
def _compiler_fingerprint() -> str:
    """A hash of what every module's machine code depends on: versions, the processor, and what compiles."""
    versions = f"{sys.version_info} {np.__version__} {object_cache.versions()} {_own_sources()}"
    return hashlib.sha256(versions.encode()).hexdigest()


@functools.cache
def _own_sources() -> str:
    """The digests of the modules that compile."""
    return "".join(digest_of(f"spikelearn.{name}") for name in COMPILER)


@functools.cache
def sources_fingerprint() -> str:
    """A hash of every source that any generated module can reach, and of what its compilation depends on."""
    return hashlib.sha256((_compiler_fingerprint() + digest(all_sources())).encode()).hexdigest()


def compiled(function: Callable[..., Any]) -> Any:
    """A user's callback, compiled if it is not already."""
    if jit.JIT_DISABLED:
        return function
    return jit.checked(function) if hasattr(function, "py_func") else jit.callback(function)
