"""The loops of a plasticity rule, printed as Python for one rule at a time; see kernels/printed.py."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

from spikelearn.kernels.templates.neurons import names

NEVER = -(1 << 40)
"""A step before all others."""

LONG_AGO = -(1 << 30)
"""The same for steps that are kept in 4 bytes."""

LAST_STEP = (1 << 31) - 1
"""The last of those steps."""

SOME, ALL = 1, 2
"""What a sweep may be wanted for: the synapses that have waited long, or all."""

HEADER = """\
from spikelearn.codegen.jit import kernel, scalar
from spikelearn.kernels.deliver import fetch_run
from spikelearn.kernels.events import count_in_row, source_in_row
from spikelearn.kernels.traces import decay
"""

MODULATED = """\
from spikelearn.kernels.modulators import extremes, within_limits
"""


@functools.cache
def taken_names(modulated: bool) -> frozenset[str]:
    """Names that the loops use themselves, so that no trace, state or constant of a rule may have them."""
    handlers = ["since_pre"], ["since_pre"]
    text = render_plastic([("_", "add")], [], [], (), False, *handlers, modulated, False)
    nodes = list(ast.walk(ast.parse(text)))
    found = {node.id for node in nodes if isinstance(node, ast.Name)}
    return frozenset(found | {node.arg for node in nodes if isinstance(node, ast.arg)}) - {"W_min", "W_max"}


def render_plastic(
    pre: Sequence[tuple[str, str]],
    post: Sequence[tuple[str, str]],
    constants: Sequence[str],
    state: Sequence[str],
    state_goes_on: bool,
    on_pre: Sequence[str],
    on_post: Sequence[str],
    modulated: bool,
    mean_pre: bool,
    reads: Sequence[str] = (),
    transmits: bool = False,
) -> str:
    """The loops of a plasticity rule: deliver, push (post events), sweep, read, reset and rebase.

    pre, post: (name, jump) of the traces. on_pre, on_post: names of what the handlers take. reads: state variables of
    the target, whose values post events carry. transmits: whether what arrives is a function of the weight.
    Post events wait in a history of each neuron, a ring that ends before place `event_end`, until a synapse's next
    arrival, its weight is read, or the history is nearly full; then their effect is computed in closed form. `unread`
    is, for each synapse, the place of the first event that it has not taken up; those before `due_end` are due, which
    is `event_end` itself unless there is a dendritic delay. `past_*` are the newest event of each neuron that arrivals
    know, and its traces with the jump.
    All synapses of a slot take up their oldest event, then all that have more take up their next, and so on: what a
    synapse does is then no branch that a processor would guess wrongly half of the time.
    A modulated rule keeps weight = w - c N and eligibility c scaled by exp((t - base)/tau_c), so that
    w(t) = weight + eligibility N(t) holds between events (N: kernels.modulators.integrate_modulator). Its limits are
    kept at every release of the modulator, too, as NEST does: kernels.modulators.within_limits.
    """
    pre_names = [name for name, _ in pre]
    post_names = [name for name, _ in post]
    event_arrays = "event_end, due_end, event_step, event_plastic, frozen, " + names([*post_names, *reads], "event_{}")
    if mean_pre:
        event_arrays += names(pre_names, "event_mean_{}")
    past_arrays = "past_end, past_step, " + names(post_names, "past_{}")
    pre_tables = names(pre_names, "{0}_coarse, {0}_fine")
    post_tables = names(post_names, "{0}_coarse, {0}_fine")
    limits = "W_min, W_max, " + names([name for name in constants if name not in ("W_min", "W_max")])
    if "since_pre" in (*on_pre, *on_post):
        limits += "ms_per_step, "
    modulator = "integrals, scales, release_counts, base, tau_c, dt, " if modulated else ""
    release_arrays = "slot_releases, release_N, swept, " if modulated else ""
    segment = "after, before, until, N_low, N_high, integrals, scales, release_counts, release_N, " if modulated else ""
    mean_arguments = names(pre_names, "running_{0}, decay_{0}") if mean_pre else ""
    push_arguments = mean_arguments + names(reads, "values_{}")
    kept = ["weight", *(["eligibility"] if modulated else []), *state]
    kept_in = ["weights", *(["eligibilities"] if modulated else []), *(f"synapse_{name}" for name in state)]
    synapse = ", ".join(kept)
    everything = f"index, targets, last_arrival, consumed, queue, {names(kept_in)}unread, {names(pre_names, 'slot_{}')}"
    everything += f"{release_arrays}{event_arrays}{past_arrays}{pre_tables}{post_tables}{limits}"

    load = "; ".join(f"{name} = run_{array}[i]" for name, array in zip(kept, kept_in, strict=True))
    store = "; ".join(f"run_{array}[i] = {name}" for name, array in zip(kept, kept_in, strict=True))
    load_one = "; ".join(f"{name} = {array}[p]" for name, array in zip(kept, kept_in, strict=True))
    runs = names([f"run_{array}" for array in [*kept_in, "unread"]])
    slices = [f"run_{array} = {array}[begin:end]" for array in [*kept_in, "unread"]]
    shared = f"{segment}{event_arrays}{pre_tables}{limits}"
    of_slot = f"last, {names(pre_names, '{}_at')}{shared}"
    at_slot = f"last, {names(pre_names, 'slot_{}[slot]')}{shared}"
    mask = "event_step.shape[1] - 1"

    def jumped(value: str, jump: str) -> str:
        return f"({value} + 1.0)" if jump == "add" else "1.0"

    # State that goes on while nothing is learned: the handlers are called all the same, and the change is dropped.
    changed = ", ".join(["change" if modulated else "weight", *state])
    drop = "change = 0.0" if modulated else "weight = weight_before"
    wanted_post, wanted_pre = "frozen[0] != 0 and event_plastic[j, h] == 0", "not plastic"

    def handled(handler: str, arguments: Sequence[str], given: dict[str, str], unwanted: str) -> list[str]:
        call = f"{changed} = {handler}({', '.join(given.get(name, name) for name in arguments)})"
        if not state_goes_on:
            return [call]
        return [*([] if modulated else ["weight_before = weight"]), call, f"if {unwanted}:", f"    {drop}"]

    on_pre_now = {"since_pre": "(s - last) * ms_per_step"} | {name: f"{name}_now" for name in pre_names}
    call_pre = handled("on_pre", on_pre, on_pre_now, wanted_pre)
    call_post = handled("on_post", on_post, {"since_pre": "(at - last) * ms_per_step"}, wanted_post)
    if modulated:
        clip_now = ["now = weight + eligibility * N", "weight += min(max(now, W_min), W_max) - now"]
        hold_event = [
            "ring = len(integrals) - 1",
            "if until > before:",
            "    since = held_until(j, h, after, before, event_step, release_counts)",
            "    until = release_counts[at & ring]",
            "    weight = within_limits(weight, eligibility, since, until, N_low, N_high, release_N, W_min, W_max)",
            "N = integrals[at & ring]",
            *clip_now,
        ]
        move = ["eligibility += change", "weight -= change * N"]
        apply_post = [*hold_event, *call_post, "change *= scales[at & ring]", *move]
        apply_pre = [*clip_now, *call_pre, "change *= E", *move]
        value_now = "min(max(weight + eligibility * N, W_min), W_max)"
    else:
        clip = "weight = min(max(weight, W_min), W_max)"
        apply_post, apply_pre, value_now = [*call_post, clip], [*call_pre, clip], "weight"
    if transmits:
        value_now = f"transmits({', '.join([value_now, *constants])})"
    traces_at = [f"{n} = {n}_at * decay(at - last, {n}_coarse, {n}_fine)" for n in pre_names]
    traces_at += [f"mean_{n} = event_mean_{n}[j, h]" for n in pre_names] if mean_pre else []
    traces_at += [f"{n} = event_{n}[j, h]" for n in [*post_names, *reads]]
    take_up_oldest = [
        "for k in range(n):",
        "    i = queue[k]",
        "    j = run[i]",
        "    h = run_unread[i]",
        f"    {load}",
        f"    {synapse} = learn({synapse}, j, h, {of_slot})",
        f"    {store}",
        "    place = (int(h) + 1) & mask",
        "    run_unread[i] = place",
        "    queue[left] = i",
        "    left += place != due_end[j]",
    ]
    take_up_all, learn_one = take_up_oldest, [f"{synapse} = learn({synapse}, j, h, {at_slot})"]
    if not state_goes_on:
        # Two loops, since one with the question in it takes a third longer.
        unless_frozen = ["    if event_plastic[j, h] != 0:", *(f"    {line}" for line in take_up_oldest[4:7])]
        careful = [*take_up_oldest[:4], *unless_frozen, *take_up_oldest[7:]]
        take_up_all = ["if frozen[0] == 0:", *indented(take_up_oldest), "else:", *indented(careful)]
        learn_one = ["if frozen[0] == 0 or event_plastic[j, h] != 0:", *indented(learn_one)]

    def releases_up_to(when: str) -> list[str]:
        if not modulated:
            return []
        return [
            "before = slot_releases[slot]",
            f"until = release_counts[{when} & (len(release_counts) - 1)]",
            "N_low, N_high = extremes(release_N, before, until)",
        ]

    def hold(place: str) -> list[str]:
        """Keep a synapse within its limits at the releases since the last event that it took up."""
        return [
            f"since = held_until(j, {place}, after, before, event_step, release_counts)",
            "weight = within_limits(weight, eligibility, since, until, N_low, N_high, release_N, W_min, W_max)",
        ]

    hold_run = [
        "if until > before:",
        "    for i in range(len(run)):",
        "        j = run[i]",
        f"        {load}",
        *(f"        {line}" for line in hold("run_unread[i]")),
        f"        {store}",
    ]
    all_swept = [f"if wanted == {ALL}:", "    swept[0] = release_counts[through & (len(release_counts) - 1)]"]
    N_and_E = ["N = integrals[s & (len(integrals) - 1)]", "E = scales[s & (len(scales) - 1)]"]
    deliver_alone = [
        "else:",
        "    for i in range(len(run)):",
        f"        {load}",
        f"        inputs[run[i]] += {value_now}",
    ]
    traces_now = [f"{n} = past_{n}[j] * decay(s - past_step[j], {n}_coarse, {n}_fine)" for n in post_names]
    push_traces = [
        f"event_{n}[j, h] = {jumped(f'event_{n}[j, g]', jump)} * decay(step - event_step[j, g], {n}_coarse, {n}_fine) "
        f"if event_step[j, g] != {LONG_AGO} else 0.0"
        for n, jump in post
    ]
    push_traces += [f"event_mean_{n}[j, h] = running_{n}[0]" for n in pre_names] if mean_pre else []
    push_traces += [f"event_{n}[j, h] = values_{n}[row, k]" for n in reads]
    text = f"""\
