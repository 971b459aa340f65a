"""Tables of the measurements of a session. Every number comes from its file of raw measurements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

from benchmarks import goals
from benchmarks.agreement import Disagreement, as_runs, disagreements, overall, spread
from benchmarks.networks import TITLES, Network
from benchmarks.session import complete_rounds

Record = dict[str, Any]
OURS = "spikelearn"


class Compared(NamedTuple):
    """The results of a session for one network. runs: (simulator, threads) -> runs of complete rounds without errors.
    errors: of runs that failed. differs: statistics that do not agree. ratios: theirs over ours, round by round."""

    network: Network
    runs: dict[tuple[str, int], list[Record]]
    errors: dict[tuple[str, int], str]
    differs: dict[tuple[str, int], list[Disagreement]]
    ratios: dict[tuple[str, int], list[float]]

    def seconds(self, simulator: str, threads: int) -> list[float]:
        """Wall seconds per biological second, of each run."""
        found = self.runs.get((simulator, threads), [])
        return [run["simulate_s"] / (self.network.duration * 1e-3) for run in found]

    def numbers_of_threads(self) -> list[int]:
        return sorted({threads for _, threads in [*self.runs, *self.errors]})

    def simulators(self) -> list[str]:
        return [each for each in TITLES if any(each == key[0] for key in [*self.runs, *self.errors])]


def compare(network: Network, records: Sequence[Record]) -> Compared:
    runs: dict[tuple[str, int], list[Record]] = {}
    errors: dict[tuple[str, int], str] = {}
    rounds = complete_rounds(records, network.name)
    for _, members in sorted(rounds.items()):
        for run in members:
            key = run["simulator"], run["threads"]
            if "error" in run:
                errors[key] = run["error"]
            else:
                runs.setdefault(key, []).append(run)
    # Our runs on more threads repeat the same spikes, so they carry no information about chance.
    fewest = min((threads for simulator, threads in runs if simulator == OURS), default=0)
    every = [as_runs(found) for key, found in runs.items() if key[0] != OURS or key[1] == fewest]
    differs, ratios = {}, {}
    for (simulator, threads), theirs in runs.items():
        ours = runs.get((OURS, threads), [])
        if simulator == OURS or not ours:
            continue
        differs[simulator, threads] = disagreements(as_runs(ours), as_runs(theirs), every)
        if not differs[simulator, threads]:
            mine = {run["round"]: run["simulate_s"] for run in ours}
            ratios[simulator, threads] = [
                run["simulate_s"] / mine[run["round"]] for run in theirs if run["round"] in mine
            ]
    return Compared(network, runs, errors, differs, {key: found for key, found in ratios.items() if found})


class Best(NamedTuple):
    peer: str
    ratios: list[float]
    indirect: bool


def best_peer(compared: Compared, threads: int) -> Best | None:
    """The peer with the smallest ratio to ours on the same number of threads, including those of the other machine."""
    found = [
        Best(TITLES[simulator], ratios, False)
        for (simulator, number), ratios in compared.ratios.items()
        if number == threads
    ]
    found += [Best(peer, ratios, True) for peer, ratios in through_nest(compared, threads).items()]
    return min(found, key=lambda each: median(each.ratios), default=None)


def through_nest(compared: Compared, threads: int) -> dict[str, list[float]]:
    """Peer of the other machine -> its time over ours, through NEST on both machines."""
    here = compared.ratios.get(("nest", threads))
    there = goals.SECONDS_ON_OTHER_MACHINE.get(compared.network.name, {})
    if not here or threads not in (1, 2) or "NEST" not in there or not (nest := there["NEST"][threads - 1]):
        return {}
    found = {}
    for peer, seconds in there.items():
        if peer != "NEST" and (theirs := seconds[threads - 1]):
            found[peer] = [ratio * theirs / nest for ratio in here]
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def times_table(found: Sequence[Compared], missing: Sequence[str]) -> list[str]:
    """Wall seconds, build, memory, rates, and the ratio to ours, of every simulator on every network."""
    head = ["network", "simulator", "threads", "wall s per biological s", "ratio to spikelearn", "build s", "peak MB",
            "rate Hz", "CV", "synchrony", ""]  # fmt: skip
    rows = []
    for c in found:
        quoted_only = {1, 2}.difference(c.network.threads)
        for threads in sorted(quoted_only.union(c.numbers_of_threads())):
            for simulator in c.simulators():
                rows.append(time_row(c, simulator, threads))
            rows += rows_of_the_other_machine(c, threads)
    lines = table(head, [row for row in rows if row])
    for simulator in missing:
        lines += [f"{TITLES[simulator]} is not installed here and has no rows.", ""]
    return lines


def rows_of_the_other_machine(c: Compared, threads: int) -> list[list[str]]:
    """Times of peers on the other machine, with ratios through NEST; NEST's time there if it has no run here."""
    rows, ratios = [], through_nest(c, threads)
    for peer, seconds in goals.SECONDS_ON_OTHER_MACHINE.get(c.network.name, {}).items():
        if (
            threads not in (1, 2)
            or not (quoted := seconds[threads - 1])
            or (peer == "NEST" and ("nest", threads) in c.runs)
        ):
            continue
        ratio, note = (f"indirect: {spread(ratios[peer])}", "through NEST") if peer in ratios else ("", "quoted only")
        said = f"{quoted:g} on the other machine"
        rows.append([c.network.title, peer, str(threads), said, ratio, *[""] * 5, note])
    return rows


