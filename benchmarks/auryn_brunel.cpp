// Brunel's network in Auryn: sizes, rule and seed are arguments. Prints the wall seconds of building and of the
// run, and from each process its peak memory.
// Voltages are in mV and times in s.
#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>
#include <random>
#include <vector>

#include <sys/resource.h>

#include "auryn.h"

using namespace auryn;

// Auryn connects pairs with a probability; here each neuron gets the same number of synapses instead, from different
// sources: of several from one source, plastic connections would keep one.
void give_in_degree(SparseConnection* made, int in_degree, double weight, std::mt19937& random) {
    std::vector<std::vector<NeuronID>> targets(made->src->get_size());
    std::vector<NeuronID> sources(targets.size());
    std::iota(sources.begin(), sources.end(), 0);
    AurynLong number = 0;
    for (NeuronID j = 0; j < made->dst->get_size(); ++j) {
        if (!made->dst->localrank(j)) continue;
        for (int k = 0; k < in_degree; ++k, ++number) {
            std::swap(sources[k], sources[std::uniform_int_distribution<int>(k, sources.size() - 1)(random)]);
            targets[sources[k]].push_back(j);
        }
    }
    made->w->resize_buffer_and_clear(number);
    for (NeuronID i = 0; i < targets.size(); ++i)
        for (NeuronID j : targets[i]) made->w->push_back(i, j, weight);
    made->SparseConnection::finalize();
    made->finalize();
}

int main(int argc, char* argv[]) {
    std::map<std::string, double> given;
    for (int k = 3; k + 1 < argc; k += 2) given[argv[k]] = std::atof(argv[k + 1]);
    auto value = [&](const char* name) { return given.at(name); };
    auto now = [] { return std::chrono::steady_clock::now(); };
    auto seconds = [](auto begun, auto ended) { return std::chrono::duration<double>(ended - begun).count(); };
    const std::string folder = argv[1], rule = argv[2];

    auryn_init(argc, argv, folder, "brunel", "", NONE, NONE);
    sys->quiet = true;
    sys->set_master_seed(int(value("seed")));
    std::mt19937 random(int(value("seed")) * 1000 + sys->mpi_rank());
    const auto begun = now();
    IafPscDeltaGroup* groups[2];
    for (int k = 0; k < 2; ++k) {
        groups[k] = new IafPscDeltaGroup(int(value(k ? "n_inh" : "n_exc")));
        groups[k]->set_delay(int(value("delay_steps")));
        groups[k]->set_tau_mem(value("tau_m"));
        groups[k]->set_tau_ref(value("t_ref"));
        groups[k]->e_rest = value("E_L");
        groups[k]->e_reset = value("V_reset");
        groups[k]->thr = value("V_th");
        groups[k]->clear();
        auto* noise = new PoissonStimulator(groups[k], value("external_rate"), value("J"));
        noise->seed(int(value("seed")) * 1000 + 10 * k + sys->mpi_rank());
    }
    for (int source = 0; source < 2; ++source) {
        for (int target = 0; target < 2; ++target) {
            const double weight = value(source ? "J_inh" : "J");
            SparseConnection* made;
            if (rule == "stdp" && source == 0 && target == 0) {
                auto* plastic = new STDPConnection(groups[0], groups[0], weight, 0.001, 1.0,
                    value("tau_minus"), value("tau_plus"), value("W_max"), MEM);
                plastic->A = -value("A_minus");
                plastic->B = value("A_plus");
                made = plastic;
            } else {
                made = new SparseConnection(groups[source], groups[target], weight, 0.001, MEM);
            }
            made->set_transmitter(MEM);
            give_in_degree(made, int(value(source ? "in_degree_inh" : "in_degree_exc")), weight, random);
        }
    }
    for (int k = 0; k < 2; ++k) {
        const std::string name = folder + (k ? "/inh." : "/exc.") + std::to_string(sys->mpi_rank());
        new BinarySpikeMonitor(groups[k], name);
    }
    sys->run(value("dt"), false);
    const auto built = now();
    sys->run(value("duration") - value("dt"), false);
    const double built_s = seconds(begun, built), run_s = seconds(built, now());
    if (sys->mpi_rank() == 0) std::printf("\nbuilt in %.9g simulated in %.9g\n", built_s, run_s);
    rusage used;
    getrusage(RUSAGE_SELF, &used);
    std::printf("\npeak %ld KiB\n", used.ru_maxrss);
    auryn_free();
    return 0;
}