import math

{HEADER}{MODULATED if modulated else ""}
"""
    if modulated:
        text += """
@scalar
def held_until(j, h, after, before, event_step, release_counts):
    \"\"\"How many releases a synapse that takes up place h next has been kept within its limits at.\"\"\"
    at = event_step[j, (int(h) - 1) & (event_step.shape[1] - 1)]
    if at > after:
        return max(before, release_counts[at & (len(release_counts) - 1)])
    return before

"""
    text += f"""
@scalar
def learn({synapse}, j, h, {of_slot}):
    \"\"\"The effect on a synapse of the event in place h of the history of its target j.\"\"\"
    at = event_step[j, h]
{lines(4, [*traces_at, *apply_post])}    return {synapse}


@scalar
def take_up(run, queue, {runs}{of_slot}):
    \"\"\"Apply to the synapses of a slot the post events that are due: to all synapses the oldest, then the next.\"\"\"
    mask = {mask}
    n = 0
    for i in range(len(run)):
        queue[n] = i
        n += run_unread[i] != due_end[run[i]]
    while n > 0:
        left = 0
{lines(8, take_up_all)}\
        n = left
{lines(4, hold_run if modulated else [])}

@kernel
def advance_post_traces(step, rows, counts, dendritic, {event_arrays}{past_arrays}):
    \"\"\"Let arrivals take up, or know of, the events that are old enough for that from this step on.\"\"\"
    mask = {mask}
    s = step - dendritic
    row = (step - 2 * dendritic - 1) % len(counts)
    for k in range(counts[row]):
        j = rows[row, k]
        h = int(past_end[j])
        while h != event_end[j] and event_step[j, h] < s:
            past_step[j] = event_step[j, h]
{lines(12, [f"past_{n}[j] = {jumped(f'event_{n}[j, h]', jump)}" for n, jump in post])}\
            h = (h + 1) & mask
        past_end[j] = h
    row = (step - 2 * dendritic) % len(counts)
    if dendritic > 0:
        for k in range(counts[row]):
            j = rows[row, k]
            h = int(due_end[j])
            while h != event_end[j] and event_step[j, h] <= s:
                h = (h + 1) & mask
            due_end[j] = h


