"""
A fit
=====

Optuna looks for the external rate at which a published network fires at 20 Hz.
"""

import tempfile

import matplotlib.pyplot as plt

from spikelearn import sweep

with tempfile.TemporaryDirectory() as folder:
    found = sweep.fit(
        "brunel_2000",
        folder,
        {"eta": "0.9:1.4"},
        targets={"rate_hz": 20},
        trials=15,
        settings={"order": 50, "duration": 100, "g": 4.5},
        workers=1,
        silent=True,
    )
    table = found.table().to_pandas()
print(found.best, found.metrics["rate_hz"])

_, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.axhline(20, color="0.8")
axes.plot(table["eta"], table["rate_hz"], "o")
axes.set(xlabel="eta", ylabel="rate (Hz)")
plt.show()
