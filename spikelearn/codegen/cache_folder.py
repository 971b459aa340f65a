"""The folder of generated modules and their machine code, and how its files are read and written.

Machine code runs as it is, so only what this user, or root, has written is read: the folder must be closed to the
writing of others, and each file is checked by its open descriptor. Nothing here raises if a folder or file cannot be
used: what is not found is compiled.
"""

from __future__ import annotations

import functools
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spikelearn import system
from spikelearn.errors import ParameterError
from spikelearn.warn import warn

VARIABLE = "SPIKELEARN_CACHE"
_REMEDY = f"make a folder of your own with mode 0700, and name it in the environment variable {VARIABLE}"
_OF_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_SAFELY = sum(getattr(os, flag, 0) for flag in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
"""A link is not followed, and a FIFO not waited for."""
_MOST_BYTES = 1 << 28
_ABANDONED_S = 3600.0
_PATIENCE_S = 60.0
"""How long to wait for another process to compile the same: one that is stopped must not stop others."""


def location() -> Path | None:
    """$SPIKELEARN_CACHE, or `spikelearn` in the user's cache folder; None if the user has no home.

    Raises ParameterError if $SPIKELEARN_CACHE is a relative path: the folder would depend on where a process starts.
    """
    if wanted := os.environ.get(VARIABLE):
        if not os.path.isabs(wanted):
            raise ParameterError(f"environment variable {VARIABLE}: expected an absolute path, got {wanted!r}")
        return Path(wanted)
    # The XDG Base Directory Specification says that relative paths are to be ignored.
    caches = os.environ.get("LOCALAPPDATA" if system.WINDOWS else "XDG_CACHE_HOME", "")
    if os.path.isabs(caches):
        return Path(caches) / "spikelearn"
    home = _home()
    return Path(home) / ".cache" / "spikelearn" if os.path.isabs(home) else None


def _home() -> str:
    """$HOME, or what the database of users says; "" if there is neither."""
    if system.WINDOWS or os.path.isabs(os.environ.get("HOME", "")):
        return os.path.expanduser("~")
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError):
        return ""


def read(path: Path | None) -> bytes | None:
    """The content of a file that this user or root wrote; None if there is none, or others could have written it."""
    if path is None or not _is_trusted(path.parent):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError:
        return None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_BYTES or _fault(state):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError:
        return None
    finally:
        os.close(descriptor)


def write(path: Path | None, content: bytes) -> bool:
    """Write a file atomically, which only this user can read. Returns False if it cannot be written."""
    if path is None:
        return False
    import tempfile

    with suppress(OSError):
        _make(path.parent)
        if not _is_trusted(path.parent):
            return False
        _remove_abandoned(path.parent)
        descriptor, temporary = tempfile.mkstemp(".tmp", f"{path.name}.", path.parent)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
            return True
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    return False


@contextmanager
def alone(path: Path | None) -> Iterator[None]:
    """Wait until no other process compiles the code for this file. If files cannot be written, do not wait."""
    descriptor, name = None, None if path is None else path.with_suffix(".lock")
    with suppress(OSError):
        if name is not None:
            _make(name.parent)
            if _is_trusted(name.parent):
                descriptor = os.open(name, os.O_RDWR | os.O_CREAT | _SAFELY, 0o600)
    if name is None or descriptor is None:
        yield
        return
    try:
        until = time.monotonic() + _PATIENCE_S
        while not system.lock(descriptor) and time.monotonic() < until:
            time.sleep(0.02)
        yield
    finally:
        with suppress(OSError):
            name.unlink()
        os.close(descriptor)


def _make(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user only."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        with suppress(FileExistsError):
            missing.mkdir(0o700)


def _is_trusted(folder: Path) -> bool:
    """Whether only this user and root can write to a folder. Warns once if others can."""
    try:
        state = os.lstat(folder)
    except OSError:
        return False
    if stat.S_ISLNK(state.st_mode):
        fault = "is a symbolic link"
    elif not (fault := _fault(state)):
        return True
    _warn(f"{folder} {fault}: it is not used as a cache, and models are compiled anew in every process; {_REMEDY}")
    return False


def _fault(state: os.stat_result) -> str:
    """What speaks against running code from a file or folder; "" if nothing does.

    On Windows files have no such owners and modes: the folder is in the user's profile, which is closed to others.
    """
    if not hasattr(os, "geteuid"):
        return ""
    if state.st_uid not in (os.geteuid(), 0):
        return f"belongs to another user ({state.st_uid})"
    if state.st_mode & _OF_OTHERS:
        return f"can be written by other users (mode {stat.S_IMODE(state.st_mode):04o})"
    return ""


@functools.cache
def _warn(message: str) -> None:
    warn(message)


@functools.cache
def _remove_abandoned(folder: Path) -> None:
    """Remove what killed processes left: no living one takes an hour."""
    for pattern in ("spikelearn_module_*.tmp", "spikelearn_module_*.lock"):
        for left in folder.glob(pattern):
            with suppress(OSError):
                if left.lstat().st_mtime < time.time() - _ABANDONED_S:
                    left.unlink()
