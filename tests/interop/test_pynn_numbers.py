"""Each standard model, connector and recording of PyNN: the same script gives the numbers of its oracle."""

import inspect

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="needs PyNN: pip install 'spikelearn[pynn]'")

from pynn_case import SUBJECT, backend, compare, differences
from pynn_cells import CELLS
from pynn_scripts import SCRIPTS
from pynn_synapses import SYNAPSES

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),  # NEST and PyNN warn of each other
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_it_gives_the_numbers_of_its_oracle(script):
    missed = [found for found in compare(script) if not found.within]
    assert not missed, "; ".join(
        f"{found.quantity}: {found.largest:.3g} of {found.scale:.3g}, allowed {script.tolerance[found.quantity][1]}"
        for found in missed
    )


class Otherwise:
    """A back-end whose cells get a hundredth more of a current, and whose rules a hundredth more of potentiation."""

    def __init__(self, sim):
        self.sim = sim

    def __getattr__(self, name):
        found = getattr(self.sim, name)
        changed = {"SpikePairRule": "A_plus"}.get(name, "i_offset" if name in CURRENTS else None)
        if changed is None:
            return found

        def more(**given):
            return found(**{key: np.multiply(value, 1.01) if key == changed else value for key, value in given.items()})

        return more


CURRENTS = (
    "IF_curr_exp",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IF_cond_exp",
    "IF_cond_alpha",
    "Izhikevich",
    "GIF_cond_exp",
)
TOLD = [*(s for s in CELLS if s.subject in CURRENTS), *(s for s in SYNAPSES if "weights at 3 times" in s.what)]


@pytest.mark.parametrize("script", TOLD, ids=str)
def test_a_hundredth_more_is_seen(script):
    """The control: tolerances are not so wide that a wrong parameter passes."""
    sim = backend(SUBJECT)
    found = differences(script, script.run(Otherwise(sim)), script.run(sim))
    assert not all(each.within for each in found)


def test_no_two_scripts_have_the_same_name():
    assert len({str(script) for script in SCRIPTS}) == len(SCRIPTS)


def standard(kind):
    """The names of PyNN's standard models of a kind, without those that have compartments."""
    module = __import__(f"pyNN.standardmodels.{kind}", fromlist=[kind])
    return [
        name
        for name, found in vars(module).items()
        if inspect.isclass(found) and found.__module__ == module.__name__ and not name.startswith("_")
    ]


COMPARTMENTS = {"MultiCompartmentNeuron", "HasSections", "Section", "ElectricalSynapse"}


@pytest.mark.parametrize("kind", ["cells", "receptors", "synapses", "electrodes"])
def test_every_standard_model_has_a_script(kind):
    subjects = {name for script in SCRIPTS for name in script.subject.replace(",", " ").split()}
    assert not set(standard(kind)) - subjects - COMPARTMENTS
