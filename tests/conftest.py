"""What makes all tests together faster: the order of their files, and what is not done a second time.

Figures that tests draw must look as they were recorded, in looks/: see `looks_as_recorded`. Where NEST cannot be
installed, which is from Python 3.14 on, what needs it is skipped.
"""

import gc
import sys
from collections import Counter

import looks_of_figures
import pytest

LONGEST_FIRST = (
    "reference/test_validation.py", "unit/test_learners.py", "unit/test_changed_values.py",
    "interop/test_from_brian2.py", "reference/test_other_engines.py", "unit/test_additions.py",
    "property/test_any_network.py", "unit/test_checkpoint.py", "reference/test_coming_from.py",
    "reproduction/test_digits.py", "interop/test_nir.py", "naive/test_signals.py", "interop/test_pynn_numbers.py",
    "reference/test_receptors.py", "unit/test_vectorised.py", "unit/test_switching.py",
    "reproduction/test_nested_memory.py",
)  # fmt: skip
"""Files that take more than 20 s of a processor if nothing is compiled yet, the longest first."""


LOOKS = {"reproduction": 0.3, "unit": 1e-3}
"""Folder of tests whose figures are compared -> by what share of an axis numbers may differ from those recorded.

Networks of reproductions are chaotic: another processor draws other spikes.
"""
UNIT_TESTS_OF_FIGURES = {
    "test_comparison", "test_graphs", "test_panels", "test_pictures", "test_plots", "test_recorded_signals",
    "test_several_recordings", "test_sweep_plots", "test_fitting", "test_measures_of_models",
}  # fmt: skip
LACKS_NEST = sys.version_info >= (3, 14)
"""Whether the extra that installs NEST leaves it out, for want of a wheel."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """A test that needs NEST is skipped if, and only if, NEST cannot be there."""
    try:
        return (yield)
    except Exception as error:
        if LACKS_NEST and is_for_want_of_nest(error):
            pytest.skip("NEST has no wheel for this version of Python")
        raise


def is_for_want_of_nest(error):
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name in ("nest", "nest-simulator"):
            return True
        error = error.__cause__ or error.__context__
    return False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Whole files in the order of LONGEST_FIRST, then those of most tests; xdist hands them out in this order.

    So no process waits for another at the end.
    """
    tests = Counter(item.path for item in items)
    longest = {path: k for k, path in enumerate(LONGEST_FIRST)}

    def place(item):
        name = f"{item.path.parent.name}/{item.path.name}"
        return longest.get(name, len(longest)), -tests[item.path]

    items.sort(key=place)


def pytest_collection_finish():
    """What is collected stays until the end: without this, garbage is looked for among half a million objects."""
    if "oracles.brian2_oracle" in sys.modules:
        remember_exponentials()
    gc.collect()
    gc.freeze()


def remember_exponentials():
    """Let sympy find the exponential of a symbolic matrix once.

    Brian2 asks for it wherever a group has a closed form, and needs 3 s for that of LIF.
    """
    import sympy

    exp, known = sympy.MutableDenseMatrix.exp, {}

    def once(matrix):
        key = sympy.ImmutableDenseMatrix(matrix)
        if key not in known:
            known[key] = exp(matrix)
        return known[key].copy()

    sympy.MutableDenseMatrix.exp = once


def pytest_addoption(parser):
    about = "record the looks of figures that tests draw, in tests/looks, instead of comparing them"
    parser.addoption("--record-looks", action="store_true", help=about)


@pytest.fixture(autouse=True)
def looks_as_recorded(request, monkeypatch):
    """After a test, the figures that it made must look as recorded: pytest --record-looks FILE records them.

    Look at them before: the record only says that a figure changed.
    """
    folder, file = request.path.parent.name, request.path
    seen = folder in LOOKS and (folder != "unit" or file.stem in UNIT_TESTS_OF_FIGURES)
    if not seen or request.node.get_closest_marker("slow"):
        yield
        return
    from matplotlib.figure import Figure

    figures, make = [], Figure.__init__

    def made(figure, *arguments, **named):
        figures.append(figure)
        make(figure, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Figure, "__init__", made)
        yield
    exact, of_seeds = folder == "unit", request.node.stash.get(looks_of_figures.OF_OTHER_SEEDS, {})
    figures = [figure for figure in figures if not any(figure in others for others in of_seeds.values())]
    looks = [looks_of_figures.look_of(figure, exact) for figure in figures]
    for figure, others in of_seeds.items():
        k = figures.index(figure)
        looks[k] = looks_of_figures.fixed(looks[k], [looks_of_figures.look_of(each, exact) for each in others], 1e-3)
    name, recorded = request.node.name, looks_of_figures.read(file)
    if request.config.getoption("--record-looks"):
        if recorded.get(name, []) != looks:
            recorded.pop(name, None)
            looks_of_figures.write(file, recorded | ({name: looks} if looks else {}))
        return
    for k, (found, expected) in enumerate(zip(looks, recorded.get(name, []), strict=False)):
        differs = looks_of_figures.difference(found, expected, LOOKS[folder])
        assert differs is None, f"figure {k} of {name}: {differs}"
    assert len(looks) == len(recorded.get(name, [])), f"{len(looks)} figures; see pytest --record-looks"
