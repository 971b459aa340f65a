"""A slow, obvious reference for rules that learn from a signal of the target: every synapse moves in every step.

The convention, once more. Step k ends at k dt. For a synapse with a dendritic delay of d steps a pre event happens when
it has passed the axon, and the signal of the target's step e comes back in step e + d.
In a step, in this order: 1. the trace of the source and the eligibility decay, and the weight takes what the modulator
made of the eligibility meanwhile; 2. with d > 0, the signal that comes back now meets the trace; 3. a pre event finds
the target as it was in the last step (d = 0) or as it comes back now, changes the weight, sends it, and makes the trace
jump; 4. with d = 0, the signal of this step meets the trace.
"""

import math
from dataclasses import dataclass, field

import numpy as np


def plain(function):
    """The function in plain Python."""
    return getattr(function, "py_func", function)


@dataclass
class SignalSynapse:
    pre: int
    post: int
    weight: float
    axonal: int
    x: list
    c: float = 0.0  # what decays with tau_c
    rising: float = 0.0  # what is taken from it, and decays with tau_rise
    arrivals: list = field(default_factory=list)  # ms, so far
    sent: dict = field(default_factory=dict)  # step of arrival at the target -> what arrives


class SignalLearning:
    """signal(step, post): what a trace of 1 takes in. at_pre(synapse, step): an arrival, the target as of `step`.

    third: (steps, n), a third factor that each target has at the end of each step, in place of a modulator.

    share: how much of its weight a synapse releases, given its arrivals until then; by default all of it.
    tau_rise: 0 for an eligibility that takes in everything at once.
    """

    def __init__(
        self, synapses, dendritic, dt, taus, W_min, W_max, tau_c=None, tau_n=None, b=0.0, released=None,
        amplitudes=None, hidden=False, share=lambda arrivals: 1.0, third=None,
        tau_rise=0.0,
    ):  # fmt: skip
        self.share, self.third, self.tau_rise = share, third, tau_rise
        self.synapses = [SignalSynapse(*s, [0.0] * len(taus)) for s in synapses]
        self.dendritic, self.dt, self.taus, self.W_min, self.W_max = dendritic, dt, taus, W_min, W_max
        self.tau_c, self.tau_n, self.b, self.released = tau_c, tau_n, b, released or {}
        self.hidden = hidden
        self.amplitudes = amplitudes or [1.0] * len(taus)
        self.n, self.limited = (0.0 if tau_n else 1.0), 0

    def signal(self, step, post):
        raise NotImplementedError

    def at_pre(self, synapse, step):
        pass

    def clip(self, weight):
        limited = min(max(weight, self.W_min), self.W_max)
        self.limited += limited != weight
        return limited

    def kept(self, weight):
        """What is left of a weight at an arrival: with hidden weights only what is sent is limited."""
        return weight if self.hidden else self.clip(weight)

    def value(self, synapse, step):
        """What the event that the source emitted in `step` carries."""
        return 1.0

    def run(self, pre_spikes, n_steps, plastic=lambda step: True, every=None):
        """pre_spikes: a set of (step, id). plastic: the factor of what changes in a step; True is 1.

        every: steps from one reading to the next, which go to `read` as (weights, eligibilities).
        """
        d, self.read = self.dendritic, []
        for step in range(1, n_steps + 1):
            self.plastic = plastic(step)
            for synapse in self.synapses:
                synapse.x = [x * math.exp(-self.dt / tau) for x, tau in zip(synapse.x, self.taus, strict=True)]
                if self.tau_c:
                    self.pass_time(synapse)
                if d > 0 and step - d > 0:
                    self.take(synapse, plastic(step - d) * self.x(synapse) * self.signal(step - d, synapse.post))
                    self.teach(synapse, step - d, plastic(step - d))
                if (step - synapse.axonal, synapse.pre) in pre_spikes:
                    synapse.weight = self.kept(synapse.weight)
                    weight, c = synapse.weight, synapse.c
                    self.at_pre(synapse, step - d if d > 0 else step - 1)
                    synapse.weight = self.kept(weight + self.plastic * (synapse.weight - weight))
                    step_of_c, synapse.c = self.plastic * (synapse.c - c), c
                    self.enter(synapse, step_of_c)
                    synapse.arrivals.append(step * self.dt)
                    value = self.value(synapse, step - synapse.axonal)
                    synapse.sent[step + d] = self.clip(synapse.weight) * self.share(synapse.arrivals) * value
                    synapse.x = self.jumped(synapse.x, value)
                if d == 0:
                    self.take(synapse, self.plastic * self.x(synapse) * self.signal(step, synapse.post))
                    self.teach(synapse, step, self.plastic)
            if self.tau_n:
                self.n = self.n * math.exp(-self.dt / self.tau_n) + self.released.get(step, 0.0)
            if every and step % every == 0:
                self.read.append((self.weights, self.eligibilities))

    def jumped(self, x, value):
        """The traces after an arrival."""
        return [trace + value for trace in x]

    def x(self, synapse):
        return sum(a * x for a, x in zip(self.amplitudes, synapse.x, strict=True))

    def pass_time(self, synapse):
        """w' = c (n - b) over one step; both decay."""
        for part, tau in ((synapse.c, self.tau_c), (-synapse.rising, self.tau_rise)):
            if part != 0.0 and self.plastic and self.third is None:
                s = 1.0 / tau + (1.0 / self.tau_n if self.tau_n else 0.0)
                with_n = self.n * (1.0 - math.exp(-self.dt * s)) / s
                with_b = self.b * tau * (1.0 - math.exp(-self.dt / tau))
                synapse.weight += part * (with_n - with_b)
        synapse.c *= math.exp(-self.dt / self.tau_c)
        synapse.rising *= math.exp(-self.dt / self.tau_rise) if self.tau_rise else 0.0

    def enter(self, synapse, amount):
        """What an eligibility takes in."""
        gain = self.tau_c / (self.tau_c - self.tau_rise) if self.tau_rise else 1.0
        synapse.c += gain * amount
        synapse.rising += gain * amount if self.tau_rise else 0.0

    def teach(self, synapse, step, plastic):
        """w' = c L, L of the target at the end of a step."""
        if self.third is not None and plastic:
            synapse.weight += (synapse.c - synapse.rising) * self.third[step - 1, synapse.post] * self.dt

    def take(self, synapse, amount):
        if self.tau_c:
            self.enter(synapse, amount)
        else:
            synapse.weight = self.kept(synapse.weight + amount)

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
        return np.array([s.c - s.rising for s in self.synapses])


