"""Cases that every model and rule gets by itself, because it is exported: it beside the equations that it shows."""

from __future__ import annotations

import functools
import re

import numpy as np
from given_spikes import steps_of
from naive import step_rules
from naive.signal_rules import OwnFunctions
from oracles import brian2_oracle
from tolerances import METHOD, NINE_DIGITS, ULP
from unit import every_model

from cases.case import Case
from cases.neurons import simulate
from spikelearn.neurons import MODELS, RATE_MODELS
from spikelearn.plasticity import SIGNAL_RULES, STEP_RULES

DT = 0.05
AMOUNT = {"pA": 60.0, "mV": 1.5, "nS": 1.0, "1": 1.0}
"""Weights, by the unit of the port, that move a neuron and do not make it fire."""


def some_inputs(model):
    """(port, time, weight): two through each port, one after the other."""
    signs = {"inh": -1.0, "dend_inh": -1.0}
    return [
        (port, 1.0 + 3.0 * k + 7.0 * round_, AMOUNT[unit] * (signs.get(port, 1.0) if unit == "pA" else 1.0))
        for k, (port, unit) in enumerate(model.ports.items())
        if port not in model.graded
        for round_ in range(2)
    ]


def constant_current(model):
    """Parameters with which a model fires by itself; None if it takes no current and has none."""
    current = next((name for name in model.units if name.startswith("I_e")), None)
    own = {} if current is None else {current: 800.0 if model.units[current] == "pA" else 10.0}
    return {**own, **model.properties.firing} if current is not None else None


def by_equations(model, neuron, inputs, duration):
    """The same neuron by Brian2 from the equations that the model shows."""
    parameters = neuron.parameters._asdict()
    start = {**dict.fromkeys(model.state, 0.0), **model.initial(neuron.parameters)}

    def jumps(statements, weight):
        """'x += factor * weight; ...' as (x, number); a factor that depends on the state is that at first."""
        known = {"e": np.e, "exp": np.exp, "ms": 1.0, "dt": DT, "int": int, "not_refractory": True}
        known |= {**start, **parameters, "weight": weight}
        for statement in statements.split("; "):
            variable, _, amount = statement.partition(" += ")
            yield variable, eval(amount, {"__builtins__": {}}, known)

    declared = {line.strip().split(" :")[0] for line in model.equations.splitlines()}
    variables = differential(model)
    return brian2_oracle.integrate(
        model.equations,
        parameters={name: float(value) for name, value in parameters.items()},
        units={**model.units, **{name: unit for name, unit in model.state.items() if unit != "1"}},
        initial={name: float(start[name]) for name in model.state if name in variables or name in declared},
        inputs=[(time, *jump) for port, time, weight in inputs for jump in jumps(model.arrival(port), weight)],
        threshold=model.threshold or None,
        reset=model.reset or None,
        refractory=parameters.get("t_ref"),
        method="rk4",
        dt=DT,
        duration=duration,
        record=variables,
    )


def differential(model):
    """The variables that have a differential equation."""
    return [name for name in model.state if f"d{name}/dt" in model.equations]


def moved_by_inputs(model):
    """Variables that move although there is no spike: an input reaches them, by itself or through others."""
    # differential equations and named expressions, which may go on in the next line
    found = re.findall(r"^\s*(?:d(\w+)/dt|(\w+)) = (.*?) : ", model.equations, re.MULTILINE | re.DOTALL)
    rights = {name or expression: right for name, expression, right in found}
    moved = {model.arrival(port).partition(" += ")[0] for port in model.ports if port not in model.graded}
    while more := {x for x, right in rights.items() if x not in moved and moved & set(re.findall(r"\w+", right))}:
        moved |= more
    return moved & set(differential(model))


@functools.cache
def below_threshold(model):
    """({variable: here}, {variable: by Brian2}), with inputs through every port, and nothing that fires."""
    inputs, neuron = some_inputs(model), model(**model.properties.quiet)
    brian2 = by_equations(model, neuron, inputs, 30.0)
    ours, spikes = simulate(
        neuron, [(port, t - 1.0 + DT, w) for port, t, w in inputs], duration=30.0, dt=DT, delay=1.0 - DT,
        record=list(brian2.recorded),
    )  # fmt: skip
    if len(spikes) or len(brian2.spike_times):
        raise ValueError(f"{model.name} fired below its threshold: what are parameters with which it is quiet?")
    still = [name for name in moved_by_inputs(model) if np.ptp(ours[name]) == 0.0]
    if still:
        raise ValueError(f"inputs of {model.name} did not move {', '.join(still)}")
    return ours, {name: values[1:] for name, values in brian2.recorded.items()}


def state_below_threshold(model):
    """All variables, each over how far it moves; one that stands still, by itself."""
    ours, brian2 = below_threshold(model)
    moved = {name: np.ptp(values) for name, values in brian2.items()}
    size = {name: far if far > 1e-6 else 1.0 for name, far in moved.items()}
    return tuple(np.concatenate([found[name] / size[name] for name in size]) for found in (ours, brian2))


def spikes_under_current(model):
    """Times of spikes, in steps, over how many there are."""
    neuron = model(**constant_current(model))
    brian2 = by_equations(model, neuron, [], 60.0)
    _, spikes = simulate(neuron, duration=60.0, dt=DT, record=())
    if len(spikes) < 2 or len(spikes) != len(brian2.spike_times):
        raise ValueError(f"{model.name} fired {len(spikes)} times, {len(brian2.spike_times)} times in Brian2")
    return spikes * DT / len(spikes), brian2.spike_times / len(spikes)


