"""The version of spikelearn, its commit and code, and the versions of what a run depends on."""

from __future__ import annotations

import functools
import hashlib
import platform
import subprocess
from pathlib import Path

import numpy as np

from spikelearn.codegen.object_cache import compilers

VERSION = "0.1.0"
_PACKAGE = Path(__file__).resolve().parent


def versions() -> dict[str, str]:
    """Versions that a run depends on, with the commit where spikelearn runs from a checkout."""
    of = commit()
    return {
        "spikelearn": VERSION,
        **({"commit": of} if of else {}),
        "python": platform.python_version(),
        "numpy": np.__version__,
        **compilers(),
    }


@functools.cache
def commit() -> str | None:
    """The last commit of this checkout that changed more than docs/, tests/ and prose; None outside a checkout.

    It has a plus sign if tracked files differ from it. What is measured ends in docs/; neither that nor a test changes
    what a later measurement gives.
    """
    root = _PACKAGE.parent
    if not (root / ".git").exists():
        return None
    git = ["git", "--no-optional-locks", "-C", str(root)]
    without = [f":(exclude,glob){pattern}" for pattern in ("docs/**", "tests/**", "**/*.md")]
    log, status = ("log", "-1", "--abbrev=9", "--format=%h"), ("status", "--porcelain", "--untracked-files=no")
    try:
        found, changed = (
            subprocess.run(
                [*git, *words, "--", ".", *without], capture_output=True, text=True, check=True, timeout=10.0
            ).stdout.strip()
            for words in (log, status)
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found + ("+" if changed else "") or None


@functools.cache
def code_digest() -> str:
    """A hash of all source files of the package."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{path.relative_to(_PACKAGE).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