class OwnFunctions(SignalLearning):
    """Any rule, by its own functions in plain Python. Limits hold at arrivals, as a SignalRule says.

    projection: as it was described. start, run: its network at time 0 and at the end. reads: variable -> (steps, n), at
    the end of each step. fired: kind -> {(step, post)}. carried: (steps, n), the payload of the source, or None.
    """

    def __init__(self, projection, start, run, dt, steps, reads, fired, tau_n=None, released=None, carried=None):
        rule, p = projection.plasticity.rule, projection.plasticity.parameters
        found = run.synapses(projection)
        axonal = np.round(found.delay / dt).astype(int) - projection.dendritic_steps
        synapses = zip(*(v.tolist() for v in (found.pre, found.post, start.weights(projection), axonal)), strict=True)
        super().__init__(
            synapses, projection.dendritic_steps, dt, [getattr(p, trace.tau) for trace in rule.pre], p.W_min, p.W_max,
            tau_c=p.tau_c if rule.has_eligibility else None, tau_n=tau_n if rule.modulated else None,
            b=p.b if rule.modulated else 0.0, released=released, amplitudes=[trace.amplitude for trace in rule.pre],
            hidden=rule.limits == "sent", third=reads.get(rule.modulated_by),
            tau_rise=getattr(p, "tau_rise", 0.0) if rule.has_eligibility else 0.0,
        )  # fmt: skip
        self.rule, self.reads, self.fired, self.signals, self.carried = rule, reads, fired, {}, carried
        self.constants = rule.constants(p, dt)
        neuron = projection.target.model
        at_start = {**dict.fromkeys(neuron.model.state, 0.0), **neuron.model.initial(neuron.parameters)}
        own = {v: at_start[s] if s in rule.reads else getattr(p, s) if s else 0.0 for v, s in rule.state.items()}
        self.start = {**{name: float(at_start[name]) for name in rule.reads}, **{v: float(x) for v, x in own.items()}}
        self.late = {variable: round(getattr(p, name) / dt) for variable, name in rule.delayed.items()}
        self.history = {post: self.followed(post, steps) for post in sorted({s.post for s in self.synapses})}

    def followed(self, post, steps):
        """Of one target: its variables in each step; the rule's own as the step finds them. Step 0 is the start."""
        history = [dict(self.start)]
        own = {name: self.start[name] for name in self.rule.state}
        for step in range(1, steps + 1):
            now = {**{name: float(values[step - 1, post]) for name, values in self.reads.items()}, **own}
            history.append(now)
            if own:
                own = dict(zip(own, self.call("advance", now, step, post), strict=True))
        return history

    def call(self, function, variables, step, post):
        events = {"event": float((step, post) in self.fired[self.rule.learns_from])}
        events |= {kind: float((step, post) in self.fired[kind]) for kind in self.rule.learns_also_from}
        return self.by_name(function, step, variables | events)

    def by_name(self, function, step, values):
        """What a function of the rule returns for the arguments that it names; t is the end of a step."""
        function, known = plain(getattr(self.rule, function)), {"t": step * self.dt, **self.constants, **values}
        return function(*(known[name] for name in function.__code__.co_varnames[: function.__code__.co_argcount]))

    def seen(self, step, post):
        """The variables as a step sees them, the delayed ones late."""
        history = self.history[post]
        return {name: history[max(0, step - self.late.get(name, 0))][name] for name in self.start}

    def signal(self, step, post):
        if (step, post) not in self.signals:
            self.signals[step, post] = float(self.call("signal", self.seen(step, post), step, post))
        return self.signals[step, post]

    def at_pre(self, synapse, step):
        if self.rule.on_pre is None:
            return
        seen, now = self.seen(max(0, step), synapse.post), step + (self.dendritic or 1)
        values = {trace.name: x for trace, x in zip(self.rule.pre, synapse.x, strict=True)}
        found = self.by_name("on_pre", now, values | {"weight": synapse.weight} | {v: seen[v] for v in self.rule.seen})
        if self.tau_c:
            synapse.c += found
        else:
            synapse.weight = found

    def value(self, synapse, step):
        return 1.0 if self.carried is None else float(self.carried[step - 1, synapse.pre])

    def jumped(self, x, value):
        return [value if trace.jump == "set" else now + value for trace, now in zip(self.rule.pre, x, strict=True)]

    def take(self, synapse, amount):
        if self.tau_c:
            self.enter(synapse, amount)
        else:
            synapse.weight += amount


