"""Sweeps over parameters and seeds, and fits: points, executors and a crash-safe store."""

from spikelearn.sweep.design import Design, Range, Sample, read_rows
from spikelearn.sweep.executors import LocalProcesses, WorkerDied, dask_cluster
from spikelearn.sweep.fit import Fitted, fit
from spikelearn.sweep.objective import Objective
from spikelearn.sweep.progress import Best
from spikelearn.sweep.run import Summary, run
from spikelearn.sweep.store import Store
from spikelearn.sweep.table import read_table

__all__ = [
    "Best", "Design", "Fitted", "LocalProcesses", "Objective", "Range", "Sample", "Store", "Summary", "WorkerDied",
    "dask_cluster", "fit", "read_rows", "read_table", "run",
]  # fmt: skip
