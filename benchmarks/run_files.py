"""10 million spikes to the formats of others and back: seconds, megabytes, and whether what comes back is equal.

    python benchmarks/run_files.py [--spikes 10_000_000] [--neurons 10_000] [--rounds 3]

Each format is read by its own package, and by spikelearn where it reads it, too. Needs the extras neo, nwb and sonata,
and libsonata; takes some 2.5 GB. What has to be read is in the cache of the disk.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libsonata
import neo
import numpy as np
import pynwb

import spikelearn as sl
from spikelearn.io.sonata_files import read_spikes
from spikelearn.results.run import PopulationInfo, Run, Spikes
from spikelearn.steps import times_of


def run_with(n_spikes: int, n_neurons: int, seed: int) -> Run:
    """A run of 100 s in steps of 0.1 ms, with spikes at random, in order of time and neuron as runs have them."""
    places = np.sort(np.random.default_rng(seed).integers(n_neurons, 1_000_001 * n_neurons, n_spikes))
    spikes = Spikes(times_of(places // n_neurons, 0.1), (places % n_neurons).astype(np.int32))
    info = PopulationInfo("cells", n_neurons, "LIF", {})
    return Run(0.1, 0.0, 100_000.0, seed, {"cells": info}, {}, {("cells", "spike"): spikes})


def same(times: Any, ids: Any, run: Run) -> bool:
    """Equal to the bit, in the same order."""
    spikes = run.spikes("cells")
    return np.array_equal(times, spikes.times) and np.array_equal(ids, spikes.ids)


def by_pynwb(path: Path, run: Run) -> bool:
    """Read by PyNWB: as each neuron's spikes in seconds."""
    with pynwb.NWBHDF5IO(path, "r") as io:
        units = io.read().units
        times, ends = units["spike_times"].target.data[:], units["spike_times"].data[:]
    spikes = run.spikes("cells")
    order = np.argsort(spikes.ids.astype(np.uint16), kind="stable")
    return np.array_equal(times, spikes.times[order] / 1e3) and np.array_equal(
        ends, np.cumsum(np.bincount(spikes.ids, minlength=len(ends)))
    )


def by_libsonata(path: Path, run: Run) -> bool:
    found = libsonata.SpikeReader(str(path))["cells"].get_dict()
    return same(found["timestamps"], found["node_ids"], run)


def by_us(run: Run, again: Run) -> bool:
    return same(*again.spikes("cells"), run)


def rows(run: Run, folder: Path) -> dict[str, tuple[Callable[[], Any], Callable[[], bool], Path | None]]:
    """What is written -> how to write and how to read it, and the file."""
    pickled, nwb, sonata, own = (folder / name for name in ("run.pkl", "run.nwb", "spikes.h5", "run.h5"))
    held: list[Any] = []

    def to_neo() -> None:
        held[:] = [run.to_neo()]

    def multiplexed() -> bool:
        channels, times = held[0].segments[0].spiketrains.multiplexed
        return same(times.magnitude, channels, run)

    def write_pickle() -> None:
        pickled.unlink(missing_ok=True)
        neo.io.PickleIO(str(pickled)).write_block(run.to_neo())

    def read_pickle() -> bool:
        return by_us(run, sl.from_neo(neo.io.PickleIO(str(pickled)).read_block()))

    return {
        "Neo, in memory; Neo's multiplexed": (to_neo, multiplexed, None),
        "Neo, in memory; sl.from_neo": (to_neo, lambda: by_us(run, sl.from_neo(held[0])), None),
        "Neo, PickleIO; PickleIO, sl.from_neo": (write_pickle, read_pickle, pickled),
        "NWB; PyNWB": (lambda: run.to_nwb(nwb), lambda: by_pynwb(nwb, run), nwb),
        "NWB; sl.from_nwb": (lambda: run.to_nwb(nwb), lambda: by_us(run, sl.from_nwb(nwb)), nwb),
        "SONATA; libsonata": (lambda: run.to_sonata(folder), lambda: by_libsonata(sonata, run), sonata),
        "SONATA; read_spikes": (
            lambda: run.to_sonata(folder),
            lambda: same(*read_spikes(sonata)["cells"], run),
            sonata,
        ),
        "own format; sl.io.load": (lambda: sl.io.save(run, own), lambda: by_us(run, sl.io.load(own)), own),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spikes", type=int, default=10_000_000)
    parser.add_argument("--neurons", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    run = run_with(options.spikes, options.neurons, seed=1)
    print("| written; read by | write s | read s | MB | equal |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for what, (write, read, path) in rows(run, Path(name)).items():
            writing, reading, equal = [], [], True
            for _ in range(options.rounds):
                start = time.perf_counter()
                write()
                middle = time.perf_counter()
                equal &= read()
                writing.append(middle - start)
                reading.append(time.perf_counter() - middle)
            size = "" if path is None else f"{path.stat().st_size / 1e6:.0f}"
            seconds = (f"{statistics.median(all_):.2f}" for all_ in (writing, reading))
            print(f"| {what} | {' | '.join(seconds)} | {size} | {'yes' if equal else 'NO'} |", flush=True)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
