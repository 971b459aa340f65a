"""
Sweeps and fits
===============

Many points of a model: a grid, replicates, a table, and a search that finds parameters.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from spikelearn import plots, sweep

# %%
# A model file
# ------------
#
# A sweep runs a model: one that comes with spikelearn, by its name, or a file of your own. A file
# needs a docstring and a function `simulate`, whose arguments are the parameters; it returns a run
# and metrics.

folder = Path(tempfile.mkdtemp())
model = folder / "two_populations.py"
model.write_text('''
"""Excitatory and inhibitory neurons, driven from outside."""

from typing import Annotated

import spikelearn as sl


def simulate(
    seed,
    g: Annotated[float, "", "strength of inhibition over excitation"] = 5.0,
    drive: Annotated[float, "Hz", "rate of the external input"] = 9000.0,
    duration: Annotated[float, "ms", "simulated time"] = 300.0,
):
    net = sl.Network(dt=0.1, seed=seed)
    cells = net.population(250, sl.LIF(), name="cells")
    net.drive(cells, sl.PoissonInput(drive), weight=25)
    net.connect(cells[:200], cells, "exc", sl.FixedInDegree(20), weight=50, delay=1.5)
    net.connect(cells[200:], cells, "inh", sl.FixedInDegree(5), weight=-50 * g, delay=1.5)
    net.record(cells)
    run = net.run(duration)
    spikes = run.spikes(cells)
    rate = sl.analysis.rate(spikes, cells.size, 0, duration)
    return run, {"rate_hz": rate, "cv_isi": sl.analysis.cv_isi(spikes)}
''')

# %%
# A grid
# ------
#
# Each point is stored as soon as it is computed. A seed depends only on the point, so that any
# number of workers, and a sweep that is continued later, give the same numbers.

done = sweep.run(
    model,
    folder / "grid",
    grid={"g": [1, 3, 5, 7, 9], "drive": [8000, 9000, 10_000]},
    replicates=2,
    workers=1,
    silent=True,
)
table = done.table()
print(table.to_pandas()[["g", "drive", "replicate", "rate_hz", "cv_isi"]].head())

_, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
plots.heat_map(table, "g", "drive", "rate_hz", ax=axes[0])
plots.lines(table, "g", "cv_isi", by="drive", ax=axes[1])
plt.show()

# %%
# Going on
# --------
#
# The same call computes only what is missing, here one more value of g:

more = sweep.run(
    model,
    folder / "grid",
    grid={"g": [1, 3, 5, 7, 9, 11], "drive": [8000, 9000, 10_000]},
    replicates=2,
    workers=1,
    silent=True,
)
print("points computed now:", more.computed)

# %%
# A fit
# -----
#
# `sweep.fit` searches with Optuna, on the same kind of store:

found = sweep.fit(
    model,
    folder / "fit",
    {"g": "1:9", "drive": "7000:10000"},
    targets={"rate_hz": 15},
    trials=25,
    workers=1,
    silent=True,
)
print(found.best, found.metrics)
print("to see it:", found.command)

# %%
# The same from the shell: `spikelearn sweep two_populations.py --grid g=1:9:5 --out out/grid`,
# `spikelearn plot sweep out/grid` and `spikelearn fit`. The guide on sweeps has samples, limits of
# time and memory, and clusters.
