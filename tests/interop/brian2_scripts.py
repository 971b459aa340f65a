"""Scripts for Brian2, in the forms that its documentation teaches, written anew. Each is a function that runs them and
returns what its monitors and variables have, by name; `ran` runs it on Brian2 or on spikelearn.

Objects have names of their own: Brian2's order among things of one slot goes by these.
"""

# ruff: noqa: E741, F841 (Brian2 finds the names that its texts use where a script runs)

from __future__ import annotations

import numpy as np
from oracles.brian2_oracle import import_brian2

import spikelearn.interop.brian2  # noqa: F401 (makes the device known)
from spikelearn.equations.brian import quiet

import_brian2()

from brian2 import (  # noqa: E402
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    cm,
    defaultclock,
    get_device,
    linked_var,
    ms,
    msiemens,
    mV,
    nA,
    network_operation,
    nS,
    pF,
    prefs,
    run,
    seed,
    set_device,
    siemens,
    start_scope,
    stop,
    ufarad,
    umetre,
)

SCRIPTS = {}
"""Those whose results are numbers that Brian2 has, too: all that is random is drawn before the first step."""


def script(function):
    SCRIPTS[function.__name__] = function
    return function


def ran(function, device):
    """What a script returns on a device, "runtime" or "spikelearn"."""
    before = get_device(), prefs.codegen.target
    start_scope()
    prefs.codegen.target = "numpy"
    set_device(device)
    defaultclock.dt = 0.1 * ms
    seed(7)
    try:
        with quiet():
            return {name: np.array(value) for name, value in function().items()}
    finally:
        set_device(before[0])
        prefs.codegen.target = before[1]


def of(**monitors):
    """Everything that monitors have."""
    found = {}
    for key, monitor in monitors.items():
        names = ["i", "t", "count"] if isinstance(monitor, SpikeMonitor) else ["t"]
        names += ["rate"] if isinstance(monitor, PopulationRateMonitor) else []
        names += [name for name in getattr(monitor, "record_variables", ()) if name not in names]
        found |= {f"{key}.{name}": np.asarray(getattr(monitor, name)) for name in names}
    return found


@script
def current_based():
    """A network with exponential currents, delays of 0 and a refractory period (CUBA, Vogels & Abbott 2005)."""
    eqs = """
    dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
    dge/dt = -ge/taue : volt
    dgi/dt = -gi/taui : volt
    """
    names = {"taum": 20 * ms, "taue": 5 * ms, "taui": 10 * ms, "Vt": -50 * mV, "Vr": -60 * mV, "El": -49 * mV}
    P = NeuronGroup(400, eqs, threshold="v > Vt", reset="v = Vr", refractory=5 * ms, method="exact", namespace=names)
    P.v = "Vr + rand()*(Vt - Vr)"
    we, wi = 16.2 * mV, -90 * mV
    E = Synapses(P, P, on_pre="ge += we", name="E")
    I = Synapses(P, P, on_pre="gi += wi", name="I")
    E.connect("i < 320", p=0.02)
    I.connect("i >= 320", p=0.02)
    M, R = SpikeMonitor(P), PopulationRateMonitor(P)
    V = StateMonitor(P, ["v", "ge"], record=[1, 100])
    run(100 * ms)
    assert M.num_spikes > 500
    return of(M=M, R=R, V=V) | {"v": P.v, "t": defaultclock.t}


