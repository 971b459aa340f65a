"""Burstprop: a hidden layer learns XOR from bursts.

Payeur, Guerguiev, Zenke, Richards & Naud 2021, Burst-dependent synaptic plasticity can coordinate learning in
hierarchical circuits, Nature Neuroscience 24:1010, Fig. 4. The published size is cells=500, dt=0.1.

Two input populations, two hidden ones and one output. Events propagate upwards through plastic synapses, bursts
downwards through fixed ones. An example lasts 8 s. In its last 0.8 s a teaching current into the dendrites of the
output cells turns more of their events into bursts if there should have been more events, and fewer if fewer. More or
fewer bursts of the output do the same to the hidden cells; in the second population, whose feedback is mostly
inhibitory, the opposite. In these 0.8 s a synapse grows if its target bursts more often than its running mean.

Acceptance criteria: the cross-entropy of the answers, summed over the four examples (2.77 at chance), falls to 2 or
less, and the output has more events for (1, 0) and (0, 1) than for (0, 0) and (1, 1), at least 1 Hz in the tests; the
first hidden population drives the output and the second does not. Controls, of the same length, with costs above
chance: no feedback; and homeostasis of cells that hardly spike that is as fast as the mean rate that is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.analysis import running_mean
from spikelearn.experiments import Control, Goal, Outcome, Published, finite, parameter, report, run_conditions
from spikelearn.plots.panels import learning_curves, letter_panels, new_figure, plain_legend, whole_numbers
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, FAINT, INK, PALETTE, clean

EXAMPLES, TARGETS = sl.tasks.xor()[0][:, ::-1], sl.tasks.xor()[1]  # (0, 0), (1, 0), (0, 1), (1, 1)
E_MIN, E_MAX, CHANCE, SOLVED = 2.0, 10.0, 4.0 * np.log(2.0), 2.0  # rates (Hz) of 0 and 1; costs
NOISE = {"input": (0.35, 0.35, 500.0), "hidden": (0.385, 0.49, 150.0), "output": (0.35, 0.35, 150.0)}
"""Excitatory and inhibitory weights, and rate (Hz), of each soma's Poisson input."""
APICAL_NOISE = ("apical_exc", 500.0, 0.05), ("apical_inh", 500.0, 0.05)


@dataclass(frozen=True)
class Parameters:
    cells: int = parameter(100, "", "cells of each population; a pair is connected with probability 100 / cells")
    dt: float = parameter(0.2, "ms", "time step")
    epochs: int = parameter(500, "", "presentations of the four examples")
    tests: int = parameter(10, "", "last epochs after each of which the four examples are tested")
    ablation_epochs: int = parameter(500, "", "the same in the control with fast homeostasis; 0 for none")
    feedback_ablation_epochs: int = parameter(500, "", "the same in the control without feedback; 0 for none")
    predict: float = parameter(7200.0, "ms", "time from example to answer")
    learn: float = parameter(800.0, "ms", "duration of the teaching current")
    burn_in: float = parameter(6000.0, "ms", "time before the first example")
    eta_hidden: float = parameter(8e-3, "", "learning rate, input to hidden")
    eta_output: float = parameter(4e-3, "", "learning rate, hidden to output")
    weight: float = parameter(0.234, "", "initial plastic weights, in units of the leak")
    inhibition: float = parameter(0.25, "", "feedforward inhibition by each event")
    teacher: float = parameter(1000.0, "pA", "largest teaching current")
    one: float = parameter(150.0, "pA", "current into the somata of an input population that is 1")
    zero: float = parameter(-350.0, "pA", "current into the somata of an input population that is 0")
    delay: float = parameter(0.8, "ms", "of all synapses; in the authors' sim_xor.cpp none, here at least dt")
    threads: int = parameter(1, "", "threads of a network; 0 for as many as are faster")

    def __post_init__(self) -> None:
        if min(self.cells, self.epochs, self.tests) < 1 or min(self.ablation_epochs, self.feedback_ablation_epochs) < 0:
            raise ValueError("cells, epochs and tests: expected at least 1; epochs of controls: at least 0")