@kernel
def function(
    step, rows, counts, delays, inputs, event_count, enabled, dendritic, {modulator}{mean_arguments}{everything}
):
    \"\"\"Deliver what arrives in this step; the weight sent includes the change by this very arrival.\"\"\"
    depth = counts.shape[1]
    n_delays = len(delays)
{lines(4, [f"running_{n}[0] *= decay_{n}" for n in pre_names] if mean_pre else [])}\
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        n_due = count_in_row(counts, row)
        for k in range(n_due):
            slot = source_in_row(rows, counts, row, k) * n_delays + d
            if k + 1 < n_due:
                ahead = source_in_row(rows, counts, row, k + 1) * n_delays + d
{lines(16, [f"fetch_run(index, {array}, ahead)" for array in ["targets", "unread", *kept_in]])}\
            begin = index[slot]
            end = index[slot + 1]
            if begin == end:
                continue
            event_count[0] += end - begin
            s = step - dendritic
            last = last_arrival[slot]
            after = consumed[slot]
            through = s if dendritic > 0 else s - 1
            plastic = enabled[0] != 0
            run = targets[begin:end]
{lines(12, slices + releases_up_to("s") + (N_and_E if modulated else []))}\
            take_up(run, queue, {runs}{at_slot})
{lines(12, [f"{n}_now = slot_{n}[slot] * decay(s - last, {n}_coarse, {n}_fine)" for n in pre_names])}\
            if {"True" if state_goes_on else "plastic"}:
                for i in range(len(run)):
                    j = run[i]
                    {load}
{lines(20, traces_now + apply_pre + [store])}\
                    inputs[j] += {value_now}
{lines(12, [] if state_goes_on else deliver_alone)}\
{lines(12, [f"slot_{n}[slot] = {jumped(f'{n}_now', jump)}" for n, jump in pre])}\
            last_arrival[slot] = s
            consumed[slot] = through
{lines(12, ["slot_releases[slot] = until"] if modulated else [])}\
{lines(12, [f"running_{n}[0] += (end - begin) / len(weights)" for n in pre_names] if mean_pre else [])}

