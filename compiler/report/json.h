// The report of a compilation for machines (--report): keys stay, more may come.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/program.h"
#include "quant/describe.h"
#include "report/accuracy.h"

namespace motec {

// What a report tells besides the program.
struct ReportContext {
  std::string model;                             // the model's file name, without its folder
  std::string optimize;                          // as the user asked
  std::vector<std::string> files;                // written, relative to the output directory
  std::optional<QuantReport> quantization = {};  // of models that motec quantized
  std::optional<Comparison> classes = {};        // of those for which there are labels
};

// One of several models that are compiled together.
struct ModelReport {
  const Program* program = nullptr;
  ReportContext context;
};

// What models that run one after the other need together: one arena, which is as large as the
// largest of theirs in each memory, and everything else of each.
struct SharedMemory {
  int64_t arena_bytes = 0, state_bytes = 0, weights_bytes = 0;
  std::vector<Memory> memories = {};  // of which names and bytes count; empty: the arena is one
};
SharedMemory shared_memory(std::span<const ModelReport> models);

// Text that ends in a new line; the same for the same programs. Of one model its report, of several
// an object with "models" and their shared "memory".
std::string report_json(std::span<const ModelReport> models);

}  // namespace motec
