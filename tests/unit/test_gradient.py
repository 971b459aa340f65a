"""`sl.gradient`: what it returns and refuses, surrogates, losses, and prepared networks."""

import dataclasses

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP
from unit.gradient_networks import Readout, Unit, layered, presented

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.learning import surrogates
from spikelearn.learning.gradient import Differentiable
from spikelearn.learning.losses import CrossEntropy, SquaredError

X = np.random.default_rng(0).random((6, 4))
LABELS = np.array([0, 2, 1, 1, 0, 2])


@pytest.fixture
def small():
    net, populations, projections = layered((4, 8, 3))
    return net, populations, projections, presented(populations, X)


def test_the_gradients_of_trials_add_up_and_some_are_zero(small):
    net, populations, projections, trials = small
    loss = CrossEntropy(populations[-1], "u", LABELS)
    phase = dataclasses.replace(trials.phases[0], currents={(populations[0], "exc"): X * (np.arange(6) > 1)[:, None]})
    trials = sl.Trials([phase], n=6)
    each, whole = (sl.gradient(net, loss, trials, per_trial=per_trial) for per_trial in (True, False))
    for p in projections:
        assert each.weights[p].shape == (6, p.source_size, p.target_size)
        ULP(1000, 1.0).check(each.weights[p].sum(axis=0), whole.weights[p])
        EXACT.check(each.weights[p][:2], 0.0)
        assert each.nonzero[p] == 4 / 6
    assert whole.nonzero is None
    ULP(100).check(each.losses.sum(), each.loss)
    assert each.losses.shape == (6,) and whole.loss == each.loss
    assert each.currents[populations[0], "exc"].shape == (6, 1, 4)
    assert each.initial[populations[1], "u"].shape == (6, 8)


def test_a_prepared_network_takes_other_weights_and_currents(small):
    net, populations, projections, trials = small
    loss = CrossEntropy(populations[-1], "u", LABELS)
    prepared = Differentiable(net, trials)
    first = prepared.gradient(loss)
    kept = {p: table.copy() for p, table in first.weights.items()}
    other_net, other_populations, other_projections = layered((4, 8, 3), seed=5)
    other = sl.gradient(
        other_net, CrossEntropy(other_populations[-1], "u", LABELS), presented(other_populations, X[::-1].copy())
    )
    for p, q in zip(projections, other_projections, strict=True):
        prepared.weights[p][:] = q.weight.values
    prepared.currents[populations[0], "exc"][0] = X[::-1]
    found = prepared.gradient(loss)
    assert found.loss == other.loss != first.loss
    for p, q in zip(projections, other_projections, strict=True):
        EXACT.check(found.weights[p], other.weights[q])
        EXACT.check(first.weights[p], kept[p])
    EXACT.check(sl.gradient(net, loss, trials).weights[projections[0]], kept[projections[0]])


def test_a_gradient_by_some_projections_alone_is_part_of_the_whole(small):
    net, populations, (lower, upper), trials = small
    loss = CrossEntropy(populations[-1], "u", LABELS)
    whole, part = sl.gradient(net, loss, trials), sl.gradient(net, loss, trials, by=[upper])
    assert list(part.weights) == [upper]
    EXACT.check(part.weights[upper], whole.weights[upper])


def test_a_network_can_run_after_a_gradient_and_its_weights_and_time_are_as_before(small):
    net, populations, (lower, upper), trials = small
    before = lower.weight.values.copy()
    sl.gradient(net, CrossEntropy(populations[-1], "u", LABELS), trials)
    assert net.time == 0.0
    run = net.run(trials=trials, progress=False)
    EXACT.check(run.synapses(lower).matrix((4, 8)), before)


@pytest.mark.parametrize("variable", ["u", "spike"])
def test_a_trajectory_is_read_only_and_names_what_it_has(small, variable):
    net, populations, _, trials = small
    trajectory = Differentiable(net, trials).run()
    found = trajectory[populations[1], variable]
    assert found.shape == (trajectory.trials, trajectory.steps, 8) == (6, 20, 8) and trajectory.dt == 1.0
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1.0
    with pytest.raises(DescriptionError, match="'hidden_0' has no variable 'V_m'; it has: u, spike"):
        trajectory[populations[1], "V_m"]
    with pytest.raises(DescriptionError, match="expected .population, variable."):
        trajectory[populations[1]]


