"""Feedback weights: how those that bring a teaching signal to hidden layers come to be. One option of all rules that
have them, whatever cells send and whatever synapses learn from.

W are the weights from a hidden layer to the next, V those back; with feedback straight from the output, W stands for
the product of all weights on the way up.

- "fixed": V is drawn at random and never changes (Lillicrap et al. 2016, Nat. Commun. 7:13276).
- "tied": V = W^T after every presentation. No synapse could know that: it is the reference.
- "kolen_pollack": V is drawn at random and changes as W does, and both forget (Kolen & Pollack 1994, IEEE ICNN 3:1375),

      dW = c - d |c| W,   dV = c^T - d |c^T| V,

  so that V - W^T decays by the factor 1 - d |c| while both learn, c; it stays as it is for a `forgetting` d of 0. That
  what is forgotten goes with |c|, not with time, is ours: it follows the learning rates. Where the feedback of a rule
  brings what the forward synapse multiplies, V learns c in its own synapses, from its own two cells. Where it does not,
  c is handed over from the forward synapse: a change is told, not a weight. Straight from the output only the weights
  to the last hidden layer have a counterpart, and others stay as they were drawn.
- "weight_mirror": each presentation ends with phases in which hidden layers send noise and V learns from that alone
  (Akrout et al. 2019, NeurIPS 32:974): see `weight_mirror`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from spikelearn.analysis import angle
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.learner import Learner
from spikelearn.learning.weight_mirror import MirrorMode, mirror_phase
from spikelearn.values import one_number

FIXED, TIED, KOLEN_POLLACK, WEIGHT_MIRROR = "fixed", "tied", "kolen_pollack", "weight_mirror"
FEEDBACK = (FIXED, TIED, KOLEN_POLLACK, WEIGHT_MIRROR)
MIRRORING = 41
"""Of the streams of random numbers of a learner."""


def check_feedback(feedback: str, choices: Sequence[str] = FEEDBACK) -> None:
    """Raises ParameterError unless `feedback` is one of the `choices` of a rule."""
    if feedback not in choices:
        raise ParameterError(f"feedback: expected one of {', '.join(choices)}, got {feedback!r}")


class Back(NamedTuple):
    """A projection onto a hidden layer whose weights are `factor` times V."""

    projection: Projection
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Path:
    """The feedback to a hidden layer. forward: what goes from there to the next layer. direct: whether `back` comes
    from the output though that is not the next layer."""

    layer: Population
    back: Sequence[Back]
    forward: Sequence[Projection]
    direct: bool


@dataclass(eq=False, repr=False)
class LearnerWithFeedback(Learner):
    """Base of learners with feedback weights.

    feedback: "fixed", "tied", "kolen_pollack" or "weight_mirror". forgetting: d of Kolen and Pollack. mirror_rate: of
    the weight mirror, the share of V that is learned anew in a presentation. mirror_noise: size of its noise relative
    to that of the rule's `mirror_mode`.
    """

    mirror_mode: ClassVar[MirrorMode]
    """How its cells send noise."""
    has_feedback: ClassVar[bool] = True
    stays_tied: ClassVar[bool] = False
    """Whether synapses of both directions learn alike, so that weights that are tied at first need not be copied."""
    forgets_itself: ClassVar[bool] = False
    """Whether forgetting is part of the plasticity of its synapses."""

    feedback: str = FIXED
    forgetting: float = 0.03
    mirror_rate: float = 0.005
    mirror_noise: float = 1.0

    def backs(self, circuit: Circuit, layer: Population) -> Sequence[Back]:
        """What brings the teaching signal to a hidden layer."""
        return [Back(each) for each in circuit.feedback if each.target is layer and each.source in circuit.layers]

    @property
    def from_output(self) -> bool:
        """Whether feedback to all hidden layers comes straight from the output."""
        return False

    @property
    def learns_back(self) -> bool:
        """Whether feedback synapses that can are to learn what the forward ones do."""
        kept = (KOLEN_POLLACK, TIED) if self.stays_tied else (KOLEN_POLLACK,)
        return self.feedback in kept and self.control != ABLATED_FEEDBACK

    def weights_back(
        self, generator: np.random.Generator, forward: Sequence[np.ndarray], k: int, spread: float
    ) -> np.ndarray:
        """Weights to layer k at first, (sources, targets). forward: weights at first from each layer to the next, layer
        0 being the input. spread: standard deviation of those that are drawn; the generator is used in any case."""
        path = forward[k]
        for above in forward[k + 1 :] if self.from_output else ():
            path = path @ above
        drawn = spread * generator.normal(0.0, 1.0, path.T.shape)
        if self.control == ABLATED_FEEDBACK:
            return 0.0 * drawn
        return path.T.copy() if self.feedback == TIED else drawn

    def paths(self, circuit: Circuit) -> list[Path]:
        """The feedback to each hidden layer, from the last one on."""
        found = []
        for k in range(len(circuit.layers) - 2, 0, -1):
            layer, above = circuit.layers[k : k + 2]
            forward = [each for each in circuit.forward if each.source is layer and each.target is above]
            direct = self.from_output and above is not circuit.output
            found.append(Path(layer, self.backs(circuit, layer), forward, direct))
        return found

    def presentation(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        phases = super().presentation(circuit, X, y, scores)
        if y is None or not circuit.hidden or self.feedback == FIXED or self.control == ABLATED_FEEDBACK:
            return phases
        paths = self.paths(circuit)
        if self.feedback == WEIGHT_MIRROR:
            generator = np.random.default_rng([MIRRORING, self.seed, self.epoch_])
            return [*phases, *(self._mirror(circuit, path, phases[0].reset, len(X), generator) for path in paths)]
        if self.feedback == TIED:
            return phases if self.stays_tied else ending(phases, tying(paths))
        return ending(phases, self._kolen_pollack(circuit, paths))

    def feedback_angles(self) -> list[float]:
        """Degrees between V and W^T for each hidden layer, from the first one on."""
        check_is_fitted(self)
        found, above = [], np.ones((0, 0))
        for path in self.paths(self.circuit_):
            W = np.concatenate([self.circuit_.weights(each) for each in path.forward], axis=1)
            above = W @ above if path.direct else W
            back, factor = path.back[0]
            found.append(angle([self.circuit_.weights(back) / factor], [above.T]))
        return found[::-1]

    def _begin(self, X: np.ndarray, classes: np.ndarray) -> None:
        check_feedback(self.feedback)
        one_number(self.forgetting, "1", "forgetting", least=0.0)
        one_number(self.mirror_rate, "1", "mirror_rate", least=0.0, most=1.0)
        one_number(self.mirror_noise, "1", "mirror_noise", least=0.0)
        super()._begin(X, classes)

    def _mirror(
        self, circuit: Circuit, path: Path, reset: Sequence[Any], n: int, generator: np.random.Generator
    ) -> Phase:
        noise = self.mirror_noise * generator.normal(0.0, 1.0, (n, path.layer.size))
        k = next(k for k, each in enumerate(circuit.layers) if each is path.layer)
        above = circuit.output if path.direct else circuit.layers[k + 1]
        factors = np.array([each.factor for each in path.back])
        weights = [each.projection.weights() for each in path.back]
        return mirror_phase(
            self.mirror_mode, circuit, reset, path.layer, above, noise, self.mirror_rate, factors, weights
        )  # fmt: skip

    def _kolen_pollack(self, circuit: Circuit, paths: Sequence[Path]) -> Callback | None:
        learn = any(each in circuit.learning for path in paths for each, _ in path.back)
        forgetting = 0.0 if self.forgets_itself else self.forgetting
        if learn and not forgetting:
            return None
        return changing_alike(circuit, paths, float(not learn), forgetting)


def ending(phases: list[Phase], callback: Callback | None) -> list[Phase]:
    """The same phases, with a callback at the end of the last one, or of one more step if that has one."""
    if callback is None:
        return phases
    *others, last = phases
    if last.callback is None:
        return [*others, replace(last, callback=callback)]
    return [*phases, Phase(1.0, plastic=(), callback=callback)]


def tying(paths: Sequence[Path]) -> Callback:
    """At whose end V = W^T."""
    return Callback(tie, _links(paths))


def changing_alike(circuit: Circuit, paths: Sequence[Path], handed: float, forgetting: float) -> Callback:
    """At whose end V has changed as W has. handed: 0 if it already has, on its own."""
    adjacent = [each for each in paths if not each.direct]
    of_links = _links(adjacent)
    before = [np.ascontiguousarray(circuit.weights(each)) for path in adjacent for each in path.forward]
    return Callback(change_alike, (handed, forgetting, *of_links[:3], *before, *of_links[3:]))


def _links(paths: Sequence[Path]) -> tuple[Any, ...]:
    """Arguments of `tie`. Its links are (V, W, first cell of the layer above that W reaches, V of the layer above), the
    last -1 where the layer above is that V comes from."""
    forward = [each for path in paths for each in path.forward]
    backs = [each for path in paths for each in path.back]
    links = []
    for k, path in enumerate(paths):
        above = backs.index(paths[k - 1].back[0]) if path.direct else -1
        links += [
            (backs.index(back), forward.index(up), up.target_first, above) for back in path.back for up in path.forward
        ]
    factors = np.array([each.factor for each in backs])
    weights = [each.weights() for each in forward] + [each.projection.weights() for each in backs]
    return np.array(links, np.int64), factors, len(forward), *weights


def tie(trial: int, phase: int, links: Any, factors: Any, n: int, *weights: Any) -> None:
    """weights: n of W, then those of V."""
    for r in range(len(links)):
        back, up, first, above = links[r, 0], links[r, 1], links[r, 2], links[r, 3]
        V, W = weights[n + back], weights[up]
        for i in range(W.shape[0]):
            if above < 0:
                for j in range(W.shape[1]):
                    V[first + j, i] = factors[back] * W[i, j]
            else:
                U, share = weights[n + above], factors[back] / factors[above]
                for k in range(V.shape[0]):
                    total = 0.0 if first == 0 else V[k, i]
                    for j in range(W.shape[1]):
                        total += share * U[k, first + j] * W[i, j]
                    V[k, i] = total


def change_alike(
    trial: int, phase: int, handed: float, forgetting: float, links: Any, factors: Any, n: int, *weights: Any
) -> None:
    """weights: n of W before, n of W now, then those of V."""
    for r in range(len(links)):
        back, up, first = links[r, 0], links[r, 1], links[r, 2]
        V, W, before = weights[2 * n + back], weights[n + up], weights[up]
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                change = W[i, j] - before[i, j]
                kept = max(1.0 - forgetting * abs(change), 0.0)
                V[first + j, i] = kept * (V[first + j, i] + handed * factors[back] * change)
    for up in range(n):
        W, before = weights[n + up], weights[up]
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                kept = max(1.0 - forgetting * abs(W[i, j] - before[i, j]), 0.0)
                if kept < 1.0:
                    W[i, j] *= kept
                before[i, j] = W[i, j]
