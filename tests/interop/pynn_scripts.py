"""All scripts that are compared, for the tests and for scripts/compare_pynn.py."""

from pynn_cells import CELLS, POINT_NEURONS
from pynn_networks import NETWORKS
from pynn_sources import CURRENTS, SOURCES
from pynn_synapses import SYNAPSES

SCRIPTS = (*CELLS, *POINT_NEURONS, *SOURCES, *CURRENTS, *SYNAPSES, *NETWORKS)
