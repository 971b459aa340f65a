"""Synchrony of a population."""

from __future__ import annotations

from spikelearn.analysis.arguments import TimesLike, checks_arguments
from spikelearn.analysis.rates import counts


@checks_arguments
def synchrony(spikes: TimesLike, t_start: float, t_stop: float, bin: float = 3.0) -> float:
    """Variance over mean of the spike counts of a population in bins of `bin` ms; a pure number.

    1 for independent Poisson neurons, 0 for a constant count, above 1 if neurons fire together. It
    depends on the number of neurons and the bin: compare only if both are equal. NaN if no spikes.

    spikes: what run.spikes(...) returns, their times (ms), or trains. Raises ParameterError as `counts` does.
    Source: Potjans & Diesmann 2014, Cereb. Cortex 24:785 (with 1,000 neurons per layer and 3 ms).

    >>> synchrony(np.repeat([10.0, 40.0], 20), 0, 60, bin=3) > synchrony(np.arange(0.0, 60.0, 1.5), 0, 60, bin=3)
    True
    """
    in_bin = counts(spikes, t_start, t_stop, bin)
    mean = in_bin.mean()
    return float(in_bin.var() / mean) if mean > 0 else float("nan")
