"""Values that describe a network: counts, flags, names, limits of distributions; refused at once, by name."""

import numpy as np
import pytest
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn import io, plots, sweep
from spikelearn.connectivity import CONNECTION_RULES
from spikelearn.connectivity.fixed_total_number import _different_pairs
from spikelearn.description.distributions import _SMALLEST_SHARE, drawn, sample
from spikelearn.errors import DescriptionError, ParameterError, SpikelearnError
from spikelearn.experiments import list_experiments, load_experiment
from spikelearn.tasks import read_mnist

NAN, INF = float("nan"), float("inf")
NO_NUMBERS = [None, "0.1", NAN, [1, 2], np.ones((2, 2)), 1j, True, {}, len]


def parts():
    net = sl.Network(dt=0.1, seed=1)
    return net, net.population(3, sl.Poisson(20.0), name="a"), net.population(3, sl.LIF(), name="c")


def made(rule, **given):
    return rule(**{**rule.example, **given})


@pytest.mark.parametrize("value", [*NO_NUMBERS, -1, 1.5, INF, 10**30], ids=repr)
def test_the_numbers_of_connection_rules_are_whole(value):
    for rule in CONNECTION_RULES:
        for field in {"k", "n"} & set(rule.__dataclass_fields__):
            with pytest.raises(ParameterError, match=f"{field} of {rule.__name__}: expected a whole number"):
                made(rule, **{field: value})


NO_PROBABILITIES = [value for value in NO_NUMBERS if not isinstance(value, str) and np.ndim(value) != 2]


@pytest.mark.parametrize("value", [*NO_PROBABILITIES, -0.1, 1.1, INF, np.full((2, 2), 1.1)], ids=repr)
def test_a_probability_is_from_0_to_1(value):
    with pytest.raises(SpikelearnError, match="p of FixedProbability: expected"):
        sl.FixedProbability(value)


@pytest.mark.parametrize("value", ["no", 1, None, [], 0.0], ids=repr)
def test_flags_are_true_or_false_everywhere(value):
    net, a, c = parts()
    for rule in CONNECTION_RULES:
        for field in {"autapses", "multapses"} & set(rule.__dataclass_fields__):
            with pytest.raises(ParameterError, match=f"{field} of {rule.__name__}: expected True or False"):
                made(rule, **{field: value})
    for option in ("plastic", "procedural"):
        with pytest.raises(ParameterError, match=f"{option} of projection 'a->c': expected True or False"):
            net.connect(a, c, "exc", **{option: value})


@pytest.mark.parametrize("value", ["", 5, "\ud800", "a\0b", b"a", ["a"], True], ids=ascii)
def test_names_can_be_saved(value):
    net, a, c = parts()
    ways = [
        lambda: net.population(1, sl.LIF(), name=value), lambda: net.modulator(value),
        lambda: net.connect(a, c, "exc", name=value),
    ]  # fmt: skip
    for way in ways:
        with pytest.raises(SpikelearnError, match="expected a name"):
            way()


def test_a_modulator_needs_a_name():
    with pytest.raises(SpikelearnError, match="name of modulator: expected a name, a str, got None"):
        sl.Network().modulator(name=None)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True, 10**6, 2**70, NAN, [2]], ids=repr)
def test_threads_are_a_number_that_can_be_started(threads):
    with pytest.raises(ParameterError, match="threads of Network: expected a whole number of at least 1 and at most"):
        sl.Network(threads=threads)


@pytest.mark.parametrize("size", [0, -1, 2.5, "3", None, True, 2**40, NAN, [3], np.array([3])], ids=repr)
def test_a_size_is_a_number_of_neurons_that_can_be_numbered(size):
    with pytest.raises(ParameterError, match="size of population 'x': expected a whole number of at least 1"):
        sl.Network().population(size, sl.LIF(), name="x")


def test_whole_floats_are_whole_numbers():
    net = sl.Network(seed=np.int64(3))
    assert len(net.population(0.8 * 10, sl.LIF())) == 8 and sl.FixedInDegree(4.0).k == 4


