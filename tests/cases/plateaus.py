"""Cells with plateau potentials, cells with a teacher and the rule that learns from both, beside their equations."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import steps_of
from naive import plateau_learning as reference
from tolerances import METHOD, NINE_DIGITS, STAT, ULP

import spikelearn as sl
from cases.case import Case

DT, STEPS, FORWARD, TARGET = 0.5, 240, 60, 180
AVERAGED = round(20.0 / DT)
TIMES = np.arange(1, STEPS + 1) * DT
INPUT = "80 random inputs to each dendrite"
CONSTANT = 0.3
TEACHER = np.where(np.arange(STEPS) < 120, 0.0, 1.0) + np.where(np.arange(STEPS) < 200, 0.0, -2.0)


def _arrivals(seed):
    """(time, weight) of 80 arrivals at whole steps."""
    generator = np.random.default_rng(seed)
    return list(zip(np.sort(generator.integers(2, STEPS, 80)) * DT, generator.normal(0.5, 4.0, 80), strict=True))


@functools.cache
def _run(model, learns=False):
    """{variable: samples} of one cell, and the weights of two plastic synapses at the end with their arrivals."""
    net = sl.Network(dt=DT, seed=3)
    cell = net.population(1, model(I_e=CONSTANT), name="cell")
    dendrites = ["basal", "apical"][: len(model.ports) - 2]
    for seed, port in enumerate(dendrites):
        found = _arrivals(seed)
        source = net.population(80, sl.SpikeList([at - DT for at, _ in found], np.arange(80)), name=port)
        net.connect(source, cell, port, weight=np.array([[w] for _, w in found]), delay=DT)
    for port, step in (("forward", FORWARD), ("target", TARGET)):
        net.connect(net.population(1, sl.SpikeList([(step - 1) * DT])), cell, port, delay=DT)
    learner = net.population(2, sl.SpikeList(*_learning_spikes()), name="learner")
    rule = sl.PlateauLearning(eta=30.0, tau_x=15.0)
    synapses = net.connect(learner, cell, "basal", weight=0.0, delay=DT, plasticity=rule, plastic=learns)
    if model is sl.TaughtPyramidal:
        steps = np.flatnonzero(np.diff(TEACHER, prepend=0.0))
        net.drive(cell, sl.StepCurrent(steps * DT, TEACHER[steps]), "teacher")
    net.record(cell, list(model.state))
    run = net.run(STEPS * DT)
    return {name: run.trace(cell, name).values[:, 0] for name in model.state}, run.weights(synapses)


def _learning_spikes():
    """(times, ids) of two sources that fire at random until the end of the target phase."""
    generator = np.random.default_rng(9)
    last = TARGET + AVERAGED - 1
    pairs = np.unique(generator.integers((1, 0), (last, 2), (60, 2)), axis=0)
    return pairs[:, 0] * DT, pairs[:, 1]


def _in(step):
    """The samples over which an average that began at the end of this step is taken."""
    return slice(step, step + AVERAGED)


def _somatic():
    return _run(sl.PlateauPyramidal)[0]["V_s"], reference.soma(_arrivals(0), CONSTANT, TIMES)


def _apical():
    return _run(sl.PlateauPyramidal)[0]["V_apical"], reference.dendrite(_arrivals(1), TIMES)


def _plateau_delta():
    """What the definitions make of the closed forms: the strengths of both plateaus, and delta."""
    V_s, V_apical = _somatic()[1], _apical()[1]
    forward, target = (reference.sigma(V_apical[_in(step)].mean()) for step in (FORWARD, TARGET))
    return forward, target, (target - forward) * reference.slope(V_s[_in(FORWARD)].mean())


def _plateaus():
    found = _run(sl.PlateauPyramidal)[0]
    alpha, end = found["alpha"], TARGET + AVERAGED
    others = np.delete(found["delta"], end - 1)
    measured = [alpha[FORWARD + AVERAGED - 1], alpha[end - 2], alpha[end - 1], found["delta"][end - 1], *others]
    forward, target, delta = _plateau_delta()
    return measured, [forward, forward, target, delta, *np.zeros(STEPS - 1)]


@functools.cache
def _taught_soma():
    return reference.taught_soma(_arrivals(0), CONSTANT, TEACHER, DT, STEPS)


def _taught():
    return _run(sl.TaughtPyramidal)[0]["V_s"], _taught_soma()


def _taught_delta():
    """From the cell's own V_s, so that nothing but the averages is compared."""
    found = _run(sl.TaughtPyramidal)[0]
    V_s, end = found["V_s"], TARGET + AVERAGED
    forward, rate = V_s[_in(FORWARD)].mean(), np.mean([reference.phi(V) for V in V_s[_in(TARGET)]])
    expected = [forward, rate, (rate - reference.phi(forward)) * reference.slope(forward), *np.zeros(STEPS - 1)]
    others = np.delete(found["delta"], end - 1)
    return [found["V_s_forward"][-1], found["rate_target"][-1], found["delta"][end - 1], *others], expected


