"""A neuron whose arms each have their own threshold (Sardi, Vardi, Sheinin, Goldental & Kanter 2017, Sci. Rep.
7:18036) and may adapt (Sardi et al. 2018, Sci. Rep. 8:5100).

Each arm k is a port, and in units of its threshold

    tau_m V_k' = -V_k,   theta_k = V_th (1 + noise_k),   noise_k an Ornstein-Uhlenbeck process (sigma_th, tau_th).

The first arm with V_k >= theta_k fires the axon, or the one furthest above if several cross in a step; only that arm
is reset to 0, `arm` is its number (from 1; 0 before the first spike), and for t_ref no arm fires. Arms do not sum: two
below their thresholds have no joint effect, and inhibition of one does not reach another. With one arm it is the usual
neuron, which has a single threshold on the sum of its inputs.

The axon's potential V_axon after a spike is an alpha function, whose peak amplitude_k and time to peak width_k are
those of the arm, each times exp(sigma_waveform x) with a normal number x drawn at the spike:

    width V_axon' = drive_axon - V_axon,   width drive_axon' = -drive_axon,   drive_axon = e amplitude_k at a spike.

Adaptive arms: input is multiplied by gain_k. A hit is a positive input after which its arm does not fire. At a spike
through another arm the gain of an arm rises by A_gain exp(-lag/tau_gain), lag being the time since its last hit; at a
hit it falls by the same function of the time since the last spike, if that was through another arm. Lags above
gain_window have no effect, and gains stay between gain_min and gain_max.
"""

from __future__ import annotations

import functools
import math
import textwrap
from collections import namedtuple
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.functions import function_from
from spikelearn.errors import DescriptionError
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import Properties
from spikelearn.units import duration, ms, mV, number

AMPLITUDES = (60.0, 75.0, 95.0, 120.0)
WIDTHS = (0.3, 0.4, 0.55, 0.75)
"""Of the axon's spike through arm 1, 2, ...; successive arms differ by a quarter and a third."""

_WHY_NO_VECTORS = "one in a hundred of its normal numbers has to be redrawn, so adjacent neurons may differ"


class MultiThresholdParameters(NamedTuple):
    V_th: Annotated[number, "mean threshold of each arm"] = 1.0
    sigma_th: Annotated[number, "standard deviation of a threshold, as a fraction of it"] = 0.05
    tau_th: Annotated[ms, "correlation time of a threshold"] = 10.0
    tau_m: Annotated[ms, "time constant of each arm"] = 10.0
    t_ref: Annotated[duration, "refractory period common to all arms"] = 3.0
    sigma_waveform: Annotated[number, "standard deviation of the logarithms of amplitude and width"] = 0.05


class AdaptationParameters(NamedTuple):
    A_gain: Annotated[number, "change of an arm's gain by a simultaneous hit and spike; 0: arms do not adapt"] = 0.05
    tau_gain: Annotated[ms, "time constant with which the change decays with the lag between them"] = 15.0
    gain_window: Annotated[ms, "longest lag that has an effect"] = 50.0
    gain_min: Annotated[number, "smallest gain"] = 0.5
    gain_max: Annotated[number, "largest gain"] = 2.0


def multi_threshold(arms: int = 2, adaptive: bool = False) -> NeuronModel:
    """A neuron with 1 to 4 arms: ports arm_1, arm_2, ..., weights in units of a threshold.

    In addition to the shared parameters, each arm k has amplitude_k (mV) and width_k (ms) of the spike that it causes
    in the axon. adaptive: whether arms have adapting gains. The same arms return the same model. Raises
    DescriptionError.

    >>> net = Network(dt=0.1)
    >>> cells = net.population(100, multi_threshold(arms=3)(sigma_th=0.02))
    >>> source = net.population(100, Poisson(rate=20))
    >>> second = net.connect(source, cells, port="arm_2", rule=OneToOne(), weight=0.8)
    >>> spikes, arm, V_axon = net.record(cells, ["spikes", "arm", "V_axon"])
    """
    if isinstance(arms, bool) or arms not in range(1, len(AMPLITUDES) + 1):
        raise DescriptionError(f"multi_threshold: expected 1 to {len(AMPLITUDES)} arms, got {arms!r}")
    return _model(int(arms), bool(adaptive))


