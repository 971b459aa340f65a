"""spikelearn: spiking networks that learn the way brains might, simulated event by event."""

from importlib import import_module as _import_module
from typing import Any as _Any

from spikelearn.description import (
    AllToAll,
    Callback,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    LogNormal,
    Normal,
    OneToOne,
    Pairs,
    Phase,
    Trials,
    Uniform,
)
from spikelearn.engine.run import Run
from spikelearn.kernels.random import random_uniform
from spikelearn.network import VERSION as __version__
from spikelearn.network import Network
from spikelearn.neurons import (
    EIF,
    GIF,
    LIF,
    LIFNMDA,
    MAT2,
    QIF,
    AdEx,
    EscapeNoiseLIF,
    Izhikevich,
    IzhikevichHalfSteps,
    LIFAdaptiveThreshold,
    LIFAlpha,
    LIFConductance,
    LIFDelta,
    LIFDoubleExponential,
    NeuronModel,
    Parrot,
    Pyramidal,
    lif_with_receptors,
)
from spikelearn.plasticity import (
    STDP,
    TRIPLET_SETS,
    DopamineBursts,
    DopamineSTDP,
    InhibitorySTDP,
    NearestDopamineSTDP,
    NearestSTDP,
    NearestTripletSTDP,
    PlasticityRule,
    PowerLawSTDP,
    PreCentredSTDP,
    ReducedSTDP,
    TripletSTDP,
)
from spikelearn.sources import Images, NoiseCurrent, Poisson, PoissonInput, SpikeList, StepCurrent, Timed
from spikelearn.synapses import (
    NMDA,
    GradedSynapse,
    Mongillo,
    ReleaseFirst,
    SynapseModel,
    TsodyksMarkram,
    TsodyksUzielMarkram,
)

_ON_DEMAND = ("plots", "analysis", "io")

__all__ = [
    "AdEx",
    "AllToAll",
    "Callback",
    "DopamineBursts",
    "DopamineSTDP",
    "EIF",
    "EscapeNoiseLIF",
    "Exponential",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "GIF",
    "GradedSynapse",
    "Images",
    "InhibitorySTDP",
    "Izhikevich",
    "IzhikevichHalfSteps",
    "LIF",
    "LIFAdaptiveThreshold",
    "LIFAlpha",
    "LIFConductance",
    "LIFDelta",
    "LIFDoubleExponential",
    "LIFNMDA",
    "LogNormal",
    "MAT2",
    "Mongillo",
    "NMDA",
    "NearestDopamineSTDP",
    "NearestSTDP",
    "NearestTripletSTDP",
    "Network",
    "NeuronModel",
    "NoiseCurrent",
    "Normal",
    "OneToOne",
    "Pairs",
    "Parrot",
    "Phase",
    "PlasticityRule",
    "Poisson",
    "PoissonInput",
    "PowerLawSTDP",
    "PreCentredSTDP",
    "Pyramidal",
    "QIF",
    "ReducedSTDP",
    "ReleaseFirst",
    "Run",
    "STDP",
    "SpikeList",
    "StepCurrent",
    "SynapseModel",
    "TRIPLET_SETS",
    "Timed",
    "Trials",
    "TripletSTDP",
    "TsodyksMarkram",
    "TsodyksUzielMarkram",
    "Uniform",
    "__version__",
    "lif_with_receptors",
    "random_uniform",
]


def __getattr__(name: str) -> _Any:
    if name in _ON_DEMAND:
        return _import_module(f"spikelearn.{name}")
    raise AttributeError(f"module 'spikelearn' has no attribute {name!r}")
