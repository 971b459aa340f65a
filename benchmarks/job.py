"""One job in its own process: `python -m benchmarks.job`, with a request in JSON on standard input.

A request names a simulator, a function of its module (`prepare`, `run`, `start_up` or `memory`), and the file for the
answer, which excludes anything that simulators print. `run` also writes its spikes (ms, and neurons numbered from 0
across all populations) to a file. This module and those of other simulators import nothing from spikelearn, so a peer
may use another interpreter.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np


def peak_bytes(of_children: bool = False) -> float:
    """The peak memory of this process (or of any one of its children).

    Linux counts what the parent had when it forked into ru_maxrss, so a process is asked for the peak of its own.
    """
    status = Path("/proc/self/status")
    if not of_children and status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return float(line.split()[1]) * 1024.0
    who = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    return resource.getrusage(who).ru_maxrss * 1024.0


def starts(populations: dict[str, int]) -> list[int]:
    """The number of the first neuron of each population, and at the end that of all neurons."""
    return [0, *np.cumsum(list(populations.values())).tolist()]


def save_spikes(path: str, times: np.ndarray, ids: np.ndarray) -> None:
    """Times in ms, in any order. Sorted by time, then neuron."""
    order = np.lexsort((ids, times))
    np.savez(path, times=np.asarray(times, float)[order], ids=np.asarray(ids, np.int64)[order])


def main() -> None:
    request: dict[str, Any] = json.loads(sys.stdin.read())
    module = importlib.import_module(f"benchmarks.in_{request['simulator']}")
    answer = getattr(module, request["verb"])(request)
    Path(request["answer"]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
