"""What is given is a real number, a quantity of any library, or an array of them; all else is refused by name."""

import array
import collections
import datetime
import decimal
import fractions

import neo
import numpy as np
import pandas
import pint
import polars
import pytest
import quantities
import xarray
from oracles import brian2_oracle
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import ParameterError, SpikelearnError, UnitError
from spikelearn.units import plain
from spikelearn.values import flag, name, one_number, whole_number, whole_numbers, word

brian2 = brian2_oracle.import_brian2()
ureg = pint.UnitRegistry()
SECONDS = {
    "brian2": lambda x: x * brian2.second,
    "brian2 in a list": lambda x: [each * brian2.second for each in np.atleast_1d(x)],
    "brian2 in a Series": lambda x: pandas.Series([each * brian2.second for each in np.atleast_1d(x)]),
    "pint": lambda x: ureg.Quantity(x, "s"),
    "pint in a list": lambda x: [ureg.Quantity(each, "s") for each in np.atleast_1d(x)],
    "pint in xarray": lambda x: xarray.DataArray(ureg.Quantity(x, "s")),
    "quantities": lambda x: x * quantities.s,
    "quantities in a list": lambda x: [each * quantities.s for each in np.atleast_1d(x)],
    "Neo": lambda x: neo.SpikeTrain(np.atleast_1d(x) * quantities.s, t_stop=100.0),
    "pandas": lambda x: pandas.to_timedelta(np.atleast_1d(x), unit="s"),
    "pandas Series": lambda x: pandas.Series(pandas.to_timedelta(np.atleast_1d(x), unit="s")),
    "pandas objects": lambda x: pandas.Series([pandas.Timedelta(each, "s") for each in np.atleast_1d(x)], dtype=object),
    "polars": lambda x: polars.Series([datetime.timedelta(seconds=float(each)) for each in np.atleast_1d(x)]),
    "numpy": lambda x: np.round(np.multiply(x, 1e6)).astype("m8[us]"),
    "datetime": lambda x: [datetime.timedelta(seconds=float(each)) for each in np.atleast_1d(x)],
}


class OtherQuantity:
    """A quantity of a library that nobody knows."""

    def __init__(self, unit="units"):
        setattr(self, unit, "s")

    def __array__(self, dtype=None, copy=None):
        return np.array([1.0])

    def __float__(self):
        return 1.0


NO_NUMBERS = {
    "None": None, "text": "1", "bytes": b"1", "texts": ["1", "2"], "array of text": np.array(["1"]), "True": True,
    "numpy True": np.True_, "booleans": np.array([True]), "a boolean among numbers": [1.0, True], "complex": 1j,
    "complex array": np.array([1 + 0j]), "None among numbers": [1.0, None], "not masked": np.ma.array([1.0]),
    "masked": np.ma.array([1.0, 2.0], mask=[0, 1]), "objects": np.array([1.0, 2.0], dtype=object),
    "records": np.zeros(2, [("x", float)]),
    "dict": {1: 2}, "set": {1.0}, "generator": (x for x in [1.0]), "function": len, "type": np.float64,
    "ragged": [[1.0, 2.0], [3.0]], "huge": 10**400, "huge in a list": [10**400], "months": np.timedelta64(1, "M"),
    "ticks without unit": np.array([1]).view("m8")[0], "date": np.datetime64("2020-01-01"),
    "timestamp": pandas.Timestamp("2020"), "pint texts": ureg.Quantity(np.array(["1"]), "s"),
    "pint unit": ureg.s, "volts of pint": ureg.Quantity(1.0, "mV"),
    "volts of quantities": 20 * quantities.mV, "volts of brian2": brian2.volt, "a list of volts": [1.0, brian2.mV],
    "unknown units": OtherQuantity(), "unknown magnitude": OtherQuantity("magnitude"),
    "unknown unit": OtherQuantity("unit"),
    "described": xarray.DataArray([1.0], attrs={"units": "s"}), "missing": pandas.Series(["1", None]),
}  # fmt: skip


@pytest.mark.parametrize("library", SECONDS)
@pytest.mark.parametrize("seconds", [[0.02, 1.0], [3.0]])
def test_quantities_of_any_library_are_converted_by_their_own_unit(library, seconds):
    EXACT.check(np.ravel(plain(SECONDS[library](np.array(seconds)), "ms", "x")), 1000.0 * np.array(seconds))


def test_scalar_quantities_are_one_number():
    given = ureg.Quantity(1, "s"), 1 * quantities.s, quantities.s, pandas.Timedelta("1s"), np.timedelta64(1, "s")
    for each in (*given, datetime.timedelta(seconds=1), brian2.second):
        assert plain(each, "ms", "x") == 1000.0 and type(plain(each, "ms", "x")) is float


