"""Every case there is, in the order of the table."""

from validation import neurons, nonlinear_neurons
from validation.case import Case

CASES: tuple[Case, ...] = (*neurons.CASES, *nonlinear_neurons.CASES)
