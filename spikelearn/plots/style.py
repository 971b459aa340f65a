"""Style of the plots: one palette, clean Axes, one way to save. No pyplot, so no global state."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from spikelearn import atomic_files
from spikelearn.errors import DescriptionError, ParameterError, RunFileError
from spikelearn.results.run import Run
from spikelearn.values import path as checked_path

# Dark and light alternate, so that neighbours differ in print without colour; blue against orange and
# purple against ochre stay apart for colour-blind readers; all are dark enough for text on white.
PALETTE = ("#1b3f73", "#d2571c", "#0d5947", "#c2588a", "#472a78", "#a87400", "#303030", "#3585bd")

INK = "#262626"
FAINT = "#c9c9c9"
ACCENT = "#d81159"
CONTROL = "#7a7a7a"
"""Colour of controls."""
DASHED, DOTTED = (0, (3.0, 1.2)), (0, (1.0, 1.0))
TEXT_SIZE = 8.0
LATE = 10.0
"""A window that begins later than this many of its lengths has its own time."""
RESOLUTION = 200.0
"""Dots per inch of new figures, so that `figure.savefig` is sharp too."""


def colour(index: int) -> str:
    """The colour of the index-th population or variable; the palette repeats after eight."""
    return PALETTE[index % len(PALETTE)]


def clean(ax: Axes) -> Axes:
    """Reduce decoration: remove the top and right spines, and use thin lines and small text."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(linewidth=0.8, color=INK)
    ax.tick_params(labelsize=TEXT_SIZE, width=0.8, length=3, color=INK, labelcolor=INK)
    ax.xaxis.label.set(size=TEXT_SIZE + 1, color=INK)
    ax.yaxis.label.set(size=TEXT_SIZE + 1, color=INK)
    return ax


def save(figure: Figure, path: str | PathLike[str], dpi: float = 300.0) -> None:
    """Write a Figure to `path`; the suffix selects the format (png, pdf, svg; png without one). dpi: of raster images.

    Text stays text in pdf and svg, so that it can be searched and edited. An existing file is replaced only once the
    new one is complete. Raises RunFileError if it cannot be written.

    >>> from matplotlib.figure import Figure
    >>> save(Figure(), "empty.pdf")
    """
    path = checked_path(path, "path of save")
    try:
        with (
            rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}),
            atomic_files.replacing(path) as temporary,
        ):
            figure.savefig(temporary, dpi=dpi, facecolor="white", format=path.suffix[1:] or "png")
    except (OSError, ValueError) as error:
        why = atomic_files.reason(error, path.parent) if isinstance(error, OSError) else error
        raise RunFileError(f"{path}: cannot be written: {why}") from error


def window(run: Run, t_start: float | None, t_stop: float | None) -> tuple[float, float]:
    """The window of a run to draw, ms: as requested, else the whole run. ParameterError if empty."""
    start = run.t_start if t_start is None else float(t_start)
    stop = run.t_stop if t_stop is None else float(t_stop)
    if not stop > start:
        raise ParameterError(f"t_stop must be later than t_start, got {start:g} to {stop:g} ms")
    return start, stop


def time_axis(ax: Axes, t_start: float, t_stop: float, label: bool = True) -> None:
    """Limits and label of a time axis whose data are in ms.

    Labelled in s if they span more than 2 s, else in ms. A window that begins long after 0 has its own time: its start
    is 0 on the axis, and the label says when that is.
    """
    span = t_stop - t_start
    seconds = span > 2000.0
    ax.set_xlim(t_start, t_stop)
    locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
    if t_start >= LATE * span:
        unit = 1e-3 if seconds else 1.0
        ticks = [tick for tick in locator.tick_values(0.0, span) if tick <= span * (1 + 1e-9)]
        ax.xaxis.set_major_locator(FixedLocator([t_start + tick for tick in ticks]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda t, _: f"{(t - t_start) * unit:.6g}"))
        if label:
            after = f"{t_start * 1e-3:,.10g} s" if t_start >= 1000.0 else f"{t_start:g} ms"
            ax.set_xlabel(f"time after {after} ({'s' if seconds else 'ms'})", size=TEXT_SIZE + 1, color=INK)
        return
    if seconds:
        # The data stay in ms, so that later additions are in ms for any length; ticks are at whole
        # multiples of powers of ten in either unit.
        ax.xaxis.set_major_formatter(FuncFormatter(lambda t, _: f"{t * 1e-3:.10g}"))
    ax.xaxis.set_major_locator(locator)
    if label:
        ax.set_xlabel("time (s)" if seconds else "time (ms)", size=TEXT_SIZE + 1, color=INK)


def legend(ax: Axes, handles: list[Any], lifted: float = 0.0) -> None:
    """A legend in one line above the right end of `ax`, where it hides no data. lifted: in heights of `ax`."""
    ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0 + lifted),
        ncols=len(handles),
        frameon=False,
        fontsize=TEXT_SIZE,
        borderaxespad=0.2,
        handletextpad=0.5,
        columnspacing=1.4,
    )


def between(times: np.ndarray, t_start: float, t_stop: float) -> slice:
    """The slice of ascending times in [t_start, t_stop], both ends included."""
    return slice(int(np.searchsorted(times, t_start, "left")), int(np.searchsorted(times, t_stop, "right")))


def as_text(name: Any) -> str:
    """A name as text of a label, where a dollar sign is no mathematics."""
    return str(name).replace("$", r"\$")


def name_of(what: Any) -> str:
    """The name of a population or projection or of a view of one; names are returned unchanged."""
    if not isinstance(what, str) and not hasattr(what, "name"):
        raise DescriptionError(f"expected a population, projection or view, or its name, got {what!r:.200}")
    return what if isinstance(what, str) else str(what.name)


def recorded(data: Any) -> str:
    """The recordings of one type in a run, as text for errors: 'excitatory (spike), ...'."""
    return ", ".join(f"{name} ({what})" for name, what in sorted(data)) or "nothing"
