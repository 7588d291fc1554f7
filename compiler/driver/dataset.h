// Data for test programs: all samples at once, each with the outputs that it expects.
#pragma once
#include <filesystem>
#include <vector>

#include "driver/samples.h"

namespace motec {

// All samples of DATA (samples.h), at least one.
std::vector<DataSet> read_data(const std::filesystem::path& data, const DataPorts& ports);

// Sets that expect nothing get what the reference evaluation of `graph` computes, states being
// zeros. Returns how many those were.
int64_t fill_expected(std::vector<DataSet>& sets, const Graph& graph, const DataPorts& ports);

}  // namespace motec
