"""e-prop by jax, in float64: the gradient by automatic differentiation with the recurrent gradient stopped.

Run in a process of its own by jax_oracle.ask. A case has arrays: inputs (steps, n_in); weights W_in, W_among, W_out,
and B of the feedback; teacher (outputs,); beta (n,), alpha, rho, kappa, gain, gamma; with several adaptations beta (k,
n) and rho (k, 1). Every connection takes a step.
Found are the derivatives by W_in and W_among of sum_t L_t z_bar_t, where L is what arrives as feedback, held, and z_bar
the spikes by the filter of the readout: `in` and `among`, of e-prop; `in_full` and `among_full`, in which spikes also
count by way of other neurons; and `spikes`, (steps, n).
"""

import sys

import numpy as np


def answer(case):
    import jax
    import jax.numpy as jnp

    given = {name: jnp.asarray(value) for name, value in case.items()}
    alpha, rho, kappa, gamma, gain = (given[name] for name in ("alpha", "rho", "kappa", "gamma", "gain"))
    beta = jnp.atleast_2d(given["beta"])
    n = beta.shape[1]

    @jax.custom_vjp
    def spike(margin):
        return (margin >= 0.0).astype(margin.dtype)

    spike.defvjp(lambda m: (spike(m), m), lambda m, g: (g * gamma * jnp.maximum(0.0, 1.0 - jnp.abs(m)),))

    def course(weights, sent):
        """sent: of a spike, as other neurons see it."""

        def step(before, x):
            v, a, z, z_bar, y, error = before
            arrives = x @ weights["in"] + sent(z) @ weights["among"]
            v = alpha * v + (1.0 - alpha) * arrives - jax.lax.stop_gradient(z)
            a = rho * a + z
            L = jax.lax.stop_gradient(error @ given["B"])
            y = kappa * y + (1.0 - kappa) * jax.lax.stop_gradient(z) @ given["W_out"]
            z = spike(v - 1.0 - (beta * a).sum(axis=0))
            z_bar = kappa * z_bar + z
            error = jax.nn.sigmoid(gain * y) - given["teacher"]
            return (v, a, z, z_bar, y, error), (L @ z_bar, z)

        none = jnp.zeros(n)
        start = [none, jnp.zeros(beta.shape), none, none] + [jnp.zeros(len(given["teacher"]))] * 2
        _, (terms, spikes) = jax.lax.scan(step, tuple(start), given["inputs"])
        return terms.sum(), spikes

    weights = {"in": given["W_in"], "among": given["W_among"]}
    found = {}
    for suffix, sent in (("", jax.lax.stop_gradient), ("_full", lambda z: z)):
        gradient, spikes = jax.jit(jax.grad(lambda w, sent=sent: course(w, sent), has_aux=True))(weights)
        found |= {name + suffix: np.asarray(each) for name, each in gradient.items()}
    return found | {"spikes": np.asarray(spikes)}


if __name__ == "__main__":
    from jax_oracle import main

    main(*sys.argv[1:], answer)
