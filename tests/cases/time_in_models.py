"""Time, tables of time, refractory conditions, graded synapses from equations and gap junctions, beside Brian2."""

from __future__ import annotations

import functools

import numpy as np
from oracles.brian2_oracle import import_brian2
from tolerances import EXACT, METHOD, NINE_DIGITS, STAT

import spikelearn as sl
from cases.case import Case
from spikelearn.equations.brian import quiet

DT = 0.1
DURATION = 60.0
TABLE = np.array([[0.0, 0.5, 1.0], [1.5, 0.2, 0.0], [-0.5, 0.9, 2.0], [1.0, 1.0, 1.0]])
INTERVAL = 12.0


def here(model, size, record, duration=DURATION, initial=None, then=None):
    """({variable: (steps, size)} at the ends of steps, spikes (step, id)). then: function(net, cells)."""
    net = sl.Network(dt=DT, seed=1)
    cells = net.population(size, model, name="cells", initial=initial)
    if then is not None:
        then(net, cells)
    net.record(cells, ["spikes", *record])
    run = net.run(duration, progress=False)
    steps = np.round(run.spikes(cells).times / DT).astype(int)
    return {name: run.trace(cells, name).values for name in record}, np.stack([steps, run.spikes(cells).ids], axis=1)


def there(equations, size, record, duration=DURATION, initial=None, then=None, namespace=None, **options):
    """The same by Brian2, of which step k - 1 is step k here. then: function(brian2, group) -> further objects."""
    brian2 = import_brian2()
    with quiet():
        step = DT * brian2.ms
        group = brian2.NeuronGroup(size, equations, dt=step, namespace=namespace or {}, **options)
        for name, values in (initial or {}).items():
            setattr(group, name, values)
        others = then(brian2, group) if then is not None else []
        state = brian2.StateMonitor(group, record, record=True, dt=step)
        spikes = brian2.SpikeMonitor(group)
        brian2.Network(group, *others, state, spikes).run(duration * brian2.ms + step)
        traces = {name: np.asarray(getattr(state, name)).T[1 : round(duration / DT) + 1] for name in record}
        steps = np.round(np.asarray(spikes.t / brian2.ms) / DT).astype(int) + 1
        found = np.stack([steps, np.asarray(spikes.i)], axis=1)
    found = found[found[:, 0] <= round(duration / DT)]
    return traces, found[np.lexsort((found[:, 1], found[:, 0]))]


def ms(value):
    return value * import_brian2().ms


SINE = "dv/dt = (sin(2*pi*50*Hz*t) + i/N - v)/tau : 1"


def functions_of_time(method):
    model = sl.NeuronModel.from_equations(SINE, parameters={"tau": (10.0, "ms")}, method=method)
    traces, _ = here(model(), 3, ["v"])
    expected, _ = there(SINE, 3, ["v"], namespace={"tau": ms(10.0)}, method=method, threshold="v > 100")
    return traces["v"], expected["v"]


def closed_form():
    """dv/dt = (sin(w t) - v)/tau from 0, by rk4 here."""
    model = sl.NeuronModel.from_equations(SINE, parameters={"tau": (10.0, "ms")}, method="rk4")
    traces, _ = here(model(), 1, ["v"])
    t, w, tau = np.arange(1, round(DURATION / DT) + 1) * DT, 2.0 * np.pi * 0.05, 10.0
    expected = (np.sin(w * t) - w * tau * np.cos(w * t) + w * tau * np.exp(-t / tau)) / (1.0 + (w * tau) ** 2)
    return traces["v"][:, 0], expected


def tables(method, columns):
    """A table of time as Timed and as TimedArray."""
    text = f"dv/dt = (stimulus({'t, i' if columns > 1 else 't'}) - v)/tau : 1"
    values = TABLE if columns > 1 else TABLE[:, 0]
    model = sl.NeuronModel.from_equations(text, parameters={"stimulus": 0.0, "tau": (10.0, "ms")}, method=method)
    traces, _ = here(model(stimulus=sl.Timed(values, INTERVAL)), 3, ["v"])
    stimulus = import_brian2().TimedArray(values, dt=ms(INTERVAL))
    namespace = {"stimulus": stimulus, "tau": ms(10.0)}
    expected, _ = there(text, 3, ["v"], namespace=namespace, method=method, threshold="v > 100")
    return traces["v"], expected["v"]


