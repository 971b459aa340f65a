"""Readouts and feeds in runs, threads, trials, copies and checkpoints; and what is wrong is named."""

import copy

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, SimulationError, SpikelearnError

WAVE = np.sin(np.arange(401) / 15.0)
RULES = {
    "delta": sl.DeltaRule(eta=1e-5),
    "least squares": sl.RecursiveLeastSquares(P0=1e-3, every=1.0, start=20.0, stop=150.0),
    "ridge": sl.Ridge(P0=1e-3, every=1.0),
}


def network(learning="least squares", threads=1, **more):
    """A recurrent network whose readout learns and is fed back."""
    net = sl.Network(dt=0.5, seed=1, threads=threads)
    cells = net.population(30, sl.LIF(I_e=400.0), name="cells", initial={"V_m": sl.Uniform(-70, -56)})
    net.connect(cells, cells, rule=sl.FixedInDegree(5), weight=sl.Normal(0, 100), delay=1.5)
    z = net.readout(cells, tau=15.0, tau_rise=2.0, learning=RULES[learning], target=WAVE, name="z", **more)
    net.feed(z, cells, weights=np.linspace(-200.0, 200.0, 30))
    net.record(z, ["value", "error"])
    net.record(cells)
    return net


def outcome(net, *runs):
    run = runs[0]
    for later in runs[1:]:
        run = run.joined(later)
    traces = [run.trace("z", variable).values for variable in ("value", "error")]
    return [*traces, *run.spikes("cells"), net.weights(net.signals["z"])]


def same(one, other):
    for a, b in zip(one, other, strict=True):
        EXACT.check(a, b)


@pytest.mark.parametrize("learning", RULES)
def test_threads_and_engines_give_the_same_bits(learning):
    net = network(learning)
    whole = outcome(net, net.run(200.0))
    assert np.abs(whole[-1]).max() > 1e-4
    for threads, engine in ((2, "compiled"), (3, "compiled"), (1, "stepper"), (2, "stepper")):
        net = network(learning, threads)
        same(outcome(net, net.run(200.0, engine=engine)), whole)


@pytest.mark.parametrize("learning", ["delta", "least squares"])
def test_parts_of_a_run_checkpoints_and_copies_continue_bit_for_bit(learning, tmp_path):
    net = network(learning)
    whole = outcome(net, net.run(200.0))
    net = network(learning)
    first = net.run(77.0, checkpoint=tmp_path / "c")
    restored, copied = sl.Network.restore(tmp_path / "c"), copy.deepcopy(net)
    for each in (net, restored, copied):
        same(outcome(each, first, each.run(123.0)), whole)


def test_a_regression_goes_on_after_a_checkpoint(tmp_path):
    """Weights are set at the end of each run, from all samples so far, so these runs end where a restored one does."""
    net = network("ridge")
    net.run(77.0, checkpoint=tmp_path / "c")
    restored = sl.Network.restore(tmp_path / "c")
    same(outcome(net, net.run(60.0)), outcome(restored, restored.run(60.0)))
    before = net.weights(net.signals["z"])
    net.run(0.0)
    EXACT.check(net.weights(net.signals["z"]), before)


def test_reset_keeps_weights_or_restores_those_given():
    net = network()
    first = outcome(net, net.run(200.0))
    z = net.signals["z"]
    net.reset(keep_weights=False)
    same(outcome(net, net.run(200.0)), first)
    net.reset()
    EXACT.check(net.weights(z), first[-1])
    assert np.abs(net.run(0.5).trace(z, "value").values).max() < 1e-12  # filters begin at 0


def test_weights_are_set_before_a_run_and_between_runs():
    net = network()
    z = net.signals["z"]
    net.set_weights(z, np.linspace(-1.0, 1.0, 30))
    EXACT.check(net.weights(z)[:, 0], np.linspace(-1.0, 1.0, 30))
    copied = copy.deepcopy(net)
    same(outcome(net, net.run(30.0)), outcome(copied, copied.run(30.0)))
    net.set_weights(z, 0.0)
    EXACT.check(net.run(0.5).trace(z, "value").values, [[0.0]])
    with pytest.raises(DescriptionError, match=r"weights of readout 'z': expected a finite number or \(30, 1\)"):
        net.set_weights(z, np.zeros(29))
    with pytest.raises(DescriptionError, match="weights: 'other' is not a population, projection, modulator or signal"):
        other = sl.Network()
        net.weights(other.readout(other.population(2, sl.LIF()), name="other"))


