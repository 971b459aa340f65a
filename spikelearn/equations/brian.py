"""Brian2, imported when it is first needed (it takes a second), and kept from changing the process around it."""

from __future__ import annotations

import functools
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def quiet() -> Iterator[None]:
    """The deprecation warnings of Brian2's dependencies are not the user's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@functools.cache
def import_brian2() -> ModuleType:
    """Brian2. It logs warnings and uncaught exceptions when it is imported: both are given back, unless the user has
    imported it already."""
    imported_by_user = "brian2" in sys.modules
    hook = sys.excepthook
    with quiet():
        import brian2
    if not imported_by_user:
        sys.excepthook = hook
        logging.captureWarnings(False)
        logging.getLogger("py.warnings").removeHandler(brian2.BrianLogger.console_handler)
    return brian2
