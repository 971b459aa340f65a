"""PyNN's own system scenarios, run with any back-end: a pytest plugin, and what starts it.

PyNN's wheel has no tests; its source distribution has, and so has a checkout of its repository.

    pip download --no-deps --no-binary :all: pynn==0.13.0 && tar xf pynn-0.13.0.tar.gz
    PYNN_SOURCE=pynn-0.13.0 python tests/interop/pynn_scenarios.py spikelearn.pynn pyNN.nest pyNN.mock

prints which scenarios each of these back-ends passes.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

BACKEND, OUTCOMES = "PYNN_SCENARIOS_BACKEND", "PYNN_SCENARIOS_OUTCOMES"
POINT_NEURONS = {"nest", "brian2"}
"""Back-ends that have no compartments. Scenarios that name neither of them need some."""


def pytest_configure():
    """Each scenario names back-ends; it is given the one that is asked for instead."""
    from system.scenarios import fixtures

    name = os.environ[BACKEND]
    fixtures._loaded_modules[name] = importlib.import_module(name)

    def run_with_simulators(*names):
        if not POINT_NEURONS & set(names):
            return pytest.mark.skip("has compartments")
        return pytest.mark.parametrize("sim", [pytest.param(fixtures.LazySimulator(name), id=name)])

    fixtures.run_with_simulators = run_with_simulators


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if item.get_closest_marker("skip") is None]


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        name = report.nodeid.split("/")[-1].split("[")[0]
        message = str(getattr(report.longrepr, "reprcrash", None) or report.longrepr or "")
        with open(os.environ[OUTCOMES], "a") as file:
            file.write(json.dumps([name, report.outcome, message.strip().splitlines()[:1]]) + "\n")


def source():
    """The folder of PyNN's source that has its tests, or None."""
    given = os.environ.get("PYNN_SOURCE")
    if given is None:
        import pyNN

        given = Path(pyNN.__file__).parent.parent
    folder = Path(given).resolve()
    return folder if (folder / "test/system/scenarios").is_dir() else None


def outcomes(backend, folder, only=""):
    """{scenario: (outcome, first line of its message)}."""
    here = Path(__file__).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "outcomes"
        path = os.pathsep.join([str(here.parent), str(folder / "test"), *filter(None, [os.environ.get("PYTHONPATH")])])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", here.stem, "-p", "no:xdist", "-p", "no:cacheprovider",
             "-c", os.devnull, "--rootdir", scratch, "--import-mode=prepend", "-k", only,
             str(folder / "test/system/scenarios")],
            cwd=scratch, capture_output=True, text=True,
            env=os.environ | {BACKEND: backend, OUTCOMES: str(file), "PYTHONPATH": path, "MPLBACKEND": "agg"},
        )  # fmt: skip
        if not file.exists():
            raise RuntimeError(f"no scenario ran with {backend}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {name: (outcome, " ".join(message)) for name, outcome, message in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backends", nargs="+", help="modules, such as spikelearn.pynn or pyNN.nest")
    parser.add_argument("-k", dest="only", default="", help="only scenarios that this expression of pytest matches")
    arguments = parser.parse_args()
    folder = source()
    if folder is None:
        parser.error("PYNN_SOURCE is no folder with PyNN's tests")
    found = {backend: outcomes(backend, folder, arguments.only) for backend in arguments.backends}
    for name in sorted(set().union(*found.values())):
        print(f"{name:80}", *(found[backend].get(name, ("not run",))[0] for backend in found))
    for backend, each in found.items():
        passed = sum(outcome == "passed" for outcome, _ in each.values())
        print(f"\n{backend}: {passed} passed of {len(each)}")
        for name, (outcome, message) in sorted(each.items()):
            if outcome != "passed":
                print(f"  {outcome}: {name}: {message[:160]}")


if __name__ == "__main__":
    main()