def _weights(model):
    traces, measured = _run(model, learns=True)
    times, ids = _learning_spikes()
    end = (TARGET + AVERAGED) * DT
    delta = traces["delta"][TARGET + AVERAGED - 1]
    return measured, [reference.learned(30.0, delta, times[ids == i] + DT, end, 15.0, DT) for i in range(2)]


def _spikes(model):
    """Spikes of 2,000 cells in 100 ms at a steady V_s, in standard errors of a binomial number. Seed 21."""
    net = sl.Network(dt=1.0, seed=21)
    constant = -0.8
    cells = net.population(
        2000, model(I_e=constant), name="cells", initial={"V_s": constant * reference.G / reference.LEAK}
    )
    net.record(cells)
    steps = steps_of(net.run(100.0).spikes(cells).times, 1.0)
    p, n = reference.phi(constant * reference.G / reference.LEAK), 2000 * 100
    return (len(steps) - n * p) / np.sqrt(n * p * (1.0 - p)), 0.0


EQUATIONS = "closed form: kernels summed over arrivals"
CASES: tuple[Case, ...] = (
    Case("PlateauPyramidal", f"V_s, {INPUT}", EQUATIONS, NINE_DIGITS, "1e-9 relative", _somatic),
    Case("PlateauPyramidal", f"V_apical, {INPUT}", EQUATIONS, ULP(10_000, 10.0), "ULP(10,000)", _apical),
    Case(
        "PlateauPyramidal", "strength of both plateaus and delta, which is 0 in all other steps",
        "the definitions, of means of closed forms", ULP(10_000, 1.0), "ULP(10,000)", _plateaus,
    ),
    Case(
        "TaughtPyramidal", f"V_s, {INPUT}, a teacher that comes, changes its mind and stays",
        "Euler, steps of 0.0005 ms", METHOD(2, DT), "METHOD(2, dt)", _taught,
    ),
    Case(
        "TaughtPyramidal", "averages and delta, which is 0 in all other steps", "the definitions, of its V_s",
        ULP(10_000, 1.0), "ULP(10,000)", _taught_delta,
    ),
    *(
        Case(
            f"PlateauLearning, {model.name}", "weights of two synapses after both phases", "the rule, spike by spike",
            ULP(10_000, 1.0), "ULP(10,000)", lambda model=model: _weights(model),
        )
        for model in (sl.PlateauPyramidal, sl.TaughtPyramidal)
    ),
    *(
        Case(
            model.name, "spikes of 2,000 cells at a steady potential, in standard errors, seed 21",
            "closed form: a binomial number", STAT(1), "STAT", lambda model=model: _spikes(model),
        )
        for model in (sl.PlateauPyramidal, sl.TaughtPyramidal)
    ),
)  # fmt: skip
