"""Run Brian2's own example scripts on Brian2 and, with two lines added, on spikelearn; compare results and times.

    export BRIAN2_EXAMPLES=.../brian2/examples                          # of a checkout; they are not part of spikelearn
    python benchmarks/brian2_examples.py run OUT.jsonl --seeds 1 2 3    # each script on both, once for each seed
    python benchmarks/brian2_examples.py table OUT.jsonl --write        # into docs/interop/brian2.md

Each run is a process of its own. `run` appends to OUT.jsonl: the seconds of the processor that the script spends in
Brian2's `Network.run`, where both also make or read what they compile, and in all of it after `import brian2`; how far
what it ends with (monitors, and variables of groups and synapses) is from Brian2's, where that is not random; means and
deviations of the same things, where it is. `--quick` has shorter runs, for tests. Table: medians of all rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/interop/brian2.md"
BEGIN, END = "<!-- begin: benchmarks/brian2_examples.py table OUT.jsonl --write -->\n", "<!-- end -->\n"
ADDED = 'import brian2, spikelearn.interop.brian2\nbrian2.set_device("spikelearn")\n'
"""The two lines that are put before a script."""
DEVICES = ("brian2", "spikelearn")
NOT_COMPARED = {"lastspike", "not_refractory", "lastupdate", "_spikespace"}
NEAR = 1e-9
"""Largest difference of a variable from Brian2's, over the largest value that the variable has."""


class Example(NamedTuple):
    """path: in the folder of examples. shorter: what is replaced so that a run ends within a minute on Brian2.
    quick: what is replaced in tests, beyond. random: whether random numbers are drawn during the run, so that
    statistics are compared, and not every number."""

    path: str
    about: str
    random: bool = False
    shorter: tuple[tuple[str, str], ...] = ()
    quick: tuple[tuple[str, str], ...] = ()

    def source(self, folder: Path, device: str, quick: bool) -> str:
        text = (folder / self.path).read_text(encoding="utf-8")
        for old, new in (*self.shorter, *(self.quick if quick else ())):
            if old not in text:
                raise SystemExit(f"{self.path}: there is no {old!r} to be replaced")
            text = text.replace(old, new)
        return ADDED + text if device == "spikelearn" else text


EXAMPLES = (
    Example("CUBA.py", "4,000 neurons, exponential currents (Vogels & Abbott 2005)"),
    Example("COBAHH.py", "4,000 Hodgkin-Huxley neurons (Brette et al. 2007)", quick=(("1 * second", "20 * ms"),)),
    Example(
        "synapses/STDP.py", "1,000 plastic synapses (Song et al. 2000)", random=True,
        shorter=(("100*second", "10*second"),), quick=(("10*second", "1*second"),),
    ),
    Example("adaptive_threshold.py", "a threshold that spikes raise", random=True),
    Example("frompapers/Izhikevich_2003.py", "1,000 neurons of Izhikevich (2003)", random=True),
    Example("frompapers/Brette_Gerstner_2005.py", "AdEx (Brette & Gerstner 2005)"),
    Example("frompapers/Brunel_Hakim_1999.py", "5,000 noisy neurons that inhibit each other", random=True),
    Example(
        "frompapers/Brunel_2000.py", "sparse network of Brunel (2000) with PoissonInput, panel A", random=True,
        shorter=(("N_E = 10000", "N_E = 4000"), ("parameters.items()", "list(parameters.items())[:1]")),
        quick=(("[500, 600]", "[50, 60]"),),
    ),
    Example("synapses/gapjunctions.py", "ten neurons, all coupled by gap junctions"),
    Example(
        "frompapers/Vogels_et_al_2011.py", "inhibitory plasticity, 10,000 neurons (Vogels et al. 2011)",
        shorter=(("simtime = 10*second", "simtime = 2*second"),),
        quick=(("simtime = 2*second", "simtime = 300*ms"), ("1*second", "200*ms")),
    ),
    Example("frompapers/Tsodyks_Pawelzik_Markram_1998.py", "short-term depression"),
    Example("synapses/nonlinear.py", "synapses with equations of their own, recorded"),
    Example("phase_locking.py", "2,000 noisy, driven neurons"),
    Example("IF_curve_LIF.py", "1,000 leaky neurons, their currents"),
    Example("IF_curve_Hodgkin_Huxley.py", "100 Hodgkin-Huxley neurons, their currents"),
    Example("frompapers/Wang_Buszaki_1996.py", "a neuron of Wang & Buszaki (1996)"),
    Example("frompapers/Diesmann_et_al_1999.py", "a synfire chain", random=True),
    Example("frompapers/Rossant_et_al_2011bis.py", "coincidences in PoissonInput, two neurons", random=True),
)  # fmt: skip


def examples_folder() -> Path | None:
    """Brian2's folder of examples, from the environment; None if it is not there."""
    folder = Path(os.environ.get("BRIAN2_EXAMPLES", "/nowhere"))
    return folder.resolve() if (folder / "CUBA.py").is_file() else None


