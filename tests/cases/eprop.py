"""e-prop in a small recurrent layer, of which some neurons adapt, compared with the same layer of NEST's models."""

from __future__ import annotations

import functools

import numpy as np
from oracles import nest_eprop
from tolerances import EXACT, NINE_DIGITS, ULP

import spikelearn as sl
from cases.case import Case

STEPS, N_IN, N_ADAPTIVE, N, N_OUT = 120, 5, 4, 7, 2
TAU_M, TAU_A, TAU_OUT, BETA, GAMMA, ETA = 15.0, 80.0, 12.0, 0.15, 0.3, 1e-3
ALPHA, KAPPA = np.exp(-1.0 / TAU_M), np.exp(-1.0 / TAU_OUT)
TAU_SLOW, BETA_SLOW = 600.0, 0.08
"""Of a second adaptation."""
BETAS = np.repeat([BETA, 0.0], [N_ADAPTIVE, N - N_ADAPTIVE])
TINY = 1e-20
"""Of the learning rate: weights that start at 0 then have all digits, and what they transmit changes nothing."""
PARTS = {"in": (N_IN, N), "among": (N, N)}


def given():
    """Spikes (steps, inputs), and weights; potentials in units of the threshold."""
    generator = np.random.default_rng(1)
    spikes = (generator.random((STEPS, N_IN)) < 0.2).astype(float)
    spikes[0] = 0.0
    W_in, W_among = generator.normal(0.35, 0.25, (N_IN, N)), generator.normal(0.0, 0.3, (N, N))
    W_out, B = generator.normal(0.0, 0.5, (N, N_OUT)), generator.normal(0.0, 1.0, (N_OUT, N))
    return spikes, W_in, W_among, W_out, B


class Layer:
    """The recurrent layer, with weights that stay and, parallel to each, one of EProp that shows its changes.

    beta: of the rule for neurons that adapt, as a control another one than theirs. beta_slow: if they also adapt
    slowly, the same for that.
    """

    def __init__(self, beta=BETA, beta_slow=None):
        spikes, W_in, W_among, _, _ = given()
        self.net = sl.Network(dt=1.0, seed=1)
        times, ids = np.nonzero(spikes)
        inputs = self.net.population(N_IN, sl.SpikeList(times.astype(float), ids), name="in")
        cells = sl.LIFAdaptiveSoftReset(tau_m=TAU_M, tau_a=TAU_A, beta=BETAS, gamma=GAMMA)
        if beta_slow is not None:
            of_slow = {"tau_2": TAU_SLOW, "beta_2": BETAS * BETA_SLOW / BETA}
            cells = sl.LIFTwoAdaptations(tau_m=TAU_M, tau_1=TAU_A, beta_1=BETAS, gamma=GAMMA, **of_slow)
        self.cells = self.net.population(N, cells, name="cells")
        self.learning = {}
        for part, source, weight in (("in", inputs, W_in), ("among", self.cells, W_among)):
            self.net.connect(source, self.cells, "soma", weight=weight / (1.0 - ALPHA))
            for of_rule, to in ((beta, slice(0, N_ADAPTIVE)), (0.0, slice(N_ADAPTIVE, N))):
                rule = sl.EProp(eta=TINY, beta=of_rule, tau_m=TAU_M, tau_a=TAU_A, tau_out=TAU_OUT)
                if beta_slow is not None:
                    of_slow = {"tau_2": TAU_SLOW, "beta_2": 0.0 if to.start else beta_slow}
                    rule = sl.EPropTwoAdaptations(
                        eta=TINY, tau_m=TAU_M, tau_1=TAU_A, beta_1=of_rule, tau_out=TAU_OUT, **of_slow
                    )
                self.learning[part, to.start] = self.net.connect(
                    source, self.cells[to], "soma", weight=0.0, plasticity=rule
                )
        self.net.record(self.cells)
        self.net.record(self.cells, "psi", every=1.0)

    def run(self):
        """(spikes (steps, N), part -> changes of weights for a learning rate of 1, psi (steps, N))."""
        run = self.net.run(float(STEPS))
        found, spikes = run.spikes(self.cells), np.zeros((STEPS, N))
        spikes[np.round(found.times).astype(int) - 1, found.ids] = 1.0
        changes = {part: np.zeros(shape) for part, shape in PARTS.items()}
        for (part, _), projection in self.learning.items():
            synapses = run.synapses(projection)
            changes[part][synapses.pre, synapses.post] = synapses.weight / TINY
        return spikes, changes, run.trace(self.cells, "psi").values


def taught(signal, beta=BETA):
    """With a given learning signal, (steps, N), in each step."""
    layer = Layer(beta)
    # What an integrator at the rate r, at least 0, sends in a step is r, one step later.
    for sign in (1.0, -1.0):
        source = layer.net.population(N, sl.PerfectIntegrator())
        layer.net.drive(source, sl.StepCurrent(np.arange(STEPS - 1), np.maximum(0.0, sign * signal[1:])))
        layer.net.connect(source, layer.cells, "apical", sl.OneToOne(), weight=sign, on="rate", payload="r")
    return layer.run()


@functools.cache
def by_nest():
    spikes, W_in, W_among, W_out, B = given()
    return nest_eprop.eprop(
        spikes, W_in, W_among, W_out, B, [0.5, -0.3],
        adaptive=(N_ADAPTIVE, {"adapt_beta": BETA, "adapt_tau": TAU_A}), regular=(N - N_ADAPTIVE, {}),
        height=GAMMA, eta=ETA, tau_m=TAU_M, tau_out=TAU_OUT,
    )  # fmt: skip


def in_nest_s_units(changes):
    """NEST's filter of eligibilities has an integral of 1; ours jumps by the eligibility, like its trace of spikes."""
    return np.concatenate([ETA * (1.0 - KAPPA) * changes[part] for part in PARTS])


def changes_by_nest():
    return np.concatenate([by_nest().from_inputs, by_nest().among])


def _spikes():
    return taught(by_nest().learning_signal)[0], by_nest().spikes


def _psi():
    return taught(by_nest().learning_signal)[2], by_nest().psi


def _changes():
    return in_nest_s_units(taught(by_nest().learning_signal)[1]), changes_by_nest()


_NEURONS = "NEST live: eprop_iaf_adapt_bsshslm_2020, eprop_iaf_bsshslm_2020"
CASES: tuple[Case, ...] = (
    Case(
        "LIFAdaptiveSoftReset", "spikes of 7 recurrent neurons, 4 adapt, 120 steps", _NEURONS, EXACT, "EXACT", _spikes
    ),
    Case(
        "LIFAdaptiveSoftReset", "psi of 7 recurrent neurons, 4 adapt, 120 steps", _NEURONS, ULP(1_000, 1.0),
        "ULP(1,000)", _psi,
    ),
    Case(
        "EProp", "changes of 84 weights onto 7 recurrent neurons, 4 adapt, 120 steps",
        "NEST live: eprop_synapse_bsshslm_2020", NINE_DIGITS, "1e-9 relative", _changes,
    ),
)  # fmt: skip