@kernel
def push(step, rows, counts, delay, sweeps, since_sweep, enabled, {push_arguments}{event_arrays}{post_tables}):
    \"\"\"Enter the post events that reach the synapses in this step into the histories of their neurons.

    A sweep brings up to now what no sweep and no arrival has since the last sweep; hence the histories hold what may
    wait if each half of them is filled between two sweeps.
    \"\"\"
    row = (step - delay) % len(counts)
    mask = {mask}
    for k in range(counts[row]):
        j = rows[row, k]
        h = int(event_end[j])
        g = (h - 1) & mask
{lines(8, push_traces)}        event_plastic[j, h] = enabled[0]
        if enabled[0] == 0:
            frozen[0] = 1
        event_step[j, h] = step
        event_end[j] = (h + 1) & mask
        since_sweep[j] += 1
        if since_sweep[j] >= (mask - delay) // 2:
            sweeps[0] = max(sweeps[0], {SOME})


@kernel
def sweep(step, sweeps, since_sweep, dendritic, {modulator}{everything}):
    \"\"\"Bring up to now all synapses, or those that have not been since the sweep before, if it is wanted.\"\"\"
    wanted = sweeps[0]
    if wanted == 0:
        return
    through = step - dendritic
    before_last = sweeps[1]
    sweeps[0] = 0
    sweeps[1] = through
    for j in range(len(since_sweep)):
        since_sweep[j] = 0
    for slot in range(len(last_arrival)):
        begin = index[slot]
        end = index[slot + 1]
        last = last_arrival[slot]
        after = consumed[slot]
        if begin == end or (wanted == {SOME} and after >= before_last):
            continue
        run = targets[begin:end]
{lines(8, slices + releases_up_to("through"))}        take_up(run, queue, {runs}{at_slot})
        consumed[slot] = through
{lines(8, ["slot_releases[slot] = until"] if modulated else [])}\
{lines(4, all_swept if modulated else [])}"""
    read_value = ["values[row, k] = weight"]
    settle = ["weights[p] = min(max(weights[p], W_min), W_max)"]
    if modulated:
        now = "integrals[{} & (len(integrals) - 1)]"
        read_value = [
            f"now = weight + eligibility * {now.format('step')}",
            "values[row, k] = min(max(now, W_min), W_max)",
            "if what == 1:",
            "    values[row, k] = eligibility * math.exp(-(step - base[0]) * dt / tau_c)",
        ]
        settle = [
            f"now = weights[p] + eligibilities[p] * {now.format('(step - 1)')}",
            "weights[p] = min(max(now, W_min), W_max)",
            "eligibilities[p] = 0.0",
        ]
    read_hold = ["if until > before:", *(f"    {line}" for line in hold("h"))] if modulated else []
    text += f"""

