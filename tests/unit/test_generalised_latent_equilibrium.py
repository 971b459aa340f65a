"""Generalised latent equilibrium: what cells send is behind or ahead of their input, and errors make up for it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import ULP

from spikelearn.errors import ParameterError
from spikelearn.learning import GeneralisedLatentEquilibrium, LatentEquilibrium
from spikelearn.learning.generalised_latent_equilibrium import TwoWayCell
from spikelearn.tasks import yin_yang

jax.config.update("jax_enable_x64", True)
X, Y = yin_yang(12, 1)
MIXED = ((5.0, 5.0), (8.0, 0.0), (4.0, 6.0))
SEQUENCES = {"bias": False, "elements": 12, "steps": 2, "time_constants": MIXED, "seed": 3}
GENERATOR = np.random.default_rng(5)
EXAMPLES, LABELS = GENERATOR.uniform(0.0, 1.0, (4, 12 * 3)), np.array([0, 1, 1, 0])


def inputs_of(example, learner):
    """(steps, inputs): each element for `steps` steps."""
    return np.repeat(example.reshape(learner.elements, -1), learner.steps, axis=0)


def filters_of(n, learner):
    tau_m, tau_r = np.array(learner.time_constants)[np.arange(n) % len(learner.time_constants)].T
    return np.exp(-1.0 / tau_m), tau_r / tau_m


def filtered(u, value, keep, alpha):
    """The potential after a step, and the prospective one."""
    u = keep * u + (1.0 - keep) * value
    return u, u + alpha * (value - u)


def test_two_hidden_layers_learn_sequences_as_the_equations_say():
    """A twin in numpy, step by step, whose errors are found by solving for what the cell's own filter would turn into
    what arrives; two examples, the second with the weights that the first left."""
    learner = GeneralisedLatentEquilibrium(hidden=(5, 4), coupling=0.3, **SEQUENCES).prepare(EXAMPLES, LABELS)
    W = [each.copy() for each in learner.coefs_]
    V = [learner.circuit_.weights(each).copy() for each in learner.circuit_.feedback][::-1]
    rates = np.array([learner.rates[0]] * 2 + [learner.rates[1]]) / learner.nudging
    forgets = (0.0, learner.forgetting, learner.forgetting)
    for example, label in zip(EXAMPLES[:2], LABELS[:2], strict=True):
        keep, alpha = zip(*(filters_of(n, learner) for n in (5, 4)), strict=True)
        u, a, A, D = ([np.zeros(n) for n in (5, 4, 2)] for _ in range(4))
        x, teacher = np.zeros(3), np.eye(2)[label]
        for step, now in enumerate(inputs_of(example, learner)):
            came_up, came_down = [x, *A[:2]], [D[1].copy(), D[2].copy()]
            basal = [below @ each for below, each in zip(came_up, W, strict=True)]
            A, D = list(A), list(D)
            for k in range(2):
                slope = 1.0 - A[k] ** 2
                arrived = slope * (came_down[k] @ V[k])
                nothing, one = (filtered(a[k], each, keep[k], alpha[k])[1] for each in (0.0, 1.0))
                D[k] = (arrived - nothing) / (one - nothing)
                a[k], _ = filtered(a[k], D[k], keep[k], alpha[k])
                u[k], ahead = filtered(u[k], basal[k] + learner.coupling * D[k], keep[k], alpha[k])
                A[k] = np.tanh(ahead)
            D[2] = learner.nudging * (teacher - basal[2]) / (1.0 + learner.coupling * learner.nudging)
            A[2] = basal[2] + learner.coupling * D[2]
            if step >= 6:
                for k in range(3):
                    W[k] += rates[k] * (np.outer(came_up[k], D[k]) - forgets[k] * np.abs(D[k]) * W[k])
                for k in range(2):
                    error = came_down[k][:, None]
                    V[k] += rates[k + 1] * (error * A[k] - learner.forgetting * np.abs(error) * V[k])
            x = now
    learner.learn(EXAMPLES[:2], LABELS[:2])
    found = [learner.circuit_.weights(each) for each in learner.circuit_.feedback][::-1]
    for ours, expected in zip([*learner.coefs_, *found], [*W, *V], strict=True):
        ULP(100_000, 10.0).check(ours, expected)


def test_the_gradient_it_is_compared_with_is_that_through_time():
    """By automatic differentiation of all steps (jax)."""
    learner = GeneralisedLatentEquilibrium(hidden=(5, 4), **SEQUENCES).prepare(EXAMPLES, LABELS)

    def loss(weights, inputs, label):
        u, A, out, x = [jnp.zeros(n) for n in (5, 4)], [jnp.zeros(n) for n in (5, 4)], [], jnp.zeros(3)
        for now in inputs:
            basal = [below @ each for below, each in zip([x, *A], weights, strict=True)]
            for k in range(2):
                keep, alpha = filters_of(len(u[k]), learner)
                u[k] = keep * u[k] + (1.0 - keep) * basal[k]
                A[k] = jnp.tanh(u[k] + alpha * (basal[k] - u[k]))
            out, x = [*out, basal[2]], now
        return 0.5 * jnp.mean(jnp.sum((jnp.stack(out[6:]) - jnp.eye(2)[label]) ** 2, axis=1))

    for k, found in enumerate(zip(*learner.gradient(EXAMPLES, LABELS), strict=True)):
        wanted = jax.grad(loss)([jnp.asarray(W) for W in learner.coefs_], inputs_of(EXAMPLES[k], learner), LABELS[k])
        for ours, expected in zip(found, wanted, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9)  # of central differences


@pytest.mark.parametrize("pair", [(20.0, 0.0), (20.0, 5.0), (20.0, 20.0), (10.0, 25.0)])
def test_errors_are_ahead_by_as_much_as_the_cell_is_behind(pair):
    """What a cell makes of its input and of its error, of the same oscillation, undo each other: from the step function
    alone. In continuous time a cell is behind by atan(omega tau_m) - atan(omega tau_r)."""
    tau_m, tau_r = pair
    period = 120.0
    phases = 2.0 * np.pi * np.arange(2400) / period
    c = TwoWayCell.constants(TwoWayCell.Parameters(tau_m, tau_r / tau_m, 0.0, 1.0), 1.0)
    up, down = [], []
    going_up, going_down = (0.0,) * 5, (0.0,) * 5
    for wave in np.sin(phases):
        going_up = TwoWayCell.step(*going_up, 1e-3 * wave, 0.0, 0.0, *c.values())[:5]
        going_down = TwoWayCell.step(*going_down, 0.0, 1e-3 * wave, 0.0, *c.values())[:5]
        up.append(going_up[2])
        down.append(going_down[4])
    of_up, of_down = (np.exp(-1j * phases[1200:]) @ np.array(each[1200:]) / (-600j * 1e-3) for each in (up, down))
    np.testing.assert_allclose(of_up * of_down, 1.0, atol=1e-9)
    omega = 2.0 * np.pi / period
    behind = np.arctan(omega * tau_m) - np.arctan(omega * tau_r)
    np.testing.assert_allclose(-np.angle(of_up), behind, atol=omega)  # a step


def test_with_equal_time_constants_and_coupling_it_is_latent_equilibrium():
    """Of errors whose teacher is in the potentials as well; there it takes some steps more to settle."""
    how = {"hidden": (6, 5), "bias": False, "feedback": "tied", "learning_rate": 0.0, "steps": 300}
    general = GeneralisedLatentEquilibrium(time_constants=((7.0, 7.0), (30.0, 30.0)), coupling=1.0, **how)
    errors = []
    for learner in (general, LatentEquilibrium(tau_m=30.0, **how)):
        circuit = learner.prepare(X, Y).circuit_
        for layer in circuit.layers[1:]:
            circuit.network.record(layer, ["D"])
        features, places = learner.examples(X, Y)
        run = learner._present(features[:2], places[:2])[1]
        errors.append([run.trace(layer, "D").values.reshape(2, -1, layer.size)[:, 298] for layer in circuit.layers[1:]])
    for ours, expected in zip(*errors, strict=True):
        ULP(100_000, 10.0).check(ours, expected)


def test_without_memory_the_order_in_time_makes_no_difference():
    """The same elements forwards and backwards, the last of which have arrived."""
    backwards = EXAMPLES.reshape(4, 12, 3)[:, ::-1].reshape(4, -1)
    apart = []
    for pairs in (((5.0, 5.0), (9.0, 9.0)), MIXED):
        given = SEQUENCES | {"time_constants": pairs, "steps": 6}
        learner = GeneralisedLatentEquilibrium(hidden=(5,), **given).prepare(EXAMPLES, LABELS)
        scores = [learner.scores(each) for each in (EXAMPLES, backwards)]
        apart.append(np.max(np.abs(scores[0] - scores[1])))
    assert apart[0] < 1e-9 < 0.01 < apart[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 5}, "steps: expected at least 6 for 3 layers, got 5"),
        ({"time_constants": (5.0, 5.0)}, r"time_constants: expected pairs \(tau_m, tau_r\), ms"),
        ({"time_constants": ((5.0, -1.0),)}, "the second at least 0, got"),
        ({"prospective_errors": 1}, "prospective_errors: expected True or False, got 1"),
        ({"nudging": 0.0}, "nudging: expected more than 0, got 0.0"),
        ({"coupling": -1.0}, "coupling: expected at least 0, got -1.0"),
        ({"elements": 3}, "elements: expected a number that divides the 4 features, got 3"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        GeneralisedLatentEquilibrium(hidden=(6,), **wrong).fit(X, Y)
