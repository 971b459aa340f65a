"""How the recordings of a run are found: by what was recorded and, if that was done in several ways, by name.

A recording is called (name of a population, variable), or (name of a population, "variable@name").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from spikelearn.errors import DescriptionError

T = TypeVar("T")
Key = tuple[str, str]


def plain(key: Key) -> Key:
    """The same without the name of the recording."""
    return key[0], key[1].partition("@")[0]


def keys_of(data: Mapping[Key, Any], name: str, what: str) -> list[Key]:
    """All recordings of a variable, or of a kind of event, of something."""
    return [key for key in data if key == (name, what) or plain(key) == (name, what)]


def is_recording(what: Any) -> bool:
    """Whether this is what `Network.record` returns."""
    return hasattr(what, "key")


def found_key(
    data: Mapping[Key, Any], of: Any, what: str | None, recording: Any, by_default: str,
    recorded_from: Callable[[Key], np.ndarray | None],
) -> tuple[Key, np.ndarray | None]:  # fmt: skip
    """The one recording that is asked for, and the neurons that are, None for all.

    of: what was recorded, its name, or a recording. recorded_from: the neurons of a recording, None for all.
    Raises DescriptionError if there is none, or if there are several.
    """
    if is_recording(of):
        of, what, recording = of.of, of.variable if what is None else what, of if recording is None else recording
    name, ids = name_and_ids(of)
    what = what if what is not None or not by_default else by_default
    if not isinstance(what, str):
        raise DescriptionError(f"{name!r}: expected the name of a variable or of a kind of event, got {what!r:.200}")
    keys = keys_of(data, name, what)
    if recording is not None:
        wanted = recording.key if is_recording(recording) else recording
        keys = [key for key in keys if wanted in (key[1], _name(key))]
    elif ids is not None and len(keys) > 1:
        keys = [key for key in keys if not len(missing(ids, recorded_from(key)))] or keys
        keys = [key for key in keys if np.array_equal(np.asarray(recorded_from(key)), ids)] or keys
    if len(keys) == 1:
        return keys[0], ids
    if not keys:
        known = ", ".join(f"{name} ({kind})" for name, kind in sorted(data)) or "nothing"
        by = "" if recording is None else f" by a recording {recording!r:.200}"
        raise DescriptionError(f"{what!r} of {name!r} was not recorded{by}; recorded: {known}")
    raise DescriptionError(
        f"{what!r} of {name!r} was recorded in {len(keys)} ways; expected recording= one of "
        f"{', '.join(repr(_name(key)) for key in keys)}, or run.only(...) for a function that takes a run"
    )


def only(data: Mapping[Key, T], chosen: Sequence[Key]) -> dict[Key, T]:
    """The recordings, of whose variables each chosen one is the only one, without its name."""
    alone = {plain(key) for key in chosen}
    kept = {key: found for key, found in data.items() if key in chosen or plain(key) not in alone}
    return {plain(key) if key in chosen else key: found for key, found in kept.items()}


def chosen_keys(
    events: Mapping[Key, Any], samples: Mapping[Key, Any], recordings: Sequence[Any]
) -> tuple[list[Key], list[Key]]:
    """Those of each that are meant by recordings, or by their names. Raises DescriptionError for unknown ones."""
    chosen: tuple[list[Key], list[Key]] = ([], [])
    for recording in recordings:
        keys = [[key for key in data if _is_called(key, recording)] for data in (events, samples)]
        if is_recording(recording):
            keys[int(recording.events)] = []
        if not any(keys):
            known = ", ".join(f"{_name(key)!r} of {key[0]}" for key in [*events, *samples]) or "none"
            raise DescriptionError(f"only: no recording {recording!r:.200} in this run; there are: {known}")
        for before, found in zip(chosen, keys, strict=True):
            if twice := {plain(key) for key in found} & {plain(key) for key in before}:
                name, what = twice.pop()
                raise DescriptionError(f"only: got two recordings of {what!r} of {name!r}, expected one")
            before += found
    return chosen


def _is_called(key: Key, recording: Any) -> bool:
    if is_recording(recording):
        return key == (recording.of.name, recording.key)
    return recording in (key[1], _name(key))


def called(what: str, plural: bool = False) -> str:
    """A variable or kind of event for people: "V_m@fine", "spikes (late)" of several events."""
    variable, _, name = what.partition("@")
    return f"{variable}s" + (f" ({name})" if name else "") if plural else what


def _name(key: Key) -> str:
    """The name of a recording; of the first of a variable, that of the variable."""
    return key[1].partition("@")[2] or key[1]


def name_and_ids(what: Any) -> tuple[str, np.ndarray | None]:
    """The name of a population, projection and so on, or of a view with the neurons in it; a name as it is."""
    if isinstance(what, str):
        return what, None
    if not hasattr(what, "name"):
        raise DescriptionError(
            f"expected a population, projection, view, modulator, signal or recording, or its name, got {what!r:.200}"
        )
    return what.name, getattr(what, "ids", None)


def missing(wanted: np.ndarray, recorded: np.ndarray | None) -> np.ndarray:
    """The neurons that were not recorded. recorded: None for all."""
    return wanted[:0] if recorded is None else wanted[~np.isin(wanted, recorded)]
