"""The networks as Brian2 descriptions, for its C++ standalone mode.

Numbers are plain, in ms, mV and pA. In each step Brian2 adds arrivals after testing thresholds, NEST and spikelearn
before: where arrivals change V_m itself, delays are therefore one step shorter here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brian2 as b2
import numpy as np

TRACES = """
w : 1
dK_plus/dt = -K_plus/tau_plus : 1 (event-driven)
dK_minus/dt = -K_minus/tau_minus : 1 (event-driven)
"""


def in_ms(parameters: dict[str, Any]) -> dict[str, Any]:
    """Add units to times; all other numbers stay plain."""
    return {key: x * b2.ms if key.startswith(("tau", "t_ref")) else x for key, x in parameters.items()}


def fixed_degree(synapses: Any, degree: int, n: int, of: str) -> None:
    """Connect each target (of 'i') or source (of 'j') to `degree` random neurons of `n`, with repeats."""
    synapses.connect(**{of: f"int(rand()*{n}) for _k in range({degree})"})


def cuba(numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    equations = """
        dV_m/dt = (E_L - V_m + R*(exc + inh))/tau_m : 1 (unless refractory)
        dexc/dt = -exc/tau_syn_exc : 1
        dinh/dt = -inh/tau_syn_inh : 1"""
    constants = numbers["neuron"] | {"R": numbers["neuron"]["tau_m"] / numbers["neuron"]["C_m"]}
    return vogels_abbott(equations, "exact", constants, numbers, sizes)


def coba(numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    """Conductances are in units of the leak's, so that times are the only numbers with units."""
    equations = """
        dV_m/dt = (E_L - V_m + exc*(E_exc - V_m) + inh*(E_inh - V_m))/tau_m : 1 (unless refractory)
        dexc/dt = -exc/tau_syn_exc : 1
        dinh/dt = -inh/tau_syn_inh : 1"""
    g_L, kick = numbers["neuron"]["g_L"], numbers["kick"]
    relative = numbers | {"weights": [weight / g_L for weight in numbers["weights"]]}
    objects = vogels_abbott(equations, "exponential_euler", numbers["neuron"], relative, sizes)
    during = f"int(t >= {kick['start']}*ms and t < {kick['stop']}*ms)"
    noise = b2.PoissonGroup(kick["n"], f"{kick['rate']}*Hz*{during}")
    kicks = b2.Synapses(noise, objects[0], on_pre=f"exc_post += {relative['weights'][0]}")
    kicks.connect(j="i")
    return [*objects, noise, kicks]


def vogels_abbott(
    equations: str, method: str, constants: dict[str, Any], numbers: dict[str, Any], sizes: list[int]
) -> list[Any]:
    cells = b2.NeuronGroup(
        sum(sizes), equations, threshold="V_m > V_th", reset="V_m = V_reset",
        refractory=numbers["neuron"]["t_ref"] * b2.ms, method=method, namespace=in_ms(constants),
    )  # fmt: skip
    low, high = numbers["V_start"]
    cells.V_m = f"{low} + {high - low}*rand()"
    objects = [cells]
    first = 0
    for port, n, in_degree, weight in zip(
        ("exc", "inh"), sizes, numbers["in_degrees"], numbers["weights"], strict=True
    ):
        source = cells[first : first + n]
        made = b2.Synapses(source, cells, on_pre=f"{port}_post += {weight}", delay=numbers["delay"] * b2.ms)
        fixed_degree(made, in_degree, n, "i")
        objects.append(made)
        first += n
    return objects