# Surrogates.


@pytest.mark.parametrize("name", surrogates.NAMED)
def test_a_named_surrogate_is_symmetric_largest_at_threshold_and_falls(name):
    surrogate = surrogates.NAMED[name]()
    margins = np.linspace(-2.0, 2.0, 81)
    values = surrogate(margins)
    ULP(10, 1.0).check(values, values[::-1])
    assert surrogate(0.0) == values.max() == 1.0
    assert np.all(np.diff(values[40:]) <= 0.0) and values[-1] < 0.1


def test_surrogates_of_compact_support_have_an_area_of_one():
    margins = np.linspace(-2.0, 2.0, 40_001)
    for make in (surrogates.boxcar, surrogates.triangle):
        for width in (0.5, 1.5):
            area = make(width)(margins).sum() * (margins[1] - margins[0])
            METHOD(1, 1e-4, 10.0).check(area, 1.0)  # the edge of a boxcar between two points


def test_a_surrogate_may_be_a_function(small):
    net, populations, (lower, _), trials = small
    loss = CrossEntropy(populations[-1], "u", LABELS)

    def mine(margin):
        return 1.0 / (1.0 + 3.0 * abs(margin)) ** 2

    expected = sl.gradient(net, loss, trials).weights[lower]
    ULP(1000, np.abs(expected).max()).check(sl.gradient(net, loss, trials, surrogate=mine).weights[lower], expected)
    steeper = sl.gradient(net, loss, trials, surrogate=surrogates.fast_sigmoid(4.0)).weights[lower]
    assert np.abs(steeper - expected).max() > 0.01 * np.abs(expected).max()


@pytest.mark.parametrize("given", ["sigmoid", 3.0, lambda margin, slope: 1.0])
def test_what_is_no_surrogate_is_refused(small, given):
    net, populations, _, trials = small
    with pytest.raises((ParameterError, DescriptionError), match="surrogate: expected"):
        Differentiable(net, trials, surrogate=given)


@pytest.mark.parametrize("make", surrogates.NAMED.values())
def test_shapes_of_surrogates_are_positive(make):
    with pytest.raises(ParameterError, match="more than 0"):
        make(0.0)


# Losses.

LOSSES = [
    CrossEntropy, lambda p, v, **o: CrossEntropy(p, v, **o, logistic=True),
    lambda p, v, labels, gain, **o: SquaredError(p, v, np.linspace(-1.0, 1.0, 18).reshape(6, 3), **o),
]  # fmt: skip


@pytest.mark.parametrize("make", LOSSES)
@pytest.mark.parametrize(
    "options", [{}, {"of_mean": False}, {"window": slice(3, 7)}, {"window": slice(-2, None), "of_mean": False}]
)
def test_the_derivatives_of_a_loss_are_those_of_central_differences(small, make, options):
    output, values = small[1][-1], np.random.default_rng(3).normal(size=(6, 20, 3))
    loss = make(output, "u", labels=LABELS, gain=2.0, **options)

    class Given:
        trials, steps = 6, 20

        def __init__(self, changed=None, change=0.0):
            self.values = values.copy()
            if changed is not None:
                self.values[changed] += change

        def __getitem__(self, key):
            assert key == (output, "u")
            return self.values

    of_trials, derivatives = loss(Given())
    assert of_trials.shape == (6,)
    [table] = derivatives.values()
    step = 1e-5
    for place in ((0, 3, 1), (5, 19, 2), (2, 5, 0), (1, 0, 0)):
        up, down = (loss(Given(place, sign * step))[0] for sign in (1.0, -1.0))
        slope = (up - down) / (2.0 * step)
        METHOD(2, step, 10.0).check(table[place], slope[place[0]])
        assert np.count_nonzero(slope) <= 1