def time_row(c: Compared, simulator: str, threads: int) -> list[str]:
    key = simulator, threads
    title = [c.network.title, TITLES[simulator], str(threads)]
    if key in c.errors and key not in c.runs:
        return [*title, *[""] * 7, f"failed: {c.errors[key]}"]
    if key not in c.runs:
        return []
    runs = c.runs[key]
    ratio, note = "", ""
    if simulator != OURS:
        if c.differs.get(key):
            note = "no ratio, different dynamics: " + "; ".join(map(str, c.differs[key][:3]))
        elif key in c.ratios:
            compared = max(len(runs), len(c.runs[OURS, threads])) > 1
            ratio, note = spread(c.ratios[key]), "agrees" if compared else "one run of each: not compared"
    if key in c.errors:
        note = f"{note}; some runs failed: {c.errors[key]}".lstrip("; ")
    how = [overall(as_runs(runs), c.network.populations, statistic) for statistic in ("rate", "cv", "synchrony")]
    form = "{:.3g}"
    return [
        *title, spread(c.seconds(*key), form), ratio, spread([r["build_s"] for r in runs], "{:.1f}"),
        f"{max(r['peak_bytes'] for r in runs) * 1e-6:,.0f}", *("" if math.isnan(x) else f"{x:.3g}" for x in how), note,
    ]  # fmt: skip


