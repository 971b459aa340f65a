"""Figures with several panels: uniform creation, lettering and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spikelearn.errors import ParameterError
from spikelearn.plots.style import CONTROL, FAINT, INK, RESOLUTION, TEXT_SIZE, clean, colour


def new_figure(width: float, height: float, w_pad: float | None = None, h_pad: float | None = None) -> Figure:
    """An empty white Figure, in inches. w_pad, h_pad: space around each panel, in inches; by default matplotlib's."""
    figure = Figure(figsize=(width, height), dpi=RESOLUTION, layout="constrained", facecolor="white")
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=w_pad, h_pad=h_pad)  # type: ignore[call-arg]
    return figure


def panels(
    ax: Axes | Sequence[Axes] | None,
    rows: int = 1,
    columns: int = 1,
    size: tuple[float, float] = (6.4, 3.6),
    **grid: Any,
) -> list[Axes]:
    """The given Axes, or those of a new Figure of `size` inches, cleaned; row by row.

    grid: passed to `Figure.subplots` (height_ratios, sharex, ...).
    Raises ParameterError if the number of given Axes is not rows * columns.
    """
    if ax is None:
        figure = Figure(figsize=size, dpi=RESOLUTION, layout="constrained", facecolor="white")
        return [clean(each) for each in figure.subplots(rows, columns, squeeze=False, **grid).flat]
    given = [ax] if isinstance(ax, Axes) else list(ax)
    if len(given) != rows * columns:
        panels = f"{rows * columns} panel{'s' * (rows * columns > 1)}"
        raise ParameterError(
            f"ax: this plot has {panels}, expected a list of {rows * columns} Axes, such as plt.subplots"
            f"({rows * columns})[1]; got {len(given)}"
        )
    return [clean(each) for each in given]


def letter_panels(axes: Iterable[Axes], offset: tuple[float, float] | None = (-34.0, 6.0)) -> None:
    """Write a, b, c ... at the upper left corners of panels.

    offset: from the corner, in points; None: as a left-aligned title.
    """
    for letter, ax in zip("abcdefghij", axes, strict=False):
        font: dict[str, Any] = {"weight": "bold", "size": TEXT_SIZE + 3, "color": INK}
        if offset is None:
            ax.set_title(letter, loc="left", **font)
        else:
            ax.annotate(letter, (0, 1), xycoords="axes fraction", xytext=offset, textcoords="offset points", **font)


def empty_panels(axes: Iterable[Axes]) -> None:
    """Remove the ticks of empty panels, e.g. of an interrupted experiment."""
    for ax in axes:
        if not ax.has_data():
            clean(ax).set(xticks=[], yticks=[])


def draw_measured(*drawings: tuple[Callable[..., Any], tuple[Any, ...], Sequence[Any]]) -> None:
    """Call each function with its arguments and data, unless some of the data are missing (None)."""
    for draw, arguments, measured in drawings:
        if all(each is not None for each in measured):
            draw(*arguments, *measured)


def plain_title(ax: Axes, text: str, **options: Any) -> None:
    """A title in small text."""
    ax.set_title(text, size=TEXT_SIZE + 1, color=INK, **options)


def plain_legend(ax: Axes, **options: Any) -> None:
    """A legend without a frame, in small text; none where nothing has a label. options: of `Axes.legend`."""
    if "handles" not in options and not ax.get_legend_handles_labels()[0]:
        return
    ax.legend(**{"frameon": False, "fontsize": TEXT_SIZE, "title_fontsize": TEXT_SIZE, **options})


def whole_numbers(axis: Axis) -> None:
    """Ticks at whole numbers only: epochs, trials."""
    axis.set_major_locator(MaxNLocator(integer=True))


def colour_bar(
    picture: Any, axes: Axes | Sequence[Axes], label: str, size: float = TEXT_SIZE + 1, **options: Any
) -> None:
    """Add the colour bar of an image, next to its panels. size: of the label. options: of `Figure.colorbar`."""
    figure = (axes if isinstance(axes, Axes) else axes[0]).figure
    bar = figure.colorbar(picture, ax=axes, **options)
    bar.set_label(label, size=size, color=INK)
    bar.ax.tick_params(labelsize=TEXT_SIZE)


def learning_curves(ax: Axes, curves: Mapping[str, tuple[Any, Mapping[str, Any]]], first: int = 1) -> None:
    """Draw values per epoch or trial, one line per condition.

    curves: label -> the values, (epochs,), and the line style (options of `Axes.plot`). first: number of the first
    epoch; 0 if values start before learning.
    """
    for label, (values, look) in curves.items():
        ax.plot(first + np.arange(len(values)), values, **{"label": label, **look})
    whole_numbers(ax.xaxis)


