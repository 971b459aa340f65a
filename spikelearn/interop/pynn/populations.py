"""Populations, views and assemblies. Values are kept in PyNN's units until the network is built or runs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pyNN import common, errors
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace, simplify

from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.electrodes import Injections
from spikelearn.interop.pynn.recording import Recorder
from spikelearn.interop.pynn.values import each_value, is_sequence


class Assembly(common.Assembly):
    __doc__ = common.Assembly.__doc__
    _simulator = simulator

    @property
    def local_size(self) -> int:
        """Its number of cells: a connector with a callback asks for it."""
        return int(self.size)

    @property
    def receptor_types(self) -> list[str]:
        """Those that all populations have, in the order of the first, as which is the default depends on it."""
        first, *others = (each.receptor_types for each in self.populations)
        return [each for each in first if all(each in those for those in others)]


class Cells:
    """What Population and PopulationView have in common.

    whole: the population. indices: of these neurons within it.
    """

    celltype: Any
    size: int
    whole: Population
    indices: np.ndarray

    def _get_view(self, selector: Any, label: Any = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def _get_parameters(self, *names: str) -> ParameterSpace:
        found: dict[str, Any] = {}
        for name in names:
            if name not in self.whole.parameters:
                raise errors.NonExistentParameterError(name, type(self.celltype).__name__, list(self.whole.parameters))
            values = self.whole.parameters[name][self.indices]
            if is_sequence(values):
                same = all(np.array_equal(each.value, values[0].value) for each in values)
                found[name] = LazyArray(values[0] if same else values, shape=(self.size,), dtype=ArrayParameter)
            else:
                found[name] = simplify(values)
        return ParameterSpace(found, shape=(self.size,))

    _get_native_parameters = _get_parameters

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        found = flattened(parameter_space, self.size)
        for name in found.keys() - self.whole.parameters.keys():
            raise errors.NonExistentParameterError(name, type(self.celltype).__name__, list(self.whole.parameters))
        self.celltype.check(found)
        for name, values in found.items():
            array = self.whole.parameters[name].copy()
            if array.dtype != object and values.dtype == float:
                array = array.astype(float)
            array[self.indices] = values
            self.whole.parameters[name] = array
            self.whole.changed.add(name)

    def _set_initial_value_array(self, variable: str, initial_value: Any) -> None:
        values = np.array(each_value(initial_value, self.size), float)
        initial_value.base_value, initial_value.operations = simplify(values), []  # random numbers are drawn once
        if variable not in self.whole.initial:
            self.whole.initial[variable] = np.zeros(self.whole.size)
        self.whole.initial[variable][self.indices] = values
        self.whole.initialized.add(variable)


class PopulationView(Cells, common.PopulationView):
    __doc__ = common.PopulationView.__doc__
    _assembly_class = Assembly
    _simulator = simulator

    @property
    def whole(self) -> Population:  # type: ignore[override]
        return self.grandparent

    @property
    def indices(self) -> np.ndarray:  # type: ignore[override]
        return np.asarray(self.index_in_grandparent(np.arange(self.size)))

    @property
    def initial_values(self) -> Mapping[str, Any]:
        return _InitialValuesOfView(self)


class _InitialValuesOfView(Mapping[str, Any]):
    """Initial values of some neurons of a population, in which those that are set belong to the population."""

    def __init__(self, view: PopulationView) -> None:
        self.view = view

    def __getitem__(self, variable: str) -> Any:
        return LazyArray(self.view.whole.initial[variable][self.view.indices], shape=(self.view.size,), dtype=float)

    def __setitem__(self, variable: str, value: Any) -> None:
        array = self.view.whole.initial[variable].copy()
        self.view.whole.initial_values[variable] = LazyArray(array, shape=array.shape, dtype=float)

    def __iter__(self) -> Iterator[str]:
        return iter(self.view.whole.initial)

    def __len__(self) -> int:
        return len(self.view.whole.initial)


class Population(Cells, common.Population):
    """A group of neurons of one type. See pyNN.common.Population.

    parameters, initial: name -> (size,), in PyNN's units. changed, initialized: names of those that were set since the
    network was built or has run. counted: whether one event may stand for several spikes, whose number the variable or
    the value `count` is. injections: the currents into its cells.
    """

    counted = False
    process: Any
    made: Any

    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def _create_cells(self) -> None:
        state = simulator.state
        self.whole, self.indices = self, np.arange(self.size)
        self.parameters = flattened(self.celltype.native_parameters, self.size)
        self.celltype.check(self.parameters)
        self.initial: dict[str, np.ndarray] = {}
        self.changed: set[str] = set()
        self.initialized: set[str] = set()
        self.injections = Injections()
        self.all_cells = np.empty(self.size, object)
        for k in range(self.size):
            cell = simulator.ID(state.id_counter + k)
            cell.parent = self
            self.all_cells[k] = cell
        self._mask_local = np.ones(self.size, bool)
        state.id_counter += self.size
        state.populations.append(self)

    def _set_cell_initial_value(self, id: Any, variable: str, value: float) -> None:
        if variable not in self.initial:
            raise errors.NonExistentParameterError(variable, type(self.celltype).__name__, list(self.initial))
        array = self.initial[variable].copy()
        array[self.id_to_index(id)] = value
        self.initialize(**{variable: array})


def flattened(space: ParameterSpace, size: int) -> dict[str, np.ndarray]:
    """Name -> (size,) of all parameters; those of a component are called `component.name`."""
    found: dict[str, np.ndarray] = {}
    space.shape = (size,)
    for name, value in space.items():
        if isinstance(value, ParameterSpace):
            found |= {f"{name}.{own}": values for own, values in flattened(value, size).items()}
        elif name != "locations":
            found[name] = each_value(value, size)
    for name, values in found.items():
        if not is_sequence(values) and not np.all(np.isfinite(values.astype(float))):
            raise errors.InvalidParameterValueError(f"{name}: expected finite values, got {values}")
    return found