def perturb(step, rates, weights, values, seen, error):
    seen[0] = values[0]
    seen[1] = error[0]
    weights[0, 0] += 1e-3 * rates[0]


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_readouts_and_callbacks_act_in_the_order_in_which_they_were_added(engine):
    net = sl.Network(dt=0.5, seed=1)
    cells = net.population(3, sl.Poisson(rate=100.0))
    wanted, seen = net.signal("wanted"), net.signal("seen", 2)
    z = net.readout(cells, weights=0.01, target=wanted, name="z")
    net.on_step(perturb, z.rates, z.weights(), z.values, seen.values, z.error)
    net.on_step(lambda step, wanted: wanted.fill(step), wanted.values)
    for signal in (z, seen):
        net.record(signal)
    net.record(z, ["error", "rates", "weight", "target"])
    run = net.run(50.0, engine=engine)
    value, rates, weight = (run.trace(z, name).values for name in ("value", "rates", "weight"))
    EXACT.check(run.trace(z, "target").values[:, 0], np.arange(100.0))  # that of the step before
    EXACT.check(run.trace(seen, "value").values[:, 0], value[:, 0])
    EXACT.check(run.trace(seen, "value").values[:, 1], run.trace(z, "error").values[:, 0])
    EXACT.check(weight[1:, 0], weight[:-1, 0] + 1e-3 * rates[1:, 0])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_fresh_phase_begins_with_filters_at_zero_and_keeps_weights(threads):
    net = network(threads=threads)
    z = net.signals["z"]
    run = net.run(trials=sl.Trials([sl.Phase(20.0, fresh=True)], 4))
    values = run.trace(z, "value").values[:, 0].reshape(4, 40)
    EXACT.check(values[:, 0], np.zeros(4))
    assert np.all(np.abs(values[1:, -1]) > 0.0) and np.any(net.weights(z) != 0.0)


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_a_readout_that_diverges_stops_the_run(engine):
    net = sl.Network(dt=1.0, seed=1)
    cells = net.population(3, sl.Poisson(rate=100.0))
    net.readout(cells, target=np.ones(1000), learning=sl.DeltaRule(eta=10.0), name="z")
    with pytest.raises(SimulationError, match="readout 'z' is infinite or NaN; its eta is too large .* at .* ms"):
        net.run(1000.0, engine=engine)


def test_a_readout_whose_weights_a_callback_makes_infinite_stops_the_run():
    net = sl.Network(dt=1.0, seed=1)
    cells = net.population(3, sl.LIF())
    z = net.readout(cells, variable="V_m", name="z")
    net.on_step(lambda step, weights: weights.fill(np.inf), z.weights())
    with pytest.raises(SimulationError, match="readout 'z' is infinite or NaN, at 2 ms"):
        net.run(10.0)


def test_what_is_recorded_of_a_readout_is_in_files(tmp_path):
    run = network().run(20.0, sink=sl.io.RunWriter(tmp_path / "run.h5"))
    EXACT.check(sl.io.load(tmp_path / "run.h5").trace("z", "error").values, run.trace("z", "error").values)


def test_it_needs_no_target_unless_it_learns():
    net = sl.Network()
    cells = net.population(3, sl.LIF())
    z = net.readout(cells, weights=1.0)
    assert z.name == "readout" and net.readout(cells).name == "readout_2"
    with pytest.raises(DescriptionError, match="a signal has no variable 'error'; it has: value, rates, weight"):
        net.record(z, "error")
    with pytest.raises(DescriptionError, match="error of readout 'readout': it has no target"):
        z.error  # noqa: B018


