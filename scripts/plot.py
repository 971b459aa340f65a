"""Plots: figures from the store of a sweep, by default that of scripts/sweep.py.

python scripts/plot.py [out/sweep] [--x g] [--y eta] [--metric rate]
"""

import argparse
from pathlib import Path

import spikelearn as sl
from spikelearn import sweep


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, nargs="?", default=Path("out/sweep"))
    parser.add_argument("--x", default="g", help="parameter")
    parser.add_argument("--y", default="eta", help="parameter")
    parser.add_argument("--metric", default="rate")
    options = parser.parse_args(arguments)
    table = sweep.read_table(options.store)
    figures = {
        "heat_map": sl.plots.heat_map(table, options.x, options.y, options.metric).figure,
        "lines": sl.plots.lines(table, options.x, options.metric, by=options.y).figure,
    }
    kept = table.to_pandas().query("run_file != ''")
    if len(kept):
        run = sl.io.load(options.store / "runs" / kept.run_file.iloc[0])
        figures["raster"] = sl.plots.raster(run, rates=True).figure
    for name, figure in figures.items():
        sl.plots.save(figure, options.store / f"{name}.png", dpi=150)
        print(options.store / f"{name}.png")


if __name__ == "__main__":
    main()
