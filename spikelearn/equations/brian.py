"""Brian2, imported on first use (it takes a second) and prevented from changing the process around it."""

from __future__ import annotations

import functools
import logging
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from spikelearn.errors import DescriptionError


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the warnings of Brian2's dependencies, but not those of the code that it generates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(brian2|pyparsing|sympy|jinja2|Cython|setuptools)(\.|$)")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield


@contextmanager
def _signals_left_alone() -> Iterator[None]:
    """Let this thread install no handlers of signals, which only the main thread can; others do as before."""
    install, this_thread = signal.signal, threading.get_ident()

    def install_elsewhere(number: Any, handler: Any) -> Any:
        return signal.getsignal(number) if threading.get_ident() == this_thread else install(number, handler)

    signal.signal = install_elsewhere  # type: ignore[assignment]
    try:
        yield
    finally:
        signal.signal = install


@functools.cache
def import_brian2() -> ModuleType:
    """The brian2 module. On import it starts to log warnings and uncaught exceptions, and takes Ctrl-C over: neither is
    so here, unless the user has already imported it. Raises DescriptionError if it cannot be imported."""
    imported_by_user = "brian2" in sys.modules
    hook = sys.excepthook
    try:
        with quiet(), _signals_left_alone():
            import brian2
    except ImportError as error:
        why = f"Brian2, which this needs, cannot be imported ({error}): pip install brian2"
        raise DescriptionError(why) from error
    brian2.BrianLogger.suppress_name("unused_brian_object")
    if not imported_by_user:
        sys.excepthook = hook
        logging.captureWarnings(False)
        logging.getLogger("py.warnings").removeHandler(brian2.BrianLogger.console_handler)
    return brian2
