"""Ctrl-C: building and compiling end at once; a run ends after the current chunk of steps."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # without its enumerations, which take 10 us of a run
import contextvars
import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_PATIENCE = 0.1
"""Seconds after which the main thread looks for a signal, which may have been delivered to another thread."""


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """A list that is empty until Ctrl-C. An exception within a chunk would lose the step count.

    Only a handler that raises KeyboardInterrupt is replaced: another one that a host program has installed stays, and
    is called between chunks.
    """
    seen: list[int] = []
    if not raises_interrupts():
        yield seen
        return
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, handler)


def raises_interrupts() -> bool:
    """Whether this is the thread in which Ctrl-C raises KeyboardInterrupt.

    It does with Python's own handler, and with the one around it that Brian2 installs when it is imported.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    handler = signal.getsignal(signal.SIGINT)
    return getattr(handler, "previous_handler", handler) is signal.default_int_handler


def interruptible(work: Callable[[], T]) -> T:
    """The result of `work()`, which may spend seconds in compiled code that sees no signals, such as LLVM's.

    It runs in a thread, so that the main one can raise KeyboardInterrupt at once; the thread ends at its next line.
    """
    if not raises_interrupts():
        return work()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(_PATIENCE)
    except KeyboardInterrupt:
        if thread.ident is not None:
            ident, error = ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
        raise
    if errors:
        raise errors[0]
    return results[0]
