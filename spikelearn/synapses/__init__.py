"""Synapse models: one file per model (or family), exported to the whole package by one line here.

A static synapse has no model.
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

if not TYPE_CHECKING:  # type checkers use the imports above, which export names by `as`
    __all__ = [*_EXPORTED, "GradedSynapse", "Synapse", "SynapseModel"]
