"""
A learner from scratch
======================

Learners have scikit-learn's interface. First one that exists, with its controls; then one with a
rule of your own.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl
from spikelearn.learning.feedback_alignment import HiddenError, OutputError
from spikelearn.learning.layers import (
    GAIN,
    answering,
    connect_forward,
    populations,
    starting_weights,
)

# %%
# A learner that exists
# ---------------------
#
# The task is Yin-Yang: points in a disc, three classes, which a linear readout cannot tell apart.

X, y = sl.tasks.yin_yang(1000, seed=1)
X_test, y_test = sl.tasks.yin_yang(500, seed=2)
learner = sl.learning.FeedbackAlignment(hidden=(40,), epochs=8).fit(X, y)
print(f"feedback alignment: {learner.score(X_test, y_test):.0%}")

# %%
# Controls take something away that the rule needs. `frozen` holds the hidden cells,
# `shuffled_teacher` gives the labels of other examples.

for control in (sl.learning.frozen, sl.learning.shuffled_teacher):
    print(f"{control.__name__}: {control(learner).fit(X, y).score(X_test, y_test):.0%}")

# %%
# A rule of your own
# ------------------
#
# A learner says in `build` what the network is, and in `phases` what happens in a presentation.
# Everything else, epochs, shuffling, weights in and out and prediction, is in `Learner`. Here
# feedback has the signs of the forward weights, but not their sizes (Moskovitz, Litwin-Kumar &
# Abbott 2018).


@dataclass(eq=False, repr=False)
class SignSymmetry(sl.learning.Learner):
    """Feedback with the signs of the forward weights at first."""

    learning_rate: tuple[float, float] = (0.2, 0.1)

    def build(self, sizes):
        net = sl.Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(
            net, sizes, self.encoded, sl.LIFSoftReset(), sl.LeakyReadout(gain=GAIN)
        )
        weights = starting_weights(sizes, self.seed)
        hidden = [HiddenError(eta=self.rates[0])] * (len(sizes) - 2)
        rules = [*hidden, OutputError(eta=self.rates[1])]
        forward = connect_forward(net, layers, self.encoded, weights, rules)
        feedback = [
            net.connect(above, below, "apical", weight=np.sign(w.T), on="rate", payload="error")
            for below, above, w in zip(layers[1:], layers[2:], weights[1:], strict=False)
        ]
        return sl.learning.Circuit(net, layers, forward, feedback, learning=forward)

    def phases(self, circuit, X, y, scores):
        learning = None if y is None else self.factors(circuit)
        return [answering(self, circuit, X, y, scores, learning)]


mine = SignSymmetry(hidden=(40,), epochs=8).fit(X, y)
print(f"sign symmetry: {mine.score(X_test, y_test):.0%}")

# %%
# Its circuit can be drawn from the network itself:

circuit = mine.build((5, 40, 3))
_, axes = plt.subplots(figsize=(9, 3), layout="constrained")
circuit.network.plot(axes)
plt.show()

# %%
# What both answer, and how they came to it:

_, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for ax, each, name in ((axes[0], learner, "feedback alignment"), (axes[1], mine, "sign symmetry")):
    ax.scatter(X_test[:, 0], X_test[:, 1], c=each.predict(X_test), s=5, cmap="cividis")
    ax.set(title=name, aspect="equal")
    axes[2].plot(each.history_["online_accuracy"], label=name)
axes[2].set(xlabel="epoch", ylabel="accuracy while learning")
axes[2].legend(frameon=False)
plt.show()

# %%
# What to try
# -----------
#
# - `learner.updates(X, y)` and `learner.gradient(X, y)`: how close is a rule to the gradient? See
#   the guide on learners.
# - `feedback="weight_mirror"` in `FeedbackAlignment`: feedback weights that are learned from
#   noise.
# - `spikelearn compare --task yin_yang --rules fa bptt brainprop --seeds 3` puts rules side by
#   side.
