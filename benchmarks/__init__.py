"""spikelearn compared with other simulators: the same networks, in turn, on the same machine.

    networks.py                                            parameters of each network, once, as plain data
    in_spikelearn.py in_nest.py ...                        each network in the best way for that simulator
    brian2_networks.py                                     descriptions for Brian2; in_brian2.py compiles and runs them
    job.py                                                 one run, in its own process
    session.py                                             the order of runs; the file of raw measurements
    agreement.py                                           whether the dynamics of simulators agree
    goals.py                                               goals, and figures from another machine
    report.py, figures.py                                  tables and plots of docs/benchmarks.md
    profile_page.py                                        where the time goes: docs/profile.md

Run by scripts/benchmark.py and scripts/profile.py.
"""
