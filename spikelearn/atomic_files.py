"""Files that are replaced as a whole: a reader finds the old file or the complete new one, whatever ends the writer."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spikelearn import system

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FLAGS = os.O_WRONLY | os.O_CREAT | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
"""Not all of these are known to Windows."""


@contextmanager
def replacing(path: Path, wait_s: float = 0.0, durable: bool = False) -> Iterator[Path]:
    """The path of an empty file in the same folder, which replaces `path` when the block ends.

    If the block raises, the file is removed and `path` stays as it was. The file always has the same name, so that one
    left by a killed process is reused; a lock, released when its process ends, prevents two processes from writing it
    at once. wait_s: how long to wait for that other process. durable: the new file is on disk before the old one goes,
    so that neither is lost in a power failure; this takes some 10 ms. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.partial")
    descriptor = _locked(temporary, wait_s)
    try:
        os.ftruncate(descriptor, 0)
        yield temporary
        if durable:
            os.fsync(descriptor)
        if system.WINDOWS:  # which renames no open file
            os.close(descriptor)
            descriptor = -1
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    finally:
        with suppress(OSError):
            os.close(descriptor)
    if durable and not system.WINDOWS:  # which opens no folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def reason(error: BaseException, folder: Path) -> str:
    """Why a file in `folder` could not be written, in words; for a full disk with the free space."""
    if isinstance(error, OSError) and error.errno is not None:
        text = error.strerror or str(error)
        return text + (free_space(folder) if error.errno in _NO_SPACE else "")
    return f"{type(error).__name__}: {error}"


def free_space(folder: Path) -> str:
    """The end of a message: how much space is left on the disk of a folder; "" if that cannot be known."""
    import shutil  # with three libraries for compression

    with suppress(OSError):
        return f"; {shutil.disk_usage(folder).free / 1e6:,.1f} MB free"
    return ""


def _locked(path: Path, wait_s: float) -> int:
    """The descriptor of a file that no other process is writing; links are not followed."""
    until = time.monotonic() + wait_s
    while True:
        descriptor = os.open(path, _FLAGS, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", str(path))
            if system.lock(descriptor) and _is_at(path, descriptor):
                return descriptor
            if time.monotonic() > until and _is_at(path, descriptor):
                raise BlockingIOError(errno.EAGAIN, "another process is writing it now", str(path))
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if wait_s:
            time.sleep(0.02)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file still has its name: another process may have just renamed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