def test_a_cross_entropy_is_minus_the_logarithm_of_a_probability_however_large_the_odds(small):
    output = small[1][-1]

    class Given:
        trials, steps = 2, 1

        def __getitem__(self, key):
            return np.array([[[0.0, 1.0, -1.0]], [[800.0, 0.0, -800.0]]])

    found, _ = CrossEntropy(output, "u", np.array([1, 2]))(Given())
    powers = np.exp([0.0, 1.0, -1.0])
    ULP(10).check(found, [-np.log(powers[1] / powers.sum()), 1600.0])
    found, _ = CrossEntropy(output, "u", np.array([1, 2]), logistic=True)(Given())
    odds = 1.0 / (1.0 + np.exp([0.0, -1.0, 1.0]))
    ULP(10).check(found, [-np.log((1.0 - odds[0]) * odds[1] * (1.0 - odds[2])), 1600.0 + np.log(2.0)])


@pytest.mark.parametrize(
    ("loss", "complaint"),
    [
        (lambda p: CrossEntropy(p, "u", LABELS[:3]), "labels of CrossEntropy: expected .6,. whole numbers from 0 to 2"),
        (lambda p: CrossEntropy(p, "u", LABELS + 1), "labels of CrossEntropy"),
        (lambda p: CrossEntropy(p, "u", LABELS, window=slice(20, None)), "window of CrossEntropy: none of 20 steps"),
        (lambda p: SquaredError(p, "u", np.zeros(3)), "targets of SquaredError: expected shape .6, 3., got .3,."),
        (lambda p: CrossEntropy(p, "V_m", LABELS), "'output' has no variable 'V_m'; it has: u, e"),
        (lambda p: lambda t: (np.zeros(3), {}), "loss: expected a number or .6,., got shape .3,."),
        (
            lambda p: lambda t: (0.0, {(p, "u"): np.zeros(3)}),
            "derivatives by u of 'output' of shape .6, 20, 3., got .3,.",
        ),
    ],
)
def test_losses_that_do_not_fit_are_refused(small, loss, complaint):
    net, populations, _, trials = small
    with pytest.raises(DescriptionError, match=complaint):
        sl.gradient(net, loss(populations[-1]), trials)


# What is refused.


def two(model=None, target=None, dt=1.0, **connection):
    net = sl.Network(dt=dt)
    source, cells = (
        net.population(3, model or sl.LIF(), name="source"),
        net.population(2, target or sl.LIF(), name="cells"),
    )
    net.connect(source, cells, name="synapses", **connection)
    return net, source, cells


def refused(net, complaint, populations=None, n=2, **phase):
    everything = [p for p in net.populations.values() if p.is_neuron]
    reset = {"reset": everything, "discard_events": True} | phase
    cells = everything[-1]
    with pytest.raises(DescriptionError, match=complaint):
        sl.gradient(net, SquaredError(cells, next(iter(cells.model.model.state)), np.zeros((n, cells.size))),
                    sl.Trials([sl.Phase(10.0, **reset)], n=n))  # fmt: skip


def test_trials_that_depend_on_each_other_are_refused():
    net, source, cells = two()
    refused(net, "must not depend on each other: expected a phase 0 that resets 'cells' too", reset=[source])
    refused(net, "expected a phase 0 that has discard_events=True", discard_events=False)
    loss = SquaredError(cells, "V_m", np.zeros((1, 2)))
    one = sl.Trials([sl.Phase(10.0)], n=1)
    sl.gradient(net, loss, one)
    net.run(10.0)
    with pytest.raises(DescriptionError, match="expected a phase 0 that resets 'source', 'cells' too"):
        sl.gradient(net, loss, one)


def test_a_fresh_phase_is_one_that_resets_and_discards_everything():
    net, source, cells = two(weight=400.0)
    loss, currents = SquaredError(cells, "V_m", np.ones((2, 2))), {(source, "exc"): 600.0}
    apart = sl.Phase(10.0, currents=currents, reset=[source, cells], discard_events=True)
    one, other = (
        sl.gradient(net, loss, sl.Trials([phase], n=2))
        for phase in (apart, sl.Phase(10.0, currents=currents, fresh=True))
    )
    [a], [b] = one.weights.values(), other.weights.values()
    EXACT.check(a, b)


def test_views_and_environments_are_refused():
    net, source, _ = two()
    refused(net, "expected all of 'source', got a view", currents={(source[:1], "exc"): 1.0})
    net, *_ = two()
    net.environment(sl.Environment([0.0], act=lambda state, n: None), every=1.0)
    refused(net, "environment 'world' is not differentiated")


