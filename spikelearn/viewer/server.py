"""The server of the page: on this machine only, for who has the address with its token, and with nothing to execute.

What it serves are the files of the page, which are listed when it starts, and one socket. A request is answered if its
Host is this server, its path begins with the token and, for the socket, its Origin is the page itself. The page sends
short JSON objects; each names one of a few actions, whose arguments are names and numbers that are checked.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import secrets
import socket
import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from spikelearn.errors import ExperimentError, SpikelearnError
from spikelearn.extras import needed
from spikelearn.viewer.live import FASTEST, LiveNetwork, Stopped
from spikelearn.viewer.recorded import RecordedRun, recorded_weights

MOST_BYTES = 16_384
"""Of a message from the page."""
MOST_PAGES = 8
"""That look at one network at a time."""
FRAMES_S = 1 / 30
AHEAD = 3
"""Frames that are sent before the page says that it has drawn one."""
TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}  # fmt: skip
POLICY_VIOLATION, UNSUPPORTED = 1008, 1003


class Server:
    """A server of one network or run, in a thread of its own. url: the address with the token."""

    def __init__(self, shown: LiveNetwork | RecordedRun, port: int = 0) -> None:
        uvicorn = needed("uvicorn", "pages in the browser", "view")
        needed("starlette", "pages in the browser", "view")
        needed("websockets", "pages in the browser", "view")
        self.shown, self.token = shown, secrets.token_urlsafe(24)
        self._socket = _bound(port)
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/{self.token}/"
        config = uvicorn.Config(
            guarded(application(shown, self.token, self.origins), self.token, self.hosts), lifespan="off",
            log_level="warning", access_log=False, server_header=False, date_header=False, ws="websockets-sansio",
            ws_max_size=MOST_BYTES, ws_max_queue=16, ws_per_message_deflate=False, timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=MOST_BYTES, http="h11", limit_concurrency=64,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="spikelearn page", daemon=True)
        self._thread.start()

    @property
    def hosts(self) -> frozenset[str]:
        """The names under which browsers ask for it."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(f"http://{host}" for host in self.hosts)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(64)
    except OSError as error:
        made.close()
        raise ExperimentError(f"port {port} cannot be used: {error.strerror}; without --port one is found") from error
    return made


def page_files() -> dict[str, bytes]:
    """Name -> content of all files of the page."""
    folder = files("spikelearn.viewer") / "page"
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.name.rpartition(".")[2] in TYPES}


def guarded(app: Any, token: str, hosts: frozenset[str]) -> Any:
    """An application that answers requests for this server and with the token only."""
    from starlette.responses import PlainTextResponse
    from starlette.websockets import WebSocketClose

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        first = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        allowed = len(given) == 1 and given[0] in hosts
        if allowed and hmac.compare_digest(first.encode("utf-8", "replace"), token.encode()):
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(POLICY_VIOLATION)(scope, receive, send)
        else:
            text = "The address lacks the token that spikelearn view printed.\n"
            await PlainTextResponse(text, 403, HEADERS)(scope, receive, send)

    return guard


def application(shown: LiveNetwork | RecordedRun, token: str, origins: frozenset[str]) -> Any:
    """The files of the page, and its socket."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute

    def sends(name: str, content: bytes) -> Callable[[Any], Any]:
        async def send(request: Any) -> Any:
            return Response(content, headers=HEADERS, media_type=TYPES[name.rpartition(".")[2]])

        return send

    pages: set[Any] = set()

    async def connect(socket: Any) -> None:
        if socket.headers.get("origin") not in origins or len(pages) >= MOST_PAGES:
            await socket.close(POLICY_VIOLATION)
            return
        pages.add(socket)
        try:
            await socket.accept()
            await _Page(socket, shown).serve()
        except Stopped:
            with contextlib.suppress(RuntimeError):
                await socket.close()
        finally:
            pages.discard(socket)

    found = page_files()
    routes: list[Any] = [Route(f"/{token}/{name}", sends(name, content)) for name, content in found.items()]
    routes += [
        Route(f"/{token}/", sends("index.html", found["index.html"])),
        WebSocketRoute(f"/{token}/socket", connect),
    ]
    made = Starlette(routes=routes)
    made.router.redirect_slashes = False
    return made


class Malformed(Exception):
    """A message that the page does not send."""


class _Page:
    """One page that is open: what it asks for, and the frames that it gets."""

    def __init__(self, socket: Any, shown: LiveNetwork | RecordedRun) -> None:
        self.socket, self.shown = socket, shown
        self.sent_to, self.width, self.span = 0.0, 1.0, 1000.0
        self.in_flight, self.drew = 0, asyncio.Event()
        self.sending = asyncio.Lock()

    async def serve(self) -> None:
        from starlette.websockets import WebSocketDisconnect

        first = self.shown.first if isinstance(self.shown, LiveNetwork) and not self.shown.built.is_set() else None
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
        live.seen()
        self.sent_to = live.now - self.span
        version = live.version
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due = max(due + FRAMES_S, clock())
            await asyncio.sleep(due - clock())
            while self.in_flight >= AHEAD:
                self.drew.clear()
                await self.drew.wait()
            if live.version != version:
                version = live.version
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
        if isinstance(live, LiveNetwork):
            return await asyncio.to_thread(live.do, lambda: function(*arguments))
        return await asyncio.to_thread(function, *arguments)

    # Actions.

    async def drawn(self) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        self.drew.set()

    async def view(self, width: float, span: float) -> None:
        """The columns of frames from now on: their width, ms, and the time on screen, ms."""
        dt = self.shown.net.dt  # type: ignore[union-attr]
        self.width, self.span = dt * max(1, round(width / dt)), span
        self.sent_to = self.shown.now - span  # type: ignore[union-attr]

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
        self.shown.paused = on  # type: ignore[union-attr]

    async def speed(self, value: float) -> None:
        self.shown.speed = min(max(value, 1e-6), FASTEST)  # type: ignore[union-attr]

    async def step(self, duration: float) -> None:
        self.shown.step(duration)  # type: ignore[union-attr]

    async def restart(self) -> None:
        await self.ask(self.shown.restart)  # type: ignore[union-attr]
        self.sent_to = self.shown.now  # type: ignore[union-attr]

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
    "drawn": (_LIVE, {}, _Page.drawn),
    "view": (_LIVE, {"width": _is_positive, "span": _is_positive}, _Page.view),
    "tile": (_RECORDED, {"level": _is_index, "index": _is_index}, _Page.tile),
    "window": (_LIVE, {"start": _is_number, "stop": _is_number}, _Page.window),
    "weights": (_BOTH, {"part": _is_name}, _Page.weights),
    "pause": (_LIVE, {"on": _is_flag}, _Page.pause),
    "speed": (_LIVE, {"value": _is_positive}, _Page.speed),
    "step": (_LIVE, {"duration": _is_positive}, _Page.step),
    "restart": (_LIVE, {}, _Page.restart),
    "set": (_LIVE, {"part": _is_name, "name": _is_name, "value": _is_number}, _Page.set),
    "switch": (_LIVE, {"part": _is_name, "on": _is_flag}, _Page.switch),
    "choose": (_LIVE, {"part": _is_name, "cell": _is_index}, _Page.choose),
    "record": (_LIVE, {"on": _is_flag}, _Page.record),
}
"""Action -> what it is of, its arguments and how they are checked, and what it does."""