def timed_current():
    """Timed as a current of a drive, and the same values as the parameter I_e."""
    values = np.array([0.0, 500.0, 900.0, 100.0])

    def drive(net, cells):
        net.drive(cells, sl.Timed(values, INTERVAL), "exc")

    driven, spikes = here(sl.LIF(), 2, ["V_m"], then=drive)
    given, others = here(sl.LIF(I_e=sl.Timed(values, INTERVAL)), 2, ["V_m"])
    if len(spikes) < 4:
        raise ValueError(f"{len(spikes)} spikes say little")
    return np.append(given["V_m"].ravel(), others.ravel()), np.append(driven["V_m"].ravel(), spikes.ravel())


UPSTROKE = """
dv/dt = (v - v**3/3 - w + 0.6 + 0.2*i/N)/(1*ms) : 1
dw/dt = (v + 0.7 - 0.8*w)/(12.5*ms) : 1
"""


@functools.cache
def refractory_condition(where):
    """FitzHugh's and Nagumo's neurons, which have no reset: one spike for each upstroke."""
    given = {"threshold": "v > 0.5", "refractory": "v > 0.5", "method": "rk4"}
    if where == "brian2":
        return there(UPSTROKE, 4, ["v"], 300.0, **given)
    model = sl.NeuronModel.from_equations(UPSTROKE, **given)
    return here(model(), 4, ["v"], 300.0)


def spikes_with_condition():
    ours, expected = refractory_condition("here")[1], refractory_condition("brian2")[1]
    if len(expected) < 12:
        raise ValueError(f"{len(expected)} spikes say little")
    return ours, expected


def held_by_a_condition():
    """A variable that is held while another, which jumps at spikes, is large; threshold and reset change in time."""
    text = "dv/dt = (1.5 - v)/(10*ms) : 1 (unless refractory)\ndu/dt = -u/(20*ms) : 1"
    given = {
        "threshold": "v > 1 + 0.2*sin(2*pi*20*Hz*t)", "reset": "v = 0.1*i*cos(2*pi*20*Hz*t); u += 1",
        "refractory": "u > 0.5", "method": "euler",
    }  # fmt: skip
    traces, ours = here(sl.NeuronModel.from_equations(text, **given)(), 3, ["v"], 200.0)
    others, expected = there(text, 3, ["v"], 200.0, **given)
    if len(expected) < 12:
        raise ValueError(f"{len(expected)} spikes say little")
    return np.append(traces["v"].ravel(), ours.ravel()), np.append(others["v"].ravel(), expected.ravel())


def spikes_with_period():
    """A refractory period of each neuron; Brian2's is one step shorter."""
    text = "dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)"
    given = {"threshold": "v > 1", "reset": "v = 0", "method": "exact"}
    model = sl.NeuronModel.from_equations(text, refractory="(2 + 10*i/N)*ms", **given)
    _, ours = here(model(), 5, ["v"], 200.0)
    _, expected = there(text, 5, ["v"], 200.0, refractory="(2 + 10*i/N)*ms + 0.1*ms", **given)
    return ours, expected


CLOCK_DRIVEN = """
s_tot_post = w * s_NMDA : 1 (summed)
ds_NMDA/dt = -s_NMDA/tau_decay + alpha*x*(1 - s_NMDA) : 1 (clock-driven)
dx/dt = -x/tau_rise : 1 (clock-driven)
"""
TAUS = {"tau_decay": 100.0, "tau_rise": 2.0}
RECEIVER = """
dv/dt = (s_tot*(1.5 - v) - v)/(10*ms) : 1
s_tot : 1
"""
TIMES = np.array([3.0, 7.0, 7.4, 20.0, 31.0])


@functools.cache
def clock_driven(method):
    """The gates of Brunel & Wang 2001 as Brian2's example writes them, onto a neuron: ({s_tot, v} here, by Brian2)."""
    parameters = {**{name: (tau, "ms") for name, tau in TAUS.items()}, "alpha": (0.5, "1/ms")}
    Gate = sl.GradedSynapse.from_equations(CLOCK_DRIVEN, on_pre="x += 1", parameters=parameters, method=method)
    model = sl.NeuronModel.from_equations(RECEIVER, ports={"nmda": "s_tot = weight"}, method="exponential_euler")
    weights = np.array([[0.3, 0.8], [0.1, 0.5]])

    def connect(net, cells):
        source = net.population(2, sl.SpikeList(np.repeat(TIMES, 2) + np.tile([0.0, 0.3], 5), np.tile([0, 1], 5)))
        net.connect(source, cells, "nmda", weight=weights, delay=DT, synapse=Gate())

    ours, _ = here(model(), 2, ["s_tot", "v"], then=connect)

    def same(brian2, group):
        times = np.repeat(TIMES, 2) + np.tile([0.0, 0.3], 5)
        source = brian2.SpikeGeneratorGroup(2, np.tile([0, 1], 5), (times - DT) * brian2.ms, dt=DT * brian2.ms)
        namespace = {name: tau * brian2.ms for name, tau in TAUS.items()} | {"alpha": 0.5 / brian2.ms}
        synapses = brian2.Synapses(
            source, group, CLOCK_DRIVEN + "w : 1", on_pre="x += 1", delay=DT * brian2.ms, method=method,
            dt=DT * brian2.ms, namespace=namespace,
        )  # fmt: skip
        synapses.connect()
        synapses.w = weights.ravel()
        return source, synapses

    expected, _ = there(RECEIVER, 2, ["s_tot", "v"], then=same, method="exponential_euler", threshold="v > 100")
    # what Brian2 sums at the beginning of a step is what is summed here at the end of the one before
    return ours, expected


