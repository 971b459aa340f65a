"""The loops of a SignalRule (plasticity/signal_rule.py), printed as Python for one rule at a time.

What the names stand for is said there: w = q + X H, or with an eligibility c exp((t - base)/tau_c) = C + X H and
w = q + C N + X M. `weights` holds q and `eligibilities` C, both as of the last arrival; slot_x is X, slot_epoch the
epoch it is scaled to. An epoch lasts from one base to the next; H, M and N at the end of the last epochs are in
end_H, end_M and end_N, rings that a synapse takes up at its next arrival:

    q <- q + C N + X M,   C <- (C + X H) exp(-T/tau_c),   X <- X exp(-T/tau_x),   T the length of an epoch.

clock: [epoch, base in steps, epoch in which all synapses were last brought up to date].
"""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.kernels.templates.neurons import names

EPOCHS = 16
"""Ends of epochs that are kept. Sources that were silent for so long are swept."""

_HEADER = """\
import math

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.events import count_in_row, source_in_row
"""


def render_signal(
    pre: Sequence[tuple[str, str, float]],
    reads: Sequence[str],
    state: Sequence[str],
    delayed: Sequence[str],
    seen: Sequence[str],
    constants: Sequence[str],
    eligibility: bool,
    on_pre: bool,
    payload: bool = False,
    hidden: bool = False,
    also: Sequence[str] = (),
) -> str:
    """signals (once a target and step), integrate, deliver, read and reset of a rule.

    pre: (name, jump, amplitude) of the traces; the amplitude is part of X. payload: whether events bring values with
        them. hidden: the limits hold for the weight that is sent, not for the one that learns. also: further kinds of
        event that the rule learns from. The names of arguments are those of `engine.signals`.
    """
    parts = _Parts(pre, reads, state, delayed, seen, constants, eligibility, on_pre, hidden)
    header = _HEADER.replace("source_in_row", "source_in_row, value_in_row") if payload else _HEADER
    loops = (
        _render_targets(parts, also) + _render_synapse(parts) + _render_deliver(parts, payload) + _render_look(parts)
    )
    return header + loops


class _Parts:
    """Pieces of text that several loops share."""

    def __init__(
        self, pre: Sequence[tuple[str, str, float]], reads: Sequence[str], state: Sequence[str],
        delayed: Sequence[str], seen: Sequence[str], constants: Sequence[str], eligibility: bool, on_pre: bool,
        hidden: bool,
    ) -> None:  # fmt: skip
        traces = [name for name, _, _ in pre]
        self.traces, self.reads, self.state = traces, reads, state
        self.jumps = {name: jump for name, jump, _ in pre}
        self.amplitudes = {name: float(amplitude) for name, _, amplitude in pre}
        self.delayed, self.seen, self.eligibility, self.on_pre = delayed, seen, eligibility, on_pre
        self.constants = names(constants, "constant_{}")
        self.own = names(state, "own_{}")
        self.delays = names(delayed, "delay_{}")
        self.seen_rings = names(seen, "seen_{}")
        self.H = names(traces, "H_{}")
        self.ends = names(traces, "end_H_{}")
        self.factors = names(traces, "factor_{}")
        self.rates = names(traces, "rate_{}")
        self.synapse = "weight, c" if eligibility else "weight"
        self.weights = "weights, eligibilities, " if eligibility else "weights, "
        if eligibility:
            self.H += "N, " + names(traces, "M_{}")
            self.ends += "end_N, " + names(traces, "end_M_{}")
            self.factors += "c_factor, "
            self.rates += "c_rate, released, "
        self.slots = names(traces, "slot_{}")
        self.X = names(traces, "X_{}")
        self.limits = "W_min, W_max, "
        self.no_limits = "-math.inf, math.inf"
        self.kept, self.hidden = ("learned", True) if hidden else ("now", False)
        self.target = f"dendritic, clock, gain, {self.H}{self.rates}"
        self.table = f"index, targets, {self.weights}slot_epoch, {self.slots}"
        self.load = "weight = weights[p]" + ("; c = eligibilities[p]" if eligibility else "")
        self.store = "weights[p] = weight" + ("; eligibilities[p] = c" if eligibility else "")


