"""The LIF neuron of the NIR paper on spikelearn and on the platforms of the paper, compared with its exact solution.

    python scripts/nir_lif.py             # the table of docs/interop/nir.md

Graph, input, exact solution and the traces of the platforms are those of neuromorphs/NIR, paper/01_lif, in
tests/interop/data/nir. Several platforms have another unit of the potential; each is given the factor with which it
fits best.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

import spikelearn as sl  # noqa: E402

FOLDER = ROOT / "tests" / "interop" / "data" / "nir"
DT = 0.1
HERE = {"events": "spikelearn, exact engine", "compiled": "spikelearn, in steps"}


def ours(engine: str, given: np.ndarray, method: str = "exact") -> tuple[np.ndarray, np.ndarray]:
    """(1000,) potentials at the ends of the steps, and the times (ms) of spikes."""
    net = sl.from_nir(FOLDER / "lif_norse.nir", given[:, None], dt=DT, method=method)
    cell = net.populations["1"]
    net.record(cell, "spikes")
    net.record(cell, "V_m", every=DT)
    run = net.run(len(given) * DT, engine=engine)
    return run.trace(cell, "V_m").values[:, 0], run.spikes(cell).times


def rows() -> list[tuple[str, float, float, list[float]]]:
    """(name, largest difference from the exact potential, root of the mean square, by how many steps spikes are off).

    A spike of the exact solution is in the step in which it happens; one of a platform in the one in which it is told.
    """
    data = np.load(FOLDER / "lif_paper.npz")
    exact, steps = data["V exact"], data["spikes exact"]
    found = []
    for engine, name in HERE.items():
        V, times = ours(engine, data["input"].astype(float))
        found.append((name, V, np.ceil(times / DT - 1e-6) - 1 - steps))
    for key in data.files:
        if key.startswith("V ") and key != "V exact":
            V = data[key]
            found.append((key[2:], V * (V @ exact) / (V @ V), data[f"spikes {key[2:]}"] - steps))
    table = []
    for name, V, off in found:
        error = np.abs(V - exact)
        table.append((name, float(error.max()), float(np.sqrt(np.mean(error**2))), [float(each) for each in off]))
    return table


def page() -> str:
    """The table as text."""
    lines = [
        "| platform | largest difference of v | root mean square | its four spikes, steps late |",
        "|---" * 4 + "|",
    ]
    for name, largest, mean, off in rows():
        late = ", ".join(f"{each:g}" for each in off)
        lines.append(f"| {name} | {largest:.2g} | {mean:.2g} | {late} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(page())
