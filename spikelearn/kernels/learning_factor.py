"""The factor by which a phase of trials multiplies what a rule changes."""

from spikelearn.codegen.jit import Written, kernel, scalar


@scalar
def scaled_change(before, after, factor):
    """The end of a change from `before` to `after` that is multiplied by a factor; with 1, exactly `after`."""
    return after if factor == 1.0 else before + factor * (after - before)


@kernel
def keep_factor(step, learning_factor, past_factors: Written):
    """Keep the factor of this step for arrivals that are still on their way through the dendrite."""
    past_factors[step % len(past_factors)] = learning_factor[0]