def brunel(numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    """Input to a refractory neuron is lost, as in NEST and spikelearn."""
    external, J = numbers["external"], numbers["weights"][0]
    spikes = b2.BinomialFunction(external["n"], external["rate"] * numbers["dt"] * 1e-3)
    cells = b2.NeuronGroup(
        sum(sizes), "dV_m/dt = (E_L - V_m)/tau_m : 1 (unless refractory)", threshold="V_m >= V_th",
        reset="V_m = V_reset", refractory=numbers["neuron"]["t_ref"] * b2.ms, method="exact",
        events={"dopamine": released(numbers)} if numbers["rule"] == "dopamine" else {},
        namespace=in_ms(numbers["neuron"]) | {"external_spikes": spikes},
    )  # fmt: skip
    cells.run_regularly(f"V_m += {J}*external_spikes()*int(not_refractory)", when="synapses")
    exc, inh = cells[: sizes[0]], cells[sizes[0] :]
    delay = (numbers["delay"] - numbers["dt"]) * b2.ms
    objects = [cells]
    for source, in_degree, weight in zip((exc, inh), numbers["in_degrees"], numbers["weights"], strict=True):
        learns = source is exc and numbers["rule"] != "static"
        arrive = f"V_m_post += {weight}*int(not_refractory_post)"
        made = b2.Synapses(source, inh if learns else cells, on_pre=arrive, delay=delay)
        fixed_degree(made, in_degree, source.stop - source.start, "i")
        objects.append(made)
    if numbers["rule"] != "static":
        arrive = "V_m_post += w*int(not_refractory_post)"
        learned = {"stdp": stdp, "dopamine": dopamine}[numbers["rule"]](numbers, exc, exc, arrive, delay)
        fixed_degree(learned, numbers["in_degrees"][0], sizes[0], "i")
        learned.w = J
        objects.append(learned)
    return objects


def stdp(numbers: dict[str, Any], source: Any, target: Any, arrive: str, delay: Any) -> Any:
    return b2.Synapses(
        source, target, TRACES,
        on_pre=f"{arrive}\nw = clip(w - W_max*alpha*lambda_*K_minus, 0, W_max)\nK_plus += 1",
        on_post="w = clip(w + W_max*lambda_*K_plus, 0, W_max)\nK_minus += 1",
        namespace=in_ms(numbers["stdp"]), delay={"pre": delay},
    )  # fmt: skip


def dopamine(numbers: dict[str, Any], source: Any, target: Any, arrive: str, delay: Any) -> Any:
    """Event-driven: between two events of a synapse c and n decay, and w changes by the integral of their product,
    which is (c n before - c n now) tau_cn. A spike of dopamine is an event of every synapse."""
    p = numbers["dopamine"]
    constants = in_ms({key: p[key] for key in ("tau_plus", "tau_minus", "tau_c", "tau_n")})
    constants |= {name: p[name] for name in ("A_plus", "A_minus", "W_max")}
    constants |= {"tau_cn": 1.0 / (1.0 / p["tau_c"] + 1.0 / p["tau_n"]), "released": 1.0 / p["tau_n"]}
    now = "w = clip(w + tau_cn*(cn - c*n), 0, W_max)"
    return b2.Synapses(
        source, target,
        TRACES + "dc/dt = -c/tau_c : 1 (event-driven)\ndn/dt = -n/tau_n : 1 (event-driven)\ncn : 1",
        on_pre={
            "pre": f"{now}\n{arrive}\nc -= A_minus*K_minus\nK_plus += 1\ncn = c*n",
            "release": f"{now}\nn += released\ncn = c*n",
        },
        on_post=f"{now}\nc += A_plus*K_plus\nK_minus += 1\ncn = c*n",
        on_event={"pre": "spike", "release": "dopamine", "post": "spike"},
        namespace=constants, delay={"pre": delay},
    )  # fmt: skip


def released(numbers: dict[str, Any]) -> str:
    """Condition for a release of dopamine. Every neuron has this event, and through it every plastic synapse."""
    every = round(numbers["dopamine"]["every"] / numbers["dt"])
    return f"t_in_timesteps > 0 and t_in_timesteps % {every} == 0"


def izhikevich(numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    noise = numbers["noise"]
    cells = b2.NeuronGroup(
        sum(sizes),
        """dV_m/dt = (0.04*V_m**2 + 5*V_m + 140 - u + I)/ms : 1
           du/dt = a*(b*V_m - u)/ms : 1
           I : 1
           a : 1 (constant)
           d : 1 (constant)""",
        threshold="V_m >= V_peak", reset="V_m = c\nu += d", method="euler",
        events={"dopamine": released(numbers)},
        namespace={name: numbers[name] for name in ("b", "c", "V_peak")},
    )  # fmt: skip
    cells.V_m, cells.u = numbers["V_start"], numbers["b"] * numbers["V_start"]
    cells.a, cells.d = (np.repeat(numbers[name], sizes) for name in ("a", "d"))
    cells.run_regularly(f"I = {noise['std']}*randn()", dt=noise["interval"] * b2.ms)
    exc, inh, delay = cells[: sizes[0]], cells[sizes[0] :], numbers["delay"] * b2.ms
    learned = dopamine(numbers, exc, cells, "V_m_post += w", delay)
    fixed_degree(learned, numbers["targets"], sum(sizes), "j")
    learned.w = numbers["weights"][0]
    static = b2.Synapses(inh, exc, on_pre=f"V_m_post += {numbers['weights'][1]}", delay=delay)
    fixed_degree(static, numbers["targets"], sizes[0], "j")
    return [cells, learned, static]


def microcircuit(numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    """One group of synapses for all pairs of populations, drawn with numpy, so that little is compiled."""
    random = np.random.default_rng(1)
    cells = b2.NeuronGroup(
        sum(sizes),
        """dV_m/dt = (E_L - V_m + R*(I_syn + I_e))/tau_m : 1 (unless refractory)
           dI_syn/dt = -I_syn/tau_syn : 1
           I_e : 1 (constant)""",
        threshold="V_m >= V_th", reset="V_m = V_reset", refractory=numbers["neuron"]["t_ref"] * b2.ms, method="exact",
        namespace=in_ms(numbers["neuron"] | {"tau_syn": numbers["tau_syn"]})
        | {"R": numbers["neuron"]["tau_m"] / numbers["neuron"]["C_m"]},
    )  # fmt: skip
    first, external, objects = np.cumsum([0, *sizes]), numbers["external"], [cells]
    mean, deviation = np.repeat(numbers["V_start"], sizes, axis=0).T
    cells.V_m, cells.I_e = random.normal(mean, deviation), np.repeat(numbers["I_e"], sizes)
    for k, n in enumerate(external["n"]):
        group = cells[first[k] : first[k + 1]]
        objects.append(b2.PoissonInput(group, "I_syn", n, external["rate"] * b2.Hz, external["weight"]))
    drawn: list[tuple[np.ndarray, ...]] = []
    for j, of_sources in enumerate(numbers["synapses"]):
        for i, n in enumerate(of_sources):
            mean, delay = numbers["weights"][j][i], numbers["delays"][i]
            weights = random.normal(mean, numbers["weight_deviations"][j][i] * abs(mean), n)
            delays = random.normal(delay, numbers["delay_deviation"] * delay, n)
            while (early := delays < numbers["dt"]).any():
                delays[early] = random.normal(delay, numbers["delay_deviation"] * delay, early.sum())
            sources = random.integers(first[i], first[i + 1], n)
            drawn.append((sources, random.integers(first[j], first[j + 1], n), weights, delays))
    sources, targets, weights, delays = (np.concatenate(each) for each in zip(*drawn, strict=True))
    synapses = b2.Synapses(cells, cells, "w : 1", on_pre="I_syn_post += w")
    synapses.connect(i=sources, j=targets)
    synapses.w, synapses.delay = weights, delays * b2.ms
    return [*objects, synapses]


FAMILIES: dict[str, Callable[..., list[Any]]] = {
    each.__name__: each for each in (cuba, coba, brunel, izhikevich, microcircuit)
}
