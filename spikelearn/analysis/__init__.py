"""Arrays -> numbers: rates, irregularity, synchrony, bursts, correlation."""

from spikelearn.analysis.bursts import EventsAndBursts, binned_rate, burst_probability, classify_events
from spikelearn.analysis.correlation import correlation
from spikelearn.analysis.irregularity import cv_isi
from spikelearn.analysis.oscillation import dominant_frequency, rate_modulation, shifted_trains
from spikelearn.analysis.rates import counts, rate, rates_per_neuron
from spikelearn.analysis.synchrony import synchrony

__all__ = [
    "EventsAndBursts",
    "binned_rate",
    "burst_probability",
    "classify_events",
    "correlation",
    "counts",
    "cv_isi",
    "dominant_frequency",
    "rate",
    "rate_modulation",
    "rates_per_neuron",
    "shifted_trains",
    "synchrony",
]
