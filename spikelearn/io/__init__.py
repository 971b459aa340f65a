"""Files: runs, and the images that some models learn."""

from spikelearn.io.mnist_files import read_mnist
from spikelearn.io.run_file import RunWriter, load, load_extra, save

__all__ = ["RunWriter", "load", "load_extra", "read_mnist", "save"]
