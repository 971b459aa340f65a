"""A session: every run in its own process, simulators in turn, each measurement a line of a file.

A round is one run of every simulator at every number of threads, one after another; ratios are taken only within
rounds. An interrupted session resumes with the first incomplete round. Runs that fail or take too long are recorded as
errors.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import in_auryn
from benchmarks.agreement import dynamics
from benchmarks.networks import Network, as_request

ROOT = Path(__file__).resolve().parent.parent
COMPILED = ("annarchy", "auryn", "brainpy")
"""Simulators that compile each network anew."""
PACKAGES = {
    "spikelearn": "spikelearn", "nest": "nest-simulator", "brian2": "brian2", "annarchy": "ANNarchy",
    "brainpy": "brainpy", "nest_host": "nest-simulator",
}  # fmt: skip
BYTES_PER_SYNAPSE = ("static, one weight", "static, own weights", "stdp", "dopamine")
IN_DEGREES = (400, 1600)
"""Inputs of each of 10,000 neurons, small and large, for the bytes per synapse."""

MOST_SYNAPSES_TO_GET_READY = 2e7


@dataclass
class Session:
    """folder: raw measurements and compiled code. pythons: simulator -> interpreter; peers without one are missing.
    timeout: seconds for one run; compiling may take four times as long."""

    folder: Path
    pythons: dict[str, str]
    timeout: float = 300.0
    say: Callable[[str], None] = print
    records: list[dict[str, Any]] = field(default_factory=list)

    @property
    def raw(self) -> Path:
        return self.folder / "raw.jsonl"

    def write(self, record: dict[str, Any]) -> None:
        self.records.append(record)
        with self.raw.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def job(self, simulator: str, verb: str, threads: int = 1, cache: str | None = None, **more: Any) -> dict[str, Any]:
        """The result of a job, with the wall seconds of its whole process; or an error message."""
        with tempfile.TemporaryDirectory() as scratch:
            files = {name: str(Path(scratch) / name) for name in ("answer", "spikes.npz")}
            request = {"simulator": simulator, "verb": verb, "threads": threads, "answer": files["answer"], **more}
            request["spikes"] = files["spikes.npz"]
            environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1"}
            # XLA reads these when jax is imported.
            environment |= {"PJRT_NPROC": str(threads), "JAX_PLATFORMS": "cpu"}
            environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
            if cache:
                environment |= {"SPIKELEARN_CACHE": cache, "NUMBA_CACHE_DIR": str(Path(cache) / "numba")}
            limit = self.timeout * (4.0 if verb == "prepare" else 1.0)
            begun = time.perf_counter()
            try:
                done = subprocess.run(
                    [self.pythons[simulator], "-m", "benchmarks.job"], input=json.dumps(request), cwd=scratch,
                    env=environment, capture_output=True, text=True, check=False, timeout=limit,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return {"error": f"stopped after {limit:g} s"}
            spent = time.perf_counter() - begun
            if done.returncode != 0:
                last = (done.stderr.strip() or done.stdout.strip()).splitlines()
                return {"error": last[-1] if last else f"ended with {done.returncode}", "stderr": done.stderr[-4000:]}
            answer = json.loads(Path(files["answer"]).read_text()) | {"process_s": spent}
            if verb == "run":
                with np.load(files["spikes.npz"]) as found:
                    times, ids = found["times"], found["ids"]
                start, stop = more["rates_from"], more["duration"]
                answer["dynamics"] = dynamics(times, ids, more["populations"], start, stop)
            return answer

    def compiled_folder(self, simulator: str, network: Network, threads: int) -> Path:
        made = self.folder / "compiled" / f"{simulator}_{network.name}_{threads}"
        made.mkdir(parents=True, exist_ok=True)
        return made

    def prepare(self, simulator: str, network: Network, threads: int) -> dict[str, Any]:
        """Compile the code of this simulator for a network, unless this has been done for the same numbers."""
        folder = self.compiled_folder(simulator, network, threads)
        request, marker = json.dumps(as_request(network), sort_keys=True), folder / "prepared.json"
        if marker.exists() and (kept := json.loads(marker.read_text()))["network"] == request:
            return kept["answer"]
        answer = self.job(simulator, "prepare", threads, **as_request(network), seed=0, folder=str(folder))
        if "error" not in answer:
            marker.write_text(json.dumps({"network": request, "answer": answer}))
        return answer

    def gets_ready(self, simulator: str, network: Network) -> bool:
        """NEST compiles nothing. spikelearn compiles the same code for a large network as for the small one of its
        family that comes before it, so the large one is not built just for that."""
        return not simulator.startswith("nest") and (
            simulator != "spikelearn" or network.synapses < MOST_SYNAPSES_TO_GET_READY
        )

    def rounds(self, network: Network, repeats: int, threads: Sequence[int], simulators: Sequence[str]) -> None:
        """Complete rounds are not measured again; networks that cannot be compiled are not run."""
        takes = [(each, number) for number in network.threads if number in threads for each in simulators]
        wanted = {f"{each} {number}" for each, number in takes}
        kept = complete_rounds(self.records, network.name, wanted)
        missing = [repeat for repeat in range(1, repeats + 1) if repeat not in kept]
        if not missing or not takes:
            return
        failed = {}
        for simulator, number in takes:
            if self.gets_ready(simulator, network):
                self.say(f"{network.name}: preparing {simulator}, {number} threads")
                answer = self.prepare(simulator, network, number)
                record = {"what": "prepare", "network": network.name, "simulator": simulator, "threads": number}
                self.write(record | stamp() | answer)
                if "error" in answer:
                    failed[simulator, number] = answer["error"]
        for repeat in missing:
            begun = now()
            order = takes if repeat % 2 else takes[::-1]
            for simulator, number in order:
                self.say(f"{network.name}: round {repeat} of {repeats}, {simulator}, {number} threads")
                if (simulator, number) in failed:
                    answer = {"error": failed[simulator, number]}
                else:
                    folder = self.compiled_folder(simulator, network, number)
                    answer = self.job(
                        simulator, "run", number, **as_request(network), seed=repeat, folder=str(folder),
                        rates_from=network.rates_from,
                    )  # fmt: skip
                    if answer.get("error", "").startswith("stopped after"):
                        failed[simulator, number] = answer["error"]
                self.write({
                    "what": "run", "network": network.name, "simulator": simulator, "threads": number,
                    "repeat": repeat, "round": begun, "members": sorted(wanted), **stamp(), **answer,
                })  # fmt: skip

    def start_up(self, repeats: int) -> None:
        """Whole processes. spikelearn's first run has a new cache folder (cold); the next two are warm.

        Those that compile for each network are not included."""
        for repeat in range(1, repeats + 1):
            if any(r["what"] == "start_up" and r["repeat"] == repeat for r in self.records):
                continue
            found = []
            for simulator in [each for each in self.pythons if each not in COMPILED]:
                self.say(f"start-up: round {repeat} of {repeats}, {simulator}")
                with tempfile.TemporaryDirectory() as cache:
                    for temperature in ("cold", "warm", "warm") if simulator == "spikelearn" else ("warm",):
                        answer = self.job(simulator, "start_up", cache=cache)
                        found.append({"simulator": simulator, "temperature": temperature, **answer})
            for each in found:
                self.write({"what": "start_up", "repeat": repeat, **each, **stamp()})

    def memory(self) -> None:
        """Peak memory of processes with few and with many synapses. One before them fills the cache, since compiling
        has a peak itself."""
        for simulator in [each for each in self.pythons if each in ("spikelearn", "nest")]:
            for kind in BYTES_PER_SYNAPSE:
                if any(
                    r["what"] == "memory" and (r["simulator"], r["kind"]) == (simulator, kind) for r in self.records
                ):
                    continue
                self.say(f"memory: {simulator}, {kind}")
                self.job(simulator, "memory", kind=kind, in_degree=IN_DEGREES[0])
                found = [self.job(simulator, "memory", kind=kind, in_degree=number) for number in IN_DEGREES]
                record = {"what": "memory", "simulator": simulator, "kind": kind, **stamp()}
                errors = [each["error"] for each in found if "error" in each]
                if errors:
                    self.write(record | {"error": errors[0]})
                else:
                    self.write(record | {key: [each[key] for each in found] for key in ("peak_bytes", "synapses")})

    def trials(self, repeats: int, n: int) -> None:
        for repeat in range(1, repeats + 1):
            if any(r["what"] == "trials" and r["repeat"] == repeat for r in self.records):
                continue
            self.say(f"trials: {repeat} of {repeats}")
            self.write({"what": "trials", "repeat": repeat, "n": n, **stamp(), **self.job("spikelearn", "trials", n=n)})


def now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")


def stamp() -> dict[str, Any]:
    return {"at": now(), "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None}


def read(raw: Path) -> list[dict[str, Any]]:
    """The measurements of a file, without a truncated last line."""
    found = []
    for line in raw.read_text().splitlines() if raw.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def complete_rounds(
    records: Sequence[dict[str, Any]], network: str, members: set[str] | None = None
) -> dict[int, list[dict[str, Any]]]:
    """repeat -> the runs of its last round, if complete (and equal to `members`, if given)."""
    by_round: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for record in records:
        if record["what"] == "run" and record["network"] == network:
            by_round.setdefault((record["repeat"], record["round"]), []).append(record)
    found = {}
    for (repeat, _), runs in by_round.items():
        there = {f"{run['simulator']} {run['threads']}" for run in runs}
        if there == set(runs[0]["members"]) and (members is None or there == members):
            found[repeat] = runs
    return found


def interpreters(peers: Sequence[str], other_pythons: dict[str, str]) -> Iterator[tuple[str, str, str | None]]:
    """(simulator, its interpreter, its version or None if it is not installed there).

    Auryn is no Python package, and a NEST that was compiled on this machine is known to its own interpreter only.
    """
    for simulator in ("spikelearn", *peers):
        python = other_pythons.get(simulator, sys.executable)
        if simulator == "auryn":
            yield simulator, python, in_auryn.version()
        elif simulator == "nest_host":
            asked = "import nest; print(); print(nest.build_info['version'])"
            yield simulator, python, answer_of(python, asked) if simulator in other_pythons else None
        else:
            yield simulator, python, version(PACKAGES[simulator], python)


def version(package: str, python: str) -> str | None:
    if python == sys.executable:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "from source" if package == "spikelearn" else None
    return answer_of(python, f"import importlib.metadata as m; print(m.version({package!r}))")


def answer_of(python: str, program: str) -> str | None:
    """The last line that a program prints; None if it fails."""
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    return done.stdout.strip().rpartition("\n")[2] if done.returncode == 0 else None


def processor() -> str:
    """The processor's name, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """The processor, the cores, the memory, the load and the versions relevant to all runs."""
    found: dict[str, Any] = {"processor": processor(), "cores": os.cpu_count()}
    try:
        total = next(x for x in Path("/proc/meminfo").read_text().splitlines() if x.startswith("MemTotal"))
        found["memory_gb"] = round(int(total.split()[1]) / 1024**2)
    except (OSError, StopIteration):
        pass
    packages = {name: version(name, sys.executable) for name in ("numpy", "numba")}
    return found | {"python": platform.python_version(), "packages": packages, **stamp()}
