"""LLVM's part of a compilation: from the code of an entry as it was lowered to code that can be emitted.

Numba is not needed for it, so that entries which come with the package as lowered (prepared.py) take the same way.
"""

from __future__ import annotations

import functools
from typing import Any

from spikelearn.codegen import object_cache

_RUNTIME = "NRT_", "numba_"
"""Begin names of functions of Numba: where no array is made and no exception leaves, a second turn shows LLVM that."""
_USUAL_UNSWITCHED = 50
"""LLVM's own value: how many instructions a loop may have in which a condition that does not change is decided before
the loop. A large one costs a fifth of the compile time."""


def optimised(bitcode: bytes, unswitched: int | None, wide: bool) -> Any:
    """The LLVM module of an entry and all that it calls. unswitched: what the kernel wants in place of LLVM's value.
    wide: see `object_cache.machine`."""
    import llvmlite.binding as llvm

    set_limits()
    module = llvm.parse_bitcode(bitcode)
    module.verify()
    llvm.set_option("spikelearn", f"-unswitch-threshold={unswitched or _USUAL_UNSWITCHED}")
    _optimise(module, wide)
    if any(function.name.startswith(_RUNTIME) for function in module.functions):
        _optimise(module, wide)
    llvm.set_option("spikelearn", f"-unswitch-threshold={_USUAL_UNSWITCHED}")
    return module


@functools.cache
def set_limits() -> None:
    """Set LLVM's limits for vectors, for all that is compiled in this process.

    A loop vectorises only if no two of its arrays overlap, which is checked for each pair before it starts. LLVM's
    limit of 128 checks is reached with ten state variables; 512 allow twenty. What is left over from vectors of eight
    numbers is done in vectors of four, as LLVM does from 16 on: of 100 neurons, four took as long as 30 others.
    """
    import llvmlite.binding as llvm

    llvm.set_option("spikelearn", "-vectorize-memory-check-threshold=512")
    llvm.set_option("spikelearn", "-epilogue-vectorization-minimum-VF=8")


def _optimise(module: Any, wide: bool) -> None:
    """As Numba optimises a library: first everything is inlined and loops are rotated, then all passes once more."""
    import llvmlite.binding as llvm

    machine = object_cache.machine(wide)
    for first in (True, False):
        options = llvm.create_pipeline_tuning_options()
        options.speed_level, options.loop_vectorization, options.slp_vectorization = 3, True, False
        builder = llvm.create_pass_builder(machine, options)
        passes = builder.getModulePassManager()
        if first:
            passes.add_loop_rotate_pass()
            passes.add_instruction_combine_pass()
            passes.add_jump_threading_pass()
        passes.add_refprune_pass()
        passes.run(module, builder)