SEEDS = 5
QUICK = {"epochs": 10, "tests": 2, "ablation_epochs": 4, "feedback_ablation_epochs": 4, "dt": 0.4}
PUBLISHED = {
    "mean_cost_last_50": Goal(1.5, high=SOLVED, source="prototype at a fifth of the size"),
    "solved": Goal("cost at most 2, and answers apart in the last 50", low=1, source="chosen here"),
    "margin_hz": Goal("1 Hz or more", low=1.0, source="the mean of ten tests"),
    "margin_hz_last_test": Published("1 Hz or more", low=1.0, source="Payeur et al. 2021, Fig. 4"),
    "hidden_weight_ratio": Published("more than 1.5", low=1.5, source="Payeur et al. 2021, Fig. 4: drives the output"),
    "ablation_cost": Control("above chance", low=CHANCE, source="fast homeostasis", of="mean_cost_last_50"),
    "no_feedback_cost": Control("above chance", low=CHANCE, source="no feedback", of="mean_cost_last_50"),
}


class Gate(NamedTuple):
    """A network and its parts. Populations 1 and 2 of a layer are its first and second half."""

    network: sl.Network
    inputs: Any
    hidden: Any
    output: Any
    to_hidden: Any
    to_output: Any


@dataclass
class Course:
    """rates: (epochs, 4) Hz, the answers before the teaching current. before, after: (4,) Hz, the answers with all
    weights frozen; `after` is the mean of the tests, (n, 4). weights: (k, 2), from hidden 1 and 2, after epochs `of`.
    """

    before: np.ndarray
    rates: np.ndarray
    tests: np.ndarray
    of: list[int]
    weights: np.ndarray
    runs: list[sl.Run]

    @property
    def after(self) -> np.ndarray:
        return self.tests.mean(axis=0) if len(self.tests) else np.full(4, np.nan)


def build(p: Parameters, seed: int, fast: bool = False, feedback: bool = True, show: float | None = None) -> Gate:
    """The network. fast: with the homeostasis of the control. show: time (ms) from which spikes are recorded."""
    n = p.cells
    net = sl.Network(dt=p.dt, seed=seed, threads=p.threads or None)
    inputs = net.population(2 * n, sl.BurstPoisson(), name="input")
    hidden = net.population(2 * n, sl.BurstPoisson(I_e_apical=np.repeat([0.0, 500.0], n)), name="hidden")
    output = net.population(n, sl.BurstPoisson(I_e_apical=400.0), name="output")
    for cells in (inputs, hidden, output):
        exc, inh, rate = NOISE[cells.name]
        for port, hz, weight in (("soma_exc", rate, exc), ("soma_inh", rate, inh), *APICAL_NOISE):
            net.drive(cells, sl.PoissonInput(hz), port=port, weight=weight)

    def connect(source: Any, target: Any, port: str, weight: float, **more: Any) -> Any:
        rule = sl.FixedProbability(100.0 / n) if n > 100 else sl.AllToAll()
        return net.connect(source, target, port=port, rule=rule, weight=weight, delay=p.delay, **more)

    plastic = []
    for source, target, eta in ((inputs, hidden, p.eta_hidden), (hidden, output, p.eta_output)):
        rule = sl.Burstprop(eta=eta, tau_homeostasis=2000.0) if fast else sl.Burstprop(eta=eta)
        plastic.append(connect(source, target, "soma_exc", p.weight, on="event", plasticity=rule))
        connect(source, target, "soma_inh", p.inhibition, on="event", name=f"{source.name}->{target.name}, inhibition")
    if feedback:
        for half, part, exc, inh in (("1", hidden[:n], 0.26, 0.06), ("2", hidden[n:], 0.026, 0.27)):
            connect(output, part, "apical_exc", exc, on="burst", name=f"feedback to hidden {half}")
            connect(output, part, "apical_inh", inh, on="burst", name=f"feedback to hidden {half}, inhibition")
    if show is not None:
        for cells in (inputs, hidden, output):
            net.record(cells, ["spikes", "bursts"], start=show)
        net.record(output[:2], ["V_s", "V_d"], every=5 * p.dt, start=show)
    return Gate(net, inputs, hidden, output, *plastic)


def answer(trial, phase, event_rate, rates):
    """Record the answer, the mean event rate of the output."""
    rates[trial] = np.mean(event_rate)


def teach(trial, phase, event_rate, rates, current, targets, strongest, low, high):
    """Record the answer, and set the current into the dendrite of each output cell by its own event rate."""
    rates[trial] = np.mean(event_rate)
    for i, E in enumerate(event_rate):
        if targets[trial % 4] == 1:
            if E <= low + 1.0:
                current[i] = strongest
            elif E < high - 1.0:
                current[i] = strongest / (E - low)
            else:
                current[i] = 0.0
        elif E >= high - 1.0:
            current[i] = -strongest
        elif E > low + 1.0:
            current[i] = -strongest / (high - E)
        else:
            current[i] = 0.0