def with_control(
    ax: Axes,
    x: Any,
    values: Any,
    control: Any,
    labels: tuple[str, str],
    ms: float = 4.0,
    lw: tuple[float, float] = (1.2, 1.0),
    **look: Any,
) -> None:
    """Draw a result as a dark line with dots, and its control as a grey line with white squares.

    labels, lw: of both; sizes in points. look: options of `Axes.plot` for the result only.
    """
    ax.plot(x, values, **{"color": INK, "marker": "o", "ms": ms, "lw": lw[0], "label": labels[0], **look})
    ax.plot(x, control, color=CONTROL, marker="s", ms=ms, mfc="white", lw=lw[1], label=labels[1])


def tiled_images(ax: Axes, images: np.ndarray, **options: Any) -> Any:
    """Draw square images, (n, side * side), in rows and columns one pixel apart; returns the image, for a colour bar.

    options: of `Axes.imshow`.
    """
    n, side = len(images), round(images.shape[1] ** 0.5)
    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    tiles = np.full((rows * columns, side + 1, side + 1), np.nan)
    tiles[:n, :side, :side] = images.reshape(n, side, side)
    whole = tiles.reshape(rows, columns, side + 1, side + 1).swapaxes(1, 2).reshape(rows * (side + 1), -1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax.imshow(whole[:-1, :-1], interpolation="nearest", **options)


def confusion_table(ax: Axes, shares: np.ndarray, xlabel: str, ylabel: str) -> Any:
    """Draw the confusion matrix, (classes, answers), from 0 to 1; returns the image, for a colour bar."""
    picture = ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    ax.set(xticks=range(shares.shape[1]), yticks=range(len(shares)), xlabel=xlabel, ylabel=ylabel)
    return picture


def class_map(
    ax: Axes,
    grid: np.ndarray,
    answers: np.ndarray,
    shades: Sequence[str],
    side: float,
    wrong: tuple[np.ndarray, np.ndarray] | None = None,
    outline: Iterable[np.ndarray] = (),
) -> None:
    """Draw which class a classifier answers at each point of a grid in the plane, as squares.

    grid: (n, 2). answers: (n,), starting at 0. shades: colour of each class. side: of a square, in points.
    wrong: points, (k, 2), that were answered wrong, and their true classes, (k,), drawn as circles. outline: curves
    between the classes, each (points, 2).
    """
    colours = np.array(shades)
    ax.scatter(grid[:, 0], grid[:, 1], c=colours[answers], s=side**2, marker="s", lw=0)
    if wrong is not None:
        points, classes = wrong
        ax.scatter(points[:, 0], points[:, 1], s=16, marker="o", facecolor=colours[classes], edgecolor=INK, lw=0.8)
    for curve in outline:
        ax.plot(*curve.T, color=INK, lw=0.8)


def mark_phases(ax: Axes, phases: Sequence[tuple[str, float]], shaded: float = 0.0) -> None:
    """The phases of a trial: names above the panel, lines where they meet, and the end of each in grey.

    phases: the name and length of each, in the unit of the x-axis, from 0 on. shaded: how much of each end is grey.
    """
    begin = 0.0
    for name, length in phases:
        if begin > 0.0:
            ax.axvline(begin, color=INK, lw=0.8)
        middle, end = begin + 0.5 * length, begin + length
        ax.axvspan(end - shaded, end, color=FAINT, alpha=0.5, lw=0)
        font: dict[str, Any] = {"ha": "center", "fontsize": TEXT_SIZE, "color": INK}
        ax.text(middle, 1.02, name, transform=ax.get_xaxis_transform(), **font)
        begin = end
    ax.set_xlim(0.0, begin)


def update_angles_by_epoch(ax: Axes, epochs: Any, angles: Any, shuffled: Any, labels: tuple[str, str]) -> None:
    """Degrees between what a rule and what backpropagation changes, beside the control with shuffled cells.

    epochs, angles, shuffled: (n,). labels: of both.
    """
    ax.axhline(90.0, color=FAINT, lw=0.8)
    ax.plot(epochs, shuffled, color=colour(1), ls="--", marker="s", markersize=3, lw=1.0, label=labels[1])
    ax.plot(epochs, angles, color=colour(0), marker="o", markersize=3, lw=1.0, label=labels[0])
    ax.set(xlabel="epochs learned", ylabel="angle to backpropagation (degrees)")
    ax.set(ylim=(0.0, 100.0), yticks=range(0, 91, 30))
    whole_numbers(ax.xaxis)
