"""Sources and drives against what their names promise."""

import numpy as np
import pytest
from examples import many_numbers
from given_spikes import steps_of
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError

PLAIN = {"V_th": 1e9, "tau_m": 1e9}
"""A LIFDelta that adds up what arrives, and never fires."""


def spikes(source, n=1000, duration=1000.0, dt=0.1, seed=3):
    net = sl.Network(dt=dt, seed=seed)
    population = net.population(n, source)
    net.record(population)
    return net.run(duration).spikes(population)


@many_numbers
@pytest.mark.parametrize(("rate", "dt"), [(50.0, 0.1), (400.0, 1.0)])
def test_poisson_neurons_fire_in_each_step_by_chance_of_their_own(rate, dt):
    times, ids = spikes(sl.Poisson(rate), dt=dt)
    p, n_steps = rate * dt * 1e-3, round(1000.0 / dt)
    counts = np.bincount(ids, minlength=1000)
    deviation = np.sqrt(n_steps * p * (1 - p))
    STAT(1000, deviation).check(counts.mean(), n_steps * p)
    STAT(1000, np.sqrt(2) * deviation**2).check(counts.var(), deviation**2)
    STAT(1000).check(np.corrcoef(counts[:-1], counts[1:])[0, 1], 0.0)
    each_step = np.bincount(steps_of(times, dt), minlength=n_steps + 1)[1:]
    STAT(n_steps).check(np.corrcoef(each_step[:-1], each_step[1:])[0, 1], 0.0)


def test_a_rate_that_changes_holds_from_its_time_on_and_the_last_one_stays():
    times, _ = spikes(sl.Poisson(sl.Timed([100.0, 0.0, 300.0], 50.0)), duration=200.0)
    in_each = np.histogram(steps_of(times, 0.1), [0.5, 500.5, 1000.5, 1500.5, 2000.5])[0] / 1000 / 0.05
    STAT(1000, np.sqrt(300 / 0.05)).check(in_each, [100.0, 0.0, 300.0, 300.0])
    EXACT.check(in_each[1], 0.0)


def test_each_neuron_may_have_a_rate_of_its_own():
    _, ids = spikes(sl.Poisson([0.0, 100.0, 10_000.0]), n=3, duration=100.0)
    counts = np.bincount(ids, minlength=3)
    EXACT.check(counts[[0, 2]], [0, 1000])
    STAT(1, np.sqrt(10)).check(counts[1], 10)


def test_images_are_shown_one_after_another_with_darkness_between():
    images = np.zeros((2, 10, 10))
    images[0, 0, :], images[1, :, 0] = 1.0, 0.5
    times, ids = spikes(sl.Images(images, max_rate=1000.0, on=60.0, off=40.0), n=100, duration=200.0, dt=1.0)
    shown = [ids[(times > start) & (times <= start + 60)] for start in (0.0, 100.0)]
    assert set(shown[0]) == set(range(10)) and set(shown[1]) == set(range(0, 100, 10))
    assert len(times) == len(shown[0]) + len(shown[1])
    EXACT.check(len(shown[0]), 600)
    STAT(1, np.sqrt(600 / 4)).check(len(shown[1]), 300)


def test_a_spike_list_is_fired_as_it_stands_in_any_order():
    times, ids = spikes(sl.SpikeList([3.0, 1.0, 20 * 0.1, 1.0], [1, 2, 0, 0]), n=3, duration=5.0)
    ULP(2).check(times, [1.0, 1.0, 2.0, 3.0])
    EXACT.check(ids, [0, 2, 0, 1])


