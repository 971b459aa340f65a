"""Plasticity rules: one file each (or one family), and one line here."""

from spikelearn.plasticity.dopamine import DopamineSTDP, NearestDopamineSTDP
from spikelearn.plasticity.dopamine_bursts import DopamineBursts
from spikelearn.plasticity.rule import Plasticity, PlasticityRule, Trace
from spikelearn.plasticity.stdp import STDP

RULES = (STDP, DopamineSTDP, NearestDopamineSTDP, DopamineBursts)

__all__ = [
    "RULES", "STDP", "DopamineBursts", "DopamineSTDP", "NearestDopamineSTDP", "Plasticity", "PlasticityRule", "Trace",
]  # fmt: skip
