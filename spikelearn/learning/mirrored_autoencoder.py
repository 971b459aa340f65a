"""An autoencoder of spikes: STDP up and its mirror image down learn to reconstruct what came in.

Burbank 2015, PLoS Comput. Biol. 11:e1004566. A stimulus makes visible cells fire, these the hidden cells, and these in
turn the visible ones again: the reconstruction. A hidden spike lies between the two volleys of its visible partners,
so STDP, which strengthens a synapse up for visible spikes before the hidden one and weakens it for those after it, as
much, changes it by

    dw_ij = eta sum over hidden spikes of j (x_i - r_i),

x_i the spikes of visible cell i for the stimulus, r_i those of the reconstruction: the gradient of the squared error of
reconstruction by a weight down. For synapses down, STDP is mirrored in time: visible spikes before the hidden one still
strengthen. Both synapses between two cells thus see the same pairs and change alike, and as each loses a part of its
weight with each hidden spike (Kolen & Pollack 1994, IEEE ICNN 3:1375),

    dw = -forgetting w,

they become alike, whatever they were at first.

Ours: cells add up their input without a leak and fire once for each 1 of it, and volleys are kept apart by when a layer
may fire, as under inhibition that comes in turns, where Burbank has short stimuli and delays. Time constants of STDP
are long compared with a presentation, so that only the order of two spikes counts. Forgetting is ours, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT, warn_of_divergence
from spikelearn.learning.epochs import fit_anew
from spikelearn.learning.layers import add_to_scores, copy_scores, subtract_from_scores
from spikelearn.learning.parameter_kinds import check_kinds
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.units import ms, number, weight
from spikelearn.values import one_number, whole_number


class TurnTakingParameters(NamedTuple):
    theta: Annotated[number, "input for one spike"] = 1.0


@scalar
def _turn_taking(
    charge: float, spikes: float, in_soma: float, I_soma: float, I_turn: float, theta: float
) -> tuple[float, float, np.uint8]:
    charge = charge + in_soma + I_soma
    fired = charge >= theta and I_turn > 0.0
    charge = charge - theta if fired else charge
    return charge, spikes + fired, np.uint8(fired)


@scalar
def _margin(charge: float, spikes: float, in_soma: float, I_soma: float, I_turn: float, theta: float) -> float:
    return charge + in_soma + I_soma - theta if I_turn > 0.0 else -1.0


TurnTaking = NeuronModel(
    "TurnTaking", TurnTakingParameters, lambda p, dt: p._asdict(), _turn_taking, state={"charge": "1", "spikes": "1"},
    ports={"soma": "1"}, currents=("soma", "turn"), initial=lambda p: {}, margin=_margin,
)  # fmt: skip
"""Adds up its input, and fires while there is a current `turn`."""


class MirroredParameters(NamedTuple):
    eta: Annotated[number, "change of the weight by a pair of spikes"] = 1e-5
    forgetting: Annotated[number, "part of the weight that is lost with each hidden spike"] = 1e-5
    tau: Annotated[ms, "of both traces: long compared with a presentation"] = 1e15
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


def _constants(p: MirroredParameters, dt: float) -> dict[str, float]:
    return {"eta": p.eta, "kept": 1.0 - p.forgetting}


@scalar
def _visible_spike_up(weight: float, visible: float, hidden: float, eta: float, kept: float) -> float:
    return weight - eta * hidden


@scalar
def _hidden_spike_up(weight: float, visible: float, hidden: float, eta: float, kept: float) -> float:
    return kept * weight + eta * visible


@scalar
def _hidden_spike_down(weight: float, hidden: float, visible: float, eta: float, kept: float) -> float:
    return kept * weight + eta * visible


@scalar
def _visible_spike_down(weight: float, hidden: float, visible: float, eta: float, kept: float) -> float:
    return weight - eta * hidden


OrderUp = PlasticityRule(
    "OrderUp", MirroredParameters, (Trace("visible", "tau"),), (Trace("hidden", "tau"),), _visible_spike_up,
    _hidden_spike_up, _constants,
)  # fmt: skip
OrderDown = PlasticityRule(
    "OrderDown", MirroredParameters, (Trace("hidden", "tau"),), (Trace("visible", "tau"),), _hidden_spike_down,
    _visible_spike_down, _constants,
)  # fmt: skip


@dataclass(eq=False, repr=False)
class MirroredAutoencoder(TransformerMixin, BaseEstimator):
    """An autoencoder that learns by STDP and its mirror image, without labels or errors.

    hidden: number of hidden cells. epochs: passes over the examples in `fit`. learning_rate: change of a weight by a
    pair of spikes. decay: factor of the learning rate from one epoch to the next. forgetting: part of a weight that is
    lost with each hidden spike. steps: of each of the three volleys of a presentation, and so the spikes for a feature
    of 1. mirrored: whether STDP of weights down is; if it is not, as a control, it is that of weights up. threads: of
    the network. seed: of weights and order.

    After fitting: n_features_in_; circuit_, the network; epoch_; history_, with the "alignment" of weights up and down
    after each epoch, the cosine of the angle between them.

    Features are numbers from 0 to 1.
    """

    hidden: int = 30
    epochs: int = 12
    learning_rate: float = 2e-5
    decay: float = 0.85
    forgetting: float = 2e-5
    steps: int = 20
    mirrored: bool = True
    threads: int = 1
    seed: int = 1

    def fit(self, X: Any, y: Any = None) -> Self:
        """Forget everything, then learn from examples X, (n, features), in `epochs` passes."""
        return fit_anew(self, X)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One more pass over examples, in an order that is drawn."""
        self.prepare(X)
        X = self._features(X)
        order = np.random.default_rng([self.seed, self.epoch_]).permutation(len(X))
        self._present(X[order], self.decay**self.epoch_)
        self.epoch_ += 1
        warn_of_divergence(self.circuit_, type(self).__name__, self.epoch_)
        self.history_["alignment"].append(self.alignment())
        return self

    def prepare(self, X: Any) -> Self:
        """Make the network for such examples, unless there is one; nothing is learned."""
        if not hasattr(self, "circuit_"):
            X = validate_data(self, X, dtype=np.float64)
            check_kinds(self)
            one_number(self.decay, "1", "decay", above=0.0)
            whole_number(self.steps, "steps", least=1)
            hidden = whole_number(self.hidden, "hidden", least=1)
            net = Network(dt=1.0, seed=self.seed, threads=self.threads)
            rule = {"eta": self.learning_rate, "forgetting": self.forgetting}
            visible, code, up, down = connect_mirrored(net, X.shape[1], hidden, self.seed, rule, self.mirrored)
            self.circuit_ = Circuit(net, [visible, code], [up], [down], [up, down])
            self.epoch_ = 0
            self.history_: dict[str, list[float]] = {"alignment": []}
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Spikes of hidden cells, (n, hidden). Nothing is learned."""
        return self._answer(X)[0]

    def reconstruct(self, X: Any) -> np.ndarray:
        """What becomes of examples on the way up and down again, (n, features). Nothing is learned."""
        return self._answer(X)[1]

    def score(self, X: Any, y: Any = None) -> float:
        """Explained variance: 1 - sum (X - reconstructed)^2 / sum (X - mean of X)^2."""
        missed = np.sum((np.asarray(X) - self.reconstruct(X)) ** 2)
        return float(1.0 - missed / np.sum((X - np.mean(X, axis=0)) ** 2))

    def alignment(self) -> float:
        """Cosine of the angle between weights up and the transpose of those down."""
        up, down = (self.circuit_.weights(each) for each in self.circuit_.learning)
        return float(np.sum(up * down.T) / np.linalg.norm(up) / np.linalg.norm(down))

    def _features(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "circuit_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        if X.min() < 0.0 or X.max() > 1.0:
            raise ParameterError(f"X: expected features from 0 to 1, got some from {X.min():g} to {X.max():g}")
        return X

    def _answer(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        return self._present(self._features(X), 0.0)

    def _present(self, X: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
        """Spikes of hidden cells, and reconstructions. factor: of the learning rate; 0 if nothing is to be learned."""
        circuit = self.circuit_
        visible, hidden = circuit.layers
        codes, spikes = np.zeros((len(X), hidden.size)), np.zeros(X.shape)
        phases = volleys(visible, hidden, X, self.steps, dict.fromkeys(circuit.learning, factor))
        for k, (cells, done, into) in enumerate(
            ((visible, subtract_from_scores, spikes), (hidden, copy_scores, codes), (visible, add_to_scores, spikes))
        ):
            phases[k] = replace(phases[k], callback=Callback(done, (cells.state("spikes"), into)))
        run = circuit.network.run(trials=Trials(phases, n=len(X)), progress=False)
        if run.interrupted:
            raise KeyboardInterrupt
        return codes, spikes / self.steps


def connect_mirrored(
    net: Network, features: int, hidden: int, seed: int, rule: Mapping[str, Any], mirrored: bool = True
) -> tuple[Population, Population, Projection, Projection]:
    """Visible and hidden cells, and the projections up and down. rule: eta and forgetting."""
    one_number(rule["eta"], "1", "learning_rate", above=0.0)
    one_number(rule["forgetting"], "1", "forgetting", least=0.0, most=1.0)
    visible = net.population(features, TurnTaking(), name="visible")
    code = net.population(hidden, TurnTaking(), name="hidden")
    generator = np.random.default_rng([28, seed])
    W = generator.uniform(-0.8, 1.2, (features, hidden)) / np.sqrt(features)
    V = generator.normal(0.0, 0.4, (hidden, features)) / np.sqrt(features)
    up = net.connect(visible, code, "soma", weight=W, plasticity=OrderUp(**rule), name="up")
    backwards = OrderDown if mirrored else OrderUp
    down = net.connect(code, visible, "soma", weight=V, plasticity=backwards(**rule), name="down")
    return visible, code, up, down


def volleys(
    visible: Population, hidden: Population, X: np.ndarray, steps: int, plastic: Mapping[Projection, float]
) -> list[Phase]:  # fmt: skip
    """The phases of a presentation: stimulus, code, reconstruction, and a step in which the last spikes reach synapses
    up. plastic: projections between both layers, with factors of their learning rates, which may be 0."""
    volley = float(steps)
    return [
        Phase(
            volley, currents={(visible, "soma"): X, (visible, "turn"): 1.0}, plastic=plastic,
            reset=[visible, hidden, *plastic], discard_events=True,
        ),
        Phase(volley, currents={(hidden, "turn"): 1.0}, plastic=plastic),
        Phase(volley, currents={(visible, "turn"): 1.0}, plastic=plastic),
        Phase(1.0, plastic=plastic),
    ]  # fmt: skip
