"""Connection rules, which pairs of neurons a projection connects: one file per rule.

Each is exported to the whole package by one line here.
"""

from typing import TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand

if TYPE_CHECKING:
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
    from spikelearn.connectivity.where import Where as Where

    CONNECTION_RULES: tuple[type[ConnectionRule], ...]
    """All rules; common tests run on each."""
    PROFILES: tuple[type[Profile], ...]
    """All functions of distance."""
else:
    __getattr__, __dir__, __all__ = imported_on_demand(
        __name__,
        CONNECTION_RULES=lambda each: issubclass(each, ConnectionRule) and each is not ConnectionRule,
        PROFILES=lambda each: issubclass(each, Profile) and each is not Profile,
    )