def _render_targets(parts: _Parts, also: Sequence[str]) -> str:
    """Once a target and step: signals, and their integrals. Loops over slices vectorise, not those from `first`."""
    p = parts
    kinds = ["event", *(f"also_{kind}" for kind in also)]
    mark = "".join(
        f"    for k in range({kind}_counts[emitted]):\n        {kind}[{kind}_rows[emitted, k]] = " + "{0}\n"
        for kind in kinds
    )
    marked, cleared = mark.format("1.0"), mark.format("0.0")
    slices = "".join(f"    now_{kind} = {kind}[first:last]\n" for kind in kinds)
    slices += "".join(f"    now_{n} = post_{n}[first:last]\n" for n in p.reads)
    slices += "".join(f"    now_{n} = own_{n}[first:last]\n" for n in p.state)
    slices += "".join(
        f"    in_{n} = delay_{n}[step % len(delay_{n})][first:last]\n"
        f"    out_{n} = delay_{n}[(step + 1) % len(delay_{n})][first:last]\n"
        for n in p.delayed
    )
    slices += "".join(f"    kept_{n} = seen_{n}[step % len(seen_{n})][first:last]\n" for n in p.seen)
    read = "".join(f"        u_{n} = now_{n}[i]\n" for n in [*p.reads, *p.state])
    everything = f"{names([*p.reads, *p.state], 'u_{}')}{names(kinds, 'now_{}[i]')}{p.constants}"
    advanced = f"        {names(p.state, 'now_{}[i]')}= advance({everything})\n" if p.state else ""
    late = "".join(f"        in_{n}[i] = u_{n}\n        u_{n} = out_{n}[i]\n" for n in p.delayed)
    kept = "".join(f"        kept_{n}[i] = u_{n}\n" for n in p.seen)
    add = "".join(
        f"    E_{n} = math.exp(-(at - clock[1]) * rate_{n})\n"
        f"    now_{n} = H_{n}[first:last]\n"
        f"    for i in range(len(now_{n})):\n"
        f"        now_{n}[i] += gain_now[i] * E_{n}\n"
        for n in p.traces
    )
    move = "".join(
        "    for j in range(first, last):\n"
        + "".join(f"        end_{v}_{n}[r, j] = {v}_{n}[j]\n        {v}_{n}[j] = 0.0\n" for v in _integrals(p))
        for n in p.traces
    )
    released = ""
    if p.eligibility:
        move += "    end_N[r] = N[0]\n    N[0] = 0.0\n"
        released = """\
    n0 = concentration[0]
    w_rate = c_rate + n_rate
    increment = -n0 * math.expm1(-w_rate) / w_rate * dt + b * math.expm1(-c_rate) / c_rate * dt
    released[step % len(released)] = increment if enabled[0] != 0 else 0.0
    increment = released[at % len(released)] * math.exp(-(at - 1 - clock[1]) * c_rate)
    N[0] += increment
"""
        released += "".join(
            f"    for j in range(first, last):\n        M_{n}[j] += H_{n}[j] * increment\n" for n in p.traces
        )
    modulator = "concentration, b, n_rate, dt, " if p.eligibility else ""
    return f'''

@kernel
def add_signal(at, row, first, last, gain, clock, {names(p.traces, "H_{0}, rate_{0}")}):
    """The signal in a row of `gain` acts at the synapses in step `at`."""
    gain_now = gain[row][first:last]
{add}

@kernel
def signals(
    step, event_rows, event_counts, first, last, enabled, event,
    {names(kinds[1:], "{0}_rows, {0}_counts")}{names(kinds[1:])}
    {names(p.reads, "post_{}")}{p.own}{p.delays}{p.seen_rings}{p.target}{p.constants}
):
    """The signal of each target at the end of this step; without a dendritic delay it acts now."""
    emitted = step % len(event_counts)
{marked}{slices}    row = step % len(gain)
    gain_now = gain[row][first:last]
    plastic = 1.0 if enabled[0] != 0 else 0.0
    for i in range(len(gain_now)):
{read}{advanced}{late}{kept}        gain_now[i] = plastic * signal({everything})
{cleared}    if dendritic == 0:
        add_signal(step, row, first, last, gain, clock, {names(p.traces, "H_{0}, rate_{0}")})


@kernel
def integrate(
    step, first, last, every, enabled, {modulator}{p.target}{p.ends}{p.factors}{p.table}
):
    """Bring the integrals to the step in which this step's arrivals are at their synapses."""
    at = step - dendritic
    if at - 1 - clock[1] >= every:
        begin_epoch(first, last, every, clock, {p.H}{p.ends}{p.factors}{p.table})
{released}    if dendritic > 0:
        add_signal(at, (at - dendritic) % len(gain), first, last, gain, clock, {names(p.traces, "H_{0}, rate_{0}")})


@kernel
def begin_epoch(first, last, every, clock, {p.H}{p.ends}{p.factors}{p.table}):
    """Move base; when the ring of ends is full, bring every synapse up to date."""
    r = clock[0] % {EPOCHS}
{move}    clock[0] += 1
    clock[1] += every
    if clock[0] - clock[2] == {EPOCHS}:
        sweep(clock, {p.ends}{p.factors}{p.table})
'''


