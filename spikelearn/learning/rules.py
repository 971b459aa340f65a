"""The rules that are compared: a learner for each name, and its parameters for each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone

from spikelearn.errors import ParameterError
from spikelearn.learning.almeida_pineda import AlmeidaPineda
from spikelearn.learning.attention_gated import BrainProp
from spikelearn.learning.backpropagation import SurrogateBackpropagation
from spikelearn.learning.burst_propagation import BurstPropagation
from spikelearn.learning.bursting_cortico_cortical import BurstingCorticoCortical
from spikelearn.learning.components import COMPONENTS
from spikelearn.learning.contrastive_divergence import ContrastiveDivergence
from spikelearn.learning.contrastive_hebbian import ContrastiveHebbian
from spikelearn.learning.controls import LINEAR, NONE, check_control
from spikelearn.learning.csdp import ContrastiveSignalDependent
from spikelearn.learning.deep_feedback_control import DeepFeedbackControl
from spikelearn.learning.dendritic_error import DendriticError
from spikelearn.learning.dendritic_predictive_coding import DendriticPredictiveCoding
from spikelearn.learning.dopamine_and_bursts import DopamineAndBursts
from spikelearn.learning.eprop import EligibilityPropagation
from spikelearn.learning.equilibrium_propagation import EquilibriumPropagation
from spikelearn.learning.event_driven_backpropagation import EventDrivenBackpropagation
from spikelearn.learning.eventprop import EventProp
from spikelearn.learning.eventprop_delays import EventPropDelays
from spikelearn.learning.feedback_alignment import FeedbackAlignment
from spikelearn.learning.forward_forward import ForwardForward
from spikelearn.learning.generalised_latent_equilibrium import GeneralisedLatentEquilibrium
from spikelearn.learning.generec import GeneRec
from spikelearn.learning.koerding_koenig import KoerdingKoenig
from spikelearn.learning.latent_equilibrium import LatentEquilibrium
from spikelearn.learning.learner import Learner
from spikelearn.learning.nested_eprop import NestedEligibilityPropagation
from spikelearn.learning.node_perturbation import NodePerturbation
from spikelearn.learning.plateau import Plateau
from spikelearn.learning.predictive_coding import PredictiveCoding
from spikelearn.learning.reinforce import Reinforce
from spikelearn.learning.resonators import ResonatorBackpropagation
from spikelearn.learning.reward_modulated_stdp import RewardModulatedSTDP
from spikelearn.learning.spiking_errors import SpikingFeedbackAlignment
from spikelearn.learning.spiking_predictive_coding import SpikingPredictiveCoding
from spikelearn.learning.target_propagation import ACTIVITIES, TargetPropagation
from spikelearn.learning.tuned import tuned
from spikelearn.learning.unsupervised_features import AutoencoderFeatures, ComponentFeatures
from spikelearn.learning.wake_sleep import WakeSleep
from spikelearn.learning.weight_perturbation import WeightPerturbation
from spikelearn.parameters import suggest

RULES: Mapping[str, Learner] = {
    "bptt": SurrogateBackpropagation(),
    "bptt_online": SurrogateBackpropagation(batch=1, learning_rate=(0.05, 0.02), decay=0.8),
    "bptt_resonate": ResonatorBackpropagation(),
    "fa": FeedbackAlignment(),
    "dfa": FeedbackAlignment(direct=True),
    "fa_spiking": SpikingFeedbackAlignment(),
    "eventprop": EventProp(),
    "eventprop_delays": EventPropDelays(),
    "erbp": EventDrivenBackpropagation(),
    "brainprop": BrainProp(),
    "eprop": EligibilityPropagation(),
    "eprop_lif": EligibilityPropagation(adaptive=0.0),
    "eprop_nested": NestedEligibilityPropagation(),
    "microcircuit": DendriticError(),
    "node_perturbation": NodePerturbation(),
    "weight_perturbation": WeightPerturbation(),
    "reinforce": Reinforce(),
    "rstdp": RewardModulatedSTDP(),
    "plateau": Plateau(),
    "burstprop": BurstPropagation(),
    "koerding_koenig": KoerdingKoenig(),
    "dopamine": DopamineAndBursts(),
    "ep": EquilibriumPropagation(),
    "ep_spiking": EquilibriumPropagation(quantum=0.005),
    "chl": ContrastiveHebbian(),
    "generec": GeneRec(),
    "almeida_pineda": AlmeidaPineda(),
    "predictive_coding": PredictiveCoding(),
    "predictive_coding_dendritic": DendriticPredictiveCoding(),
    "predictive_coding_spiking": SpikingPredictiveCoding(),
    "dtp": TargetPropagation(),
    "target_prop": TargetPropagation(difference=False, inverse=ACTIVITIES, learning_rate=(0.05, 0.02)),
    "deep_feedback_control": DeepFeedbackControl(),
    "burstccn": BurstingCorticoCortical(),
    "latent_equilibrium": LatentEquilibrium(),
    "generalised_latent_equilibrium": GeneralisedLatentEquilibrium(),
    "forward_forward": ForwardForward(),
    "csdp": ContrastiveSignalDependent(),
}
"""Name -> a learner, not fitted: to be cloned."""

GENERATIVE: Mapping[str, Learner] = {"ecd": ContrastiveDivergence(), "wake_sleep": WakeSleep()}
"""Rules that model how examples and labels occur together, rather than labels given examples, which they learn as well
as they can where examples are like samples of on and off: digits, but not points in a plane. Not in RULES therefore."""

NO_FEEDBACK: Mapping[str, str] = {
    **dict.fromkeys(("bptt", "bptt_online", "bptt_resonate", "eventprop"), "its gradient is computed, not sent"),
    **dict.fromkeys(
        ("node_perturbation", "weight_perturbation", "reinforce", "rstdp"), "one number is sent to all synapses"
    ),
    **dict.fromkeys(
        ("dtp", "target_prop"), "its inverses are not to be like the forward weights; they learn to undo them"
    ),
    "ecd": "each synapse is the same in both directions",
    "predictive_coding_dendritic": "they are those of branches of dendrites, which learn as these are balanced",
    "wake_sleep": "what comes down is its generative model",
    **dict.fromkeys((*COMPONENTS, "autoencoder"), "no teacher reaches its hidden layer"),
}
"""Rule -> why it has no feedback weights that could be fixed, tied or learned: see `feedback`."""
UNSUPERVISED: Mapping[str, Learner] = {
    **{name: ComponentFeatures(find=name) for name in COMPONENTS},
    "autoencoder": AutoencoderFeatures(),
}
"""Rules of hidden layers that know no labels, with a readout that learns from these. What is found without labels need
not be what they depend on, XOR for one, so these are not in RULES."""
KNOWN: Mapping[str, Learner] = {**RULES, **GENERATIVE, **UNSUPERVISED}


def learner_for(rule: str, task: str = "", control: str = NONE, **parameters: Any) -> Learner:
    """A learner, not fitted, with the parameters for a task; without one, its defaults.

    Raises ParameterError for an unknown rule or control, and for `feedback` of a rule that has none.

    >>> learner_for("fa", epochs=3)
    FeedbackAlignment(epochs=3)
    """
    if rule not in KNOWN:
        raise ParameterError(f"rule: there is no {rule!r}{suggest(rule, KNOWN)}; there are: {', '.join(KNOWN)}")
    if "feedback" in parameters and rule in NO_FEEDBACK:
        raise ParameterError(f"feedback: {rule!r} has no feedback weights to choose: {NO_FEEDBACK[rule]}")
    learner = clone(KNOWN[rule]).set_params(**tuned(rule, task, control)).set_params(**parameters)
    if control == LINEAR:
        return learner.set_params(hidden=())
    check_control(control)
    return learner.set_params(control=control)
