"""Messages of the page's server, read as the page reads them, and a small network to look at."""

import json
import struct

import numpy as np

import spikelearn as sl

TYPES = {"f": np.float32, "u": np.uint32, "b": np.uint8, "d": np.float64}


def unpacked(message):
    """Header and arrays of bytes that the server sends."""
    (length,) = struct.unpack("<I", message[:4])
    header = json.loads(message[4 : 4 + length])
    at, arrays = -(-(4 + length) // 8) * 8, []
    for kind, size in header["arrays"]:
        arrays.append(np.frombuffer(message, TYPES[kind], size, at))
        at += -(-arrays[-1].nbytes // 8) * 8
    assert at == len(message)
    return header, arrays


def small_network(seed=1):
    net = sl.Network(dt=0.1, seed=seed)
    inputs = net.population(50, sl.Poisson(40), name="inputs")
    cells = net.population(40, sl.LIF(), name="cells")
    others = net.population(10, sl.LIF(), name="others")
    net.connect(inputs, cells, weight=sl.Uniform(0, 80), delay=1.5, plasticity=sl.STDP(W_max=100), name="learning")
    net.connect(cells, others, weight=60, delay=1.5, name="onwards")
    net.drive(cells, sl.PoissonInput(4000), weight=20)
    return net


def recorded_run(duration=500):
    net = small_network()
    for each in net.populations.values():
        net.record(each)
    net.record(net.populations["cells"][:3], "V_m", every=0.5)
    return net.run(duration)
