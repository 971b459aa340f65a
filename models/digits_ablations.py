"""What makes pyramidal cells learn digits: one part after the other of the main example is left out.

The example is models/digits.py: single spikes answer, feedback to the answer's own dendrites makes its cells burst, a
burst tags synapses, and dopamine turns tags into weights. Synapses are plastic all the time, and the input goes on
while feedback comes, so only the burst says when to learn: if every spike tags synapses, the answer is learned together
with all that was said on the way to it. Each change is made to the same network, with the same images in one order.

Acceptance criteria: the intact network reads at least 90 % of the digits that were not learned, and each change of what
is claimed to matter costs at least 10 points. A network in which every spike tags gets the learning rate that suits it
best, of those that were tried.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from spikelearn.models.digits import ALL, RANDOM, Change, Parameters, build, learn, learn_epoch, tested

import spikelearn as sl
from spikelearn.codegen.jit import scalar
from spikelearn.experiments import Control, Goal, Outcome, cost_at_once, report
from spikelearn.plots.style import INK, clean


@scalar
def without_mean(K_plus, mean_K_plus, A_plus):
    return A_plus * K_plus


AT_SPIKES = replace(sl.DopamineBursts, name="DopamineAtSpikes", learns_from="spike")
NO_MEAN = replace(sl.DopamineBursts, name="DopamineBurstsAlone", on_post=without_mean)
INTACT = "intact"
CHANGES: dict[str, tuple[str, dict[str, float], Change]] = {
    INTACT: ("intact", {}, Change()),
    "every_spike": ("every spike tags synapses", {"learning_rate": 0.3}, Change(rule=AT_SPIKES)),
    "no_feedback": ("no feedback", {"feedback": 0.0}, Change()),
    "feedback_to_all": ("feedback to all populations", {}, Change(feedback_to=ALL)),
    "feedback_to_one": ("feedback to one at random", {}, Change(feedback_to=RANDOM)),
    "no_coupling": ("dendrite does not reach the soma", {}, Change(cell={"g_s": 0.0})),
    "no_back_propagation": ("spikes do not reach the dendrite", {}, Change(cell={"c_d": 0.0})),
    "constant_dopamine": ("dopamine is always the same", {}, Change(dopamine=0.5)),
    "no_expectation": ("dopamine is the reward itself", {"expectation": 0.0}, Change()),
    "no_mean": ("no mean trace is subtracted", {}, Change(rule=NO_MEAN)),
    "no_conscience": ("no conscience", {"conscience": 0.0}, Change()),
}
"""Name -> what it is, parameters, and what else is changed."""

QUICK = {"epochs": 2, "images": 300, "decide": 250.0}
SEEDS = (21, 22, 23, 24, 25)
TUNED = "the intact network and the rate of every_spike, on a fifth of the training images"
PUBLISHED = {"intact": Goal(">= 0.90", low=0.9, source="threshold chosen here")} | {
    name: Control("10 points less", high=0.8, source=title, of=INTACT)
    for name, (title, _, _) in CHANGES.items()
    if name not in (INTACT, "no_mean")
}


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Train a network for each change; the returned run shows the intact one some digits at the end."""
    images = sl.tasks.split(*sl.tasks.digits(p.mnist), p.images, p.validation)
    networks = {}
    for name, (_, parameters, change) in CHANGES.items():
        own = replace(p, **parameters)
        networks[name] = (own, build(own, images, seed, change=change))

    def trained(name: str) -> float:
        own, learner = networks[name]
        for epoch in range(1, p.epochs + 1):
            learn_epoch(learner, own, images, epoch)
        accuracy = tested(learner, own, images, p.epochs)
        report(f"{CHANGES[name][0]}: test accuracy {accuracy:.3f}", progress)
        return accuracy

    with ThreadPoolExecutor(2) as pool:
        metrics = dict(zip(networks, pool.map(trained, networks), strict=True))
    own, intact = networks[INTACT]
    run, _ = learn(intact, own, images.train[:6], images.train_labels[:6], p.epochs, 1000 * seed + 999, sink=sink)
    costs = cost_at_once(learner.cost for _, learner in networks.values()).metrics()
    return Outcome(run, metrics | costs, {"accuracies": metrics})


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Accuracy with each change."""
    whole = Figure(figsize=(6.4, 3.4), layout="constrained")
    ax = clean(whole.subplots())
    names = list(CHANGES)
    values = [outcome.data["accuracies"][name] for name in names]
    at = np.arange(len(names))[::-1]
    ax.barh(at, values, color=["#12365c" if name == INTACT else "0.72" for name in names], height=0.7)
    for y, value in zip(at, values, strict=True):
        ax.annotate(f"{value:.2f}", (value, y), (3, 0), textcoords="offset points", va="center", fontsize=8, color=INK)
    ax.axvline(0.1, color="0.35", linewidth=0.8, linestyle=":", label="chance")
    ax.set_yticks(at, [CHANGES[name][0] for name in names], fontsize=8)
    ax.set(xlabel="test accuracy", xlim=(0.0, 1.0))
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return whole
