"""Rules of credit assignment side by side: how fast they learn, how close they are to the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from spikelearn.plots.panels import panels, plain_legend, whole_numbers
from spikelearn.plots.style import FAINT, INK, TEXT_SIZE, colour

Course = Mapping[str, Mapping[int, float]]
"""Name of a metric -> {epoch: value}."""
_DASHES = ("-", (0, (4.0, 1.5)), (0, (1.0, 1.0)))
_MARKERS = "osD^vPX*"


def _look(k: int) -> dict[str, Any]:
    """Colours repeat after eight, so dashes change too; markers tell lines apart in grey."""
    return {"color": colour(k), "ls": _DASHES[k // 8 % 3], "marker": _MARKERS[k % 8], "ms": 3.5, "lw": 1.0}


def accuracy_by_samples(courses: Mapping[str, Sequence[Course]], ax: Axes | None = None) -> Axes:
    """Test accuracy against presentations: the mean over seeds and, as a band, its standard deviation.

    courses: rule -> the course of each seed, with "samples" and "test_accuracy".
    """
    [ax] = panels(ax, size=(6.4, 4.0))
    for k, (rule, of_seeds) in enumerate(courses.items()):
        epochs = _common(of_seeds, "test_accuracy")
        samples = [of_seeds[0]["samples"][epoch] for epoch in epochs]
        values = np.array([[each["test_accuracy"][epoch] for epoch in epochs] for each in of_seeds])
        mean, spread = values.mean(axis=0), values.std(axis=0)
        ax.plot(samples, mean, label=rule, **_look(k))
        ax.fill_between(samples, mean - spread, mean + spread, color=colour(k), alpha=0.12, lw=0)
    ax.set(xlabel="presentations", ylabel="test accuracy", ylim=(None, 1.0))
    plain_legend(ax, ncols=2, loc="lower right")
    return ax


def angle_by_epoch(courses: Mapping[str, Sequence[Course]], ax: Sequence[Axes] | None = None) -> list[Axes]:
    """The angle between a presentation's update and the gradient, by epoch, a panel for each projection.

    courses: rule -> the course of each seed; those without angles are left out.
    """
    measured = {rule: of for rule, of in courses.items() if any(name.startswith("single") for name in of[0])}
    layers = max((_layers(of[0]) for of in measured.values()), default=1)
    axes = panels(ax, columns=layers, size=(3.4 * layers, 3.4), sharey=True)
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
        plain_legend(axes[-1], handles=list(lines.values()), ncols=2)
    return axes


def _common(of_seeds: Sequence[Course], name: str) -> list[int]:
    """The epochs at which all seeds were measured."""
    return sorted(set.intersection(*(set(each.get(name, {})) for each in of_seeds)))


def _layers(course: Course) -> int:
    return max((int(name.rpartition("_")[2]) for name in course if name.startswith("single.layer_")), default=0)
