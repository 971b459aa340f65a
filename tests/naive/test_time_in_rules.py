"""Rules whose functions take the time, and rules that are evaluated at some times only, beside plain Python."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from naive.signal_rules import OwnFunctions
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plasticity import PlasticityRule, Trace
from spikelearn.units import ms, number
from spikelearn.units import weight as any_unit

DT = 0.5


class Parameters(NamedTuple):
    tau: ms = 20.0
    period: ms = 40.0
    W_min: any_unit = 0.0
    W_max: any_unit = 100.0


def on_pre(weight, x, y, rhythm, t):
    return weight - 0.1 * y * (1.0 + math.cos(rhythm * t))


def on_post(weight, x, y, rhythm, t):
    return weight + 0.2 * x * (1.0 + math.cos(rhythm * t)) + 1e-3 * t


Rhythmic = PlasticityRule(
    "Rhythmic", Parameters, (Trace("x", "tau"),), (Trace("y", "tau"),), on_pre, on_post,
    lambda p, dt: {"rhythm": 2.0 * math.pi / p.period},
)  # fmt: skip


def network(rule, threads=1, dendritic=0.0, seed=1):
    net = sl.Network(dt=DT, seed=seed, threads=threads)
    source = net.population(5, sl.Poisson(40.0), name="source")
    cells = net.population(4, sl.LIF(I_e=np.linspace(450.0, 700.0, 4)), name="cells")
    made = net.connect(
        source,
        cells,
        weight=sl.Uniform(10.0, 20.0),
        axonal_delay=2.0,
        dendritic_delay=dendritic,
        plasticity=rule,
        name="made",
    )
    net.record(source)
    net.record(cells)
    return net, made


def weights_event_by_event(run, starts, dendritic):
    """Arrivals and post events at the synapse in order; of two at the same time neither sees the other with a
    dendritic delay, and the arrival comes first without one."""
    arrived, fired = run.spikes("source"), run.spikes("cells")
    tau, rhythm, found = 20.0, 2.0 * math.pi / 40.0, []
    for pre, post, weight in zip(run.synapses("made").pre, run.synapses("made").post, starts, strict=True):
        pres = [(t + 2.0, 0) for t in arrived.times[arrived.ids == pre] if t + 2.0 + dendritic <= run.t_stop]
        posts = [(t + dendritic, 1) for t in fired.times[fired.ids == post] if t + dendritic <= run.t_stop]
        x, y, w, last = [], [], weight, run.t_stop
        for t, kind in sorted(pres + posts):
            if kind == 0:
                seen = sum(math.exp(-(t - at) / tau) for at in y if at < t)
                w = on_pre(w, 0.0, seen, rhythm, t)
                x.append(t)
            else:
                seen = sum(math.exp(-(t - at) / tau) for at in x if at < t or dendritic == 0.0)
                w = on_post(w, seen, 0.0, rhythm, t)
                y.append(t)
            w = min(max(w, 0.0), 100.0)
        assert last == run.t_stop
        found.append(w)
    return found


@pytest.mark.parametrize("dendritic", [0.0, 3.0])
@pytest.mark.parametrize("threads", [1, 2])
def test_handlers_get_the_time_at_which_an_event_is_at_the_synapse(threads, dendritic):
    net, made = network(Rhythmic(), threads, dendritic)
    starts = net.weights(made)
    run = net.run(300.0)
    assert len(run.spikes("cells").times) > 10
    ULP(10_000, 10.0).check(run.weights("made"), weights_event_by_event(run, starts, dendritic))


def test_the_time_goes_on_from_run_to_run():
    whole = network(Rhythmic())[0].run(200.0).weights("made")
    net, _ = network(Rhythmic())
    net.run(77.0)
    EXACT.check(net.run(123.0).weights("made"), whole)
    EXACT.check(network(Rhythmic())[0].run(200.0, engine="stepper").weights("made"), whole)


def test_a_constant_of_that_name_is_the_constant():
    class Own(NamedTuple):
        W_min: any_unit = 0.0
        W_max: any_unit = 100.0

    rule = PlasticityRule(
        "Own", Own, (), (), lambda weight, t: weight + t, lambda weight, t: weight, lambda p, dt: {"t": 0.25}
    )
    net, made = network(rule())
    starts = net.weights(made)
    run = net.run(100.0)
    arrived = np.bincount(run.spikes("source").ids[run.spikes("source").times <= 98.0], minlength=5)
    ULP(100, 10.0).check(run.weights("made"), starts + 0.25 * arrived[run.synapses("made").pre])


class StepParameters(NamedTuple):
    tau: ms = 20.0
    update: ms = 10.0
    eta: number = 0.05
    W_min: any_unit = 0.0
    W_max: any_unit = 100.0


def grow(weight, c, x, eta, t):
    return weight + c, 0.9 * c + eta * x * math.cos(0.1 * t)


def growing(**how):
    return sl.StepRule(
        "Growing", StepParameters, grow, lambda p, dt: {"eta": p.eta}, pre=(Trace("x", "tau"),), state=("c",), **how
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("update", [0.5, 10.0])
def test_step_rules_get_the_time_and_are_evaluated_at_multiples_of_theirs(threads, update):
    net, made = network(growing(every="update")(update=update), threads)
    starts = net.weights(made)
    run = net.run(120.0)
    times, ids = run.spikes("source")
    expected = []
    for pre, weight in zip(run.synapses("made").pre, starts, strict=True):
        x, c = 0.0, 0.0
        for step in range(1, 241):
            x = x * math.exp(-DT / 20.0) + np.sum(np.rint((times[ids == pre] + 2.0) / DT) == step)
            if step % round(update / DT) == 0:
                weight, c = grow(weight, c, x, 0.05, step * DT)
                weight = min(max(weight, 0.0), 100.0)
        expected.append(weight)
    ULP(10_000, 10.0).check(run.weights("made"), expected)
    assert np.abs(run.weights("made") - starts).max() > 0.1


def test_one_of_each_step_is_the_rule_without_a_time():
    one = network(growing()())[0].run(100.0).weights("made")
    EXACT.check(network(growing(every="update")(update=DT))[0].run(100.0).weights("made"), one)


def test_times_are_checked():
    with pytest.raises(DescriptionError, match="plasticity rule 'Growing' has no parameter often"):
        growing(every="often")
    net, _ = network(growing(every="update")(update=0.7))
    with pytest.raises(ParameterError, match="update of Growing, projection 'made': expected a multiple of dt"):
        net.run(1.0)


class SignalParameters(NamedTuple):
    tau: ms = 20.0
    period: ms = 40.0
    tau_c: ms = 50.0
    W_min: any_unit = -1000.0
    W_max: any_unit = 1000.0


def signal(t, V_m, phase, event, rhythm):
    return 0.01 * math.cos(rhythm * t) * (V_m + 70.0) + event * phase


def advance(V_m, phase, event, rhythm, t):
    return (0.9 * phase + 1e-3 * t,)


def at_arrival(weight, x, t, rhythm):
    return weight + 0.1 * math.cos(rhythm * t)


Timed = sl.SignalRule(
    "Timed", SignalParameters, (Trace("x", "tau"),), ("V_m",), signal,
    lambda p, dt: {"rhythm": 2.0 * math.pi / p.period}, state={"phase": ""}, advance=advance, on_pre=at_arrival,
)  # fmt: skip
TimedEligibility = sl.SignalRule(
    "TimedEligibility", SignalParameters, (Trace("x", "tau"),), ("V_m",), signal, Timed.constants,
    state={"phase": ""}, advance=advance, on_pre=lambda x, t, rhythm: 1e-3 * math.cos(rhythm * t), low_pass=True,
)  # fmt: skip


@pytest.mark.parametrize("dendritic", [0.0, 3.0])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rule", [Timed, TimedEligibility], ids=lambda rule: rule.name)
def test_rules_that_learn_from_a_signal_get_the_time(rule, threads, dendritic):
    """`signal` and `advance` that of the end of the step, `on_pre` that of the arrival."""
    net, made = network(rule(), threads, dendritic)
    net.record(net.populations["cells"], "V_m")
    net.record(made, "weight", every=5.0)
    start, run = net.run(0.0, progress=False), net.run(100.0)
    arrived, fired = run.spikes("source"), run.spikes("cells")
    events = {(int(step), int(i)) for step, i in zip(np.rint(fired.times / DT), fired.ids, strict=True)}
    reference = OwnFunctions(made, start, run, DT, 200, {"V_m": run.trace("cells", "V_m").values}, {"spike": events})
    sent = {(int(step), int(i)) for step, i in zip(np.rint(arrived.times / DT), arrived.ids, strict=True)}
    reference.run(sent, 200, every=10)
    assert len(events) > 10 and np.ptp(run.weights("made") - start.weights("made")) > 1.0
    ULP(4_500_000, 1.0).check(run.weights("made"), reference.weights)
    ULP(4_500_000, 1.0).check(run.trace("made", "weight").values, np.array([w for w, _ in reference.read]))


def test_a_state_of_the_rule_of_that_name_is_the_state():
    """Here it counts the target's events."""

    def counting(name, signal, advance):
        rule = sl.SignalRule(
            "Counting", SignalParameters, (Trace("x", "tau"),), (), signal, lambda p, dt: {}, state={name: ""},
            advance=advance,
        )  # fmt: skip
        return network(rule())[0].run(100.0).weights("made")

    as_t = counting("t", lambda t, event: 1e-3 * t, lambda t, event: (t + event,))
    assert np.ptp(as_t) > 0.1
    EXACT.check(as_t, counting("n", lambda n, event: 1e-3 * n, lambda n, event: (n + event,)))
