"""The delta rules of wake and sleep, of a Helmholtz machine (Hinton, Dayan, Frey & Neal 1995, Science 268:1158).

WakeLearning, of generative synapses while units are driven by recognition: dw = eta (z - p_apical) x in each step.
SleepLearning, of recognition synapses while units dream: dw = eta (z - p_basal) x. x is the last value that arrived,
the state of the source; the target is a `HelmholtzUnit`. Let weights change in a single step, in which all states that
belong together have arrived.
"""

from __future__ import annotations

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.two_site import product_rule


@scalar
def wake_signal(z, p_apical, event, eta):
    return eta * (z - p_apical)


@scalar
def sleep_signal(z, p_basal, event, eta):
    return eta * (z - p_basal)


WakeLearning = product_rule("WakeLearning", ("z", "p_apical"), wake_signal)
SleepLearning = product_rule("SleepLearning", ("z", "p_basal"), sleep_signal)
