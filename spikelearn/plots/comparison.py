"""Rules of credit assignment side by side: how fast they learn, how close they are to the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from spikelearn.plots.panels import panels, plain_legend, whole_numbers
from spikelearn.plots.style import DASHED, FAINT, INK, TEXT_SIZE, colour

Course = Mapping[str, Mapping[int, float]]
"""Name of a metric -> {epoch: value}."""
Line = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Along the horizontal axis, the mean over seeds and its standard deviation."""
TOGETHER = 6
"""Rules that can be told apart in one panel."""
_COLUMNS = 3
_MARKERS = "osD^vP"


def accuracy_by_samples(courses: Mapping[str, Sequence[Course]], ax: Sequence[Axes] | None = None) -> list[Axes]:
    """Test accuracy against presentations: mean and standard deviation over seeds, `TOGETHER` rules to a panel.

    courses: rule -> the course of each seed, with "samples" and "test_accuracy".
    """
    axes = _small_multiples({rule: [_accuracy(of, 1.0)] for rule, of in courses.items()}, ax)
    for each in axes:
        each.set(ylim=(None, 1.0))
        each.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 1000.0:g}"))
    _label(axes, "thousands of presentations", "test accuracy")
    return axes


def accuracy_by_events(
    courses: Mapping[str, Sequence[Course]], events: Mapping[str, float], ax: Sequence[Axes] | None = None
) -> list[Axes]:
    """Test accuracy against all synaptic events until then, on a logarithmic axis, from the first epoch on.

    courses: as for `accuracy_by_samples`. events: rule -> synaptic events of a presentation; others are left out.
    """
    drawn = {rule: [_accuracy(of, events[rule], first=1)] for rule, of in courses.items() if rule in events}
    axes = _small_multiples(drawn, ax)
    for each in axes:
        each.set(ylim=(None, 1.0), xscale="log")
    _label(axes, "synaptic events: forward, feedback and plasticity", "test accuracy")
    return axes


def angle_by_epoch(courses: Mapping[str, Sequence[Course]], ax: Sequence[Axes] | None = None) -> list[Axes]:
    """The angle between a presentation's update and the gradient, by epoch, of the first projection onto hidden cells,
    with markers, and the last one, dashed, if there are several; `TOGETHER` rules to a panel.

    courses: rule -> the course of each seed; those without angles are left out.
    """
    drawn = {}
    for rule, of in courses.items():
        layers = max((int(name.rpartition("_")[2]) for name in of[0] if name.startswith("single.layer_")), default=0)
        if layers:
            ends = dict.fromkeys((1, max(layers - 1, 1)))
            drawn[rule] = [_line(of, f"single.layer_{k}") for k in ends]
    axes = _small_multiples(drawn, ax)
    for panel in axes:
        panel.axhline(90.0, color=FAINT, lw=0.8)
        panel.set(ylim=(0.0, 120.0), yticks=range(0, 121, 30))
        whole_numbers(panel.xaxis)
    _label(axes, "epochs learned", "angle to minus the gradient (degrees)")
    return axes


def _accuracy(of_seeds: Sequence[Course], per_sample: float, first: int = 0) -> Line:
    """Of a rule from the epoch `first` on. per_sample: what to multiply samples with."""
    epochs, mean, spread = _line(of_seeds, "test_accuracy")
    there = epochs >= first
    across = per_sample * np.array([of_seeds[0]["samples"][epoch] for epoch in epochs[there]])
    return across, mean[there], spread[there]


def _line(of_seeds: Sequence[Course], name: str) -> Line:
    """A metric at the epochs at which it was measured with all seeds."""
    epochs = sorted(set.intersection(*(set(each.get(name, {})) for each in of_seeds)))
    values = np.array([[each[name][epoch] for epoch in epochs] for each in of_seeds])
    return np.array(epochs), values.mean(axis=0), values.std(axis=0)


