"""Run -> matplotlib Axes. Nothing here simulates, and nothing touches pyplot."""

from spikelearn.plots.raster import raster
from spikelearn.plots.style import save
from spikelearn.plots.voltage import voltage
from spikelearn.plots.weights import weights

__all__ = ["raster", "save", "voltage", "weights"]
