"""
A closed loop with an environment
=================================

A network that acts, sees what its actions did, and is rewarded for it.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

# %%
# The world
# ---------
#
# A corridor of six places. The animal starts in the first; in the last there is food. Every 100 ms
# it goes a step to the right or to the left, by which of two groups of cells has fired more. An
# environment is made of small functions that are compiled with the loop: `act` changes its state;
# `reward`, `observe` and `done` read it.

PLACES = 6


def step(state, n, left, right):
    """A step, by the group that fired more; at random if neither did."""
    toss = 0.5 * sl.random_uniform(1, 0, n) - 0.25
    direction = 1.0 if right.sum() + toss > left.sum() else -1.0
    state[0] = min(max(state[0] + direction, 0.0), 5.0)
    state[1] += 1.0


def reward(state):
    return 1.0 if state[0] == 5.0 else 0.0


def see(state, rates):
    """Place cells fire where the animal is."""
    for i in range(len(rates)):
        rates[i] = 60.0 if i // 10 == int(state[0]) else 0.0


def arrived(state):
    return state[0] == 5.0 or state[1] >= 60.0


def start_again(state, n):
    state[0] = 0.0
    state[1] = 0.0


corridor = sl.Environment(
    state=[0.0, 0.0], act=step, reward=reward, observe=see, done=arrived, reset=start_again
)

# %%
# The network
# -----------
#
# Place cells drive two groups of action cells, which inhibit each other. Dopamine follows the
# reward, and eligibility of pairs that were active remembers for a while which synapses led to it.

net = sl.Network(dt=0.5, seed=1)
place = net.population(10 * PLACES, sl.Poisson(0.0), name="place cells")
action = net.population(20, sl.LIF(), name="action cells")
left, right = action[:10], action[10:]
dopamine = net.modulator("dopamine", tau=50)
rule = sl.DopamineSTDP(dopamine, A_plus=0.5, A_minus=0.2, tau_c=400, W_max=250)
learned = net.connect(place, action, weight=sl.Uniform(100, 140), delay=1.0, plasticity=rule)
net.connect(left, right, "inh", weight=-150, delay=1.0)
net.connect(right, left, "inh", weight=-150, delay=1.0)
net.drive(action, sl.PoissonInput(1000), weight=25)

world = net.environment(
    corridor,
    action=[left.counts(), right.counts()],
    observation=place.rates,
    release=dopamine,
    every=100.0,
    name="corridor",
)
net.record(world.state, every=100.0)
net.record(action)

# %%
# Acting and learning
# -------------------
#
# The whole loop is compiled: an hour of behaviour is one call.

run = net.run(240_000)
state = run.trace(world.state, "value").values
position, steps = state[:, 0], state[:, 1]
ends = np.flatnonzero(np.diff(steps) < 0)
lengths = steps[ends] + 1
_, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
axes[0].plot(position[:120])
axes[0].plot(np.arange(120), position[-120:])
axes[0].set(xlabel="step", ylabel="place", title="the first and the last 120 steps")
axes[1].plot(lengths, ".")
axes[1].axhline(5, color="0.8")
axes[1].set(xlabel="episode", ylabel="steps to the food")
plt.show()
first, last = lengths[:10].mean(), lengths[-10:].mean()
print(f"{first:.1f} steps in the first ten episodes, {last:.1f} in the last ten")

# %%
# A control
# ---------
#
# The same network without plasticity walks at random for ever:

net.reset(keep_weights=False)
net.set(learned, A_plus=0.0, A_minus=0.0)
steps = net.run(240_000).trace(world.state, "value").values[:, 1]
without = steps[np.flatnonzero(np.diff(steps) < 0)] + 1
print(f"without learning {np.mean(without[-10:]):.1f} in the last ten")

# %%
# What to try
# -----------
#
# - `sl.PythonEnvironment("CartPole-v1", decode=...)` takes environments of Gymnasium.
# - `net.every(10, act)` calls a function in Python every 10 ms, for loops that need no more than
#   that.
# - `spikelearn run td_track` and `td_grid` are published models of an actor and a critic in
#   spikes.