def _small_multiples(lines: Mapping[str, Sequence[Line]], ax: Sequence[Axes] | None) -> list[Axes]:
    """A panel for every `TOGETHER` rules, in the order that is given, those of the others faintly behind."""
    rules = list(lines)
    groups = [rules[start : start + TOGETHER] for start in range(0, len(rules), TOGETHER)] or [[]]
    columns = min(len(groups), _COLUMNS)
    rows = -(-len(groups) // columns)
    axes = panels(
        ax, rows, columns, size=(0.8 + 3.4 * columns, 0.4 + 3.2 * rows), sharex=True, sharey=True
    )  # fmt: skip
    for panel, group in zip(axes, groups, strict=False):
        for rule in rules:
            for across, mean, _ in lines[rule] if rule not in group else ():
                panel.plot(across, mean, color=FAINT, lw=0.6, zorder=1)
        for k, rule in enumerate(group):
            for n, (across, mean, spread) in enumerate(lines[rule]):
                look: dict[str, Any] = {"marker": _MARKERS[k], "ms": 3.0, "label": rule} if n == 0 else {"ls": DASHED}
                panel.plot(across, mean, color=colour(k), lw=1.0, zorder=3, **look)
                panel.fill_between(across, mean - spread, mean + spread, color=colour(k), alpha=0.12, lw=0, zorder=2)
        if group:
            plain_legend(
                panel, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, handlelength=1.4, columnspacing=0.8,
                borderaxespad=0.2, fontsize=TEXT_SIZE - 1.0,
            )  # fmt: skip
    for panel in axes[len(groups) :]:
        panel.set_axis_off()
    for panel in axes[max(len(groups) - columns, 0) : len(groups)]:
        panel.tick_params(labelbottom=True)
    return axes[: len(groups)]


def _label(axes: Sequence[Axes], across: str, up: str) -> None:
    """The same axes for all panels."""
    figure = axes[0].figure
    for write, text in ((figure.supxlabel, across), (figure.supylabel, up)):
        write(text, size=TEXT_SIZE + 1, color=INK)


def rules_beside_controls(rows: Sequence[Mapping[str, Any]], ax: Sequence[Axes] | None = None) -> list[Axes]:
    """A line for each rule, the most accurate first: accuracy with its controls, samples to 90 % and synaptic events.

    rows: of each rule and seed, with the columns of a comparison; what is None is left out, and samples of rules that
    did not get there with all seeds. Small dots are seeds, large ones their means; controls are means.
    """
    of_rule = _most_accurate_first(rows)
    axes = panels(ax, columns=3, size=(7.2, 1.3 + 0.19 * len(of_rule)), sharey=True, width_ratios=(2.0, 1.0, 1.0))
    for place, found in enumerate(of_rule.values()):
        _accuracies(axes[0], found, place)
        reached = _column(found, "samples_to_90")
        if len(reached) == len(found):
            _dots(axes[1], reached, place)
        events = [sum(row[each] for each in _EVENTS) for row in found if None not in [row[each] for each in _EVENTS]]
        _dots(axes[2], np.array(events), place)
    axes[0].set_yticks(range(len(of_rule)), of_rule)
    axes[0].set(xlabel="test accuracy", xlim=(0.2, 1.0), ylim=(len(of_rule) - 0.5, -0.5))
    axes[1].set(xlabel="samples to 90 %", xscale="log")
    axes[2].set(xlabel="events a sample", xscale="log")
    for each in axes[1:]:
        each.xaxis.set_minor_formatter(NullFormatter())
    for each in axes:
        each.set_axisbelow(True)
        each.grid(axis="y", color=FAINT, lw=0.4)
        each.tick_params(axis="y", length=0)
    _legend_of_controls(axes[0], rows)
    return axes


def accuracy_beside_controls(rows: Sequence[Mapping[str, Any]], ax: Axes | None = None) -> Axes:
    """The first panel of `rules_beside_controls` lying down: a column for each rule, the most accurate first."""
    of_rule = _most_accurate_first(rows)
    [ax] = panels(ax, size=(max(0.8 + 0.215 * len(of_rule), 3.6), 3.6))
    for place, found in enumerate(of_rule.values()):
        _accuracies(ax, found, place, upright=True)
    ax.set_xticks(range(len(of_rule)), of_rule, rotation=60, ha="right", rotation_mode="anchor")
    ax.set(ylabel="test accuracy", ylim=(0.2, 1.0), xlim=(-0.6, len(of_rule) - 0.4))
    ax.set_axisbelow(True)
    ax.grid(axis="x", color=FAINT, lw=0.4)
    ax.tick_params(axis="x", length=0)
    _legend_of_controls(ax, rows)
    return ax


def _most_accurate_first(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Rule -> its rows; rules without an accuracy come last."""
    of_rule: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        of_rule.setdefault(row["rule"], []).append(row)
    means = {
        rule: np.mean(found) if len(found := _column(of, "test_accuracy")) else -1.0 for rule, of in of_rule.items()
    }
    return {rule: of_rule[rule] for rule in sorted(of_rule, key=lambda rule: -float(means[rule]))}


def _accuracies(ax: Axes, rows: Sequence[Mapping[str, Any]], place: float, upright: bool = False) -> None:
    """Of one rule: its seeds, their mean and its controls, along the horizontal axis or, if `upright`, upwards."""
    for k, (name, marker) in enumerate(_CONTROLS.items()):
        values = _column(rows, name)
        if len(values):
            at = (place, values.mean()) if upright else (values.mean(), place)
            ax.plot(*at, marker, mfc="white", mec=colour(k + 1), ms=4.0, zorder=2)
    _dots(ax, _column(rows, "test_accuracy"), place, upright)


def _legend_of_controls(ax: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    handles = [ax.plot([], [], "o", color=colour(0), ms=5.0, label="the rule")[0]]
    for k, (name, marker) in enumerate(_CONTROLS.items()):
        if len(_column(rows, name)):
            label = name.removesuffix("_accuracy")
            handles += ax.plot([], [], marker, mfc="white", mec=colour(k + 1), ms=4.0, label=label)
    ax.figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=TEXT_SIZE)


_CONTROLS = {"frozen_accuracy": "s", "linear_accuracy": "^", "shuffled_accuracy": "D"}
_EVENTS = ("events_forward", "events_feedback", "events_plasticity")


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """The values of a column that there are."""
    return np.array([float(row[name]) for row in rows if row.get(name) is not None])


def _dots(ax: Axes, values: np.ndarray, place: float, upright: bool = False) -> None:
    """Seeds as small dots, their mean as a large one."""
    if len(values):
        for at, size, alpha, order in ((values, 2.0, 0.5, 3), (values.mean(keepdims=True), 5.0, 1.0, 4)):
            across, up = (np.full(len(at), place), at) if upright else (at, np.full(len(at), place))
            ax.plot(across, up, "o", color=colour(0), ms=size, alpha=alpha, zorder=order)


def what_must_be_known(needed: Mapping[str, Mapping[str, bool]], ax: Axes | None = None) -> Axes:
    """What each rule needs, as a matrix: a filled square where it does.

    needed: rule -> {what: whether it is needed}, with the same keys for all.
    """
    whats = list(next(iter(needed.values())))
    [ax] = panels(ax, size=(1.6 + 0.42 * len(whats), 1.4 + 0.24 * len(needed)))
    places = [(x, y) for y, of_rule in enumerate(needed.values()) for x, what in enumerate(whats) if of_rule[what]]
    ax.hlines(range(len(needed)), -0.5, len(whats) - 0.5, color=FAINT, lw=0.5, zorder=0)
    x, y = np.array(places).reshape(-1, 2).T
    ax.scatter(x, y, marker="s", s=42, color=colour(0))
    ax.set(xlim=(-0.5, len(whats) - 0.5), ylim=(len(needed) - 0.5, -0.5))
    ax.set_xticks(range(len(whats)), whats, rotation=40, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(needed)), list(needed))
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for side in ax.spines.values():
        side.set_visible(False)
    return ax
