// The report of a compilation as one HTML page that needs nothing else: summary, memory maps,
// layers of each model.
#pragma once
#include <span>
#include <string>

#include "report/json.h"

namespace motec {

std::string report_html(std::span<const ModelReport> models);

}  // namespace motec
