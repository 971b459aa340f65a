"""Modulators: a global concentration that decays, is released, and is integrated once for all synapses that read it."""

import math

from spikelearn._jit import kernel


@kernel
def advance_modulator(step, concentration, decay, pending):
    """n' = -n/tau_n, plus what was released and arrives now."""
    concentration[0] = concentration[0] * decay + pending[0]
    pending[0] = 0.0


@kernel
def release_list(step, steps, amounts, cursor, pending):
    """Release listed amounts at listed steps."""
    k = cursor[0]
    while k < len(steps) and steps[k] <= step:
        if steps[k] == step:
            pending[0] += amounts[k]
        k += 1
    cursor[0] = k


@kernel
def integrate_modulator(step, concentration, baseline, tau_n, tau_c, dt, base, enabled, integrals):
    """Advance N(t) = integral of (n - b) exp(-(s - base)/tau_c) ds over the step that ends now.

    Closed form of a segment in specs: c0 n0 (1 - exp(-s D))/s - c0 b tau_c (1 - exp(-D/tau_c)), s = 1/tau_c + 1/tau_n.
    integrals: a ring, one value a step, so that delayed synapses can read a past value.
    """
    depth = len(integrals)
    before = integrals[(step - 1) % depth]
    if enabled[0] != 0:
        c0 = math.exp(-(step - 1 - base[0]) * dt / tau_c)
        rate = 1.0 / tau_c + 1.0 / tau_n
        n0 = concentration[0]
        before += c0 * (-n0 * math.expm1(-dt * rate) / rate + baseline * tau_c * math.expm1(-dt / tau_c))
    integrals[step % depth] = before
