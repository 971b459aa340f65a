"""Every public function has an example in its docstring, and these run, as the reference shows them."""

import doctest
import inspect
import math

import numpy as np
import pytest
from site_pages import missing, reference

import spikelearn as sl
from spikelearn.documented import Documented

ENTRIES = reference.entries()
GIVEN = {name: getattr(sl, name) for name in sl.__all__} | {"np": np, "math": math, "sl": sl}
"""What the examples take for granted, with what is in the same package; the reference says so."""
WITHOUT = {
    "spikelearn.io.convert": "nothing writes its formats any more; unit/test_old_run_files.py has such files",
    "spikelearn.sweep.dask_cluster": "it starts processes, and Dask may warn of their end; faults/test_sweep_dask.py",
}
"""Function without an example that runs -> why."""


def examples(entry):
    """(title, docstring) of what the page of a name shows, where it has an example."""
    value = entry.value
    texts = [(entry.path, inspect.getdoc(value))] if isinstance(value, type) or callable(value) else []
    if isinstance(value, type):
        texts += [(f"{entry.path}.{name}", inspect.getdoc(member)) for name, member in reference.members(value)]
    given = GIVEN | {each.name: each.value for each in ENTRIES if each.module == entry.module}
    return [(title, (text, given)) for title, text in texts if text and ">>>" in text]


EXAMPLES = dict(each for entry in ENTRIES for each in examples(entry))


class Runner(doctest.DocTestRunner):
    """Runs an example; without a package that an extra brings the test is skipped."""

    def report_unexpected_exception(self, out, test, example, exc_info):
        if wanted := missing(exc_info[1]):
            pytest.skip(wanted)
        super().report_unexpected_exception(out, test, example, exc_info)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Brian2 calls PyParsing by its old names
@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_of_a_docstring_run(title, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, given = EXAMPLES[title]
    test = doctest.DocTestParser().get_doctest(text, dict(given), title, None, 0)
    printed = []
    runner = Runner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=printed.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(printed)


def test_every_public_function_has_an_example_that_runs():
    called = [each for each in ENTRIES if callable(each.value) and not isinstance(each.value, type | Documented)]
    functions = {each.path for each in called}
    parsed = {title: doctest.DocTestParser().get_examples(text) for title, (text, _) in EXAMPLES.items()}
    run = {title for title, found in parsed.items() if any(doctest.SKIP not in each.options for each in found)}
    assert len(functions) > 100
    assert functions - run == set(WITHOUT)
