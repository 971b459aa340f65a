"""What is done to neurons at the start of steps, such as Brian2's run_regularly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.jit import scalar


@dataclass(frozen=True, eq=False)
class Regularly:
    """Something done at the start of every `every`-th step, the first included, to neurons `first` to `last` - 1.

    function: function(*state, *drawn, *reads, *constants) -> state, with the names of the model; those of random
    numbers are drawn_0, drawn_1 and so on. drawn: "uniform" or "normal" for each, or "uniform for all" and "normal for
    all" for a number that is the same for all neurons.
    """

    function: Callable[..., Any]
    every: int
    first: int
    last: int
    drawn: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "function", scalar(self.function))
