"""Poisson sources that are correlated within groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.sources.spikes import Poisson
from spikelearn.timed import Timed
from spikelearn.units import Quantity, plain
from spikelearn.values import whole_number, whole_numbers


class CorrelatedPoisson(Poisson):
    """Poisson neurons in groups, correlated within a group and independent between groups; at most one spike per step.

    Each group has a hidden train. In each step a neuron takes what the hidden train of its group does with probability
    sqrt(correlation), else it fires by chance of its own (Gütig, Aharonov, Rotter & Sompolinsky 2003, J Neurosci
    23:3697), so that each neuron keeps its rate. The correlation is that of the spikes of any pair of the group in one
    step; between different steps there is none. If the rates r < R of a pair differ, its correlation is smaller, by
    sqrt(r (1 - R dt) / (R (1 - r dt))): of one hidden train, the slower neuron takes some of what the faster one takes.

    rate: Hz; a number, one for each neuron, or Timed.
    correlation: from 0 to 1; a number, or one for each group.
    groups: the number of groups, of equal size and of neurons that follow one another, or (n,), the group of each
        neuron, counted from 0.
    Raises DescriptionError, ParameterError or UnitError.

    >>> net = Network(dt=1.0)
    >>> eyes = net.population(200, CorrelatedPoisson(rate=10, correlation=0.1, groups=2), name="eyes")
    """

    name = "CorrelatedPoisson"

    def __init__(self, rate: Quantity | Timed, correlation: Quantity, groups: Any = 1) -> None:
        super().__init__(rate)
        if np.ndim(groups) == 0:
            self.group = None
            self.n_groups = whole_number(groups, "groups of CorrelatedPoisson", least=1)
        else:
            self.group = whole_numbers(groups, "groups of CorrelatedPoisson")
            if self.group.ndim != 1 or self.group.size == 0 or self.group.min() < 0:
                raise DescriptionError(
                    "groups of CorrelatedPoisson: expected the number of groups, or the group of each neuron, counted "
                    f"from 0, got {groups!r:.200}"
                )
            self.n_groups = int(self.group.max()) + 1
        self.correlation = np.asarray(plain(correlation, "1", "correlation of CorrelatedPoisson"))
        if self.correlation.shape not in ((), (self.n_groups,)):
            raise DescriptionError(
                f"correlation of CorrelatedPoisson: expected one or {self.n_groups}, one per group, got shape "
                f"{self.correlation.shape}"
            )
        if not np.all((self.correlation >= 0.0) & (self.correlation <= 1.0)):
            raise ParameterError(
                f"correlation of CorrelatedPoisson: expected 0 to 1, got {self.correlation.min():g} to "
                f"{self.correlation.max():g}"
            )

    @property
    def parameters(self) -> dict[str, Any]:
        return super().parameters | {"correlation": self.correlation.tolist(), "groups": self.n_groups}

    def check_size(self, size: int, where: str) -> None:
        """Raise DescriptionError if a population of this size cannot be divided into these groups."""
        if self.group is not None and len(self.group) != size:
            raise DescriptionError(f"{where}: groups needs {size} values, one per neuron, got {len(self.group)}")
        if self.group is None and size % self.n_groups:
            raise DescriptionError(
                f"{where}: {size} neurons cannot be divided into {self.n_groups} groups of equal size; give the group "
                "of each neuron"
            )

    def group_of_each(self, size: int) -> np.ndarray:
        """(size,) int64: the group of each neuron."""
        return np.arange(size) // (size // self.n_groups) if self.group is None else self.group
