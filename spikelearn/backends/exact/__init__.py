"""The engine "events": continuous time, a queue of events, neurons advanced in closed form from one event to the next.

No times are rounded: spike lists, delays, currents and refractory periods are exact. dt is only the grid on which
state variables are sampled and runs end. It runs on one thread.
"""