class NaiveClopath(SignalLearning):
    """V_m: (steps, n), at the end of each step; before the first step it is `V_start` for all that matters."""

    def __init__(
        self, synapses, dendritic, dt, V_m, V_start, A_LTD, A_LTP, theta_minus, theta_plus, tau_u_bar_minus,
        tau_u_bar_plus, tau_x, delay_u_bars, W_min, W_max,
    ):  # fmt: skip
        super().__init__(synapses, dendritic, dt, [tau_x], W_min, W_max)
        self.A_LTD, self.A_LTP, self.theta_minus, self.theta_plus = A_LTD, A_LTP, theta_minus, theta_plus
        self.tau_x, self.late, self.V_m, self.V_start = tau_x, round(delay_u_bars / dt), V_m, V_start
        self.u_bar_minus = self.average(tau_u_bar_minus)
        self.u_bar_plus = self.average(tau_u_bar_plus)

    def average(self, tau):
        """(steps + 1, n): at the end of each step, the potential of a step's start lasting through it."""
        values = [np.full(self.V_m.shape[1], self.V_start)]
        V = values[0]
        for V_next in self.V_m:
            values.append(values[-1] + (1.0 - math.exp(-self.dt / tau)) * (V - values[-1]))
            V = V_next
        return np.array(values)

    def signal(self, step, post):
        u, u_bar_plus = self.V_m[step - 1, post], self.u_bar_plus[max(0, step - self.late), post]
        rectified = max(0.0, u - self.theta_plus) * max(0.0, u_bar_plus - self.theta_minus)
        return self.A_LTP / self.tau_x * rectified * self.dt

    def at_pre(self, synapse, step):
        u_bar_minus = self.u_bar_minus[max(0, step - self.late), synapse.post]
        synapse.weight -= self.A_LTD * max(0.0, u_bar_minus - self.theta_minus)


