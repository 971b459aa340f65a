"""A slow, obvious reference for plateau learning: kernels are summed over every spike, means are taken of lists.

Spikes come from the engine, since they are random; all that follows from them is calculated here once more from the
equations of Guerguiev, Lillicrap & Richards 2017, in steps of dt. Step k ends at k dt; what arrives in it counts from
its end on.
"""

import math

import numpy as np

TAU_L, TAU_S, G, PHI_MAX, E_EXC, E_INH = 10.0, 3.0, 0.6, 0.2, 8.0, -8.0
LEAK = 1.0 / TAU_L + G


def sigma(x):
    return 1.0 / (1.0 + math.exp(-x))


def phi(V):
    return PHI_MAX * sigma(V)


def slope(V):
    """Of phi, by the basal potential that a constant somatic potential goes with."""
    return G / LEAK * PHI_MAX * sigma(V) * (1.0 - sigma(V))


def dendrite(arrivals, times):
    """Sum of weight kappa(t - arrival) at each of these times. arrivals: (time, weight)."""
    total = np.zeros(len(times))
    for at, weight in arrivals:
        since = np.maximum(times - at, 0.0)
        total += weight * (np.exp(-since / TAU_L) - np.exp(-since / TAU_S)) / (TAU_L - TAU_S)
    return total


def soma(arrivals, constant, times):
    """V_s without a teacher: V_basal through the soma's own exponential, in closed form for each arrival."""
    total = constant * G / LEAK * (1.0 - np.exp(-LEAK * times))
    for at, weight in arrivals:
        since = np.maximum(times - at, 0.0)
        for sign, tau in ((1.0, TAU_L), (-1.0, TAU_S)):
            risen = (np.exp(-since / tau) - np.exp(-LEAK * since)) / (LEAK - 1.0 / tau)
            total += sign * weight * G * risen / (TAU_L - TAU_S)
    return total


def taught_soma(arrivals, constant, teacher, dt, steps):
    """V_s with a teacher, by Euler in steps of a thousandth of dt. teacher: conductance in each step."""
    fine = 1000
    h, V, result = dt / fine, 0.0, []
    times = (np.arange(steps * fine) + 0.5) * h
    V_basal = dendrite(arrivals, times) + constant
    for step in range(steps):
        g_exc, g_inh = max(teacher[step], 0.0), max(-teacher[step], 0.0)
        for i in range(step * fine, (step + 1) * fine):
            V += h * (-V / TAU_L + G * (V_basal[i] - V) + g_exc * (E_EXC - V) + g_inh * (E_INH - V))
        result.append(V)
    return np.array(result)


def learned(eta, delta, arrivals, at, tau, dt):
    """Step of the weight at time `at`: eta delta times the mean rate of what was received, an exponential average."""
    x = sum(math.exp(-(at - arrival) / tau) for arrival in arrivals if arrival <= at)
    return eta * delta * x * (1.0 - math.exp(-dt / tau)) / dt
