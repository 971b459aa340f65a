"""
Own rules: plasticity and connections
=====================================

A plasticity rule is traces and two functions; a connection rule is data and one function. Both
are compiled.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl
from spikelearn.kernels.random import uniform
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight

# %%
# A plasticity rule
# -----------------
#
# Inhibitory plasticity after Vogels et al. 2011: an inhibitory synapse grows if its target fires
# with it, and shrinks by a constant at each arrival, so that the target comes to fire at a rate of
# its own. Parameters have unit and meaning in their annotation, once.


class InhibitoryParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 1.0
    alpha: Annotated[number, "depression at each arrival: 2 * target rate * tau"] = 0.2
    tau: Annotated[ms, "time constant of both traces"] = 20.0
    W_min: Annotated[weight, "strongest inhibition"] = -400.0
    W_max: Annotated[weight, "weakest"] = 0.0


def on_pre(weight, K_pre, K_post, eta, alpha):
    """At an arrival."""
    return weight - eta * (K_post - alpha)


def on_post(weight, K_pre, K_post, eta, alpha):
    """At a spike of the target."""
    return weight - eta * K_pre


Inhibitory = sl.PlasticityRule(
    "Inhibitory",
    InhibitoryParameters,
    pre=(Trace("K_pre", "tau"),),
    post=(Trace("K_post", "tau"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=lambda p, dt: {"eta": p.eta, "alpha": p.alpha},
)

# %%
# Cells with different drive come to fire at the same rate, 5 Hz, since each finds the inhibition
# that it needs:

net = sl.Network(dt=0.1, seed=1)
cells = net.population(20, sl.LIF(I_e=np.linspace(250, 450, 20)), name="cells")
net.drive(cells, sl.PoissonInput(2000), weight=25)
inhibition = net.population(100, sl.Poisson(rate=20), name="inhibition")
learned = net.connect(
    inhibition, cells, "inh", weight=-1, delay=1.0, plasticity=Inhibitory(eta=0.5), name="learned"
)
net.record(cells)
run = net.run(20_000)

early, late = (
    sl.analysis.rates_per_neuron(run.spikes(cells), 20, start, start + 5000)
    for start in (0, 15_000)
)
_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(np.linspace(250, 450, 20), early, "o-", label="first 5 s")
axes.plot(np.linspace(250, 450, 20), late, "o-", label="last 5 s")
axes.axhline(5, color="0.8")
axes.set(xlabel="current into the cell (pA)", ylabel="rate (Hz)")
axes.legend(frameon=False)
plt.show()

# %%
# The same from equations
# -----------------------
#
# Without functions, in Brian2's syntax:

FromText = sl.PlasticityRule.from_equations(
    """
    dK_pre/dt = -K_pre/tau : 1 (event-driven)
    dK_post/dt = -K_post/tau : 1 (event-driven)
    """,
    on_pre="K_pre += 1; w -= eta*(K_post - alpha)",
    on_post="K_post += 1; w -= eta*K_pre",
    parameters={"eta": 0.5, "alpha": 0.2, "tau": (20, "ms"), "W_min": -400, "W_max": 0},
)
print(FromText.source[:600])

# %%
# A connection rule
# -----------------
#
# `row` writes the partners of one neuron; random numbers depend on the seed, the projection and
# the row, so that any engine and any number of threads make the same synapses. This one is a small
# world: the next k neurons on a ring, some of them replaced by any other.


@dataclass(frozen=True)
class SmallWorld(sl.ConnectionRule):
    """To the k that follow on a ring; with probability p to any other instead."""

    k: int
    p: float
    by_source = True

    @staticmethod
    def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
        k = int(numbers[0])
        for i in range(k):
            far = uniform(start, increment, 2 * i) < numbers[1]
            draw = uniform(start, increment, 2 * i + 1)
            shift = 1 + (int(draw * (n_partners - 1)) if far else i)
            partners[i] = (row + shift) % n_partners
        return k

    def rows(self, ends):
        return sl.Rows(np.array([self.k, self.p]), degrees=np.array([self.k]))


net = sl.Network(dt=0.1, seed=1)
ring = net.population(100, sl.LIF(), name="ring")
_, axes = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained", sharey=True)
for ax, p in zip(axes, (0.0, 0.1, 1.0), strict=True):
    made = net.connect(ring, ring, rule=SmallWorld(k=8, p=p), weight=20).synapses()
    ax.plot(made.post, made.pre, ".", ms=1.5)
    ax.set(title=f"p = {p:g}", xlabel="target", aspect="equal")
axes[0].set_ylabel("source")
plt.show()

# %%
# What to try
# -----------
#
# - A rule that reads the potential of its target is a `sl.SignalRule`; a function of each synapse
#   and step a `sl.StepRule`.
# - Connection rules may depend on positions: `sl.DistanceProbability(sl.GaussianProfile(0.5,
#   sigma=0.1))`.
# - Without a rule: `sl.Where("abs(i - j) < 5")`, `sl.FixedProbability("0.3*exp(-abs(i -
#   j)/10.)")`.