@script
def conductance_based():
    """Neurons of Hodgkin & Huxley's kind with conductances, refractory while they are depolarised (COBAHH)."""
    area = 20000 * umetre**2
    Cm, gl = 1 * ufarad * cm**-2 * area, 5e-5 * siemens * cm**-2 * area
    g_na, g_kd = 100 * msiemens * cm**-2 * area, 30 * msiemens * cm**-2 * area
    El, EK, ENa, VT = -60 * mV, -90 * mV, 50 * mV, -63 * mV
    Ee, Ei, taue, taui = 0 * mV, -80 * mV, 5 * ms, 10 * ms
    eqs = """
    dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) - g_na*m**3*h*(v - ENa) - g_kd*n**4*(v - EK))/Cm : volt
    dm/dt = 0.32*4/exprel((13*mV - v + VT)/(4*mV))/ms*(1 - m) - 0.28*5/exprel((v - VT - 40*mV)/(5*mV))/ms*m : 1
    dn/dt = 0.032*5/exprel((15*mV - v + VT)/(5*mV))/ms*(1 - n) - 0.5*exp((10*mV - v + VT)/(40*mV))/ms*n : 1
    dh/dt = 0.128*exp((17*mV - v + VT)/(18*mV))/ms*(1 - h) - 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms*h : 1
    dge/dt = -ge/taue : siemens
    dgi/dt = -gi/taui : siemens
    """
    P = NeuronGroup(50, eqs, threshold="v > -20*mV", refractory="v > -20*mV", method="exponential_euler")
    P.v = "El + (randn()*5 - 5)*mV"
    P.ge = "(randn()*1.5 + 4)*10*nS"
    P.gi = "(randn()*12 + 20)*10*nS"
    E = Synapses(P[:40], P, on_pre="ge += 6*nS", name="E")
    I = Synapses(P[40:], P, on_pre="gi += 67*nS", name="I")
    E.connect(p=0.2)
    I.connect(p=0.2)
    M, V = SpikeMonitor(P), StateMonitor(P, ["v", "m", "ge"], record=[1, 10])
    run(100 * ms)
    assert M.num_spikes > 20
    return of(M=M, V=V)


@script
def plasticity():
    """Traces, weights that are sent before they change, delays on both sides, recorded synapses; a run in two parts."""
    at = np.random.permutation(4000)[:300] * 0.1 * ms
    A = SpikeGeneratorGroup(10, np.arange(300) % 10, at)
    eqs = "dv/dt = (ge*(0*mV - v) - 74*mV - v)/(10*ms) : volt\ndge/dt = -ge/(5*ms) : 1"
    B = NeuronGroup(3, eqs, threshold="v > -54*mV", reset="v = -60*mV", method="euler")
    B.v = -60 * mV
    gmax, dA, tau = 4.0, 0.2, 20 * ms
    S = Synapses(
        A, B,
        """w : 1
        dApre/dt = -Apre/tau : 1 (event-driven)
        dApost/dt = -Apost/tau : 1 (event-driven)""",
        on_pre="ge += w; Apre += dA; w = clip(w + Apost, 0, gmax)",
        on_post="Apost -= 1.05*dA; w = clip(w + Apre, 0, gmax)",
    )  # fmt: skip
    S.connect()
    S.w = "rand()*gmax"
    S.delay = "(i + j)*0.1*ms"
    S.post.delay = "0.3*ms*j"
    M, W = SpikeMonitor(B), StateMonitor(S, ["w", "Apre", "ge"], record=[0, 5, 20])
    run(250 * ms)
    run(150 * ms)
    assert M.num_spikes > 20
    return of(M=M, W=W) | {"w": S.w, "Apost": S.Apost, "last": S.lastupdate}


