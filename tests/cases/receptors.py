"""Neurons with several receptors, and NMDA gates, beside their oracles."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import steps_of
from oracles import brian2_oracle, nest_receptors
from tolerances import EXACT, METHOD, NINE_DIGITS, ULP

import spikelearn as sl
from cases.case import Case
from cases.neurons import simulate

DT, DURATION = 0.1, 300.0
WEIGHTS = (3.0, 5.0, (4.0, 6.0, 2.0))
"""nS: of AMPA, of GABA, and of three NMDA sources."""

BRIAN2_EQUATIONS = (
    """
    dV_m/dt = (g_L*(E_L - V_m) + g_exc*(E_exc - V_m) + g_inh*(E_inh - V_m)
               + g_nmda*(E_exc - V_m)/(1 + conc_Mg2/3.57*exp(-0.062*V_m/mV)))/C_m : volt (unless refractory)
    dg_exc/dt = -g_exc/tau_AMPA : siemens
    dg_inh/dt = -g_inh/tau_GABA : siemens
    """
    + f"g_nmda = {' + '.join(f'{weight}*nS*s_{k}' for k, weight in enumerate(WEIGHTS[2]))} : siemens\n"
    + "\n".join(
        f"dx_{k}/dt = -x_{k}/tau_rise : 1\nds_{k}/dt = -s_{k}/tau_decay + alpha*x_{k}*(1 - s_{k}) : 1"
        for k in range(len(WEIGHTS[2]))
    )
)


@functools.cache
def trains() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Times of AMPA and GABA spikes, and of those of three NMDA sources, one of them with a burst."""
    generator = np.random.default_rng(3)

    def train(n):
        return np.sort(generator.choice(np.arange(10, 2900), n, replace=False)) * 0.1

    return train(60), train(30), [train(25), train(10), np.array([50.0, 52.0, 54.0, 56.0, 58.0, 200.0])]


@functools.cache
def simulated(dt: float, scale: float = 1.0):
    """V_m and g_nmda every 0.1 ms, and times of spikes, of a LIFNMDA under the trains; weights times `scale`."""
    ampa, gaba, nmda = trains()
    net = sl.Network(dt=dt)
    cell = net.population(1, sl.LIFNMDA())
    for port, times, weight in (("exc", ampa, WEIGHTS[0] * scale), ("inh", gaba, WEIGHTS[1])):
        net.connect(net.population(1, sl.SpikeList(times)), cell, port, weight=weight, delay=1.0)
    ids = np.repeat(np.arange(3), [len(times) for times in nmda])
    sources = net.population(3, sl.SpikeList(np.concatenate(nmda), ids))
    weights = np.array(WEIGHTS[2])[:, None] * scale
    net.connect(sources, cell, "nmda", weight=weights, delay=1.0, synapse=sl.NMDA())
    net.record(cell, ["spikes", "V_m", "g_nmda"])
    run = net.run(DURATION)
    every = round(0.1 / dt)
    V_m, g_nmda = (run.trace(cell, name).values[every - 1 :: every, 0] for name in ("V_m", "g_nmda"))
    return V_m, g_nmda, run.spikes(cell).times


@functools.cache
def nest(scale: float = 1.0):
    weights = (WEIGHTS[0] * scale, WEIGHTS[1], [weight * scale for weight in WEIGHTS[2]])
    return nest_receptors.brunel_wang(
        *trains(), weights=weights, params={"V_th": -50.0, "V_reset": -55.0}, duration=DURATION
    )


