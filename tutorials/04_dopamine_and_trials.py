"""
Dopamine and trials
===================

A network that is rewarded for an answer: trials, a reward that depends on spikes, and
eligibility that bridges the delay.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

# %%
# A modulator
# -----------
#
# A modulator is a concentration that decays and that anything may raise: given times, spikes of a
# population, or a function. `sl.DopamineSTDP` turns pairs of spikes into an eligibility, and
# eligibility times dopamine into weight. Here one network answers two stimuli with two groups of
# cells.

net = sl.Network(dt=0.5, seed=1)
dopamine = net.modulator("dopamine", tau=50)
stimuli = net.population(60, sl.Poisson(0.0), name="stimuli")  # 30 for each
cells = net.population(20, sl.LIF(), name="cells")  # 10 for each answer
rule = sl.DopamineSTDP(dopamine, A_plus=1.0, A_minus=0.3, tau_c=200, W_max=200)
learned = net.connect(stimuli, cells, weight=sl.Uniform(60, 100), delay=1.0, plasticity=rule)
left, right = cells[:10], cells[10:]
net.connect(left, right, "inh", weight=-100, delay=1.0)
net.connect(right, left, "inh", weight=-100, delay=1.0)
net.drive(cells, sl.PoissonInput(1000), weight=25)

# %%
# Trials
# ------
#
# A trial is a sequence of phases. In a phase rates, currents and learning can be set, one value
# per trial; at its end a callback may look at what happened. Callbacks are plain functions on
# numbers and arrays; they are compiled and run inside the loop, so that thousands of trials are
# one call.

N = 400
shown = np.random.default_rng(1).integers(0, 2, N)
rates = np.where((np.arange(60) < 30) == (shown[:, None] == 0), 40.0, 2.0)  # Hz, (trials, inputs)
answers, rewards = np.zeros(N), np.zeros(N)


def judge(trial, phase, left, right, shown, answers, rewards, release):
    """The answer is the group with more spikes; dopamine rises if it is right and falls if not."""
    answers[trial] = 0 if left.sum() > right.sum() else 1
    rewards[trial] = 1.0 if answers[trial] == shown[trial] else -1.0
    release[0] += 0.02 * rewards[trial]


callback = sl.Callback(
    judge, (left.counts(), right.counts(), shown, answers, rewards, dopamine.release)
)
show = sl.Phase(200.0, rates={stimuli: rates}, callback=callback)
pause = sl.Phase(200.0, rates={stimuli: 2.0})
net.record(dopamine, every=5)
net.record(cells)
run = net.run(trials=sl.Trials([show, pause], n=N, labels=shown))

# %%
# What it learned
# ---------------

right_share = np.convolve(rewards > 0, np.ones(40) / 40, "valid")
_, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
axes[0].plot(np.arange(len(right_share)) + 40, right_share)
axes[0].axhline(0.5, color="0.8")
axes[0].set(xlabel="trial", ylabel="right, of the last 40", ylim=(0, 1))
weights = run.synapses(learned).matrix((60, 20))
axes[1].imshow(weights.T, aspect="auto", cmap="cividis")
axes[1].set(xlabel="input", ylabel="cell", title="weights")
plt.show()

# %%
# A control
# ---------
#
# Rewards that do not depend on the answer must teach nothing. `net.reset(keep_weights=False)` goes
# back to the start; the callback is the same, but rewards are those of the first run in another
# order.

given = np.random.default_rng(2).permutation(rewards)


def pay(trial, phase, left, right, shown, answers, given, release):
    answers[trial] = 0 if left.sum() > right.sum() else 1
    release[0] += 0.02 * given[trial]


net.reset(keep_weights=False)
control = np.zeros(N)
callback = sl.Callback(
    pay, (left.counts(), right.counts(), shown, control, given, dopamine.release)
)
net.run(trials=sl.Trials([sl.Phase(200.0, rates={stimuli: rates}, callback=callback), pause], n=N))
print(f"the last 100 trials: {np.mean(rewards[-100:] > 0):.0%} right")
print(f"with shuffled rewards: {np.mean(control[-100:] == shown[-100:]):.0%} right")

# %%
# What to try
# -----------
#
# - Reward later: put a phase of 500 ms between the answer and the reward, and make `tau_c` longer.
# - Let the better answer change after half of the trials.
# - `sl.Environment` holds state of its own between trials: see the tutorial on closed loops.
