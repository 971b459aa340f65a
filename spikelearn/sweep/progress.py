"""The progress of a sweep: a bar on a terminal, lines in a log."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spikelearn.errors import ExperimentError
from spikelearn.parameters import suggest
from spikelearn.sweep.point import DONE, NAN, Result

LINE_EVERY_S = 10.0
_WAITING_EVERY_S = 60.0


@dataclass(frozen=True)
class Best:
    """The metric that is watched. lowest: whether lower is better. required: whether a point without it is an error."""

    metric: str
    lowest: bool = False
    required: bool = True


class Progress:
    """Points done and failed, rate, time left and best so far, on standard error.

    total: points of the sweep; there: those already in the store. bar: whether to show a bar instead of a line every
    ten seconds; None shows a bar on a terminal only. silent: print nothing. unit: what is counted.
    """

    def __init__(
        self, total: int, there: int, best: Best | None, bar: bool | None = None, silent: bool = False,
        unit: str = "points",
    ) -> None:  # fmt: skip
        self.total, self.there, self.computed, self.unit = total, there, 0, unit
        self.statuses: Counter[str] = Counter()
        self._best, self._found = best, ""
        self._value = float("nan")
        self._begun = self._last = time.perf_counter()
        self._silent = silent
        self._next_waiting = 0.0
        self._bar: Any = None
        if not silent and (sys.stderr.isatty() if bar is None else bar):
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=there, unit=f" {unit}", dynamic_ncols=True, smoothing=0.05)

    def record(self, result: Result) -> None:
        """Record that a point has ended. Raises ExperimentError if it has no metric of the name that is watched."""
        self.computed += 1
        self.statuses[result.status] += 1
        if self._best is not None and result.status == DONE:
            name = self._best.metric
            if self._best.required and name not in result.metrics:
                self._best = None
                raise ExperimentError(
                    f"best: no metric called {name!r}{suggest(name, result.metrics)}; there are: "
                    f"{', '.join(result.metrics)}"
                )
            value = result.metrics.get(name)
            if isinstance(value, int | float) and not (self._worse(value)):
                self._value = value
                where = f" at {shown_settings(result.settings)}" if result.settings else ""
                self._found = f"best {name} {value:.5g}{where}"
        self.show()

    def others(self, n: int) -> None:
        """Record that other processes have computed n points."""
        self.there += n
        self.show()

    def waiting(self, held: Callable[[], Mapping[str, int]]) -> None:
        """Called while only other processes compute: report once a minute how many points, by host, `held` returns."""
        now = time.perf_counter()
        if self._silent or now < self._next_waiting:
            return
        if self._next_waiting:
            hosts = ", ".join(f"{n:,} on {host}" for host, n in held().items())
            text = f"waiting for {self.unit} that other processes are computing: {hosts or 'none is left'}"
            (print if self._bar is None else self._bar.write)(text, file=sys.stderr)
        self._next_waiting = now + (_WAITING_EVERY_S if self._next_waiting else LINE_EVERY_S)

    def show(self, last: bool = False) -> None:
        """Update the display. last: print a final line even if the last one was printed just now."""
        if self._silent:
            return
        words = self.words()
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join(words), refresh=False)
            self._bar.update(self.there + self.computed - self._bar.n)
            if last:
                self._bar.close()
            return
        now = time.perf_counter()
        if not last and now - self._last < LINE_EVERY_S:
            return
        self._last = now
        rate = self.computed / max(now - self._begun, 1e-9)
        left = self.total - self.there - self.computed
        pace = [f"{rate:.3g} per second"] if self.computed else []
        pace += [f"{_duration(left / rate)} left"] if left and rate > 0 else []
        clock = time.strftime("%H:%M:%S")
        print(
            ", ".join([f"[{clock}] {self.there + self.computed:,} of {self.total:,} {self.unit}", *pace, *words]),
            file=sys.stderr, flush=True,
        )  # fmt: skip

    def words(self) -> list[str]:
        """What is shown after the numbers."""
        failed = sum(self.statuses.values()) - self.statuses[DONE] - self.statuses[NAN]
        words = [f"{failed} failed"] if failed else []
        words += [f"{self.statuses[NAN]} not finite"] if self.statuses[NAN] else []
        return words + ([self._found] if self._found else [])

    def _worse(self, value: float) -> bool:
        if self._value != self._value:
            return value != value
        assert self._best is not None
        return not (value < self._value if self._best.lowest else value > self._value)


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def shown_settings(settings: Iterable[tuple[str, Any]]) -> str:
    """'g=4.5, eta=2', with numbers to five significant digits."""
    return ", ".join(f"{name}={_shown(each)}" for name, each in settings)


def _shown(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
