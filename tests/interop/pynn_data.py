"""What tests of the back-end for PyNN read."""

import numpy as np


def v_of(population, segment=-1):
    """(n, cells), the potentials that were recorded in a segment."""
    return population.get_data().segments[segment].filter(name="v")[0].magnitude


def spikes_of(population, segment=-1):
    """The spike times of each cell."""
    return [np.asarray(train.magnitude) for train in population.get_data("spikes").segments[segment].spiketrains]
