// What the quantizer did and what it cost, as JSON, as text and as a part of a page.
#pragma once
#include <optional>
#include <string>

#include "quant/describe.h"
#include "report/accuracy.h"
#include "report/text.h"

namespace motec {

// An object; part of --report, and all of it for motec quantize. `classes`: before and after, if
// there are labels.
std::string quantization_json(const QuantReport& report, const std::optional<Comparison>& classes);

// Errors at the outputs; `all`: also each layer and each tensor.
std::string quantization_text(const QuantReport& report, const Palette& palette, bool all);

// Headings, tables and histograms, without a page around them.
std::string quantization_html(const QuantReport& report, const std::optional<Comparison>& classes);
// The same as a page that needs nothing else.
std::string quantization_page(const QuantReport& report, const std::optional<Comparison>& classes,
                              const std::string& model);

}  // namespace motec