def run_one(example: Example, device: str, folder: Path, seed: int, quick: bool, results: Path) -> dict[str, float]:
    """Run a script in this process, and write all that it ends with; the seconds that it took."""
    os.environ["MPLBACKEND"] = "Agg"
    warnings.simplefilter("ignore")
    import brian2
    from brian2.core import network

    brian2.BrianLogger.suppress_hierarchy("brian2")
    if device == "spikelearn":
        import spikelearn.interop.brian2  # noqa: F401 (so that its import is in no time, as that of brian2)
    np.random.seed(seed)
    spent, found, run = 0.0, {}, network.Network.run

    def timed(*arguments: Any, level: int = 0, **options: Any) -> None:
        nonlocal spent
        begun = time.process_time()
        run(*arguments, level=level + 1, **options)
        spent += time.process_time() - begun
        found.update(everything())

    network.Network.run = timed
    code = compile(example.source(folder, device, quick), str(folder / example.path), "exec")
    names = {"__name__": "__main__", "__file__": str(folder / example.path)}
    begun = time.process_time()
    exec(code, names)
    total = time.process_time() - begun
    found |= everything()
    np.savez(results, **found)
    return {"run": spent, "script": total}


ALIVE: list[Any] = []
"""All objects of a script, which get the same names on both only if none is forgotten."""


def everything() -> dict[str, np.ndarray]:
    """What all monitors, groups and synapses of Brian2 have, by 'object.variable'; spikes as 'monitor.spikes'."""
    from brian2.core.base import BrianObject

    found = {}
    alive = [each for reference in BrianObject.__instances__() if (each := reference()) is not None]
    ALIVE.extend(each for each in alive if each not in ALIVE)
    for each in alive:
        kind = type(each).__name__
        if kind == "SpikeMonitor":
            order = np.lexsort((each.i[:], each.t_[:]))
            found[f"{each.name}.spikes"] = np.stack([each.t_[:], each.i[:]])[:, order]
        elif kind == "PopulationRateMonitor":
            found[f"{each.name}.rate"] = np.array(each.rate_[:])
        elif kind == "StateMonitor":
            found |= {f"{each.name}.{name}": np.array(getattr(each, f"{name}_")) for name in each.record_variables}
        elif kind in ("NeuronGroup", "Synapses"):
            for name, variable in each.variables.items():
                ours = getattr(variable, "owner", None) is not None and variable.owner.name == each.name
                if ours and variable.array and not variable.read_only and name not in NOT_COMPARED:
                    found[f"{each.name}.{name}"] = np.array(variable.get_value(), float)
    return found


def pair(example: Example, folder: Path, seed: int, quick: bool = False) -> dict[str, Any]:
    """One run on each, and how far they are apart."""
    row: dict[str, Any] = {"example": example.path, "seed": seed, "quick": quick}
    results = {}
    with tempfile.TemporaryDirectory() as at:
        for device in DEVICES:
            file = Path(at, f"{device}.npz")
            request = [example.path, device, str(folder), str(seed), str(int(quick)), str(file)]
            command = [sys.executable, __file__, "one", *request]
            done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{example.path} on {device}:\n{done.stderr[-3000:]}")
            row[device] = json.loads(done.stdout.splitlines()[-1])
            with np.load(file) as found:
                results[device] = dict(found)
    theirs, ours = results["brian2"], results["spikelearn"]
    if set(theirs) != set(ours):
        raise SystemExit(f"{example.path}: {set(theirs) ^ set(ours)} are on one of both only")
    row["spikes"] = sum(value.shape[1] for name, value in theirs.items() if name.endswith(".spikes"))
    if example.random:
        row["statistics"] = {name: [of(theirs)[name], of(ours)[name]] for of in [moments] for name in of(theirs)}
    else:
        row["differences"] = {name: difference(name, theirs[name], ours[name]) for name in theirs}
    return row


def difference(name: str, theirs: np.ndarray, ours: np.ndarray) -> float:
    """0 for the same numbers. Spikes: how many are in one only. Variables: the largest difference over the largest
    value; infinite where shapes differ."""
    if name.endswith(".spikes"):
        return float(len({*map(tuple, np.round(theirs.T, 9))} ^ {*map(tuple, np.round(ours.T, 9))}))
    if theirs.shape != ours.shape or not np.array_equal(np.isfinite(theirs), np.isfinite(ours)):
        return float("inf")
    finite = np.isfinite(theirs)
    scale = float(np.abs(theirs[finite]).max(initial=0.0))
    return float(np.abs(theirs[finite] - ours[finite]).max(initial=0.0)) / (scale or 1.0)