@functools.cache
def brian2():
    ampa, gaba, nmda = trains()
    inputs = [(t + 1.0, "g_exc", WEIGHTS[0]) for t in ampa] + [(t + 1.0, "g_inh", WEIGHTS[1]) for t in gaba]
    inputs += [(t + 1.0, f"x_{k}", 1.0) for k, times in enumerate(nmda) for t in times]
    parameters = {
        "C_m": 500.0, "g_L": 25.0, "E_L": -70.0, "E_exc": 0.0, "E_inh": -70.0, "tau_AMPA": 2.0, "tau_GABA": 5.0,
        "tau_rise": 2.0, "tau_decay": 100.0, "alpha": 0.5, "conc_Mg2": 1.0,
    }  # fmt: skip
    units = {
        **dict.fromkeys(("tau_AMPA", "tau_GABA", "tau_rise", "tau_decay"), "ms"), "C_m": "pF", "alpha": "1/ms",
        **dict.fromkeys(("E_L", "E_exc", "E_inh", "V_m"), "mV"),
        **dict.fromkeys(("g_L", "g_exc", "g_inh", "g_nmda"), "nS"),
    }  # fmt: skip
    return brian2_oracle.integrate(
        BRIAN2_EQUATIONS, parameters=parameters, units=units, initial={"V_m": -70.0}, inputs=inputs, method="rk4",
        dt=DT, duration=DURATION, record=("V_m", "g_nmda"),
    ).recorded  # fmt: skip


def opened_by_one_spike(tau_rise, alpha, dt):
    """s after one spike when it does not close, as measured and in closed form: s = 1 - exp(-alpha integral of x)."""
    net = sl.Network(dt=dt)
    source, cell = net.population(1, sl.SpikeList([dt])), net.population(1, sl.LIFNMDA(tau_syn_exc=5.0))
    net.connect(
        source, cell, "nmda", weight=1.0, delay=dt, synapse=sl.NMDA(tau_rise=tau_rise, tau_decay=1e15, alpha=alpha)
    )
    net.record(cell, "g_nmda")
    found = net.run(60 * dt).trace(cell, "g_nmda")
    since = np.maximum(found.times - 2 * dt, 0.0)
    return found.values[:, 0], -np.expm1(alpha * tau_rise * np.expm1(-since / tau_rise))


def magnesium_block():
    """The share that is open at rest potentials from -90 to 20 mV, from V_m and g_nmda there, and in closed form.

    At rest g_L (V - E_L) - I_e = g_nmda B(V) (E_exc - V), with gates that stay open.
    """
    I_e = np.linspace(-800.0, 2500.0, 24)
    net = sl.Network(dt=0.5)
    source = net.population(1, sl.SpikeList([1.0]))
    cells = net.population(24, sl.LIFNMDA(I_e=I_e, V_th=1000.0, conc_Mg2=1.3))
    net.connect(source, cells, "nmda", weight=20.0, delay=1.0, synapse=sl.NMDA(tau_decay=1e15))
    net.record(cells, ["V_m", "g_nmda"], every=2000.0)
    run = net.run(2000.0)
    V, g = (run.trace(cells, name).values[-1] for name in ("V_m", "g_nmda"))
    assert V.min() < -85.0 and V.max() > 0.0
    return (25.0 * (V + 70.0) - I_e) / (g * (0.0 - V)), 1.0 / (1.0 + 1.3 / 3.57 * np.exp(-0.062 * V))


SECOND_ORDER = METHOD(2, DT, 0.1)
"""Heun's method: V''' is about the derivative of the current over C_m and tau_AMPA squared; 3 nS and 60 mV on 500 pF
in 2 ms give 0.1 mV/ms^3, and tens of spikes act within one membrane time constant."""
NMDA_GATES = METHOD(6, DT, 0.1)
"""1e-7: gates are exact but for a quadrature of sixth order, and NEST's solver was asked for 1e-9 a step."""

# Several receptors

MEMBRANE = {"C_m": 200.0, "tau_m": 15.0, "E_L": -65.0, "V_th": -62.0, "V_reset": -66.0, "t_ref": 1.2, "I_e": 50.0}
CURRENT = ([50.0, 70.3, 120.0], [60.0, -20.0, 0.0])
LEAK = {"C_m": 200.0, "g_L": 10.0, "E_L": -65.0, "V_th": 0.0, "V_reset": -66.0, "t_ref": 1.2}
TAUS = {"exponential": (3.0, 20.0, 60.0, 0.4, 7.0), "alpha": (2.0, 15.0, 40.0, 0.5, 5.0)}
"""ms; one of alpha is tau_m, which NEST's exponential ones refuse."""
E_REV = (0.0, -70.0, -95.0, 0.0, 20.0)
NAMES = ("ampa", "gaba_a", "gaba_b", "fast", "other")
RISES, DECAYS = (0.5, 2.0, 10.0, 4.0, 1.0), (3.0, 8.0, 90.0, 4.0, 1.5)
"""ms; of beta receptors; one rises as fast as it decays."""


