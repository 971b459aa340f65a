"""The graph of a network: populations as boxes, projections as arrows between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.description.overview import number_of_synapses, weight_of
from spikelearn.description.population import Population
from spikelearn.plots.graph_labels import Label, Rectangle, Scale, place_labels
from spikelearn.plots.graph_routes import APART, HEIGHT, WIDTH, Curve, Routes
from spikelearn.plots.panels import panels
from spikelearn.plots.style import DOTTED, INK, TEXT_SIZE, as_text, colour

if TYPE_CHECKING:
    from spikelearn.description.network_description import NetworkDescription
    from spikelearn.network import Network

EXCITES, INHIBITS, OTHER = "#1b3f73", "#d2571c", "#6b6b6b"
MOST_LABELLED = 16
"""With arrows between more pairs, populations are on a circle, and arrows have no labels."""
EDGE = 3.0 / 72.0
"""Inches that matplotlib leaves free around Axes."""


@checks_arguments
def network(net: Network, ax: Axes | None = None) -> Axes:
    """Draw the graph of a network: populations with their size and model, projections, modulators and drives.

    Populations that only send are on the left, and each other one is to the right of what it gets its input from, as
    far as there are no cycles; with many arrows they are on a circle. Arrows end in a point where weights are positive,
    and in a bar where they are negative. Their labels, left out where there are many, are the number of synapses and
    the weight, the port, and the plasticity rule. A dotted line goes from a modulator to each arrow whose rule
    it modulates. ax: where to draw; by default a new Figure.

    Returns the Axes. Raises DescriptionError for a network without populations.

    >>> net = Network(dt=0.1)
    >>> cells = net.population(20, LIF(), name="cells")
    >>> recurrent = net.connect(cells, cells, weight=20)
    >>> network(net).figure.savefig("network.png")
    """
    description = net.description()
    links = _links(description)
    dense = len(links) > MOST_LABELLED
    at = places([*description.populations, *description.modulators], list(links))
    is_own = ax is None
    (ax,) = panels(ax)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    scale = Scale(_pixels_per_unit(ax, at, is_own), ax.figure.dpi)
    shades = {part: colour(k) for k, part in enumerate(at)}
    drives = {part: sum(drive.target is part for drive in description.drives) for part in at}
    boxes = [
        box for part, place in at.items() for box in _draw_part(ax, part, place, shades[part], drives[part], scale)
    ]
    routes = Routes(list(at.values()))
    labels = []
    for (source, target), projections in links.items():
        both_ways = (target, source) in links and source is not target
        curve = routes.between(at[source], at[target], both_ways or dense, not dense)
        shade = _draw_link(ax, curve, projections)
        label = "\n".join(map(_label, projections[:3])) + ("\n..." if len(projections) > 3 else "")
        labels.append(Label(label, curve.points(), shade))
        rules = [each.plasticity for each in projections if each.plasticity is not None]
        for modulator in dict.fromkeys(rule.modulator for rule in rules if rule.modulator is not None):
            _draw_modulation(ax, routes.modulating(at[modulator], curve.middle), shades[modulator])
    if dense:
        ax.set_title(
            f"{len(description.projections)} projections, without labels", size=TEXT_SIZE, color=INK, loc="left"
        )
    else:
        boxes += place_labels(ax, labels, boxes, [each.points() for each in routes.drawn], scale)
    _fit(ax, boxes, routes, scale.per_unit if is_own else None)
    return ax


def _pixels_per_unit(ax: Axes, at: dict[Any, tuple[float, float]], is_own: bool) -> np.ndarray:
    """(2,) pixels for one unit of each coordinate, which the drawing will have: of a figure of our own, as we like."""
    ranges = np.max(list(at.values()), axis=0) + (1.9, 1.5)
    if is_own:
        return np.minimum((1.22, 1.02), (12.0, 9.0) / ranges) * ax.figure.dpi
    root: Any = ax.figure.figure
    if root.get_layout_engine() is not None:
        root.draw_without_rendering()
    extent = ax.get_window_extent()
    return np.array([extent.width, extent.height]) / ranges


def _fit(ax: Axes, boxes: list[Rectangle], routes: Routes, per_unit: np.ndarray | None) -> None:
    """Limits around all that was drawn; with per_unit the figure becomes as large as they are."""
    points = np.concatenate([*(((x, y), (u, v)) for x, y, u, v in boxes), *(each.points() for each in routes.drawn)])
    low, high = points.min(axis=0) - 0.1, points.max(axis=0) + 0.1
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    if per_unit is not None:
        figure: Any = ax.figure
        figure.set_size_inches((high - low) * per_unit / figure.dpi + 2 * EDGE)


def places(parts: list[Any], links: list[tuple[Any, Any]]) -> dict[Any, tuple[float, float]]:
    """A place (x, y), y upwards, for each part of a graph with links (source, target); no coordinate is below 0.

    parts: different hashable objects, such as names.
    """
    number = {part: k for k, part in enumerate(parts)}
    numbered = [(number[source], number[target]) for source, target in links]
    at = _on_circle(len(parts)) if len(links) > MOST_LABELLED else _in_columns(len(parts), numbered)
    return dict(zip(parts, at, strict=True))


def _links(description: NetworkDescription) -> dict[tuple[Any, Any], list[Any]]:
    """(source, target) -> the projections between them."""
    links: dict[tuple[Any, Any], list[Any]] = {}
    for projection in description.projections:
        links.setdefault((projection.source, projection.target), []).append(projection)
    return links


def _in_columns(n: int, links: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """A place for each of n parts: columns by the longest way from a source, without going round in cycles."""
    column = [0] * n
    forward = [(a, b) for a, b in links if a != b and not _closes_a_cycle(a, b, links)]
    for _ in range(n):
        for a, b in forward:
            column[b] = max(column[b], column[a] + 1)
    here = [column.count(k) for k in range(n)]
    at, filled = [], [0] * n
    for k in column:
        at.append((APART * k, max(here) - 1 - (filled[k] + (max(here) - here[k]) / 2)))
        filled[k] += 1
    return at


def _on_circle(n: int) -> list[tuple[float, float]]:
    """Places on an ellipse, clockwise from the top left, with no coordinate below 0."""
    turn = 0.75 * np.pi - 2.0 * np.pi * np.arange(n) / n
    wide, high = 0.24 * n * WIDTH + 1.0, 0.2 * n + 0.6
    return [(wide * (1 + np.cos(t)), high * (1 + np.sin(t))) for t in turn]


def _closes_a_cycle(a: int, b: int, links: list[tuple[int, int]]) -> bool:
    """Whether the link from `a` to `b` closes a cycle that begins at `b`: a way leads back, and `b` is the earlier."""
    seen, left = {b}, [b]
    while left:
        here = left.pop()
        for one, other in links:
            if one == here and other not in seen:
                seen.add(other)
                left.append(other)
    return a in seen and b < a


def _draw_part(
    ax: Axes, part: Any, place: tuple[float, float], shade: str, n_drives: int, scale: Scale
) -> list[Rectangle]:
    """Draw a box with its texts and drives; returns what labels keep clear of."""
    x, y = place
    is_population = isinstance(part, Population)
    rounding = 0.08 if is_population else 0.22
    box = FancyBboxPatch(
        (x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, boxstyle=f"round,pad=0,rounding_size={rounding}",
        facecolor="white", edgecolor=shade, lw=1.4, zorder=3,
    )  # fmt: skip
    ax.add_patch(box)
    about = f"{part.size:,} {part.model_name}" if is_population else f"modulator, {part.tau_n:g} ms"
    middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    for text in (
        ax.text(x, y + 0.07, as_text(part.name), size=TEXT_SIZE, color=shade, weight="bold", **middle),
        ax.text(x, y - 0.11, as_text(about), size=TEXT_SIZE - 1.5, color=INK, **middle),
    ):
        text.set_fontsize(text.get_fontsize() * min(1.0, 0.92 * WIDTH / scale.size_of(text)[0]))
    taken = [Rectangle.around(np.array(place), WIDTH, HEIGHT)]
    if n_drives:
        top = y + HEIGHT / 2
        arrow = FancyArrowPatch((x, top + 0.2), (x, top), arrowstyle="-|>", mutation_scale=7, color=OTHER, lw=0.9)
        ax.add_patch(arrow)
        said = "drive" if n_drives == 1 else f"{n_drives} drives"
        text = ax.text(x + 0.05, top + 0.12, said, ha="left", va="center", size=TEXT_SIZE - 2, color=OTHER)
        wide, _ = scale.size_of(text)
        taken.append(Rectangle(x - 0.04, top, x + 0.05 + wide, top + 0.2))
    return taken


def _draw_link(ax: Axes, curve: Curve, projections: list[Any]) -> str:
    """One arrow for all projections between two parts; returns its colour."""
    sign = {sign_of(each) for each in projections}
    shade = EXCITES if sign == {1} else INHIBITS if sign == {-1} else OTHER
    style = "|-|,widthA=0,widthB=0.5" if sign == {-1} else "-|>"
    arrow = FancyArrowPatch(
        path=curve.shortened(0.03).path(), arrowstyle=style, mutation_scale=9, color=shade, lw=1.1, zorder=2
    )
    ax.add_patch(arrow)
    return shade


def _draw_modulation(ax: Axes, curve: Curve, shade: str) -> None:
    """A dotted line from a modulator to the middle of an arrow."""
    ax.add_patch(FancyArrowPatch(path=curve.path(), arrowstyle="-", ls=DOTTED, color=shade, lw=1.1, zorder=1))
    ax.plot(*curve.stop, "o", ms=3, color=shade, zorder=4)


def sign_of(projection: Any) -> int:
    """Of the weights of a projection: 1, -1, or 0 if it is not known or they differ; those onto "inh" inhibit."""
    weight = projection.weight
    if projection.port == "inh":
        return -1
    if weight.profile is not None:
        return 0
    values = [weight.a] if weight.values is None else [float(np.min(weight.values)), float(np.max(weight.values))]
    signs = {int(np.sign(value)) for value in values}
    return signs.pop() if len(signs) == 1 else 0


def _label(projection: Any) -> str:
    """Number of synapses and weight; the port; how it learns."""
    text = f"{number_of_synapses(projection)} \N{MULTIPLICATION SIGN} {weight_of(projection.weight, projection.unit)}"
    port = "" if projection.receiver is None else f", {projection.port}"
    on = "" if projection.on == "spike" else f", on {projection.on}"
    rule = "" if projection.plasticity is None else f"\n{projection.plasticity.rule.name}"
    return as_text(text + port + on + rule)
