"""Models of published networks, each importable as `spikelearn.models.NAME`; `spikelearn.models()` lists what there is.

The model files are in this folder in an installed package, and in `models/` in a checkout.
"""

import sys as _sys
from types import ModuleType as _ModuleType
from typing import Any as _Any

from spikelearn.experiments.model_file import models_directory as _models_directory

__path__ = [str(_models_directory())]


class _Models(_ModuleType):
    """Importing a model makes this package `spikelearn.models`, in place of the function of that name."""

    @property
    def __wrapped__(self) -> _Any:
        from spikelearn.experiments.listing import models

        return models

    def __call__(self, name: str | None = None) -> _Any:
        return self.__wrapped__(name)


_sys.modules[__name__].__class__ = _Models