def spikes_at_receptors(n, scale, signs):
    """receptor number from 1 on -> (time of emission, weight) of 30 spikes."""
    generator = np.random.default_rng(n)
    return {
        k: [
            (0.1 * step, float(weight))
            for step, weight in zip(
                np.sort(generator.choice(np.arange(5, 1900), 30, replace=False)),
                generator.uniform(0.2, 1.0, 30) * scale * (generator.choice([-0.7, 1.0], 30) if signs else 1.0),
                strict=True,
            )
        ]
        for k in range(1, n + 1)
    }


def with_receptors(neuron, inputs, dt=0.1, current=None, record=("V_m",)):
    """Samples every 0.1 ms, and steps of spikes, of one neuron whose k-th receptor is port k."""
    ports = list(neuron.model.ports)
    inputs = [(ports[k - 1], time, weight) for k, spikes in inputs.items() for time, weight in spikes]
    traces, spikes = simulate(neuron, inputs, duration=200.0, dt=dt, delay=1.0, current=current, record=record)
    every = round(0.1 / dt)
    return {name: values[every - 1 :: every] for name, values in traces.items()}, spikes


@functools.cache
def current_based(kinetics, n):
    """((spikes, V_m) here, the same in NEST), of a neuron with n receptors of one kind."""
    inputs = spikes_at_receptors(n, 150.0, signs=True)
    taus = TAUS[kinetics][:n]
    receptor = {"exponential": sl.ExponentialCurrent, "alpha": sl.AlphaCurrent}[kinetics]
    model = sl.LIF.with_receptors(**{name: receptor(tau_syn=tau) for name, tau in zip(NAMES, taus, strict=False)})
    traces, spikes = with_receptors(model(**MEMBRANE), inputs, current=CURRENT)
    other = nest_receptors.neuron(
        {"exponential": "iaf_psc_exp_multisynapse", "alpha": "iaf_psc_alpha_multisynapse"}[kinetics], inputs,
        params=MEMBRANE | {"tau_syn": list(taus), "V_m": -65.0}, duration=200.0, currents=CURRENT,
    )  # fmt: skip
    assert len(spikes) > 2
    return (spikes, traces["V_m"]), (steps_of(other.spike_times, 0.1), other.V_m)


def conductances_of(kinetics, n):
    """name -> receptor, n of one kind."""
    if kinetics == "beta":
        given = zip(NAMES[:n], E_REV, RISES, DECAYS, strict=False)
        return {name: sl.BetaConductance(E=E, tau_rise=rise, tau_decay=decay) for name, E, rise, decay in given}
    receptor = {"exponential": sl.ExponentialConductance, "alpha": sl.AlphaConductance}[kinetics]
    given = zip(NAMES[:n], E_REV, TAUS[kinetics], strict=False)
    return {name: receptor(E=E, tau_syn=tau) for name, E, tau in given}


def conductance_based(kinetics, n, dt=0.1, record=("V_m",)):
    model = sl.LIFConductance.with_receptors(**conductances_of(kinetics, n))
    return with_receptors(model(**LEAK), spikes_at_receptors(n, 2.0, signs=False), dt, record=record)[0]


