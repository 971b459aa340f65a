"""Plasticity rules: one file each (or one family), and one line here."""

from spikelearn.plasticity.clopath import Clopath
from spikelearn.plasticity.dopamine import DopamineSTDP, NearestDopamineSTDP
from spikelearn.plasticity.dopamine_bursts import DopamineBursts
from spikelearn.plasticity.inhibitory import InhibitorySTDP
from spikelearn.plasticity.nearest_stdp import NearestSTDP, PreCentredSTDP, ReducedSTDP
from spikelearn.plasticity.policy_gradient import PolicyGradient
from spikelearn.plasticity.power_law import PowerLawSTDP
from spikelearn.plasticity.rule import Plasticity, PlasticityRule, Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.plasticity.stdp import STDP
from spikelearn.plasticity.triplet import TRIPLET_SETS, NearestTripletSTDP, TripletSTDP

RULES = (
    STDP, PowerLawSTDP, NearestSTDP, PreCentredSTDP, ReducedSTDP, TripletSTDP, NearestTripletSTDP, InhibitorySTDP,
    DopamineSTDP, NearestDopamineSTDP, DopamineBursts,
)  # fmt: skip
SIGNAL_RULES = (Clopath, PolicyGradient)

__all__ = [
    "RULES", "STDP", "TRIPLET_SETS", "DopamineBursts", "DopamineSTDP", "InhibitorySTDP", "NearestDopamineSTDP",
    "NearestSTDP", "NearestTripletSTDP", "Plasticity", "PlasticityRule", "PowerLawSTDP", "PreCentredSTDP",
    "ReducedSTDP", "Trace", "TripletSTDP",
    "Clopath",
    "SIGNAL_RULES",
    "SignalRule",
    "PolicyGradient",
]  # fmt: skip
