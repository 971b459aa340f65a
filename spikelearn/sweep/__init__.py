"""Sweeps over parameters and seeds: points, executors, and a store that loses nothing."""

from spikelearn.sweep.design import Design, Range, Sample, read_rows
from spikelearn.sweep.executors import LocalProcesses, WorkerDied, dask_cluster
from spikelearn.sweep.progress import Best
from spikelearn.sweep.running import Summary, run
from spikelearn.sweep.store import Store
from spikelearn.sweep.table import read_table

__all__ = [
    "Best", "Design", "LocalProcesses", "Range", "Sample", "Store", "Summary", "WorkerDied", "dask_cluster",
    "read_rows", "read_table", "run",
]  # fmt: skip