@script
def inhibitory_plasticity():
    """Balance by a rule of Vogels et al. 2011; a constant, the learning rate, changes between two runs."""
    gl, el, er, vt, memc = 10 * nS, -60 * mV, -80 * mV, -50 * mV, 200 * pF
    eqs = """
    dv/dt = (-gl*(v - el) - (g_ampa*v + g_gaba*(v - er)) + 200*pA)/memc : volt (unless refractory)
    dg_ampa/dt = -g_ampa/(5*ms) : siemens
    dg_gaba/dt = -g_gaba/(10*ms) : siemens
    """
    G = NeuronGroup(250, eqs, threshold="v > vt", reset="v = el", refractory=5 * ms, method="euler")
    G.v = "el - rand()*5*mV"
    E, I = G[:200], G[200:]
    exc = Synapses(E, G, on_pre="g_ampa += 0.3*nS", name="exc")
    inh = Synapses(I, I, on_pre="g_gaba += 3*nS", name="inh")
    exc.connect(p=0.1)
    inh.connect(p=0.1)
    tau, alpha, wmax = 20 * ms, 0.12, 100
    S = Synapses(
        I, E,
        "w : 1\ndx/dt = -x/tau : 1 (event-driven)\ndy/dt = -y/tau : 1 (event-driven)",
        on_pre="x += 1.\nw = clip(w + (y - alpha)*eta, 0, wmax)  # before it is sent\ng_gaba += w*nS",
        on_post="y += 1.\nw = clip(w + x*eta, 0, wmax)",
        name="learning",
    )  # fmt: skip
    S.connect(p=0.2)
    S.w = 1e-10
    M = SpikeMonitor(E)
    eta = 0
    run(60 * ms)
    still = np.array(S.w)
    eta = 0.1
    run(60 * ms)
    assert np.ptp(still) == 0 < np.ptp(np.array(S.w)) and M.num_spikes > 200
    return of(M=M) | {"w": S.w, "still": still}


@script
def subgroups_and_pathways():
    """Several pathways of one Synapses, indices in subgroups, monitors in other places of a step and at spikes."""
    eqs = "dv/dt = (I - v)/tau : 1 (unless refractory)\nI : 1\ntau : second (constant)\ny = 2*v - I : 1"
    G = NeuronGroup(20, eqs, threshold="v > 1", reset="v = 0", refractory="tau/5", method="exact")
    G.v, G.I, G.tau = "i*0.04", "1.1 + 0.02*i", "(10 + i)*ms"
    A, B = G[:12], G[12:]
    S1 = Synapses(A, B, on_pre="v += 0.2*(i + 1)/N_pre", name="S1")
    S1.connect(p=0.5)
    S2 = Synapses(
        B, A, "w : 1", on_pre={"up": "v_post += w", "down": "v_post -= w/2"}, delay={"up": 1 * ms, "down": 2.5 * ms},
        name="S2",
    )  # fmt: skip
    S2.connect(condition="abs(i - j) < 4")
    S2.w = "0.1 + 0.01*j"
    M, B_spikes, R = SpikeMonitor(A, variables=["v", "I"]), SpikeMonitor(B), PopulationRateMonitor(B)
    V, fired = StateMonitor(B, ["v", "y"], record=[0, 3]), StateMonitor(G, ["v", "I"], [15, 1], when="after_thresholds")
    coarse, ends = StateMonitor(G, "v", 2, dt=1 * ms), StateMonitor(G, ["v", "tau"], record=True, when="end")
    run(100 * ms)
    assert M.num_spikes > 20 and B_spikes.num_spikes > 20
    return of(M=M, B=B_spikes, R=R, V=V, fired=fired, coarse=coarse, ends=ends) | {"v": G.v}


@script
def regular_statements_and_tables():
    """run_regularly of a group and of a subgroup, tables of time, an expression that stays for a step."""
    stim, each = TimedArray(np.arange(10) * 0.3, dt=7 * ms), TimedArray(np.random.rand(10, 4), dt=3.3 * ms)
    eqs = """dv/dt = (stim(t) + each(t, i) + x + y - v)/(10*ms) : 1
    x : 1
    y = 0.1*int(t > 20*ms) : 1 (constant over dt)"""
    G = NeuronGroup(4, eqs, threshold="v > 1", reset="v = 0; x += 0.01", method="rk2")
    G.run_regularly("x = x*0.9 + 0.1*i", dt=0.5 * ms)
    G[1:3].run_regularly("v -= 0.02", dt=1 * ms)
    M, V = SpikeMonitor(G), StateMonitor(G, ["v", "x", "y"], record=True)
    run(60 * ms)
    assert M.num_spikes > 10
    return of(M=M, V=V)


