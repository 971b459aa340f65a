"""Learners: networks with a rule for assigning credit, and tools to compare them.

Learners have scikit-learn's interface: `sl.learning.FeedbackAlignment(hidden=(30,)).fit(X, y)`. What needs scikit-learn
is imported when it is first used.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from spikelearn.learning.attention_gated import BrainProp as BrainProp
    from spikelearn.learning.backpropagation import SurrogateBackpropagation as SurrogateBackpropagation
    from spikelearn.learning.burst_propagation import BurstPropagation as BurstPropagation
    from spikelearn.learning.circuit import Circuit as Circuit
    from spikelearn.learning.controls import ablated_feedback as ablated_feedback
    from spikelearn.learning.controls import frozen as frozen
    from spikelearn.learning.controls import linear as linear
    from spikelearn.learning.controls import shuffled_teacher as shuffled_teacher
    from spikelearn.learning.dendritic_error import DendriticError as DendriticError
    from spikelearn.learning.dopamine_and_bursts import DopamineAndBursts as DopamineAndBursts
    from spikelearn.learning.eprop import EligibilityPropagation as EligibilityPropagation
    from spikelearn.learning.event_driven_backpropagation import (
        EventDrivenBackpropagation as EventDrivenBackpropagation,
    )
    from spikelearn.learning.eventprop import EventProp as EventProp
    from spikelearn.learning.feedback_alignment import FeedbackAlignment as FeedbackAlignment
    from spikelearn.learning.koerding_koenig import KoerdingKoenig as KoerdingKoenig
    from spikelearn.learning.learner import Learner as Learner
    from spikelearn.learning.node_perturbation import NodePerturbation as NodePerturbation
    from spikelearn.learning.plateau import Plateau as Plateau
    from spikelearn.learning.reinforce import Reinforce as Reinforce
    from spikelearn.learning.reward_modulated_stdp import RewardModulatedSTDP as RewardModulatedSTDP
    from spikelearn.learning.rules import RULES as RULES
    from spikelearn.learning.rules import learner_for as learner_for
    from spikelearn.learning.spiking_errors import SpikingFeedbackAlignment as SpikingFeedbackAlignment
    from spikelearn.learning.weight_perturbation import WeightPerturbation as WeightPerturbation
else:
    _PLACES = {
        "ablated_feedback": "controls",
        "frozen": "controls",
        "linear": "controls",
        "shuffled_teacher": "controls",
        "BrainProp": "attention_gated",
        "BurstPropagation": "burst_propagation",
        "Circuit": "circuit",
        "EligibilityPropagation": "eprop",
        "DendriticError": "dendritic_error",
        "DopamineAndBursts": "dopamine_and_bursts",
        "EventDrivenBackpropagation": "event_driven_backpropagation",
        "EventProp": "eventprop",
        "FeedbackAlignment": "feedback_alignment",
        "KoerdingKoenig": "koerding_koenig",
        "Learner": "learner",
        "NodePerturbation": "node_perturbation",
        "Plateau": "plateau",
        "RULES": "rules",
        "Reinforce": "reinforce",
        "RewardModulatedSTDP": "reward_modulated_stdp",
        "SpikingFeedbackAlignment": "spiking_errors",
        "SurrogateBackpropagation": "backpropagation",
        "WeightPerturbation": "weight_perturbation",
        "learner_for": "rules",
    }
    __all__ = list(_PLACES)

    def __getattr__(name: str) -> _Any:
        if name in _PLACES:
            return getattr(_import_module(f"spikelearn.learning.{_PLACES[name]}"), name)
        raise AttributeError(f"module 'spikelearn.learning' has no attribute {name!r}")
