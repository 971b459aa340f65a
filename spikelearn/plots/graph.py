"""The graph of a network: populations as boxes, projections as arrows between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.description.overview import number_of_synapses, weight_of
from spikelearn.description.population import Population
from spikelearn.plots.panels import panels
from spikelearn.plots.style import DOTTED, INK, TEXT_SIZE, as_text, colour

if TYPE_CHECKING:
    from spikelearn.description.network_description import NetworkDescription
    from spikelearn.network import Network

EXCITES, INHIBITS, OTHER = "#1b3f73", "#d2571c", "#6b6b6b"
WIDTH, HEIGHT = 1.0, 0.44
"""Of a box."""
MOST_LABELLED = 16
"""With arrows between more pairs, populations are on a circle, and arrows have no labels."""
_APART = 2.5
"""Between the middles of boxes to the right; upwards it is 1."""


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
    wide, high = (max((place[k] for place in at.values()), default=0.0) for k in (0, 1))
    (ax,) = panels(ax, size=(min(12.0, 1.9 + 1.3 * wide), min(9.0, 1.5 + 1.05 * high)))
    ax.set(xticks=[], yticks=[], xlim=(-0.95, wide + 0.95), ylim=(-0.85, high + 0.62))
    ax.spines[:].set_visible(False)
    for k, part in enumerate(at):
        _draw_part(ax, part, at[part], colour(k), sum(drive.target is part for drive in description.drives))
    for (source, target), projections in links.items():
        both_ways = (target, source) in links and source is not target
        middle = _draw_link(ax, at[source], at[target], projections, both_ways or dense, not dense)
        rules = [each.plasticity for each in projections if each.plasticity is not None]
        for modulator in dict.fromkeys(rule.modulator for rule in rules if rule.modulator is not None):
            _draw_modulation(ax, at[modulator], middle, colour(list(at).index(modulator)))
    if dense:
        ax.set_title(
            f"{len(description.projections)} projections, without labels", size=TEXT_SIZE, color=INK, loc="left"
        )
    return ax


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
        at.append((_APART * k, max(here) - 1 - (filled[k] + (max(here) - here[k]) / 2)))
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


def _draw_part(ax: Axes, part: Any, place: tuple[float, float], shade: str, n_drives: int) -> None:
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
    ax.text(x, y + 0.07, as_text(part.name), size=TEXT_SIZE, color=shade, weight="bold", **middle)
    ax.text(x, y - 0.11, as_text(about), size=TEXT_SIZE - 1.5, color=INK, **middle)
    if n_drives:
        arrow = FancyArrowPatch(
            (x, y + HEIGHT / 2 + 0.2), (x, y + HEIGHT / 2), arrowstyle="-|>", mutation_scale=7, color=OTHER, lw=0.9
        )
        ax.add_patch(arrow)
        ax.text(
            x + 0.05, y + HEIGHT / 2 + 0.12, "drive" if n_drives == 1 else f"{n_drives} drives", ha="left", va="center",
            size=TEXT_SIZE - 2, color=OTHER,
        )  # fmt: skip


def _draw_link(
    ax: Axes,
    begin: tuple[float, float],
    end: tuple[float, float],
    projections: list[Any],
    both_ways: bool,
    labelled: bool,
) -> tuple[float, float]:
    """One arrow for all projections between two parts, bent if there is one back, a loop to the same part.

    Returns the middle of the arrow.
    """
    sign = {sign_of(each) for each in projections}
    shade = EXCITES if sign == {1} else INHIBITS if sign == {-1} else OTHER
    style = "|-|,widthA=0,widthB=0.5" if sign == {-1} else "-|>"
    label = "\n".join(_label(each) for each in projections[:3]) + ("\n..." if len(projections) > 3 else "")
    (x, y), (u, v) = begin, end
    if begin == end:
        start, stop, rad = (x - 0.25, y - HEIGHT / 2), (x + 0.25, y - HEIGHT / 2), 1.1
        where, align = (x, y - HEIGHT / 2 - 0.3), "top"
    else:
        start, stop = _on_edge(begin, end), _on_edge(end, begin)
        far = labelled and (abs(u - x) > 1.2 * _APART or (u == x and abs(v - y) > 1.2) or u < x)
        rad = 0.28 if far else 0.18 if both_ways else 0.0
        across = rad * np.array([stop[1] - start[1], start[0] - stop[0]]) / 2
        where = ((start[0] + stop[0]) / 2 + across[0], (start[1] + stop[1]) / 2 + across[1])
        align = "top" if across[1] < 0 else "bottom"
    arrow = FancyArrowPatch(
        start, stop, connectionstyle=f"arc3,rad={rad}", arrowstyle=style, mutation_scale=9, color=shade, lw=1.1,
        zorder=2, shrinkA=0.0, shrinkB=1.5,
    )  # fmt: skip
    ax.add_patch(arrow)
    if not labelled:
        return where
    ax.annotate(
        label, where, (0, -3 if align == "top" else 3), textcoords="offset points", ha="center", va=align,
        size=TEXT_SIZE - 2, color=shade, zorder=5, linespacing=1.05,
    )  # fmt: skip
    return where


def _draw_modulation(ax: Axes, begin: tuple[float, float], end: tuple[float, float], shade: str) -> None:
    """A dotted line from a modulator to the middle of an arrow, bent downwards, around the boxes between."""
    rad = 0.2 if end[0] > begin[0] else -0.2
    line = FancyArrowPatch(
        _on_edge(begin, end), end, connectionstyle=f"arc3,rad={rad}", arrowstyle="-", ls=DOTTED, color=shade, lw=1.1,
        zorder=1, shrinkA=0.0, shrinkB=0.0,
    )  # fmt: skip
    ax.add_patch(line)
    ax.plot(*end, "o", ms=3, color=shade, zorder=4)


def _on_edge(place: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the middle of a box leaves it."""
    dx, dy = towards[0] - place[0], towards[1] - place[1]
    share = min(WIDTH / 2 / abs(dx) if dx else np.inf, HEIGHT / 2 / abs(dy) if dy else np.inf)
    return place[0] + share * dx, place[1] + share * dy


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
