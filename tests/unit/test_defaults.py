"""Defaults stay what they are: scripts rely on them without naming them.

A change that is meant is written down by `python tests/unit/test_defaults.py`; what is new need not be there.
"""

import json
from pathlib import Path

import pytest

import spikelearn as sl

FILE = Path(__file__).parent / "defaults.json"


def defaults():
    """{exported model, rule or synapse: {parameter: default}}"""
    exported = {name: getattr(getattr(sl, name), "Parameters", None) for name in sl.__all__}
    found = {name: getattr(given, "_field_defaults", None) for name, given in sorted(exported.items())}
    return {name: values for name, values in found.items() if values}


KNOWN = json.loads(FILE.read_text()) if FILE.exists() else {}


@pytest.mark.parametrize("name", KNOWN)
def test_defaults_are_those_that_scripts_rely_on(name):
    assert defaults()[name] == KNOWN[name]


def test_most_parts_are_known():
    assert len(KNOWN) > 90


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in defaults().items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
