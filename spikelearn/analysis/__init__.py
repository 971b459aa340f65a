"""Analysis of spike trains: rates, irregularity, synchrony, bursts, correlation."""

from spikelearn.analysis.bursts import EventsAndBursts, binned_rate, burst_probability, classify_events
from spikelearn.analysis.correlation import (
    angle,
    best_lag_correlation,
    correlation,
    fitted_line,
    known_correlation,
    mutual_information,
)
from spikelearn.analysis.irregularity import cv_isi
from spikelearn.analysis.oscillation import dominant_frequency, rate_modulation, shifted_trains
from spikelearn.analysis.probability import Shares, overlap_probability
from spikelearn.analysis.rates import counts, rate, rates_per_neuron
from spikelearn.analysis.readout import (
    Reading,
    classes_of_neurons,
    confusion,
    course_of_votes,
    linear_accuracy,
    read_by_votes,
    votes,
)
from spikelearn.analysis.signals import logistic, mean_of_steps, ratio, running_mean
from spikelearn.analysis.summary import RunSummary
from spikelearn.analysis.synchrony import synchrony
from spikelearn.analysis.volleys import spikes_between, volleys

__all__ = [
    "EventsAndBursts",
    "Reading",
    "RunSummary",
    "Shares",
    "angle",
    "best_lag_correlation",
    "binned_rate",
    "burst_probability",
    "classes_of_neurons",
    "classify_events",
    "confusion",
    "correlation",
    "counts",
    "course_of_votes",
    "cv_isi",
    "dominant_frequency",
    "fitted_line",
    "known_correlation",
    "linear_accuracy",
    "logistic",
    "mean_of_steps",
    "mutual_information",
    "overlap_probability",
    "rate",
    "rate_modulation",
    "rates_per_neuron",
    "ratio",
    "read_by_votes",
    "running_mean",
    "shifted_trains",
    "spikes_between",
    "synchrony",
    "volleys",
    "votes",
]
