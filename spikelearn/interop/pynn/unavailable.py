"""PyNN's models that spikelearn has no counterpart of: what is made of them is an error that names it."""

from __future__ import annotations

from pyNN.standardmodels import ModelNotAvailable

__all__ = [
    "ElectricalSynapse", "MultiCompartmentNeuron", "NaChannel", "KdrChannel", "PassiveLeak", "PassiveLeakHHa",
    "PfisterSpikeTripletRule",
]  # fmt: skip


class ElectricalSynapse(ModelNotAvailable):
    """A gap junction; spikelearn has them as GradedSynapse.from_equations."""


class MultiCompartmentNeuron(ModelNotAvailable):
    """A neuron with a morphology."""


class PassiveLeak(ModelNotAvailable):
    """An ion channel of such neurons."""


class PassiveLeakHHa(ModelNotAvailable):
    """An ion channel of such neurons."""


class NaChannel(ModelNotAvailable):
    """An ion channel of such neurons."""


class KdrChannel(ModelNotAvailable):
    """An ion channel of such neurons."""


class PfisterSpikeTripletRule(ModelNotAvailable):
    """A rule that PyNN names without defining it; spikelearn's is native_synapse_type("TripletSTDP")."""
