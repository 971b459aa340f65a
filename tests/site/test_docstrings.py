"""Examples in docstrings of public names run, as the reference shows them."""

import doctest
import inspect
import math

import numpy as np
import pytest
from site_pages import reference

import spikelearn as sl

ENTRIES = reference.entries()
GIVEN = {name: getattr(sl, name) for name in sl.__all__} | {"np": np, "math": math, "sl": sl}
"""What the examples take for granted, with what is in the same package; the reference says so."""


def examples(entry):
    """(title, docstring) of what the page of a name shows, where it has an example."""
    value = entry.value
    texts = [(entry.path, inspect.getdoc(value))] if isinstance(value, type) or callable(value) else []
    if isinstance(value, type):
        texts += [(f"{entry.path}.{name}", inspect.getdoc(member)) for name, member in reference.members(value)]
    given = GIVEN | {each.name: each.value for each in ENTRIES if each.module == entry.module}
    return [(title, (text, given)) for title, text in texts if text and ">>>" in text]


EXAMPLES = dict(each for entry in ENTRIES for each in examples(entry))


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_of_a_docstring_run(title, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, given = EXAMPLES[title]
    test = doctest.DocTestParser().get_doctest(text, dict(given), title, None, 0)
    printed = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=printed.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(printed)