@functools.cache
def _model(arms: int, adaptive: bool) -> NeuronModel:
    name = f"{'Adaptive' if adaptive else ''}MultiThreshold{'' if arms == 2 else arms}"
    numbers = range(1, arms + 1)
    Parameters = _parameters(name, numbers, adaptive)
    each_arm = {"V": "1", "noise": "1"} | ({"gain": "1", "hit": "1"} if adaptive else {})
    state = {f"{variable}_{k}": unit for k in numbers for variable, unit in each_arm.items()}
    state |= {"spike_trace": "1"} if adaptive else {}
    state |= {"refractory": "1", "arm": "1", "V_axon": "mV", "drive_axon": "mV", "width": "ms"}
    constants = functools.partial(_constants, numbers, adaptive)
    text = _step_text(name, list(state), numbers, list(constants(Parameters(), 0.1)), adaptive)
    return NeuronModel(
        name,
        Parameters,
        constants,
        function_from(text, "step", {"exponential": exponential, "np": np}),
        state=state,
        ports={f"arm_{k}": "1" for k in numbers},
        normal=(*(f"normal_{k}" for k in numbers), "normal_amplitude", "normal_width"),
        initial=lambda p: {"width": p.width_1} | ({f"gain_{k}": 1.0 for k in numbers} if adaptive else {}),
        check=_complaint,
        properties=Properties(quiet={"sigma_th": 0.0, "V_th": 3.0}, not_vectorised=_WHY_NO_VECTORS),
        **({} if adaptive else _in_brian2(numbers)),
    )


def _parameters(name: str, numbers: range, adaptive: bool) -> Any:
    """A NamedTuple of the parameters that all arms share and those of each arm."""
    bases = (MultiThresholdParameters, AdaptationParameters)[: 2 if adaptive else 1]
    values = {field: value for base in bases for field, value in base._field_defaults.items()}
    values |= {f"amplitude_{k}": AMPLITUDES[k - 1] for k in numbers} | {f"width_{k}": WIDTHS[k - 1] for k in numbers}
    declaration = namedtuple(f"{name}Parameters", list(values), defaults=list(values.values()))  # type: ignore[misc]
    own: dict[str, Any] = {}
    for k in numbers:
        own[f"amplitude_{k}"] = Annotated[mV, f"peak of the axon's potential after a spike through arm {k}"]
        own[f"width_{k}"] = Annotated[ms, f"time to that peak after a spike through arm {k}"]
    declaration.__annotations__ = {**{f: u for base in bases for f, u in base.__annotations__.items()}, **own}
    declaration.__module__ = MultiThresholdParameters.__module__
    return declaration


def _complaint(p: Any) -> str | None:
    for field in ("V_th", *(field for field in p._fields if field.startswith("width_"))):
        if np.any(np.asarray(getattr(p, field)) <= 0):
            return f"{field} must be more than 0, got {getattr(p, field)}"
    for field in ("sigma_th", "sigma_waveform"):
        if np.any(np.asarray(getattr(p, field)) < 0):
            return f"{field} must be at least 0, got {getattr(p, field)}"
    if hasattr(p, "gain_min") and np.any(np.asarray(p.gain_min) >= np.asarray(p.gain_max)):
        return f"gain_min must lie below gain_max, got {p.gain_min} and {p.gain_max}"
    return None


def _constants(numbers: range, adaptive: bool, p: Any, dt: float) -> dict[str, Any]:
    tau_th = np.asarray(p.tau_th)
    constants = {
        "P_m": np.exp(-dt / np.asarray(p.tau_m)) + 0.0,
        "P_th": np.exp(-dt / tau_th) + 0.0,
        "Q_th": np.asarray(p.sigma_th) * np.sqrt(-np.expm1(-2.0 * dt / tau_th)) + 0.0,
        "V_th": p.V_th,
        "n_ref": refractory_steps(p.t_ref, dt),
        "sigma_waveform": p.sigma_waveform,
        **{f"amplitude_{k}": getattr(p, f"amplitude_{k}") for k in numbers},
        **{f"width_{k}": getattr(p, f"width_{k}") for k in numbers},
        "dt": dt,
    }
    if adaptive:
        tau_gain = np.asarray(p.tau_gain)
        constants |= {
            "P_gain": np.exp(-dt / tau_gain) + 0.0,
            "least": np.exp(-(np.asarray(p.gain_window) + 0.5 * dt) / tau_gain) + 0.0,
            "A_gain": p.A_gain,
            "gain_min": p.gain_min,
            "gain_max": p.gain_max,
        }
    return constants


