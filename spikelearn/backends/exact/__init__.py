"""The engine "events": continuous time, a queue of events, neurons advanced in closed form from one event to the next.

No time is rounded: not those of spike lists, delays or currents, nor refractory periods. dt is only the grid on which
state variables are sampled and at which runs end. It runs on one thread.
"""
