"""Sweep: a model over two parameters and three seeds, measured by a custom function.

    python scripts/sweep.py [--workers 2] [--out out/sweep]

Stop it at any time: the same command resumes with what is missing. `python scripts/plot.py out/sweep` draws it.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import spikelearn as sl
from spikelearn import sweep

FROM = 100.0  # ms


def measure(run: sl.Run) -> Mapping[str, float]:
    """Metrics of one run. The status of the point reports anything not recorded or not finite."""
    spikes = run.spikes("excitatory")
    return {
        "rate": sl.analysis.rate(spikes, run.populations["excitatory"].size, FROM, run.t_stop),
        "modulation": sl.analysis.rate_modulation(spikes.times, FROM, run.t_stop),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, help="processes (default: all cores)")
    parser.add_argument("--duration", type=float, default=300.0, help="ms")
    parser.add_argument("--out", type=Path, default=Path("out/sweep"))
    options = parser.parse_args(arguments)
    done = sweep.run(
        "brunel_2000",
        options.out,
        grid={"g": [4.5, 5.0, 6.0, 7.0], "eta": [1.5, 2.0, 3.0]},
        replicates=3,
        settings={"order": 250, "J": 0.3, "duration": options.duration, "threads": 1},
        metrics=measure,
        keep="first",
        workers=options.workers,
    )
    frame = done.table().to_pandas()
    print(frame.pivot_table(index="eta", columns="g", values=["rate", "modulation"]).round(2))
    print(f"{done.points} points, {done.computed} computed now in {done.seconds:.1f} s, {done.failed} failed")


if __name__ == "__main__":
    main()
