"""Machine code on disk: an entry compiled by Numba, in one file that is loaded without Numba.

A file holds its own key, and starts with a hash of the rest: one that is damaged, or stands under another name, is
ignored. Code that uses Numba's runtime (a callback that makes arrays) imports Numba when it is loaded; code that
contains addresses of this process is not stored. Only ELF objects are: of other formats it cannot be checked what they
need, and LLVM ends the process if that is missing. There `jit.entry` uses Numba's own cache.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import json
import os
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikelearn.codegen import cache_folder

_DIGEST = 32
_ELF = b"\x7fELF\x02\x01"
"""How an ELF object of 64 bits, little-endian, begins: `undefined_symbols` reads no other."""
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


def read(path: Path | None, key: str) -> Entry | None:
    """The entry stored in a file; None if it is missing, damaged, of another key, or needs what this process lacks."""
    content = cache_folder.read(path) or b""
    rest = content[_DIGEST:]
    if not content or hashlib.sha256(rest).digest() != content[:_DIGEST]:
        return None
    head, _, code = rest.partition(b"\n")
    about = json.loads(head)
    return _loaded(about["name"], code) if about["key"] == key else None


@functools.cache
def is_used() -> bool:
    """Whether this system has objects that can be checked before they are loaded: ELF, 64 bits, little-endian."""
    import llvmlite.binding as llvm

    return llvm.get_object_format() == "ELF" and struct.calcsize("P") == 8 and sys.byteorder == "little"


def keep(path: Path | None, key: str, compiled: Any) -> Entry | None:
    """The entry of what `jit.entry` returns, written to a file if other processes can use it.

    key: hash of all that the code depends on, which the name of the file holds only a part of. None only for an entry
    that came with the package (prepared.py), if it needs what this process lacks.
    """
    module = compiled.module() if hasattr(compiled, "module") else None
    if module is None:
        return Entry(compiled.address, compiled)
    code = machine().emit_object(module)
    entry = _loaded(compiled.native_name, code)
    if entry is None:
        return Entry(compiled.address, compiled) if hasattr(compiled, "address") else None
    if path is not None:
        content = json.dumps({"name": compiled.native_name, "key": key}).encode() + b"\n" + code
        cache_folder.write(path, hashlib.sha256(content).digest() + content)
    return entry


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
    found = re.search(r'"version": "([^"]+)"', file.read_text(encoding="utf-8")) if file.exists() else None
    if found is None:
        from importlib.metadata import version

        return {"numba": version("numba"), "llvmlite": llvmlite.__version__}
    return {"numba": found[1], "llvmlite": llvmlite.__version__}


@functools.cache
def versions() -> str:
    """Everything that machine code depends on besides its source: processor, compilers and Numba's options."""
    import llvmlite.binding as llvm

    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return hashlib.sha256("\n".join([lowering_versions(), *processor]).encode()).hexdigest()


@functools.cache
def lowering_versions() -> str:
    """The same for code that is lowered and not yet optimised: compilers, the kind of processor and Numba's options."""
    import llvmlite.binding as llvm

    options = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    parts = [
        *compilers().values(),
        str(llvm.llvm_version_info),
        llvm.get_process_triple(),
        *(each for each in options if not each.startswith(("NUMBA_NUM_THREADS=", "NUMBA_CACHE_DIR="))),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _loaded(name: str, code: bytes) -> Entry | None:
    import llvmlite.binding as llvm

    if not code.startswith(_ELF):
        return None
    # The first engine registers the symbols of the process, so it must precede the query.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    missing = [symbol for symbol in undefined_symbols(code) if llvm.address_of_symbol(symbol) is None]
    if missing:
        _start_runtime_of_numba()
        if any(llvm.address_of_symbol(symbol) is None for symbol in missing):
            return None
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address = engine.get_function_address(name)
    return Entry(address, engine) if address else None


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


def machine(wide: bool = False) -> Any:
    """An LLVM target machine. An engine takes ownership of it, so each needs its own.

    wide: it makes vectors of 512 bits, if it can, also where LLVM prefers half of that.
    """
    target, options = _target()
    narrow = ",-prefer-256-bit" if wide and "+avx512f" in options["features"] else ""
    return target.create_target_machine(**{**options, "features": options["features"] + narrow})


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
