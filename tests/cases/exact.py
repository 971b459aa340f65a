"""The exact engine beside closed forms, NEST's precise-time neurons and what theory says of the grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from oracles import nest_precise
from tolerances import NINE_DIGITS, STAT, ULP

import spikelearn as sl
from cases.case import Case

REGULAR = ULP(400, 100.0)
"""Up to a hundred equal intervals are added up, each from a logarithm or an arc tangent of potentials below 100 mV."""

CROSSING = ULP(2_000, 100.0)
"""A potential of up to 100 mV, rounded, meets the threshold at 0.1 mV/ms or more: 10 ulp a spike, and the shift of one
spike is passed on to the next, some thirty times."""


def fired(neuron, duration, initial=None, n=1, drive=None):
    """Spike times of n neurons on the exact engine."""
    net = sl.Network(dt=0.1)
    cells = net.population(n, neuron, initial=initial)
    if drive is not None:
        net.drive(cells, drive)
    net.record(cells)
    return net.run(duration, engine="events").spikes(cells).times


def equal_intervals(first, interval, duration):
    return first + interval * np.arange(int((duration - first) // interval) + 1)


def _leaky(model):
    p = model(I_e=450.0, V_reset=-67.0).parameters
    V_inf = p.E_L + p.tau_m / p.C_m * p.I_e
    first, interval = (p.tau_m * np.log((V_inf - V) / (V_inf - p.V_th)) for V in (p.E_L, p.V_reset))
    return fired(model(I_e=450.0, V_reset=-67.0), 1000.0), equal_intervals(first, interval + p.t_ref, 1000.0)


def _quadratic():
    neuron = sl.QIF(I_e=300.0, t_ref=1.3)
    p = neuron.parameters
    scale, half = p.tau_m * (p.V_c - p.E_L), 0.5 * (p.V_c - p.E_L)
    q = np.sqrt(scale * p.I_e / p.C_m - half**2)
    peak, reset, rest = (np.arctan((V - p.V_c + half) / q) for V in (p.V_peak, p.V_reset, p.E_L))
    expected = equal_intervals(scale / q * (peak - rest), scale / q * (peak - reset) + p.t_ref, 1000.0)
    return fired(neuron, 1000.0), expected


def _quadratic_without_current():
    """Neurons that start between the critical potential and the cut-off; all others stay silent."""
    p = sl.QIF().parameters
    starts = np.array([-80.0, -65.0, -50.0, -49.999, -49.0, -40.0, 0.0, 29.0, 29.999])
    above = starts[starts > p.V_c]
    rise = p.tau_m * np.log((p.V_peak - p.V_c) * (above - p.E_L) / ((p.V_peak - p.E_L) * (above - p.V_c)))
    return fired(sl.QIF(), 500.0, initial={"V_m": starts}, n=len(starts)), np.sort(rise)


def _exponential_response(t, tau, tau_m):
    """Contribution of a current exp(-t / tau) to V_m, t later, times C_m."""
    return (mpmath.exp(-t / tau_m) - mpmath.exp(-t / tau)) / (1 / mpmath.mpf(tau) - 1 / mpmath.mpf(tau_m))


def _alpha_response(t, tau, tau_m):
    """The same of a current t exp(-t / tau)."""
    rate = 1 / mpmath.mpf(tau) - 1 / mpmath.mpf(tau_m)
    return (_exponential_response(t, tau, tau_m) - t * mpmath.exp(-t / tau)) / rate


def _under_inputs(model):
    """One neuron under 60 random inputs: the potential in 40 digits, and the root nearest to each spike."""
    generator = np.random.default_rng(4)
    arrivals = np.sort(generator.uniform(1.0, 150.0, 60))
    weights = generator.normal(700.0, 700.0, 60)
    neuron = model(tau_syn_exc=2.5, tau_syn_inh=6.0, I_e=100.0, t_ref=1.7)
    net = sl.Network(dt=0.1)
    cell = net.population(1, neuron)
    for port, sign in (("exc", 1), ("inh", -1)):
        mine = weights * sign > 0
        source = net.population(int(mine.sum()), sl.SpikeList(arrivals[mine] - 0.5, np.arange(mine.sum())))
        net.connect(source, cell, port, weight=weights[mine][:, None], delay=0.5)
    net.record(cell)
    found = net.run(160.0, engine="events").spikes(cell).times
    with mpmath.workdps(40):
        return found, _roots(neuron.parameters, found, (arrivals - 0.5) + 0.5, weights, alpha=model is sl.LIFAlpha)


def _roots(p, found, arrivals, weights, alpha):
    """Where a membrane that has fired at each earlier root reaches the threshold, near each time that was found."""
    exact, free, start = [], mpmath.mpf(0), mpmath.mpf(p.E_L)
    for time in found:

        def above(t, start=start, free=free):
            V = p.E_L + (start - p.E_L) * mpmath.exp((free - t) / p.tau_m)
            V += p.tau_m / mpmath.mpf(p.C_m) * p.I_e * (1 - mpmath.exp((free - t) / p.tau_m))
            for arrival, weight in zip(arrivals, weights, strict=True):
                if arrival < t:
                    tau = p.tau_syn_exc if weight > 0 else p.tau_syn_inh
                    begun = max(free, mpmath.mpf(arrival))
                    left = weight * mpmath.exp((arrival - begun) / tau) / p.C_m
                    response = _exponential_response(t - begun, tau, p.tau_m)
                    if alpha:
                        rise = mpmath.e / tau
                        response = rise * ((begun - arrival) * response + _alpha_response(t - begun, tau, p.tau_m))
                    V += left * response
            return V - p.V_th

        root = mpmath.findroot(above, (mpmath.mpf(time) - 1e-9, mpmath.mpf(time) + 1e-9), solver="anderson")
        exact.append(float(root))
        free, start = root + p.t_ref, mpmath.mpf(p.V_reset)
    return exact


def _recurrent(model, nest_model, scale, **taus):
    """20 neurons, 100 synapses among them, 1,200 spikes from outside at any times: (times, ids) here and in NEST."""
    generator, n, duration = np.random.default_rng(1), 20, 200.0
    starts = generator.uniform(-70.0, -60.0, n)
    pre, post = generator.integers(0, n, (2, 5 * n))
    weight, delay = generator.normal(0.1 * scale, 0.5 * scale, 5 * n), 0.1 * generator.integers(5, 30, 5 * n)
    times, to = np.sort(generator.uniform(1.0, duration - 1.0, 60 * n)), generator.integers(0, n, 60 * n)
    sent = generator.normal(0.7 * scale, scale, 60 * n)
    membrane = {"C_m": 250.0, "tau_m": 10.0, "E_L": -70.0, "V_th": -55.0, "V_reset": -70.0, "t_ref": 2.0, "I_e": 0.0}
    nest = nest_precise.network(
        nest_model, n, membrane | {name.replace("exc", "ex").replace("inh", "in"): tau for name, tau in taus.items()},
        starts=starts, synapses=(pre, post, weight, delay), inputs=(to, times, sent), delay=1.0, duration=duration,
    )  # fmt: skip
    net = sl.Network(dt=0.1)
    cells = net.population(n, model(**membrane, **taus), initial={"V_m": starts})
    source = net.population(len(times), sl.SpikeList(times, np.arange(len(times))))
    for port, sign in ((None, 1), ("inh" if taus else None, -1)):
        k, m = np.flatnonzero(sign * sent > 0), np.flatnonzero(sign * weight > 0)
        net.connect(source, cells, port, sl.Pairs(k, to[k]), weight=sent[k], delay=1.0)
        net.connect(cells, cells, port, sl.Pairs(pre[m], post[m]), weight=weight[m], delay=delay[m])
    net.record(cells)
    found = net.run(duration, engine="events").spikes(cells)
    return (found.times, found.ids), (nest.times, nest.ids)


STEPS_OF_GRID = np.array([0.2, 0.1, 0.05, 0.025])
N_GRID = 300


def _first_spikes(dt, engine):
    """Of neurons of different time constants and currents, each with three inputs at multiples of 0.2 ms."""
    net = sl.Network(dt=dt)
    tau_m = np.linspace(8.0, 14.0, N_GRID)
    cells = net.population(N_GRID, sl.LIF(tau_m=tau_m, I_e=560.0 + 60.0 * np.sin(np.arange(N_GRID)), tau_syn_inh=5.0))
    source = net.population(3, sl.SpikeList([2.0, 5.0, 9.0], [0, 1, 2]))
    net.connect(source[:2], cells, "exc", weight=300.0, delay=1.0)
    net.connect(source[2:], cells, "inh", weight=-200.0, delay=1.0)
    net.record(cells)
    found = net.run(60.0, engine=engine).spikes(cells)
    order = np.argsort(found.times, kind="stable")
    firsts = np.full(N_GRID, np.nan)
    firsts[found.ids[order][::-1]] = found.times[order][::-1]
    return firsts


def _grid_errors():
    exact = _first_spikes(0.2, "events")
    return np.array([_first_spikes(dt, "compiled") - exact for dt in STEPS_OF_GRID])


def _order_of_the_grid():
    """The slope of log error over log dt, by least squares."""
    return np.polyfit(np.log(STEPS_OF_GRID), np.log(_grid_errors().mean(1)), 1)[0], 1.0


def _delay_of_the_grid():
    """A spike is stamped at the end of its step: up to one step late, half a step in the mean."""
    return (_grid_errors() / STEPS_OF_GRID[:, None]).mean(1), np.full(len(STEPS_OF_GRID), 0.5)


def _potential_on_the_grid(model):
    """Below threshold the grid integrates exactly: the potential at every step, of both engines."""
    traces = []
    for engine in ("events", "compiled"):
        net = sl.Network(dt=0.1)
        cells = net.population(5, model(tau_m=[2.0, 5.0, 5.001, 9.0, 40.0], V_th=1e6, tau_syn_inh=5.0, I_e=50.0))
        generator = np.random.default_rng(2)
        times = 0.1 * np.unique(generator.integers(10, 1900, 150))
        source = net.population(len(times), sl.SpikeList(times, np.arange(len(times))))
        weights = generator.normal(0.0, 200.0, (len(times), 5))
        net.connect(source, cells, "exc", weight=weights, delay=1.5)
        net.connect(source, cells, "inh", weight=-weights[::-1], delay=0.7)
        net.drive(cells, sl.StepCurrent([33.0, 80.0], [200.0, -100.0]))
        net.record(cells, "V_m")
        traces.append(net.run(200.0, engine=engine).trace(cells, "V_m").values)
    return traces[0], traces[1]


def _short_term(model):
    """The potential of three neurons under spikes on the grid through synapses that remember, on both engines."""
    traces = []
    for engine in ("events", "compiled"):
        net = sl.Network(dt=0.1)
        cells = net.population(3, sl.LIF(V_th=1e6))
        steps = np.unique(np.random.default_rng(3).integers(10, 1900, 80))
        source = net.population(2, sl.SpikeList(0.1 * steps, np.arange(len(steps)) % 2))
        delays = np.array([[0.5, 0.5, 2.0], [0.5, 1.0, 0.1]])
        net.connect(source, cells, "exc", weight=100.0 * np.arange(6.0).reshape(2, 3), delay=delays, synapse=model())
        net.connect(source, cells, "exc", weight=10.0, delay=0.5)
        net.record(cells, "V_m")
        traces.append(net.run(200.0, engine=engine).trace(cells, "V_m").values)
    return traces[0], traces[1]


def _poisson_statistics():
    """Rate in Hz and coefficient of variation of 100 Poisson neurons, and of Poisson input that parrots repeat."""
    net = sl.Network(dt=1.0, seed=5)
    poisson = net.population(100, sl.Poisson(50.0))
    parrots = net.population(100, sl.Parrot())
    net.drive(parrots, sl.PoissonInput(10.0, n=5), weight=1.0)
    net.record(poisson)
    net.record(parrots)
    run = net.run(4000.0, engine="events")
    measured = []
    for population in (poisson, parrots):
        found = run.spikes(population)
        intervals = np.concatenate([np.diff(found.times[found.ids == i]) for i in range(100)])
        measured += [intervals.mean() / 20.0, intervals.std() / intervals.mean()]
    return measured, [1.0, 1.0, 1.0, 1.0]


def _case(subject: str, what: str, oracle: str, tolerance: Any, name: str, compare: Callable[[], Any]) -> Case:
    return Case(f"{subject}, exact engine", what, oracle, tolerance, name, compare)


CASES: tuple[Case, ...] = (
    *(
        _case(
            model.name, "spike times under a constant current", "closed form", REGULAR, "ULP", lambda m=model: _leaky(m)
        )
        for model in (sl.LIFDelta, sl.LIF)
    ),
    _case("QIF", "spike times under a constant current", "closed form", REGULAR, "ULP", _quadratic),
    _case(
        "QIF", "first spikes without current, from nine potentials", "closed form", REGULAR, "ULP",
        _quadratic_without_current,
    ),
    *(
        _case(
            model.name, "spike times, 60 random inputs", "closed form in 40 digits", CROSSING, "ULP",
            lambda model=model: _under_inputs(model),
        )
        for model in (sl.LIF, sl.LIFAlpha)
    ),
    *(
        _case(
            model.name, f"20 recurrent neurons: {what}, {how}", f"NEST live: {nest_model}", NINE_DIGITS,
            "1e-9 relative", lambda args=(model, nest_model, scale), taus=taus, k=k: tuple(
                found[k] for found in _recurrent(*args, **taus)
            ),
        )
        for model, nest_model, scale, taus, how in (
            (sl.LIF, "iaf_psc_exp_ps_lossless", 600.0, {"tau_syn_exc": 3.0, "tau_syn_inh": 3.0}, "tau_syn 3 ms"),
            (sl.LIF, "iaf_psc_exp_ps", 600.0, {"tau_syn_exc": 3.0, "tau_syn_inh": 5.0}, "tau_syn 3 and 5 ms"),
            (sl.LIFAlpha, "iaf_psc_alpha_ps", 300.0, {"tau_syn_exc": 3.0, "tau_syn_inh": 5.0}, "tau_syn 3 and 5 ms"),
            (sl.LIFDelta, "iaf_psc_delta_ps", 5.0, {}, "delta synapses"),
        )
        for k, what in enumerate(("spike times", "who fires"))
    ),
    _case(
        "grid", f"order in dt of the error of {N_GRID} spikes, 0.025 to 0.2 ms", "theory: 1 (Morrison et al. 2007)",
        STAT(N_GRID, 0.6), "STAT", _order_of_the_grid,
    ),
    _case(
        "grid", f"mean error of {N_GRID} spikes in steps, dt 0.025 to 0.2 ms", "theory: 1/2", STAT(N_GRID, 12**-0.5),
        "STAT", _delay_of_the_grid,
    ),
    *(
        _case(
            model.name, "V_m at 2,000 steps below threshold, 150 inputs on the grid", "grid engine", ULP(4_000, 100.0),
            "ULP", lambda model=model: _potential_on_the_grid(model),
        )
        for model in (sl.LIF, sl.LIFAlpha)
    ),
    *(
        _case(
            model.name, "V_m at 2,000 steps, 80 spikes on the grid through synapses of three delays", "grid engine",
            ULP(4_000, 100.0), "ULP", lambda m=model: _short_term(m),
        )
        for model in (sl.TsodyksMarkram, sl.Mongillo)
    ),
    _case(
        "Poisson", "mean and variation of intervals, 100 neurons of 50 Hz, seed 5", "theory: 20 ms and 1",
        STAT(19_000), "STAT", _poisson_statistics,
    ),
)  # fmt: skip
