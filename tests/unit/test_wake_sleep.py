"""Wake-sleep as a learner: what a presentation changes, and how an answer is read."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.errors import SpikelearnError
from spikelearn.learning import WakeSleep

X = np.random.default_rng(1).uniform(0.0, 1.0, (3, 6))
Y = np.array([0, 1, 2])
DAY, NIGHT = -5, -1
"""Steps of a presentation of three layers, from its end, in which generative and recognition weights learn."""


def recorded(learner):
    for layer in learner.circuit_.layers:
        learner.circuit_.network.record(layer, ["z", "p_basal", "p_apical"])
    return learner


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def test_generative_weights_learn_awake_and_recognition_asleep_by_their_delta_rules():
    learner = recorded(WakeSleep(hidden=(4,), learning_rate=(0.3, 0.2), spread=1.0).prepare(X, Y))
    circuit = learner.circuit_
    machine = circuit.parts["machine"]
    groups = (machine.recognition, machine.generative, machine.recognition_biases, machine.generative_biases)
    before = [[circuit.weights(each) for each in group] for group in groups]
    run = learner._present(X[:1], Y[:1])[1]
    after = [[circuit.weights(each) for each in group] for group in groups]
    by_day, by_night = (
        [
            {name: run.trace(layer, name).values[step] for name in ("z", "p_basal", "p_apical")}
            for layer in circuit.layers
        ]
        for step in (DAY, NIGHT)
    )
    for k, eta in enumerate((0.3, 0.2)):
        awake, above = by_day[k]["z"] - by_day[k]["p_apical"], by_day[k + 1]["z"]
        asleep, below = by_night[k + 1]["z"] - by_night[k + 1]["p_basal"], by_night[k]["z"]
        expected = (np.outer(below, asleep), np.outer(above, awake), asleep[None], awake[None])
        for new, old, change in zip(after, before, expected, strict=True):
            ULP(100_000, 1.0).check(new[k], old[k] + eta * change)
    seen = circuit.weights(machine.generative[0]), circuit.weights(machine.generative_biases[0])
    assert by_day[-1]["z"].tolist() == [1.0, 0.0, 0.0]
    assert by_night[-1]["z"].sum() == 1.0
    assert all(np.any(new != old) for new, old in zip(seen, (before[1][0], before[3][0]), strict=True))


def test_an_answer_is_the_log_probability_of_what_was_recognised_given_each_label():
    learner = recorded(WakeSleep(hidden=(5, 4), steps=1, spread=1.0).prepare(X, Y))
    circuit = learner.circuit_
    machine = circuit.parts["machine"]
    scores, run, _ = learner._present(X, None)
    z = run.trace(circuit.layers[-2], "z").values.reshape(len(X), -1, 4)[:, -1]
    p = logistic(circuit.weights(machine.generative[-1]) + circuit.weights(machine.generative_biases[-2]))
    ULP(100_000, 10.0).check(scores, z @ np.log(p).T + (1.0 - z) @ np.log(1.0 - p).T)


def test_a_share_of_time_is_kept_by_homeostasis():
    """Of hidden units of a machine that sees noise, after a thousand presentations; each would be on half of them."""
    import spikelearn as sl

    net = sl.Network(dt=1.0, seed=1)
    machine = sl.learning.helmholtz_machine(
        net, (6, 8, 1), np.random.default_rng(1), 0.1, [0.0, 0.0, 0.0], [0.1, 0.1], share=0.2
    )
    net.record(machine.layers[1], "z")
    noise = np.random.default_rng(2).uniform(0.0, 1.0, (1500, 6))
    phases = machine.present(noise, dict.fromkeys([*machine.learn_awake, *machine.learn_asleep], np.ones(1500)))
    awake = net.run(trials=sl.Trials(phases, 1500), progress=False).trace(machine.layers[1], "z").values[3::8]
    assert 0.15 < awake[500:].mean() < 0.25
    assert awake[:5].mean() > 0.3


def test_a_spread_of_nothing_is_refused():
    with pytest.raises(SpikelearnError, match="spread: expected more than 0, got 0.0"):
        WakeSleep(hidden=(4,), spread=0.0).fit(X, Y)