def stop_teaching(trial, phase, current):
    current[:] = 0.0


def currents(gate: Gate, p: Parameters, times: int) -> dict[Any, np.ndarray]:
    """The input currents of the four examples, repeated `times` times."""
    rows = np.repeat(np.where(EXAMPLES == 1, p.one, p.zero), p.cells, axis=1)
    return {(gate.inputs, "soma"): np.tile(rows, (times, 1))}


def examine(gate: Gate, p: Parameters, **how: Any) -> tuple[sl.Run, np.ndarray]:
    """The answers to the four examples, (4,) Hz, with all weights frozen and no teaching current."""
    rates = np.zeros(4)
    callback = sl.Callback(answer, (gate.output.state("event_rate"), rates))
    phase = sl.Phase(p.predict + p.learn, currents=currents(gate, p, 1), plastic=(), callback=callback)
    return gate.network.run(trials=sl.Trials([phase], n=4), progress=False, **how), rates


def train(gate: Gate, p: Parameters, epochs: int) -> tuple[sl.Run, np.ndarray]:
    """The answers before the teaching current, (epochs, 4) Hz."""
    rates, given = np.zeros(4 * epochs), currents(gate, p, epochs)
    E, apical = gate.output.state("event_rate"), gate.output.current("apical")
    teaching = sl.Callback(teach, (E, rates, apical, TARGETS, p.teacher, E_MIN, E_MAX))
    stopping = sl.Callback(stop_teaching, (apical,))
    phases = [
        sl.Phase(p.predict, currents=given, plastic=(), callback=teaching),
        sl.Phase(p.learn, currents=given, plastic=[gate.to_hidden, gate.to_output], callback=stopping),
    ]
    return gate.network.run(trials=sl.Trials(phases, n=4 * epochs), progress=False), rates.reshape(epochs, 4)


def cost(rates: np.ndarray) -> np.ndarray:
    """Cross-entropy of answers (..., 4) in Hz, summed over the examples; 2.77 at chance."""
    likely = np.clip((rates - E_MIN) / (E_MAX - E_MIN), 0.01, 0.99)
    return -(TARGETS * np.log(likely) + (1 - TARGETS) * np.log(1.0 - likely)).sum(axis=-1)


