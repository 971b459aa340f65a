"""A neuron with a threshold for each arm, one step after another, by the times at which things happened."""

import math


class Arms:
    """Thresholds without noise. gains: of each arm, or None if they do not adapt."""

    def __init__(self, n, dt, tau_m=10.0, t_ref=3.0, A_gain=None, tau_gain=15.0, window=50.0, limits=(0.5, 2.0)):
        self.dt, self.tau_m, self.t_ref = dt, tau_m, t_ref
        self.A_gain, self.tau_gain, self.window, self.limits = A_gain, tau_gain, window, limits
        self.V, self.gains, self.last_hit = [0.0] * n, [1.0] * n, [None] * n
        self.last_spike, self.last_arm, self.spikes = None, None, []

    def run(self, inputs, steps):
        """inputs: {step: {arm: strength}}, arms counted from 0. Fills `spikes` with (step, arm)."""
        for step in range(1, steps + 1):
            given = inputs.get(step, {})
            for arm in range(len(self.V)):
                self.V[arm] = self.V[arm] * math.exp(-self.dt / self.tau_m) + self.gains[arm] * given.get(arm, 0.0)
            free = self.last_spike is None or (step - self.last_spike) * self.dt > self.t_ref + 1e-9
            highest = max(self.V)
            fires = self.V.index(highest) if free and highest >= 1.0 else None
            if self.A_gain is not None:
                self._adapt(step, [arm for arm, strength in given.items() if strength > 0.0], fires)
            if fires is not None:
                self.V[fires] = 0.0
                self.last_spike, self.last_arm = step, fires
                self.spikes.append((step, fires))

    def _adapt(self, step, hits, fires):
        for arm in hits:
            if arm != fires and self.last_spike is not None and self.last_arm != arm:
                self._move(arm, -1.0, (step - self.last_spike) * self.dt)
        for arm in hits:
            self.last_hit[arm] = step
        if fires is None:
            return
        self.last_hit[fires] = None
        for arm, hit in enumerate(self.last_hit):
            if hit is not None:
                self._move(arm, 1.0, (step - hit) * self.dt)

    def _move(self, arm, sign, lag):
        if lag <= self.window + 1e-9:
            moved = self.gains[arm] + sign * self.A_gain * math.exp(-lag / self.tau_gain)
            self.gains[arm] = min(max(moved, self.limits[0]), self.limits[1])
