"""Make docs/results/credit_assignment_scaling.md: how rules fare as networks become wider and deeper.

    python scripts/credit_assignment_scaling.py --out out/scaling [--seeds 5]

The claim that is tested: rules that find out by trial, from one number for all synapses, fall behind as networks grow,
and rules that send each cell a signal of its own do not. Yin-Yang, with learning rates that were tuned for 30 hidden
cells. For each rule and size: the cosine of the angle between what one example changes in the first layer and minus the
gradient, after two epochs; the accuracy after the last; and the samples to 80 %. Slopes are those of straight lines
through the logarithms, by the number of weights, with the standard error over seeds. What is in the store is not
computed again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.page_of_rules import options_of, points_of, write_page  # noqa: E402

PAGE = ROOT / "docs" / "results" / "credit_assignment_scaling.md"
RULES = ("bptt", "fa", "dfa", "brainprop", "node_perturbation", "weight_perturbation", "reinforce")
WIDTHS: tuple[tuple[int, ...], ...] = ((10,), (30,), (100,), (300,))
DEPTHS: tuple[tuple[int, ...], ...] = ((30,), (30, 30), (30, 30, 30))
EPOCHS, ANGLE_AFTER, CRITERION = 10, 2, 0.8
INPUTS, OUTPUTS = 4, 3
ABOUT = f"""# Credit assignment: wider and deeper

Made by `python scripts/credit_assignment_scaling.py`. {EPOCHS} epochs of 5,000 points of Yin-Yang, learning rates as
for 30 hidden cells, not tuned for others. cosine: of the angle between what one example changes in the first layer and
minus the gradient, after {ANGLE_AFTER} epochs. samples: to an accuracy of {CRITERION:g}, of the seeds that reached it.
A slope is that of a straight line through the logarithms, by the number of weights; ± its standard error over seeds.
An inverse square root has -0.5. n/a: no loss, so no angle; or fewer than two sizes at which all seeds got there.
The figure shows means over all seeds, so no samples where a seed did not get there, nor a cosine below 0.
"""

FINDINGS = """## What was found

- Wider: the cosine of weight perturbation falls as the inverse square root of the number of weights. That of feedback
  alignment falls nearly as much, while its accuracy does not: it need not be near the gradient. That of BrainProp,
  whose feedback learns, hardly falls. No accuracy of a rule that sends vectors falls; those of node perturbation and of
  `reinforce` do, and that of weight perturbation changes by no more than its standard error.
- Deeper: with three hidden layers, perturbation and reward are near chance (0.36) after ten epochs, and rules that
  send vectors at 0.87 or more. With two, node perturbation and `reinforce` have fallen to 0.5, and weight perturbation
  by 0.02.
- So the claim that perturbation and reward fall behind holds for depth; for width it holds for node perturbation,
  `reinforce` and the angle of weight perturbation, and is no matter of angles alone.
