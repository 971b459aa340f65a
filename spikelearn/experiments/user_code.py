"""Errors in model files, which show the user's own line."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spikelearn.errors import ExperimentError, SpikelearnError


def place_of(error: BaseException, path: Path) -> str:
    """'PATH, line N (its text)' of the last line of a file that an error passed through, or 'PATH'."""
    whole = path.resolve()
    if isinstance(error, SyntaxError) and Path(str(error.filename)).resolve() == whole:
        return f"{path}, line {error.lineno} ({(error.text or '').strip()})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).resolve() == whole]
    return f"{path}, line {frames[-1].lineno} ({frames[-1].line})" if frames else str(path)


@contextmanager
def user_code(path: Path, what: str) -> Iterator[None]:
    """Context that executes code of a file: an error there becomes an ExperimentError with the line.

    what: such as "simulate". Errors of spikelearn, such as a SimulationError with the run so far, keep their type and
    get the line as a note. MemoryError, which limits raise, passes through.

    >>> from pathlib import Path
    >>> with user_code(Path("my_model.py"), "simulate"):
    ...     1 / 0
    Traceback (most recent call last):
        ...
    spikelearn.errors.ExperimentError: simulate of my_model.py: ZeroDivisionError: division by zero
    """
    try:
        yield
    except MemoryError:
        raise
    except SpikelearnError as error:
        error.add_note(f"{what} of {place_of(error, path)}")
        raise
    except Exception as error:
        raise ExperimentError(f"{what} of {place_of(error, path)}: {type(error).__name__}: {error}") from error
