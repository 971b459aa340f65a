"""Postsynaptic receptors: one file for each kind of kinetics, and one line here.

They are in this folder because they are nothing without a neuron: `NeuronModel.with_receptors` makes one step function
of a membrane and its receptors. How a synapse releases, and gates with a state for each source, is in synapses/.
"""

from spikelearn.neurons.receptors.alpha import AlphaConductance, AlphaCurrent
from spikelearn.neurons.receptors.beta import BetaConductance, BetaCurrent
from spikelearn.neurons.receptors.exponential import ExponentialConductance, ExponentialCurrent
from spikelearn.neurons.receptors.model import Receptor, ReceptorModel
from spikelearn.neurons.receptors.nmda import NMDAConductance

RECEPTORS = (
    ExponentialCurrent,
    AlphaCurrent,
    BetaCurrent,
    ExponentialConductance,
    AlphaConductance,
    BetaConductance,
    NMDAConductance,
)

__all__ = [
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
]
