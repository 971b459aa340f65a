"""One page that is open: what it may ask for, how that is checked, and the frames that it gets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from spikelearn.errors import SpikelearnError
from spikelearn.viewer.live import LiveNetwork
from spikelearn.viewer.recorded import RecordedRun, recorded_weights
from spikelearn.viewer.running import FASTEST, Stopped

FRAMES_S = 1 / 32
"""A little less than a thirtieth, as some frames come late."""
AHEAD = 3
"""Frames that are sent before the page says that it has drawn one."""
UNSUPPORTED = 1003


class Malformed(Exception):
    """A message that the page does not send."""


class Session:
    """One page that is open: what it asks for, and the frames that it gets."""

    def __init__(self, socket: Any, shown: LiveNetwork | RecordedRun) -> None:
        self.socket, self.shown = socket, shown
        self.sent_to, self.width, self.span = 0.0, 1.0, 1000.0
        self.in_flight, self.drew = 0, asyncio.Event()
        self.sending = asyncio.Lock()

    async def serve(self) -> None:
        from starlette.websockets import WebSocketDisconnect

        first = (
            self.shown.first if isinstance(self.shown, LiveNetwork) and not self.shown.running.built.is_set() else None
        )
        await self.send({"what": "structure", **(first or await self.ask(self.shown.structure))})
        pushing = asyncio.create_task(self.push()) if isinstance(self.shown, LiveNetwork) else None
        try:
            while True:
                message = await self.socket.receive()
                if message["type"] != "websocket.receive":
                    break
                await self.answer(message.get("text"))
        except Malformed:
            await self.socket.close(UNSUPPORTED)
        except (WebSocketDisconnect, RuntimeError):  # the page went while something was sent
            pass
        finally:
            if pushing is not None:
                pushing.cancel()
                with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError, Stopped):
                    await pushing

    async def answer(self, text: str | None) -> None:
        asked = parsed(text)
        action = ACTIONS.get(asked.get("do", ""))
        if action is None:
            raise Malformed
        needs, takes, act = action
        if not isinstance(self.shown, needs):
            raise Malformed
        arguments = {name: asked.get(name) for name in takes}
        if asked.keys() - {"do", *takes} or not all(check(arguments[name]) for name, check in takes.items()):
            raise Malformed
        try:
            found = await act(self, **arguments)
        except (SpikelearnError, ValueError) as error:
            await self.send({"what": "error", "text": str(error)[:600], "about": asked["do"]})
            return
        if found is not None:
            await self.send(found)

    async def push(self) -> None:
        """Send frames, as long as the page says that it draws them."""
        live = self.shown
        assert isinstance(live, LiveNetwork)
        live.running.seen()
        self.sent_to = live.running.now - self.span
        version = live.recordings.version
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due = max(due + FRAMES_S, clock())
            await asyncio.sleep(due - clock())
            while self.in_flight >= AHEAD:
                self.drew.clear()
                await self.drew.wait()
            if live.recordings.version != version:
                version = live.recordings.version
                await self.send({"what": "structure", **await self.ask(live.structure)})
            message, self.sent_to = await asyncio.to_thread(live.frame, self.sent_to, self.width, self.span)
            self.in_flight += 1
            await self.send(message.packed())

    async def send(self, message: dict[str, Any] | bytes) -> None:
        async with self.sending:
            if isinstance(message, bytes):
                await self.socket.send_bytes(message)
            else:
                await self.socket.send_text(json.dumps(message, allow_nan=False))

    async def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function that reads or changes the network, in its thread."""
        live = self.shown
        try:
            if isinstance(live, LiveNetwork):
                return await asyncio.to_thread(live.running.do, lambda: function(*arguments))
            return await asyncio.to_thread(function, *arguments)
        except (SpikelearnError, ValueError, Stopped):
            raise
        except Exception as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

    # Actions.

    async def drawn(self) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        self.drew.set()

    async def view(self, width: float, span: float) -> None:
        """The columns of frames from now on: their width, ms, and the time on screen, ms."""
        dt = self.shown.net.dt  # type: ignore[union-attr]
        self.width, self.span = dt * max(1, round(width / dt)), span
        self.sent_to = self.shown.running.now - span  # type: ignore[union-attr]

    async def tile(self, level: int, index: int) -> bytes:
        message = await asyncio.to_thread(self.shown.tile, level, index)  # type: ignore[union-attr]
        return await asyncio.to_thread(message.packed)

    async def window(self, start: float, stop: float) -> bytes:
        if not stop > start:
            raise ValueError("a window ends after it starts")
        message = await asyncio.to_thread(self.shown.window, start, stop)  # type: ignore[union-attr]
        return bytes(message.packed())

    async def weights(self, part: str) -> Any:
        if isinstance(self.shown, RecordedRun):
            return await asyncio.to_thread(recorded_weights, self.shown, part)
        return await self.ask(self.shown.weights, part)

    async def pause(self, on: bool) -> None:
        self.shown.running.paused = on  # type: ignore[union-attr]

    async def speed(self, value: float) -> None:
        self.shown.running.speed = min(max(value, 1e-6), FASTEST)  # type: ignore[union-attr]

    async def step(self, duration: float) -> None:
        self.shown.running.step(duration)  # type: ignore[union-attr]

    async def restart(self) -> None:
        await self.ask(self.shown.restart)  # type: ignore[union-attr]
        self.sent_to = self.shown.running.now  # type: ignore[union-attr]

    async def set(self, part: str, name: str, value: float) -> Any:
        return await self.ask(self.shown.set, part, name, value)  # type: ignore[union-attr]

    async def switch(self, part: str, on: bool) -> Any:
        return await self.ask(self.shown.switch, part, on)  # type: ignore[union-attr]

    async def choose(self, part: str, cell: int) -> Any:
        await self.ask(self.shown.choose, part, cell)  # type: ignore[union-attr]

    async def record(self, on: bool) -> Any:
        return await self.ask(self.shown.record, on)  # type: ignore[union-attr]


def parsed(text: str | None) -> dict[str, Any]:
    """A message of the page. Raises Malformed."""
    try:
        found = json.loads(text or "", parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(found, dict) or not isinstance(found.get("do"), str):
        raise Malformed
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


_LIVE, _RECORDED, _BOTH = LiveNetwork, RecordedRun, (LiveNetwork, RecordedRun)
ACTIONS: dict[str, tuple[Any, dict[str, Callable[[Any], bool]], Callable[..., Any]]] = {
    "drawn": (_LIVE, {}, Session.drawn),
    "view": (_LIVE, {"width": _is_positive, "span": _is_positive}, Session.view),
    "tile": (_RECORDED, {"level": _is_index, "index": _is_index}, Session.tile),
    "window": (_LIVE, {"start": _is_number, "stop": _is_number}, Session.window),
    "weights": (_BOTH, {"part": _is_name}, Session.weights),
    "pause": (_LIVE, {"on": _is_flag}, Session.pause),
    "speed": (_LIVE, {"value": _is_positive}, Session.speed),
    "step": (_LIVE, {"duration": _is_positive}, Session.step),
    "restart": (_LIVE, {}, Session.restart),
    "set": (_LIVE, {"part": _is_name, "name": _is_name, "value": _is_number}, Session.set),
    "switch": (_LIVE, {"part": _is_name, "on": _is_flag}, Session.switch),
    "choose": (_LIVE, {"part": _is_name, "cell": _is_index}, Session.choose),
    "record": (_LIVE, {"on": _is_flag}, Session.record),
}
"""Action -> what it is of, its arguments and how they are checked, and what it does."""
