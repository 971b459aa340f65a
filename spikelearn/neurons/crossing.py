"""Where a potential that is known in closed form crosses its threshold, to rounding, for the exact engine.

motion: function(t, *state) -> V_m, its first and its second derivative at t; state: the numbers that it needs.
"""

from __future__ import annotations

from spikelearn.codegen.jit import scalar

ROUNDING = 2.0**-52
MOST_ITERATIONS = 200


@scalar
def rise_through(V_th, low, high, noise, motion, state):
    """The only time between low and high at which V_m rises through V_th, by bracketed Newton iteration.

    noise: the rounding of V_m.
    """
    t = low + (high - low) * 0.5
    for _ in range(MOST_ITERATIONS):
        V, slope, _ = motion(t, *state)
        if V >= V_th:
            high = t
        else:
            low = t
        following = t + (V_th - V) / slope if slope > 0.0 else t
        if abs(V - V_th) <= noise and low <= following <= high:
            return following
        if not low < following < high:
            following = low + (high - low) * 0.5
        if abs(following - t) <= ROUNDING * t:
            break
        t = following
    return high


@scalar
def time_above(V_th, low, high, noise, motion, state):
    """A time between low and high with V_m >= V_th, or -1.0. V_m rises at low, falls at high and turns once.

    noise: the rounding of the first derivative.
    """
    t = low + (high - low) * 0.5
    for _ in range(MOST_ITERATIONS):
        V, slope, bend = motion(t, *state)
        if V >= V_th:
            return t
        if slope > 0.0:
            low = t
        else:
            high = t
        following = t - slope / bend if bend < 0.0 else low
        if not low < following < high:
            following = low + (high - low) * 0.5
        if abs(slope) <= noise or abs(following - t) <= ROUNDING * t:
            break
        t = following
    return -1.0
