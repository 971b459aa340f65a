"""For each line that it reads: a process of its own that goes on from a checkpoint and writes it again, without end."""

import os
import signal
import sys

import spikelearn as sl

LONG = 1e9


def network():
    """Enough state that writing it takes longer than a step."""
    net = sl.Network(dt=1.0, seed=6)
    cells = net.population(50_000, sl.LIF(), name="cells")
    net.drive(cells, sl.NoiseCurrent(std=600.0, tau=5.0))
    net.record(cells[:100])
    return net


if __name__ == "__main__":
    path = sys.argv[1]
    network().run(1.0, checkpoint=path)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            net = sl.Network.restore(path)
            net.run(LONG, after=net.recorded, checkpoint=path, checkpoint_every=1.0)
        print(child, flush=True)
