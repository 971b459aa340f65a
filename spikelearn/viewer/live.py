"""A network that runs while the page looks at it: in a thread of its own, in short pieces, between which it changes."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spikelearn.description.population import Modulator, Population
from spikelearn.description.signal import Signal
from spikelearn.description.trials import Trials
from spikelearn.errors import SpikelearnError
from spikelearn.io.run_writer import RunWriter
from spikelearn.network import Network
from spikelearn.results.sink import RunHeader
from spikelearn.steps import times_of
from spikelearn.viewer.frames import EARLY, Message, Piece, add_events, add_samples
from spikelearn.viewer.history import History, Key, Passing
from spikelearn.viewer.parts import Parts
from spikelearn.viewer.recorded import COLUMNS, weights_message

PIECE_S = 0.025
"""The wall time of a piece, s, also the longest that a change waits."""
PAUSE_S = 0.005
IN_TRIALS = 1.0
"""In trials, the page may change the network every so many ms, or every step if dt is longer."""
FASTEST = 1e6
MOST_CELLS = 6
MOST_FRAME_COLUMNS = 4096
MOST_FRAME_EVENTS = 16_384
MOST_WAITING = 256
MOST_SYNAPSES = 4_000_000
NAME = "view"
"""Of the recordings that the page adds."""
SAMPLED = 0.5
"""The interval at which voltages of chosen cells are sampled, ms, or every step if dt is longer."""
SHOWN_KINDS = ("spike", "burst", "plateau")
_OTHERWISE = ("u", "x", "r", "z", "n_active")
"""States of models that have no voltages."""


class Stopped(Exception):
    """The thread of the network has ended."""


class Closed(Exception):
    """The page has gone, and a run in trials ends."""


class Pace:
    """How fast a network has run lately: `speed`, biological time over wall time; 0 if it does not run."""

    def __init__(self) -> None:
        self.speed = 0.0
        self._from: tuple[float, float] | None = None

    def stopped(self) -> None:
        self.speed, self._from = 0.0, None

    def went_on(self, now: float, wall: float) -> None:
        """now: ms. wall: s."""
        if self._from is None:
            self._from = now, wall
        elif wall - self._from[1] > 0.3:
            self.speed = (now - self._from[0]) * 1e-3 / (wall - self._from[1])
            self._from = now, wall


class LiveNetwork:
    """A network, the thread in which it runs, and what the page may ask for.

    trials: those that the network runs first. folder: where recorded runs are saved. Changes are done by this thread
    between two pieces, so a network is only ever used by one.
    """

    def __init__(self, net: Network, title: str, trials: Trials | None = None, folder: Path = Path("out/view")) -> None:
        self.net, self.title, self.trials, self.folder = net, title, trials, folder
        self.history, self.parts = History(), Parts(net)
        self.paused, self.speed, self.error, self._pace = True, 1.0, "", Pace()
        self._unseen, self._restarted, self._in_trials = True, False, False
        self.version = 0
        self._tasks: queue.Queue[Callable[[], None]] = queue.Queue(MOST_WAITING)
        self._closing, self._steps = threading.Event(), 0
        self._begun_at, self._since = (0.0, 0.0), net.time
        self._thread = threading.Thread(target=self._work, name="spikelearn view", daemon=True)
        self._writer: RunWriter | None = None
        self._begun = False
        self._own: list[Any] = []
        self._cells: dict[Population, list[int]] = {}
        self._traces: list[Any] = []
        self.now, self.built = net.time, threading.Event()
        self._shown: tuple[dict[str, tuple[Key, int]], dict[str, Any]] = {}, {}
        self._record_events()
        self._record_signals()
        self._record_first_cells()
        if trials is not None:
            self._steps_between = max(1, round(IN_TRIALS / net.dt))
            net.every(times_of(self._steps_between, net.dt), self._between)
        self.first = self.structure()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread, and take the recordings of the page away."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._writer is not None:
            self._stop_recording()
        self.net.remove(*self._own, *self._traces)

    # What the page asks for, from other threads.

    def structure(self) -> dict[str, Any]:
        """What there is to see, and what can be changed."""
        described = self.net.description()
        events, sampled = self._shown
        return {
            "mode": "live", "title": self.title, "dt": self.net.dt, "version": self.version,
            "populations": [{"name": p.name, "size": p.size, "model": p.model_name} for p in described.populations],
            "parts": self.parts.structure(),
            "events": {key: {"of": name, "kind": key.removeprefix(f"{name}/"), "size": size}
                       for key, ((name, _), size) in events.items()},
            "samples": {key: {"of": each.of.name, "variable": each.variable, "unit": each.unit,
                              "ids": each.ids.tolist(), "all": len(each.ids)} for key, each in sampled.items()},
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {
            "now": self.now, "achieved": round(self._pace.speed, 4), "speed": min(self.speed, FASTEST),
            "paused": self.paused, "recording": self._writer is not None, "error": self.error, "version": self.version,
            "built": self.built.is_set(),
        }  # fmt: skip

    def frame(self, start: float, width: float, span: float) -> tuple[Message, float]:
        """The whole columns from `start` up to now, and where they end. width: ms of a column. span: ms on screen.

        What is older than the screen is left out.
        """
        state = self.state()
        first = round(start / width)
        last = math.floor(state["now"] / width + 1e-6)
        first = max(
            first, math.ceil(self._since / width - 1e-6), last - min(MOST_FRAME_COLUMNS, math.ceil(span / width))
        )
        piece = Piece(first * width, width, max(0, last - first))
        message = self._message("frame", piece)
        message.header["state"] = state
        return message, piece.stop if piece.columns else start

    def window(self, start: float, stop: float) -> Message:
        """Any part of what is kept, in 256 columns, as a tile."""
        width = (stop - start) / COLUMNS
        return self._message("window", Piece(start, width, COLUMNS))

    def do(self, task: Callable[[], Any]) -> Any:
        """Let the thread of the network do something between two pieces; returns what it returns.

        Raises ValueError if too much is waiting, and what the task raises.
        """
        done = threading.Event()
        results: list[Any] = []
        errors: list[Exception] = []

        def run() -> None:
            try:
                results.append(task())
            except Exception as error:
                errors.append(error)
            finally:
                done.set()

        try:
            self._tasks.put_nowait(run)
        except queue.Full:
            raise ValueError("too many changes are waiting") from None
        while not done.wait(0.1):
            if not self._thread.is_alive():
                raise Stopped("the network has stopped")
        if errors:
            raise errors[0]
        return results[0]

    def seen(self) -> None:
        """Begin to run, as the first page is there to look at it."""
        if self._unseen:
            self._unseen, self.paused = False, False

    def restart(self) -> dict[str, Any]:
        """Go back to time 0, with the weights of the start and the values that were set last."""
        if self._in_trials:
            raise ValueError("the network is within trials; it can be restarted after them")
        if self._writer is not None:
            raise ValueError("stop the recording first")
        self.net.reset(keep_weights=False)
        self.history.forget_all()
        self._since = self.net.time
        self.now, self.error, self._restarted, self._steps = self.net.time, "", True, 0
        self.version += 1
        return self.structure()

    def step(self, duration: float) -> None:
        """Run for so many ms, then pause."""
        self.paused = True
        self._steps = max(1, round(duration / self.net.dt))

    def set(self, name: Any, value_of: str, value: float) -> dict[str, Any]:
        """Set one value of a part; returns the part's values."""
        part = self.parts.part(name)
        if value_of not in {each["name"] for each in self.parts.values(part)}:
            raise ValueError(f"{name} has no value {value_of[:60]!r}")
        self.net.set(part, **{value_of: [value] if value_of == "values" else value})
        return {"what": "values", "key": name, "values": list(self.parts.values(part))}

    def switch(self, name: Any, on: bool) -> dict[str, Any]:
        """Switch a projection or a drive off or on."""
        part = self.parts.part(name)
        if name not in self.parts.projections and name not in self.parts.drives:
            raise ValueError(f"{name} cannot be switched off; projections and drives can")
        (self.net.switch_on if on else self.net.switch_off)(part)
        return {"what": "switched", "key": name, "off": not on}

    def weights(self, name: Any) -> dict[str, Any]:
        """A histogram and a matrix of the weights of a projection."""
        if name not in self.parts.projections:
            raise ValueError("weights are those of a projection")
        projection = self.parts.projections[name]
        found = self.net.synapses(projection)
        if len(found.weight) > MOST_SYNAPSES:
            raise ValueError(f"{len(found.weight):,} synapses are too many to be shown while the network runs")
        shape = projection.source.size, getattr(projection.target, "size", 1)
        return weights_message(name, found, shape, "" if projection.unit == "1" else projection.unit)

    def choose(self, name: Any, cell: int) -> dict[str, Any]:
        """Show the voltages of one more cell, or no longer; returns the structure."""
        if name not in self.parts.populations:
            raise ValueError("cells are those of a population")
        population = self.parts.populations[name]
        if not 0 <= cell < population.size:
            raise ValueError(f"{population.name} has no cell {cell}")
        if not _voltages(population):
            raise ValueError(f"{population.model_name} has no voltages")
        if self._writer is not None:
            raise ValueError("stop the recording first: it has the cells that were chosen")
        chosen = self._cells.get(population, [])
        chosen = [each for each in chosen if each != cell] if cell in chosen else [*chosen, cell][-MOST_CELLS:]
        self._record_cells({**self._cells, population: chosen})
        return self.structure()

    def record(self, on: bool) -> dict[str, Any]:
        """Begin or end a recording to a file; returns where it is."""
        if on == (self._writer is not None):
            raise ValueError("it is recording already" if on else "it is not recording")
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in Path(self.title).stem)
            path = self.folder / f"{stem}_{time.strftime('%Y%m%d_%H%M%S')}.h5"
            self._writer, self._begun = RunWriter(path), False
        else:
            path = self._writer.path
            self._stop_recording()
        return {"what": "recorded", "path": str(path), "on": on}

    # What the thread does.

    def _work(self) -> None:
        try:
            self.net.build()
            self.built.set()
            while not self._closing.is_set():
                self._restarted = False
                if self.trials is not None:
                    self._run_trials(self.trials)
                self._run_on()
        except Closed:
            pass
        except SpikelearnError as error:
            self.error = str(error)
            while not self._closing.is_set():
                self._wait()

    def _run_on(self) -> None:
        """Run in pieces, no faster than the page wants and of no more wall time than PIECE_S."""
        dt, rate = self.net.dt, 0.0
        due_since = time.perf_counter()
        while not self._closing.is_set() and not self._restarted:
            self._do_tasks()
            if (self.paused and self._steps <= 0) or self.error:
                self._wait()
                due_since = time.perf_counter()
                self._pace.stopped()
                continue
            begun = time.perf_counter()
            steps = max(1, int(rate * PIECE_S / dt))
            if self.paused:
                steps = min(self._steps, steps)
            else:
                steps = min(steps, int(self.speed * (begun - due_since) * 1e3 / dt + 1e-6))
            if steps < 1:
                time.sleep(min(PAUSE_S, max(1e-4, dt * 1e-3 / self.speed)))
                continue
            self._run_piece(times_of(steps, dt))
            ended, ran = time.perf_counter(), steps * dt
            measured = ran / max(ended - begun, 1e-6)
            rate = 0.8 * rate + 0.2 * measured if measured < 4 * rate else 2 * rate + dt / PIECE_S
            # What is left over of a step is due; what a slow network is late by is not made up for.
            late = ended - due_since - ran * 1e-3 / self.speed
            due_since = ended - (late if 0 < late < PIECE_S else 0.0)
            self._steps = max(0, self._steps - steps) if self.paused else 0
            self._pace.went_on(self.now, ended)

    def _run_piece(self, duration: float) -> None:
        try:
            self.net.run(duration, sink=_Begins(self), progress=False)
        except SpikelearnError as error:
            self.error, self.paused = str(error), True
        self.now = self.net.time

    def _run_trials(self, trials: Trials) -> None:
        """The trials in one run, which stops for the page every ms or step."""
        self._wait_while_paused()
        self._in_trials, self._begun_at = True, (time.perf_counter(), self.net.time)
        try:
            self.net.run(trials=trials, sink=_Begins(self), progress=False)
        except SpikelearnError as error:
            if self._closing.is_set():
                raise Closed from None
            self.error = str(error)
        self._in_trials, self.paused, self.now = False, True, self.net.time

    def _between(self, net: Network) -> None:
        """In trials: let the page change the network, wait while it is paused, and keep to its speed."""
        if not self._in_trials:
            return
        self.now = net.time
        self._do_tasks()
        self._wait_while_paused()
        if self._closing.is_set():
            raise Closed
        self._steps = max(0, self._steps - self._steps_between) if self.paused else 0
        wall, before = self._begun_at
        ahead = (net.time - before) * 1e-3 / self.speed - (time.perf_counter() - wall)
        if ahead > 0:
            time.sleep(min(ahead, PIECE_S))
        elif ahead < -PIECE_S:
            self._begun_at = time.perf_counter(), net.time
        self._pace.went_on(net.time, time.perf_counter())

    def _wait_while_paused(self) -> None:
        while self.paused and self._steps <= 0 and not self._closing.is_set():
            self._wait()
            self._pace.stopped()
            self._begun_at = time.perf_counter(), self.net.time

    def _do_tasks(self) -> None:
        while True:
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return
            task()

    def _wait(self) -> None:
        """Wait for a task, or for what else may end a pause."""
        try:
            task = self._tasks.get(timeout=PAUSE_S * 2)
        except queue.Empty:
            return
        task()

    # Recordings.

    def _record_events(self) -> None:
        known = self.net.description().recordings
        for population in self.net.populations.values():
            for kind in SHOWN_KINDS:
                there = any(r.of is population and r.events and r.variable == kind and len(r.ids) == population.size
                            for r in known)  # fmt: skip
                if kind in population.kinds and not there:
                    self._own.append(self.net.record(population, f"{kind}s", name=NAME))

    def _record_first_cells(self) -> None:
        shown = [each for each in self.net.populations.values() if _voltages(each)][:3]
        self._record_cells({each: [0] for each in shown})

    def _record_cells(self, cells: dict[Population, list[int]]) -> None:
        """Record voltages of these cells, and of no others."""
        if self._traces:
            self.net.remove(*self._traces)
            for each in self._traces:
                self.history.forget((each.of.name, each.key))
        self._traces, self._cells = [], cells
        every = max(self.net.dt, times_of(round(SAMPLED / self.net.dt), self.net.dt))
        for population, chosen in cells.items():
            if chosen:
                for variable in _voltages(population):
                    self._traces.append(self.net.record(population[sorted(chosen)], variable, every=every, name=NAME))
        self._note_recordings()

    def _record_signals(self) -> None:
        known = self.net.description()
        every = max(self.net.dt, times_of(round(2.0 / self.net.dt), self.net.dt))
        small = [each for each in known.signals if each.size <= MOST_CELLS]
        parts: list[Modulator | Signal] = [*known.modulators, *small]
        for part in parts:
            self._own.append(self.net.record(part, every=every, name=NAME))

    def _note_recordings(self) -> None:
        """Note which recordings are shown. Other threads read what is noted, so it is replaced as a whole."""
        events: dict[str, tuple[Key, int]] = {}
        for each in self.net.description().recordings:
            if each.events and each.variable in SHOWN_KINDS and len(each.ids) == each.of.size:
                events.setdefault(f"{each.of.name}/{each.variable}", ((each.of.name, each.key), each.of.size))
        sampled = [each for each in (*self._traces, *self._own) if not each.events]
        self._shown = events, {f"{each.of.name}/{each.variable}": each for each in sampled}
        self.version += 1

    def _message(self, what: str, piece: Piece) -> Message:
        message = Message({"what": what, "start": piece.start, "width": piece.width, "columns": piece.columns,
                           "version": self.version})  # fmt: skip
        if not piece.columns:
            return message
        early = EARLY * piece.width
        limits = piece.start - early, piece.stop - early
        events, sampled = self._shown
        for key, (recording, size) in events.items():
            times, ids = self.history.events(recording, *limits)
            add_events(message, key, size, piece, times, ids, MOST_FRAME_EVENTS)
        for key, each in sampled.items():
            found = self.history.samples((each.of.name, each.key), *limits)
            if found is not None and found[1].shape[1] == len(each.ids):
                add_samples(message, key, piece, *found)
        return message

    def _stop_recording(self) -> None:
        writer, self._writer = self._writer, None
        assert writer is not None
        if self._begun:
            writer.end(self.net.time, False, 0.0, 0)
        writer.close()


class _Begins(Passing):
    """A sink for one piece, which also begins a recording to a file if one is asked for."""

    def __init__(self, live: LiveNetwork) -> None:
        super().__init__(live.history, live._writer)
        self._live = live

    def begin(self, header: RunHeader) -> None:
        if self._also is not None and not self._live._begun:
            self._also.begin(header)
            self._live._begun = True


def _voltages(population: Population) -> list[str]:
    """State variables of a population that are voltages, at most three, or what else its activity is."""
    states = list(population.model.model.state) if population.is_neuron else []
    found = [name for name in states if name.startswith("V")] or [name for name in states if name in _OTHERWISE]
    return found[:3]
