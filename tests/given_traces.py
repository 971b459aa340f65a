"""A target whose potentials and spikes are given: it shows what a rule makes of them, and what its synapses send."""

from typing import NamedTuple

import numpy as np

import spikelearn as sl


class ReplayedParameters(NamedTuple):
    pass


def _step(
    V_m, u_bar_minus, u_bar_plus, rho_star, slope_star, ignored,
    in_exc, in_ignored, in_V_m, in_u_bar_minus, in_u_bar_plus, in_rho_star, in_slope_star,
    I_V_m, I_u_bar_minus, I_u_bar_plus, I_rho_star, I_slope_star,
):  # fmt: skip
    return I_V_m, I_u_bar_minus, I_u_bar_plus, I_rho_star, I_slope_star, in_ignored, np.uint8(in_exc > 0.0)


VARIABLES = ("V_m", "u_bar_minus", "u_bar_plus", "rho_star", "slope_star")
Replayed = sl.NeuronModel(
    "Replayed",
    ReplayedParameters,
    lambda p, dt: {},
    _step,
    state=dict.fromkeys(VARIABLES, "mV") | {"ignored": "1"},
    ports={"exc": "1", "ignored": "1"} | dict.fromkeys(VARIABLES, "1"),
    currents=VARIABLES,
    initial=lambda p: dict.fromkeys(VARIABLES, -70.0),
)
"""Its variables are what is injected through the ports of their names; it fires when something arrives through exc."""


def replay(net, n, spikes, **variables):
    """A population of n. variables: (steps, n), each at the end of a step. spikes: {(step, id)}, from step 2 on."""
    cells = net.population(n, Replayed(), name="post")
    ordered = sorted(spikes)
    force = net.population(n, sl.SpikeList([(s - 1) * net.dt for s, _ in ordered], [i for _, i in ordered]))
    net.connect(force, cells, "exc", sl.OneToOne(), weight=1.0, delay=net.dt)
    for name, values in variables.items():
        # a value that is given for a time is felt in the step that begins then
        net.drive(cells, sl.StepCurrent(np.arange(len(values)) * net.dt, np.asarray(values, float)), name)
    return cells
