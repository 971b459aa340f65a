"""Reading and writing runs."""

from spikelearn.io.run_file import RunWriter, load, load_extra, save

__all__ = ["RunWriter", "load", "load_extra", "save"]
