"""`sl.view(net)`, and what the command line does with it."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spikelearn.description.trials import Trials
from spikelearn.errors import DescriptionError, ExperimentError
from spikelearn.network import Network
from spikelearn.results.run import Run
from spikelearn.values import flag, whole_number


class Viewing:
    """A page that is served. url: its address, with the token; it is open to who has it, on this machine."""

    def __init__(self, shown: Any, port: int) -> None:
        from spikelearn.viewer.live import LiveNetwork
        from spikelearn.viewer.server import Server

        self._live = shown if isinstance(shown, LiveNetwork) else None
        self._server = Server(shown, port)
        self.url: str = self._server.url
        if self._live is not None:
            self._live.start()

    def __repr__(self) -> str:
        return f"<Viewing {self.url}>"

    def __enter__(self) -> Viewing:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server and, of a network, the thread in which it runs. The network is the caller's again."""
        self._server.close()
        if self._live is not None:
            self._live.close()

    def wait(self) -> None:
        """Wait until Ctrl-C, then close."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
        finally:
            self.close()


def view(shown: Network | Run, port: int = 0, browser: bool = True, block: bool = True) -> Viewing:
    """Look at a network while it runs, or at a run, in the browser.

    A network runs on from where it is, and the page changes it through `net.set` and `net.switch_off`: until `view`
    returns it is the page's. The page is served on this machine only (127.0.0.1), at an address with a token, which is
    printed. port: 0 finds one that is free. browser: whether to open a browser. block: whether to wait until Ctrl-C;
    otherwise the returned Viewing has `url` and `close()`, and is a context manager. Recordings made on the page go to
    out/view. docs/view.md says what the page can do. Needs pip install 'spikelearn[view]'.

    Raises DescriptionError for what is neither a network nor a run, ExperimentError for a port that is taken.

    >>> net = sl.Network(dt=1.0)
    >>> inputs = net.population(5, sl.Poisson(50.0))
    >>> with sl.view(net, block=False, browser=False) as viewing:
    ...     print(viewing.url)
    http://127.0.0.1:...
    """
    if not isinstance(shown, Network | Run):
        raise DescriptionError(f"view: expected a Network or a Run, got {shown!r:.200}")
    port = whole_number(port, "port of view", 0, 65535)
    browser, block = flag(browser, "browser of view"), flag(block, "block of view")
    viewing = serve(shown, "network" if isinstance(shown, Network) else "run", port)
    _announce(viewing, browser)
    if block:
        viewing.wait()
    return viewing


def serve(shown: Network | Run, title: str, port: int = 0, trials: Trials | None = None) -> Viewing:
    """Serve a network or a run."""
    from spikelearn.viewer.live import LiveNetwork
    from spikelearn.viewer.recorded import RecordedRun

    made = LiveNetwork(shown, title, trials) if isinstance(shown, Network) else RecordedRun(shown, title)
    return Viewing(made, port)


def _announce(viewing: Viewing, browser: bool) -> None:
    print(f"look at {viewing.url}  (Ctrl-C ends it)", file=sys.stderr, flush=True)
    if browser:
        webbrowser.open(viewing.url)


def wait_for(viewing: Viewing, browser: bool) -> None:
    """Say where a page is, open it, and wait until Ctrl-C."""
    _announce(viewing, browser)
    viewing.wait()


class _Captured(BaseException):
    """The first network that a model runs, and its trials."""

    def __init__(self, net: Network, trials: Trials | None) -> None:
        super().__init__("a network was captured")
        self.net, self.trials = net, trials


@contextmanager
def _captures() -> Iterator[None]:
    """A block in which no network runs: the first that would is raised as _Captured."""
    original = Network.run

    def run(self: Network, duration: Any = None, trials: Trials | None = None, *_: Any, **__: Any) -> Run:
        raise _Captured(self, trials)

    Network.run = run  # type: ignore[method-assign]
    try:
        yield
    finally:
        Network.run = original  # type: ignore[method-assign]


def network_of_model(experiment: Any, parameters: Any, seed: int) -> tuple[Network, Trials | None]:
    """The first network that a model runs, before its first step, and its trials if it has them.

    Raises ExperimentError if it runs none, and what the model raises before that.
    """
    from spikelearn import experiments as ex

    try:
        with _captures():
            ex.run_experiment(experiment, parameters, seed, progress=False)
    except _Captured as captured:
        return captured.net, captured.trials
    raise ExperimentError(f"{experiment.name}: this model runs no network; there is nothing to look at")


def page_of(run: Run, title: str, path: Path, most_bytes: int) -> int:
    """Write a run as one page; returns its size in bytes."""
    from spikelearn.viewer.one_file import write

    return write(run, title, path, most_bytes)
