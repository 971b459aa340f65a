"""The clock of trials and what it sets off. clock: [origin, trial, phase, step in phase, starts, ends]."""

from spikelearn.codegen.jit import kernel

ORIGIN, TRIAL, PHASE, STEP_IN_PHASE, STARTS, ENDS = range(6)


@kernel
def tick(step, clock, phase_steps):
    """Find the trial, the phase and the step in it; `starts` and `ends` are 1 in its first and last step."""
    per_trial = 0
    for p in range(len(phase_steps)):
        per_trial += phase_steps[p]
    since = step - clock[0]
    clock[1] = since // per_trial
    rest = since % per_trial
    phase = 0
    while rest >= phase_steps[phase]:
        rest -= phase_steps[phase]
        phase += 1
    clock[2] = phase
    clock[3] = rest
    clock[4] = 1 if rest == 0 else 0
    clock[5] = 1 if rest == phase_steps[phase] - 1 else 0


@kernel
def set_at_start(step, clock, phase, values, target):
    """At the start of a phase, set an array to the trial's row of values."""
    if clock[4] == 1 and clock[2] == phase:
        row = clock[1] % len(values)
        for i in range(len(target)):
            target[i] = values[row, i % values.shape[1]]


@kernel
def add_at_start(step, clock, phase, values, target):
    """At the start of a phase, add the trial's row of values to an array."""
    if clock[4] == 1 and clock[2] == phase:
        row = clock[1] % len(values)
        for i in range(len(target)):
            target[i] += values[row, i % values.shape[1]]


@kernel
def copy_at_start(step, clock, phase, values, target):
    """At the start of a phase, put an array back to given values."""
    if clock[4] == 1 and clock[2] == phase:
        for i in range(len(target)):
            target[i] = values[i]


@kernel
def clear_counts(step, clock, phase, n_events):
    """At the start of a phase (of any if it is -1), count events from zero."""
    if clock[4] == 1 and (phase < 0 or clock[2] == phase):
        for i in range(len(n_events)):
            n_events[i] = 0
