"""A cell whose dendrite spikes, compared with a reference without recursion: a sum over all that has arrived."""

import math

import numpy as np
from given_spikes import steps_of
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl

DT, STEPS = 0.1, 3000
PARAMETERS = {"tau_dAP": 23.0, "t_ref": 6.0, "tau_h": 90.0}


class Cell:
    """Currents are sums over arrivals; the potential takes 10 Runge-Kutta steps in each time step."""

    def __init__(self, p):
        self.p = p
        self.arrived = {"exc": [], "inh": [], "dendrite": []}
        self.dendritic_spikes, self.plateau_until, self.held_until, self.V_m = [], -1, -1, p.E_L

    def I_dend(self, t):
        if t < self.plateau_until * DT:
            return self.p.I_dAP
        age = [((t - at) / self.p.tau_syn_dend, weight) for at, weight in self.arrived["dendrite"]]
        return sum(weight * x * math.exp(1.0 - x) for x, weight in age)

    def current(self, t):
        exponential = sum(
            weight * math.exp(-(t - at) / tau)
            for port, tau in (("exc", self.p.tau_syn_exc), ("inh", self.p.tau_syn_inh))
            for at, weight in self.arrived[port]
        )
        return exponential + self.I_dend(t)

    def slope(self, t, V_m):
        return (self.p.E_L - V_m) / self.p.tau_m + self.current(t) / self.p.C_m

    def step(self, step, arriving):
        """Advance to the end of a step, in which `arriving` arrives: (port, weight). Which events there were."""
        begin, end = (step - 1) * DT, step * DT
        h = DT / 10
        for k in range(10 if step > self.held_until else 0):
            # The clamp ends at an instant that belongs to the step after it.
            t, later = begin + k * h + 1e-9, begin + (k + 1) * h - 1e-9
            a = self.slope(t, self.V_m)
            b = self.slope(t + h / 2, self.V_m + h / 2 * a)
            c = self.slope(t + h / 2, self.V_m + h / 2 * b)
            self.V_m += h / 6 * (a + 2 * b + 2 * c + self.slope(later, self.V_m + h * c))
        plateau = step <= self.plateau_until
        for port, weight in arriving:
            if port != "dendrite" or not (plateau or step <= self.held_until):
                self.arrived[port].append((end, weight))
        if self.V_m >= self.p.V_th:
            self.V_m, self.held_until, self.plateau_until = self.p.V_reset, step + round(self.p.t_ref / DT), -1
            self.arrived["dendrite"] = []
            return "spike"
        if not plateau and self.I_dend(end) > self.p.theta_dAP:
            self.dendritic_spikes.append(end)
            self.plateau_until = step + round(self.p.tau_dAP / DT)
            self.arrived["dendrite"] = []
            return "plateau"
        return ""

    def z(self, t):
        return sum(math.exp(-(t - at) / self.p.tau_h) for at in self.dendritic_spikes if at < t - DT / 2)


def test_a_dendrite_that_spikes_is_what_the_sum_of_all_that_arrives_says():
    generator = np.random.default_rng(3)
    arrivals = [
        (int(step), port, weight * generator.uniform(0.5, 1.5))
        for port, weight, n in (("exc", 1500.0, 70), ("inh", -400.0, 20), ("dendrite", 30.0, 170))
        for step in generator.integers(10, STEPS, n)
    ]
    neuron = sl.LIFDendriticSpike(**PARAMETERS)
    net = sl.Network(dt=DT)
    cell = net.population(1, neuron, name="cell")
    for port in ("exc", "inh", "dendrite"):
        mine = [(step, weight) for step, name, weight in arrivals if name == port]
        source = net.population(len(mine), sl.SpikeList([(step - 1) * DT for step, _ in mine], np.arange(len(mine))))
        net.connect(source, cell, port, weight=np.array([[weight] for _, weight in mine]), delay=DT)
    net.record(cell, ["spikes", "plateaus", "V_m", "I_dend", "z"])
    run = net.run(STEPS * DT)

    reference, expected, events = Cell(neuron.parameters), [], {"spike": [], "plateau": [], "": []}
    for step in range(1, STEPS + 1):
        events[reference.step(step, [(port, weight) for at, port, weight in arrivals if at == step])].append(step)
        # at its own end a dendritic spike has not been clamped yet, and a plateau still is
        t = step * DT
        shown = reference.p.I_dAP if step <= reference.plateau_until and step not in events["plateau"] else None
        expected.append((reference.V_m, shown, reference.z(t), reference.I_dend(t)))
    assert len(events["spike"]) >= 10 and len(events["plateau"]) >= 8
    for kind in ("spike", "plateau"):
        EXACT.check(steps_of(run.spikes(cell, kind).times, DT), events[kind])
    crossing = np.isin(np.arange(1, STEPS + 1), events["plateau"])
    found = {name: run.trace(cell, name).values[:, 0] for name in ("V_m", "I_dend", "z")}
    # ten steps of fourth order a step, of currents that change by a tenth of their size in one
    METHOD(4, DT / 10, 100.0).check(found["V_m"], [row[0] for row in expected])
    ULP(30_000, 10.0).check(found["z"], [row[2] for row in expected])
    I_dend = np.array([row[3] if row[1] is None else row[1] for row in expected])
    ULP(30_000, 200.0).check(found["I_dend"][~crossing], I_dend[~crossing])
    assert np.all(found["I_dend"][crossing] > reference.p.theta_dAP) and np.all(
        found["I_dend"][crossing] < reference.p.I_dAP
    )
