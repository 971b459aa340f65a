"""References of the plasticity rules that know no traces: at each event they look back at every earlier one.

The order of events is that of step_by_step.Learning: with a dendritic delay a post event comes first and a coincident
pair does not interact, without one the arrival comes first and the post event pairs with it.
"""

import math

from naive.parrots import turning
from naive.step_by_step import Learning, Synapse


class PairByPair:
    """The synapses of one projection. A subclass says what the weight becomes at an arrival and at a post event.

    `past` is all that has happened at the synapse, in order: ("pre" or "post", step). Ages are in ms.
    """

    def __init__(self, synapses, dendritic, dt, W_min=0.0, W_max=100.0, **parameters):
        self.synapses = [Synapse(*s) for s in synapses]
        self.dendritic, self.dt, self.W_min, self.W_max = dendritic, dt, W_min, W_max
        for name, value in parameters.items():
            setattr(self, name, value)

    def run(self, pre_spikes, post_spikes, n_steps, plastic=lambda step: True):
        """pre_spikes, post_spikes: sets of (step, id). plastic: the factor of what changes in a step; True is 1."""
        for synapse in self.synapses:
            arrivals = {step + synapse.delay - self.dendritic for step, i in pre_spikes if i == synapse.pre}
            posts = {step + self.dendritic for step, j in post_spikes if j == synapse.post}
            order = (("post", posts), ("pre", arrivals)) if self.dendritic else (("pre", arrivals), ("post", posts))
            self.past = []
            for self.step in range(1, n_steps + 1):
                for kind, steps in order:
                    if self.step not in steps:
                        continue
                    changed = self.at_pre if kind == "pre" else self.at_post
                    change = changed(synapse.weight) - synapse.weight
                    synapse.weight = self.clip(synapse.weight + plastic(self.step) * change)
                    self.past.append((kind, self.step))
                    if kind == "pre":
                        synapse.sent[self.step + self.dendritic] = self.transmitted(synapse.weight)

    def transmitted(self, weight):
        return weight

    def clip(self, weight):
        return min(max(weight, self.W_min), self.W_max)

    def ages(self, kind, since=None):
        """Of the earlier events of a kind, oldest first; `since`: only those after the last event of that other kind.

        An arrival does not see the post event of its own step.
        """
        past = self.past
        if since is not None:
            last = max((k for k, (other, _) in enumerate(past) if other == since), default=-1)
            past = past[last + 1 :]
        ages = [(self.step - step) * self.dt for other, step in past if other == kind]
        return [age for age in ages if age > 0] if kind == "post" else ages

    inputs = Learning.inputs
    weights = Learning.weights


def summed(ages, tau):
    return sum(math.exp(-age / tau) for age in ages)


def nearest(ages, tau):
    return summed(ages[-1:], tau)


class STDP(PairByPair):
    def depressed(self, weight, K_minus):
        return weight - self.alpha * self.lambda_ * self.W_max * (weight / self.W_max) ** self.mu_minus * K_minus

    def potentiated(self, weight, K_plus):
        return weight + self.lambda_ * self.W_max * (1 - weight / self.W_max) ** self.mu_plus * K_plus

    def at_pre(self, weight):
        return self.depressed(weight, summed(self.ages("post"), self.tau_minus))

    def at_post(self, weight):
        return self.potentiated(weight, summed(self.ages("pre"), self.tau_plus))


class PowerLawSTDP(STDP):
    def depressed(self, weight, K_minus):
        return weight - self.alpha * self.lambda_ * weight * K_minus

    def potentiated(self, weight, K_plus):
        return weight + self.lambda_ * self.w_0 * (weight / self.w_0) ** self.mu * K_plus


class NearestSTDP(STDP):
    def at_pre(self, weight):
        return self.depressed(weight, nearest(self.ages("post"), self.tau_minus))

    def at_post(self, weight):
        return self.potentiated(weight, nearest(self.ages("pre"), self.tau_plus))


class PreCentredSTDP(NearestSTDP):
    def at_post(self, weight):
        return self.potentiated(weight, summed(self.ages("pre", since="post"), self.tau_plus))


class ReducedSTDP(NearestSTDP):
    def at_pre(self, weight):
        return super().at_pre(weight) if self.past and self.past[-1][0] == "post" else weight

    def at_post(self, weight):
        return super().at_post(weight) if self.past and self.past[-1][0] == "pre" else weight


class TripletSTDP(PairByPair):
    total = staticmethod(summed)

    def at_pre(self, weight):
        slow = self.total(self.ages("pre"), self.tau_x)
        o1 = self.total(self.ages("post"), self.tau_minus)
        return weight - self.w_0 * o1 * (self.A2_minus + self.A3_minus * slow)

    def at_post(self, weight):
        slow = self.total(self.ages("post"), self.tau_y)
        r1 = self.total(self.ages("pre"), self.tau_plus)
        return weight + self.w_0 * r1 * (self.A2_plus + self.A3_plus * slow)


class NearestTripletSTDP(TripletSTDP):
    total = staticmethod(nearest)


class InhibitorySTDP(PairByPair):
    def at_pre(self, weight):
        return self.clip(weight + self.eta * summed(self.ages("post"), self.tau)) - self.alpha * self.eta

    def at_post(self, weight):
        return weight + self.eta * summed(self.ages("pre"), self.tau)


class ExpectationMaximization(PairByPair):
    def at_pre(self, weight):
        return weight

    def at_post(self, weight):
        active = any(age <= self.window for age in self.ages("pre"))
        return weight + self.eta * ((self.c * math.exp(-weight) if active else 0.0) - 1.0)


class StructuralSTDP(PairByPair):
    """z: that of TurningParrot, as it was at the target's spike, not when the spike reaches the synapse."""

    def transmitted(self, weight):
        return self.J_max if weight > self.P_theta else 0.0

    def at_pre(self, weight):
        return weight - self.W_max * self.lambda_minus

    def at_post(self, weight):
        arrivals = self.ages("pre")
        if not arrivals or not self.dt_min < arrivals[-1] < self.dt_max:
            return weight
        homeostasis = self.lambda_h * (self.z_target - turning(self.step - self.dendritic))
        return weight + self.W_max * (self.lambda_plus * summed(arrivals, self.tau_plus) + homeostasis)