class TwoTraces(SignalLearning):
    """x = the first trace and `amplitude` times the second, G = gain (V_m - second) + kick at a spike.

    At an arrival: less by `loss` times second.
    """

    def __init__(self, *args, V_m, second, spikes, gain, kick, loss, amplitude, **kwargs):
        super().__init__(*args, amplitudes=[1.0, amplitude], **kwargs)
        self.V_m, self.second, self.spikes, self.gain, self.kick, self.loss = V_m, second, spikes, gain, kick, loss

    def signal(self, step, post):
        G = self.gain * (self.V_m[step - 1, post] - self.second[step - 1, post]) * self.dt
        return G + (self.kick if (step, post) in self.spikes else 0.0)

    def at_pre(self, synapse, step):
        before = self.second[step - 1, synapse.post] if step > 0 else -70.0
        if self.tau_c:
            synapse.c -= self.loss * before
        else:
            synapse.weight -= self.loss * before


class NaiveBurstprop(SignalLearning):
    """spikes, events, bursts: {(step, post)}. every_change: limits hold after each change, not at arrivals only."""

    def __init__(
        self, synapses, dt, spikes, events, bursts, every_change, eta, tau_pre, tau_rate, tau_homeostasis, rate_min,
        rate_max, event_rate_start, burst_rate_start, spike_rate_start, W_min, W_max,
    ):  # fmt: skip
        super().__init__(synapses, 0, dt, [tau_pre], W_min, W_max)
        self.eta, self.rate_min, self.rate_max, self.every_change = eta, rate_min, rate_max, every_change
        self.events, self.bursts = events, bursts
        self.event_rate = self.mean(events, tau_rate, event_rate_start)
        self.burst_rate = self.mean(bursts, tau_rate, burst_rate_start)
        self.spike_rate = self.mean(spikes, tau_homeostasis, spike_rate_start)

    def mean(self, fired, tau, start):
        """Hz as a function of (step, post): exponentially weighted, without what happens in that very step."""

        def at(step, post):
            value = start * math.exp(-(step - 1) * self.dt / tau)
            past = [s for s, j in fired if j == post and s < step]
            return value + sum(1000.0 / tau * math.exp(-(step - s) * self.dt / tau) for s in past)

        return at

    def signal(self, step, post):
        event, burst = (step, post) in self.events, (step, post) in self.bursts
        if not event and not burst:
            return 0.0
        E, B = self.event_rate(step, post), self.burst_rate(step, post)
        P = min(1.0, B / E) if E > 0 else 0.0
        h = -(E - self.rate_max) / E if E > self.rate_max else 0.0
        return self.eta * (event * (h - P) + burst * (1.0 + h))

    def at_pre(self, synapse, step):
        rate = self.spike_rate(max(step, 1), synapse.post)
        if rate < self.rate_min:
            synapse.weight += self.eta * (self.rate_min - rate)

    def take(self, synapse, amount):
        synapse.weight += amount
        if self.every_change:
            synapse.weight = self.clip(synapse.weight)