def _neuron_cases(model):
    # derivatives are about 1 mV/ms^k for a pA or nS that is switched on within milliseconds; Brian2's method is of
    # fourth order, with a constant that is ten times as large
    order = min(model.properties.order, 4)
    yield Case(
        model.name, "all of its state below threshold, inputs through every port", "Brian2 live: its own equations",
        METHOD(order, DT, 1.0 if order < 4 else 10.0), f"METHOD({order:g}, dt)", lambda: state_below_threshold(model),
    )  # fmt: skip
    # either finds a spike at the end of a step, and what this is late by adds up from spike to spike; in Izhikevich's
    # neuron Euler is another 2 steps late in each upstroke, where V'' = (0.08 V + 5) V' is large
    if constant_current(model) is not None and not (model.random or model.normal):
        yield Case(
            model.name, "spike times under a constant current, over their number", "Brian2 live: its own equations",
            METHOD(1, DT, 4.0), "METHOD(1, dt)", lambda: spikes_under_current(model),
        )  # fmt: skip


def followed(net, every=None):
    """(projection, weights at the start, run, reference) of each projection that learns, after 60 ms.

    The reference has moved every synapse in every step, and read them every so many steps.
    """
    dt, learning = net.dt, [projection for projection in net.projections.values() if projection.plasticity is not None]
    recorded = {(recording.of, recording.variable) for recording in net.description().recordings}
    wanted = {(of.source, name) for of in learning for name in (of.on, of.payload) if name}
    for of in learning:
        rule = of.plasticity.rule
        wanted |= {(of.target, name) for name in (rule.learns_from, *rule.learns_also_from, *rule.reads)}
    for population, name in sorted(wanted - recorded, key=str):
        net.record(population, name)
    start, run = net.run(0.0, progress=False), net.run(60.0, progress=False)

    def emitted(population, kind):
        events = run.spikes(population, kind)
        return set(zip(steps_of(events.times, dt).tolist(), events.ids.tolist(), strict=True))

    steps = round(60.0 / dt)
    released = dict.fromkeys([round(time / dt) for time in every_model.RELEASES], every_model.RELEASED)
    for projection in learning:
        rule, source, target = projection.plasticity.rule, projection.source, projection.target
        fired = {kind: emitted(target, kind) for kind in (rule.learns_from, *rule.learns_also_from)}
        reads = {name: run.trace(target, name).values for name in rule.reads}
        carried = run.trace(source, projection.payload).values if projection.payload else None
        reference = OwnFunctions(
            projection, start, run, dt, steps, reads, fired, every_model.TAU_N, released, carried
        )  # fmt: skip
        reference.run(emitted(source, projection.on), steps, every=every)
        yield projection, start.weights(projection), run, reference


def learned(rule):
    """Weights at the end: (here, when every synapse moves in every step by the rule's own functions)."""
    found = list(followed(every_model.synapses_of(rule=rule)))
    here, expected = [run.weights(of) for of, _, run, _ in found], [reference.weights for *_, reference in found]
    if max(np.abs(end / start - 1.0).max() for end, (_, start, *_) in zip(here, found, strict=True)) < 1e-8:
        raise ValueError(f"{rule.name} learned too little to be compared")
    return np.concatenate(here), np.concatenate(expected)


def stepped(rule):
    """Weights at the end: (here, when one synapse after the other calls the rule's function in every step)."""
    net = every_model.synapses_of(rule=rule)
    dt, cells, dopamine = net.dt, net.populations["cells"], next(iter(net.modulators.values()))
    if rule.needs:
        net.record(cells, sorted(set(rule.needs)), every=dt)
    net.record(net.populations["source"])
    net.record(dopamine, "n", every=dt)
    start, run = net.run(0.0, progress=False), net.run(20.0, progress=False)
    at_start = {**dict.fromkeys(cells.model.model.state, 0.0), **cells.model.model.initial(cells.model.parameters)}
    reads = {name: run.trace(cells, name).values for name in set(rule.needs)}
    begin = {name: np.full(cells.size, at_start[name]) for name in reads}
    here, expected, moved = [], [], 0.0
    for projection in net.projections.values():
        if projection.plasticity is None:
            continue
        sent = run.spikes(projection.source)
        given = step_rules.Given(
            dict.fromkeys(zip(steps_of(sent.times, dt).tolist(), sent.ids.tolist(), strict=True), 1.0), reads, begin,
            run.trace(dopamine, "n").values.ravel(), net.seed,
        )  # fmt: skip
        first, synapses = start.weights(projection), run.synapses(projection)
        values, _ = step_rules.learned(projection, synapses, first, dt, round(20.0 / dt), given)
        here.append(synapses.weight)
        expected.append(values["weight"][-1])
        moved = max(moved, np.abs(here[-1] / first - 1.0).max())
    if moved < 1e-8:
        raise ValueError(f"{rule.name} learned too little to be compared")
    return np.concatenate(here), np.concatenate(expected)


CASES: tuple[Case, ...] = (
    *(case for model in (*MODELS, *RATE_MODELS) if "/dt" in model.equations for case in _neuron_cases(model)),
    *(
        Case(
            rule.name, "weights after 60 ms, random spikes, delays on both sides",
            "every synapse in every step by the rule's own functions", NINE_DIGITS, "1e-9 relative",
            lambda rule=rule: learned(rule),
        )
        for rule in SIGNAL_RULES
    ),
    *(
        # the same operations in each of 200 steps; exp and sin may differ by a bit between the two
        Case(
            rule.name, "weights after 20 ms, random spikes", "every synapse in every step by the rule's own function",
            ULP(100_000, 10.0), "ULP(100,000)", lambda rule=rule: stepped(rule),
        )
        for rule in STEP_RULES
    ),
)  # fmt: skip
