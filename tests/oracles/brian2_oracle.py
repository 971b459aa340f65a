"""Brian2 as a live oracle: one neuron, given as equations, integrated on a grid.

Numbers are plain, in the unit that `units` names for them: ms, mV, pA, pF, nS in the ready-made models.
Times are ends of steps, as NEST stamps them: a spike found after the step from t - dt to t is at t, where
Brian2 itself says t - dt.
"""

import functools
from collections.abc import Iterable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Literal, NamedTuple

import numpy as np

from spikelearn.equations.brian import quiet

UNITS = {
    "C_m": "pF", "g_L": "nS", "tau_m": "ms", "tau_syn_ex": "ms", "tau_syn_in": "ms", "tau_w": "ms",
    "E_L": "mV", "E_ex": "mV", "E_in": "mV", "V_th": "mV", "V_reset": "mV", "V_peak": "mV", "Delta_T": "mV",
    "V_m": "mV", "I_e": "pA", "I_syn_ex": "pA", "I_syn_in": "pA", "g_ex": "nS", "g_in": "nS",
    "w": "pA", "a": "nS", "b": "pA",
}  # fmt: skip

LIF_EXP = """
dV_m/dt = (E_L - V_m)/tau_m + (I_syn_ex + I_syn_in + I_e)/C_m : volt (unless refractory)
dI_syn_ex/dt = -I_syn_ex/tau_syn_ex : amp
dI_syn_in/dt = -I_syn_in/tau_syn_in : amp
I_e : amp (constant)
"""

LIF_COND_EXP = """
dV_m/dt = (g_L*(E_L - V_m) + g_ex*(E_ex - V_m) + g_in*(E_in - V_m) + I_e)/C_m : volt (unless refractory)
dg_ex/dt = -g_ex/tau_syn_ex : siemens
dg_in/dt = -g_in/tau_syn_in : siemens
I_e : amp (constant)
"""

IZHIKEVICH = """
dV_m/dt = (0.04*V_m**2 + 5*V_m + 140 - U_m + I_e)/ms : 1
dU_m/dt = a*(b*V_m - U_m)/ms : 1
I_e : 1 (constant)
"""

# Held at V_peak inside the equations as in NEST: else the later stages of a Runge-Kutta step overflow.
ADEX = """
V = clip(V_m, -1*volt, V_peak) : volt
dV_m/dt = (g_L*(E_L - V) + g_L*Delta_T*exp((V - V_th)/Delta_T) - w + I_syn_ex + I_syn_in + I_e)/C_m : volt (unless refractory)
dw/dt = (a*(V - E_L) - w)/tau_w : amp
dI_syn_ex/dt = -I_syn_ex/tau_syn_ex : amp
dI_syn_in/dt = -I_syn_in/tau_syn_in : amp
I_e : amp (constant)
"""  # noqa: E501


class Trace(NamedTuple):
    times: np.ndarray  # 0, dt, ..., duration
    recorded: dict[str, np.ndarray]  # at `times`, after inputs, threshold and reset
    spike_times: np.ndarray


@functools.cache
def import_brian2() -> ModuleType:
    with quiet():
        import brian2
    brian2.prefs.codegen.target = "numpy"
    # before each run it looks for garbage, to warn of objects that are in no network, which takes 0.3 s
    brian2.core.network.gc = SimpleNamespace(collect=lambda: 0)
    brian2.BrianLogger.log_level_error()
    return brian2


def unit_of(brian2: ModuleType, name: str):
    """'mV', '1', 'nS/ms', ... as a Brian2 unit."""
    # the set-up of a test, never a user's text
    return eval(name, {"__builtins__": {}}, vars(brian2.units.allunits) | vars(brian2.units.stdunits))


def step_index(time: float, dt: float) -> int:
    index = round(time / dt)
    if abs(time / dt - index) > 1e-6:
        raise ValueError(f"{time} ms is not a multiple of dt = {dt} ms")
    return index


def by_step(changes: Iterable[tuple[float, str, float]], dt: float) -> dict[int, list[tuple[str, float]]]:
    grouped: dict[int, list[tuple[str, float]]] = {}
    for time, name, value in changes:
        grouped.setdefault(step_index(time, dt), []).append((name, float(value)))
    return grouped