def goals_table(found: Sequence[Compared], records: Sequence[Record]) -> list[str]:
    """Goals, measurements, and whether the goals are reached."""
    rows = []
    for c in found:
        goal = goals.RATIOS.get(c.network.name)
        for threads in c.numbers_of_threads() if goal else []:
            if goal.threads not in (None, threads):
                continue
            asked = f"{goal.factor:g} times as fast as the best peer"
            where = f"{c.network.title}, {threads} thread{'s' if threads > 1 else ''}"
            best = best_peer(c, threads)
            if best is None:
                rows.append([where, asked, "no peer to compare with", ""])
                continue
            measured = f"{'indirect: ' if best.indirect else ''}{spread(best.ratios)} ({best.peer})"
            rows.append([where, asked, measured, goals.verdict(median(best.ratios), goal.factor, True)])
        if c.network.name == "microcircuit" and (OURS, 2) in c.runs:
            runs = c.runs[OURS, 2]
            for what, values, limit, unit in (
                ("real-time factor", c.seconds(OURS, 2), goals.REAL_TIME_FACTOR, ""),
                ("memory", [r["peak_bytes"] * 1e-9 for r in runs], goals.MICROCIRCUIT_BYTES * 1e-9, " GB"),
                ("building", [r["build_s"] for r in runs], goals.MICROCIRCUIT_BUILD_S, " s"),
            ):
                where = f"{c.network.title}, 2 threads: {what}"
                rows.append([where, f"at most {limit:g}{unit}", f"{spread(values)}{unit}",
                             goals.verdict(median(values), limit, False)])  # fmt: skip
    for kind, each in bytes_per_synapse(records, OURS).items():
        limit = goals.BYTES_PER_SYNAPSE[kind]
        verdict = goals.verdict(each, limit, False)
        rows.append([f"bytes per synapse, {kind}", f"at most {limit:g}", f"{each:.1f}", verdict])
    for temperature, values in start_up_seconds(records).get(OURS, {}).items():
        limit = goals.START_UP_S[temperature]
        rows.append([f"start-up, {temperature}", f"at most {limit:g} s", f"{spread(values)} s",
                     goals.verdict(median(values), limit, False)])  # fmt: skip
    for kind, costs in event_costs(found).items():
        if len(costs) > 1:
            factor = max(costs.values()) / min(costs.values())
            where = f"cost of an event from {min(costs) / 1e6:g} to {max(costs) / 1e6:g} million synapses, {kind}"
            rows.append([where, f"within a factor of {goals.EVENT_COST_FACTOR:g}", f"{factor:.2f}",
                         goals.verdict(factor, goals.EVENT_COST_FACTOR, False)])  # fmt: skip
    return table(["what", "goal", "measured", ""], rows)


def event_costs(found: Sequence[Compared]) -> dict[str, dict[int, float]]:
    """One weight or own weights -> number of synapses -> ns per synaptic event on one thread."""
    costs: dict[str, dict[int, float]] = {}
    for c in found:
        if c.network.part != "events" or (OURS, 1) not in c.runs:
            continue
        runs = c.runs[OURS, 1]
        kind = "own weights" if c.network.numbers["own_weights"] else "one weight"
        each = [run["simulate_s"] / run["synaptic_events"] * 1e9 for run in runs]
        costs.setdefault(kind, {})[c.network.synapses] = median(each)
    return costs


def bytes_per_synapse(records: Sequence[Record], simulator: str) -> dict[str, float]:
    """Growth of the peak memory of a process from few to many synapses, per additional synapse."""
    found = {}
    for record in records:
        if record["what"] == "memory" and record["simulator"] == simulator and "error" not in record:
            small, large = record["peak_bytes"]
            few, many = record["synapses"]
            found[record["kind"]] = (large - small) / (many - few)
    return found


def start_up_seconds(records: Sequence[Record]) -> dict[str, dict[str, list[float]]]:
    """simulator -> cold or warm -> wall seconds of whole processes."""
    found: dict[str, dict[str, list[float]]] = {}
    for r in records:
        if r["what"] == "start_up" and "error" not in r:
            found.setdefault(r["simulator"], {}).setdefault(r["temperature"], []).append(r["process_s"])
    return found


def scaling_table(found: Sequence[Compared], part: str) -> list[str]:
    """Rates and seconds on one thread, for networks of the same kind that differ in size or rate."""
    rows = []
    for c in sorted(
        found, key=lambda each: (each.network.neurons, each.network.numbers.get("external", {}).get("rate", 0))
    ):
        if (OURS, 1) not in c.runs or not belongs(c.network, part):
            continue
        rate = overall(as_runs(c.runs[OURS, 1]), c.network.populations, "rate")
        others = [f"{TITLES[simulator]} {spread(ratios)}" for (simulator, n), ratios in c.ratios.items() if n == 1] + [
            f"{TITLES[simulator]} has different dynamics" for (simulator, n), why in c.differs.items() if n == 1 and why
        ]
        rows.append([c.network.title, f"{c.network.synapses:,}", f"{rate:.3g}", spread(c.seconds(OURS, 1), "{:.3g}"),
                     ", ".join(others)])  # fmt: skip
    return table(["network", "synapses", "rate Hz", "wall s per biological s", "ratio to spikelearn"], rows)


