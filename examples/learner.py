"""
A learner
=========

A spiking network with hidden cells learns a task by feedback alignment, with scikit-learn's
interface; its control has hidden cells that do not learn.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

X, y = sl.tasks.yin_yang(1000, seed=1)
X_test, y_test = sl.tasks.yin_yang(500, seed=2)
learner = sl.learning.FeedbackAlignment(hidden=(60,), epochs=10).fit(X, y)
control = sl.learning.frozen(learner).fit(X, y)

_, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for name, each in (("learns", learner), ("hidden cells do not", control)):
    score = each.score(X_test, y_test)
    accuracy = each.history_["online_accuracy"]
    axes[0].plot(range(1, 11), accuracy, label=f"{name}: test {score:.0%}")
axes[0].set(xlabel="epoch", ylabel="accuracy while it learns")
axes[0].legend(frameon=False)
axes[1].scatter(X_test[:, 0], X_test[:, 1], c=learner.predict(X_test), s=6, cmap="cividis")
axes[1].set(title="answers", aspect="equal")
plt.show()
