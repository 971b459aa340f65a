"""Every case there is, in the order of the table."""

from validation import (
    bursts,
    dendritic_prediction,
    elsewhere,
    equations,
    exact,
    homeostasis,
    instructions,
    multi_threshold,
    networks,
    neurons,
    noise,
    nonlinear_neurons,
    plasticity,
    policy_gradient,
    receptors,
    stochastic_neurons,
    synapses,
    synaptic_equations,
    temporal_memory,
    voltage,
)
from validation.case import Case

TOPICS = (
    equations,
    neurons,
    noise,
    nonlinear_neurons,
    plasticity,
    policy_gradient,
    receptors,
    stochastic_neurons,
    multi_threshold,
    synapses,
    synaptic_equations,
    temporal_memory,
    voltage,
    dendritic_prediction,
    exact,
    homeostasis,
    bursts,
    instructions,
    elsewhere,
    networks,
)
CASES: tuple[Case, ...] = tuple(case for topic in TOPICS for case in topic.CASES)
