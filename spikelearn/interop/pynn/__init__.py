"""spikelearn as a back-end of PyNN: `import spikelearn.pynn as sim`."""

from spikelearn.extras import needed as _needed

_needed("pyNN", "networks from PyNN", "pynn")

from pyNN import errors, random, space
from pyNN.connectors import *
from pyNN.network import Network
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.recording import *
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType

from spikelearn.interop.pynn.cells import *
from spikelearn.interop.pynn.composed import *
from spikelearn.interop.pynn.connectors import *
from spikelearn.interop.pynn.control import *
from spikelearn.interop.pynn.electrodes import (
    ACSource,
    DCSource,
    NoisyCurrentSource,
    StepCurrentSource,
)
from spikelearn.interop.pynn.native import *
from spikelearn.interop.pynn.populations import Assembly, Population, PopulationView
from spikelearn.interop.pynn.projections import Projection
from spikelearn.interop.pynn.sources import *
from spikelearn.interop.pynn.synapses import *
from spikelearn.interop.pynn.unavailable import *


def list_standard_models() -> list[str]:
    """The names of all standard cells that there are."""
    return [
        name
        for name, each in globals().items()
        if isinstance(each, type) and issubclass(each, StandardCellType) and each is not StandardCellType
    ]
