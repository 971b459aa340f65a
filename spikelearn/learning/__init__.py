"""Learners: networks with a rule for assigning credit, and tools to compare them.

Learners have scikit-learn's interface: `sl.learning.FeedbackAlignment(hidden=(30,)).fit(X, y)`. What needs scikit-learn
is imported when it is first used.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand as _imported_on_demand

if _TYPE_CHECKING:
    from spikelearn.learning.almeida_pineda import AlmeidaPineda as AlmeidaPineda
    from spikelearn.learning.attention_gated import BrainProp as BrainProp
    from spikelearn.learning.backpropagation import SurrogateBackpropagation as SurrogateBackpropagation
    from spikelearn.learning.burst_propagation import BurstPropagation as BurstPropagation
    from spikelearn.learning.bursting_cortico_cortical import BurstingCorticoCortical as BurstingCorticoCortical
    from spikelearn.learning.circuit import Circuit as Circuit
    from spikelearn.learning.components import COMPONENTS as COMPONENTS
    from spikelearn.learning.components import FirstComponent as FirstComponent
    from spikelearn.learning.components import NonlinearHebb as NonlinearHebb
    from spikelearn.learning.components import SimilarityMatching as SimilarityMatching
    from spikelearn.learning.contrastive_divergence import ContrastiveDivergence as ContrastiveDivergence
    from spikelearn.learning.contrastive_hebbian import ContrastiveHebbian as ContrastiveHebbian
    from spikelearn.learning.controls import ablated_feedback as ablated_feedback
    from spikelearn.learning.controls import frozen as frozen
    from spikelearn.learning.controls import linear as linear
    from spikelearn.learning.controls import shuffled_teacher as shuffled_teacher
    from spikelearn.learning.csdp import ContrastiveSignalDependent as ContrastiveSignalDependent
    from spikelearn.learning.deep_feedback_control import DeepFeedbackControl as DeepFeedbackControl
    from spikelearn.learning.dendritic_error import DendriticError as DendriticError
    from spikelearn.learning.dendritic_predictive_coding import (
        DendriticPredictiveCoding as DendriticPredictiveCoding,
    )
    from spikelearn.learning.dopamine_and_bursts import DopamineAndBursts as DopamineAndBursts
    from spikelearn.learning.eprop import EligibilityPropagation as EligibilityPropagation
    from spikelearn.learning.equilibrium_propagation import EquilibriumPropagation as EquilibriumPropagation
    from spikelearn.learning.event_driven_backpropagation import (
        EventDrivenBackpropagation as EventDrivenBackpropagation,
    )
    from spikelearn.learning.eventprop import EventProp as EventProp
    from spikelearn.learning.eventprop_delays import EventPropDelays as EventPropDelays
    from spikelearn.learning.feedback_alignment import FeedbackAlignment as FeedbackAlignment
    from spikelearn.learning.forward_forward import ForwardForward as ForwardForward
    from spikelearn.learning.generalised_latent_equilibrium import (
        GeneralisedLatentEquilibrium as GeneralisedLatentEquilibrium,
    )
    from spikelearn.learning.generec import GeneRec as GeneRec
    from spikelearn.learning.helmholtz import HelmholtzMachine as HelmholtzMachine
    from spikelearn.learning.helmholtz import helmholtz_machine as helmholtz_machine
    from spikelearn.learning.koerding_koenig import KoerdingKoenig as KoerdingKoenig
    from spikelearn.learning.latent_equilibrium import LatentEquilibrium as LatentEquilibrium
    from spikelearn.learning.learner import Learner as Learner
    from spikelearn.learning.mirrored_autoencoder import MirroredAutoencoder as MirroredAutoencoder
    from spikelearn.learning.nested_eprop import NestedEligibilityPropagation as NestedEligibilityPropagation
    from spikelearn.learning.node_perturbation import NodePerturbation as NodePerturbation
    from spikelearn.learning.plateau import Plateau as Plateau
    from spikelearn.learning.predictive_coding import PredictiveCoding as PredictiveCoding
    from spikelearn.learning.reinforce import Reinforce as Reinforce
    from spikelearn.learning.resonators import ResonatorBackpropagation as ResonatorBackpropagation
    from spikelearn.learning.reward_modulated_stdp import RewardModulatedSTDP as RewardModulatedSTDP
    from spikelearn.learning.rules import RULES as RULES
    from spikelearn.learning.rules import learner_for as learner_for
    from spikelearn.learning.spiking_errors import SpikingFeedbackAlignment as SpikingFeedbackAlignment
    from spikelearn.learning.spiking_predictive_coding import SpikingPredictiveCoding as SpikingPredictiveCoding
    from spikelearn.learning.target_propagation import TargetPropagation as TargetPropagation
    from spikelearn.learning.unsupervised_features import AutoencoderFeatures as AutoencoderFeatures
    from spikelearn.learning.unsupervised_features import ComponentFeatures as ComponentFeatures
    from spikelearn.learning.wake_sleep import WakeSleep as WakeSleep
    from spikelearn.learning.weight_perturbation import WeightPerturbation as WeightPerturbation
else:
    __getattr__, __dir__, __all__ = _imported_on_demand(__name__)
