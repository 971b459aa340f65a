"""The page that says where the time of each benchmark goes, and how near each loop is to a limit of the machine."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.in_spikelearn import build
from benchmarks.networks import Network, as_request
from benchmarks.session import processor
from spikelearn.engine.profile import Timed, Work, profile
from spikelearn.engine.roofline import Machine
from spikelearn.network import versions

NAMES = ("cuba_4000", "cuba_40000", "brunel", "brunel_stdp", "dopamine", "microcircuit_tenth")
"""Networks of benchmarks/networks.py that the page is about."""

LEAST_SHOWN = 0.005

HEAD = """\
# Where the time goes

Each call of a step, timed by the processor's clock on one thread, beside the least time that this machine could take
for it, as a probe found it in the same session. Made by

```sh
python scripts/profile.py --write
```

on {processor}, with {versions}.

"Bytes" are those that a neuron or a synaptic event streams in order; what is written counts twice. "Operations" are
those of the model's step on float64, an exponential counted by its arithmetic. The limit is the longest of three times:
to stream the bytes at the speed of the memory that holds them, to add to inputs in random order, and to calculate. "Of
the limit" is how near the loop comes to it: 100 % is all that the machine can do. A delivery can pass 100 %, where
targets of one source lie in ascending order: those of the probe do not.

## The machine

| bytes | read, GB/s | by two threads | read and written, GB/s |
|---|---|---|---|
{memory}
| bytes of inputs | ns an addition in random order |
|---|---|
{adds}
Multiplications and additions of float64 in vectors: {operations:.1f} billion a second.
"""


def page(networks: Sequence[Network], machine: Machine, settle: float, n_steps: int, least: float = LEAST_SHOWN) -> str:
    """settle: ms that a network runs before it is timed for n_steps. least: share below which a call is not shown."""
    return head(machine) + "".join(section(network, machine, settle, n_steps, least) for network in networks)


def head(machine: Machine) -> str:
    memory = "".join(
        f"| {size:,} | {machine.read[size] / 1e9:.1f} | {machine.read_by_two[size] / 1e9:.1f} "
        f"| {machine.update[size] / 1e9:.1f} |\n"
        for size in machine.read
    )
    adds = "".join(f"| {size:,} | {seconds * 1e9:.2f} |\n" for size, seconds in machine.add.items())
    return HEAD.format(
        processor=processor(), versions=", ".join(f"{name} {version}" for name, version in versions().items()),
        memory=memory, adds=adds, operations=machine.operations / 1e9,
    )  # fmt: skip


def section(network: Network, machine: Machine, settle: float, n_steps: int, least: float) -> str:
    net = build({**as_request(network), "seed": 1, "threads": 1})
    if settle > 0:
        net.run(settle, progress=False)
    found = profile(net.build().program, n_steps)
    calls, total = found.calls, found.seconds
    taken = f"{total / (n_steps * net.dt * 1e-3):.3g} s a biological second"
    lines = [f"\n## {network.title}\n", f"{taken}; the thread had its processor {found.busy:.0%} of the time.\n"]
    lines += ["| call | share | ns | each | bytes | operations | limit, ns | of the limit | set by |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    shown = sorted((call for call in calls if call.seconds >= least * total), key=lambda call: -call.seconds)
    lines += [row(call, total, n_steps, machine) for call in shown]
    rest = total - sum(call.seconds for call in shown)
    lines += [f"| {len(calls) - len(shown)} others | {rest / total:.1%} | | | | | | | |"]
    return "\n".join(lines) + "\n"


def row(call: Timed, total: float, n_steps: int, machine: Machine) -> str:
    first, *more = call.label.split(", ")
    label = call.label if len(more) < 3 else f"{first} and {len(more)} more"
    begin = f"| {label} | {call.seconds / total:.1%} "
    work = call.work
    if work is None:
        return begin + f"| {call.seconds / n_steps * 1e9:,.0f} | step | | | | | |"
    each = call.seconds / work.n
    begin += f"| {each * 1e9:.2f} | {work.unit} | {work.streamed:.0f} | {work.operations or ''} "
    limit, by = limit_of(work, machine)
    return begin + f"| {limit * 1e9:.2f} | {limit / each:.0%} | {by} |" if limit else begin + "| | | |"


def limit_of(work: Work, machine: Machine) -> tuple[float, str]:
    """The least seconds for one unit, and what sets them."""
    limits = {
        "memory": machine.seconds_to_stream(work.streamed, work.footprint, work.unit == "neuron")
        if work.streamed
        else 0.0,
        "additions": machine.seconds_to_add(work.scattered) if work.scattered else 0.0,
        "arithmetic": work.operations / machine.operations,
    }
    by = max(limits, key=lambda name: limits[name])
    return limits[by], by