DISTRIBUTIONS = {
    "far above its limits": sl.Normal(20, 1, low=1, high=6), "far below": sl.Normal(0, 1, low=4),
    "negative mean": sl.Exponential(-5), "negative limits": sl.Exponential(1, high=-1),
    "infinite": sl.LogNormal(1e4, 1), "infinite at times": sl.LogNormal(700, 2), "negative spread": sl.Normal(1, -1),
    "negative sigma": sl.LogNormal(1, -1), "beyond its only value": sl.Normal(1, 0, low=2),
    "endless": sl.Uniform(-1e308, 1e308), "overflow": sl.Normal(1e308, 1e308), "upside down": sl.Uniform(2, 1),
    "limits upside down": sl.Normal(0, 1, low=1, high=-1), "text": sl.Normal("a", 1), "None": sl.Uniform(None, 1),
    "NaN": sl.Normal(NAN, 1), "two numbers": sl.Exponential([1, 2]), "complex": sl.LogNormal(1j, 1),
    "NaN limit": sl.Normal(0, 1, low=NAN), "narrow limits": sl.Normal(0, 1, low=0, high=0.01),
}  # fmt: skip


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions_that_cannot_be_drawn_are_refused_when_described(name):
    distribution = DISTRIBUTIONS[name]
    net, a, c = parts()
    ways = {
        "weight of projection 'p'": lambda: net.connect(a, c, "exc", weight=distribution, name="p"),
        "delay of projection 'p'": lambda: net.connect(a, c, "exc", delay=distribution, name="p"),
        "initial V_m of population 'x'": lambda: net.population(3, sl.LIF(), "x", initial={"V_m": distribution}),
    }
    for what, way in ways.items():
        with pytest.raises(SpikelearnError, match=what):
            way()


def test_delays_that_would_all_be_redrawn_are_refused():
    net, a, c = parts()
    for delay in (sl.Normal(-100, 1), sl.Exponential(0.001), sl.LogNormal(-20, 1), sl.Normal(0, 0.0)):
        with pytest.raises(
            ParameterError, match="delay of projection 'a->c': expected a distribution with at least 5%"
        ):
            net.connect(a, c, "exc", delay=delay)


LIMITED = [
    sl.Normal(0, 1, low=1.6), sl.Normal(5, 2, high=3), sl.LogNormal(0, 1, low=4), sl.Exponential(1, low=2.9),
    sl.Exponential(2, high=0.2), sl.Normal(0, 1, low=-0.07, high=0.07), sl.Uniform(3, 4), sl.Normal(1, 0, low=0.5),
]  # fmt: skip


@pytest.mark.parametrize("distribution", LIMITED, ids=repr)
def test_limits_that_are_met_are_met_exactly(distribution):
    """No value is moved to a limit: all are drawn from the distribution within it."""
    given = drawn(distribution, "mV", "x")
    values = sample(given, 2000, np.random.default_rng(1))
    assert np.all((given.low <= values) & (values <= given.high))
    assert not np.any(np.isin(values, [given.low, given.high]))


def test_the_share_within_limits_is_that_of_values_drawn():
    low, generator = 0.7, np.random.default_rng(2)
    for distribution in (sl.Normal(0, 1), sl.LogNormal(-0.5, 1), sl.Exponential(0.5)):
        given = drawn(distribution, "mV", "x")
        share = np.mean(sample(given, 100_000, generator) > low)
        limits = np.linspace(low, 9.0, 400)
        accepted = [k for k in limits if _accepts(given, k)]
        assert accepted and len(accepted) < len(limits), "the smallest share accepted lies between"
        STAT(100_000).check(share > _SMALLEST_SHARE, _accepts(given, low))
        STAT(100_000, 0.5).check(np.mean(sample(given, 100_000, generator) > accepted[-1]), _SMALLEST_SHARE)


def _accepts(given, low):
    try:
        given.within(low, INF, "x")
    except ParameterError:
        return False
    return True


def test_a_total_number_of_no_synapses_is_none():
    net, a, c = parts()
    one = net.population(1, sl.LIF(), name="one")
    net.connect(one, one, "exc", sl.FixedTotalNumber(0, autapses=False), name="none")
    net.connect(a, c, "exc", sl.FixedTotalNumber(0, multapses=False), name="none either")
    run = net.run(0.0)
    assert len(run.weights("none")) == len(run.weights("none either")) == 0


@pytest.mark.parametrize("n", [3, 40, 97])
def test_different_pairs_are_drawn_uniformly_however_many_there_are(n):
    places = np.array([50, 30, 19, 1])
    trials = 2000
    counts = np.array([_different_pairs(n, places, np.random.default_rng(k)) for k in range(trials)])
    EXACT.check(counts.sum(axis=1), np.full(trials, n))
    assert np.all(counts <= places)
    p = places / 100
    deviation = np.sqrt(n * p * (1 - p) * (100 - n) / 99)
    for found, expected, spread in zip(counts.mean(axis=0), n * p, deviation, strict=True):
        STAT(trials, spread).check(found, expected)


def test_a_total_number_among_a_thousand_million_pairs_is_drawn():
    net = sl.Network(seed=1)
    a = net.population(31_623, sl.Parrot(), name="a")
    p = net.connect(a, a, rule=sl.FixedTotalNumber(10, multapses=False))
    EXACT.check(p.rows.degrees.sum(), 10)