@script
def statements_in_their_order():
    """Expressions of what statements before have set, in resets and at the start of steps; (shared) variables; whole
    numbers."""
    eqs = """dv/dt = (1.5 + k - v)/(5*ms) : 1
    k : 1 (shared)
    z = 3*k : 1 (shared)
    y = 2*v + i : 1
    w : 1
    u : 1
    n : integer"""
    G = NeuronGroup(4, eqs, threshold="v > 1", reset="v = 0.1; w = y", method="euler", name="ordered")
    G.run_regularly("k = k + 0.1*sin(t/ms)\nv += 0.05\nu = y + k\nn = t/ms*1.5", dt=1 * ms)
    S = Synapses(G, G, "m : integer", on_pre="m = m*1.5 + 1; n_post += m/2", name="whole")
    S.connect(j="i")
    M, V, K = SpikeMonitor(G), StateMonitor(G, ["v", "w", "u", "n"], record=True), StateMonitor(G, ["k", "z"], record=0)
    run(10 * ms)
    G.k = -0.3
    run(10 * ms)
    assert M.num_spikes > 5
    return of(M=M, V=V, K=K) | {"k": G.k, "m": S.m}


@script
def synapses_in_every_step():
    """NMDA in every step, sums over synapses, gap junctions of an expression, spikes that repeat."""
    A = SpikeGeneratorGroup(2, [0, 1, 0, 1], [3, 8, 12.5, 13] * ms, period=20 * ms, name="A")
    eqs = "dv/dt = (g*(1 - v) - v + gap)/(10*ms) : 1\ng : 1\ngap : 1\ny = 2*v : 1"
    B = NeuronGroup(3, eqs, threshold="v > 0.4", reset="v = 0", method="euler", name="B")
    a, b = 1 / (10 * ms), 1 / (5 * ms)
    S = Synapses(
        A, B,
        """ds/dt = -a*s + b*x*(1 - s) : 1 (clock-driven)
        g_post = s*w : 1 (summed)
        dx/dt = -c*x : 1 (clock-driven)
        w : 1
        c : Hz""",
        on_pre="x += w", method="rk4", name="nmda",
    )  # fmt: skip
    S.connect()
    S.w, S.c, S.delay = "1 + i + 0.3*j", "(0.05 + 0.02*j)/ms", "1*ms*i"
    gap = Synapses(B, B, "gap_post = 0.3*(y_pre - y_post) : 1 (summed)", name="gaps")
    gap.connect(condition="i != j")
    M, V = SpikeMonitor(B), StateMonitor(B, ["v", "g", "gap", "y"], record=True)
    X = StateMonitor(S, ["x", "s", "g"], record=True)
    run(37 * ms)
    run(40 * ms)
    assert M.num_spikes > 3
    return of(M=M, V=V, X=X) | {"x": S.x}


@script
def synapses_onto_sources():
    """Spikes of sources on both sides, which have no variables."""
    A = SpikeGeneratorGroup(2, [0, 1, 0], [1, 2, 3] * ms, name="from_these")
    B = SpikeGeneratorGroup(2, [0, 1, 0], [1.5, 2.5, 4] * ms, name="onto_these")
    S = Synapses(A, B, "w : 1\ndx/dt = -x/(5*ms) : 1 (event-driven)", on_pre="x += 1; w += 0.1", on_post="w += x")
    S.connect()
    W = StateMonitor(S, "w", record=True)
    run(6 * ms)
    return of(W=W) | {"x": S.x}


