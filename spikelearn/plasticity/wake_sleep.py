"""The delta rules of wake and sleep, of a Helmholtz machine (Hinton, Dayan, Frey & Neal 1995, Science 268:1158).

WakeLearning, of generative synapses while units are driven by recognition: dw = eta (z - p_apical) x in each step.
SleepLearning, of recognition synapses while units dream: dw = eta (z - p_basal) x. x is the last value that arrived,
the state of the source; the target is a `HelmholtzUnit`. Let weights change in a single step, in which all states that
belong together have arrived.

ActivityHomeostasis: dw = eta (share - z) x, of a bias that keeps its target on for this share of the time (ours; as the
intrinsic plasticity of Triesch 2007, Neural Comput. 19:885, without its second moment).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.plasticity.two_site import product_rule
from spikelearn.units import ms, number, weight


@scalar
def wake_signal(z, p_apical, event, eta):
    return eta * (z - p_apical)


@scalar
def sleep_signal(z, p_basal, event, eta):
    return eta * (z - p_basal)


WakeLearning = product_rule("WakeLearning", ("z", "p_apical"), wake_signal)
SleepLearning = product_rule("SleepLearning", ("z", "p_basal"), sleep_signal)


class ActivityHomeostasisParameters(NamedTuple):
    eta: Annotated[number, "learning rate of a step"] = 0.1
    share: Annotated[number, "of the time in which the target is to be on"] = 0.1
    tau_x: Annotated[ms, "time constant with which a value decays between events"] = 1000.0
    W_min: Annotated[weight, "smallest weight"] = -1e6
    W_max: Annotated[weight, "largest weight"] = 1e6


@scalar
def homeostatic_signal(z, event, eta, share):
    return eta * (share - z)


ActivityHomeostasis = SignalRule(
    "ActivityHomeostasis", ActivityHomeostasisParameters, pre=(Trace("x", "tau_x", jump="set"),), reads=("z",),
    signal=homeostatic_signal, constants=lambda p, dt: {"eta": p.eta, "share": p.share}, learns_from="rate",
)  # fmt: skip
