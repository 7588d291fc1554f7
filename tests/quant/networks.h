// Real networks with samples for the tests of the quantizer.
#pragma once
#include <string>
#include <vector>

#include "quant/quantizer.h"

namespace motec::test {

struct Network {
  Graph graph;  // prepared for the quantizer
  std::vector<Sample> samples;
  std::vector<int64_t> labels;  // empty: none
};

// A float network of MLPerf Tiny with its calibration set, of MOTE_SHARED_DATA: "kws".
Network load_mlperf(const std::string& name);

// Whether MOTE_SHARED_DATA is there; warns if not.
bool has_shared_data();

// Small reals, the same every time.
std::vector<Sample> random_samples(const Graph& graph, int count);

// Samples first .. last - 1.
std::vector<Sample> part(const std::vector<Sample>& samples, size_t first, size_t last);

// The number of samples whose largest output is that of the label.
int64_t count_right(const std::vector<std::vector<Tensor>>& outputs,
                    const std::vector<int64_t>& labels);

// Of two sets of outputs, in dB.
double sqnr(const std::vector<std::vector<Tensor>>& want,
            const std::vector<std::vector<Tensor>>& got);

}  // namespace motec::test
