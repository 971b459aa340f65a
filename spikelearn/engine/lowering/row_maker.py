"""What makes the rows of a projection: the function of its rule, compiled, with its numbers and room for one row."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, callable_of, import_line, kernel_for
from spikelearn.codegen.template import render
from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Call
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect


class RowMaker:
    """Makes the rows of one projection, one after the other, for kernels that call it by its address.

    by_event: it makes the synapses of one source at an event, with their counters, whatever the rule's own rows are.
    """

    def __init__(self, projection: Projection, seed: int, by_event: bool = False) -> None:
        rule, rows = projection.rule, projection.rows
        by_source = rule.by_source or by_event
        n_rows, n_partners = projection.n_rows, projection.n_partners
        if by_event:
            n_rows, n_partners = projection.source_size, projection.target_size
        self.where = f"projection {projection.name!r}: connection rule {rule.name}"
        self.degrees = _EMPTY if rows.degrees is None else rows.degrees
        self.owners = _EMPTY if rows.owners is None else rows.owners
        turned = by_event and not rule.by_source
        room = n_partners if turned else projection.row_width if rows.degrees is None else self.degrees.max(initial=0)
        # One more: a row that is written without a branch, and counted if it is one, touches it.
        self.partners = np.empty(room + 1, np.int64)
        self.made = np.zeros(1, np.int64)
        counted = by_event and not (projection.weight.constant and projection.axonal.constant)
        self.counters, self.flats = np.empty((2, len(self.partners) if counted else 0), np.int64)
        self.call = Call(
            f"make rows of {projection.name}",
            _kernel(rule.name, rule.row, rule.rank if turned else None),
            n_rows=n_rows,
            n_partners=n_partners,
            own_offset=projection.autapse_shift if by_source else -projection.autapse_shift,
            seed=seed,
            uid=projection.uid,
            width=projection.row_width,
            degrees=self.degrees,
            pairs=projection.pairs,
            numbers=rows.numbers,
            seen=np.zeros(max(1, n_partners), np.int64),
            stamp=np.zeros(1, np.int64),
            partners=self.partners,
            made=self.made,
            counters=self.counters,
            flats=self.flats,
        )

    @property
    def arguments(self) -> tuple[Any, ...]:
        """For kernels: how to make a row, how many partners it then has, and which."""
        if self.call.entry is None:
            return self.call.function, self.call.arguments, self.made, self.partners
        return self.call.address, self.call.packed.ctypes.data, self.made, self.partners

    def run(self, kernel: Any, *arguments: Any) -> int:
        """The number of synapses that a kernel returns. Raises DescriptionError if a row cannot be what it should."""
        with np.errstate(over="ignore"):
            total = int(callable_of(kernel)(*arguments))
        if total == connect.WRONG_ROW:
            raise DescriptionError(
                f"{self.where} made a row with too many partners, with some that are out of range, or with other "
                "numbers of them than its degrees"
            )
        return total


@functools.cache
def _kernel(name: str, row: Any, rank: Any) -> Kernel:
    """The Kernel that makes rows. What a user's rule makes is looked at before it is used."""
    checked = bool(import_line(row, "make_row")[1])
    text = render("row", checked=checked, by_rank=rank is not None)
    return kernel_for(f"Rows of {name}", text, {"make_row": row, "rank": rank})


_EMPTY = np.zeros(0, np.int64)