def _integrals(parts: _Parts) -> tuple[str, ...]:
    """The integrals that each target has for each trace."""
    return ("H", "M") if parts.eligibility else ("H",)


def _render_synapse(parts: _Parts) -> str:
    """What one synapse, or one slot, takes up of past epochs."""
    p = parts
    shrink = "".join(f"        X_{n} *= factor_{n}\n" for n in p.traces)
    if p.eligibility:
        take_up = (
            "        weight += c * end_N[r]\n"
            + "".join(f"        weight += X_{n} * end_M_{n}[r, j]\n" for n in p.traces)
            + "".join(f"        c += X_{n} * end_H_{n}[r, j]\n" for n in p.traces)
            + "        c *= c_factor\n"
        )
    else:
        take_up = "".join(f"        weight += X_{n} * end_H_{n}[r, j]\n" for n in p.traces)
    slot_X = "".join(f"            X_{n} = slot_{n}[slot]\n" for n in p.traces)
    new_X = "".join(
        f"                slot_{n}[slot] *= factor_{n}\n" for n in p.traces
    )  # in the loop over missed epochs
    return f'''

@kernel
def catch_up({p.synapse}, j, since, epoch, {p.X}{p.ends}{p.factors}):
    """Take up the ends of epochs since, ..., epoch - 1."""
    for m in range(since, epoch):
        r = m % {EPOCHS}
{take_up}{shrink}    return {p.synapse}


@kernel
def sweep(clock, {p.ends}{p.factors}{p.table}):
    """Bring every synapse to this epoch."""
    epoch = clock[0]
    clock[2] = epoch
    for slot in range(len(slot_epoch)):
        since = slot_epoch[slot]
        if since < epoch:
{slot_X}            for p in range(index[slot], index[slot + 1]):
                {p.load}
                {p.synapse} = catch_up({p.synapse}, targets[p], since, epoch, {p.X}{p.ends}{p.factors})
                {p.store}
            for _ in range(since, epoch):
{new_X}            slot_epoch[slot] = epoch
'''