@kernel
def read(step, every, start, what, slots, positions, room, steps, values, used, control, {modulator}{everything}):
    \"\"\"Write weights (what = 0) or eligibilities (1) as they are now, from step `start` on; nothing is changed.\"\"\"
    if step >= start and step % every == 0:
        mask = {mask}
        row = used[0]
        steps[row] = step
        for k in range(len(positions)):
            slot = slots[k]
            p = positions[k]
            last = last_arrival[slot]
            after = consumed[slot]
            j = targets[p]
            {load_one}
{lines(12, releases_up_to("step"))}            h = int(unread[p])
            while h != event_end[j]:
{lines(16, learn_one)}\
                h = (h + 1) & mask
{lines(12, read_hold + read_value)}        used[0] = row + 1
        if row + 1 + room > len(steps):
            control[0] = 1


@kernel
def reset(
    step, clock, phase, sweeps, since_sweep, dendritic,
    {names(state, "initial_{}")}{modulator}{mean_arguments}{everything}
):
    \"\"\"At the start of a phase: keep the weights, forget traces, state, pending events and eligibilities.\"\"\"
    if clock[4] == 0 or clock[2] != phase:
        return
    sweeps[0] = {ALL}
    sweep(step - 1, sweeps, since_sweep, dendritic, {modulator}{everything})
    for slot in range(len(last_arrival)):
{lines(8, [f"slot_{n}[slot] = 0.0" for n in pre_names])}        last_arrival[slot] = {NEVER}
    for p in range(len(weights)):
        unread[p] = 0
{lines(8, settle + [f"synapse_{name}[p] = initial_{name}" for name in state])}    for j in range(len(event_end)):
        event_end[j] = 0
        due_end[j] = 0
        past_end[j] = 0
        past_step[j] = {LONG_AGO}
        for h in range(event_step.shape[1]):
            event_step[j, h] = {LONG_AGO}
{lines(8, [f"past_{n}[j] = 0.0" for n in post_names])}\
{lines(4, [f"running_{n}[0] = 0.0" for n in pre_names] if mean_pre else [])}"""
    return text + (REBASE if modulated else "")


REBASE = f"""

@kernel
def rebase(
    step, every, dendritic, sweeps, base, tau_c, dt, integrals, scales, weights, eligibilities, release_counts,
    release_N, swept
):
    \"\"\"Move the origin of exp((t - base)/tau_c) to now before it grows large; w(t) and c(t) stay what they are.

    A sweep later in this step takes up the post events that wait: the factors of older steps are of no use any more.
    \"\"\"
    if step - base[0] < every:
        return
    sweeps[0] = {ALL}
    f = math.exp(-(step - base[0]) * dt / tau_c)
    ring = len(integrals) - 1
    N0 = integrals[step & ring]
    for p in range(len(weights)):
        weights[p] += eligibilities[p] * N0
        eligibilities[p] *= f
    for at in range(max(base[0] - dendritic, step - ring), step + 1):
        integrals[at & ring] = (integrals[at & ring] - N0) / f
        scales[at & ring] *= f
    for k in range(swept[0], release_counts[step & ring]):
        release_N[k & (len(release_N) - 1)] = (release_N[k & (len(release_N) - 1)] - N0) / f
    base[0] = step
"""


def indented(text: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in text]


def lines(indent: int, text: Sequence[str]) -> str:
    """Lines of a printed function, indented."""
    return "".join(f"{' ' * indent}{line}\n" for line in text)