@script
def short_term_plasticity():
    """Depression and facilitation as (event-driven) variables with other parameters in each synapse."""
    A = SpikeGeneratorGroup(1, np.zeros(20, int), (np.arange(20) * 7 + 3) * ms)
    B = NeuronGroup(4, "dv/dt = -v/(20*ms) : volt", method="exact")
    S = Synapses(
        A, B,
        """dx/dt = (1 - x)/tau_d : 1 (event-driven)
        du/dt = (U - u)/tau_f : 1 (event-driven)
        U : 1
        tau_d : second
        tau_f : second""",
        on_pre="u += U*(1 - u)\nr = u*x  # released\nv_post += r*10*mV\nx -= r",
    )  # fmt: skip
    S.connect()
    S.U, S.tau_d, S.tau_f, S.x = "0.1 + 0.2*j", "(100 + 50*j)*ms", "(50 + 300*j)*ms", 1
    V, X = StateMonitor(B, "v", record=True), StateMonitor(S, ["x", "u"], record=True)
    run(150 * ms)
    return of(V=V, X=X)


@script
def changed_between_runs():
    """Parameters, states, synapses and constants that are set between runs; adaptive exponential neurons."""
    C, gL, EL, VT, D = 281 * pF, 30 * nS, -70.6 * mV, -50.4 * mV, 2 * mV
    b = 0.0805 * nA
    eqs = """dvm/dt = (gL*(EL - vm) + gL*D*exp((vm - VT)/D) + I - w)/C : volt
    dw/dt = (4*nS*(vm - EL) - w)/(144*ms) : amp
    I : amp"""
    G = NeuronGroup(3, eqs, threshold="vm > VT + 5*D", reset="vm = EL; w += b", method="euler")
    G.vm = EL
    S = Synapses(G, G, "g : volt\nn : 1", on_pre="vm += g; n += 1")
    S.connect(condition="i != j")
    M, V = SpikeMonitor(G), StateMonitor(G, ["vm", "w"], record=True)
    run(20 * ms)
    G.I = "(0.8 + 0.2*i)*nA"
    S.g = "i*0.1*mV"
    run(50 * ms)
    b = 0.1 * nA
    G.vm[1] = -80 * mV
    S.g[0:2] = 0.5 * mV
    run(50 * ms)
    assert M.num_spikes > 5
    return of(M=M, V=V) | {"n": S.n}