def belongs(network: Network, part: str) -> bool:
    """Include a network of the main table in the series that it belongs to."""
    if network.part != "networks":
        return network.part == part
    if part == "size":
        return network.family == "cuba"
    return part == "rate" and network.family == "brunel" and network.numbers["rule"] == "static"


def machine_line(machine: Record, simulators: dict[str, str | None] | None = None) -> str:
    """The machine and the versions, in a sentence."""
    versions = [f"Python {machine['python']}", *(f"{name} {found}" for name, found in machine["packages"].items())]
    versions += [f"{TITLES[name]} {found or 'missing'}" for name, found in (simulators or {}).items()]
    memory = f", {machine['memory_gb']} GB" if "memory_gb" in machine else ""
    return f"{machine['processor']}, {machine['cores']} cores{memory}. {', '.join(versions)}."


def machine_lines(records: Sequence[Record]) -> list[str]:
    sessions = [r for r in records if r["what"] == "session"]
    loads = [r["load"] for r in records if r.get("load") is not None]
    commits = sorted({r["commit"] for r in sessions if r.get("commit")})
    of = f" on commit {' and '.join(commits)}" if commits else ""
    in_sessions = f" in {len(sessions)} sessions" if len(sessions) > 1 else ""
    return [
        f"{machine_line(sessions[-1]['machine'], sessions[-1]['simulators'])} "
        f"Measured{of} from {records[0]['at'][:16]} to {records[-1]['at'][:16]}{in_sessions}; "
        f"load of the machine {min(loads):.1f} to {max(loads):.1f}, including these runs.",
        "",
    ]


def report(networks: Sequence[Network], records: Sequence[Record]) -> list[str]:
    """All tables, as lines of Markdown, limited to what was measured."""
    found = [c for c in (compare(network, records) for network in networks) if c.runs or c.errors]
    sessions = [r for r in records if r["what"] == "session"]
    missing = [name for name, version in sessions[-1]["simulators"].items() if version is None]
    lines = machine_lines(records)
    lines += [
        "## Goals", "",
        "The best peer has the smallest ratio, on the same number of threads; ratios are medians (min to max).", "",
        *goals_table(found, records),
        "## Networks", "",
        "Times are the median (min to max) of the runs, without building and compiling; spikes are recorded. Ratios "
        "are taken within rounds, of consecutive runs, so that both see the same machine. A simulator that does "
        "not agree with spikelearn in the rate, the CV of intervals and the synchrony of each population has no ratio. "
        "Identical simulators exceed the tolerance once in 10,000 comparisons, according to the deviation between runs "
        "with different seeds (Student's t, but at least that of as many independent spikes); 2 % are added for the "
        "order of operations within a step. "
        "Values are means over neurons; synchrony is the variance over the mean of counts in bins of 3 ms. "
        "Auryn and BrainPy count in float32. Auryn connects each pair with a probability. All but NEST's wheel are "
        "compiled for this processor; a NEST that is (`--peer nest_host=PYTHON`) took 0.80 (0.79 to 0.87) of the "
        "wheel's time on Brunel and 0.84 (0.80 to 0.92) on the tenth of the microcircuit, with the same spikes, on one "
        "thread, 2026-12-01, three rounds. BrainPy returns whether each neuron has fired in each step, and XLA, by "
        "which it is compiled, decides which loops are divided between its threads. GeNN is not installed here: its "
        "times are "
        f"from {goals.OTHER_MACHINE}, and its ratios are indirect, (NEST / spikelearn) here times (GeNN / NEST) "
        "there.", "",
        *times_table([c for c in found if c.network.part == "networks"], missing),
        *published(found),
    ]  # fmt: skip
    for part, title in (("size", "Size"), ("rate", "Rate")):
        if any(c.network.part == part for c in found):
            lines += [f"## {title}", "", "One thread.", "", *scaling_table(found, part)]
    if costs := event_costs(found):
        lines += [
            "## Cost of a synaptic event", "",
            "Total time on one thread, including neurons, per synaptic event; 1,000 inputs per neuron at 40 Hz.",
            "",
            *table(["synapses", *costs], [
                [f"{n:,}", *(f"{of[n]:.2f} ns" if n in of else "" for of in costs.values())]
                for n in sorted({n for of in costs.values() for n in of})
            ]),
        ]  # fmt: skip
    lines += [*rest(records), *compile_times(records)]
    return lines


