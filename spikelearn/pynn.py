"""spikelearn as a back-end of PyNN (pip install 'spikelearn[pynn]').

>>> import spikelearn.pynn as sim
"""

from spikelearn.interop.pynn import *

if __name__ == "__main__":
    from spikelearn.interop.pynn.script import main

    main()
