"""e-prop: what synapses change by is what automatic differentiation finds. NEST is compared with in the cases."""

import numpy as np
import pytest
from cases.eprop import (
    ALPHA,
    BETA,
    BETA_SLOW,
    BETAS,
    GAMMA,
    KAPPA,
    N_ADAPTIVE,
    N_OUT,
    PARTS,
    TAU_A,
    TAU_OUT,
    TAU_SLOW,
    Layer,
    by_nest,
    changes_by_nest,
    given,
    in_nest_s_units,
    taught,
)
from oracles import jax_eprop, jax_oracle
from tolerances import EXACT, ULP

import spikelearn as sl

GAIN = 4.0


@pytest.fixture(scope="module")
def found_by_jax(tmp_path_factory):
    """With one adaptation, and with two."""
    spikes, W_in, W_among, W_out, B = given()
    case = {
        "inputs": spikes, "W_in": W_in / (1.0 - ALPHA), "W_among": W_among / (1.0 - ALPHA), "W_out": W_out, "B": B,
        "teacher": np.array([1.0, 0.0]), "beta": BETAS, "alpha": ALPHA, "rho": np.exp(-1.0 / TAU_A), "kappa": KAPPA,
        "gain": GAIN, "gamma": GAMMA,
    }  # fmt: skip
    slow = {
        "beta": np.stack([BETAS, BETAS * BETA_SLOW / BETA]), "rho": np.exp(-1.0 / np.array([[TAU_A], [TAU_SLOW]]))
    }  # fmt: skip
    found = jax_oracle.ask([case, case | slow], tmp_path_factory.mktemp("jax"), jax_eprop.__file__)
    # Weights are per what arrives; eligibilities count arrivals without the factor that the potential has for them.
    return [
        {name: each if name == "spikes" else each / (1.0 - ALPHA) for name, each in of.items()} for of in found
    ]  # fmt: skip


@pytest.fixture
def by_jax(found_by_jax):
    return found_by_jax[0]


def closed_loop(beta=BETA, beta_slow=None):
    """With a readout, and its errors fed back."""
    _, _, _, W_out, B = given()
    layer = Layer(beta, beta_slow)
    readout = layer.net.population(N_OUT, sl.LeakyReadout(tau_m=TAU_OUT, gain=GAIN), name="readout")
    for port, values in (("teacher", [1.0, 0.0]), ("learning", 1.0)):
        layer.net.drive(readout, sl.StepCurrent([0.0], np.broadcast_to(values, (1, N_OUT))), port)
    layer.net.connect(layer.cells, readout, "soma", weight=W_out)
    layer.net.connect(readout, layer.cells, "apical", weight=B, on="rate", payload="error")
    return layer.run()


@pytest.mark.parametrize("beta_slow", [None, BETA_SLOW])
def test_changes_are_the_gradient_without_what_spikes_do_to_other_neurons(found_by_jax, beta_slow):
    """But for rounding in 120 steps, with a sum over a dozen sources in each."""
    spikes, changes, _ = closed_loop(beta_slow=beta_slow)
    by_jax = found_by_jax[beta_slow is not None]
    EXACT.check(spikes, by_jax["spikes"])
    assert spikes.sum(axis=0).min() >= 2
    for part in PARTS:
        size = np.abs(by_jax[part]).max()
        ULP(2_000, size).check(-changes[part], by_jax[part], part)
        # As a control, with what they do to other neurons it is another one.
        assert np.abs(changes[part] + by_jax[f"{part}_full"]).max() > 0.01 * size


def test_without_adaptation_in_the_rule_changes_onto_neurons_that_adapt_are_others(by_jax):
    _, changes, _ = closed_loop(beta=0.0)
    for part in PARTS:
        wrong, right = -changes[part], by_jax[part]
        assert np.abs(wrong - right)[:, :N_ADAPTIVE].max() > 0.01 * np.abs(right).max()
        ULP(2_000, np.abs(right).max()).check(wrong[:, N_ADAPTIVE:], right[:, N_ADAPTIVE:])


@pytest.mark.parametrize("wrong", [{"beta": 0.0}, {"beta_slow": 0.0}])
def test_without_either_adaptation_in_the_rule_changes_onto_neurons_with_two_are_others(found_by_jax, wrong):
    _, changes, _ = closed_loop(**{"beta_slow": BETA_SLOW} | wrong)
    for part in PARTS:
        found, right = -changes[part], found_by_jax[1][part]
        assert np.abs(found - right)[:, :N_ADAPTIVE].max() > 1e-3 * np.abs(right).max()
        ULP(2_000, np.abs(right).max()).check(found[:, N_ADAPTIVE:], right[:, N_ADAPTIVE:])


def test_without_adaptation_in_the_rule_changes_are_not_those_of_nest_either():
    """As a control of the case that has them equal to nine digits."""
    _, changes, _ = taught(by_nest().learning_signal, beta=0.0)
    apart, size = np.abs(in_nest_s_units(changes) - changes_by_nest()), np.abs(changes_by_nest()).max()
    assert apart[:, :N_ADAPTIVE].max() > 0.01 * size > 1e5 * apart[:, N_ADAPTIVE:].max()
