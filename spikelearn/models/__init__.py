"""Models of published networks, each importable as `spikelearn.models.NAME`.

The model files are in this folder in an installed package, and in `models/` in a checkout.
"""

from spikelearn.experiments.model_file import models_directory as _models_directory

__path__ = [str(_models_directory())]
