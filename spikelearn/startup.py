"""Ctrl-C while the command line is still being imported: an end without a traceback.

Only where the process is the command `spikelearn` or `python -m spikelearn`: whoever imports the package keeps his own
handlers. `spikelearn/__init__.py` imports this first. Nothing has been written yet, so the process can end at once.
"""

import os
import signal
import sys
import threading
from typing import Any

NAMES = ("spikelearn", "spikelearn.exe")


def _end(number: int, frame: Any) -> None:
    os.write(2, b"\nspikelearn: interrupted before anything was done\n")
    os._exit(130)


def is_command() -> bool:
    """Whether this process was started as `spikelearn`, or as `python -m spikelearn`."""
    if sys.argv[:1] == ["-m"]:  # so it is while runpy imports the package
        after = sys.orig_argv[1:]
        return "-m" in after and after[after.index("-m") + 1 :][:1] == ["spikelearn"]
    return bool(sys.argv) and os.path.basename(sys.argv[0]) in NAMES


def begin() -> None:
    """From now on Ctrl-C ends the process with 130, if it is the command and nobody handles Ctrl-C in another way."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual and is_command() and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _end)


def done() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


begin()
