"""
A connection rule of your own
=============================

A ring of neighbours with some far links; the function writes one row of partners, and is compiled.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl
from spikelearn.kernels.random import uniform


@dataclass(frozen=True)
class Ring(sl.ConnectionRule):
    k: int
    far: float
    by_source = True

    @staticmethod
    def row(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
        k = int(numbers[0])
        for i in range(k):
            partners[i] = (row + 1 + i) % n_partners
            if uniform(start, increment, 2 * i) < numbers[1]:
                partners[i] = int(uniform(start, increment, 2 * i + 1) * n_partners)
        return k

    def rows(self, ends):
        return sl.Rows(np.array([self.k, self.far]), degrees=np.array([self.k]))


net = sl.Network(seed=1)
cells = net.population(100, sl.LIF(), name="cells")
pairs = net.connect(cells, cells, rule=Ring(k=6, far=0.1), weight=20).synapses()
plt.figure(figsize=(4, 4)).subplots().plot(pairs.post, pairs.pre, ".", ms=2)
plt.show()
