"""Learning tasks, as arrays."""

from spikelearn.tasks.bars import bars, bars_distribution
from spikelearn.tasks.digits import Split, digits, split
from spikelearn.tasks.frequency import frequency_discrimination
from spikelearn.tasks.lags import spike_lags
from spikelearn.tasks.memory import Sequences, evidence_accumulation, nested_store_recall, store_recall
from spikelearn.tasks.mnist_files import read_mnist
from spikelearn.tasks.sequences import SequenceTask, sequence_task
from spikelearn.tasks.waves import wave_lags
from spikelearn.tasks.xor import xor
from spikelearn.tasks.yin_yang import yin_yang, yin_yang_class, yin_yang_grid, yin_yang_outline

__all__ = [
    "SequenceTask",
    "Sequences",
    "Split",
    "bars",
    "bars_distribution",
    "digits",
    "evidence_accumulation",
    "frequency_discrimination",
    "nested_store_recall",
    "read_mnist",
    "sequence_task",
    "spike_lags",
    "split",
    "store_recall",
    "wave_lags",
    "xor",
    "yin_yang",
    "yin_yang_class",
    "yin_yang_grid",
    "yin_yang_outline",
]
