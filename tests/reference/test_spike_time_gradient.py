"""Derivatives of spike times of recurrent LIF networks are those of automatic differentiation by jax."""

import numpy as np
from oracles import jax_spike_times
from tolerances import ULP

import spikelearn as sl
from spikelearn.learning.event_gradient import event_gradient

SIZES, TARGET, DURATION = (4, 6, 3), 14.0, 30.0
ROUNDING = 1_000
"""Spike times are roots, found to some units in the last place, and each of a chain of spikes that cause each other is
as uncertain as those before, divided by the slope of its potential. Measured: 25 of the largest derivative."""


def described():
    """Sources, recurrent cells and readout, with a delay for each synapse; and all of it as matrices over all cells."""
    generator = np.random.default_rng(7)
    parameters = {"tau_m": 12.0, "tau_syn_exc": 4.0, "t_ref": 1.5, "E_L": 0.0, "V_reset": -0.3, "V_th": 1.0}
    net = sl.Network(dt=0.1, seed=1)
    times, ids = np.sort(generator.uniform(0.5, 12.0, 9)), np.arange(9) % SIZES[0]
    layers = [net.population(SIZES[0], sl.SpikeList(times, ids))]
    start = np.zeros(sum(SIZES))
    start[SIZES[0] :] = generator.uniform(-0.2, 0.4, sum(SIZES[1:]))
    firsts = np.cumsum([0, *SIZES[:-1]])
    for n, first in zip(SIZES[1:], firsts[1:], strict=True):
        layers.append(net.population(n, sl.LIF(**parameters), initial={"V_m": start[first : first + n]}))
    weights, delays = np.zeros((2, sum(SIZES), sum(SIZES)))
    places = {}
    for source, target, size in ((0, 1, 90.0), (1, 2, 70.0), (1, 1, 20.0)):
        shape = SIZES[source], SIZES[target]
        here = np.ix_(*(firsts[k] + np.arange(SIZES[k]) for k in (source, target)))
        weights[here], delays[here] = size * generator.uniform(-0.3, 1.0, shape), generator.uniform(0.5, 3.0, shape)
        made = net.connect(layers[source], layers[target], "exc", weight=weights[here], delay=delays[here])
        places[made] = here
    case = {name: parameters[name] for name in ("tau_m", "t_ref", "V_reset", "V_th")}
    case |= {"tau_s": parameters["tau_syn_exc"], "R": parameters["tau_m"] / 250.0, "sources": SIZES[0]}
    case |= {"weights": weights, "delays": delays, "V_start": start, "first_readout": firsts[2], "target": TARGET}
    return net, layers, firsts, places, case


def test_derivatives_by_weights_delays_and_potentials_are_those_of_automatic_differentiation(tmp_path):
    net, layers, firsts, places, case = described()

    def loss(trains):
        error = trains[layers[2], "spike"] - TARGET
        return 0.5 * np.sum(error**2), {(layers[2], "spike"): error}

    found = event_gradient(net, loss, DURATION)
    spikes = [found.trains.spikes(layer) for layer in layers]
    assert len(spikes[1].times) > 6 and len(spikes[2].times) > 3
    times = np.concatenate([each.times for each in spikes])
    ids = np.concatenate([first + each.ids for first, each in zip(firsts, spikes, strict=True)])
    order = np.argsort(times)
    expected = jax_spike_times.ask(case | {"times": times[order], "ids": ids[order]}, tmp_path)
    ULP(ROUNDING, 1.0).check(expected["off"], 0.0)
    ULP(10 * ROUNDING).check(found.loss, expected["loss"])
    for projection, here in places.items():
        for name, by in (("by_weights", found.weights), ("by_delays", found.delays)):
            wanted, synapses = expected[name][here], net.build("events").synapses(projection)()
            assert np.count_nonzero(wanted) > 0.4 * wanted.size
            measured = synapses._replace(weight=by[projection]).matrix(wanted.shape)
            ULP(ROUNDING, np.abs(wanted).max()).check(measured, wanted, name)
    for layer, first in zip(layers[1:], firsts[1:], strict=True):
        wanted = expected["by_V_start"][first : first + layer.size]
        ULP(ROUNDING, np.abs(wanted).max()).check(found.initial[layer, "V_m"], wanted)
