"""Plots of runs and sweep tables on matplotlib Axes. Nothing here simulates or uses pyplot."""

from spikelearn.plots.graph import network
from spikelearn.plots.interactive import interactive
from spikelearn.plots.raster import raster
from spikelearn.plots.raster_grid import raster_grid
from spikelearn.plots.signal import signal
from spikelearn.plots.style import save
from spikelearn.plots.sweeps import heat_map, lines, parallel_coordinates
from spikelearn.plots.voltage import voltage
from spikelearn.plots.weights import weights

__all__ = [
    "heat_map", "interactive", "lines", "network", "parallel_coordinates", "raster", "raster_grid", "save", "signal",
    "voltage", "weights",
]  # fmt: skip
