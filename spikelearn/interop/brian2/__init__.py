"""Networks from a user's Brian2 objects: see from_brian2. Importing this also makes the device "spikelearn" known."""

from spikelearn.interop.brian2.device import register
from spikelearn.interop.brian2.network import from_brian2

__all__ = ["from_brian2", "register"]
