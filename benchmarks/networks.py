"""The networks that are compared: their parameters, defined once, as plain data for any simulator's process.

For networks in models/ the numbers are taken from there. Populations are numbered consecutively, in the order of
`populations`; the family selects the function of a simulator that builds the network.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any

import spikelearn as sl
from spikelearn.experiments import load_experiment

SIMULATORS = ("spikelearn", "nest", "brian2", "annarchy", "auryn", "brainpy", "nest_host")
TITLES = {
    "spikelearn": "spikelearn", "nest": "NEST", "brian2": "Brian2 C++", "annarchy": "ANNarchy", "auryn": "Auryn",
    "brainpy": "BrainPy", "nest_host": "NEST, compiled here",
}  # fmt: skip


@dataclass(frozen=True)
class Network:
    """duration: biological ms of a run, all of it timed. rates_from: start (ms) of the part used for the rates.
    synapses: between neurons, without inputs. repeats: rounds of a full session. simulators: those that take part;
    on_request: those that take part only on request, since they take many minutes. part: its table or plot."""

    name: str
    title: str
    family: str
    populations: dict[str, int]
    synapses: int
    duration: float
    rates_from: float
    repeats: int
    simulators: tuple[str, ...] = SIMULATORS
    on_request: tuple[str, ...] = ()
    threads: tuple[int, ...] = (1, 2)
    part: str = "networks"
    numbers: dict[str, Any] = field(default_factory=dict)

    @property
    def neurons(self) -> int:
        return sum(self.populations.values())


def model(name: str) -> ModuleType:
    """A file of models/ as a module."""
    return sys.modules[load_experiment(name).simulate.__module__]


def vogels_abbott(
    form: str, name: str, size: int, duration: float, rates_from: float, repeats: int, more: dict[str, float],
    **changes: Any,
) -> Network:  # fmt: skip
    """Vogels & Abbott (2005), with currents (cuba) or conductances (coba), from uniform potentials; each neuron has 80
    inputs, a fifth of them inhibitory. more: further parameters of the file in models/."""
    file = model("vogels_abbott_2005")
    settings = {"form": form, "size": size, "inputs": 80, "start": "uniform", **more}
    p = file.Parameters(**settings)
    n_inh, in_inh = p.size // 5, p.inputs // 5
    membrane = {"E_L": file.RESTING[form], "tau_m": file.TAU_M, **file.NEURON}
    numbers = {
        "model": settings, "dt": p.dt, "neuron": membrane, "V_start": [-60.0, -50.0],
        "in_degrees": [p.inputs - in_inh, in_inh], "weights": list(file.weights(p)), "delay": p.delay,
    }  # fmt: skip
    return Network(
        name, f"{form.upper()}, {size:,}", form, {"E": size - n_inh, "I": n_inh}, size * p.inputs, duration,
        rates_from, repeats,
        **{"simulators": ("spikelearn", "nest", "brian2", "annarchy", "brainpy"), "numbers": numbers, **changes},
    )  # fmt: skip


def cuba(name: str, size: int, duration: float, rates_from: float, repeats: int, **changes: Any) -> Network:
    """With currents, and inhibitory synapses of -90 pA."""
    more = {"inhibition": 90.0 / 139.5, "kicked": 0}
    return vogels_abbott("cuba", name, size, duration, rates_from, repeats, more, **changes)


def coba(name: str, size: int, duration: float, rates_from: float, repeats: int, **changes: Any) -> Network:
    """With conductances. Activity sustains itself after a kick, here of one neuron in 20 at 1,000 Hz: of 4,000 neurons
    it dies within 100 ms in 7 of 40 runs after the usual kick, of 50 neurons at 300 Hz, and in none of 60 after this
    one."""
    more = {"kicked": size // 20, "kick_rate": 1000.0}
    found = vogels_abbott("coba", name, size, duration, rates_from, repeats, more, **changes)
    neuron, numbers, file = sl.LIFConductance().parameters, found.numbers, model("vogels_abbott_2005")
    numbers["neuron"] |= {"g_L": file.NEURON["C_m"] / file.TAU_M, "E_exc": neuron.E_exc, "E_inh": neuron.E_inh}
    start, stop = file.KICK
    numbers["kick"] = {"n": more["kicked"], "rate": more["kick_rate"], "start": start, "stop": stop}
    return found


STDP = {"tau_plus": 20.0, "tau_minus": 20.0, "lambda_": 0.001, "alpha": 1.05}
"""Pair-based, additive, all-to-all; the largest weight is twice the initial one."""


def brunel(
    name: str, title: str, duration: float, rates_from: float, repeats: int, order: int = 2500, rule: str = "static",
    settings: dict[str, float] | None = None, **changes: Any,
) -> Network:  # fmt: skip
    """Brunel (2000), V_reset 0. rule: of the synapses among excitatory neurons: static, stdp or dopamine.

    With dopamine, eligibility changes at a pair of spikes by as much as the weight does with STDP.
    """
    file = model("brunel_2000")
    settings = {"order": order, "g": 5.0, "eta": 2.0, "V_reset": 0.0, **(settings or {})}
    p = file.Parameters(**settings)
    n_exc, n_inh = 4 * p.order, p.order
    in_degrees = [round(p.epsilon * n_exc), round(p.epsilon * n_inh)]
    W_max = 2.0 * p.J
    step = STDP["lambda_"] * W_max
    numbers = {
        "model": settings, "dt": p.dt, "neuron": {
            "E_L": 0.0, "V_th": p.V_th, "V_reset": p.V_reset, "tau_m": p.tau_m, "t_ref": p.t_ref,
        },
        "in_degrees": in_degrees, "weights": [p.J, -p.g * p.J], "delay": p.delay,
        "external": {"n": in_degrees[0], "rate": file.external_rate(p)}, "rule": rule,
        "stdp": STDP | {"W_max": W_max},
        "dopamine": {
            "A_plus": step, "A_minus": STDP["alpha"] * step, "tau_plus": 20.0, "tau_minus": 20.0, "tau_c": 1000.0,
            "tau_n": 200.0, "W_max": W_max, "every": 500.0, "deliver_every": 99.0,
        },
    }  # fmt: skip
    return Network(
        name, title, "brunel", {"E": n_exc, "I": n_inh}, (n_exc + n_inh) * sum(in_degrees), duration, rates_from,
        repeats,
        **{
            "simulators": ("spikelearn", "nest", "brian2", *(() if rule == "dopamine" else ("auryn",))),
            "numbers": numbers, **changes,
        },
    )  # fmt: skip


def izhikevich(name: str, size: int, duration: float, rates_from: float, repeats: int, **changes: Any) -> Network:
    """After Izhikevich (2007), in steps of 0.1 ms; a fifth of the neurons are inhibitory and reach excitatory ones."""
    n_exc, targets = size - size // 5, min(100, size // 10)
    numbers = {
        "dt": 0.1, "a": [0.02, 0.1], "b": 0.2, "c": -65.0, "d": [8.0, 2.0], "V_peak": 30.0, "V_start": -65.0,
        "targets": targets, "weights": [1.0, -1.0], "delay": 1.0, "noise": {"std": 3.75, "interval": 1.0},
        "dopamine": {
            "A_plus": 0.1, "A_minus": 0.15, "tau_plus": 20.0, "tau_minus": 20.0, "tau_c": 1000.0, "tau_n": 200.0,
            "W_max": 4.0, "every": 500.0, "deliver_every": 10.0,
        },
    }  # fmt: skip
    return Network(
        name, f"dopamine STDP, {size:,} Izhikevich", "izhikevich", {"E": n_exc, "I": size - n_exc}, size * targets,
        duration, rates_from, repeats,
        **{"simulators": ("spikelearn", "nest", "brian2"), "numbers": numbers, **changes},
    )  # fmt: skip


def microcircuit(
    name: str, title: str, scale: float, duration: float, rates_from: float, repeats: int, **changes: Any
) -> Network:
    """Potjans & Diesmann (2014). Rows of matrices are targets."""
    file = model("potjans_diesmann_2014")
    settings = {"scale": scale}
    p = file.Parameters(**settings)
    places = range(len(file.NAMES))
    weight = file.WEIGHT / scale**0.5
    synapses = [[file.scaled_number_of_synapses(p, j, i) for i in places] for j in places]
    numbers = {
        "model": settings, "dt": p.dt, "neuron": dict(file.NEURON), "tau_syn": file.TAU_SYN,
        "I_e": [file.compensation(p, j) for j in places], "V_start": [list(each) for each in file.V_START],
        "external": {"n": [round(scale * n) for n in file.EXTERNAL], "rate": p.external_rate, "weight": weight},
        "synapses": synapses,
        "weights": [[file.weight_factor(j, i, p.g) * weight for i in places] for j in places],
        "weight_deviations": [[file.weight_deviation(j, i) for i in places] for j in places],
        "delays": [file.DELAYS[i % 2] for i in places], "delay_deviation": 0.5,
    }  # fmt: skip
    sizes = {each: round(scale * size) for each, size in zip(file.NAMES, file.SIZES, strict=True)}
    return Network(
        name, title, "microcircuit", sizes, sum(map(sum, synapses)), duration, rates_from, repeats,
        **{"simulators": ("spikelearn", "nest", "brian2"), "numbers": numbers, **changes},
    )  # fmt: skip


IN_DEGREE = 1000


def events(millions: int, own_weights: bool, duration: float, repeats: int) -> Network:
    """Neurons that fire as Poisson processes at 40 Hz independently of their input: weights are so small that the cost
    of a synaptic event can be compared between sizes."""
    n = round(millions * 1e6 / IN_DEGREE)
    kind = "own weights" if own_weights else "one weight"
    numbers = {"dt": 0.1, "in_degree": IN_DEGREE, "own_weights": own_weights, "rate": 40.0, "delay": 1.5}
    return Network(
        f"events_{millions}_{'own' if own_weights else 'one'}", f"{millions} million synapses, {kind}", "events",
        {"all": n}, n * IN_DEGREE, duration, 20.0, repeats, simulators=("spikelearn",), threads=(1,), part="events",
        numbers=numbers,
    )  # fmt: skip


def full() -> list[Network]:
    """The networks of a full session."""
    ours, with_nest = ("spikelearn",), ("spikelearn", "nest")
    found = [
        cuba("cuba_4000", 4_000, 1000.0, 200.0, 5),
        cuba("cuba_40000", 40_000, 500.0, 100.0, 4),
        coba("coba_4000", 4_000, 600.0, 150.0, 5),
        coba("coba_40000", 40_000, 300.0, 150.0, 4),
        brunel("brunel", "Brunel, 12,500, 15.6 M synapses", 300.0, 100.0, 4),
        brunel("brunel_stdp", "Brunel + STDP on E->E, 10 M plastic", 200.0, 50.0, 3, rule="stdp"),
        izhikevich("dopamine", 1_000, 3000.0, 500.0, 5),
        brunel(
            "brunel_dopamine", "Brunel + dopamine STDP on E->E, 10 M plastic", 200.0, 50.0, 3, rule="dopamine",
            simulators=ours, on_request=("nest", "brian2"),
        ),
        microcircuit("microcircuit_tenth", "microcircuit, scale 0.1", 0.1, 1000.0, 500.0, 4),
        microcircuit(
            "microcircuit", "microcircuit, full, 299 M synapses", 1.0, 1000.0, 500.0, 2, simulators=ours,
            on_request=("nest",), threads=(2,),
        ),
    ]  # fmt: skip
    for size, simulators in ((1_000, ("spikelearn", "nest", "annarchy")), (10_000, ("spikelearn", "nest", "annarchy")),
                             (100_000, ours), (400_000, ours)):  # fmt: skip
        found.append(
            cuba(f"size_{size}", size, 200.0, 50.0, 2, simulators=simulators, threads=(1,), part="size"),
        )
    for g, eta in ((4.5, 0.9), (5.0, 1.2), (5.0, 3.0), (5.0, 4.0)):
        found.append(
            brunel(
                f"rate_{eta:g}", f"Brunel, g {g:g}, eta {eta:g}", 200.0, 50.0, 2, settings={"g": g, "eta": eta},
                simulators=with_nest, threads=(1,), part="rate",
            )
        )  # fmt: skip
    for own in (False, True):
        found += [events(1, own, 1000.0, 3), events(10, own, 300.0, 3), events(100, own, 100.0, 3)]
        found.append(events(300, own, 100.0, 3))
    return found


def quick() -> list[Network]:
    """Every family at a size that takes seconds: a check that everything works, not a measurement."""
    return [
        cuba("cuba_400", 400, 200.0, 50.0, 2),
        coba("coba_quick", 4_000, 150.0, 100.0, 2),
        brunel("brunel_500", "Brunel, 500", 200.0, 50.0, 2, order=100),
        brunel("brunel_500_stdp", "Brunel, 500 + STDP", 200.0, 50.0, 2, order=100, rule="stdp"),
        izhikevich("dopamine_200", 200, 500.0, 100.0, 2),
        brunel("brunel_500_dopamine", "Brunel, 500 + dopamine STDP", 200.0, 50.0, 2, order=100, rule="dopamine"),
        microcircuit("microcircuit_hundredth", "microcircuit, scale 0.01", 0.01, 200.0, 50.0, 2),
        cuba("size_200", 200, 100.0, 50.0, 2, simulators=("spikelearn", "nest"), threads=(1,), part="size"),
        brunel(
            "rate_3", "Brunel, 500, eta 3", 100.0, 50.0, 2, order=100, settings={"eta": 3.0},
            simulators=("spikelearn", "nest"), threads=(1,), part="rate",
        ),
        events(1, False, 50.0, 2),
    ]  # fmt: skip


def as_request(network: Network) -> dict[str, Any]:
    """The description of a network sent to the process of a simulator."""
    fields = asdict(network)
    return {key: fields[key] for key in ("name", "family", "populations", "duration", "numbers")}
