"""Synapse models: one file per model (or family), exported to the whole package by one line here.

A static synapse has no model.
"""

from typing import TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand

if TYPE_CHECKING:
    from spikelearn.synapses.graded import GradedSynapse as GradedSynapse
    from spikelearn.synapses.model import Synapse as Synapse
    from spikelearn.synapses.model import SynapseModel as SynapseModel
    from spikelearn.synapses.nmda import NMDA as NMDA
    from spikelearn.synapses.short_term import Mongillo as Mongillo
    from spikelearn.synapses.short_term import ReleaseFirst as ReleaseFirst
    from spikelearn.synapses.short_term import TsodyksMarkram as TsodyksMarkram
    from spikelearn.synapses.short_term import TsodyksUzielMarkram as TsodyksUzielMarkram
    from spikelearn.synapses.statements import StatementSynapse as StatementSynapse
    from spikelearn.synapses.stochastic_release import StochasticRelease as StochasticRelease

    SYNAPSES: tuple[SynapseModel, ...]
    GRADED_SYNAPSES: tuple[GradedSynapse, ...]
else:
    __getattr__, __dir__, __all__ = imported_on_demand(
        __name__,
        SYNAPSES=lambda each: isinstance(each, SynapseModel),
        GRADED_SYNAPSES=lambda each: isinstance(each, GradedSynapse),
    )
