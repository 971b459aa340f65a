"""Plasticity rules: one file per rule (or family), exported to the whole package by one line here."""

from typing import TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand

if TYPE_CHECKING:
    from spikelearn.plasticity.burstprop import Burstprop as Burstprop
    from spikelearn.plasticity.clopath import Clopath as Clopath
    from spikelearn.plasticity.clopath import DendriticClopath as DendriticClopath
    from spikelearn.plasticity.clopath import HomeostaticClopath as HomeostaticClopath
    from spikelearn.plasticity.contrast import Contrast as Contrast
    from spikelearn.plasticity.contrastive_divergence import ContrastiveDivergence as ContrastiveDivergence
    from spikelearn.plasticity.dendritic_error import ApicalSilencing as ApicalSilencing
    from spikelearn.plasticity.dendritic_error import DendriticPrediction as DendriticPrediction
    from spikelearn.plasticity.dopamine import DopamineSTDP as DopamineSTDP
    from spikelearn.plasticity.dopamine import NearestDopamineSTDP as NearestDopamineSTDP
    from spikelearn.plasticity.dopamine_bursts import DopamineBursts as DopamineBursts
    from spikelearn.plasticity.eprop import EProp as EProp
    from spikelearn.plasticity.eprop_two_adaptations import EPropTwoAdaptations as EPropTwoAdaptations
    from spikelearn.plasticity.expectation_maximization import ExpectationMaximization as ExpectationMaximization
    from spikelearn.plasticity.homeostasis import Normalisation as Normalisation
    from spikelearn.plasticity.homeostasis import SynapticScaling as SynapticScaling
    from spikelearn.plasticity.inhibitory import InhibitorySTDP as InhibitorySTDP
    from spikelearn.plasticity.inverse_tagging import InverseTagging as InverseTagging
    from spikelearn.plasticity.nearest_stdp import NearestSTDP as NearestSTDP
    from spikelearn.plasticity.nearest_stdp import PreCentredSTDP as PreCentredSTDP
    from spikelearn.plasticity.nearest_stdp import ReducedSTDP as ReducedSTDP
    from spikelearn.plasticity.nonlinear_hebb import NonlinearHebb as NonlinearHebb
    from spikelearn.plasticity.oja import Oja as Oja
    from spikelearn.plasticity.plateau_learning import PlateauLearning as PlateauLearning
    from spikelearn.plasticity.policy_gradient import PolicyGradient as PolicyGradient
    from spikelearn.plasticity.power_law import PowerLawSTDP as PowerLawSTDP
    from spikelearn.plasticity.rewiring import Rewiring as Rewiring
    from spikelearn.plasticity.rule import Plasticity as Plasticity
    from spikelearn.plasticity.rule import PlasticityRule as PlasticityRule
    from spikelearn.plasticity.rule import Trace as Trace
    from spikelearn.plasticity.signal_rule import SignalRule as SignalRule
    from spikelearn.plasticity.similarity_matching import SimilarityMatching as SimilarityMatching
    from spikelearn.plasticity.stdp import STDP as STDP
    from spikelearn.plasticity.step_rule import StepRule as StepRule
    from spikelearn.plasticity.structural_stdp import StructuralSTDP as StructuralSTDP
    from spikelearn.plasticity.triplet import TRIPLET_SETS as TRIPLET_SETS
    from spikelearn.plasticity.triplet import NearestTripletSTDP as NearestTripletSTDP
    from spikelearn.plasticity.triplet import TripletSTDP as TripletSTDP
    from spikelearn.plasticity.two_site import BottomUpProduct as BottomUpProduct
    from spikelearn.plasticity.two_site import CalciumLTP as CalciumLTP
    from spikelearn.plasticity.two_site import TopDownProduct as TopDownProduct
    from spikelearn.plasticity.urbanczik import Urbanczik as Urbanczik
    from spikelearn.plasticity.wake_sleep import ActivityHomeostasis as ActivityHomeostasis
    from spikelearn.plasticity.wake_sleep import SleepLearning as SleepLearning
    from spikelearn.plasticity.wake_sleep import WakeLearning as WakeLearning

    RULES: tuple[PlasticityRule, ...]
    SIGNAL_RULES: tuple[SignalRule, ...]
    RATE_RULES: tuple[SignalRule, ...]
    """SignalRules whose targets report rates but no spikes."""
    STEP_RULES: tuple[StepRule, ...]
else:
    __getattr__, __dir__, __all__ = imported_on_demand(
        __name__,
        RULES=lambda each: isinstance(each, PlasticityRule),
        SIGNAL_RULES=lambda each: isinstance(each, SignalRule) and each.learns_from != "rate",
        RATE_RULES=lambda each: isinstance(each, SignalRule) and each.learns_from == "rate",
        STEP_RULES=lambda each: isinstance(each, StepRule),
    )