def published(found: Sequence[Compared]) -> list[str]:
    """Published figures for whole processes, and for the full microcircuit on other hardware."""
    names, lines = {c.network.name for c in found}, []
    if names & {"brunel", "brunel_stdp"}:
        said = [f"{peer} {a * 1e-6:.0f} and {b * 1e-6:.0f} MB" for peer, (a, b) in goals.BYTES_ON_OTHER_MACHINE.items()]
        lines += [f"Whole processes on the other machine, for Brunel's network and with STDP: {', '.join(said)}.", ""]
    if "microcircuit" in names:
        said = [f"{who} {factor:g}" for who, factor in goals.REAL_TIME_RECORDS]
        lines += [f"Published real-time factors of the full microcircuit: {', '.join(said)}.", ""]
    return lines


def rest(records: Sequence[Record]) -> list[str]:
    """Bytes per synapse, start-up, trials."""
    lines = []
    bytes_of = {each: bytes_per_synapse(records, each) for each in (OURS, "nest")}
    if any(bytes_of.values()):
        kinds = list(goals.BYTES_PER_SYNAPSE)
        lines += [
            "## Bytes per synapse", "", "Growth of the peak memory of a process from 4 to 16 million synapses.", "",
            *table(["", *kinds], [
                [TITLES[each], *(f"{of[kind]:.1f}" if kind in of else "" for kind in kinds)]
                for each, of in bytes_of.items() if of
            ]),
        ]  # fmt: skip
    if seconds := start_up_seconds(records):
        lines += [
            "## Start-up", "", "A whole process that imports, builds 100 neurons and runs 100 ms; cold means an empty "
            "cache. Brian2 with numpy.", "",
            *table(["", "", "s"], [
                [TITLES[each], temperature, spread(values)]
                for each, of in seconds.items() for temperature, values in of.items()
            ]),
        ]  # fmt: skip
    trials = [r for r in records if r["what"] == "trials" and "error" not in r]
    if trials:
        lines += [
            "## Trials", "",
            f"{trials[0]['n']:,} trials of 50 ms, 100 sources and 100 LIF neurons, dt 1 ms, with new rates, a compiled "
            "callback and a reset of neurons and 1,000 plastic synapses: "
            f"{spread([r['microseconds'] for r in trials], '{:.1f}')} us each in addition to the simulation.", "",
        ]  # fmt: skip
    failed = [r for r in records if r["what"] in ("memory", "start_up", "trials") and "error" in r]
    lines += [f"{r['what']} of {r.get('simulator', OURS)} failed: {r['error']}" for r in failed]
    return lines


def compile_times(records: Sequence[Record]) -> list[str]:
    """The cost of compilation before the first run of a network."""
    rows = {}
    for r in records:
        if r["what"] == "prepare" and "error" not in r and r["simulator"] != OURS:
            rows[r["network"], r["simulator"], r["threads"]] = f"{r['compile_s']:.0f}"
    if not rows:
        return []
    body = [[name, TITLES[simulator], str(threads), seconds] for (name, simulator, threads), seconds in rows.items()]
    head = ["network", "simulator", "threads", "s"]
    return [
        "## Compiling",
        "",
        "Before the first run of a network; not included in the times above.",
        "",
        *table(head, body),
    ]
