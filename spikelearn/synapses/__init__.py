"""Synapse models: one file each (or one family), and one line here. A static synapse is one with no model."""

from spikelearn.synapses.graded import GradedSynapse
from spikelearn.synapses.model import Synapse, SynapseModel
from spikelearn.synapses.nmda import NMDA
from spikelearn.synapses.short_term import Mongillo, ReleaseFirst, TsodyksMarkram, TsodyksUzielMarkram

SYNAPSES = (TsodyksMarkram, TsodyksUzielMarkram, Mongillo, ReleaseFirst)
GRADED_SYNAPSES = (NMDA,)

__all__ = [
    "GRADED_SYNAPSES",
    "GradedSynapse",
    "Mongillo",
    "NMDA",
    "ReleaseFirst",
    "SYNAPSES",
    "Synapse",
    "SynapseModel",
    "TsodyksMarkram",
    "TsodyksUzielMarkram",
]
