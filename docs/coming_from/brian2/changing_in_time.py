# "Changing things during a run" of the third tutorial of Brian2
from matplotlib.pyplot import *
from numpy import *
import spikelearn as sl

A = 2.5
f = (10, "Hz")
tau = (5, "ms")
# Let's create an array that couldn't be reproduced with a formula
num_samples = int(200/0.1)
I_arr = zeros(num_samples)
for k in range(100):
    a = (k * 733) % num_samples
    I_arr[a:a+100] = (k * 37 % 101) / 101
I_recorded = sl.Timed(A*I_arr, 0.1)
eqs = '''
dv/dt = (I-v)/tau : 1
I = I_recorded(t) + 0.5*A*sin(2*pi*f*t) : 1
'''
Neuron = sl.NeuronModel.from_equations(eqs, threshold='v>1', reset='v=0', method='euler',
                                       parameters={'A': A, 'f': f, 'tau': tau, 'I_recorded': 0.0})
net = sl.Network(dt=0.1)
G = net.population(1, Neuron(I_recorded=I_recorded))
net.record(G, 'v')
M = net.run(200).trace(G, 'v')

plot(M.times, M.values[:, 0], label='v')
xlabel('Time (ms)')
ylabel('v')
show()
