"""Files that somebody gives us: only regular ones are opened, as a FIFO or a device can block for ever."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
from pathlib import Path
from typing import Any

_KINDS = {
    stat.S_IFDIR: "directory",
    stat.S_IFIFO: "FIFO",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


def check_regular(path: Path) -> os.stat_result:
    """The status of a file. Raises OSError if there is none, or if it is not a regular file; nothing is opened."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "special file")
        number = errno.EISDIR if kind == "directory" else errno.EINVAL
        raise OSError(number, f"a {kind}, expected a regular file", str(path))
    return found


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file for reading. Raises OSError, also if the path is that of a FIFO, a device or a directory."""
    before = check_regular(path)
    file = open(path, "rb", opener=_without_waiting)
    if not os.path.samestat(before, os.fstat(file.fileno())):
        file.close()
        raise OSError(errno.ESTALE, "replaced while it was opened", str(path))
    return file


def read_json(path: Path) -> Any:
    """What is in a JSON file. Raises OSError, and ValueError if it is not JSON, or nested too deeply to be read."""
    with open_regular(path) as file:
        return parse_json(file.read())


def parse_json(text: str | bytes) -> Any:
    """What a JSON text describes. Raises ValueError, also if it is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
