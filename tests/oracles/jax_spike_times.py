"""Derivatives of spike times of networks of LIF neurons by jax, in float64.

Run in a process of its own, since jax starts threads: python jax_spike_times.py IN.npz OUT.npz. Given are the spikes
of all cells, (n,) times and ids in order, which come from another simulator; weights and delays, (cells, cells), from
all to all, 0 where there is no synapse; inputs: the first cells are sources, whose spikes are given. The potential is
the sum of responses to all arrivals since the last spike. One step of Newton's iteration from a given spike time has
the derivative of the true one. Found are the loss, half the squared distance of the spikes of the last cells from a
target, its derivatives, and by how much the given spike times were off.
"""

import subprocess
import sys

import numpy as np


def ask(case, folder):
    """The answers of jax, name -> array. case: a mapping."""
    given, found = folder / "given.npz", folder / "found.npz"
    np.savez(given, **case)
    subprocess.run([sys.executable, __file__, given, found], check=True)
    with np.load(found) as arrays:
        return dict(arrays)


def answer(case):
    import jax
    import jax.numpy as jnp

    tau_m, tau_s, R, t_ref = (float(case[name]) for name in ("tau_m", "tau_s", "R", "t_ref"))
    V_reset, V_th, sources, target = (float(case[name]) for name in ("V_reset", "V_th", "sources", "target"))
    times, ids = case["times"], case["ids"]
    first_readout = int(case["first_readout"])

    arrived = times + case["delays"][ids].T[ids] < times[:, None]
    """(spike, spike before it that its cell has heard of)."""

    def potential(t, start, V_start, arrivals, weights):
        """Of a cell that began at V_start at the time `start`, after the current of each arrival, since it came."""
        begin = jnp.maximum(arrivals, start)
        current = weights * jnp.exp(-(begin - arrivals) / tau_s)
        decays = jnp.exp(-(t - begin) / tau_m) - jnp.exp(-(t - begin) / tau_s)
        response = R / tau_m * jnp.sum(current * decays) / (1.0 / tau_s - 1.0 / tau_m)
        return V_start * jnp.exp(-(t - start) / tau_m) + response

    def loss(weights, delays, V_start):
        def fire(before, now):
            moved, starts, V = before
            k, time, cell, heard = now
            arrivals, sizes = moved + delays[ids, cell], jnp.where(heard, weights[ids, cell], 0.0)
            given = starts[cell], V[cell], arrivals, sizes
            off, slope = potential(time, *given) - V_th, jax.grad(potential)(time, *given)
            is_source = cell < sources
            time = jnp.where(is_source, time, time - off / jax.lax.stop_gradient(slope))
            after = moved.at[k].set(time), starts.at[cell].set(time + t_ref), V.at[cell].set(V_reset)
            return after, jnp.where(is_source, 0.0, off)

        first = jnp.asarray(times), jnp.zeros(len(V_start)), V_start
        spikes = jnp.arange(len(times)), jnp.asarray(times), jnp.asarray(ids), jnp.asarray(arrived)
        (moved, _, _), off = jax.lax.scan(fire, first, spikes)
        return 0.5 * jnp.sum(jnp.where(ids >= first_readout, moved - target, 0.0) ** 2), off

    given = [jnp.asarray(case[name]) for name in ("weights", "delays", "V_start")]
    (value, off), by = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True))(*given)
    names = ("by_weights", "by_delays", "by_V_start")
    return {"loss": value, "off": off} | dict(zip(names, by, strict=True))


def main(given, found):
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    with np.load(given) as arrays:
        np.savez(found, **{name: np.asarray(array) for name, array in answer(dict(arrays)).items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
