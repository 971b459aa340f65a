"""What was set beforehand for the rules of `credit_assignment.py`, and how it is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.learning.comparison import Comparison


@dataclass(frozen=True)
class Measured:
    """A rule in a part. rows: of the table, one for each seed. courses: of the same. reference: the rows of bptt."""

    rows: Sequence[Mapping[str, Any]]
    courses: Sequence[Mapping[str, Mapping[int, float]]]
    reference: Sequence[Mapping[str, Any]]

    def values(self, column: str) -> np.ndarray:
        return np.array([row[column] for row in self.rows if row[column] is not None], float)


Verdict = tuple[str, bool | None]
"""What was measured, and whether it is what was asked for; None where that has no meaning."""


@dataclass(frozen=True)
class Threshold:
    part: str
    rule: str
    asked: str
    measure: Callable[[Measured], Verdict]


def measured_in(comparison: Comparison, rule: str) -> Measured:
    pairs = [pair for pair in zip(comparison.rows, comparison.courses, strict=True) if pair[0]["rule"] == rule]
    reference = [row for row in comparison.rows if row["rule"] == "bptt"]
    return Measured([row for row, _ in pairs], [course for _, course in pairs], reference)


def mean_accuracy(least: float = 0.0, most: float = 1.0) -> Callable[[Measured], Verdict]:
    """Within these limits; the furthest seed on the side of the one that is given stands behind it."""

    def measure(found: Measured) -> Verdict:
        values = found.values("test_accuracy")
        if len(values) < len(found.rows):
            return f"{len(found.rows) - len(values)} of {len(found.rows)} seeds failed", False
        furthest = f"largest {values.max():.3f}" if most < 1.0 else f"smallest {values.min():.3f}"
        return f"{values.mean():.3f} ({furthest})", bool(least <= values.mean() <= most)

    return measure


def seeds_reach(accuracy: float, least: int) -> Callable[[Measured], Verdict]:
    def measure(found: Measured) -> Verdict:
        n = int(np.sum(found.values("test_accuracy") >= accuracy))
        return f"{n} of {len(found.rows)}", n >= least

    return measure


def above_frozen(margin: float, seeds: int | None = None) -> Callable[[Measured], Verdict]:
    """The gain of so many seeds, or the mean, is at least a margin."""

    def measure(found: Measured) -> Verdict:
        there = [row for row in found.rows if None not in (row["test_accuracy"], row["frozen_accuracy"])]
        if not there:
            return "not computed", None
        gains = np.array([row["test_accuracy"] - row["frozen_accuracy"] for row in there])
        n = int(np.sum(gains >= margin))
        measured = f"{n} of {len(there)}, mean {gains.mean():+.3f}"
        if len(there) < len(found.rows):
            return f"{measured}; others not computed", None
        return measured, n >= seeds if seeds else bool(gains.mean() >= margin)

    return measure


def hidden_angle(most: float, errors: float = 0.0) -> Callable[[Measured], Verdict]:
    """The last angle of the first projection, its mean over seeds plus so many standard errors, is below `most`."""

    def measure(found: Measured) -> Verdict:
        angles = np.array([row["angle_deg"][0] for row in found.rows if row["angle_deg"]])
        if not len(angles):
            return "no loss, so no angle", None
        if len(angles) == 1:
            return f"{angles[0]:.1f}, of one seed", None
        error = angles.std(ddof=1) / np.sqrt(len(angles))
        return f"{angles.mean():.1f} ± {error:.1f}", bool(angles.mean() + errors * error < most)

    return measure


def smallest_angle(most: float) -> Callable[[Measured], Verdict]:
    def measure(found: Measured) -> Verdict:
        angles = [course["single.layer_1"].values() for course in found.courses if "single.layer_1" in course]
        if not angles:
            return "not computed", None
        smallest = np.array([min(each) for each in angles])
        return f"{smallest.mean():.1f}", bool(smallest.mean() <= most)

    return measure


def samples_ratio(most: float) -> Callable[[Measured], Verdict]:
    """Samples to 90 %, compared with bptt; a seed that never got there counts as infinitely many."""

    def measure(found: Measured) -> Verdict:
        mean, reference = (
            np.mean([np.inf if row["samples_to_90"] is None else row["samples_to_90"] for row in rows])
            for rows in (found.rows, found.reference)
        )
        return f"{mean / reference:.1f}", bool(mean / reference <= most)

    return measure


GRADIENT = ("bptt", "bptt_online", "bptt_resonate", "eventprop", "eventprop_delays")
"""Rules that follow the gradient itself: their angle is 0 by definition."""
ACCURACY = {
    "bptt": 0.965, "eventprop": 0.96, "fa": 0.93, "fa_spiking": 0.93, "erbp": 0.93, "brainprop": 0.93,
    "node_perturbation": 0.88, "weight_perturbation": 0.85, "ep": 0.92, "ep_spiking": 0.92,
    "predictive_coding": 0.92, "predictive_coding_spiking": 0.92, "predictive_coding_dendritic": 0.92,
    "deep_feedback_control": 0.92, "burstccn": 0.92, "latent_equilibrium": 0.92,
    "generalised_latent_equilibrium": 0.92,
    "forward_forward": 0.92, "csdp": 0.92, "eventprop_delays": 0.92,
}  # fmt: skip
"""Rule -> the least mean accuracy on Yin-Yang."""
NEWER = ("deep_feedback_control", "burstccn", "latent_equilibrium", "generalised_latent_equilibrium")
ALIGNED = ("fa", "dfa", "fa_spiking")
SETTLED = {"ep": 25.0, "ep_spiking": 20.0, "chl": 45.0, "generec": 45.0}
"""Rule -> the largest angle to the gradient of the settled circuit, that of recurrent backpropagation, in degrees."""
DIGITS = {"ep": 0.95, "ep_spiking": 0.95, "chl": 0.94, "predictive_coding": 0.95, "dtp": 0.95}
"""Rule -> the least mean accuracy on digits."""


def thresholds(rules: Sequence[str]) -> list[Threshold]:
    """Of the rules that are there, part by part."""
    found = []
    for rule in rules:
        if rule in ACCURACY:
            least = ACCURACY[rule]
            found.append(Threshold("yin_yang", rule, f"accuracy {least:g}", mean_accuracy(least=least)))
        found.append(Threshold("yin_yang", rule, "frozen + 0.05 from 4 of 5 seeds", above_frozen(0.05, 4)))
        if rule not in GRADIENT:
            asked = "angle of hidden weights below 90 degrees by 3 standard errors"
            found.append(Threshold("yin_yang", rule, asked, hidden_angle(90.0, 3.0)))
    for rule in ALIGNED:
        found.append(Threshold("yin_yang", rule, "frozen + 0.06, mean", above_frozen(0.06)))
        found.append(Threshold("yin_yang", rule, "smallest angle at most 65 degrees", smallest_angle(65.0)))
    found += [
        Threshold("yin_yang", "brainprop", "angle at most 15 degrees", hidden_angle(15.0)),
        Threshold("yin_yang", "brainprop", "samples to 90 %: at most 3.5 times those of bptt", samples_ratio(3.5)),
    ]
    for rule, most in SETTLED.items():
        found.append(Threshold("yin_yang", rule, f"angle at most {most:g} degrees", hidden_angle(most)))
    for rule, least in DIGITS.items():
        found.append(Threshold("digits", rule, f"accuracy {least:g}", mean_accuracy(least=least)))
    for rule in ("predictive_coding", "predictive_coding_spiking", "predictive_coding_dendritic"):
        found.append(Threshold("yin_yang", rule, "angle at most 30 degrees", hidden_angle(30.0)))
    found += [
        Threshold("yin_yang_deep", "dtp", "accuracy 0.9", mean_accuracy(least=0.9)),
        Threshold("yin_yang_deep", "dtp", "frozen + 0.05, mean", above_frozen(0.05)),
    ]
    for rule in ALIGNED:
        found.append(Threshold("yin_yang_deep", rule, "accuracy 0.93", mean_accuracy(least=0.93)))
        found.append(Threshold("yin_yang_deep", rule, "frozen + 0.06, mean", above_frozen(0.06)))
    for rule in ("node_perturbation", "weight_perturbation", "forward_forward", "csdp", "eventprop_delays"):
        found.append(Threshold("xor", rule, "0.95 from 8 of 10 seeds", seeds_reach(0.95, 8)))
    for rule in NEWER:
        found.append(Threshold("xor", rule, "8 of 10 seeds", seeds_reach(1.0, 8)))
    for rule in ("reinforce", "rstdp"):
        found.append(Threshold("xor_400", rule, "9 of 10 seeds", seeds_reach(1.0, 9)))
    return [
        *found,
        Threshold("digits", "brainprop", "0.965 from 5 of 5 seeds", seeds_reach(0.965, 5)),
        Threshold("evidence_accumulation", "eprop", "accuracy 0.9", mean_accuracy(least=0.9)),
        Threshold("evidence_accumulation", "eprop_lif", "at most 0.75", mean_accuracy(most=0.75)),
        Threshold("store_recall", "eprop", "accuracy 0.95", mean_accuracy(least=0.95)),
    ]
