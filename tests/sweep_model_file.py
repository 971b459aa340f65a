"""A model file for tests of sweeps: a neuron that repeats its input, and a parameter that says what goes wrong."""

from pathlib import Path

TEXT = '''"""One neuron, and what may go wrong with it."""

import os
import time
from dataclasses import dataclass

import numpy as np

import spikelearn as sl
from spikelearn.experiments import Outcome, Published, parameter

FINE, RAISES, NAN, KILLED, FULL, ENDLESS, ENDLESS_LOOP, KILLED_ONCE = range(8)


@dataclass(frozen=True)
class Parameters:
    x: float = parameter(1.0, "mV", "a number")
    n: int = parameter(2, "", "a whole number", minimum=-9)
    name: str = parameter("a", "", "a word")
    what: int = parameter(FINE, "", "what goes wrong")
    wait: float = parameter(0.0, "s", "time that it takes")
    folder: str = parameter("", "", "where it notes that it was there")

    def __post_init__(self):
        if self.n < 0:
            raise ValueError(f"n: expected at least 0, got {self.n}")


QUICK = {"x": 0.5}
PUBLISHED = {"value": Published("1", 0.0, 2.0, "a test")}


def simulate(p, seed, sink=None, progress=None):
    net = sl.Network(dt=1.0, seed=seed)
    cells = net.population(3, sl.Poisson(rate=200.0), name="cells")
    net.record(cells)
    run = net.run(20.0, sink=sink, progress=progress)
    if run.duration and p.folder:
        with open(os.path.join(p.folder, "computed"), "a") as file:
            file.write(f"{seed} {os.getpid()}\\n")
    if run.duration:
        go_wrong(p, seed)
    drawn = np.random.default_rng(seed).normal()
    value = np.inf if p.what == NAN else p.x + 0.1 * drawn
    return Outcome(run, {"value": value, "spikes": len(run.spikes(cells).times), "none": None})


def go_wrong(p, seed):
    time.sleep(p.wait)
    if p.what == RAISES:
        raise ValueError("as the parameters say")
    if p.what == KILLED:
        os.kill(os.getpid(), 9)
    if p.what == KILLED_ONCE:
        path = os.path.join(p.folder, f"killed {seed}")
        if not os.path.exists(path):
            open(path, "w").close()
            os.kill(os.getpid(), 9)
    if p.what == FULL:
        np.ones(1 << 32).sum()
    if p.what == ENDLESS:
        time.sleep(1e6)
    if p.what == ENDLESS_LOOP:
        while True:
            pass


def figure(p, outcome):
    return sl.plots.raster(outcome.run).figure
'''


def write_model(folder: Path) -> Path:
    """The model file, in a folder."""
    path = folder / "troubled.py"
    path.write_text(TEXT)
    return path
