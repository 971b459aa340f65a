"""Samples a second of learners, compared with surrogate-gradient BPTT in PyTorch and NumPy, one thread, interleaved.

    python benchmarks/learner_speed.py --rounds 5 --torch-python /path/to/venv/bin/python

Each measurement is a process of its own that presents random examples to one network, 25 steps each, and prints the
processor time of one example, without start-up and compilation, the best of several passes. The table has medians over
rounds, in which all are measured in turn. PyTorch is that of another interpreter, so that it need not be installed
here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

NETWORKS = {"4-30-3": (4, 30, 3), "64-100-10": (64, 100, 10)}
BATCHES = (1, 20)
STEPS, BETA, SLOPE = 25, 0.9, 3.0
PASSES = 5
TOOLS = ("torch", "numpy")


def examples_of(sizes: tuple[int, int, int], n: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return generator.random((n, sizes[0])), generator.integers(0, sizes[-1], n)


def weights_of(sizes: tuple[int, int, int]) -> list[np.ndarray]:
    generator = np.random.default_rng(2)
    shapes = list(zip(sizes, sizes[1:], strict=False))
    return [generator.uniform(-6.0, 6.0, shape) / np.sqrt(shape[0]) for shape in shapes]


def best_of(epoch: Callable[[], Any], n: int) -> float:
    """Processor time of one example, in microseconds."""
    epoch()
    times = []
    for _ in range(PASSES):
        begun = time.process_time()
        epoch()
        times.append(time.process_time() - begun)
    return min(times) / n * 1e6


def measure_learner(rule: str, sizes: tuple[int, int, int], batch: int) -> float:
    from spikelearn.learning.rules import learner_for

    n = 1000
    X, y = examples_of(sizes, n)
    given = {"batch": batch} if rule == "bptt" else {}
    learner = learner_for(rule, hidden=(sizes[1],), bias=False, **given)
    return best_of(lambda: learner.partial_fit(X, y, classes=np.arange(sizes[-1])), n)


def measure_numpy(sizes: tuple[int, int, int], batch: int) -> float:
    """Forward and backward through time by hand, and Adam."""
    n = 200 * batch
    X, y = examples_of(sizes, n)
    W = weights_of(sizes)
    m, v = [np.zeros_like(w) for w in W], [np.zeros_like(w) for w in W]
    share = 1.0 - BETA

    def learn(x: np.ndarray, labels: np.ndarray, t: int) -> None:
        u = np.zeros((STEPS, len(x), sizes[1]))
        s = np.zeros_like(u)
        filtered, V, V_sum = np.zeros((len(x), sizes[1])), np.zeros((len(x), sizes[2])), np.zeros((len(x), sizes[2]))
        traces = np.zeros_like(u)
        drive, now, spikes = share * (x @ W[0]), np.zeros((len(x), sizes[1])), np.zeros((len(x), sizes[1]))
        for k in range(STEPS):
            now = BETA * now + drive - spikes
            spikes = (now > 1.0).astype(float)
            u[k], s[k] = now, spikes
            filtered = BETA * filtered + share * spikes
            traces[k] = filtered
            V = filtered @ W[1]
            V_sum += V
        logits = V_sum / STEPS
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(x)), labels] -= 1.0
        d = p / STEPS / len(x)
        by_output = np.einsum("kbi,bj->ij", traces, d)
        by_spike = d @ W[1].T
        carried, lam, total = np.zeros_like(now), np.zeros_like(now), np.zeros_like(now)
        for k in range(STEPS - 1, -1, -1):
            carried = BETA * carried + by_spike
            lam = BETA * lam + share * carried / (1.0 + SLOPE * np.abs(u[k] - 1.0)) ** 2
            total += lam
        for i, g in enumerate((share * x.T @ total, by_output)):
            m[i] += 0.1 * (g - m[i])
            v[i] += 0.001 * (g * g - v[i])
            W[i] -= 0.01 * m[i] / (1.0 - 0.9**t) / (np.sqrt(v[i] / (1.0 - 0.999**t)) + 1e-8)

    def epoch() -> None:
        for k in range(0, n, batch):
            learn(X[k : k + batch], y[k : k + batch], k // batch + 1)

    return best_of(epoch, n)


def measure_torch(sizes: tuple[int, int, int], batch: int) -> float:
    """The same by automatic differentiation, float32, as snnTorch's tutorials do it."""
    import torch

    torch.set_num_threads(1)
    n = 100 * batch
    X, y = examples_of(sizes, n)
    inputs, labels = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    W = [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in weights_of(sizes)]
    adam = torch.optim.Adam(W, lr=0.01)

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, margin: Any) -> Any:
            context.save_for_backward(margin)
            return (margin > 0).float()

        @staticmethod
        def backward(context: Any, *gradients: Any) -> Any:
            (margin,) = context.saved_tensors
            return gradients[0] / (1.0 + SLOPE * margin.abs()) ** 2

    def epoch() -> None:
        for k in range(0, n, batch):
            x = inputs[k : k + batch]
            drive = (1.0 - BETA) * (x @ W[0])
            u, s, V = torch.zeros(len(x), sizes[1]), torch.zeros(len(x), sizes[1]), torch.zeros(len(x), sizes[2])
            total = torch.zeros(len(x), sizes[2])
            for _ in range(STEPS):
                u = BETA * u + drive - s.detach()
                s = Spike.apply(u - 1.0)
                V = BETA * V + (1.0 - BETA) * (s @ W[1])
                total = total + V
            loss = torch.nn.functional.cross_entropy(total / STEPS, labels[k : k + batch])
            adam.zero_grad()
            loss.backward()
            adam.step()

    return best_of(epoch, n)


def measured(tool: str, network: str, batch: int) -> float:
    sizes = NETWORKS[network]
    if tool in TOOLS:
        return {"torch": measure_torch, "numpy": measure_numpy}[tool](sizes, batch)
    return measure_learner(tool, sizes, batch)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--rules", nargs="+", default=["bptt", "fa", "brainprop"], help="default bptt fa brainprop")
    parser.add_argument("--torch-python", default="", metavar="PATH", help="an interpreter that has PyTorch")
    parser.add_argument("--one", nargs=3, metavar=("TOOL", "NETWORK", "BATCH"), help="one measurement, in this process")
    options = parser.parse_args(arguments)
    if options.one:
        print(measured(options.one[0], options.one[1], int(options.one[2])))
        return 0
    tools = [*(["torch"] if options.torch_python else []), "numpy", *options.rules]
    jobs = [(t, n, b) for n in NETWORKS for b in BATCHES for t in tools if t in TOOLS or t == "bptt" or b == 1]
    found: dict[tuple[str, str, int], list[float]] = {job: [] for job in jobs}
    root = Path(__file__).resolve().parent.parent
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    for _ in range(options.rounds):
        for tool, network, batch in jobs:
            python = options.torch_python if tool == "torch" else sys.executable
            command = [python, __file__, "--one", tool, network, str(batch)]
            done = subprocess.run(command, cwd=root, env=os.environ | alone, capture_output=True, text=True, check=True)
            found[tool, network, batch].append(float(done.stdout))
    print("| network | batch | " + " | ".join(tools) + " |")
    print("|---|---|" + "---|" * len(tools))
    for network in NETWORKS:
        for batch in BATCHES:
            cells = []
            for tool in tools:
                times = found.get((tool, network, batch))
                cells.append(f"{np.median(times):,.1f} ({min(times):,.1f} to {max(times):,.1f})" if times else "")
            print(f"| {network} | {batch} | " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
