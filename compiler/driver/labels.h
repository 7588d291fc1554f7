// Labels of samples, as users have them, and what a graph predicts.
#pragma once
#include <filesystem>
#include <vector>

#include "driver/samples.h"
#include "driver/terminal.h"
#include "report/accuracy.h"

namespace motec {

// One class per sample: integers in an .npy file, or in a text file, one a line. Fails with E5040.
std::vector<int64_t> read_labels(const std::filesystem::path& path);

// Fails with E5041 to E5043 unless there is one label for each sample, and each is a class of the
// graph's only output, which has one score per class.
void check_labels(const std::vector<int64_t>& labels, const Graph& graph, int64_t samples);

// What a graph takes the samples for, evaluated on all processors with progress on the terminal.
//
//   const Predictions before = predict(graph, samples, labels, terminal);
//   const Predictions after = predict(quantized, samples, labels, terminal);
//   terminal.print(changes_text({before, after, names}));
Predictions predict(const Graph& graph, const Samples& samples, std::vector<int64_t> labels,
                    Terminal& terminal);

}  // namespace motec