@pytest.mark.parametrize("unit", ["mV", "pA", "pF", "nS", "Hz", "mV/ms", "1/ms", "Mohm", "1"])
def test_all_units_of_the_project_are_known_to_other_libraries(unit):
    for quantity in (
        ureg.Quantity(2.0, "" if unit == "1" else unit),
        quantities.Quantity(2.0, "" if unit == "1" else unit),
    ):
        assert plain(quantity, unit, "x") == 2.0
        with pytest.raises(UnitError, match="x: expected ms"):
            plain(quantity, "ms", "x")


@pytest.mark.parametrize("given", NO_NUMBERS)
def test_what_is_not_a_real_number_or_has_another_unit_is_refused_by_name(given):
    with pytest.raises(UnitError, match="^tau of X"):
        plain(NO_NUMBERS[given], "ms", "tau of X")


def test_lists_that_contain_themselves_are_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(UnitError, match="tau of X"):
        plain(endless, "ms", "tau of X")


REAL = [
    3, np.int8(3), np.float16(3), np.float32(3), np.uint64(3), fractions.Fraction(3), decimal.Decimal(3), np.array(3),
]  # fmt: skip


@pytest.mark.parametrize("given", REAL, ids=lambda given: type(given).__name__)
def test_real_numbers_of_every_type_are_accepted(given):
    assert plain(given, "ms", "x") == 3.0 and type(plain(given, "ms", "x")) is float


ARRAYS = [
    [1, 2.0], (1, np.float32(2)), range(1, 3), collections.deque([1, 2]), array.array("d", [1, 2]),
    np.array([1, 2], "u1"), pandas.Series([1, 2]), pandas.Series([1, 2], dtype="Int64"), polars.Series([1.0, 2.0]),
    xarray.DataArray([1.0, 2.0]),
    pandas.Series([1.0, 2.0], index=["unit", "magnitude"]), np.asfortranarray([1.0, 2.0]), np.arange(5.0)[1:3],
]  # fmt: skip


@pytest.mark.parametrize("given", ARRAYS, ids=lambda given: type(given).__name__)
def test_arrays_of_every_type_are_copied_and_read_only(given):
    numbers = plain(given, "ms", "x")
    EXACT.check(numbers, np.array([1.0, 2.0]))
    assert numbers.dtype == np.float64 and not numbers.flags.writeable and numbers.flags.c_contiguous
    if isinstance(given, np.ndarray):
        given[:] = 9
        EXACT.check(numbers, np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "value", [1.5, -1, "3", None, True, [3], np.array([3]), float("nan"), float("inf"), 10**30, 1j]
)
def test_a_count_is_a_whole_number(value):
    with pytest.raises(SpikelearnError, match="n of X: expected a whole number of at least 0"):
        whole_number(value, "n of X")


def test_whole_numbers_of_any_type_are_ints():
    for value in (3, 3.0, np.int8(3), np.uint64(3), np.float32(3)):
        assert whole_number(value, "n") == 3 and type(whole_number(value, "n")) is int


@pytest.mark.parametrize(
    "values", [[1.5], ["1"], None, [True, False], [1, True], [[1], [2]], {1}, [2**64 - 1], np.ma.array([1]), [None], 1j]
)
def test_indices_are_whole_numbers(values):
    with pytest.raises(SpikelearnError, match="ids of X: expected"):
        whole_numbers(values, "ids of X")


@pytest.mark.parametrize("value", ["no", 1, 0, None, "", [], np.array([True]), 1.0])
def test_a_flag_is_true_or_false(value):
    with pytest.raises(SpikelearnError, match="plastic of X: expected True or False"):
        flag(value, "plastic of X")


@pytest.mark.parametrize("value", ["", 5, None, "\ud800", "a\0b", "a\nb", b"a", "x" * 1001, ["a"]])
def test_a_name_can_be_printed_and_saved(value):
    with pytest.raises(SpikelearnError, match="name of X: expected a name"):
        name(value, "name of X")


@pytest.mark.parametrize("value", ["c", None, 1, ["a"], {}])
def test_a_word_is_one_of_those_known(value):
    with pytest.raises(SpikelearnError, match="kind of X: expected 'a' or 'b'"):
        word(value, ("a", "b"), "kind of X")


@pytest.mark.parametrize("value", [0.0, -1.0, [1.0], float("nan"), float("inf"), 11])
def test_one_number_within_its_range(value):
    with pytest.raises(SpikelearnError, match="tau of X: expected"):
        one_number(value, "ms", "tau of X", above=0.0, most=10.0)


@pytest.mark.parametrize(
    ("model", "rate"),
    [
        (sl.EscapeNoiseLIF, "rho_0"), (sl.SRM0, "rho_0"), (sl.GIF, "lambda_0"), (sl.PlateauPyramidal, "phi_max"),
        (sl.PyramidalUrbanczik, "phi_max"),
    ],
)  # fmt: skip
def test_a_hazard_may_be_zero_and_not_less(model, rate):
    assert getattr(model(**{rate: 0.0}).parameters, rate) == 0.0
    with pytest.raises(ParameterError, match=f"{rate} must be at least 0 Hz, got -1"):
        model(**{rate: -1.0})
