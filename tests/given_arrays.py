"""A network of arrays that a user gives, and all arrays that can be reached from a description."""

import dataclasses
import hashlib

import numpy as np

import spikelearn as sl


def arrays_in(thing, seen=None):
    """All arrays that can be reached from an object, through containers and attributes."""
    seen = {} if seen is None else seen
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | type | np.generic) or callable(thing):
        return
    seen[id(thing)] = thing
    if isinstance(thing, np.ndarray):
        yield thing
        return
    if isinstance(thing, dict):
        parts = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        parts = list(thing)
    elif dataclasses.is_dataclass(thing) or hasattr(thing, "__dict__"):
        parts = list(vars(thing).values())
    else:
        parts = []
    for part in parts:
        yield from arrays_in(part, seen)


def digest(arrays):
    return [hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest() for array in arrays]


def given():
    """One array of each kind that a user can give, and a network of them."""
    arrays = {
        "V_m": np.array([-60.0, -65.0]), "I_e": np.array([400.0, 420.0]), "E_L": np.array([-70.0, -69.0]),
        "times": np.array([1.0, 3.0, 3.0]), "ids": np.array([0, 1, 0]), "weight": np.array([[100.0, 50.0]] * 2),
        "delay": np.array([[1.0, 2.0]] * 2), "rates": np.array([500.0, 900.0]), "at": np.array([2.0, 9.0]),
        "pA": np.array([[30.0, 60.0], [0.0, 10.0]]), "input": np.array([300.0, 200.0]),
    }  # fmt: skip
    net = sl.Network(seed=4)
    lif = sl.LIF(I_e=arrays["I_e"], E_L=arrays["E_L"])
    cells = net.population(2, lif, name="cells", initial={"V_m": arrays["V_m"]})
    resting = net.population(2, lif, name="from the parameters")
    listed = net.population(2, sl.SpikeList(arrays["times"], arrays["ids"]), name="listed")
    poisson = net.population(2, sl.Poisson(arrays["rates"]), name="poisson")
    net.connect(listed, cells, weight=arrays["weight"], delay=arrays["delay"])
    net.connect(poisson, resting, weight=10.0)
    net.drive(cells, sl.StepCurrent(arrays["at"], arrays["pA"]))
    net.drive(resting, sl.PoissonInput(arrays["input"]), weight=5.0)
    net.record(cells)
    net.record(resting)
    return arrays, net
