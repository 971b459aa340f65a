"""Arrays -> numbers: rates, irregularity, synchrony, bursts, correlation."""

from spikelearn.analysis.bursts import EventsAndBursts, binned_rate, burst_probability, classify_events
from spikelearn.analysis.correlation import correlation, fitted_line, known_correlation
from spikelearn.analysis.irregularity import cv_isi
from spikelearn.analysis.oscillation import dominant_frequency, rate_modulation, shifted_trains
from spikelearn.analysis.probability import Shares, overlap_probability
from spikelearn.analysis.rates import counts, rate, rates_per_neuron
from spikelearn.analysis.steps import mean_of_steps, ratio
from spikelearn.analysis.synchrony import synchrony
from spikelearn.analysis.volleys import spikes_between, volleys

__all__ = [
    "EventsAndBursts",
    "Shares",
    "binned_rate",
    "burst_probability",
    "classify_events",
    "correlation",
    "counts",
    "cv_isi",
    "dominant_frequency",
    "fitted_line",
    "known_correlation",
    "mean_of_steps",
    "overlap_probability",
    "rate",
    "rate_modulation",
    "rates_per_neuron",
    "ratio",
    "shifted_trains",
    "spikes_between",
    "synchrony",
    "volleys",
]
