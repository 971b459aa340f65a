"""Functions of analysis against Elephant: every one that Elephant has, too, on the spikes of a network.

Elephant has no counterpart of `rate_modulation`, `classify_events`, `burst_probability`, `volleys`,
`mutual_information`, `angle`, and the readouts.
"""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn import analysis

# Elephant gives quantities an argument that they no longer need.
pytestmark = pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity is deprecated")
N, T = 40, 4000.0


@pytest.fixture(scope="module")
def recorded():
    """Regular and irregular neurons, driven by a common rhythm, and their trains as Elephant takes them."""
    net = sl.Network(dt=0.1, seed=7)
    cells = net.population(N, sl.LIF(I_e=np.linspace(0.0, 420.0, N)), name="cells")
    waves = net.population(100, sl.Poisson("20*(1 + sin(2*pi*20*Hz*t))"), name="waves")
    net.connect(waves, cells, "exc", sl.FixedInDegree(30), weight=90.0)
    net.record(cells)
    spikes = net.run(T).spikes(cells)
    trains = list(spikes.to_neo())
    assert len(spikes.times) > 2000 and len(trains) == N
    return spikes, trains


@pytest.fixture(scope="module")
def ms():
    return pytest.importorskip("quantities").ms


def test_rates(recorded, ms):
    statistics = pytest.importorskip("elephant.statistics")
    spikes, trains = recorded
    theirs = [statistics.mean_firing_rate(train).rescale("Hz").item() for train in trains]
    # Theirs count the last step, which [t_start, t_stop) leaves out.
    ULP(4).check(analysis.rates_per_neuron(spikes, N, 0.0, T + 0.05) * (T + 0.05) / T, theirs)
    ULP(N).check(analysis.rate(spikes, N, 0.0, T + 0.05) * (T + 0.05) / T, np.mean(theirs))


def test_counts_and_binned_rates(recorded, ms):
    statistics = pytest.importorskip("elephant.statistics")
    spikes, trains = recorded
    theirs = statistics.time_histogram(trains, 5.0 * ms, output="counts").magnitude[:, 0]
    EXACT.check(analysis.counts(spikes, 0.0, T, 5.0), theirs)
    rates = statistics.time_histogram(trains, 5.0 * ms, output="rate").rescale("Hz").magnitude[:, 0]
    ULP(8).check(analysis.binned_rate(spikes, N, np.arange(0.0, T + 1.0, 5.0)), rates)


def test_irregularity(recorded):
    statistics = pytest.importorskip("elephant.statistics")
    spikes, trains = recorded
    theirs = [statistics.cv(statistics.isi(train)) for train in trains if len(train) >= 3]
    ULP(200).check(analysis.cv_isi(spikes), np.mean(theirs))


def test_synchrony_is_the_fano_factor_of_bins(recorded, ms):
    statistics = pytest.importorskip("elephant.statistics")
    conversion = pytest.importorskip("elephant.conversion")
    neo = pytest.importorskip("neo")
    spikes, trains = recorded
    counts = conversion.BinnedSpikeTrain(trains, bin_size=2.5 * ms).to_array().sum(axis=0)
    # Elephant's factor is that of the numbers of spikes of several trains: each bin is given as one.
    bins = [neo.SpikeTrain(np.full(n, 1.0), units="ms", t_stop=2.5) for n in counts]
    ULP(100).check(analysis.synchrony(spikes, 0.0, T, 2.5), statistics.fanofactor(bins))


def test_correlation_of_two_neurons(recorded, ms):
    conversion = pytest.importorskip("elephant.conversion")
    correlation = pytest.importorskip("elephant.spike_train_correlation")
    spikes, trains = recorded
    some = [20, 28, 33, 39]
    binned = conversion.BinnedSpikeTrain([trains[k] for k in some], bin_size=5.0 * ms)
    theirs = correlation.correlation_coefficient(binned)
    own = spikes.trains()
    counted = [analysis.counts(own[k], 0.0, T, 5.0) for k in some]
    ours = [[analysis.correlation(a, b) for b in counted] for a in counted]
    ULP(1000).check(ours, theirs)
    # and with shifts: the peak of the coefficients of the cross-correlation histogram, which divides by all bins
    histogram, lags = correlation.cross_correlation_histogram(
        conversion.BinnedSpikeTrain([trains[28]], bin_size=5.0 * ms),
        conversion.BinnedSpikeTrain([trains[39]], bin_size=5.0 * ms),
        window=[-6, 6], cross_correlation_coefficient=True,
    )  # fmt: skip
    best = analysis.best_lag_correlation(counted[1], counted[3], most=6)
    assert best == pytest.approx(histogram.magnitude.max(), abs=0.02)


def test_dominant_frequency(recorded, ms):
    statistics = pytest.importorskip("elephant.statistics")
    spectral = pytest.importorskip("elephant.spectral")
    spikes, trains = recorded
    histogram = statistics.time_histogram(trains, 2.0 * ms, output="counts")
    frequencies, power = spectral.welch_psd(histogram, frequency_resolution=5.0, overlap=0.5, window="hann")
    power = power.magnitude.reshape(-1).copy()
    power[:2] = 0.0
    ours = analysis.dominant_frequency(spikes, 0.0, T, bin=2.0, resolution=5.0)
    assert ours == pytest.approx(frequencies.rescale("Hz").magnitude[power.argmax()]) == pytest.approx(20.0)


def test_shifted_trains_keep_what_surrogates_of_elephant_keep(recorded, ms):
    """Both shift each train as a whole: counts stay, and but for the interval at the seam, intervals, too."""
    surrogates = pytest.importorskip("elephant.spike_train_surrogates")
    spikes, trains = recorded
    ours = analysis.shifted_trains(spikes, 0.0, T, seed=1).trains(N)
    for k in (3, 20, 39):
        theirs = surrogates.surrogates(trains[k], n_surrogates=1, method="shuffle_isis")[0]
        own = np.sort(np.diff(np.asarray(trains[k])))
        assert len(ours[k]) == len(trains[k]) == len(theirs)
        kept = [np.isclose(own[:, None], np.sort(np.diff(np.asarray(each)))[None], atol=1e-6).any(axis=1).sum()
                for each in (ours[k], theirs)]  # fmt: skip
        assert min(kept) >= len(own) - 1


def test_control_another_definition_is_told_apart(recorded):
    """LV and CV2 are near CV for these trains, and differ by far more than the tolerance above."""
    statistics = pytest.importorskip("elephant.statistics")
    spikes, trains = recorded
    some = [train for train in trains if len(train) >= 3]
    for other in (statistics.cv2, statistics.lv):
        value = np.mean([other(statistics.isi(train)) for train in some])
        assert 0.001 < abs(value - analysis.cv_isi(spikes)) < 0.5