def learn(gate: Gate, p: Parameters, epochs: int, name: str, progress: bool | None, sink: Any) -> Course:
    """Burn-in, a test, then epochs; a test after each of the last epochs, as the weights keep fluctuating."""

    def weights() -> list[float]:
        found = runs[-1].synapses(gate.to_output)
        return [float(found.weight[found.pre // p.cells == k].mean()) for k in (0, 1)]

    runs = [gate.network.run(trials=sl.Trials([sl.Phase(p.burn_in, plastic=())], n=1), progress=False)]
    course = Course(np.full(4, np.nan), np.zeros((0, 4)), np.zeros((0, 4)), [0], np.array([weights()]), runs)
    if not runs[-1].interrupted:
        run, course.before = examine(gate, p)
        runs.append(run)
    while course.of[-1] < epochs and not runs[-1].interrupted:
        left = epochs - course.of[-1] - p.tests
        run, rates = train(gate, p, min(25, left) if left > 0 else 1)
        runs.append(run)
        if run.interrupted:
            break
        course.of.append(course.of[-1] + len(rates))
        course.rates = np.concatenate([course.rates, rates])
        course.weights = np.concatenate([course.weights, [weights()]])
        report(f"{name}, epoch {course.of[-1]} of {epochs}: cost {cost(rates).mean():.2f}", progress)
        if left <= 0:
            run, answers = examine(gate, p, sink=sink if course.of[-1] == epochs else None)
            runs.append(run)
            course.tests = course.tests if run.interrupted else np.concatenate([course.tests, answers[None]])
    return course


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run the network, then the controls; the returned run is the last test of the four examples."""

    def study(name: str, epochs: int, sink: Any = None, **how: Any) -> tuple[list[sl.Run], Course | None]:
        found = learn(build(p, seed, **how), p, epochs, name, progress, sink) if epochs else None
        return [found.runs[-1], *found.runs[:-1]] if found else [], found

    shown = p.burn_in + 4 * (p.epochs + min(p.tests, p.epochs)) * (p.predict + p.learn)
    done = run_conditions(
        partial=("course", "fast_homeostasis", "no_feedback"),
        course=lambda: study("burstprop", p.epochs, sink, show=shown),
        fast_homeostasis=lambda: study("fast homeostasis", p.ablation_epochs, fast=True),
        no_feedback=lambda: study("no feedback", p.feedback_ablation_epochs, feedback=False),
    )
    left_out = {"ablation_cost": p.ablation_epochs, "no_feedback_cost": p.feedback_ablation_epochs}
    course, metrics = done.results["course"], {name: None for name in PUBLISHED if left_out.get(name) != 0}
    if len(course.rates):
        weights, last = course.weights[-1], course.rates[-50:]
        mean_cost, apart = float(cost(last).mean()), margin(last.mean(axis=0))
        metrics |= {
            "mean_cost_last_50": mean_cost,
            "solved": int(mean_cost <= SOLVED and apart > 0.0),
            "cost_after": finite(float(cost(course.after))),
            "margin_hz": finite(margin(course.after)),
            "margin_hz_last_test": finite(margin(course.tests[-1])) if len(course.tests) else None,
            "margin_hz_last_50": apart,
            "hidden_weight_ratio": float(weights[0] / weights[1]),
            "epochs_done": course.of[-1],
        }
    for name, metric in (("fast_homeostasis", "ablation"), ("no_feedback", "no_feedback")):
        if (found := done.results[name]) is not None and len(found.rates):
            metrics[f"{metric}_cost"] = float(cost(found.rates[-50:]).mean())
            metrics[f"{metric}_margin_hz"] = finite(margin(found.after))
    return done.outcome(metrics)


def margin(rates: np.ndarray) -> float:
    """Difference (Hz) between the lower answer that should be 1 and the higher one that should be 0."""
    return float(rates[TARGETS == 1].min() - rates[TARGETS == 0].max())


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Cost by epoch with the controls (a), answers before and after (b), weights from both hidden populations (c)."""
    whole, course = new_figure(9.6, 3.2), outcome.data["course"]
    costs, answers, weights = (clean(ax) for ax in whole.subplots(1, 3, width_ratios=(1.3, 1.0, 1.0)))
    looks = {
        "course": {"color": INK, "ls": "-", "lw": 1.4, "label": "burstprop"},
        "fast_homeostasis": {"color": PALETTE[1], "ls": DASHED, "lw": 1.1, "label": "control: fast homeostasis"},
        "no_feedback": {"color": PALETTE[7], "ls": DOTTED, "lw": 1.3, "label": "control: no feedback"},
    }
    found = {name: each for name in looks if (each := outcome.data[name]) is not None}
    learning_curves(costs, {name: (running_mean(cost(each.rates), 10), looks[name]) for name, each in found.items()})
    costs.axhline(CHANCE, color=FAINT, linewidth=0.9, zorder=0)
    costs.annotate("chance", (1.0, CHANCE), (-2, -11), ("axes fraction", "data"), "offset points", ha="right", size=8)
    costs.set(xlabel="epoch", ylabel="cost (nats, mean of 10 epochs)", ylim=(0.0, None))
    at = np.arange(4)
    answers.plot(at - 0.12, course.before, color=CONTROL, marker="s", ls="", ms=5, mfc="white", label="before")
    answers.plot(at + 0.12, course.after, color=INK, marker="o", ls="", ms=6, label="after")
    answers.axhline(0.5 * (E_MIN + E_MAX), color=FAINT, linewidth=0.9, zorder=0)
    answers.set_xticks(at, [f"({a}, {b})\n{target}" for (a, b), target in zip(EXAMPLES, TARGETS, strict=True)])
    answers.set(
        xlabel="example and its answer", ylabel="rate of output events (Hz)", xlim=(-0.5, 3.5), ylim=(0.0, None)
    )
    for k, (line, marker) in enumerate((("-", "o"), (DASHED, "^"))):
        look = {"color": PALETTE[2 * k], "linestyle": line, "marker": marker, "ms": 3.5, "lw": 1.2}
        weights.plot(course.of, course.weights[:, k], label=f"from hidden {k + 1}", **look)
    weights.set(xlabel="epoch", ylabel="mean weight onto the output (leaks)", ylim=(0.0, None))
    whole_numbers(weights.xaxis)
    for ax in whole.axes:
        plain_legend(ax, loc="best")
    letter_panels(whole.axes, None)
    return whole
