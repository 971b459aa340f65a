"""Tasks: what their arrays are, and that no test image is ever learned."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from spikelearn import tasks
from spikelearn.errors import ExperimentError, ParameterError


def as_bytes(images):
    return {image.tobytes() for image in images}


def test_digits_are_split_the_same_way_for_every_number_and_no_test_image_is_learned_or_tuned_on():
    images, labels = tasks.digits()
    whole, few, tuning = (tasks.split(images, labels, **how) for how in ({}, {"n_train": 100}, {"validation": True}))
    assert [len(each) for each in whole] == [1437, 1437, 360, 360] and whole.side == 8
    assert len(few.train) == len(few.train_labels) == 100
    assert np.array_equal(few.train, whole.train[:100]) and np.array_equal(few.test, whole.test)
    assert (len(tuning.train), len(tuning.test)) == (1149, 288)
    held_out = as_bytes(whole.test)
    assert not held_out & as_bytes(np.concatenate([whole.train, tuning.train, tuning.test]))


def test_every_image_keeps_its_label_in_a_split():
    found = tasks.split(np.arange(50)[:, None], np.arange(50))
    assert np.array_equal(found.train[:, 0], found.train_labels) and np.array_equal(found.test[:, 0], found.test_labels)
    assert sorted([*found.train_labels, *found.test_labels]) == list(range(50))


def test_images_and_labels_of_different_numbers_are_refused():
    with pytest.raises(ExperimentError, match="expected as many labels as images, got 2 and 3"):
        tasks.split(np.zeros((3, 4)), np.zeros(2, int))


def test_a_split_has_no_negative_number_of_images():
    with pytest.raises(ExperimentError, match="expected an n_train of at least 0, got -5"):
        tasks.split(np.zeros((20, 4)), np.zeros(20, int), n_train=-5)


@pytest.mark.parametrize("task", [tasks.bars, tasks.spike_lags, tasks.yin_yang])
@pytest.mark.parametrize("seed", [-1, None, "a", 0.5])
def test_seeds_that_are_none_are_refused(task, seed):
    with pytest.raises(ParameterError, match="seed of|do not fit together: expected non-negative integer"):
        task(3, seed)


def test_xor_is_1_where_its_inputs_differ():
    patterns, labels = tasks.xor()
    assert len({tuple(pattern) for pattern in patterns.tolist()}) == 4
    assert np.array_equal(labels == 1, patterns[:, 0] != patterns[:, 1])


def test_yin_yang_has_three_classes_as_likely_as_each_other_and_is_symmetric():
    """Turned by half a turn, yin is yang and a dot a dot."""
    points, labels = tasks.yin_yang(3000, 7)
    assert np.all(np.hypot(*(points[:, :2].T - 0.5)) <= 0.5) and np.allclose(points[:, :2] + points[:, 2:], 1.0)
    assert np.all(np.abs(np.bincount(labels) - 1000) < 130)
    turned = tasks.yin_yang_class(1.0 - points[:, :2])
    edge = np.abs(np.hypot(*(points[:, :2].T - 0.5)) - 0.5) < 1e-9
    assert np.all((turned == np.array([1, 0, 2])[labels]) | edge)
    assert not as_bytes(points) & as_bytes(tasks.yin_yang(3000, 8)[0])


def test_the_grid_of_yin_yang_fills_the_disc():
    """The share of the square that the disc covers, pi / 4, within the points along its edge."""
    points = tasks.yin_yang_grid(100)
    assert abs(len(points) / 100**2 - np.pi / 4) < 0.02 and np.all(np.hypot(*(points.T - 0.5)) <= 0.5)


def test_the_outline_of_yin_yang_is_where_the_class_changes():
    """A step of 1e-6 to either side of each curve, less its ends: inside and outside of the disc, or two classes."""
    disc, *between = tasks.yin_yang_outline(50)
    assert np.allclose(np.hypot(*(disc.T - 0.5)), 0.5)
    centres = [(0.25, 0.5), (0.75, 0.5)] * 2
    for curve, centre in zip(between, centres, strict=True):
        inwards = 1e-6 * (np.array(centre) - curve[1:-1])
        one, other = (tasks.yin_yang_class(curve[1:-1] + sign * inwards) for sign in (1.0, -1.0))
        assert curve.shape == (50, 2) and np.all(one != other)


def test_sequences_are_shown_element_by_element_and_shuffled_in_each_episode():
    task = tasks.sequence_task(["ADB", "FDC"], 4, 40.0, 100.0, t_start=10.0)
    assert task.symbols == "ABCDF" and task.shown.shape == task.onsets.shape == (4, 2, 3)
    assert "".join(task.symbols[k] for k in task.shown[3, 1]) == "FDC"
    assert np.array_equal(np.diff(task.onsets.ravel()), ([40.0, 40.0, 100.0] * 8)[:-1])
    assert task.onsets[0, 0, 0] == 10.0 and task.t_stop == 10.0 + 8 * 180.0 and task.episode == 2 * 180.0
    mixed = tasks.sequence_task(["ADB", "FDC"], 4, 40.0, 100.0, shuffle=[1])
    assert np.array_equal(np.sort(mixed.shown, axis=2), np.sort(task.shown, axis=2))
    assert not np.array_equal(mixed.shown, task.shown)


@pytest.mark.parametrize("sequences", [[], ["AB", "ABC"]])
def test_sequences_of_no_or_different_length_are_refused(sequences):
    with pytest.raises(ExperimentError, match="expected one or more of equal length"):
        tasks.sequence_task(sequences, 1, 1.0, 1.0)


def test_in_evidence_accumulation_the_side_with_more_cues_is_the_answer():
    X, y, elements = tasks.evidence_accumulation(200, 7)
    assert X.shape == (200, 480) and elements == 12 and np.all((X >= 0.0) & (X <= 1.0))
    groups = X.reshape(200, 12, 4, 10).mean(axis=3) > 0.0
    left, right, go, always = np.moveaxis(groups, 2, 0)
    assert np.array_equal(left ^ right, np.tile(np.arange(12) % 2 == 0, (200, 1)) & (np.arange(12) < 6))
    assert np.array_equal(right.sum(axis=1) > left.sum(axis=1), y == 1) and 70 < y.sum() < 130
    assert np.array_equal(go, np.tile(np.arange(12) == 11, (200, 1))) and np.all(always)
    assert not as_bytes(X) & as_bytes(tasks.evidence_accumulation(200, 8)[0])


def test_in_store_recall_the_value_beside_the_signal_to_store_is_the_answer():
    X, y, elements = tasks.store_recall(200, 7)
    zero, one, store, recall = np.moveaxis(X.reshape(200, elements, 4, 10).mean(axis=3) > 0.0, 2, 0)
    assert np.all(zero ^ one) and np.all(store.sum(axis=1) == 1)
    assert np.array_equal(one[store], y == 1) and 70 < y.sum() < 130
    assert set(store.argmax(axis=1)) == set(range(6)) and np.array_equal(recall.any(axis=0), np.arange(10) == 9)


def test_sequences_that_cannot_be_are_refused():
    for wrong in ({"cues": 2}, {"cues": 0}, {"delay": -1}):
        with pytest.raises(ExperimentError, match="expected an odd number of cues and a delay"):
            tasks.evidence_accumulation(5, 1, **wrong)
    with pytest.raises(ExperimentError, match="expected at least 5 elements and a delay, got 4, 3"):
        tasks.store_recall(5, 1, elements=4)


def test_oscillations_in_noise_are_told_apart_by_their_periodogram_and_not_by_their_mean():
    """What can be known, by sums over all elements with the right period; phases are random, so means tell nothing."""
    periods = (15.0, 20.0, 27.0, 36.0)
    X, y, elements = tasks.frequency_discrimination(1000, seed=1, periods=periods)
    assert X.shape == (1000, elements) and X.min() >= 0.0 and X.max() <= 1.0
    assert np.all(np.abs(np.bincount(y) - 250) < 60)
    waves = np.exp(2j * np.pi * np.arange(elements) / np.array(periods)[:, None])
    power = np.abs((X - 0.5) @ waves.T)
    assert np.mean(power.argmax(axis=1) == y) > 0.9
    assert np.all(np.abs([X[y == k].mean() - 0.5 for k in range(4)]) < 0.01)


def test_waves_of_opposite_lags_show_the_same_values_in_another_order():
    """The lag is the angle between the sums over all elements with the period that fits best, of both waves."""
    X, y, elements = tasks.wave_lags(400, seed=1)
    waves = X.reshape(400, elements, 4)
    np.testing.assert_allclose(waves[:, :, :2] + waves[:, :, 2:], 1.0)
    assert np.all(np.abs(np.bincount(y) - 50) < 25)
    turning = np.exp(2j * np.pi * np.arange(elements) / np.arange(20.0, 40.5, 0.25)[:, None])
    sums = np.einsum("pt,ntw->npw", turning, waves[:, :, :2] - 0.5)
    best = np.abs(sums[:, :, 0]).argmax(axis=1)
    first, second = sums[np.arange(400), best].T
    lags = np.array([-157.5, -112.5, -67.5, -22.5, 22.5, 67.5, 112.5, 157.5])
    behind = np.degrees(np.angle(second / first))[:, None] - lags
    assert np.mean(np.abs((behind + 180.0) % 360.0 - 180.0).argmin(axis=1) == y) > 0.9
    correlation = [np.corrcoef(waves[y == k][:, :, :2].reshape(-1, 2).T)[0, 1] for k in range(8)]
    np.testing.assert_allclose(correlation, correlation[::-1], atol=0.05)


@pytest.mark.parametrize(
    "wrong", [{"lags": (20.0,)}, {"lags": (20.0, np.nan)}, {"periods": (1.0, 20.0)}, {"elements": 0}]
)
def test_waves_that_cannot_be_are_refused(wrong):
    with pytest.raises(ExperimentError, match="wave_lags: expected"):
        tasks.wave_lags(10, 1, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"periods": (20.0,)},
        {"periods": (1.0, 20.0)},
        {"periods": (20.0, np.nan)},
        {"elements": 0},
        {"noise": -1.0},
    ],
)
def test_oscillations_that_cannot_be_are_refused(wrong):
    with pytest.raises(ExperimentError, match="frequency_discrimination: expected"):
        tasks.frequency_discrimination(10, 1, **wrong)


def test_nested_values_are_the_first_and_the_last_one_and_one_of_them_answers_one_in_two():
    X, y, elements = tasks.nested_store_recall(2000, seed=1)
    groups = X.reshape(2000, elements, 5, 10).sum(axis=3) > 0.5
    assert np.all(groups[:, 0, :2].sum(axis=1) == 1) and not np.any(groups[:, 1:, :2])
    outer, inner = groups[:, 0, 1].astype(int), np.zeros(2000, int)
    for k in range(elements):
        inner = np.where(groups[:, k, 2], 0, np.where(groups[:, k, 3], 1, inner))
    assert np.array_equal(y, 2 * outer + inner)
    # inner values are as often 0 as 1, so that their number tells nothing
    assert np.all(groups[:, :, 2:4].sum(axis=1) == 1)
    assert np.all(groups[:, -1, 4]) and not np.any(groups[:, :-1, 4])
    assert abs(np.mean(outer == inner) - 0.5) < 0.04


def test_nested_values_of_shared_inputs_are_told_apart_by_when_they_are_shown_alone():
    given = {"inner": 6, "spacing": 4}
    X, y, elements = tasks.nested_store_recall(300, seed=1, shared=True, **given)
    groups, apart = (
        each.reshape(300, elements, 5, 10).sum(axis=3) > 0.5
        for each in (X, tasks.nested_store_recall(300, seed=1, **given)[0])
    )
    assert not np.any(groups[:, :, 2:4]) and np.array_equal(groups[:, :, :2], apart[:, :, :2] | apart[:, :, 2:4])
    shown = groups[:, :, :2].any(axis=2)
    first, last = shown.argmax(axis=1), elements - 1 - shown[:, ::-1].argmax(axis=1)
    outer, inner = (groups[np.arange(300), at, 1] for at in (first, last))
    assert np.array_equal(y, 2 * outer + inner) and np.all(shown.sum(axis=1) == 7)


def test_no_single_time_constant_holds_nested_values_of_shared_inputs_and_two_do():
    """What decaying traces of the inputs of values know at the end, read with noise of a twentieth of one value, by
    nearest neighbours. Of values with inputs of their own one time constant of the right size holds both."""
    n, generator = 1500, np.random.default_rng(1)

    def knowing(**given):
        X, y, elements = tasks.nested_store_recall(2 * n, seed=1, **given)
        values = X.reshape(2 * n, elements, 5, 10).mean(axis=3)[:, :, :4] / 0.5
        ago = 20.0 * np.arange(elements)[::-1]

        def known(*taus):
            traces = np.concatenate([np.einsum("t,ntv->nv", np.exp(-ago / tau), values) for tau in taus], axis=1)
            traces += generator.normal(0.0, 0.05, traces.shape)
            scaled = traces / np.maximum(traces.std(axis=0), 0.05)
            return KNeighborsClassifier(25).fit(scaled[:n], y[:n]).score(scaled[n:], y[n:])

        return known

    taus = (100.0, 200.0, 316.0, 632.0, 1000.0, 2000.0, 4000.0)
    shared, apart = knowing(inner=6, spacing=4, shared=True), knowing()
    assert shared(100.0, 2000.0) > 0.9
    assert max(shared(tau) for tau in taus) < 0.75
    assert max(apart(tau) for tau in taus) > 0.9


@pytest.mark.parametrize("wrong", [{"inner": 3}, {"inner": 0}, {"spacing": 2}, {"delay": (4, 3)}, {"delay": (-1, 3)}])
def test_nested_values_that_cannot_be_are_refused(wrong):
    with pytest.raises(ExperimentError, match="nested_store_recall: expected an even number"):
        tasks.nested_store_recall(10, 1, **wrong)
