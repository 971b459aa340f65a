"""`python -m spikelearn` is the same as `spikelearn`."""

import sys

from spikelearn.cli import main

if __name__ == "__main__":
    sys.exit(main())
