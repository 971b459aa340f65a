"""CUBA and COBA in BrainPy, in the form of its own examples: `brainpy.state` for neurons and synapses, `brainevent`
for the delivery of spikes, whose kernels for the CPU Numba compiles, and the loop over all steps compiled by XLA.

It counts in float32, its default. XLA takes its number of threads from PJRT_NPROC, in the environment of the process;
the kernels that deliver spikes use one thread.
"""

from __future__ import annotations

import time
from typing import Any

import brainevent
import brainpy
import brainstate
import brainunit as u
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.job import peak_bytes, save_spikes


class FixedInDegree(brainstate.nn.Module):
    """`degree` random sources of each target; brainstate itself offers a fixed number of targets only."""

    def __init__(self, n_pre: int, n_post: int, degree: int, weight: Any, random: np.random.Generator) -> None:
        super().__init__()
        self.in_size, self.out_size = n_pre, n_post
        sources = random.integers(0, n_pre, n_post * degree)
        by_source = np.argsort(sources, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=n_pre))])
        arrays = weight * np.ones(1, np.float32), (by_source // degree).astype(np.int32), first.astype(np.int32)
        self.synapses = brainevent.CSR(arrays, shape=(n_pre, n_post))
        # The first product makes arrays that are kept, which must not happen while a loop is traced.
        self.update(np.zeros(n_pre, bool))

    def update(self, spikes: Any) -> Any:
        return brainevent.BinaryArray(spikes) @ self.synapses


class VogelsAbbott(brainstate.nn.Module):
    """Potentials follow from currents through 1 Ohm: in units of C_m/tau_m, currents are numbers of mV; conductances
    are in units of the leak's."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        numbers, (n_exc, n_inh) = request["numbers"], request["populations"].values()
        neuron, n, random = numbers["neuron"], n_exc + n_inh, np.random.default_rng(request["seed"])
        conductances = request["family"] == "coba"
        in_units = u.siemens / neuron["g_L"] if conductances else u.mS / (neuron["C_m"] / neuron["tau_m"])
        V_start = random.uniform(*numbers["V_start"], n).astype(np.float32) * u.mV
        # Half a step more, since the time since a spike is rounded.
        t_ref = neuron["t_ref"] + 0.5 * numbers["dt"]
        weights = [weight * in_units for weight in numbers["weights"]]
        self.n_exc, self.n, self.dt, self.weight = n_exc, n, numbers["dt"] * u.ms, weights[0]
        self.cells = brainpy.state.LIFRef(
            n, V_rest=neuron["E_L"] * u.mV, V_th=neuron["V_th"] * u.mV, V_reset=neuron["V_reset"] * u.mV,
            tau=neuron["tau_m"] * u.ms, tau_ref=t_ref * u.ms, V_initializer=lambda *_, **__: V_start, spk_reset="hard",
        )  # fmt: skip
        self.exc, self.inh = (
            brainpy.state.AlignPostProj(
                comm=FixedInDegree(n_pre, n, degree, weight, random),
                syn=brainpy.state.Expon.desc(n, tau=neuron[f"tau_syn_{port}"] * u.ms),
                out=(
                    brainpy.state.COBA.desc(E=neuron[f"E_{port}"] * u.mV)
                    if conductances
                    else brainpy.state.CUBA.desc(scale=u.volt)
                ),
                post=self.cells,
            )
            for port, n_pre, degree, weight in zip(
                ("exc", "inh"), (n_exc, n_inh), numbers["in_degrees"], weights, strict=True
            )
        )

    def update(self, t: Any, kick: Any = None) -> Any:
        """One step: the spikes at its end. kick: further spikes that arrive at the first neurons."""
        with brainstate.environ.context(t=t, dt=self.dt):
            spikes = self.cells.get_spike() > 0.0
            self.exc(spikes[: self.n_exc])
            self.inh(spikes[self.n_exc :])
            if kick is not None:
                into = jnp.zeros(self.n, np.float32).at[: len(kick)].set(kick)
                self.exc.syn.add_delta_input("kick", self.weight * into)
            return self.cells(0.0 * u.mA) > 0.0


def build(request: dict[str, Any]) -> tuple[VogelsAbbott, Any, tuple[Any, ...]]:
    """The network; the loops over all steps, with the kick and after it, as one function that is compiled when it is
    called; and its arguments. The spikes of the kick are drawn here."""
    net = VogelsAbbott(request)
    brainstate.nn.init_all_states(net)
    dt, kick = request["numbers"]["dt"], request["numbers"].get("kick")
    times = (np.arange(1, round(request["duration"] / dt) + 1) * dt).astype(np.float32) * u.ms
    if kick is None:
        return net, brainstate.transform.jit(lambda late: brainstate.transform.for_loop(net.update, late)), (times,)
    last = round(kick["stop"] / dt)
    random = np.random.default_rng([request["seed"], 1])
    kicks = random.random((last, kick["n"])) < kick["rate"] * dt * 1e-3
    kicks[: round(kick["start"] / dt)] = False

    @brainstate.transform.jit
    def loops(early: Any, kicks: Any, late: Any) -> Any:
        during = brainstate.transform.for_loop(net.update, early, kicks)
        return during, brainstate.transform.for_loop(net.update, late)

    return net, loops, (times[:last], kicks, times[last:])


def first_and_second(request: dict[str, Any]) -> tuple[list[float], Any]:
    """The times of the beginning, and after building, a first and a second run from the same state; and the spikes of
    the second. Code is compiled in the first and not kept, so that each process compiles again."""
    times = [time.perf_counter()]
    net, loops, given = build(request)
    times.append(time.perf_counter())
    for _ in range(2):
        brainstate.nn.reset_all_states(net)
        found = jax.block_until_ready(loops(*given))
        times.append(time.perf_counter())
    return times, found


def prepare(request: dict[str, Any]) -> dict[str, float]:
    """By how much the first run takes longer."""
    (_, built, first, second), _ = first_and_second(request)
    return {"compile_s": (first - built) - (second - first)}


def run(request: dict[str, Any]) -> dict[str, float]:
    (begun, built, first, second), found = first_and_second(request)
    steps, ids = np.nonzero(np.concatenate(jax.tree.leaves(found)))
    save_spikes(request["spikes"], (steps + 1) * request["numbers"]["dt"], ids)
    return {"build_s": built - begun, "simulate_s": second - first, "peak_bytes": peak_bytes()}