def moments(found: dict[str, np.ndarray]) -> dict[str, float]:
    """The number of spikes of each monitor, the mean of each other thing, and its deviation if it has many values."""
    values = {}
    for name, value in found.items():
        if name.endswith(".spikes"):
            values[name] = float(value.shape[1])
        elif value.size:
            values[f"mean of {name}"] = float(value.mean())
            if value.size > 100:
                values[f"deviation of {name}"] = float(value.std())
    return values


def too_different(rows: list[dict[str, Any]]) -> tuple[list[str], int]:
    """What differs by more than chance, or by more than rounding where nothing is random; and how many things there
    are. For chance see agreement.standard_errors: once in 10,000 comparisons."""
    from benchmarks.agreement import standard_errors

    if "differences" in rows[0]:
        worst = {name: max(row["differences"][name] for row in rows) for name in rows[0]["differences"]}
        allowed = {name: 0.0 if name.endswith(".spikes") else NEAR for name in worst}
        return [f"{name}: {worst[name]:.2g}" for name in worst if not worst[name] <= allowed[name]], len(worst)
    found = []
    for name in rows[0]["statistics"]:
        theirs, ours = np.array([row["statistics"][name] for row in rows]).T
        error = np.sqrt((theirs.var(ddof=1) + ours.var(ddof=1)) / len(rows))
        tolerance = standard_errors(2 * len(rows) - 2) * error + NEAR * abs(theirs.mean())
        if not abs(theirs.mean() - ours.mean()) <= tolerance:
            found.append(f"{name}: {ours.mean():.6g} instead of {theirs.mean():.6g} (tolerance {tolerance:.2g})")
    return found, len(rows[0]["statistics"])


def agreement(rows: list[dict[str, Any]]) -> str:
    """In words, for the table."""
    if "statistics" in rows[0] and len(rows) < 2:
        return "one seed only"
    wrong, number = too_different(rows)
    if wrong:
        return f"**{len(wrong)} of {number} differ**: {'; '.join(wrong[:3])}"
    if "differences" in rows[0]:
        spikes = rows[0]["spikes"]
        largest = max((x for row in rows for name, x in row["differences"].items() if "spikes" not in name), default=0)
        words = [f"{spikes:,} spikes, the same"] if spikes else []
        return ", ".join([*words, f"variables to {largest:.0g}" if largest else "variables the same"])
    first = rows[0]["statistics"]
    name = max((each for each in first if each.endswith(".spikes")), key=lambda each: first[each][0])
    theirs, ours = np.array([row["statistics"][name] for row in rows]).T
    means = [f"{each.mean():,.0f} ± {each.std(ddof=1):,.0f}" for each in (ours, theirs)]
    return f"{means[0]} spikes, Brian2 {means[1]}; {number} of {number} statistics within chance"


def seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def table(rows: list[dict[str, Any]]) -> str:
    """One line for each example: times in Network.run and in the script, ratios of medians, and agreement."""
    lines = [
        "| example | what it has | run: Brian2 (s) | spikelearn (s) | ratio | script: ratio | agreement |",
        "|---" * 7 + "|",
    ]
    for example in EXAMPLES:
        own = [row for row in rows if row["example"] == example.path and not row["quick"]]
        if not own:
            continue
        times = {part: [[row[device][part] for row in own] for device in DEVICES] for part in ("run", "script")}
        own = list({row["seed"]: row for row in own}.values())
        ratios = [statistics.median(theirs) / statistics.median(ours) for theirs, ours in times.values()]
        about = example.about + (" (shortened)" if example.shorter else "")
        runs = [*map(seconds, times["run"]), *(f"{ratio:.2g}" for ratio in ratios)]
        cells = [f"`{example.path}`", about, *runs, agreement(own)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + text + END + after, encoding="utf-8")


def chosen(only: Iterable[str]) -> list[Example]:
    found = [each for each in EXAMPLES if not only or any(part in each.path for part in only)]
    if not found:
        raise SystemExit(f"no example's path contains {' or '.join(only)}")
    return found


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        path, device, at, seed, quick, results = sys.argv[2:]
        example = next(each for each in EXAMPLES if each.path == path)
        print(json.dumps(run_one(example, device, Path(at), int(seed), bool(int(quick)), Path(results))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--only", nargs="+", default=[], help="examples whose path contains one of these")
    parser.add_argument("--quick", action="store_true", help="shorter runs, which are in no table")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    if arguments.what == "run":
        folder = examples_folder()
        if folder is None:
            parser.error("BRIAN2_EXAMPLES is no folder with Brian2's examples")
        with arguments.file.open("a") as file:
            for seed in arguments.seeds:
                for example in chosen(arguments.only):
                    row = pair(example, folder, seed, arguments.quick)
                    file.write(json.dumps(row) + "\n")
                    file.flush()
                    print(example.path, {device: row[device] for device in DEVICES}, row.get("differences", ""))
    text = table([json.loads(line) for line in arguments.file.read_text().splitlines()])
    print(text)
    if arguments.write:
        write(text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
