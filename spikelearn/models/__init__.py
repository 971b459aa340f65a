"""The models of published networks, each importable as `spikelearn.models.NAME`.

Their files are in this folder of an installed package, and in `models/` of a checkout.
"""

from spikelearn.experiments.model_file import models_directory as _models_directory

__path__ = [str(_models_directory())]