@many_numbers
@pytest.mark.parametrize(
    "rate", [2000.0, np.full(1000, 2000.0), sl.Timed([2000.0, 2000.0], 30.0)], ids=["one", "each", "timed"]
)
def test_poisson_input_is_a_sum_of_sources_of_its_own_for_each_neuron(rate):
    net = sl.Network(dt=0.1, seed=3)
    cells = net.population(1000, sl.LIFDelta(**PLAIN))
    net.drive(cells, sl.PoissonInput(rate), weight=1.5)
    net.record(cells, "V_m", every=100.0)
    run = net.run(100.0)
    number = (run.trace(cells, "V_m").values[-1] + 70.0) / 1.5
    STAT(1000, np.sqrt(200)).check(number.mean(), 200.0)
    STAT(1000, np.sqrt(2) * 200).check(number.var(), 200.0)
    assert run.synaptic_events == round(number.sum())


RARE = 64 * 0.1
"""What comes in a step to 64 neurons that share a Poisson number, at 1,000 Hz and 0.1 ms."""


def rare_arrivals(n=1000, duration=200.0, **how):
    """(T, n): whole numbers that arrive at each neuron in each step, 0.1 on average."""
    net = sl.Network(dt=0.1, seed=5, **how)
    net.population(7, sl.LIFDelta(**PLAIN))  # so that the next begins inside a block
    cells = net.population(n, sl.LIFDelta(**PLAIN))
    net.drive(cells, sl.PoissonInput(1000.0), weight=1.0)
    net.record(cells, "V_m")
    V_m = net.run(duration).trace(cells, "V_m").values
    return np.round(np.diff(V_m, axis=0, prepend=-70.0)).astype(int)


@many_numbers
def test_where_arrivals_are_rare_neurons_that_share_a_number_still_have_independent_poisson_numbers():
    arrived = rare_arrivals()
    total = arrived.size
    for number in range(4):
        expected = np.exp(-0.1) * 0.1**number / [1, 1, 2, 6][number]
        STAT(total, np.sqrt(expected)).check(np.mean(arrived == number), expected)
    blocks = arrived[:, :960].reshape(-1, 15, 64)
    groups = blocks.sum(axis=2).ravel()
    STAT(groups.size, np.sqrt(RARE)).check(groups.mean(), RARE)
    STAT(groups.size, np.sqrt(2 * RARE**2 + RARE)).check(groups.var(), RARE)
    for a, b in ((blocks[:, :, 0], blocks[:, :, 1]), (blocks[:-1], blocks[1:]), (blocks[:, 0], blocks[:, 1])):
        STAT(a.size).check(np.corrcoef(a.ravel(), b.ravel())[0, 1], 0.0)


@pytest.mark.parametrize("threads", [2, 3])
def test_rare_arrivals_are_the_same_on_any_number_of_threads_and_in_any_population_that_begins_alike(threads):
    one = rare_arrivals(duration=20.0)
    EXACT.check(rare_arrivals(duration=20.0, threads=threads), one)
    EXACT.check(rare_arrivals(n=90, duration=20.0), one[:, :90])


def current_received(*drives, n=1, duration=10.0, dt=0.1, seed=3):
    """(T, n) pA: the mean current of each step, read as the jump of a cell that adds it up.

    drives: (source, which neurons) each.
    """
    net = sl.Network(dt=dt, seed=seed)
    cells = net.population(n, sl.LIFDelta(V_th=1e9, tau_m=1e12, C_m=1.0, E_L=0.0, V_reset=-1.0), initial={"V_m": 0.0})
    for source, which in drives:
        net.drive(cells if which is None else cells[which], source)
    net.record(cells, "V_m")
    V_m = net.run(duration).trace(cells, "V_m").values
    return np.diff(V_m, axis=0, prepend=0.0) / dt


def test_a_step_current_holds_from_the_step_that_begins_at_its_time():
    current = current_received((sl.StepCurrent([0.0, 1.0, 2.5], [5.0, -3.0, 0.0]), None))
    ULP(10**4, 100.0).check(current[:, 0], np.repeat([5.0, -3.0, 0.0], [10, 15, 75]))


