// The report of a compilation for machines (--report): keys stay, more may come.
#pragma once
#include <string>
#include <vector>

#include "plan/program.h"

namespace motec {

// What a report tells besides the program.
struct ReportContext {
  std::string model;               // the model's file name, without its folder
  std::string optimize;            // as the user asked
  std::vector<std::string> files;  // written, relative to the output directory
};

// Text that ends in a new line; the same for the same program.
std::string report_json(const Program& program, const ReportContext& context);

}  // namespace motec
