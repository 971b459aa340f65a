"""The laws of learning by perturbation (Werfel, Xie & Seung 2005, Neural Comput. 17:2699), measured in the engine.

    python scripts/perturbation_laws.py --out out/perturbation_laws

1. Means of K updates, at fixed weights and for one example, point down the gradient with cos^2 = K/(K + D + 1), where
   D is the number of what is perturbed: M output cells or N M synapses. cos^2 is the squared mean of the part along the
   gradient over the mean squared length. (The mean of the cos^2 of each is larger for small K: 1/D for one update.)
2. At its best learning rate, the error of a linear layer with a random target falls by a factor of e in N (D + 2)
   presentations of one of N inputs each. The gradient needs to see each input once: N presentations.

Prints both tables and leaves perturbation_laws.png.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import spikelearn as sl  # noqa: E402
from spikelearn.learning.layers import TAU_M  # noqa: E402
from spikelearn.learning.node_perturbation import FrozenNoise, NodePerturbation, OutputNoise  # noqa: E402
from spikelearn.learning.perturbation import TAU_RELEASE  # noqa: E402
from spikelearn.learning.weight_perturbation import Exploring, WeightPerturbation  # noqa: E402

INPUTS, STEPS, SIGMA = 8, 8, 0.01
SKIPPED = 100
"""Presentations in which learners find out how large differences usually are."""
LEARNERS = {"node": NodePerturbation, "weight": WeightPerturbation}


def cosines(rule: str, outputs: int, averaged: Sequence[int], presentations: int) -> tuple[int, list[float]]:
    """D, and cos^2 for each number of averaged updates."""
    x = np.random.default_rng(outputs).random(INPUTS)
    n = max(SKIPPED + presentations, 4 * outputs)
    X, y = np.tile(x, (n, 1)), np.arange(n) % outputs
    learner = LEARNERS[rule](hidden=(), bias=False, sigma=0.05, steps=STEPS).prepare(X, y)
    [gradient] = learner.gradient(X[:1], np.zeros(1, int))
    [updates] = learner.updates(X, np.zeros(n, int))
    down = -gradient.ravel() / np.linalg.norm(gradient)
    found = []
    for K in averaged:
        whole = updates[SKIPPED:].reshape(n - SKIPPED, -1)
        groups = whole[: len(whole) // K * K].reshape(-1, K, whole.shape[1]).mean(axis=1)
        found.append(float(np.mean(groups @ down) ** 2 / np.mean(np.sum(groups**2, axis=1))))
    return (outputs if rule == "node" else gradient.size), found


def after_plus(trial: int, phase: int, V_sum: Any, target: Any, which: Any, per_step: float, difference: Any) -> None:
    difference[0] = 0.0
    for k in range(len(V_sum)):
        difference[0] += 0.5 * (V_sum[k] * per_step - target[which[trial], k]) ** 2


def after_minus(
    trial: int, phase: int, V_sum: Any, target: Any, which: Any, per_step: float, difference: Any, release: Any,
    scale: float,
) -> None:  # fmt: skip
    for k in range(len(V_sum)):
        difference[0] -= 0.5 * (V_sum[k] * per_step - target[which[trial], k]) ** 2
    release[0] -= scale * difference[0]


def falls_in(rule: str, outputs: int, seeds: int, constants: float = 2.0) -> tuple[int, float]:
    """D, and presentations in which the squared error falls by a factor of e, at the best learning rate."""
    D = outputs * (1 if rule == "node" else INPUTS)
    n = round(constants * INPUTS * (D + 2))
    # The mean potential is `reached` times the input, which arrives from the second step on.
    reached = float(np.mean(1.0 - np.exp(-np.arange(STEPS) / TAU_M)))
    eta = 1.0 / (reached**2 * (D + 2))
    begin, end = 0.0, 0.0
    for seed in range(seeds):
        generator = np.random.default_rng([outputs, seed])
        target, which = generator.normal(size=(INPUTS, outputs)), generator.integers(INPUTS, size=n)
        net = sl.Network(dt=1.0, seed=seed, threads=1)
        signal = net.modulator("signal", tau=TAU_RELEASE)
        source = net.population(INPUTS, sl.PerfectIntegrator(interval=1.0), name="input")
        readout = net.population(outputs, sl.LeakyReadout(), name="output")
        arrives = (STEPS - 1) * TAU_RELEASE
        by_node, by_weight = eta / (2.0 * SIGMA**2 * arrives), eta / (2.0 * SIGMA**2)
        plasticity = OutputNoise(signal, eta=by_node) if rule == "node" else Exploring(signal, sigma=SIGMA)
        forward = net.connect(
            source, readout, "soma", weight=np.zeros((INPUTS, outputs)), on="rate", payload="r", plasticity=plasticity
        )
        shown = {(source, "exc"): np.eye(INPUTS)[which]}
        seen = readout.state("V_sum"), target, which, 1.0 / STEPS, np.zeros(1)
        plus = sl.Callback(after_plus, seen)
        minus = sl.Callback(after_minus, (*seen, signal.release, 1.0 if rule == "node" else by_weight))
        fresh: dict[str, Any] = {"reset": [source, readout], "discard_events": True}
        steps = float(STEPS)
        if rule == "node":
            noise = net.population(outputs, FrozenNoise(sigma=SIGMA), name="noise")
            net.connect(noise, readout, "noise", sl.OneToOne(), weight=1.0, on="rate", payload="sent")
            phases = [
                sl.Phase(1.0, currents={(noise, "draw"): 1.0}, reset=[forward], plastic=()),
                sl.Phase(steps, currents=shown | {(noise, "sign"): 1.0}, plastic=[forward], callback=plus, **fresh),
                sl.Phase(steps, currents=shown | {(noise, "sign"): -1.0}, plastic=(), callback=minus, **fresh),
                sl.Phase(2.0, discard_events=True, plastic=[forward]),
            ]
        else:
            phases = [
                sl.Phase(1.0, releases={signal: 1.0}, reset=[forward], plastic=[forward]),
                sl.Phase(steps, currents=shown, plastic=(), callback=plus, **fresh),
                sl.Phase(1.0, releases={signal: -2.0}, plastic=[forward]),
                sl.Phase(steps, currents=shown, plastic=(), callback=minus, **fresh),
                sl.Phase(1.0, plastic=[forward]),
                sl.Phase(1.0, releases={signal: 1.0}, plastic=[forward]),
            ]
        run = net.run(trials=sl.Trials(phases, n=n), progress=False)
        weights = run.synapses(forward).matrix((INPUTS, outputs))
        begin += np.sum(target**2)
        end += np.sum((reached * weights - target) ** 2)
    return D, n / float(np.log(begin / end))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few sizes and presentations")
    parser.add_argument("--out", type=Path, default=Path("out/perturbation_laws"), help="folder of the figure")
    options = parser.parse_args(arguments)
    averaged, sizes, outputs = (1, 4, 16, 64), (4, 16, 64), {"node": (8, 16, 32, 64, 128), "weight": (1, 2, 4, 8, 16)}
    presentations, seeds = 4096, 8
    if options.quick:
        averaged, sizes, outputs, presentations, seeds = (1, 16), (4, 16), {"node": (8, 32), "weight": (1, 4)}, 512, 2
    angles = {rule: [cosines(rule, m, averaged, presentations) for m in sizes] for rule in LEARNERS}
    times = {rule: [falls_in(rule, m, seeds) for m in outputs[rule]] for rule in LEARNERS}
    print("| perturbed | D |" + "".join(f" K = {K} | law |" for K in averaged))
    print("|---|---|" + "---|---|" * len(averaged))
    for rule, rows in angles.items():
        for D, found in rows:
            cells = "".join(f" {c:.3f} | {K / (K + D + 1):.3f} |" for K, c in zip(averaged, found, strict=True))
            print(f"| {rule} | {D} |{cells}")
    print("\n| perturbed | D | presentations per input | law |\n|---|---|---|---|")
    for rule, measured in times.items():
        for D, time in measured:
            print(f"| {rule} | {D} | {time / INPUTS:.1f} | {D + 2} |")
    slopes = {rule: np.polyfit(*np.log(np.array(measured)).T, 1)[0] for rule, measured in times.items()}
    print("\nSlope of log time against log D: " + ", ".join(f"{rule} {slope:.2f}" for rule, slope in slopes.items()))
    options.out.mkdir(parents=True, exist_ok=True)
    draw(angles, averaged, times).savefig(options.out / "perturbation_laws.png", dpi=150)
    return 0


def draw(angles: dict[str, Any], averaged: Sequence[int], times: dict[str, Any]) -> Any:
    from spikelearn.plots.panels import letter_panels, new_figure, plain_legend
    from spikelearn.plots.style import clean, colour

    drawn = new_figure(6.4, 3.0)
    left, right = (clean(each) for each in drawn.subplots(1, 2))
    for k, rule in enumerate(LEARNERS):
        for D, found in angles[rule]:
            left.plot([K / (K + D + 1) for K in averaged], found, "os"[k], color=colour(k), ms=4)
        right.loglog(*np.array([(D, t / INPUTS) for D, t in times[rule]]).T, "os"[k], color=colour(k), ms=4, label=rule)
    left.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    left.set(xlabel="K / (K + D + 1)", ylabel="cos² to minus the gradient, measured")
    sizes = np.geomspace(8, 128, 30)
    right.loglog(sizes, sizes + 2, color="0.6", lw=0.8, label="D + 2")
    right.set(xlabel="D", ylabel="presentations per input")
    plain_legend(right)
    letter_panels((left, right))
    return drawn


if __name__ == "__main__":
    sys.exit(main())
