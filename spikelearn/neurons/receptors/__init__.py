"""Postsynaptic receptors: one file per kind of kinetics, exported to the whole package by one line here.

They are in this folder because they are part of a neuron: `NeuronModel.with_receptors` makes one step function of a
membrane and its receptors. Release by synapses, and gates with a state for each source, are in synapses/.
"""

from typing import TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand

if TYPE_CHECKING:
    from spikelearn.neurons.receptors.alpha import AlphaConductance as AlphaConductance
    from spikelearn.neurons.receptors.alpha import AlphaCurrent as AlphaCurrent
    from spikelearn.neurons.receptors.beta import BetaConductance as BetaConductance
    from spikelearn.neurons.receptors.beta import BetaCurrent as BetaCurrent
    from spikelearn.neurons.receptors.exponential import ExponentialConductance as ExponentialConductance
    from spikelearn.neurons.receptors.exponential import ExponentialCurrent as ExponentialCurrent
    from spikelearn.neurons.receptors.model import Receptor as Receptor
    from spikelearn.neurons.receptors.model import ReceptorModel as ReceptorModel
    from spikelearn.neurons.receptors.nmda import NMDAConductance as NMDAConductance

    RECEPTORS: tuple[ReceptorModel, ...]
else:
    __getattr__, __dir__, __all__ = imported_on_demand(
        __name__,
        RECEPTORS=lambda each: isinstance(each, ReceptorModel),
    )
