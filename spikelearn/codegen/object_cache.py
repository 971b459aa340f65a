"""Machine code on disk: an entry compiled by Numba, in one file that is loaded without Numba.

Files are written atomically and start with a hash of the rest: a damaged file is ignored, and a failed write has no
effect. Code that uses Numba's runtime (a callback that makes arrays) imports Numba when it is loaded; code that
contains addresses of this process is not stored.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import hashlib
import importlib.util
import json
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ENVIRONMENT = "NumbaEnv"
"""Occurs in names of variables that Numba sets per process: Python objects used by a function, e.g. to print."""
_DIGEST = 32
_SYMBOL = struct.Struct("<IBBHQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL_TABLE = 2


@dataclass(frozen=True)
class Entry:
    """Compiled `call(step, address of packed arguments)`. owner: kept alive as long as the code may be called."""

    address: int
    owner: Any

    @functools.cached_property
    def call(self) -> Any:
        """The entry as a Python function, which releases the GIL."""
        return ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(self.address)


def read(path: Path) -> Entry | None:
    """The entry stored in a file; None if it is missing, damaged, or needs something that this process lacks."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    rest = content[_DIGEST:]
    if hashlib.sha256(rest).digest() != content[:_DIGEST]:
        return None
    head, _, code = rest.partition(b"\n")
    return _loaded(json.loads(head)["name"], code)


def keep(path: Path, compiled: Any) -> Entry:
    """The entry of a numba.cfunc, written to a file if other processes can use it."""
    name = compiled.native_name
    # Numba has no public way to tell whether code contains addresses; if unknown, it is not stored.
    holds_addresses = getattr(getattr(compiled, "_library", None), "has_dynamic_globals", True)
    code = None if holds_addresses else _alone(compiled.inspect_llvm(), name)
    entry = None if code is None else _loaded(name, code)
    if code is None or entry is None:
        return Entry(compiled.address, compiled)
    content = json.dumps({"name": name}).encode() + b"\n" + code
    write_whole(path, hashlib.sha256(content).digest() + content)
    return entry


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically. If it cannot be written, there is none."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(content)
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process compiles the code for this file. If files cannot be written, do not wait."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        with suppress(OSError):
            path.with_suffix(".lock").unlink()
    finally:
        os.close(lock)


@functools.cache
def compilers() -> dict[str, str]:
    """The versions of Numba and llvmlite.

    Numba is not imported for that, nor importlib.metadata, which takes as long as all models: Numba's version is read
    from its file.
    """
    import llvmlite

    numba = importlib.util.find_spec("numba")
    assert numba is not None and numba.origin is not None
    file = Path(numba.origin).parent / "_version.py"
    found = re.search(r'"version": "([^"]+)"', file.read_text()) if file.exists() else None
    if found is None:
        from importlib.metadata import version

        return {"numba": version("numba"), "llvmlite": llvmlite.__version__}
    return {"numba": found[1], "llvmlite": llvmlite.__version__}


@functools.cache
def versions() -> str:
    """Everything that machine code depends on besides its source: processor, compilers and Numba's options."""
    import llvmlite.binding as llvm

    options = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    parts = [
        *compilers().values(),
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        *(each for each in options if not each.startswith(("NUMBA_NUM_THREADS=", "NUMBA_CACHE_DIR="))),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _alone(text: str, name: str) -> bytes | None:
    """Object code of one function and what it calls, from LLVM IR; None if it needs more than this text."""
    import llvmlite.binding as llvm

    if any(_ENVIRONMENT in line for line in text.splitlines() if not line.startswith("@")):
        return None
    machine = _machine()
    module = llvm.parse_assembly(text)
    for symbol in (*module.functions, *module.global_variables):
        if not symbol.is_declaration and symbol.name != name:
            symbol.linkage = "internal"
    options = llvm.PipelineTuningOptions(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)


def _loaded(name: str, code: bytes) -> Entry | None:
    import llvmlite.binding as llvm

    # The first engine registers the symbols of the process, so it must precede the query.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    missing = [symbol for symbol in undefined_symbols(code) if llvm.address_of_symbol(symbol) is None]
    if missing:
        _start_runtime_of_numba()
        if any(llvm.address_of_symbol(symbol) is None for symbol in missing):
            return None
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Entry(engine.get_function_address(name), engine)


def undefined_symbols(code: bytes) -> list[str]:
    """Undefined symbols of an ELF object (System V ABI, 64 bits). LLVM aborts the process if one is missing."""
    (first,) = struct.unpack_from("<Q", code, 40)
    size, number = struct.unpack_from("<HH", code, 58)
    sections = [_SECTION.unpack_from(code, first + k * size) for k in range(number)]
    found = []
    for _, kind, _, _, offset, length, link, *_ in sections:
        if kind == _SYMBOL_TABLE:
            names = sections[link][4]
            for at in range(offset, offset + length, _SYMBOL.size):
                name, _, _, section, _, _ = _SYMBOL.unpack_from(code, at)
                if name and section == 0:
                    found.append(code[names + name : code.index(b"\0", names + name)].decode())
    return found


def _start_runtime_of_numba() -> None:
    """Register what compiled code may call in Numba: memory for arrays, exceptions."""
    from numba.core.registry import cpu_target
    from numba.core.runtime.nrt import rtsys

    rtsys.initialize(cpu_target.target_context)


def _machine() -> Any:
    """The LLVM target machine. An engine takes ownership of it, so each needs its own."""
    target, options = _target()
    return target.create_target_machine(**options)


@functools.cache
def _target() -> tuple[Any, dict[str, Any]]:
    """The processor name and features that Numba passes to LLVM."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    reloc = "static" if target.name.startswith("x86") else "default"
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return target, {
        "cpu": cpu, "features": features, "opt": 3, "reloc": reloc, "codemodel": "jitdefault", "jit": True,
    }  # fmt: skip
