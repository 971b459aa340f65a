"""The MPI processes (ranks) that run one network together: what each holds is gathered, what fails in one ends all.

NEST's own calls wait for all ranks. So that none waits for ever, all ranks meet before each of them, and one that has
ended, or has failed, is reported instead. A process that is alone pays nothing for it.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ExperimentError, SimulationError
from spikelearn.extras import needed
from spikelearn.warn import warn

_ENDED = 1
"""Tag of the message by which a rank tells the others that its script is over."""
_PATIENCE_S = 10.0
"""How long a rank that has failed waits for the others before it ends them: they may wait for it inside NEST."""
_STARTED = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS")
"""Environment variables of mpirun with the number of processes that it started."""


class Ranks:
    """number: how many ranks there are."""

    def __init__(self, nest: Any) -> None:
        self.number = int(nest.num_processes)
        self._mpi = _communicator() if self.number > 1 else None
        if self._mpi is None:
            _warn_if_started_without_mpi(nest)

    def threads(self, each: int, together: int | None) -> int:
        """The number of threads in each rank: `each`, unless it is given how many there are together.

        Raises DescriptionError if they cannot be divided.
        """
        if together is not None and together % self.number:
            raise DescriptionError(
                f"virtual_processes of NEST: expected a multiple of the {self.number} MPI processes, got {together}"
            )
        return each if together is None else together // self.number

    def gathered(self, arrays: Mapping[str, np.ndarray], what: str) -> dict[str, np.ndarray]:
        """(n,) arrays of all ranks, one after the other, in each of them. All ranks must call it."""
        if self._mpi is None:
            return dict(arrays)
        self.meet(what)
        return {name: _gathered(self._mpi[0], np.ascontiguousarray(array)) for name, array in arrays.items()}

    def total(self, number: int, what: str) -> int:
        """The sum of a number over all ranks, in each of them. All ranks must call it."""
        if self._mpi is None:
            return number
        self.meet(what)
        return int(self._mpi[0].allreduce(number))

    def check_alike(self, value: Any, what: str) -> None:
        """Raise DescriptionError in all ranks if a value is not the same in all."""
        if self._mpi is None:
            return
        self.meet(what)
        found = self._mpi[0].allgather(value)
        for rank, other in enumerate(found):
            if other != found[0]:
                values = f": {found[0]} and {other}" if isinstance(value, int | float) else ""
                raise DescriptionError(f"{what} differs between MPI processes 0 and {rank}{values}; all run one script")

    def meet(self, what: str) -> None:
        """Wait for all ranks. Ends all if one of them has ended its script and will not come."""
        if self._mpi is not None:
            self._wait(what, None)

    @contextmanager
    def together(self, what: str) -> Iterator[None]:
        """A block that all ranks run: if it raises in one, it raises in all, or all are ended."""
        if self._mpi is None:
            yield
            return
        comm, _ = self._mpi
        self.meet(what)
        try:
            yield
        except BaseException as error:
            self._wait(what, error)
            comm.allgather(f"{type(error).__name__}: {error}")
            raise
        self._wait(what, None)
        for rank, complaint in enumerate(comm.allgather("")):
            if complaint:
                raise SimulationError(f"{what} failed in MPI process {rank}: {complaint}")

    def _wait(self, what: str, failure: BaseException | None) -> None:
        assert self._mpi is not None
        comm, mpi = self._mpi
        arrived, since = comm.Ibarrier(), time.monotonic()
        while not arrived.Test():
            if comm.Iprobe(source=mpi.ANY_SOURCE, tag=_ENDED):
                _end(
                    comm,
                    f"waits for the others ({what}), and the script of one has ended: all have to ask for the same",
                )
            if failure is not None and time.monotonic() > since + _PATIENCE_S:
                traceback.print_exception(failure)
                _end(comm, f"has failed ({what}), and the others do not come, as they wait for it inside NEST")
            time.sleep(0.0005)


def _gathered(comm: Any, array: np.ndarray) -> np.ndarray:
    counts = comm.allgather(array.nbytes)
    found = np.empty(sum(counts) // array.itemsize, array.dtype)
    # In pieces: MPI counts bytes in 32 bits.
    views = np.split(found.view(np.uint8), np.cumsum(counts)[:-1])
    mine = array.view(np.uint8)
    for rank, view in enumerate(views):
        for first in range(0, len(view), 1 << 30):
            part = view[first : first + (1 << 30)]
            if rank == comm.rank:
                part[:] = mine[first : first + (1 << 30)]
            comm.Bcast(part, root=rank)
    return found


@functools.cache
def _communicator() -> tuple[Any, Any]:
    """A communicator of our own, and the module MPI; from now on no rank is waited for after it has ended."""
    try:
        mpi = needed("mpi4py.MPI", "networks on several MPI processes", "mpi")
    except ExperimentError as error:
        raise DescriptionError(str(error)) from error
    comm = mpi.COMM_WORLD.Dup()
    atexit.register(_say_goodbye, comm)
    before = sys.excepthook

    def end_all(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        before(kind, error, where)
        _end(comm, f"has failed ({kind.__name__})")

    sys.excepthook = end_all
    return comm, mpi


def _end(comm: Any, why: str) -> None:
    """End all ranks."""
    print(f"spikelearn: MPI process {comm.rank} {why}; all {comm.size} end", file=sys.stderr, flush=True)
    comm.Abort(1)


def _say_goodbye(comm: Any) -> None:
    """Tell all others that this rank comes to no more meetings, and wait until they have ended, too."""
    others = [rank for rank in range(comm.size) if rank != comm.rank]
    sent = [comm.isend(None, dest=rank, tag=_ENDED) for rank in others]
    for rank in others:
        while not comm.Iprobe(source=rank, tag=_ENDED):
            time.sleep(0.001)
        comm.recv(source=rank, tag=_ENDED)
    for request in sent:
        request.wait()


def _warn_if_started_without_mpi(nest: Any) -> None:
    started = max((int(os.environ.get(name, "1") or 1) for name in _STARTED), default=1)
    if started > 1 and not nest.build_info["have_mpi"]:
        warn(
            f"this is one of {started} processes of mpirun, but NEST has no MPI here: each simulates the whole network"
        )