def _render_deliver(parts: _Parts, payload: bool) -> str:
    """With values, traces jump by them, or to them, and they multiply the weights that are sent."""
    p = parts
    values, times_value = ("values, ", " * value") if payload else ("", "")
    value = "            value = value_in_row(values, counts, arriving, k)\n" if payload else ""
    jumps = "".join(f"    jump_{n} = {p.amplitudes[n]!r} * math.exp((s - base) * tau_rate_{n})\n" for n in p.traces)
    slot_now = "".join(f"            X_{n} = slot_{n}[slot]\n" for n in p.traces)
    slot_now += "".join(f"            now_{n} = X_{n}\n" for n in p.traces)
    slot_now += "            for _ in range(since, epoch):\n"
    slot_now += "".join(f"                now_{n} *= factor_{n}\n" for n in p.traces)
    slot_now += "".join(
        f"            new_{n} = {f'now_{n} + ' if p.jumps[n] == 'add' else ''}jump_{n}{times_value}\n" for n in p.traces
    )
    arguments = names(p.traces, "now_{0} / jump_{0}") + names(p.seen, "seen_{}[row, j]") + p.constants
    plus_H = "".join(f" + now_{n} * H_{n}[j]" for n in p.traces)
    minus_H = "".join(f" - new_{n} * H_{n}[j]" for n in p.traces)
    limited = "                now = min(max({}, W_min), W_max)\n"
    stepped = f"                    now = min(max(on_pre(now, {arguments}), W_min), W_max)\n"
    if p.hidden:
        limited = "                learned = {}\n                now = min(max(learned, W_min), W_max)\n"
        stepped = f"                    learned = on_pre(learned, {arguments})\n"
        stepped += "                    now = min(max(learned, W_min), W_max)\n"
    if p.eligibility:
        plus_M = "".join(f" + now_{n} * M_{n}[j]" for n in p.traces)
        minus_M = "".join(f" - new_{n} * M_{n}[j]" for n in p.traces)
        change = (
            f"                if plastic:\n                    c += on_pre({arguments}) * c_scale\n" if p.on_pre else ""
        )
        update = f"""\
{limited.format(f"weight + c * N[0]{plus_M}")}                c = c{plus_H}
{change}                c = c{minus_H}
                weight = {p.kept} - c * N[0]{minus_M}
"""
    else:
        change = (
            f"""\
                if plastic:
{stepped}"""
            if p.on_pre
            else ""
        )
        update = f"""\
{limited.format(f"weight{plus_H}")}{change}                weight = {p.kept}{minus_H}
"""
    c_scale = "    c_scale = math.exp((s - base) * c_rate)\n" if p.eligibility and p.on_pre else ""
    row = f"    row = (s - dendritic if dendritic > 0 else s - 1) % len(seen_{p.seen[0]})\n" if p.seen else ""
    grow = "".join(f"            slot_{n}[slot] = new_{n}\n" for n in p.traces)
    return f'''

@kernel
def function(
    step, rows, counts, {values}delays, inputs, event_count, enabled,
    {p.seen_rings}{p.target}{p.ends}{p.factors}{p.table}
    {p.limits}{names(p.traces, "tau_rate_{}")}{p.constants}
):
    """Deliver what arrives in this step; the weight sent includes the change by this very arrival."""
    depth = counts.shape[-1]
    n_delays = len(delays)
    s = step - dendritic
    epoch = clock[0]
    base = clock[1]
    plastic = enabled[0] != 0
{row}{jumps}{c_scale}    for d in range(n_delays):
        arriving = (step - delays[d]) % depth
        for k in range(count_in_row(counts, arriving)):
            slot = source_in_row(rows, counts, arriving, k) * n_delays + d
            begin = index[slot]
            end = index[slot + 1]
            if begin == end:
                continue
            event_count[0] += end - begin
            since = slot_epoch[slot]
{value}{slot_now}            for p in range(begin, end):
                j = targets[p]
                {p.load}
                if since < epoch:
                    {p.synapse} = catch_up({p.synapse}, j, since, epoch, {p.X}{p.ends}{p.factors})
{update}                {p.store}
                inputs[j] += now{times_value}
{grow}            slot_epoch[slot] = epoch
'''


