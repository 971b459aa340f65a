"""slow, obvious references of what the kernels do: plain Python, one event at a time, as soon as it happens, no tables.

Times are whole steps. All of them state the convention once more: a spike of step t arrives in step t + delay; a
synapse lies behind the axonal and before the dendritic delay, so that for it a pre event happens at t + axonal and a
post event at t + dendritic, and what it sends arrives `dendritic` later.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np


def delivered(synapses, spikes, n_targets, n_steps):
    """(n_steps, n_targets): what arrives in each step.

    synapses: (pre, post, weight, delay) each; spikes: (step, id) each.
    """
    inputs = np.zeros((n_steps, n_targets))
    for step, source in spikes:
        for pre, post, weight, delay in synapses:
            if pre == source and step + delay <= n_steps:
                inputs[step + delay - 1, post] += weight
    return inputs


def events_and_bursts(spike_steps, window):
    """Steps of events (a spike after more than a window of silence) and bursts (the second spike of such a group)."""
    groups = []
    for step in spike_steps:
        if groups and step - groups[-1][-1] <= window:
            groups[-1].append(step)
        else:
            groups.append([step])
    return [group[0] for group in groups], [group[1] for group in groups if len(group) > 1]


@dataclass
class Synapse:
    pre: int
    post: int
    weight: float
    delay: int  # from the spike to its arrival, dendritic part included
    K_plus: float = 0.0
    c: float = 0.0
    arrivals: list = field(default_factory=list)  # ms, so far
    sent: dict = field(default_factory=dict)  # step of arrival at the target -> what arrives


def tsodyks_markram(U, tau_rec, tau_fac):
    """A function that says how much of its weight a synapse releases at the last of its arrivals, listed in ms."""

    def released(arrivals):
        x, u = 1.0, U
        for interval in np.diff(arrivals):
            x = 1.0 + (x - x * u - 1.0) * math.exp(-interval / tau_rec)
            u = U + u * (1.0 - U) * math.exp(-interval / tau_fac)
        return x * u

    return released


class Learning:
    """The synapses of one projection. Every trace, eligibility and weight moves in every step.

    Order of coincident events: with a dendritic delay neither sees the other; without one the post event sees the pre.
    share: how much of its weight a synapse releases, given its arrivals until then; by default all of it.
    """

    def __init__(
        self, synapses, dendritic, dt, tau_plus=20.0, tau_minus=None, nearest=False, W_min=0.0, W_max=100.0,
        share=lambda arrivals: 1.0,
    ):  # fmt: skip
        self.share = share
        self.synapses = [Synapse(*s) for s in synapses]
        self.K_minus = defaultdict(float)
        self.dendritic, self.dt, self.nearest = dendritic, dt, nearest
        self.tau_plus, self.tau_minus = tau_plus, tau_minus
        self.W_min, self.W_max = W_min, W_max

    def at_pre(self, synapse, K_minus):
        raise NotImplementedError

    def at_post(self, synapse, K_plus, mean_K_plus):
        raise NotImplementedError

    def pass_time(self):
        pass

    def clip(self, weight):
        return min(max(weight, self.W_min), self.W_max)

    def jump(self, trace):
        return 1.0 if self.nearest else trace + 1.0

    def run(self, pre_spikes, post_spikes, n_steps, plastic=lambda step: True):
        """pre_spikes, post_spikes: sets of (step, id). plastic: the factor of what changes in a step; True is 1."""
        for step in range(1, n_steps + 1):
            self.plastic = plastic(step)
            for synapse in self.synapses:
                synapse.K_plus *= math.exp(-self.dt / self.tau_plus)
            for post in self.K_minus if self.tau_minus else ():
                self.K_minus[post] *= math.exp(-self.dt / self.tau_minus)
            self.pass_time()
            arriving = [s for s in self.synapses if (step - (s.delay - self.dendritic), s.pre) in pre_spikes]
            emitting = sorted({s.post for s in self.synapses if (step - self.dendritic, s.post) in post_spikes})
            before = {id(s): s.K_plus for s in self.synapses}
            if self.dendritic > 0:
                self.post_events(emitting, before)
            for synapse in arriving:
                self.scaled(synapse, self.at_pre, self.K_minus[synapse.post])
                synapse.arrivals.append(step * self.dt)
                synapse.sent[step + self.dendritic] = self.clip(synapse.weight) * self.share(synapse.arrivals)
                synapse.K_plus = self.jump(synapse.K_plus)
            if self.dendritic == 0:
                self.post_events(emitting, {id(s): s.K_plus for s in self.synapses})
            if self.tau_minus is not None:
                for post in emitting:
                    self.K_minus[post] = self.jump(self.K_minus[post])
            self.end_step(step)

    def end_step(self, step):
        pass

    def post_events(self, emitting, K_plus):
        mean = sum(K_plus.values()) / max(1, len(K_plus))
        for synapse in self.synapses:
            if synapse.post in emitting:
                self.scaled(synapse, self.at_post, K_plus[id(synapse)], mean)

    def scaled(self, synapse, event, *traces):
        """What an event changes, times the factor of this step."""
        weight, c = synapse.weight, synapse.c
        event(synapse, *traces)
        synapse.weight = self.clip(weight + self.plastic * (synapse.weight - weight))
        synapse.c = c + self.plastic * (synapse.c - c)

    def inputs(self, n_targets, n_steps):
        total = np.zeros((n_steps, n_targets))
        for synapse in self.synapses:
            for step, weight in synapse.sent.items():
                if step <= n_steps:
                    total[step - 1, synapse.post] += weight
        return total

    @property
    def weights(self):
        return np.array([self.clip(s.weight) for s in self.synapses])

    @property
    def eligibilities(self):
        return np.array([s.c for s in self.synapses])


class PairSTDP(Learning):
    def __init__(self, *args, lambda_, alpha, mu_plus, mu_minus, **kwargs):
        super().__init__(*args, **kwargs)
        self.lambda_, self.alpha, self.mu_plus, self.mu_minus = lambda_, alpha, mu_plus, mu_minus

    def at_pre(self, synapse, K_minus):
        step = self.alpha * self.lambda_ * self.W_max * (synapse.weight / self.W_max) ** self.mu_minus * K_minus
        synapse.weight = self.clip(synapse.weight - step)

    def at_post(self, synapse, K_plus, mean_K_plus):
        step = self.lambda_ * self.W_max * (1 - synapse.weight / self.W_max) ** self.mu_plus * K_plus
        synapse.weight = self.clip(synapse.weight + step)


class GatheredSTDP(PairSTDP):
    """What events change is added up, and to the weight at the end of every so many steps in which it is plastic."""

    def __init__(self, *args, every, **kwargs):
        super().__init__(*args, **kwargs)
        self.every, self.gathered = every, {id(synapse): 0.0 for synapse in self.synapses}

    def clip(self, weight):
        return weight

    def scaled(self, synapse, event, *traces):
        weight = synapse.weight
        event(synapse, *traces)
        self.gathered[id(synapse)] += self.plastic * (synapse.weight - weight)
        synapse.weight = weight

    def end_step(self, step):
        if step % self.every == 0 and self.plastic:
            for synapse in self.synapses:
                synapse.weight = min(max(synapse.weight + self.gathered[id(synapse)], self.W_min), self.W_max)
                self.gathered[id(synapse)] = 0.0


class Modulated(Learning):
    """Eligibility times dopamine, integrated step by step; clipped in every step, and where dopamine decays to b."""

    def __init__(self, *args, A_plus, A_minus=0.0, tau_c, tau_n, b, released, levels=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.A_plus, self.A_minus, self.tau_c, self.tau_n, self.b = A_plus, A_minus, tau_c, tau_n, b
        self.released, self.n, self.step = released, 0.0, 0  # step -> amount
        self.levels = {} if levels is None else levels  # step -> level that is set at its end

    def pass_time(self):
        self.step += 1
        n_after = self.n * math.exp(-self.dt / self.tau_n)
        parts = [self.dt]
        if self.b != 0.0 and self.n / self.b > 1.0 > n_after / self.b:
            until_b = self.tau_n * math.log(self.n / self.b)
            parts = [until_b, self.dt - until_b]
        for part in parts:
            s = 1.0 / self.tau_c + 1.0 / self.tau_n
            with_n = self.n * (1.0 - math.exp(-part * s)) / s
            with_b = self.b * self.tau_c * (1.0 - math.exp(-part / self.tau_c))
            for synapse in self.synapses:
                if self.plastic:
                    synapse.weight = self.clip(synapse.weight + synapse.c * (with_n - with_b))
                synapse.c *= math.exp(-part / self.tau_c)
            self.n *= math.exp(-part / self.tau_n)
        self.n = self.levels.get(self.step, self.n + self.released.get(self.step, 0.0))

    def at_pre(self, synapse, K_minus):
        synapse.weight = self.clip(synapse.weight)
        synapse.c -= self.A_minus * K_minus

    def at_post(self, synapse, K_plus, mean_K_plus):
        synapse.weight = self.clip(synapse.weight)
        synapse.c += self.A_plus * self.tagged(K_plus, mean_K_plus)

    def tagged(self, K_plus, mean_K_plus):
        return K_plus


class ModulatedWithRise(Modulated):
    """Steps of the eligibility are low-pass filtered: it is the difference of two exponentials, in two parts here."""

    def __init__(self, *args, tau_rise, **kwargs):
        super().__init__(*args, **kwargs)
        self.tau_rise, self.rising = tau_rise, {id(synapse): 0.0 for synapse in self.synapses}

    def pass_time(self):
        self.step += 1
        n_after = self.n * math.exp(-self.dt / self.tau_n)
        parts = [self.dt]
        if self.b != 0.0 and self.n / self.b > 1.0 > n_after / self.b:
            until_b = self.tau_n * math.log(self.n / self.b)
            parts = [until_b, self.dt - until_b]
        for part in parts:
            of_decay, of_rise = (
                self.n * (1.0 - math.exp(-part * (1.0 / tau + 1.0 / self.tau_n))) / (1.0 / tau + 1.0 / self.tau_n)
                - self.b * tau * (1.0 - math.exp(-part / tau))
                for tau in (self.tau_c, self.tau_rise)
            )
            for synapse in self.synapses:
                rising = self.rising[id(synapse)]
                if self.plastic:
                    synapse.weight = self.clip(synapse.weight + (synapse.c + rising) * of_decay - rising * of_rise)
                synapse.c += rising
                synapse.c *= math.exp(-part / self.tau_c)
                self.rising[id(synapse)] = rising * math.exp(-part / self.tau_rise)
                synapse.c -= self.rising[id(synapse)]
            self.n *= math.exp(-part / self.tau_n)
        self.n = self.levels.get(self.step, self.n + self.released.get(self.step, 0.0))

    def scaled(self, synapse, event, *traces):
        c = synapse.c
        super().scaled(synapse, event, *traces)
        self.rising[id(synapse)] += (synapse.c - c) * self.tau_c / (self.tau_c - self.tau_rise)
        synapse.c = c


class ModulatedByMean(Modulated):
    def at_pre(self, synapse, K_minus):
        synapse.weight = self.clip(synapse.weight)

    def tagged(self, K_plus, mean_K_plus):
        return K_plus - mean_K_plus
