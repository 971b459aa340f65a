"""Networks from and to NIR, the Neuromorphic Intermediate Representation (Pedersen et al. 2024, Nat. Commun. 15:8122).

graph.py opens and flattens a graph, maps.py says which synapses its linear nodes are, cells.py which neurons the others
are, paths.py what leads from neuron to neuron; reading.py makes a network of these, writing.py a graph of a network.
"""
