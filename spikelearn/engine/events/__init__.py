"""The exact engine: continuous time, a queue of events, neurons advanced in closed form from one event to the next."""

from spikelearn.engine.events.lowering import lower
from spikelearn.engine.events.plan import EventPlan
from spikelearn.engine.events.simulate import simulate
from spikelearn.engine.events.synapses import reader

__all__ = ["EventPlan", "lower", "reader", "simulate"]
