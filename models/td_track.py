"""Temporal differences in spikes: the value of places on a track, and dopamine that moves from the reward to the cue.

Fremaux, N., Sprekeler, H. & Gerstner, W. (2013). Reinforcement learning using a continuous time actor-critic framework
with spiking neurons. PLoS Computational Biology 9:e1003024. The critic of that paper; the agent runs by itself.

In each trial the agent runs along a track at a constant speed and finds a reward at its end. Place cells tell where it
is, and excite the cells of a critic. Filtered with kappa(t) = (exp(-t/tau_kappa) - exp(-t/nu_kappa))/(tau_kappa -
nu_kappa), the critic's spikes are the value V = nu rho + V_0, with rho the mean rate (Eq. 8), and dopamine signals how
much this value is wrong, delta = V' - V/tau_r + r (Eq. 7). A synapse learns by w' = eta delta e, with an eligibility e
of the target's spikes times the potential that its own arrivals cause, filtered with kappa too (Eq. 17). Kappa is the
same in all three: with an eligibility that jumps, as one that only decays does, the critic runs away.

What must come out, in the last 20 trials. The value follows the discounted reward that is still to come, with a
correlation of at least 0.9 and a root-mean-square error of at most 0.15 of the peak, and starts and ends within 20 % of
it. The response of dopamine moves to the cue, as Schultz found: that to the reward has almost vanished, that to the cue
has come, and where a reward is left out dopamine falls below its baseline. Control: dopamine signals the reward itself,
delta = r. The value then grows without limits to where the weights end, and delta does not respond to the cue.

What differs from the paper. The track takes 4 s, and tau_r is 2 s; V is as late as kappa is long, 250 ms, so that on a
shorter track it correlates less, whatever it has learned. Reward arrives as kappa(t), as in the paper, and the value
expected is that of reward as it arrives. Learning begins when the first trial does. The critic's cells are SRM0 neurons
with the paper's escape rate; the potential that an arrival causes is not reset at a spike of the target.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.experiments import Published, parameter

LEAD = 3000.0
"""ms before the first trial, in which the rate of the critic settles, unlearned."""
AFTER = 1500.0
"""ms after a reward that still belong to its trial."""
WINDOW = 800.0
"""ms from the cue or the reward on in which the response of dopamine is averaged."""


@dataclass(frozen=True)
class Parameters:
    n_trials: int = parameter(120, "", "number of trials")
    measured: int = parameter(20, "", "the last so many trials are measured, and the first for comparison")
    omissions: int = parameter(5, "", "trials without a reward, after all others")
    running: float = parameter(4000.0, "ms", "how long the agent runs along the track")
    tau_r: float = parameter(2000.0, "ms", "time constant of discounting")
    tau_kappa: float = parameter(200.0, "ms", "time constant with which kappa decays")
    nu_kappa: float = parameter(50.0, "ms", "time constant with which it rises")
    n_places: int = parameter(41, "", "place cells, evenly along the track")
    place_rate: float = parameter(500.0, "Hz", "rate of all place cells together")
    place_width: float = parameter(0.05, "", "standard deviation of a place field, in lengths of the track")
    n_critic: int = parameter(100, "", "cells of the critic")
    nu: float = parameter(0.02, "1/Hz", "value for each Hz of their mean rate")
    baseline: float = parameter(20.0, "Hz", "their rate at which the value is 0: V_0 = -nu baseline")
    background: float = parameter(20.0, "Hz", "rate of each of 25 sources that drive the critic between trials")
    weight: float = parameter(1.0, "mV", "from a source to a critic cell at the start; 10 % either way")
    W_max: float = parameter(5.0, "mV", "largest weight; the smallest is 0")
    eta: float = parameter(8e-5, "mV", "learning rate")


QUICK = {"n_trials": 30, "measured": 5, "omissions": 2, "eta": 2.4e-4}
SEEDS = 5
PUBLISHED = {
    "value_correlation": Published("at least 0.9", low=0.9, source="chosen here; Fremaux et al. 2013, Fig. 3"),
    "value_rmse": Published("at most 0.15 of the peak", high=0.15, source="chosen here"),
    "value_ratio": Published("1: V(0)/V(T) as expected, within 20 %", low=0.8, high=1.2, source="chosen here"),
    "delta_reward_ratio": Published("vanishes: at most 0.3 of what it was", high=0.3, source="Schultz et al. 1997"),
    "delta_cue": Published("comes: more than 0.3 /s", low=0.3, source="Schultz et al. 1997"),
    "delta_omission": Published("below 0", high=-0.1, source="Schultz et al. 1997"),
    "control_delta_cue": Published("none", low=-0.1, high=0.1, source="control: delta = r"),
}
