"""REINFORCE: cells act by chance, and learn from reward by what they did beyond what was likely.

Williams 1992, Mach. Learn. 8:229; in spiking cells Xie & Seung 2004, Phys. Rev. E 69:041909, and Florian 2007, Neural
Comput. 19:1468. A hidden cell fires in each step with probability p = 1/(1 + exp(-(V_m - V_th)/Delta_V)). A readout
cell receives a number xi, which is drawn for each try and stays while it lasts. Eligibilities grow in each
step by

    (s - p)/Delta_V x    and    xi/sigma x_i,

x the input from the source, filtered as by the membrane, x_i what arrives, s the spikes of the target, sigma the
standard deviation of xi. Both are derivatives by the weight of the logarithm of the probability of what the target did
(the second times sigma). So the weights go, on average over what cells may do, up the gradient of the expected reward.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.description.population import Modulator
from spikelearn.learning.layers import TAU_M
from spikelearn.learning.reward_pairs import HiddenScore, RewardPairs
from spikelearn.plasticity.rule import Plasticity


@dataclass(eq=False, repr=False)
class Reinforce(RewardPairs):
    """REINFORCE, each try compared with another of the same stimulus."""

    learning_rate: float | tuple[float, float] = (0.15, 0.15)

    def hidden_rule(self, reward: Modulator, eta: float) -> Plasticity:
        return HiddenScore(reward, eta=eta, tau=TAU_M)
