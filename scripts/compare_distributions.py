"""Whether two versions give the same results in distribution, where their bits differ.

    python scripts/compare_distributions.py run OUT.jsonl --seeds 1 400            # in the checkout of each version
    python scripts/compare_distributions.py compare BEFORE.jsonl AFTER.jsonl

Small networks with Poisson input, recurrent and plastic synapses are run with each seed, and rates, irregularity,
synchrony, the spread over neurons, weights and currents compared by Welch's t and the Kolmogorov-Smirnov test. Use
other seeds for each version. `Holm` is the p value times what Holm (1979) multiplies it with for the number of tests.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

import spikelearn as sl  # noqa: E402
from spikelearn.engine.lowering import static_synapses  # noqa: E402

START, STOP = 100.0, 600.0  # ms, of what is looked at in recurrent networks
BIN = 3.0  # ms


def of_spikes(run: sl.Run, cells: Any, start: float, stop: float) -> dict[str, float]:
    """Rate (Hz), CV of all intervals, Fano factor of the population in bins, and deviation of counts over neurons."""
    times, ids = run.spikes(cells)
    times, ids = times[times > start], ids[times > start]
    order = np.lexsort((times, ids))
    intervals = np.diff(times[order])[np.diff(ids[order]) == 0]
    binned = np.histogram(times, np.arange(start, stop + 1e-9, BIN))[0]
    measured = {
        "rate": len(times) / cells.size / (stop - start) * 1e3,
        "cv": intervals.std() / intervals.mean(),
        "fano": binned.var() / binned.mean(),
        "rate_sd": np.bincount(ids, minlength=cells.size).std(),
    }
    return {f"{cells.name}_{name}": float(value) for name, value in measured.items()}


def recurrent(
    seed: int, model: Any, size: int, synapses: Any, weights: tuple[float, float], ports: tuple[str, str], rate: float,
    ahead: bool,
) -> dict[str, float]:  # fmt: skip
    """Excitatory and inhibitory cells with Poisson input. ahead: delays that differ, with input delivered ahead."""
    if hasattr(static_synapses, "_AHEAD_FROM"):
        static_synapses._AHEAD_FROM = 1 if ahead else 1 << 40
    net = sl.Network(dt=0.1, seed=seed, threads=1)
    groups = [net.population(n, model, name=name) for n, name in ((4 * size, "exc"), (size, "inh"))]
    delay: Any = sl.Uniform(0.5, 2.5) if ahead else 1.5
    for source, weight, port in zip(groups, weights, ports, strict=True):
        for target in groups:
            net.connect(source, target, port, synapses(source.size), weight=weight, delay=delay)
    for target in groups:
        net.drive(target, sl.PoissonInput(rate), ports[0], weight=weights[0])
        net.record(target)
    run = net.run(STOP)
    return of_spikes(run, groups[0], START, STOP) | of_spikes(run, groups[1], START, STOP)


def plastic(seed: int, rule: Callable[[Any], Any]) -> dict[str, float]:
    """100 Poisson sources onto 30 cells. rule: dopamine -> the rule of the synapses."""
    net = sl.Network(dt=0.1, seed=seed, threads=1)
    sources, cells = net.population(100, sl.Poisson(15.0), name="sources"), net.population(30, sl.LIF(), name="cells")
    net.drive(cells, sl.PoissonInput(3000.0), "exc", weight=40.0)
    dopamine = net.modulator("dopamine")
    net.release(dopamine, np.arange(100.0, 2000.0, 200.0), 0.5)
    made = net.connect(sources, cells, "exc", weight=sl.Uniform(5.0, 60.0), delay=1.0, plasticity=rule(dopamine))
    net.record(cells)
    run = net.run(2000.0)
    weight = run.synapses(made).weight
    low, high = np.quantile(weight, (0.1, 0.9))
    of_weights = {"mean": weight.mean(), "sd": weight.std(), "low": low, "high": high}
    return of_spikes(run, cells, 0.0, 2000.0) | {f"weight_{name}": float(value) for name, value in of_weights.items()}


def inputs(seed: int) -> dict[str, float]:
    """Poisson sources of a low and a high rate; currents of Poisson input of a low and a high rate."""
    net = sl.Network(dt=0.1, seed=seed, threads=1)
    sources = [net.population(200, sl.Poisson(rate), name=name) for rate, name in ((20.0, "slow"), (900.0, "fast"))]
    driven = [net.population(200, sl.LIF(V_th=1e6), name=name) for name in ("weakly", "strongly")]
    for cells, rate in zip(driven, (700.0, 30_000.0), strict=True):
        net.drive(cells, sl.PoissonInput(rate), "exc", weight=10.0)
        net.record(cells, "I_syn_exc", every=0.5)
    for each in sources:
        net.record(each)
    run, found = net.run(1000.0), {}
    for each in sources:
        found |= of_spikes(run, each, 0.0, 1000.0)
    for cells in driven:
        current = run.trace(cells, "I_syn_exc").values[100:]
        centred = current - current.mean()
        of_current = {"mean": current.mean(), "sd": centred.std(), "skew": (centred**3).mean() / centred.std() ** 3}
        found |= {f"{cells.name}_{name}": float(value) for name, value in of_current.items()}
    return found


def of_brunel(seed: int, ahead: bool) -> dict[str, float]:
    cell = sl.LIFDelta(tau_m=20.0, V_th=20.0, V_reset=10.0, E_L=0.0)
    return recurrent(
        seed, cell, 250, lambda n: sl.FixedInDegree(n // 10), (0.25, -1.25), ("exc", "exc"), 8000.0, ahead
    )  # fmt: skip


def of_cells(seed: int, cell: Any, weights: tuple[float, float], ahead: bool = False) -> dict[str, float]:
    return recurrent(seed, cell, 200, lambda n: sl.FixedProbability(0.1), weights, ("exc", "inh"), 4000.0, ahead)


NETWORKS: dict[str, Callable[[int], dict[str, float]]] = {
    "brunel": partial(of_brunel, ahead=False),
    "brunel ahead": partial(of_brunel, ahead=True),
    "LIF": partial(of_cells, cell=sl.LIF(), weights=(60.0, -300.0)),
    "LIF ahead": partial(of_cells, cell=sl.LIF(), weights=(60.0, -300.0), ahead=True),
    "LIFAlpha": partial(of_cells, cell=sl.LIFAlpha(), weights=(40.0, -200.0)),
    "LIFConductance": partial(of_cells, cell=sl.LIFConductance(), weights=(2.0, 15.0)),
    "AdEx": partial(of_cells, cell=sl.AdEx(), weights=(100.0, -400.0)),
    "STDP": partial(plastic, rule=lambda _: sl.STDP(lambda_=0.005, alpha=1.05, mu_plus=0, mu_minus=0, W_max=80.0)),
    "TripletSTDP": partial(plastic, rule=lambda _: sl.TripletSTDP(W_max=80.0)),
    "DopamineSTDP": partial(plastic, rule=lambda n: sl.DopamineSTDP(n, A_plus=0.05, A_minus=0.06, W_max=80.0)),
    "inputs": inputs,
}  # fmt: skip


def run(out: Path, first: int, last: int, only: list[str]) -> None:
    with open(out, "a") as file:
        for name in only or NETWORKS:
            for seed in range(first, last + 1):
                file.write(json.dumps({"network": name, "seed": seed, **NETWORKS[name](seed)}) + "\n")


def read(path: Path) -> dict[tuple[str, str], list[float]]:
    found = defaultdict(list)
    for record in map(json.loads, path.read_text().splitlines()):
        for name in record.keys() - {"network", "seed"}:
            found[record["network"], name].append(record[name])
    return found


def compare(before: Path, after: Path) -> None:
    from scipy import stats

    one, other = read(before), read(after)
    rows = [
        (test(one[key], other[key]).pvalue, kind, *key, np.mean(one[key]), np.mean(other[key]))
        for key in sorted(one.keys() & other.keys())
        for kind, test in (("t", partial(stats.ttest_ind, equal_var=False)), ("KS", stats.ks_2samp))
    ]
    rows.sort()
    for k, (p, kind, *key, mean, new_mean) in enumerate(rows[:20]):
        holm = min(1, p * (len(rows) - k))
        print(f"{', '.join(key):32} {kind:2}  {mean:9.5g} {new_mean:9.5g}  p {p:.4f}  Holm {holm:.3f}")
    print(f"{len(rows)} tests; {sum(row[0] < 0.01 for row in rows)} with p below 0.01")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    running, comparing = commands.add_parser("run"), commands.add_parser("compare")
    running.add_argument("out", type=Path)
    running.add_argument("--seeds", type=int, nargs=2, default=(1, 60), metavar=("FIRST", "LAST"))
    running.add_argument("--only", nargs="+", choices=NETWORKS, default=[])
    for name in ("before", "after"):
        comparing.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    if options.command == "run":
        run(options.out, *options.seeds, options.only)
    else:
        compare(options.before, options.after)


if __name__ == "__main__":
    main()
