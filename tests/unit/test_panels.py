"""Parts of figures: images in their places, phases, epochs, letters."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from spikelearn.plots.panels import confusion_table, learning_curves, letter_panels, mark_phases, tiled_images


@pytest.mark.parametrize(("n", "columns", "rows"), [(1, 1, 1), (3, 2, 2), (5, 3, 2), (9, 3, 3), (10, 4, 3)])
def test_images_stand_in_rows_one_pixel_apart_each_once_and_whole(n, columns, rows):
    images = np.random.default_rng(1).random((n, 9))
    ax = Figure().subplots()
    shown = np.ma.filled(tiled_images(ax, images).get_array(), np.nan)
    assert shown.shape == (4 * rows - 1, 4 * columns - 1)
    for k, image in enumerate(images):
        row, column = divmod(k, columns)
        assert np.array_equal(shown[4 * row :][:3, 4 * column : 4 * column + 3].ravel(), image)
    assert np.isfinite(shown).sum() == images.size


def test_the_first_epoch_has_the_number_that_is_given():
    ax = Figure().subplots()
    learning_curves(ax, {"learned": ([0.5, 0.75], {"color": "red"}), "frozen": ([0.5], {})}, first=0)
    learning_curves(ax, {"later": ([0.1, 0.2, 0.3], {})})
    found = {line.get_label(): (line.get_xdata().tolist(), list(line.get_ydata())) for line in ax.lines}
    expected = {"learned": ([0, 1], [0.5, 0.75]), "frozen": ([0], [0.5]), "later": ([1, 2, 3], [0.1, 0.2, 0.3])}
    assert found == expected


def test_names_of_phases_are_over_their_middles_with_a_line_where_two_meet():
    ax = Figure().subplots()
    mark_phases(ax, [("rest", 100.0), ("shown", 300.0), ("reward", 50.0)], shaded=20.0)
    assert {text.get_text(): text.get_position()[0] for text in ax.texts} == {"rest": 50, "shown": 250, "reward": 425}
    assert [line.get_xdata()[0] for line in ax.lines] == [100.0, 400.0]
    ends = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
    assert ends == [(80.0, 100.0), (380.0, 400.0), (430.0, 450.0)] and ax.get_xlim() == (0.0, 450.0)


def test_letters_begin_with_a_and_follow_the_panels():
    axes = Figure().subplots(2, 2).ravel()
    letter_panels(axes)
    assert [ax.texts[0].get_text() for ax in axes] == ["a", "b", "c", "d"]
    letter_panels(axes, None)
    assert [ax.get_title("left") for ax in axes] == ["a", "b", "c", "d"]


def test_a_confusion_table_has_a_tick_for_each_class_and_each_answer_on_a_scale_from_none_to_all():
    shares = np.array([[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]])
    ax = Figure().subplots()
    picture = confusion_table(ax, shares, "answer", "class")
    assert np.array_equal(picture.get_array(), shares) and picture.get_clim() == (0.0, 1.0)
    assert (ax.get_xticks().tolist(), ax.get_yticks().tolist()) == ([0, 1, 2], [0, 1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("answer", "class")
