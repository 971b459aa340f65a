"""Parameters of rules and their controls, other than their defaults, for each task.

Those for Yin-Yang are the best of what `scripts/tune_learners.py --settings 4` tried: as many settings for each rule,
its frozen and its linear control, by mean accuracy on validation points over the learner seeds 101 and 102.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikelearn.learning.controls import LINEAR, NONE

YIN_YANG: Mapping[str, Mapping[str, tuple[float, float, float]]] = {
    "bptt": {"none": (0.25, 0.084, 0.8), "frozen": (0.056, 0.15, 0.8), "linear": (0.15, 0.072, 0.9)},
    "bptt_online": {"none": (0.05, 0.02, 0.8), "frozen": (0.013, 0.045, 0.8), "linear": (0.019, 0.0051, 0.95)},
    "bptt_resonate": {"none": (0.14, 0.083, 0.8), "frozen": (0.093, 0.028, 0.95), "linear": (0.14, 0.14, 0.9)},
    "fa": {"none": (0.31, 0.032, 0.8), "frozen": (0.12, 0.095, 0.9), "linear": (0.33, 0.07, 0.8)},
    "fa_spiking": {"none": (0.23, 0.067, 0.8), "frozen": (0.21, 0.098, 0.8), "linear": (0.089, 0.28, 0.95)},
    "eventprop": {"none": (0.01, 0.02, 0.86), "frozen": (0.018, 0.037, 0.9), "linear": (0.0066, 0.02, 0.95)},
    "erbp": {"none": (0.01, 0.01, 0.9), "frozen": (0.01, 0.01, 0.9), "linear": (0.0025, 0.03, 0.95)},
    "brainprop": {"none": (0.12, 0.02, 0.9), "frozen": (0.12, 0.02, 0.9), "linear": (0.11, 0.039, 0.8)},
    "eprop": {"none": (0.2, 0.05, 0.9), "frozen": (0.28, 0.024, 0.9), "linear": (0.75, 0.031, 0.9)},
    "microcircuit": {"none": (12.0, 0.015, 0.9), "frozen": (36.0, 0.01, 0.95), "linear": (5.5, 0.021, 0.95)},
    "node_perturbation": {"none": (0.35, 0.15, 0.9), "frozen": (0.13, 0.16, 0.9), "linear": (0.15, 0.029, 0.95)},
    "weight_perturbation": {"none": (0.08, 0.02, 0.93), "frozen": (0.062, 0.05, 0.9), "linear": (0.13, 0.03, 0.95)},
    "reinforce": {"none": (0.15, 0.15, 0.93), "frozen": (0.14, 0.14, 0.9), "linear": (0.16, 0.06, 0.8)},
    "rstdp": {"none": (2.0, 0.15, 0.93), "frozen": (2.0, 0.15, 0.93), "linear": (7.8, 0.04, 0.8)},
    "plateau": {"none": (40.0, 1.0, 0.9), "frozen": (110.0, 0.49, 0.9), "linear": (40.0, 1.0, 0.9)},
    "koerding_koenig": {"none": (1.0, 0.1, 0.9), "frozen": (1.5, 0.15, 0.8), "linear": (3.9, 0.22, 0.9)},
    "dopamine": {"none": (1.7, 0.27, 0.9), "frozen": (4.0, 0.5, 0.93), "linear": (12.0, 0.35, 0.95)},
    "almeida_pineda": {"none": (3.0, 0.05, 0.8), "frozen": (2.2, 0.16, 0.95), "linear": (1.3, 0.038, 0.95)},
    "predictive_coding": {"none": (5.3, 0.076, 0.8), "frozen": (2.3, 0.34, 0.8), "linear": (2.0, 0.1, 0.85)},
    "dtp": {"none": (1.7, 0.012, 0.95), "frozen": (0.2, 0.015, 0.95), "linear": (0.47, 0.0073, 0.9)},
    "target_prop": {"none": (0.066, 0.039, 0.8), "frozen": (0.19, 0.016, 0.9), "linear": (0.05, 0.02, 0.8)},
    "burstprop": {"none": (2.0, 0.17, 0.95), "frozen": (0.73, 0.38, 0.9), "linear": (2.0, 0.5, 0.9)},
    "ep": {"none": (10.0, 0.1, 0.8), "frozen": (6.8, 0.29, 0.9), "linear": (6.2, 0.065, 0.95)},
    "ep_spiking": {"none": (10.0, 0.1, 0.8), "frozen": (8.0, 0.23, 0.8), "linear": (4.3, 0.27, 0.95)},
    "forward_forward": {"none": (0.7, 0.3, 0.9), "frozen": (0.7, 0.3, 0.9), "linear": (0.7, 0.3, 0.9)},
    "csdp": {"none": (0.1, 0.03, 0.85), "frozen": (0.35, 0.036, 0.8), "linear": (0.087, 0.078, 0.8)},
    "chl": {"none": (5.0, 0.05, 0.8), "frozen": (5.0, 0.05, 0.8), "linear": (4.8, 0.13, 0.95)},
    "deep_feedback_control": {"none": (4.0, 0.02, 0.85), "frozen": (1.4, 0.014, 0.9), "linear": (4.0, 0.02, 0.85)},
    "burstccn": {"none": (2.0, 0.2, 0.93), "frozen": (0.51, 0.36, 0.9), "linear": (3.4, 0.25, 0.9)},
    "latent_equilibrium": {
        "none": (0.084, 0.0012, 0.8),
        "frozen": (0.053, 0.0018, 0.9),
        "linear": (0.29, 0.0073, 0.8),
    },
    "generalised_latent_equilibrium": {
        "none": (0.037, 0.0025, 0.95),
        "frozen": (0.1, 0.003, 0.85),
        "linear": (0.1, 0.003, 0.85),
    },
}
"""Rule -> control -> learning rates of hidden layers and output, and their decay."""
SAME = {
    "dfa": "fa", "eprop_lif": "eprop", "eprop_nested": "eprop", "eventprop_delays": "eventprop", "generec": "chl",
    "predictive_coding_spiking": "predictive_coding", "predictive_coding_dendritic": "predictive_coding",
}  # fmt: skip
"""Rule -> the rule whose parameters it has."""
SEQUENCES: Mapping[str, Mapping[str, Any]] = {
    "evidence_accumulation": {"learning_rate": (0.1, 0.05), "epochs": 6},
    "store_recall": {"learning_rate": (0.2, 0.05), "epochs": 10},
    "nested_store_recall": {"learning_rate": (0.2, 0.05), "epochs": 10, "beta": 0.2, "recurrence": 0.1},
}
"""Task -> parameters of e-prop."""
DIGITS: Mapping[str, Mapping[str, Any]] = {
    "brainprop": {"learning_rate": (0.12, 0.005), "exploration_decay": 0.9, "epochs": 30},
    "predictive_coding": {"learning_rate": (0.2, 0.1)},
    "oja": {"learning_rate": (0.01, 0.02)},
    "similarity_matching": {"learning_rate": (0.01, 0.1)},
    "hebb_nonlinear": {"learning_rate": (0.002, 0.02)},
    "autoencoder": {"learning_rate": (2e-5, 0.1), "epochs": 8},
    "dtp": {"learning_rate": (0.02, 0.01), "decay": 0.9, "sigma": 0.5, "inverse_rate": 0.01},
}
"""Found by hand with at most ten settings on validation digits: with rates for three classes, ten are not learned, and
values do not settle where 64 inputs have learned as fast as four may."""
MNIST: Mapping[str, tuple[float, float, float]] = {
    "bptt": (0.025, 0.013, 0.9),
    "bptt_online": (0.0061, 0.0011, 0.8),
    "bptt_resonate": (0.0051, 0.024, 0.8),
    "fa": (0.2, 0.1, 0.9),
    "fa_spiking": (0.2, 0.1, 0.84),
    "erbp": (0.0025, 0.00069, 0.8),
    "brainprop": (0.022, 0.0058, 0.95),
    "eprop": (0.052, 0.0019, 0.95),
    "eprop_lif": (0.03, 0.0026, 0.9),
    "eprop_nested": (0.13, 0.00089, 0.8),
    "microcircuit": (12, 0.015, 0.9),
    "node_perturbation": (0.006, 0.0012, 0.8),
    "weight_perturbation": (0.004, 0.00054, 0.95),
    "reinforce": (0.0073, 0.037, 0.8),
    "rstdp": (2, 0.15, 0.93),
    "plateau": (12, 0.06, 0.9),
    "burstprop": (0.14, 0.024, 0.95),
    "koerding_koenig": (0.11, 0.0019, 0.9),
    "dopamine": (0.066, 0.12, 0.9),
    "ep": (10, 0.1, 0.8),
    "ep_spiking": (1.1, 0.011, 0.95),
    "chl": (0.16, 0.0054, 0.95),
    "generec": (1.1, 0.0015, 0.8),
    "almeida_pineda": (0.58, 0.011, 0.9),
    "predictive_coding": (0.76, 0.0072, 0.95),
    "predictive_coding_spiking": (0.096, 0.015, 0.8),
    "dtp": (0.032, 0.0031, 0.9),
    "target_prop": (0.0017, 0.00067, 0.8),
    "deep_feedback_control": (0.35, 0.00062, 0.9),
    "burstccn": (2, 0.092, 0.8),
    "latent_equilibrium": (0.038, 0.00068, 0.95),
    "generalised_latent_equilibrium": (0.017, 0.00031, 0.8),
    "forward_forward": (0.012, 0.22, 0.9),
    "csdp": (0.0045, 0.0073, 0.8),
}
"""Rule -> learning rates of hidden layers and output, and their decay: the best that `scripts/tune_learners.py --task
mnist --settings 3 --factors 0.015625 1 --examples 1000 --tests 500 --epochs 2 --seeds 101` found; besides, a rule has
the other parameters in `MNIST_OTHERS`."""
MNIST_LINEAR: Mapping[str, tuple[float, float, float]] = {
    "bptt": (0.0062, 0.023, 0.8),
    "bptt_online": (0.0056, 0.0018, 0.95),
    "bptt_resonate": (0.1, 0.05, 0.9),
    "fa": (0.039, 0.0049, 0.8),
    "dfa": (0.11, 0.01, 0.95),
    "fa_spiking": (0.01, 0.0037, 0.95),
    "erbp": (0.00077, 0.00047, 0.95),
    "brainprop": (0.04, 0.0013, 0.95),
    "eprop": (0.026, 0.004, 0.9),
    "eprop_lif": (0.0053, 0.037, 0.95),
    "eprop_nested": (0.01, 0.00096, 0.95),
    "microcircuit": (12, 0.015, 0.9),
    "node_perturbation": (0.028, 0.025, 0.9),
    "weight_perturbation": (0.0018, 0.0023, 0.8),
    "reinforce": (0.0096, 0.0031, 0.95),
    "rstdp": (2, 0.15, 0.93),
    "plateau": (11, 0.2, 0.95),
    "burstprop": (0.78, 0.27, 0.9),
    "koerding_koenig": (1, 0.1, 0.9),
    "dopamine": (0.14, 0.14, 0.95),
    "ep": (10, 0.1, 0.8),
    "ep_spiking": (10, 0.1, 0.8),
    "chl": (0.64, 0.0085, 0.8),
    "generec": (1.3, 0.018, 0.8),
    "almeida_pineda": (2.3, 0.0076, 0.9),
    "predictive_coding": (1, 0.0096, 0.8),
    "predictive_coding_dendritic": (0.095, 0.042, 0.8),
    "predictive_coding_spiking": (0.05, 0.0045, 0.95),
    "dtp": (0.0083, 0.00051, 0.95),
    "target_prop": (0.036, 0.0096, 0.8),
    "deep_feedback_control": (0.19, 0.0098, 0.9),
    "burstccn": (1.2, 0.049, 0.9),
    "latent_equilibrium": (0.1, 0.003, 0.85),
    "generalised_latent_equilibrium": (0.0017, 0.0022, 0.9),
    "forward_forward": (0.26, 0.033, 0.8),
    "csdp": (0.01, 0.0015, 0.8),
}
"""The same of linear controls, with `--controls linear`: as many settings for each as for its rule."""
XOR: Mapping[str, Mapping[str, Any]] = {
    "reinforce": {"learning_rate": (0.2, 0.25), "width": 0.2},
    "rstdp": {"learning_rate": (3.0, 0.25), "width": 0.2},
    "target_prop": {"step": 1.0},
}
LAGS: Mapping[str, Mapping[str, Any]] = {"eventprop": {"learning_rate": (0.03, 0.05), "decay": 0.93, "epochs": 30}}
"""Rates three times those for Yin-Yang: with ten times fewer examples there are fewer batches."""

WAVE_LAGS: Mapping[str, Mapping[str, Any]] = {
    "generalised_latent_equilibrium": {
        "learning_rate": (0.001, 0.001), "decay": 0.85, "epochs": 12, "feedback": "tied", "forgetting": 0.0
    }
}  # fmt: skip
"""The best of four pairs of rates on validation examples (seed 101); of three for its frozen control, the same pair."""

MNIST_OTHERS: Mapping[str, Mapping[str, Any]] = {**DIGITS, "eventprop": {"zeros_fire": False}}
"""Other parameters for MNIST: four in five of its pixels are dark, and a presentation takes a fifth to a third of the
time if these do not fire."""


def tuned(rule: str, task: str, control: str) -> dict[str, Any]:
    """Parameters of a rule for a task; a control that was not tuned on its own has those of its rule."""
    own, rule = rule, SAME.get(rule, rule)
    if task == "mnist":
        found = MNIST_LINEAR if control == LINEAR else MNIST
        hidden, output, decay = found.get(own) or MNIST.get(own) or MNIST.get(rule) or (None, None, None)
        others = dict(MNIST_OTHERS.get(rule, {}))
        return others | ({"learning_rate": (hidden, output), "decay": decay} if hidden else {})
    if task == "yin_yang" and rule in YIN_YANG:
        of_rule = YIN_YANG[rule]
        hidden, output, decay = of_rule.get(control, of_rule[NONE])
        return {"learning_rate": (hidden, output), "decay": decay}
    if rule == "eprop":
        return dict(SEQUENCES.get(task, {}))
    return dict({"xor": XOR, "digits": DIGITS, "lags": LAGS, "wave_lags": WAVE_LAGS}.get(task, {}).get(rule, {}))
