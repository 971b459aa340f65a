"""Connection rules: which pairs of neurons a projection connects."""

from spikelearn.connectivity.all_to_all import AllToAll
from spikelearn.connectivity.fixed_in_degree import FixedInDegree
from spikelearn.connectivity.fixed_out_degree import FixedOutDegree
from spikelearn.connectivity.fixed_probability import FixedProbability
from spikelearn.connectivity.fixed_total_number import FixedTotalNumber
from spikelearn.connectivity.one_to_one import OneToOne
from spikelearn.connectivity.pairs import Pairs
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows

CONNECTION_RULES = (AllToAll, OneToOne, FixedProbability, FixedInDegree, FixedOutDegree, FixedTotalNumber, Pairs)
"""All rules; common tests take them from here."""

__all__ = [
    "AllToAll", "CONNECTION_RULES", "ConnectionRule", "Endpoints", "FixedInDegree", "FixedOutDegree",
    "FixedProbability", "FixedTotalNumber", "OneToOne", "Pairs", "Rows",
]  # fmt: skip
