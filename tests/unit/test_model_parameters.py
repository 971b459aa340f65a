"""Parameters and constants of models stay those with which results on record were made.

What is expected agrees with itself. A change that is meant is written down by
`python tests/unit/test_model_parameters.py`; a new model need not be there.
"""

import ast
import dataclasses
import json
from importlib import import_module
from pathlib import Path

import pytest

from spikelearn.experiments import json_value, list_experiments, load_experiment

FILE = Path(__file__).parent / "model_parameters.json"
KNOWN = json.loads(FILE.read_text()) if FILE.exists() else {}


def parameters_of(name):
    """{parameter: default}, what the short form sets, the range of each metric that is expected, and constants."""
    model = load_experiment(name)
    defaults = dataclasses.asdict(model.parameters())
    expected = {name: [each.low, each.high] for name, each in model.published.items()}
    found = {"defaults": defaults, "quick": model.quick, "expected": expected, "constants": constants_of(model)}
    return json.loads(json.dumps(found, default=json_value))


def constants_of(model):
    """{name: as text} of what the module of a model assigns to names in capitals, but for what is texts for people."""
    module, found = import_module(f"spikelearn.models.{model.name}"), {}
    for node in ast.parse(model.path.read_text(encoding="utf-8")).body:
        for target in node.targets if isinstance(node, ast.Assign) else []:
            for each in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(each, ast.Name) and each.id.isupper() and each.id not in ("TUNED", "PUBLISHED", "QUICK"):
                    value = getattr(module, each.id)
                    found[each.id] = repr(sorted(value, key=repr) if isinstance(value, set | frozenset) else value)
    # A function's text has its address.
    return {name: text for name, text in found.items() if " at 0x" not in text}


@pytest.mark.parametrize("name", KNOWN)
def test_parameters_are_those_of_the_results_on_record(name):
    assert parameters_of(name) == KNOWN[name]


def test_most_models_are_known():
    assert len(KNOWN) > 50


@pytest.mark.parametrize("name", [each.name for each in list_experiments()])
def test_ranges_have_a_lower_and_an_upper_end_and_hold_the_number_that_is_expected(name):
    for metric, expected in load_experiment(name).published.items():
        if expected.low is not None and expected.high is not None:
            assert expected.low <= expected.high, metric
        if isinstance(expected.value, int | float):
            assert expected.agrees(expected.value) is not False, metric


if __name__ == "__main__":
    found = {each.name: parameters_of(each.name) for each in list_experiments()}
    lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