def _render_look(parts: _Parts) -> str:
    """Reading and resetting."""
    p = parts
    load_X = "".join(f"    X_{n} = slot_{n}[slot]\n" for n in p.traces)
    shrink = "".join(f"        X_{n} *= factor_{n}\n" for n in p.traces)
    load_H = "".join(f"    {v}_{n}_now = {v}_{n}[j]\n" for v in _integrals(p) for n in p.traces)
    ahead = ""
    if p.eligibility:
        load_H += "    N_now = N[0]\n"
        ahead += """\
        increment = released[at % len(released)] * math.exp(-(at - 1 - clock[1]) * c_rate)
        N_now += increment
"""
        ahead += "".join(f"        M_{n}_now += H_{n}_now * increment\n" for n in p.traces)
    ahead += "        g = gain[(at - dendritic) % len(gain), j]\n"
    ahead += "".join(f"        H_{n}_now += g * math.exp(-(at - clock[1]) * rate_{n})\n" for n in p.traces)
    plus_H = "".join(f" + X_{n} * H_{n}_now" for n in p.traces)
    if p.eligibility:
        plus_M = "".join(f" + X_{n} * M_{n}_now" for n in p.traces)
        result = f"""\
    c_now = (c{plus_H}) * math.exp(-(step - clock[1]) * c_rate)
    return min(max(weight + c * N_now{plus_M}, W_min), W_max), c_now
"""
    else:
        result = f"    return min(max(weight{plus_H}, W_min), W_max), 0.0\n"
    zero = "".join(f"        slot_{n}[slot] = 0.0\n" for n in p.traces)
    materialize = "            eligibilities[p] = 0.0\n" if p.eligibility else ""
    starts = list(dict.fromkeys([*p.state, *p.delayed, *p.seen]))
    start = "".join(f"        own_{n}[j] = start_{n}[j]\n" for n in p.state)
    start += "".join(
        f"        for r in range(len({ring}_{n})):\n            {ring}_{n}[r, j] = start_{n}[j]\n"
        for ring, variables in (("delay", p.delayed), ("seen", p.seen))
        for n in variables
    )
    everything = f"{p.target}{p.ends}{p.factors}{p.table}{p.limits}"
    unlimited = f"{everything.removesuffix(p.limits)}{p.no_limits}"
    learned = unlimited if p.hidden else everything
    forget = ""
    if p.eligibility:
        forget = f'''

@kernel
def forget(step, n_moved, moved, {everything}):
    """Synapses that have new targets, by their places in order, have no eligibility now."""
    k = 0
    for slot in range(len(slot_epoch)):
        for p in range(index[slot], index[slot + 1]):
            if k < n_moved[0] and moved[k] == p:
                k += 1
                eligibilities[p] = 0.0
                _, c_now = look(step, slot, p, {everything})
                eligibilities[p] = -c_now * math.exp((step - clock[1]) * c_rate)
'''
    return f'''

@kernel
def look(step, slot, p, {everything}):
    """(weight, eligibility) of one synapse, with the signals that reach it up to this step; nothing is changed."""
    j = targets[p]
    {p.load}
{load_X}    {p.synapse} = catch_up({p.synapse}, j, slot_epoch[slot], clock[0], {p.X}{p.ends}{p.factors})
    for _ in range(slot_epoch[slot], clock[0]):
{shrink}{load_H}    for at in range(step - dendritic + 1, step + 1):
{ahead}{result}

@kernel
def read(step, every, start, what, slots, positions, room, steps, values, used, control, {everything}):
    """Write weights (what = 0) or eligibilities (1) as they are now, from step `start` on; nothing is changed."""
    if step >= start and step % every == 0:
        row = used[0]
        steps[row] = step
        for k in range(len(positions)):
            now, c_now = look(step, slots[k], positions[k], {everything})
            values[row, k] = now if what == 0 else c_now
        used[0] = row + 1
        if row + 1 + room > len(steps):
            control[0] = 1


@kernel
def reset(
    step, clock_of_trials, phase, first, last, {p.own}{p.delays}{p.seen_rings}{names(starts, "start_{}")}
    {everything}
):
    """At the start of a phase: keep the weights, forget traces, eligibilities and the rule's own variables."""
    if clock_of_trials[4] == 0 or clock_of_trials[2] != phase:
        return
    for slot in range(len(slot_epoch)):
        for p in range(index[slot], index[slot + 1]):
            weights[p], _ = look(step - 1, slot, p, {learned})
{materialize}        slot_epoch[slot] = clock[0]
{zero}    for j in range(first, last):
{start}        for r in range(len(gain)):
            gain[r, j] = 0.0


@kernel
def materialize(step, due, {everything}):
    """For homeostasis and rewiring: the weight as it is now takes the place of q in weights[p]."""
    if due[0] != 0:
        sweep(clock, {p.ends}{p.factors}{p.table})
        for slot in range(len(slot_epoch)):
            for p in range(index[slot], index[slot + 1]):
                weights[p], _ = look(step, slot, p, {learned})


@kernel
def dematerialize(step, due, {everything}):
    """Back to q: what `look` adds to it is taken away."""
    if due[0] != 0:
        for slot in range(len(slot_epoch)):
            for p in range(index[slot], index[slot + 1]):
                now, _ = look(step, slot, p, {unlimited})
                weights[p] -= now - weights[p]
{forget}'''
