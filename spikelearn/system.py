"""What differs between operating systems, in one place: processors, locks, processes, memory and limits.

Everything works on Linux. Elsewhere a function does what the system can do, and its docstring says what is missing.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from spikelearn.errors import ExperimentError
from spikelearn.extras import needed

WINDOWS = os.name == "nt"
_PROC = Path("/proc/self")
_FAR = 1 << 62
_AT_ONCE, _EXCLUSIVE = 1, 2
_LOCKED = (33, 997)
"""LOCKFILE_FAIL_IMMEDIATELY, LOCKFILE_EXCLUSIVE_LOCK; ERROR_LOCK_VIOLATION, ERROR_IO_PENDING."""


def cores() -> int:
    """The number of processors that this process may use; where that is unknown, of the machine."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed or the process ends, however it ends.

    Returns False if another process has locked it; True too where the system or the file system has no locks.
    """
    if WINDOWS:
        return _lock_far(descriptor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of filelock, where the system has no locks
        from filelock import lock_descriptor
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        return True


def _lock_far(descriptor: int) -> bool:
    """Lock a byte that no file has: Windows lets no other descriptor write what is locked, not here either.

    An OVERLAPPED of 64 bits is four numbers, of which the third is the place.
    """
    ctypes: Any = import_module("ctypes")
    handle = import_module("msvcrt").get_osfhandle(descriptor)
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    place = (ctypes.c_uint64 * 4)(0, 0, _FAR, 0)
    if kernel.LockFileEx(ctypes.c_void_p(handle), _EXCLUSIVE | _AT_ONCE, 0, 1, 0, ctypes.byref(place)):
        return True
    return ctypes.get_last_error() not in _LOCKED


def process_table() -> str:
    """What tells the processes of this machine from those of others: the host's name is not enough for containers."""
    found = [socket.gethostname()]
    with suppress(OSError):
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        found.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(found)


def started(pid: int) -> str:
    """When a process of this machine started, as pids are reused; "" if there is none."""
    with suppress(OSError):
        if (_PROC / "stat").exists():
            return _PROC.with_name(str(pid)).joinpath("stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        return _started_by_psutil(pid)
    return ""


def _started_by_psutil(pid: int) -> str:
    psutil = needed("psutil", "sweeps on this system")
    try:
        return str(round(psutil.Process(pid).create_time()))
    except psutil.Error:
        return ""


def total_memory() -> float:
    """The memory of this machine in bytes; inf where it is unknown."""
    with suppress(AttributeError, ValueError, OSError):
        return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    return math.inf


def peak_memory() -> float:
    """The most resident memory of this process since `forget_peak_memory`, in bytes; NaN where it is unknown."""
    if (found := _status("VmHWM")) is not None:
        return float(found)
    try:
        import resource
    except ImportError:
        return math.nan
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def forget_peak_memory() -> None:
    """Begin to measure the peak anew. Outside Linux it stays that of the whole life of the process."""
    with suppress(OSError):
        if _PROC.exists():
            (_PROC / "clear_refs").write_text("5", encoding="ascii")


def has_time_limits() -> bool:
    """Whether a timer can end a process, whatever it is doing: not on Windows."""
    return hasattr(signal, "setitimer") and hasattr(signal, "SIGALRM")


def check_time_limits() -> None:
    """Raise ExperimentError where no timer can end a process."""
    if not has_time_limits():
        raise ExperimentError(f"time limit: expected none, as this system ({sys.platform}) has no timers for processes")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """A block that ends the process by SIGALRM if it takes longer. Raises ExperimentError where there are no timers."""
    check_time_limits()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def check_memory_limits() -> None:
    """Raise ExperimentError where the memory of a process cannot be limited: only Linux counts all of it."""
    with suppress(ImportError):
        import resource

        if hasattr(resource, "RLIMIT_DATA") and _status("VmData") is not None:
            return
    raise ExperimentError(
        f"memory limit: expected none, as this system ({sys.platform}) cannot limit that of a process"
    )


@contextmanager
def memory_limit(n_bytes: int) -> Iterator[None]:
    """A block in which allocations raise MemoryError once the data of the process exceed n_bytes.

    Raises MemoryError if they do already, and ExperimentError where memory cannot be limited.
    """
    check_memory_limits()
    import resource

    if (taken := _status("VmData") or 0) >= n_bytes:
        raise MemoryError(f"the process uses {taken / 2**20:.0f} MB before it starts")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _status(name: str) -> int | None:
    """A field of Linux's /proc/self/status in bytes; None if there is none."""
    with suppress(OSError):
        for line in (_PROC / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    return None
