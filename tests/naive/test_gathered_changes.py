"""Weights that change at multiples of a time, by what events changed until then, beside a step-by-step reference."""

import numpy as np
import pytest
from naive import scaled_learning
from naive.comparison import DT, N_POST, N_PRE, STEPS, TOLERANCE, as_list, coincident_spikes, compare
from naive.step_by_step import GatheredSTDP
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError

STDP = {"lambda_": 0.1, "alpha": 1.1, "tau_plus": 15.0, "tau_minus": 30.0}
MIXED = {"mu_plus": 1.0, "mu_minus": 0.5}
ADDITIVE = {"mu_plus": 0.0, "mu_minus": 0.0}
EVERY = 30
"""Steps."""


def gathered(how, every=EVERY):
    return lambda modulator: sl.STDP(**STDP, **how, every=every * DT)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("how", [ADDITIVE, MIXED], ids=["additive", "mixed"])
@pytest.mark.parametrize("every", [1, EVERY])
@pytest.mark.parametrize("dendritic", [0, 1, 9, 40])
def test_changes_are_added_up_and_applied_at_multiples_of_the_time(dendritic, every, how, seed):
    final, reference, *_ = compare(gathered(how, every), GatheredSTDP, STDP | how | {"every": every}, dendritic, seed)
    TOLERANCE.check(final, reference.weights)
    if how is ADDITIVE and every == EVERY:
        assert np.any((final == 0.0) | (final == 100.0)), "limits are met"


@pytest.mark.parametrize("dendritic", [0, 9])
def test_a_factor_multiplies_what_is_gathered_and_without_plasticity_nothing_is_applied(dendritic):
    final, reference, *_ = compare(
        gathered(MIXED), GatheredSTDP, STDP | MIXED | {"every": EVERY}, dendritic, 11, plastic=scaled_learning.factor,
        trials=lambda projection: scaled_learning.trials(projection, DT, STEPS),
    )  # fmt: skip
    TOLERANCE.check(final, reference.weights)


def test_what_was_gathered_is_added_to_weights_that_were_set():
    given = np.linspace(20.0, 80.0, 14)
    final, reference, *_ = compare(
        gathered(ADDITIVE), GatheredSTDP, STDP | ADDITIVE | {"every": EVERY}, 0, 5, halfway=given
    )
    TOLERANCE.check(final, reference.weights)
    assert STEPS // 2 % EVERY != 0


def recorded(dendritic, threads=1, duration=STEPS, spikes=None, regulated=None, lambda_=0.1, **how):
    pre, post = spikes or coincident_spikes(np.random.default_rng(11), [1], dendritic)
    net = sl.Network(dt=DT, threads=threads, seed=1)
    source, target = net.population(N_PRE, as_list(pre)), net.population(N_POST, sl.Parrot())
    force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    made = net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=DT, dendritic_delay=dendritic * DT,
        plasticity=sl.STDP(**STDP | ADDITIVE | {"lambda_": lambda_, "every": EVERY * DT}), name="made",
    )  # fmt: skip
    if regulated is not None:
        net.homeostasis(made, regulated)
    net.record(made, "weight", every=DT)
    return net.run(duration * DT, **how), (pre, post)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dendritic", [0, 1, 9, 40])
def test_a_reading_is_the_weight_of_every_moment(dendritic, threads):
    """That of the synapse, whose events in the dendrite have not reached the target yet."""
    run, (pre, post) = recorded(dendritic, threads)
    found = run.synapses("made")
    reference = GatheredSTDP(
        [(int(i), int(j), 50.0, 1 + dendritic) for i, j in zip(found.pre, found.post, strict=True)], dendritic, DT,
        **STDP, **ADDITIVE, every=EVERY,
    )  # fmt: skip
    read, end = [], reference.end_step
    reference.end_step = lambda step: (end(step), read.append(reference.weights))
    reference.run(pre, post, STEPS)
    values = run.trace("made", "weight").values
    TOLERANCE.check(values, np.array(read))
    # A reading adds up in another order than what is kept, so they may differ in the last bits.
    changed = set(np.flatnonzero(np.any(np.abs(np.diff(values, axis=0)) > 1e-9, axis=1)) + 2)
    assert changed <= set(range(EVERY, STEPS + 1, EVERY)) and len(changed) > 10


def test_threads_steps_and_checkpoints_give_the_same(tmp_path):
    whole = recorded(9)[0].trace("made", "weight").values
    EXACT.check(recorded(9, threads=3)[0].trace("made", "weight").values, whole)
    EXACT.check(recorded(9, engine="stepper")[0].trace("made", "weight").values, whole)
    path, half = tmp_path / "half", STEPS // 2
    first, _ = recorded(9, duration=half, checkpoint=path)
    EXACT.check(sl.Network.restore(path).run(half * DT, after=first).trace("made", "weight").values, whole)


def test_normalisation_acts_on_the_weights_as_they_are():
    """Of the same time, after the update: the sums onto each target are then what they should be."""
    run, _ = recorded(0, regulated=sl.Normalisation(200.0, every=EVERY * DT), lambda_=0.01)
    values, post = run.trace("made", "weight").values[EVERY - 1 :: EVERY], run.synapses("made").post
    TOLERANCE.check([np.bincount(post, row) for row in values], np.full((len(values), N_POST), 200.0))
    assert np.ptp(values) > 10.0


def test_a_synapse_that_moves_leaves_what_it_has_gathered():
    """All move in the step before the update, which then changes none of them."""
    moves = EVERY - 1
    spikes = {(s, i) for s in (3, 8) for i in range(N_PRE)}, {(s, j) for s in (5, 11) for j in range(N_POST)}
    stay, _ = recorded(0, duration=EVERY, spikes=spikes)
    assert np.all(np.abs(stay.weights("made") - 50.0) > 1.0)
    rewiring = sl.Rewiring(below=60.0, weight=40.0, every=moves * DT, probability=1.0)
    moved, _ = recorded(0, duration=EVERY, spikes=spikes, regulated=rewiring)
    before, after = moved.trace("made", "weight").values[-2:]
    EXACT.check(before, np.full(len(before), 40.0))
    EXACT.check(after, before)


def test_what_it_cannot_do_is_said():
    with pytest.raises(ParameterError, match="every of STDP: expected more than 0 ms, got 0.0"):
        sl.STDP(every=0.0)
    with pytest.raises(DescriptionError, match="every of DopamineSTDP: expected none"):
        sl.DopamineSTDP(sl.Network().modulator("dopamine", tau=200.0), every=10.0)
    net = sl.Network(dt=0.5)
    source, target = net.population(1, sl.Poisson(10.0)), net.population(1, sl.LIF())
    net.connect(source, target, plasticity=sl.STDP(every=0.7), name="made")
    with pytest.raises(ParameterError, match="every of STDP, projection 'made': expected a multiple of dt"):
        net.run(1.0)
    assert "every=0.7" in repr(sl.STDP(every=0.7)) and sl.STDP(every=0.7) != sl.STDP()


@pytest.mark.parametrize(("engine", "name"), [("nest", "NEST"), ("brian2", "Brian2")])
def test_other_simulators_say_that_they_change_weights_at_events(engine, name):
    pytest.importorskip(engine)
    net = sl.Network(dt=0.5)
    net.connect(net.population(1, sl.Poisson(10.0)), net.population(1, sl.LIF()), plasticity=sl.STDP(every=5.0))
    with pytest.raises(DescriptionError, match=f"{name}.*at events, not at multiples of a time"):
        net.run(1.0, engine=engine)