def test_step_currents_add_up_and_may_differ_from_neuron_to_neuron():
    rows = sl.StepCurrent([1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]])
    current = current_received((rows, slice(1, 3)), (sl.StepCurrent([1.5], [10.0]), None), n=3)
    expected = np.zeros((100, 3))
    expected[10:20, 1:], expected[20:, 1:] = [1.0, 2.0], [3.0, 4.0]
    expected[15:] += 10.0
    ULP(10**4, 1000.0).check(current, expected)


def test_white_noise_is_new_in_every_interval():
    current = current_received((sl.NoiseCurrent(mean=10.0, std=3.0, interval=0.5), None), n=200, duration=50.0)
    blocks = current.reshape(100, 5, 200)
    ULP(10**6, 1000.0).check(blocks, np.broadcast_to(blocks[:, :1], blocks.shape))
    values = blocks[:, 0]
    STAT(values.size, 3.0).check(values.mean(), 10.0)
    STAT(values.size, np.sqrt(2) * 9).check(values.var(), 9.0)
    STAT(values.size).check(np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1], 0.0)
    STAT(values.size).check(np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1], 0.0)


def test_uniform_noise_has_the_same_mean_and_spread_and_stays_within_its_limits():
    current = current_received((sl.NoiseCurrent(mean=10.0, std=3.0, distribution="uniform"), None), n=50, duration=50.0)
    STAT(current.size, 3.0).check(current.mean(), 10.0)
    STAT(current.size, 9.0).check(current.var(), 9.0)
    half = 3.0 * np.sqrt(3.0)
    assert 10 - half - 1e-6 < current.min() < 10 - 0.99 * half and 10 + 0.99 * half < current.max() < 10 + half + 1e-6


@many_numbers
def test_ornstein_uhlenbeck_noise_is_stationary_from_the_start_with_its_own_correlation():
    current = current_received((sl.NoiseCurrent(mean=10.0, std=3.0, tau=5.0), None), n=4000, duration=20.0)
    for sample in (0, 50, 199):
        STAT(4000, 3.0).check(current[sample].mean(), 10.0)
        STAT(4000, np.sqrt(2) * 9).check(current[sample].var(), 9.0)
    STAT(4000).check(np.corrcoef(current[100], current[150])[0, 1], np.exp(-1.0))


def test_noises_on_one_port_add_up_also_on_parts_of_a_population():
    constant = [sl.NoiseCurrent(mean=m) for m in (5.0, 20.0, 100.0)]
    for order in ([0, 1, 2], [2, 1, 0]):
        drives = [(constant[0], None), (constant[1], slice(1, 3)), (constant[2], slice(2, 4))]
        current = current_received(*(drives[k] for k in order), n=4)
        ULP(10**6, 1000.0).check(current[-1], [5.0, 25.0, 125.0, 105.0])


@pytest.mark.parametrize("mean", [0.5, 20.0, 60.0, 400.0])
def test_poisson_input_has_the_mean_and_the_variance_of_its_rate_from_few_to_very_many_arrivals_in_a_step(mean):
    """10,000 numbers: the mean scatters by sqrt(mean / n), the variance by about mean sqrt(2 / n); five of each."""
    n = 10_000
    net = sl.Network(dt=1.0, seed=7)
    cells = net.population(n, sl.Parrot(), name="cells")
    net.drive(cells, sl.PoissonInput(sl.Timed([mean * 1e3, 0.0], 1.0)), port="ignored", weight=1.0)
    net.record(cells, "ignored")
    first, second = net.run(2.0).trace(cells, "ignored").values
    assert abs(first.mean() - mean) < 5 * np.sqrt(mean / n)
    assert abs(first.var() - mean) < 5 * np.sqrt((2 * mean**2 + mean) / n)
    assert np.all(second == 0.0)


def test_more_arrivals_in_a_step_than_can_be_drawn_are_refused():
    net = sl.Network(dt=1.0)
    cells = net.population(1, sl.LIF(), name="cells")
    net.drive(cells, sl.PoissonInput(1e6), weight=1.0)
    with pytest.raises(DescriptionError, match="at most 500 arrivals"):
        net.run(1.0)
