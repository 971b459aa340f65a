"""The networks in a NEST that was compiled for this processor: those of in_nest.py, in an interpreter that has it."""

from benchmarks.in_nest import FAMILIES, memory, run, start_up

__all__ = ["FAMILIES", "memory", "run", "start_up"]
