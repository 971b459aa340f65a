"""Neuron models: one file per model (or family), exported to the whole package by one line here."""

from typing import TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand

if TYPE_CHECKING:
    from spikelearn.neurons.adex import AdEx as AdEx
    from spikelearn.neurons.adex_clopath import AdExClopath as AdExClopath
    from spikelearn.neurons.burst_poisson import BurstPoisson as BurstPoisson
    from spikelearn.neurons.cuba import CubaLI as CubaLI
    from spikelearn.neurons.cuba import CubaLIF as CubaLIF
    from spikelearn.neurons.dendritic_segment import DendriticSegment as DendriticSegment
    from spikelearn.neurons.eif import EIF as EIF
    from spikelearn.neurons.gif import GIF as GIF
    from spikelearn.neurons.graded_response import GradedResponse as GradedResponse
    from spikelearn.neurons.helmholtz import HelmholtzUnit as HelmholtzUnit
    from spikelearn.neurons.hodgkin_huxley import HodgkinHuxley as HodgkinHuxley
    from spikelearn.neurons.izhikevich import Izhikevich as Izhikevich
    from spikelearn.neurons.izhikevich import IzhikevichHalfSteps as IzhikevichHalfSteps
    from spikelearn.neurons.leaky_readout import LeakyReadout as LeakyReadout
    from spikelearn.neurons.lif import LIF as LIF
    from spikelearn.neurons.lif import LIFAlpha as LIFAlpha
    from spikelearn.neurons.lif import LIFDelta as LIFDelta
    from spikelearn.neurons.lif_adaptive_soft_reset import LIFAdaptiveSoftReset as LIFAdaptiveSoftReset
    from spikelearn.neurons.lif_adaptive_threshold import MAT2 as MAT2
    from spikelearn.neurons.lif_adaptive_threshold import LIFAdaptiveThreshold as LIFAdaptiveThreshold
    from spikelearn.neurons.lif_cargo import LIFCargo as LIFCargo
    from spikelearn.neurons.lif_conductance import LIFConductance as LIFConductance
    from spikelearn.neurons.lif_conductance_adaptation import LIFConductanceAdaptation as LIFConductanceAdaptation
    from spikelearn.neurons.lif_dendritic_spike import LIFDendriticSpike as LIFDendriticSpike
    from spikelearn.neurons.lif_double_exponential import LIFDoubleExponential as LIFDoubleExponential
    from spikelearn.neurons.lif_escape_noise import EscapeNoiseLIF as EscapeNoiseLIF
    from spikelearn.neurons.lif_instructed import LIFInstructed as LIFInstructed
    from spikelearn.neurons.lif_nmda import LIFNMDA as LIFNMDA
    from spikelearn.neurons.lif_soft_reset import LIFSoftReset as LIFSoftReset
    from spikelearn.neurons.lif_two_adaptations import LIFTwoAdaptations as LIFTwoAdaptations
    from spikelearn.neurons.linear_rate import LinearRate as LinearRate
    from spikelearn.neurons.mcculloch_pitts import McCullochPitts as McCullochPitts
    from spikelearn.neurons.model import Neuron as Neuron
    from spikelearn.neurons.model import NeuronModel as NeuronModel
    from spikelearn.neurons.multiple_thresholds import AdaptiveMultiThreshold as AdaptiveMultiThreshold
    from spikelearn.neurons.multiple_thresholds import MultiThreshold as MultiThreshold
    from spikelearn.neurons.multiple_thresholds import multi_threshold as multi_threshold
    from spikelearn.neurons.parrot import Parrot as Parrot
    from spikelearn.neurons.perfect_integrator import PerfectIntegrator as PerfectIntegrator
    from spikelearn.neurons.plateau_pyramidal import PlateauPyramidal as PlateauPyramidal
    from spikelearn.neurons.pyramidal import Pyramidal as Pyramidal
    from spikelearn.neurons.qif import QIF as QIF
    from spikelearn.neurons.receptors import *
    from spikelearn.neurons.receptors.model import Receptor as Receptor
    from spikelearn.neurons.receptors.model import ReceptorModel as ReceptorModel
    from spikelearn.neurons.resonator import Resonator as Resonator
    from spikelearn.neurons.sampling import SamplingNeuron as SamplingNeuron
    from spikelearn.neurons.srm0 import SRM0 as SRM0
    from spikelearn.neurons.tanh_rate import TanhRate as TanhRate
    from spikelearn.neurons.taught_pyramidal import TaughtPyramidal as TaughtPyramidal
    from spikelearn.neurons.three_compartment import ThreeCompartment as ThreeCompartment
    from spikelearn.neurons.two_site import TwoSite as TwoSite
    from spikelearn.neurons.two_site import TwoSiteRate as TwoSiteRate
    from spikelearn.neurons.urbanczik import PyramidalUrbanczik as PyramidalUrbanczik

    MODELS: tuple[NeuronModel, ...]
    RATE_MODELS: tuple[NeuronModel, ...]
    """Models that report rates but no spikes."""
else:
    __getattr__, __dir__, __all__ = imported_on_demand(
        __name__,
        MODELS=lambda each: isinstance(each, NeuronModel) and "spike" in each.kinds,
        RATE_MODELS=lambda each: isinstance(each, NeuronModel) and "spike" not in each.kinds,
    )
