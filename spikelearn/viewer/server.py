"""The server of the page: on this machine only, for who has the address with its token, and with nothing to execute.

What it serves are the files of the page, which are listed when it starts, and one socket. A request is answered if its
Host is this server, its path begins with the token and, for the socket, its Origin is the page itself. The page sends
short JSON objects; each names one of a few actions, whose arguments are names and numbers that are checked.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import socket
import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from spikelearn.errors import ExperimentError
from spikelearn.extras import needed
from spikelearn.viewer.live import LiveNetwork
from spikelearn.viewer.recorded import RecordedRun
from spikelearn.viewer.running import Stopped
from spikelearn.viewer.session import Session

MOST_BYTES = 16_384
"""Of a message from the page."""
MOST_PAGES = 8
"""That look at one network at a time."""
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
POLICY_VIOLATION = 1008


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
            await Session(socket, shown).serve()
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
