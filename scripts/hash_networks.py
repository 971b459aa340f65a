"""Hashes of the results of a fixed set of small networks, to show that a change to the internals changes no bit.

    python scripts/hash_networks.py --out scripts/network_hashes.json     # write the hashes of this version
    python scripts/hash_networks.py --check scripts/network_hashes.json   # recompute and report each difference
    python scripts/hash_networks.py --only "rule*" [--check FILE]         # some of them; --parts: each array by itself

A hash covers all recorded spikes and traces, the source, target, weight and delay of each synapse at the end of the
run, and the number of synaptic events. The networks are in hashed_networks.py. Networks that are run in several ways,
"... by 3 threads", must have the same hash in all. Bits may differ between kinds of processor and between versions of
NumPy and Numba, which the file records. With an empty cache it takes some minutes, mostly of compilation; after that,
less than one. Results of NEST and Brian2 are rounded to nine decimals.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import importlib.util
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # instead of this folder, which has a profile.py; imports the package of this checkout

import spikelearn as sl  # noqa: E402
from scripts.hashed_networks import Case, cases  # noqa: E402

HEADER = "made with"

# Model files, scaled down

FILES: dict[str, dict[str, Any]] = {
    "brunel_2000": {"order": 100, "duration": 100.0, "threads": 1},
    "vogels_abbott_2005": {"size": 400, "inputs": 40, "duration": 100.0, "threads": 1},
    "potjans_diesmann_2014": {"scale": 0.01, "duration": 60.0, "rate_from": 20.0, "threads": 1},
    "pairing_curves": {"triplet_pairs": 5},
    "adaptive_nodes": {"trials": 4, "events": 100, "lag_step": 20.0, "pairs": 4},
    "bac_firing": {"lag_step": 10.0, "gain_soma": (0.0, 500.0), "gain_cells": 2, "gain_duration": 200.0},
    "izhikevich_2007": {"size": 200, "duration": 4000.0},
    "digits": {"epochs": 1, "images": 60, "decide": 60.0, "cells": 2},
    "koerding_koenig": {"epochs": 10, "trials": 40, "tests": 2},
    "temporal_memory": {"set2": "", "episodes_1": 1},
}


def model_file(name: str) -> Any:
    """The simulations of a file of models/, with seed 1."""
    spec = importlib.util.spec_from_file_location(f"hashed_{name}", ROOT / "models" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.simulate(module.Parameters(**{**module.QUICK, **FILES[name]}), 1, progress=False)


# Hashes


def hashed(label: str, array: Any, decimals: int | None) -> str:
    values = np.ascontiguousarray(array)
    if decimals is not None and values.dtype.kind == "f":
        values = np.round(values, decimals) + 0.0
    return hashlib.sha256(f"{label} {values.dtype} {values.shape} ".encode() + values.tobytes()).hexdigest()


def parts_of(runs: list[sl.Run], arrays: Any = (), decimals: int | None = None) -> dict[str, str]:
    """Hash of each array of some runs, by name."""
    found: dict[str, Any] = {}
    for k, run in enumerate(runs):
        for (name, kind), spikes in run.spike_data.items():
            found |= {f"{k}: {part} of {kind}s of {name}": getattr(spikes, part) for part in ("times", "ids")}
        for (name, variable), trace in run.trace_data.items():
            found |= {
                f"{k}: {part} of {variable} of {name}": getattr(trace, part) for part in ("times", "values", "ids")
            }
        for name in run.projections:
            made = run.synapses(name)
            found |= {f"{k}: {part} of {name}": getattr(made, part) for part in ("pre", "post", "weight", "delay")}
        found[f"{k}: synaptic events"] = run.synaptic_events
    found |= {f"array {k}": array for k, array in enumerate(arrays)}
    return {label: hashed(label, array, decimals) for label, array in found.items()}


def simulated(case: Case, way: str) -> dict[str, str]:
    """The hash of each array of a case run in one way."""
    scene = case.describe(int(way[0]) if way.endswith("threads") else 1)
    net, engine = scene.net, "stepper" if way == "stepper" else case.engine
    if isinstance(scene.runs, sl.Trials):
        return parts_of([net.run(trials=scene.runs, engine=engine, progress=False)], scene.arrays)
    first = 0.4 * scene.runs if way in ("pieces", "checkpoint", "reset") else scene.runs
    run = net.run(first, engine=engine, progress=False)
    if way == "reset":
        net.reset(keep_weights=False)
        run = net.run(scene.runs, progress=False)
    elif way == "pieces":
        run = run.joined(net.run(scene.runs - first, progress=False))
    elif way == "checkpoint":
        with tempfile.TemporaryDirectory() as folder:
            run.checkpoint(Path(folder) / "state")
            net = sl.Network.restore(Path(folder) / "state")
        run = net.run(scene.runs - first, progress=False, after=net.recorded)
    return parts_of([run], scene.arrays, decimals=9 if case.engine in ("nest", "brian2") else None)


def from_file(name: str) -> dict[str, str]:
    outcome = model_file(name)
    kept = {each: value for each, value in outcome.metrics.items() if each not in ("wall_s", "real_time_factor")}
    metrics = [(each, None if value is None else float(value)) for each, value in sorted(kept.items())]
    return parts_of([outcome.run, *outcome.other_runs]) | {"metrics": hashed("metrics", repr(metrics), None)}


def jobs() -> Iterator[tuple[str, Callable[[], dict[str, str]]]]:
    """(name, function that returns the hashes of its arrays) for everything that is computed."""
    for name, case in cases():
        for way in ("", *case.ways):
            yield (f"{name} by {way}" if way else name), lambda case=case, way=way: simulated(case, way)
    for name in FILES:
        yield f"model {name}", lambda name=name: from_file(name)


def made_with() -> dict[str, str]:
    """Versions and the processor, on which bits depend."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    processor = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    versions = {name: version(name) for name in ("numpy", "numba", "llvmlite")}
    return {"python": platform.python_version(), **versions, "processor": processor}