- Rates were not tuned for each size.
"""


def n_weights(hidden: Sequence[int]) -> int:
    sizes = (INPUTS, *hidden, OUTPUTS)
    return sum(below * above for below, above in zip(sizes, sizes[1:], strict=False))


def measured(point: Mapping[str, Any]) -> dict[str, float]:
    """cosine, accuracy and samples of one learner; NaN for what there is not."""
    angle = point.get(f"single.layer_1.epoch_{ANGLE_AFTER}")
    course = [(point[f"samples.epoch_{k}"], point[f"test_accuracy.epoch_{k}"]) for k in range(EPOCHS + 1)]
    samples = next((float(n) for n, accuracy in course if accuracy >= CRITERION), float("nan"))
    cosine = float("nan") if angle is None else float(np.cos(np.radians(angle)))
    return {"cosine": cosine, "accuracy": float(point["test_accuracy"]), "samples": samples}


def hidden_of(point: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(each) for each in str(point["hidden"]).split(","))


Table = dict[tuple[str, tuple[int, ...]], dict[int, dict[str, float]]]
"""Rule and sizes -> seed -> what was measured."""


def table_of(points: Sequence[Mapping[str, Any]]) -> Table:
    found: Table = {}
    for point in points:
        key = str(point["rule"]), hidden_of(point)
        found.setdefault(key, {})[int(point["learner_seed"])] = measured(point)
    return found


def slope(table: Table, rule: str, sizes: Sequence[tuple[int, ...]], name: str) -> tuple[float, float] | None:
    """Mean over seeds of the slope of log(name) by log(weights), and its standard error; None if there is none."""
    seeds = sorted(set.intersection(*(set(table.get((rule, each), {})) for each in sizes)))
    slopes = []
    for seed in seeds:
        values = np.array([table[rule, each][seed][name] for each in sizes])
        there = values > 0.0
        if there.sum() < len(sizes) and (name != "samples" or there.sum() < 2):
            return None
        weights = np.array([n_weights(each) for each in sizes])
        slopes.append(float(np.polyfit(np.log(weights[there]), np.log(values[there]), 1)[0]))
    if not slopes:
        return None
    return float(np.mean(slopes)), float(np.std(slopes, ddof=1) / np.sqrt(len(slopes))) if len(slopes) > 1 else 0.0


def markdown(table: Table, rules: Sequence[str], sizes: Sequence[tuple[int, ...]], title: str) -> str:
    names = ("cosine", "accuracy", "samples")
    shape = [f"{INPUTS}-{'-'.join(map(str, each))}-{OUTPUTS}" for each in sizes]
    lines = [f"## {title}", ""]
    for name in names:
        lines += [f"| {name} | {' | '.join(shape)} | slope |", "|---" * (len(sizes) + 2) + "|"]
        for rule in rules:
            cells = []
            for each in sizes:
                values = np.array([seen[name] for seen in table.get((rule, each), {}).values()])
                there = values[np.isfinite(values)]
                some = f" ({len(there)} of {len(values)})" if len(there) < len(values) else ""
                form = ",.0f" if name == "samples" else ".3f"
                cells.append(f"{there.mean():{form}}{some}" if len(there) else "n/a")
            found = slope(table, rule, sizes, name)
            cells.append("n/a" if found is None else f"{found[0]:+.2f} ± {found[1]:.2f}")
            lines.append(f"| {rule} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def figure(table: Table, rules: Sequence[str]) -> Any:
    """Cosine, samples and accuracy by the number of weights, wider above and deeper below."""
    from matplotlib.ticker import LogLocator, NullFormatter

    from spikelearn.plots.panels import letter_panels, new_figure
    from spikelearn.plots.style import clean, colour

    drawn = new_figure(7.2, 5.0)
    axes = drawn.subplots(2, 3)
    labels = {"cosine": "cosine to the gradient", "samples": "samples to 80 %", "accuracy": "test accuracy"}
    for row, sizes in zip(axes, (WIDTHS, DEPTHS), strict=True):
        for ax, (name, label) in zip(row, labels.items(), strict=True):
            clean(ax)
            for k, rule in enumerate(rules):
                values = [[seen[name] for seen in table.get((rule, each), {}).values()] for each in sizes]
                means = np.array([np.mean(each) if each else np.nan for each in values])
                look = {"color": colour(k), "marker": "os^Dv<>"[k % 7], "ms": 4, "lw": 1.1}
                shown = np.where(means > 0.0, means, np.nan)  # a logarithm has no room for others
                ax.plot([n_weights(each) for each in sizes], shown, label=rule, **look)
            ax.set(xscale="log", xlabel="weights, wider" if sizes is WIDTHS else "weights, deeper", ylabel=label)
            ax.xaxis.set_minor_formatter(NullFormatter())
            if name != "accuracy":
                ax.set_yscale("log")
                ax.yaxis.set_minor_formatter(NullFormatter())
            if name == "samples":
                ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                ax.yaxis.set_major_formatter("{x:,.0f}")
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
    letter_panels(list(axes.flat))
    return drawn


def main(arguments: list[str] | None = None) -> int:
    options = options_of(arguments, __doc__, "out/scaling", RULES, seeds=5)
    sizes = dict.fromkeys((*WIDTHS, *DEPTHS))
    settings = {"task": "yin_yang", "epochs": EPOCHS}
    table = table_of(points_of("credit_assignment", options, "hidden", sizes, settings))
    wider, deeper = (markdown(table, options.rules, of, title) for of, title in ((WIDTHS, "Wider"), (DEPTHS, "Deeper")))
    before = f"{ABOUT}Seeds: {options.seeds}.\n\n{FINDINGS}"
    write_page(PAGE, figure(table, options.rules), "Wider and deeper", before, f"{wider}\n{deeper}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
