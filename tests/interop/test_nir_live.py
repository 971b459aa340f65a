"""Models of snnTorch and Norse, run and exported now, where these packages are installed: see data/make_nir.py."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

for package in ("nir", "torch", "snntorch", "norse"):
    pytest.importorskip(package)

from test_nir import MODELS, as_spikes, compare_with, outputs  # noqa: E402

import spikelearn as sl  # noqa: E402

SCRIPT = Path(__file__).parent / "data" / "make_nir.py"

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and others


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("make_nir", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # which dataclasses look up
    spec.loader.exec_module(module)
    return {name: make() for name, make in module.MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_models_have_the_same_spikes_here(made, name):
    model = made[name]
    given = model.given.astype(float)
    for inputs in (given, as_spikes(given, model.dt)):
        net = sl.from_nir(model.graph, inputs, dt=model.dt, method="euler")
        compare_with(outputs(net, len(given)), model.found)


@pytest.mark.parametrize("name", MODELS)
def test_stored_models_are_what_the_script_makes(made, name):
    stored = np.load(SCRIPT.parent / "nir" / f"{name}.npz")
    for node, values in made[name].found.items():
        np.testing.assert_allclose(stored[f"found {node}"].astype(float), values, atol=1e-5)
