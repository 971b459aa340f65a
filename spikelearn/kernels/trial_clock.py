"""The clock of trials and the actions it triggers. clock: (N_PLACES,) int64, whose indices have the names below."""

from spikelearn.codegen.jit import Written, invoke, kernel

ORIGIN, TRIAL, PHASE, STEP_IN_PHASE, STARTS, ENDS = range(6)
N_PLACES = 6
"""ORIGIN: the step in which the first trial begins. STARTS, ENDS: 1 in the first and in the last step of a phase."""


@kernel
def tick(step, clock: Written, phase_steps):
    """Find the trial, the phase and the step in it; and whether it is the first or the last."""
    per_trial = 0
    for p in range(len(phase_steps)):
        per_trial += phase_steps[p]
    since = step - clock[ORIGIN]
    clock[TRIAL] = since // per_trial
    rest = since % per_trial
    phase = 0
    while rest >= phase_steps[phase]:
        rest -= phase_steps[phase]
        phase += 1
    clock[PHASE] = phase
    clock[STEP_IN_PHASE] = rest
    clock[STARTS] = 1 if rest == 0 else 0
    clock[ENDS] = 1 if rest == phase_steps[phase] - 1 else 0


@kernel
def set_at_start(step, clock, phase, values, target: Written):
    """At the start of a phase, set an array to the trial's row of values."""
    if clock[STARTS] == 1 and clock[PHASE] == phase:
        row = clock[TRIAL] % len(values)
        for i in range(len(target)):
            target[i] = values[row, i % values.shape[1]]


@kernel
def set_some_at_start(step, clock, phase, values, ids, target: Written):
    """The same for some elements of an array. values: a column for each of them."""
    if clock[STARTS] == 1 and clock[PHASE] == phase:
        row = clock[TRIAL] % len(values)
        for i in range(len(ids)):
            target[ids[i]] = values[row, i]


@kernel
def add_at_start(step, clock, phase, values, target: Written):
    """At the start of a phase, add the trial's row of values to an array."""
    if clock[STARTS] == 1 and clock[PHASE] == phase:
        row = clock[TRIAL] % len(values)
        for i in range(len(target)):
            target[i] += values[row, i % values.shape[1]]


@kernel
def copy_at_start(step, clock, phase, values, target: Written):
    """At the start of a phase, reset an array to given values."""
    if clock[STARTS] == 1 and clock[PHASE] == phase:
        for i in range(len(target)):
            target[i] = values[i]


@kernel
def copy_some_at_start(step, clock, phase, ids, values, target: Written):
    """The same for some elements of both."""
    if clock[STARTS] == 1 and clock[PHASE] == phase:
        for i in range(len(ids)):
            target[ids[i]] = values[ids[i]]


@kernel
def fill_at_start(step, clock, phase, value, target: Written):
    """At the start of a phase, set all elements of an array to one value."""
    if clock[STARTS] == 1 and clock[PHASE] == phase:
        for i in range(len(target)):
            target[i] = value


@kernel
def clear_counts(step, clock, phase, n_events: Written):
    """At the start of a phase (of any if it is -1), count events from zero."""
    if clock[STARTS] == 1 and (phase < 0 or clock[PHASE] == phase):
        for i in range(len(n_events)):
            n_events[i] = 0


@kernel
def call_at_start(step, clock, addresses, arguments):
    """At the start of a phase, make Calls."""
    if clock[STARTS] == 1:
        for k in range(len(addresses)):
            invoke(addresses[k], step, arguments[k])


@kernel
def call_at_end(step, clock, phase, but_in, ahead, addresses, arguments):
    """At the end of a phase, in all trials but one, make Calls for a step that is `ahead` of this one."""
    if clock[ENDS] == 1 and clock[PHASE] == phase and clock[TRIAL] != but_in:
        for k in range(len(addresses)):
            invoke(addresses[k], step + ahead, arguments[k])


@kernel
def call_at_times(step, every, addresses, arguments):
    """In each `every`-th step, make Calls."""
    if step % every == 0:
        for k in range(len(addresses)):
            invoke(addresses[k], step, arguments[k])


@kernel
def clear_at_times(step, every, n_events: Written):
    """In each `every`-th step, count events from zero."""
    if step % every == 0:
        for i in range(len(n_events)):
            n_events[i] = 0


@kernel
def empty(step, values: Written):
    """Set an array to 0."""
    for i in range(len(values)):
        values[i] = 0
