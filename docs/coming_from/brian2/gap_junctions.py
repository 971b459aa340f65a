# examples/synapses/gap_junctions.py of Brian2
from matplotlib.pyplot import *
import numpy as np
import spikelearn as sl

n = 10
v0 = 1.05
tau = (10, "ms")

eqs = '''
dv/dt = (v0 - v + Igap) / tau : 1
Igap : 1 # gap junction current
'''

Neuron = sl.NeuronModel.from_equations(eqs, threshold='v > 1', reset='v = 0', method='exact',
                                       parameters={'v0': v0, 'tau': tau}, ports={'gap': 'Igap = weight'})
net = sl.Network(dt=0.1)
neurons = net.population(n, Neuron, initial={'v': np.arange(n) * 1.0 / (n-1)})
net.record(neurons[[0, 5]], 'v')
S = sl.GradedSynapse.from_equations('''
             Igap_post = w * (v_pre - v_post) : 1 (summed)
             ''')
net.connect(neurons, neurons, 'gap', weight=.02, synapse=S())
trace = net.run(500).trace(neurons, 'v')

plot(trace.times, trace.values[:, 0])
plot(trace.times, trace.values[:, 1])
xlabel('Time (ms)')
ylabel('v')
show()
