"""The rate of Hodgkin & Huxley's neuron (in the form of Traub & Miles) against its current."""

import numpy as np

import spikelearn as sl

conductances = {"C_m": (200, "pF"), "g_L": (10, "nS"), "g_Na": (20000, "nS"), "g_K": (6000, "nS")}
potentials = {"E_L": (-65, "mV"), "E_Na": (50, "mV"), "E_K": (-90, "mV"), "V_T": (-63, "mV")}
equations = """
dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I)/C_m : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 1.28/exprel((13 - u)/4)/ms : Hz
beta_m = 1.4/exprel((u - 40)/5)/ms : Hz
alpha_h = 0.128*exp((17 - u)/18)/ms : Hz
beta_h = 4/(1 + exp((40 - u)/5))/ms : Hz
alpha_n = 0.16/exprel((15 - u)/5)/ms : Hz
beta_n = 0.5*exp((10 - u)/40)/ms : Hz
u = (v - V_T)/mV : 1
I = 0.7*nA*i/N : amp
"""
Cell = sl.NeuronModel.from_equations(
    equations, threshold="v > -40*mV", refractory="v > -40*mV", method="exponential_euler",
    parameters={**conductances, **potentials}, initial={"v": "E_L"},
)  # fmt: skip
net = sl.Network(dt=0.05)
cells = net.population(20, Cell(), name="cells")
net.record(cells)
run = net.run(300.0)

counts = np.bincount(run.spikes(cells).ids, minlength=20)
