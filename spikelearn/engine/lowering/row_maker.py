"""Generation of the synapses of a projection for kernels: rows by its connection rule, and values by distance."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spikelearn.codegen.modules import Kernel, callable_of, import_line, kernel_for
from spikelearn.codegen.raised import caught, described
from spikelearn.codegen.template import render
from spikelearn.description.distributions import Drawn
from spikelearn.description.projection import Projection
from spikelearn.engine.plan import Call
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect
from spikelearn.kernels.random import DELAY_STREAM, STREAMS, WEIGHT_STREAM

_EMPTY = np.zeros(0, np.int64)
_DRAWN: Mapping[str, Callable[[Projection], tuple[Drawn, int]]] = {
    "weight": lambda projection: (projection.weight, WEIGHT_STREAM),
    "delay": lambda projection: (projection.axonal, DELAY_STREAM),
}


class RowMaker:
    """Makes the rows of one projection, one after the other, for kernels that call it by address.

    by_event: make the synapses of one source at an event, with their counters, whatever the rule's rows are.
    """

    def __init__(self, projection: Projection, seed: int, by_event: bool = False) -> None:
        rule, rows = projection.rule, projection.rows
        by_source = rule.by_source or by_event
        n_rows, n_partners = projection.n_rows, projection.n_partners
        if by_event:
            n_rows, n_partners = projection.source_size, projection.target_size
        self.projection = projection
        self.degrees = _EMPTY if rows.degrees is None else rows.degrees
        self.owners = _EMPTY if rows.owners is None else rows.owners
        turned = by_event and not rule.by_source
        room = n_partners if turned else projection.row_width if rows.degrees is None else self.degrees.max(initial=0)
        # One more: branch-free writing touches one element beyond the row.
        self.partners = np.zeros(room + 1, np.int64)
        self.made = np.zeros(1, np.int64)
        self._wrong = np.zeros(1, np.int64)
        self._seed = seed
        self._checked: list[tuple[str, Drawn, np.ndarray]] = []
        drawn = projection.weight, projection.axonal
        counted = turned and not all(each.constant for each in drawn)
        listed = by_event and any(each.values is not None for each in drawn)
        self.counters = np.zeros(len(self.partners) if counted else 0, np.int64)
        self.flats = np.zeros(len(self.partners) if listed else 0, np.int64)
        self.call = Call(
            f"make rows of {projection.name}",
            _row_kernel(rule.name, rule.row, rule.rank if turned else None, rows.function),
            n_rows=n_rows,
            n_partners=n_partners,
            own_offset=projection.autapse_shift if by_source else -projection.autapse_shift,
            owns=_EMPTY if rows.own is None else rows.own,
            seed=seed,
            uid=projection.uid,
            width=projection.row_width,
            degrees=self.degrees,
            pairs=projection.pairs,
            numbers=rows.numbers,
            seen=np.zeros(max(1, n_partners), np.int64),
            stamp=np.zeros(1, np.int64),
            scratch=np.zeros(max(1, n_partners)),
            partners=self.partners,
            made=self.made,
            counters=self.counters,
            flats=self.flats,
        )
        self.calls = [self.call]
        """Everything that kernels call by address, to be kept alive with them."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """For kernels: how to make a row, and its resulting number of partners and their indices."""
        return *_address(self.call), self.made, self.partners

    def values(
        self, what: str, sources: np.ndarray, targets: np.ndarray, counters: np.ndarray, result: np.ndarray
    ) -> tuple[Any, ...]:
        """For kernels: how to draw each "weight" or "delay" of synapses with these ends and counters into `result`, as
        connect.draw_row."""
        drawn, stream = _DRAWN[what](self.projection)
        if drawn.function is not None:
            call = self._from_text(what, drawn, stream, sources, targets, counters, result)
            return *drawn.arguments, *_address(call)
        if drawn.profile is None:
            return *drawn.arguments, *_address(None)
        call = Call(
            f"values by distance of {self.projection.name}",
            _value_kernel(drawn.profile.value),
            numbers=drawn.profile.numbers,
            low=drawn.low,
            high=drawn.high,
            space=self.projection.space,
            sources=sources,
            targets=targets,
            drawn=result,
            wrong=self._wrong,
        )
        self.calls.append(call)
        return *drawn.arguments, *_address(call)

    def _from_text(
        self, what: str, drawn: Drawn, stream: int, sources: np.ndarray, targets: np.ndarray, counters: np.ndarray,
        result: np.ndarray,
    ) -> Call:  # fmt: skip
        """The Call that computes values from text."""
        function, wrong = drawn.function, np.zeros(3, np.int64)
        assert function is not None
        call = Call(
            f"{what}s of {self.projection.name}", _pair_kernel(function.value), numbers=function.numbers, low=drawn.low,
            high=drawn.high, space=function.space, seed=self._seed, key=self.projection.uid * STREAMS + stream,
            sources=sources, targets=targets, counters=counters, drawn=result, wrong=wrong,
        )  # fmt: skip
        self.calls.append(call)
        self._checked.append((what, drawn, wrong))
        return call

    def _check_values(self) -> None:
        """Raise DescriptionError for a synapse for which a text gives no weight or delay that it may have."""
        for what, drawn, (wrong, i, j) in self._checked:
            if wrong:
                assert drawn.function is not None
                limits = f" from {drawn.low:g} to {drawn.high:g}" if np.isfinite([drawn.low, drawn.high]).any() else ""
                raise DescriptionError(
                    f"{what} of projection {self.projection.name!r}: expected finite numbers{limits}, but "
                    f"{drawn.function.expression.text!r} gives none for i = {i}, j = {j}"
                )

    def run(self, kernel: Any, *arguments: Any) -> int:
        """The number of synapses returned by a kernel. Raises DescriptionError if rows or values are invalid."""
        found: list[BaseException] = []
        where = f"projection {self.projection.name!r}"
        try:
            with np.errstate(over="ignore"), caught(found):
                total = int(callable_of(kernel)(*arguments))
        except Exception as error:  # without the compiler
            if type(error).__module__.startswith("spikelearn"):
                raise
            found.append(error)
        if found:
            raise DescriptionError(
                f"{where}: connection rule {self.projection.rule.name} raised {described(found[0])}"
            ) from found[0]
        if total == connect.WRONG_ROW:
            rule = self.projection.rule
            raise DescriptionError(f"{where}: connection rule {rule.name} {rule.complaint}")
        self._check_values()
        if self._wrong[0]:
            raise DescriptionError(f"{where}: a weight or delay by distance is not a number, or infinite")
        return total


def _address(call: Call | None) -> tuple[Any, Any]:
    """The arguments of `invoke`; zeros if there is nothing to call."""
    if call is None:
        return 0, 0
    return (call.function, call.arguments) if call.entry is None else (call.address, call.packed.ctypes.data)


@functools.cache
def _row_kernel(name: str, row: Any, rank: Any, value: Any) -> Kernel:
    """The Kernel that makes rows. Rows of a user's rule are checked before use."""
    checked = bool(import_line(row, "make_row")[1])
    text = render("row", checked=checked, by_rank=rank is not None, with_value=value is not None)
    return kernel_for(f"Rows of {name}", text, {"make_row": row, "rank": rank, "value": value})


@functools.cache
def _pair_kernel(value: Any) -> Kernel:
    """The Kernel that sets synapses to the values of a function of pairs."""
    return kernel_for("Values from text", render("pair_values"), {"value": value})


@functools.cache
def _value_kernel(value: Any) -> Kernel:
    """The Kernel that sets synapses to the values of a profile."""
    guarded = bool(import_line(value, "value")[1])
    return kernel_for("Values by distance", render("values", guarded=guarded), {"value": value})
