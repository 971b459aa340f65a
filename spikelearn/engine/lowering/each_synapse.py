"""Parameters that differ among the synapses of a projection: drawn, or from arrays, and put in the order of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.description.distributions import drawn, sample
from spikelearn.description.projection import Projection
from spikelearn.engine.lowering.synapse_tables import count_alone
from spikelearn.engine.plan import Plan
from spikelearn.errors import ParameterError
from spikelearn.parameters import checked

OF_SYNAPSE, OF_RULE = 2, 3
"""Parameters of synapses are drawn from generators seeded with (seed, uid, one of these, number of the parameter)."""


def of_each(
    model: Any, parameters: Any, varying: Sequence[str], stream: int, projection: Projection, plan: Plan,
    located: Mapping[str, np.ndarray],
) -> Any:  # fmt: skip
    """The parameters of a synapse model or rule with an array, one value for each located synapse, for all `varying`.

    Distributions are drawn with NumPy for all synapses of all shares, in the order in which their rule made them.
    Raises ParameterError for values that the model does not accept.
    """
    if not varying:
        return parameters
    n_all = len(located["numbers"]) if plan.share.of == 1 else count_alone(projection, plan.seed)
    columns = {}
    for name in varying:
        values = drawn(getattr(parameters, name), model.units[name], name)
        if values.values is not None and values.values.ndim == 2:
            columns[name] = values.values[located["pre"], located["post"]]
        else:
            generator = np.random.default_rng([plan.seed, projection.uid, stream, parameters._fields.index(name)])
            columns[name] = sample(values, n_all, generator)[located["numbers"]]
    every = parameters._replace(**columns)
    _check_each(model, every, columns, projection)
    return every


def by_synapse(function: Callable[..., Mapping[str, Any]], every: Any, *more: Any) -> Mapping[str, Any]:
    """function(parameters, *more) of each synapse: at once, if it takes arrays, else one after the other."""
    try:
        return function(every, *more)
    except (TypeError, ValueError):
        rows = [
            function(type(every)(*map(float, row)), *more) for row in zip(*np.broadcast_arrays(*every), strict=True)
        ]
        return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def in_table(values: Any, located: Mapping[str, np.ndarray], n_synapses: int) -> np.ndarray:
    """(n_synapses,): one value, or one for each located synapse, at its place in the table."""
    placed = np.zeros(n_synapses, np.asarray(values).dtype)
    placed[located["positions"]] = values
    return placed


def _check_each(model: Any, every: Any, columns: Mapping[str, np.ndarray], projection: Projection) -> None:
    """Raise ParameterError for parameters of a synapse that its model does not accept."""
    where = f"projection {projection.name!r}"
    try:
        checked(model.Parameters, every._asdict(), model.name)
        fixed = every._asdict()
        for row in zip(*(values.tolist() for values in columns.values()), strict=True):
            if complaint := model.check(model.Parameters(**{**fixed, **dict(zip(columns, row, strict=True))})):
                raise ParameterError(f"{model.name}: {complaint}")
    except ParameterError as error:
        raise ParameterError(f"{where}: {error}; a distribution takes low= and high=") from None
