"""The graph of a network: boxes in order, arrows that keep apart, labels beside their arrows and off all else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.plots.graph import places
from spikelearn.plots.graph_labels import GAP, Label, Rectangle, Scale, place_labels
from spikelearn.plots.graph_routes import APART, HEIGHT, WIDTH, Routes
from tests.tolerances import ULP

DPI = 100.0
PER_UNIT = np.array([DPI, DPI])


def drawing():
    """Axes of 6 by 4 inches in which a unit is an inch."""
    ax = Figure((6.0, 4.0), dpi=DPI).add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(0.0, 6.0), ylim=(0.0, 4.0))
    return ax


def straight(begin, end):
    return np.linspace(begin, end, 101)


class TestPlaces:
    @pytest.mark.parametrize("made", list(itertools.permutations("abc")))
    def test_each_part_is_to_the_right_of_what_it_gets_input_from_whichever_was_made_first(self, made):
        at = places(list(made), [("a", "b"), ("b", "c"), ("a", "c")])
        assert [at[part][0] for part in "abc"] == [0.0, APART, 2 * APART]

    def test_where_there_is_a_cycle_the_part_that_was_made_first_is_on_the_left(self):
        for first, second in ("ab", "ba"):
            at = places([first, second], [("a", "b"), ("b", "a")])
            assert at[first][0] == 0.0 and at[second][0] == APART

    def test_parts_of_a_column_are_one_below_the_other_in_order_around_the_middle(self):
        at = places(["from", "one", "two", "three"], [("from", "one"), ("from", "two"), ("from", "three")])
        assert at == {"from": (0.0, 1.0), "one": (APART, 2.0), "two": (APART, 1.0), "three": (APART, 0.0)}

    @pytest.mark.parametrize("n", [5, 8, 15, 30])
    def test_with_many_arrows_boxes_are_on_a_circle_and_none_lies_on_another(self, n):
        at = places(list(range(n)), list(itertools.permutations(range(n), 2)))
        boxes = [Rectangle.around(np.array(place), WIDTH, HEIGHT) for place in at.values()]
        assert not any(one.meets(other) for one, other in itertools.combinations(boxes, 2))
        assert np.min(list(at.values())) >= 0.0
        x, y = np.array(list(at.values())).T
        turn = np.arctan2((y - y.mean()) / np.ptp(y), (x - x.mean()) / np.ptp(x))
        assert np.all(np.diff(np.unwrap(turn)) < 0)


class TestRectangles:
    def test_a_rectangle_reaches_half_its_size_from_its_middle_to_each_side(self):
        assert Rectangle.around(np.array([3.0, 5.0]), 2.0, 1.0) == (2.0, 4.5, 4.0, 5.5)

    def test_rectangles_meet_if_they_share_more_than_an_edge(self):
        one = Rectangle(0.0, 0.0, 2.0, 1.0)
        assert one.meets(Rectangle(1.5, 0.5, 3.0, 3.0)) and one.meets(Rectangle(0.5, 0.2, 0.6, 0.3))
        for aside in ((2.0, 0.0), (-2.0, 0.0), (0.0, 1.0), (0.0, -1.0), (5.0, 0.5)):
            assert not one.meets(Rectangle(aside[0], aside[1], aside[0] + 2.0, aside[1] + 1.0))

    def test_points_inside_are_counted(self):
        assert Rectangle(0.0, 0.0, 2.0, 1.0).count(np.array([[1.0, 0.5], [1.9, 0.9], [2.1, 0.5], [1.0, -0.1]])) == 2


class TestLabels:
    @pytest.mark.parametrize("degrees", range(0, 180, 15))
    def test_a_label_is_beside_the_middle_of_its_arrow_whatever_its_direction(self, degrees):
        """At the gap; corners of a label beside a slanted arrow keep clear by more, of up to 0.6 of its height."""
        ax, scale = drawing(), Scale(PER_UNIT, DPI)
        along = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
        middle = np.array([3.0, 2.0])
        arrow = straight(middle - 1.5 * along, middle + 1.5 * along)
        place_labels(ax, [Label("80 x 5 pA", arrow, "black")], [], [arrow], scale)
        [text] = ax.texts
        apart = np.array(text.get_position()) - middle
        across = np.array([-along[1], along[0]])
        reach = np.abs(across) @ scale.size_of(text) / 2 + GAP / 72.0
        further = abs(apart @ across) - reach
        assert abs(apart @ along) < 1e-9 and -1e-9 < further < 0.6 * scale.size_of(text)[1] + 1e-9
        assert degrees % 90 or abs(further) < 1e-9
        assert apart[1] > 0 or degrees == 90

    def test_labels_are_off_boxes_arrows_and_each_other(self):
        ax, scale = drawing(), Scale(PER_UNIT, DPI)
        arrows = [straight((1.0, y), (5.0, y)) for y in (1.0, 1.5, 2.0)]
        boxes = [Rectangle.around(np.array([3.0, 2.2]), 1.0, 0.44)]
        found = place_labels(ax, [Label("80 x 5 pA\nSTDP", each, "black") for each in arrows], boxes, arrows, scale)
        assert len(found) == 3
        assert not any(one.meets(other) for one, other in itertools.combinations([*found, *boxes], 2))
        assert not any(label.count(np.concatenate(arrows)) for label in found)
        for label, arrow, text in zip(found, arrows, ax.texts, strict=True):
            # As near to its own arrow as texts of this size can be.
            assert abs((label.y + label.v) / 2 - arrow[0, 1]) < 2 * scale.size_of(text)[1]

    def test_all_texts_of_a_network_lie_in_the_picture_and_none_on_another(self):
        net = sl.Network()
        inputs = net.population(10, sl.Poisson(1.0), name="inputs")
        exc, inh = net.population(8, sl.LIF(), name="exc"), net.population(2, sl.LIF(), name="inh")
        for source, target, port in ((inputs, exc, "exc"), (exc, inh, "exc"), (inh, exc, "inh"), (inputs, inh, "exc")):
            net.connect(source, target, port, weight=5.0)
        ax = net.plot()
        ax.figure.draw_without_rendering()
        extents = [text.get_window_extent() for text in ax.texts]
        assert len(extents) == 2 * 3 + 4
        assert not any(one.overlaps(other) for one, other in itertools.combinations(extents, 2))
        whole = ax.get_window_extent()
        assert all(whole.x0 <= each.x0 and each.x1 <= whole.x1 for each in extents)
        assert all(whole.y0 <= each.y0 and each.y1 <= whole.y1 for each in extents)

    def test_a_drive_is_named_beside_its_arrow(self):
        net = sl.Network()
        net.drive(net.population(8, sl.LIF(), name="exc"), sl.PoissonInput(10.0), weight=1.0)
        ax = net.plot()
        ax.figure.draw_without_rendering()
        [text] = [text for text in ax.texts if text.get_text() == "drive"]
        arrow, named = ax.patches[1].get_window_extent(), text.get_window_extent()
        assert arrow.y0 < (named.y0 + named.y1) / 2 < arrow.y1 and 0.0 < named.x0 - arrow.x1 < named.width


def inside(points, box):
    return Rectangle.around(np.array(box), WIDTH - 1e-9, HEIGHT - 1e-9).count(points)


class TestRoutes:
    def test_an_arrow_to_the_next_box_is_straight_from_edge_to_edge(self):
        curve = Routes([(0.0, 0.0), (APART, 0.0)]).between((0.0, 0.0), (APART, 0.0), False, True)
        ends = (WIDTH / 2, 0.0), (APART / 2, 0.0), (APART - WIDTH / 2, 0.0)
        ULP(20, scale=APART).check(np.array(curve), ends)

    @pytest.mark.parametrize(
        ("end", "straight"),
        [
            ((APART, 0.0), True), ((APART, 1.0), True), ((0.0, 1.0), True), ((0.0, -1.0), True), ((0.0, 2.0), False),
            ((2 * APART, 0.0), False), ((-APART, 0.0), False),
        ],
    )  # fmt: skip
    def test_an_arrow_is_straight_to_the_box_beside_above_and_below_and_bent_further_away_or_back(self, end, straight):
        curve = Routes([(0.0, 0.0), end]).between((0.0, 0.0), end, False, True)
        middle = 0.5 * (np.array(curve.start) + curve.stop)
        assert (np.hypot(*(middle - curve.control)) < 1e-9) == straight

    @pytest.mark.parametrize(
        "end",
        [(APART, 0.0), (APART, 1.0), (2 * APART, 0.0), (0.0, 1.0), (0.0, -2.0), (-APART, 0.0), (-2 * APART, 1.0)],
    )
    def test_the_course_of_an_arrow_depends_on_where_its_ends_are_to_each_other_only(self, end):
        here, there = np.zeros(2), np.array([3 * APART, 4.0])
        curves = [
            np.array(Routes([tuple(at), tuple(at + end)]).between(tuple(at), tuple(at + end), False, True)) - at
            for at in (here, there)
        ]
        ULP(50, scale=4 * APART).check(*curves)

    def test_arrows_there_and_back_keep_apart(self):
        routes = Routes([(0.0, 0.0), (APART, 0.0)])
        there = routes.between((0.0, 0.0), (APART, 0.0), True, True).points()
        back = routes.between((APART, 0.0), (0.0, 0.0), True, True).points()
        assert np.hypot(*(there[:, None] - back).T).min() > 0.1

    def test_an_arrow_past_another_box_goes_round_it(self):
        boxes = [(0.0, 0.0), (APART, 0.0), (2 * APART, 0.0)]
        points = Routes(boxes).between(boxes[0], boxes[2], False, True).points()
        assert not inside(points, boxes[1])

    def test_an_arrow_is_not_drawn_over_another_that_was_there(self):
        routes = Routes([(0.0, 0.0), (3 * APART, 0.0)])
        one, other = (routes.between((0.0, 0.0), (3 * APART, 0.0), False, True).points() for _ in range(2))
        assert np.hypot(*(one[20:-20, None] - other).T).min() > 0.08

    @pytest.mark.parametrize("columns", [3, 6, 12])
    def test_however_far_an_arrow_goes_it_departs_from_the_line_by_less_than_a_row(self, columns):
        boxes = [(0.0, 0.0), (columns * APART, 0.0)]
        curve = Routes(boxes).between(*boxes, False, True)
        assert 0.3 < np.abs(curve.points()[:, 1]).max() < 1.0

    def test_a_loop_is_below_its_box_and_touches_it(self):
        curve = Routes([(1.0, 1.0)]).between((1.0, 1.0), (1.0, 1.0), False, True)
        assert curve.start[1] == curve.stop[1] == 1.0 - HEIGHT / 2 and curve.start[0] < 1.0 < curve.stop[0]
        assert np.all(curve.points()[1:-1, 1] < 1.0 - HEIGHT / 2)

    def test_an_arrow_ends_that_much_before_its_end(self):
        curve = Routes([(0.0, 0.0), (APART, 0.0)]).between((0.0, 0.0), (APART, 0.0), False, True)
        assert curve.shortened(0.25).stop == pytest.approx((curve.stop[0] - 0.25, 0.0))
        assert curve.shortened(0.25).start == curve.start