WRONG = [
    (lambda net, cells: net.readout("cells"), "expected a population or a view of one, got 'cells'"),
    (lambda net, cells: net.readout(cells[[]]), "expected at least one neuron"),
    (lambda net, cells: net.readout(cells[[1, 1]]), "expected at least one neuron, and each once"),
    (lambda net, cells: net.readout(sl.Network().population(1, sl.LIF())), "'lif' is not a population of this network"),
    (lambda net, cells: net.readout(cells, 0), "size of readout 'readout': expected a whole number of at least 1"),
    (lambda net, cells: net.readout(cells, tau=0.0), "tau of readout 'readout': expected more than 0 ms"),
    (lambda net, cells: net.readout(cells, tau_rise=20.0), "tau_rise of .*: expected less than tau, 20 ms, got 20 ms"),
    (lambda net, cells: net.readout(cells, variable="V"), "variable of readout 'readout'.*no state 'V'"),
    (lambda net, cells: net.readout(cells, variable="V_m", tau_rise=1.0), "a state variable is read as it is"),
    (lambda net, cells: net.readout(cells, on="burst"), "emits no 'burst'"),
    (lambda net, cells: net.readout(cells, weights=np.zeros((2, 3))), r"expected a finite number or \(4, 1\)"),
    (lambda net, cells: net.readout(cells, weights=np.nan), "weights of readout 'readout': expected a finite number"),
    (
        lambda net, cells: net.readout(cells, learning="rls", target=WAVE),
        "learning of readout 'readout': expected Delta",
    ),
    (lambda net, cells: net.readout(cells, learning=sl.Ridge()), "expected a signal or samples, as it learns"),
    (lambda net, cells: net.readout(cells, 2, target=WAVE), r"expected a signal or \(T, 2\) samples"),
    (
        lambda net, cells: net.readout(cells, 2, target=net.signal("s")),
        "expected a signal of size 2, got 's' of size 1",
    ),
    (lambda net, cells: net.readout(cells, target=sl.Network().signal("s")), "'s' is not a signal of this network"),
    (lambda net, cells: net.readout(cells, target=[np.inf]), "target of readout 'readout'"),
    (
        lambda net, cells: net.readout(cells, target=WAVE, learning=sl.Ridge(), plastic=np.ones(4)),
        r"plastic of readout 'readout': expected \(4, 1\) bool",
    ),
    (lambda net, cells: net.readout(cells, plastic=np.zeros(4, bool)), "expected a rule too"),
    (
        lambda net, cells: net.readout(cells, target=WAVE, learning=sl.Ridge(every=0.25)),
        "every of Ridge, readout 'readout'",
    ),
    (lambda net, cells: sl.Ridge(P0=0.0), "P0 of Ridge: expected more than 0"),
    (lambda net, cells: sl.RecursiveLeastSquares(start=5.0, stop=5.0), "expected more than start"),
    (lambda net, cells: sl.DeltaRule(eta=-1.0), "eta of DeltaRule: expected more than 0"),
    (lambda net, cells: net.feed("z", cells), "feed: expected a signal of this network, got 'z'"),
    (lambda net, cells: net.feed(sl.Network().signal("s"), cells), "feed: expected a signal of this network"),
    (lambda net, cells: net.feed(net.signal("s"), cells, "inh"), "accepts no current through port 'inh'"),
    (lambda net, cells: net.feed(net.signal("s"), cells, weights=np.ones(3)), r"or \(1, 4\) of them, got shape \(3,\)"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_what_is_wrong_is_named(call, message):
    net = sl.Network(dt=0.1)
    cells = net.population(4, sl.LIF(), name="cells")
    with pytest.raises(SpikelearnError, match=message):
        call(net, cells)


@pytest.mark.parametrize("engine", ["events", "nest", "brian2"])
def test_engines_that_have_no_readouts_say_so(engine):
    if engine != "events":
        pytest.importorskip(engine)
    net = sl.Network(dt=0.5)
    net.readout(net.population(1, sl.LIF()), name="z")
    with pytest.raises(DescriptionError, match=r"signal 'z'"):
        net.run(1.0, engine=engine)
