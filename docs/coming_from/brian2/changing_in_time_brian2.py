# "Changing things during a run" of the third tutorial of Brian2
from brian2 import *

A = 2.5
f = 10*Hz
tau = 5*ms
# Let's create an array that couldn't be reproduced with a formula
num_samples = int(200*ms/defaultclock.dt)
I_arr = zeros(num_samples)
for k in range(100):
    a = (k * 733) % num_samples
    I_arr[a:a+100] = (k * 37 % 101) / 101
I_recorded = TimedArray(A*I_arr, dt=defaultclock.dt)
eqs = '''
dv/dt = (I-v)/tau : 1
I = I_recorded(t) + 0.5*A*sin(2*pi*f*t) : 1
'''
G = NeuronGroup(1, eqs, threshold='v>1', reset='v=0', method='euler')
M = StateMonitor(G, ('v', 'I'), record=True)
run(200*ms)

plot(M.t/ms, M.v[0], label='v')
xlabel('Time (ms)')
ylabel('v')
show()