@functools.cache
def conductance_in_nest(kinetics, n):
    """NEST's neurons with these receptors have spike mechanisms of their own, which are kept from acting."""
    shared = {"E_rev": list(E_REV[:n]), "C_m": 200.0, "g_L": 10.0, "E_L": -65.0, "V_m": -65.0}
    shared["gsl_error_tol"] = nest_receptors.PRECISION
    silent = {"a": 0.0, "b": 0.0, "Delta_T": 0.0, "V_th": 0.0, "V_peak": 10.0}
    name, own = {
        "exponential": ("gif_cond_exp_multisynapse", {"lambda_0": 0.0, "tau_syn": list(TAUS["exponential"][:n])}),
        "alpha": ("aeif_cond_alpha_multisynapse", {**silent, "tau_syn": list(TAUS["alpha"][:n])}),
        "beta": ("aeif_cond_beta_multisynapse", {**silent, "tau_rise": list(RISES[:n]), "tau_decay": list(DECAYS[:n])}),
    }[kinetics]
    record = () if kinetics == "exponential" else tuple(f"g_{k}" for k in range(1, n + 1))
    inputs = spikes_at_receptors(n, 2.0, signs=False)
    return nest_receptors.neuron(name, inputs, params=shared | own, duration=200.0, record=record)


def conductances(kinetics, n):
    """(200 ms, n): the conductances here and in NEST."""
    names = [f"g_{name}" for name in NAMES[:n]]
    here, other = conductance_based(kinetics, n, record=names), conductance_in_nest(kinetics, n).recorded
    return np.array([here[name] for name in names]), np.array([other[f"g_{k}"] for k in range(1, n + 1)])


TO_AEIF = {"AdEx": {}, "EIF": {"a": 0.0, "b": 0.0}}
"""What makes NEST's aeif neurons these models."""
FIRING = {"AdEx": 1200.0, "EIF": 600.0}
"""pA with which they fire 4 and 8 times; either finds a spike at the end of a step, and what it is late by adds up."""


@functools.cache
def spiking(model, kinetics):
    """(times of spikes, V_m up to the first) of an AdEx or EIF with three receptors here, and the same in NEST."""
    membrane = getattr(sl, model)
    inputs = spikes_at_receptors(3, 3.0, signs=False)
    neuron = membrane.with_receptors(**conductances_of(kinetics, 3))(I_e=FIRING[model])
    traces, spikes = with_receptors(neuron, inputs)
    own = {"tau_rise": list(RISES[:3]), "tau_decay": list(DECAYS[:3])}
    own = own if kinetics == "beta" else {"tau_syn": list(TAUS["alpha"][:3])}
    shared = {name: value for name, value in membrane().parameters._asdict().items() if not name.startswith("tau_syn")}
    other = nest_receptors.neuron(
        f"aeif_cond_{kinetics}_multisynapse", inputs, duration=200.0,
        params=shared | TO_AEIF[model] | own | {
            "E_rev": list(E_REV[:3]), "V_m": shared["E_L"], "I_e": FIRING[model],
            "gsl_error_tol": nest_receptors.PRECISION,
        },
    )  # fmt: skip
    assert len(spikes) > 2
    first = min(spikes[0], steps_of(other.spike_times, 0.1)[0]) - 5
    return (spikes * 0.1, traces["V_m"][:first]), (other.spike_times, other.V_m[:first])


SECOND_ORDER_OF_MANY = METHOD(2, DT, 1.0)
"""V''' is about g/C_m (V - E) / tau_syn^2: 5 nS of a receptor with 2 ms and 60 mV on 200 pF give 0.4 mV/ms^3, and two
or three receptors act at a time."""

