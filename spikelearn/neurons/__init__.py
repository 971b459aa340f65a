"""Neuron models: one file each (or one family), and one line here."""

from spikelearn.neurons.adex import AdEx
from spikelearn.neurons.izhikevich import Izhikevich, IzhikevichHalfSteps
from spikelearn.neurons.lif import LIF, LIFAlpha, LIFDelta
from spikelearn.neurons.lif_conductance import LIFConductance
from spikelearn.neurons.lif_nmda import LIFNMDA
from spikelearn.neurons.model import Neuron, NeuronModel
from spikelearn.neurons.parrot import Parrot
from spikelearn.neurons.pyramidal import Pyramidal
from spikelearn.neurons.qif import QIF

MODELS = (
    LIF, LIFDelta, LIFAlpha, LIFConductance, LIFNMDA, QIF, AdEx, Izhikevich, IzhikevichHalfSteps, Pyramidal, Parrot,
)  # fmt: skip

__all__ = [
    "LIF", "LIFAlpha", "LIFConductance", "LIFDelta", "LIFNMDA", "AdEx", "Izhikevich", "IzhikevichHalfSteps", "MODELS",
    "Neuron", "NeuronModel", "Parrot", "Pyramidal", "QIF",
]  # fmt: skip