def _step_text(name: str, state: list[str], numbers: range, constants: list[str], adaptive: bool) -> str:
    inputs = [f"in_arm_{k}" for k in numbers]
    normals = [f"normal_{k}" for k in numbers] + ["normal_amplitude", "normal_width"]
    arguments = ", ".join([*state, *inputs, *normals, *constants])
    signature = textwrap.wrap(arguments, 116, initial_indent="    ", subsequent_indent="    ")
    lines = [
        "def step(",
        *signature,
        "):",
        f'    """One step of {name}; see spikelearn.neurons.multiple_thresholds."""',
    ]
    for k in numbers:
        lines += [
            f"    V_{k} = P_m * V_{k} + {f'gain_{k} * ' if adaptive else ''}in_arm_{k}",
            f"    noise_{k} = P_th * noise_{k} + Q_th * normal_{k}",
            f"    above_{k} = V_{k} - V_th * (1.0 + noise_{k})",
        ]
    lines.append("    most = above_1")
    lines += [f"    most = above_{k} if above_{k} > most else most" for k in numbers[1:]]
    lines += ["    held = refractory > 0.0", "    fired = most >= 0.0 and not held"]
    lines += ["    won_1 = fired and above_1 >= most"]
    for k in numbers[1:]:
        earlier = " or ".join(f"won_{j}" for j in range(1, k))
        lines.append(f"    won_{k} = fired and above_{k} >= most and not ({earlier})")
    lines += _adaptation_lines(numbers) if adaptive else []
    lines += [
        "    decay = exponential(-dt / width)",
        "    V_axon = decay * (V_axon + drive_axon * dt / width)",
        "    drive_axon = decay * drive_axon",
        "    amplitude = 0.0",
    ]
    for k in numbers:
        lines += [
            f"    V_{k} = 0.0 if won_{k} else V_{k}",
            f"    arm = {k}.0 if won_{k} else arm",
            f"    amplitude = amplitude_{k} if won_{k} else amplitude",
            f"    width = width_{k} * exponential(sigma_waveform * normal_width) if won_{k} else width",
        ]
    lines += [
        "    V_axon = 0.0 if fired else V_axon",
        f"    kick = {math.e!r} * amplitude * exponential(sigma_waveform * normal_amplitude)",
        "    drive_axon = kick if fired else drive_axon",
        "    refractory = refractory - 1.0 if held else refractory",
        "    refractory = n_ref if fired else refractory",
        f"    return {', '.join(state)}, np.uint8(fired)",
    ]
    return "\n".join(lines) + "\n"


def _adaptation_lines(numbers: range) -> list[str]:
    """Lines that adapt the gains. `arm` is still that of the previous spike."""
    lines = ["    spike_trace = P_gain * spike_trace", "    before = spike_trace if spike_trace > least else 0.0"]
    for k in numbers:
        lines += [
            f"    hit_{k} = P_gain * hit_{k}",
            f"    down = A_gain * before if in_arm_{k} > 0.0 and arm != {k}.0 else 0.0",
            f"    hit_{k} = 1.0 if in_arm_{k} > 0.0 else hit_{k}",
            f"    up = A_gain * hit_{k} if fired and hit_{k} > least else 0.0",
            f"    gain_{k} = gain_{k} if won_{k} else min(max(gain_{k} - down, gain_min), gain_max)",
            f"    gain_{k} = gain_{k} if won_{k} else min(gain_{k} + up, gain_max)",
            f"    hit_{k} = 0.0 if won_{k} else hit_{k}",
        ]
    return [*lines, "    spike_trace = 1.0 if fired else spike_trace"]


def _in_brian2(numbers: range) -> dict[str, Any]:
    """The neuron without adaptation in Brian2's syntax; its noise is exact and drawn at the start of a step."""
    arms = "".join(f"\ndV_{k}/dt = -V_{k} / tau_m : 1\nnoise_{k} : 1" for k in numbers)
    theta = {k: f"V_th * (1 + noise_{k})" for k in numbers}
    won = {
        k: " * ".join(
            [f"int(V_{k} >= {theta[k]})"]
            + [f"int(V_{k} - {theta[k]} {'>' if j < k else '>='} V_{j} - {theta[j]})" for j in numbers if j != k]
        )
        for k in numbers
    }
    chosen = {what: " + ".join(f"{what}_{k} * int(arm == {k})" for k in numbers) for what in ("amplitude", "width")}
    return {
        "equations": "dV_axon/dt = (drive_axon - V_axon) / width : volt\nddrive_axon/dt = -drive_axon / width : volt"
        f"\nwidth : second\narm : 1{arms}",
        "each_step": "; ".join(
            f"noise_{k} = noise_{k} * exp(-dt / tau_th) + sigma_th * sqrt(1 - exp(-2 * dt / tau_th)) * randn()"
            for k in numbers
        ),
        "threshold": " or ".join(f"V_{k} >= {theta[k]}" for k in numbers),
        "reset": f"arm = {' + '.join(f'{k} * {won[k]}' for k in numbers)}; "
        + "; ".join(f"V_{k} = V_{k} * int(arm != {k})" for k in numbers)
        + f"; V_axon = 0 * mV; drive_axon = e * ({chosen['amplitude']}) * exp(sigma_waveform * randn())"
        + f"; width = ({chosen['width']}) * exp(sigma_waveform * randn())",
        "arrivals": {f"arm_{k}": f"V_{k}" for k in numbers},
        "method": "rk4",
    }


MultiThreshold = multi_threshold(arms=2)
AdaptiveMultiThreshold = multi_threshold(arms=2, adaptive=True)