@script
def stopped_by_an_operation():
    """A network operation that reads monitors and sets variables while the network runs, and stops it."""
    G = NeuronGroup(5, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    G.v = "i*0.1"
    M, V, seen = SpikeMonitor(G), StateMonitor(G, "v", record=True), []

    @network_operation(dt=1 * ms)
    def watch(t):
        seen.append((float(np.asarray(t)), M.num_spikes, float(np.asarray(G.v[0])), len(V.t)))
        G.v[1] = np.asarray(G.v[1]) * 0.9
        if M.num_spikes > 12:
            stop()

    run(100 * ms)
    assert 10 < len(seen) < 50
    return of(M=M, V=V) | {"seen": seen, "t": defaultclock.t}


@script
def operations_and_the_order_of_names():
    """Monitors whose names come before and after that of a network operation, which sets states and parameters."""
    G = NeuronGroup(3, "dv/dt = (k - v)/(5*ms) : 1\nk : 1", threshold="v > 1", reset="v = 0", method="exact", name="g")
    H = NeuronGroup(6, "x : 1", name="regular")
    H[2:5].run_regularly("x += i + N", dt=1 * ms)
    early, late = (StateMonitor(G, ["v", "k"], record=[0, 2], name=name) for name in ("a", "z"))
    sums, before = StateMonitor(H, "x", record=True, name="sums"), StateMonitor(H, "x", record=True, name="before")

    @network_operation(dt=1 * ms)
    def kick(t):
        G.k, G.v = 1.5 + float(t / (10 * ms)), np.asarray(G.v) + 0.1

    run(7.3 * ms)
    return of(early=early, late=late, sums=sums, before=before)


@script
def linked_variables():
    """One neuron that is the input of others."""
    A = NeuronGroup(1, "dx/dt = (sin(t/(3*ms)) - x)/(5*ms) : 1", method="euler", name="a")
    G = NeuronGroup(
        4, "dv/dt = (1.2*I + 0.6 + 0.1*i - v)/(8*ms) : 1\nI : 1 (linked)", threshold="v > 1", reset="v = 0",
        method="euler", name="b",
    )  # fmt: skip
    G.I = linked_var(A, "x")
    M, V = SpikeMonitor(G), StateMonitor(G, "v", record=True)
    run(80 * ms)
    assert M.num_spikes > 5
    return of(M=M, V=V)


@script
def explicit_network():
    """A Network with a namespace of its own, started again from where it was stored."""
    G = NeuronGroup(3, "dv/dt = (k - v)/tau : 1", threshold="v > 0.9", reset="v -= 0.8", name="g")
    M, V = SpikeMonitor(G, name="m"), StateMonitor(G, "v", record=True, name="vs")
    net = Network(G, M, V)
    names = {"tau": 5 * ms, "k": 1.2}
    G.v = "0.2*i"
    net.store()
    net.run(30 * ms, namespace=names)
    first = of(M=M)
    net.restore()
    net.run(20 * ms, namespace=names | {"k": 1.5})
    extra = StateMonitor(G, "v", record=0, name="later")
    net.add(extra)
    net.run(10 * ms, namespace=names)
    return {f"first {name}": value for name, value in first.items()} | of(M=M, V=V, extra=extra)


@script
def other_methods():
    """Methods of integration, a time step of its own, statements that need Brian2's own form of a method."""
    defaultclock.dt = 0.05 * ms
    found = {}
    eqs = "dv/dt = (a*v - v**3/3 - w)/ms : 1\ndw/dt = 0.08*(v + 0.7 - 0.8*w)/ms : 1\na : 1"
    for method in ("euler", "rk2", "rk4", "heun"):
        G = NeuronGroup(3, eqs, method=method, name=method)
        G.a, G.v = "1 + 0.1*i", 0.5
        V = StateMonitor(G, ["v", "w"], record=True, name=f"of_{method}")
        Network(G, V).run(30 * ms)
        found |= of(**{method: V})
    eqs = """dv/dt = (-0.1*m**3*(v - 55*mV) - 0.1*(v + 65*mV) + 2*mV)/ms : volt
    m = 1/(1 + exp(-(v + 40*mV)/(5*mV))) : 1"""
    H = NeuronGroup(2, eqs, method="exponential_euler", name="hh")
    H.v = "(-70 + 10*i)*mV"
    V = StateMonitor(H, "v", record=True, name="of_hh")
    Network(H, V).run(10 * ms)
    return found | of(V=V)


@script
def refractory_periods_that_change():
    """Periods that depend on what changes while neurons are refractory; variables that are set in the meantime."""
    eqs = "dv/dt = (2 - v)/(5*ms) : 1 (unless refractory)\nref : second\nx : 1"
    found = {}
    for name, reset, period in (
        ("state", "v = 0; ref += 1*ms", "ref"), ("own", "v = 0", "ref"), ("each", "v = 0; x += 1", "ref*x + t/20"),
    ):  # fmt: skip
        G = NeuronGroup(4, eqs, threshold="v > 1", reset=reset, refractory=period, method="exact", name=name)
        G.ref, G.x = "i*ms", 1
        M, V = SpikeMonitor(G), StateMonitor(G, "v", record=True)
        net = Network(G, M, V)
        net.run(20 * ms)
        G.ref, G.v = "(5 - i)*ms", "0.1*i"
        net.run(20 * ms)
        assert M.num_spikes > 10
        found |= of(**{name: M, f"{name} v": V}) | {f"{name} free": G.not_refractory}
    return found


@script
def recorded_expressions():
    """Monitors of tables of time, of linked variables, and of expressions with i in a subgroup."""
    stim, each = TimedArray(np.arange(12.0), dt=0.7 * ms), TimedArray(np.random.rand(9, 6), dt=1.3 * ms)
    A = NeuronGroup(3, "dx/dt = (i - x)/(5*ms) : 1", method="euler", name="a_links")
    eqs = """dv/dt = (I - v)/(5*ms) : 1
    I = stim(t)*0.1 + each(t, i) + y : 1
    y : 1 (linked)
    z = 2*y + v + i : 1"""
    G = NeuronGroup(6, eqs, method="euler", name="b_links")
    G.y = linked_var(A, "x", index=[0, 0, 1, 1, 2, 2])
    H = NeuronGroup(6, "dv/dt = (each(t, i) - v)/(5*ms) : 1\nz = 2*v + i + each(t, i) : 1", method="euler", name="c")
    V, W = StateMonitor(G, ["v", "I", "y", "z"], record=[1, 4]), StateMonitor(H[2:5], ["v", "z"], record=[0, 2])
    run(12 * ms)
    return of(V=V, W=W)


@script
def runs_that_end_within_a_step():
    """Durations that are no multiples of dt, a monitor that is off for a while, no synapses, weights alike at first."""
    G = NeuronGroup(3, "dv/dt = (2 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    S = Synapses(G, G, "w : 1", on_pre="v += w", name="alike")
    S.connect(condition="i != j")
    S.w = 0.01
    nothing = Synapses(G, G, on_pre="v += 1", name="nothing")
    nothing.connect(condition="i > 10")
    M, V, watched = SpikeMonitor(G), StateMonitor(G, "v", record=True), SpikeMonitor(G)
    run(2.26 * ms)
    run(1.31 * ms)
    S.w = 0.03
    watched.active = False
    run(10 * ms)
    S.w[1] = 0.2
    watched.active = True
    run(9.97 * ms)
    assert M.num_spikes > watched.num_spikes > 0
    return of(M=M, V=V, watched=watched) | {"t": defaultclock.t}


def poisson_inputs():
    """What is random: Poisson neurons, also of a rate that is an expression, PoissonInput, noise, random statements."""
    P = PoissonGroup(1000, "20*Hz + 10*Hz*int(t > 250*ms)", name="P")
    Q = PoissonGroup(1000, np.linspace(0, 100, 1000) * Hz, name="Q")
    G = NeuronGroup(500, "dv/dt = -v/(10*ms) : 1\nx : 1", name="G", method="exact")
    I = PoissonInput(G, "v", N=100, rate=20 * Hz, weight=0.1)
    O = NeuronGroup(
        500, "dy/dt = -y/(5*ms) + (2/(5*ms))**.5*xi : 1\nz : 1", threshold="rand() < 0.02", reset="z = randn()",
        method="euler", name="O",
    )  # fmt: skip
    S = Synapses(Q, G, on_pre="x += int(rand() < 0.3)", name="S")
    S.connect(j="i//2")
    R = NeuronGroup(500, "r : 1", name="R")
    R.run_regularly("r = rand()", dt=1 * ms)
    A = NeuronGroup(20, "a : 1 (shared)\nb : 1", name="A")
    A.run_regularly("a = randn() + rand()\nb = a + rand()", dt=1 * ms)
    W = PoissonGroup(1000, np.zeros(1000) * Hz, name="W")
    W.run_regularly("rates = 50*Hz*int(i < 500)*int(t > 250*ms)", dt=1 * ms)
    w, B = SpikeMonitor(W), StateMonitor(A, ["a", "b"], record=True, dt=1 * ms)
    p, q, o = SpikeMonitor(P), SpikeMonitor(Q), SpikeMonitor(O)
    V, Y = StateMonitor(G, "v", record=True, dt=5 * ms), StateMonitor(O, ["y", "z"], record=True, dt=5 * ms)
    Z = StateMonitor(R, "r", record=True, dt=5 * ms)
    run(500 * ms)
    return {"t": p.t, "q": q.count, "o": o.count, "v": V.v, "y": Y.y, "z": Y.z, "r": Z.r, "x": G.x} | {
        "w": w.count, "a": B.a, "b": B.b,
    }  # fmt: skip
