"""A running network for the page: what there is to see, and what the page may change."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from spikelearn.description.trials import Trials
from spikelearn.network import Network
from spikelearn.viewer.frames import Message, Piece
from spikelearn.viewer.parts import Parts
from spikelearn.viewer.recorded import COLUMNS, weights_message
from spikelearn.viewer.recordings import Recordings
from spikelearn.viewer.running import FASTEST, Running

MOST_FRAME_COLUMNS = 4096
MOST_SYNAPSES = 4_000_000
"""Of a projection whose weights are shown while the network runs."""


class LiveNetwork:
    """A network that runs in a thread of its own, and what the page may ask for.

    trials: those that the network runs first. folder: where recorded runs are saved. `structure` and what changes the
    network are called in its thread, by `running.do`; `state`, `frame` and `window` from any.
    """

    def __init__(self, net: Network, title: str, trials: Trials | None = None, folder: Path = Path("out/view")) -> None:
        self.net, self.title, self.folder = net, title, folder
        self.parts, self.recordings = Parts(net), Recordings(net)
        self.running = Running(net, trials, lambda: self.recordings.sink(self.running.in_trials))
        self.first = self.structure()

    def start(self) -> None:
        self.running.start()

    def close(self) -> None:
        """End the thread, and take the recordings of the page away."""
        self.running.close()
        self.recordings.remove()

    def structure(self) -> dict[str, Any]:
        """What there is to see, and what can be changed."""
        populations = self.net.populations.values()
        return {
            "mode": "live", "title": self.title, "dt": self.net.dt, "parts": self.parts.structure(),
            "populations": [{"name": each.name, "size": each.size, "model": each.model_name} for each in populations],
            **self.recordings.structure(),
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        """How it goes."""
        running = self.running
        return {
            "now": running.now, "achieved": float(f"{running.achieved:.4g}"), "speed": min(running.speed, FASTEST),
            "paused": running.paused, "error": running.error, "built": running.built.is_set(),
            "recording": self.recordings.writer is not None,
        }  # fmt: skip

    def frame(self, start: float, width: float, span: float) -> tuple[Message, float]:
        """The whole columns from `start` up to now, and where they end. width: ms of a column. span: ms on screen.

        What is older than the screen is left out.
        """
        state = self.state()
        last = math.floor(state["now"] / width + 1e-6)
        on_screen = min(MOST_FRAME_COLUMNS, math.ceil(span / width))
        first = max(round(start / width), math.ceil(self.running.since / width - 1e-6), last - on_screen)
        piece = Piece(first * width, width, max(0, last - first))
        message = self.recordings.message("frame", piece)
        message.header["state"] = state
        return message, piece.stop if piece.columns else start

    def window(self, start: float, stop: float) -> Message:
        """Any part of what is kept, in 256 columns, as a tile."""
        return self.recordings.message("window", Piece(start, (stop - start) / COLUMNS, COLUMNS))

    def set(self, name: str, value_of: str, value: float) -> dict[str, Any]:
        """Set one value of a part; returns the part's values."""
        part = self.parts.part(name)
        if value_of not in {each["name"] for each in self.parts.values(part)}:
            raise ValueError(f"{name} has no value {value_of[:60]!r}")
        self.net.set(part, **{value_of: [value] if value_of == "values" else value})
        return {"what": "values", "key": name, "values": list(self.parts.values(part))}

    def switch(self, name: str, on: bool) -> dict[str, Any]:
        """Switch a projection or a drive off or on."""
        part = self.parts.part(name)
        if name not in self.parts.projections and name not in self.parts.drives:
            raise ValueError(f"{name} cannot be switched off; projections and drives can")
        (self.net.switch_on if on else self.net.switch_off)(part)
        return {"what": "switched", "key": name, "off": not on}

    def weights(self, name: str) -> dict[str, Any]:
        """A histogram and a matrix of the weights of a projection, and how long the network stood for it, s."""
        if name not in self.parts.projections:
            raise ValueError("weights are those of a projection")
        begun, projection = time.perf_counter(), self.parts.projections[name]
        found = self.net.synapses(projection)
        if len(found.weight) > MOST_SYNAPSES:
            raise ValueError(f"{len(found.weight):,} synapses are too many to be shown while the network runs")
        shape = projection.source.size, getattr(projection.target, "size", 1)
        made = weights_message(name, found, shape, "" if projection.unit == "1" else projection.unit)
        return {**made, "took": time.perf_counter() - begun}

    def choose(self, name: str, cell: int) -> None:
        """Show the voltages of one more cell, or no longer."""
        if name not in self.parts.populations:
            raise ValueError("cells are those of a population")
        self.recordings.choose(self.parts.populations[name], cell)

    def record(self, on: bool) -> dict[str, Any]:
        """Begin or end a recording to a file; returns where it is."""
        if on == (self.recordings.writer is not None):
            raise ValueError("it is recording already" if on else "it is not recording")
        path = self.recordings.begin_file(self.folder, self.title) if on else self.recordings.end_file()
        return {"what": "recorded", "path": str(path), "on": on}

    def restart(self) -> None:
        """Go back to time 0, with the weights of the start and the values that were set last."""
        if self.recordings.writer is not None:
            raise ValueError("stop the recording first")
        self.running.restart()
        self.recordings.forget()
