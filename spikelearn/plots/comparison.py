"""Rules of credit assignment side by side: how fast they learn, how close they are to the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from spikelearn.plots.panels import panels, plain_legend, whole_numbers
from spikelearn.plots.style import FAINT, INK, TEXT_SIZE, colour

Course = Mapping[str, Mapping[int, float]]
"""Name of a metric -> {epoch: value}."""
BANDS = 6
"""Rules whose bands of standard deviation can be told apart."""
_DASHES = ("-", (0, (4.0, 1.5)), (0, (1.0, 1.0)), (0, (6.0, 1.5, 1.0, 1.5)))
_MARKERS = "osD^vPX*"


def _look(k: int) -> dict[str, Any]:
    """Colours repeat after eight, so dashes change too; markers tell lines apart in grey."""
    return {"color": colour(k), "ls": _DASHES[k // 8 % 4], "marker": _MARKERS[k % 8], "ms": 3.5, "lw": 1.0}


def accuracy_by_samples(courses: Mapping[str, Sequence[Course]], ax: Axes | None = None) -> Axes:
    """Test accuracy against presentations: the mean over seeds and, of up to `BANDS` rules, its standard deviation.

    courses: rule -> the course of each seed, with "samples" and "test_accuracy".
    """
    [ax] = panels(ax, size=(7.2, 4.0))
    _accuracies(ax, courses, dict.fromkeys(courses, 1.0))
    ax.set(xlabel="presentations", ylabel="test accuracy", ylim=(None, 1.0))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return ax


def accuracy_by_events(
    courses: Mapping[str, Sequence[Course]], events: Mapping[str, float], ax: Axes | None = None
) -> Axes:
    """Test accuracy against all synaptic events until then, on a logarithmic axis, from the first epoch on.

    courses: as for `accuracy_by_samples`. events: rule -> synaptic events of a presentation; others are left out.
    """
    [ax] = panels(ax, size=(7.2, 4.0))
    _accuracies(ax, courses, events, first=1)
    ax.set(xlabel="synaptic events: forward, feedback and plasticity", ylabel="test accuracy", ylim=(None, 1.0))
    ax.set_xscale("log")
    return ax


def _accuracies(
    ax: Axes, courses: Mapping[str, Sequence[Course]], per_sample: Mapping[str, float], first: int = 0
) -> None:
    """A line for each rule that has a number to multiply samples with, from the epoch `first` on."""
    for k, (rule, of_seeds) in enumerate(courses.items()):
        if rule not in per_sample:
            continue
        epochs = [epoch for epoch in _common(of_seeds, "test_accuracy") if epoch >= first]
        across = per_sample[rule] * np.array([of_seeds[0]["samples"][epoch] for epoch in epochs])
        values = np.array([[each["test_accuracy"][epoch] for epoch in epochs] for each in of_seeds])
        mean, spread = values.mean(axis=0), values.std(axis=0)
        ax.plot(across, mean, label=rule, **_look(k))
        if len(courses) <= BANDS:
            ax.fill_between(across, mean - spread, mean + spread, color=colour(k), alpha=0.12, lw=0)
    plain_legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))


def rules_beside_controls(rows: Sequence[Mapping[str, Any]], ax: Sequence[Axes] | None = None) -> list[Axes]:
    """A line for each rule, the most accurate first: accuracy with its controls, samples to 90 % and synaptic events.

    rows: of each rule and seed, with the columns of a comparison; what is None is left out, and samples of rules that
    did not get there with all seeds. Small dots are seeds, large ones their means; controls are means.
    """
    rules = list(dict.fromkeys(row["rule"] for row in rows))
    of_rule = {rule: [row for row in rows if row["rule"] == rule] for rule in rules}
    means = {rule: np.mean(found) if len(found := _column(of_rule[rule], "test_accuracy")) else -1.0 for rule in rules}
    rules.sort(key=lambda rule: -float(means[rule]))
    axes = panels(ax, columns=3, size=(7.2, 1.3 + 0.19 * len(rules)), sharey=True, width_ratios=(2.0, 1.0, 1.0))
    for place, rule in enumerate(rules):
        for k, (name, marker) in enumerate(_CONTROLS.items()):
            values = _column(of_rule[rule], name)
            if len(values):
                axes[0].plot(values.mean(), place, marker, mfc="white", mec=colour(k + 1), ms=4.0, zorder=2)
        _dots(axes[0], _column(of_rule[rule], "test_accuracy"), place)
        reached = _column(of_rule[rule], "samples_to_90")
        if len(reached) == len(of_rule[rule]):
            _dots(axes[1], reached, place)
        events = [
            sum(row[each] for each in _EVENTS) for row in of_rule[rule] if None not in [row[each] for each in _EVENTS]
        ]
        _dots(axes[2], np.array(events), place)
    axes[0].set_yticks(range(len(rules)), rules)
    axes[0].set(xlabel="test accuracy", xlim=(0.2, 1.0), ylim=(len(rules) - 0.5, -0.5))
    axes[1].set(xlabel="samples to 90 %", xscale="log")
    axes[2].set(xlabel="events a sample", xscale="log")
    for each in axes[1:]:
        each.xaxis.set_minor_formatter(NullFormatter())
    for each in axes:
        each.set_axisbelow(True)
        each.grid(axis="y", color=FAINT, lw=0.4)
        each.tick_params(axis="y", length=0)
    handles = [axes[0].plot([], [], "o", color=colour(0), ms=5.0, label="the rule")[0]]
    for k, (name, marker) in enumerate(_CONTROLS.items()):
        label = name.removesuffix("_accuracy")
        handles += axes[0].plot([], [], marker, mfc="white", mec=colour(k + 1), ms=4.0, label=label)
    axes[0].figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False, fontsize=TEXT_SIZE)
    return axes


_CONTROLS = {"frozen_accuracy": "s", "linear_accuracy": "^", "shuffled_accuracy": "D"}
_EVENTS = ("events_forward", "events_feedback", "events_plasticity")


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """The values of a column that there are."""
    return np.array([float(row[name]) for row in rows if row.get(name) is not None])


def _dots(ax: Axes, values: np.ndarray, place: float) -> None:
    """Seeds as small dots, their mean as a large one."""
    if len(values):
        ax.plot(values, np.full(len(values), place), "o", color=colour(0), ms=2.0, alpha=0.5, zorder=3)
        ax.plot(values.mean(), place, "o", color=colour(0), ms=5.0, zorder=4)


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


def angle_by_epoch(courses: Mapping[str, Sequence[Course]], ax: Sequence[Axes] | None = None) -> list[Axes]:
    """The angle between a presentation's update and the gradient, by epoch, a panel for each projection.

    courses: rule -> the course of each seed; those without angles are left out.
    """
    measured = {rule: of for rule, of in courses.items() if any(name.startswith("single") for name in of[0])}
    layers = max((_layers(of[0]) for of in measured.values()), default=1)
    axes = panels(ax, columns=layers, size=(1.4 + 2.8 * layers, 3.4), sharey=True)
    for k, (rule, of_seeds) in enumerate(courses.items()):
        if rule not in measured:
            continue
        for layer in range(1, _layers(of_seeds[0]) + 1):
            name = f"single.layer_{layer}"
            epochs = _common(of_seeds, name)
            values = np.array([[each[name][epoch] for epoch in epochs] for each in of_seeds])
            axes[layer - 1].plot(epochs, values.mean(axis=0), label=rule, **_look(k))
    for layer, panel in enumerate(axes, 1):
        panel.axhline(90.0, color=FAINT, lw=0.8)
        panel.set(xlabel="epochs learned", ylim=(0.0, 120.0), yticks=range(0, 121, 30))
        panel.set_title(f"projection {layer}", size=TEXT_SIZE + 1, color=INK)
        whole_numbers(panel.xaxis)
    axes[0].set_ylabel("angle to minus the gradient (degrees)")
    if measured:
        lines = {line.get_label(): line for panel in axes for line in panel.get_lines() if line.get_label() in measured}
        plain_legend(axes[-1], handles=list(lines.values()), loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def _common(of_seeds: Sequence[Course], name: str) -> list[int]:
    """The epochs at which all seeds were measured."""
    return sorted(set.intersection(*(set(each.get(name, {})) for each in of_seeds)))


def _layers(course: Course) -> int:
    return max((int(name.rpartition("_")[2]) for name in course if name.startswith("single.layer_")), default=0)
