"""The policy gradient has no mean without reward, and learns with one; see also cases/policy_gradient.py."""

import math

import numpy as np
from cases.policy_gradient import DT, FOR_EVER
from tolerances import STAT

import spikelearn as sl


def test_the_mean_of_the_eligibility_is_zero_whatever_the_neuron_does():
    """800 neurons with the same input, from which each fires by chance."""
    n = 800
    net = sl.Network(dt=DT, seed=5)
    source = net.population(4, sl.Poisson(50.0))
    cells = net.population(n, sl.SRM0(V_th=-55.0, Delta_V=5.0, rho_0=200.0))
    reward = net.modulator("reward", tau=100.0)
    synapses = net.connect(
        source, cells, weight=2.0, delay=DT, plasticity=sl.PolicyGradient(reward, Delta_V=5.0, tau_c=FOR_EVER)
    )
    net.record(cells)
    net.record(synapses, "c", every=200.0)
    run = net.run(200.0)
    assert len(run.spikes(cells).times) > n
    c, sources = run.trace(synapses, "c").values[-1], run.synapses(synapses).pre
    for k in range(4):
        of_one_source = c[sources == k]
        STAT(n, float(of_one_source.std())).check(of_one_source.mean(), 0.0)
        assert len(of_one_source) == n and of_one_source.std() > 0.1


def test_control_a_hazard_that_is_not_the_neurons_gives_an_eligibility_with_a_mean():
    """The same spikes, scored as if the neuron had fired with twice its hazard."""
    expected, observed = [], []
    for rho in (20.0, 40.0):
        p = -math.expm1(-rho * 1e-3 * DT)
        given_spike, given_none = (sl.PolicyGradient.signal(rho, event, 1.0, DT) for event in (1.0, 0.0))
        expected.append(p * given_spike + (1 - p) * given_none)
        p_of_half = -math.expm1(-0.5 * rho * 1e-3 * DT)
        observed.append(p_of_half * given_spike + (1 - p_of_half) * given_none)
    STAT(10**12).check(expected, 0.0)
    assert max(observed) < -1e-3


def reward_of_trial(trial, phase, counts, pattern, partner, last, release, amount):
    """Fire for pattern 0, be silent for pattern 1; partner: the trial whose behaviour earns this trial's reward."""
    last[trial] = counts[0]
    of = partner[trial]
    spikes = last[of]
    right = 1.0 if (pattern[of] == 0) == (spikes > 1) else -1.0
    release[0] += amount * right


def learn(shuffled, seed, trials=400):
    """Mean number of spikes in the last 100 trials of each pattern, of 3 neurons that learn on their own."""
    found = []
    for k in range(3):
        generator = np.random.default_rng([seed, k])
        pattern = generator.integers(0, 2, trials)
        rates = np.zeros((trials, 40))
        rates[pattern == 0, :20] = 40.0
        rates[pattern == 1, 20:] = 40.0
        # an earlier trial at random: rewards have nothing to do with what the neuron did
        partner = np.array([generator.integers(0, t + 1) if shuffled else t for t in range(trials)])
        net = sl.Network(dt=1.0, seed=100 * seed + k)
        source = net.population(40, sl.Poisson(0.0), name="input")
        cell = net.population(1, sl.SRM0(V_th=-55.0, Delta_V=5.0, rho_0=10.0), name="cell")
        reward = net.modulator("reward", tau=20.0)
        rule = sl.PolicyGradient(reward, eta=0.6, Delta_V=5.0, tau_c=100.0, W_min=-3.0, W_max=6.0)
        net.connect(source, cell, weight=1.0, delay=1.0, plasticity=rule)
        counts = np.zeros(trials)
        arguments = (cell.counts(), pattern, partner, counts, reward.release, 0.05)
        net.run(
            trials=sl.Trials(
                [
                    sl.Phase(100.0, rates={source: rates}, callback=sl.Callback(reward_of_trial, arguments)),
                    sl.Phase(60.0, rates={source: 0.0}),
                ],
                trials,
            )
        )
        late = np.arange(trials) >= trials - 100
        found.append([counts[late & (pattern == which)].mean() for which in (0, 1)])
    return np.mean(found, axis=0)


def test_a_neuron_learns_to_fire_for_one_pattern_and_not_for_the_other():
    wanted, unwanted = learn(shuffled=False, seed=1)
    assert wanted > 10.0 * unwanted and wanted > 2.0


def test_control_with_rewards_of_other_trials_it_does_not():
    wanted, unwanted = learn(shuffled=True, seed=1)
    assert wanted < 2.0 * unwanted
