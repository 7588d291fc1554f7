// The report of a compilation as one HTML page that needs nothing else: summary, memory map,
// layers.
#pragma once
#include <string>

#include "plan/program.h"
#include "report/json.h"

namespace motec {

std::string report_html(const Program& program, const ReportContext& context);

}  // namespace motec