RECEPTOR_CASES: tuple[Case, ...] = (
    *(
        Case(
            "LIF.with_receptors", f"{what}, {n} {kinetics} receptors, 30 random inputs to each and a stepped current",
            f"NEST live: {nest_model}", tolerance, tolerance_name,
            lambda args=(kinetics, n), k=k: tuple(found[k] for found in current_based(*args)),
        )
        for kinetics, nest_model in (
            ("exponential", "iaf_psc_exp_multisynapse"), ("alpha", "iaf_psc_alpha_multisynapse"),
        )
        for n in (3, 5)
        for k, (what, tolerance, tolerance_name) in enumerate(
            (("spikes", EXACT, "EXACT"), ("V_m", NINE_DIGITS, "1e-9 relative"))
        )
    ),
    *(
        Case(
            "LIFConductance.with_receptors", f"V_m, {n} {kinetics} conductances, 30 random inputs to each",
            f"NEST live: {nest_model}", SECOND_ORDER_OF_MANY, "METHOD(2, dt)",
            lambda args=(kinetics, n): (conductance_based(*args)["V_m"], conductance_in_nest(*args).V_m),
        )
        for kinetics, nest_model in (
            ("exponential", "gif_cond_exp_multisynapse"), ("alpha", "aeif_cond_alpha_multisynapse"),
            ("beta", "aeif_cond_beta_multisynapse"),
        )
        for n in (3, 5)
    ),
    *(
        Case(
            "LIFConductance.with_receptors", f"conductances of 5 {kinetics} receptors", f"NEST live: {nest_model}",
            ULP(4_500_000, 10.0), "1e-9 of 10 nS", lambda kinetics=kinetics: conductances(kinetics, 5),
        )
        for kinetics, nest_model in (
            ("alpha", "aeif_cond_alpha_multisynapse"), ("beta", "aeif_cond_beta_multisynapse"),
        )
    ),
    *(
        Case(
            f"{model}.with_receptors", f"{what}, 3 {kinetics} conductances, 30 random inputs to each",
            f"NEST live: aeif_cond_{kinetics}_multisynapse", tolerance, tolerance_name,
            lambda args=(model, kinetics), k=k: tuple(found[k] for found in spiking(*args)),
        )
        for model in TO_AEIF
        for kinetics in ("alpha", "beta")
        for k, (what, tolerance, tolerance_name) in enumerate(
            (("times of spikes", METHOD(1, DT, 1.5), "METHOD(1, dt)"),
             ("V_m up to the first spike", SECOND_ORDER_OF_MANY, "METHOD(2, dt)"))
        )
    ),
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *RECEPTOR_CASES,
    Case(
        "LIFNMDA", "V_m, 90 AMPA and GABA spikes and 41 from three NMDA sources", "NEST live: iaf_bw_2001_exact",
        SECOND_ORDER, "METHOD(2, dt)", lambda: (simulated(DT)[0], nest().V_m),
    ),
    Case(
        "LIFNMDA", "times of spikes, AMPA and NMDA 5 times as strong", "NEST live: iaf_bw_2001_exact",
        METHOD(1, DT, 2.0), "METHOD(1, dt)", lambda: (simulated(DT, 5.0)[2], nest(5.0).spike_times),
    ),
    Case(
        "NMDA", "sum of weight times gate over three sources", "NEST live: iaf_bw_2001_exact", NMDA_GATES,
        "METHOD(6, dt)", lambda: (simulated(DT)[1], nest().recorded["s_NMDA"]),
    ),
    Case(
        "LIFNMDA", "V_m, 90 AMPA and GABA spikes and 41 from three NMDA sources", "Brian2 live, rk4",
        SECOND_ORDER, "METHOD(2, dt)", lambda: (simulated(DT)[0], brian2()["V_m"][1:]),
    ),
    Case(
        "NMDA", "sum of weight times gate over three sources", "Brian2 live, rk4", METHOD(4, DT, 1.0),
        "METHOD(4, dt)", lambda: (simulated(DT)[1], brian2()["g_nmda"][1:]),
    ),
    *(
        Case(
            "NMDA", f"a gate that does not close, tau_rise {tau_rise:g} ms, alpha {alpha:g}, dt {dt:g}", "closed form",
            ULP(1000, 1.0) if dt < 0.3 else METHOD(6, dt, 1e-6), "ULP(1000)" if dt < 0.3 else "METHOD(6, dt)",
            lambda args=(tau_rise, alpha, dt): opened_by_one_spike(*args),
        )
        for tau_rise, alpha, dt in ((2.0, 0.5, 0.1), (5.0, 0.3, 0.25), (2.0, 0.5, 1.0))
    ),
    Case("LIFNMDA", "magnesium block from -90 to 20 mV", "closed form", ULP(20_000), "ULP(20000)", magnesium_block),
)  # fmt: skip