def test_synapses_that_are_not_constant_are_refused():
    refused(two(synapse=sl.TsodyksMarkram())[0], "synapses of projection 'synapses' are TsodyksMarkram")
    refused(two(target=sl.LIFNMDA(), port="nmda", synapse=sl.NMDA())[0], "synapses of projection 'synapses' are NMDA")
    net = two()[0]
    net.homeostasis(net.projections["synapses"], sl.Normalisation(total=1.0, every=10.0))
    refused(net, "Normalisation of projection 'synapses' changes weights during trials")


def test_callbacks_that_may_change_inputs_are_refused_and_others_are_not_called():
    net, source, cells = two()
    called = np.zeros(1)

    def read(trial, phase, V_m, called):
        called[0] += 1.0

    def write(trial, phase, current):
        current[0] = 1.0

    refused(net, "callback write of phase 0 may change the current of 'cells'",
            callback=sl.Callback(write, (cells.current("exc"),)))  # fmt: skip
    phase = sl.Phase(5.0, reset=[source, cells], discard_events=True,
                     callback=sl.Callback(read, (cells.state("V_m"), called)))  # fmt: skip
    sl.gradient(net, SquaredError(cells, "V_m", np.zeros((2, 2))), sl.Trials([phase], n=2))
    assert called[0] == 0.0


def test_spikes_without_a_margin_are_refused_only_where_the_loss_depends_on_them_through_weights():
    no_margin = sl.EscapeNoiseLIF
    assert not no_margin.margin
    net, source, cells = two(model=no_margin())
    found = sl.gradient(net, SquaredError(cells, "V_m", np.zeros((1, 2))), sl.Trials([sl.Phase(10.0)], n=1))
    assert all(population is cells for population, _ in found.initial)
    net, source, cells = two(model=no_margin())
    net.connect(cells, source, weight=1.0)
    refused(net, "depends on spikes of population 'source', but EscapeNoiseLIF has no margin")


def test_bursts_that_are_told_from_intervals_are_refused():
    refused(two(model=sl.Pyramidal(), on="burst", dt=0.5)[0], "transmits bursts that 'source' tells from intervals")


def test_other_objects_are_refused(small):
    net, populations, (lower, _), trials = small
    loss = CrossEntropy(populations[-1], "u", LABELS)
    for wrong in ({"net": populations[0]}, {"trials": [trials]}):
        with pytest.raises(DescriptionError, match="gradient: expected a Network and Trials"):
            sl.gradient(**{"net": net, "loss": loss, "trials": trials} | wrong)
    other, others, elsewhere = layered((4, 8, 3))
    with pytest.raises(DescriptionError, match="by: expected projections of this network"):
        sl.gradient(net, loss, trials, by=elsewhere)
    with pytest.raises(DescriptionError, match="of phase 0: 'input' is not a part of this network"):
        sl.gradient(net, loss, presented(others, X))
    with pytest.raises(DescriptionError, match="trajectory: population 'output' is not of this network"):
        sl.gradient(net, CrossEntropy(others[-1], "u", LABELS), trials)


def test_trials_that_do_not_fit_into_memory_are_refused_before_anything_is_allocated():
    net, source, cells = two()
    trials = sl.Trials([sl.Phase(1e6, reset=[source, cells], discard_events=True)], n=100_000)
    with pytest.raises(DescriptionError, match="100,000 trials of 1,000,000 steps need .* GB of memory"):
        Differentiable(net, trials)


def test_a_step_that_cannot_be_differentiated_is_named():
    def step(u, in_ff, I_ff, kappa):
        values = np.zeros(2)
        values[0] = u
        return values[0], np.uint8(16)

    model = sl.NeuronModel(
        "Array", Readout.Parameters, lambda p, dt: {"kappa": p.kappa}, step, state={"u": "1"}, ports={"ff": "1"},
        currents=("ff",), initial=lambda p: {}, kinds=("rate",),
    )  # fmt: skip
    refused(two(model=Unit(), target=model())[0], r"step cannot be differentiated.*line 3: values\[0\] = u")
