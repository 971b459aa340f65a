"""Every case there is, in the order of the table."""

from validation import neurons, nonlinear_neurons, receptors
from validation.case import Case

CASES: tuple[Case, ...] = (*neurons.CASES, *nonlinear_neurons.CASES, *receptors.CASES)