def integrate(
    equations: str,
    *,
    parameters: Mapping[str, float],
    units: Mapping[str, str],
    initial: Mapping[str, float],
    inputs: Iterable[tuple[float, str, float]] = (),
    settings: Iterable[tuple[float, str, float]] = (),
    arrival: Literal["after_integration", "before_integration"] = "after_integration",
    threshold: str | None = None,
    reset: str | None = None,
    refractory: float | None = None,
    method: str = "euler",
    dt: float,
    duration: float,
    record: Iterable[str],
) -> Trace:
    """One neuron with `equations` in Brian2's syntax.

    Each number is in the unit that `units` names; a name without one is dimensionless. A parameter is a
    constant, or where the equations declare it (`I_e : amp (constant)`), the value at the start.
    An input (time, variable, amount) is added at that time: after_integration, to the state at the end of the
    step that ends there, before threshold and so seen in the trace at that time, as in NEST;
    before_integration, to the state in which the step that begins there is started, not seen by a threshold
    before its end.
    A setting (time, variable, value) holds from the step that begins then: a step of current.
    After a spike, what is marked `(unless refractory)` stands still and takes no input for refractory / dt
    steps, so that the first spike that can follow is one step later still: NEST's count, one more than
    Brian2's.
    """
    brian2 = import_brian2()
    steps = step_index(duration, dt)
    inputs_at, settings_at = by_step(inputs, dt), by_step(settings, dt)
    record = tuple(record)

    def quantity(name: str, number: float):
        return number * unit_of(brian2, units.get(name, "1"))

    with quiet():
        model = brian2.Equations(equations)
        declared = model.parameter_names
        step = dt * brian2.ms
        group_options = {} if refractory is None else {"refractory": (step_index(refractory, dt) + 1) * step}
        group = brian2.NeuronGroup(
            1,
            model,
            threshold=threshold,
            reset=reset,
            method=method,
            dt=step,
            namespace={name: quantity(name, v) for name, v in parameters.items() if name not in declared},
            **group_options,
        )
        for name, value in {**{k: v for k, v in parameters.items() if k in declared}, **initial}.items():
            setattr(group, name, quantity(name, value))
        stands_still = {name for name, equation in model.items() if "unless refractory" in equation.flags}

        def add_inputs(index: int):
            for name, amount in inputs_at.get(index, ()):
                if name in stands_still and refractory is not None and not group.not_refractory[0]:
                    continue
                setattr(group, name, getattr(group, name)[0] + quantity(name, amount))

        def begin_step(t):
            index = round(float(t / step))
            for name, value in settings_at.get(index, ()):
                setattr(group, name, quantity(name, value))
            if arrival == "before_integration":
                add_inputs(index)

        def end_step(t):
            if arrival == "after_integration":
                add_inputs(round(float(t / step)) + 1)

        monitor = brian2.StateMonitor(group, record, record=0, dt=step, when="start")
        network = brian2.Network(
            group,
            monitor,
            brian2.NetworkOperation(begin_step, dt=step, when="before_groups"),
            brian2.NetworkOperation(end_step, dt=step, when="before_thresholds"),
        )
        spikes = None
        if threshold is not None:
            spikes = brian2.SpikeMonitor(group)
            network.add(spikes)
        network.run(steps * step)
        monitor.record_single_timestep()
        recorded = {
            name: np.asarray(getattr(monitor, name)[0] / unit_of(brian2, units.get(name, "1"))) for name in record
        }
        spike_steps = np.round(np.asarray(spikes.t / step)) + 1 if spikes is not None else np.empty(0)
    return Trace(np.arange(steps + 1) * dt, recorded, spike_steps * dt)


def signed_inputs(input_times, input_weights, delay: float, names: tuple[str, str]):
    """Positive weights to the first of `names`, negative ones to the second."""
    times = np.asarray(input_times, dtype=float)
    weights = np.broadcast_to(np.asarray(input_weights, dtype=float), times.shape)
    return [(t + delay, names[0] if w > 0 else names[1], w) for t, w in zip(times, weights, strict=True)]


def current_settings(current_times, current_amplitudes):
    return [(t, "I_e", amplitude) for t, amplitude in zip(current_times, current_amplitudes, strict=True)]


