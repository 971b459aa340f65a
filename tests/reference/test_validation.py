"""Every model and rule against its oracle: the cases of docs/validation.md, one test each."""

import pytest
from cases.case import difference
from cases.every_case import CASES

from spikelearn.neurons import MODELS, RATE_MODELS
from spikelearn.plasticity import RATE_RULES, RULES, SIGNAL_RULES, STEP_RULES
from spikelearn.synapses import GRADED_SYNAPSES, SYNAPSES


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=str(case), marks=[pytest.mark.slow] if case.slow else []) for case in CASES]
)
def test_it_is_what_its_oracle_says(case):
    found = difference(case)
    assert found.within, f"largest difference {found.largest:.3g} among {found.n}, allowed {case.tolerance}"


def test_no_two_cases_have_the_same_name():
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    "model",
    [*MODELS, *RATE_MODELS, *RULES, *SIGNAL_RULES, *RATE_RULES, *STEP_RULES, *SYNAPSES, *GRADED_SYNAPSES],
    ids=lambda m: m.name,
)
def test_every_model_and_rule_has_an_oracle(model):
    assert any(model.name in case.subject.replace(",", " ").split() for case in CASES)
