"""Where neurons are, and how far from each other."""

import itertools

import numpy as np
import pytest
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, UnitError
from spikelearn.kernels import space


def placed(n, positions, seed=1):
    return sl.Network(seed=seed).population(n, sl.LIF(), positions=positions)


def test_a_grid_has_its_points_around_its_centre_with_the_last_axis_fastest():
    cells = placed(6, sl.Grid((2, 3), spacing=(1.0, 0.5), centre=(10.0, 0.0)))
    EXACT.check(cells.positions, [(x, y) for x in (9.5, 10.5) for y in (-0.5, 0.0, 0.5)])
    assert cells.period is None and cells.positions.dtype == np.float64 and not cells.positions.flags.writeable
    EXACT.check(placed(4, sl.Grid(4)).positions[:, 0], [-1.5, -0.5, 0.5, 1.5])


def test_the_extent_of_a_grid_gives_each_point_an_equal_part():
    cells = placed(8, sl.Grid((4, 2), extent=(2.0, 3.0), periodic=True))
    EXACT.check(np.unique(cells.positions[:, 0]), [-0.75, -0.25, 0.25, 0.75])
    EXACT.check(np.unique(cells.positions[:, 1]), [-0.75, 0.75])
    EXACT.check(cells.period, [2.0, 3.0])


@pytest.mark.parametrize("extent", [2.0, (1.0, 4.0), (1.0, 2.0, 0.5)], ids=str)
def test_uniform_positions_fill_their_box_evenly(extent):
    n, box = 5000, np.atleast_1d(extent)
    cells = placed(n, sl.UniformPositions(extent, centre=3.0))
    assert cells.positions.shape == (n, len(box))
    share = (cells.positions - 3.0) / box + 0.5
    assert share.min() >= 0 and share.max() <= 1
    STAT(n, 12**-0.5).check(share.mean(axis=0), 0.5)
    STAT(n, 12**-0.5).check((share**2).mean(axis=0), 1 / 3)


def test_uniform_positions_depend_on_the_seed_and_on_nothing_else():
    net = sl.Network(seed=1)
    one, other = (net.population(20, sl.LIF(), positions=sl.UniformPositions(1.0)) for _ in range(2))
    EXACT.check(placed(20, sl.UniformPositions(1.0)).positions, one.positions)
    assert not np.any(one.positions == other.positions)
    assert not np.any(one.positions == placed(20, sl.UniformPositions(1.0), seed=2).positions)


def test_positions_change_nothing_for_rules_that_do_not_ask_for_them():
    def spikes(positions):
        net = sl.Network(seed=3)
        source = net.population(20, sl.Poisson(100.0), positions=positions)
        cells = net.population(20, sl.LIF(), positions=positions, initial={"V_m": sl.Uniform(-70.0, -60.0)})
        net.connect(source, cells, rule=sl.FixedInDegree(5), weight=sl.Normal(400.0, 50.0), delay=1.0)
        net.record(cells)
        return net.run(100.0).spikes(cells)

    found, expected = spikes(sl.UniformPositions((1.0, 1.0))), spikes(None)
    assert len(expected.times) > 20
    EXACT.check(found.times, expected.times)
    EXACT.check(found.ids, expected.ids)


def test_given_positions_are_kept_and_views_have_their_part():
    given = np.random.default_rng(1).random((7, 2))
    cells = placed(7, given)
    EXACT.check(cells.positions, given)
    EXACT.check(cells[2:5].positions, given[2:5])
    EXACT.check(cells[[6, 0]].positions, given[[6, 0]])
    EXACT.check(placed(3, [1.0, 2.0, 4.0]).positions, [[1.0], [2.0], [4.0]])
    EXACT.check(placed(7, sl.Positions(given, period=1.0)).period, [1.0, 1.0])
    bare = placed(7, None)
    assert bare.positions is None and bare[:2].positions is None and bare.period is None


def test_positions_go_through_a_checkpoint(tmp_path):
    net = sl.Network(seed=1)
    cells = net.population(9, sl.LIF(), name="cells", positions=sl.Grid((3, 3), periodic=True))
    net.run(1.0).checkpoint(tmp_path / "state")
    restored = sl.Network.restore(tmp_path / "state").populations["cells"]
    EXACT.check(restored.positions, cells.positions)
    EXACT.check(restored.period, cells.period)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("periodic", [False, True])
