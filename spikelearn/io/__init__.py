"""Reading and writing runs."""

from spikelearn.io.event_files import read_events
from spikelearn.io.old_run_files import convert
from spikelearn.io.run_file import load, load_extra, save
from spikelearn.io.run_writer import RunWriter

__all__ = ["RunWriter", "convert", "load", "load_extra", "read_events", "save"]