def gates(method, variable):
    ours, expected = clock_driven(method)
    one, other = ours[variable], expected[variable]
    return (one[:-1], other[1:]) if variable == "s_tot" else (one, other)


CARRIED = """
dg/dt = (h - g)/(5*ms) : 1 (clock-driven)
dh/dt = -h/(2*ms) : 1 (clock-driven)
s_tot_post = g : 1 (summed)
w : 1
"""


@functools.cache
def weights_on_arrival():
    """Variables that grow by the weight of each synapse, in Brian2 one for each: ({s_tot} here, by Brian2)."""
    model = sl.NeuronModel.from_equations(RECEIVER, ports={"nmda": "s_tot = weight"}, method="exponential_euler")
    Alpha = sl.GradedSynapse.from_equations(CARRIED, on_pre="h += 2*w", method="euler")
    weights, times = np.array([[0.3, 0.8], [0.1, 0.5]]), np.repeat(TIMES, 2) + np.tile([0.0, 0.3], 5)

    def connect(net, cells):
        source = net.population(2, sl.SpikeList(times, np.tile([0, 1], 5)))
        net.connect(source, cells, "nmda", weight=weights, delay=DT, synapse=Alpha())

    def same(brian2, group):
        source = brian2.SpikeGeneratorGroup(2, np.tile([0, 1], 5), (times - DT) * brian2.ms, dt=DT * brian2.ms)
        synapses = brian2.Synapses(
            source, group, CARRIED, on_pre="h += 2*w", delay=DT * brian2.ms, method="euler", dt=DT * brian2.ms
        )
        synapses.connect()
        synapses.w = weights.ravel()
        return source, synapses

    ours, _ = here(model(), 2, ["s_tot"], then=connect)
    expected, _ = there(RECEIVER, 2, ["s_tot"], then=same, method="exponential_euler", threshold="v > 100")
    return ours["s_tot"][:-1], expected["s_tot"][1:]


GAP = """
dv/dt = (v0 - v + Igap)/tau : 1
Igap : 1
"""


@functools.cache
def gap_junctions(where):
    """Brian2's example: ten neurons with gap junctions and a reset."""
    given = {"threshold": "v > 1", "reset": "v = 0"}
    if where == "brian2":

        def joined(brian2, group):
            text = "w : 1\nIgap_post = w * (v_pre - v_post) : 1 (summed)"
            synapses = brian2.Synapses(group, group, text, dt=DT * brian2.ms)
            synapses.connect()
            synapses.w = 0.02
            return [synapses]

        return there(
            GAP, 10, ["v"], 300.0, {"v": np.arange(10) / 9.0}, joined, {"v0": 1.05, "tau": ms(10.0)}, method="exact",
            **given,
        )  # fmt: skip
    model = sl.NeuronModel.from_equations(
        GAP, ports={"gap": "Igap = weight"}, parameters={"v0": 1.05, "tau": (10.0, "ms")}, method="exact", **given
    )
    Gap = sl.GradedSynapse.from_equations("Igap_post = w * (v_pre - v_post) : 1 (summed)")

    def join(net, cells):
        net.connect(cells, cells, "gap", weight=0.02, synapse=Gap())

    return here(model(), 10, ["v"], 300.0, {"v": np.arange(10) / 9.0}, join)


def across_gaps(part):
    ours, expected = gap_junctions("here")[part], gap_junctions("brian2")[part]
    return (ours, expected) if part == 1 else (ours["v"], expected["v"])