def test_a_distance_is_the_shortest_over_all_images(dimensions, periodic):
    random = np.random.default_rng(dimensions)
    source, target = 5 * random.normal(size=(6, dimensions)), random.normal(size=(4, dimensions))
    period = np.array([1.5, 2.0, 0.7])[:dimensions] if periodic else np.zeros(dimensions)
    packed = space.packed(source, target, period)
    distance = getattr(space.distance, "py_func", space.distance)
    for i, j in itertools.product(range(6), range(4)):
        images = itertools.product(*([k * length for k in range(-20, 21)] if length else [0.0] for length in period))
        expected = min(np.linalg.norm(source[i] - target[j] + image) for image in images)
        # coordinates up to twenty
        ULP(50, 20.0).check(distance(packed, i, j), expected)


@pytest.mark.parametrize(
    ("positions", "error", "message"),
    [
        (np.zeros((5, 2)), DescriptionError, r"'cells': expected an array of shape \(4, 1\), .* got \(5, 2\)"),
        (np.zeros((4, 4)), DescriptionError, r"'cells': expected an array of shape .* got \(4, 4\)"),
        ([[0, np.nan]] * 4, ParameterError, "positions of population 'cells': expected finite numbers, got nan"),
        (["a"] * 4, UnitError, "'cells', index 0: expected a number"),
        ("grid", DescriptionError, "'cells': expected Grid, UniformPositions, Positions or an array, got 'grid'"),
        (sl.Grid((2, 3)), DescriptionError, r"Grid of population 'cells': a shape of \(2, 3\) has 6 points"),
    ],
)  # fmt: skip
def test_positions_that_do_not_suit_a_population_are_refused(positions, error, message):
    with pytest.raises(error, match=message):
        sl.Network().population(4, sl.LIF(), name="cells", positions=positions)


@pytest.mark.parametrize(
    ("positions", "given", "error", "message"),
    [
        (sl.Grid, {"shape": (2, 1, 1, 2)}, DescriptionError, "shape of Grid: expected one to three whole numbers"),
        (sl.Grid, {"shape": (0, 2)}, DescriptionError, r"shape of Grid: expected .* above 0, got \(0, 2\)"),
        (sl.Grid, {"shape": (2.5, 2)}, DescriptionError, "shape of Grid: expected a list of whole numbers"),
        (sl.Grid, {"shape": (2, True)}, DescriptionError, "shape of Grid: expected a list of whole numbers"),
        (sl.Grid, {"shape": None}, DescriptionError, "shape of Grid: expected a list of whole numbers"),
        (sl.Grid, {"shape": 4, "spacing": 1.0, "extent": 1.0}, DescriptionError, "give spacing or extent, not both"),
        (sl.Grid, {"shape": (2, 2), "spacing": 0.0}, ParameterError, "spacing of Grid: expected more than 0, got 0.0"),
        (sl.Grid, {"shape": (2, 2), "extent": (1, 2, 3)}, DescriptionError, "extent of Grid: expected one number or 2"),
        (sl.Grid, {"shape": (2, 2), "centre": (1, 2, 3)}, DescriptionError, "centre of Grid: expected one number or 2"),
        (sl.Grid, {"shape": 4, "periodic": 1}, ParameterError, "periodic of Grid: expected True or False"),
        (sl.UniformPositions, {"extent": (1, 1, 1, 1)}, DescriptionError, "expected one to three lengths"),
        (sl.UniformPositions, {"extent": -1.0}, ParameterError, "extent of UniformPositions: expected more than 0"),
        (sl.UniformPositions, {"extent": "1"}, UnitError, "extent of UniformPositions: expected a number"),
        (sl.UniformPositions, {"extent": 1.0, "centre": (1, 2)}, DescriptionError, "centre of UniformPositions"),
        (sl.UniformPositions, {"extent": 1.0, "periodic": None}, ParameterError, "periodic of UniformPositions"),
        (sl.Positions, {"coordinates": np.zeros((4, 4))}, DescriptionError, r"Positions: .* \(n, 3\), .* got \(4, 4\)"),
        (sl.Positions, {"coordinates": [np.inf]}, ParameterError, "Positions: expected finite numbers, got inf"),
        (sl.Positions, {"coordinates": np.zeros(4), "period": -1.0}, ParameterError, "period of Positions: "),
    ],
)  # fmt: skip
def test_positions_that_can_be_of_no_population_are_refused_at_once(positions, given, error, message):
    with pytest.raises(error, match=message):
        positions(**given)
