"""Connection rules, which pairs of neurons a projection connects: one file per rule.

Each is exported to the whole package by one line here.
"""

from typing import TYPE_CHECKING

from spikelearn.connectivity.all_to_all import AllToAll as AllToAll
from spikelearn.connectivity.distance_degree import DistanceInDegree as DistanceInDegree
from spikelearn.connectivity.distance_degree import DistanceOutDegree as DistanceOutDegree
from spikelearn.connectivity.distance_probability import DistanceProbability as DistanceProbability
from spikelearn.connectivity.fixed_in_degree import FixedInDegree as FixedInDegree
from spikelearn.connectivity.fixed_out_degree import FixedOutDegree as FixedOutDegree
from spikelearn.connectivity.fixed_probability import FixedProbability as FixedProbability
from spikelearn.connectivity.fixed_total_number import FixedTotalNumber as FixedTotalNumber
from spikelearn.connectivity.one_to_one import OneToOne as OneToOne
from spikelearn.connectivity.pairs import Pairs as Pairs
from spikelearn.connectivity.profiles import BoxcarProfile as BoxcarProfile
from spikelearn.connectivity.profiles import ExponentialProfile as ExponentialProfile
from spikelearn.connectivity.profiles import FunctionProfile as FunctionProfile
from spikelearn.connectivity.profiles import GaussianProfile as GaussianProfile
from spikelearn.connectivity.profiles import LinearProfile as LinearProfile
from spikelearn.connectivity.profiles import Profile as Profile
from spikelearn.connectivity.rule import ConnectionRule as ConnectionRule
from spikelearn.connectivity.rule import Endpoints as Endpoints
from spikelearn.connectivity.rule import Rows as Rows

_EXPORTED = {name: value for name, value in globals().items() if isinstance(value, type)}
CONNECTION_RULES = tuple(
    rule for rule in _EXPORTED.values() if issubclass(rule, ConnectionRule) and rule is not ConnectionRule
)
"""All rules; common tests run on each."""

PROFILES = tuple(each for each in _EXPORTED.values() if issubclass(each, Profile) and each is not Profile)
"""All functions of distance."""

if not TYPE_CHECKING:  # type checkers use the imports above, which export names by `as`
    __all__ = [*_EXPORTED]
