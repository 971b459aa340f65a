"""spikelearn beside other simulators: the same networks, in turn, on the same machine.

    networks.py                                            parameters of each network, once, as plain data
    in_spikelearn.py in_nest.py in_brian2.py in_annarchy.py  each network in that simulator's own best way
    brian2_networks.py                                     as Brian2 describes them; in_brian2.py compiles and runs them
    job.py                                                 one run, in a process of its own
    session.py                                             who runs when; the file of raw measurements
    agreement.py                                           whether simulators fire alike
    goals.py                                               what was asked for, and figures from another machine
    report.py, figures.py                                  tables and plots of docs/benchmarks.md
    profile_page.py                                        where the time goes: docs/profile.md

scripts/benchmark.py and scripts/profile.py drive it.
"""
