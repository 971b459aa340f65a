"""The description of a network: frozen data, checked when it is made."""

from spikelearn.description.distributions import Exponential, LogNormal, Normal, Uniform
from spikelearn.description.environment import Environment, PythonEnvironment, World
from spikelearn.description.population import Modulator, Population, Reference, View
from spikelearn.description.positions import Grid, Positions, UniformPositions
from spikelearn.description.projection import Projection
from spikelearn.description.readout import Readout
from spikelearn.description.readout_learning import DeltaRule, RecursiveLeastSquares, Ridge
from spikelearn.description.signal import Signal
from spikelearn.description.trials import Callback, Phase, Trials

__all__ = [
    "Callback", "DeltaRule", "Environment", "Exponential", "Grid", "LogNormal", "Modulator", "Normal", "Phase",
    "Population", "Positions", "Projection", "PythonEnvironment", "Readout", "RecursiveLeastSquares", "Reference",
    "Ridge", "Signal", "Trials", "Uniform", "UniformPositions", "View", "World",
]  # fmt: skip