def random_threshold():
    """Mean rate, and mean and standard deviation of v after a random reset: neurons that fire by chance at 50 Hz."""
    text = "dv/dt = 0/second : 1"
    given = {"threshold": "rand() < 50*Hz*dt", "reset": "v = 2 + randn()"}
    model = sl.NeuronModel.from_equations(text, **given)
    traces, spikes = here(model(), 400, ["v"], 200.0)
    v = traces["v"][-1]
    v = v[v != 0.0]
    return np.array([len(spikes) / 400 / 0.2 / 50.0, v.mean() - 2.0, v.std()]), np.array([1.0, 0.0, 1.0])


def same_as_brian2_by_chance():
    """The same as `random_threshold` by Brian2's own random numbers, with its engine here."""
    model = sl.NeuronModel.from_equations(
        "dv/dt = 0/second : 1", threshold="rand() < 50*Hz*dt", reset="v = 2 + randn()", method="euler"
    )
    net = sl.Network(dt=DT, seed=3)
    cells = net.population(400, model())
    net.record(cells)
    run = net.run(200.0, engine="brian2", progress=False)
    return len(run.spikes(cells).times) / 400 / 0.2 / 50.0, 1.0


METHODS = ("euler", "rk2", "rk4", "exponential_euler")
SUBJECT, GRADED = "NeuronModel.from_equations", "GradedSynapse.from_equations"
LIVE = "Brian2 live, the same method"

CASES: tuple[Case, ...] = (
    *(
        Case(
            SUBJECT, f"v of three neurons driven by sin(2*pi*50*Hz*t) + i/N, {method}", LIVE, NINE_DIGITS,
            "1e-9 relative", lambda method=method: functions_of_time(method),
        )
        for method in METHODS
    ),
    # derivatives of the sine are at most (2 pi 0.05)^k per ms^k
    Case(SUBJECT, "v driven by a sine of t, rk4", "closed form", METHOD(4, DT, 1.0), "METHOD(4, dt)", closed_form),
    *(
        Case(
            SUBJECT, f"v driven by a table, {'one column a neuron' if columns > 1 else 'the same for all'}, {method}",
            f"{LIVE}: TimedArray", NINE_DIGITS, "1e-9 relative",
            lambda method=method, columns=columns: tables(method, columns),
        )
        for method, columns in (("exact", 1), ("exact", 3), ("euler", 3), ("exponential_euler", 3))
    ),
    # Brian2's last stage reads the next row: a jump of 2 over tau, of which a sixth counts, is 0.0034 in a step
    Case(SUBJECT, "v driven by a table, rk4", f"{LIVE}: TimedArray", METHOD(1, DT, 0.1), "METHOD(1, dt)",
         lambda: tables("rk4", 3)),
    Case("Timed", "V_m and spikes of LIF(I_e=Timed(...))", "Timed in net.drive", NINE_DIGITS, "1e-9 relative",
         timed_current),
    Case(SUBJECT, "spikes of FitzHugh-Nagumo neurons with refractory='v > 0.5'", LIVE, EXACT, "EXACT",
         spikes_with_condition),
    Case(SUBJECT, "v, spikes: t in threshold and reset, refractory='u > 0.5'", LIVE, NINE_DIGITS, "1e-9 relative",
         held_by_a_condition),
    Case(SUBJECT, "spikes with refractory='(2 + 10*i/N)*ms'", LIVE, EXACT, "EXACT", spikes_with_period),
    *(
        Case(GRADED, f"{variable} of NMDA gates, {method}", LIVE, NINE_DIGITS, "1e-9 relative",
             lambda method=method, variable=variable: gates(method, variable))
        for method in ("rk4", "exponential_euler") for variable in ("s_tot", "v")
    ),
    Case(GRADED, "s_tot of alpha functions that grow by w", LIVE, NINE_DIGITS, "1e-9 relative", weights_on_arrival),
    Case(GRADED, "v of ten neurons with gap junctions", LIVE, NINE_DIGITS, "1e-9 relative", lambda: across_gaps(0)),
    Case(GRADED, "spikes of ten neurons with gap junctions", LIVE, EXACT, "EXACT", lambda: across_gaps(1)),
    # 4,000 spikes, and the last reset of each of 400 neurons
    Case(SUBJECT, "rate, and v after resets, by rand() and randn(), seed 1", "closed form", STAT(400), "STAT(400)",
         random_threshold),
    Case(SUBJECT, "rate by rand() in engine='brian2', seed 3", "closed form", STAT(4000), "STAT(4000)",
         same_as_brian2_by_chance),
)  # fmt: skip