def missing() -> dict[str, str]:
    """Start of a name -> why those networks cannot be computed here."""
    packages = {"on NEST": "nest", "on Brian2": "brian2", "model digits": "sklearn"}
    return {
        start: f"{package} is not installed"
        for start, package in packages.items()
        if not importlib.util.find_spec(package)
    }


def compute(only: str, show_parts: bool) -> tuple[dict[str, str], list[str]]:
    """name -> hash for all names that match a pattern, and complaints: failures, and ways that disagree."""
    found: dict[str, str] = {}
    complaints = []
    left_out = missing()
    for start, why in left_out.items():
        print(f"skipped: {start} ...: {why}", file=sys.stderr)
    for name, job in jobs():
        if not fnmatch.fnmatch(name, only) or name.startswith(tuple(left_out)):
            continue
        begun = time.perf_counter()
        try:
            parts = job()
        except Exception as error:  # a failing network must not keep others from being compared
            complaints.append(f"{name}: {type(error).__name__}: {error}")
            continue
        found[name] = hashed("all", json.dumps(parts), None)
        first = name.partition(" by ")[0]
        if found.get(first, found[name]) != found[name]:
            complaints.append(f"{name}: bits differ from those of {first!r}")
        if show_parts:
            print(f"{name}: {time.perf_counter() - begun:.1f} s")
            print("\n".join(f"    {digest[:16]} {label}" for label, digest in parts.items()))
    return found, complaints


def differences(found: dict[str, str], expected: dict[str, Any], only: str) -> list[str]:
    skipped = tuple(missing())
    wanted = {name for name in expected if name != HEADER and fnmatch.fnmatch(name, only)}
    wanted = {name for name in wanted if not name.startswith(skipped)}
    changed = [f"{name}: differs" for name in sorted(wanted & set(found)) if found[name] != expected[name]]
    changed += [f"{name}: in the file but not computed" for name in sorted(wanted - set(found))]
    return changed + [f"{name}: not in the file" for name in sorted(set(found) - wanted)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="file to write; by default hashes are printed")
    parser.add_argument("--check", type=Path, metavar="FILE", help="compare with this file")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names to compute, such as 'rule STDP*'")
    parser.add_argument("--parts", action="store_true", help="also print the hash of each array, to see what differs")
    arguments = parser.parse_args()
    begun = time.perf_counter()
    found, complaints = compute(arguments.only, arguments.parts)
    here = made_with()
    if arguments.check is not None:
        expected = json.loads(arguments.check.read_text())
        complaints += differences(found, expected, arguments.only)
        if complaints and expected[HEADER] != here:
            complaints.append(f"the file was made with {expected[HEADER]}, this is {here}: bits may differ")
    elif arguments.out is None:
        print(json.dumps(found, indent=1, sort_keys=True))
    elif not complaints:
        arguments.out.write_text(json.dumps({HEADER: here, **found}, indent=1, sort_keys=True) + "\n")
    print("\n".join(complaints), end="\n" if complaints else "")
    print(f"{len(found)} hashes, {len(complaints)} complaints, {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
