"""A slow, obvious reference for the exact engine: LIF neurons by matrix exponentials, crossings found by scanning.

Between two events everything moves as d/dt (V_m, I_syn_exc, I_syn_inh, 1) = A (...). Each stretch is walked through in
steps of `look` ms; where V_m has come above threshold the time is bisected. What is above for less than `look` and
below again is not seen: the engine has to see it, and a test that wants that looks closely.
"""

import numpy as np


def expm(M):
    """exp(M) by its series, after halving M until it is small, and squaring the result as often."""
    halvings = max(0, int(np.ceil(np.log2(np.abs(M).sum() + 1e-300))) + 1)
    term = result = np.eye(len(M))
    for k in range(1, 20):
        term = term @ M / 2.0**halvings / k
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result


class Neuron:
    def __init__(self, p, start):
        self.p, self.until, self.time = p, -1.0, 0.0
        self.state = np.array([start, 0.0, 0.0, 1.0])

    def matrix(self, held):
        p = self.p
        V = [0.0] * 4 if held else [-1 / p.tau_m, 1 / p.C_m, 1 / p.C_m, p.E_L / p.tau_m + p.I_e / p.C_m]
        return np.array([V, [0, -1 / p.tau_syn_exc, 0, 0], [0, 0, -1 / p.tau_syn_inh, 0], [0] * 4])

    def at(self, time):
        """Its state at a later time if nothing arrives and it does not fire."""
        free = min(max(self.until, self.time), time)
        held = expm(self.matrix(True) * (free - self.time)) @ self.state if free > self.time else self.state
        return expm(self.matrix(False) * (time - free)) @ held

    def crossing(self, end, look):
        """The first time up to `end` at which it is above threshold, or inf."""
        low = max(self.until, self.time)
        if low > end:
            return np.inf
        state, step = self.at(low), expm(self.matrix(False) * look)
        if state[0] >= self.p.V_th:
            return low
        while low < end:
            high = min(low + look, end)
            state = step @ state if high == low + look else self.at(end)
            if state[0] >= self.p.V_th:
                return self._bisected(low, high)
            low = high
        return np.inf

    def _bisected(self, low, high):
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self.at(middle)[0] >= self.p.V_th else (middle, high)
        return high

    def advance(self, time):
        self.state, self.time = self.at(time), time

    def fire(self):
        self.state[0], self.until = self.p.V_reset, self.time + self.p.t_ref


def spikes(parameters, starts, synapses, inputs, duration, look=0.02):
    """(times, ids) of LIF neurons, one for each start.

    synapses: (pre, post, port, weight, delay) each, inputs: (time of arrival, neuron, port, weight) each; port: 0, 1.
    """
    neurons = [Neuron(parameters, start) for start in starts]
    pending = sorted(inputs)
    found = []
    while True:
        arrival = pending[0][0] if pending else np.inf
        end = min(arrival, duration)
        crossings = [neuron.crossing(end, look) for neuron in neurons]
        now = min(end, *crossings)
        for neuron in neurons:
            neuron.advance(now)
        fired = [i for i, time in enumerate(crossings) if time == now]
        if not fired:
            if arrival > duration:
                return np.array([time for time, _ in found]), np.array([i for _, i in found])
            while pending and pending[0][0] == now:
                _, i, port, weight = pending.pop(0)
                neurons[i].state[1 + port] += weight
        for i in fired:
            neurons[i].fire()
            found.append((now, i))
            pending += [(now + delay, post, port, weight) for pre, post, port, weight, delay in synapses if pre == i]
        pending.sort()
