"""The loops of a plasticity rule, printed as Python for one rule at a time; see kernels/printed.py."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

from spikelearn.kernels.printed import names

NEVER = -(1 << 40)
"""A step before all others."""

HEADER = """\
from spikelearn._jit import kernel
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
    text = print_plastic([("_", "add")], [], [], (), False, *handlers, modulated, False)
    nodes = list(ast.walk(ast.parse(text)))
    found = {node.id for node in nodes if isinstance(node, ast.Name)}
    return frozenset(found | {node.arg for node in nodes if isinstance(node, ast.arg)}) - {"W_min", "W_max"}


def print_plastic(
    pre: Sequence[tuple[str, str]],
    post: Sequence[tuple[str, str]],
    constants: Sequence[str],
    state: Sequence[str],
    state_goes_on: bool,
    on_pre: Sequence[str],
    on_post: Sequence[str],
    modulated: bool,
    mean_pre: bool,
) -> str:
    """The loops of a plasticity rule: deliver, push (post events), sweep, read, reset and rebase.

    pre, post: (name, jump) of the traces. on_pre, on_post: names of what the handlers take. Post events
    wait in a history of each neuron until a synapse's next arrival, its weight is read, or the history is nearly full;
    then their effect is computed in closed form.
    A modulated rule keeps weight = w - c N and eligibility c scaled by exp((t - base)/tau_c), so that
    w(t) = weight + eligibility N(t) holds between events (N: kernels.modulators.integrate_modulator). Its limits are
    kept at every release of the modulator, too, as NEST does: kernels.modulators.within_limits.
    """
    pre_names = [name for name, _ in pre]
    post_names = [name for name, _ in post]
    slot_arrays = names(pre_names, "slot_{}")
    event_arrays = "event_total, event_step, event_plastic, " + names(post_names, "event_{}")
    tables = names(pre_names, "{0}_coarse, {0}_fine") + names(post_names, "{0}_coarse, {0}_fine")
    limits = "W_min, W_max, " + names([name for name in constants if name not in ("W_min", "W_max")])
    if "since_pre" in (*on_pre, *on_post):
        limits += "ms_per_step, "
    if modulated:
        event_arrays += "event_N, event_E, event_releases, "
    if mean_pre:
        event_arrays += names(pre_names, "event_mean_{}")
    kept = ["weight", *(["eligibility"] if modulated else []), *state]
    kept_in = ["weights", *(["eligibilities"] if modulated else []), *(f"synapse_{name}" for name in state)]
    synapse = ", ".join(kept)
    synapse_arrays = names(kept_in)
    changed = ", ".join(["change" if modulated else "weight", *state])
    at_post = {"since_pre": "(at - last) * ms_per_step"}
    at_pre = {"since_pre": "(s - last) * ms_per_step"} | {name: f"{name}_now" for name in pre_names}
    call_post = f"{changed} = on_post({', '.join(at_post.get(name, name) for name in on_post)})"
    call_pre = f"{changed} = on_pre({', '.join(at_pre.get(name, name) for name in on_pre)})"
    modulator = "integrals, release_counts, base, tau_c, dt, " if modulated else ""
    release_arrays = "slot_releases, release_N, swept, " if modulated else ""
    segment = "seen, until, N_low, N_high, release_N, " if modulated else ""

    def jumped(value: str, jump: str) -> str:
        return f"({value} + 1.0)" if jump == "add" else "1.0"

    event_pre = "".join(f"        {n} = {n}_at * decay(at - last, {n}_coarse, {n}_fine)\n" for n in pre_names)
    event_mean = "".join(f"        mean_{n} = event_mean_{n}[j, h]\n" for n in pre_names) if mean_pre else ""
    event_post = "".join(f"        {n} = event_{n}[j, h]\n" for n in post_names)
    # State that goes on while nothing is learned: the handlers are called all the same, and the change is dropped.
    wanted_post, wanted_pre = "event_plastic[j, h] == 0", "not plastic"
    remember_post = remember_pre = skip_post = skip_pre = ""
    if state_goes_on:
        drop = "change = 0.0" if modulated else "weight = before"
        skip_post = f"        if {wanted_post}:\n            {drop}\n"
        skip_pre = f"                    if {wanted_pre}:\n                        {drop}\n"
        if not modulated:
            remember_post = "        before = weight\n"
            remember_pre = "                    before = weight\n"
    if modulated:
        apply_post = f"""\
        if until > seen:
            weight = within_limits(
                weight, eligibility, seen, event_releases[j, h], N_low, N_high, release_N, W_min, W_max
            )
            seen = event_releases[j, h]
        now = weight + eligibility * event_N[j, h]
        weight += min(max(now, W_min), W_max) - now
        {call_post}
{skip_post}        change *= event_E[j, h]
        eligibility += change
        weight -= change * event_N[j, h]
"""
        apply_pre = f"""\
                    now = weight + eligibility * N
                    weight += min(max(now, W_min), W_max) - now
                    {call_pre}
{skip_pre}                    change *= E
                    eligibility += change
                    weight -= change * N
"""
        value_now = "min(max(weight + eligibility * N, W_min), W_max)"
        N_and_E = """\
                N = integrals[s % len(integrals)]
                E = math.exp((s - base[0]) * dt / tau_c)
"""
    else:
        apply_post = f"""\
{remember_post}        {call_post}
{skip_post}        weight = min(max(weight, W_min), W_max)
"""
        apply_pre = f"""\
{remember_pre}                    {call_pre}
{skip_pre}                    weight = min(max(weight, W_min), W_max)
"""
        value_now = "weight"
        N_and_E = ""
    load = "; ".join(f"{name} = {array}[p]" for name, array in zip(kept, kept_in, strict=True))
    store = "; ".join(f"{array}[p] = {name}" for name, array in zip(kept, kept_in, strict=True))
    unless_plastic = "" if state_goes_on else f"        if {wanted_post}:\n            continue\n"
    at_last = names(pre_names, "slot_{}[slot]")
    catch_up = f"catch_up({synapse}, j, last, after, through, {at_last}{segment}{event_arrays}{tables}{limits})"
    hold = "weight = within_limits(weight, eligibility, seen, until, N_low, N_high, release_N, W_min, W_max)"
    to_the_end = f"    if until > seen:\n        {hold}\n" if modulated else ""

    def releases_up_to(when: str, indent: str) -> str:
        if not modulated:
            return ""
        return (
            f"{indent}seen = slot_releases[slot]\n"
            f"{indent}until = release_counts[{when} % len(release_counts)]\n"
            f"{indent}N_low, N_high = extremes(release_N, seen, until)\n"
        )

    def unless_pending(indent: str, stored: bool) -> str:
        """What is done to a synapse that waits for no post events."""
        if not modulated:
            return ""
        lines = [load, hold, store] if stored else [hold]
        return f"{indent}elif until > seen:\n" + "".join(f"{indent}    {line}\n" for line in lines)

    trace_now = "".join(
        f"""\
                        {n} = {jumped(f"event_{n}[j, h]", jump)} * decay(s - event_step[j, h], {n}_coarse, {n}_fine)
"""
        for n, jump in post
    )
    zero_traces = "".join(f"                    {n} = 0.0\n" for n in post_names)
    pre_now = "".join(
        f"            {n}_now = slot_{n}[slot] * decay(s - last, {n}_coarse, {n}_fine)\n" for n in pre_names
    )
    pre_jump = "".join(f"            slot_{n}[slot] = {jumped(f'{n}_now', jump)}\n" for n, jump in pre)
    mean_arguments = names(pre_names, "running_{0}, decay_{0}") if mean_pre else ""
    mean_decay = "".join(f"    running_{n}[0] *= decay_{n}\n" for n in pre_names) if mean_pre else ""
    mean_jump = (
        "".join(f"            running_{n}[0] += (end - begin) / len(weights)\n" for n in pre_names) if mean_pre else ""
    )
    push_traces = "".join(
        f"            event_{n}[j, h] = "
        f"{jumped(f'event_{n}[j, g]', jump)} * decay(step - event_step[j, g], {n}_coarse, {n}_fine) "
        "if total > 0 else 0.0\n"
        for n, jump in post
    )
    push_modulator = (
        "            event_N[j, h] = integrals[step % len(integrals)]\n"
        "            event_E[j, h] = math.exp((step - base[0]) * dt / tau_c)\n"
        "            event_releases[j, h] = release_counts[step % len(release_counts)]\n"
        if modulated
        else ""
    )
    push_mean = "".join(f"            event_mean_{n}[j, h] = running_{n}[0]\n" for n in pre_names) if mean_pre else ""
    post_tables = names(post_names, "{0}_coarse, {0}_fine")
    everything = f"{synapse_arrays}{slot_arrays}{release_arrays}{event_arrays}{tables}{limits}"
    everything = f"index, targets, last_arrival, consumed, {everything}"
    header = HEADER + (MODULATED if modulated else "")
    text = f'''\
import math

{header}

@kernel
def catch_up(
    {synapse}, j, last, after, through, {names(pre_names, "{}_at")}{segment}{event_arrays}{tables}{limits}
):
    """Apply the post events of neuron j that reached the synapse in (after, through]."""
    total = event_total[j]
    mask = event_step.shape[1] - 1
    oldest = max(0, total - mask - 1)
    e = total
    while e > oldest and event_step[j, (e - 1) & mask] > after:
        e -= 1
    while e < total:
        h = e & mask
        e += 1
        at = event_step[j, h]
        if at > through:
            break
{unless_plastic}{event_pre}{event_mean}{event_post}{apply_post}{to_the_end}    return {synapse}


@kernel
def function(step, rows, counts, delays, inputs, tally, enabled, dendritic, {modulator}{mean_arguments}{everything}):
    """Deliver what arrives in this step; the weight sent includes the change by this very arrival."""
    depth = counts.shape[1]
    n_delays = len(delays)
    mask = event_step.shape[1] - 1
{mean_decay}    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for k in range(count_in_row(counts, row)):
            slot = source_in_row(rows, counts, row, k) * n_delays + d
            begin = index[slot]
            end = index[slot + 1]
            if begin == end:
                continue
            tally[0] += end - begin
            s = step - dendritic
            last = last_arrival[slot]
            after = consumed[slot]
            through = s if dendritic > 0 else s - 1
{releases_up_to("s", "            ")}{pre_now}            plastic = enabled[0] != 0
{N_and_E.replace("                ", "            ")}            for p in range(begin, end):
                j = targets[p]
                {load}
                total = event_total[j]
                if total > 0 and event_step[j, (total - 1) & mask] > after:
                    {synapse} = {catch_up}
{unless_pending("                ", stored=False)}                if {"True" if state_goes_on else "plastic"}:
                    oldest = max(0, total - mask - 1)
                    e = total - 1
                    while e >= oldest and event_step[j, e & mask] >= s:
                        e -= 1
{zero_traces}                    if e >= oldest:
                        h = e & mask
{trace_now}{apply_pre}                {store}
                inputs[j] += {value_now}
{pre_jump}            last_arrival[slot] = s
            consumed[slot] = through
{"            slot_releases[slot] = until" if modulated else ""}
{mean_jump}

@kernel
def push(
    step, rows, counts, delay, first, sweeps, since_sweep, enabled,
    {modulator}{mean_arguments}{event_arrays}{post_tables}
):
    """Enter the post events that reach the synapses in this step into the histories of their neurons."""
    depth = len(counts)
    row = (step - delay) % depth
    mask = event_step.shape[1] - 1
    for k in range(counts[row]):
        j = rows[row, k]
        if first <= j < first + len(since_sweep):
            total = event_total[j]
            h = total & mask
            g = (total - 1) & mask
{push_traces}{push_modulator}{push_mean}            event_plastic[j, h] = enabled[0]
            event_step[j, h] = step
            event_total[j] = total + 1
            since_sweep[j - first] += 1
            if since_sweep[j - first] > mask - 2 - 2 * delay:
                sweeps[0] = 1


@kernel
def sweep(step, sweeps, since_sweep, dendritic, {modulator}{everything}):
    """When a history is nearly full, bring every synapse up to now."""
    if sweeps[0] == 0:
        return
    sweeps[0] = 0
    for j in range(len(since_sweep)):
        since_sweep[j] = 0
    through = step - dendritic
    mask = event_step.shape[1] - 1
    for slot in range(len(last_arrival)):
        last = last_arrival[slot]
        after = consumed[slot]
{releases_up_to("through", "        ")}        for p in range(index[slot], index[slot + 1]):
            j = targets[p]
            total = event_total[j]
            if total > 0 and event_step[j, (total - 1) & mask] > after:
                {load}
                {synapse} = {catch_up}
                {store}
{unless_pending("            ", stored=True)}        consumed[slot] = through
{"        slot_releases[slot] = until" if modulated else ""}
{"    swept[0] = release_counts[through % len(release_counts)]" if modulated else ""}
'''
    read_values = (
        """\
                        now = weight + eligibility * integrals[step % len(integrals)]
                        values[row, k] = min(max(now, W_min), W_max)
                        if what == 1:
                            values[row, k] = eligibility * math.exp(-(step - base[0]) * dt / tau_c)
"""
        if modulated
        else "                        values[row, k] = weight\n"
    )
    text += f'''

@kernel
def read(step, every, start, what, slots, positions, room, steps, values, used, control, {modulator}{everything}):
    """Write weights (what = 0) or eligibilities (1) as they are now, from step `start` on; nothing is changed."""
    if step >= start and step % every == 0:
        row = used[0]
        steps[row] = step
        for k in range(len(positions)):
            slot = slots[k]
            p = positions[k]
            last = last_arrival[slot]
            after = consumed[slot]
            through = step
            j = targets[p]
            {load}
{releases_up_to("step", "            ")}\
            {synapse} = {catch_up}
{read_values.replace("                        ", "            ")}        used[0] = row + 1
        if row + 1 + room > len(steps):
            control[0] = 1
'''
    settle = (
        """\
            now = weights[p] + eligibilities[p] * integrals[(step - 1) % len(integrals)]
            weights[p] = min(max(now, W_min), W_max)
            eligibilities[p] = 0.0
"""
        if modulated
        else "            weights[p] = min(max(weights[p], W_min), W_max)\n"
    )
    settle += "".join(f"            synapse_{name}[p] = initial_{name}\n" for name in state)
    zero_slots = "".join(f"        slot_{n}[slot] = 0.0\n" for n in pre_names)
    zero_slots += f"        last_arrival[slot] = {NEVER}\n"
    clear_means = "".join(f"    running_{n}[0] = 0.0\n" for n in pre_names) if mean_pre else ""
    text += f'''

@kernel
def reset(
    step, clock, phase, sweeps, since_sweep, dendritic,
    {names(state, "initial_{}")}{modulator}{mean_arguments}{everything}
):
    """At the start of a phase: keep the weights, forget traces, state, pending events and eligibilities."""
    if clock[4] == 0 or clock[2] != phase:
        return
    sweeps[0] = 1
    sweep(step - 1, sweeps, since_sweep, dendritic, {modulator}{everything})
    for slot in range(len(last_arrival)):
{zero_slots}        for p in range(index[slot], index[slot + 1]):
{settle}    for j in range(len(event_total)):
        event_total[j] = 0
{clear_means}'''
    if modulated:
        text += '''

@kernel
def rebase(
    step, every, sweeps, base, tau_c, dt, integrals, weights, eligibilities, event_N, event_E,
    release_counts, release_N, swept
):
    """Move the origin of exp((t - base)/tau_c) to now before it grows large; w(t) and c(t) stay what they are.

    A sweep later in this step takes up the post events that wait: their N would outgrow a float in 140 such moves.
    """
    if step - base[0] < every:
        return
    sweeps[0] = 1
    f = math.exp(-(step - base[0]) * dt / tau_c)
    N0 = integrals[step % len(integrals)]
    base[0] = step
    for p in range(len(weights)):
        weights[p] += eligibilities[p] * N0
        eligibilities[p] *= f
    for k in range(len(integrals)):
        integrals[k] = (integrals[k] - N0) / f
    for k in range(swept[0], release_counts[step % len(release_counts)]):
        release_N[k & (len(release_N) - 1)] = (release_N[k & (len(release_N) - 1)] - N0) / f
    for j in range(event_N.shape[0]):
        for h in range(event_N.shape[1]):
            event_N[j, h] = (event_N[j, h] - N0) / f
            event_E[j, h] *= f
'''
    return text
