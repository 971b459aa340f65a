"""Neuron models: one file each (or one family), and one line here."""

from spikelearn.neurons.adex import AdEx
from spikelearn.neurons.adex_clopath import AdExClopath
from spikelearn.neurons.burst_poisson import BurstPoisson
from spikelearn.neurons.dendritic_segment import DendriticSegment
from spikelearn.neurons.eif import EIF
from spikelearn.neurons.gif import GIF
from spikelearn.neurons.hodgkin_huxley import HodgkinHuxley
from spikelearn.neurons.izhikevich import Izhikevich, IzhikevichHalfSteps
from spikelearn.neurons.lif import LIF, LIFAlpha, LIFDelta
from spikelearn.neurons.lif_adaptive_threshold import MAT2, LIFAdaptiveThreshold
from spikelearn.neurons.lif_cargo import LIFCargo
from spikelearn.neurons.lif_conductance import LIFConductance
from spikelearn.neurons.lif_dendritic_spike import LIFDendriticSpike
from spikelearn.neurons.lif_double_exponential import LIFDoubleExponential
from spikelearn.neurons.lif_escape_noise import EscapeNoiseLIF
from spikelearn.neurons.lif_instructed import LIFInstructed
from spikelearn.neurons.lif_nmda import LIFNMDA
from spikelearn.neurons.model import Neuron, NeuronModel
from spikelearn.neurons.multi_threshold import AdaptiveMultiThreshold, MultiThreshold, multi_threshold
from spikelearn.neurons.parrot import Parrot
from spikelearn.neurons.perfect_integrator import PerfectIntegrator
from spikelearn.neurons.plateau_pyramidal import PlateauPyramidal
from spikelearn.neurons.pyramidal import Pyramidal
from spikelearn.neurons.qif import QIF
from spikelearn.neurons.receptors import (
    RECEPTORS,
    AlphaConductance,
    AlphaCurrent,
    BetaConductance,
    BetaCurrent,
    ExponentialConductance,
    ExponentialCurrent,
    NMDAConductance,
    Receptor,
    ReceptorModel,
)
from spikelearn.neurons.srm0 import SRM0
from spikelearn.neurons.taught_pyramidal import TaughtPyramidal
from spikelearn.neurons.three_compartment import ThreeCompartment
from spikelearn.neurons.two_site import TwoSite, TwoSiteRate
from spikelearn.neurons.urbanczik import PyramidalUrbanczik

MODELS = (
    LIF, LIFDelta, LIFAlpha, LIFDoubleExponential, LIFConductance, LIFNMDA, LIFAdaptiveThreshold, MAT2, EscapeNoiseLIF,
    SRM0, GIF, QIF, EIF, AdEx, AdExClopath, Izhikevich, IzhikevichHalfSteps, HodgkinHuxley, Pyramidal,
    PyramidalUrbanczik, Parrot, MultiThreshold, AdaptiveMultiThreshold, LIFDendriticSpike,
    LIFCargo, LIFInstructed, BurstPoisson, DendriticSegment, PlateauPyramidal, TaughtPyramidal, TwoSite,
    ThreeCompartment, PerfectIntegrator,
)  # fmt: skip
RATE_MODELS = (TwoSiteRate,)
"""They report rates and no spikes."""

__all__ = [
    "AdEx",
    "AdExClopath",
    "AdaptiveMultiThreshold",
    "BurstPoisson",
    "DendriticSegment",
    "EIF",
    "EscapeNoiseLIF",
    "GIF",
    "HodgkinHuxley",
    "Izhikevich",
    "IzhikevichHalfSteps",
    "LIF",
    "LIFAdaptiveThreshold",
    "LIFAlpha",
    "LIFCargo",
    "LIFConductance",
    "LIFDelta",
    "LIFDendriticSpike",
    "LIFDoubleExponential",
    "LIFInstructed",
    "LIFNMDA",
    "MAT2",
    "MODELS",
    "MultiThreshold",
    "Neuron",
    "NeuronModel",
    "Parrot",
    "PlateauPyramidal",
    "PerfectIntegrator",
    "Pyramidal",
    "RATE_MODELS",
    "TwoSite",
    "TwoSiteRate",
    "PyramidalUrbanczik",
    "QIF",
    "AlphaConductance",
    "AlphaCurrent",
    "BetaConductance",
    "BetaCurrent",
    "ExponentialConductance",
    "ExponentialCurrent",
    "NMDAConductance",
    "RECEPTORS",
    "Receptor",
    "ReceptorModel",
    "multi_threshold",
    "SRM0",
    "TaughtPyramidal",
    "ThreeCompartment",
]  # fmt: skip
