"""Synapse models: one file each (or one family), and one line here. A static synapse is one with no model."""

from spikelearn.synapses.model import Synapse, SynapseModel
from spikelearn.synapses.short_term import Mongillo, ReleaseFirst, TsodyksMarkram

SYNAPSES = (TsodyksMarkram, Mongillo, ReleaseFirst)

__all__ = ["SYNAPSES", "Mongillo", "ReleaseFirst", "Synapse", "SynapseModel", "TsodyksMarkram"]