def lif_exp(
    input_times,
    input_weights,
    *,
    params: Mapping[str, float],
    delay: float = 0.0,
    duration: float,
    dt: float = 0.1,
    method: str = "exact",
    current_times=(),
    current_amplitudes=(),
) -> Trace:
    """Current-based LIF with exponential synapses: NEST's iaf_psc_exp, with its conventions and names.

    params: C_m, tau_m, E_L, V_th, V_reset, t_ref, tau_syn_ex, tau_syn_in; and I_e (0), V_m (E_L).
    `method` is any of Brian2's; exact needs tau_m and tau_syn to differ.
    """
    constants = dict(params)
    V_m, t_ref = constants.pop("V_m", constants["E_L"]), constants.pop("t_ref")
    return integrate(
        LIF_EXP,
        parameters={"I_e": 0.0, **constants},
        units=UNITS,
        initial={"V_m": V_m},
        inputs=signed_inputs(input_times, input_weights, delay, ("I_syn_ex", "I_syn_in")),
        settings=current_settings(current_times, current_amplitudes),
        threshold="V_m >= V_th",
        reset="V_m = V_reset",
        refractory=t_ref,
        method=method,
        dt=dt,
        duration=duration,
        record=("V_m", "I_syn_ex", "I_syn_in"),
    )


def lif_cond_exp(
    input_times,
    input_weights,
    *,
    params: Mapping[str, float],
    delay: float = 0.0,
    duration: float,
    dt: float = 0.1,
    method: str = "rk4",
    current_times=(),
    current_amplitudes=(),
) -> Trace:
    """Conductance-based LIF with exponential synapses; negative weights are inhibitory conductances.

    params: C_m, g_L, E_L, V_th, V_reset, t_ref, E_ex, E_in, tau_syn_ex, tau_syn_in; and I_e (0), V_m (E_L).
    """
    constants = dict(params)
    V_m, t_ref = constants.pop("V_m", constants["E_L"]), constants.pop("t_ref")
    inputs = signed_inputs(input_times, input_weights, delay, ("g_ex", "g_in"))
    return integrate(
        LIF_COND_EXP,
        parameters={"I_e": 0.0, **constants},
        units=UNITS,
        initial={"V_m": V_m},
        inputs=[(t, name, abs(weight)) for t, name, weight in inputs],
        settings=current_settings(current_times, current_amplitudes),
        threshold="V_m >= V_th",
        reset="V_m = V_reset",
        refractory=t_ref,
        method=method,
        dt=dt,
        duration=duration,
        record=("V_m", "g_ex", "g_in"),
    )


def izhikevich(
    current_times,
    current_amplitudes,
    *,
    a: float = 0.02,
    b: float = 0.2,
    c: float = -65.0,
    d: float = 8.0,
    V_m: float = -65.0,
    U_m: float = -13.0,
    V_th: float = 30.0,
    inputs: Iterable[tuple[float, float]] = (),
    duration: float,
    dt: float = 0.1,
    method: str = "euler",
) -> Trace:
    """Izhikevich (2003) by explicit Euler, both variables from the values before the step, as in NEST.

    The current is current_amplitudes[i] from current_times[i] on; `inputs` are (time, jump of V_m).
    """
    return integrate(
        IZHIKEVICH,
        parameters={"a": a, "b": b, "c": c, "d": d, "V_th": V_th, "I_e": 0.0},
        units={},
        initial={"V_m": V_m, "U_m": U_m},
        inputs=[(t, "V_m", amount) for t, amount in inputs],
        settings=current_settings(current_times, current_amplitudes),
        threshold="V_m >= V_th",
        reset="V_m = c; U_m += d",
        method=method,
        dt=dt,
        duration=duration,
        record=("V_m", "U_m"),
    )


def adex(
    input_times,
    input_weights,
    *,
    params: Mapping[str, float],
    delay: float = 0.0,
    duration: float,
    dt: float = 0.1,
    method: str = "rk4",
    current_times=(),
    current_amplitudes=(),
) -> Trace:
    """Adaptive exponential integrate-and-fire (Brette & Gerstner 2005) with exponential current synapses.

    params: C_m, g_L, E_L, V_th (the foot of the exponential), Delta_T, V_peak (where a spike is cut),
    V_reset, t_ref, tau_w, a (nS), b (pA), tau_syn_ex, tau_syn_in; and I_e (0), V_m (E_L), w (0).
    """
    constants = dict(params)
    V_m, t_ref = constants.pop("V_m", constants["E_L"]), constants.pop("t_ref")
    w = constants.pop("w", 0.0)
    return integrate(
        ADEX,
        parameters={"I_e": 0.0, **constants},
        units=UNITS,
        initial={"V_m": V_m, "w": w},
        inputs=signed_inputs(input_times, input_weights, delay, ("I_syn_ex", "I_syn_in")),
        settings=current_settings(current_times, current_amplitudes),
        threshold="V_m >= V_peak",
        reset="V_m = V_reset; w += b",
        refractory=t_ref,
        method=method,
        dt=dt,
        duration=duration,
        record=("V_m", "w"),
    )
