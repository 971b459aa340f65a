"""Methods that add something to a description: all of it, or nothing if they raise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Growing(Protocol):
    """A description that only grows."""

    def _still_open(self, what: str) -> None:
        """Raise DescriptionError if nothing can be added now."""

    def _note_additions(self, sizes: list[int]) -> None:
        """Something was added, in the containers that had these sizes. Raises DescriptionError if it comes too late."""

    def _parts(self) -> list[dict[str, Any] | list[Any]]:
        """All containers to which something can be added."""

    _last_uid: int


G = TypeVar("G", bound=Growing)


def adds(what: str) -> Callable[[Callable[Concatenate[G, P], R]], Callable[Concatenate[G, P], R]]:
    """A method that adds `what`. If it raises, the description is as before, so that the same call with valid
    arguments gives the same network, with the same random numbers, as if it had been the first."""

    def decorated(method: Callable[Concatenate[G, P], R]) -> Callable[Concatenate[G, P], R]:
        @functools.wraps(method)
        def call(self: G, /, *arguments: P.args, **named: P.kwargs) -> R:
            self._still_open(what)
            sizes, uid = [len(part) for part in self._parts()], self._last_uid
            try:
                result = method(self, *arguments, **named)
                self._note_additions(sizes)
                return result
            except BaseException:
                for part, size in zip(self._parts(), sizes, strict=True):
                    for added in list(part)[size:]:
                        _take_out(part, added)
                self._last_uid = uid
                raise

        return call

    return decorated


def _take_out(part: dict[str, Any] | list[Any], added: Any) -> None:
    if isinstance(part, dict):
        del part[added]
    else:
        part.pop()
