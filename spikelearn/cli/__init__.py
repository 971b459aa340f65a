"""The command line. Arguments and printing only."""

from spikelearn.cli.command import main

__all__ = ["main"]
