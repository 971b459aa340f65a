"""Learners of circuits that settle: the contrast of two phases, and the gradient of the fixed point."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import EXACT, METHOD

from spikelearn.errors import SpikelearnError
from spikelearn.learning import AlmeidaPineda, ContrastiveHebbian, EquilibriumPropagation, GeneRec
from spikelearn.learning.angles import angle_statistics
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.controls import ablated_feedback, frozen
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import yin_yang

X, Y = yin_yang(30, 1)


def fixed_point(weights, feedback, x, nudged=None, beta=0.0):
    """Values of all layers, (n, cells) each, from the input x on, by plain relaxation. beta: infinite for a clamp."""
    V = [np.zeros((len(x), W.shape[1])) for W in weights]
    for _ in range(200):
        r = [x, *(1.0 / (1.0 + np.exp(-v)) for v in V)]
        r[-1] = nudged if np.isinf(beta) else r[-1]
        inputs = [below @ W for below, W in zip(r, weights, strict=False)]
        for k, back in enumerate(feedback):
            inputs[k] = inputs[k] + r[k + 2] @ back
        if nudged is not None and not np.isinf(beta):
            inputs[-1] = inputs[-1] + beta * (nudged - r[-1])
        V = [0.5 * (v + new) for v, new in zip(V, inputs, strict=True)]
    return r


def flow_back(weights, feedback, r, error):
    """By how much the loss falls with the input of each cell, by solving the linear equations of Almeida and Pineda.

    error: minus the derivative of the loss by the values of the output.
    """
    sizes = [len(each) for each in r[1:]]
    ends = np.cumsum([0, *sizes])
    places = [slice(a, b) for a, b in zip(ends, ends[1:], strict=False)]
    J = np.zeros((ends[-1], ends[-1]))
    for k, W in enumerate(weights[1:]):
        J[places[k], places[k + 1]] = W
    for k, back in enumerate(feedback):
        J[places[k + 1], places[k]] = back
    values = np.concatenate(r[1:])
    slope = values * (1.0 - values)
    source = np.zeros(ends[-1])
    source[places[-1]] = error
    e = np.linalg.solve(np.eye(ends[-1]) - slope[:, None] * J, slope * source)
    return [e[place] for place in places]


@pytest.mark.parametrize("hidden", [(6,), (5, 4)])
@pytest.mark.parametrize("feedback", ["tied", "fixed"])
def test_the_gradient_is_that_of_the_fixed_point_by_the_implicit_function_theorem(hidden, feedback):
    learner = EquilibriumPropagation(hidden=hidden, bias=False, feedback=feedback).prepare(X, Y)
    weights, circuit = learner.coefs_, learner.circuit_
    back = [circuit.weights(each) for each in circuit.feedback]
    wanted = learner.gradient(X, Y)
    features, labels = learner.examples(X, Y)
    values = fixed_point(weights, back, features)
    for n, y in enumerate(labels):
        r = [each[n] for each in values]
        e = flow_back(weights, back, r, np.eye(3)[y] - r[-1])
        expected = [np.outer(below, each) for below, each in zip(r, e, strict=False)]
        if feedback == "tied":
            for k in range(len(back)):
                expected[k + 1] = expected[k + 1] + np.outer(e[k], r[k + 2])
        for found, each in zip(wanted, expected, strict=True):
            # of numbers up to 1; what is left of the way to the fixed point is far below
            METHOD(1, 1e-9).check(-found[n], each)


@pytest.mark.parametrize(
    ("made", "given", "between", "source_too"),
    [
        (EquilibriumPropagation, {"beta": 0.3}, (-0.3, 0.3), True),
        (EquilibriumPropagation, {"beta": 0.3, "centred": False}, (0.0, 0.3), True),
        (ContrastiveHebbian, {}, (0.0, np.inf), True),
        (GeneRec, {}, (0.0, np.inf), False),
    ],
)
def test_what_a_presentation_changes_is_the_contrast_of_two_fixed_points(made, given, between, source_too):
    learner = made(hidden=(6,), bias=False, steps=100, taught=100, learning_rate=(0.7, 0.3), **given)
    learner.prepare(X[:1], Y[:1], classes=[0, 1, 2])
    before, y = learner.coefs_, np.eye(3)[Y[:1]]
    low, high = (fixed_point(before, [before[1].T], X[:1], y, beta) for beta in between)
    after = learner.partial_fit(X[:1], Y[:1]).coefs_
    apart = 1.0 if np.isinf(between[1]) else between[1] - between[0]
    for k, rate in enumerate((0.7, 0.3)):
        source = high[k] if source_too else low[k]
        contrast = source.T @ high[k + 1] - low[k].T @ low[k + 1]
        METHOD(1, 1e-9).check(after[k] - before[k], rate / apart * contrast)
    [down] = learner.circuit_.feedback
    EXACT.check(learner.circuit_.weights(down), after[1].T)


@pytest.mark.parametrize("hidden", [(6,), (5, 4)])
def test_errors_that_have_settled_move_all_weights_down_the_gradient_of_the_fixed_point(hidden):
    learner = AlmeidaPineda(hidden=hidden, bias=False, steps=150).prepare(X, Y)
    circuit = learner.circuit_
    back = [circuit.weights(each) for each in circuit.parts["back"][::-1]]
    features, labels = learner.examples(X, Y)
    values, moved = fixed_point(learner.coefs_, back, features), learner.updates(X, Y)
    wanted = learner.gradient(X, Y)
    rates = [*[learner.rates[0]] * len(hidden), learner.rates[1]]
    for n, y in enumerate(labels):
        r = [each[n] for each in values]
        A = r[-1]
        e = flow_back(learner.coefs_, back, r, (np.eye(3)[y] - A) / (A * (1.0 - A)))
        for k, (below, each) in enumerate(zip(r, e, strict=False)):
            METHOD(1, 1e-9).check(-wanted[k][n], np.outer(below, each))
            # a millionth of each change moves the weights of the next examples: of a hundred, by less than 1e-3 of it
            METHOD(1, 1e-3).check(moved[k][n] / rates[k], np.outer(below, each))


def test_errors_along_a_connection_have_its_weights_while_both_learn():
    learner = AlmeidaPineda(hidden=(6, 5)).prepare(X, Y)
    before = learner.coefs_
    learner.partial_fit(X, Y)
    circuit, forward = learner.circuit_, learner.coefs_
    downwards = circuit.feedback[: len(forward) - 1][::-1]
    assert np.any(forward[1] != before[1])
    pairs = [*zip(circuit.parts["back"], circuit.parts["errors"], strict=True)]
    weights = [(circuit.weights(back), circuit.weights(up)) for back, up in pairs]
    weights += [(W, circuit.weights(down)) for W, down in zip(forward[1:], downwards, strict=True)]
    for there, back in weights:
        # what arrives is of the step before, and cells have all but settled: thousandths of what was learned
        METHOD(1, 1e-3).check(back, there.T)


@pytest.mark.parametrize("rule", ["chl", "generec", "ep", "ep_spiking"])
def test_activity_differences_are_within_45_degrees_of_what_recurrent_backpropagation_would_do(rule):
    """At first, and after learning; with the teacher of other examples they are not."""
    X, Y = yin_yang(300, 1)
    learner = learner_for(rule, hidden=(20,), bias=False).prepare(X, Y)
    for _ in range(2):
        assert max(each.single for each in angles_of(learner, X[:100], Y[:100])) < 45.0
        moved, wanted = learner.updates(X[:100], Y[:100]), learner.gradient(X[:100], (Y[:100] + 1) % 3)
        assert min(angle_statistics(a, -b).single for a, b in zip(moved, wanted, strict=True)) > 60.0
        learner.partial_fit(X, Y)


def test_angles_fall_with_the_square_of_the_nudging_where_both_ways_are_compared_else_with_it():
    def of(beta, centred):
        learner = EquilibriumPropagation(hidden=(6,), steps=60, taught=60, beta=beta, centred=centred).prepare(X, Y)
        return max(each.single for each in angles_of(learner, X, Y))

    # of higher orders, a fifth of the ratio is plenty for so weak a teacher
    assert of(0.2, True) / of(0.1, True) == pytest.approx(4.0, rel=0.2)
    assert of(0.2, False) / of(0.1, False) == pytest.approx(2.0, rel=0.2)
    assert of(0.1, True) < 0.1


def test_a_finer_quantum_is_nearer_to_the_gradient_and_costs_more_events():
    """Bars: 25 degrees for analog cells, 20 for a quantum of at most 0.05, with a tenth of the events."""
    angles, events = [], []
    for quantum in (0.2, 0.05, 0.02, 0.0):
        learner = EquilibriumPropagation(bias=False, quantum=quantum, beta=1.0).prepare(X, Y)
        angles.append(max(each.single for each in angles_of(learner, X, Y)))
        cost = learner.partial_fit(X, Y).cost_.metrics()
        events.append(cost["events_forward"] + cost["events_feedback"])
    assert sorted(angles, reverse=True) == angles
    assert sorted(events) == events
    assert angles[1] < 20.0
    assert angles[3] < 5.0
    assert events[1] < 0.11 * events[3]


def test_weights_down_that_learn_keep_their_difference_to_those_up_and_others_stay():
    for feedback in ("kolen_pollack", "fixed"):
        learner = EquilibriumPropagation(hidden=(6, 5), feedback=feedback, steps=60, taught=60).prepare(X, Y)
        circuit = learner.circuit_

        def down(circuit=circuit):
            return [circuit.weights(each) for each in circuit.feedback]

        before, up = down(), [W.T for W in learner.coefs_[1:]]
        after = [W.T for W in learner.partial_fit(X, Y).coefs_[1:]]
        for old, new, was, now in zip(before, down(), up, after, strict=True):
            assert np.any(was != now)
            if feedback == "fixed":
                EXACT.check(new, old)
            else:  # what arrives is of the step before, and cells have all but settled
                METHOD(1, 1e-6).check(new, old + now - was)


@pytest.mark.parametrize("rule", ["ep", "ep_spiking", "chl", "generec"])
@pytest.mark.parametrize("feedback", ["tied", "kolen_pollack", "fixed"])
def test_without_feedback_hidden_layers_hardly_learn(rule, feedback):
    """What is left of the way to the fixed point differs between phases, so that it is not nothing."""

    def learned(learner):
        before = learner.prepare(X, Y).coefs_
        return [np.abs(W - V).max() for V, W in zip(before, learner.partial_fit(X, Y).coefs_, strict=True)]

    learner = learner_for(rule, hidden=(6, 5), feedback=feedback, steps=40)
    told, ablated = learned(learner), learned(ablated_feedback(learner))
    assert max(ablated[:-1]) < 1e-4 * min(told[:-1])
    assert ablated[-1] > 0.1 * told[-1]


def test_frozen_hidden_layers_keep_the_feedback_among_them():
    learner = frozen(EquilibriumPropagation(hidden=(6, 5), feedback="kolen_pollack")).prepare(X, Y)
    circuit = learner.circuit_
    before = [circuit.weights(each) for each in circuit.feedback]
    learner.partial_fit(X, Y)
    EXACT.check(circuit.weights(circuit.feedback[0]), before[0])
    assert np.any(circuit.weights(circuit.feedback[1]) != before[1])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 1}, "steps"),
        ({"taught": 1}, "taught"),
        ({"beta": 0.0}, "beta: expected more than 0, got 0.0"),
        ({"quantum": -0.1}, "quantum: expected at least 0, got -0.1"),
        ({"encoding": "poisson"}, "encoding: clamped cells need 'graded' values, got 'poisson'"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(SpikelearnError, match=message):
        EquilibriumPropagation(hidden=(6,), **wrong).fit(X, Y)
