"""
A sweep
=======

A published network at nine points. What has been computed is stored, so that a sweep can go on.
"""

import tempfile

import matplotlib.pyplot as plt

from spikelearn import plots, sweep

with tempfile.TemporaryDirectory() as folder:
    done = sweep.run(
        "brunel_2000",
        folder,
        grid={"g": [3.5, 4.5, 6], "eta": [0.9, 1.5, 2]},
        settings={"order": 100, "duration": 200, "J": 0.5},
        workers=1,
        silent=True,
    )
    table = done.table()
    print(table.to_pandas()[["g", "eta", "rate_hz"]])

_, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
plots.heat_map(table, "g", "eta", "rate_hz", ax=axes)
plt.show()
