"""Every case there is, in the order of the table."""

from validation import neurons
from validation.case import Case

CASES: tuple[Case, ...] = (*neurons.CASES,)
