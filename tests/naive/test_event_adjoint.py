"""The gradient over the spikes of the exact engine is that of central differences of the engine's own runs."""

from dataclasses import replace

import numpy as np
import pytest
from tolerances import Tolerance

import spikelearn as sl
from spikelearn.learning.event_gradient import event_gradient

DURATION = 30.0
SIX_DIGITS = Tolerance(1e-6, 1e-6)
"""A difference of 1e-5 of a weight has an error of 1e-10 of the third derivative, and the rounding of a loss near 1e3
leaves it 1e-8; what was measured is 1e-9 to 1e-7 of the largest derivative, to which all are scaled."""
UNITS = {
    sl.LIF: (60.0, {"tau_syn_exc": 3.0, "tau_syn_inh": 5.0, "t_ref": 1.0}),
    sl.LIFAlpha: (32.0, {"tau_syn_exc": 2.0, "tau_syn_inh": 2.0, "t_ref": 0.0}),
    sl.LIFDelta: (0.3, {"t_ref": 0.5, "I_e": 27.0}),
    sl.QIF: (2.0, {"E_L": 0.0, "V_c": 2.0, "V_peak": 10.0, "V_reset": -1.0, "I_e": 45.0, "t_ref": 0.7}),
}
"""Model -> size of its weights, and parameters."""


def network(model, weights, delays, start):
    """Five sources, eight recurrent cells and three behind them; a current step drives the cells."""
    _, parameters = UNITS[model]
    if model is not sl.QIF:
        parameters = {"tau_m": 10.0, "E_L": 0.0, "V_reset": 0.0, "V_th": 1.0, **parameters}
    generator = np.random.default_rng(1)
    net = sl.Network(dt=0.1, seed=1)
    sources = net.population(5, sl.SpikeList(np.sort(generator.uniform(1, 15, 10)), np.arange(10) % 5), name="sources")
    cells = net.population(8, model(**parameters), initial={"V_m": start}, name="cells")
    readout = net.population(3, model(**parameters), name="readout")
    made = {
        "a": net.connect(sources, cells, "exc", weight=weights["a"], delay=delays["a"]),
        "b": net.connect(cells, readout, "exc", weight=weights["b"], delay=delays["b"]),
        "r": net.connect(
            cells, cells, "inh" if "inh" in model.ports else "exc", weight=weights["r"], delay=delays["r"]
        ),
    }
    net.drive(cells, sl.StepCurrent([3.0, 20.0], [5.0, 0.0]))
    return net, cells, readout, made


def loss_on(readout, variable):
    """Half the squared distance of all spikes from 12 ms, and weighted readings of a state variable."""
    generator = np.random.default_rng(2)
    at_maximum, at_integral = generator.normal(size=3), generator.normal(size=3)

    def loss(trains):
        times = trains[readout, "spike"]
        value = 0.5 * np.sum((times - 12.0) ** 2)
        value += at_maximum @ trains[readout, "maximum", variable] + at_integral @ trains[readout, "integral", "V_m"]
        by = {(readout, "spike"): times - 12.0, (readout, "maximum", variable): at_maximum}
        return value, by | {(readout, "integral", "V_m"): at_integral}

    return loss


def drawn(model):
    size, _ = UNITS[model]
    generator = np.random.default_rng(3)
    weights = {"a": (5, 8), "b": (8, 3), "r": (8, 8)}
    weights = {name: size * generator.uniform(-0.3, 1.0, shape) for name, shape in weights.items()}
    return weights | {"r": 0.3 * weights["r"]}, {"a": 1.0, "b": 0.7, "r": 1.3}, generator.uniform(-0.1, 0.1, 8)


def found_with(model, weights, delays, start):
    net, cells, readout, made = network(model, weights, delays, start)
    variable = next((name for name in model.state if name.startswith("I_syn")), "V_m")
    return event_gradient(net, loss_on(readout, variable), DURATION), cells, readout, made


def difference(model, change):
    """Of the loss, if `change(values, by)` changes (weights, delays, start) by so much; steps of 1e-5."""
    at = [found_with(model, *change(drawn(model), by))[0].loss for by in (1e-5, -1e-5)]
    return (at[0] - at[1]) / 2e-5


@pytest.mark.parametrize("model", UNITS)
def test_derivatives_by_weights_delays_and_initial_states_are_central_differences(model):
    weights, delays, start = drawn(model)
    found, cells, readout, made = found_with(model, weights, delays, start)
    assert len(found.trains.spikes(cells).times) > 8 and len(found.trains.spikes(readout).times) > 2

    def shifted(name, place):
        moved = np.zeros_like(weights[name])
        moved[place] = 1.0
        return lambda given, by: (given[0] | {name: given[0][name] + by * moved}, *given[1:])

    for name, projection in made.items():
        of_all = found.weights[projection]
        scale = np.abs(of_all).max()
        largest = np.unravel_index(np.argsort(-np.abs(of_all), axis=None)[[0, 3]], of_all.shape)
        for place in zip(*largest, strict=True):
            SIX_DIGITS.check(of_all[place] / scale, difference(model, shifted(name, place)) / scale, name)

        def later(given, by, name=name):
            return given[0], given[1] | {name: given[1][name] + by}, given[2]

        by_delay = found.delays[projection].sum()
        SIX_DIGITS.check(1.0, difference(model, later) / by_delay, f"delay of {name}")
    by_start = found.initial[cells, "V_m"]
    for i in np.argsort(-np.abs(by_start))[:2]:
        moved = np.eye(8)[i]
        wanted = difference(model, lambda given, by, moved=moved: (*given[:2], given[2] + by * moved))
        SIX_DIGITS.check(by_start[i] / np.abs(by_start).max(), wanted / np.abs(by_start).max())


def test_without_the_jumps_at_spikes_it_is_another_gradient(monkeypatch):
    """As a control: without a margin, a spike stays where it is when the potential moves."""
    model = sl.LIF
    weights, delays, start = drawn(model)
    right, _, _, made = found_with(model, weights, delays, start)
    still = replace(model, closed_form=replace(model.closed_form, margin=None))
    monkeypatch.setitem(UNITS, still, UNITS[model])
    wrong, _, _, made_still = found_with(still, weights, delays, start)
    assert wrong.loss == right.loss
    of_right, of_wrong = right.weights[made["a"]], wrong.weights[made_still["a"]]
    assert np.abs(of_right - of_wrong).max() > 0.1 * np.abs(of_right).max()


def test_spikes_that_an_arrival_sets_off_move_with_it():
    """A parrot repeats what arrives, so the time of what it sends is that of its source, plus both delays."""
    net = sl.Network()
    sources = net.population(2, sl.SpikeList([1.0, 2.5, 6.0], [0, 1, 0]))
    parrots, cells = net.population(2, sl.Parrot()), net.population(1, sl.LIF(tau_syn_exc=3.0))
    first = net.connect(sources, parrots, rule=sl.OneToOne(), delay=1.0)
    second = net.connect(parrots, cells, weight=200.0, delay=2.0)

    def loss(trains):
        return trains[cells, "maximum", "V_m"], {(cells, "maximum", "V_m"): np.ones(1)}

    found = event_gradient(net, loss, 20.0)
    np.testing.assert_array_equal(found.times[sources], found.times[parrots])
    np.testing.assert_array_equal(found.delays[first], found.delays[second].ravel())
    assert np.all(found.delays[first] != 0.0) and not np.any(found.weights[first])
