"""Plasticity rules: one file each (or one family), and one line here."""

from spikelearn.plasticity.burstprop import Burstprop
from spikelearn.plasticity.clopath import Clopath, DendriticClopath, HomeostaticClopath
from spikelearn.plasticity.dendritic_error import ApicalSilencing, DendriticPrediction
from spikelearn.plasticity.dopamine import DopamineSTDP, NearestDopamineSTDP
from spikelearn.plasticity.dopamine_bursts import DopamineBursts
from spikelearn.plasticity.homeostasis import Normalisation, SynapticScaling
from spikelearn.plasticity.inhibitory import InhibitorySTDP
from spikelearn.plasticity.inverse_tagging import InverseTagging
from spikelearn.plasticity.nearest_stdp import NearestSTDP, PreCentredSTDP, ReducedSTDP
from spikelearn.plasticity.plateau_learning import PlateauLearning
from spikelearn.plasticity.policy_gradient import PolicyGradient
from spikelearn.plasticity.power_law import PowerLawSTDP
from spikelearn.plasticity.rewiring import Rewiring
from spikelearn.plasticity.rule import Plasticity, PlasticityRule, Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.plasticity.stdp import STDP
from spikelearn.plasticity.structural_stdp import StructuralSTDP
from spikelearn.plasticity.triplet import TRIPLET_SETS, NearestTripletSTDP, TripletSTDP
from spikelearn.plasticity.two_site import BottomUpProduct, CalciumLTP, TopDownProduct
from spikelearn.plasticity.urbanczik import Urbanczik

RULES = (
    STDP, PowerLawSTDP, NearestSTDP, PreCentredSTDP, ReducedSTDP, TripletSTDP, NearestTripletSTDP, InhibitorySTDP,
    DopamineSTDP, NearestDopamineSTDP, DopamineBursts, StructuralSTDP,
    InverseTagging,
)  # fmt: skip
SIGNAL_RULES = (
    Clopath, DendriticClopath, HomeostaticClopath, PolicyGradient, Urbanczik, Burstprop, PlateauLearning, CalciumLTP,
    DendriticPrediction, ApicalSilencing,
)  # fmt: skip
RATE_RULES = (BottomUpProduct, TopDownProduct)
"""SignalRules that read targets which report rates and no spikes."""

__all__ = [
    "BottomUpProduct",
    "ApicalSilencing",
    "Burstprop",
    "CalciumLTP",
    "Clopath",
    "DendriticClopath",
    "DendriticPrediction",
    "DopamineBursts",
    "DopamineSTDP",
    "HomeostaticClopath",
    "InhibitorySTDP",
    "InverseTagging",
    "NearestDopamineSTDP",
    "NearestSTDP",
    "NearestTripletSTDP",
    "Normalisation",
    "Plasticity",
    "PlateauLearning",
    "PlasticityRule",
    "PowerLawSTDP",
    "PreCentredSTDP",
    "RATE_RULES",
    "RULES",
    "ReducedSTDP",
    "Rewiring",
    "SIGNAL_RULES",
    "STDP",
    "SignalRule",
    "StructuralSTDP",
    "PolicyGradient",
    "SynapticScaling",
    "TRIPLET_SETS",
    "TopDownProduct",
    "Trace",
    "TripletSTDP",
    "Urbanczik",
]  # fmt: skip