def test_only_modulators_are_released():
    net, a, c = parts()
    for other in (a, c, c[1], net.connect(a, c, "exc"), "dopamine", None, sl.Network().modulator()):
        with pytest.raises(SpikelearnError, match="release: not a modulator of this network"):
            net.release(other, 1.0)


@pytest.mark.parametrize("size", [np.array(3), np.array(3.0), np.float32(3), np.uint8(3)], ids=repr)
def test_a_whole_number_of_any_type_is_a_size(size):
    assert parts()[0].population(size, sl.LIF()).size == 3


@pytest.mark.parametrize("seed", [2**63, 2**70, np.uint64(2**63)], ids=repr)
def test_a_seed_that_is_too_large_is_refused_with_the_largest(seed):
    with pytest.raises(ParameterError, match="seed of Network: .* at most 9,223,372,036,854,775,807, got"):
        sl.Network(seed=seed)


class Metres:
    """As pint's: a whole number of a unit that numpy would take the number of."""

    magnitude, units = 1, "m"

    def __array__(self, dtype=None, copy=None):
        return np.array([1])


@pytest.mark.parametrize("floats", [1.0, [1.0, 2.0], np.array([1.0, 2.0]), np.float32(1.0)], ids=repr)
def test_floats_are_no_indices_even_whole_ones_and_the_message_says_how_to_convert_them(floats):
    net, a, c = parts()
    for take in (
        lambda: a[floats],
        lambda: a[1:][floats],
        lambda: sl.SpikeList([1.0, 2.0], floats),
        lambda: net.connect(a, c, "exc", sl.Pairs(floats, [0, 1])),
        lambda: sl.Grid(floats),
    ):
        with pytest.raises(DescriptionError, match=r"as in NumPy, a float is no index: .* \.astype\(int\)"):
            take()
    assert a[np.array([1.0, 2.0]).astype(int)].size == 2


def test_quantities_are_no_indices():
    for take in (lambda: sl.SpikeList([1.0], Metres()), lambda: parts()[1][Metres()]):
        with pytest.raises(SpikelearnError, match="whole number"):
            take()


@pytest.mark.parametrize("max_rate", [[1.0, 2.0, 3.0], np.ones((2, 4)), np.ones((2, 1)), []], ids=np.shape)
def test_images_have_one_rate_or_one_for_each_pixel(max_rate):
    with pytest.raises(SpikelearnError, match="max_rate of Images: expected one rate or 4, one per pixel, got shape"):
        sl.Images(np.ones((2, 2, 2)), max_rate=max_rate)
    EXACT.check(sl.Images(np.ones((2, 2, 2)), max_rate=[1, 2, 3, 4]).values, [[1, 2, 3, 4]] * 2)


@pytest.mark.parametrize("shape", [(0, 4), (2, 0), (0, 2, 2), (4,)])
def test_images_have_pixels(shape):
    with pytest.raises(SpikelearnError, match="images of Images: expected"):
        sl.Images(np.ones(shape))


@pytest.mark.parametrize("path", [None, 5, b"a", "", "a\0b", ["a"]], ids=repr)
def test_paths_are_checked_wherever_they_are_given(path):
    net, a, _ = parts()
    run = net.run(1.0, engine="stepper")
    for use in (
        run.checkpoint, sl.Network.restore, io.load, io.load_extra, io.RunWriter, lambda given: io.save(run, given),
        lambda given: net.run(1.0, checkpoint=given if given is not None else 1), read_mnist, sl.LIF.save,
        sl.STDP.save, sl.TsodyksMarkram.save, sweep.Store, sweep.read_table, sweep.read_rows, load_experiment,
        lambda given: sweep.run("brunel_2000", given, grid={"g": [5.0]}),
        lambda given: sweep.fit("brunel_2000", given, {"g": "4:5"}, targets={"rate_hz": 20.0}),
        lambda given: list_experiments(given if given is not None else 1), lambda given: plots.save(None, given),
    ):  # fmt: skip
        with pytest.raises(SpikelearnError, match="expected a path, a str or os.PathLike, got"):
            use(path)
    assert net.time == 1.0


def test_a_model_is_saved_to_any_kind_of_path_that_can_be_written(tmp_path):
    for path in (tmp_path / "one.py", str(tmp_path / "other.py")):
        sl.LIF.save(path)
    assert (tmp_path / "one.py").read_text() == (tmp_path / "other.py").read_text() == sl.LIF.source
    with pytest.raises(SpikelearnError, match="path of save of LIF: there is no folder .*missing"):
        sl.LIF.save(tmp_path / "missing" / "one.py")


def test_only_runs_are_saved(tmp_path):
    with pytest.raises(SpikelearnError, match="save: expected a Run, got"):
        io.save(str(tmp_path / "run.h5"), parts())
    assert not list(tmp_path.iterdir())
