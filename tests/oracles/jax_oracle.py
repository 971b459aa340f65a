"""Surrogate gradients by jax, in float64: of the networks of unit/gradient_networks.py.

Run in a process of its own, since jax starts threads: python jax_oracle.py IN.npz OUT.npz. A case k is given by
k/... arrays: X, labels, steps, window, gain, delays, beta, theta, kappa, slope, and weights up_0, up_1, ...,
recurrent_0, ... and fb, if there are any. Found are k/loss, (trials,), and the derivatives of their sum by each array
of weights.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np


def ask(cases, folder, script=__file__):
    """The answers of jax: for each case, name -> array. cases: a list of such mappings. script: that is run."""
    given, found = folder / "given.npz", folder / "found.npz"
    np.savez(given, **{f"{k}/{name}": array for k, case in enumerate(cases) for name, array in case.items()})
    subprocess.run([sys.executable, script, given, found], check=True)
    return _by_case(found)


def _by_case(path):
    with np.load(path) as arrays:
        cases = {}
        for key in arrays:
            number, name = key.split("/")
            cases.setdefault(int(number), {})[name] = arrays[key]
    return [cases[number] for number in sorted(cases)]


def answer(case):
    import jax
    import jax.numpy as jnp

    slope = float(case["slope"])

    @jax.custom_vjp
    def spike(margin):
        return (margin >= 0.0).astype(margin.dtype)

    spike.defvjp(lambda m: (spike(m), m), lambda m, g: (g / (1.0 + slope * jnp.abs(m)) ** 2,))
    weights = {name: jnp.asarray(w) for name, w in case.items() if name.split("_")[0] in ("up", "recurrent", "fb")}
    X, delays, labels = jnp.asarray(case["X"]), [int(d) for d in case["delays"]], jnp.asarray(case["labels"])
    beta, theta, kappa, gain = (float(case[name]) for name in ("beta", "theta", "kappa", "gain"))
    n = [weights[f"up_{k}"].shape[1] for k in range(sum(name.startswith("up") for name in weights))]

    def losses(weights):
        def step(before, _):
            """sent[k][d]: what layer k sent d steps before the last one; sent[-1] is e of the readout."""
            potentials, sent = before
            now, new = [], [X]
            for k, u in enumerate(potentials[:-1]):
                back = sent[k + 1][2] @ weights[f"recurrent_{k}"] if f"recurrent_{k}" in weights else 0.0
                back += sent[-1][1] @ weights["fb"] if k == 0 and "fb" in weights else 0.0
                u = beta * u + (1.0 - beta) * sent[k][delays[k] - 1] @ weights[f"up_{k}"] + back
                new.append(spike(u - theta))
                now.append(u - theta * jax.lax.stop_gradient(new[-1]))
            last = len(now)
            into = sent[last][delays[last] - 1] @ weights[f"up_{last}"]
            now.append(kappa * potentials[-1] + (1.0 - kappa) * into)
            new.append(jax.nn.sigmoid(now[-1]))
            sent = [jnp.concatenate([each[None], past[:-1]]) for each, past in zip(new, sent, strict=True)]
            return (now, sent), now[-1]

        start = [jnp.zeros((len(X), size)) for size in n]
        sent = [jnp.zeros((4, len(X), size)) for size in [X.shape[1], *n]]
        _, readout = jax.lax.scan(step, (start, sent), None, length=int(case["steps"]))
        odds = gain * jnp.mean(readout[int(case["window"]) :], axis=0)
        return -jax.nn.log_softmax(odds)[jnp.arange(len(X)), labels]

    by_weights = jax.jit(jax.grad(lambda w: losses(w).sum()))(weights)
    return {"loss": np.asarray(jax.jit(losses)(weights)), **{name: np.asarray(g) for name, g in by_weights.items()}}


def main(given, found, answer=answer):
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    answers = [answer(case) for case in _by_case(Path(given))]
    np.savez(found, **{f"{k}/{name}": array for k, each in enumerate(answers) for name, array in each.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
