"""Every case there is, in the order of the table."""

from validation import (
    neurons,
    nonlinear_neurons,
    plasticity,
    receptors,
    synapses,
)
from validation.case import Case

TOPICS = (
    neurons,
    nonlinear_neurons,
    plasticity,
    receptors,
    synapses,
)
CASES: tuple[Case, ...] = tuple(case for topic in TOPICS for case in topic.CASES)
