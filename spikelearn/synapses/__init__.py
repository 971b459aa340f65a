"""Synapse models: one file each (or one family), and one line here, by which the whole package has it.

A static synapse is one with no model.
"""

from typing import TYPE_CHECKING

from spikelearn.synapses.graded import GradedSynapse as GradedSynapse
from spikelearn.synapses.model import Synapse as Synapse
from spikelearn.synapses.model import SynapseModel as SynapseModel
from spikelearn.synapses.nmda import NMDA as NMDA
from spikelearn.synapses.short_term import Mongillo as Mongillo
from spikelearn.synapses.short_term import ReleaseFirst as ReleaseFirst
from spikelearn.synapses.short_term import TsodyksMarkram as TsodyksMarkram
from spikelearn.synapses.short_term import TsodyksUzielMarkram as TsodyksUzielMarkram

_EXPORTED = {name: value for name, value in globals().items() if isinstance(value, SynapseModel | GradedSynapse)}
SYNAPSES = tuple(model for model in _EXPORTED.values() if isinstance(model, SynapseModel))
GRADED_SYNAPSES = tuple(model for model in _EXPORTED.values() if isinstance(model, GradedSynapse))

if not TYPE_CHECKING:  # these go by the lines above, whose names are exported by `as`
    __all__ = [*_EXPORTED, "GradedSynapse", "Synapse", "SynapseModel"]
